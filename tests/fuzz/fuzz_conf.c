/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_conf.c – any bytes as a configuration file: each entry is whole, on
 * a line that is there, in order.
 */
#include "fuzz.h"

#include "base/conf.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) all = via_conf_parse ((const gchar *) data, size);
  guint n_lines = 1, last = 0;

  for (size_t i = 0; i < size; i++)
    n_lines += data[i] == '\n';
  for (guint i = 0; i < all->len; i++) {
    const ViaConfEntry *entry = g_ptr_array_index (all, i);

    g_assert_cmpuint (entry->line, >=, last);
    g_assert_cmpuint (entry->line, <=, n_lines);
    last = entry->line;
    g_assert_nonnull (entry->value);
    g_assert_true (g_utf8_validate (entry->value, -1, NULL));
    if (entry->key == NULL)
      continue;
    g_assert_cmpuint (strlen (entry->key), >, 0);
    g_assert_null (strchr (entry->key, '='));
    g_assert_null (strpbrk (entry->value, "\n"));
  }
  return 0;
}
