/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletwriter.c – packets of a track as buffers and events of a pad.
 * RFC 3550 §5.1
 */
#include "media/outletwriter.h"

#include "media/outletcaps.h"
#include "rtp/packet.h"

#define FRAME_PT 96
#define FRAME_SSRC 1
#define CAPS_DUE 256 /* no payload type: caps are due, a segment is not */

void
via_outlet_writer_reset (ViaOutletWriter *self)
{
  self->clock = (ViaOutletClock){0};
  self->has_begun = self->is_discont = FALSE;
  self->pt = self->in_seq = -1;
}

void
via_outlet_writer_clear (ViaOutletWriter *self)
{
  via_codec_clear (&self->codec);
  g_clear_pointer (&self->tags, gst_tag_list_unref);
  g_clear_pointer (&self->stream_id, g_free);
}

void
via_outlet_writer_set_codec (ViaOutletWriter *self, const ViaCodec *codec)
{
  if (codec != &self->codec)
    via_codec_clear (&self->codec);
  via_codec_copy (&self->codec, codec);
  if (self->pt >= 0)
    self->pt = CAPS_DUE;
  self->in_seq = -1;
}

/* --- events --- */

static void
begin (ViaOutletWriter *self)
{
  GstEvent *event = gst_event_new_stream_start (self->stream_id);

  gst_event_set_group_id (event, self->group_id);
  gst_pad_push_event (self->pad, event);
  self->has_begun = TRUE;
}

static void
send_caps (ViaOutletWriter *self, guint8 pt)
{
  g_autoptr (GstCaps) caps = NULL;
  GstSegment segment;

  if (self->pt == pt)
    return;
  caps = via_outlet_caps_rtp (&self->codec, pt);
  if (!self->has_begun)
    begin (self);
  gst_pad_push_event (self->pad, gst_event_new_caps (caps));
  if (self->pt < 0) {
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (self->pad, gst_event_new_segment (&segment));
    if (self->tags != NULL)
      gst_pad_push_event (
          self->pad, gst_event_new_tag (gst_tag_list_ref (self->tags)));
  }
  self->pt = pt;
}

void
via_outlet_writer_take_tags (ViaOutletWriter *self, GstTagList *tags)
{
  g_clear_pointer (&self->tags, gst_tag_list_unref);
  self->tags = tags;
  if (self->pt >= 0)
    gst_pad_push_event (self->pad, gst_event_new_tag (gst_tag_list_ref (tags)));
}

void
via_outlet_writer_eos (ViaOutletWriter *self)
{
  if (!self->has_begun)
    begin (self);
  gst_pad_push_event (self->pad, gst_event_new_eos ());
}

/* --- buffers --- */

static GstMemory *
share (ViaPacket *packet, gsize from, gsize len)
{
  return gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, packet->data,
      packet->len, from, len, via_packet_ref (packet),
      (GDestroyNotify) via_packet_unref);
}

static GstFlowReturn
push (ViaOutletWriter *self, GstBuffer *buffer, GstClockTime pts,
    gboolean has_marker)
{
  GstFlowReturn ret;

  GST_BUFFER_PTS (buffer) = pts;
  if (has_marker)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  if (self->is_discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  ret = gst_pad_push (self->pad, buffer);
  self->is_discont = ret != GST_FLOW_OK;
  return ret;
}

static GstClockTime
find_pts (ViaOutletWriter *self, const ViaPacket *packet)
{
  return via_outlet_clock_running (
      &self->clock, self->element, packet->captured);
}

GstFlowReturn
via_outlet_writer_packet (ViaOutletWriter *self, ViaPacket *packet)
{
  GstClockTime pts = find_pts (self, packet);
  GstBuffer *buffer;
  ViaRtpView view;

  if (pts == GST_CLOCK_TIME_NONE
      || !via_rtp_view (&view, packet->data, packet->len))
    return VIA_OUTLET_WRITER_STALE;
  if (self->in_seq >= 0 && view.seq != (guint16) (self->in_seq + 1))
    self->is_discont = TRUE;
  self->in_seq = view.seq;
  send_caps (self, view.pt);
  buffer = gst_buffer_new ();
  gst_buffer_append_memory (buffer, share (packet, 0, packet->len));
  return push (self, buffer, pts, view.marker);
}

/* A header of our own before the shared payload: a depayloader sees neither
 * wraps nor other sources, only the breaks that we want it to see. */
static GstBuffer *
renumber (ViaOutletWriter *self, ViaPacket *packet, gboolean is_last)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, VIA_RTP_HEADER, NULL);
  guint8 header[VIA_RTP_HEADER] = {0x80};
  ViaRtpView view;

  via_rtp_view (&view, packet->data, packet->len);
  self->out_seq++;
  header[1] = (is_last ? 0x80 : 0) | FRAME_PT;
  GST_WRITE_UINT16_BE (header + 2, self->out_seq);
  GST_WRITE_UINT32_BE (header + 4, view.timestamp);
  GST_WRITE_UINT32_BE (header + 8, FRAME_SSRC);
  gst_buffer_fill (buffer, 0, header, sizeof header);
  gst_buffer_append_memory (buffer,
      share (packet, (gsize) (view.payload - view.data), view.payload_len));
  return buffer;
}

GstFlowReturn
via_outlet_writer_frame (
    ViaOutletWriter *self, const GPtrArray *packets, gboolean is_discont)
{
  GstClockTime pts = find_pts (self, g_ptr_array_index (packets, 0));
  gboolean is_video = via_codec_kind (self->codec.id) == VIA_KIND_VIDEO;
  GstFlowReturn ret = GST_FLOW_OK;

  if (pts == GST_CLOCK_TIME_NONE)
    return VIA_OUTLET_WRITER_STALE;
  if (is_discont && self->pt >= 0) {
    self->is_discont = TRUE;
    self->out_seq++;
  }
  send_caps (self, FRAME_PT);
  for (guint i = 0; i < packets->len && ret == GST_FLOW_OK; i++) {
    gboolean is_last = is_video && i + 1 == packets->len;
    GstBuffer *buffer =
        renumber (self, g_ptr_array_index (packets, i), is_last);

    ret = push (self, buffer, pts, is_last);
  }
  return ret;
}
