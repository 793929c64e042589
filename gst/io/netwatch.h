/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/netwatch.h – tells when the machine's IP addresses change, or an interface
 * goes down (its IPv4 addresses stay then) or comes up. One socket for all who
 * ask. rtnetlink(7)
 */
#pragma once

#include "io/loop.h"

G_BEGIN_DECLS

#define VIA_NETWATCH_SETTLE (300 * VIA_MS) /* changes within are one */

typedef struct _ViaNetWatch ViaNetWatch;

typedef struct
{
  gboolean has_lost;  /* an address or an interface went */
  gboolean has_found; /* one came */
} ViaNetChange;

typedef void (*ViaNetChanged) (gpointer user, const ViaNetChange *change);

/* @changed runs on @loop. NULL: the kernel does not tell. On @loop's thread,
 * as _free. (transfer full) */
ViaNetWatch *via_netwatch_new (
    ViaLoop *loop, ViaNetChanged changed, gpointer user);
/* @changed does not run any more. */
void via_netwatch_free (ViaNetWatch *self);

G_END_DECLS
