/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_turn.c – relays in a network namespace: media through
 * them, and what is said of those that do not work. Through the plugin only.
 * kurento_NN: Kurento's own cases.
 */
#include <string.h>

#include <gio/gio.h>

#include "certs.h"
#include "lone.h"
#include "netns.h"
#include "relay.h"

#define PASSWORD RELAY_PASSWORD
#define GOOD RELAY_USER ":canary-7Qx%40z@192.0.2.1:3478"
#define QUIET (GST_SECOND / 2) /* in which nothing more is said */

/* --- relays --- */

/* Whom the next pair is to be relayed by. */
static const gchar *relayed_by;

static void
assert_relayed (Side *caller, Side *callee)
{
  g_autofree gchar *local = pair_of (caller, "local");
  g_autofree gchar *remote = pair_of (caller, "remote");
  g_autoptr (GstMessage) message =
      next_message (caller->pipeline, 0, "selected-pair");
  const GstStructure *pair = gst_message_get_structure (message);

  g_assert_true (g_str_has_prefix (local, "relay 192.0.2.1:"));
  g_assert_true (g_str_has_prefix (remote, "relay 192.0.2.1:"));
  g_assert_cmpstr (gst_structure_get_string (pair, "server"), ==, relayed_by);
  g_assert_cmpstr (gst_structure_get_string (pair, "local-type"), ==, "relay");
}

static void
call_through_relay (const gchar *properties, const gchar *server)
{
  g_autofree gchar *all =
      g_strconcat ("ice-transport-policy=relay ", properties, NULL);

  relayed_by = server;
  call_and_hear (all, all, assert_relayed);
}

static void
test_kurento_22_turn_udp_carries_media (void)
{
  Relay relay;

  if (!relay_start (&relay, NULL, RELAY_PASSWORDS))
    return;
  call_through_relay ("turn-url=" GOOD, "192.0.2.1:3478/udp");
  relay_stop (&relay);
}

static void
test_kurento_23_turn_tcp_carries_media (void)
{
  Relay relay;

  if (!relay_start (&relay, NULL, RELAY_PASSWORDS))
    return;
  call_through_relay ("turn-url=" GOOD "?transport=tcp", "192.0.2.1:3478/tcp");
  relay_stop (&relay);
}

static void
test_turn_secret_makes_credentials (void)
{
  Relay relay;

  if (!relay_start (&relay, NULL, RELAY_SECRET))
    return;
  call_through_relay ("turn-url=turn:192.0.2.1 turn-secret=" RELAY_PASSWORD,
      "192.0.2.1:3478/udp");
  relay_stop (&relay);
}

static void
test_turn_without_password_or_secret_is_an_error (void)
{
  Lone lone;
  g_autofree gchar *text = NULL;

  lone_open (&lone, "turn-url=turn:192.0.2.1");
  g_assert_false (lone_begins (&lone));
  text = next_warning (lone.pipeline);
  g_assert_nonnull (strstr (text, "turn-secret"));
  lone_close (&lone);
}

static void
test_kurento_24_turn_tls_wants_the_right_authority (void)
{
  Relay relay;
  Certs certs;
  Lone lone;
  g_autofree gchar *pem = NULL;
  g_autofree gchar *good = NULL;
  g_autofree gchar *bad = NULL;
  const GstStructure *structure;
  GstMessage *message;

  certs_init (&certs);
  pem = certs_make (&certs, "IP:192.0.2.1", 30);
  good = g_strdup_printf ("turn-url=turns:" RELAY_USER
                          ":canary-7Qx%%40z@192.0.2.1 turn-tls-ca=%s",
      certs.ca);
  bad = g_strdup_printf ("turn-url=" RELAY_USER
                         ":canary-7Qx%%40z@192.0.2.1:5349?transport=tls "
                         "app-data=Alice turn-tls-ca=%s",
      certs.stranger);
  if (!relay_start (&relay, pem, RELAY_PASSWORDS)) {
    certs_clear (&certs);
    return;
  }
  call_through_relay (good, "192.0.2.1:5349/tls");
  lone_open (&lone, bad);
  lone_gather (&lone);
  g_assert_cmpuint (lone_count (&lone, " typ relay"), ==, 0);
  message = next_message (lone.pipeline, 0, "ice-candidate-error");
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (
      gst_structure_get_string (structure, "server"), ==, "192.0.2.1:5349/tls");
  g_assert_nonnull (
      strstr (gst_structure_get_string (structure, "text"), "trusted"));
  g_assert_cmpstr (
      gst_structure_get_string (structure, "app-data"), ==, "Alice");
  gst_message_unref (message);
  lone_close (&lone);
  relay_stop (&relay);
  certs_clear (&certs);
}

/* --- what is said of servers --- */

/* On 192.0.2.1, by other programs than a relay. */
typedef struct
{
  GSocket *silent; /* UDP */
  GSocketService *closing, *chatting;
  guint16 ports[3];
  GMainLoop *loop;
  GThread *thread;
} Strangers;

static gboolean
close_at_once (GSocketService *service, GSocketConnection *connection,
    GObject *source, gpointer data)
{
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  return TRUE;
}

static gboolean
chat (GSocketService *service, GSocketConnection *connection, GObject *source,
    gpointer data)
{
  static const gchar text[] = "220 mail.example.org ESMTP ready for mail\r\n";

  g_output_stream_write (
      g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
      sizeof text - 1, NULL, NULL);
  g_object_set_data_full (
      G_OBJECT (service), "kept", g_object_ref (connection), g_object_unref);
  return TRUE;
}

static GSocketService *
service_new (GCallback func, guint16 *out_port)
{
  GSocketService *service = g_socket_service_new ();
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("192.0.2.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  g_socket_listener_add_address (G_SOCKET_LISTENER (service), any,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  g_signal_connect (service, "incoming", func, NULL);
  *out_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return service;
}

static gpointer
run_strangers (gpointer data)
{
  Strangers *self = data;

  g_main_context_push_thread_default (g_main_loop_get_context (self->loop));
  self->closing = service_new (G_CALLBACK (close_at_once), &self->ports[1]);
  self->chatting = service_new (G_CALLBACK (chat), &self->ports[2]);
  g_main_loop_run (self->loop);
  g_socket_listener_close (G_SOCKET_LISTENER (self->closing));
  g_socket_listener_close (G_SOCKET_LISTENER (self->chatting));
  g_object_unref (self->closing);
  g_object_unref (self->chatting);
  g_main_context_pop_thread_default (g_main_loop_get_context (self->loop));
  return NULL;
}

static gboolean
answer_start (gpointer started)
{
  g_atomic_int_set ((gint *) started, 1);
  return G_SOURCE_REMOVE;
}

static void
strangers_open (Strangers *self)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("192.0.2.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = g_idle_source_new ();
  g_autoptr (GError) error = NULL;
  gint is_started = 0;

  self->silent = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (self->silent, any, FALSE, &error);
  g_assert_no_error (error);
  bound = g_socket_get_local_address (self->silent, &error);
  self->ports[0] =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  self->loop = g_main_loop_new (context, FALSE);
  g_source_set_callback (source, answer_start, &is_started, NULL);
  g_source_attach (source, context);
  self->thread = g_thread_new ("strangers", run_strangers, self);
  while (!g_atomic_int_get (&is_started))
    g_usleep (1000);
}

static void
strangers_close (Strangers *self)
{
  g_main_loop_quit (self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_object_unref (self->silent);
}

/* What the signal said last, in the message's words. */
typedef struct
{
  GMutex lock;
  gchar *server, *text;
  guint code;
} Heard;

static void
keep_error (GstElement *e, const gchar *server, guint code, const gchar *text,
    gpointer data)
{
  Heard *heard = data;

  g_mutex_lock (&heard->lock);
  g_free (heard->server);
  g_free (heard->text);
  heard->server = g_strdup (server);
  heard->text = g_strdup (text);
  heard->code = code;
  g_mutex_unlock (&heard->lock);
}

/* The next ice-candidate-error says so, with whom it is about, and so do a
 * warning before it and the signal after it. */
static void
expect_error (Lone *lone, Heard *heard, const gchar *server, guint code,
    const gchar *text)
{
  g_autofree gchar *warning = next_warning (lone->pipeline);
  g_autoptr (GstMessage) message =
      next_message (lone->pipeline, 0, "ice-candidate-error");
  const GstStructure *structure = gst_message_get_structure (message);
  g_autoptr (GstStructure) tags = NULL;
  gint64 end = g_get_monotonic_time () + LONE_WAIT;
  gboolean is_heard = FALSE;
  guint got = 1;

  g_assert_cmpstr (gst_structure_get_string (structure, "text"), ==, text);
  g_assert_cmpstr (gst_structure_get_string (structure, "server"), ==, server);
  g_assert_true (gst_structure_get_uint (structure, "code", &got));
  g_assert_cmpuint (got, ==, code);
  g_assert_cmpstr (
      gst_structure_get_string (structure, "app-data"), ==, "Alice");
  g_assert_true (
      gst_structure_get (structure, "tags", GST_TYPE_STRUCTURE, &tags, NULL));
  g_assert_cmpstr (gst_structure_get_string (tags, "floor"), ==, "blue");
  g_assert_cmpstr (warning, ==, text);
  while (!is_heard && g_get_monotonic_time () < end) {
    g_mutex_lock (&heard->lock);
    is_heard = g_strcmp0 (heard->text, text) == 0 && heard->code == code
               && g_strcmp0 (heard->server, server) == 0;
    g_mutex_unlock (&heard->lock);
    g_usleep (1000);
  }
  g_assert_true (is_heard);
}

static void
lone_open_who (Lone *self, Heard *heard, const gchar *properties)
{
  g_autofree gchar *all = g_strconcat (
      "app-data=Alice tags=\"tags,floor=blue\" ", properties, NULL);

  memset (heard, 0, sizeof *heard);
  g_mutex_init (&heard->lock);
  lone_open (self, all);
  lone_connect (self, "on-ice-candidate-error", G_CALLBACK (keep_error), heard);
}

static void
lone_close_who (Lone *self, Heard *heard)
{
  lone_close (self);
  g_free (heard->server);
  g_free (heard->text);
  g_mutex_clear (&heard->lock);
}

/* "started" and "done", in this order. */
static void
expect_gathering (Lone *lone)
{
  static const gchar *const states[] = {"started", "done"};

  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstMessage) message =
        next_message (lone->pipeline, 0, "ice-gathering");

    g_assert_cmpstr (
        gst_structure_get_string (gst_message_get_structure (message), "state"),
        ==, states[i]);
  }
}

/* @text with the number of the port in the place of "PORT". (transfer full) */
static gchar *
with_port (const gchar *text, gint port, const Strangers *strangers)
{
  g_auto (GStrv) parts = g_strsplit (text, "PORT", -1);
  g_autofree gchar *number =
      g_strdup_printf ("%u", port >= 0 ? strangers->ports[port] : 0);

  return g_strjoinv (number, parts);
}

/* All at once, since some answers take their time. */
static void
test_each_server_without_a_candidate_is_named_with_the_reason (void)
{
  static const struct
  {
    const gchar *properties; /* PORT: of Strangers */
    gint port;
    const gchar *server, *text;
    guint code;
  } rows[] = {
      {"turn-url=" RELAY_USER ":wrong-%40z@192.0.2.1:3478", -1,
          "192.0.2.1:3478/udp",
          "TURN 401: wrong user or password for 192.0.2.1:3478/udp", 401},
      {"turn-url=nobody:canary-7Qx%40z@192.0.2.1:3478?transport=tcp", -1,
          "192.0.2.1:3478/tcp",
          "TURN 401: wrong user or password for 192.0.2.1:3478/tcp", 401},
      {"turn-url=u:canary-7Qx%40z@192.0.2.1:9", -1, "192.0.2.1:9/udp",
          "TURN: nothing listens at 192.0.2.1:9/udp", 0},
      {"turn-url=u:canary-7Qx%40z@192.0.2.1:9?transport=tcp", -1,
          "192.0.2.1:9/tcp", "TURN: nothing listens at 192.0.2.1:9/tcp", 0},
      {"turn-url=u:canary-7Qx%40z@198.51.100.9:3478", -1,
          "198.51.100.9:3478/udp",
          "TURN: there is no way from here to 198.51.100.9:3478/udp", 0},
      {"stun-server=192.0.2.1:9", -1, "192.0.2.1:9/udp",
          "STUN: nothing listens at 192.0.2.1:9/udp", 0},
      {"turn-url=u:canary-7Qx%40z@192.0.2.1:PORT", 0, "192.0.2.1:PORT/udp",
          "TURN: no answer from 192.0.2.1:PORT/udp", 0},
      {"stun-server=192.0.2.1:PORT", 0, "192.0.2.1:PORT/udp",
          "STUN: no answer from 192.0.2.1:PORT/udp", 0},
      {"turn-url=u:canary-7Qx%40z@192.0.2.1:PORT?transport=tcp", 1,
          "192.0.2.1:PORT/tcp",
          "TURN: 192.0.2.1:PORT/tcp closed the connection without an answer",
          0},
      {"turn-url=u:canary-7Qx%40z@192.0.2.1:PORT?transport=tcp", 2,
          "192.0.2.1:PORT/tcp",
          "TURN: what answers at 192.0.2.1:PORT/tcp is no STUN or TURN server",
          0},
  };
  Lone lones[G_N_ELEMENTS (rows)];
  Heard heard[G_N_ELEMENTS (rows)];
  Strangers strangers;
  Relay relay;

  if (!relay_start (&relay, NULL, RELAY_PASSWORDS))
    return;
  strangers_open (&strangers);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *properties =
        with_port (rows[i].properties, rows[i].port, &strangers);

    lone_open_who (&lones[i], &heard[i], properties);
    g_assert_true (lone_begins (&lones[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *server =
        with_port (rows[i].server, rows[i].port, &strangers);
    g_autofree gchar *text = with_port (rows[i].text, rows[i].port, &strangers);

    g_test_message ("row %u: %s", i, text);
    expect_gathering (&lones[i]);
    expect_error (&lones[i], &heard[i], server, rows[i].code, text);
    g_assert_cmpint (g_atomic_int_get (&lones[i].n_done), ==, 1);
    g_assert_cmpuint (lone_count (&lones[i], " typ host"), >=, 2);
    g_assert_null (strstr (text, PASSWORD));
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    lone_close_who (&lones[i], &heard[i]);
  strangers_close (&strangers);
  relay_stop (&relay);
}

static void
test_quota_is_told_as_486 (void)
{
  Lone first, second;
  Heard heard, more;
  Relay relay;

  if (!relay_start (&relay, NULL, RELAY_QUOTA))
    return;
  lone_open_who (&first, &heard, "turn-url=" GOOD);
  lone_gather (&first);
  g_assert_cmpuint (lone_count (&first, " typ relay"), ==, 1);
  lone_open_who (&second, &more, "turn-url=" GOOD);
  lone_gather (&second);
  expect_error (&second, &more, "192.0.2.1:3478/udp", 486,
      "TURN 486: the user has as many allocations as he may have at "
      "192.0.2.1:3478/udp");
  g_assert_cmpuint (lone_count (&second, " typ relay"), ==, 0);
  lone_close_who (&first, &heard);
  lone_close_who (&second, &more);
  relay_stop (&relay);
}

/* Neither of those that gave something is asked again. */
static void
test_second_server_is_used_and_the_first_is_told (void)
{
  Relay relay;
  Lone lone;
  Heard heard;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) more = NULL;

  if (!relay_start (&relay, NULL, RELAY_PASSWORDS))
    return;
  lone_open_who (&lone, &heard,
      "turn-url=u:p@198.51.100.9," GOOD "," GOOD "?transport=tcp");
  lone_gather (&lone);
  g_assert_cmpuint (lone_count (&lone, " typ relay"), >=, 1);
  expect_error (&lone, &heard, "198.51.100.9:3478/udp", 0,
      "TURN: there is no way from here to 198.51.100.9:3478/udp");
  bus = gst_element_get_bus (lone.pipeline);
  more = gst_bus_timed_pop_filtered (bus, QUIET, GST_MESSAGE_WARNING);
  g_assert_null (more);
  lone_close_who (&lone, &heard);
  relay_stop (&relay);
}

/* Through TLS too, asked by way of the bridge. */
static void
test_wrong_password_over_tls_is_told (void)
{
  Relay relay;
  Certs certs;
  Lone lone;
  Heard heard;
  g_autofree gchar *pem = NULL;
  g_autofree gchar *line = NULL;

  certs_init (&certs);
  pem = certs_make (&certs, "IP:192.0.2.1", 30);
  line = g_strdup_printf (
      "turn-url=turns:" RELAY_USER ":wrong@192.0.2.1 turn-tls-ca=%s", certs.ca);
  if (relay_start (&relay, pem, RELAY_PASSWORDS)) {
    lone_open_who (&lone, &heard, line);
    lone_gather (&lone);
    expect_error (&lone, &heard, "192.0.2.1:5349/tls", 401,
        "TURN 401: wrong user or password for 192.0.2.1:5349/tls");
    lone_close_who (&lone, &heard);
    relay_stop (&relay);
  }
  certs_clear (&certs);
}

/* No server is left without a word, one whose name nobody knows among them. */
static void
test_name_without_an_address_is_told (void)
{
  static const gchar begins[] =
      "the server's host name turn.invalid has no address";
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *structure;
  Heard heard;
  Lone lone;

  lone_open_who (&lone, &heard, "turn-url=u:p@turn.invalid,u:p@192.0.2.1:9");
  g_assert_true (lone_begins (&lone));
  message = next_message (lone.pipeline, 0, "ice-candidate-error");
  structure = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (structure, "server"), ==,
      "turn.invalid:3478/udp");
  g_assert_true (
      g_str_has_prefix (gst_structure_get_string (structure, "text"), begins));
  g_assert_cmpstr (
      gst_structure_get_string (structure, "app-data"), ==, "Alice");
  lone_close_who (&lone, &heard);
}

/* --- what is said of candidates and the pair --- */

typedef struct
{
  guint n[2]; /* local, remote */
  gboolean is_whole;
} Told;

static void
count_candidate (const GstStructure *s, Told *told)
{
  gboolean is_remote =
      g_str_equal (gst_structure_get_string (s, "side"), "remote");
  guint port = 0;

  told->n[is_remote]++;
  gst_structure_get_uint (s, "port", &port);
  told->is_whole =
      told->is_whole
      && g_strcmp0 (gst_structure_get_string (s, "type"), "host") == 0
      && g_strcmp0 (gst_structure_get_string (s, "protocol"), "udp") == 0
      && g_strcmp0 (gst_structure_get_string (s, "app-data"), "Bob") == 0
      && g_str_has_prefix (
          gst_structure_get_string (s, "candidate"), "candidate:")
      && g_str_has_prefix (gst_structure_get_string (s, "address"), "192.0.2.")
      && port > 0;
}

/* As the statistics say it. (transfer full) */
static gchar *
local_of (const GstStructure *pair)
{
  guint port = 0;

  g_assert_true (gst_structure_get_uint (pair, "local-port", &port));
  return g_strdup_printf ("%s %s:%u",
      gst_structure_get_string (pair, "local-type"),
      gst_structure_get_string (pair, "local-address"), port);
}

/* The last one told is the one in use. */
static gboolean
is_in_use (const GstStructure *pair, Side *side)
{
  g_autofree gchar *told = pair != NULL ? local_of (pair) : NULL;
  g_autofree gchar *used = pair_of (side, "local");

  return g_strcmp0 (told, used) == 0;
}

/* Messages come a moment after what they tell of. */
static void
assert_told (Side *caller, Side *callee)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (caller->pipeline);
  g_autoptr (GstStructure) pair = NULL;
  gint64 end = g_get_monotonic_time () + LONE_WAIT;
  Told told = {.is_whole = TRUE};
  GstMessage *message;

  while ((told.n[0] < 2 || told.n[1] < 2 || !is_in_use (pair, caller))
         && g_get_monotonic_time () < end) {
    while ((message = gst_bus_timed_pop_filtered (
                bus, 10 * GST_MSECOND, GST_MESSAGE_ELEMENT))
           != NULL) {
      const GstStructure *s = gst_message_get_structure (message);

      if (gst_structure_has_name (s, "ice-candidate"))
        count_candidate (s, &told);
      if (gst_structure_has_name (s, "selected-pair")) {
        g_clear_pointer (&pair, gst_structure_free);
        pair = gst_structure_copy (s);
      }
      gst_message_unref (message);
    }
  }
  g_assert_cmpuint (told.n[0], ==, 2);
  g_assert_cmpuint (told.n[1], ==, 2);
  g_assert_true (told.is_whole);
  g_assert_nonnull (pair);
  g_assert_null (gst_structure_get_string (pair, "server"));
  g_assert_true (is_in_use (pair, caller));
  g_assert_cmpstr (
      gst_structure_get_string (pair, "remote-protocol"), ==, "udp");
  g_assert_cmpstr (gst_structure_get_string (pair, "app-data"), ==, "Bob");
}

static void
count_signal (GstElement *e, gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
count_candidates (
    GstElement *e, guint mline, const gchar *candidate, gpointer data)
{
  if (g_str_has_prefix (candidate, "candidate:"))
    g_atomic_int_inc ((gint *) data);
}

static void
count_pairs (GstElement *e, GstStructure *pair, gpointer data)
{
  if (gst_structure_has_field (pair, "remote-address"))
    g_atomic_int_inc ((gint *) data);
}

/* By messages, and by signals. */
static void
test_candidates_and_pair_are_told_with_app_data (void)
{
  gint n_started = 0, n_remote = 0, n_pairs = 0;
  gint64 end = g_get_monotonic_time () + 2 * LONE_WAIT;
  Side caller, callee;

  side_start (&caller,
      "audiotestsrc is-live=true ! webrtcendpoint name=e app-data=Bob");
  side_connect (&caller, "on-ice-gathering-started", G_CALLBACK (count_signal),
      &n_started);
  side_connect (&caller, "on-remote-ice-candidate",
      G_CALLBACK (count_candidates), &n_remote);
  side_connect (
      &caller, "on-selected-pair", G_CALLBACK (count_pairs), &n_pairs);
  side_start (&callee, "webrtcendpoint name=e");
  side_call (&caller, &callee, NULL);
  side_wait_received (&callee, 50);
  assert_told (&caller, &callee);
  while ((g_atomic_int_get (&n_remote) < 2 || g_atomic_int_get (&n_pairs) < 1)
         && g_get_monotonic_time () < end)
    g_usleep (1000); /* each comes after its message */
  side_stop (&caller);
  side_stop (&callee);
  g_assert_cmpint (n_started, ==, 1);
  g_assert_cmpint (n_remote, ==, 2);
  g_assert_cmpint (n_pairs, >=, 1);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const gchar *name;
    void (*run) (void);
  } cases[] = {
      {"kurento/22", test_kurento_22_turn_udp_carries_media},
      {"kurento/23", test_kurento_23_turn_tcp_carries_media},
      {"kurento/24", test_kurento_24_turn_tls_wants_the_right_authority},
      {"secret", test_turn_secret_makes_credentials},
      {"secret/missing", test_turn_without_password_or_secret_is_an_error},
      {"failures",
          test_each_server_without_a_candidate_is_named_with_the_reason},
      {"quota", test_quota_is_told_as_486},
      {"several", test_second_server_is_used_and_the_first_is_told},
      {"tls/password", test_wrong_password_over_tls_is_told},
      {"name", test_name_without_an_address_is_told},
      {"told", test_candidates_and_pair_are_told_with_app_data},
  };

  via_test_enter_netns ();
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strconcat ("/turn/", cases[i].name, NULL);

    g_test_add_func (path, cases[i].run);
  }
  return g_test_run ();
}
