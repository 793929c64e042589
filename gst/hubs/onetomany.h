/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/onetomany.h – the element dispatcheronetomany: one port to all others.
 */
#pragma once

#include "hubs/hubbase.h"

G_BEGIN_DECLS

#define VIA_TYPE_ONE_TO_MANY (via_one_to_many_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaOneToMany, via_one_to_many, VIA, ONE_TO_MANY, ViaHubBase)

G_END_DECLS
