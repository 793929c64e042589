/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/association.h – the channels of a peer on their SCTP association: hands
 * on between data/channels and data/sctp. For the SCTP home thread.
 * RFC 8831 §6
 */
#pragma once

#include "data/channels.h"

G_BEGIN_DECLS

typedef struct _ViaAssociation ViaAssociation;

typedef struct
{
  guint local_port, remote_port; /* a=sctp-port, RFC 8841 §5 */
  gboolean is_dtls_client;
  guint64 max_message; /* theirs, bytes; 0: any */
} ViaAssociationConfig;

/* @channels outlive it. NULL: IO. (transfer full) */
ViaAssociation *via_association_new (
    const ViaAssociationConfig *config, ViaChannels *channels, GError **error);
/* Without a word, or after an ABORT for _next. */
void via_association_free (ViaAssociation *self);
void via_association_abort (ViaAssociation *self);
/* It stood, or never will: no channel opens on it any more. */
gboolean via_association_is_over (const ViaAssociation *self);

/* One packet from the far end. */
void via_association_feed (ViaAssociation *self, const guint8 *data, gsize len);
/* After time went by (via_sctp_elapse), or something was asked of the channels:
 * both are told what there is of the other. */
void via_association_work (ViaAssociation *self);
/* While it is held the channels are told nothing, and the far end waits once
 * 1 MiB is here (its window is closed). */
void via_association_hold (ViaAssociation *self, gboolean is_held);
/* The next packet to send; NULL: none. (transfer full) (nullable) */
GBytes *via_association_next (ViaAssociation *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaAssociation, via_association_free)
