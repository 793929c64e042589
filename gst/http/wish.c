/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish.c – which request gets which status, and the table of sessions; one
 * set of rules for publishers (WHIP) and players (WHEP). Knows no socket,
 * thread, clock or element.
 * RFC 9725 §4.1–§4.6 · draft-ietf-wish-whep §4 · RFC 8288 (Link)
 */
#include "http/wish-private.h"

#include <string.h>

#include "base/secret.h"
#include "http/auth.h"
#include "http/events.h"
#include "http/gate.h"
#include "http/limits.h"

#define METHODS "OPTIONS, GET, HEAD, POST"

static const gchar *const role_names[] = {"whep", "whip"};
static const guint role_bits[] = {VIA_AUTH_WATCH, VIA_AUTH_PUBLISH};

static void
session_free (gpointer data)
{
  ViaWishSession *session = data;

  via_offer_outline_clear (&session->outline);
  g_clear_pointer (&session->streams, g_hash_table_unref);
  g_free (session->stream);
  g_free (session->address);
  g_free (session->offer);
  g_free (session->next_offer);
  g_free (session->past_ufrag);
  g_free (session);
}

ViaWish *
via_wish_new (
    const ViaWishConfig *config, const ViaWishFuncs *funcs, gpointer user)
{
  ViaWish *self = g_new0 (ViaWish, 1);

  self->path = g_strdup (config->path);
  self->max_peers = config->max_peers;
  self->max_per_address = config->max_per_address;
  self->strict_etag = config->strict_etag;
  self->counter_offer = config->counter_offer;
  self->rng = config->rng;
  self->funcs = *funcs;
  self->user = user;
  self->sessions =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, session_free);
  return self;
}

void
via_wish_free (ViaWish *self)
{
  g_hash_table_unref (self->sessions);
  g_free (self->path);
  g_free (self);
}

guint
via_wish_count (const ViaWish *self)
{
  return g_hash_table_size (self->sessions);
}

void
via_wish_set_others (ViaWish *self, guint n, guint n_here, guint n_unconnected)
{
  self->n_others = n;
  self->n_others_here = n_here;
  self->n_others_unconnected = n_unconnected;
}

static guint
count_address (const ViaWish *self, const gchar *address)
{
  GHashTableIter iter;
  gpointer value;
  guint n = self->n_others_here;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    n += via_limits_is_same (((ViaWishSession *) value)->address, address);
  return n;
}

gboolean
via_wish_has_room (const ViaWish *self, const gchar *address, GError **error)
{
  const gchar *full = NULL;

  if (self->max_peers > 0
      && via_wish_count (self) + self->n_others >= self->max_peers)
    full = "All places are taken (max-peers)";
  else if (self->max_per_address > 0
           && count_address (self, address) >= self->max_per_address)
    full = "All places for this address are taken (max-per-address)";
  else if (self->n_unconnected + self->n_others_unconnected
           >= VIA_WISH_UNCONNECTED_MAX)
    full = "Too many peers are connecting at once";
  if (full != NULL)
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_LIMIT, full);
  return full == NULL;
}

/* --- addresses --- */

typedef struct
{
  ViaWishRole role;
  gchar *stream; /* (nullable) */
  gchar *id;     /* NULL: the endpoint */
  enum
  {
    PLACE_SELF,
    PLACE_EVENTS,
    PLACE_STREAM, /* one of events */
    PLACE_LAYER,
  } below; /* the session */
} Place;

static void
place_clear (Place *place)
{
  g_free (place->stream);
  g_free (place->id);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* What a hub's "subscribe" can name, and an address too. Below "ws", libsoup
 * expects WebSockets and spoils other answers. */
static gboolean
is_stream_name (const gchar *name)
{
  gsize len = strlen (name);

  return len > 0 && len <= VIA_WISH_STREAM_MAX
         && g_utf8_validate (name, len, NULL) && strpbrk (name, ",;=") == NULL
         && strcmp (name, "ws");
}

static gboolean
find_role (const gchar *text, ViaWishRole *out)
{
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (role_names); i++) {
    if (!strcmp (text, role_names[i])) {
      *out = (ViaWishRole) i;
      return TRUE;
    }
  }
  return FALSE;
}

/* What @parts, @n of them, mean below a session. FALSE: nothing. */
static gboolean
locate_below (gchar *const *parts, guint n, Place *out)
{
  gboolean is_events = n > 0 && !strcmp (parts[0], "events");

  if (n == 0)
    out->below = PLACE_SELF;
  else if (n <= 2 && is_events)
    out->below = n == 1 ? PLACE_EVENTS : PLACE_STREAM;
  else if (n == 1 && !strcmp (parts[0], "layer"))
    out->below = PLACE_LAYER;
  else
    return FALSE;
  return TRUE;
}

/* /PATH[/STREAM]/whip|whep[/ID[/events[/NUMBER]|/layer]] */
static gboolean
locate (const ViaWish *self, const gchar *path, Place *out)
{
  gsize len = strlen (self->path);
  g_auto (GStrv) parts = NULL;
  guint n, at;

  if (path[0] != '/' || strncmp (path + 1, self->path, len)
      || path[1 + len] != '/')
    return FALSE;
  parts = g_strsplit (path + 1 + len + 1, "/", 6);
  n = g_strv_length (parts);
  at = n > 0 && find_role (parts[0], &out->role) ? 0 : 1;
  if (at == 1
      && (n < 2 || !find_role (parts[1], &out->role)
          || !is_stream_name (parts[0])))
    return FALSE;
  if (!locate_below (parts + MIN (n, at + 2), n - MIN (n, at + 2), out))
    return FALSE;
  out->stream = at == 1 ? g_strdup (parts[0]) : NULL;
  if (n >= at + 2 && *parts[at + 1] != '\0')
    out->id = g_strdup (parts[at + 1]);
  return TRUE;
}

/* --- answers --- */

/* The servers our side uses, for the other side too; each in a header. */
static void
add_links (ViaWish *self, ViaReply *reply)
{
  g_autofree gchar *links =
      self->funcs.link != NULL ? self->funcs.link (self->user) : NULL;
  gchar *link = links, *next;

  for (; link != NULL; link = next) {
    next = strstr (link, ", <");
    if (next != NULL) {
      *next = '\0';
      next += strlen (", ");
    }
    via_reply_header (reply, "Link", link);
  }
}

void
via_wish_reply_busy (
    ViaReply *reply, guint status, const gchar *seconds, const gchar *detail)
{
  via_reply_problem (reply, status, detail);
  via_reply_header (reply, "Retry-After", seconds);
}

void
via_wish_reply_error (ViaReply *reply, const GError *error)
{
  gint code = error->domain == VIA_ERROR ? error->code : -1;

  switch (code) {
    case VIA_ERROR_SYNTAX:
      via_reply_problem (reply, 400, error->message);
      break;
    case VIA_ERROR_UNSUPPORTED:
    case VIA_ERROR_REFUSED:
      via_reply_problem (reply, 422, error->message);
      break;
    case VIA_ERROR_SETTING: /* authorize said no */
      via_reply_problem (reply, 403, error->message);
      break;
    case VIA_ERROR_NOT_FOUND: /* nobody publishes under that name yet */
      via_wish_reply_busy (reply, 409, "2", error->message);
      break;
    case VIA_ERROR_STATE:
    case VIA_ERROR_LIMIT:
      via_wish_reply_busy (reply, 503, "5", error->message);
      break;
    default:
      via_reply_problem (reply, 500, error->message);
  }
}

void
via_wish_reply_options (ViaWish *self, const ViaRequest *request,
    ViaReply *reply, const gchar *allow, const gchar *accept_name,
    const gchar *accept)
{
  if (request->request_method != NULL) { /* preflight: CORS headers only */
    reply->status = 204;
    return;
  }
  if (!via_gate_has_role (request, VIA_AUTH_WATCH | VIA_AUTH_PUBLISH, reply))
    return;
  reply->status = 200;
  via_reply_header (reply, "Allow", allow);
  via_reply_header (reply, accept_name, accept);
  add_links (self, reply);
}

/* --- who may begin --- */

/* FALSE: @reply is 409. One address has one publisher. */
static gboolean
check_stream (ViaWish *self, const Place *place, ViaReply *reply)
{
  GHashTableIter iter;
  gpointer value;

  if (place->role != VIA_WISH_PUBLISH || place->stream == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    ViaWishSession *session = value;

    if (session->role == VIA_WISH_PUBLISH
        && !g_strcmp0 (session->stream, place->stream)) {
      via_wish_reply_busy (
          reply, 409, "5", "Somebody else is publishing under this name");
      return FALSE;
    }
  }
  return TRUE;
}

/* FALSE: @reply is 503. */
static gboolean
check_room (ViaWish *self, const gchar *address, ViaReply *reply)
{
  g_autoptr (GError) error = NULL;

  if (via_wish_has_room (self, address, &error))
    return TRUE;
  via_wish_reply_busy (reply, 503, "5", error->message);
  return FALSE;
}

/* --- the endpoint --- */

static gchar *
make_id (ViaWish *self)
{
  guint8 bytes[VIA_WISH_ID_LEN / 2];
  GString *id = g_string_sized_new (VIA_WISH_ID_LEN);

  self->rng->fill (self->rng, bytes, sizeof bytes);
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (id, "%02x", bytes[i]);
  return g_string_free (id, FALSE);
}

/* What the peer offered, or that we are to offer; NULL: @reply says what is
 * wrong with it. (transfer full) */
static ViaWishSession *
session_new (ViaWish *self, const Place *place, const ViaRequest *request,
    ViaReply *reply)
{
  ViaWishSession *session = g_new0 (ViaWishSession, 1);
  g_autoptr (GError) error = NULL;

  session->role = place->role;
  session->generation = 1;
  session->stream = g_strdup (place->stream);
  session->address = g_strdup (request->address);
  session->waits = VIA_WISH_STARTING;
  if (place->role == VIA_WISH_PLAY && request->body_len == 0) {
    session->offered = 201;
    return session;
  }
  if (!via_offer_outline_read (&session->outline,
          place->role == VIA_WISH_PUBLISH, request->body, request->body_len,
          &error)) {
    via_wish_reply_error (reply, error);
    session_free (session);
    return NULL;
  }
  if (place->role == VIA_WISH_PLAY && self->counter_offer) {
    via_offer_outline_clear (&session->outline);
    session->offered = 406;
  } else {
    session->offer = g_strdup (request->body);
  }
  return session;
}

static ViaWishResult
post_offer (ViaWish *self, const Place *place, const ViaRequest *request,
    ViaReply *reply, gchar *out_id)
{
  g_autofree gchar *app_data = via_request_query (request, "app-data");
  VIA_SECRET gchar *token = NULL;
  ViaWishOffer offer = {.role = place->role,
      .stream = place->stream,
      .address = request->address};
  ViaWishSession *session;
  gchar *id;

  if (via_wish_refuse_early (self, request, request->body_len, reply))
    return VIA_WISH_REPLIED;
  session = session_new (self, place, request, reply);
  if (session == NULL)
    return VIA_WISH_REPLIED;
  if (!check_stream (self, place, reply)
      || !check_room (self, request->address, reply)) {
    session_free (session);
    return VIA_WISH_REPLIED;
  }
  id = make_id (self);
  g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
  g_hash_table_insert (self->sessions, id, session);
  self->n_unconnected++;
  token = request->authorization != NULL
              ? via_auth_token (request->authorization)
              : via_request_query (request, "token");
  offer.id = id;
  offer.offer = session->offer;
  offer.app_data = place->stream != NULL && place->role == VIA_WISH_PUBLISH
                       ? place->stream
                       : app_data;
  offer.token = token;
  self->funcs.offer (self->user, &offer);
  return VIA_WISH_WAIT;
}

static ViaWishResult
endpoint_request (ViaWish *self, const Place *place, const ViaRequest *request,
    ViaReply *reply, gchar *out_id)
{
  const gchar *method = request->method;

  if (!strcmp (method, "POST"))
    return post_offer (self, place, request, reply, out_id);
  if (!strcmp (method, "OPTIONS")) {
    via_wish_reply_options (
        self, request, reply, METHODS, "Accept-Post", VIA_WISH_SDP);
  } else if (!strcmp (method, "GET")) {
    reply->status = 204;
  } else if (!strcmp (method, "HEAD")) { /* how clients find an endpoint */
    reply->status = 200;
    via_reply_header (reply, "Content-Type", VIA_WISH_SDP);
    via_reply_header (reply, "Accept-Post", VIA_WISH_SDP);
  } else {
    via_reply_not_allowed (reply, METHODS);
  }
  return VIA_WISH_REPLIED;
}

/* --- public --- */

gboolean
via_wish_refuse_early (
    ViaWish *self, const ViaRequest *request, gint64 length, ViaReply *reply)
{
  g_auto (Place) place = {0};

  if (locate (self, request->path, &place) && place.id == NULL
      && !strcmp (request->method, "POST")) {
    if (!via_gate_has_role (request, role_bits[place.role], reply))
      return TRUE;
    if (!via_request_has_type (request, VIA_WISH_SDP)
        && (request->content_type != NULL || length != 0
            || place.role != VIA_WISH_PLAY)) {
      via_reply_problem (reply, 415, "POST takes " VIA_WISH_SDP);
      via_reply_header (reply, "Accept-Post", VIA_WISH_SDP);
      return TRUE;
    }
  }
  if (length > VIA_HTTP_BODY_MAX) {
    via_reply_problem (reply, 413, "A body may have 128 KiB");
    return TRUE;
  }
  return FALSE;
}

ViaWishResult
via_wish_request (
    ViaWish *self, const ViaRequest *request, ViaReply *reply, gchar *out_id)
{
  g_auto (Place) place = {0};

  if (!locate (self, request->path, &place))
    return VIA_WISH_NOT_OURS;
  if (place.id == NULL)
    return endpoint_request (self, &place, request, reply, out_id);
  if (place.below == PLACE_LAYER)
    return via_wish_layer_request (
        self, place.role, place.id, request, reply, out_id);
  if (place.below != PLACE_SELF) {
    guint number = via_wish_stream_number (request->path);

    if (place.below == PLACE_STREAM && number == 0)
      return VIA_WISH_NOT_OURS;
    return via_wish_events_request (
        self, place.role, place.id, number, request, reply, out_id);
  }
  return via_wish_session_request (
      self, place.role, place.id, request, reply, out_id);
}

/* 201, or what the peer gets instead. */
static void
started (ViaWish *self, const gchar *id, ViaWishSession *session,
    const gchar *sdp, const gchar *origin, ViaReply *reply)
{
  g_autofree gchar *etag = via_wish_etag (session);
  g_autofree gchar *stream = session->stream != NULL ? g_uri_escape_string (
                                 session->stream, NULL, FALSE)
                                                     : NULL;
  g_autofree gchar *location = g_strdup_printf ("%s/%s/%s%s%s/%s", origin,
      self->path, stream != NULL ? stream : "", stream != NULL ? "/" : "",
      role_names[session->role], id);

  session->waits = VIA_WISH_IDLE;
  if (session->offered != 0 /* the mids, for trickle; the peer's ufrag is */
      && via_offer_outline_scan (&session->outline, sdp, strlen (sdp)))
    g_clear_pointer (&session->outline.ufrag, g_free); /* not known yet */
  via_reply_text (
      reply, session->offered != 0 ? session->offered : 201, VIA_WISH_SDP, sdp);
  via_reply_header (reply, "Location", location);
  via_reply_header (reply, "ETag", etag);
  via_reply_header (reply, "Accept-Patch", VIA_WISH_FRAG);
  add_links (self, reply);
  if (session->role == VIA_WISH_PLAY) {
    g_autofree gchar *events = g_strdup_printf (
        "<%s/events>; rel=\"urn:ietf:params:whep:ext:core:server-sent-events\"; "
        "events=\"" VIA_EVENTS_NAMES "\"",
        location);

    g_autofree gchar *layer = g_strdup_printf (
        "<%s/layer>; rel=\"urn:ietf:params:whep:ext:core:layer\"", location);

    via_reply_header (reply, "Link", events);
    via_reply_header (reply, "Link", layer);
  }
}

guint
via_wish_viewers (const ViaWish *self, const gchar *id)
{
  const ViaWishSession *asks = g_hash_table_lookup (self->sessions, id);
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  if (asks == NULL)
    return 0;
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const ViaWishSession *session = value;

    n += session->role == VIA_WISH_PLAY && session->is_connected
         && !g_strcmp0 (session->stream, asks->stream);
  }
  return n;
}

gchar *
via_wish_endpoint (const ViaWish *self, const gchar *id)
{
  const ViaWishSession *session = g_hash_table_lookup (self->sessions, id);
  g_autofree gchar *stream = NULL;

  if (session == NULL)
    return NULL;
  if (session->stream != NULL)
    stream = g_uri_escape_string (session->stream, NULL, FALSE);
  return g_strdup_printf ("/%s%s%s/%s", self->path, stream != NULL ? "/" : "",
      stream != NULL ? stream : "", role_names[session->role]);
}

gboolean
via_wish_answer (ViaWish *self, const gchar *id, const gchar *sdp,
    const GError *error, const gchar *origin, ViaReply *reply)
{
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  if (session == NULL || session->waits == VIA_WISH_IDLE)
    return FALSE;
  if (session->waits != VIA_WISH_STARTING) {
    via_wish_session_answer (session, sdp, error, reply);
  } else if (sdp == NULL) {
    via_wish_reply_error (reply, error);
    via_wish_remove (self, id);
  } else {
    started (self, id, session, sdp, origin, reply);
  }
  return TRUE;
}

gboolean
via_wish_is_starting (const ViaWish *self, const gchar *id)
{
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  return session != NULL && session->waits == VIA_WISH_STARTING;
}

void
via_wish_connected (ViaWish *self, const gchar *id)
{
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  if (session == NULL || session->is_connected)
    return;
  session->is_connected = TRUE;
  self->n_unconnected--;
}

void
via_wish_remove (ViaWish *self, const gchar *id)
{
  ViaWishSession *session = g_hash_table_lookup (self->sessions, id);

  if (session == NULL)
    return;
  if (!session->is_connected)
    self->n_unconnected--;
  g_hash_table_remove (self->sessions, id);
}

void
via_wish_end (ViaWish *self, const gchar *id)
{
  via_wish_remove (self, id);
}

void
via_wish_abandon (ViaWish *self, const gchar *id)
{
  if (!g_hash_table_contains (self->sessions, id))
    return;
  self->funcs.bye (self->user, id);
  via_wish_remove (self, id);
}
