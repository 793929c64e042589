/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/exchange_formats.c – a track for those who do not take its codec: a feed
 * of another codec beside it, one per codec however many take it. The room's
 * transcoder is asked to fill it while it has viewers.
 */
#include "io/exchange-private.h"

/* --- what a member takes --- */

static void
plan_codec_clear (gpointer data)
{
  ViaPlanCodec *codec = data;

  via_codec_clear (&codec->codec);
}

/* (transfer full) (nullable) */
static GArray *
copy_codecs (const ViaPlanMedia *media)
{
  GArray *out;

  if (media == NULL)
    return NULL;
  out = g_array_new (FALSE, TRUE, sizeof (ViaPlanCodec));
  g_array_set_clear_func (out, plan_codec_clear);
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaPlanCodec *codec = &g_array_index (media->codecs, ViaPlanCodec, i);
    ViaPlanCodec copy = *codec;

    copy.codec = (ViaCodec){0};
    via_codec_copy (&copy.codec, &codec->codec);
    g_array_append_val (out, copy);
  }
  return out;
}

static gboolean
is_same_list (const GArray *a, const GArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return a == b;
  for (guint i = 0; i < a->len; i++) {
    const ViaCodec *left = &g_array_index (a, ViaPlanCodec, i).codec;
    const ViaCodec *right = &g_array_index (b, ViaPlanCodec, i).codec;

    if (left->id != right->id || g_strcmp0 (left->fmtp, right->fmtp) != 0)
      return FALSE;
  }
  return TRUE;
}

static gboolean
takes (GArray *codecs, const ViaCodec *codec)
{
  const ViaPlanMedia media = {.codecs = codecs};

  return via_plan_media_match (&media, codec) != NULL;
}

/* --- the feeds --- */

/* Call with exchange.lock held: the first of @origin's that is filled already,
 * so that one encoder serves them all. */
static ViaFeed *
find_shared (const ViaFeed *origin, GArray *codecs)
{
  for (guint i = 0; origin->formats != NULL && i < origin->formats->len; i++) {
    ViaFeed *format = g_ptr_array_index (origin->formats, i);

    if (format->n_viewers > 0 && takes (codecs, &format->info.codec))
      return format;
  }
  return NULL;
}

/* The one of @codec, made if it is not there yet. */
static ViaFeed *
get_format (ViaFeed *origin, const ViaCodec *codec)
{
  ViaTrackInfo info = origin->info;
  ViaFeed *format;

  if (origin->formats == NULL)
    origin->formats = g_ptr_array_new ();
  for (guint i = 0; i < origin->formats->len; i++) {
    format = g_ptr_array_index (origin->formats, i);
    if (format->info.codec.id == codec->id)
      return format;
  }
  info.codec = *codec;
  format = via_feed_new (origin->exchange, &info, NULL, NULL);
  format->origin = via_feed_ref (origin);
  format->publisher = via_member_ref (origin->publisher);
  g_ptr_array_add (origin->formats, format);
  return format;
}

static gboolean
holds (const ViaCodecId *ids, guint n, ViaCodecId id)
{
  for (guint i = 0; i < n; i++)
    if (ids[i] == id)
      return TRUE;
  return FALSE;
}

/* The member's first codec that can be made of @origin's. NULL: none. */
static ViaFeed *
find_made (ViaExchange *self, ViaFeed *origin, GArray *codecs)
{
  const ViaTranscode *can = &self->transcode;

  if (!holds (can->from, can->n_from, origin->info.codec.id))
    return NULL;
  for (guint i = 0; i < codecs->len; i++) {
    ViaCodecId id = g_array_index (codecs, ViaPlanCodec, i).codec.id;
    ViaCodec codec = {.id = id,
        .clock_rate = via_codec_clock_rate (id),
        .channels = via_codec_channels (id),
        .fmtp = (gchar *) via_codec_default_fmtp (id)};

    if (id != origin->info.codec.id && holds (can->to, can->n_to, id)
        && takes (codecs, &codec))
      return get_format (origin, &codec);
  }
  return NULL;
}

ViaFeed *
via_exchange_formats_pick_locked (
    ViaExchange *self, const ViaMember *member, ViaFeed *feed)
{
  GArray *codecs = member->codecs[feed->info.kind];
  ViaFeed *other;

  if (codecs == NULL || self->transcode.wanted == NULL || feed->has_closed
      || takes (codecs, &feed->info.codec))
    return feed;
  other = find_shared (feed, codecs);
  if (other == NULL)
    other = find_made (self, feed, codecs);
  return other != NULL ? other : feed;
}

GPtrArray *
via_exchange_formats_steal_locked (ViaFeed *origin)
{
  origin->has_closed = TRUE;
  return g_steal_pointer (&origin->formats);
}

void
via_exchange_formats_close (GPtrArray *formats)
{
  for (guint i = 0; formats != NULL && i < formats->len; i++)
    via_feed_let_go (g_ptr_array_index (formats, i));
  if (formats != NULL)
    g_ptr_array_unref (formats);
}

/* --- who fills them; via-app --- */

void
via_exchange_formats_watched (ViaFeed *format, gboolean is_watched)
{
  ViaExchange *self = format->exchange;
  g_autoptr (GObject) object = g_weak_ref_get (&self->transcoder);

  if (object != NULL)
    self->transcode.wanted (object, format, is_watched);
}

void
via_exchange_formats_want_keyframe (ViaFeed *format)
{
  ViaExchange *self = format->exchange;
  g_autoptr (GObject) object = g_weak_ref_get (&self->transcoder);

  if (object != NULL)
    self->transcode.want_keyframe (object, format);
}

void
via_exchange_set_transcoder (
    ViaExchange *self, GObject *object, const ViaTranscode *transcode)
{
  g_weak_ref_set (&self->transcoder, object);
  self->transcode = *transcode;
}

/* --- members --- */

void
via_member_set_codecs (ViaMember *self, ViaKind kind, const ViaPlanMedia *media)
{
  ViaExchange *exchange = self->exchange;
  GArray *codecs = copy_codecs (media);

  g_mutex_lock (&exchange->lock);
  if (is_same_list (codecs, self->codecs[kind])) {
    g_clear_pointer (&codecs, g_array_unref);
  } else {
    g_clear_pointer (&self->codecs[kind], g_array_unref);
    self->codecs[kind] = codecs;
    via_exchange_slots_pick_again_locked (self, kind);
  }
  g_mutex_unlock (&exchange->lock);
}

const ViaTrackInfo *
via_feed_info (const ViaFeed *self)
{
  return &self->info;
}

const ViaCodec *
via_feed_made_from (const ViaFeed *self)
{
  return self->origin != NULL ? &self->origin->info.codec : NULL;
}

ViaMember *
via_feed_tap (
    ViaFeed *self, ViaLoop *loop, const ViaMemberFuncs *funcs, gpointer user)
{
  ViaExchange *exchange = self->exchange;
  ViaMember *tap;

  g_return_val_if_fail (self->origin != NULL, NULL);
  via_app_acquire ();
  tap = via_exchange_member_new (exchange, loop, NULL, funcs, user);
  tap->port = VIA_ROOM_NONE;
  tap->is_observer = TRUE;
  g_mutex_lock (&exchange->lock);
  via_exchange_slots_tap_locked (tap, self->origin);
  g_mutex_unlock (&exchange->lock);
  return tap;
}
