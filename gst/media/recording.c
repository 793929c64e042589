/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/recording.c – encoded frames of several tracks into one file, on one
 * timeline. Knows no pads and no rooms.
 * The first frames are held until every expected track has one, at most
 * track_timeout; the earliest is the file's time 0. From then on each frame is
 * written as it comes, and a track that comes late is added to the head.
 */
#include "media/recording.h"

#include <gst/gst.h>
#include <string.h>

#include "media/diskfile.h"
#include "media/picture.h"

#define HELD_MAX (16 * 1024 * 1024) /* bytes */
/* So long the first frames wait in any case: who begins at the same time is
 * not always heard of at the same time. */
#define HELD_MIN (200 * VIA_MS)

typedef struct
{
  ViaKind kind;
  gchar *name, *app_data;
  ViaMatroskaTrack format;
  GByteArray *parameter_sets; /* (nullable) to stand before each key frame */
  guint number;               /* in the file; 0: not yet */
  gboolean has_format, has_frame, has_ended, is_refused;
  gboolean needs_key;
  gint64 last_ms;
  ViaTime step; /* µs between the last two frames */
  guint64 n_frames, n_bytes, n_dropped;
} Track;

typedef struct
{
  guint track;
  ViaTime time, duration;
  gboolean is_key;
  GByteArray *data;
} Frame;

struct _ViaRecording
{
  gatomicrefcount refs;
  GMutex lock; /* guards all below */
  gchar *location;
  ViaTime track_timeout;
  ViaMatroska *matroska; /* from the first sample on */
  ViaContainer container;
  gchar *name, *app_data;
  ViaDiskFile *file;
  GPtrArray *tracks; /* Track */
  GQueue held;       /* Frame; empty once it has started */
  gsize n_held;      /* bytes */
  ViaTime first_at;  /* when the first frame came; 0: none did */
  gboolean has_started, has_finished;
  ViaTime base, end; /* running time of the file's 0; the file's length */
  guint64 n_bytes;
  gchar *error; /* (nullable) why it ended before its time */
  GByteArray *scratch;
  GQueue messages; /* GstStructure */
};

/* --- life --- */

static void
track_free (gpointer data)
{
  Track *track = data;

  g_free (track->name);
  g_free (track->app_data);
  g_clear_pointer (&track->format.codec_data, g_bytes_unref);
  g_clear_pointer (&track->parameter_sets, g_byte_array_unref);
  g_free (track);
}

static void
frame_free (gpointer data)
{
  Frame *frame = data;

  g_byte_array_unref (frame->data);
  g_free (frame);
}

ViaRecording *
via_recording_new (const ViaRecordingConfig *config, GError **error)
{
  ViaDiskFile *file = via_disk_file_new (config->location, error);
  ViaRecording *self;

  if (file == NULL)
    return NULL;
  self = g_new0 (ViaRecording, 1);
  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->file = file;
  self->location = g_strdup (config->location);
  self->container = config->container;
  self->track_timeout = config->track_timeout;
  self->name = g_strdup (config->name);
  self->app_data = g_strdup (config->app_data);
  self->tracks = g_ptr_array_new_with_free_func (track_free);
  self->scratch = g_byte_array_new ();
  g_queue_init (&self->held);
  g_queue_init (&self->messages);
  return self;
}

ViaRecording *
via_recording_ref (ViaRecording *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_recording_unref (ViaRecording *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_recording_finish (self, "stopped");
  via_disk_file_free (self->file);
  via_matroska_free (self->matroska);
  g_queue_clear_full (&self->held, frame_free);
  g_queue_clear_full (&self->messages, (GDestroyNotify) gst_structure_free);
  g_ptr_array_unref (self->tracks);
  g_byte_array_unref (self->scratch);
  g_free (self->location);
  g_free (self->name);
  g_free (self->app_data);
  g_free (self->error);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Track *
find (ViaRecording *self, guint track)
{
  return g_ptr_array_index (self->tracks, track);
}

/* --- messages --- */

static void
tell (ViaRecording *self, GstStructure *message)
{
  g_queue_push_tail (&self->messages, message);
}

static void
tell_track (ViaRecording *self, const Track *track, const gchar *name,
    const gchar *reason)
{
  GstStructure *message = gst_structure_new (name, "kind", G_TYPE_STRING,
      via_kind_name (track->kind), "from", G_TYPE_STRING, track->name,
      "from-app-data", G_TYPE_STRING, track->app_data, NULL);

  if (track->has_format)
    gst_structure_set (message, "codec", G_TYPE_STRING,
        via_codec_name (track->format.codec), NULL);
  if (track->number != 0)
    gst_structure_set (message, "track", G_TYPE_UINT, track->number, NULL);
  if (reason != NULL)
    gst_structure_set (message, "reason", G_TYPE_STRING, reason, NULL);
  tell (self, message);
}

static guint
count_recorded (ViaRecording *self)
{
  guint n = 0;

  for (guint i = 0; i < self->tracks->len; i++)
    n += find (self, i)->number != 0;
  return n;
}

GstStructure *
via_recording_next_message (ViaRecording *self)
{
  GstStructure *message;

  g_mutex_lock (&self->lock);
  message = g_queue_pop_head (&self->messages);
  g_mutex_unlock (&self->lock);
  return message;
}

gboolean
via_recording_has_messages (ViaRecording *self)
{
  gboolean has_any;

  g_mutex_lock (&self->lock);
  has_any = !g_queue_is_empty (&self->messages);
  g_mutex_unlock (&self->lock);
  return has_any;
}

/* --- the file; all with the lock held --- */

static void close_file_locked (ViaRecording *self, const gchar *reason);

static void
fail_locked (ViaRecording *self, const GError *error)
{
  if (self->error != NULL)
    return;
  self->error = g_strdup (error->message);
  close_file_locked (self, "error");
}

static gboolean
overwrite_locked (ViaRecording *self, ViaMatroskaRegion region, GError **error)
{
  guint64 offset;
  g_autoptr (GByteArray) bytes =
      via_matroska_region (self->matroska, region, &offset);

  return bytes == NULL
         || via_disk_file_overwrite (self->file, offset, bytes, error);
}

/* Without room for the index the file ends without one. */
static void
finish_matroska_locked (ViaRecording *self, GError **error)
{
  guint64 at = via_disk_file_size (self->file);
  GError *first = NULL;

  g_byte_array_set_size (self->scratch, 0);
  via_matroska_finish (self->matroska, at, self->end, self->scratch);
  if (!via_disk_file_append (self->file, self->scratch, &first))
    via_matroska_finish (self->matroska, at, self->end, NULL);
  for (guint i = 0; i < VIA_MATROSKA_N_REGIONS; i++)
    overwrite_locked (self, i, first == NULL ? &first : NULL);
  if (first != NULL)
    g_propagate_error (error, first);
}

static void
close_file_locked (ViaRecording *self, const gchar *reason)
{
  g_autoptr (GError) error = NULL;

  self->has_finished = TRUE;
  if (self->has_started)
    finish_matroska_locked (self, &error);
  self->n_bytes = via_disk_file_size (self->file);
  via_disk_file_close (self->file, error == NULL ? &error : NULL);
  if (self->error == NULL && error != NULL)
    self->error = g_strdup (error->message);
  tell (self,
      gst_structure_new ("recording-stopped", "location", G_TYPE_STRING,
          self->location, "reason", G_TYPE_STRING,
          self->error != NULL ? "error" : reason, "error", G_TYPE_STRING,
          self->error, "duration", G_TYPE_UINT64, (guint64) self->end * 1000,
          "bytes", G_TYPE_UINT64, self->n_bytes, "tracks", G_TYPE_UINT,
          count_recorded (self), NULL));
}

static gboolean
append_locked (ViaRecording *self)
{
  g_autoptr (GError) error = NULL;

  if (via_disk_file_append (self->file, self->scratch, &error))
    return TRUE;
  fail_locked (self, error);
  return FALSE;
}

static void
update_locked (ViaRecording *self, ViaMatroskaRegion region)
{
  g_autoptr (GError) error = NULL;

  if (!self->has_finished && !overwrite_locked (self, region, &error))
    fail_locked (self, error);
}

/* Gives @track its number; FALSE: told. */
static gboolean
number_locked (ViaRecording *self, Track *track)
{
  g_autoptr (GError) error = NULL;

  track->format.name = track->name;
  track->format.app_data = track->app_data;
  track->number =
      via_matroska_add_track (self->matroska, &track->format, &error);
  track->is_refused = track->number == 0;
  tell_track (self, track,
      track->is_refused ? "recording-track-refused" : "recording-track",
      track->is_refused ? error->message : NULL);
  return !track->is_refused;
}

/* The head says which tracks there are, so it is written again. */
static gboolean
add_late_locked (ViaRecording *self, Track *track)
{
  if (!number_locked (self, track))
    return FALSE;
  g_byte_array_set_size (self->scratch, 0);
  via_matroska_tags (
      self->matroska, via_disk_file_size (self->file), self->scratch);
  if (!append_locked (self))
    return FALSE;
  update_locked (self, VIA_MATROSKA_REGION_CLUSTER_SIZE);
  update_locked (self, VIA_MATROSKA_REGION_TRACKS);
  update_locked (self, VIA_MATROSKA_REGION_SEEK_HEAD);
  return !self->has_finished;
}

/* Times of a track rise, by a millisecond at least, whatever their rounding.
 */
static ViaTime
file_time (Track *track, ViaTime time)
{
  gint64 ms = (time + VIA_MS / 2) / VIA_MS;

  if (ms > track->last_ms) {
    track->step = (ms - track->last_ms) * VIA_MS;
    track->last_ms = ms;
    return time;
  }
  return ++track->last_ms * VIA_MS;
}

static void
put_locked (ViaRecording *self, const Frame *frame)
{
  Track *track = find (self, frame->track);
  ViaTime time = MAX (frame->time - self->base, 0);
  gboolean closes;

  if (self->has_finished || track->is_refused
      || (track->number == 0 && !add_late_locked (self, track))) {
    track->n_dropped++;
    return;
  }
  time = file_time (track, time);
  g_byte_array_set_size (self->scratch, 0);
  closes = via_matroska_block (self->matroska, track->number, time,
      frame->is_key, frame->data->data, frame->data->len,
      via_disk_file_size (self->file), self->scratch);
  if (!append_locked (self)) {
    track->n_dropped++;
    return;
  }
  if (closes)
    update_locked (self, VIA_MATROSKA_REGION_CLUSTER_SIZE);
  track->n_frames++;
  track->n_bytes += frame->data->len;
  self->n_bytes = via_disk_file_size (self->file);
  self->end = MAX (
      self->end, time + (frame->duration > 0 ? frame->duration : track->step));
}

/* --- the beginning --- */

static gint
compare_times (gconstpointer a, gconstpointer b, gpointer user)
{
  const Frame *left = a, *right = b;

  return (left->time > right->time) - (left->time < right->time);
}

static void
begin_locked (ViaRecording *self)
{
  gint64 date = g_get_real_time ();
  g_autoptr (GByteArray) head = NULL;
  g_autoptr (GError) error = NULL;
  Frame *frame;

  if (self->first_at != 0)
    date -= g_get_monotonic_time () - self->first_at;
  self->matroska =
      via_matroska_new (self->container, self->name, self->app_data, date);
  for (guint i = 0; i < self->tracks->len; i++) {
    Track *track = find (self, i);

    if (track->has_frame)
      number_locked (self, track);
    else if (!track->has_ended && !track->is_refused)
      tell_track (self, track, "recording-track-missing", NULL);
  }
  head = via_matroska_head (self->matroska);
  if (!via_disk_file_append (self->file, head, &error)) {
    fail_locked (self, error);
    return;
  }
  self->has_started = TRUE;
  tell (self, gst_structure_new ("recording-started", "location", G_TYPE_STRING,
                  self->location, "container", G_TYPE_STRING,
                  via_matroska_name (self->container), NULL));
  g_queue_sort (&self->held, compare_times, NULL); /* stable */
  frame = g_queue_peek_head (&self->held);
  self->base = frame != NULL ? frame->time : 0;
  while ((frame = g_queue_pop_head (&self->held)) != NULL) {
    put_locked (self, frame);
    frame_free (frame);
  }
}

/* Every track that is expected has come, or was waited for long enough. */
static gboolean
may_begin_locked (ViaRecording *self)
{
  gboolean all = TRUE;
  ViaTime held;

  if (self->first_at == 0)
    return FALSE;
  for (guint i = 0; i < self->tracks->len; i++) {
    const Track *track = find (self, i);

    all = all && (track->has_frame || track->has_ended || track->is_refused);
  }
  held = g_get_monotonic_time () - self->first_at;
  return self->n_held > HELD_MAX || held >= self->track_timeout
         || (all && held >= HELD_MIN);
}

/* Takes @frame's bytes. */
static void
hold_locked (ViaRecording *self, const Frame *frame)
{
  if (self->first_at == 0)
    self->first_at = g_get_monotonic_time ();
  self->n_held += frame->data->len;
  g_byte_array_ref (frame->data);
  g_queue_push_tail (&self->held, g_memdup2 (frame, sizeof *frame));
  if (may_begin_locked (self))
    begin_locked (self);
}

/* --- tracks --- */

guint
via_recording_add_track (
    ViaRecording *self, ViaKind kind, const gchar *name, const gchar *app_data)
{
  Track *track = g_new0 (Track, 1);
  guint number;

  track->kind = kind;
  track->name = g_strdup (name);
  track->app_data = g_strdup (app_data);
  track->needs_key = kind == VIA_KIND_VIDEO;
  track->last_ms = -1;
  g_mutex_lock (&self->lock);
  number = self->tracks->len;
  g_ptr_array_add (self->tracks, track);
  g_mutex_unlock (&self->lock);
  return number;
}

/* The head keeps the first avcC: later parameter sets go in band, and so do the
 * first once others went there. */
static void
take_codec_data (Track *track, const ViaMatroskaTrack *format)
{
  gsize size;
  const guint8 *avcc;

  if (track->format.codec_data == NULL || format->codec_data == NULL)
    return;
  if (track->parameter_sets == NULL
      && g_bytes_equal (track->format.codec_data, format->codec_data))
    return;
  avcc = g_bytes_get_data (format->codec_data, &size);
  g_clear_pointer (&track->parameter_sets, g_byte_array_unref);
  track->parameter_sets = via_picture_parameter_sets (avcc, size);
}

static void
replace_format (Track *track, const ViaMatroskaTrack *format)
{
  g_clear_pointer (&track->format.codec_data, g_bytes_unref);
  g_clear_pointer (&track->parameter_sets, g_byte_array_unref);
  track->format = *format;
  if (format->codec_data != NULL)
    g_bytes_ref (format->codec_data);
  track->number = 0; /* another codec is another track of the file */
  track->last_ms = -1;
  track->needs_key = track->kind == VIA_KIND_VIDEO;
  track->is_refused = FALSE;
}

gboolean
via_recording_set_format (ViaRecording *self, guint number,
    const ViaMatroskaTrack *format, GError **error)
{
  GError *refusal = NULL;
  Track *track;

  g_mutex_lock (&self->lock);
  track = find (self, number);
  if (track->has_format && track->format.codec == format->codec)
    take_codec_data (track, format);
  else
    replace_format (track, format);
  track->has_format = TRUE;
  if (!via_matroska_takes (self->container, format->codec, &refusal)) {
    track->is_refused = TRUE;
    tell_track (self, track, "recording-track-refused", refusal->message);
  }
  g_mutex_unlock (&self->lock);
  if (refusal == NULL)
    return TRUE;
  g_propagate_error (error, refusal);
  return FALSE;
}

/* With the parameter sets a key frame may need. (transfer full) */
static GByteArray *
copy_frame (const Track *track, gboolean is_key, gconstpointer data, gsize size)
{
  GByteArray *copy = g_byte_array_sized_new ((guint) size);

  if (is_key && track->parameter_sets != NULL)
    g_byte_array_append (
        copy, track->parameter_sets->data, track->parameter_sets->len);
  return g_byte_array_append (copy, data, (guint) size);
}

/* A video track's first key frame tells its size, if its caps did not. */
static void
note_frame (Track *track, gconstpointer data, gsize size)
{
  track->has_frame = TRUE;
  track->needs_key = FALSE;
  if (track->kind == VIA_KIND_VIDEO && track->format.width == 0)
    via_picture_size (track->format.codec, data, size, &track->format.width,
        &track->format.height);
}

gboolean
via_recording_write (ViaRecording *self, guint number, ViaTime time,
    ViaTime duration, gboolean is_key, gconstpointer data, gsize size)
{
  Frame frame = {number, time, duration, is_key, NULL};
  gboolean waits;
  Track *track;

  g_mutex_lock (&self->lock);
  track = find (self, number);
  waits = track->needs_key && !is_key;
  if (waits || self->has_finished || !track->has_format || track->is_refused) {
    track->n_dropped++;
  } else {
    note_frame (track, data, size);
    frame.data = copy_frame (track, is_key, data, size);
    if (self->has_started)
      put_locked (self, &frame);
    else
      hold_locked (self, &frame);
    g_byte_array_unref (frame.data);
  }
  g_mutex_unlock (&self->lock);
  return !waits;
}

void
via_recording_end_track (ViaRecording *self, guint track)
{
  g_mutex_lock (&self->lock);
  find (self, track)->has_ended = TRUE;
  if (!self->has_started && !self->has_finished && may_begin_locked (self))
    begin_locked (self);
  g_mutex_unlock (&self->lock);
}

void
via_recording_skip (ViaRecording *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tracks->len; i++) {
    Track *track = find (self, i);

    track->needs_key = track->kind == VIA_KIND_VIDEO;
  }
  g_mutex_unlock (&self->lock);
}

void
via_recording_finish (ViaRecording *self, const gchar *reason)
{
  g_mutex_lock (&self->lock);
  if (!self->has_finished && !self->has_started)
    begin_locked (self); /* what is held, or a file without tracks */
  if (!self->has_finished)
    close_file_locked (self, reason);
  g_mutex_unlock (&self->lock);
}

/* --- statistics --- */

static GstStructure *
track_stats (const Track *track)
{
  return gst_structure_new ("via-recording-track-stats", "track", G_TYPE_UINT,
      track->number, "kind", G_TYPE_STRING, via_kind_name (track->kind),
      "codec", G_TYPE_STRING,
      track->has_format ? via_codec_name (track->format.codec) : NULL, "from",
      G_TYPE_STRING, track->name, "from-app-data", G_TYPE_STRING,
      track->app_data, "frames", G_TYPE_UINT64, track->n_frames, "bytes",
      G_TYPE_UINT64, track->n_bytes, "dropped", G_TYPE_UINT64, track->n_dropped,
      NULL);
}

GstStructure *
via_recording_stats (ViaRecording *self)
{
  GstStructure *stats = gst_structure_new_empty ("via-recording-stats");
  GValue list = G_VALUE_INIT;

  gst_value_array_init (&list, 0);
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tracks->len; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, track_stats (find (self, i)));
    gst_value_array_append_and_take_value (&list, &value);
  }
  gst_structure_set (stats, "version", G_TYPE_UINT, 1, "state", G_TYPE_STRING,
      self->error != NULL  ? "failed"
      : self->has_finished ? "stopped"
      : self->has_started  ? "recording"
                           : "waiting",
      "location", G_TYPE_STRING, self->location, "duration", G_TYPE_UINT64,
      (guint64) self->end * 1000, "bytes", G_TYPE_UINT64, self->n_bytes, NULL);
  g_mutex_unlock (&self->lock);
  gst_structure_take_value (stats, "tracks", &list);
  return stats;
}
