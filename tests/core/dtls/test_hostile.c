/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_hostile.c – handshakes that must not come about; forged and torn
 * datagrams, floods.
 */
#include "lane.h"

/* ---- wrong peers ------------------------------------------------------- */

static guint
fatal_alerts (ViaDtls *agent)
{
  guint8 out[1500];
  gsize len;
  guint n = 0;

  while ((len = via_dtls_next (agent, out, sizeof out)) > 0) {
    ViaReader in;
    ViaDtlsRecord record;

    via_reader_init (&in, out, len);
    while (via_dtls_record_read (&in, &record))
      n += record.type == VIA_DTLS_ALERT && record.body[0] == 2;
  }
  return n;
}

static void
assert_failed (const ViaDtls *agent, const gchar *says)
{
  ViaSrtpKeys keys;

  g_assert_cmpint (via_dtls_state (agent), ==, VIA_DTLS_FAILED);
  g_assert_nonnull (via_dtls_failure (agent));
  if (strstr (via_dtls_failure (agent), says) == NULL)
    g_error ("\"%s\" does not say \"%s\"", via_dtls_failure (agent), says);
  g_assert_false (via_dtls_keys (agent, &keys));
  g_assert_cmpint (via_dtls_deadline (agent), ==, VIA_TIME_NEVER);
}

/* One end was promised another certificate, which the other one has. */
static void
wrong_lane (Lane *lane, guint deceived)
{
  g_autoptr (ViaIdentity) other = fresh_identity ();

  lane_init (lane);
  via_dtls_free (lane->ends[deceived]);
  lane->ends[deceived] =
      fresh_agent (lane->ids[deceived], other, deceived == 1, NULL);
  lane_start (lane);
}

static void
test_fingerprint_wrong_at_the_client_fails_without_keys (void)
{
  g_auto (Lane) lane;
  ViaSrtpKeys keys;

  wrong_lane (&lane, 0);
  lane_collect (&lane, 0);
  lane_deliver (&lane, 1);
  lane_collect (&lane, 1);
  lane_deliver (&lane, 0);
  assert_failed (lane.ends[0], "fingerprint");
  g_assert_cmpuint (fatal_alerts (lane.ends[0]), ==, 1);
  g_assert_false (via_dtls_keys (lane.ends[1], &keys));
}

static void
test_fingerprint_wrong_at_the_server_fails_without_keys (void)
{
  g_auto (Lane) lane;
  ViaSrtpKeys keys;

  wrong_lane (&lane, 1);
  for (guint i = 0; i < 3; i++) {
    lane_collect (&lane, i & 1);
    lane_deliver (&lane, 1 - (i & 1));
  }
  assert_failed (lane.ends[1], "fingerprint");
  g_assert_cmpuint (fatal_alerts (lane.ends[1]), ==, 1);
  g_assert_false (via_dtls_keys (lane.ends[0], &keys));
}

static void
test_fingerprint_wrong_ends_both_within_seconds (void)
{
  for (guint who = 0; who < 2; who++) {
    g_auto (Lane) lane;

    wrong_lane (&lane, who);
    lane_run (&lane, 60 * VIA_S);
    assert_failed (lane.ends[who], "fingerprint");
    assert_failed (lane.ends[1 - who], "the peer refused");
    g_assert_cmpint (lane.now - LANE_START, ==, 2 * VIA_S);
  }
}

static void
test_certificate_missing_fails (void)
{
  g_auto (Host) host;
  g_auto (Raw) client;

  host_init (&host);
  raw_init (&client, NULL, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_run (&client, host.server, LANE_START);
  assert_failed (host.server, "no certificate");
}

static void
test_certificate_of_a_weak_key_is_refused (void)
{
  g_auto (Host) host;
  g_auto (Raw) client;
  EVP_PKEY *key = EVP_RSA_gen (1024);
  X509 *cert = X509_new ();
  guint8 digest[32];
  ViaDtlsExpect expect = {"sha-256", digest, 32};

  host_init (&host);
  ASN1_TIME_set (X509_getm_notBefore (cert), LANE_UNIX_S);
  ASN1_TIME_set (X509_getm_notAfter (cert), LANE_UNIX_S + 1);
  X509_set_pubkey (cert, key);
  X509_sign (cert, key, EVP_sha256 ());
  X509_digest (cert, EVP_sha256 (), digest, NULL);
  raw_init (&client, NULL, "SRTP_AEAD_AES_128_GCM", 1200);
  SSL_set_security_level (client.ssl, 0);
  g_assert_cmpint (SSL_use_certificate (client.ssl, cert), ==, 1);
  g_assert_cmpint (SSL_use_PrivateKey (client.ssl, key), ==, 1);
  via_dtls_free (host.server);
  host.server = via_dtls_new (host.own, TRUE, NULL, &expect, NULL);
  via_dtls_start (host.server, LANE_START);
  raw_run (&client, host.server, LANE_START);
  assert_failed (host.server, "too weak");
  X509_free (cert);
  EVP_PKEY_free (key);
}

static void
test_profile_not_common_fails_on_both_sides (void)
{
  ViaSrtpProfile cm[] = {VIA_SRTP_AES128_CM_SHA1_80, VIA_SRTP_NONE};
  ViaSrtpProfile gcm[] = {VIA_SRTP_AEAD_AES_256_GCM, VIA_SRTP_NONE};
  g_auto (Lane) lane;

  lane_init_profiles (&lane, cm, gcm);
  lane_start (&lane);
  lane_run (&lane, 60 * VIA_S);
  assert_failed (lane.ends[0], "SRTP profile");
  assert_failed (lane.ends[1], "SRTP profile");
  g_assert_cmpint (lane.now, ==, LANE_START);
}

static void
test_profile_not_offered_fails (void)
{
  g_auto (Host) host;
  g_auto (Raw) client;

  host_init (&host);
  raw_init (&client, host.peer, NULL, 1200);
  raw_run (&client, host.server, LANE_START);
  assert_failed (host.server, "SRTP profile");
}

static void
test_weak_offers_are_refused (void)
{
  static const struct
  {
    const char *ciphers;
    int version;
  } cases[] = {
      {"NULL-SHA256:@SECLEVEL=0", DTLS1_2_VERSION},
      {"AES128-GCM-SHA256:@SECLEVEL=0", DTLS1_2_VERSION}, /* static RSA */
      {"ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", DTLS1_2_VERSION},
      {"ALL:@SECLEVEL=0", DTLS1_VERSION},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Host) host;
    g_auto (Raw) client;

    host_init (&host);
    raw_init (&client, host.peer, "SRTP_AEAD_AES_128_GCM", 1200);
    SSL_set_cipher_list (client.ssl, cases[i].ciphers);
    SSL_set_max_proto_version (client.ssl, cases[i].version);
    raw_run (&client, host.server, LANE_START);
    g_assert_cmpint (SSL_is_init_finished (client.ssl), ==, 0);
    g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTING);
  }
}

/* ---- one bad hello ----------------------------------------------------- */

static GBytes *
bad_hello (void)
{
  g_auto (Raw) client;
  guint8 out[1500];
  gsize len;

  raw_init (&client, NULL, "SRTP_AEAD_AES_128_GCM", 1200);
  SSL_set_cipher_list (client.ssl, "NULL-SHA256:@SECLEVEL=0");
  raw_go_on (&client);
  len = via_bio_next (client.bio, out, sizeof out);
  g_assert_cmpuint (len, >, 0);
  return g_bytes_new (out, len);
}

static void
feed_bytes (ViaDtls *agent, GBytes *bytes, ViaTime now)
{
  gsize len;
  const guint8 *data = g_bytes_get_data (bytes, &len);

  via_dtls_feed (agent, data, len, now);
}

static guint
drain (ViaDtls *agent)
{
  guint8 out[1500];
  guint n = 0;

  while (via_dtls_next (agent, out, sizeof out) > 0)
    n++;
  return n;
}

static void
test_hello_bad_then_good_connects (void)
{
  g_autoptr (GBytes) bad = bad_hello ();
  g_auto (Host) host;
  g_auto (Raw) client;

  host_init (&host);
  for (guint i = 0; i < 3; i++)
    feed_bytes (host.server, bad, LANE_START);
  g_assert_cmpuint (drain (host.server), ==, 3); /* an alert each */
  raw_init (&client, host.peer, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_run (&client, host.server, LANE_START);
  g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTED);
}

static void
test_hello_bad_during_a_handshake_changes_nothing (void)
{
  g_autoptr (GBytes) bad = bad_hello ();

  for (guint when = 0; when < 4; when++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane_start (&lane);
    for (guint i = 0; i < 4; i++) {
      lane_collect (&lane, i & 1);
      lane_deliver (&lane, 1 - (i & 1));
      if (i == when)
        feed_bytes (lane.ends[1], bad, lane.now);
    }
    lane_run (&lane, 2 * VIA_S);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
    g_assert_cmpint (lane.now, ==, LANE_START);
  }
}

static void
test_hello_bad_flood_is_answered_ten_times_a_second (void)
{
  g_autoptr (GBytes) bad = bad_hello ();
  g_auto (Host) host;
  g_auto (Raw) client;

  host_init (&host);
  for (guint i = 0; i < 1000; i++)
    feed_bytes (host.server, bad, LANE_START + i * (VIA_S / 1000));
  g_assert_cmpuint (drain (host.server), ==, 11);
  g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTING);
  raw_init (&client, host.peer, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_run (&client, host.server, LANE_START + 2 * VIA_S);
  g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTED);
}

static void
test_hello_bad_hundred_and_one_times_fails (void)
{
  g_autoptr (GBytes) bad = bad_hello ();
  g_auto (Host) host;
  guint n = 0;

  host_init (&host);
  while (via_dtls_state (host.server) == VIA_DTLS_CONNECTING && n < 200)
    feed_bytes (host.server, bad, LANE_START + n++ * 200 * VIA_MS);
  assert_failed (host.server, "too many handshakes failed (last: no shared");
  g_assert_cmpuint (n, ==, 102);
}

static void
test_hello_piece_of_another_does_not_shut_the_true_one_out (void)
{
  g_auto (Host) host;
  g_auto (Raw) client;
  guint8 out[1500];
  gsize len = fragment (out, 0, 3000, 10);

  host_init (&host);
  via_dtls_feed (host.server, out, len, LANE_START);
  raw_init (&client, host.peer, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_run (&client, host.server, LANE_START);
  g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTED);
}

/* ---- nobody there ------------------------------------------------------ */

static void
test_silence_fails_after_30_s (void)
{
  for (guint who = 0; who < 2; who++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane.lose_from = 1;
    lane.lose_to = G_MAXUINT - 1;
    via_dtls_start (lane.ends[who], lane.now);
    lane_run (&lane, 60 * VIA_S);
    assert_failed (lane.ends[who], "in time");
    g_assert_cmpint (lane.now - LANE_START, ==, 30 * VIA_S);
    g_assert_cmpuint (lane.n_flights, ==, who == 0 ? 20 : 0);
  }
}

static void
test_silence_first_then_a_server_connects (void)
{
  g_auto (Lane) lane;

  lane_init (&lane);
  via_dtls_start (lane.ends[0], lane.now);
  lane_run (&lane, 25 * VIA_S); /* the server drops what comes before */
  g_assert_cmpint (via_dtls_state (lane.ends[0]), ==, VIA_DTLS_CONNECTING);
  via_dtls_start (lane.ends[1], lane.now);
  lane_run (&lane, 4 * VIA_S);
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
}

/* ---- forged and torn datagrams ----------------------------------------- */

static void
feed_noise (Lane *lane, guint to)
{
  guint8 noise[256];

  for (guint i = 0; i < 200; i++) {
    gsize len = (gsize) g_test_rand_int_range (0, sizeof noise);

    for (gsize k = 0; k < len; k++)
      noise[k] = (guint8) g_test_rand_int ();
    if (len >= 13 && i % 2 == 0) { /* looks like a record */
      static const guint8 head[] = {0xfe, 0xfd, 0, 0};

      noise[0] = (guint8) (20 + i % 4);
      memcpy (noise + 1, head, sizeof head);
      noise[4] = (guint8) (i % 3); /* epoch */
      noise[11] = 0;
      noise[12] = (guint8) (len - 13);
    }
    via_dtls_feed (lane->ends[to], noise, len, lane->now);
  }
  via_dtls_feed (lane->ends[to], NULL, 0, lane->now);
}

/* Random bytes may well hit the place of a message a peer has yet to send;
 * so before Finished only what is no handshake record is asked to be void. */
static void
test_garbage_after_the_handshake_changes_nothing (void)
{
  g_auto (Lane) lane;
  ViaSrtpKeys before, after;

  lane_init (&lane);
  lane_start (&lane);
  lane_settle (&lane);
  g_assert_true (via_dtls_keys (lane.ends[0], &before));
  for (guint i = 0; i < 50; i++) {
    feed_noise (&lane, 0);
    feed_noise (&lane, 1);
  }
  g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
  g_assert_true (via_dtls_keys (lane.ends[0], &after));
  g_assert_cmpmem (&before, sizeof before, &after, sizeof after);
  via_dtls_close (lane.ends[0]);
  lane_settle (&lane);
  g_assert_true (lane_is (&lane, VIA_DTLS_CLOSED));
}

static void
test_garbage_during_the_handshake_changes_nothing (void)
{
  static const guint8 stray[][32] = {
      {0},                                                  /* STUN */
      {0x80, 96, 1, 2},                                     /* RTP */
      {22, 3, 3, 0, 4, 1, 0, 0, 0},                         /* TLS */
      {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 2}, /* data */
      {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 19},      /* next epoch */
      {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 1},    /* early CCS */
      {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 12, 11, 0xff, 0xff, 0xff, 0,
          1, 0, 0, 0, 0, 0, 0}, /* a certificate of 16 MiB */
      {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 200}, /* torn */
  };

  for (guint when = 0; when < 5; when++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane_start (&lane);
    for (guint i = 0; i < 5; i++) {
      if (i >= when)
        for (guint k = 0; k < 2 * G_N_ELEMENTS (stray); k++)
          via_dtls_feed (lane.ends[k & 1], stray[k / 2], 32, lane.now);
      lane_collect (&lane, i & 1);
      lane_deliver (&lane, 1 - (i & 1));
    }
    lane_run (&lane, 2 * VIA_S);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
    lane_assert_keys_fit (&lane, VIA_SRTP_AEAD_AES_128_GCM);
  }
}

static void
test_alert_forged_does_not_end_a_handshake_that_goes_on (void)
{
  static const guint8 alert[] = {
      21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2, 40};
  static const guint8 bye[] = {
      21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 8, 0, 2, 1, 0};

  for (guint when = 0; when < 5; when++) {
    g_auto (Lane) lane;

    lane_init (&lane);
    lane_start (&lane);
    for (guint i = 0; i < 5; i++) {
      for (guint k = 0; k < 2 && i == when; k++) {
        via_dtls_feed (lane.ends[k], alert, sizeof alert, lane.now);
        via_dtls_feed (lane.ends[k], bye, sizeof bye, lane.now);
      }
      lane_collect (&lane, i & 1);
      lane_deliver (&lane, 1 - (i & 1));
    }
    lane_run (&lane, 60 * VIA_S);
    g_assert_true (lane_is (&lane, VIA_DTLS_CONNECTED));
  }
}

static void
test_alert_before_any_hello_does_not_shorten_the_wait (void)
{
  static const guint8 alert[] = {
      21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 7, 0, 2, 2, 40};
  g_auto (Host) host;

  host_init (&host);
  via_dtls_feed (host.server, alert, sizeof alert, LANE_START);
  g_assert_cmpint (
      via_dtls_deadline (host.server), ==, LANE_START + 30 * VIA_S);
}

static void
test_renegotiation_is_refused (void)
{
  g_auto (Host) host;
  g_auto (Raw) client;
  ViaSrtpKeys before, after;

  host_init (&host);
  raw_init (&client, host.peer, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_run (&client, host.server, LANE_START);
  g_assert_true (via_dtls_keys (host.server, &before));
  g_assert_cmpint (SSL_renegotiate (client.ssl), ==, 1);
  raw_go_on (&client);
  g_assert_cmpuint (raw_to_agent (&client, host.server, LANE_START), ==, 1);
  g_assert_cmpint (via_dtls_state (host.server), ==, VIA_DTLS_CONNECTED);
  g_assert_true (via_dtls_keys (host.server, &after));
  g_assert_cmpmem (&before, sizeof before, &after, sizeof after);
  /* The client is told, and gives up itself. */
  raw_from_agent (&client, host.server);
  g_assert_cmpint (SSL_do_handshake (client.ssl), ==, -1);
  raw_to_agent (&client, host.server, LANE_START);
  assert_failed (host.server, "handshake failure");
}

static void
test_renegotiation_asked_by_the_server_is_refused (void)
{
  g_autoptr (ViaIdentity) own = fresh_identity ();
  g_autoptr (ViaIdentity) peer = fresh_identity ();
  g_autoptr (ViaDtls) agent = fresh_agent (own, peer, FALSE, NULL);
  g_auto (Raw) server;
  guint8 out[1500];

  raw_init (&server, peer, "SRTP_AEAD_AES_128_GCM", 1200);
  raw_be_server (&server);
  via_dtls_start (agent, LANE_START);
  raw_run (&server, agent, LANE_START);
  g_assert_cmpint (via_dtls_state (agent), ==, VIA_DTLS_CONNECTED);
  for (guint i = 0; i < 100; i++) {
    SSL_renegotiate (server.ssl);
    SSL_do_handshake (server.ssl);
    raw_to_agent (&server, agent, LANE_START);
    /* A warning at most, no ClientHello. */
    for (gsize len; (len = via_dtls_next (agent, out, sizeof out)) > 0;)
      g_assert_cmpint (out[0], ==, VIA_DTLS_ALERT);
    g_assert_cmpint (via_dtls_state (agent), ==, VIA_DTLS_CONNECTED);
  }
}

static void
test_guard_refuses_what_no_handshake_has (void)
{
  static const struct
  {
    guint16 seq;
    guint32 size;
    guint16 len;
    gboolean is_taken;
  } cases[] = {
      {0, 16384, 100, TRUE},
      {1, 16385, 100, FALSE}, /* too long */
      {0, 16383, 100, FALSE}, /* not the length it had */
      {0, 16384, 90, TRUE},
      {2, 50, 51, FALSE}, /* more than the message */
      {15, 16384, 0, TRUE},
      {16, 10, 10, FALSE},  /* the seventeenth message */
      {3, 16384, 10, TRUE}, /* 48 KiB in all */
      {4, 1, 1, FALSE},
      {5, 0, 0, TRUE},
  };
  ViaDtlsGuard guard = {{0}};

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint8 out[1500];
    gsize len = fragment (out, cases[i].seq, cases[i].size, cases[i].len);
    ViaDtlsRecord record;
    ViaReader in;

    via_reader_init (&in, out, len);
    g_assert_true (via_dtls_record_read (&in, &record));
    g_assert_cmpint (
        via_dtls_guard_admit (&guard, &record), ==, cases[i].is_taken);
    g_assert_false (via_dtls_record_read (&in, &record));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define T(path, name) g_test_add_func ("/dtls/" path, test_##name)
  T ("fingerprint/client", fingerprint_wrong_at_the_client_fails_without_keys);
  T ("fingerprint/server", fingerprint_wrong_at_the_server_fails_without_keys);
  T ("fingerprint/both-end", fingerprint_wrong_ends_both_within_seconds);
  T ("certificate/missing", certificate_missing_fails);
  T ("certificate/weak", certificate_of_a_weak_key_is_refused);
  T ("profile/none-common", profile_not_common_fails_on_both_sides);
  T ("profile/none-offered", profile_not_offered_fails);
  T ("hello/weak", weak_offers_are_refused);
  T ("hello/bad-then-good", hello_bad_then_good_connects);
  T ("hello/bad-during", hello_bad_during_a_handshake_changes_nothing);
  T ("hello/flood", hello_bad_flood_is_answered_ten_times_a_second);
  T ("hello/other-piece",
      hello_piece_of_another_does_not_shut_the_true_one_out);
  T ("hello/too-many", hello_bad_hundred_and_one_times_fails);
  T ("silence/fails", silence_fails_after_30_s);
  T ("silence/late-server", silence_first_then_a_server_connects);
  T ("garbage/after", garbage_after_the_handshake_changes_nothing);
  T ("garbage/during", garbage_during_the_handshake_changes_nothing);
  T ("alert/forged", alert_forged_does_not_end_a_handshake_that_goes_on);
  T ("alert/early", alert_before_any_hello_does_not_shorten_the_wait);
  T ("renegotiation/client", renegotiation_is_refused);
  T ("renegotiation/server", renegotiation_asked_by_the_server_is_refused);
  T ("guard/bounds", guard_refuses_what_no_handshake_has);
#undef T
  return g_test_run ();
}
