/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_recorder.c – the element recorderendpoint: states, errors, messages,
 * statistics and ends. What stands in the file is test_recording's.
 */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>

#include "process.h"

#define WAIT (60 * GST_SECOND)
#define VIDEO(n)                                                               \
  "videotestsrc num-buffers=" #n " ! video/x-raw,format=I420,width=64,"        \
  "height=48,framerate=30/1 ! vp8enc deadline=1 cpu-used=8 ! r. "
#define SOUND(n)                                                               \
  "audiotestsrc num-buffers=" #n " samplesperbuffer=160 ! "                    \
  "audio/x-raw,rate=8000,channels=1 ! mulawenc ! r. "
#define ROOM_SOUND                                                             \
  "audiotestsrc is-live=true samplesperbuffer=160 ! "                          \
  "audio/x-raw,rate=8000,channels=1 ! mulawenc ! room.audio_sink_0 "
#define ROOM_SHORT                                                             \
  "audiotestsrc is-live=true num-buffers=10 samplesperbuffer=160 ! "           \
  "audio/x-raw,rate=8000,channels=1 ! alawenc ! room.audio_sink_1 "

typedef struct
{
  gchar *folder, *location;
  GstElement *pipeline, *recorder;
  GstBus *bus;
} Line;

/* "%s" of @text becomes the location. */
static void
line_init (Line *l, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parts = g_strsplit (text, "%s", -1);
  g_autofree gchar *whole = NULL;

  l->folder = g_dir_make_tmp ("via-recorder-XXXXXX", NULL);
  l->location = g_build_filename (l->folder, "r.mkv", NULL);
  whole = g_strjoinv (l->location, parts);
  l->pipeline = gst_parse_launch (whole, &error);
  g_assert_no_error (error);
  if (!GST_IS_PIPELINE (l->pipeline)) { /* a line of one element */
    GstElement *only = l->pipeline;

    l->pipeline = gst_pipeline_new (NULL);
    gst_bin_add (GST_BIN (l->pipeline), only);
  }
  l->recorder = gst_bin_get_by_name (GST_BIN (l->pipeline), "r");
  l->bus = gst_pipeline_get_bus (GST_PIPELINE (l->pipeline));
}

static void
line_clear (Line *l)
{
  gst_element_set_state (l->pipeline, GST_STATE_NULL);
  gst_object_unref (l->bus);
  gst_object_unref (l->recorder);
  gst_object_unref (l->pipeline);
  g_remove (l->location);
  g_assert_cmpint (g_rmdir (l->folder), ==, 0);
  g_free (l->folder);
  g_free (l->location);
}

static void
line_play (Line *l)
{
  g_assert_cmpint (gst_element_set_state (l->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
}

/* The next message of @types; what else comes meanwhile is dropped. */
static GstMessage *
line_next (Line *l, GstMessageType types)
{
  GstMessage *message =
      gst_bus_timed_pop_filtered (l->bus, WAIT, types | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  return message;
}

/* The next @name of @from (NULL: anyone). */
static GstStructure *
line_told (Line *l, const gchar *name, GstElement *from)
{
  for (;;) {
    g_autoptr (GstMessage) message = line_next (l, GST_MESSAGE_ELEMENT);
    const GstStructure *s = gst_message_get_structure (message);

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      g_autoptr (GError) error = NULL;

      gst_message_parse_error (message, &error, NULL);
      g_error ("no %s: %s", name, error->message);
    }
    if (gst_structure_has_name (s, name)
        && (from == NULL || GST_MESSAGE_SRC (message) == (GstObject *) from))
      return gst_structure_copy (s);
  }
}

static void
line_until_eos (Line *l)
{
  g_autoptr (GstMessage) message = line_next (l, GST_MESSAGE_EOS);

  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
}

static GstStructure *
line_stats (Line *l)
{
  GstStructure *stats = NULL;

  g_object_get (l->recorder, "stats", &stats, NULL);
  return stats;
}

static guint64
count (const GstStructure *s, const gchar *field)
{
  guint64 n = G_MAXUINT64;

  g_assert_true (gst_structure_get_uint64 (s, field, &n));
  return n;
}

static guint64
file_size (const gchar *path)
{
  GStatBuf info;

  return g_stat (path, &info) == 0 ? (guint64) info.st_size : 0;
}

static const GstStructure *
track_at (const GstStructure *stats, guint i)
{
  const GValue *tracks = gst_structure_get_value (stats, "tracks");

  g_assert_cmpuint (gst_value_array_get_size (tracks), >, i);
  return gst_value_get_structure (gst_value_array_get_value (tracks, i));
}

/* --- states and settings --- */

static void
test_recorder_without_tracks_is_up_at_once (void)
{
  Line l;

  line_init (&l, "recorderendpoint name=r location=%s");
  g_assert_cmpint (gst_element_set_state (l.recorder, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpint (gst_element_set_state (l.recorder, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpint (gst_element_set_state (l.recorder, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpuint (file_size (l.location), >, 0); /* a file of no tracks */
  line_clear (&l);
}

static gchar *
start_fails (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = NULL;
  Line l;

  line_init (&l, text);
  g_assert_cmpint (gst_element_set_state (l.pipeline, GST_STATE_PLAYING), ==,
      GST_STATE_CHANGE_FAILURE);
  message = line_next (&l, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  g_assert_true (GST_MESSAGE_SRC (message) == (GstObject *) l.recorder);
  line_clear (&l);
  return g_strdup (error->message);
}

static void
assert_says (gchar *text, const gchar *word)
{
  if (strstr (text, word) == NULL)
    g_error ("\"%s\" does not say %s", text, word);
  g_free (text);
}

static void
test_recorder_bad_settings_are_errors_that_name_them (void)
{
  assert_says (start_fails ("recorderendpoint name=r"), "location is not set");
  assert_says (
      start_fails ("recorderendpoint name=r location=/nowhere/at/all.mkv"),
      "/nowhere/at/all.mkv: No such file");
  assert_says (start_fails ("recorderendpoint name=r location=/dev/null"),
      "no regular file");
  assert_says (
      start_fails ("recorderendpoint name=r hub=room location=%s"), "hub=room");
  assert_says (
      start_fails (
          "recorderendpoint name=r location=%s recorderendpoint location=%s"),
      "another recording");
}

static void
test_recorder_properties_read_back_with_their_defaults (void)
{
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *location = NULL, *hub = NULL, *app_data = NULL;
  gint container = -1;
  guint timeout = 0;
  Line l;

  line_init (&l, "recorderendpoint name=r");
  g_object_get (l.recorder, "location", &location, "hub", &hub, "app-data",
      &app_data, "container", &container, "track-timeout", &timeout, NULL);
  g_assert_null (location);
  g_assert_null (hub);
  g_assert_null (app_data);
  g_assert_cmpint (container, ==, 0);
  g_assert_cmpuint (timeout, ==, 2000);
  stats = line_stats (&l);
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "off");
  gst_util_set_object_arg (G_OBJECT (l.recorder), "container", "webm");
  g_object_set (l.recorder, "track-timeout", 7, "app-data", "ü", NULL);
  g_object_get (l.recorder, "app-data", &app_data, "container", &container,
      "track-timeout", &timeout, NULL);
  g_assert_cmpstr (app_data, ==, "ü");
  g_assert_cmpint (container, ==, 2);
  g_assert_cmpuint (timeout, ==, 7);
  line_clear (&l);
}

/* --- messages and statistics --- */

static void
check_message (const GstStructure *s)
{
  guint version = 0;

  g_assert_true (gst_structure_get_uint (s, "version", &version));
  g_assert_cmpuint (version, ==, 1);
  g_assert_cmpstr (gst_structure_get_string (s, "element"), ==, "r");
  g_assert_cmpstr (gst_structure_get_string (s, "app-data"), ==, "mine");
}

static void
check_stats (Line *l, const gchar *codec, guint64 frames)
{
  g_autoptr (GstStructure) stats = line_stats (l);
  const GstStructure *track = NULL;

  for (guint i = 0; i < 2; i++)
    if (g_strcmp0 (
            gst_structure_get_string (track_at (stats, i), "codec"), codec)
        == 0)
      track = track_at (stats, i);
  g_assert_nonnull (track);
  g_assert_cmpuint (count (track, "frames"), ==, frames);
  g_assert_cmpuint (count (track, "dropped"), ==, 0);
  g_assert_cmpuint (count (stats, "bytes"), ==, file_size (l->location));
  g_assert_cmpuint (count (stats, "bytes"), >, count (track, "bytes"));
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "stopped");
  g_assert_cmpstr (gst_structure_get_string (stats, "app-data"), ==, "mine");
}

static void
test_recorder_tells_and_counts_every_frame (void)
{
  g_autoptr (GstStructure) started = NULL, first = NULL, second = NULL;
  g_autoptr (GstStructure) stopped = NULL;
  guint n_tracks = 0;
  Line l;

  line_init (&l, "recorderendpoint name=r app-data=mine track-timeout=20000 "
                 "location=%s " VIDEO (20) SOUND (30));
  line_play (&l);
  first = line_told (&l, "recording-track", NULL);
  second = line_told (&l, "recording-track", NULL);
  started = line_told (&l, "recording-started", NULL);
  stopped = line_told (&l, "recording-stopped", NULL);
  line_until_eos (&l);
  check_message (first);
  check_message (second);
  check_message (started);
  check_message (stopped);
  g_assert_cmpstr (
      gst_structure_get_string (started, "container"), ==, "matroska");
  g_assert_cmpstr (gst_structure_get_string (stopped, "reason"), ==, "eos");
  g_assert_null (gst_structure_get_string (stopped, "error"));
  g_assert_true (gst_structure_get_uint (stopped, "tracks", &n_tracks));
  g_assert_cmpuint (n_tracks, ==, 2);
  g_assert_cmpuint (count (stopped, "bytes"), ==, file_size (l.location));
  check_stats (&l, "VP8", 20);
  check_stats (&l, "PCMU", 30);
  line_clear (&l);
}

/* Sink pads carry what can be sent on, so no AAC. */
static void
test_recorder_says_what_it_transcodes (void)
{
  Line l;

  line_init (&l, "recorderendpoint name=r app-data=mine location=%s "
                 "audiotestsrc num-buffers=20 samplesperbuffer=1024 ! "
                 "avenc_aac ! r.sink_0 "
                 "audiotestsrc num-buffers=20 samplesperbuffer=160 ! "
                 "audio/x-raw,rate=8000,channels=1 ! alawenc ! r.sink_1");
  line_play (&l);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstStructure) flow = line_told (&l, "media-flow", NULL);
    gboolean is_aac =
        g_strcmp0 (gst_structure_get_string (flow, "pad"), "sink_0") == 0;

    check_message (flow);
    g_assert_cmpstr (gst_structure_get_string (flow, "mode"), ==,
        is_aac ? "transcode" : "copy");
    g_assert_cmpstr (gst_structure_get_string (flow, "to-codec"), ==,
        is_aac ? "opus" : "PCMA");
  }
  line_until_eos (&l);
  line_clear (&l);
}

/* --- ends --- */

/* Waits for the first, and a moment for more. */
static guint
count_eos (Line *l, GstElement *from)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_timed_pop_filtered (
              l->bus, n == 0 ? WAIT : 300 * GST_MSECOND, GST_MESSAGE_EOS))
         != NULL) {
    n += GST_MESSAGE_SRC (message) == (GstObject *) from;
    gst_message_unref (message);
  }
  return n;
}

static void
test_recorder_alone_posts_one_eos_for_many_ends (void)
{
  Line l;
  GstBus *own = gst_bus_new ();

  line_init (&l, "recorderendpoint name=r location=%s");
  g_object_ref (l.recorder);
  gst_bin_remove (GST_BIN (l.pipeline), l.recorder);
  gst_element_set_bus (l.recorder, own);
  gst_object_unref (l.bus);
  l.bus = own;
  gst_element_set_state (l.recorder, GST_STATE_PLAYING);
  for (guint i = 0; i < 3; i++)
    g_assert_true (gst_element_send_event (l.recorder, gst_event_new_eos ()));
  gst_structure_free (line_told (&l, "recording-stopped", NULL));
  g_assert_cmpuint (count_eos (&l, l.recorder), ==, 1);
  gst_element_set_state (l.recorder, GST_STATE_NULL);
  g_object_unref (l.recorder);
  line_clear (&l);
}

/* As gst-launch-1.0 -e does it, to a pipeline of several elements. */
static void
test_recorder_in_a_room_finalises_before_the_pipeline_ends (void)
{
  g_autoptr (GstStructure) stopped = NULL, stats = NULL;
  Line l;

  line_init (&l,
      "hub name=room recorderendpoint name=r hub=room "
      "location=%s " ROOM_SOUND "audiotestsrc is-live=true ! fakesink");
  line_play (&l);
  gst_structure_free (line_told (&l, "recording-started", l.recorder));
  g_assert_true (gst_element_send_event (l.pipeline, gst_event_new_eos ()));
  stopped = line_told (&l, "recording-stopped", l.recorder);
  g_assert_cmpstr (gst_structure_get_string (stopped, "reason"), ==, "eos");
  stats = line_stats (&l);
  g_assert_cmpuint (count (stats, "bytes"), ==, file_size (l.location));
  g_assert_cmpuint (count_eos (&l, l.pipeline), ==, 1);
  line_clear (&l);
}

/* Of the track of @codec; 0 while there is none. */
static guint64
frames_of (Line *l, const gchar *codec)
{
  g_autoptr (GstStructure) stats = line_stats (l);
  const GValue *tracks = gst_structure_get_value (stats, "tracks");

  for (guint i = 0; i < gst_value_array_get_size (tracks); i++)
    if (g_strcmp0 (
            gst_structure_get_string (track_at (stats, i), "codec"), codec)
        == 0)
      return count (track_at (stats, i), "frames");
  return 0;
}

static void
wait_frames (Line *l, const gchar *codec, guint64 wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT / 1000;

  while (frames_of (l, codec) < wanted && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (frames_of (l, codec), >=, wanted);
}

static void
test_recorder_goes_on_when_one_port_ends (void)
{
  g_autoptr (GstStructure) stopped = NULL, stats = NULL;
  Line l;
  guint64 short_frames;
  guint n = 0;

  line_init (&l, "hub name=room recorderendpoint name=r hub=room "
                 "track-timeout=20000 location=%s " ROOM_SOUND ROOM_SHORT);
  line_play (&l);
  gst_structure_free (line_told (&l, "recording-started", l.recorder));
  wait_frames (&l, "PCMA", 1); /* a hub waits for no recorder, so not all ten */
  do {                         /* until it has ended */
    short_frames = frames_of (&l, "PCMA");
    wait_frames (&l, "PCMU", frames_of (&l, "PCMU") + 20);
  } while (frames_of (&l, "PCMA") != short_frames && ++n < 20);
  g_assert_cmpuint (short_frames, <=, 10);
  stats = line_stats (&l);
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "recording");
  wait_frames (&l, "PCMU", frames_of (&l, "PCMU") + 20);
  g_assert_cmpuint (frames_of (&l, "PCMA"), ==, short_frames);
  g_assert_null (
      gst_bus_pop_filtered (l.bus, GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  gst_element_send_event (l.pipeline, gst_event_new_eos ());
  stopped = line_told (&l, "recording-stopped", l.recorder);
  line_until_eos (&l);
  line_clear (&l);
}

/* --- handlers and cycles --- */

typedef struct
{
  Line *line;
  const gchar *name;
  gint is_done; /* atomic */
} Handler;

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer data)
{
  Handler *self = data;
  const GstStructure *s = gst_message_get_structure (message);

  if (s != NULL && gst_structure_has_name (s, self->name)) {
    self->name = "nothing more";
    gst_element_set_state (self->line->recorder, GST_STATE_NULL);
    g_atomic_int_set (&self->is_done, TRUE);
  }
  return GST_BUS_PASS;
}

static void
test_recorder_is_stopped_while_it_tells (void)
{
  static const gchar *const names[] = {
      "recording-track", "recording-started", "recording-stopped"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    Handler handler = {.name = names[i]};
    Line l;

    line_init (&l, "hub name=room recorderendpoint name=r hub=room "
                   "location=%s " ROOM_SOUND);
    handler.line = &l;
    gst_bus_set_sync_handler (l.bus, on_message, &handler, NULL);
    line_play (&l);
    if (i == 2) {
      gst_structure_free (line_told (&l, "recording-started", l.recorder));
      gst_element_send_event (l.recorder, gst_event_new_eos ());
    }
    for (guint n = 0; n < 2000 && !g_atomic_int_get (&handler.is_done); n++)
      g_usleep (10000);
    g_assert_true (g_atomic_int_get (&handler.is_done));
    g_assert_cmpint (GST_STATE (l.recorder), ==, GST_STATE_NULL);
    gst_bus_set_sync_handler (l.bus, NULL, NULL, NULL);
    line_clear (&l);
  }
}

/* Until who holds it on via-app has let it go. */
static void
assert_gone (gpointer *weak)
{
  gint64 end = g_get_monotonic_time () + WAIT / 1000;

  while (g_atomic_pointer_get (weak) != NULL && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_null (g_atomic_pointer_get (weak));
}

static void
cycle (void)
{
  Line l;
  gpointer weak;

  line_init (&l, "hub name=room recorderendpoint name=r hub=room "
                 "location=%s " ROOM_SOUND SOUND (1000));
  weak = l.recorder;
  g_object_add_weak_pointer (G_OBJECT (l.recorder), &weak);
  line_play (&l);
  gst_structure_free (line_told (&l, "recording-started", l.recorder));
  gst_element_set_state (l.pipeline, GST_STATE_NULL);
  line_clear (&l);
  assert_gone (&weak);
}

/* Memory: LeakSanitizer looks when the program ends. */
static void
test_recorder_twenty_cycles_leave_nothing (void)
{
  guint n_fds;

  cycle (); /* what is made once per process */
  g_assert_true (via_test_threads_return_to ("via-", 0));
  n_fds = via_test_count_fds ();
  for (guint i = 0; i < 20; i++)
    cycle ();
  g_assert_true (via_test_fds_return_to (n_fds));
}

static void
test_recorder_is_started_again_over_its_file (void)
{
  Line l;

  line_init (&l, "recorderendpoint name=r app-data=mine track-timeout=20000 "
                 "location=%s " VIDEO (10) SOUND (20));
  for (guint i = 0; i < 3; i++) {
    line_play (&l);
    line_until_eos (&l);
    check_stats (&l, "VP8", 10);
    check_stats (&l, "PCMU", 20);
    gst_element_set_state (l.pipeline, GST_STATE_NULL);
  }
  line_clear (&l);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/recorder/no-tracks", test_recorder_without_tracks_is_up_at_once);
  g_test_add_func (
      "/recorder/errors", test_recorder_bad_settings_are_errors_that_name_them);
  g_test_add_func ("/recorder/properties",
      test_recorder_properties_read_back_with_their_defaults);
  g_test_add_func (
      "/recorder/messages", test_recorder_tells_and_counts_every_frame);
  g_test_add_func (
      "/recorder/transcoding", test_recorder_says_what_it_transcodes);
  g_test_add_func (
      "/recorder/one-eos", test_recorder_alone_posts_one_eos_for_many_ends);
  g_test_add_func ("/recorder/pipeline-eos",
      test_recorder_in_a_room_finalises_before_the_pipeline_ends);
  g_test_add_func (
      "/recorder/port-eos", test_recorder_goes_on_when_one_port_ends);
  g_test_add_func (
      "/recorder/stop-inside", test_recorder_is_stopped_while_it_tells);
  g_test_add_func (
      "/recorder/cycles", test_recorder_twenty_cycles_leave_nothing);
  g_test_add_func (
      "/recorder/again", test_recorder_is_started_again_over_its_file);
  return g_test_run ();
}
