/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/server.c – SoupServer glue: a thread "via-http" with its own context.
 * Turns libsoup's messages into values for wish and pages, and back. Decides
 * nothing.
 */
#include "http/server-private.h"

#include <dlfcn.h>
#include <string.h>
#include <gio/gio.h>
#include "http/pages.h"
#include "http/serverurl.h"

#define ANSWER_MS 15000 /* then a waiting player is told to come back */
#define STOP_MS 300     /* for libsoup to let go of its connections */

/* --- values in and out --- */

/* Who asks, found out when the headers are in. */
typedef struct
{
  gchar *address, *base;
  guint roles;
  gboolean has_token;
} Guest;

static void
guest_free (gpointer data)
{
  Guest *guest = data;

  g_free (guest->address);
  g_free (guest->base);
  g_free (guest);
}

static Guest *
guest_of (ViaHttpServer *self, SoupServerMessage *message)
{
  GQuark quark = g_quark_from_static_string ("via-http-guest");
  Guest *guest = g_object_get_qdata (G_OBJECT (message), quark);
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);

  if (guest == NULL) {
    guest = g_new0 (Guest, 1);
    guest->address =
        via_gate_address (self->gate, via_door_address (message), headers);
    guest->base =
        via_gate_base (self->gate, via_door_address (message), headers);
    g_object_set_qdata_full (G_OBJECT (message), quark, guest, guest_free);
  }
  return guest;
}

void
via_http_read_request (
    ViaHttpServer *self, SoupServerMessage *message, ViaRequest *out)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  const GByteArray *body = via_door_body (message);
  GUri *uri = soup_server_message_get_uri (message);
  const Guest *guest = guest_of (self, message);

  *out = (ViaRequest){
      .method = soup_server_message_get_method (message),
      .path = g_uri_get_path (uri),
      .query = g_uri_get_query (uri),
      .origin = guest->base,
      .content_type = soup_message_headers_get_one (headers, "Content-Type"),
      .request_method = soup_message_headers_get_one (
          headers, "Access-Control-Request-Method"),
      .body = body != NULL ? (const gchar *) body->data : NULL,
      .body_len = body != NULL ? body->len : 0,
      .authorization = soup_message_headers_get_one (headers, "Authorization"),
      .if_match = soup_message_headers_get_one (headers, "If-Match"),
      .etag = soup_message_headers_get_one (headers, "ETag"),
      .address = guest->address,
      .roles = guest->roles,
      .has_token = guest->has_token,
      .is_local = via_gate_is_local (via_door_address (message), headers),
  };
}

void
via_http_send_reply (SoupServerMessage *message, const ViaReply *reply)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  SoupMessageBody *body = soup_server_message_get_response_body (message);

  for (guint i = 0; i + 1 < reply->headers->len; i += 2)
    soup_message_headers_append (
        headers, reply->headers->pdata[i], reply->headers->pdata[i + 1]);
  if (reply->body != NULL && g_bytes_get_size (reply->body) > 0)
    soup_message_body_append_bytes (body, reply->body);
  soup_message_body_complete (body);
  if (reply->status != 204)
    soup_message_headers_set_content_length (
        headers, reply->body != NULL ? g_bytes_get_size (reply->body) : 0);
  soup_server_message_set_status (
      message, reply->status, via_reply_reason (reply->status));
}

/* --- requests --- */

/* A page elsewhere may not start a session at a server for this machine. */
static gboolean
refuse_foreign_page (
    ViaHttpServer *self, SoupServerMessage *message, ViaReply *reply)
{
  gboolean is_start = !strcmp (soup_server_message_get_method (message), "POST")
                      || via_server_room_is_upgrade (message);

  if (!is_start
      || via_gate_allows_page (self->gate, via_door_address (message),
          soup_server_message_get_request_headers (message)))
    return FALSE;
  via_reply_problem (
      reply, 403, "This server does not answer pages from there");
  return TRUE;
}

static gboolean
on_check (
    gpointer user, SoupServerMessage *message, gint64 length, ViaReply *reply)
{
  ViaHttpServer *self = user;
  ViaRequest request;

  if (soup_server_message_get_uri (message) == NULL)
    return FALSE;
  if (refuse_foreign_page (self, message, reply))
    return TRUE;
  via_http_read_request (self, message, &request);
  if (!via_gate_enter (self->gate,
          soup_server_message_get_request_headers (message), &request,
          g_get_monotonic_time (), g_get_real_time () / G_USEC_PER_SEC, reply))
    return TRUE;
  guest_of (self, message)->roles = request.roles;
  if (via_server_room_is_upgrade (message)
      && !via_server_room_may_enter (self, &request, reply))
    return TRUE;
  guest_of (self, message)->has_token = request.has_token;
  return length > VIA_HTTP_BODY_MAX
         && via_wish_refuse_early (self->wish, &request, length, reply);
}

/* Of a POST alone: who does not get the answer to a PATCH still has a session.
 */
static GQuark
id_quark (void)
{
  return g_quark_from_static_string ("via-http-session");
}

static gboolean
is_of (gpointer id, gpointer message, gpointer wanted)
{
  return message == wanted;
}

/* The answer could not be written: the player is gone. */
static void
on_aborted (SoupServer *soup, SoupServerMessage *message, gpointer user)
{
  ViaHttpServer *self = user;
  const gchar *id = g_object_get_qdata (G_OBJECT (message), id_quark ());

  if (id != NULL)
    via_wish_abandon (self->wish, id);
  g_hash_table_foreach_remove (self->pending, is_of, message);
}

/* --- calls from elsewhere --- */

typedef struct
{
  ViaHttpServer *self;
  gchar *id;
  gchar *sdp;
  GError *error;
  gpointer message; /* which one timed out; only compared */
  gchar *type;      /* of a report */
  guint status;
  void (*run) (ViaHttpServer *self, const gchar *id);
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->id);
  g_free (call->sdp);
  g_free (call->type);
  g_clear_error (&call->error);
  g_free (call);
}

void
via_http_post (ViaHttpServer *self, guint ms, GSourceFunc func, gpointer data,
    GDestroyNotify destroy)
{
  GSource *source = ms > 0 ? g_timeout_source_new (ms) : g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, func, data, destroy);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static void
finish_pending (ViaHttpServer *self, const gchar *id,
    SoupServerMessage *message, const ViaReply *reply)
{
  via_http_send_reply (message, reply);
  soup_server_message_unpause (message);
  g_hash_table_remove (self->pending, id);
}

/* FALSE: no session waits there. */
static gboolean
run_answer_of (ViaHttpServer *self, const Call *call)
{
  SoupServerMessage *message = g_hash_table_lookup (self->pending, call->id);
  g_auto (ViaReply) reply = {0};

  if (message == NULL)
    return FALSE;
  via_reply_init (&reply);
  if (!via_wish_answer (self->wish, call->id, call->sdp, call->error,
          guest_of (self, message)->base, &reply))
    return FALSE;
  finish_pending (self, call->id, message, &reply);
  return TRUE;
}

static gboolean
run_answer (gpointer data)
{
  Call *call = data;

  run_answer_of (call->self, call);
  return G_SOURCE_REMOVE;
}

void
via_http_server_answer (
    ViaHttpServer *self, const gchar *id, const gchar *sdp, const GError *error)
{
  Call *call = g_new0 (Call, 1);

  call->self = self;
  call->id = g_strdup (id);
  call->sdp = g_strdup (sdp);
  call->error = error != NULL ? g_error_copy (error) : NULL;
  via_http_post (self, 0, run_answer, call, call_free);
}

static gboolean
run_report (gpointer data)
{
  Call *call = data;
  SoupServerMessage *message =
      g_hash_table_lookup (call->self->pending, call->id);
  g_auto (ViaReply) reply = {0};

  if (message == NULL)
    return G_SOURCE_REMOVE;
  via_reply_init (&reply);
  via_reply_text (&reply, call->status, call->type,
      call->sdp != NULL ? call->sdp : "no answer\n");
  via_reply_header (&reply, "Cache-Control", "no-store");
  finish_pending (call->self, call->id, message, &reply);
  return G_SOURCE_REMOVE;
}

/* Too late: what is being made for the player is dropped with it. */
static gboolean
run_timeout (gpointer data)
{
  Call *call = data;
  ViaHttpServer *self = call->self;

  if (g_hash_table_lookup (self->pending, call->id) == call->message) {
    if (via_wish_is_starting (self->wish, call->id))
      self->funcs.bye (self->user, call->id);
    if (!run_answer_of (self, call))
      run_report (data);
  }
  return G_SOURCE_REMOVE;
}

void
via_http_server_report (ViaHttpServer *self, const gchar *ticket, guint status,
    const gchar *type, const gchar *text)
{
  Call *call = g_new0 (Call, 1);

  call->self = self;
  call->id = g_strdup (ticket);
  call->sdp = g_strdup (text);
  call->type = g_strdup (type);
  call->status = status;
  via_http_post (self, 0, run_report, call, call_free);
}

static gboolean
run_call (gpointer data)
{
  Call *call = data;

  call->run (call->self, call->id);
  return G_SOURCE_REMOVE;
}

static void
post_id (ViaHttpServer *self, const gchar *id,
    void (*run) (ViaHttpServer *, const gchar *))
{
  Call *call = g_new0 (Call, 1);

  call->self = self;
  call->id = g_strdup (id);
  call->run = run;
  via_http_post (self, 0, run_call, call, call_free);
}

static void
run_connected (ViaHttpServer *self, const gchar *id)
{
  via_wish_connected (self->wish, id);
  if (self->sockets != NULL)
    via_roomsockets_connected (self->sockets, id);
}

void
via_http_server_connected (ViaHttpServer *self, const gchar *id)
{
  post_id (self, id, run_connected);
}

static void
run_end (ViaHttpServer *self, const gchar *id)
{
  SoupServerMessage *message = g_hash_table_lookup (self->pending, id);
  g_auto (ViaReply) reply = {0};

  if (message != NULL && via_wish_is_starting (self->wish, id))
    return; /* its answer says why, and ends it */
  via_server_events_end (self, id);
  via_wish_end (self->wish, id);
  if (message == NULL)
    return;
  via_reply_init (&reply);
  via_reply_problem (&reply, 404, "The session is over");
  finish_pending (self, id, message, &reply);
}

void
via_http_server_end (ViaHttpServer *self, const gchar *id)
{
  post_id (self, id, run_end);
}

void
via_http_server_after (ViaHttpServer *self, guint ms, GSourceFunc func,
    gpointer data, GDestroyNotify destroy)
{
  via_http_post (self, MAX (ms, 1), func, data, destroy);
}

/* libsoup does not look at the socket of a paused message: hence the limit. */
static void
wait_for_answer (
    ViaHttpServer *self, SoupServerMessage *message, const gchar *id)
{
  Call *call = g_new0 (Call, 1);

  g_hash_table_insert (self->pending, g_strdup (id), g_object_ref (message));
  if (via_wish_is_starting (self->wish, id))
    g_object_set_qdata_full (
        G_OBJECT (message), id_quark (), g_strdup (id), g_free);
  soup_server_message_pause (message);
  call->self = self;
  call->id = g_strdup (id);
  call->message = message;
  call->status = 503; /* if it is a report that does not come */
  call->type = g_strdup ("text/plain; charset=utf-8");
  call->error = g_error_new_literal (
      VIA_ERROR, VIA_ERROR_STATE, "The server has no answer now");
  via_http_post (self, ANSWER_MS, run_timeout, call, call_free);
}

/* FALSE: it is no address of these. */
static gboolean
try_report (ViaHttpServer *self, SoupServerMessage *message,
    const ViaRequest *request, ViaReply *reply)
{
  g_autofree gchar *ticket = NULL;
  ViaReportKind kind;
  ViaReportsResult result = self->report != NULL ? via_reports_request (
                                self->path, request, reply, &kind)
                                                 : VIA_REPORTS_NOT_OURS;

  if (result == VIA_REPORTS_WAIT) {
    ticket = g_strdup_printf ("report-%u", self->n_tickets++);
    wait_for_answer (self, message, ticket);
    self->report (self->user, ticket, kind, self->path);
  } else if (result == VIA_REPORTS_REPLIED) {
    via_http_send_reply (message, reply);
  }
  return result != VIA_REPORTS_NOT_OURS;
}

static void
on_request (SoupServer *soup, SoupServerMessage *message, const char *path,
    GHashTable *query, gpointer user)
{
  ViaHttpServer *self = user;
  g_auto (ViaReply) reply = {0};
  gchar id[VIA_WISH_ID_LEN + 1];
  ViaRequest request;
  ViaWishResult result;

  if (via_server_room_request (self, message, path))
    return;
  via_reply_init (&reply);
  via_http_read_request (self, message, &request);
  via_server_room_count (self, request.address);
  result = via_wish_request (self->wish, &request, &reply, id);
  if (result == VIA_WISH_EVENTS) {
    via_server_events_take (self, message, id);
    return;
  }
  if (result == VIA_WISH_EVENTS_END)
    via_server_events_drop (self, id, &request);
  if (result == VIA_WISH_WAIT) {
    wait_for_answer (self, message, id);
    return;
  }
  if (result == VIA_WISH_NOT_OURS
      && try_report (self, message, &request, &reply))
    return;
  if (result == VIA_WISH_NOT_OURS
      && !via_pages_request (self->path, self->page, &request, &reply))
    via_reply_problem (&reply, 404, "There is nothing at this address");
  via_http_send_reply (message, &reply);
}

/* --- the thread --- */

static void
wind_down (ViaHttpServer *self)
{
  gint64 end = g_get_monotonic_time () + STOP_MS * G_TIME_SPAN_MILLISECOND;

  g_clear_pointer (&self->sockets, via_roomsockets_free);
  g_clear_pointer (&self->events, via_events_free);
  via_door_stop (self->door);
  g_hash_table_remove_all (self->pending);
  soup_server_disconnect (self->soup);
  while (via_door_count (self->door) > 0 && g_get_monotonic_time () < end) {
    if (!g_main_context_iteration (self->context, FALSE))
      g_usleep (1000);
  }
  while (g_main_context_iteration (self->context, FALSE))
    ;
}

static gpointer
thread_main (gpointer data)
{
  ViaHttpServer *self = data;

  g_main_context_push_thread_default (self->context);
  self->events = via_events_new ();
  self->soup = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->soup, NULL, on_request, self, NULL);
  soup_server_add_handler (self->soup, self->room_path, on_request, self, NULL);
  via_server_room_open (self);
  g_signal_connect (
      self->soup, "request-aborted", G_CALLBACK (on_aborted), self);
  via_door_start (self->door, self->soup, self->cert.certificate, self->gate,
      on_check, self);
  while (!g_atomic_int_get (&self->is_stopping))
    g_main_context_iteration (self->context, TRUE);
  wind_down (self);
  via_door_free (self->door);
  g_object_unref (self->soup);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* --- start --- */

/* Two libsoups in one process abort it. */
gboolean
via_http_server_check (GError **error)
{
  void *old = dlopen ("libsoup-2.4.so.1", RTLD_LAZY | RTLD_NOLOAD);

  if (old == NULL)
    return TRUE;
  dlclose (old);
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
      "webrtcserver needs libsoup 3, but this process has loaded libsoup 2.4 "
      "(two of them cannot live together)");
  return FALSE;
}

static gboolean
check_path (const gchar *path, GError **error)
{
  if (path != NULL && path[0] != '\0' && path[0] != '.'
      && strspn (path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789-_.")
             == strlen (path))
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "path=%s: one word of letters, digits, '-', '_' and '.'",
      path != NULL ? path : "");
  return FALSE;
}

static gboolean
load_certificate (ViaHttpServer *self, const ViaHttpConfig *config,
    const gchar *address, GError **error)
{
  g_autoptr (GInetAddress) inet = g_inet_address_new_from_string (address);
  const gchar *hosts[] = {address, "localhost", g_get_host_name (), NULL};

  if (config->certificate != NULL && *config->certificate != '\0')
    return via_tlscert_load_file (&self->cert, config->certificate, error);
  if (g_inet_address_get_is_loopback (inet))
    return TRUE;
  return via_tlscert_load (&self->cert, config->data_directory, hosts, error);
}

void
via_http_server_unref (ViaHttpServer *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_clear_pointer (&self->wish, via_wish_free);
  g_clear_pointer (&self->pending, g_hash_table_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  via_gate_free (self->gate);
  via_tlscert_clear (&self->cert);
  g_free (self->path);
  g_free (self->room_path);
  g_free (self->page);
  g_free (self->url);
  g_free (self);
}

ViaHttpServer *
via_http_server_ref (ViaHttpServer *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
make_wish (ViaHttpServer *self, const ViaHttpConfig *config,
    const ViaWishFuncs *funcs, gpointer user)
{
  ViaWishConfig wish = {.path = config->path,
      .max_peers = config->max_peers,
      .max_per_address = config->max_per_address,
      .strict_etag = config->strict_etag,
      .counter_offer = config->counter_offer,
      .rng = config->rng};

  self->path = g_strdup (config->path);
  self->page = g_strdup (config->page);
  self->context = g_main_context_new ();
  self->funcs = *funcs;
  self->room = config->room;
  self->room_path = g_strdup_printf ("/%s/ws", config->path);
  self->report = config->report;
  self->look = config->look;
  self->user = user;
  self->wish = via_wish_new (&wish, funcs, user);
  self->pending =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
}

ViaHttpServer *
via_http_server_new (const ViaHttpConfig *config, const ViaWishFuncs *funcs,
    gpointer user, GError **error)
{
  const gchar *address = config->address;
  g_autoptr (ViaHttpServer) self = g_new0 (ViaHttpServer, 1);
  const gchar *public_url;
  ViaDoor *door;

  g_atomic_ref_count_init (&self->refs);
  if (!g_strcmp0 (address, "localhost"))
    address = "127.0.0.1";
  self->gate = via_gate_new (&config->gate, error);
  if (self->gate == NULL || !check_path (config->path, error))
    return NULL;
  door = via_door_new (address != NULL ? address : "", config->port, error);
  if (door == NULL)
    return NULL;
  if (!load_certificate (self, config, address, error)) {
    via_door_free (door);
    return NULL;
  }
  self->door = door;
  self->port = via_door_port (door);
  via_gate_listens (self->gate, via_door_is_loopback (door),
      self->cert.certificate != NULL, self->port);
  public_url = via_gate_public_url (self->gate);
  self->url = public_url != NULL
                  ? g_strdup_printf ("%s/%s/", public_url, config->path)
                  : via_serverurl_new (address, self->port,
                      self->cert.certificate != NULL, config->path);
  make_wish (self, config, funcs, user);
  return g_steal_pointer (&self);
}

void
via_http_server_start (ViaHttpServer *self)
{
  self->thread = g_thread_new ("via-http", thread_main, self);
}

void
via_http_server_stop (ViaHttpServer *self)
{
  g_atomic_int_set (&self->is_stopping, 1);
  g_main_context_wakeup (self->context);
  if (self->thread != NULL)
    g_thread_join (self->thread);
  else
    via_door_free (self->door);
  via_http_server_unref (self);
}

guint
via_http_server_port (const ViaHttpServer *self)
{
  return self->port;
}

const gchar *
via_http_server_url (const ViaHttpServer *self)
{
  return self->url;
}

const gchar *
via_http_server_sha256 (const ViaHttpServer *self)
{
  return self->cert.sha256;
}
