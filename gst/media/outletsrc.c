/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletsrc.c – the beginning of an outlet: its ring, its task, its time.
 * Knows nothing of what follows it: `prepare` does.
 */
#include "media/outletsrc-private.h"

#include <gst/video/video-event.h>

G_DEFINE_FINAL_TYPE (ViaOutletSrc, via_outlet_src, GST_TYPE_ELEMENT)

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-rtp"));

/* --- telling the owner --- */

static void
tell_keyframe (ViaOutletSrc *self)
{
  if (self->kind != VIA_KIND_VIDEO || !via_guard_enter (&self->guard))
    return;
  g_mutex_lock (&self->lock);
  self->n_key_requests++;
  g_mutex_unlock (&self->lock);
  if (self->funcs.want_keyframe != NULL)
    self->funcs.want_keyframe (self->user);
  via_guard_leave (&self->guard);
}

/* Task, or once it is over. */
static void
tell_active (ViaOutletSrc *self, gboolean is_active)
{
  if (self->stream.is_told_active == is_active)
    return;
  self->stream.is_told_active = is_active;
  if (!via_guard_enter (&self->guard))
    return;
  if (self->funcs.active != NULL)
    self->funcs.active (self->user, is_active);
  via_guard_leave (&self->guard);
}

static void
tell_ended (ViaOutletSrc *self)
{
  gboolean is_first;

  g_mutex_lock (&self->lock);
  is_first = !self->has_ended;
  self->has_ended = TRUE;
  g_mutex_unlock (&self->lock);
  if (!is_first || !via_guard_enter (&self->guard))
    return;
  if (self->funcs.ended != NULL)
    self->funcs.ended (self->user);
  via_guard_leave (&self->guard);
}

void
via_outlet_src_want_keyframe (ViaOutletSrc *self)
{
  tell_keyframe (self);
}

void
via_outlet_src_disconnect (ViaOutletSrc *self)
{
  via_guard_close (&self->guard);
}

/* --- links --- */

/* Through the ghost pads of the bins around us: does the last one lead on? */
static gboolean
is_linked (ViaOutletSrc *self)
{
  GstPad *pad = gst_object_ref (self->end);

  for (guint depth = 0; depth < 64; depth++) {
    g_autoptr (GstPad) peer = gst_pad_get_peer (pad);
    GstProxyPad *outer = NULL;

    gst_object_unref (pad);
    if (peer == NULL)
      return FALSE;
    /* A ghost source pad stands behind an internal sink pad. */
    if (GST_IS_PROXY_PAD (peer) && !GST_IS_GHOST_PAD (peer))
      outer = gst_proxy_pad_get_internal (GST_PROXY_PAD (peer));
    if (outer == NULL)
      return TRUE;
    pad = GST_PAD (outer);
  }
  gst_object_unref (pad);
  return FALSE;
}

static void loop (gpointer data);

/* There is an end that nobody will hear: what waits for its first link will be.
 * Call with self->lock held. */
static gboolean
is_unheard_locked (const ViaOutletSrc *self)
{
  return self->is_eos && self->drops_unlinked
         && !(self->is_linked && self->is_active);
}

void
via_outlet_src_relinked (ViaOutletSrc *self)
{
  gboolean is_up, is_over;

  g_mutex_lock (&self->turn);
  is_up = is_linked (self);
  g_mutex_lock (&self->lock);
  self->is_relinked = TRUE;
  self->is_linked = is_up;
  is_up = is_up && self->is_active;
  is_over = self->is_active && is_unheard_locked (self);
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
  if (is_up)
    gst_pad_start_task (self->pad, loop, self, NULL);
  g_mutex_unlock (&self->turn);
  if (is_over)
    tell_ended (self);
}

/* Nobody takes what we push: the thread goes, until somebody links. Task. */
static void
park (ViaOutletSrc *self)
{
  gboolean is_up, is_over;

  g_mutex_lock (&self->turn);
  is_up = is_linked (self);
  g_mutex_lock (&self->lock);
  self->is_linked = is_up;
  self->is_relinked = TRUE;
  is_over = !is_up && is_unheard_locked (self);
  if (!is_up && self->drops_unlinked)
    via_outlet_ring_drop_all (&self->ring);
  g_mutex_unlock (&self->lock);
  if (!is_up && GST_PAD_TASK (self->pad) != NULL)
    gst_task_stop (GST_PAD_TASK (self->pad));
  g_mutex_unlock (&self->turn);
  if (!is_up)
    tell_active (self, FALSE);
  if (is_over)
    tell_ended (self);
}

/* --- what comes in --- */

void
via_outlet_src_push (ViaOutletSrc *self, ViaPacket *const *packets, guint n)
{
  ViaTime now = g_get_monotonic_time ();

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < n; i++) {
    if (packets[i]->is_event)
      continue; /* no depayloader of the track can read it */
    if (self->drops_unlinked && !self->is_linked)
      self->n_unlinked++;
    else if (self->has_played && !self->is_playing)
      self->n_paused++;
    else if (!self->is_eos
             && !via_outlet_ring_push (&self->ring, packets[i], now))
      self->wants_key = TRUE;
  }
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
}

void
via_outlet_src_set_codec (ViaOutletSrc *self, const ViaCodec *codec)
{
  g_mutex_lock (&self->lock);
  via_outlet_ring_set_codec (&self->ring, codec);
  g_mutex_unlock (&self->lock);
}

void
via_outlet_src_eos (ViaOutletSrc *self)
{
  gboolean is_unheard;

  g_mutex_lock (&self->lock);
  self->is_eos = TRUE;
  is_unheard = is_unheard_locked (self);
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
  if (is_unheard)
    tell_ended (self);
}

void
via_outlet_src_drop_unlinked (ViaOutletSrc *self)
{
  gboolean is_over;

  g_mutex_lock (&self->lock);
  self->drops_unlinked = TRUE;
  is_over = is_unheard_locked (self);
  if (!self->is_linked)
    via_outlet_ring_drop_all (&self->ring);
  g_mutex_unlock (&self->lock);
  if (is_over)
    tell_ended (self);
}

/* --- what goes out; task --- */

static void
fail (ViaOutletSrc *self, GstFlowReturn ret)
{
  if (ret < GST_FLOW_EOS) {
    GST_ELEMENT_FLOW_ERROR (self, ret);
    via_outlet_writer_eos (&self->stream.writer);
  }
  g_mutex_lock (&self->lock);
  self->is_eos = TRUE;
  via_outlet_ring_drop_all (&self->ring);
  g_mutex_unlock (&self->lock);
  tell_ended (self);
}

/* What became of @n packets that were pushed. FALSE: push no more now. */
static gboolean
judge (ViaOutletSrc *self, GstFlowReturn ret, guint n)
{
  if (ret == GST_FLOW_OK || ret == VIA_OUTLET_WRITER_STALE) {
    g_mutex_lock (&self->lock);
    if (ret == GST_FLOW_OK)
      self->n_out += n;
    else
      self->n_stale += n;
    g_mutex_unlock (&self->lock);
    return TRUE;
  }
  via_outlet_gate_need_key (self->stream.gate);
  if (ret == GST_FLOW_NOT_LINKED)
    park (self);
  else if (ret != GST_FLOW_FLUSHING) /* then it is not ready yet, or goes */
    fail (self, ret);
  return ret == GST_FLOW_FLUSHING;
}

/* Pushes the frames that are due. @now: when what was taken from the ring last
 * came to it; what still waits there is not missing, however late we are. */
static void
push_frames (ViaOutletSrc *self, ViaTime now)
{
  ViaOutletGate *gate = self->stream.gate;
  gboolean goes_on = TRUE, is_discont, wants_key;

  while (goes_on
         && via_outlet_gate_next (gate, now, self->stream.frame, &is_discont)) {
    GPtrArray *frame = self->stream.frame;
    GstFlowReturn ret =
        via_outlet_writer_frame (&self->stream.writer, frame, is_discont);

    if (ret == VIA_OUTLET_WRITER_STALE)
      via_outlet_gate_need_key (gate);
    goes_on = judge (self, ret, frame->len);
    g_ptr_array_set_size (frame, 0);
  }
  wants_key = via_outlet_gate_wants_key (gate, now);
  g_mutex_lock (&self->lock);
  via_outlet_gate_get_stats (gate, &self->shown);
  g_mutex_unlock (&self->lock);
  if (wants_key)
    tell_keyframe (self);
}

static gboolean
prepare (ViaOutletSrc *self)
{
  ViaOutletOrder before = self->stream.order;
  gboolean is_due, is_new = FALSE;

  g_mutex_lock (&self->lock);
  is_due = self->is_relinked || !self->stream.is_prepared;
  self->is_relinked = FALSE;
  g_mutex_unlock (&self->lock);
  if (!is_due)
    return TRUE;
  self->stream.order =
      self->funcs.prepare (self->user, &self->stream.writer.codec, &is_new);
  if (self->stream.order == VIA_OUTLET_NOWHERE) {
    fail (self, GST_FLOW_EOS);
    return FALSE;
  }
  if (is_new)
    via_outlet_gate_need_key (self->stream.gate);
  /* Frames have a payload type of their own. */
  if (before != self->stream.order && self->stream.writer.pt >= 0)
    via_outlet_writer_set_codec (
        &self->stream.writer, &self->stream.writer.codec);
  self->stream.is_prepared = TRUE;
  tell_active (self, TRUE);
  return TRUE;
}

/* What waits is of the codec before. */
static void
change_codec (ViaOutletSrc *self, const ViaCodec *codec)
{
  via_outlet_gate_restart (self->stream.gate);
  if (self->stream.is_prepared)
    push_frames (self, g_get_monotonic_time ());
  via_outlet_writer_set_codec (&self->stream.writer, codec);
  self->stream.is_prepared = FALSE;
}

static void
take_entry (ViaOutletSrc *self, ViaOutletEntry *entry)
{
  if (entry->codec != NULL)
    change_codec (self, entry->codec);
  if (!prepare (self))
    return;
  if (self->stream.order == VIA_OUTLET_RTP) {
    judge (self, via_outlet_writer_packet (&self->stream.writer, entry->packet),
        1);
    return;
  }
  via_outlet_gate_push (self->stream.gate, entry->packet, entry->arrived);
  push_frames (self, entry->arrived);
}

static void
push_eos (ViaOutletSrc *self)
{
  if (self->stream.order == VIA_OUTLET_FRAMES) {
    via_outlet_gate_restart (self->stream.gate);
    push_frames (self, g_get_monotonic_time ());
  }
  if (!prepare (self))
    return;
  via_outlet_writer_eos (&self->stream.writer);
  tell_ended (self);
}

/* --- settings --- */

static ViaTime
get_latency (ViaOutletSrc *self)
{
  ViaTime latency;

  g_mutex_lock (&self->lock);
  latency = self->latency;
  g_mutex_unlock (&self->lock);
  return latency;
}

/* Task. */
static void
follow_settings (ViaOutletSrc *self)
{
  GstTagList *tags;

  g_mutex_lock (&self->lock);
  tags = g_steal_pointer (&self->tags);
  g_mutex_unlock (&self->lock);
  if (tags != NULL)
    via_outlet_writer_take_tags (&self->stream.writer, tags);
  via_outlet_gate_set_latency (self->stream.gate, get_latency (self));
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* --- the task --- */

typedef enum
{
  WORK_STOP,
  WORK_SETTINGS,
  WORK_KEYFRAME,
  WORK_ENTRY,
  WORK_FRAMES, /* a packet was waited for long enough */
  WORK_EOS,
} Work;

/* Call with self->lock held. FALSE: nothing is to be done. */
static gboolean
find_work_locked (
    ViaOutletSrc *self, ViaTime deadline, ViaOutletEntry *entry, Work *out)
{
  if (!self->is_active || self->has_ended)
    *out = WORK_STOP;
  else if (self->has_settings)
    *out = WORK_SETTINGS;
  else if (self->wants_key)
    *out = WORK_KEYFRAME;
  else if (self->is_playing && via_outlet_ring_pop (&self->ring, entry))
    *out = WORK_ENTRY;
  else if (self->is_playing && deadline <= g_get_monotonic_time ())
    *out = WORK_FRAMES;
  else if (self->is_eos && self->ring.n == 0)
    *out = WORK_EOS;
  else
    return FALSE;
  if (*out == WORK_SETTINGS)
    self->has_settings = FALSE;
  else
    self->wants_key = FALSE;
  return TRUE;
}

static Work
wait_for_work (ViaOutletSrc *self, ViaOutletEntry *entry)
{
  ViaTime deadline = via_outlet_gate_deadline (self->stream.gate);
  Work work;

  g_mutex_lock (&self->lock);
  while (!find_work_locked (self, deadline, entry, &work)) {
    if (deadline == VIA_TIME_NEVER || !self->is_playing)
      g_cond_wait (&self->work, &self->lock);
    else
      g_cond_wait_until (&self->work, &self->lock, deadline);
  }
  g_mutex_unlock (&self->lock);
  return work;
}

static void
loop (gpointer data)
{
  ViaOutletSrc *self = data;
  ViaOutletEntry entry = {0};

  switch (wait_for_work (self, &entry)) {
    case WORK_STOP:
      gst_pad_pause_task (self->pad);
      break;
    case WORK_SETTINGS:
      follow_settings (self);
      break;
    case WORK_KEYFRAME:
      tell_keyframe (self);
      break;
    case WORK_ENTRY:
      take_entry (self, &entry);
      break;
    case WORK_FRAMES:
      push_frames (self, g_get_monotonic_time ());
      break;
    case WORK_EOS:
      push_eos (self);
      break;
  }
  via_outlet_entry_clear (&entry);
}

/* --- pad --- */

static void
stop (ViaOutletSrc *self)
{
  g_mutex_lock (&self->turn);
  g_mutex_lock (&self->lock);
  self->is_active = FALSE;
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
  g_mutex_unlock (&self->turn);
  gst_pad_stop_task (self->pad);
  tell_active (self, FALSE);
  g_mutex_lock (&self->lock);
  self->has_ended = self->is_eos = FALSE;
  self->has_played = FALSE;
  via_outlet_ring_drop_all (&self->ring);
  g_mutex_unlock (&self->lock);
  self->stream.is_prepared = FALSE;
  self->stream.order = VIA_OUTLET_NOWHERE;
  via_outlet_writer_reset (&self->stream.writer);
  g_clear_pointer (&self->stream.gate, via_outlet_gate_free);
  self->stream.gate = via_outlet_gate_new (self->kind, get_latency (self));
}

static gboolean
via_outlet_src_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean is_active)
{
  ViaOutletSrc *self = VIA_OUTLET_SRC (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (!is_active) {
    stop (self);
    return TRUE;
  }
  g_mutex_lock (&self->lock);
  self->is_active = TRUE;
  self->wants_key = TRUE;
  g_mutex_unlock (&self->lock);
  via_outlet_src_relinked (self);
  return TRUE;
}

static gboolean
via_outlet_src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ViaOutletSrc *self = VIA_OUTLET_SRC (parent);
  gboolean is_taken = GST_EVENT_TYPE (event) != GST_EVENT_SEEK;

  if (gst_video_event_is_force_key_unit (event))
    tell_keyframe (self);
  gst_event_unref (event);
  return is_taken;
}

static gboolean
via_outlet_src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  ViaOutletSrc *self = VIA_OUTLET_SRC (parent);
  GstClockTime min = get_latency (self) * 1000;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_LATENCY:
      gst_query_set_latency (
          query, TRUE, min, min + VIA_OUTLET_RING_TIME * 1000);
      return TRUE;
    case GST_QUERY_SCHEDULING:
      gst_query_set_scheduling (
          query, GST_SCHEDULING_FLAG_SEQUENTIAL, 1, -1, 0);
      gst_query_add_scheduling_mode (query, GST_PAD_MODE_PUSH);
      return TRUE;
    case GST_QUERY_SEEKING:
      gst_query_set_seeking (query, GST_FORMAT_TIME, FALSE, 0, -1);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* --- element --- */

static void
set_playing (ViaOutletSrc *self, gboolean is_playing)
{
  g_mutex_lock (&self->lock);
  self->is_playing = is_playing;
  self->has_played = TRUE;
  /* What a pause brings is of no use after it. */
  if (!is_playing)
    via_outlet_ring_drop_all (&self->ring);
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
via_outlet_src_change_state (GstElement *element, GstStateChange transition)
{
  ViaOutletSrc *self = VIA_OUTLET_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);
  ret = GST_ELEMENT_CLASS (via_outlet_src_parent_class)
            ->change_state (element, transition);
  if (ret != GST_STATE_CHANGE_SUCCESS)
    return ret;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    set_playing (self, TRUE);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    return GST_STATE_CHANGE_NO_PREROLL;
  return ret;
}

/* An end from outside (gst-launch-1.0 -e): after what is in the ring. */
static gboolean
via_outlet_src_send_event (GstElement *element, GstEvent *event)
{
  gboolean is_eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;

  if (!is_eos)
    return GST_ELEMENT_CLASS (via_outlet_src_parent_class)
        ->send_event (element, event);
  gst_event_unref (event);
  via_outlet_src_eos (VIA_OUTLET_SRC (element));
  return TRUE;
}

static void
via_outlet_src_finalize (GObject *object)
{
  ViaOutletSrc *self = VIA_OUTLET_SRC (object);

  g_free (self->name);
  g_clear_pointer (&self->tags, gst_tag_list_unref);
  via_outlet_ring_clear (&self->ring);
  via_outlet_writer_clear (&self->stream.writer);
  g_clear_pointer (&self->stream.gate, via_outlet_gate_free);
  g_ptr_array_unref (self->stream.frame);
  via_guard_clear (&self->guard);
  g_cond_clear (&self->work);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->turn);
  G_OBJECT_CLASS (via_outlet_src_parent_class)->finalize (object);
}

static void
via_outlet_src_class_init (ViaOutletSrcClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = via_outlet_src_finalize;
  element->change_state = via_outlet_src_change_state;
  element->send_event = via_outlet_src_send_event;
  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_set_static_metadata (element, "RTP packet source",
      "Source/Network/RTP", "Gives received RTP packets to a pipeline",
      "gst-via");
}

static void
via_outlet_src_init (ViaOutletSrc *self)
{
  g_mutex_init (&self->turn);
  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  via_guard_init (&self->guard);
  self->pad = gst_pad_new_from_static_template (&src_template, "src");
  self->stream.writer.element = GST_ELEMENT (self);
  self->stream.writer.pad = self->pad;
  self->stream.frame =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_packet_unref);
  via_outlet_writer_reset (&self->stream.writer);
  gst_pad_set_activatemode_function (self->pad, via_outlet_src_activate_mode);
  gst_pad_set_event_function (self->pad, via_outlet_src_event);
  gst_pad_set_query_function (self->pad, via_outlet_src_query);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}

ViaOutletSrc *
via_outlet_src_new (ViaKind kind, const ViaCodec *codec, ViaTime latency,
    GstPad *end, const ViaOutletSrcFuncs *funcs, gpointer user)
{
  ViaOutletSrc *self = g_object_new (VIA_TYPE_OUTLET_SRC, NULL);

  self->kind = kind;
  self->latency = latency;
  self->end = end;
  self->funcs = *funcs;
  self->user = user;
  via_codec_copy (&self->stream.writer.codec, codec);
  self->stream.gate = via_outlet_gate_new (kind, latency);
  return self;
}
