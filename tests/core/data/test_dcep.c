/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: data/dcep – OPEN and ACK to the bit; nothing else passes.
 */
#include "data/dcep.h"

#include <string.h>

/* RFC 8832 §5.1: unordered, 3 retransmissions, priority 256, "chat", "p". */
static const guint8 open_bytes[] = {
    0x03, 0x81, 0x01, 0x00, 0, 0, 0, 3, 0, 4, 0, 1, 'c', 'h', 'a', 't', 'p'};

static void
test_dcep_open_is_read_and_written_to_the_bit (void)
{
  guint8 out[VIA_DCEP_MAX];
  ViaDcepOpen open;

  g_assert_cmpint (
      via_dcep_read (open_bytes, sizeof open_bytes, &open), ==, VIA_DCEP_OPEN);
  g_assert_false (open.is_ordered);
  g_assert_cmpint (open.reliability, ==, VIA_DCEP_RETRANSMITS);
  g_assert_cmpuint (open.limit, ==, 3);
  g_assert_cmpuint (open.priority, ==, 256);
  g_assert_cmpmem (open.label, open.label_len, "chat", 4);
  g_assert_cmpmem (open.protocol, open.protocol_len, "p", 1);
  g_assert_cmpmem (
      out, via_dcep_write_open (&open, out), open_bytes, sizeof open_bytes);
}

static void
test_dcep_every_kind_of_channel_survives_a_round_trip (void)
{
  for (guint ordered = 0; ordered < 2; ordered++)
    for (guint r = VIA_DCEP_RELIABLE; r <= VIA_DCEP_LIFETIME; r++) {
      ViaDcepOpen sent = {
          (gboolean) ordered, (ViaDcepReliability) r, 500, 1, "", "", 0, 0};
      guint8 out[VIA_DCEP_MAX];
      gsize len = via_dcep_write_open (&sent, out);
      ViaDcepOpen came;

      g_assert_cmpint (via_dcep_read (out, len, &came), ==, VIA_DCEP_OPEN);
      g_assert_cmpint (came.is_ordered, ==, sent.is_ordered);
      g_assert_cmpint (came.reliability, ==, r);
      g_assert_cmpuint (came.limit, ==, r == VIA_DCEP_RELIABLE ? 0 : 500);
      g_assert_cmpuint (out[1], ==, r | (ordered ? 0 : 0x80));
    }
}

static void
test_dcep_ack_is_one_byte (void)
{
  guint8 out[VIA_DCEP_MAX];
  ViaDcepOpen open;

  g_assert_cmpuint (via_dcep_write_ack (out), ==, 1);
  g_assert_cmpuint (out[0], ==, 2);
  g_assert_cmpint (via_dcep_read (out, 1, &open), ==, VIA_DCEP_ACK);
}

static void
expect_invalid (const guint8 *data, gsize len)
{
  ViaDcepOpen open = {.priority = 77};

  g_assert_cmpint (via_dcep_read (data, len, &open), ==, VIA_DCEP_INVALID);
  g_assert_cmpuint (open.priority, ==, 77); /* untouched */
}

static void
test_dcep_hostile_bytes_are_invalid (void)
{
  guint8 bytes[sizeof open_bytes + 1];
  g_autofree guint8 *huge = g_malloc0 (70000);

  for (gsize len = 0; len < sizeof open_bytes; len++)
    expect_invalid (open_bytes, len);
  memcpy (bytes, open_bytes, sizeof open_bytes);
  bytes[sizeof open_bytes] = 'x';
  expect_invalid (bytes, sizeof bytes); /* something after it */
  bytes[1] = 0x03;
  expect_invalid (bytes, sizeof open_bytes); /* no such channel type */
  bytes[1] = 0x01;
  bytes[12] = 0xff;
  expect_invalid (bytes, sizeof open_bytes); /* no UTF-8 */
  bytes[12] = 0;
  expect_invalid (bytes, sizeof open_bytes); /* a NUL */
  bytes[0] = 1;
  expect_invalid (bytes, sizeof open_bytes); /* no such message */
  memset (huge, 'a', 70000);
  memcpy (huge, open_bytes, 12);
  huge[8] = (VIA_DCEP_TEXT_MAX + 1) >> 8;
  huge[9] = (VIA_DCEP_TEXT_MAX + 1) & 0xff;
  expect_invalid (huge, 12 + VIA_DCEP_TEXT_MAX + 1 + 1); /* a long label */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/data/dcep/open", test_dcep_open_is_read_and_written_to_the_bit);
  g_test_add_func ("/data/dcep/kinds",
      test_dcep_every_kind_of_channel_survives_a_round_trip);
  g_test_add_func ("/data/dcep/ack", test_dcep_ack_is_one_byte);
  g_test_add_func ("/data/dcep/hostile", test_dcep_hostile_bytes_are_invalid);
  return g_test_run ();
}
