/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/roomsocket.h – the WebSockets of a room: what each may cost, and who is
 * behind it. Messages come in as values and go out as text. Knows no element.
 * All on the server's one thread.
 * RFC 6455 · docs/room-protocol.md
 */
#pragma once

#include <libsoup/soup.h>
#include "http/door.h"
#include "http/roomtext.h"

G_BEGIN_DECLS

#define VIA_ROOMSOCKET_JOIN_MS 10000 /* from the socket to its join */
#define VIA_ROOMSOCKET_PING_S 5
#define VIA_ROOMSOCKET_SILENT_MS 16000 /* without a pong */
#define VIA_ROOMSOCKET_BURST 200       /* messages at once */
#define VIA_ROOMSOCKET_RATE 20         /* and per second from then on */
typedef struct _ViaRoomsockets ViaRoomsockets;

/* FALSE with an error while there is no place for one from @address. */
typedef gboolean (*ViaRoomsocketMayJoin) (
    gpointer server, const gchar *address, GError **error);

/* @may_join gets @server. Uses the calling thread's default context. */
ViaRoomsockets *via_roomsockets_new (const ViaRoomtextFuncs *funcs,
    gpointer user, ViaRoomsocketMayJoin may_join, gpointer server);
/* Closes them all; nobody is told. */
void via_roomsockets_free (ViaRoomsockets *self);
/* Takes care of @connection until it ends. @guest: (transfer full) its stream.
 * @token: (nullable) secret; both as in ViaRoomtextGuest. */
void via_roomsockets_take (ViaRoomsockets *self,
    SoupWebsocketConnection *connection, ViaDoorGuest *guest,
    const gchar *address, const gchar *token);
/* Nothing happens for an unknown @id, here and below. */
void via_roomsockets_send (
    ViaRoomsockets *self, const gchar *id, const gchar *text);
/* We let it go: says @error, or bye if that is NULL, and closes; .bye is not
 * called. */
void via_roomsockets_end (
    ViaRoomsockets *self, const gchar *id, const GError *error);
/* The media connection of who is behind it stands. */
void via_roomsockets_connected (ViaRoomsockets *self, const gchar *id);
/* How many have joined; of those, whose media connection never stood yet. */
guint via_roomsockets_count (const ViaRoomsockets *self);
guint via_roomsockets_count_unconnected (const ViaRoomsockets *self);
/* How many of them from @address. */
guint via_roomsockets_count_of (
    const ViaRoomsockets *self, const gchar *address);

G_END_DECLS
