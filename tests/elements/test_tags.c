/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_tags.c – tags of every element: typed, bounded, told,
 * from many threads. Through the plugin only (Kurento's case 60).
 */
#include <gst/gst.h>

static const gchar *const elements[] = {
    "webrtcendpoint",
    "playerendpoint",
    "recorderendpoint",
    "hub",
    "dispatcher",
    "dispatcheronetomany",
#ifdef VIA_HAVE_HTTP
    "webrtcserver",
#endif
};

static GstElement *
make (const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  g_assert_nonnull (element);
  return gst_object_ref_sink (element);
}

static gboolean
add (GstElement *element, const gchar *key, GType type, const gchar *text)
{
  GValue value = G_VALUE_INIT;
  gboolean is_added = FALSE;

  g_value_init (&value, type);
  g_assert_true (gst_value_deserialize (&value, text));
  g_signal_emit_by_name (element, "add-tag", key, &value, &is_added);
  g_value_unset (&value);
  return is_added;
}

static void
check (GstElement *element, const gchar *key, GType type, const gchar *text)
{
  GValue *value = NULL;
  g_autofree gchar *got = NULL;

  g_signal_emit_by_name (element, "get-tag", key, &value);
  g_assert_cmpstr (G_VALUE_TYPE_NAME (value), ==, g_type_name (type));
  if (text == NULL) {
    g_assert_null (g_value_get_string (value));
  } else {
    got = gst_value_serialize (value);
    g_assert_cmpstr (got, ==, text);
  }
  g_boxed_free (G_TYPE_VALUE, value);
}

static void
count (GObject *object, GParamSpec *spec, gpointer n)
{
  g_atomic_int_inc ((gint *) n);
}

static void
test_tags_of_every_element_keep_their_types (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++) {
    GstElement *e = make (elements[i]);
    gboolean is_removed;
    gint n = 0;

    g_signal_connect (e, "notify::tags", G_CALLBACK (count), &n);
    g_assert_true (add (e, "seat", G_TYPE_INT, "7"));
    g_assert_true (add (e, "vip", G_TYPE_BOOLEAN, "true"));
    g_assert_true (add (e, "who", G_TYPE_STRING, "Zoe"));
    g_assert_true (add (e, "gain", G_TYPE_DOUBLE, "0.5"));
    g_assert_true (add (e, "big", G_TYPE_UINT64, "18446744073709551615"));
    g_assert_true (add (e, "seat", G_TYPE_INT, "8"));
    check (e, "seat", G_TYPE_INT, "8");
    check (e, "vip", G_TYPE_BOOLEAN, "true");
    check (e, "who", G_TYPE_STRING, "Zoe");
    check (e, "gain", G_TYPE_DOUBLE, "0.5");
    check (e, "big", G_TYPE_UINT64, "18446744073709551615");
    check (e, "nobody", G_TYPE_STRING, NULL);
    g_signal_emit_by_name (e, "remove-tag", "seat", &is_removed);
    g_assert_true (is_removed);
    g_signal_emit_by_name (e, "remove-tag", "seat", &is_removed);
    g_assert_false (is_removed);
    check (e, "seat", G_TYPE_STRING, NULL);
    g_assert_cmpint (n, ==, 7);
    gst_object_unref (e);
  }
}

static void
refuse (GstElement *e, const gchar *key, GType type, const gchar *text)
{
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*refused*");
  g_assert_false (add (e, key, type, text));
  g_test_assert_expected_messages ();
}

static void
test_tags_that_break_a_rule_are_refused (void)
{
  GstElement *e = make ("hub");
  g_autofree gchar *long_key = g_strnfill (65, 'k');
  g_autofree gchar *long_text = g_strnfill (4097, 't');
  g_autoptr (GstStructure) tags = NULL;

  g_assert_true (add (e, "first", G_TYPE_INT, "1"));
  refuse (e, "", G_TYPE_INT, "1");
  refuse (e, "1st", G_TYPE_INT, "1");
  refuse (e, "a b", G_TYPE_INT, "1");
  refuse (e, "app-data", G_TYPE_STRING, "x");
  refuse (e, "port", G_TYPE_INT, "1");
  refuse (e, long_key, G_TYPE_INT, "1");
  refuse (e, "text", G_TYPE_STRING, long_text);
  refuse (e, "caps", GST_TYPE_CAPS, "video/x-raw");
  for (guint i = 1; i < 64; i++) {
    g_autofree gchar *key = g_strdup_printf ("k%u", i);

    g_assert_true (add (e, key, G_TYPE_INT, "1"));
  }
  refuse (e, "one-more", G_TYPE_INT, "1");
  g_assert_true (add (e, "first", G_TYPE_INT, "2")); /* none more */
  g_object_get (e, "tags", &tags, NULL);
  g_assert_cmpint (gst_structure_n_fields (tags), ==, 64);
  gst_object_unref (e);
}

static void
test_tags_as_a_whole_are_set_and_told (void)
{
  GstElement *e = make ("webrtcendpoint");
  g_autoptr (GstStructure) bad = gst_structure_new (
      "x", "ok", G_TYPE_INT, 1, "caps", GST_TYPE_STRUCTURE, NULL, NULL);
  g_autoptr (GstStructure) tags = NULL;

  gst_util_set_object_arg (G_OBJECT (e), "tags", "tags,seat=(int)7,who=Zoe");
  check (e, "seat", G_TYPE_INT, "7");
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*refused*");
  g_object_set (e, "tags", bad, NULL);
  g_test_assert_expected_messages ();
  check (e, "who", G_TYPE_STRING, "Zoe");
  g_object_set (e, "tags", NULL, NULL);
  g_object_get (e, "tags", &tags, NULL);
  g_assert_null (tags);
  gst_object_unref (e);
}

static void
test_tags_are_in_messages_and_stats (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = gst_element_factory_make ("hub", "room");
  GstElement *e = gst_element_factory_make ("webrtcendpoint", NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstStructure) stats = NULL;
  GstMessage *message = NULL;
  const GstStructure *s;

  g_object_set (e, "hub", "room", NULL);
  add (e, "seat", G_TYPE_INT, "7");
  gst_bin_add_many (GST_BIN (pipeline), hub, e, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_object_get (e, "stats", &stats, NULL);
  g_assert_true (gst_structure_has_field (stats, "tags"));
  gst_element_set_locked_state (hub, TRUE);
  gst_element_set_state (hub, GST_STATE_NULL);
  while (message == NULL || !gst_message_has_name (message, "hub-lost")) {
    g_clear_pointer (&message, gst_message_unref);
    message =
        gst_bus_timed_pop_filtered (bus, 5 * GST_SECOND, GST_MESSAGE_ELEMENT);
    g_assert_nonnull (message);
  }
  s = gst_message_get_structure (message);
  s = gst_value_get_structure (gst_structure_get_value (s, "tags"));
  g_assert_true (gst_structure_has_field_typed (s, "seat", G_TYPE_INT));
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static gpointer
hammer (gpointer data)
{
  GstElement *e = data;

  for (guint i = 0; i < 500; i++) {
    g_autoptr (GstStructure) tags = NULL;
    gboolean is_removed;

    add (e, "a", G_TYPE_INT, "1");
    add (e, "b", G_TYPE_STRING, "text");
    g_object_get (e, "tags", &tags, NULL);
    g_signal_emit_by_name (e, "remove-tag", "a", &is_removed);
  }
  return NULL;
}

static void
test_tags_from_four_threads_end_as_the_last_said (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = gst_element_factory_make ("hub", "room");
  GstElement *e = gst_element_factory_make ("webrtcendpoint", NULL);
  GThread *threads[4];
  g_autoptr (GstStructure) port = NULL;

  g_object_set (e, "hub", "room", NULL);
  gst_bin_add_many (GST_BIN (pipeline), hub, e, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new (NULL, hammer, e);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  add (e, "last", G_TYPE_INT, "3");
  g_signal_emit_by_name (hub, "find-port", "last", "3", &port);
  g_assert_nonnull (port);
  check (e, "b", G_TYPE_STRING, "text");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tags/types", test_tags_of_every_element_keep_their_types);
  g_test_add_func ("/tags/refused", test_tags_that_break_a_rule_are_refused);
  g_test_add_func ("/tags/whole", test_tags_as_a_whole_are_set_and_told);
  g_test_add_func ("/tags/told", test_tags_are_in_messages_and_stats);
  g_test_add_func (
      "/tags/threads", test_tags_from_four_threads_end_as_the_last_said);
  return g_test_run ();
}
