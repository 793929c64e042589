/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/common-tags.c – typed tags of an element, whom it subscribes to,
 * and that hubs are told when either or app-data changes. Any thread;
 * ViaCommon's lock is never held while calling out.
 */
#include "endpoints/common.h"

#include <string.h>

#include "route/select.h"

enum
{
  PROP_TAGS = 900,
  PROP_SUBSCRIBE,
};

/* --- what a tag may be --- */

static gboolean
is_plain_key (const gchar *key)
{
  if (key == NULL || !g_ascii_isalpha (*key)
      || strlen (key) > VIA_COMMON_TAG_KEY_MAX)
    return FALSE;
  for (const gchar *c = key; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("-_.", *c) == NULL)
      return FALSE;
  return TRUE;
}

/* NULL, or why the tag is refused. */
static const gchar *
fault_of_tag (const gchar *key, const GValue *value)
{
  static const gchar *const taken[] = {"port", "name", "app-data", NULL};
  const gchar *text;

  if (!is_plain_key (key))
    return "a key is a letter, then letters, digits, '-', '_' and '.', 64 "
           "bytes at most";
  if (g_strv_contains (taken, key))
    return "port, name and app-data are no keys";
  if (value == NULL || !G_IS_VALUE (value))
    return "it has no value";
  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_BOOLEAN:
    case G_TYPE_INT:
    case G_TYPE_UINT:
    case G_TYPE_INT64:
    case G_TYPE_UINT64:
    case G_TYPE_DOUBLE:
      return NULL;
    case G_TYPE_STRING:
      text = g_value_get_string (value);
      return text == NULL ? "it has no value"
             : strlen (text) > VIA_COMMON_TAG_TEXT_MAX
                 ? "a text has 4096 bytes at most"
             : !g_utf8_validate (text, -1, NULL) ? "a text is UTF-8"
                                                 : NULL;
    default:
      return "a value is a string, boolean, int, uint, int64, uint64 or double";
  }
}

/* TRUE, with a warning, if the tag is refused. */
static gboolean
is_refused (const gchar *key, const GValue *value)
{
  const gchar *fault = fault_of_tag (key, value);

  if (fault != NULL)
    g_warning ("tag %s refused: %s; the old tags stay",
        key != NULL ? key : "(null)", fault);
  return fault != NULL;
}

static gboolean
is_full (guint n)
{
  if (n <= VIA_COMMON_TAGS_MAX)
    return FALSE;
  g_warning ("tags refused: an element has %d at most; the old tags stay",
      VIA_COMMON_TAGS_MAX);
  return TRUE;
}

/* --- setting them --- */

static void
tell (ViaCommon *self, GObject *object, const gchar *property)
{
  via_common_changed (self);
  if (object != NULL)
    g_object_notify (object, property);
}

static void
set_tags (ViaCommon *self, GObject *object, const GstStructure *tags)
{
  GstStructure *copy = NULL;
  gint n = tags != NULL ? gst_structure_n_fields (tags) : 0;
  gboolean is_changed;

  if (is_full ((guint) n))
    return;
  for (gint i = 0; i < n; i++) {
    const gchar *key = gst_structure_nth_field_name (tags, (guint) i);

    if (is_refused (key, gst_structure_get_value (tags, key)))
      return;
  }
  if (n > 0) {
    copy = gst_structure_copy (tags);
    gst_structure_set_name (copy, "tags");
  }
  g_mutex_lock (&self->lock);
  is_changed = (copy == NULL) != (self->tags == NULL)
               || (copy != NULL && !gst_structure_is_equal (copy, self->tags));
  if (is_changed) {
    GstStructure *old = self->tags;

    self->tags = copy;
    copy = old;
    self->serial++;
  }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&copy, gst_structure_free);
  if (is_changed)
    via_common_changed (self); /* the setter notifies */
}

static gboolean
action_add_tag (GObject *object, const gchar *key, const GValue *value)
{
  ViaCommon *self = via_common_of (object);
  gboolean has_room;
  gint n;

  if (is_refused (key, value))
    return FALSE;
  g_mutex_lock (&self->lock);
  n = self->tags != NULL ? gst_structure_n_fields (self->tags) : 0;
  has_room =
      n < VIA_COMMON_TAGS_MAX || gst_structure_has_field (self->tags, key);
  if (has_room) {
    if (self->tags == NULL)
      self->tags = gst_structure_new_empty ("tags");
    gst_structure_set_value (self->tags, key, value);
    self->serial++;
  }
  g_mutex_unlock (&self->lock);
  if (!has_room)
    return !is_full (VIA_COMMON_TAGS_MAX + 1);
  tell (self, object, "tags");
  return TRUE;
}

/* A string that is NULL if there is no such tag: so bindings have something to
 * unwrap. */
static GValue *
action_get_tag (GObject *object, const gchar *key)
{
  ViaCommon *self = via_common_of (object);
  GValue *out = g_new0 (GValue, 1);
  const GValue *value = NULL;

  g_mutex_lock (&self->lock);
  if (self->tags != NULL && key != NULL)
    value = gst_structure_get_value (self->tags, key);
  g_value_init (out, value != NULL ? G_VALUE_TYPE (value) : G_TYPE_STRING);
  if (value != NULL)
    g_value_copy (value, out);
  g_mutex_unlock (&self->lock);
  return out;
}

static gboolean
action_remove_tag (GObject *object, const gchar *key)
{
  ViaCommon *self = via_common_of (object);
  gboolean is_there;

  g_mutex_lock (&self->lock);
  is_there = self->tags != NULL && key != NULL
             && gst_structure_has_field (self->tags, key);
  if (is_there) {
    gst_structure_remove_field (self->tags, key);
    if (gst_structure_n_fields (self->tags) == 0)
      g_clear_pointer (&self->tags, gst_structure_free);
    self->serial++;
  }
  g_mutex_unlock (&self->lock);
  if (is_there)
    tell (self, object, "tags");
  return is_there;
}

static void
set_subscribe (ViaCommon *self, const gchar *value)
{
  g_autoptr (ViaSelect) select = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_set = value != NULL && *value != '\0';

  if (is_set && (select = via_select_parse (value, &error)) == NULL) {
    g_warning (
        "subscribe=%s refused: %s; the old value stays", value, error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  g_free (self->subscribe);
  self->subscribe = is_set ? g_strdup (value) : NULL;
  self->serial++;
  g_mutex_unlock (&self->lock);
  via_common_changed (self);
}

/* --- properties --- */

void
via_common_install_tags (GObjectClass *klass, gboolean may_subscribe)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;
  const GParamFlags at_once =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  GType type = G_TYPE_FROM_CLASS (klass);

  g_object_class_install_property (klass, PROP_TAGS,
      g_param_spec_boxed ("tags", "Tags",
          "Your own typed keys and values about whom this element serves "
          "(string, boolean, int, uint, int64, uint64, double), 64 at most: in "
          "messages, statistics and at its hub's port. NULL: none. Takes "
          "effect at once",
          GST_TYPE_STRUCTURE, at_once));
  if (may_subscribe)
    g_object_class_install_property (klass, PROP_SUBSCRIBE,
        g_param_spec_string ("subscribe", "Subscribe",
            "Whom of the hub to take media from: KEY=VALUE[,VALUE...]"
            "[;KEY=VALUE...] where KEY is port, name, app-data or a tag's; "
            "none: from nobody. NULL: from all others. Takes effect at once",
            NULL, at_once));
  /* (key, value): a new tag or another value; FALSE with a warning if key or
   * value break a rule. */
  g_signal_new_class_handler ("add-tag", type, flags,
      G_CALLBACK (action_add_tag), NULL, NULL, NULL, G_TYPE_BOOLEAN, 2,
      G_TYPE_STRING, G_TYPE_VALUE | G_SIGNAL_TYPE_STATIC_SCOPE);
  /* (key): the value; a string that is NULL if there is no such tag. */
  g_signal_new_class_handler ("get-tag", type, flags,
      G_CALLBACK (action_get_tag), NULL, NULL, NULL, G_TYPE_VALUE, 1,
      G_TYPE_STRING);
  /* (key): FALSE if there is no such tag. */
  g_signal_new_class_handler ("remove-tag", type, flags,
      G_CALLBACK (action_remove_tag), NULL, NULL, NULL, G_TYPE_BOOLEAN, 1,
      G_TYPE_STRING);
}

gboolean
via_common_set_tag_property (
    ViaCommon *self, GObject *object, guint id, const GValue *value)
{
  if (id == PROP_TAGS)
    set_tags (self, object, gst_value_get_structure (value));
  else if (id == PROP_SUBSCRIBE)
    set_subscribe (self, g_value_get_string (value));
  else
    return FALSE;
  return TRUE;
}

gboolean
via_common_get_tag_property (ViaCommon *self, guint id, GValue *value)
{
  if (id != PROP_TAGS && id != PROP_SUBSCRIBE)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (id == PROP_TAGS)
    gst_value_set_structure (value, self->tags);
  else
    g_value_set_string (value, self->subscribe);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* --- who we are --- */

void
via_common_describe (ViaCommon *self, GstStructure *out)
{
  g_mutex_lock (&self->lock);
  gst_structure_set (out, "app-data", G_TYPE_STRING, self->app_data, NULL);
  if (self->tags != NULL)
    gst_structure_set (out, "tags", GST_TYPE_STRUCTURE, self->tags, NULL);
  g_mutex_unlock (&self->lock);
}

void
via_common_who (ViaCommon *self, GstElement *element, ViaCommonWho *out)
{
  memset (out, 0, sizeof *out);
  if (element != NULL)
    out->name = gst_object_get_name (GST_OBJECT (element));
  g_mutex_lock (&self->lock);
  out->app_data = g_strdup (self->app_data);
  out->subscribe = g_strdup (self->subscribe);
  if (self->tags != NULL)
    out->tags = gst_structure_copy (self->tags);
  out->who.serial = self->serial;
  g_mutex_unlock (&self->lock);
  out->who.name = out->name;
  out->who.app_data = out->app_data;
  out->who.subscribe = out->subscribe;
  out->who.tags = out->tags;
}

void
via_common_who_clear (ViaCommonWho *self)
{
  g_free (self->name);
  g_free (self->app_data);
  g_free (self->subscribe);
  g_clear_pointer (&self->tags, gst_structure_free);
}

void
via_common_present (ViaCommon *self, ViaMember *member)
{
  g_auto (ViaCommonWho) who = {0};

  if (member == NULL)
    return;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->members, via_member_ref (member));
  g_mutex_unlock (&self->lock);
  via_common_who (self, NULL, &who); /* what changed since it joined */
  via_member_describe (member, &who.who);
}

void
via_common_absent (ViaCommon *self, ViaMember *member)
{
  if (member == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (g_ptr_array_find (self->members, member, NULL))
    via_member_ref (member); /* so that nothing is freed under the lock */
  else
    member = NULL;
  if (member != NULL)
    g_ptr_array_remove (self->members, member);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&member, via_member_unref);
}

void
via_common_changed (ViaCommon *self)
{
  g_autoptr (GPtrArray) members =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_member_unref);
  g_auto (ViaCommonWho) who = {0};

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->members->len; i++)
    g_ptr_array_add (
        members, via_member_ref (g_ptr_array_index (self->members, i)));
  g_mutex_unlock (&self->lock);
  via_common_who (self, NULL, &who);
  for (guint i = 0; i < members->len; i++)
    via_member_describe (g_ptr_array_index (members, i), &who.who);
}
