/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/jsontext.h – JSON objects of signalling, text ↔ value: what the two
 * sides of a room and of stdio have in common. Pure. RFC 8259
 */
#pragma once

#include "base/error.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define VIA_JSONTEXT_DEPTH_MAX 8 /* objects and arrays in another */

/* The object that @text is, at most @max bytes of it. NULL with error: LIMIT –
 * longer or deeper; SYNTAX – no JSON object. (transfer full) */
JsonObject *via_jsontext_read (
    const gchar *text, gsize len, gsize max, GError **error);
/* NULL if @object has no such string. */
const gchar *via_jsontext_string (JsonObject *object, const gchar *member);
/* NULL if @object has no such object. */
JsonObject *via_jsontext_object (JsonObject *object, const gchar *member);
/* @fallback if @object has no such number; clamped to 0 … 65535. */
guint via_jsontext_number (
    JsonObject *object, const gchar *member, guint fallback);

/* An object, open; @type: (nullable) its member "type". (transfer full) */
JsonBuilder *via_jsontext_begin (const gchar *type);
/* @value: (nullable) null. */
void via_jsontext_add (
    JsonBuilder *json, const gchar *member, const gchar *value);
void via_jsontext_add_number (
    JsonBuilder *json, const gchar *member, gint64 value);
/* Its text, one line; frees @json. (transfer full) */
gchar *via_jsontext_end (JsonBuilder *json);

G_END_DECLS
