/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/report.c – a peer's figures as one structure (docs/api.md).
 * Reads only; no secrets.
 */
#include "peer/peer.h"

#include "peer/demux.h"
#include "peer/state.h"

#define VERSION 1u

static const gchar *
state_name (ViaPeerState state)
{
  static const gchar *const names[] = {
      "new", "connecting", "connected", "closed", "failed"};

  return names[state];
}

static const gchar *
direction_name (ViaDirection direction)
{
  static const gchar *const names[] = {
      "inactive", "sendonly", "recvonly", "sendrecv"};

  return names[direction & 3];
}

static void
take_structure (GstStructure *self, const gchar *field, GstStructure *structure)
{
  gst_structure_set (self, field, GST_TYPE_STRUCTURE, structure, NULL);
  gst_structure_free (structure);
}

static GstStructure *
report_drops (const ViaDropCounters *drops)
{
  GstStructure *out = gst_structure_new_empty ("via-drops");

  for (guint i = VIA_DROP_NONE + 1; i < VIA_N_DROPS; i++)
    gst_structure_set (
        out, via_drop_name (i), G_TYPE_UINT64, (guint64) drops->count[i], NULL);
  return out;
}

static gint64
ticks_to_us (guint32 ticks, guint32 clock_rate)
{
  return clock_rate ? (gint64) ticks * VIA_S / clock_rate : 0;
}

static void
report_codec (GstStructure *out, const ViaSender *sender)
{
  if (!sender->is_bound)
    return;
  gst_structure_set (out, "codec", G_TYPE_STRING,
      via_codec_name (sender->codec.id), "payload-type", G_TYPE_UINT,
      (guint) sender->pt, "is-waiting-for-key-frame", G_TYPE_BOOLEAN,
      sender->waits_for_key, NULL);
}

static void
report_sent (GstStructure *out, const ViaSender *sender)
{
  const ViaSenderCounts *counts = &sender->counts;

  gst_structure_set (out, "ssrc", G_TYPE_UINT, sender->plan->ssrc, "rtx-ssrc",
      G_TYPE_UINT, sender->plan->rtx_ssrc,                       //
      "packets-sent", G_TYPE_UINT64, counts->packets,            //
      "bytes-sent", G_TYPE_UINT64, counts->bytes,                //
      "packets-resent", G_TYPE_UINT64, counts->resent_packets,   //
      "bytes-resent", G_TYPE_UINT64, counts->resent_bytes,       //
      "nacks", G_TYPE_UINT64, counts->nacks,                     //
      "packets-nacked", G_TYPE_UINT64, counts->nacked_packets,   //
      "packets-refused", G_TYPE_UINT64, counts->refused_packets, //
      "plis", G_TYPE_UINT64, counts->plis,                       //
      "firs", G_TYPE_UINT64, counts->firs, NULL);
}

static void
report_far_end (GstStructure *out, const ViaSender *sender)
{
  const ViaFarStats *far_end = &sender->far_end;

  gst_structure_set (out, "remote-reports", G_TYPE_UINT, far_end->reports,
      "remote-fraction-lost", G_TYPE_DOUBLE, far_end->fraction_lost / 256.0,
      "remote-packets-lost", G_TYPE_INT, far_end->lost, //
      "remote-jitter-us", G_TYPE_INT64,
      ticks_to_us (far_end->jitter, sender->clock_rate), "round-trip-time-us",
      G_TYPE_INT64, (gint64) far_end->rtt, NULL);
}

static void
report_asked (GstStructure *out, const ViaReceiveCounts *counts)
{
  gst_structure_set (out, "nacks-sent", G_TYPE_UINT64, counts->nacks, //
      "packets-asked", G_TYPE_UINT64, counts->nacked_packets,         //
      "packets-recovered", G_TYPE_UINT64, counts->recovered_packets,  //
      "packets-duplicate", G_TYPE_UINT64, counts->duplicates,         //
      "plis-sent", G_TYPE_UINT64, counts->plis,                       //
      "firs-sent", G_TYPE_UINT64, counts->firs,                       //
      "key-frames-received", G_TYPE_UINT64, counts->key_frames, NULL);
}

static void
report_received (GstStructure *out, const ViaReceiver *receiver, guint media)
{
  guint64 packets = 0, bytes = 0, resent = 0;
  gint64 lost = 0, jitter = 0;
  guint ssrcs = 0;

  for (guint i = 0; i < receiver->sources->len; i++) {
    const ViaReceiveSource *source = via_receiver_source (receiver, i);

    if (source->media != media)
      continue;
    if (source->is_rtx) {
      resent += source->stats.packets;
      continue;
    }
    ssrcs++;
    packets += source->stats.packets;
    bytes += source->stats.bytes;
    lost += via_receive_stats_lost (&source->stats);
    jitter = MAX (jitter, via_receive_stats_jitter (&source->stats));
  }
  gst_structure_set (out, "ssrcs-received", G_TYPE_UINT, ssrcs, //
      "packets-received", G_TYPE_UINT64, packets,               //
      "bytes-received", G_TYPE_UINT64, bytes,                   //
      "rtx-packets-received", G_TYPE_UINT64, resent,            //
      "packets-lost", G_TYPE_INT64, lost,                       //
      "jitter-us", G_TYPE_INT64, jitter, NULL);
}

static void
report_frames (
    GstStructure *out, const ViaSender *sender, const ViaReceiveMedia *received)
{
  gst_structure_set (out, //
      "frames-sent", G_TYPE_UINT64, sender->counts.frames, "frames-received",
      G_TYPE_UINT64, received->counts.frames, NULL);
}

static GstStructure *
report_media (const ViaPeer *self, guint i)
{
  const ViaPlanMedia *media = via_plan_media (self->plan, i);
  const ViaSender *sender = via_peer_sender (self, i);
  GstStructure *out = gst_structure_new ("via-media-stats", //
      "media", G_TYPE_UINT, i,                              //
      "mid", G_TYPE_STRING, media->mid,                     //
      "kind", G_TYPE_STRING, via_kind_name (media->kind),   //
      "is-rejected", G_TYPE_BOOLEAN, media->is_rejected,    //
      "direction", G_TYPE_STRING, direction_name (media->direction), NULL);

  if (sender) {
    report_codec (out, sender);
    report_sent (out, sender);
    report_far_end (out, sender);
    report_received (out, &self->receiver, i);
    report_asked (out, &via_receiver_media (&self->receiver, i)->counts);
    if (media->kind == VIA_KIND_VIDEO)
      report_frames (out, sender, via_receiver_media (&self->receiver, i));
  }
  return out;
}

static void
report_all_media (GstStructure *out, const ViaPeer *self)
{
  GValue list = G_VALUE_INIT, entry = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (guint i = 0; self->plan && i < self->plan->media->len; i++) {
    g_value_init (&entry, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&entry, report_media (self, i));
    gst_value_array_append_and_take_value (&list, &entry);
  }
  gst_structure_take_value (out, "media", &list);
}

GstStructure *
via_peer_stats (const ViaPeer *self, ViaTime now)
{
  GstStructure *out = gst_structure_new ("via-peer-stats",         //
      "version", G_TYPE_UINT, VERSION,                             //
      "time-us", G_TYPE_INT64, (gint64) (now + self->unix_offset), //
      "state", G_TYPE_STRING, state_name (self->state),            //
      "dtls-handshakes", G_TYPE_UINT, self->n_associations,        //
      "packets-received", G_TYPE_UINT64, self->received_packets,   //
      "bytes-received", G_TYPE_UINT64, self->received_bytes,       //
      "rtcp-received", G_TYPE_UINT64, self->received_rtcp,         //
      "remote-bitrate", G_TYPE_UINT64, self->bitrate_bps,          //
      "twcc-feedbacks", G_TYPE_UINT64, self->twcc_feedbacks,       //
      "twcc-received", G_TYPE_UINT64, self->twcc_received,         //
      "twcc-lost", G_TYPE_UINT64, self->twcc_lost,                 //
      "twcc-feedbacks-sent", G_TYPE_UINT64, self->receiver.twcc_feedbacks,
      NULL);

  if (via_peer_srtp_profile (self))
    gst_structure_set (
        out, "srtp-profile", G_TYPE_STRING, via_peer_srtp_profile (self), NULL);
  if (via_peer_failure (self))
    gst_structure_set (
        out, "failure", G_TYPE_STRING, via_peer_failure (self), NULL);
  take_structure (out, "drops", report_drops (&self->drops));
  report_all_media (out, self);
  return out;
}
