/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/codeclist.h – which codecs are wanted, preferred first. A value.
 */
#pragma once

#include "base/codec.h"

G_BEGIN_DECLS

typedef struct
{
  ViaCodecId ids[2][VIA_N_CODECS]; /* by ViaKind */
  guint n[2];
} ViaCodeclist;

/* @n of 0: all there are. */
void via_codeclist_set (
    ViaCodeclist *self, ViaKind kind, const ViaCodecId *codecs, guint n);
gboolean via_codeclist_holds (
    const ViaCodeclist *self, ViaKind kind, ViaCodecId codec);

G_END_DECLS
