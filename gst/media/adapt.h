/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/adapt.h – the chain of stock elements between an intake's pad and its
 * RTP sink. Builds what it is told; decides nothing.
 */
#pragma once

#include "media/caps.h"

G_BEGIN_DECLS

typedef struct
{
  ViaCapsInfo in;
  gboolean copy;  /* else decoded (unless raw) and encoded to @out */
  ViaCodecId out; /* copy: in.codec */
  guint bitrate_bps;
  guint32 ssrc;
  guint32 timestamp; /* RTP time of running time 0 */
} ViaAdaptSpec;

typedef struct _ViaAdapt ViaAdapt;

/* Makes the elements in @bin, links them to @sink's pad "sink" and brings them
 * to the bin's state. NULL: told on @bin, nothing left behind. */
ViaAdapt *via_adapt_new (
    GstBin *bin, const ViaAdaptSpec *spec, GstElement *sink);
/* Where media goes in; the sink's own pad if nothing is between.
 * (transfer full) */
GstPad *via_adapt_entry (ViaAdapt *self);
/* Lets out what decoder and encoder hold. Streaming thread. */
void via_adapt_drain (ViaAdapt *self);
/* Takes the elements out of the bin. Nothing may be pushing into it. */
void via_adapt_free (ViaAdapt *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaAdapt, via_adapt_free)
