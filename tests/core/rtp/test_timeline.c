/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/timeline – synthetic senders with skew, jitter, wrap and lies.
 */
#include "rtp/timeline.h"

#include "base/rng.h"
#include "rtp/stats.h"

#define MS VIA_MS
#define START (500 * VIA_S)
#define UNIX_US G_GINT64_CONSTANT (1800000000000000)

/* A stream: sample i is taken at START + i × period of our time. */
typedef struct
{
  ViaTimeline line;
  guint32 rate, first;
  ViaTime delay, jitter; /* arrival after capture */
  gint ppm;              /* its clocks run so much faster */
  ViaTime last;
} Stream;

static ViaSeededRng rng;

static void
begin (Stream *s, guint32 rate, ViaTime delay, ViaTime jitter, gint ppm)
{
  via_seeded_rng_init (&rng, 7);
  *s = (Stream){.rate = rate,
      .first = 0xffffffffu - 3 * rate, /* wraps after 3 s */
      .delay = delay,
      .jitter = jitter,
      .ppm = ppm};
  via_timeline_init (&s->line, rate);
}

static gint64
skewed (const Stream *s, ViaTime at)
{
  return (at - START) + (at - START) * s->ppm / 1000000;
}

static guint32
timestamp (const Stream *s, ViaTime at)
{
  return s->first + (guint32) (skewed (s, at) * s->rate / VIA_S);
}

/* The sample taken at @at comes; how much later than that we say it was. */
static ViaTime
come (Stream *s, ViaTimelineClock *clock, ViaTime at)
{
  ViaTime now = at + s->delay;
  ViaTime captured;

  if (s->jitter)
    now += via_rng_u32 (&rng.parent) % (guint32) s->jitter;
  captured = via_timeline_packet (&s->line, clock, timestamp (s, at), now);
  g_assert_cmpint (captured, <=, now);
  g_assert_cmpint (captured, >=, s->last); /* never backwards */
  s->last = captured;
  return captured - at;
}

static void
report (Stream *s, ViaTimelineClock *clock, ViaTime at)
{
  via_timeline_sr (&s->line, clock,
      via_ntp_from_unix (UNIX_US + skewed (s, at)), timestamp (s, at),
      at + 30 * MS);
}

static void
test_timeline_without_reports_finds_the_least_delay (void)
{
  static const gint ppm[] = {0, 100, -100};

  for (guint k = 0; k < G_N_ELEMENTS (ppm); k++) {
    Stream s;

    begin (&s, 90000, 30 * MS, 40 * MS, ppm[k]);
    for (ViaTime at = START; at < START + 600 * VIA_S; at += 20 * MS) {
      ViaTime late = come (&s, NULL, at);

      g_assert_cmpint (late, >=, 29 * MS);
      if (at > START + 3 * VIA_S)
        g_assert_cmpint (late, <=, 33 * MS);
    }
  }
}

static void
test_timeline_one_cname_keeps_lips_and_voice_together (void)
{
  static const gint ppm[] = {0, 100, -100};

  for (guint k = 0; k < G_N_ELEMENTS (ppm); k++) {
    ViaTimelineClock clock = {0};
    Stream audio, video;
    guint i = 0;

    begin (&audio, 48000, 30 * MS, 10 * MS, ppm[k]);
    begin (&video, 90000, 90 * MS, 30 * MS, ppm[k]); /* encodes for long */
    for (ViaTime at = START; at < START + 300 * VIA_S; at += 20 * MS, i++) {
      ViaTime a = come (&audio, &clock, at), v = come (&video, &clock, at);

      if (i % 60 == 30)
        report (&audio, &clock, at);
      if (i % 60 == 50)
        report (&video, &clock, at);
      if (at < START + VIA_S / 2)
        g_assert_cmpint (v - a, >=, 50 * MS); /* nothing is known yet */
      if (at > START + 6 * VIA_S) {
        g_assert_cmpint (ABS (v - a), <=, 2 * MS);
        g_assert_cmpint (ABS (a - 30 * MS), <=, 4 * MS);
      }
    }
  }
}

/* As Chromium's of sound: each says of a sample that it was taken when it was
 * sent. The earliest is nearest. */
static void
test_timeline_late_reports_do_not_move_lips_from_voice (void)
{
  static const guint8 late_ms[] = {12, 1, 19, 7};
  ViaTimelineClock clock = {0};
  Stream audio, video;
  guint i = 0, n = 0;

  begin (&audio, 48000, 30 * MS, 5 * MS, 0);
  begin (&video, 90000, 30 * MS, 5 * MS, 0);
  for (ViaTime at = START; at < START + 120 * VIA_S; at += 20 * MS, i++) {
    ViaTime a = come (&audio, &clock, at), v = come (&video, &clock, at);

    if (i % 100 == 30)
      via_timeline_sr (&audio.line, &clock,
          via_ntp_from_unix (UNIX_US + skewed (&audio, at)
                             + late_ms[n++ % G_N_ELEMENTS (late_ms)] * MS),
          timestamp (&audio, at), at + 30 * MS);
    if (i % 50 == 40)
      report (&video, &clock, at);
    if (at > START + 10 * VIA_S)
      g_assert_cmpint (ABS (v - a), <=, 2 * MS);
  }
}

static void
test_timeline_change_of_mind_is_slow (void)
{
  ViaTimelineClock clock = {0};
  Stream audio, video;
  ViaTime before = 0;

  begin (&audio, 48000, 30 * MS, 0, 0);
  begin (&video, 90000, 130 * MS, 0, 0);
  for (ViaTime at = START; at < START + 20 * VIA_S; at += 20 * MS) {
    ViaTime v;

    come (&audio, &clock, at);
    v = come (&video, &clock, at);
    if (at == START + VIA_S) {
      report (&audio, &clock, at);
      report (&video, &clock, at);
    }
    if (at > START)
      g_assert_cmpint (ABS (v - before), <=, 510); /* of 20 ms */
    before = v;
  }
  g_assert_cmpint (before, <=, 31 * MS);
}

static void
test_timeline_packets_of_one_frame_have_one_time (void)
{
  ViaTimeline line;
  ViaTime times[20];

  via_timeline_init (&line, 90000);
  for (guint i = 0; i < 20; i++) {
    times[i] = via_timeline_packet (&line, NULL, i * 3000, START + i * 40 * MS);
    for (guint k = 0; k < 3; k++)
      g_assert_cmpint (
          via_timeline_packet (&line, NULL, i * 3000, START + i * 40 * MS + k),
          ==, times[i]);
  }
  for (guint i = 0; i < 20; i++) /* resent ones too */
    g_assert_cmpint (
        via_timeline_packet (&line, NULL, i * 3000, START + 900 * MS), ==,
        times[i]);
}

static void
test_timeline_absurd_reports_change_nothing (void)
{
  static const gint64 lies[] = {3 * VIA_S - START, 1000 * VIA_S, -1000 * VIA_S,
      G_GINT64_CONSTANT (1000000000) * VIA_S};
  ViaTimelineClock clock = {0};
  Stream s;
  guint i = 0;

  begin (&s, 90000, 30 * MS, 0, 0);
  for (ViaTime at = START; at < START + 60 * VIA_S; at += 20 * MS, i++) {
    ViaTime late = come (&s, &clock, at);

    g_assert_cmpint (ABS (late - 30 * MS), <=, 1 * MS);
    if (i % 50 == 0)
      report (&s, &clock, at);
    if (i % 50 == 20) /* each another lie */
      via_timeline_sr (&s.line, &clock,
          via_ntp_from_unix (UNIX_US + at + lies[i / 50 % 4]),
          timestamp (&s, at), at);
    if (i % 50 == 25)
      via_timeline_sr (&s.line, &clock, 0, timestamp (&s, at), at);
    if (i % 50 == 30) /* RTP of another stream */
      via_timeline_sr (&s.line, &clock, via_ntp_from_unix (UNIX_US + at),
          timestamp (&s, at) + 90000 * 100, at);
  }
}

static void
test_timeline_lying_stream_does_not_move_the_others (void)
{
  ViaTimelineClock clock = {0};
  Stream honest, liar;
  guint i = 0;

  begin (&honest, 48000, 30 * MS, 0, 0);
  begin (&liar, 90000, 30 * MS, 0, 0);
  for (ViaTime at = START; at < START + 30 * VIA_S; at += 20 * MS, i++) {
    g_assert_cmpint (ABS (come (&honest, &clock, at) - 30 * MS), <=, MS);
    g_assert_cmpint (ABS (come (&liar, &clock, at) - 30 * MS), <=, MS);
    if (i % 50 == 10)
      report (&honest, &clock, at);
    if (i % 50 == 20)
      via_timeline_sr (&liar.line, &clock, via_ntp_from_unix (UNIX_US + at * 3),
          timestamp (&liar, at), at);
  }
}

static void
test_timeline_jumps_of_rtp_begin_anew (void)
{
  ViaTimeline line;
  ViaTime now = START, last = 0;
  guint32 ts = 5;

  via_timeline_init (&line, 90000);
  for (guint i = 0; i < 1000; i++, now += 20 * MS, ts += 1800) {
    ViaTime captured = via_timeline_packet (&line, NULL, ts, now);

    g_assert_cmpint (captured, >=, last);
    g_assert_cmpint (captured, <=, now);
    g_assert_cmpint (captured, >=, now - 25 * MS);
    last = captured;
    if (i % 100 == 50)
      ts += i % 200 == 50 ? 0x70000000u : 0x90000000u;
    if (i == 777) /* silence whose time RTP leaves out */
      now += 60 * VIA_S;
  }
}

static void
test_timeline_wrong_clock_rate_stays_bounded (void)
{
  static const guint32 rates[] = {8000, 48000, 180000, 1000000000};

  for (guint k = 0; k < G_N_ELEMENTS (rates); k++) {
    ViaTimeline line;
    ViaTime last = 0;

    via_timeline_init (&line, 90000);
    for (guint64 i = 0; i < 10000; i++) {
      ViaTime now = START + (ViaTime) i * 20 * MS;
      ViaTime captured =
          via_timeline_packet (&line, NULL, (guint32) (i * rates[k] / 50), now);

      if (k < 3)
        g_assert_cmpint (captured, >=, last);
      g_assert_cmpint (captured, <=, now);
      g_assert_cmpint (captured, >=, now - 12 * VIA_S);
      last = captured;
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/rtp/timeline/" path, func)
  ADD ("no-reports", test_timeline_without_reports_finds_the_least_delay);
  ADD ("lips", test_timeline_one_cname_keeps_lips_and_voice_together);
  ADD ("late-reports", test_timeline_late_reports_do_not_move_lips_from_voice);
  ADD ("slew", test_timeline_change_of_mind_is_slow);
  ADD ("frame", test_timeline_packets_of_one_frame_have_one_time);
  ADD ("absurd", test_timeline_absurd_reports_change_nothing);
  ADD ("liar", test_timeline_lying_stream_does_not_move_the_others);
  ADD ("jump", test_timeline_jumps_of_rtp_begin_anew);
  ADD ("rate", test_timeline_wrong_clock_rate_stays_bounded);
  return g_test_run ();
}
