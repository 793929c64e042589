/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_reentry.c – what an application may do inside a signal of
 * webrtcendpoint, or of a server's child: any action, and set_state (NULL).
 */
#include <string.h>

#include "netns.h"
#include "side.h"
#ifdef VIA_HAVE_HTTP
#include "ask.h"
#endif

#define VIDEO                                                                  \
  "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "            \
  "webrtcendpoint name=e "
#define EMPTY "webrtcendpoint name=e "
#define WAIT (15 * G_TIME_SPAN_SECOND)

static const gchar *const signals[] = {"on-ice-candidate",
    "on-ice-gathering-done", "connection-state-changed", "pad-added"};

/* What is done the first time the signal comes. */
typedef struct
{
  void (*act) (GstElement *endpoint, GstElement *whole);
  GstElement *whole; /* what is stopped */
  gint n;            /* atomic: how often it came */
  gint is_done;      /* atomic: the first handler returned */
} Inside;

static void
marshal (GClosure *closure, GValue *result, guint n, const GValue *values,
    gpointer hint, gpointer unused)
{
  Inside *self = closure->data;

  if (g_atomic_int_add (&self->n, 1) != 0)
    return;
  self->act (g_value_get_object (&values[0]), self->whole);
  g_atomic_int_set (&self->is_done, TRUE);
}

static void
inside_connect (Inside *self, GstElement *endpoint, const gchar *signal)
{
  GClosure *closure = g_closure_new_simple (sizeof (GClosure), self);

  g_closure_set_marshal (closure, marshal);
  g_signal_connect_closure (endpoint, signal, closure, FALSE);
}

static void
inside_wait (Inside *self, const gchar *signal)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (!g_atomic_int_get (&self->is_done) && g_get_monotonic_time () < end)
    g_usleep (5000);
  if (!g_atomic_int_get (&self->is_done))
    g_error ("%s: %s", signal,
        g_atomic_int_get (&self->n) > 0 ? "the handler hangs" : "never came");
}

static void
stop (GstElement *endpoint, GstElement *whole)
{
  gst_element_set_state (whole, GST_STATE_NULL);
}

/* None changes the call: it stands already. */
static void
try_all (GstElement *endpoint, GstElement *whole)
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *answer = NULL;
  g_autofree gchar *local = NULL;
  g_autoptr (GstStructure) stats = NULL;
  gboolean is_done = FALSE;

  g_object_get (endpoint, "local-description", &local, "stats", &stats, NULL);
  g_assert_nonnull (local);
  g_assert_nonnull (stats);
  g_signal_emit_by_name (endpoint, "process-offer", "v=0", &answer);
  g_assert_null (answer);
  g_signal_emit_by_name (endpoint, "process-answer", "v=0", &is_done);
  g_assert_false (is_done);
  g_signal_emit_by_name (endpoint, "generate-offer", &offer);
  g_signal_emit_by_name (endpoint, "gather-candidates", &is_done);
  g_signal_emit_by_name (endpoint, "add-ice-candidate", 0,
      "candidate:9 1 udp 1 192.0.2.77 5000 typ host", &is_done);
}

static void
test_reentry_actions_inside_each_signal_return (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Inside inside = {.act = try_all};
    Side caller, callee;

    side_start (&caller, VIDEO);
    side_start (&callee, EMPTY);
    inside_connect (&inside, callee.endpoint, signals[i]);
    side_call (&caller, &callee, NULL);
    inside_wait (&inside, signals[i]);
    side_wait_received (&callee, 30); /* the call goes on */
    side_stop (&caller);
    side_stop (&callee);
  }
}

static void
test_reentry_stop_inside_each_signal_returns (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Inside inside = {.act = stop};
    Side caller, callee;

    side_start (&caller, VIDEO);
    side_start (&callee, EMPTY);
    inside.whole = callee.pipeline;
    inside_connect (&inside, callee.endpoint, signals[i]);
    side_call (&caller, &callee, NULL);
    inside_wait (&inside, signals[i]);
    g_assert_cmpint (GST_STATE (callee.endpoint), ==, GST_STATE_NULL);
    side_stop (&caller);
    side_stop (&callee);
  }
}

#ifdef VIA_HAVE_HTTP

typedef struct
{
  Inside inside;
  const gchar *signal;
} Children;

static void
on_child_added (
    GstChildProxy *server, GObject *child, const gchar *name, gpointer data)
{
  Children *self = data;

  if (g_str_has_prefix (name, "peer-"))
    inside_connect (&self->inside, GST_ELEMENT (child), self->signal);
}

/* A viewer that connects; the server may be gone before. */
static void
watch (Side *viewer, guint port)
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *reply = NULL;
  gboolean is_done = FALSE;

  g_signal_emit_by_name (viewer->endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  reply = via_test_ask (
      port, "POST", "/live/whep", "Content-Type: application/sdp\r\n", offer);
  if (reply == NULL || via_test_status (reply) != 201)
    return;
  g_signal_emit_by_name (
      viewer->endpoint, "process-answer", via_test_body (reply), &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (viewer->endpoint, "gather-candidates", &is_done);
}

static void
run_server (void (*act) (GstElement *endpoint, GstElement *whole), guint wanted)
{
  for (guint i = 0; i < 3; i++) { /* it has no source pads */
    Children children = {.inside.act = act, .signal = signals[i]};
    Side viewer;
    GstElement *pipeline = gst_parse_launch (
        "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! vp8enc "
        "deadline=1 ! webrtcserver name=s port=0",
        NULL);
    g_autoptr (GstElement) server =
        gst_bin_get_by_name (GST_BIN (pipeline), "s");
    guint port = 0;

    children.inside.whole = pipeline;
    g_signal_connect (
        server, "child-added", G_CALLBACK (on_child_added), &children);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_object_get (server, "port", &port, NULL);
    side_start (&viewer, "videotestsrc is-live=true ! webrtcendpoint name=e");
    viewer.other = viewer.endpoint; /* its candidates are in the offer's way */
    g_signal_handlers_disconnect_by_data (viewer.endpoint, &viewer);
    watch (&viewer, port);
    inside_wait (&children.inside, signals[i]);
    if (wanted > 0)
      side_wait_received (&viewer, wanted);
    else
      g_assert_cmpint (GST_STATE (server), ==, GST_STATE_NULL);
    side_stop (&viewer);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (pipeline);
  }
}

static void
test_reentry_actions_inside_a_childs_signal_return (void)
{
  run_server (try_all, 30);
}

static void
test_reentry_stop_inside_a_childs_signal_returns (void)
{
  run_server (stop, 0);
}

#endif

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/reentry/actions", test_reentry_actions_inside_each_signal_return);
  g_test_add_func (
      "/reentry/stop", test_reentry_stop_inside_each_signal_returns);
#ifdef VIA_HAVE_HTTP
  g_test_add_func ("/reentry/child-actions",
      test_reentry_actions_inside_a_childs_signal_return);
  g_test_add_func (
      "/reentry/child-stop", test_reentry_stop_inside_a_childs_signal_returns);
#endif
  return g_test_run ();
}
