/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/negotiation.h – JSEP's signalling state: what holds, what we offer, what
 * is being taken. Pure; plans in and out, no transport.
 * RFC 9429 §3.2 (states), §4.1.10.2 (rollback), §5 · RFC 3264 §4 (glare)
 *
 *              take_offer                  offer
 *    have-remote-offer ←──── stable ────────────────→ have-local-offer
 *          │ commit, abandon   ↑ ↑   commit of an answer, rollback │
 *          └───────────────────┘ └─────────────────────────────────┘
 *
 * Glare: an offer taken in have-local-offer wins; its commit drops ours, which
 * may then be made again. A caller who wants his own to win does not take it.
 */
#pragma once

#include "sdp/plan.h"

G_BEGIN_DECLS

typedef struct _ViaNegotiation ViaNegotiation;

typedef enum
{
  VIA_SIGNALING_STABLE,
  VIA_SIGNALING_HAVE_LOCAL_OFFER,
  VIA_SIGNALING_HAVE_REMOTE_OFFER,
  VIA_SIGNALING_CLOSED, /* nothing can be negotiated */
} ViaSignalingState;

/* (transfer full) */
ViaNegotiation *via_negotiation_new (void);
void via_negotiation_free (ViaNegotiation *self);

ViaSignalingState via_negotiation_state (const ViaNegotiation *self);
/* What both sides agreed to and runs; NULL before. (transfer none) */
const ViaPlan *via_negotiation_current (const ViaNegotiation *self);
/* Our offer that waits for its answer, or NULL. (transfer none) */
const ViaPlan *via_negotiation_pending (const ViaNegotiation *self);

/* Our next offer, as via_plan_reoffer; it takes the place of one that waits.
 * STATE in have-remote-offer. (transfer none) */
const ViaPlan *via_negotiation_offer (ViaNegotiation *self,
    const ViaPlanLocal *local, const ViaPlanWish *wishes, guint n_wishes,
    gboolean restarts_ice, ViaRng *rng, GError **error);
/* Drops our offer; FALSE: none waits. */
gboolean via_negotiation_rollback (ViaNegotiation *self);

/* What their offer leads to, as via_plan_reanswer; until _commit or _abandon
 * nothing else changes. NULL leaves all as it was. (transfer none) */
const ViaPlan *via_negotiation_take_offer (ViaNegotiation *self,
    const ViaPlanLocal *local, const gchar *offer, ViaRng *rng, GError **error);
/* What their answer makes of our offer, as via_plan_accept. Errors also: STATE
 * (no offer of ours waits). (transfer none) */
const ViaPlan *via_negotiation_take_answer (
    ViaNegotiation *self, const gchar *answer, GError **error);
/* What was taken holds now; stable, our own offer is gone. */
void via_negotiation_commit (ViaNegotiation *self);
/* What was taken is forgotten; all is as before. */
void via_negotiation_abandon (ViaNegotiation *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaNegotiation, via_negotiation_free)
