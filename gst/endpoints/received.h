/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/received.h – what a peer sends: one track per m-line, published
 * into rooms. Knows neither session nor element. Loop thread. RFC 8843 §9.2
 */
#pragma once

#include "io/exchange.h"
#include "peer/peer.h"

G_BEGIN_DECLS

typedef struct _ViaReceived ViaReceived;

/* Where a track is published: others in the hub see it there, and somebody who
 * only takes (our source pads, a server's). */
typedef enum
{
  VIA_RECEIVED_HUB,
  VIA_RECEIVED_TAKER,
  VIA_RECEIVED_ROOMS
} ViaReceivedRoom;

typedef void (*ViaReceivedWantFunc) (gpointer user, guint media);

/* @want: asks the peer for a key frame of an m-line; called on @loop, where
 * this belongs. (transfer full) */
ViaReceived *via_received_new (
    ViaLoop *loop, ViaReceivedWantFunc want, gpointer user);
/* Every track ends; @want is not called any more. */
void via_received_free (ViaReceived *self);

/* Publishes also under @member, which must outlive @self or the next call;
 * NULL: no longer. */
void via_received_set_member (
    ViaReceived *self, ViaReceivedRoom room, ViaMember *member);
/* @plan holds from now on: tracks of m-lines that receive no more end. */
void via_received_follow (ViaReceived *self, const ViaPlan *plan);
/* One packet. The first of an m-line publishes its track, another codec
 * publishes it anew; for video that begins between two key frames one is
 * asked. Of several streams on one m-line (simulcast) one is taken. */
void via_received_media (ViaReceived *self, const ViaPeerMedia *media);
/* The peer is gone: every track ends. */
void via_received_end (ViaReceived *self);
/* The peer said goodbye to a stream, or it is silent for long. */
void via_received_gone (ViaReceived *self, guint media, guint32 ssrc);
/* Packets of streams that were not taken. */
guint64 via_received_unused (const ViaReceived *self);

G_END_DECLS
