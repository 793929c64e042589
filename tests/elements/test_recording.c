/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_recording.c – frames in, a file out: what stands in it, at what time,
 * and what is left of it when the process or the disk ends early.
 */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <signal.h>
#include <sys/resource.h>

#include "media/ebml.h"
#include "media/picture.h"
#include "media/recording.h"

/* --- reading a file back, by the specification alone --- */

typedef struct
{
  guint track;
  gint64 ms;
  gboolean is_key;
  guint size;
  guint8 first;
} Block;

typedef struct
{
  guint8 *data;
  gsize len;
  GArray *blocks;  /* Block */
  GString *tracks; /* "CODEC:WIDTH " or "CODEC:RATE " of each */
  GString *tags;   /* "NAME=VALUE " */
  gint64 cluster_ms;
  guint n_clusters, n_cues, n_unknown; /* clusters whose size is not known */
  gdouble duration;
  gboolean is_torn; /* an element goes on past the end */
} Reader;

static gboolean
read_number (Reader *r, gsize *at, gboolean keeps_mark, guint64 *out)
{
  guint n = 1;
  guint8 mask = 0x80;

  if (*at >= r->len || r->data[*at] == 0)
    return FALSE;
  while (!(r->data[*at] & mask)) {
    mask >>= 1;
    n++;
  }
  if (*at + n > r->len)
    return FALSE;
  *out = r->data[*at] & (keeps_mark ? 0xff : mask - 1);
  for (guint i = 1; i < n; i++)
    *out = *out << 8 | r->data[*at + i];
  if (!keeps_mark && *out == (G_GUINT64_CONSTANT (1) << (7 * n)) - 1)
    *out = G_MAXUINT64;
  *at += n;
  return TRUE;
}

static guint64
read_uint (Reader *r, gsize at, gsize size)
{
  guint64 value = 0;

  while (size-- > 0)
    value = value << 8 | r->data[at++];
  return value;
}

static gdouble
read_float (Reader *r, gsize at)
{
  guint64 bits = read_uint (r, at, 8);
  gdouble value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static void
read_block (Reader *r, gsize at, gsize size)
{
  gsize begin = at;
  guint64 track;
  Block block = {0};

  g_assert_true (read_number (r, &at, FALSE, &track));
  block.track = (guint) track;
  block.ms = r->cluster_ms + (gint16) read_uint (r, at, 2);
  block.is_key = (r->data[at + 2] & 0x80) != 0;
  block.size = (guint) (size - (at + 3 - begin));
  block.first = r->data[at + 3];
  g_array_append_val (r->blocks, block);
}

static void
read_elements (Reader *r, gsize at, gsize end)
{
  while (at < end) {
    guint64 id, size;

    if (!read_number (r, &at, TRUE, &id) || !read_number (r, &at, FALSE, &size)
        || (size != G_MAXUINT64 && at + size > end)) {
      r->is_torn = TRUE;
      return;
    }
    switch (id) {
      case 0x1f43b675: /* Cluster: of unknown size until it is closed */
        r->n_clusters++;
        if (size == G_MAXUINT64) {
          r->n_unknown++;
          continue;
        }
        read_elements (r, at, at + size);
        break;
      case 0x18538067: /* Segment */
        if (size == G_MAXUINT64)
          continue;
        g_assert_cmpuint (at + size, ==, end);
        continue;
      case 0x1c53bb6b: /* Cues, CuePoint */
      case 0x1549a966: /* Info */
      case 0x1654ae6b: /* Tracks, TrackEntry, Video, Audio */
      case 0xae:
      case 0xe0:
      case 0xe1:
      case 0x1254c367: /* Tags, Tag, SimpleTag */
      case 0x7373:
      case 0x67c8:
        read_elements (r, at, at + size);
        break;
      case 0xbb:
        r->n_cues++;
        break;
      case 0x4489:
        r->duration = read_float (r, at);
        break;
      case 0x86:
        g_string_append_printf (r->tracks, "%.*s:", (int) size, r->data + at);
        break;
      case 0x56aa:
        g_string_append_printf (
            r->tracks, "-%uns:", (guint) read_uint (r, at, size));
        break;
      case 0xb0:
        g_string_append_printf (
            r->tracks, "%u ", (guint) read_uint (r, at, size));
        break;
      case 0xb5:
        g_string_append_printf (r->tracks, "%.0f ", read_float (r, at));
        break;
      case 0x45a3:
        g_string_append_printf (r->tags, "%.*s=", (int) size, r->data + at);
        break;
      case 0x4487:
        g_string_append_printf (r->tags, "%.*s ", (int) size, r->data + at);
        break;
      case 0xe7:
        r->cluster_ms = (gint64) read_uint (r, at, size);
        break;
      case 0xa3:
        read_block (r, at, size);
        break;
      default:
        break;
    }
    at += size;
  }
}

static void
reader_clear (Reader *r)
{
  g_free (r->data);
  g_array_unref (r->blocks);
  g_string_free (r->tracks, TRUE);
  g_string_free (r->tags, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

static void
reader_init (Reader *r, const gchar *path)
{
  g_autoptr (GError) error = NULL;

  memset (r, 0, sizeof *r);
  g_file_get_contents (path, (gchar **) &r->data, &r->len, &error);
  g_assert_no_error (error);
  r->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  r->tracks = g_string_new (NULL);
  r->tags = g_string_new (NULL);
  read_elements (r, 0, r->len);
}

static const Block *
block (const Reader *r, guint i)
{
  g_assert_cmpuint (i, <, r->blocks->len);
  return &g_array_index (r->blocks, Block, i);
}

/* --- a recording --- */

typedef struct
{
  gchar *folder, *path;
  ViaRecording *recording;
} Fixture;

static const guint8 vp8_key[] = {
    0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 1, 2, 3};
static const guint8 vp8_delta[] = {0x11, 0, 0, 4, 5, 6};
static const guint8 sound[] = {0xfc, 1, 2, 3};

static void
fixture_init (Fixture *f, ViaContainer container, guint timeout_ms)
{
  g_autoptr (GError) error = NULL;
  ViaRecordingConfig config = {.container = container,
      .track_timeout = timeout_ms * VIA_MS,
      .name = "rec",
      .app_data = "room 7"};

  f->folder = g_dir_make_tmp ("via-recording-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "out.mkv", NULL);
  config.location = f->path;
  f->recording = via_recording_new (&config, &error);
  g_assert_no_error (error);
}

static void
fixture_clear (Fixture *f)
{
  via_recording_unref (f->recording);
  g_unlink (f->path);
  g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->path);
}

static guint
add (Fixture *f, ViaCodecId codec, const gchar *name)
{
  g_autoptr (GError) error = NULL;
  ViaMatroskaTrack format = {.codec = codec,
      .rate = via_codec_clock_rate (codec),
      .channels = via_codec_channels (codec)};
  guint track = via_recording_add_track (
      f->recording, via_codec_kind (codec), name, "app");

  via_recording_set_format (f->recording, track, &format, &error);
  g_assert_no_error (error);
  return track;
}

static gboolean
hear (Fixture *f, guint track, gint ms)
{
  return via_recording_write (
      f->recording, track, ms * VIA_MS, 20 * VIA_MS, TRUE, sound, sizeof sound);
}

static gboolean
see (Fixture *f, guint track, gint ms, gboolean is_key)
{
  return via_recording_write (f->recording, track, ms * VIA_MS, 0, is_key,
      is_key ? vp8_key : vp8_delta, is_key ? sizeof vp8_key : sizeof vp8_delta);
}

/* The next message of that name; what stands before it is passed over.
 * (transfer full) (nullable) */
static GstStructure *
told (Fixture *f, const gchar *name)
{
  GstStructure *s;

  while ((s = via_recording_next_message (f->recording)) != NULL) {
    if (gst_structure_has_name (s, name))
      return s;
    gst_structure_free (s);
  }
  return NULL;
}

/* --- cases --- */

static void
test_recording_two_tracks_share_one_timeline (void)
{
  Fixture f;
  g_auto (Reader) r;
  guint audio, video;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 2000);
  audio = add (&f, VIA_CODEC_OPUS, "mic");
  video = add (&f, VIA_CODEC_VP8, "cam");
  hear (&f, audio, 5000);
  g_assert_false (see (&f, video, 5010, FALSE)); /* asks for a key frame */
  hear (&f, audio, 5020);
  g_assert_true (see (&f, video, 5030, TRUE));
  see (&f, video, 5063, FALSE);
  hear (&f, audio, 9040); /* a gap stays a gap */
  via_recording_finish (f.recording, "eos");

  reader_init (&r, f.path);
  g_assert_false (r.is_torn);
  g_assert_cmpstr (r.tracks->str, ==, "A_OPUS:-6500000ns:48000 V_VP8:320 ");
  g_assert_cmpuint (r.blocks->len, ==, 5);
  g_assert_cmpint (block (&r, 0)->ms, ==, 0);
  g_assert_cmpint (block (&r, 2)->ms, ==, 30);
  g_assert_cmpuint (block (&r, 2)->track, ==, 2);
  g_assert_true (block (&r, 2)->is_key);
  g_assert_cmpuint (block (&r, 2)->size, ==, sizeof vp8_key);
  g_assert_cmpuint (block (&r, 2)->first, ==, vp8_key[0]);
  g_assert_cmpint (block (&r, 3)->ms, ==, 63);
  g_assert_false (block (&r, 3)->is_key);
  g_assert_cmpint (block (&r, 4)->ms, ==, 4040);
  g_assert_cmpfloat (r.duration, ==, 4060.0);
  g_assert_cmpuint (r.n_unknown, ==, 0);
  g_assert_nonnull (strstr (r.tags->str, "ELEMENT=rec APP_DATA=room 7 "));
  g_assert_nonnull (strstr (r.tags->str, "ELEMENT=cam APP_DATA=app "));
  fixture_clear (&f);
}

static void
test_recording_unfinished_has_every_frame (void)
{
  Fixture f;
  guint video;

  fixture_init (&f, VIA_CONTAINER_WEBM, 0);
  video = add (&f, VIA_CODEC_VP8, NULL);
  for (gint i = 0; i < 400; i++) {
    see (&f, video, i * 33, i % 60 == 0);
    if (i % 57 == 0) {
      g_auto (Reader) r;

      reader_init (&r, f.path); /* as after kill -9 */
      g_assert_false (r.is_torn);
      g_assert_cmpuint (r.blocks->len, ==, (guint) i + 1);
      g_assert_cmpint (block (&r, (guint) i)->ms, ==, i * 33);
      g_assert_cmpuint (r.n_unknown, ==, 1);
    }
  }
  fixture_clear (&f);
}

static void
test_recording_finished_has_an_index_of_key_frames (void)
{
  Fixture f;
  g_auto (Reader) r;
  guint video;
  g_autoptr (GstStructure) stopped = NULL;
  guint64 duration, bytes;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  video = add (&f, VIA_CODEC_VP8, NULL);
  for (gint i = 0; i < 600; i++)
    see (&f, video, i * 33, i % 60 == 0);
  via_recording_finish (f.recording, "eos");
  via_recording_finish (f.recording, "again");

  reader_init (&r, f.path);
  g_assert_cmpuint (r.n_clusters, ==, 10);
  g_assert_cmpuint (r.n_cues, ==, 10);
  g_assert_cmpuint (r.n_unknown, ==, 0);
  stopped = told (&f, "recording-stopped");
  g_assert_cmpstr (gst_structure_get_string (stopped, "reason"), ==, "eos");
  g_assert_true (gst_structure_get (stopped, "duration", G_TYPE_UINT64,
      &duration, "bytes", G_TYPE_UINT64, &bytes, NULL));
  g_assert_cmpuint (duration, ==, (599 * 33 + 33) * GST_MSECOND);
  g_assert_cmpuint (bytes, ==, r.len);
  g_assert_null (told (&f, "recording-stopped"));
  fixture_clear (&f);
}

static void
test_recording_absent_track_blocks_nothing (void)
{
  Fixture f;
  g_auto (Reader) r;
  guint audio;
  g_autoptr (GstStructure) missing = NULL;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 300);
  audio = add (&f, VIA_CODEC_PCMU, "phone");
  via_recording_add_track (f.recording, VIA_KIND_VIDEO, "cam", NULL);
  hear (&f, audio, 0);
  g_assert_null (told (&f, "recording-started")); /* it is waited for */
  g_usleep (320 * 1000);
  hear (&f, audio, 50);
  missing = told (&f, "recording-track-missing");
  g_assert_cmpstr (gst_structure_get_string (missing, "from"), ==, "cam");
  reader_init (&r, f.path);
  g_assert_cmpuint (r.blocks->len, ==, 2);
  g_assert_cmpstr (r.tracks->str, ==, "A_MS/ACM:8000 ");
  fixture_clear (&f);
}

static void
test_recording_late_track_is_added_to_the_head (void)
{
  Fixture f;
  guint audio, video;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  audio = add (&f, VIA_CODEC_OPUS, "early");
  hear (&f, audio, 100);
  video = add (&f, VIA_CODEC_VP9, "late");
  see (&f, video, 1100, TRUE);
  hear (&f, audio, 1120);
  for (guint i = 0; i < 2; i++) {
    g_auto (Reader) r;

    reader_init (&r, f.path); /* unfinished, then finished */
    g_assert_false (r.is_torn);
    g_assert_cmpstr (r.tracks->str, ==, "A_OPUS:-6500000ns:48000 V_VP9:1 ");
    g_assert_nonnull (strstr (r.tags->str, "ELEMENT=late"));
    g_assert_cmpuint (r.blocks->len, ==, 3);
    g_assert_cmpint (block (&r, 1)->ms, ==, 1000);
    g_assert_cmpuint (block (&r, 1)->track, ==, 2);
    via_recording_finish (f.recording, "eos");
  }
  fixture_clear (&f);
}

static void
test_recording_tracks_past_the_heads_room_are_refused (void)
{
  Fixture f;
  guint n = 0;
  g_autoptr (GstStructure) refused = NULL;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  while (refused == NULL && n < 2000) {
    guint track = add (&f, VIA_CODEC_OPUS, "a participant with a long name");

    hear (&f, track, (gint) n++);
    refused = told (&f, "recording-track-refused");
  }
  g_assert_cmpuint (n, >, 200);
  g_assert_nonnull (
      strstr (gst_structure_get_string (refused, "reason"), "no room"));
  via_recording_finish (f.recording, "eos");
  {
    g_auto (Reader) r;

    reader_init (&r, f.path);
    g_assert_false (r.is_torn);
    g_assert_cmpuint (r.blocks->len, ==, n - 1);
    g_assert_cmpuint (block (&r, n - 2)->track, ==, n - 1);
  }
  fixture_clear (&f);
}

static void
test_recording_webm_refuses_what_it_cannot_hold (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  ViaMatroskaTrack format = {.codec = VIA_CODEC_H264};
  guint audio, video;

  fixture_init (&f, VIA_CONTAINER_WEBM, 2000);
  audio = add (&f, VIA_CODEC_OPUS, NULL);
  video = via_recording_add_track (f.recording, VIA_KIND_VIDEO, NULL, NULL);
  g_assert_false (
      via_recording_set_format (f.recording, video, &format, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "H264"));
  g_assert_nonnull (strstr (error->message, "container=webm"));
  hear (&f, audio, 0);
  g_usleep (250 * 1000);
  hear (&f, audio, 20); /* the refused one is not waited for */
  {
    g_auto (Reader) r;

    reader_init (&r, f.path);
    g_assert_cmpuint (r.blocks->len, ==, 2);
  }
  fixture_clear (&f);
}

static void
test_recording_times_of_a_track_always_rise (void)
{
  Fixture f;
  g_auto (Reader) r;
  guint audio;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  audio = add (&f, VIA_CODEC_OPUS, NULL);
  hear (&f, audio, 400);
  hear (&f, audio, 500);
  hear (&f, audio, 500);
  hear (&f, audio, 497);
  reader_init (&r, f.path);
  g_assert_cmpuint (r.blocks->len, ==, 4);
  for (guint i = 1; i < 4; i++)
    g_assert_cmpint (block (&r, i)->ms, ==, 99 + i);
  fixture_clear (&f);
}

static void
test_recording_after_a_pause_begins_at_a_key_frame (void)
{
  Fixture f;
  g_auto (Reader) r;
  guint video;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  video = add (&f, VIA_CODEC_VP8, NULL);
  see (&f, video, 0, TRUE);
  via_recording_skip (f.recording);
  g_assert_false (see (&f, video, 33, FALSE));
  g_assert_true (see (&f, video, 66, TRUE));
  reader_init (&r, f.path);
  g_assert_cmpuint (r.blocks->len, ==, 2);
  g_assert_cmpint (block (&r, 1)->ms, ==, 66);
  fixture_clear (&f);
}

static void
test_recording_parameter_sets_of_the_head_come_back (void)
{
  static const guint8 first[] = {
      1, 66, 0, 30, 0xff, 0xe1, 0, 1, 0x67, 1, 0, 1, 0x68};
  static const guint8 other[] = {
      1, 66, 0, 30, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 1, 0x68};
  static const guint8 in_band[] = {0, 12, 10}; /* bytes before the frame */
  Fixture f;
  g_auto (Reader) r;
  guint video;

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  video = via_recording_add_track (f.recording, VIA_KIND_VIDEO, NULL, NULL);
  for (gint i = 0; i < 3; i++) {
    g_autoptr (GBytes) avcc = i == 1 ? g_bytes_new (other, sizeof other)
                                     : g_bytes_new (first, sizeof first);
    ViaMatroskaTrack format = {.codec = VIA_CODEC_H264, .codec_data = avcc};

    via_recording_set_format (f.recording, video, &format, NULL);
    hear (&f, video, i * 33);
  }
  reader_init (&r, f.path);
  g_assert_cmpuint (r.blocks->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (block (&r, i)->size, ==, in_band[i] + sizeof sound);
  fixture_clear (&f);
}

/* As on a full disk: no byte past @limit is taken. */
static void
limit_files (rlim_t limit)
{
  struct rlimit set = {limit, RLIM_INFINITY};

  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &set), ==, 0);
}

static void
test_recording_full_disk_leaves_whole_frames (void)
{
  /* The head is a little over 32 KiB; 13 + 6 bytes of block and frame. */
  for (rlim_t limit = 33600; limit < 33640; limit += 3) {
    Fixture f;
    g_auto (Reader) r;
    g_autoptr (GstStructure) stopped = NULL;
    guint video, n = 0;

    fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
    video = add (&f, VIA_CODEC_VP8, NULL);
    limit_files (limit);
    while (stopped == NULL && n < 10000) {
      see (&f, video, (gint) n * 33, n % 60 == 0);
      n++;
      stopped = told (&f, "recording-stopped");
    }
    limit_files (RLIM_INFINITY);
    g_assert_cmpstr (gst_structure_get_string (stopped, "reason"), ==, "error");
    g_assert_nonnull (
        strstr (gst_structure_get_string (stopped, "error"), f.path));
    reader_init (&r, f.path);
    g_assert_cmpuint (r.len, <=, limit);
    g_assert_false (r.is_torn);
    g_assert_cmpuint (r.n_unknown, ==, 0);
    g_assert_cmpuint (r.blocks->len, ==, n - 1); /* all but the torn one */
    g_assert_cmpfloat (r.duration, ==, (n - 1) * 33.0);
    fixture_clear (&f);
  }
}

static void
test_recording_two_writers_of_one_file_refused (void)
{
  Fixture f;
  g_autoptr (GError) error = NULL;
  ViaRecordingConfig config = {0};

  fixture_init (&f, VIA_CONTAINER_MATROSKA, 0);
  config.location = f.path;
  g_assert_null (via_recording_new (&config, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, f.path));
  g_clear_error (&error);
  config.location = "/dev/null";
  g_assert_null (via_recording_new (&config, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  fixture_clear (&f);
}

static void
test_picture_new_parameter_sets_go_before_key_frames (void)
{
  static const guint8 avcc[] = {
      1, 66, 0, 30, 0xff, 0xe1, 0, 3, 0x67, 1, 2, 1, 0, 2, 0x68, 9};
  static const guint8 sets[] = {0, 0, 0, 3, 0x67, 1, 2, 0, 0, 0, 2, 0x68, 9};
  g_autoptr (GByteArray) found = via_picture_parameter_sets (avcc, sizeof avcc);

  g_assert_cmpmem (found->data, found->len, sets, sizeof sets);
  for (gsize n = 0; n < sizeof avcc; n++)
    g_assert_null (via_picture_parameter_sets (avcc, n));
}

static void
test_picture_vp9_key_frame_tells_its_size (void)
{
  /* Profile 0, key frame, 8 bit BT.601, 1280×720. */
  static const guint8 frame[] = {
      0x82, 0x49, 0x83, 0x42, 0x20, 0x4f, 0xf0, 0x2c, 0xf0, 0, 0};
  guint width = 0, height = 0;

  g_assert_true (
      via_picture_size (VIA_CODEC_VP9, frame, sizeof frame, &width, &height));
  g_assert_cmpuint (width, ==, 1280);
  g_assert_cmpuint (height, ==, 720);
  g_assert_false (via_picture_size (VIA_CODEC_VP9, frame, 6, &width, &height));
}

static void
test_ebml_sizes_never_read_as_unknown (void)
{
  static const guint64 sizes[] = {0, 126, 127, 16382, 16383, 2097150};
  static const guint lengths[] = {1, 1, 2, 2, 3, 3};

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GByteArray) out = g_byte_array_new ();

    via_ebml_size (out, sizes[i]);
    g_assert_cmpuint (out->len, ==, lengths[i]);
  }
  for (guint gap = 2; gap < 300; gap++) {
    g_autoptr (GByteArray) out = g_byte_array_new ();

    g_assert_true (via_ebml_pad (out, gap));
    g_assert_cmpuint (out->len, ==, gap);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  gst_init (&argc, &argv);
  g_test_add_func ("/recording/two-tracks-share-one-timeline",
      test_recording_two_tracks_share_one_timeline);
  g_test_add_func ("/recording/unfinished-has-every-frame",
      test_recording_unfinished_has_every_frame);
  g_test_add_func ("/recording/finished-has-an-index-of-key-frames",
      test_recording_finished_has_an_index_of_key_frames);
  g_test_add_func ("/recording/absent-track-blocks-nothing",
      test_recording_absent_track_blocks_nothing);
  g_test_add_func ("/recording/late-track-is-added-to-the-head",
      test_recording_late_track_is_added_to_the_head);
  g_test_add_func ("/recording/tracks-past-the-heads-room-are-refused",
      test_recording_tracks_past_the_heads_room_are_refused);
  g_test_add_func ("/recording/webm-refuses-what-it-cannot-hold",
      test_recording_webm_refuses_what_it_cannot_hold);
  g_test_add_func ("/recording/times-of-a-track-always-rise",
      test_recording_times_of_a_track_always_rise);
  g_test_add_func ("/recording/after-a-pause-begins-at-a-key-frame",
      test_recording_after_a_pause_begins_at_a_key_frame);
  g_test_add_func ("/recording/parameter-sets-of-the-head-come-back",
      test_recording_parameter_sets_of_the_head_come_back);
  g_test_add_func ("/recording/full-disk-leaves-whole-frames",
      test_recording_full_disk_leaves_whole_frames);
  g_test_add_func ("/recording/two-writers-of-one-file-refused",
      test_recording_two_writers_of_one_file_refused);
  g_test_add_func ("/picture/new-parameter-sets-go-before-key-frames",
      test_picture_new_parameter_sets_go_before_key_frames);
  g_test_add_func ("/picture/vp9-key-frame-tells-its-size",
      test_picture_vp9_key_frame_tells_its_size);
  g_test_add_func ("/ebml/sizes-never-read-as-unknown",
      test_ebml_sizes_never_read_as_unknown);
  return g_test_run ();
}
