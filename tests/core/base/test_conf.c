/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/base/test_conf.c – configuration files, good and bad.
 */
#include "base/conf.h"

#include <string.h>

static GPtrArray *
parse (const gchar *text)
{
  return via_conf_parse (text, strlen (text));
}

/* Entry @i is that, and on that line. */
static void
expect (GPtrArray *all, guint i, guint line, const gchar *group,
    const gchar *key, const gchar *value)
{
  const ViaConfEntry *entry;

  g_assert_cmpuint (all->len, >, i);
  entry = g_ptr_array_index (all, i);
  g_assert_cmpuint (entry->line, ==, line);
  g_assert_cmpstr (entry->group, ==, group);
  g_assert_cmpstr (entry->key, ==, key);
  g_assert_cmpstr (entry->value, ==, value);
}

static void
expect_fault (GPtrArray *all, guint i, guint line, const gchar *part)
{
  const ViaConfEntry *entry;

  g_assert_cmpuint (all->len, >, i);
  entry = g_ptr_array_index (all, i);
  g_assert_cmpuint (entry->line, ==, line);
  g_assert_null (entry->key);
  g_assert_nonnull (strstr (entry->value, part));
}

static void
test_groups_keys_and_lines_are_as_written (void)
{
  g_autoptr (GPtrArray) all = parse ("\xef\xbb\xbf"
                                     "# first\n"
                                     "\n"
                                     "[common]\r\n"
                                     "stun-server = stun.example.org \n"
                                     "  ; not this\n"
                                     "turn-url=u:a=b;c#d@h\n"
                                     "[ webrtcserver ]\n"
                                     "port=\n"
                                     "max-peers=4");

  g_assert_cmpuint (all->len, ==, 4);
  expect (all, 0, 4, "common", "stun-server", "stun.example.org");
  expect (all, 1, 6, "common", "turn-url", "u:a=b;c#d@h");
  expect (all, 2, 8, "webrtcserver", "port", "");
  expect (all, 3, 9, "webrtcserver", "max-peers", "4");
}

/* Kurento's files have no group. */
static void
test_keys_before_any_group_have_none (void)
{
  g_autoptr (GPtrArray) all =
      parse (";; List of interfaces\n;networkInterfaces=eth0\n\n"
             "stunServerAddress=198.51.100.1\nstunServerPort=3478\n");

  g_assert_cmpuint (all->len, ==, 2);
  expect (all, 0, 4, NULL, "stunServerAddress", "198.51.100.1");
  expect (all, 1, 5, NULL, "stunServerPort", "3478");
}

static void
test_bad_lines_are_named_and_the_others_hold (void)
{
  g_autoptr (GPtrArray) all =
      parse ("[common]\nmin-port=1\nnonsense\n=5\n[\n[x\n[]\nmax-port=2\n"
             "a=\xff\nu:secret@h?transport=tcp\n");

  g_assert_cmpuint (all->len, ==, 9);
  expect (all, 0, 2, "common", "min-port", "1");
  expect_fault (all, 1, 3, "KEY=VALUE");
  expect_fault (all, 2, 4, "KEY=VALUE");
  expect_fault (all, 3, 5, "[NAME]");
  expect_fault (all, 4, 6, "[NAME]");
  expect_fault (all, 5, 7, "[NAME]");
  expect (all, 6, 8, "common", "max-port", "2");
  expect_fault (all, 7, 9, "UTF-8");
  expect_fault (all, 8, 10, "KEY=VALUE"); /* and is not named */
}

static void
test_long_lines_and_files_end_somewhere (void)
{
  g_autofree gchar *line = g_strnfill (VIA_CONF_LINE + 1, 'x');
  g_autofree gchar *text = g_strconcat (line, "\na=1\n", NULL);
  g_autofree gchar *file = g_malloc (VIA_CONF_MAX + 100);
  g_autoptr (GPtrArray) all = parse (text);
  g_autoptr (GPtrArray) more = NULL;
  static const gchar nul[] = "a=1\0b\nc=2\n";
  g_autoptr (GPtrArray) with_nul = via_conf_parse (nul, sizeof nul - 1);

  expect_fault (all, 0, 1, "4096");
  expect (all, 1, 2, NULL, "a", "1");
  memset (file, '\n', VIA_CONF_MAX + 100);
  memcpy (file + VIA_CONF_MAX, "late=1\n", 7);
  more = via_conf_parse (file, VIA_CONF_MAX + 100);
  g_assert_cmpuint (more->len, ==, 1);
  expect_fault (more, 0, 0, "256 KiB");
  expect_fault (with_nul, 0, 1, "UTF-8");
  expect (with_nul, 1, 2, NULL, "c", "2");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conf/lines", test_groups_keys_and_lines_are_as_written);
  g_test_add_func ("/conf/no-group", test_keys_before_any_group_have_none);
  g_test_add_func ("/conf/bad", test_bad_lines_are_named_and_the_others_hold);
  g_test_add_func ("/conf/limits", test_long_lines_and_files_end_somewhere);
  return g_test_run ();
}
