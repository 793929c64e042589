/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_exchange.c – rooms across loops: what is pushed arrives
 * at every other member, once, in order, and nothing after leaving.
 */
#include <gst/gst.h>

#include "io/app.h"
#include "base/error.h"
#include "io/guard.h"
#include "rtp/keyframe.h"
#include "viewers.h"

static void
test_exchange_three_viewers_get_every_packet_in_order (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewers[3];

  source_publish (&source, room);
  for (guint i = 0; i < 3; i++) {
    viewer_join (&viewers[i], room, 1);
    viewer_settle (&viewers[i]);
  }
  for (guint i = 0; i < 500; i++)
    source_push (&source, 4);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_cmpuint (viewers[i].n_attached, ==, 1);
    g_assert_cmpuint (viewers[i].n_packets, ==, 2000);
    g_assert_cmpuint (viewers[i].n_batches, ==, 500);
    g_assert_cmpuint (viewers[i].n_out_of_order, ==, 0);
    g_assert_cmpuint (viewers[i].n_wrong_thread, ==, 0);
    g_assert_cmpstr (viewers[i].from, ==, "clip");
    viewer_leave (&viewers[i]);
  }
  source_close (&source);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_exchange_viewer_that_leaves_disturbs_nobody (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer stays, leaves;
  guint at_leave;

  source_publish (&source, room);
  viewer_join (&stays, room, 1);
  viewer_join (&leaves, room, 1);
  viewer_settle (&stays);
  viewer_settle (&leaves);
  for (guint i = 0; i < 100; i++)
    source_push (&source, 1);
  via_member_leave (g_steal_pointer (&leaves.member));
  at_leave = leaves.n_packets;
  for (guint i = 0; i < 100; i++)
    source_push (&source, 1);
  viewer_settle (&stays);
  viewer_settle (&leaves);
  g_assert_cmpuint (leaves.n_packets, ==, at_leave);
  g_assert_cmpuint (stays.n_packets, ==, 200);
  g_assert_cmpuint (stays.n_out_of_order, ==, 0);
  viewer_leave (&leaves);
  viewer_leave (&stays);
  source_close (&source);
}

static void
test_exchange_source_that_leaves_detaches_its_viewers (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source, second;
  Viewer viewer;

  source_publish (&source, room);
  viewer_join (&viewer, room, 1);
  source_publish (&second, room);
  source_close (&source);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  g_assert_cmpuint (viewer.n_attached, ==, 2);
  viewer.next = 0;
  source_push (&second, 3);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_packets, ==, 3);
  source_close (&second);
  viewer_leave (&viewer);
}

static void
test_exchange_eos_reaches_present_and_late_viewers_once (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer present, late;

  source_publish (&source, room);
  viewer_join (&present, room, 1);
  viewer_settle (&present);
  source_push (&source, 2);
  via_feed_eos (source.feed);
  via_feed_eos (source.feed);
  viewer_join (&late, room, 1);
  viewer_settle (&present);
  viewer_settle (&late);
  g_assert_cmpuint (present.n_packets, ==, 2);
  g_assert_cmpuint (present.n_eos, ==, 1);
  g_assert_cmpuint (late.n_eos, ==, 1);
  viewer_leave (&present);
  viewer_leave (&late);
  source_close (&source);
}

typedef struct
{
  Viewer *viewer;
  ViaTime at;
} Wishes;

static void
ask_fifty_times (gpointer data)
{
  Wishes *wishes = data;

  wishes->at = via_loop_now (wishes->viewer->loop);
  for (guint i = 0; i < 50; i++)
    via_member_want_keyframe (wishes->viewer->member, VIA_KIND_VIDEO, 0);
}

static void
test_exchange_hundred_key_frame_wishes_ask_twice_in_a_second (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewers[2];
  Wishes wishes[2];
  ViaTime between;

  source_publish (&source, room);
  for (guint i = 0; i < 2; i++) {
    viewer_join (&viewers[i], room, 1);
    viewer_settle (&viewers[i]);
  }
  for (guint i = 0; i < 2; i++) {
    wishes[i].viewer = &viewers[i];
    via_loop_call (viewers[i].loop, ask_fifty_times, &wishes[i]);
  }
  between = wishes[1].at - wishes[0].at;
  source_wait_wishes (&source, 2);
  g_assert_cmpint (
      g_get_monotonic_time () - wishes[0].at, >=, VIA_KEYFRAME_INTERVAL);
  via_app_flush ();
  /* a third one only if we were held up between the two */
  g_assert_cmpint (g_atomic_int_get (&source.n_keyframes), <=,
      between < VIA_KEYFRAME_INTERVAL ? 2 : 3);
  viewer_leave (&viewers[0]);
  viewer_leave (&viewers[1]);
  source_close (&source);
}

static void
test_exchange_publisher_hears_of_first_and_last_viewer (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer a, b;

  source_publish (&source, room);
  viewer_join (&a, room, 1);
  viewer_join (&b, room, 1);
  viewer_leave (&a);
  via_app_flush ();
  g_assert_cmpint (source.n_watched, ==, 1);
  g_assert_cmpint (source.n_unwatched, ==, 0);
  viewer_leave (&b);
  via_app_flush ();
  g_assert_cmpint (source.n_unwatched, ==, 1);
  source_close (&source);
}

static void
test_exchange_closed_room_tells_members_once_and_takes_nobody (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GError) error = NULL;
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  via_exchange_close (room);
  via_exchange_close (room);
  via_app_flush ();
  viewer_settle (&viewer);
  g_assert_cmpint (viewer.n_lost, ==, 1);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  source_push (&source, 5);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_packets, ==, 0);
  g_assert_null (via_exchange_join (
      room, viewer.loop, "late", NULL, &viewer_funcs, &viewer, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  viewer_leave (&viewer);
  source_close (&source);
}

static void
test_exchange_two_rooms_share_nothing (void)
{
  g_autoptr (ViaExchange) one = via_exchange_new ();
  g_autoptr (ViaExchange) other = via_exchange_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, one);
  viewer_join (&viewer, other, G_MAXUINT);
  source_push (&source, 8);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 0);
  g_assert_cmpuint (viewer.n_packets, ==, 0);
  viewer_leave (&viewer);
  source_close (&source);
}

static gpointer
push_thread (gpointer data)
{
  Source *source = data;

  for (guint i = 0; i < 2000; i++)
    source_push (source, 2);
  return NULL;
}

/* 100 joins and leaves while another thread publishes. */
static void
test_exchange_joins_under_load_leave_nothing_behind (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer stays;
  GThread *thread;

  source_publish (&source, room);
  viewer_join (&stays, room, 1);
  viewer_settle (&stays);
  thread = g_thread_new ("push", push_thread, &source);
  for (guint i = 0; i < 100; i++) {
    Viewer viewer;

    viewer_join (&viewer, room, 1);
    viewer_settle (&viewer);
    g_assert_cmpuint (viewer.n_attached, ==, 1);
    viewer_leave (&viewer);
  }
  g_thread_join (thread);
  viewer_settle (&stays);
  g_assert_cmpuint (stays.n_packets, ==, 4000);
  g_assert_cmpuint (stays.n_out_of_order, ==, 0);
  viewer_leave (&stays);
  source_close (&source);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static gpointer
guard_thread (gpointer data)
{
  ViaGuard *guard = data;

  via_guard_leave (guard);
  return NULL;
}

static void
test_guard_close_waits_for_the_callback_under_way (void)
{
  ViaGuard guard = {0};
  GThread *thread;

  via_guard_init (&guard);
  g_assert_true (via_guard_enter (&guard));
  guard.inside = NULL; /* as if another thread had entered */
  thread = g_thread_new ("guard", guard_thread, &guard);
  via_guard_close (&guard);
  g_assert_cmpuint (guard.n_inside, ==, 0);
  g_assert_false (via_guard_enter (&guard));
  g_thread_join (thread);
  via_guard_clear (&guard);
}

static guint64
track_count (ViaExchange *room, const gchar *field)
{
  g_autoptr (GstStructure) stats = via_exchange_stats (room);
  GstStructure *track = NULL;
  guint64 n = G_MAXUINT64;

  g_assert_true (
      gst_structure_get (stats, "track-1", GST_TYPE_STRUCTURE, &track, NULL));
  g_assert_true (gst_structure_get_uint64 (track, field, &n));
  gst_structure_free (track);
  return n;
}

static void
test_exchange_packets_nobody_watches_are_counted (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  source_push (&source, 3);
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  source_push (&source, 5);
  viewer_leave (&viewer);
  g_assert_cmpuint (track_count (room, "packets"), ==, 8);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 3);
  source_close (&source);
}

static void
test_exchange_new_app_data_reaches_who_takes_now_and_later (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstStructure) track = NULL;
  Source source;
  Viewer viewers[3];

  source_publish (&source, room);
  for (guint i = 0; i < 2; i++) {
    viewer_join (&viewers[i], room, 1); /* attached, or about to be */
    if (i == 0)
      viewer_settle (&viewers[i]);
  }
  via_member_set_app_data (source.member, "chip");
  viewer_join (&viewers[2], room, 1);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_cmpuint (viewers[i].n_attached, ==, 1);
    g_assert_cmpuint (viewers[i].n_wrong_thread, ==, 0);
    g_assert_cmpstr (viewers[i].from, ==, "chip");
  }
  stats = via_exchange_stats (room);
  g_assert_true (
      gst_structure_get (stats, "track-1", GST_TYPE_STRUCTURE, &track, NULL));
  g_assert_cmpstr (gst_structure_get_string (track, "app-data"), ==, "chip");
  via_member_set_app_data (source.member, NULL);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_null (viewers[i].from);
    viewer_leave (&viewers[i]);
  }
  source_close (&source);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/app-data",
      test_exchange_new_app_data_reaches_who_takes_now_and_later);
  g_test_add_func ("/exchange/fan-out",
      test_exchange_three_viewers_get_every_packet_in_order);
  g_test_add_func (
      "/exchange/leave", test_exchange_viewer_that_leaves_disturbs_nobody);
  g_test_add_func ("/exchange/source-leaves",
      test_exchange_source_that_leaves_detaches_its_viewers);
  g_test_add_func (
      "/exchange/eos", test_exchange_eos_reaches_present_and_late_viewers_once);
  g_test_add_func ("/exchange/key-frames",
      test_exchange_hundred_key_frame_wishes_ask_twice_in_a_second);
  g_test_add_func ("/exchange/watched",
      test_exchange_publisher_hears_of_first_and_last_viewer);
  g_test_add_func ("/exchange/closed",
      test_exchange_closed_room_tells_members_once_and_takes_nobody);
  g_test_add_func (
      "/exchange/two-rooms", test_exchange_two_rooms_share_nothing);
  g_test_add_func ("/exchange/under-load",
      test_exchange_joins_under_load_leave_nothing_behind);
  g_test_add_func (
      "/exchange/unwatched", test_exchange_packets_nobody_watches_are_counted);
  g_test_add_func (
      "/guard/close-waits", test_guard_close_waits_for_the_callback_under_way);
  return g_test_run ();
}
