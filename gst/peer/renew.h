/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/renew.h – a second DTLS association with the far end of a call: browsers
 * end the first and begin anew when the BUNDLE-tagged m-line goes. Same
 * certificate, same roles; SRTP goes on with the old keys until there are new.
 * For the files of this folder only. RFC 8842 §5 · RFC 9143 §7
 */
#pragma once

#include "peer/peer.h"

G_BEGIN_DECLS

#define VIA_RENEW_WINDOW (30 * VIA_S) /* after the tag moved */
#define VIA_RENEW_SILENCE (5 * VIA_S) /* after close_notify: it is the end */
#define VIA_RENEW_TRIES 3             /* in a window */

/* The tag moves from what holds to @plan: for a while a second association may
 * be begun, by either side. */
void via_renew_follow (ViaPeer *self, const ViaPlan *plan);
/* The association in use is at its end. TRUE: there is a second one. */
gboolean via_renew_begin (ViaPeer *self, ViaTime now);
/* A datagram of DTLS. TRUE: the second association has taken it, and the one in
 * use need not see it. */
gboolean via_renew_feed (
    ViaPeer *self, const guint8 *data, gsize len, ViaTime now);
/* After anything the second one was told. TRUE: it took the place of the first,
 * which is gone. */
gboolean via_renew_settle (ViaPeer *self);
ViaTime via_renew_deadline (const ViaPeer *self);
void via_renew_expire (ViaPeer *self, ViaTime now);

G_END_DECLS
