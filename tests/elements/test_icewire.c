/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_icewire.c – wires of one process find each other in a network of their
 * own and exchange datagrams. VIA_TEST_LONG=1 adds what takes ICE's timeouts.
 */
#include "io/icewire.h"

#include "netns.h"
#include "process.h"
#include "relay.h"
#include "wires.h"

#include <gst/gst.h>
#include <string.h>

#define WAIT (20 * G_TIME_SPAN_SECOND)

static void
do_nothing (gpointer data)
{
}

/* --- connecting --- */

static void
test_connect_two_wires_exchange_datagrams (void)
{
  Pair pair;
  ViaDatagram hello = {(const guint8 *) "\x80hello", 6};
  ViaDatagram world = {(const guint8 *) "\x80world", 6};
  Selected selected = {&pair.a};
  const gchar *got;

  pair_open (&pair);
  selected = end_selected (&pair.a);
  g_assert_false (selected.is_selected);
  g_assert_cmpuint (end_send (&pair.a, &hello, 1).taken, ==, 0);
  pair_connect (&pair);

  g_assert_cmpuint (end_send (&pair.a, &hello, 1).taken, ==, 1);
  g_assert_true (end_receives (&pair.b, 1));
  g_assert_cmpuint (end_send (&pair.b, &world, 1).taken, ==, 1);
  g_assert_true (end_receives (&pair.a, 1));
  got = g_bytes_get_data (pair.b.received->pdata[0], NULL);
  g_assert_cmpmem (
      got, g_bytes_get_size (pair.b.received->pdata[0]), hello.data, hello.len);
  got = g_bytes_get_data (pair.a.received->pdata[0], NULL);
  g_assert_cmpmem (
      got, g_bytes_get_size (pair.a.received->pdata[0]), world.data, world.len);

  selected = end_selected (&pair.a);
  g_assert_true (selected.is_selected);
  g_assert_true (g_str_has_prefix (selected.local, "host 192.0.2."));
  g_assert_nonnull (strstr (selected.remote, " 192.0.2."));
  selected_clear (&selected);
  pair_close (&pair);
}

static void
test_connect_candidates_are_udp_hosts_without_link_local (void)
{
  Pair pair;

  pair_open (&pair);
  pair_connect (&pair);
  g_assert_true (end_gathers (&pair.a));
  g_assert_cmpuint (pair.a.candidates->len, ==, 2); /* one per address */
  for (guint i = 0; i < pair.a.candidates->len; i++) {
    const gchar *text = pair.a.candidates->pdata[i];

    g_assert_true (g_str_has_prefix (text, "candidate:"));
    g_assert_nonnull (strstr (text, " UDP "));
    g_assert_nonnull (strstr (text, " 192.0.2."));
    g_assert_nonnull (strstr (text, " typ host"));
  }
  g_assert_cmpint (
      g_array_index (pair.a.states, ViaIceState, 0), ==, VIA_ICE_CHECKING);
  pair_close (&pair);
}

static void
test_connect_candidates_before_credentials_are_kept (void)
{
  Pair pair;

  pair_open (&pair);
  end_gather (&pair.a);
  end_gather (&pair.b);
  g_assert_true (end_gathers (&pair.a));
  g_assert_true (end_gathers (&pair.b));
  via_loop_call (pair.a.loop, do_nothing, NULL);
  via_loop_call (pair.b.loop, do_nothing, NULL);
  pair_connect (&pair);
  pair_close (&pair);
}

static void
test_connect_lite_remote_makes_us_control (void)
{
  Pair pair;
  ViaIceConfig controlled = {0};

  pair_open_with (&pair, &controlled, &controlled);
  end_meet (&pair.a, &pair.b, TRUE);
  pair_connect (&pair); /* the same credentials again: nothing new */
  pair_close (&pair);
}

static void
test_connect_port_range_is_kept (void)
{
  Pair pair;
  ViaIceConfig a = {
      .is_controlling = TRUE, .min_port = 42000, .max_port = 42009};
  ViaIceConfig b = {.min_port = 42000, .max_port = 42009};

  pair_open_with (&pair, &a, &b);
  pair_connect (&pair);
  g_assert_true (end_gathers (&pair.b));
  for (guint i = 0; i < pair.b.candidates->len; i++)
    g_assert_nonnull (strstr (pair.b.candidates->pdata[i], " 4200"));
  pair_close (&pair);
}

/* --- sending --- */

#define N_MANY 200
#define SIZE 1200

static void
assert_received (End *end, const ViaDatagram *datagrams, guint n)
{
  g_assert_true (end_receives (end, n));
  g_assert_cmpuint (end->received->len, ==, n);
  for (guint i = 0; i < n; i++) {
    gsize len;
    const guint8 *data = g_bytes_get_data (end->received->pdata[i], &len);

    g_assert_cmpmem (data, len, datagrams[i].data, datagrams[i].len);
  }
}

static guint8 *
make_datagrams (ViaDatagram *datagrams, guint n, guint max_len, gboolean equal)
{
  ViaSeededRng rng;
  guint8 *bytes = g_malloc (n * max_len);

  via_seeded_rng_init (&rng, 7);
  rng.parent.fill (&rng.parent, bytes, n * max_len);
  for (guint i = 0; i < n; i++) {
    guint len = equal ? max_len : 1 + via_rng_u32 (&rng.parent) % max_len;

    bytes[i * max_len] = 0x80; /* not STUN */
    datagrams[i] = (ViaDatagram){bytes + i * max_len, len};
  }
  return bytes;
}

static void
test_send_equal_sizes_to_direct_pair_uses_gso (void)
{
  Pair pair;
  ViaDatagram datagrams[N_MANY];
  g_autofree guint8 *bytes = make_datagrams (datagrams, N_MANY, SIZE, TRUE);
  Send sent;

  datagrams[N_MANY / 2 - 1].len = 700; /* a shorter last one each time */
  datagrams[N_MANY - 1].len = 1;
  pair_open (&pair);
  pair_connect (&pair);
  sent = end_send (&pair.a, datagrams, N_MANY / 2);
  g_assert_cmpuint (sent.taken, ==, N_MANY / 2);
  g_assert_true (end_receives (&pair.b, N_MANY / 2)); /* spares the buffer */
  sent = end_send (&pair.a, datagrams + N_MANY / 2, N_MANY / 2);
  g_assert_cmpuint (sent.taken, ==, N_MANY / 2);
  assert_received (&pair.b, datagrams, N_MANY);

  g_assert_cmpuint (sent.counters.gso_datagrams, ==, N_MANY);
  g_assert_cmpuint (sent.counters.gso_calls, <=, 6);
  g_assert_cmpuint (sent.counters.plain_calls, ==, 0);
  g_assert_cmpuint (sent.counters.relayed, ==, 0);
  g_assert_cmpuint (sent.counters.dropped, ==, 0);
  pair_close (&pair);
}

static void
test_send_mixed_sizes_arrive_in_order (void)
{
  Pair pair;
  ViaDatagram datagrams[N_MANY];
  g_autofree guint8 *bytes = make_datagrams (datagrams, N_MANY, SIZE, FALSE);
  Send sent = {0};

  pair_open (&pair);
  pair_connect (&pair);
  for (guint i = 0; i < N_MANY; i += 40) {
    sent = end_send (&pair.a, datagrams + i, 40);
    g_assert_cmpuint (sent.taken, ==, 40);
    g_assert_true (end_receives (&pair.b, i + 40));
  }
  assert_received (&pair.b, datagrams, N_MANY);
  g_assert_cmpuint (
      sent.counters.gso_datagrams + sent.counters.plain_datagrams, ==, N_MANY);
  g_assert_cmpuint (sent.counters.plain_datagrams, >, 0);
  g_assert_cmpuint (
      sent.counters.gso_calls + sent.counters.plain_calls, <, N_MANY);
  pair_close (&pair);
}

/* --- closing --- */

static void
test_free_inside_a_datagram_callback_ends_them (void)
{
  Pair pair;
  ViaDatagram datagrams[10];
  g_autofree guint8 *bytes = make_datagrams (datagrams, 10, 100, TRUE);

  pair_open (&pair);
  pair.b.frees_in_datagram = TRUE;
  pair_connect (&pair);
  end_send (&pair.a, datagrams, 10);
  g_assert_true (end_receives (&pair.b, 1));
  via_loop_call (pair.b.loop, do_nothing, NULL);
  g_assert_cmpuint (pair.b.received->len, ==, 1);
  g_assert_null (pair.b.wire);
  pair_close (&pair);
}

static void
test_free_inside_a_state_callback_ends_them (void)
{
  Pair pair;

  pair_open (&pair);
  pair.a.frees_in_state = TRUE;
  end_meet (&pair.a, &pair.b, FALSE);
  end_meet (&pair.b, &pair.a, FALSE);
  end_gather (&pair.a);
  end_gather (&pair.b);
  g_assert_true (end_reaches (&pair.a, VIA_ICE_CONNECTED));
  via_loop_call (pair.a.loop, do_nothing, NULL);
  g_assert_null (pair.a.wire);
  g_assert_cmpint (
      g_array_index (pair.a.states, ViaIceState, pair.a.states->len - 1), ==,
      VIA_ICE_CONNECTED);
  pair_close (&pair);
}

static void
test_close_fifty_wires_leaves_no_descriptor_or_thread (void)
{
  ViaLoop *holder = via_loop_acquire ();
  ViaIceConfig config = {.is_controlling = TRUE};
  guint n_fds, n_threads;
  gint64 until;

  { /* what GIO starts once and keeps */
    Pair pair;

    pair_open (&pair);
    pair_connect (&pair);
    end_clear (&pair.a);
    end_clear (&pair.b);
  }
  until = g_get_monotonic_time () + WAIT;
  while (via_icewire_alive () > 0 && g_get_monotonic_time () < until)
    g_usleep (1000);
  n_fds = via_test_count_fds ();
  n_threads = via_test_count_threads ("");
  for (guint i = 0; i < 50; i++) {
    End end;

    end_init (&end);
    end_new (&end, &config);
    end_gather (&end);
    if (i % 2 == 0)
      g_assert_true (end_gathers (&end));
    end_clear (&end);
  }
  until = g_get_monotonic_time () + WAIT;
  while (via_icewire_alive () > 0 && g_get_monotonic_time () < until)
    g_usleep (1000);
  g_assert_cmpuint (via_icewire_alive (), ==, 0);
  g_assert_cmpuint (via_test_count_fds (), ==, n_fds);
  g_assert_cmpuint (via_test_count_threads (""), <=, n_threads);
  via_loop_release (holder);
}

static void
test_close_far_end_vanishes_fails_within_15_s (void)
{
  Pair pair;
  gint64 start;
  ViaDatagram hello = {(const guint8 *) "\x80hello", 6};

  pair_open (&pair);
  pair_connect (&pair);
  start = g_get_monotonic_time ();
  via_loop_call (pair.b.loop, end_free_wire, &pair.b);
  g_assert_true (end_reaches (&pair.a, VIA_ICE_FAILED));
  g_assert_cmpint (
      g_get_monotonic_time () - start, <=, 15 * G_TIME_SPAN_SECOND);
  g_test_message ("failed after %.1f s",
      (gdouble) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND);
  g_assert_cmpuint (end_send (&pair.a, &hello, 1).taken, ==, 0);
  pair_close (&pair);
}

/* --- what is refused --- */

typedef struct
{
  const gchar *text;
  gboolean is_taken;
  gint code; /* -1: no error */
} CandidateCase;

static const CandidateCase candidate_cases[] = {
    {"candidate:1 1 UDP 2122260223 192.0.2.2 5000 typ host", TRUE, -1},
    {"a=candidate:1 1 udp 2122260222 192.0.2.2 5001 typ host", TRUE, -1},
    {"candidate:1 1 UDP 2122260223 4e5f-a.local 5000 typ host", FALSE, -1},
    {"candidate:1 1 TCP 2122260223 192.0.2.2 9 typ host tcptype active", FALSE,
        -1},
    {"candidate:1 1 ssltcp 2122260223 192.0.2.2 443 typ host", FALSE, -1},
    {"candidate:1 2 UDP 2122260223 192.0.2.2 5000 typ host", FALSE, -1},
    {"candidate:1 1 UDP 2122260223 fe80::1 5000 typ host", FALSE, -1},
    {"candidate:1 1 UDP 2122260223 169.254.1.1 5000 typ host", FALSE, -1},
    {"candidate:1 1 UDP 2122260223 224.0.0.1 5000 typ host", FALSE, -1},
    {"candidate:1 1 UDP 2122260223 example.org 5000 typ host", FALSE, -1},
    {"nonsense", FALSE, VIA_ERROR_SYNTAX},
    {"candidate:1 1 UDP x 192.0.2.2 5000 typ host", FALSE, VIA_ERROR_SYNTAX},
};

static void
step_try_candidates (gpointer data)
{
  End *end = data;

  for (guint i = 0; i < G_N_ELEMENTS (candidate_cases); i++) {
    const CandidateCase *c = &candidate_cases[i];
    g_autoptr (GError) error = NULL;
    gboolean is_taken = via_icewire_add_candidate (end->wire, c->text, &error);

    g_test_message ("%s", c->text);
    g_assert_cmpint (is_taken, ==, c->is_taken);
    if (c->code < 0)
      g_assert_no_error (error);
    else
      g_assert_error (error, VIA_ERROR, c->code);
  }
}

static void
step_flood_candidates (gpointer data)
{
  End *end = data;
  guint n_taken = 0;

  for (guint i = 0; i < 1000; i++) {
    g_autofree gchar *text = g_strdup_printf (
        "candidate:1 1 UDP 2122260223 192.0.2.2 %u typ host", 20000 + i);
    n_taken += via_icewire_add_candidate (end->wire, text, NULL) ? 1 : 0;
  }
  g_assert_cmpuint (n_taken, ==, 64 - 2);
}

static void
step_bad_credentials (gpointer data)
{
  static const gchar *const bad[][2] = {
      {"abc", "0123456789012345678901"},
      {"abcd", "012345678901234567890"},
      {"ab d", "0123456789012345678901"},
      {"abcd", "012345678901234567890\n"},
      {NULL, NULL},
  };
  End *end = data;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_false (via_icewire_set_remote (
        end->wire, bad[i][0], bad[i][1], FALSE, &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
  }
}

static void
step_good_credentials (gpointer data)
{
  End *end = data;

  g_assert_true (via_icewire_set_remote (
      end->wire, "abcd", "0123456789012345678901", FALSE, NULL));
}

static void
step_changed_credentials (gpointer data)
{
  End *end = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (via_icewire_set_remote (
      end->wire, "abce", "0123456789012345678901", FALSE, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
}

static void
test_remote_junk_is_refused_or_dropped (void)
{
  ViaIceConfig config = {.is_controlling = TRUE};
  End end;

  end_init (&end);
  end_new (&end, &config);
  via_loop_call (end.loop, step_bad_credentials, &end);
  via_loop_call (end.loop, step_good_credentials, &end);
  via_loop_call (end.loop, step_changed_credentials, &end);
  end_gather (&end);
  via_loop_call (end.loop, step_try_candidates, &end);
  via_loop_call (end.loop, step_flood_candidates, &end);
  end_clear (&end);
  g_assert_cmpuint (via_icewire_alive (), ==, 0);
}

typedef struct
{
  End *end;
  ViaIceConfig config;
  gint code;
} ConfigCase;

static void
step_bad_config (gpointer data)
{
  ConfigCase *c = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (
      via_icewire_new (c->end->loop, &c->config, &end_funcs, c->end, &error));
  g_assert_error (error, VIA_ERROR, c->code);
  g_assert_null (strstr (error->message, "canary"));
}

static void
test_new_with_wrong_servers_names_the_rule_and_no_password (void)
{
  gchar host[] = "192.0.2.9", name[] = "turn.example", user[] = "kurento";
  gchar password[] = "canary";
  ViaIceServer tls = {host, 5349, user, password, VIA_TURN_TLS};
  ViaIceServer named = {name, 3478, user, password, VIA_TURN_UDP};
  ViaIceServer bare = {host, 3478, NULL, NULL, VIA_TURN_UDP};
  const ViaIceServer *tls_list[] = {&tls, NULL};
  const ViaIceServer *named_list[] = {&named, NULL};
  const ViaIceServer *bare_list[] = {&bare, NULL};
  End end;
  ConfigCase cases[] = {
      {&end, {.turn = tls_list}, VIA_ERROR_UNSUPPORTED},
      {&end, {.turn = named_list}, VIA_ERROR_SETTING},
      {&end, {.turn = bare_list}, VIA_ERROR_SETTING},
      {&end, {.stun = &named}, VIA_ERROR_SETTING},
      {&end, {.min_port = 5001, .max_port = 5000}, VIA_ERROR_SETTING},
  };

  end_init (&end);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    via_loop_call (end.loop, step_bad_config, &cases[i]);
  end_clear (&end);
  g_assert_cmpuint (via_icewire_alive (), ==, 0);
}

/* --- relay --- */

static void
test_relay_only_pair_through_turn_exchanges_datagrams (void)
{
  gchar host[] = "192.0.2.1", user[] = RELAY_USER;
  gchar password[] = RELAY_PASSWORD;
  ViaIceServer server = {host, 3478, user, password, VIA_TURN_UDP};
  const ViaIceServer *turn[] = {&server, NULL};
  ViaIceConfig a = {.is_controlling = TRUE, .relay_only = TRUE, .turn = turn};
  ViaIceConfig b = {.relay_only = TRUE, .turn = turn};
  ViaDatagram datagrams[20];
  g_autofree guint8 *bytes = make_datagrams (datagrams, 20, 1000, TRUE);
  Selected selected = {0};
  Relay relay;
  Send sent;
  Pair pair;

  if (!relay_start (&relay, NULL, RELAY_PASSWORDS))
    return;
  pair_open_with (&pair, &a, &b);
  pair_connect (&pair);
  sent = end_send (&pair.a, datagrams, 20);
  g_assert_cmpuint (sent.taken, ==, 20);
  g_assert_cmpuint (sent.counters.relayed, ==, 20);
  g_assert_cmpuint (sent.counters.gso_calls, ==, 0);
  assert_received (&pair.b, datagrams, 20);
  g_assert_true (end_gathers (&pair.a));
  for (guint i = 0; i < pair.a.candidates->len; i++) {
    g_assert_nonnull (strstr (pair.a.candidates->pdata[i], " typ relay"));
    g_assert_nonnull (
        strstr (pair.a.candidates->pdata[i], " raddr 0.0.0.0 rport 0"));
  }
  selected = end_selected (&pair.a);
  g_assert_true (g_str_has_prefix (selected.local, "relay 192.0.2.1:"));
  selected_clear (&selected);
  pair_close (&pair);
  relay_stop (&relay);
}

static void
step_relay_wire (gpointer data)
{
  ConfigCase *c = data;

  c->end->wire =
      via_icewire_new (c->end->loop, &c->config, &end_funcs, c->end, NULL);
  g_assert_nonnull (c->end->wire);
}

static void
test_relay_password_is_in_no_log (void)
{
  gchar host[] = "192.0.2.1", user[] = "kurento", password[] = "canary-7Qx@z";
  ViaIceServer server = {host, 3478, user, password, VIA_TURN_UDP};
  const ViaIceServer *turn[] = {&server, NULL};

  if (g_test_subprocess ()) {
    End end;
    ConfigCase c = {&end, {.turn = turn}, 0};

    gst_debug_set_default_threshold (GST_LEVEL_MAX);
    end_init (&end);
    via_loop_call (end.loop, step_relay_wire, &c);
    end_gather (&end);
    end_clear (&end);
    return;
  }
  g_setenv ("NICE_DEBUG", "all", TRUE);
  g_setenv ("G_MESSAGES_DEBUG", "all", TRUE);
  g_test_trap_subprocess (NULL, 3 * WAIT, 0);
  g_unsetenv ("NICE_DEBUG");
  g_unsetenv ("G_MESSAGES_DEBUG");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*canary*");
  g_test_trap_assert_stdout_unmatched ("*canary*");
  g_test_trap_assert_stderr ("*via-ice*"); /* the log was on */
  g_test_trap_assert_stdout ("*libnice-DEBUG*");
}

/* --- the far end begins anew with the same credentials --- */

static void
step_again (gpointer data)
{
  End *end = data;
  g_autofree gchar *ufrag = g_strdup (via_icewire_ufrag (end->wire));

  via_icewire_again (end->wire);
  g_assert_cmpstr (via_icewire_ufrag (end->wire), ==, ufrag);
}

static void
step_refuse_change (gpointer data)
{
  End *end = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (via_icewire_set_remote (
      end->wire, "other", "passwordOf22LettersLong", FALSE, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
}

static void
stream (End *from, End *to, guint n)
{
  guint n_before = to->received->len;

  for (guint i = 0; i < n; i++) {
    guint8 bytes[3] = {0x80, (guint8) (i >> 8), (guint8) i};
    ViaDatagram datagram = {bytes, sizeof bytes};

    g_assert_cmpuint (end_send (from, &datagram, 1).taken, ==, 1);
    g_usleep (2000);
  }
  g_assert_true (end_receives (to, n_before + n));
}

/* Looked for as if there were no pair; the last one carries on meanwhile. */
static void
test_again_loses_no_datagram_and_no_state (void)
{
  Pair pair;

  pair_open (&pair);
  pair_connect (&pair);
  g_assert_true (end_gathers (&pair.a) && end_gathers (&pair.b));
  via_loop_call (pair.a.loop, step_refuse_change, &pair.a);
  stream (&pair.a, &pair.b, 50);
  via_loop_call (pair.a.loop, step_again, &pair.a);
  via_loop_call (pair.b.loop, step_again, &pair.b);
  stream (&pair.a, &pair.b, 500);
  stream (&pair.b, &pair.a, 100);
  g_assert_cmpint (
      g_array_index (pair.a.states, ViaIceState, pair.a.states->len - 1), ==,
      VIA_ICE_CONNECTED);
  pair_close (&pair);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/icewire/connect", test_connect_two_wires_exchange_datagrams);
  g_test_add_func ("/icewire/connect/candidates",
      test_connect_candidates_are_udp_hosts_without_link_local);
  g_test_add_func ("/icewire/connect/early-candidates",
      test_connect_candidates_before_credentials_are_kept);
  g_test_add_func (
      "/icewire/connect/lite", test_connect_lite_remote_makes_us_control);
  g_test_add_func (
      "/icewire/connect/port-range", test_connect_port_range_is_kept);
  g_test_add_func (
      "/icewire/send/gso", test_send_equal_sizes_to_direct_pair_uses_gso);
  g_test_add_func (
      "/icewire/send/mixed", test_send_mixed_sizes_arrive_in_order);
  g_test_add_func ("/icewire/free/in-datagram",
      test_free_inside_a_datagram_callback_ends_them);
  g_test_add_func (
      "/icewire/free/in-state", test_free_inside_a_state_callback_ends_them);
  g_test_add_func ("/icewire/again", test_again_loses_no_datagram_and_no_state);
  g_test_add_func ("/icewire/close/fifty",
      test_close_fifty_wires_leaves_no_descriptor_or_thread);
  if (g_strcmp0 (g_getenv ("VIA_TEST_LONG"), "1") == 0)
    g_test_add_func (
        "/icewire/close/vanish", test_close_far_end_vanishes_fails_within_15_s);
  else
    g_print ("# long form, with VIA_TEST_LONG=1: /icewire/close/vanish\n");
  g_test_add_func (
      "/icewire/remote/junk", test_remote_junk_is_refused_or_dropped);
  g_test_add_func ("/icewire/servers/wrong",
      test_new_with_wrong_servers_names_the_rule_and_no_password);
  g_test_add_func (
      "/icewire/relay", test_relay_only_pair_through_turn_exchanges_datagrams);
  g_test_add_func ("/icewire/relay-password", test_relay_password_is_in_no_log);
  return g_test_run ();
}
