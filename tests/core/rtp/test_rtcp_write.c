/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_rtcp_write.c – RTCP written: golden bytes, and read back.
 */
#include "rtp/rtcp.h"

#include <string.h>

typedef struct
{
  guint8 data[2048];
  ViaWriter out;
  ViaRtcpReader reader;
} Wire;

static void
wire_init (Wire *self)
{
  memset (self->data, 0xee, sizeof self->data);
  via_writer_init (&self->out, self->data, sizeof self->data);
}

static void
wire_read (Wire *self)
{
  g_assert_false (self->out.failed);
  g_assert_true (
      via_rtcp_reader_init (&self->reader, self->data, self->out.pos));
}

static void
wire_next (Wire *self, ViaRtcpType type, ViaRtcpItem *item)
{
  g_assert_true (via_rtcp_next (&self->reader, item));
  g_assert_cmpint (item->type, ==, type);
}

static void
assert_same_report (const ViaRtcpReport *a, const ViaRtcpReport *b)
{
  g_assert_cmphex (a->ssrc, ==, b->ssrc);
  g_assert_cmpuint (a->fraction_lost, ==, b->fraction_lost);
  g_assert_cmpint (a->lost, ==, b->lost);
  g_assert_cmphex (a->highest_seq, ==, b->highest_seq);
  g_assert_cmphex (a->jitter, ==, b->jitter);
  g_assert_cmphex (a->last_sr, ==, b->last_sr);
  g_assert_cmphex (a->delay_since_sr, ==, b->delay_since_sr);
}

static void
test_rtcp_write_reports_read_back (void)
{
  const ViaRtcpReport reports[] = {
      {1, 255, 0x7fffff, 0xffffffff, 1, 2, 3},
      {2, 0, -0x800000, 0, 0xffffffff, 0xffffffff, 0xffffffff},
      {3, 1, -1, 5, 6, 7, 8},
  };
  Wire wire;
  ViaRtcpItem item;
  ViaRtcpReport report;

  wire_init (&wire);
  g_assert_true (via_rtcp_write_sr (&wire.out, 9,
      G_GUINT64_CONSTANT (0x0123456789abcdef), 10, 11, 12, reports, 3));
  g_assert_true (via_rtcp_write_rr (&wire.out, 13, reports, 2));
  g_assert_true (via_rtcp_write_rr (&wire.out, 14, NULL, 0));
  wire_read (&wire);
  wire_next (&wire, VIA_RTCP_SR, &item);
  g_assert_cmphex (item.ntp, ==, G_GUINT64_CONSTANT (0x0123456789abcdef));
  g_assert_cmpuint (item.rtp_timestamp, ==, 10);
  g_assert_cmpuint (item.packet_count, ==, 11);
  g_assert_cmpuint (item.octet_count, ==, 12);
  g_assert_cmpuint (item.n_reports, ==, 3);
  for (guint i = 0; i < 3; i++) {
    via_rtcp_report (&item, i, &report);
    assert_same_report (&report, &reports[i]);
  }
  wire_next (&wire, VIA_RTCP_RR, &item);
  g_assert_cmpuint (item.sender_ssrc, ==, 13);
  via_rtcp_report (&item, 1, &report);
  assert_same_report (&report, &reports[1]);
  wire_next (&wire, VIA_RTCP_RR, &item);
  g_assert_cmpuint (item.n_reports, ==, 0);
}

static void
test_rtcp_write_lost_beyond_24_bits_clamped (void)
{
  const ViaRtcpReport reports[] = {{.lost = G_MAXINT32}, {.lost = G_MININT32}};
  Wire wire;
  ViaRtcpItem item;
  ViaRtcpReport report;

  wire_init (&wire);
  g_assert_true (via_rtcp_write_rr (&wire.out, 1, reports, 2));
  wire_read (&wire);
  wire_next (&wire, VIA_RTCP_RR, &item);
  via_rtcp_report (&item, 0, &report);
  g_assert_cmpint (report.lost, ==, 0x7fffff);
  via_rtcp_report (&item, 1, &report);
  g_assert_cmpint (report.lost, ==, -0x800000);
}

static void
test_rtcp_write_sdes_every_length_read_back (void)
{
  for (gsize len = 0; len <= 255; len++) {
    g_autofree gchar *cname = g_strnfill (len, 'c');
    Wire wire;
    ViaRtcpItem item;
    const gchar *text;
    gsize text_len;
    guint32 ssrc;

    wire_init (&wire);
    g_assert_true (via_rtcp_write_sdes (&wire.out, 77, cname));
    /* At least one zero ends the chunk, at most four. */
    g_assert_cmpuint (wire.out.pos, >, 4 + 4 + 2 + len);
    g_assert_cmpuint (wire.out.pos, <=, 4 + 4 + 2 + len + 4);
    wire_read (&wire);
    wire_next (&wire, VIA_RTCP_SDES, &item);
    g_assert_true (via_rtcp_sdes_cname (&item, 0, &ssrc, &text, &text_len));
    g_assert_cmpuint (ssrc, ==, 77);
    g_assert_cmpmem (text, text_len, cname, len);
  }
}

static void
test_rtcp_write_bye_read_back (void)
{
  guint32 ssrcs[31];
  Wire wire;
  ViaRtcpItem item;
  guint32 ssrc;

  for (guint i = 0; i < 31; i++)
    ssrcs[i] = i * 0x01020304;
  wire_init (&wire);
  g_assert_true (via_rtcp_write_bye (&wire.out, ssrcs, 31));
  wire_read (&wire);
  wire_next (&wire, VIA_RTCP_BYE, &item);
  for (guint i = 0; i < 31; i++) {
    g_assert_true (via_rtcp_bye_ssrc (&item, i, &ssrc));
    g_assert_cmphex (ssrc, ==, ssrcs[i]);
  }
}

static void
test_rtcp_write_nack_after_wrap_golden (void)
{
  static const guint16 seqs[] = {
      0xfffe, 0xffff, 0xffff, 0x0000, 0x000e, 0x000f, 0x0100};
  static const guint8 expected[] = {0x81, 0xcd, 0x00, 0x05, 0, 0, 0, 1, 0, 0, 0,
      2, 0xff, 0xfe, 0x80, 0x03, 0x00, 0x0f, 0x00, 0x00, 0x01, 0x00, 0x00,
      0x00};
  Wire wire;

  wire_init (&wire);
  g_assert_true (via_rtcp_write_nack (&wire.out, 1, 2, seqs, 7));
  g_assert_cmpmem (wire.data, wire.out.pos, expected, sizeof expected);
}

static void
test_rtcp_write_nack_any_pattern_read_back (void)
{
  for (guint step = 1; step <= 40; step++) {
    guint16 seqs[100], back[100];
    Wire wire;
    ViaRtcpItem item;

    for (guint i = 0; i < 100; i++)
      seqs[i] = (guint16) (65500 + i * step);
    wire_init (&wire);
    g_assert_true (via_rtcp_write_nack (&wire.out, 1, 2, seqs, 100));
    wire_read (&wire);
    wire_next (&wire, VIA_RTCP_NACK, &item);
    g_assert_cmpuint (via_rtcp_nack_seqs (&item, back, 100), ==, 100);
    g_assert_cmpmem (back, sizeof back, seqs, sizeof seqs);
  }
}

static void
test_rtcp_write_nack_of_none_writes_nothing (void)
{
  Wire wire;

  wire_init (&wire);
  g_assert_true (via_rtcp_write_nack (&wire.out, 1, 2, NULL, 0));
  g_assert_cmpuint (wire.out.pos, ==, 0);
}

static void
test_rtcp_write_key_frame_requests_golden (void)
{
  static const guint8 pli[] = {0x81, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2};
  static const guint8 fir[] = {0x84, 0xce, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 0,
      0, 0, 0, 2, 0xab, 0, 0, 0};
  Wire wire;

  wire_init (&wire);
  g_assert_true (via_rtcp_write_pli (&wire.out, 1, 2));
  g_assert_cmpmem (wire.data, wire.out.pos, pli, sizeof pli);
  wire_init (&wire);
  g_assert_true (via_rtcp_write_fir (&wire.out, 1, 2, 0xab));
  g_assert_cmpmem (wire.data, wire.out.pos, fir, sizeof fir);
}

static void
test_rtcp_write_remb_precise_to_18_bits (void)
{
  static const guint64 rates[] = {0, 1, 262143, 262144, 300000, 2500000,
      G_GUINT64_CONSTANT (10000000000), G_GUINT64_CONSTANT (1) << 63,
      G_MAXUINT64};
  const guint32 ssrcs[] = {5, 6};

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    Wire wire;
    ViaRtcpItem item;
    guint32 ssrc;

    wire_init (&wire);
    g_assert_true (via_rtcp_write_remb (&wire.out, 4, rates[i], ssrcs, 2));
    wire_read (&wire);
    wire_next (&wire, VIA_RTCP_REMB, &item);
    g_assert_cmpuint (item.sender_ssrc, ==, 4);
    g_assert_cmpuint (item.bitrate_bps, <=, rates[i]);
    g_assert_cmpuint (rates[i] - item.bitrate_bps, <=, rates[i] >> 17);
    g_assert_true (via_rtcp_remb_ssrc (&item, 1, &ssrc));
    g_assert_cmpuint (ssrc, ==, 6);
  }
}

static void
test_rtcp_write_too_many_entries_fails (void)
{
  static const ViaRtcpReport reports[32];
  static const guint32 ssrcs[256];
  gchar name[257];
  Wire wire;

  wire_init (&wire);
  g_assert_false (via_rtcp_write_rr (&wire.out, 1, reports, 32));
  g_assert_true (wire.out.failed);
  wire_init (&wire);
  g_assert_false (via_rtcp_write_sr (&wire.out, 1, 0, 0, 0, 0, reports, 32));
  g_assert_true (wire.out.failed);
  wire_init (&wire);
  g_assert_false (via_rtcp_write_bye (&wire.out, ssrcs, 32));
  g_assert_true (wire.out.failed);
  wire_init (&wire);
  g_assert_false (via_rtcp_write_remb (&wire.out, 1, 1, ssrcs, 256));
  g_assert_true (wire.out.failed);
  memset (name, 'x', 256);
  name[256] = '\0';
  wire_init (&wire);
  g_assert_false (via_rtcp_write_sdes (&wire.out, 1, name));
  g_assert_true (wire.out.failed);
  g_assert_cmpuint (wire.out.pos, ==, 0);
}

static gboolean
write_kind (ViaWriter *out, guint kind)
{
  static const ViaRtcpReport reports[2];
  static const guint16 seqs[] = {1, 30, 60};
  static const guint32 ssrcs[] = {1, 2};
  static const ViaTwccPacket packets[] = {{1, TRUE, 1000}, {3, TRUE, 90000}};

  switch (kind) {
    case 0:
      return via_rtcp_write_sr (out, 1, 2, 3, 4, 5, reports, 2);
    case 1:
      return via_rtcp_write_rr (out, 1, reports, 2);
    case 2:
      return via_rtcp_write_sdes (out, 1, "user@host");
    case 3:
      return via_rtcp_write_bye (out, ssrcs, 2);
    case 4:
      return via_rtcp_write_nack (out, 1, 2, seqs, 3);
    case 5:
      return via_rtcp_write_pli (out, 1, 2);
    case 6:
      return via_rtcp_write_fir (out, 1, 2, 3);
    case 7:
      return via_rtcp_write_remb (out, 1, 1000000, ssrcs, 2);
    default:
      return via_rtcp_write_twcc (out, 1, 2, 3, packets, 2);
  }
}

static void
test_rtcp_write_short_buffer_writes_whole_or_nothing (void)
{
  for (guint kind = 0; kind <= 8; kind++) {
    Wire wire;
    gsize len;

    wire_init (&wire);
    g_assert_true (write_kind (&wire.out, kind));
    len = wire.out.pos;
    g_assert_cmpuint (len % 4, ==, 0);
    for (gsize size = 0; size <= len; size++) {
      g_autofree guint8 *data = g_malloc (MAX (size, 1));
      ViaWriter out;

      via_writer_init (&out, data, size);
      g_assert_cmpint (write_kind (&out, kind), ==, size == len);
      g_assert_cmpint (out.failed, ==, size != len);
      g_assert_cmpuint (out.pos, ==, size == len ? len : 0);
    }
  }
}

static void
test_rtcp_write_all_kinds_form_one_compound (void)
{
  static const ViaRtcpType expected[] = {VIA_RTCP_SR, VIA_RTCP_RR,
      VIA_RTCP_SDES, VIA_RTCP_BYE, VIA_RTCP_NACK, VIA_RTCP_PLI, VIA_RTCP_FIR,
      VIA_RTCP_REMB, VIA_RTCP_TWCC};
  Wire wire;
  ViaRtcpItem item;

  wire_init (&wire);
  for (guint kind = 0; kind <= 8; kind++)
    g_assert_true (write_kind (&wire.out, kind));
  wire_read (&wire);
  for (guint kind = 0; kind <= 8; kind++)
    wire_next (&wire, expected[kind], &item);
  g_assert_false (via_rtcp_next (&wire.reader, &item));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtcp-write/reports", test_rtcp_write_reports_read_back);
  g_test_add_func (
      "/rtcp-write/lost", test_rtcp_write_lost_beyond_24_bits_clamped);
  g_test_add_func (
      "/rtcp-write/sdes", test_rtcp_write_sdes_every_length_read_back);
  g_test_add_func ("/rtcp-write/bye", test_rtcp_write_bye_read_back);
  g_test_add_func (
      "/rtcp-write/nack/after-wrap", test_rtcp_write_nack_after_wrap_golden);
  g_test_add_func (
      "/rtcp-write/nack/patterns", test_rtcp_write_nack_any_pattern_read_back);
  g_test_add_func (
      "/rtcp-write/nack/none", test_rtcp_write_nack_of_none_writes_nothing);
  g_test_add_func (
      "/rtcp-write/pli-fir", test_rtcp_write_key_frame_requests_golden);
  g_test_add_func ("/rtcp-write/remb", test_rtcp_write_remb_precise_to_18_bits);
  g_test_add_func (
      "/rtcp-write/too-many", test_rtcp_write_too_many_entries_fails);
  g_test_add_func ("/rtcp-write/short",
      test_rtcp_write_short_buffer_writes_whole_or_nothing);
  g_test_add_func (
      "/rtcp-write/compound", test_rtcp_write_all_kinds_form_one_compound);
  return g_test_run ();
}
