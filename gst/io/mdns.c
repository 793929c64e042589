/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/mdns.c – asks the local network for the address behind a ".local" name.
 * RFC 6762 §5.1, §11
 */
#include "io/mdns.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ice/mdns.h"
#include "io/sockaddr.h"

#define ASK_AGAIN (250 * VIA_MS)
#define ANSWER 2048 /* bytes */
#define ANSWERS 8

typedef struct
{
  ViaMdnsQuery *query;
  gint fd;
  ViaLoopWatch *watch;
} Socket;

struct _ViaMdnsQuery
{
  ViaLoop *loop;
  ViaMdnsFunc func;
  gpointer user;
  gchar *name;
  Socket sockets[2]; /* IPv4, IPv6; fd -1: none */
  ViaLoopTimer timer;
  ViaTime ends_at;
};

static gboolean
can_multicast (const struct ifaddrs *entry, gint family)
{
  const guint wanted = IFF_UP | IFF_MULTICAST;

  return entry->ifa_addr != NULL && entry->ifa_addr->sa_family == family
         && (entry->ifa_flags & wanted) == wanted
         && !(entry->ifa_flags & IFF_LOOPBACK);
}

static gboolean
send_v4 (gint fd, const struct ifaddrs *entry, const guint8 *data, gsize len)
{
  const struct sockaddr_in *from = (const void *) entry->ifa_addr;
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons (VIA_MDNS_PORT)};

  to.sin_addr.s_addr = htonl (0xe00000fb); /* 224.0.0.251 */
  return setsockopt (fd, IPPROTO_IP, IP_MULTICAST_IF, &from->sin_addr,
             sizeof from->sin_addr)
             == 0
         && sendto (fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
                (struct sockaddr *) &to, sizeof to)
                > 0;
}

static gboolean
send_v6 (gint fd, const struct ifaddrs *entry, const guint8 *data, gsize len)
{
  const guint index = if_nametoindex (entry->ifa_name);
  struct sockaddr_in6 to = {.sin6_family = AF_INET6,
      .sin6_port = htons (VIA_MDNS_PORT),
      .sin6_scope_id = index};

  inet_pton (AF_INET6, "ff02::fb", &to.sin6_addr);
  return sendto (fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
             (struct sockaddr *) &to, sizeof to)
         > 0;
}

/* On every network there is; how often that worked. */
static guint
ask (ViaMdnsQuery *self)
{
  guint8 question[VIA_MDNS_QUESTION];
  gsize len = via_mdns_write_question (self->name, question, sizeof question);
  struct ifaddrs *list;
  guint n = 0;

  if (len == 0 || getifaddrs (&list) != 0)
    return 0;
  for (struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
    if (self->sockets[0].fd >= 0 && can_multicast (entry, AF_INET))
      n += send_v4 (self->sockets[0].fd, entry, question, len) ? 1 : 0;
    if (self->sockets[1].fd >= 0 && can_multicast (entry, AF_INET6))
      n += send_v6 (self->sockets[1].fd, entry, question, len) ? 1 : 0;
  }
  freeifaddrs (list);
  return n;
}

static void
close_sockets (ViaMdnsQuery *self)
{
  via_loop_timer_set (self->loop, &self->timer, VIA_TIME_NEVER);
  for (guint i = 0; i < 2; i++) {
    if (self->sockets[i].fd < 0)
      continue;
    via_loop_unwatch (self->loop, self->sockets[i].watch);
    close (self->sockets[i].fd);
    self->sockets[i].fd = -1;
  }
}

static void
finish (ViaMdnsQuery *self, const ViaAddress *address)
{
  close_sockets (self);
  self->func (self->user, address); /* may free us */
}

static void
on_timer (gpointer data)
{
  ViaMdnsQuery *self = data;
  ViaTime now = via_loop_now (self->loop);

  if (now >= self->ends_at) {
    finish (self, NULL);
    return;
  }
  ask (self);
  via_loop_timer_set (
      self->loop, &self->timer, MIN (now + ASK_AGAIN, self->ends_at));
}

/* RFC 6762 §11: only from the local link, i.e. what is no answer of a
 * responder's own port is not listened to. */
static void
on_readable (gpointer data, guint32 events)
{
  Socket *socket = data;
  ViaMdnsQuery *self = socket->query;
  guint8 answer[ANSWER];
  struct sockaddr_storage name;
  ViaAddress from, found[ANSWERS];

  for (guint round = 0; round < ANSWERS; round++) {
    socklen_t name_len = sizeof name;
    gssize len = recvfrom (socket->fd, answer, sizeof answer, MSG_DONTWAIT,
        (struct sockaddr *) &name, &name_len);

    if (len < 0)
      return;
    if (!via_sockaddr_read (&from, (struct sockaddr *) &name)
        || from.port != VIA_MDNS_PORT
        || via_mdns_read_answer (
               self->name, answer, (gsize) len, found, ANSWERS)
               == 0)
      continue;
    finish (self, &found[0]);
    return;
  }
}

static gint
open_socket (gint family)
{
  const gint hops = 255; /* RFC 6762 §11 */
  gint fd = socket (family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;
  if (family == AF_INET)
    setsockopt (fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops);
  else
    setsockopt (fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
  return fd;
}

ViaMdnsQuery *
via_mdns_query_new (
    ViaLoop *loop, const gchar *name, ViaMdnsFunc func, gpointer user)
{
  static const gint families[] = {AF_INET, AF_INET6};
  ViaMdnsQuery *self;

  via_loop_assert (loop);
  if (!via_mdns_is_name (name))
    return NULL;
  self = g_new0 (ViaMdnsQuery, 1);
  self->loop = loop;
  self->func = func;
  self->user = user;
  self->name = g_strdup (name);
  self->timer.func = on_timer;
  self->timer.data = self;
  for (guint i = 0; i < 2; i++) {
    Socket *socket = &self->sockets[i];

    socket->query = self;
    socket->fd = open_socket (families[i]);
    if (socket->fd >= 0)
      socket->watch =
          via_loop_watch (loop, socket->fd, EPOLLIN, on_readable, socket);
  }
  if (ask (self) == 0) {
    via_mdns_query_free (self);
    return NULL;
  }
  self->ends_at = via_loop_now (loop) + VIA_MDNS_WAIT;
  via_loop_timer_set (loop, &self->timer, via_loop_now (loop) + ASK_AGAIN);
  return self;
}

void
via_mdns_query_free (ViaMdnsQuery *self)
{
  if (self == NULL)
    return;
  close_sockets (self);
  g_free (self->name);
  g_free (self);
}
