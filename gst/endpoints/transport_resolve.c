/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport_resolve.c – what comes of the properties when a peer is
 * negotiated: addresses, credentials, bridges.
 * RFC 8656 · draft-uberti-behave-turn-rest §2.2 (time-limited credentials)
 */
#include "endpoints/transport.h"

#include <string.h>

#include "endpoints/dscp.h"
#include "endpoints/enums.h"
#include "io/resolve.h"

#define CREDENTIALS_LIFE_S (24 * 3600)
#define REST_USER "via"
#define SHA1_LEN 20

typedef struct
{
  gboolean may_wait;
  gchar *secret, *authorities; /* (nullable) */
  gboolean verify;
  ViaTlsBridges *bridges; /* (nullable) */
} Means;

static gboolean
find_address (const Means *means, ViaIceServer *server, GError **error)
{
  return means->may_wait ? via_resolve_server (server, error)
                         : via_resolve_known (server, error);
}

void
via_transport_mint (ViaIceServer *server, const gchar *secret)
{
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) secret, strlen (secret));
  guint8 digest[SHA1_LEN];
  gsize len = sizeof digest;

  g_free (server->user);
  g_free (server->password);
  server->user = g_strdup_printf ("%" G_GINT64_FORMAT ":" REST_USER,
      g_get_real_time () / G_USEC_PER_SEC + CREDENTIALS_LIFE_S);
  g_hmac_update (hmac, (const guchar *) server->user, -1);
  g_hmac_get_digest (hmac, digest, &len);
  server->password = g_base64_encode (digest, len);
}

static gboolean
find_credentials (const Means *means, ViaIceServer *server, GError **error)
{
  if (server->password != NULL)
    return TRUE;
  if (means->secret == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "TURN server %s: user and password are needed, in turn-url or made "
        "from turn-secret",
        server->host);
    return FALSE;
  }
  via_transport_mint (server, means->secret);
  return TRUE;
}

/* libnice speaks to the near end of the bridge. */
static gboolean
find_bridge (
    const Means *means, ViaIceServer *server, const gchar *host, GError **error)
{
  ViaTlsBridgeConfig config = {.host = host,
      .address = server->host,
      .port = server->port,
      .ca_file = means->authorities,
      .verify = means->verify};
  guint16 port;

  if (means->bridges == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "TURN over TLS needs the element in READY or above");
    return FALSE;
  }
  port = via_tlsbridges_port (means->bridges, &config, error);
  if (port == 0)
    return FALSE;
  g_free (server->host);
  server->host = g_strdup ("127.0.0.1");
  server->port = port;
  server->transport = VIA_TURN_TCP;
  server->is_bridged = TRUE;
  return TRUE;
}

static gboolean
complete_turn (const Means *means, ViaIceServer *server, GError **error)
{
  g_autofree gchar *host = g_strdup (server->host);

  server->name = via_ice_server_name (server);
  return find_credentials (means, server, error)
         && find_address (means, server, error)
         && (server->transport != VIA_TURN_TLS
             || find_bridge (means, server, host, error));
}

/* --- servers --- */

/* @server: (transfer full) its name. */
static void
leave_out (ViaTransportConfig *out, gchar *server, const GError *why)
{
  g_free (out->missing);
  g_free (out->missing_server);
  out->missing = g_strdup (why->message);
  out->missing_server = server;
}

static gboolean
find_stun (const Means *means, const gchar *text, ViaTransportConfig *out,
    GError **error)
{
  g_autoptr (ViaIceServer) server = NULL;
  g_autoptr (GError) why = NULL;

  if (text == NULL)
    return TRUE;
  server = via_stun_url_parse (text, error);
  if (server == NULL)
    return FALSE;
  server->name = via_ice_server_name (server);
  if (find_address (means, server, &why)) {
    out->stun = g_steal_pointer (&server);
    return TRUE;
  }
  if (means->may_wait) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  leave_out (out, via_ice_server_name (server), why);
  return TRUE;
}

/* One that cannot be used is left out if there is another, or if it is only
 * not known yet and not the only way. */
static gboolean
find_turn (const Means *means, const gchar *text, ViaTransportConfig *out,
    GError **error)
{
  g_autoptr (GError) why = NULL;
  guint n_all = 0, n = 0;

  if (text == NULL)
    return TRUE;
  out->turn = via_turn_urls_parse (text, error);
  if (out->turn == NULL)
    return FALSE;
  while (out->turn[n_all] != NULL)
    n_all++;
  for (guint i = 0; i < n_all; i++) {
    ViaIceServer *server = out->turn[i];

    out->turn[i] = NULL;
    /* A bridge connects and shakes hands before the server is asked. */
    out->ice.is_patient |= server->transport == VIA_TURN_TLS;
    if (why != NULL)
      g_clear_error (&why);
    if (complete_turn (means, server, &why)) {
      out->turn[n++] = server;
      continue;
    }
    leave_out (out, via_ice_server_name (server), why);
    via_ice_server_free (server);
    if (why->code == VIA_ERROR_SETTING)
      break; /* none of them will do better */
  }
  if (n > 0 || why == NULL)
    return TRUE;
  if (why->code == VIA_ERROR_STATE && !out->ice.relay_only && !means->may_wait)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* --- all of it --- */

static void
take_numbers (ViaTransport *self, ViaTransportConfig *out)
{
  g_autofree gchar *policy =
      via_transport_dup (self, VIA_SETTING_ICE_TRANSPORT_POLICY);
  g_autofree gchar *tcp = via_transport_dup (self, VIA_SETTING_ICE_TCP);
  g_autofree gchar *min = via_transport_dup (self, VIA_SETTING_MIN_PORT);
  g_autofree gchar *max = via_transport_dup (self, VIA_SETTING_MAX_PORT);
  g_autofree gchar *dscp = via_transport_dup (self, VIA_SETTING_QOS_DSCP);
  g_autofree gchar *role = via_transport_dup (self, VIA_SETTING_DTLS_ROLE);
  ViaDscp marks = {0};
  static const ViaSetup setups[] = {
      VIA_SETUP_ACTPASS, VIA_SETUP_ACTIVE, VIA_SETUP_PASSIVE};

  out->ice.relay_only =
      via_setting_enum (VIA_SETTING_ICE_TRANSPORT_POLICY, policy)
      == VIA_ICE_TRANSPORT_POLICY_RELAY;
  out->ice.tcp = via_setting_boolean (tcp);
  out->ice.min_port = (guint16) via_setting_number (min);
  out->ice.max_port = (guint16) via_setting_number (max);
  via_dscp_read (dscp, &marks, NULL);
  out->ice.audio_dscp = marks.audio;
  out->ice.video_dscp = marks.video;
  out->ice.dscp = marks.other;
  out->setup = setups[via_setting_enum (VIA_SETTING_DTLS_ROLE, role)];
}

static gboolean
take_texts (ViaTransport *self, ViaTransportConfig *out, GError **error)
{
  g_autofree gchar *profiles =
      via_transport_dup (self, VIA_SETTING_SRTP_PROFILES);

  out->external_ipv4 = via_transport_dup (self, VIA_SETTING_EXTERNAL_IPV4);
  out->external_ipv6 = via_transport_dup (self, VIA_SETTING_EXTERNAL_IPV6);
  out->interfaces = via_transport_dup (self, VIA_SETTING_NETWORK_INTERFACES);
  out->ice.external_ipv4 = out->external_ipv4;
  out->ice.external_ipv6 = out->external_ipv6;
  out->ice.interfaces = out->interfaces;
  return via_setting_profiles (profiles, out->srtp_profiles, error);
}

static void
means_clear (Means *means)
{
  if (means->secret != NULL)
    explicit_bzero (means->secret, strlen (means->secret));
  g_free (means->secret);
  g_free (means->authorities);
  via_tlsbridges_unref (means->bridges);
}

gboolean
via_transport_resolve (ViaTransport *self, gboolean may_wait,
    ViaTransportConfig *out, GError **error)
{
  g_autofree gchar *stun = via_transport_dup (self, VIA_SETTING_STUN_SERVER);
  g_autofree gchar *turn = via_transport_dup (self, VIA_SETTING_TURN_URL);
  g_autofree gchar *verify =
      via_transport_dup (self, VIA_SETTING_TURN_TLS_VERIFY);
  Means means = {.may_wait = may_wait,
      .secret = via_transport_dup (self, VIA_SETTING_TURN_SECRET),
      .authorities = via_transport_dup (self, VIA_SETTING_TURN_TLS_CA),
      .verify = via_setting_boolean (verify)};
  gboolean is_ok;

  g_mutex_lock (&self->lock);
  if (self->bridges != NULL)
    means.bridges = via_tlsbridges_ref (self->bridges);
  g_mutex_unlock (&self->lock);
  take_numbers (self, out);
  is_ok = take_texts (self, out, error) && find_stun (&means, stun, out, error)
          && find_turn (&means, turn, out, error);
  out->ice.stun = out->stun;
  out->ice.turn = (const ViaIceServer *const *) out->turn;
  means_clear (&means);
  if (turn != NULL)
    explicit_bzero (turn, strlen (turn));
  return is_ok;
}

void
via_transport_prepare (ViaTransport *self)
{
  g_autofree gchar *stun = via_transport_dup (self, VIA_SETTING_STUN_SERVER);
  g_autofree gchar *turn = via_transport_dup (self, VIA_SETTING_TURN_URL);
  g_autoptr (ViaIceServer) one =
      stun != NULL ? via_stun_url_parse (stun, NULL) : NULL;
  ViaIceServer **several =
      turn != NULL ? via_turn_urls_parse (turn, NULL) : NULL;

  if (one != NULL)
    via_resolve_known (one, NULL);
  for (guint i = 0; several != NULL && several[i] != NULL; i++)
    via_resolve_known (several[i], NULL);
  via_ice_servers_free (several);
}

void
via_transport_config_clear (ViaTransportConfig *self)
{
  g_clear_pointer (&self->stun, via_ice_server_free);
  g_clear_pointer (&self->turn, via_ice_servers_free);
  g_clear_pointer (&self->external_ipv4, g_free);
  g_clear_pointer (&self->external_ipv6, g_free);
  g_clear_pointer (&self->interfaces, g_free);
  g_clear_pointer (&self->missing, g_free);
  g_clear_pointer (&self->missing_server, g_free);
}

ViaIdentity *
via_transport_identity (ViaTransport *self, GError **error)
{
  g_autofree gchar *text = via_transport_dup (self, VIA_SETTING_CERTIFICATE);
  ViaIdentity *identity;
  gchar *pem;

  if (text == NULL)
    return via_identity_new (g_get_real_time () / G_USEC_PER_SEC, error);
  pem = via_setting_pem (text, error);
  if (pem == NULL) {
    g_prefix_error (error, "certificate: ");
    return NULL;
  }
  identity = via_identity_from_pem (pem, error);
  if (identity == NULL)
    g_prefix_error (error, "certificate: ");
  explicit_bzero (pem, strlen (pem));
  g_free (pem);
  return identity;
}
