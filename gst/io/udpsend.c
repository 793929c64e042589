/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/udpsend.c – runs of equal size by UDP_SEGMENT, the others by sendmmsg.
 * A full socket fills a bounded queue; a refused datagram is counted and lost.
 */
#include "io/udpsend.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define BATCH 64                /* the kernel's UDP_MAX_SEGMENTS */
#define GSO_BYTES 65000         /* of payload; with headers below 64 KiB */
#define MAX_QUEUE 262144        /* bytes */
#define SOCKET_BUFFER (1 << 20) /* bytes wished for, each way */

typedef struct
{
  gsize len;
  guint8 dscp;
  guint8 data[];
} Queued;

struct _ViaUdpSend
{
  gint fd;
  struct sockaddr_storage to;
  socklen_t to_len;
  ViaSendCounters *counters;
  gboolean has_gso; /* FALSE for good once the path refused it */
  GQueue queue;     /* (owned) Queued */
  gsize queue_len;  /* bytes */
};

typedef enum
{
  SENT,
  BLOCKED, /* the socket is full */
  REFUSED, /* the first one cannot be sent */
  NO_GSO,
} Outcome;

ViaUdpSend *
via_udpsend_new (gint fd, const struct sockaddr *to, socklen_t to_len,
    ViaSendCounters *counters)
{
  ViaUdpSend *self;
  const gint wished = SOCKET_BUFFER;

  g_return_val_if_fail (to_len <= sizeof self->to, NULL);

  /* A key frame comes as one burst. The kernel may give less; that is fine. */
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &wished, sizeof wished);
  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &wished, sizeof wished);

  self = g_new0 (ViaUdpSend, 1);
  self->fd = fd;
  memcpy (&self->to, to, to_len);
  self->to_len = to_len;
  self->counters = counters;
  self->has_gso = TRUE;
  g_queue_init (&self->queue);
  return self;
}

void
via_udpsend_free (ViaUdpSend *self)
{
  self->counters->dropped += self->queue.length;
  g_queue_clear_full (&self->queue, g_free);
  g_free (self);
}

gint
via_udpsend_fd (const ViaUdpSend *self)
{
  return self->fd;
}

gboolean
via_udpsend_is_waiting (const ViaUdpSend *self)
{
  return self->queue.length > 0;
}

/* How many of the first go out in one GSO call: equal sizes and code points,
 * the last may be shorter. 0 or 1: not worth one. */
static guint
gso_run (const ViaUdpSend *self, const ViaDatagram *datagrams, guint n)
{
  gsize size = datagrams[0].len, total = size;
  guint run = 1;

  if (!self->has_gso || size == 0 || size > GSO_BYTES)
    return 0;
  for (; run < MIN (n, BATCH); run++) {
    gsize len = datagrams[run].len;

    if (len == 0 || len > size || total + len > GSO_BYTES
        || datagrams[run].dscp != datagrams[0].dscp)
      break;
    total += len;
    if (len < size)
      return run + 1;
  }
  return run;
}

static guint
plain_run (const ViaUdpSend *self, const ViaDatagram *datagrams, guint n)
{
  guint run = 1;

  while (run < MIN (n, BATCH) && gso_run (self, datagrams + run, n - run) < 2)
    run++;
  return run;
}

static Outcome
outcome_of_errno (void)
{
  return errno == EAGAIN || errno == EWOULDBLOCK ? BLOCKED : REFUSED;
}

/* Room for the size of segments and the code point. */
typedef union
{
  struct cmsghdr align;
  gchar bytes[CMSG_SPACE (sizeof (guint16)) + CMSG_SPACE (sizeof (gint))];
} Control;

/* Appends what goes with the message; it begins with msg_controllen 0 and
 * msg_control set. */
static void
control_put (struct msghdr *message, gint level, gint type, gconstpointer value,
    gsize len)
{
  struct cmsghdr *cmsg = (struct cmsghdr *) ((gchar *) message->msg_control
                                             + message->msg_controllen);

  cmsg->cmsg_level = level;
  cmsg->cmsg_type = type;
  cmsg->cmsg_len = CMSG_LEN (len);
  memcpy (CMSG_DATA (cmsg), value, len);
  message->msg_controllen += CMSG_SPACE (len);
}

/* IPv4 in IPv6 is marked as what it is on the wire. */
static void
control_mark (const ViaUdpSend *self, struct msghdr *message, guint8 dscp)
{
  const struct sockaddr_in6 *to = (const struct sockaddr_in6 *) &self->to;
  const gint tos = dscp << 2; /* RFC 2474 §3; ECN is left at 0 */

  if (dscp == 0)
    return;
  if (self->to.ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED (&to->sin6_addr))
    control_put (message, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
  else
    control_put (message, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
}

static Outcome
send_gso (ViaUdpSend *self, const ViaDatagram *datagrams, guint n)
{
  struct iovec iov[BATCH];
  Control control = {0};
  struct msghdr message = {
      .msg_name = &self->to,
      .msg_namelen = self->to_len,
      .msg_iov = iov,
      .msg_iovlen = n,
      .msg_control = control.bytes,
  };
  guint16 size = (guint16) datagrams[0].len;
  gssize sent;

  for (guint i = 0; i < n; i++) {
    iov[i].iov_base = (gpointer) datagrams[i].data;
    iov[i].iov_len = datagrams[i].len;
  }
  control_put (&message, SOL_UDP, UDP_SEGMENT, &size, sizeof size);
  control_mark (self, &message, datagrams[0].dscp);

  do
    sent = sendmsg (self->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0)
    return errno == EIO || errno == EINVAL || errno == EMSGSIZE
               ? NO_GSO
               : outcome_of_errno ();
  self->counters->gso_calls++;
  self->counters->gso_datagrams += n;
  return SENT;
}

/* @n: how many to send; then how many were. */
static Outcome
send_plain (ViaUdpSend *self, const ViaDatagram *datagrams, guint *n)
{
  struct mmsghdr messages[BATCH];
  struct iovec iov[BATCH];
  Control controls[BATCH];
  gint sent;

  memset (messages, 0, *n * sizeof *messages);
  for (guint i = 0; i < *n; i++) {
    iov[i].iov_base = (gpointer) datagrams[i].data;
    iov[i].iov_len = datagrams[i].len;
    messages[i].msg_hdr.msg_name = &self->to;
    messages[i].msg_hdr.msg_namelen = self->to_len;
    messages[i].msg_hdr.msg_iov = &iov[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = controls[i].bytes;
    control_mark (self, &messages[i].msg_hdr, datagrams[i].dscp);
  }
  do
    sent = sendmmsg (self->fd, messages, *n, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent <= 0)
    return outcome_of_errno ();
  *n = (guint) sent;
  self->counters->plain_calls++;
  self->counters->plain_datagrams += *n;
  return SENT;
}

/* Returns how many are done with (sent, or lost and counted in
 * @out_refused); fewer than @n: the socket is full. */
static guint
send_now (
    ViaUdpSend *self, const ViaDatagram *datagrams, guint n, guint *out_refused)
{
  guint done = 0;

  *out_refused = 0;
  while (done < n) {
    guint run = gso_run (self, datagrams + done, n - done);
    Outcome outcome;

    if (run >= 2) {
      outcome = send_gso (self, datagrams + done, run);
    } else {
      run = plain_run (self, datagrams + done, n - done);
      outcome = send_plain (self, datagrams + done, &run);
    }
    switch (outcome) {
      case SENT:
        done += run;
        break;
      case BLOCKED:
        return done;
      case REFUSED:
        self->counters->dropped++;
        (*out_refused)++;
        done++;
        break;
      case NO_GSO:
        self->has_gso = FALSE;
        break;
    }
  }
  return done;
}

static gboolean
enqueue (ViaUdpSend *self, const ViaDatagram *datagram)
{
  Queued *queued;

  if (datagram->len > MAX_QUEUE - self->queue_len) {
    self->counters->dropped++;
    return FALSE;
  }
  queued = g_malloc (sizeof *queued + datagram->len);
  queued->len = datagram->len;
  queued->dscp = datagram->dscp;
  memcpy (queued->data, datagram->data, datagram->len);
  g_queue_push_tail (&self->queue, queued);
  self->queue_len += datagram->len;
  self->counters->queued++;
  return TRUE;
}

guint
via_udpsend_push (ViaUdpSend *self, const ViaDatagram *datagrams, guint n)
{
  guint done = 0, refused = 0, taken;

  if (self->queue.length == 0)
    done = send_now (self, datagrams, n, &refused);
  taken = done - refused;
  for (; done < n; done++)
    taken += enqueue (self, &datagrams[done]) ? 1 : 0;
  return taken;
}

void
via_udpsend_retry (ViaUdpSend *self)
{
  while (self->queue.length > 0) {
    ViaDatagram datagrams[BATCH];
    guint n = 0, done, refused;

    for (GList *l = self->queue.head; l && n < BATCH; l = l->next) {
      const Queued *queued = l->data;

      datagrams[n++] = (ViaDatagram){queued->data, queued->len, queued->dscp};
    }
    done = send_now (self, datagrams, n, &refused);
    for (guint i = 0; i < done; i++) {
      Queued *queued = g_queue_pop_head (&self->queue);

      self->queue_len -= queued->len;
      g_free (queued);
    }
    if (done < n)
      return;
  }
}
