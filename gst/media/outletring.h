/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletring.h – packets between a loop and an outlet's task, bounded in
 * number and time: the oldest goes first. Takes no lock: its owner does.
 */
#pragma once

#include "base/codec.h"
#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_OUTLET_RING_PACKETS 2048
#define VIA_OUTLET_RING_TIME (2 * VIA_S) /* between first and last arrival */

typedef struct
{
  ViaPacket *packet; /* owned */
  ViaTime arrived;
  ViaCodec *codec; /* (nullable) owned: what it and those after it are */
} ViaOutletEntry;

typedef struct
{
  ViaOutletEntry entries[VIA_OUTLET_RING_PACKETS];
  guint head, n;
  ViaCodec *next_codec; /* (nullable) of the packet that comes next */
  guint64 pushed, pushed_out;
} ViaOutletRing;

void via_outlet_ring_clear (ViaOutletRing *self);
/* Takes a reference. FALSE: others were pushed out for it. */
gboolean via_outlet_ring_push (
    ViaOutletRing *self, ViaPacket *packet, ViaTime arrived);
void via_outlet_ring_set_codec (ViaOutletRing *self, const ViaCodec *codec);
/* The oldest; clear it with via_outlet_entry_clear. FALSE: empty. */
gboolean via_outlet_ring_pop (ViaOutletRing *self, ViaOutletEntry *out);
/* Throws away what waits, but keeps the last codec told. */
void via_outlet_ring_drop_all (ViaOutletRing *self);
void via_outlet_entry_clear (ViaOutletEntry *self);

G_END_DECLS
