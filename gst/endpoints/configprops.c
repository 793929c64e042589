/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/configprops.c – what files and environment say, as properties.
 * The class's own set_property and get_property stay behind ours, which note
 * where a value came from.
 */
#include "endpoints/configprops.h"

#include <string.h>
#include <sys/stat.h>

#include "endpoints/config.h"
#include "endpoints/configvalue.h"
#include "endpoints/settings.h"

#define EFFECTIVE_ID 0x300 /* of the property; others are below */
#define TOLD_MAX 256       /* warnings of one process that are not told twice */
#define PLUGIN "via"
#define BUILT_IN "built-in"
#define BY_PROPERTY "property"

static G_DEFINE_QUARK (via - config - may - set,
    may_set) static G_DEFINE_QUARK (via - config - origins,
    origins) static G_DEFINE_QUARK (via - config - class, class_info)

    /* --- refusals --- */

    typedef struct
{
  gboolean is_set, is_by_config;
  gchar *text;
} Refusal;

static void
refusal_free (gpointer data)
{
  Refusal *refusal = data;

  g_free (refusal->text);
  g_free (refusal);
}

static GPrivate refusals = G_PRIVATE_INIT (refusal_free);

/* This thread's. */
static Refusal *
refusal_of (void)
{
  Refusal *refusal = g_private_get (&refusals);

  if (refusal == NULL) {
    refusal = g_new0 (Refusal, 1);
    g_private_set (&refusals, refusal);
  }
  return refusal;
}

void
via_configprops_refuse (const gchar *format, ...)
{
  Refusal *refusal = refusal_of ();
  va_list args;

  refusal->is_set = TRUE;
  g_free (refusal->text);
  va_start (args, format);
  refusal->text = g_strdup_vprintf (format, args);
  va_end (args);
  if (!refusal->is_by_config)
    g_warning ("%s", refusal->text);
}

/* --- what the process's files and environment say now --- */

static struct
{
  GMutex lock;
  gchar *signature;
  GPtrArray *items;
  GHashTable *told; /* warnings; gchar* */
} current;

static void
sign (GString *out, gchar *const *paths)
{
  for (guint i = 0; paths != NULL && paths[i] != NULL; i++) {
    struct stat info = {0};

    if (stat (paths[i], &info) != 0)
      memset (&info, 0, sizeof info);
    g_string_append_printf (out,
        "%s|%" G_GUINT64_FORMAT "|%" G_GINT64_FORMAT ".%ld|%" G_GINT64_FORMAT
        "\n",
        paths[i], (guint64) info.st_ino, (gint64) info.st_mtim.tv_sec,
        info.st_mtim.tv_nsec, (gint64) info.st_size);
  }
}

static gchar *
signature_of (const ViaConfigSources *sources)
{
  GString *out = g_string_new (NULL);

  sign (out, sources->files);
  sign (out, sources->named);
  for (guint i = 0; sources->environ[i] != NULL; i++)
    if (g_str_has_prefix (sources->environ[i], "VIA_")) {
      g_autofree gchar *digest = g_compute_checksum_for_string (
          G_CHECKSUM_SHA256, sources->environ[i], -1); /* it may be secret */

      g_string_append (out, digest);
    }
  return g_string_free (out, FALSE);
}

static void
warn_once (const gchar *text)
{
  gboolean is_new = FALSE;

  g_mutex_lock (&current.lock);
  if (current.told == NULL)
    current.told =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (g_hash_table_size (current.told) < TOLD_MAX)
    is_new = g_hash_table_add (current.told, g_strdup (text));
  g_mutex_unlock (&current.lock);
  if (is_new)
    g_warning ("%s", text);
}

static void
warn_of_faults (const GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++) {
    const ViaConfigItem *item = g_ptr_array_index (items, i);
    g_autofree gchar *text = NULL;

    if (item->property != NULL)
      continue;
    text =
        g_strdup_printf ("%s: %s; the rest holds", item->origin, item->value);
    warn_once (text);
  }
}

/* (transfer full) */
static GPtrArray *
items_now (void)
{
  g_auto (ViaConfigSources) sources = {0};
  g_autofree gchar *signature = NULL;
  GPtrArray *items;

  via_config_sources_default (&sources);
  signature = signature_of (&sources);
  g_mutex_lock (&current.lock);
  if (g_strcmp0 (signature, current.signature) != 0) {
    g_clear_pointer (&current.items, g_ptr_array_unref);
    g_free (current.signature);
    current.items = via_config_load (&sources);
    current.signature = g_steal_pointer (&signature);
  }
  items = g_ptr_array_ref (current.items);
  g_mutex_unlock (&current.lock);
  warn_of_faults (items);
  return items;
}

/* --- origins --- */

typedef struct
{
  GMutex lock;
  GHashTable *table; /* name of a property → gchar*; none: built in */
} Origins;

static void
origins_free (gpointer data)
{
  Origins *self = data;

  g_hash_table_unref (self->table);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Origins *
origins_of (GObject *object)
{
  return g_object_get_qdata (object, origins_quark ());
}

/* @origin: NULL: built in. */
static void
note (GObject *object, const gchar *property, const gchar *origin)
{
  Origins *self = origins_of (object);

  if (self == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (origin != NULL)
    g_hash_table_insert (self->table, g_strdup (property), g_strdup (origin));
  else
    g_hash_table_remove (self->table, property);
  g_mutex_unlock (&self->lock);
}

void
via_configprops_inherit (GObject *child, GObject *from)
{
  Origins *origins = origins_of (from);
  guint n;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (child), &n);

  for (guint i = 0; i < n && origins != NULL; i++) {
    g_autofree gchar *origin = NULL;

    if (g_param_spec_get_qdata (specs[i], may_set_quark ()) == NULL
        || g_object_class_find_property (
               G_OBJECT_GET_CLASS (from), specs[i]->name)
               == NULL)
      continue;
    g_mutex_lock (&origins->lock);
    origin = g_strdup (g_hash_table_lookup (origins->table, specs[i]->name));
    g_mutex_unlock (&origins->lock);
    note (child, specs[i]->name, origin);
  }
}

/* --- applying --- */

/* What may be shown of it. (transfer full) */
static gchar *
show (const gchar *property, const gchar *value)
{
  ViaSetting setting = via_setting_from_name (property);

  return setting < VIA_SETTINGS ? via_setting_show (setting, value)
                                : g_strdup (value);
}

/* "stun-server refused, the old value stays: RULE" → RULE. */
static const gchar *
rule_of (const gchar *text)
{
  const gchar *at = strstr (text, ": ");

  return at != NULL ? at + 2 : text;
}

static void
apply_item (GObject *object, GParamSpec *spec, const ViaConfigItem *item)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree gchar *rule = NULL;
  g_autofree gchar *shown = NULL;
  g_autofree gchar *text = NULL;
  Refusal *refusal = refusal_of ();
  gboolean is_ok = via_configvalue_read (spec, item->value, &value, &rule);

  if (is_ok) {
    refusal->is_by_config = TRUE;
    refusal->is_set = FALSE;
    g_object_set_property (object, spec->name, &value);
    refusal->is_by_config = FALSE;
    is_ok = !refusal->is_set;
    if (!is_ok) {
      g_free (rule);
      rule = g_strdup (rule_of (refusal->text));
    }
  }
  if (is_ok) {
    note (object, spec->name, *item->value != '\0' ? item->origin : NULL);
    return;
  }
  shown = show (spec->name, item->value);
  text = g_strdup_printf ("%s: %s=%s refused, the rest holds: %s", item->origin,
      spec->name, shown, rule);
  warn_once (text);
}

static gboolean
may_set (GObjectClass *klass, const gchar *property)
{
  GParamSpec *spec = g_object_class_find_property (klass, property);

  return spec != NULL
         && g_param_spec_get_qdata (spec, may_set_quark ()) != NULL;
}

/* @group: an element of ours, or VIA_CONFIG_COMMON. NULL, or what is wrong with
 * setting @property there. */
static const gchar *
objection (const gchar *group, const gchar *property)
{
  gboolean is_common = g_str_equal (group, VIA_CONFIG_COMMON);
  gboolean is_group = is_common, is_property = FALSE;
  GList *all =
      gst_registry_get_feature_list_by_plugin (gst_registry_get (), PLUGIN);

  for (GList *l = all; l != NULL; l = l->next) {
    GstElementFactory *factory =
        GST_IS_ELEMENT_FACTORY (l->data)
            ? GST_ELEMENT_FACTORY (gst_plugin_feature_load (l->data))
            : NULL;

    if (factory != NULL
        && (is_common || g_str_equal (GST_OBJECT_NAME (factory), group))) {
      GObjectClass *klass =
          g_type_class_ref (gst_element_factory_get_element_type (factory));

      is_group = TRUE;
      is_property |= may_set (klass, property);
      g_type_class_unref (klass);
    }
    gst_clear_object (&factory);
  }
  gst_plugin_feature_list_free (all);
  if (!is_group)
    return "there is no such element";
  return is_property ? NULL : "it cannot be set here";
}

static void
warn_of_unknown (GObjectClass *klass, const GPtrArray *items)
{
  for (guint i = 0; i < items->len; i++) {
    const ViaConfigItem *item = g_ptr_array_index (items, i);
    g_autofree gchar *text = NULL;
    const gchar *why;

    if (item->property == NULL || item->group == NULL
        || (g_str_equal (item->group, VIA_CONFIG_COMMON)
            && may_set (klass, item->property)))
      continue;
    why = objection (item->group, item->property);
    if (why == NULL)
      continue;
    text = g_strdup_printf ("%s: %s of [%s] is not used, the rest holds: %s",
        item->origin, item->property, item->group, why);
    warn_once (text);
  }
}

static void
apply (GObject *object, const gchar *element)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (object);
  g_autoptr (GPtrArray) items = items_now ();
  guint n;
  g_autofree GParamSpec **specs = g_object_class_list_properties (klass, &n);

  warn_of_unknown (klass, items);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GPtrArray) found = NULL;

    if (g_param_spec_get_qdata (specs[i], may_set_quark ()) == NULL)
      continue;
    found = via_config_find (items, element, specs[i]->name);
    for (guint k = 0; k < found->len; k++)
      apply_item (object, specs[i], g_ptr_array_index (found, k));
  }
}

/* --- the class --- */

typedef struct
{
  const gchar *element; /* static */
  void (*constructed) (GObject *object);
  void (*set_property) (
      GObject *object, guint id, const GValue *value, GParamSpec *spec);
  void (*get_property) (
      GObject *object, guint id, GValue *value, GParamSpec *spec);
} ClassInfo;

static const ClassInfo *
class_info_of (GObject *object)
{
  return g_type_get_qdata (G_OBJECT_TYPE (object), class_info_quark ());
}

static void
constructed (GObject *object)
{
  const ClassInfo *info = class_info_of (object);
  Origins *origins = g_new0 (Origins, 1);

  info->constructed (object);
  g_mutex_init (&origins->lock);
  origins->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_object_set_qdata_full (object, origins_quark (), origins, origins_free);
  apply (object, info->element);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  Refusal *refusal = refusal_of ();

  refusal->is_set = FALSE;
  class_info_of (object)->set_property (object, id, value, spec);
  if (!refusal->is_set && !refusal->is_by_config
      && g_param_spec_get_qdata (spec, may_set_quark ()) != NULL)
    note (object, spec->name, BY_PROPERTY);
}

/* As it reads back: without secrets. (transfer full) */
static gchar *
text_of (GObject *object, GParamSpec *spec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (spec));
  g_object_get_property (object, spec->name, &value);
  return G_VALUE_HOLDS_STRING (&value) ? g_value_dup_string (&value)
                                       : gst_value_serialize (&value);
}

static void
add_effective (GstStructure *out, GObject *object, GParamSpec *spec)
{
  Origins *origins = origins_of (object);
  g_autofree gchar *text = text_of (object, spec);
  g_autoptr (GstStructure) one = NULL;
  const gchar *origin;

  g_mutex_lock (&origins->lock);
  origin = g_hash_table_lookup (origins->table, spec->name);
  one = gst_structure_new ("via-config-value", "value", G_TYPE_STRING, text,
      "origin", G_TYPE_STRING, origin != NULL ? origin : BUILT_IN, NULL);
  g_mutex_unlock (&origins->lock);
  gst_structure_set (out, spec->name, GST_TYPE_STRUCTURE, one, NULL);
}

static GstStructure *
effective (GObject *object)
{
  GstStructure *out =
      gst_structure_new ("via-config", "version", G_TYPE_UINT, 1, NULL);
  guint n;
  g_autofree GParamSpec **specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);

  for (guint i = 0; i < n; i++)
    if (g_param_spec_get_qdata (specs[i], may_set_quark ()) != NULL)
      add_effective (out, object, specs[i]);
  return out;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  if (id == EFFECTIVE_ID)
    g_value_take_boxed (value, effective (object));
  else
    class_info_of (object)->get_property (object, id, value, spec);
}

GParamSpec *
via_configprops_may_set (GParamSpec *spec)
{
  g_param_spec_set_qdata (spec, may_set_quark (), GINT_TO_POINTER (1));
  return spec;
}

void
via_configprops_install (GObjectClass *klass, const gchar *element)
{
  ClassInfo *info = g_new (ClassInfo, 1); /* for the type's life */

  *info = (ClassInfo){
      element, klass->constructed, klass->set_property, klass->get_property};
  g_type_set_qdata (G_OBJECT_CLASS_TYPE (klass), class_info_quark (), info);
  klass->constructed = constructed;
  klass->set_property = set_property;
  klass->get_property = get_property;
  g_object_class_install_property (klass, EFFECTIVE_ID,
      g_param_spec_boxed ("effective-config", "Effective configuration",
          "What holds of the properties that files and the environment may "
          "set, and where each value came from: a file and its line, a "
          "variable, a property, or built-in. Secrets are ***",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}
