/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/nack – what is asked for, when, how often, and when no more.
 */
#include "rtp/nack.h"

#define MS VIA_MS

typedef struct
{
  ViaNack *nack;
  ViaTime now;
  guint16 asked[600];
  guint n; /* in @asked since the last ask () */
} Fixture;

static void
begin (Fixture *f, guint16 first)
{
  f->nack = via_nack_new ();
  f->now = 1000 * VIA_S;
  via_nack_enable (f->nack, TRUE);
  g_assert_cmpint (via_nack_packet (f->nack, first, f->now), ==, VIA_NACK_NEW);
}

static void
end (Fixture *f)
{
  via_nack_free (f->nack);
}

static void
come (Fixture *f, guint16 seq, ViaNackArrival want)
{
  g_assert_cmpint (via_nack_packet (f->nack, seq, f->now), ==, want);
}

/* Lets @by pass; how many requests there were. */
static guint
ask (Fixture *f, ViaTime by)
{
  ViaTime until = f->now + by;

  f->n = 0;
  while (via_nack_deadline (f->nack) <= until) {
    f->now = MAX (f->now, via_nack_deadline (f->nack));
    f->n += via_nack_next (
        f->nack, f->asked + f->n, G_N_ELEMENTS (f->asked) - f->n, f->now);
  }
  f->now = until;
  return f->n;
}

static void
test_nack_gap_is_asked_for_after_a_moment (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 103, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER - 1), ==, 0);
  g_assert_cmpuint (ask (&f, 1), ==, 2);
  g_assert_cmpuint (f.asked[0], ==, 101);
  g_assert_cmpuint (f.asked[1], ==, 102);
  come (&f, 102, VIA_NACK_RECOVERED);
  come (&f, 102, VIA_NACK_DUPLICATE);
  come (&f, 103, VIA_NACK_DUPLICATE);
  g_assert_true (via_nack_is_missing (f.nack, 101));
  g_assert_false (via_nack_is_missing (f.nack, 102));
  end (&f);
}

static void
test_nack_reordered_packet_is_not_asked_for (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 102, VIA_NACK_NEW);
  f.now += VIA_NACK_REORDER - 1;
  come (&f, 101, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, 5 * VIA_S), ==, 0);
  g_assert_cmpint (via_nack_deadline (f.nack), ==, VIA_TIME_NEVER);
  end (&f);
}

static void
test_nack_again_only_after_a_round_trip (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 102, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, 1);
  g_assert_cmpuint (ask (&f, VIA_NACK_RTT - 1), ==, 0);
  g_assert_cmpuint (ask (&f, 1), ==, 1);
  end (&f);
}

static void
test_nack_learns_the_round_trip_from_answers (void)
{
  Fixture f;
  ViaTime before;

  begin (&f, 0);
  for (guint16 seq = 2; seq < 60; seq += 2) { /* answered after 200 ms */
    come (&f, seq, VIA_NACK_NEW);
    g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, 1);
    f.now += 200 * MS;
    come (&f, (guint16) (seq - 1), VIA_NACK_RECOVERED);
  }
  come (&f, 70, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, 11);
  before = f.now;
  g_assert_cmpint (via_nack_deadline (f.nack) - before, ==, 250 * MS);
  end (&f);
}

static void
test_nack_asks_a_bounded_number_of_times (void)
{
  Fixture f;

  begin (&f, 0);
  for (guint16 seq = 2; seq < 100; seq += 2) { /* at once: 30 ms floor */
    come (&f, seq, VIA_NACK_NEW);
    ask (&f, VIA_NACK_REORDER);
    come (&f, (guint16) (seq - 1), VIA_NACK_RECOVERED);
  }
  come (&f, 100, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, 10 * VIA_S), ==, VIA_NACK_TRIES);
  g_assert_false (via_nack_is_missing (f.nack, 99));
  g_assert_cmpint (via_nack_deadline (f.nack), ==, VIA_TIME_NEVER);
  come (&f, 99, VIA_NACK_NEW); /* late, but welcome */
  end (&f);
}

static void
test_nack_gives_up_what_is_too_old (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 102, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_AGE - 1), <, VIA_NACK_TRIES);
  g_assert_cmpuint (f.n, >=, 5);
  g_assert_true (via_nack_is_missing (f.nack, 101));
  g_assert_cmpuint (ask (&f, 1), ==, 0);
  g_assert_false (via_nack_is_missing (f.nack, 101));
  end (&f);
}

static void
test_nack_after_wrap_asks_once (void)
{
  Fixture f;

  begin (&f, 65530);
  come (&f, 65534, VIA_NACK_NEW);
  come (&f, 2, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, 6);
  g_assert_cmpuint (f.asked[0], ==, 65531);
  g_assert_cmpuint (f.asked[3], ==, 65535);
  g_assert_cmpuint (f.asked[5], ==, 1);
  come (&f, 65535, VIA_NACK_RECOVERED);
  come (&f, 0, VIA_NACK_RECOVERED);
  come (&f, 65534, VIA_NACK_DUPLICATE);
  end (&f);
}

static void
test_nack_every_packet_of_two_rounds_counts_once (void)
{
  Fixture f;
  guint n = 0;

  begin (&f, 0);
  for (guint32 i = 1; i < 140000; i++) {
    f.now += MS;
    if (i % 7 != 3)
      come (&f, (guint16) i, VIA_NACK_NEW);
    n += via_nack_next (f.nack, f.asked, G_N_ELEMENTS (f.asked), f.now);
    if (i % 7 == 3 && i > 100)
      g_assert_cmpint (via_nack_resent (f.nack, (guint16) (i - 70), f.now), ==,
          VIA_NACK_RECOVERED);
  }
  g_assert_cmpuint (n, >=, 19900);
  g_assert_cmpuint (n, <=, 60100); /* 70 packets are 70 ms */
  end (&f);
}

static void
test_nack_jump_is_no_loss (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 102, VIA_NACK_NEW);
  come (&f, 102 + VIA_NACK_MISSING + 1, VIA_NACK_NEW); /* an outage */
  g_assert_cmpuint (ask (&f, 5 * VIA_S), ==, 0);
  come (&f, 20000, VIA_NACK_NEW); /* one from afar is no new beginning */
  come (&f, 616, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, 5 * VIA_S), ==, 0);
  come (&f, 20000, VIA_NACK_NEW);
  come (&f, 20001, VIA_NACK_NEW); /* two are */
  come (&f, 20003, VIA_NACK_NEW);
  come (&f, 616, VIA_NACK_DUPLICATE);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, 1);
  g_assert_cmpuint (f.asked[0], ==, 20002);
  end (&f);
}

static void
test_nack_list_is_bounded (void)
{
  Fixture f;

  begin (&f, 0);
  for (guint16 seq = 4; seq < 2000; seq += 4)
    come (&f, seq, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_NACK_REORDER), ==, VIA_NACK_MISSING);
  g_assert_cmpuint (f.asked[VIA_NACK_MISSING - 1], ==, 1995);
  end (&f);
}

static void
test_nack_not_agreed_asks_nothing_but_knows_duplicates (void)
{
  Fixture f;

  begin (&f, 100);
  come (&f, 102, VIA_NACK_NEW);
  via_nack_enable (f.nack, FALSE);
  come (&f, 105, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, 5 * VIA_S), ==, 0);
  come (&f, 104, VIA_NACK_NEW);
  come (&f, 104, VIA_NACK_DUPLICATE);
  end (&f);
}

static void
test_nack_resent_never_begins_anew (void)
{
  Fixture f;

  begin (&f, 100);
  for (guint i = 0; i < 5; i++) {
    g_assert_cmpint (via_nack_resent (f.nack, (guint16) (30000 + i), f.now), ==,
        VIA_NACK_DUPLICATE);
    g_assert_cmpint (via_nack_resent (f.nack, (guint16) (64000 + i), f.now), ==,
        VIA_NACK_DUPLICATE);
  }
  /* the original is late: it was resent before it came */
  g_assert_cmpint (via_nack_resent (f.nack, 101, f.now), ==, VIA_NACK_NEW);
  come (&f, 101, VIA_NACK_DUPLICATE);
  come (&f, 102, VIA_NACK_NEW);
  g_assert_cmpuint (ask (&f, VIA_S), ==, 0);
  end (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, func) g_test_add_func ("/rtp/nack/" path, func)
  ADD ("gap", test_nack_gap_is_asked_for_after_a_moment);
  ADD ("reordered", test_nack_reordered_packet_is_not_asked_for);
  ADD ("again", test_nack_again_only_after_a_round_trip);
  ADD ("rtt", test_nack_learns_the_round_trip_from_answers);
  ADD ("tries", test_nack_asks_a_bounded_number_of_times);
  ADD ("age", test_nack_gives_up_what_is_too_old);
  ADD ("wrap", test_nack_after_wrap_asks_once);
  ADD ("rounds", test_nack_every_packet_of_two_rounds_counts_once);
  ADD ("jump", test_nack_jump_is_no_loss);
  ADD ("bounded", test_nack_list_is_bounded);
  ADD ("disabled", test_nack_not_agreed_asks_nothing_but_knows_duplicates);
  ADD ("resent", test_nack_resent_never_begins_anew);
  return g_test_run ();
}
