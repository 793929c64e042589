/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_received.c – any packet unwrapped as RTX, any order of sequence
 * numbers, timestamps and reports to what follows a received stream.
 */
#include "fuzz.h"

#include <string.h>

#include "rtp/nack.h"
#include "rtp/rtx.h"
#include "rtp/timeline.h"
#include "rtp/twcc.h"

static void
unwrap (const uint8_t *data, size_t size)
{
  guint8 *copy = g_memdup2 (data, size);
  ViaRtpView view, out;

  if (via_rtp_view (&view, copy, size) && view.payload_len >= 2
      && via_rtx_unwrap (&view, 96, 7, &out)) {
    g_assert_cmpuint (out.len, ==, size - 2);
    g_assert_cmpuint (out.ssrc, ==, 7);
    g_assert_cmpuint (out.pt, ==, 96);
    g_assert_true (out.data == copy + 2);
    g_assert_cmpuint (out.payload_len, ==, view.payload_len - 2);
  }
  g_free (copy);
}

typedef struct
{
  ViaNack *nack;
  ViaTwcc *twcc;
  ViaTimeline line;
  ViaTimelineClock clock;
  ViaTime now;
} Stream;

/* kind 1 | seq 2 | timestamp 4 | time passed 2, in ms */
static void
step (Stream *s, ViaReader *in)
{
  guint16 asked[64], seq = 0, passed = 0;
  guint8 kind = 0, bytes[1600];
  guint32 ts = 0;
  ViaWriter out;

  via_reader_u8 (in, &kind);
  via_reader_u16 (in, &seq);
  via_reader_u32 (in, &ts);
  via_reader_u16 (in, &passed);
  s->now += passed * VIA_MS;
  if (kind % 4 == 0) {
    via_nack_packet (s->nack, seq, s->now);
    via_twcc_packet (s->twcc, seq, 7, s->now);
    g_assert_cmpint (
        via_timeline_packet (&s->line, &s->clock, ts, s->now), <=, s->now);
  } else if (kind % 4 == 1) {
    via_nack_resent (s->nack, seq, s->now);
    g_assert_cmpint (
        via_nack_resent (s->nack, seq, s->now), ==, VIA_NACK_DUPLICATE);
  } else {
    via_timeline_sr (&s->line, &s->clock,
        (guint64) ts << 32 | (guint64) seq << 16, kind % 4 == 2 ? ts : seq,
        s->now);
  }
  g_assert_cmpuint (
      via_nack_next (s->nack, asked, G_N_ELEMENTS (asked), s->now), <=, 64);
  via_writer_init (&out, bytes, sizeof bytes);
  via_twcc_write (s->twcc, &out, 1, s->now);
  g_assert_false (out.failed);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Stream s = {via_nack_new (), via_twcc_new (), .now = 1000 * VIA_S};
  ViaReader in;

  unwrap (data, size);
  via_nack_enable (s.nack, TRUE);
  via_timeline_init (&s.line, 90000);
  via_reader_init (&in, data, MIN (size, 9 * 512));
  while (via_reader_left (&in) >= 9)
    step (&s, &in);
  via_nack_free (s.nack);
  via_twcc_free (s.twcc);
  return 0;
}
