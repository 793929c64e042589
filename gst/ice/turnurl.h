/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/turnurl.h – STUN and TURN servers as users write them.
 * Pure; errors never show the password.
 * RFC 7064 · RFC 7065 · Kurento's user:password@address:port[?transport=…]
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_TURN_URLS_MAX 8 /* libnice's own bound */

typedef enum
{
  VIA_TURN_UDP,
  VIA_TURN_TCP,
  VIA_TURN_TLS,
} ViaTurnTransport;

typedef struct
{
  gchar *host; /* without brackets */
  guint16 port;
  gchar *user, *password; /* decoded; NULL for STUN, and with a secret */
  ViaTurnTransport transport;
  gchar *name;         /* (nullable) what it is called, if not by the above */
  gboolean is_bridged; /* host and port are of the near end of a TLS bridge,
                          which tells its own failures */
} ViaIceServer;

/* "user:password@host[:port][?transport=udp|tcp|tls]", "turn:user:pass@…",
 * "turns:…", "turn://…"; percent-escapes decoded; default ports 3478 and 5349.
 * The error names the value with the password replaced by "***". */
ViaIceServer *via_turn_url_parse (const gchar *text, GError **error);
/* A Unix time in front of the user's name belongs to it, as coturn's REST
 * users have it: "1700000000:alice:password@host".
 * Several of them, comma-separated, ended by NULL; "turn:host" and "turns:host"
 * alone too: their credentials are made from a secret. A comma stays in a
 * password as long as what is before it is no server of its own. */
ViaIceServer **via_turn_urls_parse (const gchar *text, GError **error);
/* "host", "host:port", "[v6]:port", "stun:host:port", "stun://host:port". */
ViaIceServer *via_stun_url_parse (const gchar *text, GError **error);
/* @text with every password replaced by "***". (transfer full) */
gchar *via_turn_url_mask (const gchar *text);
/* The same of several; what cannot be read shows least. (transfer full) */
gchar *via_turn_urls_mask (const gchar *text);
/* For messages: "turn.example.com:3478/udp". (transfer full) */
gchar *via_ice_server_name (const ViaIceServer *self);
ViaIceServer *via_ice_server_copy (const ViaIceServer *self);
void via_ice_servers_free (ViaIceServer **self);
void via_ice_server_free (ViaIceServer *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaIceServer, via_ice_server_free)
