/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/playerendpoint.c – the element playerendpoint: a file as a live
 * source. Reading is media/source, packets are media/intake; this is states,
 * messages and ends.
 *
 * SECTION:element-playerendpoint
 * |[
 * gst-launch-1.0 -e hub name=room playerendpoint uri=file:///clip.mp4 \
 *     loop=true hub=room webrtcserver hub=room
 * ]|
 */
#include "endpoints/playerendpoint.h"

#include <glib/gstdio.h>

#include "endpoints/common.h"
#include "endpoints/join.h"
#include "endpoints/playertrack.h"
#include "media/source.h"

struct _ViaPlayerEndpoint
{
  GstBin parent;
  ViaCommon common;

  GMutex reading; /* guards the next two; before the source's lock and ours */
  ViaSource *source; /* from PLAYING to READY */
  gboolean is_over;  /* EOS came from the application: nothing starts */

  GMutex lock; /* guards what follows; after the source's lock */
  gchar *uri;
  gboolean is_loop;
  GPtrArray *tracks;    /* ViaPlayerTrack */
  gboolean is_complete; /* every stream of the file was shown */
  gboolean has_failed;  /* the one ERROR was posted */

  gchar *path;       /* of uri; NULL→READY sets it; state changes only */
  ViaMember *member; /* (nullable) state changes only, set before tracks */
};

enum
{
  PROP_0,
  PROP_URI,
  PROP_LOOP,
  PROP_HUB,
  PROP_APP_DATA,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (ViaPlayerEndpoint, via_player_endpoint, GST_TYPE_BIN)

/* --- what the tracks and the source say; streaming threads --- */

static void
on_flow (gpointer user, ViaPlayerTrack *track)
{
  ViaPlayerEndpoint *self = user;
  ViaIntakeFlow flow;

  if (!via_player_track_flow (track, &flow))
    return;
  via_common_post (&self->common, GST_ELEMENT (self),
      gst_structure_new ("media-flow", "kind", G_TYPE_STRING,
          via_kind_name (via_player_track_kind (track)), "from-codec",
          G_TYPE_STRING, flow.from, "to-codec", G_TYPE_STRING, flow.to, "mode",
          G_TYPE_STRING, flow.mode, "reason", G_TYPE_STRING, flow.reason,
          NULL));
}

static void
end_when_all_ended (ViaPlayerEndpoint *self)
{
  gboolean all;

  g_mutex_lock (&self->lock);
  all = self->is_complete && self->tracks->len > 0;
  for (guint i = 0; i < self->tracks->len; i++)
    all =
        all && via_player_track_has_ended (g_ptr_array_index (self->tracks, i));
  g_mutex_unlock (&self->lock);
  if (all)
    via_eos_post (&self->common, GST_ELEMENT (self));
}

static void
on_eos (gpointer user, ViaPlayerTrack *track)
{
  end_when_all_ended (user);
}

static const ViaPlayerTrackFuncs track_funcs = {on_flow, on_eos};

/* The first audio and the first video stream are played. */
static GstPad *
on_stream (gpointer user, ViaKind kind)
{
  ViaPlayerEndpoint *self = user;
  ViaPlayerTrack *track;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tracks->len; i++) {
    if (via_player_track_kind (g_ptr_array_index (self->tracks, i)) == kind) {
      g_mutex_unlock (&self->lock);
      GST_INFO_OBJECT (
          self, "another %s stream is not played", via_kind_name (kind));
      return NULL;
    }
  }
  g_mutex_unlock (&self->lock);
  track = via_player_track_new (
      GST_BIN (self), kind, self->member, &track_funcs, self);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->tracks, track);
  g_mutex_unlock (&self->lock);
  return via_player_track_pad (track);
}

static void
on_complete (gpointer user)
{
  ViaPlayerEndpoint *self = user;
  guint n;

  g_mutex_lock (&self->lock);
  self->is_complete = TRUE;
  n = self->tracks->len;
  g_mutex_unlock (&self->lock);
  if (n == 0)
    GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
        ("uri=%s has no audio and no video", self->path), (NULL));
  else
    end_when_all_ended (self);
}

static const ViaSourceFuncs source_funcs = {on_stream, on_complete};

/* --- the uri --- */

/* The path of a file:// URI or of a plain path. Whatever else stands in a URI
 * may be secret and is not quoted. (transfer full) */
static gchar *
find_path (const gchar *uri, GError **error)
{
  g_autofree gchar *scheme = NULL;
  g_autofree gchar *path = NULL;

  if (uri == NULL || *uri == '\0') {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "uri is not set: give it a file, uri=file:///path/to/clip.mp4");
    return NULL;
  }
  scheme = g_uri_parse_scheme (uri);
  if (scheme == NULL)
    path = g_strdup (uri);
  else if (g_ascii_strcasecmp (scheme, "file") == 0)
    path = g_filename_from_uri (uri, NULL, NULL);
  else
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "uri=%s:... is not played: allowed schemes are file", scheme);
  if (path == NULL) {
    if (error != NULL && *error == NULL)
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "uri=%s is no valid file URI: write file:///path", uri);
    return NULL;
  }
  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    g_set_error (error, VIA_ERROR, VIA_ERROR_NOT_FOUND, "uri=%s: %s", uri,
        g_file_test (path, G_FILE_TEST_EXISTS) ? "not a file" : "no such file");
  else if (g_access (path, R_OK) != 0)
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "uri=%s: no permission to read this file", uri);
  else
    return g_steal_pointer (&path);
  return NULL;
}

static void
fail (ViaPlayerEndpoint *self, const gchar *text)
{
  GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND, ("%s", text), (NULL));
}

static gboolean
choose_file (ViaPlayerEndpoint *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = NULL;

  g_mutex_lock (&self->lock);
  uri = g_strdup (self->uri);
  g_mutex_unlock (&self->lock);
  g_free (self->path);
  self->path = find_path (uri, &error);
  if (self->path == NULL)
    fail (self, error->message);
  return self->path != NULL;
}

/* --- the hub --- */

static void
on_lost (gpointer user)
{
  ViaPlayerEndpoint *self = user;
  g_autofree gchar *hub = via_common_get_hub (&self->common);

  if (GST_STATE (self) > GST_STATE_READY)
    via_common_post (&self->common, GST_ELEMENT (self),
        gst_structure_new ("hub-lost", "hub", G_TYPE_STRING, hub, NULL));
}

/* FALSE: told. Without a parent it is tried once more, at READY→PAUSED. */
static gboolean
join (ViaPlayerEndpoint *self, gboolean is_last_try)
{
  static const ViaMemberFuncs funcs = {.lost = on_lost};
  g_autofree gchar *hub = via_common_get_hub (&self->common);
  g_auto (ViaCommonWho) who = {0};
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaExchange) exchange = NULL;

  if (hub == NULL || self->member != NULL)
    return TRUE;
  exchange = via_join_find (GST_ELEMENT (self), hub, &error);
  via_common_who (&self->common, GST_ELEMENT (self), &who);
  if (exchange != NULL)
    self->member =
        via_exchange_join_as (exchange, NULL, &who.who, &funcs, self, &error);
  via_common_present (&self->common, self->member);
  if (self->member != NULL)
    return TRUE;
  if (!is_last_try && g_error_matches (error, VIA_ERROR, VIA_ERROR_STATE))
    return TRUE;
  fail (self, error->message);
  return FALSE;
}

/* --- states --- */

static gboolean
is_looping (ViaPlayerEndpoint *self)
{
  gboolean is_loop;

  g_mutex_lock (&self->lock);
  is_loop = self->is_loop;
  g_mutex_unlock (&self->lock);
  return is_loop;
}

/* The first time it plays; after a pause reading just goes on. */
static gboolean
begin (ViaPlayerEndpoint *self)
{
  gboolean ok = TRUE;

  g_mutex_lock (&self->reading);
  if (self->source == NULL && !self->is_over) {
    self->source =
        via_source_new (GST_BIN (self), self->path, &source_funcs, self);
    via_source_set_loop (self->source, is_looping (self));
    ok = via_source_start (self->source);
  }
  g_mutex_unlock (&self->reading);
  return ok;
}

/* No more tracks come from now on. */
static void
close_source (ViaPlayerEndpoint *self)
{
  g_mutex_lock (&self->reading);
  if (self->source != NULL)
    via_source_close (self->source);
  g_mutex_unlock (&self->reading);
}

/* The tracks no longer block. */
static void
end_reading (ViaPlayerEndpoint *self)
{
  g_autoptr (GPtrArray) tracks = NULL;
  ViaSource *source;

  g_mutex_lock (&self->reading);
  source = g_steal_pointer (&self->source);
  g_mutex_unlock (&self->reading);
  if (source != NULL)
    via_source_free (source);
  g_mutex_lock (&self->lock);
  tracks = g_steal_pointer (&self->tracks);
  self->tracks = g_ptr_array_new ();
  self->is_complete = FALSE;
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < tracks->len; i++)
    via_player_track_free (g_ptr_array_index (tracks, i));
}

/* What went wrong the last time may be told again. */
static void
forget_failure (ViaPlayerEndpoint *self)
{
  g_mutex_lock (&self->lock);
  self->has_failed = FALSE;
  g_mutex_unlock (&self->lock);
}

static void
forget_end (ViaPlayerEndpoint *self)
{
  g_mutex_lock (&self->reading);
  self->is_over = FALSE;
  g_mutex_unlock (&self->reading);
  via_eos_reset (&self->common);
}

static gboolean
go_up (ViaPlayerEndpoint *self, GstStateChange transition)
{
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      forget_failure (self);
      return choose_file (self) && join (self, FALSE);
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      forget_failure (self);
      forget_end (self);
      return join (self, TRUE);
    default:
      return TRUE;
  }
}

static void
leave (ViaPlayerEndpoint *self)
{
  via_common_absent (&self->common, self->member);
  via_member_leave (g_steal_pointer (&self->member));
}

static GstStateChangeReturn
via_player_endpoint_change_state (
    GstElement *element, GstStateChange transition)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (element);
  GstStateChangeReturn ret;

  if (!go_up (self, transition)) {
    if (transition == GST_STATE_CHANGE_NULL_TO_READY)
      leave (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    close_source (self);
  ret = GST_ELEMENT_CLASS (via_player_endpoint_parent_class)
            ->change_state (element, transition);
  switch (transition) {
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      if (ret != GST_STATE_CHANGE_FAILURE && !begin (self))
        return GST_STATE_CHANGE_FAILURE;
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      end_reading (self);
      break;
    case GST_STATE_CHANGE_READY_TO_NULL:
      leave (self);
      break;
    case GST_STATE_CHANGE_READY_TO_PAUSED:
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      if (ret != GST_STATE_CHANGE_FAILURE)
        ret = GST_STATE_CHANGE_NO_PREROLL;
      break;
    default:
      break;
  }
  return ret;
}

/* --- ends and messages --- */

/* EOS from the application: nothing more goes out, viewers are told, done. */
static void
finish (ViaPlayerEndpoint *self)
{
  g_mutex_lock (&self->reading);
  self->is_over = TRUE;
  if (self->source != NULL)
    via_source_mute (self->source);
  g_mutex_unlock (&self->reading);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tracks->len; i++)
    via_player_track_end (g_ptr_array_index (self->tracks, i));
  g_mutex_unlock (&self->lock);
  via_eos_post (&self->common, GST_ELEMENT (self));
}

static gboolean
via_player_endpoint_send_event (GstElement *element, GstEvent *event)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (element);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_EOS:
      gst_event_unref (event);
      finish (self);
      return TRUE;
    case GST_EVENT_SEEK: /* a live source: the pipeline cannot seek it */
      gst_event_unref (event);
      return FALSE;
    default:
      return via_eos_send_event (element, event);
  }
}

/* A child's error as ours, with the file's name. (transfer full) */
static GstMessage *
adopt_error (ViaPlayerEndpoint *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) ours = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_SRC (message) == GST_OBJECT (self))
    return message;
  gst_message_parse_error (message, &error, &debug);
  gst_message_unref (message);
  ours = g_error_new (
      error->domain, error->code, "%s: %s", self->path, error->message);
  return gst_message_new_error (GST_OBJECT (self), ours, debug);
}

/* One ERROR: what children say after it is the same fault seen from further
 * up. */
static gboolean
via_player_endpoint_post_message (GstElement *element, GstMessage *message)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (element);
  gboolean is_first;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_mutex_lock (&self->lock);
    is_first = !self->has_failed;
    self->has_failed = TRUE;
    g_mutex_unlock (&self->lock);
    if (!is_first) {
      gst_message_unref (message);
      return TRUE;
    }
    message = adopt_error (self, message);
  }
  return GST_ELEMENT_CLASS (via_player_endpoint_parent_class)
      ->post_message (element, message);
}

static void
via_player_endpoint_handle_message (GstBin *bin, GstMessage *message)
{
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ASYNC_START: /* reading starts when PLAYING is reached */
    case GST_MESSAGE_ASYNC_DONE:
    case GST_MESSAGE_DURATION_CHANGED:
      gst_message_unref (message);
      break;
    default:
      via_eos_handle_message (bin, message);
  }
}

/* --- properties and life --- */

static void
set_loop (ViaPlayerEndpoint *self, gboolean is_loop)
{
  g_mutex_lock (&self->lock);
  self->is_loop = is_loop;
  g_mutex_unlock (&self->lock);
  g_mutex_lock (&self->reading);
  if (self->source != NULL)
    via_source_set_loop (self->source, is_loop);
  g_mutex_unlock (&self->reading);
}

static void
via_player_endpoint_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (object);

  switch (id) {
    case PROP_URI:
      g_mutex_lock (&self->lock);
      g_free (self->uri);
      self->uri = g_value_dup_string (value);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_LOOP:
      set_loop (self, g_value_get_boolean (value));
      break;
    case PROP_HUB:
      via_common_set_hub (&self->common, g_value_get_string (value));
      break;
    case PROP_APP_DATA:
      via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
      break;
    default:
      if (!via_common_set_tag_property (&self->common, object, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
via_player_endpoint_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (object);

  switch (id) {
    case PROP_URI:
      g_mutex_lock (&self->lock);
      g_value_set_string (value, self->uri);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_LOOP:
      g_mutex_lock (&self->lock);
      g_value_set_boolean (value, self->is_loop);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_HUB:
      g_value_take_string (value, via_common_get_hub (&self->common));
      break;
    case PROP_APP_DATA:
      g_value_take_string (value, via_common_get_app_data (&self->common));
      break;
    default:
      if (!via_common_get_tag_property (&self->common, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
via_player_endpoint_finalize (GObject *object)
{
  ViaPlayerEndpoint *self = VIA_PLAYER_ENDPOINT (object);

  g_ptr_array_unref (self->tracks);
  g_free (self->uri);
  g_free (self->path);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->reading);
  via_common_clear (&self->common);
  G_OBJECT_CLASS (via_player_endpoint_parent_class)->finalize (object);
}

static void
install_props (GObjectClass *klass)
{
  props[PROP_URI] = g_param_spec_string ("uri", "URI",
      "What is played: a file:// URI or the path of a file (MP4, WebM, "
      "Matroska, Ogg, MPEG-TS, AVI or WAV). NULL is an error when the element "
      "leaves NULL, which is also when a change takes effect",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  props[PROP_LOOP] = g_param_spec_boolean ("loop", "Loop",
      "TRUE: after its end the file begins again without a gap, for ever. "
      "FALSE: the element ends with EOS. Takes effect at once",
      FALSE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  props[PROP_HUB] = via_common_hub_spec ();
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  g_object_class_install_properties (klass, N_PROPS, props);
  via_common_install_tags (klass, FALSE);
}

static void
via_player_endpoint_class_init (ViaPlayerEndpointClass *klass)
{
  GObjectClass *object = G_OBJECT_CLASS (klass);
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  object->set_property = via_player_endpoint_set_property;
  object->get_property = via_player_endpoint_get_property;
  object->finalize = via_player_endpoint_finalize;
  install_props (object);
  element->change_state = via_player_endpoint_change_state;
  element->send_event = via_player_endpoint_send_event;
  element->post_message = via_player_endpoint_post_message;
  GST_BIN_CLASS (klass)->handle_message = via_player_endpoint_handle_message;
  gst_element_class_set_static_metadata (element, "Player endpoint",
      "Source/Network/WebRTC",
      "Plays a file into a hub at its own pace, copying what browsers take "
      "and transcoding what they do not",
      "The gst-via developers");
}

static void
via_player_endpoint_init (ViaPlayerEndpoint *self)
{
  via_common_init (&self->common, GST_ELEMENT (self));
  via_eos_init_bin (GST_BIN (self));
  g_mutex_init (&self->lock);
  g_mutex_init (&self->reading);
  self->tracks = g_ptr_array_new ();
}
