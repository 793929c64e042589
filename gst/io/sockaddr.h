/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/sockaddr.h – ViaAddress as the kernel and people write it.
 */
#pragma once

#include <sys/socket.h>

#include "base/address.h"

G_BEGIN_DECLS

/* FALSE: neither IPv4 nor IPv6. */
gboolean via_sockaddr_read (ViaAddress *out, const struct sockaddr *from);
socklen_t via_sockaddr_write (
    const ViaAddress *self, struct sockaddr_storage *out);
/* FALSE: not an IP literal. */
gboolean via_sockaddr_parse (ViaAddress *out, const gchar *ip, guint16 port);
/* "192.0.2.1", "2001:db8::1". (transfer full) */
gchar *via_sockaddr_ip (const ViaAddress *self);
/* "192.0.2.1:5000", "[2001:db8::1]:5000". (transfer full) */
gchar *via_sockaddr_text (const ViaAddress *self);

G_END_DECLS
