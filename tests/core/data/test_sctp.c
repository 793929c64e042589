/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: data/sctp and data/association – two ends of one process over a wire
 * of the test, with loss where it says so; time is what the test says.
 */
#include "ends.h"

#include "base/rng.h"
#include "data/association.h"
#include "data/sctp.h"

#include <dlfcn.h>
#include <sys/time.h>

#include <usrsctp.h>

#define SEED 8831

static gint64 wall_ms; /* usrsctp measures round trips by it */

__attribute__ ((visibility ("default"))) int
gettimeofday (struct timeval *tv, void *zone)
{
  *tv = (struct timeval){
      .tv_sec = 1000000 + wall_ms / 1000, .tv_usec = wall_ms % 1000 * 1000};
  return 0;
}

/* usrsctp's own, unless the test wants a failure; addresses are counted. */
static gboolean fails_socket;
static gint n_addresses;

__attribute__ ((visibility ("default"))) struct socket *
usrsctp_socket (int domain, int type, int protocol,
    int (*receive) (struct socket *, union sctp_sockstore, void *, size_t,
        struct sctp_rcvinfo, int, void *),
    int (*send) (struct socket *, uint32_t, void *), uint32_t threshold,
    void *user)
{
  __typeof__ (usrsctp_socket) *real = dlsym (RTLD_NEXT, "usrsctp_socket");

  return fails_socket
             ? NULL
             : real (domain, type, protocol, receive, send, threshold, user);
}

__attribute__ ((visibility ("default"))) void
usrsctp_register_address (void *address)
{
  __typeof__ (usrsctp_register_address) *real =
      dlsym (RTLD_NEXT, "usrsctp_register_address");

  n_addresses++;
  real (address);
}

__attribute__ ((visibility ("default"))) void
usrsctp_deregister_address (void *address)
{
  __typeof__ (usrsctp_deregister_address) *real =
      dlsym (RTLD_NEXT, "usrsctp_deregister_address");

  n_addresses--;
  real (address);
}

/* --- chunks, RFC 9260 §3 --- */

#define HEADER 12
#define DATA 0
#define INIT 1
#define SACK 3

/* Where @len bytes of @packet have a chunk of @type; 0: nowhere. */
static gsize
chunk_at (const guint8 *packet, gsize len, guint8 type)
{
  for (gsize at = HEADER; at + 4 <= len;) {
    if (packet[at] == type)
      return at;
    at += ((gsize) (packet[at + 2] << 8 | packet[at + 3]) + 3) / 4 * 4;
  }
  return 0;
}

static void
put32 (GByteArray *out, guint32 value)
{
  const guint32 wire = g_htonl (value);

  g_byte_array_append (out, (const guint8 *) &wire, sizeof wire);
}

static guint32
get32 (const guint8 *at)
{
  guint32 wire;

  memcpy (&wire, at, sizeof wire);
  return g_ntohl (wire);
}

typedef struct
{
  End end[2]; /* [0] is the DTLS client */
  ViaAssociation *association[2];
  guint loss; /* of 100 packets */
  ViaSeededRng rng;
  guint longest;         /* bytes of a packet */
  guint32 first_tsn;     /* of end 0 */
  guint8 header[HEADER]; /* of packets of end 0 */
  guint32 window;        /* bytes that end 1 takes, as it said last */
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
  if (from == 0)
    memcpy (self->header, data, HEADER);
  if (from == 0 && chunk_at (data, len, INIT) > 0)
    self->first_tsn = get32 (data + chunk_at (data, len, INIT) + 16);
  if (from == 1 && chunk_at (data, len, SACK) > 0)
    self->window = get32 (data + chunk_at (data, len, SACK) + 8);
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

/* --- what comes when it may not --- */

/* A reset of @streams (0, or 1: stream 0) by end 0, said to come after @tsn;
 * another chunk is in front of it. RFC 6525 §4.1 */
static void
feed_reset (Wire *self, guint32 tsn, guint streams)
{
  static const guint8 cookie_ack[] = {11, 0, 0, 4};
  const guint16 size = (guint16) (16 + 2 * streams);
  g_autoptr (GByteArray) packet = g_byte_array_new ();
  guint32 sum;

  g_byte_array_append (packet, self->header, 8);
  put32 (packet, 0);
  g_byte_array_append (packet, cookie_ack, sizeof cookie_ack);
  put32 (packet, 130u << 24 | (4u + size));
  put32 (packet, 13u << 16 | size);
  put32 (packet, self->first_tsn);
  put32 (packet, 0);
  put32 (packet, tsn);
  if (streams > 0)
    put32 (packet, 0);
  sum = usrsctp_crc32c (packet->data, packet->len);
  memcpy (packet->data + 8, &sum, sizeof sum);
  via_association_feed (self->association[1], packet->data, packet->len);
}

/* And where that fills a gap: usrsctp looked once, and too early. */
static void
test_sctp_a_reset_that_overtakes_data_waits_for_it (void)
{
  const ViaChannelWish wish = {0};
  g_autoptr (GBytes) first = NULL, last = NULL;
  const guint8 *data;
  gsize len;
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 500);
  end_send (&wire.end[0], 0, TRUE, "first", 5);
  end_send (&wire.end[0], 0, TRUE, "last", 4);
  via_association_work (wire.association[0]);
  first = via_association_next (wire.association[0]);
  last = via_association_next (wire.association[0]);
  data = g_bytes_get_data (last, &len);
  g_assert_cmpuint (chunk_at (data, len, DATA), >, 0);
  memcpy (wire.header, data, HEADER);
  via_association_feed (wire.association[1], data, len);
  feed_reset (&wire, get32 (data + chunk_at (data, len, DATA) + 4), 1);
  wire_run (&wire);
  g_assert_cmpuint (wire.end[1].n_closed, ==, 0);
  data = g_bytes_get_data (first, &len);
  via_association_feed (wire.association[1], data, len);
  wire_run (&wire);
  wire_wait (&wire, 2000);
  end_got (&wire.end[1], 0, TRUE, "first", 5);
  end_got (&wire.end[1], 1, TRUE, "last", 4);
  g_assert_cmpuint (wire.end[1].n_closed, ==, 1);
  wire_clear (&wire);
}

static void
test_sctp_a_reset_that_lists_no_stream_is_of_all (void)
{
  const ViaChannelWish wish = {0};
  Wire wire;

  wire_init (&wire);
  for (guint i = 0; i < 3; i++)
    end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 500);
  feed_reset (&wire, wire.first_tsn, 0);
  wire_run (&wire);
  wire_wait (&wire, 2000);
  g_assert_cmpuint (wire.end[1].n_closed, ==, 3);
  wire_clear (&wire);
}

/* Who is held holds the other: nothing is taken beyond two buffers, and
 * nothing is lost. */
static void
test_sctp_held_the_far_end_waits (void)
{
  const ViaChannelWish wish = {0};
  g_autofree guint8 *data = pattern (VIA_CHANNELS_MESSAGE, 1);
  const gsize all = (gsize) 30 * VIA_CHANNELS_MESSAGE;
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 100);
  via_association_hold (wire.association[1], TRUE);
  for (guint i = 0; i < 30; i++)
    end_send (&wire.end[0], 0, FALSE, data, VIA_CHANNELS_MESSAGE);
  wire_wait (&wire, 30000);
  g_assert_cmpuint (wire.end[1].messages->len, ==, 0);
  g_assert_cmpuint (
      via_channels_buffered (wire.end[0].channels), >, all - (3 << 20));
  g_assert_cmpuint (wire.end[0].n_closed, ==, 0);
  via_association_hold (wire.association[1], FALSE);
  wire_run (&wire);
  wire_wait (&wire, 20000);
  g_assert_cmpuint (wire.end[1].messages->len, ==, 30);
  for (guint i = 0; i < 30; i++)
    end_got (&wire.end[1], i, FALSE, data, VIA_CHANNELS_MESSAGE);
  wire_clear (&wire);
}

/* What is not read takes room: so the far end is told. RFC 9260 §6.2 */
static void
test_sctp_held_nothing_is_read (void)
{
  const ViaChannelWish wish = {0};
  const gsize len = 200000;
  g_autofree guint8 *data = pattern (len, 1);
  guint32 open;
  Wire wire;

  wire_init (&wire);
  end_open (&wire.end[0], &wish);
  wire_run (&wire);
  wire_wait (&wire, 500);
  open = wire.window;
  g_assert_cmpuint (open, >, len);
  via_association_hold (wire.association[1], TRUE);
  end_send (&wire.end[0], 0, FALSE, data, len);
  wire_wait (&wire, 2000);
  g_assert_cmpuint (via_channels_buffered (wire.end[0].channels), ==, 0);
  g_assert_cmpuint (wire.window, <=, open - len);
  via_association_hold (wire.association[1], FALSE);
  wire_run (&wire);
  g_assert_cmpuint (wire.window, >, open - len);
  end_got (&wire.end[1], 0, FALSE, data, len);
  wire_clear (&wire);
}

static void
test_sctp_that_cannot_begin_leaves_nothing (void)
{
  const gint before = n_addresses;
  g_autoptr (GError) error = NULL;

  fails_socket = TRUE;
  g_assert_null (via_sctp_new (5000, 5000, 16, &error));
  fails_socket = FALSE;
  g_assert_error (error, VIA_ERROR, VIA_ERROR_IO);
  g_assert_cmpint (n_addresses, ==, before);
}

/* --- two associations without channels --- */

static void
pump (ViaSctp *const *ends, guint loss, ViaSeededRng *rng)
{
  gboolean goes_on;

  do {
    goes_on = FALSE;
    for (guint i = 0; i < 2; i++) {
      g_autoptr (GBytes) packet = via_sctp_next (ends[i]);

      if (packet == NULL)
        continue;
      goes_on = TRUE;
      if (via_rng_u32 (&rng->parent) % 100 >= loss)
        via_sctp_feed (ends[1 - i], g_bytes_get_data (packet, NULL),
            g_bytes_get_size (packet));
    }
  } while (goes_on);
}

/* Takes down what @end tells; returns how many messages were whole. */
static guint
listen_to (ViaSctp *end, guint *n_pieces, guint *n_cut)
{
  ViaSctpEvent event;
  guint n_whole = 0;

  while (via_sctp_poll (end, &event)) {
    *n_pieces += event.type == VIA_SCTP_DATA;
    *n_cut += event.type == VIA_SCTP_CUT;
    n_whole += event.type == VIA_SCTP_DATA && event.is_end;
    via_sctp_event_clear (&event);
  }
  return n_whole;
}

/* A message of which a part was given out, and whose sender gave up: so the
 * next one says. */
static void
test_sctp_a_message_without_end_is_told (void)
{
  const gsize len = 900000;
  g_autofree guint8 *data = pattern (len, 1);
  const ViaSctpMessage message = {.ppid = 53,
      .reliability = VIA_SCTP_LIFETIME,
      .limit = 1000,
      .data = data,
      .len = len};
  const ViaSctpMessage next = {.ppid = 53, .data = data, .len = 10};
  guint n_pieces = 0, n_cut = 0, n_none = 0;
  ViaSctp *ends[2];
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, SEED);
  for (guint i = 0; i < 2; i++)
    ends[i] = via_sctp_new (5000, 5000, 16, NULL);
  pump (ends, 0, &rng);
  listen_to (ends[0], &n_none, &n_none);
  listen_to (ends[1], &n_none, &n_none);
  g_assert_true (via_sctp_send (ends[0], &message));
  for (guint i = 0; i < 400; i++) {
    wall_ms += 10;
    via_sctp_elapse (10);
    /* nothing comes through until it is too old */
    pump (ends, n_pieces > 0 && i < 150 ? 100 : 0, &rng);
    g_assert_cmpuint (listen_to (ends[1], &n_pieces, &n_cut), ==, 0);
  }
  g_assert_cmpuint (n_pieces, >, 0);
  g_assert_true (via_sctp_send (ends[0], &next));
  pump (ends, 0, &rng);
  g_assert_cmpuint (listen_to (ends[1], &n_pieces, &n_cut), ==, 1);
  g_assert_cmpuint (n_cut, ==, 1);
  for (guint i = 0; i < 2; i++)
    via_sctp_free (ends[i]);
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
  CASE (a_reset_that_overtakes_data_waits_for_it);
  CASE (a_reset_that_lists_no_stream_is_of_all);
  CASE (held_the_far_end_waits);
  CASE (held_nothing_is_read);
  CASE (that_cannot_begin_leaves_nothing);
  CASE (a_message_without_end_is_told);
  return g_test_run ();
}
