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

#define DATAGRAM 2048   /* bytes; what is longer is cut and then refused */
#define READ_BATCH 16   /* datagrams of one call */
#define READ_ROUNDS 8   /* calls of one turn, then others have theirs */
#define MAX_POSTED 1024 /* datagrams on their way to a seat */
#define SOCKET_BUFFER (4 << 20)
#define BACKLOG 64

struct _ViaLiteSeat
{
  gatomicrefcount refs; /* what is posted holds one */
  /* immutable */
  ViaLitePort *port;
  ViaLoop *loop;
  ViaLiteSeatFuncs funcs;
  gpointer user;
  gint n_posted; /* atomic */
  /* its own loop */
  gboolean is_gone;
  ViaIcePath held[VIA_LITEPORT_PATHS];
  guint n_held, oldest;
};

/* --- what goes to a seat --- */

typedef struct
{
  ViaLiteSeat *seat;
  ViaIcePath path;
  gboolean is_loss;
  gsize len;
  guint8 data[];
} Parcel;

static void
seat_unref (ViaLiteSeat *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  via_liteport_unref (self->port);
  g_free (self);
}

static void
parcel_free (gpointer data)
{
  Parcel *parcel = data;

  seat_unref (parcel->seat);
  g_free (parcel);
}

static void
parcel_open (gpointer data)
{
  Parcel *parcel = data;
  ViaLiteSeat *seat = parcel->seat;

  g_atomic_int_add (&seat->n_posted, -1);
  if (seat->is_gone)
    return;
  if (parcel->is_loss)
    seat->funcs.lost (seat->user, parcel->path.flow);
  else
    seat->funcs.datagram (seat->user, &parcel->path, parcel->data, parcel->len);
}

/* @seat: (transfer full). @data NULL: the connection is lost. */
static void
hand_on (
    ViaLiteSeat *seat, const ViaIcePath *path, const guint8 *data, gsize len)
{
  Parcel *parcel;

  if (data != NULL && g_atomic_int_get (&seat->n_posted) >= MAX_POSTED) {
    seat_unref (seat);
    return;
  }
  parcel = g_malloc (sizeof *parcel + len);
  parcel->seat = seat;
  parcel->path = *path;
  parcel->is_loss = data == NULL;
  parcel->len = len;
  if (data != NULL)
    memcpy (parcel->data, data, len);
  g_atomic_int_inc (&seat->n_posted);
  via_loop_post (seat->loop, parcel_open, parcel, parcel_free);
}

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
    hand_on (seat, path, data, len);
    return;
  }
  if (!seat->is_gone)
    seat->funcs.datagram (seat->user, path, data, len);
  seat_unref (seat);
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
    hand_on (seat, path, NULL, 0);
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

/* UDP and TCP of one number at one address. */
static gboolean
open_pair (ViaLitePort *self, ViaAddress address, GError **error)
{
  ViaLiteSocket *socket = &self->sockets[self->n];
  g_autofree gchar *text = via_sockaddr_text (&address);

  socket->udp = open_socket (&address, SOCK_DGRAM);
  if (socket->udp >= 0 && address.port == 0)
    address.port = port_of (socket->udp);
  socket->tcp = socket->udp >= 0 ? open_socket (&address, SOCK_STREAM) : -1;
  if (socket->tcp < 0) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_IO, "cannot listen at %s (%s): %s",
        text, socket->udp < 0 ? "UDP" : "TCP", g_strerror (errno));
    if (socket->udp >= 0)
      close (socket->udp);
    return FALSE;
  }
  socket->port = self;
  socket->address = address;
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

/* --- seats --- */

ViaLiteSeat *
via_liteseat_new (ViaLitePort *port, ViaLoop *loop,
    const ViaLiteSeatFuncs *funcs, gpointer user)
{
  ViaLiteSeat *self = g_new0 (ViaLiteSeat, 1);

  g_atomic_ref_count_init (&self->refs);
  self->port = via_liteport_ref (port);
  self->loop = loop;
  self->funcs = *funcs;
  self->user = user;
  return self;
}

static gboolean
is_of (gpointer key, gpointer value, gpointer seat)
{
  return value == seat;
}

void
via_liteseat_free (ViaLiteSeat *self)
{
  if (self == NULL)
    return;
  via_loop_assert (self->loop);
  g_mutex_lock (&self->port->lock);
  g_hash_table_foreach_remove (self->port->names, is_of, self);
  for (guint i = 0; i < self->n_held; i++)
    if (g_hash_table_lookup (self->port->paths, &self->held[i]) == self)
      g_hash_table_remove (self->port->paths, &self->held[i]);
  g_mutex_unlock (&self->port->lock);
  self->is_gone = TRUE;
  seat_unref (self);
}

gboolean
via_liteseat_add_name (ViaLiteSeat *self, const gchar *ufrag)
{
  ViaLiteSeat *other;

  g_mutex_lock (&self->port->lock);
  other = g_hash_table_lookup (self->port->names, ufrag);
  if (other == NULL)
    g_hash_table_insert (self->port->names, g_strdup (ufrag), self);
  g_mutex_unlock (&self->port->lock);
  return other == NULL || other == self;
}

void
via_liteseat_remove_name (ViaLiteSeat *self, const gchar *ufrag)
{
  g_mutex_lock (&self->port->lock);
  if (g_hash_table_lookup (self->port->names, ufrag) == self)
    g_hash_table_remove (self->port->names, ufrag);
  g_mutex_unlock (&self->port->lock);
}

static gboolean
holds (const ViaLiteSeat *self, const ViaIcePath *path)
{
  for (guint i = 0; i < self->n_held; i++)
    if (via_ice_path_equal (&self->held[i], path))
      return TRUE;
  return FALSE;
}

void
via_liteseat_hold (ViaLiteSeat *self, const ViaIcePath *path)
{
  ViaLitePort *port = self->port;
  guint slot = self->n_held;

  g_mutex_lock (&port->lock);
  if (!holds (self, path)) {
    if (slot == VIA_LITEPORT_PATHS) {
      slot = self->oldest++ % VIA_LITEPORT_PATHS;
      if (g_hash_table_lookup (port->paths, &self->held[slot]) == self)
        g_hash_table_remove (port->paths, &self->held[slot]);
    } else {
      self->n_held++;
    }
    self->held[slot] = *path;
  }
  /* who proved it last has it: an address is used again by others */
  g_hash_table_replace (port->paths, g_memdup2 (path, sizeof *path), self);
  g_mutex_unlock (&port->lock);
}

gint
via_liteseat_fd (const ViaLiteSeat *self, const ViaIcePath *path)
{
  return path->flow < self->port->n ? self->port->sockets[path->flow].udp : -1;
}

/* --- sending over connections: on the home loop --- */

typedef struct
{
  ViaLitePort *port;
  guint64 flow;
  gsize len;
  guint8 data[];
} Letter;

static void
letter_send (gpointer data)
{
  Letter *letter = data;

  if (letter->port->streams != NULL)
    via_lite_streams_send (
        letter->port->streams, letter->flow, letter->data, letter->len);
}

static void
letter_free (gpointer data)
{
  Letter *letter = data;

  via_liteport_unref (letter->port);
  g_free (letter);
}

static gboolean
send_stream (ViaLitePort *port, guint64 flow, const ViaDatagram *datagram)
{
  Letter *letter;

  if (via_loop_is_current (port->home))
    return via_lite_streams_send (
        port->streams, flow, datagram->data, datagram->len);
  letter = g_malloc (sizeof *letter + datagram->len);
  letter->port = via_liteport_ref (port);
  letter->flow = flow;
  letter->len = datagram->len;
  memcpy (letter->data, datagram->data, datagram->len);
  via_loop_post (port->home, letter_send, letter, letter_free);
  return TRUE;
}

guint
via_liteseat_send (ViaLiteSeat *self, const ViaIcePath *path,
    const ViaDatagram *datagrams, guint n)
{
  gint fd = via_liteseat_fd (self, path);
  struct sockaddr_storage to;
  socklen_t to_len = via_sockaddr_write (&path->address, &to);
  guint taken = 0;

  for (guint i = 0; i < n; i++)
    if (fd < 0)
      taken += send_stream (self->port, path->flow, &datagrams[i]) ? 1 : 0;
    else if (sendto (fd, datagrams[i].data, datagrams[i].len,
                 MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *) &to, to_len)
             >= 0)
      taken++;
  return taken;
}
