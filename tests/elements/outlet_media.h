/* SPDX-License-Identifier: LGPL-2.1-or-later
 * outlet_media.h – RTP packets made by stock payloaders, and what a pipeline
 * behind an outlet made of them.
 */
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"
#include "media/caps.h"
#include "rtp/keyframe.h"
#include "rtp/packet.h"

#define FRAME_RATE 50 /* per second, of made video */

typedef struct
{
  ViaCodec codec;
  GPtrArray *packets; /* ViaPacket; captured: µs since the first frame */
  guint n_frames;     /* distinct RTP times */
} Made;

static inline void
made_clear (Made *m)
{
  g_ptr_array_unref (m->packets);
  via_codec_clear (&m->codec);
}

static inline void
made_take (Made *m, GstSample *sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstMapInfo map;
  ViaRtpView view;
  static guint32 last;
  static GstClockTime first; /* x264enc begins at 1000 hours */

  if (m->packets->len == 0)
    g_assert_true (via_caps_codec (gst_sample_get_caps (sample), &m->codec));
  if (m->packets->len == 0)
    first = GST_BUFFER_PTS (buffer);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_true (via_rtp_view (&view, map.data, map.size));
  if (m->packets->len == 0 || view.timestamp != last)
    m->n_frames++;
  last = view.timestamp;
  g_ptr_array_add (m->packets,
      via_packet_new (map.data, map.size,
          (ViaTime) ((GST_BUFFER_PTS (buffer) - first) / 1000),
          via_keyframe_starts (m->codec.id, view.payload, view.payload_len)));
  gst_buffer_unmap (buffer, &map);
}

/* @line ends in a payloader. */
static inline Made
make (const gchar *line)
{
  g_autofree gchar *text =
      g_strdup_printf ("%s ! appsink name=out sync=false", line);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstElement *out;
  GstSample *sample;
  Made m = {0};

  g_assert_no_error (error);
  m.packets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_packet_unref);
  out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (out))) != NULL) {
    made_take (&m, sample);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (out);
  gst_object_unref (pipeline);
  g_assert_cmpuint (m.packets->len, >, 0);
  return m;
}

#define VIDEO_SOURCE                                                           \
  "videotestsrc num-buffers=%u pattern=snow ! "                                \
  "video/x-raw,format=I420,width=160,height=120,framerate=50/1 ! "

/* Every @key_distance frames a key frame. */
static inline Made
make_video (ViaCodecId id, guint n_frames, guint key_distance, guint first_seq)
{
  static const gchar *const tails[] = {
      [VIA_CODEC_VP8] = "vp8enc deadline=1 keyframe-max-dist=%u "
                        "target-bitrate=1000000 ! rtpvp8pay mtu=600 "
                        "picture-id-mode=15-bit",
      [VIA_CODEC_VP9] = "vp9enc deadline=1 cpu-used=8 lag-in-frames=0 "
                        "keyframe-max-dist=%u ! rtpvp9pay mtu=600",
      [VIA_CODEC_H264] =
          "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=%u ! "
          "video/x-h264,profile=constrained-baseline ! "
          "rtph264pay mtu=600 config-interval=-1",
  };
  g_autofree gchar *source = g_strdup_printf (VIDEO_SOURCE, n_frames);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_autofree gchar *tail = g_strdup_printf (tails[id], key_distance);
#pragma GCC diagnostic pop
  g_autofree gchar *line =
      g_strdup_printf ("%s%s seqnum-offset=%u", source, tail, first_seq);

  return make (line);
}

static inline Made
make_opus (guint n_frames)
{
  g_autofree gchar *line = g_strdup_printf (
      "audiotestsrc num-buffers=%u samplesperbuffer=960 ! "
      "audio/x-raw,rate=48000,channels=2 ! opusenc frame-size=20 ! rtpopuspay",
      n_frames);

  return make (line);
}

static inline ViaPacket *
made_packet (const Made *m, guint i)
{
  return g_ptr_array_index (m->packets, i);
}

static inline ViaRtpView
made_view (const Made *m, guint i)
{
  ViaPacket *p = made_packet (m, i);
  ViaRtpView view;

  g_assert_true (via_rtp_view (&view, p->data, p->len));
  return view;
}

/* The packet as a receiver hands it on: captured @at plus its own time. */
static inline ViaPacket *
made_at (const Made *m, guint i, ViaTime at)
{
  ViaPacket *p = made_packet (m, i);

  return via_packet_new (p->data, p->len, at + p->captured, p->is_key);
}

/* Once more, @turn times later: sequence and RTP time go on. */
static inline ViaPacket *
made_again (const Made *m, guint i, ViaTime at, guint turn)
{
  ViaPacket *p = made_packet (m, i);
  ViaRtpView view = made_view (m, i);
  g_autofree guint8 *data = g_memdup2 (p->data, p->len);

  GST_WRITE_UINT16_BE (data + 2, view.seq + turn * m->packets->len);
  GST_WRITE_UINT32_BE (data + 4, view.timestamp + turn * m->n_frames * 1800);
  return via_packet_new (data, p->len, at + p->captured, p->is_key);
}

/* --- what came out --- */

typedef struct
{
  GMutex lock;
  guint n;          /* buffers */
  guint n_discont;  /* after the first */
  GArray *pts;      /* GstClockTime, running time */
  GPtrArray *sums;  /* checksum of each buffer */
  GstCaps *caps;    /* the last */
  GstTagList *tags; /* the last */
  gchar *stream_id; /* the last */
  guint n_caps, n_eos, n_segments;
  GstClockTime last_wait;
} Seen;

static inline void
seen_init (Seen *s)
{
  memset (s, 0, sizeof *s);
  g_mutex_init (&s->lock);
  s->pts = g_array_new (FALSE, FALSE, sizeof (GstClockTime));
  s->sums = g_ptr_array_new_with_free_func (g_free);
}

static inline void
seen_clear (Seen *s)
{
  g_array_unref (s->pts);
  g_ptr_array_unref (s->sums);
  gst_clear_caps (&s->caps);
  g_clear_pointer (&s->tags, gst_tag_list_unref);
  g_free (s->stream_id);
  g_mutex_clear (&s->lock);
}

static inline void
seen_buffer (Seen *s, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstMapInfo map;

  if (s->n++ > 0 && GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT))
    s->n_discont++;
  g_array_append_val (s->pts, pts);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_ptr_array_add (s->sums,
      g_compute_checksum_for_data (G_CHECKSUM_MD5, map.data, map.size));
  gst_buffer_unmap (buffer, &map);
}

static inline void
seen_event (Seen *s, GstEvent *event)
{
  GstCaps *caps;
  GstTagList *tags;
  const gchar *id;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      gst_caps_replace (&s->caps, caps);
      s->n_caps++;
      break;
    case GST_EVENT_TAG:
      gst_event_parse_tag (event, &tags);
      g_clear_pointer (&s->tags, gst_tag_list_unref);
      s->tags = gst_tag_list_ref (tags);
      break;
    case GST_EVENT_STREAM_START:
      gst_event_parse_stream_start (event, &id);
      g_free (s->stream_id);
      s->stream_id = g_strdup (id);
      break;
    case GST_EVENT_SEGMENT:
      s->n_segments++;
      break;
    case GST_EVENT_EOS:
      s->n_eos++;
      break;
    default:
      break;
  }
}

static inline GstPadProbeReturn
seen_probe (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Seen *s = user;

  g_mutex_lock (&s->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    seen_buffer (s, GST_PAD_PROBE_INFO_BUFFER (info));
  else
    seen_event (s, GST_PAD_PROBE_INFO_EVENT (info));
  g_mutex_unlock (&s->lock);
  return GST_PAD_PROBE_OK;
}

/* Watches what enters @element's pad "sink". */
static inline void
seen_watch (Seen *s, GstElement *element)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      seen_probe, s, NULL);
}

static inline guint
seen_count (Seen *s)
{
  guint n;

  g_mutex_lock (&s->lock);
  n = s->n;
  g_mutex_unlock (&s->lock);
  return n;
}

static inline guint
seen_ends (Seen *s)
{
  guint n;

  g_mutex_lock (&s->lock);
  n = s->n_eos;
  g_mutex_unlock (&s->lock);
  return n;
}

/* Waits at most 60 s. */
#define WAIT_UNTIL(what)                                                       \
  G_STMT_START                                                                 \
  {                                                                            \
    gint64 wait_end_ = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;      \
    while (!(what) && g_get_monotonic_time () < wait_end_)                     \
      g_usleep (2000);                                                         \
    g_assert_true (what);                                                      \
  }                                                                            \
  G_STMT_END

static inline guint64
stat_of (GstStructure *stats, const gchar *field)
{
  guint64 value = G_MAXUINT64;

  g_assert_true (gst_structure_get_uint64 (stats, field, &value));
  return value;
}
