/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – what no honest far end sends is counted and does no harm.
 */
#include "wire.h"

static ViaDrop
inject (Wire *w, guint to, const guint8 *data, gsize len)
{
  WireDatagram d = {.len = len};

  if (len > 0)
    memcpy (d.data, data, len);
  return wire_receive (w, to, &d);
}

static void
test_hostile_media_before_keys_is_refused (void)
{
  Wire w;
  guint8 rtp[200] = {0x80, 96}, rtcp[40] = {0x80, 201, 0, 1};

  wire_init (&w, VIA_DIRECTION_SENDRECV, VIA_DIRECTION_SENDRECV, NULL);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (inject (&w, i, rtp, sizeof rtp), ==, VIA_DROP_NOT_READY);
    g_assert_cmpint (inject (&w, i, rtcp, sizeof rtcp), ==, VIA_DROP_NOT_READY);
    via_peer_path_ready (w.peers[i], w.now);
    g_assert_cmpint (inject (&w, i, rtp, sizeof rtp), ==, VIA_DROP_NOT_READY);
    g_assert_cmpuint (wire_drops (&w, i, VIA_DROP_NOT_READY), ==, 3);
  }
  wire_clear (&w);
}

static void
test_hostile_every_first_byte_at_a_live_call_is_counted (void)
{
  Wire w;

  wire_call (&w);
  for (guint byte = 0; byte < 256; byte++)
    for (guint len = 0; len <= 40; len += 10) {
      guint8 data[40];
      ViaDrop drop;

      memset (data, (gint) byte, sizeof data);
      drop = inject (&w, SERVER, data, len);
      if (len == 0 || byte < 20 || (byte > 63 && byte < 128) || byte > 191)
        g_assert_cmpint (drop, ==, VIA_DROP_UNKNOWN_TYPE);
      else if (byte >= 128)
        g_assert_true (drop == VIA_DROP_MALFORMED || drop == VIA_DROP_AUTH);
    }
  wire_pump (&w);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  g_assert_true (wire_video (&w, 0));
  wire_pump (&w);
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 1);
  wire_clear (&w);
}

/* The next forged datagram: noise with the header of a true one. */
static gsize
forge (Wire *w, guint i, const WireDatagram *model, guint8 *out)
{
  gsize len = 20 + via_rng_u32 (&w->rng.parent) % 1000;

  w->rng.parent.fill (&w->rng.parent, out, len);
  if (i % 4 == 3) { /* RTCP */
    out[0] = 0x81;
    out[1] = 200 + i % 7;
  } else
    memcpy (out, model->data, 12); /* right SSRC, right PT */
  out[2] = (guint8) (i >> 8);
  out[3] = (guint8) i;
  return len;
}

static void
test_hostile_10000_forged_packets_lose_no_frame (void)
{
  Wire w;
  WireDatagram *model;
  const ViaReceiveMedia *media;
  guint8 out[2048];
  guint auth;

  wire_call (&w);
  wire_video (&w, 0);
  model = g_memdup2 (g_queue_peek_head (&w.lane[VIEWER]), sizeof *model);
  wire_pump (&w);
  for (guint32 i = 1; i < 500; i++) {
    for (guint k = 0; k < 20; k++) {
      gsize len = forge (&w, i * 20 + k, model, out);

      g_assert_cmpint (inject (&w, VIEWER, out, len), !=, VIA_DROP_NONE);
    }
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, 500);
  for (guint i = 0; i < 500; i++)
    g_assert_cmpuint (wire_rtp (&w, VIEWER, i)->id, ==, i);
  auth = wire_drops (&w, VIEWER, VIA_DROP_AUTH)
         + wire_drops (&w, VIEWER, VIA_DROP_MALFORMED)
         + wire_drops (&w, VIEWER, VIA_DROP_REPLAY);
  g_assert_cmpuint (auth, ==, 499 * 20);
  /* nothing was learned from them */
  media = via_receiver_media (&w.peers[VIEWER]->receiver, 1);
  g_assert_cmpuint (w.peers[VIEWER]->receiver.sources->len, ==, 1);
  g_assert_cmpuint (w.peers[VIEWER]->received_packets, ==, 500);
  g_assert_cmpuint (media->counts.nacks, ==, 0);
  g_assert_cmpuint (media->counts.duplicates, ==, 0);
  g_assert_cmpint (
      via_receive_stats_lost (
          &via_receiver_source (&w.peers[VIEWER]->receiver, 0)->stats),
      ==, 0);
  g_assert_cmpuint (w.peers[SERVER]->twcc_lost, ==, 0);
  g_assert_cmpuint (w.peers[SERVER]->twcc_received, >, 450);
  g_assert_cmpint (via_peer_state (w.peers[VIEWER]), ==, VIA_PEER_CONNECTED);
  g_free (model);
  wire_clear (&w);
}

static GPtrArray *taped;

static gboolean
tape (Wire *w, guint to, const WireDatagram *d)
{
  if (to == VIEWER && d->data[0] >> 6 == 2)
    g_ptr_array_add (taped, g_memdup2 (d, sizeof *d));
  return FALSE;
}

static void
test_hostile_replay_of_everything_is_refused (void)
{
  Wire w;
  guint before;

  taped = g_ptr_array_new_with_free_func (g_free);
  wire_call (&w);
  w.lose = tape;
  for (guint32 i = 0; i < 500; i++) {
    wire_video (&w, i);
    wire_pass (&w, 4 * MS);
  }
  w.lose = NULL;
  before = w.rtp[VIEWER]->len;
  g_assert_cmpuint (taped->len, >, 500);
  for (guint i = 0; i < taped->len; i++) {
    WireDatagram *d = g_ptr_array_index (taped, i);

    g_assert_cmpint (inject (&w, VIEWER, d->data, d->len), ==, VIA_DROP_REPLAY);
  }
  g_assert_cmpuint (w.rtp[VIEWER]->len, ==, before);
  g_ptr_array_unref (taped);
  wire_clear (&w);
}

static void
test_hostile_authentic_but_bad_rtcp_is_malformed (void)
{
  Wire w;
  guint8 bytes[12] = {0x81, 201, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2};
  ViaWriter out;

  wire_call (&w);
  via_writer_init (&out, bytes, sizeof bytes);
  out.pos = sizeof bytes; /* says it has ten words */
  wire_rtcp (&w, VIEWER, &out);
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_MALFORMED), ==, 1);
  g_assert_cmpint (via_peer_state (w.peers[SERVER]), ==, VIA_PEER_CONNECTED);
  wire_clear (&w);
}

static void
send_rtp (Wire *w, guint32 ssrc, guint16 seq, guint8 pt)
{
  guint8 out[VIA_PEER_DATAGRAM] = {0x80, pt};
  ViaWriter header;
  gsize len = 40;

  via_writer_init (&header, out + 2, 10);
  via_writer_u16 (&header, seq);
  via_writer_u32 (&header, 0);
  via_writer_u32 (&header, ssrc);
  g_assert_true (
      via_srtp_protect (w->peers[VIEWER]->srtp, out, &len, sizeof out));
  wire_put (w, SERVER, out, len);
  wire_pump (w);
}

static void
test_hostile_authentic_ssrcs_are_bounded (void)
{
  Wire w;
  guint8 pt;
  const ViaPlanMedia *audio;

  wire_init (&w, VIA_DIRECTION_SENDRECV, VIA_DIRECTION_SENDRECV, NULL);
  wire_connect (&w);
  audio = via_plan_media (w.plans[SERVER], 0);
  pt = g_array_index (audio->codecs, ViaPlanCodec, 0).pt;
  for (guint32 i = 0; i < 1000; i++)
    send_rtp (&w, 5000 + i, 1, pt);
  g_assert_cmpuint (w.rtp[SERVER]->len, ==, VIA_RECEIVER_SSRCS);
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_LIMIT), ==, 936);
  wire_pass (&w, VIA_RECEIVER_IDLE + VIA_S); /* idle ones are forgotten */
  send_rtp (&w, 9000, 1, pt);
  g_assert_cmpuint (w.rtp[SERVER]->len, ==, VIA_RECEIVER_SSRCS + 1);
  wire_clear (&w);
}

static void
test_hostile_unknown_payload_type_is_counted (void)
{
  Wire w;

  wire_init (&w, VIA_DIRECTION_SENDRECV, VIA_DIRECTION_SENDRECV, NULL);
  wire_connect (&w);
  send_rtp (&w, 1234, 1, 77);
  g_assert_cmpuint (w.rtp[SERVER]->len, ==, 0);
  g_assert_cmpuint (wire_drops (&w, SERVER, VIA_DROP_UNKNOWN_PT), ==, 1);
  wire_clear (&w);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/peer/hostile/" path, func)
  ADD ("before-keys", test_hostile_media_before_keys_is_refused);
  ADD ("first-byte", test_hostile_every_first_byte_at_a_live_call_is_counted);
  ADD ("forged", test_hostile_10000_forged_packets_lose_no_frame);
  ADD ("replay", test_hostile_replay_of_everything_is_refused);
  ADD ("bad-rtcp", test_hostile_authentic_but_bad_rtcp_is_malformed);
  ADD ("ssrcs", test_hostile_authentic_ssrcs_are_bounded);
  ADD ("unknown-pt", test_hostile_unknown_payload_type_is_counted);
  return g_test_run ();
}
