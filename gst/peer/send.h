/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/send.h – what one m-line sends: its stream, resends and sender reports.
 * Makes plain RTP and RTCP; the peer protects it. Knows no keys.
 * RFC 3550 §6.4.1 · RFC 4588 · RFC 4585 · RFC 5104 §4.3.1 (FIR)
 */
#pragma once

#include "base/drop.h"
#include "base/packet.h"
#include "rtp/flow.h"
#include "rtp/history.h"
#include "rtp/stats.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

#define VIA_SENDER_ASK_AGAIN (1 * VIA_S) /* for the first key frame */

typedef struct
{
  guint64 packets, bytes; /* bytes: payload, as SR counts */
  guint64 frames;         /* of video */
  guint64 resent_packets, resent_bytes;
  guint64 nacks, nacked_packets, refused_packets;
  guint64 plis, firs;
} ViaSenderCounts;

typedef struct
{
  /* by the plan */
  guint media;
  const ViaPlanMedia *plan; /* the peer's */
  gboolean may_send;
  ViaRtpExts exts;

  /* by bind */
  gboolean is_bound;
  ViaCodec codec; /* of the track */
  guint8 pt;
  gint rtx_pt;   /* -1: none */
  gint event_pt; /* telephone-event; -1: none */
  guint32 clock_rate;

  ViaRewrite rewrite;
  ViaPicidRow picids;
  ViaHistory *history; /* NULL: NACK was not agreed */
  guint16 rtx_seq;
  gboolean waits_for_key;
  gboolean wants_keyframe; /* an event to be polled */
  ViaTime ask_at;          /* when to want one again; NEVER */
  gboolean has_key;
  gint64 key_seq; /* where the last key frame sent began */

  gboolean owes_bye; /* the stream ended */
  gboolean has_left; /* its BYE went out; nothing came since */
  ViaFlow flow;

  gboolean has_fir;
  guint32 fir_sender;
  guint8 fir_seq;

  ViaTime report_at; /* NEVER: nothing to report */
  guint idle_reports;
  guint64 reported_packets;
  ViaFarStats far_end;
  ViaSenderCounts counts;
} ViaSender;

/* (transfer full) */
ViaSender *via_sender_new (guint media, ViaRng *rng);
void via_sender_free (ViaSender *self);
/* @plan: lives until the next call. Counters and numbers go on. */
void via_sender_configure (ViaSender *self, const ViaPlanMedia *plan);
gboolean via_sender_bind (ViaSender *self, const ViaCodec *codec);
void via_sender_unbind (ViaSender *self);

/* Writes the viewer's RTP packet of @packet. @twcc_seq: for the extension.
 * Returns its length; 0: @out_drop says why. Nothing is counted or kept
 * before _sent. */
typedef struct
{
  ViaRtpHeader header;
  gint64 seq;
  gsize payload_len;
} ViaSenderPacket;
gsize via_sender_write (ViaSender *self, ViaPacket *packet, guint16 twcc_seq,
    guint8 *out, gsize size, ViaTime now, ViaSenderPacket *out_packet,
    ViaDrop *out_drop);
void via_sender_sent (ViaSender *self, ViaPacket *packet,
    const ViaSenderPacket *sent, ViaTime now);

/* The far end misses @n packets. */
void via_sender_nack (
    ViaSender *self, const guint16 *seqs, guint n, ViaTime now);
/* The next packet to send again, as RTX (with @twcc_seq) or byte for byte;
 * 0: none. */
gsize via_sender_resend (ViaSender *self, guint16 twcc_seq, guint8 *out,
    gsize size, ViaTime now, gboolean *out_is_rtx);
/* What was sent is its end, until something is sent again. */
void via_sender_end (ViaSender *self);
void via_sender_pli (ViaSender *self);
/* A repeated @command_seq of the same @sender is ignored. */
void via_sender_fir (ViaSender *self, guint32 sender, guint8 command_seq);

/* Asks for a key frame now and then again while it is waited for. */
void via_sender_want_keyframe (ViaSender *self, ViaTime now);
void via_sender_expire (ViaSender *self, ViaTime now);
/* @may_report: a report that is due can go out. */
ViaTime via_sender_deadline (const ViaSender *self, gboolean may_report);

/* Appends SR or, if nothing was sent, RR (from @fallback_ssrc without one of
 * our own), then SDES. FALSE: nothing to report any more. */
gboolean via_sender_report (ViaSender *self, ViaWriter *out, const gchar *cname,
    guint32 fallback_ssrc, const ViaRtcpReport *reports, guint n,
    gint64 unix_offset, ViaTime now);

G_END_DECLS
