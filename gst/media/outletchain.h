/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletchain.h – the stock elements between an outlet's source and its
 * pad. Builds what it is told; decides nothing.
 */
#pragma once

#include "media/chain.h"

G_BEGIN_DECLS

/* Makes the elements in @bin, links @src's pad "src" to them and brings them to
 * the bin's state. NULL: told on @bin or no such form of @codec, nothing left
 * behind. (transfer full) */
ViaChain *via_outlet_chain_new (
    GstBin *bin, GstElement *src, ViaCodecId codec, ViaForm form);

G_END_DECLS
