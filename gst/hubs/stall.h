/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/stall.h – whether a source pad throws media away because what is behind
 * it does not keep up. A value, looked at every VIA_EXCHANGE_TICK.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VIA_STALL_CALM 10 /* looks without a loss, and it is over */

typedef struct
{
  guint64 overflow; /* as it was at the last look */
  guint n_calm;
  gboolean is_stalled;
} ViaStall;

/* The message to be posted of @pad of @port, which has thrown away @overflow
 * packets so far; NULL: nothing new. (transfer full) */
static inline GstStructure *
via_stall_look (ViaStall *self, guint64 overflow, const gchar *pad, guint port)
{
  gboolean was_stalled = self->is_stalled;

  self->n_calm = overflow != self->overflow ? 0 : self->n_calm + 1;
  self->overflow = overflow;
  self->is_stalled =
      self->n_calm == 0 || (was_stalled && self->n_calm < VIA_STALL_CALM);
  if (self->is_stalled == was_stalled)
    return NULL;
  return gst_structure_new ("port-stalled", "port", G_TYPE_UINT, port, "pad",
      G_TYPE_STRING, pad, "is-stalled", G_TYPE_BOOLEAN, self->is_stalled,
      "dropped", G_TYPE_UINT64, overflow, NULL);
}

G_END_DECLS
