/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_outlets.c – the tracks of a room as pads that come and go.
 */
#include "endpoints/outlets.h"
#include "io/app.h"
#include "outlet_media.h"

/* A bin with the two templates. */
typedef GstBin Taker;
typedef GstBinClass TakerClass;
static GType taker_get_type (void);
G_DEFINE_TYPE (Taker, taker, GST_TYPE_BIN)

static void
taker_class_init (TakerClass *klass)
{
  via_outlets_add_templates (GST_ELEMENT_CLASS (klass));
}

static void
taker_init (Taker *self)
{
}

typedef struct
{
  GstElement *pipeline, *bin;
  ViaExchange *exchange;
  ViaMember *publisher;
  ViaFeed *feed;
  ViaOutlets *outlets;
  Seen seen;
  gint n_added, n_removed, n_keys;
  gboolean links;
} Fixture;

static void
on_pad_added (GstElement *bin, GstPad *pad, Fixture *f)
{
  g_assert_true (via_app_is_current ());
  if (f->links) {
    GstElement *sink = gst_element_factory_make ("fakesink", "end");
    g_autoptr (GstPad) end = gst_element_get_static_pad (sink, "sink");
    g_autofree gchar *name = gst_pad_get_name (pad);

    g_object_set (sink, "async", FALSE, "sync", FALSE, NULL);
    seen_watch (&f->seen, sink);
    gst_bin_add (GST_BIN (f->pipeline), sink);
    gst_element_sync_state_with_parent (sink);
    g_assert_cmpint (gst_pad_link (pad, end), ==, GST_PAD_LINK_OK);
    g_assert_true (g_str_has_prefix (name, "video_src_"));
  }
  g_atomic_int_inc (&f->n_added);
}

static void
on_pad_removed (GstElement *bin, GstPad *pad, Fixture *f)
{
  g_atomic_int_inc (&f->n_removed);
}

static void
on_want_keyframe (gpointer user)
{
  g_atomic_int_inc (&((Fixture *) user)->n_keys);
}

static const ViaFeedFuncs feed_funcs = {.want_keyframe = on_want_keyframe};

static void
start (Fixture *f, gboolean links)
{
  static const ViaMemberFuncs none = {0};
  static const ViaOutletsConfig config = {
      .name = "taker", .n_audio = G_MAXUINT, .n_video = G_MAXUINT};
  g_autoptr (GError) error = NULL;

  memset (f, 0, sizeof *f);
  seen_init (&f->seen);
  f->links = links;
  f->pipeline = gst_pipeline_new (NULL);
  f->bin = g_object_new (taker_get_type (), "name", "taker", NULL);
  g_signal_connect (f->bin, "pad-added", G_CALLBACK (on_pad_added), f);
  g_signal_connect (f->bin, "pad-removed", G_CALLBACK (on_pad_removed), f);
  gst_bin_add (GST_BIN (f->pipeline), f->bin);
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  f->exchange = via_exchange_new ();
  f->outlets = via_outlets_new (
      GST_BIN (f->bin), f->exchange, &config, NULL, NULL, &error);
  g_assert_no_error (error);
  f->publisher = via_exchange_join (
      f->exchange, NULL, "camera", "who=me", &none, NULL, &error);
  g_assert_no_error (error);
}

static void
publish (Fixture *f, const Made *m)
{
  ViaTrackInfo info = {.kind = via_codec_kind (m->codec.id)};

  info.codec = m->codec;
  f->feed = via_member_publish (f->publisher, &info, &feed_funcs, f);
}

static void
push_all (Fixture *f, const Made *m)
{
  ViaTime start = g_get_monotonic_time ();

  for (guint i = 0; i < m->packets->len; i++) {
    g_autoptr (ViaPacket) p = made_at (m, i, start);
    ViaPacket *packets[] = {p};

    via_feed_push (f->feed, packets, 1);
  }
}

static void
stop (Fixture *f)
{
  via_feed_close (f->feed);
  via_member_leave (f->publisher);
  via_outlets_free (f->outlets);
  via_exchange_close (f->exchange);
  via_exchange_unref (f->exchange);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->pipeline);
  seen_clear (&f->seen);
}

static void
test_outlets_track_is_a_pad_until_it_goes (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 7);
  gchar *comment = NULL;
  Fixture f;

  start (&f, TRUE);
  publish (&f, &m);
  WAIT_UNTIL (g_atomic_int_get (&f.n_added) == 1);
  push_all (&f, &m);
  WAIT_UNTIL (seen_count (&f.seen) >= m.n_frames);
  WAIT_UNTIL (g_atomic_int_get (&f.n_keys) >= 1);
  via_feed_close (g_steal_pointer (&f.feed));
  WAIT_UNTIL (g_atomic_int_get (&f.n_removed) == 1);
  g_assert_cmpuint (seen_ends (&f.seen), ==, 1);
  g_assert_true (gst_tag_list_get_string (
      f.seen.tags, GST_TAG_EXTENDED_COMMENT, &comment));
  g_assert_cmpstr (comment, ==, "app-data=who=me");
  g_free (comment);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

/* Of the first video pad. */
static guint64
unlinked_packets (Fixture *f)
{
  g_autoptr (GstStructure) stats = via_outlets_stats (f->outlets);
  const GValue *one = gst_structure_get_value (stats, "video_src_0");

  return one != NULL ? stat_of (g_value_get_boxed (one), "unlinked") : 0;
}

static void
test_outlets_asked_to_end_keeps_its_pads (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 7);
  Fixture f;

  start (&f, TRUE);
  publish (&f, &m);
  WAIT_UNTIL (g_atomic_int_get (&f.n_added) == 1);
  push_all (&f, &m);
  WAIT_UNTIL (seen_count (&f.seen) > 0);
  via_outlets_eos (f.outlets);
  WAIT_UNTIL (seen_ends (&f.seen) == 1);
  via_app_flush ();
  g_assert_cmpint (g_atomic_int_get (&f.n_removed), ==, 0);
  /* The track goes later: its pad as well. */
  via_feed_close (g_steal_pointer (&f.feed));
  WAIT_UNTIL (g_atomic_int_get (&f.n_removed) == 1);
  g_assert_cmpuint (seen_ends (&f.seen), ==, 1);
  stop (&f);
  made_clear (&m);
}

static void
test_outlets_unlinked_pad_drops_and_goes (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 7);
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;
  const GValue *one;

  start (&f, FALSE);
  publish (&f, &m);
  WAIT_UNTIL (g_atomic_int_get (&f.n_added) == 1);
  via_app_flush ();
  push_all (&f, &m);
  WAIT_UNTIL (unlinked_packets (&f) == m.packets->len);
  stats = via_outlets_stats (f.outlets);
  one = gst_structure_get_value (stats, "video_src_0");
  g_assert_nonnull (one);
  via_feed_close (g_steal_pointer (&f.feed));
  WAIT_UNTIL (g_atomic_int_get (&f.n_removed) == 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
hold_app (gpointer data)
{
  while (!g_atomic_int_get ((gint *) data))
    g_usleep (1000);
}

/* The track is over and gone before via-app comes to show its pad. */
static void
publish_shortly (Fixture *f, const Made *m)
{
  gint is_free = FALSE;

  via_app_post (hold_app, &is_free, NULL);
  publish (f, m);
  push_all (f, m);
  via_feed_close (g_steal_pointer (&f->feed));
  g_usleep (300000); /* longer than the loop needs for all of it */
  g_assert_cmpint (g_atomic_int_get (&f->n_added), ==, 0);
  g_atomic_int_set (&is_free, TRUE);
  via_app_flush ();
}

static void
test_outlets_short_track_is_whole_though_its_pad_is_late (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 7);
  Fixture f;

  start (&f, TRUE);
  publish_shortly (&f, &m);
  WAIT_UNTIL (g_atomic_int_get (&f.n_removed) == 1);
  g_assert_cmpuint (seen_count (&f.seen), ==, m.n_frames);
  g_assert_cmpuint (seen_ends (&f.seen), ==, 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlets_late_pad_that_nobody_links_goes (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 7);
  Fixture f;

  start (&f, FALSE);
  publish_shortly (&f, &m);
  WAIT_UNTIL (g_atomic_int_get (&f.n_removed) == 1);
  g_assert_cmpint (g_atomic_int_get (&f.n_added), ==, 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlets_freed_while_pads_come (void)
{
  Made m = make_video (VIA_CODEC_VP8, 5, 1, 7);

  for (guint i = 0; i < 30; i++) {
    Fixture f;

    start (&f, TRUE);
    publish (&f, &m);
    push_all (&f, &m);
    g_usleep (i * 300);
    via_outlets_free (g_steal_pointer (&f.outlets));
    via_app_flush ();
    g_assert_cmpint (
        g_atomic_int_get (&f.n_added), ==, g_atomic_int_get (&f.n_removed));
    g_assert_cmpuint (GST_ELEMENT (f.bin)->numsrcpads, ==, 0);
    stop (&f);
  }
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

gint
main (gint argc, gchar **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
#define ADD(name) g_test_add_func ("/outlets/" #name, test_outlets_##name)
  ADD (track_is_a_pad_until_it_goes);
  ADD (asked_to_end_keeps_its_pads);
  ADD (unlinked_pad_drops_and_goes);
  ADD (short_track_is_whole_though_its_pad_is_late);
  ADD (late_pad_that_nobody_links_goes);
  ADD (freed_while_pads_come);
#undef ADD
  return g_test_run ();
}
