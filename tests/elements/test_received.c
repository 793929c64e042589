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
#define WAIT (60 * G_TIME_SPAN_SECOND)

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

static void
wait_pads (Side *side, guint wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (side->endpoint->numsrcpads != wanted && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (side->endpoint->numsrcpads, ==, wanted);
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
  wait_pads (&callee, 2); /* the sound may begin after the picture */
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
      bus, WAIT * GST_USECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpint (g_atomic_int_get (&picture.n_eos), ==, 1);
  side_stop (&caller);
  side_stop (&callee);
}

/* --- a track that ends and comes again --- */

/* Ends what comes at the sink pad of @side, as its source would. */
static GstPad *
end_sink (Side *side)
{
  GstPad *sink = gst_element_get_static_pad (side->endpoint, "sink_0");
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (side->pipeline), "src");

  gst_element_send_event (source, gst_event_new_eos ());
  return sink;
}

/* A new source at the pad whose stream had ended. */
static void
begin_sink (Side *side, GstPad *sink)
{
  g_autoptr (GstPad) old = gst_pad_get_peer (sink);
  g_autoptr (GstPad) first = NULL;
  GstElement *source = gst_parse_bin_from_description (
      "videotestsrc is-live=true ! video/x-raw,width=160,height=120", TRUE,
      NULL);

  gst_pad_unlink (old, sink);
  gst_pad_send_event (sink, gst_event_new_flush_start ());
  gst_pad_send_event (sink, gst_event_new_flush_stop (FALSE));
  gst_bin_add (GST_BIN (side->pipeline), source);
  first = gst_element_get_static_pad (source, "src");
  g_assert_cmpint (gst_pad_link (first, sink), ==, GST_PAD_LINK_OK);
  g_assert_true (gst_element_sync_state_with_parent (source));
}

static void
test_received_track_ends_with_its_source_and_comes_again (void)
{
  Side caller, callee, viewer, other;
  Picture picture;
  g_autoptr (GstPad) sink = NULL;

  side_start (&caller,
      "videotestsrc name=src is-live=true ! video/x-raw,width=160,height=120 ! "
      "webrtcendpoint name=e");
  side_start (&callee, ROOM "e.video_src_0 ! " SHOWN);
  side_borrow (&other, callee.pipeline, "other");
  side_start (&viewer, VIEWER);
  picture_watch (&picture, &callee);
  side_call (&caller, &callee, NULL);
  side_call (&other, &viewer, NULL);
  picture_wait (&picture, 10);
  side_wait_received (&viewer, 10);
  sink = end_sink (&caller);
  picture_wait_eos (&picture);
  wait_pads (&callee, 0);
  wait_room_tracks (&callee, 0);
  g_assert_true (side_is (&callee, "connected"));
  begin_sink (&caller, sink);
  wait_pads (&callee, 1);
  wait_room_tracks (&callee, 1);
  side_wait_received (&viewer, side_received (&viewer) + 30);
  side_stop (&caller);
  side_stop (&viewer);
  side_return (&other);
  side_stop (&callee);
}

/* The last "flow" of @side's element since the last look: 1, 0, -1 none. */
static gint
wait_flow (Side *side, const gchar *direction, gboolean wanted)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (side->pipeline);
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_get_monotonic_time () < end) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 10 * GST_MSECOND, GST_MESSAGE_ELEMENT);
    const GstStructure *flow =
        message != NULL ? gst_message_get_structure (message) : NULL;
    gboolean is_flowing;

    if (flow == NULL || !gst_structure_has_name (flow, "flow")
        || !g_str_equal (
            gst_structure_get_string (flow, "direction"), direction)
        || !gst_structure_get_boolean (flow, "is-flowing", &is_flowing)
        || is_flowing != wanted)
      continue;
    g_assert_cmpstr (gst_structure_get_string (flow, "kind"), ==, "video");
    g_assert_cmpstr (gst_structure_get_string (flow, "app-data"), ==, "Bob");
    g_assert_nonnull (gst_structure_get_string (flow, "mid"));
    return TRUE;
  }
  return FALSE;
}

static void
test_received_flow_is_told_at_both_ends (void)
{
  Side caller, callee;
  g_autoptr (GstPad) sink = NULL;

  side_start (&caller,
      "videotestsrc name=src is-live=true ! video/x-raw,width=160,height=120 ! "
      "webrtcendpoint name=e app-data=Bob");
  side_start (&callee, "webrtcendpoint name=e app-data=Bob");
  side_call (&caller, &callee, NULL);
  g_assert_true (wait_flow (&caller, "out", TRUE));
  g_assert_true (wait_flow (&callee, "in", TRUE));
  sink = end_sink (&caller);
  g_assert_true (wait_flow (&caller, "out", FALSE));
  g_assert_true (wait_flow (&callee, "in", FALSE));
  side_stop (&caller);
  side_stop (&callee);
}

typedef struct
{
  gint64 set_at;       /* when app-data was set */
  gint waited_us;      /* atomic: until the tag came; 0: it did not */
  const gchar *wanted; /* immutable */
} TagWatch;

static GstPadProbeReturn
on_tag (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  TagWatch *self = user;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstTagList *tags;
  g_autofree gchar *text = NULL;

  if (GST_EVENT_TYPE (event) != GST_EVENT_TAG)
    return GST_PAD_PROBE_OK;
  gst_event_parse_tag (event, &tags);
  if (gst_tag_list_get_string (tags, GST_TAG_EXTENDED_COMMENT, &text)
      && g_str_equal (text, self->wanted))
    g_atomic_int_set (
        &self->waited_us, (gint) (g_get_monotonic_time () - self->set_at));
  return GST_PAD_PROBE_OK;
}

/* Who it is changes while it plays: the room and whoever is at a source pad
 * know at once. */
static void
test_received_new_app_data_is_known_at_once (void)
{
  Side caller, callee;
  Picture picture;
  TagWatch watch = {.wanted = "app-data=Carol"};
  g_autoptr (GstPad) pad = NULL;
  g_autofree gchar *from = NULL;
  gint64 end;

  side_start (&caller, PUBLISHER);
  side_start (&callee, ROOM "e.video_src_0 ! " SHOWN);
  picture_watch (&picture, &callee);
  side_call (&caller, &callee, NULL);
  picture_wait (&picture, 5);
  wait_room_tracks (&callee, 2);
  pad = gst_element_get_static_pad (callee.endpoint, "video_src_0");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_tag, &watch, NULL);
  watch.set_at = g_get_monotonic_time ();
  g_object_set (callee.endpoint, "app-data", "Carol", NULL);
  from = app_data_of (&callee, "track-1");
  g_assert_cmpstr (from, ==, "Carol");
  end = g_get_monotonic_time () + WAIT;
  while (
      g_atomic_int_get (&watch.waited_us) == 0 && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (&watch.waited_us), >, 0);
  /* with nothing else that brings it along, on a machine that may be busy */
  g_assert_cmpint (g_atomic_int_get (&watch.waited_us), <, G_TIME_SPAN_SECOND);
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
  g_test_add_func ("/received/again",
      test_received_track_ends_with_its_source_and_comes_again);
  g_test_add_func ("/received/flow", test_received_flow_is_told_at_both_ends);
  g_test_add_func (
      "/received/app-data", test_received_new_app_data_is_known_at_once);
  g_test_add_func ("/received/paused",
      test_received_unlinked_endpoint_goes_to_paused_at_once);
  return g_test_run ();
}
