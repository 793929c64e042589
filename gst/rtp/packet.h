/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/packet.h – a read-only view of one RTP packet.
 * Pure.
 * RFC 3550 §5.1, A.1 · RFC 8285 §4
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_RTP_HEADER 12

typedef struct
{
  const guint8 *data;
  gsize len;
  gboolean marker;
  guint8 pt;
  guint16 seq;
  guint32 timestamp;
  guint32 ssrc;
  guint n_csrc;
  guint16 ext_profile; /* 0xBEDE, 0x100x, or 0 without extension */
  const guint8 *ext;   /* extension data, NULL without */
  gsize ext_len;
  const guint8 *payload;
  gsize payload_len; /* without padding */
  gsize padding;
} ViaRtpView;

/* FALSE if the bytes are not one whole RTP packet; @out is then undefined.
 * The view points into @data. */
gboolean via_rtp_view (ViaRtpView *out, const guint8 *data, gsize len);

G_END_DECLS
