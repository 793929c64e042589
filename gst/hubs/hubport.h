/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubport.h – one port of a hub that pads make, while the hub is above
 * NULL: the member under which its sink pads publish, and what takes for its
 * source pads.
 */
#pragma once

#include "endpoints/common.h"
#include "hubs/outpad.h"
#include "io/exchange.h"

G_BEGIN_DECLS

typedef struct _ViaHubPort ViaHubPort;

/* Joins @exchange as @who, which @common keeps up to date from then on.
 * @takes: it may have source pads. NULL: the room is closed, or there is no
 * loop. (transfer full) */
ViaHubPort *via_hub_port_new (ViaExchange *exchange, ViaCommon *common,
    const ViaMemberWho *who, gboolean takes);
/* Leaves; waits for its loop. NULL does nothing. Not on a loop. */
void via_hub_port_free (ViaHubPort *self, ViaCommon *common);
ViaMember *via_hub_port_member (const ViaHubPort *self);
/* NULL: it takes nothing. */
ViaLoop *via_hub_port_loop (const ViaHubPort *self);
/* What it takes of @kind goes to @pad (NULL: nowhere) from soon on. Any thread
 * but loops; @self must not be freed meanwhile. */
void via_hub_port_plug (ViaHubPort *self, ViaKind kind, ViaOutPad *pad);

G_END_DECLS
