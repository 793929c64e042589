/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/conf.h – a configuration file as values: what stands on which line.
 *
 *   # a comment, as is a line with ; in front
 *   [group]
 *   key = value
 *
 * Pure: knows no names, no files. Keys may stand before any group.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_CONF_MAX (256 * 1024) /* bytes; what follows is not read */
#define VIA_CONF_LINE 4096        /* bytes; a longer one is a fault */

typedef struct
{
  guint line;   /* 1 … */
  gchar *group; /* (nullable) NULL: before any */
  gchar *key;   /* (nullable) NULL: a fault */
  gchar *value; /* "" too; of a fault what is wrong, for a person */
} ViaConfEntry;

/* ViaConfEntry, in order, faults among them: the other lines hold. @text: @len
 * bytes, any. (transfer full) */
GPtrArray *via_conf_parse (const gchar *text, gsize len);

G_END_DECLS
