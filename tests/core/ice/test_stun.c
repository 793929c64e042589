/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_stun.c – STUN messages: the samples of RFC 5769, what we
 * write, and what nobody should have sent.
 */
#include "ice/stun.h"

#include <string.h>

static const gchar pwd[] = "VOkJxbRl1RmTxUk/WvJxBt";

/* RFC 5769 §2.1 */
static const guint8 sample_request[] = {0x00, 0x01, 0x00, 0x58, 0x21, 0x12,
    0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
    0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74,
    0x65, 0x73, 0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24,
    0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
    0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76,
    0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08,
    0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
    0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28,
    0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf};

/* RFC 5769 §2.2 */
static const guint8 sample_response[] = {0x01, 0x01, 0x00, 0x3c, 0x21, 0x12,
    0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
    0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76,
    0x65, 0x63, 0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01,
    0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43, 0x00, 0x08, 0x00, 0x14, 0x2b, 0x91,
    0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9, 0x2a, 0xf9,
    0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d,
    0x4c, 0x96};

static void
test_read_sample_request_as_printed (void)
{
  ViaStunMessage message;

  g_assert_true (
      via_stun_read (&message, sample_request, sizeof sample_request));
  g_assert_cmpint (message.type, ==, VIA_STUN_REQUEST);
  g_assert_cmpuint (message.method, ==, VIA_STUN_BINDING);
  g_assert_cmpmem (message.username, message.username_len, "evtj:h6vY", 9);
  g_assert_true (message.has_priority && message.has_fingerprint);
  g_assert_cmphex (message.priority, ==, 0x6e0001ff);
  g_assert_true (message.is_controlled && !message.is_controlling);
  g_assert_cmphex (message.tie_breaker, ==, 0x932ff9b151263b36);
  g_assert_false (message.use_candidate);
  g_assert_cmpuint (message.n_unknown, ==, 0);
  g_assert_true (via_stun_is_authentic (&message, pwd));
  g_assert_false (via_stun_is_authentic (&message, "VOkJxbRl1RmTxUk/WvJxBu"));
}

static void
test_read_sample_response_as_printed (void)
{
  static const guint8 ip[16] = {192, 0, 2, 1};
  ViaStunMessage message;

  g_assert_true (
      via_stun_read (&message, sample_response, sizeof sample_response));
  g_assert_cmpint (message.type, ==, VIA_STUN_SUCCESS);
  g_assert_true (message.has_mapped && !message.mapped.is_v6);
  g_assert_cmpmem (message.mapped.ip, 16, ip, 16);
  g_assert_cmpuint (message.mapped.port, ==, 32853);
  g_assert_true (via_stun_is_authentic (&message, pwd));
}

/* Every single changed bit is noticed, by FINGERPRINT or by its lack. */
static void
test_read_flipped_bit_is_no_message_or_not_authentic (void)
{
  for (gsize bit = 0; bit < 8 * sizeof sample_request; bit++) {
    guint8 copy[sizeof sample_request];
    ViaStunMessage message;

    memcpy (copy, sample_request, sizeof copy);
    copy[bit / 8] ^= (guint8) (1u << bit % 8);
    if (via_stun_read (&message, copy, sizeof copy))
      g_assert_false (
          via_stun_is_authentic (&message, pwd) && message.has_fingerprint);
  }
}

static void
test_read_every_prefix_is_refused (void)
{
  for (gsize len = 0; len < sizeof sample_request; len++) {
    g_autofree guint8 *copy = g_memdup2 (sample_request, MAX (len, 1));
    ViaStunMessage message;

    g_assert_false (via_stun_read (&message, copy, len));
  }
}

static ViaStunMessage
read_back (const guint8 *data, gsize len)
{
  ViaStunMessage message;

  g_assert_cmpuint (len, >, 0);
  g_assert_true (via_stun_read (&message, data, len));
  g_assert_true (message.has_fingerprint);
  return message;
}

static void
test_write_check_reads_back (void)
{
  static const guint8 id[VIA_STUN_ID] = "abcdefghijkl";
  guint8 out[VIA_STUN_MAX];
  ViaStunCheck check = {"them:us", 0x01020304, 0x1122334455667788, TRUE, TRUE};
  gsize len = via_stun_write_check (&check, id, pwd, out, sizeof out);
  ViaStunMessage message = read_back (out, len);

  g_assert_cmpint (message.type, ==, VIA_STUN_REQUEST);
  g_assert_cmpmem (message.id, VIA_STUN_ID, id, VIA_STUN_ID);
  g_assert_cmpmem (message.username, message.username_len, "them:us", 7);
  g_assert_cmphex (message.priority, ==, 0x01020304);
  g_assert_true (message.is_controlling && !message.is_controlled);
  g_assert_true (message.use_candidate);
  g_assert_cmphex (message.tie_breaker, ==, 0x1122334455667788);
  g_assert_true (via_stun_is_authentic (&message, pwd));
}

static void
test_write_success_maps_v4_and_v6 (void)
{
  ViaAddress from[] = {{.ip = {203, 0, 113, 9}, .port = 40000},
      {.ip = {0x20, 1, 0xd, 0xb8, [15] = 7}, .port = 1, .is_v6 = TRUE}};
  ViaStunMessage request = read_back (sample_request, sizeof sample_request);

  for (guint i = 0; i < G_N_ELEMENTS (from); i++) {
    guint8 out[VIA_STUN_MAX];
    gsize len =
        via_stun_write_success (&request, &from[i], pwd, out, sizeof out);
    ViaStunMessage message = read_back (out, len);

    g_assert_cmpint (message.type, ==, VIA_STUN_SUCCESS);
    g_assert_true (via_address_equal (&message.mapped, &from[i]));
    g_assert_true (via_stun_is_authentic (&message, pwd));
    g_assert_cmpuint (
        via_stun_write_success (&request, &from[i], pwd, out, len - 1), ==, 0);
  }
}

static void
test_write_error_says_code_and_what_was_unknown (void)
{
  static const guint8 strange[] = {0x00, 0x01, 0x00, 0x04, 0x21, 0x12, 0xa4,
      0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x77, 0x77, 0x00, 0x00};
  guint8 out[VIA_STUN_MAX];
  ViaStunMessage request, message;
  gsize len;

  g_assert_true (via_stun_read (&request, strange, sizeof strange));
  g_assert_cmpuint (request.n_unknown, ==, 1);
  len = via_stun_write_error (&request, 420, pwd, out, sizeof out);
  message = read_back (out, len);
  g_assert_cmpint (message.type, ==, VIA_STUN_ERROR);
  g_assert_cmpuint (message.error_code, ==, 420);
  g_assert_nonnull (memmem (out, len, "\x00\x0a\x00\x02\x77\x77", 6));
  g_assert_true (via_stun_is_authentic (&message, pwd));
  message = read_back (
      out, via_stun_write_error (&request, 401, NULL, out, sizeof out));
  g_assert_cmpuint (message.error_code, ==, 401);
  g_assert_null (message.integrity);
}

/* RFC 8489 §14.5: only FINGERPRINT counts behind MESSAGE-INTEGRITY. */
static void
test_read_behind_integrity_is_not_believed (void)
{
  static const guint8 id[VIA_STUN_ID] = "abcdefghijkl";
  guint8 data[VIA_STUN_MAX];
  ViaStunCheck check = {"a:b", 1, 2, FALSE, FALSE};
  gsize len = via_stun_write_check (&check, id, pwd, data, sizeof data);
  ViaStunMessage message;

  len -= 8; /* FINGERPRINT away, USE-CANDIDATE in its place */
  memcpy (data + len, "\x00\x25\x00\x00", 4);
  len += 4;
  data[3] = (guint8) (len - VIA_STUN_HEADER);
  g_assert_true (via_stun_read (&message, data, len));
  g_assert_true (via_stun_is_authentic (&message, pwd));
  g_assert_false (message.use_candidate);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/stun/read/sample-request", test_read_sample_request_as_printed);
  g_test_add_func (
      "/stun/read/sample-response", test_read_sample_response_as_printed);
  g_test_add_func ("/stun/read/flipped-bit",
      test_read_flipped_bit_is_no_message_or_not_authentic);
  g_test_add_func ("/stun/read/prefix", test_read_every_prefix_is_refused);
  g_test_add_func ("/stun/read/behind-integrity",
      test_read_behind_integrity_is_not_believed);
  g_test_add_func ("/stun/write/check", test_write_check_reads_back);
  g_test_add_func ("/stun/write/success", test_write_success_maps_v4_and_v6);
  g_test_add_func (
      "/stun/write/error", test_write_error_says_code_and_what_was_unknown);
  return g_test_run ();
}
