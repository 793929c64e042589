/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/calltext.h – what a caller reads and writes: the browser's side of a
 * room (docs/room-protocol.md), and the lines of stdio: and files
 * (docs/api.md). Pure. Knows no socket, file or session. W3C WebRTC
 * (RTCSessionDescriptionInit, RTCIceCandidateInit) · RFC 8259
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_CALLTEXT_BYTES_MAX (256 * 1024) /* of one message */

typedef enum
{
  VIA_CALLTEXT_OTHER, /* nothing we need */
  VIA_CALLTEXT_OFFER,
  VIA_CALLTEXT_ANSWER,
  VIA_CALLTEXT_CANDIDATE,
  VIA_CALLTEXT_ERROR,
  VIA_CALLTEXT_BYE,
} ViaCalltextType;

typedef struct
{
  ViaCalltextType type;
  gchar *sdp;       /* OFFER, ANSWER */
  gchar *candidate; /* CANDIDATE: "candidate:…", "" ends them */
  guint mline;      /* CANDIDATE; 0 if it was not named */
  gchar *tie;       /* (nullable) OFFER: of two that cross the higher holds */
  gchar *text;      /* (nullable) ERROR, BYE: for a person */
  gboolean is_last; /* ERROR: the socket is closed after it */
} ViaCalltextMessage;

/* Reads one message. A candidate is {"type":"candidate","candidate":{…}} or the
 * RTCIceCandidateInit alone. Errors: SYNTAX – no JSON object, or without what
 * its type has (named); LIMIT – too long or deep. */
gboolean via_calltext_read (
    ViaCalltextMessage *out, const gchar *text, gsize len, GError **error);
void via_calltext_clear (ViaCalltextMessage *self);

/* What we say, one line each; all (transfer full). */

/* @name: shortened and cleaned to what a room takes; @app_data: (nullable) */
gchar *via_calltext_join (const gchar *name, const gchar *app_data);
/* @type: "offer" or "answer"; @tie: (nullable) as above. */
gchar *via_calltext_description (
    const gchar *type, const gchar *sdp, const gchar *tie);
/* For a room. */
gchar *via_calltext_candidate (guint mline, const gchar *candidate);
/* The RTCIceCandidateInit alone. */
gchar *via_calltext_candidate_init (guint mline, const gchar *candidate);
gchar *via_calltext_bye (void);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaCalltextMessage, via_calltext_clear)
