/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_loop.c – one loop: mail, calls, timers, watches, hooks.
 */
#include "io/loop.h"

#include "process.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- what the tests share --- */

typedef struct
{
  GMutex lock;
  GCond cond;
  gint n;
} Counter;

static void
counter_init (Counter *c)
{
  g_mutex_init (&c->lock);
  g_cond_init (&c->cond);
  c->n = 0;
}

static void
counter_clear (Counter *c)
{
  g_mutex_clear (&c->lock);
  g_cond_clear (&c->cond);
}

static void
counter_add (gpointer data)
{
  Counter *c = data;

  g_mutex_lock (&c->lock);
  c->n++;
  g_cond_broadcast (&c->cond);
  g_mutex_unlock (&c->lock);
}

static gboolean
counter_reaches (Counter *c, gint n)
{
  gint64 until = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;
  gboolean is_reached = TRUE;

  g_mutex_lock (&c->lock);
  while (c->n < n && is_reached)
    is_reached = g_cond_wait_until (&c->cond, &c->lock, until);
  g_mutex_unlock (&c->lock);
  return is_reached;
}

/* --- mail --- */

typedef struct
{
  GArray *seen;
  ViaLoop *loop;
  gint value;
} Note;

static void
note_value (gpointer data)
{
  Note *note = data;

  via_loop_assert (note->loop);
  g_array_append_val (note->seen, note->value);
}

static void
note_destroyed (gpointer data)
{
  Note *note = data;
  gint gone = -note->value;

  via_loop_assert (note->loop);
  g_array_append_val (note->seen, gone);
  g_free (note);
}

static void
do_nothing (gpointer data)
{
}

static void
test_loop_post_keeps_order_and_destroys_after (void)
{
  ViaLoop *loop = via_loop_acquire ();
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (gint));

  for (gint i = 1; i <= 100; i++) {
    Note *note = g_new (Note, 1);

    *note = (Note){seen, loop, i};
    via_loop_post (loop, note_value, note, note_destroyed);
  }
  via_loop_call (loop, do_nothing, NULL);
  g_assert_cmpuint (seen->len, ==, 200);
  for (gint i = 1; i <= 100; i++) {
    g_assert_cmpint (g_array_index (seen, gint, 2 * i - 2), ==, i);
    g_assert_cmpint (g_array_index (seen, gint, 2 * i - 1), ==, -i);
  }
  via_loop_release (loop);
}

#define N_POSTERS 4
#define N_POSTS 25000

typedef struct
{
  ViaLoop *loop;
  gint last; /* loop thread: posts of one thread come in order */
  gint sent;
  gint n_disorder;
  gint n;
} Poster;

typedef struct
{
  Poster *poster;
  gint number;
} Numbered;

static void
count_numbered (gpointer data)
{
  Numbered *numbered = data;

  if (numbered->number != numbered->poster->last + 1)
    numbered->poster->n_disorder++;
  numbered->poster->last = numbered->number;
  numbered->poster->n++;
}

static gpointer
poster_thread (gpointer data)
{
  Poster *poster = data;

  while (poster->sent < N_POSTS) {
    Numbered *numbered = g_new (Numbered, 1);

    *numbered = (Numbered){poster, ++poster->sent};
    via_loop_post (poster->loop, count_numbered, numbered, g_free);
  }
  return NULL;
}

static void
test_loop_posts_of_four_threads_all_arrive (void)
{
  ViaLoop *loop = via_loop_acquire ();
  Poster posters[N_POSTERS] = {{0}};
  GThread *threads[N_POSTERS];

  for (guint i = 0; i < N_POSTERS; i++) {
    posters[i].loop = loop;
    threads[i] = g_thread_new ("poster", poster_thread, &posters[i]);
  }
  for (guint i = 0; i < N_POSTERS; i++)
    g_thread_join (threads[i]);
  via_loop_call (loop, do_nothing, NULL);
  for (guint i = 0; i < N_POSTERS; i++) {
    g_assert_cmpint (posters[i].n, ==, N_POSTS);
    g_assert_cmpint (posters[i].n_disorder, ==, 0);
  }
  via_loop_release (loop);
}

static void
post_more (gpointer data)
{
  Note *note = data;

  note_value (note);
  if (note->value++ < 5)
    via_loop_post (note->loop, post_more, note, NULL);
}

static void
test_loop_post_from_loop_runs_and_last_release_waits_for_it (void)
{
  ViaLoop *loop = via_loop_acquire ();
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (gint));
  Note note = {seen, loop, 1};

  via_loop_post (loop, post_more, &note, NULL);
  via_loop_release (loop);
  g_assert_cmpuint (seen->len, ==, 5);
  g_assert_true (via_test_threads_return_to ("via-loop", 0));
}

/* --- call --- */

typedef struct
{
  ViaLoop *loop;
  gboolean is_current, inner_ran;
  ViaTime now;
} CallCase;

static void
set_inner (gpointer data)
{
  ((CallCase *) data)->inner_ran = TRUE;
}

static void
look_around (gpointer data)
{
  CallCase *c = data;

  c->is_current =
      via_loop_is_current (c->loop) && via_loop_current () == c->loop;
  c->now = via_loop_now (c->loop);
  via_loop_call (c->loop, set_inner, c);
  g_assert_true (c->inner_ran); /* directly, before return */
}

static void
test_loop_call_waits_and_nests (void)
{
  ViaLoop *loop = via_loop_acquire ();
  CallCase c = {.loop = loop};
  ViaTime before = g_get_monotonic_time ();

  via_loop_call (loop, look_around, &c);
  g_assert_true (c.is_current);
  g_assert_true (c.inner_ran);
  g_assert_cmpint (c.now, <=, g_get_monotonic_time ());
  g_assert_cmpint (c.now, >=, before - VIA_S);
  g_assert_false (via_loop_is_current (loop));
  g_assert_null (via_loop_current ());
  via_loop_release (loop);
}

/* --- timers --- */

typedef struct
{
  ViaLoop *loop;
  Counter counter;
  ViaLoopTimer timers[4];
  GString *order;
  ViaTime due, fired;
  gint again;
} TimerCase;

static void
timer_c (gpointer data)
{
  TimerCase *t = data;
  g_string_append_c (t->order, 'c');
  counter_add (&t->counter);
}

static void
timer_b (gpointer data)
{
  TimerCase *t = data;
  g_string_append_c (t->order, 'b');
}

static void
timer_a (gpointer data)
{
  TimerCase *t = data;

  t->fired = g_get_monotonic_time ();
  g_string_append_c (t->order, 'a');
  via_loop_timer_set (t->loop, &t->timers[3], VIA_TIME_NEVER);
}

static void
timer_cancelled (gpointer data)
{
  g_string_append_c (((TimerCase *) data)->order, 'X');
}

static void
set_timers (gpointer data)
{
  TimerCase *t = data;
  ViaTime now = via_loop_now (t->loop);
  const ViaLoopFunc funcs[] = {timer_a, timer_b, timer_c, timer_cancelled};

  t->due = now + 5 * VIA_MS;
  for (guint i = 0; i < 4; i++) {
    t->timers[i].func = funcs[i];
    t->timers[i].data = t;
  }
  via_loop_timer_set (t->loop, &t->timers[2], now + 20 * VIA_MS);
  via_loop_timer_set (t->loop, &t->timers[3], now + 12 * VIA_MS);
  via_loop_timer_set (t->loop, &t->timers[1], now + 90 * VIA_S);
  via_loop_timer_set (t->loop, &t->timers[0], t->due);
  via_loop_timer_set (t->loop, &t->timers[1], now + 10 * VIA_MS); /* moved */
}

static void
test_timer_several_fire_in_order_of_deadline (void)
{
  TimerCase t = {.loop = via_loop_acquire (), .order = g_string_new (NULL)};

  counter_init (&t.counter);
  via_loop_call (t.loop, set_timers, &t);
  g_assert_true (counter_reaches (&t.counter, 1));
  via_loop_release (t.loop);
  g_assert_cmpstr (t.order->str, ==, "abc");
  g_assert_cmpint (t.fired, >=, t.due);
  g_string_free (t.order, TRUE);
  counter_clear (&t.counter);
}

static void
timer_again (gpointer data)
{
  TimerCase *t = data;

  if (++t->again < 50)
    via_loop_timer_set (t->loop, &t->timers[0], via_loop_now (t->loop));
  counter_add (&t->counter);
}

static void
set_again (gpointer data)
{
  TimerCase *t = data;

  t->timers[0].func = timer_again;
  t->timers[0].data = t;
  via_loop_timer_set (t->loop, &t->timers[0], 0);
}

static void
test_timer_set_again_by_itself_fires_each_turn (void)
{
  TimerCase t = {.loop = via_loop_acquire ()};

  counter_init (&t.counter);
  via_loop_call (t.loop, set_again, &t);
  g_assert_true (counter_reaches (&t.counter, 50));
  via_loop_release (t.loop);
  g_assert_cmpint (t.again, ==, 50);
  counter_clear (&t.counter);
}

/* --- watches --- */

typedef struct
{
  ViaLoop *loop;
  Counter counter;
  gint fds[2];
  ViaLoopWatch *watches[2];
  guint n_calls[2];
  guint32 events;
} WatchCase;

static void
drain (WatchCase *w, guint i)
{
  guint64 value;

  w->n_calls[i]++;
  g_assert_cmpint (read (w->fds[i], &value, sizeof value), ==, sizeof value);
  counter_add (&w->counter);
}

static void
first_readable (gpointer data, guint32 events)
{
  WatchCase *w = data;

  w->events = events;
  drain (w, 0);
}

static void
start_watch (gpointer data)
{
  WatchCase *w = data;

  w->watches[0] =
      via_loop_watch (w->loop, w->fds[0], EPOLLIN, first_readable, w);
  g_assert_nonnull (w->watches[0]);
}

static void
mute_watch (gpointer data)
{
  WatchCase *w = data;
  via_loop_watch_events (w->loop, w->watches[0], 0);
}

static void
unmute_watch (gpointer data)
{
  WatchCase *w = data;
  via_loop_watch_events (w->loop, w->watches[0], EPOLLIN);
}

static void
stop_watch (gpointer data)
{
  WatchCase *w = data;
  via_loop_unwatch (w->loop, w->watches[0]);
}

static void
write_one (gint fd)
{
  guint64 one = 1;
  g_assert_cmpint (write (fd, &one, sizeof one), ==, sizeof one);
}

static void
test_watch_readable_calls_until_unwatched (void)
{
  WatchCase w = {.loop = via_loop_acquire ()};

  counter_init (&w.counter);
  w.fds[0] = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  via_loop_call (w.loop, start_watch, &w);
  write_one (w.fds[0]);
  g_assert_true (counter_reaches (&w.counter, 1));

  via_loop_call (w.loop, mute_watch, &w);
  write_one (w.fds[0]);
  via_loop_call (w.loop, do_nothing, NULL);
  via_loop_call (w.loop, do_nothing, NULL);
  g_assert_cmpint (w.counter.n, ==, 1);
  via_loop_call (w.loop, unmute_watch, &w);
  g_assert_true (counter_reaches (&w.counter, 2));

  via_loop_call (w.loop, stop_watch, &w);
  write_one (w.fds[0]);
  via_loop_call (w.loop, do_nothing, NULL);
  via_loop_call (w.loop, do_nothing, NULL);
  via_loop_release (w.loop);
  g_assert_cmpuint (w.n_calls[0], ==, 2);
  g_assert_cmphex (w.events, ==, EPOLLIN);
  close (w.fds[0]);
  counter_clear (&w.counter);
}

/* Whichever comes first takes the other's watch away. */
static void
rival_readable (gpointer data, guint32 events)
{
  WatchCase *w = data;

  w->n_calls[0]++;
  via_loop_unwatch (w->loop, w->watches[0]);
  via_loop_unwatch (w->loop, w->watches[1]);
  counter_add (&w->counter);
}

static void
start_rivals (gpointer data)
{
  WatchCase *w = data;

  for (guint i = 0; i < 2; i++) {
    write_one (w->fds[i]);
    w->watches[i] =
        via_loop_watch (w->loop, w->fds[i], EPOLLIN, rival_readable, w);
  }
}

static void
test_watch_unwatched_in_the_same_turn_is_not_called (void)
{
  WatchCase w = {.loop = via_loop_acquire ()};

  counter_init (&w.counter);
  w.fds[0] = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  w.fds[1] = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  via_loop_call (w.loop, start_rivals, &w);
  g_assert_true (counter_reaches (&w.counter, 1));
  via_loop_release (w.loop);
  g_assert_cmpuint (w.n_calls[0], ==, 1);
  close (w.fds[0]);
  close (w.fds[1]);
  counter_clear (&w.counter);
}

/* --- the turn's end --- */

typedef struct
{
  ViaLoop *loop;
  GString *order;
} HookCase;

static void
hook_y (gpointer data)
{
  g_string_append_c (((HookCase *) data)->order, 'y');
}

static void
hook_x (gpointer data)
{
  HookCase *h = data;

  g_string_append_c (h->order, 'x');
  via_loop_at_turn_end (h->loop, hook_y, h);
}

static void
hook_cancelled (gpointer data)
{
  g_string_append_c (((HookCase *) data)->order, 'X');
}

static void
ask_hooks (gpointer data)
{
  HookCase *h = data;

  via_loop_at_turn_end (h->loop, hook_x, h);
  via_loop_at_turn_end (h->loop, hook_x, h);
  via_loop_at_turn_end (h->loop, hook_cancelled, h);
  via_loop_not_at_turn_end (h->loop, hook_cancelled, h);
  g_string_append_c (h->order, 'm');
}

static void
test_turn_end_hook_runs_once_after_the_mail (void)
{
  HookCase h = {via_loop_acquire (), g_string_new (NULL)};

  via_loop_call (h.loop, ask_hooks, &h);
  via_loop_call (h.loop, do_nothing, NULL);
  via_loop_release (h.loop);
  g_assert_cmpstr (h.order->str, ==, "mxy");
  g_string_free (h.order, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/loop/post/order", test_loop_post_keeps_order_and_destroys_after);
  g_test_add_func (
      "/loop/post/four-threads", test_loop_posts_of_four_threads_all_arrive);
  g_test_add_func ("/loop/post/from-loop",
      test_loop_post_from_loop_runs_and_last_release_waits_for_it);
  g_test_add_func ("/loop/call", test_loop_call_waits_and_nests);
  g_test_add_func (
      "/loop/timer/order", test_timer_several_fire_in_order_of_deadline);
  g_test_add_func (
      "/loop/timer/again", test_timer_set_again_by_itself_fires_each_turn);
  g_test_add_func (
      "/loop/watch/readable", test_watch_readable_calls_until_unwatched);
  g_test_add_func ("/loop/watch/unwatched-in-turn",
      test_watch_unwatched_in_the_same_turn_is_not_called);
  g_test_add_func (
      "/loop/turn-end", test_turn_end_hook_runs_once_after_the_mail);
  return g_test_run ();
}
