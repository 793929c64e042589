/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/adapt.h – the chain of stock elements between an intake's pad and its
 * RTP sink. Builds what it is told; decides nothing.
 */
#pragma once

#include "media/chain.h"

G_BEGIN_DECLS

typedef struct
{
  ViaCapsInfo in;
  gboolean copy;  /* else decoded (unless raw) and encoded to @out */
  ViaCodecId out; /* copy: in.codec */
  guint bitrate_bps;
  guint32 ssrc;
  guint32 timestamp; /* RTP time of running time 0 */
  guint mtu; /* bytes of a packet that is made here; 0: VIA_ENCODERS_MTU */
} ViaAdaptSpec;

/* Both would be made of the same elements, set in the same way. */
gboolean via_adapt_is_same (const ViaAdaptSpec *a, const ViaAdaptSpec *b);
/* Makes the elements in @bin, links them to @sink's pad "sink" and brings them
 * to the bin's state. NULL: told on @bin, nothing left behind.
 * (transfer full) */
ViaChain *via_adapt_new (
    GstBin *bin, const ViaAdaptSpec *spec, GstElement *sink);

G_END_DECLS
