/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/support/wires.h – two wires of one process, and what they saw.
 * Each end has a loop of its own; candidates go across by themselves.
 */
#pragma once

#include "io/icewire.h"

typedef struct _End End;
struct _End
{
  /* immutable while it runs */
  ViaLoop *loop;
  End *other;
  gboolean frees_in_datagram, frees_in_state;

  /* loop thread */
  ViaIceWire *wire;
  gboolean is_remote_set;

  GMutex lock; /* guards the rest */
  GCond cond;
  ViaIceState state;
  GArray *states; /* ViaIceState */
  GPtrArray *candidates;
  GPtrArray *received; /* GBytes */
  gboolean is_gathered;
  guint n_foreign; /* callbacks on another thread */
  guint n_inside;  /* callbacks from inside a call */
  gboolean is_inside;
};

extern const ViaIceFuncs end_funcs;

/* With a loop, without a wire. */
void end_init (End *end);
/* Frees the wire; asserts that each callback came on its loop and none from
 * inside a call. */
void end_clear (End *end);
void end_new (End *end, const ViaIceConfig *config);
void end_gather (End *end);
/* Tells @end the credentials of @other. */
void end_meet (End *end, End *other, gboolean is_lite);
void end_free_wire (gpointer end); /* on its loop */

/* Wait, up to 20 s. */
gboolean end_reaches (End *end, ViaIceState state);
gboolean end_gathers (End *end);
gboolean end_receives (End *end, guint n);

typedef struct
{
  End *end;
  const ViaDatagram *datagrams;
  guint n, taken;
  ViaSendCounters counters;
} Send;
Send end_send (End *end, const ViaDatagram *datagrams, guint n);

typedef struct
{
  End *end;
  gchar *local, *remote;
  gboolean is_selected;
} Selected;
Selected end_selected (End *end);
void selected_clear (Selected *self);

typedef struct
{
  End a, b;
} Pair;

void pair_open (Pair *pair);
void pair_open_with (
    Pair *pair, const ViaIceConfig *a_config, const ViaIceConfig *b_config);
void pair_connect (Pair *pair);
/* Asserts that every wire of the process is closed to the end. */
void pair_close (Pair *pair);
