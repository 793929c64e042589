/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_candidate.c – any bytes as a candidate line; what is taken is
 * written and read back the same.
 */
#include "fuzz.h"

#include "ice/candidate.h"

#include <string.h>

static void
check_text (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *first = NULL, *second = NULL;
  ViaCandidate a, b;

  if (!via_candidate_parse (&a, text, &error)) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (a.component, >=, 1);
  g_assert_cmpuint (a.priority, >=, 1);
  g_assert_true (a.port != 0 || a.transport == VIA_TRANSPORT_TCP_ACTIVE);
  first = via_candidate_to_string (&a);
  g_assert_true (via_candidate_parse (&b, first, NULL));
  second = via_candidate_to_string (&b);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpint (a.is_mdns, ==, b.is_mdns);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text =
      g_strndup (size > 0 ? (const gchar *) data : "", size);
  g_autofree gchar *behind = g_strconcat ("candidate:", text, NULL);
  g_autofree gchar *address =
      g_strdup_printf ("candidate:1 1 udp 1 %.300s 9 typ host", text);

  check_text (text);
  check_text (behind);
  check_text (address);
  return 0;
}
