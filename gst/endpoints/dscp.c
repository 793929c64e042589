/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/dscp.c – reads qos-dscp.
 */
#include "endpoints/dscp.h"

#include <string.h>

#define HIGHEST 63

/* RFC 2474 (CSn), RFC 2597 (AFxy), RFC 3246 (EF), RFC 5865 (VA), RFC 8622 (LE);
 * -2: no such name. */
static gint
value_of_name (const gchar *name)
{
  static const struct
  {
    const gchar *name;
    gint value;
  } names[] = {{"BE", 0}, {"DF", 0}, {"LE", 1}, {"VA", 44}, {"EF", 46}};
  gsize len = strlen (name);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (!g_ascii_strcasecmp (name, names[i].name))
      return names[i].value;
  if (len == 3 && !g_ascii_strncasecmp (name, "CS", 2) && name[2] >= '0'
      && name[2] <= '7')
    return 8 * (name[2] - '0');
  if (len == 4 && !g_ascii_strncasecmp (name, "AF", 2) && name[2] >= '1'
      && name[2] <= '4' && name[3] >= '1' && name[3] <= '3')
    return 8 * (name[2] - '0') + 2 * (name[3] - '0');
  return -2;
}

static gboolean
read_point (const gchar *text, guint8 *out, GError **error)
{
  gint64 number = value_of_name (text);

  if (number < 0
      && !g_ascii_string_to_signed (text, 10, -1, HIGHEST, &number, NULL)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "\"%s\" is no code point: a number from -1 to %d, or EF, VA, LE, CS0 "
        "to CS7, AF11 to AF43",
        text, HIGHEST);
    return FALSE;
  }
  *out = (guint8) MAX (number, 0);
  return TRUE;
}

/* "KIND=POINT" into the one of @points that @names names. */
static gboolean
read_pair (
    const gchar *pair, guint8 points[3], gboolean seen[3], GError **error)
{
  static const gchar *const names[] = {"audio", "video", "other"};
  g_auto (GStrv) parts = g_strsplit (pair, "=", 2);
  guint i = 0;

  while (i < G_N_ELEMENTS (names)
         && g_ascii_strcasecmp (g_strstrip (parts[0]), names[i]) != 0)
    i++;
  if (i == G_N_ELEMENTS (names) || parts[1] == NULL || seen[i]) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "\"%s\": audio=, video= and other= may stand there, once each", pair);
    return FALSE;
  }
  seen[i] = TRUE;
  return read_point (g_strstrip (parts[1]), &points[i], error);
}

gboolean
via_dscp_read (const gchar *text, ViaDscp *out, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (text != NULL ? text : "-1", ",", -1);
  guint8 points[3] = {0};
  gboolean seen[3] = {FALSE};

  if (pairs[0] != NULL && strchr (pairs[0], '=') == NULL) {
    if (pairs[1] != NULL) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "\"%s\": one code point is for all media", text);
      return FALSE;
    }
    if (!read_point (g_strstrip (pairs[0]), &points[0], error))
      return FALSE;
    points[1] = points[2] = points[0];
  } else {
    for (guint i = 0; pairs[i] != NULL; i++)
      if (!read_pair (pairs[i], points, seen, error))
        return FALSE;
  }
  *out = (ViaDscp){points[0], points[1], points[2]};
  return TRUE;
}
