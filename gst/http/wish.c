/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/wish.c – which request gets which status, and the table of sessions; one
 * set of rules for publishers (WHIP) and players (WHEP). Knows no socket,
 * thread, clock or element.
 * RFC 9725 §4.1–§4.6 · draft-ietf-wish-whep §4 · RFC 8840 §9 · RFC 8288 (Link)
 */
#include "http/wish.h"

#include <string.h>

#define CANDIDATES_MAX 200 /* trickled in one session's life */
#define SDP_TYPE "application/sdp"
#define FRAG_TYPE "application/trickle-ice-sdpfrag"
#define ENDPOINT_METHODS "OPTIONS, GET, HEAD, POST"
#define SESSION_METHODS "OPTIONS, GET, HEAD, PATCH, DELETE"

typedef struct
{
  ViaWishRole role;
  ViaOfferOutline outline;
  gboolean is_answered;
  gboolean is_connected;
  guint n_candidates;
} Session;

struct _ViaWish
{
  gchar *endpoints[VIA_WISH_N_ROLES]; /* "/live/whep", "/live/whip" */
  guint max_peers;
  ViaRng *rng;
  ViaWishFuncs funcs;
  gpointer user;
  GHashTable *sessions; /* gchar* id → Session* */
  guint n_unconnected;
};

static void
session_free (gpointer data)
{
  Session *session = data;

  via_offer_outline_clear (&session->outline);
  g_free (session);
}

ViaWish *
via_wish_new (const gchar *path, guint max_peers, ViaRng *rng,
    const ViaWishFuncs *funcs, gpointer user)
{
  ViaWish *self = g_new0 (ViaWish, 1);

  self->endpoints[VIA_WISH_PLAY] = g_strdup_printf ("/%s/whep", path);
  self->endpoints[VIA_WISH_PUBLISH] = g_strdup_printf ("/%s/whip", path);
  self->max_peers = max_peers;
  self->rng = rng;
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
  for (guint i = 0; i < VIA_WISH_N_ROLES; i++)
    g_free (self->endpoints[i]);
  g_free (self);
}

guint
via_wish_count (const ViaWish *self)
{
  return g_hash_table_size (self->sessions);
}

/* --- addresses --- */

/* TRUE if @path is an endpoint (@out_id NULL) or an address below it. */
static gboolean
locate (const ViaWish *self, const gchar *path, ViaWishRole *out_role,
    const gchar **out_id)
{
  for (guint i = 0; i < VIA_WISH_N_ROLES; i++) {
    gsize len = strlen (self->endpoints[i]);

    if (strncmp (path, self->endpoints[i], len)
        || (path[len] != '/' && path[len] != '\0'))
      continue;
    *out_role = (ViaWishRole) i;
    *out_id = path[len] == '/' ? path + len + 1 : NULL;
    return TRUE;
  }
  return FALSE;
}

/* --- the endpoint --- */

static void
reply_empty (ViaReply *reply, guint status)
{
  reply->status = status;
}

/* The STUN server our side uses, for the other side too. */
static void
add_link (ViaWish *self, ViaReply *reply)
{
  g_autofree gchar *link =
      self->funcs.link != NULL ? self->funcs.link (self->user) : NULL;

  if (link != NULL)
    via_reply_header (reply, "Link", link);
}

static void
reply_busy (ViaReply *reply, const gchar *detail)
{
  via_reply_problem (reply, 503, detail);
  via_reply_header (reply, "Retry-After", "5");
}

static gboolean
check_room (ViaWish *self, ViaReply *reply)
{
  if (self->max_peers > 0 && via_wish_count (self) >= self->max_peers) {
    reply_busy (reply, "All places are taken (max-peers)");
    return FALSE;
  }
  if (self->n_unconnected >= VIA_WISH_UNCONNECTED_MAX) {
    reply_busy (reply, "Too many peers are connecting at once");
    return FALSE;
  }
  return TRUE;
}

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

static guint
status_of_error (const GError *error)
{
  if (error->domain != VIA_ERROR)
    return 500;
  switch ((ViaErrorCode) error->code) {
    case VIA_ERROR_SYNTAX:
      return 400;
    case VIA_ERROR_UNSUPPORTED:
    case VIA_ERROR_REFUSED:
      return 422;
    case VIA_ERROR_STATE:
    case VIA_ERROR_LIMIT:
      return 503;
    default:
      return 500;
  }
}

static void
reply_error (ViaReply *reply, const GError *error)
{
  guint status = status_of_error (error);

  if (status == 503)
    reply_busy (reply, error->message);
  else
    via_reply_problem (reply, status, error->message);
}

static ViaWishResult
post_offer (ViaWish *self, ViaWishRole role, const ViaRequest *request,
    ViaReply *reply, gchar *out_id)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *app_data = NULL;
  Session *session;
  gchar *id;

  if (via_wish_refuse_early (self, request, request->body_len, reply))
    return VIA_WISH_REPLIED;
  session = g_new0 (Session, 1);
  session->role = role;
  if (!via_offer_outline_read (&session->outline, role == VIA_WISH_PUBLISH,
          request->body, request->body_len, &error)) {
    reply_error (reply, error);
    session_free (session);
    return VIA_WISH_REPLIED;
  }
  if (!check_room (self, reply)) {
    session_free (session);
    return VIA_WISH_REPLIED;
  }
  id = make_id (self);
  g_strlcpy (out_id, id, VIA_WISH_ID_LEN + 1);
  g_hash_table_insert (self->sessions, id, session);
  self->n_unconnected++;
  app_data = via_request_query (request, "app-data");
  self->funcs.offer (self->user, id, role, request->body, app_data);
  return VIA_WISH_WAIT;
}

static void
reply_options (ViaWish *self, const ViaRequest *request, ViaReply *reply,
    const gchar *allow, const gchar *accept_name, const gchar *accept)
{
  if (request->request_method != NULL) { /* preflight: CORS headers only */
    reply_empty (reply, 204);
    return;
  }
  reply_empty (reply, 200);
  via_reply_header (reply, "Allow", allow);
  via_reply_header (reply, accept_name, accept);
  add_link (self, reply);
}

static ViaWishResult
endpoint_request (ViaWish *self, ViaWishRole role, const ViaRequest *request,
    ViaReply *reply, gchar *out_id)
{
  const gchar *method = request->method;

  if (!strcmp (method, "POST"))
    return post_offer (self, role, request, reply, out_id);
  if (!strcmp (method, "OPTIONS")) {
    reply_options (
        self, request, reply, ENDPOINT_METHODS, "Accept-Post", SDP_TYPE);
  } else if (!strcmp (method, "GET")) {
    reply_empty (reply, 204);
  } else if (!strcmp (method, "HEAD")) { /* how clients find an endpoint */
    reply_empty (reply, 200);
    via_reply_header (reply, "Content-Type", SDP_TYPE);
    via_reply_header (reply, "Accept-Post", SDP_TYPE);
  } else {
    via_reply_not_allowed (reply, ENDPOINT_METHODS);
  }
  return VIA_WISH_REPLIED;
}

/* --- a session --- */

static void
remove_session (ViaWish *self, const gchar *id)
{
  Session *session = g_hash_table_lookup (self->sessions, id);

  if (session == NULL)
    return;
  if (!session->is_connected)
    self->n_unconnected--;
  g_hash_table_remove (self->sessions, id);
}

static void
deliver_candidates (
    ViaWish *self, const gchar *id, Session *session, const ViaSdpFrag *frag)
{
  for (guint i = 0; i < frag->candidates->len; i++) {
    ViaFragCandidate *c =
        &g_array_index (frag->candidates, ViaFragCandidate, i);

    if (session->n_candidates++ >= CANDIDATES_MAX)
      return; /* dropped, as one we cannot use is */
    self->funcs.candidate (self->user, id, c->mline, c->text);
  }
}

static void
patch_session (ViaWish *self, const gchar *id, Session *session,
    const ViaRequest *request, ViaReply *reply)
{
  g_auto (ViaSdpFrag) frag = {NULL, NULL, NULL};
  g_autoptr (GError) error = NULL;

  if (via_request_has_type (request, SDP_TYPE)) {
    via_reply_problem (
        reply, 422, "There is no counter-offer of ours to be answered");
  } else if (!via_request_has_type (request, FRAG_TYPE)) {
    via_reply_problem (reply, 415, "PATCH takes " FRAG_TYPE);
    via_reply_header (reply, "Accept-Patch", FRAG_TYPE);
  } else if (!via_sdpfrag_read (&frag, &session->outline, request->body,
                 request->body_len, &error)) {
    via_reply_problem (reply, 400, error->message);
  } else if (frag.ufrag != NULL
             && strcmp (frag.ufrag, session->outline.ufrag)) {
    via_reply_problem (
        reply, 422, "ICE restart is not supported: POST a new offer");
  } else {
    deliver_candidates (self, id, session, &frag);
    reply_empty (reply, 204);
  }
}

static ViaWishResult
session_request (ViaWish *self, ViaWishRole role, const gchar *id,
    const ViaRequest *request, ViaReply *reply)
{
  const gchar *method = request->method;
  Session *session = g_hash_table_lookup (self->sessions, id);

  if (!strcmp (method, "OPTIONS")) { /* tells nothing about the id */
    reply_options (
        self, request, reply, SESSION_METHODS, "Accept-Patch", FRAG_TYPE);
  } else if (session == NULL || session->role != role
             || !session->is_answered) {
    via_reply_problem (reply, 404, "There is no such session (any more)");
  } else if (!strcmp (method, "DELETE")) {
    self->funcs.bye (self->user, id);
    remove_session (self, id);
    reply_empty (reply, 200);
  } else if (!strcmp (method, "PATCH")) {
    patch_session (self, id, session, request, reply);
  } else if (!strcmp (method, "GET") || !strcmp (method, "HEAD")) {
    reply_empty (reply, 204);
  } else {
    via_reply_not_allowed (reply, SESSION_METHODS);
  }
  return VIA_WISH_REPLIED;
}

/* --- public --- */

gboolean
via_wish_refuse_early (
    ViaWish *self, const ViaRequest *request, gint64 length, ViaReply *reply)
{
  ViaWishRole role;
  const gchar *id;

  if (locate (self, request->path, &role, &id) && id == NULL
      && !strcmp (request->method, "POST")
      && !via_request_has_type (request, SDP_TYPE)) {
    via_reply_problem (reply, 415, "POST takes " SDP_TYPE);
    via_reply_header (reply, "Accept-Post", SDP_TYPE);
    return TRUE;
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
  ViaWishRole role;
  const gchar *id;

  if (!locate (self, request->path, &role, &id))
    return VIA_WISH_NOT_OURS;
  if (id == NULL)
    return endpoint_request (self, role, request, reply, out_id);
  return session_request (self, role, id, request, reply);
}

gboolean
via_wish_answer (ViaWish *self, const gchar *id, const gchar *sdp,
    const GError *error, const gchar *origin, ViaReply *reply)
{
  Session *session = g_hash_table_lookup (self->sessions, id);
  g_autofree gchar *location = NULL;

  if (session == NULL || session->is_answered)
    return FALSE;
  if (sdp == NULL) {
    reply_error (reply, error);
    remove_session (self, id);
    return TRUE;
  }
  session->is_answered = TRUE;
  location =
      g_strdup_printf ("%s%s/%s", origin, self->endpoints[session->role], id);
  via_reply_text (reply, 201, SDP_TYPE, sdp);
  via_reply_header (reply, "Location", location);
  via_reply_header (reply, "ETag", "\"1\"");
  via_reply_header (reply, "Accept-Patch", FRAG_TYPE);
  add_link (self, reply);
  return TRUE;
}

void
via_wish_connected (ViaWish *self, const gchar *id)
{
  Session *session = g_hash_table_lookup (self->sessions, id);

  if (session == NULL || session->is_connected)
    return;
  session->is_connected = TRUE;
  self->n_unconnected--;
}

void
via_wish_end (ViaWish *self, const gchar *id)
{
  remove_session (self, id);
}

void
via_wish_abandon (ViaWish *self, const gchar *id)
{
  if (!g_hash_table_contains (self->sessions, id))
    return;
  self->funcs.bye (self->user, id);
  remove_session (self, id);
}
