/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wsclient.c – libsoup's WebSocket client.
 */
#include "http/wsclient.h"

#include "http/calltext.h"
#include "http/soupclient.h"

#define KEEPALIVE 20 /* s between pings of ours: proxies cut idle sockets */

/* A socket that is asked for. */
typedef struct
{
  ViaWsClient *owner;
  gboolean is_cancelled;
  GCancellable *cancellable;
  SoupMessage *message;
} Attempt;

struct _ViaWsClient
{
  SoupSession *soup;
  ViaWsClientFuncs funcs;
  gpointer user;
  Attempt *attempt;                /* (nullable) under way */
  SoupWebsocketConnection *socket; /* (nullable) open, or closing */
  guint n_pending;                 /* attempts, also cancelled ones */
};

static void
attempt_free (Attempt *attempt)
{
  attempt->owner->n_pending--;
  g_object_unref (attempt->cancellable);
  g_object_unref (attempt->message);
  g_free (attempt);
}

/* --- a socket --- */

static void
on_text (
    SoupWebsocketConnection *socket, gint type, GBytes *bytes, gpointer user)
{
  ViaWsClient *self = user;
  gsize len;
  const gchar *text = g_bytes_get_data (bytes, &len);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    self->funcs.text (self->user, text, len);
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer user)
{
  ViaWsClient *self = user;

  via_ws_client_drop (self);
  self->funcs.closed (self->user, 0, "the room's socket was closed");
}

static void
take_socket (ViaWsClient *self, SoupWebsocketConnection *socket)
{
  self->socket = socket;
  soup_websocket_connection_set_max_incoming_payload_size (
      socket, VIA_CALLTEXT_BYTES_MAX);
  soup_websocket_connection_set_keepalive_interval (socket, KEEPALIVE);
  g_signal_connect (socket, "message", G_CALLBACK (on_text), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  self->funcs.opened (self->user);
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer data)
{
  Attempt *attempt = data;
  ViaWsClient *self = attempt->owner;
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) socket =
      soup_session_websocket_connect_finish (
          SOUP_SESSION (source), result, &error);

  if (attempt->is_cancelled) {
    if (socket != NULL)
      soup_websocket_connection_close (
          socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
  } else {
    guint status = soup_message_get_status (attempt->message);

    self->attempt = NULL;
    if (socket != NULL)
      take_socket (self, g_steal_pointer (&socket));
    else
      self->funcs.closed (self->user,
          status != 0 ? status : via_soup_client_status (error),
          error->message);
  }
  attempt_free (attempt);
}

void
via_ws_client_open (ViaWsClient *self, const gchar *url, const gchar *token)
{
  g_autoptr (GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  g_autofree gchar *bare =
      uri != NULL ? g_uri_to_string_partial (uri, G_URI_HIDE_USERINFO) : NULL;
  SoupMessage *message = bare != NULL ? soup_message_new ("GET", bare) : NULL;
  Attempt *attempt;

  via_ws_client_drop (self);
  if (message == NULL) {
    self->funcs.closed (self->user, 0, "no address");
    return;
  }
  /* The token is for this origin. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  via_soup_client_authorize (
      soup_message_get_request_headers (message), uri, token);
  attempt = g_new0 (Attempt, 1);
  attempt->owner = self;
  attempt->message = message;
  attempt->cancellable = g_cancellable_new ();
  self->attempt = attempt;
  self->n_pending++;
  soup_session_websocket_connect_async (self->soup, message, NULL, NULL,
      G_PRIORITY_DEFAULT, attempt->cancellable, on_connected, attempt);
}

gboolean
via_ws_client_send (ViaWsClient *self, const gchar *text)
{
  if (self->socket == NULL
      || soup_websocket_connection_get_state (self->socket)
             != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  soup_websocket_connection_send_text (self->socket, text);
  return TRUE;
}

gboolean
via_ws_client_close (ViaWsClient *self)
{
  if (self->socket == NULL
      || soup_websocket_connection_get_state (self->socket)
             != SOUP_WEBSOCKET_STATE_OPEN)
    return FALSE;
  soup_websocket_connection_close (
      self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  return TRUE;
}

void
via_ws_client_drop (ViaWsClient *self)
{
  Attempt *attempt = g_steal_pointer (&self->attempt);
  g_autoptr (SoupWebsocketConnection) socket = g_steal_pointer (&self->socket);

  if (attempt != NULL) {
    attempt->is_cancelled = TRUE;
    g_cancellable_cancel (attempt->cancellable);
  }
  if (socket == NULL)
    return;
  g_signal_handlers_disconnect_by_data (socket, self);
  if (soup_websocket_connection_get_state (socket) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (
        socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
}

/* --- life --- */

ViaWsClient *
via_ws_client_new (const gchar *ca_file, const ViaWsClientFuncs *funcs,
    gpointer user, GError **error)
{
  SoupSession *soup = via_soup_client_new (ca_file, error);
  ViaWsClient *self;

  if (soup == NULL)
    return NULL;
  self = g_new0 (ViaWsClient, 1);
  self->soup = soup;
  self->funcs = *funcs;
  self->user = user;
  return self;
}

void
via_ws_client_free (ViaWsClient *self)
{
  via_ws_client_drop (self);
  via_soup_client_free (self->soup, &self->n_pending);
  g_free (self);
}
