/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/stun.h – STUN messages as ICE and TURN use them: read, proved, written.
 * Pure; knows no sessions.
 * RFC 8489 §5–§6, §9, §14 · RFC 8445 §7.1, §16.1 · RFC 8656 §7, §18
 */
#pragma once

#include "base/address.h"
#include "base/rng.h"

G_BEGIN_DECLS

#define VIA_STUN_HEADER 20
#define VIA_STUN_MAX 1280 /* bytes; a longer message is none of ours */
#define VIA_STUN_ID 12
#define VIA_STUN_UNKNOWN_MAX 8
#define VIA_STUN_TEXT_MAX 763 /* bytes of a realm or nonce */
#define VIA_STUN_KEY 16       /* of a long-term credential */

typedef enum
{
  VIA_STUN_REQUEST,
  VIA_STUN_INDICATION,
  VIA_STUN_SUCCESS,
  VIA_STUN_ERROR,
} ViaStunClass;

/* A view: points into the datagram. */
typedef struct
{
  const guint8 *data;
  gsize len;
  ViaStunClass type;
  guint16 method; /* 1: Binding */
  const guint8 *id;
  const guint8 *username; /* (nullable) not ended by NUL */
  gsize username_len;
  const guint8 *integrity;     /* (nullable) the HMAC */
  const guint8 *realm, *nonce; /* (nullable) not ended by NUL */
  gsize realm_len, nonce_len;
  gboolean has_fingerprint;
  gboolean has_priority, use_candidate, is_controlling, is_controlled;
  guint32 priority;
  guint64 tie_breaker;
  gboolean has_mapped;
  ViaAddress mapped;
  guint error_code; /* 0: none */
  guint n_unknown;  /* comprehension-required attributes we do not know */
  guint16 unknown[VIA_STUN_UNKNOWN_MAX];
} ViaStunMessage;

#define VIA_STUN_BINDING 0x001
#define VIA_STUN_ALLOCATE 0x003
#define VIA_STUN_REFRESH 0x004

/* FALSE if the bytes are not one whole STUN message, or its FINGERPRINT is
 * wrong. What follows MESSAGE-INTEGRITY does not count (RFC 8489 §14.5). */
gboolean via_stun_read (ViaStunMessage *out, const guint8 *data, gsize len);
/* TRUE if MESSAGE-INTEGRITY is there and made with @pwd. */
gboolean via_stun_is_authentic (const ViaStunMessage *self, const gchar *pwd);

/* All return the length, 0 if it does not fit @size. Each ends with
 * FINGERPRINT; with MESSAGE-INTEGRITY before it where there is a @pwd. */
gsize via_stun_write_success (const ViaStunMessage *request,
    const ViaAddress *from, const gchar *pwd, guint8 *out, gsize size);
/* 420 lists what was unknown. @pwd: (nullable) */
gsize via_stun_write_error (const ViaStunMessage *request, guint code,
    const gchar *pwd, guint8 *out, gsize size);
/* A Binding request. */
typedef struct
{
  const gchar *username;
  guint32 priority;
  guint64 tie_breaker;
  gboolean is_controlling, use_candidate;
} ViaStunCheck;
gsize via_stun_write_check (const ViaStunCheck *check,
    const guint8 id[VIA_STUN_ID], const gchar *pwd, guint8 *out, gsize size);

/* A request to a server: Binding; Allocate, of a relayed address for UDP;
 * Refresh, which gives it back. With @key it has a long-term credential (RFC
 * 8489 §9.2): MD5 of "username:realm:password". */
typedef struct
{
  guint16 method;
  const guint8 *key; /* (nullable) VIA_STUN_KEY bytes; else none of the next */
  const gchar *username;
  const guint8 *realm, *nonce;
  gsize realm_len, nonce_len;
} ViaStunRequest;
gsize via_stun_write_request (const ViaStunRequest *request,
    const guint8 id[VIA_STUN_ID], guint8 *out, gsize size);

G_END_DECLS
