/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_attack.c – SRTP and SRTCP forged, torn, replayed and by the thousand.
 */
#include "pair.h"

static void
test_forged_packet_leaves_the_state_usable (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet next, next_rtcp;

    pair_init (&pair, *p);
    g_assert_cmpint (
        opened (pair.b, sealed (pair.a, SSRC, 65000)), ==, VIA_DROP_NONE);
    next = sealed (pair.a, SSRC, 65001);
    next_rtcp = sealed_rtcp (pair.a, SSRC);
    for (gsize i = 0; i < next.len; i++) {
      Packet forged = next;

      forged.data[i] ^= 1; /* byte 0 gets a CSRC, which is there */
      g_assert_cmpint (opened (pair.b, forged), !=, VIA_DROP_NONE);
    }
    for (guint16 seq = 0; seq < 40000; seq += 7) { /* would move the ROC */
      Packet forged = next;

      forged.data[2] = (guint8) (seq >> 8);
      forged.data[3] = (guint8) seq;
      g_assert_cmpint (opened (pair.b, forged), !=, VIA_DROP_NONE);
    }
    for (gsize i = 1; i < next_rtcp.len; i++) {
      Packet forged = next_rtcp;

      forged.data[i] ^= 1;
      g_assert_cmpint (opened_rtcp (pair.b, forged), !=, VIA_DROP_NONE);
    }
    g_assert_cmpint (opened (pair.b, next), ==, VIA_DROP_NONE);
    g_assert_cmpint (opened_rtcp (pair.b, next_rtcp), ==, VIA_DROP_NONE);
    g_assert_cmpuint (via_srtp_n_ssrcs (pair.b), ==, 1);
  }
}

static void
test_plain_packets_are_refused (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet rtp, rtcp;

    pair_init (&pair, *p);
    rtp.len = write_rtp (rtp.data, SSRC, 1, 100);
    rtcp.len = write_rtcp (rtcp.data, SSRC, 10);
    g_assert_cmpint (opened (pair.b, rtp), ==, VIA_DROP_AUTH);
    g_assert_cmpint (opened_rtcp (pair.b, rtcp), ==, VIA_DROP_AUTH);
  }
}

/* Authenticated, but sent in the clear: E=0. */
static void
test_rtcp_in_the_clear_is_refused_even_with_a_good_tag (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    ViaSrtpKeys keys;
    RefKeys ref;
    Packet rtcp;
    guint8 *end;

    pair_init (&pair, *p);
    make_keys (&keys, *p, FALSE);
    ref_keys (&ref, *p, keys.local_key, keys.local_salt, TRUE);
    rtcp.len = write_rtcp (rtcp.data, SSRC, 3);
    end = rtcp.data + rtcp.len;
    memset (end, 0, 20);
    if (ref.is_gcm) { /* RFC 7714 §9.3: all of it is associated data */
      guint8 iv[12] = {0};

      memcpy (iv, ref.salt, 12);
      ref_put_u32 (iv + 2, SSRC);
      iv[11] ^= 9;
      end[3] = 9;
      ref_gcm (
          ref.key, ref.key_len, iv, rtcp.data, rtcp.len + 4, NULL, 0, end + 4);
      memmove (end, end + 4, 16);
      memset (end + 16, 0, 3);
      end[19] = 9;
      rtcp.len += 20;
    } else {
      end[3] = 9;
      ref_hmac (&ref, rtcp.data, rtcp.len + 4, end + 4);
      rtcp.len += 14;
    }
    g_assert_cmpint (opened_rtcp (pair.b, rtcp), ==, VIA_DROP_AUTH);
    g_assert_cmpint (
        opened_rtcp (pair.b, sealed_rtcp (pair.a, SSRC)), ==, VIA_DROP_NONE);
  }
}

static void
test_torn_packets_are_refused_within_their_bytes (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    Packet rtp, rtcp;

    pair_init (&pair, *p);
    rtp = sealed (pair.a, SSRC, 1);
    rtcp = sealed_rtcp (pair.a, SSRC);
    for (gsize n = 0; n < rtp.len; n++) {
      g_autofree guint8 *data = g_memdup2 (rtp.data, n);
      gsize len = n;

      g_assert_cmpint (
          via_srtp_unprotect (pair.b, data, &len), !=, VIA_DROP_NONE);
    }
    for (gsize n = 0; n < rtcp.len; n++) {
      g_autofree guint8 *data = g_memdup2 (rtcp.data, n);
      gsize len = n;

      g_assert_cmpint (
          via_srtp_unprotect_rtcp (pair.b, data, &len), !=, VIA_DROP_NONE);
    }
  }
}

static void
test_lying_headers_are_malformed (void)
{
  FOR_EACH_PROFILE (p)
  {
    static const struct
    {
      guint8 first, x_high, x_low;
    } cases[] = {
        {0x8f, 0, 0},               /* 15 CSRCs in 28 bytes */
        {0x90, 0xff, 0xff},         /* extension of 256 KiB */
        {0x90, 0, 1},               /* extension over the tag */
        {0x9f, 0, 0}, {0x40, 0, 0}, /* version 1 */
        {0xc0, 0, 0},               /* version 3 */
    };
    g_auto (Pair) pair;

    pair_init (&pair, *p);
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
      gsize len = *p == VIA_SRTP_AES128_CM_SHA1_80 ? 26 : 32;
      g_autofree guint8 *data = g_malloc0 (len);

      data[0] = cases[i].first;
      data[14] = cases[i].x_high;
      data[15] = cases[i].x_low;
      g_assert_cmpint (
          via_srtp_unprotect (pair.b, data, &len), ==, VIA_DROP_MALFORMED);
    }
  }
}

/* Bytes the process holds, as the sanitizer's allocator counts them. */
extern gsize __sanitizer_get_current_allocated_bytes (void)
    __attribute__ ((weak));

static gssize
held (void)
{
  if (__sanitizer_get_current_allocated_bytes == NULL)
    return 0;
  return (gssize) __sanitizer_get_current_allocated_bytes ();
}

static void
test_ssrcs_forged_100000_add_no_state (void)
{
  g_auto (Pair) pair;
  Packet p;
  gssize before;

  pair_init (&pair, VIA_SRTP_AEAD_AES_128_GCM);
  p = sealed (pair.a, SSRC, 1);
  g_assert_cmpint (opened (pair.b, p), ==, VIA_DROP_NONE);
  before = held ();
  for (guint i = 0; i < 100000; i++) {
    guint32 ssrc = (guint32) g_test_rand_int ();

    if (ssrc == SSRC)
      continue;
    memset (p.data + 8, 0, 4);
    ref_put_u32 (p.data + 8, ssrc);
    g_assert_cmpint (opened (pair.b, p), ==, VIA_DROP_AUTH);
  }
  g_assert_cmpuint (via_srtp_n_ssrcs (pair.b), ==, 1);
  g_assert_cmpint (held () - before, <=, 0);
  g_assert_cmpint (
      opened (pair.b, sealed (pair.a, SSRC, 2)), ==, VIA_DROP_NONE);
}

static void
test_ssrcs_authentic_stop_at_64_until_one_is_forgotten (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;
    gssize before = 0;

    pair_init (&pair, *p);
    for (guint32 ssrc = 1; ssrc <= 300; ssrc++) {
      Packet packet = sealed (pair.a, ssrc, 1);

      if (ssrc == 65)
        before = held ();
      g_assert_cmpint (opened (pair.b, packet), ==,
          ssrc <= VIA_SRTP_MAX_SSRCS ? VIA_DROP_NONE : VIA_DROP_LIMIT);
      if (ssrc > 65) /* the sender's own streams are none of ours */
        g_assert_cmpuint (via_srtp_n_ssrcs (pair.b), ==, VIA_SRTP_MAX_SSRCS);
    }
    g_assert_cmpint (held () - before, <, 300 * 4096);
    g_assert_cmpint (
        opened_rtcp (pair.b, sealed_rtcp (pair.a, 400)), ==, VIA_DROP_LIMIT);
    g_assert_cmpint (
        opened (pair.b, sealed (pair.a, 64, 2)), ==, VIA_DROP_NONE);
    g_assert_true (via_srtp_forget (pair.b, 30));
    g_assert_false (via_srtp_forget (pair.b, 30));
    g_assert_cmpint (
        opened_rtcp (pair.b, sealed_rtcp (pair.a, 400)), ==, VIA_DROP_NONE);
    g_assert_cmpint (
        opened (pair.b, sealed (pair.a, 401, 1)), ==, VIA_DROP_LIMIT);
  }
}

/* Were the stream still in libsrtp2, this would be a replay. */
static void
test_ssrc_forgotten_leaves_the_library_too (void)
{
  g_auto (Pair) pair;
  Packet p;

  pair_init (&pair, VIA_SRTP_AEAD_AES_128_GCM);
  p = sealed (pair.a, 0x01020304, 7);
  g_assert_cmpint (opened (pair.b, p), ==, VIA_DROP_NONE);
  g_assert_cmpint (opened (pair.b, p), ==, VIA_DROP_REPLAY);
  g_assert_true (via_srtp_forget (pair.b, 0x01020304));
  g_assert_cmpuint (via_srtp_n_ssrcs (pair.b), ==, 0);
  g_assert_cmpint (opened (pair.b, p), ==, VIA_DROP_NONE);
}

static void
test_own_packets_do_not_come_back (void)
{
  FOR_EACH_PROFILE (p)
  {
    g_auto (Pair) pair;

    pair_init (&pair, *p);
    g_assert_cmpint (
        opened (pair.a, sealed (pair.a, SSRC, 1)), ==, VIA_DROP_AUTH);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define T(path, name) g_test_add_func ("/srtp/" path, test_##name)
  T ("forged/state", forged_packet_leaves_the_state_usable);
  T ("forged/plain", plain_packets_are_refused);
  T ("forged/e-bit", rtcp_in_the_clear_is_refused_even_with_a_good_tag);
  T ("forged/torn", torn_packets_are_refused_within_their_bytes);
  T ("forged/headers", lying_headers_are_malformed);
  T ("forged/own", own_packets_do_not_come_back);
  T ("ssrcs/forged", ssrcs_forged_100000_add_no_state);
  T ("ssrcs/limit", ssrcs_authentic_stop_at_64_until_one_is_forgotten);
  T ("ssrcs/forgotten", ssrc_forgotten_leaves_the_library_too);
#undef T
  return g_test_run ();
}
