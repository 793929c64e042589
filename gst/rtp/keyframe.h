/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/keyframe.h – where key frames start, and how often to ask for one.
 * Pure.
 * RFC 7741 §4.2 (VP8) · RFC 9628 §4.2 (VP9) · RFC 6184 §5 (H.264) · RFC 7798
 * §4.4 (H.265) · AV1 RTP payload format §4.4 · RFC 4585 §6.3.1 (PLI)
 */
#pragma once

#include "base/time.h"
#include "base/codec.h"

G_BEGIN_DECLS

/* TRUE if this RTP payload is the first of a frame that decodes by itself.
 * Audio codecs: always TRUE. Codecs we cannot look into: TRUE. */
gboolean via_keyframe_starts (
    ViaCodecId codec, const guint8 *payload, gsize len);

#define VIA_KEYFRAME_INTERVAL (500 * VIA_MS)

/* Lets at most one request through per VIA_KEYFRAME_INTERVAL; one that came
 * too early is kept and let through when the interval ends. */
typedef struct
{
  ViaTime last;
  gboolean started;
  gboolean waiting;
} ViaKeyframeThrottle;

/* TRUE: ask the source now. FALSE: wait for _deadline. */
gboolean via_keyframe_throttle_ask (ViaKeyframeThrottle *self, ViaTime now);
ViaTime via_keyframe_throttle_deadline (const ViaKeyframeThrottle *self);
/* TRUE if a kept request is due at @now: ask the source. */
gboolean via_keyframe_throttle_expire (ViaKeyframeThrottle *self, ViaTime now);

G_END_DECLS
