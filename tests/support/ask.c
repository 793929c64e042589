/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/ask.c – a small HTTP client on 127.0.0.1.
 */
#include "ask.h"

#include <string.h>

GSocketConnection *
via_test_dial (guint port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  GSocketConnection *c;

  g_socket_client_set_timeout (client, 20);
  c = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, &error);
  g_assert_no_error (error);
  return c;
}

void
via_test_say (GSocketConnection *c, const gchar *text)
{
  g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (c)),
      text, strlen (text), NULL, NULL, NULL);
}

gchar *
via_test_hear (GIOStream *c)
{
  GString *text = g_string_new (NULL);
  gchar part[4096];
  gssize n;

  while ((n = g_input_stream_read (
              g_io_stream_get_input_stream (c), part, sizeof part, NULL, NULL))
         > 0)
    g_string_append_len (text, part, n);
  return g_string_free (text, FALSE);
}

gchar *
via_test_ask (guint port, const gchar *method, const gchar *path,
    const gchar *headers, const gchar *body)
{
  g_autoptr (GSocketConnection) c = via_test_dial (port);
  g_autofree gchar *request = g_strdup_printf (
      "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: close\r\n"
      "Content-Length: %zu\r\n%s\r\n%s",
      method, path, port, body != NULL ? strlen (body) : 0,
      headers != NULL ? headers : "", body != NULL ? body : "");

  via_test_say (c, request);
  return via_test_hear (G_IO_STREAM (c));
}

guint
via_test_status (const gchar *reply)
{
  if (!g_str_has_prefix (reply, "HTTP/1.1 "))
    return 0;
  return g_ascii_strtoull (reply + strlen ("HTTP/1.1 "), NULL, 10);
}

gchar *
via_test_header (const gchar *reply, const gchar *name)
{
  g_auto (GStrv) lines = g_strsplit (reply, "\r\n", -1);
  gsize len = strlen (name);

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
    if (!g_ascii_strncasecmp (lines[i], name, len) && lines[i][len] == ':')
      return g_strdup (g_strstrip (lines[i] + len + 1));
  }
  return NULL;
}

const gchar *
via_test_body (const gchar *reply)
{
  const gchar *end = strstr (reply, "\r\n\r\n");

  return end != NULL ? end + 4 : "";
}
