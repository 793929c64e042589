/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/whep.h – WHEP: requests in, answers and viewer sessions out.
 * Knows no socket, thread, clock or element; its owner's one thread calls it.
 * draft-ietf-wish-whep §4 · RFC 9725 §4 · RFC 8840 (trickle)
 */
#pragma once

#include "base/rng.h"
#include "http/reply.h"
#include "http/sdpfrag.h"

G_BEGIN_DECLS

#define VIA_WHEP_ID_LEN 32           /* hexadecimal digits: 128 bits */
#define VIA_WHEP_UNCONNECTED_MAX 128 /* sessions without media yet */

typedef struct _ViaWhep ViaWhep;

/* What the viewers' side is told, from within the calls below; none may call
 * back. */
typedef struct
{
  /* A player's offer; to be answered by via_whep_answer. */
  void (*offer) (gpointer user, const gchar *id, const gchar *offer,
      const gchar *app_data);
  void (*candidate) (
      gpointer user, const gchar *id, guint mline, const gchar *candidate);
  /* The player left, or went away before its answer. */
  void (*bye) (gpointer user, const gchar *id);
} ViaWhepFuncs;

/* @path: the first part of each address ("live"). @max_peers: 0 for no limit.
 * @rng: kept; makes the ids. */
ViaWhep *via_whep_new (const gchar *path, guint max_peers, ViaRng *rng,
    const ViaWhepFuncs *funcs, gpointer user);
void via_whep_free (ViaWhep *self);

typedef enum
{
  VIA_WHEP_NOT_OURS, /* no address of WHEP; @reply untouched */
  VIA_WHEP_REPLIED,  /* @reply is complete */
  VIA_WHEP_WAIT,     /* the answer comes by via_whep_answer */
} ViaWhepResult;

/* Before the body: TRUE if the request must be refused unread (415, 413);
 * then @reply is complete. @length: as announced, -1 if not. */
gboolean via_whep_refuse_early (
    ViaWhep *self, const ViaRequest *request, gint64 length, ViaReply *reply);
/* @out_id: room for VIA_WHEP_ID_LEN + 1 bytes, set with VIA_WHEP_WAIT. */
ViaWhepResult via_whep_request (
    ViaWhep *self, const ViaRequest *request, ViaReply *reply, gchar *out_id);
/* The answer @sdp to session @id's offer, or @error (the session ends). FALSE
 * if there is no such session waiting; @reply untouched. @origin: as in
 * ViaRequest. */
gboolean via_whep_answer (ViaWhep *self, const gchar *id, const gchar *sdp,
    const GError *error, const gchar *origin, ViaReply *reply);
/* The peer's media connection is up. */
void via_whep_connected (ViaWhep *self, const gchar *id);
/* The session is over on our side; the player's next request gets 404. No
 * callback. */
void via_whep_end (ViaWhep *self, const gchar *id);
/* The player's connection broke before the answer: ends it with bye. */
void via_whep_abandon (ViaWhep *self, const gchar *id);
guint via_whep_count (const ViaWhep *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaWhep, via_whep_free)
