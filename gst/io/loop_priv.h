/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/loop_priv.h – what the pool and the app thread need of a loop.
 * Not for users of loops.
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

/* Starts a thread. @pool: whose it is, only kept. NULL: no descriptors. */
ViaLoop *via_loop_new (guint index, gpointer pool);
/* Asks the thread to end once its mailbox is empty. Any thread. */
void via_loop_quit (ViaLoop *self);
/* Joins the thread, which was asked to end, and frees. Not on that thread. */
void via_loop_join (ViaLoop *self);
gpointer via_loop_pool (const ViaLoop *self);

G_END_DECLS
