/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/way.h – a wire with what goes with it: the far end's candidates on their
 * way to it, and how far its negotiation is. An ICE restart makes a second one.
 * Loop thread only. RFC 8445 §9
 */
#pragma once

#include "io/icewire.h"
#include "io/litewire.h"
#include "io/names.h"
#include "sdp/plan.h"
#include "sdp/write.h"

G_BEGIN_DECLS

typedef struct
{
  gpointer user;
  ViaWire *wire;
  ViaNames *names;
  gboolean is_gathered; /* to the end; set by the user */
  gboolean is_answered; /* knows the other side's credentials */
} ViaWay;

/* @lite: (nullable) then ICE-lite there, not @ice. The wire's callbacks get the
 * way as their user. NULL with error. */
ViaWay *via_way_new (ViaLoop *loop, const ViaIceConfig *ice,
    const ViaLiteConfig *lite, const ViaIceFuncs *funcs, gpointer user,
    GError **error);
void via_way_free (ViaWay *self);

/* The other side's credentials and the candidates it named with them. */
gboolean via_way_take_remote (
    ViaWay *self, const ViaRemoteTransport *remote, GError **error);
/* "" or NULL: end of candidates. FALSE with error: not a candidate. */
gboolean via_way_add_candidate (
    ViaWay *self, const gchar *candidate, GError **error);
/* Our side, but for the certificate. What @out points to is the way's. */
void via_way_describe (const ViaWay *self, ViaLocalTransport *out);

G_END_DECLS
