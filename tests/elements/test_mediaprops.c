/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_mediaprops.c – audio-codecs, video-codecs, latency, mtu:
 * what is agreed, what raw media becomes, how long a source pad waits, how long
 * packets are. Real calls in a network namespace; through the plugin only.
 */
#include <string.h>

#include "netns.h"
#include "side.h"

#define WAIT (60 * G_TIME_SPAN_SECOND)
#define RAW "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
#define RTP_SINK "fakesink name=s sync=false "

/* The encoding at the sink "s", once there is one. */
static gchar *
wait_encoding (Side *side)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (side->pipeline), "s");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  gint64 end = g_get_monotonic_time () + WAIT;
  g_autoptr (GstCaps) caps = NULL;

  while ((caps = gst_pad_get_current_caps (pad)) == NULL
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_nonnull (caps);
  return g_strdup (gst_structure_get_string (
      gst_caps_get_structure (caps, 0), "encoding-name"));
}

/* How many payload types the description of @side names @codec for. */
static guint
count_codec (Side *side, const gchar *codec)
{
  g_autofree gchar *sdp = NULL;
  guint n = 0;

  g_object_get (side->endpoint, "local-description", &sdp, NULL);
  g_assert_nonnull (sdp);
  for (const gchar *at = sdp; (at = strstr (at, codec)) != NULL; at++)
    n += at[-1] == ' ';
  return n;
}

static void
assert_arrives_as (
    const gchar *caller_line, const gchar *callee_line, const gchar *wanted)
{
  Side caller, callee;
  g_autofree gchar *encoding = NULL;

  side_start (&caller, caller_line);
  side_start (&callee, callee_line);
  side_call (&caller, &callee, NULL);
  encoding = wait_encoding (&callee);
  g_assert_cmpstr (encoding, ==, wanted);
  g_assert_cmpuint (count_codec (&callee, "AV1/90000"), ==, 0);
  side_stop (&caller);
  side_stop (&callee);
}

static void
test_mediaprops_raw_becomes_the_first_and_others_are_not_agreed (void)
{
  assert_arrives_as (RAW "webrtcendpoint name=e video-codecs=H264,VP8",
      "webrtcendpoint name=e e. ! application/x-rtp ! " RTP_SINK, "H264");
  assert_arrives_as (
      "audiotestsrc is-live=true ! webrtcendpoint name=e video-codecs=VP8 "
      "audio-codecs=pcma",
      "webrtcendpoint name=e e. ! application/x-rtp ! " RTP_SINK, "PCMA");
  /* what comes encoded and is not in the list is transcoded */
  assert_arrives_as (RAW
      "vp8enc deadline=1 ! webrtcendpoint name=e video-codecs=VP9",
      "webrtcendpoint name=e e. ! application/x-rtp ! " RTP_SINK, "VP9");
}

static void
test_mediaprops_answer_has_our_order_and_our_codecs_only (void)
{
  Side caller, callee;
  g_autofree gchar *sdp = NULL;
  const gchar *h264, *vp8;

  side_start (&caller, RAW "webrtcendpoint name=e");
  side_start (&callee, "webrtcendpoint name=e video-codecs=\"H264, VP8\"");
  side_call (&caller, &callee, NULL);
  g_object_get (callee.endpoint, "local-description", &sdp, NULL);
  h264 = strstr (sdp, " H264/90000");
  vp8 = strstr (sdp, " VP8/90000");
  g_assert_nonnull (h264);
  g_assert_nonnull (vp8);
  g_assert_true (h264 < vp8);
  g_assert_null (strstr (sdp, "VP9"));
  side_wait_received (&callee, 30);
  side_stop (&caller);
  side_stop (&callee);
}

static void
assert_stays (GstElement *endpoint, const gchar *property, const gchar *value,
    const gchar *why)
{
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;

  g_object_get (endpoint, property, &before, NULL);
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, why);
  g_object_set (endpoint, property, value, NULL);
  g_test_assert_expected_messages ();
  g_object_get (endpoint, property, &after, NULL);
  g_assert_cmpstr (after, ==, before);
}

static void
test_mediaprops_bad_list_is_refused_and_the_old_one_stays (void)
{
  GstElement *endpoint =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autofree gchar *audio = NULL;
  g_autofree gchar *video = NULL;

  g_object_set (endpoint, "audio-codecs", "pcmu, OPUS", NULL);
  g_object_get (endpoint, "audio-codecs", &audio, NULL);
  g_assert_cmpstr (audio, ==, "PCMU,opus");
  assert_stays (endpoint, "audio-codecs", "opus,mp3", "*\"mp3\" refused*");
  assert_stays (endpoint, "audio-codecs", "VP8", "*other kind*");
  assert_stays (endpoint, "audio-codecs", "opus,Opus", "*twice*");
  assert_stays (endpoint, "audio-codecs", "opus,,PCMU", "*\"\" refused*");
  assert_stays (endpoint, "audio-codecs", "telephone-event", "*beside*");
  assert_stays (endpoint, "video-codecs", "opus", "*video-codecs*other kind*");
  assert_stays (endpoint, "video-codecs", ",,,,,,,,,,,,,,,,", "*refused*");
  g_object_get (endpoint, "video-codecs", &video, NULL);
  g_assert_cmpstr (video, ==, "VP8,VP9,H264,H265,AV1");
  gst_object_unref (endpoint);
}

/* As the source pad says, once it says so. */
static gboolean
wait_latency (GstPad *pad, GstClockTime wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT;
  GstClockTime min = 0;

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstQuery) query = gst_query_new_latency ();

    if (gst_pad_query (pad, query))
      gst_query_parse_latency (query, NULL, &min, NULL);
    if (min == wanted)
      return TRUE;
    g_usleep (10000);
  }
  return FALSE;
}

static void
test_mediaprops_latency_holds_for_pads_at_once (void)
{
  Side caller, callee;
  g_autofree gchar *encoding = NULL;
  g_autoptr (GstPad) pad = NULL;

  side_start (&caller, RAW "webrtcendpoint name=e");
  side_start (&callee, "webrtcendpoint name=e latency=50 e. ! " RTP_SINK);
  side_call (&caller, &callee, NULL);
  encoding = wait_encoding (&callee);
  pad = gst_element_get_static_pad (callee.endpoint, "video_src_0");
  g_assert_true (wait_latency (pad, 50 * GST_MSECOND));
  g_object_set (callee.endpoint, "latency", 400, NULL);
  g_assert_true (wait_latency (pad, 400 * GST_MSECOND));
  side_stop (&caller);
  side_stop (&callee);
}

/* --- mtu --- */

typedef struct
{
  gint n, longest; /* atomic: RTP packets and bytes */
} Lengths;

static void
keep_length (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Lengths *lengths = data;
  gint len = (gint) gst_buffer_get_size (buffer);

  if (len > g_atomic_int_get (&lengths->longest))
    g_atomic_int_set (&lengths->longest, len);
  g_atomic_int_inc (&lengths->n);
}

/* Of @n packets from the key frame on. */
static gint
longest_packet (const gchar *properties, gint n)
{
  g_autofree gchar *line =
      g_strconcat (RAW "webrtcendpoint name=e ", properties, NULL);
  g_autoptr (GstElement) sink = NULL;
  gint64 end = g_get_monotonic_time () + WAIT;
  Lengths lengths = {0};
  Side caller, callee;

  side_start (&caller, line);
  side_start (&callee,
      "webrtcendpoint name=e e. ! application/x-rtp ! " RTP_SINK
      "signal-handoffs=true");
  sink = gst_bin_get_by_name (GST_BIN (callee.pipeline), "s");
  g_signal_connect (sink, "handoff", G_CALLBACK (keep_length), &lengths);
  side_call (&caller, &callee, NULL);
  while (g_atomic_int_get (&lengths.n) < n && g_get_monotonic_time () < end)
    g_usleep (10000);
  side_stop (&caller);
  side_stop (&callee);
  g_assert_cmpint (lengths.n, >=, n);
  return lengths.longest;
}

static void
test_mediaprops_mtu_cuts_what_is_packed_here (void)
{
  gint longest = longest_packet ("mtu=300", 20);

  g_assert_cmpint (longest, <=, 300 + 24); /* and extensions */
  g_assert_cmpint (longest, >, 250);
  g_assert_cmpint (longest_packet ("", 5), >, 300 + 24);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mediaprops/first",
      test_mediaprops_raw_becomes_the_first_and_others_are_not_agreed);
  g_test_add_func ("/mediaprops/answer",
      test_mediaprops_answer_has_our_order_and_our_codecs_only);
  g_test_add_func ("/mediaprops/refused",
      test_mediaprops_bad_list_is_refused_and_the_old_one_stays);
  g_test_add_func (
      "/mediaprops/latency", test_mediaprops_latency_holds_for_pads_at_once);
  g_test_add_func (
      "/mediaprops/mtu", test_mediaprops_mtu_cuts_what_is_packed_here);
  return g_test_run ();
}
