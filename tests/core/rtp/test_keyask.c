/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/keyask – a wish is one request, repeated while it is in vain.
 */
#include "rtp/keyask.h"

#define MS VIA_MS

/* Requests sent until @end, as a peer would. */
static guint
run (ViaKeyask *self, ViaTime end)
{
  guint n = 0;

  while (via_keyask_deadline (self) <= end) {
    via_keyask_sent (self, via_keyask_deadline (self));
    n++;
  }
  return n;
}

static void
test_keyask_many_wishes_are_one_request_per_interval (void)
{
  ViaKeyask self;
  guint n = 0;

  via_keyask_init (&self);
  g_assert_cmpint (via_keyask_deadline (&self), ==, VIA_TIME_NEVER);
  for (ViaTime now = 0; now < 2000 * MS; now += 10 * MS) {
    via_keyask_want (&self, now);
    if (via_keyask_deadline (&self) <= now) {
      via_keyask_sent (&self, now);
      n++;
    }
  }
  g_assert_cmpuint (n, ==, 4);
}

static void
test_keyask_in_vain_asks_each_second_and_gives_up (void)
{
  ViaKeyask self;

  via_keyask_init (&self);
  via_keyask_want (&self, 0);
  g_assert_cmpuint (run (&self, 0), ==, 1);
  g_assert_cmpuint (run (&self, 999 * MS), ==, 0);
  g_assert_cmpuint (run (&self, 3000 * MS), ==, 3);
  g_assert_cmpuint (run (&self, 3600 * VIA_S), ==, VIA_KEYASK_TRIES - 4);
  g_assert_cmpint (via_keyask_deadline (&self), ==, VIA_TIME_NEVER);
  via_keyask_want (&self, 3601 * VIA_S); /* a new wish, new tries */
  g_assert_cmpuint (run (&self, 3602 * VIA_S), ==, 2);
}

static void
test_keyask_key_frame_ends_the_wish (void)
{
  ViaKeyask self;

  via_keyask_init (&self);
  via_keyask_want (&self, 0);
  via_keyask_sent (&self, 0);
  via_keyask_satisfied (&self);
  g_assert_cmpint (via_keyask_deadline (&self), ==, VIA_TIME_NEVER);
  via_keyask_want (&self, 100 * MS); /* kept, not lost */
  g_assert_cmpint (via_keyask_deadline (&self), ==, 500 * MS);
  via_keyask_satisfied (&self);
  g_assert_cmpuint (run (&self, VIA_S), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/rtp/keyask/" path, func)
  ADD ("throttle", test_keyask_many_wishes_are_one_request_per_interval);
  ADD ("in-vain", test_keyask_in_vain_asks_each_second_and_gives_up);
  ADD ("satisfied", test_keyask_key_frame_ends_the_wish);
  return g_test_run ();
}
