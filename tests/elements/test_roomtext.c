/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_roomtext.c – the messages of a room's WebSocket as values: what is read,
 * which rule a bad one is told, what is written.
 */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include "http/roomtext.h"

static void
read_ok (ViaRoomtextMessage *out, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (via_roomtext_read (out, text, strlen (text), &error));
  g_assert_no_error (error);
}

static void
assert_refused (const gchar *text, ViaErrorCode code, const gchar *word)
{
  ViaRoomtextMessage message = {.mline = 77};
  g_autoptr (GError) error = NULL;

  g_assert_false (via_roomtext_read (&message, text, strlen (text), &error));
  g_assert_error (error, VIA_ERROR, (gint) code);
  if (strstr (error->message, word) == NULL)
    g_error ("%s: says \"%s\", not %s", text, error->message, word);
  g_assert_cmpuint (message.mline, ==, 77); /* untouched */
}

static void
test_roomtext_join (void)
{
  g_auto (ViaRoomtextMessage) full = {0}, bare = {0};

  read_ok (&full, "{\"type\":\"join\",\"name\":\" Zo\\u00eb \",\"app-data\":"
                  "\"{\\\"seat\\\":7}\",\"audio\":false,\"video\":true,"
                  "\"later\":[{}]}");
  g_assert_cmpint (full.type, ==, VIA_ROOMTEXT_JOIN);
  g_assert_cmpstr (full.name, ==, "Zoë");
  g_assert_cmpstr (full.app_data, ==, "{\"seat\":7}");
  g_assert_false (full.has_audio);
  g_assert_true (full.has_video);
  read_ok (&bare, "{\"name\":\"A\",\"type\":\"join\",\"app-data\":null}");
  g_assert_null (bare.app_data);
  g_assert_true (bare.has_audio && bare.has_video);
}

static void
test_roomtext_names_have_bounds (void)
{
  GString *text = g_string_new ("{\"type\":\"join\",\"name\":\"");
  g_auto (ViaRoomtextMessage) message = {0};

  for (guint i = 0; i < VIA_ROOMTEXT_NAME_MAX; i++)
    g_string_append (text, "ö");
  g_string_append (text, "\"}");
  read_ok (&message, text->str);
  g_string_insert (text, (gssize) text->len - 2, "x");
  assert_refused (text->str, VIA_ERROR_LIMIT, "64 characters");
  assert_refused (
      "{\"type\":\"join\",\"name\":\"  \"}", VIA_ERROR_LIMIT, "1 to");
  assert_refused (
      "{\"type\":\"join\",\"name\":\"a\\nb\"}", VIA_ERROR_LIMIT, "control");
  assert_refused ("{\"type\":\"join\"}", VIA_ERROR_SYNTAX, "name");
  assert_refused ("{\"type\":\"join\",\"name\":7}", VIA_ERROR_SYNTAX, "name");
  g_string_free (text, TRUE);
}

static void
test_roomtext_app_data_has_bounds (void)
{
  GString *text = g_string_new (NULL);
  g_auto (ViaRoomtextMessage) message = {0};
  g_autofree gchar *most = g_strnfill (VIA_ROOMTEXT_APP_DATA_MAX, 'x');

  g_string_printf (
      text, "{\"type\":\"join\",\"name\":\"a\",\"app-data\":\"%s\"}", most);
  read_ok (&message, text->str);
  g_string_insert (text, (gssize) text->len - 2, "x");
  assert_refused (text->str, VIA_ERROR_LIMIT, "4096");
  assert_refused ("{\"type\":\"join\",\"name\":\"a\",\"app-data\":{}}",
      VIA_ERROR_SYNTAX, "app-data");
  g_string_free (text, TRUE);
}

static void
test_roomtext_descriptions_and_candidates (void)
{
  g_auto (ViaRoomtextMessage) answer = {0}, one = {0}, last = {0}, end = {0};
  g_auto (ViaRoomtextMessage) odd = {0};

  read_ok (&answer, "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}");
  g_assert_cmpstr (answer.sdp, ==, "v=0\r\n");
  read_ok (&one, "{\"type\":\"candidate\",\"candidate\":{\"candidate\":"
                 "\"candidate:1 1 udp 1 192.0.2.1 9 typ host\","
                 "\"sdpMid\":\"0\",\"sdpMLineIndex\":3,"
                 "\"usernameFragment\":\"abcd\"}}");
  g_assert_cmpstr (
      one.candidate, ==, "candidate:1 1 udp 1 192.0.2.1 9 typ host");
  g_assert_cmpuint (one.mline, ==, 3);
  read_ok (
      &last, "{\"type\":\"candidate\",\"candidate\":{\"candidate\":\"\"}}");
  g_assert_cmpstr (last.candidate, ==, "");
  read_ok (&end, "{\"type\":\"candidate\",\"candidate\":null}");
  g_assert_cmpstr (end.candidate, ==, "");
  read_ok (&odd, "{\"type\":\"candidate\",\"candidate\":{\"candidate\":\"c\","
                 "\"sdpMLineIndex\":-1}}");
  g_assert_cmpuint (odd.mline, ==, 0);
  assert_refused ("{\"type\":\"answer\"}", VIA_ERROR_SYNTAX, "sdp");
  assert_refused ("{\"type\":\"candidate\"}", VIA_ERROR_SYNTAX, "candidate");
  assert_refused ("{\"type\":\"candidate\",\"candidate\":\"x\"}",
      VIA_ERROR_SYNTAX, "RTCIceCandidateInit");
  assert_refused (
      "{\"type\":\"candidate\",\"candidate\":{}}", VIA_ERROR_SYNTAX, "string");
}

static void
test_roomtext_state_and_bye (void)
{
  g_auto (ViaRoomtextMessage) state = {0}, bye = {0};

  read_ok (&state, "{\"type\":\"state\",\"audio\":true,\"video\":false}");
  g_assert_cmpint (state.type, ==, VIA_ROOMTEXT_STATE);
  g_assert_true (state.has_audio);
  g_assert_false (state.has_video);
  read_ok (&bye, "{\"type\":\"bye\"}");
  g_assert_cmpint (bye.type, ==, VIA_ROOMTEXT_BYE);
  assert_refused (
      "{\"type\":\"state\",\"audio\":\"no\"}", VIA_ERROR_SYNTAX, "audio");
}

static void
test_roomtext_what_is_no_message_is_named (void)
{
  static const gchar *const texts[] = {"", "7", "[]", "null", "{", "\"join\"",
      "{\"type\":\"bye\"} x", "\xff\xfe", "{\"type\":\"bye\",}"};
  g_autofree gchar *large = g_strnfill (VIA_ROOMTEXT_BYTES_MAX + 1, ' ');

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_refused (texts[i], VIA_ERROR_SYNTAX, "one JSON object");
  assert_refused ("{}", VIA_ERROR_SYNTAX, "type");
  assert_refused ("{\"type\":[]}", VIA_ERROR_SYNTAX, "type");
  assert_refused (
      "{\"type\":\"offer\",\"sdp\":\"\"}", VIA_ERROR_UNSUPPORTED, "\"offer\"");
  assert_refused (large, VIA_ERROR_LIMIT, "128 KiB");
}

/* The reader of JSON calls itself: so many brackets would end the process. */
static void
test_roomtext_depth_is_bounded (void)
{
  g_autofree gchar *deep = g_strnfill (VIA_ROOMTEXT_BYTES_MAX, '[');
  g_autofree gchar *objects = NULL;
  g_auto (ViaRoomtextMessage) message = {0};
  GString *many = g_string_new (NULL);

  assert_refused (deep, VIA_ERROR_LIMIT, "in one another");
  for (guint i = 0; i < 9; i++)
    g_string_append (many, "{\"a\":");
  objects = g_string_free (many, FALSE);
  assert_refused (objects, VIA_ERROR_LIMIT, "in one another");
  read_ok (&message, /* brackets in a text are no depth */
      "{\"type\":\"join\",\"name\":\"[[[[[[[[[[[\",\"app-data\":\"\\\"[{\"}");
}

/* --- writing --- */

static JsonObject *
parse (JsonParser *parser, const gchar *text)
{
  GError *error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

static void
assert_text (JsonObject *object, const gchar *member, const gchar *value)
{
  g_assert_cmpstr (json_object_get_string_member (object, member), ==, value);
}

static void
test_roomtext_offers_and_candidates_are_as_browsers_take_them (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree gchar *offer = via_roomtext_offer ("v=0\r\ns=\"\r\n");
  g_autofree gchar *candidate = via_roomtext_candidate (2, "candidate:1");
  g_autofree gchar *bye = via_roomtext_bye ("over");
  JsonObject *object = parse (parser, offer);

  assert_text (object, "type", "offer");
  assert_text (object, "sdp", "v=0\r\ns=\"\r\n");
  object = parse (parser, candidate);
  assert_text (object, "type", "candidate");
  object = json_object_get_object_member (object, "candidate");
  assert_text (object, "candidate", "candidate:1");
  g_assert_cmpint (json_object_get_int_member (object, "sdpMLineIndex"), ==, 2);
  object = parse (parser, bye);
  assert_text (object, "type", "bye");
  assert_text (object, "reason", "over");
}

static void
test_roomtext_errors_say_their_rule (void)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error =
      g_error_new_literal (VIA_ERROR, VIA_ERROR_LIMIT, "At most 7");
  g_autofree gchar *text = via_roomtext_error (error, TRUE);
  JsonObject *object = parse (parser, text);

  assert_text (object, "type", "error");
  assert_text (object, "code", "limit");
  assert_text (object, "message", "At most 7");
  g_assert_true (json_object_get_boolean_member (object, "last"));
}

static void
test_roomtext_peers_have_their_tracks (void)
{
  ViaRoomtextPeers *peers = via_roomtext_peers_new (4);
  const ViaRoomtextPeer alice = {.id = 0,
      .name = "Alice \"<b>\"",
      .app_data = "x",
      .has_audio = TRUE,
      .is_speaking = TRUE};
  const ViaRoomtextPeer bob = {.id = 12, .name = "Bob", .has_video = TRUE};
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree gchar *text = NULL;
  JsonObject *object, *track;
  JsonArray *list;

  via_roomtext_peers_add (peers, &alice);
  via_roomtext_peers_add (peers, &bob);
  via_roomtext_peers_track (peers, "1", "video");
  via_roomtext_peers_track (peers, "a", "audio");
  text = via_roomtext_peers_end (peers);
  object = parse (parser, text);
  assert_text (object, "type", "peers");
  assert_text (object, "you", "4");
  list = json_object_get_array_member (object, "peers");
  g_assert_cmpuint (json_array_get_length (list), ==, 2);
  object = json_array_get_object_element (list, 0);
  assert_text (object, "id", "0");
  assert_text (object, "name", "Alice \"<b>\"");
  assert_text (object, "app-data", "x");
  g_assert_true (json_object_get_boolean_member (object, "audio"));
  g_assert_false (json_object_get_boolean_member (object, "video"));
  g_assert_true (json_object_get_boolean_member (object, "speaking"));
  g_assert_cmpuint (
      json_array_get_length (json_object_get_array_member (object, "tracks")),
      ==, 0);
  object = json_array_get_object_element (list, 1);
  g_assert_true (json_object_get_null_member (object, "app-data"));
  g_assert_false (json_object_get_boolean_member (object, "speaking"));
  list = json_object_get_array_member (object, "tracks");
  g_assert_cmpuint (json_array_get_length (list), ==, 2);
  track = json_array_get_object_element (list, 1);
  assert_text (track, "mid", "a");
  assert_text (track, "kind", "audio");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                        \
  g_test_add_func ("/roomtext/" name, test_roomtext_##func)
  ADD ("join", join);
  ADD ("names", names_have_bounds);
  ADD ("app-data", app_data_has_bounds);
  ADD ("descriptions", descriptions_and_candidates);
  ADD ("state", state_and_bye);
  ADD ("no-message", what_is_no_message_is_named);
  ADD ("depth", depth_is_bounded);
  ADD ("offers", offers_and_candidates_are_as_browsers_take_them);
  ADD ("errors", errors_say_their_rule);
  ADD ("peers", peers_have_their_tracks);
  return g_test_run ();
}
