/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_srtp.c – any bytes as SRTP and SRTCP of a peer whose keys nobody
 * has. Input: one byte for profile and kind, then the packet.
 */
#include "fuzz.h"

#include "srtp/session.h"

#include <string.h>

static ViaSrtp *
session (guint which)
{
  static const ViaSrtpProfile profiles[] = {VIA_SRTP_AES128_CM_SHA1_80,
      VIA_SRTP_AEAD_AES_128_GCM, VIA_SRTP_AEAD_AES_256_GCM};
  static ViaSrtp *sessions[3];

  if (sessions[which] == NULL) {
    ViaSrtpKeys keys = {.profile = profiles[which], .remote_key = {9}};

    sessions[which] = via_srtp_new (&keys, NULL);
  }
  return sessions[which];
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree guint8 *packet = NULL;
  gsize len = size - 1;
  ViaSrtp *srtp;
  ViaDrop drop;

  if (size == 0)
    return 0;
  srtp = session (data[0] % 3);
  packet = g_memdup2 (data + 1, len);
  drop = data[0] & 0x80 ? via_srtp_unprotect_rtcp (srtp, packet, &len)
                        : via_srtp_unprotect (srtp, packet, &len);
  g_assert_cmpint (drop, !=, VIA_DROP_NONE);
  g_assert_cmpuint (len, ==, size - 1);
  g_assert_cmpuint (via_srtp_n_ssrcs (srtp), ==, 0);
  return 0;
}
