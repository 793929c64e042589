/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_dispatcher.c – who gets what whom sends, and that a
 * viewer far away sees one stream, whatever is switched (Kurento's case 58).
 */
#include <string.h>

#include <gst/app/app.h>
#include <gst/gst.h>

#define SOURCE(pattern, pad)                                                   \
  "videotestsrc is-live=true pattern=" pattern                                 \
  " ! video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "          \
  "vp8enc deadline=1 keyframe-max-dist=3000 cpu-used=8 ! " pad " "
#define VIEWER                                                                 \
  "webrtcendpoint name=viewer hub=d peer=far  webrtcendpoint name=far "        \
  "far.video_src_0 ! vp8dec ! video/x-raw,format=I420 ! "                      \
  "appsink name=out sync=false async=false max-buffers=2 drop=true "

typedef struct
{
  GstElement *pipeline, *hub;
  GstBus *bus;
  gint luma;   /* atomic: of the last picture; -1: none yet */
  gint frames; /* atomic */
} Fixture;

static GstFlowReturn
on_picture (GstAppSink *sink, gpointer user)
{
  Fixture *f = user;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  guint8 pixel;

  gst_buffer_extract (gst_sample_get_buffer (sample), 80 * 60, &pixel, 1);
  g_atomic_int_set (&f->luma, pixel);
  g_atomic_int_inc (&f->frames);
  return GST_FLOW_OK;
}

static void
start (Fixture *f, const gchar *line)
{
  GstAppSinkCallbacks callbacks = {.new_sample = on_picture};
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) out = NULL;

  memset (f, 0, sizeof *f);
  f->luma = -1;
  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  f->hub = gst_bin_get_by_name (GST_BIN (f->pipeline), "d");
  f->bus = gst_element_get_bus (f->pipeline);
  out = gst_bin_get_by_name (GST_BIN (f->pipeline), "out");
  if (out != NULL)
    gst_app_sink_set_callbacks (GST_APP_SINK (out), &callbacks, f, NULL);
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
}

static void
stop (Fixture *f)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->bus);
  gst_object_unref (f->hub);
  gst_object_unref (f->pipeline);
}

static void
no_faults (Fixture *f)
{
  g_autoptr (GstMessage) fault =
      gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  g_autoptr (GError) error = NULL;

  if (fault == NULL)
    return;
  if (GST_MESSAGE_TYPE (fault) == GST_MESSAGE_ERROR)
    gst_message_parse_error (fault, &error, NULL);
  else
    gst_message_parse_warning (fault, &error, NULL);
  g_error ("%s: %s", GST_OBJECT_NAME (GST_MESSAGE_SRC (fault)), error->message);
}

static gboolean
is_white (Fixture *f)
{
  return g_atomic_int_get (&f->luma) > 180;
}

static gboolean
is_black (Fixture *f)
{
  gint luma = g_atomic_int_get (&f->luma);

  return luma >= 0 && luma < 60;
}

static void
wait_for (Fixture *f, gboolean (*is) (Fixture *))
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (!is (f) && g_get_monotonic_time () < end) {
    no_faults (f);
    g_usleep (5000);
  }
  g_assert_true (is (f));
}

static gboolean
connect_ports (Fixture *f, const gchar *from, const gchar *to)
{
  gboolean is_done = FALSE;

  g_signal_emit_by_name (f->hub, "connect", from, to, &is_done);
  return is_done;
}

/* What is on its way may take its time; then there is nothing more. */
static void
wait_until_still (Fixture *f)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  gint before;

  do {
    before = g_atomic_int_get (&f->frames);
    g_usleep (500 * 1000);
  } while (
      g_atomic_int_get (&f->frames) != before && g_get_monotonic_time () < end);
  g_assert_cmpint (g_atomic_int_get (&f->frames), ==, before);
}

/* Packets missing in the one stream the far end gets. */
static guint64
far_lost (Fixture *f)
{
  g_autoptr (GstElement) far =
      gst_bin_get_by_name (GST_BIN (f->pipeline), "far");
  g_autoptr (GstStructure) stats = NULL;
  guint64 lost = G_MAXUINT64;
  const GValue *media;
  const GstStructure *video;

  g_object_get (far, "stats", &stats, NULL);
  media = gst_structure_get_value (stats, "media");
  for (guint i = 0; i < gst_value_array_get_size (media); i++) {
    gint64 n;

    video = gst_value_get_structure (gst_value_array_get_value (media, i));
    if (g_strcmp0 (gst_structure_get_string (video, "kind"), "video") == 0
        && gst_structure_get_int64 (video, "packets-lost", &n))
      lost = (guint64) n;
  }
  return lost;
}

static void
test_dispatcher_switched_fifty_times_the_viewer_sees_one_stream (void)
{
  Fixture f;

  start (&f, "dispatcher name=d routes=0>viewer " SOURCE ("white",
                 "d.video_sink_0") SOURCE ("black", "d.video_sink_1") VIEWER);
  wait_for (&f, is_white);
  for (guint i = 0; i < 25; i++) {
    g_assert_true (connect_ports (&f, "1", "viewer"));
    wait_for (&f, is_black);
    g_assert_true (connect_ports (&f, "0", "viewer"));
    wait_for (&f, is_white);
  }
  no_faults (&f);
  g_assert_cmpuint (far_lost (&f), ==, 0);
  stop (&f);
}

static void
test_dispatcher_routes_change_as_a_whole_and_back (void)
{
  Fixture f;
  g_autofree gchar *routes = NULL;
  gboolean is_done;

  start (&f, "dispatcher name=d " SOURCE ("white", "d.video_sink_0")
                 SOURCE ("black", "d.video_sink_1") VIEWER);
  g_object_set (f.hub, "routes", "1>viewer", NULL);
  wait_for (&f, is_black);
  g_test_expect_message ("via", G_LOG_LEVEL_WARNING, "*is not FROM>TO*");
  g_object_set (f.hub, "routes", "nonsense", NULL);
  g_test_assert_expected_messages ();
  g_object_get (f.hub, "routes", &routes, NULL);
  g_assert_cmpstr (routes, ==, "1>viewer");
  g_signal_emit_by_name (f.hub, "disconnect", "0", "viewer", &is_done);
  g_assert_false (is_done);
  g_signal_emit_by_name (f.hub, "disconnect", "1", "viewer", &is_done);
  g_assert_true (is_done);
  wait_until_still (&f);
  g_assert_true (connect_ports (&f, "0", "viewer"));
  wait_for (&f, is_white);
  g_assert_false (connect_ports (&f, "", "viewer"));
  stop (&f);
}

static void
test_dispatcher_source_by_name_may_come_late (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  GstElement *late;

  start (&f, "dispatcher name=d routes=app-data=stage>viewer " VIEWER);
  late = gst_parse_bin_from_description (
      "webrtcendpoint name=stage app-data=stage hub=d "
      "webrtcendpoint name=cam peer=stage " SOURCE ("white", "cam."),
      FALSE, &error);
  g_assert_no_error (error);
  gst_bin_add (GST_BIN (f.pipeline), late);
  gst_element_sync_state_with_parent (late);
  wait_for (&f, is_white);
  stop (&f);
}

/* What a joined port is sent now. */
static guint64
packets_out (Fixture *f, const gchar *name)
{
  g_autoptr (GstStructure) port = NULL;
  guint64 n = 0;

  g_signal_emit_by_name (f->hub, "find-port", "name", name, &port);
  g_assert_nonnull (port);
  g_assert_true (gst_structure_get_uint64 (port, "packets-out", &n));
  return n;
}

static void
test_dispatcher_one_to_many_shows_its_main_port (void)
{
  Fixture f;
  g_autoptr (GstStructure) port = NULL;
  const gchar *type;

  start (&f, "dispatcheronetomany name=d main=0 " SOURCE ("white",
                 "d.video_sink_0") SOURCE ("black", "d.video_sink_1") VIEWER);
  wait_for (&f, is_white);
  g_assert_cmpuint (packets_out (&f, "viewer"), >, 0);
  for (guint i = 0; i < 5; i++) {
    g_object_set (f.hub, "main", "1", NULL);
    wait_for (&f, is_black);
    g_object_set (f.hub, "main", "port=0", NULL);
    wait_for (&f, is_white);
  }
  g_assert_cmpuint (far_lost (&f), ==, 0);
  /* the FAQ's question: who is it, and from where */
  g_signal_emit_by_name (f.hub, "find-port", "name", "viewer", &port);
  g_assert_cmpstr (gst_structure_get_string (port, "state"), ==, "connected");
  /* prflx: a check overtook the candidate (RFC 8445 §7.3.1.3) */
  type = gst_structure_get_string (port, "candidate-type");
  g_assert_true (g_str_equal (type, "host") || g_str_equal (type, "prflx"));
  g_assert_nonnull (strchr (gst_structure_get_string (port, "address"), ':'));
  stop (&f);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dispatcher/fifty",
      test_dispatcher_switched_fifty_times_the_viewer_sees_one_stream);
  g_test_add_func (
      "/dispatcher/routes", test_dispatcher_routes_change_as_a_whole_and_back);
  g_test_add_func (
      "/dispatcher/late", test_dispatcher_source_by_name_may_come_late);
  g_test_add_func ("/dispatcher/one-to-many",
      test_dispatcher_one_to_many_shows_its_main_port);
  return g_test_run ();
}
