/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/packet.h – one RTP packet of a track: const, shared, counted.
 * Written once by its maker, then read by any thread; viewers make their bytes
 * in buffers of their own.
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

#define VIA_PACKET_MAX 1500 /* bytes; a longer RTP packet is refused */

typedef struct _ViaPacket ViaPacket;
struct _ViaPacket
{
  gatomicrefcount refs;
  ViaTime captured;  /* when the sample was to be heard or seen */
  guint16 len;       /* bytes in @data: RTP header and payload */
  gboolean is_key;   /* first packet of a key frame (video) */
  gboolean is_event; /* RFC 4733: no sound but keys; its maker sets it */
  guint8 data[];
};

/* Copies @len bytes. NULL if @len is 0 or over VIA_PACKET_MAX.
 * (transfer full) */
ViaPacket *via_packet_new (
    const guint8 *data, gsize len, ViaTime captured, gboolean is_key);
ViaPacket *via_packet_ref (ViaPacket *self);
void via_packet_unref (ViaPacket *self);
/* Packets alive in the process; for leak tests. Any thread. */
guint via_packet_alive (void);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPacket, via_packet_unref)
