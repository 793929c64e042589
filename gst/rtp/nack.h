/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/nack.h – which packets of one received stream are missing, and when to
 * ask for them (again).
 * Pure. Knows sequence numbers only.
 * RFC 4585 §6.2.1 (Generic NACK) · RFC 3550 A.1 · RFC 4588
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

#define VIA_NACK_WINDOW 1024            /* packets remembered as arrived */
#define VIA_NACK_MISSING 512            /* asked for at the same time */
#define VIA_NACK_TRIES 10               /* requests for one packet */
#define VIA_NACK_AGE (1 * VIA_S)        /* then it is given up */
#define VIA_NACK_REORDER (10 * VIA_MS)  /* a late one may still come */
#define VIA_NACK_RTT (100 * VIA_MS)     /* before it is known */
#define VIA_NACK_MIN_WAIT (30 * VIA_MS) /* between two requests */
#define VIA_NACK_MAX_WAIT (500 * VIA_MS)

typedef struct _ViaNack ViaNack;

typedef enum
{
  VIA_NACK_NEW,       /* first time, in order or not */
  VIA_NACK_RECOVERED, /* first time, and we had asked for it */
  VIA_NACK_DUPLICATE, /* came before, or is too old to tell */
} ViaNackArrival;

ViaNack *via_nack_new (void);
void via_nack_free (ViaNack *self);
/* Nothing is missed before this: a NACK must have been agreed on. */
void via_nack_enable (ViaNack *self, gboolean is_enabled);

/* A packet of the stream itself. A number far from the last is believed when
 * the next one follows it (RFC 3550 A.1): then all begins anew. */
ViaNackArrival via_nack_packet (ViaNack *self, guint16 seq, ViaTime now);
/* A packet of the stream that came as RTX; it never begins anything anew. */
ViaNackArrival via_nack_resent (ViaNack *self, guint16 seq, ViaTime now);
gboolean via_nack_is_missing (const ViaNack *self, guint16 seq);

/* Writes at most @max numbers to ask for now, ascending; returns how many. Asks
 * for each at most VIA_NACK_TRIES times, one round trip apart. */
guint via_nack_next (ViaNack *self, guint16 *out, guint max, ViaTime now);
ViaTime via_nack_deadline (const ViaNack *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaNack, via_nack_free)
