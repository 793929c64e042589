/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/ask.c – writes the RTCP feedback of a receiver.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 4585 §3.1, §6.2.1, §6.3.1 · RFC 5104 §4.3.1 · RFC 5506 §3.4 ·
 * transport-cc draft
 */
#include "peer/ask.h"

#include "peer/control.h"
#include "peer/demux.h"
#include "peer/state.h"
#include "rtp/rtcp.h"

#define MAX_STREAMS 4             /* asked at once, e.g. of simulcast */
#define MAX_NACKED 128            /* sequence numbers in one message */
#define ACTIVE_WITHIN (5 * VIA_S) /* a silent stream is not asked */

static guint32
own_ssrc (const ViaPeer *self, guint media)
{
  guint32 ssrc = via_plan_media (self->plan, media)->ssrc;

  return ssrc ? ssrc : self->ssrc;
}

/* Without reduced size an RR and a CNAME come first (RFC 5506 §3.4.1). */
static void
begin (const ViaPeer *self, guint media, ViaWriter *out)
{
  if (via_plan_media (self->plan, media)->is_reduced_size)
    return;
  via_rtcp_write_rr (out, own_ssrc (self, media), NULL, 0);
  via_rtcp_write_sdes (out, own_ssrc (self, media), via_control_cname (self));
}

/* What was agreed for the codec the stream has now. */
static ViaFeedback
feedback_of (const ViaPlanMedia *media, gint pt)
{
  const ViaPlanCodec *codec = NULL;
  gboolean is_rtx;

  if (pt >= 0)
    codec = via_demux_codec (media, (guint8) pt, &is_rtx);
  else if (media->codecs->len > 0)
    codec = &g_array_index (media->codecs, ViaPlanCodec, 0);
  return codec ? codec->feedback : 0;
}

static void
ask_stream (ViaPeer *self, guint media, guint32 ssrc, gint pt, ViaWriter *out)
{
  ViaReceiveMedia *state = via_receiver_media (&self->receiver, media);
  ViaFeedback feedback = feedback_of (via_plan_media (self->plan, media), pt);

  if (feedback & VIA_FEEDBACK_PLI) {
    via_rtcp_write_pli (out, own_ssrc (self, media), ssrc);
    state->counts.plis++;
  } else if (feedback & VIA_FEEDBACK_FIR) {
    via_rtcp_write_fir (out, own_ssrc (self, media), ssrc, state->fir_seq++);
    state->counts.firs++;
  }
}

/* The streams that come, else the one that was announced. */
static void
ask_keyframe (ViaPeer *self, guint media, ViaWriter *out, ViaTime now)
{
  const ViaPlanMedia *plan = via_plan_media (self->plan, media);
  guint n = 0;

  begin (self, media, out);
  for (guint i = 0; i < self->receiver.sources->len && n < MAX_STREAMS; i++) {
    const ViaReceiveSource *source = via_receiver_source (&self->receiver, i);

    if (source->media != media || source->is_rtx || source->has_left
        || now - source->stats.last_at > ACTIVE_WITHIN)
      continue;
    ask_stream (self, media, source->stats.ssrc, source->pt, out);
    n++;
  }
  if (n == 0 && plan->sources && plan->sources->len > 0)
    ask_stream (self, media,
        g_array_index (plan->sources, ViaPlanSource, 0).ssrc, -1, out);
}

static gsize
next_keyframe (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  for (guint i = 0; i < self->receiver.media->len; i++) {
    ViaReceiveMedia *media = via_receiver_media (&self->receiver, i);
    ViaReceiveCounts before = media->counts;
    ViaWriter writer;

    if (now < via_keyask_deadline (&media->keyask))
      continue;
    via_writer_init (&writer, out, size);
    ask_keyframe (self, i, &writer, now);
    via_keyask_sent (&media->keyask, now);
    if (media->counts.plis + media->counts.firs > before.plis + before.firs)
      return writer.pos;
  }
  return 0;
}

static gsize
next_nack (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  for (guint i = 0; i < self->receiver.sources->len; i++) {
    ViaReceiveSource *source = via_receiver_source (&self->receiver, i);
    ViaReceiveMedia *media =
        via_receiver_media (&self->receiver, source->media);
    guint16 seqs[MAX_NACKED];
    ViaWriter writer;
    guint n = 0;

    if (source->nack && !via_receive_source_is_over (source))
      n = via_nack_next (source->nack, seqs, MAX_NACKED, now);
    if (n == 0)
      continue;
    via_writer_init (&writer, out, size);
    begin (self, source->media, &writer);
    via_rtcp_write_nack (
        &writer, own_ssrc (self, source->media), source->stats.ssrc, seqs, n);
    media->counts.nacks++;
    media->counts.nacked_packets += n;
    return writer.pos;
  }
  return 0;
}

static gsize
next_twcc (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  ViaReceiver *receiver = &self->receiver;
  ViaWriter writer;

  if (!receiver->twcc || now < via_twcc_deadline (receiver->twcc)
      || receiver->twcc_media >= self->plan->media->len)
    return 0;
  via_writer_init (&writer, out, size);
  begin (self, receiver->twcc_media, &writer);
  if (!via_twcc_write (
          receiver->twcc, &writer, own_ssrc (self, receiver->twcc_media), now))
    return 0;
  receiver->twcc_feedbacks++;
  return writer.pos;
}

gsize
via_ask_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  gsize len = next_keyframe (self, out, size, now);

  if (len == 0)
    len = next_nack (self, out, size, now);
  if (len == 0)
    len = next_twcc (self, out, size, now);
  return len;
}

ViaTime
via_ask_deadline (const ViaPeer *self)
{
  ViaTime when = self->receiver.twcc ? via_twcc_deadline (self->receiver.twcc)
                                     : VIA_TIME_NEVER;

  for (guint i = 0; i < self->receiver.media->len; i++)
    when = MIN (when,
        via_keyask_deadline (&via_receiver_media (&self->receiver, i)->keyask));
  for (guint i = 0; i < self->receiver.sources->len; i++) {
    const ViaReceiveSource *source = via_receiver_source (&self->receiver, i);

    if (source->nack && !via_receive_source_is_over (source))
      when = MIN (when, via_nack_deadline (source->nack));
  }
  return when;
}

void
via_peer_want_keyframe (ViaPeer *self, guint media, ViaTime now)
{
  ViaReceiveMedia *state = via_receiver_media (&self->receiver, media);
  const ViaPlanMedia *plan =
      self->plan ? via_plan_media (self->plan, media) : NULL;

  if (state && plan && plan->kind == VIA_KIND_VIDEO && !via_peer_is_over (self))
    via_keyask_want (&state->keyask, now);
}
