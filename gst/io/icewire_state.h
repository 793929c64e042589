/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/icewire_state.h – the fields of a wire, for the files that know libnice
 * only: icewire.c and icewire_remote.c.
 */
#pragma once

#include "io/gcontext.h"
#include "io/icewire_priv.h"

#include <nice/agent.h>

G_BEGIN_DECLS

#define VIA_ICE_COMPONENT 1

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
  ViaUdpSend *direct;    /* NULL: through libnice */
  GSocket *socket;       /* whose descriptor @direct borrows */
  ViaSendCounters counters;
};

/* --- icewire_local.c --- */

/* Error: IO, there is none. Call with the context entered. */
gboolean via_icewire_add_local_addresses (ViaIceWire *self, GError **error);
/* Ours or the peer's: loopback only if we have it. */
gboolean via_icewire_takes_address (const ViaIceWire *self, const gchar *text);
/* How the peer is told; NULL: not at all. (transfer full) */
gchar *via_icewire_tell_local (ViaIceWire *self, NiceCandidate *candidate);

G_END_DECLS
