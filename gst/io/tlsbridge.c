/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/tlsbridge.c – TURN over real TLS, by GIO's TLS (glib-networking).
 * RFC 8656 §3.1 · RFC 8446 · RFC 9525
 */
#include "io/tlsbridge.h"

#include <gio/gio.h>

/* --- the thread; the first bridge starts it, the last one ends it --- */

static GMutex thread_lock; /* guards the three below */
static guint n_bridges;
static GThread *thread;
static GMainLoop *thread_loop;
static guint n_crossings; /* that thread's own */

static gpointer
run_thread (gpointer data)
{
  GMainLoop *loop = data;
  GMainContext *context = g_main_loop_get_context (loop);

  g_main_context_push_thread_default (context);
  g_main_loop_run (loop);
  while (n_crossings > 0) /* what was cancelled ends */
    g_main_context_iteration (context, TRUE);
  while (g_main_context_iteration (context, FALSE))
    ; /* GIO's own answers to it, which hold what they answer for */
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
thread_acquire (void)
{
  g_mutex_lock (&thread_lock);
  if (n_bridges++ == 0) {
    g_autoptr (GMainContext) context = g_main_context_new ();

    thread_loop = g_main_loop_new (context, FALSE);
    thread = g_thread_new ("via-tls", run_thread, thread_loop);
  }
  g_mutex_unlock (&thread_lock);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
thread_release (void)
{
  g_mutex_lock (&thread_lock);
  if (--n_bridges == 0) {
    g_main_context_invoke (
        g_main_loop_get_context (thread_loop), quit, thread_loop);
    g_thread_join (thread);
    g_clear_pointer (&thread_loop, g_main_loop_unref);
  }
  g_mutex_unlock (&thread_lock);
}

/* --- bridges --- */

struct _ViaTlsBridge
{
  gatomicrefcount refs; /* connections hold one */
  /* immutable */
  gchar *host, *address;
  guint16 port, local_port;
  gboolean verify;
  GTlsDatabase *database; /* NULL: nothing is verified */
  GSocketService *service;
  GCancellable *cancellable;

  GMutex lock; /* guards the rest; held while @failed runs */
  ViaTlsBridgeFailed failed;
  gpointer user;
  guint n_connections;
};

/* One connection on its way through. */
typedef struct
{
  ViaTlsBridge *bridge;
  GSocketConnection *local;
  GIOStream *remote; /* (nullable) TLS */
  GCancellable *cancellable;
  gulong cancel_id;
  GSource *timeout;
  GTlsCertificateFlags objections;
  guint n_ways; /* splices that go on */
} Crossing;

static void
bridge_unref (ViaTlsBridge *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_object (&self->database);
  g_clear_object (&self->service);
  g_clear_object (&self->cancellable);
  g_mutex_clear (&self->lock);
  g_free (self->host);
  g_free (self->address);
  g_free (self);
}

static void
stop_timeout (Crossing *crossing)
{
  if (crossing->timeout == NULL)
    return;
  g_source_destroy (crossing->timeout);
  g_clear_pointer (&crossing->timeout, g_source_unref);
}

static void
crossing_free (Crossing *crossing)
{
  ViaTlsBridge *bridge = crossing->bridge;

  stop_timeout (crossing);
  g_cancellable_disconnect (bridge->cancellable, crossing->cancel_id);
  g_io_stream_close (G_IO_STREAM (crossing->local), NULL, NULL);
  g_object_unref (crossing->local);
  g_clear_object (&crossing->remote);
  g_object_unref (crossing->cancellable);
  g_mutex_lock (&bridge->lock);
  bridge->n_connections--;
  g_mutex_unlock (&bridge->lock);
  bridge_unref (bridge);
  g_free (crossing);
  n_crossings--;
}

static const gchar *
objection_text (GTlsCertificateFlags flags)
{
  static const struct
  {
    GTlsCertificateFlags flag;
    const gchar *text;
  } texts[] = {
      {G_TLS_CERTIFICATE_EXPIRED, "its certificate has expired"},
      {G_TLS_CERTIFICATE_NOT_ACTIVATED, "its certificate is not valid yet"},
      {G_TLS_CERTIFICATE_REVOKED, "its certificate was revoked"},
      {G_TLS_CERTIFICATE_BAD_IDENTITY, "its certificate names another host"},
      {G_TLS_CERTIFICATE_UNKNOWN_CA,
          "its certificate is signed by nobody trusted here"},
      {G_TLS_CERTIFICATE_INSECURE, "its certificate uses a weak algorithm"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (flags & texts[i].flag)
      return texts[i].text;
  return flags != 0 ? "its certificate is not acceptable" : NULL;
}

static void
fail (Crossing *crossing, const GError *error)
{
  ViaTlsBridge *bridge = crossing->bridge;
  const gchar *objection = objection_text (crossing->objections);
  g_autofree gchar *why =
      g_strdup_printf ("TURN over TLS to %s:%u: %s", bridge->host,
          (guint) bridge->port, objection != NULL ? objection : error->message);

  g_mutex_lock (&bridge->lock);
  if (bridge->failed != NULL)
    bridge->failed (bridge->user, why);
  g_mutex_unlock (&bridge->lock);
  crossing_free (crossing);
}

static void
on_way_ended (GObject *object, GAsyncResult *result, gpointer user)
{
  Crossing *crossing = user;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (object), result, NULL);
  g_cancellable_cancel (crossing->cancellable); /* the other way too */
  if (--crossing->n_ways == 0)
    crossing_free (crossing);
}

static void
begin_way (Crossing *crossing, GIOStream *from, GIOStream *to)
{
  crossing->n_ways++;
  g_output_stream_splice_async (g_io_stream_get_output_stream (to),
      g_io_stream_get_input_stream (from), G_OUTPUT_STREAM_SPLICE_NONE,
      G_PRIORITY_DEFAULT, crossing->cancellable, on_way_ended, crossing);
}

static void
on_handshake (GObject *object, GAsyncResult *result, gpointer user)
{
  Crossing *crossing = user;
  g_autoptr (GError) error = NULL;

  if (!g_tls_connection_handshake_finish (
          G_TLS_CONNECTION (object), result, &error)) {
    fail (crossing, error);
    return;
  }
  stop_timeout (crossing);
  begin_way (crossing, G_IO_STREAM (crossing->local), crossing->remote);
  begin_way (crossing, crossing->remote, G_IO_STREAM (crossing->local));
}

static gboolean
on_certificate (GTlsConnection *connection, GTlsCertificate *certificate,
    GTlsCertificateFlags flags, gpointer user)
{
  Crossing *crossing = user;

  if (!crossing->bridge->verify)
    return TRUE;
  crossing->objections = flags;
  return FALSE;
}

static void
on_connected (GObject *object, GAsyncResult *result, gpointer user)
{
  Crossing *crossing = user;
  ViaTlsBridge *bridge = crossing->bridge;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnectable) name = NULL;
  g_autoptr (GSocketConnection) plain =
      g_socket_client_connect_finish (G_SOCKET_CLIENT (object), result, &error);

  if (plain == NULL) {
    fail (crossing, error);
    return;
  }
  g_socket_set_option (g_socket_connection_get_socket (plain), 6 /* TCP */,
      1 /* NODELAY */, 1, NULL);
  name = g_network_address_new (bridge->host, bridge->port);
  /* The database at once: reading the system's for nothing takes longer than
   * the handshake. */
  crossing->remote = g_initable_new (
      g_tls_backend_get_client_connection_type (g_tls_backend_get_default ()),
      NULL, &error, "base-io-stream", plain, "server-identity", name,
      "database", bridge->database, NULL);
  if (crossing->remote == NULL) {
    fail (crossing, error);
    return;
  }
  g_signal_connect (crossing->remote, "accept-certificate",
      G_CALLBACK (on_certificate), crossing);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (crossing->remote),
      G_PRIORITY_DEFAULT, crossing->cancellable, on_handshake, crossing);
}

static gboolean
on_timeout (gpointer user)
{
  g_cancellable_cancel (user);
  return G_SOURCE_REMOVE;
}

static void
start_timeout (Crossing *crossing)
{
  crossing->timeout = g_timeout_source_new_seconds (VIA_TLSBRIDGE_CONNECT_S);
  g_source_set_callback (
      crossing->timeout, on_timeout, crossing->cancellable, NULL);
  g_source_attach (crossing->timeout, g_main_context_get_thread_default ());
}

static void
on_bridge_cancelled (GCancellable *bridge, gpointer user)
{
  g_cancellable_cancel (user);
}

static gboolean
count_connection (ViaTlsBridge *self)
{
  gboolean is_room;

  g_mutex_lock (&self->lock);
  is_room = self->n_connections < VIA_TLSBRIDGE_CONNECTIONS;
  self->n_connections += is_room ? 1 : 0;
  g_mutex_unlock (&self->lock);
  return is_room;
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *local, GObject *source,
    gpointer user)
{
  ViaTlsBridge *self = user;
  g_autoptr (GSocketClient) client = NULL;
  Crossing *crossing;

  if (g_cancellable_is_cancelled (self->cancellable)
      || !count_connection (self))
    return TRUE; /* closed */
  crossing = g_new0 (Crossing, 1);
  n_crossings++;
  g_atomic_ref_count_inc (&self->refs);
  crossing->bridge = self;
  crossing->local = g_object_ref (local);
  crossing->cancellable = g_cancellable_new ();
  crossing->cancel_id = g_cancellable_connect (self->cancellable,
      G_CALLBACK (on_bridge_cancelled), g_object_ref (crossing->cancellable),
      g_object_unref);
  start_timeout (crossing);
  client = g_socket_client_new ();
  g_socket_client_set_enable_proxy (client, FALSE);
  g_socket_client_connect_to_host_async (client,
      self->address != NULL ? self->address : self->host, self->port,
      crossing->cancellable, on_connected, crossing);
  return TRUE;
}

/* --- life --- */

typedef struct
{
  void (*run) (gpointer data);
  gpointer data;
  gint is_set; /* atomic: the two above are; GLib's locks say so too, but not to
                * a thread checker */
  GMutex lock;
  GCond done;
  gboolean is_done;
} Call;

static gboolean
run_call (gpointer user)
{
  Call *call = user;

  g_return_val_if_fail (g_atomic_int_get (&call->is_set), G_SOURCE_REMOVE);
  call->run (call->data);
  g_mutex_lock (&call->lock);
  call->is_done = TRUE;
  g_cond_signal (&call->done);
  g_mutex_unlock (&call->lock);
  return G_SOURCE_REMOVE;
}

/* On the thread, and waits for it. */
static void
call_thread (void (*run) (gpointer data), gpointer data)
{
  Call call = {.run = run, .data = data};

  g_mutex_init (&call.lock);
  g_cond_init (&call.done);
  g_atomic_int_set (&call.is_set, TRUE);
  g_main_context_invoke (
      g_main_loop_get_context (thread_loop), run_call, &call);
  g_mutex_lock (&call.lock);
  while (!call.is_done)
    g_cond_wait (&call.done, &call.lock);
  g_mutex_unlock (&call.lock);
  g_cond_clear (&call.done);
  g_mutex_clear (&call.lock);
}

typedef struct
{
  ViaTlsBridge *self;
  GError *error;
} Opening;

static void
open_service (gpointer data)
{
  Opening *opening = data;
  ViaTlsBridge *self = opening->self;
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  self->service = g_socket_service_new ();
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  if (g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), wanted,
          G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound,
          &opening->error))
    self->local_port =
        g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
}

static void
close_service (gpointer data)
{
  ViaTlsBridge *self = data;

  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_cancellable_cancel (self->cancellable);
}

static gboolean
open_database (
    ViaTlsBridge *self, const ViaTlsBridgeConfig *config, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ())) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
        "TURN over TLS needs GLib's TLS: install package glib-networking");
    return FALSE;
  }
  if (!config->verify)
    return TRUE;
  if (config->ca_file == NULL) { /* read here, once, not on the thread */
    self->database =
        g_tls_backend_get_default_database (g_tls_backend_get_default ());
    return TRUE;
  }
  self->database = g_tls_file_database_new (config->ca_file, &why);
  if (self->database != NULL)
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "%s holds no certificates of authorities: %s", config->ca_file,
      why->message);
  return FALSE;
}

ViaTlsBridge *
via_tlsbridge_new (const ViaTlsBridgeConfig *config, ViaTlsBridgeFailed failed,
    gpointer user, GError **error)
{
  ViaTlsBridge *self = g_new0 (ViaTlsBridge, 1);
  Opening opening = {.self = self};

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->host = g_strdup (config->host);
  self->address = g_strdup (config->address);
  self->port = config->port;
  self->verify = config->verify;
  self->failed = failed;
  self->user = user;
  self->cancellable = g_cancellable_new ();
  if (!open_database (self, config, error)) {
    bridge_unref (self);
    return NULL;
  }
  thread_acquire ();
  call_thread (open_service, &opening);
  if (opening.error == NULL)
    return self;
  g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
      "no local port for TURN over TLS: %s", opening.error->message);
  g_error_free (opening.error);
  via_tlsbridge_free (self);
  return NULL;
}

void
via_tlsbridge_free (ViaTlsBridge *self)
{
  if (self == NULL)
    return;
  g_mutex_lock (&self->lock); /* waits for one under way */
  self->failed = NULL;
  g_mutex_unlock (&self->lock);
  call_thread (close_service, self);
  thread_release ();
  bridge_unref (self);
}

guint16
via_tlsbridge_port (const ViaTlsBridge *self)
{
  return self->local_port;
}
