/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/address.h – an IP address and port as a value.
 * Bytes only: sockets and text are made elsewhere.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  guint8 ip[16]; /* network order; the first 4 for IPv4, the others 0 */
  guint32 scope; /* interface of a link-local IPv6 address, else 0 */
  guint16 port;  /* host order */
  gboolean is_v6;
} ViaAddress;

gboolean via_address_equal (const ViaAddress *a, const ViaAddress *b);
guint via_address_hash (const ViaAddress *self);

G_END_DECLS
