/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/dial.h – the client side of WHIP and WHEP: what to ask next, and what an
 * answer means. Retries, redirects, trickle, ICE restart, goodbye.
 * Knows no socket, thread, clock or element; its owner's one thread calls it.
 * RFC 9725 §4 · draft-ietf-wish-whep §4 · RFC 8840 (trickle)
 */
#pragma once

#include "base/error.h"
#include "base/rng.h"
#include "base/time.h"

G_BEGIN_DECLS

#define VIA_DIAL_BYE (2 * VIA_S)  /* a goodbye takes at most */
#define VIA_DIAL_MAX (30 * VIA_S) /* between two tries, without Retry-After */
#define VIA_DIAL_REDIRECTS 10     /* in a row */
#define VIA_DIAL_GATHER (300 * VIA_MS)  /* before the offer goes out */
#define VIA_DIAL_GATHER_ALL (3 * VIA_S) /* to a server without trickle */

typedef struct _ViaDial ViaDial;

/* At most one request of each is under way. */
typedef enum
{
  VIA_DIAL_OPTIONS,
  VIA_DIAL_POST,
  VIA_DIAL_PATCH,
  VIA_DIAL_PROBE, /* is the session still there? */
  VIA_DIAL_DELETE,
  VIA_DIAL_KINDS
} ViaDialKind;

typedef struct
{
  ViaDialKind kind;
  const gchar *method;  /* static */
  const gchar *type;    /* (nullable) of the body; static */
  const gchar *url;     /* http: or https: */
  const gchar *match;   /* (nullable) If-Match */
  const gchar *body;    /* (nullable) */
  gboolean takes_token; /* FALSE: another origin than the one we were given */
} ViaDialRequest;

/* As a status: */
#define VIA_DIAL_LATE 1      /* no answer in time */
#define VIA_DIAL_UNTRUSTED 2 /* its certificate is no good */

typedef struct
{
  guint status;          /* 0: nobody answers; see above */
  const gchar *error;    /* (nullable) why nobody answers */
  const gchar *location; /* (nullable) as sent, this and the next three */
  const gchar *etag;
  const gchar *type;
  const gchar *const *links; /* (nullable) values of Link, ended by NULL */
  gint retry_after;          /* s; -1: not said */
  const gchar *body;         /* (nullable) text */
} ViaDialReply;

typedef enum
{
  VIA_DIAL_NOTHING,
  VIA_DIAL_OFFER,   /* make a new call and an offer: _offered or _failed */
  VIA_DIAL_RESTART, /* the same call, with ICE restarted: as above */
  VIA_DIAL_ANSWER,  /* @text answers our offer; on trouble _failed */
  VIA_DIAL_COUNTER, /* @text is their offer: a new call, answer by _offered */
  VIA_DIAL_SEND,    /* @request; then _reply */
  VIA_DIAL_CANCEL,  /* the request of @request.kind; no _reply any more */
  VIA_DIAL_SERVER,  /* @text: values of Link, joined by commas */
  VIA_DIAL_NEWS,    /* @state, @text, @status: for people */
  VIA_DIAL_DEAD,    /* @text: given up for good */
  VIA_DIAL_DONE,    /* after _stop: nothing comes any more */
} ViaDialEventType;

/* Pointers live until the next call. */
typedef struct
{
  ViaDialEventType type;
  ViaDialRequest request;
  const gchar *state; /* "calling", "established", "restarting", "retrying" */
  const gchar *text;
  guint status;         /* 0: none */
  gboolean is_complete; /* OFFER, COUNTER: with every candidate */
} ViaDialEvent;

typedef struct
{
  const gchar *uri;       /* whip, whips, whep or wheps */
  gboolean asks_servers;  /* OPTIONS first, for its Link headers */
  gboolean is_persistent; /* tries again until it is stopped */
  ViaRng *rng;            /* kept */
} ViaDialConfig;

/* NULL with error SETTING: @uri is none we can call. (transfer full) */
ViaDial *via_dial_new (const ViaDialConfig *config, GError **error);
void via_dial_free (ViaDial *self);
gboolean via_dial_is_play (const ViaDial *self);
/* The address for people: no user, password or query. */
const gchar *via_dial_shown (const ViaDial *self);

void via_dial_start (ViaDial *self, ViaTime now);
/* @sdp: with the candidates so far; @is_complete: there are no others. */
void via_dial_offered (
    ViaDial *self, const gchar *sdp, gboolean is_complete, ViaTime now);
/* What was asked for could not be done: @why. */
void via_dial_failed (ViaDial *self, const gchar *why, ViaTime now);
/* One of ours, "candidate:…"; "" ends them. */
void via_dial_candidate (ViaDial *self, const gchar *candidate, ViaTime now);
void via_dial_reply (
    ViaDial *self, ViaDialKind kind, const ViaDialReply *reply, ViaTime now);
typedef enum
{
  VIA_DIAL_SHAKY,    /* it may come back */
  VIA_DIAL_PATHLESS, /* ICE has given up; another path may be found */
  VIA_DIAL_ENDED,    /* the far end said goodbye */
} ViaDialLoss;

/* The media's connection. */
void via_dial_connected (ViaDial *self, ViaTime now);
void via_dial_disconnected (ViaDial *self, ViaDialLoss how, ViaTime now);
/* Nothing comes from the far end any more, or our addresses are other ones, but
 * ICE has not given up: it restarts, if it can. Both ends may give up at the
 * same time, and then there is no session left to restart it in. */
void via_dial_silent (ViaDial *self, ViaTime now);
/* Something came from the far end. */
void via_dial_heard (ViaDial *self, ViaTime now);
/* Says goodbye; then VIA_DIAL_DONE comes, within VIA_DIAL_BYE. */
void via_dial_stop (ViaDial *self, ViaTime now);

ViaTime via_dial_deadline (const ViaDial *self);
void via_dial_expire (ViaDial *self, ViaTime now);
/* The next thing to do. FALSE: none is left. */
gboolean via_dial_next (ViaDial *self, ViaDialEvent *out);

/* --- dial_url.c --- */

/* "whips://h/x" → "https://h/x"; NULL with error SETTING. (transfer full) */
gchar *via_dial_url_of (
    const gchar *uri, gboolean *out_is_play, GError **error);
/* @reference as seen from @base; NULL: none we can use, or one that leaves
 * TLS. (transfer full) */
gchar *via_dial_url_resolve (const gchar *base, const gchar *reference);
gboolean via_dial_url_same_origin (const gchar *a, const gchar *b);
/* Without user, password, query. (transfer full) */
gchar *via_dial_url_shown (const gchar *url);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaDial, via_dial_free)
