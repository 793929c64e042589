/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outlet.c – one received track at a source pad: RTP packets in from a
 * loop; out as RTP, encoded or raw, whatever downstream takes.
 */
#include "media/outlet.h"

#include <gst/video/video-event.h>

#include "media/outletsrc.h"

struct _ViaOutlet
{
  GstBin parent;
  ViaOutletSrc *src; /* immutable; a child, alive as long as self */
  GstPad *pad;       /* immutable; owned by self */
  ViaOutletFuncs funcs;
  gpointer user;
};

G_DEFINE_FINAL_TYPE (ViaOutlet, via_outlet, GST_TYPE_BIN)

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* --- what the source says --- */

static void
on_want_keyframe (gpointer user)
{
  ViaOutlet *self = user;

  if (self->funcs.want_keyframe != NULL)
    self->funcs.want_keyframe (self->user);
}

static void
on_active (gpointer user, gboolean is_active)
{
  ViaOutlet *self = user;

  if (is_active)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  if (self->funcs.active != NULL)
    self->funcs.active (self->user, is_active);
}

static void
on_ended (gpointer user)
{
  ViaOutlet *self = user;

  if (self->funcs.ended != NULL)
    self->funcs.ended (self->user);
}

static ViaOutletOrder
on_prepare (gpointer user, const ViaCodec *codec)
{
  return VIA_OUTLET_RTP;
}

static const ViaOutletSrcFuncs src_funcs = {.want_keyframe = on_want_keyframe,
    .active = on_active,
    .ended = on_ended,
    .prepare = on_prepare};

/* --- the pad --- */

static gboolean
via_outlet_pad_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ViaOutlet *self = VIA_OUTLET (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE) {
    via_outlet_src_relinked (self->src);
  } else if (gst_video_event_is_force_key_unit (event)) {
    via_outlet_src_want_keyframe (self->src);
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_event_default (pad, parent, event);
}

/* --- public --- */

void
via_outlet_push (ViaOutlet *self, ViaPacket *const *packets, guint n)
{
  via_outlet_src_push (self->src, packets, n);
}

void
via_outlet_eos (ViaOutlet *self)
{
  via_outlet_src_eos (self->src);
}

void
via_outlet_set_codec (ViaOutlet *self, const ViaCodec *codec)
{
  via_outlet_src_set_codec (self->src, codec);
}

void
via_outlet_drop_unlinked (ViaOutlet *self)
{
  via_outlet_src_drop_unlinked (self->src);
}

void
via_outlet_disconnect (ViaOutlet *self)
{
  via_outlet_src_disconnect (self->src);
}

GstStructure *
via_outlet_stats (ViaOutlet *self)
{
  return via_outlet_src_stats (self->src);
}

/* --- object --- */

static void
via_outlet_class_init (ViaOutletClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_set_static_metadata (element, "Outlet of a track",
      "Source/Network/WebRTC", "Turns RTP packets into what downstream takes",
      "gst-via");
}

static void
via_outlet_init (ViaOutlet *self)
{
  self->pad = gst_ghost_pad_new_no_target_from_template (
      "src", gst_static_pad_template_get (&src_template));
  gst_pad_set_event_function (self->pad, via_outlet_pad_event);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
}

ViaOutlet *
via_outlet_new (ViaKind kind, const ViaCodec *codec,
    const ViaOutletConfig *config, const ViaOutletFuncs *funcs, gpointer user)
{
  static const ViaOutletConfig defaults = {0};
  ViaOutlet *self = g_object_new (VIA_TYPE_OUTLET, NULL);
  g_autoptr (GstPad) target = NULL;
  guint latency_ms;

  if (config == NULL)
    config = &defaults;
  self->funcs = *funcs;
  self->user = user;
  latency_ms =
      config->latency_ms > 0 ? config->latency_ms : VIA_OUTLET_LATENCY_MS;
  self->src = via_outlet_src_new (
      kind, codec, latency_ms * VIA_MS, self->pad, &src_funcs, self);
  via_outlet_src_set_names (self->src, config->stream_id, config->group_id,
      config->name, config->app_data);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (self->src));
  target = gst_element_get_static_pad (GST_ELEMENT (self->src), "src");
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->pad), target);
  return self;
}
