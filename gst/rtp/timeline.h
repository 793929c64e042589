/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/timeline.h – when in our time the samples of a received stream were
 * taken: RTP ↔ NTP ↔ ours, one NTP relation per CNAME.
 * Pure. `now` is the arrival time.
 * RFC 3550 §6.4.1 (SR), §6.5.1 (CNAME)
 */
#pragma once

#include "base/seq.h"
#include "base/time.h"

G_BEGIN_DECLS

#define VIA_TIMELINE_RECENT 32 /* timestamps whose answer is remembered */

/* The least of what came in the last 5 to 10 s. */
typedef struct
{
  gboolean is_started;
  ViaTime began; /* of @now_least */
  ViaTime now_least, before_least;
} ViaTimelineLeast;

/* NTP time + offset = our time, for all streams of one CNAME. Zeroed: not
 * known yet. */
typedef struct
{
  ViaTimelineLeast offset;
  ViaTime fed_at;
} ViaTimelineClock;

/* A point where a sender report puts RTP and NTP time together. */
typedef struct
{
  gint64 ntp_us;
  gint64 timestamp; /* not wrapped */
  ViaTime at;       /* it came */
} ViaTimelineSr;

typedef struct
{
  guint32 clock_rate;
  gboolean is_started;
  gint64 base;            /* timestamp; all are not wrapped */
  ViaTimelineLeast delay; /* arrival - media time since base */

  gint64 last; /* newest timestamp, */
  ViaTime last_at, last_captured;

  gboolean has_sr, has_suspect;
  ViaTimelineSr sr, suspect; /* the last ones */
  ViaTimelineLeast relation; /* NTP time - media time since base */

  struct
  {
    gint64 timestamp;
    ViaTime captured;
  } recent[VIA_TIMELINE_RECENT];
  guint n_recent;
} ViaTimeline;

void via_timeline_init (ViaTimeline *self, guint32 clock_rate);
/* When the sample of @timestamp was taken, plus the least delay of the path;
 * never after @now. The same for all packets of one timestamp, never less for a
 * later one. Changes its mind by 25 ms per second at most, or at once where a
 * second is missing. @clock: (nullable) of the stream's CNAME. */
ViaTime via_timeline_packet (
    ViaTimeline *self, ViaTimelineClock *clock, guint32 timestamp, ViaTime now);
/* A sender report. One that contradicts what was seen is ignored until the
 * next one confirms it. */
void via_timeline_sr (ViaTimeline *self, ViaTimelineClock *clock, guint64 ntp,
    guint32 timestamp, ViaTime now);

G_END_DECLS
