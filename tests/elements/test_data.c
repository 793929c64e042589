/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/elements/test_data.c – data channels of webrtcendpoint between two of
 * one line (peer=): pads, actions, signals. In a network namespace.
 */
#include <string.h>

#include <gst/gst.h>

#include "netns.h"

#define WAIT (60 * G_TIME_SPAN_SECOND)
#define PAIR " webrtcendpoint name=a peer=b  webrtcendpoint name=b "

typedef struct
{
  GstElement *pipeline, *a, *b;
  GMutex lock;
  GCond changed;
  guint n_opened, n_closed, n_low; /* of @b, but low: of @a */
  GPtrArray *messages;             /* GBytes* that came to @b */
  GstStructure *last;              /* of the last channel that @b has opened */
  gboolean stops_in_signal;        /* and so set_state is called there */
  gint stopped;                    /* atomic: how often */
  gboolean waits_in_signal;        /* under lock: until it is FALSE */
} Pair;

static void
stop_here (Pair *self)
{
  if (!self->stops_in_signal)
    return;
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  g_atomic_int_inc (&self->stopped);
}

static void
on_opened (GstElement *b, guint id, const GstStructure *channel, Pair *self)
{
  g_mutex_lock (&self->lock);
  self->n_opened++;
  g_clear_pointer (&self->last, gst_structure_free);
  self->last = gst_structure_copy (channel);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_closed (GstElement *b, guint id, const GstStructure *channel, Pair *self)
{
  g_mutex_lock (&self->lock);
  self->n_closed++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
on_received (
    GstElement *b, guint id, gboolean is_text, GBytes *data, Pair *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->messages, g_bytes_ref (data));
  g_cond_broadcast (&self->changed);
  while (self->waits_in_signal)
    g_cond_wait (&self->changed, &self->lock);
  g_mutex_unlock (&self->lock);
  stop_here (self);
}

static void
on_low (GstElement *a, guint id, Pair *self)
{
  g_mutex_lock (&self->lock);
  self->n_low++;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
pair_init (Pair *self, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  self->a = gst_bin_get_by_name (GST_BIN (self->pipeline), "a");
  self->b = gst_bin_get_by_name (GST_BIN (self->pipeline), "b");
  g_signal_connect (
      self->b, "data-channel-opened", G_CALLBACK (on_opened), self);
  g_signal_connect (
      self->b, "data-channel-closed", G_CALLBACK (on_closed), self);
  g_signal_connect (self->b, "data-received", G_CALLBACK (on_received), self);
  g_signal_connect (
      self->a, "data-channel-buffered-low", G_CALLBACK (on_low), self);
}

static void
pair_clear (Pair *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->a);
  gst_object_unref (self->b);
  gst_object_unref (self->pipeline);
  g_clear_pointer (&self->last, gst_structure_free);
  g_ptr_array_unref (self->messages);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
}

static void
pair_wait (Pair *self, const guint *count, guint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;
  gboolean is_there = TRUE;

  g_mutex_lock (&self->lock);
  while (*count < n && is_there)
    is_there = g_cond_wait_until (&self->changed, &self->lock, end);
  g_mutex_unlock (&self->lock);
  g_assert_cmpuint (*count, >=, n);
}

static gint
create (Pair *self, const gchar *label, const gchar *options)
{
  g_autoptr (GstStructure) structure =
      options != NULL ? gst_structure_from_string (options, NULL) : NULL;
  gint id = -2;

  g_signal_emit_by_name (self->a, "create-data-channel", label, structure, &id);
  return id;
}

static gboolean
send_text (Pair *self, guint id, const gchar *text)
{
  gboolean is_sent = FALSE;

  g_signal_emit_by_name (self->a, "send-string", id, text, &is_sent);
  return is_sent;
}

static gboolean
close_it (Pair *self, guint id)
{
  gboolean is_closed = FALSE;

  g_signal_emit_by_name (self->a, "close-data-channel", id, &is_closed);
  return is_closed;
}

/* --- pads --- */

static void
push (GstElement *source, const guint8 *data, gsize len)
{
  GstFlowReturn flow = GST_FLOW_ERROR;
  g_autoptr (GstBuffer) buffer =
      len > 0 ? gst_buffer_new_memdup (data, len) : gst_buffer_new ();

  g_signal_emit_by_name (source, "push-buffer", buffer, &flow);
  g_assert_cmpint (flow, ==, GST_FLOW_OK);
}

/* The next buffer that came out, and its caps. */
static void
assert_pulled (GstElement *sink, const guint8 *data, gsize len,
    const gchar *format, const gchar *label)
{
  g_autoptr (GstSample) sample = NULL;
  const GstStructure *caps;
  GstMapInfo map;

  g_signal_emit_by_name (sink, "try-pull-sample", 60 * GST_SECOND, &sample);
  g_assert_nonnull (sample);
  g_assert_true (
      gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
  g_assert_cmpmem (map.data, map.size, data, len);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  caps = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  g_assert_cmpstr (gst_structure_get_name (caps), ==, format);
  g_assert_cmpstr (gst_structure_get_string (caps, "label"), ==, label);
}

static void
test_data_pads_one_buffer_is_one_message_and_the_end_arrives (void)
{
  Pair pair;
  g_autoptr (GstElement) in = NULL, out = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autofree guint8 *big = g_malloc (200000);
  gboolean is_eos = FALSE;
  GstFlowReturn flow;

  for (guint i = 0; i < 200000; i++)
    big[i] = (guint8) (i * 7 + (i >> 9));
  pair_init (&pair,
      "appsrc name=in caps=text/x-raw,format=utf8,label=log,ordered=false ! "
      "a.data_sink_0 " PAIR " b.data_src_0 ! appsink name=out sync=false");
  in = gst_bin_get_by_name (GST_BIN (pair.pipeline), "in");
  out = gst_bin_get_by_name (GST_BIN (pair.pipeline), "out");
  bus = gst_element_get_bus (pair.pipeline);
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  push (in, (const guint8 *) "first", 5);
  push (in, (const guint8 *) "", 0);
  assert_pulled (out, (const guint8 *) "first", 5, "text/x-raw", "log");
  assert_pulled (out, NULL, 0, "text/x-raw", "log");
  pair_wait (&pair, &pair.n_opened, 1);
  g_assert_false (
      g_value_get_boolean (gst_structure_get_value (pair.last, "ordered")));
  gst_util_set_object_arg (
      G_OBJECT (in), "caps", "application/x-via-data, label=(string)log");
  push (in, big, 200000);
  assert_pulled (out, big, 200000, "application/x-via-data", "log");
  g_signal_emit_by_name (in, "end-of-stream", &flow);
  message = gst_bus_timed_pop_filtered (
      bus, 60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_object_get (out, "eos", &is_eos, NULL);
  g_assert_true (is_eos);
  pair_clear (&pair);
}

static void
on_handoff (GstElement *identity, GstBuffer *buffer, gint *count)
{
  g_atomic_int_inc (count);
}

/* 1 MiB is taken before there is a peer, then the source waits; and nothing
 * waits for it in turn. */
static void
test_data_pad_without_a_peer_holds_its_source_and_lets_go (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "fakesrc sizetype=fixed sizemax=100000 ! identity name=i ! "
      "e.data_sink_0  webrtcendpoint name=e",
      &error);
  g_autoptr (GstElement) identity =
      gst_bin_get_by_name (GST_BIN (pipeline), "i");
  gint64 end = g_get_monotonic_time () + WAIT;
  gint count = 0;

  g_signal_connect (identity, "handoff", G_CALLBACK (on_handoff), &count);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (g_atomic_int_get (&count) < 12 && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_usleep (200000); /* nothing more comes: there is nothing to wait for */
  /* 11 are over 1 MiB; the next one is on its way. */
  g_assert_cmpint (g_atomic_int_get (&count), ==, 12);
  end = g_get_monotonic_time () + 4 * G_TIME_SPAN_SECOND;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_assert_cmpint (g_get_monotonic_time (), <, end);
}

static void
begin_stream (GstPad *pad)
{
  g_autoptr (GstCaps) caps =
      gst_caps_from_string ("text/x-raw, format=utf8, label=log");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_send_event (pad, gst_event_new_stream_start ("s"));
  gst_pad_send_event (pad, gst_event_new_caps (caps));
  gst_pad_send_event (pad, gst_event_new_segment (&segment));
}

/* Nobody is connected yet when EOS comes to the pad: it goes on when the peer
 * has had the channel and all that was sent on it. */
static void
test_data_pads_end_goes_on_when_the_peer_has_all (void)
{
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GstPad) pad = NULL;
  guint64 opened = 0;
  Pair pair;

  pair_init (&pair, PAIR);
  pad = gst_element_request_pad_simple (pair.a, "data_sink_%u");
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  begin_stream (pad);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (gst_pad_chain (pad, gst_buffer_new_memdup (&"abc"[i], 1)),
        ==, GST_FLOW_OK);
  g_assert_true (gst_pad_send_event (pad, gst_event_new_eos ()));
  g_object_get (pair.b, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "dataChannelsOpened", &opened);
  g_assert_cmpuint (opened, ==, 1);
  pair_wait (&pair, &pair.messages->len, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpmem (
        g_bytes_get_data (g_ptr_array_index (pair.messages, i), NULL), 1,
        &"abc"[i], 1);
  pair_clear (&pair);
}

/* --- actions and signals --- */

static guint
count_entries (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* What ends is there for a moment longer. */
static void
assert_no_more (const gchar *path, guint n)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  while (count_entries (path) > n && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpuint (count_entries (path), <=, n);
}

static void
test_data_fifty_channels_one_after_the_other_leave_nothing (void)
{
  guint threads, fds;
  Pair pair;

  pair_init (&pair, PAIR);
  g_assert_cmpint (create (&pair, "first", NULL), ==, -1); /* NULL */
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  g_assert_cmpint (create (&pair, "first", NULL), ==, 0);
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.n_opened, 1);
  threads = count_entries ("/proc/self/task");
  fds = count_entries ("/proc/self/fd");
  for (guint i = 1; i <= 50; i++) {
    g_assert_cmpint (create (&pair, "next", "o,max-retransmits=1"), ==, 1);
    pair_wait (&pair, &pair.n_opened, i + 1);
    g_assert_true (send_text (&pair, 1, "word"));
    g_assert_true (close_it (&pair, 1));
    pair_wait (&pair, &pair.n_closed, i);
    pair_wait (&pair, &pair.messages->len, i);
    /* Ours closes with theirs; its id is free then. */
    for (gint64 end = g_get_monotonic_time () + WAIT;
         close_it (&pair, 1) && g_get_monotonic_time () < end;)
      g_usleep (1000);
  }
  assert_no_more ("/proc/self/task", threads);
  assert_no_more ("/proc/self/fd", fds);
  pair_clear (&pair);
}

static void
test_data_bad_options_and_messages_are_refused (void)
{
  static const gchar *const bad[] = {"o,ordered=7", "o,max-retransmits=-2",
      "o,max-retransmits=1,max-packet-lifetime=1", "o,id=3",
      "o,negotiated=true", "o,protocol=3", "o,negotiated=true,id=1024"};
  g_autofree gchar *label = g_strnfill (1025, 'x');
  g_autofree gchar *text = g_strnfill (262145, 'x');
  Pair pair;

  pair_init (&pair, PAIR);
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (create (&pair, "x", bad[i]), ==, -1);
  g_assert_cmpint (create (&pair, label, NULL), ==, -1);
  g_assert_cmpint (create (&pair, "x", "o,negotiated=true,id=1023"), ==, 0);
  g_assert_false (send_text (&pair, 0, text));
  g_assert_false (send_text (&pair, 0, "\xff"));
  g_assert_false (send_text (&pair, 1, "x"));
  g_assert_false (close_it (&pair, 1));
  pair_clear (&pair);
}

static void
test_data_low_is_told_when_what_waited_is_gone (void)
{
  g_autofree gchar *text = g_strnfill (200000, 'x');
  guint64 waiting = 0;
  Pair pair;

  pair_init (&pair, PAIR);
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  create (&pair, "x", "o,buffered-amount-low-threshold=(guint64)1000");
  for (guint i = 0; i < 20; i++)
    g_assert_true (send_text (&pair, 0, text));
  g_signal_emit_by_name (pair.a, "get-buffered-amount", 0, &waiting);
  g_assert_cmpuint (waiting, ==, 20 * 200000);
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.n_low, 1);
  g_signal_emit_by_name (pair.a, "get-buffered-amount", 0, &waiting);
  g_assert_cmpuint (waiting, ==, 0);
  pair_wait (&pair, &pair.messages->len, 20);
  pair_clear (&pair);
}

static guint64
buffered (Pair *self)
{
  guint64 bytes = 0;

  g_signal_emit_by_name (self->a, "get-buffered-amount", 0, &bytes);
  return bytes;
}

/* A handler that does not come back holds the peer, not our memory: of 10 MB
 * what is over our bounds stays with the sender, and all come once it goes on.
 */
static void
test_data_a_slow_handler_holds_the_peer (void)
{
  const guint n = 40, len = 250000;
  g_autofree gchar *text = g_strnfill (len, 'x');
  guint64 before, now = n * len;
  gint64 end;
  Pair pair;

  pair_init (&pair, PAIR);
  pair.waits_in_signal = TRUE;
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  create (&pair, "x", NULL);
  g_assert_true (send_text (&pair, 0, "first"));
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.messages->len, 1);
  for (guint i = 0; i < n; i++) {
    text[0] = (gchar) ('A' + i % 26);
    g_assert_true (send_text (&pair, 0, text));
  }
  end = g_get_monotonic_time () + WAIT;
  while (now == n * len && g_get_monotonic_time () < end) { /* until it goes */
    g_usleep (1000);
    now = buffered (&pair);
  }
  do { /* until it stands still */
    before = now;
    g_usleep (500000);
    now = buffered (&pair);
  } while (now < before);
  g_assert_cmpuint (now, >, (guint64) n * len / 4);
  g_assert_cmpuint (now, <, (guint64) n * len); /* it did go */
  g_mutex_lock (&pair.lock);
  pair.waits_in_signal = FALSE;
  g_cond_broadcast (&pair.changed);
  g_mutex_unlock (&pair.lock);
  for (guint i = 10; i <= n; i += 10) /* each in its own time */
    pair_wait (&pair, &pair.messages->len, 1 + i);
  for (guint i = 0; i < n; i++) {
    gsize size;
    const gchar *came =
        g_bytes_get_data (g_ptr_array_index (pair.messages, 1 + i), &size);

    g_assert_cmpuint (size, ==, len);
    g_assert_cmpint (came[0], ==, 'A' + (gint) i % 26);
  }
  pair_clear (&pair);
}

static void
test_data_state_null_inside_a_signal_of_data_is_fine (void)
{
  gint64 end;
  Pair pair;

  pair_init (&pair, PAIR);
  pair.stops_in_signal = TRUE;
  for (gint i = 1; i <= 3; i++) {
    gst_element_set_state (pair.pipeline, GST_STATE_READY);
    g_assert_cmpint (create (&pair, "x", NULL), ==, 0);
    g_assert_true (send_text (&pair, 0, "stop"));
    gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
    end = g_get_monotonic_time () + WAIT;
    while (
        g_atomic_int_get (&pair.stopped) < i && g_get_monotonic_time () < end)
      g_usleep (1000);
    g_assert_cmpint (g_atomic_int_get (&pair.stopped), ==, i);
  }
  pair_clear (&pair);
}

/* --- what ends, and what comes after --- */

static void
on_pad_added (GstElement *b, GstPad *pad, GstElement *out)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (out, "sink");
  g_autoptr (GstPad) first = gst_element_get_static_pad (b, "data_src_0");

  g_assert_true (pad == first);
  if (gst_pad_is_linked (pad) || gst_pad_is_linked (sink))
    return;
  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
}

/* Its pad is still busy with the last channel: the next one's comes after it,
 * and has all that was said meanwhile. */
static void
test_data_an_id_that_is_used_again_waits_for_its_pad (void)
{
  g_autoptr (GstElement) out = NULL, out2 = NULL;
  Pair pair;

  pair_init (&pair,
      PAIR " b.data_src_0 ! appsink name=out sync=false max-buffers=1 "
           "appsink name=out2 sync=false async=false");
  out = gst_bin_get_by_name (GST_BIN (pair.pipeline), "out");
  out2 = gst_bin_get_by_name (GST_BIN (pair.pipeline), "out2");
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  create (&pair, "old", NULL);
  for (guint i = 0; i < 4; i++)
    g_assert_true (send_text (&pair, 0, "old"));
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.messages->len, 4);
  g_signal_connect (pair.b, "pad-added", G_CALLBACK (on_pad_added), out2);
  g_assert_true (close_it (&pair, 0));
  pair_wait (&pair, &pair.n_closed, 1);
  for (gint64 end = g_get_monotonic_time () + WAIT;
       close_it (&pair, 0) && g_get_monotonic_time () < end;)
    g_usleep (1000);
  g_assert_cmpint (create (&pair, "new", NULL), ==, 0);
  g_assert_true (send_text (&pair, 0, "new"));
  pair_wait (&pair, &pair.messages->len, 5);
  for (guint i = 0; i < 4; i++)
    assert_pulled (out, (const guint8 *) "old", 3, "text/x-raw", "old");
  assert_pulled (out2, (const guint8 *) "new", 3, "text/x-raw", "new");
  pair_clear (&pair);
}

/* What comes then is for nobody, as after the peer closed the channel. */
static void
test_data_pad_that_begins_after_the_end_holds_nobody (void)
{
  g_autoptr (GstPad) pad = NULL;
  gint64 end = g_get_monotonic_time () + WAIT;
  Pair pair;

  pair_init (&pair, PAIR);
  pad = gst_element_request_pad_simple (pair.a, "data_sink_%u");
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  create (&pair, "x", NULL);
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.n_opened, 1);
  gst_element_set_locked_state (pair.b, TRUE);
  gst_element_set_state (pair.b, GST_STATE_NULL);
  while (close_it (&pair, 0) && g_get_monotonic_time () < end)
    g_usleep (1000); /* until it is gone */
  g_assert_cmpint (create (&pair, "y", NULL), ==, -1);
  begin_stream (pad);
  g_assert_cmpint (
      gst_pad_chain (pad, gst_buffer_new_memdup ("x", 1)), ==, GST_FLOW_OK);
  g_assert_true (gst_pad_send_event (pad, gst_event_new_eos ()));
  gst_element_set_locked_state (pair.b, FALSE);
  pair_clear (&pair);
}

/* Each label is a channel at every member; there are 64 at most. */
static void
test_data_a_hub_makes_so_many_channels_and_says_so (void)
{
  g_autoptr (GstElement) room = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GError) error = NULL;
  guint64 dropped = 0;
  Pair pair;

  pair_init (&pair, "hub name=room webrtcendpoint name=a peer=b hub=room "
                    "webrtcendpoint name=b");
  room = gst_bin_get_by_name (GST_BIN (pair.pipeline), "room");
  bus = gst_element_get_bus (pair.pipeline);
  gst_element_set_state (pair.pipeline, GST_STATE_READY);
  create (&pair, "own", NULL);
  gst_element_set_state (pair.pipeline, GST_STATE_PLAYING);
  pair_wait (&pair, &pair.n_opened, 1);
  for (guint i = 0; i < 140; i++) { /* each label twice */
    g_autofree gchar *label = g_strdup_printf ("label-%u", i % 70);
    guint n = 0;

    g_signal_emit_by_name (room, "send-string", NULL, label, "x", &n);
    g_assert_cmpuint (n, ==, 1);
  }
  pair_wait (&pair, &pair.messages->len, 2 * 64);
  g_assert_cmpuint (pair.n_opened, ==, 1 + 64);
  message =
      gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "\"label-64\""));
  g_object_get (pair.a, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "data-messages-dropped", &dropped);
  g_assert_cmpuint (dropped, ==, 2 * 6);
  pair_clear (&pair);
}

#define CASE(name) g_test_add_func ("/elements/data/" #name, test_data_##name)

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  CASE (pads_one_buffer_is_one_message_and_the_end_arrives);
  CASE (pad_without_a_peer_holds_its_source_and_lets_go);
  CASE (pads_end_goes_on_when_the_peer_has_all);
  CASE (fifty_channels_one_after_the_other_leave_nothing);
  CASE (bad_options_and_messages_are_refused);
  CASE (low_is_told_when_what_waited_is_gone);
  CASE (a_slow_handler_holds_the_peer);
  CASE (state_null_inside_a_signal_of_data_is_fine);
  CASE (an_id_that_is_used_again_waits_for_its_pad);
  CASE (pad_that_begins_after_the_end_holds_nobody);
  CASE (a_hub_makes_so_many_channels_and_says_so);
  return g_test_run ();
}
