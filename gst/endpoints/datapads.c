/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/datapads.c – the data pads of one element: its request sink pads,
 * and which source pads there are.
 */
#include "endpoints/datapads-private.h"

#include <stdio.h>
#include <string.h>

#define SINK "data_sink_%u"

struct _ViaDataSink
{
  /* immutable */
  ViaDataPads *pads;
  GstPad *pad; /* (transfer none) the bin has it */
  guint number;
  /* streaming thread */
  GstStructure *caps; /* (nullable) */
  ViaChannelWish wish;
  gboolean is_text;
  /* any thread */
  gint stops;  /* atomic */
  GMutex lock; /* guards all below */
  GCond changed;
  gint channel; /* -1: none */
  gboolean is_eos;
};

static GstStaticPadTemplate templates[] = {
    GST_STATIC_PAD_TEMPLATE (
        SINK, GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY),
    GST_STATIC_PAD_TEMPLATE ("data_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES,
        GST_STATIC_CAPS (
            "text/x-raw, format=(string)utf8; application/x-via-data")),
};

void
via_datapads_add_templates (GstElementClass *klass)
{
  for (guint i = 0; i < G_N_ELEMENTS (templates); i++)
    gst_element_class_add_static_pad_template (klass, &templates[i]);
}

void
via_datapads_add_sink_template (GstElementClass *klass)
{
  gst_element_class_add_static_pad_template (klass, &templates[0]);
}

/* --- what sink pads say --- */

const ViaChannelWish *
via_data_sink_wish (const ViaDataSink *self)
{
  return &self->wish;
}

const gchar *
via_data_sink_to (const ViaDataSink *self)
{
  return self->caps != NULL ? gst_structure_get_string (self->caps, "to")
                            : NULL;
}

gint
via_data_sink_channel (ViaDataSink *self)
{
  gint channel;

  g_mutex_lock (&self->lock);
  channel = self->channel;
  g_mutex_unlock (&self->lock);
  return channel;
}

void
via_data_sink_set_channel (ViaDataSink *self, gint channel)
{
  g_mutex_lock (&self->lock);
  self->channel = channel;
  g_mutex_unlock (&self->lock);
}

void
via_data_sink_wait_closed (ViaDataSink *self, const gint *stop)
{
  g_mutex_lock (&self->lock);
  while (self->channel >= 0 && !g_atomic_int_get (stop))
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
}

void
via_datapads_closed (ViaDataPads *self, guint channel)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sinks->len; i++) {
    ViaDataSink *sink = g_ptr_array_index (self->sinks, i);

    g_mutex_lock (&sink->lock);
    if (sink->channel == (gint) channel)
      sink->channel = VIA_DATA_SINK_CLOSED;
    g_cond_broadcast (&sink->changed);
    g_mutex_unlock (&sink->lock);
  }
  g_mutex_unlock (&self->lock);
}

/* --- the streaming thread --- */

static void
take_number (
    const GstStructure *caps, const gchar *field, gboolean *out, guint32 *limit)
{
  gint value;

  if (!gst_structure_get_int (caps, field, &value) || value < 0)
    return;
  *out = TRUE;
  *limit = (guint32) value;
}

static void
take_caps (ViaDataSink *self, const GstStructure *caps)
{
  gboolean is_ordered = TRUE, has_tries = FALSE, has_time = FALSE;

  g_clear_pointer (&self->caps, gst_structure_free);
  self->caps = gst_structure_copy (caps);
  self->is_text = gst_structure_has_name (caps, "text/x-raw");
  self->wish =
      (ViaChannelWish){.label = gst_structure_get_string (self->caps, "label"),
          .protocol = gst_structure_get_string (self->caps, "protocol")};
  gst_structure_get_boolean (caps, "ordered", &is_ordered);
  take_number (caps, "max-retransmits", &has_tries, &self->wish.limit);
  if (!has_tries)
    take_number (caps, "max-packet-lifetime", &has_time, &self->wish.limit);
  self->wish.is_unordered = !is_ordered;
  self->wish.reliability = has_tries  ? VIA_DCEP_RETRANSMITS
                           : has_time ? VIA_DCEP_LIFETIME
                                      : VIA_DCEP_RELIABLE;
  if (self->wish.label == NULL)
    self->wish.label = GST_OBJECT_NAME (self->pad);
}

static GstFlowReturn
on_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  ViaDataSink *self = gst_pad_get_element_private (pad);
  const ViaDataPads *pads = self->pads;
  g_autoptr (GBytes) bytes = NULL;
  GstMapInfo map;

  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    bytes = g_bytes_new (map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  gst_buffer_unref (buffer);
  if (bytes == NULL)
    return GST_FLOW_ERROR;
  return pads->funcs.send (
      pads->user, self, self->is_text, bytes, &self->stops);
}

static void
check_ended (ViaDataPads *self)
{
  if (via_datapads_n_sinks (self) > 0 && via_datapads_is_over (self)
      && self->funcs.ended != NULL)
    self->funcs.ended (self->user);
}

static void
set_eos (ViaDataSink *self, gboolean is_eos)
{
  g_mutex_lock (&self->lock);
  self->is_eos = is_eos;
  g_mutex_unlock (&self->lock);
}

static void
stop_sink (ViaDataSink *self, gboolean stops)
{
  g_atomic_int_set (&self->stops, stops);
  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  if (stops && self->pads->funcs.wake != NULL)
    self->pads->funcs.wake (self->pads->user);
}

static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  ViaDataSink *self = gst_pad_get_element_private (pad);
  const ViaDataPads *pads = self->pads;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      take_caps (self, gst_caps_get_structure (caps, 0));
      break;
    case GST_EVENT_FLUSH_START:
      stop_sink (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      set_eos (self, FALSE);
      stop_sink (self, FALSE);
      break;
    case GST_EVENT_EOS:
      if (pads->funcs.end != NULL)
        pads->funcs.end (pads->user, self, &self->stops);
      if (g_atomic_int_get (&self->stops))
        break;
      set_eos (self, TRUE);
      check_ended (self->pads);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

static gboolean
on_activate (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean is_active)
{
  ViaDataSink *self = gst_pad_get_element_private (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  stop_sink (self, !is_active);
  return TRUE;
}

/* --- asked for, released --- */

/* Call with self->lock held. */
static gboolean
has_number_locked (const ViaDataPads *self, guint number)
{
  for (guint i = 0; i < self->sinks->len; i++)
    if (((ViaDataSink *) g_ptr_array_index (self->sinks, i))->number == number)
      return TRUE;
  return FALSE;
}

static ViaDataSink *
sink_new (ViaDataPads *self, GstPadTemplate *templ, guint number)
{
  ViaDataSink *sink = g_new0 (ViaDataSink, 1);
  g_autofree gchar *name = g_strdup_printf (SINK, number);

  sink->pads = self;
  sink->number = number;
  sink->channel = -1;
  g_mutex_init (&sink->lock);
  g_cond_init (&sink->changed);
  sink->pad = gst_pad_new_from_template (templ, name);
  sink->wish.label = GST_OBJECT_NAME (sink->pad);
  gst_pad_set_element_private (sink->pad, sink);
  gst_pad_set_chain_function (sink->pad, on_chain);
  gst_pad_set_event_function (sink->pad, on_event);
  gst_pad_set_activatemode_function (sink->pad, on_activate);
  return sink;
}

static void
sink_free (ViaDataSink *sink)
{
  g_clear_pointer (&sink->caps, gst_structure_free);
  g_cond_clear (&sink->changed);
  g_mutex_clear (&sink->lock);
  g_free (sink);
}

GstPad *
via_datapads_request (
    ViaDataPads *self, GstPadTemplate *templ, const gchar *name)
{
  ViaDataSink *sink = NULL;
  guint number = 0;

  if (strcmp (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), SINK) != 0)
    return NULL;
  g_mutex_lock (&self->lock);
  if (name == NULL || sscanf (name, SINK, &number) != 1)
    while (has_number_locked (self, number))
      number++;
  if (!has_number_locked (self, number)) {
    sink = sink_new (self, templ, number);
    g_ptr_array_add (self->sinks, sink);
  }
  g_mutex_unlock (&self->lock);
  if (sink == NULL)
    return NULL;
  gst_pad_set_active (sink->pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self->bin), sink->pad);
  if (self->funcs.changed != NULL)
    self->funcs.changed (self->user);
  return sink->pad;
}

gboolean
via_datapads_release (ViaDataPads *self, GstPad *pad)
{
  ViaDataSink *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sinks->len && found == NULL; i++)
    if (((ViaDataSink *) g_ptr_array_index (self->sinks, i))->pad == pad)
      found = g_ptr_array_steal_index (self->sinks, i);
  g_mutex_unlock (&self->lock);
  if (found == NULL)
    return FALSE;
  gst_object_ref (pad);
  gst_pad_set_active (pad, FALSE); /* its streaming thread is out */
  gst_element_remove_pad (GST_ELEMENT (self->bin), pad);
  sink_free (found);
  gst_object_unref (pad);
  if (self->funcs.changed != NULL)
    self->funcs.changed (self->user);
  check_ended (self);
  return TRUE;
}

guint
via_datapads_n_sinks (ViaDataPads *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->sinks->len;
  g_mutex_unlock (&self->lock);
  return n;
}

gboolean
via_datapads_is_over (ViaDataPads *self)
{
  gboolean is_over = TRUE;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sinks->len; i++) {
    ViaDataSink *sink = g_ptr_array_index (self->sinks, i);

    g_mutex_lock (&sink->lock);
    is_over = is_over && sink->is_eos;
    g_mutex_unlock (&sink->lock);
  }
  g_mutex_unlock (&self->lock);
  return is_over;
}

void
via_datapads_reset (ViaDataPads *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sinks->len; i++) {
    set_eos (g_ptr_array_index (self->sinks, i), FALSE);
    via_data_sink_set_channel (g_ptr_array_index (self->sinks, i), -1);
  }
  g_mutex_unlock (&self->lock);
}

void
via_datapads_renew (ViaDataPads *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->sinks->len; i++) {
    ViaDataSink *sink = g_ptr_array_index (self->sinks, i);

    g_mutex_lock (&sink->lock);
    sink->channel = -1;
    g_cond_broadcast (&sink->changed);
    g_mutex_unlock (&sink->lock);
  }
  g_mutex_unlock (&self->lock);
}

/* --- source pads --- */

/* (transfer full) (nullable) */
static ViaDataSource *
source_of (ViaDataPads *self, guint number)
{
  ViaDataSource *source;

  g_mutex_lock (&self->lock);
  source = g_hash_table_lookup (self->sources, GUINT_TO_POINTER (number));
  if (source != NULL)
    via_data_source_ref (source);
  g_mutex_unlock (&self->lock);
  return source;
}

void
via_datapads_open (
    ViaDataPads *self, guint number, const gchar *label, const gchar *protocol)
{
  ViaDataSource *source = source_of (self, number), *before;
  gboolean is_kept =
      source != NULL && via_data_source_goes_on (source, label, protocol);

  if (source != NULL)
    via_data_source_unref (source);
  if (is_kept)
    return;
  source = via_data_source_new (self, number, label, protocol);
  g_mutex_lock (&self->lock);
  before = g_hash_table_lookup (self->sources, GUINT_TO_POINTER (number));
  if (before != NULL) {
    g_hash_table_steal (self->sources, GUINT_TO_POINTER (number));
    g_ptr_array_add (self->leaving, via_data_source_ref (before));
  }
  g_hash_table_insert (self->sources, GUINT_TO_POINTER (number), source);
  via_data_source_ref (source);
  g_mutex_unlock (&self->lock);
  if (before != NULL)
    via_data_source_end (before, TRUE);
  via_data_source_announce (source, before);
  via_data_source_unref (source);
  if (before != NULL)
    via_data_source_unref (before);
}

void
via_datapads_push (
    ViaDataPads *self, guint number, gboolean is_text, GBytes *message)
{
  ViaDataSource *source = source_of (self, number);

  if (source == NULL)
    return;
  via_data_source_push (source, is_text, message);
  via_data_source_unref (source);
}

void
via_datapads_end (ViaDataPads *self, guint number)
{
  ViaDataSource *source = source_of (self, number);

  if (source == NULL)
    return;
  via_data_source_end (source, TRUE);
  via_data_source_unref (source);
}

guint
via_datapads_n_sources (ViaDataPads *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = g_hash_table_size (self->sources) + self->leaving->len;
  g_mutex_unlock (&self->lock);
  return n;
}

void
via_datapads_forget (ViaDataPads *self, ViaDataSource *source, guint number)
{
  gboolean is_it;

  g_mutex_lock (&self->lock);
  is_it =
      g_hash_table_lookup (self->sources, GUINT_TO_POINTER (number)) == source;
  if (is_it)
    g_hash_table_steal (self->sources, GUINT_TO_POINTER (number));
  else
    g_ptr_array_remove (self->leaving, source);
  g_mutex_unlock (&self->lock);
  if (is_it)
    via_data_source_unref (source);
}

/* (transfer full): of references. */
static GPtrArray *
all_sources (ViaDataPads *self)
{
  GPtrArray *all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_data_source_unref);
  GHashTableIter iter;
  gpointer source;

  g_mutex_lock (&self->lock);
  g_hash_table_iter_init (&iter, self->sources);
  while (g_hash_table_iter_next (&iter, NULL, &source))
    g_ptr_array_add (all, via_data_source_ref (source));
  for (guint i = 0; i < self->leaving->len; i++)
    g_ptr_array_add (
        all, via_data_source_ref (g_ptr_array_index (self->leaving, i)));
  g_mutex_unlock (&self->lock);
  return all;
}

void
via_datapads_eos (ViaDataPads *self)
{
  g_autoptr (GPtrArray) all = all_sources (self);

  for (guint i = 0; i < all->len; i++)
    via_data_source_end (g_ptr_array_index (all, i), FALSE);
}

void
via_datapads_stop (ViaDataPads *self)
{
  g_autoptr (GPtrArray) all = all_sources (self);

  for (guint i = 0; i < all->len; i++)
    via_data_source_remove (g_ptr_array_index (all, i));
}

/* --- life --- */

ViaDataPads *
via_datapads_new (GstBin *bin, const ViaDataPadsFuncs *funcs, gpointer user)
{
  ViaDataPads *self = g_new0 (ViaDataPads, 1);

  self->bin = bin;
  self->funcs = *funcs;
  self->user = user;
  g_mutex_init (&self->lock);
  self->sinks = g_ptr_array_new ();
  self->leaving =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_data_source_unref);
  self->sources = g_hash_table_new_full (
      NULL, NULL, NULL, (GDestroyNotify) via_data_source_unref);
  return self;
}

void
via_datapads_clear (ViaDataPads *self)
{
  via_datapads_stop (self);
  while (self->sinks->len > 0)
    via_datapads_release (
        self, ((ViaDataSink *) g_ptr_array_index (self->sinks, 0))->pad);
}

void
via_datapads_free (ViaDataPads *self)
{
  g_hash_table_unref (self->sources);
  g_ptr_array_unref (self->sinks);
  g_ptr_array_unref (self->leaving);
  g_mutex_clear (&self->lock);
  g_free (self);
}
