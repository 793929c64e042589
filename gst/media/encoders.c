/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/encoders.c – how each encoder and payloader is set up for live use.
 */
#include "media/encoders.h"

#include "media/missing.h"

#define DEFAULT_VIDEO_BITRATE 1500000
#define AUDIO_BITRATE 64000

typedef struct
{
  ViaCodecId codec;
  const gchar *factory;
  const gchar *bitrate; /* name of the property (nullable) */
  guint unit;           /* bits per second in one step of it */
  const gchar *settings;
} Encoder;

/* Preferred first per codec. Key frames come when asked for; the distance is
 * only a ceiling. VP8 has one thread: a second one spins while it waits, which
 * takes 5 times the CPU at 720p and, where others want it too, 4 times as long.
 */
static const Encoder encoders[] = {
    {VIA_CODEC_VP8, "vp8enc", "target-bitrate", 1,
        "deadline=1 cpu-used=8 threads=1 end-usage=cbr lag-in-frames=0 "
        "error-resilient=default keyframe-max-dist=300 min-quantizer=4 "
        "max-quantizer=56 undershoot=100 buffer-size=1000 "
        "buffer-initial-size=500 buffer-optimal-size=600"},
    {VIA_CODEC_VP9, "vp9enc", "target-bitrate", 1,
        "deadline=1 cpu-used=8 threads=2 row-mt=true end-usage=cbr "
        "lag-in-frames=0 error-resilient=default keyframe-max-dist=300 "
        "min-quantizer=4 max-quantizer=56 buffer-size=1000 "
        "buffer-initial-size=500 buffer-optimal-size=600"},
    {VIA_CODEC_H264, "x264enc", "bitrate", 1000,
        "tune=zerolatency speed-preset=superfast bframes=0 key-int-max=300 "
        "vbv-buf-capacity=600"},
    {VIA_CODEC_H264, "openh264enc", "bitrate", 1,
        "usage-type=camera complexity=low rate-control=bitrate gop-size=300 "
        "multi-thread=2"},
    {VIA_CODEC_OPUS, "opusenc", "bitrate", 1,
        "frame-size=20 audio-type=generic"},
    {VIA_CODEC_PCMU, "mulawenc", NULL, 0, ""},
    {VIA_CODEC_PCMA, "alawenc", NULL, 0, ""},
    {VIA_CODEC_H265, "x265enc", "bitrate", 1000,
        "tune=zerolatency speed-preset=ultrafast key-int-max=300"},
    {VIA_CODEC_G722, "avenc_g722", NULL, 0, ""},
};

/* NULL: no such element is in GStreamer's C plugins. */
static const struct
{
  const gchar *payloader;
  const gchar *depayloader;
  const gchar *settings;
} wires[VIA_N_CODECS] = {
    [VIA_CODEC_VP8] = {"rtpvp8pay", "rtpvp8depay", "picture-id-mode=15-bit"},
    [VIA_CODEC_VP9] = {"rtpvp9pay", "rtpvp9depay", "picture-id-mode=15-bit"},
    [VIA_CODEC_H264] = {"rtph264pay", "rtph264depay",
        "config-interval=-1 aggregate-mode=zero-latency"},
    [VIA_CODEC_OPUS] = {"rtpopuspay", "rtpopusdepay", ""},
    [VIA_CODEC_PCMU] = {"rtppcmupay", "rtppcmudepay",
        "min-ptime=20000000 max-ptime=20000000"},
    [VIA_CODEC_PCMA] = {"rtppcmapay", "rtppcmadepay",
        "min-ptime=20000000 max-ptime=20000000"},
    [VIA_CODEC_H265] = {"rtph265pay", "rtph265depay",
        "config-interval=-1 aggregate-mode=zero-latency"},
    [VIA_CODEC_G722] = {"rtpg722pay", "rtpg722depay",
        "min-ptime=20000000 max-ptime=20000000"},
};

/* "name=value name=value"; a property the installed version lacks is left. */
static void
apply_settings (GstElement *element, const gchar *settings)
{
  g_auto (GStrv) pairs = g_strsplit (settings, " ", -1);

  for (guint i = 0; pairs[i] != NULL; i++) {
    gchar *value = strchr (pairs[i], '=');
    if (value == NULL)
      continue;
    *value++ = '\0';
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), pairs[i]))
      gst_util_set_object_arg (G_OBJECT (element), pairs[i], value);
  }
}

static void
set_bitrate (GstElement *element, const Encoder *row, guint bitrate_bps)
{
  g_autofree gchar *value = NULL;

  if (row->bitrate == NULL)
    return;
  if (via_codec_kind (row->codec) == VIA_KIND_AUDIO)
    bitrate_bps = AUDIO_BITRATE;
  else if (bitrate_bps == 0)
    bitrate_bps = DEFAULT_VIDEO_BITRATE;
  value = g_strdup_printf ("%u", MAX (bitrate_bps / row->unit, 1));
  gst_util_set_object_arg (G_OBJECT (element), row->bitrate, value);
}

/* The first installed one, else the preferred one. */
static const Encoder *
find_encoder (ViaCodecId codec)
{
  const Encoder *first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (encoders); i++) {
    if (encoders[i].codec != codec)
      continue;
    if (first == NULL)
      first = &encoders[i];
    if (via_media_have (encoders[i].factory))
      return &encoders[i];
  }
  return first;
}

gboolean
via_encoder_is_there (ViaCodecId codec)
{
  const Encoder *row = find_encoder (codec);

  return row != NULL && via_media_have (row->factory);
}

/* NULL, told on @owner. */
static GstElement *
rtp_only (GstElement *owner, ViaCodecId codec, const gchar *verb)
{
  GST_ELEMENT_ERROR (owner, STREAM, FORMAT,
      ("cannot %s %s: it passes as RTP only (application/x-rtp caps)", verb,
          via_codec_name (codec)),
      (NULL));
  return NULL;
}

GstElement *
via_encoder_make (GstElement *owner, ViaCodecId codec, guint bitrate_bps)
{
  const Encoder *row = find_encoder (codec);
  g_autofree gchar *purpose = NULL;
  GstElement *element;

  if (row == NULL)
    return rtp_only (owner, codec, "encode");
  purpose = g_strdup_printf ("encode %s", via_codec_name (codec));
  element = via_media_make (owner, row->factory, NULL, purpose);
  if (element == NULL)
    return NULL;
  apply_settings (element, row->settings);
  set_bitrate (element, row, bitrate_bps);
  return element;
}

GstCaps *
via_encoder_input (ViaCodecId codec)
{
  switch (codec) {
    case VIA_CODEC_OPUS:
      return gst_caps_from_string (
          "audio/x-raw, rate=(int)48000, channels=(int)[1,2]");
    case VIA_CODEC_G722:
      return gst_caps_from_string (
          "audio/x-raw, rate=(int)16000, channels=(int)1");
    case VIA_CODEC_PCMU:
    case VIA_CODEC_PCMA:
      return gst_caps_from_string (
          "audio/x-raw, rate=(int)8000, channels=(int)1");
    default:
      return gst_caps_from_string ("video/x-raw, format=(string)I420, "
                                   "pixel-aspect-ratio=(fraction)1/1");
  }
}

GstCaps *
via_encoder_output (ViaCodecId codec)
{
  if (codec == VIA_CODEC_H265)
    return gst_caps_from_string ("video/x-h265, profile=(string)main, "
                                 "stream-format=(string)byte-stream, "
                                 "alignment=(string)au");
  if (codec != VIA_CODEC_H264)
    return NULL;
  return gst_caps_from_string (
      "video/x-h264, profile=(string)constrained-baseline, "
      "stream-format=(string)byte-stream, alignment=(string)au");
}

GstElement *
via_encoders_make_payloader (GstElement *owner, ViaCodecId codec, guint32 ssrc,
    guint32 timestamp, guint mtu)
{
  g_autofree gchar *purpose = NULL;
  GstElement *element;

  g_return_val_if_fail (codec < VIA_N_CODECS, NULL);
  if (wires[codec].payloader == NULL)
    return rtp_only (owner, codec, "packetise");
  purpose = g_strdup_printf ("packetise %s", via_codec_name (codec));
  element = via_media_make (owner, wires[codec].payloader, NULL, purpose);
  if (element == NULL)
    return NULL;
  /* Perfect RTP time counts buffer offsets, which jump where a file is played
   * again; running time does not. */
  g_object_set (element, "mtu", mtu, "perfect-rtptime", FALSE, "ssrc", ssrc,
      "timestamp-offset", timestamp, NULL);
  apply_settings (element, wires[codec].settings);
  return element;
}

GstElement *
via_encoders_make_depayloader (GstElement *owner, ViaCodecId codec)
{
  g_autofree gchar *purpose = NULL;

  g_return_val_if_fail (codec < VIA_N_CODECS, NULL);
  if (wires[codec].depayloader == NULL)
    return rtp_only (owner, codec, "unpack");
  purpose = g_strdup_printf ("unpack %s", via_codec_name (codec));
  return via_media_make (owner, wires[codec].depayloader, NULL, purpose);
}
