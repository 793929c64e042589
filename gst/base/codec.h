/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/codec.h – the codecs we know, by name and number.
 * Values only.
 * RFC 3551 §4.5.2, §6 · RFC 7587 · RFC 7741 · RFC 9628 · RFC 6184 · RFC 7798
 * · RFC 4733
 */
#pragma once

#include "base/kind.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_CODEC_VP8,
  VIA_CODEC_VP9,
  VIA_CODEC_H264,
  VIA_CODEC_OPUS,
  VIA_CODEC_PCMU,
  VIA_CODEC_PCMA,
  VIA_CODEC_H265,
  VIA_CODEC_AV1,
  VIA_CODEC_G722,
  VIA_CODEC_EVENT, /* telephone-event: goes beside an audio codec */
  VIA_N_CODECS,
  VIA_CODEC_UNKNOWN = VIA_N_CODECS
} ViaCodecId;

/* What a track is encoded as. */
typedef struct
{
  ViaCodecId id;
  guint32 clock_rate; /* Hz */
  guint channels;     /* audio; 0 for video */
  gchar *fmtp;        /* (nullable) (owned) "a=1;b=2" */
} ViaCodec;

const gchar *via_codec_name (ViaCodecId id); /* IANA spelling: "VP8", "opus" */
ViaKind via_codec_kind (ViaCodecId id);
/* RTP's: G.722 says 8000 and samples at 16000 Hz (RFC 3551 §4.5.2); 0 for
 * events, which have their companion's. */
guint32 via_codec_clock_rate (ViaCodecId id);
guint via_codec_channels (ViaCodecId id);
/* Case-blind; VIA_CODEC_UNKNOWN if we do not know it. */
ViaCodecId via_codec_from_name (const gchar *encoding_name);
void via_codec_clear (ViaCodec *self);
/* Overwrites @dest, which holds nothing yet (or was cleared). */
void via_codec_copy (ViaCodec *dest, const ViaCodec *src);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaCodec, via_codec_clear)
