/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_transport.c – the transports of a plan, and our DTLS role.
 * Pure.
 * RFC 9143 §7 (BUNDLE) · RFC 8842 §5 (setup) · RFC 8122 §5 · RFC 8834 §4.5
 * (rtcp-mux)
 */
#include "sdp/plan_parts.h"

#include <string.h>

gboolean
via_plan_resolve_setup (
    ViaPlan *self, ViaSetup wish, gboolean is_answer, GError **error)
{
  ViaSetup theirs = self->remote->setup;

  if (theirs == VIA_SETUP_ACTPASS && is_answer) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "SDP: an answer must choose setup:active or setup:passive (RFC 8842)");
    return FALSE;
  }
  if (theirs == wish && wish != VIA_SETUP_ACTPASS) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "SDP: both sides want setup:%s (RFC 8842)",
        wish == VIA_SETUP_ACTIVE ? "active" : "passive");
    return FALSE;
  }
  if (theirs == VIA_SETUP_ACTIVE)
    self->setup = VIA_SETUP_PASSIVE;
  else if (theirs == VIA_SETUP_PASSIVE)
    self->setup = VIA_SETUP_ACTIVE;
  else /* our choice; passive gives AEAD with every browser */
    self->setup =
        wish == VIA_SETUP_ACTIVE ? VIA_SETUP_ACTIVE : VIA_SETUP_PASSIVE;
  if (self->agreed_setup != VIA_SETUP_ACTPASS
      && self->agreed_setup != self->setup) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "SDP: the DTLS role may not change during a call (RFC 8842)");
    return FALSE;
  }
  self->agreed_setup = self->setup;
  return TRUE;
}

/* Where each part of the transport is said: the m-line, the session, or for
 * bundled m-lines that need not repeat it (bundle-only, answers) @tagged. */
typedef struct
{
  const ViaSdpSection *ice, *dtls, *setup;
} PlanTransport;

static const ViaSdpSection *
plan_pick_dtls (const ViaSdpSection *const *from, guint n)
{
  for (guint i = 0; i < n; i++)
    if (from[i]->fingerprints->len > 0 || from[i]->n_weak > 0)
      return from[i];
  return NULL;
}

static const ViaSdpSection *
plan_pick_ice (const ViaSdpSection *const *from, guint n)
{
  for (guint i = 0; i < n; i++)
    if (from[i]->ufrag != NULL || from[i]->pwd != NULL)
      return from[i];
  return NULL;
}

static const ViaSdpSection *
plan_pick_setup (const ViaSdpSection *const *from, guint n)
{
  for (guint i = 0; i < n; i++)
    if (from[i]->setup != VIA_SDP_SETUP_ABSENT)
      return from[i];
  return NULL;
}

static gboolean
plan_refuse (GError **error, const ViaSdpMedia *media, const gchar *why)
{
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED, "SDP m-line at line %u: %s",
      media->line, why);
  return FALSE;
}

static gboolean
plan_find_transport (PlanTransport *out, const ViaSdp *sdp,
    const ViaSdpMedia *media, const ViaSdpMedia *tagged, gboolean is_answer,
    GError **error)
{
  const ViaSdpSection *from[] = {
      &media->section, &sdp->session, &tagged->section};
  gboolean may_inherit =
      media != tagged && (is_answer || media->is_bundle_only);
  guint n = may_inherit ? 3 : 2;

  out->dtls = plan_pick_dtls (from, n);
  out->ice = plan_pick_ice (from, n);
  out->setup = plan_pick_setup (from, n);
  if (media->is_rtp && !media->is_rtcp_mux
      && !(may_inherit && (tagged->is_rtcp_mux || !tagged->is_rtp))
      && (is_answer || via_sdp_bundle_of (sdp, media->mid) >= 0))
    return plan_refuse (error, media, "a=rtcp-mux is missing (RFC 8834)");
  if (out->dtls == NULL)
    return plan_refuse (error, media, "a=fingerprint is missing (RFC 8122)");
  if (out->dtls->fingerprints->len == 0)
    return plan_refuse (error, media,
        "no fingerprint of sha-256, sha-384 or sha-512 (RFC 8122)");
  if (out->ice == NULL || out->ice->ufrag == NULL || out->ice->pwd == NULL)
    return plan_refuse (
        error, media, "a=ice-ufrag or a=ice-pwd is missing (RFC 8839)");
  if (out->setup == NULL)
    return plan_refuse (error, media, "a=setup is missing (RFC 8842)");
  if (out->setup->setup == VIA_SDP_SETUP_HOLDCONN)
    return plan_refuse (error, media, "setup:holdconn is not for DTLS");
  return TRUE;
}

static ViaRemoteTransport *
plan_read_remote (const PlanTransport *from, const ViaSdp *sdp,
    const ViaSdpMedia *media, const ViaSdpMedia *tagged)
{
  ViaRemoteTransport *remote = g_new0 (ViaRemoteTransport, 1);
  const ViaSdpSection *near =
      media->section.candidates->len > 0 ? &media->section : &tagged->section;

  remote->ufrag = g_strdup (from->ice->ufrag);
  remote->pwd = g_strdup (from->ice->pwd);
  remote->is_ice_lite = sdp->session.is_ice_lite;
  remote->has_end_of_candidates =
      near->has_end_of_candidates || sdp->session.has_end_of_candidates;
  remote->fingerprints = via_plan_fingerprints_copy (from->dtls->fingerprints);
  remote->candidates = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < near->candidates->len; i++)
    g_ptr_array_add (
        remote->candidates, g_strdup (g_ptr_array_index (near->candidates, i)));
  remote->setup = from->setup->setup == VIA_SDP_SETUP_ACTIVE ? VIA_SETUP_ACTIVE
                  : from->setup->setup == VIA_SDP_SETUP_PASSIVE
                      ? VIA_SETUP_PASSIVE
                      : VIA_SETUP_ACTPASS;
  return remote;
}

static gint
plan_index_of_mid (const ViaSdp *sdp, const gchar *mid)
{
  for (guint i = 0; i < sdp->media->len; i++)
    if (g_strcmp0 (via_sdp_media (sdp, i)->mid, mid) == 0)
      return (gint) i;
  return -1;
}

/* The first m-line, in the group's order, that we take (RFC 9143 §7.3.1);
 * without a group the first of all. -1: none. */
static gint
plan_choose (const ViaPlan *self, const ViaSdp *sdp, gint *out_bundle)
{
  GPtrArray *mids;
  gint first = -1;

  for (guint i = 0; i < self->media->len && first < 0; i++)
    if (!via_plan_media (self, i)->is_rejected)
      first = (gint) i;
  *out_bundle = -1;
  if (first < 0)
    return -1;
  *out_bundle =
      via_sdp_bundle_of (sdp, via_sdp_media (sdp, (guint) first)->mid);
  if (*out_bundle < 0)
    return first;
  mids = g_ptr_array_index (sdp->bundles, (guint) *out_bundle);
  for (guint i = 0; i < mids->len; i++) {
    gint index = plan_index_of_mid (sdp, g_ptr_array_index (mids, i));

    if (index >= 0 && !via_plan_media (self, (guint) index)->is_rejected)
      return index;
  }
  return first;
}

/* The m-line that carries the group's transport in their SDP: the first of the
 * group that is not refused, whether we take it or not. */
static const ViaSdpMedia *
plan_tagged (const ViaSdp *sdp, gint bundle, const ViaSdpMedia *chosen)
{
  GPtrArray *mids;

  if (bundle < 0)
    return chosen;
  mids = g_ptr_array_index (sdp->bundles, (guint) bundle);
  for (guint i = 0; i < mids->len; i++) {
    gint index = plan_index_of_mid (sdp, g_ptr_array_index (mids, i));

    if (index >= 0 && !via_sdp_media (sdp, (guint) index)->is_refused)
      return via_sdp_media (sdp, (guint) index);
  }
  return chosen;
}

/* --- against what runs --- */

/* RFC 8842 §5: another certificate is another association. */
static gboolean
plan_check_certificate (const ViaRemoteTransport *running,
    const ViaRemoteTransport *now, GError **error)
{
  const ViaFingerprint *old = via_remote_transport_fingerprint (running);
  const ViaFingerprint *new = via_remote_transport_fingerprint (now);

  if (old != NULL && new != NULL
      && old->len == new->len &&strcmp (old->hash, new->hash) == 0
      && memcmp (old->digest, new->digest, old->len) == 0)
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
      "SDP: the fingerprint may not change during a call (RFC 8842)");
  return FALSE;
}

static gboolean
plan_is_restart (
    const ViaRemoteTransport *running, const ViaRemoteTransport *now)
{
  return strcmp (running->ufrag, now->ufrag) != 0
         || strcmp (running->pwd, now->pwd) != 0;
}

/* No m-line is left on the shared transport, which a call survives. */
static gboolean
plan_take_nothing (
    ViaPlan *self, const ViaRemoteTransport *running, GError **error)
{
  if (running == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "SDP: no m-line of %s has a codec and transport we do",
        self->role == VIA_ROLE_OFFERER ? "the answer" : "the offer");
    return FALSE;
  }
  self->remote = via_remote_transport_copy (running);
  g_ptr_array_set_size (self->remote->candidates, 0);
  self->remote->setup = self->agreed_setup == VIA_SETUP_ACTIVE
                            ? VIA_SETUP_PASSIVE
                            : VIA_SETUP_ACTIVE;
  self->restarts_ice = FALSE;
  return TRUE;
}

static gboolean
plan_take_shared (ViaPlan *self, const PlanTransport *transport,
    const ViaSdp *sdp, const ViaSdpMedia *chosen, const ViaSdpMedia *tagged,
    const ViaRemoteTransport *running, GError **error)
{
  self->remote = plan_read_remote (transport, sdp, chosen, tagged);
  if (running == NULL)
    return TRUE;
  self->restarts_ice = plan_is_restart (running, self->remote);
  return plan_check_certificate (running, self->remote, error);
}

/* An offer says actpass again in a call whose roles are known. */
static gboolean
plan_is_same_role (const ViaPlan *self, const ViaRemoteTransport *theirs)
{
  if (self->agreed_setup == VIA_SETUP_ACTPASS)
    return theirs->setup == self->remote->setup;
  return theirs->setup != self->agreed_setup;
}

/* RFC 9143 §7.3: what is not bundled has a transport of its own. We have one
 * DTLS role in all, and restart all of ICE or nothing. */
static gboolean
plan_take_own (ViaPlan *self, guint i, const ViaSdp *sdp,
    const ViaRemoteTransport *running, GError **error)
{
  ViaPlanMedia *media = via_plan_media (self, i);
  const ViaSdpMedia *theirs = via_sdp_media (sdp, i);
  PlanTransport transport;

  if (!plan_find_transport (&transport, sdp, theirs, theirs, FALSE, error))
    return FALSE;
  media->remote = plan_read_remote (&transport, sdp, theirs, theirs);
  if (!plan_is_same_role (self, media->remote))
    return plan_refuse (error, theirs, "a=setup is not that of the others");
  if (running == NULL)
    return TRUE;
  if (plan_is_restart (running, media->remote) != self->restarts_ice)
    return plan_refuse (
        error, theirs, "ICE restarts for all transports or for none");
  return plan_check_certificate (running, media->remote, error);
}

/* Each of the other m-lines of @bundle says what it should, too. */
static gboolean
plan_check_bundled (const ViaPlan *self, const ViaSdp *sdp,
    const ViaSdpMedia *chosen, const ViaSdpMedia *tagged, GError **error)
{
  PlanTransport other;

  for (guint i = 0; i < self->media->len; i++)
    if (via_plan_media (self, i)->is_bundled && via_sdp_media (sdp, i) != chosen
        && !plan_find_transport (&other, sdp, via_sdp_media (sdp, i), tagged,
            self->role == VIA_ROLE_OFFERER, error))
      return FALSE;
  return TRUE;
}

/* Which m-lines are in @bundle. Those outside of it are left none by an answer
 * to our offer, which had one transport, by a second bundle, and where there
 * are too many: each costs sockets. */
static void
plan_sort (ViaPlan *self, const ViaSdp *sdp, gint bundle, guint chosen)
{
  guint n_transports = 1;

  for (guint i = 0; i < self->media->len; i++) {
    ViaPlanMedia *media = via_plan_media (self, i);
    const ViaSdpMedia *theirs = via_sdp_media (sdp, i);
    gint group = via_sdp_bundle_of (sdp, theirs->mid);

    if (media->is_rejected)
      continue;
    media->is_bundled = bundle >= 0 && group == bundle;
    media->is_rejected = !media->is_bundled && i != chosen
                         && (self->role == VIA_ROLE_OFFERER || group >= 0
                             || n_transports++ >= VIA_PLAN_MAX_TRANSPORTS);
    media->has_rtcp_apart =
        !media->is_bundled && theirs->is_rtp && !theirs->is_rtcp_mux;
  }
}

static const ViaRemoteTransport *
plan_running (const ViaPlan *current, guint i)
{
  const ViaPlanMedia *media =
      current != NULL ? via_plan_media (current, i) : NULL;

  return media != NULL ? media->remote : NULL;
}

gboolean
via_plan_take_transport (
    ViaPlan *self, const ViaSdp *sdp, const ViaPlan *current, GError **error)
{
  const ViaRemoteTransport *running = current != NULL ? current->remote : NULL;
  const ViaSdpMedia *chosen, *tagged;
  PlanTransport transport;
  gint bundle, index = plan_choose (self, sdp, &bundle);
  gboolean is_apart = index >= 0 && plan_running (current, (guint) index);

  g_clear_pointer (&self->remote, via_remote_transport_free);
  if (index < 0)
    return plan_take_nothing (self, running, error);
  chosen = via_sdp_media (sdp, (guint) index);
  tagged = plan_tagged (sdp, bundle, chosen);
  plan_sort (self, sdp, bundle, (guint) index);
  /* The first of before is gone: this one keeps the transport it has. */
  is_apart &= !via_plan_media (self, (guint) index)->is_bundled;
  if (is_apart ? !plan_take_nothing (self, running, error)
               : !plan_find_transport (&transport, sdp, chosen, tagged,
                     self->role == VIA_ROLE_OFFERER, error)
                     || !plan_take_shared (
                         self, &transport, sdp, chosen, tagged, running, error)
                     || !plan_check_bundled (self, sdp, chosen, tagged, error))
    return FALSE;
  for (guint i = 0; i < self->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (self, i);

    if (!media->is_rejected && !media->is_bundled
        && (is_apart || i != (guint) index)
        && !plan_take_own (self, i, sdp, plan_running (current, i), error))
      return FALSE;
  }
  return TRUE;
}
