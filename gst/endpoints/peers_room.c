/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers_room.c – the members of a webrtcserver's room: who they are,
 * our offers to each, and what each is told of the others
 * (docs/room-protocol.md). The server always offers, one offer at a time.
 */
#include "endpoints/peers-private.h"

#include <string.h>

#define TICK_MS (VIA_EXCHANGE_TICK / VIA_MS) /* of a room that is our own */
#define NAME_TAG "display-name"
#define AUDIO_TAG "audio-muted"
#define VIDEO_TAG "video-muted"
#define IS_AUDIO_MUTED 1u /* in a task's number */
#define IS_VIDEO_MUTED 2u

/* (transfer full) of @text. */
static void
say (ViaPeersOne *peer, gchar *text)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (peer->owner);

  if (http != NULL)
    via_http_server_room_send (http, peer->id, text);
  g_free (text);
}

static void
set_tag (ViaPeersOne *peer, const gchar *key, const GValue *value)
{
  gboolean is_set;

  g_signal_emit_by_name (peer->element, "add-tag", key, value, &is_set);
}

static void
set_tags (ViaPeersOne *peer, const gchar *name, guint muted)
{
  const gchar *keys[] = {AUDIO_TAG, VIDEO_TAG};
  g_auto (GValue) value = G_VALUE_INIT;

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    g_auto (GValue) is_muted = G_VALUE_INIT;

    g_value_init (&is_muted, G_TYPE_BOOLEAN);
    g_value_set_boolean (&is_muted, (muted >> i & 1) != 0);
    set_tag (peer, keys[i], &is_muted);
  }
  if (name == NULL)
    return;
  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, name);
  set_tag (peer, NAME_TAG, &value);
}

/* --- who the others are; via-app --- */

static const GstStructure *
port_of (const GstStructure *ports, guint number)
{
  g_autofree gchar *field = g_strdup_printf ("port-%u", number);
  const GValue *value = gst_structure_get_value (ports, field);

  return value != NULL ? gst_value_get_structure (value) : NULL;
}

static gboolean
is_tagged (const GstStructure *tags, const gchar *key)
{
  gboolean is_set = FALSE;

  return tags != NULL && gst_structure_get_boolean (tags, key, &is_set)
         && is_set;
}

static guint
number_of (const GstStructure *structure, const gchar *field)
{
  guint number = G_MAXUINT;

  gst_structure_get_uint (structure, field, &number);
  return number;
}

static const GstStructure *
track_at (const GValue *tracks, guint i)
{
  return gst_value_get_structure (gst_value_array_get_value (tracks, i));
}

static gboolean
has_track (const GValue *tracks, guint port)
{
  for (guint i = 0; i < gst_value_array_get_size (tracks); i++)
    if (number_of (track_at (tracks, i), "port") == port)
      return TRUE;
  return FALSE;
}

/* @tracks: what the one who is told is sent. */
static void
add_peer (ViaRoomtextPeers *out, const GstStructure *port, guint speaker,
    const GValue *tracks)
{
  const GValue *value = gst_structure_get_value (port, "tags");
  const GstStructure *tags =
      value != NULL ? gst_value_get_structure (value) : NULL;
  const gchar *app_data = gst_structure_get_string (port, "app-data");
  const gchar *name =
      tags != NULL ? gst_structure_get_string (tags, NAME_TAG) : NULL;
  ViaRoomtextPeer peer = {.id = number_of (port, "port")};

  if (name == NULL && !has_track (tracks, peer.id))
    return; /* a viewer, a recorder: nobody to be shown */
  if (app_data != NULL && strlen (app_data) <= VIA_ROOMTEXT_APP_DATA_MAX)
    peer.app_data = app_data;
  peer.name = name != NULL            ? name
              : peer.app_data != NULL ? peer.app_data
                                      : gst_structure_get_string (port, "name");
  peer.has_audio = !is_tagged (tags, AUDIO_TAG);
  peer.has_video = !is_tagged (tags, VIDEO_TAG);
  peer.is_speaking = speaker == peer.id;
  via_roomtext_peers_add (out, &peer);
  for (guint i = 0; i < gst_value_array_get_size (tracks); i++) {
    const GstStructure *track = track_at (tracks, i);

    if (number_of (track, "port") == peer.id)
      via_roomtext_peers_track (out, gst_structure_get_string (track, "mid"),
          gst_structure_get_string (track, "kind"));
  }
}

/* NULL: it is in no room any more. (transfer full) */
static gchar *
describe (const ViaPeersOne *peer, const GstStructure *ports)
{
  g_autoptr (GstStructure) list =
      via_webrtc_endpoint_list_tracks (peer->element);
  guint n = number_of (ports, "ports"), you, seen = 0;
  guint speaker = number_of (ports, "speaker");
  ViaRoomtextPeers *out;

  if (list == NULL || !via_webrtc_endpoint_get_port (peer->element, &you))
    return NULL;
  out = via_roomtext_peers_new (you);
  for (guint i = 0; seen < n && i < G_MAXUINT16; i++) {
    const GstStructure *port = port_of (ports, i);

    seen += port != NULL;
    if (port != NULL && i != you)
      add_peer (out, port, speaker, gst_structure_get_value (list, "tracks"));
  }
  return via_roomtext_peers_end (out);
}

static void
tell (ViaPeersOne *peer, const GstStructure *ports)
{
  gchar *text = describe (peer, ports);

  if (text == NULL || g_strcmp0 (text, peer->told) == 0) {
    g_free (text);
    return;
  }
  g_free (peer->told);
  peer->told = text;
  say (peer, g_strdup (text));
}

/* (transfer full) */
static GPtrArray *
members (ViaPeers *self)
{
  GPtrArray *all = via_peers_everybody (self);

  for (guint i = all->len; i > 0; i--)
    if (((ViaPeersOne *) all->pdata[i - 1])->role != VIA_PEERS_ROOM)
      g_ptr_array_remove_index (all, i - 1);
  return all;
}

static void
run_tell (ViaPeersTask *task)
{
  ViaPeers *self = task->self;
  g_autoptr (GPtrArray) all = members (self);
  g_autoptr (GstStructure) ports = NULL;
  ViaExchange *exchange;

  g_atomic_int_set (&self->tells, FALSE);
  if (all->len == 0) {
    via_peers_room_unwatch (self);
    return;
  }
  g_mutex_lock (&self->lock);
  exchange = self->watch.exchange != NULL
                 ? via_exchange_ref (self->watch.exchange)
                 : NULL;
  g_mutex_unlock (&self->lock);
  if (exchange == NULL)
    return;
  ports = via_exchange_list_ports (exchange);
  via_exchange_unref (exchange);
  for (guint i = 0; i < all->len; i++)
    tell (all->pdata[i], ports);
}

/* Many changes are told at once. */
static void
tell_soon (gpointer user)
{
  ViaPeers *self = user;

  if (g_atomic_int_compare_and_exchange (&self->tells, FALSE, TRUE))
    via_peers_post (via_peers_task (self, NULL, run_tell));
}

/* --- watching the room --- */

static gboolean
on_tick (gpointer data)
{
  ViaPeers *self = data;
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);
  ViaExchange *exchange;

  g_mutex_lock (&self->lock);
  exchange = self->watch.exchange != NULL && http != NULL
                 ? via_exchange_ref (self->watch.exchange)
                 : NULL;
  self->watch.is_ticking = exchange != NULL;
  g_mutex_unlock (&self->lock);
  if (exchange == NULL)
    return G_SOURCE_REMOVE;
  via_exchange_tick (exchange, g_get_monotonic_time ());
  via_exchange_unref (exchange);
  via_http_server_after (http, TICK_MS, on_tick, via_peers_ref (self),
      (GDestroyNotify) via_peers_unref);
  return G_SOURCE_REMOVE;
}

/* via-app. */
static void
watch (ViaPeers *self, ViaExchange *exchange)
{
  gboolean is_watched, is_stopped, is_ticking;
  gpointer handle;

  g_mutex_lock (&self->lock);
  is_watched = self->watch.exchange == exchange;
  g_mutex_unlock (&self->lock);
  if (is_watched)
    return;
  via_peers_room_unwatch (self);
  handle = via_exchange_watch (exchange, tell_soon, via_peers_ref (self),
      (GDestroyNotify) via_peers_unref);
  g_mutex_lock (&self->lock);
  is_stopped = self->http == NULL;
  self->watch.exchange = via_exchange_ref (exchange);
  self->watch.handle = handle;
  is_ticking = self->watch.is_ticking; /* from who was there just before */
  g_mutex_unlock (&self->lock);
  if (is_stopped) /* just now */
    via_peers_room_unwatch (self);
  else if (self->ticks_room && !is_ticking)
    on_tick (self);
}

void
via_peers_room_unwatch (ViaPeers *self)
{
  ViaExchange *exchange;
  gpointer handle;

  g_mutex_lock (&self->lock);
  exchange = g_steal_pointer (&self->watch.exchange);
  handle = self->watch.handle;
  g_mutex_unlock (&self->lock);
  if (exchange == NULL)
    return;
  via_exchange_unwatch (exchange, handle);
  via_exchange_unref (exchange);
}

/* --- offers; via-app --- */

static void
run_unanswered (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = g_error_new_literal (
      VIA_ERROR, VIA_ERROR_STATE, "No answer to our offer came within 15 s");

  if (peer == NULL)
    return;
  if (peer->is_offering && peer->n_offers == task->number)
    via_peers_remove (task->self, task->id, error);
}

/* Not while one is under way: what changes meanwhile is in the next. */
static gboolean
offer (ViaPeersOne *peer, GError **error)
{
  g_autofree gchar *sdp = NULL;
  ViaPeersTask *late;

  if (peer->is_offering)
    return TRUE;
  sdp = via_webrtc_endpoint_generate_offer (peer->element, 0, error);
  if (sdp == NULL)
    return FALSE;
  peer->is_offering = TRUE;
  peer->n_offers++;
  say (peer, via_roomtext_offer (sdp));
  late = via_peers_task (peer->owner, peer->id, run_unanswered);
  late->number = peer->n_offers;
  via_peers_post_later (late, VIA_PEERS_ROOM_ANSWER_MS);
  if (peer->is_gathering)
    return TRUE;
  peer->is_gathering = TRUE;
  return via_webrtc_endpoint_gather (peer->element, error);
}

static void
run_offer_again (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = NULL;

  if (peer == NULL)
    return;
  if (!offer (peer, &error))
    via_peers_remove (task->self, task->id, error);
}

/* Not within the signal, since it may end the element. */
static void
on_needed (GstElement *element, gpointer data)
{
  const ViaPeersOne *peer = data;

  via_peers_post (via_peers_task (peer->owner, peer->id, run_offer_again));
}

static void
on_tracks_changed (GstElement *element, gpointer data)
{
  const ViaPeersOne *peer = data;

  tell_soon (peer->owner);
}

static void
on_candidate (
    GstElement *element, guint mline, const gchar *candidate, gpointer data)
{
  say (data, via_roomtext_candidate (mline, candidate));
}

static void
on_gathering_done (GstElement *element, gpointer data)
{
  say (data, via_roomtext_candidate (0, ""));
}

/* --- what a member says; via-app --- */

static gboolean
let_in (ViaPeersOne *peer, ViaExchange *room, GError **error)
{
  via_peers_connect (peer, "on-ice-candidate", G_CALLBACK (on_candidate));
  via_peers_connect (
      peer, "on-ice-gathering-done", G_CALLBACK (on_gathering_done));
  via_peers_connect (peer, "on-negotiation-needed", G_CALLBACK (on_needed));
  via_peers_connect (peer, "tracks-changed", G_CALLBACK (on_tracks_changed));
  if (!via_peers_show (peer, error))
    return FALSE;
  watch (peer->owner, room);
  tell_soon (peer->owner);
  if (!offer (peer, error))
    return FALSE;
  via_peers_reap_later (peer, VIA_PEERS_ROOM_ANSWER_MS + VIA_PEERS_CONNECT_MS);
  return TRUE;
}

static void
refuse (ViaPeers *self, const gchar *id, const GError *error)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);

  if (http != NULL)
    via_http_server_room_end (http, id, error);
}

static void
run_join (ViaPeersTask *task)
{
  ViaPeers *self = task->self;
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaExchange) room = NULL;
  g_autoptr (ViaPeersOne) peer = NULL;
  guint muted = task->number;

  if (!via_peers_authorize (task, VIA_WISH_PUBLISH, &error)
      || (room = self->funcs.room (self->user, &error)) == NULL) {
    refuse (self, task->id, error);
    return;
  }
  task->number = VIA_PEERS_ROOM;
  peer = via_peers_one_new (task, room);
  set_tags (peer, task->text, muted);
  if (!via_peers_keep (self, peer)) {
    via_peers_end (peer);
  } else if (let_in (peer, room, &error)) {
    via_peers_end_if_gone (self, peer);
  } else {
    via_peers_remove (self, peer->id, error);
    via_peers_end (peer);
  }
}

static void
run_answer (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = NULL;

  if (peer == NULL)
    return;
  if (!peer->is_offering) {
    g_set_error_literal (&error, VIA_ERROR, VIA_ERROR_STATE,
        "There is no offer that waits for an answer");
    say (peer, via_roomtext_error (error, FALSE));
  } else if (via_webrtc_endpoint_process_answer (
                 peer->element, task->text, &error)) {
    peer->is_offering = FALSE;
  } else {
    via_peers_remove (task->self, task->id, error);
  }
}

/* One we cannot use is dropped without a word. */
static void
run_candidate (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);

  if (peer == NULL)
    return;
  via_webrtc_endpoint_add_candidate (
      peer->element, task->number, task->text, NULL);
}

static void
run_state (ViaPeersTask *task)
{
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);

  if (peer == NULL)
    return;
  set_tags (peer, NULL, task->number);
}

static void
run_bye (ViaPeersTask *task)
{
  via_peers_remove (task->self, task->id, NULL);
}

/* --- the server's thread --- */

static guint
muted_in (const ViaRoomtextMessage *message)
{
  return (message->has_audio ? 0 : IS_AUDIO_MUTED)
         | (message->has_video ? 0 : IS_VIDEO_MUTED);
}

static void
on_join (gpointer user, const gchar *id, const ViaRoomtextMessage *message,
    const ViaRoomtextGuest *guest)
{
  ViaPeersTask *task = via_peers_task (user, id, run_join);

  task->text = g_strdup (message->name);
  task->app_data = g_strdup (message->app_data);
  task->address = g_strdup (guest->address);
  task->token = g_strdup (guest->token);
  task->number = muted_in (message);
  via_peers_post (task);
}

static void
on_message (gpointer user, const gchar *id, const ViaRoomtextMessage *message)
{
  ViaPeersTask *task = via_peers_task (user, id, run_state);

  task->number = muted_in (message);
  if (message->type == VIA_ROOMTEXT_ANSWER) {
    task->run = run_answer;
    task->text = g_strdup (message->sdp);
  } else if (message->type == VIA_ROOMTEXT_CANDIDATE) {
    task->run = run_candidate;
    task->text = g_strdup (message->candidate);
    task->number = message->mline;
  }
  via_peers_post (task);
}

static void
on_bye (gpointer user, const gchar *id)
{
  via_peers_post (via_peers_task (user, id, run_bye));
}

const ViaRoomtextFuncs via_peers_room_funcs = {on_join, on_message, on_bye};
