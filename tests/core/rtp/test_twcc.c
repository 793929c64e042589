/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/twcc – read back, the feedback says what arrived, and when.
 */
#include "rtp/twcc.h"

#define MS VIA_MS
#define START (ViaTime) (1073741823 * G_GINT64_CONSTANT (64000)) /* wraps */

typedef struct
{
  ViaTwcc *twcc;
  ViaTwccPacket packets[VIA_TWCC_PACKETS];
  guint n;
  guint8 count;
} Fixture;

/* The next feedback; FALSE: none is due. */
static gboolean
feedback (Fixture *f, ViaTime now)
{
  guint8 bytes[1200];
  ViaWriter out;
  ViaRtcpReader reader;
  ViaRtcpItem item;

  via_writer_init (&out, bytes, sizeof bytes);
  if (!via_twcc_write (f->twcc, &out, 1, now))
    return FALSE;
  g_assert_false (out.failed);
  g_assert_true (via_rtcp_reader_init (&reader, bytes, out.pos));
  g_assert_true (via_rtcp_next (&reader, &item));
  g_assert_cmpint (item.type, ==, VIA_RTCP_TWCC);
  g_assert_cmpuint (item.sender_ssrc, ==, 1);
  g_assert_cmpuint (item.media_ssrc, ==, 7);
  f->count = item.body[19];
  f->n = via_rtcp_twcc (&item, f->packets, G_N_ELEMENTS (f->packets));
  g_assert_cmpuint (f->n, >, 0);
  return TRUE;
}

static void
begin (Fixture *f)
{
  *f = (Fixture){.twcc = via_twcc_new ()};
  g_assert_cmpint (via_twcc_deadline (f->twcc), ==, VIA_TIME_NEVER);
  g_assert_false (feedback (f, START));
}

static void
test_twcc_losses_and_times_are_told_across_the_wrap (void)
{
  Fixture f;
  ViaTime now = START;
  guint32 next = 65000, sent = 65000;
  ViaTime times[70000] = {0};
  guint n_feedback = 0;
  gboolean has_first = FALSE;
  gint64 shift = 0; /* reference time is told modulo 2^24 × 64 ms */

  begin (&f);
  for (; sent < 69000; sent++) {
    now += 7 * MS + (sent * 37 % 5) * MS;
    if (sent % 10 != 4) {
      times[sent] = now;
      via_twcc_packet (f.twcc, (guint16) sent, 7, now);
    }
    while (feedback (&f, now)) {
      g_assert_cmpuint (f.count, ==, (guint8) n_feedback++);
      g_assert_cmpuint (f.packets[0].seq, ==, (guint16) next);
      for (guint i = 0; i < f.n; i++, next++) {
        g_assert_cmpuint (f.packets[i].seq, ==, (guint16) next);
        g_assert_cmpint (f.packets[i].received, ==, times[next] != 0);
        if (!f.packets[i].received)
          continue;
        if (!has_first)
          shift = times[next] - f.packets[i].arrival_us;
        has_first = TRUE;
        g_assert_cmpint (ABS (((times[next] - f.packets[i].arrival_us - shift)
                               % (G_GINT64_CONSTANT (64000) << 24))),
            <=, 250);
      }
    }
  }
  g_assert_cmpuint (next, >, 68980);
  g_assert_cmpuint (n_feedback, >=, 4000 * 9 / 120);
  g_assert_cmpuint (n_feedback, <=, 4000 * 9 / 100);
  via_twcc_free (f.twcc);
}

static void
test_twcc_late_packet_is_told_again (void)
{
  Fixture f;

  begin (&f);
  via_twcc_packet (f.twcc, 10, 7, START);
  via_twcc_packet (f.twcc, 12, 7, START + MS);
  g_assert_false (feedback (&f, START + 99 * MS));
  g_assert_cmpint (via_twcc_deadline (f.twcc), ==, START + 100 * MS);
  g_assert_true (feedback (&f, START + 100 * MS));
  g_assert_cmpuint (f.n, ==, 3);
  g_assert_false (f.packets[1].received);
  g_assert_cmpint (via_twcc_deadline (f.twcc), ==, VIA_TIME_NEVER);
  via_twcc_packet (f.twcc, 11, 7, START + 101 * MS);
  via_twcc_packet (f.twcc, 11, 7, START + 150 * MS); /* once is enough */
  g_assert_true (feedback (&f, START + 300 * MS));
  g_assert_cmpuint (f.packets[0].seq, ==, 11);
  g_assert_true (f.packets[0].received);
  g_assert_cmpuint (f.n, ==, 2);
  g_assert_cmpint (
      f.packets[1].arrival_us - f.packets[0].arrival_us, ==, -100 * MS);
  g_assert_false (feedback (&f, START + 10 * VIA_S));
  via_twcc_free (f.twcc);
}

static void
test_twcc_burst_goes_at_once_and_in_bounds (void)
{
  Fixture f;
  guint n = 0;

  begin (&f);
  for (guint i = 0; i < 1000; i++)
    via_twcc_packet (f.twcc, (guint16) i, 7, START);
  while (feedback (&f, START))
    n += f.n;
  g_assert_cmpuint (n, ==, 1000);
  via_twcc_free (f.twcc);
}

static void
test_twcc_jump_and_silence_are_survived (void)
{
  Fixture f;

  begin (&f);
  via_twcc_packet (f.twcc, 0, 7, START);
  via_twcc_packet (f.twcc, 20000, 7, START); /* begins anew */
  via_twcc_packet (f.twcc, 1, 7, START);     /* too old */
  via_twcc_packet (f.twcc, 20001, 7, START + 60 * VIA_S);
  g_assert_true (feedback (&f, START + 60 * VIA_S));
  g_assert_cmpuint (f.n, ==, 1);
  g_assert_cmpuint (f.packets[0].seq, ==, 20000);
  g_assert_true (feedback (&f, START + 60 * VIA_S)); /* 8 s do not fit */
  g_assert_cmpuint (f.packets[0].seq, ==, 20001);
  g_assert_false (feedback (&f, START + 61 * VIA_S));
  via_twcc_packet (f.twcc, 21000, 7, START + 61 * VIA_S);
  g_assert_true (feedback (&f, START + 62 * VIA_S)); /* not 999 losses alone */
  g_assert_true (f.packets[f.n - 1].received);
  via_twcc_free (f.twcc);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/rtp/twcc/" path, func)
  ADD ("told", test_twcc_losses_and_times_are_told_across_the_wrap);
  ADD ("late", test_twcc_late_packet_is_told_again);
  ADD ("burst", test_twcc_burst_goes_at_once_and_in_bounds);
  ADD ("jump", test_twcc_jump_and_silence_are_survived);
  return g_test_run ();
}
