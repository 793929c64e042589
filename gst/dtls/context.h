/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/context.h – how every association of an identity is set up.
 * The SSL_CTX, and the check of the peer's certificate inside the handshake.
 * RFC 8827 §6.5 · RFC 8122 §5 · RFC 5763 §5
 */
#pragma once

#include "base/error.h"

#include <openssl/ssl.h>

G_BEGIN_DECLS

/* What OpenSSL's callbacks need of one association: its SSL_set_app_data(). */
typedef struct
{
  const EVP_MD *hash;
  guint8 digest[EVP_MAX_MD_SIZE];
  gsize digest_len;
  const gchar *refused; /* (nullable) why the certificate was not taken */
  guint timer_us;       /* the retransmission timer now running */
} ViaDtlsLink;

/* (transfer full) */
SSL_CTX *via_dtls_context_new (X509 *cert, EVP_PKEY *key, GError **error);

/* NULL if @cert is the certificate that was promised, else why not, for a
 * person; static. Constant time. */
const gchar *via_dtls_link_check (const ViaDtlsLink *self, X509 *cert);

/* Sets @error from OpenSSL's queue and empties it. */
void via_dtls_openssl_error (GError **error, const gchar *what);

G_END_DECLS
