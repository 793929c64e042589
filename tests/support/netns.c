/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/netns.c – unshares the network and builds a veth pair with ip.
 */
#include "netns.h"

#include <errno.h>
#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static G_GNUC_NORETURN void
give_up (const gchar *what, const gchar *why)
{
  g_print ("1..0 # SKIP no network namespace: %s: %s\n", what, why);
  exit (77);
}

static void
write_map (const gchar *path, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  /* Not g_file_set_contents: these files cannot be replaced. */
  if (!g_file_set_contents_full (
          path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error))
    give_up (path, error->message);
}

static void
become_root_of_own_users (guint uid, guint gid)
{
  g_autofree gchar *uid_map = g_strdup_printf ("0 %u 1", uid);
  g_autofree gchar *gid_map = g_strdup_printf ("0 %u 1", gid);

  write_map ("/proc/self/setgroups", "deny");
  write_map ("/proc/self/uid_map", uid_map);
  write_map ("/proc/self/gid_map", gid_map);
}

static void
ip (const gchar *arguments)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strconcat ("ip ", arguments, NULL);
  g_autofree gchar *complaint = NULL;
  gint status = 0;

  if (!g_spawn_command_line_sync (line, NULL, &complaint, &status, &error))
    give_up (line, error->message);
  if (!g_spawn_check_wait_status (status, NULL))
    give_up (line, g_strchomp (complaint));
}

/* The kernel says so a moment after "up"; ICE passes over an interface that is
 * not running. */
static gboolean
is_running (const gchar *name)
{
  struct ifaddrs *all, *i;
  gboolean is_found = FALSE;

  if (getifaddrs (&all) < 0)
    return FALSE;
  for (i = all; i != NULL; i = i->ifa_next)
    is_found |=
        g_str_equal (i->ifa_name, name) && (i->ifa_flags & IFF_RUNNING) != 0;
  freeifaddrs (all);
  return is_found;
}

static void
wait_until_running (const gchar *name)
{
  for (guint i = 0; i < 1000; i++) {
    if (is_running (name))
      return;
    g_usleep (10000);
  }
  give_up (name, "not running after 10 s");
}

void
via_test_enter_netns (void)
{
  guint uid = geteuid (), gid = getegid ();

  if (unshare (uid == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) < 0)
    give_up ("unshare", g_strerror (errno));
  if (uid != 0)
    become_root_of_own_users (uid, gid);
  ip ("link set lo up");
  ip ("link add v0 type veth peer name v1");
  ip ("addr add 192.0.2.1/24 dev v0");
  ip ("addr add 192.0.2.2/24 dev v1");
  ip ("link set v0 up");
  ip ("link set v1 up");
  wait_until_running ("v0");
  wait_until_running ("v1");
}
