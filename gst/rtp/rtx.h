/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtx.h – the original packet inside a retransmission.
 * Pure.
 * RFC 4588 §4
 */
#pragma once

#include "rtp/packet.h"

G_BEGIN_DECLS

/* TRUE: a packet without payload, which only probes the path. */
gboolean via_rtx_is_probe (const ViaRtpView *rtx);
/* The original sequence number. FALSE: too short for one. */
gboolean via_rtx_osn (const ViaRtpView *rtx, guint16 *out);
/* Makes the original of @rtx in place, with @pt and @ssrc: it ends where @rtx
 * ends and begins two bytes later. FALSE: too short; nothing has changed. */
gboolean via_rtx_unwrap (
    const ViaRtpView *rtx, guint8 pt, guint32 ssrc, ViaRtpView *out);

G_END_DECLS
