/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/conf.c – a configuration file as values: what stands on which line.
 */
#include "base/conf.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

static void
entry_free (gpointer data)
{
  ViaConfEntry *entry = data;

  g_free (entry->group);
  g_free (entry->key);
  if (entry->value != NULL)
    explicit_bzero (entry->value, strlen (entry->value));
  g_free (entry->value);
  g_free (entry);
}

/* @key: (nullable) */
static void
add (GPtrArray *out, guint line, const gchar *group, const gchar *key,
    const gchar *value)
{
  ViaConfEntry *entry = g_new (ViaConfEntry, 1);

  *entry =
      (ViaConfEntry){line, g_strdup (group), g_strdup (key), g_strdup (value)};
  g_ptr_array_add (out, entry);
}

/* Anything else on the left of "=" may be the rest of a secret: it is not to be
 * named in a warning. */
static gboolean
is_key (const gchar *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("-_.", *text) == NULL)
      return FALSE;
  return TRUE;
}

/* @text: one line, stripped; @group: the one it is in, changed by a header. */
static void
read_line (GPtrArray *out, guint line, gchar **group, gchar *text)
{
  gsize len = strlen (text);
  gchar *equals;

  if (*text == '\0' || *text == '#' || *text == ';')
    return;
  if (*text == '[') {
    if (len < 3 || text[len - 1] != ']') {
      add (out, line, *group, NULL, "a group is [NAME], alone on its line");
      return;
    }
    g_free (*group);
    *group = g_strndup (text + 1, len - 2);
    g_strstrip (*group);
    return;
  }
  equals = strchr (text, '=');
  if (equals != NULL)
    *equals = '\0';
  if (equals == NULL || equals == text || !is_key (g_strchomp (text))) {
    add (out, line, *group, NULL, "is neither KEY=VALUE nor [GROUP]");
    return;
  }
  add (out, line, *group, text, g_strchug (equals + 1));
}

GPtrArray *
via_conf_parse (const gchar *text, gsize len)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (entry_free);
  g_autofree gchar *group = NULL;
  gsize at = len >= 3 && memcmp (text, BOM, 3) == 0 ? 3 : 0;

  if (len > VIA_CONF_MAX)
    add (out, 0, NULL, NULL, "is over 256 KiB; the rest is not read");
  len = MIN (len, VIA_CONF_MAX);
  for (guint line = 1; at < len; line++) {
    const gchar *end = memchr (text + at, '\n', len - at);
    gsize n = end != NULL ? (gsize) (end - text) - at : len - at;

    if (n > VIA_CONF_LINE) {
      add (out, line, group, NULL, "is over 4096 bytes");
    } else if (!g_utf8_validate (text + at, (gssize) n, NULL)) {
      add (out, line, group, NULL, "is no UTF-8"); /* NUL among it */
    } else {
      g_autofree gchar *copy = g_strndup (text + at, n);

      read_line (out, line, &group, g_strstrip (copy));
    }
    at += n + 1;
  }
  return out;
}
