/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/ending.c – how a test's process ends.
 * Linked whole into tests; without a sanitizer it does nothing.
 */
#include <glib.h>
#include <stdlib.h>

#include "process.h"

#ifdef __SANITIZE_ADDRESS__
/* A thread that ends while leaks are looked for, as those of pools do a moment
 * after their last task, makes the look itself fail ("Tracer caught signal
 * 11"). Until none has ended for 100 ms. */
static void
await_threads (void)
{
  guint last = 0, same = 0;

  g_thread_pool_stop_unused_threads ();
  for (guint i = 0; i < 500 && same < 10; i++) {
    guint n = via_test_count_threads ("");

    same = n == last ? same + 1 : 0;
    last = n;
    g_usleep (10000);
  }
}

/* Runs before the sanitizer's own, which was there first. */
__attribute__ ((constructor)) static void
await_threads_at_exit (void)
{
  atexit (await_threads);
}
#endif
