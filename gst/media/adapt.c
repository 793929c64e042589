/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/adapt.c – the chain of stock elements between an intake's pad and its
 * RTP sink. Builds what it is told; decides nothing.
 */
#include "media/adapt.h"

#include "media/encoders.h"
#include "media/missing.h"

struct _ViaAdapt
{
  GstBin *bin;         /* (transfer none): it outlives its children */
  GstElement *sink;    /* (transfer none) */
  GPtrArray *elements; /* in the order media passes; children of bin */
  gboolean failed;     /* an element is missing or does not link */
};

static void
add (ViaAdapt *self, GstElement *element)
{
  GstElement *last = NULL;

  if (element == NULL) {
    self->failed = TRUE;
    return;
  }
  if (self->elements->len > 0)
    last = g_ptr_array_index (self->elements, self->elements->len - 1);
  gst_bin_add (self->bin, element);
  g_ptr_array_add (self->elements, element);
  if (last != NULL && !gst_element_link (last, element)) {
    GST_ELEMENT_ERROR (self->bin, CORE, NEGOTIATION,
        ("%s does not link to %s", GST_ELEMENT_NAME (last),
            GST_ELEMENT_NAME (element)),
        (NULL));
    self->failed = TRUE;
  }
}

static void
add_stock (ViaAdapt *self, const gchar *factory, const gchar *purpose)
{
  if (!self->failed)
    add (
        self, via_media_make (GST_ELEMENT (self->bin), factory, NULL, purpose));
}

/* @caps: (transfer full) (nullable) */
static void
add_filter (ViaAdapt *self, GstCaps *caps)
{
  if (!self->failed && caps != NULL) {
    add_stock (self, "capsfilter", "choose a format");
    if (!self->failed)
      g_object_set (g_ptr_array_index (self->elements, self->elements->len - 1),
          "caps", caps, NULL);
  }
  gst_clear_caps (&caps);
}

static void
add_parser (ViaAdapt *self, const ViaCapsInfo *in)
{
  g_autofree gchar *purpose = g_strdup_printf ("parse %s", in->name);

  if (in->parser != NULL)
    add_stock (self, in->parser, purpose);
}

static void
add_decoder (ViaAdapt *self, const ViaCapsInfo *in)
{
  g_autofree gchar *purpose = g_strdup_printf ("decode %s", in->name);
  const gchar *factory = in->decoders[0];

  if (in->decoders[1] != NULL && !via_media_have (factory)
      && via_media_have (in->decoders[1]))
    factory = in->decoders[1];
  add_stock (self, factory, purpose);
}

static void
add_encoder (ViaAdapt *self, const ViaAdaptSpec *spec)
{
  if (spec->in.kind == VIA_KIND_VIDEO) {
    add_stock (self, "videoconvert", "convert video");
    add_stock (self, "videoscale", "make pixels square");
  } else {
    add_stock (self, "audioconvert", "convert audio");
    add_stock (self, "audioresample", "resample audio");
  }
  add_filter (self, via_encoder_input (spec->out));
  if (!self->failed)
    add (self, via_encoder_make (
                   GST_ELEMENT (self->bin), spec->out, spec->bitrate_bps));
  add_filter (self, via_encoder_output (spec->out));
}

static void
build (ViaAdapt *self, const ViaAdaptSpec *spec)
{
  if (spec->in.form == VIA_FORM_RTP) {
    if (spec->copy)
      return;
    add (self, via_encoders_make_depayloader (
                   GST_ELEMENT (self->bin), spec->in.codec));
  }
  if (spec->in.form != VIA_FORM_RAW) {
    add_parser (self, &spec->in);
    if (!spec->copy)
      add_decoder (self, &spec->in);
  }
  if (!spec->copy)
    add_encoder (self, spec);
  if (!self->failed)
    add (self, via_encoders_make_payloader (GST_ELEMENT (self->bin), spec->out,
                   spec->ssrc, spec->timestamp));
  if (!self->failed
      && !gst_element_link (
          g_ptr_array_index (self->elements, self->elements->len - 1),
          self->sink))
    self->failed = TRUE;
}

ViaAdapt *
via_adapt_new (GstBin *bin, const ViaAdaptSpec *spec, GstElement *sink)
{
  ViaAdapt *self = g_new0 (ViaAdapt, 1);

  self->bin = bin;
  self->sink = sink;
  self->elements = g_ptr_array_new ();
  build (self, spec);
  for (guint i = self->elements->len; i > 0 && !self->failed; i--)
    self->failed = !gst_element_sync_state_with_parent (
        g_ptr_array_index (self->elements, i - 1));
  if (self->failed) {
    via_adapt_free (self);
    return NULL;
  }
  return self;
}

GstPad *
via_adapt_entry (ViaAdapt *self)
{
  GstElement *first = self->elements->len > 0
                          ? g_ptr_array_index (self->elements, 0)
                          : self->sink;

  return gst_element_get_static_pad (first, "sink");
}

static GstPadProbeReturn
drop_eos (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    return GST_PAD_PROBE_DROP;
  return GST_PAD_PROBE_OK;
}

void
via_adapt_drain (ViaAdapt *self)
{
  g_autoptr (GstPad) entry = NULL;
  g_autoptr (GstPad) out = NULL;

  if (self->elements->len == 0)
    return;
  entry = via_adapt_entry (self);
  out = gst_element_get_static_pad (
      g_ptr_array_index (self->elements, self->elements->len - 1), "src");
  gst_pad_add_probe (
      out, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_eos, NULL, NULL);
  gst_pad_send_event (entry, gst_event_new_eos ());
}

void
via_adapt_free (ViaAdapt *self)
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
