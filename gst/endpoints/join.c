/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/join.c – finds the hub named by hub=NAME, or the element named by
 * another property, inside the element's own tree. Never looks outside it:
 * pipelines share nothing.
 */
#include "endpoints/join.h"

G_DEFINE_INTERFACE (ViaRoomOwner, via_room_owner, GST_TYPE_ELEMENT)

static void
via_room_owner_default_init (ViaRoomOwnerInterface *iface)
{
}

ViaExchange *
via_room_owner_get_exchange (ViaRoomOwner *self)
{
  return VIA_ROOM_OWNER_GET_IFACE (self)->get_exchange (self);
}

/* Children of @bin, each with a reference. (transfer full) */
static GPtrArray *
children_of (GstBin *bin)
{
  GPtrArray *children = g_ptr_array_new_with_free_func (gst_object_unref);

  GST_OBJECT_LOCK (bin);
  for (GList *l = bin->children; l != NULL; l = l->next)
    g_ptr_array_add (children, gst_object_ref (l->data));
  GST_OBJECT_UNLOCK (bin);
  return children;
}

static void
collect_named (
    GstBin *bin, const gchar *name, guint depth, GPtrArray *found, guint *best)
{
  g_autoptr (GPtrArray) children = children_of (bin);

  for (guint i = 0; i < children->len; i++) {
    GstElement *child = g_ptr_array_index (children, i);

    if (depth <= *best && g_strcmp0 (GST_OBJECT_NAME (child), name) == 0) {
      if (depth < *best)
        g_ptr_array_set_size (found, 0);
      *best = depth;
      g_ptr_array_add (found, gst_object_ref (child));
    }
    if (GST_IS_BIN (child) && depth < *best)
      collect_named (GST_BIN (child), name, depth + 1, found, best);
  }
}

static ViaExchange *
exchange_of (GstElement *found, const gchar *name, GError **error)
{
  g_autofree gchar *path = NULL;

  if (VIA_IS_ROOM_OWNER (found))
    return via_room_owner_get_exchange (VIA_ROOM_OWNER (found));
  path = gst_object_get_path_string (GST_OBJECT (found));
  g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
      "hub=%s: the element %s is no hub", name, path);
  return NULL;
}

/* The nearest bin around @element that has a child of that name; else the
 * top-most one in @out_top. (transfer full) */
static GstElement *
find_outwards (GstElement *element, const gchar *name, GstObject **out_top)
{
  GstObject *around = gst_object_get_parent (GST_OBJECT (element));

  while (around != NULL) {
    GstObject *next = gst_object_get_parent (around);

    if (GST_IS_BIN (around)) {
      g_autoptr (GPtrArray) children = children_of (GST_BIN (around));

      for (guint i = 0; i < children->len; i++) {
        GstElement *child = g_ptr_array_index (children, i);

        if (child != element
            && g_strcmp0 (GST_OBJECT_NAME (child), name) == 0) {
          gst_object_unref (around);
          g_clear_pointer (&next, gst_object_unref);
          return gst_object_ref (child);
        }
      }
    }
    if (next == NULL)
      break;
    gst_object_unref (around);
    around = next;
  }
  *out_top = around;
  return NULL;
}

GstElement *
via_join_find_element (GstElement *element, const gchar *property,
    const gchar *name, GError **error)
{
  GstObject *top = NULL;
  GstElement *near = find_outwards (element, name, &top);
  g_autoptr (GPtrArray) found = NULL;
  guint best = G_MAXUINT;

  if (near != NULL)
    return near;
  if (top == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "%s=%s: %s has no parent; add the element to the pipeline before "
        "starting it",
        property, name, GST_OBJECT_NAME (element));
    return NULL;
  }
  found = g_ptr_array_new_with_free_func (gst_object_unref);
  if (GST_IS_BIN (top))
    collect_named (GST_BIN (top), name, 0, found, &best);
  if (found->len == 1) {
    near = gst_object_ref (g_ptr_array_index (found, 0));
  } else if (found->len > 1) {
    g_autofree gchar *a =
        gst_object_get_path_string (g_ptr_array_index (found, 0));
    g_autofree gchar *b =
        gst_object_get_path_string (g_ptr_array_index (found, 1));

    g_set_error (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "%s=%s: two elements of that name are equally near: %s and %s",
        property, name, a, b);
  } else {
    g_set_error (error, VIA_ERROR, VIA_ERROR_NOT_FOUND,
        "%s=%s: no element of that name in %s", property, name,
        GST_OBJECT_NAME (top));
  }
  gst_object_unref (top);
  return near;
}

ViaExchange *
via_join_find (GstElement *element, const gchar *hub, GError **error)
{
  g_autoptr (GstElement) found =
      via_join_find_element (element, "hub", hub, error);

  return found != NULL ? exchange_of (found, hub, error) : NULL;
}

ViaExchange *
via_join_find_again (
    GstElement *element, const gchar *hub, GObject *same, GError **error)
{
  g_autoptr (GstElement) found =
      via_join_find_element (element, "hub", hub, error);

  if (found == NULL)
    return NULL;
  if (G_OBJECT (found) != same) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "hub=%s: that is another hub than the one that was joined", hub);
    return NULL;
  }
  /* one on its way down still says READY */
  if (GST_STATE (found) >= GST_STATE_READY
      && GST_STATE_TARGET (found) >= GST_STATE_READY)
    return exchange_of (found, hub, error);
  g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
      "hub=%s: the hub is in state NULL", hub);
  return NULL;
}
