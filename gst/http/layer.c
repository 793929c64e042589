/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/layer.c – which layer a player wants, as it says it. Pure.
 * WHEP core extensions, "Video Layer Selection"
 */
#include "http/layer.h"

#include <json-glib/json-glib.h>
#include <string.h>

void
via_layer_wish_clear (ViaLayerWish *self)
{
  g_clear_pointer (&self->rid, g_free);
}

static gboolean
fail (GError **error, gint code, const gchar *member, const gchar *rule)
{
  g_set_error (error, VIA_ERROR, code, "%s: %s", member, rule);
  return FALSE;
}

/* TRUE: it is not there, or a whole number. */
static gboolean
read_number (
    JsonObject *object, const gchar *member, gint64 *out, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64
      || json_node_get_int (node) < 0)
    return fail (error, VIA_ERROR_SYNTAX, member, "a number from 0 on");
  *out = json_node_get_int (node);
  return TRUE;
}

/* TRUE: it is not there (@out untouched), or a text. */
static gboolean
read_text (
    JsonObject *object, const gchar *member, const gchar **out, GError **error)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING
      || *json_node_get_string (node) == '\0')
    return fail (error, VIA_ERROR_SYNTAX, member, "a text");
  *out = json_node_get_string (node);
  return TRUE;
}

/* A text with a number in it; some write the number. */
static gboolean
read_media (JsonObject *object, guint *out, GError **error)
{
  JsonNode *node = json_object_get_member (object, "mediaId");
  gint64 number = 0;
  guint64 value;

  *out = VIA_LAYER_FIRST_VIDEO;
  if (node == NULL)
    return TRUE;
  if (JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING) {
    if (!g_ascii_string_to_unsigned (
            json_node_get_string (node), 10, 0, G_MAXINT, &value, NULL))
      return fail (
          error, VIA_ERROR_SYNTAX, "mediaId", "the index of an m-line");
    *out = (guint) value;
    return TRUE;
  }
  if (!read_number (object, "mediaId", &number, error))
    return FALSE;
  *out = (guint) MIN (number, G_MAXINT);
  return TRUE;
}

/* A stream has one layer, the lowest; its size is not looked at. */
static gboolean
check_bounds (JsonObject *object, GError **error)
{
  static const gchar *const layers[] = {"spatialLayerId", "temporalLayerId"};
  static const gchar *const most[] = {
      "maxSpatialLayerId", "maxTemporalLayerId"};
  static const gchar *const sizes[] = {"maxWidth", "maxHeight"};

  for (guint i = 0; i < 2; i++) {
    gint64 layer = 0, ignored = 0, size = -1;

    if (!read_number (object, layers[i], &layer, error)
        || !read_number (object, most[i], &ignored, error)
        || !read_number (object, sizes[i], &size, error))
      return FALSE;
    if (layer > 0)
      return fail (
          error, VIA_ERROR_UNSUPPORTED, layers[i], "there is layer 0 alone");
    if (size >= 0)
      return fail (error, VIA_ERROR_UNSUPPORTED, sizes[i],
          "nothing is chosen by its size here");
  }
  return TRUE;
}

gboolean
via_layer_read (const gchar *json, gsize len, ViaLayerWish *out, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  const gchar *rid = NULL;
  JsonObject *object;
  JsonNode *root;
  guint media;

  root =
      len > 0 && json_parser_load_from_data (parser, json, (gssize) len, NULL)
          ? json_parser_get_root (parser)
          : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (
        error, VIA_ERROR, VIA_ERROR_SYNTAX, "The body is no JSON object");
    return FALSE;
  }
  object = json_node_get_object (root);
  if (!read_media (object, &media, error)
      || !read_text (object, "encodingId", &rid, error)
      || !read_text (object, "rid", &rid, error)
      || !check_bounds (object, error))
    return FALSE;
  out->media = media;
  out->rid = g_strdup (rid);
  return TRUE;
}
