/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_wish.c – WHIP and WHEP as values: which request gets which status, what
 * the peers' side is told.
 */
#include <glib.h>
#include <string.h>
#include "http/pages.h"
#include "http/wish.h"

#define TYPE_SDP "application/sdp"
#define TYPE_FRAG "application/trickle-ice-sdpfrag"
#define PWD "0123456789abcdefghijkl"

static const gchar *const OFFER =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "a=group:BUNDLE 0 v\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\n"
    "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\n"
    "a=recvonly\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=recvonly\r\n";

typedef struct
{
  ViaSeededRng rng;
  ViaWish *wish;
  GString *log; /* what the viewers' side was told */
  ViaReply reply;
  gchar id[VIA_WISH_ID_LEN + 1];
} Fixture;

static void
on_offer (gpointer user, const gchar *id, ViaWishRole role, const gchar *offer,
    const gchar *app_data)
{
  Fixture *f = user;

  if (role == VIA_WISH_PLAY)
    g_assert_cmpstr (offer, ==, OFFER);
  g_string_append_printf (f->log, "%s(%s) ",
      role == VIA_WISH_PUBLISH ? "publish" : "offer",
      app_data != NULL ? app_data : "-");
}

static void
on_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  Fixture *f = user;

  g_assert_cmpstr (id, ==, f->id);
  g_string_append_printf (f->log, "%u:%s ", mline, candidate);
}

static void
on_bye (gpointer user, const gchar *id)
{
  g_string_append (((Fixture *) user)->log, "bye ");
}

#define LINK "<stun:s.example:3478>; rel=\"ice-server\""

static gchar *
link_of (gpointer user)
{
  return g_strdup (LINK);
}

static const ViaWishFuncs funcs = {on_offer, on_candidate, on_bye, link_of};

static void
set_up (Fixture *f, gconstpointer max_peers)
{
  via_seeded_rng_init (&f->rng, 7);
  f->wish = via_wish_new (
      "live", GPOINTER_TO_UINT (max_peers), &f->rng.parent, &funcs, f);
  f->log = g_string_new (NULL);
  via_reply_init (&f->reply);
}

static void
tear_down (Fixture *f, gconstpointer max_peers)
{
  via_reply_clear (&f->reply);
  g_string_free (f->log, TRUE);
  via_wish_free (f->wish);
}

static ViaWishResult
request (Fixture *f, const gchar *method, const gchar *path, const gchar *type,
    const gchar *body)
{
  ViaRequest r = {
      .method = method,
      .path = path,
      .origin = "http://h:1",
      .content_type = type,
      .body = body,
      .body_len = body != NULL ? strlen (body) : 0,
  };

  via_reply_clear (&f->reply);
  via_reply_init (&f->reply);
  return via_wish_request (f->wish, &r, &f->reply, f->id);
}

static void
expect (Fixture *f, guint status, const gchar *method, const gchar *path,
    const gchar *type, const gchar *body)
{
  g_assert_cmpint (request (f, method, path, type, body), ==, VIA_WISH_REPLIED);
  g_assert_cmpuint (f->reply.status, ==, status);
}

static gchar *
session_path (Fixture *f)
{
  return g_strdup_printf ("/live/whep/%s", f->id);
}

static void
join (Fixture *f)
{
  g_assert_cmpint (
      request (f, "POST", "/live/whep", TYPE_SDP, OFFER), ==, VIA_WISH_WAIT);
  g_assert_true (via_wish_answer (
      f->wish, f->id, "v=0 answer", NULL, "http://h:1", &f->reply));
}

static void
expect_detail (Fixture *f, const gchar *part)
{
  g_autofree gchar *body = NULL;

  g_assert_nonnull (f->reply.body);
  body = g_strndup (
      g_bytes_get_data (f->reply.body, NULL), g_bytes_get_size (f->reply.body));
  g_assert_nonnull (strstr (body, part));
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Content-Type"), ==,
      "application/problem+json");
}

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
      NULL, "hello world", "v=0\r\ns=-\r\n", /* no m-line */
      "v=0\r\nhello\r\nm=audio 9\r\n",       /* no line */
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
  ViaRequest r = {
      .method = "POST", .path = "/live/whep", .content_type = TYPE_SDP};

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
  expect (f, 422, "PATCH", path, TYPE_FRAG, "a=ice-ufrag:other\r\n");
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
  ViaRequest r = {
      .method = "OPTIONS", .path = "/live/whep", .request_method = "POST"};

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

static void
test_pages_table (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const gchar *method, *path;
    guint status;
  } cases[] = {
      {"GET", "/live/", 200},
      {"GET", "/live/watch", 200},
      {"GET", "/live/watch.js", 200},
      {"GET", "/live/watch.css", 200},
      {"GET", "/live/publish", 200},
      {"GET", "/live/publish.js", 200},
      {"GET", "/live/publish.css", 200},
      {"GET", "/live/wish.js", 200},
      {"GET", "/live/icon.svg", 200},
      {"HEAD", "/live/", 200},
      {"OPTIONS", "/live/", 204},
      {"POST", "/live/", 405},
      {"GET", "/live", 307},
      {"GET", "/", 307},
  };
  ViaRequest r = {.method = "GET", .path = "/live/../etc/passwd"};

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    r.method = cases[i].method;
    r.path = cases[i].path;
    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_true (via_pages_request ("live", "watch", &r, &f->reply));
    g_assert_cmpuint (f->reply.status, ==, cases[i].status);
    if (cases[i].status == 200)
      g_assert_nonnull (
          via_reply_get_header (&f->reply, "Content-Security-Policy"));
  }
  r.path = "/live/../etc/passwd";
  g_assert_false (via_pages_request ("live", "watch", &r, &f->reply));
  r.path = "/livex/";
  g_assert_false (via_pages_request ("live", "watch", &r, &f->reply));
}

static void
test_main_page_is_chosen (Fixture *f, gconstpointer data)
{
  static const gchar *const pages[] = {"watch", "publish"};
  ViaRequest r = {.method = "GET", .path = "/live/"};
  GBytes *shown[2];

  for (guint i = 0; i < 2; i++) {
    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_true (via_pages_request ("live", pages[i], &r, &f->reply));
    shown[i] = g_bytes_ref (f->reply.body);
  }
  g_assert_false (g_bytes_equal (shown[0], shown[1]));
  g_bytes_unref (shown[0]);
  g_bytes_unref (shown[1]);
}

/* --- publishers --- */

/* OFFER with another direction in each section. (transfer full) */
static gchar *
offer_with (const gchar *direction)
{
  g_auto (GStrv) parts = g_strsplit (OFFER, "a=recvonly", -1);

  return g_strjoinv (direction, parts);
}

static void
publish (Fixture *f)
{
  g_autofree gchar *offer = offer_with ("a=sendonly");

  g_assert_cmpint (
      request (f, "POST", "/live/whip", TYPE_SDP, offer), ==, VIA_WISH_WAIT);
  g_assert_true (via_wish_answer (
      f->wish, f->id, "v=0 answer", NULL, "https://h:1", &f->reply));
}

static void
test_publish_from_post_to_delete (Fixture *f, gconstpointer data)
{
  g_autofree gchar *location = NULL;
  g_autofree gchar *path = NULL;

  publish (f);
  path = g_strdup_printf ("/live/whip/%s", f->id);
  location = g_strconcat ("https://h:1", path, NULL);
  g_assert_cmpuint (f->reply.status, ==, 201);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Location"), ==, location);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "ETag"), ==, "\"1\"");
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Content-Type"), ==, TYPE_SDP);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Link"), ==, LINK);
  expect (f, 204, "PATCH", path, TYPE_FRAG,
      "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\na=mid:v\r\n"
      "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n");
  expect (f, 200, "DELETE", path, NULL, NULL);
  expect (f, 404, "DELETE", path, NULL, NULL);
  g_assert_cmpstr (f->log->str, ==,
      "publish(-) 1:candidate:1 1 udp 1 192.0.2.1 9 typ host bye ");
}

static void
test_publish_directions (Fixture *f, gconstpointer data)
{
  g_autofree gchar *both = offer_with ("a=sendrecv");
  g_autofree gchar *deaf = offer_with ("a=inactive");
  g_autofree gchar *plain = offer_with ("a=x"); /* sendrecv by default */
  g_autofree gchar *two = g_strconcat (
      both, "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=sendonly\r\n", NULL);

  expect (f, 422, "POST", "/live/whip", TYPE_SDP, OFFER);
  expect_detail (f, "sendonly");
  expect (f, 422, "POST", "/live/whip", TYPE_SDP, deaf);
  expect (f, 422, "POST", "/live/whip", TYPE_SDP, two);
  expect (f, 422, "POST", "/live/whep", TYPE_SDP, deaf);
  g_assert_cmpstr (f->log->str, ==, "");
  g_assert_cmpint (
      request (f, "POST", "/live/whip", TYPE_SDP, both), ==, VIA_WISH_WAIT);
  g_assert_cmpint (
      request (f, "POST", "/live/whip", TYPE_SDP, plain), ==, VIA_WISH_WAIT);
}

/* Encoders send their offer without a candidate, over RTP/SAVPF, as server. */
static void
test_publish_from_encoders_is_taken (Fixture *f, gconstpointer data)
{
  g_autofree gchar *offer = offer_with ("a=sendonly");
  g_autoptr (GString) other = g_string_new (offer);

  g_string_replace (other, "UDP/TLS/RTP/SAVPF", "RTP/SAVPF", 0);
  g_string_replace (other, "a=setup:actpass", "a=setup:passive", 0);
  g_assert_cmpint (
      request (f, "POST", "/live/whip", TYPE_SDP, offer), ==, VIA_WISH_WAIT);
  g_assert_cmpint (request (f, "POST", "/live/whip",
                       "Application/SDP;charset=utf-8", other->str),
      ==, VIA_WISH_WAIT);
}

static void
test_publish_bad_is_refused (Fixture *f, gconstpointer data)
{
  g_autofree gchar *offer = offer_with ("a=sendonly");
  g_autofree gchar *path = NULL;
  static const struct
  {
    guint status;
    const gchar *type, *body;
  } patches[] = {
      {415, "text/plain", "a=ice-ufrag:abcd\r\n"}, {415, NULL, NULL},
      {400, TYPE_FRAG, "hello"}, {400, TYPE_FRAG, NULL},
      {422, TYPE_FRAG, "a=ice-ufrag:restart\r\na=ice-pwd:" PWD "\r\n"},
      {422, TYPE_SDP, "v=0\r\n"},
      {204, TYPE_FRAG, "a=ice-ufrag:abcd\r\n"}, /* it lives on */
  };

  expect (f, 415, "POST", "/live/whip", "text/plain", offer);
  expect (f, 400, "POST", "/live/whip", TYPE_SDP, NULL);
  expect (f, 400, "POST", "/live/whip", TYPE_SDP, "hello");
  expect (f, 404, "PATCH", "/live/whip/0", TYPE_FRAG, "a=ice-ufrag:a\r\n");
  expect (f, 405, "PUT", "/live/whip", TYPE_SDP, offer);
  publish (f);
  path = g_strdup_printf ("/live/whip/%s", f->id);
  for (guint i = 0; i < G_N_ELEMENTS (patches); i++)
    expect (
        f, patches[i].status, "PATCH", path, patches[i].type, patches[i].body);
  expect (f, 405, "POST", path, TYPE_SDP, offer);
}

static void
test_publish_endpoint_is_described (Fixture *f, gconstpointer data)
{
  ViaRequest preflight = {
      .method = "OPTIONS", .path = "/live/whip", .request_method = "POST"};

  expect (f, 200, "OPTIONS", "/live/whip", NULL, NULL);
  g_assert_cmpstr (
      via_reply_get_header (&f->reply, "Accept-Post"), ==, TYPE_SDP);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Link"), ==, LINK);
  expect (f, 204, "GET", "/live/whip", NULL, NULL);
  expect (f, 200, "HEAD", "/live/whip", NULL, NULL);
  via_reply_clear (&f->reply);
  via_reply_init (&f->reply);
  g_assert_cmpint (via_wish_request (f->wish, &preflight, &f->reply, f->id), ==,
      VIA_WISH_REPLIED);
  g_assert_cmpuint (f->reply.status, ==, 204);
  g_assert_null (via_reply_get_header (&f->reply, "Link"));
}

static void
test_roles_keep_their_addresses (Fixture *f, gconstpointer data)
{
  g_autofree gchar *as_player = NULL;
  g_autofree gchar *as_publisher = NULL;

  publish (f);
  as_player = session_path (f);
  expect (f, 404, "DELETE", as_player, NULL, NULL);
  expect (f, 404, "PATCH", as_player, TYPE_FRAG, "a=ice-ufrag:abcd\r\n");
  as_publisher = g_strdup_printf ("/live/whip/%s", f->id);
  expect (f, 200, "DELETE", as_publisher, NULL, NULL);
}

static void
test_publish_early_type_and_length (Fixture *f, gconstpointer data)
{
  ViaRequest r = {
      .method = "POST", .path = "/live/whip", .content_type = TYPE_SDP};

  g_assert_false (
      via_wish_refuse_early (f->wish, &r, VIA_HTTP_BODY_MAX, &f->reply));
  g_assert_true (
      via_wish_refuse_early (f->wish, &r, VIA_HTTP_BODY_MAX + 1, &f->reply));
  g_assert_cmpuint (f->reply.status, ==, 413);
  r.content_type = "text/plain";
  g_assert_true (via_wish_refuse_early (f->wish, &r, 1, &f->reply));
  g_assert_cmpuint (f->reply.status, ==, 415);
}

/* Places are counted together. */
static void
test_publish_full_house_answers_503 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *offer = offer_with ("a=sendonly");

  join (f);
  publish (f);
  expect (f, 503, "POST", "/live/whip", TYPE_SDP, offer);
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Retry-After"), ==, "5");
}

static void
test_real_offers_pass (Fixture *f, gconstpointer data)
{
  g_auto (ViaOfferOutline) outline = {0};
  g_autoptr (GError) error = NULL;

  g_assert_true (
      via_offer_outline_read (&outline, FALSE, OFFER, strlen (OFFER), &error));
  g_assert_no_error (error);
  g_assert_cmpstr (outline.ufrag, ==, "abcd");
  g_assert_cmpuint (outline.mids->len, ==, 2);
  g_assert_cmpstr (outline.mids->pdata[1], ==, "v");
}

#define ADD(path, func)                                                        \
  g_test_add ("/wish/" path, Fixture, NULL, set_up, func, tear_down)

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
  ADD ("pages", test_pages_table);
  ADD ("pages/main", test_main_page_is_chosen);
  ADD ("publish/life", test_publish_from_post_to_delete);
  ADD ("publish/directions", test_publish_directions);
  ADD ("publish/encoders", test_publish_from_encoders_is_taken);
  ADD ("publish/bad", test_publish_bad_is_refused);
  ADD ("publish/described", test_publish_endpoint_is_described);
  ADD ("publish/addresses", test_roles_keep_their_addresses);
  ADD ("publish/early", test_publish_early_type_and_length);
  g_test_add ("/wish/publish/full-503", Fixture, GUINT_TO_POINTER (2), set_up,
      test_publish_full_house_answers_503, tear_down);
  ADD ("offer/outline", test_real_offers_pass);
  return g_test_run ();
}
