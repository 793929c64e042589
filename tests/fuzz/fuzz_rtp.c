/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_rtp.c – any bytes as an RTP packet, its payload as any codec's.
 */
#include "fuzz.h"

#include "rtp/keyframe.h"
#include "rtp/packet.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ViaRtpView view;
  gsize header;

  if (!via_rtp_view (&view, data, size)) {
    /* The payload readers take whatever comes. */
    for (guint codec = 0; codec <= VIA_N_CODECS; codec++)
      via_keyframe_starts ((ViaCodecId) codec, data, size);
    return 0;
  }
  header = VIA_RTP_HEADER + view.n_csrc * 4u;
  if (view.ext != NULL) {
    header += 4 + view.ext_len;
    g_assert_true (view.ext + view.ext_len == data + header);
  }
  g_assert_true (view.payload == data + header);
  g_assert_cmpuint (header + view.payload_len + view.padding, ==, size);
  for (guint codec = 0; codec <= VIA_N_CODECS; codec++)
    via_keyframe_starts ((ViaCodecId) codec, view.payload, view.payload_len);
  return 0;
}
