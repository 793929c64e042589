/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_wish.c – WHIP and WHEP as values: which request gets which status,
 * what the peers' side is told. Publishers: test_wish_publish.c.
 */
#include "wish_fixture.h"

static void
test_post_good_answers_201 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *location = NULL;

  join (f);
  location = g_strdup_printf ("http://h:1/live/whep/%s", f->id);
  g_assert_cmpuint (f->reply.status, ==, 201);
  g_assert_cmpuint (strlen (f->id), ==, 32);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Location"), ==, location);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "ETag"), ==, "\"1\"");
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Accept-Patch"), ==, TYPE_FRAG);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Content-Type"), ==, TYPE_SDP);
  g_assert_cmpstr (f->log->str, ==, "offer(-) ");
  g_assert_cmpuint (via_wish_count (f->wish), ==, 1);
}

static void
test_post_query_carries_app_data (Fixture *f, gconstpointer data)
{
  ViaRequest r = {
      .method = "POST",
      .path = "/live/whep",
      .roles = VIA_AUTH_ALL,
      .query = "x=1&app-data=Room%20%C3%A4+b",
      .content_type = "Application/SDP; charset=utf-8",
      .body = OFFER,
      .body_len = strlen (OFFER),
  };

  g_assert_cmpint (
      via_wish_request (f->wish, &r, &f->reply, f->id), ==, VIA_WISH_WAIT);
  g_assert_cmpstr (f->log->str, ==, "offer(Room ä b) ");
}

static void
test_post_bad_body_answers_400 (Fixture *f, gconstpointer data)
{
  static const gchar *const bad[] = {
      "hello world", "v=0\r\ns=-\r\n", /* no m-line */
      "v=0\r\nhello\r\nm=audio 9\r\n", /* no line */
  };
  static const gchar *const needed[] = {
      "a=ice-ufrag:abcd\r\n",
      "a=ice-pwd:" PWD "\r\n",
      "a=fingerprint:sha-256 AA:BB\r\n",
      "a=setup:actpass\r\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    expect (f, 400, "POST", "/live/whep", TYPE_SDP, bad[i]);
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    g_auto (GStrv) parts = g_strsplit (OFFER, needed[i], 2);
    g_autofree gchar *offer = g_strjoinv ("", parts);

    expect (f, 400, "POST", "/live/whep", TYPE_SDP, offer);
  }
  g_assert_cmpstr (f->log->str, ==, "");
  g_assert_cmpuint (via_wish_count (f->wish), ==, 0);
}

static void
test_post_sending_only_answers_422 (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) parts = g_strsplit (OFFER, "a=recvonly", -1);
  g_autofree gchar *offer = g_strjoinv ("a=sendonly", parts);

  expect (f, 422, "POST", "/live/whep", TYPE_SDP, offer);
  expect_detail (f, "recvonly");
}

static void
test_post_two_videos_answers_422 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *offer = g_strconcat (
      OFFER, "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n", NULL);

  expect (f, 422, "POST", "/live/whep", TYPE_SDP, offer);
}

static void
test_post_wrong_type_answers_415 (Fixture *f, gconstpointer data)
{
  expect (f, 415, "POST", "/live/whep", "text/plain", OFFER);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Accept-Post"), ==, TYPE_SDP);
  expect (f, 415, "POST", "/live/whep", NULL, OFFER);
  expect (f, 415, "POST", "/live/whep", "application/sdpx", OFFER);
}

static void
test_early_long_body_answers_413 (Fixture *f, gconstpointer data)
{
  ViaRequest r = {.roles = VIA_AUTH_ALL,
      .method = "POST",
      .path = "/live/whep",
      .content_type = TYPE_SDP};

  g_assert_false (
      via_wish_refuse_early (f->wish, &r, VIA_HTTP_BODY_MAX, &f->reply));
  g_assert_true (
      via_wish_refuse_early (f->wish, &r, VIA_HTTP_BODY_MAX + 1, &f->reply));
  g_assert_cmpuint (f->reply.status, ==, 413);
}

static void
test_answer_error_maps_to_status (Fixture *f, gconstpointer data)
{
  static const struct
  {
    gint code;
    guint status;
  } cases[] = {
      {VIA_ERROR_SYNTAX, 400},
      {VIA_ERROR_REFUSED, 422},
      {VIA_ERROR_UNSUPPORTED, 422},
      {VIA_ERROR_STATE, 503},
      {VIA_ERROR_LIMIT, 503},
      {VIA_ERROR_CRYPTO, 500},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error =
        g_error_new (VIA_ERROR, cases[i].code, "rule \"%u\"", i);

    request (f, "POST", "/live/whep", TYPE_SDP, OFFER);
    g_assert_true (
        via_wish_answer (f->wish, f->id, NULL, error, "", &f->reply));
    g_assert_cmpuint (f->reply.status, ==, cases[i].status);
    expect_detail (f, "rule \\\"");
    g_assert_cmpuint (via_wish_count (f->wish), ==, 0);
  }
}

static void
test_post_full_house_answers_503 (Fixture *f, gconstpointer data)
{
  join (f);
  join (f);
  expect (f, 503, "POST", "/live/whep", TYPE_SDP, OFFER);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Retry-After"), ==, "5");
  expect_detail (f, "max-peers");
}

static void
test_post_flood_answers_503 (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < VIA_WISH_UNCONNECTED_MAX; i++)
    join (f);
  expect (f, 503, "POST", "/live/whep", TYPE_SDP, OFFER);
}

static void
test_post_connected_make_room (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2 * VIA_WISH_UNCONNECTED_MAX; i++) {
    join (f);
    via_wish_connected (f->wish, f->id);
    via_wish_connected (f->wish, f->id); /* counts once */
  }
  g_assert_cmpuint (via_wish_count (f->wish), ==, 2 * VIA_WISH_UNCONNECTED_MAX);
  g_assert_cmpint (
      request (f, "POST", "/live/whep", TYPE_SDP, OFFER), ==, VIA_WISH_WAIT);
}

static void
test_delete_twice_answers_404 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;

  join (f);
  path = session_path (f);
  expect (f, 200, "DELETE", path, NULL, NULL);
  expect (f, 404, "DELETE", path, NULL, NULL);
  expect (f, 404, "PATCH", path, TYPE_FRAG, "a=end-of-candidates\r\n");
  g_assert_cmpstr (f->log->str, ==, "offer(-) bye ");
}

static void
test_patch_trickle_answers_204 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;

  join (f);
  g_string_truncate (f->log, 0);
  path = session_path (f);
  expect (f, 204, "PATCH", path, TYPE_FRAG,
      "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:v\r\n"
      "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
      "a=end-of-candidates\r\n");
  g_assert_cmpstr (
      f->log->str, ==, "1:candidate:1 1 udp 1 192.0.2.1 9 typ host 0: ");
  g_assert_null (f->reply.body);
  g_assert_null (via_reply_get_header (&f->reply, "ETag"));
}

static void
test_patch_bad_is_refused (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;

  join (f);
  g_string_truncate (f->log, 0);
  path = session_path (f);
  expect (f, 415, "PATCH", path, "text/plain", "a=ice-ufrag:abcd\r\n");
  expect (f, 422, "PATCH", path, TYPE_SDP, OFFER);
  expect (f, 400, "PATCH", path, TYPE_FRAG, "hello");
  expect (f, 400, "PATCH", path, TYPE_FRAG, NULL);
  expect (f, 400, "PATCH", path, TYPE_FRAG, "m=audio 9 x 0\r\n");
  expect (f, 400, "PATCH", path, TYPE_FRAG, "a=ice-ufrag:other\r\n");
  expect (f, 404, "PATCH", "/live/whep/0", TYPE_FRAG, "a=ice-ufrag:a\r\n");
  g_assert_cmpstr (f->log->str, ==, "");
}

static void
test_patch_flood_is_bounded (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GString) frag = g_string_new ("a=ice-ufrag:abcd\r\n");
  guint n = 0;

  join (f);
  g_string_truncate (f->log, 0);
  path = session_path (f);
  for (guint i = 0; i < 1000; i++)
    g_string_append (frag, "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\n");
  for (guint i = 0; i < 10; i++)
    expect (f, 204, "PATCH", path, TYPE_FRAG, frag->str);
  for (gchar *p = f->log->str; (p = strstr (p, "0:cand")) != NULL; p++)
    n++;
  g_assert_cmpuint (n, ==, 200);
}

static void
test_endpoint_other_methods (Fixture *f, gconstpointer data)
{
  expect (f, 204, "GET", "/live/whep", NULL, NULL);
  expect (f, 200, "HEAD", "/live/whep", NULL, NULL);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Content-Type"), ==, TYPE_SDP);
  expect (f, 200, "OPTIONS", "/live/whep", NULL, NULL);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Accept-Post"), ==, TYPE_SDP);
  expect (f, 405, "PUT", "/live/whep", TYPE_SDP, OFFER);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Allow"), ==,
      "OPTIONS, GET, HEAD, POST");
  expect (f, 405, "DELETE", "/live/whep", NULL, NULL);
}

static void
test_session_other_methods (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;

  join (f);
  path = session_path (f);
  expect (f, 204, "GET", path, NULL, NULL);
  expect (f, 204, "HEAD", path, NULL, NULL);
  expect (f, 200, "OPTIONS", path, NULL, NULL);
  expect (f, 405, "POST", path, TYPE_SDP, OFFER);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Allow"), ==,
      "OPTIONS, GET, HEAD, PATCH, DELETE");
}

static void
test_preflight_has_no_body (Fixture *f, gconstpointer data)
{
  ViaRequest r = {.roles = VIA_AUTH_ALL,
      .method = "OPTIONS",
      .path = "/live/whep",
      .request_method = "POST"};

  g_assert_cmpint (
      via_wish_request (f->wish, &r, &f->reply, f->id), ==, VIA_WISH_REPLIED);
  g_assert_cmpuint (f->reply.status, ==, 204);
  g_assert_cmpuint (f->reply.headers->len, ==, 0);
}

static void
test_waiting_session_is_hidden (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL;

  request (f, "POST", "/live/whep", TYPE_SDP, OFFER);
  path = session_path (f);
  expect (f, 404, "DELETE", path, NULL, NULL);
  via_wish_abandon (f->wish, f->id);
  g_assert_cmpstr (f->log->str, ==, "offer(-) bye ");
  g_assert_false (via_wish_answer (f->wish, f->id, "v=0", NULL, "", &f->reply));
  g_assert_cmpuint (via_wish_count (f->wish), ==, 0);
}

static void
test_ids_never_repeat (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) seen =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++) {
    join (f);
    g_assert_true (g_hash_table_add (seen, g_strdup (f->id)));
    via_wish_end (f->wish, f->id);
  }
}

static void
test_other_addresses_are_not_ours (Fixture *f, gconstpointer data)
{
  static const gchar *const paths[] = {
      "/", "/live", "/live/", "/live/whepx", "/other/whep", "/live/whipx", ""};

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_assert_cmpint (
        request (f, "POST", paths[i], TYPE_SDP, OFFER), ==, VIA_WISH_NOT_OURS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("post/good-201", test_post_good_answers_201);
  ADD ("post/app-data", test_post_query_carries_app_data);
  ADD ("post/bad-400", test_post_bad_body_answers_400);
  ADD ("post/sendonly-422", test_post_sending_only_answers_422);
  ADD ("post/two-videos-422", test_post_two_videos_answers_422);
  ADD ("post/type-415", test_post_wrong_type_answers_415);
  ADD ("post/length-413", test_early_long_body_answers_413);
  ADD ("post/errors", test_answer_error_maps_to_status);
  g_test_add ("/wish/post/full-503", Fixture, GUINT_TO_POINTER (2), set_up,
      test_post_full_house_answers_503, tear_down);
  ADD ("post/flood-503", test_post_flood_answers_503);
  ADD ("post/connected-make-room", test_post_connected_make_room);
  ADD ("delete/twice-404", test_delete_twice_answers_404);
  ADD ("patch/trickle-204", test_patch_trickle_answers_204);
  ADD ("patch/bad", test_patch_bad_is_refused);
  ADD ("patch/flood", test_patch_flood_is_bounded);
  ADD ("endpoint/methods", test_endpoint_other_methods);
  ADD ("session/methods", test_session_other_methods);
  ADD ("preflight", test_preflight_has_no_body);
  ADD ("session/waiting-is-hidden", test_waiting_session_is_hidden);
  ADD ("session/ids", test_ids_never_repeat);
  ADD ("addresses", test_other_addresses_are_not_ours);
  return g_test_run ();
}
