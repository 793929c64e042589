/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/silence.c – tells that a peer is not heard any more.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 */
#include "rtp/silence.h"

void
via_silence_init (ViaSilence *self)
{
  *self = (ViaSilence){.check_at = VIA_TIME_NEVER};
}

void
via_silence_heard (ViaSilence *self, ViaTime now)
{
  if (!self->is_heard || now - self->last > VIA_SILENCE_GAP)
    self->since = now;
  self->is_heard = TRUE;
  self->last = now;
  if (self->check_at == VIA_TIME_NEVER)
    self->check_at = now + VIA_SILENCE_AFTER;
}

void
via_silence_stop (ViaSilence *self)
{
  via_silence_init (self);
}

ViaTime
via_silence_deadline (const ViaSilence *self)
{
  return self->check_at;
}

/* Looks again only when the last datagram seen now would be too old. */
void
via_silence_expire (ViaSilence *self, ViaTime now)
{
  if (now < self->check_at)
    return;
  self->check_at = self->last + VIA_SILENCE_AFTER;
  if (now < self->check_at)
    return;
  self->is_due = self->last - self->since >= VIA_SILENCE_STEADY;
  self->is_heard = FALSE;
  self->check_at = VIA_TIME_NEVER;
}

gboolean
via_silence_poll (ViaSilence *self)
{
  gboolean is_due = self->is_due;

  self->is_due = FALSE;
  return is_due;
}
