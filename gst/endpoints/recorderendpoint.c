/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recorderendpoint.c – the element recorderendpoint: states,
 * messages and ends. Bytes are media/recording, tracks come from
 * endpoints/outlets: the hub's, and those of the sink pads through a room of
 * the element's own.
 *
 * SECTION:element-recorderendpoint
 * |[
 * gst-launch-1.0 -e hub name=room webrtcserver hub=room \
 *     recorderendpoint hub=room location=room.mkv
 * ]|
 */
#include "endpoints/recorderendpoint-private.h"

#include <string.h>

#include "endpoints/configprops.h"
#include "endpoints/join.h"
#include "endpoints/recordertrack.h"
#include "io/app.h"

/* How long an end waits for what is under way. */
#define DRAIN_TIME (1 * VIA_S)

enum
{
  FROM_HUB,
  FROM_PADS,
};

G_DEFINE_FINAL_TYPE (ViaRecorderEndpoint, via_recorder_endpoint, GST_TYPE_BIN)

/* --- ends --- */

static gboolean
all_ended_locked (ViaRecorderEndpoint *self)
{
  for (guint i = 0; i < self->tracks->len; i++)
    if (!via_recorder_track_has_ended (g_ptr_array_index (self->tracks, i)))
      return FALSE;
  return TRUE;
}

/* Without a hub the end of every sink pad is the end, once the last frame is
 * written. */
static void
end_if_over (ViaRecorderEndpoint *self)
{
  guint n_pads = via_publishers_size (self->publishers), n_published;
  gboolean is_over;

  if (self->hub != NULL || n_pads == 0)
    return;
  n_published = via_publishers_count (self->publishers, VIA_KIND_AUDIO)
                + via_publishers_count (self->publishers, VIA_KIND_VIDEO);
  g_mutex_lock (&self->lock);
  is_over = self->is_recording && self->pads_ended && self->n_own >= n_published
            && all_ended_locked (self);
  g_mutex_unlock (&self->lock);
  if (is_over)
    via_recorder_endpoint_end (self);
}

static void
on_track_ended (gpointer user)
{
  ViaRecorderEndpoint *self = user;

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->news);
  g_mutex_unlock (&self->lock);
  end_if_over (self);
}

static void
on_news (gpointer user)
{
  via_recorder_endpoint_news (user);
}

static const ViaRecorderTrackFuncs track_funcs = {
    .news = on_news, .ended = on_track_ended};

/* What came before the end is on its way to the file: it is waited for. */
static void
drain (ViaRecorderEndpoint *self)
{
  gint64 until = g_get_monotonic_time () + DRAIN_TIME;

  for (guint i = 0; i < G_N_ELEMENTS (self->outlets); i++)
    if (self->outlets[i] != NULL)
      via_outlets_eos (self->outlets[i]);
  g_mutex_lock (&self->lock);
  while (!all_ended_locked (self)
         && g_cond_wait_until (&self->news, &self->lock, until))
    continue;
  g_mutex_unlock (&self->lock);
}

static gboolean
via_recorder_endpoint_send_event (GstElement *element, GstEvent *event)
{
  ViaRecorderEndpoint *self = VIA_RECORDER_ENDPOINT (element);

  gboolean is_up = FALSE;

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    GST_STATE_LOCK (element); /* it stays up meanwhile */
    g_mutex_lock (&self->lock);
    is_up = self->is_recording;
    g_mutex_unlock (&self->lock);
    if (is_up) {
      drain (self);
      via_recorder_endpoint_end (self);
    }
    GST_STATE_UNLOCK (element);
  }
  if (!is_up)
    return via_eos_send_event (element, event);
  gst_event_unref (event);
  return TRUE;
}

/* --- tracks; via-app --- */

/* Not on a streaming thread of its own. */
static void
drop_track (ViaRecorderEndpoint *self, ViaRecorderTrack *track)
{
  GstElement *element = GST_ELEMENT (track);

  via_recorder_track_disconnect (track);
  gst_element_set_locked_state (element, TRUE);
  gst_element_set_state (element, GST_STATE_NULL);
  if (GST_OBJECT_PARENT (element) != NULL)
    gst_bin_remove (GST_BIN (self), element);
  gst_object_unref (track);
}

/* FALSE: the recording ended meanwhile. */
static gboolean
keep_track (ViaRecorderEndpoint *self, ViaRecording *recording,
    ViaRecorderTrack *track, gboolean is_own)
{
  gboolean is_kept;

  g_mutex_lock (&self->lock);
  is_kept = self->is_recording && self->recording == recording;
  if (is_kept) {
    via_recorder_track_set_playing (track, self->is_playing);
    g_ptr_array_add (self->tracks, track);
    self->n_own += is_own;
    g_cond_broadcast (&self->news);
  }
  g_mutex_unlock (&self->lock);
  return is_kept;
}

static void
add_track (ViaRecorderEndpoint *self, GstPad *pad, const ViaTrackInfo *info,
    gboolean is_own)
{
  g_autoptr (ViaRecording) recording = via_recorder_endpoint_recording (self);
  g_autoptr (GstPad) sink = NULL;
  ViaRecorderTrack *track;

  if (recording == NULL || info->codec.id >= VIA_N_CODECS)
    return;
  track = via_recorder_track_new (recording, info, &track_funcs, self);
  gst_object_ref_sink (track);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (track));
  gst_element_sync_state_with_parent (GST_ELEMENT (track));
  sink = gst_element_get_static_pad (GST_ELEMENT (track), "sink");
  if (!keep_track (self, recording, track, is_own)) {
    drop_track (self, track);
    return;
  }
  if (gst_pad_link (pad, sink) != GST_PAD_LINK_OK)
    GST_WARNING_OBJECT (self, "%s takes no %s", GST_OBJECT_NAME (track),
        via_codec_name (info->codec.id));
}

static void
on_hub_track (gpointer user, GstPad *pad, const ViaTrackInfo *info)
{
  add_track (user, pad, info, FALSE);
}

static void
on_own_track (gpointer user, GstPad *pad, const ViaTrackInfo *info)
{
  add_track (user, pad, info, TRUE);
}

static void
remove_track (ViaRecorderEndpoint *self, GstPad *pad, gboolean is_own)
{
  g_autoptr (GstPad) sink = gst_pad_get_peer (pad);
  g_autoptr (GstObject) track = NULL;
  gboolean is_ours = FALSE;

  if (sink == NULL)
    return;
  track = gst_object_get_parent (GST_OBJECT (sink));
  gst_pad_unlink (pad, sink);
  g_mutex_lock (&self->lock);
  if (track != NULL)
    is_ours = g_ptr_array_remove (self->tracks, track);
  self->n_own -= is_ours && is_own;
  g_mutex_unlock (&self->lock);
  if (!is_ours)
    return;
  drop_track (self, VIA_RECORDER_TRACK (track));
  on_track_ended (self);
}

static void
on_hub_removed (gpointer user, GstPad *pad, const ViaTrackInfo *info)
{
  remove_track (user, pad, FALSE);
}

static void
on_own_removed (gpointer user, GstPad *pad, const ViaTrackInfo *info)
{
  remove_track (user, pad, TRUE);
}

static void
on_lost (gpointer user)
{
  ViaRecorderEndpoint *self = user;
  g_autofree gchar *hub = via_common_get_hub (&self->common);

  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("hub-lost", "hub", G_TYPE_STRING, hub, NULL));
}

/* --- from READY to PAUSED and back --- */

static gboolean
fail (ViaRecorderEndpoint *self, const GError *error)
{
  GST_ELEMENT_ERROR (
      self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
  return FALSE;
}

/* Without a parent it is tried once more, at READY→PAUSED. */
static gboolean
find_hub (ViaRecorderEndpoint *self, gboolean is_last_try)
{
  g_autofree gchar *hub = via_common_get_hub (&self->common);
  g_autoptr (GError) error = NULL;

  if (hub == NULL || self->hub != NULL)
    return TRUE;
  self->hub = via_join_find (GST_ELEMENT (self), hub, &error);
  if (self->hub != NULL)
    return TRUE;
  if (!is_last_try && g_error_matches (error, VIA_ERROR, VIA_ERROR_STATE))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("%s", error->message), (NULL));
  return FALSE;
}

static ViaContainer
choose_container (ViaRecorderContainer wanted, const gchar *location)
{
  if (wanted == VIA_RECORDER_CONTAINER_AUTO)
    return g_str_has_suffix (location, ".webm") ? VIA_CONTAINER_WEBM
                                                : VIA_CONTAINER_MATROSKA;
  return wanted == VIA_RECORDER_CONTAINER_WEBM ? VIA_CONTAINER_WEBM
                                               : VIA_CONTAINER_MATROSKA;
}

static gboolean
open_recording (ViaRecorderEndpoint *self, GError **error)
{
  g_autofree gchar *app_data = via_common_get_app_data (&self->common);
  g_autofree gchar *location = NULL;
  ViaRecordingConfig config = {
      .name = GST_OBJECT_NAME (self), .app_data = app_data};
  ViaRecording *recording, *old;

  g_mutex_lock (&self->lock);
  location = g_strdup (self->location);
  config.container =
      choose_container (self->container, location != NULL ? location : "");
  config.track_timeout = self->track_timeout_ms * VIA_MS;
  g_mutex_unlock (&self->lock);
  if (location == NULL || *location == '\0') {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "location is not set: name the file to write, location=room.mkv");
    return FALSE;
  }
  config.location = location;
  recording = via_recording_new (&config, error);
  if (recording == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  old = self->recording;
  self->recording = recording;
  self->is_recording = TRUE;
  self->pads_ended = FALSE;
  self->n_own = 0;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&old, via_recording_unref);
  return TRUE;
}

/* Every track of @exchange, written down under @from. */
static gboolean
listen (ViaRecorderEndpoint *self, ViaExchange *exchange, guint from,
    GError **error)
{
  static const ViaOutletsFuncs funcs[] = {
      [FROM_HUB] = {on_hub_track, on_hub_removed, on_lost},
      [FROM_PADS] = {on_own_track, on_own_removed, NULL},
  };
  g_auto (ViaCommonWho) who = {0};
  ViaOutletsConfig config = {.who = &who.who,
      .n_audio = G_MAXUINT,
      .n_video = G_MAXUINT,
      .is_inside = TRUE};

  via_common_who (&self->common, GST_ELEMENT (self), &who);
  if (from == FROM_PADS)
    who.who.subscribe = NULL; /* of the hub */
  self->outlets[from] = via_outlets_new (
      GST_BIN (self), exchange, &config, &funcs[from], self, error);
  if (self->outlets[from] == NULL)
    return FALSE;
  if (from == FROM_HUB)
    via_common_present (
        &self->common, via_outlets_member (self->outlets[from]));
  return TRUE;
}

static gboolean
publish_pads (ViaRecorderEndpoint *self, GError **error)
{
  static const ViaMemberFuncs funcs = {0};
  g_autofree gchar *app_data = via_common_get_app_data (&self->common);
  ViaMember *member = via_exchange_join (
      self->own, NULL, GST_OBJECT_NAME (self), app_data, &funcs, self, error);

  if (member == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  self->member = member;
  g_mutex_unlock (&self->lock);
  via_publishers_reset (self->publishers);
  via_publishers_update (self->publishers);
  return TRUE;
}

static gboolean
start (ViaRecorderEndpoint *self)
{
  g_autoptr (GError) error = NULL;

  via_app_acquire ();
  via_eos_reset (&self->common);
  if (find_hub (self, TRUE)) {
    if (open_recording (self, &error)
        && (self->hub == NULL || listen (self, self->hub, FROM_HUB, &error))
        && listen (self, self->own, FROM_PADS, &error)
        && publish_pads (self, &error))
      return TRUE;
    fail (self, error);
  }
  return FALSE;
}

/* Closes the file and gives up every track. */
static void
stop (ViaRecorderEndpoint *self)
{
  g_autoptr (GPtrArray) tracks = NULL;
  ViaMember *member;

  via_recorder_endpoint_finish (self, "stopped");
  g_mutex_lock (&self->lock);
  self->is_recording = FALSE;
  g_cond_broadcast (&self->news);
  member = g_steal_pointer (&self->member);
  g_mutex_unlock (&self->lock);
  via_publishers_update (self->publishers);
  via_member_leave (member);
  if (self->outlets[FROM_HUB] != NULL)
    via_common_absent (
        &self->common, via_outlets_member (self->outlets[FROM_HUB]));
  for (guint i = 0; i < G_N_ELEMENTS (self->outlets); i++)
    via_outlets_free (g_steal_pointer (&self->outlets[i]));
  g_mutex_lock (&self->lock);
  tracks = g_steal_pointer (&self->tracks);
  self->tracks = g_ptr_array_new ();
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < tracks->len; i++)
    drop_track (self, g_ptr_array_index (tracks, i));
  via_app_release ();
}

static void
set_playing (ViaRecorderEndpoint *self, gboolean is_playing)
{
  g_autoptr (ViaRecording) recording = NULL;

  g_mutex_lock (&self->lock);
  self->is_playing = is_playing;
  if (!is_playing && self->recording != NULL)
    recording = via_recording_ref (self->recording);
  for (guint i = 0; i < self->tracks->len; i++)
    via_recorder_track_set_playing (
        g_ptr_array_index (self->tracks, i), is_playing);
  g_mutex_unlock (&self->lock);
  if (recording != NULL)
    via_recording_skip (recording);
}

static gboolean
go_up (ViaRecorderEndpoint *self, GstStateChange transition)
{
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      return find_hub (self, FALSE);
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (start (self))
        return TRUE;
      stop (self);
      return FALSE;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      set_playing (self, TRUE);
      return TRUE;
    default:
      return TRUE;
  }
}

static GstStateChangeReturn
via_recorder_endpoint_change_state (
    GstElement *element, GstStateChange transition)
{
  ViaRecorderEndpoint *self = VIA_RECORDER_ENDPOINT (element);
  GstStateChangeReturn ret;

  if (!go_up (self, transition)) {
    if (transition == GST_STATE_CHANGE_NULL_TO_READY)
      g_clear_pointer (&self->hub, via_exchange_unref);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    stop (self);
  ret = GST_ELEMENT_CLASS (via_recorder_endpoint_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    g_clear_pointer (&self->hub, via_exchange_unref);
  /* A recorder waits for nothing and holds up nobody. */
  return ret == GST_STATE_CHANGE_FAILURE ? ret : GST_STATE_CHANGE_SUCCESS;
}

/* --- sink pads --- */

static ViaMember *
get_member (gpointer user, const ViaPublisher *publisher)
{
  ViaRecorderEndpoint *self = user;
  ViaMember *member;

  g_mutex_lock (&self->lock);
  member = self->member;
  g_mutex_unlock (&self->lock);
  return member;
}

static void
on_pads_changed (gpointer user)
{
  ViaRecorderEndpoint *self = user;
  gboolean is_up;

  g_mutex_lock (&self->lock);
  is_up = self->is_recording;
  g_mutex_unlock (&self->lock);
  if (is_up)
    via_recorder_endpoint_tell_flows (self);
}

static void
on_pads_ended (gpointer user)
{
  ViaRecorderEndpoint *self = user;

  g_mutex_lock (&self->lock);
  self->pads_ended = TRUE;
  g_mutex_unlock (&self->lock);
  end_if_over (self);
}

static void
on_pads_flush (gpointer user)
{
  ViaRecorderEndpoint *self = user;

  g_mutex_lock (&self->lock);
  self->pads_ended = FALSE;
  g_mutex_unlock (&self->lock);
}

static GstPad *
via_recorder_endpoint_request_new_pad (GstElement *element,
    GstPadTemplate *templ, const gchar *name, const GstCaps *caps)
{
  return via_publishers_request (
      VIA_RECORDER_ENDPOINT (element)->publishers, templ, name);
}

static void
via_recorder_endpoint_release_pad (GstElement *element, GstPad *pad)
{
  via_publishers_release (VIA_RECORDER_ENDPOINT (element)->publishers, pad);
}

/* --- life --- */

static void
via_recorder_endpoint_dispose (GObject *object)
{
  via_publishers_clear (VIA_RECORDER_ENDPOINT (object)->publishers);
  G_OBJECT_CLASS (via_recorder_endpoint_parent_class)->dispose (object);
}

static void
via_recorder_endpoint_finalize (GObject *object)
{
  ViaRecorderEndpoint *self = VIA_RECORDER_ENDPOINT (object);

  via_publishers_free (self->publishers);
  g_clear_pointer (&self->recording, via_recording_unref);
  g_clear_pointer (&self->hub, via_exchange_unref);
  via_exchange_unref (self->own);
  g_ptr_array_unref (self->tracks);
  g_free (self->location);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->news);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_recorder_endpoint_parent_class)->finalize (object);
}

static void
via_recorder_endpoint_class_init (ViaRecorderEndpointClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  object->dispose = via_recorder_endpoint_dispose;
  object->finalize = via_recorder_endpoint_finalize;
  via_recorder_endpoint_install_props (object);
  via_configprops_install (object, "recorderendpoint");
  via_eos_init_class (GST_BIN_CLASS (klass));
  element->send_event = via_recorder_endpoint_send_event;
  element->change_state = via_recorder_endpoint_change_state;
  element->request_new_pad = via_recorder_endpoint_request_new_pad;
  element->release_pad = via_recorder_endpoint_release_pad;
  via_publisher_add_templates (element);
  gst_element_class_set_static_metadata (element, "Recorder endpoint",
      "Sink/File",
      "Records every track of a hub, and of its sink pads, into a Matroska or "
      "WebM file that can be read to its last frame whatever happens",
      "The gst-via developers");
}

static void
via_recorder_endpoint_init (ViaRecorderEndpoint *self)
{
  static const ViaPublishersFuncs funcs = {.member = get_member,
      .changed = on_pads_changed,
      .ended = on_pads_ended,
      .flush = on_pads_flush};

  via_common_init (&self->common, GST_ELEMENT (self));
  via_eos_init_bin (GST_BIN (self));
  g_mutex_init (&self->lock);
  g_cond_init (&self->news);
  via_recorder_endpoint_init_props (self);
  self->own = via_exchange_new ();
  self->tracks = g_ptr_array_new ();
  self->publishers = via_publishers_new (GST_BIN (self), &funcs, self);
}
