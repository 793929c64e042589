/* SPDX-License-Identifier: LGPL-2.1-or-later
 * cpu.h – CPU time of this process; two designs in one run, as a ratio.
 */
#pragma once

#include <glib.h>
#include <time.h>

static inline gdouble
cpu_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

typedef void (*CpuWork) (gpointer data);

/* The least of five turns of @n times @work, per time, in µs. */
static inline gdouble
cpu_least_us (CpuWork work, gpointer data, guint n)
{
  gdouble least = G_MAXDOUBLE;

  for (guint turn = 0; turn < 5; turn++) {
    gdouble from = cpu_us ();

    for (guint i = 0; i < n; i++)
      work (data);
    least = MIN (least, (cpu_us () - from) / n);
  }
  return least;
}
