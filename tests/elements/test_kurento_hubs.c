/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_kurento_hubs.c – what Kurento's own tests ask of hubs, by
 * the number of the case: 48 (attach and detach, of hubs), 59 (two pipelines),
 * 60 (tags). 48 is done 200 times in the long form. 58 is in test_dispatcher.c,
 * test_hub_pads.c and interop/switch; more of 60 in test_tags.c.
 */
#include <dirent.h>
#include <string.h>

#include <gst/gst.h>

#include "outlet_media.h"

#define SOURCE(pattern, pad)                                                   \
  "videotestsrc is-live=true pattern=" pattern                                 \
  " ! video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! "            \
  "vp8enc deadline=1 keyframe-max-dist=3000 cpu-used=8 ! " pad " "

static GstElement *
parse (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return pipeline;
}

static void
close_pipeline (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
probe (GstElement *pipeline, const gchar *name, GstPadProbeType type,
    GstPadProbeCallback func, gpointer user)
{
  g_autoptr (GstElement) e = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (e, "sink");

  gst_pad_add_probe (pad, type, func, user, NULL);
}

/* --- 59 --- */

typedef struct
{
  gint n, n_foreign; /* atomic: pictures; those of another brightness */
  guint8 low, high;
} Picture;

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Picture *p = user;
  guint8 pixel;

  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 32, &pixel, 1);
  g_atomic_int_inc (&p->n);
  if (pixel < p->low || pixel > p->high)
    g_atomic_int_inc (&p->n_foreign);
  return GST_PAD_PROBE_OK;
}

static void
test_kurento_59_same_hub_name_in_two_pipelines_never_mixes (void)
{
  Picture white = {.low = 180, .high = 255}, black = {.high = 60};
  GstElement *one = parse ("hub name=room " SOURCE (
      "white", "room.video_sink_0") "room.video_src_0_0 ! vp8dec ! "
                                    "fakesink name=out sync=false async=false");
  GstElement *two = parse ("hub name=room " SOURCE (
      "black", "room.video_sink_0") "room.video_src_0_0 ! vp8dec ! "
                                    "fakesink name=out sync=false async=false");

  probe (one, "out", GST_PAD_PROBE_TYPE_BUFFER, on_picture, &white);
  probe (two, "out", GST_PAD_PROBE_TYPE_BUFFER, on_picture, &black);
  gst_element_set_state (one, GST_STATE_PLAYING);
  gst_element_set_state (two, GST_STATE_PLAYING);
  WAIT_UNTIL (
      g_atomic_int_get (&white.n) > 60 && g_atomic_int_get (&black.n) > 60);
  close_pipeline (one); /* and one's end is not the other's */
  g_atomic_int_set (&black.n, 0);
  WAIT_UNTIL (g_atomic_int_get (&black.n) > 15);
  close_pipeline (two);
  g_assert_cmpint (white.n_foreign, ==, 0);
  g_assert_cmpint (black.n_foreign, ==, 0);
}

/* --- 60 --- */

typedef struct
{
  gchar *wanted;  /* app-data that is looked for */
  gint64 seen_at; /* in a tag event of the source pad; 0: not yet */
  GMutex lock;
} TagEvent;

static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  TagEvent *t = user;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  g_autofree gchar *text = NULL;
  GstTagList *tags;

  if (GST_EVENT_TYPE (event) != GST_EVENT_TAG)
    return GST_PAD_PROBE_OK;
  gst_event_parse_tag (event, &tags);
  gst_tag_list_get_string (tags, GST_TAG_EXTENDED_COMMENT, &text);
  g_mutex_lock (&t->lock);
  if (t->seen_at == 0 && t->wanted != NULL && text != NULL
      && strstr (text, t->wanted) != NULL)
    t->seen_at = g_get_monotonic_time ();
  g_mutex_unlock (&t->lock);
  return GST_PAD_PROBE_OK;
}

static gboolean
has_come (TagEvent *t)
{
  gboolean has;

  g_mutex_lock (&t->lock);
  has = t->seen_at != 0;
  g_mutex_unlock (&t->lock);
  return has;
}

/* When the hub's message of the change came. */
static gint64
changed_at (GstBus *bus, const gchar *wanted)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 10 * GST_MSECOND, GST_MESSAGE_ELEMENT);

    if (message != NULL && gst_message_has_name (message, "port-changed")
        && g_strcmp0 (gst_structure_get_string (
                          gst_message_get_structure (message), "port-app-data"),
               wanted)
               == 0)
      return g_get_monotonic_time ();
  }
  g_assert_not_reached ();
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

/* The median and the longest of @times, as text; the median is what counts: the
 * machine may be busy now and then. */
static void
check_times (const gchar *what, GArray *times)
{
  gint64 median, longest;

  g_array_sort (times, compare);
  median = g_array_index (times, gint64, times->len / 2);
  longest = g_array_index (times, gint64, times->len - 1);
  g_test_message ("%s: median %.3f ms, longest %.3f ms", what, median / 1000.0,
      longest / 1000.0);
  g_assert_cmpint (median, <, 100 * G_TIME_SPAN_MILLISECOND);
}

static GstStructure *
find_port (GstElement *hub, const gchar *key, const gchar *value)
{
  GstStructure *port = NULL;

  g_signal_emit_by_name (hub, "find-port", key, value, &port);
  return port;
}

/* @hub's statistics, or its list, say @wanted of some port. */
static gboolean
is_in_stats (GstElement *hub, const gchar *wanted)
{
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *text = NULL;

  g_object_get (hub, "stats", &stats, NULL);
  text = gst_structure_to_string (stats);
  return strstr (text, wanted) != NULL;
}

static void
test_kurento_60_change_while_playing_is_known_within_100_ms (void)
{
  TagEvent t = {0};
  GstElement *pipeline = parse (
      "hub name=room webrtcendpoint name=alice hub=room "
      "webrtcendpoint name=cam peer=alice " SOURCE ("white",
          "cam.") "room.video_src_0_0 ! fakesink name=out sync=false async=false");
  g_autoptr (GstElement) hub = gst_bin_get_by_name (GST_BIN (pipeline), "room");
  g_autoptr (GstElement) alice =
      gst_bin_get_by_name (GST_BIN (pipeline), "alice");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) told = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) tagged = g_array_new (FALSE, FALSE, sizeof (gint64));
  Seen seen;
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");

  g_mutex_init (&t.lock);
  seen_init (&seen);
  seen_watch (&seen, out);
  probe (pipeline, "out", GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, &t);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  WAIT_UNTIL (seen_count (&seen) > 3);
  for (guint i = 0; i < 15; i++) {
    g_autofree gchar *data = g_strdup_printf ("alice-%u", i);
    g_autoptr (GstStructure) port = NULL;
    gint64 began, took;

    g_mutex_lock (&t.lock);
    g_free (t.wanted);
    t.wanted = g_strdup (data);
    t.seen_at = 0;
    g_mutex_unlock (&t.lock);
    began = g_get_monotonic_time ();
    g_object_set (alice, "app-data", data, NULL);
    port = find_port (hub, "app-data", data);
    g_assert_nonnull (port); /* at once */
    g_assert_true (is_in_stats (hub, data));
    took = g_get_monotonic_time () - began;
    g_array_append_val (found, took);
    took = changed_at (bus, data) - began;
    g_array_append_val (told, took);
    WAIT_UNTIL (has_come (&t));
    took = t.seen_at - began;
    g_array_append_val (tagged, took);
  }
  check_times ("find-port and stats", found);
  check_times ("port-changed", told);
  check_times ("tag event at the source pad", tagged);
  close_pipeline (pipeline);
  g_free (t.wanted);
  seen_clear (&seen);
}

static gboolean
add_tag (GstElement *element, const gchar *key, gint number)
{
  GValue value = G_VALUE_INIT;
  gboolean is_added = FALSE;

  g_value_init (&value, G_TYPE_INT);
  g_value_set_int (&value, number);
  g_signal_emit_by_name (element, "add-tag", key, &value, &is_added);
  return is_added;
}

static void
test_kurento_60_tags_are_in_dot_files_and_gone_with_their_element (void)
{
  GstElement *pipeline = gst_pipeline_new ("p");
  GstElement *hub = gst_element_factory_make ("hub", "room");
  GstElement *alice = gst_element_factory_make ("webrtcendpoint", "alice");
  g_autoptr (GstStructure) port = NULL, none = NULL, tags = NULL;
  g_autofree gchar *dot = NULL, *text = NULL;

  gst_bin_add (GST_BIN (pipeline), hub);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_object_set (alice, "hub", "room", "app-data", "Alice-of-Blue", NULL);
  g_assert_true (add_tag (alice, "seat", 7));
  gst_bin_add (GST_BIN (pipeline), alice);
  gst_element_sync_state_with_parent (alice);
  port = find_port (hub, "seat", "7");
  g_assert_nonnull (port);
  dot = gst_debug_bin_to_dot_data (
      GST_BIN (pipeline), GST_DEBUG_GRAPH_SHOW_NON_DEFAULT_PARAMS);
  g_assert_nonnull (strstr (dot, "Alice-of-Blue"));
  g_assert_nonnull (strstr (dot, "seat"));
  gst_element_set_state (alice, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (pipeline), alice);
  none = find_port (hub, "seat", "7");
  g_assert_null (none);
  g_assert_false (is_in_stats (hub, "Alice-of-Blue"));
  alice = gst_element_factory_make ("webrtcendpoint", "alice");
  g_object_get (alice, "tags", &tags, "app-data", &text, NULL);
  g_assert_null (tags);
  g_assert_null (text);
  gst_object_unref (gst_object_ref_sink (alice));
  close_pipeline (pipeline);
}

/* --- 48: attach and detach while playing --- */

static guint
count_entries (const gchar *path)
{
  DIR *dir = opendir (path);
  guint n = 0;

  g_assert_nonnull (dir);
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

typedef struct
{
  guint threads, fds, refs, pads, children, ports;
} Held;

static guint
n_ports (GstElement *hub)
{
  g_autoptr (GstStructure) ports = NULL;
  guint n = G_MAXUINT;

  g_signal_emit_by_name (hub, "list-ports", &ports);
  g_assert_true (gst_structure_get_uint (ports, "ports", &n));
  return n;
}

static Held
held_by (GstElement *hub)
{
  return (Held){.threads = count_entries ("/proc/self/task"),
      .fds = count_entries ("/proc/self/fd"),
      .refs = G_OBJECT (hub)->ref_count,
      .pads = hub->numpads,
      .children = (guint) GST_BIN_NUMCHILDREN (hub),
      .ports = n_ports (hub)};
}

static void
attach_and_detach (GstElement *pipeline, GstElement *hub, guint turn)
{
  GstElement *member = gst_element_factory_make ("webrtcendpoint", NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autofree gchar *name = g_strdup_printf ("video_src_%u", 5 + turn % 3);
  g_autoptr (GstPad) pad = gst_element_request_pad_simple (hub, name);
  g_autoptr (GstPad) to = gst_element_get_static_pad (sink, "sink");
  g_autofree gchar *port = g_strdup_printf ("%u", 5 + turn % 3);
  gboolean is_done;

  g_assert_nonnull (pad);
  g_object_set (member, "hub", "d", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), member, sink, NULL);
  g_assert_cmpint (gst_pad_link (pad, to), ==, GST_PAD_LINK_OK);
  gst_element_sync_state_with_parent (sink);
  gst_element_sync_state_with_parent (member);
  g_signal_emit_by_name (hub, "connect", "0", port, &is_done);
  g_usleep (g_random_int_range (0, 8000)); /* now here, now there */
  gst_pad_unlink (pad, to);
  gst_element_release_request_pad (hub, pad);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_element_set_state (member, GST_STATE_NULL);
  gst_bin_remove_many (GST_BIN (pipeline), member, sink, NULL);
}

/* Messages hold their source. */
static void
drain (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);
}

/* What is held once nothing changes any more: a thread that ends, or a tick of
 * the hub's that has a reference, is there for a moment. Ticks come every 50
 * ms.
 */
static Held
at_rest (GstElement *pipeline, GstElement *hub)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  Held now = held_by (hub), last;
  guint n_same = 0;

  while (n_same < 4 && g_get_monotonic_time () < end) {
    last = now;
    g_usleep (130000);
    drain (pipeline);
    now = held_by (hub);
    n_same = memcmp (&now, &last, sizeof now) == 0 ? n_same + 1 : 0;
  }
  return now;
}

/* Waits until what was let go is gone; at most 20 s. */
static Held
settle (GstElement *pipeline, GstElement *hub, const Held *as)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  Held held = held_by (hub);

  while (
      memcmp (&held, as, sizeof held) != 0 && g_get_monotonic_time () < end) {
    g_usleep (20000);
    drain (pipeline);
    held = held_by (hub);
  }
  return held;
}

static void
test_kurento_48_attached_and_detached_leaves_nothing (void)
{
  GstElement *pipeline = parse ("dispatcher name=d routes=0>9 " SOURCE ("white",
      "d.video_sink_0") "d.video_src_9 ! fakesink name=good sync=false async=false");
  g_autoptr (GstElement) hub = gst_bin_get_by_name (GST_BIN (pipeline), "d");
  g_autoptr (GstElement) good =
      gst_bin_get_by_name (GST_BIN (pipeline), "good");
  const gchar *is_long = g_getenv ("VIA_TEST_LONG");
  guint n_turns = is_long != NULL && *is_long != '\0' ? 200 : 40;
  GstClockTime longest = 0;
  Held before, after;
  Seen seen;

  seen_init (&seen);
  seen_watch (&seen, good);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  WAIT_UNTIL (seen_count (&seen) > 5);
  for (guint i = 0; i < 20; i++)
    attach_and_detach (pipeline, hub, i);
  before = at_rest (pipeline, hub);
  for (guint i = 0; i < n_turns; i++)
    attach_and_detach (pipeline, hub, i);
  after = settle (pipeline, hub, &before);
  g_test_message ("threads %u → %u, descriptors %u → %u, references %u → %u, "
                  "pads %u → %u, children %u → %u",
      before.threads, after.threads, before.fds, after.fds, before.refs,
      after.refs, before.pads, after.pads, before.children, after.children);
  g_assert_cmpuint (after.threads, ==, before.threads);
  g_assert_cmpuint (after.fds, ==, before.fds);
  g_assert_cmpuint (after.refs, ==, before.refs);
  g_assert_cmpuint (after.pads, ==, before.pads);
  g_assert_cmpuint (after.children, ==, before.children);
  g_assert_cmpuint (after.ports, ==, before.ports);
  close_pipeline (pipeline);
  for (guint i = 6; i < seen.pts->len; i++)
    longest =
        MAX (longest, g_array_index (seen.pts, GstClockTime, i)
                          - g_array_index (seen.pts, GstClockTime, i - 1));
  g_test_message ("longest gap of the one who stayed: %.0f ms",
      longest / (gdouble) GST_MSECOND);
  g_assert_cmpuint (longest, <, 300 * GST_MSECOND);
  seen_clear (&seen);
}

int
main (int argc, char **argv)
{
  g_thread_pool_set_max_unused_threads (0); /* else some stay for 15 s */
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kurento-hubs/59",
      test_kurento_59_same_hub_name_in_two_pipelines_never_mixes);
  g_test_add_func ("/kurento-hubs/60-in-time",
      test_kurento_60_change_while_playing_is_known_within_100_ms);
  g_test_add_func ("/kurento-hubs/60-dot",
      test_kurento_60_tags_are_in_dot_files_and_gone_with_their_element);
  g_test_add_func (
      "/kurento-hubs/48", test_kurento_48_attached_and_detached_leaves_nothing);
  return g_test_run ();
}
