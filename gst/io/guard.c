/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/guard.c – lets an owner wait until no callback of its own runs any more.
 * The lock is never held during the callback.
 */
#include "io/guard.h"

void
via_guard_init (ViaGuard *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
}

void
via_guard_clear (ViaGuard *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->idle);
}

gboolean
via_guard_enter (ViaGuard *self)
{
  gboolean is_open;

  g_mutex_lock (&self->lock);
  is_open = !self->is_closed;
  if (is_open) {
    self->n_inside++;
    self->inside = g_thread_self ();
  }
  g_mutex_unlock (&self->lock);
  return is_open;
}

void
via_guard_leave (ViaGuard *self)
{
  g_mutex_lock (&self->lock);
  if (--self->n_inside == 0) {
    self->inside = NULL;
    g_cond_broadcast (&self->idle);
  }
  g_mutex_unlock (&self->lock);
}

void
via_guard_close (ViaGuard *self)
{
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  while (self->n_inside > 0 && self->inside != g_thread_self ())
    g_cond_wait (&self->idle, &self->lock);
  g_mutex_unlock (&self->lock);
}

void
via_guard_shut (ViaGuard *self)
{
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  g_mutex_unlock (&self->lock);
}
