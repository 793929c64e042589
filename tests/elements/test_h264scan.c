/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_h264scan.c – parameter sets and slices of real files, whole and damaged.
 */
#include "media/h264scan.h"

#include <string.h>

/* High, no word on reordering: a phone's, and x264 with three B-frames. */
static const gchar phone[] =
    "0164001effe100262764001eac1316c0a03db016a0c020c800013880003d0907030005dc"
    "00017705ef7c1f08846e01000428ee1f2c";
static const gchar b_frames[] =
    "0164001fffe100186764001facd940c0126840000003004000000c83c60c658001000568"
    "ebecb22cfdf8f800";
/* Constrained baseline, start codes: SPS, PPS. */
static const gchar baseline[] =
    "000000016742c015d90141fb016a0c0c0d4a000003000200000300791e2c5c9000000001"
    "68cb8cb2";

static guint8 *
from_hex (const gchar *hex, gsize *len)
{
  guint8 *out = g_malloc (strlen (hex) / 2);

  for (*len = 0; hex[2 * *len] != '\0'; ++*len)
    out[*len] = g_ascii_xdigit_value (hex[2 * *len]) << 4
                | g_ascii_xdigit_value (hex[2 * *len + 1]);
  return out;
}

static ViaH264Verdict
judge (const gchar *hex)
{
  ViaH264Scan scan = {0};
  gsize len;
  g_autofree guint8 *data = from_hex (hex, &len);

  if (data[0] == 1)
    g_assert_true (via_h264_scan_config (&scan, data, len));
  else
    via_h264_scan_unit (&scan, data, len);
  g_assert_true (scan.has_sps);
  return via_h264_scan_verdict (&scan);
}

static void
test_scan_sps_rules_reordering_out_copies (void)
{
  g_assert_cmpint (judge (baseline), ==, VIA_H264_COPY);
  g_assert_cmpint (judge (phone), ==, VIA_H264_COPY);
}

static void
test_scan_sps_allows_reordering_is_unsure (void)
{
  g_assert_cmpint (judge (b_frames), ==, VIA_H264_UNSURE);
}

/* Slice headers: first_mb_in_slice 0 (1), slice_type ue(v). */
static void
test_scan_b_slice_is_seen (void)
{
  /* types: 5 P (00110) · 6 B (00111) · 1 B (010) · 7 I (0001000) */
  static const struct
  {
    guint8 nal[6];
    gboolean is_b;
  } rows[] = {
      {{0, 0, 1, 0x41, 0x9a, 0x80}, FALSE}, {{0, 0, 1, 0x01, 0x9e, 0x80}, TRUE},
      {{0, 0, 1, 0x01, 0xa8, 0x80}, TRUE}, {{0, 0, 1, 0x65, 0x88, 0x80}, FALSE},
      {{0, 0, 1, 0x06, 0x9e, 0x80}, FALSE}, /* SEI */
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaH264Scan scan = {0};
    gboolean slice = via_h264_scan_unit (&scan, rows[i].nal, 6);
    g_assert_cmpint (slice, ==, rows[i].nal[3] != 0x06);
    g_assert_cmpint (scan.b_seen, ==, rows[i].is_b);
  }
}

static void
test_scan_lengths_frame_units (void)
{
  static const guint8 two[] = {
      0, 0, 0, 3, 0x41, 0x9a, 0x80, 0, 0, 0, 3, 0x01, 0x9e, 0x80};
  ViaH264Scan scan = {.nal_len_size = 4};

  g_assert_true (via_h264_scan_unit (&scan, two, 7));
  g_assert_false (scan.b_seen);
  g_assert_true (via_h264_scan_unit (&scan, two, sizeof two));
  g_assert_true (scan.b_seen);
}

static void
test_scan_damaged_never_decides (void)
{
  static const gchar *const all[] = {phone, b_frames, baseline};

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    gsize len;
    g_autofree guint8 *whole = from_hex (all[i], &len);
    for (gsize cut = 0; cut < 16; cut++) {
      g_autofree guint8 *part = g_memdup2 (whole, cut);
      ViaH264Scan scan = {0};
      via_h264_scan_config (&scan, part, cut);
      via_h264_scan_unit (&scan, part, cut);
      g_assert_false (scan.has_sps);
      g_assert_cmpint (via_h264_scan_verdict (&scan), ==, VIA_H264_UNSURE);
    }
    for (gsize bit = 0; bit < 8 * len; bit++) {
      g_autofree guint8 *flipped = g_memdup2 (whole, len);
      ViaH264Scan scan = {0};
      flipped[bit / 8] ^= 1 << (bit % 8);
      via_h264_scan_config (&scan, flipped, len);
      via_h264_scan_unit (&scan, flipped, len);
      g_assert_cmpuint (scan.nal_len_size, <=, 4);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/h264scan/sps/copy", test_scan_sps_rules_reordering_out_copies);
  g_test_add_func (
      "/h264scan/sps/unsure", test_scan_sps_allows_reordering_is_unsure);
  g_test_add_func ("/h264scan/slice/b", test_scan_b_slice_is_seen);
  g_test_add_func ("/h264scan/slice/lengths", test_scan_lengths_frame_units);
  g_test_add_func ("/h264scan/damaged", test_scan_damaged_never_decides);
  return g_test_run ();
}
