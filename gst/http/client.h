/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/client.h – libsoup's client: requests of http/dial out, replies in.
 * Decides nothing: redirects and retries are http/dial's.
 * RFC 9110 · RFC 6750 (bearer tokens) · RFC 7617 (Basic)
 */
#pragma once

#include "http/dial.h"

G_BEGIN_DECLS

typedef struct _ViaHttpClient ViaHttpClient;

/* On the thread of the client's context; may free nothing. */
typedef void (*ViaHttpClientFunc) (
    gpointer user, ViaDialKind kind, const ViaDialReply *reply);

/* Belongs to the thread whose default context this is. @ca_file: (nullable) PEM
 * file with authorities; NULL: the system's. NULL with error: STATE – libsoup
 * 2.4 is loaded; SETTING – @ca_file cannot be used. (transfer full) */
ViaHttpClient *via_http_client_new (const gchar *ca_file,
    ViaHttpClientFunc func, gpointer user, GError **error);
/* No func runs any more. */
void via_http_client_free (ViaHttpClient *self);
/* @token: (nullable) sent as Bearer where the request takes it; else user and
 * password of the address are, as Basic. */
void via_http_client_send (
    ViaHttpClient *self, const ViaDialRequest *request, const gchar *token);
void via_http_client_cancel (ViaHttpClient *self, ViaDialKind kind);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaHttpClient, via_http_client_free)
