/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/gcontext.c – prepare, query, check and dispatch driven by epoll.
 * Invariant: outside of a call the context is prepared and the loop watches
 * exactly the descriptors of the last query.
 */
#include "io/gcontext.h"

#include <sys/epoll.h>

typedef struct
{
  ViaGContext *owner;
  gint fd;
  gushort events; /* G_IO_*, the same bits as EPOLL* */
  gboolean wants_out;
  gboolean is_seen;
  ViaLoopWatch *watch;
} Watched;

struct _ViaGContext
{
  ViaLoop *loop;
  GMainContext *context;
  GArray *fds;        /* GPollFD, of the last query */
  GPtrArray *watched; /* (owned) Watched, in the order of fds */
  gint priority;      /* of the last prepare */
  ViaLoopTimer timer;
  guint depth; /* of enter, and of dispatch */

  gint out_fd;
  ViaLoopFunc out_func;
  gpointer out_data;
};

static void iterate (ViaGContext *self, gint fd, gushort revents);

static void
watched_free (gpointer data)
{
  Watched *watched = data;

  via_loop_unwatch (watched->owner->loop, watched->watch);
  g_free (watched);
}

static void
on_ready (gpointer data, guint32 events)
{
  Watched *watched = data;
  ViaGContext *self = watched->owner;
  gint fd = watched->fd;

  if ((events & EPOLLOUT) && watched->wants_out) {
    ViaLoopFunc func = self->out_func;

    if (func)
      func (self->out_data);
    events &= ~(guint32) EPOLLOUT;
    if (!events)
      return;
  }
  iterate (self, fd, (gushort) events);
}

static void
watched_update (Watched *watched)
{
  if (!watched->watch) /* refused when it came; told there */
    return;
  via_loop_watch_events (watched->owner->loop, watched->watch,
      watched->events | (watched->wants_out ? EPOLLOUT : 0));
}

static gboolean
is_unchanged (ViaGContext *self)
{
  if (self->fds->len != self->watched->len)
    return FALSE;
  for (guint i = 0; i < self->fds->len; i++) {
    const GPollFD *fd = &g_array_index (self->fds, GPollFD, i);
    const Watched *watched = g_ptr_array_index (self->watched, i);

    if (fd->fd != watched->fd || fd->events != watched->events)
      return FALSE;
  }
  return TRUE;
}

/* Takes @fd's entry out of @from. (nullable) */
static Watched *
steal_watched (GPtrArray *from, gint fd)
{
  for (guint i = 0; i < from->len; i++)
    if (((Watched *) g_ptr_array_index (from, i))->fd == fd)
      return g_ptr_array_steal_index_fast (from, i);
  return NULL;
}

/* @is_thorough: a descriptor may have been closed and opened again under the
 * same number, which epoll forgets; ask it again even if nothing changed. */
static void
watch_fds (ViaGContext *self, gboolean is_thorough)
{
  g_autoptr (GPtrArray) old = NULL;

  if (!is_thorough && is_unchanged (self))
    return;
  old = self->watched;
  self->watched = g_ptr_array_new_with_free_func (watched_free);
  /* Those no longer wanted first: the loop takes a number only once. */
  for (guint i = old->len; i > 0; i--) {
    Watched *watched = g_ptr_array_index (old, i - 1);
    gboolean is_wanted = FALSE;

    for (guint k = 0; k < self->fds->len && !is_wanted; k++)
      is_wanted = g_array_index (self->fds, GPollFD, k).fd == watched->fd;
    if (!is_wanted)
      g_ptr_array_remove_index_fast (old, i - 1);
  }
  for (guint i = 0; i < self->fds->len; i++) {
    const GPollFD *fd = &g_array_index (self->fds, GPollFD, i);
    Watched *watched = steal_watched (old, fd->fd);

    if (watched && (is_thorough || watched->events != fd->events)) {
      watched->events = fd->events;
      watched_update (watched);
    } else if (!watched) {
      watched = g_new0 (Watched, 1);
      watched->owner = self;
      watched->fd = fd->fd;
      watched->events = fd->events;
      watched->watch =
          via_loop_watch (self->loop, fd->fd, fd->events, on_ready, watched);
    }
    g_ptr_array_add (self->watched, watched);
  }
}

static void
refresh (ViaGContext *self, gboolean is_thorough)
{
  gboolean is_ready;
  gint timeout_ms, n;

  is_ready = g_main_context_prepare (self->context, &self->priority);
  for (;;) {
    n = g_main_context_query (self->context, self->priority, &timeout_ms,
        (GPollFD *) (gpointer) self->fds->data, (gint) self->fds->len);
    if (n <= (gint) self->fds->len)
      break;
    g_array_set_size (self->fds, (guint) n);
  }
  g_array_set_size (self->fds, (guint) n);
  watch_fds (self, is_thorough);

  if (is_ready || timeout_ms == 0)
    via_loop_timer_set (self->loop, &self->timer, via_loop_now (self->loop));
  else
    via_loop_timer_set (self->loop, &self->timer,
        timeout_ms < 0 ? VIA_TIME_NEVER
                       : g_get_monotonic_time () + timeout_ms * VIA_MS);
}

static void
iterate (ViaGContext *self, gint fd, gushort revents)
{
  GPollFD *fds = (GPollFD *) (gpointer) self->fds->data;

  self->depth++;
  g_main_context_push_thread_default (self->context);
  for (guint i = 0; i < self->fds->len; i++)
    fds[i].revents = fds[i].fd == fd ? revents : 0;
  if (g_main_context_check (
          self->context, self->priority, fds, (gint) self->fds->len))
    g_main_context_dispatch (self->context);
  g_main_context_pop_thread_default (self->context);
  self->depth--;
  refresh (self, FALSE);
}

static void
on_timer (gpointer data)
{
  iterate (data, -1, 0);
}

ViaGContext *
via_gcontext_new (ViaLoop *loop)
{
  ViaGContext *self;

  via_loop_assert (loop);
  self = g_new0 (ViaGContext, 1);
  self->loop = loop;
  self->context = g_main_context_new ();
  self->fds = g_array_new (FALSE, TRUE, sizeof (GPollFD));
  self->watched = g_ptr_array_new_with_free_func (watched_free);
  self->timer.func = on_timer;
  self->timer.data = self;
  self->out_fd = -1;
  /* Held for life: else a source attached by another thread would not write
   * to the context's wake-up descriptor. */
  if (!g_main_context_acquire (self->context))
    g_assert_not_reached ();
  refresh (self, FALSE);
  return self;
}

void
via_gcontext_free (ViaGContext *self)
{
  via_loop_assert (self->loop);
  g_assert (self->depth == 0);
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  g_ptr_array_unref (self->watched);
  g_array_unref (self->fds);
  g_main_context_release (self->context);
  g_main_context_unref (self->context);
  g_free (self);
}

GMainContext *
via_gcontext_main_context (ViaGContext *self)
{
  return self->context;
}

void
via_gcontext_enter (ViaGContext *self)
{
  via_loop_assert (self->loop);
  self->depth++;
  g_main_context_push_thread_default (self->context);
}

void
via_gcontext_leave (ViaGContext *self)
{
  via_loop_assert (self->loop);
  g_assert (self->depth > 0);
  g_main_context_pop_thread_default (self->context);
  if (--self->depth == 0)
    refresh (self, TRUE);
}

void
via_gcontext_on_writable (
    ViaGContext *self, gint fd, ViaLoopFunc func, gpointer data)
{
  via_loop_assert (self->loop);
  self->out_fd = fd;
  self->out_func = func;
  self->out_data = data;
  for (guint i = 0; i < self->watched->len; i++) {
    Watched *watched = g_ptr_array_index (self->watched, i);
    gboolean wants_out = func != NULL && watched->fd == fd;

    if (watched->wants_out == wants_out)
      continue;
    watched->wants_out = wants_out;
    watched_update (watched);
  }
}
