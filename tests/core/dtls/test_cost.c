/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_cost.c – what an unauthenticated peer may make OpenSSL hold.
 */
#include "lane.h"

#define KIB 1024

/* ---- what OpenSSL holds ------------------------------------------------ */

static gssize held; /* bytes */

typedef struct
{
  gsize len;
  gsize pad;
} Block;

static void *
count_malloc (size_t len, const char *file, int line)
{
  Block *block = malloc (sizeof *block + len);

  block->len = len;
  held += (gssize) len;
  return block + 1;
}

static void
count_free (void *at, const char *file, int line)
{
  Block *block = at;

  if (at == NULL)
    return;
  held -= (gssize) block[-1].len;
  free (block - 1);
}

static void *
count_realloc (void *at, size_t len, const char *file, int line)
{
  Block *block = at;
  void *grown;

  if (at == NULL)
    return count_malloc (len, file, line);
  grown = count_malloc (len, file, line);
  memcpy (grown, at, MIN (len, block[-1].len));
  count_free (at, file, line);
  return grown;
}

/* ---- what it may cost -------------------------------------------------- */

static void
test_cost_of_half_open_messages_is_bounded (void)
{
  g_auto (Host) host;
  guint8 out[1500];
  gssize before, most = 0;
  gsize len = fragment (out, 0, 2000, 10);

  host_init (&host);
  via_dtls_feed (host.server, out, len, LANE_START);
  before = held;
  for (guint32 size = 16000; size <= 0xff0000; size += 0x30000)
    for (guint16 seq = 0; seq < 40; seq++) {
      len = fragment (out, seq, size, 100);
      via_dtls_feed (host.server, out, len, LANE_START);
      most = MAX (most, held - before);
    }
  g_test_message ("grew by up to %d bytes", (gint) most);
  g_assert_cmpint (most, <=, 64 * KIB);
}

static void
test_cost_of_records_of_the_next_epoch_is_nothing (void)
{
  g_auto (Lane) lane;
  guint8 out[128];
  gssize before;

  lane_init (&lane);
  lane_start (&lane);
  lane_collect (&lane, 0);
  lane_deliver (&lane, 1);
  before = held;
  for (guint i = 0; i < 20000; i++) {
    ViaWriter w;

    via_writer_init (&w, out, sizeof out);
    via_writer_u8 (&w, i % 2 ? VIA_DTLS_HANDSHAKE : VIA_DTLS_DATA);
    via_writer_u16 (&w, 0xfefd);
    via_writer_u16 (&w, 1);
    via_writer_u16 (&w, 0);
    via_writer_u32 (&w, i);
    via_writer_u16 (&w, 64);
    via_writer_zero (&w, 64);
    via_dtls_feed (lane.ends[1], out, w.pos, lane.now);
  }
  g_assert_cmpint (held - before, <=, 0);
  lane_run (&lane, 2 * VIA_S);
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
}

static void
test_cost_of_hellos_is_given_back (void)
{
  g_autoptr (ViaIdentity) own = fresh_identity ();
  g_autoptr (ViaIdentity) peer = fresh_identity ();
  gssize before = 0;

  for (guint i = 0; i < 300; i++) {
    ViaDtls *server = fresh_agent (own, peer, TRUE, NULL);
    ViaDtls *client = fresh_agent (peer, own, FALSE, NULL);
    guint8 out[1500];
    gsize len;

    via_dtls_start (server, LANE_START);
    via_dtls_start (client, LANE_START);
    len = via_dtls_next (client, out, sizeof out);
    via_dtls_feed (server, out, len, LANE_START);
    via_dtls_free (server);
    via_dtls_free (client);
    if (i == 20)
      before = held;
  }
  g_assert_cmpint (held - before, <=, 1 * KIB);
}

static void
test_cost_of_unread_datagrams_is_bounded (void)
{
  BIO *bio = via_bio_new ();
  guint8 data[1200] = {1}, out[1200];

  for (gint i = 0; i < 1000; i++)
    g_assert_cmpint (BIO_write (bio, data, i + 1), ==, i + 1);
  g_assert_cmpuint (via_bio_n_waiting (bio), ==, VIA_BIO_MAX_DATAGRAMS);
  g_assert_cmpuint (via_bio_next (bio, out, sizeof out), ==, 1);
  g_assert_cmpuint (via_bio_next (bio, out, sizeof out), ==, 2);
  BIO_free (bio);
}

int
main (int argc, char **argv)
{
  CRYPTO_set_mem_functions (count_malloc, count_realloc, count_free);
  g_test_init (&argc, &argv, NULL);
#define T(path, name) g_test_add_func ("/dtls/" path, test_##name)
  T ("cost/half-open", cost_of_half_open_messages_is_bounded);
  T ("cost/next-epoch", cost_of_records_of_the_next_epoch_is_nothing);
  T ("cost/hellos", cost_of_hellos_is_given_back);
  T ("cost/unread", cost_of_unread_datagrams_is_bounded);
#undef T
  return g_test_run ();
}
