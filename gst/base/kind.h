/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/kind.h – what a track carries.
 * Values only.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VIA_KIND_AUDIO,
  VIA_KIND_VIDEO,
  VIA_KIND_DATA,    /* m=application with SCTP */
  VIA_KIND_UNKNOWN, /* any other m-line: rejected, kept in order */
} ViaKind;

/* "audio", "video", "data" or "unknown"; static. */
const gchar *via_kind_name (ViaKind kind);

G_END_DECLS
