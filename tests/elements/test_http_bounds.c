/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_http_bounds.c – what a client may cost: long, slow, ambiguous and many
 * requests; the viewers are fakes.
 */
#include "http/door.h"
#include "http/wish.h"
#include "http_fixture.h"
#include "websocket.h"

#define PATIENCE (15 * G_TIME_SPAN_SECOND) /* less than a client's, 20 s */

static void
test_long_body_is_413_unread (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *reply = NULL;

  via_test_say (c,
      "POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
      "Content-Length: 132096\r\n\r\n"); /* 129 KiB, none of it sent */
  reply = via_test_hear (G_IO_STREAM (c));
  g_assert_cmpuint (via_test_status (reply), ==, 413);
  assert_no_cors (reply);
}

static void
test_long_body_sent_is_413 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *body = g_strnfill (129 * 1024, 'v');
  g_autofree gchar *reply =
      via_test_ask (f->port, "POST", "/live/whep", SDP, body);
  g_autofree gchar *allowed = NULL;

  g_assert_cmpuint (via_test_status (reply), ==, 413);
  body[128 * 1024] = '\0';
  allowed = via_test_ask (f->port, "POST", "/live/whep", SDP, body);
  g_assert_cmpuint (via_test_status (allowed), ==, 400); /* read, and no SDP */
}

static void
test_chunked_body_is_cut (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *fill = g_strnfill (8192, 'v');
  g_autofree gchar *chunk = g_strdup_printf ("2000\r\n%s\r\n", fill);
  g_autofree gchar *reply = NULL;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (c));
  gint64 start = g_get_monotonic_time ();
  gsize sent = 0;

  via_test_say (c, "POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
                   "Transfer-Encoding: chunked\r\n\r\n");
  while (sent < 64 * 1024 * 1024
         && g_output_stream_write_all (
             out, chunk, strlen (chunk), NULL, NULL, NULL))
    sent += strlen (chunk);
  g_assert_cmpint (g_get_monotonic_time () - start, <, PATIENCE);
  g_assert_cmpuint (sent, <, 16 * 1024 * 1024); /* socket buffers included */
  reply = via_test_hear (G_IO_STREAM (c));
  g_assert_cmpint (g_atomic_int_get (&f->n_offers), ==, 0);
}

static void
test_chunked_body_over_is_413 (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *fill = g_strnfill (8192, 'v');
  g_autofree gchar *chunk = g_strdup_printf ("2000\r\n%s\r\n", fill);
  g_autofree gchar *reply = NULL;

  via_test_say (c, "POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
                   "Transfer-Encoding: chunked\r\n\r\n");
  for (guint i = 0; i < 17; i++)
    via_test_say (c, chunk);
  reply = via_test_hear (G_IO_STREAM (c));
  g_assert_cmpuint (via_test_status (reply), ==, 413);
}

static void
test_many_headers_are_431 (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) many = g_string_new (NULL);
  g_autofree gchar *value = g_strnfill (17 * 1024, 'x');
  g_autofree gchar *big = g_strdup_printf ("X-Big: %s\r\n", value);
  g_autofree gchar *reply1 = NULL, *reply2 = NULL;

  for (guint i = 0; i < 70; i++)
    g_string_append_printf (many, "X-%u: 1\r\n", i);
  reply1 = via_test_ask (f->port, "GET", "/live/", many->str, NULL);
  g_assert_cmpuint (via_test_status (reply1), ==, 431);
  reply2 = via_test_ask (f->port, "GET", "/live/", big, NULL);
  g_assert_cmpuint (via_test_status (reply2), ==, 431);
}

static void
test_ambiguous_framing_is_400 (Fixture *f, gconstpointer data)
{
  static const gchar *const bad[] = {
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: -5\r\n",
      "Content-Length: five\r\n",
      "Content-Length: 99999999999999999999\r\n",
      "Content-Length:\r\n",
      "Content-Length : 5\r\n",
      "Content-Length:\r\n 5x\r\n",
      "content-length: 5,5\r\n",
      "Transfer-Encoding: gzip\r\n",
      "Transfer-Encoding: chunked, chunked\r\n",
      "no field\r\n",
      "Host: y\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GSocketConnection) c = via_test_dial (f->port);
    g_autofree gchar *request =
        g_strdup_printf ("POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
                         "Connection: close\r\n%s\r\n0\r\n\r\n",
            bad[i]);
    g_autofree gchar *reply = NULL;

    via_test_say (c, request);
    reply = via_test_hear (G_IO_STREAM (c));
    g_test_message ("%s", bad[i]);
    g_assert_cmpuint (via_test_status (reply), ==, 400);
    g_assert_nonnull (strstr (reply, "problem+json")); /* ours, not libsoup's */
    g_assert_null (strstr (reply + 1, "HTTP/1.1 "));   /* one answer */
  }
  g_assert_cmpint (g_atomic_int_get (&f->n_offers), ==, 0);
}

/* The door's clock begins after ours: never before its time, and before the
 * client itself gives up. */
static void
check_time (gint64 start)
{
  gint64 took = g_get_monotonic_time () - start;

  g_assert_cmpint (took, >=, VIA_DOOR_REQUEST_MS * G_TIME_SPAN_MILLISECOND);
  g_assert_cmpint (took, <, PATIENCE);
}

static void
test_slow_headers_are_cut (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *reply = NULL;

  via_test_say (c, "GET /live/ HTTP/1.1\r\nHost");
  reply = via_test_hear (G_IO_STREAM (c));
  check_time (start);
  g_assert_cmpuint (via_test_status (reply), ==, 408);
}

static void
test_idle_connection_is_cut (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *reply = via_test_hear (G_IO_STREAM (c));

  check_time (start);
  g_assert_cmpstr (reply, ==, "");
}

/* Who has been longest without a request makes room for the next. */
static void
test_connection_cap_holds (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree gchar *first = NULL, *reply = NULL;

  for (guint i = 0; i < VIA_DOOR_CONNECTIONS_MAX; i++)
    g_ptr_array_add (all, via_test_dial (f->port));
  reply = via_test_ask (f->port, "GET", "/live/whep", NULL, NULL);
  g_assert_cmpuint (via_test_status (reply), ==, 204);
  first = via_test_hear (G_IO_STREAM (g_ptr_array_index (all, 0)));
  g_assert_cmpstr (first, ==, "");
}

/* Head and body together have the time. */
static void
test_slow_body_is_408 (Fixture *f, gconstpointer data)
{
  gint64 start = g_get_monotonic_time (), middle;
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *reply = NULL;

  via_test_say (c,
      "POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP "Content-Length: 100\r\n");
  g_usleep ((VIA_DOOR_REQUEST_MS - 1000) * G_TIME_SPAN_MILLISECOND);
  middle = g_get_monotonic_time ();
  via_test_say (c, "\r\nv=0");
  reply = via_test_hear (G_IO_STREAM (c));
  g_assert_cmpuint (via_test_status (reply), ==, 408);
  check_time (start);
  g_assert_cmpint (g_get_monotonic_time () - middle, <,
      VIA_DOOR_REQUEST_MS
          * G_TIME_SPAN_MILLISECOND); /* not a time of its own */
}

static void
on_join (gpointer user, const gchar *id, const ViaRoomtextMessage *message,
    const ViaRoomtextGuest *guest)
{
  g_strlcpy (((Fixture *) user)->id, id, VIA_WISH_ID_LEN + 1);
}

static void
on_message (gpointer user, const gchar *id, const ViaRoomtextMessage *message)
{
}

static void
enter (Fixture *f, Socket *member)
{
  g_assert_cmpuint (dial_with (member, f->port, "ws", ""), ==, 101);
  say (member, "{\"type\":\"join\",\"name\":\"x\"}");
}

/* Members of the room and HTTP sessions that have no media connection yet are
 * counted together; who is connected, or left, makes room. */
static void
test_unconnected_members_are_bounded (Fixture *f, gconstpointer data)
{
  static const ViaRoomtextFuncs room = {on_join, on_message, on_bye};
  const ViaHttpConfig config = {
      "127.0.0.1", 0, "live", "watch", 0, NULL, &system_rng, .room = &room};
  g_autofree Socket *members = g_new0 (Socket, VIA_WISH_UNCONNECTED_MAX + 3);
  const guint n = VIA_WISH_UNCONNECTED_MAX;
  g_autofree gchar *viewer = NULL, *full = NULL;

  tear_down (f, data);
  f->server = via_http_server_new (&config, &funcs, f, NULL);
  via_http_server_start (f->server);
  f->port = via_http_server_port (f->server);
  viewer = via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_assert_cmpuint (via_test_status (viewer), ==, 201);
  for (guint i = 0; i < n; i++)
    enter (f, &members[i]);
  expect_error (&members[n - 1], "limit", "connecting", TRUE);
  full = via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_assert_cmpuint (via_test_status (full), ==, 503);
  say (&members[0], "{\"type\":\"bye\"}");
  g_assert_null (hear (&members[0], "never"));
  enter (f, &members[n]); /* in the place of who left */
  say (&members[n], "{\"type\":\"join\",\"name\":\"x\"}");
  expect_error (&members[n], "state", "joined already", FALSE);
  enter (f, &members[n + 1]);
  expect_error (&members[n + 1], "limit", "connecting", TRUE);
  via_http_server_connected (f->server, f->id);
  via_http_server_connected (f->server, f->id); /* counts once */
  enter (f, &members[n + 2]);
  say (&members[n + 2], "{\"type\":\"join\",\"name\":\"x\"}");
  expect_error (&members[n + 2], "state", "joined already", FALSE);
  for (guint i = 0; i < n + 3; i++)
    hang_up (&members[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("bounds/length-413", test_long_body_is_413_unread);
  ADD ("bounds/body-413", test_long_body_sent_is_413);
  ADD ("bounds/chunked-413", test_chunked_body_over_is_413);
  ADD ("bounds/chunked-cut", test_chunked_body_is_cut);
  ADD ("bounds/headers-431", test_many_headers_are_431);
  ADD ("bounds/framing-400", test_ambiguous_framing_is_400);
  ADD ("bounds/slow-headers", test_slow_headers_are_cut);
  ADD ("bounds/slow-body", test_slow_body_is_408);
  ADD ("bounds/idle", test_idle_connection_is_cut);
  ADD ("bounds/connections", test_connection_cap_holds);
  ADD ("bounds/unconnected", test_unconnected_members_are_bounded);
  return g_test_run ();
}
