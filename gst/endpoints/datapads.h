/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/datapads.h – the data pads of one element: request sink pads give
 * messages, sometimes source pads have them. One buffer is one message.
 */
#pragma once

#include <gst/gst.h>

#include "data/channels.h"

G_BEGIN_DECLS

typedef struct _ViaDataPads ViaDataPads;
typedef struct _ViaDataSink ViaDataSink;

typedef struct
{
  /* On the sink pad's streaming thread; may wait until @stop (atomic) is TRUE,
   * woken by `wake`. FLUSHING: it was. */
  GstFlowReturn (*send) (gpointer user, ViaDataSink *sink, gboolean is_text,
      GBytes *message, const gint *stop);
  /* The pad's end: may wait until all was sent. */
  void (*end) (gpointer user, ViaDataSink *sink, const gint *stop);
  void (*wake) (gpointer user);
  void (*changed) (gpointer user);        /* a sink pad came or went */
  void (*ended) (gpointer user);          /* every sink pad has ended */
  void (*source_removed) (gpointer user); /* via-app */
} ViaDataPadsFuncs;

/* `data_sink_%u` (request), `data_src_%u` (sometimes). */
void via_datapads_add_templates (GstElementClass *klass);
/* The first one alone. */
void via_datapads_add_sink_template (GstElementClass *klass);

/* instance_init of @bin, which owns it. (transfer full) */
ViaDataPads *via_datapads_new (
    GstBin *bin, const ViaDataPadsFuncs *funcs, gpointer user);
/* dispose, then finalize. */
void via_datapads_clear (ViaDataPads *self);
void via_datapads_free (ViaDataPads *self);

/* For request_new_pad and release_pad: NULL and FALSE: not one of ours. */
GstPad *via_datapads_request (
    ViaDataPads *self, GstPadTemplate *templ, const gchar *name);
gboolean via_datapads_release (ViaDataPads *self, GstPad *pad);
guint via_datapads_n_sinks (ViaDataPads *self);
/* There is none, or every one has ended. */
gboolean via_datapads_is_over (ViaDataPads *self);
/* A new run begins. */
void via_datapads_reset (ViaDataPads *self);
/* The call is made anew: no sink pad has a channel any more. Source pads stay
 * for the next channel of their number. */
void via_datapads_renew (ViaDataPads *self);

/* What a sink pad's caps say. Its streaming thread; strings until its next
 * caps. */
const ViaChannelWish *via_data_sink_wish (const ViaDataSink *self);
const gchar *via_data_sink_to (const ViaDataSink *self); /* (nullable) */
guint via_data_sink_number (const ViaDataSink *self);    /* of data_sink_%u */
/* A number of yours, -1 at first. Its streaming thread. */
#define VIA_DATA_SINK_CLOSED (-2) /* _closed was called for it */
gint via_data_sink_channel (ViaDataSink *self);
void via_data_sink_set_channel (ViaDataSink *self, gint channel);
/* Waits until its channel is gone, by _closed or _renew. Its streaming thread.
 */
void via_data_sink_wait_closed (ViaDataSink *self, const gint *stop);
/* Any thread. */
void via_datapads_closed (ViaDataPads *self, guint channel);

/* The source pad of @number gets what comes from now on; @label and @protocol
 * stand in its caps. One that has not ended goes on, if they are the same.
 * Never blocks; needs via-app. Any thread. */
void via_datapads_open (
    ViaDataPads *self, guint number, const gchar *label, const gchar *protocol);
/* A message for it; dropped and counted while nobody is linked, and over
 * VIA_DATAPADS_QUEUE bytes. Never blocks. Any thread. */
#define VIA_DATAPADS_QUEUE (64 << 20)
void via_datapads_push (
    ViaDataPads *self, guint number, gboolean is_text, GBytes *message);
/* EOS after that, and it goes. */
void via_datapads_end (ViaDataPads *self, guint number);
/* EOS on all of them; they stay until _end. */
void via_datapads_eos (ViaDataPads *self);
guint via_datapads_n_sources (ViaDataPads *self);
/* Takes the source pads away at once. Not on a loop or their tasks. */
void via_datapads_stop (ViaDataPads *self);

G_END_DECLS
