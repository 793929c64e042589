/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/packet.c – one RTP packet of a track: const, shared, counted.
 * No locks: the counters are atomic.
 */
#include "base/packet.h"

#include <string.h>

static gint n_alive; /* atomic */

ViaPacket *
via_packet_new (
    const guint8 *data, gsize len, ViaTime captured, gboolean is_key)
{
  ViaPacket *self;

  if (len == 0 || len > VIA_PACKET_MAX)
    return NULL;
  self = g_malloc (sizeof *self + len);
  g_atomic_ref_count_init (&self->refs);
  self->captured = captured;
  self->len = (guint16) len;
  self->is_key = is_key;
  self->is_event = FALSE;
  memcpy (self->data, data, len);
  g_atomic_int_inc (&n_alive);
  return self;
}

ViaPacket *
via_packet_ref (ViaPacket *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_packet_unref (ViaPacket *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_atomic_int_add (&n_alive, -1);
  g_free (self);
}

guint
via_packet_alive (void)
{
  return (guint) g_atomic_int_get (&n_alive);
}
