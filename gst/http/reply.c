/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/reply.c – builds answers: headers, texts, problem details.
 * Pure: no sockets, no HTTP library.
 * RFC 9457 · RFC 8259 §7 (JSON strings)
 */
#include "http/reply.h"

#include <string.h>

static const gchar *const common_headers[] = {
    "X-Content-Type-Options",
    "nosniff",
    NULL,
};

static const gchar *const cors_headers[] = {
    "Access-Control-Allow-Methods",
    "OPTIONS, GET, HEAD, POST, PATCH, DELETE",
    /* spelled out: "*" does not cover Authorization */
    "Access-Control-Allow-Headers",
    "Authorization, Content-Type, If-Match, ETag",
    "Access-Control-Expose-Headers",
    "Location, ETag, Link, Accept-Patch, Retry-After, WWW-Authenticate",
    "Access-Control-Max-Age",
    "600",
    NULL,
};

const gchar *const *
via_reply_common_headers (void)
{
  return common_headers;
}

const gchar *const *
via_reply_cors_headers (void)
{
  return cors_headers;
}

void
via_reply_init (ViaReply *self)
{
  self->status = 0;
  self->headers = g_ptr_array_new_with_free_func (g_free);
  self->body = NULL;
}

void
via_reply_clear (ViaReply *self)
{
  g_clear_pointer (&self->headers, g_ptr_array_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
}

void
via_reply_header (ViaReply *self, const gchar *name, const gchar *value)
{
  g_ptr_array_add (self->headers, g_strdup (name));
  g_ptr_array_add (self->headers, g_strdup (value));
}

const gchar *
via_reply_get_header (const ViaReply *self, const gchar *name)
{
  for (guint i = 0; i + 1 < self->headers->len; i += 2) {
    if (!g_ascii_strcasecmp (g_ptr_array_index (self->headers, i), name))
      return g_ptr_array_index (self->headers, i + 1);
  }
  return NULL;
}

void
via_reply_text (
    ViaReply *self, guint status, const gchar *type, const gchar *text)
{
  self->status = status;
  via_reply_header (self, "Content-Type", type);
  g_clear_pointer (&self->body, g_bytes_unref);
  self->body = g_bytes_new (text, strlen (text));
}

static void
append_json_string (GString *out, const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);

  g_string_append_c (out, '"');
  for (const gchar *p = valid; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else if ((guchar) *p < 0x20)
      g_string_append_printf (out, "\\u%04x", (guchar) *p);
    else
      g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

void
via_reply_problem (ViaReply *self, guint status, const gchar *detail)
{
  g_autoptr (GString) json = g_string_new ("{\"title\":");

  append_json_string (json, via_reply_reason (status));
  g_string_append_printf (json, ",\"status\":%u,\"detail\":", status);
  append_json_string (json, detail);
  g_string_append (json, "}\n");
  via_reply_text (self, status, "application/problem+json", json->str);
}

void
via_reply_not_allowed (ViaReply *self, const gchar *allow)
{
  g_autofree gchar *detail =
      g_strdup_printf ("This address answers %s only", allow);

  via_reply_problem (self, 405, detail);
  via_reply_header (self, "Allow", allow);
}

const gchar *
via_reply_reason (guint status)
{
  static const struct
  {
    guint status;
    const gchar *reason;
  } reasons[] = {
      {200, "OK"},
      {201, "Created"},
      {204, "No Content"},
      {307, "Temporary Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {503, "Service Unavailable"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
    if (reasons[i].status == status)
      return reasons[i].reason;
  }
  return "Error";
}

gchar *
via_reply_to_wire (const ViaReply *self, const gchar *more, gsize *out_len)
{
  GString *text = g_string_new (NULL);
  gsize len = 0;
  gconstpointer body =
      self->body != NULL ? g_bytes_get_data (self->body, &len) : NULL;

  g_string_append_printf (text, "HTTP/1.1 %u %s\r\n%s", self->status,
      via_reply_reason (self->status), more);
  for (guint i = 0; i + 1 < self->headers->len; i += 2)
    g_string_append_printf (text, "%s: %s\r\n",
        (const gchar *) self->headers->pdata[i],
        (const gchar *) self->headers->pdata[i + 1]);
  g_string_append_printf (
      text, "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n", len);
  if (len > 0)
    g_string_append_len (text, body, len);
  *out_len = text->len;
  return g_string_free (text, FALSE);
}

gboolean
via_request_is_local_origin (const gchar *origin)
{
  g_autofree gchar *host = NULL;
  const gchar *port;

  if (!g_str_has_prefix (origin, "http://"))
    return FALSE;
  origin += strlen ("http://");
  port = origin
         + (g_str_has_prefix (origin, "[::1]") ? strlen ("[::1]")
                                               : strcspn (origin, ":"));
  host = g_strndup (origin, port - origin);
  if (*port != '\0'
      && (port[0] != ':' || port[1] == '\0'
          || port[1 + strspn (port + 1, "0123456789")] != '\0'))
    return FALSE;
  return !strcmp (host, "localhost") || !strcmp (host, "[::1]")
         || (g_str_has_prefix (host, "127.")
             && g_hostname_is_ip_address (host));
}

gboolean
via_request_has_type (const ViaRequest *self, const gchar *type)
{
  gsize len;

  if (self->content_type == NULL)
    return FALSE;
  len = strcspn (self->content_type, "; \t");
  return len == strlen (type)
         && !g_ascii_strncasecmp (self->content_type, type, len);
}

gchar *
via_request_query (const ViaRequest *self, const gchar *name)
{
  g_auto (GStrv) pairs = NULL;
  gsize len = strlen (name);

  if (self->query == NULL)
    return NULL;
  pairs = g_strsplit (self->query, "&", 64);
  for (guint i = 0; pairs[i] != NULL; i++) {
    g_autofree gchar *value = NULL;

    if (strncmp (pairs[i], name, len) || pairs[i][len] != '=')
      continue;
    g_strdelimit (pairs[i], "+", ' ');
    value = g_uri_unescape_string (pairs[i] + len + 1, NULL);
    if (value != NULL && g_utf8_validate (value, -1, NULL))
      return g_steal_pointer (&value);
    return NULL;
  }
  return NULL;
}
