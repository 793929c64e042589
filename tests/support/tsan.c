/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/tsan.c – tells ThreadSanitizer of GLib's own locks.
 * GMutex and GCond are futexes inside a library built without it: unseen, so
 * everything they guard would look like a race. Empty in other builds.
 */
#include <glib-object.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_THREAD__

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#define EXPORT __attribute__ ((visibility ("default")))

/* The function this file stands in front of. */
#define REAL(name)                                                             \
  ({                                                                           \
    static gpointer real;                                                      \
    gpointer found = __atomic_load_n (&real, __ATOMIC_RELAXED);                \
    if (!found) {                                                              \
      found = dlsym (RTLD_NEXT, #name);                                        \
      __atomic_store_n (&real, found, __ATOMIC_RELAXED);                       \
    }                                                                          \
    (__typeof__ (&name)) found;                                                \
  })

EXPORT const gchar *__tsan_default_options (void);
const gchar *
__tsan_default_options (void)
{
  return "ignore_noninstrumented_modules=1:second_deadlock_stack=1";
}

EXPORT void
g_mutex_lock (GMutex *mutex)
{
  REAL (g_mutex_lock) (mutex);
  __tsan_acquire (mutex);
}

EXPORT gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean is_locked = REAL (g_mutex_trylock) (mutex);

  if (is_locked)
    __tsan_acquire (mutex);
  return is_locked;
}

EXPORT void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_mutex_unlock) (mutex);
}

EXPORT void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_release (mutex);
  REAL (g_cond_wait) (cond, mutex);
  __tsan_acquire (mutex);
}

EXPORT gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean in_time;

  __tsan_release (mutex);
  in_time = REAL (g_cond_wait_until) (cond, mutex, end_time);
  __tsan_acquire (mutex);
  return in_time;
}

/* The last reference sees what was done under the others. */
EXPORT
gboolean (g_atomic_ref_count_dec) (gatomicrefcount *count)
{
  __tsan_release ((void *) count);
  __tsan_acquire ((void *) count);
  return REAL (g_atomic_ref_count_dec) (count);
}

EXPORT void (g_object_unref) (gpointer object)
{
  __tsan_release (object);
  __tsan_acquire (object);
  REAL (g_object_unref) (object);
}

#undef g_once_init_leave
EXPORT void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  REAL (g_once_init_leave) (location, result);
}

#else

extern gint via_test_no_tsan; /* a file with nothing in it is not ISO C */

#endif
