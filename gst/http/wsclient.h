/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wsclient.h – libsoup's WebSocket client: one socket at a time, text out
 * and in. Decides nothing: when to open it again is its user's.
 * RFC 6455 · RFC 6750 (bearer tokens) · RFC 7617 (Basic)
 */
#pragma once

#include "http/dial.h"

G_BEGIN_DECLS

typedef struct _ViaWsClient ViaWsClient;

/* On the thread of the client's context; may free nothing. */
typedef struct
{
  void (*opened) (gpointer user);
  void (*text) (gpointer user, const gchar *text, gsize len);
  /* It is gone, or never was: once. @status: of HTTP, VIA_DIAL_UNTRUSTED, or 0;
   * @why: for people. */
  void (*closed) (gpointer user, guint status, const gchar *why);
} ViaWsClientFuncs;

/* See via_http_client_new. (transfer full) */
ViaWsClient *via_ws_client_new (const gchar *ca_file,
    const ViaWsClientFuncs *funcs, gpointer user, GError **error);
/* No func runs any more. */
void via_ws_client_free (ViaWsClient *self);
/* @url: ws: or wss:; @token: (nullable) sent as Bearer, else user and password
 * of @url are, as Basic. The socket before is dropped without a word. */
void via_ws_client_open (
    ViaWsClient *self, const gchar *url, const gchar *token);
/* FALSE: none is open. */
gboolean via_ws_client_send (ViaWsClient *self, const gchar *text);
/* After what was sent before; then closed () comes. FALSE: none is open. */
gboolean via_ws_client_close (ViaWsClient *self);
/* Without a word to anybody. */
void via_ws_client_drop (ViaWsClient *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaWsClient, via_ws_client_free)
