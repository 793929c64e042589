/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/events.c – server-sent events to players, a chunked answer each. Knows
 * no peer. The server's thread only.
 * draft-ietf-wish-whep §5.1 · HTML Living Standard §9.2
 */
#include "http/events.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "http/door.h"

typedef struct
{
  SoupServerMessage *message;
  ViaDoorGuest *guest; /* its connection has no deadline */
  gchar *id, *base;
  guint number;
  gchar **names;      /* NULL: all */
  gboolean is_active; /* what was told last, as the next two */
  gint n_viewers;     /* -1: nothing yet */
  gchar *layers;      /* (nullable) */
} Stream;

struct _ViaEvents
{
  GPtrArray *streams; /* Stream, the oldest first */
};

/* --- names --- */

static gboolean
is_known (const gchar *name)
{
  g_auto (GStrv) known = g_strsplit (VIA_EVENTS_NAMES, ",", -1);

  return g_strv_contains ((const gchar *const *) known, name);
}

static gboolean
read_array (JsonArray *array, GString *out, GError **error)
{
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    const gchar *name =
        JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

    if (name == NULL || !is_known (name)) {
      g_set_error_literal (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
          "Events are " VIA_EVENTS_NAMES);
      return FALSE;
    }
    g_string_append_printf (out, "%s%s", out->len > 0 ? "," : "", name);
  }
  return TRUE;
}

gboolean
via_events_read (const gchar *json, gsize len, gchar **out, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GString) names = g_string_new (NULL);
  JsonNode *root;

  if (len > 0) {
    root = json_parser_load_from_data (parser, json, (gssize) len, NULL)
               ? json_parser_get_root (parser)
               : NULL;
    if (root == NULL || !JSON_NODE_HOLDS_ARRAY (root)) {
      g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SYNTAX,
          "The body is no JSON array of events");
      return FALSE;
    }
    if (!read_array (json_node_get_array (root), names, error))
      return FALSE;
  }
  *out = g_strdup (names->len > 0 ? names->str : VIA_EVENTS_NAMES);
  return TRUE;
}

/* --- streams --- */

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_signal_handlers_disconnect_by_data (stream->message, stream);
  g_object_unref (stream->message);
  via_door_guest_free (stream->guest);
  g_strfreev (stream->names);
  g_free (stream->layers);
  g_free (stream->base);
  g_free (stream->id);
  g_free (stream);
}

/* @event: NULL for a comment, which players do not see. */
static void
send (Stream *stream, const gchar *event, const gchar *data)
{
  SoupMessageBody *body =
      soup_server_message_get_response_body (stream->message);
  gchar *text;

  if (event != NULL && stream->names != NULL
      && !g_strv_contains ((const gchar *const *) stream->names, event))
    return;
  text = event != NULL
             ? g_strdup_printf ("event: %s\ndata: %s\n\n", event, data)
             : g_strdup (":\n\n");
  soup_message_body_append_take (body, (guchar *) text, strlen (text));
  soup_server_message_unpause (stream->message);
}

static void
finish (Stream *stream)
{
  soup_message_body_complete (
      soup_server_message_get_response_body (stream->message));
  soup_server_message_unpause (stream->message);
}

ViaEvents *
via_events_new (void)
{
  ViaEvents *self = g_new0 (ViaEvents, 1);

  self->streams = g_ptr_array_new_with_free_func (stream_free);
  return self;
}

void
via_events_free (ViaEvents *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->streams);
  g_free (self);
}

static void
on_finished (SoupServerMessage *message, gpointer data)
{
  Stream *stream = data;
  ViaEvents *self = g_object_get_data (G_OBJECT (message), "via-events");

  g_ptr_array_remove (self->streams, stream);
}

static void
make_place (ViaEvents *self, const gchar *id)
{
  Stream *oldest = NULL;
  guint n = 0;

  for (guint i = 0; i < self->streams->len; i++) {
    Stream *stream = g_ptr_array_index (self->streams, i);

    if (strcmp (stream->id, id))
      continue;
    n++;
    if (oldest == NULL)
      oldest = stream;
  }
  if (n < VIA_EVENTS_PER_SESSION)
    return;
  finish (oldest);
  g_ptr_array_remove (self->streams, oldest);
}

void
via_events_take (ViaEvents *self, SoupServerMessage *message, const gchar *id,
    guint number, const gchar *names, const gchar *base)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_response_headers (message);
  Stream *stream = g_new0 (Stream, 1);

  make_place (self, id);
  stream->message = g_object_ref (message);
  stream->guest = via_door_stay (message);
  stream->id = g_strdup (id);
  stream->base = g_strdup (base);
  stream->names = names != NULL ? g_strsplit (names, ",", 16) : NULL;
  stream->number = number;
  stream->n_viewers = -1;
  g_object_set_data (G_OBJECT (message), "via-events", self);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), stream);
  g_ptr_array_add (self->streams, stream);
  soup_message_headers_set_content_type (headers, "text/event-stream", NULL);
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (
      soup_server_message_get_response_body (message), FALSE);
  soup_server_message_set_status (message, 200, NULL);
  send (stream, NULL, NULL);
}

/* --- news --- */

static void
tell (Stream *stream, gboolean is_active, guint n_viewers, const gchar *layers)
{
  if (stream->is_active != is_active) {
    stream->is_active = is_active;
    send (stream, is_active ? "active" : "inactive", "{}");
  }
  if (stream->n_viewers != (gint) n_viewers) {
    g_autofree gchar *data =
        g_strdup_printf ("{\"viewercount\":%u}", n_viewers);

    stream->n_viewers = (gint) n_viewers;
    send (stream, "viewercount", data);
  }
  if (layers != NULL && g_strcmp0 (stream->layers, layers)) {
    g_free (stream->layers);
    stream->layers = g_strdup (layers);
    send (stream, "layers", layers);
  }
}

void
via_events_tell (ViaEvents *self, const gchar *id, gboolean is_active,
    guint n_viewers, const gchar *layers)
{
  for (guint i = 0; i < self->streams->len; i++) {
    Stream *stream = g_ptr_array_index (self->streams, i);

    if (!strcmp (stream->id, id))
      tell (stream, is_active, n_viewers, layers);
  }
}

static void
tell_reconnect (Stream *stream, const gchar *path)
{
  g_autofree gchar *data =
      g_strdup_printf ("{\"url\":\"%s%s\"}", stream->base, path);

  send (stream, "reconnect", data);
}

void
via_events_end (ViaEvents *self, const gchar *id, const gchar *path)
{
  for (guint i = self->streams->len; i > 0; i--) {
    Stream *stream = g_ptr_array_index (self->streams, i - 1);

    if (strcmp (stream->id, id))
      continue;
    if (path != NULL)
      tell_reconnect (stream, path);
    finish (stream);
    g_ptr_array_remove_index (self->streams, i - 1);
  }
}

void
via_events_drop (ViaEvents *self, const gchar *id, guint number)
{
  for (guint i = self->streams->len; i > 0; i--) {
    Stream *stream = g_ptr_array_index (self->streams, i - 1);

    if (strcmp (stream->id, id) || stream->number != number)
      continue;
    finish (stream);
    g_ptr_array_remove_index (self->streams, i - 1);
  }
}

void
via_events_keep_alive (ViaEvents *self)
{
  for (guint i = 0; i < self->streams->len; i++)
    send (g_ptr_array_index (self->streams, i), NULL, NULL);
}

GPtrArray *
via_events_sessions (ViaEvents *self)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->streams->len; i++) {
    Stream *stream = g_ptr_array_index (self->streams, i);

    if (!g_ptr_array_find_with_equal_func (out, stream->id, g_str_equal, NULL))
      g_ptr_array_add (out, g_strdup (stream->id));
  }
  return out;
}
