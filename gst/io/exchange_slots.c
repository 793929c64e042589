/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_slots.c – what the room decided, carried to the loops of those it
 * concerns. A slot that is switched keeps its old track until the new one's key
 * frame.
 */
#include "io/exchange-private.h"

#define ASK_AGAIN (500 * VIA_MS) /* for the key frame of what is coming */

typedef struct
{
  ViaMember *member;
  ViaFeed *feed; /* NULL: detach */
  ViaKind kind;
  guint slot;
  gboolean is_switch;
  gboolean has_ended; /* the feed, before this was posted */
} SlotChange;

static void
slot_change_free (gpointer data)
{
  SlotChange *change = data;

  g_clear_pointer (&change->feed, via_feed_unref);
  via_member_unref_any (change->member);
  g_free (change);
}

/* --- loop thread --- */

static void
let_go (ViaMember *self, GHashTable *feeds, ViaKind kind, guint slot)
{
  gpointer key = via_slot_key (kind, slot);
  ViaFeed *feed = g_hash_table_lookup (feeds, key);

  if (feed == NULL)
    return;
  via_feed_remove_viewer (feed, self, kind, slot);
  g_hash_table_remove (feeds, key);
}

/* As whom it is published now, not as whom it was. */
static void
tell_now (ViaMember *self, ViaKind kind, guint slot, ViaFeed *feed)
{
  ViaTrackInfo info = feed->info;
  g_autofree gchar *app_data = NULL;

  g_mutex_lock (&self->exchange->lock);
  app_data = g_strdup (feed->publisher->app_data);
  g_mutex_unlock (&self->exchange->lock);
  info.app_data = app_data;
  if (self->funcs.attach != NULL)
    self->funcs.attach (self->user, kind, slot, &info);
}

static void
tell_attached (ViaMember *self, ViaKind kind, guint slot, ViaFeed *feed)
{
  g_hash_table_insert (
      self->slots, via_slot_key (kind, slot), via_feed_ref (feed));
  tell_now (self, kind, slot, feed);
}

static void
take (ViaMember *self, const SlotChange *change)
{
  ViaFeed *feed = change->feed;
  ViaKind kind = change->kind;
  guint slot = change->slot;

  via_feed_add_viewer (feed, self, kind, slot, FALSE);
  tell_attached (self, kind, slot, feed);
  if (change->has_ended && self->funcs.eos != NULL)
    self->funcs.eos (self->user, kind, slot);
}

void
via_exchange_slots_arrive (
    ViaMember *self, ViaKind kind, guint slot, ViaFeed *feed)
{
  let_go (self, self->slots, kind, slot);
  tell_attached (self, kind, slot, feed);
  g_hash_table_remove (self->coming, via_slot_key (kind, slot));
}

static void
ask_for_key_frames (gpointer data)
{
  ViaMember *self = data;
  GHashTableIter iter;
  gpointer key, feed;

  if (g_hash_table_size (self->coming) == 0)
    return;
  g_hash_table_iter_init (&iter, self->coming);
  while (g_hash_table_iter_next (&iter, &key, &feed))
    if (via_slot_kind (key) == VIA_KIND_VIDEO)
      via_feed_want_keyframe (feed, self->loop);
  self->ask_timer.func = ask_for_key_frames;
  self->ask_timer.data = self;
  via_loop_timer_set (
      self->loop, &self->ask_timer, via_loop_now (self->loop) + ASK_AGAIN);
}

/* FALSE: there is nothing to wait for. */
static gboolean
begin_switch (ViaMember *self, const SlotChange *change)
{
  ViaFeed *feed = change->feed;
  ViaKind kind = change->kind;
  guint slot = change->slot;
  gpointer key = via_slot_key (kind, slot);
  const ViaFeed *shown = g_hash_table_lookup (self->slots, key);

  let_go (self, self->coming, kind, slot);
  if (shown == NULL || shown == feed)
    return shown == feed; /* back to what is still there */
  if (change->has_ended)
    return FALSE;
  g_hash_table_insert (self->coming, key, via_feed_ref (feed));
  via_feed_add_viewer (feed, self, kind, slot, TRUE);
  ask_for_key_frames (self);
  return TRUE;
}

static void
carry_out (ViaMember *self, const SlotChange *change)
{
  if (change->is_switch && begin_switch (self, change))
    return;
  let_go (self, self->coming, change->kind, change->slot);
  let_go (self, self->slots, change->kind, change->slot);
  if (change->feed != NULL)
    take (self, change);
  else if (self->funcs.detach != NULL)
    self->funcs.detach (self->user, change->kind, change->slot);
}

static void
run_slot_change (gpointer data)
{
  SlotChange *change = data;
  ViaMember *self = change->member;

  if (!self->is_gone)
    carry_out (self, change);
  if (change->feed != NULL)
    via_feed_viewer_came (change->feed, self->loop);
}

static void
clear (ViaMember *self, GHashTable *feeds)
{
  GHashTableIter iter;
  gpointer key, feed;

  g_hash_table_iter_init (&iter, feeds);
  while (g_hash_table_iter_next (&iter, &key, &feed)) {
    via_feed_remove_viewer (
        feed, self, via_slot_kind (key), via_slot_number (key));
    g_hash_table_iter_remove (&iter);
  }
}

void
via_exchange_slots_clear (ViaMember *self)
{
  via_loop_timer_set (self->loop, &self->ask_timer, VIA_TIME_NEVER);
  clear (self, self->coming);
  clear (self, self->slots);
}

/* --- from the room to the loops --- */

static ViaFeed *
find_feed (ViaExchange *self, guint64 id)
{
  gint64 key = (gint64) id;

  return g_hash_table_lookup (self->feeds, &key);
}

static void
post (ViaMember *member, const ViaRoomEvent *event, ViaFeed *feed)
{
  SlotChange *change = g_new0 (SlotChange, 1);

  change->member = via_member_ref (member);
  change->feed = event->type != VIA_ROOM_DETACH ? via_feed_ref (feed) : NULL;
  change->kind = event->kind;
  change->slot = event->slot;
  change->is_switch = event->type == VIA_ROOM_SWITCH;
  if (change->feed != NULL)
    via_feed_post_viewer (change->feed, member->loop, run_slot_change, change,
        slot_change_free, &change->has_ended);
  else
    via_loop_post (member->loop, run_slot_change, change, slot_change_free);
}

/* @feed (NULL: nothing) is in the slot of @event from now on: counted here, and
 * carried out on the member's loop. */
static void
give (ViaMember *member, const ViaRoomEvent *event, ViaFeed *feed)
{
  gpointer key = via_slot_key (event->kind, event->slot);
  ViaFeed *old = NULL;

  g_hash_table_steal_extended (member->given, key, NULL, (gpointer *) &old);
  if (feed != NULL) {
    via_feed_count_viewer (feed, 1);
    g_hash_table_insert (member->given, key, via_feed_ref (feed));
  }
  if (old != NULL)
    via_feed_count_viewer (old, -1);
  post (member, event, feed);
  g_clear_pointer (&old, via_feed_unref);
}

void
via_exchange_slots_carry_out_locked (ViaExchange *self)
{
  ViaRoomEvent event;

  while (via_room_poll (self->room, &event)) {
    ViaMember *member =
        g_hash_table_lookup (self->members, GUINT_TO_POINTER (event.port));
    ViaFeed *feed = find_feed (self, event.track);

    if (member == NULL || member->loop == NULL)
      continue; /* who has no loop has no slots */
    if (event.type == VIA_ROOM_DETACH)
      give (member, &event, NULL);
    else if (feed != NULL)
      give (member, &event,
          via_exchange_formats_pick_locked (self, member, feed));
  }
}

void
via_exchange_slots_pick_again_locked (ViaMember *self, ViaKind kind)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->given);
  while (g_hash_table_iter_next (&iter, &key, &value))
    if (via_slot_kind (key) == kind)
      g_ptr_array_add (keys, key);
  for (guint i = 0; i < keys->len; i++) {
    const ViaRoomEvent event = {.type = VIA_ROOM_SWITCH,
        .kind = kind,
        .slot = via_slot_number (keys->pdata[i])};
    ViaFeed *now = g_hash_table_lookup (self->given, keys->pdata[i]);
    ViaFeed *feed = via_exchange_formats_pick_locked (
        self->exchange, self, now->origin != NULL ? now->origin : now);

    if (feed != now)
      give (self, &event, feed);
  }
}

void
via_exchange_slots_tap_locked (ViaMember *tap, ViaFeed *feed)
{
  const ViaRoomEvent event = {.type = VIA_ROOM_ATTACH, .kind = feed->info.kind};

  post (tap, &event, feed);
}
