/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/liteseat.c – one peer's place at a port for many: its names, its paths,
 * what comes for it and what it sends.
 */
#include "io/liteport_priv.h"

#include <string.h>

#include "io/sockaddr.h"

#define MAX_POSTED 1024 /* datagrams on their way to a seat */

/* --- what goes to a seat --- */

typedef struct
{
  ViaLiteSeat *seat;
  ViaIcePath path;
  gboolean is_loss;
  gsize len;
  guint8 data[];
} Parcel;

void
via_liteseat_unref (ViaLiteSeat *self)
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

  via_liteseat_unref (parcel->seat);
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

void
via_liteseat_hand_on (
    ViaLiteSeat *seat, const ViaIcePath *path, const guint8 *data, gsize len)
{
  Parcel *parcel;

  if (data != NULL && g_atomic_int_get (&seat->n_posted) >= MAX_POSTED) {
    via_liteseat_unref (seat);
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
  via_liteseat_unref (self);
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
