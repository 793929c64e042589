/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers.c – the peers of one webrtcserver, publishers and viewers: a
 * webrtcendpoint child per HTTP session, from offer to goodbye.
 * What HTTP, timers and signals want is done on via-app, where handlers of the
 * application run too: so neither the HTTP thread nor _stop waits for it.
 */
#include "endpoints/peers-private.h"

#include <string.h>

#include "io/app.h"

/* --- references --- */

void
via_peers_unref (ViaPeers *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->table);
  g_clear_pointer (&self->rates, g_hash_table_unref);
  via_exchange_unref (self->received);
  via_liteport_unref (self->port);
  via_identity_unref (self->identity);
  gst_object_unref (self->bin);
  g_mutex_clear (&self->lock);
  g_free (self);
}

ViaPeers *
via_peers_ref (ViaPeers *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static ViaPeersOne *
peer_ref (ViaPeersOne *peer)
{
  g_atomic_ref_count_inc (&peer->refs);
  return peer;
}

void
via_peers_one_unref (gpointer data)
{
  ViaPeersOne *peer = data;

  if (!g_atomic_ref_count_dec (&peer->refs))
    return;
  gst_object_unref (peer->element);
  via_peers_unref (peer->owner);
  g_free (peer->stream);
  g_free (peer->told);
  g_free (peer->rid);
  g_free (peer->id);
  g_free (peer);
}

static void
peer_unref_closure (gpointer data, GClosure *closure)
{
  via_peers_one_unref (data);
}

ViaHttpServer *
via_peers_dup_http (ViaPeers *self)
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
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);

  return http == NULL;
}

ViaPeersOne *
via_peers_find (ViaPeers *self, const gchar *id)
{
  ViaPeersOne *peer;

  g_mutex_lock (&self->lock);
  peer = g_hash_table_lookup (self->table, id);
  if (peer != NULL)
    peer_ref (peer);
  g_mutex_unlock (&self->lock);
  return peer;
}

/* --- a call, carried to via-app --- */

ViaPeersTask *
via_peers_task (
    ViaPeers *self, const gchar *id, void (*run) (ViaPeersTask *task))
{
  ViaPeersTask *task = g_new0 (ViaPeersTask, 1);

  task->self = via_peers_ref (self);
  task->run = run;
  task->id = g_strdup (id);
  return task;
}

static void
task_free (gpointer data)
{
  ViaPeersTask *task = data;

  via_peers_unref (task->self);
  g_free (task->id);
  g_free (task->text);
  g_free (task->app_data);
  g_free (task->stream);
  g_free (task->address);
  if (task->token != NULL)
    explicit_bzero (task->token, strlen (task->token));
  g_free (task->token);
  g_free (task);
}

static void
task_run (gpointer data)
{
  ViaPeersTask *task = data;

  if (!is_stopped (task->self))
    task->run (task);
}

void
via_peers_post (ViaPeersTask *task)
{
  via_app_post (task_run, task, task_free);
}

static gboolean
on_timer (gpointer data)
{
  ViaPeersTask *task = data;
  ViaPeersTask *posted = via_peers_task (task->self, task->id, task->run);

  posted->number = task->number;
  via_peers_post (posted);
  return G_SOURCE_REMOVE;
}

void
via_peers_post_later (ViaPeersTask *task, guint ms)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (task->self);

  if (http != NULL)
    via_http_server_after (http, ms, on_timer, task, task_free);
  else
    task_free (task);
}

/* --- a peer's end; any thread but loops --- */

void
via_peers_end (ViaPeersOne *peer)
{
  GstElement *child = GST_ELEMENT (peer->element);

  g_signal_handlers_disconnect_by_data (child, peer);
  gst_element_set_locked_state (child, TRUE);
  gst_element_set_state (child, GST_STATE_NULL);
  if (GST_OBJECT_PARENT (child) == GST_OBJECT (peer->owner->bin))
    gst_bin_remove (peer->owner->bin, child);
}

static void
tell_end (ViaPeersOne *peer, const GError *why)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (peer->owner);
  g_autoptr (GError) lost = g_error_new_literal (
      VIA_ERROR, VIA_ERROR_STATE, "The media connection is lost");

  if (http == NULL)
    return;
  if (peer->role == VIA_PEERS_ROOM)
    via_http_server_room_end (http, peer->id, why != NULL ? why : lost);
  else
    via_http_server_end (http, peer->id);
}

/* Whoever gets it ends it: two threads cannot. (transfer full) (nullable) */
static ViaPeersOne *
take_out (ViaPeers *self, const gchar *id)
{
  gpointer peer = NULL;

  g_mutex_lock (&self->lock);
  g_hash_table_steal_extended (self->table, id, NULL, &peer);
  g_mutex_unlock (&self->lock);
  return peer;
}

gboolean
via_peers_remove (ViaPeers *self, const gchar *id, const GError *why)
{
  g_autoptr (ViaPeersOne) peer = take_out (self, id);

  if (peer == NULL)
    return FALSE;
  tell_end (peer, why);
  via_peers_end (peer);
  return TRUE;
}

static void
run_remove (ViaPeersTask *task)
{
  via_peers_remove (task->self, task->id, NULL);
}

static void
run_reap (ViaPeersTask *task)
{
  ViaPeersOne *peer = via_peers_find (task->self, task->id);

  if (peer == NULL)
    return;
  if (!peer->is_connected && peer->absences == task->number)
    via_peers_remove (task->self, task->id, NULL);
  via_peers_one_unref (peer);
}

void
via_peers_reap_later (ViaPeersOne *peer, guint ms)
{
  ViaPeersTask *task = via_peers_task (peer->owner, peer->id, run_reap);

  task->number = peer->absences;
  via_peers_post_later (task, ms);
}

/* --- the answer; via-app --- */

/* With every candidate there is by now. */
static void
answer (ViaPeersOne *peer)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (peer->owner);
  g_autofree gchar *sdp = NULL;

  if (peer->is_answered || http == NULL)
    return;
  peer->is_answered = TRUE;
  g_object_get (peer->element,
      peer->is_offering ? "local-description" : "current-local-description",
      &sdp, NULL);
  if (sdp == NULL) {
    g_autoptr (GError) error = g_error_new_literal (
        VIA_ERROR, VIA_ERROR_STATE, "The server has no answer now");

    via_http_server_answer (http, peer->id, NULL, error);
  } else {
    via_http_server_answer (http, peer->id, sdp, NULL);
  }
  via_peers_reap_later (
      peer, peer->is_offering ? VIA_PEERS_OFFERED_MS : VIA_PEERS_CONNECT_MS);
}

static void
run_answer (ViaPeersTask *task)
{
  ViaPeersOne *peer = via_peers_find (task->self, task->id);

  if (peer == NULL)
    return;
  answer (peer);
  via_peers_one_unref (peer);
}

/* --- what an endpoint says; via-app --- */

static void
on_candidate (
    GstElement *element, guint mline, const gchar *candidate, gpointer data)
{
  ViaPeersOne *peer = data;

  if (peer->has_candidate)
    return;
  peer->has_candidate = TRUE;
  via_peers_post_later (
      via_peers_task (peer->owner, peer->id, run_answer), VIA_PEERS_GATHER_MS);
}

static void
on_gathering_done (GstElement *element, gpointer data)
{
  answer (data);
}

static void
on_state (GstElement *element, gint state, gpointer data)
{
  ViaPeersOne *peer = data;
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (peer->owner);

  if (http == NULL)
    return;
  peer->is_connected = state == VIA_CONNECTION_CONNECTED;
  if (peer->is_connected) {
    via_http_server_connected (http, peer->id);
  } else if (state == VIA_CONNECTION_DISCONNECTED) {
    peer->absences++;
    via_peers_reap_later (peer, peer->owner->port != NULL
                                    ? VIA_PEERS_PORT_VANISHED_MS
                                    : VIA_PEERS_VANISHED_MS);
  } else if (state == VIA_CONNECTION_FAILED || state == VIA_CONNECTION_CLOSED) {
    via_peers_post (
        via_peers_task (peer->owner, peer->id, run_remove)); /* not within */
  }
}

void
via_peers_answer_later (ViaPeersOne *peer, guint ms)
{
  via_peers_post_later (via_peers_task (peer->owner, peer->id, run_answer), ms);
}

void
via_peers_connect (ViaPeersOne *peer, const gchar *name, GCallback func)
{
  g_signal_connect_data (
      peer->element, name, func, peer_ref (peer), peer_unref_closure, 0);
}

void
via_peers_listen (ViaPeersOne *peer)
{
  via_peers_connect (peer, "connection-state-changed", G_CALLBACK (on_state));
  if (peer->role == VIA_PEERS_ROOM)
    return;
  via_peers_connect (peer, "on-ice-candidate", G_CALLBACK (on_candidate));
  via_peers_connect (
      peer, "on-ice-gathering-done", G_CALLBACK (on_gathering_done));
}

/* --- a new one --- */

ViaPeersOne *
via_peers_one_new (ViaPeersTask *task, ViaExchange *room)
{
  static const ViaDirection directions[] = {
      [VIA_WISH_PLAY] = VIA_DIRECTION_SENDONLY, /* it only watches */
      [VIA_WISH_PUBLISH] = VIA_DIRECTION_RECVONLY,
      [VIA_PEERS_ROOM] = VIA_DIRECTION_SENDRECV};
  ViaPeers *self = task->self;
  g_autofree gchar *name = g_strdup_printf ("peer-%u", self->n_seen);
  ViaPeersOne *peer = g_new0 (ViaPeersOne, 1);
  ViaWebrtcShared shared = {.exchange = room,
      .received = task->number != VIA_WISH_PLAY ? self->received : NULL,
      .identity = self->identity,
      .port = self->port,
      .direction = directions[task->number]};

  g_atomic_ref_count_init (&peer->refs);
  peer->owner = via_peers_ref (self);
  peer->id = g_strdup (task->id);
  peer->number = self->n_seen++;
  peer->role = task->number;
  peer->stream = g_strdup (task->stream);
  peer->is_offering = task->number != VIA_PEERS_ROOM && task->text == NULL;
  peer->element = g_object_new (
      VIA_TYPE_WEBRTC_ENDPOINT, "name", name, "app-data", task->app_data, NULL);
  gst_object_ref_sink (peer->element);
  if (task->stream != NULL && task->number == VIA_WISH_PLAY) {
    g_autofree gchar *who = g_strdup_printf ("app-data=%s", task->stream);

    g_object_set (peer->element, "subscribe", who, NULL);
  }
  via_webrtc_endpoint_set_shared (peer->element, &shared);
  self->funcs.configure (self->user, GST_ELEMENT (peer->element));
  via_peers_listen (peer);
  return peer;
}

gboolean
via_peers_authorize (ViaPeersTask *task, ViaWishRole role, GError **error)
{
  ViaPeers *self = task->self;
  ViaPeersGuest guest = {.role = role,
      .stream = task->stream,
      .app_data = task->app_data,
      .token = task->token,
      .address = task->address};

  return self->funcs.authorize == NULL
         || self->funcs.authorize (self->user, &guest, &task->app_data, error);
}

gboolean
via_peers_show (ViaPeersOne *peer, GError **error)
{
  GstElement *child = GST_ELEMENT (peer->element);

  if (gst_bin_add (peer->owner->bin, child)
      && gst_element_sync_state_with_parent (child))
    return TRUE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "The server cannot take anybody in now");
  return FALSE;
}

gboolean
via_peers_keep (ViaPeers *self, ViaPeersOne *peer)
{
  gboolean is_kept;

  g_mutex_lock (&self->lock);
  is_kept = self->http != NULL;
  if (is_kept)
    g_hash_table_insert (self->table, peer->id, peer_ref (peer));
  g_mutex_unlock (&self->lock);
  return is_kept;
}

void
via_peers_end_if_gone (ViaPeers *self, ViaPeersOne *peer)
{
  g_autoptr (ViaPeersOne) kept = via_peers_find (self, peer->id);

  if (kept == NULL)
    via_peers_end (peer);
}

/* --- life --- */

ViaPeers *
via_peers_start (const ViaPeersConfig *config, GError **error)
{
  ViaPeers *self = g_new0 (ViaPeers, 1);
  ViaHttpConfig http = config->http;

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->bin = gst_object_ref (config->bin);
  self->identity = via_identity_ref (config->identity);
  self->received = via_exchange_ref (config->received);
  self->port = config->port != NULL ? via_liteport_ref (config->port) : NULL;
  self->funcs = config->funcs;
  self->user = config->user;
  self->ticks_room = config->ticks_room;
  self->table = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, via_peers_one_unref);
  http.room = &via_peers_room_funcs;
  http.report = via_peers_report;
  http.look = via_peers_look;
  self->http = via_http_server_new (&http, &via_peers_wish_funcs, self, error);
  if (self->http == NULL) {
    via_peers_unref (self);
    return NULL;
  }
  via_http_server_start (self->http);
  return self;
}

static gint
compare_numbers (gconstpointer a, gconstpointer b)
{
  const ViaPeersOne *one = *(gpointer const *) a;
  const ViaPeersOne *other = *(gpointer const *) b;

  return one->number < other->number ? -1 : one->number > other->number;
}

/* Everybody in the table as they came, each with its reference. (transfer full)
 */
static GPtrArray *
everybody_locked (ViaPeers *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (via_peers_one_unref);
  GHashTableIter iter;
  gpointer peer;

  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &peer))
    g_ptr_array_add (all, peer_ref (peer));
  g_ptr_array_sort (all, compare_numbers);
  return all;
}

GPtrArray *
via_peers_everybody (ViaPeers *self)
{
  GPtrArray *all;

  g_mutex_lock (&self->lock);
  all = everybody_locked (self);
  g_mutex_unlock (&self->lock);
  return all;
}

void
via_peers_dismiss (ViaPeers *self)
{
  g_autoptr (GPtrArray) all = via_peers_everybody (self);
  g_autoptr (GError) why = g_error_new_literal (
      VIA_ERROR, VIA_ERROR_STATE, "The hub is gone for now");

  for (guint i = 0; i < all->len; i++)
    via_peers_remove (
        self, ((ViaPeersOne *) g_ptr_array_index (all, i))->id, why);
  via_peers_room_unwatch (self);
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
  via_peers_room_unwatch (self);
  for (guint i = 0; i < all->len; i++)
    via_peers_end (g_ptr_array_index (all, i));
  via_peers_unref (self);
}

void
via_peers_after (ViaPeers *self, guint ms, GSourceFunc func, gpointer data,
    GDestroyNotify destroy)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);

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
