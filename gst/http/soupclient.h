/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/soupclient.h – what our clients of libsoup have in common: the session,
 * who we are, and its end.
 * RFC 6750 (bearer tokens) · RFC 7617 (Basic)
 */
#pragma once

#include "base/error.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* See via_http_client_new. (transfer full) */
SoupSession *via_soup_client_new (const gchar *ca_file, GError **error);
/* Lets go of @session: waits until what is under way has heard that it is
 * cancelled and has counted @n_pending down to 0; else it, and the socket or
 * name it waits for, would be lost with the context. The context's thread. */
void via_soup_client_free (SoupSession *session, const guint *n_pending);
/* @token: (nullable) as Bearer, else the user and password of @uri as Basic. */
void via_soup_client_authorize (
    SoupMessageHeaders *headers, GUri *uri, const gchar *token);
/* VIA_DIAL_UNTRUSTED, or 0. */
guint via_soup_client_status (const GError *error);

G_END_DECLS
