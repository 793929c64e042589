/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/intake.c – any caps in at a pad, RTP packets of one track out.
 * The CAPS event chooses the chain; H.264 is looked at before it is trusted.
 */
#include "media/intake.h"

#include <gst/video/video-event.h>

#include "media/adapt.h"
#include "media/codeclist.h"
#include "media/h264scan.h"
#include "media/rtpsink.h"

/* H.264 that may have B-frames is held back until this much was looked at. */
#define HOLD_UNITS 40
#define HOLD_TIME (2 * GST_SECOND)
#define HOLD_BYTES (8 * 1024 * 1024)

typedef enum
{
  STAGE_IDLE,    /* no caps yet */
  STAGE_HOLDING, /* looking at H.264 */
  STAGE_RUNNING, /* a chain is plugged */
  STAGE_FAILED,  /* told on the bus, or going down; nothing goes on */
} Stage;

struct _ViaIntake
{
  GstBin parent;

  ViaKind wanted;          /* immutable */
  guint video_bitrate_bps; /* immutable */
  guint32 ssrc, timestamp; /* immutable */
  guint mtu;               /* atomic; 0: as usual */
  ViaIntakeFuncs funcs;    /* immutable */
  gpointer user;           /* immutable */
  ViaRtpSink *sink;        /* immutable; a child, alive as long as self */
  GstPad *pad;             /* immutable; owned by self */

  GMutex plug; /* held while the chain changes; guards `is_down` */
  gboolean is_down;

  GMutex lock; /* guards `shown` and `codecs`; never held while calling out */
  ViaCodeclist codecs;
  struct
  {
    ViaKind kind;
    ViaCodec codec;
    gboolean has_codec;
    ViaTime latency; /* of the media when the codec became known */
    ViaIntakeFlow flow;
  } shown;

  struct
  {
    Stage stage;
    ViaChain *adapt; /* (nullable) */
    ViaAdaptSpec spec;
    ViaCapsInfo info;
    ViaH264Scan scan;
    GQueue held; /* GstBuffer */
    gsize held_bytes;
    GstClockTime held_from;
    gboolean switch_due; /* B slice seen in copied H.264 */
  } stream;              /* streaming thread */
};

G_DEFINE_FINAL_TYPE (ViaIntake, via_intake, GST_TYPE_BIN)

/* --- what is done --- */

static gboolean
is_listed (ViaIntake *self, const ViaCapsInfo *info)
{
  gboolean is;

  g_mutex_lock (&self->lock);
  is = via_codeclist_holds (&self->codecs, info->kind, info->codec);
  g_mutex_unlock (&self->lock);
  return is;
}

static ViaCodecId
first_codec (ViaIntake *self, ViaKind kind)
{
  ViaCodecId first;

  g_mutex_lock (&self->lock);
  first = self->codecs.ids[kind][0];
  g_mutex_unlock (&self->lock);
  return first;
}

static void
show_flow (ViaIntake *self, const ViaAdaptSpec *spec, const gchar *reason)
{
  g_mutex_lock (&self->lock);
  self->shown.kind = spec->in.kind;
  self->shown.flow = (ViaIntakeFlow){.from = spec->in.name,
      .to = via_codec_name (spec->out),
      .mode = spec->copy ? "copy" : "transcode",
      .reason = spec->copy ? NULL : reason};
  g_mutex_unlock (&self->lock);
}

static void
unplug_locked (ViaIntake *self)
{
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->pad), NULL);
  g_clear_pointer (&self->stream.adapt, via_chain_free);
}

static void
plug_locked (ViaIntake *self, const ViaAdaptSpec *spec)
{
  g_autoptr (GstPad) entry = NULL;

  unplug_locked (self);
  self->stream.adapt =
      via_adapt_new (GST_BIN (self), spec, GST_ELEMENT (self->sink));
  if (self->stream.adapt == NULL) {
    self->stream.stage = STAGE_FAILED;
    return;
  }
  via_rtp_sink_set_own (
      self->sink, !(spec->copy && spec->in.form == VIA_FORM_RTP));
  entry = via_chain_entry (self->stream.adapt);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->pad), entry);
  self->stream.spec = *spec;
  self->stream.stage = STAGE_RUNNING;
}

/* Makes the chain what is wanted now. Streaming thread. */
static void
choose (ViaIntake *self, gboolean copy, const gchar *reason)
{
  const ViaCapsInfo *info = &self->stream.info;
  ViaAdaptSpec spec = {.in = *info,
      .copy = copy,
      .out = copy ? info->codec : first_codec (self, info->kind),
      .bitrate_bps = self->video_bitrate_bps,
      .ssrc = self->ssrc,
      .timestamp = self->timestamp,
      .mtu = g_atomic_int_get (&self->mtu)};

  self->stream.switch_due = FALSE;
  if (self->stream.adapt != NULL
      && via_adapt_is_same (&spec, &self->stream.spec)) {
    self->stream.stage = STAGE_RUNNING;
    return;
  }
  if (self->stream.adapt != NULL)
    via_chain_drain (self->stream.adapt); /* may wait for the clock */
  show_flow (self, &spec, reason);
  g_mutex_lock (&self->plug);
  if (self->is_down)
    self->stream.stage = STAGE_FAILED; /* until READY */
  else
    plug_locked (self, &spec);
  g_mutex_unlock (&self->plug);
}

static const gchar *
h264_reason (const ViaIntake *self)
{
  const ViaH264Scan *scan = &self->stream.scan;

  return scan->reason != NULL ? scan->reason : "B-frames";
}

/* --- H.264 --- */

static void
drop_held (ViaIntake *self)
{
  g_queue_clear_full (&self->stream.held, (GDestroyNotify) gst_buffer_unref);
  self->stream.held_bytes = 0;
  self->stream.held_from = GST_CLOCK_TIME_NONE;
}

static void
scan_buffer (ViaIntake *self, GstBuffer *buffer)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  via_h264_scan_unit (&self->stream.scan, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
}

/* Ends the looking: plugs, and lets out what was held. */
static GstFlowReturn
decide (ViaIntake *self)
{
  GstFlowReturn ret = GST_FLOW_OK;
  GstBuffer *buffer;
  gboolean copy =
      via_h264_scan_verdict (&self->stream.scan) != VIA_H264_TRANSCODE;

  choose (self, copy, h264_reason (self));
  if (self->stream.stage != STAGE_RUNNING)
    ret = GST_FLOW_FLUSHING;
  while (ret == GST_FLOW_OK
         && (buffer = g_queue_pop_head (&self->stream.held)) != NULL)
    ret = gst_proxy_pad_chain_default (self->pad, GST_OBJECT (self), buffer);
  drop_held (self);
  return ret;
}

static GstFlowReturn
hold (ViaIntake *self, GstBuffer *buffer)
{
  GstClockTime time = GST_BUFFER_DTS_OR_PTS (buffer);

  scan_buffer (self, buffer);
  self->stream.held_bytes += gst_buffer_get_size (buffer);
  g_queue_push_tail (&self->stream.held, buffer);
  if (!GST_CLOCK_TIME_IS_VALID (self->stream.held_from))
    self->stream.held_from = time;
  if (via_h264_scan_verdict (&self->stream.scan) == VIA_H264_UNSURE
      && g_queue_get_length (&self->stream.held) < HOLD_UNITS
      && self->stream.held_bytes < HOLD_BYTES
      && !(GST_CLOCK_TIME_IS_VALID (time)
           && time >= self->stream.held_from + HOLD_TIME))
    return GST_FLOW_OK;
  return decide (self);
}

/* Copied H.264 is watched on: a late B slice means transcoding from the next
 * key frame. */
static void
watch (ViaIntake *self, GstBuffer *buffer)
{
  if (!self->stream.switch_due) {
    scan_buffer (self, buffer);
    self->stream.switch_due =
        via_h264_scan_verdict (&self->stream.scan) == VIA_H264_TRANSCODE;
  }
  if (self->stream.switch_due
      && !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    choose (self, FALSE, h264_reason (self));
}

static gboolean
is_watched (const ViaIntake *self)
{
  return self->stream.stage == STAGE_RUNNING && self->stream.spec.copy
         && self->stream.spec.in.form == VIA_FORM_ENCODED
         && self->stream.spec.in.codec == VIA_CODEC_H264;
}

static void
take_h264_caps (ViaIntake *self, const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const GValue *value = gst_structure_get_value (s, "codec_data");
  gboolean was_h264 = self->stream.adapt != NULL
                      && self->stream.spec.in.form == VIA_FORM_ENCODED
                      && self->stream.spec.in.codec == VIA_CODEC_H264;
  GstMapInfo map;

  memset (&self->stream.scan, 0, sizeof self->stream.scan);
  if (value != NULL && GST_VALUE_HOLDS_BUFFER (value)
      && gst_buffer_map (gst_value_get_buffer (value), &map, GST_MAP_READ)) {
    via_h264_scan_config (&self->stream.scan, map.data, map.size);
    gst_buffer_unmap (gst_value_get_buffer (value), &map);
  }
  if (was_h264 && !self->stream.spec.copy)
    self->stream.stage = STAGE_RUNNING; /* stays transcoded */
  else if (via_h264_scan_verdict (&self->stream.scan) != VIA_H264_UNSURE)
    decide (self);
  else if (was_h264)
    self->stream.stage = STAGE_RUNNING; /* and watched */
  else
    self->stream.stage = STAGE_HOLDING;
}

/* --- the pad --- */

static void
fail_caps (ViaIntake *self, const GstCaps *caps)
{
  g_autofree gchar *text = gst_caps_to_string (caps);

  self->stream.stage = STAGE_FAILED;
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("cannot send media of this type: %s", text), (NULL));
}

static void
take_caps (ViaIntake *self, const GstCaps *caps)
{
  ViaCapsInfo *info = &self->stream.info;

  if (!via_caps_read (caps, info)
      || (self->wanted != VIA_KIND_UNKNOWN && info->kind != self->wanted)) {
    fail_caps (self, caps);
    return;
  }
  if (info->form == VIA_FORM_RAW)
    choose (self, FALSE, NULL);
  else if (!is_listed (self, info))
    choose (self, FALSE, "codec not in the list");
  else if (info->objection != NULL)
    choose (self, FALSE, info->objection);
  else if (info->form == VIA_FORM_ENCODED && info->codec == VIA_CODEC_H264)
    take_h264_caps (self, caps);
  else
    choose (self, TRUE, NULL);
  if (self->stream.stage != STAGE_HOLDING)
    return;
  /* The old chain must not see the new caps. */
  if (self->stream.adapt != NULL)
    via_chain_drain (self->stream.adapt);
  g_mutex_lock (&self->plug);
  unplug_locked (self);
  g_mutex_unlock (&self->plug);
}

/* TRUE if the event is to be passed on. */
static gboolean
take_event (ViaIntake *self, GstEvent *event)
{
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_STOP:
      drop_held (self);
      return TRUE;
    case GST_EVENT_GAP:
      return self->stream.stage == STAGE_RUNNING;
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_STREAM_START:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      if (!g_queue_is_empty (&self->stream.held))
        decide (self);
      if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS
          && self->stream.stage != STAGE_FAILED) {
        gst_event_parse_caps (event, &caps);
        take_caps (self, caps);
      }
      return TRUE;
    default:
      return TRUE;
  }
}

static gboolean
via_intake_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ViaIntake *self = VIA_INTAKE (parent);
  g_autoptr (GstPad) end = NULL;

  if (!take_event (self, event)) {
    gst_event_unref (event);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && self->stream.adapt == NULL
      && self->stream.stage != STAGE_FAILED) {
    /* A stream without media still ends. */
    end = gst_element_get_static_pad (GST_ELEMENT (self->sink), "sink");
    return gst_pad_send_event (end, event);
  }
  return gst_pad_event_default (pad, parent, event);
}

static GstFlowReturn
via_intake_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  ViaIntake *self = VIA_INTAKE (parent);

  if (self->stream.stage == STAGE_HOLDING)
    return hold (self, buffer);
  if (is_watched (self))
    watch (self, buffer);
  if (self->stream.stage == STAGE_RUNNING)
    return gst_proxy_pad_chain_default (pad, parent, buffer);
  gst_buffer_unref (buffer);
  /* FLUSHING: what failed was told, upstream need not tell it again. */
  return self->stream.stage == STAGE_FAILED ? GST_FLOW_FLUSHING
                                            : GST_FLOW_NOT_NEGOTIATED;
}

static GstFlowReturn
via_intake_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  ViaIntake *self = VIA_INTAKE (parent);
  GstFlowReturn ret = GST_FLOW_OK;
  guint n = gst_buffer_list_length (list);

  if (self->stream.stage == STAGE_RUNNING && !is_watched (self))
    return gst_proxy_pad_chain_list_default (pad, parent, list);
  for (guint i = 0; i < n && ret == GST_FLOW_OK; i++)
    ret = via_intake_chain (
        pad, parent, gst_buffer_ref (gst_buffer_list_get (list, i)));
  gst_buffer_list_unref (list);
  return ret;
}

static gboolean
via_intake_sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  ViaIntake *self = VIA_INTAKE (parent);
  g_autoptr (GstCaps) known = NULL;
  g_autoptr (GstCaps) answer = NULL;
  GstCaps *caps;

  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS) {
    gst_query_parse_caps (query, &caps);
    known = via_caps_template (self->wanted);
    answer = caps == NULL ? gst_caps_ref (known)
                          : gst_caps_intersect_full (
                              caps, known, GST_CAPS_INTERSECT_FIRST);
    gst_query_set_caps_result (query, answer);
    return TRUE;
  }
  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_parse_accept_caps (query, &caps);
    known = via_caps_template (self->wanted);
    gst_query_set_accept_caps_result (
        query, gst_caps_can_intersect (caps, known));
    return TRUE;
  }
  return gst_pad_query_default (pad, parent, query);
}

/* --- what the RTP sink says --- */

static void
on_codec (gpointer user, const ViaCodec *codec)
{
  ViaIntake *self = user;
  ViaTime latency = via_rtp_sink_latency (self->sink);

  g_mutex_lock (&self->lock);
  via_codec_clear (&self->shown.codec);
  via_codec_copy (&self->shown.codec, codec);
  self->shown.has_codec = TRUE;
  self->shown.latency = latency;
  g_mutex_unlock (&self->lock);
  if (self->funcs.codec != NULL)
    self->funcs.codec (self->user, self, codec);
}

static void
on_packets (gpointer user, ViaPacket *const *packets, guint n)
{
  ViaIntake *self = user;

  if (self->funcs.packets != NULL)
    self->funcs.packets (self->user, self, packets, n);
}

static void
on_eos (gpointer user)
{
  ViaIntake *self = user;

  if (self->funcs.eos != NULL)
    self->funcs.eos (self->user, self);
}

static void
on_flush (gpointer user)
{
  ViaIntake *self = user;

  if (self->funcs.flush != NULL)
    self->funcs.flush (self->user, self);
}

static const ViaRtpSinkFuncs sink_funcs = {
    on_codec, on_packets, on_eos, on_flush};

/* --- public --- */

ViaKind
via_intake_kind (ViaIntake *self)
{
  ViaKind kind;

  g_mutex_lock (&self->lock);
  kind = self->shown.kind;
  g_mutex_unlock (&self->lock);
  return kind;
}

gboolean
via_intake_codec (ViaIntake *self, ViaCodec *out)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  known = self->shown.has_codec;
  if (known)
    via_codec_copy (out, &self->shown.codec);
  g_mutex_unlock (&self->lock);
  return known;
}

ViaTime
via_intake_latency (ViaIntake *self)
{
  ViaTime latency;

  g_mutex_lock (&self->lock);
  latency = self->shown.latency;
  g_mutex_unlock (&self->lock);
  return latency;
}

void
via_intake_want_keyframe (ViaIntake *self)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (GST_ELEMENT (self->sink), "sink");

  gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

void
via_intake_disconnect (ViaIntake *self)
{
  via_rtp_sink_disconnect (self->sink);
}

gboolean
via_intake_flow (ViaIntake *self, ViaIntakeFlow *out)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  known = self->shown.flow.mode != NULL;
  if (known)
    *out = self->shown.flow;
  g_mutex_unlock (&self->lock);
  return known;
}

gchar *
via_intake_describe (ViaIntake *self)
{
  ViaIntakeFlow flow;

  if (!via_intake_flow (self, &flow))
    return NULL;
  if (g_str_equal (flow.mode, "copy"))
    return g_strdup ("copy");
  if (g_str_equal (flow.from, "raw"))
    return g_strdup_printf ("encode %s", flow.to);
  return g_strdup_printf ("transcode %s→%s: %s", flow.from, flow.to,
      flow.reason != NULL ? flow.reason : "asked for");
}

/* --- object --- */

static void
go_down (ViaIntake *self)
{
  g_mutex_lock (&self->plug);
  self->is_down = TRUE;
  g_mutex_unlock (&self->plug);
}

/* The pads are inactive: nobody streams. */
static void
reset_stream (ViaIntake *self)
{
  drop_held (self);
  g_mutex_lock (&self->plug);
  unplug_locked (self);
  g_mutex_unlock (&self->plug);
  self->stream.stage = STAGE_IDLE;
  self->stream.switch_due = FALSE;
}

static GstStateChangeReturn
via_intake_change_state (GstElement *element, GstStateChange transition)
{
  ViaIntake *self = VIA_INTAKE (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    g_mutex_lock (&self->plug);
    self->is_down = FALSE;
    g_mutex_unlock (&self->plug);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    go_down (self);
  }
  ret = GST_ELEMENT_CLASS (via_intake_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    reset_stream (self);
  return ret;
}

static void
via_intake_dispose (GObject *object)
{
  ViaIntake *self = VIA_INTAKE (object);

  drop_held (self);
  if (self->stream.adapt != NULL)
    reset_stream (self);
  G_OBJECT_CLASS (via_intake_parent_class)->dispose (object);
}

static void
via_intake_finalize (GObject *object)
{
  ViaIntake *self = VIA_INTAKE (object);

  via_codec_clear (&self->shown.codec);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->plug);
  G_OBJECT_CLASS (via_intake_parent_class)->finalize (object);
}

static void
via_intake_class_init (ViaIntakeClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = via_intake_dispose;
  G_OBJECT_CLASS (klass)->finalize = via_intake_finalize;
  element->change_state = via_intake_change_state;
  gst_element_class_set_static_metadata (element, "Intake of a track",
      "Sink/Network/WebRTC", "Turns any media into RTP packets", "gst-via");
}

static void
via_intake_init (ViaIntake *self)
{
  g_mutex_init (&self->plug);
  g_mutex_init (&self->lock);
  g_queue_init (&self->stream.held);
  self->stream.held_from = GST_CLOCK_TIME_NONE;
  self->shown.kind = VIA_KIND_UNKNOWN;
  self->ssrc = g_random_int ();
  self->timestamp = g_random_int ();
}

void
via_intake_set_codecs (
    ViaIntake *self, ViaKind kind, const ViaCodecId *codecs, guint n)
{
  g_mutex_lock (&self->lock);
  via_codeclist_set (&self->codecs, kind, codecs, n);
  g_mutex_unlock (&self->lock);
}

void
via_intake_set_mtu (ViaIntake *self, guint mtu)
{
  g_atomic_int_set (&self->mtu, mtu);
}

static void
add_pad (ViaIntake *self)
{
  g_autoptr (GstCaps) caps = via_caps_template (self->wanted);
  g_autoptr (GstPadTemplate) template =
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps);

  self->pad = gst_ghost_pad_new_no_target_from_template ("sink", template);
  gst_pad_set_event_function (self->pad, via_intake_sink_event);
  gst_pad_set_query_function (self->pad, via_intake_sink_query);
  gst_pad_set_chain_function (self->pad, via_intake_chain);
  gst_pad_set_chain_list_function (self->pad, via_intake_chain_list);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
}

ViaIntake *
via_intake_new (ViaKind kind, const ViaIntakeConfig *config,
    const ViaIntakeFuncs *funcs, gpointer user)
{
  static const ViaIntakeConfig defaults = {.sync = TRUE};
  ViaIntake *self = g_object_new (VIA_TYPE_INTAKE, NULL);

  if (config == NULL)
    config = &defaults;
  self->wanted = kind;
  self->funcs = *funcs;
  self->user = user;
  self->video_bitrate_bps = config->video_bitrate_bps;
  via_intake_set_codecs (self, VIA_KIND_AUDIO, config->audio, config->n_audio);
  via_intake_set_codecs (self, VIA_KIND_VIDEO, config->video, config->n_video);
  self->sink = via_rtp_sink_new (config->sync, &sink_funcs, self);
  via_rtp_sink_set_timed (self->sink, config->timed);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (self->sink));
  add_pad (self);
  return self;
}
