/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletchain.h – the stock elements between an outlet's source and its
 * pad. Builds what it is told; decides nothing.
 */
#pragma once

#include "media/caps.h"

G_BEGIN_DECLS

typedef struct _ViaOutletChain ViaOutletChain;

/* Makes the elements in @bin, links @src's pad "src" to them and brings them to
 * the bin's state. NULL: told on @bin, nothing left behind. */
ViaOutletChain *via_outlet_chain_new (
    GstBin *bin, GstElement *src, ViaCodecId codec, ViaForm form);
/* Where media comes out. (transfer full) */
GstPad *via_outlet_chain_exit (ViaOutletChain *self);
/* Lets out what decoder and parser hold. Streaming thread. */
void via_outlet_chain_drain (ViaOutletChain *self);
/* Takes the elements out of the bin. Nothing may be pushing into it. */
void via_outlet_chain_free (ViaOutletChain *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaOutletChain, via_outlet_chain_free)
