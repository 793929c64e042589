/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/caps.c – what caps mean to us: raw, encoded or RTP, which codec, and
 * what decodes it. Values only; makes no element. RFC 6184 §8.1 · RFC 7587 §6.1
 * · RFC 3551 §4.5.2, §4.5.14 · RFC 7798 §7.1
 */
#include "media/caps.h"

typedef struct
{
  const gchar *caps;
  const gchar *name;
  ViaKind kind;
  ViaCodecId codec;
  const gchar *parser;
  const gchar *decoders[2];
} Row;

/* Preferred first: the order of the template. */
static const Row rows[] = {
    {"video/x-h264, profile=(string)constrained-baseline", "H264",
        VIA_KIND_VIDEO, VIA_CODEC_H264, "h264parse",
        {"avdec_h264", "openh264dec"}},
    {"video/x-h264", "H264", VIA_KIND_VIDEO, VIA_CODEC_H264, "h264parse",
        {"avdec_h264", "openh264dec"}},
    {"video/x-vp8", "VP8", VIA_KIND_VIDEO, VIA_CODEC_VP8, NULL, {"vp8dec"}},
    {"video/x-vp9", "VP9", VIA_KIND_VIDEO, VIA_CODEC_VP9, NULL, {"vp9dec"}},
    {"video/x-h265", "H265", VIA_KIND_VIDEO, VIA_CODEC_H265, "h265parse",
        {"avdec_h265"}},
    {"video/x-av1", "AV1", VIA_KIND_VIDEO, VIA_CODEC_AV1, "av1parse",
        {"av1dec"}},
    {"video/mpeg, mpegversion=(int)4, systemstream=(boolean)false", "MPEG-4",
        VIA_KIND_VIDEO, VIA_CODEC_UNKNOWN, "mpeg4videoparse", {"avdec_mpeg4"}},
    {"video/mpeg, mpegversion=(int){1,2}, systemstream=(boolean)false",
        "MPEG-2", VIA_KIND_VIDEO, VIA_CODEC_UNKNOWN, "mpegvideoparse",
        {"avdec_mpeg2video"}},
    {"video/x-divx", "MPEG-4", VIA_KIND_VIDEO, VIA_CODEC_UNKNOWN, NULL,
        {"avdec_mpeg4"}},
    {"video/x-theora", "Theora", VIA_KIND_VIDEO, VIA_CODEC_UNKNOWN, NULL,
        {"theoradec"}},
    {"image/jpeg", "JPEG", VIA_KIND_VIDEO, VIA_CODEC_UNKNOWN, NULL,
        {"jpegdec", "avdec_mjpeg"}},
    {"audio/x-opus", "opus", VIA_KIND_AUDIO, VIA_CODEC_OPUS, "opusparse",
        {"opusdec"}},
    {"audio/x-mulaw", "PCMU", VIA_KIND_AUDIO, VIA_CODEC_PCMU, NULL,
        {"mulawdec"}},
    {"audio/x-alaw", "PCMA", VIA_KIND_AUDIO, VIA_CODEC_PCMA, NULL, {"alawdec"}},
    {"audio/G722", "G722", VIA_KIND_AUDIO, VIA_CODEC_G722, NULL,
        {"avdec_g722"}},
    {"audio/mpeg, mpegversion=(int){2,4}", "AAC", VIA_KIND_AUDIO,
        VIA_CODEC_UNKNOWN, "aacparse", {"avdec_aac"}},
    {"audio/mpeg, mpegversion=(int)1", "MP3", VIA_KIND_AUDIO, VIA_CODEC_UNKNOWN,
        "mpegaudioparse", {"mpg123audiodec", "avdec_mp3"}},
    {"audio/x-vorbis", "Vorbis", VIA_KIND_AUDIO, VIA_CODEC_UNKNOWN, NULL,
        {"vorbisdec"}},
    {"audio/x-flac", "FLAC", VIA_KIND_AUDIO, VIA_CODEC_UNKNOWN, "flacparse",
        {"flacdec"}},
    {"audio/x-ac3", "AC-3", VIA_KIND_AUDIO, VIA_CODEC_UNKNOWN, NULL,
        {"avdec_ac3"}},
    {"audio/x-eac3", "E-AC-3", VIA_KIND_AUDIO, VIA_CODEC_UNKNOWN, NULL,
        {"avdec_eac3"}},
};

static const gchar *const raw_video[] = {
    "video/x-raw, format=(string)I420",
    "video/x-raw, format=(string)NV12",
    "video/x-raw",
};

static const gchar *const rtp_video[] = {
    "application/x-rtp, media=(string)video, encoding-name=(string)H264",
    "application/x-rtp, media=(string)video, encoding-name=(string)VP8",
    "application/x-rtp, media=(string)video, encoding-name=(string)VP9",
    "application/x-rtp, media=(string)video, encoding-name=(string)H265",
    "application/x-rtp, media=(string)video, encoding-name=(string)AV1",
};

static const gchar *const rtp_audio[] = {
    "application/x-rtp, media=(string)audio, encoding-name=(string)OPUS",
    "application/x-rtp, media=(string)audio, encoding-name=(string)PCMU",
    "application/x-rtp, media=(string)audio, encoding-name=(string)PCMA",
    "application/x-rtp, media=(string)audio, encoding-name=(string)G722",
};

/* Payloaders' templates leave `media` out; unnamed links still fit here. */
static const gchar any_rtp[] = "application/x-rtp, encoding-name=(string)"
                               "{H264,VP8,VP9,H265,AV1,OPUS,PCMU,PCMA,G722}";

static void
append (GstCaps *caps, const gchar *text)
{
  gst_caps_append (caps, gst_caps_from_string (text));
}

static void
append_kind (GstCaps *caps, ViaKind kind)
{
  if (kind == VIA_KIND_VIDEO)
    for (guint i = 0; i < G_N_ELEMENTS (raw_video); i++)
      append (caps, raw_video[i]);
  else
    append (caps, "audio/x-raw, layout=(string)interleaved");
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].kind == kind)
      append (caps, rows[i].caps);
  if (kind == VIA_KIND_VIDEO)
    for (guint i = 0; i < G_N_ELEMENTS (rtp_video); i++)
      append (caps, rtp_video[i]);
  else
    for (guint i = 0; i < G_N_ELEMENTS (rtp_audio); i++)
      append (caps, rtp_audio[i]);
}

GstCaps *
via_caps_template (ViaKind kind)
{
  GstCaps *caps = gst_caps_new_empty ();

  if (kind != VIA_KIND_AUDIO)
    append_kind (caps, VIA_KIND_VIDEO);
  if (kind != VIA_KIND_VIDEO)
    append_kind (caps, VIA_KIND_AUDIO);
  if (kind == VIA_KIND_UNKNOWN)
    append (caps, any_rtp);
  return caps;
}

static const Row *
find_row (const GstCaps *caps)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstCaps) known = gst_caps_from_string (rows[i].caps);
    if (gst_caps_can_intersect (known, caps))
      return &rows[i];
  }
  return NULL;
}

static const Row *
find_codec (ViaCodecId codec)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (rows[i].codec == codec)
      return &rows[i];
  return NULL;
}

static void
fill (ViaCapsInfo *out, ViaForm form, const Row *row)
{
  *out = (ViaCapsInfo){.form = form,
      .kind = row->kind,
      .codec = row->codec,
      .name = row->name,
      .parser = row->parser,
      .decoders = {row->decoders[0], row->decoders[1]}};
}

gboolean
via_caps_find (ViaCodecId codec, ViaCapsInfo *out)
{
  const Row *row = codec < VIA_N_CODECS ? find_codec (codec) : NULL;

  if (row == NULL)
    return FALSE;
  fill (out, VIA_FORM_ENCODED, row);
  return TRUE;
}

/* What RTP cannot say or browsers cannot take. */
static const gchar *
find_objection (ViaCodecId codec, const GstStructure *s)
{
  const gchar *profile = gst_structure_get_string (s, "profile");
  gint channels = 1, rate = 8000;

  gst_structure_get_int (s, "channels", &channels);
  gst_structure_get_int (s, "rate", &rate);
  if (codec == VIA_CODEC_OPUS && channels > 2)
    return "more than two channels";
  if ((codec == VIA_CODEC_PCMU || codec == VIA_CODEC_PCMA)
      && (channels != 1 || rate != 8000))
    return "not 8 kHz mono";
  if (codec == VIA_CODEC_H265)
    return "few browsers take it";
  if (codec == VIA_CODEC_AV1)
    return "no element packetises it";
  if (codec == VIA_CODEC_VP9 && profile != NULL && !g_str_equal (profile, "0"))
    return "profile";
  return NULL;
}

static gboolean
read_rtp (const GstStructure *s, ViaCapsInfo *out)
{
  const gchar *name = gst_structure_get_string (s, "encoding-name");
  ViaCodecId codec =
      name != NULL ? via_codec_from_name (name) : VIA_CODEC_UNKNOWN;
  const Row *row = find_codec (codec);

  if (codec == VIA_CODEC_UNKNOWN || row == NULL)
    return FALSE;
  fill (out, VIA_FORM_RTP, row);
  return TRUE;
}

gboolean
via_caps_read (const GstCaps *caps, ViaCapsInfo *out)
{
  const GstStructure *s;
  const Row *row;

  if (gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return FALSE;
  s = gst_caps_get_structure (caps, 0);
  if (gst_structure_has_name (s, "application/x-rtp"))
    return read_rtp (s, out);
  if (gst_structure_has_name (s, "video/x-raw")
      || gst_structure_has_name (s, "audio/x-raw")) {
    *out = (ViaCapsInfo){.form = VIA_FORM_RAW,
        .kind = gst_structure_has_name (s, "video/x-raw") ? VIA_KIND_VIDEO
                                                          : VIA_KIND_AUDIO,
        .codec = VIA_CODEC_UNKNOWN,
        .name = "raw"};
    return TRUE;
  }
  row = find_row (caps);
  if (row == NULL)
    return FALSE;
  fill (out, VIA_FORM_ENCODED, row);
  out->objection = find_objection (row->codec, s);
  return TRUE;
}

/* profile_idc, constraint flags and level of the SPS the payloader quotes. */
static gchar *
find_h264_level (const GstStructure *s)
{
  const gchar *level = gst_structure_get_string (s, "profile-level-id");
  const gchar *sets = gst_structure_get_string (s, "sprop-parameter-sets");
  g_autofree guchar *sps = NULL;
  gsize len = 0;

  if (level != NULL)
    return g_ascii_strdown (level, -1);
  if (sets != NULL) {
    g_auto (GStrv) parts = g_strsplit (sets, ",", 2);
    if (parts[0] != NULL)
      sps = g_base64_decode (parts[0], &len);
  }
  if (sps == NULL || len < 4)
    return NULL;
  return g_strdup_printf ("%02x%02x%02x", sps[1], sps[2], sps[3]);
}

/* Copies of @s what its fmtp said, "a=1;b=2". */
static gchar *
copy_fields (const GstStructure *s, const gchar *const *names)
{
  GString *out = g_string_new (NULL);

  for (; *names != NULL; names++) {
    const gchar *value = gst_structure_get_string (s, *names);
    if (value != NULL)
      g_string_append_printf (
          out, "%s%s=%s", out->len > 0 ? ";" : "", *names, value);
  }
  return g_string_free (out, FALSE);
}

/* Without its emulation prevention bytes (H.265 §7.4.2). */
static gsize
unescape (guint8 *data, gsize len)
{
  gsize n = 0;
  guint zeros = 0;

  for (gsize i = 0; i < len; i++) {
    if (zeros >= 2 && data[i] == 3) {
      zeros = 0;
      continue;
    }
    zeros = data[i] == 0 ? zeros + 1 : 0;
    data[n++] = data[i];
  }
  return n;
}

/* From the caps, or from the SPS the payloader quotes: NAL unit header (2),
 * ids (1), |space|tier| profile |, compatibility (4), constraints (6), level
 * (H.265 §7.3.2.2, §7.3.3). */
static gchar *
find_h265_fmtp (const GstStructure *s)
{
  static const gchar *const names[] = {"profile-space", "profile-id",
      "tier-flag", "level-id", "tx-mode", "sprop-max-don-diff", NULL};
  const gchar *text = gst_structure_get_string (s, "sprop-sps");
  g_autofree guchar *sps = NULL;
  gsize len = 0;

  if (gst_structure_has_field (s, "profile-id") || text == NULL)
    return copy_fields (s, names);
  sps = g_base64_decode (text, &len);
  len = unescape (sps, len);
  if (len < 15)
    return NULL;
  return g_strdup_printf ("profile-space=%d;profile-id=%d;tier-flag=%d;"
                          "level-id=%d",
      sps[3] >> 6, sps[3] & 0x1f, sps[3] >> 5 & 1, sps[14]);
}

static gchar *
make_fmtp (ViaCodecId codec, const GstStructure *s)
{
  static const gchar *const av1[] = {"profile", "tier", "level-idx", NULL};
  const gchar *mode = gst_structure_get_string (s, "packetization-mode");
  g_autofree gchar *level = NULL;

  if (codec == VIA_CODEC_VP9)
    return g_strdup ("profile-id=0");
  if (codec == VIA_CODEC_H265)
    return find_h265_fmtp (s);
  if (codec == VIA_CODEC_AV1)
    return copy_fields (s, av1);
  if (codec != VIA_CODEC_H264)
    return NULL;
  level = find_h264_level (s);
  return g_strdup_printf (
      "level-asymmetry-allowed=1;packetization-mode=%s;profile-level-id=%s",
      mode != NULL ? mode : "1", level != NULL ? level : "42e01f");
}

gboolean
via_caps_codec (const GstCaps *caps, ViaCodec *out)
{
  const GstStructure *s;
  ViaCapsInfo info;

  if (!via_caps_read (caps, &info) || info.form != VIA_FORM_RTP)
    return FALSE;
  s = gst_caps_get_structure (caps, 0);
  out->id = info.codec;
  out->clock_rate = via_codec_clock_rate (info.codec);
  out->channels = via_codec_channels (info.codec);
  out->fmtp = make_fmtp (info.codec, s);
  return TRUE;
}
