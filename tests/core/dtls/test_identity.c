/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_identity.c – certificates: fresh, from text, to text.
 */
#include "lane.h"

#include <openssl/rsa.h>

static gchar *
pem_of (EVP_PKEY *key, const EVP_MD *md)
{
  X509 *cert = X509_new ();
  BIO *out = BIO_new (BIO_s_mem ());
  gchar *text, *pem;
  long len;

  X509_set_version (cert, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (cert), 7);
  ASN1_TIME_set (X509_getm_notBefore (cert), LANE_UNIX_S);
  ASN1_TIME_set (X509_getm_notAfter (cert), LANE_UNIX_S + 1000);
  X509_set_pubkey (cert, key);
  g_assert_cmpint (X509_sign (cert, key, md), >, 0);
  PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL);
  PEM_write_bio_X509 (out, cert);
  len = BIO_get_mem_data (out, &text);
  pem = g_strndup (text, len);
  BIO_free (out);
  X509_free (cert);
  return pem;
}

static void
test_identity_fresh_is_p256_for_a_month (void)
{
  g_autoptr (ViaIdentity) id = fresh_identity ();
  X509 *cert = identity_cert (id);
  EVP_PKEY *key = X509_get0_pubkey (cert);
  gchar group[32];
  time_t day = 24 * 3600, from = LANE_UNIX_S - day, to = LANE_UNIX_S + 30 * day;

  g_assert_true (EVP_PKEY_is_a (key, "EC"));
  EVP_PKEY_get_utf8_string_param (key, "group", group, sizeof group, NULL);
  g_assert_cmpstr (group, ==, "prime256v1");
  g_assert_cmpint (X509_get_signature_nid (cert), ==, NID_ecdsa_with_SHA256);
  g_assert_cmpint (X509_verify (cert, key), ==, 1);
  g_assert_cmpint (
      ASN1_TIME_cmp_time_t (X509_get0_notBefore (cert), from), ==, 0);
  g_assert_cmpint (ASN1_TIME_cmp_time_t (X509_get0_notAfter (cert), to), ==, 0);
  X509_free (cert);
}

static void
test_identity_fingerprint_is_the_digest_of_the_certificate (void)
{
  g_autoptr (ViaIdentity) id = fresh_identity ();
  g_autoptr (GString) text = g_string_new ("sha-256 ");
  Promise p;

  promise (&p, id, "sha-256", EVP_sha256 ());
  for (gsize i = 0; i < p.expect.len; i++)
    g_string_append_printf (text, "%s%02X", i > 0 ? ":" : "", p.digest[i]);
  g_assert_cmpstr (via_identity_fingerprint (id), ==, text->str);
  g_assert_cmpuint (strlen (text->str), ==, 8 + 32 * 3 - 1);
}

static void
test_identity_two_share_neither_key_nor_serial (void)
{
  g_autoptr (ViaIdentity) a = fresh_identity ();
  g_autoptr (ViaIdentity) b = fresh_identity ();
  X509 *x = identity_cert (a), *y = identity_cert (b);

  g_assert_cmpint (
      EVP_PKEY_eq (X509_get0_pubkey (x), X509_get0_pubkey (y)), ==, 0);
  g_assert_cmpint (
      ASN1_INTEGER_cmp (X509_get0_serialNumber (x), X509_get0_serialNumber (y)),
      !=, 0);
  g_assert_cmpint (ASN1_STRING_length (X509_get0_serialNumber (x)), ==, 16);
  X509_free (x);
  X509_free (y);
}

static void
test_identity_text_and_back_is_the_same (void)
{
  g_autoptr (ViaIdentity) a = fresh_identity ();
  g_autofree gchar *pem = via_identity_to_pem (a);
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaIdentity) b = via_identity_from_pem (pem, &error);
  g_autofree gchar *again = NULL;

  g_assert_no_error (error);
  again = via_identity_to_pem (b);
  g_assert_cmpstr (pem, ==, again);
  g_assert_cmpstr (
      via_identity_fingerprint (a), ==, via_identity_fingerprint (b));
}

static void
test_identity_rsa_with_the_key_first_is_taken (void)
{
  EVP_PKEY *key = EVP_RSA_gen (2048);
  g_autofree gchar *pem = pem_of (key, EVP_sha256 ());
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaIdentity) id = via_identity_from_pem (pem, &error);

  g_assert_no_error (error);
  g_assert_nonnull (id);
  EVP_PKEY_free (key);
}

static void
assert_refused (const gchar *pem, ViaErrorCode code, const gchar *says)
{
  g_autoptr (GError) error = NULL;
  ViaIdentity *id = via_identity_from_pem (pem, &error);

  g_assert_null (id);
  g_assert_error (error, VIA_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_identity_bad_text_is_refused_with_the_reason (void)
{
  g_autoptr (ViaIdentity) a = fresh_identity ();
  g_autoptr (ViaIdentity) b = fresh_identity ();
  g_autofree gchar *one = via_identity_to_pem (a);
  g_autofree gchar *two = via_identity_to_pem (b);
  gchar *key_two = strstr (two, "-----BEGIN PRIVATE");
  gchar *key_one = strstr (one, "-----BEGIN PRIVATE");
  g_autofree gchar *cert_one = g_strndup (one, key_one - one);
  g_autofree gchar *mixed = g_strconcat (cert_one, key_two, NULL);
  g_autofree gchar *torn = g_strndup (one, strlen (one) - 60);
  g_autofree gchar *huge = g_strnfill (70000, 'A');

  assert_refused ("", VIA_ERROR_SYNTAX, "no certificate");
  assert_refused ("hello", VIA_ERROR_SYNTAX, "no certificate");
  assert_refused (key_one, VIA_ERROR_SYNTAX, "no certificate");
  assert_refused (cert_one, VIA_ERROR_SYNTAX, "no private key");
  assert_refused (torn, VIA_ERROR_SYNTAX, "no private key");
  assert_refused (mixed, VIA_ERROR_SYNTAX, "does not belong");
  assert_refused (huge, VIA_ERROR_LIMIT, "at most");
}

static void
test_identity_unfit_keys_are_refused_with_the_reason (void)
{
  EVP_PKEY *small = EVP_RSA_gen (1024);
  EVP_PKEY *ed = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  g_autofree gchar *small_pem = pem_of (small, EVP_sha256 ());
  g_autofree gchar *ed_pem = pem_of (ed, NULL);
  g_autoptr (ViaIdentity) id = fresh_identity ();
  g_autofree gchar *pem = via_identity_to_pem (id);
  gchar *start = strstr (pem, "-----BEGIN PRIVATE");
  g_autofree gchar *cert = g_strndup (pem, start - pem);
  BIO *in = BIO_new_mem_buf (start, -1), *out = BIO_new (BIO_s_mem ());
  EVP_PKEY *key = PEM_read_bio_PrivateKey (in, NULL, NULL, NULL);
  g_autofree gchar *locked = NULL;
  gchar *text;
  long len;

  PEM_write_bio_PKCS8PrivateKey (
      out, key, EVP_aes_128_cbc (), "swordfish", 9, NULL, NULL);
  len = BIO_get_mem_data (out, &text);
  locked = g_strdup_printf ("%s%.*s", cert, (int) len, text);
  assert_refused (small_pem, VIA_ERROR_REFUSED, "1024 bits");
  assert_refused (ed_pem, VIA_ERROR_UNSUPPORTED, "ED25519");
  assert_refused (locked, VIA_ERROR_SYNTAX, "encrypted");
  BIO_free (in);
  BIO_free (out);
  EVP_PKEY_free (key);
  EVP_PKEY_free (small);
  EVP_PKEY_free (ed);
}

static void
test_identity_is_freed_with_its_last_owner (void)
{
  ViaIdentity *id = fresh_identity ();

  g_assert_true (via_identity_ref (id) == id);
  via_identity_unref (id);
  g_assert_nonnull (via_identity_context (id));
  via_identity_unref (id);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/dtls/identity/fresh", test_identity_fresh_is_p256_for_a_month);
  g_test_add_func ("/dtls/identity/fingerprint",
      test_identity_fingerprint_is_the_digest_of_the_certificate);
  g_test_add_func (
      "/dtls/identity/two", test_identity_two_share_neither_key_nor_serial);
  g_test_add_func (
      "/dtls/identity/pem-round-trip", test_identity_text_and_back_is_the_same);
  g_test_add_func (
      "/dtls/identity/rsa", test_identity_rsa_with_the_key_first_is_taken);
  g_test_add_func ("/dtls/identity/bad-pem",
      test_identity_bad_text_is_refused_with_the_reason);
  g_test_add_func ("/dtls/identity/unfit-key",
      test_identity_unfit_keys_are_refused_with_the_reason);
  g_test_add_func (
      "/dtls/identity/refs", test_identity_is_freed_with_its_last_owner);
  return g_test_run ();
}
