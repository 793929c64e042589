/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/jitter.c – puts packets of one stream back in order, waiting a bounded
 * time for those that are missing.
 * Pure. Keeps references to shared packets.
 * RFC 3550 §5.1, A.1 (sequence numbers, restart)
 */
#include "rtp/jitter.h"

typedef struct
{
  ViaPacket *packet; /* owned; NULL: not here */
  ViaTime arrived;
  gboolean was_given; /* the last one that was due in this slot */
} Slot;

typedef struct
{
  ViaJitterType type;
  ViaJitterItem item;
} Due;

struct _ViaJitter
{
  ViaTime latency;
  gboolean has_started;
  gint64 next; /* not wrapped: the one that is due */
  gint64 top;  /* one after the last that is held */
  guint n_held;
  ViaTime gap_since; /* the first packet after the gap at @next came then */
  gboolean has_gap_since;
  ViaPacket *probe; /* (nullable) owned: far from the others */
  guint16 probe_seq;
  ViaTime probe_arrived;
  GQueue due; /* Due: from before a restart */
  ViaJitterStats stats;
  Slot slots[VIA_JITTER_PACKETS];
};

static Slot *
slot_of (ViaJitter *self, gint64 seq)
{
  return &self->slots[seq % VIA_JITTER_PACKETS];
}

ViaJitter *
via_jitter_new (ViaTime latency)
{
  ViaJitter *self = g_new0 (ViaJitter, 1);

  self->latency = latency;
  g_queue_init (&self->due);
  return self;
}

static void
due_free (gpointer data)
{
  Due *due = data;

  g_clear_pointer (&due->item.packet, via_packet_unref);
  g_free (due);
}

void
via_jitter_free (ViaJitter *self)
{
  for (guint i = 0; i < VIA_JITTER_PACKETS; i++)
    g_clear_pointer (&self->slots[i].packet, via_packet_unref);
  g_clear_pointer (&self->probe, via_packet_unref);
  g_queue_clear_full (&self->due, due_free);
  g_free (self);
}

/* --- out --- */

static ViaPacket *
take (ViaJitter *self)
{
  Slot *slot = slot_of (self, self->next);

  slot->was_given = TRUE;
  self->next++;
  self->n_held--;
  self->has_gap_since = FALSE;
  return g_steal_pointer (&slot->packet);
}

static guint
give_up (ViaJitter *self)
{
  guint n = 0;

  for (; slot_of (self, self->next)->packet == NULL; self->next++, n++)
    slot_of (self, self->next)->was_given = FALSE;
  self->has_gap_since = FALSE;
  self->stats.lost += n;
  return n;
}

/* Looked up once per gap: the earliest of those that wait behind it. */
static ViaTime
gap_since (ViaJitter *self)
{
  if (self->has_gap_since)
    return self->gap_since;
  self->gap_since = VIA_TIME_NEVER;
  for (gint64 seq = self->next; seq < self->top; seq++) {
    const Slot *slot = slot_of (self, seq);

    if (slot->packet != NULL)
      self->gap_since = MIN (self->gap_since, slot->arrived);
  }
  self->has_gap_since = TRUE;
  return self->gap_since;
}

static ViaJitterType
next_held (ViaJitter *self, gboolean is_due, ViaTime now, ViaJitterItem *out)
{
  *out = (ViaJitterItem){0};
  if (self->n_held == 0)
    return VIA_JITTER_NONE;
  if (slot_of (self, self->next)->packet != NULL) {
    out->packet = take (self);
    return VIA_JITTER_PACKET;
  }
  if (!is_due && now - gap_since (self) < self->latency)
    return VIA_JITTER_NONE;
  out->n_lost = give_up (self);
  return VIA_JITTER_GAP;
}

void
via_jitter_set_latency (ViaJitter *self, ViaTime latency)
{
  self->latency = latency;
}

ViaJitterType
via_jitter_next (ViaJitter *self, ViaTime now, ViaJitterItem *out)
{
  Due *due = g_queue_pop_head (&self->due);
  ViaJitterType type;

  if (due == NULL)
    return next_held (self, FALSE, now, out);
  type = due->type;
  *out = due->item;
  g_free (due);
  return type;
}

ViaTime
via_jitter_deadline (const ViaJitter *self)
{
  if (self->due.length > 0)
    return 0;
  if (self->n_held == 0)
    return VIA_TIME_NEVER;
  if (self->slots[self->next % VIA_JITTER_PACKETS].packet != NULL)
    return 0;
  return gap_since ((ViaJitter *) self) + self->latency;
}

/* --- in --- */

void
via_jitter_restart (ViaJitter *self)
{
  Due due = {0};

  if (!self->has_started)
    return;
  do {
    due.type = next_held (self, TRUE, 0, &due.item);
    if (due.type == VIA_JITTER_NONE)
      due.type = VIA_JITTER_RESTART;
    g_queue_push_tail (&self->due, g_memdup2 (&due, sizeof due));
  } while (due.type != VIA_JITTER_RESTART);
  g_clear_pointer (&self->probe, via_packet_unref);
  self->has_started = FALSE;
  self->stats.restarts++;
}

static void
begin_at (ViaJitter *self, guint16 seq)
{
  self->has_started = TRUE;
  /* One turn up, so that what is before it is not negative. */
  self->next = self->top = seq + 65536;
  for (guint i = 0; i < VIA_JITTER_PACKETS; i++)
    self->slots[i].was_given = FALSE;
}

static gboolean
hold (ViaJitter *self, ViaPacket *packet, gint64 seq, ViaTime now)
{
  Slot *slot = slot_of (self, seq);

  if (slot->packet != NULL) {
    self->stats.duplicates++;
    return FALSE;
  }
  slot->packet = via_packet_ref (packet);
  slot->arrived = now;
  self->n_held++;
  if (seq < self->top)
    self->stats.reordered++;
  self->top = MAX (self->top, seq + 1);
  if (self->has_gap_since)
    self->gap_since = MIN (self->gap_since, now);
  return TRUE;
}

/* A packet far away: damage, or a source that began again? RFC 3550 A.1 asks
 * for two in a row. */
static void
probe (ViaJitter *self, ViaPacket *packet, guint16 seq, ViaTime now)
{
  ViaPacket *first = g_steal_pointer (&self->probe);
  guint16 first_seq = self->probe_seq;

  if (first != NULL && seq == (guint16) (first_seq + 1)) {
    via_jitter_restart (self);
    begin_at (self, first_seq);
    hold (self, first, self->next, self->probe_arrived);
    hold (self, packet, self->next + 1, now);
  } else {
    self->probe = via_packet_ref (packet);
    self->probe_seq = seq;
    self->probe_arrived = now;
  }
  g_clear_pointer (&first, via_packet_unref);
}

gboolean
via_jitter_push (ViaJitter *self, ViaPacket *packet, guint16 seq, ViaTime now)
{
  gint ahead;

  if (!self->has_started)
    begin_at (self, seq);
  ahead = (gint16) (guint16) (seq - (guint16) self->next);
  if (ahead < -VIA_JITTER_MISORDER || ahead >= VIA_JITTER_PACKETS) {
    probe (self, packet, seq, now);
    return TRUE;
  }
  g_clear_pointer (&self->probe, via_packet_unref);
  if (ahead >= 0)
    return hold (self, packet, self->next + ahead, now);
  if (slot_of (self, self->next + ahead)->was_given)
    self->stats.duplicates++;
  else
    self->stats.late++;
  return FALSE;
}

void
via_jitter_get_stats (const ViaJitter *self, ViaJitterStats *out)
{
  *out = self->stats;
}
