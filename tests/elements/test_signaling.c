/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_signaling.c – webrtcendpoint calls out by signaling-uri: a server and
 * its callers in one process, in a network of its own; names that are never
 * found and servers that never greet.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <libsoup/soup.h>

#include "netns.h"
#include "process.h"

/* Tries again are ever further apart. */
#define WAIT (60 * G_TIME_SPAN_SECOND)

#define CAMERA                                                                 \
  "videotestsrc is-live=true ! video/x-raw,width=64,height=64 ! "              \
  "webrtcendpoint name=e signaling-uri=whip://127.0.0.1:%u/live/whip"

typedef struct
{
  GstElement *server_line, *server;
  guint port;
  gint frames; /* atomic: at the server's source pad */
} Fixture;

static void
on_frame (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer frames)
{
  g_atomic_int_inc ((gint *) frames);
}

/* Counts what comes to the sink `got` of @line. */
static GstElement *
launch (const gchar *line, gint *frames)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) sink = NULL;

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "got");
  if (sink != NULL)
    g_signal_connect (sink, "handoff", G_CALLBACK (on_frame), frames);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  return pipeline;
}

static void
stop (GstElement *pipeline)
{
  gint64 begin = g_get_monotonic_time ();

  gst_element_set_state (pipeline, GST_STATE_NULL);
  /* Nobody waits for a goodbye. */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 2 * G_TIME_SPAN_SECOND);
  gst_object_unref (pipeline);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  memset (f, 0, sizeof *f);
  f->server_line =
      launch ("webrtcserver name=s port=0 s.video_src_0 ! decodebin ! "
              "fakesink name=got signal-handoffs=true sync=false async=false",
          &f->frames);
  f->server = gst_bin_get_by_name (GST_BIN (f->server_line), "s");
  g_object_get (f->server, "port", &f->port, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gst_object_unref (f->server);
  stop (f->server_line);
}

static GstElement *
call (Fixture *f, const gchar *format, gint *frames)
{
  g_autofree gchar *line = g_strdup_printf (format, f->port);

  return launch (line, frames);
}

static void
wait_frames (gint *frames, gint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_atomic_int_get (frames) < n) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

static void
wait_peers (Fixture *f, gint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  for (;;) {
    gint now = 0;

    for (gint i = 0; i < 40; i++) {
      g_autofree gchar *name = g_strdup_printf ("peer-%d", i);
      g_autoptr (GstElement) peer =
          gst_bin_get_by_name (GST_BIN (f->server), name);

      now += peer != NULL;
    }
    if (now == n)
      return;
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* Until the server's first peer has sent @n packets. */
static void
wait_packets (Fixture *f, guint64 n)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  for (;;) {
    g_autoptr (GstElement) peer =
        gst_bin_get_by_name (GST_BIN (f->server), "peer-0");
    g_autoptr (GstStructure) stats = NULL;
    guint64 received = 0;

    if (peer != NULL)
      g_object_get (peer, "stats", &stats, NULL);
    if (stats != NULL)
      gst_structure_get_uint64 (stats, "packets-received", &received);
    if (received >= n)
      return;
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* The text of the first error, or warning, on @pipeline's bus. (transfer full)
 */
static gchar *
first_said (GstElement *pipeline, GstMessageType type)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, WAIT * GST_USECOND, type);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}

/* --- cases --- */

static void
test_a_camera_is_published_and_gone_with_its_line (
    Fixture *f, gconstpointer data)
{
  GstElement *camera = call (f, CAMERA, NULL);

  wait_frames (&f->frames, 10);
  stop (camera);
  wait_peers (f, 0);
}

static void
test_what_is_published_is_played (Fixture *f, gconstpointer data)
{
  GstElement *camera = call (f, CAMERA, NULL), *player;
  gint frames = 0;

  wait_frames (&f->frames, 1);
  player = call (f,
      "webrtcendpoint name=e signaling-uri=whep://127.0.0.1:%u/live/whep "
      "e.video_src_0 ! decodebin ! fakesink name=got signal-handoffs=true "
      "sync=false async=false",
      &frames);
  wait_frames (&frames, 10);
  stop (player);
  wait_peers (f, 1);
  stop (camera);
}

/* Each run is a call of its own, whatever the one before was about to do. */
static void
test_states_go_up_and_down_at_any_pace (Fixture *f, gconstpointer data)
{
  GstElement *camera = call (f, CAMERA, NULL);

  for (guint i = 0; i < 12; i++) {
    gst_element_set_state (camera, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
    gst_element_set_state (camera, GST_STATE_PLAYING);
    g_usleep (i * 20000); /* before, in and after the offer */
  }
  wait_peers (f, 1);
  g_atomic_int_set (&f->frames, 0);
  stop (camera);
  wait_peers (f, 0);
}

static void
test_a_server_that_comes_back_is_called_again (Fixture *f, gconstpointer data)
{
  GstElement *camera = call (f, CAMERA, NULL);

  wait_frames (&f->frames, 10);
  g_object_set (f->server, "port", f->port, NULL);
  gst_element_set_state (f->server_line, GST_STATE_NULL);
  gst_element_set_state (f->server_line, GST_STATE_PLAYING);
  wait_packets (f, 10);
  stop (camera);
}

static void
test_secrets_read_back_masked (Fixture *f, gconstpointer data)
{
  g_autoptr (GstElement) e =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autofree gchar *uri = NULL, *token = NULL;

  g_object_set (e, "signaling-uri", "whip://u:canary-1@h/x@y", "auth-token",
      "canary-2", NULL);
  g_object_get (e, "signaling-uri", &uri, "auth-token", &token, NULL);
  g_assert_cmpstr (uri, ==, "whip://***@h/x@y");
  g_assert_cmpstr (token, ==, "***");
  g_test_expect_message (
      "via", G_LOG_LEVEL_WARNING, "signaling-uri=gopher://***@h refused*");
  g_object_set (e, "signaling-uri", "gopher://u:canary-3@h", NULL);
  g_test_assert_expected_messages ();
}

static void
test_an_impatient_call_is_an_error (Fixture *f, gconstpointer data)
{
  GstElement *camera = call (f,
      "videotestsrc is-live=true ! webrtcendpoint signaling-reconnect=false "
      "signaling-uri=whip://127.0.0.1:9/%u/whip",
      NULL);
  g_autofree gchar *text = first_said (camera, GST_MESSAGE_ERROR);

  g_assert_nonnull (strstr (text, "http://127.0.0.1:9/"));
  stop (camera);
}

/* --- a room --- */

#define MEMBER                                                                 \
  "videotestsrc is-live=true ! video/x-raw,width=64,height=64 ! "              \
  "webrtcendpoint name=e app-data=Alice "                                      \
  "signaling-uri=ws://127.0.0.1:%u/live/ws "                                   \
  "e.video_src_0 ! decodebin ! "                                               \
  "fakesink name=got signal-handoffs=true sync=false async=false"

static void
wait_app_data (Fixture *f, const gchar *wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  for (;;) {
    g_autoptr (GstElement) peer =
        gst_bin_get_by_name (GST_BIN (f->server), "peer-0");
    g_autofree gchar *app_data = NULL;

    if (peer != NULL)
      g_object_get (peer, "app-data", &app_data, NULL);
    if (g_strcmp0 (app_data, wanted) == 0)
      return;
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* The name of the ICE session of @line's endpoint, once that has agreed on @n
 * pictures. (transfer full) */
static gchar *
wait_ufrag (GstElement *line, guint n)
{
  g_autoptr (GstElement) e = gst_bin_get_by_name (GST_BIN (line), "e");
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  for (;;) {
    g_autofree gchar *sdp = NULL;
    g_auto (GStrv) parts = NULL;

    g_object_get (e, "current-local-description", &sdp, NULL);
    parts = g_strsplit (sdp != NULL ? sdp : "", "m=video", -1);
    if (g_strv_length (parts) > n)
      return g_strndup (strstr (sdp, "a=ice-ufrag:"), 16);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* The third is offered in the call there is. */
static void
test_members_of_a_room_see_each_other (Fixture *f, gconstpointer data)
{
  gint seen[3] = {0};
  GstElement *alice = call (f, MEMBER, &seen[0]), *other, *third;
  g_autofree gchar *before = NULL, *after = NULL;

  wait_app_data (f, "Alice");
  other = call (f, MEMBER, &seen[1]);
  wait_frames (&seen[0], 10);
  wait_frames (&seen[1], 10);
  before = wait_ufrag (alice, 1);
  third = call (f, MEMBER, &seen[2]);
  after = wait_ufrag (alice, 2);
  g_assert_cmpstr (after, ==, before);
  stop (third);
  stop (other);
  wait_peers (f, 1);
  stop (alice);
  wait_peers (f, 0);
}

static void
test_a_room_that_comes_back_is_joined_again (Fixture *f, gconstpointer data)
{
  gint seen[2] = {0};
  GstElement *one = call (f, MEMBER, &seen[0]);
  GstElement *other = call (f, MEMBER, &seen[1]);

  wait_frames (&seen[0], 10);
  wait_frames (&seen[1], 10);
  g_object_set (f->server, "port", f->port, NULL);
  gst_element_set_state (f->server_line, GST_STATE_NULL);
  gst_element_set_state (f->server_line, GST_STATE_PLAYING);
  wait_peers (f, 2);
  g_atomic_int_set (&seen[0], 0);
  g_atomic_int_set (&seen[1], 0);
  wait_frames (&seen[0], 10); /* at the same pads */
  wait_frames (&seen[1], 10);
  stop (other);
  stop (one);
}

/* Encodes nothing: quick to stop. */
#define GUEST                                                                  \
  "webrtcendpoint name=e signaling-uri=%s e.video_src_0 ! "                    \
  "fakesink async=false"

/* Shuts the door behind whoever came in. */
static void
on_member (SoupServer *server, SoupServerMessage *message, const char *path,
    SoupWebsocketConnection *socket, gpointer n_came)
{
  ++*(guint *) n_came;
  soup_websocket_connection_close (
      socket, SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
}

/* It says neither offer nor bye; that the socket is closed says it all. */
static void
test_a_room_that_closes_is_joined_again (Fixture *f, gconstpointer data)
{
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autofree gchar *uri = NULL, *line = NULL, *text = NULL;
  GSList *uris;
  guint n_came = 0;
  GstElement *one;

  soup_server_add_websocket_handler (
      server, "/x", NULL, NULL, on_member, &n_came, NULL);
  g_assert_true (
      soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  uris = soup_server_get_uris (server);
  uri = g_strdup_printf ("ws://127.0.0.1:%d/x", g_uri_get_port (uris->data));
  line = g_strdup_printf (GUEST, uri);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  one = launch (line, NULL);
  while (n_came < 2)
    g_main_context_iteration (NULL, TRUE);
  text = first_said (one, GST_MESSAGE_WARNING);
  g_assert_nonnull (strstr (text, "the room's socket was closed"));
  stop (one);
}

/* --- files, stdio --- */

#define MEETING                                                                \
  "videotestsrc is-live=true ! video/x-raw,width=64,height=64 ! "              \
  "webrtcendpoint name=e signaling-uri=%s e.video_src_0 ! decodebin ! "        \
  "fakesink name=got signal-handoffs=true sync=false async=false"

static void
wait_file (const gchar *path, gboolean is_there)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while ((g_access (path, F_OK) == 0) != is_there) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

/* Once who stops has taken back what was his, which nobody waits for. */
static void
remove_folder (const gchar *folder)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_rmdir (folder) != 0) {
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (5000);
  }
}

static void
test_two_meet_in_a_folder_and_meet_again (Fixture *f, gconstpointer data)
{
  g_autofree gchar *folder = g_dir_make_tmp ("via-XXXXXX", NULL);
  g_autofree gchar *uri = g_filename_to_uri (folder, NULL, NULL);
  g_autofree gchar *line = g_strdup_printf (MEETING, uri);
  g_autofree gchar *left = g_build_filename (folder, "offer.json", NULL);
  gint seen[3] = {0};
  GstElement *one, *other;

  one = launch (line, &seen[2]);
  wait_file (left, TRUE);
  stop (one);
  wait_file (left, FALSE); /* nobody would answer */
  one = launch (line, &seen[0]);
  other = launch (line, &seen[1]);
  wait_frames (&seen[0], 10);
  wait_frames (&seen[1], 10);
  stop (other);
  g_atomic_int_set (&seen[0], 0);
  g_atomic_int_set (&seen[1], 0);
  other = launch (line, &seen[1]);
  wait_frames (&seen[0], 10);
  wait_frames (&seen[1], 10);
  stop (other);
  stop (one);
  g_assert_cmpint (seen[2], ==, 0);
  remove_folder (folder);
}

static void
test_a_folder_that_cannot_be_is_an_error (Fixture *f, gconstpointer data)
{
  g_autofree gchar *line = g_strdup_printf (MEETING, "file:///dev/null/x");
  GstElement *one = launch (line, NULL);
  g_autofree gchar *text = first_said (one, GST_MESSAGE_ERROR);

  g_assert_nonnull (strstr (text, "/dev/null/x is no folder"));
  stop (one);
}

/* Reads lines from @fd until one begins with @wanted. */
static void
read_until (gint fd, const gchar *wanted)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (;;) {
    gchar byte;

    g_assert_cmpint (read (fd, &byte, 1), ==, 1);
    if (byte != '\n') {
      g_string_append_c (line, byte);
      continue;
    }
    if (g_str_has_prefix (line->str, wanted))
      return;
    g_string_truncate (line, 0);
  }
}

/* This process's own stdin and stdout are kept out of it. */
static void
test_stdin_is_had_by_one (Fixture *f, gconstpointer data)
{
  g_autofree gchar *line = g_strdup_printf (GUEST, "stdio:");
  gint in[2], out[2], broken[2], own_in = dup (0), own_out = dup (1);
  void (*before) (int);
  GstElement *one, *other;
  g_autofree gchar *text = NULL;

  g_assert_cmpint (pipe (in) + pipe (out) + pipe (broken), ==, 0);
  close (broken[0]);
  dup2 (in[0], 0);
  dup2 (out[1], 1);
  one = launch (line, NULL);
  read_until (out[0], "{\"type\":\"offer\",");
  other = launch (line, NULL);
  text = first_said (other, GST_MESSAGE_ERROR);
  g_assert_nonnull (strstr (text, "another endpoint of this process"));
  stop (other);
  stop (one);
  one = launch (line, NULL); /* has it once the one before is through */
  read_until (out[0], "{\"type\":\"bye\"}");
  read_until (out[0], "{\"type\":\"offer\",");
  before = signal (SIGPIPE, SIG_DFL); /* GSocket has it ignored */
  dup2 (broken[1], 1);                /* who reads is gone */
  stop (one);
  /* It said goodbye to nobody, and we live on. */
  g_assert_true (via_test_threads_return_to ("via-dial", 0));
  signal (SIGPIPE, before);
  dup2 (own_in, 0);
  dup2 (own_out, 1);
  for (guint i = 0; i < 2; i++) {
    close (in[i]);
    close (out[i]);
  }
  close (broken[1]);
  close (own_in);
  close (own_out);
}

/* --- what is never answered --- */

/* Finds nothing, ever. */
typedef struct
{
  GResolver parent;
} Stall;
typedef GResolverClass StallClass;
GType stall_get_type (void);
G_DEFINE_TYPE (Stall, stall, G_TYPE_RESOLVER)

static gint n_asked; /* atomic */

static void
on_cancelled (GCancellable *cancellable, gpointer task)
{
  g_task_return_error_if_cancelled (task);
}

static void
stall (GResolver *resolver, const gchar *name, GResolverNameLookupFlags flags,
    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user)
{
  GTask *task = g_task_new (resolver, cancellable, callback, user);

  g_atomic_int_inc (&n_asked);
  g_cancellable_connect (
      cancellable, G_CALLBACK (on_cancelled), task, g_object_unref);
}

static void
stall_any (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user)
{
  stall (resolver, name, G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT, cancellable,
      callback, user);
}

static GList *
finish_stall (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
stall_class_init (StallClass *klass)
{
  klass->lookup_by_name_async = stall_any;
  klass->lookup_by_name_finish = finish_stall;
  klass->lookup_by_name_with_flags_async = stall;
  klass->lookup_by_name_with_flags_finish = finish_stall;
}

static void
stall_init (Stall *self)
{
}

static void
test_a_name_that_is_never_found_holds_nobody (Fixture *f, gconstpointer data)
{
  static const gchar *const uris[] = {
      "whip://stalls.example/x", "ws://stalls.example/x"};
  g_autoptr (GResolver) before = g_resolver_get_default ();
  g_autoptr (GResolver) stalling = g_object_new (stall_get_type (), NULL);

  g_resolver_set_default (stalling);
  for (guint i = 0; i < G_N_ELEMENTS (uris); i++) {
    g_autofree gchar *line = g_strdup_printf (MEETING, uris[i]);
    GstElement *one;

    g_atomic_int_set (&n_asked, 0);
    one = launch (line, NULL);
    wait_frames (&n_asked, 1);
    stop (one);
  }
  g_resolver_set_default (before);
}

/* The next connection on which something is said. (transfer full) */
static GSocketConnection *
accept_speaker (GSocketListener *listener)
{
  for (;;) {
    g_autoptr (GSocketConnection) connection =
        g_socket_listener_accept (listener, NULL, NULL, NULL);
    gchar byte;

    g_assert_nonnull (connection);
    if (g_input_stream_read (
            g_io_stream_get_input_stream (G_IO_STREAM (connection)), &byte, 1,
            NULL, NULL)
        == 1)
      return g_steal_pointer (&connection);
  }
}

/* Takes the connection and says nothing. */
static void
test_a_server_that_never_greets_holds_nobody (Fixture *f, gconstpointer data)
{
  static const gchar *const schemes[] = {"whips", "wss", "whip", "ws"};

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    g_autoptr (GSocketListener) listener = g_socket_listener_new ();
    guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
    g_autofree gchar *uri =
        g_strdup_printf ("%s://127.0.0.1:%u/x", schemes[i], port);
    g_autofree gchar *line = g_strdup_printf (MEETING, uri);
    GstElement *one = launch (line, NULL);
    g_autoptr (GSocketConnection) connection = accept_speaker (listener);

    stop (one);
  }
}

static void
test_addresses_that_are_refused_name_the_rule (Fixture *f, gconstpointer data)
{
  static const gchar *const bad[] = {"http://h/x", "whip:", "ws:///x",
      "ws:", "wss:h", "stdio:x", "file://host/x", "file:x", "x"};
  g_autoptr (GstElement) e =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autofree gchar *uri = NULL;

  g_object_set (e, "signaling-uri", "wss://u:canary@h.example/ws", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *pattern = g_strdup_printf (
        "signaling-uri=%s refused, the old value stays: it is whip://*wss://*"
        "file:///*stdio:*",
        bad[i]);

    g_test_expect_message ("via", G_LOG_LEVEL_WARNING, pattern);
    g_object_set (e, "signaling-uri", bad[i], NULL);
    g_test_assert_expected_messages ();
  }
  g_object_get (e, "signaling-uri", &uri, NULL);
  g_assert_cmpstr (uri, ==, "wss://***@h.example/ws");
}

#define ADD(name)                                                              \
  g_test_add (                                                                 \
      "/signaling/" #name, Fixture, NULL, set_up, test_##name, tear_down)

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  ADD (a_camera_is_published_and_gone_with_its_line);
  ADD (what_is_published_is_played);
  ADD (states_go_up_and_down_at_any_pace);
  ADD (a_server_that_comes_back_is_called_again);
  ADD (secrets_read_back_masked);
  ADD (an_impatient_call_is_an_error);
  ADD (members_of_a_room_see_each_other);
  ADD (a_room_that_comes_back_is_joined_again);
  ADD (a_room_that_closes_is_joined_again);
  ADD (two_meet_in_a_folder_and_meet_again);
  ADD (a_folder_that_cannot_be_is_an_error);
  ADD (stdin_is_had_by_one);
  ADD (a_name_that_is_never_found_holds_nobody);
  ADD (a_server_that_never_greets_holds_nobody);
  ADD (addresses_that_are_refused_name_the_rule);
  return g_test_run ();
}
