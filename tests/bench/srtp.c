/* SPDX-License-Identifier: LGPL-2.1-or-later
 * srtp.c – what a packet of 1,200 bytes costs to seal and to open, by profile,
 * and what a forged one costs.
 */
#include "../core/srtp/pair.h"

#include "cpu.h"

#define PAYLOAD 1188

typedef struct
{
  Pair pair;
  guint16 seq;
  Packet packet;
} Work;

static void
seal (gpointer data)
{
  Work *work = data;

  work->packet.len = write_rtp (work->packet.data, SSRC, work->seq++, PAYLOAD);
  via_srtp_protect (work->pair.a, work->packet.data, &work->packet.len, ROOM);
}

static void
seal_and_open (gpointer data)
{
  Work *work = data;

  seal (work);
  g_assert_cmpint (
      via_srtp_unprotect (work->pair.b, work->packet.data, &work->packet.len),
      ==, VIA_DROP_NONE);
}

static void
open_forged (gpointer data)
{
  Work *work = data;
  gsize len = write_rtp (work->packet.data, SSRC, work->seq++, PAYLOAD);

  g_assert_cmpint (via_srtp_unprotect (work->pair.b, work->packet.data, &len),
      ==, VIA_DROP_AUTH);
}

static void
only_write (gpointer data)
{
  Work *work = data;

  write_rtp (work->packet.data, SSRC, work->seq++, PAYLOAD);
}

int
main (void)
{
  gdouble first = 0;

  FOR_EACH_PROFILE (p)
  {
    Work work = {.seq = 1};
    gdouble write, sealing, both, forged;

    pair_init (&work.pair, *p);
    seal_and_open (&work);
    write = cpu_least_us (only_write, &work, 1000);
    work.seq = 2;
    both = cpu_least_us (seal_and_open, &work, 4000) - write;
    sealing = cpu_least_us (seal, &work, 4000) - write;
    forged = cpu_least_us (open_forged, &work, 1000) - write;
    if (first == 0)
      first = both;
    g_print ("%s: seal %.2f us, open %.2f us, forged %.2f us; ratio to the "
             "first %.2f\n",
        via_srtp_profile_name (*p), sealing, both - sealing, forged,
        both / first);
    pair_clear (&work.pair);
  }
  return 0;
}
