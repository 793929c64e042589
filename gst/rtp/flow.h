/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/flow.h – whether media flows: begins with a packet, ends in silence.
 * Pure. A value; knows neither direction nor stream.
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

/* Longer than the 400 ms between two packets of Opus in silence (DTX). */
#define VIA_FLOW_SILENCE (450 * VIA_MS)

typedef struct
{
  gboolean is_flowing;
  gboolean is_told; /* what was polled last */
  ViaTime last;     /* packet */
  ViaTime check_at; /* NEVER: nothing flows */
} ViaFlow;

void via_flow_init (ViaFlow *self);
void via_flow_packet (ViaFlow *self, ViaTime now);
/* It is over: there will be no packet for now. */
void via_flow_stop (ViaFlow *self);
ViaTime via_flow_deadline (const ViaFlow *self);
void via_flow_expire (ViaFlow *self, ViaTime now);
/* FALSE: nothing changed since the last poll. */
gboolean via_flow_poll (ViaFlow *self, gboolean *out_is_flowing);

G_END_DECLS
