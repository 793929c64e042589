/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/receive.h – the streams the far end sends, each tied to one m-line.
 * Knows no keys and no sockets: packets come authenticated.
 * RFC 8843 §9.2 · RFC 3550 §6.4
 */
#pragma once

#include "base/drop.h"
#include "rtp/stats.h"
#include "sdp/plan.h"

G_BEGIN_DECLS

#define VIA_RECEIVER_SSRCS 64
#define VIA_RECEIVER_IDLE (60 * VIA_S) /* then an SSRC is forgotten */
#define VIA_RECEIVER_LEFT (5 * VIA_S)  /* or this long after its BYE */

typedef struct
{
  guint media;
  gboolean is_rtx;
  gboolean has_left; /* BYE */
  ViaReceiveStats stats;
} ViaReceiveSource;

typedef struct
{
  const ViaPlan *plan; /* (nullable) the peer's */
  GArray *sources;     /* ViaReceiveSource */
} ViaReceiver;

void via_receiver_init (ViaReceiver *self);
void via_receiver_clear (ViaReceiver *self);
/* @plan must outlive @self or the next call. Streams of m-lines that no longer
 * receive are forgotten. */
void via_receiver_configure (ViaReceiver *self, const ViaPlan *plan);

/* Finds the stream of @rtp or begins one. (transfer none) until the next
 * call. */
ViaDrop via_receiver_rtp (ViaReceiver *self, const ViaRtpView *rtp, ViaTime now,
    const ViaReceiveSource **out);
void via_receiver_sr (
    ViaReceiver *self, guint32 ssrc, guint64 ntp, ViaTime now);
void via_receiver_bye (ViaReceiver *self, guint32 ssrc);
/* Forgets a stream that is long silent; FALSE: none is. */
gboolean via_receiver_forget (
    ViaReceiver *self, ViaTime now, guint32 *out_ssrc);
ViaTime via_receiver_deadline (const ViaReceiver *self);
/* Report blocks about the streams of @media, at most @max. */
guint via_receiver_reports (
    ViaReceiver *self, guint media, ViaTime now, ViaRtcpReport *out, guint max);

G_END_DECLS
