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
  gpointer user; /* stays while not stopped */

  GMutex lock; /* guards all to the next blank; never held while calling out */
  ViaHttpServer
      *http;         /* NULL once stopped: what is still posted does nothing */
  GHashTable *table; /* gchar* id → ViaPeersOne*, one reference each */

  guint n_seen; /* via-app */
};

typedef struct
{
  gatomicrefcount refs;
  /* immutable */
  ViaPeers *owner;
  gchar *id;
  ViaWishRole role;
  gchar *stream; /* (nullable) */
  ViaWebrtcEndpoint *element;
  /* via-app */
  gboolean has_candidate, is_answered, is_connected, is_offering;
  guint absences; /* how often it was disconnected; tells timers apart */
} ViaPeersOne;

/* A call, carried to via-app. */
typedef struct _ViaPeersTask ViaPeersTask;
struct _ViaPeersTask
{
  ViaPeers *self;
  void (*run) (ViaPeersTask *task);
  gchar *id;
  gchar *text; /* (nullable) offer, answer or candidate */
  gchar *app_data, *stream, *address, *token; /* of an offer */
  guint number;                               /* m-line, absence or role */
};

/* peers.c */
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
/* FALSE: there is none of that id (any more). */
gboolean via_peers_remove (ViaPeers *self, const gchar *id);
/* What its endpoint says is heard from now on. */
void via_peers_listen (ViaPeersOne *peer);
/* The answer goes when all candidates are there, or in @ms. via-app. */
void via_peers_answer_later (ViaPeersOne *peer, guint ms);

/* peers_http.c */
extern const ViaWishFuncs via_peers_wish_funcs;

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPeersOne, via_peers_one_unref)
