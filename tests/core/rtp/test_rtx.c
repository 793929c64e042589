/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/rtx – what was wrapped is unwrapped, and nothing else.
 */
#include "rtp/rtx.h"

#include <string.h>

#include "rtp/rewrite.h"

/* The sender's own writer makes the RTX packet. */
static void
test_rtx_original_comes_out_byte_for_byte (void)
{
  guint8 source[40] = {0x80, 96}, rtx[200], plain[200];
  ViaRtpExts exts = {.mid_id = 4, .twcc_id = 5, .mid_len = 1, .mid = {'1'}};
  ViaRtpHeader header = {.ssrc = 0x01020304,
      .timestamp = 0x0a0b0c0d,
      .osn = -1,
      .seq = 65535,
      .twcc_seq = 9,
      .pt = 96,
      .marker = TRUE};
  ViaRtpView view, wrapped, out;
  gsize plain_len, rtx_len;

  for (guint i = 12; i < sizeof source; i++)
    source[i] = (guint8) i;
  g_assert_true (via_rtp_view (&view, source, sizeof source));
  plain_len = via_rewrite_write (&header, &exts, &view, plain, sizeof plain);
  header.osn = header.seq;
  header.seq = 7;
  header.pt = 97;
  header.ssrc = 99;
  rtx_len = via_rewrite_write (&header, &exts, &view, rtx, sizeof rtx);
  g_assert_cmpuint (rtx_len, ==, plain_len + 2);
  g_assert_true (via_rtp_view (&wrapped, rtx, rtx_len));
  g_assert_false (via_rtx_is_probe (&wrapped));
  g_assert_true (via_rtx_unwrap (&wrapped, 96, 0x01020304, &out));
  g_assert_cmpmem (out.data, out.len, plain, plain_len);
  g_assert_true (out.marker);
  g_assert_cmpuint (out.seq, ==, 65535);
}

static void
test_rtx_too_short_for_a_number_is_refused (void)
{
  for (guint payload = 0; payload < 2; payload++) {
    guint8 data[16] = {0x80, 97, 0, 1}, before[16];
    ViaRtpView view, out;
    guint16 osn = 5;

    memcpy (before, data, sizeof data);
    g_assert_true (via_rtp_view (&view, data, 12 + payload));
    g_assert_cmpint (via_rtx_is_probe (&view), ==, payload == 0);
    g_assert_false (via_rtx_osn (&view, &osn));
    g_assert_cmpuint (osn, ==, 5);
    g_assert_false (via_rtx_unwrap (&view, 96, 1, &out));
    g_assert_cmpmem (data, sizeof data, before, sizeof before);
  }
}

static void
test_rtx_padding_and_csrcs_stay (void)
{
  /* P, one CSRC, OSN 0x0102, payload "ab", 3 bytes of padding */
  guint8 data[] = {0xa1, 97, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 1, 2,
      'a', 'b', 0, 0, 3};
  ViaRtpView view, out;

  g_assert_true (via_rtp_view (&view, data, sizeof data));
  g_assert_true (via_rtx_unwrap (&view, 96, 8, &out));
  g_assert_cmpuint (out.seq, ==, 0x0102);
  g_assert_cmpuint (out.ssrc, ==, 8);
  g_assert_cmpuint (out.pt, ==, 96);
  g_assert_cmpuint (out.timestamp, ==, 2);
  g_assert_cmpuint (out.n_csrc, ==, 1);
  g_assert_cmpuint (out.padding, ==, 3);
  g_assert_cmpmem (out.payload, out.payload_len, "ab", 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/rtp/rtx/" path, func)
  ADD ("round-trip", test_rtx_original_comes_out_byte_for_byte);
  ADD ("short", test_rtx_too_short_for_a_number_is_refused);
  ADD ("padding", test_rtx_padding_and_csrcs_stay);
  return g_test_run ();
}
