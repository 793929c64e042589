/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/route/test_speaker.c – who speaks, and how slowly that changes.
 */
#include "route/speaker.h"

#define TICK (100 * VIA_MS)

typedef struct
{
  ViaSpeaker *speaker;
  ViaTime now;
  guint n_changes;
} Room;

static Room
room (void)
{
  return (Room){.speaker = via_speaker_new (), .now = 1 * VIA_S};
}

/* For @ms, ports 0 and 1 are this loud; 127: silent. */
static void
hear (Room *r, guint ms, guint8 zero, guint8 one)
{
  for (guint i = 0; i < ms / 100; i++) {
    guint port;

    r->now += TICK;
    via_speaker_heard (r->speaker, 0, zero, r->now);
    via_speaker_heard (r->speaker, 1, one, r->now);
    r->n_changes += via_speaker_decide (r->speaker, r->now, &port);
  }
}

static void
expect (Room *r, guint port, guint n_changes)
{
  g_assert_cmpuint (via_speaker_current (r->speaker), ==, port);
  g_assert_cmpuint (r->n_changes, ==, n_changes);
}

static void
test_speaker_is_told_within_a_second (void)
{
  Room r = room ();

  hear (&r, 5000, 127, 90);
  expect (&r, VIA_SPEAKER_NONE, 0);
  hear (&r, 900, 127, 30);
  expect (&r, 1, 1);
  via_speaker_free (r.speaker);
}

static void
test_speaker_cough_does_not_take_over (void)
{
  Room r = room ();

  hear (&r, 2000, 30, 127);
  hear (&r, 200, 30, 5);
  hear (&r, 2000, 30, 127);
  expect (&r, 0, 1);
  via_speaker_free (r.speaker);
}

static void
test_speaker_of_equal_voices_the_first_stays (void)
{
  Room r = room ();

  hear (&r, 2000, 30, 127);
  hear (&r, 10000, 30, 27); /* 3 dB louder is not enough */
  expect (&r, 0, 1);
  hear (&r, 1000, 30, 15);
  expect (&r, 1, 2);
  via_speaker_free (r.speaker);
}

static void
test_speaker_keeps_the_floor_between_words (void)
{
  Room r = room ();

  hear (&r, 1000, 30, 127);
  for (guint i = 0; i < 10; i++) {
    hear (&r, 1500, 127, 127);
    hear (&r, 500, 30, 127);
  }
  expect (&r, 0, 1);
  hear (&r, 3000, 127, 127);
  expect (&r, VIA_SPEAKER_NONE, 2);
  via_speaker_free (r.speaker);
}

static void
test_speaker_who_answers_has_the_floor_soon (void)
{
  Room r = room ();

  hear (&r, 2000, 20, 127);
  hear (&r, 1100, 127, 50); /* quieter, but the first one is silent */
  expect (&r, 1, 2);
  via_speaker_free (r.speaker);
}

static void
test_speaker_who_left_speaks_no_more (void)
{
  Room r = room ();
  guint port;

  hear (&r, 2000, 20, 127);
  via_speaker_forget (r.speaker, 0);
  g_assert_true (via_speaker_decide (r.speaker, r.now + TICK, &port));
  g_assert_cmpuint (port, ==, VIA_SPEAKER_NONE);
  via_speaker_free (r.speaker);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/speaker/told", test_speaker_is_told_within_a_second);
  g_test_add_func ("/speaker/cough", test_speaker_cough_does_not_take_over);
  g_test_add_func (
      "/speaker/equal", test_speaker_of_equal_voices_the_first_stays);
  g_test_add_func (
      "/speaker/pauses", test_speaker_keeps_the_floor_between_words);
  g_test_add_func (
      "/speaker/answer", test_speaker_who_answers_has_the_floor_soon);
  g_test_add_func ("/speaker/left", test_speaker_who_left_speaks_no_more);
  return g_test_run ();
}
