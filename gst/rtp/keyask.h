/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/keyask.h – when to ask a sender for a key frame, and when again.
 * Pure. A value; knows no RTCP.
 * RFC 4585 §6.3.1 (PLI) · RFC 5104 §4.3.1 (FIR)
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

#define VIA_KEYASK_INTERVAL (500 * VIA_MS) /* between two requests */
#define VIA_KEYASK_AGAIN (1 * VIA_S)       /* while no key frame has come */
#define VIA_KEYASK_TRIES 10                /* of one wish */

typedef struct
{
  gboolean has_asked;
  ViaTime asked_at;
  guint tries;    /* requests sent since the last wish */
  ViaTime due_at; /* NEVER: nothing is wanted, or asked in vain too often */
} ViaKeyask;

void via_keyask_init (ViaKeyask *self);
/* Somebody needs a key frame. */
void via_keyask_want (ViaKeyask *self, ViaTime now);
/* When to send a request; NEVER: none is wanted. */
ViaTime via_keyask_deadline (const ViaKeyask *self);
/* A request was sent. */
void via_keyask_sent (ViaKeyask *self, ViaTime now);
/* A key frame came: nothing is wanted any more. */
void via_keyask_satisfied (ViaKeyask *self);

G_END_DECLS
