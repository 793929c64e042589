/* SPDX-License-Identifier: LGPL-2.1-or-later
 * srtp/session.c – SRTP and SRTCP of one peer, in place, by libsrtp2.
 * Knows nothing of sockets, time or what the packets mean.
 * RFC 3711 · RFC 7714
 */
#include "srtp/session.h"

#include <string.h>

#include <srtp2/srtp.h>

#define REPLAY_WINDOW 1024 /* packets; RFC 3711 §3.3.2 asks for 64 or more */
#define RTP_HEADER 12      /* bytes */
#define RTCP_HEADER 8
#define RTCP_INDEX 4 /* E bit and index, RFC 3711 §3.4 */
#define CM_TAG 10
#define GCM_TAG 16

struct _ViaSrtp
{
  ViaSrtpProfile profile;
  gsize tag; /* bytes */
  srtp_t out;
  srtp_t in;
  guint32 heard[VIA_SRTP_MAX_SSRCS]; /* authenticated at least once */
  guint n_heard;
};

static gboolean
srtp_is_ready (void)
{
  static gsize once = 0; /* 1: ready, 2: failed; there is no shutdown, as
                            others in the process may use libsrtp2 too */

  if (g_once_init_enter (&once)) {
    srtp_err_status_t status = srtp_init ();

    /* bad_param: another user of the process was first (its modules cannot be
     * registered twice); the library is ready all the same. */
    g_once_init_leave (&once,
        status == srtp_err_status_ok || status == srtp_err_status_bad_param
            ? 1
            : 2);
  }
  return once == 1;
}

static gboolean
set_profile (srtp_policy_t *policy, ViaSrtpProfile profile)
{
  switch (profile) {
    case VIA_SRTP_AES128_CM_SHA1_80:
      srtp_crypto_policy_set_rtp_default (&policy->rtp);
      srtp_crypto_policy_set_rtcp_default (&policy->rtcp);
      return TRUE;
    case VIA_SRTP_AEAD_AES_128_GCM:
      srtp_crypto_policy_set_aes_gcm_128_16_auth (&policy->rtp);
      srtp_crypto_policy_set_aes_gcm_128_16_auth (&policy->rtcp);
      return TRUE;
    case VIA_SRTP_AEAD_AES_256_GCM:
      srtp_crypto_policy_set_aes_gcm_256_16_auth (&policy->rtp);
      srtp_crypto_policy_set_aes_gcm_256_16_auth (&policy->rtcp);
      return TRUE;
    default:
      return FALSE;
  }
}

static gboolean
make_side (srtp_t *out, ViaSrtpProfile profile, const guint8 *key,
    const guint8 *salt, srtp_ssrc_type_t ssrcs, GError **error)
{
  guint8 master[VIA_SRTP_MAX_KEY + VIA_SRTP_MAX_SALT] = {0};
  srtp_policy_t policy = {.key = master, .window_size = REPLAY_WINDOW};
  gsize key_len = via_srtp_key_len (profile);
  srtp_err_status_t status;

  memcpy (master, key, key_len);
  memcpy (master + key_len, salt, via_srtp_salt_len (profile));
  policy.ssrc.type = ssrcs;
  /* An answer to a NACK without RTX is the same packet once more. */
  policy.allow_repeat_tx = ssrcs == ssrc_any_outbound;
  set_profile (&policy, profile);
  status = srtp_create (out, &policy);
  explicit_bzero (master, sizeof master);
  if (status == srtp_err_status_ok)
    return TRUE;
  *out = NULL;
  g_set_error (error, VIA_ERROR, VIA_ERROR_CRYPTO,
      "libsrtp2 refused a session for %s (error %d)",
      via_srtp_profile_name (profile), (int) status);
  return FALSE;
}

ViaSrtp *
via_srtp_new (const ViaSrtpKeys *keys, GError **error)
{
  g_autoptr (ViaSrtp) self = NULL;
  srtp_policy_t unused;

  g_return_val_if_fail (keys != NULL, NULL);
  if (!set_profile (&unused, keys->profile)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "SRTP profile 0x%04x is not supported", (guint) keys->profile);
    return NULL;
  }
  if (!srtp_is_ready ()) {
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_CRYPTO, "libsrtp2 does not start");
    return NULL;
  }
  self = g_new0 (ViaSrtp, 1);
  self->profile = keys->profile;
  self->tag = keys->profile == VIA_SRTP_AES128_CM_SHA1_80 ? CM_TAG : GCM_TAG;
  if (!make_side (&self->out, keys->profile, keys->local_key, keys->local_salt,
          ssrc_any_outbound, error)
      || !make_side (&self->in, keys->profile, keys->remote_key,
          keys->remote_salt, ssrc_any_inbound, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
via_srtp_free (ViaSrtp *self)
{
  if (self == NULL)
    return;
  if (self->out != NULL)
    srtp_dealloc (self->out); /* libsrtp2 wipes its keys */
  if (self->in != NULL)
    srtp_dealloc (self->in);
  g_free (self);
}

/* ---- out --------------------------------------------------------------- */

gboolean
via_srtp_protect (ViaSrtp *self, guint8 *data, gsize *len, gsize size)
{
  int n = (int) *len;

  if (*len < RTP_HEADER || *len > VIA_SRTP_MAX_PACKET || size < *len
      || size - *len < self->tag)
    return FALSE;
  if (srtp_protect (self->out, data, &n) != srtp_err_status_ok)
    return FALSE;
  *len = (gsize) n;
  return TRUE;
}

gboolean
via_srtp_protect_rtcp (ViaSrtp *self, guint8 *data, gsize *len, gsize size)
{
  int n = (int) *len;

  if (*len < RTCP_HEADER || *len > VIA_SRTP_MAX_PACKET || size < *len
      || size - *len < self->tag + RTCP_INDEX)
    return FALSE;
  if (srtp_protect_rtcp (self->out, data, &n) != srtp_err_status_ok)
    return FALSE;
  *len = (gsize) n;
  return TRUE;
}

/* ---- in ---------------------------------------------------------------- */

static guint32
read_u32 (const guint8 *at)
{
  return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8
         | at[3];
}

static gboolean
is_heard (const ViaSrtp *self, guint32 ssrc)
{
  for (guint i = 0; i < self->n_heard; i++)
    if (self->heard[i] == ssrc)
      return TRUE;
  return FALSE;
}

static ViaDrop
drop_of (srtp_err_status_t status)
{
  switch (status) {
    case srtp_err_status_ok:
      return VIA_DROP_NONE;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
    case srtp_err_status_pkt_idx_old:
      return VIA_DROP_REPLAY;
    case srtp_err_status_bad_param:
    case srtp_err_status_parse_err:
      return VIA_DROP_MALFORMED;
    case srtp_err_status_key_expired:
    case srtp_err_status_alloc_fail:
      return VIA_DROP_LIMIT;
    default:
      return VIA_DROP_AUTH;
  }
}

typedef srtp_err_status_t (*Unprotect) (srtp_t, void *, int *);

/* libsrtp2 makes a stream for a new SSRC once its tag was right; so do we. */
static ViaDrop
unprotect (ViaSrtp *self, Unprotect how, guint32 ssrc, guint8 *data, gsize *len)
{
  gboolean is_new = !is_heard (self, ssrc);
  int n = (int) *len;
  ViaDrop drop;

  if (is_new && self->n_heard == VIA_SRTP_MAX_SSRCS)
    return VIA_DROP_LIMIT;
  drop = drop_of (how (self->in, data, &n));
  if (drop != VIA_DROP_NONE)
    return drop;
  if (is_new)
    self->heard[self->n_heard++] = ssrc;
  *len = (gsize) n;
  return VIA_DROP_NONE;
}

ViaDrop
via_srtp_unprotect (ViaSrtp *self, guint8 *data, gsize *len)
{
  gsize header;

  if (*len < RTP_HEADER + self->tag || *len > VIA_SRTP_MAX_PACKET
      || data[0] >> 6 != 2)
    return VIA_DROP_MALFORMED;
  header = RTP_HEADER + 4 * (gsize) (data[0] & 0x0f);
  if (data[0] & 0x10) { /* X: profile 2 | length in words 2 | words */
    if (*len < header + 4 + self->tag)
      return VIA_DROP_MALFORMED;
    header += 4 + 4 * (gsize) (data[header + 2] << 8 | data[header + 3]);
  }
  if (*len < header + self->tag)
    return VIA_DROP_MALFORMED;
  return unprotect (self, srtp_unprotect, read_u32 (data + 8), data, len);
}

/* Where the E bit is: RFC 3711 §3.4 has the tag last, RFC 7714 §9.2 first. */
static gboolean
is_encrypted (const ViaSrtp *self, const guint8 *data, gsize len)
{
  gsize after =
      self->profile == VIA_SRTP_AES128_CM_SHA1_80 ? (gsize) CM_TAG : 0;

  return (data[len - after - RTCP_INDEX] & 0x80) != 0;
}

ViaDrop
via_srtp_unprotect_rtcp (ViaSrtp *self, guint8 *data, gsize *len)
{
  if (*len < RTCP_HEADER + self->tag + RTCP_INDEX || *len > VIA_SRTP_MAX_PACKET
      || data[0] >> 6 != 2)
    return VIA_DROP_MALFORMED;
  if (!is_encrypted (self, data, *len))
    return VIA_DROP_AUTH;
  return unprotect (self, srtp_unprotect_rtcp, read_u32 (data + 4), data, len);
}

gboolean
via_srtp_forget (ViaSrtp *self, guint32 ssrc)
{
  for (guint i = 0; i < self->n_heard; i++)
    if (self->heard[i] == ssrc) {
      /* libsrtp2 knows SSRCs as they are on the wire. */
      srtp_remove_stream (self->in, GUINT32_TO_BE (ssrc));
      self->heard[i] = self->heard[--self->n_heard];
      return TRUE;
    }
  return FALSE;
}

guint
via_srtp_n_ssrcs (const ViaSrtp *self)
{
  return self->n_heard;
}

ViaSrtpProfile
via_srtp_profile (const ViaSrtp *self)
{
  return self->profile;
}
