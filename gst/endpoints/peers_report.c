/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/peers_report.c – what the peers of a webrtcserver did, as
 * Prometheus text and as JSON in the shape of W3C getStats. via-app.
 * Prometheus text format 0.0.4 · W3C webrtc-stats §8
 */
#include "endpoints/peers-private.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define LABEL_MAX 256 /* bytes of app-data in a label */

/* One moment of one peer. */
typedef struct
{
  gchar *name, *app_data;
  const gchar *role, *stream;
  GstStructure *stats; /* via-endpoint-stats */
} Seen;

static void
seen_clear (gpointer data)
{
  Seen *seen = data;

  g_free (seen->name);
  g_free (seen->app_data);
  if (seen->stats != NULL)
    gst_structure_free (seen->stats);
}

static GArray *
look (GPtrArray *all)
{
  static const gchar *const roles[] = {[VIA_WISH_PLAY] = "watch",
      [VIA_WISH_PUBLISH] = "publish",
      [VIA_PEERS_ROOM] = "member"};
  GArray *out = g_array_new (FALSE, TRUE, sizeof (Seen));

  g_array_set_clear_func (out, seen_clear);
  for (guint i = 0; i < all->len; i++) {
    ViaPeersOne *peer = g_ptr_array_index (all, i);
    Seen seen = {.role = roles[peer->role], .stream = peer->stream};

    g_object_get (peer->element, "name", &seen.name, "app-data", &seen.app_data,
        "stats", &seen.stats, NULL);
    if (seen.stats != NULL)
      g_array_append_val (out, seen);
    else
      seen_clear (&seen);
  }
  return out;
}

/* --- numbers of whatever type --- */

gdouble
via_peers_number (const GstStructure *s, const gchar *field)
{
  const GValue *value = gst_structure_get_value (s, field);
  g_auto (GValue) out = G_VALUE_INIT;

  g_value_init (&out, G_TYPE_DOUBLE);
  return value != NULL && g_value_transform (value, &out)
             ? g_value_get_double (&out)
             : 0.;
}

guint
via_peers_n_media (const GstStructure *stats)
{
  const GValue *media = gst_structure_get_value (stats, "media");

  return media != NULL ? gst_value_array_get_size (media) : 0;
}

const GstStructure *
via_peers_media (const GstStructure *stats, guint i)
{
  return gst_value_get_structure (
      gst_value_array_get_value (gst_structure_get_value (stats, "media"), i));
}

/* --- Prometheus --- */

typedef struct
{
  const gchar *name, *type, *help, *field;
  gdouble scale;
} Metric;

/* Named after those of other servers, for the dashboards that are there. */
static const Metric media_metrics[] = {
    {"webrtc_sessions_outbound_rtp_packets", "counter", "RTP packets sent",
        "packets-sent", 1.},
    {"webrtc_sessions_outbound_rtp_bytes", "counter", "RTP payload sent",
        "bytes-sent", 1.},
    {"webrtc_sessions_outbound_rtp_packets_resent", "counter",
        "RTP packets sent again for a NACK", "packets-resent", 1.},
    {"webrtc_sessions_outbound_rtp_packets_reported_lost", "gauge",
        "RTP packets the far end reports lost", "remote-packets-lost", 1.},
    {"webrtc_sessions_outbound_rtp_round_trip_seconds", "gauge",
        "Round trip; negative until it is known", "round-trip-time-us", 1e-6},
    {"webrtc_sessions_outbound_rtp_key_frame_requests", "counter",
        "PLIs that came", "plis", 1.},
    {"webrtc_sessions_inbound_rtp_packets", "counter", "RTP packets received",
        "packets-received", 1.},
    {"webrtc_sessions_inbound_rtp_bytes", "counter", "RTP payload received",
        "bytes-received", 1.},
    {"webrtc_sessions_inbound_rtp_packets_lost", "gauge",
        "RTP packets that did not come", "packets-lost", 1.},
    {"webrtc_sessions_inbound_rtp_packets_jitter", "gauge", "Jitter in seconds",
        "jitter-us", 1e-6},
};

static void
append_label (GString *out, const gchar *name, const gchar *value)
{
  const gchar *end = value != NULL ? value : "", *p = end;

  if (strlen (end) > LABEL_MAX)
    end = g_utf8_find_prev_char (end, end + LABEL_MAX + 1);
  else
    end += strlen (end);
  g_string_append_printf (
      out, "%s%s=\"", out->str[out->len - 1] == '{' ? "" : ",", name);
  for (; p < end; p++) {
    if (*p == '\n')
      g_string_append (out, "\\n");
    else if (*p == '"' || *p == '\\')
      g_string_append_printf (out, "\\%c", *p);
    else
      g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

static void
append_who (
    GString *out, const gchar *metric, const gchar *path, const Seen *seen)
{
  g_string_append_printf (out, "%s{", metric);
  append_label (out, "path", path);
  append_label (out, "peer", seen->name);
  append_label (out, "app_data", seen->app_data);
  append_label (out, "role", seen->role);
}

static void
append_value (GString *out, gdouble value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (
      out, "} %s\n", g_ascii_dtostr (text, sizeof text, value));
}

static void
append_head (
    GString *out, const gchar *name, const gchar *type, const gchar *help)
{
  g_string_append_printf (
      out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
append_media (
    GString *out, const Metric *metric, const gchar *path, GArray *all)
{
  append_head (out, metric->name, metric->type, metric->help);
  for (guint i = 0; i < all->len; i++) {
    const Seen *seen = &g_array_index (all, Seen, i);

    for (guint k = 0; k < via_peers_n_media (seen->stats); k++) {
      const GstStructure *media = via_peers_media (seen->stats, k);

      if (!gst_structure_has_field (media, metric->field))
        continue;
      append_who (out, metric->name, path, seen);
      append_label (out, "kind", gst_structure_get_string (media, "kind"));
      append_label (out, "mid", gst_structure_get_string (media, "mid"));
      append_value (
          out, via_peers_number (media, metric->field) * metric->scale);
    }
  }
}

static void
append_drops (GString *out, const gchar *path, GArray *all)
{
  append_head (out, "webrtc_sessions_packets_dropped", "counter",
      "Packets dropped, by reason");
  for (guint i = 0; i < all->len; i++) {
    const Seen *seen = &g_array_index (all, Seen, i);
    const GValue *value = gst_structure_get_value (seen->stats, "drops");
    const GstStructure *drops =
        value != NULL ? gst_value_get_structure (value) : NULL;

    for (gint k = 0; drops != NULL && k < gst_structure_n_fields (drops); k++) {
      const gchar *reason = gst_structure_nth_field_name (drops, k);

      append_who (out, "webrtc_sessions_packets_dropped", path, seen);
      append_label (out, "reason", reason);
      append_value (out, via_peers_number (drops, reason));
    }
  }
}

static gchar *
metrics (const gchar *path, GArray *all)
{
  GString *out = g_string_new (NULL);

  append_head (out, "webrtc_sessions", "gauge",
      "1 for each viewer, publisher and member of the room there is");
  for (guint i = 0; i < all->len; i++) {
    const Seen *seen = &g_array_index (all, Seen, i);

    append_who (out, "webrtc_sessions", path, seen);
    append_label (
        out, "state", gst_structure_get_string (seen->stats, "state"));
    append_value (out, 1.);
  }
  for (guint i = 0; i < G_N_ELEMENTS (media_metrics); i++)
    append_media (out, &media_metrics[i], path, all);
  append_drops (out, path, all);
  return g_string_free (out, FALSE);
}

/* --- JSON --- */

typedef struct
{
  const gchar *field, *member;
  gdouble scale; /* 0: whole numbers */
} Pair;

static const Pair sent[] = {
    {"ssrc", "ssrc", 0},
    {"packets-sent", "packetsSent", 0},
    {"bytes-sent", "bytesSent", 0},
    {"frames-sent", "framesSent", 0},
    {"packets-resent", "retransmittedPacketsSent", 0},
    {"bytes-resent", "retransmittedBytesSent", 0},
    {"nacks", "nackCount", 0},
    {"plis", "pliCount", 0},
    {"firs", "firCount", 0},
};
static const Pair reported[] = {
    {"remote-packets-lost", "packetsLost", 0},
    {"remote-fraction-lost", "fractionLost", 1.},
    {"remote-jitter-us", "jitter", 1e-6},
    {"round-trip-time-us", "roundTripTime", 1e-6},
};
static const Pair received[] = {
    {"packets-received", "packetsReceived", 0},
    {"bytes-received", "bytesReceived", 0},
    {"frames-received", "framesReceived", 0},
    {"packets-lost", "packetsLost", 0},
    {"jitter-us", "jitter", 1e-6},
    {"rtx-packets-received", "retransmittedPacketsReceived", 0},
    {"nacks-sent", "nackCount", 0},
    {"plis-sent", "pliCount", 0},
    {"firs-sent", "firCount", 0},
};

static void
add_text (JsonBuilder *json, const gchar *member, const gchar *text)
{
  if (text == NULL)
    return;
  json_builder_set_member_name (json, member);
  json_builder_add_string_value (json, text);
}

/* An object of @stats begins: id, type, timestamp. */
static void
open_entry (JsonBuilder *json, const GstStructure *stats, const gchar *prefix,
    const gchar *type, const gchar *mid)
{
  g_autofree gchar *id = g_strconcat (prefix, mid, NULL);

  json_builder_begin_object (json);
  add_text (json, "id", id);
  add_text (json, "type", type);
  json_builder_set_member_name (json, "timestamp");
  json_builder_add_double_value (
      json, via_peers_number (stats, "time-us") / 1000.);
}

static void
add_pairs (JsonBuilder *json, const GstStructure *from, const Pair *pairs,
    guint n_pairs)
{
  for (guint i = 0; i < n_pairs; i++) {
    gdouble value = via_peers_number (from, pairs[i].field);

    if (!gst_structure_has_field (from, pairs[i].field))
      continue;
    if (!strcmp (pairs[i].member, "roundTripTime") && value < 0)
      continue; /* not known yet */
    json_builder_set_member_name (json, pairs[i].member);
    if (pairs[i].scale > 0)
      json_builder_add_double_value (json, value * pairs[i].scale);
    else
      json_builder_add_int_value (json, (gint64) value);
  }
}

static void
add_stream (JsonBuilder *json, const GstStructure *stats,
    const GstStructure *media, const gchar *prefix, const gchar *type,
    const Pair *pairs, guint n_pairs)
{
  const gchar *mid = gst_structure_get_string (media, "mid");
  g_autofree gchar *codec = g_strconcat ("C", mid, NULL);
  g_autofree gchar *local = g_strconcat ("O", mid, NULL);

  open_entry (json, stats, prefix, type, mid);
  add_text (json, "kind", gst_structure_get_string (media, "kind"));
  add_text (json, "mid", mid);
  add_text (json, "transportId", "T");
  if (gst_structure_has_field (media, "codec"))
    add_text (json, "codecId", codec);
  if (pairs == reported)
    add_text (json, "localId", local);
  add_pairs (json, media, pairs, n_pairs);
  json_builder_end_object (json);
}

static void
add_codec (JsonBuilder *json, const GstStructure *stats,
    const GstStructure *media, const gchar *mid)
{
  g_autofree gchar *mime =
      g_strdup_printf ("%s/%s", gst_structure_get_string (media, "kind"),
          gst_structure_get_string (media, "codec"));

  open_entry (json, stats, "C", "codec", mid);
  add_text (json, "mimeType", mime);
  add_text (json, "transportId", "T");
  json_builder_set_member_name (json, "payloadType");
  json_builder_add_int_value (
      json, (gint64) via_peers_number (media, "payload-type"));
  json_builder_end_object (json);
}

static void
add_media (
    JsonBuilder *json, const GstStructure *stats, const GstStructure *media)
{
  if (gst_structure_has_field (media, "codec"))
    add_codec (json, stats, media, gst_structure_get_string (media, "mid"));
  if (via_peers_number (media, "packets-sent") > 0)
    add_stream (
        json, stats, media, "O", "outbound-rtp", sent, G_N_ELEMENTS (sent));
  if (via_peers_number (media, "remote-reports") > 0)
    add_stream (json, stats, media, "R", "remote-inbound-rtp", reported,
        G_N_ELEMENTS (reported));
  if (via_peers_number (media, "packets-received") > 0)
    add_stream (json, stats, media, "I", "inbound-rtp", received,
        G_N_ELEMENTS (received));
}

static void
add_transport (JsonBuilder *json, const GstStructure *stats)
{
  const GValue *value = gst_structure_get_value (stats, "ice");
  const GstStructure *ice =
      value != NULL ? gst_value_get_structure (value) : NULL;

  open_entry (json, stats, "T", "transport", "");
  add_text (json, "dtlsState", gst_structure_get_string (stats, "state"));
  add_text (
      json, "srtpCipher", gst_structure_get_string (stats, "srtp-profile"));
  if (ice != NULL) {
    add_text (json, "iceState", gst_structure_get_string (ice, "state"));
    add_text (json, "localCandidate", gst_structure_get_string (ice, "local"));
    add_text (
        json, "remoteCandidate", gst_structure_get_string (ice, "remote"));
  }
  json_builder_end_object (json);
}

static void
add_peer (JsonBuilder *json, const gchar *path, const Seen *seen)
{
  json_builder_begin_object (json);
  add_text (json, "id", seen->name);
  add_text (json, "path", path);
  add_text (json, "role", seen->role);
  add_text (json, "stream", seen->stream);
  add_text (json, "appData", seen->app_data);
  json_builder_set_member_name (json, "stats");
  json_builder_begin_array (json);
  add_transport (json, seen->stats);
  for (guint i = 0; i < via_peers_n_media (seen->stats); i++)
    add_media (json, seen->stats, via_peers_media (seen->stats, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
}

static gchar *
peers_json (const gchar *path, GArray *all)
{
  g_autoptr (JsonBuilder) json = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "peers");
  json_builder_begin_array (json);
  for (guint i = 0; i < all->len; i++)
    add_peer (json, path, &g_array_index (all, Seen, i));
  json_builder_end_array (json);
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return json_to_string (root, TRUE);
}

/* --- asked for by HTTP --- */

static void
run_report (ViaPeersTask *task)
{
  ViaPeers *self = task->self;
  g_autoptr (ViaHttpServer) http = via_peers_dup_http (self);
  g_autoptr (GPtrArray) everybody = via_peers_everybody (self);
  g_autoptr (ViaExchange) room = NULL;
  g_autoptr (GArray) all = NULL;
  g_autofree gchar *text = NULL;

  if (http == NULL)
    return;
  if (task->number == VIA_REPORT_HEALTH) {
    room = self->funcs.room (self->user, NULL);
    via_http_server_report (http, task->id, room != NULL ? 200 : 503,
        "text/plain; charset=utf-8", room != NULL ? "ok\n" : "no hub\n");
    return;
  }
  all = look (everybody);
  text = task->number == VIA_REPORT_METRICS ? metrics (task->text, all)
                                            : peers_json (task->text, all);
  via_http_server_report (http, task->id, 200,
      task->number == VIA_REPORT_METRICS
          ? "text/plain; version=0.0.4; charset=utf-8"
          : "application/json",
      text);
}

void
via_peers_report (
    gpointer user, const gchar *ticket, ViaReportKind kind, const gchar *path)
{
  ViaPeersTask *task = via_peers_task (user, ticket, run_report);

  task->number = kind;
  task->text = g_strdup (path);
  via_peers_post (task);
}
