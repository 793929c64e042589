/* SPDX-License-Identifier: LGPL-2.1-or-later
 * player_fixture.h – a player, its room and a viewer; files made for them.
 */
#pragma once

#include <glib/gstdio.h>

#include "endpoints/join.h"
#include "endpoints/playerendpoint.h"
#include "io/exchange.h"
#include "packets.h"

#define STREET_WEBM TEST_DATA "/media/street-vp8-opus.webm"
#define STREET_MP4 TEST_DATA "/media/street-h264-bframes-aac.mp4"

/* --- a room without the hub element --- */

#define TEST_TYPE_ROOM (test_room_get_type ())
G_DECLARE_FINAL_TYPE (TestRoom, test_room, TEST, ROOM, GstElement)

struct _TestRoom
{
  GstElement parent;
  ViaExchange *exchange;
};

static inline ViaExchange *
get_exchange (ViaRoomOwner *owner)
{
  return via_exchange_ref (TEST_ROOM (owner)->exchange);
}

static inline void
room_owner_init (ViaRoomOwnerInterface *iface)
{
  iface->get_exchange = get_exchange;
}

G_DEFINE_TYPE_WITH_CODE (TestRoom, test_room, GST_TYPE_ELEMENT,
    G_IMPLEMENT_INTERFACE (VIA_TYPE_ROOM_OWNER, room_owner_init))

static inline void
test_room_finalize (GObject *object)
{
  via_exchange_unref (TEST_ROOM (object)->exchange);
  G_OBJECT_CLASS (test_room_parent_class)->finalize (object);
}

static inline void
test_room_class_init (TestRoomClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_room_finalize;
}

static inline void
test_room_init (TestRoom *self)
{
  self->exchange = via_exchange_new ();
}

/* --- a player, its room and a viewer --- */

typedef struct
{
  GstElement *pipeline, *player;
  TestRoom *room;
  ViaLoop *loop;
  ViaMember *viewer;
  Track tracks[2]; /* by ViaKind */
  gchar *app_data; /* of the first track */
  GPtrArray *flows;
  guint n_eos, n_errors;
  ViaTime began, eos_at;
  gchar *error;
} Fixture;

static inline void
on_attach (gpointer user, ViaKind kind, guint slot, const ViaTrackInfo *track)
{
  Fixture *f = user;

  if (f->app_data == NULL)
    f->app_data = g_strdup (track->app_data);
  track_codec (&f->tracks[kind], &track->codec);
  if (f->viewer != NULL && kind == VIA_KIND_VIDEO) /* as every viewer does */
    via_member_want_keyframe (f->viewer, kind, slot);
}

static inline void
on_detach (gpointer user, ViaKind kind, guint slot)
{
}

static inline void
on_packets (
    gpointer user, ViaKind kind, guint slot, ViaPacket *const *packets, guint n)
{
  track_take (&((Fixture *) user)->tracks[kind], packets, n);
}

static inline void
on_eos (gpointer user, ViaKind kind, guint slot)
{
  track_eos (&((Fixture *) user)->tracks[kind]);
}

static inline void
on_lost (gpointer user)
{
}

static const ViaMemberFuncs viewer_funcs = {.attach = on_attach,
    .detach = on_detach,
    .packets = on_packets,
    .eos = on_eos,
    .lost = on_lost};

static inline void
fixture_init (Fixture *f, const gchar *uri)
{
  g_autoptr (GError) error = NULL;

  memset (f, 0, sizeof *f);
  track_init (&f->tracks[VIA_KIND_AUDIO]);
  track_init (&f->tracks[VIA_KIND_VIDEO]);
  f->flows =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  f->pipeline = gst_pipeline_new (NULL);
  f->room = g_object_new (TEST_TYPE_ROOM, "name", "room", NULL);
  f->player = g_object_new (VIA_TYPE_PLAYER_ENDPOINT, "name", "p", "uri", uri,
      "hub", "room", "app-data", "clip", NULL);
  gst_bin_add_many (
      GST_BIN (f->pipeline), GST_ELEMENT (f->room), f->player, NULL);
  f->loop = via_loop_acquire ();
  f->viewer = via_exchange_join (
      f->room->exchange, f->loop, "viewer", NULL, &viewer_funcs, f, &error);
  g_assert_no_error (error);
  via_member_set_slots (f->viewer, VIA_KIND_AUDIO, G_MAXUINT);
  via_member_set_slots (f->viewer, VIA_KIND_VIDEO, G_MAXUINT);
}

static inline void
fixture_clear (Fixture *f)
{
  GstElement *weak = f->pipeline;

  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  via_member_leave (f->viewer);
  via_loop_release (f->loop);
  g_object_add_weak_pointer (G_OBJECT (f->player), (gpointer *) &weak);
  gst_object_unref (f->pipeline);
  g_assert_null (weak); /* the player was not leaked */
  track_clear (&f->tracks[0]);
  track_clear (&f->tracks[1]);
  g_ptr_array_unref (f->flows);
  g_free (f->app_data);
  g_free (f->error);
}

static inline void
play (Fixture *f)
{
  f->began = g_get_monotonic_time ();
  g_assert_cmpint (gst_element_set_state (f->pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
}

static inline void
take_message (Fixture *f, GstMessage *m)
{
  const GstStructure *s = gst_message_get_structure (m);

  if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_EOS) {
    f->n_eos++;
    f->eos_at = g_get_monotonic_time ();
  } else if (GST_MESSAGE_TYPE (m) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (m, &error, NULL);
    f->n_errors++;
    if (f->error == NULL)
      f->error = g_strdup (error->message);
  } else if (gst_structure_has_name (s, "media-flow")) {
    g_ptr_array_add (f->flows, gst_structure_copy (s));
  }
}

static inline void
nothing (gpointer data)
{
}

/* The viewer has taken what was sent to it so far: packets and ends go to its
 * loop before the bus tells of them. */
static inline void
settle (Fixture *f)
{
  via_loop_call (f->loop, nothing, NULL);
}

/* Reads the bus for @ms, or until EOS or ERROR if @ms is 0 (60 s at most). What
 * was sent before is at the viewer then. */
static inline void
listen (Fixture *f, guint ms)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (f->pipeline);
  gint64 end = g_get_monotonic_time () + (ms != 0 ? ms : 60000) * VIA_MS;
  gint64 now;

  while ((now = g_get_monotonic_time ()) < end) {
    g_autoptr (GstMessage) m =
        gst_bus_timed_pop_filtered (bus, (end - now) * 1000,
            GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
    if (m != NULL)
      take_message (f, m);
    if (ms == 0 && f->n_eos + f->n_errors > 0)
      break;
  }
  settle (f);
}

/* Until @track has a packet. */
static inline void
listen_for (Fixture *f, Track *track)
{
  gint64 end = g_get_monotonic_time () + 60 * VIA_S;

  while (track_count (track) == 0 && f->n_eos + f->n_errors == 0
         && g_get_monotonic_time () < end)
    listen (f, 20);
  g_assert_cmpuint (track_count (track), >, 0);
}

static inline void
assert_flow (Fixture *f, const gchar *kind, const gchar *from, const gchar *to,
    const gchar *mode, const gchar *reason)
{
  guint n = 0;

  for (guint i = 0; i < f->flows->len; i++) {
    GstStructure *s = g_ptr_array_index (f->flows, i);
    if (g_strcmp0 (gst_structure_get_string (s, "kind"), kind) != 0)
      continue;
    n++;
    g_assert_cmpstr (gst_structure_get_string (s, "from-codec"), ==, from);
    g_assert_cmpstr (gst_structure_get_string (s, "to-codec"), ==, to);
    g_assert_cmpstr (gst_structure_get_string (s, "mode"), ==, mode);
    g_assert_cmpstr (gst_structure_get_string (s, "reason"), ==, reason);
    g_assert_cmpstr (gst_structure_get_string (s, "app-data"), ==, "clip");
    g_assert_cmpstr (gst_structure_get_string (s, "element"), ==, "p");
  }
  g_assert_cmpuint (n, ==, 1);
}

static inline void
assert_near (gint64 value, gint64 wanted, gint64 tolerance)
{
  g_assert_cmpint (value, >=, wanted - tolerance);
  g_assert_cmpint (value, <=, wanted + tolerance);
}

/* When the first packet came; at the latest, when it ended. */
static inline ViaTime
first_arrived (Fixture *f)
{
  ViaTime first = f->eos_at;

  for (guint i = 0; i < G_N_ELEMENTS (f->tracks); i++)
    if (track_count (&f->tracks[i]) > 0)
      first = MIN (first, track_arrived (&f->tracks[i], 0));
  return first;
}

/* Never early. How long the start takes, with plugins to load on a machine that
 * may be busy, is not its pace. */
static inline void
assert_lasted (Fixture *f, ViaTime wanted)
{
  g_assert_cmpint (f->eos_at - f->began, >=, wanted - 200 * VIA_MS);
  g_assert_cmpint (f->eos_at - first_arrived (f), <=, wanted + 2 * VIA_S);
}

/* --- files made here --- */

static gchar *dir;

/* Runs @line, which writes "%s", and gives the file's URI. */
static inline gchar *
make_file (const gchar *name, const gchar *line)
{
  g_autofree gchar *path = g_build_filename (dir, name, NULL);
  g_autofree gchar *text =
      g_strdup_printf ("%s ! filesink location=%s", line, path);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstMessage *m;

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  m = wait_end (pipeline, 60);
  g_assert_nonnull (m);
  g_assert_cmpint (GST_MESSAGE_TYPE (m), ==, GST_MESSAGE_EOS);
  gst_message_unref (m);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return gst_filename_to_uri (path, NULL);
}

#define PICTURES                                                               \
  "videotestsrc num-buffers=50 ! "                                             \
  "video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! "
#define SOUND                                                                  \
  "audiotestsrc num-buffers=100 samplesperbuffer=960 ! "                       \
  "audio/x-raw,rate=48000,channels=1 ! "

static inline gchar *
short_webm (void)
{
  return make_file ("short.webm",
      PICTURES "vp8enc deadline=1 keyframe-max-dist=25 ! m.  " SOUND
               "opusenc ! m.  webmmux name=m");
}

static inline gchar *
short_mp4 (const gchar *name, guint bframes)
{
  g_autofree gchar *line = g_strdup_printf (PICTURES
      "x264enc bframes=%u b-adapt=false key-int-max=25 ! "
      "video/x-h264,profile=high ! h264parse ! m.  " SOUND
      "avenc_aac ! aacparse ! m.  mp4mux name=m",
      bframes);

  return make_file (name, line);
}

static inline void
remove_dir (void)
{
  GDir *d = g_dir_open (dir, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (d)) != NULL) {
    g_autofree gchar *path = g_build_filename (dir, name, NULL);
    g_remove (path);
  }
  g_dir_close (d);
  g_rmdir (dir);
  g_free (dir);
}
