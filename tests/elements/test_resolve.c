/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_resolve.c – names of STUN and TURN servers, in a network
 * without a name server.
 */
#include <string.h>

#include <gio/gio.h>

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

/* --- a name service that takes its time --- */

typedef GResolver Slow;
typedef GResolverClass SlowClass;
static GType slow_get_type (void);
G_DEFINE_TYPE (Slow, slow, G_TYPE_RESOLVER)

static gint n_asked;    /* atomic */
static gint may_answer; /* atomic */

static GList *
slow_lookup (GResolver *resolver, const gchar *name, GCancellable *cancellable,
    GError **error)
{
  g_atomic_int_inc (&n_asked);
  while (!g_atomic_int_get (&may_answer))
    g_usleep (1000);
  return g_list_prepend (NULL, g_inet_address_new_from_string ("192.0.2.44"));
}

static void
slow_class_init (SlowClass *klass)
{
  klass->lookup_by_name = slow_lookup;
}

static void
slow_init (Slow *self)
{
}

static void
test_resolve_known_never_waits_and_asks_once (void)
{
  GResolver *usual = g_resolver_get_default ();
  g_autoptr (GResolver) slow = g_object_new (slow_get_type (), NULL);
  g_autoptr (ViaIceServer) server =
      via_turn_url_parse ("kurento:hush@slow.example", NULL);
  g_autoptr (GError) error = NULL;
  gint64 end;

  g_resolver_set_default (slow);
  g_assert_false (via_resolve_known (server, &error)); /* else for ever */
  g_assert_false (via_resolve_known (server, NULL));
  g_atomic_int_set (&may_answer, TRUE);
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  g_assert_nonnull (strstr (error->message, "slow.example"));
  end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  while (!via_resolve_known (server, NULL) && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpstr (server->host, ==, "192.0.2.44");
  g_assert_cmpint (g_atomic_int_get (&n_asked), ==, 1);
  g_resolver_set_default (usual);
  g_object_unref (usual);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resolve/address", test_resolve_address_stays);
  g_test_add_func ("/resolve/name", test_resolve_name_becomes_its_ipv4_address);
  g_test_add_func (
      "/resolve/known", test_resolve_known_never_waits_and_asks_once);
  g_test_add_func ("/resolve/unknown",
      test_resolve_unknown_name_is_an_error_with_the_name_alone);
  return g_test_run ();
}
