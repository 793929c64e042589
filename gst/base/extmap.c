/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/extmap.c – the table of RTP header extension URIs.
 * Values only.
 * RFC 8285 §5 · RFC 9143 §15.3 · RFC 8852 §4 · RFC 6464 §8 · 3GPP TS 26.114
 */
#include "base/extmap.h"

#define TWCC_URI                                                               \
  "http://www.ietf.org/id/"                                                    \
  "draft-holmer-rmcat-transport-wide-cc-extensions-01"

static const gchar *const uris[VIA_N_EXTS] = {
    [VIA_EXT_MID] = "urn:ietf:params:rtp-hdrext:sdes:mid",
    [VIA_EXT_RID] = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    [VIA_EXT_REPAIRED_RID] =
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    [VIA_EXT_ABS_SEND_TIME] =
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    [VIA_EXT_TWCC] = TWCC_URI,
    [VIA_EXT_AUDIO_LEVEL] = "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    [VIA_EXT_VIDEO_ORIENTATION] = "urn:3gpp:video-orientation",
    [VIA_EXT_PLAYOUT_DELAY] =
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
};

const gchar *
via_ext_uri (ViaExt ext)
{
  g_return_val_if_fail ((guint) ext < VIA_N_EXTS, NULL);
  return uris[ext];
}

ViaExt
via_ext_from_uri (const gchar *uri)
{
  for (guint i = 0; uri != NULL && i < VIA_N_EXTS; i++) {
    if (g_str_equal (uris[i], uri))
      return (ViaExt) i;
  }
  return VIA_EXT_UNKNOWN;
}
