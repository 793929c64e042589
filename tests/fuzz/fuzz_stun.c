/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_stun.c – any bytes as a STUN message: what is read stays inside
 * the bytes, and nobody without our password gets a word of consent.
 */
#include "fuzz.h"

#include "ice/lite.h"

#include <string.h>

static void
check_inside (const guint8 *at, gsize len, const uint8_t *data, size_t size)
{
  g_assert_true (at >= data && at + len <= data + size);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ViaIcePath path = {0, {.ip = {192, 0, 2, 1}, .port = 1}};
  ViaStunMessage message;
  ViaSeededRng rng;
  g_autoptr (ViaLite) lite = NULL;
  guint8 out[VIA_STUN_MAX];
  gboolean is_authentic;
  gsize len;

  if (!via_stun_read (&message, data, size))
    return 0;
  check_inside (message.id, VIA_STUN_ID, data, size);
  if (message.username != NULL)
    check_inside (message.username, message.username_len, data, size);
  if (message.integrity != NULL)
    check_inside (message.integrity, 20, data, size);
  via_seeded_rng_init (&rng, 1);
  lite = via_lite_new (&rng.parent);
  len = via_lite_receive (
      lite, &path, &message, 0, out, sizeof out, &is_authentic);
  g_assert_false (is_authentic);
  g_assert_cmpint (via_lite_state (lite), ==, VIA_LITE_NEW);
  g_assert_true (len == 0 || via_stun_read (&message, out, len));
  return 0;
}
