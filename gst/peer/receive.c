/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/receive.c – latches SSRCs to m-lines and counts what they bring.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 8843 §9.2 · RFC 3550 §6.4 · RFC 4588 §8.3
 */
#include "peer/receive.h"

#include <string.h>

#include "peer/demux.h"
#include "rtp/keyframe.h"
#include "rtp/rtx.h"

#define REPORTED_WITHIN (5 * VIA_S) /* silent streams leave our reports */

static void
free_source (gpointer data)
{
  ViaReceiveSource *source = data;

  g_clear_pointer (&source->nack, via_nack_free);
  g_free (source);
}

void
via_receiver_init (ViaReceiver *self)
{
  *self = (ViaReceiver){0};
  self->sources = g_ptr_array_new_with_free_func (free_source);
  self->media = g_array_new (FALSE, TRUE, sizeof (ViaReceiveMedia));
  self->gone = g_array_new (FALSE, FALSE, sizeof (ViaReceiveGone));
}

void
via_receiver_clear (ViaReceiver *self)
{
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_clear_pointer (&self->media, g_array_unref);
  g_clear_pointer (&self->gone, g_array_unref);
  g_clear_pointer (&self->twcc, via_twcc_free);
  for (guint i = 0; i < VIA_RECEIVER_CNAMES; i++)
    g_clear_pointer (&self->clocks[i].cname, g_free);
  self->plan = NULL;
}

static ViaReceiveSource *
at (const ViaReceiver *self, guint i)
{
  return via_receiver_source (self, i);
}

static ViaReceiveSource *
find (const ViaReceiver *self, guint32 ssrc)
{
  for (guint i = 0; i < self->sources->len; i++)
    if (at (self, i)->stats.ssrc == ssrc)
      return at (self, i);
  return NULL;
}

static gboolean
receives (const ViaPlan *plan, guint i)
{
  const ViaPlanMedia *media = via_plan_media (plan, i);

  return media && !media->is_rejected
         && (media->direction & VIA_DIRECTION_RECVONLY) != 0;
}

void
via_receiver_configure (ViaReceiver *self, const ViaPlan *plan)
{
  guint old = self->media->len;

  self->plan = plan;
  g_array_set_size (self->media, plan->media->len);
  for (guint i = old; i < self->media->len; i++) {
    via_keyask_init (&via_receiver_media (self, i)->keyask);
    via_flow_init (&via_receiver_media (self, i)->flow);
  }
  for (guint i = 0; i < self->media->len; i++)
    if (!receives (plan, i))
      via_flow_stop (&via_receiver_media (self, i)->flow);
  for (guint i = self->sources->len; i-- > 0;)
    if (!receives (plan, at (self, i)->media))
      g_ptr_array_remove_index_fast (self->sources, i);
}

/* NULL: there are too many. */
static ViaTimelineClock *
clock_of (ViaReceiver *self, const gchar *cname)
{
  for (guint i = 0; i < VIA_RECEIVER_CNAMES; i++) {
    if (!self->clocks[i].cname)
      self->clocks[i].cname = g_strdup (cname);
    if (g_str_equal (self->clocks[i].cname, cname))
      return &self->clocks[i].clock;
  }
  return NULL;
}

/* As announced with its SSRC; "": not. */
static const gchar *
announced_cname (const ViaReceiver *self, guint media, guint32 ssrc)
{
  const GArray *sources = via_plan_media (self->plan, media)->sources;

  for (guint i = 0; sources && i < sources->len; i++) {
    const ViaPlanSource *source = &g_array_index (sources, ViaPlanSource, i);

    if (source->ssrc == ssrc && source->cname)
      return source->cname;
  }
  return "";
}

/* The stream latches to the m-line of its first packet. */
static ViaDrop
latch (ViaReceiver *self, const ViaRtpView *rtp, ViaReceiveSource **out)
{
  const ViaPlanCodec *codec;
  gboolean is_rtx;
  guint media;
  ViaDrop drop = via_demux_media (self->plan, rtp, &media);

  if (drop != VIA_DROP_NONE)
    return drop;
  codec =
      via_demux_codec (via_plan_media (self->plan, media), rtp->pt, &is_rtx);
  if (!codec)
    return VIA_DROP_UNKNOWN_PT;
  if (self->sources->len >= VIA_RECEIVER_SSRCS)
    return VIA_DROP_LIMIT;
  *out = g_new0 (ViaReceiveSource, 1);
  (*out)->media = media;
  (*out)->is_rtx = is_rtx;
  (*out)->ends_at = VIA_TIME_NEVER;
  via_receive_stats_init (&(*out)->stats, rtp->ssrc, codec->codec.clock_rate);
  via_timeline_init (&(*out)->timeline, codec->codec.clock_rate);
  (*out)->clock = clock_of (self, announced_cname (self, media, rtp->ssrc));
  g_ptr_array_add (self->sources, *out);
  return VIA_DROP_NONE;
}

/* A MID moves a stream that was latched elsewhere (RFC 8843 §9.2). */
static ViaDrop
media_of (const ViaReceiver *self, const ViaRtpView *rtp,
    const ViaReceiveSource *source, guint *out_media)
{
  ViaDrop drop;

  *out_media = source->media;
  if (!via_demux_mid (self->plan, rtp, out_media, &drop))
    return VIA_DROP_NONE;
  return drop;
}

/* @out of an original packet. */
static void
describe (ViaReceiver *self, ViaReceiveSource *source,
    const ViaPlanCodec *codec, const ViaRtpView *rtp, ViaTime now,
    ViaPeerMedia *out)
{
  ViaReceiveMedia *media = via_receiver_media (self, source->media);

  via_flow_packet (&media->flow, now);
  out->rtp = *rtp;
  out->captured = via_timeline_packet (
      &source->timeline, source->clock, rtp->timestamp, now);
  memcpy (out->rid, source->rid, sizeof out->rid);
  out->is_key =
      via_keyframe_starts (codec->codec.id, rtp->payload, rtp->payload_len);
  if (via_plan_media (self->plan, source->media)->kind != VIA_KIND_VIDEO)
    return;
  media->counts.frames += rtp->marker;
  if (!out->is_key)
    return;
  media->counts.key_frames++;
  via_keyask_satisfied (&media->keyask);
}

/* FALSE: it came before. */
static gboolean
count_arrival (
    ViaReceiver *self, const ViaReceiveSource *source, ViaNackArrival arrival)
{
  ViaReceiveMedia *media = via_receiver_media (self, source->media);

  if (arrival == VIA_NACK_DUPLICATE)
    media->counts.duplicates++;
  if (arrival == VIA_NACK_RECOVERED)
    media->counts.recovered_packets++;
  return arrival != VIA_NACK_DUPLICATE;
}

static void
take_original (ViaReceiver *self, ViaReceiveSource *source,
    const ViaPlanCodec *codec, const ViaRtpView *rtp, ViaTime now,
    ViaPeerMedia *out)
{
  gboolean has_nack = (codec->feedback & VIA_FEEDBACK_NACK) != 0;

  if (!source->nack && (has_nack || codec->rtx_pt >= 0))
    source->nack = via_nack_new ();
  if (source->nack) {
    via_nack_enable (source->nack, has_nack);
    if (!count_arrival (
            self, source, via_nack_packet (source->nack, rtp->seq, now)))
      return;
  }
  describe (self, source, codec, rtp, now, out);
}

/* --- retransmissions --- */

static gboolean
by_group (const ViaReceiver *self, const ViaReceiveSource *rtx, guint32 *out)
{
  const GArray *sources = via_plan_media (self->plan, rtx->media)->sources;

  for (guint i = 0; sources && i < sources->len; i++)
    if (g_array_index (sources, ViaPlanSource, i).rtx_ssrc == rtx->stats.ssrc) {
      *out = g_array_index (sources, ViaPlanSource, i).ssrc;
      return TRUE;
    }
  return FALSE;
}

/* The stream @rtx repairs, of those that came: by its repaired RID (RFC 8852),
 * as the only one of the m-line, or as the only one that misses @osn (RFC 4588
 * §5.3). */
static gboolean
by_guess (const ViaReceiver *self, const ViaReceiveSource *rtx, guint16 osn,
    guint32 *out)
{
  const ViaReceiveSource *only = NULL, *misses = NULL;
  guint n = 0, n_misses = 0;

  for (guint i = 0; i < self->sources->len; i++) {
    const ViaReceiveSource *source = at (self, i);

    if (source->is_rtx || source->media != rtx->media
        || (rtx->rid[0] && strcmp (source->rid, rtx->rid) != 0))
      continue;
    only = source;
    n++;
    if (!source->nack || !via_nack_is_missing (source->nack, osn))
      continue;
    misses = source;
    n_misses++;
  }
  if (n != 1)
    only = n_misses == 1 ? misses : NULL;
  if (only)
    *out = only->stats.ssrc;
  return only != NULL;
}

static ViaReceiveSource *
original_of (ViaReceiver *self, ViaReceiveSource *rtx, guint16 osn)
{
  ViaReceiveSource *source = NULL;

  if (rtx->has_original)
    source = find (self, rtx->original);
  if (!source || source->media != rtx->media || source->is_rtx) {
    rtx->has_original = by_group (self, rtx, &rtx->original)
                        || by_guess (self, rtx, osn, &rtx->original);
    source = rtx->has_original ? find (self, rtx->original) : NULL;
  }
  return source && source->media == rtx->media ? source : NULL;
}

static ViaDrop
take_resent (ViaReceiver *self, ViaReceiveSource *rtx,
    const ViaPlanCodec *codec, const ViaRtpView *rtp, ViaTime now,
    ViaPeerMedia *out)
{
  ViaReceiveSource *source;
  ViaNackArrival arrival;
  ViaRtpView original;
  guint16 osn;

  if (via_rtx_is_probe (rtp))
    return VIA_DROP_NONE;
  if (!via_rtx_osn (rtp, &osn))
    return VIA_DROP_MALFORMED;
  source = original_of (self, rtx, osn);
  if (!source || !source->nack)
    return VIA_DROP_UNKNOWN_SSRC;
  arrival = via_nack_resent (source->nack, osn, now);
  if (arrival == VIA_NACK_NEW)
    arrival = VIA_NACK_RECOVERED;
  if (!count_arrival (self, source, arrival)
      || !via_rtx_unwrap (rtp, codec->pt, source->stats.ssrc, &original))
    return VIA_DROP_NONE;
  describe (self, source, codec, &original, now, out);
  return VIA_DROP_NONE;
}

/* --- arrival --- */

/* The payload type changed to one that counts otherwise. */
static void
change_rate (ViaReceiveSource *source, guint32 clock_rate)
{
  source->stats.clock_rate = clock_rate;
  source->stats.has_transit = FALSE;
  via_timeline_init (&source->timeline, clock_rate);
}

static void
note_twcc (ViaReceiver *self, guint media, const ViaPlanCodec *codec,
    const ViaRtpView *rtp, ViaTime now)
{
  guint16 seq;

  if ((codec->feedback & VIA_FEEDBACK_TWCC) == 0
      || !via_demux_twcc (via_plan_media (self->plan, media), rtp, &seq))
    return;
  if (!self->twcc)
    self->twcc = via_twcc_new ();
  via_twcc_packet (self->twcc, seq, rtp->ssrc, now);
  self->twcc_media = media;
}

ViaDrop
via_receiver_rtp (
    ViaReceiver *self, const ViaRtpView *rtp, ViaTime now, ViaPeerMedia *out)
{
  ViaReceiveSource *source;
  const ViaPlanCodec *codec;
  gboolean is_rtx = FALSE;
  ViaDrop drop;
  guint media;

  memset (out, 0, sizeof *out);
  if (!self->plan)
    return VIA_DROP_NOT_READY;
  source = find (self, rtp->ssrc);
  if (!source) {
    drop = latch (self, rtp, &source);
    if (drop != VIA_DROP_NONE)
      return drop;
  }
  drop = media_of (self, rtp, source, &media);
  if (drop != VIA_DROP_NONE)
    return drop;
  codec =
      via_demux_codec (via_plan_media (self->plan, media), rtp->pt, &is_rtx);
  if (!codec || is_rtx != source->is_rtx)
    return VIA_DROP_UNKNOWN_PT;
  if (codec->codec.clock_rate != source->stats.clock_rate)
    change_rate (source, codec->codec.clock_rate);
  source->media = media;
  if (source->ends_at == VIA_TIME_NEVER)
    source->has_left = FALSE; /* it comes back; before, it is only late */
  source->pt = rtp->pt;
  via_demux_rid (via_plan_media (self->plan, media), rtp, source->rid);
  via_receive_stats_packet (&source->stats, rtp, now);
  note_twcc (self, media, codec, rtp, now);
  out->media = media;
  if (is_rtx)
    return take_resent (self, source, codec, rtp, now, out);
  take_original (self, source, codec, rtp, now, out);
  return VIA_DROP_NONE;
}

void
via_receiver_sr (ViaReceiver *self, guint32 ssrc, guint64 ntp,
    guint32 timestamp, ViaTime now)
{
  ViaReceiveSource *source = find (self, ssrc);

  if (!source)
    return;
  via_receive_stats_sr (&source->stats, ntp, now);
  if (!source->is_rtx)
    via_timeline_sr (&source->timeline, source->clock, ntp, timestamp, now);
}

void
via_receiver_cname (
    ViaReceiver *self, guint32 ssrc, const gchar *cname, gsize len)
{
  ViaReceiveSource *source = find (self, ssrc);
  g_autofree gchar *name = NULL;

  if (!source || len == 0 || len > 255)
    return;
  name = g_strndup (cname, len);
  source->clock = clock_of (self, name);
}

/* --- the end of a stream --- */

void
via_receiver_bye (ViaReceiver *self, guint32 ssrc, ViaTime now)
{
  ViaReceiveSource *source = find (self, ssrc);

  if (!source || source->has_left)
    return;
  source->has_left = TRUE;
  source->ends_at = now + VIA_RECEIVER_LATE;
}

static void
tell_gone (ViaReceiver *self, const ViaReceiveSource *source)
{
  ViaReceiveGone gone = {source->media, source->stats.ssrc};

  if (!source->is_rtx && self->gone->len < 2 * VIA_RECEIVER_SSRCS)
    g_array_append_val (self->gone, gone);
}

gboolean
via_receiver_poll_gone (ViaReceiver *self, ViaReceiveGone *out)
{
  if (self->gone->len == 0)
    return FALSE;
  *out = g_array_index (self->gone, ViaReceiveGone, 0);
  g_array_remove_index (self->gone, 0);
  return TRUE;
}

void
via_receiver_expire (ViaReceiver *self, ViaTime now)
{
  for (guint i = 0; i < self->sources->len; i++)
    if (now >= at (self, i)->ends_at) {
      at (self, i)->ends_at = VIA_TIME_NEVER;
      tell_gone (self, at (self, i));
    }
  for (guint i = 0; i < self->media->len; i++)
    via_flow_expire (&via_receiver_media (self, i)->flow, now);
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
      if (!via_receive_source_is_over (at (self, i)))
        tell_gone (self, at (self, i));
      g_ptr_array_remove_index_fast (self->sources, i);
      return TRUE;
    }
  return FALSE;
}

ViaTime
via_receiver_deadline (const ViaReceiver *self)
{
  ViaTime when = VIA_TIME_NEVER;

  for (guint i = 0; i < self->sources->len; i++)
    when = MIN (when, MIN (at (self, i)->ends_at, forget_at (at (self, i))));
  for (guint i = 0; i < self->media->len; i++)
    when = MIN (when, via_flow_deadline (&via_receiver_media (self, i)->flow));
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
