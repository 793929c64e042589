/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/route/test_room.c – who hears and sees whom.
 */
#include "route/room.h"

/* Every event so far as text: "+P.kindS=T" attach, "-P.kindS=T" detach. */
static gchar *
events (ViaRoom *room)
{
  GString *text = g_string_new (NULL);
  ViaRoomEvent event;

  while (via_room_poll (room, &event))
    g_string_append_printf (text, "%s%c%u.%c%u=%" G_GUINT64_FORMAT,
        text->len > 0 ? " " : "", event.type == VIA_ROOM_ATTACH ? '+' : '-',
        event.port, event.kind == VIA_KIND_AUDIO ? 'a' : 'v', event.slot,
        event.track);
  return g_string_free (text, FALSE);
}

static void
expect (ViaRoom *room, const gchar *wanted)
{
  g_autofree gchar *got = events (room);

  g_assert_cmpstr (got, ==, wanted);
}

static void
test_room_late_viewer_gets_what_is_there (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint player = via_room_add_port (room);

  via_room_add_track (room, player, VIA_KIND_AUDIO);
  via_room_add_track (room, player, VIA_KIND_VIDEO);
  expect (room, "");
  guint viewer = via_room_add_port (room);
  via_room_set_slots (room, viewer, VIA_KIND_AUDIO, 1);
  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 1);
  expect (room, "+1.a0=1 +1.v0=2");
}

static void
test_room_publisher_never_receives_himself (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint alice = via_room_add_port (room);
  guint bob = via_room_add_port (room);

  via_room_set_slots (room, alice, VIA_KIND_VIDEO, G_MAXUINT);
  via_room_set_slots (room, bob, VIA_KIND_VIDEO, G_MAXUINT);
  via_room_add_track (room, alice, VIA_KIND_VIDEO);
  via_room_add_track (room, bob, VIA_KIND_VIDEO);
  expect (room, "+1.v0=1 +0.v0=2");

  /* nor when he asks for tracks after publishing */
  guint carol = via_room_add_port (room);
  via_room_add_track (room, carol, VIA_KIND_VIDEO);
  expect (room, "+0.v1=3 +1.v1=3");
  via_room_set_slots (room, carol, VIA_KIND_VIDEO, G_MAXUINT);
  expect (room, "+2.v0=1 +2.v1=2");
}

static void
test_room_freed_slot_takes_the_oldest_waiting_track (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint viewer = via_room_add_port (room);
  guint a = via_room_add_port (room);
  guint b = via_room_add_port (room);
  guint c = via_room_add_port (room);
  guint64 first;

  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 1);
  first = via_room_add_track (room, a, VIA_KIND_VIDEO);
  via_room_add_track (room, b, VIA_KIND_VIDEO);
  via_room_add_track (room, c, VIA_KIND_VIDEO);
  expect (room, "+0.v0=1");
  g_assert_true (via_room_remove_track (room, first));
  expect (room, "-0.v0=1 +0.v0=2");
  g_assert_false (via_room_remove_track (room, first));
}

static void
test_room_port_that_leaves_takes_its_tracks_along (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint viewer = via_room_add_port (room);
  guint player = via_room_add_port (room);

  via_room_set_slots (room, viewer, VIA_KIND_AUDIO, 2);
  via_room_add_track (room, player, VIA_KIND_AUDIO);
  expect (room, "+0.a0=1");
  g_assert_true (via_room_remove_port (room, player));
  expect (room, "-0.a0=1");
  g_assert_cmpuint (via_room_n_tracks (room), ==, 0);
  g_assert_false (via_room_remove_port (room, player));
  g_assert_cmpuint (via_room_n_ports (room), ==, 1);
}

static void
test_room_viewer_that_leaves_gives_its_slots_back (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint player = via_room_add_port (room);
  guint viewer = via_room_add_port (room);

  via_room_add_track (room, player, VIA_KIND_VIDEO);
  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 1);
  via_room_remove_port (room, viewer);
  expect (room, "+1.v0=1 -1.v0=1");
}

static void
test_room_fewer_slots_detach_the_last (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint viewer = via_room_add_port (room);
  guint player = via_room_add_port (room);

  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 2);
  via_room_add_track (room, player, VIA_KIND_VIDEO);
  via_room_add_track (room, player, VIA_KIND_VIDEO);
  expect (room, "+0.v0=1 +0.v1=2");
  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 1);
  expect (room, "-0.v1=2");
  via_room_set_slots (room, viewer, VIA_KIND_VIDEO, 2);
  expect (room, "+0.v1=2");
}

static void
test_room_unknown_port_or_kind_changes_nothing (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint port = via_room_add_port (room);

  g_assert_cmpuint (via_room_add_track (room, 7, VIA_KIND_VIDEO), ==, 0);
  g_assert_cmpuint (via_room_add_track (room, port, VIA_KIND_DATA), ==, 0);
  g_assert_false (via_room_set_slots (room, 7, VIA_KIND_VIDEO, 1));
  g_assert_false (via_room_set_slots (room, port, VIA_KIND_DATA, 1));
  g_assert_cmpuint (via_room_n_tracks (room), ==, 0);
  expect (room, "");
}

static void
test_room_port_numbers_are_used_again_track_numbers_never (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();

  g_assert_cmpuint (via_room_add_port (room), ==, 0);
  g_assert_cmpuint (via_room_add_port (room), ==, 1);
  g_assert_cmpuint (via_room_add_track (room, 0, VIA_KIND_VIDEO), ==, 1);
  via_room_remove_port (room, 0);
  g_assert_cmpuint (via_room_add_port (room), ==, 0);
  g_assert_cmpuint (via_room_add_track (room, 0, VIA_KIND_VIDEO), ==, 2);
}

/* Ten thousand random joins, leaves and publications: what a port shows is
 * always what the rules say, told by events alone. */
static void
test_room_random_traffic_matches_the_events (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  g_autoptr (GHashTable) shown = g_hash_table_new (NULL, NULL);
  GRand *rand = g_rand_new_with_seed (20);
  guint n_events = 0;

  for (guint i = 0; i < 10000; i++) {
    ViaRoomEvent event;
    guint port = (guint) g_rand_int_range (rand, 0, 6);

    switch (g_rand_int_range (rand, 0, 5)) {
      case 0:
        if (via_room_n_ports (room) < 6)
          via_room_add_port (room);
        break;
      case 1:
        via_room_remove_port (room, port);
        break;
      case 2:
        via_room_set_slots (
            room, port, VIA_KIND_VIDEO, (guint) g_rand_int_range (rand, 0, 4));
        break;
      case 3:
        if (via_room_n_tracks (room) < 12)
          via_room_add_track (room, port, VIA_KIND_VIDEO);
        break;
      default:
        via_room_remove_track (
            room, (guint64) g_rand_int_range (rand, 1, 3000));
    }
    while (via_room_poll (room, &event)) {
      gpointer key = GUINT_TO_POINTER (event.port << 8 | event.slot);
      gpointer track = GUINT_TO_POINTER ((guint) event.track);

      n_events++;
      if (event.type == VIA_ROOM_ATTACH) {
        g_assert_false (g_hash_table_contains (shown, key));
        g_hash_table_insert (shown, key, track);
      } else {
        g_assert_true (g_hash_table_lookup (shown, key) == track);
        g_hash_table_remove (shown, key);
      }
    }
  }
  g_assert_cmpuint (n_events, >, 500);
  for (guint port = 0; port < 6; port++)
    via_room_remove_port (room, port);
  for (ViaRoomEvent event; via_room_poll (room, &event);)
    g_hash_table_remove (
        shown, GUINT_TO_POINTER (event.port << 8 | event.slot));
  g_assert_cmpuint (g_hash_table_size (shown), ==, 0);
  g_assert_cmpuint (via_room_n_tracks (room), ==, 0);
  g_rand_free (rand);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/room/late-viewer", test_room_late_viewer_gets_what_is_there);
  g_test_add_func (
      "/room/not-himself", test_room_publisher_never_receives_himself);
  g_test_add_func (
      "/room/freed-slot", test_room_freed_slot_takes_the_oldest_waiting_track);
  g_test_add_func (
      "/room/port-leaves", test_room_port_that_leaves_takes_its_tracks_along);
  g_test_add_func (
      "/room/viewer-leaves", test_room_viewer_that_leaves_gives_its_slots_back);
  g_test_add_func ("/room/fewer-slots", test_room_fewer_slots_detach_the_last);
  g_test_add_func (
      "/room/unknown", test_room_unknown_port_or_kind_changes_nothing);
  g_test_add_func ("/room/numbers",
      test_room_port_numbers_are_used_again_track_numbers_never);
  g_test_add_func ("/room/random", test_room_random_traffic_matches_the_events);
  return g_test_run ();
}
