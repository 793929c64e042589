/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtx.c – unwraps retransmissions in place.
 * Pure. Whose they are is not known here.
 * RFC 4588 §4
 */
#include "rtp/rtx.h"

#include <string.h>

#include "base/bytes.h"

#define OSN_LEN 2

gboolean
via_rtx_is_probe (const ViaRtpView *rtx)
{
  return rtx->payload_len == 0;
}

gboolean
via_rtx_osn (const ViaRtpView *rtx, guint16 *out)
{
  ViaReader in;

  via_reader_init (&in, rtx->payload, rtx->payload_len);
  return via_reader_u16 (&in, out);
}

/* | RTP header | OSN | payload |  →  two bytes unused | RTP header | payload */
gboolean
via_rtx_unwrap (const ViaRtpView *rtx, guint8 pt, guint32 ssrc, ViaRtpView *out)
{
  guint8 *data = (guint8 *) rtx->data;
  gsize header = (gsize) (rtx->payload - rtx->data);
  gsize len = rtx->len;
  gboolean marker = rtx->marker;
  ViaWriter writer;
  guint16 osn;

  if (!via_rtx_osn (rtx, &osn))
    return FALSE;
  memmove (data + OSN_LEN, data, header);
  data += OSN_LEN;
  data[1] = (guint8) ((marker ? 0x80 : 0) | (pt & 0x7f));
  via_writer_init (&writer, data + 2, 2);
  via_writer_u16 (&writer, osn);
  via_writer_init (&writer, data + 8, 4);
  via_writer_u32 (&writer, ssrc);
  return via_rtp_view (out, data, len - OSN_LEN);
}
