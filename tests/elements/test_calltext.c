/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_calltext.c – what a caller of a room, of stdio: and of files says and
 * hears, as values.
 */
#include <glib.h>
#include <string.h>

#include "http/calltext.h"
#include "http/roomtext.h"

static void
read_good (ViaCalltextMessage *out, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  via_calltext_read (out, text, strlen (text), &error);
  g_assert_no_error (error);
}

static void
assert_refused (const gchar *text, ViaErrorCode code, const gchar *rule)
{
  ViaCalltextMessage untouched = {.mline = 77};
  g_autoptr (GError) error = NULL;

  g_assert_false (via_calltext_read (&untouched, text, strlen (text), &error));
  g_assert_error (error, VIA_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, rule));
  g_assert_cmpuint (untouched.mline, ==, 77);
}

static void
test_descriptions_are_w3cs (void)
{
  g_autofree gchar *offer = via_calltext_description ("offer", "v=0\r\n", "t");
  g_autofree gchar *answer =
      via_calltext_description ("answer", "v=0\r\n", NULL);
  g_auto (ViaCalltextMessage) one = {0}, two = {0};

  g_assert_cmpstr (answer, ==, "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}");
  read_good (&one, offer);
  g_assert_cmpint (one.type, ==, VIA_CALLTEXT_OFFER);
  g_assert_cmpstr (one.sdp, ==, "v=0\r\n");
  g_assert_cmpstr (one.tie, ==, "t");
  read_good (&two, answer);
  g_assert_cmpint (two.type, ==, VIA_CALLTEXT_ANSWER);
  g_assert_null (two.tie);
}

/* As a room has it, as W3C has it, and both ends of the candidates. */
static void
test_candidates_are_understood_in_each_shape (void)
{
  static const struct
  {
    const gchar *text, *candidate;
    guint mline;
  } cases[] = {
      {"{\"type\":\"candidate\",\"candidate\":{\"candidate\":\"candidate:1\","
       "\"sdpMLineIndex\":2}}",
          "candidate:1", 2},
      {"{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\",\"sdpMLineIndex\":1,"
       "\"usernameFragment\":null}",
          "candidate:1", 1},
      {"{\"candidate\":\"\"}", "", 0},
      {"{\"type\":\"candidate\",\"candidate\":null}", "", 0},
      {"{\"candidate\":\"c\",\"sdpMLineIndex\":-4}", "c", 0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (ViaCalltextMessage) message = {0};

    read_good (&message, cases[i].text);
    g_assert_cmpint (message.type, ==, VIA_CALLTEXT_CANDIDATE);
    g_assert_cmpstr (message.candidate, ==, cases[i].candidate);
    g_assert_cmpuint (message.mline, ==, cases[i].mline);
  }
}

static void
test_what_we_say_of_candidates_has_both_shapes (void)
{
  g_autofree gchar *room = via_calltext_candidate (3, "candidate:1");
  g_autofree gchar *alone = via_calltext_candidate_init (3, "candidate:1");
  g_autofree gchar *bye = via_calltext_bye ();
  g_auto (ViaRoomtextMessage) heard = {0};

  g_assert_true (via_roomtext_read (&heard, room, strlen (room), NULL));
  g_assert_cmpstr (heard.candidate, ==, "candidate:1");
  g_assert_cmpuint (heard.mline, ==, 3);
  g_assert_cmpstr (
      alone, ==, "{\"candidate\":\"candidate:1\",\"sdpMLineIndex\":3}");
  g_assert_cmpstr (bye, ==, "{\"type\":\"bye\"}");
}

/* Whatever app-data is, the room's server takes us. */
static void
test_a_join_is_one_a_room_takes (void)
{
  static const struct
  {
    const gchar *name, *heard;
  } cases[] = {{"Alice", "Alice"}, {" a\nb ", "a b"}, {"\n", "webrtcendpoint"},
      {"", "webrtcendpoint"}};
  g_autofree gchar *huge = g_strnfill (VIA_ROOMTEXT_APP_DATA_MAX + 1, 'x');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *join = via_calltext_join (cases[i].name, cases[i].name);
    g_auto (ViaRoomtextMessage) heard = {0};

    g_assert_true (via_roomtext_read (&heard, join, strlen (join), NULL));
    g_assert_cmpstr (heard.name, ==, cases[i].heard);
    g_assert_cmpstr (heard.app_data, ==, cases[i].name);
  }
  {
    g_autofree gchar *join = via_calltext_join (huge, huge);
    g_auto (ViaRoomtextMessage) heard = {0};

    g_assert_true (via_roomtext_read (&heard, join, strlen (join), NULL));
    g_assert_cmpuint (strlen (heard.name), ==, VIA_ROOMTEXT_NAME_MAX);
    g_assert_null (heard.app_data);
  }
}

static void
test_what_a_room_says_at_the_end_is_heard (void)
{
  g_autoptr (GError) reason =
      g_error_new_literal (VIA_ERROR, VIA_ERROR_LIMIT, "full");
  g_autofree gchar *error = via_roomtext_error (reason, TRUE);
  g_autofree gchar *bye = via_roomtext_bye ("closed");
  g_auto (ViaCalltextMessage) one = {0}, two = {0}, three = {0};

  read_good (&one, error);
  g_assert_cmpint (one.type, ==, VIA_CALLTEXT_ERROR);
  g_assert_cmpstr (one.text, ==, "full");
  g_assert_true (one.is_last);
  read_good (&two, bye);
  g_assert_cmpint (two.type, ==, VIA_CALLTEXT_BYE);
  g_assert_cmpstr (two.text, ==, "closed");
  read_good (&three, "{\"type\":\"peers\",\"peers\":[]}");
  g_assert_cmpint (three.type, ==, VIA_CALLTEXT_OTHER);
}

static void
test_what_is_none_of_it_is_refused (void)
{
  g_autofree gchar *deep = g_strnfill (100000, '[');
  g_autofree gchar *large = g_strnfill (VIA_CALLTEXT_BYTES_MAX + 1, ' ');

  assert_refused ("", VIA_ERROR_SYNTAX, "one JSON object");
  assert_refused ("Setting pipeline to PAUSED ...", VIA_ERROR_SYNTAX, "JSON");
  assert_refused ("[]", VIA_ERROR_SYNTAX, "one JSON object");
  assert_refused ("{\"type\":\"offer\"", VIA_ERROR_SYNTAX, "JSON");
  assert_refused ("{\"type\":\"offer\"}", VIA_ERROR_SYNTAX, "\"sdp\"");
  assert_refused (
      "{\"type\":\"answer\",\"sdp\":{\"sdp\":\"\"}}", VIA_ERROR_SYNTAX, "sdp");
  assert_refused ("{\"candidate\":4}", VIA_ERROR_SYNTAX, "\"candidate\"");
  assert_refused (deep, VIA_ERROR_LIMIT, "8 objects");
  assert_refused (large, VIA_ERROR_LIMIT, "256 KiB");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/calltext/descriptions_are_w3cs", test_descriptions_are_w3cs);
  g_test_add_func ("/calltext/candidates_are_understood_in_each_shape",
      test_candidates_are_understood_in_each_shape);
  g_test_add_func ("/calltext/what_we_say_of_candidates_has_both_shapes",
      test_what_we_say_of_candidates_has_both_shapes);
  g_test_add_func (
      "/calltext/a_join_is_one_a_room_takes", test_a_join_is_one_a_room_takes);
  g_test_add_func ("/calltext/what_a_room_says_at_the_end_is_heard",
      test_what_a_room_says_at_the_end_is_heard);
  g_test_add_func ("/calltext/what_is_none_of_it_is_refused",
      test_what_is_none_of_it_is_refused);
  return g_test_run ();
}
