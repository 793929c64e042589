/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recorderendpoint-props.c – properties of recorderendpoint.
 */
#include "endpoints/recorderendpoint-private.h"

#include "endpoints/configprops.h"

#define DEFAULT_TRACK_TIMEOUT_MS 2000

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_CONTAINER,
  PROP_TRACK_TIMEOUT,
  PROP_HUB,
  PROP_APP_DATA,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaRecorderEndpoint *self = VIA_RECORDER_ENDPOINT (object);

  switch (id) {
    case PROP_LOCATION:
      g_mutex_lock (&self->lock);
      g_free (self->location);
      self->location = g_value_dup_string (value);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_CONTAINER:
      g_mutex_lock (&self->lock);
      self->container = g_value_get_enum (value);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_TRACK_TIMEOUT:
      g_mutex_lock (&self->lock);
      self->track_timeout_ms = g_value_get_uint (value);
      g_mutex_unlock (&self->lock);
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

/* (transfer full) */
static GstStructure *
get_stats (ViaRecorderEndpoint *self)
{
  ViaRecording *recording = NULL;
  GstStructure *stats;

  g_mutex_lock (&self->lock);
  if (self->recording != NULL)
    recording = via_recording_ref (self->recording);
  g_mutex_unlock (&self->lock);
  if (recording != NULL) {
    stats = via_recording_stats (recording);
    via_recording_unref (recording);
  } else {
    stats = gst_structure_new ("via-recording-stats", "version", G_TYPE_UINT, 1,
        "state", G_TYPE_STRING, "off", NULL);
  }
  via_common_describe (&self->common, stats);
  return stats;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaRecorderEndpoint *self = VIA_RECORDER_ENDPOINT (object);

  switch (id) {
    case PROP_LOCATION:
      g_mutex_lock (&self->lock);
      g_value_set_string (value, self->location);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_CONTAINER:
      g_mutex_lock (&self->lock);
      g_value_set_enum (value, self->container);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_TRACK_TIMEOUT:
      g_mutex_lock (&self->lock);
      g_value_set_uint (value, self->track_timeout_ms);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_HUB:
      g_value_take_string (value, via_common_get_hub (&self->common));
      break;
    case PROP_APP_DATA:
      g_value_take_string (value, via_common_get_app_data (&self->common));
      break;
    case PROP_STATS:
      g_value_take_boxed (value, get_stats (self));
      break;
    default:
      if (!via_common_get_tag_property (&self->common, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

void
via_recorder_endpoint_install_props (GObjectClass *klass)
{
  const GParamFlags ready =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  klass->set_property = set_property;
  klass->get_property = get_property;
  props[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "Path of the file to write; one that is there is overwritten. It must be "
      "set. Takes effect on the way to PAUSED",
      NULL, ready);
  props[PROP_CONTAINER] = g_param_spec_enum ("container", "Container",
      "Format of the file; auto: WebM if location ends in .webm, else "
      "Matroska. WebM holds VP8, VP9 and Opus only. Takes effect on the way to "
      "PAUSED",
      VIA_TYPE_RECORDER_CONTAINER, VIA_RECORDER_CONTAINER_AUTO, ready);
  props[PROP_TRACK_TIMEOUT] = g_param_spec_uint ("track-timeout",
      "Track timeout",
      "How long (ms) the first frames wait for tracks that were announced and "
      "have sent nothing; then writing begins without them, and they join when "
      "they come. 0: they are not waited for. Takes effect on the way to "
      "PAUSED",
      0, G_MAXUINT, DEFAULT_TRACK_TIMEOUT_MS, ready);
  props[PROP_HUB] = via_common_hub_spec ();
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "A GstStructure via-recording-stats about the recording under way, or "
      "the last one",
      GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  via_configprops_may_set (props[PROP_CONTAINER]);
  via_configprops_may_set (props[PROP_TRACK_TIMEOUT]);
  g_object_class_install_properties (klass, N_PROPS, props);
  via_common_install_tags (klass, TRUE);
}

void
via_recorder_endpoint_init_props (ViaRecorderEndpoint *self)
{
  self->container = VIA_RECORDER_CONTAINER_AUTO;
  self->track_timeout_ms = DEFAULT_TRACK_TIMEOUT_MS;
}
