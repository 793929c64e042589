/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubports.h – the ports of a hub that its pads make: pads of one number
 * are one port, each unnamed link (sink_%u) is its own.
 */
#pragma once

#include "endpoints/common.h"
#include "io/exchange.h"

G_BEGIN_DECLS

typedef struct _ViaHubPorts ViaHubPorts;

/* instance_init of @bin, which owns it; @common is the bin's. (transfer full)
 */
ViaHubPorts *via_hub_ports_new (
    GstBin *bin, ViaCommon *common, ViaExchange *exchange);
/* dispose: takes every pad away while the bin still stands. */
void via_hub_ports_clear (ViaHubPorts *self);
/* finalize. */
void via_hub_ports_free (ViaHubPorts *self);

/* What request_new_pad and release_pad do. NULL: the name is taken; a pad that
 * is not ours is ignored. Not on a loop. */
GstPad *via_hub_ports_request (
    ViaHubPorts *self, GstPadTemplate *templ, const gchar *name);
void via_hub_ports_release (ViaHubPorts *self, GstPad *pad);

/* The element left NULL: ports join the room there is. */
void via_hub_ports_start (ViaHubPorts *self);
/* It goes to NULL: all have left when this returns; the next room is
 * @exchange. */
void via_hub_ports_stop (ViaHubPorts *self, ViaExchange *exchange);
/* EOS at every source pad. Any thread. */
void via_hub_ports_eos (ViaHubPorts *self);
/* To be called now and then: tells of source pads that begin or cease to throw
 * media away, because nobody takes it fast enough. */
void via_hub_ports_tick (ViaHubPorts *self);

G_END_DECLS
