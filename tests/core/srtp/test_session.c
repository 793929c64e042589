/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_session.c – SRTP and SRTCP against the RFCs.
 */
#include "pair.h"

/* ---- the RFCs ---------------------------------------------------------- */

static gsize
unhex (const gchar *hex, guint8 *out)
{
  gsize n = 0;

  for (; hex[0] != '\0'; hex += hex[0] == ' ' ? 1 : 2)
    if (hex[0] != ' ')
      out[n++] = (guint8) (g_ascii_xdigit_value (hex[0]) << 4
                           | g_ascii_xdigit_value (hex[1]));
  return n;
}

static void
assert_hex (const guint8 *data, gsize len, const gchar *hex)
{
  guint8 want[ROOM];
  gsize n = unhex (hex, want);

  g_assert_cmpmem (data, len, want, n);
}

/* RFC 3711 B.3. */
static void
test_reference_derives_the_keys_of_rfc_3711 (void)
{
  guint8 master[16], salt[14];
  ViaSrtpKeys unused = {.profile = VIA_SRTP_AES128_CM_SHA1_80};
  RefKeys keys;

  unhex ("E1F97A0D3E018BE0D64FA32C06DE4139", master);
  unhex ("0EC675AD498AFEEBB6960B3AABE6", salt);
  ref_keys (&keys, unused.profile, master, salt, FALSE);
  assert_hex (keys.key, 16, "C61E7A93744F39EE10734AFE3FF7A087");
  assert_hex (keys.salt, 14, "30CBBC08863D8C85D49DB34A9AE1");
  assert_hex (keys.auth, 20, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
}

static const gchar gcm_plain[] =
    "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 "
    "69736120 696e2070 61727465 73207472 6573";

/* RFC 7714 §16.1.1 and §16.2.1 give session keys, so they test the reference,
 * and the reference the session. */
static void
test_reference_seals_the_packets_of_rfc_7714 (void)
{
  static const struct
  {
    gsize key_len;
    const gchar *sealed;
  } cases[] = {
      {16, "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca "
           "be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 "
           "6a9152cf 765ee439 0cce"},
      {32, "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa "
           "b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff "
           "d6b0f9bb 7878d7a7 6c13"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    RefKeys keys = {.is_gcm = TRUE, .key_len = cases[i].key_len};
    guint8 data[ROOM];
    gsize len = unhex (gcm_plain, data);

    for (guint k = 0; k < 32; k++)
      keys.key[k] = (guint8) k;
    unhex ("517569642070726f2071756f", keys.salt);
    len = ref_protect (&keys, data, len, 0);
    assert_hex (data, len, cases[i].sealed);
  }
}

static void
test_protect_gives_the_packet_of_rfc_3711_keys (void)
{
  ViaSrtpKeys keys = {.profile = VIA_SRTP_AES128_CM_SHA1_80};
  g_autoptr (ViaSrtp) srtp = NULL;
  guint8 data[ROOM];
  gsize len = unhex ("800f1234decafbadcafebabe"
                     "abababababababababababababababab",
      data);

  unhex ("E1F97A0D3E018BE0D64FA32C06DE4139", keys.local_key);
  unhex ("0EC675AD498AFEEBB6960B3AABE6", keys.local_salt);
  srtp = via_srtp_new (&keys, NULL);
  g_assert_true (via_srtp_protect (srtp, data, &len, sizeof data));
  assert_hex (data, len,
      "800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402"
      "b78d6acc99ea179b8dbb");
}

static void
test_protect_agrees_with_the_reference (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    ViaSrtpKeys keys;
    RefKeys rtp, rtcp;

    pair_init (&pair, *p);
    make_keys (&keys, *p, FALSE);
    ref_keys (&rtp, *p, keys.local_key, keys.local_salt, FALSE);
    ref_keys (&rtcp, *p, keys.local_key, keys.local_salt, TRUE);
    for (guint i = 0; i < 400; i++) { /* over the wrap at 65536 */
      guint32 index = 32000 + i * 331;
      guint8 ours[ROOM], theirs[ROOM];
      gsize len = write_rtp (ours, SSRC, (guint16) index, i), want;

      memcpy (theirs, ours, len);
      want = ref_protect (&rtp, theirs, len, index >> 16);
      g_assert_true (via_srtp_protect (pair.a, ours, &len, ROOM));
      g_assert_cmpmem (ours, len, theirs, want);
      g_assert_cmpint (
          via_srtp_unprotect (pair.b, theirs, &want), ==, VIA_DROP_NONE);
      g_assert_cmpuint (want, ==, 12 + i);
    }
    for (guint i = 1; i < 50; i++) { /* libsrtp2's first SRTCP index is 1 */
      guint8 ours[ROOM], theirs[ROOM];
      gsize len = write_rtcp (ours, SSRC, i), want;

      memcpy (theirs, ours, len);
      want = ref_protect_rtcp (&rtcp, theirs, len, i);
      g_assert_true (via_srtp_protect_rtcp (pair.a, ours, &len, ROOM));
      g_assert_cmpmem (ours, len, theirs, want);
    }
  }
}

/* ---- there and back ---------------------------------------------------- */

static void
test_round_trip_gives_every_length_back (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;

    pair_init (&pair, *p);
    g_assert_cmpint (via_srtp_profile (pair.a), ==, *p);
    for (guint i = 0; i < 1488; i += 3) {
      guint8 data[ROOM], was[ROOM];
      gsize len = write_rtp (was, SSRC, (guint16) i, i), before = len;

      memcpy (data, was, len);
      g_assert_true (
          via_srtp_protect (pair.a, data, &len, len + VIA_SRTP_OVERHEAD));
      g_assert_cmpuint (len, >, before);
      g_assert_cmpint (
          via_srtp_unprotect (pair.b, data, &len), ==, VIA_DROP_NONE);
      g_assert_cmpmem (data, len, was, before);
    }
    for (guint i = 0; i < 200; i++) {
      guint8 data[ROOM], was[ROOM];
      gsize len = write_rtcp (was, SSRC, i), before = len;

      memcpy (data, was, len);
      g_assert_true (
          via_srtp_protect_rtcp (pair.a, data, &len, len + VIA_SRTP_OVERHEAD));
      g_assert_cmpint (
          via_srtp_unprotect_rtcp (pair.b, data, &len), ==, VIA_DROP_NONE);
      g_assert_cmpmem (data, len, was, before);
    }
  }
}

static void
test_round_trip_with_csrcs_and_extension_is_whole (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    guint8 was[64] = {0x92, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7}, data[ROOM];
    gsize len = sizeof was;

    was[20] = 0xbe; /* after two CSRCs: BE DE, two words */
    was[21] = 0xde;
    was[23] = 2;
    memcpy (data, was, len);
    pair_init (&pair, *p);
    g_assert_true (via_srtp_protect (pair.a, data, &len, ROOM));
    g_assert_cmpmem (data, 32, was, 32); /* headers stay in the clear */
    g_assert_cmpint (
        via_srtp_unprotect (pair.b, data, &len), ==, VIA_DROP_NONE);
    g_assert_cmpmem (data, len, was, sizeof was);
  }
}

static void
test_protect_without_room_is_refused (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    gsize tag = *p == VIA_SRTP_AES128_CM_SHA1_80 ? 10 : 16;
    guint8 data[4096];
    gsize len = write_rtp (data, SSRC, 1, 10);

    pair_init (&pair, *p);
    g_assert_false (via_srtp_protect (pair.a, data, &len, len + tag - 1));
    g_assert_false (via_srtp_protect (pair.a, data, &len, len - 1));
    g_assert_cmpuint (len, ==, 22);
    g_assert_true (via_srtp_protect (pair.a, data, &len, len + tag));
    len = write_rtcp (data, SSRC, 1);
    g_assert_false (via_srtp_protect_rtcp (pair.a, data, &len, len + tag + 3));
    g_assert_true (via_srtp_protect_rtcp (pair.a, data, &len, len + tag + 4));
    len = 11;
    g_assert_false (via_srtp_protect (pair.a, data, &len, sizeof data));
    len = 7;
    g_assert_false (via_srtp_protect_rtcp (pair.a, data, &len, sizeof data));
    len = write_rtp (data, SSRC, 2, 3000);
    g_assert_false (via_srtp_protect (pair.a, data, &len, sizeof data));
  }
}

static void
test_protect_same_packet_again_is_allowed (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet first, again;

    pair_init (&pair, *p);
    first = sealed (pair.a, SSRC, 100);
    for (guint16 seq = 101; seq < 200; seq++)
      sealed (pair.a, SSRC, seq);
    again = sealed (pair.a, SSRC, 100);
    g_assert_cmpmem (first.data, first.len, again.data, again.len);
    g_assert_cmpint (opened (pair.b, again), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened (pair.b, first), ==, VIA_DROP_REPLAY);
  }
}

/* ---- replay and rollover ----------------------------------------------- */

static void
test_replay_is_refused_and_old_within_1024_is_taken (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet old, older, rtcp;

    pair_init (&pair, *p);
    older = sealed (pair.a, SSRC, 975);
    old = sealed (pair.a, SSRC, 977);
    g_assert_cmpint (
        opened (pair.b, sealed (pair.a, SSRC, 2000)), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened (pair.b, old), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened (pair.b, old), ==, VIA_DROP_REPLAY);
    g_assert_cmpint (opened (pair.b, older), ==, VIA_DROP_REPLAY);
    rtcp = sealed_rtcp (pair.a, SSRC);
    g_assert_cmpint (opened_rtcp (pair.b, rtcp), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened_rtcp (pair.b, rtcp), ==, VIA_DROP_REPLAY);
    g_assert_cmpint (
        opened_rtcp (pair.b, sealed_rtcp (pair.a, SSRC)), ==, VIA_DROP_NONE);
  }
}

static void
test_wrap_of_the_sequence_number_is_followed (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet late;

    pair_init (&pair, *p);
    for (guint32 i = 65530; i < 65536; i++)
      if (i == 65534)
        late = sealed (pair.a, SSRC, (guint16) i);
      else if (i == 65535) /* lost, as is 0 */
        sealed (pair.a, SSRC, (guint16) i);
      else
        g_assert_cmpint (opened (pair.b, sealed (pair.a, SSRC, (guint16) i)),
            ==, VIA_DROP_NONE);
    sealed (pair.a, SSRC, 0);
    for (guint16 i = 1; i < 5; i++)
      g_assert_cmpint (
          opened (pair.b, sealed (pair.a, SSRC, i)), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened (pair.b, late), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened (pair.b, late), ==, VIA_DROP_REPLAY);
    g_assert_cmpint (
        opened (pair.b, sealed (pair.a, SSRC, 6)), ==, VIA_DROP_NONE);
  }
}

static void
test_wrap_1318_times_is_followed (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    guint64 index = 20000, step = 21845; /* three packets a round */

    pair_init (&pair, *p);
    for (; index >> 16 <= 1318; index += step)
      g_assert_cmpint (opened (pair.b, sealed (pair.a, SSRC, (guint16) index)),
          ==, VIA_DROP_NONE);
  }
}

static void
test_new_profile_we_do_not_do_is_refused (void)
{
  static const guint odd[] = {0, 2, 5, 6, 0xffff};

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++) {
    ViaSrtpKeys keys = {.profile = (ViaSrtpProfile) odd[i]};
    g_autoptr (GError) error = NULL;

    g_assert_null (via_srtp_new (&keys, &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define T(path, name) g_test_add_func ("/srtp/" path, test_##name)
  T ("reference/rfc3711", reference_derives_the_keys_of_rfc_3711);
  T ("reference/rfc7714", reference_seals_the_packets_of_rfc_7714);
  T ("protect/rfc3711", protect_gives_the_packet_of_rfc_3711_keys);
  T ("protect/reference", protect_agrees_with_the_reference);
  T ("round-trip/lengths", round_trip_gives_every_length_back);
  T ("round-trip/headers", round_trip_with_csrcs_and_extension_is_whole);
  T ("protect/room", protect_without_room_is_refused);
  T ("protect/again", protect_same_packet_again_is_allowed);
  T ("replay/window", replay_is_refused_and_old_within_1024_is_taken);
  T ("wrap/once", wrap_of_the_sequence_number_is_followed);
  T ("wrap/1318", wrap_1318_times_is_followed);
  T ("new/odd-profile", new_profile_we_do_not_do_is_refused);
#undef T
  return g_test_run ();
}
