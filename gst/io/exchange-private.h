/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange-private.h – what io/exchange.c and io/feed.c share.
 */
#pragma once

#include "io/app.h"
#include "io/exchange.h"
#include "io/guard.h"
#include "route/room.h"
#include "base/error.h"
#include "rtp/keyframe.h"

G_BEGIN_DECLS

struct _ViaExchange
{
  gatomicrefcount refs;
  GMutex lock; /* guards all below */
  ViaRoom *room;
  GHashTable *members; /* port number → ViaMember, not owned */
  GHashTable *feeds;   /* track id → ViaFeed, not owned */
  gboolean is_closed;
};

struct _ViaMember
{
  gatomicrefcount refs;
  /* immutable */
  ViaExchange *exchange;
  ViaLoop *loop; /* (nullable) */
  guint port;
  gchar *name, *app_data;
  ViaMemberFuncs funcs;
  gpointer user;
  /* loop thread */
  GHashTable *slots; /* via_slot_key → ViaFeed, owned */
  gboolean is_gone;
  /* any thread */
  ViaGuard guard; /* around funcs.lost */
};

/* Viewers of a feed on one loop; that loop's thread only. */
typedef struct
{
  ViaFeed *feed; /* not owned, but while has_timer */
  ViaLoop *loop;
  GArray *viewers; /* Viewer */
  ViaLoopTimer keyframe_timer;
  gboolean has_timer; /* it then holds a reference on the feed */
} ViaFeedLocal;

struct _ViaFeed
{
  gatomicrefcount refs;
  /* immutable once published */
  ViaExchange *exchange;
  ViaTrackInfo info;
  ViaFeedFuncs funcs;
  gpointer user;
  ViaLoop *pool; /* keeps the loops alive while packets may be posted */
  /* any thread */
  ViaLoop *loops[VIA_LOOPS_MAX];  /* written before the bit in @mask is set */
  guint64 mask;                   /* atomic: loops that have viewers */
  guint64 n_packets, n_unwatched; /* atomic */
  gint has_ended;                 /* atomic */
  ViaGuard guard;                 /* around funcs */
  GMutex lock;                    /* guards the throttle */
  ViaKeyframeThrottle throttle;
  gint n_viewers; /* under exchange.lock */
  /* one loop thread each */
  ViaFeedLocal local[VIA_LOOPS_MAX];
};

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

ViaFeed *via_feed_new (ViaExchange *exchange, const ViaTrackInfo *info,
    const ViaFeedFuncs *funcs, gpointer user);
ViaFeed *via_feed_ref (ViaFeed *self);
void via_feed_unref (ViaFeed *self);
void via_feed_unref_any (gpointer self);
/* Loop thread of @member. */
void via_feed_add_viewer (
    ViaFeed *self, ViaMember *member, ViaKind kind, guint slot);
void via_feed_remove_viewer (
    ViaFeed *self, ViaMember *member, ViaKind kind, guint slot);
/* Any thread. A viewer that is added from now on is told nothing by the feed.
 */
gboolean via_feed_has_ended (ViaFeed *self);
void via_feed_want_keyframe (ViaFeed *self, ViaLoop *loop);
/* Call with exchange.lock held: one viewer more or less. */
void via_feed_count_viewer (ViaFeed *self, gint change);
struct _GstStructure *via_feed_stats (const ViaFeed *self);

G_END_DECLS
