/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/gate.h – whose request it is and what it may do: address behind a proxy,
 * where the client believes to be, whose page asks, which roles its token has,
 * how often. For WHIP, WHEP, the room and statistics alike. The server's thread
 * only; knows no socket.
 * RFC 6454 (Origin) · RFC 6750 §3 · Fetch standard §3.2 (CORS)
 */
#pragma once

#include <libsoup/soup.h>
#include "base/time.h"
#include "http/auth.h"
#include "http/limits.h"
#include "http/reply.h"

G_BEGIN_DECLS

typedef struct _ViaGate ViaGate;

/* All nullable. */
typedef struct
{
  const gchar *tokens;          /* as via_auth_new */
  const gchar *allow_origin;    /* origins, separated by commas, or "*" */
  const gchar *public_url;      /* "https://tv.example[/below]" */
  const gchar *trusted_proxies; /* addresses or networks; NULL: this machine */
  guint max_rate;               /* requests a second of one address; 0: any */
} ViaGateConfig;

/* Errors: SETTING, names the value. (transfer full) */
ViaGate *via_gate_new (const ViaGateConfig *config, GError **error);
void via_gate_free (ViaGate *self);
/* Where the server is: told once it listens. */
void via_gate_listens (
    ViaGate *self, gboolean is_loopback, gboolean is_tls, guint port);
/* "https://tv.example/below", or NULL. */
const gchar *via_gate_public_url (const ViaGate *self);

/* The client's address: @peer, or what a trusted proxy says. (transfer full) */
gchar *via_gate_address (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers);
/* "http://host:port" (and what is before /PATH/), to make URLs absolute.
 * (transfer full) */
gchar *via_gate_base (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers);
/* Sets what every answer to @request carries: CORS, caching, closing. */
void via_gate_set_headers (const ViaGate *self, SoupMessageHeaders *request,
    SoupMessageHeaders *response);
/* FALSE: @request comes from a page that may not ask (403). */
gboolean via_gate_allows_page (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers);

/* TRUE: @headers came from this machine itself, through no proxy, for a name
 * that means it (a page elsewhere whose name was made to mean it does not). */
gboolean via_gate_is_local (GInetAddress *peer, SoupMessageHeaders *headers);
/* Fills in request's roles and has_token. FALSE: @reply says why it is refused
 * (401 for a token that is wrong, 429). @now: monotonic; @unix_s: the clock. A
 * request without a token passes with no role, if tokens are wanted. */
gboolean via_gate_enter (ViaGate *self, SoupMessageHeaders *headers,
    ViaRequest *request, ViaTime now, gint64 unix_s, ViaReply *reply);

/* FALSE: @reply is 401 (no token) or 403 (its role is another). */
gboolean via_gate_has_role (
    const ViaRequest *request, guint role, ViaReply *reply);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaGate, via_gate_free)
