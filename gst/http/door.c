/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/door.c – connection caps, deadlines, body and header bounds around a
 * SoupServer. One thread after _start. Refuses by writing the answer itself and
 * shutting the socket: libsoup would first read the whole body. RFC 9112 §6.3,
 * §11.2
 */
#include "http/door-private.h"

#include <string.h>
#include <sys/socket.h>

#include "http/head.h"
#include "http/limits.h"

/* Who finds it full tries again after a second, good ones too. */
#define BACKLOG 1024

#define ACCEPTED_PER_TURN 64
#define GUEST_BUFFER (64 * 1024) /* what the system holds for one, bytes */

/* --- connections --- */

static GQuark
conn_quark (void)
{
  return g_quark_from_static_string ("via-door-conn");
}

static GQuark
body_quark (void)
{
  return g_quark_from_static_string ("via-door-body");
}

void
via_door_conn_unref (gpointer data)
{
  ViaDoorConn *conn = data;

  if (!g_atomic_ref_count_dec (&conn->refs))
    return;
  g_clear_object (&conn->socket);
  g_main_context_unref (conn->context);
  g_free (conn->household);
  g_free (conn);
}

ViaDoorConn *
via_door_conn_ref (ViaDoorConn *conn)
{
  g_atomic_ref_count_inc (&conn->refs);
  return conn;
}

static void
conn_stop_timer (ViaDoorConn *conn)
{
  if (conn->timer != NULL) {
    g_source_destroy (conn->timer);
    g_clear_pointer (&conn->timer, g_source_unref);
  }
}

void
via_door_conn_kill (ViaDoorConn *conn)
{
  conn->is_closing = TRUE;
  g_socket_shutdown (conn->socket, TRUE, TRUE, NULL);
  if (conn->refused != NULL) /* nobody else reads it */
    g_socket_close (conn->socket, NULL);
}

static gboolean
on_deadline (gpointer data)
{
  ViaDoorConn *conn = data;

  g_source_set_ready_time (conn->timer, -1);
  if (conn->is_waited_for && conn->stream != NULL && !conn->is_closing)
    via_door_refuse_late (conn);
  else
    via_door_conn_kill (conn);
  return G_SOURCE_CONTINUE;
}

static gboolean
timer_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  return func (data);
}

static GSourceFuncs timer_funcs = {NULL, NULL, timer_dispatch, NULL};

void
via_door_conn_deadline (ViaDoorConn *conn, guint ms)
{
  if (conn->timer != NULL && !conn->is_closing)
    g_source_set_ready_time (
        conn->timer, g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND);
}

static gboolean
conn_gone (gpointer data)
{
  ViaDoorConn *conn = data;

  conn_stop_timer (conn);
  if (conn->door != NULL)
    g_hash_table_remove (conn->door->conns, conn);
  return G_SOURCE_REMOVE;
}

/* The stream is finalised, perhaps on a TLS worker thread. */
static void
on_stream_gone (gpointer data, GObject *where_it_was)
{
  ViaDoorConn *conn = data;

  g_main_context_invoke_full (
      conn->context, G_PRIORITY_DEFAULT, conn_gone, conn, via_door_conn_unref);
}

static gchar *
household_of (GInetAddress *address)
{
  g_autofree gchar *text = g_inet_address_to_string (address);

  return via_limits_household (text);
}

static ViaDoorConn *
conn_new (ViaDoor *self, GSocketConnection *stream, GInetAddress *address)
{
  ViaDoorConn *conn = g_new0 (ViaDoorConn, 1);

  g_atomic_ref_count_init (&conn->refs);
  conn->door = self;
  conn->context = g_main_context_ref (self->context);
  conn->socket = g_object_ref (g_socket_connection_get_socket (stream));
  conn->stream = G_IO_STREAM (stream);
  conn->household = household_of (address);
  conn->is_waited_for = TRUE;
  conn->since = g_get_monotonic_time ();
  conn->timer = g_source_new (&timer_funcs, sizeof (GSource));
  /* after all who have something to say: many may be late at once */
  g_source_set_priority (conn->timer, G_PRIORITY_LOW);
  g_source_set_callback (conn->timer, on_deadline, conn, NULL);
  g_source_attach (conn->timer, self->context);
  via_door_conn_deadline (conn, VIA_DOOR_REQUEST_MS);
  g_hash_table_add (self->conns, conn);
  g_object_weak_ref (
      G_OBJECT (stream), on_stream_gone, via_door_conn_ref (conn));
  return conn;
}

static ViaDoorConn *
conn_of (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return remote != NULL ? g_object_get_qdata (G_OBJECT (remote), conn_quark ())
                        : NULL;
}

/* --- caps --- */

/* Who has been longest without a whole request; NULL: all have theirs. */
static ViaDoorConn *
find_idle (ViaDoor *self)
{
  GHashTableIter iter;
  gpointer key;
  ViaDoorConn *found = NULL;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    ViaDoorConn *conn = key;

    if (conn->is_waited_for && !conn->is_closing
        && (found == NULL || conn->since < found->since))
      found = conn;
  }
  return found;
}

static gboolean
may_come_in (ViaDoor *self, GInetAddress *address)
{
  g_autofree gchar *who = household_of (address);
  gboolean is_local = g_inet_address_get_is_loopback (address);
  GHashTableIter iter;
  gpointer key;
  guint total = 0, same = 0;
  ViaDoorConn *idle;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    ViaDoorConn *conn = key;

    if (conn->is_closing)
      continue;
    total++;
    same += !strcmp (conn->household, who);
  }
  if (!is_local && same >= VIA_DOOR_PER_ADDRESS_MAX)
    return FALSE;
  if (total < VIA_DOOR_CONNECTIONS_MAX)
    return TRUE;
  idle = find_idle (self);
  if (idle != NULL)
    via_door_conn_kill (idle);
  return idle != NULL;
}

/* Again once the request's headers are in: they name the origin. */
static void
set_headers (ViaDoor *self, SoupServerMessage *message)
{
  via_gate_set_headers (self->gate,
      soup_server_message_get_request_headers (message),
      soup_server_message_get_response_headers (message));
}

/* --- one request --- */

/* The body's announced length, -1 if none. */
static gint64
announced_length (SoupMessageHeaders *headers)
{
  const gchar *text = soup_message_headers_get_one (headers, "Content-Length");
  guint64 length;

  if (text == NULL)
    return -1;
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &length, NULL))
    return G_MAXINT64; /* no number: the head would not have passed */
  return length;
}

static void
on_got_headers (SoupServerMessage *message, gpointer data)
{
  ViaDoorConn *conn = conn_of (message);
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  g_auto (ViaReply) reply = {0};

  if (conn == NULL || conn->door == NULL)
    return;
  conn->message = message;
  set_headers (conn->door, message);
  soup_message_headers_remove (headers, "Range");
  via_reply_init (&reply);
  if (conn->door->check (
          conn->door->user, message, announced_length (headers), &reply))
    via_door_refuse (conn, message, &reply);
}

static void
on_got_chunk (SoupServerMessage *message, GBytes *chunk, gpointer data)
{
  ViaDoorConn *conn = conn_of (message);
  GByteArray *body = g_object_get_qdata (G_OBJECT (message), body_quark ());
  gsize len;
  gconstpointer bytes = g_bytes_get_data (chunk, &len);

  if (conn == NULL || body == NULL)
    return;
  if (body->len + len > VIA_HTTP_BODY_MAX) {
    via_door_refuse_problem (conn, message, 413, "A body may have 128 KiB");
  } else {
    g_byte_array_append (body, bytes, len);
    g_byte_array_append (body, (const guint8 *) "", 1); /* for text readers */
    body->len--;
  }
}

static void
on_got_body (SoupServerMessage *message, gpointer data)
{
  ViaDoorConn *conn = conn_of (message);

  if (conn == NULL)
    return;
  conn->message = NULL;
  conn->is_waited_for = FALSE;
  via_door_conn_deadline (conn, VIA_DOOR_REPLY_MS);
}

/* A connection serves one request: libsoup keeps none alive that it did not
 * accept itself, and this way nothing can hide behind a first request. */
static void
on_request_started (SoupServer *soup, SoupServerMessage *message, gpointer data)
{
  ViaDoorConn *conn = conn_of (message);

  if (conn == NULL || conn->door == NULL
      || g_object_get_qdata (G_OBJECT (message), body_quark ()))
    return;
  set_headers (conn->door, message);
  soup_message_body_set_accumulate (
      soup_server_message_get_request_body (message), FALSE);
  g_object_set_qdata_full (G_OBJECT (message), body_quark (),
      g_byte_array_new (), (GDestroyNotify) g_byte_array_unref);
  g_signal_connect (message, "got-headers", G_CALLBACK (on_got_headers), NULL);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_got_chunk), NULL);
  g_signal_connect (message, "got-body", G_CALLBACK (on_got_body), NULL);
}

const GByteArray *
via_door_body (SoupServerMessage *message)
{
  return g_object_get_qdata (G_OBJECT (message), body_quark ());
}

GInetAddress *
via_door_address (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);

  return G_IS_INET_SOCKET_ADDRESS (remote) ? g_inet_socket_address_get_address (
             G_INET_SOCKET_ADDRESS (remote))
                                           : NULL;
}

ViaDoorGuest *
via_door_stay (SoupServerMessage *message)
{
  ViaDoorConn *conn = conn_of (message);

  if (conn == NULL)
    return NULL;
  conn_stop_timer (conn);
  conn->message = NULL;
  conn->is_waited_for = FALSE;
  g_socket_set_option (conn->socket, SOL_SOCKET, SO_SNDBUF, GUEST_BUFFER, NULL);
  return via_door_conn_ref (conn);
}

gsize
via_door_guest_allow (ViaDoorGuest *self, gsize bytes)
{
  return self != NULL ? via_head_stream_allow (self->stream, bytes) : bytes;
}

gboolean
via_door_guest_is_writable (const ViaDoorGuest *self)
{
  return self == NULL
         || (g_socket_condition_check (self->socket, G_IO_OUT) & G_IO_OUT) != 0;
}

void
via_door_guest_cut (ViaDoorGuest *self)
{
  if (self != NULL)
    via_door_conn_kill (self);
}

void
via_door_guest_free (ViaDoorGuest *self)
{
  if (self != NULL)
    via_door_conn_unref (self);
}

/* --- accepting --- */

static void
hand_to_soup (ViaDoorConn *conn, GIOStream *stream)
{
  g_autoptr (GSocketAddress) local =
      g_socket_get_local_address (conn->socket, NULL);
  g_autoptr (GSocketAddress) remote =
      g_socket_get_remote_address (conn->socket, NULL);

  if (local == NULL || remote == NULL)
    return;
  conn->stream = stream;
  /* how a message finds its connection again */
  g_object_set_qdata_full (G_OBJECT (remote), conn_quark (),
      via_door_conn_ref (conn), via_door_conn_unref);
  soup_server_accept_iostream (conn->door->soup, stream, local, remote, NULL);
}

static void
on_head (GObject *object, GAsyncResult *result, gpointer data)
{
  ViaDoorConn *conn = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = via_head_read_finish (result, &error);

  if (conn->door != NULL && !conn->is_closing) {
    if (stream != NULL) {
      hand_to_soup (conn, stream);
    } else if (error->code != VIA_ERROR_IO) {
      g_auto (ViaReply) reply = {0};

      via_reply_init (&reply);
      via_reply_problem (
          &reply, error->code == VIA_ERROR_LIMIT ? 431 : 400, error->message);
      via_door_finish (conn, "Connection: close\r\n", &reply);
    }
  }
  via_door_conn_unref (conn);
}

static void
read_head (ViaDoorConn *conn, GIOStream *stream)
{
  conn->stream = stream;
  via_head_read_async (stream, conn->door->cancellable, &conn->n_head, on_head,
      via_door_conn_ref (conn));
}

static void
on_handshake (GObject *object, GAsyncResult *result, gpointer data)
{
  ViaDoorConn *conn = data;

  if (g_tls_connection_handshake_finish (
          G_TLS_CONNECTION (object), result, NULL)
      && conn->door != NULL && !conn->is_closing)
    read_head (conn, G_IO_STREAM (object));
  g_object_unref (object);
  via_door_conn_unref (conn);
}

/* Nobody who calls is checked against the system's authorities: to read them,
 * as g_tls_server_connection_new does, takes 10 ms of each connection. */
static void
start_tls (ViaDoor *self, ViaDoorConn *conn, GSocketConnection *stream)
{
  GTlsBackend *backend = g_tls_backend_get_default ();
  GIOStream *tls =
      g_initable_new (g_tls_backend_get_server_connection_type (backend), NULL,
          NULL, "base-io-stream", stream, "certificate", self->certificate,
          "database", NULL, NULL);

  if (tls == NULL)
    return;
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT,
      self->cancellable, on_handshake, via_door_conn_ref (conn));
}

static void
come_in (ViaDoor *self, GSocketConnection *stream)
{
  g_autoptr (GSocketAddress) remote =
      g_socket_connection_get_remote_address (stream, NULL);
  GInetAddress *address;
  ViaDoorConn *conn;

  if (!G_IS_INET_SOCKET_ADDRESS (remote))
    return;
  address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
  if (!may_come_in (self, address))
    return;
  conn = conn_new (self, stream, address);
  g_socket_set_option (conn->socket, 6 /* TCP */, 1 /* NODELAY */, 1, NULL);
  if (self->certificate != NULL)
    start_tls (self, conn, stream);
  else
    read_head (conn, G_IO_STREAM (stream));
}

static gboolean on_someone (GSocket *socket, GIOCondition what, gpointer data);

static void
wait_for_more (ViaDoor *self)
{
  self->waiting = g_socket_create_source (self->socket, G_IO_IN, NULL);
  g_source_set_callback (self->waiting, G_SOURCE_FUNC (on_someone), self, NULL);
  g_source_attach (self->waiting, self->context);
}

static void
stop_waiting (ViaDoor *self)
{
  if (self->waiting == NULL)
    return;
  g_source_destroy (self->waiting);
  g_clear_pointer (&self->waiting, g_source_unref);
}

static gboolean
on_retry (gpointer data)
{
  ViaDoor *self = data;

  stop_waiting (self);
  wait_for_more (self);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors, mostly: not again at once. */
static void
retry_later (ViaDoor *self)
{
  stop_waiting (self);
  self->waiting = g_timeout_source_new (100);
  g_source_set_callback (self->waiting, on_retry, self, NULL);
  g_source_attach (self->waiting, self->context);
}

/* Many at a time: a turn of the loop costs more than one of them. */
static gboolean
on_someone (GSocket *socket, GIOCondition what, gpointer data)
{
  ViaDoor *self = data;

  for (guint i = 0; i < ACCEPTED_PER_TURN; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GSocket) client = g_socket_accept (socket, NULL, &error);
    g_autoptr (GSocketConnection) stream = NULL;

    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      break;
    if (client == NULL) {
      retry_later (self);
      return G_SOURCE_REMOVE;
    }
    stream = g_socket_connection_factory_create_connection (client);
    come_in (self, stream);
  }
  return G_SOURCE_CONTINUE;
}

/* --- life --- */

static GSocket *
listen_at (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error)
      || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

ViaDoor *
via_door_new (const gchar *address, guint port, GError **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  g_autoptr (GSocketAddress) wanted = NULL;
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) reason = NULL;
  ViaDoor *self;

  if (inet == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "address=%s is not an IP address", address);
    return NULL;
  }
  wanted = g_inet_socket_address_new (inet, port);
  socket = listen_at (wanted, &reason);
  bound = socket != NULL ? g_socket_get_local_address (socket, &reason) : NULL;
  if (bound == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO, "Cannot listen on %s:%u: %s",
        address, port, reason->message);
    return NULL;
  }
  self = g_new0 (ViaDoor, 1);
  self->socket = g_steal_pointer (&socket);
  self->is_loopback = g_inet_address_get_is_loopback (inet);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->cancellable = g_cancellable_new ();
  self->conns = g_hash_table_new_full (NULL, NULL, via_door_conn_unref, NULL);
  return self;
}

gboolean
via_door_is_loopback (const ViaDoor *self)
{
  return self->is_loopback;
}

guint
via_door_port (const ViaDoor *self)
{
  return self->port;
}

guint
via_door_count (const ViaDoor *self)
{
  return g_hash_table_size (self->conns);
}

void
via_door_start (ViaDoor *self, SoupServer *soup, GTlsCertificate *certificate,
    const ViaGate *gate, ViaDoorCheck check, gpointer user)
{
  self->soup = soup;
  self->gate = gate;
  self->context = g_main_context_ref_thread_default ();
  if (certificate != NULL)
    self->certificate = g_object_ref (certificate);
  self->check = check;
  self->user = user;
  g_signal_connect (
      soup, "request-started", G_CALLBACK (on_request_started), self);
  wait_for_more (self);
}

void
via_door_stop (ViaDoor *self)
{
  GHashTableIter iter;
  gpointer key;

  g_cancellable_cancel (self->cancellable);
  stop_waiting (self);
  g_socket_close (self->socket, NULL);
  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    via_door_conn_kill (key);
}

void
via_door_free (ViaDoor *self)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    conn_stop_timer (key);
    ((ViaDoorConn *) key)->door = NULL;
  }
  g_hash_table_unref (self->conns);
  if (self->soup != NULL)
    g_signal_handlers_disconnect_by_data (self->soup, self);
  g_object_unref (self->socket);
  g_clear_object (&self->certificate);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self);
}
