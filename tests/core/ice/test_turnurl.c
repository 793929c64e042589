/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_turnurl.c – STUN and TURN servers as users write them.
 */
#include "ice/turnurl.h"

#include <string.h>

typedef struct
{
  const gchar *text, *host, *user, *password;
  guint port;
  ViaTurnTransport transport;
} Good;

static const Good good_turn[] = {
    {"kurento:secret@turn.example.com:3479", "turn.example.com", "kurento",
        "secret", 3479, VIA_TURN_UDP},
    {"kurento:secret@192.0.2.1", "192.0.2.1", "kurento", "secret", 3478,
        VIA_TURN_UDP},
    {"u:p@h:1?transport=udp", "h", "u", "p", 1, VIA_TURN_UDP},
    {"u:p@h:65535?transport=tcp", "h", "u", "p", 65535, VIA_TURN_TCP},
    {"u:p@h?transport=TLS", "h", "u", "p", 5349, VIA_TURN_TLS},
    {"u:p@h:443?transport=tls", "h", "u", "p", 443, VIA_TURN_TLS},
    {"turn:u:p@h", "h", "u", "p", 3478, VIA_TURN_UDP},
    {"TURN:u:p@h?transport=tcp", "h", "u", "p", 3478, VIA_TURN_TCP},
    {"turn://u:p@h:3480", "h", "u", "p", 3480, VIA_TURN_UDP},
    {"turn://u:p@h/", "h", "u", "p", 3478, VIA_TURN_UDP},
    {"turns:u:p@h", "h", "u", "p", 5349, VIA_TURN_TLS},
    {"turns://u:p@h:443?transport=tcp", "h", "u", "p", 443, VIA_TURN_TLS},
    {"u:p@[2001:db8::1]", "2001:db8::1", "u", "p", 3478, VIA_TURN_UDP},
    {"u:p@[2001:db8::1]:3500?transport=tcp", "2001:db8::1", "u", "p", 3500,
        VIA_TURN_TCP},
    {"turns:u:p@[::1]", "::1", "u", "p", 5349, VIA_TURN_TLS},
    {"kurento:canary-7Qx%40z@h", "h", "kurento", "canary-7Qx@z", 3478,
        VIA_TURN_UDP},
    {"kurento:canary-7Qx@z@h", "h", "kurento", "canary-7Qx@z", 3478,
        VIA_TURN_UDP},
    {"alice@example.com:pw@h", "h", "alice@example.com", "pw", 3478,
        VIA_TURN_UDP},
    {"1700000000%3Aalice:a+b/c=@h", "h", "1700000000:alice", "a+b/c=", 3478,
        VIA_TURN_UDP},
    {"1700000000:alice:a+b/c=@h", "h", "1700000000:alice", "a+b/c=", 3478,
        VIA_TURN_UDP},
    {"1700000000:pw@h", "h", "1700000000", "pw", 3478, VIA_TURN_UDP},
    {"turn:kurento@192.0.2.1:3478", "192.0.2.1", "turn", "kurento", 3478,
        VIA_TURN_UDP},
    {"u:a:b:c@h:3478", "h", "u", "a:b:c", 3478, VIA_TURN_UDP},
    {"u:what?ever@h", "h", "u", "what?ever", 3478, VIA_TURN_UDP},
    {"u:p%25%3f%20@h", "h", "u", "p%? ", 3478, VIA_TURN_UDP},
    {"J%C3%BCrgen:gr%c3%bc%c3%9fe@h", "h", "Jürgen", "grüße", 3478,
        VIA_TURN_UDP},
};

static void
test_turn_known_forms_are_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_turn); i++) {
    const Good *row = &good_turn[i];
    g_autoptr (GError) error = NULL;
    g_autoptr (ViaIceServer) server = via_turn_url_parse (row->text, &error);

    g_test_message ("row %u", i);
    g_assert_no_error (error);
    g_assert_cmpstr (server->host, ==, row->host);
    g_assert_cmpstr (server->user, ==, row->user);
    g_assert_cmpstr (server->password, ==, row->password);
    g_assert_cmpuint (server->port, ==, row->port);
    g_assert_cmpint (server->transport, ==, row->transport);
  }
}

static void
test_turn_broken_is_refused_without_password (void)
{
  static const struct
  {
    const gchar *text;
    ViaErrorCode code;
  } rows[] = {
      {"", VIA_ERROR_SYNTAX},
      {"turn.example.com", VIA_ERROR_SYNTAX},
      {"turn:", VIA_ERROR_SYNTAX},
      {"turn:turn.example.com:3478", VIA_ERROR_SYNTAX},
      {"user:hunter2", VIA_ERROR_SYNTAX},
      {"user@host", VIA_ERROR_SYNTAX},
      {"turns:hunter2@host", VIA_ERROR_SYNTAX},
      {"turn://hunter2@host", VIA_ERROR_SYNTAX},
      {"user:hunter2@999.1:3478", VIA_ERROR_SYNTAX},
      {"user:hunter2@192.0.2.300", VIA_ERROR_SYNTAX},
      {":hunter2@host", VIA_ERROR_SYNTAX},
      {"user:@host", VIA_ERROR_SYNTAX},
      {"user:hunter2@", VIA_ERROR_SYNTAX},
      {"user:hunter2@:3478", VIA_ERROR_SYNTAX},
      {"user:hunter2@host:", VIA_ERROR_SYNTAX},
      {"user:hunter2@host:0", VIA_ERROR_SYNTAX},
      {"user:hunter2@host:65536", VIA_ERROR_SYNTAX},
      {"user:hunter2@host:3478x", VIA_ERROR_SYNTAX},
      {"user:hunter2@ho st", VIA_ERROR_SYNTAX},
      {"user:hunter2@ho/st", VIA_ERROR_SYNTAX},
      {"user:hunter2@2001:db8::1", VIA_ERROR_SYNTAX},
      {"user:hunter2@[2001:db8::1", VIA_ERROR_SYNTAX},
      {"user:hunter2@[192.0.2.1]", VIA_ERROR_SYNTAX},
      {"user:hunter2@[::1]x", VIA_ERROR_SYNTAX},
      {"user:hunter2%4@host", VIA_ERROR_SYNTAX},
      {"user:hunter2%zz@host", VIA_ERROR_SYNTAX},
      {"user:hunter2%00@host", VIA_ERROR_SYNTAX},
      {"user:hunter2%ff@host", VIA_ERROR_SYNTAX},
      {"user:hunter2\n@host", VIA_ERROR_SYNTAX},
      {"user:hunter2@host\xff", VIA_ERROR_SYNTAX},
      {"user:hunter2@host?foo=1", VIA_ERROR_SYNTAX},
      {"user:hunter2@host?transport=sctp", VIA_ERROR_UNSUPPORTED},
      {"turns:user:hunter2@host?transport=udp", VIA_ERROR_UNSUPPORTED},
      {"stun:user:hunter2@host", VIA_ERROR_UNSUPPORTED},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("row %u", i);
    g_assert_null (via_turn_url_parse (rows[i].text, &error));
    g_assert_error (error, VIA_ERROR, (gint) rows[i].code);
    g_assert_null (strstr (error->message, "hunter2"));
  }
}

/* --- several --- */

static void
test_turn_several_are_read_in_order (void)
{
  g_autoptr (GError) error = NULL;
  ViaIceServer **servers = via_turn_urls_parse (
      "u:p@h1,turns:v:q@h2?transport=tcp,turn:h3:3479,w:1,2@h4", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (servers[0]->host, ==, "h1");
  g_assert_cmpstr (servers[1]->host, ==, "h2");
  g_assert_cmpint (servers[1]->transport, ==, VIA_TURN_TLS);
  g_assert_cmpstr (servers[1]->password, ==, "q");
  g_assert_cmpstr (servers[2]->host, ==, "h3");
  g_assert_null (servers[2]->user);
  g_assert_cmpstr (servers[3]->host, ==, "h4");
  g_assert_cmpstr (servers[3]->password, ==, "1,2");
  g_assert_null (servers[4]);
  via_ice_servers_free (servers);
}

static void
test_turn_several_with_one_broken_are_refused (void)
{
  static const gchar *const rows[] = {"u:hunter2@h,", ",u:hunter2@h",
      "u:hunter2@h,v:hunter2", "u:hunter2@h,,v:hunter2@i",
      "u:hunter2@h,v:hunter2@i:0", "u:hunter2@h,turn.example.com", ""};

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("row %u", i);
    g_assert_null (via_turn_urls_parse (rows[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
    g_assert_null (strstr (error->message, "hunter2"));
  }
}

static void
test_turn_nine_servers_are_too_many (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (via_turn_urls_parse (
      "u:p@a,u:p@b,u:p@c,u:p@d,u:p@e,u:p@f,u:p@g,u:p@h,u:p@i", &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_LIMIT);
}

static void
test_mask_of_several_keeps_their_hosts (void)
{
  static const gchar *const rows[][2] = {
      {"u:p@h,turn:v:q@i", "u:***@h,turn:v:***@i"},
      {"turn:h:3478,u:p@h", "turn:h:3478,u:***@h"},
      {"u:a,x:y@h", "u:***@h"},
      {"u:a,x:y", "u:***"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *masked = via_turn_urls_mask (rows[i][0]);

    g_assert_cmpstr (masked, ==, rows[i][1]);
  }
}

static void
test_name_shows_host_port_and_transport (void)
{
  g_autoptr (ViaIceServer) v4 = via_turn_url_parse ("u:p@192.0.2.1", NULL);
  g_autoptr (ViaIceServer) v6 = via_turn_url_parse ("turns:u:p@[::1]", NULL);
  g_autofree gchar *name4 = via_ice_server_name (v4);
  g_autofree gchar *name6 = via_ice_server_name (v6);

  g_assert_cmpstr (name4, ==, "192.0.2.1:3478/udp");
  g_assert_cmpstr (name6, ==, "[::1]:5349/tls");
}

static void
test_turn_over_long_is_refused (void)
{
  g_autofree gchar *pad = g_strnfill (3000, 'x');
  g_autofree gchar *text = g_strdup_printf ("u:%s@h", pad);
  g_autoptr (GError) error = NULL;

  g_assert_null (via_turn_url_parse (text, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
test_turn_error_names_the_value_masked (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (via_turn_url_parse ("kurento:pw:w@x@host:99999", &error));
  g_assert_nonnull (strstr (error->message, "kurento:***@host:99999"));
}

static void
test_stun_known_forms_are_read (void)
{
  static const Good rows[] = {
      {"stun.example.com", "stun.example.com", NULL, NULL, 3478},
      {"stun.example.com:19302", "stun.example.com", NULL, NULL, 19302},
      {"[2001:db8::5]:3479", "2001:db8::5", NULL, NULL, 3479},
      {"[2001:db8::5]", "2001:db8::5", NULL, NULL, 3478},
      {"stun:192.0.2.7:1", "192.0.2.7", NULL, NULL, 1},
      {"stun://h:2", "h", NULL, NULL, 2},
      {"STUN:h", "h", NULL, NULL, 3478},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (ViaIceServer) server = via_stun_url_parse (rows[i].text, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (server->host, ==, rows[i].host);
    g_assert_cmpuint (server->port, ==, rows[i].port);
    g_assert_null (server->user);
    g_assert_null (server->password);
  }
}

static void
test_stun_broken_is_refused (void)
{
  static const gchar *const rows[] = {"", "stun:", "h:0", "h:port", "a b",
      "2001:db8::5", "stun:u:hunter2@h", "h?transport=tcp", "[h]:1"};

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("row %u", i);
    g_assert_null (via_stun_url_parse (rows[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
    g_assert_null (strstr (error->message, "hunter2"));
  }
  g_assert_null (via_stun_url_parse ("stuns:h", NULL));
  g_assert_null (via_stun_url_parse ("turn:u:p@h", NULL));
}

static void
test_mask_hides_every_password (void)
{
  static const gchar *const rows[][2] = {
      {"u:p@h:1", "u:***@h:1"},
      {"turn:u:p:q@r@h", "turn:u:***@h"},
      {"turns://u:p@h?transport=tcp", "turns://u:***@h?transport=tcp"},
      {"turn:p@h", "turn:***@h"},
      {"user:password", "user:***"},
      {"turn:h:3478", "turn:h:***"},
      {"stun:h:3478", "stun:h:3478"},
      {"u:p@h,turn:v:q@i", "u:***@i"},
      {"h", "h"},
      {"", ""},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *masked = via_turn_url_mask (rows[i][0]);

    g_assert_cmpstr (masked, ==, rows[i][1]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/turnurl/turn/known-forms", test_turn_known_forms_are_read);
  g_test_add_func (
      "/turnurl/turn/broken", test_turn_broken_is_refused_without_password);
  g_test_add_func ("/turnurl/turn/over-long", test_turn_over_long_is_refused);
  g_test_add_func (
      "/turnurl/turn/error-is-masked", test_turn_error_names_the_value_masked);
  g_test_add_func ("/turnurl/several", test_turn_several_are_read_in_order);
  g_test_add_func (
      "/turnurl/several/broken", test_turn_several_with_one_broken_are_refused);
  g_test_add_func (
      "/turnurl/several/too-many", test_turn_nine_servers_are_too_many);
  g_test_add_func (
      "/turnurl/several/mask", test_mask_of_several_keeps_their_hosts);
  g_test_add_func ("/turnurl/name", test_name_shows_host_port_and_transport);
  g_test_add_func ("/turnurl/stun/known-forms", test_stun_known_forms_are_read);
  g_test_add_func ("/turnurl/stun/broken", test_stun_broken_is_refused);
  g_test_add_func ("/turnurl/mask", test_mask_hides_every_password);
  return g_test_run ();
}
