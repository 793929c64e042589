/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/history.c – a ring of references by sequence number, with a reply budget.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 4585 §6.2.1 · RFC 4588
 */
#include "rtp/history.h"

#include "base/seq.h"

#define FIRST_SIZE 64         /* entries; doubles up to VIA_HISTORY_PACKETS */
#define FLOOR_BYTES_PER_S 300 /* budget of a stream that hardly sends */
#define EXPIRE_SLACK (VIA_HISTORY_TIME / 4) /* one timer for many packets */
#define MIN_RTT (10 * VIA_MS)

typedef struct
{
  ViaPacket *packet; /* (nullable) */
  gint64 seq;
  ViaTime sent, resent;
  ViaRtpHeader header;
  guint8 tries;
  gboolean is_queued;
} Entry;

struct _ViaHistory
{
  Entry *entries; /* at seq modulo size */
  guint size;     /* a power of two */
  guint n;
  gsize bytes;           /* of the packets held: what one second carries */
  gint64 oldest, newest; /* no entry lies outside; empty: oldest > newest */

  guint16 *queue; /* sequence numbers to resend; room for each entry once */
  guint queue_first, queue_n;

  gint64 budget; /* bytes that may be resent now */
  ViaTime credited;
};

ViaHistory *
via_history_new (void)
{
  ViaHistory *self = g_new0 (ViaHistory, 1);

  self->size = FIRST_SIZE;
  self->entries = g_new0 (Entry, self->size);
  self->queue = g_new0 (guint16, VIA_HISTORY_PACKETS);
  self->oldest = 0;
  self->newest = -1;
  self->budget = VIA_HISTORY_MIN_BUDGET;
  return self;
}

void
via_history_free (ViaHistory *self)
{
  if (!self)
    return;
  via_history_clear (self);
  g_free (self->entries);
  g_free (self->queue);
  g_free (self);
}

static Entry *
slot (const ViaHistory *self, gint64 seq)
{
  return &self->entries[(guint64) seq & (self->size - 1)];
}

static Entry *
find (const ViaHistory *self, gint64 seq)
{
  Entry *entry = slot (self, seq);

  return entry->packet && entry->seq == seq ? entry : NULL;
}

static void
drop_entry (ViaHistory *self, Entry *entry)
{
  self->bytes -= entry->packet->len;
  self->n--;
  g_clear_pointer (&entry->packet, via_packet_unref);
}

/* Entries of one stream never share a slot while newest - oldest < size. */
static void
drop_oldest (ViaHistory *self)
{
  Entry *entry = find (self, self->oldest);

  if (entry)
    drop_entry (self, entry);
  self->oldest++;
}

void
via_history_clear (ViaHistory *self)
{
  for (guint i = 0; i < self->size && self->n > 0; i++)
    if (self->entries[i].packet)
      drop_entry (self, &self->entries[i]);
  self->oldest = self->newest + 1;
  self->queue_n = 0;
}

static void
grow (ViaHistory *self)
{
  Entry *old = self->entries;
  guint old_size = self->size;

  self->size *= 2;
  self->entries = g_new0 (Entry, self->size);
  for (guint i = 0; i < old_size; i++)
    if (old[i].packet)
      *slot (self, old[i].seq) = old[i];
  g_free (old);
}

static void
make_room (ViaHistory *self, gint64 seq)
{
  if (seq - self->newest > VIA_HISTORY_PACKETS)
    via_history_clear (self);
  if (self->n == 0) {
    self->oldest = seq;
    self->newest = seq;
    return;
  }
  self->oldest = MIN (self->oldest, seq);
  self->newest = MAX (self->newest, seq);
  while (self->newest - self->oldest >= self->size
         && self->size < VIA_HISTORY_PACKETS)
    grow (self);
  while (self->newest - self->oldest >= self->size)
    drop_oldest (self);
}

/* A quarter of what is sent may be sent again; at most a quarter of one
 * second's bytes at once. */
static void
credit (ViaHistory *self, gsize len, ViaTime now)
{
  gint64 by_time = 0;

  if (self->credited != 0)
    by_time =
        MIN (now - self->credited, 10 * VIA_S) * FLOOR_BYTES_PER_S / VIA_S;
  self->credited = now;
  self->budget += MAX ((gint64) len / 4, by_time);
  self->budget = MIN (
      self->budget, MAX ((gint64) self->bytes / 4, VIA_HISTORY_MIN_BUDGET));
}

void
via_history_add (ViaHistory *self, gint64 seq, ViaPacket *packet,
    const ViaRtpHeader *header, ViaTime now)
{
  Entry *entry;

  via_history_expire (self, now);
  if (self->n > 0 && self->newest - seq >= VIA_HISTORY_PACKETS)
    return; /* so late that its slot has a newer packet */
  make_room (self, seq);
  entry = slot (self, seq);
  if (entry->packet)
    drop_entry (self, entry);
  *entry = (Entry){.packet = via_packet_ref (packet),
      .seq = seq,
      .sent = now,
      .header = *header};
  self->n++;
  self->bytes += packet->len;
  credit (self, packet->len, now);
}

ViaResend
via_history_ask (ViaHistory *self, guint16 seq, ViaTime rtt, ViaTime now)
{
  ViaUnwrap unwrap = {self->newest, TRUE};
  Entry *entry = NULL;

  via_history_expire (self, now);
  if (self->n > 0)
    entry = find (self, via_unwrap_u16 (&unwrap, seq));
  if (!entry)
    return VIA_RESEND_UNKNOWN;
  rtt = rtt > 0 ? MAX (rtt, MIN_RTT) : VIA_HISTORY_RTT;
  if (entry->is_queued || (entry->tries > 0 && now - entry->resent < rtt))
    return VIA_RESEND_TOO_SOON;
  if (entry->tries >= VIA_HISTORY_TRIES)
    return VIA_RESEND_TOO_OFTEN;
  if (self->budget < entry->packet->len || self->queue_n == VIA_HISTORY_PACKETS)
    return VIA_RESEND_NO_BUDGET;

  self->budget -= entry->packet->len;
  entry->tries++;
  entry->resent = now;
  entry->is_queued = TRUE;
  self->queue[(self->queue_first + self->queue_n++) % VIA_HISTORY_PACKETS] =
      seq;
  return VIA_RESEND_YES;
}

gboolean
via_history_next (ViaHistory *self, ViaHistoryItem *out)
{
  while (self->queue_n > 0) {
    ViaUnwrap unwrap = {self->newest, TRUE};
    guint16 seq = self->queue[self->queue_first];
    Entry *entry = find (self, via_unwrap_u16 (&unwrap, seq));

    self->queue_first = (self->queue_first + 1) % VIA_HISTORY_PACKETS;
    self->queue_n--;
    if (!entry || !entry->is_queued)
      continue; /* expired meanwhile */
    entry->is_queued = FALSE;
    out->packet = entry->packet;
    out->header = entry->header;
    return TRUE;
  }
  return FALSE;
}

void
via_history_expire (ViaHistory *self, ViaTime now)
{
  while (self->n > 0) {
    Entry *entry = find (self, self->oldest);

    if (entry && now - entry->sent <= VIA_HISTORY_TIME)
      return;
    drop_oldest (self);
  }
}

ViaTime
via_history_deadline (const ViaHistory *self)
{
  for (gint64 seq = self->oldest; self->n > 0 && seq <= self->newest; seq++) {
    const Entry *entry = find (self, seq);

    if (entry)
      return entry->sent + VIA_HISTORY_TIME + EXPIRE_SLACK;
  }
  return VIA_TIME_NEVER;
}

guint
via_history_count (const ViaHistory *self)
{
  return self->n;
}
