/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_hub.c – joining a hub by name: lookup rules, errors that
 * name what is wrong, states, end of stream. Through the plugin only.
 */
#include <string.h>

#include <gst/gst.h>

/* The first ERROR on the bus of @element's top, as text, waiting up to 20 s. */
static gchar *
first_error (GstBus *bus)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  return g_strdup (error->message);
}

static GstElement *
make (const gchar *factory, const gchar *name)
{
  GstElement *element = gst_element_factory_make (factory, name);

  g_assert_nonnull (element);
  return element;
}

static GstElement *
endpoint (const gchar *hub)
{
  GstElement *element = make ("webrtcendpoint", NULL);

  g_object_set (element, "hub", hub, NULL);
  return element;
}

static guint
n_ports (GstElement *hub)
{
  g_autoptr (GstStructure) stats = NULL;
  guint ports = G_MAXUINT;

  g_object_get (hub, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint (stats, "ports", &ports));
  return ports;
}

/* The next element message of that name, waiting up to 20 s. */
static GstMessage *
next_message (GstBus *bus, const gchar *name)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_get_monotonic_time () < end) {
    GstMessage *message = gst_bus_timed_pop_filtered (
        bus, 100 * GST_MSECOND, GST_MESSAGE_ELEMENT);

    if (message != NULL && gst_message_has_name (message, name))
      return message;
    g_clear_pointer (&message, gst_message_unref);
  }
  g_error ("no message %s", name);
}

static void
stop (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_hub_beside_is_joined_and_left (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = make ("hub", "room");

  gst_bin_add_many (
      GST_BIN (pipeline), endpoint ("room"), hub, endpoint ("room"), NULL);
  g_assert_cmpuint (n_ports (hub), ==, 0);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (n_ports (hub), ==, 2);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpuint (n_ports (hub), ==, 0);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (n_ports (hub), ==, 2);
  stop (pipeline);
}

static void
test_hub_nearest_enclosing_bin_wins (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *bin = gst_bin_new ("inner");
  GstElement *near = make ("hub", "room"), *far = make ("hub", "room");

  gst_bin_add_many (GST_BIN (bin), near, endpoint ("room"), NULL);
  gst_bin_add_many (GST_BIN (pipeline), far, bin, endpoint ("room"), NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_assert_cmpuint (n_ports (near), ==, 1);
  g_assert_cmpuint (n_ports (far), ==, 1);
  stop (pipeline);
}

static void
test_hub_in_another_bin_of_the_tree_is_found (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *left = gst_bin_new ("left"), *right = gst_bin_new ("right");
  GstElement *hub = make ("hub", "room");

  gst_bin_add (GST_BIN (left), hub);
  gst_bin_add (GST_BIN (right), endpoint ("room"));
  gst_bin_add_many (GST_BIN (pipeline), right, left, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_assert_cmpuint (n_ports (hub), ==, 1);
  stop (pipeline);
}

static void
test_hub_in_a_bare_bin_is_found (void)
{
  GstElement *bin = gst_object_ref_sink (gst_bin_new ("bare"));
  GstElement *hub = make ("hub", "room");

  gst_bin_add_many (GST_BIN (bin), hub, endpoint ("room"), NULL);
  gst_element_set_state (bin, GST_STATE_READY);
  g_assert_cmpuint (n_ports (hub), ==, 1);
  stop (bin);
}

static void
test_hub_two_equally_near_is_an_error_with_both_paths (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *a = gst_bin_new ("a"), *b = gst_bin_new ("b");
  GstElement *c = gst_bin_new ("c");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *text = NULL;

  gst_bin_add (GST_BIN (a), make ("hub", "room"));
  gst_bin_add (GST_BIN (b), make ("hub", "room"));
  gst_bin_add (GST_BIN (c), endpoint ("room"));
  gst_bin_add_many (GST_BIN (pipeline), a, b, c, NULL);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_FAILURE);
  text = first_error (bus);
  g_assert_nonnull (strstr (text, "GstBin:a/ViaHub:room"));
  g_assert_nonnull (strstr (text, "GstBin:b/ViaHub:room"));
  stop (pipeline);
}

static void
test_hub_not_there_is_an_error_naming_hub_and_pipeline (void)
{
  GstElement *pipeline = gst_pipeline_new ("studio");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *text = NULL;

  gst_bin_add (GST_BIN (pipeline), endpoint ("attic"));
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_FAILURE);
  text = first_error (bus);
  g_assert_nonnull (strstr (text, "attic"));
  g_assert_nonnull (strstr (text, "studio"));
  stop (pipeline);
}

static void
test_hub_of_another_pipeline_is_not_found (void)
{
  GstElement *one = gst_pipeline_new ("one"), *two = gst_pipeline_new ("two");
  GstElement *hub = make ("hub", "room");
  g_autoptr (GstBus) bus = gst_element_get_bus (two);
  g_autofree gchar *text = NULL;

  gst_bin_add (GST_BIN (one), hub);
  gst_element_set_state (one, GST_STATE_PLAYING);
  gst_bin_add (GST_BIN (two), endpoint ("room"));
  g_assert_cmpint (gst_element_set_state (two, GST_STATE_READY), ==,
      GST_STATE_CHANGE_FAILURE);
  text = first_error (bus);
  g_assert_nonnull (strstr (text, "room"));
  g_assert_nonnull (strstr (text, "two"));
  g_assert_cmpuint (n_ports (hub), ==, 0);
  stop (two);
  stop (one);
}

static void
test_hub_element_that_is_none_is_an_error (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *text = NULL;

  gst_bin_add_many (
      GST_BIN (pipeline), make ("fakesink", "room"), endpoint ("room"), NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  text = first_error (bus);
  g_assert_nonnull (strstr (text, "room"));
  g_assert_nonnull (strstr (text, "is no hub"));
  stop (pipeline);
}

static void
test_hub_without_a_parent_waits_until_paused (void)
{
  GstElement *alone = gst_object_ref_sink (endpoint ("room"));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autofree gchar *text = NULL;

  gst_element_set_bus (alone, bus);
  g_assert_cmpint (gst_element_set_state (alone, GST_STATE_READY), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR));
  g_assert_cmpint (gst_element_set_state (alone, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  text = first_error (bus);
  g_assert_nonnull (strstr (text, "add the element to the pipeline"));
  gst_element_set_bus (alone, NULL);
  stop (alone);
}

static void
test_hub_lost_is_posted_by_members_that_play_on (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = make ("hub", "room"), *member = endpoint ("room");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *structure;

  g_object_set (member, "app-data", "Alice", NULL);
  gst_bin_add_many (GST_BIN (pipeline), hub, member, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND);
  gst_element_set_locked_state (hub, TRUE);
  gst_element_set_state (hub, GST_STATE_NULL);
  message = next_message (bus, "hub-lost");
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (structure, "hub"), ==, "room");
  g_assert_cmpstr (
      gst_structure_get_string (structure, "app-data"), ==, "Alice");
  stop (pipeline);
}

/* Ctrl-C with -e: EOS to the pipeline comes back as one EOS, soon. */
static void
test_hub_eos_event_ends_an_idle_pipeline (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_bin_add_many (
      GST_BIN (pipeline), make ("hub", "room"), endpoint ("room"), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND);
  gst_element_send_event (pipeline, gst_event_new_eos ());
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_EOS);
  g_assert_nonnull (message);
  g_assert_true (GST_MESSAGE_SRC (message) == GST_OBJECT (pipeline));
  stop (pipeline);
}

static void
test_hub_does_not_end_with_an_unrelated_branch (void)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (
      "hub name=room  videotestsrc num-buffers=5 ! fakesink", &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_null (gst_bus_timed_pop_filtered (
      bus, GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  stop (pipeline);
}

static void
test_hub_app_data_over_64_kib_is_refused (void)
{
  GstElement *hub = gst_object_ref_sink (make ("hub", "room"));
  g_autofree gchar *big = g_strnfill (64 * 1024 + 1, 'x');
  g_autofree gchar *value = NULL;

  g_object_set (hub, "app-data", "first", NULL);
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*at most 65536 bytes*");
  g_object_set (hub, "app-data", big, NULL);
  g_test_assert_expected_messages ();
  g_object_get (hub, "app-data", &value, NULL);
  g_assert_cmpstr (value, ==, "first");
  gst_object_unref (hub);
}

static void
test_hub_pads_of_one_number_are_one_port (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = make ("hub", "room");
  const gchar *const names[] = {
      "audio_sink_3", "video_sink_3", "video_sink_4", "sink_3"};
  GstPad *pads[G_N_ELEMENTS (names)];

  gst_bin_add (GST_BIN (pipeline), hub);
  gst_element_set_state (pipeline, GST_STATE_READY);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    pads[i] = gst_element_request_pad_simple (hub, names[i]);
    g_assert_nonnull (pads[i]);
  }
  g_assert_cmpuint (n_ports (hub), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    gst_element_release_request_pad (hub, pads[i]);
    gst_object_unref (pads[i]);
  }
  g_assert_cmpint (hub->numsinkpads, ==, 0);
  stop (pipeline);
}

static GstPadProbeReturn
say_300_ms (GstPad *pad, GstPadProbeInfo *info, gpointer unused)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_PAD_PROBE_OK;
  gst_query_set_latency (query, TRUE, 300 * GST_MSECOND, GST_CLOCK_TIME_NONE);
  return GST_PAD_PROBE_HANDLED;
}

/* Of the hub's first track; -1 while there is none. */
static gint64
track_latency (GstElement *hub)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *track;
  gint64 latency = -1;

  g_object_get (hub, "stats", &stats, NULL);
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    track = gst_structure_get_value (
        stats, gst_structure_nth_field_name (stats, i));
    if (GST_VALUE_HOLDS_STRUCTURE (track))
      gst_structure_get_int64 (
          gst_value_get_structure (track), "latency-us", &latency);
  }
  return latency;
}

static void
test_hub_tells_what_a_track_is_late_by (void)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (
      "audiotestsrc is-live=true samplesperbuffer=160 ! "
      "audio/x-raw,rate=8000,channels=1 ! mulawenc name=e ! hub name=room",
      &error);
  g_autoptr (GstElement) hub = gst_bin_get_by_name (GST_BIN (pipeline), "room");
  g_autoptr (GstElement) e = gst_bin_get_by_name (GST_BIN (pipeline), "e");
  g_autoptr (GstPad) src = gst_element_get_static_pad (e, "src");
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  g_assert_no_error (error);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_QUERY_UPSTREAM, say_300_ms, NULL, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (track_latency (hub) < 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (track_latency (hub), ==, 300000);
  stop (pipeline);
}

/* --- ports: list, find, news, tags --- */

static GstStructure *
find_port (GstElement *hub, const gchar *key, const gchar *value)
{
  GstStructure *port = NULL;

  g_signal_emit_by_name (hub, "find-port", key, value, &port);
  return port;
}

static gboolean
add_tag (GstElement *element, const gchar *key, const gchar *text)
{
  GValue value = G_VALUE_INIT;
  gboolean is_added;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, text);
  g_signal_emit_by_name (element, "add-tag", key, &value, &is_added);
  g_value_unset (&value);
  return is_added;
}

/* Kurento case 60: find by tag, in messages and stats, while playing. */
static void
test_hub_port_is_found_by_app_data_and_tag (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = make ("hub", "room"), *alice = endpoint ("room");
  GstElement *bob = endpoint ("room");
  g_autoptr (GstStructure) by_data = NULL, by_tag = NULL, stats = NULL;
  g_autoptr (GstStructure) nobody = NULL, ports = NULL;
  const GstStructure *one;
  guint port, n;

  g_object_set (alice, "app-data", "Alice", NULL);
  gst_bin_add_many (GST_BIN (pipeline), hub, alice, bob, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_object_set (bob, "app-data", "Bob", NULL);
  g_assert_true (add_tag (bob, "floor", "blue"));
  by_data = find_port (hub, "app-data", "Alice");
  by_tag = find_port (hub, "floor", "blue");
  nobody = find_port (hub, "app-data", "Carol");
  g_assert_null (nobody);
  g_assert_cmpstr (
      gst_structure_get_string (by_data, "name"), ==, GST_OBJECT_NAME (alice));
  g_assert_cmpstr (gst_structure_get_string (by_tag, "app-data"), ==, "Bob");
  g_assert_cmpstr (gst_structure_get_string (by_data, "state"), ==, NULL);
  g_signal_emit_by_name (hub, "list-ports", &ports);
  g_assert_true (gst_structure_get_uint (ports, "ports", &n));
  g_assert_cmpuint (n, ==, 2);
  g_object_get (hub, "stats", &stats, NULL);
  g_assert_true (gst_structure_get_uint (by_tag, "port", &port));
  one = gst_value_get_structure (
      gst_structure_get_value (stats, port == 0 ? "port-0" : "port-1"));
  g_assert_cmpstr (gst_structure_get_string (one, "app-data"), ==, "Bob");
  stop (pipeline);
}

static void
test_hub_tells_who_comes_changes_and_goes (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = make ("hub", "room"), *alice = endpoint ("room");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) added = NULL, changed = NULL, removed = NULL;
  const GstStructure *s;

  add_tag (alice, "floor", "blue");
  g_object_set (hub, "app-data", "hall", NULL);
  gst_bin_add (GST_BIN (pipeline), hub);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_object_ref (alice);
  gst_bin_add (GST_BIN (pipeline), alice);
  gst_element_sync_state_with_parent (alice);
  added = next_message (bus, "port-added");
  s = gst_message_get_structure (added);
  g_assert_cmpstr (gst_structure_get_string (s, "app-data"), ==, "hall");
  g_assert_cmpstr (
      gst_structure_get_string (s, "name"), ==, GST_OBJECT_NAME (alice));
  s = gst_value_get_structure (gst_structure_get_value (s, "port-tags"));
  g_assert_cmpstr (gst_structure_get_string (s, "floor"), ==, "blue");
  g_object_set (alice, "app-data", "Alice", NULL);
  changed = next_message (bus, "port-changed");
  g_assert_cmpstr (gst_structure_get_string (
                       gst_message_get_structure (changed), "port-app-data"),
      ==, "Alice");
  gst_element_set_state (alice, GST_STATE_NULL);
  removed = next_message (bus, "port-removed");
  g_assert_cmpstr (gst_structure_get_string (
                       gst_message_get_structure (removed), "port-app-data"),
      ==, "Alice");
  gst_bin_remove (GST_BIN (pipeline), alice);
  gst_object_unref (alice);
  stop (pipeline);
}

static void
test_hub_tells_what_flows (void)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (
      "audiotestsrc is-live=true num-buffers=50 samplesperbuffer=160 ! "
      "audio/x-raw,rate=8000,channels=1 ! mulawenc ! hub name=room",
      &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 began;
  gboolean is_flowing = FALSE;

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstMessage) message = NULL;
    const GstStructure *s;

    began = g_get_monotonic_time ();
    message = next_message (bus, "flow");
    s = gst_message_get_structure (message);
    g_assert_cmpstr (gst_structure_get_string (s, "direction"), ==, "in");
    gst_structure_get_boolean (s, "is-flowing", &is_flowing);
    g_assert_cmpint (is_flowing, ==, i == 0);
  }
  /* a second of sound, then half a one: test_exchange_flow.c is exact */
  g_assert_cmpint (g_get_monotonic_time () - began, <, 5 * G_TIME_SPAN_SECOND);
  stop (pipeline);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hub/joined", test_hub_beside_is_joined_and_left);
  g_test_add_func ("/hub/nearest", test_hub_nearest_enclosing_bin_wins);
  g_test_add_func ("/hub/tree", test_hub_in_another_bin_of_the_tree_is_found);
  g_test_add_func ("/hub/bare-bin", test_hub_in_a_bare_bin_is_found);
  g_test_add_func (
      "/hub/ambiguous", test_hub_two_equally_near_is_an_error_with_both_paths);
  g_test_add_func ("/hub/latency", test_hub_tells_what_a_track_is_late_by);
  g_test_add_func (
      "/hub/missing", test_hub_not_there_is_an_error_naming_hub_and_pipeline);
  g_test_add_func (
      "/hub/other-pipeline", test_hub_of_another_pipeline_is_not_found);
  g_test_add_func ("/hub/no-hub", test_hub_element_that_is_none_is_an_error);
  g_test_add_func (
      "/hub/no-parent", test_hub_without_a_parent_waits_until_paused);
  g_test_add_func (
      "/hub/lost", test_hub_lost_is_posted_by_members_that_play_on);
  g_test_add_func ("/hub/eos", test_hub_eos_event_ends_an_idle_pipeline);
  g_test_add_func (
      "/hub/unrelated", test_hub_does_not_end_with_an_unrelated_branch);
  g_test_add_func ("/hub/app-data", test_hub_app_data_over_64_kib_is_refused);
  g_test_add_func ("/hub/pads", test_hub_pads_of_one_number_are_one_port);
  g_test_add_func (
      "/hub/find-port", test_hub_port_is_found_by_app_data_and_tag);
  g_test_add_func ("/hub/news", test_hub_tells_who_comes_changes_and_goes);
  g_test_add_func ("/hub/flow", test_hub_tells_what_flows);
  return g_test_run ();
}
