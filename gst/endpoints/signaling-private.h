/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/signaling-private.h – a thread that calls, and the ways it may:
 * WHIP and WHEP, a room's WebSocket, stdin and stdout, files.
 */
#pragma once

#include "endpoints/signaling.h"

G_BEGIN_DECLS

/* All on the thread. @way: what open () gave. */
typedef struct
{
  /* Begins to call; NULL with error: never will. */
  gpointer (*open) (
      ViaSignaling *self, const ViaSignalingConfig *config, GError **error);
  void (*close) (gpointer way);
  void (*candidate) (
      gpointer way, guint mline, const gchar *candidate, ViaTime now);
  void (*state) (gpointer way, ViaConnectionState state, ViaTime now);
  /* (nullable) */
  void (*needed) (gpointer way, gboolean is_restart, ViaTime now);
  /* Says goodbye; via_signaling_finish when that is done. */
  void (*stop) (gpointer way, ViaTime now);
  ViaTime (*deadline) (gpointer way);
  void (*expire) (gpointer way, ViaTime now);
} ViaSignalingKind;

extern const ViaSignalingKind via_signaling_dial;  /* signaling_dial.c */
extern const ViaSignalingKind via_signaling_room;  /* signaling_room.c */
extern const ViaSignalingKind via_signaling_stdio; /* signaling_stdio.c */
extern const ViaSignalingKind via_signaling_files; /* signaling_files.c */

/* For the ways; the thread. The first five ask or tell the user, or fail if
 * there is none any more: see ViaSignalingFuncs. */
gboolean via_signaling_offer (
    ViaSignaling *self, ViaSignalingCall call, GError **error);
gboolean via_signaling_counter (ViaSignaling *self, ViaSignalingCall call,
    const gchar *offer, GError **error);
gchar *via_signaling_describe (ViaSignaling *self, GError **error);
gboolean via_signaling_answer (
    ViaSignaling *self, const gchar *answer, GError **error);
void via_signaling_their_candidate (
    ViaSignaling *self, guint mline, const gchar *candidate);
guint64 via_signaling_heard (ViaSignaling *self, guint64 fallback);
void via_signaling_server (ViaSignaling *self, const gchar *link);
void via_signaling_news (
    ViaSignaling *self, const gchar *state, guint status, const gchar *text);
void via_signaling_dead (ViaSignaling *self, const gchar *why);

/* Its deadline may be another one now. */
void via_signaling_wake (ViaSignaling *self);
void via_signaling_finish (ViaSignaling *self);

/* 0.25, 0.5, 1 … 30 s for @tries 0, 1, 2 …, a quarter more or less. */
ViaTime via_signaling_wait (guint tries);
/* "@why; again in 0.5 s". */
void via_signaling_retry (
    ViaSignaling *self, guint status, const gchar *why, ViaTime wait);
/* The number that all descriptions of one session of theirs have (RFC 8866
 * §5.2), 0 if @sdp has none. */
guint64 via_signaling_session_of (const gchar *sdp);

G_END_DECLS
