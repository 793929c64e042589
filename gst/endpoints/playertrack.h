/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/playertrack.h – one stream of a player: an intake in its bin, and
 * the track it publishes.
 */
#pragma once

#include "io/exchange.h"
#include "media/intake.h"

G_BEGIN_DECLS

typedef struct _ViaPlayerTrack ViaPlayerTrack;

/* On the streaming thread; none may block. */
typedef struct
{
  void (*flow) (gpointer user, ViaPlayerTrack *track);
  void (*eos) (gpointer user, ViaPlayerTrack *track);
} ViaPlayerTrackFuncs;

/* @member: (nullable) where it is published; outlives the track.
 * (transfer full) */
ViaPlayerTrack *via_player_track_new (GstBin *bin, ViaKind kind,
    ViaMember *member, const ViaPlayerTrackFuncs *funcs, gpointer user);
/* Takes the intake out of the bin. No function runs after this. */
void via_player_track_free (ViaPlayerTrack *self);
/* (transfer full) */
GstPad *via_player_track_pad (ViaPlayerTrack *self);
ViaKind via_player_track_kind (const ViaPlayerTrack *self);
/* FALSE before the media was looked at. */
gboolean via_player_track_flow (ViaPlayerTrack *self, ViaIntakeFlow *out);
/* Ends the feed; what still comes is dropped. Any thread. */
void via_player_track_end (ViaPlayerTrack *self);
gboolean via_player_track_has_ended (ViaPlayerTrack *self);

G_END_DECLS
