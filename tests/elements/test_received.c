/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_received.c – what a peer sends reaches the others in its
 * endpoint's hub. Real calls in a network namespace; through the plugin only.
 */
#include <string.h>

#include "netns.h"
#include "side.h"

#define PUBLISHER                                                              \
  "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "            \
  "webrtcendpoint name=e audiotestsrc is-live=true ! e. "
#define ROOM                                                                   \
  "hub name=room webrtcendpoint name=e hub=room app-data=Alice "               \
  "webrtcendpoint name=other hub=room "
#define VIEWER "webrtcendpoint name=e"
#define WAIT (15 * G_TIME_SPAN_SECOND)

/* A field of the room's statistics; -1: it is not there. */
static gint
room_count (Side *self, const gchar *field)
{
  g_autoptr (GstElement) hub =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "room");
  g_autoptr (GstStructure) stats = NULL;
  guint n = 0;

  g_object_get (hub, "stats", &stats, NULL);
  g_assert_nonnull (stats);
  return gst_structure_get_uint (stats, field, &n) ? (gint) n : -1;
}

static void
wait_room_tracks (Side *self, gint wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (room_count (self, "tracks") != wanted && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (room_count (self, "tracks"), ==, wanted);
}

/* Frees nothing of @track but the copy. */
static gchar *
app_data_of (Side *self, const gchar *track)
{
  g_autoptr (GstElement) hub =
      gst_bin_get_by_name (GST_BIN (self->pipeline), "room");
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstStructure) inner = NULL;

  g_object_get (hub, "stats", &stats, NULL);
  g_assert_true (
      gst_structure_get (stats, track, GST_TYPE_STRUCTURE, &inner, NULL));
  return g_strdup (gst_structure_get_string (inner, "app-data"));
}

static void
test_received_media_is_seen_by_others_in_the_hub_alone (void)
{
  Side publisher, room, other, viewer;
  g_autofree gchar *from = NULL;

  side_start (&publisher, PUBLISHER);
  side_start (&room, ROOM);
  side_borrow (&other, room.pipeline, "other");
  side_start (&viewer, VIEWER);
  side_call (&publisher, &room, NULL);
  side_call (&other, &viewer, NULL);
  side_wait_received (&viewer, 150);
  g_assert_cmpint (room_count (&room, "tracks"), ==, 2);
  from = app_data_of (&room, "track-1");
  g_assert_cmpstr (from, ==, "Alice");
  g_assert_cmpuint (side_received (&publisher), ==, 0); /* not himself */
  side_stop (&publisher);
  wait_room_tracks (&room, 0);
  side_stop (&viewer);
  side_return (&other);
  side_stop (&room);
}

/* Video may begin for a viewer who comes in the middle: the wish for a key
 * frame goes through the hub to the peer that sends. */
static void
test_received_video_begins_for_who_comes_late (void)
{
  Side publisher, room, other, viewer;

  side_start (&publisher,
      "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
      "vp8enc deadline=1 keyframe-max-dist=9999 ! webrtcendpoint name=e");
  side_start (&room, ROOM);
  side_borrow (&other, room.pipeline, "other");
  side_call (&publisher, &room, NULL);
  side_wait_received (&room, 60);
  side_start (&viewer, VIEWER);
  side_call (&other, &viewer, NULL);
  side_wait_received (&viewer, 60);
  side_stop (&viewer);
  side_stop (&publisher);
  side_return (&other);
  side_stop (&room);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/received/hub", test_received_media_is_seen_by_others_in_the_hub_alone);
  g_test_add_func (
      "/received/late", test_received_video_begins_for_who_comes_late);
  return g_test_run ();
}
