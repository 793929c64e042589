/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/stunask.c – asks a STUN or TURN server once and tells what it said.
 *
 *   STUN   Binding ─────────────▶ success: granted
 *   TURN   Allocate ────────────▶ 401 realm, nonce
 *          Allocate, with key ──▶ success ─ Refresh, 0 s ─▶ any: granted
 *                               ▶ 438 nonce: again │ other: refused
 *
 * RFC 8489 §6.2, §9.2 · RFC 8656 §7, §8
 */
#include "ice/stunask.h"

#include <string.h>

#include "ice/stun.h"

#define RTO (500 * VIA_MS) /* RFC 8489 §6.2.1; twice as long each time */
#define MAX_STALE 3        /* nonces in one asking */

struct _ViaStunAsk
{
  ViaRng *rng;
  gchar *user, *password; /* NULL: a STUN server */
  gboolean is_stream;

  guint16 method;
  guint8 id[VIA_STUN_ID];
  ViaTime since, next; /* of the request: first sent, due again */
  ViaTime rto;
  guint8 realm[VIA_STUN_TEXT_MAX], nonce[VIA_STUN_TEXT_MAX];
  gsize realm_len, nonce_len;
  gboolean has_key;
  guint8 key[VIA_STUN_KEY];
  guint n_stale;

  guint8 stream[VIA_STUN_MAX]; /* a message that has not come to its end */
  gsize stream_len;

  ViaStunAnswer answer;
  guint code;
};

static void
begin_request (ViaStunAsk *self, guint16 method, ViaTime now)
{
  self->method = method;
  self->rng->fill (self->rng, self->id, sizeof self->id);
  self->since = self->next = now;
  self->rto = RTO;
}

ViaStunAsk *
via_stunask_new (const ViaStunAskConfig *config, ViaTime now)
{
  ViaStunAsk *self = g_new0 (ViaStunAsk, 1);

  self->rng = config->rng;
  self->user = g_strdup (config->user);
  self->password = g_strdup (config->password);
  self->is_stream = config->is_stream;
  begin_request (
      self, self->user != NULL ? VIA_STUN_ALLOCATE : VIA_STUN_BINDING, now);
  return self;
}

void
via_stunask_free (ViaStunAsk *self)
{
  if (self == NULL)
    return;
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  explicit_bzero (self->key, sizeof self->key);
  g_free (self->user);
  g_free (self->password);
  g_free (self);
}

static void
settle (ViaStunAsk *self, ViaStunAnswer answer, guint code)
{
  self->answer = answer;
  self->code = code;
}

/* --- out --- */

gsize
via_stunask_next (ViaStunAsk *self, guint8 *out, gsize size, ViaTime now)
{
  ViaStunRequest request = {.method = self->method,
      .key = self->has_key ? self->key : NULL,
      .username = self->user,
      .realm = self->realm,
      .realm_len = self->realm_len,
      .nonce = self->nonce,
      .nonce_len = self->nonce_len};

  if (self->answer != VIA_STUNASK_OPEN || now < self->next)
    return 0;
  self->next = self->is_stream ? VIA_TIME_NEVER : now + self->rto;
  self->rto *= 2;
  return via_stun_write_request (&request, self->id, out, size);
}

ViaTime
via_stunask_deadline (const ViaStunAsk *self)
{
  if (self->answer != VIA_STUNASK_OPEN)
    return VIA_TIME_NEVER;
  return MIN (self->next, self->since + VIA_STUNASK_WAIT);
}

void
via_stunask_expire (ViaStunAsk *self, ViaTime now)
{
  if (self->answer != VIA_STUNASK_OPEN || now < self->since + VIA_STUNASK_WAIT)
    return;
  settle (self,
      self->method == VIA_STUN_REFRESH ? VIA_STUNASK_GRANTED
                                       : VIA_STUNASK_SILENT,
      0);
}

/* --- in --- */

/* RFC 8489 §9.2.2, of MD5. */
static void
make_key (ViaStunAsk *self)
{
  GChecksum *md5 = g_checksum_new (G_CHECKSUM_MD5);
  gsize len = sizeof self->key;

  g_checksum_update (md5, (const guchar *) self->user, -1);
  g_checksum_update (md5, (const guchar *) ":", 1);
  g_checksum_update (md5, self->realm, (gssize) self->realm_len);
  g_checksum_update (md5, (const guchar *) ":", 1);
  g_checksum_update (md5, (const guchar *) self->password, -1);
  g_checksum_get_digest (md5, self->key, &len);
  g_checksum_free (md5);
  self->has_key = TRUE;
}

/* FALSE: it is no challenge we can answer. */
static gboolean
take_challenge (ViaStunAsk *self, const ViaStunMessage *message, ViaTime now)
{
  gboolean is_first = message->error_code == 401 && !self->has_key;
  gboolean is_stale = message->error_code == 438 && self->n_stale++ < MAX_STALE;

  if (self->user == NULL || message->nonce == NULL || !(is_first || is_stale)
      || (is_first && message->realm == NULL))
    return FALSE;
  memcpy (self->nonce, message->nonce, message->nonce_len);
  self->nonce_len = message->nonce_len;
  if (is_first) {
    memcpy (self->realm, message->realm, message->realm_len);
    self->realm_len = message->realm_len;
    make_key (self);
  }
  begin_request (self, self->method, now);
  return TRUE;
}

static void
take_answer (ViaStunAsk *self, const ViaStunMessage *message, ViaTime now)
{
  if (self->method == VIA_STUN_REFRESH) {
    if (message->type == VIA_STUN_SUCCESS
        || !take_challenge (self, message, now))
      settle (self, VIA_STUNASK_GRANTED, 0);
  } else if (message->type == VIA_STUN_ERROR) {
    if (!take_challenge (self, message, now))
      settle (self,
          message->error_code != 0 ? VIA_STUNASK_REFUSED : VIA_STUNASK_NONSENSE,
          message->error_code);
  } else if (self->method == VIA_STUN_ALLOCATE) {
    begin_request (self, VIA_STUN_REFRESH, now);
  } else {
    settle (self, VIA_STUNASK_GRANTED, 0);
  }
}

static void
take_message (ViaStunAsk *self, const guint8 *data, gsize len, ViaTime now)
{
  ViaStunMessage message;

  if (!via_stun_read (&message, data, len)) {
    settle (self, VIA_STUNASK_NONSENSE, 0);
    return;
  }
  if (message.method == self->method
      && (message.type == VIA_STUN_SUCCESS || message.type == VIA_STUN_ERROR)
      && memcmp (message.id, self->id, VIA_STUN_ID) == 0)
    take_answer (self, &message, now);
}

/* The message at the front of the stream, its length in its header. */
static gboolean
take_front (ViaStunAsk *self, ViaTime now)
{
  gsize len;

  if (self->stream_len < VIA_STUN_HEADER)
    return FALSE;
  len = VIA_STUN_HEADER + (gsize) (self->stream[2] << 8 | self->stream[3]);
  if (len > sizeof self->stream) {
    settle (self, VIA_STUNASK_NONSENSE, 0);
    return FALSE;
  }
  if (self->stream_len < len)
    return FALSE;
  take_message (self, self->stream, len, now);
  self->stream_len -= len;
  memmove (self->stream, self->stream + len, self->stream_len);
  return self->answer == VIA_STUNASK_OPEN;
}

void
via_stunask_feed (ViaStunAsk *self, const guint8 *data, gsize len, ViaTime now)
{
  if (!self->is_stream && self->answer == VIA_STUNASK_OPEN)
    take_message (self, data, len, now);
  while (self->is_stream && len > 0 && self->answer == VIA_STUNASK_OPEN) {
    gsize n = MIN (len, sizeof self->stream - self->stream_len);

    memcpy (self->stream + self->stream_len, data, n);
    self->stream_len += n;
    data += n;
    len -= n;
    while (take_front (self, now))
      ;
  }
}

/* --- what is known --- */

ViaStunAnswer
via_stunask_answer (const ViaStunAsk *self, guint *out_code)
{
  if (self->answer == VIA_STUNASK_REFUSED)
    *out_code = self->code;
  return self->answer;
}

const gchar *
via_stunask_words (guint code)
{
  switch (code) { /* RFC 8489 §14.8 · RFC 8656 §19 */
    case 300:
      return "another server is to be used instead of the one";
    case 400:
      return "the request was not understood";
    case 401:
      return "wrong user or password";
    case 403:
      return "the user may not relay";
    case 437:
      return "the last allocation is still there";
    case 438:
      return "nonces expire too fast";
    case 440:
      return "addresses of this family are not relayed";
    case 441:
      return "the allocation belongs to another user";
    case 442:
      return "UDP is not relayed";
    case 486:
      return "the user has as many allocations as he may have";
    case 508:
      return "no relay address is left";
    default:
      return code >= 500 ? "fault of the server" : "refused";
  }
}
