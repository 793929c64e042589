/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_rtcp.c – any bytes as RTCP; every accessor of every item.
 */
#include "fuzz.h"

#include "rtp/rtcp.h"

#define MAX_TWCC 0xffff

/* What was decoded can be written and decodes to the same. */
static void
check_twcc (const ViaRtcpItem *item)
{
  static ViaTwccPacket packets[MAX_TWCC], again[MAX_TWCC];
  static guint8 data[300000];
  guint n = via_rtcp_twcc (item, packets, MAX_TWCC);
  gint64 shift = 0;
  gboolean started = FALSE;
  ViaWriter out;
  ViaRtcpReader reader;
  ViaRtcpItem copy;

  if (n == 0)
    return;
  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_rtcp_write_twcc (
      &out, item->sender_ssrc, item->media_ssrc, 0, packets, n));
  g_assert_true (via_rtcp_reader_init (&reader, data, out.pos));
  g_assert_true (via_rtcp_next (&reader, &copy));
  g_assert_cmpuint (via_rtcp_twcc (&copy, again, MAX_TWCC), ==, n);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpuint (again[i].seq, ==, packets[i].seq);
    g_assert_cmpint (again[i].received, ==, packets[i].received);
    if (!packets[i].received)
      continue;
    /* The reference time has 24 bits: all may be one turn off. */
    if (!started)
      shift = again[i].arrival_us - packets[i].arrival_us;
    started = TRUE;
    g_assert_cmpint (again[i].arrival_us - packets[i].arrival_us, ==, shift);
  }
  g_assert_cmpint (shift % (G_GINT64_CONSTANT (0x1000000) * 64000), ==, 0);
}

static void
check_remb (const ViaRtcpItem *item)
{
  guint8 data[32];
  ViaWriter out;
  ViaRtcpReader reader;
  ViaRtcpItem copy;
  guint32 ssrc;

  for (guint i = 0; via_rtcp_remb_ssrc (item, i, &ssrc); i++)
    g_assert_cmpuint (20 + 4 * (i + 1), <=, item->body_len);
  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_rtcp_write_remb (&out, 1, item->bitrate_bps, NULL, 0));
  g_assert_true (via_rtcp_reader_init (&reader, data, out.pos));
  g_assert_true (via_rtcp_next (&reader, &copy));
  if (item->bitrate_bps != G_MAXUINT64)
    g_assert_cmpuint (copy.bitrate_bps, ==, item->bitrate_bps);
}

static void
check_sdes (const ViaRtcpItem *item)
{
  const gchar *cname;
  gsize len;
  guint32 ssrc;

  for (guint i = 0; via_rtcp_sdes_cname (item, i, &ssrc, &cname, &len); i++) {
    const guint8 *at = (const guint8 *) cname;

    g_assert_true (
        len == 0
        || (at > item->body && at + len < item->body + item->body_len));
  }
}

static void
check_nack (const ViaRtcpItem *item)
{
  guint16 seqs[17];
  guint n = via_rtcp_nack_seqs (item, seqs, G_N_ELEMENTS (seqs));

  g_assert_cmpuint (n, >=, 1);
  g_assert_cmpuint (n, <=, G_N_ELEMENTS (seqs));
}

static void
check_item (const ViaRtcpItem *item)
{
  ViaRtcpReport report;
  guint32 ssrc;
  guint8 seq;

  for (guint i = 0; i < item->n_reports; i++) {
    via_rtcp_report (item, i, &report);
    g_assert_cmpint (report.lost, >=, -0x800000);
    g_assert_cmpint (report.lost, <=, 0x7fffff);
  }
  switch (item->type) {
    case VIA_RTCP_TWCC:
      check_twcc (item);
      break;
    case VIA_RTCP_REMB:
      check_remb (item);
      break;
    case VIA_RTCP_SDES:
      check_sdes (item);
      break;
    case VIA_RTCP_NACK:
      check_nack (item);
      break;
    case VIA_RTCP_FIR:
      g_assert_true (via_rtcp_fir (item, 0, &ssrc, &seq));
      for (guint i = 1; via_rtcp_fir (item, i, &ssrc, &seq); i++)
        g_assert_cmpuint (12 + 8 * (i + 1), <=, item->body_len);
      break;
    case VIA_RTCP_BYE:
      for (guint i = 0; via_rtcp_bye_ssrc (item, i, &ssrc); i++)
        g_assert_cmpuint (i, <, 31);
      break;
    default:
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ViaRtcpReader reader;
  ViaRtcpItem item;
  const guint8 *end = data;

  if (!via_rtcp_reader_init (&reader, data, size))
    return 0;
  while (via_rtcp_next (&reader, &item)) {
    g_assert_true (item.body >= end && item.body < data + size);
    end = item.body + item.body_len;
    g_assert_true (end <= data + size);
    check_item (&item);
  }
  /* What was accepted is given out to its end. */
  g_assert_cmpuint (via_reader_left (&reader.in), ==, 0);
  return 0;
}
