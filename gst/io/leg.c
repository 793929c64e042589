/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/leg.c – moves datagrams, timers and events between a peer and its ICE.
 * Decides nothing. Loop thread only.
 */
#include "io/leg.h"

#include "io/icewire_priv.h"
#include "io/scratch.h"
#include "io/way.h"

#define MAX_BATCH 64     /* datagrams; a turn with more sends several times */
#define PAST (2 * VIA_S) /* how long the way before a restart is heard */

struct _ViaLeg
{
  /* immutable */
  ViaLoop *loop;
  ViaIdentity *identity;
  ViaLegFuncs funcs;
  gpointer user;

  /* loop thread */
  ViaWay *way; /* what media goes out on */
  ViaWay
      *next; /* (nullable) of an ICE restart; takes its place when it works */
  ViaWay *past; /* (nullable) after a restart, only heard for a while */
  ViaLoopTimer past_timer;
  ViaPeer *peer;
  ViaLoopTimer timer;
  ViaConnectionState state;
  gboolean was_connected;
  gchar *failure;

  ViaLeg *reports, *reports_of; /* (nullable) see via_leg_set_reports */
  gboolean is_gathering;
  gboolean is_controlling;

  struct
  {
    guint8 audio, video, other; /* code points; 0: the socket's */
  } marks;
  ViaDatagram batch[MAX_BATCH]; /* in buffers of the loop's scratch */
  guint n_batch;
  guint64 sent, unsent;

  ViaDataLink *data; /* (nullable) not owned */
};

/* --- out --- */

static void
flush (ViaLeg *self)
{
  guint taken = 0;

  if (self->n_batch == 0)
    return;
  taken = via_wire_send (self->way->wire, self->batch, self->n_batch);
  self->sent += taken;
  self->unsent += self->n_batch - taken;
  for (guint i = 0; i < self->n_batch; i++)
    via_scratch_give (self->loop, (guint8 *) self->batch[i].data);
  self->n_batch = 0;
}

/* Media of all kinds goes one way, so each datagram bears its own mark. */
static guint8
mark_of (const ViaLeg *self, const guint8 *data, gsize len)
{
  if (self->marks.audio == self->marks.other
      && self->marks.video == self->marks.other)
    return self->marks.other;
  switch (via_peer_kind (self->peer, data, len)) {
    case VIA_KIND_AUDIO:
      return self->marks.audio;
    case VIA_KIND_VIDEO:
      return self->marks.video;
    default:
      return self->marks.other;
  }
}

static void
append (ViaLeg *self, guint8 *data, gsize len)
{
  if (len == 0) {
    via_scratch_give (self->loop, data);
    return;
  }
  self->batch[self->n_batch++] =
      (ViaDatagram){data, len, mark_of (self, data, len)};
  if (self->n_batch == MAX_BATCH)
    flush (self);
}

static void
drain_peer (ViaLeg *self)
{
  ViaTime now = via_loop_now (self->loop);
  gsize len;

  do {
    guint8 *out = via_scratch_take (self->loop);

    len = via_peer_next (self->peer, out, VIA_PEER_DATAGRAM, now);
    append (self, out, len);
  } while (len > 0);
}

/* Both ways: what came to the data channels, and what they send. */
static void
move_data (ViaLeg *self)
{
  ViaPeerData agreed;
  GBytes *packet;

  if (self->data == NULL || !via_peer_data (self->peer, &agreed))
    return;
  via_datalink_start (self->data, &agreed);
  while ((packet = via_datalink_next (self->data)) != NULL) {
    guint8 *out = via_scratch_take (self->loop);

    append (self, out,
        via_peer_write_data (self->peer, g_bytes_get_data (packet, NULL),
            g_bytes_get_size (packet), out, VIA_PEER_DATAGRAM));
    g_bytes_unref (packet);
  }
}

static void
take_data (ViaLeg *self)
{
  guint8 packet[VIA_PEER_DATAGRAM];
  gsize len;

  while (self->data != NULL
         && (len = via_peer_read_data (self->peer, packet, sizeof packet)) > 0)
    via_datalink_feed (self->data, packet, len);
}

/* --- state --- */

static void
note_failure (ViaLeg *self)
{
  const gchar *why = via_peer_failure (self->peer);

  if (!why)
    why = self->was_connected ? "ICE: the far end does not answer any more"
                              : "ICE: no path to the far end was found";
  g_free (self->failure);
  self->failure = g_strdup (why);
}

static ViaConnectionState
state_now (const ViaLeg *self)
{
  ViaIceState ice = via_wire_state (self->way->wire);
  ViaPeerState peer = via_peer_state (self->peer);

  if (peer == VIA_PEER_FAILED)
    return VIA_CONNECTION_FAILED;
  if (peer == VIA_PEER_CLOSED)
    return VIA_CONNECTION_CLOSED;
  if (ice == VIA_ICE_FAILED)
    return self->next && self->next->is_answered ? VIA_CONNECTION_CONNECTING
                                                 : VIA_CONNECTION_FAILED;
  if (ice == VIA_ICE_DISCONNECTED && self->was_connected)
    return VIA_CONNECTION_DISCONNECTED;
  if (peer == VIA_PEER_CONNECTED)
    return VIA_CONNECTION_CONNECTED;
  if (ice != VIA_ICE_NEW || peer == VIA_PEER_CONNECTING)
    return VIA_CONNECTION_CONNECTING;
  return VIA_CONNECTION_NEW;
}

gboolean
via_leg_is_over (const ViaLeg *self)
{
  ViaPeerState peer = via_peer_state (self->peer);

  return peer == VIA_PEER_FAILED || peer == VIA_PEER_CLOSED;
}

/* Where ICE failed a restart may still help. */
static void
follow_state (ViaLeg *self)
{
  ViaConnectionState state = state_now (self);

  if (state == self->state)
    return;
  if (state == VIA_CONNECTION_CONNECTED)
    self->was_connected = TRUE;
  if (state == VIA_CONNECTION_FAILED)
    note_failure (self);
  else if (state != VIA_CONNECTION_CLOSED)
    g_clear_pointer (&self->failure, g_free);
  self->state = state;
  if (self->funcs.state)
    self->funcs.state (self->user, state);
}

static void
poll_peer (ViaLeg *self)
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
        if (!self->next || !self->next->is_answered)
          via_wire_again (self->way->wire);
        break;
      case VIA_PEER_EVENT_BITRATE:
        break; /* in the statistics; nobody adapts yet */
      case VIA_PEER_EVENT_GONE:
        if (self->funcs.gone)
          self->funcs.gone (self->user, event.media, event.ssrc);
        break;
      case VIA_PEER_EVENT_SILENT:
        if (self->funcs.silent && !self->next)
          self->funcs.silent (self->user);
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
  ViaLeg *self = data;

  poll_peer (self);
  move_data (self);
  drain_peer (self);
  flush (self);
  poll_peer (self);
  if (self->reports)
    end_turn (self->reports);
  via_loop_timer_set (self->loop, &self->timer, via_peer_deadline (self->peer));
}

static void
touch (ViaLeg *self)
{
  via_loop_at_turn_end (self->loop, end_turn, self);
}

static void
on_timer (gpointer data)
{
  ViaLeg *self = data;

  via_peer_expire (self->peer, via_loop_now (self->loop));
  touch (self);
}

/* --- what ICE tells --- */

static void
on_candidate (gpointer user, const gchar *candidate)
{
  const ViaWay *way = user;
  ViaLeg *self = way->user;

  if (self->funcs.candidate)
    self->funcs.candidate (self->user, candidate);
}

static void
on_gathering_done (gpointer user)
{
  ViaWay *way = user;
  ViaLeg *self = way->user;

  way->is_gathered = TRUE;
  if (self->funcs.gathering_done)
    self->funcs.gathering_done (self->user);
}

/* Of the way in use; one that takes its place tells when it does. */
static void
tell_pair (ViaLeg *self)
{
  ViaWirePair pair;

  if (self->funcs.pair && via_wire_pair (self->way->wire, &pair))
    self->funcs.pair (self->user, &pair);
}

static void
on_pair (gpointer user)
{
  const ViaWay *way = user;
  ViaLeg *self = way->user;

  if (way == self->way)
    tell_pair (self);
}

static void
on_server_failed (
    gpointer user, const gchar *server, guint code, const gchar *text)
{
  const ViaWay *way = user;
  ViaLeg *self = way->user;

  if (self->funcs.server_failed)
    self->funcs.server_failed (self->user, server, code, text);
}

/* RFC 8445 §9: the old pair until the new one works; and if it never does, as
 * long as the old one works. */
static void
follow_next (ViaLeg *self, ViaIceState state)
{
  if (state == VIA_ICE_CONNECTED) {
    flush (self);
    via_way_free (self->past);
    self->past = self->way; /* the far end may change over later */
    via_loop_timer_set (
        self->loop, &self->past_timer, via_loop_now (self->loop) + PAST);
    self->way = g_steal_pointer (&self->next);
    tell_pair (self);
  } else if (state == VIA_ICE_FAILED) {
    g_clear_pointer (&self->next, via_way_free);
  }
}

static void
on_past (gpointer data)
{
  ViaLeg *self = data;

  g_clear_pointer (&self->past, via_way_free);
}

static void
on_ice_state (gpointer user, ViaIceState state)
{
  const ViaWay *way = user;
  ViaLeg *self = way->user;

  if (way == self->past)
    return;
  if (way == self->next)
    follow_next (self, state);
  if (state == VIA_ICE_CONNECTED)
    via_peer_path_ready (self->peer, via_loop_now (self->loop));
  touch (self);
  follow_state (self);
}

static void
on_datagram (gpointer user, guint8 *data, gsize len)
{
  ViaWay *way = user;
  ViaLeg *self = way->user;
  ViaPeerMedia media;

  if (via_peer_receive (
          self->peer, data, len, via_loop_now (self->loop), &media)
      == VIA_DROP_NONE)
    via_wire_heard (way->wire);
  take_data (self);
  touch (self);
  if (self->reports_of)
    touch (self->reports_of);
  if (media.rtp.data && self->funcs.media)
    self->funcs.media (self->user, &media);
}

/* --- life --- */

static ViaPeer *
peer_new (const ViaLegConfig *config)
{
  ViaPeerConfig peer = {0};

  peer.identity = config->identity;
  peer.rng = via_system_rng ();
  peer.unix_offset_us = g_get_real_time () - g_get_monotonic_time ();
  peer.srtp_profiles = config->srtp_profiles;
  return via_peer_new (&peer);
}

/* NULL with error. */
static ViaWay *
way_new (ViaLeg *self, const ViaLegConfig *config, GError **error)
{
  static const ViaIceFuncs funcs = {.candidate = on_candidate,
      .gathering_done = on_gathering_done,
      .state = on_ice_state,
      .datagram = on_datagram,
      .pair = on_pair,
      .server_failed = on_server_failed};
  ViaIceConfig ice = config->ice;

  ice.is_controlling = self->is_controlling;
  return via_way_new (config->loop, &ice, config->lite, &funcs, self, error);
}

ViaLeg *
via_leg_new (const ViaLegConfig *config, const ViaLegFuncs *funcs,
    gpointer user, GError **error)
{
  ViaLeg *self;

  via_loop_assert (config->loop);
  self = g_new0 (ViaLeg, 1);
  self->is_controlling = config->ice.is_controlling;
  self->marks.audio = config->ice.audio_dscp;
  self->marks.video = config->ice.video_dscp;
  self->marks.other = config->ice.dscp;
  self->way = way_new (self, config, error);
  if (!self->way) {
    g_free (self);
    return NULL;
  }
  self->loop = config->loop;
  self->identity = via_identity_ref (config->identity);
  self->funcs = *funcs;
  self->user = user;
  self->peer = peer_new (config);
  self->timer.func = on_timer;
  self->timer.data = self;
  self->past_timer.func = on_past;
  self->past_timer.data = self;
  via_scratch_acquire (self->loop);
  return self;
}

void
via_leg_free (ViaLeg *self)
{
  if (!self)
    return;
  via_loop_assert (self->loop);
  if (self->data != NULL)
    via_datalink_set_outlet (self->data, NULL, NULL);
  if (self->reports)
    self->reports->reports_of = NULL;
  if (self->reports_of)
    self->reports_of->reports = NULL;
  via_peer_close (self->peer, via_loop_now (self->loop));
  drain_peer (self);
  flush (self);
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  via_loop_not_at_turn_end (self->loop, end_turn, self);
  via_loop_timer_set (self->loop, &self->past_timer, VIA_TIME_NEVER);
  via_way_free (self->past);
  via_way_free (self->next);
  via_way_free (self->way);
  via_peer_free (self->peer);
  via_scratch_release (self->loop);
  via_identity_unref (self->identity);
  g_free (self->failure);
  g_free (self);
}

/* --- negotiation --- */

gboolean
via_leg_gather (ViaLeg *self, GError **error)
{
  via_loop_assert (self->loop);
  if (!via_wire_gather (self->way->wire, error))
    return FALSE;
  if (!self->is_gathering && self->funcs.gathering)
    self->funcs.gathering (self->user);
  self->is_gathering = TRUE;
  return TRUE;
}

gboolean
via_leg_restart (ViaLeg *self, const ViaLegConfig *config, GError **error)
{
  ViaWay *next;

  via_loop_assert (self->loop);
  if (self->next && !self->next->is_answered)
    return TRUE;
  next = way_new (self, config, error);
  if (!next)
    return FALSE;
  if (self->is_gathering && !via_wire_gather (next->wire, error)) {
    via_way_free (next);
    return FALSE;
  }
  if (self->is_gathering && self->funcs.gathering)
    self->funcs.gathering (self->user);
  via_way_free (self->next);
  self->next = next;
  return TRUE;
}

/* What the other side speaks of. */
static ViaWay *
answered_way (ViaLeg *self)
{
  return self->next && self->next->is_answered ? self->next : self->way;
}

gboolean
via_leg_apply (ViaLeg *self, const ViaPlan *plan, GError **error)
{
  const ViaRemoteTransport *remote = plan->remote;
  ViaWay *way =
      plan->restarts_ice && self->next ? self->next : answered_way (self);

  via_loop_assert (self->loop);
  if (!via_icewire_check_credentials (remote->ufrag, remote->pwd, error)
      || !via_peer_apply (self->peer, plan, error)
      || !via_way_take_remote (way, remote, error))
    return FALSE;
  via_leg_roll_back (self);
  touch (self);
  follow_state (self);
  return TRUE;
}

gboolean
via_leg_add_candidate (ViaLeg *self, const gchar *candidate, GError **error)
{
  via_loop_assert (self->loop);
  return via_way_add_candidate (answered_way (self), candidate, error);
}

void
via_leg_roll_back (ViaLeg *self)
{
  via_loop_assert (self->loop);
  if (self->next && !self->next->is_answered)
    g_clear_pointer (&self->next, via_way_free);
}

void
via_leg_describe (ViaLeg *self, ViaLocalTransport *out)
{
  via_loop_assert (self->loop);
  via_way_describe (self->next ? self->next : self->way, out);
  out->fingerprint = via_identity_fingerprint (self->identity);
}

void
via_leg_offered (ViaLeg *self, const ViaPlan *plan)
{
  via_loop_assert (self->loop);
  via_peer_offered (self->peer, plan);
}

void
via_leg_set_reports (ViaLeg *self, ViaLeg *to)
{
  via_loop_assert (self->loop);
  self->reports = to;
  to->reports_of = self;
  via_peer_set_reports (self->peer, to->peer);
}

/* --- media --- */

gboolean
via_leg_bind (ViaLeg *self, guint media, const ViaCodec *codec)
{
  via_loop_assert (self->loop);
  touch (self);
  return via_peer_bind (self->peer, media, codec);
}

void
via_leg_unbind (ViaLeg *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_unbind (self->peer, media);
}

void
via_leg_end (ViaLeg *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_end (self->peer, media);
  touch (self);
}

void
via_leg_send (ViaLeg *self, guint media, ViaPacket *const *packets, guint n)
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
via_leg_want_keyframe (ViaLeg *self, guint media)
{
  via_loop_assert (self->loop);
  via_peer_want_keyframe (self->peer, media, via_loop_now (self->loop));
  touch (self);
}

static void
on_data (gpointer data)
{
  touch (data);
}

void
via_leg_set_data (ViaLeg *self, ViaDataLink *link)
{
  via_loop_assert (self->loop);
  if (self->data == link)
    return;
  self->data = link;
  if (link != NULL)
    via_datalink_set_outlet (link, on_data, self);
}

/* --- what is known --- */

ViaConnectionState
via_leg_state (const ViaLeg *self)
{
  return self->state;
}

gboolean
via_leg_was_connected (const ViaLeg *self)
{
  return self->was_connected;
}

const gchar *
via_leg_failure (const ViaLeg *self)
{
  return self->failure;
}

gboolean
via_leg_selected (ViaLeg *self, gchar **out_local, gchar **out_remote)
{
  return via_wire_selected (self->way->wire, out_local, out_remote);
}

static GstStructure *
ice_stats (ViaLeg *self)
{
  static const gchar *const states[] = {
      "new", "checking", "connected", "disconnected", "failed"};
  g_autofree gchar *local = NULL;
  g_autofree gchar *remote = NULL;
  GstStructure *out = gst_structure_new ("via-ice-stats",                 //
      "state", G_TYPE_STRING, states[via_wire_state (self->way->wire)],   //
      "datagrams-sent", G_TYPE_UINT64, self->sent,                        //
      "datagrams-unsent", G_TYPE_UINT64, self->unsent,                    //
      "names-dropped", G_TYPE_UINT, via_names_dropped (self->way->names), //
      "candidates-dropped", G_TYPE_UINT, via_names_refused (self->way->names),
      NULL);

  if (via_wire_selected (self->way->wire, &local, &remote))
    gst_structure_set (out, "local", G_TYPE_STRING, local, "remote",
        G_TYPE_STRING, remote, NULL);
  return out;
}

GstStructure *
via_leg_stats (ViaLeg *self)
{
  GstStructure *out = via_peer_stats (self->peer, via_loop_now (self->loop));
  GstStructure *ice = ice_stats (self);

  via_loop_assert (self->loop);
  gst_structure_set (out, "ice", GST_TYPE_STRUCTURE, ice, NULL);
  gst_structure_free (ice);
  return out;
}
