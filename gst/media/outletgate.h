/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletgate.h – from packets as they came to whole frames a decoder
 * takes without error: in order, from a key frame on, and after a loss only
 * from the next one on.
 * Knows no element and no clock.
 */
#pragma once

#include "base/kind.h"
#include "rtp/jitter.h"

G_BEGIN_DECLS

#define VIA_OUTLET_GATE_FRAME 1024      /* packets of one frame at most */
#define VIA_OUTLET_GATE_ASK (1 * VIA_S) /* for a key frame, while without */

typedef struct _ViaOutletGate ViaOutletGate;

typedef struct
{
  ViaJitterStats jitter; /* of the stream so far */
  guint64 frames;
  guint64 damaged; /* frames not whole: thrown away */
  guint64 waiting; /* whole ones thrown away: no key frame before */
} ViaOutletGateStats;

ViaOutletGate *via_outlet_gate_new (ViaKind kind, ViaTime latency);
void via_outlet_gate_free (ViaOutletGate *self);
void via_outlet_gate_set_latency (ViaOutletGate *self, ViaTime latency);
/* Takes a reference. What is no RTP is left out. */
void via_outlet_gate_push (
    ViaOutletGate *self, ViaPacket *packet, ViaTime arrived);
/* The packets of the next frame (audio: one packet) into @frame, which held
 * none and frees by via_packet_unref; @out_is_discont: something is missing
 * before it. FALSE: none is due at @now. */
gboolean via_outlet_gate_next (ViaOutletGate *self, ViaTime now,
    GPtrArray *frame, gboolean *out_is_discont);
ViaTime via_outlet_gate_deadline (const ViaOutletGate *self);
/* TRUE: a key frame is to be asked for now. */
gboolean via_outlet_gate_wants_key (ViaOutletGate *self, ViaTime now);
/* Who takes the frames is new: begin at a key frame. */
void via_outlet_gate_need_key (ViaOutletGate *self);
/* What is held is due at once; what comes then is another stream. */
void via_outlet_gate_restart (ViaOutletGate *self);
void via_outlet_gate_get_stats (
    const ViaOutletGate *self, ViaOutletGateStats *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaOutletGate, via_outlet_gate_free)
