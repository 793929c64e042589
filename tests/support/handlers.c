/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/handlers.c – takes handlers off and waits for those that run.
 */
#include "handlers.h"

#define WAIT (60 * G_TIME_SPAN_SECOND)

/* GLib holds the closure while it is called. */
static void
on_gone (gpointer data, GClosure *closure)
{
  g_atomic_int_inc (&((Handlers *) data)->n_gone);
}

void
handlers_connect (Handlers *self, gpointer object, const gchar *signal,
    GCallback func, gpointer data)
{
  handlers_add (self, object, signal, g_cclosure_new (func, data, NULL));
}

void
handlers_add (
    Handlers *self, gpointer object, const gchar *signal, GClosure *closure)
{
  g_assert_cmpuint (self->n, <, HANDLERS_MAX);
  g_closure_add_finalize_notifier (closure, self, on_gone);
  self->ids[self->n++] =
      g_signal_connect_closure (object, signal, closure, FALSE);
}

void
handlers_disconnect (Handlers *self, gpointer object)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  for (guint i = 0; i < self->n; i++)
    if (g_signal_handler_is_connected (object, self->ids[i]))
      g_signal_handler_disconnect (object, self->ids[i]);
  while (g_atomic_int_get (&self->n_gone) < (gint) self->n
         && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (&self->n_gone), ==, self->n);
}
