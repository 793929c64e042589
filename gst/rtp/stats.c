/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/stats.c – loss, jitter and round-trip figures.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 3550 §6.4.1, A.1, A.3, A.8
 */
#include "rtp/stats.h"

#include <string.h>

#define NTP_UNIX_S G_GUINT64_CONSTANT (2208988800) /* 1900 to 1970 */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 100
#define NO_BAD_SEQ 0x10000u
#define MAX_RTT_UNITS (60 * 65536)

guint64
via_ntp_from_unix (gint64 unix_us)
{
  gint64 s = unix_us / VIA_S, us = unix_us % VIA_S;

  if (us < 0) {
    us += VIA_S;
    s--;
  }
  /* rounded up, so that the time read back is the same microsecond */
  return (((guint64) s + NTP_UNIX_S) << 32)
         | ((((guint64) us << 32) + VIA_S - 1) / VIA_S);
}

guint32
via_ntp_middle (guint64 ntp)
{
  return (guint32) (ntp >> 16);
}

void
via_receive_stats_init (ViaReceiveStats *self, guint32 ssrc, guint32 clock_rate)
{
  memset (self, 0, sizeof *self);
  self->ssrc = ssrc;
  self->clock_rate = clock_rate;
  self->bad_seq = NO_BAD_SEQ;
}

static void
restart (ViaReceiveStats *self, guint16 seq)
{
  self->is_started = TRUE;
  self->base_seq = self->highest_seq = seq;
  self->bad_seq = NO_BAD_SEQ;
  self->since_base = 0;
  self->expected_prior = self->received_prior = 0;
  self->has_transit = FALSE;
}

/* FALSE: the number lies too far off to be counted (A.1). */
static gboolean
count_seq (ViaReceiveStats *self, guint16 seq)
{
  ViaUnwrap unwrap = {self->highest_seq, TRUE};
  gint64 wide;

  if (!self->is_started)
    restart (self, seq);
  else {
    wide = via_unwrap_u16 (&unwrap, seq);
    if (wide - self->highest_seq >= MAX_DROPOUT
        || self->highest_seq - wide > MAX_MISORDER) {
      if (seq != self->bad_seq) {
        self->bad_seq = (guint16) (seq + 1);
        return FALSE;
      }
      restart (self, seq); /* two in a row: the sender began anew */
    } else
      self->highest_seq = MAX (self->highest_seq, wide);
  }
  self->since_base++;
  return TRUE;
}

/* A.8; transit times are differences modulo 2^32. */
static void
count_jitter (ViaReceiveStats *self, guint32 timestamp, ViaTime now)
{
  gint64 s = now / VIA_S, us = now % VIA_S;
  guint32 arrival =
      (guint32) (s * self->clock_rate + us * (gint64) self->clock_rate / VIA_S);
  guint32 transit = arrival - timestamp;
  gint64 d = (gint32) (transit - self->transit);

  if (self->has_transit) {
    /* one wild timestamp must not overflow the average */
    d = MIN (ABS (d), (gint64) self->clock_rate * 10);
    self->jitter16 =
        (guint32) (self->jitter16 + d - ((self->jitter16 + 8) >> 4));
  }
  self->transit = transit;
  self->has_transit = TRUE;
}

void
via_receive_stats_packet (
    ViaReceiveStats *self, const ViaRtpView *packet, ViaTime now)
{
  self->packets++;
  self->bytes += packet->payload_len;
  self->last_at = now;
  if (count_seq (self, packet->seq))
    count_jitter (self, packet->timestamp, now);
}

void
via_receive_stats_sr (ViaReceiveStats *self, guint64 ntp, ViaTime now)
{
  self->last_sr = via_ntp_middle (ntp);
  self->last_sr_at = now;
}

static gint64
expected (const ViaReceiveStats *self)
{
  return self->is_started ? self->highest_seq - self->base_seq + 1 : 0;
}

gint64
via_receive_stats_lost (const ViaReceiveStats *self)
{
  return expected (self) - (gint64) self->since_base;
}

ViaTime
via_receive_stats_jitter (const ViaReceiveStats *self)
{
  return self->clock_rate
             ? (gint64) (self->jitter16 >> 4) * VIA_S / self->clock_rate
             : 0;
}

static guint32
delay_since (ViaTime then, ViaTime now)
{
  gint64 delay = MAX (now - then, 0) / VIA_S < 65535
                     ? MAX (now - then, 0) * 65536 / VIA_S
                     : G_MAXUINT32;

  return (guint32) delay;
}

void
via_receive_stats_report (
    ViaReceiveStats *self, ViaTime now, ViaRtcpReport *out)
{
  gint64 expect = expected (self) - self->expected_prior;
  gint64 received = (gint64) self->since_base - self->received_prior;
  gint64 lost = expect - received;

  *out = (ViaRtcpReport){
      .ssrc = self->ssrc,
      .lost =
          (gint32) CLAMP (via_receive_stats_lost (self), -0x800000, 0x7fffff),
      .highest_seq = (guint32) self->highest_seq,
      .jitter = self->jitter16 >> 4,
  };
  if (expect > 0 && lost > 0)
    out->fraction_lost = (guint8) MIN (lost * 256 / expect, 255);
  if (self->last_sr) {
    out->last_sr = self->last_sr;
    out->delay_since_sr = delay_since (self->last_sr_at, now);
  }
  self->expected_prior = expected (self);
  self->received_prior = (gint64) self->since_base;
}

void
via_far_stats_init (ViaFarStats *self)
{
  memset (self, 0, sizeof *self);
  self->rtt = -1;
}

void
via_far_stats_report (
    ViaFarStats *self, const ViaRtcpReport *report, guint64 ntp)
{
  gint32 units;

  self->reports++;
  self->fraction_lost = report->fraction_lost;
  self->lost = report->lost;
  self->highest_seq = report->highest_seq;
  self->jitter = report->jitter;
  if (report->last_sr == 0)
    return;
  units = (gint32) (via_ntp_middle (ntp) - report->last_sr
                    - report->delay_since_sr);
  if (units >= 0 && units <= MAX_RTT_UNITS)
    self->rtt = (gint64) units * VIA_S / 65536;
}
