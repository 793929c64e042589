/* SPDX-License-Identifier: LGPL-2.1-or-later
 * lane.h – two DTLS ends and what lies between, in virtual time.
 * The fixture of these tests: losing, doubling, turning round, counting.
 */
#pragma once

#include "dtls/agent.h"
#include "dtls/bio.h"
#include "dtls/context.h"
#include "dtls/guard.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#define LANE_UNIX_S G_GINT64_CONSTANT (1800000000)
#define LANE_START (1000 * VIA_S)

/* ---- identities -------------------------------------------------------- */

static inline X509 *
identity_cert (const ViaIdentity *identity)
{
  g_autofree gchar *pem = via_identity_to_pem (identity);
  BIO *in = BIO_new_mem_buf (pem, -1);
  X509 *cert = PEM_read_bio_X509 (in, NULL, NULL, NULL);

  BIO_free (in);
  g_assert_nonnull (cert);
  return cert;
}

typedef struct
{
  guint8 digest[EVP_MAX_MD_SIZE];
  ViaDtlsExpect expect;
} Promise;

static inline void
promise (Promise *self, const ViaIdentity *identity, const gchar *hash,
    const EVP_MD *md)
{
  X509 *cert = identity_cert (identity);
  guint len = 0;

  g_assert_cmpint (X509_digest (cert, md, self->digest, &len), ==, 1);
  self->expect = (ViaDtlsExpect){hash, self->digest, len};
  X509_free (cert);
}

static inline ViaIdentity *
fresh_identity (void)
{
  g_autoptr (GError) error = NULL;
  ViaIdentity *identity = via_identity_new (LANE_UNIX_S, &error);

  g_assert_no_error (error);
  return identity;
}

static inline ViaDtls *
fresh_agent (ViaIdentity *own, ViaIdentity *peer, gboolean is_server,
    const ViaSrtpProfile *profiles)
{
  g_autoptr (GError) error = NULL;
  Promise p;
  ViaDtls *agent;

  promise (&p, peer, "sha-256", EVP_sha256 ());
  agent = via_dtls_new (own, is_server, profiles, &p.expect, &error);
  g_assert_no_error (error);
  return agent;
}

/* ---- two agents -------------------------------------------------------- */

typedef struct
{
  ViaIdentity *ids[2]; /* client, server */
  ViaDtls *ends[2];
  GQueue to[2]; /* GBytes on their way to the end of that number */
  ViaTime now;
  guint n_flights;          /* that were sent so far, of both */
  guint lose_from, lose_to; /* numbers of flights, from 1 */
  guint loss_percent;
  gboolean doubles, turns;
} Lane;

static inline void
lane_init_profiles (
    Lane *self, const ViaSrtpProfile *client, const ViaSrtpProfile *server)
{
  memset (self, 0, sizeof *self);
  self->now = LANE_START;
  for (guint i = 0; i < 2; i++) {
    self->ids[i] = fresh_identity ();
    g_queue_init (&self->to[i]);
  }
  self->ends[0] = fresh_agent (self->ids[0], self->ids[1], FALSE, client);
  self->ends[1] = fresh_agent (self->ids[1], self->ids[0], TRUE, server);
}

static inline void
lane_init (Lane *self)
{
  lane_init_profiles (self, NULL, NULL);
}

static inline void
lane_clear (Lane *self)
{
  for (guint i = 0; i < 2; i++) {
    g_queue_clear_full (&self->to[i], (GDestroyNotify) g_bytes_unref);
    g_clear_pointer (&self->ends[i], via_dtls_free);
    g_clear_pointer (&self->ids[i], via_identity_unref);
  }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lane, lane_clear)

static inline void
lane_start (Lane *self)
{
  via_dtls_start (self->ends[1], self->now);
  via_dtls_start (self->ends[0], self->now);
}

/* Takes what end @from has to send. Returns how many datagrams. */
static inline guint
lane_collect (Lane *self, guint from)
{
  guint8 out[1500];
  gsize len;
  guint n = 0;
  gboolean is_lost = self->n_flights + 1 >= self->lose_from
                     && self->n_flights + 1 <= self->lose_to;

  while ((len = via_dtls_next (self->ends[from], out, sizeof out)) > 0) {
    g_assert_cmpuint (len, <=, VIA_DTLS_MTU);
    n++;
    for (guint i = 0; i < (self->doubles ? 2 : 1); i++)
      if (!is_lost
          && (self->loss_percent == 0
              || (guint) g_test_rand_int_range (0, 100)
                     >= self->loss_percent)) {
        GBytes *bytes = g_bytes_new (out, len);

        if (self->turns)
          g_queue_push_head (&self->to[1 - from], bytes);
        else
          g_queue_push_tail (&self->to[1 - from], bytes);
      }
  }
  if (n > 0)
    self->n_flights++;
  return n;
}

static inline void
lane_deliver (Lane *self, guint to)
{
  while (!g_queue_is_empty (&self->to[to])) {
    g_autoptr (GBytes) bytes = g_queue_pop_head (&self->to[to]);

    via_dtls_feed (self->ends[to], g_bytes_get_data (bytes, NULL),
        g_bytes_get_size (bytes), self->now);
  }
}

/* Moves datagrams until nobody has one, without time passing. */
static inline void
lane_settle (Lane *self)
{
  while (lane_collect (self, 0) + lane_collect (self, 1) > 0)
    for (guint i = 0; i < 2; i++)
      lane_deliver (self, 1 - i);
}

static inline gboolean
lane_is (const Lane *self, ViaDtlsState state)
{
  return via_dtls_state (self->ends[0]) == state
         && via_dtls_state (self->ends[1]) == state;
}

static inline ViaTime
lane_deadline (const Lane *self)
{
  return MIN (
      via_dtls_deadline (self->ends[0]), via_dtls_deadline (self->ends[1]));
}

/* Lets datagrams and time go on until nothing more would happen, or until
 * @limit of time has passed. */
static inline void
lane_run (Lane *self, ViaTime limit)
{
  ViaTime end = self->now + limit;

  lane_settle (self);
  while (lane_deadline (self) <= end) {
    self->now = MAX (self->now, lane_deadline (self));
    for (guint i = 0; i < 2; i++)
      if (via_dtls_deadline (self->ends[i]) <= self->now)
        via_dtls_expire (self->ends[i], self->now);
    lane_settle (self);
  }
}

static inline void
lane_assert_keys_fit (const Lane *self, ViaSrtpProfile profile)
{
  ViaSrtpKeys c, s;

  g_assert_true (via_dtls_keys (self->ends[0], &c));
  g_assert_true (via_dtls_keys (self->ends[1], &s));
  g_assert_cmpint (c.profile, ==, profile);
  g_assert_cmpint (s.profile, ==, profile);
  g_assert_cmpmem (
      c.local_key, VIA_SRTP_MAX_KEY, s.remote_key, VIA_SRTP_MAX_KEY);
  g_assert_cmpmem (
      c.remote_key, VIA_SRTP_MAX_KEY, s.local_key, VIA_SRTP_MAX_KEY);
  g_assert_cmpmem (
      c.local_salt, VIA_SRTP_MAX_SALT, s.remote_salt, VIA_SRTP_MAX_SALT);
  g_assert_cmpmem (
      c.remote_salt, VIA_SRTP_MAX_SALT, s.local_salt, VIA_SRTP_MAX_SALT);
  g_assert_cmpint (
      memcmp (c.local_key, c.remote_key, via_srtp_key_len (profile)), !=, 0);
}

/* ---- a client that is not ours ----------------------------------------- */

typedef struct
{
  SSL_CTX *ctx;
  SSL *ssl;
  BIO *bio;
} Raw;

static inline int
raw_takes_any (int ok, X509_STORE_CTX *store)
{
  return 1;
}

/* @identity: NULL for no certificate. @srtp: NULL for no use_srtp. */
static inline void
raw_init (Raw *self, ViaIdentity *identity, const char *srtp, guint mtu)
{
  self->ctx = SSL_CTX_new (DTLS_method ());
  SSL_CTX_set_options (self->ctx, SSL_OP_NO_QUERY_MTU);
  SSL_CTX_set_verify (self->ctx, SSL_VERIFY_PEER, raw_takes_any);
  if (identity != NULL) {
    g_autofree gchar *pem = via_identity_to_pem (identity);
    BIO *in = BIO_new_mem_buf (pem, -1);
    X509 *cert = PEM_read_bio_X509 (in, NULL, NULL, NULL);
    EVP_PKEY *key = PEM_read_bio_PrivateKey (in, NULL, NULL, NULL);

    g_assert_cmpint (SSL_CTX_use_certificate (self->ctx, cert), ==, 1);
    g_assert_cmpint (SSL_CTX_use_PrivateKey (self->ctx, key), ==, 1);
    X509_free (cert);
    EVP_PKEY_free (key);
    BIO_free (in);
  }
  if (srtp != NULL)
    g_assert_cmpint (SSL_CTX_set_tlsext_use_srtp (self->ctx, srtp), ==, 0);
  self->bio = via_bio_new ();
  self->ssl = SSL_new (self->ctx);
  SSL_set_mtu (self->ssl, mtu);
  BIO_up_ref (self->bio);
  SSL_set_bio (self->ssl, self->bio, self->bio);
  SSL_set_connect_state (self->ssl);
}

static inline void
raw_clear (Raw *self)
{
  via_bio_detach (self->bio);
  SSL_free (self->ssl);
  BIO_free (self->bio);
  SSL_CTX_free (self->ctx);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

static inline void
raw_go_on (Raw *self)
{
  guint8 sink[2048];

  ERR_clear_error ();
  if (SSL_do_handshake (self->ssl) == 1)
    while (SSL_read (self->ssl, sink, sizeof sink) > 0)
      ;
}

/* Instead, the other role. */
static inline void
raw_be_server (Raw *self)
{
  SSL_set_verify (self->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
      raw_takes_any);
  SSL_set_accept_state (self->ssl);
}

/* Feeds @agent what the client has to say. Returns how many datagrams. */
static inline guint
raw_to_agent (Raw *self, ViaDtls *agent, ViaTime now)
{
  guint8 out[16384];
  gsize len;
  guint n = 0;

  for (; (len = via_bio_next (self->bio, out, sizeof out)) > 0; n++)
    via_dtls_feed (agent, out, len, now);
  return n;
}

static inline guint
raw_from_agent (Raw *self, ViaDtls *agent)
{
  guint8 out[1500];
  gsize len;
  guint n = 0;

  for (; (len = via_dtls_next (agent, out, sizeof out)) > 0; n++) {
    via_bio_put (self->bio, out, len);
    raw_go_on (self);
    via_bio_put (self->bio, NULL, 0);
  }
  return n;
}

/* The handshake with @agent as far as it goes without losses. */
static inline void
raw_run (Raw *self, ViaDtls *agent, ViaTime now)
{
  raw_go_on (self);
  while (raw_to_agent (self, agent, now) + raw_from_agent (self, agent) > 0)
    ;
}

/* ---- a server that waits ------------------------------------------------ */

typedef struct
{
  ViaIdentity *own, *peer;
  ViaDtls *server;
} Host;

static inline void
host_init (Host *self)
{
  self->own = fresh_identity ();
  self->peer = fresh_identity ();
  self->server = fresh_agent (self->own, self->peer, TRUE, NULL);
  via_dtls_start (self->server, LANE_START);
}

static inline void
host_clear (Host *self)
{
  via_dtls_free (self->server);
  via_identity_unref (self->own);
  via_identity_unref (self->peer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Host, host_clear)

/* A fragment of @len bytes at 0 of message @seq, said to have @size bytes. */
static inline gsize
fragment (guint8 *out, guint16 seq, guint32 size, guint16 len)
{
  ViaWriter w;

  via_writer_init (&w, out, 1500);
  via_writer_u8 (&w, VIA_DTLS_HANDSHAKE);
  via_writer_u16 (&w, 0xfefd);
  via_writer_zero (&w, 6);
  via_writer_u16 (&w, seq + 1);
  via_writer_u16 (&w, len + 12);
  via_writer_u8 (&w, seq == 0 ? 1 : 11);
  via_writer_u24 (&w, size);
  via_writer_u16 (&w, seq);
  via_writer_u24 (&w, 0);
  via_writer_u24 (&w, len);
  via_writer_zero (&w, len);
  g_assert_false (w.failed);
  return w.pos;
}
