/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/call.c – moves datagrams, timers and events between a peer and its ICE.
 * Decides nothing. Loop thread only.
 */
#include "io/call.h"

#include "io/icewire_priv.h"
#include "io/names.h"
#include "io/scratch.h"

#define MAX_BATCH 64 /* datagrams; a turn with more sends several times */

struct _ViaCall
{
  /* immutable */
  ViaLoop *loop;
  ViaIdentity *identity;
  ViaCallFuncs funcs;
  gpointer user;

  /* loop thread */
  ViaWire *ice;
  ViaNames *names; /* the far end's candidates */
  ViaPeer *peer;
  ViaLoopTimer timer;
  ViaConnectionState state;
  gboolean was_connected;
  gchar *failure;

  guint mline;           /* the BUNDLE-tagged one */
  GPtrArray *candidates; /* gchar*: ours so far */
  gboolean is_gathered;

  ViaDatagram batch[MAX_BATCH]; /* in buffers of the loop's scratch */
  guint n_batch;
  guint64 sent, unsent;
};

/* --- out --- */

static void
flush (ViaCall *self)
{
  guint taken = 0;

  if (self->n_batch == 0)
    return;
  taken = via_wire_send (self->ice, self->batch, self->n_batch);
  self->sent += taken;
  self->unsent += self->n_batch - taken;
  for (guint i = 0; i < self->n_batch; i++)
    via_scratch_give (self->loop, (guint8 *) self->batch[i].data);
  self->n_batch = 0;
}

static void
append (ViaCall *self, guint8 *data, gsize len)
{
  if (len == 0) {
    via_scratch_give (self->loop, data);
    return;
  }
  self->batch[self->n_batch++] = (ViaDatagram){data, len};
  if (self->n_batch == MAX_BATCH)
    flush (self);
}

static void
drain_peer (ViaCall *self)
{
  ViaTime now = via_loop_now (self->loop);
  gsize len;

  do {
    guint8 *out = via_scratch_take (self->loop);

    len = via_peer_next (self->peer, out, VIA_PEER_DATAGRAM, now);
    append (self, out, len);
  } while (len > 0);
}

/* --- state --- */

static void
note_failure (ViaCall *self)
{
  const gchar *why = via_peer_failure (self->peer);

  if (!why)
    why = self->was_connected ? "ICE: the far end does not answer any more"
                              : "ICE: no path to the far end was found";
  g_free (self->failure);
  self->failure = g_strdup (why);
}

static ViaConnectionState
state_now (const ViaCall *self)
{
  ViaIceState ice = via_wire_state (self->ice);
  ViaPeerState peer = via_peer_state (self->peer);

  if (peer == VIA_PEER_FAILED)
    return VIA_CONNECTION_FAILED;
  if (peer == VIA_PEER_CLOSED)
    return VIA_CONNECTION_CLOSED;
  if (ice == VIA_ICE_FAILED)
    return VIA_CONNECTION_FAILED;
  if (ice == VIA_ICE_DISCONNECTED && self->was_connected)
    return VIA_CONNECTION_DISCONNECTED;
  if (peer == VIA_PEER_CONNECTED)
    return VIA_CONNECTION_CONNECTED;
  if (ice != VIA_ICE_NEW || peer == VIA_PEER_CONNECTING)
    return VIA_CONNECTION_CONNECTING;
  return VIA_CONNECTION_NEW;
}

static gboolean
is_over (const ViaCall *self)
{
  return self->state == VIA_CONNECTION_FAILED
         || self->state == VIA_CONNECTION_CLOSED;
}

/* The end is final, whatever ICE finds afterwards. */
static void
follow_state (ViaCall *self)
{
  ViaConnectionState state = state_now (self);

  if (is_over (self) || state == self->state)
    return;
  if (state == VIA_CONNECTION_CONNECTED)
    self->was_connected = TRUE;
  if (state == VIA_CONNECTION_FAILED)
    note_failure (self);
  self->state = state;
  if (is_over (self))
    via_peer_close (self->peer, via_loop_now (self->loop));
  if (self->funcs.state)
    self->funcs.state (self->user, state);
}

static void
poll_peer (ViaCall *self)
{
  ViaPeerEvent event;

  while (via_peer_poll (self->peer, &event))
    switch (event.type) {
      case VIA_PEER_EVENT_STATE:
        follow_state (self);
        break;
      case VIA_PEER_EVENT_WANT_KEYFRAME:
        if (self->funcs.want_keyframe)
          self->funcs.want_keyframe (self->user, event.media);
        break;
      case VIA_PEER_EVENT_PATH:
        via_wire_again (self->ice);
        break;
      case VIA_PEER_EVENT_BITRATE:
        break; /* in the statistics; nobody adapts yet */
      case VIA_PEER_EVENT_GONE:
        if (self->funcs.gone)
          self->funcs.gone (self->user, event.media, event.ssrc);
        break;
      case VIA_PEER_EVENT_FLOW:
        if (self->funcs.flow)
          self->funcs.flow (
              self->user, event.media, event.is_out, event.is_flowing);
        break;
    }
}

/* --- turns --- */

static void
end_turn (gpointer data)
{
  ViaCall *self = data;

  poll_peer (self);
  drain_peer (self);
  flush (self);
  poll_peer (self);
  via_loop_timer_set (self->loop, &self->timer, via_peer_deadline (self->peer));
}

static void
touch (ViaCall *self)
{
  via_loop_at_turn_end (self->loop, end_turn, self);
}

static void
on_timer (gpointer data)
{
  ViaCall *self = data;

  via_peer_expire (self->peer, via_loop_now (self->loop));
  touch (self);
}

/* --- what ICE tells --- */

static void
on_candidate (gpointer user, const gchar *candidate)
{
  ViaCall *self = user;

  g_ptr_array_add (self->candidates, g_strdup (candidate));
  if (self->funcs.candidate)
    self->funcs.candidate (self->user, self->mline, candidate);
}

static void
on_gathering_done (gpointer user)
{
  ViaCall *self = user;

  self->is_gathered = TRUE;
  if (self->funcs.gathering_done)
    self->funcs.gathering_done (self->user);
}

static void
on_ice_state (gpointer user, ViaIceState state)
{
  ViaCall *self = user;

  if (state == VIA_ICE_CONNECTED)
    via_peer_path_ready (self->peer, via_loop_now (self->loop));
  touch (self);
  follow_state (self);
}

static void
on_datagram (gpointer user, guint8 *data, gsize len)
{
  ViaCall *self = user;
  ViaPeerMedia media;

  if (via_peer_receive (
          self->peer, data, len, via_loop_now (self->loop), &media)
      == VIA_DROP_NONE)
    via_wire_heard (self->ice);
  touch (self);
  if (media.rtp.data && self->funcs.media)
    self->funcs.media (self->user, &media);
}

/* --- life --- */

static ViaPeer *
peer_new (const ViaCallConfig *config)
{
  ViaPeerConfig peer = {0};

  peer.identity = config->identity;
  peer.rng = via_system_rng ();
  peer.unix_offset_us = g_get_real_time () - g_get_monotonic_time ();
  peer.srtp_profiles = config->srtp_profiles;
  return via_peer_new (&peer);
}

/* NULL with error. */
static ViaWire *
wire_new (ViaCall *self, const ViaCallConfig *config, GError **error)
{
  static const ViaIceFuncs funcs = {
      on_candidate, on_gathering_done, on_ice_state, on_datagram};
  ViaIceWire *full;

  if (config->lite != NULL)
    return via_litewire_new (config->loop, config->lite, &funcs, self, error);
  full = via_icewire_new (config->loop, &config->ice, &funcs, self, error);
  return full != NULL ? via_icewire_wire (full) : NULL;
}

ViaCall *
via_call_new (const ViaCallConfig *config, const ViaCallFuncs *funcs,
    gpointer user, GError **error)
{
  ViaCall *self;

  via_loop_assert (config->loop);
  self = g_new0 (ViaCall, 1);
  self->ice = wire_new (self, config, error);
  if (!self->ice) {
    g_free (self);
    return NULL;
  }
  self->loop = config->loop;
  self->names = via_names_new (self->loop, self->ice);
  self->identity = via_identity_ref (config->identity);
  self->funcs = *funcs;
  self->user = user;
  self->peer = peer_new (config);
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  self->timer.func = on_timer;
  self->timer.data = self;
  via_scratch_acquire (self->loop);
  return self;
}

void
via_call_free (ViaCall *self)
{
  if (!self)
    return;
  via_loop_assert (self->loop);
  via_peer_close (self->peer, via_loop_now (self->loop));
  drain_peer (self);
  flush (self);
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  via_loop_not_at_turn_end (self->loop, end_turn, self);
  via_names_free (self->names);
  via_wire_free (self->ice);
  via_peer_free (self->peer);
  via_scratch_release (self->loop);
  g_ptr_array_unref (self->candidates);
  via_identity_unref (self->identity);
  g_free (self->failure);
  g_free (self);
}

/* --- negotiation --- */

gboolean
via_call_gather (ViaCall *self, GError **error)
{
  via_loop_assert (self->loop);
  return via_wire_gather (self->ice, error);
}

/* RFC 8843 §7.2: ICE belongs to the first m-line that is not rejected. */
static guint
bundle_mline (const ViaPlan *plan)
{
  for (guint i = 0; i < plan->media->len; i++)
    if (!via_plan_media (plan, i)->is_rejected)
      return i;
  return 0;
}

static void
add_candidates (ViaCall *self, const ViaRemoteTransport *remote)
{
  for (guint i = 0; remote->candidates && i < remote->candidates->len; i++)
    via_names_add (
        self->names, g_ptr_array_index (remote->candidates, i), NULL);
  if (remote->has_end_of_candidates)
    via_names_end (self->names);
}

gboolean
via_call_apply (ViaCall *self, const ViaPlan *plan, GError **error)
{
  const ViaRemoteTransport *remote = plan->remote;

  via_loop_assert (self->loop);
  if (!via_icewire_check_credentials (remote->ufrag, remote->pwd, error))
    return FALSE;
  if (!via_peer_apply (self->peer, plan, error))
    return FALSE;
  if (plan->restarts_ice)
    via_wire_restart (self->ice, NULL);
  else
    via_wire_stay (self->ice);
  if (!via_wire_set_remote (
          self->ice, remote->ufrag, remote->pwd, remote->is_ice_lite, error))
    return FALSE;
  self->mline = bundle_mline (plan);
  add_candidates (self, remote);
  touch (self);
  return TRUE;
}

gboolean
via_call_add_candidate (ViaCall *self, const gchar *candidate, GError **error)
{
  GError *why = NULL;

  via_loop_assert (self->loop);
  if (!candidate || !*candidate) {
    via_names_end (self->names);
    return TRUE;
  }
  if (via_names_add (self->names, candidate, &why) || !why)
    return TRUE; /* one we cannot use is dropped, politely */
  g_propagate_error (error, why);
  return FALSE;
}

void
via_call_roll_back (ViaCall *self)
{
  via_loop_assert (self->loop);
  via_wire_stay (self->ice);
}

gchar *
via_call_describe (ViaCall *self, const ViaPlan *plan)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  ViaLocalTransport local = {0};

  via_loop_assert (self->loop);
  self->mline = bundle_mline (plan);
  if (!plan->is_complete)
    via_peer_offered (self->peer, plan);
  if (!plan->is_complete && plan->restarts_ice)
    via_wire_restart (self->ice, NULL);
  for (guint i = 0; i < self->candidates->len; i++)
    g_ptr_array_add (list, g_ptr_array_index (self->candidates, i));
  g_ptr_array_add (list, NULL);
  local.ufrag = via_wire_ufrag (self->ice);
  local.pwd = via_wire_pwd (self->ice);
  local.fingerprint = via_identity_fingerprint (self->identity);
  local.candidates = (const gchar *const *) list->pdata;
  local.end_of_candidates = self->is_gathered;
  local.trickle = TRUE;
  local.is_lite = via_wire_is_lite (self->ice);
  return via_sdp_write (plan, &local);
}

gboolean
via_call_gathering_is_done (const ViaCall *self)
{
  return self->is_gathered;
}

/* --- media --- */

gboolean
via_call_bind (ViaCall *self, guint media, const ViaCodec *codec)
{
  via_loop_assert (self->loop);
  touch (self);
  return via_peer_bind (self->peer, media, codec);
}

void
via_call_unbind (ViaCall *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_unbind (self->peer, media);
}

void
via_call_end (ViaCall *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_end (self->peer, media);
  touch (self);
}

void
via_call_send (ViaCall *self, guint media, ViaPacket *const *packets, guint n)
{
  ViaTime now = via_loop_now (self->loop);

  via_loop_assert (self->loop);
  for (guint i = 0; i < n; i++) {
    guint8 *out = via_scratch_take (self->loop);

    append (self, out,
        via_peer_send (
            self->peer, media, packets[i], out, VIA_PEER_DATAGRAM, now));
  }
  touch (self);
}

void
via_call_want_keyframe (ViaCall *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_want_keyframe (self->peer, media, via_loop_now (self->loop));
  touch (self);
}

/* --- what is known --- */

ViaConnectionState
via_call_state (const ViaCall *self)
{
  return self->state;
}

const gchar *
via_call_failure (const ViaCall *self)
{
  return self->failure;
}

gboolean
via_call_selected (ViaCall *self, gchar **out_local, gchar **out_remote)
{
  return via_wire_selected (self->ice, out_local, out_remote);
}

static GstStructure *
ice_stats (ViaCall *self)
{
  static const gchar *const states[] = {
      "new", "checking", "connected", "disconnected", "failed"};
  g_autofree gchar *local = NULL;
  g_autofree gchar *remote = NULL;
  GstStructure *out = gst_structure_new ("via-ice-stats",         //
      "state", G_TYPE_STRING, states[via_wire_state (self->ice)], //
      "datagrams-sent", G_TYPE_UINT64, self->sent,                //
      "datagrams-unsent", G_TYPE_UINT64, self->unsent,            //
      "names-dropped", G_TYPE_UINT, via_names_dropped (self->names), NULL);

  if (via_wire_selected (self->ice, &local, &remote))
    gst_structure_set (out, "local", G_TYPE_STRING, local, "remote",
        G_TYPE_STRING, remote, NULL);
  return out;
}

GstStructure *
via_call_stats (ViaCall *self)
{
  GstStructure *out = via_peer_stats (self->peer, via_loop_now (self->loop));
  GstStructure *ice = ice_stats (self);

  via_loop_assert (self->loop);
  gst_structure_set (out, "ice", GST_TYPE_STRUCTURE, ice, NULL);
  gst_structure_free (ice);
  return out;
}
