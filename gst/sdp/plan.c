/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan.c – the plan as a value: make, copy, free, ask.
 * Pure; decides nothing.
 * RFC 6184 §8.1 (which H.264 stream fits which profile)
 */
#include "sdp/plan.h"

#include <string.h>

#include "sdp/plan_parts.h"

static void
plan_codec_clear (gpointer data)
{
  via_codec_clear (&((ViaPlanCodec *) data)->codec);
}

static void
plan_source_clear (gpointer data)
{
  g_clear_pointer (&((ViaPlanSource *) data)->cname, g_free);
}

static void
plan_fingerprint_clear (gpointer data)
{
  g_clear_pointer (&((ViaFingerprint *) data)->hash, g_free);
}

GArray *
via_plan_codecs_new (void)
{
  GArray *codecs = g_array_new (FALSE, TRUE, sizeof (ViaPlanCodec));

  g_array_set_clear_func (codecs, plan_codec_clear);
  return codecs;
}

ViaPlanMedia *
via_plan_media_new (ViaKind kind)
{
  ViaPlanMedia *self = g_new0 (ViaPlanMedia, 1);

  self->kind = kind;
  self->codecs = via_plan_codecs_new ();
  self->exts = g_array_new (FALSE, TRUE, sizeof (ViaPlanExt));
  self->sources = g_array_new (FALSE, TRUE, sizeof (ViaPlanSource));
  g_array_set_clear_func (self->sources, plan_source_clear);
  self->remote_rids = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
via_plan_media_free (ViaPlanMedia *self)
{
  if (self == NULL)
    return;
  g_free (self->media);
  g_free (self->protocol);
  g_free (self->mid);
  g_free (self->msid_stream);
  g_free (self->msid_track);
  g_free (self->remote_msid_stream);
  g_free (self->remote_msid_track);
  via_remote_transport_free (self->remote);
  g_array_unref (self->codecs);
  g_array_unref (self->exts);
  g_array_unref (self->sources);
  g_ptr_array_unref (self->remote_rids);
  g_free (self);
}

static gpointer
plan_copy_string (gconstpointer text, gpointer unused)
{
  return g_strdup (text);
}

ViaPlanMedia *
via_plan_media_copy (const ViaPlanMedia *from)
{
  ViaPlanMedia *self = g_memdup2 (from, sizeof *from);

  self->media = g_strdup (from->media);
  self->protocol = g_strdup (from->protocol);
  self->mid = g_strdup (from->mid);
  self->msid_stream = g_strdup (from->msid_stream);
  self->msid_track = g_strdup (from->msid_track);
  self->remote_msid_stream = g_strdup (from->remote_msid_stream);
  self->remote_msid_track = g_strdup (from->remote_msid_track);
  self->remote =
      from->remote != NULL ? via_remote_transport_copy (from->remote) : NULL;
  self->codecs = g_array_copy (from->codecs);
  g_array_set_clear_func (self->codecs, plan_codec_clear);
  for (guint i = 0; i < self->codecs->len; i++) {
    ViaCodec *codec = &g_array_index (self->codecs, ViaPlanCodec, i).codec;

    codec->fmtp = g_strdup (codec->fmtp);
  }
  self->exts = g_array_copy (from->exts);
  self->sources = g_array_copy (from->sources);
  g_array_set_clear_func (self->sources, plan_source_clear);
  for (guint i = 0; i < self->sources->len; i++) {
    ViaPlanSource *source = &g_array_index (self->sources, ViaPlanSource, i);

    source->cname = g_strdup (source->cname);
  }
  self->remote_rids =
      g_ptr_array_copy (from->remote_rids, plan_copy_string, NULL);
  g_ptr_array_set_free_func (self->remote_rids, g_free);
  return self;
}

void
via_remote_transport_free (ViaRemoteTransport *self)
{
  if (self == NULL)
    return;
  g_free (self->ufrag);
  if (self->pwd != NULL)
    explicit_bzero (self->pwd, strlen (self->pwd));
  g_free (self->pwd);
  g_array_unref (self->fingerprints);
  g_ptr_array_unref (self->candidates);
  g_free (self);
}

GArray *
via_plan_fingerprints_copy (const GArray *from)
{
  GArray *copy = g_array_new (FALSE, TRUE, sizeof (ViaFingerprint));

  g_array_set_clear_func (copy, plan_fingerprint_clear);
  for (guint i = 0; i < from->len; i++) {
    ViaFingerprint print = g_array_index (from, ViaFingerprint, i);

    print.hash = g_strdup (print.hash);
    g_array_append_val (copy, print);
  }
  return copy;
}

ViaRemoteTransport *
via_remote_transport_copy (const ViaRemoteTransport *from)
{
  ViaRemoteTransport *self = g_memdup2 (from, sizeof *from);

  self->ufrag = g_strdup (from->ufrag);
  self->pwd = g_strdup (from->pwd);
  self->fingerprints = via_plan_fingerprints_copy (from->fingerprints);
  self->candidates =
      g_ptr_array_copy (from->candidates, plan_copy_string, NULL);
  g_ptr_array_set_free_func (self->candidates, g_free);
  return self;
}

ViaPlan *
via_plan_new (ViaRole role)
{
  ViaPlan *self = g_new0 (ViaPlan, 1);

  self->role = role;
  self->session_version = 1;
  self->media =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_plan_media_free);
  return self;
}

ViaPlan *
via_plan_copy (const ViaPlan *from)
{
  ViaPlan *self = g_memdup2 (from, sizeof *from);

  self->cname = g_strdup (from->cname);
  self->remote =
      from->remote != NULL ? via_remote_transport_copy (from->remote) : NULL;
  self->media =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_plan_media_free);
  for (guint i = 0; i < from->media->len; i++)
    g_ptr_array_add (
        self->media, via_plan_media_copy (via_plan_media (from, i)));
  return self;
}

ViaPlan *
via_plan_part (const ViaPlan *from, gint mline)
{
  ViaPlan *self = via_plan_copy (from);

  for (guint i = 0; i < self->media->len; i++) {
    ViaPlanMedia *media = via_plan_media (self, i);

    if (mline < 0 ? media->remote != NULL : (gint) i != mline)
      via_plan_reject (self, i);
  }
  if (mline >= 0 && via_plan_media (from, (guint) mline)->remote != NULL) {
    via_remote_transport_free (self->remote);
    self->remote =
        g_steal_pointer (&via_plan_media (self, (guint) mline)->remote);
  }
  return self;
}

void
via_plan_free (ViaPlan *self)
{
  if (self == NULL)
    return;
  g_free (self->cname);
  via_remote_transport_free (self->remote);
  g_ptr_array_unref (self->media);
  g_free (self);
}

/* RFC 6184 table 5: which entries take a stream of @profile, its own first. */
static gboolean
plan_h264_fits (ViaH264Profile stream, ViaH264Profile entry)
{
  switch (stream) {
    case VIA_H264_CONSTRAINED_BASELINE:
      return entry != VIA_H264_OTHER;
    case VIA_H264_MAIN:
    case VIA_H264_CONSTRAINED_HIGH:
      return entry == VIA_H264_HIGH;
    default:
      return FALSE;
  }
}

static const ViaPlanCodec *
plan_match_h264 (const ViaPlanMedia *media, const gchar *fmtp)
{
  ViaH264Profile stream = via_codec_h264_profile (fmtp);
  const ViaPlanCodec *wider = NULL;

  for (guint i = 0; i < media->codecs->len && stream != VIA_H264_OTHER; i++) {
    const ViaPlanCodec *entry = &g_array_index (media->codecs, ViaPlanCodec, i);
    ViaH264Profile profile;

    if (entry->codec.id != VIA_CODEC_H264
        || via_codec_h264_packetization_mode (entry->codec.fmtp) != 1)
      continue;
    profile = via_codec_h264_profile (entry->codec.fmtp);
    if (profile == stream)
      return entry;
    if (wider == NULL && plan_h264_fits (stream, profile))
      wider = entry;
  }
  return wider;
}

const ViaPlanCodec *
via_plan_media_match (const ViaPlanMedia *media, const ViaCodec *codec)
{
  if (media->is_rejected || codec->id >= VIA_CODEC_UNKNOWN
      || codec->id == VIA_CODEC_EVENT)
    return NULL;
  if (codec->id == VIA_CODEC_H264)
    return plan_match_h264 (media, codec->fmtp);
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaPlanCodec *entry = &g_array_index (media->codecs, ViaPlanCodec, i);

    if (entry->codec.id == codec->id
        && via_codec_fmtp_takes (codec->id, entry->codec.fmtp, codec->fmtp))
      return entry;
  }
  return NULL;
}

const ViaPlanCodec *
via_plan_media_event (const ViaPlanMedia *media, guint32 clock_rate)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaPlanCodec *entry = &g_array_index (media->codecs, ViaPlanCodec, i);

    if (entry->codec.id == VIA_CODEC_EVENT
        && entry->codec.clock_rate == clock_rate)
      return entry;
  }
  return NULL;
}

const ViaFingerprint *
via_remote_transport_fingerprint (const ViaRemoteTransport *remote)
{
  const ViaFingerprint *best = NULL;

  for (guint i = 0; i < remote->fingerprints->len; i++) {
    const ViaFingerprint *print =
        &g_array_index (remote->fingerprints, ViaFingerprint, i);

    if (best == NULL || print->len > best->len)
      best = print;
  }
  return best;
}
