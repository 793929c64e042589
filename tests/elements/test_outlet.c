/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_outlet.c – RTP packets in, media out at a pad: which form, whole frames,
 * loss, time, ends.
 */
#include "media/outlet.h"
#include "outlet_media.h"

typedef struct
{
  GstElement *pipeline;
  GstElement *end; /* the last element: name=end */
  ViaOutlet *outlet;
  Seen seen;
  ViaTime start; /* captured of the first packet */
  gint n_keys, n_active, n_ended;
} Fixture;

static void
on_want_keyframe (gpointer user)
{
  g_atomic_int_inc (&((Fixture *) user)->n_keys);
}

static void
on_active (gpointer user, gboolean is_active)
{
  g_atomic_int_add (&((Fixture *) user)->n_active, is_active ? 1 : -1);
}

static void
on_ended (gpointer user)
{
  g_atomic_int_inc (&((Fixture *) user)->n_ended);
}

static const ViaOutletFuncs funcs = {
    .want_keyframe = on_want_keyframe, .active = on_active, .ended = on_ended};

static const ViaOutletConfig config = {.latency_ms = 100,
    .stream_id = "room/1",
    .name = "camera",
    .app_data = "who=me"};

/* @line begins with what the outlet is linked to, has a name=first, and ends in
 * an element name=end. */
static void
start (Fixture *f, const Made *m, const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *first;

  memset (f, 0, sizeof *f);
  seen_init (&f->seen);
  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (f->pipeline)) { /* one element */
    GstElement *one = f->pipeline;

    f->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (f->pipeline), one);
  }
  f->outlet = via_outlet_new (
      via_codec_kind (m->codec.id), &m->codec, &config, &funcs, f);
  gst_object_ref_sink (f->outlet);
  gst_bin_add (GST_BIN (f->pipeline), GST_ELEMENT (f->outlet));
  f->end = gst_bin_get_by_name (GST_BIN (f->pipeline), "end");
  first = gst_bin_get_by_name (GST_BIN (f->pipeline), "first");
  if (first == NULL)
    first = gst_object_ref (f->end);
  seen_watch (&f->seen, f->end);
  g_assert_true (gst_element_link (GST_ELEMENT (f->outlet), first));
  gst_object_unref (first);
}

static void
play (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  WAIT_UNTIL (GST_STATE (f->outlet) == GST_STATE_PLAYING);
  f->start = g_get_monotonic_time ();
}

static void
push (Fixture *f, const Made *m, guint i)
{
  g_autoptr (ViaPacket) p = made_at (m, i, f->start);
  ViaPacket *packets[] = {p};

  via_outlet_push (f->outlet, packets, 1);
}

/* Packets [@from, @to), then waits until the outlet has taken them. */
static void
push_range (Fixture *f, const Made *m, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    push (f, m, i);
    if (i % 64 == 63)
      g_usleep (5000);
  }
}

static void
end (Fixture *f)
{
  via_outlet_eos (f->outlet);
  WAIT_UNTIL (seen_ends (&f->seen) == 1);
}

static void
stop (Fixture *f)
{
  via_outlet_disconnect (f->outlet);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->end);
  gst_object_unref (f->pipeline);
  gst_object_unref (f->outlet);
  seen_clear (&f->seen);
}

static void
assert_caps (Fixture *f, const gchar *wanted)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (wanted);

  g_assert_nonnull (f->seen.caps);
  if (!gst_caps_is_subset (f->seen.caps, caps)) {
    g_autofree gchar *text = gst_caps_to_string (f->seen.caps);

    g_error ("%s is not %s", text, wanted);
  }
}

/* --- RTP --- */

#define TAKES_RTP                                                              \
  "capsfilter name=first caps=application/x-rtp ! fakesink name=end sync=false"

static void
test_outlet_rtp_is_passed_byte_for_byte (void)
{
  Made m = make_video (VIA_CODEC_H264, 25, 10, 65520);
  Fixture f;

  start (&f, &m, TAKES_RTP);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  end (&f);
  g_assert_cmpuint (f.seen.n, ==, m.packets->len);
  g_assert_cmpuint (f.seen.n_discont, ==, 0);
  for (guint i = 0; i < m.packets->len; i++) {
    ViaPacket *p = made_packet (&m, i);
    g_autofree gchar *sum =
        g_compute_checksum_for_data (G_CHECKSUM_MD5, p->data, p->len);

    g_assert_cmpstr (g_ptr_array_index (f.seen.sums, i), ==, sum);
  }
  assert_caps (&f, "application/x-rtp, media=(string)video, "
                   "encoding-name=(string)H264, clock-rate=(int)90000, "
                   "payload=(int)96, packetization-mode=(string)1");
  g_assert_cmpstr (f.seen.stream_id, ==, "room/1");
  g_assert_cmpuint (f.seen.n_segments, ==, 1);
  g_assert_cmpint (g_atomic_int_get (&f.n_keys), >=, 1);
  g_assert_cmpint (g_atomic_int_get (&f.n_ended), ==, 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_publisher_is_told_in_tags (void)
{
  Made m = make_opus (10);
  Fixture f;
  gchar *title = NULL, *comment = NULL;

  start (&f, &m, TAKES_RTP);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  end (&f);
  g_assert_nonnull (f.seen.tags);
  g_assert_true (gst_tag_list_get_string (f.seen.tags, GST_TAG_TITLE, &title));
  g_assert_true (gst_tag_list_get_string (
      f.seen.tags, GST_TAG_EXTENDED_COMMENT, &comment));
  g_assert_cmpstr (title, ==, "camera");
  g_assert_cmpstr (comment, ==, "app-data=who=me");
  g_free (title);
  g_free (comment);
  stop (&f);
  made_clear (&m);
}

gint
main (gint argc, gchar **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
#define ADD(name) g_test_add_func ("/outlet/" #name, test_outlet_##name)
  ADD (rtp_is_passed_byte_for_byte);
  ADD (publisher_is_told_in_tags);
#undef ADD
  return g_test_run ();
}
