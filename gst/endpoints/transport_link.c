/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport_link.c – the ICE servers of the properties as a Link
 * header, for pages. Knows no HTTP.
 * RFC 9725 §4.6 · RFC 8288 §3 · RFC 7064 · RFC 7065
 */
#include "endpoints/transport.h"

#include <string.h>

static void
append_server (GString *out, const gchar *scheme, const ViaIceServer *server)
{
  gboolean is_v6 = strchr (server->host, ':') != NULL;

  g_string_append_printf (out, "%s<%s:%s%s%s:%u", out->len > 0 ? ", " : "",
      scheme, is_v6 ? "[" : "", server->host, is_v6 ? "]" : "", server->port);
}

static void
append_turn (GString *out, ViaIceServer *server, const gchar *secret)
{
  append_server (
      out, server->transport == VIA_TURN_TLS ? "turns" : "turn", server);
  via_transport_mint (server, secret);
  g_string_append_printf (out,
      "?transport=%s>; rel=\"ice-server\"; username=\"%s\"; "
      "credential=\"%s\"; credential-type=\"password\"",
      server->transport == VIA_TURN_UDP ? "udp" : "tcp", server->user,
      server->password);
}

static void
append_stun (GString *out, const gchar *text)
{
  g_autoptr (ViaIceServer) server = via_stun_url_parse (text, NULL);

  if (server == NULL)
    return;
  append_server (out, "stun", server);
  g_string_append (out, ">; rel=\"ice-server\"");
}

gchar *
via_transport_link (ViaTransport *self)
{
  g_autofree gchar *stun = via_transport_dup (self, VIA_SETTING_STUN_SERVER);
  g_autofree gchar *turn = via_transport_dup (self, VIA_SETTING_TURN_URL);
  g_autofree gchar *secret = via_transport_dup (self, VIA_SETTING_TURN_SECRET);
  ViaIceServer **servers =
      turn != NULL && secret != NULL ? via_turn_urls_parse (turn, NULL) : NULL;
  GString *out = g_string_new (NULL);

  if (stun != NULL)
    append_stun (out, stun);
  for (guint i = 0; servers != NULL && servers[i] != NULL; i++)
    if (servers[i]->password == NULL)
      append_turn (out, servers[i], secret);
  via_ice_servers_free (servers);
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  return g_string_free (out, out->len == 0);
}
