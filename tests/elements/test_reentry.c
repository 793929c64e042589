/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_reentry.c – what an application may do inside a signal of
 * webrtcendpoint: any action, and set_state (NULL).
 */
#include <string.h>

#include "inside.h"
#include "io/datalink.h"
#include "netns.h"
#include "side.h"

#define VIDEO                                                                  \
  "videotestsrc name=v is-live=true ! video/x-raw,width=160,height=120 ! "     \
  "webrtcendpoint name=e "
#define EMPTY "webrtcendpoint name=e "
#define MEMBER                                                                 \
  "hub name=h videotestsrc is-live=true ! video/x-raw,width=160,height=120 ! " \
  "h.video_sink_0 webrtcendpoint name=e hub=h "
#define NOBODY "webrtcendpoint name=e turn-url=u:p@127.0.0.1:9?transport=tls "

/* Makes the signal come, once the call stands. */
typedef void (*Provoke) (Side *caller, Side *callee);

static void
restart (Side *caller, Side *callee)
{
  gboolean is_done = FALSE;

  g_signal_emit_by_name (callee->endpoint, "restart-ice", &is_done);
  g_assert_true (is_done);
}

static void
end_source (Side *caller, Side *callee)
{
  g_autoptr (GstElement) source =
      gst_bin_get_by_name (GST_BIN (caller->pipeline), "v");

  gst_element_send_event (source, gst_event_new_eos ());
}

static void
offer (Side *caller, Side *callee)
{
  g_autofree gchar *text = NULL;

  g_signal_emit_by_name (callee->endpoint, "generate-offer", &text);
  g_assert_nonnull (text);
}

static void
tag (Side *caller, Side *callee)
{
  g_object_set (callee->endpoint, "tags", NULL, NULL);
}

static void
speak (Side *side)
{
  gboolean is_sent = FALSE;
  gint id = -1;

  g_signal_emit_by_name (side->endpoint, "create-data-channel", "x", NULL, &id);
  g_assert_cmpint (id, >=, 0);
  g_signal_emit_by_name (
      side->endpoint, "send-string", (guint) id, "word", &is_sent);
  g_assert_true (is_sent);
  g_signal_emit_by_name (
      side->endpoint, "close-data-channel", (guint) id, &is_sent);
  g_assert_true (is_sent);
}

/* Each side has a channel, a word for the other, and closes. */
static void
talk (Side *caller, Side *callee)
{
  speak (caller);
  speak (callee);
  side_call (caller, callee, NULL);
}

static const struct
{
  const gchar *name;
  Provoke provoke;     /* NULL: it comes with the call */
  const gchar *callee; /* NULL: EMPTY */
} signals[] = {
    {"on-ice-gathering-started", NULL},
    {"on-ice-candidate", NULL},
    {"on-remote-ice-candidate", NULL},
    {"on-ice-candidate-error", NULL, NOBODY},
    {"on-ice-gathering-done", NULL},
    {"on-selected-pair", NULL},
    {"connection-state-changed", NULL},
    {"on-negotiation-needed", restart},
    {"tracks-changed", NULL, MEMBER},
    {"pad-added", NULL},
    {"pad-removed", end_source},
    {"data-channel-opened", talk},
    {"data-received", talk},
    {"data-channel-buffered-low", talk},
    {"data-channel-closed", talk},
    {"notify::signaling-state", offer},
    {"notify::connection-state", NULL},
    {"notify::tags", tag},
};

/* FALSE: it is of data channels, and built without. */
static gboolean
can_come (guint i)
{
  return signals[i].provoke != talk || via_datalink_is_possible ();
}

static gboolean
is_tried (const gchar *signal)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    if (strcmp (signals[i].name, signal) == 0)
      return TRUE;
  return g_strv_contains (inside_actions, signal);
}

/* A signal or action that is new has to be tried, too. */
static void
test_reentry_signals_and_actions_are_all_here (void)
{
  g_autoptr (GstElement) endpoint =
      gst_object_ref_sink (gst_element_factory_make ("webrtcendpoint", NULL));
  guint n;
  g_autofree guint *ids = g_signal_list_ids (G_OBJECT_TYPE (endpoint), &n);

  g_assert_cmpuint (n, >=, g_strv_length ((gchar **) inside_actions));
  for (guint i = 0; i < n; i++)
    if (!is_tried (g_signal_name (ids[i])))
      g_error ("%s is not tried", g_signal_name (ids[i]));
}

/* Does @act inside signal @i of the one that is called. */
static void
call_with (guint i, Inside *inside, Side *caller, Side *callee)
{
  side_start (caller, VIDEO);
  side_start (callee, signals[i].callee != NULL ? signals[i].callee : EMPTY);
  callee->may_stop = inside->act == inside_stop;
  inside->other = caller->endpoint;
  inside->whole = callee->pipeline;
  if (signals[i].provoke == NULL)
    inside_connect (inside, callee->endpoint, signals[i].name);
  side_call (caller, callee, NULL);
  if (signals[i].provoke != NULL) {
    side_wait_received (callee, 5);
    inside_connect (inside, callee->endpoint, signals[i].name);
    signals[i].provoke (caller, callee);
  }
  inside_wait (inside, signals[i].name);
}

static void
test_reentry_actions_inside_each_signal_return (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Inside inside = {.act = inside_try_all};
    Side caller, callee;

    if (!can_come (i))
      continue;
    call_with (i, &inside, &caller, &callee);
    if (signals[i].provoke != end_source) /* the call goes on */
      side_wait_received (&callee, 30);
    side_wait (&callee, "connected");
    inside_end (&inside);
    side_stop (&caller);
    side_stop (&callee);
  }
}

static void
test_reentry_stop_inside_each_signal_returns (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++) {
    Inside inside = {.act = inside_stop};
    Side caller, callee;

    if (!can_come (i))
      continue;
    call_with (i, &inside, &caller, &callee);
    g_assert_cmpint (GST_STATE (callee.endpoint), ==, GST_STATE_NULL);
    inside_end (&inside);
    side_stop (&caller);
    side_stop (&callee);
  }
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/reentry/complete", test_reentry_signals_and_actions_are_all_here);
  g_test_add_func (
      "/reentry/actions", test_reentry_actions_inside_each_signal_return);
  g_test_add_func (
      "/reentry/stop", test_reentry_stop_inside_each_signal_returns);
  return g_test_run ();
}
