/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/certs.c – an authority and certificates it signed, as files.
 */
#include "certs.h"

#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define DAY_S (24 * 60 * 60)

typedef struct
{
  X509 *x509;
  EVP_PKEY *key;
} Pair;

static void
pair_clear (Pair *pair)
{
  X509_free (pair->x509);
  EVP_PKEY_free (pair->key);
}

static void
extend (X509 *x509, X509 *issuer, gint nid, const gchar *value)
{
  X509V3_CTX ctx;
  X509_EXTENSION *extension;

  X509V3_set_ctx (&ctx, issuer, x509, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &ctx, nid, value);
  g_assert_nonnull (extension);
  g_assert_cmpint (X509_add_ext (x509, extension, -1), ==, 1);
  X509_EXTENSION_free (extension);
}

/* @issuer: NULL for an authority. */
static Pair
make (const gchar *cn, const Pair *issuer, const gchar *names, gint days)
{
  static glong serial = 1;
  Pair pair = {X509_new (), EVP_EC_gen ("P-256")};
  const Pair *by = issuer != NULL ? issuer : &pair;
  X509_NAME *name = X509_get_subject_name (pair.x509);

  X509_set_version (pair.x509, 2);
  ASN1_INTEGER_set (X509_get_serialNumber (pair.x509), serial++);
  X509_gmtime_adj (X509_getm_notBefore (pair.x509), -30 * DAY_S);
  X509_gmtime_adj (X509_getm_notAfter (pair.x509), (glong) days * DAY_S);
  X509_NAME_add_entry_by_txt (
      name, "CN", MBSTRING_UTF8, (const guchar *) cn, -1, -1, 0);
  X509_set_issuer_name (pair.x509, X509_get_subject_name (by->x509));
  X509_set_pubkey (pair.x509, pair.key);
  extend (pair.x509, by->x509, NID_basic_constraints,
      issuer == NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (names != NULL)
    extend (pair.x509, by->x509, NID_subject_alt_name, names);
  g_assert_cmpint (X509_sign (pair.x509, by->key, EVP_sha256 ()), >, 0);
  return pair;
}

static gchar *
keep (Certs *self, const gchar *name, const Pair *pair, gboolean with_key)
{
  gchar *path = g_build_filename (self->directory, name, NULL);
  FILE *file = g_fopen (path, "w");

  g_assert_nonnull (file);
  g_assert_cmpint (PEM_write_X509 (file, pair->x509), ==, 1);
  if (with_key)
    g_assert_cmpint (
        PEM_write_PrivateKey (file, pair->key, NULL, NULL, 0, NULL, NULL), ==,
        1);
  fclose (file);
  return path;
}

static Pair
load_authority (Certs *self)
{
  g_autofree gchar *path = g_build_filename (self->directory, "key.pem", NULL);
  FILE *file = g_fopen (path, "r");
  Pair pair = {PEM_read_X509 (file, NULL, NULL, NULL),
      PEM_read_PrivateKey (file, NULL, NULL, NULL)};

  fclose (file);
  g_assert_true (pair.x509 != NULL && pair.key != NULL);
  return pair;
}

void
certs_init (Certs *self)
{
  Pair ca = make ("test authority", NULL, NULL, 30);
  Pair stranger = make ("another authority", NULL, NULL, 30);

  self->directory = g_dir_make_tmp ("via-certs-XXXXXX", NULL);
  g_assert_nonnull (self->directory);
  g_free (keep (self, "key.pem", &ca, TRUE));
  self->ca = keep (self, "ca.pem", &ca, FALSE);
  self->stranger = keep (self, "stranger.pem", &stranger, FALSE);
  pair_clear (&ca);
  pair_clear (&stranger);
}

void
certs_clear (Certs *self)
{
  GDir *dir = g_dir_open (self->directory, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (self->directory, name, NULL);

    g_unlink (path);
  }
  g_dir_close (dir);
  g_rmdir (self->directory);
  g_free (self->directory);
  g_free (self->ca);
  g_free (self->stranger);
}

gchar *
certs_make (Certs *self, const gchar *names, gint days)
{
  static guint n = 0;
  g_autofree gchar *name = g_strdup_printf ("server-%u.pem", n++);
  Pair ca = load_authority (self);
  Pair pair = make ("server", &ca, names, days);
  gchar *path = keep (self, name, &pair, TRUE);

  pair_clear (&pair);
  pair_clear (&ca);
  return path;
}
