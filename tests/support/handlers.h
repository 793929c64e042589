/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/handlers.h – handlers of signals whose end is waited for: a
 * change of state waits for none that runs on via-app, and what it is given may
 * be gone by then.
 */
#pragma once

#include <glib-object.h>

#define HANDLERS_MAX 8

typedef struct
{
  gulong ids[HANDLERS_MAX];
  guint n;
  gint n_gone; /* atomic: will not run again, and do not run */
} Handlers;

/* Zero-initialised before the first one. */
void handlers_connect (Handlers *self, gpointer object, const gchar *signal,
    GCallback func, gpointer data);
/* @closure: (transfer floating). */
void handlers_add (
    Handlers *self, gpointer object, const gchar *signal, GClosure *closure);
/* Takes them all off @object; after it none of them runs. Not inside one. */
void handlers_disconnect (Handlers *self, gpointer object);
