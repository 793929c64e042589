/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/identity.c – a certificate with its key, and its fingerprint.
 * Knows nothing of files, clocks or associations.
 * RFC 8827 §6.5 · RFC 8122 §5
 */
#include "dtls/identity.h"

#include "dtls/context.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define LIFE_BEFORE_S (24 * 3600)
#define LIFE_AFTER_S (30 * 24 * 3600)
#define SERIAL_BITS 127
#define MAX_PEM (64 * 1024) /* bytes */
#define MIN_RSA_BITS 2048

struct _ViaIdentity
{
  gatomicrefcount refs; /* all else is immutable */
  X509 *cert;
  EVP_PKEY *key;
  SSL_CTX *context;
  gchar *fingerprint;
};

static gchar *
make_fingerprint (X509 *cert)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  guint len = 0;
  GString *text;

  if (X509_digest (cert, EVP_sha256 (), digest, &len) != 1)
    return NULL;
  text = g_string_new ("sha-256 ");
  for (guint i = 0; i < len; i++)
    g_string_append_printf (text, i == 0 ? "%02X" : ":%02X", digest[i]);
  return g_string_free (text, FALSE);
}

/* Takes @cert and @key, also on failure. */
static ViaIdentity *
identity_take (X509 *cert, EVP_PKEY *key, GError **error)
{
  ViaIdentity *self = g_new0 (ViaIdentity, 1);

  g_atomic_ref_count_init (&self->refs);
  self->cert = cert;
  self->key = key;
  self->fingerprint = make_fingerprint (cert);
  self->context = via_dtls_context_new (cert, key, error);
  if (self->context != NULL && self->fingerprint != NULL)
    return self;
  if (self->context != NULL)
    via_dtls_openssl_error (error, "cannot hash the certificate");
  via_identity_unref (self);
  return NULL;
}

static gboolean
set_serial (X509 *cert)
{
  BIGNUM *number = BN_new ();
  gboolean ok =
      number != NULL
      && BN_rand (number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
      && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (cert)) != NULL;

  BN_free (number);
  return ok;
}

/* The name says nothing about who we are (RFC 8827 §6.5: no tracking). */
static gboolean
fill_certificate (X509 *cert, EVP_PKEY *key, gint64 unix_s)
{
  X509_NAME *name = X509_get_subject_name (cert);

  return X509_set_version (cert, X509_VERSION_3) == 1 && set_serial (cert)
         && ASN1_TIME_set (X509_getm_notBefore (cert), unix_s - LIFE_BEFORE_S)
         && ASN1_TIME_set (X509_getm_notAfter (cert), unix_s + LIFE_AFTER_S)
         && X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC,
                (const unsigned char *) "WebRTC", -1, -1, 0)
                == 1
         && X509_set_issuer_name (cert, name) == 1
         && X509_set_pubkey (cert, key) == 1
         && X509_sign (cert, key, EVP_sha256 ()) > 0;
}

ViaIdentity *
via_identity_new (gint64 unix_s, GError **error)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  X509 *cert = X509_new ();

  if (key == NULL || cert == NULL || !fill_certificate (cert, key, unix_s)) {
    via_dtls_openssl_error (error, "cannot make a certificate");
    X509_free (cert);
    EVP_PKEY_free (key);
    return NULL;
  }
  return identity_take (cert, key, error);
}

/* OpenSSL's own would ask on the terminal. */
static int
no_password (char *buf, int size, int rwflag, void *user)
{
  return -1;
}

static gboolean
key_is_usable (EVP_PKEY *key, GError **error)
{
  if (EVP_PKEY_is_a (key, "EC"))
    return TRUE;
  if (!EVP_PKEY_is_a (key, "RSA")) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "the private key is %s; only ECDSA and RSA are supported",
        EVP_PKEY_get0_type_name (key));
    return FALSE;
  }
  if (EVP_PKEY_get_bits (key) >= MIN_RSA_BITS)
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
      "the RSA key has %d bits; at least %d are needed",
      EVP_PKEY_get_bits (key), MIN_RSA_BITS);
  return FALSE;
}

static gboolean
parts_fit (const gchar *pem, X509 *cert, EVP_PKEY *key, GError **error)
{
  const gchar *fault = NULL;

  if (cert == NULL)
    fault = "the PEM text has no certificate that can be read";
  else if (key == NULL && strstr (pem, "ENCRYPTED") != NULL)
    fault = "the private key is encrypted; give one without a password";
  else if (key == NULL)
    fault = "the PEM text has no private key that can be read";
  else if (!key_is_usable (key, error))
    return FALSE;
  else if (X509_check_private_key (cert, key) != 1)
    fault = "the private key does not belong to the certificate";
  if (fault != NULL)
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SYNTAX, fault);
  ERR_clear_error ();
  return fault == NULL;
}

ViaIdentity *
via_identity_from_pem (const gchar *pem, GError **error)
{
  gsize len;
  BIO *in;
  X509 *cert = NULL;
  EVP_PKEY *key = NULL;

  g_return_val_if_fail (pem != NULL, NULL);
  len = strlen (pem);
  if (len > MAX_PEM) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "the PEM text has %" G_GSIZE_FORMAT " bytes; at most %d are read", len,
        MAX_PEM);
    return NULL;
  }
  ERR_clear_error ();
  if ((in = BIO_new_mem_buf (pem, (int) len)) != NULL) {
    cert = PEM_read_bio_X509 (in, NULL, no_password, NULL);
    BIO_free (in);
  }
  /* From the start again: the key may stand before the certificate. */
  if ((in = BIO_new_mem_buf (pem, (int) len)) != NULL) {
    key = PEM_read_bio_PrivateKey (in, NULL, no_password, NULL);
    BIO_free (in);
  }
  if (!parts_fit (pem, cert, key, error)) {
    X509_free (cert);
    EVP_PKEY_free (key);
    return NULL;
  }
  return identity_take (cert, key, error);
}

ViaIdentity *
via_identity_ref (ViaIdentity *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_identity_unref (ViaIdentity *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  SSL_CTX_free (self->context);
  X509_free (self->cert);
  EVP_PKEY_free (self->key); /* OpenSSL clears the private numbers */
  g_free (self->fingerprint);
  g_free (self);
}

const gchar *
via_identity_fingerprint (const ViaIdentity *self)
{
  return self->fingerprint;
}

gchar *
via_identity_to_pem (const ViaIdentity *self)
{
  BIO *out = BIO_new (BIO_s_mem ());
  gchar *pem = NULL;
  char *text;
  long len;

  if (out != NULL && PEM_write_bio_X509 (out, self->cert) == 1
      && PEM_write_bio_PKCS8PrivateKey (
             out, self->key, NULL, NULL, 0, NULL, NULL)
             == 1) {
    len = BIO_get_mem_data (out, &text);
    pem = g_strndup (text, len);
  }
  BIO_free (out); /* clears its memory */
  return pem;
}

gpointer
via_identity_context (const ViaIdentity *self)
{
  return self->context;
}
