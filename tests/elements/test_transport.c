/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_transport.c – the properties that say how packets travel,
 * in a network namespace: what is refused, which candidates there are, what the
 * far end gets. Through the plugin only. kurento_NN: Kurento's own cases.
 */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <gst/gst.h>

#include "certs.h"
#include "lone.h"
#include "netns.h"
#include "process.h"
#include "relay.h"
#include "side.h"

#define PASSWORD RELAY_PASSWORD
#define WAIT LONE_WAIT

/* --- what is refused --- */

/* The text GLib was warned with. */
static gchar *warned;

static void
on_log (
    const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
  g_free (warned);
  warned = g_strdup (text);
}

static void
set_text (GstElement *e, const gchar *property, const gchar *text)
{
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  GLogFunc old = g_log_set_default_handler (on_log, NULL);

  g_clear_pointer (&warned, g_free);
  g_object_set (e, property, text, NULL);
  g_log_set_default_handler (old, NULL);
  g_log_set_always_fatal (fatal);
}

static void
test_bad_text_is_refused_and_the_old_one_stays (void)
{
  static const struct
  {
    const gchar *property, *good, *bad, *says;
  } rows[] = {
      {"turn-url", "u:p@192.0.2.9", "u:" PASSWORD "@999.1:99999", "host"},
      {"turn-url", "u:p@h,v:q@i", "u:" PASSWORD "@h,v:" PASSWORD "@", "host"},
      {"turn-url", "u:p@h", "u:" PASSWORD "@h:99999", "port"},
      {"turn-secret", "north", "a\nb", "control"},
      {"turn-tls-ca", NULL, "/nonexistent.pem", "/nonexistent.pem"},
      {"stun-server", "stun.example", "turn:h", "stun"},
      {"external-ipv4", "203.0.113.7", "203.0.113.700", "IPv4"},
      {"external-ipv4", "203.0.113.7", "2001:db8::1", "IPv4"},
      {"external-ipv4", "203.0.113.7", "0.0.0.0", "IPv4"},
      {"external-ipv6", "2001:db8::1", "203.0.113.7", "IPv6"},
      {"network-interfaces", "eth0,-docker0", "eth0,,lo", "interface"},
      {"network-interfaces", "v0", "an-interface-that-is-long", "interface"},
      {"srtp-profiles", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128", "AES_CM_128"},
      {"srtp-profiles", "AEAD_AES_128_GCM", "AEAD_AES_128_GCM,AEAD_AES_128_GCM",
          "twice"},
      {"qos-dscp", "46", "64", "64"},
      {"qos-dscp", "audio=EF, video=af41", "audio=EF,audio=34", "once"},
      {"qos-dscp", "other=-1", "audio=EF,34", "audio="},
      {"qos-dscp", "CS5", "EF,34", "one code point"},
      {"qos-dscp", "le", "AF44", "AF43"},
      {"certificate", NULL, "/nonexistent.pem", "/nonexistent.pem"},
      {"certificate", NULL,
          "-----BEGIN PRIVATE KEY-----\n" PASSWORD "\n-----END PRIVATE "
          "KEY-----",
          "certificate"},
      {"certificate", NULL, PASSWORD "\n" PASSWORD, "PEM"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstElement) e =
        gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
    g_autofree gchar *before = NULL;
    g_autofree gchar *after = NULL;
    g_autofree gchar *unset = NULL;

    g_test_message ("row %u: %s", i, rows[i].property);
    set_text (e, rows[i].property, rows[i].good);
    g_assert_null (warned);
    g_object_get (e, rows[i].property, &before, NULL);
    set_text (e, rows[i].property, rows[i].bad);
    g_assert_nonnull (warned);
    g_assert_nonnull (strstr (warned, rows[i].property));
    g_assert_nonnull (strstr (warned, rows[i].says));
    g_assert_null (strstr (warned, PASSWORD));
    g_object_get (e, rows[i].property, &after, NULL);
    g_assert_cmpstr (before, ==, after);
    set_text (e, rows[i].property, "");
    g_assert_null (warned);
    g_object_get (e, rows[i].property, &unset, NULL);
    if (!g_str_equal (rows[i].property, "srtp-profiles")
        && !g_str_equal (rows[i].property, "qos-dscp"))
      g_assert_null (unset);
  }
}

static void
test_secrets_read_back_masked (void)
{
  g_autoptr (GstElement) e =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  g_autofree gchar *url = NULL;
  g_autofree gchar *secret = NULL;

  g_object_set (e, "turn-url", "u:" PASSWORD "@h,turns:v:" PASSWORD "@i",
      "turn-secret", PASSWORD, NULL);
  g_object_get (e, "turn-url", &url, "turn-secret", &secret, NULL);
  g_assert_cmpstr (url, ==, "u:***@h,turns:v:***@i");
  g_assert_cmpstr (secret, ==, "***");
}

static void
test_ports_the_wrong_way_round_are_an_error (void)
{
  Lone lone;
  g_autofree gchar *text = NULL;

  lone_open (&lone, "min-port=50010 max-port=50000");
  g_assert_false (lone_begins (&lone));
  text = next_warning (lone.pipeline);
  g_assert_nonnull (strstr (text, "min-port 50010 is above max-port 50000"));
  lone_close (&lone);
}

/* --- addresses and ports --- */

/* Local ports of this process's Internet sockets of @type. */
static GArray *
bound_ports (gint type)
{
  GArray *ports = g_array_new (FALSE, FALSE, sizeof (guint));

  for (gint fd = 3; fd < 4096; fd++) {
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address, n = sizeof (gint);
    gint is = 0;
    guint port;

    if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &is, &n) < 0 || is != type
        || getsockname (fd, (struct sockaddr *) &address, &len) < 0
        || (address.ss_family != AF_INET && address.ss_family != AF_INET6))
      continue;
    port = g_ntohs (((struct sockaddr_in *) &address)->sin_port);
    g_array_append_val (ports, port);
  }
  return ports;
}

static void
test_kurento_17_candidates_and_sockets_are_in_the_range (void)
{
  Lone lone;
  g_autoptr (GArray) ports = NULL;

  lone_open (&lone, "min-port=50000 max-port=50003 ice-tcp=true");
  lone_gather (&lone);
  g_assert_cmpuint (lone_count (&lone, " UDP "), ==, 2); /* v0 and v1 */
  g_assert_cmpuint (lone_count (&lone, "tcptype passive"), ==, 2);
  for (guint i = 0; i < lone.candidates->len; i++) {
    g_auto (GStrv) words = g_strsplit (lone.candidates->pdata[i], " ", -1);
    guint64 port = g_ascii_strtoull (words[5], NULL, 10);

    if (strstr (lone.candidates->pdata[i], "tcptype active") == NULL) {
      g_assert_cmpuint (port, >=, 50000);
      g_assert_cmpuint (port, <=, 50003);
    }
  }
  ports = bound_ports (SOCK_DGRAM);
  g_assert_cmpuint (ports->len, ==, 2);
  for (guint i = 0; i < ports->len; i++)
    g_assert_cmpuint (g_array_index (ports, guint, i) / 4, ==, 50000 / 4);
  lone_close (&lone);
}

static void
test_kurento_18_range_is_used_up_and_free_again (void)
{
  /* Two endpoints per port; 200 in the long form. */
  gboolean is_long = g_strcmp0 (g_getenv ("VIA_TEST_LONG"), "1") == 0;
  guint n_ports = is_long ? 100 : 20;
  static Lone lones[200];
  g_autofree gchar *range =
      g_strdup_printf ("min-port=50100 max-port=%u", 50099 + n_ports);
  g_autofree gchar *properties =
      g_strconcat (range, " network-interfaces=v0", NULL);
  g_autofree gchar *complaint = g_strdup_printf (
      "no port from min-port 50100 to max-port %u", 50099 + n_ports);
  guint n_fds;

  lone_open (&lones[0], ""); /* what is opened once stays */
  lone_gather (&lones[0]);
  lone_close (&lones[0]);
  g_assert_true (via_test_threads_return_to ("via-", 0));
  n_fds = via_test_count_fds ();
  for (guint round = 0; round < 2; round++) {
    guint n_begun = 0, n = round == 0 ? 2 * n_ports : n_ports;

    for (guint i = 0; i < n; i++) {
      lone_open (&lones[i], properties);
      if (lone_begins (&lones[i])) {
        n_begun++;
      } else {
        g_autofree gchar *text = next_warning (lones[i].pipeline);

        g_assert_nonnull (strstr (text, complaint));
      }
    }
    g_assert_cmpuint (n_begun, ==, n_ports);
    for (guint i = 0; i < n; i++)
      lone_close (&lones[i]);
    g_assert_true (via_test_fds_return_to (n_fds));
  }
}

static void
test_interfaces_are_picked_and_left_out (void)
{
  Lone lone;
  g_autofree gchar *text = NULL;

  lone_open (&lone, "network-interfaces=v1");
  lone_gather (&lone);
  g_assert_cmpuint (lone.candidates->len, ==, 1);
  g_assert_cmpuint (lone_count (&lone, " 192.0.2.2 "), ==, 1);
  lone_close (&lone);
  lone_open (&lone, "network-interfaces=-v1");
  lone_gather (&lone);
  g_assert_cmpuint (lone.candidates->len, ==, 1);
  g_assert_cmpuint (lone_count (&lone, " 192.0.2.1 "), ==, 1);
  lone_close (&lone);
  lone_open (&lone, "network-interfaces=none0");
  g_assert_false (lone_begins (&lone));
  text = next_warning (lone.pipeline);
  g_assert_nonnull (strstr (text, "network-interfaces=none0"));
  lone_close (&lone);
}

static void
assert_loopback (Side *caller, Side *callee)
{
  g_autofree gchar *local = pair_of (caller, "local");

  g_assert_true (strstr (local, " 127.0.0.1:") || strstr (local, "[::1]"));
}

static void
test_kurento_19_loopback_alone (void)
{
  Lone lone;

  lone_open (&lone, "network-interfaces=lo");
  lone_gather (&lone);
  g_assert_cmpuint (lone.candidates->len, >=, 1);
  g_assert_cmpuint (
      lone_count (&lone, " 127.0.0.1 ") + lone_count (&lone, " ::1 "), ==,
      lone.candidates->len);
  lone_close (&lone);
  call_and_hear (
      "network-interfaces=lo", "network-interfaces=lo", assert_loopback);
}

static void
test_kurento_20_external_address_stands_in_host_candidates (void)
{
  Lone lone;
  g_autofree gchar *sdp = NULL;

  lone_open (&lone, "external-ipv4=203.0.113.7 ice-tcp=true");
  lone_gather (&lone);
  g_assert_cmpuint (lone.candidates->len, >=, 4);
  g_assert_cmpuint (
      lone_count (&lone, " 203.0.113.7 "), ==, lone.candidates->len);
  g_object_get (lone.endpoint, "local-description", &sdp, NULL);
  g_assert_null (strstr (sdp, "192.0.2."));
  lone_close (&lone);
  /* Nobody answers there, but checks from here are answered. */
  call_and_hear ("external-ipv4=203.0.113.7", "", NULL);
}

static void
test_external_ipv6_leaves_ipv4_alone (void)
{
  Lone lone;

  lone_open (&lone, "external-ipv6=2001:db8::77");
  lone_gather (&lone);
  g_assert_cmpuint (lone_count (&lone, " 192.0.2."), ==, 2);
  g_assert_cmpuint (lone_count (&lone, "2001:db8::77"), ==, 0);
  lone_close (&lone);
}

static void
assert_marked (Side *caller, Side *callee)
{
  guint n = 0;

  for (gint fd = 3; fd < 4096; fd++) {
    gint tos = 0;
    socklen_t len = sizeof tos;

    if (getsockopt (fd, IPPROTO_IP, IP_TOS, &tos, &len) == 0 && tos == 46 << 2)
      n++;
  }
  g_assert_cmpuint (n, >=, 1);
}

static void
test_dscp_is_on_the_sockets (void)
{
  call_and_hear ("qos-dscp=46", "", assert_marked);
}

/* --- DTLS and SRTP --- */

static void
assert_sha1 (Side *caller, Side *callee)
{
  g_autoptr (GstStructure) stats = side_stats (callee);

  g_assert_cmpstr (gst_structure_get_string (stats, "srtp-profile"), ==,
      "AES_CM_128_HMAC_SHA1_80");
}

static void
assert_gcm_256 (Side *caller, Side *callee)
{
  g_autoptr (GstStructure) stats = side_stats (callee);

  g_assert_cmpstr (
      gst_structure_get_string (stats, "srtp-profile"), ==, "AEAD_AES_256_GCM");
}

static void
test_srtp_profiles_are_the_ones_named (void)
{
  call_and_hear ("srtp-profiles=AES_CM_128_HMAC_SHA1_80", "", assert_sha1);
  call_and_hear (
      "", "srtp-profiles=AEAD_AES_256_GCM,AEAD_AES_128_GCM", assert_gcm_256);
}

static void
test_kurento_29_either_side_begins_dtls (void)
{
  call_and_hear ("dtls-role=active", "", NULL);
  call_and_hear ("dtls-role=passive", "", NULL);
  call_and_hear ("", "dtls-role=active", NULL);
  call_and_hear ("dtls-role=active", "dtls-role=passive", NULL);
}

static gchar *
fingerprint_of (Side *side)
{
  g_autofree gchar *sdp = NULL;
  const gchar *at;

  g_object_get (side->endpoint, "local-description", &sdp, NULL);
  at = strstr (sdp, "a=fingerprint:");
  g_assert_nonnull (at);
  return g_strndup (at, strcspn (at, "\r\n"));
}

static gchar *first_fingerprint;

static void
keep_fingerprint (Side *caller, Side *callee)
{
  g_free (first_fingerprint);
  first_fingerprint = fingerprint_of (caller);
}

static void
assert_same_fingerprint (Side *caller, Side *callee)
{
  g_autofree gchar *now = fingerprint_of (caller);

  g_assert_cmpstr (now, ==, first_fingerprint);
}

static void
test_certificate_is_the_one_given (void)
{
  Certs certs;
  g_autofree gchar *file = NULL;
  g_autofree gchar *property = NULL;
  g_autofree gchar *pem = NULL;
  g_autofree gchar *shown = NULL;
  g_autoptr (GstElement) e =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));

  certs_init (&certs);
  file = certs_make (&certs, "DNS:any.test", 30);
  property = g_strdup_printf ("certificate=%s", file);
  call_and_hear (property, "", keep_fingerprint);
  call_and_hear (property, "", assert_same_fingerprint);
  g_assert_true (g_file_get_contents (file, &pem, NULL, NULL));
  g_object_set (e, "certificate", pem, NULL);
  g_object_get (e, "certificate", &shown, NULL);
  g_assert_cmpstr (shown, ==, "***");
  certs_clear (&certs);
  g_clear_pointer (&first_fingerprint, g_free);
}

/* --- signalling --- */

static gchar *
description (Lone *lone)
{
  gchar *sdp = NULL;

  g_object_get (lone->endpoint, "local-description", &sdp, NULL);
  return sdp;
}

static void
test_kurento_26_candidates_in_the_sdp_alone (void)
{
  Lone a, b;
  g_autofree gchar *offer = NULL;
  g_autofree gchar *first = NULL;
  g_autofree gchar *answer = NULL;
  gboolean is_done = FALSE;
  gint64 end = g_get_monotonic_time () + WAIT;
  gint state = 0;

  lone_open (&a, "");
  lone_open (&b, "");
  lone_gather (&a);
  offer = description (&a);
  g_assert_nonnull (strstr (offer, "a=end-of-candidates"));
  g_signal_emit_by_name (b.endpoint, "process-offer", offer, &first);
  g_signal_emit_by_name (b.endpoint, "gather-candidates", &is_done);
  while (g_atomic_int_get (&b.n_done) == 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  answer = description (&b);
  g_signal_emit_by_name (a.endpoint, "process-answer", answer, &is_done);
  g_assert_true (is_done);
  while (state != 2 /* connected */ && g_get_monotonic_time () < end) {
    g_usleep (10000);
    g_object_get (a.endpoint, "connection-state", &state, NULL);
  }
  g_assert_cmpint (state, ==, 2);
  g_assert_cmpint (g_atomic_int_get (&a.n_done), ==, 1); /* case 28 */
  lone_close (&a);
  lone_close (&b);
}

/* --- IPv6 --- */

static void
ip (const gchar *arguments)
{
  g_autofree gchar *line = g_strconcat ("ip ", arguments, NULL);
  g_autoptr (GError) error = NULL;
  gint status = 0;

  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, &status, &error));
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, &error));
}

static void
assert_ipv6 (Side *caller, Side *callee)
{
  g_autofree gchar *local = pair_of (caller, "local");
  g_autofree gchar *remote = pair_of (caller, "remote");
  g_autofree gchar *sdp = NULL;

  g_assert_nonnull (strstr (local, "[2001:db8::"));
  g_assert_nonnull (strstr (remote, "[2001:db8::"));
  g_object_get (caller->endpoint, "local-description", &sdp, NULL);
  g_assert_null (strstr (sdp, " 192.0.2."));
}

static void
test_kurento_27_call_over_ipv6_alone (void)
{
  ip ("addr add 2001:db8::1/64 dev v0 nodad");
  ip ("addr add 2001:db8::2/64 dev v1 nodad");
  ip ("addr del 192.0.2.1/24 dev v0");
  ip ("addr del 192.0.2.2/24 dev v1");
  call_and_hear ("", "", assert_ipv6);
  ip ("addr add 192.0.2.1/24 dev v0");
  ip ("addr add 192.0.2.2/24 dev v1");
  ip ("addr del 2001:db8::1/64 dev v0");
  ip ("addr del 2001:db8::2/64 dev v1");
}

/* --- addresses of TURN servers --- */

#define SECRET "canary-7Qx" /* begins every password below */

/* Sets @url, then offers and gathers with it: what it reads back as, NULL if it
 * is refused. Nothing said on the way has the password (the log is searched by
 * interop/relay). (transfer full) */
static gchar *
try_url (const gchar *url)
{
  g_autofree gchar *dot = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GstStructure) config = NULL;
  g_autoptr (GstBus) bus = NULL;
  gchar *shown = NULL;
  GstMessage *message;
  Lone lone;

  lone_open (&lone, "");
  set_text (lone.endpoint, "turn-url", url);
  g_assert_true (warned == NULL || strstr (warned, SECRET) == NULL);
  if (warned == NULL)
    g_object_get (lone.endpoint, "turn-url", &shown, NULL);
  lone_begins (&lone);
  dot = gst_debug_bin_to_dot_data (
      GST_BIN (lone.pipeline), GST_DEBUG_GRAPH_SHOW_VERBOSE);
  g_assert_null (strstr (dot, SECRET));
  g_object_get (lone.endpoint, "effective-config", &config, NULL);
  text = gst_structure_to_string (config);
  g_assert_null (strstr (text, SECRET));
  bus = gst_element_get_bus (lone.pipeline);
  while ((message = gst_bus_pop (bus)) != NULL) {
    const GstStructure *s = gst_message_get_structure (message);
    g_autofree gchar *said = s != NULL ? gst_structure_to_string (s) : NULL;

    g_assert_true (said == NULL || strstr (said, SECRET) == NULL);
    gst_message_unref (message);
  }
  lone_close (&lone);
  return shown;
}

static void
test_kurento_25_turn_url_syntaxes (void)
{
  static const struct
  {
    const gchar *url, *shown; /* NULL: refused */
  } rows[] = {
      {"u:" SECRET "@192.0.2.9:3478", "u:***@192.0.2.9:3478"},
      {"u:" SECRET "@192.0.2.9:3478?transport=udp",
          "u:***@192.0.2.9:3478?transport=udp"},
      {"u:" SECRET "@192.0.2.9:3478?transport=tcp",
          "u:***@192.0.2.9:3478?transport=tcp"},
      {"u:" SECRET "@192.0.2.9:5349?transport=tls",
          "u:***@192.0.2.9:5349?transport=tls"},
      {"ng@x.com:" SECRET "@192.0.2.9:3478", "ng@x.com:***@192.0.2.9:3478"},
      {"1700000000:alice:" SECRET "@192.0.2.9:3478",
          "1700000000:***@192.0.2.9:3478"},
      {"u:" SECRET ":more@192.0.2.9:3478", "u:***@192.0.2.9:3478"},
      {"u:" SECRET "@more@192.0.2.9:3478", "u:***@192.0.2.9:3478"},
      {"u:" SECRET "@localhost:3478", "u:***@localhost:3478"},
      {"u:" SECRET "@[2001:db8::9]:3478", "u:***@[2001:db8::9]:3478"},
      {"u:" SECRET "@192.0.2.9", "u:***@192.0.2.9"},
      {"u:" SECRET "@192.0.2.9:3478?transport=TLS",
          "u:***@192.0.2.9:3478?transport=TLS"},
      {"u:@192.0.2.9:3478", NULL},
      {"u:" SECRET "@999.1:99999", NULL},
      {"u:" SECRET "%3A%40@192.0.2.9:3478", "u:***@192.0.2.9:3478"},
      {"", NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *shown = try_url (rows[i].url);

    g_test_message ("%u: %s", i, shown);
    g_assert_cmpstr (shown, ==, rows[i].shown);
  }
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const gchar *name;
    void (*run) (void);
  } cases[] = {
      {"refused", test_bad_text_is_refused_and_the_old_one_stays},
      {"masked", test_secrets_read_back_masked},
      {"ports/order", test_ports_the_wrong_way_round_are_an_error},
      {"kurento/17", test_kurento_17_candidates_and_sockets_are_in_the_range},
      {"kurento/18", test_kurento_18_range_is_used_up_and_free_again},
      {"interfaces", test_interfaces_are_picked_and_left_out},
      {"kurento/19", test_kurento_19_loopback_alone},
      {"kurento/20",
          test_kurento_20_external_address_stands_in_host_candidates},
      {"external-ipv6", test_external_ipv6_leaves_ipv4_alone},
      {"dscp", test_dscp_is_on_the_sockets},
      {"srtp-profiles", test_srtp_profiles_are_the_ones_named},
      {"kurento/29", test_kurento_29_either_side_begins_dtls},
      {"certificate", test_certificate_is_the_one_given},
      {"kurento/25", test_kurento_25_turn_url_syntaxes},
      {"kurento/26", test_kurento_26_candidates_in_the_sdp_alone},
      {"kurento/27", test_kurento_27_call_over_ipv6_alone},
  };

  via_test_enter_netns ();
  gst_init (NULL, NULL);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path = g_strconcat ("/transport/", cases[i].name, NULL);

    g_test_add_func (path, cases[i].run);
  }
  return g_test_run ();
}
