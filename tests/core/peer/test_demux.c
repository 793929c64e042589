/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer/demux and peer/receive – which datagram and stream goes where.
 */
#include "peer/demux.h"

#include <string.h>

#include "base/bytes.h"
#include "peer/receive.h"
#include "plans.h"
#include "rtp/hdrext.h"

typedef struct
{
  guint8 bytes[64];
  ViaRtpView view;
} Packet;

static const ViaRtpView *
packet (Packet *p, guint32 ssrc, guint8 pt, guint16 seq, const gchar *mid)
{
  ViaWriter out;
  ViaHdrExtValue value = {
      4, mid ? (guint8) strlen (mid) : 0, (const guint8 *) mid};

  via_writer_init (&out, p->bytes, sizeof p->bytes);
  via_writer_u8 (&out, mid ? 0x90 : 0x80);
  via_writer_u8 (&out, pt);
  via_writer_u16 (&out, seq);
  via_writer_u32 (&out, 0);
  via_writer_u32 (&out, ssrc);
  if (mid)
    g_assert_true (via_hdrext_write (&out, &value, 1));
  via_writer_u32 (&out, 0x01020304);
  g_assert_true (via_rtp_view (&p->view, p->bytes, out.pos));
  return &p->view;
}

static void
test_demux_each_first_byte_has_its_protocol (void)
{
  for (guint byte = 0; byte < 256; byte++) {
    guint8 data[2] = {(guint8) byte, 0};
    ViaDatagramKind want = VIA_DATAGRAM_OTHER;

    if (byte <= 3)
      want = VIA_DATAGRAM_STUN;
    else if (byte >= 20 && byte <= 63)
      want = VIA_DATAGRAM_DTLS;
    else if (byte >= 64 && byte <= 79)
      want = VIA_DATAGRAM_TURN;
    else if (byte >= 128 && byte <= 191)
      want = VIA_DATAGRAM_RTP;
    g_assert_cmpint (via_demux_kind (data, 2), ==, want);
    g_assert_cmpint (via_demux_kind (data, 1), ==, want);
  }
  g_assert_cmpint (via_demux_kind (NULL, 0), ==, VIA_DATAGRAM_OTHER);
}

static void
test_demux_rtcp_types_are_192_to_223 (void)
{
  for (guint byte = 0; byte < 256; byte++) {
    guint8 data[2] = {0x80, (guint8) byte};

    g_assert_cmpint (via_demux_kind (data, 2), ==,
        byte >= 192 && byte <= 223 ? VIA_DATAGRAM_RTCP : VIA_DATAGRAM_RTP);
  }
}

static void
test_demux_mid_then_ssrc_then_pt (void)
{
  ViaPlan *plan = plan_new ();
  Packet p;
  guint media = 99;

  /* MID wins over an announced SSRC */
  g_assert_cmpint (via_demux_media (plan, packet (&p, 500, 96, 1, "2"), &media),
      ==, VIA_DROP_NONE);
  g_assert_cmpuint (media, ==, 2);
  g_assert_cmpint (
      via_demux_media (plan, packet (&p, 501, 97, 1, NULL), &media), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (media, ==, 1);
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 111, 1, NULL), &media),
      ==, VIA_DROP_NONE);
  g_assert_cmpuint (media, ==, 0);
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 98, 1, NULL), &media),
      ==, VIA_DROP_NONE);
  g_assert_cmpuint (media, ==, 2);
  plan_free (plan);
}

static void
test_demux_what_fits_no_m_line_is_dropped (void)
{
  ViaPlan *plan = plan_new ();
  Packet p;
  guint media = 99;

  g_assert_cmpint (via_demux_media (plan, packet (&p, 500, 96, 1, "7"), &media),
      ==, VIA_DROP_UNKNOWN_SSRC);
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 96, 1, NULL),
                       &media), /* two m-lines have it */
      ==, VIA_DROP_UNKNOWN_PT);
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 0, 1, NULL), &media),
      ==, VIA_DROP_UNKNOWN_PT);
  via_plan_media (plan, 0)->direction = VIA_DIRECTION_SENDONLY;
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 111, 1, NULL), &media),
      ==, VIA_DROP_UNKNOWN_PT);
  g_assert_cmpint (via_demux_media (plan, packet (&p, 9, 111, 1, "0"), &media),
      ==, VIA_DROP_UNKNOWN_SSRC);
  g_assert_cmpuint (media, ==, 99);
  plan_free (plan);
}

static void
test_receiver_ssrc_goes_where_its_mid_says (void)
{
  ViaPlan *plan = plan_new ();
  ViaReceiver self;
  ViaPeerMedia got;
  Packet p;

  via_receiver_init (&self);
  via_receiver_configure (&self, plan);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 1, "2"), 0, &got), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (got.media, ==, 2);
  /* without a MID it stays */
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 2, NULL), 0, &got), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (got.media, ==, 2);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 111, 3, NULL), 0, &got), ==,
      VIA_DROP_UNKNOWN_PT);
  /* a MID of nobody, or one without this payload type, changes nothing */
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 4, "7"), 0, &got), ==,
      VIA_DROP_UNKNOWN_SSRC);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 5, "0"), 0, &got), ==,
      VIA_DROP_UNKNOWN_PT);
  g_assert_null (got.rtp.data);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 6, NULL), 0, &got), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (got.media, ==, 2);
  /* another MID moves it */
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 7, "1"), 0, &got), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (got.media, ==, 1);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 9, 96, 8, NULL), 0, &got), ==,
      VIA_DROP_NONE);
  g_assert_cmpuint (got.media, ==, 1);
  g_assert_cmpuint (self.sources->len, ==, 1);
  via_receiver_clear (&self);
  plan_free (plan);
}

static void
test_receiver_holds_64_ssrcs_and_forgets_idle_ones (void)
{
  ViaPlan *plan = plan_new ();
  ViaReceiver self;
  ViaPeerMedia got;
  guint32 ssrc = 0;
  Packet p;

  via_receiver_init (&self);
  via_receiver_configure (&self, plan);
  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (
        via_receiver_rtp (&self, packet (&p, 1000 + i, 111, 1, NULL), i, &got),
        ==, i < VIA_RECEIVER_SSRCS ? VIA_DROP_NONE : VIA_DROP_LIMIT);
  via_receiver_expire (&self, VIA_S); /* flow, and that is over */
  g_assert_cmpint (via_receiver_deadline (&self), ==, VIA_RECEIVER_IDLE);
  g_assert_false (via_receiver_forget (&self, VIA_RECEIVER_IDLE - 1, &ssrc));
  g_assert_true (via_receiver_forget (&self, VIA_RECEIVER_IDLE, &ssrc));
  g_assert_cmpuint (ssrc, ==, 1000);
  g_assert_cmpint (via_receiver_rtp (&self, packet (&p, 2000, 111, 1, NULL),
                       VIA_RECEIVER_IDLE, &got),
      ==, VIA_DROP_NONE);
  via_receiver_bye (&self, 2000, 0);
  while (via_receiver_forget (
      &self, VIA_RECEIVER_IDLE + VIA_RECEIVER_LEFT - 1, &ssrc))
    g_assert_cmpuint (ssrc, !=, 2000);
  g_assert_true (via_receiver_forget (
      &self, VIA_RECEIVER_IDLE + VIA_RECEIVER_LEFT, &ssrc));
  g_assert_cmpuint (ssrc, ==, 2000);
  g_assert_cmpuint (self.sources->len, ==, 0);
  via_receiver_expire (&self, 2 * VIA_RECEIVER_IDLE);
  g_assert_cmpint (via_receiver_deadline (&self), ==, VIA_TIME_NEVER);
  via_receiver_clear (&self);
  plan_free (plan);
}

static void
test_receiver_reports_what_each_m_line_got (void)
{
  ViaPlan *plan = plan_new ();
  ViaReceiver self;
  ViaPeerMedia got;
  ViaRtcpReport reports[4];
  Packet p;

  via_receiver_init (&self);
  via_receiver_configure (&self, plan);
  for (guint16 seq = 0; seq < 10; seq++)
    if (seq != 4)
      via_receiver_rtp (
          &self, packet (&p, 500, 96, seq, NULL), seq * VIA_MS, &got);
  via_receiver_rtp (&self, packet (&p, 7, 111, 1, NULL), VIA_MS, &got);
  via_receiver_sr (&self, 500, G_GUINT64_CONSTANT (0x1234567800000000), 0, 0);
  g_assert_cmpuint (via_receiver_reports (&self, 1, VIA_S, reports, 4), ==, 1);
  g_assert_cmpuint (reports[0].ssrc, ==, 500);
  g_assert_cmpint (reports[0].lost, ==, 1);
  g_assert_cmpuint (reports[0].last_sr, ==, 0x56780000);
  g_assert_cmpuint (reports[0].delay_since_sr, ==, 65536);
  g_assert_cmpuint (via_receiver_reports (&self, 2, VIA_S, reports, 4), ==, 0);
  via_receiver_bye (&self, 500, 0);
  g_assert_cmpuint (via_receiver_reports (&self, 1, VIA_S, reports, 4), ==, 0);
  via_receiver_clear (&self);
  plan_free (plan);
}

static void
test_receiver_new_plan_forgets_streams_of_closed_m_lines (void)
{
  ViaPlan *plan = plan_new ();
  ViaReceiver self;
  ViaPeerMedia got;
  Packet p;

  via_receiver_init (&self);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 500, 96, 1, NULL), 0, &got), ==,
      VIA_DROP_NOT_READY);
  via_receiver_configure (&self, plan);
  via_receiver_rtp (&self, packet (&p, 500, 96, 1, NULL), 0, &got);
  via_receiver_rtp (&self, packet (&p, 7, 111, 1, NULL), 0, &got);
  via_plan_media (plan, 1)->is_rejected = TRUE;
  via_receiver_configure (&self, plan);
  g_assert_cmpuint (self.sources->len, ==, 1);
  g_assert_cmpint (
      via_receiver_rtp (&self, packet (&p, 500, 96, 2, NULL), 0, &got), !=,
      VIA_DROP_LIMIT);
  via_receiver_clear (&self);
  plan_free (plan);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/demux/first-byte", //
      test_demux_each_first_byte_has_its_protocol);
  g_test_add_func ("/demux/rtcp", test_demux_rtcp_types_are_192_to_223);
  g_test_add_func ("/demux/order", test_demux_mid_then_ssrc_then_pt);
  g_test_add_func ("/demux/unknown", //
      test_demux_what_fits_no_m_line_is_dropped);
  g_test_add_func ("/receiver/latch", //
      test_receiver_ssrc_goes_where_its_mid_says);
  g_test_add_func ("/receiver/bound", //
      test_receiver_holds_64_ssrcs_and_forgets_idle_ones);
  g_test_add_func ("/receiver/reports", //
      test_receiver_reports_what_each_m_line_got);
  g_test_add_func ("/receiver/new-plan", //
      test_receiver_new_plan_forgets_streams_of_closed_m_lines);
  return g_test_run ();
}
