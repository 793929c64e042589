/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_layer.c – what players may ask beside their session: streams of events
 * and layers, status by status.
 */
#include "http/layer.h"
#include "wish_fixture.h"

#define JSON "application/json"
#define GOOD (-1)

/* --- what is wanted --- */

static void
test_layer_table (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const gchar *json;
    gint code; /* or GOOD */
    guint media;
    const gchar *rid;
  } cases[] = {
      {"{}", GOOD, VIA_LAYER_FIRST_VIDEO, NULL},
      {"{\"mediaId\":\"1\",\"rid\":\"3\"}", GOOD, 1, "3"},
      {"{\"mediaId\":0,\"encodingId\":\"h\"}", GOOD, 0, "h"},
      {"{\"rid\":\"a\",\"encodingId\":\"b\"}", GOOD, VIA_LAYER_FIRST_VIDEO,
          "a"},
      {"{\"temporalLayerId\":0,\"maxTemporalLayerId\":2,\"else\":[]}", GOOD,
          VIA_LAYER_FIRST_VIDEO, NULL},
      {"", VIA_ERROR_SYNTAX, 0, NULL},
      {"[]", VIA_ERROR_SYNTAX, 0, NULL},
      {"{", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"mediaId\":\"x\"}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"mediaId\":\"-1\"}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"mediaId\":-1}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"mediaId\":[]}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"rid\":3}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"rid\":\"\"}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"maxWidth\":\"wide\"}", VIA_ERROR_SYNTAX, 0, NULL},
      {"{\"spatialLayerId\":1}", VIA_ERROR_UNSUPPORTED, 0, NULL},
      {"{\"temporalLayerId\":1}", VIA_ERROR_UNSUPPORTED, 0, NULL},
      {"{\"maxWidth\":640}", VIA_ERROR_UNSUPPORTED, 0, NULL},
      {"{\"maxHeight\":0}", VIA_ERROR_UNSUPPORTED, 0, NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (ViaLayerWish) wish = {77, NULL};
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", cases[i].json);
    g_assert_cmpint (
        via_layer_read (cases[i].json, strlen (cases[i].json), &wish, &error),
        ==, cases[i].code == GOOD);
    if (cases[i].code != GOOD) {
      g_assert_error (error, VIA_ERROR, cases[i].code);
      g_assert_cmpuint (wish.media, ==, 77);
      continue;
    }
    g_assert_cmpuint (wish.media, ==, cases[i].media);
    g_assert_cmpstr (wish.rid, ==, cases[i].rid);
  }
}

/* --- the layer's address --- */

static gchar *
below (Fixture *f, const gchar *name)
{
  return g_strdup_printf ("/live/whep/%s/%s", f->id, name);
}

static void
test_layer_refused_by_status (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL, *deeper = NULL;

  expect (f, 404, "POST", "/live/whep/00/layer", JSON, "{}");
  join (f);
  path = below (f, "layer");
  deeper = below (f, "layer/1");
  expect (f, 415, "POST", path, "text/plain", "{}");
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Accept-Post"), ==, JSON);
  expect (f, 400, "POST", path, JSON, "[]");
  expect (f, 422, "POST", path, JSON, "{\"spatialLayerId\":2}");
  expect_detail (f, "layer 0");
  expect (f, 405, "GET", path, NULL, NULL);
  expect (f, 204, "OPTIONS", path, NULL, NULL);
  f->roles = VIA_AUTH_PUBLISH;
  expect (f, 403, "POST", path, JSON, "{}");
  g_assert_cmpint (
      request (f, "POST", deeper, JSON, "{}"), ==, VIA_WISH_NOT_OURS);
}

static void
test_layer_is_asked_for_and_answered (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error =
      g_error_new_literal (VIA_ERROR, VIA_ERROR_UNSUPPORTED, "rid: nobody");
  g_autofree gchar *path = NULL, *session = NULL;

  join (f);
  path = below (f, "layer");
  session = session_path (f);
  g_string_truncate (f->log, 0);
  g_assert_cmpint (request (f, "POST", path, JSON " ; charset=utf-8",
                       "{\"mediaId\":\"1\",\"rid\":\"3\"}"),
      ==, VIA_WISH_WAIT);
  g_assert_cmpstr (f->log->str, ==, "layer 1 3 ");
  expect (f, 503, "POST", path, JSON, "{}"); /* one at a time */
  expect (f, 503, "PATCH", session, "application/trickle-ice-sdpfrag", "x");
  g_assert_true (
      via_wish_answer (f->wish, f->id, NULL, NULL, "http://h:1", &f->reply));
  g_assert_cmpuint (f->reply.status, ==, 200);
  g_assert_cmpint (request (f, "POST", path, JSON, "{}"), ==, VIA_WISH_WAIT);
  via_reply_clear (&f->reply);
  via_reply_init (&f->reply);
  g_assert_true (
      via_wish_answer (f->wish, f->id, NULL, error, "http://h:1", &f->reply));
  g_assert_cmpuint (f->reply.status, ==, 422);
  expect (f, 204, "GET", session, NULL, NULL); /* it goes on */
}

static void
test_layer_is_for_players_and_advertised (Fixture *f, gconstpointer data)
{
  g_autofree gchar *path = NULL, *link = NULL;
  gboolean is_there = FALSE;

  join (f);
  link = g_strdup_printf ("<http://h:1/live/whep/%s/layer>; "
                          "rel=\"urn:ietf:params:whep:ext:core:layer\"",
      f->id);
  for (guint i = 0; i + 1 < f->reply.headers->len; i += 2)
    is_there |= !g_strcmp0 (f->reply.headers->pdata[i + 1], link);
  g_assert_true (is_there);
  publish (f);
  for (guint i = 0; i + 1 < f->reply.headers->len; i += 2)
    g_assert_null (strstr (f->reply.headers->pdata[i + 1], "layer"));
  path = g_strdup_printf ("/live/whip/%s/layer", f->id);
  expect (f, 404, "POST", path, JSON, "{}");
}

/* --- streams of events --- */

static void
test_streams_are_made_read_and_deleted (Fixture *f, gconstpointer data)
{
  g_autofree gchar *all = NULL, *one = NULL, *none = NULL;

  join (f);
  all = below (f, "events");
  one = below (f, "events/1");
  none = below (f, "events/x");
  expect (f, 404, "GET", one, NULL, NULL); /* not made yet */
  expect (f, 201, "POST", all, JSON, "[\"layers\",\"active\"]");
  g_assert_true (
      g_str_has_suffix (via_reply_get_header (&f->reply, "Location"), one));
  g_assert_cmpint (request (f, "GET", one, NULL, NULL), ==, VIA_WISH_EVENTS);
  g_assert_cmpuint (via_wish_stream_number (one), ==, 1);
  g_assert_cmpuint (via_wish_stream_number (all), ==, 0);
  g_assert_cmpstr (
      via_wish_stream_names (f->wish, f->id, 1), ==, "layers,active");
  g_assert_null (via_wish_stream_names (f->wish, f->id, 2));
  expect (f, 405, "POST", one, JSON, "[]");
  g_assert_cmpint (
      request (f, "DELETE", one, NULL, NULL), ==, VIA_WISH_EVENTS_END);
  g_assert_cmpuint (f->reply.status, ==, 200);
  expect (f, 404, "GET", one, NULL, NULL);
  expect (f, 404, "DELETE", one, NULL, NULL);
  g_assert_cmpint (request (f, "GET", none, NULL, NULL), ==, VIA_WISH_NOT_OURS);
}

static void
test_streams_are_bounded (Fixture *f, gconstpointer data)
{
  g_autofree gchar *all = NULL, *first = NULL, *last = NULL;

  join (f);
  all = below (f, "events");
  first = below (f, "events/1");
  last = below (f, "events/5");
  for (guint i = 0; i < 5; i++)
    expect (f, 201, "POST", all, JSON, "[\"active\"]");
  expect (f, 404, "GET", first, NULL, NULL);
  g_assert_cmpint (request (f, "GET", last, NULL, NULL), ==, VIA_WISH_EVENTS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("layer/read", test_layer_table);
  ADD ("layer/refused", test_layer_refused_by_status);
  ADD ("layer/answered", test_layer_is_asked_for_and_answered);
  ADD ("layer/advertised", test_layer_is_for_players_and_advertised);
  ADD ("streams", test_streams_are_made_read_and_deleted);
  ADD ("streams/bound", test_streams_are_bounded);
  return g_test_run ();
}
