/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/process.h – what the test's own process holds, from /proc.
 */
#pragma once

#include <glib.h>

guint via_test_count_fds (void);
/* Threads whose name begins with @prefix. */
guint via_test_count_threads (const gchar *prefix);
/* Wait, up to 30 s, for what ends by itself: a joined thread stays in /proc
 * for a moment. Descriptors: no more than @n, which may have been counted while
 * some were about to be closed. */
gboolean via_test_fds_return_to (guint n);
gboolean via_test_threads_return_to (const gchar *prefix, guint n);
