/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – a stream ends with its goodbye or in long silence, and may come
 * back; media that flows or stops is told. RFC 3550 §6.3.5, §6.6
 */
#include "wire.h"

static guint32 n_sent;

static void
video (Wire *w)
{
  wire_send (w, SERVER, 1,
      wire_packet (
          6, n_sent, 9 + n_sent * 1800, n_sent, 1000, w->now, n_sent == 0));
  n_sent++;
}

static void
start (Wire *w)
{
  n_sent = 0;
  wire_call (w);
  for (guint i = 0; i < 10; i++) {
    video (w);
    wire_pass (w, 20 * MS);
  }
  g_assert_cmpuint (w->rtp[VIEWER]->len, ==, 10);
}

static void
test_leave_goodbye_of_one_m_line_ends_its_stream_once (void)
{
  Wire w;
  guint64 before;

  start (&w);
  via_peer_end (w.peers[SERVER], 1);
  via_peer_end (w.peers[SERVER], 1);
  wire_pump (&w);
  wire_pass (&w, VIA_RECEIVER_LATE - 20 * MS);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 0);
  wire_pass (&w, 100 * MS);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 1);
  g_assert_cmpuint (
      w.gone_ssrc, ==, via_peer_sender (w.peers[SERVER], 1)->plan->ssrc);
  before = w.peers[VIEWER]->received_rtcp;
  via_peer_end (w.peers[SERVER], 1);
  wire_pump (&w);
  g_assert_cmpuint (w.peers[VIEWER]->received_rtcp, ==, before);
  for (guint i = 0; i < 120; i++) /* nor when it is forgotten */
    wire_pass (&w, VIA_S);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CONNECTED);
  wire_clear (&w);
}

static gboolean
hold_media (Wire *w, guint to, const WireDatagram *d)
{
  return to == VIEWER && d->data[0] >> 6 == 2
         && (d->data[1] < 192 || d->data[1] > 223);
}

/* What was lost before the goodbye still comes, since it is asked for. */
static void
test_leave_last_packets_lost_come_before_the_end (void)
{
  Wire w;

  start (&w);
  w.lose = hold_media;
  video (&w);
  wire_pump (&w);
  w.lose = NULL;
  video (&w);
  via_peer_end (w.peers[SERVER], 1);
  wire_pump (&w);
  wire_pass (&w, 150 * MS);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 12);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 0);
  wire_pass (&w, 100 * MS);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 1);
  wire_clear (&w);
}

static void
test_leave_stream_that_comes_back_may_leave_again (void)
{
  Wire w;

  start (&w);
  for (guint i = 1; i <= 3; i++) {
    via_peer_end (w.peers[SERVER], 1);
    wire_pump (&w);
    wire_pass (&w, VIA_S);
    g_assert_cmpuint (w.gone[VIEWER][1], ==, i);
    g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 9 + i);
    video (&w);
    wire_pass (&w, VIA_S);
    g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 10 + i);
  }
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 3);
  wire_clear (&w);
}

static void
test_leave_nothing_sent_says_no_goodbye (void)
{
  Wire w;
  guint64 before;

  start (&w);
  wire_pass (&w, VIA_S);
  before = w.peers[VIEWER]->received_rtcp;
  via_peer_end (w.peers[SERVER], 0); /* audio, of which nothing came */
  via_peer_end (w.peers[SERVER], 7); /* there is no such m-line */
  wire_pump (&w);
  g_assert_cmpuint (w.peers[VIEWER]->received_rtcp, ==, before);
  wire_clear (&w);
}

static void
test_leave_long_silence_ends_a_stream (void)
{
  Wire w;

  start (&w);
  for (guint i = 0; i < 59; i++)
    wire_pass (&w, VIA_S);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 0);
  wire_pass (&w, 2 * VIA_S);
  g_assert_cmpuint (w.gone[VIEWER][1], ==, 1);
  wire_clear (&w);
}

static void
test_leave_flow_is_told_at_both_ends_within_half_a_second (void)
{
  Wire w;

  start (&w);
  g_assert_cmpint (w.flows[SERVER][TRUE][1], ==, 1);
  g_assert_cmpint (w.flows[VIEWER][FALSE][1], ==, 1);
  g_assert_cmpint (w.flows[VIEWER][TRUE][1], ==, 0);
  g_assert_cmpuint (w.flow_changes[SERVER], ==, 1);
  wire_pass (&w, 500 * MS);
  g_assert_cmpint (w.flows[SERVER][TRUE][1], ==, 0);
  g_assert_cmpint (w.flows[VIEWER][FALSE][1], ==, 0);
  video (&w);
  wire_pump (&w);
  g_assert_cmpint (w.flows[SERVER][TRUE][1], ==, 1);
  via_peer_close (w.peers[SERVER], w.now);
  wire_pump (&w);
  g_assert_cmpint (w.flows[SERVER][TRUE][1], ==, 0);
  g_assert_cmpint (w.flows[VIEWER][FALSE][1], ==, 0);
  g_assert_cmpuint (w.flow_changes[VIEWER], ==, 4);
  wire_clear (&w);
}

static gboolean
lose_all_to_viewer (Wire *w, guint to, const WireDatagram *d)
{
  return to == VIEWER;
}

/* Forged ones do not count: who sends them is not the peer. */
static void
test_leave_way_that_goes_is_told_once_after_two_seconds (void)
{
  Wire w;
  guint8 forged[40] = {0x80, 100};
  ViaPeerMedia media;

  wire_call (&w);
  for (guint32 i = 0; i < 250; i++) {
    wire_video (&w, i);
    wire_pass (&w, 20 * MS);
  }
  g_assert_cmpuint (w.silences[VIEWER], ==, 0);
  w.lose = lose_all_to_viewer;
  for (guint i = 0; i < 9; i++) {
    wire_pass (&w, 200 * MS);
    via_peer_receive (w.peers[VIEWER], forged, sizeof forged, w.now, &media);
  }
  g_assert_cmpuint (w.silences[VIEWER], ==, 0);
  wire_pass (&w, 300 * MS);
  g_assert_cmpuint (w.silences[VIEWER], ==, 1);
  wire_pass (&w, 30 * VIA_S);
  g_assert_cmpuint (w.silences[VIEWER], ==, 1);
  wire_clear (&w);
}

#define ADD(path, func) g_test_add_func ("/peer/leave/" path, func)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("goodbye", test_leave_goodbye_of_one_m_line_ends_its_stream_once);
  ADD ("late", test_leave_last_packets_lost_come_before_the_end);
  ADD ("back", test_leave_stream_that_comes_back_may_leave_again);
  ADD ("nothing", test_leave_nothing_sent_says_no_goodbye);
  ADD ("silence", test_leave_long_silence_ends_a_stream);
  ADD ("way", test_leave_way_that_goes_is_told_once_after_two_seconds);
  ADD ("flow", test_leave_flow_is_told_at_both_ends_within_half_a_second);
  return g_test_run ();
}
