/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/room.h – who hears and sees whom: ports, tracks and slots.
 * Pure: no thread, no packet. Changes come out as events.
 */
#pragma once

#include "base/kind.h"

G_BEGIN_DECLS

/* A port is one participant. It may publish tracks, and it may take tracks of
 * others into its slots (slot i of kind audio or video). Nobody receives
 * himself. Free slots take the oldest tracks that are not shown yet. */
typedef struct _ViaRoom ViaRoom;

typedef enum
{
  VIA_ROOM_ATTACH, /* @port takes @track into @slot */
  VIA_ROOM_DETACH, /* @port's @slot no longer has @track */
} ViaRoomEventType;

typedef struct
{
  ViaRoomEventType type;
  guint port;
  ViaKind kind;
  guint slot;
  guint64 track;
} ViaRoomEvent;

ViaRoom *via_room_new (void);
void via_room_free (ViaRoom *self);
/* The new port's number: the lowest free one. */
guint via_room_add_port (ViaRoom *self);
/* Its tracks and slots go too. FALSE: no such port. */
gboolean via_room_remove_port (ViaRoom *self, guint port);
/* How many tracks of @kind @port takes; G_MAXUINT for all. */
gboolean via_room_set_slots (ViaRoom *self, guint port, ViaKind kind, guint n);
/* A number never used before in this room; 0: no such port. */
guint64 via_room_add_track (ViaRoom *self, guint port, ViaKind kind);
gboolean via_room_remove_track (ViaRoom *self, guint64 track);
guint via_room_n_ports (const ViaRoom *self);
guint via_room_n_tracks (const ViaRoom *self);
/* Events in the order they happened. FALSE: none left. */
gboolean via_room_poll (ViaRoom *self, ViaRoomEvent *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaRoom, via_room_free)
