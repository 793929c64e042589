/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session_wish.c – what we would offer now, and whether that differs
 * from what was negotiated. Loop thread.
 * RFC 9429 §4.1.6 (negotiation needed), §5.2.2
 */
#include "endpoints/session-private.h"

/* M-lines to add (positive) or to give up (negative), own sink pads and hub. */
typedef struct
{
  gint own[2], hub[2];
} Balance;

/* One m-line of each kind, the own sink pads' before the hub's; the first offer
 * has them all. */
static void
limit (Balance *balance, gboolean is_first)
{
  for (guint k = 0; k < 2; k++) {
    balance->own[k] = MIN (balance->own[k], is_first ? 1 : 0);
    balance->hub[k] = MIN (balance->hub[k], is_first ? 1 - balance->own[k] : 0);
  }
}

static void
weigh (ViaSession *self, Balance *out)
{
  gboolean is_first = via_negotiation_current (self->negotiation) == NULL;

  for (guint k = 0; k < 2; k++) {
    out->own[k] = via_session_rooms_missing (&self->own, (ViaKind) k);
    out->hub[k] = via_session_rooms_missing (&self->hub, (ViaKind) k);
    if (is_first && self->hub.member != NULL)
      out->hub[k] = MAX (out->hub[k], 1); /* for who comes later */
    if (!is_first && out->hub[k] < 0)
      out->hub[k]++; /* one is kept for who comes later */
  }
  if (self->is_single)
    limit (out, is_first);
  if (is_first && !self->wants_data
      && out->own[0] + out->own[1] + out->hub[0] + out->hub[1] == 0)
    out->own[0] = out->own[1] = 1; /* to hear and see what the peer has */
}

/* TRUE: @media, which is ours, has no track left to send. */
static gboolean
give_up (ViaSession *self, const ViaPlanMedia *media, guint line, Balance *left)
{
  ViaSessionSlot *own = via_session_rooms_slot (&self->own, media->kind, line);
  ViaSessionSlot *hub = via_session_rooms_slot (&self->hub, media->kind, line);
  ViaSessionSlot *slot = own != NULL ? own : hub;
  gint *balance =
      own != NULL ? &left->own[media->kind] : &left->hub[media->kind];

  if (!media->is_ours || slot == NULL || slot->is_taken || *balance >= 0)
    return FALSE;
  ++*balance;
  return TRUE;
}

/* TRUE: @media is ours, only received so far, and now sends again. */
static gboolean
use_again (ViaSession *self, const ViaPlanMedia *media, Balance *left)
{
  gint *balance = left->own[media->kind] > 0 ? &left->own[media->kind]
                                             : &left->hub[media->kind];

  if (!media->is_ours || (media->wish & VIA_DIRECTION_SENDONLY) != 0
      || (self->direction & VIA_DIRECTION_SENDONLY) == 0 || *balance <= 0)
    return FALSE;
  --*balance;
  return TRUE;
}

/* FALSE: the m-line is stopped. */
static gboolean
wish_for (ViaSession *self, const ViaPlanMedia *media, guint line,
    Balance *left, ViaPlanWish *out)
{
  *out = (ViaPlanWish){media->kind, media->wish, media->mid};
  if (media->kind > VIA_KIND_VIDEO)
    return TRUE;
  if (give_up (self, media, line, left)) {
    out->direction = VIA_DIRECTION_RECVONLY;
    return (media->direction & VIA_DIRECTION_RECVONLY) != 0;
  }
  if (use_again (self, media, left))
    out->direction = self->direction;
  return TRUE;
}

static gboolean
has_data (const ViaPlanWish *wishes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (wishes[i].kind == VIA_KIND_DATA)
      return TRUE;
  return FALSE;
}

guint
via_session_wish (ViaSession *self, ViaPlanWish *out, guint max)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  Balance left;
  guint n = 0;

  weigh (self, &left);
  for (guint i = 0; plan != NULL && i < plan->media->len && n < max; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (!media->is_rejected && wish_for (self, media, i, &left, &out[n]))
      n++;
  }
  for (guint k = 0; k < 2; k++)
    for (gint i = 0; i < MAX (left.own[k], 0) + MAX (left.hub[k], 0) && n < max;
         i++)
      out[n++] = (ViaPlanWish){(ViaKind) k, self->direction, NULL};
  if (self->wants_data && n < max && !has_data (out, n))
    out[n++] = (ViaPlanWish){VIA_KIND_DATA, VIA_DIRECTION_SENDRECV, NULL};
  return n;
}

static gboolean
differs (ViaSession *self, const ViaPlan *plan)
{
  ViaPlanWish wishes[VIA_PLAN_MAX_MEDIA];
  guint n = via_session_wish (self, wishes, VIA_PLAN_MAX_MEDIA), at = 0;

  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (media->is_rejected)
      continue;
    if (at == n || wishes[at].mid == NULL
        || !g_str_equal (wishes[at].mid, media->mid)
        || wishes[at].direction != media->wish)
      return TRUE;
    at++;
  }
  return at < n; /* new ones */
}

void
via_session_wish_check (ViaSession *self)
{
  const ViaPlan *plan = via_negotiation_current (self->negotiation);
  gboolean is_needed = FALSE;

  if (plan != NULL
      && via_negotiation_state (self->negotiation) == VIA_SIGNALING_STABLE)
    is_needed = self->wants_restart || differs (self, plan);
  g_atomic_int_set (&self->is_needed, is_needed);
  if (!is_needed || self->told_needed) {
    self->told_needed = is_needed && self->told_needed;
    return;
  }
  self->told_needed = TRUE;
  via_session_notice_post (via_session_notice_new (self, NOTICE_NEEDED));
}
