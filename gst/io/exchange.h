/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange.h – the threaded side of a room: members on loops, tracks pushed
 * from any thread. Control is under one lock; packets take none: one post per
 * loop with viewers, never per viewer.
 */
#pragma once

#include <glib-object.h>

#include "base/codec.h"
#include "base/packet.h"
#include "io/loop.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

struct _GstStructure;
typedef struct _ViaExchange ViaExchange;
typedef struct _ViaMember ViaMember;
typedef struct _ViaFeed ViaFeed;

/* What a viewer is told about a track. */
typedef struct
{
  guint64 id; /* unique in the room */
  guint port; /* who publishes it */
  ViaKind kind;
  ViaCodec codec;
  ViaTime latency; /* µs the producer delays it */
  gchar *name;     /* (nullable) the publisher's element */
  gchar *app_data; /* (nullable) of the publisher, when this was told */
} ViaTrackInfo;

ViaExchange *via_exchange_new (void);
ViaExchange *via_exchange_ref (ViaExchange *self);
void via_exchange_unref (ViaExchange *self);
/* Every member is told (funcs.lost, once) and detached; no one can join any
 * more. Idempotent. Any thread. */
void via_exchange_close (ViaExchange *self);

/* A message of a data channel on its way through a room; @label says of which,
 * there and at whom it reaches. */
typedef struct
{
  const gchar *label, *protocol;
  gboolean is_text;
  GBytes *message;
} ViaRoomMessage;

/* A member's callbacks. Those of slots run on the member's loop. */
typedef struct
{
  /* Also for a slot that has a track: it is switched to this one, and what
   * comes next begins with a key frame of it. */
  void (*attach) (
      gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track);
  void (*detach) (gpointer user, ViaKind kind, guint slot);
  void (*packets) (gpointer user, ViaKind kind, guint slot,
      ViaPacket *const *packets, guint n);
  void (*eos) (gpointer user, ViaKind kind, guint slot);
  /* The publisher's app-data is another now. */
  void (*app_data) (
      gpointer user, ViaKind kind, guint slot, const gchar *app_data);
  /* Tracks came or went, shown or not (see via_member_count_others). */
  void (*changed) (gpointer user);
  void (*lost) (gpointer user); /* the room is gone; on via-app */
  /* Another member sent @message to all, or to us. On the sender's thread, any
   * one: may not block, nor ask loops or this room. */
  void (*data) (gpointer user, const ViaRoomMessage *message);
  /* Adds what is known of the far end (find-port). */
  void (*info) (gpointer user, struct _GstStructure *out);
} ViaMemberFuncs;

/* Who a member is; all nullable, copied. */
typedef struct
{
  const gchar *name, *app_data;
  const struct _GstStructure *tags;
  const gchar *subscribe; /* as via_select_parse; NULL: all */
  guint64 serial;         /* one that is not higher describes nothing new */
  guint port;             /* wanted number + 1; 0: any */
  gboolean is_observer;   /* no participant: takes all, is listed nowhere */
} ViaMemberWho;

/* @loop: (nullable) for a member that only publishes. NULL with error: STATE
 * if the room is closed. Any thread. */
ViaMember *via_exchange_join (ViaExchange *self, ViaLoop *loop,
    const gchar *name, const gchar *app_data, const ViaMemberFuncs *funcs,
    gpointer user, GError **error);
ViaMember *via_exchange_join_as (ViaExchange *self, ViaLoop *loop,
    const ViaMemberWho *who, const ViaMemberFuncs *funcs, gpointer user,
    GError **error);
/* What it is from now on; its name stays. Nothing after it left. Any thread. */
void via_member_describe (ViaMember *self, const ViaMemberWho *who);
ViaMember *via_member_ref (ViaMember *self);
void via_member_unref (ViaMember *self);
/* Idempotent for NULL; after return none of the callbacks runs or will run.
 * Its feeds are closed. Not on another member's loop. */
void via_member_leave (ViaMember *self);
guint via_member_port (const ViaMember *self);
/* Who takes its tracks, now or later, is told. Any thread. */
void via_member_set_app_data (ViaMember *self, const gchar *app_data);
/* How many tracks of @kind it takes; G_MAXUINT: all. Any thread. */
void via_member_set_slots (ViaMember *self, ViaKind kind, guint n);
/* Which codecs of @kind it takes from now on: those of @media; NULL: any. Of a
 * track of another one it is given what the room's transcoder makes of it, if
 * it can. Any thread. */
void via_member_set_codecs (
    ViaMember *self, ViaKind kind, const ViaPlanMedia *media);
/* Tracks of @kind that others publish now. Any thread. */
guint via_member_count_others (ViaMember *self, ViaKind kind);
/* To every other member that takes data, or with @to to those it means (as
 * via_select_parse: number, name, app-data, KEY=VALUE); returns to how many.
 * Routes and subscriptions do not matter. Never blocks. Any thread. */
guint via_member_send_data (
    ViaMember *self, const gchar *to, const ViaRoomMessage *message);
#define VIA_EXCHANGE_NOBODY G_MAXUINT
/* The same from port @from, or from nobody. */
guint via_exchange_send_data (ViaExchange *self, guint from, const gchar *to,
    const ViaRoomMessage *message);
/* Asks the publisher of what is in the slot for a key frame (throttled to one
 * per 500 ms per track, however many ask). Member's loop thread. */
void via_member_want_keyframe (ViaMember *self, ViaKind kind, guint slot);

typedef struct
{
  /* A viewer needs a key frame; on via-app, never on a loop. */
  void (*want_keyframe) (gpointer user);
  /* The first viewer came or the last one went; on via-app. */
  void (*watched) (gpointer user, gboolean is_watched);
} ViaFeedFuncs;

/* Publishes a track; info's id and port are filled in by the room.
 * (transfer full): close it with via_feed_close. Any thread. */
ViaFeed *via_member_publish (ViaMember *self, const ViaTrackInfo *info,
    const ViaFeedFuncs *funcs, gpointer user);
/* Hands on @n packets; takes references of its own, never blocks; counts what
 * has no viewer. Any thread, but one at a time per feed. */
void via_feed_push (ViaFeed *self, ViaPacket *const *packets, guint n);
void via_feed_eos (ViaFeed *self);
/* After return no callback of @funcs runs. (transfer full) */
void via_feed_close (ViaFeed *self);

/* --- tracks in another codec --- */

/* Who makes them. Functions on via-app, while the object is alive. */
typedef struct
{
  const ViaCodecId *from, *to; /* static */
  guint n_from, n_to;
  /* @format has its first viewer: fill it by via_feed_push with what is made
   * of via_feed_tap; or its last one went. Its references are counted. */
  void (*wanted) (gpointer object, ViaFeed *format, gboolean is_wanted);
  void (*want_keyframe) (gpointer object, ViaFeed *format);
} ViaTranscode;
/* Before anybody joins. */
void via_exchange_set_transcoder (
    ViaExchange *self, GObject *object, const ViaTranscode *transcode);

ViaFeed *via_feed_ref (ViaFeed *self);
void via_feed_unref (ViaFeed *self);
const ViaTrackInfo *via_feed_info (const ViaFeed *self);
/* The codec it is made from; NULL: it is a track of its own. */
const ViaCodec *via_feed_made_from (const ViaFeed *self);
/* A viewer (slot 0) of the track that @self is made from, in no room: it is
 * done with by via_member_leave. Any thread but a loop. (transfer full) */
ViaMember *via_feed_tap (
    ViaFeed *self, ViaLoop *loop, const ViaMemberFuncs *funcs, gpointer user);

/* --- the whole room; any thread --- */

/* A room as @old was new: same listener, policy and reserved numbers, nobody in
 * it. (transfer full) */
ViaExchange *via_exchange_new_like (ViaExchange *old);
/* @func gets a message for the bus (transfer full) when ports come and go, when
 * media starts and stops, when another one speaks: on via-app, while @object
 * is alive. Before anybody joins. */
typedef void (*ViaExchangeNews) (
    gpointer object, struct _GstStructure *message);
void via_exchange_listen (
    ViaExchange *self, GObject *object, ViaExchangeNews func);
/* @message (transfer full) to the listener, while there is a member. */
void via_exchange_tell (ViaExchange *self, struct _GstStructure *message);
/* @func runs on via-app after each piece of such news, until _unwatch; a call
 * that was under way then may still come. @destroy: of @user, when no call will
 * come any more. Returns what _unwatch takes. Any thread. */
gpointer via_exchange_watch (ViaExchange *self, void (*func) (gpointer user),
    gpointer user, GDestroyNotify destroy);
void via_exchange_unwatch (ViaExchange *self, gpointer watch);
/* To be called every VIA_EXCHANGE_TICK: what starts, stops and speaks. @now is
 * of the monotonic clock. Never waits. */
#define VIA_EXCHANGE_TICK (50 * VIA_MS)
void via_exchange_tick (ViaExchange *self, ViaTime now);
/* Keeps a port number for who asks for it, or no longer. */
void via_exchange_reserve (ViaExchange *self, guint port, gboolean is_reserved);

/* Who takes from whom. NULL: all from all, as in a new room. SETTING: @text is
 * wrong, all is as before. */
/* As via_select_parse_routes. */
gboolean via_exchange_set_routes (
    ViaExchange *self, const gchar *text, GError **error);
/* All take from the first one @text (as via_select_parse) means; "" means
 * nobody. */
gboolean via_exchange_set_main (
    ViaExchange *self, const gchar *text, GError **error);
/* Video of at most so many at once, of those who spoke last; 0: all. */
void via_exchange_set_last_n (ViaExchange *self, guint n);

/* "via-ports": a "via-port" per port, and who speaks. (transfer full) */
struct _GstStructure *via_exchange_list_ports (ViaExchange *self);
/* The first port whose @key (port, name, app-data, a tag's) is @value, with
 * what is known of its far end; NULL: none. Waits for a loop. (transfer
 * full) */
struct _GstStructure *via_exchange_find_port (
    ViaExchange *self, const gchar *key, const gchar *value);

/* "via-room-stats": ports, tracks, packets per track. (transfer full) */
struct _GstStructure *via_exchange_stats (ViaExchange *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaExchange, via_exchange_unref)
