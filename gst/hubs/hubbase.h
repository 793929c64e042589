/* SPDX-License-Identifier: LGPL-2.1-or-later
 * hubs/hubbase.h – what every hub is: ports by name and by pads, their list,
 * news of them, statistics. Who takes from whom is its subclasses' business.
 */
#pragma once

#include <gst/gst.h>
#include "endpoints/common.h"
#include "io/exchange.h"

G_BEGIN_DECLS

#define VIA_TYPE_HUB_BASE (via_hub_base_get_type ())
G_DECLARE_DERIVABLE_TYPE (ViaHubBase, via_hub_base, VIA, HUB_BASE, GstBin)

struct _ViaHubBaseClass
{
  GstBinClass parent;
  /* All nullable. */
  void (*start) (ViaHubBase *self); /* from NULL: there is a room */
  void (*stop) (ViaHubBase *self);  /* to NULL: leave it */
  void (*tick) (ViaHubBase *self);  /* GStreamer's clock thread */
  void (*eos) (ViaHubBase *self);   /* an EOS event came; any thread */
};

/* Request source pads `audio_src_%u`, `video_src_%u`: what the port of that
 * number is given. For class_init. */
void via_hub_base_add_source_templates (GstElementClass *klass);

/* The room there is now. Any thread. (transfer full) */
ViaExchange *via_hub_base_exchange (ViaHubBase *self);
/* Warns on the bus that @what was refused, and frees @error; FALSE. */
gboolean via_hub_base_refuse (
    ViaHubBase *self, const gchar *what, GError *error);

G_END_DECLS
