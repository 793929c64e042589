/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/select.c – whom a text means: ports of a hub by number, name,
 * application data or tag; and which of them goes where.
 * Pure.
 */
#include "route/select.h"

#include <string.h>

typedef struct
{
  gchar *key; /* NULL: number, name or application data */
  gchar *value;
} Term;

struct _ViaSelect
{
  GPtrArray *terms; /* Term */
};

static void
term_free (gpointer data)
{
  Term *term = data;

  g_free (term->key);
  g_free (term->value);
  g_free (term);
}

static void
add_term (ViaSelect *self, const gchar *key, const gchar *value)
{
  Term *term = g_new0 (Term, 1);

  term->key = g_strdup (key);
  term->value = g_strdup (value);
  g_ptr_array_add (self->terms, term);
}

static ViaSelect *
select_new_empty (void)
{
  ViaSelect *self = g_new0 (ViaSelect, 1);

  self->terms = g_ptr_array_new_with_free_func (term_free);
  return self;
}

ViaSelect *
via_select_new (const gchar *key, const gchar *value)
{
  ViaSelect *self = select_new_empty ();

  add_term (self, key, value);
  return self;
}

void
via_select_free (ViaSelect *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->terms);
  g_free (self);
}

/* "KEY=VALUE,VALUE" or "VALUE,VALUE". */
static gboolean
parse_group (ViaSelect *self, gchar *text, GError **error)
{
  gchar *equals = strchr (text, '=');
  const gchar *key = NULL;
  g_auto (GStrv) values = NULL;

  if (equals != NULL) {
    *equals = '\0';
    key = g_strstrip (text);
    text = equals + 1;
  }
  values = g_strsplit (text, ",", -1);
  for (guint i = 0; values[i] != NULL; i++) {
    const gchar *value = g_strstrip (values[i]);

    if (*value == '\0' || (key != NULL && *key == '\0'))
      return g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
                 "\"%s=%s\": %s is empty", key != NULL ? key : "", value,
                 *value == '\0' ? "a value" : "the key"),
             FALSE;
    add_term (self, key, value);
  }
  return TRUE;
}

ViaSelect *
via_select_parse (const gchar *text, GError **error)
{
  g_autoptr (ViaSelect) self = select_new_empty ();
  g_auto (GStrv) groups = g_strsplit (text, ";", -1);

  if (strcmp (text, "none") == 0)
    return g_steal_pointer (&self);
  for (guint i = 0; groups[i] != NULL; i++)
    if (*g_strstrip (groups[i]) != '\0'
        && !parse_group (self, groups[i], error))
      return NULL;
  if (self->terms->len > 0)
    return g_steal_pointer (&self);
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "\"%s\" names nobody; "
      "\"none\" does so on purpose",
      text);
  return NULL;
}

/* --- matching --- */

static gboolean
is_number (const gchar *text, guint number)
{
  g_autofree gchar *digits = g_strdup_printf ("%u", number);

  return strcmp (text, digits) == 0;
}

static gboolean
tag_is (const GstStructure *tags, const gchar *key, const gchar *text)
{
  const GValue *value =
      tags != NULL ? gst_structure_get_value (tags, key) : NULL;
  g_autofree gchar *printed = NULL;

  if (value == NULL)
    return FALSE;
  if (G_VALUE_HOLDS_STRING (value))
    return g_strcmp0 (g_value_get_string (value), text) == 0;
  printed = gst_value_serialize (value);
  return g_strcmp0 (printed, text) == 0;
}

static gboolean
term_matches (const Term *self, const ViaWho *who)
{
  const gchar *value = self->value;

  if (self->key == NULL)
    return is_number (value, who->port) || g_strcmp0 (value, who->name) == 0
           || g_strcmp0 (value, who->app_data) == 0;
  if (strcmp (self->key, "port") == 0)
    return is_number (value, who->port);
  if (strcmp (self->key, "name") == 0)
    return g_strcmp0 (value, who->name) == 0;
  if (strcmp (self->key, "app-data") == 0)
    return g_strcmp0 (value, who->app_data) == 0;
  return tag_is (who->tags, self->key, value);
}

gboolean
via_select_matches (const ViaSelect *self, const ViaWho *who)
{
  for (guint i = 0; i < self->terms->len; i++)
    if (term_matches (g_ptr_array_index (self->terms, i), who))
      return TRUE;
  return FALSE;
}

/* --- routes --- */

void
via_select_free_route (gpointer data)
{
  ViaRoute *self = data;

  via_select_free (self->from);
  via_select_free (self->to);
  g_free (self->from_text);
  g_free (self->to_text);
  g_free (self);
}

static ViaSelect *
parse_end (const gchar *text, GError **error)
{
  const gchar *equals = strchr (text, '=');
  g_autofree gchar *key = NULL;

  if (*text != '\0' && equals == NULL)
    return via_select_new (NULL, text);
  if (equals != NULL && equals > text && equals[1] != '\0') {
    key = g_strndup (text, (gsize) (equals - text));
    return via_select_new (key, equals + 1);
  }
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "\"%s\" is neither a port's number, name or app-data nor KEY=VALUE",
      text);
  return NULL;
}

ViaRoute *
via_select_parse_route (const gchar *from, const gchar *to, GError **error)
{
  g_autoptr (ViaSelect) source = parse_end (from, error);
  g_autoptr (ViaSelect) sink = source != NULL ? parse_end (to, error) : NULL;
  ViaRoute *self;

  if (sink == NULL)
    return NULL;
  self = g_new0 (ViaRoute, 1);
  self->from = g_steal_pointer (&source);
  self->to = g_steal_pointer (&sink);
  self->from_text = g_strdup (from);
  self->to_text = g_strdup (to);
  return self;
}

GPtrArray *
via_select_parse_routes (const gchar *text, GError **error)
{
  g_autoptr (GPtrArray) routes =
      g_ptr_array_new_with_free_func (via_select_free_route);
  g_auto (GStrv) entries = g_strsplit (text, ",", -1);

  for (guint i = 0; entries[i] != NULL; i++) {
    g_auto (GStrv) ends = g_strsplit (g_strstrip (entries[i]), ">", -1);
    ViaRoute *route;

    if (g_strv_length (ends) == 0 && entries[i + 1] == NULL)
      break;
    if (g_strv_length (ends) != 2) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING, "\"%s\" is not FROM>TO",
          entries[i]);
      return NULL;
    }
    route = via_select_parse_route (
        g_strstrip (ends[0]), g_strstrip (ends[1]), error);
    if (route == NULL)
      return NULL;
    g_ptr_array_add (routes, route);
  }
  return g_steal_pointer (&routes);
}

gchar *
via_select_print_routes (const GPtrArray *routes)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < routes->len; i++) {
    const ViaRoute *route = g_ptr_array_index (routes, i);

    g_string_append_printf (
        text, "%s%s>%s", i > 0 ? "," : "", route->from_text, route->to_text);
  }
  return g_string_free (text, FALSE);
}
