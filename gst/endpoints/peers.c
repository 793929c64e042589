/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers.c – the peers of one webrtcserver, publishers and viewers: a
 * webrtcendpoint child per HTTP session, from offer to goodbye.
 * What HTTP, timers and signals want is done on via-app, where handlers of the
 * application run too: so neither the HTTP thread nor _stop waits for it.
 */
#include "endpoints/peers.h"

#include <string.h>

#include "endpoints/webrtcendpoint-private.h"
#include "io/app.h"

struct _ViaPeers
{
  gatomicrefcount refs;
  /* immutable */
  GstBin *bin;
  ViaIdentity *identity;
  ViaExchange *received;
  ViaLitePort *port; /* (nullable) */
  ViaExchange *(*room) (gpointer user, GError **error);
  void (*configure) (gpointer user, GstElement *child);
  gchar *(*link) (gpointer user);
  gpointer user; /* stays while not stopped */

  GMutex lock; /* guards all to the next blank; never held while calling out */
  ViaHttpServer
      *http;         /* NULL once stopped: what is still posted does nothing */
  GHashTable *table; /* gchar* id → Peer*, one reference each */

  guint n_seen; /* via-app */
};

typedef struct
{
  gatomicrefcount refs;
  /* immutable */
  ViaPeers *owner;
  gchar *id;
  ViaWebrtcEndpoint *element;
  /* via-app */
  gboolean has_candidate, is_answered, is_connected;
  guint absences; /* how often it was disconnected; tells timers apart */
} Peer;

/* --- references --- */

static void
peers_unref (ViaPeers *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->table);
  via_exchange_unref (self->received);
  via_liteport_unref (self->port);
  via_identity_unref (self->identity);
  gst_object_unref (self->bin);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static ViaPeers *
peers_ref (ViaPeers *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static Peer *
peer_ref (Peer *peer)
{
  g_atomic_ref_count_inc (&peer->refs);
  return peer;
}

static void
peer_unref (gpointer data)
{
  Peer *peer = data;

  if (!g_atomic_ref_count_dec (&peer->refs))
    return;
  gst_object_unref (peer->element);
  peers_unref (peer->owner);
  g_free (peer->id);
  g_free (peer);
}

static void
peer_unref_closure (gpointer data, GClosure *closure)
{
  peer_unref (data);
}

/* NULL once stopped. (transfer full) */
static ViaHttpServer *
http_of (ViaPeers *self)
{
  ViaHttpServer *http;

  g_mutex_lock (&self->lock);
  http = self->http != NULL ? via_http_server_ref (self->http) : NULL;
  g_mutex_unlock (&self->lock);
  return http;
}

static gboolean
is_stopped (ViaPeers *self)
{
  g_autoptr (ViaHttpServer) http = http_of (self);

  return http == NULL;
}

/* (transfer full) */
static Peer *
find (ViaPeers *self, const gchar *id)
{
  Peer *peer;

  g_mutex_lock (&self->lock);
  peer = g_hash_table_lookup (self->table, id);
  if (peer != NULL)
    peer_ref (peer);
  g_mutex_unlock (&self->lock);
  return peer;
}

/* --- a call, carried to via-app --- */

typedef struct _Task Task;
struct _Task
{
  ViaPeers *self;
  void (*run) (Task *task);
  gchar *id;
  gchar *text; /* offer or candidate */
  gchar *app_data;
  guint number; /* m-line, absence or role */
};

static Task *
task_new (ViaPeers *self, const gchar *id, void (*run) (Task *task))
{
  Task *task = g_new0 (Task, 1);

  task->self = peers_ref (self);
  task->run = run;
  task->id = g_strdup (id);
  return task;
}

static void
task_free (gpointer data)
{
  Task *task = data;

  peers_unref (task->self);
  g_free (task->id);
  g_free (task->text);
  g_free (task->app_data);
  g_free (task);
}

static void
task_run (gpointer data)
{
  Task *task = data;

  if (!is_stopped (task->self))
    task->run (task);
}

static void
task_post (Task *task)
{
  via_app_post (task_run, task, task_free);
}

static gboolean
on_timer (gpointer data)
{
  Task *task = data;
  Task *posted = task_new (task->self, task->id, task->run);

  posted->number = task->number;
  task_post (posted);
  return G_SOURCE_REMOVE;
}

static void
task_post_later (Task *task, guint ms)
{
  g_autoptr (ViaHttpServer) http = http_of (task->self);

  if (http != NULL)
    via_http_server_after (http, ms, on_timer, task, task_free);
  else
    task_free (task);
}

/* --- a peer's end; any thread but loops --- */

/* From the bin and to NULL: says goodbye and waits for the loop. May be called
 * again. */
static void
peer_end (Peer *peer)
{
  GstElement *child = GST_ELEMENT (peer->element);

  g_signal_handlers_disconnect_by_data (child, peer);
  gst_element_set_locked_state (child, TRUE);
  gst_element_set_state (child, GST_STATE_NULL);
  if (GST_OBJECT_PARENT (child) == GST_OBJECT (peer->owner->bin))
    gst_bin_remove (peer->owner->bin, child);
}

/* FALSE: there is none of that id (any more). */
static gboolean
remove_peer (ViaPeers *self, const gchar *id)
{
  g_autoptr (ViaHttpServer) http = http_of (self);
  Peer *peer = find (self, id);

  if (peer == NULL)
    return FALSE;
  if (http != NULL)
    via_http_server_end (http, id);
  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->table, id);
  g_mutex_unlock (&self->lock);
  peer_end (peer);
  peer_unref (peer);
  return TRUE;
}

static void
run_remove (Task *task)
{
  remove_peer (task->self, task->id);
}

static void
run_reap (Task *task)
{
  Peer *peer = find (task->self, task->id);

  if (peer == NULL)
    return;
  if (!peer->is_connected && peer->absences == task->number)
    remove_peer (task->self, task->id);
  peer_unref (peer);
}

static void
post_reap (Peer *peer, guint ms)
{
  Task *task = task_new (peer->owner, peer->id, run_reap);

  task->number = peer->absences;
  task_post_later (task, ms);
}

/* --- the answer; via-app --- */

/* With every candidate there is by now. */
static void
answer (Peer *peer)
{
  g_autoptr (ViaHttpServer) http = http_of (peer->owner);
  g_autofree gchar *sdp = NULL;

  if (peer->is_answered || http == NULL)
    return;
  peer->is_answered = TRUE;
  g_object_get (peer->element, "current-local-description", &sdp, NULL);
  via_http_server_answer (http, peer->id, sdp, NULL);
  post_reap (peer, VIA_PEERS_CONNECT_MS);
}

static void
run_answer (Task *task)
{
  Peer *peer = find (task->self, task->id);

  if (peer == NULL)
    return;
  answer (peer);
  peer_unref (peer);
}

/* --- what an endpoint says; via-app --- */

static void
on_candidate (
    GstElement *element, guint mline, const gchar *candidate, gpointer data)
{
  Peer *peer = data;

  if (peer->has_candidate)
    return;
  peer->has_candidate = TRUE;
  task_post_later (
      task_new (peer->owner, peer->id, run_answer), VIA_PEERS_GATHER_MS);
}

static void
on_gathering_done (GstElement *element, gpointer data)
{
  answer (data);
}

static void
on_state (GstElement *element, gint state, gpointer data)
{
  Peer *peer = data;
  g_autoptr (ViaHttpServer) http = http_of (peer->owner);

  if (http == NULL)
    return;
  peer->is_connected = state == VIA_CONNECTION_CONNECTED;
  if (peer->is_connected) {
    via_http_server_connected (http, peer->id);
  } else if (state == VIA_CONNECTION_DISCONNECTED) {
    peer->absences++;
    post_reap (peer, peer->owner->port != NULL ? VIA_PEERS_PORT_VANISHED_MS
                                               : VIA_PEERS_VANISHED_MS);
  } else if (state == VIA_CONNECTION_FAILED || state == VIA_CONNECTION_CLOSED) {
    task_post (task_new (peer->owner, peer->id, run_remove)); /* not within */
  }
}

static void
connect_signal (Peer *peer, const gchar *name, GCallback func)
{
  g_signal_connect_data (
      peer->element, name, func, peer_ref (peer), peer_unref_closure, 0);
}

/* --- what HTTP says --- */

/* via-app. */
static Peer *
peer_new (Task *task, ViaExchange *room)
{
  ViaPeers *self = task->self;
  g_autofree gchar *name = g_strdup_printf ("peer-%u", self->n_seen++);
  Peer *peer = g_new0 (Peer, 1);
  ViaWebrtcShared shared = {.exchange = room,
      .identity = self->identity,
      .port = self->port,
      .direction = VIA_DIRECTION_SENDONLY}; /* WHEP: it only watches */

  if (task->number == VIA_WISH_PUBLISH) {
    shared.received = self->received;
    shared.direction = VIA_DIRECTION_RECVONLY;
  }
  g_atomic_ref_count_init (&peer->refs);
  peer->owner = peers_ref (self);
  peer->id = g_strdup (task->id);
  peer->element = g_object_new (
      VIA_TYPE_WEBRTC_ENDPOINT, "name", name, "app-data", task->app_data, NULL);
  gst_object_ref_sink (peer->element);
  via_webrtc_endpoint_set_shared (peer->element, &shared);
  self->configure (self->user, GST_ELEMENT (peer->element));
  connect_signal (peer, "on-ice-candidate", G_CALLBACK (on_candidate));
  connect_signal (
      peer, "on-ice-gathering-done", G_CALLBACK (on_gathering_done));
  connect_signal (peer, "connection-state-changed", G_CALLBACK (on_state));
  return peer;
}

static gboolean
peer_start (Peer *peer, const gchar *offer, GError **error)
{
  GstElement *child = GST_ELEMENT (peer->element);
  g_autofree gchar *first = NULL;

  if (!gst_bin_add (peer->owner->bin, child)
      || !gst_element_sync_state_with_parent (child)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "The server cannot take anybody in now");
    return FALSE;
  }
  first = via_webrtc_endpoint_process_offer (peer->element, offer, error);
  return first != NULL && via_webrtc_endpoint_gather (peer->element, error);
}

/* FALSE: stopped. */
static gboolean
keep (ViaPeers *self, Peer *peer)
{
  gboolean is_kept;

  g_mutex_lock (&self->lock);
  is_kept = self->http != NULL;
  if (is_kept)
    g_hash_table_insert (self->table, peer->id, peer_ref (peer));
  g_mutex_unlock (&self->lock);
  return is_kept;
}

/* What was started meanwhile by somebody who took it out of the table. */
static void
end_if_gone (ViaPeers *self, Peer *peer)
{
  Peer *kept = find (self, peer->id);

  if (kept == NULL)
    peer_end (peer);
  else
    peer_unref (kept);
}

static void
refuse (ViaPeers *self, const gchar *id, const GError *error)
{
  g_autoptr (ViaHttpServer) http = http_of (self);

  if (http != NULL)
    via_http_server_answer (http, id, NULL, error);
}

static void
run_offer (Task *task)
{
  ViaPeers *self = task->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaExchange) room = self->room (self->user, &error);
  Peer *peer;

  if (room == NULL) {
    refuse (self, task->id, error);
    return;
  }
  peer = peer_new (task, room);
  if (!keep (self, peer)) {
    peer_end (peer);
  } else if (peer_start (peer, task->text, &error)) {
    task_post_later (
        task_new (self, peer->id, run_answer), VIA_PEERS_ANSWER_MS);
    end_if_gone (self, peer);
  } else {
    remove_peer (self, peer->id);
    peer_end (peer);
    refuse (self, task->id, error);
  }
  peer_unref (peer);
}

static void
on_offer (gpointer user, const gchar *id, ViaWishRole role, const gchar *offer,
    const gchar *app_data)
{
  Task *task = task_new (user, id, run_offer);

  task->number = role;
  task->text = g_strdup (offer);
  task->app_data = g_strdup (app_data);
  task_post (task);
}

/* One we cannot use is dropped without a word. */
static void
run_candidate (Task *task)
{
  Peer *peer = find (task->self, task->id);

  if (peer == NULL)
    return;
  via_webrtc_endpoint_add_candidate (
      peer->element, task->number, task->text, NULL);
  peer_unref (peer);
}

static void
on_http_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  Task *task = task_new (user, id, run_candidate);

  task->number = mline;
  task->text = g_strdup (candidate);
  task_post (task);
}

static void
on_bye (gpointer user, const gchar *id)
{
  task_post (task_new (user, id, run_remove));
}

static gchar *
on_link (gpointer user)
{
  ViaPeers *self = user;

  return self->link != NULL ? self->link (self->user) : NULL;
}

/* --- life --- */

ViaPeers *
via_peers_start (const ViaPeersConfig *config, GError **error)
{
  static const ViaWishFuncs funcs = {
      on_offer, on_http_candidate, on_bye, on_link};
  ViaPeers *self = g_new0 (ViaPeers, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->bin = gst_object_ref (config->bin);
  self->identity = via_identity_ref (config->identity);
  self->received = via_exchange_ref (config->received);
  self->port = config->port != NULL ? via_liteport_ref (config->port) : NULL;
  self->room = config->room;
  self->configure = config->configure;
  self->link = config->link;
  self->user = config->user;
  self->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, peer_unref);
  self->http = via_http_server_new (&config->http, &funcs, self, error);
  if (self->http == NULL) {
    peers_unref (self);
    return NULL;
  }
  via_http_server_start (self->http);
  return self;
}

/* Everybody in the table, each with its reference. (transfer full) */
static GPtrArray *
everybody_locked (ViaPeers *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (peer_unref);
  GHashTableIter iter;
  gpointer peer;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &peer))
    g_ptr_array_add (all, peer_ref (peer));
  return all;
}

void
via_peers_dismiss (ViaPeers *self)
{
  g_autoptr (GPtrArray) all = NULL;

  g_mutex_lock (&self->lock);
  all = everybody_locked (self);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < all->len; i++)
    remove_peer (self, ((Peer *) g_ptr_array_index (all, i))->id);
}

void
via_peers_stop (ViaPeers *self)
{
  g_autoptr (GPtrArray) all = NULL;
  ViaHttpServer *http;

  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  http = g_steal_pointer (&self->http);
  all = everybody_locked (self);
  g_hash_table_remove_all (self->table);
  g_mutex_unlock (&self->lock);
  via_http_server_stop (http);
  for (guint i = 0; i < all->len; i++)
    peer_end (g_ptr_array_index (all, i));
  peers_unref (self);
}

void
via_peers_after (ViaPeers *self, guint ms, GSourceFunc func, gpointer data,
    GDestroyNotify destroy)
{
  g_autoptr (ViaHttpServer) http = http_of (self);

  if (http != NULL)
    via_http_server_after (http, ms, func, data, destroy);
  else
    destroy (data);
}

const ViaHttpServer *
via_peers_http (const ViaPeers *self)
{
  return self->http;
}
