/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/negotiation.c – which plan holds and which are only proposed.
 * Pure.
 * RFC 9429 §3.2, §4.1.10.2, §5 · RFC 8866 §5.2 (sess-version)
 */
#include "sdp/negotiation.h"

struct _ViaNegotiation
{
  ViaPlan *current;  /* (nullable) runs */
  ViaPlan *pending;  /* (nullable) our offer */
  ViaPlan *proposal; /* (nullable) taken, not yet committed */
  guint64 version;   /* of the last description we made */
};

ViaNegotiation *
via_negotiation_new (void)
{
  return g_new0 (ViaNegotiation, 1);
}

void
via_negotiation_free (ViaNegotiation *self)
{
  if (self == NULL)
    return;
  via_plan_free (self->current);
  via_plan_free (self->pending);
  via_plan_free (self->proposal);
  g_free (self);
}

ViaSignalingState
via_negotiation_state (const ViaNegotiation *self)
{
  if (self->proposal != NULL && self->proposal->role == VIA_ROLE_ANSWERER)
    return VIA_SIGNALING_HAVE_REMOTE_OFFER;
  return self->pending != NULL ? VIA_SIGNALING_HAVE_LOCAL_OFFER
                               : VIA_SIGNALING_STABLE;
}

const ViaPlan *
via_negotiation_current (const ViaNegotiation *self)
{
  return self->current;
}

const ViaPlan *
via_negotiation_pending (const ViaNegotiation *self)
{
  return self->pending;
}

/* Versions go up, also over descriptions that were rolled back. */
static void
number (ViaNegotiation *self, ViaPlan *plan)
{
  plan->session_version = ++self->version;
}

static gboolean
is_busy (const ViaNegotiation *self, GError **error)
{
  if (self->proposal == NULL)
    return FALSE;
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "SDP: another description is being taken");
  return TRUE;
}

const ViaPlan *
via_negotiation_offer (ViaNegotiation *self, const ViaPlanLocal *local,
    const ViaPlanWish *wishes, guint n_wishes, gboolean restarts_ice,
    ViaRng *rng, GError **error)
{
  ViaPlan *plan;

  if (is_busy (self, error))
    return NULL;
  plan = via_plan_reoffer (
      self->current, local, wishes, n_wishes, restarts_ice, rng, error);
  if (plan == NULL)
    return NULL;
  if (self->current == NULL && self->pending != NULL)
    plan->session_id = self->pending->session_id;
  number (self, plan);
  via_plan_free (self->pending);
  self->pending = plan;
  return plan;
}

gboolean
via_negotiation_rollback (ViaNegotiation *self)
{
  gboolean has_pending = self->pending != NULL;

  g_clear_pointer (&self->pending, via_plan_free);
  return has_pending;
}

const ViaPlan *
via_negotiation_take_offer (ViaNegotiation *self, const ViaPlanLocal *local,
    const gchar *offer, ViaRng *rng, GError **error)
{
  if (is_busy (self, error))
    return NULL;
  self->proposal = via_plan_reanswer (self->current, local, offer, rng, error);
  return self->proposal;
}

const ViaPlan *
via_negotiation_take_answer (
    ViaNegotiation *self, const gchar *answer, GError **error)
{
  if (is_busy (self, error))
    return NULL;
  if (self->pending == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        self->current != NULL && self->current->role == VIA_ROLE_OFFERER
            ? "SDP: an answer, but our offer has been answered already"
            : "SDP: an answer, but no offer of ours waits for one");
    return NULL;
  }
  self->proposal = via_plan_accept (self->pending, answer, error);
  return self->proposal;
}

void
via_negotiation_commit (ViaNegotiation *self)
{
  g_return_if_fail (self->proposal != NULL);

  if (self->proposal->role == VIA_ROLE_ANSWERER)
    number (self, self->proposal);
  via_plan_free (self->current);
  self->current = g_steal_pointer (&self->proposal);
  g_clear_pointer (&self->pending, via_plan_free);
}

void
via_negotiation_abandon (ViaNegotiation *self)
{
  g_clear_pointer (&self->proposal, via_plan_free);
}
