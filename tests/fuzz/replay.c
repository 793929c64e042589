/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/replay.c – runs a fuzz target as a bounded test, without libFuzzer.
 * Inputs: the files of corpus/NAME, whole, cut at every length and changed in
 * a few bytes; and random bytes. The seed is fixed, so that a failure repeats.
 */
#include "fuzz.h"

#include "base/rng.h"

#include <string.h>

#define SEED 20260101
#define N_CHANGED 10000
#define N_RANDOM 10000
#define MAX_RANDOM 320 /* bytes */

static GPtrArray *corpus; /* of GBytes */

static void
load_corpus (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (CORPUS, 0, &error);
  const gchar *name;

  g_assert_no_error (error);
  corpus = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (CORPUS, name, NULL);
    gchar *data = NULL;
    gsize len = 0;

    g_file_get_contents (path, &data, &len, &error);
    g_assert_no_error (error);
    g_ptr_array_add (corpus, g_bytes_new_take (data, len));
  }
  g_assert_cmpuint (corpus->len, >, 0);
}

/* From an exact heap copy, so that a read past the end is seen. */
static void
feed (const guint8 *data, gsize len)
{
  g_autofree guint8 *copy = g_memdup2 (data, len);

  g_assert_cmpint (LLVMFuzzerTestOneInput (copy, len), ==, 0);
}

static void
test_corpus_every_length_holds (void)
{
  for (guint i = 0; i < corpus->len; i++) {
    gsize len;
    const guint8 *data = g_bytes_get_data (corpus->pdata[i], &len);

    for (gsize cut = 0; cut <= len; cut++)
      feed (data, cut);
  }
}

static void
test_corpus_changed_holds (void)
{
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, SEED);
  for (guint round = 0; round < N_CHANGED; round++) {
    guint32 r = via_rng_u32 (&rng.parent);
    gsize len;
    const guint8 *data =
        g_bytes_get_data (corpus->pdata[r % corpus->len], &len);
    guint n_changes = 1 + (r >> 28);
    g_autofree guint8 *copy = g_malloc0 (len + 8);

    memcpy (copy, data, len);
    for (guint i = 0; i < n_changes; i++) {
      r = via_rng_u32 (&rng.parent);
      /* Headers are where the lies are: half of the changes go there. */
      copy[(r >> 9) % ((r & 0x100) != 0 ? MIN (len + 8, 24) : len + 8)] =
          (guint8) r;
    }
    feed (copy, (r & 0x80000000) != 0 ? len : len - MIN (len, r >> 8 & 7));
  }
}

static void
test_random_bytes_hold (void)
{
  ViaSeededRng rng;
  guint8 data[MAX_RANDOM];

  via_seeded_rng_init (&rng, SEED);
  for (guint round = 0; round < N_RANDOM; round++) {
    rng.parent.fill (&rng.parent, data, sizeof data);
    feed (data, via_rng_u32 (&rng.parent) % (MAX_RANDOM + 1));
  }
}

int
main (int argc, char **argv)
{
  int rc;

  g_test_init (&argc, &argv, NULL);
  load_corpus ();
  g_test_add_func ("/fuzz/" TARGET "/corpus", test_corpus_every_length_holds);
  g_test_add_func ("/fuzz/" TARGET "/changed", test_corpus_changed_holds);
  g_test_add_func ("/fuzz/" TARGET "/random", test_random_bytes_hold);
  rc = g_test_run ();
  g_ptr_array_unref (corpus);
  return rc;
}
