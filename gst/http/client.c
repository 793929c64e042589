/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/client.c – libsoup's client: requests of http/dial out, replies in.
 * A body longer than ours may be is cut off there, and so no SDP.
 */
#include "http/client.h"

#include <string.h>

#include "http/reply.h"
#include "http/soupclient.h"

typedef struct
{
  ViaHttpClient *owner;
  gboolean is_cancelled;
  ViaDialKind kind;
  SoupMessage *message;
  GCancellable *cancellable;
  gchar *body; /* VIA_HTTP_BODY_MAX + 1 bytes */
} Exchange;

struct _ViaHttpClient
{
  SoupSession *soup;
  ViaHttpClientFunc func;
  gpointer user;
  Exchange *under_way[VIA_DIAL_KINDS];
  guint n_pending; /* exchanges, also cancelled ones */
};

static void
exchange_free (Exchange *exchange)
{
  exchange->owner->n_pending--;
  g_object_unref (exchange->message);
  g_object_unref (exchange->cancellable);
  g_free (exchange->body);
  g_free (exchange);
}

/* --- replies --- */

static gint
read_retry_after (SoupMessageHeaders *headers)
{
  const gchar *text = soup_message_headers_get_one (headers, "Retry-After");
  g_autoptr (GDateTime) then = NULL, now = NULL;

  if (text == NULL)
    return -1;
  if (g_ascii_isdigit (*text))
    return (gint) MIN (g_ascii_strtoull (text, NULL, 10), G_MAXINT);
  then = soup_date_time_new_from_http_string (text);
  now = g_date_time_new_now_utc ();
  if (then == NULL)
    return -1;
  return (gint) CLAMP (
      g_date_time_difference (then, now) / G_TIME_SPAN_SECOND, 0, G_MAXINT);
}

static void
add_link (const char *name, const char *value, gpointer builder)
{
  if (!g_ascii_strcasecmp (name, "Link"))
    g_strv_builder_add (builder, value);
}

/* The exchange is over, well or not. */
static void
finish (Exchange *exchange, const ViaDialReply *reply)
{
  ViaHttpClient *self = exchange->owner;

  if (!exchange->is_cancelled) {
    self->under_way[exchange->kind] = NULL;
    self->func (self->user, exchange->kind, reply);
  }
  exchange_free (exchange);
}

static void
finish_error (Exchange *exchange, const GError *error)
{
  ViaDialReply reply = {.status = via_soup_client_status (error),
      .error = error->message,
      .retry_after = -1};

  finish (exchange, &reply);
}

static void
on_body (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *exchange = data;
  SoupMessageHeaders *headers =
      soup_message_get_response_headers (exchange->message);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) links = NULL;
  g_autoptr (GError) error = NULL;
  ViaDialReply reply = {0};
  gsize len = 0;

  if (!g_input_stream_read_all_finish (
          G_INPUT_STREAM (source), result, &len, &error)) {
    finish_error (exchange, error);
    return;
  }
  soup_message_headers_foreach (headers, add_link, builder);
  links = g_strv_builder_end (builder);
  exchange->body[MIN (len, VIA_HTTP_BODY_MAX)] = '\0';
  reply.status = soup_message_get_status (exchange->message);
  reply.location = soup_message_headers_get_one (headers, "Location");
  reply.etag = soup_message_headers_get_one (headers, "ETag");
  reply.type = soup_message_headers_get_content_type (headers, NULL);
  reply.links = (const gchar *const *) links;
  reply.retry_after = read_retry_after (headers);
  reply.body = exchange->body;
  finish (exchange, &reply);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Exchange *exchange = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream =
      soup_session_send_finish (SOUP_SESSION (source), result, &error);

  if (stream == NULL) {
    finish_error (exchange, error);
    return;
  }
  exchange->body = g_malloc (VIA_HTTP_BODY_MAX + 1);
  g_input_stream_read_all_async (stream, exchange->body, VIA_HTTP_BODY_MAX,
      G_PRIORITY_DEFAULT, exchange->cancellable, on_body, exchange);
}

/* --- requests --- */

static SoupMessage *
make_message (const ViaDialRequest *request, const gchar *token)
{
  g_autoptr (GUri) uri = g_uri_parse (request->url, SOUP_HTTP_URI_FLAGS, NULL);
  g_autofree gchar *url =
      uri != NULL ? g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO) : NULL;
  SoupMessage *message =
      url != NULL ? soup_message_new (request->method, url) : NULL;
  SoupMessageHeaders *headers;

  if (message == NULL)
    return NULL;
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  headers = soup_message_get_request_headers (message);
  if (request->takes_token)
    via_soup_client_authorize (headers, uri, token);
  if (request->match != NULL)
    soup_message_headers_replace (headers, "If-Match", request->match);
  if (request->body != NULL) {
    g_autoptr (GBytes) body =
        g_bytes_new (request->body, strlen (request->body));

    soup_message_set_request_body_from_bytes (message, request->type, body);
  }
  return message;
}

void
via_http_client_send (
    ViaHttpClient *self, const ViaDialRequest *request, const gchar *token)
{
  SoupMessage *message = make_message (request, token);
  Exchange *exchange;

  via_http_client_cancel (self, request->kind);
  if (message == NULL) {
    ViaDialReply reply = {.error = "no address", .retry_after = -1};

    self->func (self->user, request->kind, &reply);
    return;
  }
  exchange = g_new0 (Exchange, 1);
  exchange->owner = self;
  self->n_pending++;
  exchange->kind = request->kind;
  exchange->message = message;
  exchange->cancellable = g_cancellable_new ();
  self->under_way[request->kind] = exchange;
  soup_session_send_async (self->soup, message, G_PRIORITY_DEFAULT,
      exchange->cancellable, on_sent, exchange);
}

void
via_http_client_cancel (ViaHttpClient *self, ViaDialKind kind)
{
  Exchange *exchange = g_steal_pointer (&self->under_way[kind]);

  if (exchange == NULL)
    return;
  exchange->is_cancelled = TRUE;
  g_cancellable_cancel (exchange->cancellable);
}

/* --- life --- */

ViaHttpClient *
via_http_client_new (
    const gchar *ca_file, ViaHttpClientFunc func, gpointer user, GError **error)
{
  SoupSession *soup = via_soup_client_new (ca_file, error);
  ViaHttpClient *self;

  if (soup == NULL)
    return NULL;
  self = g_new0 (ViaHttpClient, 1);
  self->func = func;
  self->user = user;
  self->soup = soup;
  return self;
}

void
via_http_client_free (ViaHttpClient *self)
{
  for (guint kind = 0; kind < VIA_DIAL_KINDS; kind++)
    via_http_client_cancel (self, kind);
  via_soup_client_free (self->soup, &self->n_pending);
  g_free (self);
}
