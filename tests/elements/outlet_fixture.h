/* SPDX-License-Identifier: LGPL-2.1-or-later
 * outlet_fixture.h – an outlet in a pipeline, fed with RTP.
 */
#pragma once

#include <string.h>

#include "media/outlet.h"
#include "outlet_media.h"

typedef struct
{
  GstElement *pipeline;
  GstElement *end; /* the last element: name=end */
  ViaOutlet *outlet;
  Seen seen;
  ViaTime start; /* captured of the first packet */
  gint n_keys, n_active, n_ended;
} Fixture;

static inline void
on_want_keyframe (gpointer user)
{
  g_atomic_int_inc (&((Fixture *) user)->n_keys);
}

static inline void
on_active (gpointer user, gboolean is_active)
{
  g_atomic_int_add (&((Fixture *) user)->n_active, is_active ? 1 : -1);
}

static inline void
on_ended (gpointer user)
{
  g_atomic_int_inc (&((Fixture *) user)->n_ended);
}

static const ViaOutletFuncs funcs = {
    .want_keyframe = on_want_keyframe, .active = on_active, .ended = on_ended};

static const ViaOutletConfig config = {.latency_ms = 100,
    .stream_id = "room/1",
    .name = "camera",
    .app_data = "who=me"};

/* @line begins with what the outlet is linked to, has a name=first, and ends in
 * an element name=end. */
static inline void
start (Fixture *f, const Made *m, const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *first;

  memset (f, 0, sizeof *f);
  seen_init (&f->seen);
  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (f->pipeline)) { /* one element */
    GstElement *one = f->pipeline;

    f->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (f->pipeline), one);
  }
  f->outlet = via_outlet_new (
      via_codec_kind (m->codec.id), &m->codec, &config, &funcs, f);
  gst_object_ref_sink (f->outlet);
  gst_bin_add (GST_BIN (f->pipeline), GST_ELEMENT (f->outlet));
  f->end = gst_bin_get_by_name (GST_BIN (f->pipeline), "end");
  first = gst_bin_get_by_name (GST_BIN (f->pipeline), "first");
  if (first == NULL)
    first = gst_object_ref (f->end);
  seen_watch (&f->seen, f->end);
  g_assert_true (gst_element_link (GST_ELEMENT (f->outlet), first));
  gst_object_unref (first);
}

static inline void
play (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  WAIT_UNTIL (GST_STATE (f->outlet) == GST_STATE_PLAYING);
  f->start = g_get_monotonic_time ();
}

static inline void
push (Fixture *f, const Made *m, guint i)
{
  g_autoptr (ViaPacket) p = made_at (m, i, f->start);
  ViaPacket *packets[] = {p};

  via_outlet_push (f->outlet, packets, 1);
}

/* Packets [@from, @to), then waits until the outlet has taken them. */
static inline void
push_range (Fixture *f, const Made *m, guint from, guint to)
{
  for (guint i = from; i < to; i++) {
    push (f, m, i);
    if (i % 64 == 63)
      g_usleep (5000);
  }
}

/* Returns when the sink has seen the end and the outlet has said it. */
static inline void
end (Fixture *f)
{
  via_outlet_eos (f->outlet);
  WAIT_UNTIL (seen_ends (&f->seen) == 1);
  WAIT_UNTIL (g_atomic_int_get (&f->n_ended) > 0);
}

static inline void
stop (Fixture *f)
{
  via_outlet_disconnect (f->outlet);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->end);
  gst_object_unref (f->pipeline);
  gst_object_unref (f->outlet);
  seen_clear (&f->seen);
}

static inline void
assert_caps (Fixture *f, const gchar *wanted)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (wanted);

  g_assert_nonnull (f->seen.caps);
  if (!gst_caps_is_subset (f->seen.caps, caps)) {
    g_autofree gchar *text = gst_caps_to_string (f->seen.caps);

    g_error ("%s is not %s", text, wanted);
  }
}

/* Lines. */
#define TAKES_RTP                                                              \
  "capsfilter name=first caps=application/x-rtp ! fakesink name=end sync=false"
#define DECODES "videoconvert name=first ! fakesink name=end sync=false"
