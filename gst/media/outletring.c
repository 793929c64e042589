/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletring.c – packets between a loop and an outlet's task, bounded in
 * number and time: the oldest goes first. Takes no lock: its owner does.
 */
#include "media/outletring.h"

static void
codec_free (ViaCodec *codec)
{
  if (codec == NULL)
    return;
  via_codec_clear (codec);
  g_free (codec);
}

void
via_outlet_entry_clear (ViaOutletEntry *self)
{
  g_clear_pointer (&self->packet, via_packet_unref);
  g_clear_pointer (&self->codec, codec_free);
}

gboolean
via_outlet_ring_pop (ViaOutletRing *self, ViaOutletEntry *out)
{
  if (self->n == 0)
    return FALSE;
  *out = self->entries[self->head];
  self->entries[self->head] = (ViaOutletEntry){0};
  self->head = (self->head + 1) % VIA_OUTLET_RING_PACKETS;
  self->n--;
  return TRUE;
}

/* The codec its packet told holds for the next one then. */
static void
drop_oldest (ViaOutletRing *self)
{
  ViaOutletEntry entry;
  ViaCodec **heir;

  via_outlet_ring_pop (self, &entry);
  heir = self->n > 0 ? &self->entries[self->head].codec : &self->next_codec;
  if (*heir == NULL)
    *heir = g_steal_pointer (&entry.codec);
  via_outlet_entry_clear (&entry);
}

void
via_outlet_ring_drop_all (ViaOutletRing *self)
{
  while (self->n > 0)
    drop_oldest (self);
}

gboolean
via_outlet_ring_push (ViaOutletRing *self, ViaPacket *packet, ViaTime arrived)
{
  guint64 before = self->pushed_out;
  guint at;

  while (self->n == VIA_OUTLET_RING_PACKETS
         || (self->n > 0
             && arrived - self->entries[self->head].arrived
                    > VIA_OUTLET_RING_TIME)) {
    drop_oldest (self);
    self->pushed_out++;
  }
  at = (self->head + self->n) % VIA_OUTLET_RING_PACKETS;
  self->entries[at] = (ViaOutletEntry){.packet = via_packet_ref (packet),
      .arrived = arrived,
      .codec = g_steal_pointer (&self->next_codec)};
  self->n++;
  self->pushed++;
  return self->pushed_out == before;
}

void
via_outlet_ring_set_codec (ViaOutletRing *self, const ViaCodec *codec)
{
  codec_free (self->next_codec);
  self->next_codec = g_new0 (ViaCodec, 1);
  via_codec_copy (self->next_codec, codec);
}

void
via_outlet_ring_clear (ViaOutletRing *self)
{
  via_outlet_ring_drop_all (self);
  g_clear_pointer (&self->next_codec, codec_free);
}
