/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/datapads_source.c – one data source pad: messages wait in its own
 * queue and leave on its own task, which runs while somebody is linked.
 */
#include "endpoints/datapads-private.h"

#include "io/app.h"

typedef struct
{
  gboolean is_text;
  GBytes *bytes;
} Item;

struct _ViaDataSource
{
  gatomicrefcount refs; /* the table, its pad, what is posted */
  /* immutable */
  ViaDataPads *pads; /* while is_gone is FALSE */
  GstBin *bin;       /* owned */
  guint number;
  gchar *label, *protocol;
  GstPad *pad; /* owned */
  GMutex lock; /* guards all to the next blank; a leaf */
  GCond changed;
  GQueue waiting; /* Item* */
  gsize n_bytes;
  gboolean is_announced; /* who wanted to link has */
  gboolean is_eos, goes, is_gone;
  gboolean is_removed;  /* its name is free */
  ViaDataSource *after; /* (nullable) owned: waits for the name */
  gboolean is_flushing;
  /* the task */
  gboolean has_begun, was_text, has_ended;
};

static void
item_free (gpointer data)
{
  Item *item = data;

  g_bytes_unref (item->bytes);
  g_free (item);
}

ViaDataSource *
via_data_source_ref (ViaDataSource *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_data_source_unref (ViaDataSource *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->waiting, item_free);
  gst_object_unref (self->pad);
  gst_object_unref (self->bin);
  g_free (self->label);
  g_free (self->protocol);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
unref_any (gpointer data)
{
  via_data_source_unref (data);
}

/* --- the task --- */

static GstClockTime
running_time (ViaDataSource *self)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self->bin));
  GstClockTime base = gst_element_get_base_time (GST_ELEMENT (self->bin));
  GstClockTime now =
      clock != NULL ? gst_clock_get_time (clock) : GST_CLOCK_TIME_NONE;

  return GST_CLOCK_TIME_IS_VALID (now) && now >= base ? now - base : 0;
}

static void
push_events (ViaDataSource *self, gboolean is_text)
{
  g_autoptr (GstCaps) caps = NULL;
  GstSegment segment;

  if (self->has_begun && is_text == self->was_text)
    return;
  if (!self->has_begun) {
    g_autofree gchar *id = gst_pad_create_stream_id_printf (
        self->pad, GST_ELEMENT (self->bin), "data/%u", self->number);

    gst_pad_push_event (self->pad, gst_event_new_stream_start (id));
  }
  caps = is_text ? gst_caps_new_simple (
             "text/x-raw", "format", G_TYPE_STRING, "utf8", NULL)
                 : gst_caps_new_empty_simple ("application/x-via-data");
  gst_caps_set_simple (caps, "label", G_TYPE_STRING, self->label, "protocol",
      G_TYPE_STRING, self->protocol, NULL);
  gst_pad_push_event (self->pad, gst_event_new_caps (caps));
  if (!self->has_begun) {
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (self->pad, gst_event_new_segment (&segment));
  }
  self->has_begun = TRUE;
  self->was_text = is_text;
}

/* via-app. */
static void
run_remove (gpointer data)
{
  via_data_source_remove (data);
}

/* FALSE with no item: flushing. NULL: the end. */
static gboolean
next (ViaDataSource *self, Item **out)
{
  gboolean is_flushing;

  g_mutex_lock (&self->lock);
  while (!self->is_flushing && !self->is_eos && self->waiting.length == 0)
    g_cond_wait (&self->changed, &self->lock);
  is_flushing = self->is_flushing;
  *out = is_flushing ? NULL : g_queue_pop_head (&self->waiting);
  if (*out != NULL)
    self->n_bytes -= g_bytes_get_size ((*out)->bytes);
  g_mutex_unlock (&self->lock);
  return !is_flushing;
}

static void
push_end (ViaDataSource *self)
{
  gboolean goes;

  if (!self->has_ended) {
    push_events (self, self->was_text);
    gst_pad_push_event (self->pad, gst_event_new_eos ());
  }
  self->has_ended = TRUE;
  gst_pad_pause_task (self->pad);
  g_mutex_lock (&self->lock);
  goes = self->goes;
  g_mutex_unlock (&self->lock);
  if (goes)
    via_app_post (run_remove, via_data_source_ref (self), unref_any);
}

static void
push_item (ViaDataSource *self, Item *item)
{
  GstBuffer *buffer = g_bytes_get_size (item->bytes) > 0
                          ? gst_buffer_new_wrapped_bytes (item->bytes)
                          : gst_buffer_new ();
  GstFlowReturn flow;

  push_events (self, item->is_text);
  GST_BUFFER_PTS (buffer) = running_time (self);
  item_free (item);
  flow = gst_pad_push (self->pad, buffer);
  if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS)
    gst_pad_pause_task (self->pad);
  else if (flow < GST_FLOW_EOS) {
    gst_pad_pause_task (self->pad);
    GST_ELEMENT_FLOW_ERROR (self->bin, flow);
  }
}

static void
on_task (gpointer data)
{
  ViaDataSource *self = data;
  Item *item;

  if (!next (self, &item))
    gst_pad_pause_task (self->pad);
  else if (item == NULL)
    push_end (self);
  else
    push_item (self, item);
}

static void
start_task (ViaDataSource *self)
{
  gboolean is_flushing;

  g_mutex_lock (&self->lock);
  is_flushing = self->is_flushing || self->is_gone;
  g_mutex_unlock (&self->lock);
  if (!is_flushing)
    gst_pad_start_task (self->pad, on_task, self, NULL);
}

/* --- the pad --- */

static void
set_flushing (ViaDataSource *self, gboolean is_flushing)
{
  g_mutex_lock (&self->lock);
  self->is_flushing = is_flushing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static gboolean
on_activate (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean is_active)
{
  ViaDataSource *self = gst_pad_get_element_private (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  set_flushing (self, !is_active);
  if (!is_active)
    return gst_pad_stop_task (pad);
  self->has_begun = self->has_ended = FALSE;
  if (gst_pad_is_linked (pad))
    start_task (self);
  return TRUE;
}

static void
on_linked (GstPad *pad, GstPad *other, gpointer data)
{
  start_task (data);
}

static gboolean
on_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

ViaDataSource *
via_data_source_new (
    ViaDataPads *pads, guint number, const gchar *label, const gchar *protocol)
{
  ViaDataSource *self = g_new0 (ViaDataSource, 1);
  g_autofree gchar *name = g_strdup_printf ("data_src_%u", number);
  GstPadTemplate *templ = gst_element_class_get_pad_template (
      GST_ELEMENT_GET_CLASS (pads->bin), "data_src_%u");

  g_atomic_ref_count_init (&self->refs);
  self->pads = pads;
  self->bin = gst_object_ref (pads->bin);
  self->number = number;
  self->label = g_strdup (label);
  self->protocol = g_strdup (protocol);
  self->is_flushing = TRUE;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->pad = gst_object_ref_sink (gst_pad_new_from_template (templ, name));
  gst_pad_set_element_private (self->pad, self);
  gst_pad_set_activatemode_function (self->pad, on_activate);
  gst_pad_set_query_function (self->pad, on_query);
  gst_pad_use_fixed_caps (self->pad);
  /* The pad's task must not outlive us. */
  g_signal_connect_data (self->pad, "linked", G_CALLBACK (on_linked),
      via_data_source_ref (self), (GClosureNotify) (void (*) (void)) unref_any,
      0);
  return self;
}

gboolean
via_data_source_goes_on (
    ViaDataSource *self, const gchar *label, const gchar *protocol)
{
  gboolean is_open;

  g_mutex_lock (&self->lock);
  is_open = !self->is_eos && !self->is_gone;
  g_mutex_unlock (&self->lock);
  return is_open && g_strcmp0 (self->label, label) == 0
         && g_strcmp0 (self->protocol, protocol) == 0;
}

/* via-app. */
static void
run_add (gpointer data)
{
  ViaDataSource *self = data;
  gboolean is_gone;

  g_mutex_lock (&self->lock);
  is_gone = self->is_gone;
  g_mutex_unlock (&self->lock);
  if (is_gone)
    return;
  gst_pad_set_active (self->pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self->bin), self->pad);
  g_mutex_lock (&self->lock);
  self->is_announced = TRUE;
  if (!gst_pad_is_linked (self->pad)) {
    g_queue_clear_full (&self->waiting, item_free);
    g_queue_init (&self->waiting);
    self->n_bytes = 0;
  }
  is_gone = self->is_eos && self->goes && !gst_pad_is_linked (self->pad);
  g_mutex_unlock (&self->lock);
  if (is_gone)
    via_data_source_remove (self);
}

void
via_data_source_announce (ViaDataSource *self, ViaDataSource *before)
{
  gboolean waits = FALSE;

  if (before != NULL) {
    g_mutex_lock (&before->lock);
    waits = !before->is_removed;
    if (waits)
      before->after = via_data_source_ref (self);
    g_mutex_unlock (&before->lock);
  }
  if (!waits)
    via_app_post (run_add, via_data_source_ref (self), unref_any);
}

void
via_data_source_push (ViaDataSource *self, gboolean is_text, GBytes *message)
{
  gboolean is_linked = gst_pad_is_linked (self->pad);
  gsize len = g_bytes_get_size (message);
  Item *item;

  g_mutex_lock (&self->lock);
  if (!self->is_gone && (is_linked || !self->is_announced)
      && self->n_bytes + len <= VIA_DATAPADS_QUEUE) {
    item = g_new0 (Item, 1);
    item->is_text = is_text;
    item->bytes = g_bytes_ref (message);
    g_queue_push_tail (&self->waiting, item);
    self->n_bytes += len;
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
}

void
via_data_source_end (ViaDataSource *self, gboolean goes)
{
  gboolean is_idle;

  g_mutex_lock (&self->lock);
  self->is_eos = TRUE;
  self->goes |= goes;
  g_cond_broadcast (&self->changed);
  is_idle = self->is_announced && goes && !gst_pad_is_linked (self->pad);
  g_mutex_unlock (&self->lock);
  if (is_idle)
    via_app_post (run_remove, via_data_source_ref (self), unref_any);
  else if (goes)
    start_task (self); /* it may have paused at an end of its own */
}

void
via_data_source_remove (ViaDataSource *self)
{
  ViaDataPads *pads = self->pads;
  ViaDataSource *after;
  gboolean was_gone;

  g_mutex_lock (&self->lock);
  was_gone = self->is_gone;
  self->is_gone = TRUE;
  g_mutex_unlock (&self->lock);
  if (was_gone)
    return;
  gst_pad_set_active (self->pad, FALSE);
  if (GST_OBJECT_PARENT (self->pad) == GST_OBJECT (self->bin))
    gst_element_remove_pad (GST_ELEMENT (self->bin), self->pad);
  g_signal_handlers_disconnect_by_func (self->pad, on_linked, self);
  g_mutex_lock (&self->lock);
  self->is_removed = TRUE;
  after = g_steal_pointer (&self->after);
  g_mutex_unlock (&self->lock);
  if (after != NULL) {
    via_data_source_announce (after, NULL);
    via_data_source_unref (after);
  }
  via_datapads_forget (pads, self, self->number);
  if (pads->funcs.source_removed != NULL)
    pads->funcs.source_removed (pads->user);
}
