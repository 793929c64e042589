/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_resolve.c – names of STUN and TURN servers, in a network
 * without a name server.
 */
#include <string.h>

#include "io/resolve.h"
#include "netns.h"

static void
test_resolve_address_stays (void)
{
  g_autoptr (ViaIceServer) server =
      via_stun_url_parse ("[2001:db8::7]:3479", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (via_resolve_server (server, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (server->host, ==, "2001:db8::7");
}

static void
test_resolve_name_becomes_its_ipv4_address (void)
{
  g_autoptr (ViaIceServer) server =
      via_turn_url_parse ("kurento:hush@localhost:3478", NULL);

  g_assert_true (via_resolve_server (server, NULL));
  g_assert_cmpstr (server->host, ==, "127.0.0.1");
  g_assert_cmpstr (server->password, ==, "hush");
  g_assert_cmpuint (server->port, ==, 3478);
}

static void
test_resolve_unknown_name_is_an_error_with_the_name_alone (void)
{
  g_autoptr (ViaIceServer) server =
      via_turn_url_parse ("kurento:hush@relay.invalid", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (via_resolve_server (server, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "relay.invalid"));
  g_assert_null (strstr (error->message, "hush"));
  g_assert_cmpstr (server->host, ==, "relay.invalid");
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resolve/address", test_resolve_address_stays);
  g_test_add_func ("/resolve/name", test_resolve_name_becomes_its_ipv4_address);
  g_test_add_func ("/resolve/unknown",
      test_resolve_unknown_name_is_an_error_with_the_name_alone);
  return g_test_run ();
}
