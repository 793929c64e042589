/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: rtp/flow – begins at once, ends within half a second, and only then.
 */
#include "rtp/flow.h"

#define MS VIA_MS

static void
test_flow_begins_with_the_first_packet_and_is_told_once (void)
{
  ViaFlow self;
  gboolean is_flowing = FALSE;

  via_flow_init (&self);
  g_assert_cmpint (via_flow_deadline (&self), ==, VIA_TIME_NEVER);
  g_assert_false (via_flow_poll (&self, &is_flowing));
  via_flow_packet (&self, 0);
  g_assert_true (via_flow_poll (&self, &is_flowing));
  g_assert_true (is_flowing);
  via_flow_packet (&self, 1);
  g_assert_false (via_flow_poll (&self, &is_flowing));
}

static void
test_flow_of_few_packets_goes_on_and_silence_ends_it (void)
{
  ViaFlow self;
  gboolean is_flowing = FALSE;
  ViaTime now = 0;

  via_flow_init (&self);
  for (guint i = 0; i < 20; i++) { /* Opus in silence */
    via_flow_packet (&self, now);
    while (via_flow_deadline (&self) <= now + 400 * MS)
      via_flow_expire (&self, via_flow_deadline (&self));
    now += 400 * MS;
  }
  g_assert_true (via_flow_poll (&self, &is_flowing) && is_flowing);
  g_assert_false (via_flow_poll (&self, &is_flowing));
  now -= 400 * MS; /* the last packet */
  while (via_flow_deadline (&self) <= now + 500 * MS)
    via_flow_expire (&self, via_flow_deadline (&self));
  g_assert_true (via_flow_poll (&self, &is_flowing));
  g_assert_false (is_flowing);
  g_assert_cmpint (via_flow_deadline (&self), ==, VIA_TIME_NEVER);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtp/flow/begins",
      test_flow_begins_with_the_first_packet_and_is_told_once);
  g_test_add_func (
      "/rtp/flow/ends", test_flow_of_few_packets_goes_on_and_silence_ends_it);
  return g_test_run ();
}
