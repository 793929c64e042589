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

/* --- at source pads --- */

typedef struct
{
  gint n_frames, luma; /* atomic: mean of the last picture */
  gint n_eos;          /* atomic */
} Picture;

static void
on_picture (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user)
{
  Picture *self = user;
  GstMapInfo map;
  guint64 sum = 0;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  for (gsize i = 0; i < map.size; i++)
    sum += map.data[i];
  g_atomic_int_set (&self->luma, (gint) (sum / map.size));
  g_atomic_int_inc (&self->n_frames);
  gst_buffer_unmap (buffer, &map);
}

static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Picture *self = user;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    g_atomic_int_inc (&self->n_eos);
  return GST_PAD_PROBE_OK;
}

/* At the sink "s" of @side's pipeline. */
static void
picture_watch (Picture *self, Side *side)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (side->pipeline), "s");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

  memset (self, 0, sizeof (*self));
  g_signal_connect (sink, "handoff", G_CALLBACK (on_picture), self);
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, self, NULL);
}

static void
picture_wait (Picture *self, gint n_frames)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_atomic_int_get (&self->n_frames) < n_frames
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&self->n_frames), >=, n_frames);
}

static void
picture_wait_eos (Picture *self)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_atomic_int_get (&self->n_eos) == 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&self->n_eos), ==, 1);
}

#define SHOWN                                                                  \
  "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=GRAY8 ! "          \
  "fakesink name=s sync=false signal-handoffs=true "
#define BOTH_WAYS(pattern)                                                     \
  "videotestsrc is-live=true pattern=" pattern                                 \
  " ! video/x-raw,width=160,height=120 ! webrtcendpoint name=e "               \
  "e.video_src_0 ! " SHOWN

static void
test_received_pictures_come_at_source_pads_both_ways (void)
{
  Side caller, callee;
  Picture at_caller, at_callee;
  g_autoptr (GstStructure) stats = NULL;

  side_start (&caller, BOTH_WAYS ("white"));
  side_start (&callee, BOTH_WAYS ("black"));
  picture_watch (&at_caller, &caller);
  picture_watch (&at_callee, &callee);
  side_call (&caller, &callee, NULL);
  picture_wait (&at_caller, 30);
  picture_wait (&at_callee, 30);
  g_assert_cmpint (g_atomic_int_get (&at_callee.luma), >, 200);
  g_assert_cmpint (g_atomic_int_get (&at_caller.luma), <, 50);
  stats = side_stats (&callee);
  g_assert_cmpstr (
      gst_structure_get_string (stats, "srtp-profile"), ==, "AEAD_AES_128_GCM");
  side_stop (&caller);
  picture_wait_eos (&at_callee); /* he hung up */
  side_stop (&callee);
}

/* The first unnamed link of a parsed line gets the picture, not the sound. */
static void
test_received_video_pad_comes_first (void)
{
  Side caller, callee;
  Picture picture;

  side_start (&caller, PUBLISHER);
  side_start (&callee, "webrtcendpoint name=e e. ! " SHOWN);
  picture_watch (&picture, &callee);
  side_call (&caller, &callee, NULL);
  picture_wait (&picture, 20);
  g_assert_cmpuint (callee.endpoint->numsrcpads, ==, 2);
  g_assert_true (g_str_has_prefix (
      GST_PAD_NAME (callee.endpoint->srcpads->data), "video"));
  side_stop (&caller);
  side_stop (&callee);
}

static void
test_received_pads_end_at_eos_from_the_application (void)
{
  Side caller, callee;
  Picture picture;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  side_start (&caller, PUBLISHER);
  side_start (&callee, "webrtcendpoint name=e e.video_src_0 ! " SHOWN);
  picture_watch (&picture, &callee);
  side_call (&caller, &callee, NULL);
  picture_wait (&picture, 5);
  gst_element_send_event (callee.pipeline, gst_event_new_eos ());
  bus = gst_element_get_bus (callee.pipeline);
  message = gst_bus_timed_pop_filtered (
      bus, 5 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpint (g_atomic_int_get (&picture.n_eos), ==, 1);
  side_stop (&caller);
  side_stop (&callee);
}

static void
test_received_unlinked_endpoint_goes_to_paused_at_once (void)
{
  GstElement *lone =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autoptr (GError) error = NULL;
  GstElement *line =
      gst_parse_launch ("webrtcendpoint name=e e. ! fakesink", &error);

  g_assert_no_error (error);
  g_assert_cmpint (gst_element_set_state (lone, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_SUCCESS);
  /* Somebody waits for what the peer will send: it is live. */
  g_assert_cmpint (gst_element_set_state (line, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (lone, GST_STATE_NULL);
  gst_element_set_state (line, GST_STATE_NULL);
  gst_object_unref (lone);
  gst_object_unref (line);
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
  g_test_add_func ("/received/both-ways",
      test_received_pictures_come_at_source_pads_both_ways);
  g_test_add_func (
      "/received/video-first", test_received_video_pad_comes_first);
  g_test_add_func (
      "/received/eos", test_received_pads_end_at_eos_from_the_application);
  g_test_add_func ("/received/paused",
      test_received_unlinked_endpoint_goes_to_paused_at_once);
  return g_test_run ();
}
