/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/inside.c – does something inside a signal, once, and waits
 * until the handler has returned.
 */
#include "inside.h"

#include "io/datalink.h"

const gchar *const inside_actions[] = {"process-offer", "generate-offer",
    "process-answer", "restart-ice", "gather-candidates", "add-ice-candidate",
    "list-tracks", "add-tag", "get-tag", "remove-tag", "create-data-channel",
    "send-string", "send-data", "get-buffered-amount", "close-data-channel",
    NULL};

#define WAIT (60 * G_TIME_SPAN_SECOND)

static void
marshal (GClosure *closure, GValue *result, guint n, const GValue *values,
    gpointer hint, gpointer unused)
{
  Inside *self = closure->data;

  if (result != NULL && G_VALUE_HOLDS (result, GST_TYPE_STRUCTURE))
    g_value_take_boxed (
        result, gst_structure_new ("yes", "allow", G_TYPE_BOOLEAN, TRUE, NULL));
  if (g_atomic_int_add (&self->n, 1) != 0)
    return;
  self->act (g_value_get_object (&values[0]), self->other, self->whole);
  g_atomic_int_set (&self->is_done, TRUE);
}

void
inside_connect (Inside *self, gpointer object, const gchar *signal)
{
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), self);

  g_closure_set_marshal (closure, marshal);
  self->object = g_object_ref (object);
  handlers_add (&self->handlers, object, signal, closure);
}

void
inside_wait (Inside *self, const gchar *signal)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (!g_atomic_int_get (&self->is_done) && g_get_monotonic_time () < end)
    g_usleep (5000);
  if (!g_atomic_int_get (&self->is_done))
    g_error ("%s: %s", signal,
        g_atomic_int_get (&self->n) > 0 ? "the handler hangs" : "never came");
}

void
inside_end (Inside *self)
{
  handlers_disconnect (&self->handlers, self->object);
  g_clear_object (&self->object);
}

void
inside_stop (GstElement *element, GstElement *other, GstElement *whole)
{
  gst_element_set_state (whole, GST_STATE_NULL);
}

void
inside_try_tags (GstElement *element, GstElement *other, GstElement *whole)
{
  GValue value = G_VALUE_INIT, *found = NULL;
  gboolean is_done = FALSE;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_static_string (&value, "blue");
  g_signal_emit_by_name (element, "add-tag", "floor", &value, &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (element, "get-tag", "floor", &found);
  g_assert_cmpstr (g_value_get_string (found), ==, "blue");
  g_signal_emit_by_name (element, "remove-tag", "floor", &is_done);
  g_assert_true (is_done);
  g_boxed_free (G_TYPE_VALUE, found);
  g_value_unset (&value);
}

/* A channel for two words; in a build without any every action fails. */
static void
try_data (GstElement *endpoint)
{
  g_autoptr (GBytes) word = g_bytes_new_static ("word", 4);
  gboolean is_text = FALSE, is_sent = FALSE, is_closed = FALSE;
  gboolean is_possible = via_datalink_is_possible ();
  guint64 waiting = G_MAXUINT64;
  gint id = -2;

  g_signal_emit_by_name (endpoint, "create-data-channel", "in", NULL, &id);
  g_signal_emit_by_name (endpoint, "send-string", id, "word", &is_text);
  g_signal_emit_by_name (endpoint, "send-data", id, word, &is_sent);
  g_signal_emit_by_name (endpoint, "get-buffered-amount", id, &waiting);
  g_signal_emit_by_name (endpoint, "close-data-channel", id, &is_closed);
  g_assert_cmpint (id, >=, is_possible ? 0 : -1);
  g_assert_cmpuint (waiting, <=, 8);
  g_assert_cmpint (is_text, ==, is_possible);
  g_assert_cmpint (is_sent, ==, is_possible);
  g_assert_cmpint (is_closed, ==, is_possible);
}

/* Those that fail, then those that do what they say: an offer of ours with a
 * new ICE path, given up for the far end's, which is the one it made before. */
static void
try_negotiation (GstElement *endpoint, GstElement *other)
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *theirs = NULL;
  g_autofree gchar *answer = NULL;
  gboolean is_done = FALSE;

  g_signal_emit_by_name (endpoint, "process-offer", "v=0", &answer);
  g_assert_null (answer);
  g_signal_emit_by_name (endpoint, "process-answer", "v=0", &is_done);
  g_assert_false (is_done);
  g_signal_emit_by_name (endpoint, "restart-ice", &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  g_object_get (other, "current-local-description", &theirs, NULL);
  if (theirs == NULL)
    g_object_get (other, "local-description", &theirs, NULL);
  g_assert_nonnull (theirs);
  g_signal_emit_by_name (endpoint, "process-offer", theirs, &answer);
  g_assert_nonnull (answer);
}

void
inside_try_all (GstElement *endpoint, GstElement *other, GstElement *whole)
{
  g_autofree gchar *local = NULL;
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstStructure) tracks = NULL;
  gboolean is_done = FALSE;

  g_signal_emit_by_name (endpoint, "list-tracks", &tracks);
  g_assert_nonnull (tracks);
  g_object_get (endpoint, "local-description", &local, "stats", &stats, NULL);
  g_assert_nonnull (local);
  g_assert_nonnull (stats);
  inside_try_tags (endpoint, other, whole);
  try_data (endpoint);
  try_negotiation (endpoint, other);
  g_signal_emit_by_name (endpoint, "gather-candidates", &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (endpoint, "add-ice-candidate", 0,
      "candidate:9 1 udp 1 192.0.2.77 5000 typ host", &is_done);
  g_assert_true (is_done);
}
