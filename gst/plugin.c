/* SPDX-License-Identifier: LGPL-2.1-or-later
 * plugin.c – the plugin `via`: one register line per element.
 */
#include <gst/gst.h>

#include "endpoints/playerendpoint.h"
#include "endpoints/recorderendpoint.h"
#include "endpoints/webrtcendpoint.h"
#include "hubs/dispatcher.h"
#include "hubs/hub.h"
#include "hubs/onetomany.h"
#ifdef VIA_HAVE_HTTP
#include "endpoints/webrtcserver.h"
#endif

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean is_done = TRUE;

  /* Ranked as what plays whep://; nothing else looks for it. */
  is_done &= gst_element_register (
      plugin, "webrtcendpoint", GST_RANK_MARGINAL, VIA_TYPE_WEBRTC_ENDPOINT);
  is_done &= gst_element_register (plugin, "hub", GST_RANK_NONE, VIA_TYPE_HUB);
  is_done &= gst_element_register (
      plugin, "dispatcher", GST_RANK_NONE, VIA_TYPE_DISPATCHER);
  is_done &= gst_element_register (
      plugin, "dispatcheronetomany", GST_RANK_NONE, VIA_TYPE_ONE_TO_MANY);
  is_done &= gst_element_register (
      plugin, "playerendpoint", GST_RANK_NONE, VIA_TYPE_PLAYER_ENDPOINT);
  is_done &= gst_element_register (
      plugin, "recorderendpoint", GST_RANK_NONE, VIA_TYPE_RECORDER_ENDPOINT);
#ifdef VIA_HAVE_HTTP
  is_done &= gst_element_register (
      plugin, "webrtcserver", GST_RANK_NONE, VIA_TYPE_WEBRTC_SERVER);
#endif
  return is_done;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, via,
    "Kurento-style WebRTC endpoints, players, recorders and hubs", plugin_init,
    VERSION, "LGPL", "gst-via", "https://gstreamer.freedesktop.org/")
