/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/codec.h – fmtp lines: ours, and when two of them match.
 * Pure.
 * RFC 6184 §8.1 (H.264) · RFC 7798 §7.1 (H.265) · RFC 7587 §7 (Opus) · RFC 9628
 * §7 (VP9) · AV1 RTP payload format §7.2.3 · RFC 4733 §2.4.1 (events)
 */
#pragma once

#include "base/codec.h"

G_BEGIN_DECLS

/* The fmtp we write when we are free to choose, e.g. for H.264
 * "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
 * NULL for none. Static. */
const gchar *via_codec_default_fmtp (ViaCodecId id);

/* Value of @key in an fmtp string, NULL if absent. (transfer full) */
gchar *via_fmtp_get (const gchar *fmtp, const gchar *key);

/* TRUE if what @a and @b (either may be NULL) describe can be one stream of
 * codec @id: H.264 same profile (constrained baseline = 42e0xx, 42[4-f]0xx and
 * 4d80xx…) and packetization-mode, VP9 same profile-id, H.265 same profile,
 * tier and a single stream, AV1 same profile and tier; others always. */
gboolean via_codec_fmtp_match (ViaCodecId id, const gchar *a, const gchar *b);
/* TRUE if who said @entry can take a stream of @stream: a match and, for H.265,
 * no higher level. Not for H.264, where profiles include each other. */
gboolean via_codec_fmtp_takes (
    ViaCodecId id, const gchar *entry, const gchar *stream);
/* Our fmtp for an entry of theirs that we take: ours, or where the parameters
 * are to be the same both ways, theirs. (transfer full) (nullable) */
gchar *via_codec_answer_fmtp (ViaCodecId id, const gchar *theirs);

/* H.264 profiles by what @fmtp says (RFC 6184 table 5), most wanted first.
 * Without a profile-level-id: constrained baseline, as browsers take it. */
typedef enum
{
  VIA_H264_CONSTRAINED_BASELINE,
  VIA_H264_BASELINE,
  VIA_H264_MAIN,
  VIA_H264_CONSTRAINED_HIGH,
  VIA_H264_HIGH,
  VIA_H264_OTHER, /* extended, 10 bit, 4:2:2, 4:4:4, malformed */
} ViaH264Profile;

ViaH264Profile via_codec_h264_profile (const gchar *fmtp);
/* RFC 6184 §8.1: 0 if absent; -1 if it is no number of 0 to 2. */
gint via_codec_h264_packetization_mode (const gchar *fmtp);
/* 0 if absent, -1 if it is no number of 0 to 3. */
gint via_codec_vp9_profile (const gchar *fmtp);

G_END_DECLS
