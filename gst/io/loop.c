/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/loop.c – one turn after another: wait, descriptors, mail, timers, hooks.
 * Knows nothing of peers or packets.
 */
#include "io/loop.h"
#include "io/loop_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64
#define HOOK_ROUNDS 8 /* hooks asked for by hooks; more wait for a turn */
#define LINGER_MAX (5 * VIA_S)
#define LINGER_STEP (20 * VIA_MS)

typedef struct
{
  ViaLoopFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Mail;

typedef struct
{
  ViaLoopFunc func; /* NULL: cancelled */
  gpointer data;
} Hook;

struct _ViaLoopWatch
{
  gint fd;
  guint32 events;
  ViaLoopFdFunc func; /* NULL: unwatched, freed at the end of the turn */
  gpointer data;
};

struct _ViaLoop
{
  /* immutable */
  guint index;
  gpointer pool;
  gint epoll_fd, wake_fd;
  GThread *thread;

  GMutex lock; /* guards the three below; never held while calling out */
  GArray *mail;
  gboolean is_asleep; /* the next post must write to wake_fd */
  gboolean is_quitting;

  /* loop thread */
  GArray *spare; /* the mailbox that is swapped in */
  ViaDeadlines *deadlines;
  GPtrArray *hooks;     /* (owned) Hook */
  GHashTable *asked;    /* Hook that will still run */
  GPtrArray *unwatched; /* (owned) ViaLoopWatch */
  ViaTime now;
  ViaTime quit_by; /* when lingering ends; 0: not quitting */
  guint n_lingering;
};

static __thread ViaLoop *current_loop;

/* --- the turn --- */

static gint
wait_events (ViaLoop *self, struct epoll_event *events, ViaTime patience)
{
  static gint has_no_pwait2; /* atomic; once true, stays true */
  gint n = -1;

  errno = ENOSYS;
  if (!g_atomic_int_get (&has_no_pwait2)) {
    struct timespec ts = {patience / VIA_S, patience % VIA_S * 1000};
    n = epoll_pwait2 (self->epoll_fd, events, EVENTS_PER_TURN,
        patience < 0 ? NULL : &ts, NULL);
  }
  if (n < 0 && (errno == ENOSYS || errno == EPERM)) {
    g_atomic_int_set (&has_no_pwait2, 1);
    n = epoll_wait (self->epoll_fd, events, EVENTS_PER_TURN,
        patience < 0 ? -1 : (gint) MIN ((patience + 999) / 1000, G_MAXINT));
  }
  return MAX (n, 0); /* EINTR: an empty turn */
}

/* How long this turn may sleep in µs, -1: until something comes. */
static ViaTime
loop_patience (ViaLoop *self)
{
  ViaTime next = via_deadlines_next (self->deadlines);
  gboolean has_work, is_quitting;

  g_mutex_lock (&self->lock);
  has_work = self->mail->len > 0 || self->hooks->len > 0;
  is_quitting = self->is_quitting;
  self->is_asleep = !has_work;
  g_mutex_unlock (&self->lock);

  if (has_work)
    return 0;
  if (is_quitting)
    next = MIN (next, self->now + LINGER_STEP);
  if (next == VIA_TIME_NEVER)
    return -1;
  return MAX (next - g_get_monotonic_time (), 0);
}

static void
run_events (ViaLoop *self)
{
  struct epoll_event events[EVENTS_PER_TURN];
  gint n = wait_events (self, events, loop_patience (self));

  self->now = g_get_monotonic_time ();
  for (gint i = 0; i < n; i++) {
    ViaLoopWatch *watch = events[i].data.ptr;
    guint64 count;

    if (!watch) {
      if (read (self->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        g_warning ("loop %u: wake-up: %s", self->index, g_strerror (errno));
    } else if (watch->func) {
      watch->func (watch->data, events[i].events);
    }
  }
}

static void
run_mail (ViaLoop *self)
{
  GArray *batch;

  g_mutex_lock (&self->lock);
  batch = self->mail;
  self->mail = self->spare;
  self->is_asleep = FALSE;
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < batch->len; i++) {
    Mail mail = g_array_index (batch, Mail, i);

    mail.func (mail.data);
    if (mail.destroy)
      mail.destroy (mail.data);
  }
  g_array_set_size (batch, 0);
  self->spare = batch;
}

static void
run_timers (ViaLoop *self)
{
  /* No more than there were: one set again for now waits for the next turn. */
  for (guint n = via_deadlines_count (self->deadlines); n > 0; n--) {
    ViaDeadline *entry = via_deadlines_pop (self->deadlines, self->now);
    ViaLoopTimer *timer;

    if (!entry)
      return;
    timer = entry->owner;
    timer->func (timer->data);
  }
}

static void
run_hooks (ViaLoop *self)
{
  for (guint round = 0; round < HOOK_ROUNDS && self->hooks->len > 0; round++) {
    g_autoptr (GPtrArray) batch = self->hooks;

    self->hooks = g_ptr_array_new_with_free_func (g_free);
    for (guint i = 0; i < batch->len; i++) {
      Hook *hook = g_ptr_array_index (batch, i);

      if (!hook->func)
        continue;
      g_hash_table_remove (self->asked, hook);
      hook->func (hook->data);
    }
  }
  if (self->unwatched->len > 0)
    g_ptr_array_set_size (self->unwatched, 0);
}

static gboolean
is_done (ViaLoop *self)
{
  gboolean is_quitting, is_empty;

  g_mutex_lock (&self->lock);
  is_quitting = self->is_quitting;
  is_empty = self->mail->len == 0;
  g_mutex_unlock (&self->lock);

  if (!is_quitting || !is_empty)
    return FALSE;
  if (self->quit_by == 0)
    self->quit_by = self->now + LINGER_MAX;
  if (self->n_lingering > 0 && self->now >= self->quit_by)
    g_warning ("loop %u: ended with %u things still closing", self->index,
        self->n_lingering);
  return self->n_lingering == 0 || self->now >= self->quit_by;
}

static gpointer
loop_thread (gpointer data)
{
  ViaLoop *self = data;

  current_loop = self;
  while (!is_done (self)) {
    run_events (self);
    run_mail (self);
    run_timers (self);
    run_hooks (self);
  }
  current_loop = NULL;
  return NULL;
}

/* --- life --- */

static guint
hook_hash (gconstpointer key)
{
  const Hook *hook = key;
  return g_direct_hash (hook->data) * 31 + g_direct_hash (hook->func);
}

static gboolean
hook_equal (gconstpointer a, gconstpointer b)
{
  const Hook *x = a, *y = b;
  return x->func == y->func && x->data == y->data;
}

static void
loop_free (ViaLoop *self)
{
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  if (self->wake_fd >= 0)
    close (self->wake_fd);
  g_array_unref (self->mail);
  g_array_unref (self->spare);
  g_hash_table_unref (self->asked);
  g_ptr_array_unref (self->hooks);
  g_ptr_array_unref (self->unwatched);
  via_deadlines_free (self->deadlines);
  g_mutex_clear (&self->lock);
  g_free (self);
}

ViaLoop *
via_loop_new (guint index, gpointer pool)
{
  ViaLoop *self = g_new0 (ViaLoop, 1);
  struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
  g_autofree gchar *name = g_strdup_printf ("via-loop-%u", index);

  self->index = index;
  self->pool = pool;
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_mutex_init (&self->lock);
  self->mail = g_array_new (FALSE, FALSE, sizeof (Mail));
  self->spare = g_array_new (FALSE, FALSE, sizeof (Mail));
  self->deadlines = via_deadlines_new ();
  self->hooks = g_ptr_array_new_with_free_func (g_free);
  self->asked = g_hash_table_new (hook_hash, hook_equal);
  self->unwatched = g_ptr_array_new_with_free_func (g_free);
  self->now = g_get_monotonic_time ();

  if (self->epoll_fd < 0 || self->wake_fd < 0
      || epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->wake_fd, &wake) < 0) {
    g_warning ("loop %u: %s", index, g_strerror (errno));
    loop_free (self);
    return NULL;
  }
  self->thread = g_thread_new (name, loop_thread, self);
  return self;
}

static void
wake (ViaLoop *self)
{
  guint64 one = 1;

  /* EAGAIN: the counter is full, so it wakes anyway. */
  while (write (self->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

void
via_loop_quit (ViaLoop *self)
{
  g_mutex_lock (&self->lock);
  self->is_quitting = TRUE;
  g_mutex_unlock (&self->lock);
  wake (self);
}

void
via_loop_join (ViaLoop *self)
{
  g_assert (current_loop != self);
  g_thread_join (self->thread);
  loop_free (self);
}

gpointer
via_loop_pool (const ViaLoop *self)
{
  return self->pool;
}

void
via_loop_linger (ViaLoop *self)
{
  via_loop_assert (self);
  self->n_lingering++;
}

void
via_loop_linger_done (ViaLoop *self)
{
  via_loop_assert (self);
  g_assert (self->n_lingering > 0);
  self->n_lingering--;
}

/* --- who and when --- */

guint
via_loop_index (const ViaLoop *self)
{
  return self->index;
}

ViaLoop *
via_loop_current (void)
{
  return current_loop;
}

gboolean
via_loop_is_current (const ViaLoop *self)
{
  return current_loop == self;
}

void
via_loop_assert (const ViaLoop *self)
{
  g_assert (self != NULL && current_loop == self);
}

ViaTime
via_loop_now (const ViaLoop *self)
{
  return current_loop == self ? self->now : g_get_monotonic_time ();
}

/* --- mail --- */

void
via_loop_post (
    ViaLoop *self, ViaLoopFunc func, gpointer data, GDestroyNotify destroy)
{
  Mail mail = {func, data, destroy};
  gboolean must_wake;

  g_return_if_fail (self != NULL && func != NULL);

  g_mutex_lock (&self->lock);
  g_array_append_val (self->mail, mail);
  must_wake = self->is_asleep;
  self->is_asleep = FALSE;
  g_mutex_unlock (&self->lock);
  if (must_wake)
    wake (self);
}

typedef struct
{
  ViaLoopFunc func;
  gpointer data;
  GMutex lock;
  GCond cond;
  gboolean is_done; /* under lock */
} Call;

static void
run_call (gpointer data)
{
  Call *call = data;

  call->func (call->data);
  g_mutex_lock (&call->lock);
  call->is_done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->lock);
}

void
via_loop_call (ViaLoop *self, ViaLoopFunc func, gpointer data)
{
  Call call = {.func = func, .data = data};

  g_return_if_fail (self != NULL && func != NULL);

  if (current_loop == self) {
    func (data);
    return;
  }
  g_assert (current_loop == NULL); /* two loops could wait for each other */
  g_mutex_init (&call.lock);
  g_cond_init (&call.cond);
  via_loop_post (self, run_call, &call, NULL);
  g_mutex_lock (&call.lock);
  while (!call.is_done)
    g_cond_wait (&call.cond, &call.lock);
  g_mutex_unlock (&call.lock);
  g_cond_clear (&call.cond);
  g_mutex_clear (&call.lock);
}

/* --- timers, watches, hooks --- */

void
via_loop_timer_set (ViaLoop *self, ViaLoopTimer *timer, ViaTime when)
{
  via_loop_assert (self);
  timer->entry.owner = timer;
  via_deadlines_set (self->deadlines, &timer->entry, when);
}

ViaLoopWatch *
via_loop_watch (
    ViaLoop *self, gint fd, guint32 events, ViaLoopFdFunc func, gpointer data)
{
  ViaLoopWatch *watch;
  struct epoll_event event = {.events = events};

  via_loop_assert (self);
  g_return_val_if_fail (func != NULL, NULL);

  watch = g_new0 (ViaLoopWatch, 1);
  *watch = (ViaLoopWatch){fd, events, func, data};
  event.data.ptr = watch;
  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
    g_warning ("loop %u: watch %d: %s", self->index, fd, g_strerror (errno));
    g_free (watch);
    return NULL;
  }
  return watch;
}

void
via_loop_watch_events (ViaLoop *self, ViaLoopWatch *watch, guint32 events)
{
  struct epoll_event event = {.events = events, .data.ptr = watch};

  via_loop_assert (self);
  watch->events = events;
  if (epoll_ctl (self->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) == 0)
    return;
  /* Closed and opened again under the same number. */
  if (errno == ENOENT)
    epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event);
}

void
via_loop_unwatch (ViaLoop *self, ViaLoopWatch *watch)
{
  via_loop_assert (self);
  if (!watch)
    return;
  /* Fails when the descriptor was closed first: then it left by itself. */
  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  watch->func = NULL;
  g_ptr_array_add (self->unwatched, watch);
}

void
via_loop_at_turn_end (ViaLoop *self, ViaLoopFunc func, gpointer data)
{
  Hook key = {func, data};
  Hook *hook;

  via_loop_assert (self);
  if (g_hash_table_contains (self->asked, &key))
    return;
  hook = g_memdup2 (&key, sizeof key);
  g_ptr_array_add (self->hooks, hook);
  g_hash_table_add (self->asked, hook);
}

void
via_loop_not_at_turn_end (ViaLoop *self, ViaLoopFunc func, gpointer data)
{
  Hook key = {func, data};
  Hook *hook;

  via_loop_assert (self);
  hook = g_hash_table_lookup (self->asked, &key);
  if (!hook)
    return;
  g_hash_table_remove (self->asked, hook);
  hook->func = NULL;
}
