/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/guard.h – which records of a datagram may reach OpenSSL.
 * Pure; bounds what an unauthenticated peer can make us keep.
 * RFC 6347 §4.1, §4.2.2, §4.2.3
 */
#pragma once

#include "base/bytes.h"

G_BEGIN_DECLS

#define VIA_DTLS_MAX_MESSAGE (16 * 1024)  /* bytes of one message */
#define VIA_DTLS_MAX_MESSAGES (48 * 1024) /* bytes of all of a handshake */
#define VIA_DTLS_MAX_MESSAGE_SEQS 16      /* no handshake has as many */

typedef enum
{
  VIA_DTLS_CHANGE_CIPHER = 20,
  VIA_DTLS_ALERT = 21,
  VIA_DTLS_HANDSHAKE = 22,
  VIA_DTLS_DATA = 23,
} ViaDtlsType;

typedef struct
{
  ViaDtlsType type;
  guint16 epoch;
  const guint8 *all; /* header and body */
  gsize all_len;
  const guint8 *body;
  gsize len;
} ViaDtlsRecord;

/* The next record of a datagram. FALSE at its end and at the first thing that
 * is no DTLS record. */
gboolean via_dtls_record_read (ViaReader *in, ViaDtlsRecord *out);

/* Zero it for each new handshake. */
typedef struct
{
  guint32 size[VIA_DTLS_MAX_MESSAGE_SEQS]; /* 1 + announced bytes; 0: none */
  gsize total;
} ViaDtlsGuard;

/* Whether the handshake record in the clear keeps the bounds and agrees with
 * what came before. If not, @self is as it was. */
gboolean via_dtls_guard_admit (ViaDtlsGuard *self, const ViaDtlsRecord *record);

G_END_DECLS
