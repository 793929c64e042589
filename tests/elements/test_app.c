/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_app.c – the via-app thread: order, flush, life.
 */
#include "io/app.h"

typedef struct
{
  GArray *seen; /* via-app only, read after a flush */
  gint value;
} Note;

static void
note_value (gpointer data)
{
  Note *note = data;

  g_assert_true (via_app_is_current ());
  g_array_append_val (note->seen, note->value);
}

static void
post_note (GArray *seen, gint value)
{
  Note *note = g_new (Note, 1);

  *note = (Note){seen, value};
  via_app_post (note_value, note, g_free);
}

static void
test_app_posts_run_in_order (void)
{
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (gint));

  via_app_acquire ();
  for (gint i = 0; i < 1000; i++)
    post_note (seen, i);
  via_app_flush ();
  g_assert_cmpuint (seen->len, ==, 1000);
  for (gint i = 0; i < 1000; i++)
    g_assert_cmpint (g_array_index (seen, gint, i), ==, i);
  via_app_release ();
  g_assert_false (via_app_is_current ());
}

static void
post_from_within (gpointer data)
{
  post_note (data, 1);
  post_note (data, 2);
  via_app_flush (); /* returns at once here */
  g_assert_cmpuint (((GArray *) data)->len, ==, 0);
}

static void
test_app_post_from_within_runs_later (void)
{
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (gint));

  via_app_acquire ();
  via_app_post (post_from_within, seen, NULL);
  via_app_release (); /* runs all that is left first */
  g_assert_cmpuint (seen->len, ==, 2);
  g_assert_cmpint (g_array_index (seen, gint, 0), ==, 1);
  g_assert_cmpint (g_array_index (seen, gint, 1), ==, 2);
}

static void
test_app_flush_without_holder_returns (void)
{
  via_app_flush ();
  g_assert_false (via_app_is_current ());
}

static void
release_within (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
  via_app_release ();
}

static void
release_and_acquire_within (gpointer data)
{
  via_app_release ();
  via_app_acquire ();
  g_atomic_int_inc ((gint *) data);
}

static void
test_app_last_release_from_within_does_not_join_itself (void)
{
  gint n = 0;

  for (gint i = 1; i <= 20; i++) {
    via_app_acquire ();
    via_app_post (release_within, &n, NULL);
    via_app_acquire (); /* the same thread, or a new one after it */
    via_app_flush ();
    g_assert_cmpint (g_atomic_int_get (&n), ==, i);
    via_app_release ();
  }
  via_app_acquire ();
  via_app_post (release_and_acquire_within, &n, NULL);
  via_app_flush ();
  g_assert_cmpint (g_atomic_int_get (&n), ==, 21);
  via_app_release ();
}

static void
count_one (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static gpointer
come_and_go (gpointer data)
{
  for (guint i = 0; i < 200; i++) {
    via_app_acquire ();
    via_app_post (count_one, data, NULL);
    if (i % 3 == 0)
      via_app_flush ();
    via_app_release ();
  }
  return NULL;
}

static void
test_app_four_threads_come_and_go_loses_no_post (void)
{
  GThread *threads[4];
  gint n = 0;

  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("holder", come_and_go, &n);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (g_atomic_int_get (&n), ==, 800);
}

static void
post_note_for_loop (gpointer data)
{
  post_note (data, 7);
}

static void
test_app_post_from_a_loop_arrives (void)
{
  g_autoptr (GArray) seen = g_array_new (FALSE, FALSE, sizeof (gint));
  ViaLoop *loop = via_loop_acquire ();

  via_app_acquire ();
  via_loop_call (loop, post_note_for_loop, seen);
  via_app_flush ();
  g_assert_cmpuint (seen->len, ==, 1);
  via_loop_release (loop);
  via_app_release ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/order", test_app_posts_run_in_order);
  g_test_add_func (
      "/app/post-from-within", test_app_post_from_within_runs_later);
  g_test_add_func (
      "/app/flush/no-holder", test_app_flush_without_holder_returns);
  g_test_add_func ("/app/release-from-within",
      test_app_last_release_from_within_does_not_join_itself);
  g_test_add_func (
      "/app/come-and-go", test_app_four_threads_come_and_go_loses_no_post);
  g_test_add_func ("/app/from-loop", test_app_post_from_a_loop_arrives);
  return g_test_run ();
}
