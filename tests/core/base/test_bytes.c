/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_bytes.c – reads and writes at and past the end.
 */
#include "base/bytes.h"

static const guint8 digits[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
    0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x0f, 0xf0};

static void
test_reader_every_width_network_order (void)
{
  ViaReader in;
  guint8 u8;
  guint16 u16;
  guint32 u24, u32;
  guint64 u64;

  via_reader_init (&in, digits, sizeof digits);
  g_assert_true (via_reader_u8 (&in, &u8));
  g_assert_cmphex (u8, ==, 0x01);
  g_assert_true (via_reader_u16 (&in, &u16));
  g_assert_cmphex (u16, ==, 0x2345);
  g_assert_true (via_reader_u24 (&in, &u24));
  g_assert_cmphex (u24, ==, 0x6789ab);
  g_assert_true (via_reader_u32 (&in, &u32));
  g_assert_cmphex (u32, ==, 0xcdeffedc);
  g_assert_true (via_reader_u64 (&in, &u64));
  g_assert_cmphex (u64, ==, G_GUINT64_CONSTANT (0xba98765432100ff0));
  g_assert_cmpuint (via_reader_left (&in), ==, 0);
  g_assert_false (in.failed);
}

/* Reads @width bytes; the value itself does not matter. */
static gboolean
read_width (ViaReader *in, gsize width)
{
  guint8 u8;
  guint16 u16;
  guint32 u32;
  guint64 u64;
  const guint8 *at;

  switch (width) {
    case 1:
      return via_reader_u8 (in, &u8);
    case 2:
      return via_reader_u16 (in, &u16);
    case 3:
      return via_reader_u24 (in, &u32);
    case 4:
      return via_reader_u32 (in, &u32);
    case 8:
      return via_reader_u64 (in, &u64);
    default:
      return via_reader_take (in, width, &at);
  }
}

static void
test_reader_each_truncation_fails_and_sticks (void)
{
  static const gsize widths[] = {1, 2, 3, 4, 8, 11};

  for (guint w = 0; w < G_N_ELEMENTS (widths); w++) {
    for (gsize len = 0; len <= widths[w]; len++) {
      g_autofree guint8 *data = g_memdup2 (digits, len);
      ViaReader in;

      via_reader_init (&in, data, len);
      g_assert_cmpint (read_width (&in, widths[w]), ==, len == widths[w]);
      if (len == widths[w])
        continue;
      g_assert_true (in.failed);
      g_assert_cmpuint (in.pos, ==, 0);
      g_assert_cmpuint (via_reader_left (&in), ==, 0);
      g_assert_false (via_reader_skip (&in, 0));
    }
  }
}

static void
test_reader_failed_read_leaves_out_alone (void)
{
  ViaReader in;
  guint32 value = 42;
  const guint8 *at = digits;

  via_reader_init (&in, digits, 3);
  g_assert_false (via_reader_u32 (&in, &value));
  g_assert_cmpuint (value, ==, 42);
  g_assert_false (via_reader_take (&in, 1, &at));
  g_assert_true (at == digits);
}

static void
test_reader_huge_length_does_not_wrap (void)
{
  ViaReader in;
  const guint8 *at;

  via_reader_init (&in, digits, sizeof digits);
  g_assert_true (via_reader_skip (&in, 4));
  g_assert_false (via_reader_take (&in, G_MAXSIZE, &at));
  via_reader_init (&in, digits, sizeof digits);
  g_assert_true (via_reader_skip (&in, 4));
  g_assert_false (via_reader_skip (&in, G_MAXSIZE - 3));
}

static void
test_reader_take_points_into_data (void)
{
  ViaReader in;
  const guint8 *at;

  via_reader_init (&in, digits, sizeof digits);
  g_assert_true (via_reader_skip (&in, 5));
  g_assert_true (via_reader_take (&in, 13, &at));
  g_assert_true (at == digits + 5);
  g_assert_true (via_reader_take (&in, 0, &at));
  g_assert_true (at == digits + sizeof digits);
}

static void
test_reader_empty_takes_nothing (void)
{
  ViaReader in;
  const guint8 *at = NULL;

  via_reader_init (&in, NULL, 0);
  g_assert_cmpuint (via_reader_left (&in), ==, 0);
  g_assert_true (via_reader_take (&in, 0, &at));
  g_assert_nonnull (at);
  g_assert_false (via_reader_skip (&in, 1));
}

static void
test_writer_every_width_network_order (void)
{
  guint8 data[18] = {0};
  ViaWriter out;

  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_writer_u8 (&out, 0x01));
  g_assert_true (via_writer_u16 (&out, 0x2345));
  g_assert_true (via_writer_u24 (&out, 0xff6789ab));
  g_assert_true (via_writer_u32 (&out, 0xcdeffedc));
  g_assert_true (
      via_writer_u64 (&out, G_GUINT64_CONSTANT (0xba9876543210000f)));
  g_assert_cmpuint (via_writer_room (&out), ==, 0);
  out.pos -= 2;
  g_assert_true (via_writer_bytes (&out, digits + 16, 2));
  g_assert_cmpmem (data, sizeof data, digits, sizeof digits);
}

static void
test_writer_full_fails_and_sticks (void)
{
  guint8 data[4] = {0xaa, 0xaa, 0xaa, 0xaa};
  static const guint8 expected[] = {1, 2, 0xaa, 0xaa};
  ViaWriter out;

  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_writer_u16 (&out, 0x0102));
  g_assert_false (via_writer_u24 (&out, 0x030405));
  g_assert_true (out.failed);
  g_assert_false (via_writer_u8 (&out, 3));
  g_assert_false (via_writer_bytes (&out, digits, 0));
  g_assert_cmpuint (out.pos, ==, 2);
  g_assert_cmpuint (via_writer_room (&out), ==, 0);
  g_assert_cmpmem (data, 4, expected, 4);
}

static void
test_writer_huge_length_does_not_wrap (void)
{
  guint8 data[4];
  ViaWriter out;

  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_writer_zero (&out, 4));
  g_assert_false (via_writer_zero (&out, G_MAXSIZE - 2));
  via_writer_init (&out, data, sizeof data);
  g_assert_false (via_writer_bytes (&out, digits, 5));
  g_assert_cmpuint (out.pos, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/bytes/reader/every-width", test_reader_every_width_network_order);
  g_test_add_func ("/bytes/reader/truncations",
      test_reader_each_truncation_fails_and_sticks);
  g_test_add_func (
      "/bytes/reader/out-untouched", test_reader_failed_read_leaves_out_alone);
  g_test_add_func (
      "/bytes/reader/huge-length", test_reader_huge_length_does_not_wrap);
  g_test_add_func ("/bytes/reader/take", test_reader_take_points_into_data);
  g_test_add_func ("/bytes/reader/empty", test_reader_empty_takes_nothing);
  g_test_add_func (
      "/bytes/writer/every-width", test_writer_every_width_network_order);
  g_test_add_func ("/bytes/writer/full", test_writer_full_fails_and_sticks);
  g_test_add_func (
      "/bytes/writer/huge-length", test_writer_huge_length_does_not_wrap);
  return g_test_run ();
}
