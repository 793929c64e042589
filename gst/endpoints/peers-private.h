/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers-private.h – what the files of endpoints/peers share.
 */
#pragma once

#include "endpoints/peers.h"
#include "endpoints/webrtcendpoint-private.h"

G_BEGIN_DECLS

#define VIA_PEERS_OFFERED_MS 30000 /* our offer waits for its answer */

struct _ViaPeers
{
  gatomicrefcount refs;
  /* immutable */
  GstBin *bin;
  ViaIdentity *identity;
  ViaExchange *received;
  ViaLitePort *port; /* (nullable) */
  ViaPeersFuncs funcs;
  gpointer user;       /* stays while not stopped */
  gboolean ticks_room; /* nobody else does */

  GMutex lock; /* guards all to the next blank; never held while calling out */
  ViaHttpServer
      *http;         /* NULL once stopped: what is still posted does nothing */
  GHashTable *table; /* gchar* id → ViaPeersOne*, one reference each */
  struct
  {
    ViaExchange *exchange; /* NULL: nobody is in the room */
    gpointer handle;
    gboolean is_ticking; /* the next tick is on its way */
  } watch;

  gint tells; /* atomic: members of the room are about to be told */

  /* via-app */
  guint n_seen;
  GHashTable *rates; /* (nullable) of the room's tracks, for events */
  gint64 rates_at;
};

typedef struct
{
  gatomicrefcount refs;
  /* immutable */
  ViaPeers *owner;
  gchar *id;
  guint number;     /* in the order in which they came */
  ViaWishRole role; /* or VIA_PEERS_ROOM */
  gchar *stream;    /* (nullable) */
  ViaWebrtcEndpoint *element;
  /* via-app */
  gboolean has_candidate, is_answered, is_connected, is_offering;
  guint64 n_sent; /* when it was looked at last, for events */
  gchar *rid;     /* (nullable) the layer it chose */
  guint absences; /* how often it was disconnected; tells timers apart */
  /* via-app, of the room; is_offering: our offer waits */
  gboolean is_gathering;
  guint n_offers; /* tells timers apart */
  gchar *told;    /* the last "peers" */
} ViaPeersOne;

/* A call, carried to via-app. */
typedef struct _ViaPeersTask ViaPeersTask;
struct _ViaPeersTask
{
  ViaPeers *self;
  void (*run) (ViaPeersTask *task);
  gchar *id;
  gchar *text; /* (nullable) offer, answer, candidate or name */
  gchar *app_data, *stream, *address, *token; /* of an offer or a join */
  guint number; /* m-line, absence, role, or what is muted */
};

/* How a peer came, besides ViaWishRole: by WebSocket; it sends and receives. */
#define VIA_PEERS_ROOM ((ViaWishRole) VIA_WISH_N_ROLES)

/* peers.c */
ViaPeers *via_peers_ref (ViaPeers *self);
void via_peers_unref (ViaPeers *self);
void via_peers_one_unref (gpointer peer);
/* NULL once stopped. (transfer full) */
ViaHttpServer *via_peers_dup_http (ViaPeers *self);
/* (transfer full) (nullable) */
ViaPeersOne *via_peers_find (ViaPeers *self, const gchar *id);
/* Everybody there is now. (transfer full) */
GPtrArray *via_peers_everybody (ViaPeers *self);
ViaPeersTask *via_peers_task (
    ViaPeers *self, const gchar *id, void (*run) (ViaPeersTask *task));
/* (transfer full) */
void via_peers_post (ViaPeersTask *task);
void via_peers_post_later (ViaPeersTask *task, guint ms);
/* From the bin and to NULL: says goodbye and waits for the loop. May be called
 * again. Any thread but loops, as the next. */
void via_peers_end (ViaPeersOne *peer);
/* @why: (nullable) what a member of the room is told. FALSE: there is none of
 * that id (any more). */
gboolean via_peers_remove (ViaPeers *self, const gchar *id, const GError *why);
/* @func gets @peer, which stays. */
void via_peers_connect (ViaPeersOne *peer, const gchar *name, GCallback func);
/* What its endpoint says is heard from now on: states; and of who came by HTTP
 * candidates. */
void via_peers_listen (ViaPeersOne *peer);
/* Removes @peer if it is not connected by then. via-app. */
void via_peers_reap_later (ViaPeersOne *peer, guint ms);
/* The answer goes when all candidates are there, or in @ms. via-app. */
void via_peers_answer_later (ViaPeersOne *peer, guint ms);

/* peers_report.c; for ViaHttpConfig */
void via_peers_report (
    gpointer user, const gchar *ticket, ViaReportKind kind, const gchar *path);

/* Numbers of whatever type in a via-…-stats; 0 without. */
gdouble via_peers_number (const GstStructure *stats, const gchar *field);
/* The via-media-stats in a via-endpoint-stats. */
guint via_peers_n_media (const GstStructure *stats);
const GstStructure *via_peers_media (const GstStructure *stats, guint i);

/* peers_layers.c; for ViaHttpConfig and ViaWishFuncs */
void via_peers_look (gpointer user, const gchar *id);
void via_peers_layer (
    gpointer user, const gchar *id, guint media, const gchar *rid);

/* peers_http.c */
extern const ViaWishFuncs via_peers_wish_funcs;
/* Of @task's id, app-data and role (its number), in @room. via-app. */
ViaPeersOne *via_peers_one_new (ViaPeersTask *task, ViaExchange *room);
/* May it begin? via-app. */
gboolean via_peers_authorize (
    ViaPeersTask *task, ViaWishRole role, GError **error);
/* Into the bin and to its state. */
gboolean via_peers_show (ViaPeersOne *peer, GError **error);
/* Into the table. FALSE: stopped. */
gboolean via_peers_keep (ViaPeers *self, ViaPeersOne *peer);
/* What was started meanwhile by somebody who took it out of the table. */
void via_peers_end_if_gone (ViaPeers *self, ViaPeersOne *peer);

/* peers_room.c */
extern const ViaRoomtextFuncs via_peers_room_funcs;
/* The last member left, or all is over: nothing is watched any more. Any
 * thread. */
void via_peers_room_unwatch (ViaPeers *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPeersOne, via_peers_one_unref)
