/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtcp_write.c – appends RTCP packets to a buffer.
 * Pure. A packet is written whole or not at all.
 * RFC 3550 §6.4-6.6 · RFC 4585 §6.2.1, §6.3.1 · RFC 5104 §4.3.1 · REMB draft
 */
#include "rtp/rtcp.h"

#include <string.h>

#include "rtp/rtcp_wire.h"

/* Checks that @len bytes fit, then writes the common header. */
static gboolean
begin (ViaWriter *out, guint count, guint8 pt, gsize len)
{
  if (count > VIA_RTCP_MAX_COUNT || len > VIA_RTCP_MAX_LEN
      || via_writer_room (out) < len) {
    out->failed = TRUE;
    return FALSE;
  }
  via_writer_u8 (out, (guint8) (2 << 6 | count));
  via_writer_u8 (out, pt);
  return via_writer_u16 (out, (guint16) (len / 4 - 1));
}

static gboolean
begin_feedback (ViaWriter *out, guint fmt, guint8 pt, guint32 sender_ssrc,
    guint32 media_ssrc, gsize fci_len)
{
  if (!begin (out, fmt, pt, VIA_RTCP_FB_HEADER + fci_len))
    return FALSE;
  via_writer_u32 (out, sender_ssrc);
  return via_writer_u32 (out, media_ssrc);
}

static gboolean
write_reports (ViaWriter *out, const ViaRtcpReport *reports, guint n)
{
  for (guint i = 0; i < n; i++) {
    const ViaRtcpReport *r = &reports[i];
    gint32 lost = CLAMP (r->lost, -0x800000, 0x7fffff);

    via_writer_u32 (out, r->ssrc);
    via_writer_u8 (out, r->fraction_lost);
    via_writer_u24 (out, (guint32) lost & 0xffffff);
    via_writer_u32 (out, r->highest_seq);
    via_writer_u32 (out, r->jitter);
    via_writer_u32 (out, r->last_sr);
    via_writer_u32 (out, r->delay_since_sr);
  }
  return !out->failed;
}

gboolean
via_rtcp_write_sr (ViaWriter *out, guint32 ssrc, guint64 ntp,
    guint32 rtp_timestamp, guint32 packets, guint32 octets,
    const ViaRtcpReport *reports, guint n)
{
  if (!begin (out, n, VIA_RTCP_PT_SR,
          VIA_RTCP_SR_HEADER + (gsize) n * VIA_RTCP_REPORT_LEN))
    return FALSE;
  via_writer_u32 (out, ssrc);
  via_writer_u64 (out, ntp);
  via_writer_u32 (out, rtp_timestamp);
  via_writer_u32 (out, packets);
  via_writer_u32 (out, octets);
  return write_reports (out, reports, n);
}

gboolean
via_rtcp_write_rr (
    ViaWriter *out, guint32 ssrc, const ViaRtcpReport *reports, guint n)
{
  if (!begin (out, n, VIA_RTCP_PT_RR,
          VIA_RTCP_RR_HEADER + (gsize) n * VIA_RTCP_REPORT_LEN))
    return FALSE;
  via_writer_u32 (out, ssrc);
  return write_reports (out, reports, n);
}

gboolean
via_rtcp_write_sdes (ViaWriter *out, guint32 ssrc, const gchar *cname)
{
  const gsize len = strlen (cname);
  /* SSRC, type, length, text and at least one zero, in whole words. */
  const gsize chunk = (4 + 2 + len + 1 + 3) & ~(gsize) 3;

  if (len > 255) {
    out->failed = TRUE;
    return FALSE;
  }
  if (!begin (out, 1, VIA_RTCP_PT_SDES, 4 + chunk))
    return FALSE;
  via_writer_u32 (out, ssrc);
  via_writer_u8 (out, VIA_RTCP_SDES_CNAME);
  via_writer_u8 (out, (guint8) len);
  via_writer_bytes (out, (const guint8 *) cname, len);
  return via_writer_zero (out, chunk - 6 - len);
}

gboolean
via_rtcp_write_bye (ViaWriter *out, const guint32 *ssrcs, guint n)
{
  if (!begin (out, n, VIA_RTCP_PT_BYE, 4 + (gsize) n * 4))
    return FALSE;
  for (guint i = 0; i < n; i++)
    via_writer_u32 (out, ssrcs[i]);
  return !out->failed;
}

/* Index of the first of @seqs that no longer fits one PID + BLP with
 * seqs[i]; @out_blp gets the mask. */
static guint
pack_nack (const guint16 *seqs, guint i, guint n, guint16 *out_blp)
{
  const guint16 pid = seqs[i];

  *out_blp = 0;
  for (i++; i < n; i++) {
    guint16 distance = (guint16) (seqs[i] - pid);

    if (distance > 16)
      break;
    if (distance > 0)
      *out_blp |= (guint16) (1 << (distance - 1));
  }
  return i;
}

gboolean
via_rtcp_write_nack (ViaWriter *out, guint32 sender_ssrc, guint32 media_ssrc,
    const guint16 *seqs, guint n)
{
  gsize entries = 0;
  guint16 blp;

  if (n == 0)
    return TRUE;
  for (guint i = 0; i < n; entries++)
    i = pack_nack (seqs, i, n, &blp);
  if (!begin_feedback (out, VIA_RTCP_FMT_NACK, VIA_RTCP_PT_RTPFB, sender_ssrc,
          media_ssrc, entries * 4))
    return FALSE;
  for (guint i = 0; i < n;) {
    via_writer_u16 (out, seqs[i]);
    i = pack_nack (seqs, i, n, &blp);
    via_writer_u16 (out, blp);
  }
  return !out->failed;
}

gboolean
via_rtcp_write_pli (ViaWriter *out, guint32 sender_ssrc, guint32 media_ssrc)
{
  return begin_feedback (
      out, VIA_RTCP_FMT_PLI, VIA_RTCP_PT_PSFB, sender_ssrc, media_ssrc, 0);
}

gboolean
via_rtcp_write_fir (
    ViaWriter *out, guint32 sender_ssrc, guint32 media_ssrc, guint8 command_seq)
{
  /* The header's media SSRC is unused and 0 (RFC 5104 §4.3.1.2). */
  if (!begin_feedback (out, VIA_RTCP_FMT_FIR, VIA_RTCP_PT_PSFB, sender_ssrc, 0,
          VIA_RTCP_FIR_LEN))
    return FALSE;
  via_writer_u32 (out, media_ssrc);
  via_writer_u8 (out, command_seq);
  return via_writer_zero (out, 3);
}

gboolean
via_rtcp_write_remb (ViaWriter *out, guint32 sender_ssrc, guint64 bitrate_bps,
    const guint32 *ssrcs, guint n)
{
  guint exponent = 0;

  while (bitrate_bps > 0x3ffff) {
    bitrate_bps >>= 1;
    exponent++;
  }
  if (n > 255) {
    out->failed = TRUE;
    return FALSE;
  }
  if (!begin_feedback (out, VIA_RTCP_FMT_AFB, VIA_RTCP_PT_PSFB, sender_ssrc, 0,
          8 + (gsize) n * 4))
    return FALSE;
  via_writer_bytes (out, (const guint8 *) "REMB", 4);
  via_writer_u8 (out, (guint8) n);
  via_writer_u24 (out, (guint32) (exponent << 18 | bitrate_bps));
  for (guint i = 0; i < n; i++)
    via_writer_u32 (out, ssrcs[i]);
  return !out->failed;
}
