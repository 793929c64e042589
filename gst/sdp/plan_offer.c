/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_offer.c – our wishes → the plan of our offer, and what an answer
 * leaves of it. Pure. RFC 3264 §5, §7 · RFC 9429 §5.2 · RFC 9143 §7.2, §7.4
 */
#include "sdp/plan_parts.h"

#include <string.h>

/* Payload types we offer; the repair stream of @pt has @rtx_pt. */
static const struct
{
  ViaCodecId id;
  guint8 pt;
  gint rtx_pt;
} offered[] = {
    {VIA_CODEC_VP8, 96, 97},
    {VIA_CODEC_VP9, 98, 99},
    {VIA_CODEC_H264, 108, 109},
    {VIA_CODEC_OPUS, 111, -1},
    {VIA_CODEC_PCMU, 0, -1},
    {VIA_CODEC_PCMA, 8, -1},
};

/* One id per extension in the whole bundle (RFC 9143 §15). */
static const struct
{
  ViaExt ext;
  guint8 id;
  gboolean audio, video;
} offered_exts[] = {
    {VIA_EXT_AUDIO_LEVEL, 1, TRUE, FALSE},
    {VIA_EXT_ABS_SEND_TIME, 2, TRUE, TRUE},
    {VIA_EXT_TWCC, 3, TRUE, TRUE},
    {VIA_EXT_MID, 4, TRUE, TRUE},
    {VIA_EXT_PLAYOUT_DELAY, 5, FALSE, TRUE},
    {VIA_EXT_VIDEO_ORIENTATION, 13, FALSE, TRUE},
};

static ViaPlanMedia *
offer_add_media (ViaPlan *plan, ViaKind kind)
{
  ViaPlanMedia *media = via_plan_media_new (kind);

  media->media =
      g_strdup (kind == VIA_KIND_DATA ? "application" : via_kind_name (kind));
  media->protocol =
      g_strdup (kind == VIA_KIND_DATA ? "UDP/DTLS/SCTP" : "UDP/TLS/RTP/SAVPF");
  media->mid = g_strdup_printf ("%u", plan->media->len);
  media->is_bundled = TRUE;
  media->direction = VIA_DIRECTION_SENDRECV;
  g_ptr_array_add (plan->media, media);
  return media;
}

static void
offer_add_codec (ViaPlanMedia *media, ViaCodecId id)
{
  ViaFeedback feedback = VIA_FEEDBACK_TWCC;

  if (media->kind == VIA_KIND_VIDEO)
    feedback |= VIA_FEEDBACK_NACK | VIA_FEEDBACK_PLI | VIA_FEEDBACK_FIR
                | VIA_FEEDBACK_REMB;
  for (guint i = 0; i < media->codecs->len; i++)
    if (g_array_index (media->codecs, ViaPlanCodec, i).codec.id == id)
      return;
  for (guint i = 0; i < G_N_ELEMENTS (offered); i++)
    if (offered[i].id == id && via_codec_kind (id) == media->kind)
      via_plan_add_codec (media, id, via_codec_default_fmtp (id), offered[i].pt,
          offered[i].rtx_pt, feedback);
}

static void
offer_add_rtp (ViaPlan *plan, ViaKind kind, const ViaPlanLocal *local)
{
  gboolean is_audio = kind == VIA_KIND_AUDIO;
  const ViaCodecId *ids = is_audio ? local->audio_codecs : local->video_codecs;
  guint n = is_audio ? local->n_audio_codecs : local->n_video_codecs;
  ViaPlanMedia *media;

  if (n == 0)
    return;
  media = offer_add_media (plan, kind);
  media->direction = local->direction;
  media->is_reduced_size = TRUE;
  for (guint i = 0; i < n; i++)
    offer_add_codec (media, ids[i]);
  for (guint i = 0; i < G_N_ELEMENTS (offered_exts); i++) {
    ViaPlanExt ext = {
        offered_exts[i].id, offered_exts[i].ext, VIA_DIRECTION_SENDRECV};

    if (is_audio ? offered_exts[i].audio : offered_exts[i].video)
      g_array_append_val (media->exts, ext);
  }
}

ViaPlan *
via_plan_offer (const ViaPlanLocal *local, ViaRng *rng)
{
  ViaPlan *plan;

  g_return_val_if_fail (local != NULL && rng != NULL, NULL);

  plan = via_plan_new (VIA_ROLE_OFFERER);
  plan->setup = local->setup;
  plan->is_mixed = TRUE;
  for (guint i = 0; i < local->n_audio; i++)
    offer_add_rtp (plan, VIA_KIND_AUDIO, local);
  for (guint i = 0; i < local->n_video; i++)
    offer_add_rtp (plan, VIA_KIND_VIDEO, local);
  if (local->data)
    offer_add_media (plan, VIA_KIND_DATA)->sctp_port = 5000;
  via_plan_draw_identity (plan, rng);
  via_plan_draw_sources (plan, local->stream_id, rng);
  return plan;
}

/* Keeps of @media the codecs the answer has, in the answer's order. */
static void
accept_codecs (ViaPlanMedia *media, const ViaSdpMedia *theirs)
{
  g_autoptr (GArray) ours = media->codecs;

  media->codecs = via_plan_codecs_new ();
  for (guint i = 0; i < theirs->codecs->len; i++) {
    const ViaSdpCodec *codec = &g_array_index (theirs->codecs, ViaSdpCodec, i);

    for (guint k = 0; k < ours->len; k++) {
      const ViaPlanCodec *mine = &g_array_index (ours, ViaPlanCodec, k);
      gint rtx_pt = via_plan_find_rtx (theirs, codec->pt);

      if (mine->pt != codec->pt || mine->codec.id != codec->id
          || !via_codec_fmtp_match (codec->id, mine->codec.fmtp, codec->fmtp))
        continue;
      via_plan_add_codec (media, codec->id, mine->codec.fmtp, mine->pt,
          rtx_pt == mine->rtx_pt ? rtx_pt : -1,
          mine->feedback & codec->feedback);
    }
  }
}

static void
accept_exts (ViaPlanMedia *media, const ViaSdpMedia *theirs)
{
  for (guint i = media->exts->len; i-- > 0;) {
    ViaPlanExt *mine = &g_array_index (media->exts, ViaPlanExt, i);
    ViaDirection direction = VIA_DIRECTION_INACTIVE;

    for (guint k = 0; k < theirs->exts->len; k++) {
      const ViaSdpExt *ext = &g_array_index (theirs->exts, ViaSdpExt, k);

      if (ext->id == mine->id && ext->ext == mine->ext)
        direction = mine->direction & via_plan_mirror (ext->direction);
    }
    if (direction == VIA_DIRECTION_INACTIVE)
      g_array_remove_index (media->exts, i);
    else
      mine->direction = direction;
  }
}

static gboolean
accept_has_rtx (const ViaPlanMedia *media)
{
  for (guint i = 0; i < media->codecs->len; i++)
    if (g_array_index (media->codecs, ViaPlanCodec, i).rtx_pt >= 0)
      return TRUE;
  return FALSE;
}

static void
accept_media (
    ViaPlanMedia *media, const ViaSdp *answer, const ViaSdpMedia *theirs)
{
  if (media->kind == VIA_KIND_DATA) {
    media->sctp_port = theirs->sctp_port;
    media->max_message_size = theirs->max_message_size;
    media->is_rejected |= theirs->is_refused || theirs->sctp_port == 0;
    return;
  }
  media->direction &=
      via_plan_mirror (via_plan_their_direction (answer, theirs));
  media->is_reduced_size &= theirs->is_reduced_size;
  accept_codecs (media, theirs);
  accept_exts (media, theirs);
  via_plan_drop_lone_twcc (media);
  via_plan_take_sources (media, theirs);
  if (!accept_has_rtx (media))
    media->rtx_ssrc = 0;
  media->is_rejected |= theirs->is_refused || media->codecs->len == 0;
}

/* NULL, or why @answer is none to @offer (RFC 3264 §6). */
static const gchar *
accept_check (const ViaPlan *offer, const ViaSdp *answer)
{
  if (offer->media->len != answer->media->len)
    return "the answer does not have the m-lines of the offer";
  for (guint i = 0; i < answer->media->len; i++) {
    const ViaPlanMedia *ours = via_plan_media (offer, i);
    const ViaSdpMedia *theirs = via_sdp_media (answer, i);

    if (strcmp (ours->media, theirs->media) != 0
        || (!theirs->is_refused && ours->kind != theirs->kind))
      return "an m-line of the answer is not of the offer's kind";
    if (theirs->mid != NULL && strcmp (ours->mid, theirs->mid) != 0)
      return "an m-line of the answer has another mid than in the offer";
  }
  return NULL;
}

ViaPlan *
via_plan_accept (const ViaPlan *offer, const gchar *answer, GError **error)
{
  g_autoptr (ViaPlan) plan = NULL;
  g_autoptr (ViaSdp) sdp = NULL;
  const gchar *why;

  g_return_val_if_fail (offer != NULL && answer != NULL, NULL);

  if (offer->role != VIA_ROLE_OFFERER || offer->is_complete) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "SDP: an answer without an offer of ours that waits for one");
    return NULL;
  }
  sdp = via_sdp_read (answer, strnlen (answer, VIA_SDP_MAX_BYTES + 1), error);
  if (sdp == NULL)
    return NULL;
  why = accept_check (offer, sdp);
  if (why != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED, "SDP: %s", why);
    return NULL;
  }
  plan = via_plan_copy (offer);
  plan->is_mixed = sdp->session.is_mixed;
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaSdpMedia *theirs = via_sdp_media (sdp, i);

    accept_media (via_plan_media (plan, i), sdp, theirs);
    plan->is_mixed |= theirs->section.is_mixed;
  }
  if (!via_plan_take_transport (plan, sdp, error)
      || !via_plan_resolve_setup (plan, offer->setup, TRUE, error))
    return NULL;
  via_plan_strip_rejected (plan);
  plan->is_complete = TRUE;
  return g_steal_pointer (&plan);
}
