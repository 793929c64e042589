/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_outlet.c – RTP packets in, media out at a pad: which form, whole frames,
 * loss.
 */
#include "outlet_fixture.h"

/* --- RTP --- */

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

/* Packets [@from, @to) last first, @from twice, at one moment: however late the
 * outlet gets to them, none was waited for too long. */
static void
push_backwards (Fixture *f, const Made *m, guint from, guint to)
{
  ViaPacket *packets[5];
  guint n = 0;

  for (guint i = to; i > from; i--)
    packets[n++] = made_at (m, i - 1, f->start);
  packets[n++] = made_at (m, from, f->start);
  via_outlet_push (f->outlet, packets, n);
  for (guint i = 0; i < n; i++)
    via_packet_unref (packets[i]);
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
  for (guint i = 4; i < m.packets->len; i += 4)
    push_backwards (&f, &m, i, MIN (i + 4, m.packets->len));
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
#undef ADD
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
    g_autofree gchar *name = g_strdup_printf ("/outlet/video_form_%u", i);

    g_test_add_data_func (name, &forms[i], test_outlet_video_form);
  }
  return g_test_run ();
}
