/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/control.c – routes RTCP items to who they concern, writes reports.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 3550 §6.2, §6.4 · RFC 4585 · RFC 5104
 */
#include "peer/control.h"

#include "peer/state.h"
#include "rtp/rtcp.h"

#define MAX_NACKED 1024   /* sequence numbers of one NACK */
#define MAX_TWCC 512      /* packets of one feedback */
#define MAX_BLOCKS 31     /* report blocks of one SR or RR */
#define MIN_BITRATE 8000u /* a REMB below is taken for this */
#define MAX_BITRATE G_GUINT64_CONSTANT (10000000000)

/* The sender of ours whose stream is @ssrc. */
static ViaSender *
find_sender (const ViaPeer *self, guint32 ssrc)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (sender && sender->may_send && sender->plan->ssrc == ssrc)
      return sender;
  }
  return NULL;
}

static gboolean
is_rtx_ssrc (const ViaPeer *self, guint32 ssrc)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (sender && ssrc != 0 && sender->plan->rtx_ssrc == ssrc)
      return TRUE;
  }
  return FALSE;
}

static void
take_reports (ViaPeer *self, const ViaRtcpItem *item, ViaTime now)
{
  guint64 ntp = via_ntp_from_unix (now + self->unix_offset);

  for (guint i = 0; i < item->n_reports; i++) {
    ViaRtcpReport report;
    ViaSender *sender;

    via_rtcp_report (item, i, &report);
    sender = find_sender (self, report.ssrc);
    if (sender)
      via_far_stats_report (&sender->far_end, &report, ntp);
    else if (!is_rtx_ssrc (self, report.ssrc))
      via_drop_count (&self->drops, VIA_DROP_UNKNOWN_SSRC);
  }
}

static void
take_nack (ViaPeer *self, const ViaRtcpItem *item, ViaTime now)
{
  guint16 seqs[MAX_NACKED];
  guint n = via_rtcp_nack_seqs (item, seqs, MAX_NACKED);
  ViaSender *sender = find_sender (self, item->media_ssrc);

  if (sender)
    via_sender_nack (sender, seqs, n, now);
  else
    via_drop_count (&self->drops, VIA_DROP_UNKNOWN_SSRC);
}

static void
take_pli (ViaPeer *self, const ViaRtcpItem *item)
{
  ViaSender *sender = find_sender (self, item->media_ssrc);

  if (sender)
    via_sender_pli (sender);
  else
    via_drop_count (&self->drops, VIA_DROP_UNKNOWN_SSRC);
}

static void
take_fir (ViaPeer *self, const ViaRtcpItem *item)
{
  guint32 ssrc;
  guint8 seq;

  for (guint i = 0; via_rtcp_fir (item, i, &ssrc, &seq); i++) {
    ViaSender *sender = find_sender (self, ssrc);

    if (sender)
      via_sender_fir (sender, item->sender_ssrc, seq);
    else
      via_drop_count (&self->drops, VIA_DROP_UNKNOWN_SSRC);
  }
}

static void
take_remb (ViaPeer *self, const ViaRtcpItem *item)
{
  self->bitrate_bps = CLAMP (item->bitrate_bps, MIN_BITRATE, MAX_BITRATE);
  self->has_new_bitrate = TRUE;
}

static void
take_bye (ViaPeer *self, const ViaRtcpItem *item, ViaTime now)
{
  guint32 ssrc;

  for (guint i = 0; via_rtcp_bye_ssrc (item, i, &ssrc); i++)
    via_receiver_bye (&self->receiver, ssrc, now);
}

static void
take_sdes (ViaPeer *self, const ViaRtcpItem *item)
{
  const gchar *cname;
  guint32 ssrc;
  gsize len;

  for (guint i = 0; via_rtcp_sdes_cname (item, i, &ssrc, &cname, &len); i++)
    via_receiver_cname (&self->receiver, ssrc, cname, len);
}

static void
take_twcc (ViaPeer *self, const ViaRtcpItem *item)
{
  ViaTwccPacket packets[MAX_TWCC];
  guint n = via_rtcp_twcc (item, packets, MAX_TWCC);

  if (n == 0) {
    via_drop_count (&self->drops, VIA_DROP_MALFORMED);
    return;
  }
  self->twcc_feedbacks++;
  for (guint i = 0; i < n; i++)
    if (packets[i].received)
      self->twcc_received++;
    else
      self->twcc_lost++;
}

static void
take_item (ViaPeer *self, const ViaRtcpItem *item, ViaTime now)
{
  switch (item->type) {
    case VIA_RTCP_SR:
      via_receiver_sr (&self->receiver, item->sender_ssrc, item->ntp,
          item->rtp_timestamp, now);
      take_reports (self, item, now);
      break;
    case VIA_RTCP_RR:
      take_reports (self, item, now);
      break;
    case VIA_RTCP_NACK:
      take_nack (self, item, now);
      break;
    case VIA_RTCP_PLI:
      take_pli (self, item);
      break;
    case VIA_RTCP_FIR:
      take_fir (self, item);
      break;
    case VIA_RTCP_REMB:
      take_remb (self, item);
      break;
    case VIA_RTCP_TWCC:
      take_twcc (self, item);
      break;
    case VIA_RTCP_BYE:
      take_bye (self, item, now);
      break;
    case VIA_RTCP_SDES:
      take_sdes (self, item);
      break;
    case VIA_RTCP_OTHER:
      break;
  }
}

ViaDrop
via_control_receive (ViaPeer *self, const guint8 *data, gsize len, ViaTime now)
{
  ViaRtcpReader reader;
  ViaRtcpItem item;

  if (!via_rtcp_reader_init (&reader, data, len))
    return VIA_DROP_MALFORMED;
  self->received_rtcp++;
  while (via_rtcp_next (&reader, &item))
    take_item (self, &item, now);
  return VIA_DROP_NONE;
}

/* 0.5 to 1.5 s, so that peers do not report in step (RFC 3550 §6.2). */
static ViaTime
interval (ViaPeer *self)
{
  return VIA_S / 2 + (ViaTime) (via_rng_u32 (self->rng) % 1000001u);
}

void
via_control_start (ViaPeer *self, guint media, ViaTime now)
{
  ViaSender *sender = via_peer_sender (self, media);

  if (sender && sender->report_at == VIA_TIME_NEVER)
    sender->report_at = now + interval (self);
}

const gchar *
via_control_cname (const ViaPeer *self)
{
  return self->plan->cname ? self->plan->cname : "";
}

gsize
via_control_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);
    ViaRtcpReport reports[MAX_BLOCKS];
    ViaWriter writer;
    guint n;

    if (!sender || now < sender->report_at)
      continue;
    n = via_receiver_reports (&self->receiver, i, now, reports, MAX_BLOCKS);
    via_writer_init (&writer, out, size);
    sender->report_at = VIA_TIME_NEVER;
    if (!via_sender_report (sender, &writer, via_control_cname (self),
            self->ssrc, reports, n, self->unix_offset, now))
      continue;
    sender->report_at = now + interval (self);
    return writer.pos;
  }
  return 0;
}

static gsize
write_bye (
    ViaPeer *self, const guint32 *ssrcs, guint n, guint8 *out, gsize size)
{
  ViaWriter writer;

  via_writer_init (&writer, out, size);
  via_rtcp_write_rr (&writer, ssrcs[0], NULL, 0);
  via_rtcp_write_sdes (&writer, ssrcs[0], via_control_cname (self));
  via_rtcp_write_bye (&writer, ssrcs, n);
  return writer.failed ? 0 : writer.pos;
}

gsize
via_control_end (ViaPeer *self, guint8 *out, gsize size)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (!sender || !sender->owes_bye)
      continue;
    sender->owes_bye = FALSE;
    sender->has_left = TRUE;
    return write_bye (self, &sender->plan->ssrc, 1, out, size);
  }
  return 0;
}

gsize
via_control_bye (ViaPeer *self, guint8 *out, gsize size)
{
  guint32 ssrcs[MAX_BLOCKS];
  guint n = 0;

  for (guint i = 0; i < self->senders->len && n < MAX_BLOCKS; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (sender && sender->may_send && sender->plan->ssrc)
      ssrcs[n++] = sender->plan->ssrc;
  }
  if (n == 0)
    ssrcs[n++] = self->ssrc;
  return write_bye (self, ssrcs, n, out, size);
}
