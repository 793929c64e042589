/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_answer.c – their offer and our wishes → the plan of our answer.
 * Pure.
 * RFC 3264 §6, §8 · RFC 9429 §5.3 · RFC 9143 §7.3 · RFC 8285 §5
 */
#include "sdp/plan_parts.h"

#include <string.h>

/* How much we want an entry of @id, less is more; -1: not at all.
 * Packetization mode 0 is for what we receive only. */
static gint
answer_rank (ViaCodecId id, const gchar *fmtp, gboolean receives)
{
  ViaH264Profile profile;
  gint mode;

  if (id == VIA_CODEC_VP9)
    return via_codec_vp9_profile (fmtp) == 0 ? 0 : -1;
  if (id == VIA_CODEC_H265 || id == VIA_CODEC_AV1)
    return via_codec_fmtp_match (id, fmtp, fmtp) ? 0 : -1;
  if (id != VIA_CODEC_H264)
    return 0;
  profile = via_codec_h264_profile (fmtp);
  mode = via_codec_h264_packetization_mode (fmtp);
  if (profile == VIA_H264_OTHER || mode < 0 || mode > 1
      || (mode == 0 && !receives))
    return -1;
  return (gint) profile + (mode == 1 ? 0 : VIA_H264_OTHER);
}

static void
answer_add_codec_of (
    ViaPlanMedia *media, const ViaSdpMedia *theirs, ViaCodecId id, gint rank)
{
  gboolean receives = (media->direction & VIA_DIRECTION_RECVONLY) != 0;

  for (guint i = 0; i < theirs->codecs->len; i++) {
    const ViaSdpCodec *codec = &g_array_index (theirs->codecs, ViaSdpCodec, i);
    g_autofree gchar *fmtp = NULL;

    if (codec->id != id || answer_rank (id, codec->fmtp, receives) != rank)
      continue;
    fmtp = via_codec_answer_fmtp (id, codec->fmtp);
    via_plan_add_codec (media, id, fmtp, codec->pt,
        via_plan_find_rtx (theirs, codec->pt), codec->feedback);
  }
}

/* Those of their telephone-events that go beside a codec of @media. */
static void
answer_add_events (ViaPlanMedia *media, const ViaSdpMedia *theirs)
{
  for (guint i = 0; i < theirs->codecs->len; i++) {
    const ViaSdpCodec *codec = &g_array_index (theirs->codecs, ViaSdpCodec, i);
    g_autofree gchar *fmtp = NULL;

    if (codec->id != VIA_CODEC_EVENT)
      continue;
    fmtp = via_codec_answer_fmtp (codec->id, codec->fmtp);
    via_plan_add_event (media, fmtp, codec->pt, codec->clock_rate);
  }
}

static gboolean
answer_is_repeated (const ViaCodecId *ids, guint i)
{
  for (guint k = 0; k < i; k++)
    if (ids[k] == ids[i])
      return TRUE;
  return FALSE;
}

static void
answer_add_codecs (
    ViaPlanMedia *media, const ViaSdpMedia *theirs, const ViaPlanLocal *local)
{
  const ViaCodecId *ids = theirs->kind == VIA_KIND_AUDIO ? local->audio_codecs
                                                         : local->video_codecs;
  guint n = theirs->kind == VIA_KIND_AUDIO ? local->n_audio_codecs
                                           : local->n_video_codecs;

  for (guint i = 0; i < n; i++)
    for (gint rank = 0;
         !answer_is_repeated (ids, i) && rank < 2 * VIA_H264_OTHER
         && theirs->is_rtp && via_codec_kind (ids[i]) == theirs->kind
         && ids[i] != VIA_CODEC_EVENT;
         rank++)
      answer_add_codec_of (media, theirs, ids[i], rank);
  for (guint i = 0; i < n; i++)
    if (ids[i] == VIA_CODEC_EVENT && !answer_is_repeated (ids, i))
      answer_add_events (media, theirs);
}

static void
answer_add_exts (
    ViaPlanMedia *media, const ViaSdpMedia *theirs, gboolean is_mixed)
{
  for (guint i = 0; i < theirs->exts->len; i++) {
    const ViaSdpExt *ext = &g_array_index (theirs->exts, ViaSdpExt, i);
    ViaPlanExt mine = {
        (guint8) ext->id, ext->ext, via_plan_mirror (ext->direction)};

    if (ext->ext == VIA_EXT_UNKNOWN || via_plan_has_ext (media, ext->ext)
        || mine.direction == VIA_DIRECTION_INACTIVE || ext->id == 15
        || ext->id > (is_mixed ? 255 : 14)
        || (ext->ext == VIA_EXT_MID && theirs->mid == NULL))
      continue;
    g_array_append_val (media->exts, mine);
  }
}

/* The first number that is no mid of the offer or of an earlier m-line. */
static gchar *
answer_make_mid (const ViaPlan *plan, const ViaSdp *offer)
{
  for (guint n = 0;; n++) {
    g_autofree gchar *mid = g_strdup_printf ("%u", n);
    gboolean is_free = TRUE;

    for (guint i = 0; i < offer->media->len && is_free; i++)
      is_free = g_strcmp0 (via_sdp_media (offer, i)->mid, mid) != 0;
    for (guint i = 0; i < plan->media->len && is_free; i++)
      is_free = strcmp (via_plan_media (plan, i)->mid, mid) != 0;
    if (is_free)
      return g_steal_pointer (&mid);
  }
}

/* What m-line @i was and goes on to be; NULL: it begins with this offer. */
static const ViaPlanMedia *
answer_kept (const ViaPlan *current, guint i, const ViaSdpMedia *theirs)
{
  const ViaPlanMedia *was =
      current != NULL ? via_plan_media (current, i) : NULL;

  if (was == NULL || was->is_rejected || theirs->is_refused
      || (theirs->mid != NULL && strcmp (theirs->mid, was->mid) != 0))
    return NULL;
  return was;
}

static void
answer_keep (ViaPlanMedia *media, const ViaPlanMedia *was)
{
  media->wish = was->wish;
  media->is_ours = was->is_ours;
  media->ssrc = was->ssrc;
  media->rtx_ssrc = was->rtx_ssrc;
  media->msid_stream = g_strdup (was->msid_stream);
  media->msid_track = g_strdup (was->msid_track);
}

static void
answer_add_rtp (ViaPlanMedia *media, const ViaSdp *offer,
    const ViaSdpMedia *theirs, const ViaPlanLocal *local)
{
  media->direction =
      via_plan_mirror (via_plan_their_direction (offer, theirs)) & media->wish;
  media->is_reduced_size = theirs->is_reduced_size;
  answer_add_codecs (media, theirs, local);
  answer_add_exts (
      media, theirs, offer->session.is_mixed || theirs->section.is_mixed);
  via_plan_drop_lone_twcc (media);
  via_plan_take_sources (media, theirs);
}

static void
answer_add_media (ViaPlan *plan, const ViaSdp *offer, const ViaSdpMedia *theirs,
    const ViaPlanMedia *was, const ViaPlanLocal *local)
{
  ViaPlanMedia *media = via_plan_media_new (theirs->kind);
  gboolean is_usable = FALSE;

  media->media = g_strdup (theirs->media);
  media->protocol = g_strdup (theirs->protocol);
  media->mid = theirs->mid != NULL ? g_strdup (theirs->mid)
               : was != NULL       ? g_strdup (was->mid)
                                   : answer_make_mid (plan, offer);
  media->wish = local->direction;
  if (was != NULL)
    answer_keep (media, was);
  if (theirs->kind == VIA_KIND_DATA) {
    is_usable = local->data && theirs->sctp_port != 0;
    media->direction = media->wish = VIA_DIRECTION_SENDRECV;
    media->sctp_port = theirs->sctp_port;
    media->max_message_size = theirs->max_message_size;
  } else if (theirs->kind != VIA_KIND_UNKNOWN) {
    answer_add_rtp (media, offer, theirs, local);
    is_usable = media->codecs->len > 0;
  }
  media->is_rejected = theirs->is_refused || !is_usable;
  g_ptr_array_add (plan->media, media);
}

/* NULL, or why @offer cannot follow @current: m-lines are never taken away, and
 * only a rejected one becomes another (RFC 3264 §8, RFC 9429 §5.2.2). */
static const gchar *
answer_check (const ViaPlan *current, const ViaSdp *offer)
{
  if (offer->media->len < current->media->len)
    return "the offer has fewer m-lines than before (RFC 3264 8)";
  for (guint i = 0; i < current->media->len; i++) {
    const ViaPlanMedia *was = via_plan_media (current, i);
    const ViaSdpMedia *theirs = via_sdp_media (offer, i);

    if (was->is_rejected || theirs->is_refused)
      continue;
    if (strcmp (was->media, theirs->media) != 0)
      return "a live m-line became one of another kind (RFC 3264 8.3)";
    if (theirs->mid != NULL && strcmp (was->mid, theirs->mid) != 0)
      return "a live m-line has another mid than before (RFC 9429 5.2.2)";
  }
  return NULL;
}

/* Both sides' plan, up to the transport. */
static ViaPlan *
answer_begin (
    const ViaPlan *current, const ViaPlanLocal *local, const ViaSdp *sdp)
{
  ViaPlan *plan = via_plan_new (VIA_ROLE_ANSWERER);

  plan->is_mixed = sdp->session.is_mixed;
  if (current != NULL)
    via_plan_keep_identity (plan, current);
  for (guint i = 0; i < sdp->media->len; i++) {
    const ViaSdpMedia *theirs = via_sdp_media (sdp, i);

    answer_add_media (
        plan, sdp, theirs, answer_kept (current, i, theirs), local);
    plan->is_mixed |= theirs->section.is_mixed;
  }
  via_plan_note_mids (plan);
  return plan;
}

ViaPlan *
via_plan_reanswer (const ViaPlan *current, const ViaPlanLocal *local,
    const gchar *offer, ViaRng *rng, GError **error)
{
  g_autoptr (ViaPlan) plan = NULL;
  g_autoptr (ViaSdp) sdp = NULL;
  const gchar *why;

  g_return_val_if_fail (local != NULL && offer != NULL && rng != NULL, NULL);
  g_return_val_if_fail (current == NULL || current->is_complete, NULL);

  sdp = via_sdp_read (offer, strnlen (offer, VIA_SDP_MAX_BYTES + 1), error);
  if (sdp == NULL)
    return NULL;
  why = current != NULL ? answer_check (current, sdp) : NULL;
  if (why != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED, "SDP: %s", why);
    return NULL;
  }
  plan = answer_begin (current, local, sdp);
  if (!via_plan_take_transport (plan, sdp, current, error)
      || !via_plan_resolve_setup (plan,
          current != NULL ? current->agreed_setup : local->setup, FALSE, error))
    return NULL;
  via_plan_strip_rejected (plan);
  if (current == NULL)
    via_plan_draw_identity (plan, rng);
  via_plan_draw_sources (plan, local->stream_id, rng);
  plan->is_complete = TRUE;
  return g_steal_pointer (&plan);
}

ViaPlan *
via_plan_answer (
    const ViaPlanLocal *local, const gchar *offer, ViaRng *rng, GError **error)
{
  return via_plan_reanswer (NULL, local, offer, rng, error);
}
