/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/codec.c – the table of codecs.
 * Values only.
 * RFC 3551 §4.5.2, §6 · RFC 7587 §4.1, §7 · RFC 7741 §6 · RFC 9628 §7 ·
 * RFC 6184 §8 · RFC 7798 §7.1 · RFC 4733 §2.1
 */
#include "base/codec.h"

typedef struct
{
  const gchar *name;
  ViaKind kind;
  guint32 clock_rate;
  guint channels;
} CodecRow;

static const CodecRow rows[VIA_N_CODECS] = {
    [VIA_CODEC_VP8] = {"VP8", VIA_KIND_VIDEO, 90000, 0},
    [VIA_CODEC_VP9] = {"VP9", VIA_KIND_VIDEO, 90000, 0},
    [VIA_CODEC_H264] = {"H264", VIA_KIND_VIDEO, 90000, 0},
    [VIA_CODEC_OPUS] = {"opus", VIA_KIND_AUDIO, 48000, 2},
    [VIA_CODEC_PCMU] = {"PCMU", VIA_KIND_AUDIO, 8000, 1},
    [VIA_CODEC_PCMA] = {"PCMA", VIA_KIND_AUDIO, 8000, 1},
    [VIA_CODEC_H265] = {"H265", VIA_KIND_VIDEO, 90000, 0},
    [VIA_CODEC_AV1] = {"AV1", VIA_KIND_VIDEO, 90000, 0},
    [VIA_CODEC_G722] = {"G722", VIA_KIND_AUDIO, 8000, 1},
    [VIA_CODEC_EVENT] = {"telephone-event", VIA_KIND_AUDIO, 0, 1},
};

static const CodecRow *
row_of (ViaCodecId id)
{
  static const CodecRow unknown = {"unknown", VIA_KIND_UNKNOWN, 0, 0};

  return (guint) id < VIA_N_CODECS ? &rows[id] : &unknown;
}

const gchar *
via_codec_name (ViaCodecId id)
{
  return row_of (id)->name;
}

ViaKind
via_codec_kind (ViaCodecId id)
{
  return row_of (id)->kind;
}

guint32
via_codec_clock_rate (ViaCodecId id)
{
  return row_of (id)->clock_rate;
}

guint
via_codec_channels (ViaCodecId id)
{
  return row_of (id)->channels;
}

ViaCodecId
via_codec_from_name (const gchar *encoding_name)
{
  if (encoding_name == NULL)
    return VIA_CODEC_UNKNOWN;
  for (guint i = 0; i < VIA_N_CODECS; i++) {
    if (g_ascii_strcasecmp (rows[i].name, encoding_name) == 0)
      return (ViaCodecId) i;
  }
  return VIA_CODEC_UNKNOWN;
}

void
via_codec_clear (ViaCodec *self)
{
  g_free (self->fmtp);
  *self = (ViaCodec){.id = VIA_CODEC_UNKNOWN};
}

void
via_codec_copy (ViaCodec *dest, const ViaCodec *src)
{
  if (dest == src)
    return;
  *dest = *src;
  dest->fmtp = g_strdup (src->fmtp);
}
