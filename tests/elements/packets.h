/* SPDX-License-Identifier: LGPL-2.1-or-later
 * packets.h – collects the packets of a track and decodes them with stock
 * elements.
 */
#pragma once

#include <gst/app/app.h>
#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"
#include "rtp/packet.h"

typedef struct
{
  GMutex lock;
  GPtrArray *packets; /* ViaPacket */
  GArray *arrived;    /* ViaTime of each */
  ViaCodec codec;     /* the last one told */
  guint n_codecs, n_eos, n_flush;
  ViaTime eos_at;
} Track;

static inline void
track_init (Track *t)
{
  memset (t, 0, sizeof *t);
  g_mutex_init (&t->lock);
  t->packets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_packet_unref);
  t->arrived = g_array_new (FALSE, FALSE, sizeof (ViaTime));
}

static inline void
track_clear (Track *t)
{
  g_ptr_array_unref (t->packets);
  g_array_unref (t->arrived);
  via_codec_clear (&t->codec);
  g_mutex_clear (&t->lock);
}

static inline void
track_codec (Track *t, const ViaCodec *codec)
{
  g_mutex_lock (&t->lock);
  via_codec_clear (&t->codec);
  via_codec_copy (&t->codec, codec);
  t->n_codecs++;
  g_mutex_unlock (&t->lock);
}

static inline void
track_take (Track *t, ViaPacket *const *packets, guint n)
{
  ViaTime now = g_get_monotonic_time ();

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < n; i++) {
    g_ptr_array_add (t->packets, via_packet_ref (packets[i]));
    g_array_append_val (t->arrived, now);
  }
  g_mutex_unlock (&t->lock);
}

static inline void
track_eos (Track *t)
{
  g_mutex_lock (&t->lock);
  t->n_eos++;
  t->eos_at = g_get_monotonic_time ();
  g_mutex_unlock (&t->lock);
}

static inline gboolean
track_has_ended (Track *t)
{
  gboolean ended;

  g_mutex_lock (&t->lock);
  ended = t->n_eos > 0;
  g_mutex_unlock (&t->lock);
  return ended;
}

static inline guint
track_count (Track *t)
{
  guint n;

  g_mutex_lock (&t->lock);
  n = t->packets->len;
  g_mutex_unlock (&t->lock);
  return n;
}

static inline ViaPacket *
track_packet (Track *t, guint i)
{
  g_assert_cmpuint (i, <, t->packets->len);
  return g_ptr_array_index (t->packets, i);
}

static inline ViaRtpView
track_view (Track *t, guint i)
{
  ViaPacket *p = track_packet (t, i);
  ViaRtpView view;

  g_assert_true (via_rtp_view (&view, p->data, p->len));
  return view;
}

static inline ViaTime
track_arrived (Track *t, guint i)
{
  return g_array_index (t->arrived, ViaTime, i);
}

/* µs between the RTP times of packets @a and @b. */
static inline gint64
track_rtp_span (Track *t, guint a, guint b)
{
  ViaRtpView va = track_view (t, a), vb = track_view (t, b);

  return (gint64) (gint32) (vb.timestamp - va.timestamp) * VIA_S
         / t->codec.clock_rate;
}

/* How many sequence numbers do not follow the one before. */
static inline guint
track_breaks (Track *t)
{
  guint n = 0;

  for (guint i = 1; i < t->packets->len; i++)
    n += (guint16) (track_view (t, i - 1).seq + 1) != track_view (t, i).seq;
  return n;
}

/* Longest wait between two packets' arrival from packet @from on. */
static inline ViaTime
track_longest_wait (Track *t, guint from)
{
  ViaTime longest = 0;

  for (guint i = from + 1; i < t->packets->len; i++)
    longest = MAX (longest, track_arrived (t, i) - track_arrived (t, i - 1));
  return longest;
}

/* Waits of more than @limit between two packets' arrival. */
static inline guint
track_stalls (Track *t, guint from, ViaTime limit)
{
  guint n = 0;

  for (guint i = from + 1; i < t->packets->len; i++)
    n += track_arrived (t, i) - track_arrived (t, i - 1) > limit;
  return n;
}

/* Distinct RTP times: frames sent. */
static inline guint
track_frames (Track *t)
{
  guint n = 0;

  for (guint i = 0; i < t->packets->len; i++)
    n += i == 0
         || track_view (t, i).timestamp != track_view (t, i - 1).timestamp;
  return n;
}

/* The same while packets still come. */
static inline guint
track_seen (Track *t)
{
  guint n;

  g_mutex_lock (&t->lock);
  n = track_frames (t);
  g_mutex_unlock (&t->lock);
  return n;
}

static inline guint
track_keys (Track *t)
{
  guint n = 0;
  guint32 last = 0;

  for (guint i = 0; i < t->packets->len; i++) {
    guint32 ts = track_view (t, i).timestamp;
    if (track_packet (t, i)->is_key && (n == 0 || ts != last)) {
      n++;
      last = ts;
    }
  }
  return n;
}

static inline const gchar *
decoder_of (ViaCodecId id)
{
  static const gchar *const table[] = {
      [VIA_CODEC_VP8] = "rtpvp8depay ! vp8dec",
      [VIA_CODEC_VP9] = "rtpvp9depay ! vp9dec",
      [VIA_CODEC_H264] = "rtph264depay ! h264parse ! avdec_h264",
      [VIA_CODEC_OPUS] = "rtpopusdepay ! opusdec plc=false",
      [VIA_CODEC_PCMU] = "rtppcmudepay ! mulawdec",
      [VIA_CODEC_PCMA] = "rtppcmadepay ! alawdec",
      [VIA_CODEC_H265] = "rtph265depay ! h265parse ! avdec_h265",
      [VIA_CODEC_G722] = "rtpg722depay ! avdec_g722",
  };
  return table[id];
}

/* What came out of the decoder: buffers, and nanoseconds of audio. */
typedef struct
{
  guint n_frames;
  gint width, height; /* of the last frame */
  GstClockTime audio;
} Decoded;

static inline void
decoded_take (Decoded *d, GstSample *sample)
{
  GstStructure *s = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  gint rate = 0, channels = 0;

  d->n_frames++;
  gst_structure_get_int (s, "width", &d->width);
  gst_structure_get_int (s, "height", &d->height);
  if (gst_structure_get_int (s, "rate", &rate)
      && gst_structure_get_int (s, "channels", &channels))
    d->audio += gst_util_uint64_scale (
        gst_buffer_get_size (gst_sample_get_buffer (sample)) / 2 / channels,
        GST_SECOND, rate);
}

/* Decodes packets [@from, @to) of one codec. */
static inline Decoded
track_decode (Track *t, guint from, guint to)
{
  Decoded d = {0};
  gchar *line = g_strdup_printf (
      "appsrc name=in format=time caps=\"application/x-rtp,media=%s,"
      "encoding-name=%s,clock-rate=%u,payload=96\" ! %s ! "
      "appsink name=out sync=false",
      via_kind_name (via_codec_kind (t->codec.id)),
      t->codec.id == VIA_CODEC_OPUS ? "OPUS" : via_codec_name (t->codec.id),
      t->codec.clock_rate, decoder_of (t->codec.id));
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *in = gst_bin_get_by_name (GST_BIN (pipeline), "in");
  GstElement *out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  GstSample *sample;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = from; i < to; i++) {
    ViaPacket *p = track_packet (t, i);
    guint8 *copy = g_memdup2 (p->data, p->len);
    GstBuffer *buffer;
    copy[1] = (copy[1] & 0x80) | 96;
    buffer = gst_buffer_new_wrapped (copy, p->len);
    GST_BUFFER_PTS (buffer) =
        (p->captured - track_packet (t, from)->captured + VIA_S) * 1000;
    gst_app_src_push_buffer (GST_APP_SRC (in), buffer);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (in));
  while ((sample = gst_app_sink_pull_sample (GST_APP_SINK (out))) != NULL) {
    decoded_take (&d, sample);
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (in);
  gst_object_unref (out);
  gst_object_unref (pipeline);
  g_free (line);
  return d;
}

/* Waits for EOS or ERROR at most @seconds. (transfer full) (nullable) */
static inline GstMessage *
wait_end (GstElement *pipeline, guint seconds)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *m = gst_bus_timed_pop_filtered (
      bus, seconds * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  gst_object_unref (bus);
  return m;
}
