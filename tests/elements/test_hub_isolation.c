/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_hub_isolation.c – two pipelines of one process with the
 * same names share nothing: each test tries to cross in another way
 * (Kurento's case 59).
 */
#include <string.h>

#include <gst/gst.h>

typedef struct
{
  GstElement *pipeline, *hub, *alice;
  GstBus *bus;
} Studio;

static void
studio_open (Studio *s)
{
  g_autoptr (GError) error = NULL;

  s->pipeline = gst_parse_launch (
      "hub name=room  webrtcendpoint name=alice hub=room app-data=Alice "
      "videotestsrc is-live=true ! "
      "video/x-raw,format=I420,width=64,height=48,framerate=20/1 ! "
      "vp8enc name=enc deadline=1 keyframe-max-dist=10000 ! room.video_sink_7",
      &error);
  g_assert_no_error (error);
  s->hub = gst_bin_get_by_name (GST_BIN (s->pipeline), "room");
  s->alice = gst_bin_get_by_name (GST_BIN (s->pipeline), "alice");
  s->bus = gst_element_get_bus (s->pipeline);
  g_assert_cmpint (gst_element_set_state (s->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
}

static void
studio_close (Studio *s)
{
  gst_element_set_state (s->pipeline, GST_STATE_NULL);
  gst_object_unref (s->hub);
  gst_object_unref (s->alice);
  gst_object_unref (s->bus);
  gst_object_unref (s->pipeline);
}

static GstStructure *
find (Studio *s, const gchar *key, const gchar *value)
{
  GstStructure *port = NULL;

  g_signal_emit_by_name (s->hub, "find-port", key, value, &port);
  return port;
}

static gboolean
has (Studio *s, const gchar *key, const gchar *value)
{
  g_autoptr (GstStructure) port = find (s, key, value);

  return port != NULL;
}

static guint
number_in (GstStructure *from, const gchar *field)
{
  guint n = G_MAXUINT;

  g_assert_true (gst_structure_get_uint (from, field, &n));
  gst_structure_free (from);
  return n;
}

static GstStructure *
ports (Studio *s)
{
  GstStructure *all = NULL;

  g_signal_emit_by_name (s->hub, "list-ports", &all);
  return all;
}

static GstStructure *
stats (Studio *s)
{
  GstStructure *all = NULL;

  g_object_get (s->hub, "stats", &all, NULL);
  return all;
}

static void
add_tag (GstElement *element, const gchar *key, gint number)
{
  GValue value = G_VALUE_INIT;
  gboolean is_added;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  g_signal_emit_by_name (element, "add-tag", key, &value, &is_added);
  g_assert_true (is_added);
}

/* Names of whoever posted on @bus until now, which must all be of @s. */
static void
check_bus (Studio *s)
{
  GstMessage *message;

  while ((message = gst_bus_pop (s->bus)) != NULL) {
    GstObject *src = GST_MESSAGE_SRC (message);

    if (GST_IS_PIPELINE (src))
      g_assert_true (src == GST_OBJECT (s->pipeline));
    else if (src != NULL && GST_OBJECT_PARENT (src) != NULL)
      g_assert_true (
          gst_object_has_as_ancestor (src, GST_OBJECT (s->pipeline)));
    gst_message_unref (message);
  }
}

static void
expect_hub_error (GstElement *pipeline, const gchar *a, const gchar *b)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_READY), ==,
      GST_STATE_CHANGE_FAILURE);
  message =
      gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, a));
  g_assert_nonnull (strstr (error->message, b));
}

static void
test_hub_isolation_same_names_are_two_worlds (void)
{
  Studio one, two;

  studio_open (&one);
  studio_open (&two);
  /* 1–4: ports, lists, tracks, numbers */
  g_assert_cmpuint (number_in (ports (&one), "ports"), ==, 2);
  g_assert_cmpuint (number_in (stats (&two), "ports"), ==, 2);
  /* 5–8: app-data and tags set in one are not found in the other */
  g_object_set (one.alice, "app-data", "only-one", NULL);
  add_tag (two.alice, "only-two", 2);
  g_assert_true (has (&one, "app-data", "only-one"));
  g_assert_false (has (&two, "app-data", "only-one"));
  g_assert_true (has (&two, "only-two", "2"));
  g_assert_false (has (&one, "only-two", "2"));
  /* 9–10: the hub's own */
  add_tag (one.hub, "floor", 1);
  g_object_set (one.hub, "app-data", "first", "last-n", 3, NULL);
  {
    g_autoptr (GstStructure) of_two = stats (&two);
    guint last_n;

    g_object_get (two.hub, "last-n", &last_n, NULL);
    g_assert_cmpuint (last_n, ==, 0);
    g_assert_false (gst_structure_has_field (of_two, "tags"));
    g_assert_null (gst_structure_get_string (of_two, "app-data"));
  }
  /* 11: a third member of one */
  {
    GstElement *bob = gst_element_factory_make ("webrtcendpoint", "bob");

    g_object_set (bob, "hub", "room", NULL);
    gst_bin_add (GST_BIN (one.pipeline), bob);
    gst_element_sync_state_with_parent (bob);
  }
  g_assert_cmpuint (number_in (ports (&one), "ports"), ==, 3);
  g_assert_cmpuint (number_in (ports (&two), "ports"), ==, 2);
  /* 12: one goes, the other stays as it is */
  gst_element_set_state (one.pipeline, GST_STATE_NULL);
  g_assert_cmpuint (number_in (ports (&one), "ports"), ==, 0);
  g_assert_cmpuint (number_in (ports (&two), "ports"), ==, 2);
  /* 13–14: nobody's message came to the other */
  check_bus (&two);
  check_bus (&one);
  studio_close (&one);
  studio_close (&two);
}

static void
test_hub_isolation_lookup_ends_at_the_pipeline (void)
{
  static const gchar *const factories[] = {
      "webrtcendpoint", "playerendpoint", "recorderendpoint"};
  Studio one;

  studio_open (&one);
  for (guint i = 0; i < G_N_ELEMENTS (factories); i++) { /* 15–17 */
    GstElement *two = gst_pipeline_new ("two");
    GstElement *e = gst_element_factory_make (factories[i], NULL);

    g_object_set (e, "hub", "room", NULL);
    if (i == 1)
      g_object_set (e, "uri", TEST_DATA "/none.webm", NULL);
    if (i == 2)
      g_object_set (e, "location", "/nowhere/x.mkv", NULL);
    gst_bin_add (GST_BIN (two), e);
    if (i != 1) /* the file is looked at first */
      expect_hub_error (two, "room", "two");
    else
      g_assert_cmpint (gst_element_set_state (two, GST_STATE_READY), ==,
          GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (two, GST_STATE_NULL);
    gst_object_unref (two);
  }
  { /* 18: peer= neither */
    GstElement *two = gst_pipeline_new ("two");
    GstElement *e = gst_element_factory_make ("webrtcendpoint", NULL);

    g_object_set (e, "peer", "alice", NULL);
    gst_bin_add (GST_BIN (two), e);
    expect_hub_error (two, "alice", "two");
    gst_element_set_state (two, GST_STATE_NULL);
    gst_object_unref (two);
  }
  g_assert_cmpuint (number_in (ports (&one), "ports"), ==, 2);
  studio_close (&one);
}

static void
test_hub_isolation_moved_element_belongs_where_it_is (void)
{
  Studio one, two;

  studio_open (&one);
  studio_open (&two);
  /* 19–20: out of one, into two */
  gst_element_set_state (one.alice, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (one.pipeline), one.alice);
  g_assert_false (has (&one, "name", "alice"));
  gst_bus_set_flushing (one.bus, TRUE); /* what it said here before */
  gst_bus_set_flushing (one.bus, FALSE);
  gst_object_set_name (GST_OBJECT (one.alice), "guest");
  gst_bin_add (GST_BIN (two.pipeline), one.alice);
  gst_element_sync_state_with_parent (one.alice);
  g_assert_true (has (&two, "name", "guest"));
  g_assert_false (has (&one, "name", "guest"));
  /* 21: and its news go where it is */
  g_object_set (one.alice, "app-data", "moved", NULL);
  g_assert_true (has (&two, "app-data", "moved"));
  g_assert_false (has (&one, "app-data", "moved"));
  check_bus (&one);
  studio_close (&one);
  studio_close (&two);
}

static GstPadProbeReturn
count_wishes (GstPad *pad, GstPadProbeInfo *info, gpointer n)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (gst_event_has_name (event, "GstForceKeyUnit"))
    g_atomic_int_inc ((gint *) n);
  return GST_PAD_PROBE_OK;
}

static void
watch_wishes (Studio *s, gint *n)
{
  g_autoptr (GstElement) enc =
      gst_bin_get_by_name (GST_BIN (s->pipeline), "enc");
  g_autoptr (GstPad) src = gst_element_get_static_pad (enc, "src");

  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, count_wishes, n, NULL);
}

static void
test_hub_isolation_key_frames_are_asked_of_ones_own (void)
{
  Studio one, two;
  gint n_one = 0, n_two = 0;
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  GstElement *viewer, *far;

  studio_open (&one);
  studio_open (&two);
  watch_wishes (&one, &n_one);
  watch_wishes (&two, &n_two);
  /* 22: a viewer of one that connects */
  viewer = gst_element_factory_make ("webrtcendpoint", "viewer");
  far = gst_element_factory_make ("webrtcendpoint", "far");
  g_object_set (viewer, "hub", "room", "peer", "far", NULL);
  gst_bin_add_many (GST_BIN (one.pipeline), far, viewer, NULL);
  gst_element_sync_state_with_parent (far);
  gst_element_sync_state_with_parent (viewer);
  while (g_atomic_int_get (&n_one) == 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&n_one), >, 0);
  g_assert_cmpint (g_atomic_int_get (&n_two), ==, 0);
  studio_close (&one);
  studio_close (&two);
}

/* How many hub-lost alice posts: the first, and others within a second of it;
 * all name the hub. */
static guint
count_lost (Studio *s)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  guint n = 0;

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        s->bus, 50 * GST_MSECOND, GST_MESSAGE_ELEMENT);

    if (message == NULL || !gst_message_has_name (message, "hub-lost"))
      continue;
    g_assert_true (GST_MESSAGE_SRC (message) == GST_OBJECT (s->alice));
    g_assert_cmpstr (
        gst_structure_get_string (gst_message_get_structure (message), "hub"),
        ==, "room");
    if (n++ == 0)
      end = g_get_monotonic_time () + G_TIME_SPAN_SECOND;
  }
  return n;
}

/* 23–26: nobody joins by accident, whatever is said or asked meanwhile. */
static void
test_hub_isolation_new_hub_of_the_name_is_joined_by_nobody (void)
{
  Studio one;
  GstElement *again = gst_element_factory_make ("hub", "room");

  studio_open (&one);
  gst_element_set_state (one.hub, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (one.pipeline), one.hub);
  gst_bin_add (GST_BIN (one.pipeline), again);
  gst_element_sync_state_with_parent (again);
  g_assert_cmpuint (count_lost (&one), ==, 1);
  gst_object_replace ((GstObject **) &one.hub, GST_OBJECT (again));
  g_assert_cmpuint (number_in (ports (&one), "ports"), ==, 0);
  g_object_set (one.alice, "app-data", "still here", NULL);
  add_tag (one.alice, "late", 1);
  g_assert_cmpuint (number_in (stats (&one), "ports"), ==, 0);
  gst_element_set_state (one.alice, GST_STATE_PAUSED);
  gst_element_set_state (one.alice, GST_STATE_PLAYING);
  g_assert_false (has (&one, "name", "alice"));
  /* by intent it may */
  gst_element_set_state (one.alice, GST_STATE_NULL);
  gst_element_sync_state_with_parent (one.alice);
  g_assert_true (has (&one, "app-data", "still here"));
  studio_close (&one);
}

/* 27–29: pads of two pipelines cannot be linked, sinks or sources. */
static void
test_hub_isolation_links_end_at_the_pipeline (void)
{
  static const gchar *const hubs[] = {"hub", "dispatcher"};

  for (guint i = 0; i < G_N_ELEMENTS (hubs); i++) {
    GstElement *one = gst_pipeline_new ("one"), *two = gst_pipeline_new ("two");
    GstElement *hub = gst_element_factory_make (hubs[i], "room");
    GstElement *source = gst_element_factory_make ("fakesrc", NULL);
    GstElement *sink = gst_element_factory_make ("fakesink", NULL);
    g_autoptr (GstPad) in = NULL, out = NULL, src = NULL;

    gst_bin_add (GST_BIN (one), hub);
    gst_bin_add_many (GST_BIN (two), source, sink, NULL);
    in = gst_element_request_pad_simple (hub, "video_sink_0");
    src = gst_element_get_static_pad (source, "src");
    g_assert_cmpint (gst_pad_link (src, in), ==, GST_PAD_LINK_WRONG_HIERARCHY);
    if (i == 1) {
      g_autoptr (GstPad) to = gst_element_get_static_pad (sink, "sink");

      out = gst_element_request_pad_simple (hub, "video_src_0");
      g_assert_cmpint (
          gst_pad_link (out, to), ==, GST_PAD_LINK_WRONG_HIERARCHY);
    }
    gst_object_unref (one);
    gst_object_unref (two);
  }
}

/* 30–31: two of one name in nested bins, wherever the member stands. */
static void
test_hub_isolation_two_of_a_name_in_nested_bins_are_refused (void)
{
  static const gchar *const lines[] = {
      "bin.( name=left hub name=room ) bin.( name=right hub name=room ) "
      "webrtcendpoint hub=room",
      "bin.( name=a bin.( name=left hub name=room ) "
      "bin.( name=right hub name=room ) webrtcendpoint hub=room ) identity",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;
    GstElement *pipeline = gst_parse_launch (lines[i], &error);

    g_assert_no_error (error);
    expect_hub_error (pipeline, "left/ViaHub:room", "right/ViaHub:room");
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/hub-isolation/names", test_hub_isolation_same_names_are_two_worlds);
  g_test_add_func (
      "/hub-isolation/links", test_hub_isolation_links_end_at_the_pipeline);
  g_test_add_func ("/hub-isolation/nested",
      test_hub_isolation_two_of_a_name_in_nested_bins_are_refused);
  g_test_add_func (
      "/hub-isolation/lookup", test_hub_isolation_lookup_ends_at_the_pipeline);
  g_test_add_func ("/hub-isolation/moved",
      test_hub_isolation_moved_element_belongs_where_it_is);
  g_test_add_func ("/hub-isolation/key-frames",
      test_hub_isolation_key_frames_are_asked_of_ones_own);
  g_test_add_func ("/hub-isolation/again",
      test_hub_isolation_new_hub_of_the_name_is_joined_by_nobody);
  return g_test_run ();
}
