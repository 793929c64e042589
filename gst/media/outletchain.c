/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletchain.c – the stock elements between an outlet's source and its
 * pad. Builds what it is told; decides nothing.
 */
#include "media/outletchain.h"

#include "media/encoders.h"
#include "media/missing.h"

struct _ViaOutletChain
{
  GstBin *bin;         /* (transfer none): it outlives its children */
  GstElement *src;     /* (transfer none) */
  GPtrArray *elements; /* in the order media passes; children of bin */
  gboolean failed;
};

static void
add (ViaOutletChain *self, GstElement *element)
{
  GstElement *last = self->src;

  if (element == NULL) {
    self->failed = TRUE;
    return;
  }
  if (self->elements->len > 0)
    last = g_ptr_array_index (self->elements, self->elements->len - 1);
  gst_bin_add (self->bin, element);
  g_ptr_array_add (self->elements, element);
  if (gst_element_link (last, element))
    return;
  GST_ELEMENT_ERROR (self->bin, CORE, NEGOTIATION,
      ("%s does not link to %s", GST_ELEMENT_NAME (last),
          GST_ELEMENT_NAME (element)),
      (NULL));
  self->failed = TRUE;
}

static void
add_stock (ViaOutletChain *self, const gchar *factory, const gchar *verb,
    ViaCodecId id)
{
  g_autofree gchar *purpose = NULL;

  if (self->failed)
    return;
  purpose = g_strdup_printf ("%s %s", verb, via_codec_name (id));
  add (self, via_media_make (GST_ELEMENT (self->bin), factory, NULL, purpose));
}

static void
add_decoder (ViaOutletChain *self, const ViaCapsInfo *info)
{
  const gchar *factory = info->decoders[0];

  if (info->decoders[1] != NULL && !via_media_have (factory)
      && via_media_have (info->decoders[1]))
    factory = info->decoders[1];
  add_stock (self, factory, "decode", info->codec);
  if (info->kind == VIA_KIND_VIDEO) {
    add_stock (self, "videoconvert", "convert", info->codec);
  } else {
    add_stock (self, "audioconvert", "convert", info->codec);
    add_stock (self, "audioresample", "resample", info->codec);
  }
}

static void
build (ViaOutletChain *self, ViaCodecId codec, ViaForm form)
{
  ViaCapsInfo info;

  if (form == VIA_FORM_RTP)
    return;
  if (!via_caps_find (codec, &info)) {
    self->failed = TRUE;
    return;
  }
  add (self, via_encoders_make_depayloader (GST_ELEMENT (self->bin), codec));
  if (info.parser != NULL)
    add_stock (self, info.parser, "parse", codec);
  if (form == VIA_FORM_RAW)
    add_decoder (self, &info);
}

ViaOutletChain *
via_outlet_chain_new (
    GstBin *bin, GstElement *src, ViaCodecId codec, ViaForm form)
{
  ViaOutletChain *self = g_new0 (ViaOutletChain, 1);

  self->bin = bin;
  self->src = src;
  self->elements = g_ptr_array_new ();
  build (self, codec, form);
  for (guint i = self->elements->len; i > 0 && !self->failed; i--)
    self->failed = !gst_element_sync_state_with_parent (
        g_ptr_array_index (self->elements, i - 1));
  if (!self->failed)
    return self;
  via_outlet_chain_free (self);
  return NULL;
}

GstPad *
via_outlet_chain_exit (ViaOutletChain *self)
{
  GstElement *last = self->elements->len > 0 ? g_ptr_array_index (
                         self->elements, self->elements->len - 1)
                                             : self->src;

  return gst_element_get_static_pad (last, "src");
}

static GstPadProbeReturn
drop_eos (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    return GST_PAD_PROBE_DROP;
  return GST_PAD_PROBE_OK;
}

void
via_outlet_chain_drain (ViaOutletChain *self)
{
  g_autoptr (GstPad) entry = NULL;
  g_autoptr (GstPad) out = NULL;

  if (self->elements->len == 0)
    return;
  entry = gst_element_get_static_pad (
      g_ptr_array_index (self->elements, 0), "sink");
  out = via_outlet_chain_exit (self);
  gst_pad_add_probe (
      out, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_eos, NULL, NULL);
  gst_pad_send_event (entry, gst_event_new_eos ());
}

void
via_outlet_chain_free (ViaOutletChain *self)
{
  for (guint i = 0; i < self->elements->len; i++) {
    GstElement *element = g_ptr_array_index (self->elements, i);

    gst_element_set_locked_state (element, TRUE);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_bin_remove (self->bin, element);
  }
  g_ptr_array_unref (self->elements);
  g_free (self);
}
