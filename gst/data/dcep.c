/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/dcep.c – the messages that open a data channel, as values and as bytes.
 * Pure: no state. RFC 8832 §5.1, §5.2
 *
 *   OPEN  | type 3 | channel type | priority   |
 *         | reliability                        |
 *         | label length   | protocol length   | label | protocol
 *   ACK   | type 2 |
 */
#include "data/dcep.h"

#include <string.h>

#include "base/bytes.h"

#define TYPE_ACK 2
#define TYPE_OPEN 3
#define UNORDERED 0x80 /* in the channel type */

static gboolean
read_text (ViaReader *in, gsize len, const gchar **out)
{
  const guint8 *bytes;

  if (len > VIA_DCEP_TEXT_MAX || !via_reader_take (in, len, &bytes)
      || memchr (bytes, 0, len) != NULL
      || !g_utf8_validate ((const gchar *) bytes, (gssize) len, NULL))
    return FALSE;
  *out = (const gchar *) bytes;
  return TRUE;
}

static ViaDcepType
read_open (ViaReader *in, ViaDcepOpen *out)
{
  ViaDcepOpen open = {0};
  guint16 label_len, protocol_len;
  guint8 type;

  if (!via_reader_u8 (in, &type) || !via_reader_u16 (in, &open.priority)
      || !via_reader_u32 (in, &open.limit) || !via_reader_u16 (in, &label_len)
      || !via_reader_u16 (in, &protocol_len)
      || !read_text (in, label_len, &open.label)
      || !read_text (in, protocol_len, &open.protocol)
      || via_reader_left (in) != 0)
    return VIA_DCEP_INVALID;
  if ((type & ~UNORDERED) > VIA_DCEP_LIFETIME)
    return VIA_DCEP_INVALID;
  open.is_ordered = (type & UNORDERED) == 0;
  open.reliability = (ViaDcepReliability) (type & ~UNORDERED);
  open.label_len = label_len;
  open.protocol_len = protocol_len;
  if (open.reliability == VIA_DCEP_RELIABLE)
    open.limit = 0; /* RFC 8832 §5.1: to be ignored */
  *out = open;
  return VIA_DCEP_OPEN;
}

ViaDcepType
via_dcep_read (const guint8 *data, gsize len, ViaDcepOpen *out)
{
  ViaReader in;
  guint8 type;

  via_reader_init (&in, data, len);
  if (!via_reader_u8 (&in, &type))
    return VIA_DCEP_INVALID;
  if (type == TYPE_OPEN)
    return read_open (&in, out);
  return type == TYPE_ACK ? VIA_DCEP_ACK : VIA_DCEP_INVALID;
}

gsize
via_dcep_write_open (const ViaDcepOpen *open, guint8 *out)
{
  ViaWriter to;

  g_return_val_if_fail (open->label_len <= VIA_DCEP_TEXT_MAX, 0);
  g_return_val_if_fail (open->protocol_len <= VIA_DCEP_TEXT_MAX, 0);

  via_writer_init (&to, out, VIA_DCEP_MAX);
  via_writer_u8 (&to, TYPE_OPEN);
  via_writer_u8 (
      &to, (guint8) (open->reliability | (open->is_ordered ? 0 : UNORDERED)));
  via_writer_u16 (&to, open->priority);
  via_writer_u32 (
      &to, open->reliability == VIA_DCEP_RELIABLE ? 0 : open->limit);
  via_writer_u16 (&to, (guint16) open->label_len);
  via_writer_u16 (&to, (guint16) open->protocol_len);
  via_writer_bytes (&to, (const guint8 *) open->label, open->label_len);
  via_writer_bytes (&to, (const guint8 *) open->protocol, open->protocol_len);
  return to.pos;
}

gsize
via_dcep_write_ack (guint8 *out)
{
  out[0] = TYPE_ACK;
  return 1;
}
