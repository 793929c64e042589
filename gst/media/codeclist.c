/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/codeclist.c – which codecs are wanted, preferred first. A value.
 */
#include "media/codeclist.h"

#include <string.h>

static const ViaCodecId default_audio[] = {
    VIA_CODEC_OPUS, VIA_CODEC_PCMU, VIA_CODEC_PCMA, VIA_CODEC_G722};
static const ViaCodecId default_video[] = {VIA_CODEC_VP8, VIA_CODEC_VP9,
    VIA_CODEC_H264, VIA_CODEC_H265, VIA_CODEC_AV1};

void
via_codeclist_set (
    ViaCodeclist *self, ViaKind kind, const ViaCodecId *codecs, guint n)
{
  if (codecs == NULL || n == 0) {
    codecs = kind == VIA_KIND_AUDIO ? default_audio : default_video;
    n = kind == VIA_KIND_AUDIO ? G_N_ELEMENTS (default_audio)
                               : G_N_ELEMENTS (default_video);
  }
  n = MIN (n, VIA_N_CODECS);
  memcpy (self->ids[kind], codecs, n * sizeof *codecs);
  self->n[kind] = n;
}

gboolean
via_codeclist_holds (const ViaCodeclist *self, ViaKind kind, ViaCodecId codec)
{
  for (guint i = 0; i < self->n[kind]; i++)
    if (self->ids[kind][i] == codec)
      return TRUE;
  return FALSE;
}
