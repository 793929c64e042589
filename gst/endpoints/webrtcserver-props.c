/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-props.c – properties of webrtcserver.
 * Set = validate and store under the lock; what listens is read at
 * READY→PAUSED, what viewers get at each viewer's offer.
 */
#include "endpoints/webrtcserver-private.h"

#include "endpoints/configprops.h"
#include "endpoints/enums.h"

enum
{
  PROP_0,
  PROP_APP_DATA,
  PROP_HUB,
  PROP_ADDRESS,
  PROP_PORT,
  PROP_PATH,
  PROP_PAGE,
  PROP_MAX_PEERS,
  PROP_SINGLE_PORT,
  PROP_DATA_CHANNELS,
  N_PROPS
};

static GParamSpec *props[N_PROPS];

/* NULL or "" means @fallback. Call with self->lock held. */
static void
set_text_locked (gchar **field, const gchar *value, const gchar *fallback)
{
  gboolean is_unset = value == NULL || *value == '\0';

  g_free (*field);
  *field = g_strdup (is_unset ? fallback : value);
}

static void
set_listening (ViaWebrtcServer *self, guint id, const GValue *value)
{
  g_mutex_lock (&self->lock);
  if (id == PROP_ADDRESS)
    set_text_locked (&self->set.address, g_value_get_string (value),
        VIA_WEBRTC_SERVER_ADDRESS);
  else if (id == PROP_PATH)
    set_text_locked (
        &self->set.path, g_value_get_string (value), VIA_WEBRTC_SERVER_PATH);
  else if (id == PROP_PAGE)
    self->set.page = g_value_get_enum (value);
  else if (id == PROP_PORT)
    self->set.port = g_value_get_uint (value);
  else if (id == PROP_SINGLE_PORT)
    self->set.single_port = g_value_get_uint (value);
  else
    self->set.max_peers = g_value_get_uint (value);
  g_mutex_unlock (&self->lock);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (object);

  switch (id) {
    case PROP_APP_DATA:
      via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
      via_webrtc_server_tell_app_data (self);
      break;
    case PROP_HUB:
      via_common_set_hub (&self->common, g_value_get_string (value));
      break;
    case PROP_ADDRESS:
    case PROP_PORT:
    case PROP_PATH:
    case PROP_PAGE:
    case PROP_MAX_PEERS:
    case PROP_SINGLE_PORT:
      set_listening (self, id, value);
      break;
    case PROP_DATA_CHANNELS:
      via_webrtc_server_set_labels (self, g_value_get_string (value));
      break;
    default:
      if (via_mediaprops_set_property (&self->media, id, value))
        via_webrtc_server_use_media (self);
      else if (!via_access_set_property (&self->access, object, id, value)
               && !via_common_set_tag_property (
                   &self->common, object, id, value)
               && !via_transport_set_property (&self->transport, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (object);

  if (id == PROP_APP_DATA || id == PROP_HUB) {
    g_value_take_string (value, id == PROP_HUB
                                    ? via_common_get_hub (&self->common)
                                    : via_common_get_app_data (&self->common));
    return;
  }
  if (via_common_get_tag_property (&self->common, id, value)
      || via_access_get_property (&self->access, id, value)
      || via_transport_get_property (&self->transport, id, value)
      || via_mediaprops_get_property (&self->media, id, value))
    return;
  g_mutex_lock (&self->lock);
  switch (id) {
    case PROP_ADDRESS:
      g_value_set_string (value, self->set.address);
      break;
    case PROP_PORT:
      g_value_set_uint (
          value, self->bound_port > 0 ? self->bound_port : self->set.port);
      break;
    case PROP_PATH:
      g_value_set_string (value, self->set.path);
      break;
    case PROP_PAGE:
      g_value_set_enum (value, self->set.page);
      break;
    case PROP_MAX_PEERS:
      g_value_set_uint (value, self->set.max_peers);
      break;
    case PROP_SINGLE_PORT:
      g_value_set_uint (value, self->set.single_port);
      break;
    case PROP_DATA_CHANNELS:
      g_value_set_string (value, self->set.data_channels);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  g_mutex_unlock (&self->lock);
}

static void
install_listening_props (void)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  props[PROP_ADDRESS] = g_param_spec_string ("address", "Address",
      "IP address to listen on. The default can be reached from this machine "
      "only and is plain HTTP; any other address (0.0.0.0 for all) is served "
      "by HTTPS with a certificate of its own, made at the first start, whose "
      "SHA-256 is printed. Without tokens anyone who reaches the address can watch and publish. Takes "
      "effect at READY to PAUSED",
      VIA_WEBRTC_SERVER_ADDRESS, flags);
  props[PROP_PORT] = g_param_spec_uint ("port", "Port",
      "TCP port to listen on; 0 takes any free one, and reads back as the one "
      "taken. Takes effect at READY to PAUSED",
      0, G_MAXUINT16, VIA_WEBRTC_SERVER_PORT, flags);
  props[PROP_PATH] = g_param_spec_string ("path", "Path",
      "First part of every address: the pages are /PATH/watch, "
      "/PATH/publish, /PATH/talkback and /PATH/conference, WHEP is at /PATH/whep, WHIP at "
      "/PATH/whip, the room's WebSocket at /PATH/ws. Letters, "
      "digits, '-', '_' and '.'. Takes effect at READY to PAUSED",
      VIA_WEBRTC_SERVER_PATH, flags);
  props[PROP_PAGE] = g_param_spec_enum ("page", "Page",
      "Which page /PATH/ shows: the one to watch, the one to publish, the one to "
      "watch and to talk back, or the conference. Takes effect at READY to PAUSED",
      VIA_TYPE_SERVER_PAGE, VIA_SERVER_PAGE_WATCH, flags);
  props[PROP_MAX_PEERS] = g_param_spec_uint ("max-peers", "Most peers",
      "How many viewers, publishers and members of the room there may be at "
      "once; one more is answered 503, or error in the room. 0: no limit. Takes effect at READY to PAUSED",
      0, G_MAXUINT, 0, flags);
  props[PROP_SINGLE_PORT] = g_param_spec_uint ("single-port", "Single port",
      "UDP and TCP port that carries the media of all peers, by ICE-lite: the "
      "only one a firewall must open beside the pages'. Listens at address, "
      "or, if that is this machine only or 0.0.0.0, at every address that can "
      "be reached from elsewhere. Not used where ice-transport-policy is "
      "relay. 0: each peer has ports of its own. Takes effect at READY to "
      "PAUSED; an ERROR if the port is taken (RFC 8445 §2.5, RFC 6544)",
      0, G_MAXUINT16, 0, flags);
  props[PROP_DATA_CHANNELS] = g_param_spec_string ("data-channels",
      "Data channels",
      "Labels, separated by commas, of the data channels whose messages leave "
      "by source pads: data_src_0 has the first. What comes under any other "
      "label has no pad then. NULL: a pad for each label, as they are heard, "
      "64 at most. Takes effect at READY to PAUSED",
      NULL, flags);
  for (guint i = PROP_ADDRESS; i <= PROP_DATA_CHANNELS; i++)
    via_configprops_may_set (props[i]);
}

void
via_webrtc_server_install_properties (GObjectClass *object_class)
{
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_HUB] = via_common_hub_spec ();
  install_listening_props ();
  g_object_class_install_properties (object_class, N_PROPS, props);
  via_common_install_tags (object_class, FALSE);
  via_transport_install_properties (object_class);
  via_mediaprops_install_properties (object_class);
  via_access_install_properties (object_class);
}
