/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_hub_pads.c – source pads of hubs and dispatchers: what
 * comes out of them, when they come and go, and that one which stalls or fails
 * leaves the others alone. Through the plugin only.
 */
#include <string.h>

#include <gst/gst.h>

#include "outlet_media.h"

#define SOURCE(pattern, pad)                                                   \
  "videotestsrc is-live=true pattern=" pattern                                 \
  " ! video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "          \
  "vp8enc deadline=1 keyframe-max-dist=3000 cpu-used=8 ! " pad " "
#define TONE(pad)                                                              \
  "audiotestsrc is-live=true samplesperbuffer=960 ! "                          \
  "audio/x-raw,rate=48000,channels=2 ! opusenc ! " pad " "

typedef struct
{
  GstElement *pipeline, *hub;
  GstBus *bus;
} Fixture;

static void
start (Fixture *f, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  f->hub = gst_bin_get_by_name (GST_BIN (f->pipeline), "d");
  f->bus = gst_element_get_bus (f->pipeline);
}

static void
play (Fixture *f)
{
  g_assert_cmpint (gst_element_set_state (f->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
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
no_errors (Fixture *f)
{
  g_autoptr (GstMessage) fault =
      gst_bus_pop_filtered (f->bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
  g_autofree gchar *text =
      fault != NULL && gst_message_get_structure (fault) != NULL
          ? gst_structure_to_string (gst_message_get_structure (fault))
          : NULL;

  g_assert_cmpstr (text, ==, NULL);
}

/* The next element message @name, waiting up to 20 s. */
static GstMessage *
next_message (Fixture *f, const gchar *name)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_get_monotonic_time () < end) {
    GstMessage *message = gst_bus_timed_pop_filtered (
        f->bus, 100 * GST_MSECOND, GST_MESSAGE_ELEMENT);

    if (message != NULL && gst_message_has_name (message, name))
      return message;
    g_clear_pointer (&message, gst_message_unref);
  }
  g_error ("no message %s", name);
}

static void
watch (Fixture *f, Seen *seen, const gchar *name)
{
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (f->pipeline), name);

  seen_init (seen);
  seen_watch (seen, sink);
}

static guint
uint_of (const GstStructure *s, const gchar *field)
{
  guint n = G_MAXUINT;

  g_assert_true (gst_structure_get_uint (s, field, &n));
  return n;
}

/* --- hub: pads come and go --- */

typedef struct
{
  GMutex lock;
  GString *names; /* in the order they came */
  gint n_removed; /* atomic */
} Pads;

static void
on_pad_added (GstElement *hub, GstPad *pad, gpointer user)
{
  Pads *pads = user;
  GstElement *pipeline = GST_ELEMENT (GST_OBJECT_PARENT (hub));
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), GST_PAD_NAME (pad));

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  g_mutex_lock (&pads->lock);
  g_string_append_printf (pads->names, "%s ", GST_PAD_NAME (pad));
  g_mutex_unlock (&pads->lock);
  if (sink != NULL)
    g_assert_true (gst_element_link_pads (hub, GST_PAD_NAME (pad), sink, NULL));
}

static void
on_pad_removed (GstElement *hub, GstPad *pad, gpointer user)
{
  Pads *pads = user;

  if (GST_PAD_DIRECTION (pad) == GST_PAD_SRC)
    g_atomic_int_inc (&pads->n_removed);
}

static gboolean
has_pad (Pads *pads, const gchar *name)
{
  gboolean has;

  g_mutex_lock (&pads->lock);
  has = strstr (pads->names->str, name) != NULL;
  g_mutex_unlock (&pads->lock);
  return has;
}

static void
pads_open (Fixture *f, Pads *pads)
{
  memset (pads, 0, sizeof *pads);
  g_mutex_init (&pads->lock);
  pads->names = g_string_new (NULL);
  g_signal_connect (f->hub, "pad-added", G_CALLBACK (on_pad_added), pads);
  g_signal_connect (f->hub, "pad-removed", G_CALLBACK (on_pad_removed), pads);
}

static void
pads_close (Pads *pads)
{
  g_string_free (pads->names, TRUE);
  g_mutex_clear (&pads->lock);
}

static guint
n_ports (Fixture *f)
{
  g_autoptr (GstStructure) list = NULL, stats = NULL;

  g_signal_emit_by_name (f->hub, "list-ports", &list);
  g_object_get (f->hub, "stats", &stats, NULL);
  g_assert_cmpuint (uint_of (list, "ports"), ==, uint_of (stats, "ports"));
  return uint_of (list, "ports");
}

static void
test_hub_pads_are_named_by_port_and_track_and_go_with_it (void)
{
  Fixture f;
  Pads pads;
  Seen seen;
  GstElement *encoder;
  g_autoptr (GstPad) sink = NULL, peer = NULL;

  start (&f,
      "hub name=d app-data=hall " SOURCE ("white", "d.video_sink_3")
          SOURCE ("black", "d.video_sink_4") TONE (
              "d.audio_sink_3") "fakesink name=video_src_3_0 sync=false async=false");
  pads_open (&f, &pads);
  watch (&f, &seen, "video_src_3_0");
  play (&f);
  WAIT_UNTIL (has_pad (&pads, "video_src_4_0")
              && has_pad (&pads, "audio_src_3_0") && seen_count (&seen) > 10);
  g_assert_cmpuint (n_ports (&f), ==, 2); /* who looks on is no port */
  g_assert_cmpstr (
      gst_structure_get_name (gst_caps_get_structure (seen.caps, 0)), ==,
      "video/x-vp8");
  sink = gst_element_get_static_pad (f.hub, "video_sink_3");
  peer = gst_pad_get_peer (sink);
  encoder = gst_pad_get_parent_element (peer);
  gst_element_set_locked_state (encoder, TRUE); /* its source ends quietly */
  gst_element_set_state (encoder, GST_STATE_NULL);
  gst_pad_unlink (peer, sink);
  gst_element_release_request_pad (f.hub, sink);
  WAIT_UNTIL (
      seen_ends (&seen) == 1 && g_atomic_int_get (&pads.n_removed) == 1);
  gst_object_unref (encoder);
  stop (&f);
  g_assert_cmpint (pads.n_removed, ==, 3);
  pads_close (&pads);
  seen_clear (&seen);
}

/* Two sources of one port, and who publishes in the tags. */
static void
test_hub_pads_number_the_tracks_of_a_port_and_tell_whose_they_are (void)
{
  Fixture f;
  Pads pads;
  Seen seen;
  g_autofree gchar *title = NULL, *comment = NULL;
  gboolean is_told = FALSE;

  start (&f, "hub name=d "
             "webrtcendpoint name=alice app-data=Alice hub=d "
             "webrtcendpoint name=cam peer=alice " SOURCE (
                 "white", "cam.") SOURCE ("black",
                 "cam.") "fakesink name=video_src_0_1 sync=false async=false");
  pads_open (&f, &pads);
  watch (&f, &seen, "video_src_0_1");
  play (&f);
  WAIT_UNTIL (has_pad (&pads, "video_src_0_0") && seen_count (&seen) > 3);
  g_mutex_lock (&seen.lock);
  is_told = seen.tags != NULL
            && gst_tag_list_get_string (seen.tags, GST_TAG_TITLE, &title)
            && gst_tag_list_get_string (
                seen.tags, GST_TAG_EXTENDED_COMMENT, &comment);
  g_mutex_unlock (&seen.lock);
  g_assert_true (is_told);
  g_assert_cmpstr (title, ==, "alice");
  g_assert_cmpstr (comment, ==, "app-data=Alice");
  no_errors (&f);
  stop (&f);
  pads_close (&pads);
  seen_clear (&seen);
}

static void
test_hub_without_anybody_waiting_has_no_source_pads (void)
{
  Fixture f;
  g_autoptr (GstStructure) stats = NULL;
  const GstStructure *track;
  gint viewers = -1;

  start (&f, "hub name=d " SOURCE ("white", "d.video_sink_0"));
  play (&f);
  for (guint i = 0; i < 1000 && viewers < 0; i++) {
    g_clear_pointer (&stats, gst_structure_free);
    g_object_get (f.hub, "stats", &stats, NULL);
    if (gst_structure_has_field (stats, "track-1")) {
      track =
          gst_value_get_structure (gst_structure_get_value (stats, "track-1"));
      gst_structure_get_int (track, "viewers", &viewers);
    }
    g_usleep (20000);
  }
  g_assert_cmpint (viewers, ==, 0);
  g_assert_cmpint (f.hub->numsrcpads, ==, 0);
  stop (&f);
}

/* --- dispatcher: a pad's number is who receives --- */

static gboolean
connect_ports (Fixture *f, const gchar *from, const gchar *to)
{
  gboolean is_done = FALSE;

  g_signal_emit_by_name (f->hub, "connect", from, to, &is_done);
  return is_done;
}

/* RTP as it leaves a pad. */
typedef struct
{
  GMutex lock;
  guint n, n_breaks, n_back, n_ssrcs;
  guint16 seq;
  guint32 timestamp, ssrc;
} Row;

static GstPadProbeReturn
on_row (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Row *row = user;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  guint8 h[12];
  guint16 seq;
  guint32 timestamp, ssrc;

  g_assert_cmpuint (gst_buffer_extract (buffer, 0, h, sizeof h), ==, sizeof h);
  seq = GST_READ_UINT16_BE (h + 2);
  timestamp = GST_READ_UINT32_BE (h + 4);
  ssrc = GST_READ_UINT32_BE (h + 8);
  g_mutex_lock (&row->lock);
  if (row->n > 0) {
    row->n_breaks += seq != (guint16) (row->seq + 1);
    row->n_back += (gint32) (timestamp - row->timestamp) < 0;
  }
  row->n_ssrcs += row->n == 0 || ssrc != row->ssrc;
  row->seq = seq;
  row->timestamp = timestamp;
  row->ssrc = ssrc;
  row->n++;
  g_mutex_unlock (&row->lock);
  return GST_PAD_PROBE_OK;
}

typedef struct
{
  gint luma, frames; /* atomic */
} Picture;

static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Picture *picture = user;
  guint8 pixel;

  gst_buffer_extract (GST_PAD_PROBE_INFO_BUFFER (info), 80 * 60, &pixel, 1);
  g_atomic_int_set (&picture->luma, pixel);
  g_atomic_int_inc (&picture->frames);
  return GST_PAD_PROBE_OK;
}

static void
probe (Fixture *f, const gchar *name, GstPadProbeCallback func, gpointer user)
{
  g_autoptr (GstElement) e = gst_bin_get_by_name (GST_BIN (f->pipeline), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (e, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, func, user, NULL);
}

#define IS_WHITE(p) (g_atomic_int_get (&(p).luma) > 180)
#define IS_BLACK(p)                                                            \
  (g_atomic_int_get (&(p).frames) > 0 && g_atomic_int_get (&(p).luma) < 60)

/* One pad takes RTP, the other pictures; both see one stream. */
static void
test_dispatcher_pads_switched_fifty_times_are_one_stream (void)
{
  Fixture f;
  Row row = {.n = 0};
  Picture picture = {0};

  g_mutex_init (&row.lock);
  start (&f,
      "dispatcher name=d routes=0>2,0>3 " SOURCE (
          "white", "d.video_sink_0") SOURCE ("black",
          "d.video_sink_1") "d.video_src_2 ! application/x-rtp ! "
                            "fakesink name=rtp sync=false async=false "
                            "d.video_src_3 ! vp8dec ! video/x-raw,format=I420 ! "
                            "fakesink name=raw sync=false async=false");
  probe (&f, "rtp", on_row, &row);
  probe (&f, "raw", on_picture, &picture);
  play (&f);
  WAIT_UNTIL (IS_WHITE (picture));
  for (guint i = 0; i < 25; i++) {
    g_object_set (f.hub, "routes", "1>2,1>3", NULL);
    WAIT_UNTIL (IS_BLACK (picture));
    g_object_set (f.hub, "routes", "0>2,0>3", NULL);
    WAIT_UNTIL (IS_WHITE (picture));
  }
  no_errors (&f);
  stop (&f);
  g_assert_cmpuint (row.n, >, 100);
  g_assert_cmpuint (row.n_breaks, ==, 0);
  g_assert_cmpuint (row.n_back, ==, 0);
  g_assert_cmpuint (row.n_ssrcs, ==, 1);
  g_mutex_clear (&row.lock);
}

static void
test_dispatcher_pads_of_one_number_are_one_port (void)
{
  Fixture f;
  Seen own, other;
  guint before;

  start (&f,
      "dispatcher name=d routes=0>0,0>1 " SOURCE ("white",
          "d.video_sink_0") "d.video_src_0 ! fakesink name=own sync=false async=false "
                            "d.video_src_1 ! fakesink name=other sync=false async=false");
  watch (&f, &own, "own");
  watch (&f, &other, "other");
  g_assert_cmpuint (n_ports (&f), ==, 0);
  play (&f);
  WAIT_UNTIL (seen_count (&other) > 20);
  g_assert_cmpuint (n_ports (&f), ==, 2);
  g_assert_cmpuint (seen_count (&own), ==, 0); /* nobody receives himself */
  gst_element_set_state (f.pipeline, GST_STATE_NULL);
  g_assert_cmpuint (n_ports (&f), ==, 0);
  before = seen_count (&other);
  play (&f); /* again, with the pads asked for before */
  WAIT_UNTIL (seen_count (&other) > before + 5);
  g_assert_cmpuint (seen_count (&own), ==, 0);
  stop (&f);
  seen_clear (&own);
  seen_clear (&other);
}

static void
test_one_to_many_pads_of_two_codecs_give_pictures (void)
{
  Fixture f;
  Picture picture = {0};
  Seen sound;

  start (&f,
      "dispatcheronetomany name=d main=0 " SOURCE ("white",
          "d.video_sink_0") "videotestsrc is-live=true pattern=black ! "
                            "video/x-raw,format=I420,width=160,height=120,framerate=30/1 ! "
                            "x264enc tune=zerolatency speed-preset=ultrafast ! "
                            "video/x-h264,profile=constrained-baseline ! d.video_sink_1 " TONE (
                                "d.audio_sink_0") "d.video_src_2 ! video/x-raw,format=I420 ! "
                                                  "fakesink name=raw sync=false async=false "
                                                  "d.audio_src_2 ! audio/x-raw ! fakesink name=tone sync=false async=false");
  probe (&f, "raw", on_picture, &picture);
  watch (&f, &sound, "tone");
  play (&f);
  for (guint i = 0; i < 3; i++) {
    WAIT_UNTIL (IS_WHITE (picture) && seen_count (&sound) > i * 10);
    g_object_set (f.hub, "main", "1", NULL);
    WAIT_UNTIL (IS_BLACK (picture));
    g_object_set (f.hub, "main", "0", NULL);
  }
  no_errors (&f);
  stop (&f);
  seen_clear (&sound);
}

static void
test_dispatcher_end_goes_out_of_every_pad (void)
{
  Fixture f;
  Seen fed, idle;
  GstMessage *eos;

  start (&f,
      "dispatcher name=d routes=0>1 " SOURCE ("white",
          "d.video_sink_0") "d.video_src_1 ! fakesink name=fed sync=false async=false "
                            "d.audio_src_1 ! fakesink name=idle sync=false async=false");
  watch (&f, &fed, "fed");
  watch (&f, &idle, "idle");
  play (&f);
  WAIT_UNTIL (seen_count (&fed) > 3);
  gst_element_send_event (f.pipeline, gst_event_new_eos ());
  eos = gst_bus_timed_pop_filtered (f.bus, 20 * GST_SECOND, GST_MESSAGE_EOS);
  g_assert_nonnull (eos);
  gst_message_unref (eos);
  g_assert_cmpuint (seen_ends (&fed), ==, 1);
  g_assert_cmpuint (seen_ends (&idle), ==, 1);
  stop (&f);
  seen_clear (&fed);
  seen_clear (&idle);
}

/* --- one that stalls or fails --- */

static GstPadProbeReturn
hold (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  return GST_PAD_PROBE_OK; /* blocked until it is removed */
}

static gdouble
longest_gap (Seen *seen, guint from)
{
  GstClockTime longest = 0;

  g_mutex_lock (&seen->lock);
  for (guint i = from + 1; i < seen->pts->len; i++)
    longest =
        MAX (longest, g_array_index (seen->pts, GstClockTime, i)
                          - g_array_index (seen->pts, GstClockTime, i - 1));
  g_mutex_unlock (&seen->lock);
  return (gdouble) longest / GST_SECOND;
}

static void
check_stalled (Fixture *f, const gchar *pad, guint port, gboolean is_stalled)
{
  g_autoptr (GstMessage) message = next_message (f, "port-stalled");
  const GstStructure *s = gst_message_get_structure (message);
  guint64 dropped = 0;
  gboolean is;

  g_assert_cmpstr (gst_structure_get_string (s, "pad"), ==, pad);
  g_assert_cmpuint (uint_of (s, "port"), ==, port);
  g_assert_true (gst_structure_get_boolean (s, "is-stalled", &is));
  g_assert_cmpint (is, ==, is_stalled);
  g_assert_true (gst_structure_get_uint64 (s, "dropped", &dropped));
  g_assert_cmpuint (dropped, >, 0);
}

/* @line has sinks `slow` and `good`; the pad that leads to the first is @pad.
 */
static void
check_stall (const gchar *line, const gchar *pad, guint port)
{
  Fixture f;
  Seen slow, good;
  g_autoptr (GstElement) element = NULL;
  g_autoptr (GstPad) sink = NULL;
  gulong id;
  guint before;

  start (&f, line);
  watch (&f, &slow, "slow");
  watch (&f, &good, "good");
  element = gst_bin_get_by_name (GST_BIN (f.pipeline), "slow");
  sink = gst_element_get_static_pad (element, "sink");
  play (&f);
  WAIT_UNTIL (seen_count (&slow) > 5 && seen_count (&good) > 5);
  before = seen_count (&good);
  id = gst_pad_add_probe (sink,
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, hold, NULL, NULL);
  check_stalled (&f, pad, port, TRUE);
  WAIT_UNTIL (seen_count (&good) > before + 20); /* while the other stands */
  gst_pad_remove_probe (sink, id);
  before = seen_count (&slow);
  check_stalled (&f, pad, port, FALSE);
  WAIT_UNTIL (seen_count (&slow) > before + 10);
  g_assert_cmpfloat (longest_gap (&good, 5), <, 0.2);
  no_errors (&f);
  stop (&f);
  seen_clear (&slow);
  seen_clear (&good);
}

static void
test_dispatcher_pad_that_stalls_leaves_the_others_alone (void)
{
  check_stall (
      "dispatcher name=d routes=0>5,0>6 " SOURCE ("white",
          "d.video_sink_0") "d.video_src_5 ! fakesink name=slow sync=false async=false "
                            "d.video_src_6 ! fakesink name=good sync=false async=false",
      "video_src_5", 5);
}

static void
test_hub_pad_that_stalls_leaves_the_others_alone (void)
{
  check_stall (
      "hub name=d " SOURCE ("white", "d.video_sink_0") SOURCE ("black",
          "d.video_sink_1") "d.video_src_0_0 ! fakesink name=slow sync=false async=false "
                            "d.video_src_1_0 ! fakesink name=good sync=false async=false",
      "video_src_0_0", 0);
}

static void
test_dispatcher_pad_that_fails_leaves_the_others_alone (void)
{
  Fixture f;
  Seen good;
  GstMessage *error;
  guint before;

  start (&f,
      "dispatcher name=d routes=0>5,0>6 " SOURCE ("white",
          "d.video_sink_0") "d.video_src_5 ! identity error-after=10 ! fakesink async=false "
                            "d.video_src_6 ! fakesink name=good sync=false async=false");
  watch (&f, &good, "good");
  play (&f);
  error =
      gst_bus_timed_pop_filtered (f.bus, 20 * GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (error);
  gst_message_unref (error);
  before = seen_count (&good);
  WAIT_UNTIL (seen_count (&good) > before + 30);
  g_assert_cmpfloat (longest_gap (&good, 0), <, 0.2);
  g_assert_true (connect_ports (&f, "0", "6"));
  stop (&f);
  seen_clear (&good);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hub-pads/tracks",
      test_hub_pads_are_named_by_port_and_track_and_go_with_it);
  g_test_add_func ("/hub-pads/whose",
      test_hub_pads_number_the_tracks_of_a_port_and_tell_whose_they_are);
  g_test_add_func (
      "/hub-pads/nobody", test_hub_without_anybody_waiting_has_no_source_pads);
  g_test_add_func ("/hub-pads/fifty",
      test_dispatcher_pads_switched_fifty_times_are_one_stream);
  g_test_add_func (
      "/hub-pads/port", test_dispatcher_pads_of_one_number_are_one_port);
  g_test_add_func (
      "/hub-pads/codecs", test_one_to_many_pads_of_two_codecs_give_pictures);
  g_test_add_func ("/hub-pads/end", test_dispatcher_end_goes_out_of_every_pad);
  g_test_add_func ("/hub-pads/stall",
      test_dispatcher_pad_that_stalls_leaves_the_others_alone);
  g_test_add_func (
      "/hub-pads/hub-stall", test_hub_pad_that_stalls_leaves_the_others_alone);
  g_test_add_func (
      "/hub-pads/fail", test_dispatcher_pad_that_fails_leaves_the_others_alone);
  return g_test_run ();
}
