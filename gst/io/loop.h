/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/loop.h – a thread with epoll, deadlines and a mailbox.
 * A peer belongs to one loop for life; only that thread touches it.
 */
#pragma once

#include "base/deadline.h"
#include "base/rng.h"

G_BEGIN_DECLS

#define VIA_LOOPS_MAX 64

typedef struct _ViaLoop ViaLoop;
typedef void (*ViaLoopFunc) (gpointer data);

/* The pool: as many loops as cores (at most VIA_LOOPS_MAX), started by the
 * first acquire and joined by the last release (on a loop thread: joined later,
 * without waiting); gives the loop with the fewest holders. Mail posted before
 * the last release still runs. NULL when the process is out of descriptors.
 * Any thread. */
ViaLoop *via_loop_acquire (void);
void via_loop_release (ViaLoop *self);

/* Loops that run now; 0 when nobody holds one. Any thread. */
guint via_loop_count (void);
/* The loop whose thread this is. (nullable) (transfer none) */
ViaLoop *via_loop_current (void);
/* 0 … number of loops - 1; constant. */
guint via_loop_index (const ViaLoop *self);
/* TRUE on @self's own thread. */
gboolean via_loop_is_current (const ViaLoop *self);
/* Aborts when called on another thread (a fault of ours). */
void via_loop_assert (const ViaLoop *self);
/* g_get_monotonic_time () read once per turn on the loop thread, fresh
 * elsewhere. */
ViaTime via_loop_now (const ViaLoop *self);

/* Runs @func on the loop, in order of posting per posting thread. @destroy runs
 * there too, after @func. Never blocks. Any thread. */
void via_loop_post (
    ViaLoop *self, ViaLoopFunc func, gpointer data, GDestroyNotify destroy);
/* As _post, then waits until @func returned; directly on the loop thread.
 * Never call it from one loop for another. */
void via_loop_call (ViaLoop *self, ViaLoopFunc func, gpointer data);

/* Timers. Loop thread. Embed a ViaLoopTimer, zero-initialised. */
typedef struct
{
  ViaDeadline entry;
  ViaLoopFunc func;
  gpointer data;
} ViaLoopTimer;
/* VIA_TIME_NEVER stops it. One-shot; @func may set it again. */
void via_loop_timer_set (ViaLoop *self, ViaLoopTimer *timer, ViaTime when);

/* Watches. Loop thread. @func (fd's events are EPOLL* bits). */
typedef void (*ViaLoopFdFunc) (gpointer data, guint32 events);
typedef struct _ViaLoopWatch ViaLoopWatch;
ViaLoopWatch *via_loop_watch (
    ViaLoop *self, gint fd, guint32 events, ViaLoopFdFunc func, gpointer data);
void via_loop_watch_events (ViaLoop *self, ViaLoopWatch *watch, guint32 events);
/* No call of @func after this. The fd stays open. */
void via_loop_unwatch (ViaLoop *self, ViaLoopWatch *watch);

/* Called once at the end of a turn in which it was asked for (to flush what a
 * turn gathered). Loop thread. */
void via_loop_at_turn_end (ViaLoop *self, ViaLoopFunc func, gpointer data);
/* Takes that back, if it has not run yet. Loop thread. */
void via_loop_not_at_turn_end (ViaLoop *self, ViaLoopFunc func, gpointer data);

/* Something is closing: after the last release the loop goes on (5 s at most)
 * until as many _linger_done came. Loop thread. */
void via_loop_linger (ViaLoop *self);
void via_loop_linger_done (ViaLoop *self);

/* The system's randomness (getrandom); process-wide, thread-safe. */
ViaRng *via_system_rng (void);

G_END_DECLS
