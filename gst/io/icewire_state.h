/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_state.h – the fields of a wire, for the files that know libnice
 * only: icewire.c and icewire_*.c.
 */
#pragma once

#include "base/address.h"
#include "io/gcontext.h"
#include "io/icewire_priv.h"

#include <nice/agent.h>

G_BEGIN_DECLS

#define VIA_ICE_COMPONENT 1
#define VIA_ICE_STUN_SLOT VIA_ICE_MAX_TURN /* of servers: after TURN's */

struct _ViaIceWire
{
  ViaWire parent;
  /* immutable */
  ViaLoop *loop;
  ViaIceFuncs funcs;
  gpointer user;
  gboolean relay_only, tcp;
  gchar *external_ipv4, *external_ipv6, *interfaces; /* (nullable) */
  guint16 min_port, max_port;                        /* 0: any */

  /* loop thread */
  gchar *ufrag, *pwd;
  gboolean is_restarting; /* until a new pair is selected */
  GPtrArray *locals;      /* texts, and NULL */
  ViaGContext *context;
  NiceAgent *agent;
  guint stream;
  gboolean is_closed; /* by the user; no more callbacks */
  GQueue events;      /* (owned) Event */
  ViaIceState state;
  gboolean is_gathering;
  gboolean is_gathered;
  ViaLoopTimer patience; /* for gathering to end */
  gboolean has_loopback; /* among our addresses, since somebody named it */
  gchar *remote_ufrag, *remote_pwd;
  GPtrArray *early; /* candidates before the remote credentials; texts */
  gboolean is_ended;
  guint n_remote;
  GHashTable *known;     /* texts of theirs that are in use */
  gchar *local, *remote; /* the selected pair, for people */
  ViaWirePair pair;      /* the same */
  /* TURN as configured, then STUN; each may be NULL. */
  ViaIceServer *servers[VIA_ICE_MAX_TURN + 1];
  gboolean has_served[VIA_ICE_MAX_TURN + 1]; /* a candidate */
  GPtrArray *asked;                          /* those that gave none */
  GSource *relays_later; /* (nullable) libnice has yet to hear of TURN */
  /* Where from, by family, if interfaces were named. */
  ViaAddress from[2];
  gboolean has_from[2];
  ViaUdpSend *direct; /* NULL: through libnice */
  GSocket *socket;    /* whose descriptor @direct borrows */
  ViaSendCounters counters;
};

/* --- icewire_local.c --- */

/* Error: IO, there is none. Call with the context entered. */
gboolean via_icewire_add_local_addresses (ViaIceWire *self, GError **error);
/* Ours or the peer's: loopback only if we have it. */
gboolean via_icewire_takes_address (const ViaIceWire *self, const gchar *text);
/* How the peer is told; NULL: not at all. (transfer full) */
gchar *via_icewire_tell_local (ViaIceWire *self, NiceCandidate *candidate);

/* --- icewire_relay.c --- */

/* STUN comes first: TURN servers are told after gathering has begun. */
gboolean via_icewire_relays_wait (const ViaIceWire *self);
gboolean via_icewire_add_relays (ViaIceWire *self);
/* Gathering has just begun. Call with the context entered. */
void via_icewire_add_relays_later (ViaIceWire *self);
void via_icewire_no_relays_later (ViaIceWire *self);

/* --- icewire_ask.c --- */

void via_icewire_keep_servers (ViaIceWire *self, const ViaIceConfig *config);
void via_icewire_stop_asking (ViaIceWire *self);
void via_icewire_forget_servers (ViaIceWire *self);
/* @candidate of ours was gathered. */
void via_icewire_note_server (ViaIceWire *self, const NiceCandidate *candidate);
/* Who gave it; NULL: none of ours. (transfer full) */
gchar *via_icewire_server_name (
    const ViaIceWire *self, const NiceCandidate *candidate);
/* Gathering is over: asks each that gave nothing; then server_failed. */
void via_icewire_ask_servers (ViaIceWire *self);

G_END_DECLS
