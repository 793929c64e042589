/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish-private.h – what the files of http/wish share.
 */
#pragma once

#include "http/wish.h"

G_BEGIN_DECLS

#define VIA_WISH_SDP "application/sdp"
#define VIA_WISH_FRAG "application/trickle-ice-sdpfrag"

typedef enum
{
  VIA_WISH_IDLE,       /* no request waits for the peers' side */
  VIA_WISH_STARTING,   /* POST does */
  VIA_WISH_RESTARTING, /* PATCH with new ICE credentials */
  VIA_WISH_ANSWERING,  /* PATCH with the answer to our offer */
  VIA_WISH_CHOOSING,   /* POST of a layer */
} ViaWishWait;

typedef struct
{
  ViaWishRole role;
  gchar *stream;  /* (nullable) */
  gchar *address; /* of the client */
  gchar *offer;   /* the peer's; NULL where we offered */
  guint offered;  /* the status our offer went with; 0: it was answered */
  ViaOfferOutline outline; /* of what the peer sent last */
  gchar *next_offer;       /* of a restart that is under way */
  gchar *past_ufrag;       /* of before the last restart: latecomers */
  ViaWishWait waits;
  guint generation; /* of ICE; the ETag */
  gboolean is_connected;
  guint n_candidates;
  GHashTable *streams; /* (nullable) of events: number → gchar* names */
  guint n_streams;     /* ever */
} ViaWishSession;

struct _ViaWish
{
  gchar *path;
  guint max_peers, max_per_address;
  gboolean strict_etag, counter_offer;
  ViaRng *rng;
  ViaWishFuncs funcs;
  gpointer user;
  GHashTable *sessions; /* gchar* id → ViaWishSession* */
  guint n_unconnected;
  guint n_others, n_others_here, n_others_unconnected;
};

/* wish.c */
void via_wish_remove (ViaWish *self, const gchar *id);
void via_wish_reply_error (ViaReply *reply, const GError *error);
void via_wish_reply_busy (
    ViaReply *reply, guint status, const gchar *seconds, const gchar *detail);
void via_wish_reply_options (ViaWish *self, const ViaRequest *request,
    ViaReply *reply, const gchar *allow, const gchar *accept_name,
    const gchar *accept);

/* wish_session.c */
/* A request to the address of session @id, whose role may not be this one. */
ViaWishResult via_wish_session_request (ViaWish *self, ViaWishRole role,
    const gchar *id, const ViaRequest *request, ViaReply *reply, gchar *out_id);
/* What a restart, an answer or a choice waited for. */
void via_wish_session_answer (ViaWishSession *session, const gchar *sdp,
    const GError *error, ViaReply *reply);
/* wish_extensions.c */
/* The address of a player's events, below its session; @number: of one stream
 * there, 0: of all. */
ViaWishResult via_wish_events_request (ViaWish *self, ViaWishRole role,
    const gchar *id, guint number, const ViaRequest *request, ViaReply *reply,
    gchar *out_id);
/* That of the layer it is shown. */
ViaWishResult via_wish_layer_request (ViaWish *self, ViaWishRole role,
    const gchar *id, const ViaRequest *request, ViaReply *reply, gchar *out_id);

/* wish_session.c */
/* "\"1\"". (transfer full) */
gchar *via_wish_etag (const ViaWishSession *session);

G_END_DECLS
