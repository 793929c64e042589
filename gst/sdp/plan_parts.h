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
ViaPlanMedia *via_plan_media_copy (const ViaPlanMedia *from);
void via_plan_media_free (ViaPlanMedia *self);
/* An empty array of ViaPlanCodec. (transfer full) */
GArray *via_plan_codecs_new (void);
void via_plan_add_codec (ViaPlanMedia *self, ViaCodecId id, const gchar *fmtp,
    guint8 pt, gint rtx_pt, ViaFeedback feedback);

/* telephone-event, if a codec of @self has @clock_rate (RFC 4733 §2.1). */
void via_plan_add_event (
    ViaPlanMedia *self, const gchar *fmtp, guint8 pt, guint32 clock_rate);

/* Of ViaFingerprint. (transfer full) */
GArray *via_plan_fingerprints_copy (const GArray *from);
/* Fresh session id and CNAME. */
void via_plan_draw_identity (ViaPlan *self, ViaRng *rng);
/* Our side of the call that runs by @current: who we are and our DTLS role. */
void via_plan_keep_identity (ViaPlan *self, const ViaPlan *current);
/* SSRCs and msid for every m-line that sends and has none yet. */
void via_plan_draw_sources (ViaPlan *self, const gchar *stream_id, ViaRng *rng);

/* Reads the transport of the first usable m-line and of its bundle into
 * @self->remote; others of an offer get their own, others of an answer are
 * rejected. @sdp has the m-lines of @self. @current: what the call runs by so
 * far, NULL in a new one.
 * Errors: UNSUPPORTED (every m-line is rejected and no call runs), REFUSED (no
 * fingerprint, ICE credentials, setup or rtcp-mux, or another certificate). */
gboolean via_plan_take_transport (
    ViaPlan *self, const ViaSdp *sdp, const ViaPlan *current, GError **error);
/* (transfer full) */
ViaRemoteTransport *via_remote_transport_copy (const ViaRemoteTransport *from);
void via_remote_transport_free (ViaRemoteTransport *self);
/* What @theirs sends, into @self, in place of what it sent. */
void via_plan_take_sources (ViaPlanMedia *self, const ViaSdpMedia *theirs);
/* Our part of what they do: send ↔ receive. */
ViaDirection via_plan_mirror (ViaDirection theirs);
ViaDirection via_plan_their_direction (
    const ViaSdp *sdp, const ViaSdpMedia *media);
/* A rejected m-line keeps its name and nothing else. */
void via_plan_reject (ViaPlan *self, guint i);
void via_plan_strip_rejected (ViaPlan *self);
/* Our side of the DTLS connection: @wish against what they said. */
gboolean via_plan_resolve_setup (
    ViaPlan *self, ViaSetup wish, gboolean is_answer, GError **error);
/* A number that no m-line has had. (transfer full) */
gchar *via_plan_draw_mid (ViaPlan *self);
/* Learns the numbers among the mids that are in use. */
void via_plan_note_mids (ViaPlan *self);
/* Transport-wide feedback needs its extension. */
void via_plan_drop_lone_twcc (ViaPlanMedia *self);
gboolean via_plan_has_ext (const ViaPlanMedia *self, ViaExt ext);
/* The payload type that repairs @pt in @media, or -1. */
gint via_plan_find_rtx (const ViaSdpMedia *media, guint8 pt);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPlanMedia, via_plan_media_free)
