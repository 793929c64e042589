/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/seq.h – 16-bit RTP sequence numbers and 32-bit timestamps made 64-bit.
 * RFC 3550 A.1 · RFC 1982 (serial number arithmetic)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* -1, 0, 1 as @a is before, equal to or after @b, modulo 2^16. */
gint via_seq_compare (guint16 a, guint16 b);

typedef struct
{
  gint64 last;
  gboolean started;
} ViaUnwrap;

/* The 64-bit number nearest to the last one that ends in @value.
 * The first call gives @value itself. Never negative for forward streams. */
gint64 via_unwrap_u16 (ViaUnwrap *self, guint16 value);
gint64 via_unwrap_u32 (ViaUnwrap *self, guint32 value);

G_END_DECLS
