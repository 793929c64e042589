/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/relay.c – coturn on 192.0.2.1 of the test's own network.
 */
#include "relay.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/wait.h>

#define ADDRESS "192.0.2.1"

static gboolean
listens (guint16 port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  g_socket_client_set_timeout (client, 1);
  connection =
      g_socket_client_connect_to_host (client, ADDRESS, port, NULL, NULL);
  return connection != NULL;
}

/* STUN over UDP, which is not there yet when TCP is. RFC 8489 §5 */
static gboolean
answers (void)
{
  static const gchar binding[20] = "\0\1\0\0\x21\x12\xa4\x42relay-start?";
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (ADDRESS, 3478);
  g_autoptr (GSocket) asking = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  gchar reply[512];

  g_socket_set_timeout (asking, 1);
  return g_socket_connect (asking, address, NULL, NULL)
         && g_socket_send (asking, binding, sizeof binding, NULL, NULL) > 0
         && g_socket_receive (asking, reply, sizeof reply, NULL, NULL) > 0;
}

static GPtrArray *
arguments (const gchar *program, const gchar *directory, const gchar *pem,
    RelayAuth auth)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);
  static const gchar *const fixed[] = {"-n", "--no-cli", "--no-dtls",
      "--fingerprint", "--log-file=/dev/null", "--listening-ip=" ADDRESS,
      "--relay-ip=" ADDRESS, "--listening-port=3478",
      "--tls-listening-port=5349", "--min-port=49160", "--max-port=49400",
      "--realm=kurento.org"};

  g_ptr_array_add (words, g_strdup (program));
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    g_ptr_array_add (words, g_strdup (fixed[i]));
  g_ptr_array_add (words, g_strdup_printf ("--pidfile=%s/pid", directory));
  g_ptr_array_add (words, g_strdup_printf ("--userdb=%s/db", directory));
  if (auth == RELAY_SECRET) {
    g_ptr_array_add (words, g_strdup ("--use-auth-secret"));
    g_ptr_array_add (words, g_strdup ("--static-auth-secret=" RELAY_PASSWORD));
  } else {
    g_ptr_array_add (words, g_strdup ("--lt-cred-mech"));
    g_ptr_array_add (words, g_strdup ("--user=" RELAY_USER ":" RELAY_PASSWORD));
  }
  if (auth == RELAY_QUOTA)
    g_ptr_array_add (words, g_strdup ("--user-quota=1"));
  if (pem != NULL) {
    g_ptr_array_add (words, g_strdup_printf ("--cert=%s", pem));
    g_ptr_array_add (words, g_strdup_printf ("--pkey=%s", pem));
  } else {
    g_ptr_array_add (words, g_strdup ("--no-tls"));
  }
  g_ptr_array_add (words, NULL);
  return words;
}

gboolean
relay_start (Relay *self, const gchar *pem, RelayAuth auth)
{
  g_autofree gchar *program = g_find_program_in_path ("turnserver");
  g_autoptr (GPtrArray) words = NULL;
  GError *error = NULL;

  if (program == NULL) {
    g_test_skip ("no turnserver (Debian: coturn)");
    return FALSE;
  }
  self->directory = g_dir_make_tmp ("via-relay-XXXXXX", &error);
  g_assert_no_error (error);
  words = arguments (program, self->directory, pem, auth);
  g_spawn_async (self->directory, (gchar **) words->pdata, NULL,
      G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL
          | G_SPAWN_STDERR_TO_DEV_NULL,
      NULL, NULL, &self->pid, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 200 && !listens (pem != NULL ? 5349 : 3478); i++)
    g_usleep (50000);
  g_assert_true (listens (3478));
  for (guint i = 0; i < 200 && !answers (); i++)
    g_usleep (50000);
  g_assert_true (answers ());
  return TRUE;
}

void
relay_stop (Relay *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  const gchar *name;

  kill (self->pid, SIGTERM);
  waitpid (self->pid, NULL, 0);
  g_spawn_close_pid (self->pid);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (self->directory, name, NULL);

    g_assert_cmpint (g_unlink (path), ==, 0);
  }
  g_rmdir (self->directory);
  g_clear_pointer (&self->directory, g_free);
}
