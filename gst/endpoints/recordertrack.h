/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recordertrack.h – the end of one recorded track: encoded buffers at
 * a sink pad become frames of a recording. Not a public element.
 */
#pragma once

#include <gst/gst.h>
#include "io/exchange.h"
#include "media/recording.h"

G_BEGIN_DECLS

#define VIA_TYPE_RECORDER_TRACK (via_recorder_track_get_type ())
G_DECLARE_FINAL_TYPE (
    ViaRecorderTrack, via_recorder_track, VIA, RECORDER_TRACK, GstElement)

typedef struct
{
  void (*news) (gpointer user);  /* the recording has messages */
  void (*ended) (gpointer user); /* EOS came; all before it is written */
} ViaRecorderTrackFuncs;         /* both on the streaming thread */

/* Has one sink pad "sink", which takes @track's codec as files hold it.
 * @funcs stay the caller's. (transfer floating) */
ViaRecorderTrack *via_recorder_track_new (ViaRecording *recording,
    const ViaTrackInfo *track, const ViaRecorderTrackFuncs *funcs,
    gpointer user);
/* FALSE: what comes is left out, and video goes on at a key frame. */
void via_recorder_track_set_playing (
    ViaRecorderTrack *self, gboolean is_playing);
gboolean via_recorder_track_has_ended (ViaRecorderTrack *self);
/* No function runs after return, unless called from one. */
void via_recorder_track_disconnect (ViaRecorderTrack *self);

G_END_DECLS
