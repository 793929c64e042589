/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_intake.c – media in, packets out: which chain is chosen, pace, ends.
 */
#include <gst/pbutils/missing-plugins.h>

#include "media/intake.h"
#include "media/missing.h"
#include "packets.h"

typedef struct
{
  GstElement *pipeline;
  ViaIntake *intake;
  Track track;
} Fixture;

static void
on_codec (gpointer user, ViaIntake *intake, const ViaCodec *codec)
{
  track_codec (user, codec);
}

static void
on_packets (
    gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n)
{
  track_take (user, packets, n);
}

static void
on_eos (gpointer user, ViaIntake *intake)
{
  track_eos (user);
}

static void
on_flush (gpointer user, ViaIntake *intake)
{
  ((Track *) user)->n_flush++;
}

static const ViaIntakeFuncs funcs = {on_codec, on_packets, on_eos, on_flush};

/* @line ends in something that links to an intake. */
static void
start_with (
    Fixture *f, const gchar *line, ViaKind kind, const ViaIntakeConfig *config)
{
  g_autofree gchar *text = g_strdup_printf ("%s ! identity name=end", line);
  g_autoptr (GError) error = NULL;
  GstElement *end;

  track_init (&f->track);
  f->pipeline = gst_parse_launch (text, &error);
  g_assert_no_error (error);
  f->intake = via_intake_new (kind, config, &funcs, &f->track);
  gst_object_ref (f->intake);
  gst_bin_add (GST_BIN (f->pipeline), GST_ELEMENT (f->intake));
  end = gst_bin_get_by_name (GST_BIN (f->pipeline), "end");
  g_assert_true (gst_element_link (end, GST_ELEMENT (f->intake)));
  gst_object_unref (end);
}

static void
start (Fixture *f, const gchar *line)
{
  ViaIntakeConfig config = {.sync = FALSE};

  start_with (f, line, VIA_KIND_UNKNOWN, &config);
}

static void
play_to_end (Fixture *f)
{
  GstMessage *m;

  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  m = wait_end (f->pipeline, 60);
  g_assert_nonnull (m);
  if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (m, &error, NULL);
    g_assert_no_error (error);
  }
  gst_message_unref (m);
  /* The message is posted before the callback. */
  for (guint i = 0; i < 200 && !track_has_ended (&f->track); i++)
    g_usleep (1000);
}

static void
stop (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->pipeline);
  gst_object_unref (f->intake);
  track_clear (&f->track);
}

static void
assert_described (Fixture *f, const gchar *wanted)
{
  g_autofree gchar *text = via_intake_describe (f->intake);

  g_assert_cmpstr (text, ==, wanted);
}

static Decoded
decode_all (Fixture *f)
{
  return track_decode (&f->track, 0, f->track.packets->len);
}

#define RAW                                                                    \
  "videotestsrc num-buffers=60 ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
#define RAW_AUDIO                                                              \
  "audiotestsrc num-buffers=100 samplesperbuffer=441 ! audio/x-raw,rate=44100,channels=2"

/* --- which chain --- */

static void
test_intake_raw_video_is_encoded_as_vp8 (void)
{
  Fixture f;
  Decoded d;

  start (&f, RAW);
  play_to_end (&f);
  assert_described (&f, "encode VP8");
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_VP8);
  g_assert_cmpint (via_intake_kind (f.intake), ==, VIA_KIND_VIDEO);
  g_assert_cmpuint (track_breaks (&f.track), ==, 0);
  g_assert_cmpuint (track_frames (&f.track), ==, 60);
  g_assert_true (track_packet (&f.track, 0)->is_key);
  g_assert_cmpint (track_rtp_span (&f.track, 0, f.track.packets->len - 1), ==,
      2360 * VIA_MS);
  d = decode_all (&f);
  g_assert_cmpuint (d.n_frames, ==, 60);
  g_assert_cmpint (d.width, ==, 320);
  g_assert_cmpuint (f.track.n_eos, ==, 1);
  stop (&f);
}

static void
test_intake_raw_audio_is_encoded_as_opus (void)
{
  Fixture f;
  Decoded d;

  start (&f, RAW_AUDIO);
  play_to_end (&f);
  assert_described (&f, "encode opus");
  for (guint i = 1; i < f.track.packets->len; i++)
    g_assert_cmpint (track_view (&f.track, i).timestamp
                         - track_view (&f.track, i - 1).timestamp,
        ==, 960);
  d = decode_all (&f);
  g_assert_cmpuint (d.audio, >=, 970 * GST_MSECOND);
  g_assert_cmpuint (d.audio, <=, 1050 * GST_MSECOND);
  stop (&f);
}

static void
test_intake_configured_codec_comes_first (void)
{
  static const ViaCodecId video[] = {VIA_CODEC_H264};
  static const ViaCodecId audio[] = {VIA_CODEC_PCMU};
  ViaIntakeConfig config = {audio, 1, video, 1, 0, FALSE};
  Fixture f;

  start_with (&f, RAW, VIA_KIND_VIDEO, &config);
  play_to_end (&f);
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_H264);
  g_test_message ("fmtp %s", f.track.codec.fmtp);
  g_assert_nonnull (strstr (f.track.codec.fmtp, "packetization-mode=1"));
  g_assert_nonnull (strstr (f.track.codec.fmtp, "profile-level-id=42c0"));
  g_assert_cmpuint (decode_all (&f).n_frames, ==, 60);
  stop (&f);

  start_with (&f, RAW_AUDIO, VIA_KIND_AUDIO, &config);
  play_to_end (&f);
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_PCMU);
  g_assert_cmpuint (decode_all (&f).audio, >=, 980 * GST_MSECOND);
  stop (&f);
}

static void
assert_chain (
    const gchar *line, const gchar *described, ViaCodecId codec, guint n_frames)
{
  Fixture f;

  g_test_message ("%s", line);
  start (&f, line);
  play_to_end (&f);
  assert_described (&f, described);
  g_assert_cmpint (f.track.codec.id, ==, codec);
  g_assert_cmpuint (track_breaks (&f.track), ==, 0);
  g_assert_cmpuint (decode_all (&f).n_frames, >=, n_frames);
  g_assert_cmpuint (decode_all (&f).n_frames, <=, n_frames + 1);
  stop (&f);
}

static void
test_intake_encoded_video_is_copied (void)
{
  assert_chain (RAW " ! vp8enc deadline=1", "copy", VIA_CODEC_VP8, 60);
  assert_chain (
      RAW " ! vp9enc deadline=1 cpu-used=8", "copy", VIA_CODEC_VP9, 60);
  assert_chain (RAW " ! x264enc tune=zerolatency ! "
                    "video/x-h264,stream-format=byte-stream,profile=baseline",
      "copy", VIA_CODEC_H264, 60);
  assert_chain (RAW " ! x264enc bframes=0 ! "
                    "video/x-h264,stream-format=avc,profile=high",
      "copy", VIA_CODEC_H264, 60);
}

static void
test_intake_encoded_audio_is_copied (void)
{
  assert_chain (
      RAW_AUDIO " ! audioresample ! opusenc", "copy", VIA_CODEC_OPUS, 51);
  assert_chain (RAW_AUDIO " ! audioconvert ! audioresample ! "
                          "audio/x-raw,rate=8000,channels=1 ! mulawenc",
      "copy", VIA_CODEC_PCMU, 50);
  assert_chain (RAW_AUDIO " ! audioconvert ! audioresample ! "
                          "audio/x-raw,rate=8000,channels=1 ! alawenc",
      "copy", VIA_CODEC_PCMA, 50);
  assert_chain (RAW_AUDIO " ! audioconvert ! audioresample ! "
                          "audio/x-raw,rate=16000,channels=1 ! avenc_g722",
      "copy", VIA_CODEC_G722, 50);
}

static void
test_intake_rtp_passes_straight (void)
{
  Fixture f;

  start (&f, RAW " ! vp8enc deadline=1 ! rtpvp8pay ssrc=77 seqnum-offset=500");
  play_to_end (&f);
  assert_described (&f, "copy");
  g_assert_cmpuint (track_view (&f.track, 0).ssrc, ==, 77);
  g_assert_cmpuint (track_view (&f.track, 0).seq, ==, 500);
  g_assert_cmpuint (decode_all (&f).n_frames, ==, 60);
  stop (&f);
}

static void
test_intake_h265_rtp_passes_with_its_profile (void)
{
  Fixture f;

  start (&f, RAW " ! x265enc tune=zerolatency speed-preset=ultrafast ! "
                 "video/x-h265,profile=main ! rtph265pay ssrc=78");
  play_to_end (&f);
  assert_described (&f, "copy");
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_H265);
  g_assert_cmpstr (f.track.codec.fmtp, ==,
      "profile-space=0;profile-id=1;tier-flag=0;level-id=63");
  g_assert_cmpuint (track_view (&f.track, 0).ssrc, ==, 78);
  g_assert_true (track_packet (&f.track, 0)->is_key);
  g_assert_cmpuint (decode_all (&f).n_frames, ==, 60);
  stop (&f);
}

/* There is no AV1 payloader: other packets stand for AV1's. */
static void
test_intake_av1_passes_as_rtp_only (void)
{
  Fixture f;

  start (&f, RAW " ! vp8enc deadline=1 ! rtpvp8pay ! capssetter replace=true "
                 "caps=\"application/x-rtp,media=video,encoding-name=AV1,"
                 "clock-rate=90000,payload=96,profile=(string)0,"
                 "tier=(string)1\"");
  play_to_end (&f);
  assert_described (&f, "copy");
  g_assert_cmpint (f.track.codec.id, ==, VIA_CODEC_AV1);
  g_assert_cmpstr (f.track.codec.fmtp, ==, "profile=0;tier=1");
  stop (&f);
  assert_chain ("videotestsrc num-buffers=3 ! video/x-raw,width=64,height=64,"
                "framerate=25/1 ! av1enc cpu-used=8 usage-profile=realtime",
      "transcode AV1→VP8: no element packetises it", VIA_CODEC_VP8, 3);
}

static void
test_intake_av1_rtp_cannot_be_transcoded_and_says_so (void)
{
  static const ViaCodecId video[] = {VIA_CODEC_VP8};
  ViaIntakeConfig config = {NULL, 0, video, 1, 0, FALSE};
  g_autoptr (GstMessage) m = NULL;
  g_autoptr (GError) error = NULL;
  Fixture f;

  start_with (&f,
      RAW " ! vp8enc deadline=1 ! rtpvp8pay ! capssetter replace=true "
          "caps=\"application/x-rtp,media=video,encoding-name=AV1,"
          "clock-rate=90000,payload=96\"",
      VIA_KIND_VIDEO, &config);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  m = wait_end (f.pipeline, 60);
  g_assert_cmpint (GST_MESSAGE_TYPE (m), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (m, &error, NULL);
  g_assert_nonnull (strstr (error->message, "cannot unpack AV1"));
  stop (&f);
}

static void
test_intake_h264_with_b_frames_is_transcoded (void)
{
  assert_chain (RAW " ! x264enc bframes=3 b-adapt=false ! "
                    "video/x-h264,stream-format=avc,profile=high",
      "transcode H264→VP8: B-frames", VIA_CODEC_VP8, 60);
  assert_chain (RAW " ! x264enc bframes=2 b-adapt=false ! "
                    "video/x-h264,stream-format=byte-stream,profile=main",
      "transcode H264→VP8: B-frames", VIA_CODEC_VP8, 60);
}

static void
test_intake_h264_444_is_transcoded (void)
{
  assert_chain ("videotestsrc num-buffers=20 ! video/x-raw,format=Y444,"
                "width=320,height=240,framerate=25/1 ! x264enc bframes=0",
      "transcode H264→VP8: chroma format", VIA_CODEC_VP8, 20);
}

static void
test_intake_other_codecs_are_transcoded (void)
{
  assert_chain (RAW " ! jpegenc", "transcode JPEG→VP8: codec not in the list",
      VIA_CODEC_VP8, 60);
  assert_chain (RAW_AUDIO " ! audioconvert ! vorbisenc",
      "transcode Vorbis→opus: codec not in the list", VIA_CODEC_OPUS, 50);
  assert_chain (RAW " ! x265enc tune=zerolatency speed-preset=ultrafast",
      "transcode H265→VP8: few browsers take it", VIA_CODEC_VP8, 60);
  assert_chain ("audiotestsrc num-buffers=50 samplesperbuffer=441 ! "
                "audio/x-raw,rate=44100,channels=1 ! mulawenc",
      "transcode PCMU→opus: not 8 kHz mono", VIA_CODEC_OPUS, 25);
}

static void
test_intake_late_b_slice_switches_at_a_key_frame (void)
{
  Fixture f;
  guint first = 0;

  start (&f, "concat name=c  "
             "videotestsrc num-buffers=60 ! "
             "video/x-raw,width=320,height=240,framerate=25/1 ! "
             "x264enc bframes=0 key-int-max=30 ! "
             "video/x-h264,stream-format=byte-stream,profile=main ! c.  "
             "videotestsrc num-buffers=60 ! "
             "video/x-raw,width=320,height=240,framerate=25/1 ! "
             "x264enc bframes=3 b-adapt=false key-int-max=30 ! "
             "video/x-h264,stream-format=byte-stream,profile=main ! c.  c.");
  play_to_end (&f);
  assert_described (&f, "transcode H264→VP8: B-frames");
  g_assert_cmpuint (f.track.n_codecs, ==, 2);
  g_assert_cmpuint (track_breaks (&f.track), ==, 0);
  /* RTP time goes on over the change: 120 frames are 4.76 s. */
  g_assert_cmpint (ABS (track_rtp_span (&f.track, 0, f.track.packets->len - 1)
                        - 4760 * VIA_MS),
      <=, 200 * VIA_MS);
  while (track_view (&f.track, first).timestamp
             - track_view (&f.track, 0).timestamp
         < 90 * 3500)
    first++;
  for (; !track_packet (&f.track, first)->is_key; first++)
    ;
  g_assert_cmpuint (
      track_decode (&f.track, first, f.track.packets->len).n_frames, >=, 25);
  stop (&f);
}

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
  play_to_end (&f);
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
  GstCaps *caps = via_intake_template_caps (VIA_KIND_VIDEO);
  GstCaps *any = via_intake_template_caps (VIA_KIND_UNKNOWN);

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
  ADD ("raw/video", test_intake_raw_video_is_encoded_as_vp8);
  ADD ("raw/audio", test_intake_raw_audio_is_encoded_as_opus);
  ADD ("raw/configured", test_intake_configured_codec_comes_first);
  ADD ("copy/video", test_intake_encoded_video_is_copied);
  ADD ("copy/audio", test_intake_encoded_audio_is_copied);
  ADD ("copy/rtp", test_intake_rtp_passes_straight);
  ADD ("copy/rtp-h265", test_intake_h265_rtp_passes_with_its_profile);
  ADD ("copy/rtp-av1", test_intake_av1_passes_as_rtp_only);
  ADD ("transcode/rtp-av1",
      test_intake_av1_rtp_cannot_be_transcoded_and_says_so);
  ADD ("transcode/b-frames", test_intake_h264_with_b_frames_is_transcoded);
  ADD ("transcode/444", test_intake_h264_444_is_transcoded);
  ADD ("transcode/other", test_intake_other_codecs_are_transcoded);
  ADD ("transcode/late-b", test_intake_late_b_slice_switches_at_a_key_frame);
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
