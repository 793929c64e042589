/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/stats.h – what a receiver reports of a stream, and what a sender is told.
 * Pure. Values; `now` comes in.
 * RFC 3550 §6.4.1, A.1, A.3, A.8
 */
#pragma once

#include "base/seq.h"
#include "base/time.h"
#include "rtp/packet.h"
#include "rtp/rtcp.h"

G_BEGIN_DECLS

/* @unix_us as NTP time, 32.32 seconds since 1900 (RFC 3550 §4). */
guint64 via_ntp_from_unix (gint64 unix_us);
/* The middle 32 bits, as in LSR. */
guint32 via_ntp_middle (guint64 ntp);

/* One received SSRC. */
typedef struct
{
  guint32 ssrc, clock_rate;
  gboolean is_started;
  gint64 base_seq, highest_seq; /* not wrapped */
  guint32 bad_seq;              /* next one of a suspected restart */
  guint64 packets, bytes;       /* bytes: payload */
  guint64 since_base;           /* packets since base_seq */
  gint64 expected_prior, received_prior;
  guint32 transit;
  gboolean has_transit;
  guint32 jitter16; /* 16 × jitter, RTP clock units */
  guint32 last_sr;  /* LSR; 0: none yet */
  ViaTime last_sr_at;
  ViaTime last_at; /* last packet */
} ViaReceiveStats;

void via_receive_stats_init (
    ViaReceiveStats *self, guint32 ssrc, guint32 clock_rate);
void via_receive_stats_packet (
    ViaReceiveStats *self, const ViaRtpView *packet, ViaTime now);
void via_receive_stats_sr (ViaReceiveStats *self, guint64 ntp, ViaTime now);
/* Expected minus received; duplicates can make it negative. */
gint64 via_receive_stats_lost (const ViaReceiveStats *self);
ViaTime via_receive_stats_jitter (const ViaReceiveStats *self); /* µs */
/* Fills a report block and begins the next interval. */
void via_receive_stats_report (
    ViaReceiveStats *self, ViaTime now, ViaRtcpReport *out);

/* What the far end says of a stream of ours. */
typedef struct
{
  guint reports;
  guint8 fraction_lost; /* of 256, since its report before */
  gint32 lost;
  guint32 highest_seq;
  guint32 jitter; /* RTP clock units */
  ViaTime rtt;    /* µs; -1: not known yet */
} ViaFarStats;

void via_far_stats_init (ViaFarStats *self);
/* @ntp: now, by the clock of our SRs. A round trip that is negative or longer
 * than a minute is not believed. */
void via_far_stats_report (
    ViaFarStats *self, const ViaRtcpReport *report, guint64 ntp);

G_END_DECLS
