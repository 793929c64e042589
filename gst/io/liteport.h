/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/liteport.h – one port, UDP and TCP, for many peers. A check is for the
 * seat its user name tells; everything else for the seat that holds the path
 * it comes from.
 * Any thread, but a seat's functions run on the seat's own loop. Proves
 * nothing: that is the seat's.
 * RFC 8445 §2.5 · RFC 6544 · RFC 4571
 */
#pragma once

#include "base/error.h"
#include "ice/lite.h"
#include "io/loop.h"
#include "io/udpsend.h"

G_BEGIN_DECLS

#define VIA_LITEPORT_ADDRESSES 16
#define VIA_LITEPORT_PATHS 8 /* of one seat; then the oldest goes */
#define VIA_LITEPORT_CONNECTIONS 1024
#define VIA_LITEPORT_PROVE_S                                                   \
  10 /* a TCP connection without a seat is closed                              \
      */

typedef struct _ViaLitePort ViaLitePort;
typedef struct _ViaLiteSeat ViaLiteSeat;

/* Listens at @port (0: a free one) of @address: an IP literal, or NULL,
 * "0.0.0.0" or "::" for every address of the machine that can be reached from
 * elsewhere. Errors: SETTING (no literal, no such address), IO (names address
 * and port). (transfer full) */
ViaLitePort *via_liteport_new (
    const gchar *address, guint16 port, GError **error);
ViaLitePort *via_liteport_ref (ViaLitePort *self);
/* The last one closes the sockets; its seats are gone by then. */
void via_liteport_unref (ViaLitePort *self);
/* Closes them now: nobody has a seat any more. Idempotent; not on a loop. */
void via_liteport_close (ViaLitePort *self);
guint via_liteport_n_addresses (const ViaLitePort *self);
const ViaAddress *via_liteport_address (const ViaLitePort *self, guint i);

typedef struct
{
  void (*datagram) (
      gpointer user, const ViaIcePath *path, guint8 *data, gsize len);
  /* The TCP connection @flow, which it held, is gone. */
  void (*lost) (gpointer user, guint64 flow);
} ViaLiteSeatFuncs;

/* All on @loop's thread. @port is kept. (transfer full) */
ViaLiteSeat *via_liteseat_new (ViaLitePort *port, ViaLoop *loop,
    const ViaLiteSeatFuncs *funcs, gpointer user);
/* No function runs after this. */
void via_liteseat_free (ViaLiteSeat *self);
/* Checks for @ufrag are this seat's too. FALSE: it is somebody else's. */
gboolean via_liteseat_add_name (ViaLiteSeat *self, const gchar *ufrag);
void via_liteseat_remove_name (ViaLiteSeat *self, const gchar *ufrag);
/* The peer has proved that @path is its own. */
void via_liteseat_hold (ViaLiteSeat *self, const ViaIcePath *path);
/* The socket to send on; -1: @path is a TCP connection. (transfer none) */
gint via_liteseat_fd (const ViaLiteSeat *self, const ViaIcePath *path);
/* Returns how many were taken. */
guint via_liteseat_send (ViaLiteSeat *self, const ViaIcePath *path,
    const ViaDatagram *datagrams, guint n);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaLitePort, via_liteport_unref)
