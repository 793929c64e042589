/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_who.c – who publishes is somebody else now: viewers are told,
 * after every attachment they were told of before.
 */
#include "io/exchange-private.h"

typedef struct
{
  ViaMember *member;
  ViaFeed *feed;
  gchar *app_data; /* (nullable) */
} TextChange;

static void
text_change_free (gpointer data)
{
  TextChange *change = data;

  via_feed_unref (change->feed);
  via_member_unref (change->member);
  g_free (change->app_data);
  g_free (change);
}

/* Loop thread. */
static void
run_text_change (gpointer data)
{
  const TextChange *change = data;
  ViaMember *self = change->member;
  GHashTableIter iter;
  gpointer key, feed;

  if (self->is_gone)
    return;
  g_hash_table_iter_init (&iter, self->slots);
  while (g_hash_table_iter_next (&iter, &key, &feed))
    if (feed == change->feed || ((ViaFeed *) feed)->origin == change->feed)
      self->funcs.app_data (self->user, via_slot_kind (key),
          via_slot_number (key), change->app_data);
}

/* After every attachment posted so far. */
static void
tell_app_data_locked (ViaFeed *feed, ViaMember *member)
{
  TextChange *change = g_new0 (TextChange, 1);

  change->member = via_member_ref (member);
  change->feed = via_feed_ref (feed);
  change->app_data = g_strdup (feed->publisher->app_data);
  via_loop_post (member->loop, run_text_change, change, text_change_free);
}

void
via_exchange_tell_app_data_locked (const ViaMember *publisher)
{
  const ViaExchange *self = publisher->exchange;
  GHashTableIter feeds, members;
  gpointer feed, member;

  g_hash_table_iter_init (&feeds, self->feeds);
  while (g_hash_table_iter_next (&feeds, NULL, &feed)) {
    if (((ViaFeed *) feed)->publisher != publisher)
      continue;
    g_hash_table_iter_init (&members, self->members);
    while (g_hash_table_iter_next (&members, NULL, &member))
      if (((ViaMember *) member)->loop != NULL
          && ((ViaMember *) member)->funcs.app_data != NULL)
        tell_app_data_locked (feed, member);
  }
}

void
via_member_set_app_data (ViaMember *self, const gchar *app_data)
{
  ViaExchange *exchange = self->exchange;

  g_mutex_lock (&exchange->lock);
  if (g_strcmp0 (self->app_data, app_data) != 0) {
    g_free (self->app_data);
    self->app_data = g_strdup (app_data);
    via_exchange_tell_app_data_locked (self);
  }
  g_mutex_unlock (&exchange->lock);
}
