/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/encoders.h – how each encoder and payloader is set up for live use.
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"

G_BEGIN_DECLS

/* The first encoder of @codec that is installed, set to real time without
 * reordering; @bitrate_bps counts for video. NULL: told on @owner; AV1 has
 * nothing that makes or reads its RTP.
 * (transfer floating) */
GstElement *via_encoder_make (
    GstElement *owner, ViaCodecId codec, guint bitrate_bps);
/* TRUE if one is installed. */
gboolean via_encoder_is_there (ViaCodecId codec);
/* The raw caps it is to be given; the caps it must give (NULL: any).
 * (transfer full) */
GstCaps *via_encoder_input (ViaCodecId codec);
GstCaps *via_encoder_output (ViaCodecId codec);
/* Leaves room for SRTP, extensions, TURN and IPv6. */
#define VIA_ENCODERS_MTU 1180
/* RTP time follows running time from @timestamp on; packets have @mtu bytes at
 * most. (transfer floating) */
GstElement *via_encoders_make_payloader (GstElement *owner, ViaCodecId codec,
    guint32 ssrc, guint32 timestamp, guint mtu);
/* (transfer floating) */
GstElement *via_encoders_make_depayloader (GstElement *owner, ViaCodecId codec);

G_END_DECLS
