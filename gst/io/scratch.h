/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/scratch.h – buffers of one datagram, shared by the calls of a loop.
 * Loop thread only: each loop has its own, so there is no lock.
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

/* The first user of @loop makes its store, the last one's release frees it. */
void via_scratch_acquire (ViaLoop *loop);
void via_scratch_release (ViaLoop *loop);
/* A buffer of VIA_PEER_DATAGRAM bytes, with anything in it. Give it back in
 * the same turn. */
guint8 *via_scratch_take (ViaLoop *loop);
void via_scratch_give (ViaLoop *loop, guint8 *buffer);

G_END_DECLS
