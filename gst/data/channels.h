/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/channels.h – the data channels of one peer: which stream is which, what
 * waits to be sent on them, how they open and close. Sans-IO over an SCTP
 * association that others drive (data/sctp.h). Owned by one thread.
 * RFC 8831 §6 · RFC 8832 §6
 */
#pragma once

#include "base/error.h"
#include "data/dcep.h"

G_BEGIN_DECLS

#define VIA_CHANNELS_MAX 512           /* at a time, both sides' together */
#define VIA_CHANNELS_STREAMS 1024      /* we ask for, and take */
#define VIA_CHANNELS_MESSAGE 262144    /* bytes of a message either way */
#define VIA_CHANNELS_RESETS 64         /* streams of one request */
#define VIA_CHANNELS_BUFFER (16 << 20) /* bytes that wait on one channel */

typedef struct _ViaChannels ViaChannels;

typedef enum
{
  VIA_CHANNEL_CONNECTING,
  VIA_CHANNEL_OPEN,
  VIA_CHANNEL_CLOSING,
  VIA_CHANNEL_CLOSED,
} ViaChannelState;

/* What a channel is to be. */
typedef struct
{
  const gchar *label, *protocol; /* (nullable): "" */
  gboolean is_unordered;
  ViaDcepReliability reliability;
  guint32 limit;          /* of @reliability */
  gboolean is_negotiated; /* by other means: @stream is its, no OPEN is sent */
  guint stream;
  guint64 low_threshold; /* bytes; see VIA_CHANNELS_LOW */
} ViaChannelWish;

/* One channel; strings are counted (g_ref_string). */
typedef struct
{
  guint id;    /* the lowest that was free; ours alone, not on the wire */
  gint stream; /* SCTP's; -1: not known before the association is up */
  gchar *label, *protocol;
  gboolean is_unordered, is_negotiated, is_ours;
  ViaDcepReliability reliability;
  guint32 limit;
  ViaChannelState state;
  gboolean was_open;
  guint64 buffered; /* bytes SCTP has not taken yet */
  guint64 messages_sent, bytes_sent, messages_received, bytes_received;
} ViaChannelInfo;

typedef enum
{
  VIA_CHANNELS_OPENED,
  VIA_CHANNELS_MESSAGE_CAME,
  VIA_CHANNELS_LOW, /* what waits fell to the channel's threshold */
  VIA_CHANNELS_CLOSED,
} ViaChannelsEventType;

typedef struct
{
  ViaChannelsEventType type;
  ViaChannelInfo info; /* as it was then */
  gboolean is_text;    /* MESSAGE_CAME: valid UTF-8 */
  GBytes *message;     /* MESSAGE_CAME; may be empty */
  const gchar *why;    /* (nullable) CLOSED: not in order; static */
} ViaChannelsEvent;

/* What the association is to do. */
typedef struct
{
  gboolean is_reset; /* reset our side of @streams, else send: */
  guint16 streams[VIA_CHANNELS_RESETS];
  guint n_streams;
  guint16 stream;
  guint32 ppid;
  gboolean is_unordered;
  ViaDcepReliability reliability;
  guint32 limit;
  const guint8 *data; /* until via_channels_done () */
  gsize len;
} ViaChannelsOut;

/* (transfer full) */
ViaChannels *via_channels_new (void);
void via_channels_free (ViaChannels *self);

/* The association stands: @n_streams each way. The DTLS client has the even
 * streams. @max_message: what they take, bytes; 0: any size. */
void via_channels_up (ViaChannels *self, gboolean is_dtls_client,
    guint n_streams, guint64 max_message);
/* It is gone: so are all channels. */
void via_channels_down (ViaChannels *self, const gchar *why);

/* Returns the id, -1 with error: SETTING (a text too long or no UTF-8, a
 * stream out of range), LIMIT, STATE (the stream is in use). */
gint via_channels_create (
    ViaChannels *self, const ViaChannelWish *wish, GError **error);
/* Errors: NOT_FOUND, STATE (closing), LIMIT (too long for us or them, or too
 * much waits), SYNTAX (a text that is no UTF-8). Before the channel is open it
 * waits. */
gboolean via_channels_send (ViaChannels *self, guint id, gboolean is_text,
    GBytes *message, GError **error);
/* Once what waits was sent. FALSE: there is no such channel. */
gboolean via_channels_close (ViaChannels *self, guint id);

/* A piece of a message, in order on its stream; @is_end: the last one. */
void via_channels_receive (ViaChannels *self, guint stream, guint32 ppid,
    const guint8 *data, gsize len, gboolean is_end);
/* The message whose pieces came on @stream has no end. */
void via_channels_cut (ViaChannels *self, guint stream);
/* They reset their side of @stream, of all streams; ours is reset. */
void via_channels_peer_reset (ViaChannels *self, guint stream);
void via_channels_peer_reset_all (ViaChannels *self);
void via_channels_reset_done (ViaChannels *self, guint stream);

/* What is to be done next, channels in turn; FALSE: nothing. Call _done once
 * it was taken; else the next call gives it, or another's, again. */
gboolean via_channels_next (ViaChannels *self, ViaChannelsOut *out);
void via_channels_done (ViaChannels *self);

/* FALSE: no event is left. Free with via_channels_event_clear. */
gboolean via_channels_poll (ViaChannels *self, ViaChannelsEvent *out);
void via_channels_event_clear (ViaChannelsEvent *self);

/* Channels there are, closing ones too; NULL: no channel has that id. */
guint via_channels_size (const ViaChannels *self);
const ViaChannelInfo *via_channels_info (const ViaChannels *self, guint id);
/* The first that is not closing and is called @label; -1: none. */
gint via_channels_find (const ViaChannels *self, const gchar *label);
/* Bytes that wait on all of them. */
guint64 via_channels_buffered (const ViaChannels *self);
/* Opened and closed so far; messages dropped: no such channel, no UTF-8, too
 * long, no type we know. */
void via_channels_counts (const ViaChannels *self, guint64 *out_opened,
    guint64 *out_closed, guint64 *out_dropped);
void via_channels_info_copy (ViaChannelInfo *out, const ViaChannelInfo *from);
void via_channels_info_clear (ViaChannelInfo *self);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaChannels, via_channels_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ViaChannelsEvent, via_channels_event_clear)
