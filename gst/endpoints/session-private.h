/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session-private.h – what the files of the session share. Each field
 * says which thread may touch it; functions without a word are the loop's.
 */
#pragma once

#include "endpoints/session.h"
#include "endpoints/received.h"
#include "io/guard.h"
#include "io/netwatch.h"
#include "sdp/negotiation.h"

G_BEGIN_DECLS

/* What a room shows us, and the m-line it is sent on. Once tied they stay
 * together until the m-line goes, so that nothing else disturbs it. */
typedef struct
{
  gint line; /* m-line index; -1: none */
  gboolean is_taken, is_bound;
  gboolean is_refused; /* no codec fits; told once */
  ViaTrackInfo track;  /* while it is taken */
} ViaSessionSlot;

/* A membership in one room. */
typedef struct
{
  ViaSession *session;
  gboolean is_own;
  ViaMember *member;
  GArray *slots[2]; /* ViaSessionSlot, per kind; loop thread */
} ViaSessionDoor;

struct _ViaSession
{
  gatomicrefcount refs; /* queued notices hold one */
  /* immutable */
  ViaLoop *loop;
  ViaSessionFuncs funcs;
  GObject *user; /* not owned: it owns us; notices hold a reference */
  gchar *name;
  ViaGuard guard; /* around funcs */
  ViaSessionDoor own, hub;
  ViaDataLink *data; /* (nullable) */
  gint is_replaced;  /* atomic: another session has its place */
  gint n_unheard;    /* atomic: bytes of notices of channels on their way */
  /* loop thread */
  ViaCall *call;
  ViaNegotiation *negotiation;
  ViaSignalingState told_signaling; /* what the user knows */
  guint n_own[2];                   /* tracks of the own room, per kind */
  ViaDirection direction;           /* the most a new m-line does */
  gboolean is_single;               /* one m-line of each kind at most */
  gboolean wants_restart;           /* of ICE, by our next offer */
  gboolean wants_data;              /* an m-line for data channels */
  gboolean roams;                   /* the call has addresses of its own */
  ViaNetWatch *network;             /* (nullable) the kernel may not tell */
  gboolean told_needed;             /* until the next negotiation */
  gint is_needed;                   /* atomic: an offer would differ */
  GHashTable *told_remote;          /* candidates, since the last restart */
  gint tells_tracks;                /* atomic: its notice is under way */
  ViaReceived *received;
  ViaMember *taker; /* only publishes what is received */
};

/* What the loop is asked; see via_session_ask. */
typedef struct
{
  ViaSession *self;
  const ViaSessionConfig *config;
  ViaExchange *exchange;
  ViaSessionRoom room;
  const ViaMemberWho *who;
  const gchar *text;
  guint mline;
  guint n_audio, n_video;
  gchar *result;
  GstStructure *stats;
  ViaConnectionState state;
  ViaSignalingState signaling;
  gboolean is_current, is_done;
  GError *error;
} ViaSessionAsk;

/* Runs @func with @question on the loop and waits for it; hands on its error.
 * Any thread. */
void via_session_ask (ViaSession *self, ViaLoopFunc func,
    ViaSessionAsk *question, GError **error);
void via_session_unref (ViaSession *self);

/* --- session_notice.c: from loops to via-app --- */

typedef struct
{
  ViaSession *session;
  enum
  {
    NOTICE_CANDIDATE,
    NOTICE_REMOTE_CANDIDATE,
    NOTICE_GATHERING,
    NOTICE_GATHERED,
    NOTICE_PAIR,
    NOTICE_SERVER_FAILED,
    NOTICE_STATE,
    NOTICE_NOT_NEGOTIATED,
    NOTICE_HUB_LOST,
    NOTICE_SIGNALING,
    NOTICE_NEEDED,
    NOTICE_FLOW,
    NOTICE_TRACKS,
    NOTICE_CHANNEL_OPENED,
    NOTICE_CHANNEL_CLOSED,
    NOTICE_CHANNEL_LOW,
    NOTICE_CHANNEL_MESSAGE,
    NOTICE_CHANNEL_REFUSED,
  } type;
  guint mline; /* or a code of STUN */
  ViaConnectionState state;
  ViaSignalingState signaling;
  gchar *text, *local, *remote; /* or a server: local */
  ViaWirePair pair;
  gboolean is_out, is_flowing;
  ViaTrackInfo track;
  ViaChannelInfo channel;
  gboolean is_text;
  GBytes *message;
  gint weight;      /* bytes, of a channel's */
  gboolean is_last; /* told although the session is over */
} ViaSessionNotice;

/* Of a type above; holds the session and its user. (transfer full) */
ViaSessionNotice *via_session_notice_new (ViaSession *self, guint type);
void via_session_notice_post (ViaSessionNotice *notice);

/* --- session_rooms.c: slots of rooms ↔ m-lines --- */

void via_session_rooms_init (ViaSession *self);
void via_session_rooms_clear (ViaSession *self);
/* The current plan holds now: which m-lines take the tracks of rooms. */
void via_session_rooms_follow (ViaSession *self);
/* The peer wants a key frame of what m-line @media sends. */
void via_session_rooms_want_keyframe (ViaSession *self, guint media);
/* How many m-lines more (less, if negative) of @kind the room of @door could
 * do with. */
gint via_session_rooms_missing (const ViaSessionDoor *door, ViaKind kind);
/* Its slot on m-line @line, NULL if there is none. */
ViaSessionSlot *via_session_rooms_slot (
    const ViaSessionDoor *door, ViaKind kind, guint line);

/* --- session_wish.c: what we would offer --- */

/* The m-lines as we want them, at most @max: how many. The mids are those of
 * the current plan. */
guint via_session_wish (ViaSession *self, ViaPlanWish *out, guint max);
/* Tells the user once if an offer of ours would change something. */
void via_session_wish_check (ViaSession *self);

/* --- session_data.c: data channels --- */

void via_session_data_open (ViaSession *self);
/* Waits for the home; never on a loop. */
void via_session_data_close (ViaSession *self);
/* A notice of a channel is over. Any thread. */
void via_session_data_heard (ViaSession *self, gint weight);
/* Of ViaMemberFuncs: a message for our peer. Any thread. */
void via_session_data_take (gpointer door, const ViaRoomMessage *message);

/* --- session_roam.c: the way to the peer goes --- */

/* Watches from now on: the call gathered addresses of its own. */
void via_session_roam (ViaSession *self);
/* The peer is not heard any more: ICE looks for another way, by the next
 * offer. */
void via_session_lost (ViaSession *self);

/* --- session.c --- */

/* What @config says of the network; it points to @lite. */
ViaLegConfig via_session_call_config (const ViaSession *self,
    const ViaSessionConfig *config, ViaLiteConfig *lite);
/* A call that tells us what comes; NULL with error. */
gboolean via_session_open_call (ViaSession *self,
    const ViaSessionConfig *config, gboolean is_controlling, GError **error);
/* See via_leg_restart. */
gboolean via_session_restart_call (
    ViaSession *self, const ViaSessionConfig *config, GError **error);
/* Of the other side, for m-line @mline: told once. */
void via_session_tell_remote (
    ViaSession *self, guint mline, const gchar *candidate);

G_END_DECLS
