/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/read_check.c – what no two m-lines of one session may share.
 * Pure.
 * RFC 9143 §7.1 (mid), §9.1 (payload types), §15 (extensions) · RFC 3550 §8
 */
#include "sdp/read.h"

#include <string.h>

static gboolean
check_fail (GError **error, guint line, const gchar *why)
{
  g_set_error (
      error, VIA_ERROR, VIA_ERROR_REFUSED, "SDP line %u: %s", line, why);
  return FALSE;
}

static gboolean
check_mids (const ViaSdp *self, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) bundled = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->media->len; i++) {
    const ViaSdpMedia *media = via_sdp_media (self, i);

    if (media->mid != NULL && !g_hash_table_add (seen, media->mid))
      return check_fail (error, media->line, "a mid is used twice");
  }
  for (guint i = 0; i < self->bundles->len; i++) {
    GPtrArray *mids = g_ptr_array_index (self->bundles, i);

    for (guint k = 0; k < mids->len; k++) {
      gpointer mid = g_ptr_array_index (mids, k);

      if (!g_hash_table_contains (seen, mid))
        return check_fail (error, 0, "BUNDLE names a mid that is not there");
      if (!g_hash_table_add (bundled, mid))
        return check_fail (error, 0, "BUNDLE names a mid twice");
    }
  }
  return TRUE;
}

static gboolean
check_same_codec (const ViaSdpCodec *a, const ViaSdpCodec *b)
{
  if (a->name == NULL || b->name == NULL)
    return a->name == b->name;
  return g_ascii_strcasecmp (a->name, b->name) == 0
         && a->clock_rate == b->clock_rate && a->channels == b->channels
         && a->apt == b->apt;
}

static gboolean
check_payload_types (
    const ViaSdpMedia *media, const ViaSdpCodec *seen[128], GError **error)
{
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaSdpCodec *codec = &g_array_index (media->codecs, ViaSdpCodec, i);

    if (seen[codec->pt] == NULL)
      seen[codec->pt] = codec;
    else if (!check_same_codec (seen[codec->pt], codec))
      return check_fail (error, media->line,
          "a payload type of the bundle stands for two codecs");
  }
  return TRUE;
}

static gboolean
check_exts (const ViaSdpMedia *media, const gchar *seen[256], GError **error)
{
  for (guint i = 0; i < media->exts->len; i++) {
    const ViaSdpExt *ext = &g_array_index (media->exts, ViaSdpExt, i);

    if (ext->id > 255) /* RFC 8285 §5: still to be given a real one */
      continue;
    if (seen[ext->id] == NULL)
      seen[ext->id] = ext->uri;
    else if (strcmp (seen[ext->id], ext->uri) != 0)
      return check_fail (error, media->line,
          "an extension id of the bundle stands for two extensions");
  }
  return TRUE;
}

static gboolean
check_sources (const ViaSdpMedia *media, GHashTable *seen, GError **error)
{
  for (guint i = 0; i < media->sources->len; i++) {
    const ViaPlanSource *source =
        &g_array_index (media->sources, ViaPlanSource, i);

    if (!g_hash_table_add (seen, GUINT_TO_POINTER (source->ssrc))
        || (source->rtx_ssrc != 0
            && !g_hash_table_add (seen, GUINT_TO_POINTER (source->rtx_ssrc))))
      return check_fail (error, media->line, "an SSRC is used twice");
  }
  return TRUE;
}

static gboolean
check_bundle (const ViaSdp *self, gint bundle, GError **error)
{
  g_autoptr (GHashTable) ssrcs = g_hash_table_new (NULL, NULL);
  const ViaSdpCodec *codecs[128] = {NULL};
  const gchar *exts[256] = {NULL};

  for (guint i = 0; i < self->media->len; i++) {
    const ViaSdpMedia *media = via_sdp_media (self, i);

    if (media->is_refused || !media->is_rtp
        || via_sdp_bundle_of (self, media->mid) != bundle)
      continue;
    if (bundle < 0) { /* alone: only against itself */
      g_hash_table_remove_all (ssrcs);
      memset (exts, 0, sizeof exts);
      memset (codecs, 0, sizeof codecs);
    }
    if (!check_payload_types (media, codecs, error)
        || !check_exts (media, exts, error)
        || !check_sources (media, ssrcs, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
via_sdp_check (const ViaSdp *self, GError **error)
{
  if (!check_mids (self, error))
    return FALSE;
  for (gint i = -1; i < (gint) self->bundles->len; i++)
    if (!check_bundle (self, i, error))
      return FALSE;
  return TRUE;
}
