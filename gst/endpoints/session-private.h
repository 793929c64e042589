/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/session-private.h – what the files of the session share. Each field
 * says which thread may touch it; functions without a word are the loop's.
 */
#pragma once

#include "endpoints/session.h"
#include "endpoints/received.h"
#include "io/guard.h"

G_BEGIN_DECLS

/* A membership in one room; `own` fills the m-lines from the front, the hub
 * from the back. */
typedef struct
{
  ViaSession *session;
  gboolean is_own;
  ViaMember *member;
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
  /* loop thread */
  ViaCall *call;
  ViaPlan *plan;
  GArray *sends[2]; /* m-line indexes we send on, per kind */
  guint n_own[2];   /* of these, from the front, the own room's */
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
  const gchar *text, *app_data;
  guint n_audio, n_video;
  gchar *result;
  GstStructure *stats;
  ViaConnectionState state;
  gboolean is_done;
  GError *error;
} ViaSessionAsk;

/* Runs @func with @question on the loop and waits for it; hands on its error.
 * Any thread. */
void via_session_ask (ViaSession *self, ViaLoopFunc func,
    ViaSessionAsk *question, GError **error);
void via_session_unref (ViaSession *self);

/* --- session_notice.c: from the loop to via-app --- */

typedef struct
{
  ViaSession *session;
  enum
  {
    NOTICE_CANDIDATE,
    NOTICE_GATHERED,
    NOTICE_STATE,
    NOTICE_NOT_NEGOTIATED,
    NOTICE_HUB_LOST,
  } type;
  guint mline;
  ViaConnectionState state;
  gchar *text, *local, *remote;
  ViaTrackInfo track;
} ViaSessionNotice;

/* Of a type above; holds the session and its user. (transfer full) */
ViaSessionNotice *via_session_notice_new (ViaSession *self, guint type);
void via_session_notice_post (ViaSessionNotice *notice);

/* --- session_rooms.c: slots of rooms ↔ m-lines --- */

/* @plan is complete and holds now: which m-lines take the tracks of rooms. */
void via_session_rooms_follow (ViaSession *self, const ViaPlan *plan);
/* Adds to @local's m-lines those for tracks of the hub; with none at all: one
 * of each kind. */
void via_session_rooms_count (ViaSession *self, ViaPlanLocal *local);
/* The peer wants a key frame of what m-line @media sends. */
void via_session_rooms_want_keyframe (ViaSession *self, guint media);

/* --- session.c --- */

/* A call that tells us what comes; NULL with error. */
gboolean via_session_open_call (ViaSession *self,
    const ViaSessionConfig *config, gboolean is_controlling, GError **error);

G_END_DECLS
