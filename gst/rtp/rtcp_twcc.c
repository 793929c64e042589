/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/rtcp_twcc.c – transport-wide feedback, both ways.
 * Pure.
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
 */
#include "rtp/rtcp.h"

#include "rtp/rtcp_wire.h"

#define MAX_RUN 0x1fff
#define BITS_1 14 /* symbols in a one-bit vector chunk */
#define BITS_2 7  /* symbols in a two-bit vector chunk */
#define HEADER 20 /* common header to feedback count */

/*  0                   1                   2                   3
 * |V=2|P| FMT=15  |    PT=205     |            length             |
 * |                     SSRC of packet sender                     |
 * |                      SSRC of media source                     |
 * |      base sequence number     |      packet status count      |
 * |                 reference time                | fb pkt. count |
 * |  packet status chunks (16 bits each) …                        |
 * |  receive deltas (8 or 16 bits each) …       | zero padding    |
 */
typedef struct
{
  ViaTwccPacket *packets;
  guint max, n;      /* room and packets seen */
  gsize delta_bytes; /* that the symbols seen call for */
} Decoder;

/* The symbol waits in arrival_us until its delta is read. */
static gboolean
add_symbol (Decoder *self, guint symbol)
{
  if (symbol > VIA_TWCC_LARGE)
    return FALSE;
  if (self->n < self->max)
    self->packets[self->n].arrival_us = symbol;
  self->n++;
  self->delta_bytes += symbol;
  return TRUE;
}

/* 0|SS|run(13) · 1|0|14 × 1 bit · 1|1|7 × 2 bits */
static gboolean
read_chunk (Decoder *self, guint16 chunk, guint left)
{
  if ((chunk & 0x8000) == 0) {
    guint run = MIN (chunk & MAX_RUN, left);

    /* A run of none would let a packet hold chunks that say nothing. */
    if (run == 0)
      return FALSE;
    for (guint i = 0; i < run; i++) {
      if (!add_symbol (self, chunk >> 13 & 3))
        return FALSE;
    }
    return TRUE;
  }
  if ((chunk & 0x4000) == 0) {
    for (guint i = 0; i < MIN (BITS_1, left); i++)
      add_symbol (self, chunk >> (13 - i) & 1);
    return TRUE;
  }
  for (guint i = 0; i < MIN (BITS_2, left); i++) {
    if (!add_symbol (self, chunk >> (12 - 2 * i) & 3))
      return FALSE;
  }
  return TRUE;
}

static void
read_deltas (ViaReader *in, ViaTwccPacket *packets, guint n, guint16 base,
    gint64 arrival_us)
{
  for (guint i = 0; i < n; i++) {
    guint symbol = (guint) packets[i].arrival_us;
    guint8 small = 0;
    guint16 large = 0;

    packets[i] = (ViaTwccPacket){
        .seq = (guint16) (base + i), .received = symbol != VIA_TWCC_LOST};
    if (symbol == VIA_TWCC_LOST)
      continue;
    if (symbol == VIA_TWCC_SMALL)
      via_reader_u8 (in, &small);
    else
      via_reader_u16 (in, &large);
    arrival_us += (small + (gint16) large) * VIA_TWCC_TICK;
    packets[i].arrival_us = arrival_us;
  }
}

guint
via_rtcp_twcc (const ViaRtcpItem *item, ViaTwccPacket *out, guint max)
{
  ViaReader in;
  Decoder decoder = {.packets = out, .max = max};
  guint16 base, count, chunk;
  guint32 reference;

  g_return_val_if_fail (item->type == VIA_RTCP_TWCC, 0);
  via_reader_init (&in, item->body, item->body_len);
  via_reader_skip (&in, VIA_RTCP_FB_HEADER);
  via_reader_u16 (&in, &base);
  via_reader_u16 (&in, &count);
  if (!via_reader_u24 (&in, &reference) || !via_reader_skip (&in, 1))
    return 0;
  while (decoder.n < count) {
    if (!via_reader_u16 (&in, &chunk)
        || !read_chunk (&decoder, chunk, count - decoder.n))
      return 0;
  }
  if (decoder.delta_bytes > via_reader_left (&in))
    return 0;
  read_deltas (&in, out, MIN (count, max), base,
      (gint64) ((gint32) (reference << 8) >> 8) * VIA_TWCC_REFERENCE);
  return MIN (count, max);
}

/* What the writer knows before it writes. */
typedef struct
{
  guint8 *symbols; /* one per sequence number from the base on */
  guint n_symbols;
  gint64 reference; /* in units of 64 ms */
  gsize delta_bytes;
} Encoder;

static gint64
floor_div (gint64 value, gint64 unit)
{
  return value / unit - (value % unit < 0 ? 1 : 0);
}

/* Steps of 250 µs since @ticks, both counted from time 0. */
static gint64
next_delta (gint64 *ticks, gint64 arrival_us)
{
  gint64 at = floor_div (arrival_us + VIA_TWCC_TICK / 2, VIA_TWCC_TICK);
  gint64 delta = at - *ticks;

  *ticks = at;
  return delta;
}

static gint64
first_tick (const Encoder *self)
{
  return self->reference * (VIA_TWCC_REFERENCE / VIA_TWCC_TICK);
}

/* Makes the symbols; FALSE if sequence numbers do not ascend or a gap in
 * time is too large for a delta. */
static gboolean
classify (Encoder *self, const ViaTwccPacket *packets, guint n)
{
  gboolean started = FALSE;
  gint64 ticks = 0;
  guint last = 0;

  for (guint i = 0; i < n; i++) {
    guint at = (guint16) (packets[i].seq - packets[0].seq);
    gint64 delta;

    if ((i > 0 && at <= last) || at >= self->n_symbols)
      return FALSE;
    last = at;
    if (!packets[i].received)
      continue;
    if (!started) {
      started = TRUE;
      self->reference = floor_div (packets[i].arrival_us, VIA_TWCC_REFERENCE);
      ticks = first_tick (self);
    }
    delta = next_delta (&ticks, packets[i].arrival_us);
    if (delta < G_MININT16 || delta > G_MAXINT16)
      return FALSE;
    self->symbols[at] =
        delta >= 0 && delta <= 255 ? VIA_TWCC_SMALL : VIA_TWCC_LARGE;
    self->delta_bytes += self->symbols[at];
  }
  return TRUE;
}

/* The best chunk for the symbols from @at on; @out_n: how many it holds. */
static guint16
make_chunk (const Encoder *self, guint at, guint *out_n)
{
  const guint8 *symbols = self->symbols + at;
  const guint left = self->n_symbols - at;
  guint run = 1, until_large = 0;
  guint16 chunk = 0;

  while (run < MIN (left, MAX_RUN) && symbols[run] == symbols[0])
    run++;
  while (until_large < MIN (left, BITS_1)
         && symbols[until_large] != VIA_TWCC_LARGE)
    until_large++;
  if (run >= BITS_1 || run == left
      || (run >= BITS_2 && until_large < MIN (left, BITS_1))) {
    *out_n = run;
    return (guint16) (symbols[0] << 13 | run);
  }
  if (until_large == MIN (left, BITS_1)) {
    *out_n = until_large;
    for (guint i = 0; i < until_large; i++)
      chunk |= (guint16) (symbols[i] << (13 - i));
    return 0x8000 | chunk;
  }
  *out_n = MIN (left, BITS_2);
  for (guint i = 0; i < *out_n; i++)
    chunk |= (guint16) (symbols[i] << (12 - 2 * i));
  return 0xc000 | chunk;
}

static guint
count_chunks (const Encoder *self)
{
  guint n = 0, step;

  for (guint at = 0; at < self->n_symbols; at += step, n++)
    make_chunk (self, at, &step);
  return n;
}

static void
write_deltas (
    const Encoder *self, ViaWriter *out, const ViaTwccPacket *packets, guint n)
{
  gint64 ticks = first_tick (self);

  for (guint i = 0; i < n; i++) {
    guint at = (guint16) (packets[i].seq - packets[0].seq);
    gint64 delta;

    if (!packets[i].received)
      continue;
    delta = next_delta (&ticks, packets[i].arrival_us);
    if (self->symbols[at] == VIA_TWCC_SMALL)
      via_writer_u8 (out, (guint8) delta);
    else
      via_writer_u16 (out, (guint16) delta);
  }
}

gboolean
via_rtcp_write_twcc (ViaWriter *out, guint32 sender_ssrc, guint32 media_ssrc,
    guint8 feedback_count, const ViaTwccPacket *packets, guint n)
{
  Encoder encoder = {0};
  g_autofree guint8 *symbols = NULL;
  gsize used, len;
  guint step;

  if (n == 0)
    return TRUE;
  encoder.n_symbols =
      (guint) (guint16) (packets[n - 1].seq - packets[0].seq) + 1;
  encoder.symbols = symbols = g_malloc0 (encoder.n_symbols);
  if (encoder.n_symbols > G_MAXUINT16 || !classify (&encoder, packets, n)) {
    out->failed = TRUE;
    return FALSE;
  }
  used = HEADER + 2 * (gsize) count_chunks (&encoder) + encoder.delta_bytes;
  len = (used + 3) & ~(gsize) 3;
  if (len > VIA_RTCP_MAX_LEN || via_writer_room (out) < len) {
    out->failed = TRUE;
    return FALSE;
  }
  via_writer_u8 (out, 2 << 6 | VIA_RTCP_FMT_TWCC);
  via_writer_u8 (out, VIA_RTCP_PT_RTPFB);
  via_writer_u16 (out, (guint16) (len / 4 - 1));
  via_writer_u32 (out, sender_ssrc);
  via_writer_u32 (out, media_ssrc);
  via_writer_u16 (out, packets[0].seq);
  via_writer_u16 (out, (guint16) encoder.n_symbols);
  via_writer_u24 (out, (guint32) encoder.reference & 0xffffff);
  via_writer_u8 (out, feedback_count);
  for (guint at = 0; at < encoder.n_symbols; at += step)
    via_writer_u16 (out, make_chunk (&encoder, at, &step));
  write_deltas (&encoder, out, packets, n);
  return via_writer_zero (out, len - used);
}
