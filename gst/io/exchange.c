/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange.c – members of a room: joining, leaving, publishing. The way of
 * packets is in io/feed.c.
 * Lock order: exchange.lock, then feed.lock. Neither is held while calling out;
 * posting to a loop or to via-app is not calling out.
 */
#include "io/exchange-private.h"

#include <gst/gst.h>

ViaExchange *
via_exchange_new (void)
{
  ViaExchange *self = g_new0 (ViaExchange, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->room = via_room_new ();
  self->members = g_hash_table_new (NULL, NULL);
  self->feeds = g_hash_table_new (g_int64_hash, g_int64_equal);
  return self;
}

ViaExchange *
via_exchange_ref (ViaExchange *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_exchange_unref (ViaExchange *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->feeds);
  via_room_free (self->room);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static ViaMember *
member_ref (ViaMember *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
member_unref (gpointer data)
{
  ViaMember *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->slots);
  via_exchange_unref (self->exchange);
  via_guard_clear (&self->guard);
  g_free (self->name);
  g_free (self->app_data);
  g_free (self);
}

/* --- room events, carried to the loops of those they concern --- */

typedef struct
{
  ViaMember *member;
  ViaFeed *feed; /* NULL: detach */
  ViaKind kind;
  guint slot;
} SlotChange;

static void
slot_change_free (gpointer data)
{
  SlotChange *change = data;

  g_clear_pointer (&change->feed, via_feed_unref);
  member_unref (change->member);
  g_free (change);
}

static void
member_detach_slot (ViaMember *self, ViaKind kind, guint slot)
{
  gpointer key = via_slot_key (kind, slot);
  ViaFeed *feed = g_hash_table_lookup (self->slots, key);

  if (feed == NULL)
    return;
  via_feed_remove_viewer (feed, self, kind, slot);
  g_hash_table_remove (self->slots, key);
}

/* Loop thread. */
static void
run_slot_change (gpointer data)
{
  SlotChange *change = data;
  ViaMember *self = change->member;
  const ViaMemberFuncs *funcs = &self->funcs;

  if (self->is_gone)
    return;
  member_detach_slot (self, change->kind, change->slot);
  if (change->feed == NULL) {
    if (funcs->detach != NULL)
      funcs->detach (self->user, change->kind, change->slot);
    return;
  }
  g_hash_table_insert (self->slots, via_slot_key (change->kind, change->slot),
      via_feed_ref (change->feed));
  /* First: whoever waits for what `attach` makes may push at once. This thread
   * delivers it, so not before `attach` has returned. */
  via_feed_add_viewer (change->feed, self, change->kind, change->slot);
  if (funcs->attach != NULL)
    funcs->attach (self->user, change->kind, change->slot, &change->feed->info);
  if (via_feed_has_ended (change->feed) && funcs->eos != NULL)
    funcs->eos (self->user, change->kind, change->slot);
}

/* Call with exchange.lock held: the posts then stand in the room's order. */
static void
carry_out_locked (ViaExchange *self)
{
  ViaRoomEvent event;

  while (via_room_poll (self->room, &event)) {
    ViaMember *member =
        g_hash_table_lookup (self->members, GUINT_TO_POINTER (event.port));
    gint64 track = (gint64) event.track;
    ViaFeed *feed = g_hash_table_lookup (self->feeds, &track);
    gboolean is_attach = event.type == VIA_ROOM_ATTACH;
    SlotChange *change;

    if (feed != NULL)
      via_feed_count_viewer (feed, is_attach ? 1 : -1);
    if (member == NULL || member->loop == NULL || (is_attach && feed == NULL))
      continue;
    change = g_new0 (SlotChange, 1);
    change->member = member_ref (member);
    change->feed = is_attach ? via_feed_ref (feed) : NULL;
    change->kind = event.kind;
    change->slot = event.slot;
    via_loop_post (member->loop, run_slot_change, change, slot_change_free);
  }
}

static void
run_tracks_changed (gpointer data)
{
  ViaMember *self = data;

  if (!self->is_gone)
    self->funcs.changed (self->user);
}

/* Call with exchange.lock held. */
static void
tell_changed_locked (ViaExchange *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    ViaMember *member = value;

    if (member->loop != NULL && member->funcs.changed != NULL)
      via_loop_post (
          member->loop, run_tracks_changed, member_ref (member), member_unref);
  }
}

/* --- members --- */

ViaMember *
via_exchange_join (ViaExchange *self, ViaLoop *loop, const gchar *name,
    const gchar *app_data, const ViaMemberFuncs *funcs, gpointer user,
    GError **error)
{
  ViaMember *member = NULL;

  g_mutex_lock (&self->lock);
  if (!self->is_closed) {
    member = g_new0 (ViaMember, 1);
    g_atomic_ref_count_init (&member->refs);
    member->exchange = via_exchange_ref (self);
    member->loop = loop;
    member->name = g_strdup (name);
    member->app_data = g_strdup (app_data);
    member->funcs = *funcs;
    member->user = user;
    member->slots =
        g_hash_table_new_full (NULL, NULL, NULL, via_feed_unref_any);
    via_guard_init (&member->guard);
    member->port = via_room_add_port (self->room);
    g_hash_table_insert (
        self->members, GUINT_TO_POINTER (member->port), member);
  }
  g_mutex_unlock (&self->lock);
  if (member == NULL)
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "the hub is shutting down and takes nobody in");
  else
    via_app_acquire ();
  return member;
}

/* Loop thread: nothing runs for this member afterwards. */
static void
member_gone (gpointer data)
{
  ViaMember *self = data;
  GHashTableIter iter;
  gpointer key, feed;

  self->is_gone = TRUE;
  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, &key, &feed)) {
    via_feed_remove_viewer (
        feed, self, via_slot_kind (key), via_slot_number (key));
    g_hash_table_iter_remove (&iter);
  }
}

/* Takes @member out of the room. FALSE: it was out already. */
static gboolean
remove_member (ViaExchange *self, ViaMember *member)
{
  gpointer key = GUINT_TO_POINTER (member->port);
  gboolean is_in;

  g_mutex_lock (&self->lock);
  is_in = g_hash_table_lookup (self->members, key) == member;
  if (is_in) {
    via_room_remove_port (self->room, member->port);
    carry_out_locked (self);
    g_hash_table_remove (self->members, key);
  }
  g_mutex_unlock (&self->lock);
  return is_in;
}

void
via_member_leave (ViaMember *self)
{
  if (self == NULL)
    return;
  remove_member (self->exchange, self);
  if (self->loop != NULL)
    via_loop_call (self->loop, member_gone, self);
  via_guard_close (&self->guard);
  via_app_release ();
  member_unref (self);
}

guint
via_member_port (const ViaMember *self)
{
  return self->port;
}

void
via_member_set_slots (ViaMember *self, ViaKind kind, guint n)
{
  ViaExchange *exchange = self->exchange;

  g_mutex_lock (&exchange->lock);
  if (!exchange->is_closed) {
    via_room_set_slots (exchange->room, self->port, kind, n);
    carry_out_locked (exchange);
  }
  g_mutex_unlock (&exchange->lock);
}

guint
via_member_count_others (ViaMember *self, ViaKind kind)
{
  ViaExchange *exchange = self->exchange;
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_mutex_lock (&exchange->lock);
  g_hash_table_iter_init (&iter, exchange->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaFeed *feed = value;

    n += feed->info.port != self->port && feed->info.kind == kind;
  }
  g_mutex_unlock (&exchange->lock);
  return n;
}

void
via_member_want_keyframe (ViaMember *self, ViaKind kind, guint slot)
{
  ViaFeed *feed = g_hash_table_lookup (self->slots, via_slot_key (kind, slot));

  via_loop_assert (self->loop);
  if (feed != NULL)
    via_feed_want_keyframe (feed, self->loop);
}

/* --- the room's end --- */

/* via-app. */
static void
run_lost (gpointer data)
{
  ViaMember *self = data;

  if (!via_guard_enter (&self->guard))
    return;
  if (self->funcs.lost != NULL)
    self->funcs.lost (self->user);
  via_guard_leave (&self->guard);
}

void
via_exchange_close (ViaExchange *self)
{
  GHashTableIter iter;
  gpointer key, value;
  g_autoptr (GPtrArray) members = g_ptr_array_new_with_free_func (member_unref);

  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_ptr_array_add (members, member_ref (value));
  for (guint i = 0; i < members->len; i++) {
    ViaMember *member = g_ptr_array_index (members, i);

    via_room_remove_port (self->room, member->port);
    carry_out_locked (self);
  }
  g_hash_table_remove_all (self->members);
  for (guint i = 0; i < members->len; i++)
    via_app_post (
        run_lost, member_ref (g_ptr_array_index (members, i)), member_unref);
  g_mutex_unlock (&self->lock);
}

/* --- publishing --- */

ViaFeed *
via_member_publish (ViaMember *self, const ViaTrackInfo *info,
    const ViaFeedFuncs *funcs, gpointer user)
{
  ViaExchange *exchange = self->exchange;
  ViaFeed *feed = via_feed_new (exchange, info, funcs, user);

  g_mutex_lock (&exchange->lock);
  feed->info.port = self->port;
  if (feed->info.name == NULL)
    feed->info.name = g_strdup (self->name);
  if (feed->info.app_data == NULL)
    feed->info.app_data = g_strdup (self->app_data);
  if (!exchange->is_closed) {
    /* The feed must be found before the room's events are carried out. */
    feed->info.id = via_room_add_track (exchange->room, self->port, info->kind);
    if (feed->info.id != 0)
      g_hash_table_insert (exchange->feeds, &feed->info.id, feed);
    carry_out_locked (exchange);
    tell_changed_locked (exchange);
  }
  g_mutex_unlock (&exchange->lock);
  return feed;
}

void
via_feed_close (ViaFeed *self)
{
  ViaExchange *exchange;

  if (self == NULL)
    return;
  exchange = self->exchange;
  g_mutex_lock (&exchange->lock);
  if (self->info.id != 0) {
    via_room_remove_track (exchange->room, self->info.id);
    carry_out_locked (exchange);
    g_hash_table_remove (exchange->feeds, &self->info.id);
    tell_changed_locked (exchange);
  }
  g_mutex_unlock (&exchange->lock);
  via_guard_close (&self->guard);
  via_app_release ();
  if (self->pool != NULL)
    via_loop_release (self->pool);
  via_feed_unref (self);
}

GstStructure *
via_exchange_stats (ViaExchange *self)
{
  GstStructure *stats = gst_structure_new_empty ("via-room-stats");
  GHashTableIter iter;
  gpointer key, value;

  g_mutex_lock (&self->lock);
  gst_structure_set (stats, "version", G_TYPE_UINT, 1, "ports", G_TYPE_UINT,
      via_room_n_ports (self->room), "tracks", G_TYPE_UINT,
      via_room_n_tracks (self->room), NULL);
  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    g_autoptr (GstStructure) track = via_feed_stats (value);
    g_autofree gchar *field =
        g_strdup_printf ("track-%" G_GUINT64_FORMAT, *(guint64 *) key);

    gst_structure_set (stats, field, GST_TYPE_STRUCTURE, track, NULL);
  }
  g_mutex_unlock (&self->lock);
  return stats;
}
