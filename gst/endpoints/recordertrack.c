/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recordertrack.c – the end of one recorded track: encoded buffers at
 * a sink pad become frames of a recording. Not a public element.
 */
#include "endpoints/recordertrack.h"

#include <gst/video/video.h>

#include "io/guard.h"

struct _ViaRecorderTrack
{
  GstElement parent;
  /* immutable */
  GstPad *pad;
  ViaRecording *recording; /* owned */
  ViaCodecId codec;
  guint number; /* in the recording */
  const ViaRecorderTrackFuncs *funcs;
  gpointer user;
  ViaGuard guard; /* around funcs */
  /* any thread, atomic */
  gint is_playing, has_ended;
  /* streaming thread */
  GstSegment segment;
};

G_DEFINE_FINAL_TYPE (ViaRecorderTrack, via_recorder_track, GST_TYPE_ELEMENT)

/* No file holds the others: their caps tell that they are refused. */
static const gchar *const file_caps[VIA_N_CODECS] = {
    [VIA_CODEC_VP8] = "video/x-vp8",
    [VIA_CODEC_VP9] = "video/x-vp9",
    [VIA_CODEC_H264] = "video/x-h264, stream-format=(string)avc, "
                       "alignment=(string)au",
    [VIA_CODEC_OPUS] = "audio/x-opus",
    [VIA_CODEC_PCMU] = "audio/x-mulaw",
    [VIA_CODEC_PCMA] = "audio/x-alaw",
};

static void
call (ViaRecorderTrack *self, void (*func) (gpointer user))
{
  if (!via_guard_enter (&self->guard))
    return;
  func (self->user);
  via_guard_leave (&self->guard);
}

/* --- events --- */

static void
take_caps (ViaRecorderTrack *self, const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const GValue *data = gst_structure_get_value (s, "codec_data");
  ViaMatroskaTrack format = {.codec = self->codec,
      .rate = via_codec_clock_rate (self->codec),
      .channels = via_codec_channels (self->codec)};
  g_autoptr (GBytes) codec_data = NULL;
  gint n;

  if (gst_structure_get_int (s, "width", &n) && n > 0)
    format.width = (guint) n;
  if (gst_structure_get_int (s, "height", &n) && n > 0)
    format.height = (guint) n;
  if (gst_structure_get_int (s, "channels", &n) && n > 0)
    format.channels = (guint) n;
  if (data != NULL && GST_VALUE_HOLDS_BUFFER (data)) {
    GstMapInfo map;

    if (gst_buffer_map (gst_value_get_buffer (data), &map, GST_MAP_READ)) {
      codec_data = g_bytes_new (map.data, map.size);
      gst_buffer_unmap (gst_value_get_buffer (data), &map);
    }
  }
  format.codec_data = codec_data;
  via_recording_set_format (self->recording, self->number, &format, NULL);
  call (self, self->funcs->news);
}

static void
take_eos (ViaRecorderTrack *self)
{
  via_recording_end_track (self->recording, self->number);
  g_atomic_int_set (&self->has_ended, TRUE);
  call (self, self->funcs->news);
  call (self, self->funcs->ended);
}

static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ViaRecorderTrack *self = VIA_RECORDER_TRACK (parent);
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      take_caps (self, caps);
      break;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_segment_init (&self->segment, GST_FORMAT_TIME);
      g_atomic_int_set (&self->has_ended, FALSE);
      break;
    case GST_EVENT_EOS:
      take_eos (self);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

/* --- frames --- */

static void
write_frame (ViaRecorderTrack *self, GstBuffer *buffer, ViaTime time)
{
  GstClockTime duration = GST_BUFFER_DURATION (buffer);
  gboolean is_key =
      !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  if (!via_recording_write (self->recording, self->number, time,
          GST_CLOCK_TIME_IS_VALID (duration) ? (ViaTime) (duration / 1000) : 0,
          is_key, map.data, map.size))
    gst_pad_push_event (self->pad, gst_video_event_new_upstream_force_key_unit (
                                       GST_CLOCK_TIME_NONE, TRUE, 0));
  gst_buffer_unmap (buffer, &map);
}

static GstFlowReturn
on_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  ViaRecorderTrack *self = VIA_RECORDER_TRACK (parent);
  GstClockTime stamp = GST_BUFFER_DTS_OR_PTS (buffer);
  guint64 running = GST_CLOCK_TIME_NONE;

  if (GST_BUFFER_PTS_IS_VALID (buffer))
    stamp = GST_BUFFER_PTS (buffer);
  if (GST_CLOCK_TIME_IS_VALID (stamp)
      && self->segment.format == GST_FORMAT_TIME)
    running =
        gst_segment_to_running_time (&self->segment, GST_FORMAT_TIME, stamp);
  if (running != GST_CLOCK_TIME_NONE && g_atomic_int_get (&self->is_playing))
    write_frame (self, buffer, (ViaTime) (running / 1000));
  gst_buffer_unref (buffer);
  call (self, self->funcs->news);
  return GST_FLOW_OK;
}

/* --- life --- */

static void
via_recorder_track_finalize (GObject *object)
{
  ViaRecorderTrack *self = VIA_RECORDER_TRACK (object);

  via_recording_unref (self->recording);
  via_guard_clear (&self->guard);
  G_OBJECT_CLASS (via_recorder_track_parent_class)->finalize (object);
}

static void
via_recorder_track_class_init (ViaRecorderTrackClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = via_recorder_track_finalize;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Recorded track", "Sink", "Hands frames to a recording",
      "The gst-via developers");
}

static void
via_recorder_track_init (ViaRecorderTrack *self)
{
  via_guard_init (&self->guard);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
}

static GstPad *
make_pad (ViaCodecId codec)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      file_caps[codec] != NULL ? file_caps[codec] : "ANY");
  g_autoptr (GstPadTemplate) templ = gst_object_ref_sink (
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  GstPad *pad = gst_pad_new_from_template (templ, "sink");

  gst_pad_set_chain_function (pad, on_buffer);
  gst_pad_set_event_function (pad, on_event);
  return pad;
}

ViaRecorderTrack *
via_recorder_track_new (ViaRecording *recording, const ViaTrackInfo *track,
    const ViaRecorderTrackFuncs *funcs, gpointer user)
{
  ViaRecorderTrack *self = g_object_new (VIA_TYPE_RECORDER_TRACK, NULL);

  self->recording = via_recording_ref (recording);
  self->codec = track->codec.id;
  self->funcs = funcs;
  self->user = user;
  self->number = via_recording_add_track (
      recording, track->kind, track->name, track->app_data);
  self->pad = make_pad (self->codec);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
  return self;
}

void
via_recorder_track_set_playing (ViaRecorderTrack *self, gboolean is_playing)
{
  g_atomic_int_set (&self->is_playing, is_playing);
}

gboolean
via_recorder_track_has_ended (ViaRecorderTrack *self)
{
  return g_atomic_int_get (&self->has_ended);
}

void
via_recorder_track_disconnect (ViaRecorderTrack *self)
{
  via_guard_close (&self->guard);
}
