/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_seq.c – sequence numbers and timestamps across the wrap.
 */
#include "base/seq.h"

static void
test_seq_compare_at_wrap_orders (void)
{
  g_assert_cmpint (via_seq_compare (5, 5), ==, 0);
  g_assert_cmpint (via_seq_compare (1, 2), ==, -1);
  g_assert_cmpint (via_seq_compare (2, 1), ==, 1);
  g_assert_cmpint (via_seq_compare (0xffff, 0), ==, -1);
  g_assert_cmpint (via_seq_compare (0, 0xffff), ==, 1);
  g_assert_cmpint (via_seq_compare (0x7fff, 0), ==, 1);
  g_assert_cmpint (via_seq_compare (0x8001, 0), ==, -1);
}

static void
test_seq_compare_every_distance_antisymmetric (void)
{
  for (guint d = 1; d < 0x8000; d++) {
    guint16 base = (guint16) (d * 7919);
    g_assert_cmpint (via_seq_compare ((guint16) (base + d), base), ==, 1);
    g_assert_cmpint (via_seq_compare (base, (guint16) (base + d)), ==, -1);
  }
}

static void
test_unwrap_u16_forward_counts_on (void)
{
  ViaUnwrap unwrap = {0};

  g_assert_cmpint (via_unwrap_u16 (&unwrap, 65530), ==, 65530);
  for (gint64 i = 65531; i < 65530 + 3 * 65536; i += 77)
    g_assert_cmpint (via_unwrap_u16 (&unwrap, (guint16) i), ==, i);
}

static void
test_unwrap_u16_late_packet_goes_back (void)
{
  ViaUnwrap unwrap = {0};

  g_assert_cmpint (via_unwrap_u16 (&unwrap, 65535), ==, 65535);
  g_assert_cmpint (via_unwrap_u16 (&unwrap, 2), ==, 65538);
  g_assert_cmpint (via_unwrap_u16 (&unwrap, 65534), ==, 65534);
  g_assert_cmpint (via_unwrap_u16 (&unwrap, 3), ==, 65539);
}

static void
test_unwrap_u16_before_first_is_negative (void)
{
  ViaUnwrap unwrap = {0};

  g_assert_cmpint (via_unwrap_u16 (&unwrap, 0), ==, 0);
  g_assert_cmpint (via_unwrap_u16 (&unwrap, 0xffff), ==, -1);
  g_assert_cmpint (via_unwrap_u16 (&unwrap, 1), ==, 1);
}

static void
test_unwrap_u32_wrap_counts_on (void)
{
  ViaUnwrap unwrap = {0};
  const gint64 start = 0xfffffff0;

  g_assert_cmpint (via_unwrap_u32 (&unwrap, 0xfffffff0), ==, start);
  g_assert_cmpint (via_unwrap_u32 (&unwrap, 0x10), ==, start + 0x20);
  g_assert_cmpint (via_unwrap_u32 (&unwrap, 0xfffffff8), ==, start + 8);
  g_assert_cmpint (
      via_unwrap_u32 (&unwrap, 0x7ffffff0), ==, start + 0x80000000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/seq/compare/wrap", test_seq_compare_at_wrap_orders);
  g_test_add_func (
      "/seq/compare/all", test_seq_compare_every_distance_antisymmetric);
  g_test_add_func ("/seq/unwrap16/forward", test_unwrap_u16_forward_counts_on);
  g_test_add_func ("/seq/unwrap16/late", test_unwrap_u16_late_packet_goes_back);
  g_test_add_func (
      "/seq/unwrap16/before-first", test_unwrap_u16_before_first_is_negative);
  g_test_add_func ("/seq/unwrap32/wrap", test_unwrap_u32_wrap_counts_on);
  return g_test_run ();
}
