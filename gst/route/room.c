/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/room.c – who hears and sees whom: ports, tracks and slots.
 * Pure: no thread, no packet. Changes come out as events.
 */
#include "route/room.h"

typedef struct
{
  guint64 id;
  guint port;
  ViaKind kind;
} Track;

typedef struct
{
  guint number;
  guint n_slots[2]; /* audio, video: how many it takes */
  GArray *shown[2]; /* guint64 track per slot, 0: free */
} Port;

struct _ViaRoom
{
  GPtrArray *ports; /* Port*, in order of number */
  GArray *tracks;   /* Track, oldest first */
  GQueue events;    /* ViaRoomEvent* */
  guint64 last_track;
};

static void
port_free (gpointer data)
{
  Port *port = data;

  g_array_unref (port->shown[VIA_KIND_AUDIO]);
  g_array_unref (port->shown[VIA_KIND_VIDEO]);
  g_free (port);
}

ViaRoom *
via_room_new (void)
{
  ViaRoom *self = g_new0 (ViaRoom, 1);

  self->ports = g_ptr_array_new_with_free_func (port_free);
  self->tracks = g_array_new (FALSE, FALSE, sizeof (Track));
  g_queue_init (&self->events);
  return self;
}

void
via_room_free (ViaRoom *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->ports);
  g_array_unref (self->tracks);
  g_queue_clear_full (&self->events, g_free);
  g_free (self);
}

static Port *
find_port (const ViaRoom *self, guint number)
{
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);

    if (port->number == number)
      return port;
  }
  return NULL;
}

static void
emit (ViaRoom *self, ViaRoomEventType type, const Port *port, ViaKind kind,
    guint slot, guint64 track)
{
  ViaRoomEvent *event = g_new0 (ViaRoomEvent, 1);

  event->type = type;
  event->port = port->number;
  event->kind = kind;
  event->slot = slot;
  event->track = track;
  g_queue_push_tail (&self->events, event);
}

static gboolean
shows (const Port *port, ViaKind kind, guint64 track)
{
  const GArray *shown = port->shown[kind];

  for (guint i = 0; i < shown->len; i++)
    if (g_array_index (shown, guint64, i) == track)
      return TRUE;
  return FALSE;
}

/* The lowest free slot, G_MAXUINT if all are taken. */
static guint
free_slot (const Port *port, ViaKind kind)
{
  const GArray *shown = port->shown[kind];

  for (guint i = 0; i < shown->len; i++)
    if (g_array_index (shown, guint64, i) == 0)
      return i;
  return shown->len < port->n_slots[kind] ? shown->len : G_MAXUINT;
}

static void
show (ViaRoom *self, Port *port, const Track *track)
{
  GArray *shown = port->shown[track->kind];
  guint slot = free_slot (port, track->kind);

  if (slot == G_MAXUINT)
    return;
  if (slot == shown->len)
    g_array_append_val (shown, track->id);
  else
    g_array_index (shown, guint64, slot) = track->id;
  emit (self, VIA_ROOM_ATTACH, port, track->kind, slot, track->id);
}

static void
fill (ViaRoom *self, Port *port, ViaKind kind)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    const Track *track = &g_array_index (self->tracks, Track, i);

    if (track->kind != kind || track->port == port->number)
      continue;
    if (!shows (port, kind, track->id))
      show (self, port, track);
  }
}

static void
hide (ViaRoom *self, Port *port, ViaKind kind, guint slot)
{
  GArray *shown = port->shown[kind];
  guint64 track = g_array_index (shown, guint64, slot);

  if (track == 0)
    return;
  g_array_index (shown, guint64, slot) = 0;
  emit (self, VIA_ROOM_DETACH, port, kind, slot, track);
}

guint
via_room_add_port (ViaRoom *self)
{
  Port *port = g_new0 (Port, 1);
  guint i;

  for (i = 0; i < self->ports->len; i++) {
    const Port *other = g_ptr_array_index (self->ports, i);

    if (other->number != i)
      break;
  }
  port->number = i;
  for (guint k = 0; k < 2; k++)
    port->shown[k] = g_array_new (FALSE, TRUE, sizeof (guint64));
  g_ptr_array_insert (self->ports, (gint) i, port);
  return port->number;
}

static void
remove_track_at (ViaRoom *self, guint index)
{
  Track track = g_array_index (self->tracks, Track, index);

  g_array_remove_index (self->tracks, index);
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);
    GArray *shown = port->shown[track.kind];

    for (guint slot = 0; slot < shown->len; slot++) {
      if (g_array_index (shown, guint64, slot) != track.id)
        continue;
      hide (self, port, track.kind, slot);
      fill (self, port, track.kind);
      break;
    }
  }
}

gboolean
via_room_remove_port (ViaRoom *self, guint number)
{
  Port *port = find_port (self, number);

  if (port == NULL)
    return FALSE;
  for (guint i = self->tracks->len; i > 0; i--)
    if (g_array_index (self->tracks, Track, i - 1).port == number)
      remove_track_at (self, i - 1);
  for (guint k = 0; k < 2; k++)
    for (guint slot = 0; slot < port->shown[k]->len; slot++)
      hide (self, port, (ViaKind) k, slot);
  g_ptr_array_remove (self->ports, port);
  return TRUE;
}

gboolean
via_room_set_slots (ViaRoom *self, guint number, ViaKind kind, guint n)
{
  Port *port = find_port (self, number);

  if (port == NULL || kind > VIA_KIND_VIDEO)
    return FALSE;
  for (guint slot = n; slot < port->shown[kind]->len; slot++)
    hide (self, port, kind, slot);
  if (n < port->shown[kind]->len)
    g_array_set_size (port->shown[kind], n);
  port->n_slots[kind] = n;
  fill (self, port, kind);
  return TRUE;
}

guint64
via_room_add_track (ViaRoom *self, guint number, ViaKind kind)
{
  Track track = {0};

  if (find_port (self, number) == NULL || kind > VIA_KIND_VIDEO)
    return 0;
  track.id = ++self->last_track;
  track.port = number;
  track.kind = kind;
  g_array_append_val (self->tracks, track);
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);

    if (port->number != number)
      show (self, port, &track);
  }
  return track.id;
}

gboolean
via_room_remove_track (ViaRoom *self, guint64 id)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    if (g_array_index (self->tracks, Track, i).id != id)
      continue;
    remove_track_at (self, i);
    return TRUE;
  }
  return FALSE;
}

guint
via_room_n_ports (const ViaRoom *self)
{
  return self->ports->len;
}

guint
via_room_n_tracks (const ViaRoom *self)
{
  return self->tracks->len;
}

gboolean
via_room_poll (ViaRoom *self, ViaRoomEvent *out)
{
  ViaRoomEvent *event = g_queue_pop_head (&self->events);

  if (event == NULL)
    return FALSE;
  *out = *event;
  g_free (event);
  return TRUE;
}
