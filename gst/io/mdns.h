/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/mdns.h – asks the local network for the address behind a ".local" name:
 * one shot, nothing kept. Loop thread only; waits for nobody.
 * RFC 6762 §5.1
 */
#pragma once

#include "base/address.h"
#include "io/loop.h"

G_BEGIN_DECLS

#define VIA_MDNS_WAIT (1 * VIA_S) /* then nobody knows it */

typedef struct _ViaMdnsQuery ViaMdnsQuery;

/* @address: the first that came, IPv4 preferred by being asked with equal
 * right; NULL: nobody answered. Once; it may free the query. */
typedef void (*ViaMdnsFunc) (gpointer user, const ViaAddress *address);

/* NULL: @name is no such name, or there is no network to ask. */
ViaMdnsQuery *via_mdns_query_new (
    ViaLoop *loop, const gchar *name, ViaMdnsFunc func, gpointer user);
/* @func does not run any more. */
void via_mdns_query_free (ViaMdnsQuery *self);

G_END_DECLS
