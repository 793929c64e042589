/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/source.c – a file read inside a bin: its streams, once or over and
 * over. Knows nothing of rooms; never decodes. Reading is held up only by
 * whoever takes the media.
 *
 *   filesrc ! typefind ! demuxer ┬ queue → taker
 *                                └ queue → taker
 *
 * A lap ends when every stream's EOS has reached its queue's end. It is kept
 * back there, the demuxer is sought to the beginning, the flush is kept back
 * too, and the next segment is moved to where the longest stream ended.
 */
#include "media/source.h"

#include "media/missing.h"

/* Room between the demuxer's thread and a taker: more than files are badly
 * interleaved by. */
#define QUEUE_TIME (3 * GST_SECOND)
/* The first frames are due this much later, when their takers have told others
 * about them: a key frame nobody waits for yet would be missed. */
#define LEAD (60 * GST_MSECOND)
#define QUEUE_BYTES (32 * 1024 * 1024)

typedef struct
{
  ViaSource *source;
  GstElement *queue;  /* child of the bin */
  GstPad *from;       /* the demuxer's pad */
  GstPad *to;         /* where it goes */
  GstSegment segment; /* as handed on; the queue's streaming thread */
  GstClockTime last_pts;
  GstClockTime end; /* running time; guarded by the source's lock */
  enum
  {
    EOS_NOT_YET,
    EOS_HELD,   /* the file begins again when all streams are here */
    EOS_PASSED, /* the taker has it */
  } eos;        /* guarded by the source's lock */
} Stream;

struct _ViaSource
{
  GstBin *bin; /* (transfer none) */
  gchar *path;
  ViaSourceFuncs funcs;
  gpointer user;

  GMutex turn; /* held over a seek and while the elements go; before lock */
  GMutex lock; /* guards all below */
  GPtrArray *elements; /* children of the bin, downstream last */
  GPtrArray *streams;  /* Stream */
  GstClockTime offset; /* running time a lap begins at; NONE: not begun */
  gboolean is_loop, is_muted, is_closed, is_turning;
};

/* --- elements --- */

/* Locked: the bin's states are not ours, reading begins with PLAYING. Call
 * with self->lock held. */
static gboolean
adopt_locked (ViaSource *self, GstElement *element)
{
  if (element == NULL)
    return FALSE;
  gst_element_set_locked_state (element, TRUE);
  gst_bin_add (self->bin, element);
  g_ptr_array_add (self->elements, element);
  return TRUE;
}

static GstElement *
make_locked (ViaSource *self, const gchar *factory, const gchar *purpose)
{
  GstElement *element =
      via_media_make (GST_ELEMENT (self->bin), factory, NULL, purpose);

  return adopt_locked (self, element) ? element : NULL;
}

/* --- the end of a lap --- */

static void
source_clear (gpointer data)
{
  ViaSource *self = data;

  g_ptr_array_unref (self->elements);
  g_ptr_array_unref (self->streams);
  g_free (self->path);
  g_mutex_clear (&self->turn);
  g_mutex_clear (&self->lock);
}

static void
source_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, source_clear);
}

/* Where the lap that ends now has to go on. Call with self->lock held. */
static void
begin_lap_locked (ViaSource *self)
{
  for (guint i = 0; i < self->streams->len; i++) {
    Stream *s = g_ptr_array_index (self->streams, i);
    if (GST_CLOCK_TIME_IS_VALID (s->end))
      self->offset = MAX (self->offset, s->end);
    s->eos = EOS_NOT_YET;
    s->last_pts = GST_CLOCK_TIME_NONE;
  }
  self->is_turning = TRUE;
}

/* EOS for those it was kept from. May wait for the clock. */
static void
release_eos (ViaSource *self)
{
  g_autoptr (GPtrArray) pads =
      g_ptr_array_new_with_free_func (gst_object_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->streams->len && !self->is_muted; i++) {
    Stream *s = g_ptr_array_index (self->streams, i);
    if (s->eos == EOS_HELD)
      g_ptr_array_add (pads, gst_object_ref (s->to));
    s->eos = EOS_PASSED;
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < pads->len; i++)
    gst_pad_send_event (g_ptr_array_index (pads, i), gst_event_new_eos ());
}

/* TRUE if the demuxer went back to the beginning, or is not to any more. */
static gboolean
rewind_file (ViaSource *self)
{
  GstPad *pad = NULL;
  gboolean ok = TRUE;

  g_mutex_lock (&self->turn);
  g_mutex_lock (&self->lock);
  if (!self->is_muted) {
    begin_lap_locked (self);
    pad = ((Stream *) g_ptr_array_index (self->streams, 0))->from;
  }
  g_mutex_unlock (&self->lock);
  if (pad != NULL)
    ok = gst_pad_send_event (
        pad, gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                 GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
  g_mutex_lock (&self->lock);
  self->is_turning = FALSE;
  for (guint i = 0; i < self->streams->len && !ok; i++)
    ((Stream *) g_ptr_array_index (self->streams, i))->eos = EOS_HELD;
  g_mutex_unlock (&self->lock);
  g_mutex_unlock (&self->turn);
  return ok;
}

/* Every stream is at its end, some or all kept there. On a thread of
 * GStreamer's pool: no streaming thread may seek itself. */
static void
turn (GstElement *bin, gpointer data)
{
  ViaSource *self = data;
  gboolean is_again;

  g_mutex_lock (&self->lock);
  is_again = self->is_loop;
  for (guint i = 0; i < self->streams->len; i++)
    is_again &=
        ((Stream *) g_ptr_array_index (self->streams, i))->eos == EOS_HELD;
  g_mutex_unlock (&self->lock);
  if (is_again && rewind_file (self))
    return;
  if (is_again)
    GST_ELEMENT_WARNING (bin, RESOURCE, SEEK,
        ("%s cannot be played again from its beginning", self->path), (NULL));
  release_eos (self);
}

/* TRUE: kept back, for the file may begin again. */
static gboolean
keep_eos (Stream *s)
{
  ViaSource *self = s->source;
  gboolean all = TRUE, any = FALSE;

  g_mutex_lock (&self->lock);
  s->eos =
      self->is_loop && GST_CLOCK_TIME_IS_VALID (s->end) ? EOS_HELD : EOS_PASSED;
  for (guint i = 0; i < self->streams->len; i++) {
    Stream *other = g_ptr_array_index (self->streams, i);
    all &= other->eos != EOS_NOT_YET;
    any |= other->eos == EOS_HELD;
  }
  if (all && any)
    gst_element_call_async (GST_ELEMENT (self->bin), turn,
        g_atomic_rc_box_acquire (self), source_unref);
  any = s->eos == EOS_HELD;
  g_mutex_unlock (&self->lock);
  return any;
}

/* --- what passes a queue --- */

static void
note_buffer (Stream *s, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstClockTime duration = GST_BUFFER_DURATION (buffer);
  GstClockTime end;

  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    duration = GST_CLOCK_TIME_IS_VALID (s->last_pts) && pts > s->last_pts
                   ? pts - s->last_pts
                   : 0;
  s->last_pts = pts;
  end = gst_segment_to_running_time (&s->segment, GST_FORMAT_TIME, pts);
  if (!GST_CLOCK_TIME_IS_VALID (end))
    return;
  g_mutex_lock (&s->source->lock);
  if (!GST_CLOCK_TIME_IS_VALID (s->end) || s->end < end + duration)
    s->end = end + duration;
  g_mutex_unlock (&s->source->lock);
}

static GstClockTime
running_now (GstBin *bin)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (bin));
  GstClockTime base = gst_element_get_base_time (GST_ELEMENT (bin)), now;

  if (clock == NULL)
    return 0;
  now = gst_clock_get_time (clock);
  return now > base ? now - base : 0;
}

static GstEvent *
move_segment (Stream *s, GstEvent *event)
{
  ViaSource *self = s->source;
  GstEvent *moved;

  gst_event_copy_segment (event, &s->segment);
  if (s->segment.format != GST_FORMAT_TIME)
    return event;
  g_mutex_lock (&self->lock);
  if (!GST_CLOCK_TIME_IS_VALID (self->offset))
    self->offset = running_now (self->bin) + LEAD;
  s->segment.base += self->offset;
  g_mutex_unlock (&self->lock);
  moved = gst_event_new_segment (&s->segment);
  gst_event_set_seqnum (moved, gst_event_get_seqnum (event));
  gst_event_unref (event);
  return moved;
}

static GstPadProbeReturn
pass_event (Stream *s, GstPadProbeInfo *info)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  gboolean is_turning;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      g_mutex_lock (&s->source->lock);
      is_turning = s->source->is_turning;
      g_mutex_unlock (&s->source->lock);
      return is_turning ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
    case GST_EVENT_SEGMENT:
      GST_PAD_PROBE_INFO_DATA (info) = move_segment (s, event);
      return GST_PAD_PROBE_OK;
    case GST_EVENT_EOS:
      if (!keep_eos (s))
        return GST_PAD_PROBE_OK;
      /* Decoders let out what they hold back. */
      gst_pad_send_event (s->to,
          gst_event_new_segment_done (GST_FORMAT_TIME, s->segment.position));
      return GST_PAD_PROBE_DROP;
    default:
      return GST_PAD_PROBE_OK;
  }
}

/* Reading ends too: EOS goes upstream as a flow. */
static GstPadProbeReturn
refuse (GstPadProbeInfo *info)
{
  if (!(info->type & GST_PAD_PROBE_TYPE_BUFFER))
    return GST_PAD_PROBE_DROP;
  gst_buffer_unref (GST_PAD_PROBE_INFO_BUFFER (info));
  GST_PAD_PROBE_INFO_DATA (info) = NULL;
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_EOS;
  return GST_PAD_PROBE_HANDLED;
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Stream *s = user;
  gboolean is_muted;

  g_mutex_lock (&s->source->lock);
  is_muted = s->source->is_muted;
  g_mutex_unlock (&s->source->lock);
  if (is_muted)
    return refuse (info);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    note_buffer (s, GST_PAD_PROBE_INFO_BUFFER (info));
  else
    return pass_event (s, info);
  return GST_PAD_PROBE_OK;
}

/* --- streams --- */

static void
stream_free (gpointer data)
{
  Stream *s = data;

  gst_object_unref (s->from);
  gst_object_unref (s->to);
  g_free (s);
}

static ViaKind
kind_of (GstPad *pad)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const gchar *name;

  if (caps == NULL)
    caps = gst_pad_query_caps (pad, NULL);
  if (gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return VIA_KIND_UNKNOWN;
  name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (g_str_has_prefix (name, "audio/"))
    return VIA_KIND_AUDIO;
  if (g_str_has_prefix (name, "video/") || g_str_equal (name, "image/jpeg"))
    return VIA_KIND_VIDEO;
  return VIA_KIND_UNKNOWN;
}

/* Call with self->lock held. */
static void
link_locked (ViaSource *self, GstPad *from, GstPad *to)
{
  GstElement *queue = make_locked (self, "queue", "read ahead");
  g_autoptr (GstPad) in = NULL;
  g_autoptr (GstPad) out = NULL;
  Stream *s;

  if (queue == NULL)
    return;
  g_object_set (queue, "max-size-buffers", 0, "max-size-time",
      (guint64) QUEUE_TIME, "max-size-bytes", QUEUE_BYTES, NULL);
  s = g_new0 (Stream, 1);
  s->source = self;
  s->queue = queue;
  s->from = gst_object_ref (from);
  s->to = gst_object_ref (to);
  s->end = s->last_pts = GST_CLOCK_TIME_NONE;
  gst_segment_init (&s->segment, GST_FORMAT_TIME);
  g_ptr_array_add (self->streams, s);
  in = gst_element_get_static_pad (queue, "sink");
  out = gst_element_get_static_pad (queue, "src");
  gst_pad_add_probe (out,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
          | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      on_data, s, NULL);
  gst_pad_link_full (out, to, GST_PAD_LINK_CHECK_NOTHING);
  gst_element_set_state (queue, GST_STATE_PLAYING);
  gst_pad_link_full (from, in, GST_PAD_LINK_CHECK_NOTHING);
}

static void
add_stream (ViaSource *self, GstPad *from)
{
  ViaKind kind = kind_of (from);

  g_mutex_lock (&self->lock);
  if (!self->is_closed && kind != VIA_KIND_UNKNOWN) {
    g_autoptr (GstPad) to = self->funcs.stream (self->user, kind);
    if (to != NULL)
      link_locked (self, from, to);
  }
  g_mutex_unlock (&self->lock);
}

static void
complete (ViaSource *self)
{
  gboolean is_closed;

  g_mutex_lock (&self->lock);
  is_closed = self->is_closed;
  g_mutex_unlock (&self->lock);
  if (!is_closed)
    self->funcs.complete (self->user);
}

static void
on_pad_added (GstElement *demuxer, GstPad *pad, gpointer user)
{
  if (GST_PAD_DIRECTION (pad) == GST_PAD_SRC)
    add_stream (user, pad);
}

static void
on_no_more_pads (GstElement *demuxer, gpointer user)
{
  complete (user);
}

/* --- the file --- */

static const struct
{
  const gchar *type;
  const gchar *demuxer;
} demuxers[] = {
    {"video/quicktime", "qtdemux"},
    {"audio/x-m4a", "qtdemux"},
    {"application/x-3gp", "qtdemux"},
    {"video/webm", "matroskademux"},
    {"audio/webm", "matroskademux"},
    {"video/x-matroska", "matroskademux"},
    {"audio/x-matroska", "matroskademux"},
    {"application/ogg", "oggdemux"},
    {"audio/ogg", "oggdemux"},
    {"video/ogg", "oggdemux"},
    {"video/mpegts", "tsdemux"},
    {"video/x-msvideo", "avidemux"},
    {"audio/x-wav", "wavparse"},
};

static const gchar *
find_demuxer (const gchar *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (demuxers); i++)
    if (g_str_equal (demuxers[i].type, type))
      return demuxers[i].demuxer;
  return NULL;
}

static void
on_have_type (
    GstElement *typefind, guint probability, GstCaps *caps, gpointer user)
{
  ViaSource *self = user;
  const gchar *type = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  const gchar *factory = find_demuxer (type);
  GstElement *demuxer = NULL;
  g_autoptr (GstPad) only = NULL;

  g_mutex_lock (&self->lock);
  if (!self->is_closed && factory == NULL)
    GST_ELEMENT_ERROR (self->bin, STREAM, WRONG_TYPE,
        ("%s holds %s; MP4, WebM, Matroska, Ogg, MPEG-TS, AVI and WAV are read",
            self->path, type),
        (NULL));
  else if (!self->is_closed)
    demuxer = make_locked (self, factory, "read this kind of file");
  g_mutex_unlock (&self->lock);
  if (demuxer == NULL)
    return;
  only = gst_element_get_static_pad (demuxer, "src");
  if (only != NULL) {
    add_stream (self, only);
    complete (self);
  } else {
    g_signal_connect (demuxer, "pad-added", G_CALLBACK (on_pad_added), self);
    g_signal_connect (
        demuxer, "no-more-pads", G_CALLBACK (on_no_more_pads), self);
  }
  gst_element_link (typefind, demuxer);
  gst_element_set_state (demuxer, GST_STATE_PLAYING);
}

gboolean
via_source_start (ViaSource *self)
{
  GstElement *file, *typefind;

  g_mutex_lock (&self->lock);
  file = make_locked (self, "filesrc", "read files");
  typefind = file != NULL
                 ? make_locked (self, "typefind", "find out a file's type")
                 : NULL;
  g_mutex_unlock (&self->lock);
  if (typefind == NULL)
    return FALSE;
  g_object_set (file, "location", self->path, NULL);
  g_signal_connect (typefind, "have-type", G_CALLBACK (on_have_type), self);
  return gst_element_link (file, typefind)
         && gst_element_set_state (typefind, GST_STATE_PLAYING)
                != GST_STATE_CHANGE_FAILURE
         && gst_element_set_state (file, GST_STATE_PLAYING)
                != GST_STATE_CHANGE_FAILURE;
}

/* --- life --- */

ViaSource *
via_source_new (
    GstBin *bin, const gchar *path, const ViaSourceFuncs *funcs, gpointer user)
{
  ViaSource *self = g_atomic_rc_box_new0 (ViaSource);

  self->bin = bin;
  self->path = g_strdup (path);
  self->funcs = *funcs;
  self->user = user;
  g_mutex_init (&self->turn);
  g_mutex_init (&self->lock);
  self->elements = g_ptr_array_new ();
  self->streams = g_ptr_array_new_with_free_func (stream_free);
  self->offset = GST_CLOCK_TIME_NONE;
  return self;
}

void
via_source_set_loop (ViaSource *self, gboolean is_loop)
{
  g_mutex_lock (&self->lock);
  self->is_loop = is_loop;
  g_mutex_unlock (&self->lock);
}

void
via_source_mute (ViaSource *self)
{
  g_mutex_lock (&self->lock);
  self->is_muted = TRUE;
  g_mutex_unlock (&self->lock);
}

void
via_source_close (ViaSource *self)
{
  g_mutex_lock (&self->lock);
  self->is_closed = TRUE;
  self->is_muted = TRUE;
  g_mutex_unlock (&self->lock);
}

/* Queues were added last and go first: a demuxer may wait for room in one. */
static void
stop_all (ViaSource *self)
{
  for (guint i = self->elements->len; i > 0; i--)
    gst_element_set_state (
        g_ptr_array_index (self->elements, i - 1), GST_STATE_NULL);
}

void
via_source_free (ViaSource *self)
{
  g_mutex_lock (&self->turn);
  stop_all (self);
  stop_all (self); /* the type finder may just have started the demuxer */
  for (guint i = self->elements->len; i > 0; i--)
    gst_bin_remove (self->bin, g_ptr_array_index (self->elements, i - 1));
  g_ptr_array_set_size (self->elements, 0);
  g_mutex_unlock (&self->turn);
  source_unref (self);
}
