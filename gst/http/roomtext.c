/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/roomtext.c – the messages of a room's WebSocket, text ↔ value
 * (docs/room-protocol.md). Pure. RFC 8259
 */
#include "http/roomtext.h"

#include <string.h>

#include "http/jsontext.h"

/* --- reading --- */

static gboolean
fail (GError **error, ViaErrorCode code, const gchar *text)
{
  g_set_error_literal (error, VIA_ERROR, code, text);
  return FALSE;
}

/* A member that is not there is @fallback. */
static gboolean
read_boolean (JsonObject *object, const gchar *member, gboolean fallback,
    gboolean *out, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  *out = fallback;
  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN) {
    g_set_error (
        error, VIA_ERROR, VIA_ERROR_SYNTAX, "\"%s\" is true or false", member);
    return FALSE;
  }
  *out = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
has_control (const gchar *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (g_unichar_iscntrl (g_utf8_get_char (text)))
      return TRUE;
  return FALSE;
}

static gboolean
read_state (ViaRoomtextMessage *out, JsonObject *object, gboolean fallback,
    GError **error)
{
  return read_boolean (object, "audio", fallback, &out->has_audio, error)
         && read_boolean (object, "video", fallback, &out->has_video, error);
}

static gboolean
read_join (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  const gchar *name = via_jsontext_string (object, "name");
  const gchar *app_data = via_jsontext_string (object, "app-data");

  if (name == NULL)
    return fail (error, VIA_ERROR_SYNTAX, "join has a \"name\", a string");
  out->name = g_strstrip (g_strdup (name));
  if (out->name[0] == '\0' || has_control (out->name)
      || g_utf8_strlen (out->name, -1) > VIA_ROOMTEXT_NAME_MAX)
    return fail (error, VIA_ERROR_LIMIT,
        "A name has 1 to 64 characters, none of them a control character");
  if (app_data == NULL && json_object_has_member (object, "app-data")
      && !json_object_get_null_member (object, "app-data"))
    return fail (error, VIA_ERROR_SYNTAX, "\"app-data\" is a string or null");
  if (app_data != NULL && strlen (app_data) > VIA_ROOMTEXT_APP_DATA_MAX)
    return fail (error, VIA_ERROR_LIMIT, "app-data has at most 4096 bytes");
  out->app_data = g_strdup (app_data);
  return read_state (out, object, TRUE, error);
}

static gboolean
read_answer (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  out->sdp = g_strdup (via_jsontext_string (object, "sdp"));
  return out->sdp != NULL
         || fail (error, VIA_ERROR_SYNTAX, "answer has an \"sdp\", a string");
}

/* null, too, ends the candidates. */
static gboolean
read_candidate (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  JsonNode *node = json_object_get_member (object, "candidate");
  const gchar *text;

  if (node == NULL
      || (!JSON_NODE_HOLDS_OBJECT (node) && !JSON_NODE_HOLDS_NULL (node)))
    return fail (error, VIA_ERROR_SYNTAX,
        "candidate has a \"candidate\", an RTCIceCandidateInit or null");
  out->candidate = g_strdup ("");
  if (JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  object = json_node_get_object (node);
  text = via_jsontext_string (object, "candidate");
  if (text == NULL)
    return fail (error, VIA_ERROR_SYNTAX,
        "An RTCIceCandidateInit has a \"candidate\", a string");
  if (strlen (text) > VIA_ROOMTEXT_CANDIDATE_MAX)
    return fail (error, VIA_ERROR_LIMIT, "A candidate has at most 1024 bytes");
  g_free (out->candidate);
  out->candidate = g_strdup (text);
  out->mline = via_jsontext_number (object, "sdpMLineIndex", 0);
  return TRUE;
}

static gboolean
read_bye (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  return TRUE;
}

static gboolean
read_new_state (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  return read_state (out, object, TRUE, error);
}

static const struct
{
  const gchar *name;
  ViaRoomtextType type;
  gboolean (*read) (
      ViaRoomtextMessage *out, JsonObject *object, GError **error);
} types[] = {
    {"join", VIA_ROOMTEXT_JOIN, read_join},
    {"answer", VIA_ROOMTEXT_ANSWER, read_answer},
    {"candidate", VIA_ROOMTEXT_CANDIDATE, read_candidate},
    {"state", VIA_ROOMTEXT_STATE, read_new_state},
    {"bye", VIA_ROOMTEXT_BYE, read_bye},
};

static gboolean
read_object (ViaRoomtextMessage *out, JsonObject *object, GError **error)
{
  const gchar *type = via_jsontext_string (object, "type");

  if (type == NULL)
    return fail (error, VIA_ERROR_SYNTAX, "A message has a \"type\", a string");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, type) != 0)
      continue;
    out->type = types[i].type;
    return types[i].read (out, object, error);
  }
  g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
      "\"%.64s\" is no type of message a browser sends", type);
  return FALSE;
}

gboolean
via_roomtext_read (
    ViaRoomtextMessage *out, const gchar *text, gsize len, GError **error)
{
  g_autoptr (JsonObject) object =
      via_jsontext_read (text, len, VIA_ROOMTEXT_BYTES_MAX, error);
  g_auto (ViaRoomtextMessage) message = {0};

  if (object == NULL || !read_object (&message, object, error))
    return FALSE;
  *out = message;
  message = (ViaRoomtextMessage){0};
  return TRUE;
}

void
via_roomtext_clear (ViaRoomtextMessage *self)
{
  g_free (self->name);
  g_free (self->app_data);
  g_free (self->sdp);
  g_free (self->candidate);
  *self = (ViaRoomtextMessage){0};
}

/* --- writing --- */

static void
add_boolean (JsonBuilder *json, const gchar *member, gboolean value)
{
  json_builder_set_member_name (json, member);
  json_builder_add_boolean_value (json, value);
}

/* Ids are text: what they are made of is our own business. */
static void
add_id (JsonBuilder *json, const gchar *member, guint id)
{
  g_autofree gchar *text = g_strdup_printf ("%u", id);

  via_jsontext_add (json, member, text);
}

gchar *
via_roomtext_offer (const gchar *sdp)
{
  JsonBuilder *json = via_jsontext_begin ("offer");

  via_jsontext_add (json, "sdp", sdp);
  return via_jsontext_end (json);
}

gchar *
via_roomtext_candidate (guint mline, const gchar *candidate)
{
  JsonBuilder *json = via_jsontext_begin ("candidate");

  json_builder_set_member_name (json, "candidate");
  json_builder_begin_object (json);
  via_jsontext_add (json, "candidate", candidate);
  via_jsontext_add_number (json, "sdpMLineIndex", mline);
  json_builder_end_object (json);
  return via_jsontext_end (json);
}

gchar *
via_roomtext_bye (const gchar *reason)
{
  JsonBuilder *json = via_jsontext_begin ("bye");

  via_jsontext_add (json, "reason", reason);
  return via_jsontext_end (json);
}

static const gchar *
code_of (const GError *error)
{
  if (error->domain != VIA_ERROR)
    return "failed";
  switch ((ViaErrorCode) error->code) {
    case VIA_ERROR_SYNTAX:
      return "syntax";
    case VIA_ERROR_UNSUPPORTED:
      return "unsupported";
    case VIA_ERROR_LIMIT:
      return "limit";
    case VIA_ERROR_STATE:
      return "state";
    case VIA_ERROR_REFUSED:
      return "refused";
    default:
      return "failed";
  }
}

gchar *
via_roomtext_error (const GError *error, gboolean is_last)
{
  JsonBuilder *json = via_jsontext_begin ("error");

  via_jsontext_add (json, "code", code_of (error));
  via_jsontext_add (json, "message", error->message);
  add_boolean (json, "last", is_last);
  return via_jsontext_end (json);
}

/* --- peers --- */

struct _ViaRoomtextPeers
{
  JsonBuilder *json;
  gboolean is_in_peer;
};

ViaRoomtextPeers *
via_roomtext_peers_new (guint you)
{
  ViaRoomtextPeers *self = g_new0 (ViaRoomtextPeers, 1);

  self->json = via_jsontext_begin ("peers");
  add_id (self->json, "you", you);
  json_builder_set_member_name (self->json, "peers");
  json_builder_begin_array (self->json);
  return self;
}

static void
end_peer (ViaRoomtextPeers *self)
{
  if (!self->is_in_peer)
    return;
  json_builder_end_array (self->json);
  json_builder_end_object (self->json);
  self->is_in_peer = FALSE;
}

void
via_roomtext_peers_add (ViaRoomtextPeers *self, const ViaRoomtextPeer *peer)
{
  end_peer (self);
  json_builder_begin_object (self->json);
  add_id (self->json, "id", peer->id);
  via_jsontext_add (self->json, "name", peer->name);
  via_jsontext_add (self->json, "app-data", peer->app_data);
  add_boolean (self->json, "audio", peer->has_audio);
  add_boolean (self->json, "video", peer->has_video);
  add_boolean (self->json, "speaking", peer->is_speaking);
  json_builder_set_member_name (self->json, "tracks");
  json_builder_begin_array (self->json);
  self->is_in_peer = TRUE;
}

void
via_roomtext_peers_track (
    ViaRoomtextPeers *self, const gchar *mid, const gchar *kind)
{
  g_return_if_fail (self->is_in_peer);
  json_builder_begin_object (self->json);
  via_jsontext_add (self->json, "mid", mid);
  via_jsontext_add (self->json, "kind", kind);
  json_builder_end_object (self->json);
}

gchar *
via_roomtext_peers_end (ViaRoomtextPeers *self)
{
  JsonBuilder *json = self->json;

  end_peer (self);
  json_builder_end_array (json);
  g_free (self);
  return via_jsontext_end (json);
}
