/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_room.c – members of a webrtcserver's room over real WebSockets: who is
 * let in, what each is told of the others, what is refused. Through the plugin
 * only, in a network of its own.
 */
#include <gst/gst.h>
#include <string.h>
#include <sys/socket.h>

#include "http/roomsocket.h"
#include "netns.h"
#include "websocket.h"

typedef struct
{
  GstElement *pipeline, *server, *hub;
  guint port;
} Fixture;

static void
set_up (Fixture *f, gconstpointer line)
{
  g_autoptr (GError) error = NULL;

  f->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  f->server = gst_bin_get_by_name (GST_BIN (f->pipeline), "s");
  f->hub = gst_bin_get_by_name (GST_BIN (f->pipeline), "room");
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  g_object_get (f->server, "port", &f->port, NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->server);
  gst_clear_object (&f->hub);
  gst_object_unref (f->pipeline);
}

static guint
dial (Socket *self, Fixture *f, const gchar *headers)
{
  return dial_with (self, f->port, "ws", headers);
}

/* Waits for a "peers" that has @n others, of whom the one of @name is as @check
 * says. */
static void
wait_peers (Socket *self, guint n, const gchar *name,
    gboolean (*check) (JsonObject *peer))
{
  JsonObject *message;

  while ((message = hear (self, "peers")) != NULL) {
    JsonArray *peers = json_object_get_array_member (message, "peers");

    if (json_array_get_length (peers) != n)
      continue;
    for (guint i = 0; i < n; i++) {
      JsonObject *peer = json_array_get_object_element (peers, i);

      if (!g_strcmp0 (json_object_get_string_member (peer, "name"), name)
          && check (peer))
        return;
    }
    if (n == 0)
      return;
  }
  g_error ("%s never came", name != NULL ? name : "an empty room");
}

static void
join (Socket *self, Fixture *f, const gchar *name)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"join\",\"name\":\"%s\",\"app-data\":\"data of %s\"}", name,
      name);

  g_assert_cmpuint (dial (self, f, ""), ==, 101);
  say (self, text);
}

#define HUB "hub name=room webrtcserver name=s hub=room port=0 "

/* --- who is who --- */

static gboolean
is_unmuted (JsonObject *peer)
{
  return json_object_get_boolean_member (peer, "audio")
         && json_object_get_boolean_member (peer, "video")
         && !g_strcmp0 (
             json_object_get_string_member (peer, "app-data"), "data of Bob");
}

static gboolean
is_muted (JsonObject *peer)
{
  return !json_object_get_boolean_member (peer, "audio")
         && json_object_get_boolean_member (peer, "video");
}

static gboolean
any (JsonObject *peer)
{
  return TRUE;
}

static void
test_room_members_know_each_other (Fixture *f, gconstpointer data)
{
  Socket alice, bob;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  join (&bob, f, "Bob");
  wait_peers (&bob, 1, "Alice", any);
  wait_peers (&alice, 1, "Bob", is_unmuted);
  say (&bob, "{\"type\":\"state\",\"audio\":false,\"video\":true}");
  wait_peers (&alice, 1, "Bob", is_muted);
  hang_up (&bob); /* without a word */
  wait_peers (&alice, 0, NULL, any);
  hang_up (&alice);
}

/* The FAQ's question: from what a browser says of itself to its port. */
static void
test_room_app_data_is_found_at_the_port (Fixture *f, gconstpointer data)
{
  Socket bob;
  GstStructure *port = NULL, *tags = NULL;
  g_autofree gchar *report = NULL;

  join (&bob, f, "Bob");
  g_assert_nonnull (hear (&bob, "offer"));
  g_signal_emit_by_name (f->hub, "find-port", "app-data", "data of Bob", &port);
  g_assert_nonnull (port);
  g_assert_true (
      gst_structure_get (port, "tags", GST_TYPE_STRUCTURE, &tags, NULL));
  g_assert_cmpstr (gst_structure_get_string (tags, "display-name"), ==, "Bob");
  report = via_test_ask (f->port, "GET", "/live/peers", NULL, NULL);
  g_assert_nonnull (strstr (report, "\"data of Bob\""));
  g_assert_nonnull (strstr (report, "\"member\""));
  gst_structure_free (tags);
  gst_structure_free (port);
  hang_up (&bob);
}

static void
test_room_another_app_data_is_told_at_once (Fixture *f, gconstpointer data)
{
  Socket alice, bob;
  JsonObject *message;
  GstElement *child;
  gint64 begun;
  gboolean is_told = FALSE;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  join (&bob, f, "Bob");
  wait_peers (&alice, 1, "Bob", is_unmuted);
  child = gst_bin_get_by_name (GST_BIN (f->server), "peer-1");
  begun = g_get_monotonic_time ();
  g_object_set (child, "app-data", "another", NULL);
  while (!is_told && (message = hear (&alice, "peers")) != NULL) {
    JsonArray *peers = json_object_get_array_member (message, "peers");
    JsonObject *peer = json_array_get_object_element (peers, 0);

    is_told = !g_strcmp0 (
        json_object_get_string_member (peer, "app-data"), "another");
  }
  g_assert_true (is_told);
  /* on a machine that may be busy */
  g_assert_cmpint (g_get_monotonic_time () - begun, <, G_TIME_SPAN_SECOND);
  gst_object_unref (child);
  hang_up (&bob);
  hang_up (&alice);
}

static gboolean
is_film (JsonObject *peer)
{
  JsonArray *tracks = json_object_get_array_member (peer, "tracks");

  return json_array_get_length (tracks) <= 1;
}

/* What is no browser, but sends, has a name too. */
static void
test_room_other_members_of_the_hub_are_shown (Fixture *f, gconstpointer data)
{
  Socket alice;
  GstElement *film = gst_bin_get_by_name (GST_BIN (f->pipeline), "film");
  GValue value = G_VALUE_INIT;
  gboolean is_done = FALSE;

  g_value_init (&value, G_TYPE_STRING);
  g_value_set_string (&value, "The film");
  g_signal_emit_by_name (film, "add-tag", "display-name", &value, &is_done);
  g_assert_true (is_done);
  join (&alice, f, "Alice");
  wait_peers (&alice, 1, "The film", is_film);
  hang_up (&alice);
  g_value_unset (&value);
  gst_object_unref (film);
}

/* --- what is refused --- */

static void
test_room_bad_messages_are_named (Fixture *f, gconstpointer data)
{
  Socket bob;

  g_assert_cmpuint (dial (&bob, f, ""), ==, 101);
  say (&bob, "{\"type\":\"state\"}");
  expect_error (&bob, "state", "join comes first", FALSE);
  say (&bob, "{\"type\":\"dance\"}");
  expect_error (&bob, "unsupported", "\"dance\"", FALSE);
  say (&bob, "nonsense");
  expect_error (&bob, "syntax", "JSON", FALSE);
  g_assert_true (send_frame (&bob, 0x82, "{}", 2));
  expect_error (&bob, "syntax", "binary", FALSE);
  say (&bob, "{\"type\":\"join\",\"name\":\"Bob\"}");
  g_assert_nonnull (hear (&bob, "offer"));
  say (&bob, "{\"type\":\"join\",\"name\":\"Bob\"}");
  expect_error (&bob, "state", "joined already", FALSE);
  say (&bob, "{\"type\":\"bye\"}");
  g_assert_null (hear (&bob, "never"));
  hang_up (&bob);
}

/* Our offer is answered once, with an answer. */
static void
test_room_a_bad_answer_ends_it (Fixture *f, gconstpointer data)
{
  Socket bob;

  join (&bob, f, "Bob");
  g_assert_nonnull (hear (&bob, "offer"));
  say (&bob, "{\"type\":\"answer\",\"sdp\":\"v=1\"}");
  expect_error (&bob, "syntax", "", TRUE);
  g_assert_null (hear (&bob, "never"));
  hang_up (&bob);
}

static void
test_room_who_says_too_much_is_thrown_out (Fixture *f, gconstpointer data)
{
  Socket bob;

  join (&bob, f, "Bob");
  for (guint i = 0; i < 300; i++)
    if (!send_frame (&bob, 0x81, "{\"type\":\"state\"}", 16))
      break;
  expect_error (&bob, "limit", "20 per second", TRUE);
  g_assert_null (hear (&bob, "never"));
  hang_up (&bob);
}

/* A message of many frames that never ends is memory that only grows. */
static void
test_room_a_message_without_end_is_cut_off (Fixture *f, gconstpointer data)
{
  Socket bob;
  g_autofree gchar *part = g_strnfill (16384, ' ');
  gsize sent = 0;

  g_assert_cmpuint (dial (&bob, f, ""), ==, 101);
  g_assert_true (send_frame (&bob, 0x01, part, 16384));
  while (sent < 64 * 1024 * 1024 && send_frame (&bob, 0x00, part, 16384))
    sent += 16384;
  g_assert_cmpuint (sent, <, 64 * 1024 * 1024);
  hang_up (&bob);
}

#define MANY_PINGS (512 * 1024) /* bytes: three times what is allowed */

/* Pings are answered, so they cost us more than whoever sends them, though it
 * reads the answers. */
static void
test_room_pings_without_end_are_cut_off (Fixture *f, gconstpointer data)
{
  Socket bob;
  g_autofree gchar *part = g_strnfill (125, ' ');
  gsize sent = 0;

  g_assert_cmpuint (dial (&bob, f, ""), ==, 101);
  while (sent < MANY_PINGS && send_frame (&bob, 0x89, part, 125)
         && send_frame (&bob, 0x8a, "", 0)) { /* nobody asked for that pong */
    g_autofree gchar *answer = NULL;

    if (hear_frame (&bob, &answer) == 0)
      break;
    sent += 125;
  }
  g_assert_cmpuint (sent, <, MANY_PINGS);
  hang_up (&bob);
}

/* Messages pay for their own bytes alone. */
static void
test_room_messages_do_not_pay_for_pings (Fixture *f, gconstpointer data)
{
  Socket bob;
  g_autofree gchar *part = g_strnfill (125, ' ');
  gsize sent = 0;

  g_assert_cmpuint (dial (&bob, f, ""), ==, 101);
  while (sent < 4 * 1024 * 1024 && send_frame (&bob, 0x89, part, 125)) {
    sent += 125;
    if (sent % 62500 == 0
        && !send_frame (&bob, 0x81, "{\"type\":\"state\"}", 16))
      break;
  }
  g_assert_cmpuint (sent, <, 4 * 1024 * 1024);
  hang_up (&bob);
}

/* It sends what is allowed, a pong when one is due, and reads nothing. In µs,
 * from its first byte on. */
static gint64
time_until_cut (Fixture *f)
{
  Socket bob;
  g_autofree gchar *part = g_strnfill (125, ' ');
  gboolean is_open = TRUE;
  gint64 begin = g_get_monotonic_time ();

  g_assert_cmpuint (dial (&bob, f, ""), ==, 101);
  for (guint pongs = 1; is_open && pongs <= 3; pongs++) {
    for (guint i = 0; is_open && i < 1100; i++) /* 144 KB of 147 */
      is_open = send_frame (&bob, 0x89, part, 125);
    while (is_open && g_get_monotonic_time () - begin < pongs * 2800000)
      g_usleep (10000);
    is_open = is_open && send_frame (&bob, 0x8a, "", 0);
  }
  while (is_open) { /* until it is cut, or who has not joined has to go */
    g_usleep (20000);
    is_open = send_frame (&bob, 0x89, "", 0);
  }
  hang_up (&bob);
  return g_get_monotonic_time () - begin;
}

/* On a busy machine it may not come to it in time: once more. */
static void
test_room_who_never_reads_is_cut_off (Fixture *f, gconstpointer data)
{
  gint64 limit = VIA_ROOMSOCKET_JOIN_MS * G_TIME_SPAN_MILLISECOND, spent;
  guint tries = 3;

  do
    spent = time_until_cut (f);
  while (spent >= limit && --tries > 0);
  g_assert_cmpint (spent, <, limit);
}

static void
test_room_a_page_elsewhere_may_not_join (Fixture *f, gconstpointer data)
{
  Socket bob;

  g_assert_cmpuint (
      dial (&bob, f, "Origin: http://elsewhere.example\r\n"), ==, 403);
  hang_up (&bob);
  g_assert_cmpuint (
      dial (&bob, f, "Origin: http://localhost:8889\r\n"), ==, 101);
  hang_up (&bob);
}

/* A member sends and receives: its token must allow both. */
static void
test_room_tokens_are_looked_at (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const gchar *path;
    guint status;
  } cases[] = {{"ws", 401}, {"%77s", 401}, {"ws?token=unknown-token", 401},
      {"ws?token=watching-only", 403}, {"%77s?token=watching-only", 403},
      {"ws?token=publishing-only", 403}, {"ws?token=all-of-it", 101},
      {"ws/x", 404}};

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Socket bob;

    g_assert_cmpuint (
        dial_with (&bob, f->port, cases[i].path, ""), ==, cases[i].status);
    hang_up (&bob);
  }
}

static void
test_room_plain_requests_are_told_what_it_is (Fixture *f, gconstpointer data)
{
  g_autofree gchar *reply =
      via_test_ask (f->port, "GET", "/live/ws", NULL, NULL);
  g_autofree gchar *upgrade = via_test_header (reply, "Upgrade");
  g_autofree gchar *below = NULL;

  g_assert_cmpuint (via_test_status (reply), ==, 426);
  g_assert_cmpstr (upgrade, ==, "websocket");
  below = via_test_ask (f->port, "POST", "/live/ws/whip",
      "Content-Type: application/sdp\r\n", "v=0\r\n");
  g_assert_cmpuint (via_test_status (below), ==, 404);
}

/* Places are counted together, whoever comes by which door. */
static void
test_room_max_peers_counts_members (Fixture *f, gconstpointer data)
{
  Socket alice, bob, carol;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  join (&bob, f, "Bob");
  expect_error (&bob, "limit", "max-peers", TRUE);
  hang_up (&bob);
  say (&alice, "{\"type\":\"bye\"}");
  g_assert_null (hear (&alice, "never"));
  join (&carol, f, "Carol");
  g_assert_nonnull (hear (&carol, "offer"));
  hang_up (&carol);
  hang_up (&alice);
}

static void
test_room_one_address_has_its_share (Fixture *f, gconstpointer data)
{
  Socket alice, bob, carol;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  join (&bob, f, "Bob");
  expect_error (&bob, "limit", "max-per-address", TRUE);
  hang_up (&bob);
  g_assert_cmpuint (
      dial_with (&carol, f->port, "ws", "X-Forwarded-For: 192.0.2.7\r\n"), ==,
      101);
  say (&carol, "{\"type\":\"join\",\"name\":\"Carol\"}");
  g_assert_nonnull (hear (&carol, "offer"));
  hang_up (&carol);
  hang_up (&alice);
}

/* How often the server's thread woke up so far. */
static guint64
count_wakes (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *task;

  while ((task = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path =
        g_strdup_printf ("/proc/self/task/%s/status", task);
    g_autofree gchar *text = NULL;

    if (g_file_get_contents (path, &text, NULL, NULL)
        && g_str_has_prefix (text, "Name:\tvia-http\n"))
      return g_ascii_strtoull (
          strstr (text, "\nvoluntary_ctxt_switches:") + 25, NULL, 10);
  }
  g_assert_not_reached ();
}

/* In 0.6 s of quiet. */
static guint
count_wakes_in_quiet (void)
{
  guint64 n;

  g_usleep (G_USEC_PER_SEC / 5);
  n = count_wakes ();
  g_usleep (G_USEC_PER_SEC * 6 / 10);
  return (guint) (count_wakes () - n);
}

/* The same; as many as @limit are looked at twice: a second row of ticks does
 * not go away by itself, other wakes do. */
static guint
count_steady_wakes (guint limit)
{
  guint n = count_wakes_in_quiet ();

  return n < limit ? n : MIN (n, count_wakes_in_quiet ());
}

/* Who is alone, leaves and comes back at once takes over the ticks there are:
 * a second row of them would wake the server's thread twice as often. It is not
 * begun each time: the first tick may come while nobody is there. */
static void
test_room_who_comes_back_at_once_ticks_no_faster (
    Fixture *f, gconstpointer data)
{
  guint before, limit, after = 0;
  Socket alice;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  before = count_wakes_in_quiet ();
  before = MAX (before, count_wakes_in_quiet ()); /* a busy machine: fewer */
  limit = before * 3 / 2 + 2;
  for (guint i = 0; i < 7 * 8; i++) {
    say (&alice, "{\"type\":\"bye\"}");
    g_assert_null (hear (&alice, "never"));
    hang_up (&alice);
    join (&alice, f, "Alice");
    g_assert_nonnull (hear (&alice, "offer"));
    if (i % 8 == 7)
      after = MAX (after, count_steady_wakes (limit));
  }
  g_test_message ("%u and at most %u wakes", before, after);
  g_assert_cmpuint (after, <, limit);
  hang_up (&alice);
}

/* Five seconds' worth at once, and one more for each second that it takes. */
static void
test_room_who_dials_too_often_waits (Fixture *f, gconstpointer data)
{
  gint64 begun = g_get_monotonic_time ();
  guint status = 101, n = 0;

  while (status == 101 && n < 50) {
    Socket bob;

    status = dial (&bob, f, "");
    n += status == 101;
    hang_up (&bob);
  }
  g_assert_cmpuint (status, ==, 429);
  g_assert_cmpuint (n, >=, 5);
  g_assert_cmpuint (
      n, <=, 5 + (g_get_monotonic_time () - begun) / G_TIME_SPAN_SECOND);
}

static void
test_room_the_hub_that_goes_is_told (Fixture *f, gconstpointer data)
{
  Socket alice;

  join (&alice, f, "Alice");
  g_assert_nonnull (hear (&alice, "offer"));
  gst_element_set_locked_state (f->hub, TRUE);
  gst_element_set_state (f->hub, GST_STATE_NULL);
  expect_error (&alice, "state", "hub", TRUE);
  hang_up (&alice);
}

/* Seconds until the error that is the last. */
static gdouble
wait_end (Socket *self, const gchar *word)
{
  gint64 begun = g_get_monotonic_time ();

  expect_error (self, "state", word, TRUE);
  return (gdouble) (g_get_monotonic_time () - begun) / G_TIME_SPAN_SECOND;
}

static void
test_room_who_does_not_join_or_answer_is_let_go (Fixture *f, gconstpointer data)
{
  Socket idle, silent;
  gdouble seconds;

  g_assert_cmpuint (dial (&idle, f, ""), ==, 101);
  join (&silent, f, "Silent");
  seconds = wait_end (&idle, "No join");
  g_assert_cmpfloat (seconds, >, 9);
  g_assert_cmpfloat (seconds, <, 13);
  seconds += wait_end (&silent, "No answer");
  g_assert_cmpfloat (seconds, >, 14);
  g_assert_cmpfloat (seconds, <, 18);
  hang_up (&silent);
  hang_up (&idle);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, line, func)                                                  \
  g_test_add ("/room/" name, Fixture, line, set_up, test_room_##func, tear_down)
  ADD ("members", HUB, members_know_each_other);
  ADD ("own-room", "webrtcserver name=s port=0 fakesrc ! fakesink",
      members_know_each_other);
  ADD ("app-data", HUB, app_data_is_found_at_the_port);
  ADD ("changed", HUB, another_app_data_is_told_at_once);
  ADD ("others", HUB "webrtcendpoint name=film hub=room",
      other_members_of_the_hub_are_shown);
  ADD ("bad", HUB, bad_messages_are_named);
  ADD ("answer", HUB, a_bad_answer_ends_it);
  ADD ("flood", HUB, who_says_too_much_is_thrown_out);
  ADD ("endless", HUB, a_message_without_end_is_cut_off);
  ADD ("pings", HUB, pings_without_end_are_cut_off);
  ADD ("pings/messages", HUB, messages_do_not_pay_for_pings);
  ADD ("unread", HUB, who_never_reads_is_cut_off);
  ADD ("origin", HUB, a_page_elsewhere_may_not_join);
  ADD ("tokens",
      HUB "tokens=watch=watching-only,publish=publishing-only,all=all-of-it",
      tokens_are_looked_at);
  ADD ("plain", HUB, plain_requests_are_told_what_it_is);
  ADD ("ticks", "hub name=other webrtcserver name=s port=0 max-rate=0",
      who_comes_back_at_once_ticks_no_faster);
  ADD ("max-peers", HUB "max-peers=1", max_peers_counts_members);
  ADD ("max-per-address", HUB "max-per-address=1", one_address_has_its_share);
  ADD ("max-rate", HUB "max-rate=1", who_dials_too_often_waits);
  ADD ("hub-lost", HUB, the_hub_that_goes_is_told);
  if (g_getenv ("VIA_TEST_LONG") != NULL)
    ADD ("time-outs", HUB, who_does_not_join_or_answer_is_let_go);
  return g_test_run ();
}
