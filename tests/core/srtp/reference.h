/* SPDX-License-Identifier: LGPL-2.1-or-later
 * reference.h – SRTP written down once more, straight from the RFCs, slow and
 * plain, to hold the session's packets against.
 * RFC 3711 §4.1.1, §4.2, §4.3 · RFC 7714 §8, §9, §11
 */
#pragma once

#include "srtp/session.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

typedef struct
{
  gboolean is_gcm;
  gsize key_len;
  guint8 key[32], auth[20], salt[14];
} RefKeys;

/* RFC 3711 §4.1.1: AES in counter mode from @iv, in place. */
static inline void
ref_counter (const guint8 *key, gsize key_len, const guint8 iv[16],
    guint8 *data, gsize len)
{
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new ();
  int n = 0;

  g_assert_cmpint (EVP_EncryptInit_ex (ctx,
                       key_len == 32 ? EVP_aes_256_ctr () : EVP_aes_128_ctr (),
                       NULL, key, iv),
      ==, 1);
  g_assert_cmpint (EVP_EncryptUpdate (ctx, data, &n, data, (int) len), ==, 1);
  EVP_CIPHER_CTX_free (ctx);
}

/* RFC 3711 §4.3.1; a salt of 12 bytes is followed by two of 0, RFC 7714 §11. */
static inline void
ref_derive (const guint8 *master, gsize key_len, const guint8 *salt,
    gsize salt_len, guint8 label, guint8 *out, gsize len)
{
  guint8 iv[16] = {0};

  memcpy (iv, salt, salt_len);
  iv[7] ^= label;
  memset (out, 0, len);
  ref_counter (master, key_len, iv, out, len);
}

static inline void
ref_keys (RefKeys *self, ViaSrtpProfile profile, const guint8 *master,
    const guint8 *salt, gboolean is_rtcp)
{
  gsize salt_len = via_srtp_salt_len (profile);
  guint8 label = is_rtcp ? 3 : 0;

  self->is_gcm = profile != VIA_SRTP_AES128_CM_SHA1_80;
  self->key_len = via_srtp_key_len (profile);
  ref_derive (
      master, self->key_len, salt, salt_len, label, self->key, self->key_len);
  ref_derive (master, self->key_len, salt, salt_len, label + 1, self->auth, 20);
  ref_derive (
      master, self->key_len, salt, salt_len, label + 2, self->salt, salt_len);
}

/* Encrypts @len bytes at @data and writes 16 bytes of tag after them. */
static inline void
ref_gcm (const guint8 *key, gsize key_len, const guint8 iv[12],
    const guint8 *aad, gsize aad_len, guint8 *data, gsize len, guint8 *tag)
{
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new ();
  int n = 0;

  g_assert_cmpint (EVP_EncryptInit_ex (ctx,
                       key_len == 32 ? EVP_aes_256_gcm () : EVP_aes_128_gcm (),
                       NULL, key, iv),
      ==, 1);
  EVP_EncryptUpdate (ctx, NULL, &n, aad, (int) aad_len);
  EVP_EncryptUpdate (ctx, data, &n, data, (int) len);
  EVP_EncryptFinal_ex (ctx, data + len, &n);
  g_assert_cmpint (
      EVP_CIPHER_CTX_ctrl (ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag), ==, 1);
  EVP_CIPHER_CTX_free (ctx);
}

static inline void
ref_put_u32 (guint8 *at, guint32 value)
{
  at[0] ^= (guint8) (value >> 24);
  at[1] ^= (guint8) (value >> 16);
  at[2] ^= (guint8) (value >> 8);
  at[3] ^= (guint8) value;
}

/* XORs SSRC and packet index into a counter block, RFC 3711 §4.1.1. */
static inline void
ref_cm_iv (guint8 iv[16], const RefKeys *keys, const guint8 *ssrc, guint32 high,
    guint16 low)
{
  memset (iv, 0, 16);
  memcpy (iv, keys->salt, 14);
  for (guint i = 0; i < 4; i++)
    iv[4 + i] ^= ssrc[i];
  ref_put_u32 (iv + 8, high);
  iv[12] ^= (guint8) (low >> 8);
  iv[13] ^= (guint8) low;
}

/* The first 10 bytes of HMAC-SHA1 over @len bytes at @data, to @out. */
static inline void
ref_hmac (const RefKeys *keys, const guint8 *data, gsize len, guint8 *out)
{
  guint8 tag[20];
  guint n = 0;

  HMAC (EVP_sha1 (), keys->auth, 20, data, len, tag, &n);
  memcpy (out, tag, 10);
}

/* A packet with 12 bytes of header. Returns the protected length. */
static inline gsize
ref_protect (const RefKeys *keys, guint8 *data, gsize len, guint32 roc)
{
  guint16 seq = (guint16) (data[2] << 8 | data[3]);
  guint8 iv[16] = {0};

  if (!keys->is_gcm) {
    ref_cm_iv (iv, keys, data + 8, roc, seq);
    ref_counter (keys->key, keys->key_len, iv, data + 12, len - 12);
    memset (data + len, 0, 4); /* the ROC is hashed, not sent */
    ref_put_u32 (data + len, roc);
    ref_hmac (keys, data, len + 4, data + len);
    return len + 10;
  }
  memcpy (iv, keys->salt, 12); /* 00 00 | SSRC | ROC | SEQ, RFC 7714 §8.1 */
  for (guint i = 0; i < 4; i++)
    iv[2 + i] ^= data[8 + i];
  ref_put_u32 (iv + 6, roc);
  iv[10] ^= data[2];
  iv[11] ^= data[3];
  ref_gcm (
      keys->key, keys->key_len, iv, data, 12, data + 12, len - 12, data + len);
  return len + 16;
}

static inline gsize
ref_protect_rtcp (const RefKeys *keys, guint8 *data, gsize len, guint32 index)
{
  guint32 word = 0x80000000 | index;
  guint8 iv[16] = {0}, aad[12] = {0};

  if (!keys->is_gcm) {
    ref_cm_iv (iv, keys, data + 4, index >> 16, (guint16) index);
    ref_counter (keys->key, keys->key_len, iv, data + 8, len - 8);
    memset (data + len, 0, 4);
    ref_put_u32 (data + len, word);
    ref_hmac (keys, data, len + 4, data + len + 4);
    return len + 14;
  }
  memcpy (iv, keys->salt, 12); /* 00 00 | SSRC | 00 00 | index, §9.1 */
  for (guint i = 0; i < 4; i++)
    iv[2 + i] ^= data[4 + i];
  ref_put_u32 (iv + 8, index);
  memcpy (aad, data, 8);
  ref_put_u32 (aad + 8, word);
  ref_gcm (
      keys->key, keys->key_len, iv, aad, 12, data + 8, len - 8, data + len);
  memset (data + len + 16, 0, 4);
  ref_put_u32 (data + len + 16, word);
  return len + 20;
}
