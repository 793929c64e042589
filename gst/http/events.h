/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/events.h – server-sent events to players: is something on, how many
 * watch, what there is to choose from, come back. Knows no peer. The server's
 * thread only. draft-ietf-wish-whep §5.1 · HTML Living Standard §9.2 (event
 * streams)
 */
#pragma once

#include <libsoup/soup.h>
#include "base/error.h"

G_BEGIN_DECLS

#define VIA_EVENTS_NAMES "active,inactive,viewercount,layers,reconnect"
#define VIA_EVENTS_PER_SESSION                                                 \
  4 /* streams; one more takes the oldest's place */

typedef struct _ViaEvents ViaEvents;

ViaEvents *via_events_new (void);
/* Ends every stream. */
void via_events_free (ViaEvents *self);

/* A JSON array of names, as a player POSTs it; "" means all. SYNTAX: no array;
 * UNSUPPORTED: names one that is not sent. @out: names joined by commas.
 * (transfer full) */
gboolean via_events_read (
    const gchar *json, gsize len, gchar **out, GError **error);

/* Answers @message by a stream of those of @names (NULL: all) that concern
 * session @id. @number: of the stream, for _drop. @base: what others reach the
 * server by, no '/' at its end. */
void via_events_take (ViaEvents *self, SoupServerMessage *message,
    const gchar *id, guint number, const gchar *names, const gchar *base);
/* What holds for @id now; sent if it changed. @layers: (nullable) JSON. That
 * nothing is on is not told as the first thing. */
void via_events_tell (ViaEvents *self, const gchar *id, gboolean is_active,
    guint n_viewers, const gchar *layers);
/* The player wants its stream @number no longer. */
void via_events_drop (ViaEvents *self, const gchar *id, guint number);
/* The streams of @id end; @path: (nullable) where a player may come back. */
void via_events_end (ViaEvents *self, const gchar *id, const gchar *path);
/* Something must be sent now and then, to see who is gone. */
void via_events_keep_alive (ViaEvents *self);
/* The sessions that have streams: gchar*, once each. (transfer full) */
GPtrArray *via_events_sessions (ViaEvents *self);

G_END_DECLS
