/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/stunask.h – asks a STUN or TURN server once and tells what it said: does
 * it answer, does it take the user and password, has it an address left. What
 * it allocates is given back at once.
 * Pure: messages in with `now`, next message out, a deadline, an answer.
 * RFC 8489 §6.2, §9.2 · RFC 8656 §7, §8
 */
#pragma once

#include "base/rng.h"
#include "base/time.h"

G_BEGIN_DECLS

#define VIA_STUNASK_WAIT (4 * VIA_S) /* for the answer to one request */

typedef enum
{
  VIA_STUNASK_OPEN, /* not known yet */
  VIA_STUNASK_GRANTED,
  VIA_STUNASK_REFUSED, /* with a code */
  VIA_STUNASK_SILENT,
  VIA_STUNASK_NONSENSE, /* what came is no STUN */
} ViaStunAnswer;

typedef struct _ViaStunAsk ViaStunAsk;

typedef struct
{
  const gchar *user, *password; /* NULL: a STUN server is asked */
  gboolean is_stream;           /* nothing is sent twice */
  ViaRng *rng;                  /* outlives it */
} ViaStunAskConfig;

/* (transfer full) */
ViaStunAsk *via_stunask_new (const ViaStunAskConfig *config, ViaTime now);
/* Wipes the key. */
void via_stunask_free (ViaStunAsk *self);

/* The next message to send, 0: none is due. @size: VIA_STUN_MAX does. */
gsize via_stunask_next (ViaStunAsk *self, guint8 *out, gsize size, ViaTime now);
/* One datagram, or what came of a stream. */
void via_stunask_feed (
    ViaStunAsk *self, const guint8 *data, gsize len, ViaTime now);
ViaTime via_stunask_deadline (const ViaStunAsk *self);
void via_stunask_expire (ViaStunAsk *self, ViaTime now);

/* @out_code: set when REFUSED. Final once it is not OPEN. */
ViaStunAnswer via_stunask_answer (const ViaStunAsk *self, guint *out_code);
/* What an error @code means, for a person: fits "TURN 486: … at
 * 192.0.2.1:3478/udp", and of 401 "… for 192.0.2.1:3478/udp".
 * (transfer none) */
const gchar *via_stunask_words (guint code);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaStunAsk, via_stunask_free)
