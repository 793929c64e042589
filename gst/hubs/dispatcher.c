/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/dispatcher.c – the element dispatcher: each port gets what one other
 * port sends, and another one's when its route changes.
 *
 * SECTION:element-dispatcher
 * |[
 * gst-launch-1.0 dispatcher name=d routes="desk>door,door>desk" \
 *     webrtcendpoint name=desk hub=d  webrtcendpoint name=door hub=d
 * ]|
 */
#include "hubs/dispatcher.h"

#include <string.h>

#include "route/select.h"

struct _ViaDispatcher
{
  ViaHubBase parent;
  GMutex lock;       /* guards the next; before the exchange's */
  GPtrArray *routes; /* ViaRoute */
};

enum
{
  PROP_0,
  PROP_ROUTES,
};

G_DEFINE_FINAL_TYPE (ViaDispatcher, via_dispatcher, VIA_TYPE_HUB_BASE)

/* Call with self->lock held. */
static void
apply_locked (ViaDispatcher *self)
{
  g_autoptr (ViaExchange) exchange =
      via_hub_base_exchange (VIA_HUB_BASE (self));
  g_autofree gchar *text = via_select_print_routes (self->routes);

  via_exchange_set_routes (exchange, text, NULL);
}

/* Call with self->lock held. TRUE: there was one. */
static gboolean
remove_locked (ViaDispatcher *self, const gchar *from, const gchar *to)
{
  guint n = self->routes->len;

  for (guint i = n; i > 0; i--) {
    const ViaRoute *route = g_ptr_array_index (self->routes, i - 1);

    if (strcmp (route->to_text, to) == 0
        && (from == NULL || strcmp (route->from_text, from) == 0))
      g_ptr_array_remove_index (self->routes, i - 1);
  }
  return self->routes->len < n;
}

/* --- actions --- */

static gboolean
action_connect (ViaDispatcher *self, const gchar *from, const gchar *to)
{
  GError *error = NULL;
  ViaRoute *route = via_select_parse_route (
      from != NULL ? from : "", to != NULL ? to : "", &error);

  if (route == NULL)
    return via_hub_base_refuse (VIA_HUB_BASE (self), "connect", error);
  g_mutex_lock (&self->lock);
  remove_locked (self, NULL, route->to_text);
  g_ptr_array_add (self->routes, route);
  apply_locked (self);
  g_mutex_unlock (&self->lock);
  g_object_notify (G_OBJECT (self), "routes");
  return TRUE;
}

static gboolean
action_disconnect (ViaDispatcher *self, const gchar *from, const gchar *to)
{
  gboolean is_done;

  if (from == NULL || to == NULL)
    return FALSE;
  g_mutex_lock (&self->lock);
  is_done = remove_locked (self, from, to);
  if (is_done)
    apply_locked (self);
  g_mutex_unlock (&self->lock);
  if (is_done)
    g_object_notify (G_OBJECT (self), "routes");
  return is_done;
}

static void
install_actions (GType type)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /* (from, to): @to gets what @from sends, instead of what it got. FALSE with
   * a WARNING if either is no name of a port. */
  g_signal_new_class_handler ("connect", type, flags,
      G_CALLBACK (action_connect), NULL, NULL, NULL, G_TYPE_BOOLEAN, 2,
      G_TYPE_STRING, G_TYPE_STRING);
  /* (from, to), as they were connected; FALSE if they were not. */
  g_signal_new_class_handler ("disconnect", type, flags,
      G_CALLBACK (action_disconnect), NULL, NULL, NULL, G_TYPE_BOOLEAN, 2,
      G_TYPE_STRING, G_TYPE_STRING);
}

/* --- properties and life --- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ViaDispatcher *self = VIA_DISPATCHER (object);
  const gchar *text = g_value_get_string (value);
  GError *error = NULL;
  GPtrArray *routes =
      via_select_parse_routes (text != NULL ? text : "", &error);

  if (routes == NULL) {
    g_warning (
        "routes=%s refused: %s; the old ones stay", text, error->message);
    g_error_free (error);
    return;
  }
  g_mutex_lock (&self->lock);
  g_ptr_array_unref (self->routes);
  self->routes = routes;
  apply_locked (self);
  g_mutex_unlock (&self->lock);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  ViaDispatcher *self = VIA_DISPATCHER (object);

  g_mutex_lock (&self->lock);
  g_value_take_string (value, via_select_print_routes (self->routes));
  g_mutex_unlock (&self->lock);
}

static void
finalize (GObject *object)
{
  ViaDispatcher *self = VIA_DISPATCHER (object);

  g_ptr_array_unref (self->routes);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (via_dispatcher_parent_class)->finalize (object);
}

static void
via_dispatcher_class_init (ViaDispatcherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  g_object_class_install_property (object_class, PROP_ROUTES,
      g_param_spec_string ("routes", "Routes",
          "Who gets what whom sends: FROM>TO[,FROM>TO...], each a port's "
          "number, name or app-data, or KEY=VALUE of a tag. Of several routes "
          "to one port the last one holds; a port without one gets nothing. "
          "Takes effect at once, pictures change at the new one's key frame",
          "",
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_PLAYING));
  install_actions (G_TYPE_FROM_CLASS (klass));
  via_hub_base_add_source_templates (GST_ELEMENT_CLASS (klass));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Dispatcher", "Generic/Network/WebRTC",
      "Each port gets what one other port sends, as its routes say; endpoints "
      "join it by hub=NAME",
      "The gst-via developers");
}

static void
via_dispatcher_init (ViaDispatcher *self)
{
  g_mutex_init (&self->lock);
  self->routes = g_ptr_array_new_with_free_func (via_select_free_route);
  g_mutex_lock (&self->lock);
  apply_locked (self);
  g_mutex_unlock (&self->lock);
}
