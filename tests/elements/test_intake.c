/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_intake.c – media in, packets out: which chain is chosen.
 */
#include "intake_fixture.h"

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

#define ADD(path, func) g_test_add_func ("/intake/" path, func)

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
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
  return g_test_run ();
}
