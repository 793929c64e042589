/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_tlsbridge.c – bytes through the bridge to a TLS server of this file
 * that sends them back, and servers that must get none.
 */
#include "io/tlsbridge.h"

#include <gio/gio.h>
#include <string.h>

#include "certs.h"

#define SECRET "these bytes are secret"

/* --- the server: one thread, sends back what it gets --- */

typedef struct
{
  GThread *thread;
  GSocketListener *listener;
  GCancellable *stop;
  GTlsCertificate *certificate; /* NULL: plain TCP */
  guint16 port;
  GMutex lock;       /* guards the rest */
  GByteArray *bytes; /* clear text that reached it, or all of plain TCP */
} Server;

static void
echo (Server *server, GIOStream *stream)
{
  GInputStream *in = g_io_stream_get_input_stream (stream);
  GOutputStream *out = g_io_stream_get_output_stream (stream);
  guint8 data[4096];
  gssize n;

  while ((n = g_input_stream_read (in, data, sizeof data, server->stop, NULL))
         > 0) {
    g_mutex_lock (&server->lock);
    g_byte_array_append (server->bytes, data, (guint) n);
    g_mutex_unlock (&server->lock);
    if (!g_output_stream_write_all (
            out, data, (gsize) n, NULL, server->stop, NULL))
      return;
  }
}

static gpointer
serve (gpointer data)
{
  Server *server = data;
  GSocketConnection *plain;

  while ((plain = g_socket_listener_accept (
              server->listener, NULL, server->stop, NULL))
         != NULL) {
    GIOStream *stream = G_IO_STREAM (plain);

    if (server->certificate != NULL) {
      stream = g_tls_server_connection_new (stream, server->certificate, NULL);
      if (g_tls_connection_handshake (
              G_TLS_CONNECTION (stream), server->stop, NULL))
        echo (server, stream);
      g_object_unref (stream);
    } else {
      echo (server, stream);
    }
    g_io_stream_close (G_IO_STREAM (plain), NULL, NULL);
    g_object_unref (plain);
  }
  return NULL;
}

static void
server_start (Server *self, const gchar *pem)
{
  GError *error = NULL;

  memset (self, 0, sizeof *self);
  self->listener = g_socket_listener_new ();
  self->stop = g_cancellable_new ();
  self->bytes = g_byte_array_new ();
  g_mutex_init (&self->lock);
  if (pem != NULL) {
    self->certificate = g_tls_certificate_new_from_file (pem, &error);
    g_assert_no_error (error);
  }
  self->port =
      g_socket_listener_add_any_inet_port (self->listener, NULL, &error);
  g_assert_no_error (error);
  self->thread = g_thread_new ("server", serve, self);
}

static void
server_stop (Server *self)
{
  g_cancellable_cancel (self->stop);
  g_thread_join (self->thread);
  g_object_unref (self->listener);
  g_object_unref (self->stop);
  g_clear_object (&self->certificate);
  g_byte_array_unref (self->bytes);
  g_mutex_clear (&self->lock);
}

/* --- asking through the bridge --- */

typedef struct
{
  GMutex lock;
  gchar *why;
} Failure;

static void
on_failed (gpointer user, const gchar *why)
{
  Failure *failure = user;

  g_mutex_lock (&failure->lock);
  g_free (failure->why);
  failure->why = g_strdup (why);
  g_mutex_unlock (&failure->lock);
}

/* Sends SECRET and reads the same length back; FALSE: the bridge closed. */
static gboolean
crosses (ViaTlsBridge *bridge)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  GIOStream *stream;
  gchar back[sizeof SECRET] = "";
  gsize n = 0;
  GError *error = NULL;

  g_socket_client_set_timeout (client, 15);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", via_tlsbridge_port (bridge), NULL, &error);
  g_assert_no_error (error);
  stream = G_IO_STREAM (connection);
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), SECRET,
      strlen (SECRET), NULL, NULL, NULL);
  g_input_stream_read_all (g_io_stream_get_input_stream (stream), back,
      strlen (SECRET), &n, NULL, NULL);
  return n == strlen (SECRET) && strcmp (back, SECRET) == 0;
}

typedef struct
{
  const gchar *names;
  gint days;
  gboolean trusts_stranger, verifies;
  const gchar *says; /* NULL: bytes cross */
} Case;

static void
test_certificate_decides (gconstpointer data)
{
  const Case *want = data;
  Certs certs;
  Server server;
  Failure failure = {0};
  g_autofree gchar *pem = NULL;
  GError *error = NULL;
  ViaTlsBridgeConfig config = {
      .host = "turn.test", .address = "127.0.0.1", .verify = want->verifies};
  ViaTlsBridge *bridge;

  certs_init (&certs);
  pem = certs_make (&certs, want->names, want->days);
  server_start (&server, pem);
  config.port = server.port;
  config.ca_file = want->trusts_stranger ? certs.stranger : certs.ca;
  bridge = via_tlsbridge_new (&config, on_failed, &failure, &error);
  g_assert_no_error (error);
  g_assert_cmpint (crosses (bridge), ==, want->says == NULL);
  via_tlsbridge_free (bridge);
  server_stop (&server);
  if (want->says == NULL) {
    g_assert_null (failure.why);
  } else {
    g_assert_nonnull (failure.why);
    g_assert_true (
        g_str_has_prefix (failure.why, "TURN over TLS to turn.test:"));
    g_assert_nonnull (strstr (failure.why, want->says));
  }
  g_free (failure.why);
  certs_clear (&certs);
}

/* What a server that speaks no TLS sees of the client's bytes: nothing. */
static void
test_plain_server_gets_no_clear_text (void)
{
  Server server;
  Failure failure = {0};
  ViaTlsBridgeConfig config = {.host = "127.0.0.1", .verify = FALSE};
  GError *error = NULL;
  ViaTlsBridge *bridge;

  server_start (&server, NULL);
  config.port = server.port;
  bridge = via_tlsbridge_new (&config, on_failed, &failure, &error);
  g_assert_no_error (error);
  g_assert_false (crosses (bridge));
  via_tlsbridge_free (bridge);
  g_mutex_lock (&server.lock);
  g_assert_cmpuint (server.bytes->len, >, 0); /* the ClientHello */
  g_assert_null (
      memmem (server.bytes->data, server.bytes->len, SECRET, strlen (SECRET)));
  g_mutex_unlock (&server.lock);
  server_stop (&server);
  g_assert_nonnull (failure.why);
  g_free (failure.why);
}

static void
test_nobody_there_is_told (void)
{
  Failure failure = {0};
  ViaTlsBridgeConfig config = {.host = "127.0.0.1", .port = 1, .verify = TRUE};
  GError *error = NULL;
  ViaTlsBridge *bridge =
      via_tlsbridge_new (&config, on_failed, &failure, &error);

  g_assert_no_error (error);
  g_assert_false (crosses (bridge));
  via_tlsbridge_free (bridge);
  g_assert_nonnull (strstr (failure.why, "127.0.0.1:1"));
  g_free (failure.why);
}

static void
test_no_authorities_is_a_setting_error (void)
{
  ViaTlsBridgeConfig config = {.host = "turn.test",
      .port = 1,
      .verify = TRUE,
      .ca_file = "/nonexistent/ca.pem"};
  GError *error = NULL;

  g_assert_null (via_tlsbridge_new (&config, NULL, NULL, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  g_assert_nonnull (strstr (error->message, "/nonexistent/ca.pem"));
  g_error_free (error);
}

static void
test_free_cuts_what_goes_on (void)
{
  Certs certs;
  Server server;
  g_autofree gchar *pem = NULL;
  GError *error = NULL;
  ViaTlsBridgeConfig config = {
      .host = "turn.test", .address = "127.0.0.1", .verify = TRUE};
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  GInputStream *in;
  ViaTlsBridge *bridge;
  gchar byte = 'x';

  certs_init (&certs);
  pem = certs_make (&certs, "DNS:turn.test", 30);
  server_start (&server, pem);
  config.port = server.port;
  config.ca_file = certs.ca;
  bridge = via_tlsbridge_new (&config, NULL, NULL, &error);
  g_assert_no_error (error);
  connection = g_socket_client_connect_to_host (
      client, "127.0.0.1", via_tlsbridge_port (bridge), NULL, &error);
  g_assert_no_error (error);
  in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  g_output_stream_write_all (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), &byte, 1, NULL,
      NULL, NULL);
  g_assert_cmpint (g_input_stream_read (in, &byte, 1, NULL, NULL), ==, 1);
  via_tlsbridge_free (bridge);
  g_assert_cmpint (g_input_stream_read (in, &byte, 1, NULL, NULL), <=, 0);
  server_stop (&server);
  certs_clear (&certs);
}

static const Case good = {"DNS:turn.test", 30, FALSE, TRUE, NULL};
static const Case stranger = {"DNS:turn.test", 30, TRUE, TRUE, "trusted"};
static const Case other = {"DNS:other.test", 30, FALSE, TRUE, "another host"};
static const Case expired = {"DNS:turn.test", -1, FALSE, TRUE, "expired"};
static const Case unverified = {"DNS:other.test", -1, TRUE, FALSE, NULL};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func (
      "/tlsbridge/certificate/good", &good, test_certificate_decides);
  g_test_add_data_func (
      "/tlsbridge/certificate/stranger", &stranger, test_certificate_decides);
  g_test_add_data_func (
      "/tlsbridge/certificate/other-host", &other, test_certificate_decides);
  g_test_add_data_func (
      "/tlsbridge/certificate/expired", &expired, test_certificate_decides);
  g_test_add_data_func ("/tlsbridge/certificate/unverified", &unverified,
      test_certificate_decides);
  g_test_add_func (
      "/tlsbridge/plain-server", test_plain_server_gets_no_clear_text);
  g_test_add_func ("/tlsbridge/nobody", test_nobody_there_is_told);
  g_test_add_func (
      "/tlsbridge/no-authorities", test_no_authorities_is_a_setting_error);
  g_test_add_func ("/tlsbridge/free", test_free_cuts_what_goes_on);
  return g_test_run ();
}
