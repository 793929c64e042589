/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletcaps.c – a track's caps at a source pad, and which of them what
 * is downstream takes. Values only.
 * RFC 6184 §8.1 · RFC 7587 §6.1
 */
#include "media/outletcaps.h"

#include <string.h>

/* Each "a=b" of the fmtp as a string field, as payloaders write them. */
static void
add_fmtp (GstStructure *s, const gchar *fmtp)
{
  g_auto (GStrv) pairs = g_strsplit (fmtp, ";", 32);

  for (guint i = 0; pairs[i] != NULL; i++) {
    gchar *value = strchr (pairs[i], '=');

    if (value == NULL)
      continue;
    *value++ = '\0';
    g_strstrip (pairs[i]);
    g_strstrip (value);
    if (*pairs[i] != '\0' && g_ascii_isalpha (*pairs[i])
        && g_utf8_validate (value, -1, NULL)
        && !gst_structure_has_field (s, pairs[i]))
      gst_structure_set (s, pairs[i], G_TYPE_STRING, value, NULL);
  }
}

GstCaps *
via_outlet_caps_rtp (const ViaCodec *codec, guint8 pt)
{
  g_autofree gchar *name = g_ascii_strup (via_codec_name (codec->id), -1);
  GstCaps *caps = gst_caps_new_simple ("application/x-rtp", "media",
      G_TYPE_STRING, via_kind_name (via_codec_kind (codec->id)), "clock-rate",
      G_TYPE_INT, (gint) codec->clock_rate, "encoding-name", G_TYPE_STRING,
      name, "payload", G_TYPE_INT, (gint) pt, NULL);
  GstStructure *s = gst_caps_get_structure (caps, 0);

  if (codec->channels > 1) {
    g_autofree gchar *channels = g_strdup_printf ("%u", codec->channels);

    gst_structure_set (s, "encoding-params", G_TYPE_STRING, channels, NULL);
  }
  if (codec->fmtp != NULL)
    add_fmtp (s, codec->fmtp);
  return caps;
}

GstCaps *
via_outlet_caps_encoded (const ViaCodec *codec)
{
  static const gchar *const names[VIA_N_CODECS] = {
      [VIA_CODEC_VP8] = "video/x-vp8",
      [VIA_CODEC_VP9] = "video/x-vp9",
      [VIA_CODEC_H264] = "video/x-h264",
      [VIA_CODEC_OPUS] = "audio/x-opus",
      [VIA_CODEC_PCMU] = "audio/x-mulaw, rate=(int)8000, channels=(int)1",
      [VIA_CODEC_PCMA] = "audio/x-alaw, rate=(int)8000, channels=(int)1",
      [VIA_CODEC_H265] = "video/x-h265",
      [VIA_CODEC_G722] = "audio/G722, rate=(int)16000, channels=(int)1",
  };

  if (codec->id >= VIA_N_CODECS || names[codec->id] == NULL)
    return NULL;
  return gst_caps_from_string (names[codec->id]);
}

static gboolean
is_taken (const GstCaps *downstream, GstCaps *offered)
{
  gboolean is = offered != NULL && gst_caps_can_intersect (downstream, offered);

  gst_clear_caps (&offered);
  return is;
}

static GstCaps *
raw_caps (ViaKind kind)
{
  return gst_caps_from_string (kind == VIA_KIND_VIDEO
                                   ? "video/x-raw"
                                   : "audio/x-raw, layout=(string)interleaved");
}

static GstCaps *
any_rtp (const ViaCodec *codec)
{
  GstCaps *rtp = via_outlet_caps_rtp (codec, 96);

  gst_structure_remove_field (gst_caps_get_structure (rtp, 0), "payload");
  return rtp;
}

GstCaps *
via_outlet_caps_possible (const ViaCodec *codec)
{
  GstCaps *caps = any_rtp (codec);
  GstCaps *encoded = via_outlet_caps_encoded (codec);

  if (encoded != NULL) {
    gst_caps_append (caps, encoded);
    gst_caps_append (caps, raw_caps (via_codec_kind (codec->id)));
  }
  return caps;
}

GstCaps *
via_outlet_caps_all (ViaKind kind)
{
  GstCaps *caps = gst_caps_new_simple (
      "application/x-rtp", "media", G_TYPE_STRING, via_kind_name (kind), NULL);

  for (guint id = 0; id < VIA_N_CODECS; id++) {
    const ViaCodec codec = {.id = (ViaCodecId) id};
    GstCaps *encoded = via_outlet_caps_encoded (&codec);

    if (encoded != NULL && via_codec_kind (codec.id) == kind)
      gst_caps_append (caps, encoded);
    else
      gst_clear_caps (&encoded);
  }
  gst_caps_append (caps, raw_caps (kind));
  return caps;
}

gboolean
via_outlet_caps_choose (
    const ViaCodec *codec, const GstCaps *downstream, ViaForm *out)
{
  g_autoptr (GstCaps) encoded = via_outlet_caps_encoded (codec);

  if (gst_caps_is_any (downstream)) {
    *out = encoded != NULL ? VIA_FORM_ENCODED : VIA_FORM_RTP;
    return TRUE;
  }
  if (is_taken (downstream, any_rtp (codec)))
    *out = VIA_FORM_RTP;
  else if (encoded == NULL)
    return FALSE;
  else if (gst_caps_can_intersect (downstream, encoded))
    *out = VIA_FORM_ENCODED;
  else if (is_taken (downstream, raw_caps (via_codec_kind (codec->id))))
    *out = VIA_FORM_RAW;
  else
    return FALSE;
  return TRUE;
}

static gboolean
is_text (const gchar *text)
{
  return text != NULL && *text != '\0' && g_utf8_validate (text, -1, NULL);
}

GstTagList *
via_outlet_caps_tags (const gchar *name, const gchar *app_data)
{
  GstTagList *tags;

  if (!is_text (name) && !is_text (app_data))
    return NULL;
  tags = gst_tag_list_new_empty ();
  if (is_text (name))
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_TITLE, name, NULL);
  if (is_text (app_data)) {
    g_autofree gchar *text = g_strdup_printf ("app-data=%s", app_data);

    gst_tag_list_add (
        tags, GST_TAG_MERGE_REPLACE, GST_TAG_EXTENDED_COMMENT, text, NULL);
  }
  return tags;
}
