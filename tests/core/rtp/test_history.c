/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/history – NACK answers are bounded in time, number and rate.
 */
#include "rtp/history.h"

#include <string.h>

static void
add (ViaHistory *self, gint64 seq, gsize len, ViaTime now)
{
  guint8 data[VIA_PACKET_MAX] = {0x80};
  ViaPacket *packet = via_packet_new (data, len, now, FALSE);
  ViaRtpHeader header = {.seq = (guint16) seq, .osn = -1};

  via_history_add (self, seq, packet, &header, now);
  via_packet_unref (packet);
}

static gint
next (ViaHistory *self)
{
  ViaHistoryItem item;

  return via_history_next (self, &item) ? item.header.seq : -1;
}

static void
test_history_ask_gives_the_packet_as_sent (void)
{
  ViaHistory *self = via_history_new ();
  ViaHistoryItem item;
  guint8 data[20] = {0x80, 96, 7};
  ViaPacket *packet = via_packet_new (data, 20, 0, FALSE);
  ViaRtpHeader header = {.seq = 9, .osn = -1, .timestamp = 77, .twcc_seq = 5};

  via_history_add (self, 9, packet, &header, 1);
  via_packet_unref (packet);
  g_assert_cmpint (via_history_ask (self, 9, 0, 2), ==, VIA_RESEND_YES);
  g_assert_true (via_history_next (self, &item));
  g_assert_cmpmem (item.packet->data, item.packet->len, data, 20);
  g_assert_cmpmem (&item.header, sizeof header, &header, sizeof header);
  g_assert_false (via_history_next (self, &item));
  via_history_free (self);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_history_unknown_seq_is_refused (void)
{
  ViaHistory *self = via_history_new ();

  g_assert_cmpint (via_history_ask (self, 9, 0, 2), ==, VIA_RESEND_UNKNOWN);
  add (self, 10, 100, 0);
  g_assert_cmpint (via_history_ask (self, 9, 0, 2), ==, VIA_RESEND_UNKNOWN);
  g_assert_cmpint (via_history_ask (self, 11, 0, 2), ==, VIA_RESEND_UNKNOWN);
  via_history_free (self);
}

static void
test_history_after_one_second_lets_go (void)
{
  ViaHistory *self = via_history_new ();

  add (self, 1, 100, 0);
  add (self, 2, 100, 600 * VIA_MS);
  g_assert_cmpint (via_history_deadline (self), >=, VIA_S);
  g_assert_cmpint (via_history_deadline (self), <=, 2 * VIA_S);
  via_history_expire (self, VIA_S + 1);
  g_assert_cmpuint (via_history_count (self), ==, 1);
  g_assert_cmpuint (via_packet_alive (), ==, 1);
  via_history_expire (self, 3 * VIA_S);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
  g_assert_cmpint (via_history_deadline (self), ==, VIA_TIME_NEVER);
  g_assert_cmpint (
      via_history_ask (self, 2, 0, 3 * VIA_S), ==, VIA_RESEND_UNKNOWN);
  via_history_free (self);
}

static void
test_history_holds_at_most_1024 (void)
{
  ViaHistory *self = via_history_new ();

  for (gint64 seq = 65000; seq < 65000 + 3000; seq++)
    add (self, seq, 20, 1);
  g_assert_cmpuint (via_history_count (self), ==, VIA_HISTORY_PACKETS);
  g_assert_cmpuint (via_packet_alive (), ==, VIA_HISTORY_PACKETS);
  g_assert_cmpint (via_history_ask (self, (guint16) (68000 - 1024), 0, 2), ==,
      VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, (guint16) (68000 - 1025), 0, 2), ==,
      VIA_RESEND_UNKNOWN);
  via_history_free (self);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_history_wrap_gap_and_reorder_are_found (void)
{
  ViaHistory *self = via_history_new ();

  add (self, 65535, 20, 0);
  add (self, 65540, 20, 0);
  add (self, 65537, 20, 0);
  add (self, 65534, 20, 0); /* before the oldest */
  g_assert_cmpint (via_history_ask (self, 65535, 0, 1), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 4, 0, 1), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 1, 0, 1), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 65534, 0, 1), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 2, 0, 1), ==, VIA_RESEND_UNKNOWN);
  g_assert_cmpint (next (self), ==, 65535);
  g_assert_cmpint (next (self), ==, 4);
  g_assert_cmpint (next (self), ==, 1);
  g_assert_cmpint (next (self), ==, 65534);
  g_assert_cmpint (next (self), ==, -1);
  add (self, 65540 + 5000, 20, 0); /* far ahead: the others go */
  g_assert_cmpuint (via_history_count (self), ==, 1);
  via_history_free (self);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

static void
test_history_ask_twice_in_one_rtt_sends_once (void)
{
  ViaHistory *self = via_history_new ();

  add (self, 1, 100, 0);
  g_assert_cmpint (via_history_ask (self, 1, 0, 1), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 1, 0, 1), ==, VIA_RESEND_TOO_SOON);
  g_assert_cmpint (next (self), ==, 1);
  g_assert_cmpint (
      via_history_ask (self, 1, 0, 99 * VIA_MS), ==, VIA_RESEND_TOO_SOON);
  g_assert_cmpint (
      via_history_ask (self, 1, 0, 101 * VIA_MS), ==, VIA_RESEND_YES);
  g_assert_cmpint (next (self), ==, 1);
  g_assert_cmpint (via_history_ask (self, 1, 40 * VIA_MS, 130 * VIA_MS), ==,
      VIA_RESEND_TOO_SOON);
  g_assert_cmpint (
      via_history_ask (self, 1, 20 * VIA_MS, 130 * VIA_MS), ==, VIA_RESEND_YES);
  via_history_free (self);
}

static void
test_history_packet_is_sent_at_most_10_times (void)
{
  ViaHistory *self = via_history_new ();
  guint sent = 0;
  ViaResend last = VIA_RESEND_YES;

  add (self, 1, 100, 0);
  for (ViaTime now = 0; now <= VIA_S; now += 10 * VIA_MS) {
    last = via_history_ask (self, 1, 10 * VIA_MS, now);
    sent += last == VIA_RESEND_YES;
    next (self);
  }
  g_assert_cmpuint (sent, ==, VIA_HISTORY_TRIES);
  g_assert_cmpint (last, ==, VIA_RESEND_TOO_OFTEN);
  via_history_free (self);
}

static void
storm (gsize len, guint per_second, gdouble *out_ratio)
{
  ViaHistory *self = via_history_new ();
  guint64 sent = 0, resent = 0;
  ViaHistoryItem item;

  for (gint64 seq = 0; seq < per_second * 10; seq++) {
    ViaTime now = seq * VIA_S / per_second;

    add (self, seq, len, now);
    sent += len;
    for (gint64 lost = MAX (seq - 300, 0); lost <= seq; lost++)
      via_history_ask (self, (guint16) lost, 1, now);
    while (via_history_next (self, &item))
      resent += item.packet->len;
  }
  *out_ratio = (gdouble) (sent + resent) / sent;
  via_history_free (self);
}

static void
test_history_nack_storm_stays_within_budget (void)
{
  gdouble ratio;

  storm (1200, 250, &ratio); /* video, 2.4 Mbit/s */
  g_assert_cmpfloat (ratio, <=, 1.3);
  g_assert_cmpfloat (ratio, >=, 1.2);
  storm (160, 50, &ratio); /* audio, 64 kbit/s */
  g_assert_cmpfloat (ratio, <=, 1.3);
}

static void
test_history_small_stream_can_lose_a_packet (void)
{
  ViaHistory *self = via_history_new ();
  guint missed = 0;

  for (gint64 seq = 0; seq < 100; seq++) { /* one in ten lost, 2 per second */
    add (self, seq, 1200, seq * 500 * VIA_MS);
    if (seq % 10 == 9
        && via_history_ask (self, (guint16) seq, 0, seq * 500 * VIA_MS + 1)
               != VIA_RESEND_YES)
      missed++;
    next (self);
  }
  g_assert_cmpuint (missed, ==, 0);
  via_history_free (self);
}

static void
test_history_queued_packet_that_expired_is_skipped (void)
{
  ViaHistory *self = via_history_new ();

  add (self, 1, 100, 0);
  add (self, 2, 100, VIA_S);
  g_assert_cmpint (via_history_ask (self, 1, 0, VIA_S), ==, VIA_RESEND_YES);
  g_assert_cmpint (via_history_ask (self, 2, 0, VIA_S), ==, VIA_RESEND_YES);
  via_history_expire (self, VIA_S + 500 * VIA_MS);
  g_assert_cmpint (next (self), ==, 2);
  g_assert_cmpint (next (self), ==, -1);
  via_history_free (self);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/history/ask", test_history_ask_gives_the_packet_as_sent);
  g_test_add_func ("/history/unknown", test_history_unknown_seq_is_refused);
  g_test_add_func ("/history/expire", test_history_after_one_second_lets_go);
  g_test_add_func ("/history/bound", test_history_holds_at_most_1024);
  g_test_add_func ("/history/wrap", //
      test_history_wrap_gap_and_reorder_are_found);
  g_test_add_func ("/history/rtt", //
      test_history_ask_twice_in_one_rtt_sends_once);
  g_test_add_func ("/history/tries", //
      test_history_packet_is_sent_at_most_10_times);
  g_test_add_func ("/history/storm", //
      test_history_nack_storm_stays_within_budget);
  g_test_add_func ("/history/small", //
      test_history_small_stream_can_lose_a_packet);
  g_test_add_func ("/history/queued-expired", //
      test_history_queued_packet_that_expired_is_skipped);
  return g_test_run ();
}
