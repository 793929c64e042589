/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/datalink-private.h – what the files of io/datalink share.
 */
#pragma once

#include "data/association.h"
#include "io/datalink.h"
#include "io/sctphome.h"

G_BEGIN_DECLS

struct _ViaDataLink
{
  /* immutable */
  ViaLoop *loop, *home;
  ViaDataLinkFuncs funcs;
  gpointer user;

  GMutex lock;    /* guards all to the next blank; a leaf */
  GQueue in, out; /* GBytes*: packets to the home, to the loop */
  GQueue letters; /* Letter* to the home */
  gboolean is_home_called, is_loop_called; /* a post is on its way */
  guint64 n_letters;                       /* bytes in @letters */
  guint64 n_read;    /* of those taken out, not yet in the next */
  guint64 n_waiting; /* bytes that wait on the channels */
  guint64 n_dropped;
  gboolean is_closed; /* the home is no longer called */
  GCond room;

  /* the peer's loop */
  ViaLoopFunc outlet; /* (nullable) */
  gpointer outlet_data;
  gboolean has_begun;

  /* home */
  ViaChannels *channels;
  ViaAssociation *association; /* (nullable) */
  ViaSctpHomeUser user_of_home;
  gboolean is_gone, is_over;
  GHashTable *labelled; /* ids of channels that _post_label made */
  gboolean has_refused;
  gatomicrefcount refs; /* posts hold one */
};

/* --- datalink.c; all on the home --- */

/* The end of the home's turn. */
void via_datalink_work (gpointer data);
/* There is work at the end of this turn. */
void via_datalink_touch (ViaDataLink *self);
/* No channel opens on it any more. */
gboolean via_datalink_is_over (const ViaDataLink *self);
/* Its association ends without a word. */
void via_datalink_drop (ViaDataLink *self);

G_END_DECLS
