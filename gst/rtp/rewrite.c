/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rewrite.c – maps sequence numbers and timestamps, writes RTP headers.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 3550 §5.1, A.1 · RFC 4588 §4 · RFC 8285
 */
#include "rtp/rewrite.h"

#include <string.h>

#include "base/bytes.h"
#include "base/seq.h"
#include "rtp/hdrext.h"

/* A jump beyond these is a restarted source (RFC 3550 A.1). */
#define MAX_DROPOUT 3000
#define MAX_MISORDER 1000

/* Packets of the last source that still arrive are left out this long. */
#define OLD_SOURCE (1 * VIA_S)

/* Capture times that run away from sending times are not believed. */
#define MAX_CAPTURE_SKEW (10 * VIA_S)

void
via_rewrite_init (ViaRewrite *self, guint16 first_seq, guint32 first_timestamp)
{
  memset (self, 0, sizeof *self);
  self->first_seq = first_seq;
  self->first_timestamp = first_timestamp;
}

void
via_rewrite_switch (ViaRewrite *self, guint32 clock_rate)
{
  self->clock_rate = clock_rate;
  self->has_source = FALSE;
  self->has_old = FALSE; /* the new source may be the old one again */
}

static guint32
ticks (const ViaRewrite *self, ViaTime elapsed)
{
  /* whole seconds apart, so that no product leaves 64 bits */
  gint64 s = elapsed / VIA_S, us = elapsed % VIA_S;

  return (
      guint32) (s * self->clock_rate + us * (gint64) self->clock_rate / VIA_S);
}

/* How long after the last packet one captured at @captured comes. */
static ViaTime
elapsed_since_last (const ViaRewrite *self, ViaTime captured, ViaTime now)
{
  ViaTime by_capture = captured - self->captured, by_now = now - self->sent;

  if (by_capture > 0 && ABS (by_capture - by_now) <= MAX_CAPTURE_SKEW)
    return by_capture;
  return MAX (by_now, 1 * VIA_MS);
}

static void
adopt (ViaRewrite *self, const ViaRtpView *in, ViaTime captured, ViaTime now)
{
  guint32 timestamp = self->first_timestamp;

  self->out_base = self->first_seq;
  if (self->is_started) {
    ViaTime elapsed = elapsed_since_last (self, captured, now);

    self->out_base = self->out_highest + 1;
    timestamp = self->out_timestamp + MAX (ticks (self, elapsed), 1);
  }
  if (self->has_source && self->ssrc != in->ssrc) {
    self->has_old = TRUE;
    self->old_ssrc = self->ssrc;
    self->switched = now;
  }
  self->has_source = TRUE;
  self->ssrc = in->ssrc;
  self->in_base = self->in_highest = in->seq;
  self->shift = timestamp - in->timestamp;
}

gboolean
via_rewrite_map (ViaRewrite *self, const ViaRtpView *in, ViaTime captured,
    ViaTime now, ViaRewritten *out)
{
  ViaUnwrap unwrap = {self->in_highest, TRUE};
  gint64 seq;

  out->is_new_source = FALSE;
  if (self->has_old && in->ssrc == self->old_ssrc
      && now - self->switched < OLD_SOURCE)
    return FALSE;
  if (!self->has_source || in->ssrc != self->ssrc) {
    adopt (self, in, captured, now);
    out->is_new_source = TRUE;
    unwrap.last = self->in_highest;
  }
  seq = via_unwrap_u16 (&unwrap, in->seq);
  if (seq - self->in_highest > MAX_DROPOUT
      || self->in_highest - seq > MAX_MISORDER) {
    adopt (self, in, captured, now);
    out->is_new_source = TRUE;
    seq = self->in_base;
  }
  if (seq < self->in_base)
    return FALSE; /* its number belongs to what came before this source */

  self->in_highest = MAX (self->in_highest, seq);
  out->seq = self->out_base + (seq - self->in_base);
  out->timestamp = in->timestamp + self->shift;
  if (!self->is_started || out->seq > self->out_highest) {
    self->is_started = TRUE;
    self->out_highest = out->seq;
    self->out_timestamp = out->timestamp;
    self->captured = captured;
    self->sent = now;
  }
  return TRUE;
}

guint32
via_rewrite_timestamp_at (const ViaRewrite *self, ViaTime at)
{
  return self->out_timestamp + ticks (self, at - self->captured);
}

guint32
via_rewrite_abs_send_time (ViaTime now)
{
  guint64 us = (guint64) now % (64 * VIA_S);

  return (guint32) ((us << 18) / VIA_S) & 0xffffff;
}

gboolean
via_rewrite_audio_level (const ViaRtpView *source, guint8 *out)
{
  ViaHdrExtReader reader;
  ViaHdrExtItem item;

  if (!source->ext)
    return FALSE;
  via_hdrext_reader_init (&reader, source);
  while (via_hdrext_next (&reader, &item))
    if (item.id == VIA_TRACK_AUDIO_LEVEL_ID && item.len == 1) {
      *out = item.data[0];
      return TRUE;
    }
  return FALSE;
}

static gboolean
write_exts (ViaWriter *out, const ViaRtpHeader *header, const ViaRtpExts *exts,
    const ViaRtpView *source)
{
  ViaHdrExtValue values[4];
  guint8 send_time[3] = {(guint8) (header->abs_send_time >> 16),
      (guint8) (header->abs_send_time >> 8), (guint8) header->abs_send_time};
  guint8 twcc[2] = {
      (guint8) (header->twcc_seq >> 8), (guint8) header->twcc_seq};
  guint8 level;
  guint n = 0;

  if (exts->mid_id && exts->mid_len)
    values[n++] = (ViaHdrExtValue){
        exts->mid_id, exts->mid_len, (const guint8 *) exts->mid};
  if (exts->abs_send_time_id)
    values[n++] = (ViaHdrExtValue){exts->abs_send_time_id, 3, send_time};
  if (exts->twcc_id)
    values[n++] = (ViaHdrExtValue){exts->twcc_id, 2, twcc};
  if (exts->audio_level_id && via_rewrite_audio_level (source, &level))
    values[n++] = (ViaHdrExtValue){exts->audio_level_id, 1, &level};
  if (n == 0)
    return TRUE;
  out->data[0] |= 0x10;
  return via_hdrext_write (out, values, n);
}

gsize
via_rewrite_write (const ViaRtpHeader *header, const ViaRtpExts *exts,
    const ViaRtpView *source, guint8 *out, gsize size)
{
  ViaWriter writer;

  via_writer_init (&writer, out, size);
  via_writer_u8 (&writer, 0x80);
  via_writer_u8 (&writer, (header->marker ? 0x80 : 0) | (header->pt & 0x7f));
  via_writer_u16 (&writer, header->seq);
  via_writer_u32 (&writer, header->timestamp);
  via_writer_u32 (&writer, header->ssrc);
  if (writer.failed || !write_exts (&writer, header, exts, source))
    return 0;
  if (header->osn >= 0)
    via_writer_u16 (&writer, (guint16) header->osn);
  if (source->payload_len > 0)
    via_writer_bytes (&writer, source->payload, source->payload_len);
  if (writer.failed)
    return 0;
  via_picid_apply (&header->picids, out + writer.pos - source->payload_len,
      source->payload_len);
  return writer.pos;
}
