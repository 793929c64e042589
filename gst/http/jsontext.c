/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/jsontext.c – JSON objects of signalling, text ↔ value. json-glib reads
 * and writes, after the depth, to which it recurses, was bounded. RFC 8259
 */
#include "http/jsontext.h"

/* json-glib calls itself for each level: a message of brackets alone would use
 * up the stack. */
static gboolean
is_shallow (const gchar *text, gsize len)
{
  gboolean is_string = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < len; i++) {
    if (is_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      is_string = !is_string;
    else if (!is_string && (text[i] == '{' || text[i] == '['))
      depth++;
    else if (!is_string && (text[i] == '}' || text[i] == ']') && depth > 0)
      depth--;
    if (depth > VIA_JSONTEXT_DEPTH_MAX)
      return FALSE;
  }
  return TRUE;
}

JsonObject *
via_jsontext_read (const gchar *text, gsize len, gsize max, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (len > max) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "A message has at most %" G_GSIZE_FORMAT " KiB", max / 1024);
    return NULL;
  }
  if (!is_shallow (text, len)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "A message has at most 8 objects and arrays in one another");
    return NULL;
  }
  if (len == 0 || !g_utf8_validate (text, (gssize) len, NULL)
      || !json_parser_load_from_data (parser, text, (gssize) len, NULL)
      || (root = json_parser_get_root (parser)) == NULL
      || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_SYNTAX, "A message is one JSON object");
    return NULL;
  }
  return json_node_dup_object (root);
}

const gchar *
via_jsontext_string (JsonObject *object, const gchar *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
                 && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

JsonObject *
via_jsontext_object (JsonObject *object, const gchar *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
             ? json_node_get_object (node)
             : NULL;
}

guint
via_jsontext_number (JsonObject *object, const gchar *member, guint fallback)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node)
                 && json_node_get_value_type (node) == G_TYPE_INT64
             ? (guint) CLAMP (json_node_get_int (node), 0, G_MAXUINT16)
             : fallback;
}

JsonBuilder *
via_jsontext_begin (const gchar *type)
{
  JsonBuilder *json = json_builder_new ();

  json_builder_begin_object (json);
  if (type != NULL)
    via_jsontext_add (json, "type", type);
  return json;
}

void
via_jsontext_add (JsonBuilder *json, const gchar *member, const gchar *value)
{
  json_builder_set_member_name (json, member);
  if (value != NULL)
    json_builder_add_string_value (json, value);
  else
    json_builder_add_null_value (json);
}

void
via_jsontext_add_number (JsonBuilder *json, const gchar *member, gint64 value)
{
  json_builder_set_member_name (json, member);
  json_builder_add_int_value (json, value);
}

gchar *
via_jsontext_end (JsonBuilder *json)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (json);
  root = json_builder_get_root (json);
  g_object_unref (json);
  return json_to_string (root, FALSE);
}
