/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_candidate.c – candidate lines, real and broken.
 */
#include "ice/candidate.h"

#include <string.h>

typedef struct
{
  const gchar *text, *address, *related;
  guint port, related_port;
  ViaCandidateTransport transport;
  ViaCandidateType type;
  gboolean is_mdns;
} Row;

#define UDP VIA_TRANSPORT_UDP
#define HOST VIA_CANDIDATE_HOST
static const Row real_lines[] = {
    {"candidate:1168443319 1 udp 2122194687 192.0.2.2 45977 typ host "
     "generation 0 network-id 1",
        "192.0.2.2", "", 45977, 0, UDP, HOST, FALSE},
    {"a=candidate:2395194967 1 udp 2122265343 fd00::2 42445 typ host "
     "generation 0 network-id 2\r\n",
        "fd00::2", "", 42445, 0, UDP, HOST, FALSE},
    {"candidate:0 1 UDP 2122187007 192.0.2.2 56574 typ host", "192.0.2.2", "",
        56574, 0, UDP, HOST, FALSE},
    {"candidate:2 1 TCP 2105458943 192.0.2.2 9 typ host tcptype active",
        "192.0.2.2", "", 9, 0, VIA_TRANSPORT_TCP_ACTIVE, HOST, FALSE},
    {"candidate:3 1 tcp 1518149375 192.0.2.2 0 typ host tcptype active "
     "generation 0",
        "192.0.2.2", "", 0, 0, VIA_TRANSPORT_TCP_ACTIVE, HOST, FALSE},
    {"candidate:4 1 TCP 1015021823 192.0.2.9 50123 typ host tcptype passive",
        "192.0.2.9", "", 50123, 0, VIA_TRANSPORT_TCP_PASSIVE, HOST, FALSE},
    {"candidate:5 1 TCP 1015021823 192.0.2.9 50123 typ host tcptype so",
        "192.0.2.9", "", 50123, 0, VIA_TRANSPORT_TCP_SO, HOST, FALSE},
    {"candidate:842163049 1 udp 1677729535 203.0.113.7 61305 typ srflx raddr "
     "0.0.0.0 rport 0 generation 0 ufrag kdap network-cost 999",
        "203.0.113.7", "0.0.0.0", 61305, 0, UDP, VIA_CANDIDATE_SRFLX, FALSE},
    {"candidate:9 1 UDP 92216831 198.51.100.3 49153 typ relay raddr "
     "203.0.113.7 rport 61305",
        "198.51.100.3", "203.0.113.7", 49153, 61305, UDP, VIA_CANDIDATE_RELAY,
        FALSE},
    {"candidate:7 1 UDP 1 192.0.2.2 5000 typ prflx raddr 10.0.0.1 rport 5",
        "192.0.2.2", "10.0.0.1", 5000, 5, UDP, VIA_CANDIDATE_PRFLX, FALSE},
    {"candidate:1 1 udp 2113937151 "
     "2f1d8b1c-6b6a-4a1e-9b0e-1f2f3f4f5f6f.local 58201 typ host",
        "2f1d8b1c-6b6a-4a1e-9b0e-1f2f3f4f5f6f.local", "", 58201, 0, UDP, HOST,
        TRUE},
    {"candidate:1 1 udp 4294967295 ::1 1 typ host", "::1", "", 1, 0, UDP, HOST,
        FALSE},
    {"candidate:1  1   udp 1 ::ffff:192.0.2.1 1 typ host  ", "::ffff:192.0.2.1",
        "", 1, 0, UDP, HOST, FALSE},
};

static void
test_candidate_real_lines_are_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (real_lines); i++) {
    const Row *row = &real_lines[i];
    g_autoptr (GError) error = NULL;
    ViaCandidate c;

    g_test_message ("row %u", i);
    g_assert_true (via_candidate_parse (&c, row->text, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (c.address, ==, row->address);
    g_assert_cmpuint (c.port, ==, row->port);
    g_assert_cmpuint (c.component, ==, 1);
    g_assert_cmpint (c.transport, ==, row->transport);
    g_assert_cmpint (c.type, ==, row->type);
    g_assert_cmpstr (c.related_address, ==, row->related);
    g_assert_cmpuint (c.related_port, ==, row->related_port);
    g_assert_cmpint (c.is_mdns, ==, row->is_mdns);
  }
}

static void
test_candidate_written_reads_back_the_same (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (real_lines); i++) {
    ViaCandidate a, b;
    g_autofree gchar *first = NULL, *second = NULL;

    g_assert_true (via_candidate_parse (&a, real_lines[i].text, NULL));
    first = via_candidate_to_string (&a);
    g_assert_true (via_candidate_parse (&b, first, NULL));
    second = via_candidate_to_string (&b);
    g_assert_cmpstr (first, ==, second);
    g_assert_cmpuint (a.priority, ==, b.priority);
    g_assert_cmpstr (a.foundation, ==, b.foundation);
    g_assert_cmpstr (a.address, ==, b.address);
    g_assert_cmpint (a.transport, ==, b.transport);
    g_assert_cmpuint (a.related_port, ==, b.related_port);
  }
}

static void
test_candidate_tcp_is_written_with_its_type (void)
{
  ViaCandidate c;
  g_autofree gchar *text = NULL;

  g_assert_true (via_candidate_parse (&c,
      "candidate:2 1 tcp 5 192.0.2.2 9 typ srflx tcptype active raddr "
      "10.0.0.1 rport 8",
      NULL));
  text = via_candidate_to_string (&c);
  g_assert_cmpstr (text, ==,
      "candidate:2 1 TCP 5 192.0.2.2 9 typ srflx raddr 10.0.0.1 rport 8 "
      "tcptype active");
}

static const struct
{
  const gchar *text;
  ViaErrorCode code;
  const gchar *field;
} broken[] = {
    {"", VIA_ERROR_SYNTAX, "line"},
    {"candidate:", VIA_ERROR_SYNTAX, "line"},
    {"1 1 udp 1 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX, "line"},
    {"candidate:1 1 udp 1 192.0.2.1 1 typ", VIA_ERROR_SYNTAX, "line"},
    {"candidate: 1 udp 1 192.0.2.1 1 typ host x", VIA_ERROR_SYNTAX,
        "foundation"},
    {"candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 1 typ "
     "host",
        VIA_ERROR_SYNTAX, "foundation"},
    {"candidate:1 0 udp 1 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX, "component"},
    {"candidate:1 257 udp 1 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX,
        "component"},
    {"candidate:1 -1 udp 1 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX,
        "component"},
    {"candidate:1 1 ssltcp 1 192.0.2.1 443 typ host", VIA_ERROR_UNSUPPORTED,
        "transport"},
    {"candidate:1 1 sctp 1 192.0.2.1 443 typ host", VIA_ERROR_UNSUPPORTED,
        "transport"},
    {"candidate:1 1 udp 0 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX, "priority"},
    {"candidate:1 1 udp 4294967296 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX,
        "priority"},
    {"candidate:1 1 udp 1e3 192.0.2.1 1 typ host", VIA_ERROR_SYNTAX,
        "priority"},
    {"candidate:1 1 udp 1 192.0.2.1 65536 typ host", VIA_ERROR_SYNTAX, "port"},
    {"candidate:1 1 udp 1 192.0.2.1 99999999999999999999 typ host",
        VIA_ERROR_SYNTAX, "port"},
    {"candidate:1 1 udp 1 192.0.2.1 0 typ host", VIA_ERROR_REFUSED, "port"},
    {"candidate:1 1 tcp 1 192.0.2.1 0 typ host tcptype passive",
        VIA_ERROR_REFUSED, "port"},
    {"candidate:1 1 udp 1 0.0.0.0 1 typ host", VIA_ERROR_REFUSED, "address"},
    {"candidate:1 1 udp 1 224.0.0.1 1 typ host", VIA_ERROR_REFUSED, "address"},
    {"candidate:1 1 udp 1 239.255.255.255 1 typ host", VIA_ERROR_REFUSED,
        "address"},
    {"candidate:1 1 udp 1 255.255.255.255 1 typ host", VIA_ERROR_REFUSED,
        "address"},
    {"candidate:1 1 udp 1 :: 1 typ host", VIA_ERROR_REFUSED, "address"},
    {"candidate:1 1 udp 1 0:0:0:0:0:0:0:0 1 typ host", VIA_ERROR_REFUSED,
        "address"},
    {"candidate:1 1 udp 1 ff02::fb 1 typ host", VIA_ERROR_REFUSED, "address"},
    {"candidate:1 1 udp 1 FF05:0:0:0:0:0:0:2 1 typ host", VIA_ERROR_REFUSED,
        "address"},
    {"candidate:1 1 udp 1 ::ffff:224.0.0.1 1 typ host", VIA_ERROR_REFUSED,
        "address"},
    {"candidate:1 1 udp 1 ::ffff:0:0 1 typ host", VIA_ERROR_REFUSED, "address"},
    {"candidate:1 1 udp 1 192.0.2.256 1 typ host", VIA_ERROR_UNSUPPORTED,
        "address"},
    {"candidate:1 1 udp 1 evil.example.com 1 typ host", VIA_ERROR_UNSUPPORTED,
        "address"},
    {"candidate:1 1 udp 1 .local 1 typ host", VIA_ERROR_SYNTAX, "address"},
    {"candidate:1 1 udp 1 fe80::1%eth0 1 typ host", VIA_ERROR_SYNTAX,
        "address"},
    {"candidate:1 1 udp 1 1::2::3 1 typ host", VIA_ERROR_SYNTAX, "address"},
    {"candidate:1 1 udp 1 -x.local 1 typ host", VIA_ERROR_SYNTAX, "address"},
    {"candidate:1 1 udp 1 192.0.2.1 1 type host", VIA_ERROR_SYNTAX, "typ"},
    {"candidate:1 1 udp 1 192.0.2.1 1 typ local", VIA_ERROR_SYNTAX, "typ"},
    {"candidate:1 1 tcp 1 192.0.2.1 9 typ host", VIA_ERROR_SYNTAX, "tcptype"},
    {"candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype x", VIA_ERROR_SYNTAX,
        "tcptype"},
    {"candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr", VIA_ERROR_SYNTAX,
        "extension"},
    {"candidate:1 1 udp 1 192.0.2.1 9 typ srflx rport x", VIA_ERROR_SYNTAX,
        "rport"},
    {"candidate:1 1 udp 1 192.0.2.1\t9 typ host a b", VIA_ERROR_SYNTAX, "line"},
    {"candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=x y z", VIA_ERROR_SYNTAX,
        "line"},
};

static void
test_candidate_broken_is_refused_with_its_code (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autoptr (GError) error = NULL;
    ViaCandidate c = {.port = 7};

    g_test_message ("row %u", i);
    g_assert_false (via_candidate_parse (&c, broken[i].text, &error));
    g_assert_error (error, VIA_ERROR, (gint) broken[i].code);
    g_assert_nonnull (strstr (error->message, broken[i].field));
    g_assert_cmpuint (c.port, ==, 7); /* untouched */
  }
}

static gchar *
line_of (gsize len)
{
  GString *line =
      g_string_new ("candidate:1 1 udp 1 192.0.2.1 9 typ host ext ");

  while (line->len < len)
    g_string_append_c (line, 'x');
  return g_string_free (line, FALSE);
}

static void
test_candidate_of_512_bytes_is_the_longest (void)
{
  g_autofree gchar *fits = line_of (512), *over = line_of (513);
  g_autoptr (GError) error = NULL;
  ViaCandidate c;

  g_assert_true (via_candidate_parse (&c, fits, NULL));
  g_assert_false (via_candidate_parse (&c, over, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_LIMIT);
}

static void
test_candidate_type_names (void)
{
  g_assert_cmpstr (via_candidate_type_name (HOST), ==, "host");
  g_assert_cmpstr (via_candidate_type_name (VIA_CANDIDATE_SRFLX), ==, "srflx");
  g_assert_cmpstr (via_candidate_type_name (VIA_CANDIDATE_RELAY), ==, "relay");
  g_assert_cmpstr (
      via_candidate_type_name ((ViaCandidateType) 99), ==, "unknown");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/candidate/parse/real-lines", test_candidate_real_lines_are_read);
  g_test_add_func ("/candidate/write/reads-back",
      test_candidate_written_reads_back_the_same);
  g_test_add_func (
      "/candidate/write/tcp", test_candidate_tcp_is_written_with_its_type);
  g_test_add_func ("/candidate/parse/broken",
      test_candidate_broken_is_refused_with_its_code);
  g_test_add_func (
      "/candidate/parse/limit", test_candidate_of_512_bytes_is_the_longest);
  g_test_add_func ("/candidate/type-names", test_candidate_type_names);
  return g_test_run ();
}
