/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletgate.c – from packets as they came to whole frames a decoder
 * takes without error: in order, from a key frame on, and after a loss only
 * from the next one on.
 * Knows no element and no clock.
 * RFC 3550 §5.1 (marker, timestamp)
 */
#include "media/outletgate.h"

#include "rtp/packet.h"

struct _ViaOutletGate
{
  ViaKind kind;
  ViaJitter *jitter;
  guint32 ssrc;
  gboolean has_ssrc;
  GPtrArray *frame;   /* ViaPacket of one RTP time, so far */
  guint32 frame_time; /* of the last packet seen */
  gboolean has_frame_time;
  gboolean is_damaged; /* part of the frame at frame_time is missing */
  ViaPacket *ahead;    /* (nullable) owned: first of the frame after it */
  gboolean needs_key, is_discont;
  ViaTime asked; /* for a key frame; 0: not yet */
  guint64 n_frames, n_damaged, n_waiting;
};

static GPtrArray *
packets_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) via_packet_unref);
}

ViaOutletGate *
via_outlet_gate_new (ViaKind kind, ViaTime latency)
{
  ViaOutletGate *self = g_new0 (ViaOutletGate, 1);

  self->kind = kind;
  self->jitter = via_jitter_new (latency);
  self->frame = packets_new ();
  self->needs_key = kind == VIA_KIND_VIDEO;
  return self;
}

void
via_outlet_gate_free (ViaOutletGate *self)
{
  via_jitter_free (self->jitter);
  g_ptr_array_unref (self->frame);
  g_clear_pointer (&self->ahead, via_packet_unref);
  g_free (self);
}

void
via_outlet_gate_set_latency (ViaOutletGate *self, ViaTime latency)
{
  via_jitter_set_latency (self->jitter, latency);
}

void
via_outlet_gate_push (ViaOutletGate *self, ViaPacket *packet, ViaTime arrived)
{
  ViaRtpView view;

  if (!via_rtp_view (&view, packet->data, packet->len))
    return;
  if (self->has_ssrc && view.ssrc != self->ssrc)
    via_jitter_restart (self->jitter);
  self->ssrc = view.ssrc;
  self->has_ssrc = TRUE;
  via_jitter_push (self->jitter, packet, view.seq, arrived);
}

/* --- frames --- */

static void
lose (ViaOutletGate *self, gboolean is_same_stream)
{
  if (self->frame->len > 0)
    self->n_damaged++;
  g_ptr_array_set_size (self->frame, 0);
  self->is_damaged = is_same_stream && self->has_frame_time;
  if (!is_same_stream)
    self->has_frame_time = FALSE;
  self->is_discont = TRUE;
  self->needs_key = self->kind == VIA_KIND_VIDEO;
}

static gboolean
is_key (const ViaOutletGate *self)
{
  for (guint i = 0; i < self->frame->len; i++) {
    const ViaPacket *packet = g_ptr_array_index (self->frame, i);

    if (packet->is_key)
      return TRUE;
  }
  return FALSE;
}

/* The frame is whole. TRUE: it is in @frame now. */
static gboolean
finish (ViaOutletGate *self, GPtrArray *frame)
{
  gboolean is_good = !self->needs_key || (!self->is_damaged && is_key (self));

  if (is_good) {
    g_ptr_array_extend_and_steal (frame, self->frame);
    self->frame = packets_new ();
    self->needs_key = FALSE;
    self->asked = 0;
    self->n_frames++;
  } else {
    self->n_waiting++;
    self->is_discont = TRUE;
    g_ptr_array_set_size (self->frame, 0);
  }
  self->is_damaged = FALSE;
  return is_good;
}

/* TRUE: @frame is filled. Steals @packet. */
static gboolean
add_video (ViaOutletGate *self, ViaPacket *packet, GPtrArray *frame)
{
  ViaRtpView view;
  gboolean is_next;

  if (!via_rtp_view (&view, packet->data, packet->len)
      || view.payload_len == 0) {
    via_packet_unref (packet); /* padding */
    return FALSE;
  }
  is_next = self->has_frame_time && view.timestamp != self->frame_time;
  if (is_next && self->frame->len > 0) { /* a frame without marker */
    self->ahead = packet;
    self->has_frame_time = FALSE;
    return finish (self, frame);
  }
  if (is_next)
    self->is_damaged = FALSE;
  self->frame_time = view.timestamp;
  self->has_frame_time = TRUE;
  if (self->frame->len >= VIA_OUTLET_GATE_FRAME)
    lose (self, TRUE);
  g_ptr_array_add (self->frame, packet);
  return view.marker && finish (self, frame);
}

static gboolean
add (ViaOutletGate *self, ViaPacket *packet, GPtrArray *frame)
{
  if (self->kind == VIA_KIND_VIDEO)
    return add_video (self, packet, frame);
  g_ptr_array_add (frame, packet);
  self->n_frames++;
  return TRUE;
}

gboolean
via_outlet_gate_next (ViaOutletGate *self, ViaTime now, GPtrArray *frame,
    gboolean *out_is_discont)
{
  ViaJitterItem item;
  ViaJitterType type;
  gboolean is_full = FALSE;

  if (self->ahead != NULL)
    is_full = add (self, g_steal_pointer (&self->ahead), frame);
  while (!is_full
         && (type = via_jitter_next (self->jitter, now, &item))
                != VIA_JITTER_NONE) {
    if (type == VIA_JITTER_PACKET)
      is_full = add (self, item.packet, frame);
    else
      lose (self, type == VIA_JITTER_GAP);
  }
  if (!is_full)
    return FALSE;
  *out_is_discont = self->is_discont;
  self->is_discont = FALSE;
  return TRUE;
}

ViaTime
via_outlet_gate_deadline (const ViaOutletGate *self)
{
  return self->ahead != NULL ? 0 : via_jitter_deadline (self->jitter);
}

gboolean
via_outlet_gate_wants_key (ViaOutletGate *self, ViaTime now)
{
  if (!self->needs_key
      || (self->asked != 0 && now - self->asked < VIA_OUTLET_GATE_ASK))
    return FALSE;
  self->asked = now;
  return TRUE;
}

void
via_outlet_gate_need_key (ViaOutletGate *self)
{
  self->needs_key = self->kind == VIA_KIND_VIDEO;
  self->asked = 0;
}

void
via_outlet_gate_restart (ViaOutletGate *self)
{
  via_jitter_restart (self->jitter);
  self->has_ssrc = FALSE;
}

void
via_outlet_gate_get_stats (const ViaOutletGate *self, ViaOutletGateStats *out)
{
  via_jitter_get_stats (self->jitter, &out->jitter);
  out->frames = self->n_frames;
  out->damaged = self->n_damaged;
  out->waiting = self->n_waiting;
}
