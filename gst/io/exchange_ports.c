/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_ports.c – who the members of a room are, told to applications:
 * lists, statistics, and news of what comes, goes, flows and speaks.
 */
#include "io/exchange-private.h"

/* So long nothing came, and it has stopped: longer than the 400 ms between two
 * packets of Opus in silence, and with the tick less than 500 ms. */
#define STOPPED (420 * VIA_MS)

ViaMember *
via_exchange_ports_find_locked (ViaExchange *self, guint port)
{
  return g_hash_table_lookup (self->members, GUINT_TO_POINTER (port));
}

ViaWho
via_exchange_ports_who (const ViaMember *member)
{
  return (ViaWho){.port = member->port,
      .name = member->name,
      .app_data = member->app_data,
      .tags = member->tags};
}

gboolean
via_exchange_ports_take_locked (ViaMember *self, const ViaMemberWho *who)
{
  if (who->serial <= self->serial && self->serial > 0)
    return FALSE;
  self->serial = who->serial;
  g_free (self->app_data);
  self->app_data = g_strdup (who->app_data);
  via_exchange_tell_app_data_locked (self);
  g_clear_pointer (&self->tags, gst_structure_free);
  if (who->tags != NULL)
    self->tags = gst_structure_copy (who->tags);
  g_free (self->subscribe);
  self->subscribe = g_strdup (who->subscribe);
  g_clear_pointer (&self->wanted, via_select_free);
  if (who->subscribe != NULL && *who->subscribe != '\0')
    self->wanted = via_select_parse (who->subscribe, NULL);
  return TRUE;
}

/* --- as structures --- */

GstStructure *
via_exchange_ports_describe_locked (const ViaMember *self, const gchar *name)
{
  GstStructure *out = gst_structure_new (name, "port", G_TYPE_UINT, self->port,
      "name", G_TYPE_STRING, self->name, "port-app-data", G_TYPE_STRING,
      self->app_data, NULL);

  if (self->tags != NULL)
    gst_structure_set (out, "port-tags", GST_TYPE_STRUCTURE, self->tags, NULL);
  return out;
}

/* What lists and statistics say of a port. */
static GstStructure *
report_locked (const ViaMember *self)
{
  GstStructure *out = via_exchange_ports_describe_locked (self, "via-port");

  gst_structure_set (out, "app-data", G_TYPE_STRING, self->app_data,
      "subscribe", G_TYPE_STRING, self->subscribe, "flow-in", G_TYPE_BOOLEAN,
      self->in.is_flowing, "flow-out", G_TYPE_BOOLEAN, self->out.is_flowing,
      "packets-in", G_TYPE_UINT64,
      __atomic_load_n (&self->in.n_packets, __ATOMIC_RELAXED), "packets-out",
      G_TYPE_UINT64, __atomic_load_n (&self->out.n_packets, __ATOMIC_RELAXED),
      NULL);
  if (self->tags != NULL)
    gst_structure_set (out, "tags", GST_TYPE_STRUCTURE, self->tags, NULL);
  gst_structure_remove_fields (out, "port-app-data", "port-tags", NULL);
  return out;
}

/* Every port, and whose turn it is. */
static void
add_ports_locked (ViaExchange *self, GstStructure *out)
{
  guint speaker = via_speaker_current (self->speaker);
  GHashTableIter iter;
  gpointer value;

  if (speaker != VIA_SPEAKER_NONE)
    gst_structure_set (out, "speaker", G_TYPE_UINT, speaker, NULL);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaMember *member = value;
    g_autoptr (GstStructure) port = NULL;
    g_autofree gchar *field = g_strdup_printf ("port-%u", member->port);

    if (member->is_observer)
      continue;
    port = report_locked (member);
    gst_structure_set (out, field, GST_TYPE_STRUCTURE, port, NULL);
  }
}

GstStructure *
via_exchange_list_ports (ViaExchange *self)
{
  GstStructure *out =
      gst_structure_new ("via-ports", "version", G_TYPE_UINT, 1, NULL);

  g_mutex_lock (&self->lock);
  gst_structure_set (
      out, "ports", G_TYPE_UINT, via_room_n_ports (self->room), NULL);
  add_ports_locked (self, out);
  g_mutex_unlock (&self->lock);
  return out;
}

/* And what is made of it now, under names made of @field. */
static void
add_track_locked (const ViaFeed *feed, const gchar *field, GstStructure *out)
{
  g_autoptr (GstStructure) track = via_feed_stats (feed);

  gst_structure_set (out, field, GST_TYPE_STRUCTURE, track, NULL);
  for (guint i = 0; feed->formats != NULL && i < feed->formats->len; i++) {
    const ViaFeed *format = g_ptr_array_index (feed->formats, i);
    g_autofree gchar *name = g_strdup_printf (
        "%s-%s", field, via_codec_name (format->info.codec.id));

    if (format->n_viewers > 0)
      add_track_locked (format, name, out);
  }
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
  add_ports_locked (self, stats);
  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    g_autofree gchar *field =
        g_strdup_printf ("track-%" G_GUINT64_FORMAT, *(guint64 *) key);

    add_track_locked (value, field, stats);
  }
  g_mutex_unlock (&self->lock);
  return stats;
}

/* --- finding one --- */

typedef struct
{
  ViaMember *member;
  GstStructure *out;
} Inquiry;

/* The member's loop. */
static void
ask_info (gpointer data)
{
  const Inquiry *inquiry = data;
  const ViaMember *member = inquiry->member;

  if (!member->is_gone)
    member->funcs.info (member->user, inquiry->out);
}

GstStructure *
via_exchange_find_port (ViaExchange *self, const gchar *key, const gchar *value)
{
  g_autoptr (ViaSelect) select = via_select_new (key, value);
  Inquiry inquiry = {0};
  GHashTableIter iter;
  gpointer found;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &found)) {
    ViaMember *member = found;
    ViaWho who = via_exchange_ports_who (member);

    if (!member->is_observer && via_select_matches (select, &who)
        && (inquiry.member == NULL || member->port < inquiry.member->port))
      inquiry.member = member;
  }
  if (inquiry.member != NULL) {
    via_member_ref (inquiry.member);
    inquiry.out = report_locked (inquiry.member);
  }
  g_mutex_unlock (&self->lock);
  if (inquiry.member == NULL)
    return NULL;
  gst_structure_set (inquiry.out, "version", G_TYPE_UINT, 1, NULL);
  if (inquiry.member->loop != NULL && inquiry.member->funcs.info != NULL)
    via_loop_call (inquiry.member->loop, ask_info, &inquiry);
  via_member_unref (inquiry.member);
  return inquiry.out;
}

/* --- news --- */

typedef struct
{
  ViaExchange *exchange;
  GstStructure *message;
} News;

static void
news_free (gpointer data)
{
  News *self = data;

  g_clear_pointer (&self->message, gst_structure_free);
  via_exchange_unref (self->exchange);
  g_free (self);
}

static ViaExchangeWatch *
watch_ref (ViaExchangeWatch *watch)
{
  g_atomic_ref_count_inc (&watch->refs);
  return watch;
}

void
via_exchange_watch_unref (gpointer data)
{
  ViaExchangeWatch *watch = data;

  if (!g_atomic_ref_count_dec (&watch->refs))
    return;
  watch->destroy (watch->user);
  g_free (watch);
}

/* (transfer full) */
static GPtrArray *
watches_of (ViaExchange *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (via_exchange_watch_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->watches->len; i++)
    g_ptr_array_add (all, watch_ref (self->watches->pdata[i]));
  g_mutex_unlock (&self->lock);
  return all;
}

/* via-app. */
static void
run_news (gpointer data)
{
  News *self = data;
  g_autoptr (GObject) listener = g_weak_ref_get (&self->exchange->listener);
  g_autoptr (GPtrArray) watches = watches_of (self->exchange);

  if (listener != NULL)
    self->exchange->news (listener, g_steal_pointer (&self->message));
  for (guint i = 0; i < watches->len; i++) {
    const ViaExchangeWatch *watch = watches->pdata[i];

    watch->func (watch->user);
  }
}

void
via_exchange_ports_tell_locked (ViaExchange *self, GstStructure *message)
{
  News *news;

  if (self->news == NULL && self->watches->len == 0) {
    gst_structure_free (message);
    return;
  }
  news = g_new0 (News, 1);
  news->exchange = via_exchange_ref (self);
  news->message = message;
  via_app_post (run_news, news, news_free);
}

void
via_exchange_ports_tell_member_locked (
    const ViaMember *member, const gchar *what)
{
  if (!member->is_observer)
    via_exchange_ports_tell_locked (
        member->exchange, via_exchange_ports_describe_locked (member, what));
}

void
via_exchange_tell (ViaExchange *self, GstStructure *message)
{
  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->members) > 0) /* who hold via-app */
    via_exchange_ports_tell_locked (self, message);
  else
    gst_structure_free (message);
  g_mutex_unlock (&self->lock);
}

void
via_exchange_listen (ViaExchange *self, GObject *object, ViaExchangeNews func)
{
  g_weak_ref_set (&self->listener, object);
  self->news = func;
}

gpointer
via_exchange_watch (ViaExchange *self, void (*func) (gpointer user),
    gpointer user, GDestroyNotify destroy)
{
  ViaExchangeWatch *watch = g_new0 (ViaExchangeWatch, 1);

  g_atomic_ref_count_init (&watch->refs);
  watch->func = func;
  watch->user = user;
  watch->destroy = destroy;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->watches, watch);
  g_mutex_unlock (&self->lock);
  return watch;
}

void
via_exchange_unwatch (ViaExchange *self, gpointer watch)
{
  guint i;

  g_mutex_lock (&self->lock);
  if (g_ptr_array_find (self->watches, watch, &i))
    watch_ref (self->watches->pdata[i]); /* destroyed without the lock */
  else
    watch = NULL;
  g_ptr_array_remove (self->watches, watch);
  g_mutex_unlock (&self->lock);
  if (watch != NULL)
    via_exchange_watch_unref (watch);
}

/* --- what flows and who speaks --- */

static void
look_at_flow (ViaExchange *self, const ViaMember *member, ViaMemberFlow *flow,
    const gchar *direction, ViaTime now)
{
  ViaTime last = __atomic_load_n (&flow->last, __ATOMIC_RELAXED);
  gboolean was_flowing = flow->is_flowing;
  GstStructure *message;

  flow->is_flowing = last != 0 && now - last < STOPPED;
  if (flow->is_flowing == was_flowing)
    return;
  message = via_exchange_ports_describe_locked (member, "flow");
  gst_structure_set (message, "direction", G_TYPE_STRING, direction,
      "is-flowing", G_TYPE_BOOLEAN, flow->is_flowing, NULL);
  via_exchange_ports_tell_locked (self, message);
}

static void
listen_to_locked (ViaExchange *self, ViaFeed *feed, ViaTime now)
{
  guint64 heard = __atomic_exchange_n (&feed->loudness, 0, __ATOMIC_RELAXED);
  guint32 n = (guint32) heard;

  if (n > 0)
    via_speaker_heard (self->speaker, feed->info.port,
        (guint8) (127 - (guint32) (heard >> 32) / n), now);
}

static void
decide_locked (ViaExchange *self, ViaTime now)
{
  const ViaMember *member;
  GstStructure *message;
  guint port;

  if (!via_speaker_decide (self->speaker, now, &port))
    return;
  member = via_exchange_ports_find_locked (self, port);
  if (member == NULL) {
    message = gst_structure_new (
        "active-speaker", "is-speaking", G_TYPE_BOOLEAN, FALSE, NULL);
  } else {
    message = via_exchange_ports_describe_locked (member, "active-speaker");
    gst_structure_set (message, "is-speaking", G_TYPE_BOOLEAN, TRUE, NULL);
    via_room_spoke (self->room, port);
    via_exchange_slots_carry_out_locked (self);
  }
  via_exchange_ports_tell_locked (self, message);
}

void
via_exchange_tick (ViaExchange *self, ViaTime now)
{
  GHashTableIter iter;
  gpointer value;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    ViaMember *member = value;

    if (member->is_observer)
      continue;
    look_at_flow (self, member, &member->in, "in", now);
    look_at_flow (self, member, &member->out, "out", now);
  }
  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    listen_to_locked (self, value, now);
  if (g_hash_table_size (self->members) > 0) /* who holds via-app */
    decide_locked (self, now);
  g_mutex_unlock (&self->lock);
}
