/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/guard.h – lets an owner wait until no callback of its own runs any more.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Around every callback: if (enter) { call; leave }. After close returned no
 * callback runs and enter gives FALSE. Close from inside the callback itself
 * does not wait. Any thread. */
typedef struct
{
  GMutex lock;
  GCond idle;
  gboolean is_closed;
  guint n_inside;
  GThread *inside; /* the last thread that entered, while inside */
} ViaGuard;

void via_guard_init (ViaGuard *self);
void via_guard_clear (ViaGuard *self);
gboolean via_guard_enter (ViaGuard *self);
void via_guard_leave (ViaGuard *self);
void via_guard_close (ViaGuard *self);
/* As close, but does not wait for a callback under way: for owners whom the
 * callback itself keeps alive. */
void via_guard_shut (ViaGuard *self);

G_END_DECLS
