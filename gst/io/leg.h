/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/leg.h – one transport of a call: a ViaPeer over a wire.
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

typedef struct _ViaLeg ViaLeg;

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
} ViaLegConfig;

/* All on the loop thread; none may free the leg, post instead. */
typedef struct
{
  void (*candidate) (gpointer user, const gchar *candidate);
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
} ViaLegFuncs;

ViaLeg *via_leg_new (const ViaLegConfig *config, const ViaLegFuncs *funcs,
    gpointer user, GError **error);
/* Sends BYE and close_notify if it can, then closes ICE. No callbacks after
 * return. */
void via_leg_free (ViaLeg *self);

/* Starts gathering; candidates then come by callback. Idempotent. */
gboolean via_leg_gather (ViaLeg *self, GError **error);
/* A second way beside the one in use, for an ICE restart; media goes on over
 * the old one until the new one is connected. @config: where it gathers from;
 * the certificate stays. FALSE with error: IO, no socket. */
gboolean via_leg_restart (
    ViaLeg *self, const ViaLegConfig *config, GError **error);
/* A complete plan, the first or a later one: gives ICE the remote side, its
 * candidates, and the peer its m-lines. One with restarts_ice is about what
 * _restart made. FALSE leaves the leg as it was. */
gboolean via_leg_apply (ViaLeg *self, const ViaPlan *plan, GError **error);
/* "" or NULL: end of candidates. FALSE with error: not a candidate. */
gboolean via_leg_add_candidate (
    ViaLeg *self, const gchar *candidate, GError **error);
/* Our offer is taken back: so is the way it made. */
void via_leg_roll_back (ViaLeg *self);
/* Our transport (of a restart that was begun, else in use) and the candidates
 * known so far. What @out points to is the leg's. */
void via_leg_describe (ViaLeg *self, ViaLocalTransport *out);
/* Our offer @plan is on its way; see via_peer_offered. */
void via_leg_offered (ViaLeg *self, const ViaPlan *plan);
/* All RTCP of @self goes over @to, the other component of an m-line without
 * rtcp-mux, as long as that lives. RFC 5761 §5.1.1 */
void via_leg_set_reports (ViaLeg *self, ViaLeg *to);
/* TRUE: closed, or DTLS failed. Where only ICE failed a restart may help. */
gboolean via_leg_is_over (const ViaLeg *self);

gboolean via_leg_bind (ViaLeg *self, guint media, const ViaCodec *codec);
void via_leg_unbind (ViaLeg *self, guint media);
/* As via_peer_end, after what was sent so far. */
void via_leg_end (ViaLeg *self, guint media);
/* One viewer's turn: @n packets of one track; batched until the end of the
 * loop's turn, then sent together. */
void via_leg_send (
    ViaLeg *self, guint media, ViaPacket *const *packets, guint n);

/* As via_peer_want_keyframe. */
void via_leg_want_keyframe (ViaLeg *self, guint media);

/* Carries the data channels of @link, which outlives the leg; as soon as it is
 * connected and they were agreed on. (nullable) */
void via_leg_set_data (ViaLeg *self, ViaDataLink *link);

/* As via_icewire_selected. */
gboolean via_leg_selected (ViaLeg *self, gchar **out_local, gchar **out_remote);

ViaConnectionState via_leg_state (const ViaLeg *self);
/* It has been connected once, whatever it is now. */
gboolean via_leg_was_connected (const ViaLeg *self);
const gchar *via_leg_failure (const ViaLeg *self);
/* via_peer_stats () plus "ice" (state, local, remote). (transfer full) */
GstStructure *via_leg_stats (ViaLeg *self);

G_END_DECLS
