/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outlet.c – one received track at a source pad: RTP packets in from a
 * loop; out as RTP, encoded or raw, whatever downstream takes.
 */
#include "media/outlet.h"

#include <gst/video/video-event.h>

#include "media/outletcaps.h"
#include "media/outletchain.h"
#include "media/outletsrc.h"

struct _ViaOutlet
{
  GstBin parent;
  ViaOutletSrc *src; /* immutable; a child, alive as long as self */
  GstPad *pad;       /* immutable; owned by self */
  ViaOutletFuncs funcs;
  gpointer user;

  GMutex lock;
  GstCaps *possible; /* under lock; of the codec that is pushed now */

  GMutex plug; /* held while the chain changes; guards all below */
  gboolean is_down;
  ViaChain *chain;  /* (nullable) */
  ViaCodecId codec; /* of the chain */
  ViaForm form;     /* of the chain */
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

/* --- the chain --- */

static void
unplug_locked (ViaOutlet *self)
{
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->pad), NULL);
  g_clear_pointer (&self->chain, via_chain_free);
}

static gboolean
plug_locked (ViaOutlet *self, const ViaCodec *codec, ViaForm form)
{
  g_autoptr (GstPad) out = NULL;

  if (self->is_down)
    return FALSE;
  unplug_locked (self);
  self->chain = via_outlet_chain_new (
      GST_BIN (self), GST_ELEMENT (self->src), codec->id, form);
  if (self->chain == NULL)
    return FALSE;
  out = via_chain_exit (self->chain);
  gst_ghost_pad_set_target (GST_GHOST_PAD (self->pad), out);
  self->codec = codec->id;
  self->form = form;
  return TRUE;
}

/* What downstream of the pad takes. FALSE: told on the bus. */
static gboolean
choose (ViaOutlet *self, const ViaCodec *codec, ViaForm *out)
{
  g_autoptr (GstCaps) caps = gst_pad_peer_query_caps (self->pad, NULL);
  g_autofree gchar *text = NULL;

  if (codec->id == VIA_CODEC_UNKNOWN) { /* it ends before it began */
    *out = VIA_FORM_RTP;
    return TRUE;
  }
  if (via_outlet_caps_choose (codec, caps, out))
    return TRUE;
  text = gst_caps_to_string (caps);
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("what is linked takes %s, which cannot be made of %s", text,
          via_codec_name (codec->id)),
      (NULL));
  return FALSE;
}

static ViaOutletOrder
on_prepare (gpointer user, const ViaCodec *codec, gboolean *out_is_new)
{
  ViaOutlet *self = user;
  gboolean is_plugged = TRUE;
  ViaForm form;

  if (!choose (self, codec, &form))
    return VIA_OUTLET_NOWHERE;
  *out_is_new =
      self->chain == NULL || self->codec != codec->id || self->form != form;
  if (*out_is_new) {
    if (self->chain != NULL)
      via_chain_drain (self->chain);
    g_mutex_lock (&self->plug);
    is_plugged = plug_locked (self, codec, form);
    g_mutex_unlock (&self->plug);
  }
  if (!is_plugged)
    return VIA_OUTLET_NOWHERE;
  return form == VIA_FORM_RTP ? VIA_OUTLET_RTP : VIA_OUTLET_FRAMES;
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

/* What a link may ask for, whatever goes out now: so a line's unnamed link to
 * an element that takes but one format finds the pad it can have. */
static void
answer_caps (ViaOutlet *self, GstQuery *query)
{
  g_autoptr (GstCaps) result = NULL;
  GstCaps *filter;

  gst_query_parse_caps (query, &filter);
  g_mutex_lock (&self->lock);
  result = gst_caps_ref (self->possible);
  g_mutex_unlock (&self->lock);
  if (filter != NULL) {
    GstCaps *all = g_steal_pointer (&result);

    result = gst_caps_intersect_full (filter, all, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (all);
  }
  gst_query_set_caps_result (query, result);
}

static void
set_possible (ViaOutlet *self, ViaKind kind, const ViaCodec *codec)
{
  GstCaps *caps = codec->id != VIA_CODEC_UNKNOWN
                      ? via_outlet_caps_possible (codec)
                      : via_outlet_caps_all (kind);

  g_mutex_lock (&self->lock);
  gst_caps_take (&self->possible, caps);
  g_mutex_unlock (&self->lock);
}

/* Before there is a chain the source answers for it. */
static gboolean
via_outlet_pad_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  ViaOutlet *self = VIA_OUTLET (parent);
  g_autoptr (GstPad) target = gst_ghost_pad_get_target (GST_GHOST_PAD (pad));
  g_autoptr (GstPad) src = NULL;

  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS) {
    answer_caps (self, query);
    return TRUE;
  }
  if (target != NULL || GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  src = gst_element_get_static_pad (GST_ELEMENT (self->src), "src");
  return gst_pad_query (src, query);
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
via_outlet_set_publisher (
    ViaOutlet *self, const gchar *name, const gchar *app_data)
{
  via_outlet_src_set_publisher (self->src, name, app_data);
}

void
via_outlet_set_app_data (ViaOutlet *self, const gchar *app_data)
{
  via_outlet_src_set_app_data (self->src, app_data);
}

void
via_outlet_set_latency (ViaOutlet *self, guint latency_ms)
{
  via_outlet_src_set_latency (self->src,
      (latency_ms > 0 ? latency_ms : VIA_OUTLET_LATENCY_MS) * VIA_MS);
}

void
via_outlet_set_codec (ViaOutlet *self, const ViaCodec *codec)
{
  set_possible (self, via_codec_kind (codec->id), codec);
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

static GstStateChangeReturn
via_outlet_change_state (GstElement *element, GstStateChange transition)
{
  ViaOutlet *self = VIA_OUTLET (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      || transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    g_mutex_lock (&self->plug);
    self->is_down = transition == GST_STATE_CHANGE_PAUSED_TO_READY;
    g_mutex_unlock (&self->plug);
  }
  ret = GST_ELEMENT_CLASS (via_outlet_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    g_mutex_lock (&self->plug);
    unplug_locked (self);
    g_mutex_unlock (&self->plug);
  }
  return ret;
}

static void
via_outlet_dispose (GObject *object)
{
  ViaOutlet *self = VIA_OUTLET (object);

  if (self->chain != NULL)
    unplug_locked (self);
  G_OBJECT_CLASS (via_outlet_parent_class)->dispose (object);
}

static void
via_outlet_finalize (GObject *object)
{
  ViaOutlet *self = VIA_OUTLET (object);

  gst_clear_caps (&self->possible);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->plug);
  G_OBJECT_CLASS (via_outlet_parent_class)->finalize (object);
}

static void
via_outlet_class_init (ViaOutletClass *klass)
{
  GstElementClass *element = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = via_outlet_dispose;
  G_OBJECT_CLASS (klass)->finalize = via_outlet_finalize;
  element->change_state = via_outlet_change_state;
  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_set_static_metadata (element, "Outlet of a track",
      "Source/Network/WebRTC", "Turns RTP packets into what downstream takes",
      "gst-via");
}

static void
via_outlet_init (ViaOutlet *self)
{
  g_autoptr (GstPadTemplate) template =
      gst_static_pad_template_get (&src_template);

  g_mutex_init (&self->lock);
  g_mutex_init (&self->plug);
  self->pad = gst_ghost_pad_new_no_target_from_template ("src", template);
  gst_pad_set_event_function (self->pad, via_outlet_pad_event);
  gst_pad_set_query_function (self->pad, via_outlet_pad_query);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
}

ViaOutlet *
via_outlet_new (ViaKind kind, const ViaCodec *codec,
    const ViaOutletConfig *config, const ViaOutletFuncs *funcs, gpointer user)
{
  static const ViaOutletConfig defaults = {0};
  ViaOutlet *self = g_object_new (VIA_TYPE_OUTLET, NULL);
  guint latency_ms;

  if (config == NULL)
    config = &defaults;
  self->funcs = *funcs;
  self->user = user;
  set_possible (self, kind, codec);
  latency_ms =
      config->latency_ms > 0 ? config->latency_ms : VIA_OUTLET_LATENCY_MS;
  self->src = via_outlet_src_new (
      kind, codec, latency_ms * VIA_MS, self->pad, &src_funcs, self);
  via_outlet_src_set_names (self->src, config->stream_id, config->group_id,
      config->name, config->app_data);
  gst_bin_add (GST_BIN (self), GST_ELEMENT (self->src));
  return self;
}
