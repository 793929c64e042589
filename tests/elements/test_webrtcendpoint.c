/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_webrtcendpoint.c – two endpoints of one process call each
 * other over real ICE, DTLS and SRTP, in a network namespace of their own.
 * Through the plugin only.
 */
#include <string.h>

#include "netns.h"
#include "side.h"

#define VIDEO                                                                  \
  "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "            \
  "webrtcendpoint name=e app-data=caller "
#define AUDIO "audiotestsrc is-live=true ! e. "
#define EMPTY "webrtcendpoint name=e app-data=callee "

static void
test_endpoint_call_carries_video_and_audio (void)
{
  Side caller, callee;
  g_autoptr (GstStructure) there = NULL;
  g_autoptr (GstStructure) here = NULL;

  side_start (&caller, VIDEO AUDIO);
  side_start (&callee, EMPTY);
  side_call (&caller, &callee, NULL);
  side_wait (&caller, "connected");
  side_wait (&callee, "connected");
  side_wait_received (&callee, 150);
  here = side_stats (&caller);
  there = side_stats (&callee);
  g_assert_cmpstr (
      gst_structure_get_string (here, "srtp-profile"), ==, "AEAD_AES_128_GCM");
  g_assert_cmpstr (
      gst_structure_get_string (there, "srtp-profile"), ==, "AEAD_AES_128_GCM");
  g_assert_cmpstr (gst_structure_get_string (there, "app-data"), ==, "callee");
  side_stop (&caller);
  side_wait (&callee, "closed");
  side_stop (&callee);
}

static void
test_endpoint_answerer_sends_too (void)
{
  Side caller, callee;

  side_start (&caller, "audiotestsrc is-live=true ! webrtcendpoint name=e");
  side_start (&callee, "audiotestsrc is-live=true ! webrtcendpoint name=e");
  side_call (&caller, &callee, NULL);
  side_wait_received (&caller, 50);
  side_wait_received (&callee, 50);
  side_stop (&callee);
  side_stop (&caller);
}

/* Every fingerprint digit changed: the offerer is not who he says he is. */
static gchar *
wrong_fingerprint (const gchar *sdp)
{
  gchar *text = g_strdup (sdp);

  for (gchar *at = text; (at = strstr (at, "a=fingerprint:sha-256 ")) != NULL;
       at++) {
    gchar *digit = at + strlen ("a=fingerprint:sha-256 ");

    *digit = *digit == '0' ? '1' : '0';
  }
  g_assert_cmpstr (text, !=, sdp);
  return text;
}

static void
test_endpoint_wrong_fingerprint_gets_no_media (void)
{
  Side caller, callee;
  g_autoptr (GstStructure) stats = NULL;

  side_start (&caller, VIDEO AUDIO);
  side_start (&callee, EMPTY);
  side_call (&caller, &callee, wrong_fingerprint);
  side_wait (&callee, "failed");
  g_usleep (500000);
  g_assert_cmpuint (side_received (&callee), ==, 0);
  g_assert_cmpuint (side_received (&caller), ==, 0);
  stats = side_stats (&callee);
  g_assert_nonnull (
      strstr (gst_structure_get_string (stats, "failure"), "fingerprint"));
  side_stop (&callee);
  side_stop (&caller);
}

static gchar *
next_warning (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}

static void
test_endpoint_bad_offer_is_refused_and_changes_nothing (void)
{
  Side caller, callee;
  g_autofree gchar *answer = NULL;
  g_autofree gchar *text = NULL;

  side_start (&caller, VIDEO);
  side_start (&callee, EMPTY);
  g_signal_emit_by_name (
      callee.endpoint, "process-offer", "hello world", &answer);
  g_assert_null (answer);
  text = next_warning (callee.pipeline);
  g_assert_nonnull (strstr (text, "process-offer"));
  g_assert_true (side_is (&callee, "new"));
  side_call (&caller, &callee, NULL);
  side_wait_received (&callee, 30);
  side_stop (&caller);
  side_stop (&callee);
}

static void
test_endpoint_in_state_null_says_so (void)
{
  Side side;
  g_autofree gchar *answer = NULL;
  g_autofree gchar *text = NULL;

  side_start (&side, EMPTY);
  gst_element_set_state (side.pipeline, GST_STATE_NULL);
  gst_element_set_state (side.pipeline, GST_STATE_READY);
  gst_element_set_locked_state (side.endpoint, TRUE);
  gst_element_set_state (side.endpoint, GST_STATE_NULL);
  g_signal_emit_by_name (side.endpoint, "process-offer", "v=0", &answer);
  g_assert_null (answer);
  text = next_warning (side.pipeline);
  g_assert_nonnull (strstr (text, "state NULL"));
  side_stop (&side);
}

static void
test_endpoint_stops_itself_inside_its_signal (void)
{
  Side caller, callee;

  side_start (&caller, VIDEO);
  side_start (&callee, EMPTY);
  g_atomic_int_set (&callee.stops_itself, TRUE);
  side_call (&caller, &callee, NULL);
  side_wait (&caller, "closed");
  g_assert_true (side_is (&callee, "new"));
  side_stop (&caller);
  side_stop (&callee);
}

/* A handler and another thread stop the same endpoint at one moment: neither
 * waits for the other for ever. */
static void
test_endpoint_is_stopped_inside_and_outside_at_once (void)
{
  for (guint i = 0; i < 3; i++) {
    Side caller, callee;

    side_start (&caller, VIDEO);
    side_start (&callee, EMPTY);
    g_atomic_int_set (&callee.stops_itself, TRUE);
    g_atomic_int_set (&callee.dawdles, TRUE);
    side_call (&caller, &callee, NULL);
    for (guint n = 0; n < 1500 && !g_atomic_int_get (&callee.is_inside); n++)
      g_usleep (10000);
    g_assert_true (g_atomic_int_get (&callee.is_inside));
    gst_element_set_state (callee.pipeline, GST_STATE_NULL);
    g_assert_true (side_is (&callee, "new"));
    side_stop (&caller);
    side_stop (&callee);
  }
}

/* The codec is known from the first run; the second sends all the same. */
static void
test_endpoint_sends_in_its_second_run_too (void)
{
  Side caller, callee;

  side_start (&caller, VIDEO);
  for (guint run = 0; run < 2; run++) {
    side_start (&callee, EMPTY);
    side_call (&caller, &callee, NULL);
    side_wait_received (&callee, 30);
    gst_element_set_state (caller.pipeline, GST_STATE_NULL);
    side_stop (&callee);
    gst_element_set_state (caller.pipeline, GST_STATE_PLAYING);
  }
  side_stop (&caller);
}

/* Upstream waits inside the pad for PLAYING; letting the pad go frees it. */
static void
test_endpoint_pad_is_released_in_paused (void)
{
  Side side;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) sink = NULL;

  side_start (&side, "videotestsrc name=v ! webrtcendpoint name=e");
  gst_element_set_state (side.pipeline, GST_STATE_PAUSED);
  g_usleep (300000);
  source = gst_bin_get_by_name (GST_BIN (side.pipeline), "v");
  src = gst_element_get_static_pad (source, "src");
  sink = gst_pad_get_peer (src);
  gst_pad_unlink (src, sink);
  gst_element_release_request_pad (side.endpoint, sink);
  g_assert_cmpint (side.endpoint->numsinkpads, ==, 0);
  side_stop (&side);
}

/* The end is that of all pads; a pad that goes away is not waited for. */
static void
test_endpoint_ends_with_the_last_of_its_pads (void)
{
  Side side;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstElement) source = NULL;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) sink = NULL;
  const GstMessageType wanted = GST_MESSAGE_EOS | GST_MESSAGE_ERROR;

  side_start (&side, "audiotestsrc num-buffers=5 ! webrtcendpoint name=e "
                     "audiotestsrc name=a is-live=true ! e.");
  bus = gst_element_get_bus (side.pipeline);
  message = gst_bus_timed_pop_filtered (bus, 1500 * GST_MSECOND, wanted);
  g_assert_null (message);
  source = gst_bin_get_by_name (GST_BIN (side.pipeline), "a");
  src = gst_element_get_static_pad (source, "src");
  sink = gst_pad_get_peer (src);
  gst_element_set_locked_state (source, TRUE);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_pad_unlink (src, sink);
  gst_element_release_request_pad (side.endpoint, sink);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, wanted);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  side_stop (&side);
}

/* 60 frames at 30/s take two seconds, whether a peer is there or not. */
static void
test_endpoint_without_a_peer_takes_media_at_its_pace (void)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (
      "videotestsrc num-buffers=60 ! video/x-raw,width=64,height=64,"
      "framerate=30/1 ! webrtcendpoint",
      &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  gint64 begin, took;

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_get_state (pipeline, NULL, NULL, 5 * GST_SECOND);
  begin = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  took = g_get_monotonic_time () - begin;
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpint (took, >=, 1800 * G_TIME_SPAN_MILLISECOND);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_endpoint_turn_url_is_masked_and_bad_values_stay_out (void)
{
  GstElement *endpoint =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;

  g_object_set (endpoint, "turn-url", "kurento:hush@192.0.2.9:3478", NULL);
  g_object_get (endpoint, "turn-url", &before, NULL);
  g_assert_nonnull (strstr (before, "kurento:***@192.0.2.9:3478"));
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*turn-url refused*");
  g_object_set (endpoint, "turn-url", "no server at all", NULL);
  g_test_assert_expected_messages ();
  g_object_get (endpoint, "turn-url", &after, NULL);
  g_assert_cmpstr (after, ==, before);
  gst_object_unref (endpoint);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/webrtcendpoint/call", test_endpoint_call_carries_video_and_audio);
  g_test_add_func (
      "/webrtcendpoint/both-ways", test_endpoint_answerer_sends_too);
  g_test_add_func ("/webrtcendpoint/wrong-fingerprint",
      test_endpoint_wrong_fingerprint_gets_no_media);
  g_test_add_func ("/webrtcendpoint/bad-offer",
      test_endpoint_bad_offer_is_refused_and_changes_nothing);
  g_test_add_func (
      "/webrtcendpoint/state-null", test_endpoint_in_state_null_says_so);
  g_test_add_func ("/webrtcendpoint/stop-inside-signal",
      test_endpoint_stops_itself_inside_its_signal);
  g_test_add_func ("/webrtcendpoint/stop-from-two-sides",
      test_endpoint_is_stopped_inside_and_outside_at_once);
  g_test_add_func (
      "/webrtcendpoint/second-run", test_endpoint_sends_in_its_second_run_too);
  g_test_add_func ("/webrtcendpoint/release-paused",
      test_endpoint_pad_is_released_in_paused);
  g_test_add_func ("/webrtcendpoint/pace",
      test_endpoint_without_a_peer_takes_media_at_its_pace);
  g_test_add_func (
      "/webrtcendpoint/end", test_endpoint_ends_with_the_last_of_its_pads);
  g_test_add_func ("/webrtcendpoint/turn-url",
      test_endpoint_turn_url_is_masked_and_bad_values_stay_out);
  return g_test_run ();
}
