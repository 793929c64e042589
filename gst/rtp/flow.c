/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/flow.c – whether media flows: begins with a packet, ends in silence.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 */
#include "rtp/flow.h"

void
via_flow_init (ViaFlow *self)
{
  *self = (ViaFlow){.check_at = VIA_TIME_NEVER};
}

void
via_flow_packet (ViaFlow *self, ViaTime now)
{
  self->last = now;
  if (self->is_flowing)
    return;
  self->is_flowing = TRUE;
  self->check_at = now + VIA_FLOW_SILENCE;
}

void
via_flow_stop (ViaFlow *self)
{
  self->is_flowing = FALSE;
  self->check_at = VIA_TIME_NEVER;
}

ViaTime
via_flow_deadline (const ViaFlow *self)
{
  return self->check_at;
}

/* Looks again only when the last packet seen now would be too old. */
void
via_flow_expire (ViaFlow *self, ViaTime now)
{
  if (now < self->check_at)
    return;
  self->check_at = self->last + VIA_FLOW_SILENCE;
  if (now >= self->check_at)
    via_flow_stop (self);
}

gboolean
via_flow_poll (ViaFlow *self, gboolean *out_is_flowing)
{
  if (self->is_told == self->is_flowing)
    return FALSE;
  *out_is_flowing = self->is_told = self->is_flowing;
  return TRUE;
}
