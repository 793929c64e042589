/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/hdrext.c – walks and writes RTP header extension elements.
 * Pure; knows ids, not what they mean.
 * RFC 8285 §4.1.2, §4.2, §4.3
 */
#include "rtp/hdrext.h"

#define ONE_BYTE_PROFILE 0xbede
#define TWO_BYTE_PROFILE 0x1000 /* low 4 bits: appbits, ignored */
#define ONE_BYTE_STOP 15        /* id at which reading ends */
#define MAX_WORDS 0xffff

void
via_hdrext_reader_init (ViaHdrExtReader *self, const ViaRtpView *packet)
{
  *self = (ViaHdrExtReader){0};
  if (packet->ext == NULL)
    return;
  self->two_byte = (packet->ext_profile & 0xfff0) == TWO_BYTE_PROFILE;
  if (!self->two_byte && packet->ext_profile != ONE_BYTE_PROFILE)
    return;
  self->data = packet->ext;
  self->len = packet->ext_len;
}

/* Reads the element's header; FALSE if the block ends here. */
static gboolean
read_header (ViaHdrExtReader *self, ViaHdrExtItem *item)
{
  guint8 first = self->data[self->pos++];

  if (self->two_byte) {
    if (self->pos >= self->len)
      return FALSE;
    item->id = first;
    item->len = self->data[self->pos++];
    return TRUE;
  }
  item->id = first >> 4;
  item->len = (gsize) (first & 0x0f) + 1;
  /* An id of 0 with a length is no padding byte; nothing after it counts. */
  return item->id != 0 && item->id != ONE_BYTE_STOP;
}

gboolean
via_hdrext_next (ViaHdrExtReader *self, ViaHdrExtItem *out)
{
  ViaHdrExtItem item;

  while (self->pos < self->len && self->data[self->pos] == 0)
    self->pos++;
  if (self->pos >= self->len)
    return FALSE;
  if (!read_header (self, &item) || item.len > self->len - self->pos) {
    self->pos = self->len;
    return FALSE;
  }
  item.data = self->data + self->pos;
  self->pos += item.len;
  *out = item;
  return TRUE;
}

static gboolean
fits_one_byte (const ViaHdrExtValue *value)
{
  return value->id < ONE_BYTE_STOP && value->len >= 1 && value->len <= 16;
}

gboolean
via_hdrext_write (ViaWriter *out, const ViaHdrExtValue *values, guint n)
{
  gboolean two_byte = FALSE;
  gsize bytes = 0, words;

  if (n == 0)
    return TRUE;
  for (guint i = 0; i < n; i++) {
    g_return_val_if_fail (values[i].id != 0, FALSE);
    two_byte |= !fits_one_byte (&values[i]);
    bytes += values[i].len;
  }
  bytes += (gsize) n * (two_byte ? 2 : 1);
  words = (bytes + 3) / 4;
  if (words > MAX_WORDS || via_writer_room (out) < 4 + words * 4) {
    out->failed = TRUE;
    return FALSE;
  }
  via_writer_u16 (out, two_byte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE);
  via_writer_u16 (out, (guint16) words);
  for (guint i = 0; i < n; i++) {
    if (two_byte) {
      via_writer_u8 (out, values[i].id);
      via_writer_u8 (out, values[i].len);
    } else {
      via_writer_u8 (out, (guint8) (values[i].id << 4 | (values[i].len - 1)));
    }
    via_writer_bytes (out, values[i].data, values[i].len);
  }
  return via_writer_zero (out, words * 4 - bytes);
}
