/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish_extensions.c – what a player may ask beside its session: streams of
 * events, and which layer it is shown. Knows no socket, thread, clock or
 * element.
 * WHEP core extensions, "Server Sent Events", "Video Layer Selection"
 */
#include "http/wish-private.h"

#include <string.h>

#include "http/auth.h"
#include "http/events.h"
#include "http/gate.h"
#include "http/layer.h"

#define EVENTS_METHODS "OPTIONS, GET, POST"
#define STREAM_METHODS "OPTIONS, GET, DELETE"
#define LAYER_METHODS "OPTIONS, POST"
#define JSON_TYPE "application/json"

/* NULL: @reply is 404. */
static ViaWishSession *
find_player (ViaWish *self, ViaWishRole role, const gchar *id, ViaReply *reply)
{
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  if (session != NULL && session->role == role && role == VIA_WISH_PLAY
      && session->waits != VIA_WISH_STARTING)
    return session;
  via_reply_problem (reply, 404, "There is no such session (any more)");
  return NULL;
}

/* --- events --- */

/* One more takes the place of the oldest. */
static guint
add_stream (ViaWishSession *session, gchar *names)
{
  guint number = ++session->n_streams;

  if (session->streams == NULL)
    session->streams = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 1;
       g_hash_table_size (session->streams) >= VIA_EVENTS_PER_SESSION; i++)
    g_hash_table_remove (session->streams, GUINT_TO_POINTER (i));
  g_hash_table_insert (session->streams, GUINT_TO_POINTER (number), names);
  return number;
}

static void
subscribe (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaRequest *request, ViaReply *reply)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *endpoint = via_wish_endpoint (self, id);
  g_autofree gchar *location = NULL;
  gchar *names = NULL;

  if (!via_events_read (request->body, request->body_len, &names, &error)) {
    via_reply_problem (reply, 400, error->message);
    return;
  }
  location = g_strdup_printf ("%s%s/%s/events/%u", request->origin, endpoint,
      id, add_stream (session, names));
  reply->status = 201;
  via_reply_header (reply, "Location", location);
}

/* An EventSource sends no token; who knows the address may listen. */
static ViaWishResult
listen (const gchar *id, gchar *out_id)
{
  g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
  return VIA_WISH_EVENTS;
}

static ViaWishResult
stream_request (ViaWishSession *session, const gchar *id, guint number,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  gpointer key = GUINT_TO_POINTER (number);

  if (session->streams == NULL
      || !g_hash_table_contains (session->streams, key)) {
    via_reply_problem (reply, 404, "There is no such stream (any more)");
  } else if (!strcmp (request->method, "GET")) {
    return listen (id, out_id);
  } else if (!strcmp (request->method, "DELETE")) {
    g_hash_table_remove (session->streams, key);
    reply->status = 200;
    g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
    return VIA_WISH_EVENTS_END;
  } else {
    via_reply_not_allowed (reply, STREAM_METHODS);
  }
  return VIA_WISH_REPLIED;
}

ViaWishResult
via_wish_events_request (ViaWish *self, ViaWishRole role, const gchar *id,
    guint number, const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  ViaWishSession *session;

  if (!strcmp (request->method, "OPTIONS")) {
    reply->status = 204;
    via_reply_header (
        reply, "Allow", number > 0 ? STREAM_METHODS : EVENTS_METHODS);
    return VIA_WISH_REPLIED;
  }
  session = find_player (self, role, id, reply);
  if (session == NULL)
    return VIA_WISH_REPLIED;
  if (number > 0)
    return stream_request (session, id, number, request, reply, out_id);
  if (!strcmp (request->method, "GET"))
    return listen (id, out_id);
  if (strcmp (request->method, "POST"))
    via_reply_not_allowed (reply, EVENTS_METHODS);
  else if (via_gate_has_role (request, VIA_AUTH_WATCH, reply))
    subscribe (self, id, session, request, reply);
  return VIA_WISH_REPLIED;
}

guint
via_wish_stream_number (const gchar *path)
{
  const gchar *at = strstr (path, "/events/");
  guint64 number;

  if (at == NULL
      || !g_ascii_string_to_unsigned (
          at + strlen ("/events/"), 10, 1, G_MAXUINT - 1, &number, NULL))
    return 0;
  return (guint) number;
}

const gchar *
via_wish_stream_names (const ViaWish *self, const gchar *id, guint number)
{
  const ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  return session != NULL && session->streams != NULL
             ? g_hash_table_lookup (session->streams, GUINT_TO_POINTER (number))
             : NULL;
}

/* --- layers --- */

static ViaWishResult
choose (ViaWish *self, const gchar *id, ViaWishSession *session,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  g_autoptr (GError) error = NULL;
  g_auto (ViaLayerWish) wish = {0, NULL};

  if (!via_request_has_type (request, JSON_TYPE)) {
    via_reply_problem (reply, 415, "A layer is chosen by " JSON_TYPE);
    via_reply_header (reply, "Accept-Post", JSON_TYPE);
    return VIA_WISH_REPLIED;
  }
  if (!via_layer_read (request->body, request->body_len, &wish, &error)) {
    via_wish_reply_error (reply, error);
    return VIA_WISH_REPLIED;
  }
  if (session->waits != VIA_WISH_IDLE) {
    via_wish_reply_busy (
        reply, 503, "1", "Another request of this session is being answered");
    return VIA_WISH_REPLIED;
  }
  session->waits = VIA_WISH_CHOOSING;
  g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
  self->funcs.layer (self->user, id, wish.media, wish.rid);
  return VIA_WISH_WAIT;
}

ViaWishResult
via_wish_layer_request (ViaWish *self, ViaWishRole role, const gchar *id,
    const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  ViaWishSession *session;

  if (!strcmp (request->method, "OPTIONS")) {
    reply->status = 204;
    via_reply_header (reply, "Allow", LAYER_METHODS);
    return VIA_WISH_REPLIED;
  }
  session = find_player (self, role, id, reply);
  if (session == NULL)
    return VIA_WISH_REPLIED;
  if (strcmp (request->method, "POST"))
    via_reply_not_allowed (reply, LAYER_METHODS);
  else if (via_gate_has_role (request, VIA_AUTH_WATCH, reply))
    return choose (self, id, session, request, reply, out_id);
  return VIA_WISH_REPLIED;
}
