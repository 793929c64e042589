/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/kind.c – names of the kinds of track.
 * Values only.
 */
#include "base/kind.h"

const gchar *
via_kind_name (ViaKind kind)
{
  switch (kind) {
    case VIA_KIND_AUDIO:
      return "audio";
    case VIA_KIND_VIDEO:
      return "video";
    case VIA_KIND_DATA:
      return "data";
    case VIA_KIND_UNKNOWN:
      break;
  }
  return "unknown";
}
