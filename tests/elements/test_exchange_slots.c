/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_exchange_slots.c – which track is in a viewer's slot:
 * switched at a key frame, by who speaks, by whom a viewer wants; and the first
 * packets of one that is still being attached.
 */
#include <gst/gst.h>
#include <string.h>

#include "io/app.h"
#include "viewers.h"

static guint64
track_count (ViaExchange *room, const gchar *field)
{
  g_autoptr (GstStructure) stats = via_exchange_stats (room);
  GstStructure *track = NULL;
  guint64 n = G_MAXUINT64;

  g_assert_true (
      gst_structure_get (stats, "track-1", GST_TYPE_STRUCTURE, &track, NULL));
  g_assert_true (gst_structure_get_uint64 (track, field, &n));
  gst_structure_free (track);
  return n;
}

static void
route (ViaExchange *room, const gchar *routes)
{
  g_assert_true (via_exchange_set_routes (room, routes, NULL));
}

static void
test_exchange_switched_slot_keeps_its_track_until_the_key_frame (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source old, next;
  Viewer viewer;

  source_publish (&old, room);
  source_publish (&next, room);
  route (room, "0>2");
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  source_push_key (&old, TRUE);
  route (room, "1>2");
  viewer_settle (&viewer);
  source_wait_wishes (&next, 1);
  source_push_key (&old, FALSE);
  source_push_key (&next, FALSE); /* no picture can begin with it */
  source_push_key (&old, FALSE);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 1);
  g_assert_cmpuint (viewer.n_packets, ==, 3);
  viewer.next = 1;
  source_push_key (&next, TRUE);
  source_push_key (&old, TRUE);
  source_push_key (&next, FALSE);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 2);
  g_assert_cmpuint (viewer.n_detached, ==, 0);
  g_assert_cmpuint (viewer.n_packets, ==, 5);
  g_assert_cmpuint (viewer.n_out_of_order, ==, 0);
  viewer_leave (&viewer);
  source_close (&old);
  source_close (&next);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_exchange_switch_taken_back_or_ended_disturbs_nothing (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source old, next;
  Viewer viewer;

  source_publish (&old, room);
  source_publish (&next, room);
  route (room, "0>2");
  viewer_join (&viewer, room, 1);
  route (room, "1>2");
  route (room, "0>2");
  viewer_settle (&viewer);
  source_push_key (&next, TRUE);
  source_push_key (&old, TRUE);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 1);
  g_assert_cmpuint (viewer.n_packets, ==, 1);
  route (room, "1>2");
  via_feed_eos (old.feed); /* no end: another one comes */
  source_close (&old);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_eos + viewer.n_detached, ==, 0);
  source_close (&next);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  viewer_leave (&viewer);
}

/* --- who hears of a track while it is being attached --- */

static gpointer
push_one (gpointer data)
{
  source_push (data, 1);
  return NULL;
}

typedef struct
{
  Viewer viewer; /* first: the functions below are handed it */
  Source *source;
} Herald;

/* Whoever waited for the track sends at once, on a thread of its own. */
static void
herald_attach (
    gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Herald *self = user;

  viewer_attach (&self->viewer, kind, slot, track);
  g_thread_join (g_thread_new (NULL, push_one, self->source));
  g_assert_cmpuint (self->viewer.n_packets, ==, 0);
}

static void
test_exchange_pushed_while_attaching_is_not_lost (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  ViaMemberFuncs funcs = viewer_funcs;
  Source source;
  Herald herald = {.source = &source};
  Viewer *viewer = &herald.viewer;

  funcs.attach = herald_attach;
  source_publish (&source, room);
  viewer->loop = via_loop_acquire ();
  viewer->member = via_exchange_join (
      room, viewer->loop, "herald", NULL, &funcs, &herald, NULL);
  via_member_set_slots (viewer->member, VIA_KIND_VIDEO, 1);
  viewer_settle (viewer); /* attached */
  viewer_settle (viewer); /* what that pushed */
  g_assert_cmpuint (viewer->n_attached, ==, 1);
  g_assert_cmpuint (viewer->n_packets, ==, 1);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 0);
  viewer_leave (viewer);
  source_close (&source);
}

/* --- a viewer that is on its way to its loop --- */

static void
wait_for_gate (gpointer data)
{
  GMutex *gate = data;

  g_mutex_lock (gate);
  g_mutex_unlock (gate);
}

static void
test_exchange_first_packets_wait_for_a_viewer_on_its_way (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  GMutex gate;
  Source source;
  Viewer viewer;

  g_mutex_init (&gate);
  viewer_join (&viewer, room, 1);
  g_mutex_lock (&gate); /* the loop gets no further */
  via_loop_post (viewer.loop, wait_for_gate, &gate, NULL);
  source_publish (&source, room);
  source_push (&source, 3);
  source_push (&source, 1);
  via_feed_eos (source.feed);
  g_assert_cmpuint (viewer.n_attached, ==, 0);
  g_mutex_unlock (&gate);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 1);
  g_assert_cmpuint (viewer.n_packets, ==, 4);
  g_assert_cmpuint (viewer.n_out_of_order, ==, 0);
  g_assert_cmpuint (viewer.n_eos, ==, 1);
  g_assert_cmpuint (viewer.n_packets_at_eos, ==, 4);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 0);
  viewer_leave (&viewer);
  source_close (&source);
  g_mutex_clear (&gate);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

typedef struct
{
  Viewer viewer; /* first: the functions below are handed it */
  ViaExchange *room;
  Source source;
  gboolean has_made_more;
} Local;

static void
local_attach (
    gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Local *self = user;

  viewer_attach (&self->viewer, kind, slot, track);
  source_push (&self->source, 2);
}

/* The first ones make more. */
static void
local_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  Local *self = user;

  if (!self->has_made_more) {
    self->has_made_more = TRUE;
    source_push (&self->source, 1);
  }
  viewer_funcs.packets (&self->viewer, kind, slot, packets, n);
}

static void
local_publish (gpointer data)
{
  Local *self = data;

  source_publish (&self->source, self->room);
  source_push (&self->source, 3);
}

static void
local_push (gpointer data)
{
  Local *self = data;

  source_push (&self->source, 1);
}

/* As a peer's track to another peer of the same loop. */
static void
test_exchange_first_packets_of_the_viewers_own_loop_arrive (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  ViaMemberFuncs funcs = viewer_funcs;
  Local local = {.room = room};
  Viewer *viewer = &local.viewer;

  funcs.attach = local_attach;
  funcs.packets = local_packets;
  viewer->loop = via_loop_acquire ();
  viewer->member = via_exchange_join (
      room, viewer->loop, "local", NULL, &funcs, &local, NULL);
  via_member_set_slots (viewer->member, VIA_KIND_VIDEO, 1);
  via_loop_call (viewer->loop, local_publish, &local);
  viewer_settle (viewer); /* attached */
  viewer_settle (viewer); /* what that pushed */
  viewer_settle (viewer); /* what the first packets made */
  g_assert_cmpuint (viewer->n_packets, ==, 6);
  via_loop_call (viewer->loop, local_push, &local);
  g_assert_cmpuint (viewer->n_packets, ==, 7); /* at once again */
  g_assert_cmpuint (viewer->n_out_of_order, ==, 0);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 0);
  viewer_leave (viewer);
  source_push (&local.source, 1);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 1);
  source_close (&local.source);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

/* --- who speaks, who subscribes --- */

typedef struct
{
  ViaMember *member;
  ViaFeed *audio, *video;
} Talker;

static Talker
talker_join (ViaExchange *room, const gchar *app_data)
{
  static const ViaMemberFuncs none = {0};
  ViaTrackInfo audio = {.kind = VIA_KIND_AUDIO}, video = {0};
  Talker self;

  audio.codec.id = VIA_CODEC_OPUS;
  audio.codec.clock_rate = 48000;
  video.kind = VIA_KIND_VIDEO;
  video.codec.id = VIA_CODEC_VP8;
  video.codec.clock_rate = 90000;
  self.member =
      via_exchange_join (room, NULL, "talker", app_data, &none, NULL, NULL);
  self.audio = via_member_publish (self.member, &audio, NULL, NULL);
  self.video = via_member_publish (self.member, &video, NULL, NULL);
  return self;
}

static void
talker_leave (Talker *self)
{
  via_feed_close (self->audio);
  via_feed_close (self->video);
  via_member_leave (self->member);
}

/* One packet of sound with an RFC 6464 level, as it is inside the pack. */
static void
talker_says (Talker *self, guint8 level)
{
  const guint8 rtp[] = {0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0,
      1, 0x10, (guint8) (0x80 | level), 0, 0, 'x'};
  ViaPacket *packet = via_packet_new (rtp, sizeof rtp, 0, TRUE);

  via_feed_push (self->audio, &packet, 1);
  via_packet_unref (packet);
}

typedef struct
{
  gint n_speaking, port;
} Heard;

static void
on_news (gpointer object, GstStructure *message)
{
  Heard *heard = g_object_get_data (object, "heard");
  gboolean is_speaking = FALSE;
  guint port = 99;

  gst_structure_get_boolean (message, "is-speaking", &is_speaking);
  if (gst_structure_has_name (message, "active-speaker") && is_speaking) {
    gst_structure_get_uint (message, "port", &port);
    g_atomic_int_set (&heard->port, (gint) port);
    g_atomic_int_inc (&heard->n_speaking);
  }
  gst_structure_free (message);
}

static void
test_exchange_who_speaks_is_told_and_shown (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GObject) listener = g_object_new (G_TYPE_OBJECT, NULL);
  Heard heard = {0};
  Talker one, two;
  Viewer viewer;
  ViaTime now = 1 * VIA_S;

  g_object_set_data (listener, "heard", &heard);
  via_exchange_listen (room, listener, on_news);
  via_exchange_set_last_n (room, 1);
  one = talker_join (room, "one");
  two = talker_join (room, "two");
  viewer_join (&viewer, room, 2);
  viewer_settle (&viewer);
  g_assert_cmpstr (viewer.from, ==, "one");
  for (guint i = 0; i < 10; i++) {
    talker_says (&one, 127);
    talker_says (&two, 30);
    via_exchange_tick (room, now += VIA_EXCHANGE_TICK);
  }
  via_app_flush ();
  g_assert_cmpint (heard.n_speaking, ==, 1);
  g_assert_cmpint (heard.port, ==, 1);
  {
    ViaPacket *key = via_packet_new ((const guint8 *) "k1", 2, 0, TRUE);

    via_feed_push (two.video, &key, 1);
    via_packet_unref (key);
  }
  viewer_settle (&viewer);
  g_assert_cmpstr (viewer.from, ==, "two");
  g_assert_cmpuint (viewer.n_detached, ==, 0);
  viewer_leave (&viewer);
  talker_leave (&one);
  talker_leave (&two);
}

static void
test_exchange_subscriber_gets_whom_he_wants (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  ViaMemberWho who = {.subscribe = "app-data=two", .serial = 1};
  Talker one = talker_join (room, "one"), two = talker_join (room, "two");
  Viewer viewer;

  viewer_join (&viewer, room, 9);
  via_member_describe (viewer.member, &who);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached - viewer.n_detached, ==, 1);
  who.serial = 2;
  who.subscribe = "none";
  via_member_describe (viewer.member, &who);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, viewer.n_detached);
  who.serial = 1; /* an older one comes late */
  who.subscribe = NULL;
  via_member_describe (viewer.member, &who);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, viewer.n_detached);
  /* who is renamed is wanted from then on */
  who = (ViaMemberWho){.subscribe = "floor=blue", .serial = 3};
  via_member_describe (viewer.member, &who);
  who = (ViaMemberWho){.app_data = "one", .serial = 1};
  who.tags = gst_structure_new ("tags", "floor", G_TYPE_STRING, "blue", NULL);
  via_member_describe (one.member, &who);
  gst_structure_free ((GstStructure *) who.tags);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached - viewer.n_detached, ==, 1);
  g_assert_cmpstr (viewer.from, ==, "one");
  viewer_leave (&viewer);
  talker_leave (&one);
  talker_leave (&two);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/pushed-while-attaching",
      test_exchange_pushed_while_attaching_is_not_lost);
  g_test_add_func ("/exchange/switch",
      test_exchange_switched_slot_keeps_its_track_until_the_key_frame);
  g_test_add_func ("/exchange/switch-back",
      test_exchange_switch_taken_back_or_ended_disturbs_nothing);
  g_test_add_func (
      "/exchange/speaker", test_exchange_who_speaks_is_told_and_shown);
  g_test_add_func (
      "/exchange/subscribe", test_exchange_subscriber_gets_whom_he_wants);
  g_test_add_func ("/exchange/first-packets",
      test_exchange_first_packets_wait_for_a_viewer_on_its_way);
  g_test_add_func ("/exchange/first-packets-own-loop",
      test_exchange_first_packets_of_the_viewers_own_loop_arrive);
  return g_test_run ();
}
