/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_rtcp.c – RTCP read: golden bytes, truncations, lies.
 */
#include "rtp/rtcp.h"

#include <string.h>

/* Both reads from exact heap copies, so that a read past the end is seen. */
static gboolean
accepts (const guint8 *data, gsize len)
{
  g_autofree guint8 *copy = g_memdup2 (data, len);
  ViaRtcpReader reader;

  return via_rtcp_reader_init (&reader, copy, len);
}

static void
read_one (ViaRtcpItem *out, const guint8 *data, gsize len)
{
  ViaRtcpReader reader;
  ViaRtcpItem none;

  g_assert_true (via_rtcp_reader_init (&reader, data, len));
  g_assert_true (via_rtcp_next (&reader, out));
  g_assert_false (via_rtcp_next (&reader, &none));
}

static const guint8 sr[] = {
    0x81, 0xc8, 0x00, 0x0c, 0x11, 0x22, 0x33, 0x44, /* SSRC */
    0xe8, 0x01, 0x02, 0x03, 0x80, 0x00, 0x00, 0x00, /* NTP */
    0x00, 0x01, 0x5f, 0x90,                         /* RTP timestamp 90000 */
    0x00, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, /* packets, octets */
    0xaa, 0xbb, 0xcc, 0xdd,                         /* report on */
    0x40, 0xff, 0xff, 0xfe,                         /* 25 %, -2 lost */
    0x00, 0x01, 0x12, 0x34, 0x00, 0x00, 0x00, 0x5a, /* highest, jitter */
    0x02, 0x03, 0x80, 0x00, 0x00, 0x01, 0x80, 0x00, /* LSR, DLSR 1.5 s */
};

static void
test_rtcp_sr_golden_gives_every_field (void)
{
  ViaRtcpItem item;
  ViaRtcpReport report;

  read_one (&item, sr, sizeof sr);
  g_assert_cmpint (item.type, ==, VIA_RTCP_SR);
  g_assert_cmphex (item.sender_ssrc, ==, 0x11223344);
  g_assert_cmphex (item.ntp, ==, G_GUINT64_CONSTANT (0xe801020380000000));
  g_assert_cmpuint (item.rtp_timestamp, ==, 90000);
  g_assert_cmpuint (item.packet_count, ==, 256);
  g_assert_cmpuint (item.octet_count, ==, 65536);
  g_assert_cmpuint (item.n_reports, ==, 1);
  via_rtcp_report (&item, 0, &report);
  g_assert_cmphex (report.ssrc, ==, 0xaabbccdd);
  g_assert_cmpuint (report.fraction_lost, ==, 64);
  g_assert_cmpint (report.lost, ==, -2);
  g_assert_cmphex (report.highest_seq, ==, 0x11234);
  g_assert_cmpuint (report.jitter, ==, 90);
  g_assert_cmphex (report.last_sr, ==, 0x02038000);
  g_assert_cmphex (report.delay_since_sr, ==, 0x18000);
}

static void
test_rtcp_sr_extension_after_reports_ignored (void)
{
  guint8 data[sizeof sr + 8] = {0};
  ViaRtcpItem item;

  memcpy (data, sr, sizeof sr);
  data[3] += 2;
  read_one (&item, data, sizeof data);
  g_assert_cmpuint (item.n_reports, ==, 1);
}

static void
test_rtcp_report_count_lies_refused (void)
{
  guint8 data[sizeof sr];

  memcpy (data, sr, sizeof sr);
  for (guint count = 2; count <= 31; count++) {
    data[0] = (guint8) (0x80 | count);
    g_assert_false (accepts (data, sizeof data));
  }
  data[1] = 201; /* the same bytes as RR: room for 44 / 24 = 1 */
  data[0] = 0x81;
  g_assert_true (accepts (data, sizeof data));
  data[0] = 0x82;
  g_assert_false (accepts (data, sizeof data));
}

static const guint8 compound[] = {
    0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1,                     /* RR, no report */
    0x81, 0xca, 0x00, 0x03, 0, 0, 0, 1,                     /* SDES */
    0x01, 0x03, 'a', '@', 'b', 0x00, 0x00, 0x00,            /* CNAME "a@b" */
    0x81, 0xce, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 2,         /* PLI */
    0x81, 0xcc, 0x00, 0x02, 0, 0, 0, 1, 't', 'e', 's', 't', /* APP */
    0xa1, 0xcb, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 4, /* BYE, 4 of padding */
};

static void
test_rtcp_compound_gives_items_in_order (void)
{
  static const ViaRtcpType expected[] = {
      VIA_RTCP_RR, VIA_RTCP_SDES, VIA_RTCP_PLI, VIA_RTCP_OTHER, VIA_RTCP_BYE};
  ViaRtcpReader reader;
  ViaRtcpItem item;
  guint32 ssrc;

  g_assert_true (via_rtcp_reader_init (&reader, compound, sizeof compound));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    g_assert_true (via_rtcp_next (&reader, &item));
    g_assert_cmpint (item.type, ==, expected[i]);
    if (item.type == VIA_RTCP_PLI)
      g_assert_cmpuint (item.media_ssrc, ==, 2);
  }
  g_assert_true (via_rtcp_bye_ssrc (&item, 0, &ssrc));
  g_assert_cmpuint (ssrc, ==, 1);
  g_assert_false (via_rtcp_bye_ssrc (&item, 1, &ssrc));
  g_assert_false (via_rtcp_next (&reader, &item));
}

static void
test_rtcp_compound_each_truncation_checked (void)
{
  /* Where a packet ends, the shorter datagram is whole. */
  static const gsize ends[] = {8, 24, 36, 48, 60};

  for (gsize len = 0, i = 0; len <= sizeof compound; len++) {
    gboolean whole = i < G_N_ELEMENTS (ends) && len == ends[i];

    g_assert_cmpint (accepts (compound, len), ==, whole);
    i += whole;
  }
}

static void
test_rtcp_compound_bad_tail_refuses_all (void)
{
  guint8 data[sizeof compound + 4] = {0};

  memcpy (data, compound, sizeof compound);
  g_assert_false (accepts (data, sizeof data)); /* after the padded one */
  data[48] = 0x81;
  g_assert_false (accepts (data, sizeof data)); /* zeros are no packet */
  g_assert_true (accepts (data, sizeof compound));
}

static void
test_rtcp_version_and_type_range_checked (void)
{
  guint8 data[8] = {0x80, 0, 0x00, 0x01};

  for (guint pt = 0; pt < 256; pt++) {
    gboolean is_report_or_feedback = pt == 200 || pt == 205 || pt == 206;

    data[1] = (guint8) pt;
    if (is_report_or_feedback) /* these need more than 8 bytes, or FMT 0 */
      continue;
    g_assert_cmpint (accepts (data, sizeof data), ==, pt >= 192 && pt <= 223);
  }
  data[1] = 201;
  for (guint version = 0; version < 4; version++) {
    data[0] = (guint8) (version << 6);
    g_assert_cmpint (accepts (data, sizeof data), ==, version == 2);
  }
}

static void
test_rtcp_padding_lies_refused (void)
{
  guint8 data[24] = {0xa0, 0xc9, 0x00, 0x05};

  for (guint padding = 0; padding < 256; padding++) {
    /* 8 bytes must stay for RR. */
    gboolean fits = padding % 4 == 0 && padding >= 4 && padding <= 16;

    data[23] = (guint8) padding;
    g_assert_cmpint (accepts (data, sizeof data), ==, fits);
  }
}

static void
test_rtcp_padding_over_common_header_refused (void)
{
  static const guint8 types[] = {202, 203, 204, 207};

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    guint8 data[8] = {0xa0, types[i], 0x00, 0x01};

    data[7] = 4;
    g_assert_true (accepts (data, sizeof data));
    data[7] = 8; /* as long as the packet */
    g_assert_false (accepts (data, sizeof data));
  }
}

/* As Chromium sends it: P and a last byte of 1, 2 or 3. */
static void
test_rtcp_padding_of_twcc_need_not_be_words (void)
{
  static const guint8 chromium[] = {0xaf, 0xcd, 0x00, 0x06, 0, 0, 0, 1, 0xb7,
      0xe0, 0x3a, 0x3c, 0xe9, 0x99, 0x00, 0x05, 0x03, 0xfa, 0xb3, 0x02, 0x20,
      0x05, 0x1b, 0x0a, 0x5e, 0x2b, 0x18, 0x01};
  guint8 data[sizeof chromium];
  ViaRtcpItem item;
  ViaTwccPacket packets[8];

  read_one (&item, chromium, sizeof chromium);
  g_assert_cmpint (item.type, ==, VIA_RTCP_TWCC);
  g_assert_cmpuint (via_rtcp_twcc (&item, packets, 8), ==, 5);
  g_assert_cmpuint (packets[4].seq, ==, 0xe99d);
  g_assert_true (packets[4].received);
  g_assert_cmpint (
      packets[4].arrival_us - packets[3].arrival_us, ==, 0x18 * 250);
  memcpy (data, chromium, sizeof data);
  for (guint padding = 0; padding < 256; padding++) {
    data[27] = (guint8) padding;
    /* 20 bytes must stay; the deltas are read by who asks for them. */
    g_assert_cmpint (accepts (data, sizeof data), ==,
        padding >= 1 && padding <= sizeof data - 20);
  }
  data[27] = 2;
  read_one (&item, data, sizeof data);
  g_assert_cmpuint (via_rtcp_twcc (&item, packets, 8), ==, 0);
}

static void
test_rtcp_padding_not_in_last_refused (void)
{
  static const guint8 data[] = {0xa0, 0xc9, 0x00, 0x02, 0, 0, 0, 1, 0, 0, 0, 4,
      0x80, 0xc9, 0x00, 0x01, 0, 0, 0, 1};

  g_assert_true (accepts (data, 12));
  g_assert_false (accepts (data, sizeof data));
}

static void
test_rtcp_length_ffff_refused (void)
{
  guint8 data[64] = {0x80, 0xc9, 0xff, 0xff};

  g_assert_false (accepts (data, sizeof data));
}

static void
test_rtcp_sdes_count_31_length_0_refused (void)
{
  static const guint8 lie[] = {0x9f, 0xca, 0x00, 0x00};
  static const guint8 empty[] = {0x80, 0xca, 0x00, 0x00};
  ViaRtcpItem item;
  guint32 ssrc;
  const gchar *cname;
  gsize len;

  g_assert_false (accepts (lie, sizeof lie));
  read_one (&item, empty, sizeof empty);
  g_assert_false (via_rtcp_sdes_cname (&item, 0, &ssrc, &cname, &len));
}

static void
test_rtcp_sdes_chunks_give_their_cname (void)
{
  static const guint8 data[] = {
      0x83, 0xca, 0x00, 0x08, 0, 0, 0, 1, 0x01, 0x02, 'a', 'b', 0x00, 0, 0,
      0,                                                  /* CNAME "ab" */
      0, 0, 0, 2, 0x06, 0x01, 't', 0x00,                  /* TOOL only */
      0, 0, 0, 3, 0x02, 0x01, 'n', 0x01, 0x01, 'c', 0, 0, /* NAME, CNAME */
  };
  static const gchar *const expected[] = {"ab", "", "c"};
  ViaRtcpItem item;
  guint32 ssrc;
  const gchar *cname;
  gsize len;

  read_one (&item, data, sizeof data);
  g_assert_cmpint (item.type, ==, VIA_RTCP_SDES);
  for (guint i = 0; i < 3; i++) {
    g_assert_true (via_rtcp_sdes_cname (&item, i, &ssrc, &cname, &len));
    g_assert_cmpuint (ssrc, ==, i + 1);
    g_assert_cmpmem (cname, len, expected[i], strlen (expected[i]));
  }
  g_assert_false (via_rtcp_sdes_cname (&item, 3, &ssrc, &cname, &len));
}

static void
test_rtcp_sdes_items_past_end_refused (void)
{
  guint8 data[] = {0x81, 0xca, 0x00, 0x03, 0, 0, 0, 1, 0x01, 0x05, 'a', 'b',
      'c', 'd', 'e', 0x00};

  g_assert_true (accepts (data, sizeof data));
  data[9] = 6; /* takes the terminator */
  g_assert_false (accepts (data, sizeof data));
  data[9] = 255;
  g_assert_false (accepts (data, sizeof data));
  data[9] = 5;
  data[15] = 1; /* a type without a length */
  g_assert_false (accepts (data, sizeof data));
  data[0] = 0x82; /* a second chunk that is not there */
  data[15] = 0;
  g_assert_false (accepts (data, sizeof data));
}

static void
test_rtcp_bye_reason_checked (void)
{
  guint8 data[] = {
      0x82, 0xcb, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 0x03, 'b', 'y', 'e'};
  ViaRtcpItem item;
  guint32 ssrc;

  read_one (&item, data, sizeof data);
  g_assert_cmpuint (item.sender_ssrc, ==, 1);
  g_assert_true (via_rtcp_bye_ssrc (&item, 1, &ssrc));
  g_assert_cmpuint (ssrc, ==, 2);
  g_assert_false (via_rtcp_bye_ssrc (&item, 2, &ssrc));
  data[12] = 4;
  g_assert_false (accepts (data, sizeof data));
  data[0] = 0x84; /* four SSRCs need 16 bytes */
  g_assert_false (accepts (data, sizeof data));
  data[0] = 0x83; /* three fit, no reason */
  g_assert_true (accepts (data, sizeof data));
}

static void
test_rtcp_bye_of_nobody_accepted (void)
{
  static const guint8 data[] = {0x80, 0xcb, 0x00, 0x00};
  ViaRtcpItem item;
  guint32 ssrc;

  read_one (&item, data, sizeof data);
  g_assert_cmpuint (item.sender_ssrc, ==, 0);
  g_assert_false (via_rtcp_bye_ssrc (&item, 0, &ssrc));
}

static void
test_rtcp_nack_golden_expands_mask_over_wrap (void)
{
  static const guint8 data[] = {0x81, 0xcd, 0x00, 0x04, 0, 0, 0, 1, 0, 0, 0, 2,
      0xff, 0xfe, 0x80, 0x05, 0x00, 0x20, 0x00, 0x00};
  static const guint16 expected[] = {0xfffe, 0xffff, 1, 14, 0x20};
  guint16 seqs[34];
  ViaRtcpItem item;

  read_one (&item, data, sizeof data);
  g_assert_cmpint (item.type, ==, VIA_RTCP_NACK);
  g_assert_cmpuint (item.sender_ssrc, ==, 1);
  g_assert_cmpuint (item.media_ssrc, ==, 2);
  g_assert_cmpuint (via_rtcp_nack_seqs (&item, seqs, 34), ==, 5);
  g_assert_cmpmem (seqs, 5 * 2, expected, sizeof expected);
}

static void
test_rtcp_nack_more_than_room_stops (void)
{
  static const guint8 data[] = {
      0x81, 0xcd, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 0x00, 0x01, 0xff, 0xff};
  ViaRtcpItem item;

  read_one (&item, data, sizeof data);
  for (guint max = 0; max <= 20; max++) {
    g_autofree guint16 *seqs = g_new (guint16, MAX (max, 1));
    guint n = via_rtcp_nack_seqs (&item, seqs, max);

    g_assert_cmpuint (n, ==, MIN (max, 17));
    for (guint i = 0; i < n; i++)
      g_assert_cmpuint (seqs[i], ==, i + 1);
  }
}

static void
test_rtcp_feedback_too_short_refused (void)
{
  static const struct
  {
    guint8 pt, fmt;
    guint words; /* least length field */
  } cases[] = {
      {205, 1, 3},  /* NACK: one entry */
      {205, 15, 4}, /* TWCC: base, count, time */
      {206, 1, 2},  /* PLI: two SSRCs */
      {206, 4, 4},  /* FIR: one entry */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    for (guint words = 0; words <= cases[i].words; words++) {
      guint8 data[32] = {
          (guint8) (0x80 | cases[i].fmt), cases[i].pt, 0, (guint8) words};

      g_assert_cmpint (
          accepts (data, 4 + words * 4), ==, words == cases[i].words);
    }
  }
}

static void
test_rtcp_fir_gives_entries (void)
{
  guint8 data[] = {0x84, 0xce, 0x00, 0x06, 0, 0, 0, 1, 0, 0, 0, 0, /* */
      0, 0, 0, 7, 0x11, 0, 0, 0, 0, 0, 0, 8, 0xff, 0, 0, 0};
  ViaRtcpItem item;
  guint32 ssrc;
  guint8 seq;

  read_one (&item, data, sizeof data);
  g_assert_cmpint (item.type, ==, VIA_RTCP_FIR);
  g_assert_true (via_rtcp_fir (&item, 0, &ssrc, &seq));
  g_assert_cmpuint (ssrc, ==, 7);
  g_assert_cmpuint (seq, ==, 0x11);
  g_assert_true (via_rtcp_fir (&item, 1, &ssrc, &seq));
  g_assert_cmpuint (ssrc, ==, 8);
  g_assert_cmpuint (seq, ==, 0xff);
  g_assert_false (via_rtcp_fir (&item, 2, &ssrc, &seq));
  g_assert_false (via_rtcp_fir (&item, G_MAXUINT, &ssrc, &seq));
  data[3] = 5; /* half an entry */
  g_assert_false (accepts (data, sizeof data - 4));
}

/* A REMB for SSRC 9 with @exponent (6 bits) and @mantissa (18 bits). */
static void
make_remb (guint8 *data, guint exponent, guint mantissa)
{
  const guint8 bytes[24] = {0x8f, 0xce, 0x00, 0x05, 0, 0, 0, 1, 0, 0, 0, 0, 'R',
      'E', 'M', 'B', 0x01, (guint8) (exponent << 2 | mantissa >> 16),
      (guint8) (mantissa >> 8), (guint8) mantissa, 0, 0, 0, 9};

  memcpy (data, bytes, sizeof bytes);
}

static void
test_rtcp_remb_extremes_saturate (void)
{
  static const struct
  {
    guint exponent, mantissa;
    guint64 bps;
  } cases[] = {
      {0, 0, 0},
      {63, 0, 0},
      {0, 0x3ffff, 262143},
      {3, 250000, 2000000},
      {46, 0x3ffff, G_GUINT64_CONSTANT (0x3ffff) << 46},
      {47, 0x3ffff, G_MAXUINT64},
      {63, 1, G_GUINT64_CONSTANT (1) << 63},
      {63, 2, G_MAXUINT64},
      {63, 0x3ffff, G_MAXUINT64},
  };
  guint8 data[24];
  ViaRtcpItem item;
  guint32 ssrc;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    make_remb (data, cases[i].exponent, cases[i].mantissa);
    read_one (&item, data, sizeof data);
    g_assert_cmpint (item.type, ==, VIA_RTCP_REMB);
    g_assert_cmpuint (item.bitrate_bps, ==, cases[i].bps);
    g_assert_true (via_rtcp_remb_ssrc (&item, 0, &ssrc));
    g_assert_cmpuint (ssrc, ==, 9);
    g_assert_false (via_rtcp_remb_ssrc (&item, 1, &ssrc));
  }
}

static void
test_rtcp_remb_ssrc_count_lies_refused (void)
{
  guint8 data[24];
  ViaRtcpItem item;
  guint32 ssrc;

  make_remb (data, 0, 1);
  data[16] = 2;
  g_assert_false (accepts (data, sizeof data));
  data[16] = 255;
  g_assert_false (accepts (data, sizeof data));
  data[16] = 0;
  read_one (&item, data, sizeof data);
  g_assert_false (via_rtcp_remb_ssrc (&item, 0, &ssrc)); /* bytes, no entry */
  data[3] = 3; /* "REMB" and no more */
  g_assert_false (accepts (data, 16));
}

static void
test_rtcp_unread_types_are_other (void)
{
  static const guint8 packets[][16] = {
      {0x8f, 0xce, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2, 'A', 'F', 'B', '!'},
      {0x83, 0xcd, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2}, /* TMMBR */
      {0x82, 0xce, 0x00, 0x03, 0, 0, 0, 1, 0, 0, 0, 2}, /* SLI */
      {0x80, 0xcf, 0x00, 0x03, 0, 0, 0, 1},             /* XR */
      {0x80, 0xc0, 0x00, 0x03, 0, 0, 0, 1},             /* FIR, RFC 2032 */
  };
  ViaRtcpItem item;

  for (guint i = 0; i < G_N_ELEMENTS (packets); i++) {
    read_one (&item, packets[i], sizeof packets[i]);
    g_assert_cmpint (item.type, ==, VIA_RTCP_OTHER);
    g_assert_cmpuint (item.sender_ssrc, ==, 1);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtcp/sr/golden", test_rtcp_sr_golden_gives_every_field);
  g_test_add_func (
      "/rtcp/sr/extension", test_rtcp_sr_extension_after_reports_ignored);
  g_test_add_func ("/rtcp/sr/count", test_rtcp_report_count_lies_refused);
  g_test_add_func (
      "/rtcp/compound/order", test_rtcp_compound_gives_items_in_order);
  g_test_add_func (
      "/rtcp/compound/truncated", test_rtcp_compound_each_truncation_checked);
  g_test_add_func (
      "/rtcp/compound/bad-tail", test_rtcp_compound_bad_tail_refuses_all);
  g_test_add_func (
      "/rtcp/header/range", test_rtcp_version_and_type_range_checked);
  g_test_add_func ("/rtcp/header/padding", test_rtcp_padding_lies_refused);
  g_test_add_func (
      "/rtcp/header/padding-twcc", test_rtcp_padding_of_twcc_need_not_be_words);
  g_test_add_func (
      "/rtcp/header/padding-all", test_rtcp_padding_over_common_header_refused);
  g_test_add_func (
      "/rtcp/header/padding-order", test_rtcp_padding_not_in_last_refused);
  g_test_add_func ("/rtcp/header/length", test_rtcp_length_ffff_refused);
  g_test_add_func (
      "/rtcp/sdes/count-31", test_rtcp_sdes_count_31_length_0_refused);
  g_test_add_func ("/rtcp/sdes/cname", test_rtcp_sdes_chunks_give_their_cname);
  g_test_add_func (
      "/rtcp/sdes/past-end", test_rtcp_sdes_items_past_end_refused);
  g_test_add_func ("/rtcp/bye/reason", test_rtcp_bye_reason_checked);
  g_test_add_func ("/rtcp/bye/nobody", test_rtcp_bye_of_nobody_accepted);
  g_test_add_func (
      "/rtcp/nack/after-wrap", test_rtcp_nack_golden_expands_mask_over_wrap);
  g_test_add_func ("/rtcp/nack/room", test_rtcp_nack_more_than_room_stops);
  g_test_add_func (
      "/rtcp/feedback/short", test_rtcp_feedback_too_short_refused);
  g_test_add_func ("/rtcp/fir/entries", test_rtcp_fir_gives_entries);
  g_test_add_func ("/rtcp/remb/extremes", test_rtcp_remb_extremes_saturate);
  g_test_add_func ("/rtcp/remb/count", test_rtcp_remb_ssrc_count_lies_refused);
  g_test_add_func ("/rtcp/other", test_rtcp_unread_types_are_other);
  return g_test_run ();
}
