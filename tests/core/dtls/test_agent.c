/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_agent.c – handshakes that must come about, and what comes after.
 */
#include "lane.h"

#include "srtp/session.h"

#include <sys/time.h>

/* The wall clock libssl sees: it leaps, so a handshake that leaned on it
 * would end wrongly. Nothing else here looks at it. */
static gint64 wall_step_s;
static guint n_wall_looks;

__attribute__ ((visibility ("default"))) int
gettimeofday (struct timeval *tv, void *zone)
{
  static gint64 wall_s = LANE_UNIX_S;

  n_wall_looks++;
  wall_s += wall_step_s;
  *tv = (struct timeval){.tv_sec = wall_s, .tv_usec = 5};
  return 0;
}

static const ViaSrtpProfile all[] = {VIA_SRTP_AEAD_AES_128_GCM,
    VIA_SRTP_AEAD_AES_256_GCM, VIA_SRTP_AES128_CM_SHA1_80, VIA_SRTP_NONE};

static void
test_handshake_with_one_profile_gives_its_keys (void)
{
  for (guint i = 0; all[i] != VIA_SRTP_NONE; i++) {
    ViaSrtpProfile one[] = {all[i], VIA_SRTP_NONE};

    for (guint only = 0; only < 3; only++) { /* both, client, server */
      g_auto (Lane) lane;

      lane_init_profiles (
          &lane, only == 2 ? NULL : one, only == 1 ? NULL : one);
      lane_start (&lane);
      lane_settle (&lane);
      g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
      lane_assert_keys_fit (&lane, all[i]);
      g_assert_cmpint (lane_deadline (&lane), ==, VIA_TIME_NEVER);
      g_assert_null (via_dtls_failure (lane.ends[0]));
      g_assert_cmpuint (lane.n_flights, ==, 4);
    }
  }
}

static void
test_handshake_server_preference_beats_the_client (void)
{
  for (guint a = 0; a < 3; a++)
    for (guint b = 0; b < 3; b++)
      if (a != b) {
        ViaSrtpProfile client[] = {all[a], all[b], all[3 - a - b], 0};
        g_auto (Lane) lane;

        lane_init_profiles (&lane, client, NULL);
        lane_start (&lane);
        lane_settle (&lane);
        lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
      }
}

static void
test_handshake_flight_lost_is_sent_again (void)
{
  for (guint n = 1; n <= 8; n++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane.lose_from = lane.lose_to = n;
    lane_start (&lane);
    lane_run (&lane, 10 * VIA_S);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
    lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
    /* One timer of 200 ms heals any single loss. */
    g_assert_cmpint (lane.now - LANE_START, ==, n <= 4 ? 200 * VIA_MS : 0);
  }
}

static void
test_handshake_first_flights_lost_backs_off_to_2_s (void)
{
  static const ViaTime healed_ms[] = {
      0, 200, 600, 1400, 3000, 5000, 7000, 9000, 11000};

  for (guint n = 1; n <= 8; n++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane.lose_from = 1;
    lane.lose_to = n;
    lane_start (&lane);
    lane_run (&lane, 29 * VIA_S);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
    g_assert_cmpint (lane.now - LANE_START, ==, healed_ms[n] * VIA_MS);
  }
}

static void
test_handshake_half_of_all_lost_comes_about (void)
{
  guint n_up = 0;

  for (guint i = 0; i < 40; i++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane.loss_percent = 50;
    lane_start (&lane);
    lane_run (&lane, 31 * VIA_S);
    n_up += lane_is (&lane, VIA_DTLS_CONNECTED);
    if (!lane_is (&lane, VIA_DTLS_CONNECTED))
      g_test_message ("after %d ms: client %s, server %s",
          (gint) ((lane.now - LANE_START) / VIA_MS),
          via_dtls_failure (lane.ends[0]), via_dtls_failure (lane.ends[1]));
  }
  g_test_message ("%u of 40 at 50 %% loss", n_up);
  g_assert_cmpuint (n_up, >=, 37);
}

static void
test_handshake_doubled_datagrams_do_not_matter (void)
{
  g_auto (Lane) lane;

  lane_init (&lane);
  lane.doubles = TRUE;
  lane_start (&lane);
  lane_settle (&lane);
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
  lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
}

static void
test_handshake_reversed_datagrams_do_not_matter (void)
{
  g_auto (Lane) lane;

  lane_init (&lane);
  lane.doubles = lane.turns = TRUE;
  lane_start (&lane);
  lane_run (&lane, 2 * VIA_S);
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
  lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
}

static void
test_handshake_wall_clock_leaping_changes_nothing (void)
{
  static const gint64 steps[] = {3600, -3600, 0};

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    wall_step_s = steps[i];
    n_wall_looks = 0;
    lane.lose_from = 1;
    lane.lose_to = 3;
    lane_start (&lane);
    lane_run (&lane, 29 * VIA_S);
    wall_step_s = 0;
    g_assert_cmpuint (n_wall_looks, >, 0);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
    g_assert_cmpint (lane.now - LANE_START, ==, 1400 * VIA_MS);
    g_assert_cmpuint (lane.n_flights, ==, 3 + 4);
  }
}

/* ---- a hello in pieces ------------------------------------------------- */

typedef enum
{
  IN_ORDER,
  TURNED,
  DOUBLED,
  N_ORDERS
} Order;

/* As long as a browser's: more than a kilobyte. */
static void
make_hello_long (Raw *client)
{
  guint8 protocols[5 * 201];

  memset (protocols, 'x', sizeof protocols);
  for (guint i = 0; i < 5; i++)
    protocols[201 * i] = 200;
  g_assert_cmpint (
      SSL_set_alpn_protos (client->ssl, protocols, sizeof protocols), ==, 0);
}

static void
feed_pieces (Raw *client, ViaDtls *server, Order order)
{
  g_autoptr (GPtrArray) pieces =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  guint8 out[1500];
  gsize len;

  while ((len = via_bio_next (client->bio, out, sizeof out)) > 0)
    g_ptr_array_add (pieces, g_bytes_new (out, len));
  g_assert_cmpuint (pieces->len, >=, 2);
  for (guint i = 0; i < pieces->len * (order == DOUBLED ? 2 : 1); i++) {
    guint at = order == TURNED ? pieces->len - 1 - i : i % pieces->len;
    GBytes *piece = g_ptr_array_index (pieces, at);

    via_dtls_feed (server, g_bytes_get_data (piece, NULL),
        g_bytes_get_size (piece), LANE_START);
  }
}

static void
test_handshake_hello_in_pieces_is_put_together (void)
{
  for (Order order = IN_ORDER; order < N_ORDERS; order++) {
    g_autoptr (ViaIdentity) own = fresh_identity ();
    g_autoptr (ViaIdentity) peer = fresh_identity ();
    g_autoptr (ViaDtls) server = fresh_agent (own, peer, TRUE, NULL);
    g_auto (Raw) client;

    raw_init (&client, peer, "SRTP_AEAD_AES_128_GCM", 256);
    make_hello_long (&client);
    via_dtls_start (server, LANE_START);
    raw_go_on (&client);
    feed_pieces (&client, server, order);
    raw_from_agent (&client, server);
    raw_run (&client, server, LANE_START);
    g_assert_cmpint (via_dtls_state (server), ==, VIA_DTLS_CONNECTED);
    g_assert_cmpint (SSL_is_init_finished (client.ssl), ==, 1);
  }
}

/* ---- certificates ------------------------------------------------------ */

static ViaIdentity *
identity_with (EVP_PKEY *key)
{
  X509 *cert = X509_new ();
  BIO *out = BIO_new (BIO_s_mem ());
  g_autoptr (GError) error = NULL;
  ViaIdentity *id;

  ASN1_TIME_set (X509_getm_notBefore (cert), 1000); /* long expired */
  ASN1_TIME_set (X509_getm_notAfter (cert), 2000);
  X509_set_pubkey (cert, key);
  g_assert_cmpint (X509_sign (cert, key, EVP_sha256 ()), >, 0);
  PEM_write_bio_X509 (out, cert);
  PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL);
  BIO_write (out, "", 1);
  gchar *text;
  BIO_get_mem_data (out, &text);
  id = via_identity_from_pem (text, &error);
  g_assert_no_error (error);
  BIO_free (out);
  X509_free (cert);
  EVP_PKEY_free (key);
  return id;
}

static void
test_handshake_rsa_and_p384_certificates_work (void)
{
  for (guint i = 0; i < 4; i++) {
    gboolean is_server = (i & 1) != 0;
    g_autoptr (ViaIdentity) odd =
        identity_with (i & 2 ? EVP_RSA_gen (2048) : EVP_EC_gen ("P-384"));
    g_autoptr (ViaIdentity) own = fresh_identity ();
    g_auto (Lane) lane = {.now = LANE_START};

    lane.ends[is_server] = fresh_agent (odd, own, is_server, NULL);
    lane.ends[!is_server] = fresh_agent (own, odd, !is_server, NULL);
    lane_start (&lane);
    lane_settle (&lane);
    lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
  }
}

static void
test_handshake_longer_hashes_are_compared (void)
{
  static const gchar *const hashes[] = {"sha-384", "sha-512"};

  for (guint i = 0; i < 4; i++) {
    const gchar *hash = hashes[i & 1];
    const EVP_MD *md = i & 1 ? EVP_sha512 () : EVP_sha384 ();
    gboolean is_wrong = i >= 2;
    g_auto (Lane) lane;
    Promise p;

    lane_init (&lane);
    via_dtls_free (lane.ends[0]);
    promise (&p, lane.ids[1], hash, md);
    p.digest[p.expect.len - 1] ^= is_wrong;
    lane.ends[0] = via_dtls_new (lane.ids[0], FALSE, NULL, &p.expect, NULL);
    lane_start (&lane);
    lane_settle (&lane);
    g_assert_cmpint (via_dtls_state (lane.ends[0]), ==,
        is_wrong ? VIA_DTLS_FAILED : VIA_DTLS_CONNECTED);
  }
}

static void
test_new_unfit_settings_are_refused (void)
{
  g_autoptr (ViaIdentity) id = fresh_identity ();
  guint8 digest[64] = {0};
  ViaSrtpProfile none[] = {VIA_SRTP_NONE};
  ViaSrtpProfile odd[] = {(ViaSrtpProfile) 2, VIA_SRTP_NONE};
  const struct
  {
    ViaDtlsExpect expect;
    const ViaSrtpProfile *profiles;
    ViaErrorCode code;
  } cases[] = {
      {{"sha-1", digest, 20}, NULL, VIA_ERROR_UNSUPPORTED},
      {{"md5", digest, 16}, NULL, VIA_ERROR_UNSUPPORTED},
      {{NULL, digest, 32}, NULL, VIA_ERROR_UNSUPPORTED},
      {{"sha-256", digest, 31}, NULL, VIA_ERROR_SYNTAX},
      {{"sha-512", digest, 32}, NULL, VIA_ERROR_SYNTAX},
      {{"sha-256", NULL, 32}, NULL, VIA_ERROR_SYNTAX},
      {{"sha-256", digest, 32}, none, VIA_ERROR_SETTING},
      {{"sha-256", digest, 32}, odd, VIA_ERROR_UNSUPPORTED},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (
        via_dtls_new (id, TRUE, cases[i].profiles, &cases[i].expect, &error));
    g_assert_error (error, VIA_ERROR, (gint) cases[i].code);
  }
}

/* ---- after the handshake ----------------------------------------------- */

static void
test_close_is_told_and_obeyed (void)
{
  for (guint who = 0; who < 2; who++) {
    g_auto (Lane) lane;
    ViaSrtpKeys keys;

    lane_init (&lane);
    lane_start (&lane);
    lane_settle (&lane);
    via_dtls_close (lane.ends[who]);
    g_assert_cmpint (via_dtls_state (lane.ends[who]), ==, VIA_DTLS_CLOSED);
    g_assert_cmpint (
        via_dtls_state (lane.ends[1 - who]), ==, VIA_DTLS_CONNECTED);
    lane_settle (&lane);
    g_assert_true (lane_is (&lane, VIA_DTLS_CLOSED));
    g_assert_false (via_dtls_keys (lane.ends[0], &keys));
    g_assert_false (via_dtls_keys (lane.ends[1], &keys));
    g_assert_cmpint (lane_deadline (&lane), ==, VIA_TIME_NEVER);
  }
}

static void
test_close_early_says_nothing_and_stays_closed (void)
{
  g_auto (Lane) lane;

  lane_init (&lane);
  via_dtls_close (lane.ends[1]);
  lane_start (&lane);
  lane_collect (&lane, 0);
  via_dtls_close (lane.ends[0]);
  lane_settle (&lane);
  g_assert_true (lane_is (&lane, VIA_DTLS_CLOSED));
  g_assert_cmpuint (lane.n_flights, ==, 1);
}

static void
test_keys_come_with_connected_only (void)
{
  g_auto (Lane) lane;
  ViaSrtpKeys keys;

  lane_init (&lane);
  g_assert_false (via_dtls_keys (lane.ends[0], &keys));
  lane_start (&lane);
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpint (via_dtls_keys (lane.ends[i & 1], &keys), ==,
        via_dtls_state (lane.ends[i & 1]) == VIA_DTLS_CONNECTED);
    lane_collect (&lane, i & 1);
    lane_deliver (&lane, 1 - (i & 1));
  }
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
}

static void
test_keys_of_two_ends_open_each_others_packets (void)
{
  for (guint i = 0; all[i] != VIA_SRTP_NONE; i++) {
    ViaSrtpProfile one[] = {all[i], VIA_SRTP_NONE};
    g_auto (Lane) lane;
    ViaSrtp *srtp[2];

    lane_init_profiles (&lane, one, one);
    lane_start (&lane);
    lane_settle (&lane);
    for (guint k = 0; k < 2; k++) {
      ViaSrtpKeys keys;

      g_assert_true (via_dtls_keys (lane.ends[k], &keys));
      srtp[k] = via_srtp_new (&keys, NULL);
      via_srtp_keys_wipe (&keys);
    }
    for (guint k = 0; k < 2; k++) {
      guint8 packet[64] = {0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 'h', 'i'};
      gsize len = 14;

      g_assert_true (via_srtp_protect (srtp[k], packet, &len, sizeof packet));
      g_assert_cmpint (
          via_srtp_unprotect (srtp[1 - k], packet, &len), ==, VIA_DROP_NONE);
      g_assert_cmpmem (packet + 12, len - 12, "hi", 2);
    }
    via_srtp_free (srtp[0]);
    via_srtp_free (srtp[1]);
  }
}

static void
test_data_goes_both_ways_a_record_each (void)
{
  static const guint8 sent[2][3] = {{1, 2, 3}, {0, 0, 9}};
  g_auto (Lane) lane;
  guint8 out[1500];

  lane_init (&lane);
  g_assert_false (via_dtls_write (lane.ends[0], sent[0], 3)); /* too early */
  lane_start (&lane);
  lane_settle (&lane);
  for (guint i = 0; i < 2; i++) {
    g_assert_true (via_dtls_write (lane.ends[i], sent[0], 3));
    g_assert_true (via_dtls_write (lane.ends[i], sent[1], 2));
  }
  g_assert_cmpuint (lane_collect (&lane, 0), ==, 2); /* each goes once */
  lane_settle (&lane);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpuint (via_dtls_read (lane.ends[i], out, sizeof out), ==, 3);
    g_assert_cmpmem (out, 3, sent[0], 3);
    g_assert_cmpuint (via_dtls_read (lane.ends[i], out, sizeof out), ==, 2);
    g_assert_cmpuint (via_dtls_read (lane.ends[i], out, sizeof out), ==, 0);
  }
  for (guint i = 0; i < VIA_DTLS_WAITING + 10; i++) {
    g_assert_true (via_dtls_write (lane.ends[0], sent[0], 3));
    lane_settle (&lane);
  }
  for (guint i = 0; i < VIA_DTLS_WAITING; i++)
    g_assert_cmpuint (via_dtls_read (lane.ends[1], out, sizeof out), ==, 3);
  g_assert_cmpuint (via_dtls_read (lane.ends[1], out, sizeof out), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dtls/handshake/profiles",
      test_handshake_with_one_profile_gives_its_keys);
  g_test_add_func ("/dtls/handshake/preference",
      test_handshake_server_preference_beats_the_client);
  g_test_add_func (
      "/dtls/handshake/lost-flight", test_handshake_flight_lost_is_sent_again);
  g_test_add_func ("/dtls/handshake/lost-flights",
      test_handshake_first_flights_lost_backs_off_to_2_s);
  g_test_add_func (
      "/dtls/handshake/half-lost", test_handshake_half_of_all_lost_comes_about);
  g_test_add_func ("/dtls/handshake/doubled",
      test_handshake_doubled_datagrams_do_not_matter);
  g_test_add_func ("/dtls/handshake/reversed",
      test_handshake_reversed_datagrams_do_not_matter);
  g_test_add_func ("/dtls/handshake/wall-clock",
      test_handshake_wall_clock_leaping_changes_nothing);
  g_test_add_func ("/dtls/handshake/hello-in-pieces",
      test_handshake_hello_in_pieces_is_put_together);
  g_test_add_func ("/dtls/handshake/rsa-p384",
      test_handshake_rsa_and_p384_certificates_work);
  g_test_add_func (
      "/dtls/handshake/hashes", test_handshake_longer_hashes_are_compared);
  g_test_add_func ("/dtls/new/unfit", test_new_unfit_settings_are_refused);
  g_test_add_func ("/dtls/close/told", test_close_is_told_and_obeyed);
  g_test_add_func (
      "/dtls/close/early", test_close_early_says_nothing_and_stays_closed);
  g_test_add_func (
      "/dtls/data/both-ways", test_data_goes_both_ways_a_record_each);
  g_test_add_func ("/dtls/keys/state", test_keys_come_with_connected_only);
  g_test_add_func (
      "/dtls/keys/srtp", test_keys_of_two_ends_open_each_others_packets);
  return g_test_run ();
}
