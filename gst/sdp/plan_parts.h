/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/plan_parts.h – the steps that offer, answer and accept have in common.
 * Inside gst/sdp only. Pure.
 */
#pragma once

#include "sdp/plan.h"
#include "sdp/read.h"

G_BEGIN_DECLS

ViaPlan *via_plan_new (ViaRole role);
ViaPlanMedia *via_plan_media_new (ViaKind kind);
void via_plan_media_free (ViaPlanMedia *self);
/* An empty array of ViaPlanCodec. (transfer full) */
GArray *via_plan_codecs_new (void);
void via_plan_add_codec (ViaPlanMedia *self, ViaCodecId id, const gchar *fmtp,
    guint8 pt, gint rtx_pt, ViaFeedback feedback);

/* Of ViaFingerprint. (transfer full) */
GArray *via_plan_fingerprints_copy (const GArray *from);
/* Fresh session id and CNAME. */
void via_plan_draw_identity (ViaPlan *self, ViaRng *rng);
/* SSRCs and msid for every m-line that sends. */
void via_plan_draw_sources (ViaPlan *self, const gchar *stream_id, ViaRng *rng);

/* Rejects what cannot share one transport with the first usable m-line, and
 * reads that transport into @self->remote. @sdp has the m-lines of @self.
 * Errors: UNSUPPORTED (every m-line is rejected), REFUSED (no fingerprint, ICE
 * credentials, setup or rtcp-mux). */
gboolean via_plan_take_transport (
    ViaPlan *self, const ViaSdp *sdp, GError **error);
/* What @theirs sends, into @self. */
void via_plan_take_sources (ViaPlanMedia *self, const ViaSdpMedia *theirs);
/* Our part of what they do: send ↔ receive. */
ViaDirection via_plan_mirror (ViaDirection theirs);
ViaDirection via_plan_their_direction (
    const ViaSdp *sdp, const ViaSdpMedia *media);
/* A rejected m-line keeps its name and nothing else. */
void via_plan_strip_rejected (ViaPlan *self);
/* Our side of the DTLS connection: @wish against what they said. */
gboolean via_plan_resolve_setup (
    ViaPlan *self, ViaSetup wish, gboolean is_answer, GError **error);
/* Transport-wide feedback needs its extension. */
void via_plan_drop_lone_twcc (ViaPlanMedia *self);
gboolean via_plan_has_ext (const ViaPlanMedia *self, ViaExt ext);
/* The payload type that repairs @pt in @media, or -1. */
gint via_plan_find_rtx (const ViaSdpMedia *media, guint8 pt);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPlanMedia, via_plan_media_free)
