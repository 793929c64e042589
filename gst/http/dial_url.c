/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/dial_url.c – the addresses a WHIP or WHEP client meets.
 * RFC 3986 §5 · RFC 6454 §4 (origin)
 */
#include "http/dial.h"

#include <string.h>

#define FLAGS (G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED)

gchar *
via_dial_url_of (const gchar *uri, gboolean *out_is_play, GError **error)
{
  static const struct
  {
    const gchar *ours, *real;
    gboolean is_play;
  } schemes[] = {{"whip", "http", FALSE}, {"whips", "https", FALSE},
      {"whep", "http", TRUE}, {"wheps", "https", TRUE}};
  g_autoptr (GUri) parsed = g_uri_parse (uri, FLAGS, NULL);
  const gchar *host = parsed != NULL ? g_uri_get_host (parsed) : NULL;

  for (guint i = 0; host != NULL && *host != '\0' && i < G_N_ELEMENTS (schemes);
       i++)
    if (!g_ascii_strcasecmp (g_uri_get_scheme (parsed), schemes[i].ours)) {
      *out_is_play = schemes[i].is_play;
      return g_strconcat (
          schemes[i].real, uri + strlen (schemes[i].ours), NULL);
    }
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SETTING,
      "signaling-uri: whip://, whips://, whep:// or wheps:// with a host");
  return NULL;
}

gchar *
via_dial_url_resolve (const gchar *base, const gchar *reference)
{
  g_autofree gchar *url = g_uri_resolve_relative (base, reference, FLAGS, NULL);
  g_autoptr (GUri) parsed = NULL;

  if (url == NULL)
    return NULL;
  parsed = g_uri_parse (url, FLAGS, NULL);
  if (parsed == NULL || g_uri_get_host (parsed) == NULL)
    return NULL;
  if (!g_str_equal (g_uri_get_scheme (parsed), "https")
      && (!g_str_equal (g_uri_get_scheme (parsed), "http")
          || g_str_has_prefix (base, "https:")))
    return NULL;
  return g_steal_pointer (&url);
}

static gint
port_of (GUri *uri)
{
  gint port = g_uri_get_port (uri);

  if (port > 0)
    return port;
  return g_str_equal (g_uri_get_scheme (uri), "https") ? 443 : 80;
}

gboolean
via_dial_url_same_origin (const gchar *a, const gchar *b)
{
  g_autoptr (GUri) one = g_uri_parse (a, FLAGS, NULL);
  g_autoptr (GUri) two = g_uri_parse (b, FLAGS, NULL);

  return one != NULL && two != NULL
         && g_str_equal (g_uri_get_scheme (one), g_uri_get_scheme (two))
         && !g_ascii_strcasecmp (g_uri_get_host (one), g_uri_get_host (two))
         && port_of (one) == port_of (two);
}

gchar *
via_dial_url_shown (const gchar *url)
{
  g_autoptr (GUri) uri = g_uri_parse (url, FLAGS, NULL);

  if (uri == NULL)
    return g_strdup ("(no address)");
  return g_uri_to_string_partial (
      uri, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
}
