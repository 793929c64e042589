/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/silence.h – tells that a peer which was heard all the time is not heard
 * any more, long before its consent ends: the way to it may be gone.
 * Pure. A value; knows no path. RFC 7675 §5.1 (what it is quicker than)
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

#define VIA_SILENCE_AFTER (2 * VIA_S) /* nothing came */
/* Heard all the time: no gap longer than GAP for STEADY. A peer that sends
 * nothing but audio reports every 5 s is never said to be silent. */
#define VIA_SILENCE_GAP (1 * VIA_S)
#define VIA_SILENCE_STEADY (3 * VIA_S)

typedef struct
{
  gboolean is_heard;   /* since the start or the last silence */
  gboolean is_due;     /* to be polled */
  ViaTime since, last; /* of the datagrams without a gap */
  ViaTime check_at;    /* NEVER: nothing to look for */
} ViaSilence;

void via_silence_init (ViaSilence *self);
/* Something authentic came. */
void via_silence_heard (ViaSilence *self, ViaTime now);
/* It is over: nothing more is expected. */
void via_silence_stop (ViaSilence *self);
ViaTime via_silence_deadline (const ViaSilence *self);
void via_silence_expire (ViaSilence *self, ViaTime now);
/* TRUE, once per silence: it became silent. */
gboolean via_silence_poll (ViaSilence *self);

G_END_DECLS
