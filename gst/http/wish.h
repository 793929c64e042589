/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish.h – WHIP and WHEP: requests in, answers and sessions out.
 * Knows no socket, thread, clock or element; its owner's one thread calls it.
 * RFC 9725 §4 · draft-ietf-wish-whep §4 · RFC 8840 (trickle)
 */
#pragma once

#include "base/rng.h"
#include "http/reply.h"
#include "http/sdpfrag.h"

G_BEGIN_DECLS

#define VIA_WISH_ID_LEN 32           /* hexadecimal digits: 128 bits */
#define VIA_WISH_UNCONNECTED_MAX 128 /* sessions without media yet */
#define VIA_WISH_STREAM_MAX 128      /* bytes of a stream's name */

typedef struct _ViaWish ViaWish;

typedef enum
{
  VIA_WISH_PLAY,    /* WHEP: the peer watches */
  VIA_WISH_PUBLISH, /* WHIP: the peer sends */
  VIA_WISH_N_ROLES,
} ViaWishRole;

/* A session that wants to begin. */
typedef struct
{
  const gchar *id;
  ViaWishRole role;
  const gchar *offer;    /* (nullable) the peer's; NULL: we are to offer */
  const gchar *app_data; /* (nullable) the name in the address, or ?app-data= */
  const gchar *stream;   /* (nullable) the name in the address */
  const gchar *address;  /* the client's */
  const gchar *token;    /* (nullable) secret */
} ViaWishOffer;

/* What the peers' side is told, from within the calls below; none may call
 * back or block. */
typedef struct
{
  /* To be answered by via_wish_answer, as restart, answer and layer. */
  void (*offer) (gpointer user, const ViaWishOffer *offer);
  void (*candidate) (
      gpointer user, const gchar *id, guint mline, const gchar *candidate);
  /* The peer left, or went away before its answer. */
  void (*bye) (gpointer user, const gchar *id);
  /* (nullable) Link headers that name ICE servers, joined by ", ", or NULL.
   * (transfer full) */
  gchar *(*link) (gpointer user);
  /* The peer's @offer again, with the ICE credentials of a restart. */
  void (*restart) (gpointer user, const gchar *id, const gchar *offer);
  /* The peer's answer to our offer. */
  void (*answer) (gpointer user, const gchar *id, const gchar *answer);
  /* A player chooses what m-line @media (VIA_LAYER_FIRST_VIDEO) shows; @rid:
   * (nullable) NULL: whatever it likes. */
  void (*layer) (gpointer user, const gchar *id, guint media, const gchar *rid);
} ViaWishFuncs;

typedef struct
{
  const gchar *path;      /* the first part of each address ("live") */
  guint max_peers;        /* 0: no limit */
  guint max_per_address;  /* 0: no limit */
  gboolean strict_etag;   /* PATCH needs If-Match (428, 412) */
  gboolean counter_offer; /* WHEP offers are answered by one of ours (406) */
  ViaRng *rng;            /* kept; makes the ids */
} ViaWishConfig;

ViaWish *via_wish_new (
    const ViaWishConfig *config, const ViaWishFuncs *funcs, gpointer user);
void via_wish_free (ViaWish *self);

typedef enum
{
  VIA_WISH_NOT_OURS,   /* no address of ours; @reply untouched */
  VIA_WISH_REPLIED,    /* @reply is complete */
  VIA_WISH_WAIT,       /* the answer comes by via_wish_answer */
  VIA_WISH_EVENTS,     /* a player's stream of events is asked for */
  VIA_WISH_EVENTS_END, /* @reply is complete, and that stream is over */
} ViaWishResult;

/* Before the body: TRUE if the request must be refused unread (401, 403, 415,
 * 413); then @reply is complete. @length: as announced, -1 if not. */
gboolean via_wish_refuse_early (
    ViaWish *self, const ViaRequest *request, gint64 length, ViaReply *reply);
/* @out_id: room for VIA_WISH_ID_LEN + 1 bytes, set with VIA_WISH_WAIT,
 * VIA_WISH_EVENTS and VIA_WISH_EVENTS_END. */
ViaWishResult via_wish_request (
    ViaWish *self, const ViaRequest *request, ViaReply *reply, gchar *out_id);
/* What session @id's offer, restart, answer or choice waits for: @sdp (NULL
 * after the last two), or @error: then a session that was to begin ends, others
 * go on. FALSE if nothing waits there; @reply untouched. @origin: as in
 * ViaRequest. */
gboolean via_wish_answer (ViaWish *self, const gchar *id, const gchar *sdp,
    const GError *error, const gchar *origin, ViaReply *reply);
/* Is @id's first answer still to come? */
gboolean via_wish_is_starting (const ViaWish *self, const gchar *id);
/* The peer's media connection is up. */
void via_wish_connected (ViaWish *self, const gchar *id);
/* The session is over on our side; the peer's next request gets 404. No
 * callback. */
void via_wish_end (ViaWish *self, const gchar *id);
/* The peer's connection broke before it had the first answer: ends it with
 * bye. */
void via_wish_abandon (ViaWish *self, const gchar *id);
guint via_wish_count (const ViaWish *self);
/* Which stream of events the address @path is of; 0: none of its own. */
guint via_wish_stream_number (const gchar *path);
/* What it is to tell, joined by commas; NULL: all, or there is none. */
const gchar *via_wish_stream_names (
    const ViaWish *self, const gchar *id, guint number);
/* How many watch what session @id watches. */
guint via_wish_viewers (const ViaWish *self, const gchar *id);
/* "/live/cam1/whep", where session @id began; NULL if there is none. (transfer
 * full) */
gchar *via_wish_endpoint (const ViaWish *self, const gchar *id);
/* So many peers that came otherwise count against max_peers, too, @n_here of
 * them against max_per_address, of the address that is asked for next, and
 * @n_unconnected of them have no media connection yet. */
void via_wish_set_others (
    ViaWish *self, guint n, guint n_here, guint n_unconnected);
/* FALSE with LIMIT: max_peers, or max_per_address for @address, is reached, or
 * VIA_WISH_UNCONNECTED_MAX are connecting. */
gboolean via_wish_has_room (
    const ViaWish *self, const gchar *address, GError **error);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaWish, via_wish_free)
