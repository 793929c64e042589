/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_mdns.c – any bytes as an answer to our question.
 */
#include "fuzz.h"

#include "ice/mdns.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  ViaAddress found[4];

  g_assert_cmpuint (
      via_mdns_read_answer ("ab.local", data, size, found, 4), <=, 4);
  return 0;
}
