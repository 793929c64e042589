/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/state.h – the fields of a peer, for the files of this folder only.
 * Owned by one thread; no locks.
 */
#pragma once

#include "peer/peer.h"

#include "dtls/agent.h"
#include "peer/receive.h"
#include "peer/send.h"
#include "rtp/silence.h"
#include "srtp/session.h"

G_BEGIN_DECLS

#define VIA_PEER_EARLY 2 /* DTLS datagrams kept until the path is valid */

struct _ViaPeer
{
  /* immutable */
  ViaIdentity *identity;
  ViaRng *rng;
  gint64 unix_offset;
  ViaSrtpProfile *profiles; /* (nullable) ended by VIA_SRTP_NONE */
  guint32 ssrc;             /* of receiver reports without a stream of ours */

  ViaPeerState state;
  gchar *failure;
  gboolean has_path;
  ViaPlan *plan; /* NULL before the first apply */

  ViaDtls *dtls;      /* made by the first apply */
  ViaDtls *next_dtls; /* (nullable) takes its place; see renew.h */
  struct
  {
    guint n_left;         /* tries; 0: a second association is not expected */
    ViaTime ends_at;      /* NEVER: not counted yet */
    ViaTime silent_until; /* then nobody begins anew; NEVER: somebody did */
  } renewal;
  GBytes *early[VIA_PEER_EARLY];
  ViaSrtp *srtp; /* NULL until the certificate was checked, and at the end */

  /* (nullable) Where our RTCP goes, and whose RTCP we carry. */
  ViaPeer *reports_to, *reports_of;
  gboolean has_media_keys; /* RTCP apart is under the keys of the media */

  GPtrArray *senders; /* ViaSender, one per m-line; NULL for no media */
  ViaReceiver receiver;
  ViaSilence silence; /* of the far end */
  guint16 twcc_seq;   /* of the next packet, one counter for all m-lines */
  gboolean owes_bye;

  /* events not yet polled; those of m-lines are in their senders */
  gboolean has_new_state, has_new_bitrate, has_new_path;
  guint64 bitrate_bps;

  ViaDropCounters drops;
  guint n_associations; /* of DTLS, that came about */
  guint64 received_packets, received_bytes, received_rtcp;
  guint64 twcc_feedbacks, twcc_received, twcc_lost;
};

/* TRUE: closed or failed, nothing moves any more. */
static inline gboolean
via_peer_is_over (const ViaPeer *self)
{
  return self->state == VIA_PEER_CLOSED || self->state == VIA_PEER_FAILED;
}

/* With its event; lets go of packets when it is over. */
void via_peer_set_state (ViaPeer *self, ViaPeerState state);
void via_peer_forget_early (ViaPeer *self);
/* RFC 8842 §5: who opens the association. */
gboolean via_peer_is_dtls_server (const ViaPlan *plan);
/* With the certificate that was promised. (transfer full) */
ViaDtls *via_peer_dtls_new (ViaPeer *self, const ViaPlan *plan, GError **error);

static inline ViaSender *
via_peer_sender (const ViaPeer *self, guint media)
{
  return media < self->senders->len
             ? (ViaSender *) g_ptr_array_index (self->senders, media)
             : NULL;
}

G_END_DECLS
