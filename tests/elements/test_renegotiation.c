/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_renegotiation.c – a call changes while it runs: tracks
 * come, go and come back, are held, ICE restarts, an offer fails, both offer at
 * once. The audio that stays is counted at the far end: nothing of it is lost.
 * Real calls in a network namespace; through the plugin only.
 */
#include <string.h>

#include "netns.h"
#include "side.h"

#define CALLER "audiotestsrc is-live=true ! opusenc ! webrtcendpoint name=e "
#define CALLEE "webrtcendpoint name=e"
#define WAIT (60 * G_TIME_SPAN_SECOND)
#define SILENCE (900 * G_TIME_SPAN_MILLISECOND) /* the machine is shared */

typedef struct
{
  Side caller, callee;
  gint n_needed, n_states; /* atomic; at the caller */
  GThread *watcher;
  gint is_done; /* atomic */
  gint64 silence;
} Call;

static void
on_needed (GstElement *endpoint, gpointer data)
{
  g_atomic_int_inc (&((Call *) data)->n_needed);
}

static void
on_state (GstElement *endpoint, gint state, gpointer data)
{
  g_atomic_int_inc (&((Call *) data)->n_states);
}

/* A field of the callee's m-line @i; 0: there is no such line or field. */
static guint64
line_count (Side *side, guint i, const gchar *field)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  const GValue *media = gst_structure_get_value (stats, "media");
  const GstStructure *line;
  guint64 n = 0;
  guint small = 0;

  if (media == NULL || i >= gst_value_array_get_size (media))
    return 0;
  line = gst_value_get_structure (gst_value_array_get_value (media, i));
  if (!gst_structure_get_uint64 (line, field, &n)
      && gst_structure_get_uint (line, field, &small))
    n = small;
  return n;
}

static gchar *
line_text (Side *side, guint i, const gchar *field)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  const GValue *media = gst_structure_get_value (stats, "media");

  g_assert_cmpuint (i, <, gst_value_array_get_size (media));
  return g_strdup (gst_structure_get_string (
      gst_value_get_structure (gst_value_array_get_value (media, i)), field));
}

static gboolean
line_is_rejected (Side *side, guint i)
{
  g_autoptr (GstStructure) stats = side_stats (side);
  const GValue *media = gst_structure_get_value (stats, "media");
  gboolean is_rejected = FALSE;

  g_assert_cmpuint (i, <, gst_value_array_get_size (media));
  gst_structure_get_boolean (
      gst_value_get_structure (gst_value_array_get_value (media, i)),
      "is-rejected", &is_rejected);
  return is_rejected;
}

static void
wait_line (Side *side, guint i, guint64 more)
{
  guint64 wanted = line_count (side, i, "packets-received") + more;
  gint64 end = g_get_monotonic_time () + WAIT;

  while (line_count (side, i, "packets-received") < wanted
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (line_count (side, i, "packets-received"), >=, wanted);
}

/* Until all of the first m-line that the caller has sent by now is here; what
 * it sent on other lines before came the same way. */
static void
wait_heard (Call *self)
{
  guint64 sent = line_count (&self->caller, 0, "packets-sent");
  gint64 end = g_get_monotonic_time () + WAIT;

  g_assert_cmpuint (sent, >, 0);
  while (line_count (&self->callee, 0, "packets-received") < sent
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (
      line_count (&self->callee, 0, "packets-received"), >=, sent);
}

/* The longest time without a packet of the first m-line. */
static gpointer
watch_audio (gpointer data)
{
  Call *self = data;
  gint64 last = g_get_monotonic_time ();
  guint64 n = line_count (&self->callee, 0, "packets-received");

  while (!g_atomic_int_get (&self->is_done)) {
    guint64 now = line_count (&self->callee, 0, "packets-received");

    self->silence = MAX (self->silence, g_get_monotonic_time () - last);
    if (now != n)
      last = g_get_monotonic_time ();
    n = now;
    g_usleep (10000);
  }
  return NULL;
}

static void
call_begin (Call *self, const gchar *line)
{
  memset (self, 0, sizeof *self);
  side_start (&self->caller, line);
  side_start (&self->callee, CALLEE);
  side_connect (
      &self->caller, "on-negotiation-needed", G_CALLBACK (on_needed), self);
  side_call (&self->caller, &self->callee, NULL);
  wait_line (&self->callee, 0, 20);
  side_wait_told (&self->caller, "connected"); /* the last one for now */
  side_connect (
      &self->caller, "connection-state-changed", G_CALLBACK (on_state), self);
  self->watcher = g_thread_new ("watch", watch_audio, self);
}

static void
call_end (Call *self)
{
  g_autoptr (GstStructure) stats = side_stats (&self->callee);
  const GValue *media = gst_structure_get_value (stats, "media");
  gint64 lost = -1;

  wait_line (&self->callee, 0, 20);
  g_atomic_int_set (&self->is_done, TRUE);
  g_thread_join (self->watcher);
  gst_structure_get_int64 (
      gst_value_get_structure (gst_value_array_get_value (media, 0)),
      "packets-lost", &lost);
  g_assert_cmpint (lost, ==, 0);
  g_assert_cmpuint (line_count (&self->callee, 0, "ssrcs-received"), ==, 1);
  g_assert_cmpint (self->silence, <, SILENCE);
  g_assert_cmpint (g_atomic_int_get (&self->n_states), ==, 0);
  side_stop (&self->caller);
  side_stop (&self->callee);
}

static void
wait_needed (Call *self, gint wanted)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_atomic_int_get (&self->n_needed) < wanted
         && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (&self->n_needed), ==, wanted);
}

static void
assert_signaling (Side *side, const gchar *wanted)
{
  GType type = g_type_from_name ("ViaSignalingState");
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);
  gint state = -1;

  g_object_get (side->endpoint, "signaling-state", &state, NULL);
  g_assert_cmpstr (g_enum_get_value (klass, state)->value_nick, ==, wanted);
}

/* @find in the second m-line of @sdp replaced, NULL: as it is. */
static gchar *
edit_second (const gchar *sdp, const gchar *find, const gchar *put)
{
  const gchar *at;

  if (find == NULL)
    return g_strdup (sdp);
  at = strstr (strstr (sdp, "m=video"), find);
  g_assert_nonnull (at);
  return g_strdup_printf (
      "%.*s%s%s", (gint) (at - sdp), sdp, put, at + strlen (find));
}

static void
again (Call *self, const gchar *find, const gchar *put)
{
  g_autofree gchar *offer = NULL, *answer = NULL, *heard = NULL;
  gboolean is_done = FALSE;

  g_signal_emit_by_name (self->caller.endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  assert_signaling (&self->caller, "have-local-offer");
  g_signal_emit_by_name (
      self->callee.endpoint, "process-offer", offer, &answer);
  g_assert_nonnull (answer);
  heard = edit_second (answer, find, put);
  g_signal_emit_by_name (
      self->caller.endpoint, "process-answer", heard, &is_done);
  g_assert_true (is_done);
  assert_signaling (&self->caller, "stable");
}

/* --- a video that comes and goes --- */

typedef struct
{
  GstElement *bin;
  GstPad *pad; /* of the endpoint */
} Video;

static void
video_add (Video *self, Call *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstPad) src = NULL;

  self->bin = gst_parse_bin_from_description (
      "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
      "vp8enc deadline=1 keyframe-max-dist=15",
      TRUE, &error);
  g_assert_no_error (error);
  gst_bin_add (GST_BIN (call->caller.pipeline), self->bin);
  self->pad =
      gst_element_request_pad_simple (call->caller.endpoint, "video_sink_%u");
  src = gst_element_get_static_pad (self->bin, "src");
  g_assert_cmpint (gst_pad_link (src, self->pad), ==, GST_PAD_LINK_OK);
  gst_element_sync_state_with_parent (self->bin);
}

static void
video_remove (Video *self, Call *call)
{
  gst_element_set_state (self->bin, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (call->caller.pipeline), self->bin);
  gst_element_release_request_pad (call->caller.endpoint, self->pad);
  gst_clear_object (&self->pad);
}

static void
test_renegotiation_video_is_added_removed_and_recycled (void)
{
  Call call;
  Video video;
  g_autofree gchar *first = NULL, *second = NULL;

  call_begin (&call, CALLER);
  g_assert_cmpint (g_atomic_int_get (&call.n_needed), ==, 0);
  video_add (&video, &call);
  wait_needed (&call, 1);
  again (&call, "a=sendrecv", "a=recvonly"); /* a browser without a camera */
  wait_line (&call.callee, 1, 20);
  first = line_text (&call.callee, 1, "mid");
  video_remove (&video, &call);
  wait_needed (&call, 2);
  again (&call, NULL, NULL);
  g_assert_true (line_is_rejected (&call.callee, 1));
  video_add (&video, &call);
  wait_needed (&call, 3);
  again (&call, NULL, NULL);
  wait_line (&call.callee, 1, 20);
  second = line_text (&call.callee, 1, "mid");
  g_assert_cmpstr (first, !=, second);
  wait_line (&call.callee, 0, 20);
  g_assert_cmpint (g_atomic_int_get (&call.n_needed), ==, 3);
  video_remove (&video, &call);
  call_end (&call);
}

/* A peer that may send on the m-line keeps it: we only receive until there is
 * something to send again (RFC 9429 §4.1.8). */
static void
test_renegotiation_video_both_ways_is_used_again (void)
{
  Call call;
  Video video;
  g_autofree gchar *direction = NULL;
  g_autofree gchar *mid = NULL;

  call_begin (&call, CALLER);
  video_add (&video, &call);
  wait_needed (&call, 1);
  again (&call, NULL, NULL);
  wait_line (&call.callee, 1, 20);
  video_remove (&video, &call);
  wait_needed (&call, 2);
  again (&call, NULL, NULL);
  direction = line_text (&call.callee, 1, "direction");
  g_assert_cmpstr (direction, ==, "sendonly");
  video_add (&video, &call);
  wait_needed (&call, 3);
  again (&call, NULL, NULL);
  wait_line (&call.callee, 1, 20);
  mid = line_text (&call.callee, 1, "mid");
  g_assert_cmpstr (mid, ==, "1");
  video_remove (&video, &call);
  call_end (&call);
}

static void
test_renegotiation_video_is_held_and_goes_on (void)
{
  Call call;
  Video video;
  guint64 held;

  call_begin (&call, CALLER);
  video_add (&video, &call);
  wait_needed (&call, 1);
  again (&call, NULL, NULL);
  wait_line (&call.callee, 1, 20);
  again (&call, "a=sendrecv", "a=inactive");
  wait_heard (&call); /* what was on its way is here */
  held = line_count (&call.callee, 1, "packets-received");
  wait_line (&call.callee, 0, 30);
  g_assert_cmpuint (line_count (&call.callee, 1, "packets-received"), ==, held);
  again (&call, NULL, NULL);
  wait_line (&call.callee, 1, 20);
  g_assert_cmpuint (line_count (&call.callee, 1, "ssrcs-received"), ==, 1);
  g_assert_cmpint (g_atomic_int_get (&call.n_needed), ==, 1);
  video_remove (&video, &call);
  call_end (&call);
}

/* --- the transport --- */

static gchar *
ufrag_of (Side *side)
{
  g_autofree gchar *sdp = NULL;
  const gchar *at;

  g_object_get (side->endpoint, "local-description", &sdp, NULL);
  at = strstr (sdp, "a=ice-ufrag:");
  g_assert_nonnull (at);
  return g_strndup (at, strcspn (at, "\r"));
}

static void
test_renegotiation_ice_restarts_under_running_media (void)
{
  Call call;

  call_begin (&call, CALLER);
  for (gint i = 1; i <= 2; i++) {
    g_autofree gchar *caller = ufrag_of (&call.caller);
    g_autofree gchar *callee = ufrag_of (&call.callee);
    g_autofree gchar *new_caller = NULL, *new_callee = NULL;
    gboolean is_done = FALSE;

    g_signal_emit_by_name (call.caller.endpoint, "restart-ice", &is_done);
    g_assert_true (is_done);
    wait_needed (&call, i);
    again (&call, NULL, NULL);
    new_caller = ufrag_of (&call.caller);
    new_callee = ufrag_of (&call.callee);
    g_assert_cmpstr (caller, !=, new_caller);
    g_assert_cmpstr (callee, !=, new_callee);
    wait_line (&call.callee, 0, 100);
  }
  again (&call, NULL, NULL); /* without a restart they stay */
  wait_line (&call.callee, 0, 50);
  g_assert_cmpint (g_atomic_int_get (&call.n_needed), ==, 2);
  call_end (&call);
}

/* --- what fails, and who gives way --- */

static void
test_renegotiation_failed_offer_changes_nothing (void)
{
  Call call;
  g_autofree gchar *before = NULL, *after = NULL, *offer = NULL;
  g_autofree gchar *print = NULL;
  const gchar *bad[] = {"v=0", "", NULL};

  call_begin (&call, CALLER);
  g_object_get (call.callee.endpoint, "local-description", &before, NULL);
  g_signal_emit_by_name (call.caller.endpoint, "generate-offer", &offer);
  print = g_strdup (offer);
  memcpy (strstr (print, "sha-256 ") + 8, "00:00:00", 8);
  bad[2] = print;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *answer = NULL;

    g_signal_emit_by_name (
        call.callee.endpoint, "process-offer", bad[i], &answer);
    g_assert_null (answer);
    assert_signaling (&call.callee, "stable");
  }
  wait_line (&call.callee, 0, 20);
  g_object_get (call.callee.endpoint, "local-description", &after, NULL);
  g_assert_cmpstr (before, ==, after);
  again (&call, NULL, NULL); /* ours is still to be answered */
  call_end (&call);
}

static void
test_renegotiation_glare_the_offer_handed_in_wins (void)
{
  Call call;
  g_autofree gchar *ours = NULL, *theirs = NULL, *answer = NULL;
  gboolean is_done = FALSE;

  call_begin (&call, CALLER);
  g_signal_emit_by_name (call.caller.endpoint, "restart-ice", &is_done);
  wait_needed (&call, 1);
  g_signal_emit_by_name (call.caller.endpoint, "generate-offer", &ours);
  g_signal_emit_by_name (call.callee.endpoint, "generate-offer", &theirs);
  g_signal_emit_by_name (
      call.caller.endpoint, "process-offer", theirs, &answer);
  g_assert_nonnull (answer);
  assert_signaling (&call.caller, "stable");
  g_signal_emit_by_name (
      call.callee.endpoint, "process-answer", answer, &is_done);
  g_assert_true (is_done);
  wait_needed (&call, 2); /* what we wanted is still wanted */
  again (&call, NULL, NULL);
  wait_line (&call.callee, 0, 50);
  g_assert_cmpint (g_atomic_int_get (&call.n_needed), ==, 2);
  call_end (&call);
}

static void
on_tracks_changed (GstElement *endpoint, gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

/* Waits until m-line @i shows the only track there is; -1: nothing is shown. */
static void
wait_shown (Side *side, gint i, const gchar *name)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  for (;;) {
    GstStructure *list = NULL;
    const GValue *tracks;
    const GstStructure *track;
    guint n, media = 99, port = 99;

    g_signal_emit_by_name (side->endpoint, "list-tracks", &list);
    tracks = gst_structure_get_value (list, "tracks");
    n = gst_value_array_get_size (tracks);
    if (n == (i >= 0 ? 1 : 0)) {
      if (n > 0) {
        track = gst_value_get_structure (gst_value_array_get_value (tracks, 0));
        g_assert_true (gst_structure_get (track, "media", G_TYPE_UINT, &media,
            "port", G_TYPE_UINT, &port, NULL));
        g_assert_cmpuint (media, ==, i);
        g_assert_cmpuint (port, ==, 7);
        g_assert_cmpstr (gst_structure_get_string (track, "name"), ==, name);
        g_assert_cmpstr (gst_structure_get_string (track, "kind"), ==, "video");
        g_assert_nonnull (gst_structure_get_string (track, "mid"));
      }
      gst_structure_free (list);
      return;
    }
    gst_structure_free (list);
    g_assert_cmpint (g_get_monotonic_time (), <, end);
    g_usleep (10000);
  }
}

static void
wait_changed (const gint *n_changed, gint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (g_atomic_int_get (n_changed) < n && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpint (g_atomic_int_get (n_changed), >=, n);
}

/* Who is at an m-line can change without a negotiation; it is told. */
static void
test_renegotiation_an_m_line_says_whom_it_shows (void)
{
  Side caller, callee;
  GstElement *hub;
  GstPad *pad;
  gint n_changed = 0, before;

  side_start (&caller, "hub name=room webrtcendpoint name=e hub=room "
                       "videotestsrc is-live=true ! vp8enc deadline=1 ! "
                       "room.video_sink_7");
  side_start (&callee, CALLEE);
  side_connect (
      &caller, "tracks-changed", G_CALLBACK (on_tracks_changed), &n_changed);
  side_call (&caller, &callee, NULL);
  wait_shown (&caller, 1, "room"); /* audio is first */
  wait_changed (&n_changed, 1);
  before = g_atomic_int_get (&n_changed);
  hub = gst_bin_get_by_name (GST_BIN (caller.pipeline), "room");
  pad = gst_element_get_static_pad (hub, "video_sink_7");
  gst_element_release_request_pad (hub, pad);
  wait_shown (&caller, -1, NULL);
  wait_changed (&n_changed, before + 1);
  gst_object_unref (pad);
  gst_object_unref (hub);
  side_stop (&caller);
  side_stop (&callee);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                        \
  g_test_add_func ("/renegotiation/" name, test_renegotiation_##func)
  ADD ("video", video_is_added_removed_and_recycled);
  ADD ("both-ways", video_both_ways_is_used_again);
  ADD ("hold", video_is_held_and_goes_on);
  ADD ("restart", ice_restarts_under_running_media);
  ADD ("failed", failed_offer_changes_nothing);
  ADD ("glare", glare_the_offer_handed_in_wins);
  ADD ("whom", an_m_line_says_whom_it_shows);
  return g_test_run ();
}
