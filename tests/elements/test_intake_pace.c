/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_intake_pace.c – media in, packets out: pace, ends, what is missing.
 */
#include <gst/pbutils/missing-plugins.h>

#include "media/caps.h"
#include "media/missing.h"
#include "intake_fixture.h"

/* --- pace and ends --- */

static void
test_intake_media_takes_its_own_time (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  ViaTime begin, worst = 0;
  Fixture f;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  play_to_end (&f);
  /* running time 0, in µs of the same monotonic clock */
  begin = (ViaTime) (gst_element_get_base_time (f.pipeline) / 1000);
  /* Never early. How late is measured by the tests of lines, without a
   * sanitizer. */
  g_assert_cmpint (f.track.eos_at - begin, >=, 2300 * VIA_MS);
  g_assert_cmpuint (track_frames (&f.track), ==, 60);
  for (guint i = 0; i < f.track.packets->len; i++) {
    worst = MAX (worst, ABS (track_packet (&f.track, i)->captured
                             - track_packet (&f.track, 0)->captured
                             - track_rtp_span (&f.track, 0, i)));
    g_assert_cmpint (track_packet (&f.track, i)->captured, <=,
        track_arrived (&f.track, i) + VIA_MS);
  }
  g_assert_cmpint (worst, <=, VIA_MS);
  stop (&f);
}

static void
test_intake_paused_sends_nothing_and_goes_down (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  for (guint i = 0; i < 5; i++) {
    gst_element_set_state (f.pipeline, GST_STATE_PAUSED);
    g_assert_cmpint (
        gst_element_get_state (f.pipeline, NULL, NULL, 5 * GST_SECOND), ==,
        GST_STATE_CHANGE_SUCCESS);
    g_usleep (50000);
    g_assert_cmpuint (track_count (&f.track), ==, 0);
    g_assert_cmpint (gst_element_set_state (f.pipeline, GST_STATE_NULL), ==,
        GST_STATE_CHANGE_SUCCESS);
  }
  play_to_end (&f);
  g_assert_cmpuint (track_frames (&f.track), ==, 60);
  stop (&f);
}

static void
test_intake_state_cycles_leave_no_packet (void)
{
  guint before = via_packet_alive ();
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;

  start_with (
      &f, RAW " ! x264enc bframes=0 key-int-max=10", VIA_KIND_VIDEO, &config);
  for (guint i = 0; i < 20; i++) {
    gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
    g_usleep (i * 3000);
    gst_element_set_state (
        f.pipeline, i & 1 ? GST_STATE_READY : GST_STATE_NULL);
  }
  play_to_end (&f);
  stop (&f);
  g_assert_cmpuint (via_packet_alive (), ==, before);
}

static void
test_intake_flush_starts_afresh (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  while (track_count (&f.track) < 5)
    g_usleep (10000);
  g_assert_true (gst_element_seek_simple (
      f.pipeline, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH, 0));
  play_to_end (&f);
  g_assert_cmpuint (f.track.n_flush, ==, 1);
  g_assert_cmpuint (f.track.n_eos, ==, 1);
  g_assert_cmpuint (track_frames (&f.track), >=, 58);
  stop (&f);
}

static void
test_intake_stream_without_media_ends (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;

  start_with (&f, "fakesrc num-buffers=0", VIA_KIND_VIDEO, &config);
  play_to_end (&f);
  g_assert_cmpuint (f.track.n_eos, ==, 1);
  g_assert_cmpuint (track_count (&f.track), ==, 0);
  stop (&f);
}

static void
test_intake_asked_for_key_frame_gives_one (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  while (track_seen (&f.track) < 10)
    g_usleep (10000);
  via_intake_want_keyframe (f.intake);
  play_to_end (&f);
  g_assert_cmpuint (track_keys (&f.track), ==, 2);
  stop (&f);
}

static void
test_intake_disconnected_calls_nothing (void)
{
  ViaIntakeConfig config = {.sync = TRUE};
  Fixture f;
  guint n;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  while (track_count (&f.track) < 5)
    g_usleep (10000);
  via_intake_disconnect (f.intake);
  n = track_count (&f.track);
  g_assert_cmpuint (n, >, 0);
  play_to_message (&f);
  gst_element_set_state (f.pipeline, GST_STATE_NULL); /* no thread is left */
  g_assert_cmpuint (track_count (&f.track), ==, n);
  g_assert_cmpuint (f.track.n_eos, ==, 0);
  stop (&f);
}

static void
test_intake_resolution_change_goes_on (void)
{
  Fixture f;
  Decoded d;

  start (&f, "concat name=c  "
             "videotestsrc num-buffers=30 ! "
             "video/x-raw,width=320,height=240,framerate=25/1 ! c.  "
             "videotestsrc num-buffers=30 ! "
             "video/x-raw,width=640,height=480,framerate=25/1 ! c.  c.");
  play_to_end (&f);
  d = decode_all (&f);
  g_assert_cmpuint (d.n_frames, ==, 60);
  g_assert_cmpint (d.width, ==, 640);
  g_assert_cmpuint (track_breaks (&f.track), ==, 0);
  stop (&f);
}

static void
test_intake_codec_change_goes_on (void)
{
  Fixture f;

  start (&f, "concat name=c  "
             "videotestsrc num-buffers=30 ! "
             "video/x-raw,width=320,height=240,framerate=25/1 ! "
             "x264enc bframes=0 ! video/x-h264,profile=high ! c.  "
             "videotestsrc num-buffers=30 ! "
             "video/x-raw,width=320,height=240,framerate=25/1 ! "
             "vp8enc deadline=1 ! c.  c.");
  play_to_end (&f);
  assert_described (&f, "copy");
  g_assert_cmpuint (f.track.n_codecs, ==, 2);
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_VP8);
  g_assert_cmpuint (track_frames (&f.track), ==, 60);
  g_assert_cmpuint (track_breaks (&f.track), ==, 0);
  stop (&f);
}

/* --- what is missing, what is wrong --- */

/* Takes @factory out of the registry, plays, and gives back the one error. */
static gchar *
play_without (const gchar *line, const gchar *factory, guint *out_missing)
{
  GstRegistry *registry = gst_registry_get ();
  GstPluginFeature *feature;
  GstBus *bus;
  GstMessage *m;
  gchar *text = NULL;
  guint n_errors = 0;
  Fixture f;

  /* First, since loading a plugin adds its features again. */
  start (&f, line);
  feature = gst_registry_lookup_feature (registry, factory);
  g_assert_nonnull (feature);
  gst_registry_remove_feature (registry, feature);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  bus = gst_element_get_bus (f.pipeline);
  *out_missing = 0;
  while ((m = gst_bus_timed_pop_filtered (bus,
              n_errors == 0 ? 30 * GST_SECOND : GST_SECOND,
              GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT))
         != NULL) {
    if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_ERROR) {
      GError *error = NULL;
      gst_message_parse_error (m, &error, NULL);
      n_errors++;
      g_free (text);
      text = g_strdup (error->message);
      g_error_free (error);
    } else if (gst_is_missing_plugin_message (m)) {
      ++*out_missing;
    }
    gst_message_unref (m);
  }
  g_assert_cmpuint (n_errors, ==, 1);
  gst_object_unref (bus);
  stop (&f);
  gst_registry_add_feature (registry, feature);
  gst_object_unref (feature);
  return text;
}

static void
test_missing_element_names_itself_purpose_and_package (void)
{
  guint n;
  g_autofree gchar *encoder = play_without (RAW, "vp8enc", &n);
  g_autofree gchar *payloader = NULL;
  g_autofree gchar *decoder = NULL;

  g_assert_cmpstr (encoder, ==,
      "needs element vp8enc to encode VP8: install package "
      "gstreamer1.0-plugins-good");
  g_assert_cmpuint (n, ==, 1);
  payloader = play_without (RAW_AUDIO, "rtpopuspay", &n);
  g_assert_cmpstr (payloader, ==,
      "needs element rtpopuspay to packetise opus: install package "
      "gstreamer1.0-plugins-good");
  g_assert_cmpuint (n, ==, 1);
  /* Not Vorbis: GStreamer 1.22's audio encoder base class loses a buffer when
   * its headers are refused. */
  decoder = play_without (
      "audiotestsrc num-buffers=50 ! audio/x-raw,rate=44100,channels=1 ! "
      "mulawenc",
      "mulawdec", &n);
  g_assert_cmpstr (decoder, ==,
      "needs element mulawdec to decode PCMU: install package "
      "gstreamer1.0-plugins-good");
  g_assert_cmpuint (n, ==, 1);
}

static void
test_missing_encoder_has_a_substitute (void)
{
  static const ViaCodecId video[] = {VIA_CODEC_H264};
  ViaIntakeConfig config = {NULL, 0, video, 1, 0, FALSE};
  GstRegistry *registry = gst_registry_get ();
  GstPluginFeature *x264 = gst_registry_lookup_feature (registry, "x264enc");
  Fixture f;

  g_assert_nonnull (x264);
  gst_registry_remove_feature (registry, x264);
  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  play_to_end (&f);
  g_assert_cmpuint (decode_all (&f).n_frames, ==, 60);
  stop (&f);
  gst_registry_add_feature (registry, x264);
  gst_object_unref (x264);
}

static void
test_missing_table_knows_what_is_installed (void)
{
  g_assert_cmpstr (
      via_media_package ("x264enc"), ==, "gstreamer1.0-plugins-ugly");
  g_assert_cmpstr (via_media_package ("avdec_aac"), ==, "gstreamer1.0-libav");
  g_assert_null (via_media_package ("nosuchthing"));
  g_assert_true (via_media_have ("vp8enc"));
  g_assert_false (via_media_have ("nosuchthing"));
}

static void
test_intake_template_takes_what_it_should (void)
{
  static const gchar *const wanted[] = {"video/x-raw,format=I420",
      "video/x-h264,stream-format=avc", "application/x-rtp,encoding-name=VP8",
      "application/x-rtp,media=video,encoding-name=H264", "video/x-vp9",
      "application/x-rtp,encoding-name=H265",
      "application/x-rtp,media=video,"
      "encoding-name=AV1"};
  GstCaps *caps = via_caps_template (VIA_KIND_VIDEO);
  GstCaps *any = via_caps_template (VIA_KIND_UNKNOWN);

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    GstCaps *one = gst_caps_from_string (wanted[i]);
    g_assert_true (gst_caps_can_intersect (caps, one));
    g_assert_true (gst_caps_can_intersect (any, one));
    gst_caps_unref (one);
  }
  gst_caps_unref (caps);
  gst_caps_unref (any);
}

#define ADD(path, func) g_test_add_func ("/intake/" path, func)

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("template", test_intake_template_takes_what_it_should);
  ADD ("pace", test_intake_media_takes_its_own_time);
  ADD ("paused", test_intake_paused_sends_nothing_and_goes_down);
  ADD ("cycles", test_intake_state_cycles_leave_no_packet);
  ADD ("flush", test_intake_flush_starts_afresh);
  ADD ("empty", test_intake_stream_without_media_ends);
  ADD ("keyframe", test_intake_asked_for_key_frame_gives_one);
  ADD ("disconnect", test_intake_disconnected_calls_nothing);
  ADD ("change/resolution", test_intake_resolution_change_goes_on);
  ADD ("change/codec", test_intake_codec_change_goes_on);
  ADD (
      "missing/message", test_missing_element_names_itself_purpose_and_package);
  ADD ("missing/substitute", test_missing_encoder_has_a_substitute);
  ADD ("missing/table", test_missing_table_knows_what_is_installed);
  return g_test_run ();
}
