/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/stun.h – STUN messages as ICE uses them: read, proved, written.
 * Pure; knows no sessions.
 * RFC 8489 §5–§6, §9.1, §14 · RFC 8445 §7.1, §16.1
 */
#pragma once

#include "base/address.h"
#include "base/rng.h"

G_BEGIN_DECLS

#define VIA_STUN_HEADER 20
#define VIA_STUN_MAX 1280 /* bytes; a longer message is none of ours */
#define VIA_STUN_ID 12
#define VIA_STUN_UNKNOWN_MAX 8

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
  const guint8 *integrity; /* (nullable) the HMAC */
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

#define VIA_STUN_BINDING 1

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

G_END_DECLS
