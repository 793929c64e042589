/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_outlet_states.c – RTP packets in, media out at a pad: links, states,
 * time, ends.
 */
#include <gst/video/video-event.h>

#include "outlet_fixture.h"

/* --- links and states --- */

static void
push_turn (Fixture *f, const Made *m, guint turn)
{
  f->start = g_get_monotonic_time ();
  for (guint i = 0; i < m->packets->len; i++) {
    g_autoptr (ViaPacket) p = made_again (m, i, f->start, turn);
    ViaPacket *packets[] = {p};

    via_outlet_push (f->outlet, packets, 1);
  }
}

static guint
count_threads (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

static void
test_outlet_unlinked_costs_no_thread_and_drops (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 10, 1);
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;
  guint before;

  start (&f, &m, "fakesink name=end sync=false async=false");
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  via_outlet_drop_unlinked (f.outlet);
  before = count_threads ();
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  g_assert_cmpuint (count_threads (), <=, before);
  g_assert_cmpint (g_atomic_int_get (&f.n_active), ==, 0);
  stats = via_outlet_stats (f.outlet);
  g_assert_cmpuint (stat_of (stats, "unlinked"), ==, m.packets->len);
  g_assert_cmpuint (stat_of (stats, "buffers"), ==, 0);
  /* Linked later, it begins at the next key frame. */
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_turn (&f, &m, 1);
  WAIT_UNTIL (seen_count (&f.seen) == 20);
  g_assert_cmpint (g_atomic_int_get (&f.n_active), ==, 1);
  /* And taken off again. */
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  push_turn (&f, &m, 2);
  WAIT_UNTIL (g_atomic_int_get (&f.n_active) == 0);
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_turn (&f, &m, 3);
  WAIT_UNTIL (seen_count (&f.seen) >= 40);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static gpointer
push_for_ever (gpointer data)
{
  Fixture *f = ((gpointer *) data)[0];
  Made *m = ((gpointer *) data)[1];
  gint *is_over = ((gpointer *) data)[2];

  for (guint i = 0; !g_atomic_int_get (is_over); i++) {
    guint n = m->packets->len;
    g_autoptr (ViaPacket) p =
        made_again (m, i % n, g_get_monotonic_time (), i / n);
    ViaPacket *packets[] = {p};

    via_outlet_push (f->outlet, packets, 1);
    g_usleep (200);
  }
  return NULL;
}

static void
test_outlet_states_change_fifty_times_under_way (void)
{
  Made m = make_video (VIA_CODEC_VP8, 10, 1, 1);
  static const GstState states[] = {
      GST_STATE_NULL, GST_STATE_READY, GST_STATE_PAUSED};
  gint is_over = 0;
  GThread *thread;
  Fixture f;
  gpointer data[] = {&f, &m, &is_over};

  start (&f, &m, DECODES);
  thread = g_thread_new ("pusher", push_for_ever, data);
  for (guint i = 0; i < 50; i++) {
    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    g_usleep (i % 5 * 4000);
    gst_element_set_state (f.pipeline, states[i % 3]);
  }
  g_atomic_int_set (&is_over, 1);
  g_thread_join (thread);
  g_mutex_lock (&f.seen.lock);
  f.seen.n = 0; /* it was READY last: nothing is on its way */
  g_mutex_unlock (&f.seen.lock);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) > 0);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_is_live_and_answers_latency (void)
{
  Made m = make_opus (10);
  Fixture f;
  GstQuery *query = gst_query_new_latency ();
  g_autoptr (GstPad) pad = NULL;
  gboolean is_live;
  GstClockTime min, max;

  start (&f, &m, "fakesink name=end");
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  pad = gst_element_get_static_pad (f.end, "sink");
  g_assert_true (gst_pad_peer_query (pad, query));
  gst_query_parse_latency (query, &is_live, &min, &max);
  g_assert_true (is_live);
  g_assert_cmpuint (min, >=, 100 * GST_MSECOND);
  gst_query_unref (query);
  stop (&f);
  made_clear (&m);
}

/* --- time --- */

/* A clock far from the system's, and a little faster. */
typedef GstSystemClock OddClock;
typedef GstSystemClockClass OddClockClass;
static GType odd_clock_get_type (void);
G_DEFINE_TYPE (OddClock, odd_clock, GST_TYPE_SYSTEM_CLOCK)

static GstClockTime
odd_clock_time (GstClock *clock)
{
  GstClockTime time =
      GST_CLOCK_CLASS (odd_clock_parent_class)->get_internal_time (clock);

  return time + time / 1000 + 12345 * GST_SECOND;
}

static void
odd_clock_class_init (OddClockClass *klass)
{
  GST_CLOCK_CLASS (klass)->get_internal_time = odd_clock_time;
}

static void
odd_clock_init (OddClock *self)
{
}

static void
test_outlet_time_is_that_of_the_pipelines_clock (void)
{
  Made m = make_opus (20);
  GstClock *clock = g_object_new (odd_clock_get_type (), NULL);
  Fixture f;
  GstClockTime base, before, after, pts;

  start (&f, &m, "fakesink name=end sync=false async=false");
  gst_pipeline_use_clock (GST_PIPELINE (f.pipeline), clock);
  play (&f);
  base = gst_element_get_base_time (f.pipeline);
  for (guint i = 0; i < m.packets->len; i++) {
    before = gst_clock_get_time (clock) - base;
    f.start = g_get_monotonic_time () - made_packet (&m, i)->captured;
    after = gst_clock_get_time (clock) - base; /* we may be put aside between */
    push (&f, &m, i);
    WAIT_UNTIL (seen_count (&f.seen) > i);
    pts = g_array_index (f.seen.pts, GstClockTime, i);
    g_assert_cmpint (GST_CLOCK_DIFF (before, pts), >, -20 * GST_MSECOND);
    g_assert_cmpint (GST_CLOCK_DIFF (after, pts), <, 20 * GST_MSECOND);
  }
  stop (&f);
  gst_object_unref (clock);
  made_clear (&m);
}

static void
test_outlet_overflow_drops_the_oldest_and_asks (void)
{
  Made m = make_video (VIA_CODEC_VP8, 20, 1, 1);
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;

  start (&f, &m, TAKES_RTP);
  for (guint i = 0; i < 3000; i++)
    push (&f, &m, i % m.packets->len);
  stats = via_outlet_stats (f.outlet);
  g_assert_cmpuint (stat_of (stats, "overflow"), >=, 3000 - 2048);
  play (&f);
  WAIT_UNTIL (g_atomic_int_get (&f.n_keys) >= 1);
  stop (&f);
  made_clear (&m);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_outlet_force_key_unit_asks_the_peer (void)
{
  Made m = make_video (VIA_CODEC_VP8, 5, 1, 1);
  Fixture f;
  g_autoptr (GstPad) pad = NULL;
  gint before;

  start (&f, &m, DECODES);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) == 5);
  before = g_atomic_int_get (&f.n_keys);
  pad = gst_element_get_static_pad (f.end, "sink");
  g_assert_true (
      gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                                   GST_CLOCK_TIME_NONE, TRUE, 0)));
  g_assert_cmpint (g_atomic_int_get (&f.n_keys), ==, before + 1);
  stop (&f);
  made_clear (&m);
}

static void
test_outlet_end_without_media_is_told (void)
{
  Made m = make_opus (5);
  Fixture f;

  start (&f, &m, "fakesink name=end sync=false async=false");
  play (&f);
  end (&f);
  g_assert_cmpuint (f.seen.n, ==, 0);
  g_assert_cmpint (g_atomic_int_get (&f.n_ended), ==, 1);
  stop (&f);
  made_clear (&m);
}

/* So an unnamed link of a parsed line passes it by. */
static void
test_outlet_wrong_downstream_is_not_linked (void)
{
  Made m = make_opus (1);
  Fixture f;
  g_autoptr (GstElement) depay = NULL;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) sink = NULL;

  start (&f, &m, "fakesink name=end async=false");
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  depay = gst_object_ref_sink (gst_element_factory_make ("rtpvp8depay", NULL));
  gst_bin_add (GST_BIN (f.pipeline), gst_object_ref (depay));
  src = gst_element_get_static_pad (GST_ELEMENT (f.outlet), "src");
  sink = gst_element_get_static_pad (depay, "sink");
  g_assert_cmpint (gst_pad_link (src, sink), ==, GST_PAD_LINK_NOFORMAT);
  play (&f); /* now there is a chain that makes something else */
  g_assert_true (gst_element_link (GST_ELEMENT (f.outlet), f.end));
  push_range (&f, &m, 0, m.packets->len);
  WAIT_UNTIL (seen_count (&f.seen) > 0);
  gst_element_unlink (GST_ELEMENT (f.outlet), f.end);
  g_assert_cmpint (gst_pad_link (src, sink), ==, GST_PAD_LINK_NOFORMAT);
  stop (&f);
  made_clear (&m);
}

static void
test_outlet_wrong_downstream_is_one_clear_error (void)
{
  Made m = make_opus (5);
  Fixture f;
  GstBus *bus;
  GstElement *first;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  start (&f, &m, "capsfilter name=first ! fakesink name=end");
  first = gst_bin_get_by_name (GST_BIN (f.pipeline), "first");
  gst_util_set_object_arg (G_OBJECT (first), "caps", "audio/x-ac3");
  gst_object_unref (first);
  play (&f);
  push_range (&f, &m, 0, m.packets->len);
  bus = gst_element_get_bus (f.pipeline);
  message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "audio/x-ac3"));
  g_assert_nonnull (strstr (error->message, "opus"));
  gst_message_unref (message);
  gst_object_unref (bus);
  stop (&f);
  made_clear (&m);
}

gint
main (gint argc, gchar **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
#define ADD(name) g_test_add_func ("/outlet/" #name, test_outlet_##name)
  ADD (unlinked_costs_no_thread_and_drops);
  ADD (states_change_fifty_times_under_way);
  ADD (is_live_and_answers_latency);
  ADD (time_is_that_of_the_pipelines_clock);
  ADD (overflow_drops_the_oldest_and_asks);
  ADD (force_key_unit_asks_the_peer);
  ADD (end_without_media_is_told);
  ADD (wrong_downstream_is_not_linked);
  ADD (wrong_downstream_is_one_clear_error);
#undef ADD
  return g_test_run ();
}
