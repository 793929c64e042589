/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire.c – one NiceAgent with one stream and one component.
 * Its signals become events, handed on at the end of the turn or before the
 * next datagram; so no callback is made from inside a call.
 * RFC 8445 · RFC 8838 (trickle) · RFC 7675 (consent) · RFC 8656 (TURN)
 */
#include "io/icewire.h"
#include "io/icewire_state.h"
#include "ice/candidate.h"

#include <gst/gst.h>
#include <nice/debug.h>
#include <string.h>

GST_DEBUG_CATEGORY (via_ice_debug);
#define GST_CAT_DEFAULT via_ice_debug

#define GATHER_LIMIT (10 * G_TIME_SPAN_SECOND)
#define PATIENT_TRIES 4 /* from 500 ms on, twice as long each time */
#define SEND_BATCH 32   /* datagrams handed to libnice at once */

typedef enum
{
  EVENT_CANDIDATE,
  EVENT_GATHERED,
  EVENT_STATE,
  EVENT_PAIR,
} EventKind;

typedef struct
{
  EventKind kind;
  gchar *text; /* EVENT_CANDIDATE */
  ViaIceState state;
} Event;

static gint n_alive; /* atomic */

/* --- events --- */

static void
event_free (gpointer data)
{
  Event *event = data;

  g_free (event->text);
  g_free (event);
}

static void
deliver (gpointer data)
{
  ViaIceWire *self = data;
  Event *event;

  /* A callback may free the wire: memory stays until a later turn. */
  while (!self->is_closed && (event = g_queue_pop_head (&self->events))) {
    switch (event->kind) {
      case EVENT_CANDIDATE:
        if (self->funcs.candidate)
          self->funcs.candidate (self->user, event->text);
        break;
      case EVENT_GATHERED:
        if (self->funcs.gathering_done)
          self->funcs.gathering_done (self->user);
        if (!self->is_closed)
          via_icewire_ask_servers (self);
        break;
      case EVENT_STATE:
        if (self->funcs.state)
          self->funcs.state (self->user, event->state);
        break;
      case EVENT_PAIR:
        if (self->funcs.pair)
          self->funcs.pair (self->user);
        break;
    }
    event_free (event);
  }
}

static void
push_event (ViaIceWire *self, EventKind kind, gchar *text)
{
  Event *event = g_new (Event, 1);

  *event = (Event){kind, text, self->state};
  g_queue_push_tail (&self->events, event);
  via_loop_at_turn_end (self->loop, deliver, self);
}

/* --- what libnice tells --- */

static void
on_candidate (NiceAgent *agent, NiceCandidate *candidate, ViaIceWire *self)
{
  gchar *text;

  if (self->is_closed)
    return;
  via_icewire_note_server (self, candidate);
  text = via_icewire_tell_local (self, candidate);
  if (text == NULL)
    return;
  GST_DEBUG ("wire %s: local %s", self->ufrag, text);
  g_ptr_array_insert (
      self->locals, (gint) self->locals->len - 1, g_strdup (text));
  push_event (self, EVENT_CANDIDATE, text);
}

static void
on_gathered (NiceAgent *agent, guint stream, ViaIceWire *self)
{
  if (self->is_closed || self->is_gathered || self->relays_later != NULL)
    return;
  self->is_gathered = TRUE;
  via_loop_timer_set (self->loop, &self->patience, VIA_TIME_NEVER);
  push_event (self, EVENT_GATHERED, NULL);
}

/* libnice never comes to the end when a TURN server closes its connection. */
static void
on_patience (gpointer data)
{
  ViaIceWire *self = data;

  on_gathered (self->agent, self->stream, self);
}

static ViaIceState
state_after (const ViaIceWire *self, NiceComponentState now)
{
  ViaIceState before = self->state;

  switch (now) {
    case NICE_COMPONENT_STATE_CONNECTING:
      if (self->is_restarting) /* the old pair goes on */
        return before;
      return before == VIA_ICE_CONNECTED ? VIA_ICE_DISCONNECTED
                                         : VIA_ICE_CHECKING;
    case NICE_COMPONENT_STATE_CONNECTED:
    case NICE_COMPONENT_STATE_READY:
      return VIA_ICE_CONNECTED;
    case NICE_COMPONENT_STATE_FAILED:
      return VIA_ICE_FAILED;
    default:
      return before;
  }
}

static void
drop_direct (ViaIceWire *self)
{
  if (!self->direct)
    return;
  via_gcontext_on_writable (self->context, -1, NULL, NULL);
  g_clear_pointer (&self->direct, via_udpsend_free);
  g_clear_object (&self->socket);
}

static void
on_state (NiceAgent *agent, guint stream, guint component, guint nice_state,
    ViaIceWire *self)
{
  ViaIceState state = state_after (self, nice_state);

  if (nice_state == NICE_COMPONENT_STATE_READY)
    self->is_restarting = FALSE;
  if (self->is_closed || state == self->state)
    return;
  GST_DEBUG (
      "wire %s: %s", self->ufrag, nice_component_state_to_string (nice_state));
  self->state = state;
  if (state == VIA_ICE_FAILED)
    drop_direct (self);
  push_event (self, EVENT_STATE, NULL);
}

static void
read_end (ViaWireEnd *out, const NiceCandidate *candidate)
{
  static const ViaCandidateType types[] = {
      [NICE_CANDIDATE_TYPE_HOST] = VIA_CANDIDATE_HOST,
      [NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE] = VIA_CANDIDATE_SRFLX,
      [NICE_CANDIDATE_TYPE_PEER_REFLEXIVE] = VIA_CANDIDATE_PRFLX,
      [NICE_CANDIDATE_TYPE_RELAYED] = VIA_CANDIDATE_RELAY,
  };

  out->type = types[candidate->type];
  out->is_tcp = candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP;
  nice_address_to_string (&candidate->addr, out->address);
  out->port = (guint16) nice_address_get_port (&candidate->addr);
}

static gchar *
describe (const ViaWireEnd *end)
{
  return g_strdup_printf (
      strchr (end->address, ':') != NULL ? "%s [%s]:%u" : "%s %s:%u",
      via_candidate_type_name (end->type), end->address, end->port);
}

/* A pair without relay on our side: its socket is ours to batch on. */
static void
take_direct (
    ViaIceWire *self, const NiceCandidate *local, const NiceCandidate *remote)
{
  struct sockaddr_storage to = {0};
  gboolean is_v6 = nice_address_ip_version (&remote->addr) == 6;

  drop_direct (self);
  if (local->transport != NICE_CANDIDATE_TRANSPORT_UDP
      || local->type == NICE_CANDIDATE_TYPE_RELAYED || self->relay_only)
    return;
  self->socket = nice_agent_get_selected_socket (
      self->agent, self->stream, VIA_ICE_COMPONENT);
  if (!self->socket)
    return;
  nice_address_copy_to_sockaddr (&remote->addr, (struct sockaddr *) &to);
  self->direct =
      via_udpsend_new (g_socket_get_fd (self->socket), (struct sockaddr *) &to,
          is_v6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in),
          &self->counters);
}

static void
on_pair (NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
    NiceCandidate *remote, ViaIceWire *self)
{
  g_autofree gchar *server = NULL;

  if (self->is_closed)
    return;
  server = via_icewire_server_name (self, local);
  g_strlcpy (self->pair.server, server != NULL ? server : "",
      sizeof self->pair.server);
  read_end (&self->pair.local, local);
  read_end (&self->pair.remote, remote);
  g_free (self->local);
  g_free (self->remote);
  self->local = describe (&self->pair.local);
  self->remote = describe (&self->pair.remote);
  take_direct (self, local, remote);
  push_event (self, EVENT_PAIR, NULL);
  GST_DEBUG ("wire %s: %s to %s, %s", self->ufrag, self->local, self->remote,
      self->direct ? "direct" : "through libnice");
}

static void
on_datagram (NiceAgent *agent, guint stream, guint component, guint len,
    gchar *data, gpointer user)
{
  ViaIceWire *self = user;

  deliver (self); /* what happened before it arrived */
  if (!self->is_closed && self->funcs.datagram)
    self->funcs.datagram (self->user, (guint8 *) data, len);
}

/* --- life --- */

static NiceAgent *
agent_new (ViaIceWire *self, const ViaIceConfig *config)
{
  NiceAgent *agent = nice_agent_new_full (
      via_gcontext_main_context (self->context), NICE_COMPATIBILITY_RFC5245,
      NICE_AGENT_OPTION_ICE_TRICKLE | NICE_AGENT_OPTION_REGULAR_NOMINATION
          | NICE_AGENT_OPTION_CONSENT_FRESHNESS);

  g_object_set (agent, "upnp", FALSE, "ice-tcp", config->tcp,
      "keepalive-conncheck", TRUE, "controlling-mode", config->is_controlling,
      "force-relay", config->relay_only, NULL);
  if (config->is_patient)
    g_object_set (agent, "stun-max-retransmissions", PATIENT_TRIES, NULL);
  if (config->stun)
    g_object_set (agent, "stun-server", config->stun->host, "stun-server-port",
        (guint) config->stun->port, NULL);
  g_signal_connect (
      agent, "new-candidate-full", G_CALLBACK (on_candidate), self);
  g_signal_connect (
      agent, "candidate-gathering-done", G_CALLBACK (on_gathered), self);
  g_signal_connect (
      agent, "component-state-changed", G_CALLBACK (on_state), self);
  g_signal_connect (
      agent, "new-selected-pair-full", G_CALLBACK (on_pair), self);
  return agent;
}

static gboolean
stream_new (ViaIceWire *self, const ViaIceConfig *config)
{
  self->stream = nice_agent_add_stream (self->agent, 1);
  if (self->stream == 0)
    return FALSE;
  if (self->min_port)
    nice_agent_set_port_range (self->agent, self->stream, VIA_ICE_COMPONENT,
        self->min_port, self->max_port);
  if (config->dscp)
    nice_agent_set_stream_tos (self->agent, self->stream, config->dscp << 2);
  if (!via_icewire_relays_wait (self) && !via_icewire_add_relays (self))
    return FALSE;
  if (config->ufrag != NULL
      && !nice_agent_set_local_credentials (
          self->agent, self->stream, config->ufrag, config->pwd))
    return FALSE;
  return nice_agent_attach_recv (self->agent, self->stream, VIA_ICE_COMPONENT,
             via_gcontext_main_context (self->context), on_datagram, self)
         && nice_agent_get_local_credentials (
             self->agent, self->stream, &self->ufrag, &self->pwd)
         && self->ufrag && self->pwd;
}

static void
init_debug (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once)) {
    GST_DEBUG_CATEGORY_INIT (via_ice_debug, "via-ice", 0, "ICE of one peer");
    g_once_init_leave (&once, 1);
  }
}

ViaIceWire *
via_icewire_new (ViaLoop *loop, const ViaIceConfig *config,
    const ViaIceFuncs *funcs, gpointer user, GError **error)
{
  ViaIceWire *self;
  gboolean is_made;

  via_loop_assert (loop);
  init_debug ();
  if (!via_icewire_check_config (config, error))
    return NULL;
  self = g_new0 (ViaIceWire, 1);
  self->loop = loop;
  self->funcs = *funcs;
  self->user = user;
  self->relay_only = config->relay_only;
  self->tcp = config->tcp;
  self->external_ipv4 = g_strdup (config->external_ipv4);
  self->external_ipv6 = g_strdup (config->external_ipv6);
  self->interfaces = g_strdup (config->interfaces);
  via_icewire_keep_servers (self, config);
  if (config->min_port || config->max_port) {
    self->min_port = config->min_port ? config->min_port : 1024;
    self->max_port = config->max_port ? config->max_port : 65535;
  }
  self->early = g_ptr_array_new_with_free_func (g_free);
  self->locals = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->locals, NULL);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->events);
  g_atomic_int_inc (&n_alive);

  self->context = via_gcontext_new (loop);
  via_gcontext_enter (self->context);
  self->agent = agent_new (self, config);
  is_made = stream_new (self, config);
  via_gcontext_leave (self->context);
  if (!is_made) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO, "no ICE agent could be made");
    via_icewire_free (self);
    return NULL;
  }
  return self;
}

/* In a turn of its own, when nothing of libnice is on the stack. */
static void
finish_close (gpointer data)
{
  ViaIceWire *self = data;
  ViaLoop *loop = self->loop;
  gchar *texts[] = {self->ufrag, self->pwd, self->remote_ufrag,
      self->remote_pwd, self->local, self->remote, self->external_ipv4,
      self->external_ipv6, self->interfaces};

  via_gcontext_enter (self->context);
  g_clear_object (&self->agent);
  via_gcontext_leave (self->context);
  via_gcontext_free (self->context);
  via_icewire_forget_servers (self);
  g_ptr_array_unref (self->early);
  g_ptr_array_unref (self->locals);
  g_hash_table_unref (self->known);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_free (self);
  g_atomic_int_add (&n_alive, -1);
  via_loop_linger_done (loop);
}

static void
on_closed (GObject *agent, GAsyncResult *result, gpointer user)
{
  ViaIceWire *self = user;

  GST_DEBUG ("wire %s: closed", self->ufrag);
  via_loop_post (self->loop, finish_close, self, NULL);
}

static void
begin_close (gpointer data)
{
  ViaIceWire *self = data;

  via_gcontext_enter (self->context);
  via_icewire_no_relays_later (self);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  if (self->stream)
    nice_agent_attach_recv (self->agent, self->stream, VIA_ICE_COMPONENT,
        via_gcontext_main_context (self->context), NULL, NULL);
  nice_agent_close_async (self->agent, on_closed, self);
  via_gcontext_leave (self->context);
}

void
via_icewire_free (ViaIceWire *self)
{
  if (!self)
    return;
  via_loop_assert (self->loop);
  g_assert (!self->is_closed);
  self->is_closed = TRUE;
  via_loop_timer_set (self->loop, &self->patience, VIA_TIME_NEVER);
  via_icewire_stop_asking (self);
  drop_direct (self);
  via_loop_not_at_turn_end (self->loop, deliver, self);
  g_queue_clear_full (&self->events, event_free);
  via_loop_linger (self->loop);
  via_loop_post (self->loop, begin_close, self, NULL);
}

guint
via_icewire_alive (void)
{
  return (guint) g_atomic_int_get (&n_alive);
}

/* --- our side --- */

const gchar *
via_icewire_ufrag (const ViaIceWire *self)
{
  return self->ufrag;
}

const gchar *
via_icewire_pwd (const ViaIceWire *self)
{
  return self->pwd;
}

const gchar *const *
via_icewire_candidates (const ViaIceWire *self)
{
  return (const gchar *const *) self->locals->pdata;
}

gboolean
via_icewire_gather (ViaIceWire *self, GError **error)
{
  gboolean has_address, is_ok;

  via_loop_assert (self->loop);
  if (self->is_gathering)
    return TRUE;
  via_gcontext_enter (self->context);
  has_address = via_icewire_add_local_addresses (self, error);
  is_ok =
      has_address && nice_agent_gather_candidates (self->agent, self->stream);
  if (is_ok && via_icewire_relays_wait (self))
    via_icewire_add_relays_later (self);
  via_gcontext_leave (self->context);
  if (!has_address)
    return FALSE;
  if (!is_ok) {
    if (self->min_port > 0)
      g_set_error (error, VIA_ERROR, VIA_ERROR_IO,
          "no socket for ICE: no port from min-port %u to max-port %u is free",
          self->min_port, self->max_port);
    else
      g_set_error_literal (
          error, VIA_ERROR, VIA_ERROR_IO, "no socket for ICE can be opened");
    return FALSE;
  }
  self->is_gathering = TRUE;
  self->patience.func = on_patience;
  self->patience.data = self;
  if (!self->is_gathered)
    via_loop_timer_set (
        self->loop, &self->patience, via_loop_now (self->loop) + GATHER_LIMIT);
  return TRUE;
}

/* --- datagrams and what is known --- */

ViaIceState
via_icewire_state (const ViaIceWire *self)
{
  return self->state;
}

const ViaSendCounters *
via_icewire_counters (const ViaIceWire *self)
{
  return &self->counters;
}

static guint
send_through_agent (ViaIceWire *self, const ViaDatagram *datagrams, guint n)
{
  guint taken = 0;

  via_gcontext_enter (self->context);
  while (taken < n) {
    NiceOutputMessage messages[SEND_BATCH];
    GOutputVector vectors[SEND_BATCH];
    guint batch = MIN (n - taken, SEND_BATCH);
    gint sent;

    for (guint i = 0; i < batch; i++) {
      vectors[i].buffer = datagrams[taken + i].data;
      vectors[i].size = datagrams[taken + i].len;
      messages[i].buffers = &vectors[i];
      messages[i].n_buffers = 1;
    }
    sent = nice_agent_send_messages_nonblocking (self->agent, self->stream,
        VIA_ICE_COMPONENT, messages, batch, NULL, NULL);
    if (sent <= 0)
      break;
    taken += (guint) sent;
  }
  via_gcontext_leave (self->context);
  self->counters.relayed += taken;
  self->counters.dropped += n - taken;
  return taken;
}

static void
on_writable (gpointer data)
{
  ViaIceWire *self = data;

  if (!self->direct || g_socket_is_closed (self->socket)) {
    drop_direct (self);
    return;
  }
  via_udpsend_retry (self->direct);
  if (!via_udpsend_is_waiting (self->direct))
    via_gcontext_on_writable (self->context, -1, NULL, NULL);
}

guint
via_icewire_send (ViaIceWire *self, const ViaDatagram *datagrams, guint n)
{
  gboolean was_waiting;
  guint taken;

  via_loop_assert (self->loop);
  /* Consent ends with the state (RFC 7675 §5.1): nothing goes out then. */
  if (self->is_closed || !self->local || self->state == VIA_ICE_FAILED) {
    self->counters.dropped += n;
    return 0;
  }
  if (self->direct && g_socket_is_closed (self->socket))
    drop_direct (self);
  if (!self->direct)
    return send_through_agent (self, datagrams, n);

  was_waiting = via_udpsend_is_waiting (self->direct);
  taken = via_udpsend_push (self->direct, datagrams, n);
  if (!was_waiting && via_udpsend_is_waiting (self->direct))
    via_gcontext_on_writable (
        self->context, via_udpsend_fd (self->direct), on_writable, self);
  return taken;
}

gboolean
via_icewire_selected (ViaIceWire *self, gchar **out_local, gchar **out_remote)
{
  if (!self->local)
    return FALSE;
  *out_local = g_strdup (self->local);
  *out_remote = g_strdup (self->remote);
  return TRUE;
}
