/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/sctphome.c – the loop of all SCTP associations, and their clock. usrsctp
 * does not say when its next timer is due, so it is told of the time often
 * while something moves, and seldom else.
 */
#include "io/sctphome.h"

#include "data/sctp.h"

#define FINE (10 * VIA_MS)
#define COARSE (100 * VIA_MS)
#define BUSY VIA_S /* how long after a packet or message the clock is fine */

static GMutex home_lock; /* guards the next two */
static ViaLoop *the_home;
static guint n_holders;

/* home thread */
static struct
{
  GPtrArray *users; /* ViaSctpHomeUser*, NULL: none */
  ViaLoop *loop;
  ViaLoopTimer timer;
  ViaTime told; /* usrsctp knows the time until then */
  ViaTime busy_until;
} at_home;

ViaLoop *
via_sctp_home_acquire (void)
{
  ViaLoop *home;

  g_mutex_lock (&home_lock);
  if (the_home == NULL)
    the_home = via_loop_acquire ();
  home = the_home;
  n_holders += home != NULL;
  g_mutex_unlock (&home_lock);
  return home;
}

void
via_sctp_home_release (void)
{
  ViaLoop *last = NULL;

  g_mutex_lock (&home_lock);
  if (--n_holders == 0)
    last = g_steal_pointer (&the_home);
  g_mutex_unlock (&home_lock);
  if (last != NULL)
    via_loop_release (last);
}

static void
tell_time (ViaTime now)
{
  guint elapsed_ms = (guint) ((now - at_home.told) / VIA_MS);

  if (elapsed_ms == 0)
    return;
  at_home.told += elapsed_ms * VIA_MS;
  via_sctp_elapse (elapsed_ms);
  for (guint i = 0; i < at_home.users->len; i++) {
    const ViaSctpHomeUser *user = g_ptr_array_index (at_home.users, i);

    user->func (user->data);
  }
}

static void
on_timer (gpointer data)
{
  ViaTime now = via_loop_now (at_home.loop);

  tell_time (now);
  via_loop_timer_set (at_home.loop, &at_home.timer,
      now + (now < at_home.busy_until ? FINE : COARSE));
}

void
via_sctp_home_add (ViaSctpHomeUser *user)
{
  if (at_home.users == NULL) {
    at_home.users = g_ptr_array_new ();
    at_home.loop = via_loop_current ();
    at_home.timer = (ViaLoopTimer){.func = on_timer};
    at_home.told = via_loop_now (at_home.loop);
    at_home.busy_until = 0;
  }
  g_ptr_array_add (at_home.users, user);
  via_sctp_home_touch ();
}

void
via_sctp_home_remove (ViaSctpHomeUser *user)
{
  if (at_home.users == NULL)
    return;
  g_ptr_array_remove (at_home.users, user);
  if (at_home.users->len > 0)
    return;
  via_loop_timer_set (at_home.loop, &at_home.timer, VIA_TIME_NEVER);
  g_clear_pointer (&at_home.users, g_ptr_array_unref);
}

void
via_sctp_home_touch (void)
{
  ViaTime now;
  gboolean was_busy;

  if (at_home.users == NULL)
    return;
  now = via_loop_now (at_home.loop);
  was_busy = now < at_home.busy_until;
  at_home.busy_until = now + BUSY;
  if (was_busy)
    return;
  tell_time (now); /* timers that start now count from now */
  via_loop_timer_set (at_home.loop, &at_home.timer, now + FINE);
}
