/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_webrtcserver.c – the server as an element: it listens,
 * publishes its sink pads and ends. Through the plugin only, in a network of
 * its own.
 */
#include "server_fixture.h"

/* --- listening --- */

static void
test_start_announces_its_address (void)
{
  Fixture f = {0};
  g_autoptr (GstMessage) info = NULL;
  g_autoptr (GstMessage) element = NULL;
  g_autofree gchar *debug = NULL;
  g_autofree gchar *wanted = NULL;
  g_autofree gchar *reply = NULL;

  fixture_start (&f, "webrtcserver name=s port=0 app-data=lobby");
  g_assert_cmpuint (f.port, >, 0);
  info = gst_bus_pop_filtered (f.bus, GST_MESSAGE_INFO);
  g_assert_nonnull (info);
  gst_message_parse_info (info, NULL, &debug);
  wanted = g_strdup_printf ("Watch: http://127.0.0.1:%u/live/", f.port);
  g_assert_cmpstr (debug, ==, wanted);
  gst_bus_set_flushing (f.bus, FALSE);
  while ((element = gst_bus_pop_filtered (f.bus, GST_MESSAGE_ELEMENT)) != NULL
         && !gst_message_has_name (element, "server-listening"))
    g_clear_pointer (&element, gst_message_unref);
  g_assert_nonnull (element);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (element), "url"), ==,
      wanted + strlen ("Watch: "));
  g_assert_cmpstr (gst_structure_get_string (
                       gst_message_get_structure (element), "app-data"),
      ==, "lobby");
  reply = via_test_ask (f.port, "GET", "/live/", NULL, NULL);
  g_assert_cmpuint (via_test_status (reply), ==, 200);
  fixture_stop (&f);
}

static void
test_start_busy_port_is_one_error (void)
{
  Fixture f = {0}, second = {0};
  g_autofree gchar *line = NULL;
  g_autofree gchar *where = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  fixture_start (&f, "webrtcserver name=s port=0");
  line = g_strdup_printf ("webrtcserver name=s port=%u", f.port);
  where = g_strdup_printf ("127.0.0.1:%u", f.port);
  fixture_open (&second, line);
  g_assert_cmpint (gst_element_set_state (second.pipeline, GST_STATE_PLAYING),
      ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (second.bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (
      error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ_WRITE);
  g_assert_nonnull (strstr (error->message, where));
  g_assert_null (gst_bus_pop_filtered (second.bus, GST_MESSAGE_ERROR));
  fixture_stop (&second);
  fixture_stop (&f);
}

static void
test_start_unknown_hub_is_an_error (void)
{
  Fixture f = {0};
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  fixture_open (&f, "webrtcserver name=s port=0 hub=nowhere");
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (f.bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "nowhere"));
  fixture_stop (&f);
}

static void
test_restart_listens_again (void)
{
  Fixture f = {0};

  fixture_start (&f, "webrtcserver name=s port=0");
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *reply = NULL;
    guint port = 0;

    gst_element_set_state (f.pipeline, GST_STATE_NULL);
    g_object_get (f.server, "port", &port, NULL);
    g_assert_cmpuint (port, ==, 0);
    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    g_object_get (f.server, "port", &port, NULL);
    reply = via_test_ask (port, "GET", "/live/whep", NULL, NULL);
    g_assert_cmpuint (via_test_status (reply), ==, 204);
  }
  fixture_stop (&f);
}

static void
test_turn_url_reads_back_masked (void)
{
  g_autoptr (GstElement) server =
      gst_object_ref_sink (gst_element_factory_make ("webrtcserver", NULL));
  g_autofree gchar *text = NULL;

  g_object_set (server, "turn-url", "kurento:canary-7Qx@192.0.2.9:3478", NULL);
  g_object_get (server, "turn-url", &text, NULL);
  g_assert_nonnull (strstr (text, "192.0.2.9"));
  g_assert_null (strstr (text, "canary"));
}

/* --- sink pads --- */

/* Names of the tracks in the hub, once there are as many. (transfer full) */
static gchar *
wait_tracks (GstElement *hub, guint wanted)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  g_autoptr (GString) names = g_string_new (NULL);
  guint n = 0;

  while (n != wanted && g_get_monotonic_time () < end) {
    g_autoptr (GstStructure) stats = NULL;

    g_usleep (5000);
    g_object_get (hub, "stats", &stats, NULL);
    g_assert_true (gst_structure_get_uint (stats, "tracks", &n));
    g_string_truncate (names, 0);
    for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
      const gchar *name = gst_structure_nth_field_name (stats, i);

      if (g_str_has_prefix (name, "track-"))
        g_string_append_printf (names, "%s ", name);
    }
  }
  g_assert_cmpuint (n, ==, wanted);
  return g_strdup (names->str);
}

static void
test_new_pad_leaves_other_tracks_alone (void)
{
  Fixture f = {0};
  GstElement *hub;
  GstPad *pad;
  g_autofree gchar *before = NULL;
  g_autofree gchar *after = NULL;

  fixture_start (&f, "hub name=room webrtcserver name=s port=0 hub=room "
                     "audiotestsrc is-live=true ! opusenc ! s.");
  hub = gst_bin_get_by_name (GST_BIN (f.pipeline), "room");
  before = wait_tracks (hub, 1);
  pad = gst_element_request_pad_simple (f.server, "sink_%u");
  g_assert_nonnull (pad);
  after = wait_tracks (hub, 1);
  g_assert_cmpstr (after, ==, before);
  gst_element_release_request_pad (f.server, pad);
  gst_object_unref (pad);
  gst_object_unref (hub);
  fixture_stop (&f);
}

/* The new pad is heard, too. */
static void
test_pad_of_a_running_server_is_published (void)
{
  Fixture f = {0};
  GstElement *hub, *branch;
  g_autofree gchar *tracks = NULL;

  fixture_start (&f, "hub name=room webrtcserver name=s port=0 hub=room");
  hub = gst_bin_get_by_name (GST_BIN (f.pipeline), "room");
  branch = gst_parse_bin_from_description (
      "audiotestsrc is-live=true ! opusenc", TRUE, NULL);
  gst_bin_add (GST_BIN (f.pipeline), branch);
  g_assert_true (gst_element_link_pads (branch, NULL, f.server, "sink_%u"));
  gst_element_sync_state_with_parent (branch);
  tracks = wait_tracks (hub, 1);
  gst_object_unref (hub);
  fixture_stop (&f);
}

/* --- the end --- */

static void
test_sink_pad_eos_does_not_end_the_server (void)
{
  Fixture f = {0};
  g_autoptr (GstMessage) message = NULL;

  fixture_start (&f,
      "webrtcserver name=s port=0 audiotestsrc num-buffers=5 ! opusenc ! s.");
  message = gst_bus_timed_pop_filtered (
      f.bus, GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_null (message);
  gst_element_send_event (f.pipeline, gst_event_new_eos ());
  message = gst_bus_timed_pop_filtered (
      f.bus, 20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  fixture_stop (&f);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/start/announces", test_start_announces_its_address);
  g_test_add_func (
      "/server/start/busy-port", test_start_busy_port_is_one_error);
  g_test_add_func (
      "/server/start/unknown-hub", test_start_unknown_hub_is_an_error);
  g_test_add_func ("/server/start/again", test_restart_listens_again);
  g_test_add_func (
      "/server/pad/others", test_new_pad_leaves_other_tracks_alone);
  g_test_add_func (
      "/server/pad/late", test_pad_of_a_running_server_is_published);
  g_test_add_func ("/server/turn-url", test_turn_url_reads_back_masked);
  g_test_add_func ("/server/eos", test_sink_pad_eos_does_not_end_the_server);
  return g_test_run ();
}
