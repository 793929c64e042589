/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_check.c – judges settings and addresses before libnice sees them.
 * Knows no libnice.
 * RFC 8839 §5.4 (ice-ufrag, ice-pwd)
 */
#include "io/icewire_priv.h"
#include "ice/candidate.h"

#include <gio/gio.h>
#include <string.h>

static gboolean
check_turn (const ViaIceServer *turn, GError **error)
{
  if (!turn->host || !g_hostname_is_ip_address (turn->host)
      || turn->port == 0) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "TURN server \"%s\": an address and a port are needed here",
        turn->host);
    return FALSE;
  }
  if (!turn->user || !turn->password) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "TURN server \"%s\": user and password are needed", turn->host);
    return FALSE;
  }
  /* libnice's "TLS" is TCP in clear: nothing, rather than that. */
  if (turn->transport == VIA_TURN_TLS) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "TURN server \"%s\": TLS is not supported", turn->host);
    return FALSE;
  }
  return TRUE;
}

gboolean
via_icewire_check_config (const ViaIceConfig *config, GError **error)
{
  const ViaIceServer *stun = config->stun;

  if (config->max_port && config->min_port > config->max_port) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "min-port %u is above max-port %u", config->min_port, config->max_port);
    return FALSE;
  }
  if (stun
      && (!stun->host || !g_hostname_is_ip_address (stun->host)
          || stun->port == 0)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "STUN server \"%s\": an address and a port are needed here",
        stun->host);
    return FALSE;
  }
  for (guint i = 0; config->turn && config->turn[i]; i++) {
    if (i >= VIA_ICE_MAX_TURN) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
          "more than %u TURN servers", VIA_ICE_MAX_TURN);
      return FALSE;
    }
    if (!check_turn (config->turn[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_ice_text (const gchar *text, gsize min_len)
{
  gsize len = text ? strlen (text) : 0;

  if (len < min_len || len > 256)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return TRUE;
}

gboolean
via_icewire_check_credentials (
    const gchar *ufrag, const gchar *pwd, GError **error)
{
  if (is_ice_text (ufrag, 4) && is_ice_text (pwd, 22))
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_SYNTAX,
      "ICE credentials are not 4 and 22 to 256 letters, digits, + or / "
      "(RFC 8839 5.4)");
  return FALSE;
}

gboolean
via_icewire_is_usable_address (const gchar *text)
{
  g_autofree gchar *bare = g_strndup (text, strcspn (text, "%"));
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (bare);

  return address && !g_inet_address_get_is_link_local (address)
         && !g_inet_address_get_is_loopback (address);
}

gchar *
via_icewire_hide_related (gchar *text)
{
  ViaCandidate candidate;
  gboolean is_v6;

  if (!via_candidate_parse (&candidate, text, NULL))
    return text;
  is_v6 = strchr (candidate.address, ':') != NULL;
  g_strlcpy (candidate.related_address, is_v6 ? "::" : "0.0.0.0",
      sizeof candidate.related_address);
  candidate.related_port = 0;
  g_free (text);
  return via_candidate_to_string (&candidate);
}

gboolean
via_icewire_libnice_logs (void)
{
  static const GDebugKey own[] = {{"nice", 1}};
  static const GDebugKey glib[] = {{"libnice", 1}};

  return g_parse_debug_string (g_getenv ("NICE_DEBUG"), own, 1)
         || g_parse_debug_string (g_getenv ("G_MESSAGES_DEBUG"), glib, 1);
}
