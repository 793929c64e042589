/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/deadline.h – a min-heap of deadlines, each with a pointer.
 * Whoever owns the heap owns the time; nothing here reads a clock.
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

typedef struct _ViaDeadlines ViaDeadlines;

/* Embed one per thing that waits; zero-initialise. */
typedef struct
{
  ViaTime when;
  guint slot; /* 1 + index in the heap; 0: not in it */
  gpointer owner;
} ViaDeadline;

ViaDeadlines *via_deadlines_new (void);
void via_deadlines_free (ViaDeadlines *self);
/* Sets or moves @entry; VIA_TIME_NEVER removes it. */
void via_deadlines_set (ViaDeadlines *self, ViaDeadline *entry, ViaTime when);
/* The earliest deadline, or VIA_TIME_NEVER. */
ViaTime via_deadlines_next (const ViaDeadlines *self);
/* Takes out and returns the earliest entry due at @now, or NULL. */
ViaDeadline *via_deadlines_pop (ViaDeadlines *self, ViaTime now);
guint via_deadlines_count (const ViaDeadlines *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaDeadlines, via_deadlines_free)
