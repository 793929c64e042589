/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/tlscert.h – the pages' own certificate, made at first start.
 * Never the DTLS identity of the media (dtls/identity.h).
 * RFC 5280 · RFC 6125 §6.4
 */
#pragma once

#include <gio/gio.h>
#include "base/error.h"

G_BEGIN_DECLS

typedef struct
{
  GTlsCertificate *certificate;
  gchar *sha256; /* "AB:CD:…" of the DER form */
} ViaTlsCert;

/* Reads the certificate kept in @directory for hosts[0], or makes a self-signed
 * P-256 one for @hosts (names and addresses, NULL-terminated, the address
 * served first) and keeps it there, readable by its owner only; in memory alone
 * if the directory is NULL or cannot be written. One near its end is replaced.
 * Errors: UNSUPPORTED – no TLS in this GLib (names the package); CRYPTO. */
gboolean via_tlscert_load (ViaTlsCert *out, const gchar *directory,
    const gchar *const *hosts, GError **error);
/* The one in PEM @file: the certificate, what signed it, its key. SETTING:
 * names file and rule. */
gboolean via_tlscert_load_file (
    ViaTlsCert *out, const gchar *file, GError **error);
void via_tlscert_clear (ViaTlsCert *self);
/* $XDG_DATA_HOME/via. (transfer full) */
gchar *via_tlscert_default_directory (void);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaTlsCert, via_tlscert_clear)
