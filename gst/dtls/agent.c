/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/agent.c – one DTLS 1.2 association over datagrams handed in and out.
 * Knows nothing of sockets, ICE or SDP; `now` is the only time it has.
 * RFC 6347 · RFC 5764 · RFC 8842 · RFC 8122
 *
 *   NEW ─start→ CONNECTING ─Finished, certificate and profile right→ CONNECTED
 *                 │  └─ a fatal error (server): a new SSL, still CONNECTING
 *                 └─ any other fatal error, 30 s → FAILED
 */
#include "dtls/agent.h"

#include "dtls/bio.h"
#include "dtls/context.h"
#include "dtls/guard.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/srtp.h>

#define BUDGET (30 * VIA_S)   /* for the whole handshake */
#define TIMER_START_US 200000 /* first retransmission, then doubled */
#define TIMER_MAX_US 2000000
#define ALERT_GRACE (2 * VIA_S)  /* for a handshake that goes on anyway */
#define CLOCK_STEP (20 * VIA_MS) /* where OpenSSL insists on its clock */
/* OpenSSL gives up after 12 retransmissions without an answer, too few where
 * half of all is lost: from the third on each datagram goes out twice. */
#define SINGLE_RESENDS 2
#define MAX_RESTARTS_PER_S 10
#define MAX_RESTARTS 100
#define MIN_ROOM 1500
#define GCM_OVERHEAD (8 + 16)          /* explicit nonce, tag; RFC 5288 §3 */
#define POLY1305_OVERHEAD 16           /* RFC 7905 §2 */
#define EXPORTER "EXTRACTOR-dtls_srtp" /* RFC 5764 §4.2 */

static const ViaSrtpProfile default_profiles[] = {VIA_SRTP_AEAD_AES_128_GCM,
    VIA_SRTP_AEAD_AES_256_GCM, VIA_SRTP_AES128_CM_SHA1_80, VIA_SRTP_NONE};

struct _ViaDtls
{
  ViaDtlsLink link; /* SSL_get_app_data() */
  ViaIdentity *identity;
  gboolean is_server;
  gchar *srtp_names; /* OpenSSL's, preferred first, with colons */
  BIO *bio;          /* outlives the SSL objects */
  SSL *ssl;          /* NULL once CLOSED or FAILED */
  ViaDtlsState state;
  gchar *failure;
  gchar *last_error; /* (nullable) of the handshake that was given up */
  ViaDtlsGuard guard;
  gboolean is_heard; /* a record of the peer reached OpenSSL */
  ViaTime ends_at;   /* the handshake's budget */
  ViaTime resend_at;
  guint n_resends; /* of this SSL object */
  struct
  {
    gboolean is_due;
    ViaTime second; /* when the second being counted began */
    guint in_second, total;
  } restart;
  ViaSrtpKeys keys; /* only in CONNECTED */
  GQueue came;      /* GBytes*: application data */
};

/* ---- making ------------------------------------------------------------ */

static const char *
openssl_name (ViaSrtpProfile profile)
{
  switch (profile) {
    case VIA_SRTP_AEAD_AES_128_GCM:
      return "SRTP_AEAD_AES_128_GCM";
    case VIA_SRTP_AEAD_AES_256_GCM:
      return "SRTP_AEAD_AES_256_GCM";
    case VIA_SRTP_AES128_CM_SHA1_80:
      return "SRTP_AES128_CM_SHA1_80";
    default:
      return NULL;
  }
}

static gboolean
set_profiles (ViaDtls *self, const ViaSrtpProfile *profiles, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  if (profiles == NULL)
    profiles = default_profiles;
  for (; *profiles != VIA_SRTP_NONE; profiles++) {
    const char *name = openssl_name (*profiles);

    if (name == NULL) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
          "SRTP profile 0x%04x is not supported", (guint) *profiles);
      return FALSE;
    }
    g_string_append_printf (names, names->len > 0 ? ":%s" : "%s", name);
  }
  if (names->len == 0) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SETTING,
        "the list of SRTP profiles is empty");
    return FALSE;
  }
  self->srtp_names = g_strdup (names->str);
  return TRUE;
}

static gboolean
set_expect (ViaDtls *self, const ViaDtlsExpect *expect, GError **error)
{
  ViaDtlsLink *link = &self->link;

  if (g_strcmp0 (expect->hash, "sha-256") == 0)
    link->hash = EVP_sha256 ();
  else if (g_strcmp0 (expect->hash, "sha-384") == 0)
    link->hash = EVP_sha384 ();
  else if (g_strcmp0 (expect->hash, "sha-512") == 0)
    link->hash = EVP_sha512 ();
  if (link->hash == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "fingerprints by \"%s\" are not taken; sha-256, sha-384 and sha-512 "
        "are",
        expect->hash != NULL ? expect->hash : "");
    return FALSE;
  }
  if (expect->digest == NULL
      || expect->len != (gsize) EVP_MD_get_size (link->hash)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SYNTAX,
        "a %s fingerprint has %d bytes, not %" G_GSIZE_FORMAT, expect->hash,
        EVP_MD_get_size (link->hash), expect->len);
    return FALSE;
  }
  memcpy (link->digest, expect->digest, expect->len);
  link->digest_len = expect->len;
  return TRUE;
}

static unsigned int
next_timer (SSL *ssl, unsigned int last_us)
{
  ViaDtlsLink *link = SSL_get_app_data (ssl);

  link->timer_us =
      last_us == 0 ? TIMER_START_US : MIN (2 * last_us, TIMER_MAX_US);
  return link->timer_us;
}

static void
drop_ssl (ViaDtls *self)
{
  via_bio_detach (self->bio);
  SSL_free (self->ssl);
  self->ssl = NULL;
  self->resend_at = VIA_TIME_NEVER;
}

/* A handshake from the beginning. FALSE: no memory, nothing changed. */
static gboolean
make_ssl (ViaDtls *self)
{
  SSL *ssl = SSL_new (via_identity_context (self->identity));

  /* The call to set the profiles gives 0 for success. */
  if (ssl == NULL || SSL_set_tlsext_use_srtp (ssl, self->srtp_names) != 0
      || SSL_set_mtu (ssl, VIA_DTLS_MTU) != VIA_DTLS_MTU) {
    SSL_free (ssl);
    return FALSE;
  }
  SSL_set_app_data (ssl, &self->link);
  DTLS_set_timer_cb (ssl, next_timer);
  BIO_up_ref (self->bio);
  SSL_set_bio (ssl, self->bio, self->bio);
  if (self->is_server)
    SSL_set_accept_state (ssl);
  else
    SSL_set_connect_state (ssl);
  drop_ssl (self);
  self->ssl = ssl;
  self->is_heard = FALSE;
  self->n_resends = 0;
  via_bio_set_copies (self->bio, 1);
  memset (&self->guard, 0, sizeof self->guard);
  return TRUE;
}

ViaDtls *
via_dtls_new (ViaIdentity *identity, gboolean is_server,
    const ViaSrtpProfile *profiles, const ViaDtlsExpect *expect, GError **error)
{
  g_autoptr (ViaDtls) self = NULL;

  g_return_val_if_fail (identity != NULL && expect != NULL, NULL);

  self = g_new0 (ViaDtls, 1);
  self->identity = via_identity_ref (identity);
  self->is_server = is_server;
  self->ends_at = self->resend_at = VIA_TIME_NEVER;
  if (!set_profiles (self, profiles, error)
      || !set_expect (self, expect, error))
    return NULL;
  ERR_clear_error ();
  self->bio = via_bio_new ();
  if (self->bio == NULL || !make_ssl (self)) {
    via_dtls_openssl_error (error, "cannot start DTLS");
    return NULL;
  }
  return g_steal_pointer (&self);
}

void
via_dtls_free (ViaDtls *self)
{
  if (self == NULL)
    return;
  if (self->bio != NULL)
    drop_ssl (self);
  BIO_free (self->bio);
  via_srtp_keys_wipe (&self->keys);
  g_queue_clear_full (&self->came, (GDestroyNotify) g_bytes_unref);
  via_identity_unref (self->identity);
  g_free (self->srtp_names);
  g_free (self->failure);
  g_free (self->last_error);
  g_free (self);
}

/* ---- the ends ---------------------------------------------------------- */

static void
end (ViaDtls *self, ViaDtlsState state)
{
  self->state = state;
  self->ends_at = VIA_TIME_NEVER;
  self->restart.is_due = FALSE;
  via_srtp_keys_wipe (&self->keys);
  drop_ssl (self); /* what it wrote stays to be sent */
}

static void
fail (ViaDtls *self, const gchar *why)
{
  g_free (self->failure);
  self->failure = g_strdup (why);
  end (self, VIA_DTLS_FAILED);
}

static void
fail_with_last (ViaDtls *self, const gchar *why)
{
  g_autofree gchar *text = self->last_error != NULL ? g_strdup_printf (
                               "%s (last: %s)", why, self->last_error)
                                                    : g_strdup (why);

  fail (self, text);
}

static void
note_error (ViaDtls *self, const gchar *what)
{
  g_free (self->last_error);
  self->last_error = g_strdup (what);
}

/* OpenSSL keeps an object that failed failed: a server goes on with another
 * one, so that a bad ClientHello does not end the association. */
static void
restart (ViaDtls *self, ViaTime now)
{
  if (now < self->restart.second || now - self->restart.second >= VIA_S) {
    self->restart.second = now;
    self->restart.in_second = 0;
  }
  if (self->restart.in_second >= MAX_RESTARTS_PER_S)
    return; /* until the second is over */
  if (self->restart.total >= MAX_RESTARTS) {
    fail_with_last (self, "too many handshakes failed");
    return;
  }
  self->restart.in_second++;
  self->restart.total++;
  if (make_ssl (self))
    self->restart.is_due = FALSE;
}

static void
handle_error (ViaDtls *self, int result)
{
  int kind = SSL_get_error (self->ssl, result);
  unsigned long error = ERR_peek_error ();
  const char *reason = ERR_reason_error_string (error);
  g_autofree gchar *text = NULL;

  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
    return;
  text = g_strdup (reason != NULL ? reason : "the peer closed");
  ERR_clear_error ();
  if (self->link.refused != NULL)
    fail (self, self->link.refused);
  else if (ERR_GET_REASON (error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    fail (self, "the peer sent no certificate");
  else if (self->state == VIA_DTLS_CONNECTED
           || (!self->is_server && self->is_heard))
    fail (self, text);
  else {
    note_error (self, text);
    self->restart.is_due = TRUE;
    self->resend_at = VIA_TIME_NEVER;
  }
}

/* ---- the handshake ----------------------------------------------------- */

static gboolean
export_keys (ViaDtls *self, ViaSrtpProfile profile)
{
  guint8 out[2 * (VIA_SRTP_MAX_KEY + VIA_SRTP_MAX_SALT)];
  gsize key = via_srtp_key_len (profile), salt = via_srtp_salt_len (profile);
  gboolean ok = SSL_export_keying_material (self->ssl, out, 2 * (key + salt),
                    EXPORTER, strlen (EXPORTER), NULL, 0, 0)
                == 1;
  /* client key | server key | client salt | server salt */
  const guint8 *client_salt = out + 2 * key;
  const guint8 *server_salt = client_salt + salt;

  if (ok) {
    ViaSrtpKeys *keys = &self->keys;

    keys->profile = profile;
    memcpy (keys->local_key, self->is_server ? out + key : out, key);
    memcpy (keys->remote_key, self->is_server ? out : out + key, key);
    memcpy (
        keys->local_salt, self->is_server ? server_salt : client_salt, salt);
    memcpy (
        keys->remote_salt, self->is_server ? client_salt : server_salt, salt);
  }
  OPENSSL_cleanse (out, sizeof out);
  return ok;
}

/* Finished both ways: nothing is believed before this has passed. */
static void
conclude (ViaDtls *self)
{
  X509 *cert = SSL_get1_peer_certificate (self->ssl);
  const gchar *fault = via_dtls_link_check (&self->link, cert);
  const SRTP_PROTECTION_PROFILE *chosen =
      SSL_get_selected_srtp_profile (self->ssl);

  X509_free (cert);
  if (fault == NULL && chosen == NULL)
    fault = "no SRTP profile in common";
  else if (fault == NULL && !export_keys (self, (ViaSrtpProfile) chosen->id))
    fault = "the SRTP keys could not be exported";
  if (fault != NULL) {
    SSL_shutdown (self->ssl);
    ERR_clear_error ();
    fail (self, fault);
    return;
  }
  self->state = VIA_DTLS_CONNECTED;
  self->ends_at = VIA_TIME_NEVER;
  /* From here on only what no timer of ours repeats: alerts, and the last
   * flight for a peer that did not get it. */
  via_bio_set_copies (self->bio, 2);
}

static void
read_data (ViaDtls *self)
{
  guint8 sink[2048];
  int n;

  do {
    ERR_clear_error ();
    n = SSL_read (self->ssl, sink, sizeof sink);
    if (n > 0 && g_queue_get_length (&self->came) < VIA_DTLS_WAITING)
      g_queue_push_tail (&self->came, g_bytes_new (sink, (gsize) n));
  } while (n > 0);
  OPENSSL_cleanse (sink, sizeof sink);
  if (SSL_get_error (self->ssl, n) == SSL_ERROR_ZERO_RETURN) {
    SSL_shutdown (self->ssl); /* our own close_notify */
    ERR_clear_error ();
    end (self, VIA_DTLS_CLOSED);
    return;
  }
  handle_error (self, n);
}

static void
follow_timer (ViaDtls *self, ViaTime now)
{
  if (self->ssl == NULL || self->restart.is_due)
    return;
  switch (via_bio_take_timer (self->bio)) {
    case VIA_BIO_TIMER_STARTED:
      self->resend_at = now + self->link.timer_us;
      break;
    case VIA_BIO_TIMER_STOPPED:
      self->resend_at = VIA_TIME_NEVER;
      break;
    case VIA_BIO_TIMER_SAME:
      break;
  }
}

static void
go_on (ViaDtls *self, ViaTime now)
{
  if (self->state == VIA_DTLS_CONNECTING) {
    int result;

    ERR_clear_error ();
    result = SSL_do_handshake (self->ssl);
    if (result == 1)
      conclude (self);
    else
      handle_error (self, result);
  }
  if (self->state == VIA_DTLS_CONNECTED)
    read_data (self);
  follow_timer (self, now);
}

void
via_dtls_start (ViaDtls *self, ViaTime now)
{
  if (self->state != VIA_DTLS_NEW)
    return;
  self->state = VIA_DTLS_CONNECTING;
  self->ends_at = now + BUDGET;
  if (!self->is_server)
    go_on (self, now);
}

/* ---- datagrams --------------------------------------------------------- */

/* An alert in the clear may be forged, so it does not end the handshake; but
 * one that does not go on after it ends soon. */
static void
note_alert (ViaDtls *self, const ViaDtlsRecord *record, ViaTime now)
{
  g_autofree gchar *text = NULL;

  if (record->len != 2 || record->body[0] != SSL3_AL_FATAL || !self->is_heard)
    return;
  text = g_strdup_printf (
      "the peer refused: %s", SSL_alert_desc_string_long (record->body[1]));
  note_error (self, text);
  self->ends_at = MIN (self->ends_at, now + ALERT_GRACE);
}

/* Before the first whole ClientHello nothing is settled: pieces that do not go
 * with the ones before may be the true ones, so the others are let go. */
static gboolean
admit_message (ViaDtls *self, const ViaDtlsRecord *record, ViaTime now)
{
  ViaDtlsGuard fresh = {{0}};

  if (via_dtls_guard_admit (&self->guard, record))
    return TRUE;
  if (!self->is_server || SSL_get_state (self->ssl) != TLS_ST_BEFORE
      || !via_dtls_guard_admit (&fresh, record))
    return FALSE;
  self->restart.is_due = TRUE;
  restart (self, now);
  return !self->restart.is_due && self->ssl != NULL
         && via_dtls_guard_admit (&self->guard, record);
}

static gboolean
admit_clear (ViaDtls *self, const ViaDtlsRecord *record, ViaTime now)
{
  if (self->state != VIA_DTLS_CONNECTING)
    return FALSE;
  switch (record->type) {
    case VIA_DTLS_CHANGE_CIPHER:
      return TRUE;
    case VIA_DTLS_ALERT:
      note_alert (self, record, now);
      return FALSE;
    case VIA_DTLS_HANDSHAKE:
      return admit_message (self, record, now);
    default:
      return FALSE;
  }
}

/* A record shorter than nonce and tag is no record of that epoch; OpenSSL
 * 3.0.19 takes it for a fault of its own and ends the association. */
static gboolean
is_whole (const ViaDtls *self, const ViaDtlsRecord *record)
{
  const SSL_CIPHER *cipher = SSL_get_pending_cipher (self->ssl);
  gsize least = GCM_OVERHEAD;

  if (cipher == NULL)
    cipher = SSL_get_current_cipher (self->ssl);
  if (cipher != NULL
      && SSL_CIPHER_get_cipher_nid (cipher) == NID_chacha20_poly1305)
    least = POLY1305_OVERHEAD;
  return record->len >= least;
}

/* OpenSSL would keep records of the next epoch, 16 KiB each, until it can
 * read them: they wait at the peer instead, which sends them again. */
static gboolean
admit (ViaDtls *self, const ViaDtlsRecord *record, ViaTime now)
{
  OSSL_HANDSHAKE_STATE at = SSL_get_state (self->ssl);

  if (record->epoch == 0)
    return admit_clear (self, record, now);
  return record->epoch == 1 && is_whole (self, record)
         && (self->state == VIA_DTLS_CONNECTED || at == TLS_ST_SR_CHANGE
             || at == TLS_ST_CR_CHANGE);
}

void
via_dtls_feed (ViaDtls *self, const guint8 *data, gsize len, ViaTime now)
{
  ViaReader in;
  ViaDtlsRecord record;

  via_reader_init (&in, data, len);
  /* One record at a time: whether the next may pass depends on this one. */
  while (
      (self->state == VIA_DTLS_CONNECTING || self->state == VIA_DTLS_CONNECTED)
      && via_dtls_record_read (&in, &record)) {
    if (self->restart.is_due)
      restart (self, now);
    if (self->ssl == NULL || self->restart.is_due)
      break;
    if (!admit (self, &record, now))
      continue;
    self->is_heard = TRUE;
    via_bio_put (self->bio, record.all, record.all_len);
    go_on (self, now);
    via_bio_put (self->bio, NULL, 0);
  }
}

gsize
via_dtls_next (ViaDtls *self, guint8 *out, gsize size)
{
  g_return_val_if_fail (size >= MIN_ROOM, 0);

  return via_bio_next (self->bio, out, size);
}

gsize
via_dtls_read (ViaDtls *self, guint8 *out, gsize size)
{
  while (!g_queue_is_empty (&self->came)) {
    g_autoptr (GBytes) bytes = g_queue_pop_head (&self->came);
    gsize len;
    const guint8 *data = g_bytes_get_data (bytes, &len);

    if (len <= size) {
      memcpy (out, data, len);
      return len;
    }
  }
  return 0;
}

gboolean
via_dtls_write (ViaDtls *self, const guint8 *data, gsize len)
{
  int n;

  if (self->state != VIA_DTLS_CONNECTED)
    return FALSE;
  ERR_clear_error ();
  via_bio_set_copies (self->bio, 1); /* who sent it repeats it */
  n = SSL_write (self->ssl, data, (int) len);
  via_bio_set_copies (self->bio, 2);
  ERR_clear_error ();
  return n == (int) len;
}

ViaTime
via_dtls_deadline (const ViaDtls *self)
{
  return MIN (self->ends_at, self->resend_at);
}

static void
resend (ViaDtls *self, ViaTime now)
{
  int result;

  self->resend_at = VIA_TIME_NEVER;
  if (++self->n_resends > SINGLE_RESENDS)
    via_bio_set_copies (self->bio, 2);
  via_bio_timer_due (self->bio);
  ERR_clear_error ();
  result = DTLSv1_handle_timeout (self->ssl);
  if (result < 0)
    handle_error (self, result);
  else if (result == 0)
    self->resend_at = now + CLOCK_STEP;
  follow_timer (self, now);
}

void
via_dtls_expire (ViaDtls *self, ViaTime now)
{
  if (now >= self->ends_at) {
    fail_with_last (self, "the handshake was not finished in time");
    return;
  }
  if (now >= self->resend_at)
    resend (self, now);
  /* Nobody answered so far: say hello again, until the time is over. */
  if (self->restart.is_due && !self->is_server) {
    restart (self, now);
    if (!self->restart.is_due && self->state == VIA_DTLS_CONNECTING)
      go_on (self, now);
  }
}

void
via_dtls_close (ViaDtls *self)
{
  if (self->state == VIA_DTLS_CLOSED || self->state == VIA_DTLS_FAILED)
    return;
  if (self->state == VIA_DTLS_CONNECTED) {
    SSL_shutdown (self->ssl);
    ERR_clear_error ();
  }
  end (self, VIA_DTLS_CLOSED);
}

/* ---- answers ----------------------------------------------------------- */

ViaDtlsState
via_dtls_state (const ViaDtls *self)
{
  return self->state;
}

const gchar *
via_dtls_failure (const ViaDtls *self)
{
  return self->state == VIA_DTLS_FAILED ? self->failure : NULL;
}

gboolean
via_dtls_keys (const ViaDtls *self, ViaSrtpKeys *out)
{
  if (self->state != VIA_DTLS_CONNECTED)
    return FALSE;
  *out = self->keys;
  return TRUE;
}
