/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/sdpfrag.h – what HTTP must know of an offer, and the trickle fragment.
 * Pure text. What media the offer means is for sdp/plan.
 * RFC 8840 §9 (trickle-ice-sdpfrag) · RFC 9725 §4.2 · RFC 8839 §5.4
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_SDPFRAG_CANDIDATES_MAX                                             \
  64 /* in one fragment; the rest is ignored                                   \
      */

/* The outside of an offer. */
typedef struct
{
  gchar *ufrag;    /* of the first m-line, or the session's */
  GPtrArray *mids; /* gchar*: one per m-line; "" if it has none */
} ViaOfferOutline;

/* Is @sdp an offer that a publisher (@is_publisher) or a player may send?
 * Errors: SYNTAX – not SDP, or ufrag, pwd, fingerprint or setup missing or of a
 * wrong length; UNSUPPORTED – no m-line that a publisher sends or a player
 * receives, or two of one kind. Each message names the rule. */
gboolean via_offer_outline_read (ViaOfferOutline *out, gboolean is_publisher,
    const gchar *sdp, gsize len, GError **error);
/* The outline of any description, whatever its directions: an answer, or an
 * offer of ours. ufrag is NULL if there is none. FALSE: no SDP. */
gboolean via_offer_outline_scan (
    ViaOfferOutline *out, const gchar *sdp, gsize len);
void via_offer_outline_clear (ViaOfferOutline *self);

typedef struct
{
  guint mline;
  gchar *text; /* "candidate:…"; "" is end-of-candidates */
} ViaFragCandidate;

typedef struct
{
  gchar *ufrag;       /* (nullable) */
  gchar *pwd;         /* (nullable) */
  GArray *candidates; /* ViaFragCandidate, with end-of-candidates last */
} ViaSdpFrag;

/* Reads a fragment; ufrag and pwd may stand at session level or in an
 * m-section. A candidate of an unknown mid is given to m-line 0. Errors: SYNTAX
 * – nothing of ICE in it, or a line that is no SDP line. */
gboolean via_sdpfrag_read (ViaSdpFrag *out, const ViaOfferOutline *offer,
    const gchar *text, gsize len, GError **error);
void via_sdpfrag_clear (ViaSdpFrag *self);
/* Has it the credentials of an ICE restart, of a good length? */
gboolean via_sdpfrag_may_restart (const ViaSdpFrag *self);

/* @offer again with other ICE credentials and no candidate. (transfer full) */
gchar *via_sdpfrag_restart_offer (
    const gchar *offer, const gchar *ufrag, const gchar *pwd);
/* What a PATCH with a restart is told of our description @sdp: credentials and
 * candidates. (transfer full) */
gchar *via_sdpfrag_write (const gchar *sdp);

/* --- sdpfrag_trickle.c: the client's side --- */

/* A fragment with the ICE credentials of @sdp, for its first m-line, which
 * bundles. @candidates: "candidate:…", ended by NULL. (transfer full) */
gchar *via_sdpfrag_trickle (
    const gchar *sdp, const gchar *const *candidates, gboolean is_end);
/* Those in @sdp, "candidate:…". (transfer full) */
GStrv via_sdpfrag_candidates (const gchar *sdp);
/* @sdp with the credentials and candidates of the fragment @text in place of
 * its own; NULL with error SYNTAX. (transfer full) */
gchar *via_sdpfrag_splice (const gchar *sdp, const gchar *text, GError **error);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaOfferOutline, via_offer_outline_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaSdpFrag, via_sdpfrag_clear)
