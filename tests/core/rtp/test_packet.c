/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_packet.c – RTP headers, whole, short and lying.
 */
#include "rtp/packet.h"

#include <string.h>

/* Two CSRCs, one extension word, 5 bytes of payload, 3 of padding. */
static const guint8 full[] = {
    0xb2, 0xe0, 0x12, 0x34,       /* V P X CC=2, M PT=96, seq */
    0xde, 0xad, 0xbe, 0xef,       /* timestamp */
    0xca, 0xfe, 0xba, 0xbe,       /* SSRC */
    0x00, 0x00, 0x00, 0x01,       /* CSRC */
    0x00, 0x00, 0x00, 0x02,       /* CSRC */
    0xbe, 0xde, 0x00, 0x01,       /* one-byte extensions, 1 word */
    0x10, 0x30, 0x00, 0x00,       /* id 1: "0" */
    0x01, 0x02, 0x03, 0x04, 0x05, /* payload */
    0x00, 0x00, 0x03,             /* padding */
};

#define FULL_PAYLOAD 28 /* offset */

/* On the heap at its exact size, so that a read past the end is seen. */
static gboolean
view_exact (ViaRtpView *out, const guint8 *data, gsize len)
{
  g_autofree guint8 *copy = g_memdup2 (data, len);

  return via_rtp_view (out, copy, len);
}

static void
test_rtp_view_full_packet_gives_every_field (void)
{
  ViaRtpView view;

  g_assert_true (via_rtp_view (&view, full, sizeof full));
  g_assert_true (view.data == full);
  g_assert_cmpuint (view.len, ==, sizeof full);
  g_assert_true (view.marker);
  g_assert_cmpuint (view.pt, ==, 96);
  g_assert_cmphex (view.seq, ==, 0x1234);
  g_assert_cmphex (view.timestamp, ==, 0xdeadbeef);
  g_assert_cmphex (view.ssrc, ==, 0xcafebabe);
  g_assert_cmpuint (view.n_csrc, ==, 2);
  g_assert_cmphex (view.ext_profile, ==, 0xbede);
  g_assert_true (view.ext == full + 24);
  g_assert_cmpuint (view.ext_len, ==, 4);
  g_assert_true (view.payload == full + FULL_PAYLOAD);
  g_assert_cmpuint (view.payload_len, ==, 5);
  g_assert_cmpuint (view.padding, ==, 3);
}

static void
test_rtp_view_bare_header_empty_payload (void)
{
  static const guint8 bare[VIA_RTP_HEADER] = {0x80, 0x00, 0x00, 0x07};
  ViaRtpView view;

  g_assert_true (view_exact (&view, bare, sizeof bare));
  g_assert_cmpuint (view.seq, ==, 7);
  g_assert_false (view.marker);
  g_assert_cmpuint (view.payload_len, ==, 0);
  g_assert_cmpuint (view.padding, ==, 0);
  g_assert_null (view.ext);
  g_assert_cmpuint (view.ext_profile, ==, 0);
}

static void
test_rtp_view_each_truncation_of_header_refused (void)
{
  ViaRtpView view;
  guint8 data[sizeof full];

  memcpy (data, full, sizeof full);
  data[0] &= (guint8) ~0x20; /* no padding, so that only the header counts */
  for (gsize len = 0; len < FULL_PAYLOAD; len++)
    g_assert_false (view_exact (&view, data, len));
  for (gsize len = FULL_PAYLOAD; len <= sizeof full; len++) {
    g_assert_true (view_exact (&view, data, len));
    g_assert_cmpuint (view.payload_len, ==, len - FULL_PAYLOAD);
  }
}

static void
test_rtp_view_other_versions_refused (void)
{
  ViaRtpView view;
  guint8 data[sizeof full];

  memcpy (data, full, sizeof full);
  for (guint first = 0; first < 256; first++) {
    data[0] = (guint8) first;
    if (first >> 6 != 2)
      g_assert_false (via_rtp_view (&view, data, sizeof data));
  }
}

static void
test_rtp_view_csrc_count_beyond_end_refused (void)
{
  ViaRtpView view;
  guint8 data[VIA_RTP_HEADER + 15 * 4] = {0x8f};

  g_assert_true (view_exact (&view, data, sizeof data));
  g_assert_cmpuint (view.n_csrc, ==, 15);
  g_assert_cmpuint (view.payload_len, ==, 0);
  for (gsize len = VIA_RTP_HEADER; len < sizeof data; len++)
    g_assert_false (view_exact (&view, data, len));
}

static void
test_rtp_view_extension_length_lies_refused (void)
{
  ViaRtpView view;
  guint8 data[sizeof full];
  static const guint16 lies[] = {4, 5, 0x3fff, 0x4000, 0xfffe, 0xffff};

  memcpy (data, full, sizeof full);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++) {
    data[22] = (guint8) (lies[i] >> 8);
    data[23] = (guint8) lies[i];
    g_assert_false (view_exact (&view, data, sizeof data));
  }
  /* Two words leave 4 bytes: one of payload, three of padding. */
  data[22] = 0;
  data[23] = 2;
  g_assert_true (view_exact (&view, data, sizeof data));
  g_assert_cmpuint (view.payload_len, ==, 1);
}

static void
test_rtp_view_empty_extension_is_not_null (void)
{
  static const guint8 data[] = {
      0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0x00};
  ViaRtpView view;

  g_assert_true (view_exact (&view, data, sizeof data));
  g_assert_nonnull (view.ext);
  g_assert_cmpuint (view.ext_len, ==, 0);
}

static void
test_rtp_view_longest_extension_fits (void)
{
  const gsize len = VIA_RTP_HEADER + 4 + 0xffff * 4;
  g_autofree guint8 *data = g_malloc0 (len);
  ViaRtpView view;

  data[0] = 0x90;
  data[14] = data[15] = 0xff;
  g_assert_true (via_rtp_view (&view, data, len));
  g_assert_cmpuint (view.ext_len, ==, 0xffff * 4);
  g_assert_false (via_rtp_view (&view, data, len - 1));
}

static void
test_rtp_view_padding_lies_refused (void)
{
  ViaRtpView view;
  guint8 data[sizeof full];

  memcpy (data, full, sizeof full);
  for (guint padding = 0; padding < 256; padding++) {
    gboolean fits = padding >= 1 && padding <= 8;

    data[sizeof data - 1] = (guint8) padding;
    g_assert_cmpint (view_exact (&view, data, sizeof data), ==, fits);
    if (fits)
      g_assert_cmpuint (view.payload_len, ==, 8 - padding);
  }
}

static void
test_rtp_view_padding_without_payload_refused (void)
{
  /* The padding count would be the last byte of the SSRC. */
  static const guint8 data[VIA_RTP_HEADER] = {
      0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  ViaRtpView view;

  g_assert_false (view_exact (&view, data, sizeof data));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/rtp/view/full", test_rtp_view_full_packet_gives_every_field);
  g_test_add_func ("/rtp/view/bare", test_rtp_view_bare_header_empty_payload);
  g_test_add_func (
      "/rtp/view/truncated", test_rtp_view_each_truncation_of_header_refused);
  g_test_add_func ("/rtp/view/version", test_rtp_view_other_versions_refused);
  g_test_add_func (
      "/rtp/view/csrc", test_rtp_view_csrc_count_beyond_end_refused);
  g_test_add_func (
      "/rtp/view/ext-lies", test_rtp_view_extension_length_lies_refused);
  g_test_add_func (
      "/rtp/view/ext-empty", test_rtp_view_empty_extension_is_not_null);
  g_test_add_func (
      "/rtp/view/ext-longest", test_rtp_view_longest_extension_fits);
  g_test_add_func (
      "/rtp/view/padding-lies", test_rtp_view_padding_lies_refused);
  g_test_add_func ("/rtp/view/padding-in-header",
      test_rtp_view_padding_without_payload_refused);
  return g_test_run ();
}
