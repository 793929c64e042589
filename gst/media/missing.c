/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/missing.c – which Debian package has a missing element.
 */
#include "media/missing.h"

#include <gst/pbutils/missing-plugins.h>

#define CORE "libgstreamer1.0-0"
#define BASE "gstreamer1.0-plugins-base"
#define GOOD "gstreamer1.0-plugins-good"
#define BAD "gstreamer1.0-plugins-bad"
#define UGLY "gstreamer1.0-plugins-ugly"
#define LIBAV "gstreamer1.0-libav"

static const struct
{
  const gchar *package;
  const gchar *factories[40];
} packages[] = {
    {CORE, {"capsfilter", "filesrc", "queue", "typefind"}},
    {BASE, {"audioconvert", "audioresample", "oggdemux", "opusdec", "opusenc",
               "theoradec", "videoconvert", "videoscale", "vorbisdec"}},
    {GOOD, {"aacparse", "alawdec", "alawenc", "avidemux", "flacdec",
               "flacparse", "jpegdec", "matroskademux", "mpegaudioparse",
               "mpg123audiodec", "mulawdec", "mulawenc", "qtdemux",
               "rtpg722depay", "rtpg722pay", "rtph264depay", "rtph264pay",
               "rtph265depay", "rtph265pay", "rtpopusdepay", "rtpopuspay",
               "rtppcmadepay", "rtppcmapay", "rtppcmudepay", "rtppcmupay",
               "rtpvp8depay", "rtpvp8pay", "rtpvp9depay", "rtpvp9pay", "vp8dec",
               "vp8enc", "vp9dec", "vp9enc", "wavparse"}},
    {BAD, {"av1dec", "av1parse", "h264parse", "h265parse", "mpeg4videoparse",
              "mpegvideoparse", "openh264dec", "openh264enc", "opusparse",
              "tsdemux", "vp9parse", "x265enc"}},
    {UGLY, {"x264enc"}},
    {LIBAV, {"avdec_aac", "avdec_ac3", "avdec_eac3", "avdec_h264", "avdec_h265",
                "avdec_mp3", "avdec_mpeg2video", "avdec_mpeg4",
                "avdec_mpegvideo", "avdec_mjpeg", "avdec_g722", "avenc_g722"}},
};

const gchar *
via_media_package (const gchar *factory)
{
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    for (guint j = 0; packages[i].factories[j] != NULL; j++)
      if (g_strcmp0 (packages[i].factories[j], factory) == 0)
        return packages[i].package;
  return NULL;
}

gboolean
via_media_have (const gchar *factory)
{
  g_autoptr (GstElementFactory) found = gst_element_factory_find (factory);

  return found != NULL;
}

GstElement *
via_media_make (GstElement *owner, const gchar *factory, const gchar *name,
    const gchar *purpose)
{
  GstElement *element = gst_element_factory_make (factory, name);
  const gchar *package;

  if (element != NULL)
    return element;
  package = via_media_package (factory);
  gst_element_post_message (
      owner, gst_missing_element_message_new (owner, factory));
  if (package != NULL)
    GST_ELEMENT_ERROR (owner, CORE, MISSING_PLUGIN,
        ("needs element %s to %s: install package %s", factory, purpose,
            package),
        (NULL));
  else
    GST_ELEMENT_ERROR (owner, CORE, MISSING_PLUGIN,
        ("needs element %s to %s", factory, purpose), (NULL));
  return NULL;
}
