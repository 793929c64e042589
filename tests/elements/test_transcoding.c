/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_transcoding.c – viewers that do not take a track's codec
 * come and go while it plays: each is served, and nothing stays of any. 200 of
 * them in the long form.
 */
#include <dirent.h>
#include <string.h>

#include <gst/gst.h>

#include "netns.h"

#define WAIT_UNTIL(condition)                                                  \
  do {                                                                         \
    gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;            \
    while (!(condition) && g_get_monotonic_time () < end)                      \
      g_usleep (2000);                                                         \
    g_assert_true (condition);                                                 \
  } while (0)

#define LINE                                                                   \
  "hub name=room videotestsrc is-live=true ! "                                 \
  "video/x-raw,format=I420,width=64,height=48,framerate=30/1 ! "               \
  "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=3000 ! "                     \
  "room.video_sink_0 audiotestsrc is-live=true ! "                             \
  "audio/x-raw,rate=48000,channels=1 ! room.audio_sink_0"

typedef struct
{
  GstElement *pipeline, *hub, *near, *far;
  gint n[2]; /* atomic: encoded buffers of audio, video */
} Call;

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  g_atomic_int_inc ((gint *) user);
  return GST_PAD_PROBE_OK;
}

static void
on_pad (GstElement *far, GstPad *pad, gpointer user)
{
  Call *call = user;
  g_autofree gchar *name = gst_pad_get_name (pad);
  gboolean is_video = g_str_has_prefix (name, "video");
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) to = gst_element_get_static_pad (sink, "sink");
  GstPadLinkReturn linked;

  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (call->pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  gst_pad_add_probe (
      to, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, &call->n[is_video], NULL);
  linked = gst_pad_link (pad, to);
  /* It may have been taken out of the pipeline meanwhile. */
  g_assert_true (linked == GST_PAD_LINK_OK || GST_OBJECT_PARENT (far) == NULL);
}

/* A member of the hub whose peer knows these codecs only. */
static void
call_open (Call *call, const gchar *video, const gchar *audio)
{
  g_autofree gchar *name = NULL;

  call->near = gst_element_factory_make ("webrtcendpoint", NULL);
  call->far = gst_element_factory_make ("webrtcendpoint", NULL);
  call->n[0] = call->n[1] = 0;
  g_signal_connect (call->far, "pad-added", G_CALLBACK (on_pad), call);
  name = gst_element_get_name (call->far);
  g_object_set (call->near, "hub", "room", "peer", name, "video-codecs", video,
      "audio-codecs", audio, NULL);
  gst_bin_add_many (GST_BIN (call->pipeline), call->far, call->near, NULL);
  gst_element_sync_state_with_parent (call->far);
  gst_element_sync_state_with_parent (call->near);
}

static void
remove_sinks (GstElement *pipeline)
{
  g_autoptr (GPtrArray) sinks = g_ptr_array_new ();
  GList *l;

  GST_OBJECT_LOCK (pipeline);
  for (l = GST_BIN_CHILDREN (pipeline); l != NULL; l = l->next)
    if (g_str_has_prefix (GST_OBJECT_NAME (l->data), "fakesink"))
      g_ptr_array_add (sinks, l->data);
  GST_OBJECT_UNLOCK (pipeline);
  for (guint i = 0; i < sinks->len; i++) {
    gst_element_set_state (sinks->pdata[i], GST_STATE_NULL);
    gst_bin_remove (GST_BIN (pipeline), sinks->pdata[i]);
  }
}

static void
call_close (Call *call)
{
  gst_element_set_state (call->near, GST_STATE_NULL);
  gst_element_set_state (call->far, GST_STATE_NULL);
  gst_bin_remove_many (GST_BIN (call->pipeline), call->far, call->near, NULL);
  remove_sinks (call->pipeline);
}

/* How many encoders of @codec ("x264enc") there are in the hub. */
static guint
count (GstElement *hub, const gchar *factory)
{
  GstIterator *all = gst_bin_iterate_recurse (GST_BIN (hub));
  GValue value = G_VALUE_INIT;
  const GstElementFactory *made;
  GstIteratorResult result;
  guint n = 0;

  while ((result = gst_iterator_next (all, &value)) != GST_ITERATOR_DONE) {
    if (result == GST_ITERATOR_RESYNC) {
      gst_iterator_resync (all);
      n = 0;
      continue;
    }
    made = gst_element_get_factory (g_value_get_object (&value));
    n += made != NULL && g_str_equal (GST_OBJECT_NAME (made), factory);
    g_value_reset (&value);
  }
  g_value_unset (&value);
  gst_iterator_free (all);
  return n;
}

static guint
count_entries (const gchar *path)
{
  DIR *dir = opendir (path);
  guint n = 0;

  g_assert_nonnull (dir);
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

typedef struct
{
  guint threads, fds, refs, children;
} Held;

static Held
held_by (GstElement *pipeline, GstElement *hub)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_bus_set_flushing (bus, TRUE); /* messages hold their source */
  gst_bus_set_flushing (bus, FALSE);
  return (Held){.threads = count_entries ("/proc/self/task"),
      .fds = count_entries ("/proc/self/fd"),
      .refs = G_OBJECT (hub)->ref_count,
      .children = (guint) GST_BIN_NUMCHILDREN (hub)};
}

static gboolean
is_no_more (const Held *held, const Held *as)
{
  return held->threads <= as->threads && held->fds <= as->fds
         && held->refs == as->refs && held->children == as->children;
}

/* GLib's own threads end after 15 s without work. */
static Held
settle (GstElement *pipeline, GstElement *hub, const Held *as)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  Held held = held_by (pipeline, hub);

  while (!is_no_more (&held, as) && g_get_monotonic_time () < end) {
    g_usleep (20000);
    held = held_by (pipeline, hub);
  }
  return held;
}

/* What is held once nothing changes for half a second: threads end, and who is
 * told of something is held. */
static Held
steady (GstElement *pipeline, GstElement *hub)
{
  Held held = held_by (pipeline, hub);

  for (guint same = 0, n = 0; same < 25 && n < 1000; n++) {
    Held now = held_by (pipeline, hub);

    same = memcmp (&now, &held, sizeof now) == 0 ? same + 1 : 0;
    held = now;
    g_usleep (20000);
  }
  return held;
}

static void
one_call (Call *call, guint turn)
{
  call_open (call, "H264", "PCMU");
  if (turn % 4 == 0) { /* served, and else gone at any moment */
    WAIT_UNTIL (g_atomic_int_get (&call->n[1]) > 2
                && g_atomic_int_get (&call->n[0]) > 2);
    g_assert_cmpuint (count (call->hub, "x264enc"), ==, 1);
    g_assert_cmpuint (count (call->hub, "mulawenc"), ==, 1);
  } else {
    g_usleep (g_random_int_range (0, 200000));
  }
  call_close (call);
}

static void
test_transcoding_viewers_that_come_and_go_leave_nothing (void)
{
  const gchar *is_long = g_getenv ("VIA_TEST_LONG");
  guint n_turns = is_long != NULL && *is_long != '\0' ? 200 : 12;
  Call call = {.pipeline = gst_parse_launch (LINE, NULL)};
  Held before, after;

  call.hub = gst_bin_get_by_name (GST_BIN (call.pipeline), "room");
  gst_element_set_state (call.pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < 4; i++)
    one_call (&call, i);
  WAIT_UNTIL (count (call.hub, "x264enc") + count (call.hub, "mulawenc") == 0);
  before = steady (call.pipeline, call.hub);
  for (guint i = 0; i < n_turns; i++)
    one_call (&call, i);
  after = settle (call.pipeline, call.hub, &before);
  g_test_message ("%u viewers: threads %u → %u, descriptors %u → %u, "
                  "references %u → %u, children %u → %u",
      n_turns, before.threads, after.threads, before.fds, after.fds,
      before.refs, after.refs, before.children, after.children);
  g_assert_cmpuint (after.threads, <=, before.threads);
  g_assert_cmpuint (after.fds, <=, before.fds);
  g_assert_cmpuint (after.refs, ==, before.refs);
  g_assert_cmpuint (after.children, ==, before.children);
  g_assert_cmpuint (count (call.hub, "x264enc"), ==, 0);
  gst_element_set_state (call.pipeline, GST_STATE_NULL);
  gst_object_unref (call.hub);
  gst_object_unref (call.pipeline);
}

/* The hub goes while it transcodes. */
static void
test_transcoding_ends_with_the_hub (void)
{
  Call call = {.pipeline = gst_parse_launch (LINE, NULL)};
  guint children;

  call.hub = gst_bin_get_by_name (GST_BIN (call.pipeline), "room");
  gst_element_set_state (call.pipeline, GST_STATE_PLAYING);
  children = (guint) GST_BIN_NUMCHILDREN (call.hub);
  call_open (&call, "H264", "PCMU");
  WAIT_UNTIL (g_atomic_int_get (&call.n[1]) > 2);
  g_assert_cmpuint (count (call.hub, "x264enc"), ==, 1);
  gst_element_set_locked_state (call.hub, TRUE);
  gst_element_set_state (call.hub, GST_STATE_NULL);
  WAIT_UNTIL ((guint) GST_BIN_NUMCHILDREN (call.hub) == children);
  gst_element_set_state (call.pipeline, GST_STATE_NULL);
  gst_object_unref (call.hub);
  gst_object_unref (call.pipeline);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/transcoding/come-and-go",
      test_transcoding_viewers_that_come_and_go_leave_nothing);
  g_test_add_func ("/transcoding/hub", test_transcoding_ends_with_the_hub);
  return g_test_run ();
}
