/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/room.h – who hears and sees whom: ports, tracks and slots.
 * Pure: no thread, no packet. Changes come out as events.
 */
#pragma once

#include "base/kind.h"

G_BEGIN_DECLS

/* A port is one participant. It may publish tracks, and it may take tracks of
 * others into its slots (slot i of kind audio or video). Nobody receives
 * himself. Free slots take the oldest tracks that are not shown yet.
 *
 * Which tracks a port may take is the room's policy: those of all others, or,
 * where it is routed, those of one source. Where the policy puts another track
 * in the place of one that goes on, the slot is switched, not emptied. */
typedef struct _ViaRoom ViaRoom;

#define VIA_ROOM_NONE G_MAXUINT       /* no port */
#define VIA_ROOM_OBSERVERS (1u << 31) /* the lowest number of one */

typedef enum
{
  VIA_ROOM_ATTACH, /* @port takes @track into @slot */
  VIA_ROOM_DETACH, /* @port's @slot no longer has @track */
  VIA_ROOM_SWITCH, /* @slot has @track instead of @old, which goes on */
} ViaRoomEventType;

typedef struct
{
  ViaRoomEventType type;
  guint port;
  ViaKind kind;
  guint slot;
  guint64 track, old; /* @old: of VIA_ROOM_SWITCH only */
} ViaRoomEvent;

ViaRoom *via_room_new (void);
void via_room_free (ViaRoom *self);
/* The new port's number: the lowest free one. */
guint via_room_add_port (ViaRoom *self);
/* Number @wanted if it is free, else as above. */
guint via_room_add_port_as (ViaRoom *self, guint wanted);
/* A port that is no participant: it takes what all others publish, whatever the
 * policy, and is not counted. Its number is VIA_ROOM_OBSERVERS or more. */
guint via_room_add_observer (ViaRoom *self);
/* Keeps @number for who asks for it, or no longer. */
void via_room_reserve (ViaRoom *self, guint number, gboolean is_reserved);
/* Its tracks and slots go too. FALSE: no such port. */
gboolean via_room_remove_port (ViaRoom *self, guint port);
/* How many tracks of @kind @port takes; G_MAXUINT for all. */
gboolean via_room_set_slots (ViaRoom *self, guint port, ViaKind kind, guint n);
/* A number never used before in this room; 0: no such port. */
guint64 via_room_add_track (ViaRoom *self, guint port, ViaKind kind);
gboolean via_room_remove_track (ViaRoom *self, guint64 track);

/* TRUE: each port takes the tracks of its source only, at first of none.
 * FALSE, as a new room: of all others. */
void via_room_set_routed (ViaRoom *self, gboolean is_routed);
/* @source: a port, VIA_ROOM_NONE, or @port itself, which gives nothing. FALSE:
 * no such @port. A source that leaves is none; one that comes is set anew. */
gboolean via_room_set_source (ViaRoom *self, guint port, guint source);
/* VIA_ROOM_NONE: none, or no such port. */
guint via_room_source (const ViaRoom *self, guint port);
/* Whether @port takes tracks of @from; a new port does. FALSE: either is not
 * there. */
gboolean via_room_set_subscribed (
    ViaRoom *self, guint port, guint from, gboolean is_subscribed);
/* Video of at most @n others at once per port: of those who spoke last, then
 * of the lowest numbers. 0, as a new room: of all. */
void via_room_set_last_n (ViaRoom *self, guint n);
/* @port is the first among those who spoke. FALSE: no such port. */
gboolean via_room_spoke (ViaRoom *self, guint port);

/* Without observers. */
guint via_room_n_ports (const ViaRoom *self);
guint via_room_n_tracks (const ViaRoom *self);
/* Events in the order they happened. FALSE: none left. */
gboolean via_room_poll (ViaRoom *self, ViaRoomEvent *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaRoom, via_room_free)
