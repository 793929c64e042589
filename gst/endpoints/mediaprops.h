/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/mediaprops.h – the properties that say what media is like (codecs,
 * latency): the same ones of webrtcendpoint and webrtcserver.
 */
#pragma once

#include <glib-object.h>
#include "base/codec.h"

G_BEGIN_DECLS

/* Preferred first; index: ViaKind. */
typedef struct
{
  ViaCodecId ids[2][VIA_N_CODECS];
  guint n[2];
} ViaMediapropsCodecs;

/* Embed in the instance. Any thread; guarded by its own lock. */
typedef struct
{
  GMutex lock;
  ViaMediapropsCodecs codecs;
  guint latency_ms;
  guint mtu;
} ViaMediaprops;

void via_mediaprops_init (ViaMediaprops *self);
void via_mediaprops_clear (ViaMediaprops *self);

/* class_init: installs the properties, under ids from 0x200 on. */
void via_mediaprops_install_properties (GObjectClass *klass);
/* What set_property and get_property do with them. FALSE: @id is none of
 * these. A bad list is refused (warning naming the name and the rule, the old
 * one stays). */
gboolean via_mediaprops_set_property (
    ViaMediaprops *self, guint id, const GValue *value);
gboolean via_mediaprops_get_property (
    ViaMediaprops *self, guint id, GValue *value);
/* Gives @self all that is set in @from: a server's child. */
void via_mediaprops_copy (ViaMediaprops *self, ViaMediaprops *from);

void via_mediaprops_codecs (ViaMediaprops *self, ViaMediapropsCodecs *out);
/* At least 1, which is next to nothing. */
guint via_mediaprops_latency (ViaMediaprops *self);
guint via_mediaprops_mtu (ViaMediaprops *self);

G_END_DECLS
