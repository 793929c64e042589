/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: plans written by hand, for tests that need no SDP.
 */
#pragma once

#include "sdp/plan.h"

/* One m-line: codec @pt (and @rtx_pt or -1), MID extension id 4. */
static inline ViaPlanMedia *
plan_media (const gchar *mid, ViaKind kind, ViaDirection direction, guint8 pt,
    gint rtx_pt)
{
  ViaPlanMedia *media = g_new0 (ViaPlanMedia, 1);
  ViaPlanCodec codec = {.pt = pt, .rtx_pt = rtx_pt};
  ViaPlanExt ext = {4, VIA_EXT_MID};

  codec.codec.id = kind == VIA_KIND_VIDEO ? VIA_CODEC_VP8 : VIA_CODEC_OPUS;
  codec.codec.clock_rate = kind == VIA_KIND_VIDEO ? 90000 : 48000;
  media->kind = kind;
  media->mid = g_strdup (mid);
  media->direction = direction;
  media->codecs = g_array_new (FALSE, TRUE, sizeof (ViaPlanCodec));
  g_array_append_val (media->codecs, codec);
  media->exts = g_array_new (FALSE, TRUE, sizeof (ViaPlanExt));
  g_array_append_val (media->exts, ext);
  media->sources = g_array_new (FALSE, TRUE, sizeof (ViaPlanSource));
  return media;
}

static inline void
plan_media_free (gpointer data)
{
  ViaPlanMedia *media = data;

  g_free (media->mid);
  g_array_unref (media->codecs);
  g_array_unref (media->exts);
  g_array_unref (media->sources);
  g_free (media);
}

/* "0" audio PT 111 · "1" video PT 96/97, SSRC 500/501 · "2" video PT 96/98 */
static inline ViaPlan *
plan_new (void)
{
  ViaPlan *plan = g_new0 (ViaPlan, 1);
  ViaPlanMedia *video =
      plan_media ("1", VIA_KIND_VIDEO, VIA_DIRECTION_RECVONLY, 96, 97);
  ViaPlanSource source = {500, 501, NULL};

  g_array_append_val (video->sources, source);
  plan->media = g_ptr_array_new_with_free_func (plan_media_free);
  g_ptr_array_add (plan->media,
      plan_media ("0", VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, 111, -1));
  g_ptr_array_add (plan->media, video);
  g_ptr_array_add (plan->media,
      plan_media ("2", VIA_KIND_VIDEO, VIA_DIRECTION_RECVONLY, 96, 98));
  return plan;
}

static inline void
plan_free (ViaPlan *plan)
{
  g_ptr_array_unref (plan->media);
  g_free (plan);
}
