/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/sanitize.c – what the sanitizers must know of GLib.
 * Linked whole into tests; without a sanitizer it does nothing.
 */
#include <glib.h>

/* GLib has no frame pointers: without this a leak's stack ends at g_malloc. */
__attribute__ ((visibility ("default"))) const gchar *__asan_default_options (
    void);
const gchar *
__asan_default_options (void)
{
  return "fast_unwind_on_malloc=0";
}

/* Tables that libraries make when they are loaded and replace when they grow
 * (GLib's quarks); the loader has symbols only where its debug package is. */
__attribute__ ((visibility ("default"))) const gchar *
__lsan_default_suppressions (void);
const gchar *
__lsan_default_suppressions (void)
{
  return "leak:_dl_init\nleak:ld-linux\n";
}
