/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/recording.h – encoded frames of several tracks into one file, on one
 * timeline. Knows no pads and no rooms. Any thread; one lock of its own, held
 * while writing. What happens is told by values: take them with _next_message.
 * RFC 9559
 */
#pragma once

#include "media/matroska.h"

G_BEGIN_DECLS

typedef struct _ViaRecording ViaRecording;
struct _GstStructure;

typedef struct
{
  const gchar *location;
  ViaContainer container;
  /* µs that the first frames wait for tracks that are expected. */
  ViaTime track_timeout;
  const gchar *name, *app_data; /* (nullable) for the file's tags */
} ViaRecordingConfig;

/* Makes the file, over one that is there. NULL with error as
 * via_disk_file_new. */
ViaRecording *via_recording_new (
    const ViaRecordingConfig *config, GError **error);
ViaRecording *via_recording_ref (ViaRecording *self);
/* The last one finishes it, if that was not done. */
void via_recording_unref (ViaRecording *self);

/* A track will come. Its number here, not in the file. */
guint via_recording_add_track (
    ViaRecording *self, ViaKind kind, const gchar *name, const gchar *app_data);
/* How its frames are encoded: before the first, and when that changes. name and
 * app_data of @format are not read. FALSE with error: UNSUPPORTED, the track is
 * not recorded. */
gboolean via_recording_set_format (ViaRecording *self, guint track,
    const ViaMatroskaTrack *format, GError **error);
/* @time: running time, µs; @duration: µs, 0 if not known. FALSE: the frame was
 * dropped, since video begins at a key frame: ask for one. */
gboolean via_recording_write (ViaRecording *self, guint track, ViaTime time,
    ViaTime duration, gboolean is_key, gconstpointer data, gsize size);
/* Nobody waits for it any more. */
void via_recording_end_track (ViaRecording *self, guint track);
/* Frames were left out: video goes on at a key frame. */
void via_recording_skip (ViaRecording *self);
/* Writes the index and closes the file. @reason: static, for the message.
 * Idempotent. */
void via_recording_finish (ViaRecording *self, const gchar *reason);

/* What to post, in order; NULL: nothing. (transfer full) */
struct _GstStructure *via_recording_next_message (ViaRecording *self);
gboolean via_recording_has_messages (ViaRecording *self);
/* "via-recording-stats". (transfer full) */
struct _GstStructure *via_recording_stats (ViaRecording *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaRecording, via_recording_unref)
