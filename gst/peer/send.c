/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/send.c – one m-line's outgoing stream.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 3550 §6.4.1 · RFC 4588 · RFC 4585 · RFC 5104 §4.3.1
 */
#include "peer/send.h"

#include <string.h>

#include "peer/demux.h"

#define MAX_IDLE_REPORTS 5 /* then reports pause until the next packet */

ViaSender *
via_sender_new (guint media, ViaRng *rng)
{
  ViaSender *self = g_new0 (ViaSender, 1);

  self->media = media;
  self->rtx_pt = self->event_pt = -1;
  self->codec.id = VIA_CODEC_UNKNOWN;
  self->ask_at = self->report_at = VIA_TIME_NEVER;
  self->rtx_seq = via_rng_u32 (rng) & 0x7fff;
  via_rewrite_init (
      &self->rewrite, via_rng_u32 (rng) & 0x7fff, via_rng_u32 (rng));
  via_far_stats_init (&self->far_end);
  via_flow_init (&self->flow);
  return self;
}

void
via_sender_free (ViaSender *self)
{
  if (!self)
    return;
  g_clear_pointer (&self->history, via_history_free);
  via_codec_clear (&self->codec);
  g_free (self);
}

static void
configure_exts (ViaSender *self)
{
  ViaRtpExts exts = {0};
  gsize mid_len = strlen (self->plan->mid);

  exts.mid_id = via_demux_ext_id (self->plan, VIA_EXT_MID);
  exts.abs_send_time_id = via_demux_ext_id (self->plan, VIA_EXT_ABS_SEND_TIME);
  exts.twcc_id = via_demux_ext_id (self->plan, VIA_EXT_TWCC);
  exts.audio_level_id = via_demux_ext_id (self->plan, VIA_EXT_AUDIO_LEVEL);
  if (mid_len > 0 && mid_len <= sizeof exts.mid) {
    exts.mid_len = (guint8) mid_len;
    memcpy (exts.mid, self->plan->mid, mid_len);
  }
  /* a packet sent again must be the same bytes (GCM: one nonce, one text) */
  if (self->history && memcmp (&exts, &self->exts, sizeof exts) != 0)
    via_history_clear (self->history);
  self->exts = exts;
}

static void
configure_history (ViaSender *self, gboolean is_wanted)
{
  if (!is_wanted)
    g_clear_pointer (&self->history, via_history_free);
  else if (!self->history)
    self->history = via_history_new ();
}

/* Takes what the plan says of the bound codec; FALSE if it has none. */
static gboolean
use_codec (ViaSender *self)
{
  const ViaPlanCodec *codec =
      self->may_send ? via_plan_media_match (self->plan, &self->codec) : NULL;
  const ViaPlanCodec *event;

  if (!codec)
    return FALSE;
  self->pt = codec->pt;
  self->rtx_pt = self->plan->rtx_ssrc != 0 ? codec->rtx_pt : -1;
  self->clock_rate = codec->codec.clock_rate;
  event = via_plan_media_event (self->plan, self->clock_rate);
  self->event_pt = event ? event->pt : -1;
  configure_history (self, (codec->feedback & VIA_FEEDBACK_NACK) != 0);
  return TRUE;
}

void
via_sender_configure (ViaSender *self, const ViaPlanMedia *plan)
{
  self->plan = plan;
  self->may_send =
      !plan->is_rejected && (plan->direction & VIA_DIRECTION_SENDONLY) != 0;
  configure_exts (self);
  if (!self->may_send)
    via_flow_stop (&self->flow);
  if (self->is_bound && !use_codec (self))
    via_sender_unbind (self);
}

gboolean
via_sender_bind (ViaSender *self, const ViaCodec *codec)
{
  ViaCodec old = self->codec;

  memset (&self->codec, 0, sizeof self->codec);
  via_codec_copy (&self->codec, codec);
  if (!use_codec (self)) {
    via_codec_clear (&self->codec);
    self->codec = old;
    return FALSE;
  }
  via_codec_clear (&old);
  self->is_bound = TRUE;
  self->waits_for_key = self->plan->kind == VIA_KIND_VIDEO;
  self->ask_at = VIA_TIME_NEVER;
  via_rewrite_switch (&self->rewrite, self->clock_rate);
  return TRUE;
}

void
via_sender_unbind (ViaSender *self)
{
  self->is_bound = FALSE;
  self->waits_for_key = FALSE;
  self->wants_keyframe = FALSE;
  self->ask_at = VIA_TIME_NEVER;
}

static gsize
refuse (ViaDrop drop, ViaDrop *out_drop)
{
  *out_drop = drop;
  return 0;
}

/* An event keeps the time it began, so it says nothing of the present. */
static gboolean
map_packet (ViaSender *self, const ViaRtpView *view, const ViaPacket *packet,
    ViaTime now, ViaRewritten *out)
{
  ViaRewrite before = self->rewrite;

  if (!via_rewrite_map (&self->rewrite, view, packet->captured, now, out))
    return FALSE;
  if (packet->is_event && before.is_started) {
    self->rewrite.out_timestamp = before.out_timestamp;
    self->rewrite.captured = before.captured;
    self->rewrite.sent = before.sent;
  }
  return TRUE;
}

gsize
via_sender_write (ViaSender *self, ViaPacket *packet, guint16 twcc_seq,
    guint8 *out, gsize size, ViaTime now, ViaSenderPacket *out_packet,
    ViaDrop *out_drop)
{
  ViaRtpView view;
  ViaRewritten mapped;
  gsize len;

  if (!self->is_bound || !self->may_send
      || (packet->is_event && self->event_pt < 0))
    return refuse (VIA_DROP_NOT_NEGOTIATED, out_drop);
  if (self->waits_for_key && !packet->is_key)
    return refuse (VIA_DROP_WAIT_KEYFRAME, out_drop);
  if (!via_rtp_view (&view, packet->data, packet->len))
    return refuse (VIA_DROP_MALFORMED, out_drop);
  if (!map_packet (self, &view, packet, now, &mapped))
    return refuse (VIA_DROP_REPLAY, out_drop);

  if (mapped.is_new_source)
    via_picid_switch (&self->picids);
  out_packet->seq = mapped.seq;
  out_packet->payload_len = view.payload_len;
  out_packet->header = (ViaRtpHeader){
      .ssrc = self->plan->ssrc,
      .timestamp = mapped.timestamp,
      .abs_send_time = via_rewrite_abs_send_time (now),
      .picids = via_picid_map (
          &self->picids, self->codec.id, view.payload, view.payload_len),
      .osn = -1,
      .seq = (guint16) mapped.seq,
      .twcc_seq = twcc_seq,
      .pt = packet->is_event ? (guint8) self->event_pt : self->pt,
      .marker = view.marker,
  };
  len = via_rewrite_write (&out_packet->header, &self->exts, &view, out, size);
  return len > 0 ? len : refuse (VIA_DROP_LIMIT, out_drop);
}

void
via_sender_sent (ViaSender *self, ViaPacket *packet,
    const ViaSenderPacket *sent, ViaTime now)
{
  self->waits_for_key = FALSE;
  self->owes_bye = self->has_left = FALSE;
  self->ask_at = VIA_TIME_NEVER;
  via_flow_packet (&self->flow, now);
  if (packet->is_key) {
    self->has_key = TRUE;
    self->key_seq = sent->seq;
  }
  self->counts.packets++;
  self->counts.bytes += sent->payload_len;
  /* the marker ends a picture in all payload formats we send */
  self->counts.frames +=
      sent->header.marker && self->plan->kind == VIA_KIND_VIDEO;
  if (self->report_at == VIA_TIME_NEVER)
    self->report_at = now;
  if (self->history)
    via_history_add (self->history, sent->seq, packet, &sent->header, now);
}

/* Pictures since the last key frame build on it, and it cannot be had again:
 * there is no need to wait for the PLI that will come. */
static gboolean
is_lost_for_good (const ViaSender *self, guint16 seq, ViaResend answer)
{
  return answer == VIA_RESEND_UNKNOWN && self->is_bound && self->has_key
         && (gint16) (guint16) (seq - (guint16) self->key_seq) >= 0;
}

void
via_sender_nack (ViaSender *self, const guint16 *seqs, guint n, ViaTime now)
{
  self->counts.nacks++;
  self->counts.nacked_packets += n;
  for (guint i = 0; i < n; i++) {
    ViaResend answer = self->history ? via_history_ask (
                           self->history, seqs[i], self->far_end.rtt, now)
                                     : VIA_RESEND_UNKNOWN;

    if (answer != VIA_RESEND_YES)
      self->counts.refused_packets++;
    if (is_lost_for_good (self, seqs[i], answer))
      self->wants_keyframe = TRUE;
  }
}

gsize
via_sender_resend (ViaSender *self, guint16 twcc_seq, guint8 *out, gsize size,
    ViaTime now, gboolean *out_is_rtx)
{
  ViaHistoryItem item;
  ViaRtpView view;
  gsize len;

  while (self->history && self->may_send
         && via_history_next (self->history, &item)) {
    if (item.header.ssrc != self->plan->ssrc
        || !via_rtp_view (&view, item.packet->data, item.packet->len))
      continue;
    *out_is_rtx = self->rtx_pt >= 0;
    if (*out_is_rtx) {
      item.header.osn = item.header.seq;
      item.header.ssrc = self->plan->rtx_ssrc;
      item.header.pt = (guint8) self->rtx_pt;
      item.header.seq = self->rtx_seq;
      item.header.twcc_seq = twcc_seq;
      item.header.abs_send_time = via_rewrite_abs_send_time (now);
    }
    len = via_rewrite_write (&item.header, &self->exts, &view, out, size);
    if (len == 0)
      continue;
    if (*out_is_rtx)
      self->rtx_seq++;
    self->counts.resent_packets++;
    self->counts.resent_bytes += view.payload_len;
    return len;
  }
  return 0;
}

void
via_sender_end (ViaSender *self)
{
  self->owes_bye = self->may_send && self->plan->ssrc != 0
                   && self->counts.packets > 0 && !self->has_left;
  via_flow_stop (&self->flow);
}

void
via_sender_pli (ViaSender *self)
{
  self->counts.plis++;
  if (self->is_bound && self->plan->kind == VIA_KIND_VIDEO)
    self->wants_keyframe = TRUE;
}

void
via_sender_fir (ViaSender *self, guint32 sender, guint8 command_seq)
{
  self->counts.firs++;
  if (self->has_fir && self->fir_sender == sender
      && self->fir_seq == command_seq)
    return; /* the same command again (RFC 5104 §4.3.1.2) */
  self->has_fir = TRUE;
  self->fir_sender = sender;
  self->fir_seq = command_seq;
  if (self->is_bound && self->plan->kind == VIA_KIND_VIDEO)
    self->wants_keyframe = TRUE;
}

void
via_sender_want_keyframe (ViaSender *self, ViaTime now)
{
  self->ask_at = VIA_TIME_NEVER;
  if (!self->is_bound || !self->waits_for_key)
    return;
  self->wants_keyframe = TRUE;
  self->ask_at = now + VIA_SENDER_ASK_AGAIN;
}

void
via_sender_expire (ViaSender *self, ViaTime now)
{
  if (self->history)
    via_history_expire (self->history, now);
  if (now >= self->ask_at)
    via_sender_want_keyframe (self, now);
  via_flow_expire (&self->flow, now);
}

ViaTime
via_sender_deadline (const ViaSender *self, gboolean may_report)
{
  ViaTime when = MIN (self->ask_at, via_flow_deadline (&self->flow));

  if (may_report)
    when = MIN (when, self->report_at);
  return self->history ? MIN (when, via_history_deadline (self->history))
                       : when;
}

gboolean
via_sender_report (ViaSender *self, ViaWriter *out, const gchar *cname,
    guint32 fallback_ssrc, const ViaRtcpReport *reports, guint n,
    gint64 unix_offset, ViaTime now)
{
  guint32 ssrc = self->plan->ssrc ? self->plan->ssrc : fallback_ssrc;
  gboolean is_sending =
      self->may_send && self->counts.packets > 0 && !self->has_left;

  if (self->counts.packets == self->reported_packets)
    self->idle_reports++;
  else
    self->idle_reports = 0;
  self->reported_packets = self->counts.packets;
  is_sending = is_sending && self->idle_reports <= MAX_IDLE_REPORTS;
  if (!is_sending && n == 0)
    return FALSE;

  if (is_sending)
    via_rtcp_write_sr (out, ssrc, via_ntp_from_unix (now + unix_offset),
        via_rewrite_timestamp_at (&self->rewrite, now),
        (guint32) self->counts.packets, (guint32) self->counts.bytes, reports,
        n);
  else
    via_rtcp_write_rr (out, ssrc, reports, n);
  return via_rtcp_write_sdes (out, ssrc, cname);
}
