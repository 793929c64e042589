/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_mdns.c – questions for ".local" names and answers.
 */
#include "ice/mdns.h"

#include <string.h>

static const gchar name[] = "3f2c1e9a-0b7d-4c55-9f10-1a2b3c4d5e6f.local";

/* One A record for @name (cache flush), its owner compressed to offset 12 by
 * way of a repeated question. */
static gsize
write_response (guint8 *out, gsize size)
{
  static const guint8 record[] = {
      0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 168, 1, 7};
  gsize len = via_mdns_write_question (name, out, size);

  out[2] = 0x84;
  out[7] = 1;
  memcpy (out + len, record, sizeof record);
  return len + sizeof record;
}

static void
test_name_only_one_label_of_local (void)
{
  g_assert_true (via_mdns_is_name (name));
  g_assert_true (via_mdns_is_name ("a.LOCAL"));
  g_assert_false (via_mdns_is_name (".local"));
  g_assert_false (via_mdns_is_name ("a.b.local"));
  g_assert_false (via_mdns_is_name ("a.local.example"));
  g_assert_false (via_mdns_is_name ("a b.local"));
  g_assert_false (via_mdns_is_name ("192.0.2.1"));
}

static void
test_question_is_for_a_and_aaaa_by_unicast (void)
{
  guint8 out[VIA_MDNS_QUESTION];
  gsize len = via_mdns_write_question ("ab.local", out, sizeof out);
  static const guint8 want[] = {0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 2, 'a', 'b',
      5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0x80, 1, 2, 'a', 'b', 5, 'l', 'o',
      'c', 'a', 'l', 0, 0, 28, 0x80, 1};

  g_assert_cmpmem (out, len, want, sizeof want);
  g_assert_cmpuint (via_mdns_write_question ("ab.local", out, len - 1), ==, 0);
  g_assert_cmpuint (
      via_mdns_write_question ("example.com", out, sizeof out), ==, 0);
}

static void
test_answer_for_the_name_is_read (void)
{
  guint8 data[512];
  gsize len = write_response (data, sizeof data);
  static const guint8 ip[16] = {192, 168, 1, 7};
  ViaAddress found[2];

  g_assert_cmpuint (via_mdns_read_answer (name, data, len, found, 2), ==, 1);
  g_assert_cmpmem (found[0].ip, 16, ip, 16);
  g_assert_false (found[0].is_v6);
  /* nobody else's name, and no question */
  g_assert_cmpuint (
      via_mdns_read_answer ("other.local", data, len, found, 2), ==, 0);
  data[2] = 0;
  g_assert_cmpuint (via_mdns_read_answer (name, data, len, found, 2), ==, 0);
}

static void
test_answer_cut_anywhere_is_none (void)
{
  guint8 data[512];
  gsize len = write_response (data, sizeof data);
  ViaAddress found[2];

  for (gsize cut = 0; cut < len; cut++) {
    g_autofree guint8 *copy = g_memdup2 (data, MAX (cut, 1));

    g_assert_cmpuint (via_mdns_read_answer (name, copy, cut, found, 2), ==, 0);
  }
}

static void
test_answer_pointing_at_itself_ends (void)
{
  static const guint8 loop[] = {0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12,
      0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4};
  ViaAddress found[2];

  g_assert_cmpuint (
      via_mdns_read_answer (name, loop, sizeof loop, found, 2), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/name", test_name_only_one_label_of_local);
  g_test_add_func (
      "/mdns/question", test_question_is_for_a_and_aaaa_by_unicast);
  g_test_add_func ("/mdns/answer/read", test_answer_for_the_name_is_read);
  g_test_add_func ("/mdns/answer/cut", test_answer_cut_anywhere_is_none);
  g_test_add_func ("/mdns/answer/loop", test_answer_pointing_at_itself_ends);
  return g_test_run ();
}
