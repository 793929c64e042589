/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_exchange.c – rooms across loops: what is pushed arrives
 * at every other member, once, in order, and nothing after leaving.
 */
#include "io/app.h"
#include "base/error.h"
#include "io/exchange.h"
#include "io/guard.h"

#include <gst/gst.h>
#include <string.h>

typedef struct
{
  ViaLoop *loop;
  ViaMember *member;
  /* loop thread */
  guint n_attached, n_detached, n_packets, n_batches, n_eos, n_wrong_thread;
  guint16 next; /* the number the next packet must carry */
  guint n_out_of_order;
  gchar *from;
  /* via-app */
  gint n_lost;
} Viewer;

static void
viewer_check (Viewer *self)
{
  if (!via_loop_is_current (self->loop))
    self->n_wrong_thread++;
}

static void
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

static const ViaMemberFuncs viewer_funcs = {
    .attach = viewer_attach,
    .detach = viewer_detach,
    .packets = viewer_packets,
    .eos = viewer_eos,
    .app_data = viewer_app_data,
    .lost = viewer_lost,
};

static void
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

/* Everything posted to the viewer so far has run. */
static void
viewer_settle (Viewer *self)
{
  via_loop_call (self->loop, nothing, NULL);
}

static void
viewer_leave (Viewer *self)
{
  via_member_leave (g_steal_pointer (&self->member));
  via_loop_release (self->loop);
  g_clear_pointer (&self->from, g_free);
}

typedef struct
{
  ViaMember *member;
  ViaFeed *feed;
  guint16 next;
  gint n_keyframes, n_watched, n_unwatched;
} Source;

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

static void
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

static void
source_push (Source *self, guint n)
{
  ViaPacket *packets[8];

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

static void
source_close (Source *self)
{
  via_feed_close (g_steal_pointer (&self->feed));
  via_member_leave (g_steal_pointer (&self->member));
}

static void
test_exchange_three_viewers_get_every_packet_in_order (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewers[3];

  source_publish (&source, room);
  for (guint i = 0; i < 3; i++) {
    viewer_join (&viewers[i], room, 1);
    viewer_settle (&viewers[i]);
  }
  for (guint i = 0; i < 500; i++)
    source_push (&source, 4);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_cmpuint (viewers[i].n_attached, ==, 1);
    g_assert_cmpuint (viewers[i].n_packets, ==, 2000);
    g_assert_cmpuint (viewers[i].n_batches, ==, 500);
    g_assert_cmpuint (viewers[i].n_out_of_order, ==, 0);
    g_assert_cmpuint (viewers[i].n_wrong_thread, ==, 0);
    g_assert_cmpstr (viewers[i].from, ==, "clip");
    viewer_leave (&viewers[i]);
  }
  source_close (&source);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_exchange_viewer_that_leaves_disturbs_nobody (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer stays, leaves;
  guint at_leave;

  source_publish (&source, room);
  viewer_join (&stays, room, 1);
  viewer_join (&leaves, room, 1);
  viewer_settle (&stays);
  viewer_settle (&leaves);
  for (guint i = 0; i < 100; i++)
    source_push (&source, 1);
  via_member_leave (g_steal_pointer (&leaves.member));
  at_leave = leaves.n_packets;
  for (guint i = 0; i < 100; i++)
    source_push (&source, 1);
  viewer_settle (&stays);
  viewer_settle (&leaves);
  g_assert_cmpuint (leaves.n_packets, ==, at_leave);
  g_assert_cmpuint (stays.n_packets, ==, 200);
  g_assert_cmpuint (stays.n_out_of_order, ==, 0);
  viewer_leave (&leaves);
  viewer_leave (&stays);
  source_close (&source);
}

static void
test_exchange_source_that_leaves_detaches_its_viewers (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source, second;
  Viewer viewer;

  source_publish (&source, room);
  viewer_join (&viewer, room, 1);
  source_publish (&second, room);
  source_close (&source);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  g_assert_cmpuint (viewer.n_attached, ==, 2);
  viewer.next = 0;
  source_push (&second, 3);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_packets, ==, 3);
  source_close (&second);
  viewer_leave (&viewer);
}

static void
wait_for (gint *value, gint wanted)
{
  gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (value) < wanted && g_get_monotonic_time () < end)
    g_thread_yield ();
  g_assert_cmpint (g_atomic_int_get (value), >=, wanted);
}

static void
push_key (Source *self, gboolean is_key)
{
  guint16 number = self->next++;
  ViaPacket *packet =
      via_packet_new ((const guint8 *) &number, sizeof (number), 0, is_key);

  via_feed_push (self->feed, &packet, 1);
  via_packet_unref (packet);
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
  push_key (&old, TRUE);
  route (room, "1>2");
  viewer_settle (&viewer);
  wait_for (&next.n_keyframes, 1);
  push_key (&old, FALSE);
  push_key (&next, FALSE); /* no picture can begin with it */
  push_key (&old, FALSE);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 1);
  g_assert_cmpuint (viewer.n_packets, ==, 3);
  viewer.next = 1;
  push_key (&next, TRUE);
  push_key (&old, TRUE);
  push_key (&next, FALSE);
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
  push_key (&next, TRUE);
  push_key (&old, TRUE);
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

static void
test_exchange_eos_reaches_present_and_late_viewers_once (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer present, late;

  source_publish (&source, room);
  viewer_join (&present, room, 1);
  viewer_settle (&present);
  source_push (&source, 2);
  via_feed_eos (source.feed);
  via_feed_eos (source.feed);
  viewer_join (&late, room, 1);
  viewer_settle (&present);
  viewer_settle (&late);
  g_assert_cmpuint (present.n_packets, ==, 2);
  g_assert_cmpuint (present.n_eos, ==, 1);
  g_assert_cmpuint (late.n_eos, ==, 1);
  viewer_leave (&present);
  viewer_leave (&late);
  source_close (&source);
}

static void
ask_keyframe (gpointer data)
{
  Viewer *viewer = data;

  via_member_want_keyframe (viewer->member, VIA_KIND_VIDEO, 0);
}

static void
test_exchange_hundred_key_frame_wishes_ask_twice_in_a_second (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewers[2];
  gint64 begin, took;

  source_publish (&source, room);
  for (guint i = 0; i < 2; i++) {
    viewer_join (&viewers[i], room, 1);
    viewer_settle (&viewers[i]);
  }
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < 100; i++)
    via_loop_call (viewers[i % 2].loop, ask_keyframe, &viewers[i % 2]);
  wait_for (&source.n_keyframes, 2);
  took = g_get_monotonic_time () - begin;
  g_assert_cmpint (took, >=, 450 * G_TIME_SPAN_MILLISECOND);
  via_app_flush ();
  g_assert_cmpint (g_atomic_int_get (&source.n_keyframes), ==, 2);
  viewer_leave (&viewers[0]);
  viewer_leave (&viewers[1]);
  source_close (&source);
}

static void
test_exchange_publisher_hears_of_first_and_last_viewer (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer a, b;

  source_publish (&source, room);
  viewer_join (&a, room, 1);
  viewer_join (&b, room, 1);
  viewer_leave (&a);
  via_app_flush ();
  g_assert_cmpint (source.n_watched, ==, 1);
  g_assert_cmpint (source.n_unwatched, ==, 0);
  viewer_leave (&b);
  via_app_flush ();
  g_assert_cmpint (source.n_unwatched, ==, 1);
  source_close (&source);
}

static void
test_exchange_closed_room_tells_members_once_and_takes_nobody (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GError) error = NULL;
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  via_exchange_close (room);
  via_exchange_close (room);
  via_app_flush ();
  viewer_settle (&viewer);
  g_assert_cmpint (viewer.n_lost, ==, 1);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  source_push (&source, 5);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_packets, ==, 0);
  g_assert_null (via_exchange_join (
      room, viewer.loop, "late", NULL, &viewer_funcs, &viewer, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  viewer_leave (&viewer);
  source_close (&source);
}

static void
test_exchange_two_rooms_share_nothing (void)
{
  g_autoptr (ViaExchange) one = via_exchange_new ();
  g_autoptr (ViaExchange) other = via_exchange_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, one);
  viewer_join (&viewer, other, G_MAXUINT);
  source_push (&source, 8);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 0);
  g_assert_cmpuint (viewer.n_packets, ==, 0);
  viewer_leave (&viewer);
  source_close (&source);
}

static gpointer
push_thread (gpointer data)
{
  Source *source = data;

  for (guint i = 0; i < 2000; i++)
    source_push (source, 2);
  return NULL;
}

/* 100 joins and leaves while another thread publishes. */
static void
test_exchange_joins_under_load_leave_nothing_behind (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer stays;
  GThread *thread;

  source_publish (&source, room);
  viewer_join (&stays, room, 1);
  viewer_settle (&stays);
  thread = g_thread_new ("push", push_thread, &source);
  for (guint i = 0; i < 100; i++) {
    Viewer viewer;

    viewer_join (&viewer, room, 1);
    viewer_settle (&viewer);
    g_assert_cmpuint (viewer.n_attached, ==, 1);
    viewer_leave (&viewer);
  }
  g_thread_join (thread);
  viewer_settle (&stays);
  g_assert_cmpuint (stays.n_packets, ==, 4000);
  g_assert_cmpuint (stays.n_out_of_order, ==, 0);
  viewer_leave (&stays);
  source_close (&source);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static gpointer
guard_thread (gpointer data)
{
  ViaGuard *guard = data;

  via_guard_leave (guard);
  return NULL;
}

static void
test_guard_close_waits_for_the_callback_under_way (void)
{
  ViaGuard guard = {0};
  GThread *thread;

  via_guard_init (&guard);
  g_assert_true (via_guard_enter (&guard));
  guard.inside = NULL; /* as if another thread had entered */
  thread = g_thread_new ("guard", guard_thread, &guard);
  via_guard_close (&guard);
  g_assert_cmpuint (guard.n_inside, ==, 0);
  g_assert_false (via_guard_enter (&guard));
  g_thread_join (thread);
  via_guard_clear (&guard);
}

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
test_exchange_packets_nobody_watches_are_counted (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  source_push (&source, 3);
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  source_push (&source, 5);
  viewer_leave (&viewer);
  g_assert_cmpuint (track_count (room, "packets"), ==, 8);
  g_assert_cmpuint (track_count (room, "unwatched"), ==, 3);
  source_close (&source);
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

static void
test_exchange_new_app_data_reaches_who_takes_now_and_later (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstStructure) track = NULL;
  Source source;
  Viewer viewers[3];

  source_publish (&source, room);
  for (guint i = 0; i < 2; i++) {
    viewer_join (&viewers[i], room, 1); /* attached, or about to be */
    if (i == 0)
      viewer_settle (&viewers[i]);
  }
  via_member_set_app_data (source.member, "chip");
  viewer_join (&viewers[2], room, 1);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_cmpuint (viewers[i].n_attached, ==, 1);
    g_assert_cmpuint (viewers[i].n_wrong_thread, ==, 0);
    g_assert_cmpstr (viewers[i].from, ==, "chip");
  }
  stats = via_exchange_stats (room);
  g_assert_true (
      gst_structure_get (stats, "track-1", GST_TYPE_STRUCTURE, &track, NULL));
  g_assert_cmpstr (gst_structure_get_string (track, "app-data"), ==, "chip");
  via_member_set_app_data (source.member, NULL);
  for (guint i = 0; i < 3; i++) {
    viewer_settle (&viewers[i]);
    g_assert_null (viewers[i].from);
    viewer_leave (&viewers[i]);
  }
  source_close (&source);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange/app-data",
      test_exchange_new_app_data_reaches_who_takes_now_and_later);
  g_test_add_func ("/exchange/fan-out",
      test_exchange_three_viewers_get_every_packet_in_order);
  g_test_add_func (
      "/exchange/leave", test_exchange_viewer_that_leaves_disturbs_nobody);
  g_test_add_func ("/exchange/source-leaves",
      test_exchange_source_that_leaves_detaches_its_viewers);
  g_test_add_func (
      "/exchange/eos", test_exchange_eos_reaches_present_and_late_viewers_once);
  g_test_add_func ("/exchange/key-frames",
      test_exchange_hundred_key_frame_wishes_ask_twice_in_a_second);
  g_test_add_func ("/exchange/watched",
      test_exchange_publisher_hears_of_first_and_last_viewer);
  g_test_add_func ("/exchange/closed",
      test_exchange_closed_room_tells_members_once_and_takes_nobody);
  g_test_add_func (
      "/exchange/two-rooms", test_exchange_two_rooms_share_nothing);
  g_test_add_func ("/exchange/under-load",
      test_exchange_joins_under_load_leave_nothing_behind);
  g_test_add_func (
      "/exchange/unwatched", test_exchange_packets_nobody_watches_are_counted);
  g_test_add_func ("/exchange/pushed-while-attaching",
      test_exchange_pushed_while_attaching_is_not_lost);
  g_test_add_func (
      "/guard/close-waits", test_guard_close_waits_for_the_callback_under_way);
  g_test_add_func ("/exchange/switch",
      test_exchange_switched_slot_keeps_its_track_until_the_key_frame);
  g_test_add_func ("/exchange/switch-back",
      test_exchange_switch_taken_back_or_ended_disturbs_nothing);
  g_test_add_func (
      "/exchange/speaker", test_exchange_who_speaks_is_told_and_shown);
  g_test_add_func (
      "/exchange/subscribe", test_exchange_subscriber_gets_whom_he_wants);
  return g_test_run ();
}
