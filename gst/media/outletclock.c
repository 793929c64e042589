/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletclock.c – where a moment of the monotonic clock lies in a
 * pipeline's running time, whatever clock the pipeline has.
 */
#include "media/outletclock.h"

/* The clocks are compared this often. */
#define COMPARE_EVERY (500 * VIA_MS)
/* This far from where it was is not drift but a jump. */
#define JUMP (100 * GST_MSECOND)
/* What was taken as the pipeline began may come out a little before. */
#define EARLY (GstClockTimeDiff) (20 * GST_MSECOND)

/* Both clocks as of one moment: a thread put aside between the two would look
 * like jitter. */
static GstClockTimeDiff
compare_clocks (GstClock *clock, GstClockTimeDiff *out_doubt)
{
  GstClockTime time;
  ViaTime before, after;
  guint tries = 3;

  do {
    before = g_get_monotonic_time ();
    time = gst_clock_get_time (clock);
    after = g_get_monotonic_time ();
  } while (after - before > 50 * VIA_US && --tries > 0);
  *out_doubt = (after - before + 1) * 1000;
  return (GstClockTimeDiff) time - (before + after) * 1000 / 2;
}

static void
update (ViaOutletClock *self, GstClock *clock)
{
  ViaTime now = g_get_monotonic_time ();
  GstClockTimeDiff found, off, doubt;

  if (self->compared != 0 && now - self->compared < COMPARE_EVERY)
    return;
  found = compare_clocks (clock, &doubt);
  off = found - self->offset;
  /* Within doubt it is as it was: 0 for the system's own clock. */
  if (ABS (off) > doubt)
    self->offset += self->compared == 0 || ABS (off) > JUMP ? off : off / 4;
  self->compared = now;
}

GstClockTime
via_outlet_clock_running (
    ViaOutletClock *self, GstElement *element, ViaTime moment)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (element);
  GstClockTimeDiff running = moment * 1000;

  if (clock != NULL) {
    update (self, clock);
    running +=
        self->offset - (GstClockTimeDiff) gst_element_get_base_time (element);
  }
  if (running < -EARLY)
    return GST_CLOCK_TIME_NONE;
  return (GstClockTime) MAX (running, 0);
}
