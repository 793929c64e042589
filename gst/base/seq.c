/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/seq.c – 16-bit RTP sequence numbers and 32-bit timestamps made 64-bit.
 * RFC 3550 A.1 · RFC 1982
 */
#include "base/seq.h"

gint
via_seq_compare (guint16 a, guint16 b)
{
  if (a == b)
    return 0;
  /* Half the circle apart is undefined in RFC 1982; we say "before". */
  return (guint16) (a - b) < 0x8000 ? 1 : -1;
}

static gint64
follow (ViaUnwrap *self, gint64 delta)
{
  self->last += delta;
  return self->last;
}

gint64
via_unwrap_u16 (ViaUnwrap *self, guint16 value)
{
  if (!self->started) {
    self->started = TRUE;
    self->last = value;
    return value;
  }
  return follow (self, (gint16) (guint16) (value - (guint16) self->last));
}

gint64
via_unwrap_u32 (ViaUnwrap *self, guint32 value)
{
  if (!self->started) {
    self->started = TRUE;
    self->last = value;
    return value;
  }
  return follow (self, (gint32) (value - (guint32) self->last));
}
