/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/path.c – a peer's datagrams in and out, and its timers.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 7983 · RFC 5763 §6.2 (no media before the fingerprint matched)
 */
#include "peer/peer.h"

#include <string.h>

#include "peer/ask.h"
#include "peer/control.h"
#include "peer/demux.h"
#include "peer/renew.h"
#include "peer/state.h"

void
via_peer_forget_early (ViaPeer *self)
{
  for (guint i = 0; i < VIA_PEER_EARLY; i++)
    g_clear_pointer (&self->early[i], g_bytes_unref);
}

/* References to packets of others go at once, not with the last unref. */
static void
stop_senders (ViaPeer *self)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (!sender)
      continue;
    via_sender_unbind (sender);
    via_flow_stop (&sender->flow);
    if (sender->history)
      via_history_clear (sender->history);
  }
  for (guint i = 0; i < self->receiver.media->len; i++)
    via_flow_stop (&via_receiver_media (&self->receiver, i)->flow);
  via_silence_stop (&self->silence);
}

void
via_peer_set_state (ViaPeer *self, ViaPeerState state)
{
  if (self->state == state)
    return;
  self->state = state;
  self->has_new_state = TRUE;
  if (!via_peer_is_over (self))
    return;
  stop_senders (self);
  if (self->reports_of)
    via_peer_close (self->reports_of, VIA_TIME_NEVER);
}

static void
fail (ViaPeer *self, const gchar *why)
{
  if (!self->failure)
    self->failure = g_strdup (why ? why : "the DTLS handshake failed");
  g_clear_pointer (&self->srtp, via_srtp_free);
  via_peer_set_state (self, VIA_PEER_FAILED);
}

/* The certificate was checked: media may move. */
static void
use_keys (ViaPeer *self, ViaTime now)
{
  ViaSrtpKeys keys;
  ViaSrtp *old = self->srtp;
  g_autoptr (GError) error = NULL;

  self->n_associations++;
  if (!via_dtls_keys (self->dtls, &keys)) {
    fail (self, "DTLS gave no SRTP keys");
    return;
  }
  self->srtp = via_srtp_new (&keys, &error);
  via_srtp_keys_wipe (&keys);
  via_srtp_free (old);
  if (!self->srtp) {
    fail (self, error->message);
    return;
  }
  via_peer_set_state (self, VIA_PEER_CONNECTED);
  for (guint i = 0; i < self->senders->len; i++)
    if (via_peer_sender (self, i))
      via_sender_want_keyframe (via_peer_sender (self, i), now);
}

static void
follow_dtls (ViaPeer *self, ViaTime now)
{
  gboolean is_new;

  if (!self->dtls || via_peer_is_over (self))
    return;
  is_new = via_renew_settle (self);
  switch (via_dtls_state (self->dtls)) {
    case VIA_DTLS_NEW:
    case VIA_DTLS_CONNECTING:
      break;
    case VIA_DTLS_CONNECTED:
      if (!self->srtp || is_new)
        use_keys (self, now);
      break;
    case VIA_DTLS_CLOSED:
      if (via_renew_begin (self, now))
        break;
      g_clear_pointer (&self->srtp, via_srtp_free);
      via_peer_set_state (self, VIA_PEER_CLOSED);
      break;
    case VIA_DTLS_FAILED:
      fail (self, via_dtls_failure (self->dtls));
      break;
  }
}

static void
start_dtls (ViaPeer *self, ViaTime now)
{
  if (!self->has_path || !self->dtls || self->state != VIA_PEER_NEW)
    return;
  via_peer_set_state (self, VIA_PEER_CONNECTING);
  via_dtls_start (self->dtls, now);
  for (guint i = 0; i < VIA_PEER_EARLY && self->early[i]; i++) {
    gsize len;
    const guint8 *data = g_bytes_get_data (self->early[i], &len);

    via_dtls_feed (self->dtls, data, len, now);
  }
  via_peer_forget_early (self);
  follow_dtls (self, now);
}

void
via_peer_path_ready (ViaPeer *self, ViaTime now)
{
  self->has_path = TRUE;
  start_dtls (self, now);
}

/* A hello may overtake the end of our own connectivity check. */
static ViaDrop
keep_early (ViaPeer *self, const guint8 *data, gsize len)
{
  if (len > 2048 || via_peer_is_over (self))
    return VIA_DROP_NOT_READY;
  for (guint i = 0; i < VIA_PEER_EARLY; i++)
    if (!self->early[i]) {
      self->early[i] = g_bytes_new (data, len);
      return VIA_DROP_NONE;
    }
  return VIA_DROP_NOT_READY;
}

static ViaDrop
receive_dtls (ViaPeer *self, const guint8 *data, gsize len, ViaTime now)
{
  start_dtls (self, now);
  if (!self->has_path || !self->dtls)
    return keep_early (self, data, len);
  if (via_peer_is_over (self))
    return VIA_DROP_NOT_READY;
  if (!via_renew_feed (self, data, len, now))
    via_dtls_feed (self->dtls, data, len, now);
  follow_dtls (self, now);
  return VIA_DROP_NONE;
}

static ViaDrop
receive_rtp (ViaPeer *self, guint8 *data, gsize len, ViaTime now,
    ViaPeerMedia *out_media)
{
  ViaRtpView rtp;
  ViaDrop drop;

  if (!self->srtp || self->state != VIA_PEER_CONNECTED)
    return VIA_DROP_NOT_READY;
  drop = via_srtp_unprotect (self->srtp, data, &len);
  if (drop != VIA_DROP_NONE)
    return drop;
  via_silence_heard (&self->silence, now);
  if (!via_rtp_view (&rtp, data, len))
    return VIA_DROP_MALFORMED;
  drop = via_receiver_rtp (&self->receiver, &rtp, now, out_media);
  if (drop != VIA_DROP_NONE)
    return drop;
  self->received_packets++;
  self->received_bytes += rtp.payload_len;
  via_control_start (self, out_media->media, now);
  return VIA_DROP_NONE;
}

/* RFC 5764 §4.1 gives RTCP that goes apart the keys of its own association;
 * Chromium takes those of the media. We do as the far end does. */
static ViaSrtp *
report_keys (const ViaPeer *self, gboolean has_media_keys)
{
  return has_media_keys && self->reports_of && self->reports_of->srtp
             ? self->reports_of->srtp
             : self->srtp;
}

static ViaDrop
unprotect_rtcp (ViaPeer *self, guint8 *data, gsize *len)
{
  guint8 copy[VIA_PEER_DATAGRAM];
  gsize copied = *len;
  ViaDrop drop;

  if (!self->reports_of || copied > sizeof copy)
    return via_srtp_unprotect_rtcp (self->srtp, data, len);
  memcpy (copy, data, copied);
  drop = via_srtp_unprotect_rtcp (
      report_keys (self, self->has_media_keys), data, len);
  if (drop != VIA_DROP_AUTH)
    return drop;
  memcpy (data, copy, copied);
  *len = copied;
  drop = via_srtp_unprotect_rtcp (
      report_keys (self, !self->has_media_keys), data, len);
  if (drop == VIA_DROP_NONE)
    self->has_media_keys = !self->has_media_keys;
  return drop;
}

static ViaDrop
receive_rtcp (ViaPeer *self, guint8 *data, gsize len, ViaTime now)
{
  ViaDrop drop;

  if (!self->srtp || self->state != VIA_PEER_CONNECTED)
    return VIA_DROP_NOT_READY;
  drop = unprotect_rtcp (self, data, &len);
  if (drop != VIA_DROP_NONE)
    return drop;
  via_silence_heard (&self->silence, now);
  return via_control_receive (
      self->reports_of ? self->reports_of : self, data, len, now);
}

ViaDrop
via_peer_receive (ViaPeer *self, guint8 *data, gsize len, ViaTime now,
    ViaPeerMedia *out_media)
{
  ViaDrop drop = VIA_DROP_UNKNOWN_TYPE;

  memset (out_media, 0, sizeof *out_media);
  switch (via_demux_kind (data, len)) {
    case VIA_DATAGRAM_DTLS:
      drop = receive_dtls (self, data, len, now);
      break;
    case VIA_DATAGRAM_RTP:
      drop = receive_rtp (self, data, len, now, out_media);
      break;
    case VIA_DATAGRAM_RTCP:
      drop = receive_rtcp (self, data, len, now);
      break;
    case VIA_DATAGRAM_STUN:
    case VIA_DATAGRAM_TURN:
    case VIA_DATAGRAM_OTHER:
      break; /* the wire keeps STUN and TURN for itself */
  }
  via_drop_count (&self->drops, drop);
  return drop;
}

static gsize
protect_rtcp (ViaPeer *self, guint8 *out, gsize len, gsize size)
{
  if (len == 0)
    return 0;
  if (via_srtp_protect_rtcp (
          report_keys (self, self->has_media_keys), out, &len, size))
    return len;
  via_drop_count (&self->drops, VIA_DROP_LIMIT);
  return 0;
}

static gsize
next_resend (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);
    gboolean is_rtx;
    gsize len;

    while (sender
           && (len = via_sender_resend (sender, self->twcc_seq, out,
                   size - VIA_SRTP_OVERHEAD, now, &is_rtx))
                  > 0) {
      if (is_rtx && sender->exts.twcc_id)
        self->twcc_seq++;
      if (via_srtp_protect (self->srtp, out, &len, size))
        return len;
      via_drop_count (&self->drops, VIA_DROP_LIMIT);
    }
  }
  return 0;
}

/* A video bound since the last call was asked for then; ask again later. */
static void
arm_key_waits (ViaPeer *self, ViaTime now)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (sender && sender->waits_for_key && sender->ask_at == VIA_TIME_NEVER)
      sender->ask_at = now + VIA_SENDER_ASK_AGAIN;
  }
}

/* RTCP of ours or of who leaves it to us. */
static gsize
next_report (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  ViaPeer *of = self->reports_of ? self->reports_of : self;
  gsize room = size - VIA_SRTP_OVERHEAD, len;

  if (!self->srtp || self->reports_to || !of->plan)
    return 0;
  len = protect_rtcp (self, out, via_control_end (of, out, room), size);
  if (len == 0)
    len = protect_rtcp (self, out, via_ask_next (of, out, room, now), size);
  if (len == 0)
    len = protect_rtcp (self, out, via_control_next (of, out, room, now), size);
  return len;
}

static gsize
next_bye (ViaPeer *self, guint8 *out, gsize size)
{
  ViaPeer *of = self->reports_of ? self->reports_of : self;
  gsize len = 0;

  if (!self->owes_bye)
    return 0;
  if (self->srtp && !self->reports_to)
    len = protect_rtcp (
        self, out, via_control_bye (of, out, size - VIA_SRTP_OVERHEAD), size);
  g_clear_pointer (&self->srtp, via_srtp_free);
  self->owes_bye = FALSE;
  return len;
}

gsize
via_peer_next (ViaPeer *self, guint8 *out, gsize size, ViaTime now)
{
  gsize len;

  g_return_val_if_fail (size >= VIA_PEER_DATAGRAM, 0);
  start_dtls (self, now);
  len = next_bye (self, out, size);
  if (len == 0 && self->dtls && self->has_path)
    len = via_dtls_next (self->dtls, out, size);
  if (len == 0 && self->next_dtls)
    len = via_dtls_next (self->next_dtls, out, size);
  if (self->renewal.n_left > 0 && self->renewal.ends_at == VIA_TIME_NEVER)
    self->renewal.ends_at = now + VIA_RENEW_WINDOW;
  if (self->srtp)
    arm_key_waits (self, now);
  if (len == 0 && self->srtp)
    len = next_resend (self, out, size, now);
  if (len == 0)
    len = next_report (self, out, size, now);
  return len;
}

static gsize
drop_own (ViaPeer *self, ViaDrop drop)
{
  via_drop_count (&self->drops, drop);
  return 0;
}

gsize
via_peer_send (ViaPeer *self, guint media, ViaPacket *packet, guint8 *out,
    gsize size, ViaTime now)
{
  ViaSender *sender = via_peer_sender (self, media);
  ViaSenderPacket sent;
  ViaDrop drop;
  gsize len;

  g_return_val_if_fail (size >= VIA_PEER_DATAGRAM, 0);
  if (!sender)
    return drop_own (self, VIA_DROP_NOT_NEGOTIATED);
  if (!self->srtp || self->state != VIA_PEER_CONNECTED)
    return drop_own (self, VIA_DROP_NOT_READY);
  len = via_sender_write (sender, packet, self->twcc_seq, out,
      size - VIA_SRTP_OVERHEAD, now, &sent, &drop);
  if (len == 0)
    return drop_own (self, drop);
  if (!via_srtp_protect (self->srtp, out, &len, size))
    return drop_own (self, VIA_DROP_LIMIT);
  if (sender->exts.twcc_id)
    self->twcc_seq++;
  via_sender_sent (sender, packet, &sent, now);
  return len;
}

ViaTime
via_peer_deadline (const ViaPeer *self)
{
  ViaTime when = self->dtls ? via_dtls_deadline (self->dtls) : VIA_TIME_NEVER;
  gboolean may_report = !self->reports_to || self->reports_to->srtp;

  when = MIN (when, via_renew_deadline (self));
  for (guint i = 0; i < self->senders->len; i++) {
    const ViaSender *sender = via_peer_sender (self, i);

    if (sender && !via_peer_is_over (self))
      when = MIN (when, via_sender_deadline (sender, may_report));
  }
  if (self->srtp) {
    when = MIN (when, via_receiver_deadline (&self->receiver));
    if (may_report)
      when = MIN (when, via_ask_deadline (self));
    when = MIN (when, via_silence_deadline (&self->silence));
  }
  return when;
}

void
via_peer_expire (ViaPeer *self, ViaTime now)
{
  guint32 ssrc;

  if (self->dtls && via_dtls_deadline (self->dtls) <= now)
    via_dtls_expire (self->dtls, now);
  via_renew_expire (self, now);
  follow_dtls (self, now);
  for (guint i = 0; i < self->senders->len; i++)
    if (via_peer_sender (self, i))
      via_sender_expire (via_peer_sender (self, i), now);
  via_receiver_expire (&self->receiver, now);
  via_silence_expire (&self->silence, now);
  while (self->srtp && via_receiver_forget (&self->receiver, now, &ssrc))
    via_srtp_forget (self->srtp, ssrc);
}
