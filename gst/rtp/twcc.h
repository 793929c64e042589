/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/twcc.h – when each packet of a transport arrived, for its sender.
 * Pure. Makes feedback; the sender's side is in rtp/rtcp.h.
 * draft-holmer-rmcat-transport-wide-cc-extensions-01
 */
#pragma once

#include "base/time.h"
#include "rtp/rtcp.h"

G_BEGIN_DECLS

#define VIA_TWCC_WINDOW 2048             /* packets remembered */
#define VIA_TWCC_INTERVAL (100 * VIA_MS) /* between two feedbacks */
#define VIA_TWCC_PACKETS 256             /* in one feedback */

typedef struct _ViaTwcc ViaTwcc;

ViaTwcc *via_twcc_new (void);
void via_twcc_free (ViaTwcc *self);
/* The packet with transport-wide number @seq came from @ssrc. One that was
 * reported as lost is reported again, as arrived. */
void via_twcc_packet (ViaTwcc *self, guint16 seq, guint32 ssrc, ViaTime now);
/* NEVER: nothing to report. */
ViaTime via_twcc_deadline (const ViaTwcc *self);
/* Appends the feedback that is due. FALSE: none is, or it does not fit. */
gboolean via_twcc_write (
    ViaTwcc *self, ViaWriter *out, guint32 sender_ssrc, ViaTime now);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaTwcc, via_twcc_free)
