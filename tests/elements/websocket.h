/* SPDX-License-Identifier: LGPL-2.1-or-later
 * websocket.h – a WebSocket of a room that does what a test says. RFC 6455
 */
#pragma once

#include <json-glib/json-glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "ask.h"

#define WAIT_S 60
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" /* RFC 6455 §1.3 */
#define UPGRADE                                                                \
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " KEY       \
  "\r\nSec-WebSocket-Version: 13\r\n"

typedef struct
{
  GSocketConnection *tcp;
  GInputStream *in;
  GOutputStream *out;
  JsonParser *last; /* the message that was waited for */
} Socket;

/* The status of the answer; the socket is open if that is 101. */
static inline guint
dial_with (Socket *self, guint port, const gchar *path, const gchar *headers)
{
  g_autofree gchar *head = g_strdup_printf (
      "GET /live/%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s%s\r\n", path, port,
      UPGRADE, headers);
  GString *reply = g_string_new (NULL);
  guint status;
  gchar c;

  self->tcp = via_test_dial (port);
  g_socket_set_timeout (g_socket_connection_get_socket (self->tcp), WAIT_S);
  g_socket_set_option (g_socket_connection_get_socket (self->tcp), IPPROTO_TCP,
      TCP_NODELAY, 1, NULL);
  self->in = g_io_stream_get_input_stream (G_IO_STREAM (self->tcp));
  self->out = g_io_stream_get_output_stream (G_IO_STREAM (self->tcp));
  self->last = json_parser_new ();
  via_test_say (self->tcp, head);
  while (strstr (reply->str, "\r\n\r\n") == NULL
         && g_input_stream_read (self->in, &c, 1, NULL, NULL) == 1)
    g_string_append_c (reply, c);
  status = via_test_status (reply->str);
  if (status == 101)
    g_assert_nonnull (strstr (reply->str, ACCEPT));
  g_string_free (reply, TRUE);
  return status;
}

static inline void
hang_up (Socket *self)
{
  g_object_unref (self->tcp);
  g_object_unref (self->last);
}

/* One frame (RFC 6455 §5.2), masked with zeros. */
static inline gboolean
send_frame (Socket *self, guint8 first, const gchar *data, gsize len)
{
  guint8 head[14] = {first, 0x80 | 127};
  guint n = 10;

  if (len < 126) {
    head[1] = (guint8) (0x80 | len);
    n = 2;
  } else {
    for (guint i = 0; i < 8; i++)
      head[2 + i] = (guint8) (len >> (56 - 8 * i));
  }
  return g_output_stream_write_all (self->out, head, n + 4, NULL, NULL, NULL)
         && g_output_stream_write_all (self->out, data, len, NULL, NULL, NULL);
}

static inline void
say (Socket *self, const gchar *text)
{
  g_assert_true (send_frame (self, 0x81, text, strlen (text)));
}

/* The opcode; 0 if the connection is over. @out: (transfer full) payload. */
static inline guint
hear_frame (Socket *self, gchar **out)
{
  guint8 head[10];
  gsize len, n;

  *out = NULL;
  if (!g_input_stream_read_all (self->in, head, 2, &n, NULL, NULL) || n < 2)
    return 0;
  len = head[1] & 0x7f;
  if (len >= 126) {
    gsize more = len == 126 ? 2 : 8;

    g_input_stream_read_all (self->in, head + 2, more, NULL, NULL, NULL);
    len = 0;
    for (gsize i = 0; i < more; i++)
      len = len << 8 | head[2 + i];
  }
  *out = g_malloc0 (len + 1);
  g_input_stream_read_all (self->in, *out, len, NULL, NULL, NULL);
  return head[0] & 0x0f;
}

/* The next message of @type; NULL if the connection ended before. */
static inline JsonObject *
hear (Socket *self, const gchar *type)
{
  for (;;) {
    g_autofree gchar *text = NULL;
    guint opcode = hear_frame (self, &text);
    JsonObject *object;

    if (opcode == 0 || opcode == 8)
      return NULL;
    if (opcode != 1)
      continue;
    g_assert_true (json_parser_load_from_data (self->last, text, -1, NULL));
    object = json_node_get_object (json_parser_get_root (self->last));
    if (g_str_equal (json_object_get_string_member (object, "type"), type))
      return object;
  }
}

static inline void
expect_error (Socket *self, const gchar *code, const gchar *word, gboolean last)
{
  JsonObject *error = hear (self, "error");

  g_assert_nonnull (error);
  g_assert_cmpstr (json_object_get_string_member (error, "code"), ==, code);
  g_assert_nonnull (
      strstr (json_object_get_string_member (error, "message"), word));
  g_assert_cmpint (json_object_get_boolean_member (error, "last"), ==, last);
}
