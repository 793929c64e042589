/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/litewire.h – a wire by ICE-lite over a port that many share.
 * Loop thread only. Gathers nothing: its candidates are the port's addresses.
 * RFC 8445 §2.5 · RFC 7675
 */
#pragma once

#include "io/liteport.h"
#include "io/wire.h"

G_BEGIN_DECLS

typedef struct
{
  ViaLitePort *port;                          /* a reference is taken */
  const gchar *external_ipv4, *external_ipv6; /* (nullable) shown instead */
} ViaLiteConfig;

/* (transfer full) */
ViaWire *via_litewire_new (ViaLoop *loop, const ViaLiteConfig *config,
    const ViaIceFuncs *funcs, gpointer user, GError **error);

G_END_DECLS
