/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtcp.h – RTCP compound packets read and written.
 * Pure. Validates every length before it is used.
 * RFC 3550 §6 · RFC 4585 §6 · RFC 5104 §4.3.1 · RFC 5506 · REMB and
 * transport-cc drafts
 */
#pragma once

#include "base/bytes.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_RTCP_SR,
  VIA_RTCP_RR,
  VIA_RTCP_SDES,
  VIA_RTCP_BYE,
  VIA_RTCP_NACK,
  VIA_RTCP_PLI,
  VIA_RTCP_FIR,
  VIA_RTCP_REMB,
  VIA_RTCP_TWCC,
  VIA_RTCP_OTHER, /* well formed, of a type we do not read (APP, XR, …) */
} ViaRtcpType;

typedef struct
{
  guint32 ssrc; /* whom it is about */
  guint8 fraction_lost;
  gint32 lost; /* 24 bit, signed */
  guint32 highest_seq;
  guint32 jitter; /* RTP clock units */
  guint32 last_sr, delay_since_sr;
} ViaRtcpReport;

typedef struct
{
  ViaRtcpType type;
  guint32 sender_ssrc;
  guint32 media_ssrc; /* NACK, PLI, TWCC; for FIR see via_rtcp_fir_* */
  guint64 ntp;        /* SR: 32.32 */
  guint32 rtp_timestamp, packet_count, octet_count; /* SR */
  guint n_reports;                                  /* SR, RR */
  guint64 bitrate_bps; /* REMB; saturates at G_MAXUINT64 */
  /* What the accessors below read: the packet from its common header on,
   * without padding. */
  const guint8 *body;
  gsize body_len;
} ViaRtcpItem;

typedef struct
{
  ViaReader in;
} ViaRtcpReader;

/* Checks the whole of @data (version, lengths, padding only in the last,
 * counts that fit). Accepts reduced-size packets. On FALSE use nothing. */
gboolean via_rtcp_reader_init (
    ViaRtcpReader *self, const guint8 *data, gsize len);
gboolean via_rtcp_next (ViaRtcpReader *self, ViaRtcpItem *out);

/* @i < n_reports. */
void via_rtcp_report (const ViaRtcpItem *item, guint i, ViaRtcpReport *out);
/* Writes at most @max lost sequence numbers of a NACK; returns how many. */
guint via_rtcp_nack_seqs (const ViaRtcpItem *item, guint16 *out, guint max);
/* FIR entries. FALSE past the last. */
gboolean via_rtcp_fir (
    const ViaRtcpItem *item, guint i, guint32 *out_ssrc, guint8 *out_seq);
/* BYE: SSRCs that left; SDES: CNAME of the i-th chunk, not NUL-terminated,
 * empty for a chunk without one. FALSE past the last. */
gboolean via_rtcp_bye_ssrc (const ViaRtcpItem *item, guint i, guint32 *out);
gboolean via_rtcp_sdes_cname (const ViaRtcpItem *item, guint i,
    guint32 *out_ssrc, const gchar **out, gsize *out_len);

/* REMB: SSRCs the bit rate is for. FALSE past the last. */
gboolean via_rtcp_remb_ssrc (const ViaRtcpItem *item, guint i, guint32 *out);

typedef struct
{
  guint16 seq;
  gboolean received;
  gint64 arrival_us; /* sum of deltas from reference time; valid if received */
} ViaTwccPacket;
/* Decodes a TWCC item into at most @max packets; 0 if it is malformed. */
guint via_rtcp_twcc (const ViaRtcpItem *item, ViaTwccPacket *out, guint max);

/* Writers append one RTCP packet; FALSE if it does not fit (then @out has
 * failed). */
gboolean via_rtcp_write_sr (ViaWriter *out, guint32 ssrc, guint64 ntp,
    guint32 rtp_timestamp, guint32 packets, guint32 octets,
    const ViaRtcpReport *reports, guint n);
gboolean via_rtcp_write_rr (
    ViaWriter *out, guint32 ssrc, const ViaRtcpReport *reports, guint n);
gboolean via_rtcp_write_sdes (ViaWriter *out, guint32 ssrc, const gchar *cname);
gboolean via_rtcp_write_bye (ViaWriter *out, const guint32 *ssrcs, guint n);
/* @seqs ascending (modulo 2^16); packs PID + BLP. Writes nothing for none. */
gboolean via_rtcp_write_nack (ViaWriter *out, guint32 sender_ssrc,
    guint32 media_ssrc, const guint16 *seqs, guint n);
gboolean via_rtcp_write_pli (
    ViaWriter *out, guint32 sender_ssrc, guint32 media_ssrc);
gboolean via_rtcp_write_fir (ViaWriter *out, guint32 sender_ssrc,
    guint32 media_ssrc, guint8 command_seq);
gboolean via_rtcp_write_remb (ViaWriter *out, guint32 sender_ssrc,
    guint64 bitrate_bps, const guint32 *ssrcs, guint n);
/* @packets with ascending sequence numbers (modulo 2^16); one left out counts
 * as lost. Times are written in steps of 250 µs; two neighbours more than
 * 8 s apart do not fit. Writes nothing for none. */
gboolean via_rtcp_write_twcc (ViaWriter *out, guint32 sender_ssrc,
    guint32 media_ssrc, guint8 feedback_count, const ViaTwccPacket *packets,
    guint n);

G_END_DECLS
