/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/resolve.h – the address of a STUN or TURN server given by name.
 */
#pragma once

#include "base/error.h"
#include "ice/turnurl.h"

G_BEGIN_DECLS

/* Puts an address in the place of @server's host name, IPv4 if there is one; an
 * address stays as it is. FALSE with error: IO, naming the host. Waits for the
 * resolver: never on a loop. */
gboolean via_resolve_server (ViaIceServer *server, GError **error);

G_END_DECLS
