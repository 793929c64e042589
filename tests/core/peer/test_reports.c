/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: peer – RTCP that goes over an association of its own (no rtcp-mux).
 */
#include "wire.h"

typedef struct
{
  Wire media, reports;
} Pair;

static guint n_rtcp; /* datagrams seen by count_rtcp */

static gboolean
count_rtcp (Wire *w, guint to, const WireDatagram *d)
{
  n_rtcp += d->len > 1 && d->data[0] >> 6 == 2 && d->data[1] >= 192
            && d->data[1] <= 223;
  return FALSE;
}

/* A call that is up, its RTCP apart; that one is connected yet if @is_up. */
static void
pair_init (Pair *p, gboolean is_up)
{
  wire_init (&p->reports, VIA_DIRECTION_RECVONLY, VIA_DIRECTION_SENDONLY, NULL);
  wire_call (&p->media);
  for (guint i = 0; i < 2; i++)
    via_peer_set_reports (p->media.peers[i], p->reports.peers[i]);
  if (is_up)
    wire_connect (&p->reports);
  n_rtcp = 0;
  p->media.lose = count_rtcp;
}

static void
pair_clear (Pair *p)
{
  wire_clear (&p->media); /* first: it has the packets */
  wire_clear (&p->reports);
}

/* Reports fall due with the media and leave with the others: one clock. */
static void
pair_wait (Pair *p, ViaTime by)
{
  Wire *both[] = {&p->media, &p->reports};
  ViaTime end = p->media.now + by, next;

  do {
    next = VIA_TIME_NEVER;
    for (guint i = 0; i < 4; i++)
      next = MIN (next, via_peer_deadline (both[i / 2]->peers[i % 2]));
    for (guint i = 0; i < 2; i++) {
      both[i]->now = CLAMP (next, both[i]->now, end);
      for (guint k = 0; k < 2; k++)
        via_peer_expire (both[i]->peers[k], both[i]->now);
    }
    for (guint i = 0; i < 2; i++)
      wire_pump (both[i]);
  } while (next <= end);
  p->media.now = p->reports.now = end;
}

/* The same with video under way. */
static void
pair_pass (Pair *p, guint32 *id, ViaTime by)
{
  for (ViaTime end = p->media.now + by; p->media.now < end;) {
    g_assert_true (wire_video (&p->media, (*id)++));
    pair_wait (p, 4 * MS);
  }
}

static const ViaFarStats *
far_end (Pair *p)
{
  return &via_peer_sender (p->media.peers[SERVER], 1)->far_end;
}

static void
test_reports_go_apart (void)
{
  Pair p;
  guint32 id = 0;

  pair_init (&p, TRUE);
  pair_pass (&p, &id, 3 * VIA_S);
  g_assert_cmpuint (n_rtcp, ==, 0);
  g_assert_cmpuint (far_end (&p)->reports, >=, 2);
  g_assert_cmpint (far_end (&p)->rtt, >=, 0);
  p.media.keyframes[SERVER][1] = 0;
  via_peer_want_keyframe (p.media.peers[VIEWER], 1, p.media.now);
  pair_pass (&p, &id, 40 * MS);
  g_assert_cmpuint (p.media.keyframes[SERVER][1], ==, 1);
  g_assert_cmpuint (n_rtcp, ==, 0);
  pair_clear (&p);
}

/* As Chromium has it, which takes the keys of the media. */
static void
test_reports_are_under_the_far_end_s_choice_of_keys (void)
{
  Pair p;
  guint32 id = 0;

  pair_init (&p, TRUE);
  p.reports.peers[VIEWER]->has_media_keys = TRUE;
  p.media.keyframes[SERVER][1] = 0;
  via_peer_want_keyframe (p.media.peers[VIEWER], 1, p.media.now);
  pair_wait (&p, MS);
  g_assert_cmpuint (p.media.keyframes[SERVER][1], ==, 1);
  pair_pass (&p, &id, 3 * VIA_S);
  g_assert_true (p.reports.peers[SERVER]->has_media_keys);
  g_assert_true (p.reports.peers[VIEWER]->has_media_keys);
  g_assert_cmpint (far_end (&p)->rtt, >=, 0);
  g_assert_cmpuint (wire_drops (&p.reports, SERVER, VIA_DROP_AUTH), ==, 0);
  pair_clear (&p);
}

/* A report that is due waits, and nobody turns in circles meanwhile. */
static void
test_reports_wait_for_their_way (void)
{
  Pair p;
  guint32 id = 0;

  pair_init (&p, FALSE);
  pair_pass (&p, &id, 2 * VIA_S);
  g_assert_cmpuint (far_end (&p)->reports, ==, 0);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (via_peer_deadline (p.media.peers[i]), >, p.media.now);
  wire_connect (&p.reports);
  pair_pass (&p, &id, 2 * VIA_S);
  g_assert_cmpuint (far_end (&p)->reports, >=, 1);
  pair_clear (&p);
}

static void
test_reports_end_and_all_ends (void)
{
  Pair p;

  pair_init (&p, TRUE);
  via_peer_close (p.reports.peers[SERVER], p.reports.now);
  wire_pump (&p.reports);
  wire_pump (&p.media);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (via_peer_state (p.media.peers[i]), ==, VIA_PEER_CLOSED);
  pair_clear (&p);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/peer/reports/apart", test_reports_go_apart);
  g_test_add_func ("/peer/reports/keys",
      test_reports_are_under_the_far_end_s_choice_of_keys);
  g_test_add_func ("/peer/reports/wait", test_reports_wait_for_their_way);
  g_test_add_func ("/peer/reports/end", test_reports_end_and_all_ends);
  return g_test_run ();
}
