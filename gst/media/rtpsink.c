/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/rtpsink.c – the end of an intake: RTP buffers become packets at the
 * clock's pace. Not a public element; knows nothing of rooms or peers. RFC 3550
 * §5.1 · RFC 6716 §3.1 (Opus TOC)
 */
#include "media/rtpsink.h"

#include "media/caps.h"
#include "rtp/keyframe.h"
#include "rtp/packet.h"

/* Containers round timestamps (Matroska: 1 ms): below this an audio packet is
 * taken to follow the last one without a gap. */
#define MAX_ROUNDING_MS 10
/* One that begins further back than this is a new time line, not an overlap. */
#define MAX_OVERLAP_MS 100

struct _ViaRtpSink
{
  GstBaseSink parent;
  ViaRtpSinkFuncs funcs; /* immutable */
  gpointer user;
  gboolean is_timed; /* immutable once started */

  GMutex lock; /* guards `call` and `refused`; never held while calling out */
  GCond idle;
  struct
  {
    gboolean is_off;
    GThread *thread; /* who is inside a function, or NULL */
  } call;
  guint64 refused;

  struct
  {
    ViaCodec codec;
    gboolean has_codec;
    gboolean is_untold; /* the codec is to be told before the next packet */
    gboolean is_own;
    guint16 seq;
    guint32 next_rtp; /* audio: where the last packet ended */
    gboolean has_next;
    GPtrArray *batch; /* ViaPacket */
  } stream;           /* streaming thread */
};

G_DEFINE_FINAL_TYPE (ViaRtpSink, via_rtp_sink, GST_TYPE_BASE_SINK)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-rtp"));

static gboolean
call_begin (ViaRtpSink *self)
{
  gboolean on;

  g_mutex_lock (&self->lock);
  on = !self->call.is_off;
  if (on)
    self->call.thread = g_thread_self ();
  g_mutex_unlock (&self->lock);
  return on;
}

static void
call_end (ViaRtpSink *self)
{
  g_mutex_lock (&self->lock);
  self->call.thread = NULL;
  g_cond_broadcast (&self->idle);
  g_mutex_unlock (&self->lock);
}

ViaTime
via_rtp_sink_latency (ViaRtpSink *self)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  GstClockTime least = 0;

  if (gst_pad_peer_query (GST_BASE_SINK_PAD (self), query))
    gst_query_parse_latency (query, NULL, &least, NULL);
  return GST_CLOCK_TIME_IS_VALID (least) ? GST_TIME_AS_USECONDS (least) : 0;
}

void
via_rtp_sink_disconnect (ViaRtpSink *self)
{
  g_mutex_lock (&self->lock);
  self->call.is_off = TRUE;
  while (self->call.thread != NULL && self->call.thread != g_thread_self ())
    g_cond_wait (&self->idle, &self->lock);
  g_mutex_unlock (&self->lock);
}

guint64
via_rtp_sink_refused (ViaRtpSink *self)
{
  guint64 n;

  g_mutex_lock (&self->lock);
  n = self->refused;
  g_mutex_unlock (&self->lock);
  return n;
}

void
via_rtp_sink_set_timed (ViaRtpSink *self, gboolean is_timed)
{
  self->is_timed = is_timed;
}

void
via_rtp_sink_set_own (ViaRtpSink *self, gboolean is_own)
{
  self->stream.is_own = is_own;
  self->stream.has_next = FALSE;
}

/* --- packets --- */

/* Samples at 48 kHz in an Opus packet, 0 if it is damaged (RFC 6716 §3.1). */
static guint
opus_samples (const guint8 *payload, gsize len)
{
  static const guint16 silk[] = {480, 960, 1920, 2880};
  guint config, frame, n;

  if (len < 1)
    return 0;
  config = payload[0] >> 3;
  if (config < 12)
    frame = silk[config & 3];
  else if (config < 16)
    frame = config & 1 ? 960 : 480;
  else
    frame = 120u << (config & 3);
  n = payload[0] & 3;
  if (n == 3)
    n = len > 1 ? payload[1] & 0x3f : 0;
  else
    n = n == 0 ? 1 : 2;
  return n * frame;
}

static guint
audio_samples (ViaCodecId codec, const ViaRtpView *view)
{
  if (codec == VIA_CODEC_OPUS)
    return opus_samples (view->payload, view->payload_len);
  return view->payload_len; /* PCMU, PCMA: a byte each */
}

static void
put_u32 (guint8 *out, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (out, &value, sizeof value);
}

/* Where the audio packet goes on the RTP clock. FALSE: it lies in what was sent
 * already, as the first packet of a new lap can, and is dropped. */
static gboolean
place_audio (ViaRtpSink *self, const ViaRtpView *view, guint32 *rtp)
{
  gint32 ms = self->stream.codec.clock_rate / 1000;
  gint32 off = (gint32) (*rtp - self->stream.next_rtp);

  if (self->stream.has_next) {
    if (ABS (off) <= ms * MAX_ROUNDING_MS)
      *rtp = self->stream.next_rtp;
    else if (off < 0 && off > -ms * MAX_OVERLAP_MS)
      return FALSE;
  }
  self->stream.next_rtp = *rtp + audio_samples (self->stream.codec.id, view);
  self->stream.has_next = TRUE;
  return TRUE;
}

/* Our own sequence, and audio RTP time freed of rounding. FALSE: drop it. */
static gboolean
number_packet (ViaRtpSink *self, guint8 *data, const ViaRtpView *view)
{
  guint32 rtp = view->timestamp;
  guint16 seq;

  if (via_codec_kind (self->stream.codec.id) == VIA_KIND_AUDIO
      && !place_audio (self, view, &rtp))
    return FALSE;
  seq = self->stream.seq++;
  data[2] = seq >> 8;
  data[3] = seq & 0xff;
  put_u32 (data + 4, rtp);
  return TRUE;
}

/* Reads @clock and the monotonic clock as one moment: a thread put aside
 * between the two would look like jitter. */
static GstClockTime
read_clocks (GstClock *clock, ViaTime *out_now)
{
  GstClockTime time;
  guint tries = 3;
  ViaTime before;

  do {
    before = g_get_monotonic_time ();
    time = gst_clock_get_time (clock);
    *out_now = g_get_monotonic_time ();
  } while (*out_now - before > 50 * VIA_US && --tries > 0);
  *out_now -= (*out_now - before) / 2;
  return time;
}

/* When the sample was due, on the monotonic clock the core counts in. */
static ViaTime
find_captured (ViaRtpSink *self, GstBuffer *buffer)
{
  GstBaseSink *base = GST_BASE_SINK (self);
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime base_time, clock_time, running;
  ViaTime now;

  if (clock == NULL || !GST_BUFFER_PTS_IS_VALID (buffer)
      || !(self->is_timed || gst_base_sink_get_sync (base)))
    return g_get_monotonic_time ();
  running = gst_segment_to_running_time (
      &base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (!GST_CLOCK_TIME_IS_VALID (running))
    return g_get_monotonic_time ();
  if (!self->is_timed)
    running += gst_base_sink_get_latency (base);
  base_time = gst_element_get_base_time (GST_ELEMENT (self));
  clock_time = read_clocks (clock, &now);
  return now + GST_CLOCK_DIFF (clock_time, base_time + running) / 1000;
}

static void
refuse (ViaRtpSink *self)
{
  g_mutex_lock (&self->lock);
  self->refused++;
  g_mutex_unlock (&self->lock);
}

static void
take_buffer (ViaRtpSink *self, GstBuffer *buffer, ViaTime captured)
{
  guint8 data[VIA_PACKET_MAX];
  gsize len = gst_buffer_get_size (buffer);
  gboolean is_key;
  ViaRtpView view;

  if (len > sizeof data || gst_buffer_extract (buffer, 0, data, len) != len
      || !via_rtp_view (&view, data, len)) {
    refuse (self);
    return;
  }
  if (self->stream.is_own && !number_packet (self, data, &view))
    return;
  is_key = via_keyframe_starts (
      self->stream.codec.id, view.payload, view.payload_len);
  g_ptr_array_add (
      self->stream.batch, via_packet_new (data, len, captured, is_key));
}

static void
hand_on (ViaRtpSink *self)
{
  GPtrArray *batch = self->stream.batch;

  if (batch->len > 0 && call_begin (self)) {
    self->funcs.packets (
        self->user, (ViaPacket *const *) batch->pdata, batch->len);
    call_end (self);
  }
  g_ptr_array_set_size (batch, 0);
}

static GstFlowReturn
via_rtp_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  ViaRtpSink *self = VIA_RTP_SINK (base);

  if (!self->stream.has_codec)
    return GST_FLOW_NOT_NEGOTIATED;
  take_buffer (self, buffer, find_captured (self, buffer));
  hand_on (self);
  return GST_FLOW_OK;
}

static GstFlowReturn
via_rtp_sink_render_list (GstBaseSink *base, GstBufferList *list)
{
  ViaRtpSink *self = VIA_RTP_SINK (base);
  guint n = gst_buffer_list_length (list);

  if (!self->stream.has_codec)
    return GST_FLOW_NOT_NEGOTIATED;
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = gst_buffer_list_get (list, i);
    take_buffer (self, buffer, find_captured (self, buffer));
  }
  hand_on (self);
  return GST_FLOW_OK;
}

/* --- base class --- */

static gboolean
is_same_codec (const ViaCodec *a, const ViaCodec *b)
{
  return a->id == b->id && a->clock_rate == b->clock_rate
         && a->channels == b->channels && g_strcmp0 (a->fmtp, b->fmtp) == 0;
}

static void
tell_codec (ViaRtpSink *self)
{
  if (!self->stream.is_untold || !call_begin (self))
    return;
  self->stream.is_untold = FALSE;
  self->funcs.codec (self->user, &self->stream.codec);
  call_end (self);
}

/* With the first buffer, not with the caps: a payloader fills in H.264's
 * profile once it has seen the SPS. Still before the wait for the clock. */
static GstFlowReturn
via_rtp_sink_prepare (GstBaseSink *base, GstBuffer *buffer)
{
  tell_codec (VIA_RTP_SINK (base));
  return GST_FLOW_OK;
}

static GstFlowReturn
via_rtp_sink_prepare_list (GstBaseSink *base, GstBufferList *list)
{
  tell_codec (VIA_RTP_SINK (base));
  return GST_FLOW_OK;
}

static gboolean
via_rtp_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  ViaRtpSink *self = VIA_RTP_SINK (base);
  ViaCodec codec = {0};

  if (!via_caps_codec (caps, &codec))
    return FALSE;
  if (self->stream.has_codec && is_same_codec (&codec, &self->stream.codec)) {
    via_codec_clear (&codec);
    return TRUE;
  }
  via_codec_clear (&self->stream.codec);
  self->stream.codec = codec;
  self->stream.has_codec = TRUE;
  self->stream.is_untold = TRUE;
  self->stream.has_next = FALSE;
  return TRUE;
}

static gboolean
via_rtp_sink_event (GstBaseSink *base, GstEvent *event)
{
  ViaRtpSink *self = VIA_RTP_SINK (base);
  GstEventType type = GST_EVENT_TYPE (event);
  gboolean ok;

  /* For EOS the base class waits until the last buffer's time is over. */
  ok = GST_BASE_SINK_CLASS (via_rtp_sink_parent_class)->event (base, event);
  if (type == GST_EVENT_FLUSH_STOP)
    self->stream.has_next = FALSE;
  if (type == GST_EVENT_EOS && ok && call_begin (self)) {
    self->funcs.eos (self->user);
    call_end (self);
  } else if (type == GST_EVENT_FLUSH_STOP && call_begin (self)) {
    self->funcs.flush (self->user);
    call_end (self);
  }
  return ok;
}

/* Packets are due at their presentation time, also where a DTS is known. */
static void
via_rtp_sink_get_times (GstBaseSink *base, GstBuffer *buffer,
    GstClockTime *start, GstClockTime *end)
{
  *start = GST_BUFFER_PTS (buffer);
  if (!GST_CLOCK_TIME_IS_VALID (*start))
    *start = GST_BUFFER_DTS (buffer);
  *end = GST_CLOCK_TIME_NONE;
  if (GST_CLOCK_TIME_IS_VALID (*start) && GST_BUFFER_DURATION_IS_VALID (buffer))
    *end = *start + GST_BUFFER_DURATION (buffer);
}

static void
via_rtp_sink_finalize (GObject *object)
{
  ViaRtpSink *self = VIA_RTP_SINK (object);

  via_codec_clear (&self->stream.codec);
  g_ptr_array_unref (self->stream.batch);
  g_cond_clear (&self->idle);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (via_rtp_sink_parent_class)->finalize (object);
}

static void
via_rtp_sink_class_init (ViaRtpSinkClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base = GST_BASE_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = via_rtp_sink_finalize;
  base->set_caps = via_rtp_sink_set_caps;
  base->event = via_rtp_sink_event;
  base->get_times = via_rtp_sink_get_times;
  base->prepare = via_rtp_sink_prepare;
  base->prepare_list = via_rtp_sink_prepare_list;
  base->render = via_rtp_sink_render;
  base->render_list = via_rtp_sink_render_list;
  gst_element_class_add_static_pad_template (element, &sink_template);
  gst_element_class_set_static_metadata (element, "RTP packet sink",
      "Sink/Network/RTP", "Hands RTP packets to the pack at the clock's pace",
      "gst-via");
}

static void
via_rtp_sink_init (ViaRtpSink *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->idle);
  self->stream.batch =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_packet_unref);
  self->stream.seq = g_random_int () & 0x7fff;
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_qos_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_max_lateness (GST_BASE_SINK (self), -1);
}

ViaRtpSink *
via_rtp_sink_new (gboolean sync, const ViaRtpSinkFuncs *funcs, gpointer user)
{
  ViaRtpSink *self = g_object_new (VIA_TYPE_RTP_SINK, NULL);

  self->funcs = *funcs;
  self->user = user;
  gst_base_sink_set_sync (GST_BASE_SINK (self), sync);
  return self;
}
