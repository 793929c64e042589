/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hub.h – the element hub: every port to every other port.
 */
#pragma once

#include "hubs/hubbase.h"

G_BEGIN_DECLS

#define VIA_TYPE_HUB (via_hub_get_type ())
G_DECLARE_FINAL_TYPE (ViaHub, via_hub, VIA, HUB, ViaHubBase)

G_END_DECLS
