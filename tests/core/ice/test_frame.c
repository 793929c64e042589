/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_frame.c – datagrams in a byte stream.
 */
#include "ice/frame.h"

#include <string.h>

static void
feed (ViaFrameReader *reader, const guint8 *data, gsize len)
{
  guint8 *room;

  g_assert_cmpuint (via_frame_room (reader, &room), >=, len);
  memcpy (room, data, len);
  via_frame_add (reader, len);
}

static void
test_frame_byte_by_byte_is_whole (void)
{
  static const guint8 stream[] = {
      0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 'd', 0, 2, 'e'};
  g_autofree ViaFrameReader *reader = g_new0 (ViaFrameReader, 1);
  g_autoptr (GString) seen = g_string_new (NULL);
  ViaFrameResult result = VIA_FRAME_PART;
  guint8 *out;
  gsize len;

  for (gsize i = 0; i < sizeof stream; i++) {
    feed (reader, &stream[i], 1);
    while ((result = via_frame_next (reader, &out, &len)) == VIA_FRAME_WHOLE) {
      g_string_append_len (seen, (const gchar *) out, (gssize) len);
      g_string_append_c (seen, '|');
    }
  }
  g_assert_cmpstr (seen->str, ==, "abc|d|");
  g_assert_cmpint (result, ==, VIA_FRAME_PART);
}

/* There is always room for the rest of a datagram, however long. */
static void
test_frame_longest_goes_through_again_and_again (void)
{
  g_autofree ViaFrameReader *reader = g_new0 (ViaFrameReader, 1);
  static guint8 stream[VIA_FRAME_HEADER + VIA_FRAME_MAX] = {
      VIA_FRAME_MAX >> 8, VIA_FRAME_MAX & 0xff};
  guint n = 0;

  for (guint round = 0; round < 100 * sizeof stream;) {
    guint8 *room, *out;
    gsize len, size = MIN (via_frame_room (reader, &room), 777);

    g_assert_cmpuint (size, >, 0);
    for (gsize i = 0; i < size; i++)
      room[i] = stream[round++ % sizeof stream];
    via_frame_add (reader, size);
    while (via_frame_next (reader, &out, &len) == VIA_FRAME_WHOLE) {
      g_assert_cmpuint (len, ==, VIA_FRAME_MAX);
      n++;
    }
  }
  g_assert_cmpuint (n, >=, 100);
}

static void
test_frame_too_long_is_told (void)
{
  static const guint8 stream[] = {
      (VIA_FRAME_MAX + 1) >> 8, (VIA_FRAME_MAX + 1) & 0xff};
  g_autofree ViaFrameReader *reader = g_new0 (ViaFrameReader, 1);
  guint8 *out;
  gsize len;

  feed (reader, stream, sizeof stream);
  g_assert_cmpint (via_frame_next (reader, &out, &len), ==, VIA_FRAME_TOO_LONG);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frame/bytes", test_frame_byte_by_byte_is_whole);
  g_test_add_func (
      "/frame/longest", test_frame_longest_goes_through_again_and_again);
  g_test_add_func ("/frame/too-long", test_frame_too_long_is_told);
  return g_test_run ();
}
