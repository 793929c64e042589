/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_udpsend.c – batches on sockets that fill up or refuse.
 */
#include "io/udpsend.h"

#include "netns.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

/* A datagram socket that says EAGAIN when its reader is slow: UDP over
 * loopback never does. Growing sizes keep GSO out. */
typedef struct
{
  gint fds[2]; /* sender, receiver */
  struct sockaddr_un to;
  ViaSendCounters counters;
  ViaUdpSend *send;
  guint8 bytes[2048];
} SlowCase;

static void
slow_open (SlowCase *c)
{
  memset (c, 0, sizeof *c);
  for (guint i = 0; i < 2; i++)
    c->fds[i] = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  c->to.sun_family = AF_UNIX;
  g_snprintf (
      c->to.sun_path + 1, sizeof c->to.sun_path - 1, "via-test-%d", getpid ());
  g_assert_cmpint (
      bind (c->fds[1], (struct sockaddr *) &c->to, sizeof c->to), ==, 0);
  c->send = via_udpsend_new (
      c->fds[0], (struct sockaddr *) &c->to, sizeof c->to, &c->counters);
  memset (c->bytes, 'x', sizeof c->bytes);
}

static void
slow_close (SlowCase *c)
{
  via_udpsend_free (c->send);
  close (c->fds[0]);
  close (c->fds[1]);
}

/* Datagrams read; each must be one longer than the one before. */
static guint
slow_read (SlowCase *c, gsize *last)
{
  guint8 buffer[4096];
  guint n = 0;
  gssize len;

  while ((len = recv (c->fds[1], buffer, sizeof buffer, 0)) > 0) {
    g_assert_cmpint (len, ==, *last + 1);
    *last = (gsize) len;
    n++;
  }
  return n;
}

static void
test_udpsend_full_socket_queues_and_keeps_order (void)
{
  SlowCase c;
  ViaDatagram datagrams[700];
  guint n_read = 0;
  gsize last = 0;

  slow_open (&c);
  for (guint i = 0; i < G_N_ELEMENTS (datagrams); i++)
    datagrams[i] = (ViaDatagram){c.bytes, i + 1};
  g_assert_cmpuint (via_udpsend_push (c.send, datagrams, 600), ==, 600);
  g_assert_true (via_udpsend_is_waiting (c.send));
  n_read += slow_read (&c, &last);
  g_assert_cmpuint (n_read, >, 0);
  g_assert_cmpuint (n_read, <, 600);
  g_assert_cmpuint (c.counters.queued, ==, 600 - n_read);
  /* What comes later stays behind what waits. */
  g_assert_cmpuint (via_udpsend_push (c.send, datagrams + 600, 100), ==, 100);
  while (via_udpsend_is_waiting (c.send)) {
    via_udpsend_retry (c.send);
    n_read += slow_read (&c, &last);
  }
  n_read += slow_read (&c, &last);
  g_assert_cmpuint (n_read, ==, 700);
  g_assert_cmpuint (c.counters.dropped, ==, 0);
  slow_close (&c);
}

static void
test_udpsend_queue_is_bounded (void)
{
  SlowCase c;
  ViaDatagram datagram;
  guint n_taken = 0;

  slow_open (&c);
  datagram = (ViaDatagram){c.bytes, 1000};
  for (guint i = 0; i < 2000; i++)
    n_taken += via_udpsend_push (c.send, &datagram, 1);
  g_assert_cmpuint (c.counters.queued, ==, 262144 / 1000);
  g_assert_cmpuint (c.counters.dropped, ==, 2000 - n_taken);
  g_assert_cmpuint (c.counters.dropped, >, 0);
  slow_close (&c);
}

/* Over the device, not loopback: its MTU is 1500. */
static void
test_udpsend_gso_refused_goes_on_without (void)
{
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons (9)};
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ViaSendCounters counters = {0};
  ViaUdpSend *send;
  guint8 bytes[2000] = {0};
  ViaDatagram datagrams[4];

  to.sin_addr.s_addr = inet_addr ("192.0.2.77"); /* nobody */
  for (guint i = 0; i < 4; i++)
    datagrams[i] = (ViaDatagram){bytes, sizeof bytes};
  send = via_udpsend_new (fd, (struct sockaddr *) &to, sizeof to, &counters);
  g_assert_cmpuint (via_udpsend_push (send, datagrams, 4), ==, 4);
  g_assert_cmpuint (counters.gso_calls, ==, 0);
  g_assert_cmpuint (counters.plain_datagrams, ==, 4);
  for (guint i = 0; i < 4; i++)
    datagrams[i].len = 100; /* not tried again, though it would work */
  g_assert_cmpuint (via_udpsend_push (send, datagrams, 4), ==, 4);
  g_assert_cmpuint (counters.gso_calls, ==, 0);
  g_assert_cmpuint (counters.plain_datagrams, ==, 8);
  via_udpsend_free (send);
  close (fd);
}

static void
test_udpsend_refused_one_is_dropped_and_the_rest_goes (void)
{
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons (9)};
  gint fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ViaSendCounters counters = {0};
  ViaUdpSend *send;
  g_autofree guint8 *bytes = g_malloc0 (70000);
  ViaDatagram datagrams[3] = {{bytes, 10}, {bytes, 70000}, {bytes, 20}};

  to.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  send = via_udpsend_new (fd, (struct sockaddr *) &to, sizeof to, &counters);
  g_assert_cmpuint (via_udpsend_push (send, datagrams, 3), ==, 2);
  g_assert_cmpuint (counters.dropped, ==, 1);
  g_assert_cmpuint (counters.plain_datagrams, ==, 2);
  via_udpsend_free (send);
  close (fd);
}

/* --- marks --- */

/* Two sockets of @family on loopback; the second tells how it was marked. */
static void
marked_open (
    gint family, gint fds[2], struct sockaddr_storage *to, socklen_t *to_len)
{
  const gint on = 1;
  struct sockaddr_in v4 = {
      .sin_family = AF_INET, .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK)};
  struct sockaddr_in6 v6 = {
      .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};

  for (guint i = 0; i < 2; i++)
    fds[i] = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  *to_len = family == AF_INET ? sizeof v4 : sizeof v6;
  memcpy (to, family == AF_INET ? (gpointer) &v4 : &v6, *to_len);
  g_assert_cmpint (bind (fds[1], (struct sockaddr *) to, *to_len), ==, 0);
  g_assert_cmpint (getsockname (fds[1], (struct sockaddr *) to, to_len), ==, 0);
  g_assert_cmpint (
      family == AF_INET
          ? setsockopt (fds[1], IPPROTO_IP, IP_RECVTOS, &on, sizeof on)
          : setsockopt (fds[1], IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof on),
      ==, 0);
}

/* The next datagram must be as @wanted was. */
static void
assert_marked (gint fd, const ViaDatagram *wanted)
{
  guint8 bytes[2048], control[256];
  struct iovec iov = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &iov,
      .msg_iovlen = 1,
      .msg_control = control,
      .msg_controllen = sizeof control};
  struct cmsghdr *cmsg;
  gint tos = 0;

  g_assert_cmpint (recvmsg (fd, &message, 0), ==, wanted->len);
  cmsg = CMSG_FIRSTHDR (&message);
  g_assert_nonnull (cmsg);
  memcpy (&tos, CMSG_DATA (cmsg), cmsg->cmsg_len == CMSG_LEN (1) ? 1 : 4);
  g_assert_cmpint (tos, ==, wanted->dscp << 2);
}

static void
test_udpsend_each_datagram_bears_its_mark (gconstpointer family)
{
  static guint8 bytes[1000];
  ViaDatagram datagrams[12];
  ViaSendCounters counters = {0};
  struct sockaddr_storage to = {0};
  socklen_t to_len;
  ViaUdpSend *self;
  gint fds[2];

  for (guint i = 0; i < 12; i++) /* two runs of equal size, then single ones */
    datagrams[i] = (ViaDatagram){bytes, i < 8 ? 1000 : 100 + 50 * i,
        (guint8) (i < 4   ? 46
                  : i < 8 ? 34
                          : i % 2 * 10)};
  marked_open (GPOINTER_TO_INT (family), fds, &to, &to_len);
  self = via_udpsend_new (fds[0], (struct sockaddr *) &to, to_len, &counters);
  g_assert_cmpuint (via_udpsend_push (self, datagrams, 12), ==, 12);
  for (guint i = 0; i < 12; i++)
    assert_marked (fds[1], &datagrams[i]);
  g_assert_cmpuint (counters.gso_calls, ==, 2);
  g_assert_cmpuint (counters.gso_datagrams, ==, 8);
  via_udpsend_free (self);
  close (fds[0]);
  close (fds[1]);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/udpsend/queue/order", test_udpsend_full_socket_queues_and_keeps_order);
  g_test_add_func ("/udpsend/queue/bound", test_udpsend_queue_is_bounded);
  g_test_add_func (
      "/udpsend/gso/refused", test_udpsend_gso_refused_goes_on_without);
  g_test_add_func ("/udpsend/refused",
      test_udpsend_refused_one_is_dropped_and_the_rest_goes);
  g_test_add_data_func ("/udpsend/marks/v4", GINT_TO_POINTER (AF_INET),
      test_udpsend_each_datagram_bears_its_mark);
  g_test_add_data_func ("/udpsend/marks/v6", GINT_TO_POINTER (AF_INET6),
      test_udpsend_each_datagram_bears_its_mark);
  return g_test_run ();
}
