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
  guint n_slots[2];    /* audio, video: how many it takes */
  GArray *shown[2];    /* guint64 track per slot, 0: free */
  guint source;        /* where the room is routed */
  GHashTable *blocked; /* numbers of ports it does not take */
  guint64 spoke;       /* higher: later; 0: never */
} Port;

struct _ViaRoom
{
  GPtrArray *ports; /* Port*, in order of number */
  GArray *tracks;   /* Track, oldest first */
  GQueue events;    /* ViaRoomEvent* */
  guint64 last_track, last_spoke;
  GHashTable *reserved; /* numbers */
  gboolean is_routed;
  guint last_n; /* 0: all */
};

static void
port_free (gpointer data)
{
  Port *port = data;

  g_array_unref (port->shown[VIA_KIND_AUDIO]);
  g_array_unref (port->shown[VIA_KIND_VIDEO]);
  g_hash_table_unref (port->blocked);
  g_free (port);
}

ViaRoom *
via_room_new (void)
{
  ViaRoom *self = g_new0 (ViaRoom, 1);

  self->ports = g_ptr_array_new_with_free_func (port_free);
  self->tracks = g_array_new (FALSE, FALSE, sizeof (Track));
  self->reserved = g_hash_table_new (NULL, NULL);
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
  g_hash_table_unref (self->reserved);
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

static ViaRoomEvent *
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
  return event;
}

/* --- the policy --- */

static gboolean
has_video (const ViaRoom *self, guint port)
{
  for (guint i = 0; i < self->tracks->len; i++) {
    const Track *track = &g_array_index (self->tracks, Track, i);

    if (track->port == port && track->kind == VIA_KIND_VIDEO)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_subscribed (const Port *port, guint from)
{
  return port->number != from
         && !g_hash_table_contains (port->blocked, GUINT_TO_POINTER (from));
}

/* TRUE: @from is among the last_n of those whose video @port could take. */
static gboolean
is_of_last_n (const ViaRoom *self, const Port *port, const Port *from)
{
  guint n_before = 0;

  if (self->last_n == 0)
    return TRUE;
  for (guint i = 0; i < self->ports->len && n_before < self->last_n; i++) {
    const Port *other = g_ptr_array_index (self->ports, i);
    gboolean is_before = other->spoke != from->spoke
                             ? other->spoke > from->spoke
                             : other->number < from->number;

    if (is_before && is_subscribed (port, other->number)
        && has_video (self, other->number))
      n_before++;
  }
  return n_before < self->last_n;
}

/* Whether the policy lets @port take what @number publishes. */
static gboolean
may_take (const ViaRoom *self, const Port *port, guint number, ViaKind kind)
{
  const Port *from;

  if (port->number >= VIA_ROOM_OBSERVERS)
    return port->number != number;
  if (!is_subscribed (port, number)
      || (self->is_routed && port->source != number))
    return FALSE;
  if (self->last_n == 0 || kind != VIA_KIND_VIDEO)
    return TRUE;
  from = find_port (self, number);
  return from != NULL && is_of_last_n (self, port, from);
}

/* --- slots --- */

static gboolean
shows (const Port *port, ViaKind kind, guint64 track)
{
  const GArray *shown = port->shown[kind];

  for (guint i = 0; i < shown->len; i++)
    if (g_array_index (shown, guint64, i) == track)
      return TRUE;
  return FALSE;
}

static const Track *
find_track (const ViaRoom *self, guint64 id)
{
  for (guint i = 0; i < self->tracks->len; i++)
    if (g_array_index (self->tracks, Track, i).id == id)
      return &g_array_index (self->tracks, Track, i);
  return NULL;
}

/* The lowest slot that is free or has what may not stay; G_MAXUINT: none. */
static guint
find_slot (const Port *port, ViaKind kind, const gboolean *stays)
{
  const GArray *shown = port->shown[kind];

  for (guint i = 0; i < shown->len; i++)
    if (g_array_index (shown, guint64, i) == 0 || !stays[i])
      return i;
  return shown->len < port->n_slots[kind] ? shown->len : G_MAXUINT;
}

static void
show (ViaRoom *self, Port *port, const Track *track, guint slot)
{
  GArray *shown = port->shown[track->kind];
  guint64 *at;

  if (slot == shown->len)
    g_array_set_size (shown, slot + 1);
  at = &g_array_index (shown, guint64, slot);
  if (*at != 0)
    emit (self, VIA_ROOM_SWITCH, port, track->kind, slot, track->id)->old = *at;
  else
    emit (self, VIA_ROOM_ATTACH, port, track->kind, slot, track->id);
  *at = track->id;
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

/* What @port may not take any more goes, what it may take comes: into the place
 * of what goes where there is one. */
static void
fill (ViaRoom *self, Port *port, ViaKind kind)
{
  GArray *shown = port->shown[kind];
  guint n_before = shown->len;
  g_autofree gboolean *stays =
      g_new0 (gboolean, n_before + self->tracks->len + 1);

  for (guint i = 0; i < n_before; i++) {
    const Track *track = find_track (self, g_array_index (shown, guint64, i));

    stays[i] = track != NULL && may_take (self, port, track->port, kind);
  }
  for (guint i = 0; i < self->tracks->len; i++) {
    const Track *track = &g_array_index (self->tracks, Track, i);
    guint slot;

    if (track->kind != kind || shows (port, kind, track->id)
        || !may_take (self, port, track->port, kind))
      continue;
    slot = find_slot (port, kind, stays);
    if (slot == G_MAXUINT)
      break;
    show (self, port, track, slot);
    stays[slot] = TRUE;
  }
  for (guint i = 0; i < n_before; i++)
    if (!stays[i])
      hide (self, port, kind, i);
}

static void
fill_both (ViaRoom *self, Port *port)
{
  fill (self, port, VIA_KIND_AUDIO);
  fill (self, port, VIA_KIND_VIDEO);
}

static void
fill_all (ViaRoom *self)
{
  for (guint i = 0; i < self->ports->len; i++)
    fill_both (self, g_ptr_array_index (self->ports, i));
}

/* --- ports --- */

static void
insert_port (ViaRoom *self, guint number)
{
  Port *port = g_new0 (Port, 1);
  guint at = 0;

  port->number = number;
  port->source = VIA_ROOM_NONE;
  port->blocked = g_hash_table_new (NULL, NULL);
  for (guint k = 0; k < 2; k++)
    port->shown[k] = g_array_new (FALSE, TRUE, sizeof (guint64));
  while (at < self->ports->len
         && ((Port *) g_ptr_array_index (self->ports, at))->number < number)
    at++;
  g_ptr_array_insert (self->ports, (gint) at, port);
}

guint
via_room_add_port (ViaRoom *self)
{
  guint number = 0;

  while (find_port (self, number) != NULL
         || g_hash_table_contains (self->reserved, GUINT_TO_POINTER (number)))
    number++;
  insert_port (self, number);
  return number;
}

guint
via_room_add_observer (ViaRoom *self)
{
  guint number = VIA_ROOM_OBSERVERS;

  while (find_port (self, number) != NULL)
    number++;
  insert_port (self, number);
  return number;
}

guint
via_room_add_port_as (ViaRoom *self, guint wanted)
{
  if (wanted == VIA_ROOM_NONE || find_port (self, wanted) != NULL)
    return via_room_add_port (self);
  insert_port (self, wanted);
  return wanted;
}

void
via_room_reserve (ViaRoom *self, guint number, gboolean is_reserved)
{
  if (is_reserved)
    g_hash_table_add (self->reserved, GUINT_TO_POINTER (number));
  else
    g_hash_table_remove (self->reserved, GUINT_TO_POINTER (number));
}

static void
remove_track_at (ViaRoom *self, guint index)
{
  Track track = g_array_index (self->tracks, Track, index);

  g_array_remove_index (self->tracks, index);
  for (guint i = 0; i < self->ports->len; i++) {
    Port *port = g_ptr_array_index (self->ports, i);
    GArray *shown = port->shown[track.kind];
    gboolean was_shown = FALSE;

    for (guint slot = 0; slot < shown->len && !was_shown; slot++) {
      was_shown = g_array_index (shown, guint64, slot) == track.id;
      if (was_shown)
        hide (self, port, track.kind, slot);
    }
    if (was_shown || self->last_n > 0)
      fill (self, port, track.kind);
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
  for (guint i = 0; i < self->ports->len; i++) {
    Port *other = g_ptr_array_index (self->ports, i);

    g_hash_table_remove (other->blocked, GUINT_TO_POINTER (number));
    if (other->source == number)
      other->source = VIA_ROOM_NONE;
  }
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

/* --- what the policy says --- */

void
via_room_set_routed (ViaRoom *self, gboolean is_routed)
{
  self->is_routed = is_routed;
  fill_all (self);
}

gboolean
via_room_set_source (ViaRoom *self, guint number, guint source)
{
  Port *port = find_port (self, number);

  if (port == NULL)
    return FALSE;
  if (port->source == source)
    return TRUE;
  port->source = source;
  fill_both (self, port);
  return TRUE;
}

guint
via_room_source (const ViaRoom *self, guint number)
{
  const Port *port = find_port (self, number);

  return port != NULL ? port->source : VIA_ROOM_NONE;
}

gboolean
via_room_set_subscribed (
    ViaRoom *self, guint number, guint from, gboolean is_wanted)
{
  Port *port = find_port (self, number);
  gpointer key = GUINT_TO_POINTER (from);
  gboolean is_changed;

  if (port == NULL || find_port (self, from) == NULL)
    return FALSE;
  is_changed = is_wanted ? g_hash_table_remove (port->blocked, key)
                         : g_hash_table_add (port->blocked, key);
  if (is_changed)
    fill_both (self, port);
  return TRUE;
}

void
via_room_set_last_n (ViaRoom *self, guint n)
{
  if (self->last_n == n)
    return;
  self->last_n = n;
  fill_all (self);
}

gboolean
via_room_spoke (ViaRoom *self, guint number)
{
  Port *port = find_port (self, number);

  if (port == NULL)
    return FALSE;
  port->spoke = ++self->last_spoke;
  if (self->last_n > 0)
    fill_all (self);
  return TRUE;
}

/* --- tracks --- */

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

    if (port->number != number && port->n_slots[kind] > 0)
      fill (self, port, kind);
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
  guint n = 0;

  while (n < self->ports->len
         && ((Port *) g_ptr_array_index (self->ports, n))->number
                < VIA_ROOM_OBSERVERS)
    n++;
  return n;
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
