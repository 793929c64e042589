/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_hdrext.c – header extension elements in both forms.
 */
#include "rtp/hdrext.h"

#include <string.h>

#define MAX_ITEMS 32

typedef struct
{
  guint8 *data; /* exact size, on the heap */
  ViaHdrExtItem items[MAX_ITEMS];
  guint n;
} Walk;

static void
walk_clear (Walk *self)
{
  g_free (self->data);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

static void
walk (Walk *out, guint16 profile, const guint8 *ext, gsize len)
{
  ViaRtpView view = {.ext_profile = profile};
  ViaHdrExtReader reader;

  g_clear_pointer (&out->data, g_free);
  out->data = g_malloc (MAX (len, 1));
  memcpy (out->data, ext, len);
  view.ext = out->data;
  view.ext_len = len;
  out->n = 0;
  via_hdrext_reader_init (&reader, &view);
  while (out->n < MAX_ITEMS && via_hdrext_next (&reader, &out->items[out->n]))
    out->n++;
  /* The end is final. */
  g_assert_true (out->n == MAX_ITEMS || !via_hdrext_next (&reader, out->items));
}

static void
assert_item (const ViaHdrExtItem *item, guint id, const gchar *value)
{
  g_assert_cmpuint (item->id, ==, id);
  g_assert_cmpmem (item->data, item->len, value, strlen (value));
}

static void
test_hdrext_one_byte_with_padding_between (void)
{
  /* The shape of the example in RFC 8285 §4.2. */
  static const guint8 ext[] = {
      0x10, 'a', 0x21, 'b', 'c', 0x00, 0x00, 0x33, 'd', 'e', 'f', 'g'};
  g_auto (Walk) w = {0};

  walk (&w, 0xbede, ext, sizeof ext);
  g_assert_cmpuint (w.n, ==, 3);
  assert_item (&w.items[0], 1, "a");
  assert_item (&w.items[1], 2, "bc");
  assert_item (&w.items[2], 3, "defg");
}

static void
test_hdrext_two_byte_with_empty_element (void)
{
  /* The shape of the example in RFC 8285 §4.3; appbits are ignored. */
  static const guint8 ext[] = {
      0x01, 0x00, 0x02, 0x01, 'b', 0x00, 0x15, 0x04, 'd', 'e', 'f', 'g'};

  for (guint16 profile = 0x1000; profile <= 0x100f; profile++) {
    g_auto (Walk) w = {0};

    walk (&w, profile, ext, sizeof ext);
    g_assert_cmpuint (w.n, ==, 3);
    assert_item (&w.items[0], 1, "");
    assert_item (&w.items[1], 2, "b");
    assert_item (&w.items[2], 0x15, "defg");
  }
}

static void
test_hdrext_other_profiles_have_no_elements (void)
{
  static const guint8 ext[] = {0x10, 'a', 0x10, 'b'};
  static const guint16 profiles[] = {0, 0xbedf, 0xabac, 0x0fff, 0x1010};

  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    g_auto (Walk) w = {0};

    walk (&w, profiles[i], ext, sizeof ext);
    g_assert_cmpuint (w.n, ==, 0);
  }
}

static void
test_hdrext_one_byte_id_15_ends (void)
{
  static const guint8 ext[] = {0x10, 'a', 0xf0, 'x', 0x20, 'b', 0, 0};
  g_auto (Walk) w = {0};

  walk (&w, 0xbede, ext, sizeof ext);
  g_assert_cmpuint (w.n, ==, 1);
}

static void
test_hdrext_one_byte_id_0_with_length_ends (void)
{
  static const guint8 ext[] = {0x10, 'a', 0x01, 'x', 'x', 0x20, 'b', 0};
  g_auto (Walk) w = {0};

  walk (&w, 0xbede, ext, sizeof ext);
  g_assert_cmpuint (w.n, ==, 1);
}

static void
test_hdrext_element_past_end_ends (void)
{
  static const guint8 one[] = {0x10, 'a', 0x2f, 'b'};
  static const guint8 two[] = {0x01, 0x01, 'a', 0x02, 0xff, 'b'};
  g_auto (Walk) w = {0};

  walk (&w, 0xbede, one, sizeof one);
  g_assert_cmpuint (w.n, ==, 1);
  assert_item (&w.items[0], 1, "a");
  walk (&w, 0x1000, two, sizeof two);
  g_assert_cmpuint (w.n, ==, 1);
  walk (&w, 0x1000, two, 4); /* an id whose length byte is missing */
  g_assert_cmpuint (w.n, ==, 1);
}

static void
test_hdrext_each_truncation_stays_inside (void)
{
  static const guint8 ext[] = {0x1f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
      14, 15, 16, 0x21, 'b', 'c', 0x30, 'd'};
  g_auto (Walk) w = {0};

  for (gsize len = 0; len <= sizeof ext; len++) {
    walk (&w, 0xbede, ext, len);
    g_assert_cmpuint (w.n, ==, (len >= 17) + (len >= 20) + (len >= 22));
    walk (&w, 0x1000, ext, len); /* id 0x1f of 1 byte, … */
    for (guint i = 0; i < w.n; i++)
      g_assert_true (w.items[i].data + w.items[i].len <= w.data + len);
  }
}

static void
test_hdrext_all_padding_has_no_elements (void)
{
  static const guint8 zeros[64];
  g_auto (Walk) w = {0};

  walk (&w, 0xbede, zeros, sizeof zeros);
  g_assert_cmpuint (w.n, ==, 0);
  walk (&w, 0x1000, zeros, sizeof zeros);
  g_assert_cmpuint (w.n, ==, 0);
  walk (&w, 0xbede, zeros, 0);
  g_assert_cmpuint (w.n, ==, 0);
}

/* Writes @values into @data and walks what came out. */
static gsize
write_and_walk (
    Walk *w, guint8 *data, gsize size, const ViaHdrExtValue *values, guint n)
{
  ViaWriter out;
  ViaReader in;
  guint16 profile, words;

  via_writer_init (&out, data, size);
  g_assert_true (via_hdrext_write (&out, values, n));
  via_reader_init (&in, data, out.pos);
  g_assert_true (via_reader_u16 (&in, &profile));
  g_assert_true (via_reader_u16 (&in, &words));
  g_assert_cmpuint (words * 4u, ==, via_reader_left (&in));
  walk (w, profile, data + 4, words * 4u);
  g_assert_cmpuint (w->n, ==, n);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpuint (w->items[i].id, ==, values[i].id);
    g_assert_cmpmem (
        w->items[i].data, w->items[i].len, values[i].data, values[i].len);
  }
  return out.pos;
}

static const guint8 bytes[255] = {0, 1, 2, 3, 4, 5, 6, 7, 0xff};

static void
test_hdrext_write_one_byte_golden (void)
{
  static const guint8 expected[] = {
      0xbe, 0xde, 0x00, 0x02, 0x40, '0', 0x52, 0xab, 0xcd, 0xef, 0x00, 0x00};
  static const guint8 time[] = {0xab, 0xcd, 0xef};
  const ViaHdrExtValue values[] = {{4, 1, (const guint8 *) "0"}, {5, 3, time}};
  g_auto (Walk) w = {0};
  guint8 data[64];
  gsize len = write_and_walk (&w, data, sizeof data, values, 2);

  g_assert_cmpmem (data, len, expected, sizeof expected);
}

static void
test_hdrext_write_picks_form_and_reads_back (void)
{
  static const struct
  {
    guint8 id, len;
    guint16 profile;
  } cases[] = {
      {1, 1, 0xbede},
      {14, 16, 0xbede},
      {14, 17, 0x1000},
      {15, 1, 0x1000},
      {255, 255, 0x1000},
      {3, 0, 0x1000},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const ViaHdrExtValue values[] = {
        {1, 2, bytes}, {cases[i].id, cases[i].len, bytes}};
    g_auto (Walk) w = {0};
    guint8 data[512];

    write_and_walk (&w, data, sizeof data, values, 2);
    g_assert_cmphex (data[0] << 8 | data[1], ==, cases[i].profile);
  }
}

static void
test_hdrext_write_none_writes_nothing (void)
{
  ViaWriter out;

  via_writer_init (&out, NULL, 0);
  g_assert_true (via_hdrext_write (&out, NULL, 0));
  g_assert_cmpuint (out.pos, ==, 0);
}

static void
test_hdrext_write_short_buffer_fails_whole (void)
{
  const ViaHdrExtValue values[] = {{1, 3, bytes}, {2, 2, bytes}};

  for (gsize size = 0; size < 12; size++) {
    g_autofree guint8 *data = g_malloc (MAX (size, 1));
    ViaWriter out;

    via_writer_init (&out, data, size);
    g_assert_false (via_hdrext_write (&out, values, 2));
    g_assert_true (out.failed);
    g_assert_cmpuint (out.pos, ==, 0);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/hdrext/one-byte", test_hdrext_one_byte_with_padding_between);
  g_test_add_func ("/hdrext/two-byte", test_hdrext_two_byte_with_empty_element);
  g_test_add_func (
      "/hdrext/other-profile", test_hdrext_other_profiles_have_no_elements);
  g_test_add_func ("/hdrext/id-15", test_hdrext_one_byte_id_15_ends);
  g_test_add_func ("/hdrext/id-0", test_hdrext_one_byte_id_0_with_length_ends);
  g_test_add_func ("/hdrext/past-end", test_hdrext_element_past_end_ends);
  g_test_add_func (
      "/hdrext/truncated", test_hdrext_each_truncation_stays_inside);
  g_test_add_func (
      "/hdrext/all-padding", test_hdrext_all_padding_has_no_elements);
  g_test_add_func ("/hdrext/write/golden", test_hdrext_write_one_byte_golden);
  g_test_add_func (
      "/hdrext/write/form", test_hdrext_write_picks_form_and_reads_back);
  g_test_add_func ("/hdrext/write/none", test_hdrext_write_none_writes_nothing);
  g_test_add_func (
      "/hdrext/write/short", test_hdrext_write_short_buffer_fails_whole);
  return g_test_run ();
}
