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
  gboolean relay_only;

  /* loop thread */
  gchar *ufrag, *pwd;           /* in use */
  gchar *next_ufrag, *next_pwd; /* (nullable) from the restart on */
  gboolean is_restarting;       /* until a new pair is selected */
  ViaGContext *context;
  NiceAgent *agent;
  guint stream;
  gboolean is_closed; /* by the user; no more callbacks */
  GQueue events;      /* (owned) Event */
  ViaIceState state;
  gboolean is_gathering;
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

G_END_DECLS
