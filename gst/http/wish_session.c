/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish_session.c – a session's own address: trickle, ICE restart, the
 * answer to our offer, goodbye, and which ETag goes with them. Knows no socket,
 * thread, clock or element.
 * RFC 9725 §4.2, §4.3 · RFC 8840 §9 · RFC 9110 §13.1.1 (If-Match) · RFC 6585 §3
 */
#include "http/wish-private.h"

#include <string.h>

#include "http/auth.h"
#include "http/gate.h"

#define CANDIDATES_MAX 200 /* trickled in one session's life */
#define METHODS "OPTIONS, GET, HEAD, PATCH, DELETE"

gchar *
via_wish_etag (const ViaWishSession *session)
{
  return g_strdup_printf ("\"%u\"", session->generation);
}

/* --- If-Match --- */

typedef enum
{
  MATCH_NONE, /* no tag was sent */
  MATCH_ANY,
  MATCH_GOOD,
  MATCH_STALE,
} Match;

/* Players write the tag in many ways: bare, in quotes, "*" in quotes too; one
 * SDK sends it as ETag. */
static Match
match_tag (const ViaWishSession *session, const ViaRequest *request)
{
  const gchar *text =
      request->if_match != NULL ? request->if_match : request->etag;
  g_autofree gchar *tag = NULL;
  g_autofree gchar *current = via_wish_etag (session);
  gsize len;

  if (text == NULL)
    return MATCH_NONE;
  tag = g_strstrip (g_strdup (text));
  len = strlen (tag);
  if (!strcmp (tag, "*") || !strcmp (tag, "\"*\""))
    return MATCH_ANY;
  if (!strcmp (tag, current)
      || (len + 2 == strlen (current) && !strncmp (tag, current + 1, len)))
    return MATCH_GOOD;
  return MATCH_STALE;
}

/* FALSE: @reply is 428 or 412. */
static gboolean
check_tag (ViaWish *self, const ViaWishSession *session, gboolean is_restart,
    const ViaRequest *request, ViaReply *reply)
{
  Match match = match_tag (session, request);

  if (self->strict_etag && match == MATCH_NONE) {
    via_reply_problem (reply, 428, "If-Match is needed here (strict-etag)");
    return FALSE;
  }
  if (match == MATCH_STALE && (self->strict_etag || is_restart)) {
    g_autofree gchar *etag = via_wish_etag (session);

    via_reply_problem (
        reply, 412, "If-Match names another ICE session than the present one");
    via_reply_header (reply, "ETag", etag);
    return FALSE;
  }
  return TRUE;
}

/* --- PATCH --- */

static void
deliver_candidates (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaSdpFrag *frag)
{
  for (guint i = 0; i < frag->candidates->len; i++) {
    ViaFragCandidate *c =
        &g_array_index (frag->candidates, ViaFragCandidate, i);

    if (session->n_candidates++ >= CANDIDATES_MAX)
      return; /* dropped, as one we cannot use is */
    self->funcs.candidate (self->user, id, c->mline, c->text);
  }
}

static ViaWishResult
wait_for (
    ViaWishSession *session, ViaWishWait what, const gchar *id, gchar *out_id)
{
  session->waits = what;
  g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
  return VIA_WISH_WAIT;
}

static ViaWishResult
restart (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaSdpFrag *frag, ViaReply *reply, gchar *out_id)
{
  if (!via_sdpfrag_may_restart (frag)) {
    via_reply_problem (reply, 400,
        "An ICE restart needs ice-ufrag (4 to 256 characters) and ice-pwd (22 "
        "to 256)");
    return VIA_WISH_REPLIED;
  }
  if (session->offer == NULL || self->funcs.restart == NULL) {
    via_reply_problem (reply, 422, "ICE is not restarted here: POST again");
    return VIA_WISH_REPLIED;
  }
  g_free (session->next_offer);
  session->next_offer =
      via_sdpfrag_restart_offer (session->offer, frag->ufrag, frag->pwd);
  self->funcs.restart (self->user, id, session->next_offer);
  deliver_candidates (self, id, session, frag);
  return wait_for (session, VIA_WISH_RESTARTING, id, out_id);
}

/* A latecomer's ufrag is of before the last restart: nothing to do for it. */
static ViaWishResult
patch_frag (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  g_auto (ViaSdpFrag) frag = {NULL, NULL, NULL};
  g_autoptr (GError) error = NULL;
  gboolean is_late, is_restart;

  if (!via_sdpfrag_read (
          &frag, &session->outline, request->body, request->body_len, &error)) {
    via_reply_problem (reply, 400, error->message);
    return VIA_WISH_REPLIED;
  }
  is_late = frag.ufrag != NULL && !g_strcmp0 (frag.ufrag, session->past_ufrag);
  is_restart = frag.ufrag != NULL && !is_late
               && g_strcmp0 (frag.ufrag, session->outline.ufrag);
  if (!check_tag (self, session, is_restart, request, reply))
    return VIA_WISH_REPLIED;
  if (is_restart)
    return restart (self, id, session, &frag, reply, out_id);
  if (!is_late)
    deliver_candidates (self, id, session, &frag);
  reply->status = 204;
  return VIA_WISH_REPLIED;
}

static ViaWishResult
patch_answer (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  g_auto (ViaOfferOutline) answer = {NULL, NULL};

  if (session->offered == 0 || session->outline.ufrag != NULL) {
    via_reply_problem (
        reply, 422, "There is no counter-offer of ours to be answered");
    return VIA_WISH_REPLIED;
  }
  if (!via_offer_outline_scan (&answer, request->body, request->body_len)
      || answer.ufrag == NULL) {
    via_reply_problem (reply, 400, "The body is not an SDP answer with ICE");
    return VIA_WISH_REPLIED;
  }
  via_offer_outline_clear (&session->outline);
  session->outline = answer;
  answer = (ViaOfferOutline){NULL, NULL};
  self->funcs.answer (self->user, id, request->body);
  return wait_for (session, VIA_WISH_ANSWERING, id, out_id);
}

static ViaWishResult
patch (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  gboolean is_sdp = via_request_has_type (request, VIA_WISH_SDP);

  if (!is_sdp && !via_request_has_type (request, VIA_WISH_FRAG)) {
    via_reply_problem (reply, 415, "PATCH takes " VIA_WISH_FRAG);
    via_reply_header (reply, "Accept-Patch", VIA_WISH_FRAG);
    return VIA_WISH_REPLIED;
  }
  if (session->waits != VIA_WISH_IDLE) {
    via_wish_reply_busy (
        reply, 503, "1", "Another PATCH of this session is being answered");
    return VIA_WISH_REPLIED;
  }
  return is_sdp ? patch_answer (self, id, session, request, reply, out_id)
                : patch_frag (self, id, session, request, reply, out_id);
}

/* --- all methods --- */

ViaWishResult
via_wish_session_request (ViaWish *self, ViaWishRole role, const gchar *id,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  const gchar *method = request->method;
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);
  guint needed = role == VIA_WISH_PUBLISH ? VIA_AUTH_PUBLISH : VIA_AUTH_WATCH;

  if (!strcmp (method, "OPTIONS")) { /* tells nothing about the id */
    via_wish_reply_options (
        self, request, reply, METHODS, "Accept-Patch", VIA_WISH_FRAG);
  } else if (session == NULL || session->role != role
             || session->waits == VIA_WISH_STARTING) {
    via_reply_problem (reply, 404, "There is no such session (any more)");
  } else if (!strcmp (method, "DELETE")) {
    /* who knows the address may end it: some players send no token here */
    self->funcs.bye (self->user, id);
    via_wish_remove (self, id);
    reply->status = 200;
  } else if (!strcmp (method, "PATCH")) {
    if (via_gate_has_role (request, needed, reply))
      return patch (self, id, session, request, reply, out_id);
  } else if (!strcmp (method, "GET") || !strcmp (method, "HEAD")) {
    reply->status = 204;
  } else {
    via_reply_not_allowed (reply, METHODS);
  }
  return VIA_WISH_REPLIED;
}

static void
restarted (ViaWishSession *session, const gchar *sdp, ViaReply *reply)
{
  g_autofree gchar *frag = via_sdpfrag_write (sdp);
  g_auto (ViaOfferOutline) outline = {NULL, NULL};
  g_autofree gchar *etag = NULL;

  g_free (session->past_ufrag);
  session->past_ufrag = g_strdup (session->outline.ufrag);
  g_free (session->offer);
  session->offer = g_steal_pointer (&session->next_offer);
  if (via_offer_outline_scan (
          &outline, session->offer, strlen (session->offer))) {
    via_offer_outline_clear (&session->outline);
    session->outline = outline;
    outline = (ViaOfferOutline){NULL, NULL};
  }
  session->generation++;
  etag = via_wish_etag (session);
  via_reply_text (reply, 200, VIA_WISH_FRAG, frag);
  via_reply_header (reply, "ETag", etag);
}

void
via_wish_session_answer (ViaWishSession *session, const gchar *sdp,
    const GError *error, ViaReply *reply)
{
  ViaWishWait what = session->waits;

  session->waits = VIA_WISH_IDLE;
  if (error != NULL) {
    g_clear_pointer (&session->next_offer, g_free);
    if (what == VIA_WISH_ANSWERING) /* another one may be sent */
      g_clear_pointer (&session->outline.ufrag, g_free);
    via_wish_reply_error (reply, error);
  } else if (what == VIA_WISH_RESTARTING) {
    restarted (session, sdp, reply);
  } else if (what == VIA_WISH_CHOOSING) {
    reply->status = 200;
  } else {
    session->offered = 0;
    reply->status = 204;
  }
}
