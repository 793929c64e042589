/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/peer.h – one WebRTC peer: DTLS, SRTP, RTP and RTCP over one validated
 * path. Sans-IO; owned by one thread. New behaviour becomes an L1 noun, this
 * only routes. RFC 7983 (demux) · RFC 8834 · RFC 3550 · RFC 4588
 */
#pragma once

#include "base/drop.h"
#include "base/packet.h"
#include "base/rng.h"
#include "base/srtpkeys.h"
#include "dtls/identity.h"
#include "rtp/packet.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

#define VIA_PEER_DATAGRAM 1600 /* room every output buffer must have */

typedef struct _ViaPeer ViaPeer;

typedef struct
{
  ViaIdentity *identity;
  ViaRng *rng;           /* outlives the peer */
  gint64 unix_offset_us; /* added to ViaTime gives Unix µs (for NTP) */
  const ViaSrtpProfile *srtp_profiles; /* NULL: default order */
} ViaPeerConfig;

typedef enum
{
  VIA_PEER_NEW,        /* no ICE path yet */
  VIA_PEER_CONNECTING, /* DTLS under way */
  VIA_PEER_CONNECTED,  /* keys in use, fingerprint checked */
  VIA_PEER_CLOSED,     /* close_notify received or sent */
  VIA_PEER_FAILED,
} ViaPeerState;

typedef enum
{
  VIA_PEER_EVENT_STATE,         /* see via_peer_state () */
  VIA_PEER_EVENT_WANT_KEYFRAME, /* a PLI or FIR for what m-line @media sends */
  VIA_PEER_EVENT_BITRATE,       /* @bitrate_bps: REMB of the far end */
  VIA_PEER_EVENT_GONE,   /* @ssrc of @media said goodbye or is long silent */
  VIA_PEER_EVENT_FLOW,   /* media of @media begins or ends; @is_out: ours */
  VIA_PEER_EVENT_PATH,   /* DTLS begins anew, maybe from elsewhere: ask ICE */
  VIA_PEER_EVENT_SILENT, /* it was heard all the time, now it is not */
} ViaPeerEventType;

typedef struct
{
  ViaPeerEventType type;
  guint media; /* m-line index */
  guint64 bitrate_bps;
  guint32 ssrc;
  gboolean is_out, is_flowing;
} ViaPeerEvent;

/* Media the far end sent, unprotected in place, RTX already unwrapped. */
typedef struct
{
  guint media;      /* m-line index by MID, RID, SSRC, payload type */
  ViaRtpView rtp;   /* with its first seq, pt and ssrc also if it was resent */
  ViaTime captured; /* when the sample was taken, in our time */
  gboolean is_key;  /* starts a key frame (video); audio: TRUE */
  gchar rid[17];    /* "" if none (simulcast) */
} ViaPeerMedia;

/* (transfer full) */
ViaPeer *via_peer_new (const ViaPeerConfig *config);
void via_peer_free (ViaPeer *self);

/* Takes over a complete @plan (copied). Called again after renegotiation:
 * m-lines that stay keep their counters. FALSE leaves all as it was. */
gboolean via_peer_apply (ViaPeer *self, const ViaPlan *plan, GError **error);

/* Our offer @plan is on its way: what it does to the transport may happen
 * before the answer comes. */
void via_peer_offered (ViaPeer *self, const ViaPlan *plan);

/* All RTCP of @self has the keys and goes in the datagrams of @to, which does
 * nothing else, until one of them is freed; @self is over when @to is. Call
 * _next of both after every other call of either. RFC 5761 §5.1.1 */
void via_peer_set_reports (ViaPeer *self, ViaPeer *to);

/* An ICE pair is valid: DTLS may start. Idempotent. */
void via_peer_path_ready (ViaPeer *self, ViaTime now);

/* One datagram (not STUN). VIA_DROP_NONE: taken; with @out_media->rtp.data set
 * if it was media, which points into @data. */
ViaDrop via_peer_receive (ViaPeer *self, guint8 *data, gsize len, ViaTime now,
    ViaPeerMedia *out_media);

/* The next datagram of our own (DTLS flight, RTCP, retransmission); 0: none.
 * @size >= VIA_PEER_DATAGRAM. Call until 0 after every other call. */
gsize via_peer_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now);

/* What m-line @media will send from now on; a new source continues the
 * sequence numbers and timestamps of the last. FALSE: no agreed payload type
 * fits @codec, or we do not send there. */
gboolean via_peer_bind (ViaPeer *self, guint media, const ViaCodec *codec);
void via_peer_unbind (ViaPeer *self, guint media);
/* Says goodbye to the stream of m-line @media (BYE): what was sent is its end,
 * until something is sent there again. RFC 3550 §6.6 */
void via_peer_end (ViaPeer *self, guint media);

/* Makes the protected datagram of @packet for m-line @media in @out.
 * Returns its length; 0: dropped and counted (not connected, not bound, video
 * before its first key frame). Keeps a reference for NACK (RFC 4585). */
gsize via_peer_send (ViaPeer *self, guint media, ViaPacket *packet, guint8 *out,
    gsize size, ViaTime now);

/* --- data channels: SCTP packets in DTLS, RFC 8261 --- */

typedef struct
{
  guint remote_port;   /* of SCTP; ours is VIA_PEER_SCTP_PORT */
  guint64 max_message; /* theirs, bytes; 0: any */
  gboolean is_dtls_client;
} ViaPeerData;
#define VIA_PEER_SCTP_PORT 5000
/* FALSE: not connected, or no data m-line was agreed. */
gboolean via_peer_data (const ViaPeer *self, ViaPeerData *out);
/* The oldest packet that came, into @out; 0: none is left. */
gsize via_peer_read_data (ViaPeer *self, guint8 *out, gsize size);
/* The datagram that carries @data, in @out; 0: not connected. */
gsize via_peer_write_data (
    ViaPeer *self, const guint8 *data, gsize len, guint8 *out, gsize size);

/* Asks the far end for a key frame of what m-line @media receives: PLI, or FIR
 * where only that was agreed; at most one per 500 ms. */
void via_peer_want_keyframe (ViaPeer *self, guint media, ViaTime now);

/* What kind of media the datagram we made is of, first or sent again; UNKNOWN:
 * RTCP, DTLS. */
ViaKind via_peer_kind (const ViaPeer *self, const guint8 *data, gsize len);

ViaTime via_peer_deadline (const ViaPeer *self);
void via_peer_expire (ViaPeer *self, ViaTime now);
/* FALSE: no event left. */
gboolean via_peer_poll (ViaPeer *self, ViaPeerEvent *out);

/* Queues BYE and close_notify for _next; nothing else is sent afterwards. */
void via_peer_close (ViaPeer *self, ViaTime now);

ViaPeerState via_peer_state (const ViaPeer *self);
/* For a person, no secrets; NULL unless FAILED. */
const gchar *via_peer_failure (const ViaPeer *self);
const gchar *via_peer_srtp_profile (const ViaPeer *self); /* NULL before keys */
const ViaDropCounters *via_peer_drops (const ViaPeer *self);

/* Statistics "via-peer-stats" (docs/api.md): per m-line packets, bytes,
 * retransmissions, NACK/PLI/FIR counts, loss, RTT, jitter as the far end
 * reports, what we received, drops by reason, SRTP profile. (transfer full) */
GstStructure *via_peer_stats (const ViaPeer *self, ViaTime now);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaPeer, via_peer_free)
