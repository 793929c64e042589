/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/jitter – order, bounded waiting, wrap, restart, hostile numbers.
 */
#include "rtp/jitter.h"

#include <string.h>

#define LATENCY (100 * VIA_MS)

/* Packets tell their number by `captured`. */
static gboolean
come (ViaJitter *self, guint seq, ViaTime now)
{
  guint8 data[12] = {0x80};
  g_autoptr (ViaPacket) packet =
      via_packet_new (data, sizeof data, (guint16) seq, FALSE);

  return via_jitter_push (self, packet, (guint16) seq, now);
}

/* What is due at @now as words: "5 6 -2 9 |". */
static gchar *
drain (ViaJitter *self, ViaTime now)
{
  GString *text = g_string_new (NULL);
  ViaJitterItem item;
  ViaJitterType type;

  while ((type = via_jitter_next (self, now, &item)) != VIA_JITTER_NONE) {
    if (text->len > 0)
      g_string_append_c (text, ' ');
    if (type == VIA_JITTER_PACKET)
      g_string_append_printf (text, "%d", (gint) item.packet->captured);
    else if (type == VIA_JITTER_GAP)
      g_string_append_printf (text, "-%u", item.n_lost);
    else
      g_string_append_c (text, '|');
    g_clear_pointer (&item.packet, via_packet_unref);
  }
  return g_string_free (text, FALSE);
}

static void
assert_due (ViaJitter *self, ViaTime now, const gchar *wanted)
{
  g_autofree gchar *text = drain (self, now);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_jitter_in_order_is_due_at_once (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  assert_due (j, 0, "");
  g_assert_cmpint (via_jitter_deadline (j), ==, VIA_TIME_NEVER);
  come (j, 5, 0);
  g_assert_cmpint (via_jitter_deadline (j), ==, 0);
  come (j, 6, 0);
  assert_due (j, 0, "5 6");
  g_assert_cmpint (via_jitter_deadline (j), ==, VIA_TIME_NEVER);
}

static void
test_jitter_missing_is_waited_for_until_deadline (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);
  ViaJitterStats stats;

  come (j, 1, 0);
  come (j, 4, 10 * VIA_MS);
  come (j, 3, 20 * VIA_MS);
  assert_due (j, 20 * VIA_MS, "1");
  g_assert_cmpint (via_jitter_deadline (j), ==, 110 * VIA_MS);
  assert_due (j, 110 * VIA_MS - 1, "");
  assert_due (j, 110 * VIA_MS, "-1 3 4");
  g_assert_false (come (j, 2, 111 * VIA_MS));
  via_jitter_get_stats (j, &stats);
  g_assert_cmpuint (stats.lost, ==, 1);
  g_assert_cmpuint (stats.late, ==, 1);
  g_assert_cmpuint (stats.duplicates, ==, 0);
  g_assert_cmpuint (stats.reordered, ==, 1);
}

static void
test_jitter_reordered_comes_out_in_order (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);
  ViaJitterStats stats;

  come (j, 1, 0);
  come (j, 3, 1);
  assert_due (j, 1, "1");
  come (j, 2, 2);
  assert_due (j, 2, "2 3");
  via_jitter_get_stats (j, &stats);
  g_assert_cmpuint (stats.lost, ==, 0);
  g_assert_cmpuint (stats.reordered, ==, 1);
}

/* Each gap has its own time. */
static void
test_jitter_second_gap_waits_from_its_own_start (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  come (j, 1, 0);
  come (j, 3, 0);
  come (j, 5, 50 * VIA_MS);
  assert_due (j, 50 * VIA_MS, "1");
  assert_due (j, 100 * VIA_MS, "-1 3");
  g_assert_cmpint (via_jitter_deadline (j), ==, 150 * VIA_MS);
  assert_due (j, 150 * VIA_MS, "-1 5");
}

static void
test_jitter_gap_after_a_filled_one_waits_in_full (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  come (j, 1, 0);
  come (j, 3, 0);
  assert_due (j, 0, "1");
  come (j, 2, 90 * VIA_MS);
  assert_due (j, 90 * VIA_MS, "2 3");
  come (j, 5, 90 * VIA_MS);
  assert_due (j, 110 * VIA_MS, "");
  assert_due (j, 190 * VIA_MS, "-1 5");
}

static void
test_jitter_after_wrap_goes_on (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  come (j, 65534, 0);
  come (j, 0, 0);
  come (j, 65535, 0);
  come (j, 2, 0);
  assert_due (j, 0, "65534 65535 0");
  assert_due (j, LATENCY, "-1 2");
  for (guint turn = 0, seq = 3; turn < 3 * 65536; turn++, seq++)
    come (j, seq, LATENCY), g_free (drain (j, LATENCY));
  come (j, 3, LATENCY);
  assert_due (j, LATENCY, "3");
}

static void
test_jitter_duplicate_is_counted_once_given_or_held (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);
  ViaJitterStats stats;

  come (j, 1, 0);
  assert_due (j, 0, "1");
  g_assert_false (come (j, 1, 0));
  come (j, 3, 0);
  g_assert_false (come (j, 3, 0));
  via_jitter_get_stats (j, &stats);
  g_assert_cmpuint (stats.duplicates, ==, 2);
  g_assert_cmpuint (stats.late, ==, 0);
}

static void
test_jitter_one_far_packet_changes_nothing (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  come (j, 100, 0);
  come (j, 30000, 0);
  come (j, 101, 0);
  come (j, 30002, 0);
  come (j, 102, 0);
  assert_due (j, LATENCY, "100 101 102");
}

static void
test_jitter_two_in_a_row_far_away_restart (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  come (j, 100, 0);
  come (j, 103, 0);
  assert_due (j, 0, "100");
  come (j, 40000, 1);
  come (j, 40001, 1);
  assert_due (j, 1, "-2 103 | 40000 40001");
  come (j, 40002, 1);
  assert_due (j, 1, "40002");
  /* Back as well. */
  come (j, 7, 2);
  come (j, 8, 2);
  assert_due (j, 2, "| 7 8");
}

static void
test_jitter_told_to_restart_takes_any_number (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);

  via_jitter_restart (j);
  assert_due (j, 0, "");
  come (j, 100, 0);
  come (j, 102, 0);
  via_jitter_restart (j);
  come (j, 50, 0);
  assert_due (j, 0, "100 -1 102 | 50");
}

static void
test_jitter_keeps_a_bounded_number (void)
{
  g_autoptr (ViaJitter) j = via_jitter_new (LATENCY);
  guint before = via_packet_alive ();

  come (j, 0, 0);
  assert_due (j, 0, "0");
  for (guint seq = 2; seq < 60000; seq += 2)
    come (j, seq, 0);
  g_assert_cmpuint (
      via_packet_alive () - before, <=, VIA_JITTER_PACKETS / 2 + 1);
}

static void
test_jitter_freed_lets_go_of_all (void)
{
  ViaJitter *j = via_jitter_new (LATENCY);

  come (j, 1, 0);
  come (j, 3, 0);
  via_jitter_restart (j);
  come (j, 9, 0);
  come (j, 12, 0);
  come (j, 30000, 0);
  via_jitter_free (j);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

gint
main (gint argc, gchar **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/jitter/" #name, test_jitter_##name)
  ADD (in_order_is_due_at_once);
  ADD (missing_is_waited_for_until_deadline);
  ADD (reordered_comes_out_in_order);
  ADD (second_gap_waits_from_its_own_start);
  ADD (gap_after_a_filled_one_waits_in_full);
  ADD (after_wrap_goes_on);
  ADD (duplicate_is_counted_once_given_or_held);
  ADD (one_far_packet_changes_nothing);
  ADD (two_in_a_row_far_away_restart);
  ADD (told_to_restart_takes_any_number);
  ADD (keeps_a_bounded_number);
  ADD (freed_lets_go_of_all);
#undef ADD
  return g_test_run ();
}
