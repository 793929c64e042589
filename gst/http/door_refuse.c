/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/door_refuse.c – answers that the door gives itself, before libsoup has
 * the request, and what still comes then. The door's thread. RFC 9112 §9.6
 */
#include "http/door-private.h"

#define DRAIN_MAX (1024 * 1024) /* bytes read and dropped after a refusal */

static void
append_header (const gchar *name, const gchar *value, gpointer text)
{
  g_string_append_printf (text, "%s: %s\r\n", name, value);
}

static void drain_next (ViaDoorConn *conn, GInputStream *in);

static void
on_drained (GObject *object, GAsyncResult *result, gpointer data)
{
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (object), result, NULL);
  ViaDoorConn *conn = data;
  gsize len = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  conn->drained += len;
  if (conn->door != NULL && len > 0 && conn->drained <= DRAIN_MAX) {
    drain_next (conn, G_INPUT_STREAM (object));
  } else {
    g_socket_close (conn->socket, NULL);
    g_clear_object (&conn->refused);
  }
  via_door_conn_unref (conn);
}

static void
drain_next (ViaDoorConn *conn, GInputStream *in)
{
  g_input_stream_read_bytes_async (
      in, 16384, G_PRIORITY_LOW, NULL, on_drained, via_door_conn_ref (conn));
}

void
via_door_finish (ViaDoorConn *conn, const gchar *more, const ViaReply *reply)
{
  gsize len;
  g_autofree gchar *wire = via_reply_to_wire (reply, more, &len);

  conn->message = NULL;
  conn->is_waited_for = FALSE;
  conn->refused = g_object_ref (conn->stream);
  g_pollable_output_stream_write_nonblocking (
      G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (conn->refused)),
      wire, len, NULL, NULL);
  g_socket_shutdown (conn->socket, FALSE, TRUE, NULL);
  via_door_conn_deadline (conn, VIA_DOOR_LINGER_MS);
  conn->is_closing = TRUE;
  drain_next (conn, g_io_stream_get_input_stream (conn->refused));
}

void
via_door_refuse (
    ViaDoorConn *conn, SoupServerMessage *message, const ViaReply *reply)
{
  g_autoptr (GString) more = g_string_new (NULL);
  g_autoptr (GIOStream) stolen = NULL;

  soup_message_headers_foreach (
      soup_server_message_get_response_headers (message), append_header, more);
  via_door_finish (conn, more->str, reply);
  stolen = soup_server_message_steal_connection (message);
}

void
via_door_refuse_problem (ViaDoorConn *conn, SoupServerMessage *message,
    guint status, const gchar *detail)
{
  g_auto (ViaReply) reply = {0};

  via_reply_init (&reply);
  via_reply_problem (&reply, status, detail);
  via_door_refuse (conn, message, &reply);
}

void
via_door_refuse_late (ViaDoorConn *conn)
{
  g_auto (ViaReply) reply = {0};

  if (conn->n_head == 0) {
    via_door_conn_kill (conn);
    return;
  }
  via_reply_init (&reply);
  via_reply_problem (&reply, 408, "The request took too long to come");
  if (conn->message != NULL)
    via_door_refuse (conn, conn->message, &reply);
  else
    via_door_finish (conn, "Connection: close\r\n", &reply);
}
