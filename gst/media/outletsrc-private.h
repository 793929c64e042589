/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/outletsrc-private.h – what the files of outletsrc share.
 */
#pragma once

#include "io/guard.h"
#include "media/outletgate.h"
#include "media/outletring.h"
#include "media/outletsrc.h"
#include "media/outletwriter.h"

G_BEGIN_DECLS

struct _ViaOutletSrc
{
  GstElement parent;

  /* immutable */
  GstPad *pad;
  GstPad *end; /* not owned */
  ViaKind kind;
  ViaOutletSrcFuncs funcs;
  gpointer user;
  ViaGuard guard; /* around funcs */

  GMutex turn; /* held while the task is started or parked */

  GMutex lock; /* guards all below; never held while calling out */
  GCond work;
  ViaOutletRing ring;
  gboolean is_active, is_playing, is_linked;
  gboolean has_played;     /* PAUSED now is a pause, not the start */
  gboolean drops_unlinked; /* else the ring holds it */
  gboolean is_relinked;    /* `prepare` is due */
  gboolean wants_key;      /* to be told by the task */
  gboolean is_eos, has_ended;
  guint64 n_unlinked, n_paused, n_stale, n_out, n_key_requests;

  ViaTime latency;
  gchar *name;           /* (nullable) of the publisher */
  GstTagList *tags;      /* (nullable) to be pushed */
  gboolean has_settings; /* latency or tags are new to the task */

  ViaOutletGateStats shown; /* of stream.gate */

  struct
  {
    ViaOutletWriter writer;
    ViaOutletGate *gate;
    GPtrArray *frame; /* ViaPacket */
    ViaOutletOrder order;
    gboolean is_prepared, is_told_active;
  } stream; /* the task */
};

G_END_DECLS
