/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_loop_pool.c – the loops of the process: start, share, end; randomness.
 */
#include "io/loop.h"

#include "process.h"

#include <string.h>

static void
do_nothing (gpointer data)
{
}

static void
count_one (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
test_pool_first_acquire_starts_and_last_release_joins (void)
{
  guint n_cores = MIN (g_get_num_processors (), VIA_LOOPS_MAX);
  guint n_fds = via_test_count_fds ();

  g_assert_cmpuint (via_loop_count (), ==, 0);
  for (guint round = 0; round < 3; round++) {
    ViaLoop *loops[2 * VIA_LOOPS_MAX];
    guint held[VIA_LOOPS_MAX] = {0};

    for (guint i = 0; i < 2 * n_cores; i++) {
      loops[i] = via_loop_acquire ();
      via_loop_call (loops[i], do_nothing, NULL); /* it has its name now */
      g_assert_cmpuint (via_loop_index (loops[i]), <, n_cores);
      held[via_loop_index (loops[i])]++;
    }
    for (guint i = 0; i < n_cores; i++)
      g_assert_cmpuint (held[i], ==, 2);
    g_assert_cmpuint (via_loop_count (), ==, n_cores);
    g_assert_cmpuint (via_test_count_threads ("via-loop-"), ==, n_cores);
    for (guint i = 0; i < 2 * n_cores; i++)
      via_loop_release (loops[i]);
    g_assert_cmpuint (via_loop_count (), ==, 0);
    g_assert_true (via_test_threads_return_to ("via-loop-", 0));
    g_assert_cmpuint (via_test_count_fds (), ==, n_fds);
  }
}

static void
release_here (gpointer data)
{
  via_loop_release (data);
}

static void
test_pool_last_release_on_a_loop_hands_the_join_over (void)
{
  guint n_fds = via_test_count_fds ();

  for (guint round = 0; round < 3; round++) {
    ViaLoop *loop = via_loop_acquire ();

    via_loop_post (loop, release_here, loop, NULL);
    loop = via_loop_acquire (); /* the same pool still, or a new one */
    via_loop_call (loop, do_nothing, NULL);
    via_loop_release (loop);
  }
  g_assert_true (via_test_fds_return_to (n_fds)); /* closed after the join */
  g_assert_true (via_test_threads_return_to ("via-", 0));
}

typedef struct
{
  ViaLoop *loop;
  ViaLoopTimer timer;
  gboolean is_closed;
} LingerCase;

static void
linger_end (gpointer data)
{
  LingerCase *l = data;

  l->is_closed = TRUE;
  via_loop_linger_done (l->loop);
}

static void
linger_begin (gpointer data)
{
  LingerCase *l = data;

  l->timer.func = linger_end;
  l->timer.data = l;
  via_loop_linger (l->loop);
  via_loop_timer_set (l->loop, &l->timer, via_loop_now (l->loop) + 50 * VIA_MS);
}

static void
test_pool_last_release_waits_for_what_closes (void)
{
  LingerCase l = {.loop = via_loop_acquire ()};

  via_loop_call (l.loop, linger_begin, &l);
  via_loop_release (l.loop);
  g_assert_true (l.is_closed);
}

static gpointer
acquire_and_release (gpointer data)
{
  for (guint i = 0; i < 50; i++) {
    ViaLoop *loop = via_loop_acquire ();

    via_loop_post (loop, count_one, data, NULL);
    via_loop_release (loop);
  }
  return NULL;
}

static void
test_pool_four_threads_come_and_go_loses_no_post (void)
{
  gint n = 0;
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("holder", acquire_and_release, &n);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (g_atomic_int_get (&n), ==, 200);
  g_assert_cmpuint (via_loop_count (), ==, 0);
}

static void
test_system_rng_two_draws_differ (void)
{
  guint8 a[32] = {0}, b[32] = {0};

  via_system_rng ()->fill (via_system_rng (), a, sizeof a);
  via_system_rng ()->fill (via_system_rng (), b, sizeof b);
  g_assert_cmpint (memcmp (a, b, sizeof a), !=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/loop/pool/start-and-join",
      test_pool_first_acquire_starts_and_last_release_joins);
  g_test_add_func ("/loop/pool/release-on-loop",
      test_pool_last_release_on_a_loop_hands_the_join_over);
  g_test_add_func (
      "/loop/pool/linger", test_pool_last_release_waits_for_what_closes);
  g_test_add_func ("/loop/pool/come-and-go",
      test_pool_four_threads_come_and_go_loses_no_post);
  g_test_add_func ("/loop/rng", test_system_rng_two_draws_differ);
  return g_test_run ();
}
