/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/control.h – RTCP of a peer: what the far end says, what we say.
 * Plain bytes; the peer authenticates and protects them.
 * RFC 3550 §6 · RFC 4585 · RFC 5104 · REMB and transport-cc drafts
 */
#pragma once

#include "peer/peer.h"

G_BEGIN_DECLS

/* One authenticated RTCP datagram goes to statistics, history and events. */
ViaDrop via_control_receive (
    ViaPeer *self, const guint8 *data, gsize len, ViaTime now);
/* The next report that is due; 0: none. */
gsize via_control_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now);
/* Begins reports for m-line @media, if they are not under way. */
void via_control_start (ViaPeer *self, guint media, ViaTime now);
const gchar *via_control_cname (const ViaPeer *self);
/* RR, SDES and BYE for a stream of ours that ended; 0: none did. */
gsize via_control_end (ViaPeer *self, guint8 *out, gsize size);
/* The same for all streams of ours. */
gsize via_control_bye (ViaPeer *self, guint8 *out, gsize size);

G_END_DECLS
