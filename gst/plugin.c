/* SPDX-License-Identifier: LGPL-2.1-or-later
 * plugin.c – the plugin `via`: one register line per element.
 */
#include <gst/gst.h>

static gboolean
plugin_init (GstPlugin *plugin)
{
  return TRUE;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, via,
    "Kurento-style WebRTC endpoints, players, recorders and hubs", plugin_init,
    VERSION, "LGPL", "gst-via", "https://gstreamer.freedesktop.org/")
