/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/demux.c – sorts datagrams by first byte, streams by m-line.
 * Pure: no state, no clock.
 * RFC 7983 §7 · RFC 5761 §4 · RFC 8843 §9.2 · RFC 8852 §3
 */
#include "peer/demux.h"

#include <string.h>

#include "rtp/hdrext.h"

ViaDatagramKind
via_demux_kind (const guint8 *data, gsize len)
{
  if (len == 0)
    return VIA_DATAGRAM_OTHER;
  if (data[0] <= 3)
    return VIA_DATAGRAM_STUN;
  if (data[0] >= 20 && data[0] <= 63)
    return VIA_DATAGRAM_DTLS;
  if (data[0] >= 64 && data[0] <= 79)
    return VIA_DATAGRAM_TURN;
  if (data[0] < 128 || data[0] > 191)
    return VIA_DATAGRAM_OTHER;
  if (len >= 2 && data[1] >= 192 && data[1] <= 223)
    return VIA_DATAGRAM_RTCP;
  return VIA_DATAGRAM_RTP;
}

guint8
via_demux_ext_id (const ViaPlanMedia *media, ViaExt ext)
{
  for (guint i = 0; media->exts && i < media->exts->len; i++) {
    const ViaPlanExt *entry = &g_array_index (media->exts, ViaPlanExt, i);

    if (entry->ext == ext)
      return entry->id;
  }
  return 0;
}

const ViaPlanCodec *
via_demux_codec (const ViaPlanMedia *media, guint8 pt, gboolean *out_is_rtx)
{
  for (guint i = 0; media->codecs && i < media->codecs->len; i++) {
    const ViaPlanCodec *codec = &g_array_index (media->codecs, ViaPlanCodec, i);

    if (codec->pt == pt || codec->rtx_pt == (gint) pt) {
      *out_is_rtx = codec->pt != pt;
      return codec;
    }
  }
  return NULL;
}

static gboolean
receives (const ViaPlanMedia *media)
{
  return !media->is_rejected
         && (media->kind == VIA_KIND_AUDIO || media->kind == VIA_KIND_VIDEO)
         && (media->direction & VIA_DIRECTION_RECVONLY);
}

static gboolean
find_ext (const ViaRtpView *rtp, guint8 id, ViaHdrExtItem *out)
{
  ViaHdrExtReader reader;

  if (id == 0 || !rtp->ext)
    return FALSE;
  via_hdrext_reader_init (&reader, rtp);
  while (via_hdrext_next (&reader, out))
    if (out->id == id)
      return TRUE;
  return FALSE;
}

gboolean
via_demux_mid (const ViaPlan *plan, const ViaRtpView *rtp, guint *out_media,
    ViaDrop *out_drop)
{
  gboolean has_mid = FALSE;

  if (!rtp->ext)
    return FALSE;
  *out_drop = VIA_DROP_UNKNOWN_SSRC;
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);
    ViaHdrExtItem item;

    if (media->is_rejected
        || !find_ext (rtp, via_demux_ext_id (media, VIA_EXT_MID), &item))
      continue;
    has_mid = TRUE;
    if (receives (media) && strlen (media->mid) == item.len
        && memcmp (media->mid, item.data, item.len) == 0) {
      *out_media = i;
      *out_drop = VIA_DROP_NONE;
      return TRUE;
    }
  }
  return has_mid;
}

static gboolean
is_rid (const ViaHdrExtItem *item)
{
  if (item->len == 0 || item->len > 16)
    return FALSE;
  for (gsize i = 0; i < item->len; i++)
    if (!g_ascii_isalnum (item->data[i]) && item->data[i] != '-'
        && item->data[i] != '_')
      return FALSE;
  return TRUE;
}

gboolean
via_demux_rid (const ViaPlanMedia *media, const ViaRtpView *rtp, gchar out[17])
{
  static const ViaExt exts[] = {VIA_EXT_RID, VIA_EXT_REPAIRED_RID};

  for (guint i = 0; rtp->ext && i < G_N_ELEMENTS (exts); i++) {
    ViaHdrExtItem item;

    if (!find_ext (rtp, via_demux_ext_id (media, exts[i]), &item)
        || !is_rid (&item))
      continue;
    memcpy (out, item.data, item.len);
    out[item.len] = '\0';
    return TRUE;
  }
  return FALSE;
}

gboolean
via_demux_twcc (const ViaPlanMedia *media, const ViaRtpView *rtp, guint16 *out)
{
  ViaHdrExtItem item;

  if (!rtp->ext
      || !find_ext (rtp, via_demux_ext_id (media, VIA_EXT_TWCC), &item)
      || item.len != 2)
    return FALSE;
  *out = (guint16) (item.data[0] << 8 | item.data[1]);
  return TRUE;
}

/* The only m-line that announced the RID of @rtp. */
static gint
by_rid (const ViaPlan *plan, const ViaRtpView *rtp)
{
  gint found = -1;

  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);
    gchar rid[17];

    if (!receives (media) || !media->remote_rids
        || !via_demux_rid (media, rtp, rid)
        || !g_ptr_array_find_with_equal_func (
            media->remote_rids, rid, g_str_equal, NULL))
      continue;
    if (found >= 0)
      return -1;
    found = (gint) i;
  }
  return found;
}

static gint
by_ssrc (const ViaPlan *plan, guint32 ssrc)
{
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (!receives (media) || !media->sources)
      continue;
    for (guint j = 0; j < media->sources->len; j++) {
      const ViaPlanSource *source =
          &g_array_index (media->sources, ViaPlanSource, j);

      if (source->ssrc == ssrc
          || (source->rtx_ssrc != 0 && source->rtx_ssrc == ssrc))
        return (gint) i;
    }
  }
  return -1;
}

static gint
by_pt (const ViaPlan *plan, guint8 pt)
{
  gint found = -1;
  gboolean is_rtx;

  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (!receives (media) || !via_demux_codec (media, pt, &is_rtx))
      continue;
    if (found >= 0)
      return -1; /* two m-lines use it: it says nothing */
    found = (gint) i;
  }
  return found;
}

ViaDrop
via_demux_media (const ViaPlan *plan, const ViaRtpView *rtp, guint *out_media)
{
  ViaDrop drop;
  gint media;

  if (via_demux_mid (plan, rtp, out_media, &drop))
    return drop;
  media = by_rid (plan, rtp);
  if (media < 0)
    media = by_ssrc (plan, rtp->ssrc);
  if (media < 0)
    media = by_pt (plan, rtp->pt);
  if (media < 0)
    return VIA_DROP_UNKNOWN_PT;
  *out_media = (guint) media;
  return VIA_DROP_NONE;
}
