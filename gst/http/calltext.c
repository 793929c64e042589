/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/calltext.c – what a caller reads and writes, of a room, stdio: and
 * files. RFC 8259
 */
#include "http/calltext.h"

#include <string.h>

#include "base/secret.h"
#include "http/jsontext.h"
#include "http/roomtext.h"

/* --- reading --- */

static gboolean
fail (GError **error, const gchar *text)
{
  g_set_error_literal (error, VIA_ERROR, VIA_ERROR_SYNTAX, text);
  return FALSE;
}

static gboolean
read_description (ViaCalltextMessage *out, JsonObject *object, GError **error)
{
  out->sdp = g_strdup (via_jsontext_string (object, "sdp"));
  out->tie = g_strdup (via_jsontext_string (object, "tie"));
  return out->sdp != NULL
         || fail (error, "An offer or answer has an \"sdp\", a string");
}

/* null, too, ends the candidates. */
static gboolean
read_candidate (ViaCalltextMessage *out, JsonObject *object, GError **error)
{
  JsonObject *inner = via_jsontext_object (object, "candidate");

  if (inner != NULL)
    object = inner;
  if (json_object_has_member (object, "candidate")
      && json_object_get_null_member (object, "candidate"))
    out->candidate = g_strdup ("");
  else
    out->candidate = g_strdup (via_jsontext_string (object, "candidate"));
  out->mline = via_jsontext_number (object, "sdpMLineIndex", 0);
  return out->candidate != NULL
         || fail (error, "A candidate has a \"candidate\", a string or null");
}

static gboolean
read_error (ViaCalltextMessage *out, JsonObject *object, GError **error)
{
  JsonNode *last = json_object_get_member (object, "last");

  out->text = g_strdup (via_jsontext_string (object, "message"));
  out->is_last = last != NULL && JSON_NODE_HOLDS_VALUE (last)
                 && json_node_get_value_type (last) == G_TYPE_BOOLEAN
                 && json_node_get_boolean (last);
  return TRUE;
}

static gboolean
read_bye (ViaCalltextMessage *out, JsonObject *object, GError **error)
{
  out->text = g_strdup (via_jsontext_string (object, "reason"));
  return TRUE;
}

static const struct
{
  const gchar *name;
  ViaCalltextType type;
  gboolean (*read) (
      ViaCalltextMessage *out, JsonObject *object, GError **error);
} types[] = {
    {"offer", VIA_CALLTEXT_OFFER, read_description},
    {"answer", VIA_CALLTEXT_ANSWER, read_description},
    {"candidate", VIA_CALLTEXT_CANDIDATE, read_candidate},
    {"error", VIA_CALLTEXT_ERROR, read_error},
    {"bye", VIA_CALLTEXT_BYE, read_bye},
};

gboolean
via_calltext_read (
    ViaCalltextMessage *out, const gchar *text, gsize len, GError **error)
{
  g_autoptr (JsonObject) object =
      via_jsontext_read (text, len, VIA_CALLTEXT_BYTES_MAX, error);
  g_auto (ViaCalltextMessage) message = {0};
  const gchar *type;

  if (object == NULL)
    return FALSE;
  type = via_jsontext_string (object, "type");
  if (type == NULL && json_object_has_member (object, "candidate"))
    type = "candidate";
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_strcmp0 (types[i].name, type) != 0)
      continue;
    message.type = types[i].type;
    if (!types[i].read (&message, object, error))
      return FALSE;
  }
  *out = message;
  message = (ViaCalltextMessage){0};
  return TRUE;
}

void
via_calltext_clear (ViaCalltextMessage *self)
{
  via_secret_free (self->sdp); /* with the password of ICE */
  g_free (self->candidate);
  g_free (self->tie);
  g_free (self->text);
  *self = (ViaCalltextMessage){0};
}

/* --- writing --- */

/* (transfer full) */
static gchar *
clean_name (const gchar *name)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint n = 0;

  for (; *name != '\0' && n < VIA_ROOMTEXT_NAME_MAX;
       name = g_utf8_next_char (name)) {
    gunichar c = g_utf8_get_char (name);

    if (g_unichar_iscntrl (c))
      c = ' ';
    g_string_append_unichar (out, c);
    n++;
  }
  g_strstrip (out->str);
  return g_strdup (out->str[0] != '\0' ? out->str : "webrtcendpoint");
}

gchar *
via_calltext_join (const gchar *name, const gchar *app_data)
{
  g_autofree gchar *clean = clean_name (name);
  JsonBuilder *json = via_jsontext_begin ("join");

  via_jsontext_add (json, "name", clean);
  via_jsontext_add (json, "app-data",
      app_data != NULL && strlen (app_data) <= VIA_ROOMTEXT_APP_DATA_MAX
          ? app_data
          : NULL);
  return via_jsontext_end (json);
}

gchar *
via_calltext_description (const gchar *type, const gchar *sdp, const gchar *tie)
{
  JsonBuilder *json = via_jsontext_begin (type);

  via_jsontext_add (json, "sdp", sdp);
  if (tie != NULL)
    via_jsontext_add (json, "tie", tie);
  return via_jsontext_end (json);
}

gchar *
via_calltext_candidate (guint mline, const gchar *candidate)
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
via_calltext_candidate_init (guint mline, const gchar *candidate)
{
  JsonBuilder *json = via_jsontext_begin (NULL);

  via_jsontext_add (json, "candidate", candidate);
  via_jsontext_add_number (json, "sdpMLineIndex", mline);
  return via_jsontext_end (json);
}

gchar *
via_calltext_bye (void)
{
  return via_jsontext_end (via_jsontext_begin ("bye"));
}
