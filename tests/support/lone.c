/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/lone.c – a webrtcendpoint by itself, and calls with properties.
 */
#include "lone.h"

#include <string.h>

#define AUDIO "audiotestsrc is-live=true ! webrtcendpoint name=e "
#define EMPTY "webrtcendpoint name=e "
#define WAIT LONE_WAIT

static void
keep_candidate (GstElement *e, guint mline, const gchar *text, gpointer data)
{
  Lone *self = data;

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->candidates, g_strdup (text));
  g_mutex_unlock (&self->lock);
}

static void
keep_done (GstElement *e, gpointer data)
{
  g_atomic_int_inc (&((Lone *) data)->n_done);
}

void
lone_connect (Lone *self, const gchar *signal, GCallback func, gpointer data)
{
  handlers_connect (&self->handlers, self->endpoint, signal, func, data);
}

void
lone_open (Lone *self, const gchar *properties)
{
  g_autofree gchar *line = g_strconcat (EMPTY, properties, NULL);
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->pipeline = gst_pipeline_new (NULL);
  self->endpoint = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_bin_add (GST_BIN (self->pipeline), self->endpoint);
  lone_connect (self, "on-ice-candidate", G_CALLBACK (keep_candidate), self);
  lone_connect (self, "on-ice-gathering-done", G_CALLBACK (keep_done), self);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

void
lone_close (Lone *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  handlers_disconnect (&self->handlers, self->endpoint);
  gst_object_unref (self->pipeline);
  g_ptr_array_unref (self->candidates);
  g_mutex_clear (&self->lock);
}

/* FALSE: there was no offer, or gathering could not begin. */
gboolean
lone_begins (Lone *self)
{
  g_autofree gchar *offer = NULL;
  gboolean is_begun = FALSE;

  g_signal_emit_by_name (self->endpoint, "generate-offer", &offer);
  if (offer != NULL)
    g_signal_emit_by_name (self->endpoint, "gather-candidates", &is_begun);
  return is_begun;
}

void
lone_gather (Lone *self)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  g_assert_true (lone_begins (self));
  while (g_atomic_int_get (&self->n_done) == 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&self->n_done), ==, 1);
}

/* How many candidates have @part in them. */
guint
lone_count (Lone *self, const gchar *part)
{
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->candidates->len; i++)
    n += strstr (self->candidates->pdata[i], part) != NULL;
  g_mutex_unlock (&self->lock);
  return n;
}

/* The next message of the bus that is a @types, or an element's @name. */
GstMessage *
next_message (GstElement *pipeline, GstMessageType types, const gchar *name)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (
        bus, LONE_WAIT * GST_USECOND, types | GST_MESSAGE_ELEMENT);

    g_assert_nonnull (message);
    if ((GST_MESSAGE_TYPE (message) & types) != 0
        || (name != NULL && gst_message_has_name (message, name)))
      return message;
    gst_message_unref (message);
  }
}

gchar *
next_warning (GstElement *pipeline)
{
  g_autoptr (GstMessage) message =
      next_message (pipeline, GST_MESSAGE_WARNING, NULL);
  g_autoptr (GError) error = NULL;

  gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}

void
call_and_hear (const gchar *caller_properties, const gchar *callee_properties,
    void (*check) (Side *caller, Side *callee))
{
  Side caller, callee;
  g_autofree gchar *a = g_strconcat (AUDIO, caller_properties, NULL);
  g_autofree gchar *b = g_strconcat (EMPTY, callee_properties, NULL);

  side_start (&caller, a);
  side_start (&callee, b);
  side_call (&caller, &callee, NULL);
  side_wait_received (&callee, 50);
  if (check != NULL)
    check (&caller, &callee);
  side_stop (&caller);
  side_stop (&callee);
}

gchar *
pair_of (Side *side, const gchar *end)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  g_autoptr (GstStructure) ice = NULL;

  g_assert_true (
      gst_structure_get (stats, "ice", GST_TYPE_STRUCTURE, &ice, NULL));
  return g_strdup (gst_structure_get_string (ice, end));
}
