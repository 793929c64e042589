/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/receive.c – latches SSRCs to m-lines and counts what they bring.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 8843 §9.2 · RFC 3550 §6.4
 */
#include "peer/receive.h"

#include "peer/demux.h"

#define REPORTED_WITHIN (5 * VIA_S) /* silent streams leave our reports */

void
via_receiver_init (ViaReceiver *self)
{
  self->plan = NULL;
  self->sources = g_array_new (FALSE, TRUE, sizeof (ViaReceiveSource));
}

void
via_receiver_clear (ViaReceiver *self)
{
  g_clear_pointer (&self->sources, g_array_unref);
  self->plan = NULL;
}

static ViaReceiveSource *
at (const ViaReceiver *self, guint i)
{
  return &g_array_index (self->sources, ViaReceiveSource, i);
}

static ViaReceiveSource *
find (const ViaReceiver *self, guint32 ssrc)
{
  for (guint i = 0; i < self->sources->len; i++)
    if (at (self, i)->stats.ssrc == ssrc)
      return at (self, i);
  return NULL;
}

void
via_receiver_configure (ViaReceiver *self, const ViaPlan *plan)
{
  self->plan = plan;
  for (guint i = self->sources->len; i-- > 0;) {
    const ViaPlanMedia *media = via_plan_media (plan, at (self, i)->media);

    if (!media || media->is_rejected
        || !(media->direction & VIA_DIRECTION_RECVONLY))
      g_array_remove_index_fast (self->sources, i);
  }
}

/* The stream latches to the m-line of its first packet and stays there. */
static ViaDrop
latch (ViaReceiver *self, const ViaRtpView *rtp, ViaReceiveSource **out)
{
  ViaReceiveSource source = {0};
  const ViaPlanCodec *codec;
  ViaDrop drop = via_demux_media (self->plan, rtp, &source.media);

  if (drop != VIA_DROP_NONE)
    return drop;
  codec = via_demux_codec (
      via_plan_media (self->plan, source.media), rtp->pt, &source.is_rtx);
  if (!codec)
    return VIA_DROP_UNKNOWN_PT;
  if (self->sources->len >= VIA_RECEIVER_SSRCS)
    return VIA_DROP_LIMIT;
  via_receive_stats_init (&source.stats, rtp->ssrc, codec->codec.clock_rate);
  g_array_append_val (self->sources, source);
  *out = at (self, self->sources->len - 1);
  return VIA_DROP_NONE;
}

ViaDrop
via_receiver_rtp (ViaReceiver *self, const ViaRtpView *rtp, ViaTime now,
    const ViaReceiveSource **out)
{
  ViaReceiveSource *source = find (self, rtp->ssrc);
  gboolean is_rtx;
  ViaDrop drop;

  if (!self->plan)
    return VIA_DROP_NOT_READY;
  if (!source) {
    drop = latch (self, rtp, &source);
    if (drop != VIA_DROP_NONE)
      return drop;
  }
  if (!via_demux_codec (
          via_plan_media (self->plan, source->media), rtp->pt, &is_rtx)
      || is_rtx != source->is_rtx)
    return VIA_DROP_UNKNOWN_PT;
  source->has_left = FALSE;
  via_receive_stats_packet (&source->stats, rtp, now);
  *out = source;
  return VIA_DROP_NONE;
}

void
via_receiver_sr (ViaReceiver *self, guint32 ssrc, guint64 ntp, ViaTime now)
{
  ViaReceiveSource *source = find (self, ssrc);

  if (source)
    via_receive_stats_sr (&source->stats, ntp, now);
}

void
via_receiver_bye (ViaReceiver *self, guint32 ssrc)
{
  ViaReceiveSource *source = find (self, ssrc);

  if (source)
    source->has_left = TRUE;
}

static ViaTime
forget_at (const ViaReceiveSource *source)
{
  return source->stats.last_at
         + (source->has_left ? VIA_RECEIVER_LEFT : VIA_RECEIVER_IDLE);
}

gboolean
via_receiver_forget (ViaReceiver *self, ViaTime now, guint32 *out_ssrc)
{
  for (guint i = 0; i < self->sources->len; i++)
    if (now >= forget_at (at (self, i))) {
      *out_ssrc = at (self, i)->stats.ssrc;
      g_array_remove_index_fast (self->sources, i);
      return TRUE;
    }
  return FALSE;
}

ViaTime
via_receiver_deadline (const ViaReceiver *self)
{
  ViaTime when = VIA_TIME_NEVER;

  for (guint i = 0; i < self->sources->len; i++)
    when = MIN (when, forget_at (at (self, i)));
  return when;
}

guint
via_receiver_reports (
    ViaReceiver *self, guint media, ViaTime now, ViaRtcpReport *out, guint max)
{
  guint n = 0;

  for (guint i = 0; i < self->sources->len && n < max; i++) {
    ViaReceiveSource *source = at (self, i);

    if (source->media == media && !source->has_left
        && now - source->stats.last_at < REPORTED_WITHIN)
      via_receive_stats_report (&source->stats, now, &out[n++]);
  }
  return n;
}
