/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/side.c – one webrtcendpoint and the pipeline it is in; two of
 * them call each other. Through the plugin only.
 */
#include "side.h"

#include <string.h>

#define STATE_CONNECTED 2 /* of ViaConnectionState */
#define CONNECT_WAIT (60 * G_TIME_SPAN_SECOND)

static void
on_candidate (
    GstElement *endpoint, guint mline, const gchar *text, gpointer data)
{
  Side *self = data;
  gboolean is_taken = FALSE;

  g_signal_emit_by_name (
      self->other, "add-ice-candidate", mline, text, &is_taken);
}

static void
on_state (GstElement *endpoint, gint state, gpointer data)
{
  Side *self = data;

  g_atomic_int_set (&self->state, state);
  if (!g_atomic_int_get (&self->stops_itself) || state != STATE_CONNECTED)
    return;
  g_atomic_int_set (&self->is_inside, TRUE);
  if (g_atomic_int_get (&self->dawdles))
    g_usleep (200000);
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
}

void
side_connect (Side *self, const gchar *signal, GCallback func, gpointer data)
{
  handlers_connect (&self->handlers, self->endpoint, signal, func, data);
}

static void
connect_signals (Side *self)
{
  side_connect (self, "on-ice-candidate", G_CALLBACK (on_candidate), self);
  side_connect (self, "connection-state-changed", G_CALLBACK (on_state), self);
}

void
side_start (Side *self, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof (*self));
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (self->pipeline)) { /* a line of one element */
    GstElement *pipeline = gst_pipeline_new (NULL);

    gst_bin_add (GST_BIN (pipeline), self->pipeline);
    self->pipeline = pipeline;
  }
  self->endpoint = gst_bin_get_by_name (GST_BIN (self->pipeline), "e");
  g_assert_nonnull (self->endpoint);
  connect_signals (self);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

void
side_borrow (Side *self, GstElement *pipeline, const gchar *name)
{
  memset (self, 0, sizeof (*self));
  self->pipeline = gst_object_ref (pipeline);
  self->endpoint = gst_bin_get_by_name (GST_BIN (pipeline), name);
  g_assert_nonnull (self->endpoint);
  connect_signals (self);
}

static void
let_go (Side *self)
{
  handlers_disconnect (&self->handlers, self->endpoint);
  gst_clear_object (&self->other);
  gst_object_unref (self->endpoint);
  gst_object_unref (self->pipeline);
}

void
side_stop (Side *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  let_go (self);
}

void
side_return (Side *self)
{
  let_go (self);
}

static gboolean
is_state (gint state, const gchar *wanted)
{
  GType type = g_type_from_name ("ViaConnectionState");
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_strcmp0 (g_enum_get_value (klass, state)->value_nick, wanted) == 0;
}

gboolean
side_is (Side *self, const gchar *wanted)
{
  gint state = 0;

  g_object_get (self->endpoint, "connection-state", &state, NULL);
  return is_state (state, wanted);
}

void
side_wait (Side *self, const gchar *wanted)
{
  gint64 end = g_get_monotonic_time () + CONNECT_WAIT;

  while (!side_is (self, wanted) && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_true (side_is (self, wanted));
}

void
side_wait_told (Side *self, const gchar *wanted)
{
  gint64 end = g_get_monotonic_time () + CONNECT_WAIT;

  while (!is_state (g_atomic_int_get (&self->state), wanted)
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_true (is_state (g_atomic_int_get (&self->state), wanted));
}

GstStructure *
side_stats (Side *self)
{
  GstStructure *stats = NULL;

  g_object_get (self->endpoint, "stats", &stats, NULL);
  g_assert_nonnull (stats);
  return stats;
}

guint64
side_received (Side *self)
{
  g_autoptr (GstStructure) stats = side_stats (self);
  guint64 packets = 0;

  gst_structure_get_uint64 (stats, "packets-received", &packets);
  return packets;
}

void
side_wait_received (Side *self, guint64 wanted)
{
  gint64 end = g_get_monotonic_time () + CONNECT_WAIT;

  while (side_received (self) < wanted && g_get_monotonic_time () < end)
    g_usleep (20000);
  g_assert_cmpuint (side_received (self), >=, wanted);
}

void
side_call (Side *caller, Side *callee, gchar *(*spoil) (const gchar *sdp))
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *sent = NULL;
  g_autofree gchar *answer = NULL;
  gboolean is_done = FALSE;

  gst_object_replace (
      (GstObject **) &caller->other, GST_OBJECT (callee->endpoint));
  gst_object_replace (
      (GstObject **) &callee->other, GST_OBJECT (caller->endpoint));
  g_signal_emit_by_name (caller->endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  sent = spoil != NULL ? spoil (offer) : g_strdup (offer);
  g_signal_emit_by_name (callee->endpoint, "process-offer", sent, &answer);
  g_assert_nonnull (answer);
  g_signal_emit_by_name (caller->endpoint, "process-answer", answer, &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (caller->endpoint, "gather-candidates", &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (callee->endpoint, "gather-candidates", &is_done);
  g_assert_true (is_done || callee->may_stop);
}
