/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers.h – the peers of one webrtcserver, publishers and viewers: a
 * webrtcendpoint child per HTTP session, from offer to goodbye.
 */
#pragma once

#include <gst/gst.h>
#include "dtls/identity.h"
#include "http/server.h"
#include "io/exchange.h"
#include "io/liteport.h"

G_BEGIN_DECLS

#define VIA_PEERS_GATHER_MS 1000         /* after the first candidate */
#define VIA_PEERS_ANSWER_MS 4000         /* from the offer, come what may */
#define VIA_PEERS_ROOM_ANSWER_MS 15000   /* from our offer to its answer */
#define VIA_PEERS_CONNECT_MS 15000       /* from the answer to media */
#define VIA_PEERS_VANISHED_MS 10000      /* disconnected this long */
#define VIA_PEERS_PORT_VANISHED_MS 32000 /* the port says failed before */

typedef struct _ViaPeers ViaPeers;

/* Who wants to begin, for authorize. */
typedef struct
{
  ViaWishRole role;
  const gchar *stream, *app_data, *token; /* nullable; the token is secret */
  const gchar *address;
} ViaPeersGuest;

/* All on via-app but link, which is as in ViaWishFuncs. */
typedef struct
{
  /* The room they are in, or NULL with an error while there is none. (transfer
   * full) */
  ViaExchange *(*room) (gpointer user, GError **error);
  /* Sets the properties of a child before it is added. */
  void (*configure) (gpointer user, GstElement *child);
  gchar *(*link) (gpointer user);
  /* May it begin? SETTING: no. @app_data: the child's; may be exchanged. */
  gboolean (*authorize) (gpointer user, const ViaPeersGuest *guest,
      gchar **app_data, GError **error);
} ViaPeersFuncs;

typedef struct
{
  ViaHttpConfig http;
  GstBin *bin;           /* gets the children; outlives us */
  ViaIdentity *identity; /* of all of them */
  ViaExchange *received; /* gets a copy of what publishers send */
  ViaLitePort *port;     /* (nullable) one port for all of them */
  ViaPeersFuncs funcs;
  gpointer user;
  gboolean ticks_room; /* the room is our own: nobody else ticks it */
} ViaPeersConfig;

/* Listens. Needs via_app_acquire. Errors as via_http_server_new. */
ViaPeers *via_peers_start (const ViaPeersConfig *config, GError **error);
/* Takes every child away (they say goodbye) and listens on. Any thread but
 * loops. */
void via_peers_dismiss (ViaPeers *self);
/* Stops listening and takes every child away; waits for no handler of the
 * application. NULL is ignored. Any thread but the server's own and loops. */
void via_peers_stop (ViaPeers *self);
/* Runs @func once, @ms from now, on a thread that must not wait; not after
 * _stop. @destroy always. */
void via_peers_after (ViaPeers *self, guint ms, GSourceFunc func, gpointer data,
    GDestroyNotify destroy);
/* What listens; valid until _stop. */
const ViaHttpServer *via_peers_http (const ViaPeers *self);

G_END_DECLS
