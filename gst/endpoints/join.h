/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/join.h – finds the hub named by hub=NAME inside the element's own
 * tree.
 */
#pragma once

#include <gst/gst.h>
#include "base/error.h"
#include "io/exchange.h"

G_BEGIN_DECLS

/* Implemented by hub elements. */
#define VIA_TYPE_ROOM_OWNER (via_room_owner_get_type ())
G_DECLARE_INTERFACE (ViaRoomOwner, via_room_owner, VIA, ROOM_OWNER, GstElement)
struct _ViaRoomOwnerInterface
{
  GTypeInterface parent;
  /* (transfer full): exists from instance init to finalize. */
  ViaExchange *(*get_exchange) (ViaRoomOwner *self);
};
ViaExchange *via_room_owner_get_exchange (ViaRoomOwner *self);

/* Walks from @element's nearest enclosing bin outwards; in each bin the nearest
 * match wins (depth first by distance), then the whole tree from the top-most
 * parent. Errors: NOT_FOUND (names hub and pipeline; STATE if @element has no
 * parent yet: "add the element to the pipeline before starting it"), REFUSED
 * (two matches at one distance, both paths named; or the element of that name
 * is no hub). (transfer full) */
ViaExchange *via_join_find (
    GstElement *element, const gchar *hub, GError **error);
/* The same, of @same alone (whatever else has that name now: STATE), once it is
 * in READY or above (else STATE). */
ViaExchange *via_join_find_again (
    GstElement *element, const gchar *hub, GObject *same, GError **error);
/* Any element by the same rules; @property is named in errors. Gives @element
 * itself only if no other has that name. (transfer full) */
GstElement *via_join_find_element (GstElement *element, const gchar *property,
    const gchar *name, GError **error);

G_END_DECLS
