/* SPDX-License-Identifier: LGPL-2.1-or-later
 * dtls/guard.c – which records of a datagram may reach OpenSSL.
 * Pure; knows nothing of OpenSSL or of the state of a handshake.
 * RFC 6347 §4.1, §4.2.2, §4.2.3
 */
#include "dtls/guard.h"

#define MAX_RECORD (16 * 1024 + 2048) /* RFC 6347 §4.1, as TLS 1.2 */

/*  type 1 | version 2 (FE xx) | epoch 2 | sequence 6 | length 2 | body  */
gboolean
via_dtls_record_read (ViaReader *in, ViaDtlsRecord *out)
{
  ViaDtlsRecord record = {.all = in->data + in->pos};
  guint8 type;
  guint16 version, len;

  if (via_reader_left (in) == 0 || !via_reader_u8 (in, &type)
      || !via_reader_u16 (in, &version) || !via_reader_u16 (in, &record.epoch)
      || !via_reader_skip (in, 6) || !via_reader_u16 (in, &len)
      || !via_reader_take (in, len, &record.body))
    return FALSE;
  if (type < VIA_DTLS_CHANGE_CIPHER || type > VIA_DTLS_DATA
      || version >> 8 != 0xfe || len == 0 || len > MAX_RECORD)
    return FALSE;
  record.type = type;
  record.len = len;
  record.all_len = 13 + (gsize) len;
  *out = record;
  return TRUE;
}

/*  type 1 | length 3 | message_seq 2 | offset 3 | fragment 3 | bytes  */
static gboolean
admit_fragment (ViaDtlsGuard *self, ViaReader *in)
{
  guint8 type;
  guint16 seq;
  guint32 size, offset, len;

  if (!via_reader_u8 (in, &type) || !via_reader_u24 (in, &size)
      || !via_reader_u16 (in, &seq) || !via_reader_u24 (in, &offset)
      || !via_reader_u24 (in, &len) || !via_reader_skip (in, len))
    return FALSE;
  if (seq >= VIA_DTLS_MAX_MESSAGE_SEQS || size > VIA_DTLS_MAX_MESSAGE
      || offset > size || len > size - offset)
    return FALSE;
  if (self->size[seq] != 0)
    return self->size[seq] == size + 1;
  if (self->total + size > VIA_DTLS_MAX_MESSAGES)
    return FALSE;
  self->size[seq] = size + 1;
  self->total += size;
  return TRUE;
}

gboolean
via_dtls_guard_admit (ViaDtlsGuard *self, const ViaDtlsRecord *record)
{
  ViaDtlsGuard after = *self;
  ViaReader in;

  via_reader_init (&in, record->body, record->len);
  while (via_reader_left (&in) > 0)
    if (!admit_fragment (&after, &in))
      return FALSE;
  *self = after;
  return TRUE;
}
