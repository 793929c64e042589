/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_wish_publish.c – the rules of test_wish.c, for who publishes (WHIP).
 */
#include "wish_fixture.h"

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
      {400, TYPE_FRAG, "a=ice-ufrag:restart\r\na=ice-pwd:short\r\n"},
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
  ViaRequest preflight = {.roles = VIA_AUTH_ALL,
      .method = "OPTIONS",
      .path = "/live/whip",
      .request_method = "POST"};

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
  ViaRequest r = {.roles = VIA_AUTH_ALL,
      .method = "POST",
      .path = "/live/whip",
      .content_type = TYPE_SDP};

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
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
