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
  self->reserved = g_hash_table_new (NULL, NULL);
  self->speaker = via_speaker_new ();
  self->watches = g_ptr_array_new_with_free_func (via_exchange_watch_unref);
  g_weak_ref_init (&self->listener, NULL);
  g_weak_ref_init (&self->transcoder, NULL);
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
  g_hash_table_unref (self->reserved);
  g_ptr_array_unref (self->watches);
  via_exchange_policy_clear (self);
  via_speaker_free (self->speaker);
  g_weak_ref_clear (&self->listener);
  g_weak_ref_clear (&self->transcoder);
  via_room_free (self->room);
  g_mutex_clear (&self->lock);
  g_free (self);
}

ViaMember *
via_member_ref (ViaMember *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_member_unref_any (gpointer self)
{
  via_member_unref (self);
}

void
via_member_unref (ViaMember *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_hash_table_unref (self->slots);
  g_hash_table_unref (self->coming);
  g_hash_table_unref (self->given);
  for (guint k = 0; k < 2; k++)
    g_clear_pointer (&self->codecs[k], g_array_unref);
  via_exchange_unref (self->exchange);
  via_guard_clear (&self->guard);
  g_free (self->name);
  g_free (self->app_data);
  g_clear_pointer (&self->tags, gst_structure_free);
  g_free (self->subscribe);
  via_select_free (self->wanted);
  g_free (self);
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
      via_loop_post (member->loop, run_tracks_changed, via_member_ref (member),
          via_member_unref_any);
  }
}

/* --- members --- */

ViaMember *
via_exchange_member_new (ViaExchange *exchange, ViaLoop *loop,
    const gchar *name, const ViaMemberFuncs *funcs, gpointer user)
{
  ViaMember *self = g_new0 (ViaMember, 1);

  g_atomic_ref_count_init (&self->refs);
  self->exchange = via_exchange_ref (exchange);
  self->loop = loop;
  self->name = g_strdup (name);
  self->funcs = *funcs;
  self->user = user;
  self->slots = g_hash_table_new_full (NULL, NULL, NULL, via_feed_unref_any);
  self->coming = g_hash_table_new_full (NULL, NULL, NULL, via_feed_unref_any);
  self->given = g_hash_table_new_full (NULL, NULL, NULL, via_feed_unref_any);
  via_guard_init (&self->guard);
  return self;
}

/* Call with exchange.lock held. */
static void
put_in_locked (ViaExchange *self, ViaMember *member, const ViaMemberWho *who)
{
  via_exchange_ports_take_locked (member, who);
  member->is_observer = who->is_observer;
  member->port = who->is_observer
                     ? via_room_add_observer (self->room)
                     : via_room_add_port_as (self->room,
                         who->port > 0 ? who->port - 1 : VIA_ROOM_NONE);
  g_hash_table_insert (self->members, GUINT_TO_POINTER (member->port), member);
  via_exchange_policy_apply_locked (self);
  via_exchange_ports_tell_member_locked (member, "port-added");
}

ViaMember *
via_exchange_join_as (ViaExchange *self, ViaLoop *loop, const ViaMemberWho *who,
    const ViaMemberFuncs *funcs, gpointer user, GError **error)
{
  ViaMember *member = NULL;

  via_app_acquire ();
  g_mutex_lock (&self->lock);
  if (!self->is_closed) {
    member = via_exchange_member_new (self, loop, who->name, funcs, user);
    put_in_locked (self, member, who);
  }
  g_mutex_unlock (&self->lock);
  if (member != NULL)
    return member;
  via_app_release ();
  g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
      "the hub is shutting down and takes nobody in");
  return NULL;
}

ViaMember *
via_exchange_join (ViaExchange *self, ViaLoop *loop, const gchar *name,
    const gchar *app_data, const ViaMemberFuncs *funcs, gpointer user,
    GError **error)
{
  const ViaMemberWho who = {.name = name, .app_data = app_data};

  return via_exchange_join_as (self, loop, &who, funcs, user, error);
}

void
via_member_describe (ViaMember *self, const ViaMemberWho *who)
{
  ViaExchange *exchange = self->exchange;

  g_mutex_lock (&exchange->lock);
  if (via_exchange_ports_find_locked (exchange, self->port) == self
      && via_exchange_ports_take_locked (self, who)) {
    via_exchange_policy_apply_locked (exchange);
    via_exchange_ports_tell_member_locked (self, "port-changed");
  }
  g_mutex_unlock (&exchange->lock);
}

/* Loop thread: nothing runs for this member afterwards. */
static void
member_gone (gpointer data)
{
  ViaMember *self = data;

  self->is_gone = TRUE;
  via_exchange_slots_clear (self);
}

/* Call with exchange.lock held. */
static void
take_out_locked (ViaExchange *self, ViaMember *member)
{
  via_exchange_ports_tell_member_locked (member, "port-removed");
  via_speaker_forget (self->speaker, member->port);
  via_room_remove_port (self->room, member->port);
  via_exchange_slots_carry_out_locked (self);
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
    take_out_locked (self, member);
    g_hash_table_remove (self->members, key);
    via_exchange_policy_apply_locked (self);
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
  via_member_unref_any (self);
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
    via_exchange_slots_carry_out_locked (exchange);
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
  g_autoptr (GPtrArray) members =
      g_ptr_array_new_with_free_func (via_member_unref_any);

  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, &key, &value))
    g_ptr_array_add (members, via_member_ref (value));
  for (guint i = 0; i < members->len; i++)
    take_out_locked (self, g_ptr_array_index (members, i));
  g_hash_table_remove_all (self->members);
  for (guint i = 0; i < members->len; i++)
    via_app_post (run_lost, via_member_ref (g_ptr_array_index (members, i)),
        via_member_unref_any);
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
  feed->publisher = via_member_ref (self);
  if (feed->info.name == NULL)
    feed->info.name = g_strdup (self->name);
  if (feed->info.app_data == NULL)
    feed->info.app_data = g_strdup (self->app_data);
  if (!exchange->is_closed) {
    /* The feed must be found before the room's events are carried out. */
    feed->info.id = via_room_add_track (exchange->room, self->port, info->kind);
    if (feed->info.id != 0)
      g_hash_table_insert (exchange->feeds, &feed->info.id, feed);
    via_exchange_slots_carry_out_locked (exchange);
    tell_changed_locked (exchange);
  }
  g_mutex_unlock (&exchange->lock);
  return feed;
}

void
via_feed_close (ViaFeed *self)
{
  ViaExchange *exchange;
  GPtrArray *formats;

  if (self == NULL)
    return;
  exchange = self->exchange;
  g_mutex_lock (&exchange->lock);
  if (self->info.id != 0) {
    via_room_remove_track (exchange->room, self->info.id);
    via_exchange_slots_carry_out_locked (exchange);
    g_hash_table_remove (exchange->feeds, &self->info.id);
    tell_changed_locked (exchange);
  }
  formats = via_exchange_formats_steal_locked (self);
  g_mutex_unlock (&exchange->lock);
  via_exchange_formats_close (formats);
  via_guard_close (&self->guard);
  via_feed_let_go (self);
}
