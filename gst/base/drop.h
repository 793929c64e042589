/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/drop.h – why a datagram or packet was thrown away.
 * Every refusal of wire input has a reason and a counter; nothing is logged per
 * packet.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VIA_DROP_NONE, /* not dropped */
  VIA_DROP_MALFORMED,
  VIA_DROP_UNKNOWN_TYPE, /* first byte in no range of RFC 7983 */
  VIA_DROP_NOT_READY,    /* media before keys, DTLS before ICE */
  VIA_DROP_AUTH,         /* SRTP or SRTCP tag does not match */
  VIA_DROP_REPLAY,       /* SRTP index seen before or too old */
  VIA_DROP_UNKNOWN_SSRC,
  VIA_DROP_UNKNOWN_PT,
  VIA_DROP_LIMIT,          /* a bound (SSRCs, queue, size) was reached */
  VIA_DROP_NOT_NEGOTIATED, /* our own media with no agreed codec */
  VIA_DROP_WAIT_KEYFRAME,  /* our own video before its first key frame */
  VIA_DROP_SEND,           /* the socket would not take it */
  VIA_N_DROPS
} ViaDrop;

/* Lower-case words with hyphens, e.g. "not-negotiated"; static. */
const gchar *via_drop_name (ViaDrop drop);

typedef struct
{
  guint64 count[VIA_N_DROPS];
} ViaDropCounters;

/* Counts one @drop; VIA_DROP_NONE is not counted. */
void via_drop_count (ViaDropCounters *self, ViaDrop drop);

G_END_DECLS
