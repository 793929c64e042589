/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_keyframe.c – key frames found in payloads; the request throttle.
 */
#include "rtp/keyframe.h"

typedef struct
{
  const gchar *what;
  gboolean starts;
  gsize len;
  guint8 payload[24];
} Case;

static void
check (ViaCodecId codec, const Case *cases, guint n)
{
  for (guint i = 0; i < n; i++) {
    const Case *c = &cases[i];
    g_autofree guint8 *data = g_memdup2 (c->payload, c->len);

    g_test_message ("%s: %s", via_codec_name (codec), c->what);
    g_assert_cmpint (via_keyframe_starts (codec, data, c->len), ==, c->starts);
  }
}

/* Every shorter form of a payload that needs all its bytes says no. */
static void
check_truncations (ViaCodecId codec, const guint8 *payload, gsize needed)
{
  for (gsize len = 0; len <= needed; len++) {
    g_autofree guint8 *data = g_memdup2 (payload, len);

    g_assert_cmpint (via_keyframe_starts (codec, data, len), ==, len == needed);
  }
}

static void
test_keyframe_vp8_descriptor_forms (void)
{
  /* 0x9d012a after a frame tag whose lowest bit is 0: a key frame. */
  static const Case cases[] = {
      {"plain, key", TRUE, 7, {0x10, 0x50, 0x42, 0x01, 0x9d, 0x01, 0x2a}},
      {"plain, inter frame", FALSE, 4, {0x10, 0x51, 0x42, 0x01}},
      {"not the start", FALSE, 4, {0x00, 0x50, 0x42, 0x01}},
      {"second partition", FALSE, 4, {0x11, 0x50, 0x42, 0x01}},
      {"non-reference, key", TRUE, 2, {0x30, 0x50}},
      {"7-bit picture id", TRUE, 4, {0x90, 0x80, 0x7f, 0x10}},
      {"15-bit picture id", TRUE, 5, {0x90, 0x80, 0x81, 0x01, 0x10}},
      {"15-bit id, inter", FALSE, 5, {0x90, 0x80, 0x81, 0x00, 0x11}},
      {"TL0PICIDX", TRUE, 4, {0x90, 0x40, 0x01, 0x10}},
      {"TID", TRUE, 4, {0x90, 0x20, 0x01, 0x10}},
      {"KEYIDX", TRUE, 4, {0x90, 0x10, 0x01, 0x10}},
      {"all of them", TRUE, 7, {0x90, 0xf0, 0x81, 1, 1, 1, 0x10}},
      {"all of them, inter", FALSE, 7, {0x90, 0xf0, 0x80, 0, 0, 0, 0x11}},
      {"X with nothing named", TRUE, 3, {0x90, 0x00, 0x10}},
      {"empty", FALSE, 0, {0}},
  };
  static const guint8 longest[] = {0x90, 0xf0, 0x81, 1, 1, 1, 0x10};

  check (VIA_CODEC_VP8, cases, G_N_ELEMENTS (cases));
  check_truncations (VIA_CODEC_VP8, longest, sizeof longest);
}

static void
test_keyframe_vp9_descriptor_forms (void)
{
  static const Case cases[] = {
      {"flexible, key", TRUE, 4, {0x98, 0x05, 0x82, 0x49}},
      {"non-flexible, 15-bit id", TRUE, 4, {0x88, 0x85, 0x01, 0x82}},
      {"no picture id", TRUE, 2, {0x08, 0x82}},
      {"predicted", FALSE, 3, {0xc8, 0x05, 0x82}},
      {"not the beginning", FALSE, 3, {0x80, 0x05, 0x82}},
      {"intra-only is not key", FALSE, 3, {0x88, 0x05, 0x86}},
      {"show existing frame", FALSE, 3, {0x88, 0x05, 0x88}},
      {"wrong frame marker", FALSE, 3, {0x88, 0x05, 0x42}},
      {"base spatial layer", TRUE, 5, {0xa8, 0x05, 0x00, 0x07, 0x82}},
      {"flexible layers, no TL0PICIDX", TRUE, 4, {0xb8, 0x05, 0x00, 0x82}},
      {"temporal layer 1, base", TRUE, 5, {0xa8, 0x05, 0x20, 0x07, 0x82}},
      {"spatial layer 1", FALSE, 5, {0xa8, 0x05, 0x02, 0x07, 0x82}},
      {"depends on lower layer", FALSE, 5, {0xa8, 0x05, 0x01, 0x07, 0x82}},
      {"profile 1", TRUE, 2, {0x08, 0xa0}},
      {"profile 2", TRUE, 2, {0x08, 0x90}},
      {"profile 3", TRUE, 2, {0x08, 0xb0}},
      {"profile 3, inter", FALSE, 2, {0x08, 0xb2}},
      {"structure: sizes and group", TRUE, 16,
          {0x8a, 0x05, 0x18, 0x02, 0x80, 0x01, 0x68, 0x03, /* N_S=0 Y G */
              0x00, 0x04, 0x01, 0x08, 0x01, 0x02, 0x82, 0x49}},
      {"structure: nothing", TRUE, 4, {0x8a, 0x05, 0x00, 0x82}},
      {"structure: 8 layers that are not there", FALSE, 4,
          {0x8a, 0x05, 0xf0, 0x82}},
      {"structure: 255 pictures that are not there", FALSE, 5,
          {0x8a, 0x05, 0x08, 0xff, 0x0c}},
      {"empty", FALSE, 0, {0}},
  };
  static const guint8 longest[] = {0xaa, 0x85, 0x05, 0x00, 0x07, 0x18, 0x02,
      0x80, 0x01, 0x68, 0x01, 0x04, 0x01, 0x82};

  check (VIA_CODEC_VP9, cases, G_N_ELEMENTS (cases));
  check_truncations (VIA_CODEC_VP9, longest, sizeof longest);
}

static void
test_keyframe_h264_single_nal_units (void)
{
  static const Case cases[] = {
      {"IDR, first slice", TRUE, 2, {0x65, 0x88}},
      {"IDR, later slice", FALSE, 2, {0x65, 0x40}},
      {"SPS", TRUE, 4, {0x67, 0x42, 0xc0, 0x1f}},
      {"PPS", FALSE, 2, {0x68, 0xce}},
      {"slice", FALSE, 2, {0x41, 0x9a}},
      {"AUD", FALSE, 2, {0x09, 0xf0}},
      {"forbidden bit", FALSE, 2, {0xe5, 0x88}},
      {"IDR without a slice header", FALSE, 1, {0x65}},
      {"SPS without a body", FALSE, 1, {0x67}},
      {"STAP-B, MTAP16, MTAP24, FU-B", FALSE, 4, {0x79, 0x67, 0x67, 0x67}},
      {"empty", FALSE, 0, {0}},
  };

  check (VIA_CODEC_H264, cases, G_N_ELEMENTS (cases));
}

static void
test_keyframe_h264_stap_a_looks_inside (void)
{
  static const Case cases[] = {
      {"SPS, PPS", TRUE, 9, {0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xce}},
      {"AUD, SPS", TRUE, 9, {0x18, 0, 2, 0x09, 0xf0, 0, 2, 0x67, 0x42}},
      {"PPS, IDR", TRUE, 9, {0x78, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88}},
      {"PPS, slice", FALSE, 9, {0x78, 0, 2, 0x68, 0xce, 0, 2, 0x41, 0x9a}},
      {"size past the end", FALSE, 5, {0x78, 0, 3, 0x67, 0x42}},
      {"size 65535", FALSE, 5, {0x78, 0xff, 0xff, 0x67, 0x42}},
      {"size 0", FALSE, 7, {0x78, 0, 0, 0, 2, 0x67, 0x42}},
      {"SPS of one byte, then IDR", TRUE, 8,
          {0x78, 0, 1, 0x67, 0, 2, 0x65, 0x88}},
      {"nothing", FALSE, 1, {0x78}},
      {"half a size", FALSE, 2, {0x78, 0}},
  };
  static const guint8 late[] = {0x78, 0, 2, 0x68, 0xce, 0, 2, 0x65, 0x88};

  check (VIA_CODEC_H264, cases, G_N_ELEMENTS (cases));
  check_truncations (VIA_CODEC_H264, late, sizeof late);
}

static void
test_keyframe_h264_fu_a_only_its_start (void)
{
  static const Case cases[] = {
      {"IDR start", TRUE, 3, {0x7c, 0x85, 0x88}},
      {"IDR middle", FALSE, 3, {0x7c, 0x05, 0x88}},
      {"IDR end", FALSE, 3, {0x7c, 0x45, 0x88}},
      {"later IDR slice, start", FALSE, 3, {0x7c, 0x85, 0x20}},
      {"SPS start", TRUE, 3, {0x7c, 0x87, 0x42}},
      {"slice start", FALSE, 3, {0x5c, 0x81, 0x9a}},
      {"STAP-A inside", FALSE, 6, {0x7c, 0x98, 0, 2, 0x67, 0x42}},
  };
  static const guint8 start[] = {0x7c, 0x85, 0x88};

  check (VIA_CODEC_H264, cases, G_N_ELEMENTS (cases));
  check_truncations (VIA_CODEC_H264, start, sizeof start);
}

/* Type 19 (IDR_W_RADL) is 0x26 0x01; first_slice_segment_in_pic_flag 0x80. */
static void
test_keyframe_h265_units_and_packets (void)
{
  static const Case cases[] = {
      {"IDR_W_RADL", TRUE, 3, {0x26, 0x01, 0xaf}},
      {"BLA_W_LP, the lowest", TRUE, 3, {0x20, 0x01, 0x80}},
      {"CRA, the highest", TRUE, 3, {0x2a, 0x01, 0x80}},
      {"RASL_R below", FALSE, 3, {0x12, 0x01, 0x80}},
      {"reserved 22", FALSE, 3, {0x2c, 0x01, 0x80}},
      {"later IDR slice", FALSE, 3, {0x26, 0x01, 0x2f}},
      {"TRAIL_R", FALSE, 3, {0x02, 0x01, 0xd0}},
      {"VPS", TRUE, 3, {0x40, 0x01, 0x0c}},
      {"SPS", TRUE, 3, {0x42, 0x01, 0x01}},
      {"PPS", FALSE, 3, {0x44, 0x01, 0xc1}},
      {"forbidden bit", FALSE, 3, {0xa6, 0x01, 0xaf}},
      {"header alone", FALSE, 2, {0x26, 0x01}},
      {"empty", FALSE, 0, {0}},
      {"AP of PPS and IDR", TRUE, 12,
          {0x60, 0x01, 0, 3, 0x44, 0x01, 0xc1, 0, 3, 0x26, 0x01, 0xaf}},
      {"AP of slices", FALSE, 12,
          {0x60, 0x01, 0, 3, 0x02, 0x01, 0xd0, 0, 3, 0x02, 0x01, 0x50}},
      {"AP cut short", FALSE, 6, {0x60, 0x01, 0, 3, 0x26, 0x01}},
      {"AP of an empty unit", FALSE, 9,
          {0x60, 0x01, 0, 0, 0, 3, 0x26, 0x01, 0xaf}},
      {"FU, IDR start", TRUE, 4, {0x62, 0x01, 0x93, 0xaf}},
      {"FU, IDR middle", FALSE, 4, {0x62, 0x01, 0x13, 0xaf}},
      {"FU, IDR end", FALSE, 4, {0x62, 0x01, 0x53, 0xaf}},
      {"FU, later IDR slice", FALSE, 4, {0x62, 0x01, 0x93, 0x2f}},
      {"FU, TRAIL_R start", FALSE, 4, {0x62, 0x01, 0x81, 0xd0}},
  };
  static const guint8 fu[] = {0x62, 0x01, 0x93, 0xaf};

  check (VIA_CODEC_H265, cases, G_N_ELEMENTS (cases));
  check_truncations (VIA_CODEC_H265, fu, sizeof fu);
}

static void
test_keyframe_av1_new_sequence_bit (void)
{
  static const Case cases[] = {
      {"new sequence", TRUE, 3, {0x18, 0x0a, 0x0b}},
      {"new sequence, goes on", TRUE, 3, {0x58, 0x0a, 0x0b}},
      {"no new sequence", FALSE, 3, {0x10, 0x32, 0x0b}},
      {"continued, N set", FALSE, 3, {0x98, 0x0a, 0x0b}},
      {"header alone", FALSE, 1, {0x18}},
      {"empty", FALSE, 0, {0}},
  };

  check (VIA_CODEC_AV1, cases, G_N_ELEMENTS (cases));
}

static void
test_keyframe_audio_and_unknown_always (void)
{
  static const guint8 byte = 0;

  g_assert_true (via_keyframe_starts (VIA_CODEC_OPUS, &byte, 1));
  g_assert_true (via_keyframe_starts (VIA_CODEC_PCMU, &byte, 1));
  g_assert_true (via_keyframe_starts (VIA_CODEC_PCMA, NULL, 0));
  g_assert_true (via_keyframe_starts (VIA_CODEC_UNKNOWN, &byte, 1));
}

static void
test_throttle_first_ask_passes_at_any_time (void)
{
  ViaKeyframeThrottle a = {0}, b = {0};

  g_assert_cmpint (via_keyframe_throttle_deadline (&a), ==, VIA_TIME_NEVER);
  g_assert_false (via_keyframe_throttle_expire (&a, 10 * VIA_S));
  g_assert_false (via_keyframe_throttle_expire (&a, VIA_TIME_NEVER));
  g_assert_true (via_keyframe_throttle_ask (&a, 0));
  g_assert_true (via_keyframe_throttle_ask (&b, -7 * VIA_S));
}

static void
test_throttle_early_ask_kept_until_interval_ends (void)
{
  ViaKeyframeThrottle t = {0};

  g_assert_true (via_keyframe_throttle_ask (&t, 1000 * VIA_MS));
  g_assert_false (via_keyframe_throttle_ask (&t, 1001 * VIA_MS));
  g_assert_false (via_keyframe_throttle_ask (&t, 1499 * VIA_MS));
  g_assert_cmpint (via_keyframe_throttle_deadline (&t), ==, 1500 * VIA_MS);
  g_assert_false (via_keyframe_throttle_expire (&t, 1500 * VIA_MS - 1));
  g_assert_true (via_keyframe_throttle_expire (&t, 1500 * VIA_MS));
  g_assert_cmpint (via_keyframe_throttle_deadline (&t), ==, VIA_TIME_NEVER);
  g_assert_false (via_keyframe_throttle_expire (&t, 1600 * VIA_MS));
  /* The kept one counts: the interval starts anew. */
  g_assert_false (via_keyframe_throttle_ask (&t, 1700 * VIA_MS));
  g_assert_cmpint (via_keyframe_throttle_deadline (&t), ==, 2000 * VIA_MS);
}

static void
test_throttle_ask_after_interval_takes_kept_one_along (void)
{
  ViaKeyframeThrottle t = {0};

  g_assert_true (via_keyframe_throttle_ask (&t, 0));
  g_assert_false (via_keyframe_throttle_ask (&t, 1));
  g_assert_true (via_keyframe_throttle_ask (&t, VIA_KEYFRAME_INTERVAL));
  g_assert_cmpint (via_keyframe_throttle_deadline (&t), ==, VIA_TIME_NEVER);
}

static void
test_throttle_storm_passes_two_per_second (void)
{
  ViaKeyframeThrottle t = {0};
  guint n = 0;

  /* 50 viewers, each asking every 10 ms for 10 s, on a 1 ms loop. */
  for (ViaTime now = 0; now < 10 * VIA_S; now += VIA_MS) {
    if (now >= via_keyframe_throttle_deadline (&t))
      n += via_keyframe_throttle_expire (&t, now);
    for (guint viewer = 0; viewer < 50; viewer++) {
      if ((now / VIA_MS + viewer) % 10 == 0)
        n += via_keyframe_throttle_ask (&t, now);
    }
  }
  g_assert_cmpuint (n, ==, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/keyframe/vp8", test_keyframe_vp8_descriptor_forms);
  g_test_add_func ("/keyframe/vp9", test_keyframe_vp9_descriptor_forms);
  g_test_add_func (
      "/keyframe/h264/single", test_keyframe_h264_single_nal_units);
  g_test_add_func (
      "/keyframe/h264/stap-a", test_keyframe_h264_stap_a_looks_inside);
  g_test_add_func (
      "/keyframe/h264/fu-a", test_keyframe_h264_fu_a_only_its_start);
  g_test_add_func ("/keyframe/h265", test_keyframe_h265_units_and_packets);
  g_test_add_func ("/keyframe/av1", test_keyframe_av1_new_sequence_bit);
  g_test_add_func ("/keyframe/others", test_keyframe_audio_and_unknown_always);
  g_test_add_func (
      "/throttle/first", test_throttle_first_ask_passes_at_any_time);
  g_test_add_func (
      "/throttle/early", test_throttle_early_ask_kept_until_interval_ends);
  g_test_add_func (
      "/throttle/late", test_throttle_ask_after_interval_takes_kept_one_along);
  g_test_add_func (
      "/throttle/storm", test_throttle_storm_passes_two_per_second);
  return g_test_run ();
}
