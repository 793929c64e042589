/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/demux.h – what a datagram is, and which m-line a packet belongs to.
 * Pure functions of bytes and plan.
 * RFC 7983 §7 · RFC 5761 §4 · RFC 8843 §9.2 · RFC 8852 §3
 */
#pragma once

#include "base/drop.h"
#include "rtp/packet.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_DATAGRAM_OTHER, /* no protocol of ours */
  VIA_DATAGRAM_STUN,
  VIA_DATAGRAM_DTLS,
  VIA_DATAGRAM_TURN, /* channel data */
  VIA_DATAGRAM_RTP,
  VIA_DATAGRAM_RTCP,
} ViaDatagramKind;

ViaDatagramKind via_demux_kind (const guint8 *data, gsize len);

/* The m-line that receives the stream @rtp begins: by MID, then by RID, then by
 * announced SSRC, then by payload type if only one m-line has it. */
ViaDrop via_demux_media (
    const ViaPlan *plan, const ViaRtpView *rtp, guint *out_media);

/* The m-line whose MID @rtp carries. FALSE: it carries none; VIA_DROP_NONE in
 * @out_drop: @out_media is the one. */
gboolean via_demux_mid (const ViaPlan *plan, const ViaRtpView *rtp,
    guint *out_media, ViaDrop *out_drop);
/* Copies the RID @rtp carries or, for RTX, the repaired one (RFC 8852); FALSE:
 * none, @out is as it was. */
gboolean via_demux_rid (
    const ViaPlanMedia *media, const ViaRtpView *rtp, gchar out[17]);

/* The transport-wide number @rtp carries; FALSE: none. */
gboolean via_demux_twcc (
    const ViaPlanMedia *media, const ViaRtpView *rtp, guint16 *out);

/* The codec of @media with payload type @pt, NULL if there is none.
 * @out_is_rtx: @pt is its retransmission type. (transfer none) */
const ViaPlanCodec *via_demux_codec (
    const ViaPlanMedia *media, guint8 pt, gboolean *out_is_rtx);

/* The id agreed for @ext on @media; 0: none. */
guint8 via_demux_ext_id (const ViaPlanMedia *media, ViaExt ext);

G_END_DECLS
