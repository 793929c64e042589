/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – what RTCP of the far end makes us do, and what ours says.
 */
#include "wire.h"

#define US 1 /* sender SSRC of crafted RTCP: nobody's */

static guint32
video_ssrc (Wire *w)
{
  return via_plan_media (w->plans[SERVER], 1)->ssrc;
}

static void
nack (Wire *w, const guint16 *seqs, guint n)
{
  guint8 bytes[1200];
  ViaWriter out;

  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_nack (&out, US, video_ssrc (w), seqs, n);
  wire_rtcp (w, VIEWER, &out);
}

static guint
count_rtx (Wire *w)
{
  guint n = 0;

  for (guint i = 0; i < w->rtp[VIEWER]->len; i++)
    n += wire_rtp (w, VIEWER, i)->is_rtx;
  return n;
}

static ViaKind
kind_of (Wire *w, guint8 type, guint32 ssrc)
{
  guint8 data[12] = {0x80, type};

  GST_WRITE_UINT32_BE (data + 8, ssrc);
  return via_peer_kind (w->peers[SERVER], data, sizeof data);
}

static void
test_feedback_kind_of_what_is_sent_is_known_by_its_stream (void)
{
  Wire w;
  const ViaPlanMedia *video;
  static const guint8 hello[] = {22, 254, 253};

  wire_call (&w);
  video = via_plan_media (w.plans[SERVER], 1);
  g_assert_cmpint (kind_of (&w, 100, video->ssrc), ==, VIA_KIND_VIDEO);
  g_assert_cmpuint (video->rtx_ssrc, !=, 0);
  g_assert_cmpint (kind_of (&w, 101, video->rtx_ssrc), ==, VIA_KIND_VIDEO);
  g_assert_cmpint (kind_of (&w, 111, via_plan_media (w.plans[SERVER], 0)->ssrc),
      ==, VIA_KIND_AUDIO);
  g_assert_cmpint (kind_of (&w, 200, video->ssrc), ==, VIA_KIND_UNKNOWN);
  g_assert_cmpint (kind_of (&w, 100, video->ssrc + 1), ==, VIA_KIND_UNKNOWN);
  g_assert_cmpint (via_peer_kind (w.peers[SERVER], hello, sizeof hello), ==,
      VIA_KIND_UNKNOWN);
  wire_clear (&w);
}

static gboolean
lose_tenth_rtp (Wire *w, guint to, const WireDatagram *d)
{
  return to == VIEWER && d->len > 900 && w->n_to[to] % 10 == 5;
}

static void
test_feedback_lost_packets_come_back_by_rtx (void)
{
  Wire w;
  guint16 first, rtx_first = 0, rtx_seq = 0;
  guint seen[200] = {0}, n = 0;

  wire_call (&w);
  w.lose = lose_tenth_rtp;
  for (guint32 i = 0; i < 199; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  wire_video (&w, 199); /* else the end would not be missed */
  wire_pass (&w, 500 * MS);
  first = wire_rtp (&w, VIEWER, 0)->seq;
  for (guint i = 0; i < w.rtp[VIEWER]->len; i++) {
    WireRtp *rtp = wire_rtp (&w, VIEWER, i);

    seen[rtp->id]++;
    if (!rtp->is_rtx)
      continue;
    g_assert_cmpuint (rtp->id, ==, (guint16) (rtp->osn - first));
    g_assert_cmpuint (
        rtp->ssrc, ==, via_plan_media (w.plans[SERVER], 1)->rtx_ssrc);
    if (n++ > 0) /* numbers of its own, in order (RFC 4588 §4) */
      g_assert_cmpint (via_seq_compare (rtp->seq, rtx_seq), ==, 1);
    else
      rtx_first = rtp->seq;
    rtx_seq = rtp->seq;
  }
  g_assert_cmpuint (n, >=, 15);
  /* one after the other, but for those that were lost, too */
  g_assert_cmpuint ((guint16) (rtx_seq - rtx_first), <, 2 * n);
  for (guint i = 0; i < 200; i++)
    g_assert_cmpuint (seen[i], ==, 1);
  wire_clear (&w);
}

static void
test_feedback_without_rtx_the_same_packet_comes_again (void)
{
  Wire w;
  guint16 seq;
  guint before;

  wire_call (&w);
  via_plan_media (w.plans[SERVER], 1)->rtx_ssrc = 0;
  g_assert_true (via_peer_apply (w.peers[SERVER], w.plans[SERVER], NULL));
  wire_video (&w, 0);
  wire_pump (&w);
  seq = wire_rtp (&w, VIEWER, 0)->seq;
  w.lose_every = 1;
  wire_video (&w, 1);
  w.lose_every = 0;
  before = w.rtp[VIEWER]->len;
  seq++;
  nack (&w, &seq, 1);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, before + 1);
  g_assert_false (wire_rtp (&w, VIEWER, before)->is_rtx);
  g_assert_cmpuint (wire_rtp (&w, VIEWER, before)->seq, ==, seq);
  g_assert_cmpuint (wire_rtp (&w, VIEWER, before)->id, ==, 1);
  wire_clear (&w);
}

static void
test_feedback_nack_storm_is_bounded (void)
{
  Wire w;
  guint64 plain = 0;
  guint16 all[400];

  wire_call (&w);
  for (guint32 i = 0; i < 1000; i++) {
    wire_video (&w, i);
    wire_pump (&w);
    plain += 1000;
    for (guint k = 0; k < 400; k++)
      all[k] = (guint16) (wire_rtp (&w, VIEWER, 0)->seq + i - 399 + k);
    nack (&w, all, 400);
    wire_pass (&w, 4 * MS);
  }
  g_assert_cmpuint (count_rtx (&w), >, 50);
  g_assert_cmpfloat ((gdouble) w.rtp_bytes[VIEWER] / plain, <=, 1.3);
  wire_clear (&w);
}

/* What is older than the history cannot come again. */
static void
test_feedback_a_nack_for_what_is_gone_asks_for_a_key_frame (void)
{
  Wire w;
  guint16 seq;

  wire_call (&w);
  wire_video (&w, 0);
  wire_pump (&w);
  seq = wire_rtp (&w, VIEWER, 0)->seq;
  w.lose_every = 1;
  wire_video (&w, 1);
  w.lose_every = 0;
  w.keyframes[SERVER][1] = 0;
  wire_pass (&w, 5 * VIA_S);
  seq--;
  nack (&w, &seq, 1); /* before the key frame: nothing builds on it */
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 0);
  seq += 2;
  nack (&w, &seq, 1);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  wire_clear (&w);
}

static void
test_feedback_one_pli_is_one_event (void)
{
  Wire w;
  guint8 bytes[64];
  ViaWriter out;

  wire_call (&w);
  wire_video (&w, 0);
  w.keyframes[SERVER][1] = 0;
  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_pli (&out, US, video_ssrc (&w));
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (w.keyframes[SERVER][0], ==, 0);
  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_pli (&out, US, 0xdeadbeef); /* nobody's stream */
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_UNKNOWN_SSRC), ==, 1);
  wire_clear (&w);
}

static void
fir (Wire *w, guint8 seq)
{
  guint8 bytes[64];
  ViaWriter out;

  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_fir (&out, US, video_ssrc (w), seq);
  wire_rtcp (w, VIEWER, &out);
}

static void
test_feedback_repeated_fir_is_one_event (void)
{
  Wire w;

  wire_call (&w);
  wire_video (&w, 0);
  w.keyframes[SERVER][1] = 0;
  fir (&w, 7);
  fir (&w, 7);
  fir (&w, 7);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  fir (&w, 8);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 2);
  wire_clear (&w);
}

static void
test_feedback_remb_is_a_bitrate_event (void)
{
  Wire w;
  guint8 bytes[64];
  ViaWriter out;
  guint32 ssrc;

  wire_call (&w);
  ssrc = video_ssrc (&w);
  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_remb (&out, US, 1500000, &ssrc, 1);
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (w.bitrates[SERVER], ==, 1);
  g_assert_cmpuint (w.bitrate_bps, >=, 1490000);
  g_assert_cmpuint (w.bitrate_bps, <=, 1500000);
  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_remb (&out, US, 0, &ssrc, 1);
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (w.bitrate_bps, ==, 8000);
  wire_clear (&w);
}

static void
test_feedback_twcc_is_counted (void)
{
  Wire w;
  guint8 bytes[200];
  ViaWriter out;
  ViaTwccPacket packets[10] = {0};

  wire_call (&w);
  for (guint16 i = 0; i < 10; i++)
    packets[i] = (ViaTwccPacket){i, i % 5 != 0, i * 1000};
  via_writer_init (&out, bytes, sizeof bytes);
  via_rtcp_write_twcc (&out, US, video_ssrc (&w), 0, packets, 10);
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (w.peers[SERVER]->twcc_feedbacks, ==, 1);
  g_assert_cmpuint (w.peers[SERVER]->twcc_received, ==, 8);
  g_assert_cmpuint (w.peers[SERVER]->twcc_lost, ==, 2);
  wire_clear (&w);
}

/* --- our own reports --- */

static struct
{
  guint64 ntp[2]; /* audio, video */
  guint32 rtp[2];
  guint n[2], n_sdes, n_rr, n_bye;
  guint8 fraction_lost;
} heard;

/* Everything the server says in RTCP passes here; it is opened with a copy, so
 * that the viewer still gets the datagram itself. */
static gboolean
hear (Wire *w, guint to, const WireDatagram *d)
{
  WireDatagram copy = *d;
  ViaRtcpReader reader;
  ViaRtcpItem item;

  if (to != VIEWER || d->data[0] >> 6 != 2 || d->data[1] < 192
      || d->data[1] > 223)
    return FALSE;
  g_assert_cmpint (
      via_srtp_unprotect_rtcp (w->peers[to]->srtp, copy.data, &copy.len), ==,
      VIA_DROP_NONE);
  g_assert_true (via_rtcp_reader_init (&reader, copy.data, copy.len));
  while (via_rtcp_next (&reader, &item)) {
    guint media = item.sender_ssrc == video_ssrc (w);

    heard.n_sdes += item.type == VIA_RTCP_SDES;
    heard.n_bye += item.type == VIA_RTCP_BYE;
    if (item.type != VIA_RTCP_SR)
      continue;
    heard.ntp[media] = item.ntp;
    heard.rtp[media] = item.rtp_timestamp;
    heard.n[media]++;
  }
  return TRUE; /* its index is used up */
}

static void
test_feedback_sr_puts_audio_and_video_on_one_clock (void)
{
  Wire w;
  WireRtp *rtp;
  ViaPacket *event;
  gdouble at[2];
  static const gdouble rate[2] = {48000, 90000};

  memset (&heard, 0, sizeof heard);
  wire_call (&w);
  w.lose = hear;
  /* both captured at the same moments, sent 30 ms late */
  for (guint32 i = 0; i < 250; i++) {
    ViaTime captured = w.now - 30 * MS;

    wire_send (&w, SERVER, 0, //
        wire_packet (5, 2 * i, 7 + i * 960, i, 100, captured, FALSE));
    /* a key held since the start has that time (RFC 4733 §2.2) */
    event = wire_packet (5, 2 * i + 1, 7, 1000, 16, captured, FALSE);
    event->is_event = TRUE;
    wire_send (&w, SERVER, 0, event);
    wire_send (&w, SERVER, 1, //
        wire_packet (6, i, 9 + i * 1800, i, 1000, captured, i == 0));
    wire_pass (&w, 20 * MS);
  }
  g_assert_cmpuint (heard.n[0], >=, 4); /* 5 s; every 0.5 to 1.5 s */
  g_assert_cmpuint (heard.n[0], <=, 11);
  g_assert_cmpuint (heard.n[1], >=, 4);
  g_assert_cmpuint (heard.n_sdes, ==, heard.n[0] + heard.n[1]);
  /* the wall-clock second at which packet 100 of each was captured */
  for (guint m = 0; m < 2; m++) {
    rtp = NULL;
    for (guint i = 0; i < w.rtp[VIEWER]->len; i++)
      if (wire_rtp (&w, VIEWER, i)->media == m
          && wire_rtp (&w, VIEWER, i)->id == 100)
        rtp = wire_rtp (&w, VIEWER, i);
    g_assert_nonnull (rtp);
    at[m] = (heard.ntp[m] >> 32) + (heard.ntp[m] & 0xffffffffu) / 4294967296.0
            + (gint32) (rtp->timestamp - heard.rtp[m]) / rate[m] - 2208988800.0;
  }
  g_assert_cmpfloat_with_epsilon (at[0], at[1], 0.001);
  g_assert_cmpfloat_with_epsilon (
      at[0], WIRE_UNIX_S + 100 * 0.02 - 0.03, 0.001);
  w.lose = NULL;
  wire_clear (&w);
}

static void
test_feedback_round_trip_and_loss_are_learned (void)
{
  Wire w;
  ViaSender *video;

  wire_call (&w);
  w.lose = lose_tenth_rtp;
  for (guint32 i = 0; i < 1000; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  video = via_peer_sender (w.peers[SERVER], 1);
  g_assert_cmpuint (video->far_end.reports, >=, 2);
  g_assert_cmpuint (video->far_end.fraction_lost, >=, 20);
  g_assert_cmpuint (video->far_end.fraction_lost, <=, 32);
  g_assert_cmpint (video->far_end.lost, >=, 60);
  g_assert_cmpint (video->far_end.rtt, >=, 0);
  g_assert_cmpint (video->far_end.rtt, <=, 2 * MS);
  wire_clear (&w);
}

static void
test_feedback_close_says_bye_for_each_stream (void)
{
  Wire w;

  memset (&heard, 0, sizeof heard);
  wire_call (&w);
  wire_video (&w, 0);
  wire_pump (&w);
  w.lose = hear;
  via_peer_close (w.peers[SERVER], w.now);
  wire_pump (&w);
  g_assert_cmpuint (heard.n_bye, ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CLOSED);
  wire_clear (&w);
}

static void
test_feedback_reports_pause_when_nothing_is_sent (void)
{
  Wire w;
  guint before;

  memset (&heard, 0, sizeof heard);
  wire_call (&w);
  wire_pass (&w, 5 * VIA_S);
  w.lose = hear;
  wire_video (&w, 0);
  wire_pass (&w, 30 * VIA_S);
  g_assert_cmpuint (heard.n[1], >=, 2);
  before = heard.n[1];
  wire_pass (&w, 30 * VIA_S);
  g_assert_cmpuint (heard.n[1], ==, before);
  g_assert_cmpuint (via_packet_alive (), ==, 0); /* history let go */
  wire_video (&w, 1);
  wire_pass (&w, 2 * VIA_S);
  g_assert_cmpuint (heard.n[1], >, before);
  wire_clear (&w);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/peer/feedback/" path, func)
  ADD ("kind", test_feedback_kind_of_what_is_sent_is_known_by_its_stream);
  ADD ("rtx", test_feedback_lost_packets_come_back_by_rtx);
  ADD ("no-rtx", test_feedback_without_rtx_the_same_packet_comes_again);
  ADD ("storm", test_feedback_nack_storm_is_bounded);
  ADD ("gone", test_feedback_a_nack_for_what_is_gone_asks_for_a_key_frame);
  ADD ("pli", test_feedback_one_pli_is_one_event);
  ADD ("fir", test_feedback_repeated_fir_is_one_event);
  ADD ("remb", test_feedback_remb_is_a_bitrate_event);
  ADD ("twcc", test_feedback_twcc_is_counted);
  ADD ("sr", test_feedback_sr_puts_audio_and_video_on_one_clock);
  ADD ("rtt", test_feedback_round_trip_and_loss_are_learned);
  ADD ("bye", test_feedback_close_says_bye_for_each_stream);
  ADD ("pause", test_feedback_reports_pause_when_nothing_is_sent);
  return g_test_run ();
}
