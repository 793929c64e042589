/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_exchange_formats.c – tracks for those who do not take
 * their codec: who gets what, and what the room's transcoder is asked for.
 */
#include <string.h>

#include <gst/gst.h>

#include "io/app.h"
#include "io/exchange.h"
#include "viewers.h"

#define WAIT_UNTIL(condition)                                                  \
  do {                                                                         \
    gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;            \
    while (!(condition) && g_get_monotonic_time () < end)                      \
      g_usleep (1000);                                                         \
    g_assert_true (condition);                                                 \
  } while (0)

/* Stands for the element that makes VP8 and H.264 of each other. */
static struct
{
  GObject *object;
  ViaFeed *format;                        /* the last one wanted */
  gint n_wanted, n_unwanted, n_keyframes; /* atomic */
  gint n_tapped;                          /* atomic: packets to be made */
  ViaLoop *loop;
  ViaMember *tap;
  gboolean taps;
} fake;

static void
tap_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  g_atomic_int_add (&fake.n_tapped, (gint) n);
}

static void
fake_wanted (gpointer object, ViaFeed *format, gboolean is_wanted)
{
  static const ViaMemberFuncs funcs = {.packets = tap_packets};

  g_assert_true (object == fake.object && via_app_is_current ());
  g_assert_cmpint (via_feed_made_from (format)->id, ==, VIA_CODEC_VP8);
  fake.format = format;
  if (fake.taps && is_wanted)
    fake.tap = via_feed_tap (format, fake.loop, &funcs, NULL);
  else
    via_member_leave (g_steal_pointer (&fake.tap));
  g_atomic_int_inc (is_wanted ? &fake.n_wanted : &fake.n_unwanted);
}

static void
fake_keyframe (gpointer object, ViaFeed *format)
{
  g_assert_true (format == fake.format);
  g_atomic_int_inc (&fake.n_keyframes);
}

static ViaExchange *
room_new (void)
{
  static const ViaCodecId from[] = {VIA_CODEC_VP8, VIA_CODEC_H264};
  static const ViaCodecId to[] = {VIA_CODEC_H264, VIA_CODEC_VP9};
  static const ViaTranscode transcode = {.from = from,
      .to = to,
      .n_from = G_N_ELEMENTS (from),
      .n_to = G_N_ELEMENTS (to),
      .wanted = fake_wanted,
      .want_keyframe = fake_keyframe};
  ViaExchange *room = via_exchange_new ();

  memset (&fake, 0, sizeof fake);
  fake.object = g_object_new (G_TYPE_OBJECT, NULL);
  fake.loop = via_loop_acquire ();
  via_exchange_set_transcoder (room, fake.object, &transcode);
  return room;
}

static void
room_free (ViaExchange *room)
{
  via_app_acquire ();
  via_app_flush ();
  via_app_release ();
  via_loop_release (fake.loop);
  g_object_unref (fake.object);
  via_exchange_unref (room);
}

/* @first is preferred to @second (UNKNOWN: there is none). */
static void
set_codecs (Viewer *viewer, ViaCodecId first, ViaCodecId second)
{
  const ViaCodecId ids[] = {first, second};
  g_autoptr (GArray) codecs = g_array_new (FALSE, TRUE, sizeof (ViaPlanCodec));
  const ViaPlanMedia media = {.codecs = codecs};

  for (guint i = 0; i < 2 && ids[i] != VIA_CODEC_UNKNOWN; i++) {
    ViaPlanCodec codec = {
        .codec = {.id = ids[i],
            .clock_rate = via_codec_clock_rate (ids[i]),
            .fmtp = (gchar *) via_codec_default_fmtp (ids[i])}};

    g_array_append_val (codecs, codec);
  }
  via_member_set_codecs (viewer->member, VIA_KIND_VIDEO, &media);
}

static void
set_codec (Viewer *viewer, ViaCodecId id)
{
  set_codecs (viewer, id, VIA_CODEC_UNKNOWN);
}

static void
join_as_either (
    Viewer *viewer, ViaExchange *room, ViaCodecId first, ViaCodecId second)
{
  viewer_join (viewer, room, 0);
  set_codecs (viewer, first, second);
  via_member_set_slots (viewer->member, VIA_KIND_VIDEO, 1);
  viewer_settle (viewer);
}

static void
join_as (Viewer *viewer, ViaExchange *room, ViaCodecId id)
{
  join_as_either (viewer, room, id, VIA_CODEC_UNKNOWN);
}

/* What the transcoder makes: @n packets that begin with number 0. */
static void
make (guint n)
{
  for (guint16 i = 0; i < n; i++) {
    ViaPacket *packet =
        via_packet_new ((const guint8 *) &i, sizeof i, 0, i == 0);

    via_feed_push (fake.format, &packet, 1);
    via_packet_unref (packet);
  }
}

static void
test_formats_two_viewers_of_another_codec_share_what_is_made (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer vp8, one, two;

  source_publish (&source, room);
  join_as (&vp8, room, VIA_CODEC_VP8);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 0);
  join_as (&one, room, VIA_CODEC_H264);
  join_as (&two, room, VIA_CODEC_H264);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 1);
  g_assert_cmpint (via_feed_info (fake.format)->codec.id, ==, VIA_CODEC_H264);
  source_push (&source, 3);
  make (5);
  viewer_settle (&vp8);
  viewer_settle (&one);
  viewer_settle (&two);
  g_assert_cmpuint (vp8.n_packets, ==, 3);
  g_assert_cmpuint (one.n_packets, ==, 5);
  g_assert_cmpuint (two.n_packets, ==, 5);
  g_assert_cmpuint (one.n_out_of_order + two.n_out_of_order, ==, 0);
  g_assert_cmpstr (one.from, ==, "clip");
  viewer_leave (&one);
  via_app_flush ();
  g_assert_cmpint (fake.n_unwanted, ==, 0);
  viewer_leave (&two);
  via_app_flush ();
  g_assert_cmpint (fake.n_unwanted, ==, 1);
  join_as (&one, room, VIA_CODEC_H264); /* and again */
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 2);
  viewer_leave (&one);
  viewer_leave (&vp8);
  source_close (&source);
  room_free (room);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

/* What is there goes before what would be preferred: the track itself, then
 * what is made for somebody else. */
static void
test_formats_what_is_there_goes_before_what_is_preferred (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer vp8, one, two;

  source_publish (&source, room);
  join_as_either (&vp8, room, VIA_CODEC_H264, VIA_CODEC_VP8);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 0);
  join_as (&one, room, VIA_CODEC_H264);
  join_as_either (&two, room, VIA_CODEC_VP9, VIA_CODEC_H264);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 1);
  viewer_leave (&two);
  viewer_leave (&one);
  viewer_leave (&vp8);
  source_close (&source);
  room_free (room);
}

static void
test_formats_what_cannot_be_made_is_the_track_itself (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  join_as (&viewer, room, VIA_CODEC_AV1);
  source_push (&source, 2);
  viewer_settle (&viewer);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 0);
  g_assert_cmpuint (viewer.n_packets, ==, 2);
  viewer_leave (&viewer);
  source_close (&source);
  room_free (room);
}

static void
ask_keyframe (gpointer data)
{
  Viewer *viewer = data;

  via_member_want_keyframe (viewer->member, VIA_KIND_VIDEO, 0);
}

static void
test_formats_a_key_frame_is_asked_of_who_makes_it (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer vp8, h264;

  source_publish (&source, room);
  join_as (&vp8, room, VIA_CODEC_VP8);
  join_as (&h264, room, VIA_CODEC_H264);
  via_loop_call (h264.loop, ask_keyframe, &h264);
  WAIT_UNTIL (g_atomic_int_get (&fake.n_keyframes) == 1);
  g_assert_cmpint (source.n_keyframes, ==, 0);
  via_loop_call (vp8.loop, ask_keyframe, &vp8);
  source_wait_wishes (&source, 1);
  g_assert_cmpint (fake.n_keyframes, ==, 1);
  viewer_leave (&vp8);
  viewer_leave (&h264);
  source_close (&source);
  room_free (room);
}

static void
test_formats_a_tap_has_the_track_until_nobody_wants_it (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer viewer;

  fake.taps = TRUE;
  source_publish (&source, room);
  join_as (&viewer, room, VIA_CODEC_H264);
  via_app_flush ();
  source_push (&source, 4);
  WAIT_UNTIL (g_atomic_int_get (&fake.n_tapped) == 4);
  g_assert_cmpuint (viewer.n_packets, ==, 0);
  source_close (&source); /* before its viewer goes */
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_detached, ==, 1);
  via_app_flush ();
  g_assert_cmpint (fake.n_unwanted, ==, 1);
  g_assert_null (fake.tap);
  viewer_leave (&viewer);
  room_free (room);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_formats_a_viewer_that_renegotiates_is_given_the_other (void)
{
  ViaExchange *room = room_new ();
  Source source;
  Viewer viewer;

  source_publish (&source, room);
  join_as (&viewer, room, VIA_CODEC_VP8);
  set_codec (&viewer, VIA_CODEC_H264);
  via_app_flush ();
  g_assert_cmpint (fake.n_wanted, ==, 1);
  make (3);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_packets, ==, 3);
  g_assert_cmpuint (viewer.n_attached, ==, 2);
  set_codec (&viewer, VIA_CODEC_VP8);
  via_app_flush ();
  g_assert_cmpint (fake.n_unwanted, ==, 1);
  source_push_key (&source, TRUE);
  viewer_settle (&viewer);
  g_assert_cmpuint (viewer.n_attached, ==, 3);
  g_assert_cmpuint (viewer.n_packets, ==, 4);
  viewer_leave (&viewer);
  source_close (&source);
  room_free (room);
}

int
main (int argc, char *argv[])
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define CASE(name)                                                             \
  g_test_add_func ("/exchange_formats/" #name, test_formats_##name)
  CASE (two_viewers_of_another_codec_share_what_is_made);
  CASE (what_is_there_goes_before_what_is_preferred);
  CASE (what_cannot_be_made_is_the_track_itself);
  CASE (a_key_frame_is_asked_of_who_makes_it);
  CASE (a_tap_has_the_track_until_nobody_wants_it);
  CASE (a_viewer_that_renegotiates_is_given_the_other);
  return g_test_run ();
}
