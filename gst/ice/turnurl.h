/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/turnurl.h – STUN and TURN servers as users write them.
 * Pure; errors never show the password.
 * RFC 7064 · RFC 7065 · Kurento's user:password@address:port[?transport=…]
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

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
  gchar *user, *password; /* decoded; NULL for STUN */
  ViaTurnTransport transport;
} ViaIceServer;

/* "user:password@host[:port][?transport=udp|tcp|tls]", "turn:user:pass@…",
 * "turns:…", "turn://…"; percent-escapes decoded; default ports 3478 and 5349.
 * The error names the value with the password replaced by "***". */
ViaIceServer *via_turn_url_parse (const gchar *text, GError **error);
/* "host", "host:port", "[v6]:port", "stun:host:port", "stun://host:port". */
ViaIceServer *via_stun_url_parse (const gchar *text, GError **error);
/* @text with every password replaced by "***". (transfer full) */
gchar *via_turn_url_mask (const gchar *text);
void via_ice_server_free (ViaIceServer *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaIceServer, via_ice_server_free)
