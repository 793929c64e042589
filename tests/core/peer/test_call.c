/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – two peers meet, media flows, the call ends.
 */
#include "wire.h"

#define BOTH VIA_DIRECTION_SENDRECV

static const ViaCodec vp8 = {VIA_CODEC_VP8, 90000, 0, NULL};
static const ViaCodec opus = {VIA_CODEC_OPUS, 48000, 2, NULL};

static void
test_call_connects_with_gcm (void)
{
  Wire w;

  wire_call (&w);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpstr (
        via_peer_srtp_profile (w.peers[i]), ==, "AEAD_AES_128_GCM");
    g_assert_null (via_peer_failure (w.peers[i]));
    g_assert_cmpuint (w.states[i], >=, 1);
  }
  wire_clear (&w);
}

static void
test_call_500_packets_arrive_in_order (void)
{
  Wire w;
  guint16 first;

  wire_call (&w);
  for (guint32 i = 0; i < 500; i++) {
    g_assert_true (wire_video (&w, i));
    wire_pass (&w, 4 * MS);
  }
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 500);
  first = wire_rtp (&w, VIEWER, 0)->seq;
  for (guint i = 0; i < 500; i++) {
    WireRtp *rtp = wire_rtp (&w, VIEWER, i);
    const ViaPlanMedia *media = via_plan_media (w.plans[SERVER], 1);

    g_assert_cmpuint (rtp->id, ==, i);
    g_assert_cmpuint (rtp->media, ==, 1);
    g_assert_cmpuint (rtp->ssrc, ==, media->ssrc);
    g_assert_cmpuint (
        rtp->pt, ==, g_array_index (media->codecs, ViaPlanCodec, 0).pt);
    g_assert_cmpuint (rtp->seq, ==, (guint16) (first + i));
    g_assert_cmpuint (
        rtp->timestamp, ==, wire_rtp (&w, VIEWER, 0)->timestamp + i * 360);
  }
  wire_clear (&w);
}

static void
test_call_both_ways_and_codec_by_codec (void)
{
  Wire w;

  wire_init (&w, BOTH, BOTH, NULL);
  wire_connect (&w);
  for (guint i = 0; i < 2; i++) {
    ViaCodec pcmu = {VIA_CODEC_PCMU, 8000, 1, NULL};
    ViaCodec vp9 = {VIA_CODEC_VP9, 90000, 0, NULL};

    g_assert_true (via_peer_bind (w.peers[i], 0, &pcmu));
    g_assert_false (via_peer_bind (w.peers[i], 1, &vp9));
    g_assert_false (via_peer_bind (w.peers[i], 7, &pcmu));
    for (guint16 seq = 0; seq < 50; seq++)
      g_assert_true (wire_send (
          &w, i, 0, wire_packet (5, seq, seq * 160, seq, 172, w.now, FALSE)));
    wire_pump (&w);
    g_assert_cmpuint (w.rtp[!i]->len, ==, 50);
    g_assert_cmpuint (wire_rtp (&w, !i, 49)->pt, ==, 0);
    g_assert_cmpuint (wire_rtp (&w, !i, 49)->id, ==, 49);
  }
  wire_clear (&w);
}

/* Events go out under the type of their codec's rate; a peer that knows none
 * of that rate gets none. */
static void
test_call_events_go_beside_the_codec (void)
{
  static const struct
  {
    ViaCodec codec;
    guint8 pt;
  } rows[] = {{{VIA_CODEC_PCMU, 8000, 1, NULL}, 126},
      {{VIA_CODEC_OPUS, 48000, 2, NULL}, 110}};
  Wire w;

  wire_init (&w, BOTH, BOTH, NULL);
  wire_connect (&w);
  for (guint i = 0; i < 2; i++) {
    ViaPacket *event = wire_packet (5, 1, 160, 42, 16, w.now, FALSE);

    event->is_event = TRUE;
    g_assert_true (via_peer_bind (w.peers[SERVER], 0, &rows[i].codec));
    g_assert_true (wire_send (
        &w, SERVER, 0, wire_packet (5, 0, 0, 41, 172, w.now, FALSE)));
    g_assert_true (wire_send (&w, SERVER, 0, event));
    wire_pump (&w);
    g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 2 * i + 2);
    g_assert_cmpuint (wire_rtp (&w, VIEWER, 2 * i + 1)->pt, ==, rows[i].pt);
    g_assert_cmpuint (wire_rtp (&w, VIEWER, 2 * i + 1)->id, ==, 42);
    g_assert_cmpuint ((guint16) (wire_rtp (&w, VIEWER, 2 * i)->seq + 1), ==,
        wire_rtp (&w, VIEWER, 2 * i + 1)->seq);
  }
  wire_clear (&w);
}

static void
test_call_reordered_and_doubled_datagrams_arrive_once (void)
{
  Wire w;
  guint seen[500] = {0};

  wire_call (&w);
  w.is_doubling = w.is_swapping = TRUE;
  for (guint32 i = 0; i < 500; i += 2) {
    wire_video (&w, i);
    wire_video (&w, i + 1);
    wire_pass (&w, 8 * MS);
  }
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 500);
  for (guint i = 0; i < 500; i++)
    seen[wire_rtp (&w, VIEWER, i)->id]++;
  for (guint i = 0; i < 500; i++)
    g_assert_cmpuint (seen[i], ==, 1);
  g_assert_cmpuint (wire_drops (&w, VIEWER, VIA_DROP_REPLAY), >=, 500);
  wire_clear (&w);
}

static void
test_call_handshake_survives_loss (void)
{
  Wire w;

  wire_init (&w, BOTH, BOTH, NULL);
  w.lose_every = 3;
  wire_connect (&w);
  wire_pass (&w, 20 * VIA_S);
  g_assert_cmpint (via_peer_state (w.peers[0]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpint (via_peer_state (w.peers[1]), ==, VIA_PEER_CONNECTED);
  wire_clear (&w);
}

static void
test_call_early_hello_waits_for_the_path (void)
{
  Wire w;
  guint client;
  guint8 out[VIA_PEER_DATAGRAM];
  gsize len;
  ViaPeerMedia media;

  wire_init (&w, BOTH, BOTH, NULL);
  client = w.plans[VIEWER]->setup == VIA_SETUP_ACTIVE ? VIEWER : SERVER;
  via_peer_path_ready (w.peers[client], w.now);
  len = via_peer_next (w.peers[client], out, sizeof out, w.now);
  g_assert_cmpuint (len, >, 0);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (
        via_peer_receive (w.peers[!client], out, len, w.now, &media), ==,
        i < 2 ? VIA_DROP_NONE : VIA_DROP_NOT_READY);
  g_assert_cmpuint (
      via_peer_next (w.peers[!client], out, sizeof out, w.now), ==, 0);
  g_assert_cmpint (via_peer_state (w.peers[!client]), ==, VIA_PEER_NEW);
  via_peer_path_ready (w.peers[!client], w.now);
  wire_pump (&w);
  g_assert_cmpint (via_peer_state (w.peers[0]), ==, VIA_PEER_CONNECTED);
  g_assert_cmpint (via_peer_state (w.peers[1]), ==, VIA_PEER_CONNECTED);
  wire_clear (&w);
}

static void
check_refused (guint liar)
{
  Wire w;
  const gchar *lies[2] = {NULL, NULL};
  const gchar *reason;

  lies[liar] = "sha-256 "
               "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
               "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
  wire_init (&w, BOTH, BOTH, lies);
  wire_connect (&w);
  for (guint i = 0; i < 2; i++) {
    via_peer_bind (w.peers[i], 0, &opus);
    via_peer_bind (w.peers[i], 1, &vp8);
  }
  for (guint32 i = 0; i < 100; i++) {
    for (guint who = 0; who < 2; who++) {
      wire_send (&w, who, 0, wire_packet (5, i, i, i, 100, w.now, TRUE));
      wire_send (&w, who, 1, wire_packet (6, i, i, i, 100, w.now, TRUE));
    }
    wire_pass (&w, 20 * MS);
  }
  g_assert_cmpint (via_peer_state (w.peers[!liar]), ==, VIA_PEER_FAILED);
  reason = via_peer_failure (w.peers[!liar]);
  g_assert_nonnull (reason);
  g_assert_nonnull (strstr (reason, "fingerprint"));
  g_assert_null (via_peer_srtp_profile (w.peers[!liar]));
  g_assert_cmpint (via_peer_state (w.peers[liar]), !=, VIA_PEER_CONNECTED);
  g_assert_cmpuint (w.rtp[0]->len + w.rtp[1]->len, ==, 0);
  g_assert_cmpuint (
      wire_drops (&w, !liar, VIA_DROP_NOT_READY), >=, 200); /* its own */
  wire_clear (&w);
}

static void
test_call_wrong_fingerprint_of_viewer_fails_without_media (void)
{
  check_refused (VIEWER);
}

static void
test_call_wrong_fingerprint_of_server_fails_without_media (void)
{
  check_refused (SERVER);
}

static void
test_call_video_waits_for_its_key_frame (void)
{
  Wire w;

  wire_call (&w);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1); /* asked for at bind */
  g_assert_cmpuint (w.keyframes[SERVER][0], ==, 0);
  for (guint32 i = 1; i < 10; i++)
    g_assert_false (wire_video (&w, i));
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_WAIT_KEYFRAME), ==, 9);
  wire_pass (&w, 3500 * MS);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 4); /* once a second */
  g_assert_true (wire_video (&w, 0));
  g_assert_true (wire_video (&w, 1));
  wire_pass (&w, 3 * VIA_S);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 4);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 2);
  wire_clear (&w);
}

static void
test_call_bound_before_it_connects_asks_when_it_does (void)
{
  Wire w;

  wire_init (&w, VIA_DIRECTION_RECVONLY, VIA_DIRECTION_SENDONLY, NULL);
  g_assert_true (via_peer_bind (w.peers[SERVER], 1, &vp8));
  wire_pass (&w, 5 * VIA_S);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 0);
  g_assert_false (wire_video (&w, 0));
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_NOT_READY), ==, 1);
  wire_connect (&w);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  wire_clear (&w);
}

static void
test_call_source_switch_is_continuous (void)
{
  Wire w;
  WireRtp *a, *b;

  wire_call (&w);
  for (guint32 i = 0; i < 10; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  wire_pass (&w, 96 * MS);
  g_assert_true (via_peer_bind (w.peers[SERVER], 1, &vp8));
  g_assert_false (wire_send (&w, SERVER, 1, //
      wire_packet (99, 4, 9, 1000, 500, w.now, FALSE)));
  g_assert_true (wire_send (&w, SERVER, 1, //
      wire_packet (99, 5, 4000000000u, 1001, 500, w.now, TRUE)));
  wire_pump (&w);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 11);
  a = wire_rtp (&w, VIEWER, 9);
  b = wire_rtp (&w, VIEWER, 10);
  g_assert_cmpuint (b->id, ==, 1001);
  g_assert_cmpuint (b->ssrc, ==, a->ssrc);
  g_assert_cmpuint (b->seq, ==, (guint16) (a->seq + 1));
  g_assert_cmpuint (b->timestamp - a->timestamp, ==, 9000); /* 100 ms */
  wire_clear (&w);
}

static void
test_call_unbound_or_unknown_m_line_sends_nothing (void)
{
  Wire w;

  wire_call (&w);
  via_peer_unbind (w.peers[SERVER], 1);
  g_assert_false (wire_video (&w, 0));
  g_assert_false (wire_send (&w, SERVER, 9, //
      wire_packet (1, 1, 1, 1, 100, w.now, TRUE)));
  g_assert_false (via_peer_bind (w.peers[VIEWER], 1, &vp8)); /* recvonly */
  g_assert_false (wire_send (&w, VIEWER, 1,                  //
      wire_packet (1, 1, 1, 1, 100, w.now, TRUE)));
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_NOT_NEGOTIATED), ==, 2);
  g_assert_cmpuint (wire_drops (&w, VIEWER, VIA_DROP_NOT_NEGOTIATED), ==, 1);
  wire_clear (&w);
}

static void
test_call_close_tells_the_other_side (void)
{
  for (guint who = 0; who < 2; who++) {
    Wire w;
    guint8 out[VIA_PEER_DATAGRAM];

    wire_call (&w);
    wire_video (&w, 0);
    wire_pump (&w);
    w.states[0] = w.states[1] = 0;
    via_peer_close (w.peers[who], w.now);
    g_assert_cmpint (via_peer_state (w.peers[who]), ==, VIA_PEER_CLOSED);
    wire_pump (&w);
    g_assert_cmpint (via_peer_state (w.peers[!who]), ==, VIA_PEER_CLOSED);
    g_assert_cmpuint (w.states[0], ==, 1);
    g_assert_cmpuint (w.states[1], ==, 1);
    g_assert_cmpuint (via_packet_alive (), ==, 0);
    g_assert_false (wire_video (&w, 1));
    wire_pass (&w, 5 * VIA_S);
    g_assert_cmpuint (
        via_peer_next (w.peers[who], out, sizeof out, w.now), ==, 0);
    g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 1);
    via_peer_close (w.peers[who], w.now); /* again: nothing */
    wire_clear (&w);
  }
}

static void
test_call_closed_before_it_began_stays_closed (void)
{
  Wire w;

  wire_init (&w, BOTH, BOTH, NULL);
  via_peer_close (w.peers[0], w.now);
  wire_connect (&w);
  wire_pass (&w, 40 * VIA_S);
  g_assert_cmpint (via_peer_state (w.peers[0]), ==, VIA_PEER_CLOSED);
  g_assert_cmpint (via_peer_state (w.peers[1]), ==, VIA_PEER_FAILED);
  g_assert_nonnull (via_peer_failure (w.peers[1]));
  wire_clear (&w);
}

static void
test_call_second_apply_keeps_counters_and_stream (void)
{
  Wire w;
  g_autoptr (GError) error = NULL;

  wire_call (&w);
  wire_video (&w, 0);
  g_assert_true (via_peer_apply (w.peers[SERVER], w.plans[SERVER], &error));
  wire_video (&w, 1);
  wire_pump (&w);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 2);
  g_assert_cmpuint (wire_rtp (&w, VIEWER, 1)->seq, ==,
      (guint16) (wire_rtp (&w, VIEWER, 0)->seq + 1));
  wire_clear (&w);
}

static void
test_call_apply_refuses_another_certificate_or_no_answer (void)
{
  Wire w;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) error2 = NULL;
  ViaPlan *other;

  wire_call (&w);
  other = via_plan_copy (w.plans[SERVER]);
  g_array_index (other->remote->fingerprints, ViaFingerprint, 0).digest[3] ^= 1;
  g_assert_false (via_peer_apply (w.peers[SERVER], other, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  via_plan_free (other);
  other = via_plan_copy (w.plans[SERVER]);
  other->is_complete = FALSE;
  g_assert_false (via_peer_apply (w.peers[SERVER], other, &error2));
  g_assert_error (error2, VIA_ERROR, VIA_ERROR_STATE);
  via_plan_free (other);
  g_assert_true (wire_video (&w, 0)); /* as it was */
  wire_clear (&w);
}

static void
test_call_stats_tell_what_happened (void)
{
  Wire w;
  GstStructure *stats, *drops;
  const GValue *list, *value;
  const GstStructure *video;
  guint version = 0;
  guint64 sent = 0, bytes = 0, waited = 0;

  wire_call (&w);
  wire_video (&w, 5);
  wire_video (&w, 0);
  stats = via_peer_stats (w.peers[SERVER], w.now);
  g_assert_cmpstr (gst_structure_get_name (stats), ==, "via-peer-stats");
  g_assert_true (gst_structure_get_uint (stats, "version", &version));
  g_assert_cmpuint (version, ==, 1);
  g_assert_cmpstr (gst_structure_get_string (stats, "state"), ==, "connected");
  g_assert_true (
      gst_structure_get (stats, "drops", GST_TYPE_STRUCTURE, &drops, NULL));
  g_assert_true (gst_structure_get_uint64 (drops, "wait-keyframe", &waited));
  g_assert_cmpuint (waited, ==, 1);
  gst_structure_free (drops);
  list = gst_structure_get_value (stats, "media");
  g_assert_cmpuint (gst_value_array_get_size (list), ==, 2);
  value = gst_value_array_get_value (list, 1);
  video = gst_value_get_structure (value);
  g_assert_true (gst_structure_get_uint64 (video, "packets-sent", &sent));
  g_assert_true (gst_structure_get_uint64 (video, "bytes-sent", &bytes));
  g_assert_cmpuint (sent, ==, 1);
  g_assert_cmpuint (bytes, ==, 988);
  g_assert_cmpstr (gst_structure_get_string (video, "codec"), ==, "VP8");
  gst_structure_free (stats);
  wire_clear (&w);
}

int
main (int argc, char **argv)
{
  g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE); /* values, no plugins */
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/peer/" path, func)
  ADD ("connects", test_call_connects_with_gcm);
  ADD ("in-order", test_call_500_packets_arrive_in_order);
  ADD ("both-ways", test_call_both_ways_and_codec_by_codec);
  ADD ("reordered", test_call_reordered_and_doubled_datagrams_arrive_once);
  ADD ("handshake-loss", test_call_handshake_survives_loss);
  ADD ("early-hello", test_call_early_hello_waits_for_the_path);
  ADD ("fingerprint/viewer",
      test_call_wrong_fingerprint_of_viewer_fails_without_media);
  ADD ("fingerprint/server",
      test_call_wrong_fingerprint_of_server_fails_without_media);
  ADD ("key-frame", test_call_video_waits_for_its_key_frame);
  ADD ("key-frame/connect",
      test_call_bound_before_it_connects_asks_when_it_does);
  ADD ("switch", test_call_source_switch_is_continuous);
  ADD ("unbound", test_call_unbound_or_unknown_m_line_sends_nothing);
  ADD ("close", test_call_close_tells_the_other_side);
  ADD ("close/early", test_call_closed_before_it_began_stays_closed);
  ADD ("apply/again", test_call_second_apply_keeps_counters_and_stream);
  ADD ("apply/refused",
      test_call_apply_refuses_another_certificate_or_no_answer);
  ADD ("stats", test_call_stats_tell_what_happened);
  ADD ("call/events", test_call_events_go_beside_the_codec);
  return g_test_run ();
}
