/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/rng.c – numbers and text from a source of random bytes.
 * Draws nothing by itself; the source is passed in.
 * RFC 8445 §5.3 (ice-char)
 */
#include "base/rng.h"

#include <string.h>

guint32
via_rng_u32 (ViaRng *self)
{
  guint32 value;

  self->fill (self, (guint8 *) &value, sizeof value);
  return value;
}

gchar *
via_rng_text (ViaRng *self, gsize len)
{
  static const gchar alphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  gchar *text = g_malloc (len + 1);

  self->fill (self, (guint8 *) text, len);
  for (gsize i = 0; i < len; i++)
    text[i] = alphabet[(guint8) text[i] & 63];
  text[len] = '\0';
  return text;
}

static void
fill_seeded (ViaRng *rng, guint8 *out, gsize len)
{
  ViaSeededRng *self = (ViaSeededRng *) rng;

  while (len > 0) {
    gsize n = MIN (len, sizeof self->state);
    guint64 word;

    /* xorshift64* */
    self->state ^= self->state >> 12;
    self->state ^= self->state << 25;
    self->state ^= self->state >> 27;
    word =
        GUINT64_TO_LE (self->state * G_GUINT64_CONSTANT (2685821657736338717));
    memcpy (out, &word, n);
    out += n;
    len -= n;
  }
}

void
via_seeded_rng_init (ViaSeededRng *self, guint64 seed)
{
  self->parent.fill = fill_seeded;
  /* xorshift never leaves 0. */
  self->state = seed != 0 ? seed : G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}
