/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/route/test_select.c – whom a text means, and routes.
 */
#include "route/select.h"

static gboolean
matches (const gchar *text, const ViaWho *who)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaSelect) select = via_select_parse (text, &error);

  g_assert_no_error (error);
  return via_select_matches (select, who);
}

static void
test_select_finds_by_number_name_data_and_tag (void)
{
  g_autoptr (GstStructure) tags = gst_structure_new (
      "tags", "room", G_TYPE_STRING, "blue", "seat", G_TYPE_INT, 7, NULL);
  const ViaWho who = {
      .port = 3, .name = "door", .app_data = "alice", .tags = tags};
  const ViaWho nobody = {.port = 4};
  const gchar *const all[] = {"3", "door", "alice", "port=3", "name=door",
      "app-data=alice", "room=blue", "seat=7", "app-data=bob,alice",
      "room=red;seat=1,7", " room = blue "};
  const gchar *const none[] = {"none", "4", "Door", "port=door", "name=alice",
      "app-data=alic", "room=red", "seat=07", "alice=3", "33"};

  for (guint i = 0; i < G_N_ELEMENTS (all); i++) {
    g_test_message ("%s", all[i]);
    g_assert_true (matches (all[i], &who));
    g_assert_false (matches (all[i], &nobody));
  }
  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    g_assert_false (matches (none[i], &who));
}

static void
test_select_that_says_nothing_is_refused (void)
{
  const gchar *const bad[] = {"", ";", "=x", "room=", "a,,b", "room=a,"};

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (via_select_parse (bad[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  }
}

static void
test_select_routes_come_back_as_they_were (void)
{
  g_autoptr (GPtrArray) routes =
      via_select_parse_routes (" desk>door, 1>room=blue", NULL);
  g_autoptr (GPtrArray) empty = via_select_parse_routes ("", NULL);
  g_autofree gchar *text = via_select_print_routes (routes);
  const ViaRoute *second = g_ptr_array_index (routes, 1);
  const ViaWho one = {.port = 1};

  g_assert_cmpstr (text, ==, "desk>door,1>room=blue");
  g_assert_true (via_select_matches (second->from, &one));
  g_assert_false (via_select_matches (second->to, &one));
  g_assert_cmpuint (empty->len, ==, 0);
}

static void
test_select_route_without_two_ends_is_refused (void)
{
  const gchar *const bad[] = {
      "desk", "desk>", ">door", "a>b>c", "a>b,,c>d", "=x>door"};

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", bad[i]);
    g_assert_null (via_select_parse_routes (bad[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/select/match", test_select_finds_by_number_name_data_and_tag);
  g_test_add_func ("/select/refused", test_select_that_says_nothing_is_refused);
  g_test_add_func ("/select/routes", test_select_routes_come_back_as_they_were);
  g_test_add_func (
      "/select/bad-routes", test_select_route_without_two_ends_is_refused);
  return g_test_run ();
}
