/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/viewers.c – who pushes numbered packets into a room, and who
 * takes them from it.
 */
#include "viewers.h"

#include <string.h>

#include "io/app.h"

static void
viewer_check (Viewer *self)
{
  if (!via_loop_is_current (self->loop))
    self->n_wrong_thread++;
}

void
viewer_attach (
    gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Viewer *self = user;

  viewer_check (self);
  self->n_attached++;
  g_free (self->from);
  self->from = g_strdup (track->app_data);
}

static void
viewer_detach (gpointer user, ViaKind kind, guint slot)
{
  Viewer *self = user;

  viewer_check (self);
  self->n_detached++;
}

static void
viewer_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  Viewer *self = user;

  viewer_check (self);
  self->n_batches++;
  for (guint i = 0; i < n; i++) {
    guint16 number;

    memcpy (&number, packets[i]->data, sizeof (number));
    if (number != self->next)
      self->n_out_of_order++;
    self->next = (guint16) (number + 1);
    self->n_packets++;
  }
}

static void
viewer_eos (gpointer user, ViaKind kind, guint slot)
{
  Viewer *self = user;

  viewer_check (self);
  self->n_eos++;
  self->n_packets_at_eos = self->n_packets;
}

static void
viewer_app_data (gpointer user, ViaKind kind, guint slot, const gchar *app_data)
{
  Viewer *self = user;

  viewer_check (self);
  g_free (self->from);
  self->from = g_strdup (app_data);
}

static void
viewer_lost (gpointer user)
{
  Viewer *self = user;

  g_atomic_int_inc (&self->n_lost);
}

const ViaMemberFuncs viewer_funcs = {
    .attach = viewer_attach,
    .detach = viewer_detach,
    .packets = viewer_packets,
    .eos = viewer_eos,
    .app_data = viewer_app_data,
    .lost = viewer_lost,
};

void
viewer_join (Viewer *self, ViaExchange *room, guint n_video)
{
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof (*self));
  self->loop = via_loop_acquire ();
  self->member = via_exchange_join (
      room, self->loop, "viewer", NULL, &viewer_funcs, self, &error);
  g_assert_no_error (error);
  via_member_set_slots (self->member, VIA_KIND_VIDEO, n_video);
}

static void
nothing (gpointer data)
{
}

void
viewer_settle (Viewer *self)
{
  via_loop_call (self->loop, nothing, NULL);
}

void
viewer_leave (Viewer *self)
{
  via_member_leave (g_steal_pointer (&self->member));
  via_loop_release (self->loop);
  g_clear_pointer (&self->from, g_free);
}

static void
source_want_keyframe (gpointer user)
{
  Source *self = user;

  g_assert_true (via_app_is_current ());
  g_atomic_int_inc (&self->n_keyframes);
}

static void
source_watched (gpointer user, gboolean is_watched)
{
  Source *self = user;

  g_atomic_int_inc (is_watched ? &self->n_watched : &self->n_unwatched);
}

void
source_publish (Source *self, ViaExchange *room)
{
  static const ViaMemberFuncs none = {0};
  static const ViaFeedFuncs funcs = {
      .want_keyframe = source_want_keyframe, .watched = source_watched};
  ViaTrackInfo info = {0};

  memset (self, 0, sizeof (*self));
  self->member =
      via_exchange_join (room, NULL, "source", "clip", &none, self, NULL);
  info.kind = VIA_KIND_VIDEO;
  info.codec.id = VIA_CODEC_VP8;
  info.codec.clock_rate = 90000;
  self->feed = via_member_publish (self->member, &info, &funcs, self);
}

void
source_push (Source *self, guint n)
{
  ViaPacket *packets[8] = {NULL};

  g_assert_cmpuint (n, <=, G_N_ELEMENTS (packets));
  for (guint i = 0; i < n; i++) {
    guint16 number = self->next++;

    packets[i] =
        via_packet_new ((const guint8 *) &number, sizeof (number), 0, FALSE);
  }
  via_feed_push (self->feed, packets, n);
  for (guint i = 0; i < n; i++)
    via_packet_unref (packets[i]);
}

void
source_close (Source *self)
{
  via_feed_close (g_steal_pointer (&self->feed));
  via_member_leave (g_steal_pointer (&self->member));
}

void
source_push_key (Source *self, gboolean is_key)
{
  guint16 number = self->next++;
  ViaPacket *packet =
      via_packet_new ((const guint8 *) &number, sizeof (number), 0, is_key);

  via_feed_push (self->feed, &packet, 1);
  via_packet_unref (packet);
}

void
source_wait_wishes (Source *self, gint wanted)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (&self->n_keyframes) < wanted
         && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (&self->n_keyframes), >=, wanted);
}
