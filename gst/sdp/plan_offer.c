/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_offer.c – our wishes → the plan of our offer, first and later ones.
 * Pure. RFC 3264 §5, §8 · RFC 9429 §5.2 · RFC 9143 §7.2, §9.1, §15
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
    {VIA_CODEC_H265, 100, 101},
    {VIA_CODEC_AV1, 102, 103},
    {VIA_CODEC_G722, 9, -1},
};

/* telephone-event beside the codecs of each clock rate. */
static const struct
{
  guint32 clock_rate; /* Hz */
  guint8 pt;
} offered_events[] = {{48000, 110}, {8000, 126}};

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

/* A new m-line: in the place of one that was rejected before this offer, else
 * at the end. RFC 9429 §5.2.2 */
static void
offer_place (ViaPlan *plan, const ViaPlan *current, ViaPlanMedia *media)
{
  for (guint i = 0; current != NULL && i < current->media->len; i++)
    if (via_plan_media (current, i)->is_rejected
        && via_plan_media (plan, i)->is_rejected) {
      via_plan_media_free (via_plan_media (plan, i));
      plan->media->pdata[i] = media;
      return;
    }
  g_ptr_array_add (plan->media, media);
}

static const ViaPlanCodec *
offer_find_codec (const ViaPlan *plan, ViaCodecId id, const gchar *fmtp)
{
  for (guint i = 0; i < plan->media->len; i++) {
    GArray *codecs = via_plan_media (plan, i)->codecs;

    for (guint k = 0; k < codecs->len; k++) {
      const ViaPlanCodec *codec = &g_array_index (codecs, ViaPlanCodec, k);

      if (codec->codec.id == id
          && via_codec_fmtp_match (id, codec->codec.fmtp, fmtp))
        return codec;
    }
  }
  return NULL;
}

static gboolean
offer_media_has_pt (const ViaPlanMedia *media, gint pt)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaPlanCodec *codec = &g_array_index (media->codecs, ViaPlanCodec, i);

    if (codec->pt == pt || codec->rtx_pt == pt)
      return TRUE;
  }
  return FALSE;
}

/* In @plan, or in @media that is on its way there. */
static gboolean
offer_has_pt (const ViaPlan *plan, const ViaPlanMedia *media, gint pt)
{
  for (guint i = 0; i < plan->media->len; i++)
    if (offer_media_has_pt (via_plan_media (plan, i), pt))
      return TRUE;
  return offer_media_has_pt (media, pt);
}

/* @wish if it is free and not @taken, else a dynamic one that is; -1: none is
 * left. */
static gint
offer_free_pt (
    const ViaPlan *plan, const ViaPlanMedia *media, gint wish, gint taken)
{
  if (wish != taken && !offer_has_pt (plan, media, wish))
    return wish;
  for (gint i = 0; i < 32 + 29; i++) {
    gint pt = i < 32 ? 96 + i : 35 + i - 32; /* RFC 5761 §4: not 64 to 95 */

    if (pt != taken && !offer_has_pt (plan, media, pt))
      return pt;
  }
  return -1;
}

/* In one bundle a payload type is one codec (RFC 9143 §9.1): as in the other
 * m-lines of @plan, else as in our table. */
static void
offer_add_codec (const ViaPlan *plan, ViaPlanMedia *media, ViaCodecId id)
{
  const gchar *fmtp = via_codec_default_fmtp (id);
  const ViaPlanCodec *known = offer_find_codec (plan, id, fmtp);
  ViaFeedback feedback = VIA_FEEDBACK_TWCC;
  gint pt, rtx_pt = -1;

  if (media->kind == VIA_KIND_VIDEO)
    feedback |= VIA_FEEDBACK_NACK | VIA_FEEDBACK_PLI | VIA_FEEDBACK_FIR
                | VIA_FEEDBACK_REMB;
  for (guint i = 0; i < media->codecs->len; i++)
    if (g_array_index (media->codecs, ViaPlanCodec, i).codec.id == id)
      return;
  for (guint i = 0; i < G_N_ELEMENTS (offered); i++) {
    if (offered[i].id != id || via_codec_kind (id) != media->kind)
      continue;
    pt = known != NULL ? known->pt
                       : offer_free_pt (plan, media, offered[i].pt, -1);
    if (known != NULL && known->rtx_pt >= 0)
      rtx_pt = known->rtx_pt;
    else if (offered[i].rtx_pt >= 0)
      rtx_pt = offer_free_pt (plan, media, offered[i].rtx_pt, pt);
    if (pt >= 0)
      via_plan_add_codec (media, id, known != NULL ? known->codec.fmtp : fmtp,
          (guint8) pt, rtx_pt, feedback);
  }
}

static void
offer_add_events (const ViaPlan *plan, ViaPlanMedia *media)
{
  for (guint i = 0; i < G_N_ELEMENTS (offered_events); i++) {
    guint32 rate = offered_events[i].clock_rate;
    const ViaPlanCodec *known = NULL;
    gint pt;

    for (guint k = 0; known == NULL && k < plan->media->len; k++)
      known = via_plan_media_event (via_plan_media (plan, k), rate);
    pt = known != NULL ? known->pt
                       : offer_free_pt (plan, media, offered_events[i].pt, -1);
    if (pt >= 0)
      via_plan_add_event (
          media, via_codec_default_fmtp (VIA_CODEC_EVENT), (guint8) pt, rate);
  }
}

/* The id of @ext in the bundle (RFC 9143 §15): as it is, as @wish, or a free
 * one; 0: none is left. */
static guint8
offer_ext_id (const ViaPlan *plan, ViaExt ext, guint8 wish)
{
  gboolean used[15] = {TRUE};

  for (guint i = 0; i < plan->media->len; i++) {
    GArray *exts = via_plan_media (plan, i)->exts;

    for (guint k = 0; k < exts->len; k++) {
      const ViaPlanExt *known = &g_array_index (exts, ViaPlanExt, k);

      if (known->ext == ext)
        return known->id;
      if (known->id < G_N_ELEMENTS (used))
        used[known->id] = TRUE;
    }
  }
  if (!used[wish])
    return wish;
  for (guint8 id = 1; id < G_N_ELEMENTS (used); id++)
    if (!used[id])
      return id;
  return 0;
}

static void
offer_add_exts (const ViaPlan *plan, ViaPlanMedia *media)
{
  gboolean is_audio = media->kind == VIA_KIND_AUDIO;

  for (guint i = 0; i < G_N_ELEMENTS (offered_exts); i++) {
    ViaExt ext = offered_exts[i].ext;
    ViaPlanExt mine = {offer_ext_id (plan, ext, offered_exts[i].id), ext,
        VIA_DIRECTION_SENDRECV};

    if (mine.id != 0
        && (is_audio ? offered_exts[i].audio : offered_exts[i].video))
      g_array_append_val (media->exts, mine);
  }
}

static void
offer_add_media (ViaPlan *plan, const ViaPlan *current,
    const ViaPlanLocal *local, const ViaPlanWish *wish)
{
  gboolean is_data = wish->kind == VIA_KIND_DATA;
  gboolean is_audio = wish->kind == VIA_KIND_AUDIO;
  const ViaCodecId *ids = is_audio ? local->audio_codecs : local->video_codecs;
  guint n = is_audio ? local->n_audio_codecs : local->n_video_codecs;
  ViaPlanMedia *media;

  if (!is_data && n == 0)
    return;
  media = via_plan_media_new (wish->kind);
  media->media =
      g_strdup (is_data ? "application" : via_kind_name (wish->kind));
  media->protocol = g_strdup (is_data ? "UDP/DTLS/SCTP" : "UDP/TLS/RTP/SAVPF");
  media->mid = via_plan_draw_mid (plan);
  media->is_bundled = media->is_ours = TRUE;
  media->direction = media->wish =
      is_data ? VIA_DIRECTION_SENDRECV : wish->direction;
  media->is_reduced_size = !is_data;
  media->sctp_port = is_data ? 5000 : 0;
  for (guint i = 0; !is_data && i < n; i++)
    offer_add_codec (plan, media, ids[i]);
  for (guint i = 0; !is_data && i < n; i++)
    if (ids[i] == VIA_CODEC_EVENT)
      offer_add_events (plan, media);
  if (!is_data)
    offer_add_exts (plan, media);
  offer_place (plan, current, media);
}

/* The wish for m-line @media of the call, NULL if there is none. */
static const ViaPlanWish *
offer_wish_for (
    const ViaPlanMedia *media, const ViaPlanWish *wishes, guint n_wishes)
{
  for (guint i = 0; i < n_wishes && !media->is_rejected; i++)
    if (g_strcmp0 (wishes[i].mid, media->mid) == 0)
      return &wishes[i];
  return NULL;
}

/* NULL, or what is wrong with the wishes that name an m-line of @current. */
static const gchar *
offer_check (const ViaPlan *current, const ViaPlanWish *wishes, guint n_wishes)
{
  for (guint i = 0; i < n_wishes; i++) {
    gboolean is_found = wishes[i].mid == NULL;

    for (guint k = 0; !is_found && current != NULL && k < current->media->len;
         k++) {
      const ViaPlanMedia *media = via_plan_media (current, k);

      is_found = !media->is_rejected && media->kind == wishes[i].kind
                 && strcmp (media->mid, wishes[i].mid) == 0
                 && offer_wish_for (media, wishes, i) == NULL;
    }
    if (!is_found)
      return wishes[i].mid;
  }
  return NULL;
}

/* The m-lines of @current as they are wished for now. */
static void
offer_keep (ViaPlan *plan, const ViaPlan *current, const ViaPlanWish *wishes,
    guint n_wishes)
{
  via_plan_keep_identity (plan, current);
  plan->remote = via_remote_transport_copy (current->remote);
  for (guint i = 0; i < current->media->len; i++) {
    const ViaPlanMedia *was = via_plan_media (current, i);
    const ViaPlanWish *wish = offer_wish_for (was, wishes, n_wishes);
    ViaPlanMedia *media = via_plan_media_copy (was);

    g_ptr_array_add (plan->media, media);
    if (wish == NULL)
      via_plan_reject (plan, i);
    else if (media->kind != VIA_KIND_DATA)
      media->direction = media->wish = wish->direction;
    if (wish != NULL)
      media->is_bundled = TRUE;
  }
}

ViaPlan *
via_plan_reoffer (const ViaPlan *current, const ViaPlanLocal *local,
    const ViaPlanWish *wishes, guint n_wishes, gboolean restarts_ice,
    ViaRng *rng, GError **error)
{
  g_autoptr (ViaPlan) plan = NULL;
  const gchar *mid = offer_check (current, wishes, n_wishes);

  g_return_val_if_fail (local != NULL && rng != NULL, NULL);

  if (current != NULL && !current->is_complete) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "SDP: an offer follows a complete negotiation only");
    return NULL;
  }
  if (mid != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "SDP: there is no m-line of mid \"%s\" to keep, or it is kept twice",
        mid);
    return NULL;
  }
  plan = via_plan_new (VIA_ROLE_OFFERER);
  plan->setup = local->setup;
  plan->is_mixed = TRUE;
  if (current != NULL)
    offer_keep (plan, current, wishes, n_wishes);
  else
    via_plan_draw_identity (plan, rng);
  plan->restarts_ice = restarts_ice && current != NULL;
  for (guint i = 0; i < n_wishes; i++)
    if (wishes[i].mid == NULL)
      offer_add_media (plan, current, local, &wishes[i]);
  if (plan->media->len > VIA_SDP_MAX_MEDIA) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT, "SDP: more than %d m-lines",
        VIA_SDP_MAX_MEDIA);
    return NULL;
  }
  via_plan_draw_sources (plan, local->stream_id, rng);
  return g_steal_pointer (&plan);
}

ViaPlan *
via_plan_offer (const ViaPlanLocal *local, ViaRng *rng)
{
  guint n = local->n_audio + local->n_video + (local->data ? 1 : 0);
  g_autofree ViaPlanWish *wishes = g_new0 (ViaPlanWish, n + 1);

  for (guint i = 0; i < n; i++) {
    wishes[i].kind = i < local->n_audio                    ? VIA_KIND_AUDIO
                     : i < local->n_audio + local->n_video ? VIA_KIND_VIDEO
                                                           : VIA_KIND_DATA;
    wishes[i].direction = local->direction;
  }
  return via_plan_reoffer (NULL, local, wishes, n, FALSE, rng, NULL);
}
