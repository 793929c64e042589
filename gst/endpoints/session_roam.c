/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_roam.c – the machine's addresses change during a call, or
 * the peer is not heard any more (its TURN server died, say): ICE restarts, by
 * the next offer. Loop thread. RFC 8445 §9
 */
#include "endpoints/session-private.h"

/* The one in use may be among those that went; one that came may help where
 * there is no way, or where none was left to restart over. */
static gboolean
is_hit (const ViaSession *self, const ViaNetChange *change)
{
  ViaConnectionState state = via_call_state (self->call);

  if (change->has_found && self->wants_restart)
    return TRUE;
  if (state == VIA_CONNECTION_CONNECTED)
    return change->has_lost;
  return change->has_found
         && (state == VIA_CONNECTION_DISCONNECTED
             || state == VIA_CONNECTION_FAILED);
}

/* Tells the user again, also if an offer was wanted before. */
static void
want_restart (ViaSession *self)
{
  self->wants_restart = TRUE;
  self->told_needed = FALSE;
  via_session_wish_check (self);
}

static void
on_changed (gpointer user, const ViaNetChange *change)
{
  ViaSession *self = user;

  if (self->call == NULL || via_call_is_over (self->call)
      || via_negotiation_current (self->negotiation) == NULL
      || !is_hit (self, change))
    return;
  want_restart (self);
}

/* Not on a port shared by all: there it is the peer who looks for us. */
void
via_session_lost (ViaSession *self)
{
  if (self->call == NULL || !self->roams || via_call_is_over (self->call)
      || via_negotiation_current (self->negotiation) == NULL)
    return;
  want_restart (self);
}

void
via_session_roam (ViaSession *self)
{
  self->roams = TRUE;
  if (self->network == NULL)
    self->network = via_netwatch_new (self->loop, on_changed, self);
}
