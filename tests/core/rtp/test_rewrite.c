/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/rewrite – one viewer's stream stays continuous.
 */
#include "rtp/rewrite.h"

#include <string.h>

#include "rtp/hdrext.h"

typedef struct
{
  guint8 bytes[64];
  ViaRtpView view;
} Source;

static const ViaRtpView *
source_packet (Source *s, guint32 ssrc, guint16 seq, guint32 timestamp)
{
  guint8 head[12] = {0x80, 96, (guint8) (seq >> 8), (guint8) seq,
      (guint8) (timestamp >> 24), (guint8) (timestamp >> 16),
      (guint8) (timestamp >> 8), (guint8) timestamp, (guint8) (ssrc >> 24),
      (guint8) (ssrc >> 16), (guint8) (ssrc >> 8), (guint8) ssrc};

  memcpy (s->bytes, head, 12);
  memcpy (s->bytes + 12, "payload!", 8);
  g_assert_true (via_rtp_view (&s->view, s->bytes, 20));
  return &s->view;
}

static void
start (ViaRewrite *self, guint16 first_seq)
{
  via_rewrite_init (self, first_seq, 5000);
  via_rewrite_switch (self, 90000);
}

static ViaRewritten
map (ViaRewrite *self, guint32 ssrc, guint16 seq, guint32 timestamp,
    ViaTime captured)
{
  Source s;
  ViaRewritten out = {-1, 0};

  if (!via_rewrite_map (self, source_packet (&s, ssrc, seq, timestamp),
          captured, captured, &out))
    out.seq = -1;
  return out;
}

static void
test_rewrite_first_packet_takes_first_numbers (void)
{
  ViaRewrite self;
  ViaRewritten out;

  start (&self, 700);
  out = map (&self, 1, 40000, 123456, VIA_S);
  g_assert_cmpint (out.seq, ==, 700);
  g_assert_cmpuint (out.timestamp, ==, 5000);
}

static void
test_rewrite_gap_and_reorder_are_kept (void)
{
  ViaRewrite self;

  start (&self, 700);
  g_assert_cmpint (map (&self, 1, 65534, 0, VIA_S).seq, ==, 700);
  g_assert_cmpint (map (&self, 1, 1, 3000, VIA_S).seq, ==, 703);
  g_assert_cmpint (map (&self, 1, 65535, 3000, VIA_S).seq, ==, 701);
  g_assert_cmpint (map (&self, 1, 0, 3000, VIA_S).seq, ==, 702);
  g_assert_cmpint (map (&self, 1, 2, 6000, VIA_S).seq, ==, 704);
  g_assert_cmpuint (map (&self, 1, 3, 6000, VIA_S).timestamp, ==, 11000);
}

static void
test_rewrite_switch_continues_seq_and_time (void)
{
  ViaRewrite self;
  ViaRewritten out;

  start (&self, 700);
  map (&self, 1, 10, 1000, VIA_S);
  map (&self, 1, 11, 4000, VIA_S + 33 * VIA_MS);
  via_rewrite_switch (&self, 90000);
  out = map (&self, 2, 60000, 0xfffffff0u, VIA_S + 133 * VIA_MS);
  g_assert_cmpint (out.seq, ==, 702);
  g_assert_cmpuint (out.timestamp, ==, 5000 + 3000 + 9000);
  out = map (&self, 2, 60001, 0xfffffff0u + 3000, VIA_S + 166 * VIA_MS);
  g_assert_cmpint (out.seq, ==, 703);
  g_assert_cmpuint (out.timestamp, ==, 5000 + 3000 + 9000 + 3000);
}

static void
test_rewrite_switch_to_other_clock_rate_continues (void)
{
  ViaRewrite self;
  ViaRewritten out;

  start (&self, 700);
  map (&self, 1, 10, 1000, VIA_S);
  via_rewrite_switch (&self, 8000);
  out = map (&self, 2, 1, 77, 3 * VIA_S);
  g_assert_cmpint (out.seq, ==, 701);
  g_assert_cmpuint (out.timestamp, ==, 5000 + 2 * 8000);
}

static void
test_rewrite_older_capture_still_moves_forward (void)
{
  ViaRewrite self;
  Source s;
  ViaRewritten out;

  start (&self, 700);
  map (&self, 1, 10, 1000, 5 * VIA_S);
  via_rewrite_switch (&self, 90000);
  g_assert_true (via_rewrite_map (&self, source_packet (&s, 2, 9, 9), 2 * VIA_S,
      5 * VIA_S + 100 * VIA_MS, &out));
  g_assert_cmpuint (out.timestamp, ==, 5000 + 9000);
}

static void
test_rewrite_new_ssrc_and_jump_count_as_new_source (void)
{
  ViaRewrite self;

  start (&self, 700);
  map (&self, 1, 10, 1000, VIA_S);
  g_assert_cmpint (map (&self, 2, 500, 1, 2 * VIA_S).seq, ==, 701);
  g_assert_cmpint (map (&self, 1, 11, 1, 2 * VIA_S + 1).seq, ==, -1);
  g_assert_cmpint (map (&self, 2, 501, 1, 2 * VIA_S).seq, ==, 702);
  g_assert_cmpint (map (&self, 2, 9000, 1, 3 * VIA_S).seq, ==, 703);
  g_assert_cmpint (map (&self, 2, 20, 1, 4 * VIA_S).seq, ==, 704);
}

static void
test_rewrite_packet_before_the_switch_is_left_out (void)
{
  ViaRewrite self;

  start (&self, 700);
  map (&self, 1, 10, 1000, VIA_S);
  via_rewrite_switch (&self, 90000);
  g_assert_cmpint (map (&self, 1, 20, 2000, VIA_S).seq, ==, 701);
  g_assert_cmpint (map (&self, 1, 19, 2000, VIA_S).seq, ==, -1);
  g_assert_cmpint (map (&self, 1, 21, 2000, VIA_S).seq, ==, 702);
}

static void
test_rewrite_many_wraps_never_repeats (void)
{
  ViaRewrite self;
  gint64 last = -1;

  start (&self, 0x7fff);
  for (guint i = 0; i < 200000; i += 100) {
    gint64 seq = map (&self, 1, (guint16) i, i * 3000, i * 33 * VIA_MS).seq;

    if (last >= 0)
      g_assert_cmpint (seq, ==, last + 100);
    last = seq;
  }
}

static void
test_rewrite_timestamp_at_extrapolates_both_ways (void)
{
  ViaRewrite self;

  start (&self, 1);
  map (&self, 1, 10, 1000, 10 * VIA_S);
  g_assert_cmpuint (
      via_rewrite_timestamp_at (&self, 11 * VIA_S), ==, 5000 + 90000);
  g_assert_cmpuint (via_rewrite_timestamp_at (&self, 10 * VIA_S - 10 * VIA_MS),
      ==, 5000 - 900);
}

static void
test_rewrite_write_has_header_extensions_and_payload (void)
{
  ViaRtpHeader header = {.ssrc = 0xaabbccdd,
      .timestamp = 0x01020304,
      .abs_send_time = 0x123456,
      .osn = -1,
      .seq = 0xfffe,
      .twcc_seq = 0x0708,
      .pt = 111,
      .marker = TRUE};
  ViaRtpExts exts = {4, 3, 5, 9, 5, "video"};
  Source s;
  guint8 out[128];
  ViaRtpView view;
  ViaHdrExtReader reader;
  ViaHdrExtItem item;
  gsize len;

  source_packet (&s, 1, 2, 3);
  len = via_rewrite_write (&header, &exts, &s.view, out, sizeof out);
  g_assert_true (via_rtp_view (&view, out, len));
  g_assert_cmpuint (view.ssrc, ==, 0xaabbccdd);
  g_assert_cmpuint (view.timestamp, ==, 0x01020304);
  g_assert_cmpuint (view.seq, ==, 0xfffe);
  g_assert_cmpuint (view.pt, ==, 111);
  g_assert_true (view.marker);
  g_assert_cmpmem (view.payload, view.payload_len, "payload!", 8);
  via_hdrext_reader_init (&reader, &view);
  g_assert_true (via_hdrext_next (&reader, &item));
  g_assert_cmpuint (item.id, ==, 4);
  g_assert_cmpmem (item.data, item.len, "video", 5);
  g_assert_true (via_hdrext_next (&reader, &item));
  g_assert_cmpmem (item.data, item.len, "\x12\x34\x56", 3);
  g_assert_true (via_hdrext_next (&reader, &item));
  g_assert_cmpmem (item.data, item.len, "\x07\x08", 2);
  g_assert_false (via_hdrext_next (&reader, &item)); /* source had no level */
}

static void
test_rewrite_write_keeps_only_the_audio_level (void)
{
  /* X=1, CC=1, padding 4: one-byte extensions 1 (level), 2 (unknown) */
  guint8 in[] = {0xb1, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 0xbe, 0xde,
      0, 1, 0x10, 0x85, 0x20, 0x77, 'a', 'b', 'c', 'd', 0, 0, 0, 4};
  ViaRtpHeader header = {.ssrc = 7, .osn = -1, .pt = 111};
  ViaRtpExts exts = {.audio_level_id = 6};
  ViaRtpView source, view;
  ViaHdrExtReader reader;
  ViaHdrExtItem item;
  guint8 out[64];
  gsize len;

  g_assert_true (via_rtp_view (&source, in, sizeof in));
  len = via_rewrite_write (&header, &exts, &source, out, sizeof out);
  g_assert_true (via_rtp_view (&view, out, len));
  g_assert_cmpuint (view.n_csrc, ==, 0);
  g_assert_cmpuint (view.padding, ==, 0);
  g_assert_cmpmem (view.payload, view.payload_len, "abcd", 4);
  via_hdrext_reader_init (&reader, &view);
  g_assert_true (via_hdrext_next (&reader, &item));
  g_assert_cmpuint (item.id, ==, 6);
  g_assert_cmpmem (item.data, item.len, "\x85", 1);
  g_assert_false (via_hdrext_next (&reader, &item));
}

static void
test_rewrite_write_rtx_puts_osn_first (void)
{
  ViaRtpHeader header = {.ssrc = 7, .osn = 0xffff, .pt = 97, .seq = 1};
  ViaRtpExts exts = {0};
  Source s;
  ViaRtpView view;
  guint8 out[64];
  gsize len;

  source_packet (&s, 1, 2, 3);
  len = via_rewrite_write (&header, &exts, &s.view, out, sizeof out);
  g_assert_cmpuint (len, ==, 12 + 2 + 8);
  g_assert_true (via_rtp_view (&view, out, len));
  g_assert_cmpmem (view.payload, view.payload_len, "\xff\xffpayload!", 10);
}

static void
test_rewrite_write_into_too_little_room_gives_0 (void)
{
  ViaRtpHeader header = {.osn = -1};
  ViaRtpExts exts = {.mid_id = 1, .mid_len = 1, .mid = "0"};
  Source s;
  guint8 out[64];

  source_packet (&s, 1, 2, 3);
  for (gsize size = 0; size < 28; size++)
    g_assert_cmpuint (
        via_rewrite_write (&header, &exts, &s.view, out, size), ==, 0);
  g_assert_cmpuint (
      via_rewrite_write (&header, &exts, &s.view, out, 28), ==, 28);
}

static void
test_rewrite_abs_send_time_is_6_18 (void)
{
  g_assert_cmpuint (via_rewrite_abs_send_time (0), ==, 0);
  g_assert_cmpuint (via_rewrite_abs_send_time (VIA_S), ==, 1 << 18);
  g_assert_cmpuint (via_rewrite_abs_send_time (64 * VIA_S), ==, 0);
  g_assert_cmpuint (via_rewrite_abs_send_time (64 * VIA_S - 1), ==, 0xffffff);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rewrite/first", //
      test_rewrite_first_packet_takes_first_numbers);
  g_test_add_func ("/rewrite/gap", test_rewrite_gap_and_reorder_are_kept);
  g_test_add_func ("/rewrite/switch", //
      test_rewrite_switch_continues_seq_and_time);
  g_test_add_func ("/rewrite/switch-clock-rate", //
      test_rewrite_switch_to_other_clock_rate_continues);
  g_test_add_func ("/rewrite/older-capture", //
      test_rewrite_older_capture_still_moves_forward);
  g_test_add_func ("/rewrite/new-ssrc", //
      test_rewrite_new_ssrc_and_jump_count_as_new_source);
  g_test_add_func ("/rewrite/before-switch", //
      test_rewrite_packet_before_the_switch_is_left_out);
  g_test_add_func ("/rewrite/wraps", test_rewrite_many_wraps_never_repeats);
  g_test_add_func ("/rewrite/timestamp-at", //
      test_rewrite_timestamp_at_extrapolates_both_ways);
  g_test_add_func ("/rewrite/write", //
      test_rewrite_write_has_header_extensions_and_payload);
  g_test_add_func ("/rewrite/write/audio-level", //
      test_rewrite_write_keeps_only_the_audio_level);
  g_test_add_func ("/rewrite/write/rtx", //
      test_rewrite_write_rtx_puts_osn_first);
  g_test_add_func ("/rewrite/write/room", //
      test_rewrite_write_into_too_little_room_gives_0);
  g_test_add_func ("/rewrite/abs-send-time", //
      test_rewrite_abs_send_time_is_6_18);
  return g_test_run ();
}
