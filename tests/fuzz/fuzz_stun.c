/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_stun.c – any bytes as a STUN message: what is read stays inside
 * the bytes, and nobody without our password gets a word of consent.
 */
#include "fuzz.h"

#include "ice/lite.h"
#include "ice/stunask.h"

#include <string.h>

static void
check_inside (const guint8 *at, gsize len, const uint8_t *data, size_t size)
{
  g_assert_true (at >= data && at + len <= data + size);
}

/* As an answer of a TURN server, in a datagram and in two pieces. */
static void
ask (const uint8_t *data, size_t size)
{
  for (guint is_stream = 0; is_stream < 2; is_stream++) {
    ViaSeededRng rng;
    ViaStunAskConfig config = {"u", "p", is_stream == 1, &rng.parent};
    g_autoptr (ViaStunAsk) self = NULL;
    guint8 out[VIA_STUN_MAX];
    guint code = 0;

    via_seeded_rng_init (&rng, 1);
    self = via_stunask_new (&config, 0);
    g_assert_cmpuint (via_stunask_next (self, out, sizeof out, 0), >, 0);
    if (is_stream == 1) {
      via_stunask_feed (self, data, size / 2, 1);
      via_stunask_feed (self, data + size / 2, size - size / 2, 1);
    } else {
      via_stunask_feed (self, data, size, 1);
    }
    g_assert_cmpint (via_stunask_answer (self, &code), !=, VIA_STUNASK_GRANTED);
  }
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

  ask (data, size);
  if (!via_stun_read (&message, data, size))
    return 0;
  check_inside (message.id, VIA_STUN_ID, data, size);
  if (message.username != NULL)
    check_inside (message.username, message.username_len, data, size);
  if (message.realm != NULL)
    check_inside (message.realm, message.realm_len, data, size);
  if (message.nonce != NULL)
    check_inside (message.nonce, message.nonce_len, data, size);
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
