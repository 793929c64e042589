/* SPDX-License-Identifier: LGPL-2.1-or-later
 * server_fixture.h – a pipeline with a webrtcserver `s` on a port of its own.
 */
#pragma once

#include <gst/gst.h>
#include <string.h>

#include "ask.h"
#include "netns.h"

typedef struct
{
  GstElement *pipeline, *server;
  GstBus *bus;
  guint port;
} Fixture;

static inline void
fixture_open (Fixture *f, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (f->pipeline)) { /* a line of one element */
    GstElement *pipeline = gst_pipeline_new (NULL);

    gst_bin_add (GST_BIN (pipeline), f->pipeline);
    f->pipeline = pipeline;
  }
  f->server = gst_bin_get_by_name (GST_BIN (f->pipeline), "s");
  g_assert_nonnull (f->server);
  f->bus = gst_element_get_bus (f->pipeline);
}

static inline void
fixture_start (Fixture *f, const gchar *line)
{
  fixture_open (f, line);
  g_assert_cmpint (gst_element_set_state (f->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  g_object_get (f->server, "port", &f->port, NULL);
}

static inline void
fixture_stop (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->bus);
  gst_object_unref (f->server);
  gst_object_unref (f->pipeline);
}
