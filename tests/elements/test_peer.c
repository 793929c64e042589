/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_peer.c – peer=NAME: two endpoints of one parsed line call
 * each other. In a network namespace; through the plugin only.
 */
#include <string.h>

#include <gst/gst.h>

#include "netns.h"

#define WAIT (60 * G_TIME_SPAN_SECOND)
#define PICTURE                                                                \
  "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
#define SHOWN "rtpvp8depay ! vp8dec ! fakesink name=s signal-handoffs=true "

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer count)
{
  g_atomic_int_inc ((gint *) count);
}

static GstElement *
parse (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return pipeline;
}

/* Plays until each of the sinks has had @n buffers. */
static void
assert_plays (GstElement *pipeline, const gchar *const *sinks, gint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;
  gint counts[4] = {0};

  for (guint i = 0; sinks[i] != NULL; i++) {
    g_autoptr (GstElement) sink =
        gst_bin_get_by_name (GST_BIN (pipeline), sinks[i]);

    g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &counts[i]);
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; sinks[i] != NULL; i++) {
    while (g_atomic_int_get (&counts[i]) < n && g_get_monotonic_time () < end)
      g_usleep (10000);
    g_assert_cmpint (g_atomic_int_get (&counts[i]), >=, n);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
wait_received (GstElement *pipeline, const gchar *name, guint64 wanted)
{
  g_autoptr (GstElement) endpoint =
      gst_bin_get_by_name (GST_BIN (pipeline), name);
  gint64 end = g_get_monotonic_time () + WAIT;
  guint64 n = 0;

  while (n < wanted && g_get_monotonic_time () < end) {
    g_autoptr (GstStructure) stats = NULL;

    g_usleep (10000);
    g_object_get (endpoint, "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, "packets-received", &n);
  }
  g_assert_cmpuint (n, >=, wanted);
}

static void
test_peer_one_names_the_other_and_media_flows (void)
{
  GstElement *pipeline = parse (
      PICTURE "webrtcendpoint name=a peer=b  webrtcendpoint name=b ! " SHOWN);

  assert_plays (pipeline, (const gchar *const[]){"s", NULL}, 30);
  /* And once more: nothing of the first run is left. (The parsed line links
   * its pads only once.) */
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_received (pipeline, "b", 30);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_peer_both_name_each_other_and_send_both_ways (void)
{
  GstElement *pipeline = parse (PICTURE
      "webrtcendpoint name=a peer=b  a. ! fakesink name=t signal-handoffs=true "
      "audiotestsrc is-live=true ! webrtcendpoint name=b peer=a  b. ! " SHOWN);

  assert_plays (pipeline, (const gchar *const[]){"s", "t", NULL}, 30);
  gst_object_unref (pipeline);
}

/* The far end's track ends with ours, so the whole line ends by itself. */
static void
test_peer_end_of_the_source_ends_the_line (void)
{
  GstElement *pipeline =
      parse ("videotestsrc name=v is-live=true ! "
             "video/x-raw,width=160,height=120,framerate=30/1 ! "
             "webrtcendpoint name=a peer=b  webrtcendpoint name=b ! " SHOWN);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline), "v");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  gint64 end = g_get_monotonic_time () + WAIT;
  gint count = 0;

  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &count);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (g_atomic_int_get (&count) < 30 && g_get_monotonic_time () < end)
    g_usleep (10000);
  gst_element_send_event (source, gst_event_new_eos ());
  message = gst_bus_timed_pop_filtered (
      bus, WAIT * GST_USECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpint (g_atomic_int_get (&count), >=, 30);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
assert_refused (const gchar *line, const gchar *why)
{
  GstElement *pipeline = parse (line);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, why));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_peer_that_cannot_be_is_an_error_that_names_it (void)
{
  assert_refused ("webrtcendpoint name=a peer=nobody fakesrc ! fakesink",
      "peer=nobody: no element of that name");
  assert_refused ("webrtcendpoint name=a peer=a fakesrc ! fakesink", "itself");
  assert_refused ("webrtcendpoint name=a peer=s fakesrc ! fakesink name=s",
      "no webrtcendpoint");
  assert_refused ("webrtcendpoint name=a peer=b webrtcendpoint name=b "
                  "webrtcendpoint name=c peer=b",
      "already has another peer");
  assert_refused ("webrtcendpoint name=a peer=b webrtcendpoint name=b peer=c "
                  "webrtcendpoint name=c",
      "already has another peer");
}

static void
ip (const gchar *what)
{
  g_autofree gchar *line = g_strdup_printf ("ip addr %s", what);
  gint status = -1;

  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

/* The address in use goes: ICE restarts by itself over the other one. */
static void
test_peer_address_that_goes_is_survived (void)
{
  GstElement *pipeline = parse ("audiotestsrc is-live=true ! opusenc ! "
                                "webrtcendpoint name=a peer=b "
                                "webrtcendpoint name=b ! fakesink");
  g_autoptr (GstElement) b = gst_bin_get_by_name (GST_BIN (pipeline), "b");
  GstStructure *stats;
  guint handshakes = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_received (pipeline, "b", 50);
  ip ("del 192.0.2.1/24 dev v0");
  g_usleep (2 * G_USEC_PER_SEC);
  wait_received (pipeline, "b", 200);
  ip ("add 192.0.2.1/24 dev v0");
  g_usleep (G_USEC_PER_SEC);
  ip ("del 192.0.2.2/24 dev v1");
  g_usleep (2 * G_USEC_PER_SEC);
  wait_received (pipeline, "b", 450);
  ip ("add 192.0.2.2/24 dev v1");
  g_object_get (b, "stats", &stats, NULL);
  gst_structure_get_uint (stats, "dtls-handshakes", &handshakes);
  g_assert_cmpuint (handshakes, ==, 1);
  gst_structure_free (stats);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer/one", test_peer_one_names_the_other_and_media_flows);
  g_test_add_func (
      "/peer/both", test_peer_both_name_each_other_and_send_both_ways);
  g_test_add_func ("/peer/end", test_peer_end_of_the_source_ends_the_line);
  g_test_add_func (
      "/peer/refused", test_peer_that_cannot_be_is_an_error_that_names_it);
  g_test_add_func ("/peer/roam", test_peer_address_that_goes_is_survived);
  return g_test_run ();
}
