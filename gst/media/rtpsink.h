/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/rtpsink.h – the end of an intake: RTP buffers become packets at the
 * clock's pace. Not a public element; knows nothing of rooms or peers.
 */
#pragma once

#include <gst/base/gstbasesink.h>
#include "base/codec.h"
#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_TYPE_RTP_SINK (via_rtp_sink_get_type ())
G_DECLARE_FINAL_TYPE (ViaRtpSink, via_rtp_sink, VIA, RTP_SINK, GstBaseSink)

typedef struct
{
  void (*codec) (gpointer user, const ViaCodec *codec);
  void (*packets) (gpointer user, ViaPacket *const *packets, guint n);
  void (*eos) (gpointer user);
  void (*flush) (gpointer user);
} ViaRtpSinkFuncs; /* on the streaming thread, one at a time */

/* @funcs stay the caller's. (transfer floating) */
ViaRtpSink *via_rtp_sink_new (
    gboolean sync, const ViaRtpSinkFuncs *funcs, gpointer user);
/* TRUE: packets get a sequence of their own, and audio RTP times without the
 * rounding of containers; FALSE: what comes is passed as it is. Streaming
 * thread. */
void via_rtp_sink_set_own (ViaRtpSink *self, gboolean is_own);
/* After return no function runs (waits for one under way, unless called from
 * it). Any thread. */
void via_rtp_sink_disconnect (ViaRtpSink *self);
/* Of one that does not wait for the clock: packets say when they were captured
 * by their running time, not by when they come. Before it is started. */
void via_rtp_sink_set_timed (ViaRtpSink *self, gboolean is_timed);
/* Packets refused: not RTP, or longer than VIA_PACKET_MAX. */
guint64 via_rtp_sink_refused (ViaRtpSink *self);

/* What all before it delays the media, as the LATENCY query says; µs. */
ViaTime via_rtp_sink_latency (ViaRtpSink *self);

G_END_DECLS
