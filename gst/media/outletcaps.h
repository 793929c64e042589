/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletcaps.h – a track's caps at a source pad, and which of them what
 * is downstream takes. Values only.
 */
#pragma once

#include "media/caps.h"

G_BEGIN_DECLS

/* application/x-rtp of @codec with payload type @pt. (transfer full) */
GstCaps *via_outlet_caps_rtp (const ViaCodec *codec, guint8 pt);
/* What the codec is without RTP; NULL: only RTP can be made of it.
 * (transfer full) */
GstCaps *via_outlet_caps_encoded (const ViaCodec *codec);
/* All that can be made of @codec. (transfer full) */
GstCaps *via_outlet_caps_possible (const ViaCodec *codec);
/* The same of any codec of @kind. (transfer full) */
GstCaps *via_outlet_caps_all (ViaKind kind);
/* RTP where @downstream lists it, then encoded, then raw; ANY: encoded. FALSE:
 * it takes none of them. */
gboolean via_outlet_caps_choose (
    const ViaCodec *codec, const GstCaps *downstream, ViaForm *out);
/* Who publishes it: name as title, app-data as extended comment
 * "app-data=…". NULL: nothing to say. (transfer full) */
GstTagList *via_outlet_caps_tags (const gchar *name, const gchar *app_data);

G_END_DECLS
