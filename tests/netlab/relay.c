/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/netlab/relay.c – a bad network in user space: relay DEVICE [OPTION…]
 * What is routed into the tun device DEVICE comes out of it again, UDP over
 * IPv4 impaired, all else at once. One random generator, seeded: the same
 * packets meet the same fate. On SIGTERM it prints what it did.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define MAX_PACKET 2048
#define MAX_QUEUE 20000
#define N_FLOWS 256
#define HELD_BACK (15 * G_TIME_SPAN_MILLISECOND) /* a reordered packet */

static struct
{
  gdouble delay, jitter;      /* ms, one way */
  gdouble loss;               /* percent, each packet for itself */
  gdouble burst;              /* percent of packets that begin a burst */
  gint burst_length;          /* packets lost in a row */
  gdouble reorder, duplicate; /* percent */
  gint rate;                  /* kbit/s of each flow, 0: any */
  gint seed;
} set = {.burst_length = 4, .seed = 1};

static const GOptionEntry options[] = {
    {"delay", 0, 0, G_OPTION_ARG_DOUBLE, &set.delay, "one way", "MS"},
    {"jitter", 0, 0, G_OPTION_ARG_DOUBLE, &set.jitter,
        "up to so much more, in order", "MS"},
    {"loss", 0, 0, G_OPTION_ARG_DOUBLE, &set.loss, "single packets", "PERCENT"},
    {"burst", 0, 0, G_OPTION_ARG_DOUBLE, &set.burst,
        "packets that begin a burst of loss", "PERCENT"},
    {"burst-length", 0, 0, G_OPTION_ARG_INT, &set.burst_length,
        "packets of a burst", "N"},
    {"reorder", 0, 0, G_OPTION_ARG_DOUBLE, &set.reorder,
        "packets held back 15 ms", "PERCENT"},
    {"duplicate", 0, 0, G_OPTION_ARG_DOUBLE, &set.duplicate,
        "packets that come twice", "PERCENT"},
    {"rate", 0, 0, G_OPTION_ARG_INT, &set.rate, "of each flow; queue: 200 ms",
        "KBIT"},
    {"seed", 0, 0, G_OPTION_ARG_INT, &set.seed, "of all chances", "N"},
    {NULL},
};

typedef struct
{
  gint64 due, order;
  gsize len;
  guint8 data[MAX_PACKET];
} Packet;

/* One way of one pair of ports. */
typedef struct
{
  gint64 last_due, line_free;
  gint burst_left;
} Flow;

static struct
{
  gint fd;
  GRand *rand;
  GSequence *queue; /* Packet by due, then order */
  gint64 n_seen, n_lost, n_reordered, n_doubled, n_queue_full;
  Flow flows[N_FLOWS];
} relay;

static volatile sig_atomic_t is_over;

static void
on_term (int number)
{
  is_over = 1;
}

static gint
compare (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Packet *x = a, *y = b;

  if (x->due != y->due)
    return x->due < y->due ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

static gboolean
happens (gdouble percent)
{
  return percent > 0 && g_rand_double (relay.rand) * 100 < percent;
}

static void
hold (const guint8 *data, gsize len, gint64 due)
{
  Packet *packet;

  if (g_sequence_get_length (relay.queue) >= MAX_QUEUE) {
    relay.n_queue_full++;
    return;
  }
  packet = g_new (Packet, 1);
  packet->due = due;
  packet->order = relay.n_seen;
  packet->len = len;
  memcpy (packet->data, data, len);
  g_sequence_insert_sorted (relay.queue, packet, compare, NULL);
}

/* NULL: not UDP over IPv4. */
static Flow *
find_flow (const guint8 *data, gsize len)
{
  gsize header = len > 0 ? (data[0] & 0xf) * 4u : 0;

  if (len < header + 8 || data[0] >> 4 != 4 || data[9] != 17)
    return NULL;
  return &relay.flows[(data[header] * 7u + data[header + 1] * 13u
                          + data[header + 2] * 31u + data[header + 3] * 57u)
                      % N_FLOWS];
}

static gboolean
is_lost (Flow *flow)
{
  if (flow->burst_left == 0 && happens (set.burst))
    flow->burst_left = set.burst_length;
  if (flow->burst_left > 0) {
    flow->burst_left--;
    return TRUE;
  }
  return happens (set.loss);
}

/* When the packet has gone through the line; -1: its queue is full. */
static gint64
pass_line (Flow *flow, gsize len, gint64 now)
{
  gint64 start = MAX (flow->line_free, now);

  if (set.rate == 0)
    return now;
  if (start - now > 200 * G_TIME_SPAN_MILLISECOND)
    return -1;
  flow->line_free = start + (gint64) len * 8000 / set.rate;
  return flow->line_free;
}

static void
impair (Flow *flow, const guint8 *data, gsize len, gint64 now)
{
  gint64 due;

  relay.n_seen++;
  if (is_lost (flow) || (due = pass_line (flow, len, now)) < 0) {
    relay.n_lost++;
    return;
  }
  due += set.delay * G_TIME_SPAN_MILLISECOND;
  due += g_rand_double (relay.rand) * set.jitter * G_TIME_SPAN_MILLISECOND;
  due = MAX (due, flow->last_due);
  if (happens (set.reorder)) {
    relay.n_reordered++;
    due += HELD_BACK;
  } else {
    flow->last_due = due;
  }
  hold (data, len, due);
  if (happens (set.duplicate)) {
    relay.n_doubled++;
    hold (data, len, due);
  }
}

static void
take_in (gint64 now)
{
  guint8 data[MAX_PACKET];
  gssize len;

  while ((len = read (relay.fd, data, sizeof data)) > 0) {
    Flow *flow = find_flow (data, len);

    if (flow != NULL)
      impair (flow, data, len, now);
    else
      hold (data, len, now);
  }
}

/* Microseconds to the next one, or -1. */
static gint64
let_out (gint64 now)
{
  GSequenceIter *first;

  while (!g_sequence_is_empty (relay.queue)) {
    Packet *packet;

    first = g_sequence_get_begin_iter (relay.queue);
    packet = g_sequence_get (first);
    if (packet->due > now)
      return packet->due - now;
    if (write (relay.fd, packet->data, packet->len) < 0 && errno == EAGAIN)
      return 1000;
    g_sequence_remove (first);
  }
  return -1;
}

static void
forward (void)
{
  struct pollfd poll_fd = {.fd = relay.fd, .events = POLLIN};

  while (!is_over) {
    gint64 wait = let_out (g_get_monotonic_time ());
    struct timespec time = {.tv_nsec = (wait % G_USEC_PER_SEC) * 1000,
        .tv_sec = wait / G_USEC_PER_SEC};

    if (ppoll (&poll_fd, 1, wait < 0 ? NULL : &time, NULL) > 0)
      take_in (g_get_monotonic_time ());
  }
}

static gboolean
open_device (const gchar *name)
{
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

  relay.fd = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  g_strlcpy (request.ifr_name, name, sizeof request.ifr_name);
  return relay.fd >= 0 && ioctl (relay.fd, TUNSETIFF, &request) == 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("DEVICE");
  g_autoptr (GError) error = NULL;
  struct sigaction action = {.sa_handler = on_term};

  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2) {
    g_printerr ("%s\n", error != NULL ? error->message : "DEVICE is missing");
    return 2;
  }
  if (!open_device (argv[1])) {
    g_printerr ("%s: %s\n", argv[1], g_strerror (errno));
    return 1;
  }
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);
  relay.rand = g_rand_new_with_seed (set.seed);
  relay.queue = g_sequence_new (g_free);
  g_print ("ready\n");
  forward ();
  g_print ("seen %" G_GINT64_FORMAT " lost %" G_GINT64_FORMAT
           " reordered %" G_GINT64_FORMAT " doubled %" G_GINT64_FORMAT
           " queue-full %" G_GINT64_FORMAT "\n",
      relay.n_seen, relay.n_lost, relay.n_reordered, relay.n_doubled,
      relay.n_queue_full);
  return 0;
}
