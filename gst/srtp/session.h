/* SPDX-License-Identifier: LGPL-2.1-or-later
 * srtp/session.h – SRTP and SRTCP of one peer, in place, by libsrtp2.
 * No sockets, no clock. A packet that fails leaves the state as it was.
 * RFC 3711 · RFC 7714
 */
#pragma once

#include "base/drop.h"
#include "base/error.h"
#include "base/srtpkeys.h"

G_BEGIN_DECLS

#define VIA_SRTP_OVERHEAD                                                      \
  20 /* bytes a protected packet may grow by (E+index                          \
        and tag of SRTCP) */

#define VIA_SRTP_MAX_SSRCS 64    /* of one peer, coming in */
#define VIA_SRTP_MAX_PACKET 2048 /* bytes; a longer packet is refused */

typedef struct _ViaSrtp ViaSrtp;

/* libsrtp2 is initialised once per process on first use. (transfer full) */
ViaSrtp *via_srtp_new (const ViaSrtpKeys *keys, GError **error);
void via_srtp_free (ViaSrtp *self);

/* In place: @data has @len bytes and room for @size; gives the new length.
 * FALSE: does not fit or libsrtp2 refuses; @data is then undefined. */
gboolean via_srtp_protect (ViaSrtp *self, guint8 *data, gsize *len, gsize size);
gboolean via_srtp_protect_rtcp (
    ViaSrtp *self, guint8 *data, gsize *len, gsize size);
/* VIA_DROP_NONE and the new length, or AUTH, REPLAY, MALFORMED, LIMIT (more
 * than 64 SSRCs). SRTCP with E=0 is AUTH. */
ViaDrop via_srtp_unprotect (ViaSrtp *self, guint8 *data, gsize *len);
ViaDrop via_srtp_unprotect_rtcp (ViaSrtp *self, guint8 *data, gsize *len);
/* Makes room for another SSRC: @ssrc is gone (BYE, or long idle). What was
 * replay-protected of it no longer is. FALSE if it is not known. */
gboolean via_srtp_forget (ViaSrtp *self, guint32 ssrc);
guint via_srtp_n_ssrcs (const ViaSrtp *self);
ViaSrtpProfile via_srtp_profile (const ViaSrtp *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSrtp, via_srtp_free)
