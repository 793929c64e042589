/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_reentry_server.c – what an application may do inside a
 * signal of webrtcserver, or of a server's child: any action, and set_state
 * (NULL).
 */
#include <string.h>

#include "ask.h"
#include "inside.h"
#include "netns.h"
#include "side.h"

/* The far end comes to play or to publish, and goes. */
static const struct
{
  const gchar *name;
  const gchar *path;
  gboolean is_childs;
  gboolean is_of_end; /* comes when the far end goes */
} signals[] = {
    {"on-ice-candidate", "/live/whep", TRUE, FALSE},
    {"on-ice-gathering-done", "/live/whep", TRUE, FALSE},
    {"connection-state-changed", "/live/whep", TRUE, FALSE},
    {"authorize", "/live/whep", FALSE, FALSE},
    {"child-added", "/live/whep", FALSE, FALSE},
    {"child-removed", "/live/whep", FALSE, TRUE},
    {"pad-added", "/live/whip", FALSE, FALSE},
    {"pad-removed", "/live/whip", FALSE, TRUE},
};

typedef struct
{
  GstElement *pipeline, *server;
  Side far;
  guint port;
  Inside inside;
  guint signal; /* of the table */
} Fixture;

static void
on_child_added (
    GstChildProxy *server, GObject *child, const gchar *name, gpointer data)
{
  Fixture *f = data;

  if (g_str_has_prefix (name, "peer-"))
    inside_connect (&f->inside, child, signals[f->signal].name);
}

static void
start_server (Fixture *f)
{
  f->pipeline = gst_parse_launch (
      "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! vp8enc "
      "deadline=1 ! webrtcserver name=s port=0",
      NULL);
  f->server = gst_bin_get_by_name (GST_BIN (f->pipeline), "s");
  gst_element_set_state (f->pipeline, GST_STATE_PLAYING);
  g_object_get (f->server, "port", &f->port, NULL);
}

/* The server may be gone before it answers. */
static void
come (Fixture *f)
{
  g_autofree gchar *offer = NULL;
  g_autofree gchar *reply = NULL;
  gboolean is_done = FALSE;

  g_signal_emit_by_name (f->far.endpoint, "generate-offer", &offer);
  g_assert_nonnull (offer);
  reply = via_test_ask (f->port, "POST", signals[f->signal].path,
      "Content-Type: application/sdp\r\n", offer);
  if (reply == NULL || via_test_status (reply) != 201)
    return;
  g_signal_emit_by_name (
      f->far.endpoint, "process-answer", via_test_body (reply), &is_done);
  g_assert_true (is_done);
  g_signal_emit_by_name (f->far.endpoint, "gather-candidates", &is_done);
}

static void
listen (Fixture *f)
{
  if (signals[f->signal].is_childs)
    g_signal_connect (f->server, "child-added", G_CALLBACK (on_child_added), f);
  else
    inside_connect (&f->inside, f->server, signals[f->signal].name);
}

static void
set_up (
    Fixture *f, guint i, void (*act) (GstElement *, GstElement *, GstElement *))
{
  memset (f, 0, sizeof *f);
  f->signal = i;
  f->inside.act = act;
  start_server (f);
  side_start (&f->far,
      "videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! "
      "webrtcendpoint name=e");
  /* its candidates are in the offer */
  g_signal_handlers_disconnect_by_data (f->far.endpoint, &f->far);
  f->inside.other = f->far.endpoint;
  f->inside.whole = f->pipeline;
  if (!signals[i].is_of_end)
    listen (f);
  come (f);
}

static void
let_go (Fixture *f)
{
  listen (f);
  gst_element_set_state (f->far.pipeline, GST_STATE_NULL);
}

static void
tear_down (Fixture *f)
{
  inside_end (&f->inside);
  side_stop (&f->far);
  gst_element_set_state (f->pipeline, GST_STATE_NULL);
  gst_object_unref (f->server);
  gst_object_unref (f->pipeline);
}

/* Until the server has a source pad. */
static void
wait_published (Fixture *f)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  while (
      GST_ELEMENT (f->server)->numsrcpads == 0 && g_get_monotonic_time () < end)
    g_usleep (10000);
  g_assert_cmpuint (GST_ELEMENT (f->server)->numsrcpads, ==, 1);
}

static void
run (Fixture *f)
{
  const gchar *name = signals[f->signal].name;

  if (signals[f->signal].is_of_end) {
    if (strcmp (signals[f->signal].path, "/live/whip") == 0)
      wait_published (f);
    else
      side_wait_received (&f->far, 5);
    let_go (f);
  }
  inside_wait (&f->inside, name);
}

static void
test_reentry_actions_inside_a_servers_signal_return (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Fixture f;

    set_up (&f, i, signals[i].is_childs ? inside_try_all : inside_try_tags);
    run (&f);
    if (g_str_has_suffix (signals[i].path, "whep") && !signals[i].is_of_end)
      side_wait_received (&f.far, 30); /* it plays on */
    tear_down (&f);
  }
}

static void
test_reentry_stop_inside_a_servers_signal_returns (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Fixture f;

    set_up (&f, i, inside_stop);
    run (&f);
    g_assert_cmpint (GST_STATE (f.server), ==, GST_STATE_NULL);
    tear_down (&f);
  }
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reentry/server-actions",
      test_reentry_actions_inside_a_servers_signal_return);
  g_test_add_func ("/reentry/server-stop",
      test_reentry_stop_inside_a_servers_signal_returns);
  return g_test_run ();
}
