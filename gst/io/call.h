/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/call.h – one peer on one loop: its legs, mostly one.
 * An m-line outside of BUNDLE has a leg of its own, one without rtcp-mux
 * another one for its RTCP. Routes by m-line; decides nothing. Loop thread
 * only. RFC 9143 §7 · RFC 5761 §5.1.1 · W3C WebRTC §4.4.3 (connection state)
 */
#pragma once

#include "io/leg.h"

G_BEGIN_DECLS

typedef struct _ViaCall ViaCall;

/* As ViaLegFuncs, of all legs together. @pair is of the first one. */
typedef struct
{
  void (*candidate) (gpointer user, guint mline, const gchar *candidate);
  void (*gathering) (gpointer user);
  void (*gathering_done) (gpointer user);
  void (*pair) (gpointer user, const ViaWirePair *pair);
  void (*server_failed) (
      gpointer user, const gchar *server, guint code, const gchar *text);
  void (*state) (gpointer user, ViaConnectionState state);
  void (*want_keyframe) (gpointer user, guint media);
  void (*media) (gpointer user, const ViaPeerMedia *media);
  void (*gone) (gpointer user, guint media, guint32 ssrc);
  void (*flow) (
      gpointer user, guint media, gboolean is_out, gboolean is_flowing);
  void (*silent) (gpointer user);
} ViaCallFuncs;

ViaCall *via_call_new (const ViaLegConfig *config, const ViaCallFuncs *funcs,
    gpointer user, GError **error);
void via_call_free (ViaCall *self);

gboolean via_call_gather (ViaCall *self, GError **error);
gboolean via_call_restart (
    ViaCall *self, const ViaLegConfig *config, GError **error);
/* @config: of legs that @plan has more; (nullable) for an answer to us, which
 * has none. Errors as via_leg_apply, also: UNSUPPORTED, no rtcp-mux where one
 * port serves all; IO, no socket. */
gboolean via_call_apply (ViaCall *self, const ViaLegConfig *config,
    const ViaPlan *plan, GError **error);
/* Of m-line @mline. */
gboolean via_call_add_candidate (
    ViaCall *self, guint mline, const gchar *candidate, GError **error);
void via_call_roll_back (ViaCall *self);
/* @plan as SDP, with our transports (of a restart that was begun, else in use)
 * and the candidates known so far. (transfer full) */
gchar *via_call_describe (ViaCall *self, const ViaPlan *plan);
/* TRUE: closed, or DTLS failed, of any leg. */
gboolean via_call_is_over (const ViaCall *self);

gboolean via_call_bind (ViaCall *self, guint media, const ViaCodec *codec);
void via_call_unbind (ViaCall *self, guint media);
void via_call_end (ViaCall *self, guint media);
void via_call_send (
    ViaCall *self, guint media, ViaPacket *const *packets, guint n);
void via_call_want_keyframe (ViaCall *self, guint media);
void via_call_set_data (ViaCall *self, ViaDataLink *link);

/* Of the first leg. */
gboolean via_call_selected (
    ViaCall *self, gchar **out_local, gchar **out_remote);
ViaConnectionState via_call_state (const ViaCall *self);
gboolean via_call_was_connected (const ViaCall *self);
const gchar *via_call_failure (const ViaCall *self);
/* Of the first leg; in "media" what other legs know, with their "ice".
 * (transfer full) */
GstStructure *via_call_stats (ViaCall *self);

G_END_DECLS
