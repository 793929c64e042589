/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/dial-private.h – what the files of the WHIP and WHEP client share.
 *
 *   IDLE → ASKING → MAKING → POSTING → UP ⇄ RESTARTING
 *                      ↑  ↖ COUNTERING ↗
 *                    WAITING ← any, when it did not work    any → STOPPING →
 * OVER
 */
#pragma once

#include "http/dial.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_DIAL_PHASE_IDLE,
  VIA_DIAL_PHASE_ASKING,     /* OPTIONS is under way */
  VIA_DIAL_PHASE_MAKING,     /* our side makes an offer, or answers theirs */
  VIA_DIAL_PHASE_POSTING,    /* POST is under way */
  VIA_DIAL_PHASE_COUNTERING, /* our answer to their offer is under way */
  VIA_DIAL_PHASE_UP,         /* agreed; media connects or flows */
  VIA_DIAL_PHASE_RESTARTING, /* an offer is made, or its PATCH under way */
  VIA_DIAL_PHASE_WAITING,    /* for the next try */
  VIA_DIAL_PHASE_STOPPING,   /* goodbye */
  VIA_DIAL_PHASE_OVER,
} ViaDialPhase;

struct _ViaDial
{
  /* immutable */
  gchar *url, *shown;
  gboolean is_play, asks_servers, is_persistent;
  ViaRng *rng;
  /* what was learned; stays */
  gboolean was_in;       /* a call stood before: 403 may mean "in use" */
  gboolean has_no_patch; /* every candidate goes into the offer */
  guint tries;           /* since the last call that stood */
  /* of one try */
  ViaDialPhase phase;
  ViaTime wake;  /* when the phase takes too long, or the next try is due */
  gchar *target; /* where POST goes, after redirects */
  guint redirects;
  gboolean is_counter; /* they offered, we answer */
  gchar *session;      /* (nullable) */
  gchar *etag;         /* (nullable) verbatim */
  gchar *offer, *answer;
  GPtrArray *candidates; /* gchar*: of ours, not yet told */
  gboolean is_gathered, is_end_told;
  gboolean has_no_trickle;
  gboolean is_connected;
  gboolean has_restarted;  /* and is not connected since */
  gboolean is_lost;        /* disconnected, and not connected since */
  gboolean is_back;        /* RESTARTING: the old path is there */
  gboolean is_blind;       /* the server knows no session by GET */
  ViaTime heard, probe_at; /* VIA_TIME_NEVER: no need to ask */
  gboolean is_under_way[VIA_DIAL_KINDS];
  ViaTime due[VIA_DIAL_KINDS];
  GQueue events;       /* Entry of dial.c */
  struct _Entry *told; /* (nullable) the last one */
};

/* --- dial.c --- */

/* Strings are copied. */
void via_dial_send (
    ViaDial *self, const ViaDialRequest *request, ViaTime timeout, ViaTime now);
void via_dial_cancel (ViaDial *self, ViaDialKind kind);
void via_dial_tell (ViaDial *self, ViaDialEventType type, const gchar *text);
void via_dial_news (
    ViaDial *self, const gchar *state, guint status, const gchar *text);
/* This try is over; the next one comes after @wait, or as the rules say. */
void via_dial_again (ViaDial *self, guint status, const gchar *why,
    gint retry_after, ViaTime now);
/* What the session's requests are sent with. */
void via_dial_send_session (ViaDial *self, ViaDialKind kind,
    const gchar *method, const gchar *type, const gchar *match,
    const gchar *body, ViaTime timeout, ViaTime now);

/* --- dial_session.c --- */

void via_dial_trickle (ViaDial *self, ViaTime now);
void via_dial_reply_patch (
    ViaDial *self, const ViaDialReply *reply, ViaTime now);
void via_dial_reply_probe (
    ViaDial *self, const ViaDialReply *reply, ViaTime now);
/* The path is lost: the same session by an ICE restart, else a new one. */
void via_dial_rescue (ViaDial *self, ViaTime now);
void via_dial_send_restart (ViaDial *self, ViaTime now);
void via_dial_send_counter (ViaDial *self, ViaTime now);
void via_dial_probe (ViaDial *self, ViaTime now);

G_END_DECLS
