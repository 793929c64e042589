/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport.c – the properties that say how packets travel (STUN,
 * TURN, which candidates): the same ones of webrtcendpoint and webrtcserver.
 * Set = validate and store under the lock; used at the next negotiation.
 * RFC 7064 · RFC 8656 · RFC 9429 §4.1.1
 */
#include "endpoints/transport.h"

#include <gst/gst.h>

#include "endpoints/enums.h"
#include "io/resolve.h"

enum
{
  PROP_STUN_SERVER = 0x100,
  PROP_TURN_URL,
  PROP_ICE_TRANSPORT_POLICY,
};

void
via_transport_init (ViaTransport *self)
{
  g_mutex_init (&self->lock);
  self->policy = VIA_ICE_TRANSPORT_POLICY_ALL;
}

void
via_transport_clear (ViaTransport *self)
{
  g_clear_pointer (&self->stun_server, g_free);
  g_clear_pointer (&self->turn_url, g_free);
  g_mutex_clear (&self->lock);
}

/* Stores @value in @field if @parse takes it; the error it prints has no
 * password in it. */
static void
set_server (ViaTransport *self, gchar **field, const gchar *value,
    ViaIceServer *(*parse) (const gchar *text, GError **error))
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaIceServer) server = NULL;
  gboolean is_unset = value == NULL || *value == '\0';

  if (!is_unset && (server = parse (value, &error)) == NULL) {
    g_warning ("%s refused, the old value stays: %s",
        field == &self->turn_url ? "turn-url" : "stun-server", error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  g_free (*field);
  *field = is_unset ? NULL : g_strdup (value);
  g_mutex_unlock (&self->lock);
}

gboolean
via_transport_set_property (ViaTransport *self, guint id, const GValue *value)
{
  switch (id) {
    case PROP_STUN_SERVER:
      set_server (self, &self->stun_server, g_value_get_string (value),
          via_stun_url_parse);
      return TRUE;
    case PROP_TURN_URL:
      set_server (self, &self->turn_url, g_value_get_string (value),
          via_turn_url_parse);
      return TRUE;
    case PROP_ICE_TRANSPORT_POLICY:
      g_mutex_lock (&self->lock);
      self->policy = g_value_get_enum (value);
      g_mutex_unlock (&self->lock);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
via_transport_get_property (ViaTransport *self, guint id, GValue *value)
{
  gboolean is_ours = TRUE;

  g_mutex_lock (&self->lock);
  switch (id) {
    case PROP_STUN_SERVER:
      g_value_set_string (value, self->stun_server);
      break;
    case PROP_TURN_URL:
      if (self->turn_url != NULL)
        g_value_take_string (value, via_turn_url_mask (self->turn_url));
      break;
    case PROP_ICE_TRANSPORT_POLICY:
      g_value_set_enum (value, self->policy);
      break;
    default:
      is_ours = FALSE;
  }
  g_mutex_unlock (&self->lock);
  return is_ours;
}

void
via_transport_copy (ViaTransport *self, ViaTransport *from)
{
  g_autofree gchar *stun_server = NULL;
  g_autofree gchar *turn_url = NULL;
  gint policy;

  g_mutex_lock (&from->lock);
  stun_server = g_strdup (from->stun_server);
  turn_url = g_strdup (from->turn_url);
  policy = from->policy;
  g_mutex_unlock (&from->lock);
  g_mutex_lock (&self->lock);
  g_free (self->stun_server);
  self->stun_server = g_steal_pointer (&stun_server);
  g_free (self->turn_url);
  self->turn_url = g_steal_pointer (&turn_url);
  self->policy = policy;
  g_mutex_unlock (&self->lock);
}

/* @url as a server, its name resolved; FALSE: it cannot be, or not yet. */
static gboolean
resolve (const gchar *url,
    ViaIceServer *(*parse) (const gchar *text, GError **error),
    gboolean may_wait, ViaIceServer **out, GError **error)
{
  g_autoptr (ViaIceServer) server = NULL;

  if (url == NULL)
    return TRUE;
  server = parse (url, error);
  if (server == NULL
      || !(may_wait ? via_resolve_server (server, error)
                    : via_resolve_known (server, error)))
    return FALSE;
  *out = g_steal_pointer (&server);
  return TRUE;
}

gboolean
via_transport_resolve (ViaTransport *self, gboolean may_wait,
    ViaTransportConfig *out, GError **error)
{
  g_autofree gchar *stun = NULL;
  g_autofree gchar *turn = NULL;
  g_autoptr (GError) why = NULL;

  g_mutex_lock (&self->lock);
  stun = g_strdup (self->stun_server);
  turn = g_strdup (self->turn_url);
  out->relay_only = self->policy == VIA_ICE_TRANSPORT_POLICY_RELAY;
  g_mutex_unlock (&self->lock);
  if (!resolve (stun, via_stun_url_parse, may_wait, &out->stun, &why)) {
    if (may_wait)
      goto fail;
    out->missing = g_strdup (why->message);
    g_clear_error (&why);
  }
  if (!resolve (turn, via_turn_url_parse, may_wait, &out->turn, &why)) {
    if (may_wait || out->relay_only)
      goto fail;
    g_free (out->missing);
    out->missing = g_strdup (why->message);
  }
  return TRUE;
fail:
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

void
via_transport_prepare (ViaTransport *self)
{
  g_auto (ViaTransportConfig) config = {0};

  via_transport_resolve (self, FALSE, &config, NULL);
}

void
via_transport_config_clear (ViaTransportConfig *self)
{
  g_clear_pointer (&self->stun, via_ice_server_free);
  g_clear_pointer (&self->turn, via_ice_server_free);
  g_clear_pointer (&self->missing, g_free);
}

void
via_transport_install_properties (GObjectClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  g_object_class_install_property (klass, PROP_STUN_SERVER,
      g_param_spec_string ("stun-server", "STUN server",
          "host, host:port or stun:host:port (port 3478 by default) to learn "
          "our public address from. NULL: none is asked, there is no default "
          "server. Takes effect at the next negotiation (of a server: with its "
          "next viewer); a bad value is refused and the old one stays "
          "(RFC 7064)",
          NULL, flags));
  g_object_class_install_property (klass, PROP_TURN_URL,
      g_param_spec_string ("turn-url", "TURN server",
          "user:password@host:port of a TURN server (UDP) that relays media; "
          "percent-escapes are decoded. The password reads back as ***. NULL: "
          "none. Takes effect at the next negotiation (of a server: with its "
          "next viewer); a bad value is refused and the old one stays "
          "(RFC 8656)",
          NULL, flags));
  g_object_class_install_property (klass, PROP_ICE_TRANSPORT_POLICY,
      g_param_spec_enum ("ice-transport-policy", "ICE transport policy",
          "Which candidates are used: all, or only those of the TURN server. "
          "Takes effect at the next negotiation (of a server: with its next "
          "viewer) (RFC 9429 §4.1.1)",
          VIA_TYPE_ICE_TRANSPORT_POLICY, VIA_ICE_TRANSPORT_POLICY_ALL, flags));
}
