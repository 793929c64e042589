/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/context.c – how every association of an identity is set up.
 * Knows nothing of datagrams, time or one association's state.
 * RFC 8827 §6.5 · RFC 8122 §5 · RFC 5763 §5
 */
#include "dtls/context.h"

#include "dtls/guard.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

/* Forward secrecy and AEAD only; the first is the one RFC 8827 demands. */
#define CIPHERS                                                                \
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                 \
  "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"                 \
  "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
#define GROUPS "X25519:P-256:P-384" /* P-384 for certificates on it */
#define MIN_KEY_BITS 112            /* of security: RSA 2048, P-224 */

void
via_dtls_openssl_error (GError **error, const gchar *what)
{
  const char *reason = ERR_reason_error_string (ERR_peek_error ());

  g_set_error (error, VIA_ERROR, VIA_ERROR_CRYPTO, "%s: %s", what,
      reason != NULL ? reason : "OpenSSL gives no reason");
  ERR_clear_error ();
}

const gchar *
via_dtls_link_check (const ViaDtlsLink *self, X509 *cert)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  guint len = 0;
  EVP_PKEY *key = cert != NULL ? X509_get0_pubkey (cert) : NULL;

  if (key == NULL)
    return "the peer's certificate has no key we can read";
  if (X509_digest (cert, self->hash, digest, &len) != 1
      || len != self->digest_len
      || CRYPTO_memcmp (digest, self->digest, len) != 0)
    return "the peer's certificate is not the one of its fingerprint";
  if (EVP_PKEY_get_security_bits (key) < MIN_KEY_BITS)
    return "the key of the peer's certificate is too weak";
  return NULL;
}

/* In place of OpenSSL's walk along the chain, which says nothing about a
 * self-signed certificate: only the promised leaf is taken. */
static int
check_peer (X509_STORE_CTX *store, void *unused)
{
  SSL *ssl =
      X509_STORE_CTX_get_ex_data (store, SSL_get_ex_data_X509_STORE_CTX_idx ());
  ViaDtlsLink *link = ssl != NULL ? SSL_get_app_data (ssl) : NULL;

  if (link != NULL)
    link->refused =
        via_dtls_link_check (link, X509_STORE_CTX_get0_cert (store));
  if (link != NULL && link->refused == NULL) {
    X509_STORE_CTX_set_error (store, X509_V_OK);
    return 1;
  }
  X509_STORE_CTX_set_error (store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

SSL_CTX *
via_dtls_context_new (X509 *cert, EVP_PKEY *key, GError **error)
{
  SSL_CTX *ctx = SSL_CTX_new (DTLS_method ());

  if (ctx == NULL || SSL_CTX_set_min_proto_version (ctx, DTLS1_2_VERSION) != 1
      || SSL_CTX_set_max_proto_version (ctx, DTLS1_2_VERSION) != 1
      || SSL_CTX_set_cipher_list (ctx, CIPHERS) != 1
      || SSL_CTX_set1_groups_list (ctx, GROUPS) != 1
      || SSL_CTX_use_certificate (ctx, cert) != 1
      || SSL_CTX_use_PrivateKey (ctx, key) != 1
      || SSL_CTX_check_private_key (ctx) != 1) {
    via_dtls_openssl_error (error, "cannot set DTLS up");
    SSL_CTX_free (ctx);
    return NULL;
  }
  SSL_CTX_set_options (
      ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION
               | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode (ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode (ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead (ctx, 1);
  SSL_CTX_set_max_cert_list (ctx, VIA_DTLS_MAX_MESSAGE);
  SSL_CTX_set_verify (
      ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback (ctx, check_peer, NULL);
  return ctx;
}
