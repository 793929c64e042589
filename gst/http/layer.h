/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/layer.h – which layer a player wants, as it says it. Pure.
 * WHEP core extensions, "Video Layer Selection"
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_LAYER_FIRST_VIDEO G_MAXUINT

typedef struct
{
  guint media; /* m-line, or VIA_LAYER_FIRST_VIDEO */
  gchar *rid;  /* (nullable) NULL: whichever the server takes */
} ViaLayerWish;

void via_layer_wish_clear (ViaLayerWish *self);
/* @json: an object with mediaId, rid (or encodingId, as some write it). @out is
 * set on success only. SYNTAX: it is none, or a member has another type;
 * UNSUPPORTED: it asks for spatial or temporal layers, or for a size. */
gboolean via_layer_read (
    const gchar *json, gsize len, ViaLayerWish *out, GError **error);

G_END_DECLS
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaLayerWish, via_layer_wish_clear)
