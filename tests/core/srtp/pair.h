/* SPDX-License-Identifier: LGPL-2.1-or-later
 * pair.h – two sessions that hold each other's keys, and packets for them.
 * The fixture of these tests.
 */
#pragma once

#include "reference.h"

#define SSRC 0xcafebabe
#define ROOM 1600

static const ViaSrtpProfile profiles[] = {VIA_SRTP_AES128_CM_SHA1_80,
    VIA_SRTP_AEAD_AES_128_GCM, VIA_SRTP_AEAD_AES_256_GCM};

#define FOR_EACH_PROFILE(p)                                                    \
  for (const ViaSrtpProfile *p = profiles;                                     \
       p < profiles + G_N_ELEMENTS (profiles); p++)

/* ---- fixture ----------------------------------------------------------- */

static inline void
make_keys (ViaSrtpKeys *keys, ViaSrtpProfile profile, gboolean is_other_end)
{
  ViaSrtpKeys k = {.profile = profile};

  for (guint i = 0; i < VIA_SRTP_MAX_KEY; i++) {
    k.local_key[i] = (guint8) (is_other_end ? 200 - i : i + 1);
    k.remote_key[i] = (guint8) (is_other_end ? i + 1 : 200 - i);
  }
  for (guint i = 0; i < VIA_SRTP_MAX_SALT; i++) {
    k.local_salt[i] = (guint8) (is_other_end ? 100 - i : i + 50);
    k.remote_salt[i] = (guint8) (is_other_end ? i + 50 : 100 - i);
  }
  *keys = k;
}

typedef struct
{
  ViaSrtp *a, *b;
} Pair;

static inline void
pair_init (Pair *self, ViaSrtpProfile profile)
{
  g_autoptr (GError) error = NULL;
  ViaSrtpKeys keys;

  make_keys (&keys, profile, FALSE);
  self->a = via_srtp_new (&keys, &error);
  g_assert_no_error (error);
  make_keys (&keys, profile, TRUE);
  self->b = via_srtp_new (&keys, &error);
  g_assert_no_error (error);
}

static inline void
pair_clear (Pair *self)
{
  via_srtp_free (self->a);
  via_srtp_free (self->b);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static inline gsize
write_rtp (guint8 *out, guint32 ssrc, guint16 seq, gsize payload)
{
  memset (out, 0, 12);
  out[0] = 0x80;
  out[1] = 96;
  out[2] = (guint8) (seq >> 8);
  out[3] = (guint8) seq;
  ref_put_u32 (out + 8, ssrc);
  for (gsize i = 0; i < payload; i++)
    out[12 + i] = (guint8) (seq + i);
  return 12 + payload;
}

/* A receiver report without blocks, and some more words. */
static inline gsize
write_rtcp (guint8 *out, guint32 ssrc, gsize words)
{
  memset (out, 0, 8 + 4 * words);
  out[0] = 0x80;
  out[1] = 201;
  out[3] = (guint8) (1 + words);
  ref_put_u32 (out + 4, ssrc);
  for (gsize i = 0; i < 4 * words; i++)
    out[8 + i] = (guint8) i;
  return 8 + 4 * words;
}

typedef struct
{
  guint8 data[ROOM];
  gsize len;
} Packet;

static inline Packet
sealed (ViaSrtp *srtp, guint32 ssrc, guint16 seq)
{
  Packet p;

  p.len = write_rtp (p.data, ssrc, seq, 40);
  g_assert_true (via_srtp_protect (srtp, p.data, &p.len, ROOM));
  return p;
}

static inline ViaDrop
opened (ViaSrtp *srtp, Packet p)
{
  return via_srtp_unprotect (srtp, p.data, &p.len);
}

static inline Packet
sealed_rtcp (ViaSrtp *srtp, guint32 ssrc)
{
  Packet p;

  p.len = write_rtcp (p.data, ssrc, 3);
  g_assert_true (via_srtp_protect_rtcp (srtp, p.data, &p.len, ROOM));
  return p;
}

static inline ViaDrop
opened_rtcp (ViaSrtp *srtp, Packet p)
{
  return via_srtp_unprotect_rtcp (srtp, p.data, &p.len);
}
