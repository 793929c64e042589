/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_server_viewers.c – the server takes viewers over real
 * HTTP, ICE and DTLS, and lets them go without a trace. Through the plugin
 * only, in a network of its own.
 */
#include "server_fixture.h"

#include <dirent.h>

#define STATE_CONNECTED 2 /* of ViaConnectionState */
#define SDP "Content-Type: application/sdp\r\n"
/* On a machine that may be busy; who is not told waits for 10 s at least. */
#define GONE_MS 5000
#define PLAYER                                                                 \
  "webrtcendpoint name=player videotestsrc is-live=true ! "                    \
  "video/x-raw,width=64,height=64 ! vp8enc deadline=1 ! player."

/* As a browser sends it, but for the length. */
static const gchar *const OFFER =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n"
    "a=fingerprint:sha-256 D7:76:E1:AD:19:03:82:3A:B8:86:2A:EF:89:C8:70:FE:"
    "4A:3E:F9:56:68:90:16:6A:AE:74:F2:7B:66:11:87:88\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\n";

static GstElement *
peer_of (Fixture *f, const gchar *name)
{
  return gst_bin_get_by_name (GST_BIN (f->server), name);
}

/* Until the child is gone; returns how long that took, in ms. */
static guint
wait_gone (Fixture *f, const gchar *name, guint limit_ms)
{
  gint64 start = g_get_monotonic_time (), now = start;
  GstElement *peer;

  while ((peer = peer_of (f, name)) != NULL) {
    gst_object_unref (peer);
    now = g_get_monotonic_time ();
    if (now - start > limit_ms * G_TIME_SPAN_MILLISECOND)
      g_error ("%s is still there after %u ms", name, limit_ms);
    g_usleep (5000);
  }
  return (now - start) / G_TIME_SPAN_MILLISECOND;
}

/* The path of the new session. */
static gchar *
join (Fixture *f, const gchar *query)
{
  g_autofree gchar *path = g_strconcat ("/live/whep", query, NULL);
  g_autofree gchar *reply = via_test_ask (f->port, "POST", path, SDP, OFFER);
  g_autofree gchar *location = via_test_header (reply, "Location");

  g_assert_cmpuint (via_test_status (reply), ==, 201);
  g_assert_nonnull (location);
  return g_strdup (strstr (location, "/live/"));
}

static void
leave (Fixture *f, const gchar *path)
{
  g_autofree gchar *reply = via_test_ask (f->port, "DELETE", path, NULL, NULL);

  g_assert_cmpuint (via_test_status (reply), ==, 200);
}

/* --- viewers --- */

static void
test_viewer_is_a_child_until_delete (void)
{
  Fixture f = {0};
  g_autofree gchar *path = NULL;
  g_autofree gchar *app_data = NULL;
  g_autofree gchar *again = NULL;
  g_autofree gchar *gone = NULL;
  GstElement *peer;

  fixture_start (&f, "webrtcserver name=s port=0");
  path = join (&f, "?app-data=Anna%20%C3%84");
  peer = peer_of (&f, "peer-0");
  g_assert_nonnull (peer);
  gst_object_unref (peer);
  gst_child_proxy_get (
      GST_CHILD_PROXY (f.server), "peer-0::app-data", &app_data, NULL);
  g_assert_cmpstr (app_data, ==, "Anna Ä");
  leave (&f, path);
  wait_gone (&f, "peer-0", GONE_MS);
  again = via_test_ask (f.port, "DELETE", path, NULL, NULL);
  g_assert_cmpuint (via_test_status (again), ==, 404);
  gone = via_test_ask (f.port, "PATCH", path,
      "Content-Type: application/trickle-ice-sdpfrag\r\n", "a=ice-ufrag:abcd");
  g_assert_cmpuint (via_test_status (gone), ==, 404);
  fixture_stop (&f);
}

static void
test_answer_has_every_candidate (void)
{
  Fixture f = {0};
  g_autofree gchar *reply = NULL;
  gint64 start;

  fixture_start (&f, "webrtcserver name=s port=0");
  start = g_get_monotonic_time ();
  reply = via_test_ask (f.port, "POST", "/live/whep", SDP, OFFER);
  /* else after 4 s, come what may */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_TIME_SPAN_SECOND);
  g_assert_cmpuint (via_test_status (reply), ==, 201);
  g_assert_nonnull (strstr (via_test_body (reply), "a=candidate:"));
  g_assert_nonnull (strstr (via_test_body (reply), "a=end-of-candidates"));
  g_assert_nonnull (strstr (via_test_body (reply), "a=sendonly"));
  g_assert_nonnull (strstr (via_test_body (reply), "a=setup:passive"));
  g_assert_nonnull (strstr (via_test_body (reply), "VP8/90000"));
  g_assert_cmpuint (strlen (via_test_body (reply)), <, 8192);
  fixture_stop (&f);
}

/* What only negotiation can find out reaches the player as status and text. */
static void
test_offer_without_common_codec_is_422 (void)
{
  Fixture f = {0};
  g_auto (GStrv) parts = g_strsplit (OFFER, "VP8", -1);
  g_autofree gchar *offer = g_strjoinv ("XYZ", parts);
  g_autofree gchar *reply = NULL;
  GstElement *peer;

  fixture_start (&f, "webrtcserver name=s port=0");
  reply = via_test_ask (f.port, "POST", "/live/whep", SDP, offer);
  g_assert_cmpuint (via_test_status (reply), ==, 422);
  g_assert_nonnull (strstr (via_test_body (reply), "\"detail\":\""));
  peer = peer_of (&f, "peer-0");
  g_assert_null (peer);
  g_assert_null (gst_bus_pop_filtered (f.bus, GST_MESSAGE_ERROR));
  fixture_stop (&f);
}

/* A name service that hangs, until it is let go. */
typedef GResolver Slow;
typedef GResolverClass SlowClass;
static GType slow_get_type (void);
G_DEFINE_TYPE (Slow, slow, G_TYPE_RESOLVER)

static gint may_answer; /* atomic */

static GList *
slow_lookup (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GError **error)
{
  while (!g_atomic_int_get (&may_answer))
    g_usleep (1000);
  return g_list_prepend (NULL, g_inet_address_new_from_string ("192.0.2.44"));
}

static void
slow_class_init (SlowClass *klass)
{
  klass->lookup_by_name = slow_lookup;
}

static void
slow_init (Slow *self)
{
}

static void
test_slow_name_server_holds_up_no_join (void)
{
  Fixture f = {0};
  GResolver *usual = g_resolver_get_default ();
  g_autoptr (GResolver) slow = g_object_new (slow_get_type (), NULL);
  g_autofree gchar *first = NULL;
  g_autofree gchar *second = NULL;

  g_resolver_set_default (slow);
  fixture_start (&f, "webrtcserver name=s port=0 turn-url=u:p@slow.example");
  first = join (&f, NULL);
  second = join (&f, NULL);
  fixture_stop (&f);
  g_atomic_int_set (&may_answer, TRUE);
  g_resolver_set_default (usual);
  g_object_unref (usual);
}

static void
test_max_peers_refuses_one_more (void)
{
  Fixture f = {0};
  g_autofree gchar *first = NULL;
  g_autofree gchar *reply = NULL;
  g_autofree gchar *wait = NULL;
  g_autofree gchar *second = NULL;

  fixture_start (&f, "webrtcserver name=s port=0 max-peers=1");
  first = join (&f, "");
  reply = via_test_ask (f.port, "POST", "/live/whep", SDP, OFFER);
  g_assert_cmpuint (via_test_status (reply), ==, 503);
  wait = via_test_header (reply, "Retry-After");
  g_assert_nonnull (wait);
  leave (&f, first);
  second = join (&f, "");
  fixture_stop (&f);
}

static void
test_silent_viewer_is_reaped (void)
{
  Fixture f = {0};
  g_autofree gchar *path = NULL;
  g_autofree gchar *reply = NULL;
  guint ms;

  fixture_start (&f, "webrtcserver name=s port=0");
  path = join (&f, "");
  ms = wait_gone (&f, "peer-0", 30000);
  g_assert_cmpuint (ms, >, 4000); /* it had its chance */
  reply = via_test_ask (f.port, "DELETE", path, NULL, NULL);
  g_assert_cmpuint (via_test_status (reply), ==, 404);
  fixture_stop (&f);
}

/* --- a real peer as the player --- */

static gchar *
state_nick (GstElement *endpoint)
{
  gint state = 0;
  g_autoptr (GEnumClass) klass =
      g_type_class_ref (g_type_from_name ("ViaConnectionState"));

  g_object_get (endpoint, "connection-state", &state, NULL);
  return g_strdup (g_enum_get_value (klass, state)->value_nick);
}

static void
wait_state (GstElement *endpoint, const gchar *wanted)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  g_autofree gchar *nick = state_nick (endpoint);

  while (strcmp (nick, wanted) != 0 && g_get_monotonic_time () < end) {
    g_usleep (5000);
    g_free (nick);
    nick = state_nick (endpoint);
  }
  g_assert_cmpstr (nick, ==, wanted);
}

typedef struct
{
  GstElement *pipeline, *endpoint;
  gchar *path;
} Player;

/* Offers, and takes the answer. */
static void
player_call (Player *player, Fixture *f)
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *reply = NULL;
  g_autofree gchar *location = NULL;
  gboolean is_done = FALSE;

  player->pipeline = gst_parse_launch (PLAYER, NULL);
  player->endpoint = gst_bin_get_by_name (GST_BIN (player->pipeline), "player");
  gst_element_set_state (player->pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (player->endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  reply = via_test_ask (f->port, "POST", "/live/whep", SDP, offer);
  g_assert_cmpuint (via_test_status (reply), ==, 201);
  location = via_test_header (reply, "Location");
  player->path = g_strdup (strstr (location, "/live/"));
  g_signal_emit_by_name (
      player->endpoint, "process-answer", via_test_body (reply), &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (player->endpoint, "gather-candidates", &is_done);
  g_assert_true (is_done);
}

static void
player_join (Player *player, Fixture *f)
{
  player_call (player, f);
  wait_state (player->endpoint, "connected");
}

static void
player_leave (Player *player)
{
  gst_element_set_state (player->pipeline, GST_STATE_NULL);
  gst_object_unref (player->endpoint);
  gst_object_unref (player->pipeline);
  g_free (player->path);
}

static void
test_goodbye_takes_the_child_at_once (void)
{
  Fixture f = {0};
  Player player;
  g_autofree gchar *path = NULL;
  g_autofree gchar *reply = NULL;

  fixture_start (&f, "webrtcserver name=s port=0");
  player_join (&player, &f);
  path = g_strdup (player.path);
  player_leave (&player); /* close_notify, no DELETE */
  wait_gone (&f, "peer-0", GONE_MS);
  reply = via_test_ask (f.port, "GET", path, NULL, NULL);
  g_assert_cmpuint (via_test_status (reply), ==, 404);
  fixture_stop (&f);
}

static void
test_stop_says_goodbye_at_once (void)
{
  Fixture f = {0};
  Player player;
  gint64 start;

  fixture_start (&f, "webrtcserver name=s port=0");
  player_join (&player, &f);
  start = g_get_monotonic_time ();
  gst_element_set_state (f.pipeline, GST_STATE_NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 4 * G_TIME_SPAN_SECOND);
  g_assert_cmpint (GST_BIN_NUMCHILDREN (f.server), ==, 0);
  wait_state (player.endpoint, "closed");
  player_leave (&player);
  fixture_stop (&f);
}

static gint is_stopped; /* atomic */

static void
on_state_stop (GstElement *peer, gint state, gpointer data)
{
  Fixture *f = data;

  if (state != STATE_CONNECTED)
    return;
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  g_atomic_int_set (&is_stopped, TRUE);
}

static void
on_child_added (
    GstChildProxy *server, GObject *child, gchar *name, gpointer data)
{
  if (g_str_has_prefix (name, "peer-"))
    g_signal_connect (
        child, "connection-state-changed", G_CALLBACK (on_state_stop), data);
}

static void
test_stop_inside_a_peers_signal_returns (void)
{
  Fixture f = {0};
  Player player;
  gint64 end;

  fixture_open (&f, "webrtcserver name=s port=0");
  g_signal_connect (f.server, "child-added", G_CALLBACK (on_child_added), &f);
  gst_element_set_state (f.pipeline, GST_STATE_PLAYING);
  g_object_get (f.server, "port", &f.port, NULL);
  player_call (&player, &f);
  end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  while (!g_atomic_int_get (&is_stopped) && g_get_monotonic_time () < end)
    g_usleep (5000);
  g_assert_true (g_atomic_int_get (&is_stopped)); /* nobody is inside */
  g_assert_cmpint (GST_STATE (f.server), ==, GST_STATE_NULL);
  player_leave (&player);
  fixture_stop (&f);
}

/* --- nothing is left --- */

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

/* GLib's own threads end after 15 s without work. */
static void
settle (guint n_fds, guint n_threads)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while ((count_entries ("/proc/self/fd") > n_fds
             || count_entries ("/proc/self/task") > n_threads)
         && g_get_monotonic_time () < end)
    g_usleep (20000);
  g_assert_cmpuint (count_entries ("/proc/self/fd"), <=, n_fds);
  g_assert_cmpuint (count_entries ("/proc/self/task"), <=, n_threads);
}

static void
test_fifty_joins_and_leaves_return_everything (void)
{
  Fixture f = {0};
  guint n_fds = 0, n_threads = 0;

  fixture_start (&f, "webrtcserver name=s port=0");
  for (guint i = 0; i <= 51; i++) {
    g_autofree gchar *name = g_strdup_printf ("peer-%u", i);
    g_autofree gchar *path = join (&f, "");

    leave (&f, path);
    wait_gone (&f, name, GONE_MS);
    if (i == 0) { /* what is made once has been made */
      g_usleep (300000);
      n_fds = count_entries ("/proc/self/fd");
      n_threads = count_entries ("/proc/self/task");
    }
  }
  settle (n_fds, n_threads);
  fixture_stop (&f);
}

static void
test_viewer_adds_no_thread (void)
{
  Fixture f = {0};
  g_autofree gchar *first = NULL;
  guint n_threads;

  fixture_start (&f, "webrtcserver name=s port=0");
  first = join (&f, ""); /* starts the loops */
  g_usleep (300000);
  n_threads = count_entries ("/proc/self/task");
  for (guint i = 0; i < 10; i++)
    g_free (join (&f, ""));
  g_assert_cmpint (GST_BIN_NUMCHILDREN (f.server), ==, 11);
  settle (G_MAXUINT, n_threads);
  fixture_stop (&f);
}

static void
test_ten_connected_come_and_go (void)
{
  Fixture f = {0};
  guint n_fds = 0, n_threads = 0;

  fixture_start (&f, "webrtcserver name=s port=0");
  for (guint i = 0; i <= 10; i++) {
    g_autofree gchar *name = g_strdup_printf ("peer-%u", i);
    Player player;

    player_join (&player, &f);
    player_leave (&player);
    wait_gone (&f, name, GONE_MS);
    if (i == 0) {
      g_usleep (300000);
      n_fds = count_entries ("/proc/self/fd");
      n_threads = count_entries ("/proc/self/task");
    }
  }
  settle (n_fds, n_threads);
  fixture_stop (&f);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/server/slow-names", test_slow_name_server_holds_up_no_join);
  g_test_add_func (
      "/server/viewer/delete", test_viewer_is_a_child_until_delete);
  g_test_add_func ("/server/viewer/answer", test_answer_has_every_candidate);
  g_test_add_func (
      "/server/viewer/no-codec", test_offer_without_common_codec_is_422);
  g_test_add_func ("/server/viewer/max-peers", test_max_peers_refuses_one_more);
  g_test_add_func ("/server/viewer/reaped", test_silent_viewer_is_reaped);
  g_test_add_func (
      "/server/viewer/goodbye", test_goodbye_takes_the_child_at_once);
  g_test_add_func ("/server/stop/goodbye", test_stop_says_goodbye_at_once);
  g_test_add_func (
      "/server/stop/in-signal", test_stop_inside_a_peers_signal_returns);
  g_test_add_func (
      "/server/nothing-left", test_fifty_joins_and_leaves_return_everything);
  g_test_add_func ("/server/viewer/no-thread", test_viewer_adds_no_thread);
  g_test_add_func (
      "/server/nothing-left/connected", test_ten_connected_come_and_go);
  return g_test_run ();
}
