/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/dispatcher.h – the element dispatcher: who gets what whom sends.
 */
#pragma once

#include "hubs/hubbase.h"

G_BEGIN_DECLS

#define VIA_TYPE_DISPATCHER (via_dispatcher_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaDispatcher, via_dispatcher, VIA, DISPATCHER, ViaHubBase)

G_END_DECLS
