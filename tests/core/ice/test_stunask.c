/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_stunask.c – what a server says when it is asked once.
 */
#include "ice/stunask.h"

#include <string.h>

#include "base/bytes.h"
#include "ice/stun.h"

#define USER "kurento"
#define PASSWORD "canary-7Qx@z"
#define REALM "kurento.org"

typedef struct
{
  ViaSeededRng rng;
  ViaStunAsk *ask;
  ViaTime now;
  guint8 sent[VIA_STUN_MAX]; /* the last request */
  gsize sent_len;
  ViaStunMessage request; /* the same */
} Asking;

static void
asking_open (Asking *self, gboolean is_turn, gboolean is_stream)
{
  ViaStunAskConfig config = {is_turn ? USER : NULL, is_turn ? PASSWORD : NULL,
      is_stream, &self->rng.parent};

  memset (self, 0, sizeof *self);
  via_seeded_rng_init (&self->rng, 4);
  self->now = 7 * VIA_S;
  self->ask = via_stunask_new (&config, self->now);
}

static gboolean
asks (Asking *self, guint16 method)
{
  self->sent_len =
      via_stunask_next (self->ask, self->sent, sizeof self->sent, self->now);
  if (self->sent_len == 0)
    return FALSE;
  g_assert_true (via_stun_read (&self->request, self->sent, self->sent_len));
  g_assert_cmpint (self->request.type, ==, VIA_STUN_REQUEST);
  g_assert_cmphex (self->request.method, ==, method);
  return TRUE;
}

static void
put_text (ViaWriter *out, guint16 type, const gchar *text)
{
  gsize len = strlen (text);

  via_writer_u16 (out, type);
  via_writer_u16 (out, (guint16) len);
  via_writer_bytes (out, (const guint8 *) text, len);
  via_writer_zero (out, (4 - len % 4) % 4);
}

/* What a server says to the last request; @code 0: success. */
static gsize
write_reply (Asking *self, guint code, const gchar *nonce, guint8 *out)
{
  guint16 type = self->request.method | (code != 0 ? 0x110 : 0x100);
  ViaWriter writer;

  via_writer_init (&writer, out, VIA_STUN_MAX);
  via_writer_u16 (&writer, type);
  via_writer_u16 (&writer, 0);
  via_writer_bytes (&writer, self->request.id - 4, 4 + VIA_STUN_ID);
  if (code != 0) {
    via_writer_u32 (&writer, 0x00090004);
    via_writer_u32 (&writer, code / 100 << 8 | code % 100);
  }
  if (nonce != NULL) {
    put_text (&writer, 0x0014, REALM);
    put_text (&writer, 0x0015, nonce);
  }
  out[3] = (guint8) (writer.pos - VIA_STUN_HEADER);
  return writer.pos;
}

static void
replies (Asking *self, guint code, const gchar *nonce)
{
  guint8 data[VIA_STUN_MAX];
  gsize len = write_reply (self, code, nonce, data);

  via_stunask_feed (self->ask, data, len, self->now);
}

static void
expect (Asking *self, ViaStunAnswer answer, guint code)
{
  guint got = 0;

  g_assert_cmpint (via_stunask_answer (self->ask, &got), ==, answer);
  g_assert_cmpuint (got, ==, code);
}

/* Lets time go by; how many requests went out. */
static guint
wait (Asking *self, ViaTime time)
{
  ViaTime end = self->now + time, due;
  guint n = 0;

  while ((due = via_stunask_deadline (self->ask)) <= end) {
    self->now = MAX (self->now, due);
    via_stunask_expire (self->ask, self->now);
    n += via_stunask_next (self->ask, self->sent, sizeof self->sent, self->now)
         > 0;
  }
  self->now = end;
  return n;
}

/* The last request has a MESSAGE-INTEGRITY of our password. */
static void
assert_signed (Asking *self, const gchar *nonce)
{
  const guint8 *mac = self->request.integrity;
  g_autofree gchar *text = g_compute_checksum_for_string (
      G_CHECKSUM_MD5, USER ":" REALM ":" PASSWORD, -1);
  guint8 key[16], copy[VIA_STUN_MAX], digest[20];
  gsize end, len = sizeof digest;
  GHmac *hmac;

  g_assert_nonnull (mac);
  g_assert_cmpmem (
      self->request.username, self->request.username_len, USER, strlen (USER));
  g_assert_cmpmem (
      self->request.realm, self->request.realm_len, REALM, strlen (REALM));
  g_assert_cmpmem (
      self->request.nonce, self->request.nonce_len, nonce, strlen (nonce));
  for (guint i = 0; i < 16; i++)
    key[i] = (guint8) (g_ascii_xdigit_value (text[2 * i]) << 4
                       | g_ascii_xdigit_value (text[2 * i + 1]));
  end = (gsize) (mac - self->sent) - 4;
  memcpy (copy, self->sent, end);
  copy[2] = 0;
  copy[3] = (guint8) (end + 24 - VIA_STUN_HEADER);
  hmac = g_hmac_new (G_CHECKSUM_SHA1, key, sizeof key);
  g_hmac_update (hmac, copy, (gssize) end);
  g_hmac_get_digest (hmac, digest, &len);
  g_hmac_unref (hmac);
  g_assert_cmpmem (mac, 20, digest, 20);
}

static void
test_turn_wrong_password_is_401 (void)
{
  Asking a;

  asking_open (&a, TRUE, FALSE);
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  g_assert_null (a.request.integrity);
  replies (&a, 401, "one");
  expect (&a, VIA_STUNASK_OPEN, 0);
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  assert_signed (&a, "one");
  replies (&a, 401, "two");
  expect (&a, VIA_STUNASK_REFUSED, 401);
  g_assert_false (asks (&a, VIA_STUN_ALLOCATE));
  g_assert_cmpint (via_stunask_deadline (a.ask), ==, VIA_TIME_NEVER);
  via_stunask_free (a.ask);
}

static void
test_turn_grant_is_given_back (void)
{
  Asking a;

  asking_open (&a, TRUE, FALSE);
  asks (&a, VIA_STUN_ALLOCATE);
  replies (&a, 401, "one");
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  replies (&a, 0, NULL);
  expect (&a, VIA_STUNASK_OPEN, 0);
  g_assert_true (asks (&a, VIA_STUN_REFRESH));
  assert_signed (&a, "one");
  g_assert_nonnull (
      memmem (a.sent, a.sent_len, "\x00\x0d\x00\x04\x00\x00\x00\x00", 8));
  replies (&a, 0, NULL);
  expect (&a, VIA_STUNASK_GRANTED, 0);
  via_stunask_free (a.ask);
}

static void
test_turn_stale_nonce_is_replaced (void)
{
  Asking a;

  asking_open (&a, TRUE, FALSE);
  asks (&a, VIA_STUN_ALLOCATE);
  replies (&a, 401, "one");
  for (guint i = 0; i < 3; i++) {
    asks (&a, VIA_STUN_ALLOCATE);
    replies (&a, 438, "two");
    expect (&a, VIA_STUNASK_OPEN, 0);
  }
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  assert_signed (&a, "two");
  replies (&a, 438, "three");
  expect (&a, VIA_STUNASK_REFUSED, 438);
  via_stunask_free (a.ask);
}

static void
test_turn_quota_has_words (void)
{
  Asking a;

  asking_open (&a, TRUE, FALSE);
  asks (&a, VIA_STUN_ALLOCATE);
  replies (&a, 401, "one");
  asks (&a, VIA_STUN_ALLOCATE);
  replies (&a, 486, NULL);
  expect (&a, VIA_STUNASK_REFUSED, 486);
  g_assert_cmpstr (via_stunask_words (401), ==, "wrong user or password");
  g_assert_nonnull (strstr (via_stunask_words (486), "allocations"));
  g_assert_cmpstr (via_stunask_words (508), !=, via_stunask_words (500));
  via_stunask_free (a.ask);
}

/* Without a user no credential is made up. */
static void
test_stun_challenge_is_refused (void)
{
  Asking a;

  asking_open (&a, FALSE, FALSE);
  g_assert_true (asks (&a, VIA_STUN_BINDING));
  replies (&a, 401, "one");
  expect (&a, VIA_STUNASK_REFUSED, 401);
  via_stunask_free (a.ask);
}

static void
test_stun_answer_of_another_request_is_none (void)
{
  guint8 data[VIA_STUN_MAX];
  gsize len;
  Asking a;

  asking_open (&a, FALSE, FALSE);
  asks (&a, VIA_STUN_BINDING);
  len = write_reply (&a, 0, NULL, data);
  data[12] ^= 1;
  via_stunask_feed (a.ask, data, len, a.now);
  expect (&a, VIA_STUNASK_OPEN, 0);
  data[12] ^= 1;
  via_stunask_feed (a.ask, data, len, a.now);
  expect (&a, VIA_STUNASK_GRANTED, 0);
  via_stunask_free (a.ask);
}

static void
test_silence_ends_after_four_requests (void)
{
  Asking a;

  asking_open (&a, TRUE, FALSE);
  g_assert_cmpuint (wait (&a, VIA_STUNASK_WAIT - VIA_MS), ==, 4);
  expect (&a, VIA_STUNASK_OPEN, 0);
  wait (&a, VIA_MS);
  expect (&a, VIA_STUNASK_SILENT, 0);
  via_stunask_free (a.ask);
}

/* Over TCP a request goes out once, and answers come in pieces. */
static void
test_stream_comes_in_single_bytes (void)
{
  guint8 data[VIA_STUN_MAX];
  gsize len;
  Asking a;

  asking_open (&a, TRUE, TRUE);
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  g_assert_cmpuint (wait (&a, VIA_S), ==, 0);
  len = write_reply (&a, 401, "one", data);
  for (gsize i = 0; i < len; i++) {
    g_assert_false (asks (&a, VIA_STUN_ALLOCATE));
    via_stunask_feed (a.ask, data + i, 1, a.now);
  }
  g_assert_true (asks (&a, VIA_STUN_ALLOCATE));
  assert_signed (&a, "one");
  replies (&a, 442, NULL);
  expect (&a, VIA_STUNASK_REFUSED, 442);
  via_stunask_free (a.ask);
}

static void
test_other_protocol_is_nonsense (void)
{
  static const gchar http[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  Asking a;

  for (guint is_stream = 0; is_stream < 2; is_stream++) {
    asking_open (&a, TRUE, is_stream == 1);
    asks (&a, VIA_STUN_ALLOCATE);
    via_stunask_feed (a.ask, (const guint8 *) http, sizeof http - 1, a.now);
    expect (&a, VIA_STUNASK_NONSENSE, 0);
    via_stunask_free (a.ask);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stunask/password", test_turn_wrong_password_is_401);
  g_test_add_func ("/stunask/given-back", test_turn_grant_is_given_back);
  g_test_add_func ("/stunask/stale", test_turn_stale_nonce_is_replaced);
  g_test_add_func ("/stunask/quota", test_turn_quota_has_words);
  g_test_add_func ("/stunask/challenge", test_stun_challenge_is_refused);
  g_test_add_func (
      "/stunask/other", test_stun_answer_of_another_request_is_none);
  g_test_add_func ("/stunask/silence", test_silence_ends_after_four_requests);
  g_test_add_func ("/stunask/stream", test_stream_comes_in_single_bytes);
  g_test_add_func ("/stunask/nonsense", test_other_protocol_is_nonsense);
  return g_test_run ();
}
