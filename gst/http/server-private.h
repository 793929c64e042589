/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/server-private.h – what server.c and server_room.c share. The server's
 * thread, where nothing else is said.
 */
#pragma once

#include <libsoup/soup.h>
#include "http/door.h"
#include "http/events.h"
#include "http/roomsocket.h"
#include "http/server.h"
#include "http/tlscert.h"

G_BEGIN_DECLS

struct _ViaHttpServer
{
  gatomicrefcount refs;
  /* immutable after start */
  gchar *path;
  gchar *page;
  gchar *url;
  guint port;
  ViaTlsCert cert; /* empty without TLS */
  GMainContext *context;
  GThread *thread;
  ViaWishFuncs funcs;
  const ViaRoomtextFuncs *room;
  void (*report) (gpointer user, const gchar *ticket, ViaReportKind kind,
      const gchar *path);
  void (*look) (gpointer user, const gchar *id);
  gpointer user;
  gchar *room_path; /* "/live/ws" */
  gint is_stopping; /* atomic */
  /* only on the thread */
  ViaDoor *door;
  ViaGate *gate;
  SoupServer *soup;
  ViaWish *wish;
  ViaRoomsockets *sockets; /* NULL without a room */
  GHashTable *pending; /* gchar* id or ticket → SoupServerMessage, paused */
  guint n_tickets;
  ViaEvents *events;
  guint n_ticks; /* 0: nobody listens */
};

/* server.c */
void via_http_read_request (
    ViaHttpServer *self, SoupServerMessage *message, ViaRequest *out);
void via_http_send_reply (SoupServerMessage *message, const ViaReply *reply);
/* Runs @func on the server's thread, never directly: wish allows no call from
 * its own. Any thread. */
void via_http_post (ViaHttpServer *self, guint ms, GSourceFunc func,
    gpointer data, GDestroyNotify destroy);

/* server_events.c */
void via_server_events_take (
    ViaHttpServer *self, SoupServerMessage *message, const gchar *id);
/* The stream that @request is of is over. */
void via_server_events_drop (
    ViaHttpServer *self, const gchar *id, const ViaRequest *request);
/* Session @id is over, on our side: its player may come back. */
void via_server_events_end (ViaHttpServer *self, const gchar *id);

/* server_room.c */
/* The room's address takes WebSockets from now on, if there is a room. */
void via_server_room_open (ViaHttpServer *self);
/* Before wish decides on one from @address: who is in the room takes places. */
void via_server_room_count (ViaHttpServer *self, const gchar *address);
/* TRUE if @message is for the room; libsoup goes on with an upgrade. */
gboolean via_server_room_request (
    ViaHttpServer *self, SoupServerMessage *message, const gchar *path);
/* It asks to become a WebSocket (RFC 6455 §4.1). */
gboolean via_server_room_is_upgrade (SoupServerMessage *message);
/* FALSE: a member of the room sends and receives, but its token allows less. */
gboolean via_server_room_may_enter (
    ViaHttpServer *self, const ViaRequest *request, ViaReply *reply);

G_END_DECLS
