/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/association.c – the channels of a peer on their SCTP association.
 * Decides nothing. RFC 8831 §6
 */
#include "data/association.h"

#include "data/sctp.h"

struct _ViaAssociation
{
  ViaSctp *sctp;
  ViaChannels *channels; /* not owned */
  gboolean is_dtls_client;
  guint64 max_message;
  gboolean is_over;
};

ViaAssociation *
via_association_new (
    const ViaAssociationConfig *config, ViaChannels *channels, GError **error)
{
  ViaSctp *sctp = via_sctp_new (
      config->local_port, config->remote_port, VIA_CHANNELS_STREAMS, error);
  ViaAssociation *self;

  if (sctp == NULL)
    return NULL;
  self = g_new0 (ViaAssociation, 1);
  self->sctp = sctp;
  self->channels = channels;
  self->is_dtls_client = config->is_dtls_client;
  self->max_message = config->max_message;
  return self;
}

void
via_association_free (ViaAssociation *self)
{
  if (self == NULL)
    return;
  via_sctp_free (self->sctp);
  g_free (self);
}

void
via_association_abort (ViaAssociation *self)
{
  via_sctp_abort (self->sctp);
}

gboolean
via_association_is_over (const ViaAssociation *self)
{
  return self->is_over;
}

static void
tell (ViaAssociation *self, const ViaSctpEvent *event)
{
  gconstpointer data;
  gsize len;

  switch (event->type) {
    case VIA_SCTP_UP:
      via_channels_up (self->channels, self->is_dtls_client, event->n_streams,
          self->max_message);
      break;
    case VIA_SCTP_DOWN:
      self->is_over = TRUE;
      via_channels_down (self->channels, "the SCTP association ended");
      break;
    case VIA_SCTP_DATA:
      data = g_bytes_get_data (event->data, &len);
      via_channels_receive (
          self->channels, event->stream, event->ppid, data, len, event->is_end);
      break;
    case VIA_SCTP_CUT:
      via_channels_cut (self->channels, event->stream);
      break;
    case VIA_SCTP_PEER_RESET:
      if (event->is_all)
        via_channels_peer_reset_all (self->channels);
      else
        via_channels_peer_reset (self->channels, event->stream);
      break;
    case VIA_SCTP_RESET_DONE:
      via_channels_reset_done (self->channels, event->stream);
      break;
  }
}

static ViaSctpReliability
reliability_of (ViaDcepReliability reliability)
{
  switch (reliability) {
    case VIA_DCEP_RETRANSMITS:
      return VIA_SCTP_RETRANSMITS;
    case VIA_DCEP_LIFETIME:
      return VIA_SCTP_LIFETIME;
    case VIA_DCEP_RELIABLE:
      break;
  }
  return VIA_SCTP_RELIABLE;
}

/* FALSE: not now. */
static gboolean
hand_over (ViaAssociation *self, const ViaChannelsOut *out)
{
  ViaSctpMessage message = {.stream = out->stream,
      .ppid = out->ppid,
      .is_unordered = out->is_unordered,
      .reliability = reliability_of (out->reliability),
      .limit = out->limit,
      .data = out->data,
      .len = out->len};

  return out->is_reset
             ? via_sctp_reset (self->sctp, out->streams, out->n_streams)
             : via_sctp_send (self->sctp, &message);
}

void
via_association_work (ViaAssociation *self)
{
  ViaSctpEvent event;
  ViaChannelsOut out;

  while (via_sctp_poll (self->sctp, &event)) {
    tell (self, &event);
    via_sctp_event_clear (&event);
  }
  while (via_channels_next (self->channels, &out) && hand_over (self, &out))
    via_channels_done (self->channels);
}

void
via_association_feed (ViaAssociation *self, const guint8 *data, gsize len)
{
  via_sctp_feed (self->sctp, data, len);
  via_association_work (self);
}

void
via_association_hold (ViaAssociation *self, gboolean is_held)
{
  via_sctp_hold (self->sctp, is_held);
}

GBytes *
via_association_next (ViaAssociation *self)
{
  return via_sctp_next (self->sctp);
}
