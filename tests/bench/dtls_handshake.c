/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls_handshake.c – what a handshake costs: two agents against OpenSSL bare.
 */
#include "../core/dtls/lane.h"

#include "cpu.h"

typedef struct
{
  ViaIdentity *ids[2];
  Promise promises[2]; /* of the certificate of each */
} Work;

static void
handshake_of_agents (gpointer data)
{
  Work *work = data;
  Lane lane = {.now = LANE_START};

  for (guint i = 0; i < 2; i++)
    lane.ends[i] = via_dtls_new (
        work->ids[i], i == 1, NULL, &work->promises[1 - i].expect, NULL);
  lane_start (&lane);
  lane_settle (&lane);
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
  lane_clear (&lane);
}

static void
handshake_of_openssl (gpointer data)
{
  Work *work = data;
  SSL *ssl[2];
  BIO *bio[2];
  guint8 out[1500];
  gsize len;

  for (guint i = 0; i < 2; i++) {
    ssl[i] = SSL_new (via_identity_context (work->ids[i]));
    SSL_set_verify (
        ssl[i], SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_set_mtu (ssl[i], VIA_DTLS_MTU);
    bio[i] = via_bio_new ();
    SSL_set_bio (ssl[i], bio[i], bio[i]);
  }
  ViaDtlsLink links[2];
  for (guint i = 0; i < 2; i++) {
    X509 *cert = SSL_get_certificate (ssl[1 - i]);
    guint n;

    links[i] = (ViaDtlsLink){.hash = EVP_sha256 (), .digest_len = 32};
    X509_digest (cert, EVP_sha256 (), links[i].digest, &n);
    SSL_set_app_data (ssl[i], &links[i]);
  }
  SSL_set_connect_state (ssl[0]);
  SSL_set_accept_state (ssl[1]);
  SSL_do_handshake (ssl[0]);
  for (guint i = 0; i < 4; i++)
    while ((len = via_bio_next (bio[i & 1], out, sizeof out)) > 0) {
      via_bio_put (bio[1 - (i & 1)], out, len);
      SSL_do_handshake (ssl[1 - (i & 1)]);
    }
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (SSL_is_init_finished (ssl[i]), ==, 1);
    SSL_free (ssl[i]);
  }
}

static void
make_identity (gpointer data)
{
  via_identity_unref (fresh_identity ());
}

int
main (void)
{
  Work work = {{fresh_identity (), fresh_identity ()}};
  gdouble bare, ours, identity;

  for (guint i = 0; i < 2; i++)
    promise (&work.promises[i], work.ids[i], "sha-256", EVP_sha256 ());
  handshake_of_openssl (&work);
  bare = cpu_least_us (handshake_of_openssl, &work, 100);
  ours = cpu_least_us (handshake_of_agents, &work, 100);
  identity = cpu_least_us (make_identity, NULL, 100);
  g_print ("handshake, both ends: %.0f us; OpenSSL bare %.0f us; ratio %.2f\n",
      ours, bare, ours / bare);
  g_print ("fresh identity: %.0f us; ratio to a handshake %.2f\n", identity,
      identity / ours);
  via_identity_unref (work.ids[0]);
  via_identity_unref (work.ids[1]);
  return 0;
}
