/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-props.c – properties of webrtcserver.
 * Set = validate and store under the lock; what listens is read at
 * READY→PAUSED, what viewers get at each viewer's offer.
 */
#include "endpoints/webrtcserver-private.h"

#include "endpoints/enums.h"
#include "ice/turnurl.h"

enum
{
  PROP_0,
  PROP_APP_DATA,
  PROP_HUB,
  PROP_ADDRESS,
  PROP_PORT,
  PROP_PATH,
  PROP_MAX_PEERS,
  PROP_STUN_SERVER,
  PROP_TURN_URL,
  PROP_ICE_TRANSPORT_POLICY,
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

/* Stores @value if it reads as a server; what it prints has no password. */
static void
set_ice_server (ViaWebrtcServer *self, gchar **field, const gchar *value,
    ViaIceServer *(*parse) (const gchar *text, GError **error))
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaIceServer) server = NULL;

  if (value != NULL && *value != '\0'
      && (server = parse (value, &error)) == NULL) {
    g_warning ("%s refused, the old value stays: %s",
        field == &self->set.turn_url ? "turn-url" : "stun-server",
        error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  set_text_locked (field, value, NULL);
  g_mutex_unlock (&self->lock);
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
  else if (id == PROP_PORT)
    self->set.port = g_value_get_uint (value);
  else if (id == PROP_MAX_PEERS)
    self->set.max_peers = g_value_get_uint (value);
  else
    self->set.policy = g_value_get_enum (value);
  g_mutex_unlock (&self->lock);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaWebrtcServer *self = VIA_WEBRTC_SERVER (object);

  switch (id) {
    case PROP_APP_DATA:
      via_common_set_app_data (&self->common, NULL, g_value_get_string (value));
      break;
    case PROP_HUB:
      via_common_set_hub (&self->common, g_value_get_string (value));
      break;
    case PROP_ADDRESS:
    case PROP_PORT:
    case PROP_PATH:
    case PROP_MAX_PEERS:
    case PROP_ICE_TRANSPORT_POLICY:
      set_listening (self, id, value);
      break;
    case PROP_STUN_SERVER:
      set_ice_server (self, &self->set.stun_server, g_value_get_string (value),
          via_stun_url_parse);
      break;
    case PROP_TURN_URL:
      set_ice_server (self, &self->set.turn_url, g_value_get_string (value),
          via_turn_url_parse);
      break;
    default:
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
    case PROP_MAX_PEERS:
      g_value_set_uint (value, self->set.max_peers);
      break;
    case PROP_STUN_SERVER:
      g_value_set_string (value, self->set.stun_server);
      break;
    case PROP_TURN_URL:
      if (self->set.turn_url != NULL)
        g_value_take_string (value, via_turn_url_mask (self->set.turn_url));
      break;
    case PROP_ICE_TRANSPORT_POLICY:
      g_value_set_enum (value, self->set.policy);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  g_mutex_unlock (&self->lock);
}

void
via_webrtc_server_configure (ViaWebrtcServer *self, GstElement *child)
{
  g_autofree gchar *stun = NULL;
  g_autofree gchar *turn = NULL;
  gint policy;

  g_mutex_lock (&self->lock);
  stun = g_strdup (self->set.stun_server);
  turn = g_strdup (self->set.turn_url);
  policy = self->set.policy;
  g_mutex_unlock (&self->lock);
  g_object_set (child, "stun-server", stun, "turn-url", turn,
      "ice-transport-policy", policy, NULL);
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
      "SHA-256 is printed. Anyone who reaches the address can watch. Takes "
      "effect at READY to PAUSED",
      VIA_WEBRTC_SERVER_ADDRESS, flags);
  props[PROP_PORT] = g_param_spec_uint ("port", "Port",
      "TCP port to listen on; 0 takes any free one, and reads back as the one "
      "taken. Takes effect at READY to PAUSED",
      0, G_MAXUINT16, VIA_WEBRTC_SERVER_PORT, flags);
  props[PROP_PATH] = g_param_spec_string ("path", "Path",
      "First part of every address: the page is at /PATH/, WHEP at "
      "/PATH/whep. Letters, digits, '-', '_' and '.'. Takes effect at READY "
      "to PAUSED",
      VIA_WEBRTC_SERVER_PATH, flags);
  props[PROP_MAX_PEERS] = g_param_spec_uint ("max-peers", "Most peers",
      "How many viewers there may be at once; one more is answered 503. 0: no "
      "limit. Takes effect at READY to PAUSED",
      0, G_MAXUINT, 0, flags);
}

static void
install_transport_props (void)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  props[PROP_STUN_SERVER] = g_param_spec_string ("stun-server", "STUN server",
      "host, host:port or stun:host:port (port 3478 by default) to learn our "
      "public address from, for each viewer. NULL: none is asked, there is no "
      "default server. Takes effect with the next viewer; a bad value is "
      "refused and the old one stays (RFC 7064)",
      NULL, flags);
  props[PROP_TURN_URL] = g_param_spec_string ("turn-url", "TURN server",
      "user:password@host:port of a TURN server (UDP) that relays media for "
      "each viewer; percent-escapes are decoded. The password reads back as "
      "***. NULL: none. Takes effect with the next viewer; a bad value is "
      "refused and the old one stays (RFC 8656)",
      NULL, flags);
  props[PROP_ICE_TRANSPORT_POLICY] =
      g_param_spec_enum ("ice-transport-policy", "ICE transport policy",
          "Which candidates viewers are given: all, or only those of the TURN "
          "server. Takes effect with the next viewer (RFC 9429 §4.1.1)",
          VIA_TYPE_ICE_TRANSPORT_POLICY, VIA_ICE_TRANSPORT_POLICY_ALL, flags);
}

void
via_webrtc_server_install_properties (GObjectClass *object_class)
{
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  props[PROP_APP_DATA] = via_common_app_data_spec ();
  props[PROP_HUB] = via_common_hub_spec ();
  install_listening_props ();
  install_transport_props ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}
