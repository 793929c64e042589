/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/process.c – counts descriptors and threads.
 */
#include "process.h"

#define WAIT (30 * G_TIME_SPAN_SECOND)
#define STEP 1000 /* us */

guint
via_test_count_fds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

guint
via_test_count_threads (const gchar *prefix)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *task;
  guint n = 0;

  while ((task = g_dir_read_name (dir))) {
    g_autofree gchar *path =
        g_build_filename ("/proc/self/task", task, "comm", NULL);
    g_autofree gchar *name = NULL;

    if (g_file_get_contents (path, &name, NULL, NULL)
        && g_str_has_prefix (name, prefix))
      n++;
  }
  return n;
}

gboolean
via_test_fds_return_to (guint n)
{
  gint64 until = g_get_monotonic_time () + WAIT;

  while (via_test_count_fds () > n && g_get_monotonic_time () < until)
    g_usleep (STEP);
  return via_test_count_fds () <= n;
}

gboolean
via_test_threads_return_to (const gchar *prefix, guint n)
{
  gint64 until = g_get_monotonic_time () + WAIT;

  while (
      via_test_count_threads (prefix) != n && g_get_monotonic_time () < until)
    g_usleep (STEP);
  return via_test_count_threads (prefix) == n;
}
