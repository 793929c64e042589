/* SPDX-License-Identifier: LGPL-2.1-or-later
 * intake_fixture.h – a pipeline that ends in an intake, and what came out.
 */
#pragma once

#include "media/intake.h"
#include "packets.h"

typedef struct
{
  GstElement *pipeline;
  ViaIntake *intake;
  Track track;
} Fixture;

static inline void
on_codec (gpointer user, ViaIntake *intake, const ViaCodec *codec)
{
  track_codec (user, codec);
}

static inline void
on_packets (
    gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n)
{
  track_take (user, packets, n);
}

static inline void
on_eos (gpointer user, ViaIntake *intake)
{
  track_eos (user);
}

static inline void
on_flush (gpointer user, ViaIntake *intake)
{
  ((Track *) user)->n_flush++;
}

static const ViaIntakeFuncs funcs = {on_codec, on_packets, on_eos, on_flush};

/* @line ends in something that links to an intake. */
static inline void
start_with (
    Fixture *f, const gchar *line, ViaKind kind, const ViaIntakeConfig *config)
{
  g_autofree gchar *text = g_strdup_printf ("%s ! identity name=end", line);
  g_autoptr (GError) error = NULL;
  GstElement *end;

  track_init (&f->track);
  f->pipeline = gst_parse_launch (text, &error);
  g_assert_no_error (error);
  f->intake = via_intake_new (kind, config, &funcs, &f->track);
  gst_object_ref (f->intake);
  gst_bin_add (GST_BIN (f->pipeline), GST_ELEMENT (f->intake));
  end = gst_bin_get_by_name (GST_BIN (f->pipeline), "end");
  g_assert_true (gst_element_link (end, GST_ELEMENT (f->intake)));
  gst_object_unref (end);
}

static inline void
start (Fixture *f, const gchar *line)
{
  ViaIntakeConfig config = {.sync = FALSE};

  start_with (f, line, VIA_KIND_UNKNOWN, &config);
}

/* To EOS on the bus, which is there before the callback. */
static inline void
play_to_message (Fixture *f)
{
  GstMessage *m;

  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  m = wait_end (f->pipeline, 60);
  g_assert_nonnull (m);
  if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (m, &error, NULL);
    g_assert_no_error (error);
  }
  gst_message_unref (m);
}

/* To the callback. */
static inline void
play_to_end (Fixture *f)
{
  gint64 end;

  play_to_message (f);
  end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  while (!track_has_ended (&f->track) && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_true (track_has_ended (&f->track));
}

static inline void
stop (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->pipeline);
  gst_object_unref (f->intake);
  track_clear (&f->track);
}

static inline void
assert_described (Fixture *f, const gchar *wanted)
{
  g_autofree gchar *text = via_intake_describe (f->intake);

  g_assert_cmpstr (text, ==, wanted);
}

static inline Decoded
decode_all (Fixture *f)
{
  return track_decode (&f->track, 0, f->track.packets->len);
}

#define RAW                                                                    \
  "videotestsrc num-buffers=60 ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
#define RAW_AUDIO                                                              \
  "audiotestsrc num-buffers=100 samplesperbuffer=441 ! audio/x-raw,rate=44100,channels=2"
