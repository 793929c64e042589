/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/identity.h – a certificate with its key, and its fingerprint.
 * RFC 8827 §6.5 · RFC 8122 §5
 */
#pragma once

#include "base/error.h"
#include "base/time.h"

G_BEGIN_DECLS

typedef struct _ViaIdentity ViaIdentity;

/* A fresh self-signed ECDSA P-256 certificate, random serial, valid from one
 * day before to 30 days after @unix_s. Any thread. (transfer full) */
ViaIdentity *via_identity_new (gint64 unix_s, GError **error);
/* PEM with certificate and private key (ECDSA or RSA). (transfer full) */
ViaIdentity *via_identity_from_pem (const gchar *pem, GError **error);
ViaIdentity *via_identity_ref (ViaIdentity *self);
void via_identity_unref (ViaIdentity *self);
/* "sha-256 AB:CD:…", upper-case hex; owned by @self. */
const gchar *via_identity_fingerprint (const ViaIdentity *self);
/* Certificate and key as PEM. Secret. (transfer full) */
gchar *via_identity_to_pem (const ViaIdentity *self);
/* The SSL_CTX shared by every agent of this identity. (transfer none) */
gpointer via_identity_context (const ViaIdentity *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaIdentity, via_identity_unref)
