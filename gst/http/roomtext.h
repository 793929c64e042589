/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/roomtext.h – the messages of a room's WebSocket, text ↔ value
 * (docs/room-protocol.md). Pure. Knows no socket and no session.
 * RFC 8259 (JSON) · W3C WebRTC (RTCSessionDescriptionInit, RTCIceCandidateInit)
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_ROOMTEXT_BYTES_MAX (128 * 1024) /* of one message */
#define VIA_ROOMTEXT_NAME_MAX 64            /* characters */
#define VIA_ROOMTEXT_APP_DATA_MAX 4096      /* bytes */
#define VIA_ROOMTEXT_CANDIDATE_MAX 1024     /* bytes */

typedef enum
{
  VIA_ROOMTEXT_JOIN,
  VIA_ROOMTEXT_ANSWER,
  VIA_ROOMTEXT_CANDIDATE,
  VIA_ROOMTEXT_STATE,
  VIA_ROOMTEXT_BYE,
} ViaRoomtextType;

/* What a browser says. */
typedef struct
{
  ViaRoomtextType type;
  gchar *name, *app_data;        /* JOIN; app_data: (nullable) */
  gchar *sdp;                    /* ANSWER */
  gchar *candidate;              /* CANDIDATE: "candidate:…", "" ends them */
  guint mline;                   /* CANDIDATE; 0 if it was not named */
  gboolean has_audio, has_video; /* JOIN, STATE: not muted */
} ViaRoomtextMessage;

/* Who is behind a socket. */
typedef struct
{
  const gchar *address;
  const gchar *token; /* (nullable) secret */
} ViaRoomtextGuest;

/* What the peers' side is told, from the server's thread; none may block or
 * call back. */
typedef struct
{
  /* The first of each; @id names it from now on. */
  void (*join) (gpointer user, const gchar *id,
      const ViaRoomtextMessage *message, const ViaRoomtextGuest *guest);
  /* Any message but JOIN and BYE. */
  void (*message) (
      gpointer user, const gchar *id, const ViaRoomtextMessage *message);
  /* Who joined is gone. */
  void (*bye) (gpointer user, const gchar *id);
} ViaRoomtextFuncs;

/* Reads one message. Errors: SYNTAX – no JSON object, or a member is missing or
 * of a wrong type (named); UNSUPPORTED – names the unknown type; LIMIT – names
 * the bound. */
gboolean via_roomtext_read (
    ViaRoomtextMessage *out, const gchar *text, gsize len, GError **error);
void via_roomtext_clear (ViaRoomtextMessage *self);

/* What we say; all (transfer full). */

gchar *via_roomtext_offer (const gchar *sdp);
/* @candidate: "" ends them. */
gchar *via_roomtext_candidate (guint mline, const gchar *candidate);
/* The server ends the session without a fault. */
gchar *via_roomtext_bye (const gchar *reason);
/* @is_last: the socket is closed after it. */
gchar *via_roomtext_error (const GError *error, gboolean is_last);

/* One of the others, as one member is told. */
typedef struct
{
  guint id;
  const gchar *name, *app_data; /* app_data: (nullable) */
  gboolean has_audio, has_video, is_speaking;
} ViaRoomtextPeer;

/* "peers", put together: _new, then for each peer _add and for each of its
 * tracks _track. */
typedef struct _ViaRoomtextPeers ViaRoomtextPeers;

ViaRoomtextPeers *via_roomtext_peers_new (guint you);
void via_roomtext_peers_add (
    ViaRoomtextPeers *self, const ViaRoomtextPeer *peer);
/* Of the peer that was added last. */
void via_roomtext_peers_track (
    ViaRoomtextPeers *self, const gchar *mid, const gchar *kind);
/* The message; frees @self. */
gchar *via_roomtext_peers_end (ViaRoomtextPeers *self);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaRoomtextMessage, via_roomtext_clear)
