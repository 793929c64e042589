/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/bytes.c – bounds-checked reading and writing of network-order bytes.
 * Every access goes through take() or has_room(): the only two bounds checks.
 */
#include "base/bytes.h"

#include <string.h>

void
via_reader_init (ViaReader *self, const guint8 *data, gsize len)
{
  *self = (ViaReader){.data = data, .len = len};
}

gsize
via_reader_left (const ViaReader *self)
{
  return self->failed ? 0 : self->len - self->pos;
}

static const guint8 *
take (ViaReader *self, gsize len)
{
  const guint8 *at;

  if (self->failed || len > self->len - self->pos) {
    self->failed = TRUE;
    return NULL;
  }
  /* Not NULL even for an empty read of an empty reader. */
  at = self->data != NULL ? self->data + self->pos : (const guint8 *) "";
  self->pos += len;
  return at;
}

gboolean
via_reader_u8 (ViaReader *self, guint8 *out)
{
  const guint8 *at = take (self, 1);

  if (at == NULL)
    return FALSE;
  *out = at[0];
  return TRUE;
}

gboolean
via_reader_u16 (ViaReader *self, guint16 *out)
{
  const guint8 *at = take (self, 2);

  if (at == NULL)
    return FALSE;
  *out = (guint16) (at[0] << 8 | at[1]);
  return TRUE;
}

gboolean
via_reader_u24 (ViaReader *self, guint32 *out)
{
  const guint8 *at = take (self, 3);

  if (at == NULL)
    return FALSE;
  *out = (guint32) at[0] << 16 | (guint32) at[1] << 8 | at[2];
  return TRUE;
}

gboolean
via_reader_u32 (ViaReader *self, guint32 *out)
{
  const guint8 *at = take (self, 4);

  if (at == NULL)
    return FALSE;
  *out = (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8
         | at[3];
  return TRUE;
}

gboolean
via_reader_u64 (ViaReader *self, guint64 *out)
{
  const guint8 *at = take (self, 8);
  guint64 value = 0;

  if (at == NULL)
    return FALSE;
  for (guint i = 0; i < 8; i++)
    value = value << 8 | at[i];
  *out = value;
  return TRUE;
}

gboolean
via_reader_take (ViaReader *self, gsize len, const guint8 **out)
{
  const guint8 *at = take (self, len);

  if (at == NULL)
    return FALSE;
  *out = at;
  return TRUE;
}

gboolean
via_reader_skip (ViaReader *self, gsize len)
{
  return take (self, len) != NULL;
}

void
via_writer_init (ViaWriter *self, guint8 *data, gsize size)
{
  *self = (ViaWriter){.data = data, .size = size};
}

gsize
via_writer_room (const ViaWriter *self)
{
  return self->failed ? 0 : self->size - self->pos;
}

static gboolean
has_room (ViaWriter *self, gsize len)
{
  if (self->failed || len > self->size - self->pos)
    self->failed = TRUE;
  return !self->failed;
}

/* The low @n bytes of @value, most significant first. */
static gboolean
write_be (ViaWriter *self, guint64 value, gsize n)
{
  if (!has_room (self, n))
    return FALSE;
  for (gsize i = n; i > 0; i--)
    self->data[self->pos++] = (guint8) (value >> (8 * (i - 1)));
  return TRUE;
}

gboolean
via_writer_u8 (ViaWriter *self, guint8 value)
{
  return write_be (self, value, 1);
}

gboolean
via_writer_u16 (ViaWriter *self, guint16 value)
{
  return write_be (self, value, 2);
}

gboolean
via_writer_u24 (ViaWriter *self, guint32 value)
{
  return write_be (self, value, 3);
}

gboolean
via_writer_u32 (ViaWriter *self, guint32 value)
{
  return write_be (self, value, 4);
}

gboolean
via_writer_u64 (ViaWriter *self, guint64 value)
{
  return write_be (self, value, 8);
}

gboolean
via_writer_bytes (ViaWriter *self, const guint8 *data, gsize len)
{
  if (!has_room (self, len))
    return FALSE;
  if (len > 0)
    memcpy (self->data + self->pos, data, len);
  self->pos += len;
  return TRUE;
}

gboolean
via_writer_zero (ViaWriter *self, gsize len)
{
  if (!has_room (self, len))
    return FALSE;
  if (len > 0)
    memset (self->data + self->pos, 0, len);
  self->pos += len;
  return TRUE;
}
