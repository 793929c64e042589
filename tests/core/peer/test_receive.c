/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – what we take from a far end that sends, and what we ask of it.
 */
#include "wire.h"

typedef struct
{
  guint64 packets, rtx, nacks, asked, recovered, duplicates, key_frames;
  gint64 lost;
} Figures;

/* What @who's statistics say it received on m-line @media. */
static Figures
figures (Wire *w, guint who, guint media)
{
  GstStructure *stats = via_peer_stats (w->peers[who], w->now);
  const GValue *list = gst_structure_get_value (stats, "media");
  const GstStructure *m =
      gst_value_get_structure (gst_value_array_get_value (list, media));
  Figures f = {0};

  g_assert_true (gst_structure_get (m, "packets-received", G_TYPE_UINT64,
      &f.packets, "rtx-packets-received", G_TYPE_UINT64, &f.rtx, "nacks-sent",
      G_TYPE_UINT64, &f.nacks, "packets-asked", G_TYPE_UINT64, &f.asked,
      "packets-recovered", G_TYPE_UINT64, &f.recovered, "packets-duplicate",
      G_TYPE_UINT64, &f.duplicates, "key-frames-received", G_TYPE_UINT64,
      &f.key_frames, "packets-lost", G_TYPE_INT64, &f.lost, NULL));
  gst_structure_free (stats);
  return f;
}

static void
set_feedback (Wire *w, ViaFeedback feedback)
{
  ViaPlanMedia *media = via_plan_media (w->plans[VIEWER], 1);

  for (guint i = 0; i < media->codecs->len; i++)
    g_array_index (media->codecs, ViaPlanCodec, i).feedback = feedback;
  g_assert_true (via_peer_apply (w->peers[VIEWER], w->plans[VIEWER], NULL));
}

/* --- what is lost comes again --- */

static guint n_lost, n_lost_rtx;

/* One in five, first transmissions and resent ones. */
static gboolean
lose_a_fifth (Wire *w, guint to, const WireDatagram *d)
{
  guint32 ssrc = (guint32) d->data[8] << 24 | (guint32) d->data[9] << 16
                 | (guint32) d->data[10] << 8 | d->data[11];
  gboolean is_lost = w->n_to[to] % 5 == 3;

  if (to != VIEWER || d->len < 900)
    return FALSE;
  if (is_lost && ssrc == via_plan_media (w->plans[SERVER], 1)->ssrc)
    n_lost++;
  else if (is_lost)
    n_lost_rtx++;
  return is_lost;
}

static void
test_receive_every_lost_packet_comes_once (void)
{
  Wire w;
  Figures f;
  ViaSender *sender;
  guint seen[1000] = {0};

  wire_call (&w);
  n_lost = n_lost_rtx = 0;
  wire_video (&w, 0); /* begins the count */
  w.lose = lose_a_fifth;
  for (guint32 i = 1; i < 999; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  wire_video (&w, 999); /* else the end would not be missed */
  wire_pass (&w, VIA_S);
  for (guint i = 0; i < w.rtp[VIEWER]->len; i++)
    seen[wire_rtp (&w, VIEWER, i)->id]++;
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpuint (seen[i], ==, 1);
  g_assert_cmpuint (n_lost, >, 150);
  g_assert_cmpuint (n_lost_rtx, >, 10);
  f = figures (&w, VIEWER, 1);
  sender = via_peer_sender (w.peers[SERVER], 1);
  g_assert_cmpuint (f.packets, ==, 1000 - n_lost);
  g_assert_cmpint (f.lost, ==, n_lost);
  g_assert_cmpuint (f.recovered, ==, n_lost);
  g_assert_cmpuint (f.rtx, ==, n_lost);
  g_assert_cmpuint (f.duplicates, ==, 0);
  /* some again before the server thinks a round trip has passed */
  g_assert_cmpuint (
      f.asked - sender->counts.refused_packets, ==, n_lost + n_lost_rtx);
  g_assert_cmpuint (f.nacks, ==, sender->counts.nacks);
  g_assert_cmpuint (f.asked, ==, sender->counts.nacked_packets);
  g_assert_cmpuint (sender->counts.resent_packets, ==, n_lost + n_lost_rtx);
  g_assert_cmpuint (sender->counts.refused_packets, <, 60);
  wire_clear (&w);
}

static gboolean
lose_seventh_video (Wire *w, guint to, const WireDatagram *d)
{
  return to == VIEWER && d->len > 900 && w->n_to[to] % 7 == 1;
}

static void
test_receive_without_rtx_the_same_packet_comes_again (void)
{
  Wire w;
  Figures f;

  wire_call (&w);
  via_plan_media (w.plans[SERVER], 1)->rtx_ssrc = 0;
  g_assert_true (via_peer_apply (w.peers[SERVER], w.plans[SERVER], NULL));
  wire_video (&w, 0);
  w.lose = lose_seventh_video;
  for (guint32 i = 1; i < 100; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  wire_video (&w, 100);
  wire_pass (&w, VIA_S);
  f = figures (&w, VIEWER, 1);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 101);
  g_assert_cmpuint (f.packets, ==, 101);
  g_assert_cmpuint (f.rtx, ==, 0);
  g_assert_cmpuint (f.recovered, >=, 12);
  g_assert_cmpint (f.lost, ==, 0);
  wire_clear (&w);
}

static void
test_receive_nothing_is_asked_where_nack_was_not_agreed (void)
{
  Wire w;
  Figures f;
  guint before;

  wire_call (&w);
  set_feedback (&w, VIA_FEEDBACK_PLI);
  wire_video (&w, 0);
  w.lose = lose_seventh_video;
  for (guint32 i = 1; i < 100; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  before = w.rtp[VIEWER]->len;
  wire_pass (&w, VIA_S);
  f = figures (&w, VIEWER, 1);
  g_assert_cmpuint (f.nacks, ==, 0);
  g_assert_cmpint (f.lost, >=, 12);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, before);
  wire_clear (&w);
}

/* An original held back by the network until its copy was there. */
static WireDatagram *held;

static gboolean
hold_one (Wire *w, guint to, const WireDatagram *d)
{
  if (to != VIEWER || d->len < 900 || held || w->rtp[VIEWER]->len < 5)
    return FALSE;
  held = g_memdup2 (d, sizeof *d);
  return TRUE;
}

static void
test_receive_original_after_its_copy_is_a_duplicate (void)
{
  Wire w;
  Figures f;

  held = NULL;
  wire_call (&w);
  w.lose = hold_one;
  for (guint32 i = 0; i < 20; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 20);
  g_assert_cmpint (wire_receive (&w, VIEWER, held), ==, VIA_DROP_NONE);
  f = figures (&w, VIEWER, 1);
  g_assert_cmpuint (f.recovered, ==, 1);
  g_assert_cmpuint (f.duplicates, ==, 1);
  g_assert_cmpint (f.lost, ==, 0); /* it was only late */
  g_free (held);
  wire_clear (&w);
}

static void
test_receive_sender_learns_what_arrived (void)
{
  Wire w;
  ViaPeer *server;
  guint64 sent;

  wire_call (&w);
  n_lost = n_lost_rtx = 0;
  wire_video (&w, 0);
  w.lose = lose_a_fifth;
  for (guint32 i = 1; i < 1000; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  wire_pass (&w, 500 * MS);
  wire_video (&w, 1000); /* else the end would not be missed */
  wire_pass (&w, 500 * MS);
  server = w.peers[SERVER];
  sent = 1001 + via_peer_sender (server, 1)->counts.resent_packets;
  g_assert_cmpuint (server->twcc_received + server->twcc_lost, ==, sent);
  g_assert_cmpuint (server->twcc_lost, ==, n_lost + n_lost_rtx);
  g_assert_cmpuint (
      server->twcc_feedbacks, ==, w.peers[VIEWER]->receiver.twcc_feedbacks);
  g_assert_cmpuint (server->twcc_feedbacks, >=, 35);
  g_assert_cmpuint (server->twcc_feedbacks, <=, 50);
  wire_clear (&w);
}

/* Taken at the same moments; video leaves 80 ms later than audio. */
static void
test_receive_audio_and_video_are_on_one_timeline (void)
{
  Wire w;
  ViaTime audio[400] = {0}, video[400] = {0};

  wire_call (&w);
  for (guint32 i = 0; i < 400; i++) {
    wire_send (&w, SERVER, 0, //
        wire_packet (5, i, i * 960, i, 100, w.now - 10 * MS, FALSE));
    wire_send (&w, SERVER, 1, //
        wire_packet (6, i, i * 1800, i, 1000, w.now - 90 * MS, i == 0));
    wire_pass (&w, 20 * MS);
  }
  for (guint i = 0; i < w.rtp[VIEWER]->len; i++) {
    const WireRtp *rtp = wire_rtp (&w, VIEWER, i);

    (rtp->media == 0 ? audio : video)[rtp->id] = rtp->captured;
  }
  g_assert_cmpint (video[0], ==, audio[0]); /* as they came */
  for (guint i = 300; i < 400; i++) {
    g_assert_cmpint (audio[i] - video[i], >=, 79 * MS);
    g_assert_cmpint (audio[i] - video[i], <=, 81 * MS);
  }
  wire_clear (&w);
}

/* --- hostile RTX --- */

/* The server's RTX, authentic, with @payload of @len bytes. */
static ViaDrop
send_rtx (Wire *w, guint32 ssrc, guint16 seq, guint8 pt, const guint8 *payload,
    gsize len)
{
  WireDatagram d = {.data = {0x80, pt}};
  ViaPeerMedia media;
  ViaWriter out;
  ViaDrop drop;

  via_writer_init (&out, d.data + 2, 200);
  via_writer_u16 (&out, seq);
  via_writer_u32 (&out, 0);
  via_writer_u32 (&out, ssrc);
  via_writer_bytes (&out, payload, len);
  d.len = 2 + out.pos;
  g_assert_true (
      via_srtp_protect (w->peers[SERVER]->srtp, d.data, &d.len, sizeof d.data));
  drop = via_peer_receive (w->peers[VIEWER], d.data, d.len, w->now, &media);
  g_assert_null (media.rtp.data);
  return drop;
}

static void
test_receive_hostile_rtx_is_dropped_and_counted (void)
{
  Wire w;
  guint8 bytes[20] = {0};
  const ViaPlanMedia *video;
  const ViaPlanCodec *codec;
  guint8 rtx_pt;

  wire_call (&w);
  video = via_plan_media (w.plans[SERVER], 1);
  codec = &g_array_index (video->codecs, ViaPlanCodec, 0);
  rtx_pt = (guint8) codec->rtx_pt;
  /* of a stream that never came */
  g_assert_cmpint (send_rtx (&w, video->rtx_ssrc, 1, rtx_pt, bytes, 20), ==,
      VIA_DROP_UNKNOWN_SSRC);
  for (guint32 i = 0; i < 10; i++)
    wire_video (&w, i);
  wire_pump (&w);
  g_assert_cmpint (send_rtx (&w, video->rtx_ssrc, 2, rtx_pt, bytes, 1), ==,
      VIA_DROP_MALFORMED);
  g_assert_cmpint (send_rtx (&w, video->rtx_ssrc, 3, 77, bytes, 20), ==,
      VIA_DROP_UNKNOWN_PT);
  g_assert_cmpint (send_rtx (&w, video->rtx_ssrc, 4, codec->pt, bytes, 20), ==,
      VIA_DROP_UNKNOWN_PT);
  g_assert_cmpint (send_rtx (&w, video->rtx_ssrc, 5, rtx_pt, bytes, 0), ==,
      VIA_DROP_NONE); /* a probe */
  g_assert_cmpuint (figures (&w, VIEWER, 1).duplicates, ==, 0);
  /* a number that lies far from the stream's */
  bytes[0] = (guint8) ((wire_rtp (&w, VIEWER, 0)->seq + 30000) >> 8);
  g_assert_cmpint (
      send_rtx (&w, video->rtx_ssrc, 6, rtx_pt, bytes, 20), ==, VIA_DROP_NONE);
  g_assert_cmpuint (figures (&w, VIEWER, 1).duplicates, ==, 1);
  wire_pass (&w, VIA_S);
  g_assert_cmpuint (figures (&w, VIEWER, 1).nacks, ==, 0);
  wire_clear (&w);
}

/* --- key frames --- */

static void
test_receive_wanted_key_frame_reaches_the_sender (void)
{
  Wire w;

  wire_call (&w);
  wire_video (&w, 0);
  wire_pump (&w);
  w.keyframes[SERVER][1] = 0;
  for (guint i = 0; i < 10; i++)
    via_peer_want_keyframe (w.peers[VIEWER], 1, w.now);
  via_peer_want_keyframe (w.peers[VIEWER], 0, w.now); /* audio has none */
  via_peer_want_keyframe (w.peers[VIEWER], 9, w.now); /* no such m-line */
  wire_pump (&w);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (w.keyframes[SERVER][0], ==, 0);
  wire_pass (&w, 2500 * MS); /* none comes: asked each second */
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 3);
  wire_pass (&w, 60 * VIA_S);
  g_assert_cmpuint (w.keyframes[SERVER][1], <=, VIA_KEYASK_TRIES);
  wire_clear (&w);
}

static void
test_receive_key_frame_is_asked_for_as_agreed (void)
{
  static const ViaFeedback agreed[] = {
      VIA_FEEDBACK_PLI | VIA_FEEDBACK_FIR, VIA_FEEDBACK_FIR, 0};

  for (guint i = 0; i < G_N_ELEMENTS (agreed); i++) {
    ViaSender *sender;
    Wire w;

    wire_call (&w);
    set_feedback (&w, agreed[i]);
    wire_video (&w, 0);
    wire_pump (&w);
    via_peer_want_keyframe (w.peers[VIEWER], 1, w.now);
    wire_pump (&w);
    wire_pass (&w, 1500 * MS);
    sender = via_peer_sender (w.peers[SERVER], 1);
    g_assert_cmpuint (sender->counts.plis, ==, i == 0 ? 2 : 0);
    g_assert_cmpuint (sender->counts.firs, ==, i == 1 ? 2 : 0);
    /* two FIRs are two commands, so two events beside the first */
    g_assert_cmpuint (w.keyframes[SERVER][1], ==, i == 2 ? 1 : 3);
    wire_clear (&w);
  }
}

#define KEY 0x10000000u /* as a payload: a VP8 key frame begins */

static void
test_receive_key_frame_ends_the_asking (void)
{
  Wire w;

  wire_call (&w);
  wire_video (&w, 0);
  wire_pump (&w);
  w.keyframes[SERVER][1] = 0;
  via_peer_want_keyframe (w.peers[VIEWER], 1, w.now);
  wire_pass (&w, 100 * MS);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  wire_send (
      &w, SERVER, 1, wire_packet (77, 60001, 9000, KEY, 1000, w.now, TRUE));
  wire_pass (&w, 20 * VIA_S);
  g_assert_cmpuint (w.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (figures (&w, VIEWER, 1).key_frames, ==, 1);
  wire_clear (&w);
}

/* The server's packet number @id; each third one ends a picture. */
static void
send_third (Wire *w, guint32 id)
{
  ViaPacket *packet =
      wire_packet (77, (guint16) id, id / 3 * 3000, id, 1000, w->now, id == 0);

  if (id % 3 == 2)
    packet->data[1] |= 0x80; /* RFC 3550 §5.1: the marker */
  wire_send (w, SERVER, 1, packet);
}

static guint64
frames (Wire *w, guint who, guint media, const gchar *field)
{
  GstStructure *stats = via_peer_stats (w->peers[who], w->now);
  const GValue *list = gst_structure_get_value (stats, "media");
  const GstStructure *m =
      gst_value_get_structure (gst_value_array_get_value (list, media));
  guint64 n = G_MAXUINT64; /* there is no such field */

  gst_structure_get_uint64 (m, field, &n);
  gst_structure_free (stats);
  return n;
}

static void
test_receive_pictures_are_counted_once_lost_packets_too (void)
{
  Wire w;

  wire_call (&w);
  send_third (&w, 0);
  w.lose = lose_a_fifth;
  for (guint32 i = 1; i < 302; i++) {
    send_third (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  send_third (&w, 302);
  wire_pass (&w, VIA_S);
  g_assert_cmpuint (frames (&w, SERVER, 1, "frames-sent"), ==, 101);
  g_assert_cmpuint (frames (&w, VIEWER, 1, "frames-received"), ==, 101);
  g_assert_cmpuint (frames (&w, VIEWER, 1, "frames-sent"), ==, 0);
  g_assert_cmpuint (frames (&w, SERVER, 0, "frames-sent"), ==, G_MAXUINT64);
  wire_clear (&w);
}

int
main (int argc, char **argv)
{
  g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE); /* values, no plugins */
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/peer/receive/" path, func)
  ADD ("lost", test_receive_every_lost_packet_comes_once);
  ADD ("lost/no-rtx", test_receive_without_rtx_the_same_packet_comes_again);
  ADD ("lost/no-nack", test_receive_nothing_is_asked_where_nack_was_not_agreed);
  ADD ("duplicate", test_receive_original_after_its_copy_is_a_duplicate);
  ADD ("twcc", test_receive_sender_learns_what_arrived);
  ADD ("timeline", test_receive_audio_and_video_are_on_one_timeline);
  ADD ("hostile-rtx", test_receive_hostile_rtx_is_dropped_and_counted);
  ADD ("key-frame", test_receive_wanted_key_frame_reaches_the_sender);
  ADD ("key-frame-how", test_receive_key_frame_is_asked_for_as_agreed);
  ADD ("pictures", test_receive_pictures_are_counted_once_lost_packets_too);
  ADD ("key-frame-came", test_receive_key_frame_ends_the_asking);
  return g_test_run ();
}
