/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transcoders.h – what a room's tracks are made into for those who do
 * not take their codec: a transcoder in the room's element per track and codec.
 */
#pragma once

#include "endpoints/common.h"

G_BEGIN_DECLS

/* @exchange, in which nobody is yet, and all that are new like it have their
 * transcoders in @bin, an element of ours. Any thread. */
void via_transcoders_serve (GstBin *bin, ViaExchange *exchange);
/* Ends all there are; once nobody is in those rooms any more. Not on a loop. */
void via_transcoders_clear (GstBin *bin);

G_END_DECLS
