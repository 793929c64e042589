/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/playertrack.c – one stream of a player: an intake in its bin, and
 * the track it publishes.
 */
#include "endpoints/playertrack.h"

struct _ViaPlayerTrack
{
  GstBin *bin;       /* immutable, not owned: it owns us */
  ViaKind kind;      /* immutable */
  ViaMember *member; /* immutable (nullable) */
  ViaIntake *intake; /* immutable */
  ViaPlayerTrackFuncs funcs;
  gpointer user;

  GMutex lock; /* guards all below */
  ViaFeed *feed;
  gboolean has_ended;
};

/* --- streaming thread --- */

static void
want_keyframe (gpointer user)
{
  ViaPlayerTrack *self = user;

  via_intake_want_keyframe (self->intake);
}

static const ViaFeedFuncs feed_funcs = {.want_keyframe = want_keyframe};

static void
replace_feed (ViaPlayerTrack *self, ViaFeed *feed)
{
  ViaFeed *old;

  g_mutex_lock (&self->lock);
  old = self->feed;
  self->feed = feed;
  g_mutex_unlock (&self->lock);
  if (old != NULL)
    via_feed_close (old);
}

static void
on_codec (gpointer user, ViaIntake *intake, const ViaCodec *codec)
{
  ViaPlayerTrack *self = user;
  ViaTrackInfo info = {.kind = self->kind,
      .codec = *codec,
      .latency = via_intake_latency (intake)};

  if (self->member != NULL)
    replace_feed (
        self, via_member_publish (self->member, &info, &feed_funcs, self));
  self->funcs.flow (self->user, self);
}

static void
on_packets (
    gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n)
{
  ViaPlayerTrack *self = user;

  /* Held so that nobody closes the feed meanwhile; a push never blocks. */
  g_mutex_lock (&self->lock);
  if (self->feed != NULL && !self->has_ended)
    via_feed_push (self->feed, packets, n);
  g_mutex_unlock (&self->lock);
}

static void
on_eos (gpointer user, ViaIntake *intake)
{
  ViaPlayerTrack *self = user;

  via_player_track_end (self);
  self->funcs.eos (self->user, self);
}

static const ViaIntakeFuncs intake_funcs = {
    .codec = on_codec, .packets = on_packets, .eos = on_eos};

/* --- any thread --- */

void
via_player_track_end (ViaPlayerTrack *self)
{
  g_mutex_lock (&self->lock);
  if (!self->has_ended && self->feed != NULL)
    via_feed_eos (self->feed);
  self->has_ended = TRUE;
  g_mutex_unlock (&self->lock);
}

gboolean
via_player_track_has_ended (ViaPlayerTrack *self)
{
  gboolean has_ended;

  g_mutex_lock (&self->lock);
  has_ended = self->has_ended;
  g_mutex_unlock (&self->lock);
  return has_ended;
}

ViaKind
via_player_track_kind (const ViaPlayerTrack *self)
{
  return self->kind;
}

gboolean
via_player_track_flow (ViaPlayerTrack *self, ViaIntakeFlow *out)
{
  return via_intake_flow (self->intake, out);
}

GstPad *
via_player_track_pad (ViaPlayerTrack *self)
{
  return gst_element_get_static_pad (GST_ELEMENT (self->intake), "sink");
}

/* --- life --- */

ViaPlayerTrack *
via_player_track_new (GstBin *bin, ViaKind kind, ViaMember *member,
    const ViaPlayerTrackFuncs *funcs, gpointer user)
{
  static const ViaIntakeConfig config = {.sync = TRUE};
  ViaPlayerTrack *self = g_new0 (ViaPlayerTrack, 1);

  g_mutex_init (&self->lock);
  self->bin = bin;
  self->kind = kind;
  self->member = member;
  self->funcs = *funcs;
  self->user = user;
  self->intake = via_intake_new (kind, &config, &intake_funcs, self);
  gst_object_ref_sink (self->intake);
  gst_bin_add (bin, GST_ELEMENT (self->intake));
  gst_element_sync_state_with_parent (GST_ELEMENT (self->intake));
  return self;
}

void
via_player_track_free (ViaPlayerTrack *self)
{
  via_intake_disconnect (self->intake);
  replace_feed (self, NULL);
  gst_element_set_state (GST_ELEMENT (self->intake), GST_STATE_NULL);
  gst_bin_remove (self->bin, GST_ELEMENT (self->intake));
  gst_object_unref (self->intake);
  g_mutex_clear (&self->lock);
  g_free (self);
}
