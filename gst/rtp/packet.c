/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/packet.c – checks one RTP packet and points at its parts.
 * Pure; changes and keeps nothing.
 * RFC 3550 §5.1, §5.3.1, A.1
 */
#include "rtp/packet.h"

#include "base/bytes.h"

/*  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 * |                           timestamp                           |
 * |                             SSRC                              |
 * |                     CSRC, CC times 32 bits                    |
 * |       X: profile              |   length in 32-bit words      |
 */
static gboolean
read_extension (ViaRtpView *out, ViaReader *in)
{
  guint16 words;

  if (!via_reader_u16 (in, &out->ext_profile) || !via_reader_u16 (in, &words))
    return FALSE;
  out->ext_len = (gsize) words * 4;
  return via_reader_take (in, out->ext_len, &out->ext);
}

gboolean
via_rtp_view (ViaRtpView *out, const guint8 *data, gsize len)
{
  ViaReader in;
  guint8 flags, marker_pt;

  *out = (ViaRtpView){.data = data, .len = len};
  via_reader_init (&in, data, len);
  via_reader_u8 (&in, &flags);
  via_reader_u8 (&in, &marker_pt);
  via_reader_u16 (&in, &out->seq);
  via_reader_u32 (&in, &out->timestamp);
  if (!via_reader_u32 (&in, &out->ssrc) || flags >> 6 != 2)
    return FALSE;
  out->marker = marker_pt >> 7;
  out->pt = marker_pt & 0x7f;
  out->n_csrc = flags & 0x0f;
  if (!via_reader_skip (&in, (gsize) out->n_csrc * 4))
    return FALSE;
  if ((flags & 0x10) != 0 && !read_extension (out, &in))
    return FALSE;
  out->payload = data + in.pos;
  out->payload_len = via_reader_left (&in);
  if ((flags & 0x20) != 0) {
    /* The last byte counts the padding, itself included. */
    out->padding = data[len - 1];
    if (out->padding == 0 || out->padding > out->payload_len)
      return FALSE;
    out->payload_len -= out->padding;
  }
  return TRUE;
}
