/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_outlet.c – RTP packets in, media out at a pad: which form, whole frames,
 * loss, time, ends.
 */
#include "media/outlet.h"

#include <string.h>

#include <gst/video/video-event.h>

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

/* --- forms --- */

/* The same packets through stock elements, nothing lost. */
static void
reference (const Made *m, const gchar *chain, Seen *seen)
{
  g_autofree gchar *line = g_strdup_printf (
      "appsrc name=in format=time caps=\"application/x-rtp,media=%s,"
      "encoding-name=%s,clock-rate=%u,payload=96\" ! %s ! "
      "fakesink name=end sync=false",
      via_kind_name (via_codec_kind (m->codec.id)),
      m->codec.id == VIA_CODEC_OPUS ? "OPUS" : via_codec_name (m->codec.id),
      m->codec.clock_rate, chain);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  GstElement *out = gst_bin_get_by_name (GST_BIN (pipeline), "end");

  seen_init (seen);
  seen_watch (seen, out);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < m->packets->len; i++) {
    ViaPacket *p = made_packet (m, i);
    GstBuffer *buffer = gst_buffer_new_memdup (p->data, p->len);

    GST_BUFFER_PTS (buffer) = p->captured * 1000;
    gst_app_src_push_buffer (GST_APP_SRC (in), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (in));
  WAIT_UNTIL (seen_ends (seen) == 1);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (in);
  gst_object_unref (out);
  gst_object_unref (pipeline);
}

static void
assert_same (const Seen *a, const Seen *b)
{
  g_assert_cmpuint (a->n, ==, b->n);
  for (guint i = 0; i < a->n; i++)
    g_assert_cmpstr (
        g_ptr_array_index (a->sums, i), ==, g_ptr_array_index (b->sums, i));
}

typedef struct
{
  ViaCodecId codec;
  const gchar *line;  /* what is linked */
  const gchar *chain; /* what stock elements would make of it */
  const gchar *caps;  /* at the end */
} Form;

static const Form forms[] = {
    {VIA_CODEC_VP8, "fakesink name=end sync=false", "rtpvp8depay",
        "video/x-vp8"},
    {VIA_CODEC_VP8, "vp8dec name=first ! fakesink name=end sync=false",
        "rtpvp8depay ! vp8dec", "video/x-raw"},
    {VIA_CODEC_VP8,
        "rtpvp8depay name=first ! vp8dec ! fakesink name=end sync=false",
        "rtpvp8depay ! vp8dec", "video/x-raw"},
    {VIA_CODEC_VP8, "queue name=first ! vp8dec ! fakesink name=end sync=false",
        "rtpvp8depay ! vp8dec", "video/x-raw"},
    {VIA_CODEC_VP8, "decodebin name=first ! fakesink name=end sync=false",
        "rtpvp8depay ! vp8dec", "video/x-raw"},
    {VIA_CODEC_VP8, "videoconvert name=first ! fakesink name=end sync=false",
        "rtpvp8depay ! vp8dec", "video/x-raw"},
    {VIA_CODEC_VP9, "videoconvert name=first ! fakesink name=end sync=false",
        "rtpvp9depay ! vp9dec", "video/x-raw"},
    {VIA_CODEC_VP9, "decodebin name=first ! fakesink name=end sync=false",
        "rtpvp9depay ! vp9dec", "video/x-raw"},
    {VIA_CODEC_H264, "fakesink name=end sync=false", "rtph264depay ! h264parse",
        "video/x-h264, parsed=(boolean)true, alignment=(string)au"},
    {VIA_CODEC_H264,
        "capsfilter name=first caps=video/x-h264,stream-format=avc ! "
        "fakesink name=end sync=false",
        "rtph264depay ! h264parse ! video/x-h264,stream-format=avc",
        "video/x-h264, stream-format=(string)avc"},
    {VIA_CODEC_H264, "decodebin name=first ! fakesink name=end sync=false",
        "rtph264depay ! h264parse ! avdec_h264", "video/x-raw"},
    {VIA_CODEC_H264, "videoconvert name=first ! fakesink name=end sync=false",
        "rtph264depay ! h264parse ! avdec_h264", "video/x-raw"},
};

static void
test_outlet_video_form (gconstpointer data)
{
  const Form *form = data;
  Made m = make_video (form->codec, 30, 10, 65530);
  Seen wanted;
  Fixture f;

  reference (&m, form->chain, &wanted);
  g_assert_cmpuint (wanted.n, ==, m.n_frames);
  start (&f, &m, form->line);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  end (&f);
  assert_same (&f.seen, &wanted);
  assert_caps (&f, form->caps);
  g_assert_cmpuint (f.seen.n_caps, ==, 1);
  for (guint i = 1; i < f.seen.pts->len; i++)
    g_assert_cmpint (g_array_index (f.seen.pts, GstClockTime, i)
                         - g_array_index (f.seen.pts, GstClockTime, i - 1),
        ==, 20 * GST_MSECOND);
  stop (&f);
  seen_clear (&wanted);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_audio_is_decoded_or_parsed (void)
{
  static const struct
  {
    const gchar *line, *caps;
  } rows[] = {
      {"fakesink name=end sync=false", "audio/x-opus"},
      {"opusdec name=first ! fakesink name=end sync=false", "audio/x-raw"},
      {"rtpopusdepay name=first ! opusdec ! fakesink name=end sync=false",
          "audio/x-raw"},
      {"audioconvert name=first ! fakesink name=end sync=false", "audio/x-raw"},
      {"decodebin name=first ! fakesink name=end sync=false", "audio/x-raw"},
  };
  Made m = make_opus (50);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture f;

    start (&f, &m, rows[i].line);
    play (&f);
    push_range (&f, &m, 0, m.packets->len);
    end (&f);
    g_assert_cmpuint (f.seen.n, >=, m.packets->len - 1);
    g_assert_cmpuint (f.seen.n, <=, m.packets->len);
    assert_caps (&f, rows[i].caps);
    stop (&f);
  }
  made_clear (&m);
}

/* --- loss, order, wrap --- */

#define DECODES "videoconvert name=first ! fakesink name=end sync=false"

/* H.264 frames of several packets, a key frame every 10. */
static Made
made_for_loss (void)
{
  return make_video (VIA_CODEC_H264, 40, 10, 65500);
}

static guint
frame_of (const Made *m, guint i)
{
  return (guint) ((made_packet (m, i)->captured + 1000) / 20000);
}

/* A packet in the middle of frame @n. */
static guint
middle_of (const Made *m, guint n)
{
  for (guint i = 1; i + 1 < m->packets->len; i++)
    if (frame_of (m, i) == n && frame_of (m, i - 1) == n
        && frame_of (m, i + 1) == n)
      return i;
  g_assert_not_reached ();
}

static void
test_outlet_loss_waits_for_the_next_key_frame (void)
{
  Made m = made_for_loss ();
  Seen wanted;
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;
  guint lost = middle_of (&m, 14);
  gint keys;

  reference (&m, "rtph264depay ! h264parse ! avdec_h264", &wanted);
  start (&f, &m, DECODES);
  play (&f);
  push_range (&f, &m, 0, lost);
  WAIT_UNTIL (g_atomic_int_get (&f.n_keys) >= 1);
  keys = g_atomic_int_get (&f.n_keys);
  push_range (&f, &m, lost + 1, m.packets->len);
  end (&f);
  /* 0 … 13 and 20 … 39, each as it should be. */
  g_assert_cmpuint (f.seen.n, ==, 34);
  for (guint i = 0; i < 34; i++)
    g_assert_cmpstr (g_ptr_array_index (f.seen.sums, i), ==,
        g_ptr_array_index (wanted.sums, i < 14 ? i : i + 6));
  g_assert_cmpint (g_atomic_int_get (&f.n_keys), >, keys);
  stats = via_outlet_stats (f.outlet);
  g_assert_cmpuint (stat_of (stats, "lost"), ==, 1);
  g_assert_cmpuint (stat_of (stats, "frames-damaged"), ==, 1);
  g_assert_cmpuint (stat_of (stats, "frames"), ==, 34);
  stop (&f);
  seen_clear (&wanted);
  made_clear (&m);
}

static void
test_outlet_reordered_and_doubled_is_whole (void)
{
  Made m = made_for_loss ();
  Seen wanted;
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;

  reference (&m, "rtph264depay ! h264parse ! avdec_h264", &wanted);
  start (&f, &m, DECODES);
  play (&f);
  push_range (&f, &m, 0, 4);
  for (guint i = 4; i < m.packets->len; i += 4) {
    for (guint k = 4; k > 0; k--)
      if (i + k - 1 < m.packets->len)
        push (&f, &m, i + k - 1);
    push (&f, &m, i);
  }
  end (&f);
  stats = via_outlet_stats (f.outlet);
  assert_same (&f.seen, &wanted);
  g_assert_cmpuint (stat_of (stats, "lost"), ==, 0);
  g_assert_cmpuint (stat_of (stats, "reordered"), >, 0);
  g_assert_cmpuint (stat_of (stats, "duplicates"), >, 0);
  stop (&f);
  seen_clear (&wanted);
  made_clear (&m);
}

static void
test_outlet_begins_at_a_key_frame (void)
{
  Made m = make_video (VIA_CODEC_VP8, 30, 10, 1);
  guint from = 0;
  Fixture f;

  while (frame_of (&m, from) < 3)
    from++;
  start (&f, &m, DECODES);
  play (&f);
  push_range (&f, &m, from, m.packets->len);
  end (&f);
  g_assert_cmpuint (f.seen.n, ==, 20);
  stop (&f);
  made_clear (&m);
}

static void
test_outlet_other_source_goes_on_from_its_key_frame (void)
{
  Made a = make_video (VIA_CODEC_VP8, 10, 10, 100);
  Made b = make_video (VIA_CODEC_VP8, 10, 10, 40000); /* another SSRC */
  Fixture f;

  start (&f, &a, DECODES);
  play (&f);
  push_range (&f, &a, 0, a.packets->len);
  f.start += 300 * VIA_MS;
  push_range (&f, &b, 0, b.packets->len);
  end (&f);
  g_assert_cmpuint (f.seen.n, ==, 20);
  stop (&f);
  made_clear (&a);
  made_clear (&b);
}

static void
test_outlet_codec_change_is_negotiated_again (void)
{
  Made a = make_video (VIA_CODEC_VP8, 10, 10, 100);
  Made b = make_video (VIA_CODEC_H264, 10, 10, 300);
  static const gchar *const lines[] = {DECODES, TAKES_RTP};

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    Fixture f;

    start (&f, &a, lines[i]);
    play (&f);
    push_range (&f, &a, 0, a.packets->len);
    via_outlet_set_codec (f.outlet, &b.codec);
    f.start += 300 * VIA_MS;
    push_range (&f, &b, 0, b.packets->len);
    end (&f);
    g_assert_cmpuint (
        f.seen.n, ==, i == 0 ? 20 : a.packets->len + b.packets->len);
    if (i == 1)
      assert_caps (&f, "application/x-rtp, encoding-name=(string)H264");
    stop (&f);
  }
  made_clear (&a);
  made_clear (&b);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

/* --- links and states --- */

static void
push_turn (Fixture *f, const Made *m, guint turn)
{
  f->start = g_get_monotonic_time ();
  for (guint i = 0; i < m->packets->len; i++) {
    g_autoptr (ViaPacket) p = made_again (m, i, f->start, turn);
    ViaPacket *packets[] = {p};

    via_outlet_push (f->outlet, packets, 1);
  }
}

static guint
count_threads (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

static void
test_outlet_unlinked_costs_no_thread_and_drops (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 1);
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;
  guint before;

  start (&f, &m, "fakesink name=end sync=false async=false");
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  via_outlet_drop_unlinked (f.outlet);
  before = count_threads ();
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  g_assert_cmpuint (count_threads (), <=, before);
  g_assert_cmpint (g_atomic_int_get (&f.n_active), ==, 0);
  stats = via_outlet_stats (f.outlet);
  g_assert_cmpuint (stat_of (stats, "unlinked"), ==, m.packets->len);
  g_assert_cmpuint (stat_of (stats, "buffers"), ==, 0);
  /* Linked later, it begins at the next key frame. */
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_turn (&f, &m, 1);
  WAIT_UNTIL (seen_count (&f.seen) == 20);
  g_assert_cmpint (g_atomic_int_get (&f.n_active), ==, 1);
  /* And taken off again. */
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  push_turn (&f, &m, 2);
  WAIT_UNTIL (g_atomic_int_get (&f.n_active) == 0);
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_turn (&f, &m, 3);
  WAIT_UNTIL (seen_count (&f.seen) >= 40);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static gpointer
push_for_ever (gpointer data)
{
  Fixture *f = ((gpointer *) data)[0];
  Made *m = ((gpointer *) data)[1];
  gint *is_over = ((gpointer *) data)[2];

  for (guint i = 0; !g_atomic_int_get (is_over); i++) {
    guint n = m->packets->len;
    g_autoptr (ViaPacket) p =
        made_again (m, i % n, g_get_monotonic_time (), i / n);
    ViaPacket *packets[] = {p};

    via_outlet_push (f->outlet, packets, 1);
    g_usleep (200);
  }
  return NULL;
}

static void
test_outlet_states_change_fifty_times_under_way (void)
{
  Made m = make_video (VIA_CODEC_VP8, 10, 1, 1);
  static const GstState states[] = {
      GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED};
  gint is_over = 0;
  GThread *thread;
  Fixture f;
  gpointer data[] = {&f, &m, &is_over};

  start (&f, &m, DECODES);
  thread = g_thread_new ("pusher", push_for_ever, data);
  for (guint i = 0; i < 50; i++) {
    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    g_usleep (i % 5 * 4000);
    gst_element_set_state (f.pipeline, states[i % 3]);
  }
  g_atomic_int_set (&is_over, 1);
  g_thread_join (thread);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  g_mutex_lock (&f.seen.lock);
  f.seen.n = 0;
  g_mutex_unlock (&f.seen.lock);
  f.start = g_get_monotonic_time ();
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) > 0);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_is_live_and_answers_latency (void)
{
  Made m = make_opus (10);
  Fixture f;
  GstQuery *query = gst_query_new_latency ();
  g_autoptr (GstPad) pad = NULL;
  gboolean is_live;
  GstClockTime min, max;

  start (&f, &m, "fakesink name=end");
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  pad = gst_element_get_static_pad (f.end, "sink");
  g_assert_true (gst_pad_peer_query (pad, query));
  gst_query_parse_latency (query, &is_live, &min, &max);
  g_assert_true (is_live);
  g_assert_cmpuint (min, >=, 100 * GST_MSECOND);
  gst_query_unref (query);
  stop (&f);
  made_clear (&m);
}

/* --- time --- */

/* A clock far from the system's, and a little faster. */
typedef GstSystemClock OddClock;
typedef GstSystemClockClass OddClockClass;
static GType odd_clock_get_type (void);
G_DEFINE_TYPE (OddClock, odd_clock, GST_TYPE_SYSTEM_CLOCK)

static GstClockTime
odd_clock_time (GstClock *clock)
{
  GstClockTime time =
      GST_CLOCK_CLASS (odd_clock_parent_class)->get_internal_time (clock);

  return time + time / 1000 + 12345 * GST_SECOND;
}

static void
odd_clock_class_init (OddClockClass *klass)
{
  GST_CLOCK_CLASS (klass)->get_internal_time = odd_clock_time;
}

static void
odd_clock_init (OddClock *self)
{
}

static void
test_outlet_time_is_that_of_the_pipelines_clock (void)
{
  Made m = make_opus (20);
  GstClock *clock = g_object_new (odd_clock_get_type (), NULL);
  Fixture f;
  GstClockTime now, pts;

  start (&f, &m, "fakesink name=end sync=false async=false");
  gst_pipeline_use_clock (GST_PIPELINE (f.pipeline), clock);
  play (&f);
  for (guint i = 0; i < m.packets->len; i++) {
    f.start = g_get_monotonic_time () - made_packet (&m, i)->captured;
    push (&f, &m, i);
    now = gst_clock_get_time (clock) - gst_element_get_base_time (f.pipeline);
    WAIT_UNTIL (seen_count (&f.seen) > i);
    pts = g_array_index (f.seen.pts, GstClockTime, i);
    g_assert_cmpint (ABS (GST_CLOCK_DIFF (now, pts)), <, 20 * GST_MSECOND);
  }
  stop (&f);
  gst_object_unref (clock);
  made_clear (&m);
}

static void
test_outlet_overflow_drops_the_oldest_and_asks (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 1, 1);
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;

  start (&f, &m, TAKES_RTP);
  for (guint i = 0; i < 3000; i++)
    push (&f, &m, i % m.packets->len);
  stats = via_outlet_stats (f.outlet);
  g_assert_cmpuint (stat_of (stats, "overflow"), >=, 3000 - 2048);
  play (&f);
  WAIT_UNTIL (g_atomic_int_get (&f.n_keys) >= 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_force_key_unit_asks_the_peer (void)
{
  Made m = make_video (VIA_CODEC_VP8, 5, 1, 1);
  Fixture f;
  g_autoptr (GstPad) pad = NULL;
  gint before;

  start (&f, &m, DECODES);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) == 5);
  before = g_atomic_int_get (&f.n_keys);
  pad = gst_element_get_static_pad (f.end, "sink");
  g_assert_true (
      gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                                   GST_CLOCK_TIME_NONE, TRUE, 0)));
  g_assert_cmpint (g_atomic_int_get (&f.n_keys), ==, before + 1);
  stop (&f);
  made_clear (&m);
}

static void
test_outlet_end_without_media_is_told (void)
{
  Made m = make_opus (5);
  Fixture f;

  start (&f, &m, "fakesink name=end sync=false async=false");
  play (&f);
  end (&f);
  g_assert_cmpuint (f.seen.n, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&f.n_ended), ==, 1);
  stop (&f);
  made_clear (&m);
}

/* So an unnamed link of a parsed line passes it by. */
static void
test_outlet_wrong_downstream_is_not_linked (void)
{
  Made m = make_opus (1);
  Fixture f;
  g_autoptr (GstElement) depay = NULL;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) sink = NULL;

  start (&f, &m, "fakesink name=end async=false");
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  depay = gst_object_ref_sink (gst_element_factory_make ("rtpvp8depay", NULL));
  gst_bin_add (GST_BIN (f.pipeline), gst_object_ref (depay));
  src = gst_element_get_static_pad (GST_ELEMENT (f.outlet), "src");
  sink = gst_element_get_static_pad (depay, "sink");
  g_assert_cmpint (gst_pad_link (src, sink), ==, GST_PAD_LINK_NOFORMAT);
  play (&f); /* now there is a chain that makes something else */
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) > 0);
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  g_assert_cmpint (gst_pad_link (src, sink), ==, GST_PAD_LINK_NOFORMAT);
  stop (&f);
  made_clear (&m);
}

static void
test_outlet_wrong_downstream_is_one_clear_error (void)
{
  Made m = make_opus (5);
  Fixture f;
  GstBus *bus;
  GstElement *first;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  start (&f, &m, "capsfilter name=first ! fakesink name=end");
  first = gst_bin_get_by_name (GST_BIN (f.pipeline), "first");
  gst_util_set_object_arg (G_OBJECT (first), "caps", "audio/x-ac3");
  gst_object_unref (first);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  bus = gst_element_get_bus (f.pipeline);
  message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "audio/x-ac3"));
  g_assert_nonnull (strstr (error->message, "opus"));
  gst_message_unref (message);
  gst_object_unref (bus);
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
  ADD (audio_is_decoded_or_parsed);
  ADD (loss_waits_for_the_next_key_frame);
  ADD (reordered_and_doubled_is_whole);
  ADD (begins_at_a_key_frame);
  ADD (other_source_goes_on_from_its_key_frame);
  ADD (codec_change_is_negotiated_again);
  ADD (unlinked_costs_no_thread_and_drops);
  ADD (states_change_fifty_times_under_way);
  ADD (is_live_and_answers_latency);
  ADD (time_is_that_of_the_pipelines_clock);
  ADD (overflow_drops_the_oldest_and_asks);
  ADD (force_key_unit_asks_the_peer);
  ADD (end_without_media_is_told);
  ADD (wrong_downstream_is_not_linked);
  ADD (wrong_downstream_is_one_clear_error);
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree gchar *name = g_strdup_printf ("/outlet/video_form_%u", i);

    g_test_add_data_func (name, &forms[i], test_outlet_video_form);
  }
  return g_test_run ();
}
