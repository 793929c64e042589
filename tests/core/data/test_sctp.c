/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: data/sctp and data/association – two ends of one process over a wire
 * of the test, with loss where it says so; time is what the test says.
 */
#include "ends.h"

#include "base/rng.h"
#include "data/association.h"
#include "data/sctp.h"

#include <sys/time.h>

#define SEED 8831

static gint64 wall_ms; /* usrsctp measures round trips by it */

__attribute__ ((visibility ("default"))) int
gettimeofday (struct timeval *tv, void *zone)
{
  *tv = (struct timeval){
      .tv_sec = 1000000 + wall_ms / 1000, .tv_usec = wall_ms % 1000 * 1000};
  return 0;
}

typedef struct
{
  End end[2]; /* [0] is the DTLS client */
  ViaAssociation *association[2];
  guint loss; /* of 100 packets */
  ViaSeededRng rng;
  guint longest; /* bytes of a packet */
} Wire;

static void
wire_init (Wire *self)
{
  memset (self, 0, sizeof *self);
  via_seeded_rng_init (&self->rng, SEED);
  for (guint i = 0; i < 2; i++)
    end_init (&self->end[i]);
  for (guint i = 0; i < 2; i++) {
    const ViaAssociationConfig config = {5000, 5000, i == 0, 0};
    g_autoptr (GError) error = NULL;

    self->association[i] =
        via_association_new (&config, self->end[i].channels, &error);
    g_assert_no_error (error);
  }
}

static void
wire_clear (Wire *self)
{
  for (guint i = 0; i < 2; i++) {
    via_association_free (self->association[i]);
    end_clear (&self->end[i]);
  }
}

static gboolean
carry (Wire *self, guint from)
{
  g_autoptr (GBytes) packet = via_association_next (self->association[from]);
  gsize len;
  const guint8 *data;

  if (packet == NULL)
    return FALSE;
  data = g_bytes_get_data (packet, &len);
  self->longest = MAX (self->longest, (guint) len);
  if (via_rng_u32 (&self->rng.parent) % 100 >= self->loss)
    via_association_feed (self->association[1 - from], data, len);
  return TRUE;
}

/* Until nothing moves. */
static void
wire_run (Wire *self)
{
  gboolean goes_on;

  for (guint i = 0; i < 2; i++)
    via_association_work (self->association[i]);
  do {
    goes_on = carry (self, 0);
    goes_on |= carry (self, 1);
    end_listen (&self->end[0]);
    end_listen (&self->end[1]);
  } while (goes_on);
}

/* @ms go by in steps of 10. */
static void
wire_wait (Wire *self, guint ms)
{
  for (guint i = 0; i < ms; i += 10) {
    wall_ms += 10;
    via_sctp_elapse (10);
    wire_run (self);
  }
}

static void
test_sctp_both_ends_call_and_channels_open (void)
{
  const ViaChannelWish wish = {.label = "a"}, theirs = {.label = "b"};
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  end_open (&wire.end[1], &theirs);
  wire_run (&wire);
  wire_wait (&wire, 100);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpuint (wire.end[i].n_opened, ==, 2);
    g_assert_cmpuint (via_channels_size (wire.end[i].channels), ==, 2);
  }
  wire_clear (&wire);
}

static guint8 *
pattern (gsize len, guint seed)
{
  guint8 *out = g_malloc (len);

  for (gsize i = 0; i < len; i++)
    out[i] = (guint8) (i * 31 + seed + (i >> 8));
  return out;
}

static void
test_sctp_longest_messages_arrive_byte_exact_both_ways (void)
{
  const ViaChannelWish wish = {0};
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  for (guint i = 0; i < 8; i++) {
    g_autofree guint8 *data = pattern (VIA_CHANNELS_MESSAGE, i);

    end_send (&wire.end[i % 2], 0, FALSE, data, VIA_CHANNELS_MESSAGE);
  }
  wire_run (&wire);
  wire_wait (&wire, 1000);
  for (guint i = 0; i < 8; i++) {
    g_autofree guint8 *data = pattern (VIA_CHANNELS_MESSAGE, i);

    end_got (&wire.end[1 - i % 2], i / 2, FALSE, data, VIA_CHANNELS_MESSAGE);
  }
  g_assert_cmpuint (wire.longest, <=, VIA_SCTP_MTU);
  wire_clear (&wire);
}

static void
test_sctp_loss_is_repaired_in_order (void)
{
  const ViaChannelWish wish = {0};
  Wire wire;

  wire_init (&wire);
  wire.loss = 10;
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 3000);
  for (guint i = 0; i < 500; i++)
    end_send (&wire.end[0], 0, FALSE, &i, sizeof i);
  for (guint i = 0; i < 60 && wire.end[1].messages->len < 500; i++)
    wire_wait (&wire, 1000);
  g_assert_cmpuint (wire.end[1].messages->len, ==, 500);
  for (guint i = 0; i < 500; i++)
    end_got (&wire.end[1], i, FALSE, &i, sizeof i);
  wire_clear (&wire);
}

static void
test_sctp_without_retransmissions_what_is_lost_stays_lost (void)
{
  const ViaChannelWish wish = {
      .is_unordered = TRUE, .reliability = VIA_DCEP_RETRANSMITS, .limit = 0};
  g_autofree guint8 *data = pattern (900, 1); /* a packet each */
  Wire wire;
  guint last = 0;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 100);
  g_assert_true (wire.end[1].last.is_unordered);
  wire.loss = 20;
  for (guint i = 0; i < 200; i++) {
    memcpy (data, &i, sizeof i);
    end_send (&wire.end[0], 0, FALSE, data, 900);
    wire_wait (&wire, 10);
  }
  wire.loss = 0;
  wire_wait (&wire, 20000);
  g_assert_cmpuint (wire.end[1].messages->len, <, 190);
  g_assert_cmpuint (wire.end[1].messages->len, >, 100);
  last = 4242;
  memcpy (data, &last, sizeof last);
  end_send (&wire.end[0], 0, FALSE, data, 900); /* it goes on */
  wire_wait (&wire, 1000);
  end_got (&wire.end[1], wire.end[1].messages->len - 1, FALSE, data, 900);
  wire_clear (&wire);
}

static void
test_sctp_channels_close_by_stream_reset_and_open_again (void)
{
  const ViaChannelWish wish = {.label = "x"};
  Wire wire;

  wire_init (&wire);
  for (guint round = 0; round < 3; round++) {
    for (guint i = 0; i < 100; i++)
      g_assert_cmpuint (end_open (&wire.end[round % 2], &wish), ==, i);
    wire_run (&wire);
    wire_wait (&wire, 500);
    g_assert_cmpuint (wire.end[0].n_opened, ==, 100 * (round + 1));
    g_assert_cmpuint (wire.end[1].n_opened, ==, 100 * (round + 1));
    for (guint i = 0; i < 100; i++) /* from both sides */
      via_channels_close (wire.end[i % 2].channels, i);
    wire_run (&wire);
    wire_wait (&wire, 2000);
    for (guint i = 0; i < 2; i++) {
      g_assert_cmpuint (wire.end[i].n_closed, ==, 100 * (round + 1));
      g_assert_cmpuint (via_channels_size (wire.end[i].channels), ==, 0);
    }
  }
  wire_clear (&wire);
}

static void
test_sctp_abort_is_the_end_on_the_other_side (void)
{
  const ViaChannelWish wish = {0};
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  g_assert_false (via_association_is_over (wire.association[1]));
  via_association_abort (wire.association[0]);
  wire_run (&wire);
  g_assert_cmpuint (wire.end[1].n_closed, ==, 1);
  g_assert_nonnull (wire.end[1].why);
  g_assert_true (via_association_is_over (wire.association[1]));
  wire_clear (&wire);
  via_sctp_elapse (60000); /* late timers find nothing */
}

#define CASE(name) g_test_add_func ("/data/sctp/" #name, test_sctp_##name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  CASE (both_ends_call_and_channels_open);
  CASE (longest_messages_arrive_byte_exact_both_ways);
  CASE (loss_is_repaired_in_order);
  CASE (without_retransmissions_what_is_lost_stays_lost);
  CASE (channels_close_by_stream_reset_and_open_again);
  CASE (abort_is_the_end_on_the_other_side);
  return g_test_run ();
}
