/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/outlets.h – the tracks of a room at sometimes source pads of a bin:
 * a member that makes one outlet per track it is given.
 */
#pragma once

#include "io/exchange.h"
#include "media/outlet.h"

G_BEGIN_DECLS

typedef struct _ViaOutlets ViaOutlets;

/* All nullable, all on via-app; may do anything, also free the ViaOutlets. */
typedef struct
{
  /* @pad has its final name and is active; with is_inside it is a source pad
   * of an element in the bin, to be linked there, else one of the bin, told
   * after pad-added. */
  void (*added) (gpointer user, GstPad *pad, const ViaTrackInfo *track);
  /* EOS went through it, or nobody took any; it is unlinked after. */
  void (*removed) (gpointer user, GstPad *pad, const ViaTrackInfo *track);
  void (*lost) (gpointer user); /* the room is gone */
} ViaOutletsFuncs;

typedef struct
{
  const gchar *name;       /* (nullable) of the member */
  const gchar *app_data;   /* (nullable) of the member */
  const ViaMemberWho *who; /* (nullable) in place of the two above */
  guint latency_ms;        /* 0: 200 */
  guint n_audio, n_video;  /* tracks taken at once; G_MAXUINT: all */
  gboolean is_inside;      /* pads are not pads of the bin */
  gboolean is_by_port;     /* pads are named by who publishes */
} ViaOutletsConfig;

/* The two sometimes templates `audio_src_%u`, `video_src_%u`. */
void via_outlets_add_templates (GstElementClass *klass);

/* The same for is_by_port: `audio_src_%u_%u`, `video_src_%u_%u`. */
void via_outlets_add_port_templates (GstElementClass *klass);

/* Joins @exchange. Pads are named by those templates, the last number being the
 * first free one. NULL with error: the room is closed, or no loop can be had.
 * Not on a loop. (transfer full) */
ViaOutlets *via_outlets_new (GstBin *bin, ViaExchange *exchange,
    const ViaOutletsConfig *config, const ViaOutletsFuncs *funcs, gpointer user,
    GError **error);
/* Leaves the room and removes the pads (one being announced right now: as soon
 * as that is over). NULL does nothing. Never waits for a handler. Not on a
 * loop. */
void via_outlets_free (ViaOutlets *self);
/* EOS on every linked pad, after what waits for it; pads stay. Any thread. */
void via_outlets_eos (ViaOutlets *self);
/* Whether a pad outlives its track: the next track of its kind goes on there.
 * Any thread, before tracks come. */
void via_outlets_keep (ViaOutlets *self, gboolean is_kept);
/* Of the config, from now on. Any thread. */
void via_outlets_set_latency (ViaOutlets *self, guint latency_ms);
/* Tracks that have a pad or get one. Any thread. */
guint via_outlets_size (ViaOutlets *self);
/* Tracks it takes from now on. Any thread. */
void via_outlets_set_slots (ViaOutlets *self, ViaKind kind, guint n);
/* Lives until via_outlets_free. */
ViaMember *via_outlets_member (const ViaOutlets *self);
guint via_outlets_port (const ViaOutlets *self);
/* "via-outlets-stats": a via-outlet-stats per pad, under its name.
 * (transfer full) */
GstStructure *via_outlets_stats (ViaOutlets *self);

G_END_DECLS
