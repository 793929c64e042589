/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/lite.c – ICE-lite towards one peer.
 * RFC 8445 §2.5, §7.3, §8.1 · RFC 7675 §5.1 · RFC 8839 §5.4
 */
#include "ice/lite.h"

#include <string.h>

#define PWD_LEN 24
#define MAX_CREDENTIAL 256
#define ASKED 8                    /* checks of ours that may be answered */
#define RENOMINATION (1 * VIA_S)   /* a better path holds that long */
#define PROBE_AFTER (2 * VIA_S)    /* of silence: ask out of turn, */
#define PROBE_INTERVAL (1 * VIA_S) /* again and again */
#define CONSENT (VIA_LITE_CONSENT_S * VIA_S)
#define CONSENT_MAX (CONSENT + 6 * VIA_S) /* without STUN, media or not */

typedef struct
{
  gchar *ufrag, *pwd;
} Credentials;

struct _ViaLite
{
  ViaRng *rng;
  guint64 tie_breaker;
  Credentials local, remote;

  gboolean has_path;
  ViaIcePath path;
  guint32 path_priority;
  ViaTime nominated_at;

  ViaLiteState state;
  ViaTime heard_at;   /* anything from the selected path */
  ViaTime consent_at; /* STUN that proves who it is */
  ViaTime check_at;   /* our next consent check */
  ViaTime probe_at;   /* the next one out of turn, in silence */
  gboolean owes_check;
  guint8 asked[ASKED][VIA_STUN_ID];
  guint n_asked;
};

gboolean
via_ice_path_equal (const ViaIcePath *a, const ViaIcePath *b)
{
  return a->flow == b->flow && via_address_equal (&a->address, &b->address);
}

guint
via_ice_path_hash (const ViaIcePath *self)
{
  return via_address_hash (&self->address) * 31 + (guint) self->flow;
}

static void
clear (Credentials *credentials)
{
  g_clear_pointer (&credentials->ufrag, g_free);
  g_clear_pointer (&credentials->pwd, g_free);
}

static void
draw (ViaLite *self)
{
  self->local.ufrag = via_rng_text (self->rng, VIA_LITE_UFRAG);
  self->local.pwd = via_rng_text (self->rng, PWD_LEN);
}

ViaLite *
via_lite_new (ViaRng *rng)
{
  ViaLite *self = g_new0 (ViaLite, 1);

  self->rng = rng;
  self->tie_breaker = (guint64) via_rng_u32 (rng) << 32 | via_rng_u32 (rng);
  draw (self);
  return self;
}

void
via_lite_free (ViaLite *self)
{
  if (self == NULL)
    return;
  clear (&self->local);
  clear (&self->remote);
  g_free (self);
}

const gchar *
via_lite_ufrag (const ViaLite *self)
{
  return self->local.ufrag;
}

const gchar *
via_lite_pwd (const ViaLite *self)
{
  return self->local.pwd;
}

static gboolean
is_credential (const gchar *text, gsize min)
{
  gsize len = text != NULL ? strnlen (text, MAX_CREDENTIAL + 1) : 0;

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i]) && text[i] != '+' && text[i] != '/')
      return FALSE;
  return len >= min && len <= MAX_CREDENTIAL;
}

gboolean
via_lite_set_remote (ViaLite *self, const gchar *ufrag, const gchar *pwd)
{
  Credentials remote;

  if (!is_credential (ufrag, 4) || !is_credential (pwd, 22))
    return FALSE;
  remote = (Credentials){g_strdup (ufrag), g_strdup (pwd)};
  clear (&self->remote);
  self->remote = remote;
  return TRUE;
}

gboolean
via_lite_address_of (const ViaStunMessage *check, gchar *out)
{
  if (check->type != VIA_STUN_REQUEST || check->username == NULL
      || check->username_len <= VIA_LITE_UFRAG
      || check->username[VIA_LITE_UFRAG] != ':')
    return FALSE;
  memcpy (out, check->username, VIA_LITE_UFRAG);
  out[VIA_LITE_UFRAG] = '\0';
  return TRUE;
}

/* --- what is heard --- */

static void
hear (ViaLite *self, ViaTime now)
{
  self->heard_at = now;
  self->probe_at = now + PROBE_AFTER;
  if (self->state == VIA_LITE_DISCONNECTED)
    self->state = VIA_LITE_CONNECTED;
}

static void
consent (ViaLite *self, ViaTime now)
{
  self->consent_at = now;
  hear (self, now);
}

static gboolean
is_selected (const ViaLite *self, const ViaIcePath *path)
{
  return self->has_path && via_ice_path_equal (&self->path, path);
}

/* 80 to 120 % of the interval, so that peers do not check in step. */
static ViaTime
next_check (ViaLite *self, ViaTime now)
{
  ViaTime spread = VIA_LITE_INTERVAL * 2 / 5;

  return now + VIA_LITE_INTERVAL - spread / 2
         + (ViaTime) (via_rng_u32 (self->rng) % (guint32) spread);
}

/* The last nomination counts; but of a peer that nominates all it finds, the
 * one with the highest priority (RFC 5245's aggressive way). */
static void
nominate (ViaLite *self, const ViaIcePath *path, guint32 priority, ViaTime now)
{
  if (self->has_path && !is_selected (self, path)
      && self->state == VIA_LITE_CONNECTED && priority < self->path_priority
      && now - self->nominated_at < RENOMINATION)
    return;
  if (!self->has_path || self->state == VIA_LITE_FAILED)
    self->check_at = next_check (self, now);
  self->has_path = TRUE;
  self->path = *path;
  self->path_priority = priority;
  self->nominated_at = now;
  self->state = VIA_LITE_CONNECTED;
  consent (self, now);
}

/* TRUE: @check was made with our credentials. */
static gboolean
proves (const ViaLite *self, const ViaStunMessage *check)
{
  gchar ufrag[VIA_LITE_UFRAG + 1];

  return via_lite_address_of (check, ufrag)
         && strcmp (self->local.ufrag, ufrag) == 0
         && via_stun_is_authentic (check, self->local.pwd);
}

static gsize
answer (ViaLite *self, const ViaIcePath *path, const ViaStunMessage *check,
    ViaTime now, guint8 *out, gsize size, gboolean *out_is_authentic)
{
  const gchar *pwd = self->local.pwd;

  if (check->username == NULL || check->integrity == NULL)
    return 0; /* nothing to learn here for whoever does not know us */
  if (!proves (self, check))
    return via_stun_write_error (check, 401, NULL, out, size);
  *out_is_authentic = TRUE;
  if (check->n_unknown > 0)
    return via_stun_write_error (check, 420, pwd, out, size);
  if (check->is_controlled) /* we are that, always */
    return via_stun_write_error (check, 487, pwd, out, size);
  if (is_selected (self, path) && self->state != VIA_LITE_FAILED)
    consent (self, now);
  if (check->use_candidate)
    nominate (self, path, check->priority, now);
  return via_stun_write_success (check, &path->address, pwd, out, size);
}

static void
take_response (ViaLite *self, const ViaIcePath *path,
    const ViaStunMessage *response, ViaTime now, gboolean *out_is_authentic)
{
  for (guint i = 0; i < MIN (self->n_asked, ASKED); i++) {
    if (memcmp (self->asked[i], response->id, VIA_STUN_ID) != 0)
      continue;
    *out_is_authentic = self->remote.pwd != NULL
                        && via_stun_is_authentic (response, self->remote.pwd);
    if (*out_is_authentic && is_selected (self, path)
        && self->state != VIA_LITE_FAILED)
      consent (self, now);
    return;
  }
}

gsize
via_lite_receive (ViaLite *self, const ViaIcePath *path,
    const ViaStunMessage *message, ViaTime now, guint8 *out, gsize size,
    gboolean *out_is_authentic)
{
  *out_is_authentic = FALSE;
  if (message->method != VIA_STUN_BINDING)
    return 0;
  if (message->type == VIA_STUN_REQUEST)
    return answer (self, path, message, now, out, size, out_is_authentic);
  if (message->type == VIA_STUN_SUCCESS)
    take_response (self, path, message, now, out_is_authentic);
  return 0;
}

void
via_lite_heard (ViaLite *self, const ViaIcePath *path, ViaTime now)
{
  if (is_selected (self, path) && self->state != VIA_LITE_FAILED)
    hear (self, now);
}

void
via_lite_lost (ViaLite *self, guint64 flow)
{
  if (flow == 0 || !self->has_path || self->path.flow != flow)
    return;
  self->has_path = FALSE;
  if (self->state == VIA_LITE_CONNECTED)
    self->state = VIA_LITE_DISCONNECTED;
}

/* --- time --- */

static gboolean
is_alive (const ViaLite *self)
{
  return self->state == VIA_LITE_CONNECTED
         || self->state == VIA_LITE_DISCONNECTED;
}

static ViaTime
ends_at (const ViaLite *self)
{
  return MIN (self->heard_at + CONSENT, self->consent_at + CONSENT_MAX);
}

void
via_lite_expire (ViaLite *self, ViaTime now)
{
  if (!is_alive (self))
    return;
  if (now >= ends_at (self)) {
    self->state = VIA_LITE_FAILED;
    self->owes_check = FALSE;
    return;
  }
  if (now - self->heard_at >= VIA_LITE_SILENCE)
    self->state = VIA_LITE_DISCONNECTED;
  if (now >= self->check_at) {
    self->owes_check = self->has_path;
    self->check_at = next_check (self, now);
  }
  if (now >= self->probe_at) {
    self->owes_check = self->has_path;
    self->probe_at = now + PROBE_INTERVAL;
  }
}

ViaTime
via_lite_deadline (const ViaLite *self)
{
  ViaTime when;

  if (!is_alive (self))
    return VIA_TIME_NEVER;
  when = MIN (MIN (self->check_at, self->probe_at), ends_at (self));
  return self->state == VIA_LITE_CONNECTED
             ? MIN (when, self->heard_at + VIA_LITE_SILENCE)
             : when;
}

gsize
via_lite_next (ViaLite *self, ViaTime now, guint8 *out, gsize size)
{
  g_autofree gchar *username = NULL;
  guint8 *id = self->asked[self->n_asked % ASKED];
  ViaStunCheck check = {
      .priority = VIA_LITE_PRIORITY, .tie_breaker = self->tie_breaker};

  if (!self->owes_check || self->remote.pwd == NULL)
    return 0;
  self->owes_check = FALSE;
  self->rng->fill (self->rng, id, VIA_STUN_ID);
  /* never wraps to "none asked" */
  self->n_asked = self->n_asked + 1 == 2 * ASKED ? ASKED : self->n_asked + 1;
  username = g_strdup_printf ("%s:%s", self->remote.ufrag, self->local.ufrag);
  check.username = username;
  return via_stun_write_check (&check, id, self->remote.pwd, out, size);
}

ViaLiteState
via_lite_state (const ViaLite *self)
{
  return self->state;
}

gboolean
via_lite_selected (const ViaLite *self, ViaIcePath *out)
{
  if (!self->has_path || self->state == VIA_LITE_FAILED)
    return FALSE;
  *out = self->path;
  return TRUE;
}
