/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/read_rtp.c – what each a= line of an RTP m-line means.
 * Pure.
 * RFC 8866 §6.6 · RFC 8285 §5 · RFC 5576 §4 · RFC 4585 §4.2 · RFC 8851 · RFC
 * 8830
 */
#include "sdp/read.h"

#include <string.h>

typedef const gchar *(*RtpFunc) (ViaSdpCursor *at, const gchar *value);

static ViaSdpCodec *
rtp_codec (ViaSdpMedia *media, guint64 pt)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    ViaSdpCodec *codec = &g_array_index (media->codecs, ViaSdpCodec, i);

    if (codec->pt == pt)
      return codec;
  }
  return NULL;
}

static const gchar *
rtp_rtcp_mux (ViaSdpCursor *at, const gchar *value)
{
  at->media->is_rtcp_mux = TRUE;
  return NULL;
}

static const gchar *
rtp_rtcp_rsize (ViaSdpCursor *at, const gchar *value)
{
  at->media->is_reduced_size = TRUE;
  return NULL;
}

/* "111 opus/48000/2" */
static const gchar *
rtp_rtpmap (ViaSdpCursor *at, const gchar *value)
{
  g_autofree gchar *word = NULL;
  g_auto (GStrv) parts = NULL;
  guint64 pt, clock_rate, channels = 1;
  ViaSdpCodec *codec;
  const gchar *rest;

  if (!at->media->is_rtp)
    return NULL;
  word = via_sdp_word (value, &rest);
  parts = g_strsplit (rest, "/", 4);
  if (!via_sdp_number (word, 127, &pt))
    return "an rtpmap whose payload type is not 0 to 127";
  if (g_strv_length (parts) < 2 || !via_sdp_is_token (parts[0])
      || !via_sdp_number (parts[1], G_MAXINT32, &clock_rate) || clock_rate == 0)
    return "an rtpmap without name and clock rate";
  if (parts[2] != NULL
      && (!via_sdp_number (parts[2], 255, &channels) || channels == 0))
    return "an rtpmap whose channels are not 1 to 255";
  codec = rtp_codec (at->media, pt);
  if (codec == NULL)
    return NULL;
  if (codec->name != NULL) {
    at->code = VIA_ERROR_REFUSED;
    return "a payload type with two rtpmaps";
  }
  codec->name = g_strdup (parts[0]);
  codec->clock_rate = (guint32) clock_rate;
  codec->channels = (guint) channels;
  return NULL;
}

static const gchar *
rtp_fmtp (ViaSdpCursor *at, const gchar *value)
{
  g_autofree gchar *word = NULL, *old = NULL;
  ViaSdpCodec *codec;
  const gchar *rest;
  guint64 pt;

  if (!at->media->is_rtp)
    return NULL;
  word = via_sdp_word (value, &rest);
  if (!via_sdp_number (word, 127, &pt))
    return "an fmtp whose payload type is not 0 to 127";
  codec = rtp_codec (at->media, pt);
  if (codec == NULL)
    return NULL;
  if (codec->fmtp != NULL
      && strlen (codec->fmtp) + strlen (rest) > 2 * VIA_SDP_MAX_LINE)
    return "fmtp lines over 8 KiB for one payload type";
  old = codec->fmtp;
  codec->fmtp =
      old != NULL ? g_strconcat (old, ";", rest, NULL) : g_strdup (rest);
  return NULL;
}

/* "96 nack pli", "* transport-cc" */
static const gchar *
rtp_rtcp_fb (ViaSdpCursor *at, const gchar *value)
{
  static const struct
  {
    const gchar *text;
    ViaFeedback bit;
  } known[] = {{"nack", VIA_FEEDBACK_NACK}, {"nack pli", VIA_FEEDBACK_PLI},
      {"ccm fir", VIA_FEEDBACK_FIR}, {"goog-remb", VIA_FEEDBACK_REMB},
      {"transport-cc", VIA_FEEDBACK_TWCC}};
  g_autofree gchar *word = NULL;
  ViaSdpCodec *codec;
  const gchar *rest;
  guint64 pt;

  if (!at->media->is_rtp)
    return NULL;
  word = via_sdp_word (value, &rest);
  if (strcmp (word, "*") != 0 && !via_sdp_number (word, 127, &pt))
    return "an rtcp-fb whose payload type is not 0 to 127 or *";
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    if (g_ascii_strcasecmp (rest, known[i].text) != 0)
      continue;
    codec = *word == '*' ? NULL : rtp_codec (at->media, pt);
    if (*word == '*')
      at->media->wildcard |= known[i].bit;
    else if (codec != NULL)
      codec->feedback |= known[i].bit;
  }
  return NULL;
}

static gboolean
rtp_ext_direction (const gchar *text, ViaDirection *out)
{
  static const gchar *const names[] = {
      "inactive", "sendonly", "recvonly", "sendrecv"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (text, names[i]) == 0) {
      *out = (ViaDirection) i;
      return TRUE;
    }
  return FALSE;
}

/* "3/sendonly urn:… attributes" */
static const gchar *
rtp_extmap (ViaSdpCursor *at, const gchar *value)
{
  ViaSdpExt ext = {.direction = VIA_DIRECTION_SENDRECV};
  g_autofree gchar *word = NULL, *uri = NULL;
  const gchar *rest;
  gchar *slash;
  guint64 id;

  if (!at->media->is_rtp)
    return NULL;
  word = via_sdp_word (value, &rest);
  uri = via_sdp_word (rest, &rest);
  slash = strchr (word, '/');
  if (slash != NULL) {
    *slash = '\0';
    if (!rtp_ext_direction (slash + 1, &ext.direction))
      return "an extmap with an unknown direction";
  }
  if (!via_sdp_number (word, 4351, &id) || id == 0 || (id > 255 && id < 4096))
    return "an extmap whose id is not 1 to 255 (RFC 8285)";
  if (!via_sdp_is_token (uri))
    return "an extmap without a URI";
  if (at->media->exts->len == VIA_SDP_MAX_EXTS)
    return "more than 32 extmaps in one m-line";
  for (guint i = 0; i < at->media->exts->len; i++)
    if (g_array_index (at->media->exts, ViaSdpExt, i).id == id) {
      at->code = VIA_ERROR_REFUSED;
      return "an extension id is used twice";
    }
  ext.id = (guint) id;
  ext.ext = via_ext_from_uri (uri);
  ext.uri = g_steal_pointer (&uri);
  g_array_append_val (at->media->exts, ext);
  return NULL;
}

/* NULL if there are too many. */
static ViaPlanSource *
rtp_source (ViaSdpMedia *media, guint32 ssrc)
{
  ViaPlanSource fresh = {.ssrc = ssrc};

  for (guint i = 0; i < media->sources->len; i++) {
    ViaPlanSource *source = &g_array_index (media->sources, ViaPlanSource, i);

    if (source->ssrc == ssrc)
      return source;
  }
  if (media->sources->len == VIA_SDP_MAX_SOURCES)
    return NULL;
  g_array_append_val (media->sources, fresh);
  return &g_array_index (
      media->sources, ViaPlanSource, media->sources->len - 1);
}

/* "stream track" or "stream"; the first of a section counts. */
static const gchar *
rtp_msid (ViaSdpCursor *at, const gchar *value)
{
  g_autofree gchar *stream = NULL, *track = NULL;
  const gchar *rest;

  if (at->media->msid_stream != NULL)
    return NULL;
  stream = via_sdp_word (value, &rest);
  track = via_sdp_word (rest, &rest);
  if (!via_sdp_is_token (stream)
      || (*track != '\0' && !via_sdp_is_token (track)))
    return "an msid that is no token";
  at->media->msid_stream = g_steal_pointer (&stream);
  if (*track != '\0')
    at->media->msid_track = g_steal_pointer (&track);
  return NULL;
}

/* "1234 cname:x", "1234 msid:stream track" */
static const gchar *
rtp_ssrc (ViaSdpCursor *at, const gchar *value)
{
  g_autofree gchar *word = NULL;
  ViaPlanSource *source;
  const gchar *rest;
  guint64 ssrc;

  word = via_sdp_word (value, &rest);
  if (!via_sdp_number (word, G_MAXUINT32, &ssrc) || ssrc == 0)
    return "an SSRC that is no 32-bit number";
  source = rtp_source (at->media, (guint32) ssrc);
  if (source == NULL)
    return "more than 64 SSRCs in one m-line";
  if (g_str_has_prefix (rest, "cname:") && source->cname == NULL)
    source->cname = g_strndup (rest + strlen ("cname:"), VIA_SDP_MAX_TOKEN);
  if (g_str_has_prefix (rest, "msid:"))
    return rtp_msid (at, rest + strlen ("msid:"));
  return NULL;
}

/* "FID 1234 5678": the second repairs the first (RFC 4588 §8.8) */
static const gchar *
rtp_ssrc_group (ViaSdpCursor *at, const gchar *value)
{
  g_auto (GStrv) words = NULL;
  guint64 ssrc[2];
  guint32 pair[2];

  if (!g_str_has_prefix (value, "FID "))
    return NULL;
  words = g_strsplit (value, " ", 4);
  if (g_strv_length (words) != 3
      || !via_sdp_number (words[1], G_MAXUINT32, &ssrc[0])
      || !via_sdp_number (words[2], G_MAXUINT32, &ssrc[1]) || ssrc[0] == 0
      || ssrc[1] == 0 || ssrc[0] == ssrc[1])
    return "an ssrc-group:FID that is not two SSRCs";
  if (at->media->repairs->len == 2 * VIA_SDP_MAX_SOURCES)
    return "more than 64 ssrc-groups in one m-line";
  pair[0] = (guint32) ssrc[0];
  pair[1] = (guint32) ssrc[1];
  g_array_append_vals (at->media->repairs, pair, 2);
  return NULL;
}

/* "l send pt=…" */
static const gchar *
rtp_rid (ViaSdpCursor *at, const gchar *value)
{
  g_autofree gchar *id = NULL, *direction = NULL;
  const gchar *rest;

  id = via_sdp_word (value, &rest);
  direction = via_sdp_word (rest, &rest);
  if (!via_sdp_is_token (id))
    return "a rid that is no token";
  if (strcmp (direction, "send") != 0)
    return strcmp (direction, "recv") == 0 ? NULL
                                           : "a rid that is no send or recv";
  if (g_ptr_array_find_with_equal_func (at->media->rids, id, g_str_equal, NULL))
    return "a rid is used twice";
  if (at->media->rids->len == VIA_SDP_MAX_RIDS)
    return "more than 16 rids in one m-line";
  g_ptr_array_add (at->media->rids, g_steal_pointer (&id));
  return NULL;
}

static const struct
{
  const gchar *name;
  RtpFunc take;
} attrs[] = {
    {"extmap", rtp_extmap},
    {"fmtp", rtp_fmtp},
    {"msid", rtp_msid},
    {"rid", rtp_rid},
    {"rtcp-fb", rtp_rtcp_fb},
    {"rtcp-mux", rtp_rtcp_mux},
    {"rtcp-rsize", rtp_rtcp_rsize},
    {"rtpmap", rtp_rtpmap},
    {"ssrc", rtp_ssrc},
    {"ssrc-group", rtp_ssrc_group},
};

const gchar *
via_sdp_attr_take_rtp (ViaSdpCursor *at, const gchar *name, const gchar *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (attrs); i++)
    if (strcmp (attrs[i].name, name) == 0)
      return attrs[i].take (at, value);
  return NULL;
}

static const gchar *
rtp_static_name (guint8 pt)
{
  switch (pt) {
    case 0:
      return "PCMU";
    case 8:
      return "PCMA";
    case 9:
      return "G722";
    default:
      return NULL;
  }
}

/* Static types without an rtpmap (RFC 3551 §6), and which codec of ours a
 * format is. Payload types 64 to 95 would pass for RTCP (RFC 5761 §4). */
static const gchar *
rtp_finish_codec (ViaSdpCodec *codec, ViaKind kind)
{
  g_autofree gchar *apt = NULL;
  guint64 value;
  ViaCodecId id;

  if (codec->name == NULL) {
    codec->name = g_strdup (rtp_static_name (codec->pt));
    codec->clock_rate = 8000;
  }
  if (codec->name == NULL)
    return NULL;
  if (g_ascii_strcasecmp (codec->name, "rtx") == 0) {
    apt = via_fmtp_get (codec->fmtp, "apt");
    if (apt == NULL)
      return NULL;
    if (!via_sdp_number (apt, 127, &value))
      return "an apt that is no payload type";
    codec->apt = (gint) value;
    return NULL;
  }
  id = via_codec_from_name (codec->name);
  if (id == VIA_CODEC_UNKNOWN || via_codec_kind (id) != kind
      || (id != VIA_CODEC_EVENT
          && codec->clock_rate != via_codec_clock_rate (id))
      || (codec->pt >= 64 && codec->pt <= 95)
      || (id != VIA_CODEC_OPUS && codec->channels != 1))
    return NULL;
  codec->id = id;
  return NULL;
}

/* Makes one ViaPlanSource of the two SSRCs of each FID group. */
static const gchar *
rtp_finish_sources (ViaSdpMedia *media)
{
  for (guint i = 0; i + 1 < media->repairs->len; i += 2) {
    guint32 ssrc = g_array_index (media->repairs, guint32, i);
    guint32 rtx = g_array_index (media->repairs, guint32, i + 1);
    ViaPlanSource *source = rtp_source (media, ssrc);

    if (source == NULL)
      return "more than 64 SSRCs in one m-line";
    source->rtx_ssrc = rtx;
    for (guint k = 0; k < media->sources->len; k++)
      if (g_array_index (media->sources, ViaPlanSource, k).ssrc == rtx) {
        g_array_remove_index (media->sources, k);
        break;
      }
  }
  return NULL;
}

const gchar *
via_sdp_attr_finish (ViaSdpMedia *media)
{
  const gchar *why = rtp_finish_sources (media);

  media->is_refused = media->port == 0 && !media->is_bundle_only;
  for (guint i = 0; i < media->codecs->len && why == NULL; i++) {
    ViaSdpCodec *codec = &g_array_index (media->codecs, ViaSdpCodec, i);

    codec->feedback |= media->wildcard;
    why = rtp_finish_codec (codec, media->kind);
  }
  return why;
}
