/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtcp.c – checks and reads compound and reduced-size RTCP.
 * Pure. The whole datagram is checked before its first item is given out.
 * RFC 3550 §6, A.2 · RFC 4585 §6 · RFC 5104 §4.3.1 · RFC 5506 · REMB draft §2.2
 */
#include "rtp/rtcp.h"

#include <string.h>

#include "rtp/rtcp_wire.h"

/* One packet of the compound; lengths are in bytes. */
typedef struct
{
  const guint8 *data; /* common header included */
  gsize len;          /* without padding */
  guint count;        /* RC, SC or FMT */
  guint8 pt;
  gboolean is_padded;
} Packet;

/* Padding is whole words (RFC 3550 §6.4.1), but in transport-wide feedback it
 * may be what the deltas leave of the last word: Chromium says so with P. */
static gboolean
unpad (Packet *self)
{
  guint8 padding = self->data[self->len - 1];
  gboolean is_twcc =
      self->pt == VIA_RTCP_PT_RTPFB && self->count == VIA_RTCP_FMT_TWCC;

  if (padding == 0 || padding > self->len - 4 || (padding % 4 && !is_twcc))
    return FALSE;
  self->len -= padding;
  return TRUE;
}

/* V=2|P|count(5) | PT(8) | length in words minus one (16) */
static gboolean
read_packet (ViaReader *in, Packet *out)
{
  ViaReader peek = *in;
  guint8 flags;
  guint16 words;

  via_reader_u8 (&peek, &flags);
  via_reader_u8 (&peek, &out->pt);
  if (!via_reader_u16 (&peek, &words) || flags >> 6 != 2)
    return FALSE;
  /* RFC 5761 §4: outside this range it may be RTP. */
  if (out->pt < 192 || out->pt > 223)
    return FALSE;
  out->len = ((gsize) words + 1) * 4;
  if (!via_reader_take (in, out->len, &out->data))
    return FALSE;
  out->count = flags & 0x1f;
  out->is_padded = (flags & 0x20) != 0;
  return !out->is_padded || unpad (out);
}

static ViaRtcpType
feedback_type (const Packet *packet)
{
  if (packet->pt == VIA_RTCP_PT_RTPFB) {
    if (packet->count == VIA_RTCP_FMT_NACK)
      return VIA_RTCP_NACK;
    if (packet->count == VIA_RTCP_FMT_TWCC)
      return VIA_RTCP_TWCC;
    return VIA_RTCP_OTHER;
  }
  switch (packet->count) {
    case VIA_RTCP_FMT_PLI:
      return VIA_RTCP_PLI;
    case VIA_RTCP_FMT_FIR:
      return VIA_RTCP_FIR;
    case VIA_RTCP_FMT_AFB:
      if (packet->len >= VIA_RTCP_FB_HEADER + 4
          && memcmp (packet->data + VIA_RTCP_FB_HEADER, "REMB", 4) == 0)
        return VIA_RTCP_REMB;
      return VIA_RTCP_OTHER;
    default:
      return VIA_RTCP_OTHER;
  }
}

static ViaRtcpType
packet_type (const Packet *packet)
{
  switch (packet->pt) {
    case VIA_RTCP_PT_SR:
      return VIA_RTCP_SR;
    case VIA_RTCP_PT_RR:
      return VIA_RTCP_RR;
    case VIA_RTCP_PT_SDES:
      return VIA_RTCP_SDES;
    case VIA_RTCP_PT_BYE:
      return VIA_RTCP_BYE;
    case VIA_RTCP_PT_RTPFB:
    case VIA_RTCP_PT_PSFB:
      return feedback_type (packet);
    default:
      return VIA_RTCP_OTHER;
  }
}

/* One SDES chunk: SSRC, items (type, length, text), a zero type, zeros up to
 * the next 32-bit boundary (RFC 3550 §6.5). Gives the first CNAME if any. */
static gboolean
read_chunk (
    ViaReader *in, guint32 *out_ssrc, const guint8 **out_cname, guint8 *out_len)
{
  guint8 type, len;
  const guint8 *text;

  *out_cname = NULL;
  *out_len = 0;
  if (!via_reader_u32 (in, out_ssrc))
    return FALSE;
  while (via_reader_u8 (in, &type) && type != 0) {
    if (!via_reader_u8 (in, &len) || !via_reader_take (in, len, &text))
      return FALSE;
    if (type == VIA_RTCP_SDES_CNAME && *out_cname == NULL) {
      *out_cname = text;
      *out_len = len;
    }
  }
  return via_reader_skip (in, (4 - in->pos % 4) % 4);
}

static gboolean
check_sdes (const Packet *packet)
{
  ViaReader in;
  guint32 ssrc;
  const guint8 *cname;
  guint8 len;

  via_reader_init (&in, packet->data + 4, packet->len - 4);
  for (guint i = 0; i < packet->count; i++) {
    if (!read_chunk (&in, &ssrc, &cname, &len))
      return FALSE;
  }
  return TRUE;
}

/* SSRCs, then perhaps a length-prefixed reason (RFC 3550 §6.6). */
static gboolean
check_bye (const Packet *packet)
{
  ViaReader in;
  guint8 reason;

  via_reader_init (&in, packet->data + 4, packet->len - 4);
  if (!via_reader_skip (&in, packet->count * 4))
    return FALSE;
  return !via_reader_u8 (&in, &reason) || via_reader_skip (&in, reason);
}

static gboolean
check_packet (const Packet *packet)
{
  const gsize reports = packet->count * (gsize) VIA_RTCP_REPORT_LEN;
  const gsize fci = packet->len - MIN (packet->len, VIA_RTCP_FB_HEADER);

  switch (packet_type (packet)) {
    case VIA_RTCP_SR:
      return packet->len >= VIA_RTCP_SR_HEADER + reports;
    case VIA_RTCP_RR:
      return packet->len >= VIA_RTCP_RR_HEADER + reports;
    case VIA_RTCP_SDES:
      return check_sdes (packet);
    case VIA_RTCP_BYE:
      return check_bye (packet);
    case VIA_RTCP_NACK:
      return fci >= 4;
    case VIA_RTCP_PLI:
      return packet->len >= VIA_RTCP_FB_HEADER;
    case VIA_RTCP_FIR:
      return fci >= VIA_RTCP_FIR_LEN && fci % VIA_RTCP_FIR_LEN == 0;
    case VIA_RTCP_REMB:
      return fci >= 8 && fci - 8 >= 4 * (gsize) packet->data[16];
    case VIA_RTCP_TWCC:
      return fci >= 8;
    case VIA_RTCP_OTHER:
      break;
  }
  return TRUE;
}

gboolean
via_rtcp_reader_init (ViaRtcpReader *self, const guint8 *data, gsize len)
{
  ViaReader in;
  Packet packet;

  via_reader_init (&in, data, len);
  do {
    if (!read_packet (&in, &packet) || !check_packet (&packet))
      return FALSE;
  } while (via_reader_left (&in) > 0 && !packet.is_padded);
  if (via_reader_left (&in) > 0)
    return FALSE;
  via_reader_init (&self->in, data, len);
  return TRUE;
}

static void
read_sender_info (ViaRtcpItem *out)
{
  ViaReader in;

  via_reader_init (&in, out->body + 8, out->body_len - 8);
  via_reader_u64 (&in, &out->ntp);
  via_reader_u32 (&in, &out->rtp_timestamp);
  via_reader_u32 (&in, &out->packet_count);
  via_reader_u32 (&in, &out->octet_count);
}

/* 6-bit exponent, 18-bit mantissa; what 64 bits cannot hold saturates. */
static guint64
read_remb_bitrate (const guint8 *at)
{
  guint exponent = at[0] >> 2;
  guint64 mantissa = (guint64) (at[0] & 3) << 16 | (guint64) at[1] << 8 | at[2];

  if (mantissa > G_MAXUINT64 >> exponent)
    return G_MAXUINT64;
  return mantissa << exponent;
}

gboolean
via_rtcp_next (ViaRtcpReader *self, ViaRtcpItem *out)
{
  Packet packet;
  ViaReader in;

  if (via_reader_left (&self->in) == 0 || !read_packet (&self->in, &packet))
    return FALSE;
  *out = (ViaRtcpItem){.type = packet_type (&packet),
      .body = packet.data,
      .body_len = packet.len};
  via_reader_init (&in, packet.data, packet.len);
  via_reader_skip (&in, 4);
  if (out->type != VIA_RTCP_SDES)
    via_reader_u32 (&in, &out->sender_ssrc);
  if (packet.pt == VIA_RTCP_PT_RTPFB || packet.pt == VIA_RTCP_PT_PSFB)
    via_reader_u32 (&in, &out->media_ssrc);
  if (out->type == VIA_RTCP_SR)
    read_sender_info (out);
  if (out->type == VIA_RTCP_SR || out->type == VIA_RTCP_RR)
    out->n_reports = packet.count;
  if (out->type == VIA_RTCP_REMB)
    out->bitrate_bps = read_remb_bitrate (packet.data + 17);
  return TRUE;
}

static guint
count_of (const ViaRtcpItem *item)
{
  return item->body[0] & 0x1f;
}

void
via_rtcp_report (const ViaRtcpItem *item, guint i, ViaRtcpReport *out)
{
  gsize at =
      (item->type == VIA_RTCP_SR ? VIA_RTCP_SR_HEADER : VIA_RTCP_RR_HEADER)
      + (gsize) i * VIA_RTCP_REPORT_LEN;
  ViaReader in;
  guint32 lost = 0;

  g_return_if_fail (i < item->n_reports);
  *out = (ViaRtcpReport){0};
  via_reader_init (&in, item->body + at, VIA_RTCP_REPORT_LEN);
  via_reader_u32 (&in, &out->ssrc);
  via_reader_u8 (&in, &out->fraction_lost);
  via_reader_u24 (&in, &lost);
  out->lost = (gint32) (lost << 8) >> 8;
  via_reader_u32 (&in, &out->highest_seq);
  via_reader_u32 (&in, &out->jitter);
  via_reader_u32 (&in, &out->last_sr);
  via_reader_u32 (&in, &out->delay_since_sr);
}

guint
via_rtcp_nack_seqs (const ViaRtcpItem *item, guint16 *out, guint max)
{
  ViaReader in;
  guint16 pid, blp;
  guint n = 0;

  g_return_val_if_fail (item->type == VIA_RTCP_NACK, 0);
  via_reader_init (&in, item->body, item->body_len);
  via_reader_skip (&in, VIA_RTCP_FB_HEADER);
  while (n < max && via_reader_u16 (&in, &pid) && via_reader_u16 (&in, &blp)) {
    out[n++] = pid;
    for (guint bit = 0; bit < 16 && n < max; bit++) {
      if ((blp >> bit & 1) != 0)
        out[n++] = (guint16) (pid + bit + 1);
    }
  }
  return n;
}

gboolean
via_rtcp_fir (
    const ViaRtcpItem *item, guint i, guint32 *out_ssrc, guint8 *out_seq)
{
  ViaReader in;
  guint32 ssrc;
  guint8 seq;

  g_return_val_if_fail (item->type == VIA_RTCP_FIR, FALSE);
  via_reader_init (&in, item->body, item->body_len);
  via_reader_skip (&in, VIA_RTCP_FB_HEADER + (gsize) i * VIA_RTCP_FIR_LEN);
  if (!via_reader_u32 (&in, &ssrc) || !via_reader_u8 (&in, &seq))
    return FALSE;
  *out_ssrc = ssrc;
  *out_seq = seq;
  return TRUE;
}

gboolean
via_rtcp_bye_ssrc (const ViaRtcpItem *item, guint i, guint32 *out)
{
  ViaReader in;

  g_return_val_if_fail (item->type == VIA_RTCP_BYE, FALSE);
  if (i >= count_of (item))
    return FALSE;
  via_reader_init (&in, item->body, item->body_len);
  return via_reader_skip (&in, 4 + (gsize) i * 4) && via_reader_u32 (&in, out);
}

gboolean
via_rtcp_remb_ssrc (const ViaRtcpItem *item, guint i, guint32 *out)
{
  ViaReader in;

  g_return_val_if_fail (item->type == VIA_RTCP_REMB, FALSE);
  if (i >= item->body[16])
    return FALSE;
  via_reader_init (&in, item->body, item->body_len);
  return via_reader_skip (&in, 20 + (gsize) i * 4) && via_reader_u32 (&in, out);
}

gboolean
via_rtcp_sdes_cname (const ViaRtcpItem *item, guint i, guint32 *out_ssrc,
    const gchar **out, gsize *out_len)
{
  ViaReader in;
  guint32 ssrc = 0;
  const guint8 *cname = NULL;
  guint8 len = 0;

  g_return_val_if_fail (item->type == VIA_RTCP_SDES, FALSE);
  if (i >= count_of (item))
    return FALSE;
  via_reader_init (&in, item->body + 4, item->body_len - 4);
  for (guint chunk = 0; chunk <= i; chunk++) {
    if (!read_chunk (&in, &ssrc, &cname, &len))
      return FALSE;
  }
  *out_ssrc = ssrc;
  *out = cname != NULL ? (const gchar *) cname : "";
  *out_len = len;
  return TRUE;
}
