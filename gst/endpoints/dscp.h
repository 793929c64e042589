/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/dscp.h – reads qos-dscp: one code point for all, or one per kind of
 * media. Pure; any thread. RFC 2474 §3 · RFC 8837 §5
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

typedef struct
{
  guint8 audio, video, other; /* 0: as the system does */
} ViaDscp;

/* "46", "EF", "-1" (the system's) or "audio=EF,video=34": what is not named is
 * the system's. NULL: the system's. FALSE with error, @out as it was: no such
 * code point, or a word that is neither audio nor video nor other, or twice. */
gboolean via_dscp_read (const gchar *text, ViaDscp *out, GError **error);

G_END_DECLS
