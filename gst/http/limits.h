/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/limits.h – how often one address may ask, and guess. Pure: `now` comes
 * in with each call; memory is bounded whoever asks.
 * RFC 9725 §5 · RFC 6585 §4 (429)
 */
#pragma once

#include "base/time.h"

G_BEGIN_DECLS

#define VIA_LIMITS_ADDRESSES_MAX 4096
#define VIA_LIMITS_BURST_S 5       /* seconds' worth of requests at once */
#define VIA_LIMITS_FAILURES_MAX 10 /* wrong tokens … */
#define VIA_LIMITS_FAILURES_S                                                  \
  60 /* … in this time, then nothing is looked at                            \
      */

typedef struct _ViaLimits ViaLimits;

/* Whom @address counts as: itself, but of IPv6 the network of 64 bits, since
 * each customer has 2^64 addresses of his own (RFC 6177), and an IPv4 address
 * that is written as IPv6 is that. Any other text is itself.
 * (transfer full) Any thread. */
gchar *via_limits_household (const gchar *address);
/* Both count as the same; each may be NULL. */
gboolean via_limits_is_same (const gchar *a, const gchar *b);

/* @rate: requests a second of one address; 0: any number. */
ViaLimits *via_limits_new (guint rate);
void via_limits_free (ViaLimits *self);
/* Seconds until @address may ask again; 0: now, which counts. */
guint via_limits_ask (ViaLimits *self, const gchar *address, ViaTime now);
/* @address had a wrong token. */
void via_limits_failed (ViaLimits *self, const gchar *address, ViaTime now);
/* Seconds until credentials of @address are looked at again; 0: now. */
guint via_limits_guess (ViaLimits *self, const gchar *address, ViaTime now);
guint via_limits_count (const ViaLimits *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaLimits, via_limits_free)
