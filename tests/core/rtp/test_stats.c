/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/stats – loss, jitter and round trips as RFC 3550 counts them.
 */
#include "rtp/stats.h"

static void
packet (ViaReceiveStats *self, guint16 seq, guint32 timestamp, ViaTime now)
{
  ViaRtpView view = {
      .seq = seq, .timestamp = timestamp, .ssrc = 5, .payload_len = 100};

  via_receive_stats_packet (self, &view, now);
}

static void
test_stats_clean_stream_reports_no_loss (void)
{
  ViaReceiveStats self;
  ViaRtcpReport report;

  via_receive_stats_init (&self, 5, 90000);
  for (guint i = 0; i < 100; i++)
    packet (&self, (guint16) (65500 + i), i * 3000, i * VIA_S / 30);
  via_receive_stats_report (&self, 4 * VIA_S, &report);
  g_assert_cmpuint (report.ssrc, ==, 5);
  g_assert_cmpuint (report.fraction_lost, ==, 0);
  g_assert_cmpint (report.lost, ==, 0);
  g_assert_cmpuint (report.highest_seq, ==, 65599); /* cycle 1, 63 */
  g_assert_cmpuint (report.jitter, <=, 1);
  g_assert_cmpuint (report.last_sr, ==, 0);
  g_assert_cmpuint (report.delay_since_sr, ==, 0);
  g_assert_cmpuint (self.bytes, ==, 10000);
}

static void
test_stats_loss_is_per_interval_and_total (void)
{
  ViaReceiveStats self;
  ViaRtcpReport report;

  via_receive_stats_init (&self, 5, 90000);
  for (guint i = 0; i < 100; i++)
    if (i % 4 != 1)
      packet (&self, (guint16) i, 0, 0);
  via_receive_stats_report (&self, 0, &report);
  g_assert_cmpuint (report.fraction_lost, ==, 64); /* 25 of 100 */
  g_assert_cmpint (report.lost, ==, 25);
  for (guint i = 100; i < 200; i++)
    packet (&self, (guint16) i, 0, 0);
  via_receive_stats_report (&self, 0, &report);
  g_assert_cmpuint (report.fraction_lost, ==, 0);
  g_assert_cmpint (report.lost, ==, 25);
  via_receive_stats_report (&self, 0, &report); /* nothing new came */
  g_assert_cmpuint (report.fraction_lost, ==, 0);
}

static void
test_stats_duplicates_make_loss_negative (void)
{
  ViaReceiveStats self;
  ViaRtcpReport report;

  via_receive_stats_init (&self, 5, 90000);
  for (guint i = 0; i < 20; i++)
    packet (&self, (guint16) (i / 2), 0, 0);
  via_receive_stats_report (&self, 0, &report);
  g_assert_cmpint (report.lost, ==, -10);
  g_assert_cmpuint (report.fraction_lost, ==, 0);
}

static void
test_stats_one_wild_seq_is_not_loss (void)
{
  ViaReceiveStats self;

  via_receive_stats_init (&self, 5, 90000);
  packet (&self, 10, 0, 0);
  packet (&self, 30000, 0, 0);
  packet (&self, 11, 0, 0);
  g_assert_cmpint (via_receive_stats_lost (&self), ==, 0);
  packet (&self, 40000, 0, 0); /* two in a row: a restart */
  packet (&self, 40001, 0, 0);
  packet (&self, 40003, 0, 0);
  g_assert_cmpint (via_receive_stats_lost (&self), ==, 1);
}

static void
test_stats_jitter_follows_arrival (void)
{
  ViaReceiveStats self;

  via_receive_stats_init (&self, 5, 48000);
  for (guint i = 0; i < 500; i++) /* every other packet 10 ms late */
    packet (
        &self, (guint16) i, i * 960, i * 20 * VIA_MS + (i % 2) * 10 * VIA_MS);
  g_assert_cmpint (via_receive_stats_jitter (&self), >=, 9 * VIA_MS);
  g_assert_cmpint (via_receive_stats_jitter (&self), <=, 11 * VIA_MS);
  packet (&self, 500, 0x80000000u, 10 * VIA_S);
  g_assert_cmpint (via_receive_stats_jitter (&self), <=, VIA_S);
}

static void
test_stats_sr_gives_lsr_and_delay (void)
{
  ViaReceiveStats self;
  ViaRtcpReport report;

  via_receive_stats_init (&self, 5, 48000);
  packet (&self, 1, 0, 0);
  via_receive_stats_sr (&self, G_GUINT64_CONSTANT (0x1122334455667788), 0);
  via_receive_stats_report (&self, 2 * VIA_S + VIA_S / 2, &report);
  g_assert_cmpuint (report.last_sr, ==, 0x33445566);
  g_assert_cmpuint (report.delay_since_sr, ==, 65536 * 5 / 2);
  via_receive_stats_report (&self, 100000 * VIA_S, &report);
  g_assert_cmpuint (report.delay_since_sr, ==, G_MAXUINT32);
}

static void
test_stats_rtt_is_now_minus_lsr_minus_delay (void)
{
  gint64 sent = 1700000000 * VIA_S + 123456;
  ViaRtcpReport report = {.fraction_lost = 12,
      .lost = -3,
      .last_sr = via_ntp_middle (via_ntp_from_unix (sent)),
      .delay_since_sr = 65536 / 2};
  ViaFarStats self;

  via_far_stats_init (&self);
  g_assert_cmpint (self.rtt, ==, -1);
  via_far_stats_report (
      &self, &report, via_ntp_from_unix (sent + VIA_S / 2 + 80 * VIA_MS));
  g_assert_cmpint (self.rtt, >=, 80 * VIA_MS - 50);
  g_assert_cmpint (self.rtt, <=, 80 * VIA_MS + 50);
  g_assert_cmpuint (self.fraction_lost, ==, 12);
  g_assert_cmpint (self.lost, ==, -3);
}

static void
test_stats_impossible_rtt_is_not_believed (void)
{
  gint64 sent = 1700000000 * VIA_S;
  ViaRtcpReport report = {
      .last_sr = via_ntp_middle (via_ntp_from_unix (sent)),
      .delay_since_sr = 65536,
  };
  ViaFarStats self;

  via_far_stats_init (&self);
  via_far_stats_report (&self, &report, via_ntp_from_unix (sent + 1));
  g_assert_cmpint (self.rtt, ==, -1); /* negative */
  via_far_stats_report (&self, &report, via_ntp_from_unix (sent + 100 * VIA_S));
  g_assert_cmpint (self.rtt, ==, -1);
  report.last_sr = 0;
  via_far_stats_report (&self, &report, via_ntp_from_unix (sent + 2 * VIA_S));
  g_assert_cmpint (self.rtt, ==, -1);
  g_assert_cmpuint (self.reports, ==, 3);
}

static void
test_stats_ntp_is_seconds_since_1900 (void)
{
  g_assert_cmpuint (via_ntp_from_unix (0) >> 32, ==, 2208988800u);
  g_assert_cmpuint (
      via_ntp_from_unix (VIA_S / 2) & 0xffffffffu, ==, 0x80000000u);
  for (gint64 us = 0; us < VIA_S; us += 997)
    g_assert_cmpuint (
        ((via_ntp_from_unix (us) & 0xffffffffu) * 1000000) >> 32, ==, us);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stats/clean", test_stats_clean_stream_reports_no_loss);
  g_test_add_func ("/stats/loss", test_stats_loss_is_per_interval_and_total);
  g_test_add_func ("/stats/duplicates", //
      test_stats_duplicates_make_loss_negative);
  g_test_add_func ("/stats/wild-seq", test_stats_one_wild_seq_is_not_loss);
  g_test_add_func ("/stats/jitter", test_stats_jitter_follows_arrival);
  g_test_add_func ("/stats/sr", test_stats_sr_gives_lsr_and_delay);
  g_test_add_func ("/stats/rtt", test_stats_rtt_is_now_minus_lsr_minus_delay);
  g_test_add_func ("/stats/rtt-impossible", //
      test_stats_impossible_rtt_is_not_believed);
  g_test_add_func ("/stats/ntp", test_stats_ntp_is_seconds_since_1900);
  return g_test_run ();
}
