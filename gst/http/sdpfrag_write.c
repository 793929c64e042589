/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/sdpfrag_write.c – an offer with the ICE credentials of a restart, and
 * the fragment that answers it. Pure text. RFC 9725 §4.3.2 · RFC 8840 §9
 */
#include "http/sdpfrag.h"

#include <string.h>

gboolean
via_sdpfrag_may_restart (const ViaSdpFrag *self)
{
  gsize ufrag = self->ufrag != NULL ? strlen (self->ufrag) : 0;
  gsize pwd = self->pwd != NULL ? strlen (self->pwd) : 0;

  return ufrag >= 4 && ufrag <= 256 && pwd >= 22 && pwd <= 256;
}

/* --- the offer, again --- */

/* The version in "o=" grows with every description (RFC 3264 §8). */
static void
append_origin (GString *out, const gchar *line)
{
  g_auto (GStrv) parts = g_strsplit (line, " ", 4);
  guint64 version;

  if (g_strv_length (parts) == 4
      && g_ascii_string_to_unsigned (
          parts[2], 10, 0, G_MAXINT64 - 1, &version, NULL))
    g_string_append_printf (out, "%s %s %" G_GUINT64_FORMAT " %s\r\n", parts[0],
        parts[1], version + 1, parts[3]);
  else
    g_string_append_printf (out, "%s\r\n", line);
}

gchar *
via_sdpfrag_restart_offer (
    const gchar *offer, const gchar *ufrag, const gchar *pwd)
{
  g_auto (GStrv) lines = g_strsplit (offer, "\n", -1);
  GString *out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++) {
    const gchar *line = g_strchomp (lines[i]);

    if (*line == '\0' || g_str_has_prefix (line, "a=candidate:")
        || !strcmp (line, "a=end-of-candidates"))
      continue;
    if (g_str_has_prefix (line, "a=ice-ufrag:"))
      g_string_append_printf (out, "a=ice-ufrag:%s\r\n", ufrag);
    else if (g_str_has_prefix (line, "a=ice-pwd:"))
      g_string_append_printf (out, "a=ice-pwd:%s\r\n", pwd);
    else if (g_str_has_prefix (line, "o="))
      append_origin (out, line);
    else
      g_string_append_printf (out, "%s\r\n", line);
  }
  return g_string_free (out, FALSE);
}

/* --- the fragment --- */

static gboolean
is_session_line (const gchar *line)
{
  return !strcmp (line, "a=ice-lite")
         || g_str_has_prefix (line, "a=ice-options:")
         || g_str_has_prefix (line, "a=group:");
}

static gboolean
is_media_line (const gchar *line)
{
  return g_str_has_prefix (line, "m=") || g_str_has_prefix (line, "a=mid:")
         || g_str_has_prefix (line, "a=ice-ufrag:")
         || g_str_has_prefix (line, "a=ice-pwd:")
         || g_str_has_prefix (line, "a=candidate:")
         || !strcmp (line, "a=end-of-candidates");
}

/* Session lines, and of the first m-line that is not rejected what ICE needs:
 * with BUNDLE it is the one that has it. */
gchar *
via_sdpfrag_write (const gchar *sdp)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\n", -1);
  GString *out = g_string_new (NULL);
  gboolean is_session = TRUE, is_in = FALSE, is_past = FALSE, is_ended = FALSE;

  for (guint i = 0; lines[i] != NULL; i++) {
    const gchar *line = g_strchomp (lines[i]);

    if (g_str_has_prefix (line, "m=")) {
      const gchar *port = strchr (line, ' ');

      is_session = FALSE;
      is_past = is_past || is_in;
      is_in = !is_past && port != NULL && !g_str_has_prefix (port, " 0 ");
    }
    if ((is_in && is_media_line (line))
        || (is_session && is_session_line (line)))
      g_string_append_printf (out, "%s\r\n", line);
    is_ended |= is_in && !strcmp (line, "a=end-of-candidates");
  }
  if (!is_ended)
    g_string_append (out, "a=end-of-candidates\r\n");
  return g_string_free (out, FALSE);
}
