/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/route/test_room.c – who hears and sees whom.
 */
#include "route/room.h"

#include <malloc.h>

#include "route/speaker.h"

/* Every event so far as text: "+P.kindS=T" attach, "-P.kindS=T" detach,
 * "~P.kindS=T" switch. */
static gchar *
events (ViaRoom *room)
{
  GString *text = g_string_new (NULL);
  ViaRoomEvent event;

  while (via_room_poll (room, &event))
    g_string_append_printf (text, "%s%c%u.%c%u=%" G_GUINT64_FORMAT,
        text->len > 0 ? " " : "", "+-~"[event.type], event.port,
        event.kind == VIA_KIND_AUDIO ? 'a' : 'v', event.slot, event.track);
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

/* Ports 0 … @n-1 with a video track each (1 … @n) and @slots slots. */
static ViaRoom *
crowd (guint n, guint slots)
{
  ViaRoom *room = via_room_new ();

  for (guint i = 0; i < n; i++) {
    via_room_add_port (room);
    via_room_add_track (room, i, VIA_KIND_VIDEO);
  }
  for (guint i = 0; i < n; i++)
    via_room_set_slots (room, i, VIA_KIND_VIDEO, slots);
  return room;
}

static void
drop_events (ViaRoom *room)
{
  for (ViaRoomEvent event; via_room_poll (room, &event);)
    ;
}

static void
test_room_routed_port_takes_its_source_only (void)
{
  g_autoptr (ViaRoom) room = crowd (3, 4);

  drop_events (room);
  via_room_set_routed (room, TRUE);
  expect (room, "-0.v0=2 -0.v1=3 -1.v0=1 -1.v1=3 -2.v0=1 -2.v1=2");
  via_room_set_source (room, 0, 1);
  expect (room, "+0.v0=2");
  g_assert_cmpuint (via_room_source (room, 0), ==, 1);
  via_room_set_source (room, 0, 0); /* nobody receives himself */
  expect (room, "-0.v0=2");
}

static void
test_room_source_that_changes_switches_the_slot (void)
{
  g_autoptr (ViaRoom) room = crowd (3, 4);

  via_room_set_routed (room, TRUE);
  via_room_set_source (room, 0, 1);
  drop_events (room);
  via_room_set_source (room, 0, 2);
  expect (room, "~0.v0=3");
  via_room_set_source (room, 0, 2);
  expect (room, "");
  via_room_set_source (room, 0, VIA_ROOM_NONE);
  expect (room, "-0.v0=3");
  g_assert_false (via_room_set_source (room, 9, 1));
}

static void
test_room_source_that_left_is_no_source (void)
{
  g_autoptr (ViaRoom) room = crowd (2, 4);

  via_room_set_routed (room, TRUE);
  via_room_set_source (room, 0, 1);
  drop_events (room);
  via_room_remove_port (room, 1);
  expect (room, "-0.v0=2");
  g_assert_cmpuint (via_room_source (room, 0), ==, VIA_ROOM_NONE);
  via_room_add_port (room);
  via_room_add_track (room, 1, VIA_KIND_VIDEO);
  expect (room, ""); /* another one of that number */
}

static void
test_room_port_not_subscribed_is_not_shown (void)
{
  g_autoptr (ViaRoom) room = crowd (3, 4);

  drop_events (room);
  g_assert_true (via_room_set_subscribed (room, 0, 1, FALSE));
  expect (room, "-0.v0=2");
  via_room_add_track (room, 1, VIA_KIND_VIDEO);
  expect (room, "+2.v2=4");
  via_room_set_subscribed (room, 0, 1, TRUE);
  expect (room, "+0.v0=2 +0.v2=4");
  g_assert_false (via_room_set_subscribed (room, 0, 9, FALSE));
  /* with one slot, what is not wanted any more makes room at once */
  via_room_set_slots (room, 2, VIA_KIND_VIDEO, 1);
  drop_events (room);
  via_room_set_subscribed (room, 2, 0, FALSE);
  expect (room, "~2.v0=2");
}

static void
test_room_last_n_shows_who_spoke_last (void)
{
  g_autoptr (ViaRoom) room = crowd (4, 9);

  drop_events (room);
  via_room_set_last_n (room, 2);
  expect (room, "-0.v2=4 -1.v2=4 -2.v2=4 -3.v2=3");
  via_room_spoke (room, 3);
  /* 0 had 1 and 2, 1 had 0 and 2, 2 had 0 and 1; 3 sees himself nowhere */
  expect (room, "~0.v1=4 ~1.v1=4 ~2.v1=4");
  via_room_spoke (room, 3);
  expect (room, "");
  via_room_remove_port (room, 3);
  expect (room, "-0.v1=4 +0.v1=3 -1.v1=4 +1.v1=3 -2.v1=4 +2.v1=2 "
                "-3.v0=1 -3.v1=2");
  via_room_set_last_n (room, 0);
  expect (room, "");
  g_assert_false (via_room_spoke (room, 3));
}

/* Two hours with a change every 100 ms: nothing is left behind. */
static void
test_room_observer_takes_all_and_is_nobody (void)
{
  g_autoptr (ViaRoom) room = via_room_new ();
  guint alice = via_room_add_port (room), eye, bob;

  via_room_set_last_n (room, 1);
  via_room_set_routed (room, TRUE);
  via_room_add_track (room, alice, VIA_KIND_VIDEO);
  eye = via_room_add_observer (room);
  g_assert_cmpuint (eye, >=, VIA_ROOM_OBSERVERS);
  g_assert_cmpuint (via_room_n_ports (room), ==, 1);
  via_room_set_slots (room, eye, VIA_KIND_VIDEO, G_MAXUINT);
  expect (room, "+2147483648.v0=1");
  bob = via_room_add_port (room); /* its number is a participant's */
  g_assert_cmpuint (bob, ==, 1);
  via_room_add_track (room, bob, VIA_KIND_VIDEO);
  expect (room, "+2147483648.v1=2");
  via_room_remove_port (room, eye);
  g_assert_cmpuint (via_room_n_ports (room), ==, 2);
}

/* --- two hours of a clock of our own --- */

#define TICK (100 * VIA_MS)

typedef struct
{
  ViaRoom *room;
  ViaSpeaker *speaker;
  GRand *rand;
  ViaTime now;
  gint n_shown;
} Party;

size_t __sanitizer_get_current_allocated_bytes (void) __attribute__ ((weak));

/* Bytes the process holds now. */
static gsize
heap (void)
{
  return __sanitizer_get_current_allocated_bytes != NULL
             ? __sanitizer_get_current_allocated_bytes ()
             : mallinfo2 ().uordblks;
}

static void
party_listen (Party *p)
{
  guint port;

  for (ViaRoomEvent e; via_room_poll (p->room, &e);)
    p->n_shown += e.type == VIA_ROOM_ATTACH   ? 1
                  : e.type == VIA_ROOM_DETACH ? -1
                                              : 0;
  if (via_speaker_decide (p->speaker, p->now, &port)
      && port != VIA_SPEAKER_NONE)
    via_room_spoke (p->room, port);
}

static void
party_leave (Party *p, guint port)
{
  via_speaker_forget (p->speaker, port);
  via_room_remove_port (p->room, port);
}

static void
party_change (Party *p)
{
  guint port = (guint) g_rand_int_range (p->rand, 0, 8);

  switch (g_rand_int_range (p->rand, 0, 6)) {
    case 0:
      if (via_room_n_ports (p->room) < 8)
        via_room_set_slots (
            p->room, via_room_add_port (p->room), VIA_KIND_VIDEO, 9);
      break;
    case 1:
      party_leave (p, port);
      break;
    case 2:
      via_speaker_heard (p->speaker, port, 20, p->now);
      break;
    case 3:
      via_room_set_subscribed (p->room, port,
          (guint) g_rand_int_range (p->rand, 0, 8), g_rand_boolean (p->rand));
      break;
    case 4:
      via_room_set_routed (p->room, g_rand_boolean (p->rand));
      via_room_set_source (p->room, port, 0);
      break;
    default:
      if (via_room_n_tracks (p->room) < 16)
        via_room_add_track (p->room, port, VIA_KIND_VIDEO);
  }
}

/* All go home; what is held then. */
static gsize
party_over (Party *p)
{
  for (guint port = 0; port < 8; port++)
    party_leave (p, port);
  party_listen (p);
  g_assert_cmpint (p->n_shown, ==, 0);
  g_assert_cmpuint (via_room_n_tracks (p->room), ==, 0);
  g_assert_cmpuint (via_room_n_ports (p->room), ==, 0);
  return heap ();
}

static void
test_room_two_hours_of_coming_and_going_leave_nothing (void)
{
  Party p = {via_room_new (), via_speaker_new (), g_rand_new_with_seed (5)};
  const ViaTime end = 2 * 3600 * VIA_S, look = 600 * VIA_S;
  gsize first = 0, now = 0;

  via_room_set_last_n (p.room, 3);
  for (p.now = TICK; p.now <= end; p.now += TICK) {
    party_change (&p);
    party_listen (&p);
    g_assert_cmpint (p.n_shown, >=, 0);
    g_assert_cmpint (p.n_shown, <=, 8 * 9);
    if (p.now % look != 0)
      continue;
    now = party_over (&p);
    first = first == 0 ? now : first;
    g_assert_cmpuint (now, <=, first + 8192); /* tables keep their size */
  }
  g_test_message ("%" G_GSIZE_FORMAT " bytes after 10 min, %" G_GSIZE_FORMAT
                  " after 2 h",
      first, now);
  via_room_free (p.room);
  via_speaker_free (p.speaker);
  g_rand_free (p.rand);
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
  g_test_add_func ("/room/routed", test_room_routed_port_takes_its_source_only);
  g_test_add_func (
      "/room/switched", test_room_source_that_changes_switches_the_slot);
  g_test_add_func (
      "/room/source-left", test_room_source_that_left_is_no_source);
  g_test_add_func (
      "/room/subscribed", test_room_port_not_subscribed_is_not_shown);
  g_test_add_func ("/room/last-n", test_room_last_n_shows_who_spoke_last);
  g_test_add_func (
      "/room/observer", test_room_observer_takes_all_and_is_nobody);
  g_test_add_func (
      "/room/two-hours", test_room_two_hours_of_coming_and_going_leave_nothing);
  return g_test_run ();
}
