/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange-private.h – what io/exchange.c and io/feed.c share.
 */
#pragma once

#include <gst/gst.h>

#include "io/app.h"
#include "io/exchange.h"
#include "io/guard.h"
#include "route/room.h"
#include "route/select.h"
#include "route/speaker.h"
#include "base/error.h"
#include "rtp/keyframe.h"

G_BEGIN_DECLS

/* Somebody who looks again whenever there is news. */
typedef struct
{
  gatomicrefcount refs;
  /* immutable */
  void (*func) (gpointer user);
  gpointer user;
  GDestroyNotify destroy;
} ViaExchangeWatch;

struct _ViaExchange
{
  gatomicrefcount refs;
  GMutex lock; /* guards all below */
  ViaRoom *room;
  GHashTable *members; /* port number → ViaMember, not owned */
  GHashTable *feeds;   /* track id → ViaFeed, not owned */
  gboolean is_closed;
  struct
  {
    GPtrArray *routes; /* (nullable) ViaRoute */
    ViaSelect *main;   /* (nullable) */
    gboolean has_main; /* it may mean nobody */
    guint last_n;
  } policy;
  ViaSpeaker *speaker;
  GHashTable *reserved; /* port numbers */
  GPtrArray *watches;   /* ViaExchangeWatch */
  /* set before anybody joins */
  GWeakRef listener;
  ViaExchangeNews news; /* (nullable) */
  GWeakRef transcoder;
  ViaTranscode transcode; /* none: all zero */
};

/* Media in one direction. */
typedef struct
{
  guint64 n_packets;   /* atomic */
  ViaTime last;        /* atomic: of the last packet; 0: none yet */
  gboolean is_flowing; /* under exchange.lock */
} ViaMemberFlow;

struct _ViaMember
{
  gatomicrefcount refs;
  /* immutable */
  ViaExchange *exchange;
  ViaLoop *loop; /* (nullable) */
  guint port;
  gboolean is_observer;
  gchar *name;
  ViaMemberFuncs funcs;
  gpointer user;
  /* under exchange.lock */
  gchar *app_data;
  GstStructure *tags;
  gchar *subscribe;
  ViaSelect *wanted; /* of @subscribe; NULL: all */
  guint64 serial;
  ViaMemberFlow in, out;
  GArray *codecs[2]; /* (nullable) ViaPlanCodec it takes; NULL: any */
  GHashTable *given; /* via_slot_key → ViaFeed it was posted last, owned */
  /* loop thread */
  GHashTable *slots;  /* via_slot_key → ViaFeed, owned */
  GHashTable *coming; /* the same: takes the slot with its next key frame */
  ViaLoopTimer ask_timer;
  gboolean is_gone;
  /* any thread */
  ViaGuard guard; /* around funcs.lost and funcs.data */
};

/* Viewers of a feed on one loop; that loop's thread only. */
typedef struct
{
  ViaFeed *feed; /* not owned, but while has_timer */
  ViaLoop *loop;
  GArray *viewers; /* (nullable) Viewer */
  ViaLoopTimer keyframe_timer;
  gboolean has_timer; /* it then holds a reference on the feed */
  guint n_parcels;    /* of its own, posted to itself */
} ViaFeedLocal;

struct _ViaFeed
{
  gatomicrefcount refs;
  /* immutable once published */
  ViaExchange *exchange;
  ViaMember *publisher; /* owned */
  ViaFeed *origin;      /* (nullable) owned: the track this one is made of */
  ViaTrackInfo info;
  ViaFeedFuncs funcs;
  gpointer user;
  ViaLoop *pool; /* keeps the loops alive while packets may be posted */
  /* any thread */
  ViaLoop *loops[VIA_LOOPS_MAX]; /* written before the bit in @mask is set */
  guint64 mask; /* atomic, set and cleared under lock: loops that have viewers,
                   or were posted one */
  guint64 n_packets, n_bytes, n_unwatched; /* atomic; bytes: whole RTP */
  guint64 loudness; /* atomic: sum of 127 - level << 32 | how many */
  ViaGuard guard;   /* around funcs */
  GMutex lock;      /* guards the throttle, and: */
  gboolean has_ended;
  guint n_coming[VIA_LOOPS_MAX]; /* viewers that were posted; atomic to read */
  ViaKeyframeThrottle throttle;
  /* under exchange.lock */
  gint n_viewers;
  GPtrArray *formats; /* (nullable) ViaFeed, owned: made of this one */
  gboolean has_closed;
  /* one loop thread each */
  ViaFeedLocal local[VIA_LOOPS_MAX];
};

/* Any thread. */
static inline void
via_member_flow_count (ViaMemberFlow *self, guint n, ViaTime now)
{
  __atomic_add_fetch (&self->n_packets, n, __ATOMIC_RELAXED);
  __atomic_store_n (&self->last, now, __ATOMIC_RELAXED);
}

static inline gpointer
via_slot_key (ViaKind kind, guint slot)
{
  return GUINT_TO_POINTER ((slot << 1 | (guint) kind) + 1);
}

static inline ViaKind
via_slot_kind (gpointer key)
{
  return (ViaKind) ((GPOINTER_TO_UINT (key) - 1) & 1);
}

static inline guint
via_slot_number (gpointer key)
{
  return (GPOINTER_TO_UINT (key) - 1) >> 1;
}

/* Call with exchange.lock held: who takes its tracks is told whose they are. */
void via_exchange_tell_app_data_locked (const ViaMember *publisher);
ViaFeed *via_feed_new (ViaExchange *exchange, const ViaTrackInfo *info,
    const ViaFeedFuncs *funcs, gpointer user);
void via_feed_unref_any (gpointer self);
/* Loop thread of @member. */
void via_feed_add_viewer (ViaFeed *self, ViaMember *member, ViaKind kind,
    guint slot, gboolean is_coming);
void via_feed_remove_viewer (
    ViaFeed *self, ViaMember *member, ViaKind kind, guint slot);
/* Posts @func, which gives the feed a viewer on @loop or gives up: what is
 * pushed once this has returned comes after it. (transfer full) @data. TRUE in
 * @out_has_ended (of @data, written before): the feed has ended, and tells this
 * viewer nothing. Call with exchange.lock held. */
void via_feed_post_viewer (ViaFeed *self, ViaLoop *loop, ViaLoopFunc func,
    gpointer data, GDestroyNotify destroy, gboolean *out_has_ended);
/* Loop thread, once in each such @func. */
void via_feed_viewer_came (ViaFeed *self, ViaLoop *loop);
void via_feed_want_keyframe (ViaFeed *self, ViaLoop *loop);
/* Call with exchange.lock held: one viewer more or less. */
void via_feed_count_viewer (ViaFeed *self, gint change);
struct _GstStructure *via_feed_stats (const ViaFeed *self);

/* Lets go what a feed holds while packets may be posted, and the feed: once,
 * without exchange.lock. (transfer full) */
void via_feed_let_go (ViaFeed *self);

void via_member_unref_any (gpointer self);
/* In no room's table yet. (transfer full) */
ViaMember *via_exchange_member_new (ViaExchange *exchange, ViaLoop *loop,
    const gchar *name, const ViaMemberFuncs *funcs, gpointer user);

/* --- exchange_formats.c --- */

/* What @member is to be given of the track @feed: the track itself, or one made
 * of it. Call with exchange.lock held. (transfer none) */
ViaFeed *via_exchange_formats_pick_locked (
    ViaExchange *self, const ViaMember *member, ViaFeed *feed);
/* @origin ends; what was made of it is to be closed without the lock.
 * (transfer full) (nullable) */
GPtrArray *via_exchange_formats_steal_locked (ViaFeed *origin);
void via_exchange_formats_close (GPtrArray *formats);
/* via-app. */
void via_exchange_formats_watched (ViaFeed *format, gboolean is_watched);
void via_exchange_formats_want_keyframe (ViaFeed *format);

/* --- exchange_policy.c; call with exchange.lock held --- */

/* Ports, or what they are, changed. */
void via_exchange_policy_apply_locked (ViaExchange *self);
void via_exchange_policy_clear (ViaExchange *self);

/* --- exchange_ports.c; call with exchange.lock held --- */

ViaMember *via_exchange_ports_find_locked (ViaExchange *self, guint port);
ViaWho via_exchange_ports_who (const ViaMember *member);
/* Stores @who, but for the name. FALSE: it is not newer. */
gboolean via_exchange_ports_take_locked (
    ViaMember *member, const ViaMemberWho *who);
/* "via-port" under another name. (transfer full) */
GstStructure *via_exchange_ports_describe_locked (
    const ViaMember *member, const gchar *name);
/* Tells the listener that @member was added, removed or changed (@what); of
 * observers nothing. */
void via_exchange_ports_tell_member_locked (
    const ViaMember *member, const gchar *what);
/* Tells the listener and whoever watches; @message: (transfer full). */
void via_exchange_ports_tell_locked (ViaExchange *self, GstStructure *message);
void via_exchange_watch_unref (gpointer watch);

/* --- exchange_slots.c: what the room decided, on the members' loops --- */

/* Call with exchange.lock held: the posts then stand in the room's order. */
void via_exchange_slots_carry_out_locked (ViaExchange *self);
/* The same: what @self takes of @kind is another now. */
void via_exchange_slots_pick_again_locked (ViaMember *self, ViaKind kind);
/* The same: @tap, who is in no room, takes @feed. */
void via_exchange_slots_tap_locked (ViaMember *tap, ViaFeed *feed);
/* Loop thread: @feed, which was coming, has the slot from now on. */
void via_exchange_slots_arrive (
    ViaMember *member, ViaKind kind, guint slot, ViaFeed *feed);
/* Loop thread: it has no slots any more. */
void via_exchange_slots_clear (ViaMember *member);

G_END_DECLS
