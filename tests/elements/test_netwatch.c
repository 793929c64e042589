/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_netwatch.c – addresses that come and go in a network of the test's own.
 */
#include "io/netwatch.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "netns.h"

typedef struct
{
  ViaLoop *loop;
  ViaNetWatch *watch;
  gint lost, found, told, foreign; /* atomic */
} Asker;

static void
on_changed (gpointer user, const ViaNetChange *change)
{
  Asker *asker = user;

  if (!via_loop_is_current (asker->loop))
    g_atomic_int_inc (&asker->foreign);
  g_atomic_int_add (&asker->lost, change->has_lost ? 1 : 0);
  g_atomic_int_add (&asker->found, change->has_found ? 1 : 0);
  g_atomic_int_inc (&asker->told);
}

static void
begin (gpointer data)
{
  Asker *asker = data;

  asker->watch = via_netwatch_new (asker->loop, on_changed, asker);
  g_assert_nonnull (asker->watch);
}

static void
end (gpointer data)
{
  via_netwatch_free (((Asker *) data)->watch);
}

static void
nothing (gpointer data)
{
}

/* The socket is watched by a loop that nobody tells: what was posted to any of
 * them so far has run. */
static void
settle (void)
{
  GPtrArray *held = g_ptr_array_new ();
  guint n_loops = via_loop_count (), n_seen = 0;
  gboolean is_seen[VIA_LOOPS_MAX] = {FALSE};

  while (n_seen < n_loops) {
    ViaLoop *loop = via_loop_acquire (); /* the one with the fewest holders */

    g_ptr_array_add (held, loop);
    if (is_seen[via_loop_index (loop)])
      continue;
    is_seen[via_loop_index (loop)] = TRUE;
    n_seen++;
    via_loop_call (loop, nothing, NULL);
  }
  for (guint i = 0; i < held->len; i++)
    via_loop_release (held->pdata[i]);
  g_ptr_array_unref (held);
}

static void
ip (const gchar *what)
{
  g_autofree gchar *line = g_strdup_printf ("ip %s dev v0", what);
  gint status = -1;

  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

static gint
reaches (gint *value, gint want)
{
  for (guint i = 0; i < 1500 && g_atomic_int_get (value) < want; i++)
    g_usleep (10000);
  return g_atomic_int_get (value);
}

static gboolean
becomes (gint *value, gint want)
{
  return reaches (value, want) == want;
}

static gboolean
is_running (const gchar *name)
{
  struct ifaddrs *all, *i;
  gboolean is_found = FALSE;

  g_assert_cmpint (getifaddrs (&all), ==, 0);
  for (i = all; i != NULL; i = i->ifa_next)
    is_found = is_found
               || (g_str_equal (i->ifa_name, name)
                   && (i->ifa_flags & IFF_RUNNING) != 0);
  freeifaddrs (all);
  return is_found;
}

/* Both ends of the cable: the kernel tells of the other one up to a second
 * later, which is a change of its own. Until there is nothing more to tell. */
static void
wait_running (gboolean is_wanted)
{
  for (guint i = 0;
       i < 1500
       && (is_running ("v0") != is_wanted || is_running ("v1") != is_wanted);
       i++)
    g_usleep (10000);
  g_assert_cmpint (is_running ("v0"), ==, is_wanted);
  g_assert_cmpint (is_running ("v1"), ==, is_wanted);
  g_usleep (2 * VIA_NETWATCH_SETTLE);
}

/* Whose addresses come when they have proved to be nobody else's, which is
 * news too, and which go with the link. */
static void
without_ipv6 (const gchar *device)
{
  g_autofree gchar *path =
      g_strdup_printf ("/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);

  g_assert_true (g_file_set_contents_full (
      path, "1", 1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
test_change_is_told_to_all_on_their_loops (void)
{
  Asker askers[2] = {{0}};

  for (guint i = 0; i < 2; i++) {
    askers[i].loop = via_loop_acquire ();
    via_loop_call (askers[i].loop, begin, &askers[i]);
  }
  settle ();
  ip ("addr add 192.0.2.9/24");
  for (guint i = 0; i < 2; i++)
    g_assert_true (becomes (&askers[i].found, 1));
  ip ("addr del 192.0.2.9/24");
  for (guint i = 0; i < 2; i++) {
    g_assert_true (becomes (&askers[i].lost, 1));
    g_assert_cmpint (askers[i].foreign, ==, 0);
  }
  via_loop_call (askers[0].loop, end, &askers[0]);
  ip ("addr add 192.0.2.9/24");
  g_assert_true (becomes (&askers[1].found, 2));
  g_assert_cmpint (g_atomic_int_get (&askers[0].told), ==, 2);
  ip ("addr del 192.0.2.9/24");
  via_loop_call (askers[1].loop, end, &askers[1]);
  for (guint i = 0; i < 2; i++)
    via_loop_release (askers[i].loop);
  for (guint i = 0; i < 500 && via_loop_count () > 0; i++)
    g_usleep (10000);
  g_assert_cmpuint (via_loop_count (), ==, 0);
}

static void
test_changes_together_are_told_once (void)
{
  Asker asker = {0};
  gint status = -1;

  asker.loop = via_loop_acquire ();
  via_loop_call (asker.loop, begin, &asker);
  settle ();
  g_assert_true (g_spawn_command_line_sync (
      "sh -c 'printf \"addr add 192.0.2.9/24 dev v0\\naddr del "
      "192.0.2.9/24 dev v0\\n\" | ip -batch -'",
      NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_assert_true (becomes (&asker.told, 1));
  g_usleep (2 * VIA_NETWATCH_SETTLE);
  g_assert_cmpint (g_atomic_int_get (&asker.told), ==, 1);
  g_assert_cmpint (asker.lost, ==, 1);
  g_assert_cmpint (asker.found, ==, 1);
  via_loop_call (asker.loop, end, &asker);
  via_loop_release (asker.loop);
}

/* As a cable is pulled: the address stays where it is. */
static void
test_interface_down_and_up_is_told (void)
{
  Asker asker = {0};
  gint told;

  asker.loop = via_loop_acquire ();
  via_loop_call (asker.loop, begin, &asker);
  settle ();
  ip ("link set down");
  g_assert_cmpint (reaches (&asker.lost, 1), >=, 1);
  wait_running (FALSE);
  told = g_atomic_int_get (&asker.told);
  g_assert_cmpint (told, <=, 2); /* together, or one end after the other */
  g_assert_cmpint (g_atomic_int_get (&asker.lost), ==, told);
  g_assert_cmpint (g_atomic_int_get (&asker.found), ==, 0);
  ip ("link set mtu 1400"); /* tells of the interface, which is as it was */
  g_usleep (2 * VIA_NETWATCH_SETTLE);
  g_assert_cmpint (g_atomic_int_get (&asker.told), ==, told);
  ip ("link set up");
  g_assert_cmpint (reaches (&asker.found, 1), >=, 1);
  wait_running (TRUE);
  g_assert_cmpint (g_atomic_int_get (&asker.lost), ==, told);
  via_loop_call (asker.loop, end, &asker);
  via_loop_release (asker.loop);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  without_ipv6 ("v0");
  without_ipv6 ("v1");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/netwatch/told", test_change_is_told_to_all_on_their_loops);
  g_test_add_func ("/netwatch/once", test_changes_together_are_told_once);
  g_test_add_func ("/netwatch/link", test_interface_down_and_up_is_told);
  return g_test_run ();
}
