/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/call.h – one peer on one loop: a ViaPeer over a wire.
 * Moves bytes, timers and events between the two; decides nothing. Loop thread
 * only.
 */
#pragma once

#include "io/datalink.h"
#include "io/icewire.h"
#include "io/litewire.h"
#include "peer/peer.h"
#include "sdp/write.h"

G_BEGIN_DECLS

typedef struct _ViaCall ViaCall;

typedef enum
{
  VIA_CONNECTION_NEW,
  VIA_CONNECTION_CONNECTING,
  VIA_CONNECTION_CONNECTED,
  VIA_CONNECTION_DISCONNECTED,
  VIA_CONNECTION_FAILED,
  VIA_CONNECTION_CLOSED,
} ViaConnectionState;

typedef struct
{
  ViaLoop *loop;
  ViaIdentity *identity;
  ViaIceConfig ice;          /* copied where it must be */
  const ViaLiteConfig *lite; /* (nullable) then ICE-lite there, not @ice */
  const ViaSrtpProfile *srtp_profiles;
} ViaCallConfig;

/* All on the loop thread; none may free the call, post instead. */
typedef struct
{
  void (*candidate) (gpointer user, guint mline, const gchar *candidate);
  void (*gathering) (gpointer user); /* it begins, also of a restart */
  void (*gathering_done) (gpointer user);
  /* As ViaIceFuncs. @pair: what media takes from now on. */
  void (*pair) (gpointer user, const ViaWirePair *pair);
  void (*server_failed) (
      gpointer user, const gchar *server, guint code, const gchar *text);
  void (*state) (gpointer user, ViaConnectionState state);
  void (*want_keyframe) (gpointer user, guint media);
  void (*media) (gpointer user, const ViaPeerMedia *media); /* received */
  /* A stream the far end sent has ended. */
  void (*gone) (gpointer user, guint media, guint32 ssrc);
  /* Media of an m-line begins or ends; @is_out: what we send. */
  void (*flow) (
      gpointer user, guint media, gboolean is_out, gboolean is_flowing);
  /* The far end was heard all the time and is not any more; nothing is
   * negotiated that may change it yet. */
  void (*silent) (gpointer user);
} ViaCallFuncs;

ViaCall *via_call_new (const ViaCallConfig *config, const ViaCallFuncs *funcs,
    gpointer user, GError **error);
/* Sends BYE and close_notify if it can, then closes ICE. No callbacks after
 * return. */
void via_call_free (ViaCall *self);

/* Starts gathering; candidates then come by callback. Idempotent. */
gboolean via_call_gather (ViaCall *self, GError **error);
/* A second way beside the one in use, for an ICE restart; media goes on over
 * the old one until the new one is connected. @config: where it gathers from;
 * the certificate stays. FALSE with error: IO, no socket. */
gboolean via_call_restart (
    ViaCall *self, const ViaCallConfig *config, GError **error);
/* A complete plan, the first or a later one: gives ICE the remote side, its
 * candidates, and the peer its m-lines. One with restarts_ice is about what
 * _restart made. FALSE leaves the call as it was. */
gboolean via_call_apply (ViaCall *self, const ViaPlan *plan, GError **error);
/* "" or NULL: end of candidates. FALSE with error: not a candidate. */
gboolean via_call_add_candidate (
    ViaCall *self, const gchar *candidate, GError **error);
/* Our offer is taken back: so is the way it made. */
void via_call_roll_back (ViaCall *self);
/* @plan as SDP, with our transport (of a restart that was begun, else in use)
 * and the candidates known so far. (transfer full) */
gchar *via_call_describe (ViaCall *self, const ViaPlan *plan);
/* TRUE: closed, or DTLS failed. Where only ICE failed a restart may help. */
gboolean via_call_is_over (const ViaCall *self);

gboolean via_call_bind (ViaCall *self, guint media, const ViaCodec *codec);
void via_call_unbind (ViaCall *self, guint media);
/* As via_peer_end, after what was sent so far. */
void via_call_end (ViaCall *self, guint media);
/* One viewer's turn: @n packets of one track; batched until the end of the
 * loop's turn, then sent together. */
void via_call_send (
    ViaCall *self, guint media, ViaPacket *const *packets, guint n);

/* As via_peer_want_keyframe. */
void via_call_want_keyframe (ViaCall *self, guint media);

/* Carries the data channels of @link, which outlives the call; as soon as it is
 * connected and they were agreed on. */
void via_call_set_data (ViaCall *self, ViaDataLink *link);

/* As via_icewire_selected. */
gboolean via_call_selected (
    ViaCall *self, gchar **out_local, gchar **out_remote);

ViaConnectionState via_call_state (const ViaCall *self);
/* It has been connected once, whatever it is now. */
gboolean via_call_was_connected (const ViaCall *self);
const gchar *via_call_failure (const ViaCall *self);
/* via_peer_stats () plus "ice" (state, local, remote). (transfer full) */
GstStructure *via_call_stats (ViaCall *self);

G_END_DECLS
