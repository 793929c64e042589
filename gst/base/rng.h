/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/rng.h – randomness as a value that is passed in.
 * The core never draws random bytes by itself; tests pass a seeded one.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _ViaRng ViaRng;
struct _ViaRng
{
  /* Writes @len unpredictable bytes. Must not fail. */
  void (*fill) (ViaRng *self, guint8 *out, gsize len);
};

guint32 via_rng_u32 (ViaRng *self);

/* @len characters of [A-Za-z0-9+/] (ice-char, RFC 8445), 6 bits each.
 * (transfer full) */
gchar *via_rng_text (ViaRng *self, gsize len);

/* For tests only: a repeatable sequence (xorshift) from @seed. */
typedef struct
{
  ViaRng parent;
  guint64 state;
} ViaSeededRng;
void via_seeded_rng_init (ViaSeededRng *self, guint64 seed);

G_END_DECLS
