/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/side.h – one webrtcendpoint and the pipeline it is in; two of
 * them call each other. Through the plugin only.
 */
#pragma once

#include <gst/gst.h>

#include "handlers.h"

typedef struct
{
  GstElement *pipeline, *endpoint;
  GstElement *other; /* owned: who gets our candidates */
  Handlers handlers; /* of the endpoint's signals */
  gint state;        /* atomic: last connection-state-changed */
  gint stops_itself; /* atomic: set NULL inside the signal */
  gint dawdles;      /* atomic: and takes its time first */
  gint is_inside;    /* atomic: the handler runs or ran */
  gboolean may_stop; /* a handler may stop it while it is called */
} Side;

/* Plays @line, whose endpoint is named e. */
void side_start (Side *self, const gchar *line);
/* A handler of the endpoint that may use @data until the side is stopped. */
void side_connect (
    Side *self, const gchar *signal, GCallback func, gpointer data);
/* The endpoint @name of a pipeline that somebody else stops. */
void side_borrow (Side *self, GstElement *pipeline, const gchar *name);
void side_stop (Side *self);   /* and waits for handlers that run */
void side_return (Side *self); /* what was borrowed */
/* @wanted: a nick of ViaConnectionState, "connected". */
gboolean side_is (Side *self, const gchar *wanted);
void side_wait (Side *self, const gchar *wanted);
/* The same for what the signal said last: it comes a moment after the state. */
void side_wait_told (Side *self, const gchar *wanted);
GstStructure *side_stats (Side *self); /* (transfer full) */
guint64 side_received (Side *self);    /* packets */
void side_wait_received (Side *self, guint64 wanted);
/* @spoil: NULL, or changes the offer on its way. */
void side_call (Side *caller, Side *callee, gchar *(*spoil) (const gchar *sdp));
