/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/extmap.h – the RTP header extensions we know, by URI.
 * Values only.
 * RFC 8285 §5 · RFC 8843 §15 · RFC 6464 · RFC 8852
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VIA_EXT_MID,
  VIA_EXT_RID,
  VIA_EXT_REPAIRED_RID,
  VIA_EXT_ABS_SEND_TIME,
  VIA_EXT_TWCC,
  VIA_EXT_AUDIO_LEVEL,
  VIA_EXT_VIDEO_ORIENTATION,
  VIA_EXT_PLAYOUT_DELAY,
  VIA_N_EXTS,
  VIA_EXT_UNKNOWN = VIA_N_EXTS
} ViaExt;

/* The extmap URI; static. */
const gchar *via_ext_uri (ViaExt ext);
/* VIA_EXT_UNKNOWN for a URI that is not in the list. */
ViaExt via_ext_from_uri (const gchar *uri);

G_END_DECLS
