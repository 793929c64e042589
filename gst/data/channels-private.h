/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/channels-private.h – what the files of data/channels share.
 */
#pragma once

#include "data/channels.h"

G_BEGIN_DECLS

/* Payload protocol identifiers, RFC 8831 §8. */
#define VIA_PPID_DCEP 50
#define VIA_PPID_STRING 51
#define VIA_PPID_BINARY 53
#define VIA_PPID_STRING_EMPTY 56
#define VIA_PPID_BINARY_EMPTY 57

typedef struct
{
  guint32 ppid;
  GBytes *bytes;
} ViaChannelMessage;

typedef struct
{
  ViaChannelInfo info; /* CLOSED: the slot is about to go */
  guint64 low_threshold;
  GQueue waiting; /* ViaChannelMessage*, oldest first */
  gboolean owes_open, owes_ack;
  gboolean is_acked;  /* they know of it: unordered is allowed */
  gboolean was_reset; /* our side: asked for */
  gboolean is_reset;  /* our side: done */
  gboolean is_peer_reset;
  GByteArray *partial; /* (nullable) pieces of a message */
  gboolean skips;      /* the rest of one that is too long */
} ViaChannel;

struct _ViaChannels
{
  GPtrArray *all; /* ViaChannel*, NULL: free; index = id */
  guint n;
  gboolean is_up, is_dtls_client;
  guint n_streams;
  guint64 max_message; /* theirs */
  GArray *refused;     /* guint16: streams to be reset, no channel's */
  gboolean resets;     /* one request at a time: RFC 6525 §5.1.1 */
  /* what _next gave last */
  ViaChannel *offered; /* (nullable) a message of it */
  guint16 offered_resets[VIA_CHANNELS_RESETS];
  guint n_offered_resets;
  guint8 scratch[VIA_DCEP_MAX];
  guint turn;    /* whose it is */
  GQueue events; /* ViaChannelsEvent* */
  guint64 n_opened, n_closed, n_dropped;
};

static inline ViaChannel *
via_channels_at (const ViaChannels *self, guint id)
{
  return id < self->all->len ? g_ptr_array_index (self->all, id) : NULL;
}

/* The channel on @stream, NULL for none. */
ViaChannel *via_channels_on (const ViaChannels *self, guint stream);
/* A free slot, the lowest; NULL: there are too many. */
ViaChannel *via_channels_add (
    ViaChannels *self, const gchar *label, const gchar *protocol);
void via_channels_tell (
    ViaChannels *self, ViaChannelsEventType type, const ViaChannel *channel);
void via_channels_told_open (ViaChannels *self, ViaChannel *channel);
/* @channel is over: told and freed. */
void via_channels_remove (
    ViaChannels *self, ViaChannel *channel, const gchar *why);
/* Both sides reset: removed. */
void via_channels_settle (ViaChannels *self, ViaChannel *channel);
/* @stream is a channel's now: what was refused on it before is over. */
void via_channels_forgive (ViaChannels *self, guint stream);

G_END_DECLS
