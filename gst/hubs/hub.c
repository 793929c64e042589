/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hub.c – the element hub: every port to every other port, without
 * transcoding.
 *
 * SECTION:element-hub
 * |[
 * gst-launch-1.0 hub name=room webrtcserver hub=room \
 *     videotestsrc ! vp8enc deadline=1 ! room.video_sink_0
 * ]|
 */
#include "hubs/hub.h"

struct _ViaHub
{
  ViaHubBase parent;
  gint last_n; /* atomic */
};

enum
{
  PROP_0,
  PROP_LAST_N,
};

G_DEFINE_FINAL_TYPE (ViaHub, via_hub, VIA_TYPE_HUB_BASE)

static void
hub_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (object));

  g_atomic_int_set (&VIA_HUB (object)->last_n, (gint) g_value_get_uint (value));
  via_exchange_set_last_n (exchange, g_value_get_uint (value));
}

static void
hub_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_uint (
      value, (guint) g_atomic_int_get (&VIA_HUB (object)->last_n));
}

static void
via_hub_class_init (ViaHubClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = hub_set_property;
  object_class->get_property = hub_get_property;
  g_object_class_install_property (object_class, PROP_LAST_N,
      g_param_spec_uint ("last-n", "Last n",
          "Each port gets the video of so many others at most: of those who "
          "spoke last (RFC 6464 audio levels), then of the lowest port "
          "numbers. Audio is not limited. 0: of all. Takes effect at once",
          0, G_MAXINT, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_PLAYING));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Hub",
      "Generic/Network/WebRTC",
      "Forwards every port to every other port of one pipeline, without "
      "transcoding; endpoints join it by hub=NAME",
      "The gst-via developers");
}

static void
via_hub_init (ViaHub *self)
{
}
