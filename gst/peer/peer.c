/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/peer.c – a peer's life, its plan, its tracks and its events.
 * Pure: no sockets, threads or clock; `now` comes in with each call.
 * RFC 8842 §5 (who opens DTLS) · RFC 8122 (fingerprint)
 */
#include "peer/peer.h"

#include <string.h>

#include "peer/demux.h"
#include "peer/renew.h"
#include "peer/state.h"

static ViaSrtpProfile *
copy_profiles (const ViaSrtpProfile *profiles)
{
  guint n = 0;

  if (!profiles)
    return NULL;
  while (profiles[n] != VIA_SRTP_NONE)
    n++;
  return g_memdup2 (profiles, (n + 1) * sizeof *profiles);
}

static void
free_sender (gpointer sender)
{
  via_sender_free (sender);
}

ViaPeer *
via_peer_new (const ViaPeerConfig *config)
{
  ViaPeer *self = g_new0 (ViaPeer, 1);

  self->identity = via_identity_ref (config->identity);
  self->rng = config->rng;
  self->unix_offset = config->unix_offset_us;
  self->profiles = copy_profiles (config->srtp_profiles);
  self->ssrc = via_rng_u32 (config->rng);
  self->twcc_seq = (guint16) via_rng_u32 (config->rng);
  self->senders = g_ptr_array_new_with_free_func (free_sender);
  via_receiver_init (&self->receiver);
  via_silence_init (&self->silence);
  return self;
}

void
via_peer_free (ViaPeer *self)
{
  if (!self)
    return;
  if (self->reports_to)
    self->reports_to->reports_of = NULL;
  if (self->reports_of)
    self->reports_of->reports_to = NULL;
  via_peer_forget_early (self);
  g_clear_pointer (&self->srtp, via_srtp_free);
  g_clear_pointer (&self->dtls, via_dtls_free);
  g_clear_pointer (&self->next_dtls, via_dtls_free);
  g_ptr_array_unref (self->senders);
  via_receiver_clear (&self->receiver);
  g_clear_pointer (&self->plan, via_plan_free);
  via_identity_unref (self->identity);
  g_free (self->profiles);
  g_free (self->failure);
  g_free (self);
}

gboolean
via_peer_is_dtls_server (const ViaPlan *plan)
{
  if (plan->setup == VIA_SETUP_ACTPASS)
    return plan->remote->setup == VIA_SETUP_ACTIVE;
  return plan->setup == VIA_SETUP_PASSIVE;
}

static gboolean
same_association (const ViaPlan *a, const ViaPlan *b)
{
  const ViaFingerprint *x = via_remote_transport_fingerprint (a->remote);
  const ViaFingerprint *y = via_remote_transport_fingerprint (b->remote);

  return via_peer_is_dtls_server (a) == via_peer_is_dtls_server (b) && x && y
         && g_strcmp0 (x->hash, y->hash) == 0 && x->len == y->len
         && memcmp (x->digest, y->digest, x->len) == 0;
}

static gboolean
check_plan (ViaPeer *self, const ViaPlan *plan, GError **error)
{
  if (!plan->is_complete || !plan->remote) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_STATE,
        "the session description has no answer yet");
    return FALSE;
  }
  if (!via_remote_transport_fingerprint (plan->remote)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "the remote description has no certificate fingerprint we know");
    return FALSE;
  }
  if (self->plan && !same_association (self->plan, plan)) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_REFUSED,
        "the remote certificate or DTLS role may not change during a call");
    return FALSE;
  }
  return TRUE;
}

ViaDtls *
via_peer_dtls_new (ViaPeer *self, const ViaPlan *plan, GError **error)
{
  const ViaFingerprint *print = via_remote_transport_fingerprint (plan->remote);
  ViaDtlsExpect expect = {print->hash, print->digest, print->len};

  return via_dtls_new (self->identity, via_peer_is_dtls_server (plan),
      self->profiles, &expect, error);
}

static gboolean
is_media (const ViaPlanMedia *media)
{
  return media->kind == VIA_KIND_AUDIO || media->kind == VIA_KIND_VIDEO;
}

static void
configure (ViaPeer *self)
{
  g_ptr_array_set_size (self->senders, (gint) self->plan->media->len);
  for (guint i = 0; i < self->senders->len; i++) {
    const ViaPlanMedia *media = via_plan_media (self->plan, i);

    if (!is_media (media)) {
      via_sender_free (via_peer_sender (self, i));
      self->senders->pdata[i] = NULL;
      continue;
    }
    if (!via_peer_sender (self, i))
      self->senders->pdata[i] = via_sender_new (i, self->rng);
    via_sender_configure (via_peer_sender (self, i), media);
  }
  via_receiver_configure (&self->receiver, self->plan);
}

gboolean
via_peer_apply (ViaPeer *self, const ViaPlan *plan, GError **error)
{
  ViaPlan *old = self->plan;

  if (!check_plan (self, plan, error))
    return FALSE;
  if (!self->dtls)
    self->dtls = via_peer_dtls_new (self, plan, error);
  if (!self->dtls)
    return FALSE;
  via_renew_follow (self, plan);
  self->plan = via_plan_copy (plan);
  configure (self);
  if (old)
    via_plan_free (old);
  return TRUE;
}

void
via_peer_set_reports (ViaPeer *self, ViaPeer *to)
{
  self->reports_to = to;
  to->reports_of = self;
}

void
via_peer_offered (ViaPeer *self, const ViaPlan *plan)
{
  via_renew_follow (self, plan);
}

gboolean
via_peer_bind (ViaPeer *self, guint media, const ViaCodec *codec)
{
  ViaSender *sender = via_peer_sender (self, media);

  if (!sender || !via_sender_bind (sender, codec))
    return FALSE;
  if (self->srtp && sender->waits_for_key)
    sender->wants_keyframe = TRUE; /* else as soon as we are connected */
  return TRUE;
}

void
via_peer_unbind (ViaPeer *self, guint media)
{
  ViaSender *sender = via_peer_sender (self, media);

  if (sender)
    via_sender_unbind (sender);
}

void
via_peer_end (ViaPeer *self, guint media)
{
  ViaSender *sender = via_peer_sender (self, media);

  if (sender && self->srtp)
    via_sender_end (sender);
}

static gboolean
poll_gone (ViaPeer *self, ViaPeerEvent *out)
{
  ViaReceiveGone gone;

  if (!via_receiver_poll_gone (&self->receiver, &gone))
    return FALSE;
  out->type = VIA_PEER_EVENT_GONE;
  out->media = gone.media;
  out->ssrc = gone.ssrc;
  return TRUE;
}

static gboolean
poll_flow (ViaPeer *self, ViaPeerEvent *out)
{
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);
    ViaReceiveMedia *media = via_receiver_media (&self->receiver, i);

    out->is_out = sender && via_flow_poll (&sender->flow, &out->is_flowing);
    if (!out->is_out
        && !(media && via_flow_poll (&media->flow, &out->is_flowing)))
      continue;
    out->type = VIA_PEER_EVENT_FLOW;
    out->media = i;
    return TRUE;
  }
  return FALSE;
}

gboolean
via_peer_poll (ViaPeer *self, ViaPeerEvent *out)
{
  memset (out, 0, sizeof *out);
  if (self->has_new_state) {
    self->has_new_state = FALSE;
    out->type = VIA_PEER_EVENT_STATE;
    return TRUE;
  }
  if (self->has_new_path) {
    self->has_new_path = FALSE;
    out->type = VIA_PEER_EVENT_PATH;
    return TRUE;
  }
  if (via_silence_poll (&self->silence)) {
    out->type = VIA_PEER_EVENT_SILENT;
    return TRUE;
  }
  for (guint i = 0; i < self->senders->len; i++) {
    ViaSender *sender = via_peer_sender (self, i);

    if (!sender || !sender->wants_keyframe)
      continue;
    sender->wants_keyframe = FALSE;
    out->type = VIA_PEER_EVENT_WANT_KEYFRAME;
    out->media = i;
    return TRUE;
  }
  if (poll_gone (self, out) || poll_flow (self, out))
    return TRUE;
  if (!self->has_new_bitrate)
    return FALSE;
  self->has_new_bitrate = FALSE;
  out->type = VIA_PEER_EVENT_BITRATE;
  out->bitrate_bps = self->bitrate_bps;
  return TRUE;
}

ViaKind
via_peer_kind (const ViaPeer *self, const guint8 *data, gsize len)
{
  guint32 ssrc;

  if (via_demux_kind (data, len) != VIA_DATAGRAM_RTP || len < 12)
    return VIA_KIND_UNKNOWN;
  ssrc = GST_READ_UINT32_BE (data + 8);
  for (guint i = 0; i < self->senders->len; i++) {
    const ViaSender *sender = via_peer_sender (self, i);

    if (sender && ssrc != 0
        && (sender->plan->ssrc == ssrc || sender->plan->rtx_ssrc == ssrc))
      return sender->plan->kind;
  }
  return VIA_KIND_UNKNOWN;
}

void
via_peer_close (ViaPeer *self, ViaTime now)
{
  if (via_peer_is_over (self))
    return;
  self->owes_bye = self->srtp != NULL;
  g_clear_pointer (&self->next_dtls, via_dtls_free);
  if (self->dtls)
    via_dtls_close (self->dtls);
  via_peer_set_state (self, VIA_PEER_CLOSED);
}

ViaPeerState
via_peer_state (const ViaPeer *self)
{
  return self->state;
}

const gchar *
via_peer_failure (const ViaPeer *self)
{
  return self->state == VIA_PEER_FAILED ? self->failure : NULL;
}

const gchar *
via_peer_srtp_profile (const ViaPeer *self)
{
  return self->srtp ? via_srtp_profile_name (via_srtp_profile (self->srtp))
                    : NULL;
}

const ViaDropCounters *
via_peer_drops (const ViaPeer *self)
{
  return &self->drops;
}
