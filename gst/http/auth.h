/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/auth.h – bearer tokens: which roles a request has. The one home of that
 * question, for WHIP, WHEP, the room and statistics. Pure: no sockets, files or
 * clock. RFC 6750 §2 · RFC 7617
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_AUTH_TOKENS_MAX 10000
#define VIA_AUTH_TOKEN_MAX 1024 /* characters */

typedef enum
{
  VIA_AUTH_WATCH = 1 << 0,
  VIA_AUTH_PUBLISH = 1 << 1,
  VIA_AUTH_STATS = 1 << 2, /* /metrics and /PATH/peers */
  VIA_AUTH_ALL = (1 << 3) - 1,
} ViaAuthRole;

typedef enum
{
  VIA_AUTH_GOOD,    /* the roles are what the token has */
  VIA_AUTH_MISSING, /* tokens are wanted, there is none */
  VIA_AUTH_WRONG,   /* unknown, or past its time */
} ViaAuthVerdict;

typedef struct _ViaAuth ViaAuth;

/* @text: entries separated by commas or newlines, each
 * ROLE[+ROLE…]=TOKEN[@EXPIRY] with the roles watch, publish, stats and all;
 * EXPIRY in Unix seconds or ISO 8601; '#' begins a comment, to the end of its
 * line. NULL or "": nobody needs a token. Only digests are kept. SETTING: names
 * the entry by number, never its token. (transfer full) */
ViaAuth *via_auth_new (const gchar *text, GError **error);
void via_auth_free (ViaAuth *self);
/* FALSE: everybody has every role but VIA_AUTH_STATS. */
gboolean via_auth_is_needed (const ViaAuth *self);

/* @authorization: (nullable) value of the Authorization header, Bearer or Basic
 * (the password is the token). @query_token: (nullable) taken if there is no
 * header: a browser can give a WebSocket none. @now: Unix seconds. @out_roles:
 * ViaAuthRole bits, 0 unless GOOD. Takes the same time whichever token is
 * wrong. */
ViaAuthVerdict via_auth_check (const ViaAuth *self, const gchar *authorization,
    const gchar *query_token, gint64 now, guint *out_roles);
/* The token of such a header, or NULL. (transfer full) */
gchar *via_auth_token (const gchar *authorization);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaAuth, via_auth_free)
