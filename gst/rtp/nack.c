/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/nack.c – a bitmap of what arrived and a list of what is awaited.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 4585 §6.2.1 · RFC 3550 A.1 · RFC 4588
 */
#include "rtp/nack.h"

#include <string.h>

#include "base/seq.h"

#define MAX_DROPOUT 3000 /* RFC 3550 A.1 */
#define NO_BAD_SEQ 0x10000u
#define PATIENT_TRIES 3 /* then waits twice as long */

typedef struct
{
  gint64 seq;
  ViaTime since;  /* it is known to be missing */
  ViaTime due_at; /* ask or give up */
  ViaTime asked_first, asked_last;
  guint tries;
} Missing;

struct _ViaNack
{
  gboolean is_enabled, is_started;
  gint64 highest;                      /* not wrapped */
  guint32 bad_seq;                     /* next one of a suspected restart */
  guint8 arrived[VIA_NACK_WINDOW / 8]; /* bit at seq modulo the window */
  GArray *missing;                     /* Missing, ascending */
  ViaTime rtt;                         /* smoothed; 0: not known */
};

ViaNack *
via_nack_new (void)
{
  ViaNack *self = g_new0 (ViaNack, 1);

  self->missing = g_array_new (FALSE, FALSE, sizeof (Missing));
  self->bad_seq = NO_BAD_SEQ;
  return self;
}

void
via_nack_free (ViaNack *self)
{
  if (!self)
    return;
  g_array_unref (self->missing);
  g_free (self);
}

void
via_nack_enable (ViaNack *self, gboolean is_enabled)
{
  self->is_enabled = is_enabled;
  if (!is_enabled)
    g_array_set_size (self->missing, 0);
}

static Missing *
at (const ViaNack *self, guint i)
{
  return &g_array_index (self->missing, Missing, i);
}

static guint8 *
byte_of (ViaNack *self, gint64 seq, guint8 *out_bit)
{
  guint i = (guint) ((guint64) seq % VIA_NACK_WINDOW);

  *out_bit = (guint8) (1 << (i & 7));
  return &self->arrived[i / 8];
}

static void
mark (ViaNack *self, gint64 seq, gboolean has_arrived)
{
  guint8 bit, *byte = byte_of (self, seq, &bit);

  *byte = has_arrived ? *byte | bit : *byte & (guint8) ~bit;
}

static gboolean
has_arrived (ViaNack *self, gint64 seq)
{
  guint8 bit, *byte = byte_of (self, seq, &bit);

  return (*byte & bit) != 0;
}

static void
restart (ViaNack *self, gint64 seq)
{
  /* what came before is no business of ours: as if it had arrived */
  memset (self->arrived, 0xff, sizeof self->arrived);
  g_array_set_size (self->missing, 0);
  self->is_started = TRUE;
  self->highest = seq;
  self->bad_seq = NO_BAD_SEQ;
}

static void
miss (ViaNack *self, gint64 seq, ViaTime now)
{
  Missing missing = {
      .seq = seq, .since = now, .due_at = now + VIA_NACK_REORDER};

  if (self->missing->len >= VIA_NACK_MISSING)
    g_array_remove_index (self->missing, 0);
  g_array_append_val (self->missing, missing);
}

/* @seq is ahead of all that came. Of a gap too wide to be filled nothing is
 * asked for. */
static void
advance (ViaNack *self, gint64 seq, ViaTime now)
{
  gboolean is_outage = seq - self->highest > VIA_NACK_MISSING;

  for (gint64 i = MAX (self->highest + 1, seq - VIA_NACK_WINDOW + 1); i < seq;
       i++) {
    mark (self, i, FALSE);
    if (self->is_enabled && !is_outage)
      miss (self, i, now);
  }
  if (is_outage)
    g_array_set_size (self->missing, 0);
  mark (self, seq, TRUE);
  self->highest = seq;
}

static void
learn_rtt (ViaNack *self, const Missing *missing, ViaTime now)
{
  ViaTime sample = now - missing->asked_first;
  gboolean is_clear = missing->tries == 1;

  /* so soon after the second request it is the answer to the first */
  if (missing->tries == 2 && now - missing->asked_last < self->rtt / 2)
    is_clear = TRUE;
  if (!is_clear)
    return;
  sample = CLAMP (sample, 0, VIA_NACK_MAX_WAIT);
  self->rtt = self->rtt == 0 ? MAX (sample, 1) : (self->rtt * 7 + sample) / 8;
}

/* Position in the list, or -1. */
static gint
find_missing (const ViaNack *self, gint64 seq)
{
  for (guint i = 0; i < self->missing->len && at (self, i)->seq <= seq; i++)
    if (at (self, i)->seq == seq)
      return (gint) i;
  return -1;
}

static ViaNackArrival
fill (ViaNack *self, gint64 seq, ViaTime now)
{
  ViaNackArrival arrival = VIA_NACK_NEW;
  gint i;

  if (has_arrived (self, seq))
    return VIA_NACK_DUPLICATE;
  mark (self, seq, TRUE);
  i = find_missing (self, seq);
  if (i < 0)
    return VIA_NACK_NEW; /* given up, but here it is */
  if (at (self, (guint) i)->tries > 0) {
    arrival = VIA_NACK_RECOVERED;
    learn_rtt (self, at (self, (guint) i), now);
  }
  g_array_remove_index (self->missing, (guint) i);
  return arrival;
}

static gint64
unwrap (const ViaNack *self, guint16 seq)
{
  ViaUnwrap unwrapped = {self->highest, TRUE};

  return via_unwrap_u16 (&unwrapped, seq);
}

/* Two in a row there: the sender began anew. */
static ViaNackArrival
far_off (ViaNack *self, guint16 seq, gboolean is_ahead)
{
  if (seq == self->bad_seq) {
    restart (self, seq);
    return VIA_NACK_NEW;
  }
  self->bad_seq = (guint16) (seq + 1);
  return is_ahead ? VIA_NACK_NEW : VIA_NACK_DUPLICATE;
}

ViaNackArrival
via_nack_packet (ViaNack *self, guint16 seq, ViaTime now)
{
  gint64 wide = unwrap (self, seq);

  if (!self->is_started) {
    restart (self, seq);
    return VIA_NACK_NEW;
  }
  if (wide - self->highest >= MAX_DROPOUT
      || self->highest - wide >= VIA_NACK_WINDOW)
    return far_off (self, seq, wide > self->highest);
  self->bad_seq = NO_BAD_SEQ;
  if (wide <= self->highest)
    return fill (self, wide, now);
  advance (self, wide, now);
  return VIA_NACK_NEW;
}

ViaNackArrival
via_nack_resent (ViaNack *self, guint16 seq, ViaTime now)
{
  gint64 wide = unwrap (self, seq);

  if (!self->is_started || wide - self->highest > VIA_NACK_MISSING
      || self->highest - wide >= VIA_NACK_WINDOW)
    return VIA_NACK_DUPLICATE;
  if (wide <= self->highest)
    return fill (self, wide, now);
  advance (self, wide, now);
  return VIA_NACK_NEW;
}

gboolean
via_nack_is_missing (const ViaNack *self, guint16 seq)
{
  return find_missing (self, unwrap (self, seq)) >= 0;
}

static ViaTime
wait_after (const ViaNack *self, guint tries)
{
  ViaTime wait = self->rtt > 0 ? self->rtt * 5 / 4 : VIA_NACK_RTT;

  wait = CLAMP (wait, VIA_NACK_MIN_WAIT, VIA_NACK_MAX_WAIT);
  return tries > PATIENT_TRIES ? MIN (2 * wait, VIA_NACK_MAX_WAIT) : wait;
}

static void
note_asked (const ViaNack *self, Missing *missing, ViaTime now)
{
  if (missing->tries++ == 0)
    missing->asked_first = now;
  missing->asked_last = now;
  missing->due_at = missing->since + VIA_NACK_AGE;
  if (missing->tries < VIA_NACK_TRIES)
    missing->due_at =
        MIN (missing->due_at, now + wait_after (self, missing->tries));
}

guint
via_nack_next (ViaNack *self, guint16 *out, guint max, ViaTime now)
{
  guint n = 0;

  for (guint i = 0; i < self->missing->len && n < max;) {
    Missing *missing = at (self, i);

    if (now < missing->due_at) {
      i++;
    } else if (now - missing->since >= VIA_NACK_AGE) {
      g_array_remove_index (self->missing, i);
    } else {
      out[n++] = (guint16) missing->seq;
      note_asked (self, missing, now);
      i++;
    }
  }
  return n;
}

ViaTime
via_nack_deadline (const ViaNack *self)
{
  ViaTime when = VIA_TIME_NEVER;

  for (guint i = 0; i < self->missing->len; i++)
    when = MIN (when, at (self, i)->due_at);
  return when;
}
