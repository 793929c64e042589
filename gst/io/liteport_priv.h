/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/liteport_priv.h – what liteport.c, liteseat.c and litestream.c
 * share.
 */
#pragma once

#include "io/liteport.h"

G_BEGIN_DECLS

#define VIA_LITE_FIRST_FLOW                                                    \
  (G_GUINT64_CONSTANT (1) << 32) /* of connections                             \
                                  */

typedef struct _ViaLiteStreams ViaLiteStreams;

typedef struct
{
  ViaLitePort *port;
  ViaAddress address;
  gint udp, tcp;
  ViaLoopWatch *udp_watch, *tcp_watch;
} ViaLiteSocket;

struct _ViaLitePort
{
  gatomicrefcount refs;
  /* immutable */
  ViaLoop *home; /* reads all sockets */
  guint n;
  ViaLiteSocket sockets[VIA_LITEPORT_ADDRESSES];

  GMutex lock; /* guards all to the next blank; never held while calling out */
  GHashTable *names; /* ufrag → ViaLiteSeat, not owned */
  GHashTable *paths; /* ViaIcePath → ViaLiteSeat, not owned */

  /* home loop */
  ViaLiteStreams *streams;
};

struct _ViaLiteSeat
{
  gatomicrefcount refs; /* what is posted holds one */
  /* immutable */
  ViaLitePort *port;
  ViaLoop *loop;
  ViaLiteSeatFuncs funcs;
  gpointer user;
  gint n_posted; /* atomic */
  /* its own loop */
  gboolean is_gone;
  ViaIcePath held[VIA_LITEPORT_PATHS];
  guint n_held, oldest;
};

void via_liteseat_unref (ViaLiteSeat *self);
/* To its own loop. @seat: (transfer full). @data NULL: the connection of @path
 * is lost. */
void via_liteseat_hand_on (
    ViaLiteSeat *seat, const ViaIcePath *path, const guint8 *data, gsize len);

/* One datagram that came from @path: to its seat, or nowhere. Home loop. */
void via_liteport_route (
    ViaLitePort *self, const ViaIcePath *path, guint8 *data, gsize len);
/* TRUE if a seat holds @path. Any thread. */
gboolean via_liteport_is_held (ViaLitePort *self, const ViaIcePath *path);
/* The connection is gone: whoever holds it is told. Home loop. */
void via_liteport_lose (ViaLitePort *self, const ViaIcePath *path);

/* Connections; home loop. */
ViaLiteStreams *via_lite_streams_new (ViaLitePort *port);
void via_lite_streams_free (ViaLiteStreams *self);
/* Takes what waits at the listening socket @fd. */
void via_lite_streams_accept (ViaLiteStreams *self, gint fd);
/* Queues one datagram; FALSE: no such connection, or it is too slow. */
gboolean via_lite_streams_send (
    ViaLiteStreams *self, guint64 flow, const guint8 *data, gsize len);

G_END_DECLS
