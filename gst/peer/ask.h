/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/ask.h – what we ask of a far end that sends: what is missing, key
 * frames.
 * Plain RTCP; the peer protects it.
 * RFC 4585 §6.2.1, §6.3.1 · RFC 5104 §4.3.1 · RFC 5506 (reduced size)
 */
#pragma once

#include "peer/peer.h"

G_BEGIN_DECLS

/* The next request that is due; 0: none. */
gsize via_ask_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now);
ViaTime via_ask_deadline (const ViaPeer *self);

G_END_DECLS
