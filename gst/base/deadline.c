/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/deadline.c – a binary min-heap; each entry knows its own slot.
 * Reads no clock. Entries belong to their owners and are not freed here.
 */
#include "base/deadline.h"

struct _ViaDeadlines
{
  GPtrArray *heap; /* of ViaDeadline, earliest first */
};

ViaDeadlines *
via_deadlines_new (void)
{
  ViaDeadlines *self = g_new0 (ViaDeadlines, 1);

  self->heap = g_ptr_array_new ();
  return self;
}

void
via_deadlines_free (ViaDeadlines *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->heap);
  g_free (self);
}

static ViaDeadline *
entry_at (const ViaDeadlines *self, guint i)
{
  return g_ptr_array_index (self->heap, i);
}

static void
place (ViaDeadlines *self, guint i, ViaDeadline *entry)
{
  g_ptr_array_index (self->heap, i) = entry;
  entry->slot = i + 1;
}

static void
sift_up (ViaDeadlines *self, guint i, ViaDeadline *entry)
{
  while (i > 0) {
    ViaDeadline *parent = entry_at (self, (i - 1) / 2);

    if (parent->when <= entry->when)
      break;
    place (self, i, parent);
    i = (i - 1) / 2;
  }
  place (self, i, entry);
}

static void
sift_down (ViaDeadlines *self, guint i, ViaDeadline *entry)
{
  const guint n = self->heap->len;

  while (2 * i + 1 < n) {
    guint child = 2 * i + 1;

    if (child + 1 < n
        && entry_at (self, child + 1)->when < entry_at (self, child)->when)
      child++;
    if (entry->when <= entry_at (self, child)->when)
      break;
    place (self, i, entry_at (self, child));
    i = child;
  }
  place (self, i, entry);
}

/* Puts @entry where it belongs, given that slot @i is free for it. */
static void
settle (ViaDeadlines *self, guint i, ViaDeadline *entry)
{
  if (i > 0 && entry->when < entry_at (self, (i - 1) / 2)->when)
    sift_up (self, i, entry);
  else
    sift_down (self, i, entry);
}

static void
remove_entry (ViaDeadlines *self, ViaDeadline *entry)
{
  guint i = entry->slot - 1;
  ViaDeadline *last = entry_at (self, self->heap->len - 1);

  g_ptr_array_set_size (self->heap, (gint) self->heap->len - 1);
  entry->slot = 0;
  if (last != entry)
    settle (self, i, last);
}

void
via_deadlines_set (ViaDeadlines *self, ViaDeadline *entry, ViaTime when)
{
  g_return_if_fail (entry->slot == 0
                    || (entry->slot <= self->heap->len
                        && entry_at (self, entry->slot - 1) == entry));

  if (when == VIA_TIME_NEVER) {
    if (entry->slot != 0)
      remove_entry (self, entry);
    entry->when = when;
    return;
  }
  entry->when = when;
  if (entry->slot == 0) {
    g_ptr_array_add (self->heap, entry);
    entry->slot = self->heap->len;
  }
  settle (self, entry->slot - 1, entry);
}

ViaTime
via_deadlines_next (const ViaDeadlines *self)
{
  return self->heap->len > 0 ? entry_at (self, 0)->when : VIA_TIME_NEVER;
}

ViaDeadline *
via_deadlines_pop (ViaDeadlines *self, ViaTime now)
{
  ViaDeadline *first;

  if (via_deadlines_next (self) > now || self->heap->len == 0)
    return NULL;
  first = entry_at (self, 0);
  remove_entry (self, first);
  return first;
}

guint
via_deadlines_count (const ViaDeadlines *self)
{
  return self->heap->len;
}
