/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_player.c – files played into a room: what arrives, when, and how it
 * ends.
 */
#include <glib/gstdio.h>

#include "endpoints/join.h"
#include "endpoints/playerendpoint.h"
#include "io/exchange.h"
#include "packets.h"

#define STREET_WEBM TEST_DATA "/media/street-vp8-opus.webm"
#define STREET_MP4 TEST_DATA "/media/street-h264-bframes-aac.mp4"

/* --- a room without the hub element --- */

#define TEST_TYPE_ROOM (test_room_get_type ())
G_DECLARE_FINAL_TYPE (TestRoom, test_room, TEST, ROOM, GstElement)

struct _TestRoom
{
  GstElement parent;
  ViaExchange *exchange;
};

static ViaExchange *
get_exchange (ViaRoomOwner *owner)
{
  return via_exchange_ref (TEST_ROOM (owner)->exchange);
}

static void
room_owner_init (ViaRoomOwnerInterface *iface)
{
  iface->get_exchange = get_exchange;
}

G_DEFINE_TYPE_WITH_CODE (TestRoom, test_room, GST_TYPE_ELEMENT,
    G_IMPLEMENT_INTERFACE (VIA_TYPE_ROOM_OWNER, room_owner_init))

static void
test_room_finalize (GObject *object)
{
  via_exchange_unref (TEST_ROOM (object)->exchange);
  G_OBJECT_CLASS (test_room_parent_class)->finalize (object);
}

static void
test_room_class_init (TestRoomClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_room_finalize;
}

static void
test_room_init (TestRoom *self)
{
  self->exchange = via_exchange_new ();
}

/* --- a player, its room and a viewer --- */

typedef struct
{
  GstElement *pipeline, *player;
  TestRoom *room;
  ViaLoop *loop;
  ViaMember *viewer;
  Track tracks[2]; /* by ViaKind */
  gchar *app_data; /* of the first track */
  GPtrArray *flows;
  guint n_eos, n_errors;
  ViaTime began, eos_at;
  gchar *error;
} Fixture;

static void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Fixture *f = user;

  if (f->app_data == NULL)
    f->app_data = g_strdup (track->app_data);
  track_codec (&f->tracks[kind], &track->codec);
  if (f->viewer != NULL && kind == VIA_KIND_VIDEO) /* as every viewer does */
    via_member_want_keyframe (f->viewer, kind, slot);
}

static void
on_detach (gpointer user, ViaKind kind, guint slot)
{
}

static void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  track_take (&((Fixture *) user)->tracks[kind], packets, n);
}

static void
on_eos (gpointer user, ViaKind kind, guint slot)
{
  track_eos (&((Fixture *) user)->tracks[kind]);
}

static void
on_lost (gpointer user)
{
}

static const ViaMemberFuncs viewer_funcs = {.attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .eos = on_eos,
    .lost = on_lost};

static void
fixture_init (Fixture *f, const gchar *uri)
{
  g_autoptr (GError) error = NULL;

  memset (f, 0, sizeof *f);
  track_init (&f->tracks[VIA_KIND_AUDIO]);
  track_init (&f->tracks[VIA_KIND_VIDEO]);
  f->flows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  f->pipeline = gst_pipeline_new (NULL);
  f->room = g_object_new (TEST_TYPE_ROOM, "name", "room", NULL);
  f->player = g_object_new (VIA_TYPE_PLAYER_ENDPOINT, "name", "p", "uri", uri,
      "hub", "room", "app-data", "clip", NULL);
  gst_bin_add_many (
      GST_BIN (f->pipeline), GST_ELEMENT (f->room), f->player, NULL);
  f->loop = via_loop_acquire ();
  f->viewer = via_exchange_join (
      f->room->exchange, f->loop, "viewer", NULL, &viewer_funcs, f, &error);
  g_assert_no_error (error);
  via_member_set_slots (f->viewer, VIA_KIND_AUDIO, G_MAXUINT);
  via_member_set_slots (f->viewer, VIA_KIND_VIDEO, G_MAXUINT);
}

static void
fixture_clear (Fixture *f)
{
  GstElement *weak = f->pipeline;

  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  via_member_leave (f->viewer);
  via_loop_release (f->loop);
  g_object_add_weak_pointer (G_OBJECT (f->player), (gpointer *) &weak);
  gst_object_unref (f->pipeline);
  g_assert_null (weak); /* the player was not leaked */
  track_clear (&f->tracks[0]);
  track_clear (&f->tracks[1]);
  g_ptr_array_unref (f->flows);
  g_free (f->app_data);
  g_free (f->error);
}

static void
play (Fixture *f)
{
  f->began = g_get_monotonic_time ();
  g_assert_cmpint (gst_element_set_state (f->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
}

static void
take_message (Fixture *f, GstMessage *m)
{
  const GstStructure *s = gst_message_get_structure (m);

  if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_EOS) {
    f->n_eos++;
    f->eos_at = g_get_monotonic_time ();
  } else if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (m, &error, NULL);
    f->n_errors++;
    if (f->error == NULL)
      f->error = g_strdup (error->message);
  } else if (gst_structure_has_name (s, "media-flow")) {
    g_ptr_array_add (f->flows, gst_structure_copy (s));
  }
}

/* Reads the bus for @ms, or until EOS or ERROR if @ms is 0 (60 s at most). */
static void
listen (Fixture *f, guint ms)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (f->pipeline);
  gint64 end = g_get_monotonic_time () + (ms != 0 ? ms : 60000) * VIA_MS;
  gint64 now;

  while ((now = g_get_monotonic_time ()) < end) {
    g_autoptr (GstMessage) m =
        gst_bus_timed_pop_filtered (bus, (end - now) * 1000,
            GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
    if (m != NULL)
      take_message (f, m);
    if (ms == 0 && f->n_eos + f->n_errors > 0)
      break;
  }
}

static void
assert_flow (Fixture *f, const gchar *kind, const gchar *from, const gchar *to,
    const gchar *mode, const gchar *reason)
{
  guint n = 0;

  for (guint i = 0; i < f->flows->len; i++) {
    GstStructure *s = g_ptr_array_index (f->flows, i);
    if (g_strcmp0 (gst_structure_get_string (s, "kind"), kind) != 0)
      continue;
    n++;
    g_assert_cmpstr (gst_structure_get_string (s, "from-codec"), ==, from);
    g_assert_cmpstr (gst_structure_get_string (s, "to-codec"), ==, to);
    g_assert_cmpstr (gst_structure_get_string (s, "mode"), ==, mode);
    g_assert_cmpstr (gst_structure_get_string (s, "reason"), ==, reason);
    g_assert_cmpstr (gst_structure_get_string (s, "app-data"), ==, "clip");
    g_assert_cmpstr (gst_structure_get_string (s, "element"), ==, "p");
  }
  g_assert_cmpuint (n, ==, 1);
}

static void
assert_near (gint64 value, gint64 wanted, gint64 tolerance)
{
  g_assert_cmpint (value, >=, wanted - tolerance);
  g_assert_cmpint (value, <=, wanted + tolerance);
}

/* Never early; plugins are loaded at the start, and machines may be busy. */
static void
assert_lasted (Fixture *f, ViaTime wanted)
{
  g_assert_cmpint (f->eos_at - f->began, >=, wanted - 200 * VIA_MS);
  g_assert_cmpint (f->eos_at - f->began, <=, wanted + 2 * VIA_S);
}

/* --- files made here --- */

static gchar *dir;

/* Runs @line, which writes "%s", and gives the file's URI. */
static gchar *
make_file (const gchar *name, const gchar *line)
{
  g_autofree gchar *path = g_build_filename (dir, name, NULL);
  g_autofree gchar *text =
      g_strdup_printf ("%s ! filesink location=%s", line, path);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstMessage *m;

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  m = wait_end (pipeline, 60);
  g_assert_nonnull (m);
  g_assert_cmpint (GST_MESSAGE_TYPE (m), ==, GST_MESSAGE_EOS);
  gst_message_unref (m);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return gst_filename_to_uri (path, NULL);
}

#define PICTURES                                                               \
  "videotestsrc num-buffers=50 ! "                                             \
  "video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! "
#define SOUND                                                                  \
  "audiotestsrc num-buffers=100 samplesperbuffer=960 ! "                       \
  "audio/x-raw,rate=48000,channels=1 ! "

static gchar *
short_webm (void)
{
  return make_file ("short.webm",
      PICTURES "vp8enc deadline=1 keyframe-max-dist=25 ! m.  " SOUND
               "opusenc ! m.  webmmux name=m");
}

static gchar *
short_mp4 (const gchar *name, guint bframes)
{
  g_autofree gchar *line = g_strdup_printf (PICTURES
      "x264enc bframes=%u b-adapt=false key-int-max=25 ! "
      "video/x-h264,profile=high ! h264parse ! m.  " SOUND
      "avenc_aac ! aacparse ! m.  mp4mux name=m",
      bframes);

  return make_file (name, line);
}

/* --- real files --- */

#define STREET_TIME (12 * VIA_S) /* of 30; whole they are in tests/interop */

/* What was sent is complete, in order and in step. @percent: frames of a
 * picture at 25 Hz that are to be there; encoders skip on a busy machine. */
static void
assert_complete (Fixture *f, guint percent, gint width)
{
  Track *video = &f->tracks[VIA_KIND_VIDEO];
  Track *audio = &f->tracks[VIA_KIND_AUDIO];
  Decoded v = track_decode (video, 0, video->packets->len);
  Decoded a = track_decode (audio, 0, audio->packets->len);
  guint n_frames = STREET_TIME / (40 * VIA_MS);

  g_test_message ("first packet after %d ms, end after %d ms, %u of %u frames",
      (gint) ((track_packet (audio, 0)->captured - f->began) / VIA_MS),
      (gint) ((f->eos_at - f->began) / VIA_MS), v.n_frames,
      track_frames (video));
  g_assert_cmpuint (f->n_errors, ==, 0);
  g_assert_cmpuint (f->n_eos, ==, 1);
  g_assert_cmpuint (video->n_eos, ==, 1);
  g_assert_cmpuint (audio->n_eos, ==, 1);
  g_assert_cmpuint (track_breaks (video), ==, 0);
  g_assert_cmpuint (track_breaks (audio), ==, 0);
  g_assert_cmpuint (v.n_frames, ==, track_frames (video));
  g_assert_cmpuint (v.n_frames, >=, n_frames * percent / 100);
  g_assert_cmpint (v.width, ==, width);
  assert_near (a.audio / 1000,
      track_rtp_span (audio, 0, audio->packets->len - 1), 100 * VIA_MS);
  /* Sound and picture keep together: RTP time against capture time. */
  assert_near (
      track_packet (video, 0)->captured - track_packet (audio, 0)->captured, 0,
      100 * VIA_MS);
  assert_near (track_packet (video, video->packets->len - 1)->captured
                   - track_packet (video, 0)->captured,
      track_rtp_span (video, 0, video->packets->len - 1), 2 * VIA_MS);
}

/* A copy keeps its pace: nothing goes out early, or is late for long. */
static void
assert_paced (Fixture *f)
{
  Track *audio = &f->tracks[VIA_KIND_AUDIO];

  for (guint kind = 0; kind < 2; kind++) {
    Track *t = &f->tracks[kind];
    assert_near (track_rtp_span (t, 0, t->packets->len - 1),
        f->eos_at - track_packet (t, 0)->captured, 300 * VIA_MS);
  }
  for (guint i = 1; i < audio->packets->len; i++)
    g_assert_cmpuint (
        track_view (audio, i).timestamp - track_view (audio, i - 1).timestamp,
        ==, 960);
  /* A stall of the machine is not a pattern of ours. */
  g_assert_cmpuint (
      track_stalls (audio, 10, 200 * VIA_MS), <=, audio->packets->len / 100);
}

static void
end_now (Fixture *f)
{
  g_assert_true (gst_element_send_event (f->pipeline, gst_event_new_eos ()));
  listen (f, 0);
}

static void
test_player_street_files_play_complete (void)
{
  Fixture webm, mp4;

  fixture_init (&webm, STREET_WEBM);
  fixture_init (&mp4, "file://" STREET_MP4);
  play (&webm);
  play (&mp4);
  listen (&webm, (STREET_TIME + 300 * VIA_MS) / VIA_MS); /* and the start */
  end_now (&webm);
  end_now (&mp4);
  listen (&mp4, 1);
  g_assert_cmpstr (webm.app_data, ==, "clip");
  assert_flow (&webm, "video", "VP8", "VP8", "copy", NULL);
  assert_flow (&webm, "audio", "opus", "opus", "copy", NULL);
  assert_flow (&mp4, "video", "H264", "VP8", "transcode", "B-frames");
  assert_flow (
      &mp4, "audio", "AAC", "opus", "transcode", "codec not in the list");
  assert_complete (&webm, 95, 640);
  assert_paced (&webm);
  fixture_clear (&webm);
  assert_complete (&mp4, 60, 768);
  fixture_clear (&mp4);
}

static void
test_player_h264_without_b_frames_is_copied (void)
{
  g_autofree gchar *uri = short_mp4 ("plain.mp4", 0);
  Fixture f;

  fixture_init (&f, uri);
  play (&f);
  listen (&f, 0);
  g_assert_cmpstr (f.error, ==, NULL);
  assert_flow (&f, "video", "H264", "H264", "copy", NULL);
  assert_flow (
      &f, "audio", "AAC", "opus", "transcode", "codec not in the list");
  g_assert_nonnull (
      strstr (f.tracks[VIA_KIND_VIDEO].codec.fmtp, "profile-level-id=64"));
  g_assert_cmpuint (track_decode (&f.tracks[VIA_KIND_VIDEO], 0,
                        f.tracks[VIA_KIND_VIDEO].packets->len)
                        .n_frames,
      >=, 25);
  assert_lasted (&f, 2 * VIA_S);
  fixture_clear (&f);
}

static void
test_player_containers_are_read (void)
{
  static const gchar *const lines[][2] = {
      {"a.mkv", PICTURES "vp8enc deadline=1 keyframe-max-dist=5 ! matroskamux"},
      {"a.ogg", SOUND "opusenc ! oggmux"},
      {"a.ts", PICTURES "x264enc bframes=0 key-int-max=5 ! "
                        "video/x-h264,profile=high ! mpegtsmux"},
      {"a.avi", PICTURES "jpegenc ! avimux"},
      {"a.wav", SOUND "wavenc"},
  };

  Fixture all[G_N_ELEMENTS (lines)];

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autofree gchar *uri = make_file (lines[i][0], lines[i][1]);
    fixture_init (&all[i], uri);
  }
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    play (&all[i]);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    Fixture *f = &all[i];
    gboolean is_sound = strstr (lines[i][1], "audiotestsrc") != NULL;
    Track *t = &f->tracks[is_sound ? VIA_KIND_AUDIO : VIA_KIND_VIDEO];
    Decoded d;
    listen (f, 0);
    g_assert_cmpstr (f->error, ==, NULL);
    d = track_decode (t, 0, t->packets->len);
    g_test_message ("%s: %u packets, %u frames, %u decoded, took %d ms",
        lines[i][0], t->packets->len, track_frames (t), d.n_frames,
        (gint) ((t->eos_at - f->began) / VIA_MS));
    g_assert_cmpuint (d.n_frames, >=, is_sound ? 95 : 44);
    f->eos_at = t->eos_at;
    g_assert_cmpint (f->eos_at - f->began, >=, 1800 * VIA_MS);
    if (i < 3) /* copied; encoders wait for a busy machine */
      assert_lasted (f, 2 * VIA_S);
    fixture_clear (f);
  }
}

/* --- loop --- */

static void
begin_laps (Fixture *f, const gchar *uri)
{
  fixture_init (f, uri);
  g_object_set (f->player, "loop", TRUE, NULL);
  play (f);
}

static void
assert_laps (Fixture *f, guint n_frames, gboolean is_copy)
{
  Track *video = &f->tracks[VIA_KIND_VIDEO];
  Track *audio = &f->tracks[VIA_KIND_AUDIO];

  g_assert_cmpuint (f->n_errors, ==, 0);
  g_assert_cmpuint (f->n_eos, ==, 1);
  g_assert_cmpuint (track_breaks (video), ==, 0);
  g_assert_cmpuint (track_breaks (audio), ==, 0);
  g_assert_cmpuint (track_frames (video), >=, 3 * n_frames - 5);
  g_assert_cmpuint (track_frames (video), <=, 3 * n_frames);
  g_assert_cmpuint (track_decode (video, 0, video->packets->len).n_frames, >=,
      3 * n_frames - 25);
  for (guint i = 1; i < video->packets->len; i++) {
    gint64 step = track_rtp_span (video, i - 1, i);
    g_assert_cmpint (step, >=, 0);
    g_assert_cmpint (step, <=, 120 * VIA_MS);
  }
  for (guint i = 1; i < audio->packets->len; i++)
    assert_near (track_rtp_span (audio, i - 1, i), 30 * VIA_MS, 11 * VIA_MS);
  g_test_message ("longest waits: %d ms of video, %d ms of audio",
      (gint) (track_longest_wait (video, 5) / VIA_MS),
      (gint) (track_longest_wait (audio, 5) / VIA_MS));
  if (is_copy) { /* encoders wait for a busy machine */
    g_assert_cmpuint (track_stalls (video, 5, 200 * VIA_MS), <=, 2);
    g_assert_cmpuint (track_stalls (audio, 5, 200 * VIA_MS), <=, 2);
  }
  g_assert_cmpuint (video->n_codecs, ==, 1);
  fixture_clear (f);
}

/* One stream waits for its next lap, the other is not there yet. */
static void
test_player_loop_switched_off_between_ends_ends (void)
{
  g_autofree gchar *uri = make_file ("uneven.webm",
      PICTURES "vp8enc deadline=1 ! m.  "
               "audiotestsrc num-buffers=50 samplesperbuffer=960 ! "
               "audio/x-raw,rate=48000,channels=1 ! "
               "opusenc ! m.  webmmux name=m");
  Fixture f;

  fixture_init (&f, uri);
  g_object_set (f.player, "loop", TRUE, NULL);
  play (&f);
  while (track_seen (&f.tracks[VIA_KIND_VIDEO]) < 38)
    listen (&f, 20);
  g_object_set (f.player, "loop", FALSE, NULL);
  listen (&f, 0);
  g_assert_cmpuint (f.n_eos, ==, 1);
  g_assert_cmpuint (f.tracks[VIA_KIND_AUDIO].n_eos, ==, 1);
  g_assert_cmpuint (track_frames (&f.tracks[VIA_KIND_VIDEO]), >=, 45);
  fixture_clear (&f);
}

static void
test_player_loop_goes_on_without_a_gap (void)
{
  g_autofree gchar *webm = short_webm ();
  g_autofree gchar *mp4 = short_mp4 ("b.mp4", 3);

  Fixture f[2];
  guint n_off = 0;

  begin_laps (&f[0], webm);
  begin_laps (&f[1], mp4);
  for (gboolean is_off[2] = {FALSE}; n_off < 2;) {
    for (guint i = 0; i < 2; i++) {
      listen (&f[i], 20);
      if (is_off[i] || track_seen (&f[i].tracks[VIA_KIND_VIDEO]) < 125)
        continue;
      g_object_set (f[i].player, "loop", FALSE, NULL); /* third is the last */
      is_off[i] = TRUE;
      n_off++;
    }
  }
  for (guint i = 0; i < 2; i++)
    if (f[i].n_eos == 0)
      listen (&f[i], 0);
  assert_laps (&f[0], 50, TRUE);
  assert_laps (&f[1], 50, FALSE);
}

/* --- states and ends --- */

static void
test_player_paused_is_live_and_sends_nothing (void)
{
  g_autofree gchar *uri = short_webm ();
  Track *video;
  Fixture f;
  guint n;

  fixture_init (&f, uri);
  video = &f.tracks[VIA_KIND_VIDEO];
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  g_usleep (100000);
  g_assert_cmpuint (track_count (video), ==, 0);
  play (&f);
  listen (&f, 800);
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  g_usleep (100000);
  n = track_count (video);
  g_assert_cmpuint (n, >, 0);
  g_usleep (400000);
  g_assert_cmpuint (track_count (video), ==, n);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  listen (&f, 0);
  /* The pause lengthens it; nothing is lost or hurried. */
  assert_lasted (&f, 2500 * VIA_MS);
  g_assert_cmpuint (track_frames (video), >=, 45);
  fixture_clear (&f);
}

static void
test_player_eos_event_ends_it_once (void)
{
  ViaTime asked;
  guint n;
  Fixture f;

  fixture_init (&f, STREET_MP4);
  play (&f);
  while (track_count (&f.tracks[VIA_KIND_VIDEO]) == 0
         || track_count (&f.tracks[VIA_KIND_AUDIO]) == 0)
    listen (&f, 50);
  asked = g_get_monotonic_time ();
  g_assert_true (gst_element_send_event (f.pipeline, gst_event_new_eos ()));
  listen (&f, 0);
  g_assert_cmpint (f.eos_at - asked, <, 500 * VIA_MS);
  g_usleep (50000);
  n = track_count (&f.tracks[VIA_KIND_VIDEO]);
  listen (&f, 500);
  g_assert_cmpuint (track_count (&f.tracks[VIA_KIND_VIDEO]), ==, n);
  g_assert_cmpuint (f.n_eos, ==, 1);
  g_assert_cmpuint (f.tracks[VIA_KIND_VIDEO].n_eos, ==, 1);
  g_assert_cmpuint (f.tracks[VIA_KIND_AUDIO].n_eos, ==, 1);
  fixture_clear (&f);
}

static void
test_player_eos_event_before_playing_starts_nothing (void)
{
  g_autofree gchar *uri = short_webm ();
  Fixture f;

  fixture_init (&f, uri);
  gst_element_set_state (f.pipeline, GST_STATE_PAUSED);
  g_assert_true (gst_element_send_event (f.player, gst_event_new_eos ()));
  play (&f);
  listen (&f, 500);
  g_assert_cmpuint (f.n_eos, ==, 1);
  g_assert_cmpuint (GST_BIN_NUMCHILDREN (f.player), ==, 0);
  /* From READY on it is a new life. */
  gst_element_set_state (f.pipeline, GST_STATE_READY);
  f.n_eos = 0;
  play (&f);
  listen (&f, 0);
  g_assert_cmpuint (f.n_eos, ==, 1);
  g_assert_cmpuint (f.n_errors, ==, 0);
  g_assert_cmpuint (track_frames (&f.tracks[VIA_KIND_VIDEO]), >=, 45);
  fixture_clear (&f);
}

static guint
count_threads (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (tasks) != NULL)
    n++;
  g_dir_close (tasks);
  return n;
}

static guint
count_fds (void)
{
  GDir *fds = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (fds) != NULL)
    n++;
  g_dir_close (fds);
  return n;
}

static void
test_player_state_cycles_leave_nothing (void)
{
  guint packets = via_packet_alive (), fds = 0, threads = 0;
  Fixture f;

  fixture_init (&f, STREET_MP4);
  for (guint i = 0; i < 11; i++) {
    play (&f);
    g_usleep (i * 34000);
    g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_NULL), ==,
        GST_STATE_CHANGE_SUCCESS);
    if (i == 0) {
      fds = count_fds ();
      threads = count_threads ();
    }
  }
  g_assert_cmpuint (GST_BIN_NUMCHILDREN (f.player), ==, 0);
  g_assert_cmpuint (count_fds (), <=, fds);
  g_assert_cmpuint (count_threads (), <=, threads + 4); /* GStreamer's pools */
  play (&f);
  for (guint i = 0; i < 100 && track_count (&f.tracks[VIA_KIND_VIDEO]) == 0;
       i++)
    listen (&f, 100);
  g_test_message ("picture after %d ms",
      (gint) ((g_get_monotonic_time () - f.began) / VIA_MS));
  g_assert_cmpuint (f.n_errors, ==, 0);
  g_assert_cmpuint (f.n_eos, ==, 0);
  g_assert_cmpuint (track_count (&f.tracks[VIA_KIND_VIDEO]), >, 0);
  fixture_clear (&f);
  g_assert_cmpuint (via_packet_alive (), ==, packets);
}

static void
test_player_without_hub_plays_at_pace (void)
{
  g_autofree gchar *uri = short_webm ();
  Fixture f;

  fixture_init (&f, uri);
  g_object_set (f.player, "hub", NULL, NULL);
  play (&f);
  listen (&f, 0);
  g_assert_cmpuint (f.n_eos, ==, 1);
  assert_lasted (&f, 2 * VIA_S);
  g_assert_cmpuint (track_count (&f.tracks[VIA_KIND_VIDEO]), ==, 0);
  fixture_clear (&f);
}

/* --- faults --- */

static void
assert_refused (const gchar *uri, const gchar *hub, const gchar *wanted)
{
  Fixture f;

  fixture_init (&f, uri);
  g_object_set (f.player, "hub", hub, NULL);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  listen (&f, 0);
  listen (&f, 150); /* and no other */
  g_assert_cmpuint (f.n_errors, ==, 1);
  g_assert_nonnull (f.error);
  g_test_message ("%s", f.error);
  g_assert_nonnull (strstr (f.error, wanted));
  g_assert_null (strstr (f.error, "secret"));
  fixture_clear (&f);
}

static void
test_player_wrong_uri_is_one_clear_error (void)
{
  g_autofree gchar *text = g_build_filename (dir, "text.mp4", NULL);
  g_autofree gchar *empty = g_build_filename (dir, "empty.mp4", NULL);
  g_autofree gchar *torn = g_build_filename (dir, "torn.webm", NULL);
  g_autofree gchar *whole = NULL;

  g_assert_true (
      g_file_set_contents (text, "Not a film, a letter.\n", -1, NULL));
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  g_assert_true (g_file_get_contents (STREET_WEBM, &whole, NULL, NULL));
  g_assert_true (g_file_set_contents (torn, whole, 300, NULL));
  assert_refused (NULL, NULL, "uri is not set");
  assert_refused ("file:///no/such/clip.mp4", NULL, "file:///no/such/clip.mp4");
  assert_refused ("/no/such/clip.mp4", NULL, "/no/such/clip.mp4");
  assert_refused (dir, NULL, dir);
  assert_refused (
      "rtsp://me:secret@camera/1", NULL, "allowed schemes are file");
  assert_refused (text, NULL, "text.mp4");
  assert_refused (empty, NULL, "empty.mp4");
  assert_refused (torn, NULL, "torn.webm");
  assert_refused (STREET_WEBM, "nowhere", "nowhere");
}

static void
test_player_each_try_from_ready_tells_its_error (void)
{
  g_autofree gchar *path = g_build_filename (dir, "gone.webm", NULL);
  Fixture f;

  g_assert_true (g_file_set_contents (path, "not for long", -1, NULL));
  fixture_init (&f, path);
  gst_element_set_state (f.pipeline, GST_STATE_READY);
  g_remove (path);
  for (guint i = 1; i <= 2; i++) {
    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    listen (&f, 150);
    g_assert_cmpuint (f.n_errors, ==, i);
    gst_element_set_state (f.pipeline, GST_STATE_READY);
  }
  g_assert_nonnull (strstr (f.error, "gone.webm"));
  fixture_clear (&f);
}

static void
test_player_missing_demuxer_names_its_package (void)
{
  GstRegistry *registry = gst_registry_get ();
  GstPluginFeature *feature;

  gst_object_unref (gst_element_factory_make ("matroskademux", NULL));
  feature = gst_registry_lookup_feature (registry, "matroskademux");
  gst_registry_remove_feature (registry, feature);
  assert_refused (
      STREET_WEBM, NULL, "install package gstreamer1.0-plugins-good");
  gst_registry_add_feature (registry, feature);
  gst_object_unref (feature);
}

static void
remove_dir (void)
{
  GDir *d = g_dir_open (dir, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (d)) != NULL) {
    g_autofree gchar *path = g_build_filename (dir, name, NULL);
    g_remove (path);
  }
  g_dir_close (d);
  g_rmdir (dir);
  g_free (dir);
}

#define ADD(path, func) g_test_add_func ("/player/" path, func)

int
main (int argc, char **argv)
{
  int rc;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  dir = g_dir_make_tmp ("via-player-XXXXXX", NULL);
  ADD ("street", test_player_street_files_play_complete);
  ADD ("copy/h264", test_player_h264_without_b_frames_is_copied);
  ADD ("containers", test_player_containers_are_read);
  ADD ("loop/laps", test_player_loop_goes_on_without_a_gap);
  ADD ("loop/off", test_player_loop_switched_off_between_ends_ends);
  ADD ("paused", test_player_paused_is_live_and_sends_nothing);
  ADD ("eos/playing", test_player_eos_event_ends_it_once);
  ADD ("eos/paused", test_player_eos_event_before_playing_starts_nothing);
  ADD ("cycles", test_player_state_cycles_leave_nothing);
  ADD ("no-hub", test_player_without_hub_plays_at_pace);
  ADD ("faults/uri", test_player_wrong_uri_is_one_clear_error);
  ADD ("faults/again", test_player_each_try_from_ready_tells_its_error);
  ADD ("faults/missing", test_player_missing_demuxer_names_its_package);
  rc = g_test_run ();
  remove_dir ();
  return rc;
}
