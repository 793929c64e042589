/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletclock.h – where a moment of the monotonic clock lies in a
 * pipeline's running time, whatever clock the pipeline has.
 */
#pragma once

#include <gst/gst.h>
#include "base/time.h"

G_BEGIN_DECLS

typedef struct
{
  GstClockTimeDiff offset; /* the pipeline's clock minus ours, ns */
  ViaTime compared;        /* when; 0: never */
} ViaOutletClock;

/* Running time of @element, as its clock shows it; without a clock, ours. NONE:
 * before the pipeline began. One thread. */
GstClockTime via_outlet_clock_running (
    ViaOutletClock *self, GstElement *element, ViaTime moment);

G_END_DECLS
