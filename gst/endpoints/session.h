/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session.h – the negotiation of one endpoint and the way of its
 * media: offer and answer → plan → call, tracks of rooms → m-lines.
 * Knows no GstElement. RFC 9429 (JSEP).
 */
#pragma once

#include <gst/gst.h>
#include "endpoints/mediaprops.h"
#include "io/call.h"
#include "io/datalink.h"
#include "io/exchange.h"
#include "sdp/negotiation.h"

G_BEGIN_DECLS

typedef struct _ViaSession ViaSession;

typedef enum
{
  VIA_SESSION_CHANNEL_OPENED,
  VIA_SESSION_CHANNEL_MESSAGE,
  VIA_SESSION_CHANNEL_CLOSED,
} ViaSessionChannelNews;

/* All from via-app but two. One that was under way when via_session_free was
 * called may still run: it holds a reference on @user. */
typedef struct
{
  void (*candidate) (gpointer user, guint mline, const gchar *candidate);
  /* One of the peer's, as it came. */
  void (*remote_candidate) (gpointer user, guint mline, const gchar *candidate);
  void (*gathering) (gpointer user); /* begins */
  void (*gathering_done) (gpointer user);
  void (*pair) (gpointer user, const ViaWirePair *pair); /* in use now */
  /* A STUN or TURN server gave no candidate: see ViaIceFuncs. */
  void (*server_failed) (
      gpointer user, const gchar *server, guint code, const gchar *text);
  /* @failure: why, in FAILED; @local, @remote: the pair, in CONNECTED. */
  void (*state) (gpointer user, ViaConnectionState state, const gchar *failure,
      const gchar *local, const gchar *remote);
  /* A track of the room cannot go to this peer: no agreed codec fits. */
  void (*not_negotiated) (gpointer user, const ViaTrackInfo *track);
  void (*hub_lost) (gpointer user);
  void (*signaling) (gpointer user, ViaSignalingState state);
  /* What we would offer differs from what was negotiated. */
  void (*needed) (gpointer user);
  /* Media of m-line @mline begins or ends; @is_out: what goes to the peer. */
  void (*flow) (gpointer user, ViaKind kind, guint mline, const gchar *mid,
      gboolean is_out, gboolean is_flowing);
  /* What via_session_list_tracks says may be another now. */
  void (*tracks) (gpointer user);
  /* Data channels. */
  void (*channel_opened) (gpointer user, const ViaChannelInfo *info);
  void (*channel_closed) (
      gpointer user, const ViaChannelInfo *info, const gchar *why);
  void (*channel_low) (gpointer user, const ViaChannelInfo *info);
  void (*channel_refused) (gpointer user, const gchar *label);
  void (*channel_message) (
      gpointer user, guint id, gboolean is_text, GBytes *message);
  /* These two on the SCTP home, at once; they may not block. */
  gboolean (*wants_messages) (gpointer user); /* channel_message */
  void (*channel_now) (gpointer user, ViaSessionChannelNews what,
      const ViaChannelInfo *info, gboolean is_text, GBytes *message);
} ViaSessionFuncs;

typedef struct
{
  ViaIdentity *identity; /* a reference is taken */
  ViaIceConfig ice;      /* all but is_controlling */
  ViaSetup setup;        /* ACTPASS: as it comes */
  const ViaSrtpProfile *srtp_profiles;
  ViaDirection direction; /* the most an m-line does */
  gboolean is_single;     /* one m-line of each kind at most */
  ViaLitePort *port;      /* (nullable) ICE-lite there, but for relay_only */
  ViaMediapropsCodecs codecs;
} ViaSessionConfig;

/* @user: whom funcs are called for. Takes a loop of the pool and via-app for
 * its life. NULL: IO, the process has
 * no descriptors left. (transfer full) */
ViaSession *via_session_new (const ViaSessionFuncs *funcs, GObject *user,
    const gchar *name, GError **error);
/* Leaves its rooms, says goodbye to the peer, closes. Never on a loop. */
void via_session_free (ViaSession *self);

/* Every function below: any thread (waits for the loop). */

typedef enum
{
  VIA_SESSION_OWN,   /* of the endpoint's own sink pads, served first */
  VIA_SESSION_HUB,   /* takes and gives */
  VIA_SESSION_TAKER, /* only gives: what the peer sends, for who takes it */
} ViaSessionRoom;

/* Once per @room. */
gboolean via_session_join (ViaSession *self, ViaExchange *exchange,
    ViaSessionRoom room, const ViaMemberWho *who, GError **error);
/* Of VIA_SESSION_HUB; NULL: it is in none. Lives until via_session_free. */
ViaMember *via_session_hub_member (const ViaSession *self);
/* In every room it has joined. */
void via_session_set_app_data (ViaSession *self, const gchar *app_data);
/* How many m-lines of each kind the own room fills. */
void via_session_set_own (ViaSession *self, guint n_audio, guint n_video);

/* Answers the first offer or a later one; an offer of ours that waits is given
 * up for it. A failure leaves all as it was. Errors as via_plan_reanswer; STATE
 * if the call is over. (transfer full) */
gchar *via_session_process_offer (ViaSession *self,
    const ViaSessionConfig *config, const gchar *offer, GError **error);
/* @n_audio, @n_video: m-lines for sink pads; the hub's tracks have more. */
gchar *via_session_generate_offer (ViaSession *self,
    const ViaSessionConfig *config, guint n_audio, guint n_video,
    GError **error);
gboolean via_session_process_answer (
    ViaSession *self, const gchar *answer, GError **error);
/* The next offer restarts ICE. STATE: nothing is negotiated yet. */
gboolean via_session_restart_ice (ViaSession *self, GError **error);
/* TRUE: it will: the peer is silent or lost, or our addresses are other ones.
 */
gboolean via_session_wants_restart (ViaSession *self);
ViaSignalingState via_session_signaling (ViaSession *self);
gboolean via_session_gather (ViaSession *self, GError **error);
gboolean via_session_add_candidate (
    ViaSession *self, guint mline, const gchar *candidate, GError **error);
/* What waits for an answer, else what holds; @is_current: what holds. NULL
 * before negotiation. (transfer full) */
gchar *via_session_describe (ViaSession *self, gboolean is_current);
ViaConnectionState via_session_state (ViaSession *self);
/* "via-tracks" (docs/api.md): which m-line shows whom. (transfer full) */
GstStructure *via_session_list_tracks (ViaSession *self);

/* --- data channels: session_data.c --- */

/* An m-line for data channels is wanted from now on; an error if there can be
 * none: UNSUPPORTED. */
gboolean via_session_want_data (ViaSession *self, GError **error);
/* Another takes its place: its channels are closed, which is still told. Waits
 * for the SCTP home; before _free. */
void via_session_replaced (ViaSession *self);
/* Of the session's life; NULL: there can be none. See its "any thread". */
ViaDataLink *via_session_data (const ViaSession *self);
/* "via-endpoint-stats" (docs/api.md). (transfer full) */
GstStructure *via_session_stats (ViaSession *self);

/* Adds "candidate-type" and "address" of @remote ("host 192.0.2.1:5000",
 * nullable: adds nothing). Any thread. */
void via_session_describe_remote (GstStructure *out, const gchar *remote);

G_END_DECLS
