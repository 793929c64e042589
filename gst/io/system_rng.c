/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/system_rng.c – the kernel's randomness as a ViaRng.
 * Knows nothing of loops.
 */
#include "io/loop.h"

#include <errno.h>
#include <sys/random.h>

static void
system_rng_fill (ViaRng *rng, guint8 *out, gsize len)
{
  while (len > 0) {
    gssize n = getrandom (out, len, 0);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      g_error ("getrandom: %s", g_strerror (errno));
    out += n;
    len -= (gsize) n;
  }
}

ViaRng *
via_system_rng (void)
{
  static ViaRng rng = {system_rng_fill};
  return &rng;
}
