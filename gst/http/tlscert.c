/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/tlscert.c – makes, keeps and reads the self-signed certificate of the
 * pages. The key is wiped from our own buffers and never logged. RFC 5280
 * §4.2.1.6 (names) · CA/Browser baseline: at most 398 days
 */
#include "http/tlscert.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <glib/gstdio.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define LIFE_DAYS 397
#define RENEW_DAYS 14 /* before its end */
#define DAY_S (24 * 60 * 60)
#define PEM_MAX (64 * 1024)

gchar *
via_tlscert_default_directory (void)
{
  return g_build_filename (g_get_user_data_dir (), "via", NULL);
}

void
via_tlscert_clear (ViaTlsCert *self)
{
  g_clear_object (&self->certificate);
  g_clear_pointer (&self->sha256, g_free);
}

static void
wipe (gchar *pem)
{
  if (pem != NULL)
    OPENSSL_cleanse (pem, strlen (pem));
  g_free (pem);
}

/* --- making --- */

static gboolean
add_extension (X509 *x509, gint nid, const gchar *value)
{
  X509V3_CTX ctx;
  X509_EXTENSION *extension;
  gboolean ok;

  X509V3_set_ctx (&ctx, x509, x509, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &ctx, nid, value);
  if (extension == NULL)
    return FALSE;
  ok = X509_add_ext (x509, extension, -1);
  X509_EXTENSION_free (extension);
  return ok;
}

static gboolean
add_names (X509 *x509, const gchar *const *hosts)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; hosts[i] != NULL; i++) {
    gboolean is_ip = g_hostname_is_ip_address (hosts[i]);

    if (!is_ip && (hosts[i][0] == '\0' || strpbrk (hosts[i], ",\n:%")))
      continue;
    g_string_append_printf (names, "%s%s:%s", names->len ? "," : "",
        is_ip ? "IP" : "DNS", hosts[i]);
  }
  return names->len == 0
         || add_extension (x509, NID_subject_alt_name, names->str);
}

static gboolean
set_serial (X509 *x509)
{
  guint8 bytes[16];
  BIGNUM *number;
  gboolean ok;

  if (RAND_bytes (bytes, sizeof bytes) != 1)
    return FALSE;
  bytes[0] &= 0x7f; /* positive */
  number = BN_bin2bn (bytes, sizeof bytes, NULL);
  ok = number != NULL
       && BN_to_ASN1_INTEGER (number, X509_get_serialNumber (x509)) != NULL;
  BN_free (number);
  return ok;
}

static gboolean
fill (X509 *x509, EVP_PKEY *key, const gchar *const *hosts)
{
  X509_NAME *name = X509_get_subject_name (x509);

  return X509_set_version (x509, 2) && set_serial (x509)
         && X509_gmtime_adj (X509_getm_notBefore (x509), -DAY_S) != NULL
         && X509_gmtime_adj (X509_getm_notAfter (x509), LIFE_DAYS * DAY_S)
                != NULL
         && X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_UTF8,
             (const guchar *) "gst-via (self-signed)", -1, -1, 0)
         && X509_set_issuer_name (x509, name) && X509_set_pubkey (x509, key)
         && add_extension (x509, NID_basic_constraints, "critical,CA:FALSE")
         && add_extension (x509, NID_ext_key_usage, "serverAuth")
         && add_names (x509, hosts) && X509_sign (x509, key, EVP_sha256 ()) > 0;
}

static gchar *
to_pem (X509 *x509, EVP_PKEY *key)
{
  BIO *bio = BIO_new (BIO_s_mem ());
  gchar *pem = NULL, *data;
  glong len;

  if (bio != NULL && PEM_write_bio_X509 (bio, x509)
      && PEM_write_bio_PrivateKey (bio, key, NULL, NULL, 0, NULL, NULL)) {
    len = BIO_get_mem_data (bio, &data);
    pem = g_strndup (data, len);
    OPENSSL_cleanse (data, len);
  }
  BIO_free (bio);
  return pem;
}

/* Certificate and key as PEM, or NULL. Secret. */
static gchar *
make_pem (const gchar *const *hosts)
{
  EVP_PKEY *key = EVP_EC_gen ("P-256");
  X509 *x509 = X509_new ();
  gchar *pem = NULL;

  if (key != NULL && x509 != NULL && fill (x509, key, hosts))
    pem = to_pem (x509, key);
  X509_free (x509);
  EVP_PKEY_free (key);
  return pem;
}

/* --- keeping --- */

/* Best effort: a certificate that is not kept is made again next time. */
static void
save (const gchar *directory, const gchar *file, const gchar *pem)
{
  g_autofree gchar *part = g_strdup_printf ("%s.%d", file, (gint) getpid ());
  gsize len = strlen (pem);
  gboolean ok;
  gint fd;

  if (g_mkdir_with_parents (directory, 0700) != 0)
    return;
  g_unlink (part);
  fd = g_open (part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return;
  ok = write (fd, pem, len) == (gssize) len && fsync (fd) == 0;
  ok = close (fd) == 0 && ok;
  if (!ok || g_rename (part, file) != 0)
    g_unlink (part);
}

/* NULL unless @file is ours alone: a key that others may read or have put
 * there is not used. */
static gchar *
read_private (const gchar *file)
{
  struct stat st;
  gchar *pem = NULL;
  gsize got = 0;
  gint fd = g_open (file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);

  if (fd < 0)
    return NULL;
  if (fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && st.st_uid == geteuid ()
      && (st.st_mode & 077) == 0 && st.st_size > 0 && st.st_size < PEM_MAX) {
    pem = g_malloc0 (st.st_size + 1);
    while (got < (gsize) st.st_size) {
      gssize n = read (fd, pem + got, st.st_size - got);

      if (n <= 0)
        break;
      got += n;
    }
  }
  close (fd);
  return pem;
}

/* --- checking --- */

static gboolean
is_fresh (X509 *x509)
{
  time_t soon = time (NULL) + RENEW_DAYS * DAY_S;

  return X509_cmp_time (X509_get0_notAfter (x509), &soon) > 0;
}

static gchar *
digest_text (X509 *x509)
{
  guint8 digest[EVP_MAX_MD_SIZE];
  guint len = 0;
  GString *text;

  if (!X509_digest (x509, EVP_sha256 (), digest, &len))
    return NULL;
  text = g_string_sized_new (3 * len);
  for (guint i = 0; i < len; i++)
    g_string_append_printf (text, "%s%02X", i ? ":" : "", digest[i]);
  return g_string_free (text, FALSE);
}

static gboolean
from_pem (ViaTlsCert *out, const gchar *pem)
{
  BIO *bio = BIO_new_mem_buf (pem, -1);
  X509 *x509 = bio != NULL ? PEM_read_bio_X509 (bio, NULL, NULL, NULL) : NULL;
  ViaTlsCert cert = {NULL, NULL};

  if (x509 != NULL && is_fresh (x509)) {
    cert.sha256 = digest_text (x509);
    cert.certificate = g_tls_certificate_new_from_pem (pem, -1, NULL);
  }
  X509_free (x509);
  BIO_free (bio);
  if (cert.sha256 == NULL || cert.certificate == NULL) {
    via_tlscert_clear (&cert);
    return FALSE;
  }
  *out = cert;
  return TRUE;
}

static gboolean
check_backend (GError **error)
{
  if (g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return TRUE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
      "GLib has no TLS here: install the package glib-networking, or use "
      "address=127.0.0.1");
  return FALSE;
}

gboolean
via_tlscert_load (ViaTlsCert *out, const gchar *directory,
    const gchar *const *hosts, GError **error)
{
  g_autofree gchar *file = NULL;
  gboolean ok = FALSE;
  gchar *pem;

  if (!check_backend (error))
    return FALSE;
  if (directory != NULL) {
    g_autofree gchar *name = g_strdup_printf ("tls-%s.pem", hosts[0]);

    file = g_build_filename (directory, name, NULL);
    pem = read_private (file);
    ok = pem != NULL && from_pem (out, pem);
    wipe (pem);
    if (ok)
      return TRUE;
  }
  pem = make_pem (hosts);
  ok = pem != NULL && from_pem (out, pem);
  if (ok && file != NULL)
    save (directory, file, pem);
  wipe (pem);
  if (!ok)
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_CRYPTO,
        "The self-signed certificate could not be made");
  return ok;
}

gboolean
via_tlscert_load_file (ViaTlsCert *out, const gchar *file, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GByteArray) der = NULL;
  const guint8 *data;
  X509 *x509;

  if (!check_backend (error))
    return FALSE;
  certificate = g_tls_certificate_new_from_file (file, &reason);
  if (certificate == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING, "tls-certificate=%s: %s",
        file, reason->message);
    return FALSE;
  }
  g_object_get (certificate, "certificate", &der, NULL);
  data = der->data;
  x509 = d2i_X509 (NULL, &data, der->len);
  out->sha256 = x509 != NULL ? digest_text (x509) : NULL;
  X509_free (x509);
  if (out->sha256 == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "tls-certificate=%s: it cannot be read", file);
    return FALSE;
  }
  out->certificate = g_steal_pointer (&certificate);
  return TRUE;
}
