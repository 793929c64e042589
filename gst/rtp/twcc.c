/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/twcc.c – a ring of arrival times, cut into feedback packets.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
 */
#include "rtp/twcc.h"

#include "base/seq.h"

#define NONE G_MININT64
#define MAX_STEP (8 * VIA_S) /* what a receive delta can say, nearly */

struct _ViaTwcc
{
  gboolean is_started;
  gint64 start, end; /* not wrapped; [start, end) waits to be reported */
  guint n_waiting;   /* arrivals since the last feedback */
  ViaTime due_at;
  guint32 ssrc;                      /* of the last packet */
  guint8 count;                      /* of feedbacks */
  ViaTime arrivals[VIA_TWCC_WINDOW]; /* at seq modulo the window; NONE: lost */
};

ViaTwcc *
via_twcc_new (void)
{
  ViaTwcc *self = g_new0 (ViaTwcc, 1);

  self->due_at = VIA_TIME_NEVER;
  return self;
}

void
via_twcc_free (ViaTwcc *self)
{
  g_free (self);
}

static ViaTime *
slot (ViaTwcc *self, gint64 seq)
{
  return &self->arrivals[(guint64) seq % VIA_TWCC_WINDOW];
}

static void
restart (ViaTwcc *self, gint64 seq)
{
  for (guint i = 0; i < VIA_TWCC_WINDOW; i++)
    self->arrivals[i] = NONE;
  self->is_started = TRUE;
  self->start = self->end = seq;
}

/* FALSE: too old to tell of. */
static gboolean
make_room (ViaTwcc *self, gint64 seq)
{
  if (seq < self->end - VIA_TWCC_WINDOW)
    return FALSE;
  if (seq >= self->end + VIA_TWCC_WINDOW)
    restart (self, seq);
  for (; self->end <= seq; self->end++)
    *slot (self, self->end) = NONE;
  self->start = MAX (self->start, self->end - VIA_TWCC_WINDOW);
  return TRUE;
}

void
via_twcc_packet (ViaTwcc *self, guint16 seq, guint32 ssrc, ViaTime now)
{
  ViaUnwrap unwrap = {self->end - 1, self->is_started};
  gint64 wide = via_unwrap_u16 (&unwrap, seq);

  if (!self->is_started)
    restart (self, wide);
  if (!make_room (self, wide) || *slot (self, wide) != NONE)
    return;
  *slot (self, wide) = now;
  self->ssrc = ssrc;
  self->start = MIN (self->start, wide);
  if (self->due_at == VIA_TIME_NEVER)
    self->due_at = now + VIA_TWCC_INTERVAL;
  if (++self->n_waiting >= VIA_TWCC_PACKETS)
    self->due_at = MIN (self->due_at, now);
}

ViaTime
via_twcc_deadline (const ViaTwcc *self)
{
  return self->due_at;
}

/* Statuses from start on, as many as one feedback holds; moves start. 0: not
 * one of them arrived, so that there is no time to speak of. */
static guint
collect (ViaTwcc *self, ViaTwccPacket *out)
{
  ViaTime last = NONE;
  guint n = 0;

  for (; self->start < self->end && n < VIA_TWCC_PACKETS; self->start++) {
    ViaTime at = *slot (self, self->start);

    if (at != NONE && last != NONE && ABS (at - last) >= MAX_STEP)
      break;
    out[n++] = (ViaTwccPacket){(guint16) self->start, at != NONE, at};
    if (at != NONE)
      last = at;
  }
  return last != NONE ? n : 0;
}

gboolean
via_twcc_write (ViaTwcc *self, ViaWriter *out, guint32 sender_ssrc, ViaTime now)
{
  ViaTwccPacket packets[VIA_TWCC_PACKETS];
  guint n = 0;

  if (now < self->due_at)
    return FALSE;
  while (n == 0 && self->start < self->end)
    n = collect (self, packets);
  if (self->start >= self->end) {
    self->due_at = VIA_TIME_NEVER;
    self->n_waiting = 0;
  }
  if (n == 0)
    return FALSE;
  return via_rtcp_write_twcc (
      out, sender_ssrc, self->ssrc, self->count++, packets, n);
}
