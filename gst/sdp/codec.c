/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/codec.c – what an fmtp line says, and when two lines are one stream.
 * Pure.
 * RFC 6184 §8.1 (H.264) · RFC 7798 §7.1, §7.2.2 (H.265) · RFC 7587 §7 (Opus) ·
 * RFC 9628 §7 (VP9) · AV1 RTP payload format §7.2.3 · RFC 4733 §2.4.1 (events)
 */
#include "sdp/codec.h"

#include <string.h>

/* RFC 6184 table 5: profile_idc and the bits of profile-iop that matter. */
typedef struct
{
  guint8 idc, mask, value;
  ViaH264Profile profile;
} ProfileRow;

static const ProfileRow profiles[] = {
    {0x42, 0x4f, 0x40, VIA_H264_CONSTRAINED_BASELINE},
    {0x4d, 0x8f, 0x80, VIA_H264_CONSTRAINED_BASELINE},
    {0x58, 0xcf, 0xc0, VIA_H264_CONSTRAINED_BASELINE},
    {0x42, 0x4f, 0x00, VIA_H264_BASELINE},
    {0x58, 0xcf, 0x80, VIA_H264_BASELINE},
    {0x4d, 0xaf, 0x00, VIA_H264_MAIN},
    {0x64, 0xff, 0x0c, VIA_H264_CONSTRAINED_HIGH},
    {0x64, 0xff, 0x00, VIA_H264_HIGH},
};

const gchar *
via_codec_default_fmtp (ViaCodecId id)
{
  switch (id) {
    case VIA_CODEC_VP9:
      return "profile-id=0";
    case VIA_CODEC_H264:
      return "level-asymmetry-allowed=1;packetization-mode=1;"
             "profile-level-id=42e01f";
    case VIA_CODEC_OPUS:
      return "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1";
    case VIA_CODEC_H265: /* level 6.2 and 6.3: we pass on, whatever size */
      return "level-id=186;profile-id=1;tier-flag=0;tx-mode=SRST";
    case VIA_CODEC_AV1:
      return "level-idx=19;profile=0;tier=0";
    case VIA_CODEC_EVENT:
      return "0-15";
    default:
      return NULL;
  }
}

gchar *
via_fmtp_get (const gchar *fmtp, const gchar *key)
{
  gsize key_len = strlen (key);

  while (fmtp != NULL && *fmtp != '\0') {
    const gchar *end = strchr (fmtp, ';');
    const gchar *equals;

    if (end == NULL)
      end = fmtp + strlen (fmtp);
    while (fmtp < end && g_ascii_isspace (*fmtp))
      fmtp++;
    equals = memchr (fmtp, '=', (gsize) (end - fmtp));
    if (equals != NULL && (gsize) (equals - fmtp) == key_len
        && g_ascii_strncasecmp (fmtp, key, key_len) == 0)
      return g_strstrip (g_strndup (equals + 1, (gsize) (end - equals) - 1));
    fmtp = *end == ';' ? end + 1 : end;
  }
  return NULL;
}

ViaH264Profile
via_codec_h264_profile (const gchar *fmtp)
{
  g_autofree gchar *text = via_fmtp_get (fmtp, "profile-level-id");
  guint value = 0;

  if (text == NULL)
    return VIA_H264_CONSTRAINED_BASELINE;
  if (strlen (text) != 6)
    return VIA_H264_OTHER;
  for (guint i = 0; i < 6; i++) {
    if (!g_ascii_isxdigit (text[i]))
      return VIA_H264_OTHER;
    value = value << 4 | (guint) g_ascii_xdigit_value (text[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++)
    if (profiles[i].idc == value >> 16
        && ((value >> 8) & profiles[i].mask) == profiles[i].value)
      return profiles[i].profile;
  return VIA_H264_OTHER;
}

/* One digit up to @max; 0 if absent, -1 if it is anything else. */
static gint
codec_digit (const gchar *fmtp, const gchar *key, gint max)
{
  g_autofree gchar *text = via_fmtp_get (fmtp, key);
  gint value;

  if (text == NULL)
    return 0;
  value =
      text[0] != '\0' && text[1] == '\0' ? g_ascii_digit_value (text[0]) : -1;
  return value <= max ? value : -1;
}

gint
via_codec_h264_packetization_mode (const gchar *fmtp)
{
  return codec_digit (fmtp, "packetization-mode", 2);
}

gint
via_codec_vp9_profile (const gchar *fmtp)
{
  return codec_digit (fmtp, "profile-id", 3);
}

/* Decimal digits up to @max; @absent if absent, -1 if it is anything else. */
static gint
codec_number (const gchar *fmtp, const gchar *key, gint absent, guint max)
{
  g_autofree gchar *text = via_fmtp_get (fmtp, key);
  guint64 value;

  if (text == NULL)
    return absent;
  return g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL)
             ? (gint) value
             : -1;
}

typedef struct
{
  gint space, profile, tier, level;
} Video;

/* FALSE: malformed, or a stream in several parts or out of order. What is
 * absent is Main profile, main tier, level 3.1 (RFC 7798 §7.1). */
static gboolean
read_h265 (const gchar *fmtp, Video *out)
{
  g_autofree gchar *mode = via_fmtp_get (fmtp, "tx-mode");

  out->space = codec_number (fmtp, "profile-space", 0, 3);
  out->profile = codec_number (fmtp, "profile-id", 1, 31);
  out->tier = codec_number (fmtp, "tier-flag", 0, 1);
  out->level = codec_number (fmtp, "level-id", 93, 255);
  return out->space >= 0 && out->profile >= 0 && out->tier >= 0
         && out->level >= 0
         && (mode == NULL || g_ascii_strcasecmp (mode, "SRST") == 0)
         && codec_number (fmtp, "sprop-max-don-diff", 0, 32767) == 0;
}

static gboolean
read_av1 (const gchar *fmtp, Video *out)
{
  out->space = 0;
  out->profile = codec_number (fmtp, "profile", 0, 2);
  out->tier = codec_number (fmtp, "tier", 0, 1);
  out->level = codec_number (fmtp, "level-idx", 5, 31);
  return out->profile >= 0 && out->tier >= 0 && out->level >= 0;
}

static gboolean
read_video (ViaCodecId id, const gchar *fmtp, Video *out)
{
  return id == VIA_CODEC_H265 ? read_h265 (fmtp, out) : read_av1 (fmtp, out);
}

static gboolean
video_match (ViaCodecId id, const gchar *a, const gchar *b)
{
  Video x, y;

  return read_video (id, a, &x) && read_video (id, b, &y) && x.space == y.space
         && x.profile == y.profile && x.tier == y.tier;
}

static gboolean
h264_match (const gchar *a, const gchar *b)
{
  gint mode = via_codec_h264_packetization_mode (a);

  return mode >= 0 && mode == via_codec_h264_packetization_mode (b)
         && via_codec_h264_profile (a) != VIA_H264_OTHER
         && via_codec_h264_profile (a) == via_codec_h264_profile (b);
}

gboolean
via_codec_fmtp_match (ViaCodecId id, const gchar *a, const gchar *b)
{
  switch (id) {
    case VIA_CODEC_VP9:
      return via_codec_vp9_profile (a) >= 0
             && via_codec_vp9_profile (a) == via_codec_vp9_profile (b);
    case VIA_CODEC_H264:
      return h264_match (a, b);
    case VIA_CODEC_H265:
    case VIA_CODEC_AV1:
      return video_match (id, a, b);
    default:
      return TRUE;
  }
}

gboolean
via_codec_fmtp_takes (ViaCodecId id, const gchar *entry, const gchar *stream)
{
  Video has, needs;

  if (!via_codec_fmtp_match (id, entry, stream))
    return FALSE;
  return id != VIA_CODEC_H265
         || (read_h265 (entry, &has) && read_h265 (stream, &needs)
             && needs.level <= has.level);
}

/* RFC 4733 §2.4.1: "0-15,66" */
static gboolean
is_event_list (const gchar *fmtp)
{
  gsize len = fmtp != NULL ? strlen (fmtp) : 0;

  return len > 0 && len <= 64 && strspn (fmtp, "0123456789-,") == len;
}

static gchar *
h264_answer (const gchar *theirs)
{
  g_autofree gchar *level = via_fmtp_get (theirs, "profile-level-id");

  return g_strdup_printf ("level-asymmetry-allowed=1;packetization-mode=%d%s%s",
      via_codec_h264_packetization_mode (theirs),
      level != NULL ? ";profile-level-id=" : "", level != NULL ? level : "");
}

static gchar *
h265_answer (const Video *theirs)
{
  static const gchar *const spaces[] = {
      "", "profile-space=1;", "profile-space=2;", "profile-space=3;"};

  return g_strdup_printf ("level-id=%d;%sprofile-id=%d;tier-flag=%d;"
                          "tx-mode=SRST",
      theirs->level, spaces[theirs->space & 3], theirs->profile, theirs->tier);
}

gchar *
via_codec_answer_fmtp (ViaCodecId id, const gchar *theirs)
{
  Video video;

  if (id == VIA_CODEC_H264)
    return h264_answer (theirs);
  if (id == VIA_CODEC_H265 && read_h265 (theirs, &video))
    return h265_answer (&video);
  if (id == VIA_CODEC_AV1 && read_av1 (theirs, &video))
    return g_strdup_printf ("level-idx=%d;profile=%d;tier=%d", video.level,
        video.profile, video.tier);
  if (id == VIA_CODEC_EVENT)
    return is_event_list (theirs) ? g_strdup (theirs) : NULL;
  return g_strdup (via_codec_default_fmtp (id));
}
