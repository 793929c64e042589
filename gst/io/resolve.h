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

/* The same from memory, never waits: for via-app. What is not remembered or is
 * over a minute old is asked for by a thread of its own meanwhile, one per
 * name; an old address is better than none. FALSE with error: STATE, naming the
 * host. Any thread but loops. */
gboolean via_resolve_known (ViaIceServer *server, GError **error);

G_END_DECLS
