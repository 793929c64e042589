/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/test_rng.c – what is made of random bytes.
 */
#include "base/rng.h"

#include <string.h>

static void
test_seeded_rng_same_seed_repeats (void)
{
  ViaSeededRng a, b, c;
  guint32 first;

  via_seeded_rng_init (&a, 5);
  via_seeded_rng_init (&b, 5);
  via_seeded_rng_init (&c, 6);
  first = via_rng_u32 (&a.parent);
  g_assert_cmphex (first, ==, via_rng_u32 (&b.parent));
  g_assert_cmphex (first, !=, via_rng_u32 (&c.parent));
  g_assert_cmphex (first, !=, via_rng_u32 (&a.parent));
}

static void
test_seeded_rng_seed_zero_still_moves (void)
{
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 0);
  g_assert_cmphex (via_rng_u32 (&rng.parent), !=, via_rng_u32 (&rng.parent));
}

static void
test_rng_text_is_ice_chars_of_length (void)
{
  static const gchar ice_chars[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  ViaSeededRng rng;
  gboolean seen[256] = {FALSE};
  guint n_seen = 0;

  via_seeded_rng_init (&rng, 1);
  for (gsize len = 0; len < 128; len++) {
    g_autofree gchar *text = via_rng_text (&rng.parent, len);

    g_assert_cmpuint (strlen (text), ==, len);
    g_assert_cmpuint (strspn (text, ice_chars), ==, len);
    for (gsize i = 0; i < len; i++) {
      n_seen += !seen[(guint8) text[i]];
      seen[(guint8) text[i]] = TRUE;
    }
  }
  g_assert_cmpuint (n_seen, ==, 64);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rng/seeded/repeats", test_seeded_rng_same_seed_repeats);
  g_test_add_func ("/rng/seeded/zero", test_seeded_rng_seed_zero_still_moves);
  g_test_add_func ("/rng/text", test_rng_text_is_ice_chars_of_length);
  return g_test_run ();
}
