/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rewrite.h – one viewer's continuous stream made of changing sources.
 * Pure. A source's packet is const; the viewer's bytes go to its own buffer.
 * RFC 3550 §5.1 · RFC 4588 §4 (RTX) · RFC 8285 · RFC 8843 §15 (MID)
 */
#pragma once

#include "base/time.h"
#include "rtp/packet.h"
#include "rtp/picid.h"

G_BEGIN_DECLS

/* Inside the pack a track's audio level (RFC 6464) has this extension id; all
 * other extensions of a source are dropped. */
#define VIA_TRACK_AUDIO_LEVEL_ID 1

/* The mapping (seq, timestamp) of the source → of the viewer. A value. */
typedef struct
{
  guint32 clock_rate; /* Hz, of the present source */
  guint16 first_seq;
  guint32 first_timestamp;

  gboolean is_started; /* something went out */
  gint64 out_highest;  /* sequence number, not wrapped */
  guint32 out_timestamp;
  ViaTime captured, sent; /* of the packet with out_highest */

  gboolean has_source;
  guint32 ssrc;
  gint64 in_base, in_highest;
  gint64 out_base;
  guint32 shift; /* outgoing timestamp - source's timestamp */

  gboolean has_old; /* @old_ssrc was the source until @switched */
  guint32 old_ssrc;
  ViaTime switched;
} ViaRewrite;

typedef struct
{
  gint64 seq; /* not wrapped; the low 16 bits go out */
  guint32 timestamp;
  gboolean is_new_source; /* the first of one */
} ViaRewritten;

/* The first packet gets @first_seq (random, below 2^15 so that SRTP's rollover
 * counter starts safely: RFC 3711 §3.3.1) and @first_timestamp. */
void via_rewrite_init (
    ViaRewrite *self, guint16 first_seq, guint32 first_timestamp);
/* The next packet comes from a new source of @clock_rate: its sequence number
 * is the last one + 1, its timestamp the last one + the time between them. */
void via_rewrite_switch (ViaRewrite *self, guint32 clock_rate);
/* Where @in goes. Gaps and order of a source are kept; a new SSRC or a jump of
 * the sequence number counts as a new source. FALSE: too late, leave it out. */
gboolean via_rewrite_map (ViaRewrite *self, const ViaRtpView *in,
    ViaTime captured, ViaTime now, ViaRewritten *out);
/* The stream's timestamp at time @at, by the last packet's capture time. */
guint32 via_rewrite_timestamp_at (const ViaRewrite *self, ViaTime at);

/* What was agreed for an m-line; id 0: not. */
typedef struct
{
  guint8 mid_id, abs_send_time_id, twcc_id, audio_level_id;
  guint8 mid_len; /* 1-16; a longer MID is not sent */
  gchar mid[16];
} ViaRtpExts;

typedef struct
{
  guint32 ssrc, timestamp;
  guint32 abs_send_time; /* 6.18 fixed point seconds */
  ViaPicidShift picids;  /* added to the payload's numbers */
  gint32 osn;            /* RTX: original sequence number; -1: no RTX */
  guint16 seq, twcc_seq;
  guint8 pt;
  gboolean marker;
} ViaRtpHeader;

/* @now as abs-send-time. */
guint32 via_rewrite_abs_send_time (ViaTime now);
/* What the source says of its loudness (RFC 6464 §3: a bit for voice, -dBov).
 * FALSE: nothing. */
gboolean via_rewrite_audio_level (const ViaRtpView *source, guint8 *out);
/* Writes @header, the extensions in @exts, and @source's payload (without
 * padding and CSRCs; with the shift in @header) to @out. The same input gives
 * the same bytes. Returns the length; 0 if it does not fit. */
gsize via_rewrite_write (const ViaRtpHeader *header, const ViaRtpExts *exts,
    const ViaRtpView *source, guint8 *out, gsize size);

G_END_DECLS
