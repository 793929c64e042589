/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/common.c – what every element of the pack shares: app-data, the
 * hub's name, the EOS contract.
 */
#include "endpoints/common.h"

#include <string.h>

#define APP_DATA_MAX (64 * 1024) /* bytes */

static G_DEFINE_QUARK (via - common, common)

    void via_common_init (ViaCommon *self, GstElement *element)
{
  g_mutex_init (&self->lock);
  self->serial = 1;
  self->members =
      g_ptr_array_new_with_free_func ((GDestroyNotify) via_member_unref);
  g_object_set_qdata (G_OBJECT (element), common_quark (), self);
}

void
via_common_clear (ViaCommon *self)
{
  g_clear_pointer (&self->app_data, g_free);
  g_clear_pointer (&self->hub, g_free);
  g_clear_pointer (&self->tags, gst_structure_free);
  g_clear_pointer (&self->subscribe, g_free);
  g_clear_pointer (&self->members, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
}

ViaCommon *
via_common_of (GObject *element)
{
  return g_object_get_qdata (element, common_quark ());
}

GParamSpec *
via_common_app_data_spec (void)
{
  return g_param_spec_string ("app-data", "Application data",
      "Your own text about whom this element serves: any UTF-8 up to 64 KiB, "
      "never looked into. It stands in every bus message and in the "
      "statistics of the element. NULL: none. Takes effect at once",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
}

GParamSpec *
via_common_hub_spec (void)
{
  return g_param_spec_string ("hub", "Hub",
      "Name of the hub element to join. It is looked for in the element's "
      "own pipeline only, the nearest enclosing bin first. NULL: none. "
      "Takes effect when the element leaves NULL; a hub that is not there "
      "is an error",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
}

void
via_common_set_app_data (ViaCommon *self, GObject *object, const gchar *value)
{
  gboolean is_changed;

  if (value != NULL && strlen (value) > APP_DATA_MAX) {
    g_warning ("app-data of %" G_GSIZE_FORMAT
               " bytes refused: at most %d bytes; the old value stays",
        strlen (value), APP_DATA_MAX);
    return;
  }
  if (value != NULL && !g_utf8_validate (value, -1, NULL)) {
    g_warning ("app-data refused: not UTF-8; the old value stays");
    return;
  }
  g_mutex_lock (&self->lock);
  is_changed = g_strcmp0 (self->app_data, value) != 0;
  if (is_changed) {
    g_free (self->app_data);
    self->app_data = g_strdup (value);
    self->serial++;
  }
  g_mutex_unlock (&self->lock);
  if (is_changed)
    via_common_changed (self);
  if (is_changed && object != NULL)
    g_object_notify (object, "app-data");
}

void
via_common_set_hub (ViaCommon *self, const gchar *value)
{
  g_mutex_lock (&self->lock);
  g_free (self->hub);
  self->hub = value != NULL && *value != '\0' ? g_strdup (value) : NULL;
  g_mutex_unlock (&self->lock);
}

gchar *
via_common_get_app_data (ViaCommon *self)
{
  gchar *value;

  g_mutex_lock (&self->lock);
  value = g_strdup (self->app_data);
  g_mutex_unlock (&self->lock);
  return value;
}

gchar *
via_common_get_hub (ViaCommon *self)
{
  gchar *value;

  g_mutex_lock (&self->lock);
  value = g_strdup (self->hub);
  g_mutex_unlock (&self->lock);
  return value;
}

void
via_common_post (ViaCommon *self, GstElement *element, GstStructure *structure)
{
  g_autofree gchar *name = gst_object_get_name (GST_OBJECT (element));

  gst_structure_set (structure, "version", G_TYPE_UINT, 1, "element",
      G_TYPE_STRING, name, NULL);
  via_common_describe (self, structure);
  gst_element_post_message (
      element, gst_message_new_element (GST_OBJECT (element), structure));
}

void
via_eos_init_bin (GstBin *bin)
{
  const GstElementFlags flags = GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK;

  gst_bin_set_suppressed_flags (bin, flags);
  GST_OBJECT_FLAG_SET (bin, flags);
}

gboolean
via_eos_send_event (GstElement *element, GstEvent *event)
{
  GstElementClass *bin_class = g_type_class_peek (GST_TYPE_BIN);

  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS)
    return bin_class->send_event (element, event);
  gst_event_unref (event);
  via_eos_post (via_common_of (G_OBJECT (element)), element);
  return TRUE;
}

void
via_eos_handle_message (GstBin *bin, GstMessage *message)
{
  GstBinClass *bin_class = g_type_class_peek (GST_TYPE_BIN);

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    gst_message_unref (message);
  else
    bin_class->handle_message (bin, message);
}

void
via_eos_init_class (GstBinClass *klass)
{
  GST_ELEMENT_CLASS (klass)->send_event = via_eos_send_event;
  klass->handle_message = via_eos_handle_message;
}

void
via_eos_post (ViaCommon *self, GstElement *element)
{
  gboolean is_first;

  g_mutex_lock (&self->lock);
  is_first = !self->eos_posted;
  self->eos_posted = TRUE;
  g_mutex_unlock (&self->lock);
  if (is_first)
    gst_element_post_message (
        element, gst_message_new_eos (GST_OBJECT (element)));
}

void
via_eos_reset (ViaCommon *self)
{
  g_mutex_lock (&self->lock);
  self->eos_posted = FALSE;
  g_mutex_unlock (&self->lock);
}

gboolean
via_common_is_source (GstElement *element)
{
  gboolean is_source = FALSE;

  GST_OBJECT_LOCK (element);
  for (GList *l = element->srcpads; l != NULL; l = l->next)
    is_source = is_source || gst_pad_is_linked (l->data);
  GST_OBJECT_UNLOCK (element);
  return is_source
         || g_signal_has_handler_pending (element,
             g_signal_lookup ("pad-added", GST_TYPE_ELEMENT), 0, FALSE);
}
