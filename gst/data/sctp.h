/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/sctp.h – SCTP associations over datagrams handed in and out: the one
 * place that knows usrsctp. All associations of the process belong to one
 * thread, the home, since one set of timers runs them all; every function here
 * is for that thread. RFC 9260 · RFC 8261 (over DTLS) · RFC 3758 · RFC 6525
 */
#pragma once

#include "base/error.h"

G_BEGIN_DECLS

#define VIA_SCTP_MTU 1120      /* bytes of a packet: with DTLS at most 1200 */
#define VIA_SCTP_DATAGRAM 2048 /* longer ones are dropped */

typedef struct _ViaSctp ViaSctp;

typedef enum
{
  VIA_SCTP_RELIABLE,
  VIA_SCTP_RETRANSMITS,
  VIA_SCTP_LIFETIME, /* ms */
} ViaSctpReliability;

typedef struct
{
  guint16 stream;
  guint32 ppid;
  gboolean is_unordered;
  ViaSctpReliability reliability;
  guint32 limit;
  const guint8 *data;
  gsize len; /* 1 or more */
} ViaSctpMessage;

typedef enum
{
  VIA_SCTP_UP,         /* @n_streams each way */
  VIA_SCTP_DOWN,       /* for good */
  VIA_SCTP_DATA,       /* @stream, @ppid, @data; @is_end of the message */
  VIA_SCTP_CUT,        /* the message that began on @stream has no end */
  VIA_SCTP_PEER_RESET, /* they reset their side of @stream */
  VIA_SCTP_RESET_DONE, /* our side of @stream is reset, or never will be */
} ViaSctpEventType;

typedef struct
{
  ViaSctpEventType type;
  guint n_streams;
  guint16 stream;
  gboolean is_all; /* PEER_RESET: of every stream */
  guint32 ppid;
  gboolean is_end;
  GBytes *data; /* DATA; free with via_sctp_event_clear */
} ViaSctpEvent;

/* Associates as soon as it is fed or polled; ports of RFC 8841. Both sides
 * call.
 * @n_streams: we ask for, and take. NULL: IO. (transfer full) */
ViaSctp *via_sctp_new (
    guint local_port, guint remote_port, guint n_streams, GError **error);
/* Without a word; see via_sctp_abort. */
void via_sctp_free (ViaSctp *self);
/* Ends it: an ABORT for _next, and no event any more. */
void via_sctp_abort (ViaSctp *self);

/* One packet from the far end. */
void via_sctp_feed (ViaSctp *self, const guint8 *data, gsize len);
/* The next packet to send; NULL: none. (transfer full) (nullable) */
GBytes *via_sctp_next (ViaSctp *self);
/* Held, it gives no event, and once 1 MiB waits the far end has to wait, too:
 * its window is closed (RFC 9260 §6.2). */
void via_sctp_hold (ViaSctp *self, gboolean is_held);
/* FALSE: no event is left. */
gboolean via_sctp_poll (ViaSctp *self, ViaSctpEvent *out);
void via_sctp_event_clear (ViaSctpEvent *self);

/* FALSE: there is no room now; after feed or elapse there may be. */
gboolean via_sctp_send (ViaSctp *self, const ViaSctpMessage *message);
/* Resets our side of @streams once what was sent there is through. FALSE: not
 * now, another such request is under way. */
gboolean via_sctp_reset (ViaSctp *self, const guint16 *streams, guint n);

/* The time that went by for all associations of the process, since the last
 * call; any of them may have something to send or to tell then. */
void via_sctp_elapse (guint elapsed_ms);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaSctp, via_sctp_free)
