/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_parts.c – one transport, its DTLS role, and what each side sends.
 * Pure.
 * RFC 9143 §7 (BUNDLE) · RFC 8842 §5 (setup) · RFC 8122 §5 · RFC 8834 §4.5
 * (rtcp-mux) · RFC 8830 (msid)
 */
#include "sdp/plan_parts.h"

#include <string.h>

void
via_plan_add_codec (ViaPlanMedia *self, ViaCodecId id, const gchar *fmtp,
    guint8 pt, gint rtx_pt, ViaFeedback feedback)
{
  ViaPlanCodec entry = {
      .codec = {id, via_codec_clock_rate (id), via_codec_channels (id),
          g_strdup (fmtp)},
      .pt = pt,
      .rtx_pt = rtx_pt,
      .feedback = feedback,
  };

  g_array_append_val (self->codecs, entry);
}

void
via_plan_add_event (
    ViaPlanMedia *self, const gchar *fmtp, guint8 pt, guint32 clock_rate)
{
  gboolean has_companion = FALSE;

  for (guint i = 0; i < self->codecs->len; i++) {
    const ViaCodec *codec =
        &g_array_index (self->codecs, ViaPlanCodec, i).codec;

    if (codec->clock_rate == clock_rate && codec->id == VIA_CODEC_EVENT)
      return;
    has_companion |= codec->clock_rate == clock_rate;
  }
  if (!has_companion)
    return;
  via_plan_add_codec (self, VIA_CODEC_EVENT, fmtp, pt, -1, 0);
  g_array_index (self->codecs, ViaPlanCodec, self->codecs->len - 1)
      .codec.clock_rate = clock_rate;
}

void
via_plan_draw_identity (ViaPlan *self, ViaRng *rng)
{
  self->session_id = (guint64) (via_rng_u32 (rng) & G_MAXINT32) << 32;
  self->session_id |= via_rng_u32 (rng);
  self->cname = via_rng_text (rng, 16);
}

void
via_plan_keep_identity (ViaPlan *self, const ViaPlan *current)
{
  self->session_id = current->session_id;
  self->session_version = current->session_version + 1;
  g_free (self->cname);
  self->cname = g_strdup (current->cname);
  self->agreed_setup = current->agreed_setup;
  self->next_mid = current->next_mid;
}

static gboolean
plan_has_mid (const ViaPlan *self, const gchar *mid)
{
  for (guint i = 0; i < self->media->len; i++)
    if (g_strcmp0 (via_plan_media (self, i)->mid, mid) == 0)
      return TRUE;
  return FALSE;
}

gchar *
via_plan_draw_mid (ViaPlan *self)
{
  gchar *mid = g_strdup_printf ("%u", self->next_mid++);

  while (plan_has_mid (self, mid)) {
    g_free (mid);
    mid = g_strdup_printf ("%u", self->next_mid++);
  }
  return mid;
}

/* Numbers of up to four digits: what peers count with. */
void
via_plan_note_mids (ViaPlan *self)
{
  guint64 number;

  for (guint i = 0; i < self->media->len; i++)
    if (via_sdp_number (via_plan_media (self, i)->mid, 9999, &number))
      self->next_mid = MAX (self->next_mid, (guint) number + 1);
}

static gboolean
plan_has_ssrc (const ViaPlan *self, guint32 ssrc)
{
  for (guint i = 0; i < self->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (self, i);

    if (media->ssrc == ssrc || media->rtx_ssrc == ssrc)
      return TRUE;
    for (guint k = 0; k < media->sources->len; k++) {
      const ViaPlanSource *source =
          &g_array_index (media->sources, ViaPlanSource, k);

      if (source->ssrc == ssrc || source->rtx_ssrc == ssrc)
        return TRUE;
    }
  }
  return FALSE;
}

static guint32
plan_draw_ssrc (const ViaPlan *self, ViaRng *rng)
{
  guint32 ssrc;

  do
    ssrc = via_rng_u32 (rng);
  while (ssrc == 0 || plan_has_ssrc (self, ssrc));
  return ssrc;
}

/* 128 random bits as an RFC 4566 token; ice-char has '/', which is none. */
static gchar *
plan_draw_token (ViaRng *rng)
{
  return g_strdup_printf ("%08x%08x%08x%08x", via_rng_u32 (rng),
      via_rng_u32 (rng), via_rng_u32 (rng), via_rng_u32 (rng));
}

/* @text with what may not stand in an msid made '-'. */
static gchar *
plan_clean_token (const gchar *text)
{
  gchar *clean = g_strndup (text, 64);

  for (gchar *p = clean; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("!#$%&'*+-.^_`{|}~", *p) == NULL)
      *p = '-';
  return clean;
}

static gboolean
plan_has_rtx (const ViaPlanMedia *media)
{
  for (guint i = 0; i < media->codecs->len; i++)
    if (g_array_index (media->codecs, ViaPlanCodec, i).rtx_pt >= 0)
      return TRUE;
  return FALSE;
}

void
via_plan_draw_sources (ViaPlan *self, const gchar *stream_id, ViaRng *rng)
{
  g_autofree gchar *stream = stream_id != NULL && *stream_id != '\0'
                                 ? plan_clean_token (stream_id)
                                 : plan_draw_token (rng);

  for (guint i = 0; i < self->media->len; i++) {
    ViaPlanMedia *media = via_plan_media (self, i);

    if (media->is_rejected || media->kind == VIA_KIND_DATA
        || (media->direction & VIA_DIRECTION_SENDONLY) == 0)
      continue;
    if (media->rtx_ssrc == 0 && plan_has_rtx (media))
      media->rtx_ssrc = plan_draw_ssrc (self, rng);
    if (media->ssrc != 0)
      continue;
    media->ssrc = plan_draw_ssrc (self, rng);
    media->msid_stream = g_strdup (stream);
    media->msid_track = plan_draw_token (rng);
  }
}

ViaDirection
via_plan_mirror (ViaDirection theirs)
{
  return (ViaDirection) (((theirs & VIA_DIRECTION_SENDONLY) << 1)
                         | ((theirs & VIA_DIRECTION_RECVONLY) >> 1));
}

ViaDirection
via_plan_their_direction (const ViaSdp *sdp, const ViaSdpMedia *media)
{
  if (media->section.direction >= 0)
    return (ViaDirection) media->section.direction;
  if (sdp->session.direction >= 0)
    return (ViaDirection) sdp->session.direction;
  return VIA_DIRECTION_SENDRECV;
}

void
via_plan_take_sources (ViaPlanMedia *self, const ViaSdpMedia *theirs)
{
  g_array_set_size (self->sources, 0);
  g_ptr_array_set_size (self->remote_rids, 0);
  g_clear_pointer (&self->remote_msid_stream, g_free);
  g_clear_pointer (&self->remote_msid_track, g_free);
  if ((self->direction & VIA_DIRECTION_RECVONLY) == 0)
    return;
  self->remote_msid_stream = g_strdup (theirs->msid_stream);
  self->remote_msid_track = g_strdup (theirs->msid_track);
  for (guint i = 0; i < theirs->sources->len; i++) {
    ViaPlanSource source = g_array_index (theirs->sources, ViaPlanSource, i);

    source.cname = g_strdup (source.cname);
    g_array_append_val (self->sources, source);
  }
  for (guint i = 0; i < theirs->rids->len; i++)
    g_ptr_array_add (
        self->remote_rids, g_strdup (g_ptr_array_index (theirs->rids, i)));
}

gint
via_plan_find_rtx (const ViaSdpMedia *media, guint8 pt)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaSdpCodec *codec = &g_array_index (media->codecs, ViaSdpCodec, i);

    if (codec->apt == pt && (codec->pt < 64 || codec->pt > 95))
      return codec->pt;
  }
  return -1;
}

gboolean
via_plan_has_ext (const ViaPlanMedia *self, ViaExt ext)
{
  for (guint i = 0; i < self->exts->len; i++)
    if (g_array_index (self->exts, ViaPlanExt, i).ext == ext)
      return TRUE;
  return FALSE;
}

void
via_plan_drop_lone_twcc (ViaPlanMedia *self)
{
  if (via_plan_has_ext (self, VIA_EXT_TWCC))
    return;
  for (guint i = 0; i < self->codecs->len; i++)
    g_array_index (self->codecs, ViaPlanCodec, i).feedback &=
        (ViaFeedback) ~VIA_FEEDBACK_TWCC;
}

void
via_plan_reject (ViaPlan *self, guint i)
{
  ViaPlanMedia *old = via_plan_media (self, i);
  ViaPlanMedia *bare = via_plan_media_new (old->kind);

  bare->media = g_steal_pointer (&old->media);
  bare->protocol = g_steal_pointer (&old->protocol);
  bare->mid = g_steal_pointer (&old->mid);
  bare->is_rejected = TRUE;
  via_plan_media_free (old);
  self->media->pdata[i] = bare;
}

void
via_plan_strip_rejected (ViaPlan *self)
{
  for (guint i = 0; i < self->media->len; i++)
    if (via_plan_media (self, i)->is_rejected)
      via_plan_reject (self, i);
}
