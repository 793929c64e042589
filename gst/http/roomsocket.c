/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/roomsocket.c – the WebSockets of a room: join first, at most so many
 * messages, a pong now and then; else it is closed with the reason.
 * RFC 6455 §5.5, §7.4 · docs/room-protocol.md
 */
#include "http/roomsocket.h"

#include <string.h>

#include "http/limits.h"

#define LOOK_MS 1000 /* how often time-outs are looked for */
/* Bytes that may come before a whole message or a pong: libsoup puts a message
 * together from as many frames as come. */
#define UNREAD_MAX (VIA_ROOMTEXT_BYTES_MAX + 16 * 1024)
/* Bytes that may wait for one that does not read, as far as we can tell. */
#define UNSENT_MAX (4 * 1024 * 1024)
/* The pong to a ping of few bytes takes many while it waits. */
#define PONG_COST 16
#define FRAME_HEAD 14 /* at most, RFC 6455 §5.2 */
/* Pongs that come more often than we ping count for nothing. */
#define PONG_US (VIA_ROOMSOCKET_PING_S * G_TIME_SPAN_SECOND / 2)

struct _ViaRoomsockets
{
  ViaRoomtextFuncs funcs;
  gpointer user;
  ViaRoomsocketMayJoin may_join;
  gpointer server;
  GHashTable *sockets;           /* gchar* id → Socket*, owned */
  guint n_taken;                 /* makes the ids */
  guint n_joined, n_unconnected; /* of those who joined */
  GSource *look;
};

typedef struct
{
  ViaRoomsockets *owner;
  gchar *id;
  gchar *address;
  gchar *token; /* (nullable) until it joins */
  SoupWebsocketConnection *connection;
  ViaDoorGuest *guest;
  gboolean has_joined, is_over; /* over: closing, nobody is told any more */
  gboolean is_connected;        /* its media, once */
  gint64 begun, heard;          /* µs; heard: the last pong */
  gdouble tokens;               /* messages it may send now */
  gint64 filled;
  gsize allowed;  /* bytes it could send when that was last looked at */
  gsize n_unsent; /* bytes given to libsoup since all had gone out, at most */
} Socket;

/* --- one socket --- */

static void
forget_token (Socket *self)
{
  if (self->token != NULL)
    explicit_bzero (self->token, strlen (self->token));
  g_clear_pointer (&self->token, g_free);
}

static void
socket_free (gpointer data)
{
  Socket *self = data;

  g_signal_handlers_disconnect_by_data (self->connection, self);
  via_door_guest_free (self->guest);
  g_object_unref (self->connection);
  forget_token (self);
  g_free (self->address);
  g_free (self->id);
  g_free (self);
}

/* It stays in the table until the far end has closed, too. */
static void
leave (Socket *self)
{
  if (self->has_joined && !self->is_over) {
    self->owner->n_joined--;
    self->owner->n_unconnected -= !self->is_connected;
  }
  self->is_over = TRUE;
}

static void
close_with (Socket *self, gushort code)
{
  leave (self);
  if (soup_websocket_connection_get_state (self->connection)
      == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->connection, code, NULL);
}

/* Tells the peers' side, once. */
static void
goodbye (Socket *self)
{
  gboolean is_news = self->has_joined && !self->is_over;

  leave (self);
  if (is_news)
    self->owner->funcs.bye (self->owner->user, self->id);
}

/* libsoup queues without end, and answers pings: who never reads is cut off. */
static void
owe (Socket *self, gsize bytes)
{
  self->n_unsent += bytes;
  if (self->n_unsent <= UNSENT_MAX || via_door_guest_is_writable (self->guest))
    return;
  goodbye (self);
  via_door_guest_cut (self->guest);
}

static void
say (Socket *self, gchar *text)
{
  if (soup_websocket_connection_get_state (self->connection)
      == SOUP_WEBSOCKET_STATE_OPEN) {
    soup_websocket_connection_send_text (self->connection, text);
    owe (self, strlen (text));
  }
  g_free (text);
}

/* It was heard as it should be: it may send @bytes more. */
static void
renew (Socket *self, gsize bytes)
{
  gsize left = via_door_guest_allow (self->guest, UNREAD_MAX);
  gsize came = self->allowed - MIN (left, self->allowed);

  self->allowed = MIN (UNREAD_MAX, left + bytes);
  via_door_guest_allow (self->guest, self->allowed);
  owe (self, came * PONG_COST);
}

/* Ends it for a fault of its own. */
static void
throw_out (Socket *self, const GError *error)
{
  say (self, via_roomtext_error (error, TRUE));
  goodbye (self);
  close_with (self, SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION);
}

static void
throw_out_for (Socket *self, ViaErrorCode code, const gchar *text)
{
  g_autoptr (GError) error = g_error_new_literal (VIA_ERROR, code, text);

  throw_out (self, error);
}

/* --- what it says --- */

/* FALSE: it has said too much. */
static gboolean
take_token (Socket *self)
{
  gint64 now = g_get_monotonic_time ();

  self->tokens +=
      (gdouble) (now - self->filled) * VIA_ROOMSOCKET_RATE / G_TIME_SPAN_SECOND;
  self->tokens = MIN (self->tokens, VIA_ROOMSOCKET_BURST);
  self->filled = now;
  self->tokens -= 1;
  return self->tokens >= 0;
}

static void
complain (Socket *self, ViaErrorCode code, const gchar *text)
{
  g_autoptr (GError) error = g_error_new_literal (VIA_ERROR, code, text);

  say (self, via_roomtext_error (error, FALSE));
}

static void
join (Socket *self, const ViaRoomtextMessage *message)
{
  ViaRoomsockets *owner = self->owner;
  g_autoptr (GError) error = NULL;

  if (self->has_joined) {
    complain (self, VIA_ERROR_STATE, "This socket has joined already");
    return;
  }
  if (!owner->may_join (owner->server, self->address, &error)) {
    throw_out (self, error);
    return;
  }
  self->has_joined = TRUE;
  owner->n_joined++;
  owner->n_unconnected++;
  owner->funcs.join (owner->user, self->id, message,
      &(ViaRoomtextGuest){self->address, self->token});
  forget_token (self);
}

static void
heed (Socket *self, const ViaRoomtextMessage *message)
{
  if (message->type == VIA_ROOMTEXT_JOIN) {
    join (self, message);
  } else if (message->type == VIA_ROOMTEXT_BYE) {
    goodbye (self);
    close_with (self, SOUP_WEBSOCKET_CLOSE_NORMAL);
  } else if (!self->has_joined) {
    complain (self, VIA_ERROR_STATE, "join comes first");
  } else {
    self->owner->funcs.message (self->owner->user, self->id, message);
  }
}

static void
on_message (SoupWebsocketConnection *connection, gint type, GBytes *bytes,
    gpointer data)
{
  Socket *self = data;
  g_auto (ViaRoomtextMessage) message = {0};
  g_autoptr (GError) error = NULL;
  gsize len;
  const gchar *text = g_bytes_get_data (bytes, &len);

  /* Its own bytes come back, not those of pings beside it: to answer many is
   * work, and only a pong now and then pays for it. */
  if (!self->is_over)
    renew (self, len + FRAME_HEAD);
  if (self->is_over)
    return;
  if (!take_token (self))
    throw_out_for (self, VIA_ERROR_LIMIT,
        "At most 200 messages at once and 20 per second");
  else if (type != SOUP_WEBSOCKET_DATA_TEXT)
    complain (self, VIA_ERROR_SYNTAX, "A message is text, not binary");
  else if (!via_roomtext_read (&message, text, len, &error))
    say (self, via_roomtext_error (error, FALSE));
  else
    heed (self, &message);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *bytes, gpointer data)
{
  Socket *self = data;
  gint64 now = g_get_monotonic_time ();

  if (now - self->heard < PONG_US)
    return;
  self->heard = now;
  renew (self, UNREAD_MAX);
}

static void
on_closing (SoupWebsocketConnection *connection, gpointer data)
{
  goodbye (data);
}

static void
on_closed (SoupWebsocketConnection *connection, gpointer data)
{
  Socket *self = data;

  goodbye (self);
  g_hash_table_remove (self->owner->sockets, self->id);
}

/* --- time --- */

static gboolean
on_look (gpointer data)
{
  ViaRoomsockets *self = data;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GList) all = g_hash_table_get_values (self->sockets);

  for (GList *l = all; l != NULL; l = l->next) {
    Socket *socket = l->data;

    /* libsoup had its turn before us: nothing waits */
    if (via_door_guest_is_writable (socket->guest))
      socket->n_unsent = 0;
    if (socket->is_over)
      continue;
    if (!socket->has_joined
        && now - socket->begun
               > VIA_ROOMSOCKET_JOIN_MS * G_TIME_SPAN_MILLISECOND)
      throw_out_for (socket, VIA_ERROR_STATE, "No join came within 10 s");
    else if (now - socket->heard
             > VIA_ROOMSOCKET_SILENT_MS * G_TIME_SPAN_MILLISECOND)
      throw_out_for (socket, VIA_ERROR_STATE, "No pong came within 16 s");
  }
  return G_SOURCE_CONTINUE;
}

/* --- all of them --- */

ViaRoomsockets *
via_roomsockets_new (const ViaRoomtextFuncs *funcs, gpointer user,
    ViaRoomsocketMayJoin may_join, gpointer server)
{
  ViaRoomsockets *self = g_new0 (ViaRoomsockets, 1);

  self->funcs = *funcs;
  self->user = user;
  self->may_join = may_join;
  self->server = server;
  self->sockets =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, socket_free);
  self->look = g_timeout_source_new (LOOK_MS);
  g_source_set_priority (self->look, G_PRIORITY_LOW);
  g_source_set_callback (self->look, on_look, self, NULL);
  g_source_attach (self->look, g_main_context_get_thread_default ());
  return self;
}

void
via_roomsockets_free (ViaRoomsockets *self)
{
  g_source_destroy (self->look);
  g_source_unref (self->look);
  g_hash_table_unref (self->sockets);
  g_free (self);
}

void
via_roomsockets_take (ViaRoomsockets *self, SoupWebsocketConnection *connection,
    ViaDoorGuest *guest, const gchar *address, const gchar *token)
{
  Socket *socket = g_new0 (Socket, 1);

  socket->owner = self;
  socket->id = g_strdup_printf ("room-%u", self->n_taken++);
  socket->address = g_strdup (address);
  socket->token = g_strdup (token);
  socket->connection = g_object_ref (connection);
  socket->guest = guest;
  socket->begun = socket->heard = socket->filled = g_get_monotonic_time ();
  socket->tokens = VIA_ROOMSOCKET_BURST;
  socket->allowed = UNREAD_MAX;
  via_door_guest_allow (socket->guest, UNREAD_MAX);
  soup_websocket_connection_set_max_incoming_payload_size (
      connection, VIA_ROOMTEXT_BYTES_MAX);
  soup_websocket_connection_set_keepalive_interval (
      connection, VIA_ROOMSOCKET_PING_S);
  g_hash_table_insert (self->sockets, socket->id, socket);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), socket);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), socket);
  g_signal_connect (connection, "closing", G_CALLBACK (on_closing), socket);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), socket);
}

static Socket *
find_open (ViaRoomsockets *self, const gchar *id)
{
  Socket *socket = g_hash_table_lookup (self->sockets, id);

  return socket != NULL && !socket->is_over ? socket : NULL;
}

void
via_roomsockets_send (ViaRoomsockets *self, const gchar *id, const gchar *text)
{
  Socket *socket = find_open (self, id);

  if (socket != NULL)
    say (socket, g_strdup (text));
}

void
via_roomsockets_end (ViaRoomsockets *self, const gchar *id, const GError *error)
{
  Socket *socket = find_open (self, id);

  if (socket == NULL)
    return;
  say (socket, error != NULL ? via_roomtext_error (error, TRUE)
                             : via_roomtext_bye ("The room is closed"));
  close_with (socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY);
}

void
via_roomsockets_connected (ViaRoomsockets *self, const gchar *id)
{
  Socket *socket = find_open (self, id);

  if (socket == NULL || socket->is_connected)
    return;
  socket->is_connected = TRUE;
  self->n_unconnected -= socket->has_joined;
}

guint
via_roomsockets_count_unconnected (const ViaRoomsockets *self)
{
  return self->n_unconnected;
}

guint
via_roomsockets_count (const ViaRoomsockets *self)
{
  return self->n_joined;
}

guint
via_roomsockets_count_of (const ViaRoomsockets *self, const gchar *address)
{
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const Socket *socket = value;

    n += socket->has_joined && !socket->is_over
         && via_limits_is_same (socket->address, address);
  }
  return n;
}
