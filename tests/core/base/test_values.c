/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_values.c – the tables: kinds, drops, codecs, extensions, profiles.
 */
#include "base/codec.h"
#include "base/drop.h"
#include "base/error.h"
#include "base/extmap.h"
#include "base/kind.h"
#include "base/srtpkeys.h"

#include <string.h>

static void
test_kind_name_each_distinct (void)
{
  g_assert_cmpstr (via_kind_name (VIA_KIND_AUDIO), ==, "audio");
  g_assert_cmpstr (via_kind_name (VIA_KIND_VIDEO), ==, "video");
  g_assert_cmpstr (via_kind_name (VIA_KIND_DATA), ==, "data");
  g_assert_cmpstr (via_kind_name (VIA_KIND_UNKNOWN), ==, "unknown");
}

static void
test_error_domain_named (void)
{
  g_assert_cmpstr (g_quark_to_string (VIA_ERROR), ==, "via-error-quark");
}

static void
test_drop_name_all_distinct_words (void)
{
  for (guint i = 0; i < VIA_N_DROPS; i++) {
    const gchar *name = via_drop_name ((ViaDrop) i);

    g_assert_nonnull (name);
    g_assert_cmpuint (
        strspn (name, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen (name));
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (name, !=, via_drop_name ((ViaDrop) j));
  }
  g_assert_cmpstr (
      via_drop_name (VIA_DROP_NOT_NEGOTIATED), ==, "not-negotiated");
}

static void
test_drop_count_none_not_counted (void)
{
  ViaDropCounters counters = {0};

  via_drop_count (&counters, VIA_DROP_NONE);
  via_drop_count (&counters, VIA_DROP_AUTH);
  via_drop_count (&counters, VIA_DROP_AUTH);
  g_assert_cmpuint (counters.count[VIA_DROP_NONE], ==, 0);
  g_assert_cmpuint (counters.count[VIA_DROP_AUTH], ==, 2);
}

static void
test_codec_table_matches_registrations (void)
{
  for (guint i = 0; i < VIA_N_CODECS; i++) {
    ViaCodecId id = (ViaCodecId) i;

    g_assert_cmpint (via_codec_from_name (via_codec_name (id)), ==, id);
    g_assert_cmpint (via_codec_kind (id) == VIA_KIND_VIDEO, ==,
        via_codec_channels (id) == 0);
  }
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_H264), ==, 90000);
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_OPUS), ==, 48000);
  g_assert_cmpuint (via_codec_channels (VIA_CODEC_OPUS), ==, 2);
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_PCMA), ==, 8000);
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_G722), ==, 8000);
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_EVENT), ==, 0);
}

static void
test_codec_from_name_case_blind (void)
{
  g_assert_cmpint (via_codec_from_name ("OPUS"), ==, VIA_CODEC_OPUS);
  g_assert_cmpint (via_codec_from_name ("vp8"), ==, VIA_CODEC_VP8);
  g_assert_cmpint (via_codec_from_name ("VP80"), ==, VIA_CODEC_UNKNOWN);
  g_assert_cmpint (via_codec_from_name (""), ==, VIA_CODEC_UNKNOWN);
  g_assert_cmpint (via_codec_from_name (NULL), ==, VIA_CODEC_UNKNOWN);
}

static void
test_codec_unknown_has_no_rate (void)
{
  g_assert_cmpuint (via_codec_clock_rate (VIA_CODEC_UNKNOWN), ==, 0);
  g_assert_cmpint (via_codec_kind (VIA_CODEC_UNKNOWN), ==, VIA_KIND_UNKNOWN);
  g_assert_nonnull (via_codec_name (VIA_CODEC_UNKNOWN));
}

static void
test_codec_copy_owns_its_fmtp (void)
{
  g_auto (ViaCodec) src = {VIA_CODEC_H264, 90000, 0, g_strdup ("a=1")};
  g_auto (ViaCodec) copy = {0};

  via_codec_copy (&copy, &src);
  via_codec_copy (&copy, &copy);
  via_codec_clear (&src);
  g_assert_cmpint (src.id, ==, VIA_CODEC_UNKNOWN);
  g_assert_null (src.fmtp);
  g_assert_cmpint (copy.id, ==, VIA_CODEC_H264);
  g_assert_cmpuint (copy.clock_rate, ==, 90000);
  g_assert_cmpstr (copy.fmtp, ==, "a=1");
}

static void
test_ext_uri_each_maps_back (void)
{
  for (guint i = 0; i < VIA_N_EXTS; i++)
    g_assert_cmpint (via_ext_from_uri (via_ext_uri ((ViaExt) i)), ==, i);
  g_assert_cmpint (via_ext_from_uri ("urn:ietf:params:rtp-hdrext:sdes:mid"), ==,
      VIA_EXT_MID);
  g_assert_cmpint (via_ext_from_uri ("urn:ietf:params:rtp-hdrext:sdes:MID"), ==,
      VIA_EXT_UNKNOWN);
  g_assert_cmpint (via_ext_from_uri (""), ==, VIA_EXT_UNKNOWN);
  g_assert_cmpint (via_ext_from_uri (NULL), ==, VIA_EXT_UNKNOWN);
}

static void
test_srtp_profiles_lengths_per_rfc (void)
{
  static const struct
  {
    ViaSrtpProfile profile;
    const gchar *name;
    gsize key, salt;
  } expected[] = {
      {VIA_SRTP_AES128_CM_SHA1_80, "AES_CM_128_HMAC_SHA1_80", 16, 14},
      {VIA_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM", 16, 12},
      {VIA_SRTP_AEAD_AES_256_GCM, "AEAD_AES_256_GCM", 32, 12},
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    ViaSrtpProfile profile = expected[i].profile;

    g_assert_cmpstr (via_srtp_profile_name (profile), ==, expected[i].name);
    g_assert_cmpint (
        via_srtp_profile_from_name (expected[i].name), ==, profile);
    g_assert_cmpuint (via_srtp_key_len (profile), ==, expected[i].key);
    g_assert_cmpuint (via_srtp_salt_len (profile), ==, expected[i].salt);
  }
}

static void
test_srtp_profile_unknown_is_nothing (void)
{
  const ViaSrtpProfile sha1_32 = (ViaSrtpProfile) 2;

  g_assert_null (via_srtp_profile_name (sha1_32));
  g_assert_null (via_srtp_profile_name (VIA_SRTP_NONE));
  g_assert_cmpuint (via_srtp_key_len (sha1_32), ==, 0);
  g_assert_cmpuint (via_srtp_salt_len (VIA_SRTP_NONE), ==, 0);
  g_assert_cmpint (via_srtp_profile_from_name ("NULL"), ==, VIA_SRTP_NONE);
  g_assert_cmpint (via_srtp_profile_from_name (NULL), ==, VIA_SRTP_NONE);
}

static void
test_srtp_keys_wipe_leaves_zeros (void)
{
  static const ViaSrtpKeys zeros;
  ViaSrtpKeys keys;

  memset (&keys, 0xa5, sizeof keys);
  via_srtp_keys_wipe (&keys);
  g_assert_cmpmem (&keys, sizeof keys, &zeros, sizeof zeros);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/values/kind", test_kind_name_each_distinct);
  g_test_add_func ("/values/error", test_error_domain_named);
  g_test_add_func ("/values/drop/name", test_drop_name_all_distinct_words);
  g_test_add_func ("/values/drop/count", test_drop_count_none_not_counted);
  g_test_add_func (
      "/values/codec/table", test_codec_table_matches_registrations);
  g_test_add_func ("/values/codec/name", test_codec_from_name_case_blind);
  g_test_add_func ("/values/codec/unknown", test_codec_unknown_has_no_rate);
  g_test_add_func ("/values/codec/copy", test_codec_copy_owns_its_fmtp);
  g_test_add_func ("/values/extmap", test_ext_uri_each_maps_back);
  g_test_add_func ("/values/srtp/lengths", test_srtp_profiles_lengths_per_rfc);
  g_test_add_func (
      "/values/srtp/unknown", test_srtp_profile_unknown_is_nothing);
  g_test_add_func ("/values/srtp/wipe", test_srtp_keys_wipe_leaves_zeros);
  return g_test_run ();
}
