/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_wish_session.c – what a session's own address answers, as values: ETags,
 * ICE restarts, our offers; names in addresses; tokens.
 */
#include "wish_fixture.h"

#define NEW_PWD "zyxwvutsrqponmlkjihgfe"
#define RESTART "a=ice-ufrag:WXYZ\r\na=ice-pwd:" NEW_PWD "\r\n"
#define TRICKLE "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\n"
#define ANSWER                                                                 \
  "v=0\r\no=- 1 2 IN IP4 0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"            \
  "a=ice-lite\r\na=fingerprint:sha-256 AA\r\n"                                 \
  "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\n"     \
  "a=ice-ufrag:ours\r\na=ice-pwd:" PWD "\r\n"                                  \
  "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"                             \
  "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n"

static void
set_up_strict (Fixture *f, gconstpointer data)
{
  ViaWishConfig config = {.strict_etag = TRUE};

  set_up_as (f, &config);
}

static void
set_up_counter (Fixture *f, gconstpointer data)
{
  ViaWishConfig config = {.counter_offer = TRUE};

  set_up_as (f, &config);
}

static void
set_up_per_address (Fixture *f, gconstpointer data)
{
  ViaWishConfig config = {.max_per_address = 1};

  set_up_as (f, &config);
}

/* Joins; "/live/whep/ID". (transfer full) */
static gchar *
joined (Fixture *f)
{
  join (f);
  g_string_truncate (f->log, 0);
  return session_path (f);
}

static gboolean
answer_now (Fixture *f, const gchar *sdp, const GError *error)
{
  return via_wish_answer (f->wish, f->id, sdp, error, "http://h:1", &f->reply);
}

static void
expect_wait (Fixture *f, const gchar *method, const gchar *path,
    const gchar *type, const gchar *body)
{
  g_assert_cmpint (request (f, method, path, type, body), ==, VIA_WISH_WAIT);
}

/* --- restarts --- */

static void
test_restart_answers_200_with_a_fragment (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = joined (f);
  g_autofree gchar *body = NULL;

  expect_wait (f, "PATCH", path, TYPE_FRAG,
      RESTART "a=mid:v\r\na=candidate:2 1 udp 1 192.0.2.2 9 typ host\r\n");
  g_assert_cmpstr (
      f->log->str, ==, "restart 1:candidate:2 1 udp 1 192.0.2.2 9 typ host ");
  g_assert_nonnull (strstr (f->restarted, "a=ice-ufrag:WXYZ\r\n"));
  g_assert_nonnull (strstr (f->restarted, "a=ice-pwd:" NEW_PWD "\r\n"));
  g_assert_nonnull (strstr (f->restarted, "o=- 1 3 IN"));
  g_assert_null (strstr (f->restarted, PWD));
  g_assert_true (answer_now (f, ANSWER, NULL));
  g_assert_cmpuint (f->reply.status, ==, 200);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "ETag"), ==, "\"2\"");
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Content-Type"), ==, TYPE_FRAG);
  body = g_strndup (
      g_bytes_get_data (f->reply.body, NULL), g_bytes_get_size (f->reply.body));
  g_assert_cmpstr (body, ==,
      "a=group:BUNDLE 0\r\na=ice-lite\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\na=mid:0\r\n"
      "a=ice-ufrag:ours\r\na=ice-pwd:" PWD "\r\n"
      "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n");
}

static void
test_after_a_restart_old_and_new_are_told_apart (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = joined (f);

  expect_wait (f, "PATCH", path, TYPE_FRAG, RESTART);
  expect (f, 503, "PATCH", path, TYPE_FRAG, RESTART); /* one at a time */
  g_assert_true (answer_now (f, ANSWER, NULL));
  g_string_truncate (f->log, 0);
  expect (f, 204, "PATCH", path, TYPE_FRAG,
      TRICKLE "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n");
  g_assert_cmpstr (f->log->str, ==, ""); /* a latecomer of the old one */
  expect (f, 204, "PATCH", path, TYPE_FRAG,
      RESTART "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n");
  g_assert_cmpstr (
      f->log->str, ==, "0:candidate:1 1 udp 1 192.0.2.1 9 typ host ");
  f->if_match = "\"1\"";
  expect (f, 412, "PATCH", path, TYPE_FRAG,
      "a=ice-ufrag:third\r\na=ice-pwd:" NEW_PWD "\r\n");
  f->if_match = "\"2\"";
  expect_wait (f, "PATCH", path, TYPE_FRAG,
      "a=ice-ufrag:third\r\na=ice-pwd:" NEW_PWD "\r\n");
}

static void
test_refused_restart_keeps_the_session (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = joined (f);
  g_autoptr (GError) error =
      g_error_new (VIA_ERROR, VIA_ERROR_REFUSED, "not now");

  expect_wait (f, "PATCH", path, TYPE_FRAG, RESTART);
  g_assert_true (answer_now (f, NULL, error));
  g_assert_cmpuint (f->reply.status, ==, 422);
  g_string_truncate (f->log, 0);
  expect (f, 204, "PATCH", path, TYPE_FRAG, TRICKLE);
  expect (f, 200, "DELETE", path, NULL, NULL);
  g_assert_cmpstr (f->log->str, ==, "bye ");
}

/* --- If-Match --- */

static void
test_tags_are_read_as_clients_write_them (Fixture *f, gconstpointer data)
{
  static const gchar *const good[] = {
      NULL, "*", "\"*\"", "\"1\"", "1", " \"1\" ", "\"stale\""};
  g_autofree gchar *path = joined (f);

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    f->if_match = good[i];
    expect (f, 204, "PATCH", path, TYPE_FRAG, TRICKLE);
  }
  f->if_match = "\"stale\"";
  expect (f, 412, "PATCH", path, TYPE_FRAG, RESTART);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "ETag"), ==, "\"1\"");
  expect (f, 200, "DELETE", path, NULL, NULL); /* RFC 9725: ignored there */
}

static void
test_strict_tags_are_needed_and_present (Fixture *f, gconstpointer data)
{
  static const struct
  {
    guint status;
    const gchar *tag;
  } cases[] = {{428, NULL}, {412, "\"2\""}, {412, "W/\"1\""}, {204, "\"1\""},
      {204, "*"}};
  g_autofree gchar *path = joined (f);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    f->if_match = cases[i].tag;
    expect (f, cases[i].status, "PATCH", path, TYPE_FRAG, TRICKLE);
  }
  f->if_match = NULL;
  expect (f, 428, "PATCH", path, TYPE_FRAG, RESTART);
  f->if_match = "*";
  expect_wait (f, "PATCH", path, TYPE_FRAG, RESTART);
}

/* --- our offer --- */

#define OURS                                                                   \
  "v=0\r\no=- 1 2 IN IP4 0\r\ns=-\r\nt=0 0\r\n"                                \
  "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:x\r\na=ice-ufrag:ours\r\n"           \
  "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:y\r\n"

static void
answer_ours (Fixture *f, guint status)
{
  g_autofree gchar *path = NULL;

  g_assert_cmpstr (f->log->str, ==, "our-offer(-) ");
  g_assert_true (answer_now (f, OURS, NULL));
  g_assert_cmpuint (f->reply.status, ==, status);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Content-Type"), ==, TYPE_SDP);
  g_assert_nonnull (via_reply_get_header (&f->reply, "Location"));
  path = session_path (f);
  g_string_truncate (f->log, 0);
  expect (f, 400, "PATCH", path, TYPE_SDP, "hello");
  expect_wait (f, "PATCH", path, TYPE_SDP, ANSWER);
  g_assert_true (answer_now (f, NULL, NULL));
  g_assert_cmpuint (f->reply.status, ==, 204);
  expect (f, 422, "PATCH", path, TYPE_SDP, ANSWER); /* once */
  g_string_truncate (f->log, 0);
  expect (f, 204, "PATCH", path, TYPE_FRAG,
      "a=ice-ufrag:ours\r\na=mid:v\r\na=candidate:1 1 udp 1 0 9 typ host\r\n");
  g_assert_cmpstr (f->log->str, ==, "1:candidate:1 1 udp 1 0 9 typ host ");
}

static void
test_empty_post_gets_our_offer (Fixture *f, gconstpointer data)
{
  expect_wait (f, "POST", "/live/whep", TYPE_SDP, NULL);
  answer_ours (f, 201);
  expect (f, 400, "POST", "/live/whip", TYPE_SDP, NULL); /* players only */
}

static void
test_counter_offer_answers_406 (Fixture *f, gconstpointer data)
{
  expect_wait (f, "POST", "/live/whep", TYPE_SDP, OFFER);
  answer_ours (f, 406);
}

static void
test_refused_answer_may_be_sent_again (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error =
      g_error_new (VIA_ERROR, VIA_ERROR_SYNTAX, "bad answer");
  g_autofree gchar *path = NULL;

  expect_wait (f, "POST", "/live/whep", NULL, NULL);
  g_assert_true (answer_now (f, OURS, NULL));
  path = session_path (f);
  expect_wait (f, "PATCH", path, TYPE_SDP, ANSWER);
  g_assert_true (answer_now (f, NULL, error));
  g_assert_cmpuint (f->reply.status, ==, 400);
  expect_wait (f, "PATCH", path, TYPE_SDP, ANSWER);
}

/* --- names in addresses --- */

static void
test_names_are_streams (Fixture *f, gconstpointer data)
{
  static const gchar *const none[] = {"/live/a/b/whep", "/live//whep",
      "/live/a,b/whep", "/live/a=b/whep", "/live/a;b/whep",
      "/live/cam/whep/x/y"};
  g_autofree gchar *offer = offer_with ("a=sendonly");
  const gchar *location;

  expect_wait (f, "POST", "/live/caf\303\251/whip", TYPE_SDP, offer);
  g_assert_cmpstr (f->log->str, ==, "publish(caf\303\251) caf\303\251");
  g_assert_true (answer_now (f, "v=0 answer", NULL));
  location = via_reply_get_header (&f->reply, "Location");
  g_assert_true (
      g_str_has_prefix (location, "http://h:1/live/caf%C3%A9/whip/"));
  expect (f, 409, "POST", "/live/caf\303\251/whip", TYPE_SDP, offer);
  g_assert_nonnull (via_reply_get_header (&f->reply, "Retry-After"));
  g_string_truncate (f->log, 0);
  expect_wait (f, "POST", "/live/caf\303\251/whep", TYPE_SDP, OFFER);
  g_assert_cmpstr (f->log->str, ==, "offer(-) caf\303\251");
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_cmpint (
        request (f, "POST", none[i], TYPE_SDP, OFFER), ==, VIA_WISH_NOT_OURS);
}

static void
test_nobody_there_answers_409 (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error =
      g_error_new (VIA_ERROR, VIA_ERROR_NOT_FOUND, "nobody yet");

  expect_wait (f, "POST", "/live/cam/whep", TYPE_SDP, OFFER);
  g_assert_true (answer_now (f, NULL, error));
  g_assert_cmpuint (f->reply.status, ==, 409);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Retry-After"), ==, "2");
  g_assert_cmpuint (via_wish_count (f->wish), ==, 0);
}

/* --- who may --- */

static void
test_roles_are_asked_before_all_else (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = joined (f);
  static const struct
  {
    guint roles, status;
    const gchar *method, *path;
  } cases[] = {
      {0, 401, "POST", "/live/whep"},
      {0, 401, "POST", "/live/whip"},
      {0, 401, "OPTIONS", "/live/whip"},
      {VIA_AUTH_PUBLISH, 403, "POST", "/live/whep"},
      {VIA_AUTH_WATCH, 403, "POST", "/live/whip"},
      {VIA_AUTH_STATS, 403, "POST", "/live/cam/whip"},
      {VIA_AUTH_WATCH, 415, "POST", "/live/whep"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    f->roles = cases[i].roles;
    expect (
        f, cases[i].status, cases[i].method, cases[i].path, "text/plain", "x");
    g_assert_cmpint (cases[i].status == 401, ==,
        via_reply_get_header (&f->reply, "WWW-Authenticate") != NULL);
  }
  f->roles = 0;
  expect (f, 404, "PATCH", "/live/whep/0", TYPE_FRAG, TRICKLE);
  expect (f, 401, "PATCH", path, "text/plain", TRICKLE);
  f->roles = VIA_AUTH_PUBLISH;
  expect (f, 403, "PATCH", path, TYPE_FRAG, TRICKLE);
  f->roles = 0; /* who knows the address may end it */
  expect (f, 200, "DELETE", path, NULL, NULL);
}

static void
test_one_address_has_its_share (Fixture *f, gconstpointer data)
{
  join (f);
  expect (f, 503, "POST", "/live/whep", TYPE_SDP, OFFER);
  expect_detail (f, "max-per-address");
  f->address = "192.0.2.10";
  expect_wait (f, "POST", "/live/whep", TYPE_SDP, OFFER);
}

#define ADD_AS(path, set_up_func, func)                                        \
  g_test_add ("/wish/" path, Fixture, NULL, set_up_func, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("restart/200", test_restart_answers_200_with_a_fragment);
  ADD ("restart/after", test_after_a_restart_old_and_new_are_told_apart);
  ADD ("restart/refused", test_refused_restart_keeps_the_session);
  ADD ("etag/lenient", test_tags_are_read_as_clients_write_them);
  ADD_AS (
      "etag/strict", set_up_strict, test_strict_tags_are_needed_and_present);
  ADD ("our-offer/empty-post", test_empty_post_gets_our_offer);
  ADD_AS ("our-offer/406", set_up_counter, test_counter_offer_answers_406);
  ADD ("our-offer/again", test_refused_answer_may_be_sent_again);
  ADD ("stream/names", test_names_are_streams);
  ADD ("stream/nobody", test_nobody_there_answers_409);
  ADD ("roles", test_roles_are_asked_before_all_else);
  ADD_AS ("per-address", set_up_per_address, test_one_address_has_its_share);
  return g_test_run ();
}
