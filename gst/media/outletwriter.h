/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletwriter.h – packets of a track as buffers and events of a pad.
 * Used by one thread, the outlet's task; decides nothing.
 */
#pragma once

#include "base/codec.h"
#include "base/packet.h"
#include "media/outletclock.h"

G_BEGIN_DECLS

/* What was left out: it was captured before the pipeline began. */
#define VIA_OUTLET_WRITER_STALE GST_FLOW_CUSTOM_SUCCESS

typedef struct
{
  /* set before the first use */
  GstElement *element; /* not owned */
  GstPad *pad;         /* not owned: of element */
  gchar *stream_id;
  guint group_id;
  GstTagList *tags; /* (nullable) */
  ViaCodec codec;
  /* its own */
  ViaOutletClock clock;
  gboolean has_begun;  /* stream-start went out */
  gboolean is_discont; /* the next buffer does not follow the last one */
  gint pt;             /* of the caps that went out; -1: none did */
  gint in_seq;         /* of the last packet passed; -1: none */
  guint16 out_seq;     /* of the last packet of a frame */
} ViaOutletWriter;

/* Forgets what went out: the next buffer is the first. */
void via_outlet_writer_reset (ViaOutletWriter *self);
void via_outlet_writer_clear (ViaOutletWriter *self);
/* From now on, also downstream. (transfer full) */
void via_outlet_writer_take_tags (ViaOutletWriter *self, GstTagList *tags);
void via_outlet_writer_set_codec (ViaOutletWriter *self, const ViaCodec *codec);
/* The packet as it came. */
GstFlowReturn via_outlet_writer_packet (
    ViaOutletWriter *self, ViaPacket *packet);
/* Packets of one frame, in order, numbered anew for a depayloader: one break in
 * the numbers where @is_discont. */
GstFlowReturn via_outlet_writer_frame (
    ViaOutletWriter *self, const GPtrArray *packets, gboolean is_discont);
void via_outlet_writer_eos (ViaOutletWriter *self);

G_END_DECLS
