/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/frame.c – datagrams in a byte stream.
 * RFC 4571 §2
 */
#include "ice/frame.h"

#include <string.h>

gsize
via_frame_room (ViaFrameReader *self, guint8 **out)
{
  memmove (self->data, self->data + self->begin, self->end - self->begin);
  self->end -= self->begin;
  self->begin = 0;
  *out = self->data + self->end;
  return sizeof self->data - self->end;
}

void
via_frame_add (ViaFrameReader *self, gsize len)
{
  g_return_if_fail (len <= sizeof self->data - self->end);
  self->end += len;
}

ViaFrameResult
via_frame_next (ViaFrameReader *self, guint8 **out, gsize *out_len)
{
  while (self->end - self->begin >= VIA_FRAME_HEADER) {
    guint8 *at = self->data + self->begin;
    gsize len = (gsize) at[0] << 8 | at[1];

    if (len > VIA_FRAME_MAX)
      return VIA_FRAME_TOO_LONG;
    if (self->end - self->begin < VIA_FRAME_HEADER + len)
      return VIA_FRAME_PART;
    self->begin += VIA_FRAME_HEADER + len;
    if (len == 0)
      continue;
    *out = at + VIA_FRAME_HEADER;
    *out_len = len;
    return VIA_FRAME_WHOLE;
  }
  return VIA_FRAME_PART;
}
