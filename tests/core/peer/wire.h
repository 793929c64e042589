/* SPDX-License-Identifier: LGPL-2.1-or-later
 * wire.h – two peers and what lies between, in virtual time.
 * The fixture of these tests: offer and answer, losing, counting, crafting.
 */
#pragma once

#include "peer/peer.h"

#include <string.h>

#include "peer/state.h"
#include "rtp/rtcp.h"
#include "sdp/write.h"

#define WIRE_UNIX_S G_GINT64_CONSTANT (1800000000)
#define WIRE_START (1000 * VIA_S)
#define MS VIA_MS
#define VIEWER 0 /* offers, receives */
#define SERVER 1 /* answers, sends */

typedef struct
{
  guint8 data[2048];
  gsize len;
} WireDatagram;

/* What came out at a peer. */
typedef struct
{
  guint media;
  guint32 ssrc, timestamp, id; /* id: first word of the payload */
  guint16 seq;
  guint8 pt;
  gboolean marker, is_rtx;
  guint16 osn;
  ViaTime captured;
} WireRtp;

typedef struct _Wire Wire;
struct _Wire
{
  ViaSeededRng rng;
  ViaIdentity *ids[2];
  ViaPlan *plans[2];
  ViaPeer *peers[2];
  ViaTime now;
  GQueue lane[2]; /* WireDatagram to peer i */

  /* TRUE: the datagram to peer @to is lost */
  gboolean (*lose) (Wire *w, guint to, const WireDatagram *d);
  guint n_to[2], lose_every;
  gboolean is_doubling, is_swapping;

  GArray *rtp[2]; /* WireRtp */
  guint64 rtp_bytes[2];
  guint keyframes[2][4], bitrates[2], states[2], paths[2];
  guint silences[2];
  guint64 bitrate_bps;
  guint gone[2][4]; /* streams of an m-line that ended */
  guint32 gone_ssrc;
  gint flows[2][2][4]; /* 1: flows; [.][1]: out */
  guint flow_changes[2];
};

static inline guint
wire_drops (Wire *w, guint who, ViaDrop drop)
{
  return (guint) via_peer_drops (w->peers[who])->count[drop];
}

/* --- set-up --- */

static inline gchar *
wire_sdp (Wire *w, guint who, const ViaPlan *plan, const gchar *fingerprint)
{
  ViaLocalTransport local = {"ufragufr", "passwordpasswordpassword",
      fingerprint ? fingerprint : via_identity_fingerprint (w->ids[who]), NULL,
      TRUE, FALSE};

  return via_sdp_write (plan, &local);
}

static inline ViaPeer *
wire_peer (Wire *w, guint who)
{
  ViaPeerConfig config = {
      w->ids[who], &w->rng.parent, WIRE_UNIX_S * VIA_S - WIRE_START, NULL};

  return via_peer_new (&config);
}

/* Offer and answer; @lies: fingerprints in place of the true ones. */
static inline void
wire_negotiate (Wire *w, ViaDirection viewer, ViaDirection server,
    const gchar *const lies[2])
{
  static const ViaCodecId audio[] = {
      VIA_CODEC_OPUS, VIA_CODEC_PCMU, VIA_CODEC_EVENT};
  static const ViaCodecId video[] = {VIA_CODEC_VP8, VIA_CODEC_H264};
  ViaPlanLocal local = {audio, G_N_ELEMENTS (audio), video, 2, viewer, 1, 1,
      VIA_SETUP_ACTPASS, FALSE, NULL};
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) offer = via_plan_offer (&local, &w->rng.parent);
  g_autofree gchar *offer_sdp =
      wire_sdp (w, VIEWER, offer, lies ? lies[VIEWER] : NULL);
  g_autofree gchar *answer_sdp = NULL;

  local.direction = server;
  w->plans[SERVER] =
      via_plan_answer (&local, offer_sdp, &w->rng.parent, &error);
  g_assert_no_error (error);
  answer_sdp =
      wire_sdp (w, SERVER, w->plans[SERVER], lies ? lies[SERVER] : NULL);
  w->plans[VIEWER] = via_plan_accept (offer, answer_sdp, &error);
  g_assert_no_error (error);
}

static inline void
wire_init (Wire *w, ViaDirection viewer, ViaDirection server,
    const gchar *const lies[2])
{
  g_autoptr (GError) error = NULL;

  memset (w, 0, sizeof *w);
  via_seeded_rng_init (&w->rng, 42);
  w->now = WIRE_START;
  for (guint i = 0; i < 2; i++) {
    w->ids[i] = via_identity_new (WIRE_UNIX_S, &error);
    g_assert_no_error (error);
    w->rtp[i] = g_array_new (FALSE, TRUE, sizeof (WireRtp));
    g_queue_init (&w->lane[i]);
    w->peers[i] = wire_peer (w, i);
  }
  wire_negotiate (w, viewer, server, lies);
  for (guint i = 0; i < 2; i++) {
    g_assert_true (via_peer_apply (w->peers[i], w->plans[i], &error));
    g_assert_no_error (error);
  }
}

static inline void
wire_clear (Wire *w)
{
  for (guint i = 0; i < 2; i++) {
    via_peer_free (w->peers[i]);
    via_plan_free (w->plans[i]);
    via_identity_unref (w->ids[i]);
    g_array_unref (w->rtp[i]);
    g_queue_clear_full (&w->lane[i], g_free);
  }
  g_assert_cmpuint (via_packet_alive (), ==, 0);
}

/* --- carrying --- */

static inline void
wire_put (Wire *w, guint to, const guint8 *data, gsize len)
{
  WireDatagram *d = g_new (WireDatagram, 1);

  g_assert_cmpuint (len, <=, sizeof d->data);
  memcpy (d->data, data, len);
  d->len = len;
  w->n_to[to]++;
  if ((w->lose && w->lose (w, to, d))
      || (w->lose_every && w->n_to[to] % w->lose_every == 0)) {
    g_free (d);
    return;
  }
  if (w->is_swapping && w->n_to[to] % 2 == 0)
    g_queue_push_head (&w->lane[to], d);
  else
    g_queue_push_tail (&w->lane[to], d);
  if (w->is_doubling)
    g_queue_push_tail (&w->lane[to], g_memdup2 (d, sizeof *d));
}

static inline WireRtp *
wire_note (Wire *w, guint who, guint media, const ViaRtpView *rtp, gboolean rtx)
{
  const guint8 *p = rtp->payload + (rtx ? 2 : 0);
  WireRtp note = {media, rtp->ssrc, rtp->timestamp, 0, rtp->seq, rtp->pt,
      rtp->marker, rtx, 0};

  if (rtx)
    note.osn = (guint16) (rtp->payload[0] << 8 | rtp->payload[1]);
  note.id =
      (guint32) p[0] << 24 | (guint32) p[1] << 16 | (guint32) p[2] << 8 | p[3];
  g_array_append_val (w->rtp[who], note);
  w->rtp_bytes[who] += rtp->len;
  return &g_array_index (w->rtp[who], WireRtp, w->rtp[who]->len - 1);
}

/* What came by RTX is noted as it was on the wire. What had come before is kept
 * back by our peer, but decrypted in place. */
static inline ViaDrop
wire_receive (Wire *w, guint who, WireDatagram *d)
{
  guint16 seq = (guint16) (d->data[2] << 8 | d->data[3]);
  guint8 pt = d->data[1] & 0x7f;
  ViaPeerMedia media;
  ViaRtpView rtp;
  ViaDrop drop =
      via_peer_receive (w->peers[who], d->data, d->len, w->now, &media);

  if (media.rtp.data) {
    WireRtp *note = wire_note (w, who, media.media, &media.rtp, FALSE);

    g_assert_cmpint (drop, ==, VIA_DROP_NONE);
    note->captured = media.captured;
    note->is_rtx = media.rtp.pt != pt;
    if (note->is_rtx) {
      note->osn = note->seq;
      note->seq = seq;
      note->pt = pt;
      note->ssrc = via_plan_media (w->plans[!who], media.media)->rtx_ssrc;
    }
  } else if (drop == VIA_DROP_NONE && d->data[0] >> 6 == 2
             && (d->data[1] < 192 || d->data[1] > 223)) {
    g_assert_true (via_rtp_view (&rtp, d->data, d->len - 16)); /* GCM's tag */
    wire_note (w, who, G_MAXUINT, &rtp, TRUE);
  }
  return drop;
}

static inline void
wire_poll (Wire *w, guint who)
{
  ViaPeerEvent event;

  while (via_peer_poll (w->peers[who], &event))
    switch (event.type) {
      case VIA_PEER_EVENT_STATE:
        w->states[who]++;
        break;
      case VIA_PEER_EVENT_WANT_KEYFRAME:
        w->keyframes[who][event.media]++;
        break;
      case VIA_PEER_EVENT_PATH:
        w->paths[who]++;
        break;
      case VIA_PEER_EVENT_SILENT:
        w->silences[who]++;
        break;
      case VIA_PEER_EVENT_BITRATE:
        w->bitrates[who]++;
        w->bitrate_bps = event.bitrate_bps;
        break;
      case VIA_PEER_EVENT_GONE:
        w->gone[who][event.media]++;
        w->gone_ssrc = event.ssrc;
        break;
      case VIA_PEER_EVENT_FLOW:
        w->flows[who][event.is_out][event.media] += event.is_flowing ? 1 : -1;
        w->flow_changes[who]++;
        break;
    }
}

/* Until nobody has anything to say at this moment. */
static inline void
wire_pump (Wire *w)
{
  guint8 out[VIA_PEER_DATAGRAM];
  gboolean moved = TRUE;

  while (moved) {
    moved = FALSE;
    for (guint i = 0; i < 2; i++) {
      WireDatagram *d;
      gsize len;

      while ((len = via_peer_next (w->peers[i], out, sizeof out, w->now)) > 0) {
        wire_put (w, !i, out, len);
        moved = TRUE;
      }
      while ((d = g_queue_pop_head (&w->lane[i])) != NULL) {
        wire_receive (w, i, d);
        g_free (d);
        moved = TRUE;
      }
      wire_poll (w, i);
    }
  }
}

/* Lets @by pass, each deadline in its turn. */
static inline void
wire_pass (Wire *w, ViaTime by)
{
  ViaTime end = w->now + by;

  for (;;) {
    ViaTime next =
        MIN (via_peer_deadline (w->peers[0]), via_peer_deadline (w->peers[1]));

    w->now = CLAMP (next, w->now, end);
    via_peer_expire (w->peers[0], w->now);
    via_peer_expire (w->peers[1], w->now);
    wire_pump (w);
    if (next > end)
      break;
  }
  w->now = end;
}

static inline void
wire_connect (Wire *w)
{
  for (guint i = 0; i < 2; i++)
    via_peer_path_ready (w->peers[i], w->now);
  wire_pump (w);
}

/* A call that is up: the server sends Opus on 0 and VP8 on 1. */
static inline void
wire_call (Wire *w)
{
  ViaCodec opus = {VIA_CODEC_OPUS, 48000, 2, NULL};
  ViaCodec vp8 = {VIA_CODEC_VP8, 90000, 0, NULL};

  wire_init (w, VIA_DIRECTION_RECVONLY, VIA_DIRECTION_SENDONLY, NULL);
  wire_connect (w);
  g_assert_cmpint (via_peer_state (w->peers[VIEWER]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpint (via_peer_state (w->peers[SERVER]), ==, VIA_PEER_CONNECTED);
  g_assert_true (via_peer_bind (w->peers[SERVER], 0, &opus));
  g_assert_true (via_peer_bind (w->peers[SERVER], 1, &vp8));
  wire_pump (w);
}

/* --- media --- */

static inline ViaPacket *
wire_packet (guint32 ssrc, guint16 seq, guint32 timestamp, guint32 id,
    gsize len, ViaTime captured, gboolean is_key)
{
  guint8 data[VIA_PACKET_MAX] = {0x80, 100};
  ViaWriter out;

  via_writer_init (&out, data + 2, 14);
  via_writer_u16 (&out, seq);
  via_writer_u32 (&out, timestamp);
  via_writer_u32 (&out, ssrc);
  via_writer_u32 (&out, id);
  return via_packet_new (data, len, captured, is_key);
}

/* Sends from @from now; FALSE: the peer gave no datagram. */
static inline gboolean
wire_send (Wire *w, guint from, guint media, ViaPacket *packet)
{
  guint8 out[VIA_PEER_DATAGRAM];
  gsize len =
      via_peer_send (w->peers[from], media, packet, out, sizeof out, w->now);

  via_packet_unref (packet);
  if (len > 0)
    wire_put (w, !from, out, len);
  return len > 0;
}

/* The server's video number @id: one packet each 4 ms, a key frame first. */
static inline gboolean
wire_video (Wire *w, guint32 id)
{
  return wire_send (w, SERVER, 1,
      wire_packet (
          77, (guint16) (60000 + id), id * 360, id, 1000, w->now, id == 0));
}

static inline WireRtp *
wire_rtp (Wire *w, guint who, guint i)
{
  g_assert_cmpuint (i, <, w->rtp[who]->len);
  return &g_array_index (w->rtp[who], WireRtp, i);
}

/* --- what a far end says --- */

/* @bytes as SRTCP of @from, to the other peer. */
static inline void
wire_rtcp (Wire *w, guint from, const ViaWriter *rtcp)
{
  guint8 out[VIA_PEER_DATAGRAM];
  gsize len = rtcp->pos;

  g_assert_false (rtcp->failed);
  memcpy (out, rtcp->data, len);
  g_assert_true (
      via_srtp_protect_rtcp (w->peers[from]->srtp, out, &len, sizeof out));
  wire_put (w, !from, out, len);
  wire_pump (w);
}
