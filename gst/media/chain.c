/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/chain.c – stock elements in a row inside a bin.
 */
#include "media/chain.h"

#include "media/missing.h"

struct _ViaChain
{
  GstBin *bin;                /* (transfer none): it outlives its children */
  GstElement *before, *after; /* (transfer none) (nullable) */
  GPtrArray *elements;        /* in the order media passes; children of bin */
  gboolean failed;            /* an element is missing or does not link */
};

ViaChain *
via_chain_new (GstBin *bin, GstElement *before)
{
  ViaChain *self = g_new0 (ViaChain, 1);

  self->bin = bin;
  self->before = before;
  self->elements = g_ptr_array_new ();
  return self;
}

/* (nullable) */
static GstElement *
last_of (const ViaChain *self)
{
  return self->elements->len > 0
             ? g_ptr_array_index (self->elements, self->elements->len - 1)
             : self->before;
}

static void
link_to (ViaChain *self, GstElement *last, GstElement *next)
{
  if (last == NULL || gst_element_link (last, next))
    return;
  GST_ELEMENT_ERROR (self->bin, CORE, NEGOTIATION,
      ("%s does not link to %s", GST_ELEMENT_NAME (last),
          GST_ELEMENT_NAME (next)),
      (NULL));
  self->failed = TRUE;
}

void
via_chain_add (ViaChain *self, GstElement *element)
{
  GstElement *last = last_of (self);

  if (element == NULL) {
    self->failed = TRUE;
    return;
  }
  gst_bin_add (self->bin, element);
  g_ptr_array_add (self->elements, element);
  if (!self->failed)
    link_to (self, last, element);
}

void
via_chain_add_stock (ViaChain *self, const gchar *factory, const gchar *purpose)
{
  if (!self->failed)
    via_chain_add (
        self, via_media_make (GST_ELEMENT (self->bin), factory, NULL, purpose));
}

gboolean
via_chain_has_failed (const ViaChain *self)
{
  return self->failed;
}

void
via_chain_add_filter (ViaChain *self, GstCaps *caps)
{
  if (caps != NULL) {
    via_chain_add_stock (self, "capsfilter", "choose a format");
    if (!self->failed)
      g_object_set (last_of (self), "caps", caps, NULL);
  }
  gst_clear_caps (&caps);
}

void
via_chain_add_parser (ViaChain *self, const ViaCapsInfo *info)
{
  g_autofree gchar *purpose = g_strdup_printf ("parse %s", info->name);

  if (info->parser != NULL)
    via_chain_add_stock (self, info->parser, purpose);
}

void
via_chain_add_decoder (ViaChain *self, const ViaCapsInfo *info)
{
  g_autofree gchar *purpose = g_strdup_printf ("decode %s", info->name);
  const gchar *factory = info->decoders[0];

  if (info->decoders[1] != NULL && !via_media_have (factory)
      && via_media_have (info->decoders[1]))
    factory = info->decoders[1];
  via_chain_add_stock (self, factory, purpose);
}

ViaChain *
via_chain_finish (ViaChain *self, GstElement *after)
{
  self->after = after;
  if (!self->failed && after != NULL && self->elements->len > 0)
    link_to (self, last_of (self), after);
  for (guint i = self->elements->len; i > 0 && !self->failed; i--)
    self->failed = !gst_element_sync_state_with_parent (
        g_ptr_array_index (self->elements, i - 1));
  if (!self->failed)
    return self;
  via_chain_free (self);
  return NULL;
}

GstPad *
via_chain_entry (ViaChain *self)
{
  GstElement *first = self->elements->len > 0
                          ? g_ptr_array_index (self->elements, 0)
                          : self->after;

  return gst_element_get_static_pad (first, "sink");
}

GstPad *
via_chain_exit (ViaChain *self)
{
  return gst_element_get_static_pad (last_of (self), "src");
}

static GstPadProbeReturn
drop_eos (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    return GST_PAD_PROBE_DROP;
  return GST_PAD_PROBE_OK;
}

void
via_chain_drain (ViaChain *self)
{
  g_autoptr (GstPad) entry = NULL;
  g_autoptr (GstPad) out = NULL;

  if (self->elements->len == 0)
    return;
  entry = via_chain_entry (self);
  out = via_chain_exit (self);
  gst_pad_add_probe (
      out, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_eos, NULL, NULL);
  gst_pad_send_event (entry, gst_event_new_eos ());
}

void
via_chain_free (ViaChain *self)
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
