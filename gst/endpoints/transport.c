/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport.c – the properties that say how packets travel: kept,
 * shown, handed to children. What comes of them is transport_resolve.c.
 * Set = validate and store under the lock; used at the next negotiation.
 */
#include "endpoints/transport.h"

#include <string.h>

#include "base/secret.h"
#include "endpoints/configprops.h"

#define FIRST_ID 0x100 /* of the properties */

void
via_transport_init (ViaTransport *self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
}

void
via_transport_clear (ViaTransport *self)
{
  for (guint i = 0; i < VIA_SETTINGS; i++)
    via_secret_free (self->set[i]);
  g_clear_pointer (&self->bridges, via_tlsbridges_unref);
  g_mutex_clear (&self->lock);
}

/* @text: (transfer full). Call with self->lock held. */
static void
store_locked (ViaTransport *self, ViaSetting setting, gchar *text)
{
  via_secret_free (self->set[setting]);
  self->set[setting] = text;
  self->is_linked[setting] = FALSE;
}

static const gchar *
text_locked (ViaTransport *self, ViaSetting setting)
{
  return self->set[setting] != NULL ? self->set[setting]
                                    : via_setting_spec (setting)->fallback;
}

gchar *
via_transport_dup (ViaTransport *self, ViaSetting setting)
{
  gchar *text;

  g_mutex_lock (&self->lock);
  text = g_strdup (text_locked (self, setting));
  g_mutex_unlock (&self->lock);
  return text;
}

/* --- properties --- */

/* As it would stand in a file; NULL: unset. (transfer full) */
static gchar *
text_of (const ViaSettingSpec *spec, const GValue *value)
{
  const gchar *text;

  switch (spec->kind) {
    case VIA_SETTING_BOOLEAN:
      return g_strdup (g_value_get_boolean (value) ? "true" : "false");
    case VIA_SETTING_NUMBER:
      return g_strdup_printf ("%d", g_value_get_int (value));
    case VIA_SETTING_ENUM:
      for (guint i = 0;; i++) {
        GEnumClass *klass = g_type_class_peek (spec->type ());

        if (klass->values[i].value == g_value_get_enum (value))
          return g_strdup (klass->values[i].value_nick);
      }
    default:
      text = g_value_get_string (value);
      return text != NULL && *text != '\0' ? g_strdup (text) : NULL;
  }
}

gboolean
via_transport_set_property (ViaTransport *self, guint id, const GValue *value)
{
  ViaSetting setting = (ViaSetting) (id - FIRST_ID);
  const ViaSettingSpec *spec;
  g_autoptr (GError) error = NULL;
  gchar *given, *text = NULL;

  if (id < FIRST_ID || setting >= VIA_SETTINGS)
    return FALSE;
  spec = via_setting_spec (setting);
  given = text_of (spec, value);
  if (given != NULL)
    text = via_setting_read (setting, given, &error);
  via_secret_free (given);
  if (error != NULL) {
    via_configprops_refuse (
        "%s refused, the old value stays: %s", spec->name, error->message);
    return TRUE;
  }
  g_mutex_lock (&self->lock);
  store_locked (self, setting, text);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

gboolean
via_transport_get_property (ViaTransport *self, guint id, GValue *value)
{
  ViaSetting setting = (ViaSetting) (id - FIRST_ID);
  gchar *text;

  if (id < FIRST_ID || setting >= VIA_SETTINGS)
    return FALSE;
  text = via_transport_dup (self, setting);
  switch (via_setting_spec (setting)->kind) {
    case VIA_SETTING_BOOLEAN:
      g_value_set_boolean (value, via_setting_boolean (text));
      break;
    case VIA_SETTING_NUMBER:
      g_value_set_int (value, via_setting_number (text));
      break;
    case VIA_SETTING_ENUM:
      g_value_set_enum (value, via_setting_enum (setting, text));
      break;
    default:
      g_value_take_string (value, via_setting_show (setting, text));
  }
  via_secret_free (text);
  return TRUE;
}

static GParamSpec *
param_spec (ViaSetting setting)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
      | (setting == VIA_SETTING_CERTIFICATE ? GST_PARAM_MUTABLE_READY
                                            : GST_PARAM_MUTABLE_PLAYING);
  const ViaSettingSpec *spec = via_setting_spec (setting);

  switch (spec->kind) {
    case VIA_SETTING_BOOLEAN:
      return g_param_spec_boolean (spec->name, spec->nick, spec->blurb,
          via_setting_boolean (spec->fallback), flags);
    case VIA_SETTING_NUMBER:
      return g_param_spec_int (spec->name, spec->nick, spec->blurb, spec->min,
          spec->max, via_setting_number (spec->fallback), flags);
    case VIA_SETTING_ENUM:
      return g_param_spec_enum (spec->name, spec->nick, spec->blurb,
          spec->type (), via_setting_enum (setting, spec->fallback), flags);
    default:
      return g_param_spec_string (
          spec->name, spec->nick, spec->blurb, spec->fallback, flags);
  }
}

void
via_transport_install_properties (GObjectClass *klass)
{
  for (guint i = 0; i < VIA_SETTINGS; i++)
    g_object_class_install_property (
        klass, FIRST_ID + i, via_configprops_may_set (param_spec (i)));
}

/* --- a server's children --- */

void
via_transport_copy (ViaTransport *self, ViaTransport *from)
{
  ViaTransport copy = {0};
  ViaTlsBridges *old;

  g_mutex_lock (&from->lock);
  for (guint i = 0; i < VIA_SETTINGS; i++)
    copy.set[i] = g_strdup (from->set[i]);
  if (from->bridges != NULL)
    copy.bridges = via_tlsbridges_ref (from->bridges);
  g_mutex_unlock (&from->lock);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < VIA_SETTINGS; i++)
    store_locked (self, i, copy.set[i]);
  old = self->bridges;
  self->bridges = copy.bridges;
  g_mutex_unlock (&self->lock);
  via_tlsbridges_unref (old);
}

/* --- TURN over TLS --- */

void
via_transport_tell_failed (GstElement *element, ViaCommon *common,
    const gchar *server, guint code, const gchar *text)
{
  GST_ELEMENT_WARNING (
      element, RESOURCE, OPEN_READ_WRITE, ("%s", text), (NULL));
  via_common_post (common, element,
      gst_structure_new ("ice-candidate-error", "server", G_TYPE_STRING, server,
          "code", G_TYPE_UINT, code, "text", G_TYPE_STRING, text, NULL));
  if (g_signal_lookup (VIA_TRANSPORT_ERROR_SIGNAL, G_OBJECT_TYPE (element)))
    g_signal_emit_by_name (
        element, VIA_TRANSPORT_ERROR_SIGNAL, server, code, text);
}

/* via-app. */
static void
on_bridge_failed (GObject *element, const gchar *server, const gchar *why)
{
  via_transport_tell_failed (GST_ELEMENT (element),
      g_object_get_data (element, "via-transport-common"), server, 0, why);
}

void
via_transport_open (ViaTransport *self, GstElement *element, ViaCommon *common)
{
  g_object_set_data (G_OBJECT (element), "via-transport-common", common);
  g_mutex_lock (&self->lock);
  if (self->bridges == NULL) { /* a server's child uses the server's */
    self->bridges = via_tlsbridges_new (on_bridge_failed, G_OBJECT (element));
    self->owns_bridges = TRUE;
  }
  g_mutex_unlock (&self->lock);
}

void
via_transport_close (ViaTransport *self)
{
  ViaTlsBridges *bridges;
  gboolean is_owner;

  g_mutex_lock (&self->lock);
  bridges = g_steal_pointer (&self->bridges);
  is_owner = self->owns_bridges;
  self->owns_bridges = FALSE;
  g_mutex_unlock (&self->lock);
  if (is_owner)
    via_tlsbridges_close (bridges);
  via_tlsbridges_unref (bridges);
}
