/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_player.c – files played into a room: what arrives, and when.
 */
#include "player_fixture.h"

/* --- real files --- */

#define STREET_TIME (8 * VIA_S) /* of 30; whole they are in tests/interop */

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

/* The least that the packets of its last second came later than their RTP time
 * says: a stall of the machine holds up only some of them. */
static ViaTime
least_lateness (Track *t)
{
  guint last = t->packets->len - 1;
  ViaTime least = VIA_TIME_NEVER;

  for (guint i = 0; i <= last; i++)
    if (track_rtp_span (t, i, last) < VIA_S)
      least = MIN (least, track_arrived (t, i) - track_packet (t, 0)->captured
                              - track_rtp_span (t, 0, i));
  return least;
}

/* A copy keeps its pace: nothing goes out early, or is late for long. */
static void
assert_paced (Fixture *f)
{
  Track *audio = &f->tracks[VIA_KIND_AUDIO];

  for (guint kind = 0; kind < 2; kind++)
    assert_near (least_lateness (&f->tracks[kind]), 0, 300 * VIA_MS);
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
  listen_for (&webm, &webm.tracks[VIA_KIND_VIDEO]);
  listen_for (&mp4, &mp4.tracks[VIA_KIND_VIDEO]);
  listen (&webm, STREET_TIME / VIA_MS);
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
  rc = g_test_run ();
  remove_dir ();
  return rc;
}
