/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/silence – told once, of who was heard all the time, and of nobody
 * else.
 */
#include "rtp/silence.h"

#define MS VIA_MS

/* Heard each @every until @end; the timer runs as it is asked to. */
static void
hear (ViaSilence *self, ViaTime *now, ViaTime every, ViaTime end)
{
  for (; *now < end; *now += every) {
    while (via_silence_deadline (self) <= *now)
      via_silence_expire (self, via_silence_deadline (self));
    via_silence_heard (self, *now);
  }
}

/* When it was told between @now and @end; NEVER: not. */
static ViaTime
told_at (ViaSilence *self, ViaTime end)
{
  ViaTime at = VIA_TIME_NEVER;

  while (via_silence_deadline (self) <= end) {
    ViaTime when = via_silence_deadline (self);

    via_silence_expire (self, when);
    if (via_silence_poll (self)) {
      g_assert_cmpint (at, ==, VIA_TIME_NEVER);
      at = when;
    }
  }
  return at;
}

static void
test_silence_after_steady_datagrams_is_told_once (void)
{
  ViaSilence self;
  ViaTime now = 7 * VIA_S;

  via_silence_init (&self);
  g_assert_cmpint (via_silence_deadline (&self), ==, VIA_TIME_NEVER);
  hear (&self, &now, 20 * MS, 17 * VIA_S);
  g_assert_false (via_silence_poll (&self));
  g_assert_cmpint (
      told_at (&self, 60 * VIA_S), ==, now - 20 * MS + VIA_SILENCE_AFTER);
  g_assert_cmpint (via_silence_deadline (&self), ==, VIA_TIME_NEVER);
}

static void
test_silence_ends_and_is_told_again_when_heard_long_enough (void)
{
  ViaSilence self;
  ViaTime now = 0;

  via_silence_init (&self);
  hear (&self, &now, 100 * MS, 5 * VIA_S);
  g_assert_cmpint (told_at (&self, 10 * VIA_S), !=, VIA_TIME_NEVER);
  now = 10 * VIA_S;
  hear (&self, &now, 100 * MS, 12 * VIA_S); /* too short to rely on */
  g_assert_cmpint (told_at (&self, 20 * VIA_S), ==, VIA_TIME_NEVER);
  now = 20 * VIA_S;
  hear (&self, &now, 100 * MS, 25 * VIA_S);
  g_assert_cmpint (told_at (&self, 30 * VIA_S), !=, VIA_TIME_NEVER);
}

static void
test_silence_of_rare_reports_is_none (void)
{
  ViaSilence self;
  ViaTime now = 0;

  via_silence_init (&self);
  hear (&self, &now, 5 * VIA_S, 60 * VIA_S);
  g_assert_false (via_silence_poll (&self));
  g_assert_cmpint (told_at (&self, 90 * VIA_S), ==, VIA_TIME_NEVER);
  /* Reports that come between 0.5 and 1.5 s apart are no steady row either. */
  for (guint i = 0; i < 40; i++, now += (i % 3 + 1) * 500 * MS) {
    while (via_silence_deadline (&self) <= now)
      via_silence_expire (&self, via_silence_deadline (&self));
    via_silence_heard (&self, now);
  }
  g_assert_cmpint (told_at (&self, now + 30 * VIA_S), ==, VIA_TIME_NEVER);
}

static void
test_silence_after_stop_is_not_told (void)
{
  ViaSilence self;
  ViaTime now = 0;

  via_silence_init (&self);
  hear (&self, &now, 20 * MS, 10 * VIA_S);
  via_silence_stop (&self);
  g_assert_cmpint (told_at (&self, 60 * VIA_S), ==, VIA_TIME_NEVER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/rtp/silence/told", test_silence_after_steady_datagrams_is_told_once);
  g_test_add_func ("/rtp/silence/again",
      test_silence_ends_and_is_told_again_when_heard_long_enough);
  g_test_add_func ("/rtp/silence/rare", test_silence_of_rare_reports_is_none);
  g_test_add_func ("/rtp/silence/stop", test_silence_after_stop_is_not_told);
  return g_test_run ();
}
