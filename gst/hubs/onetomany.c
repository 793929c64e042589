/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/onetomany.c – the element dispatcheronetomany: what one port sends goes
 * to all others.
 *
 * SECTION:element-dispatcheronetomany
 * |[
 * gst-launch-1.0 dispatcheronetomany name=d main=stage \
 *     playerendpoint name=stage hub=d uri=file:///f.mp4  webrtcserver hub=d
 * ]|
 */
#include "hubs/onetomany.h"

struct _ViaOneToMany
{
  ViaHubBase parent;
  GMutex lock; /* guards the next; before the exchange's */
  gchar *main;
};

enum
{
  PROP_0,
  PROP_MAIN,
};

G_DEFINE_FINAL_TYPE (ViaOneToMany, via_one_to_many, VIA_TYPE_HUB_BASE)

static void
set_main (ViaOneToMany *self, const gchar *text)
{
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (self));
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->lock);
  if (via_exchange_set_main (exchange, text != NULL ? text : "", &error)) {
    g_free (self->main);
    self->main = g_strdup (text);
  }
  g_mutex_unlock (&self->lock);
  if (error != NULL)
    g_warning ("main=%s refused: %s; the old one stays", text, error->message);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  set_main (VIA_ONE_TO_MANY (object), g_value_get_string (value));
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaOneToMany *self = VIA_ONE_TO_MANY (object);

  g_mutex_lock (&self->lock);
  g_value_set_string (value, self->main);
  g_mutex_unlock (&self->lock);
}

static void
finalize (GObject *object)
{
  ViaOneToMany *self = VIA_ONE_TO_MANY (object);

  g_free (self->main);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (via_one_to_many_parent_class)->finalize (object);
}

static void
via_one_to_many_class_init (ViaOneToManyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  g_object_class_install_property (object_class, PROP_MAIN,
      g_param_spec_string ("main", "Main",
          "Whose media all others get: a port's number, name or app-data, or "
          "KEY=VALUE of a tag; the lowest port of several. NULL: nobody's. "
          "Takes effect at once, pictures change at the new one's key frame",
          NULL,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_PLAYING));
  via_hub_base_add_source_templates (GST_ELEMENT_CLASS (klass));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Dispatcher, one to many", "Generic/Network/WebRTC",
      "What one port sends goes to all others; endpoints join it by hub=NAME",
      "The gst-via developers");
}

static void
via_one_to_many_init (ViaOneToMany *self)
{
  g_mutex_init (&self->lock);
  set_main (self, NULL);
}
