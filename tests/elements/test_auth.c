/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_auth.c – tokens, what one address may ask, and whose request it is: as
 * values.
 */
#include <glib.h>
#include <string.h>
#include "http/auth.h"
#include "http/gate.h"
#include "http/limits.h"

#define NOW 1000

/* --- tokens --- */

static void
test_tokens_give_their_roles (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaAuth) auth = via_auth_new (
      "watch=w1, publish=p-1@2000,watch+publish=b.1\n# a word\nall=A~1",
      &error);
  static const struct
  {
    const gchar *header, *query;
    ViaAuthVerdict verdict;
    guint roles;
  } cases[] = {
      {NULL, NULL, VIA_AUTH_MISSING, 0},
      {"Bearer w1", NULL, VIA_AUTH_GOOD, VIA_AUTH_WATCH},
      {"bearer  w1 ", NULL, VIA_AUTH_GOOD, VIA_AUTH_WATCH},
      {NULL, "w1", VIA_AUTH_GOOD, VIA_AUTH_WATCH},
      {"Bearer w2", "w1", VIA_AUTH_WRONG, 0}, /* the header counts */
      {"Bearer p-1", NULL, VIA_AUTH_GOOD, VIA_AUTH_PUBLISH},
      {"Bearer b.1", NULL, VIA_AUTH_GOOD, VIA_AUTH_WATCH | VIA_AUTH_PUBLISH},
      {"Bearer A~1", NULL, VIA_AUTH_GOOD, VIA_AUTH_ALL},
      {"Basic bmFtZTp3MQ==", NULL, VIA_AUTH_GOOD, VIA_AUTH_WATCH},
      {"Basic bm9uZQ==", NULL, VIA_AUTH_WRONG, 0},
      {"Bearer w", NULL, VIA_AUTH_WRONG, 0},
      {"Bearer w11", NULL, VIA_AUTH_WRONG, 0},
      {"Bearer ", NULL, VIA_AUTH_WRONG, 0},
      {"w1", NULL, VIA_AUTH_WRONG, 0},
      {"Bearer undefined", NULL, VIA_AUTH_WRONG, 0},
  };
  guint roles;

  g_assert_no_error (error);
  g_assert_true (via_auth_is_needed (auth));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_test_message ("%s", cases[i].header != NULL ? cases[i].header : "none");
    g_assert_cmpint (
        via_auth_check (auth, cases[i].header, cases[i].query, NOW, &roles), ==,
        cases[i].verdict);
    g_assert_cmpuint (roles, ==, cases[i].roles);
  }
}

static void
test_tokens_end_at_their_time (void)
{
  g_autoptr (ViaAuth) auth =
      via_auth_new ("watch=a@2000,watch=b@1970-01-01T00:33:20Z", NULL);
  guint roles;

  for (guint i = 0; i < 2; i++) {
    const gchar *header = i == 0 ? "Bearer a" : "Bearer b";

    g_assert_cmpint (
        via_auth_check (auth, header, NULL, 1999, &roles), ==, VIA_AUTH_GOOD);
    g_assert_cmpint (
        via_auth_check (auth, header, NULL, 2000, &roles), ==, VIA_AUTH_WRONG);
    g_assert_cmpuint (roles, ==, 0);
  }
}

static void
test_no_tokens_let_all_but_statistics (void)
{
  g_autoptr (ViaAuth) auth = via_auth_new (" \n# nothing\n", NULL);
  guint roles;

  g_assert_false (via_auth_is_needed (auth));
  g_assert_cmpint (via_auth_check (auth, "Bearer undefined", NULL, NOW, &roles),
      ==, VIA_AUTH_GOOD);
  g_assert_cmpuint (roles, ==, VIA_AUTH_WATCH | VIA_AUTH_PUBLISH);
}

/* The message says which entry and which rule, never the secret. */
static void
test_bad_tokens_are_named_without_the_secret (void)
{
  static const gchar *const bad[] = {"secret", "watch=", "look=secret",
      "watch+=secret", "watch=sec ret", "watch=secret@tomorrow",
      "watch=secret@2030-01-01T00:00:00", "=secret", "watch=s\303\251cret"};

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = g_strconcat ("watch=good,", bad[i], NULL);

    g_test_message ("%s", bad[i]);
    g_assert_null (via_auth_new (text, &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
    g_assert_nonnull (strstr (error->message, "entry 2"));
    g_assert_null (strstr (error->message, "cret"));
  }
}

/* --- how often --- */

static void
test_limits_a_burst_then_the_rate (void)
{
  g_autoptr (ViaLimits) limits = via_limits_new (10);
  ViaTime now = 7 * VIA_S;

  for (guint i = 0; i < 10 * VIA_LIMITS_BURST_S; i++)
    g_assert_cmpuint (via_limits_ask (limits, "a", now), ==, 0);
  g_assert_cmpuint (via_limits_ask (limits, "a", now), ==, 1);
  g_assert_cmpuint (via_limits_ask (limits, "b", now), ==, 0);
  now += VIA_S;
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (via_limits_ask (limits, "a", now), ==, 0);
  g_assert_cmpuint (via_limits_ask (limits, "a", now), >, 0);
}

static void
test_limits_ten_failures_close_for_a_minute (void)
{
  g_autoptr (ViaLimits) limits = via_limits_new (0);
  ViaTime now = 0;

  for (guint i = 0; i < VIA_LIMITS_FAILURES_MAX; i++) {
    g_assert_cmpuint (via_limits_guess (limits, "a", now), ==, 0);
    via_limits_failed (limits, "a", now);
    now += VIA_S;
  }
  g_assert_cmpuint (via_limits_guess (limits, "a", now), ==, 50);
  g_assert_cmpuint (via_limits_guess (limits, "b", now), ==, 0);
  now = 60 * VIA_S;
  g_assert_cmpuint (via_limits_guess (limits, "a", now), ==, 0);
}

static void
test_limits_memory_is_bounded (void)
{
  g_autoptr (ViaLimits) limits = via_limits_new (1);
  ViaTime now = 0;

  for (guint i = 0; i < 3 * VIA_LIMITS_ADDRESSES_MAX; i++) {
    g_autofree gchar *address = g_strdup_printf ("2001:db8:0:%x::1", i);

    via_limits_ask (limits, address, now);
  }
  g_assert_cmpuint (via_limits_count (limits), ==, VIA_LIMITS_ADDRESSES_MAX);
  now += 60 * VIA_S; /* those are forgotten that have nothing to their name */
  g_assert_cmpuint (via_limits_ask (limits, "new", now), ==, 0);
  g_assert_cmpuint (via_limits_count (limits), ==, 1);
}

/* Another address of the same 64 bits is the same customer; another 64 bits, or
 * an IPv4 address, are another. */
static void
test_limits_an_ipv6_network_is_one (void)
{
  static const gchar *const same[] = {"2001:db8:1:2::1", "2001:db8:1:2::2",
      "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::3%eth0"};
  static const gchar *const others[] = {
      "2001:db8:1:3::1", "::ffff:192.0.2.1", "192.0.2.2", "::1"};
  g_autoptr (ViaLimits) limits = via_limits_new (1);

  for (guint i = 0; i < VIA_LIMITS_BURST_S; i++)
    g_assert_cmpuint (
        via_limits_ask (limits, same[i % G_N_ELEMENTS (same)], 0), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    g_assert_cmpuint (via_limits_ask (limits, same[i], 0), >, 0);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpuint (via_limits_ask (limits, others[i], 0), ==, 0);
  g_assert_true (via_limits_is_same ("192.0.2.1", "::ffff:192.0.2.1"));
  g_assert_false (via_limits_is_same ("192.0.2.1", "192.0.2.2"));
  g_assert_false (via_limits_is_same (NULL, "::1"));
}

/* --- whose request --- */

static ViaGate *
gate (const gchar *origins, const gchar *url, const gchar *proxies)
{
  ViaGateConfig config = {
      .allow_origin = origins, .public_url = url, .trusted_proxies = proxies};
  g_autoptr (GError) error = NULL;
  ViaGate *self = via_gate_new (&config, &error);

  g_assert_no_error (error);
  via_gate_listens (self, FALSE, TRUE, 8889);
  return self;
}

static void
test_gate_believes_trusted_proxies_alone (void)
{
  static const struct
  {
    const gchar *proxies, *peer, *address, *base;
  } cases[] = {
      {NULL, "127.0.0.1", "203.0.113.9", "https://tv.example"},
      {NULL, "192.0.2.1", "192.0.2.1", "https://host:1"},
      {"192.0.2.0/24", "192.0.2.1", "203.0.113.9", "https://tv.example"},
      {"192.0.2.0/24", "127.0.0.1", "127.0.0.1", "https://host:1"},
      {"2001:db8::1", "2001:db8::1", "203.0.113.9", "https://tv.example"},
      {"", "127.0.0.1", "127.0.0.1", "https://host:1"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (ViaGate) self = gate (NULL, NULL, cases[i].proxies);
    g_autoptr (GInetAddress) peer =
        g_inet_address_new_from_string (cases[i].peer);
    SoupMessageHeaders *headers =
        soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
    g_autofree gchar *address = NULL, *base = NULL;

    soup_message_headers_append (headers, "Host", "host:1");
    soup_message_headers_append (headers, "X-Forwarded-Host", "tv.example");
    soup_message_headers_append (
        headers, "X-Forwarded-For", "198.51.100.1, 203.0.113.9");
    address = via_gate_address (self, peer, headers);
    base = via_gate_base (self, peer, headers);
    g_assert_cmpstr (address, ==, cases[i].address);
    g_assert_cmpstr (base, ==, cases[i].base);
    soup_message_headers_unref (headers);
  }
}

static gboolean
allows (ViaGate *self, const gchar *origin, gchar **out_header)
{
  g_autoptr (GInetAddress) peer = g_inet_address_new_from_string ("192.0.2.1");
  SoupMessageHeaders *request =
      soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  SoupMessageHeaders *response =
      soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  gboolean is_allowed;

  soup_message_headers_append (request, "Host", "own.example");
  soup_message_headers_append (request, "Origin", origin);
  is_allowed = via_gate_allows_page (self, peer, request);
  via_gate_set_headers (self, request, response);
  *out_header = g_strdup (
      soup_message_headers_get_one (response, "Access-Control-Allow-Origin"));
  soup_message_headers_unref (request);
  soup_message_headers_unref (response);
  return is_allowed;
}

static void
test_gate_origins_are_those_of_the_list (void)
{
  g_autoptr (ViaGate) self =
      gate ("https://a.example, http://b.example:81", NULL, NULL);
  static const struct
  {
    const gchar *origin;
    gboolean is_allowed, has_header;
  } cases[] = {
      {"https://a.example", TRUE, TRUE},
      {"http://b.example:81", TRUE, TRUE},
      {"https://own.example", TRUE, FALSE}, /* our own page needs no CORS */
      {"http://a.example", FALSE, FALSE},
      {"https://a.example.evil", FALSE, FALSE},
      {"https://own.example.evil", FALSE, FALSE},
      {"null", FALSE, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *header = NULL;

    g_test_message ("%s", cases[i].origin);
    g_assert_cmpint (
        allows (self, cases[i].origin, &header), ==, cases[i].is_allowed);
    g_assert_cmpstr (header, ==, cases[i].has_header ? cases[i].origin : NULL);
  }
}

static void
test_gate_public_url_is_the_base (void)
{
  g_autoptr (ViaGate) self = gate (NULL, "https://tv.example/below/", NULL);
  SoupMessageHeaders *headers =
      soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  g_autofree gchar *base = via_gate_base (self, NULL, headers);

  g_assert_cmpstr (base, ==, "https://tv.example/below");
  soup_message_headers_unref (headers);
}

static void
test_gate_bad_settings_are_named (void)
{
  static const ViaGateConfig bad[] = {
      {.allow_origin = "a.example"},
      {.allow_origin = "https://a.example/page"},
      {.public_url = "tv.example"},
      {.public_url = "https://tv.example/?x"},
      {.trusted_proxies = "proxy.example"},
      {.trusted_proxies = "10.0.0.0/99"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (via_gate_new (&bad[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/roles", test_tokens_give_their_roles);
  g_test_add_func ("/auth/expiry", test_tokens_end_at_their_time);
  g_test_add_func ("/auth/none", test_no_tokens_let_all_but_statistics);
  g_test_add_func ("/auth/bad", test_bad_tokens_are_named_without_the_secret);
  g_test_add_func ("/limits/rate", test_limits_a_burst_then_the_rate);
  g_test_add_func (
      "/limits/failures", test_limits_ten_failures_close_for_a_minute);
  g_test_add_func ("/limits/memory", test_limits_memory_is_bounded);
  g_test_add_func ("/limits/ipv6", test_limits_an_ipv6_network_is_one);
  g_test_add_func ("/gate/proxies", test_gate_believes_trusted_proxies_alone);
  g_test_add_func ("/gate/origins", test_gate_origins_are_those_of_the_list);
  g_test_add_func ("/gate/public-url", test_gate_public_url_is_the_base);
  g_test_add_func ("/gate/bad", test_gate_bad_settings_are_named);
  return g_test_run ();
}
