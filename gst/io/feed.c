/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/feed.c – packets of one track to its viewers: one post per loop with
 * viewers, then every viewer of that loop in the same turn. Packets take no
 * lock. A loop counts as one with viewers as soon as one is posted to it.
 */
#include "io/exchange-private.h"

#include "rtp/rewrite.h"

typedef struct
{
  ViaMember *member; /* not owned: it leaves before it is freed */
  ViaKind kind;
  guint slot;
  gboolean is_coming; /* waits for a key frame, shows another track so far */
} Viewer;

ViaFeed *
via_feed_new (ViaExchange *exchange, const ViaTrackInfo *info,
    const ViaFeedFuncs *funcs, gpointer user)
{
  ViaFeed *self = g_new0 (ViaFeed, 1);

  g_atomic_ref_count_init (&self->refs);
  self->exchange = via_exchange_ref (exchange);
  self->info = *info;
  self->info.codec = (ViaCodec){0};
  via_codec_copy (&self->info.codec, &info->codec);
  self->info.name = g_strdup (info->name);
  self->info.app_data = g_strdup (info->app_data);
  if (funcs != NULL)
    self->funcs = *funcs;
  self->user = user;
  self->pool = via_loop_acquire (); /* NULL: no loop, so no viewer either */
  via_app_acquire ();
  via_guard_init (&self->guard);
  g_mutex_init (&self->lock);
  return self;
}

ViaFeed *
via_feed_ref (ViaFeed *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_feed_unref (ViaFeed *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  for (guint i = 0; i < VIA_LOOPS_MAX; i++)
    g_clear_pointer (&self->local[i].viewers, g_array_unref);
  via_codec_clear (&self->info.codec);
  g_free (self->info.name);
  g_free (self->info.app_data);
  g_clear_pointer (&self->origin, via_feed_unref);
  g_clear_pointer (&self->publisher, via_member_unref);
  via_exchange_unref (self->exchange);
  via_guard_clear (&self->guard);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
via_feed_let_go (ViaFeed *self)
{
  via_app_release ();
  if (self->pool != NULL)
    via_loop_release (self->pool);
  via_feed_unref (self);
}

void
via_feed_unref_any (gpointer self)
{
  via_feed_unref (self);
}

/* --- viewers; loop thread --- */

static void
arrive (Viewer *viewer, ViaFeed *self)
{
  viewer->is_coming = FALSE;
  via_exchange_slots_arrive (viewer->member, viewer->kind, viewer->slot, self);
}

static void
deliver_end (Viewer *viewer, ViaFeed *self)
{
  const ViaMember *member = viewer->member;
  gpointer key = via_slot_key (viewer->kind, viewer->slot);

  if (viewer->is_coming)
    arrive (viewer, self);
  else if (g_hash_table_contains (member->coming, key))
    return; /* another track goes on there */
  if (member->funcs.eos != NULL)
    member->funcs.eos (member->user, viewer->kind, viewer->slot);
}

static gboolean
may_begin (const Viewer *viewer, const ViaPacket *packet)
{
  return !packet->is_event
         && (packet->is_key || viewer->kind == VIA_KIND_AUDIO);
}

static void
deliver_packets (
    Viewer *viewer, ViaFeed *self, ViaPacket *const *packets, guint n)
{
  ViaMember *member = viewer->member;
  guint first = 0;

  if (viewer->is_coming) {
    while (first < n && !may_begin (viewer, packets[first]))
      first++;
    if (first == n)
      return;
    arrive (viewer, self);
  }
  via_member_flow_count (&member->out, n - first, via_loop_now (member->loop));
  if (member->funcs.packets != NULL)
    member->funcs.packets (
        member->user, viewer->kind, viewer->slot, packets + first, n - first);
}

/* Call with self->lock held. */
static void
watch_locked (ViaFeed *self, ViaLoop *loop)
{
  guint i = via_loop_index (loop);

  if (self->loops[i] == NULL)
    self->loops[i] = loop; /* the only one of this number while we have pool */
  __atomic_or_fetch (
      &self->mask, G_GUINT64_CONSTANT (1) << i, __ATOMIC_RELEASE);
}

/* Nothing more is posted to @loop, if nobody there wants it. */
static void
unwatch (ViaFeed *self, ViaLoop *loop)
{
  guint i = via_loop_index (loop);
  const GArray *viewers = self->local[i].viewers;

  if (viewers != NULL && viewers->len > 0)
    return;
  g_mutex_lock (&self->lock);
  if (self->n_coming[i] == 0)
    __atomic_and_fetch (
        &self->mask, ~(G_GUINT64_CONSTANT (1) << i), __ATOMIC_RELEASE);
  g_mutex_unlock (&self->lock);
}

void
via_feed_post_viewer (ViaFeed *self, ViaLoop *loop, ViaLoopFunc func,
    gpointer data, GDestroyNotify destroy, gboolean *out_has_ended)
{
  g_mutex_lock (&self->lock);
  *out_has_ended = self->has_ended;
  __atomic_add_fetch (
      &self->n_coming[via_loop_index (loop)], 1, __ATOMIC_RELAXED);
  via_loop_post (loop, func, data, destroy);
  watch_locked (self, loop); /* after the post, so packets come after it */
  g_mutex_unlock (&self->lock);
}

void
via_feed_viewer_came (ViaFeed *self, ViaLoop *loop)
{
  g_mutex_lock (&self->lock);
  __atomic_sub_fetch (
      &self->n_coming[via_loop_index (loop)], 1, __ATOMIC_RELAXED);
  g_mutex_unlock (&self->lock);
  unwatch (self, loop);
}

void
via_feed_add_viewer (ViaFeed *self, ViaMember *member, ViaKind kind, guint slot,
    gboolean is_coming)
{
  guint i = via_loop_index (member->loop);
  ViaFeedLocal *local = &self->local[i];
  Viewer viewer = {member, kind, slot, is_coming};

  if (local->viewers == NULL)
    local->viewers = g_array_new (FALSE, FALSE, sizeof (Viewer));
  local->loop = member->loop;
  g_array_append_val (local->viewers, viewer);
}

static void
stop_timer (ViaFeed *self, ViaFeedLocal *local)
{
  if (!local->has_timer)
    return;
  via_loop_timer_set (local->loop, &local->keyframe_timer, VIA_TIME_NEVER);
  local->has_timer = FALSE;
  via_feed_unref (self);
}

void
via_feed_remove_viewer (
    ViaFeed *self, ViaMember *member, ViaKind kind, guint slot)
{
  guint i = via_loop_index (member->loop);
  ViaFeedLocal *local = &self->local[i];

  for (guint v = 0; v < local->viewers->len; v++) {
    const Viewer *viewer = &g_array_index (local->viewers, Viewer, v);

    if (viewer->member != member || viewer->kind != kind
        || viewer->slot != slot)
      continue;
    g_array_remove_index (local->viewers, v);
    break;
  }
  if (local->viewers->len > 0)
    return;
  unwatch (self, member->loop);
  stop_timer (self, local);
}

/* --- packets --- */

typedef struct
{
  ViaFeed *feed;
  guint loop;
  gboolean is_eos, is_own; /* own: posted by the loop itself */
  guint n;
  ViaPacket *packets[];
} Parcel;

static void
parcel_free (gpointer data)
{
  Parcel *parcel = data;

  for (guint i = 0; i < parcel->n; i++)
    via_packet_unref (parcel->packets[i]);
  via_feed_unref (parcel->feed);
  g_free (parcel);
}

static void
deliver (ViaFeed *self, guint loop, ViaPacket *const *packets, guint n,
    gboolean is_eos)
{
  const GArray *viewers = self->local[loop].viewers;

  for (guint v = 0; viewers != NULL && v < viewers->len; v++) {
    Viewer *viewer = &g_array_index (viewers, Viewer, v);

    if (is_eos)
      deliver_end (viewer, self);
    else
      deliver_packets (viewer, self, packets, n);
  }
}

static void
run_parcel (gpointer data)
{
  Parcel *parcel = data;

  if (parcel->is_own)
    parcel->feed->local[parcel->loop].n_parcels--;
  deliver (
      parcel->feed, parcel->loop, parcel->packets, parcel->n, parcel->is_eos);
}

static void
post_parcel (ViaFeed *self, guint loop, ViaPacket *const *packets, guint n,
    gboolean is_eos)
{
  Parcel *parcel = g_malloc0 (sizeof (Parcel) + n * sizeof (ViaPacket *));

  parcel->feed = via_feed_ref (self);
  parcel->loop = loop;
  parcel->is_own = via_loop_is_current (self->loops[loop]);
  if (parcel->is_own)
    self->local[loop].n_parcels++;
  parcel->is_eos = is_eos;
  parcel->n = n;
  for (guint p = 0; p < n; p++)
    parcel->packets[p] = via_packet_ref (packets[p]);
  via_loop_post (self->loops[loop], run_parcel, parcel, parcel_free);
}

/* A loop delivers at once what is pushed on its own thread, but behind a viewer
 * that is on its way, and what was pushed before. */
static gboolean
is_at_once (ViaFeed *self, guint loop)
{
  return via_loop_is_current (self->loops[loop])
         && self->local[loop].n_parcels == 0
         && __atomic_load_n (&self->n_coming[loop], __ATOMIC_RELAXED) == 0;
}

static void
send_to_loops (ViaFeed *self, guint64 mask, ViaPacket *const *packets, guint n,
    gboolean is_eos)
{
  while (mask != 0) {
    guint i = (guint) __builtin_ctzll (mask);

    mask &= mask - 1;
    if (is_at_once (self, i))
      deliver (self, i, packets, n, is_eos);
    else
      post_parcel (self, i, packets, n, is_eos);
  }
}

/* What the source says of its loudness (RFC 6464), for who decides who speaks;
 * inside the pack it has an id of ours. */
static void
hear (ViaFeed *self, ViaPacket *const *packets, guint n)
{
  guint64 heard = 0;

  for (guint i = 0; i < n; i++) {
    ViaRtpView view;
    guint8 level;

    if (via_rtp_view (&view, packets[i]->data, packets[i]->len)
        && via_rewrite_audio_level (&view, &level))
      heard += (guint64) (127 - (level & 0x7f)) << 32 | 1;
  }
  if (heard > 0)
    __atomic_add_fetch (&self->loudness, heard, __ATOMIC_RELAXED);
}

static void
count (ViaFeed *self, ViaPacket *const *packets, guint n)
{
  guint64 n_bytes = 0;

  for (guint i = 0; i < n; i++)
    n_bytes += packets[i]->len;
  __atomic_add_fetch (&self->n_packets, n, __ATOMIC_RELAXED);
  __atomic_add_fetch (&self->n_bytes, n_bytes, __ATOMIC_RELAXED);
}

void
via_feed_push (ViaFeed *self, ViaPacket *const *packets, guint n)
{
  guint64 mask = __atomic_load_n (&self->mask, __ATOMIC_ACQUIRE);

  if (n == 0)
    return;
  count (self, packets, n);
  if (self->origin == NULL) { /* else it was counted and heard there */
    via_member_flow_count (&self->publisher->in, n, g_get_monotonic_time ());
    if (self->info.kind == VIA_KIND_AUDIO && self->exchange->news != NULL)
      hear (self, packets, n);
  }
  if (mask == 0)
    __atomic_add_fetch (&self->n_unwatched, n, __ATOMIC_RELAXED);
  send_to_loops (self, mask, packets, n, FALSE);
}

void
via_feed_eos (ViaFeed *self)
{
  guint64 mask = 0;

  g_mutex_lock (&self->lock);
  if (!self->has_ended)
    mask = self->mask;
  self->has_ended = TRUE;
  g_mutex_unlock (&self->lock);
  send_to_loops (self, mask, NULL, 0, TRUE);
}

/* --- wishes, carried to the publisher on via-app --- */

static void
run_want_keyframe (gpointer data)
{
  ViaFeed *self = data;

  if (self->origin != NULL)
    via_exchange_formats_want_keyframe (self);
  if (self->funcs.want_keyframe == NULL || !via_guard_enter (&self->guard))
    return;
  self->funcs.want_keyframe (self->user);
  via_guard_leave (&self->guard);
}

static void
ask_publisher (ViaFeed *self)
{
  via_app_post (run_want_keyframe, via_feed_ref (self), via_feed_unref_any);
}

/* Loop thread: a request that came too early is due. */
static void
keyframe_timer_fired (gpointer data)
{
  ViaFeedLocal *local = data;
  ViaFeed *self = local->feed;
  ViaTime now = via_loop_now (local->loop);
  gboolean is_due;

  local->has_timer = FALSE;
  g_mutex_lock (&self->lock);
  is_due = via_keyframe_throttle_expire (&self->throttle, now);
  g_mutex_unlock (&self->lock);
  if (is_due)
    ask_publisher (self);
  via_feed_unref (self);
}

void
via_feed_want_keyframe (ViaFeed *self, ViaLoop *loop)
{
  ViaFeedLocal *local = &self->local[via_loop_index (loop)];
  ViaTime due;
  gboolean is_now;

  g_mutex_lock (&self->lock);
  is_now = via_keyframe_throttle_ask (&self->throttle, via_loop_now (loop));
  due = via_keyframe_throttle_deadline (&self->throttle);
  g_mutex_unlock (&self->lock);
  if (is_now) {
    ask_publisher (self);
  } else if (!local->has_timer && due != VIA_TIME_NEVER) {
    local->loop = loop;
    local->has_timer = TRUE;
    local->keyframe_timer.func = keyframe_timer_fired;
    local->keyframe_timer.data = local;
    local->feed = via_feed_ref (self);
    via_loop_timer_set (loop, &local->keyframe_timer, due);
  }
}

typedef struct
{
  ViaFeed *feed;
  gboolean is_watched;
} Watched;

static void
run_watched (gpointer data)
{
  Watched *watched = data;
  ViaFeed *self = watched->feed;

  if (self->origin != NULL)
    via_exchange_formats_watched (self, watched->is_watched);
  if (self->funcs.watched == NULL || !via_guard_enter (&self->guard))
    return;
  self->funcs.watched (self->user, watched->is_watched);
  via_guard_leave (&self->guard);
}

static void
watched_free (gpointer data)
{
  Watched *watched = data;

  via_feed_unref (watched->feed);
  g_free (watched);
}

void
via_feed_count_viewer (ViaFeed *self, gint change)
{
  gboolean was = self->n_viewers > 0, is;
  Watched *watched;

  self->n_viewers += change;
  is = self->n_viewers > 0;
  if (was == is)
    return;
  watched = g_new0 (Watched, 1);
  watched->feed = via_feed_ref (self);
  watched->is_watched = is;
  via_app_post (run_watched, watched, watched_free);
}

GstStructure *
via_feed_stats (const ViaFeed *self)
{
  GstStructure *out = gst_structure_new ("via-track-stats", "port", G_TYPE_UINT,
      self->info.port, "kind", G_TYPE_STRING, via_kind_name (self->info.kind),
      "codec", G_TYPE_STRING, via_codec_name (self->info.codec.id), "viewers",
      G_TYPE_INT, self->n_viewers, "packets", G_TYPE_UINT64,
      __atomic_load_n (&self->n_packets, __ATOMIC_RELAXED), "bytes",
      G_TYPE_UINT64, __atomic_load_n (&self->n_bytes, __ATOMIC_RELAXED),
      "unwatched", G_TYPE_UINT64,
      __atomic_load_n (&self->n_unwatched, __ATOMIC_RELAXED), "latency-us",
      G_TYPE_INT64, (gint64) self->info.latency, "app-data", G_TYPE_STRING,
      self->publisher->app_data, NULL);

  if (self->origin != NULL)
    gst_structure_set (out, "made-from", G_TYPE_STRING,
        via_codec_name (self->origin->info.codec.id), NULL);
  return out;
}
