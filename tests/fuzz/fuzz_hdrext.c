/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_hdrext.c – any bytes as header extensions; what was read is
 * written and read again. The first two bytes are the profile.
 */
#include "fuzz.h"

#include "rtp/hdrext.h"

#define MAX_ITEMS 4096

static guint
read_all (ViaHdrExtItem *items, guint16 profile, const guint8 *data, gsize len)
{
  const ViaRtpView view = {.ext_profile = profile, .ext = data, .ext_len = len};
  ViaHdrExtReader reader;
  guint n = 0;

  via_hdrext_reader_init (&reader, &view);
  while (n < MAX_ITEMS && via_hdrext_next (&reader, &items[n])) {
    g_assert_true (items[n].data >= data);
    g_assert_true (items[n].data + items[n].len <= data + len);
    g_assert_cmpuint (items[n].id, !=, 0);
    n++;
  }
  return n;
}

static void
write_and_compare (const ViaHdrExtItem *items, guint n)
{
  static ViaHdrExtValue values[MAX_ITEMS];
  static ViaHdrExtItem again[MAX_ITEMS];
  static guint8 data[4 + MAX_ITEMS * 64];
  ViaWriter out;

  for (guint i = 0; i < n; i++)
    values[i] =
        (ViaHdrExtValue){items[i].id, (guint8) items[i].len, items[i].data};
  via_writer_init (&out, data, sizeof data);
  if (!via_hdrext_write (&out, values, n) || n == 0)
    return;
  g_assert_cmpuint (out.pos, ==, 4 + 4u * (data[2] << 8 | data[3]));
  g_assert_cmpuint (read_all (again, (guint16) (data[0] << 8 | data[1]),
                        data + 4, out.pos - 4),
      ==, n);
  for (guint i = 0; i < n; i++) {
    g_assert_cmpuint (again[i].id, ==, items[i].id);
    g_assert_cmpmem (again[i].data, again[i].len, items[i].data, items[i].len);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static ViaHdrExtItem items[MAX_ITEMS];
  guint16 profiles[] = {0xbede, 0x1000, 0};

  if (size < 2)
    return 0;
  profiles[2] = (guint16) (data[0] << 8 | data[1]);
  for (guint i = 0; i < G_N_ELEMENTS (profiles); i++) {
    guint n = read_all (items, profiles[i], data + 2, size - 2);

    write_and_compare (items, n);
  }
  return 0;
}
