/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers_layers.c – what a player's events tell: is something on, and
 * which layers there are to choose from; and the choice. A layer is what one
 * publisher of the room sends; its rid is his port. via-app.
 * WHEP core extensions, "layers event", "Video Layer Selection"
 */
#include "endpoints/peers-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "http/layer.h"

#define MEASURE_US (900 * G_TIME_SPAN_MILLISECOND) /* between two looks */
#define STALE_US (5 * G_TIME_SPAN_SECOND)          /* says nothing of now */

typedef struct
{
  guint64 bytes;
  gint64 bps; /* -1: not known yet */
} Rate;

/* A track of @room as it was published, NULL if field @i is none. */
static const GstStructure *
track_at (const GstStructure *room, gint i)
{
  const GValue *value =
      gst_structure_get_value (room, gst_structure_nth_field_name (room, i));
  const GstStructure *track = GST_VALUE_HOLDS_STRUCTURE (value)
                                  ? gst_value_get_structure (value)
                                  : NULL;

  return track != NULL && gst_structure_has_name (track, "via-track-stats")
                 && !gst_structure_has_field (track, "made-from")
             ? track
             : NULL;
}

static gboolean
fits (const GstStructure *track, const gchar *kind, const gchar *stream)
{
  return !g_strcmp0 (gst_structure_get_string (track, "kind"), kind)
         && (stream == NULL
             || !g_strcmp0 (
                 gst_structure_get_string (track, "app-data"), stream));
}

static guint
port_of (const GstStructure *track)
{
  guint port = G_MAXUINT;

  gst_structure_get_uint (track, "port", &port);
  return port;
}

/* --- how much each sends --- */

static Rate *
rate_new (const GstStructure *track, const Rate *old, gint64 elapsed)
{
  Rate *rate = g_new0 (Rate, 1);

  rate->bytes = (guint64) via_peers_number (track, "bytes");
  rate->bps = old != NULL && elapsed < STALE_US
                  ? (gint64) ((rate->bytes - old->bytes) * 8 * G_USEC_PER_SEC
                              / (guint64) elapsed)
                  : -1;
  return rate;
}

static void
measure (ViaPeers *self, const GstStructure *room)
{
  gint64 now = g_get_monotonic_time (), elapsed = now - self->rates_at;
  GHashTable *rates;

  if (self->rates != NULL && elapsed < MEASURE_US)
    return;
  rates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (gint i = 0; i < gst_structure_n_fields (room); i++) {
    const gchar *name = gst_structure_nth_field_name (room, i);
    const GstStructure *track = track_at (room, i);

    if (track == NULL)
      continue;
    g_hash_table_insert (rates, g_strdup (name),
        rate_new (track,
            self->rates != NULL ? g_hash_table_lookup (self->rates, name)
                                : NULL,
            elapsed));
  }
  g_clear_pointer (&self->rates, g_hash_table_unref);
  self->rates = rates;
  self->rates_at = now;
}

/* Two digits, so that not every look is news. */
static gint64
rounded (gint64 bps)
{
  gint64 unit = 1;

  while (bps / unit >= 100)
    unit *= 10;
  return bps / unit * unit;
}

/* --- the event --- */

static void
add_text (JsonBuilder *json, const gchar *member, const gchar *text)
{
  if (text == NULL)
    return;
  json_builder_set_member_name (json, member);
  json_builder_add_string_value (json, text);
}

static void
add_layer (ViaPeers *self, JsonBuilder *json, const gchar *name,
    const GstStructure *track, gboolean is_selected)
{
  const Rate *rate = g_hash_table_lookup (self->rates, name);
  g_autofree gchar *rid = g_strdup_printf ("%u", port_of (track));

  json_builder_begin_object (json);
  add_text (json, "rid", rid);
  add_text (json, "codec", gst_structure_get_string (track, "codec"));
  add_text (json, "appData", gst_structure_get_string (track, "app-data"));
  if (rate != NULL && rate->bps >= 0) {
    json_builder_set_member_name (json, "bitrate");
    json_builder_add_int_value (json, rounded (rate->bps));
  }
  json_builder_set_member_name (json, "selected");
  json_builder_add_boolean_value (json, is_selected);
  json_builder_end_object (json);
}

/* Whom m-line @media shows now; G_MAXUINT: nobody. */
static guint
shown_at (const GstStructure *tracks, guint media)
{
  const GValue *list =
      tracks != NULL ? gst_structure_get_value (tracks, "tracks") : NULL;

  for (guint i = 0; list != NULL && i < gst_value_array_get_size (list); i++) {
    const GstStructure *track =
        gst_value_get_structure (gst_value_array_get_value (list, i));

    if ((guint) via_peers_number (track, "media") == media)
      return port_of (track);
  }
  return G_MAXUINT;
}

/* One of each port: a rid is one layer. */
static void
add_layers (ViaPeers *self, JsonBuilder *json, const ViaPeersOne *peer,
    const GstStructure *room, const gchar *kind, guint shown)
{
  g_autoptr (GArray) ports = g_array_new (FALSE, FALSE, sizeof (guint));

  json_builder_begin_array (json);
  for (gint i = 0; i < gst_structure_n_fields (room); i++) {
    const GstStructure *track = track_at (room, i);
    gboolean is_told = FALSE;
    guint port;

    if (track == NULL || !fits (track, kind, peer->stream))
      continue;
    port = port_of (track);
    for (guint k = 0; k < ports->len; k++)
      is_told |= g_array_index (ports, guint, k) == port;
    if (is_told)
      continue;
    g_array_append_val (ports, port);
    add_layer (self, json, gst_structure_nth_field_name (room, i), track,
        port == shown);
  }
  json_builder_end_array (json);
}

static gboolean
is_shown (const GstStructure *media)
{
  const gchar *kind = gst_structure_get_string (media, "kind");
  gboolean is_rejected = TRUE;

  gst_structure_get_boolean (media, "is-rejected", &is_rejected);
  return !is_rejected && (!strcmp (kind, "audio") || !strcmp (kind, "video"));
}

/* (transfer full) */
static gchar *
describe (
    ViaPeersOne *peer, const GstStructure *stats, const GstStructure *room)
{
  g_autoptr (JsonBuilder) json = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GstStructure) tracks =
      via_webrtc_endpoint_list_tracks (peer->element);

  measure (peer->owner, room);
  json_builder_begin_object (json);
  for (guint i = 0; i < via_peers_n_media (stats); i++) {
    const GstStructure *media = via_peers_media (stats, i);
    g_autofree gchar *index = g_strdup_printf ("%u", i);

    if (!is_shown (media))
      continue;
    json_builder_set_member_name (json, index);
    add_layers (peer->owner, json, peer, room,
        gst_structure_get_string (media, "kind"), shown_at (tracks, i));
  }
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return json_to_string (root, FALSE);
}

/* --- the choice --- */

/* NULL: whoever is the first, of the stream's name if it has one. */
static void
take (ViaPeersOne *peer, const gchar *rid)
{
  g_autofree gchar *who = rid != NULL ? g_strdup_printf ("port=%s", rid)
                          : peer->stream != NULL
                              ? g_strdup_printf ("app-data=%s", peer->stream)
                              : NULL;

  g_free (peer->rid);
  peer->rid = g_strdup (rid);
  g_object_set (peer->element, "subscribe", who, NULL);
}

static gboolean
is_sent (const ViaPeersOne *peer, const GstStructure *room, const gchar *kind,
    const gchar *rid)
{
  for (gint i = 0; i < gst_structure_n_fields (room); i++) {
    const GstStructure *track = track_at (room, i);
    g_autofree gchar *name =
        track != NULL ? g_strdup_printf ("%u", port_of (track)) : NULL;

    if (track != NULL && !strcmp (name, rid)
        && (kind == NULL ? fits (track, "audio", peer->stream)
                               || fits (track, "video", peer->stream)
                         : fits (track, kind, peer->stream)))
      return TRUE;
  }
  return FALSE;
}

/* NULL with UNSUPPORTED: there is no such m-line. */
static const gchar *
kind_at (const GstStructure *stats, guint media, GError **error)
{
  for (guint i = 0; stats != NULL && i < via_peers_n_media (stats); i++) {
    const GstStructure *one = via_peers_media (stats, i);
    const gchar *kind = gst_structure_get_string (one, "kind");

    if (is_shown (one)
        && (i == media
            || (media == VIA_LAYER_FIRST_VIDEO && !strcmp (kind, "video"))))
      return kind;
  }
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
      "mediaId: no m-line of this session shows anything there");
  return NULL;
}

static gboolean
choose (ViaPeersOne *peer, guint media, const gchar *rid, GError **error)
{
  ViaPeers *self = peer->owner;
  g_autoptr (ViaExchange) exchange = self->funcs.room (self->user, error);
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstStructure) room = NULL;
  const gchar *kind;

  if (exchange == NULL)
    return FALSE;
  g_object_get (peer->element, "stats", &stats, NULL);
  room = via_exchange_stats (exchange);
  kind = kind_at (stats, media, error);
  if (kind == NULL)
    return FALSE;
  if (rid != NULL && !is_sent (peer, room, kind, rid)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "rid: nobody sends %s as \"%s\"", kind, rid);
    return FALSE;
  }
  take (peer, rid);
  return TRUE;
}

static void
run_layer (ViaPeersTask *task)
{
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (task->self);
  g_autoptr (ViaPeersOne) peer = via_peers_find (task->self, task->id);
  g_autoptr (GError) error = NULL;

  if (peer == NULL || http == NULL)
    return;
  choose (peer, task->number, task->text, &error);
  via_http_server_answer (http, task->id, NULL, error);
}

void
via_peers_layer (gpointer user, const gchar *id, guint media, const gchar *rid)
{
  ViaPeersTask *task = via_peers_task (user, id, run_layer);

  task->number = media;
  task->text = g_strdup (rid);
  via_peers_post (task);
}

/* --- looked at once a second --- */

static void
run_look (ViaPeersTask *task)
{
  ViaPeers *self = task->self;
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);
  g_autoptr (ViaPeersOne) peer = via_peers_find (self, task->id);
  g_autoptr (ViaExchange) exchange = NULL;
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *layers = NULL;
  guint64 n_sent = 0;

  if (http == NULL || peer == NULL)
    return;
  g_object_get (peer->element, "stats", &stats, NULL);
  exchange = self->funcs.room (self->user, NULL);
  if (stats == NULL)
    return;
  if (exchange != NULL) {
    g_autoptr (GstStructure) room = via_exchange_stats (exchange);

    if (peer->rid != NULL && !is_sent (peer, room, NULL, peer->rid))
      take (peer, NULL); /* its number may soon be another's */
    layers = describe (peer, stats, room);
  }
  for (guint i = 0; i < via_peers_n_media (stats); i++)
    n_sent +=
        (guint64) via_peers_number (via_peers_media (stats, i), "packets-sent");
  via_http_server_flow (http, task->id, n_sent > peer->n_sent, layers);
  peer->n_sent = n_sent;
}

void
via_peers_look (gpointer user, const gchar *id)
{
  via_peers_post (via_peers_task (user, id, run_look));
}
