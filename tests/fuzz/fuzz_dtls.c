/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_dtls.c – any datagrams at a waiting server and at a client that
 * has said hello. Input: length (2 bytes) and bytes of each datagram.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "dtls/agent.h"
#include "dtls/bio.h"

static ViaIdentity *identity;

static ViaDtls *
start (gboolean is_server)
{
  static const guint8 digest[32];
  const ViaDtlsExpect expect = {"sha-256", digest, sizeof digest};
  ViaDtls *agent = via_dtls_new (identity, is_server, NULL, &expect, NULL);

  via_dtls_start (agent, 0);
  return agent;
}

static void
check (ViaDtls *agent)
{
  ViaSrtpKeys keys;
  guint8 out[1500];
  guint n = 0;
  gsize len;

  /* Nobody can have the certificate whose digest is all zero. */
  g_assert_cmpint (via_dtls_state (agent), !=, VIA_DTLS_CONNECTED);
  g_assert_false (via_dtls_keys (agent, &keys));
  g_assert_cmpint (via_dtls_state (agent) == VIA_DTLS_FAILED, ==,
      via_dtls_failure (agent) != NULL);
  for (; (len = via_dtls_next (agent, out, sizeof out)) > 0; n++)
    g_assert_cmpuint (len, <=, VIA_DTLS_MTU);
  g_assert_cmpuint (n, <=, VIA_BIO_MAX_DATAGRAMS);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ViaDtls *agents[2];

  if (identity == NULL)
    identity = via_identity_new (1800000000, NULL);
  for (guint i = 0; i < 2; i++) {
    ViaReader in;
    guint16 len;
    const guint8 *datagram;
    ViaTime now = 0;

    agents[i] = start (i == 0);
    via_reader_init (&in, data, size);
    while (
        via_reader_u16 (&in, &len)
        && via_reader_take (&in, MIN (len, via_reader_left (&in)), &datagram)) {
      via_dtls_feed (
          agents[i], datagram, (gsize) (in.data + in.pos - datagram), now);
      check (agents[i]);
      now += 100 * VIA_MS;
      if (now >= via_dtls_deadline (agents[i]))
        via_dtls_expire (agents[i], now);
    }
    check (agents[i]);
    via_dtls_free (agents[i]);
  }
  return 0;
}
