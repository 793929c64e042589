/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/matroska.c – the bytes of a Matroska or WebM file, and where they go.
 * Pure: writes no file. The head leaves room to be written over, so a track may
 * come late and a file that was never finished can be read to its last block.
 * RFC 9559 (Matroska) · WebM container guidelines · RFC 7845 §5.1 (OpusHead)
 *
 *   EBML │ Segment ┬ SeekHead + Void   ┐
 *                  ├ Info + Void       │ rooms of fixed size
 *                  ├ Tracks + Void     ┘
 *                  ├ Tags              again behind the cluster in which a
 *                  ├ Cluster …         late track comes
 *                  └ Cues              only in a finished file
 */
#include "media/matroska.h"

#include <string.h>

#include "media/ebml.h"

/* RFC 9559 §5.1; the names are the specification's. */
enum
{
  EBML = 0x1a45dfa3,
  EBML_VERSION = 0x4286,
  EBML_READ_VERSION = 0x42f7,
  EBML_MAX_ID_LENGTH = 0x42f2,
  EBML_MAX_SIZE_LENGTH = 0x42f3,
  DOC_TYPE = 0x4282,
  DOC_TYPE_VERSION = 0x4287,
  DOC_TYPE_READ_VERSION = 0x4285,
  SEGMENT = 0x18538067,
  SEEK_HEAD = 0x114d9b74,
  SEEK = 0x4dbb,
  SEEK_ID = 0x53ab,
  SEEK_POSITION = 0x53ac,
  INFO = 0x1549a966,
  TIMESTAMP_SCALE = 0x2ad7b1,
  DURATION = 0x4489,
  DATE_UTC = 0x4461,
  MUXING_APP = 0x4d80,
  WRITING_APP = 0x5741,
  TRACKS = 0x1654ae6b,
  TRACK_ENTRY = 0xae,
  TRACK_NUMBER = 0xd7,
  TRACK_UID = 0x73c5,
  TRACK_TYPE = 0x83,
  FLAG_LACING = 0x9c,
  TRACK_NAME = 0x536e,
  LANGUAGE = 0x22b59c,
  CODEC_ID = 0x86,
  CODEC_PRIVATE = 0x63a2,
  CODEC_DELAY = 0x56aa,
  SEEK_PRE_ROLL = 0x56bb,
  VIDEO = 0xe0,
  FLAG_INTERLACED = 0x9a,
  PIXEL_WIDTH = 0xb0,
  PIXEL_HEIGHT = 0xba,
  AUDIO = 0xe1,
  SAMPLING_FREQUENCY = 0xb5,
  CHANNELS = 0x9f,
  BIT_DEPTH = 0x6264,
  TAGS = 0x1254c367,
  TAG = 0x7373,
  TARGETS = 0x63c0,
  TARGET_TYPE_VALUE = 0x68ca,
  TAG_TRACK_UID = 0x63c5,
  SIMPLE_TAG = 0x67c8,
  TAG_NAME = 0x45a3,
  TAG_STRING = 0x4487,
  CLUSTER = 0x1f43b675,
  TIMESTAMP = 0xe7,
  SIMPLE_BLOCK = 0xa3,
  CUES = 0x1c53bb6b,
  CUE_POINT = 0xbb,
  CUE_TIME = 0xb3,
  CUE_TRACK_POSITIONS = 0xb7,
  CUE_TRACK = 0xf7,
  CUE_CLUSTER_POSITION = 0xf1,
};

#define APPLICATION "gst-via"
#define SEEK_ROOM 160
#define INFO_ROOM 128
#define TRACKS_ROOM (32 * 1024)
#define NAME_MAX 255           /* bytes of a track's name; the tag has all */
#define CODEC_DATA_MAX 4096    /* bytes */
#define ID4_SIZE8 12           /* an id of four bytes and a size of eight */
#define EPOCH_2001_S 978307200 /* Unix time of 2001-01-01T00:00:00 */
#define OPUS_PRE_ROLL_NS 80000000
/* What libopus's encoder looks ahead (all but its restricted-lowdelay): a
 * packet's time is that of the samples that went in, which come out later. */
#define OPUS_PRE_SKIP 312 /* samples of 48 kHz */
#define OPUS_DELAY_NS 6500000

/* A cluster ends before: milliseconds and bytes. */
#define CLUSTER_MS 5000
#define CLUSTER_KEY_MS 1000 /* at a key frame */
#define CLUSTER_BYTES (4 * 1024 * 1024)

static const struct
{
  const gchar *id;
  gboolean is_webm;
} codecs[VIA_N_CODECS] = {
    [VIA_CODEC_VP8] = {"V_VP8", TRUE},
    [VIA_CODEC_VP9] = {"V_VP9", TRUE},
    [VIA_CODEC_H264] = {"V_MPEG4/ISO/AVC", FALSE},
    [VIA_CODEC_OPUS] = {"A_OPUS", TRUE},
    [VIA_CODEC_PCMU] = {"A_MS/ACM", FALSE},
    [VIA_CODEC_PCMA] = {"A_MS/ACM", FALSE},
};

typedef struct
{
  gboolean is_video;
  gchar *name, *app_data; /* (nullable) */
} Track;

typedef struct
{
  gint64 time_ms;
  guint track;
  guint64 at;
} Cue;

struct _ViaMatroska
{
  ViaContainer container;
  gchar *name, *app_data; /* (nullable) */
  gint64 date_us;
  guint64 segment;     /* offset of the segment's content */
  GArray *tracks;      /* Track; number - 1 is the index */
  GByteArray *entries; /* a TrackEntry each */
  GArray *cues;        /* Cue */
  gboolean has_video;
  guint64 head_tags_at;                  /* those that are surely in the file */
  guint64 tags_at, cues_at, segment_end; /* 0: not yet */
  ViaTime duration;
  /* the cluster that is open */
  gboolean is_open;
  guint64 cluster_at;
  gint64 cluster_ms;
  /* the one closed last */
  gboolean has_closed;
  guint64 closed_at, closed_size;
};

const gchar *
via_matroska_name (ViaContainer container)
{
  return container == VIA_CONTAINER_WEBM ? "webm" : "matroska";
}

static void
clear_track (gpointer data)
{
  Track *track = data;

  g_free (track->name);
  g_free (track->app_data);
}

ViaMatroska *
via_matroska_new (ViaContainer container, const gchar *name,
    const gchar *app_data, gint64 date_us)
{
  ViaMatroska *self = g_new0 (ViaMatroska, 1);

  self->container = container;
  self->name = g_strdup (name);
  self->app_data = g_strdup (app_data);
  self->date_us = date_us;
  self->tracks = g_array_new (FALSE, FALSE, sizeof (Track));
  g_array_set_clear_func (self->tracks, clear_track);
  self->entries = g_byte_array_new ();
  self->cues = g_array_new (FALSE, FALSE, sizeof (Cue));
  return self;
}

void
via_matroska_free (ViaMatroska *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  g_free (self->app_data);
  g_array_unref (self->tracks);
  g_byte_array_unref (self->entries);
  g_array_unref (self->cues);
  g_free (self);
}

/* --- tracks --- */

gboolean
via_matroska_takes (ViaContainer container, ViaCodecId codec, GError **error)
{
  if (codec < VIA_N_CODECS && codecs[codec].id != NULL
      && (container != VIA_CONTAINER_WEBM || codecs[codec].is_webm))
    return TRUE;
  g_set_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED,
      "container=%s cannot hold %s%s", via_matroska_name (container),
      codec < VIA_N_CODECS ? via_codec_name (codec) : "this codec",
      codec < VIA_N_CODECS && codecs[codec].id != NULL
          ? "; container=matroska can"
          : "");
  return FALSE;
}

static void
put_le (guint8 *out, guint32 value, guint n)
{
  for (guint i = 0; i < n; i++)
    out[i] = (guint8) (value >> (8 * i));
}

/* WAVEFORMATEX, as A_MS/ACM asks for. */
static void
write_wave_format (GByteArray *out, const ViaMatroskaTrack *track)
{
  guint8 format[18] = {0};

  put_le (format, track->codec == VIA_CODEC_PCMU ? 7 : 6, 2);
  put_le (format + 2, track->channels, 2);
  put_le (format + 4, track->rate, 4);
  put_le (format + 8, track->rate * track->channels, 4); /* bytes a second */
  put_le (format + 12, track->channels, 2);              /* bytes a sample */
  put_le (format + 14, 8, 2);
  via_ebml_binary (out, CODEC_PRIVATE, format, sizeof format);
}

static void
write_opus_head (GByteArray *out, const ViaMatroskaTrack *track)
{
  guint8 head[19] = "OpusHead\1";

  head[9] = (guint8) track->channels;
  put_le (head + 10, OPUS_PRE_SKIP, 2);
  put_le (head + 12, track->rate, 4);
  via_ebml_binary (out, CODEC_PRIVATE, head, sizeof head);
  via_ebml_uint (out, CODEC_DELAY, OPUS_DELAY_NS);
  via_ebml_uint (out, SEEK_PRE_ROLL, OPUS_PRE_ROLL_NS);
}

static void
write_codec_private (GByteArray *out, const ViaMatroskaTrack *track)
{
  switch (track->codec) {
    case VIA_CODEC_PCMU:
    case VIA_CODEC_PCMA:
      write_wave_format (out, track);
      break;
    case VIA_CODEC_OPUS:
      write_opus_head (out, track);
      break;
    default:
      if (track->codec_data != NULL)
        via_ebml_binary (out, CODEC_PRIVATE,
            g_bytes_get_data (track->codec_data, NULL),
            g_bytes_get_size (track->codec_data));
  }
}

static void
write_video (GByteArray *out, const ViaMatroskaTrack *track)
{
  GByteArray *video = g_byte_array_new ();

  via_ebml_uint (video, FLAG_INTERLACED, 2); /* progressive */
  via_ebml_uint (video, PIXEL_WIDTH, MAX (track->width, 1));
  via_ebml_uint (video, PIXEL_HEIGHT, MAX (track->height, 1));
  via_ebml_master (out, VIDEO, video);
}

static void
write_audio (GByteArray *out, const ViaMatroskaTrack *track)
{
  GByteArray *audio = g_byte_array_new ();

  via_ebml_float (audio, SAMPLING_FREQUENCY, track->rate);
  via_ebml_uint (audio, CHANNELS, track->channels);
  if (track->codec != VIA_CODEC_OPUS)
    via_ebml_uint (audio, BIT_DEPTH, 8);
  via_ebml_master (out, AUDIO, audio);
}

/* The TrackEntry of RFC 9559 §5.1.4.1. (transfer full) */
static GByteArray *
make_entry (const ViaMatroskaTrack *track, guint number)
{
  GByteArray *entry = g_byte_array_new (), *out = g_byte_array_new ();
  gboolean is_video = via_codec_kind (track->codec) == VIA_KIND_VIDEO;

  via_ebml_uint (entry, TRACK_NUMBER, number);
  via_ebml_uint (entry, TRACK_UID, number);
  via_ebml_uint (entry, TRACK_TYPE, is_video ? 1 : 2);
  via_ebml_uint (entry, FLAG_LACING, 0);
  via_ebml_string (entry, LANGUAGE, "und");
  if (track->name != NULL && strlen (track->name) <= NAME_MAX)
    via_ebml_string (entry, TRACK_NAME, track->name);
  via_ebml_string (entry, CODEC_ID, codecs[track->codec].id);
  write_codec_private (entry, track);
  if (is_video)
    write_video (entry, track);
  else
    write_audio (entry, track);
  via_ebml_master (out, TRACK_ENTRY, entry);
  return out;
}

guint
via_matroska_add_track (
    ViaMatroska *self, const ViaMatroskaTrack *track, GError **error)
{
  guint number = self->tracks->len + 1;
  g_autoptr (GByteArray) entry = NULL;
  Track kept = {0};

  if (!via_matroska_takes (self->container, track->codec, error))
    return 0;
  if (track->codec_data == NULL
      || g_bytes_get_size (track->codec_data) <= CODEC_DATA_MAX)
    entry = make_entry (track, number);
  if (entry == NULL
      || self->entries->len + entry->len > TRACKS_ROOM - ID4_SIZE8 - 2) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "the file's head of %d bytes has no room for track %u", TRACKS_ROOM,
        number);
    return 0;
  }
  kept.is_video = via_codec_kind (track->codec) == VIA_KIND_VIDEO;
  kept.name = g_strdup (track->name);
  kept.app_data = g_strdup (track->app_data);
  self->has_video |= kept.is_video;
  g_array_append_val (self->tracks, kept);
  g_byte_array_append (self->entries, entry->data, entry->len);
  return number;
}

/* --- regions of fixed size; offsets count from the segment's content --- */

static void
write_seek (GByteArray *out, guint32 id, guint64 position)
{
  GByteArray *seek = g_byte_array_new (), *id_bytes = g_byte_array_new ();

  via_ebml_id (id_bytes, id);
  via_ebml_master (seek, SEEK_ID, id_bytes);
  via_ebml_uint (seek, SEEK_POSITION, position);
  via_ebml_master (out, SEEK, seek);
}

static void
write_seek_head (ViaMatroska *self, GByteArray *out)
{
  GByteArray *head = g_byte_array_new ();

  write_seek (head, INFO, SEEK_ROOM);
  write_seek (head, TRACKS, SEEK_ROOM + INFO_ROOM);
  if (self->tags_at != 0)
    write_seek (head, TAGS, self->tags_at - self->segment);
  if (self->cues_at != 0)
    write_seek (head, CUES, self->cues_at - self->segment);
  via_ebml_master (out, SEEK_HEAD, head);
}

static void
write_info (ViaMatroska *self, GByteArray *out)
{
  GByteArray *info = g_byte_array_new ();

  via_ebml_uint (info, TIMESTAMP_SCALE, 1000000); /* ns: one is a ms */
  if (self->duration > 0)
    via_ebml_float (info, DURATION, (gdouble) self->duration / VIA_MS);
  via_ebml_int8 (info, DATE_UTC, (self->date_us - EPOCH_2001_S * VIA_S) * 1000);
  via_ebml_string (info, MUXING_APP, APPLICATION);
  via_ebml_string (info, WRITING_APP, APPLICATION);
  via_ebml_master (out, INFO, info);
}

GByteArray *
via_matroska_region (
    ViaMatroska *self, ViaMatroskaRegion region, guint64 *out_offset)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint64 offset = 0;

  switch (region) {
    case VIA_MATROSKA_REGION_SEEK_HEAD:
      write_seek_head (self, out);
      via_ebml_pad (out, SEEK_ROOM);
      offset = self->segment;
      break;
    case VIA_MATROSKA_REGION_INFO:
      write_info (self, out);
      via_ebml_pad (out, INFO_ROOM);
      offset = self->segment + SEEK_ROOM;
      break;
    case VIA_MATROSKA_REGION_TRACKS:
      via_ebml_binary (out, TRACKS, self->entries->data, self->entries->len);
      via_ebml_pad (out, TRACKS_ROOM);
      offset = self->segment + SEEK_ROOM + INFO_ROOM;
      break;
    case VIA_MATROSKA_REGION_CLUSTER_SIZE:
      if (!self->has_closed)
        return NULL;
      via_ebml_size8 (out, self->closed_size);
      offset = self->closed_at + 4;
      break;
    default:
      if (self->segment_end == 0)
        return NULL;
      via_ebml_size8 (out, self->segment_end - self->segment);
      offset = self->segment - 8;
  }
  *out_offset = offset;
  return g_steal_pointer (&out);
}

/* --- tags --- */

static void
write_simple_tag (GByteArray *out, const gchar *name, const gchar *value)
{
  GByteArray *tag;

  if (value == NULL)
    return;
  tag = g_byte_array_new ();
  via_ebml_string (tag, TAG_NAME, name);
  via_ebml_string (tag, TAG_STRING, value);
  via_ebml_master (out, SIMPLE_TAG, tag);
}

/* @track: 0 for the whole file. */
static void
write_tag (
    GByteArray *out, guint track, const gchar *name, const gchar *app_data)
{
  GByteArray *tag, *targets;

  if (name == NULL && app_data == NULL)
    return;
  tag = g_byte_array_new ();
  targets = g_byte_array_new ();
  if (track == 0)
    via_ebml_uint (targets, TARGET_TYPE_VALUE, 50);
  else
    via_ebml_uint (targets, TAG_TRACK_UID, track);
  via_ebml_master (tag, TARGETS, targets);
  write_simple_tag (tag, "ELEMENT", name);
  write_simple_tag (tag, "APP_DATA", app_data);
  via_ebml_master (out, TAG, tag);
}

static void
write_tags (ViaMatroska *self, GByteArray *out)
{
  GByteArray *tags = g_byte_array_new ();

  write_tag (tags, 0, self->name, self->app_data);
  for (guint i = 0; i < self->tracks->len; i++) {
    const Track *track = &g_array_index (self->tracks, Track, i);

    write_tag (tags, i + 1, track->name, track->app_data);
  }
  via_ebml_master (out, TAGS, tags);
}

static void
close_cluster (ViaMatroska *self, guint64 at)
{
  if (!self->is_open)
    return;
  self->is_open = FALSE;
  self->has_closed = TRUE;
  self->closed_at = self->cluster_at;
  self->closed_size = at - self->cluster_at - ID4_SIZE8;
}

gboolean
via_matroska_tags (ViaMatroska *self, guint64 at, GByteArray *out)
{
  gboolean was_open = self->is_open;

  close_cluster (self, at);
  self->tags_at = at;
  write_tags (self, out);
  return was_open;
}

/* --- the file in its order --- */

static void
append_region (ViaMatroska *self, ViaMatroskaRegion region, GByteArray *out)
{
  guint64 offset;
  g_autoptr (GByteArray) bytes = via_matroska_region (self, region, &offset);

  g_byte_array_append (out, bytes->data, bytes->len);
}

GByteArray *
via_matroska_head (ViaMatroska *self)
{
  GByteArray *out = g_byte_array_new (), *ebml = g_byte_array_new ();

  via_ebml_uint (ebml, EBML_VERSION, 1);
  via_ebml_uint (ebml, EBML_READ_VERSION, 1);
  via_ebml_uint (ebml, EBML_MAX_ID_LENGTH, 4);
  via_ebml_uint (ebml, EBML_MAX_SIZE_LENGTH, 8);
  via_ebml_string (ebml, DOC_TYPE, via_matroska_name (self->container));
  via_ebml_uint (ebml, DOC_TYPE_VERSION, 4);
  via_ebml_uint (ebml, DOC_TYPE_READ_VERSION, 2);
  via_ebml_master (out, EBML, ebml);
  via_ebml_id (out, SEGMENT);
  via_ebml_size8 (out, VIA_EBML_UNKNOWN);
  self->segment = out->len;
  self->head_tags_at = self->segment + SEEK_ROOM + INFO_ROOM + TRACKS_ROOM;
  self->tags_at = self->head_tags_at;
  append_region (self, VIA_MATROSKA_REGION_SEEK_HEAD, out);
  append_region (self, VIA_MATROSKA_REGION_INFO, out);
  append_region (self, VIA_MATROSKA_REGION_TRACKS, out);
  write_tags (self, out);
  return out;
}

static gboolean
is_full (const ViaMatroska *self, gint64 ms, gboolean is_key, guint64 at)
{
  gint64 age = ms - self->cluster_ms;

  return ABS (age) >= CLUSTER_MS || at - self->cluster_at >= CLUSTER_BYTES
         || (is_key && age >= CLUSTER_KEY_MS);
}

static void
open_cluster (ViaMatroska *self, gint64 ms, guint64 at, GByteArray *out)
{
  self->is_open = TRUE;
  self->cluster_at = at;
  self->cluster_ms = ms;
  via_ebml_id (out, CLUSTER);
  via_ebml_size8 (out, VIA_EBML_UNKNOWN);
  via_ebml_uint (out, TIMESTAMP, (guint64) ms);
}

gboolean
via_matroska_block (ViaMatroska *self, guint track, ViaTime time,
    gboolean is_key, gconstpointer data, gsize size, guint64 at,
    GByteArray *out)
{
  gint64 ms = (MAX (time, 0) + VIA_MS / 2) / VIA_MS;
  gboolean is_video = g_array_index (self->tracks, Track, track - 1).is_video;
  gboolean closes = self->is_open && is_full (self, ms, is_video && is_key, at);
  GByteArray *head = g_byte_array_new ();
  guint8 tail[3];
  gint16 age;

  if (closes)
    close_cluster (self, at);
  if (!self->is_open) {
    Cue cue = {ms, track, at};

    open_cluster (self, ms, at, out);
    if (is_key && is_video == self->has_video)
      g_array_append_val (self->cues, cue);
  }
  age = (gint16) (ms - self->cluster_ms);
  tail[0] = (guint8) ((guint16) age >> 8);
  tail[1] = (guint8) age;
  tail[2] = is_key ? 0x80 : 0;
  via_ebml_size (head, track); /* a track number is coded as a size is */
  g_byte_array_append (head, tail, sizeof tail);
  via_ebml_id (out, SIMPLE_BLOCK);
  via_ebml_size (out, head->len + size);
  g_byte_array_append (out, head->data, head->len);
  g_byte_array_append (out, data, (guint) size);
  g_byte_array_unref (head);
  return closes;
}

static void
write_cues (ViaMatroska *self, GByteArray *out)
{
  GByteArray *cues = g_byte_array_new ();

  for (guint i = 0; i < self->cues->len; i++) {
    const Cue *cue = &g_array_index (self->cues, Cue, i);
    GByteArray *point = g_byte_array_new (), *where = g_byte_array_new ();

    via_ebml_uint (where, CUE_TRACK, cue->track);
    via_ebml_uint (where, CUE_CLUSTER_POSITION, cue->at - self->segment);
    via_ebml_uint (point, CUE_TIME, (guint64) cue->time_ms);
    via_ebml_master (point, CUE_TRACK_POSITIONS, where);
    via_ebml_master (cues, CUE_POINT, point);
  }
  via_ebml_master (out, CUES, cues);
}

void
via_matroska_finish (
    ViaMatroska *self, guint64 at, ViaTime duration, GByteArray *out)
{
  /* A cluster that was cut off again never was. */
  if (self->is_open && self->cluster_at >= at)
    self->is_open = FALSE;
  while (self->cues->len > 0
         && g_array_index (self->cues, Cue, self->cues->len - 1).at >= at)
    g_array_set_size (self->cues, self->cues->len - 1);
  close_cluster (self, at);
  if (self->tags_at >= at)
    self->tags_at = self->head_tags_at;
  self->duration = duration;
  self->cues_at = 0;
  self->segment_end = at;
  if (out == NULL || self->cues->len == 0)
    return;
  self->cues_at = at;
  write_cues (self, out);
  self->segment_end = at + out->len;
}
