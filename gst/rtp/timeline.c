/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/timeline.c – least delay first, then sender reports, slowly followed.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 3550 §6.4.1, §6.5.1
 */
#include "rtp/timeline.h"

#define WINDOW (5 * VIA_S)  /* half of what a least is taken of */
#define SLEW_PER_MILLE 25   /* of media time */
#define STEP (1 * VIA_S)    /* a larger error forward is taken at once */
#define RESTART (5 * VIA_S) /* media and arrival so far apart: anew */
#define SR_TOLERANCE (1 * VIA_S)
#define CLOCK_TOLERANCE (5 * VIA_S)
#define CLOCK_STALE (10 * VIA_S)

static void
least_add (ViaTimelineLeast *self, ViaTime value, ViaTime now)
{
  gboolean is_stale = now - self->began >= 2 * WINDOW;

  if (!self->is_started || is_stale) {
    *self = (ViaTimelineLeast){TRUE, now, value, value};
  } else if (now - self->began >= WINDOW) {
    self->before_least = self->now_least;
    self->now_least = value;
    self->began = now;
  } else {
    self->now_least = MIN (self->now_least, value);
  }
}

static ViaTime
least (const ViaTimelineLeast *self)
{
  return MIN (self->now_least, self->before_least);
}

void
via_timeline_init (ViaTimeline *self, guint32 clock_rate)
{
  *self = (ViaTimeline){.clock_rate = MAX (clock_rate, 1)};
}

/* Ticks as µs; a few hours more than a day of any clock rate fit. */
static ViaTime
ticks_to_us (const ViaTimeline *self, gint64 ticks)
{
  gint64 s = ticks / self->clock_rate, rest = ticks % self->clock_rate;

  return s * VIA_S + rest * VIA_S / self->clock_rate;
}

static ViaTime
media_time (const ViaTimeline *self, gint64 timestamp)
{
  return ticks_to_us (self, timestamp - self->base);
}

/* By the earliest of the last reports: what keeps a sample up at the sender
 * makes a report late, never early (Chromium's for sound, by up to 20 ms). */
static gint64
ntp_of (const ViaTimeline *self, gint64 timestamp)
{
  return media_time (self, timestamp) + least (&self->relation);
}

static gint64
unwrap (const ViaTimeline *self, guint32 timestamp)
{
  ViaUnwrap unwrapped = {self->last, self->is_started};

  return via_unwrap_u32 (&unwrapped, timestamp);
}

static ViaTime
remember (ViaTimeline *self, gint64 timestamp, ViaTime captured, ViaTime now)
{
  guint i = self->n_recent++ % VIA_TIMELINE_RECENT;

  self->recent[i].timestamp = timestamp;
  self->recent[i].captured = captured;
  self->last = timestamp;
  self->last_at = now;
  self->last_captured = captured;
  return captured;
}

/* A timestamp that is not the newest. */
static ViaTime
recall (const ViaTimeline *self, gint64 timestamp)
{
  guint n = MIN (self->n_recent, VIA_TIMELINE_RECENT);

  for (guint i = 0; i < n; i++)
    if (self->recent[i].timestamp == timestamp)
      return self->recent[i].captured;
  return self->last_captured - ticks_to_us (self, self->last - timestamp);
}

/* The stream began, or its timestamps have nothing to do with the last ones;
 * sender reports of before do not hold any more. */
static ViaTime
restart (ViaTimeline *self, gint64 timestamp, ViaTime now)
{
  ViaTime captured = self->is_started ? MAX (self->last_captured, now) : now;

  self->is_started = TRUE;
  self->has_sr = self->has_suspect = FALSE;
  self->base = timestamp;
  self->delay.is_started = FALSE;
  least_add (&self->delay, now, now);
  self->n_recent = 0;
  return remember (self, timestamp, captured, now);
}

static gboolean
has_offset (const ViaTimelineClock *clock, ViaTime now)
{
  return clock->offset.is_started && now - clock->fed_at < CLOCK_STALE;
}

/* Where the stream's own delay puts @timestamp or, once sender reports relate
 * it to its CNAME's other streams, where the least delay among them does. */
static ViaTime
target (const ViaTimeline *self, ViaTimelineClock *clock, gint64 timestamp,
    ViaTime now)
{
  ViaTime own = media_time (self, timestamp) + least (&self->delay);
  ViaTime offset;

  if (!clock || !self->has_sr)
    return own;
  offset = own - ntp_of (self, timestamp);
  if (has_offset (clock, now)
      && ABS (offset - least (&clock->offset)) > CLOCK_TOLERANCE)
    return own; /* another clock than the CNAME's other streams have */
  least_add (&clock->offset, offset, now);
  clock->fed_at = now;
  return ntp_of (self, timestamp) + least (&clock->offset);
}

ViaTime
via_timeline_packet (
    ViaTimeline *self, ViaTimelineClock *clock, guint32 timestamp, ViaTime now)
{
  gint64 wide = unwrap (self, timestamp);
  ViaTime step, captured, error, limit;

  if (!self->is_started)
    return restart (self, wide, now);
  step = ticks_to_us (self, wide - self->last);
  if (step > now - self->last_at + RESTART || step < -RESTART
      || (step > 0 && step < now - self->last_at - RESTART))
    return restart (self, wide, now);
  if (step <= 0)
    return recall (self, wide);

  least_add (&self->delay, now - media_time (self, wide), now);
  captured = self->last_captured + step;
  error = target (self, clock, wide, now) - captured;
  limit = step * SLEW_PER_MILLE / 1000;
  captured += error > STEP ? error : CLAMP (error, -limit, limit);
  captured = MAX (MIN (captured, now), self->last_captured);
  return remember (self, wide, captured, now);
}

/* --- sender reports --- */

static gint64
ntp_to_us (guint64 ntp)
{
  return (gint64) (ntp >> 32) * VIA_S
         + (gint64) (((ntp & 0xffffffffu) * (guint64) VIA_S) >> 32);
}

/* The same time passed between them by all three clocks. */
static gboolean
agree (const ViaTimeline *self, const ViaTimelineSr *a, const ViaTimelineSr *b)
{
  gint64 ntp = b->ntp_us - a->ntp_us;
  gint64 media = ticks_to_us (self, b->timestamp - a->timestamp);

  return ABS (ntp - (b->at - a->at)) <= SR_TOLERANCE
         && ABS (ntp - media) <= SR_TOLERANCE;
}

/* The CNAME's clock stands elsewhere: it was set, if this report is sure. */
static gboolean
fits_clock (ViaTimeline *self, ViaTimelineClock *clock, const ViaTimelineSr *sr,
    gboolean is_sure)
{
  ViaTime offset =
      media_time (self, sr->timestamp) + least (&self->delay) - sr->ntp_us;

  if (!clock || !has_offset (clock, sr->at)
      || ABS (offset - least (&clock->offset)) <= CLOCK_TOLERANCE)
    return TRUE;
  if (is_sure)
    clock->offset.is_started = FALSE;
  return is_sure;
}

void
via_timeline_sr (ViaTimeline *self, ViaTimelineClock *clock, guint64 ntp,
    guint32 timestamp, ViaTime now)
{
  ViaTimelineSr sr = {ntp_to_us (ntp), unwrap (self, timestamp), now};
  gboolean is_sure, is_new;

  /* NTP 0: the sender has no wall clock (RFC 3550 §6.4.1) */
  if (!self->is_started || ntp == 0
      || ABS (ticks_to_us (self, sr.timestamp - self->last)
              - (now - self->last_at))
             > RESTART)
    return;
  is_sure = self->has_suspect && agree (self, &self->suspect, &sr);
  is_new = self->has_sr && !agree (self, &self->sr, &sr);
  if ((is_new && !is_sure) || !fits_clock (self, clock, &sr, is_sure)) {
    self->suspect = sr;
    self->has_suspect = TRUE;
    return;
  }
  if (is_new || !self->has_sr)
    self->relation.is_started = FALSE;
  least_add (&self->relation, sr.ntp_us - media_time (self, sr.timestamp), now);
  self->sr = sr;
  self->has_sr = TRUE;
  self->has_suspect = FALSE;
}
