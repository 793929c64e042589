/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/keyask.c – throttles and repeats the request for a key frame.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 4585 §6.3.1 · RFC 5104 §4.3.1
 */
#include "rtp/keyask.h"

void
via_keyask_init (ViaKeyask *self)
{
  *self = (ViaKeyask){.due_at = VIA_TIME_NEVER};
}

void
via_keyask_want (ViaKeyask *self, ViaTime now)
{
  ViaTime due = now;

  if (self->has_asked)
    due = MAX (due, self->asked_at + VIA_KEYASK_INTERVAL);
  self->tries = 0;
  self->due_at = MIN (self->due_at, due);
}

ViaTime
via_keyask_deadline (const ViaKeyask *self)
{
  return self->due_at;
}

void
via_keyask_sent (ViaKeyask *self, ViaTime now)
{
  self->has_asked = TRUE;
  self->asked_at = now;
  self->tries++;
  self->due_at =
      self->tries < VIA_KEYASK_TRIES ? now + VIA_KEYASK_AGAIN : VIA_TIME_NEVER;
}

void
via_keyask_satisfied (ViaKeyask *self)
{
  self->tries = 0;
  self->due_at = VIA_TIME_NEVER;
}
