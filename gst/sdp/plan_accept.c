/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_accept.c – what an answer leaves of our offer.
 * Pure. RFC 3264 §6, §7 · RFC 9429 §5.4 · RFC 9143 §7.4 · RFC 8839 §4.4.1.1.1
 */
#include "sdp/plan_parts.h"

#include <string.h>

static gboolean
accept_is (const ViaPlanCodec *mine, const ViaSdpCodec *theirs)
{
  return mine->pt == theirs->pt && mine->codec.id == theirs->id
         && mine->codec.clock_rate == theirs->clock_rate
         && via_codec_fmtp_match (theirs->id, mine->codec.fmtp, theirs->fmtp);
}

/* Events after the codecs they go beside. */
static void
accept_events (
    ViaPlanMedia *media, const GArray *ours, const ViaSdpMedia *theirs)
{
  for (guint i = 0; i < ours->len; i++)
    for (guint k = 0; k < theirs->codecs->len; k++) {
      const ViaPlanCodec *mine = &g_array_index (ours, ViaPlanCodec, i);
      const ViaSdpCodec *codec =
          &g_array_index (theirs->codecs, ViaSdpCodec, k);

      if (mine->codec.id == VIA_CODEC_EVENT && accept_is (mine, codec))
        via_plan_add_event (
            media, mine->codec.fmtp, mine->pt, mine->codec.clock_rate);
    }
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

      if (mine->codec.id == VIA_CODEC_EVENT || !accept_is (mine, codec))
        continue;
      via_plan_add_codec (media, codec->id, mine->codec.fmtp, mine->pt,
          rtx_pt == mine->rtx_pt ? rtx_pt : -1,
          mine->feedback & codec->feedback);
    }
  }
  accept_events (media, ours, theirs);
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

    if (ours->is_rejected) {
      if (!theirs->is_refused)
        return "the answer takes an m-line that we stopped";
      continue;
    }
    if (strcmp (ours->media, theirs->media) != 0
        || (!theirs->is_refused && ours->kind != theirs->kind))
      return "an m-line of the answer is not of the offer's kind";
    if (theirs->mid != NULL && strcmp (ours->mid, theirs->mid) != 0)
      return "an m-line of the answer has another mid than in the offer";
  }
  return NULL;
}

/* RFC 8839 §4.4.1.1.1: both sides' credentials change, or neither's. */
static gboolean
accept_restart (const ViaPlan *plan, const ViaPlan *offer, GError **error)
{
  if (offer->remote == NULL || plan->restarts_ice == offer->restarts_ice)
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED, "SDP: %s",
      offer->restarts_ice
          ? "the answer to an ICE restart keeps the old ICE credentials"
          : "the answer has new ICE credentials, but we restart nothing");
  return FALSE;
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
  if (!via_plan_take_transport (plan, sdp, offer, error)
      || !accept_restart (plan, offer, error)
      || !via_plan_resolve_setup (plan, offer->setup, TRUE, error))
    return NULL;
  via_plan_strip_rejected (plan);
  plan->is_complete = TRUE;
  return g_steal_pointer (&plan);
}
