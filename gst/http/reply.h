/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/reply.h – an HTTP request and its answer as values.
 * Knows no socket and no HTTP library.
 * RFC 9110 · RFC 9457 (problem details) · Fetch standard §3.2 (CORS)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_HTTP_BODY_MAX (128 * 1024) /* bytes of a request's body */

typedef struct
{
  const gchar *method;         /* "POST" */
  const gchar *path;           /* percent-decoded, starts with '/' */
  const gchar *query;          /* (nullable) still encoded */
  const gchar *origin;         /* "http://host:port", to make URLs absolute */
  const gchar *content_type;   /* (nullable) as sent, with parameters */
  const gchar *request_method; /* (nullable) Access-Control-Request-Method */
  const gchar *body;           /* (nullable) @body_len bytes, then a NUL */
  gsize body_len;
  const gchar *authorization; /* (nullable) secret */
  const gchar *if_match;      /* (nullable) */
  const gchar *etag;          /* (nullable) as some send it, for If-Match */
  const gchar *address;       /* of the client, behind trusted proxies too */
  guint roles;                /* ViaAuthRole: what its token allows */
  gboolean has_token;         /* it has one, which was found good */
  gboolean is_local;          /* from this machine, through no proxy */
} ViaRequest;

typedef struct
{
  guint status;
  GPtrArray *headers; /* gchar*: name, value, name, value … */
  GBytes *body;       /* (nullable) */
} ViaReply;

void via_reply_init (ViaReply *self);
void via_reply_clear (ViaReply *self);
void via_reply_header (ViaReply *self, const gchar *name, const gchar *value);
/* The value of the first header @name, or NULL. Case-blind. */
const gchar *via_reply_get_header (const ViaReply *self, const gchar *name);
void via_reply_text (
    ViaReply *self, guint status, const gchar *type, const gchar *text);
/* An error as application/problem+json; @detail says which rule was broken. */
void via_reply_problem (ViaReply *self, guint status, const gchar *detail);
/* 405 with Allow. */
void via_reply_not_allowed (ViaReply *self, const gchar *allow);
/* The whole answer as HTTP/1.1, with the header lines @more (each with CRLF)
 * too. @out_len: its bytes. (transfer full) */
gchar *via_reply_to_wire (
    const ViaReply *self, const gchar *more, gsize *out_len);
/* The reason phrase of @status; static. */
const gchar *via_reply_reason (guint status);

/* The headers every answer carries: name, value, … NULL. Static. */
const gchar *const *via_reply_common_headers (void);
/* What a page that may read the answer is told with it, besides
 * Access-Control-Allow-Origin: name, value, … NULL. Static. */
const gchar *const *via_reply_cors_headers (void);

/* TRUE if @origin is a page served over HTTP by this machine to itself:
 * 127.x.x.x, localhost or [::1] with any port. */
gboolean via_request_is_local_origin (const gchar *origin);

/* TRUE if @content_type is @type: without parameters, case-blind. */
gboolean via_request_has_type (const ViaRequest *self, const gchar *type);
/* The decoded value of @name in the query, or NULL; NULL too if it is not
 * UTF-8. (transfer full) */
gchar *via_request_query (const ViaRequest *self, const gchar *name);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaReply, via_reply_clear)
