/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/jitter.h – puts packets of one stream back in order, waiting a bounded
 * time for those that are missing.
 * Pure. Keeps references to shared packets.
 * RFC 3550 §5.1, A.1 (sequence numbers, restart)
 */
#pragma once

#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_JITTER_PACKETS 2048 /* held at once, gaps included */
#define VIA_JITTER_MISORDER                                                    \
  1000 /* further back is no late packet: a restart                            \
        */

typedef struct _ViaJitter ViaJitter;

typedef enum
{
  VIA_JITTER_NONE, /* nothing is due: wait until _deadline */
  VIA_JITTER_PACKET,
  VIA_JITTER_GAP,     /* n_lost packets will not come */
  VIA_JITTER_RESTART, /* what follows has nothing to do with what came before */
} ViaJitterType;

typedef struct
{
  ViaPacket *packet; /* VIA_JITTER_PACKET: (transfer full) */
  guint n_lost;      /* VIA_JITTER_GAP */
} ViaJitterItem;

typedef struct
{
  guint64 lost;       /* given up */
  guint64 late;       /* came after that */
  guint64 duplicates; /* came again */
  guint64 reordered;  /* came after a later one, in time */
  guint64 restarts;
} ViaJitterStats;

ViaJitter *via_jitter_new (ViaTime latency);
void via_jitter_free (ViaJitter *self);
/* Also for what is waited for now. */
void via_jitter_set_latency (ViaJitter *self, ViaTime latency);
/* Takes a reference. @seq: of its header. FALSE: late or a duplicate. The
 * first packet far from the others is kept until a second one follows it. */
gboolean via_jitter_push (
    ViaJitter *self, ViaPacket *packet, guint16 seq, ViaTime now);
/* What is due at @now, in order; call until VIA_JITTER_NONE. */
ViaJitterType via_jitter_next (
    ViaJitter *self, ViaTime now, ViaJitterItem *out);
/* When _next has something again; 0: at once. */
ViaTime via_jitter_deadline (const ViaJitter *self);
/* What is held is due at once, then any sequence number may come (another
 * SSRC, the end). */
void via_jitter_restart (ViaJitter *self);
void via_jitter_get_stats (const ViaJitter *self, ViaJitterStats *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaJitter, via_jitter_free)
