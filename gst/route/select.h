/* SPDX-License-Identifier: LGPL-2.1-or-later
 * route/select.h – whom a text means: ports of a hub by number, name,
 * application data or tag; and which of them goes where.
 * Pure.
 */
#pragma once

#include <gst/gst.h>
#include "base/error.h"

G_BEGIN_DECLS

/* Who a port is. All but the number nullable. */
typedef struct
{
  guint port;
  const gchar *name;     /* of the element */
  const gchar *app_data; /* its application's data */
  const GstStructure *tags;
} ViaWho;

/* "KEY=VALUE[,VALUE…][;KEY=VALUE…]": any of them. KEY is `port`, `name`,
 * `app-data` or a tag's; without KEY= a value is a port's number, name or
 * application data. "none": nobody. */
typedef struct _ViaSelect ViaSelect;

/* NULL with error: SETTING, a key or a value is missing. (transfer full) */
ViaSelect *via_select_parse (const gchar *text, GError **error);
/* One @key (nullable) and @value, as they stand. (transfer full) */
ViaSelect *via_select_new (const gchar *key, const gchar *value);
void via_select_free (ViaSelect *self);
gboolean via_select_matches (const ViaSelect *self, const ViaWho *who);

/* "FROM>TO[,FROM>TO…]", each side one value of a ViaSelect: what FROM sends, TO
 * gets. Where several name the same TO, the last one holds. */
typedef struct
{
  ViaSelect *from, *to;
  gchar *from_text, *to_text;
} ViaRoute;

/* ViaRoute*; an empty @text: none. NULL with error: SETTING, an entry is not
 * FROM>TO. (transfer full) */
GPtrArray *via_select_parse_routes (const gchar *text, GError **error);
/* One route; errors as above. (transfer full) */
ViaRoute *via_select_parse_route (
    const gchar *from, const gchar *to, GError **error);
void via_select_free_route (gpointer route);
/* As it is parsed. (transfer full) */
gchar *via_select_print_routes (const GPtrArray *routes);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSelect, via_select_free)
