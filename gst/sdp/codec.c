/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/codec.c – what an fmtp line says, and when two lines are one stream.
 * Pure.
 * RFC 6184 §8.1 (H.264) · RFC 7587 §7 (Opus) · RFC 9628 §7 (VP9)
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

gboolean
via_codec_fmtp_match (ViaCodecId id, const gchar *a, const gchar *b)
{
  gint mode;

  if (id == VIA_CODEC_VP9)
    return via_codec_vp9_profile (a) >= 0
           && via_codec_vp9_profile (a) == via_codec_vp9_profile (b);
  if (id != VIA_CODEC_H264)
    return TRUE;
  mode = via_codec_h264_packetization_mode (a);
  return mode >= 0 && mode == via_codec_h264_packetization_mode (b)
         && via_codec_h264_profile (a) != VIA_H264_OTHER
         && via_codec_h264_profile (a) == via_codec_h264_profile (b);
}
