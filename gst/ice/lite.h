/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/lite.h – ICE-lite towards one peer: answers its checks, holds the path
 * it nominated and its consent. Many share one port: who they are is told by
 * the user name of their checks.
 * Pure: no sockets or clock; `now` comes in with each call.
 * RFC 8445 §2.5, §7.3, §8.1 · RFC 7675 §5.1
 */
#pragma once

#include "base/time.h"
#include "ice/stun.h"

G_BEGIN_DECLS

#define VIA_LITE_SILENCE (4 * VIA_S)  /* then disconnected */
#define VIA_LITE_CONSENT_S 30         /* then failed; RFC 7675 §5.1 */
#define VIA_LITE_INTERVAL (5 * VIA_S) /* of consent checks, ±20 % */
#define VIA_LITE_PRIORITY 0x7effffffu /* of our only candidate */
#define VIA_LITE_UFRAG 8              /* characters */

/* Where a datagram came from and goes to. */
typedef struct
{
  guint64 flow; /* 0: UDP; else the number of a TCP connection */
  ViaAddress address;
} ViaIcePath;

gboolean via_ice_path_equal (const ViaIcePath *a, const ViaIcePath *b);
guint via_ice_path_hash (const ViaIcePath *self);

typedef enum
{
  VIA_LITE_NEW,
  VIA_LITE_CONNECTED,    /* a path is nominated */
  VIA_LITE_DISCONNECTED, /* nothing was heard for VIA_LITE_SILENCE */
  VIA_LITE_FAILED,       /* consent is over: nothing may be sent */
} ViaLiteState;

typedef struct _ViaLite ViaLite;

/* @rng: outlives it. (transfer full) */
ViaLite *via_lite_new (ViaRng *rng);
void via_lite_free (ViaLite *self);
const gchar *via_lite_ufrag (const ViaLite *self);
const gchar *via_lite_pwd (const ViaLite *self);
/* FALSE: not ice-chars of 4–256 and 22–256 (RFC 8839 §5.4). */
gboolean via_lite_set_remote (
    ViaLite *self, const gchar *ufrag, const gchar *pwd);

/* The ufrag of ours that @check is for: what USERNAME has before ':'. FALSE if
 * there is none. @out: room for VIA_LITE_UFRAG + 1 bytes. */
gboolean via_lite_address_of (const ViaStunMessage *check, gchar *out);

/* One STUN message from @path. Returns the length of the reply in @out, 0 for
 * none. @out_is_authentic: @path belongs to this peer. */
gsize via_lite_receive (ViaLite *self, const ViaIcePath *path,
    const ViaStunMessage *message, ViaTime now, guint8 *out, gsize size,
    gboolean *out_is_authentic);
/* Other datagrams came from @path. */
void via_lite_heard (ViaLite *self, const ViaIcePath *path, ViaTime now);
/* The connection is gone: no more of this path. */
void via_lite_lost (ViaLite *self, guint64 flow);

/* A check of our own for the selected path, 0: none is due. */
gsize via_lite_next (ViaLite *self, ViaTime now, guint8 *out, gsize size);
ViaTime via_lite_deadline (const ViaLite *self);
void via_lite_expire (ViaLite *self, ViaTime now);

ViaLiteState via_lite_state (const ViaLite *self);
/* FALSE: none, or consent is over. */
gboolean via_lite_selected (const ViaLite *self, ViaIcePath *out);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaLite, via_lite_free)
