/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/door.h – accepts connections for a SoupServer and bounds what each may
 * cost. SoupServer itself is not made for untrusted clients: caps and deadlines
 * stand here. One request per connection, which may become a WebSocket; where
 * all places are taken, who has been longest without a whole request makes
 * room. Knows no address of ours. RFC 9112 §6.3, §11.2 (request smuggling)
 */
#pragma once

#include <gio/gio.h>
#include <libsoup/soup.h>
#include "base/error.h"
#include "http/gate.h"
#include "http/reply.h"

G_BEGIN_DECLS

#define VIA_DOOR_CONNECTIONS_MAX 448
#define VIA_DOOR_PER_ADDRESS_MAX 32 /* loopback is not counted */
#define VIA_DOOR_REQUEST_MS 4000 /* accepted → request read, TLS included */
#define VIA_DOOR_REPLY_MS 20000  /* body read → answer written */
#define VIA_DOOR_LINGER_MS 1000  /* after a refusal, to let it be read */

typedef struct _ViaDoor ViaDoor;

/* Once the headers are in: TRUE to refuse the request unread with @reply.
 * @length: announced bytes of the body, -1 if not announced. */
typedef gboolean (*ViaDoorCheck) (
    gpointer user, SoupServerMessage *message, gint64 length, ViaReply *reply);

/* Binds @address (an IP literal) and @port (0: any). Errors: SETTING – no IP
 * address; IO – names address:port. Any thread. */
ViaDoor *via_door_new (const gchar *address, guint port, GError **error);
/* TRUE if it listens for this machine only. */
gboolean via_door_is_loopback (const ViaDoor *self);
guint via_door_port (const ViaDoor *self);
/* Accepts for @soup on the calling thread's default context. @certificate:
 * (nullable) for TLS. @gate: kept; says what every answer carries. */
void via_door_start (ViaDoor *self, SoupServer *soup,
    GTlsCertificate *certificate, const ViaGate *gate, ViaDoorCheck check,
    gpointer user);
/* Closes the listener and every connection. Same thread. */
void via_door_stop (ViaDoor *self);
guint via_door_count (const ViaDoor *self);
/* Any thread, after _stop. */
void via_door_free (ViaDoor *self);

/* The body of @message: bytes and then a NUL (data is NULL if it is empty); at
 * most VIA_HTTP_BODY_MAX.
 * (transfer none) */
const GByteArray *via_door_body (SoupServerMessage *message);
/* Of the other end of the connection. (transfer none) */
GInetAddress *via_door_address (SoupServerMessage *message);

/* A connection that became a WebSocket and stays. */
typedef struct _ViaDoorGuest ViaDoorGuest;

/* The connection of @message has no deadline from now on; it still counts
 * against the caps. NULL only if it has ended already. (transfer full) */
ViaDoorGuest *via_door_stay (SoupServerMessage *message);
/* It may send so many bytes more from now on; then its stream fails. Returns
 * what it had left. NULL is ignored, also below. */
gsize via_door_guest_allow (ViaDoorGuest *self, gsize bytes);
/* The system takes more bytes for it. */
gboolean via_door_guest_is_writable (const ViaDoorGuest *self);
/* Ends the connection; nothing that waits goes out any more. */
void via_door_guest_cut (ViaDoorGuest *self);
void via_door_guest_free (ViaDoorGuest *self);

G_END_DECLS
