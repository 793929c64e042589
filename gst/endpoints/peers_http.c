/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers_http.c – what HTTP says to the peers of a webrtcserver:
 * offers, answers, candidates, restarts, goodbyes. All is done on via-app.
 */
#include "endpoints/peers-private.h"

#include <string.h>

/* --- a new peer --- */

static gboolean
peer_start (ViaPeersOne *peer, const gchar *offer, GError **error)
{
  g_autofree gchar *first = NULL;

  if (!via_peers_show (peer, error))
    return FALSE;
  first = peer->is_offering
              ? via_webrtc_endpoint_generate_offer (peer->element, 0, error)
              : via_webrtc_endpoint_process_offer (peer->element, offer, error);
  return first != NULL && via_webrtc_endpoint_gather (peer->element, error);
}

static void
refuse (ViaPeers *self, const gchar *id, const GError *error)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);

  if (http != NULL)
    via_http_server_answer (http, id, NULL, error);
}

/* --- may it begin? --- */

static gboolean
is_published_by (const GstStructure *room, const gchar *name)
{
  for (gint i = 0; i < gst_structure_n_fields (room); i++) {
    const GValue *value =
        gst_structure_get_value (room, gst_structure_nth_field_name (room, i));
    const GstStructure *track = GST_VALUE_HOLDS_STRUCTURE (value)
                                    ? gst_value_get_structure (value)
                                    : NULL;

    if (track != NULL && gst_structure_has_name (track, "via-track-stats")
        && !g_strcmp0 (gst_structure_get_string (track, "app-data"), name))
      return TRUE;
  }
  return FALSE;
}

/* Who plays a stream by its name is told if nobody publishes it. */
static gboolean
check_stream (ViaPeersTask *task, ViaExchange *room, GError **error)
{
  GstStructure *stats;
  gboolean is_there;

  if (task->stream == NULL || task->number != VIA_WISH_PLAY)
    return TRUE;
  stats = via_exchange_stats (room);
  is_there = is_published_by (stats, task->stream);
  gst_structure_free (stats);
  if (!is_there)
    g_set_error (error, VIA_ERROR, VIA_ERROR_NOT_FOUND,
        "Nobody is publishing %s yet", task->stream);
  return is_there;
}

static void
run_offer (ViaPeersTask *task)
{
  ViaPeers *self = task->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaExchange) room = NULL;
  g_autoptr (ViaPeersOne) peer = NULL;

  if (!via_peers_authorize (task, task->number, &error)
      || (room = self->funcs.room (self->user, &error)) == NULL
      || !check_stream (task, room, &error)) {
    refuse (self, task->id, error);
    return;
  }
  peer = via_peers_one_new (task, room);
  if (!via_peers_keep (self, peer)) {
    via_peers_end (peer);
  } else if (peer_start (peer, task->text, &error)) {
    via_peers_answer_later (peer, VIA_PEERS_ANSWER_MS);
    via_peers_end_if_gone (self, peer);
  } else {
    via_peers_remove (self, peer->id, NULL);
    via_peers_end (peer);
    refuse (self, task->id, error);
  }
}

static void
on_offer (gpointer user, const ViaWishOffer *offer)
{
  ViaPeersTask *task = via_peers_task (user, offer->id, run_offer);

  task->number = offer->role;
  task->text = g_strdup (offer->offer);
  task->app_data = g_strdup (offer->app_data);
  task->stream = g_strdup (offer->stream);
  task->address = g_strdup (offer->address);
  task->token = g_strdup (offer->token);
  via_peers_post (task);
}

/* --- a peer that is there --- */

/* One we cannot use is dropped without a word. */
static void
run_candidate (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);

  if (peer != NULL)
    via_webrtc_endpoint_add_candidate (
        peer->element, task->number, task->text, NULL);
}

static void
on_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  ViaPeersTask *task = via_peers_task (user, id, run_candidate);

  task->number = mline;
  task->text = g_strdup (candidate);
  via_peers_post (task);
}

static void
run_bye (ViaPeersTask *task)
{
  via_peers_remove (task->self, task->id, NULL);
}

static void
on_bye (gpointer user, const gchar *id)
{
  via_peers_post (via_peers_task (user, id, run_bye));
}

/* New candidates come by themselves, for the new way. The old one goes on until
 * the new one works, or for good if it is refused. */
static void
run_restart (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *sdp = NULL;

  if (peer == NULL)
    return;
  sdp = via_webrtc_endpoint_process_offer (peer->element, task->text, &error);
  if (sdp == NULL) {
    refuse (task->self, task->id, error);
    return;
  }
  peer->absences++; /* it has time again */
  peer->has_candidate = peer->is_answered = FALSE;
  via_peers_answer_later (peer, VIA_PEERS_ANSWER_MS);
}

static void
on_restart (gpointer user, const gchar *id, const gchar *offer)
{
  ViaPeersTask *task = via_peers_task (user, id, run_restart);

  task->text = g_strdup (offer);
  via_peers_post (task);
}

static void
run_remote_answer (ViaPeersTask *task)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (task->self);
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = NULL;

  if (peer == NULL || http == NULL)
    return;
  if (!via_webrtc_endpoint_process_answer (peer->element, task->text, &error))
    via_http_server_answer (http, task->id, NULL, error);
  else
    via_http_server_answer (http, task->id, NULL, NULL);
}

static void
on_answer (gpointer user, const gchar *id, const gchar *answer)
{
  ViaPeersTask *task = via_peers_task (user, id, run_remote_answer);

  task->text = g_strdup (answer);
  via_peers_post (task);
}

static gchar *
on_link (gpointer user)
{
  ViaPeers *self = user;

  return self->funcs.link != NULL ? self->funcs.link (self->user) : NULL;
}

const ViaWishFuncs via_peers_wish_funcs = {
    .offer = on_offer,
    .candidate = on_candidate,
    .bye = on_bye,
    .link = on_link,
    .restart = on_restart,
    .answer = on_answer,
    .layer = via_peers_layer,
};
