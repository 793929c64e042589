/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/time.h – the core's time: microseconds of one monotonic clock.
 * Never reads a clock: `now` comes in with each call.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef gint64 ViaTime; /* µs; the zero point is the caller's */

#define VIA_US ((ViaTime) 1)
#define VIA_MS ((ViaTime) 1000)
#define VIA_S ((ViaTime) 1000000)
#define VIA_TIME_NEVER G_MAXINT64 /* a deadline that does not come */

G_END_DECLS
