/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_exchange_flow.c – that media of a port begins and ends is
 * told within 500 ms, by times that are handed in, and of a hub that runs.
 */
#include <gst/gst.h>

#include "io/app.h"
#include "io/exchange.h"
#include "viewers.h"

#define TOLD_WITHIN (500 * VIA_MS)
#define DTX (400 * VIA_MS) /* two packets of Opus in silence */

/* --- a room whose ticks we are --- */

typedef struct
{
  GMutex lock;
  guint n_started[2], n_stopped[2]; /* in, out */
} News;

static void
on_news (gpointer object, GstStructure *message)
{
  News *news = g_object_get_data (object, "news");
  gboolean is_flowing, is_out;

  if (gst_structure_has_name (message, "flow")
      && gst_structure_get_boolean (message, "is-flowing", &is_flowing)) {
    is_out =
        g_str_equal (gst_structure_get_string (message, "direction"), "out");
    g_mutex_lock (&news->lock);
    (is_flowing ? news->n_started : news->n_stopped)[is_out]++;
    g_mutex_unlock (&news->lock);
  }
  gst_structure_free (message);
}

static void
check (ViaExchange *room, News *news, ViaTime now, guint n_started,
    guint n_stopped)
{
  via_exchange_tick (room, now);
  via_app_flush ();
  g_mutex_lock (&news->lock);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpuint (news->n_started[i], ==, n_started);
    g_assert_cmpuint (news->n_stopped[i], ==, n_stopped);
  }
  g_mutex_unlock (&news->lock);
}

/* A tick comes in every VIA_EXCHANGE_TICK: what the last one before the limit
 * says is in time. */
static void
test_flow_a_tick_tells_begin_and_end_before_half_a_second (void)
{
  g_autoptr (ViaExchange) room = via_exchange_new ();
  g_autoptr (GObject) listener = g_object_new (G_TYPE_OBJECT, NULL);
  const ViaTime last_tick = TOLD_WITHIN - VIA_EXCHANGE_TICK;
  ViaTime before, after;
  News news = {0};
  Source source;
  Viewer viewer;

  g_object_set_data (listener, "news", &news);
  via_exchange_listen (room, listener, on_news);
  source_publish (&source, room);
  viewer_join (&viewer, room, 1);
  viewer_settle (&viewer);
  check (room, &news, g_get_monotonic_time (), 0, 0);
  for (guint i = 1; i <= 3; i++) {
    before = g_get_monotonic_time ();
    source_push (&source, 1);
    viewer_settle (&viewer);
    after = g_get_monotonic_time ();
    check (room, &news, before, i, i - 1); /* as if we were never held up */
    check (room, &news, before + DTX, i, i - 1);
    check (room, &news, after + last_tick, i, i);
    check (room, &news, after + 9 * VIA_S, i, i);
  }
  viewer_leave (&viewer);
  source_close (&source);
}

/* --- a hub --- */

#define N_BUFFERS 25

typedef struct
{
  gint64 first, last;      /* buffers; atomic */
  gint n;                  /* buffers; atomic, counted last */
  gint64 started, stopped; /* messages, the first and the last; atomic */
} Times;

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
  Times *t = user;
  gint64 now = g_get_monotonic_time ();

  __atomic_store_n (&t->last, now, __ATOMIC_RELEASE);
  if (t->first == 0)
    t->first = now;
  g_atomic_int_inc (&t->n);
  return GST_PAD_PROBE_OK;
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user)
{
  Times *t = user;
  gboolean is_flowing;

  if (gst_message_has_name (message, "flow")
      && gst_structure_get_boolean (
          gst_message_get_structure (message), "is-flowing", &is_flowing)
      && (!is_flowing || t->started == 0))
    __atomic_store_n (is_flowing ? &t->started : &t->stopped,
        g_get_monotonic_time (), __ATOMIC_RELEASE);
  return GST_BUS_PASS;
}

/* The end of all that came; a machine that is held up has others before. */
static gboolean
has_stopped (Times *t)
{
  return g_atomic_int_get (&t->n) == N_BUFFERS
         && __atomic_load_n (&t->stopped, __ATOMIC_ACQUIRE)
                > __atomic_load_n (&t->last, __ATOMIC_ACQUIRE);
}

static Times
play (void)
{
  GstElement *pipeline = gst_parse_launch (
      "audiotestsrc is-live=true num-buffers=" G_STRINGIFY (
          N_BUFFERS) " samplesperbuffer=160 ! "
                     "audio/x-raw,rate=8000,channels=1 ! mulawenc name=last ! hub name=room",
      NULL);
  g_autoptr (GstElement) last =
      gst_bin_get_by_name (GST_BIN (pipeline), "last");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (last, "src");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  Times t = {0};

  gst_bus_set_sync_handler (bus, on_message, &t, NULL);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, &t, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!has_stopped (&t) && g_get_monotonic_time () < end)
    g_usleep (5000);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (pipeline);
  g_assert_cmpint (t.started, >, 0);
  g_assert_cmpint (t.stopped, >, t.last);
  return t;
}

/* The machine may be busy: the best of ten, of which each is told. */
static void
test_flow_a_hub_tells_begin_and_end_within_half_a_second (void)
{
  ViaTime began = G_MAXINT64, ended = G_MAXINT64;

  for (guint i = 0; i < 10 && (began > TOLD_WITHIN || ended > TOLD_WITHIN);
       i++) {
    Times t = play ();

    began = MIN (began, t.started - t.first);
    ended = MIN (ended, t.stopped - t.last);
  }
  g_test_message ("told after %d and %d ms", (gint) (began / VIA_MS),
      (gint) (ended / VIA_MS));
  g_assert_cmpint (began, <=, TOLD_WITHIN);
  g_assert_cmpint (ended, <=, TOLD_WITHIN);
  g_assert_cmpint (ended, >, DTX);
}

int
main (int argc, char *argv[])
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/exchange_flow/ticks",
      test_flow_a_tick_tells_begin_and_end_before_half_a_second);
  g_test_add_func ("/exchange_flow/hub",
      test_flow_a_hub_tells_begin_and_end_within_half_a_second);
  return g_test_run ();
}
