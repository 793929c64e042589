/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_codec.c – fmtp lines, and which of them are one stream.
 */
#include "sdp/codec.h"

static void
test_fmtp_get_finds_keys_in_any_form (void)
{
  static const gchar *const rows[][3] = {
      {"apt=96", "apt", "96"},
      {"a=1;b=2;c=3", "c", "3"},
      {"a=1; b = 2 ;c=3", "a", "1"},
      {" A=1;b=2", "a", "1"},
      {"a=1;b=", "b", ""},
      {"a=x=y;b=2", "a", "x=y"},
      {"ab=1;a=2", "a", "2"},
      {"0-15", "0-15", NULL},
      {"a=1", "b", NULL},
      {";;;a=1;;", "a", "1"},
      {"", "a", NULL},
      {NULL, "a", NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *value = via_fmtp_get (rows[i][0], rows[i][1]);

    g_assert_cmpstr (value, ==, rows[i][2]);
  }
}

/* RFC 6184 table 5. */
static void
test_h264_profile_of_each_level_id (void)
{
  static const struct
  {
    const gchar *id;
    ViaH264Profile profile;
  } rows[] = {
      {"42e01f", VIA_H264_CONSTRAINED_BASELINE},
      {"42C01E", VIA_H264_CONSTRAINED_BASELINE},
      {"42400a", VIA_H264_CONSTRAINED_BASELINE},
      {"42f00b", VIA_H264_CONSTRAINED_BASELINE},
      {"4d801f", VIA_H264_CONSTRAINED_BASELINE},
      {"4de01f", VIA_H264_CONSTRAINED_BASELINE},
      {"58c01f", VIA_H264_CONSTRAINED_BASELINE},
      {"42001f", VIA_H264_BASELINE},
      {"42801f", VIA_H264_BASELINE},
      {"58801f", VIA_H264_BASELINE},
      {"4d001f", VIA_H264_MAIN},
      {"4d401f", VIA_H264_MAIN},
      {"640c1f", VIA_H264_CONSTRAINED_HIGH},
      {"64001f", VIA_H264_HIGH},
      {"f4001f", VIA_H264_OTHER},
      {"6e001f", VIA_H264_OTHER},
      {"58001f", VIA_H264_OTHER},
      {"42e01", VIA_H264_OTHER},
      {"42e01f0", VIA_H264_OTHER},
      {"42e01g", VIA_H264_OTHER},
      {"", VIA_H264_OTHER},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *fmtp =
        g_strdup_printf ("profile-level-id=%s", rows[i].id);

    g_test_message ("row %u", i);
    g_assert_cmpint (via_codec_h264_profile (fmtp), ==, rows[i].profile);
  }
  g_assert_cmpint (
      via_codec_h264_profile (NULL), ==, VIA_H264_CONSTRAINED_BASELINE);
}

static void
test_fmtp_match_by_profile_and_mode (void)
{
  static const struct
  {
    ViaCodecId id;
    const gchar *a, *b;
    gboolean match;
  } rows[] = {
      {VIA_CODEC_H264, "packetization-mode=1;profile-level-id=42e01f",
          "profile-level-id=42c01e;packetization-mode=1", TRUE},
      {VIA_CODEC_H264, "packetization-mode=1;profile-level-id=42e01f",
          "packetization-mode=1;profile-level-id=42001f", FALSE},
      {VIA_CODEC_H264, "packetization-mode=1;profile-level-id=42e01f",
          "packetization-mode=0;profile-level-id=42e01f", FALSE},
      {VIA_CODEC_H264, "packetization-mode=0;profile-level-id=42e01f",
          "profile-level-id=42e01f", TRUE},
      {VIA_CODEC_H264, "packetization-mode=7", "packetization-mode=7", FALSE},
      {VIA_CODEC_H264, "profile-level-id=f4001f", "profile-level-id=f4001f",
          FALSE},
      {VIA_CODEC_H264, NULL, NULL, TRUE},
      {VIA_CODEC_VP9, NULL, "profile-id=0", TRUE},
      {VIA_CODEC_VP9, "profile-id=2", "profile-id=0", FALSE},
      {VIA_CODEC_VP9, "profile-id=2", "profile-id=2", TRUE},
      {VIA_CODEC_VP9, "profile-id=x", "profile-id=x", FALSE},
      {VIA_CODEC_VP8, "max-fs=12288", NULL, TRUE},
      {VIA_CODEC_H265, NULL, "profile-id=1;tier-flag=0;tx-mode=SRST", TRUE},
      {VIA_CODEC_H265, "level-id=93", "level-id=180", TRUE},
      {VIA_CODEC_H265, "profile-id=1", "profile-id=2", FALSE},
      {VIA_CODEC_H265, "tier-flag=1", "tier-flag=0", FALSE},
      {VIA_CODEC_H265, "profile-space=1", NULL, FALSE},
      {VIA_CODEC_H265, "tx-mode=MRMT", "tx-mode=MRMT", FALSE},
      {VIA_CODEC_H265, "profile-id=32", "profile-id=32", FALSE},
      {VIA_CODEC_H265, "level-id=256", "level-id=256", FALSE},
      {VIA_CODEC_H265, "sprop-max-don-diff=1", "profile-id=1", FALSE},
      {VIA_CODEC_AV1, NULL, "level-idx=5;profile=0;tier=0", TRUE},
      {VIA_CODEC_AV1, "level-idx=5", "level-idx=19", TRUE},
      {VIA_CODEC_AV1, "profile=1", "profile=0", FALSE},
      {VIA_CODEC_AV1, "tier=1", "tier=0", FALSE},
      {VIA_CODEC_AV1, "profile=-1", "profile=-1", FALSE},
      {VIA_CODEC_G722, NULL, "x=1", TRUE},
      {VIA_CODEC_OPUS, "stereo=1", "minptime=10", TRUE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_test_message ("row %u", i);
    g_assert_cmpint (via_codec_fmtp_match (rows[i].id, rows[i].a, rows[i].b),
        ==, rows[i].match);
    g_assert_cmpint (via_codec_fmtp_match (rows[i].id, rows[i].b, rows[i].a),
        ==, rows[i].match);
  }
}

static void
test_default_fmtp_matches_itself (void)
{
  for (guint id = 0; id < VIA_N_CODECS; id++) {
    const gchar *fmtp = via_codec_default_fmtp ((ViaCodecId) id);

    g_assert_true (via_codec_fmtp_match ((ViaCodecId) id, fmtp, fmtp));
  }
  g_assert_cmpstr (via_codec_default_fmtp (VIA_CODEC_H264), ==,
      "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f");
  g_assert_null (via_codec_default_fmtp (VIA_CODEC_VP8));
  g_assert_null (via_codec_default_fmtp (VIA_CODEC_UNKNOWN));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/codec/fmtp-get", test_fmtp_get_finds_keys_in_any_form);
  g_test_add_func (
      "/sdp/codec/h264-profile", test_h264_profile_of_each_level_id);
  g_test_add_func (
      "/sdp/codec/fmtp-match", test_fmtp_match_by_profile_and_mode);
  g_test_add_func ("/sdp/codec/default-fmtp", test_default_fmtp_matches_itself);
  return g_test_run ();
}
