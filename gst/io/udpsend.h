/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/udpsend.h – many datagrams to one address over one borrowed UDP socket.
 * Loop thread only. Knows no ICE; closes nothing.
 */
#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

typedef struct
{
  const guint8 *data;
  gsize len;
  guint8 dscp; /* code point; 0: the socket's. RFC 2474 §3 */
} ViaDatagram;

typedef struct
{
  guint64 gso_calls, gso_datagrams;     /* one sendmsg for a run of them */
  guint64 plain_calls, plain_datagrams; /* sendmmsg */
  guint64 relayed;                      /* not by this file: through TURN */
  guint64 queued;                       /* the socket was full, sent later */
  guint64 dropped;
} ViaSendCounters;

typedef struct _ViaUdpSend ViaUdpSend;

/* @counters: (transfer none), outlives it. */
ViaUdpSend *via_udpsend_new (gint fd, const struct sockaddr *to,
    socklen_t to_len, ViaSendCounters *counters);
void via_udpsend_free (ViaUdpSend *self);
gint via_udpsend_fd (const ViaUdpSend *self);
/* Sends or queues, in order. Returns how many were taken: the rest did not fit
 * the queue or the network refused them. */
guint via_udpsend_push (
    ViaUdpSend *self, const ViaDatagram *datagrams, guint n);
/* TRUE: something is queued; call _retry when the socket takes bytes again. */
gboolean via_udpsend_is_waiting (const ViaUdpSend *self);
void via_udpsend_retry (ViaUdpSend *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaUdpSend, via_udpsend_free)
