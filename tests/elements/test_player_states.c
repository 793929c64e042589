/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_player_states.c – a player in every state: loops, ends, faults.
 */
#include "player_fixture.h"

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
  listen_for (&f, video);
  listen (&f, 500);
  g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_NO_PREROLL);
  g_usleep (100000);
  settle (&f);
  n = track_count (video);
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
  listen_for (&f, &f.tracks[VIA_KIND_VIDEO]);
  listen_for (&f, &f.tracks[VIA_KIND_AUDIO]);
  asked = g_get_monotonic_time ();
  g_assert_true (gst_element_send_event (f.pipeline, gst_event_new_eos ()));
  listen (&f, 0);
  g_assert_cmpint (f.eos_at - asked, <, 5 * VIA_S); /* of 30 */
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
  listen (&f, 0);
  listen (&f, 300); /* and no other */
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

/* @count gives at most @n, once what ends by itself is over. */
static void
assert_at_most (guint (*count) (void), guint n)
{
  gint64 end = g_get_monotonic_time () + 20 * VIA_S;

  while (count () > n && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (count (), <=, n);
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
  assert_at_most (count_fds, fds);
  assert_at_most (count_threads, threads + 4); /* GStreamer's pools */
  play (&f);
  listen_for (&f, &f.tracks[VIA_KIND_VIDEO]);
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
    gint64 end = g_get_monotonic_time () + 20 * VIA_S;

    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    while (f.n_errors < i && g_get_monotonic_time () < end)
      listen (&f, 20);
    listen (&f, 150); /* and no other */
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

#define ADD(path, func) g_test_add_func ("/player/" path, func)

int
main (int argc, char **argv)
{
  int rc;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  dir = g_dir_make_tmp ("via-player-XXXXXX", NULL);
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
