/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/server_room.c – the room's address of a server: who may become a
 * WebSocket there, and what is carried to the members. RFC 6455 §4
 */
#include "http/server-private.h"

#include <string.h>

/* --- who comes --- */

gboolean
via_server_room_is_upgrade (SoupServerMessage *message)
{
  const gchar *to = soup_message_headers_get_one (
      soup_server_message_get_request_headers (message), "Upgrade");

  return to != NULL && !g_ascii_strcasecmp (to, "websocket");
}

gboolean
via_server_room_may_enter (
    ViaHttpServer *self, const ViaRequest *request, ViaReply *reply)
{
  return g_strcmp0 (request->path, self->room_path)
         || (via_gate_has_role (request, VIA_AUTH_WATCH, reply)
             && via_gate_has_role (request, VIA_AUTH_PUBLISH, reply));
}

void
via_server_room_count (ViaHttpServer *self, const gchar *address)
{
  if (self->sockets != NULL)
    via_wish_set_others (self->wish, via_roomsockets_count (self->sockets),
        via_roomsockets_count_of (self->sockets, address),
        via_roomsockets_count_unconnected (self->sockets));
}

/* A place of max-peers and one of max-per-address are free. */
static gboolean
may_join (gpointer server, const gchar *address, GError **error)
{
  ViaHttpServer *self = server;

  via_server_room_count (self, address);
  return via_wish_has_room (self->wish, address, error);
}

static void
on_websocket (SoupServer *soup, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *connection, gpointer user)
{
  ViaHttpServer *self = user;
  ViaRequest request;
  g_autofree gchar *token = NULL;

  via_http_read_request (self, message, &request);
  token = via_auth_token (request.authorization);
  if (token == NULL)
    token = via_request_query (&request, "token");
  via_roomsockets_take (self->sockets, connection, via_door_stay (message),
      request.address, token);
  if (token != NULL)
    explicit_bzero (token, strlen (token));
}

gboolean
via_server_room_request (
    ViaHttpServer *self, SoupServerMessage *message, const gchar *path)
{
  g_auto (ViaReply) reply = {0};
  ViaRequest request;

  if (self->sockets == NULL || g_strcmp0 (path, self->room_path))
    return FALSE;
  if (via_server_room_is_upgrade (message)) {
    /* "close" is for all other answers */
    soup_message_headers_remove (
        soup_server_message_get_response_headers (message), "Connection");
    return TRUE;
  }
  via_reply_init (&reply);
  via_http_read_request (self, message, &request);
  if (via_server_room_may_enter (self, &request, &reply)) {
    via_reply_problem (&reply, 426, "The room is a WebSocket (RFC 6455)");
    via_reply_header (&reply, "Upgrade", "websocket");
  }
  via_http_send_reply (message, &reply);
  return TRUE;
}

/* Compression only makes small messages that are large. */
void
via_server_room_open (ViaHttpServer *self)
{
  if (self->room == NULL)
    return;
  self->sockets = via_roomsockets_new (self->room, self->user, may_join, self);
  soup_server_remove_websocket_extension (
      self->soup, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  soup_server_add_websocket_handler (
      self->soup, self->room_path, NULL, NULL, on_websocket, self, NULL);
}

/* --- what members are told; any thread --- */

typedef struct
{
  ViaHttpServer *self;
  gchar *id, *text;
  GError *error;
} Say;

static void
say_free (gpointer data)
{
  Say *say = data;

  g_free (say->id);
  g_free (say->text);
  g_clear_error (&say->error);
  g_free (say);
}

static gboolean
run_send (gpointer data)
{
  const Say *say = data;

  if (say->self->sockets != NULL)
    via_roomsockets_send (say->self->sockets, say->id, say->text);
  return G_SOURCE_REMOVE;
}

static gboolean
run_end (gpointer data)
{
  const Say *say = data;

  if (say->self->sockets != NULL)
    via_roomsockets_end (say->self->sockets, say->id, say->error);
  return G_SOURCE_REMOVE;
}

void
via_http_server_room_send (
    ViaHttpServer *self, const gchar *id, const gchar *text)
{
  Say *say = g_new0 (Say, 1);

  say->self = self;
  say->id = g_strdup (id);
  say->text = g_strdup (text);
  via_http_post (self, 0, run_send, say, say_free);
}

void
via_http_server_room_end (
    ViaHttpServer *self, const gchar *id, const GError *error)
{
  Say *say = g_new0 (Say, 1);

  say->self = self;
  say->id = g_strdup (id);
  say->error = error != NULL ? g_error_copy (error) : NULL;
  via_http_post (self, 0, run_end, say, say_free);
}
