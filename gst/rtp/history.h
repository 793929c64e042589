/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/history.h – what was sent in the last second, to answer NACKs.
 * Pure. Keeps references to shared packets, never copies of them.
 * RFC 4585 §6.2.1 (Generic NACK) · RFC 4588
 */
#pragma once

#include "base/packet.h"
#include "rtp/rewrite.h"

G_BEGIN_DECLS

#define VIA_HISTORY_TIME (1 * VIA_S)
#define VIA_HISTORY_PACKETS 1024
#define VIA_HISTORY_TRIES 10           /* resends of one packet */
#define VIA_HISTORY_RTT (100 * VIA_MS) /* before it is known */
#define VIA_HISTORY_MIN_BUDGET 4000    /* bytes that may be resent at once */

typedef struct _ViaHistory ViaHistory;

typedef enum
{
  VIA_RESEND_YES,      /* _next will give it */
  VIA_RESEND_UNKNOWN,  /* never sent, or too long ago */
  VIA_RESEND_TOO_SOON, /* asked for again within one round trip */
  VIA_RESEND_TOO_OFTEN,
  VIA_RESEND_NO_BUDGET, /* over a quarter of the stream's rate */
} ViaResend;

typedef struct
{
  ViaPacket *packet;   /* (transfer none) until the next call */
  ViaRtpHeader header; /* as it was sent first */
} ViaHistoryItem;

ViaHistory *via_history_new (void);
void via_history_free (ViaHistory *self);
/* Remembers what was sent as @header; @seq is header->seq, not wrapped. Takes a
 * reference to @packet. */
void via_history_add (ViaHistory *self, gint64 seq, ViaPacket *packet,
    const ViaRtpHeader *header, ViaTime now);
/* The far end misses @seq. @rtt: 0 or less if it is not known. */
ViaResend via_history_ask (
    ViaHistory *self, guint16 seq, ViaTime rtt, ViaTime now);
/* The next packet to send again; FALSE: none. */
gboolean via_history_next (ViaHistory *self, ViaHistoryItem *out);
/* Lets go of everything older than VIA_HISTORY_TIME. */
void via_history_expire (ViaHistory *self, ViaTime now);
ViaTime via_history_deadline (const ViaHistory *self);
/* Forgets all packets. */
void via_history_clear (ViaHistory *self);
guint via_history_count (const ViaHistory *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaHistory, via_history_free)
