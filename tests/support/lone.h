/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/lone.h – a webrtcendpoint by itself, which gathers; and two
 * that call each other with the properties a test gives them. Through the
 * plugin only.
 */
#pragma once

#include <gst/gst.h>

#include "side.h"

#define LONE_WAIT (60 * G_TIME_SPAN_SECOND)

typedef struct
{
  GstElement *pipeline, *endpoint;
  Handlers handlers;
  GMutex lock; /* guards the rest */
  GPtrArray *candidates;
  gint n_done; /* atomic */
} Lone;

/* @properties: "name=value name=value". */
void lone_open (Lone *self, const gchar *properties);
/* A handler of the endpoint that may use @data until it is closed. */
void lone_connect (
    Lone *self, const gchar *signal, GCallback func, gpointer data);
void lone_close (Lone *self); /* and waits for handlers that run */
/* FALSE: there was no offer, or gathering could not begin. */
gboolean lone_begins (Lone *self);
/* Begins, and waits for the end. */
void lone_gather (Lone *self);
/* How many candidates have @part in them. */
guint lone_count (Lone *self, const gchar *part);

/* The next message of the bus that is a @types, or an element's @name.
 * (transfer full) */
GstMessage *next_message (
    GstElement *pipeline, GstMessageType types, const gchar *name);
gchar *next_warning (GstElement *pipeline); /* (transfer full) */

/* Sound from one to the other, then @check (nullable). */
void call_and_hear (const gchar *caller_properties,
    const gchar *callee_properties, void (*check) (Side *caller, Side *callee));
/* "local" or "remote" of the selected pair. (transfer full) */
gchar *pair_of (Side *side, const gchar *end);
