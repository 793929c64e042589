/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_packet.c – the shared packet's size limits and life.
 */
#include "base/packet.h"

static const guint8 zeros[VIA_PACKET_MAX + 1];

static void
test_packet_new_copies (void)
{
  guint8 data[] = {1, 2, 3};
  const guint8 expected[] = {1, 2, 3};
  g_autoptr (ViaPacket) packet =
      via_packet_new (data, sizeof data, 77 * VIA_MS, TRUE);

  data[0] = 9;
  g_assert_cmpmem (packet->data, packet->len, expected, sizeof expected);
  g_assert_cmpint (packet->captured, ==, 77 * VIA_MS);
  g_assert_true (packet->is_key);
}

static void
test_packet_new_bad_length_refused (void)
{
  g_autoptr (ViaPacket) longest =
      via_packet_new (zeros, VIA_PACKET_MAX, 0, FALSE);

  g_assert_nonnull (longest);
  g_assert_null (via_packet_new (zeros, VIA_PACKET_MAX + 1, 0, FALSE));
  g_assert_null (via_packet_new (zeros, 0, 0, FALSE));
  g_assert_null (via_packet_new (NULL, G_MAXSIZE, 0, FALSE));
}

static void
test_packet_alive_counts_until_last_unref (void)
{
  guint before = via_packet_alive ();
  ViaPacket *a = via_packet_new (zeros, 1, 0, FALSE);
  ViaPacket *b = via_packet_new (zeros, 2, 0, FALSE);

  g_assert_true (via_packet_ref (a) == a);
  g_assert_cmpuint (via_packet_alive (), ==, before + 2);
  via_packet_unref (a);
  g_assert_cmpuint (via_packet_alive (), ==, before + 2);
  via_packet_unref (a);
  via_packet_unref (b);
  g_assert_cmpuint (via_packet_alive (), ==, before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/packet/new/copies", test_packet_new_copies);
  g_test_add_func ("/packet/new/length", test_packet_new_bad_length_refused);
  g_test_add_func ("/packet/alive", test_packet_alive_counts_until_last_unref);
  return g_test_run ();
}
