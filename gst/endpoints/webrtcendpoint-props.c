/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-props.c – properties of webrtcendpoint.
 * Set = validate and store under the lock; used at the next negotiation.
 */
#include "endpoints/webrtcendpoint-private.h"

#include "endpoints/enums.h"

enum
{
  PROP_0,
  PROP_APP_DATA,
  PROP_HUB,
  PROP_PEER,
  PROP_CONNECTION_STATE,
  PROP_SIGNALING_STATE,
  PROP_LOCAL_DESCRIPTION,
  PROP_CURRENT_LOCAL_DESCRIPTION,
  PROP_STATS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

static void
set_peer (ViaWebrtcEndpoint *self, const gchar *value)
{
  g_mutex_lock (&self->lock);
  g_free (self->peer.name);
  self->peer.name = value != NULL && *value != '\0' ? g_strdup (value) : NULL;
  g_mutex_unlock (&self->lock);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (object);

  switch (id) {
    case PROP_APP_DATA:
      via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
      via_webrtc_endpoint_tell_app_data (self);
      break;
    case PROP_HUB:
      via_common_set_hub (&self->common, g_value_get_string (value));
      break;
    case PROP_PEER:
      set_peer (self, g_value_get_string (value));
      break;
    default:
      if (via_mediaprops_set_property (&self->media, id, value))
        via_webrtc_endpoint_use_media (self);
      else if (!via_webrtc_endpoint_set_signaling_property (self, id, value)
               && !via_common_set_tag_property (
                   &self->common, object, id, value)
               && !via_transport_set_property (&self->transport, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

/* What the session knows; defaults below READY. */
static void
get_from_session (ViaWebrtcEndpoint *self, guint id, GValue *value)
{
  g_rw_lock_reader_lock (&self->session_lock);
  if (id == PROP_CONNECTION_STATE)
    g_value_set_enum (value, self->session != NULL
                                 ? (gint) via_session_state (self->session)
                                 : VIA_CONNECTION_NEW);
  else if (id == PROP_SIGNALING_STATE)
    g_value_set_enum (value, self->session != NULL
                                 ? (gint) via_session_signaling (self->session)
                                 : VIA_SIGNALING_CLOSED);
  else if (self->session != NULL
           && (id == PROP_LOCAL_DESCRIPTION
               || id == PROP_CURRENT_LOCAL_DESCRIPTION))
    g_value_take_string (value, via_session_describe (self->session,
                                    id == PROP_CURRENT_LOCAL_DESCRIPTION));
  else if (self->session != NULL && id == PROP_STATS)
    g_value_take_boxed (value, via_session_stats (self->session));
  g_rw_lock_reader_unlock (&self->session_lock);
}

static void
get_stats (ViaWebrtcEndpoint *self, GValue *value)
{
  GstStructure *stats;

  get_from_session (self, PROP_STATS, value);
  stats = g_value_get_boxed (value);
  if (stats != NULL)
    via_common_describe (&self->common, stats);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaWebrtcEndpoint *self = VIA_WEBRTC_ENDPOINT (object);

  switch (id) {
    case PROP_APP_DATA:
      g_value_take_string (value, via_common_get_app_data (&self->common));
      break;
    case PROP_HUB:
      g_value_take_string (value, via_common_get_hub (&self->common));
      break;
    case PROP_PEER:
      g_mutex_lock (&self->lock);
      g_value_set_string (value, self->peer.name);
      g_mutex_unlock (&self->lock);
      break;
    case PROP_CONNECTION_STATE:
    case PROP_SIGNALING_STATE:
    case PROP_LOCAL_DESCRIPTION:
    case PROP_CURRENT_LOCAL_DESCRIPTION:
      get_from_session (self, id, value);
      break;
    case PROP_STATS:
      get_stats (self, value);
      break;
    default:
      if (!via_webrtc_endpoint_get_signaling_property (self, id, value)
          && !via_common_get_tag_property (&self->common, id, value)
          && !via_transport_get_property (&self->transport, id, value)
          && !via_mediaprops_get_property (&self->media, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

void
via_webrtc_endpoint_install_properties (GObjectClass *object_class)
{
  const GParamFlags read_only = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_HUB] = via_common_hub_spec ();
  props[PROP_PEER] = g_param_spec_string ("peer", "Peer",
      "Name of another webrtcendpoint of the same pipeline to call, without "
      "signalling of yours; looked for as hub is. If both name each other, one "
      "calls. NULL: offers and answers are yours to carry. Takes effect when "
      "the element leaves NULL",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  props[PROP_CONNECTION_STATE] =
      g_param_spec_enum ("connection-state", "Connection state",
          "Where the connection with the peer stands (ICE and DTLS together)",
          VIA_TYPE_CONNECTION_STATE, VIA_CONNECTION_NEW, read_only);
  props[PROP_SIGNALING_STATE] = g_param_spec_enum ("signaling-state",
      "Signaling state",
      "Where the negotiation stands; an offer of the peer that is processed in "
      "have-local-offer takes the place of ours",
      VIA_TYPE_SIGNALING_STATE, VIA_SIGNALING_CLOSED, read_only);
  props[PROP_LOCAL_DESCRIPTION] = g_param_spec_string ("local-description",
      "Local description",
      "Our SDP with every candidate gathered so far; NULL before negotiation",
      NULL, read_only);
  props[PROP_CURRENT_LOCAL_DESCRIPTION] = g_param_spec_string (
      "current-local-description", "Current local description",
      "The same of what both sides agreed on last, whatever offer of ours "
      "waits for its answer; NULL before (RFC 9429 §4.1.14)",
      NULL, read_only);
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of this peer, per m-line: packets, bytes, loss, round trip "
      "time, requests, drops by reason (structure via-peer-stats); NULL in "
      "state NULL",
      GST_TYPE_STRUCTURE, read_only);
  g_object_class_install_properties (object_class, N_PROPS, props);
  via_common_install_tags (object_class, TRUE);
  via_transport_install_properties (object_class);
  via_mediaprops_install_properties (object_class);
  via_webrtc_endpoint_install_signaling (object_class);
}
