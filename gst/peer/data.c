/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/data.c – SCTP packets through a peer's DTLS association.
 * Pure: no sockets, threads or clock; what is in the packets is not for here.
 * RFC 8261 · RFC 8841 §10.3 (DTLS role)
 */
#include "peer/peer.h"

#include "peer/state.h"

gboolean
via_peer_data (const ViaPeer *self, ViaPeerData *out)
{
  if (self->plan == NULL || self->state != VIA_PEER_CONNECTED)
    return FALSE;
  for (guint i = 0; i < self->plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (self->plan, i);

    if (media->kind != VIA_KIND_DATA || media->is_rejected)
      continue;
    out->remote_port = media->sctp_port;
    out->max_message = media->max_message_size;
    out->is_dtls_client = !via_peer_is_dtls_server (self->plan);
    return TRUE;
  }
  return FALSE;
}

gsize
via_peer_read_data (ViaPeer *self, guint8 *out, gsize size)
{
  ViaPeerData data;

  return via_peer_data (self, &data) ? via_dtls_read (self->dtls, out, size)
                                     : 0;
}

gsize
via_peer_write_data (
    ViaPeer *self, const guint8 *data, gsize len, guint8 *out, gsize size)
{
  ViaPeerData agreed;

  if (!via_peer_data (self, &agreed) || !via_dtls_write (self->dtls, data, len))
    return 0;
  /* What waited before it goes first; the rest comes by via_peer_next. */
  return via_dtls_next (self->dtls, out, size);
}
