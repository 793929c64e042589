/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_server_hub.c – a server whose hub goes and comes back,
 * and one that is stopped while a handler waits for it. Through the plugin
 * only, in a network of its own.
 */
#include <string.h>

#include <gst/gst.h>

#include "ask.h"
#include "netns.h"

#define SDP "Content-Type: application/sdp\r\n"
#define WAIT_MS 60000

static const gchar *const OFFER =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
    "a=fingerprint:sha-256 D7:76:E1:AD:19:03:82:3A:B8:86:2A:EF:89:C8:70:FE:"
    "4A:3E:F9:56:68:90:16:6A:AE:74:F2:7B:66:11:87:88\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\n";

#define LINE                                                                   \
  "hub name=room webrtcserver name=s hub=room port=0 "                         \
  "videotestsrc is-live=true ! video/x-raw,width=64,height=64 ! "              \
  "vp8enc deadline=1 ! s.video_sink_0"

typedef struct
{
  GstElement *pipeline, *server, *hub;
  GstBus *bus;
  guint port;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->pipeline = gst_parse_launch (LINE, &error);
  g_assert_no_error (error);
  f->server = gst_bin_get_by_name (GST_BIN (f->pipeline), "s");
  f->hub = gst_bin_get_by_name (GST_BIN (f->pipeline), "room");
  f->bus = gst_element_get_bus (f->pipeline);
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  g_object_get (f->server, "port", &f->port, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->bus);
  gst_object_unref (f->server);
  gst_object_unref (f->hub);
  gst_object_unref (f->pipeline);
}

static guint
ask (Fixture *f)
{
  g_autofree gchar *reply =
      via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);

  return via_test_status (reply);
}

static void
wait_status (Fixture *f, guint status)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;
  guint last;

  while ((last = ask (f)) != status) {
    if (g_get_monotonic_time () > end)
      g_error ("still %u, not %u", last, status);
    g_usleep (50000);
  }
}

static guint
count_tracks (GstElement *hub)
{
  GstStructure *stats;
  guint n = 0;

  g_object_get (hub, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint (stats, "tracks", &n));
  gst_structure_free (stats);
  return n;
}

static void
wait_tracks (GstElement *hub, guint n)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;

  while (count_tracks (hub) != n) {
    if (g_get_monotonic_time () > end)
      g_error ("the hub has %u tracks, not %u", count_tracks (hub), n);
    g_usleep (20000);
  }
}

/* How many hub-lost messages of the server come within @ms; all of them, the
 * peers' too, name the hub. */
static guint
count_lost (Fixture *f, guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;
  GstMessage *message;
  guint n = 0;

  while (n == 0 && g_get_monotonic_time () < end) {
    message = gst_bus_timed_pop_filtered (
        f->bus, 20 * GST_MSECOND, GST_MESSAGE_ELEMENT);
    if (message == NULL)
      continue;
    if (gst_message_has_name (message, "hub-lost")) {
      g_assert_cmpstr (
          gst_structure_get_string (gst_message_get_structure (message), "hub"),
          ==, "room");
      n += GST_MESSAGE_SRC (message) == GST_OBJECT (f->server);
    }
    gst_message_unref (message);
  }
  return n;
}

static void
wait_no_peer (Fixture *f)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;
  GstElement *peer;

  while ((peer = gst_bin_get_by_name (GST_BIN (f->server), "peer-0"))) {
    gst_object_unref (peer);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
  }
}

static void
test_hub_in_null_is_told_and_joined_again (Fixture *f, gconstpointer data)
{
  wait_tracks (f->hub, 1);
  g_assert_cmpuint (ask (f), ==, 201);
  gst_element_set_locked_state (f->hub, TRUE);
  gst_element_set_state (f->hub, GST_STATE_NULL);
  g_assert_cmpuint (count_lost (f, WAIT_MS), ==, 1);
  wait_no_peer (f);
  g_assert_cmpuint (ask (f), ==, 503);
  g_usleep (700000); /* it looked again meanwhile */
  g_assert_cmpuint (ask (f), ==, 503);
  gst_element_set_locked_state (f->hub, FALSE);
  gst_element_sync_state_with_parent (f->hub);
  wait_status (f, 201);
  wait_tracks (f->hub, 1); /* the server's sink pad */
}

/* Until the first byte of the answer came. */
static void
wait_listener (GSocketConnection *c)
{
  gchar first;

  g_assert_cmpint (
      g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (c)),
          &first, 1, NULL, NULL),
      ==, 1);
  g_assert_cmpint (first, ==, 'H');
}

/* A player that listens is told where to come back, by an address that it
 * reaches. */
static void
test_hub_in_null_tells_listeners_to_come_back (Fixture *f, gconstpointer data)
{
  g_autofree gchar *answer =
      via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_autofree gchar *location = via_test_header (answer, "Location");
  g_autofree gchar *head = NULL;
  g_autofree gchar *wanted = NULL;
  g_autofree gchar *seen = NULL;
  g_autoptr (GSocketConnection) c = NULL;

  g_assert_cmpuint (via_test_status (answer), ==, 201);
  g_assert_true (g_str_has_prefix (location, "http://"));
  head =
      g_strdup_printf ("GET %s/events HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
          strchr (location + strlen ("http://"), '/'), f->port);
  wanted = g_strdup_printf ("event: reconnect\ndata: "
                            "{\"url\":\"http://127.0.0.1:%u/live/whep\"}\n",
      f->port);
  c = via_test_dial (f->port);
  via_test_say (c, head);
  wait_listener (c);
  gst_element_set_locked_state (f->hub, TRUE);
  gst_element_set_state (f->hub, GST_STATE_NULL);
  seen = via_test_hear (G_IO_STREAM (c)); /* it ends */
  g_assert_nonnull (strstr (seen, wanted));
}

/* The first peer has the server's value, and knows where it came from. */
static void
assert_inherits (
    Fixture *f, const gchar *property, const gchar *value, const gchar *origin)
{
  g_autoptr (GstStructure) config = NULL;
  g_autoptr (GstStructure) one = NULL;

  gst_child_proxy_get (
      GST_CHILD_PROXY (f->server), "peer-0::effective-config", &config, NULL);
  g_assert_true (
      gst_structure_get (config, property, GST_TYPE_STRUCTURE, &one, NULL));
  g_assert_cmpstr (gst_structure_get_string (one, "value"), ==, value);
  g_assert_cmpstr (gst_structure_get_string (one, "origin"), ==, origin);
}

static void
test_peer_has_its_servers_values_and_their_origins (
    Fixture *f, gconstpointer data)
{
  g_object_set (f->server, "latency", 77, NULL);
  g_assert_cmpuint (ask (f), ==, 201);
  assert_inherits (f, "latency", "77", "property");
  assert_inherits (f, "mtu", "1180", "built-in");
}

static void
test_another_hub_of_that_name_is_not_joined (Fixture *f, gconstpointer data)
{
  GstElement *other = gst_element_factory_make ("hub", NULL);

  gst_element_set_state (f->hub, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (f->pipeline), f->hub);
  g_assert_cmpuint (count_lost (f, WAIT_MS), ==, 1);
  g_assert_cmpuint (ask (f), ==, 503);
  gst_object_set_name (GST_OBJECT (other), "room");
  gst_bin_add (GST_BIN (f->pipeline), other);
  gst_element_sync_state_with_parent (other);
  g_usleep (1200000); /* it has looked twice */
  g_assert_cmpuint (ask (f), ==, 503);
  g_assert_cmpuint (count_tracks (other), ==, 0);
  gst_element_set_state (f->server, GST_STATE_READY);
  gst_element_set_state (f->server, GST_STATE_NULL);
  gst_element_sync_state_with_parent (f->server); /* asked to */
  g_object_get (f->server, "port", &f->port, NULL);
  wait_status (f, 201);
  wait_tracks (other, 1);
}

static void
test_whole_pipeline_down_loses_no_hub (Fixture *f, gconstpointer data)
{
  wait_tracks (f->hub, 1);
  gst_element_set_state (f->pipeline, GST_STATE_READY);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  g_assert_cmpuint (count_lost (f, 300), ==, 0);
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  g_object_get (f->server, "port", &f->port, NULL);
  wait_status (f, 201);
}

/* --- stopping --- */

typedef struct
{
  GstElement *server;
  gint is_inside, is_over; /* atomic */
} Handler;

/* On via-app: waits for the server's state lock, as any action on its state
 * does. */
static void
on_child_added (
    GstChildProxy *server, GObject *child, gchar *name, gpointer data)
{
  Handler *handler = data;

  if (!g_str_has_prefix (name, "peer-"))
    return;
  g_atomic_int_set (&handler->is_inside, 1);
  g_usleep (300000); /* by now it is being stopped */
  GST_STATE_LOCK (handler->server);
  GST_STATE_UNLOCK (handler->server);
  g_atomic_int_set (&handler->is_over, 1);
}

static gpointer
ask_thread (gpointer data)
{
  Fixture *f = data;

  g_free (via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER));
  return NULL;
}

static gpointer
hang_thread (gpointer data)
{
  gint *is_stopped = data;

  for (guint i = 0; i < 100 && !g_atomic_int_get (is_stopped); i++)
    g_usleep (100000);
  if (!g_atomic_int_get (is_stopped))
    g_error ("the server does not stop while a handler waits for it");
  return NULL;
}

static void
test_stop_waits_for_no_handler (Fixture *f, gconstpointer data)
{
  Handler handler = {.server = f->server};
  gint is_stopped = 0;
  GThread *asking, *hang;

  g_signal_connect (
      f->server, "child-added", G_CALLBACK (on_child_added), &handler);
  asking = g_thread_new ("ask", ask_thread, f);
  while (!g_atomic_int_get (&handler.is_inside))
    g_usleep (1000);
  hang = g_thread_new ("hang", hang_thread, &is_stopped);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  g_atomic_int_set (&is_stopped, 1);
  while (!g_atomic_int_get (&handler.is_over))
    g_usleep (1000);
  g_thread_join (asking);
  g_thread_join (hang);
  wait_no_peer (f);
  g_signal_handlers_disconnect_by_data (f->server, &handler);
}

/* NULL: the end, or nothing came in time. (transfer full) */
static GstSample *
pull (GstElement *sink)
{
  GstSample *sample = NULL;

  g_signal_emit_by_name (
      sink, "try-pull-sample", (guint64) WAIT_MS * GST_MSECOND, &sample);
  return sample;
}

static void
test_eos_event_leaves_by_a_data_pad (void)
{
  g_autoptr (GstElement) pipeline =
      gst_parse_launch ("hub name=room  appsrc name=in format=time ! "
                        "text/x-raw,format=utf8,label=x ! room.data_sink_0  "
                        "webrtcserver name=s hub=room port=0  s.data_src_0 ! "
                        "appsink name=out sync=false async=false",
          NULL);
  g_autoptr (GstElement) in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_autoptr (GstElement) server = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autoptr (GstBuffer) buffer = gst_buffer_new_wrapped (g_strdup ("hi"), 2);
  GstFlowReturn flow;
  GstSample *sample;
  gboolean is_eos = FALSE;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (in, "push-buffer", buffer, &flow);
  g_assert_cmpint (flow, ==, GST_FLOW_OK);
  sample = pull (out);
  g_assert_nonnull (sample);
  gst_sample_unref (sample);
  g_assert_true (gst_element_send_event (server, gst_event_new_eos ()));
  g_assert_null (pull (out));
  g_object_get (out, "eos", &is_eos, NULL);
  g_assert_true (is_eos);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static GstFlowReturn
say (GstElement *in, const gchar *text)
{
  g_autoptr (GstBuffer) buffer =
      gst_buffer_new_wrapped (g_strdup (text), strlen (text));
  GstFlowReturn flow = GST_FLOW_ERROR;

  g_signal_emit_by_name (in, "push-buffer", buffer, &flow);
  return flow;
}

/* Said first under a label that is not listed, then under the second one. */
static void
test_labels_that_are_listed_have_the_pads (void)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "hub name=room  appsrc name=in format=time ! "
      "text/x-raw,format=utf8,label=x ! room.data_sink_0  "
      "appsrc name=in2 format=time ! "
      "text/x-raw,format=utf8,label=b ! room.data_sink_1  "
      "webrtcserver name=s hub=room port=0 data-channels=\"a, b\"  "
      "s.data_src_1 ! appsink name=out sync=false async=false",
      NULL);
  g_autoptr (GstElement) in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  g_autoptr (GstElement) in2 = gst_bin_get_by_name (GST_BIN (pipeline), "in2");
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_autoptr (GstElement) server = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  g_autoptr (GstPad) other = NULL;
  GstSample *sample;
  GstMapInfo map;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_cmpint (say (in, "unheard"), ==, GST_FLOW_OK);
  g_usleep (100000); /* it would be first, if it were heard */
  g_assert_cmpint (say (in2, "heard"), ==, GST_FLOW_OK);
  sample = pull (out);
  g_assert_nonnull (sample);
  g_assert_true (
      gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
  g_assert_cmpmem (map.data, map.size, "heard", 5);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  gst_sample_unref (sample);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strdup_printf ("data_src_%u", i);
    g_autoptr (GstPad) pad = gst_element_get_static_pad (server, name);

    g_assert_true ((pad != NULL) == (i == 1));
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
test_a_bad_list_of_labels_leaves_the_old_one (void)
{
  g_autofree gchar *many = g_strnfill (64, ',');
  const gchar *const bad[] = {"a,b,a", "a,,b", ",", many};
  g_autoptr (GstElement) server =
      gst_object_ref_sink (gst_element_factory_make ("webrtcserver", NULL));

  g_object_set (server, "data-channels", "ctl,log", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *value = NULL;

    g_test_expect_message (
        "via", G_LOG_LEVEL_WARNING, "*data-channels=* is not taken: it has*");
    g_object_set (server, "data-channels", bad[i], NULL);
    g_test_assert_expected_messages ();
    g_object_get (server, "data-channels", &value, NULL);
    g_assert_cmpstr (value, ==, "ctl,log");
  }
}

#define ADD(path, func)                                                        \
  g_test_add ("/server-hub/" path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("null", test_hub_in_null_is_told_and_joined_again);
  ADD ("listeners", test_hub_in_null_tells_listeners_to_come_back);
  ADD ("other", test_another_hub_of_that_name_is_not_joined);
  ADD ("pipeline", test_whole_pipeline_down_loses_no_hub);
  ADD ("stop", test_stop_waits_for_no_handler);
  g_test_add_func ("/server-hub/data", test_eos_event_leaves_by_a_data_pad);
  g_test_add_func (
      "/server-hub/labels", test_labels_that_are_listed_have_the_pads);
  g_test_add_func (
      "/server-hub/labels/bad", test_a_bad_list_of_labels_leaves_the_old_one);
  ADD ("values", test_peer_has_its_servers_values_and_their_origins);
  return g_test_run ();
}
