/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_deadline.c – the heap of deadlines against a plain search.
 */
#include "base/deadline.h"

#include "base/rng.h"

static void
test_deadlines_empty_never (void)
{
  g_autoptr (ViaDeadlines) heap = via_deadlines_new ();

  g_assert_cmpint (via_deadlines_next (heap), ==, VIA_TIME_NEVER);
  g_assert_null (via_deadlines_pop (heap, VIA_TIME_NEVER));
  g_assert_cmpuint (via_deadlines_count (heap), ==, 0);
}

static void
test_deadlines_pop_only_due_in_order (void)
{
  g_autoptr (ViaDeadlines) heap = via_deadlines_new ();
  ViaDeadline a = {0}, b = {0}, c = {0};

  via_deadlines_set (heap, &b, 20 * VIA_MS);
  via_deadlines_set (heap, &c, 30 * VIA_MS);
  via_deadlines_set (heap, &a, 10 * VIA_MS);
  g_assert_cmpint (via_deadlines_next (heap), ==, 10 * VIA_MS);
  g_assert_null (via_deadlines_pop (heap, 10 * VIA_MS - 1));
  g_assert_true (via_deadlines_pop (heap, 20 * VIA_MS) == &a);
  g_assert_true (via_deadlines_pop (heap, 20 * VIA_MS) == &b);
  g_assert_null (via_deadlines_pop (heap, 20 * VIA_MS));
  g_assert_cmpuint (via_deadlines_count (heap), ==, 1);
  g_assert_cmpuint (a.slot, ==, 0);
}

static void
test_deadlines_set_again_moves (void)
{
  g_autoptr (ViaDeadlines) heap = via_deadlines_new ();
  ViaDeadline a = {0}, b = {0};

  via_deadlines_set (heap, &a, 10);
  via_deadlines_set (heap, &b, 20);
  via_deadlines_set (heap, &a, 30);
  g_assert_cmpuint (via_deadlines_count (heap), ==, 2);
  g_assert_true (via_deadlines_pop (heap, 100) == &b);
  via_deadlines_set (heap, &a, 5);
  g_assert_cmpint (via_deadlines_next (heap), ==, 5);
}

static void
test_deadlines_set_never_removes (void)
{
  g_autoptr (ViaDeadlines) heap = via_deadlines_new ();
  ViaDeadline a = {0};

  via_deadlines_set (heap, &a, VIA_TIME_NEVER);
  g_assert_cmpuint (via_deadlines_count (heap), ==, 0);
  via_deadlines_set (heap, &a, 10);
  via_deadlines_set (heap, &a, VIA_TIME_NEVER);
  via_deadlines_set (heap, &a, VIA_TIME_NEVER);
  g_assert_cmpuint (via_deadlines_count (heap), ==, 0);
  g_assert_null (via_deadlines_pop (heap, 100));
}

static ViaTime
earliest (const ViaDeadline *entries, guint n)
{
  ViaTime when = VIA_TIME_NEVER;

  for (guint i = 0; i < n; i++) {
    if (entries[i].slot != 0)
      when = MIN (when, entries[i].when);
  }
  return when;
}

static void
test_deadlines_random_moves_match_search (void)
{
  g_autoptr (ViaDeadlines) heap = via_deadlines_new ();
  ViaDeadline entries[64] = {0};
  ViaSeededRng rng;
  guint n_set = 0;

  via_seeded_rng_init (&rng, 2026);
  for (guint step = 0; step < 20000; step++) {
    guint32 r = via_rng_u32 (&rng.parent);
    ViaDeadline *entry = &entries[r % 64];
    ViaTime when = r % 7 == 0 ? VIA_TIME_NEVER : (ViaTime) (r >> 16);

    n_set -= entry->slot != 0;
    via_deadlines_set (heap, entry, when);
    n_set += entry->slot != 0;
    g_assert_cmpuint (via_deadlines_count (heap), ==, n_set);
    g_assert_cmpint (via_deadlines_next (heap), ==, earliest (entries, 64));
    if (r % 5 == 0 && (entry = via_deadlines_pop (heap, 30000)) != NULL) {
      g_assert_cmpint (entry->when, <=, earliest (entries, 64));
      n_set--;
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/deadline/empty", test_deadlines_empty_never);
  g_test_add_func ("/deadline/order", test_deadlines_pop_only_due_in_order);
  g_test_add_func ("/deadline/move", test_deadlines_set_again_moves);
  g_test_add_func ("/deadline/never", test_deadlines_set_never_removes);
  g_test_add_func (
      "/deadline/random", test_deadlines_random_moves_match_search);
  return g_test_run ();
}
