/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/test_rtcp_twcc.c – transport-wide feedback: every kind of chunk.
 */
#include "rtp/rtcp.h"

#include "base/rng.h"

#include <string.h>

#define MAX_PACKETS 70000

/* Feedback on @count packets from @base on, reference time @time × 64 ms. */
typedef struct
{
  guint8 data[512];
  ViaWriter out;
} Feedback;

static void
feedback_start (Feedback *self, guint16 base, guint16 count, guint32 time)
{
  via_writer_init (&self->out, self->data, sizeof self->data);
  via_writer_u32 (&self->out, 0x8fcd0000);
  via_writer_u32 (&self->out, 1);
  via_writer_u32 (&self->out, 2);
  via_writer_u16 (&self->out, base);
  via_writer_u16 (&self->out, count);
  via_writer_u24 (&self->out, time);
  via_writer_u8 (&self->out, 7);
}

static guint
feedback_decode (Feedback *self, ViaTwccPacket *out, guint max)
{
  ViaRtcpReader reader;
  ViaRtcpItem item;

  via_writer_zero (&self->out, (4 - self->out.pos % 4) % 4);
  self->data[3] = (guint8) (self->out.pos / 4 - 1);
  g_assert_true (via_rtcp_reader_init (&reader, self->data, self->out.pos));
  g_assert_true (via_rtcp_next (&reader, &item));
  g_assert_cmpint (item.type, ==, VIA_RTCP_TWCC);
  return via_rtcp_twcc (&item, out, max);
}

static void
assert_packet (const ViaTwccPacket *packet, guint16 seq, gint64 arrival_us)
{
  g_assert_cmpuint (packet->seq, ==, seq);
  g_assert_true (packet->received);
  g_assert_cmpint (packet->arrival_us, ==, arrival_us);
}

static void
assert_lost (const ViaTwccPacket *packet, guint16 seq)
{
  g_assert_cmpuint (packet->seq, ==, seq);
  g_assert_false (packet->received);
}

static void
test_twcc_run_length_chunk_decodes (void)
{
  Feedback f;
  ViaTwccPacket p[8];

  feedback_start (&f, 0xfffe, 5, 1);
  via_writer_u16 (&f.out, 0x2003); /* 3 × small */
  via_writer_u16 (&f.out, 0x0001); /* 1 × lost */
  via_writer_u16 (&f.out, 0x4001); /* 1 × large */
  via_writer_u8 (&f.out, 0);
  via_writer_u8 (&f.out, 4);
  via_writer_u8 (&f.out, 255);
  via_writer_u16 (&f.out, (guint16) -8);
  g_assert_cmpuint (feedback_decode (&f, p, 8), ==, 5);
  assert_packet (&p[0], 0xfffe, 64000);
  assert_packet (&p[1], 0xffff, 65000);
  assert_packet (&p[2], 0, 65000 + 63750);
  assert_lost (&p[3], 1);
  assert_packet (&p[4], 2, 65000 + 63750 - 2000);
}

static void
test_twcc_one_bit_chunk_decodes (void)
{
  Feedback f;
  ViaTwccPacket p[14];

  feedback_start (&f, 10, 14, 0);
  via_writer_u16 (&f.out, 0xa001); /* 1 0 | 10000000000001 */
  via_writer_u8 (&f.out, 1);
  via_writer_u8 (&f.out, 2);
  g_assert_cmpuint (feedback_decode (&f, p, 14), ==, 14);
  assert_packet (&p[0], 10, 250);
  for (guint i = 1; i < 13; i++)
    assert_lost (&p[i], (guint16) (10 + i));
  assert_packet (&p[13], 23, 750);
}

static void
test_twcc_two_bit_chunk_decodes (void)
{
  Feedback f;
  ViaTwccPacket p[7];

  feedback_start (&f, 10, 7, 0);
  via_writer_u16 (&f.out, 0xd806); /* 1 1 | 01 10 00 00 00 01 10 */
  via_writer_u8 (&f.out, 10);
  via_writer_u16 (&f.out, 0x7fff);
  via_writer_u8 (&f.out, 0);
  via_writer_u16 (&f.out, 0x8000);
  g_assert_cmpuint (feedback_decode (&f, p, 7), ==, 7);
  assert_packet (&p[0], 10, 2500);
  assert_packet (&p[1], 11, 2500 + 32767 * 250);
  assert_lost (&p[2], 12);
  assert_packet (&p[5], 15, 2500 + 32767 * 250);
  assert_packet (&p[6], 16, 2500 - 250);
}

static void
test_twcc_reference_time_is_signed (void)
{
  Feedback f;
  ViaTwccPacket p[1];

  feedback_start (&f, 0, 1, 0xffffff);
  via_writer_u16 (&f.out, 0x2001);
  via_writer_u8 (&f.out, 0);
  g_assert_cmpuint (feedback_decode (&f, p, 1), ==, 1);
  assert_packet (&p[0], 0, -64000);
  feedback_start (&f, 0, 1, 0x800000);
  via_writer_u16 (&f.out, 0x2001);
  via_writer_u8 (&f.out, 0);
  g_assert_cmpuint (feedback_decode (&f, p, 1), ==, 1);
  assert_packet (&p[0], 0, (gint64) -0x800000 * 64000);
}

static void
test_twcc_last_chunk_may_hold_more_than_count (void)
{
  Feedback f;
  ViaTwccPacket p[16];

  feedback_start (&f, 0, 2, 0);
  via_writer_u16 (&f.out, 0x3fff); /* run of 8191 × small */
  via_writer_u16 (&f.out, 0x0101);
  g_assert_cmpuint (feedback_decode (&f, p, 16), ==, 2);
  feedback_start (&f, 0, 2, 0);
  via_writer_u16 (&f.out, 0xd7ff); /* 01 01, then symbols that do not exist */
  via_writer_u16 (&f.out, 0x0101);
  g_assert_cmpuint (feedback_decode (&f, p, 16), ==, 2);
  assert_packet (&p[1], 1, 500);
}

static void
test_twcc_lies_give_nothing (void)
{
  static const struct
  {
    const gchar *what;
    guint16 count, chunk;
    gsize n_deltas;
  } cases[] = {
      {"no packets", 0, 0x2001, 1},
      {"fewer chunks than packets", 20, 0x2001, 1},
      {"run of reserved symbols", 1, 0x6001, 4},
      {"vector with a reserved symbol", 7, 0xc003, 8},
      {"empty run", 1, 0x2000, 8},
      {"more small deltas than bytes", 5, 0x2005, 2},
      {"more large deltas than bytes", 2, 0x4002, 2},
      {"65535 packets in one run", 0xffff, 0x3fff, 200},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Feedback f;
    ViaTwccPacket p[64];

    g_test_message ("%s", cases[i].what);
    feedback_start (&f, 0, cases[i].count, 0);
    via_writer_u16 (&f.out, cases[i].chunk);
    for (gsize n = 0; n < cases[i].n_deltas; n++)
      via_writer_u8 (&f.out, 0xff);
    g_assert_cmpuint (feedback_decode (&f, p, 64), ==, 0);
  }
}

static void
test_twcc_fewer_rooms_than_packets_fills_them (void)
{
  Feedback f;

  for (guint max = 0; max <= 5; max++) {
    g_autofree ViaTwccPacket *p = g_new (ViaTwccPacket, MAX (max, 1));

    feedback_start (&f, 100, 4, 0);
    via_writer_u16 (&f.out, 0x2004);
    via_writer_u32 (&f.out, 0x01020304);
    g_assert_cmpuint (feedback_decode (&f, p, max), ==, MIN (max, 4));
    if (max >= 3)
      assert_packet (&p[2], 102, 6 * 250);
  }
}

/* Writes @packets and reads them back; the arrivals come out in steps of
 * 250 µs, at most half a step away. */
static void
round_trip (const ViaTwccPacket *packets, guint n, guint n_total)
{
  g_autofree guint8 *data = g_malloc (300000);
  g_autofree ViaTwccPacket *back = g_new (ViaTwccPacket, MAX_PACKETS);
  ViaWriter out;
  ViaRtcpReader reader;
  ViaRtcpItem item;
  guint at = 0;

  via_writer_init (&out, data, 300000);
  g_assert_true (via_rtcp_write_twcc (&out, 5, 6, 7, packets, n));
  g_assert_true (via_rtcp_reader_init (&reader, data, out.pos));
  g_assert_true (via_rtcp_next (&reader, &item));
  g_assert_cmpuint (item.sender_ssrc, ==, 5);
  g_assert_cmpuint (item.media_ssrc, ==, 6);
  g_assert_cmpuint (data[19], ==, 7);
  g_assert_cmpuint (via_rtcp_twcc (&item, back, MAX_PACKETS), ==, n_total);
  for (guint i = 0; i < n_total; i++) {
    g_assert_cmpuint (back[i].seq, ==, (guint16) (packets[0].seq + i));
    if (at >= n || packets[at].seq != back[i].seq) {
      g_assert_false (back[i].received);
      continue;
    }
    g_assert_cmpint (back[i].received, ==, packets[at].received);
    if (back[i].received)
      g_assert_cmpint (
          ABS (back[i].arrival_us - packets[at].arrival_us), <=, 125);
    at++;
  }
  g_assert_cmpuint (at, ==, n);
}

static void
test_twcc_write_golden (void)
{
  static const ViaTwccPacket packets[] = {{0x00ff, TRUE, 64000},
      {0x0100, FALSE, 0}, {0x0101, TRUE, 65000}, {0x0102, TRUE, 62500}};
  /* Two-bit vector: 01 00 01 10, then +0, +4, -10 and a zero. */
  static const guint8 expected[] = {0x8f, 0xcd, 0x00, 0x06, 0, 0, 0, 1, 0, 0, 0,
      2, 0x00, 0xff, 0x00, 0x04, 0x00, 0x00, 0x01, 0x09, 0xd1, 0x80, 0x00, 0x04,
      0xff, 0xf6, 0x00, 0x00};
  guint8 data[64];
  ViaWriter out;

  via_writer_init (&out, data, sizeof data);
  g_assert_true (via_rtcp_write_twcc (&out, 1, 2, 9, packets, 4));
  g_assert_cmpmem (data, out.pos, expected, sizeof expected);
}

static void
test_twcc_write_long_runs_read_back (void)
{
  g_autofree ViaTwccPacket *packets = g_new0 (ViaTwccPacket, 20000);

  for (guint i = 0; i < 20000; i++)
    packets[i] = (ViaTwccPacket){(guint16) (60000 + i), TRUE, i * 300};
  round_trip (packets, 20000, 20000);
}

static void
test_twcc_write_gap_counts_as_lost (void)
{
  const ViaTwccPacket packets[] = {{65000, TRUE, 5 * 64000},
      {500, TRUE, 5 * 64000 + 1000}, {501, FALSE, 0}, {510, FALSE, 0}};

  round_trip (packets, 4, 536 + 500 + 11);
}

static void
test_twcc_write_all_lost_read_back (void)
{
  const ViaTwccPacket packets[] = {{1, FALSE, 0}, {9, FALSE, 0}};

  round_trip (packets, 2, 9);
}

static void
test_twcc_write_random_patterns_read_back (void)
{
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 4711);
  for (guint round = 0; round < 300; round++) {
    ViaTwccPacket packets[200];
    guint32 r = via_rng_u32 (&rng.parent);
    guint n = 1 + r % 200, loss = r >> 8 & 7, total = 0;
    gint64 now = (gint64) (r >> 4) - 100000000;

    for (guint i = 0; i < n; i++) {
      r = via_rng_u32 (&rng.parent);
      now += (r & 0x1000) != 0 ? (gint64) (r >> 16) : -((gint64) r >> 20);
      total += i == 0 ? 1 : 1 + (r % 50 == 0);
      packets[i] =
          (ViaTwccPacket){(guint16) (65400 + total), r % 8 >= loss, now};
    }
    round_trip (packets, n, total);
  }
}

static void
test_twcc_write_what_cannot_be_said_fails (void)
{
  static const struct
  {
    const gchar *what;
    ViaTwccPacket packets[2];
  } cases[] = {
      {"9 s apart", {{1, TRUE, 0}, {2, TRUE, 9000000}}},
      {"9 s back", {{1, TRUE, 9000000}, {2, TRUE, 0}}},
      {"the same twice", {{1, TRUE, 0}, {1, TRUE, 0}}},
      {"more than 65535", {{1, TRUE, 0}, {0, TRUE, 0}}},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint8 data[64];
    ViaWriter out;

    g_test_message ("%s", cases[i].what);
    via_writer_init (&out, data, sizeof data);
    g_assert_false (via_rtcp_write_twcc (&out, 1, 2, 3, cases[i].packets, 2));
    g_assert_true (out.failed);
    g_assert_cmpuint (out.pos, ==, 0);
  }
}

static void
test_twcc_write_unordered_fails (void)
{
  const ViaTwccPacket packets[] = {
      {1, TRUE, 0}, {3, TRUE, 0}, {2, TRUE, 0}, {4, TRUE, 0}};
  guint8 data[64];
  ViaWriter out;

  via_writer_init (&out, data, sizeof data);
  g_assert_false (via_rtcp_write_twcc (&out, 1, 2, 3, packets, 4));
  g_assert_true (out.failed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/twcc/run-length", test_twcc_run_length_chunk_decodes);
  g_test_add_func ("/twcc/one-bit", test_twcc_one_bit_chunk_decodes);
  g_test_add_func ("/twcc/two-bit", test_twcc_two_bit_chunk_decodes);
  g_test_add_func ("/twcc/reference", test_twcc_reference_time_is_signed);
  g_test_add_func (
      "/twcc/last-chunk", test_twcc_last_chunk_may_hold_more_than_count);
  g_test_add_func ("/twcc/lies", test_twcc_lies_give_nothing);
  g_test_add_func ("/twcc/room", test_twcc_fewer_rooms_than_packets_fills_them);
  g_test_add_func ("/twcc/write/golden", test_twcc_write_golden);
  g_test_add_func (
      "/twcc/write/long-runs", test_twcc_write_long_runs_read_back);
  g_test_add_func ("/twcc/write/gap", test_twcc_write_gap_counts_as_lost);
  g_test_add_func ("/twcc/write/all-lost", test_twcc_write_all_lost_read_back);
  g_test_add_func (
      "/twcc/write/random", test_twcc_write_random_patterns_read_back);
  g_test_add_func (
      "/twcc/write/unsayable", test_twcc_write_what_cannot_be_said_fails);
  g_test_add_func ("/twcc/write/unordered", test_twcc_write_unordered_fails);
  return g_test_run ();
}
