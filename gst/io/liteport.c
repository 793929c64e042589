/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/liteport.c – one port, UDP and TCP, for many peers.
 * One loop reads; what is for a seat of another loop is posted there.
 */
#include "io/liteport.h"
#include "io/liteport_priv.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/sockaddr.h"

#define DATAGRAM 2048 /* bytes; what is longer is cut and then refused */
#define READ_BATCH 16 /* datagrams of one call */
#define READ_ROUNDS 8 /* calls of one turn, then others have theirs */
#define SOCKET_BUFFER (4 << 20)
#define BACKLOG 64
#define ANY_PORT_TRIES 32 /* what is free for UDP may be taken for TCP */

/* --- routing; home loop --- */

/* (transfer full) (nullable) */
static ViaLiteSeat *
find_by_path (ViaLitePort *self, const ViaIcePath *path)
{
  ViaLiteSeat *seat;

  g_mutex_lock (&self->lock);
  seat = g_hash_table_lookup (self->paths, path);
  if (seat != NULL)
    g_atomic_ref_count_inc (&seat->refs);
  g_mutex_unlock (&self->lock);
  return seat;
}

/* (transfer full) (nullable) */
static ViaLiteSeat *
find_by_name (ViaLitePort *self, const guint8 *data, gsize len)
{
  gchar ufrag[VIA_LITE_UFRAG + 1];
  ViaStunMessage message;
  ViaLiteSeat *seat;

  if (!via_stun_read (&message, data, len)
      || !via_lite_address_of (&message, ufrag))
    return NULL;
  g_mutex_lock (&self->lock);
  seat = g_hash_table_lookup (self->names, ufrag);
  if (seat != NULL)
    g_atomic_ref_count_inc (&seat->refs);
  g_mutex_unlock (&self->lock);
  return seat;
}

void
via_liteport_route (
    ViaLitePort *self, const ViaIcePath *path, guint8 *data, gsize len)
{
  ViaLiteSeat *seat = NULL;

  if (len > 0 && data[0] < 4) /* STUN, RFC 7983 */
    seat = find_by_name (self, data, len);
  if (seat == NULL)
    seat = find_by_path (self, path);
  if (seat == NULL)
    return;
  if (!via_loop_is_current (seat->loop)) {
    via_liteseat_hand_on (seat, path, data, len);
    return;
  }
  if (!seat->is_gone)
    seat->funcs.datagram (seat->user, path, data, len);
  via_liteseat_unref (seat);
}

gboolean
via_liteport_is_held (ViaLitePort *self, const ViaIcePath *path)
{
  gboolean is_held;

  g_mutex_lock (&self->lock);
  is_held = g_hash_table_contains (self->paths, path);
  g_mutex_unlock (&self->lock);
  return is_held;
}

void
via_liteport_lose (ViaLitePort *self, const ViaIcePath *path)
{
  ViaLiteSeat *seat = find_by_path (self, path);

  if (seat != NULL)
    via_liteseat_hand_on (seat, path, NULL, 0);
}

static void
on_readable (gpointer data, guint32 events)
{
  const ViaLiteSocket *socket = data;
  ViaLitePort *self = socket->port;
  guint8 buffers[READ_BATCH][DATAGRAM];
  struct sockaddr_storage from[READ_BATCH];
  struct iovec iov[READ_BATCH];
  struct mmsghdr messages[READ_BATCH];

  for (guint round = 0; round < READ_ROUNDS; round++) {
    gint n;

    memset (messages, 0, sizeof messages);
    for (guint k = 0; k < READ_BATCH; k++) {
      iov[k] = (struct iovec){buffers[k], DATAGRAM};
      messages[k].msg_hdr.msg_name = &from[k];
      messages[k].msg_hdr.msg_namelen = sizeof from[k];
      messages[k].msg_hdr.msg_iov = &iov[k];
      messages[k].msg_hdr.msg_iovlen = 1;
    }
    n = recvmmsg (socket->udp, messages, READ_BATCH, MSG_DONTWAIT, NULL);
    for (gint k = 0; k < n; k++) {
      ViaIcePath path = {.flow = (guint64) (socket - self->sockets)};

      if (!(messages[k].msg_hdr.msg_flags & MSG_TRUNC)
          && via_sockaddr_read (&path.address, (void *) &from[k]))
        via_liteport_route (self, &path, buffers[k], messages[k].msg_len);
    }
    if (n < READ_BATCH)
      return;
  }
}

static void
on_connection (gpointer data, guint32 events)
{
  const ViaLiteSocket *socket = data;

  via_lite_streams_accept (socket->port->streams, socket->tcp);
}

/* --- sockets --- */

static gint
open_socket (const ViaAddress *address, gint type)
{
  const gint yes = 1, buffer = SOCKET_BUFFER;
  struct sockaddr_storage name;
  socklen_t len = via_sockaddr_write (address, &name);
  gint fd = socket (name.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    return -1;
  if (address->is_v6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (type == SOCK_STREAM) {
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  } else {
    setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  }
  if (bind (fd, (struct sockaddr *) &name, len) == 0
      && (type == SOCK_DGRAM || listen (fd, BACKLOG) == 0))
    return fd;
  close (fd);
  return -1;
}

static guint16
port_of (gint fd)
{
  struct sockaddr_storage name;
  socklen_t len = sizeof name;
  ViaAddress address;

  if (getsockname (fd, (struct sockaddr *) &name, &len) != 0
      || !via_sockaddr_read (&address, (struct sockaddr *) &name))
    return 0;
  return address.port;
}

/* UDP and TCP of one number. NULL, or which of them failed, and errno. */
static const gchar *
open_two (ViaLiteSocket *self, ViaAddress address)
{
  gint why;

  self->udp = open_socket (&address, SOCK_DGRAM);
  if (self->udp < 0)
    return "UDP";
  if (address.port == 0)
    address.port = port_of (self->udp);
  self->tcp = open_socket (&address, SOCK_STREAM);
  if (self->tcp < 0) {
    why = errno;
    close (self->udp);
    errno = why;
    return "TCP";
  }
  self->address = address;
  return NULL;
}

static gboolean
open_pair (ViaLitePort *self, ViaAddress address, GError **error)
{
  ViaLiteSocket *socket = &self->sockets[self->n];
  g_autofree gchar *text = via_sockaddr_text (&address);
  guint tries = address.port == 0 ? ANY_PORT_TRIES : 1;
  const gchar *failed;

  do
    failed = open_two (socket, address);
  while (failed != NULL && --tries > 0);
  if (failed != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO, "cannot listen at %s (%s): %s",
        text, failed, g_strerror (errno));
    return FALSE;
  }
  socket->port = self;
  self->n++;
  return TRUE;
}

/* Reachable from elsewhere: up, neither loopback nor link-local. */
static gboolean
is_usable (const struct ifaddrs *entry, ViaAddress *out)
{
  return entry->ifa_addr != NULL && (entry->ifa_flags & IFF_UP)
         && !(entry->ifa_flags & IFF_LOOPBACK)
         && via_sockaddr_read (out, entry->ifa_addr) && out->scope == 0
         && !(out->is_v6 && out->ip[0] == 0xfe && (out->ip[1] & 0xc0) == 0x80)
         && !(!out->is_v6 && out->ip[0] == 169 && out->ip[1] == 254);
}

static gboolean
open_all (ViaLitePort *self, guint16 port, GError **error)
{
  struct ifaddrs *list, *entry;
  gboolean is_ok = TRUE;
  ViaAddress address;

  if (getifaddrs (&list) != 0)
    list = NULL;
  for (entry = list; entry != NULL && is_ok; entry = entry->ifa_next) {
    if (self->n == VIA_LITEPORT_ADDRESSES || !is_usable (entry, &address))
      continue;
    address.port = self->n > 0 ? self->sockets[0].address.port : port;
    is_ok = open_pair (self, address, error);
  }
  if (list != NULL)
    freeifaddrs (list);
  if (is_ok && self->n == 0)
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_IO,
        "this machine has no address that can be reached from elsewhere");
  return is_ok && self->n > 0;
}

static gboolean
open_sockets (
    ViaLitePort *self, const gchar *address, guint16 port, GError **error)
{
  ViaAddress one;

  if (address == NULL || g_str_equal (address, "0.0.0.0")
      || g_str_equal (address, "::"))
    return open_all (self, port, error);
  if (!via_sockaddr_parse (&one, address, port)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "\"%s\" is no IP address to listen at", address);
    return FALSE;
  }
  return open_pair (self, one, error);
}

/* --- life --- */

static void
start (gpointer data)
{
  ViaLitePort *self = data;

  self->streams = via_lite_streams_new (self);
  for (guint i = 0; i < self->n; i++) {
    ViaLiteSocket *socket = &self->sockets[i];

    socket->udp_watch =
        via_loop_watch (self->home, socket->udp, EPOLLIN, on_readable, socket);
    socket->tcp_watch = via_loop_watch (
        self->home, socket->tcp, EPOLLIN, on_connection, socket);
  }
}

static void
stop (gpointer data)
{
  ViaLitePort *self = data;

  g_clear_pointer (&self->streams, via_lite_streams_free);
  for (guint i = 0; i < self->n; i++) {
    if (self->sockets[i].udp_watch != NULL)
      via_loop_unwatch (self->home, self->sockets[i].udp_watch);
    if (self->sockets[i].tcp_watch != NULL)
      via_loop_unwatch (self->home, self->sockets[i].tcp_watch);
    close (self->sockets[i].udp);
    close (self->sockets[i].tcp);
  }
  self->n = 0;
}

static void
destroy (gpointer data)
{
  ViaLitePort *self = data;

  g_hash_table_unref (self->names);
  g_hash_table_unref (self->paths);
  g_mutex_clear (&self->lock);
  via_loop_release (self->home);
  g_free (self);
}

ViaLitePort *
via_liteport_new (const gchar *address, guint16 port, GError **error)
{
  ViaLoop *home = via_loop_acquire ();
  ViaLitePort *self;

  if (home == NULL) {
    g_set_error_literal (error, VIA_ERROR, VIA_ERROR_IO,
        "no loop can be started: the process is out of file descriptors");
    return NULL;
  }
  self = g_new0 (ViaLitePort, 1);
  g_atomic_ref_count_init (&self->refs);
  self->home = home;
  g_mutex_init (&self->lock);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->paths = g_hash_table_new_full ((GHashFunc) via_ice_path_hash,
      (GEqualFunc) via_ice_path_equal, g_free, NULL);
  if (!open_sockets (self, address, port, error)) {
    stop (self);
    destroy (self);
    return NULL;
  }
  via_loop_call (self->home, start, self);
  return self;
}

ViaLitePort *
via_liteport_ref (ViaLitePort *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
via_liteport_unref (ViaLitePort *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;
  if (via_loop_current () != NULL) { /* never wait for another loop */
    via_loop_post (self->home, stop, self, destroy);
    return;
  }
  via_loop_call (self->home, stop, self);
  destroy (self);
}

void
via_liteport_close (ViaLitePort *self)
{
  via_loop_call (self->home, stop, self);
}

guint
via_liteport_n_addresses (const ViaLitePort *self)
{
  return self->n;
}

const ViaAddress *
via_liteport_address (const ViaLitePort *self, guint i)
{
  return i < self->n ? &self->sockets[i].address : NULL;
}
