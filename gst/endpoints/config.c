/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/config.c – files and environment, in the order in which they win.
 */
#include "endpoints/config.h"

#include <string.h>

#include "base/conf.h"

#define FILE_NAME "via", "via.conf"
#define PREFIX "VIA_"

/* --- where it is --- */

/* The first directory of the list counts most. */
static void
add_system (GPtrArray *files)
{
  const gchar *const *directories = g_get_system_config_dirs ();

  for (guint i = g_strv_length ((gchar **) directories); i > 0; i--)
    g_ptr_array_add (
        files, g_build_filename (directories[i - 1], FILE_NAME, NULL));
}

static gchar **
split_named (const gchar *list)
{
  return g_strsplit (list != NULL ? list : "", G_SEARCHPATH_SEPARATOR_S, -1);
}

void
via_config_sources_default (ViaConfigSources *out)
{
  GPtrArray *files = g_ptr_array_new ();

  add_system (files);
  g_ptr_array_add (
      files, g_build_filename (g_get_user_config_dir (), FILE_NAME, NULL));
  g_ptr_array_add (files, NULL);
  out->files = (gchar **) g_ptr_array_free (files, FALSE);
  out->environ = g_get_environ ();
  out->named =
      split_named (g_environ_getenv (out->environ, VIA_CONFIG_VARIABLE));
}

void
via_config_sources_clear (ViaConfigSources *self)
{
  g_clear_pointer (&self->files, g_strfreev);
  g_clear_pointer (&self->named, g_strfreev);
  g_clear_pointer (&self->environ, g_strfreev);
}

/* --- items --- */

static void
item_free (gpointer data)
{
  ViaConfigItem *item = data;

  if (item->value != NULL)
    explicit_bzero (item->value, strlen (item->value));
  g_free (item->group);
  g_free (item->property);
  g_free (item->value);
  g_free (item->origin);
  g_free (item);
}

/* @property: (nullable); @origin: (transfer full) */
static void
add (GPtrArray *out, const gchar *group, const gchar *property,
    const gchar *value, gchar *origin)
{
  ViaConfigItem *item = g_new (ViaConfigItem, 1);

  *item = (ViaConfigItem){
      g_strdup (group), g_strdup (property), g_strdup (value), origin};
  g_ptr_array_add (out, item);
}

/* --- one file --- */

/* Outside of any group: Kurento's. @port: stunServerPort of the same file. */
static void
add_kurento (
    GPtrArray *out, const ViaConfEntry *entry, const gchar *port, gchar *origin)
{
  g_autofree gchar *value = NULL;
  g_autofree gchar *text = NULL;
  const gchar *why = NULL;
  const gchar *property =
      via_config_kurento (entry->key, entry->value, port, &value, &why);

  if (property == NULL)
    why = "stands in no group (write [common] above it) and is no key of "
          "Kurento's";
  if (why == NULL) {
    if (value != NULL)
      add (out, VIA_CONFIG_COMMON, property, value, origin);
    else
      g_free (origin);
    return;
  }
  text = g_strdup_printf ("%s %s", entry->key, why);
  add (out, NULL, NULL, text, origin);
}

static const gchar *
find_port (const GPtrArray *entries)
{
  const gchar *port = NULL;

  for (guint i = 0; i < entries->len; i++) {
    const ViaConfEntry *entry = g_ptr_array_index (entries, i);

    if (entry->group == NULL && g_strcmp0 (entry->key, "stunServerPort") == 0)
      port = entry->value;
  }
  return port;
}

static void
add_entries (GPtrArray *out, const gchar *path, const GPtrArray *entries,
    gboolean is_common)
{
  const gchar *port = find_port (entries);

  for (guint i = 0; i < entries->len; i++) {
    const ViaConfEntry *entry = g_ptr_array_index (entries, i);
    gboolean is_own = entry->key != NULL && entry->group != NULL
                      && !g_str_equal (entry->group, VIA_CONFIG_COMMON);
    gchar *origin;

    if (is_own == is_common)
      continue;
    origin = g_strdup_printf ("%s:%u", path, entry->line);
    if (entry->key == NULL)
      add (out, NULL, NULL, entry->value, origin);
    else if (entry->group == NULL)
      add_kurento (out, entry, port, origin);
    else
      add (out, entry->group, entry->key, entry->value, origin);
  }
}

static void
add_file (GPtrArray *out, const gchar *path, gboolean must_exist)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree gchar *text = NULL;
  gsize len;

  if (!g_file_get_contents (path, &text, &len, &error)) {
    if (must_exist
        || !g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      add (out, NULL, NULL, error->message, g_strdup (path));
    return;
  }
  entries = via_conf_parse (text, len);
  explicit_bzero (text, len);
  add_entries (out, path, entries, TRUE);
  add_entries (out, path, entries, FALSE);
}

/* --- the environment --- */

/* "VIA_STUN_SERVER" → "stun-server"; a variable's name is taken from the
 * property's, so this is exact. (transfer full) */
static gchar *
property_of (const gchar *variable, gsize len)
{
  gchar *name = g_ascii_strdown (variable, (gssize) len);

  return g_strdelimit (name, "_", '-');
}

static void
add_environment (GPtrArray *out, gchar *const *environ)
{
  for (guint i = 0; environ != NULL && environ[i] != NULL; i++) {
    const gchar *equals = strchr (environ[i], '=');
    g_autofree gchar *property = NULL;
    gsize len;

    if (equals == NULL || !g_str_has_prefix (environ[i], PREFIX)
        || !g_utf8_validate (environ[i], -1, NULL))
      continue;
    len = (gsize) (equals - environ[i]);
    property =
        property_of (environ[i] + strlen (PREFIX), len - strlen (PREFIX));
    add (out, NULL, property, equals + 1,
        g_strdup_printf ("environment %.*s", (gint) len, environ[i]));
  }
}

/* --- all of it --- */

GPtrArray *
via_config_load (const ViaConfigSources *sources)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (item_free);

  for (guint i = 0; sources->files != NULL && sources->files[i] != NULL; i++)
    add_file (out, sources->files[i], FALSE);
  for (guint i = 0; sources->named != NULL && sources->named[i] != NULL; i++)
    if (*sources->named[i] != '\0')
      add_file (out, sources->named[i], TRUE);
  add_environment (out, sources->environ);
  return out;
}

GPtrArray *
via_config_find (
    const GPtrArray *all, const gchar *element, const gchar *property)
{
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++) {
    ViaConfigItem *item = g_ptr_array_index (all, i);

    if (g_strcmp0 (item->property, property) == 0
        && (item->group == NULL || g_str_equal (item->group, VIA_CONFIG_COMMON)
            || g_str_equal (item->group, element)))
      g_ptr_array_add (found, item);
  }
  return found;
}
