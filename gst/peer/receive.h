/* SPDX-License-Identifier: LGPL-2.1-or-later
 * peer/receive.h – the streams the far end sends, each tied to one m-line.
 * Knows no keys and no sockets: packets come authenticated.
 * RFC 8843 §9.2 · RFC 3550 §6.4 · RFC 4588
 */
#pragma once

#include "peer/peer.h"
#include "rtp/flow.h"
#include "rtp/keyask.h"
#include "rtp/nack.h"
#include "rtp/stats.h"
#include "rtp/timeline.h"
#include "rtp/twcc.h"

G_BEGIN_DECLS

#define VIA_RECEIVER_SSRCS 64
#define VIA_RECEIVER_CNAMES 8          /* further ones go by arrival alone */
#define VIA_RECEIVER_IDLE (60 * VIA_S) /* then an SSRC is forgotten */
#define VIA_RECEIVER_LEFT (5 * VIA_S)  /* or this long after its BYE */
/* What its BYE overtook, and what is sent again, still comes. */
#define VIA_RECEIVER_LATE (200 * VIA_MS)

typedef struct
{
  guint media;
  gboolean is_rtx;
  gboolean has_left;     /* BYE */
  ViaTime ends_at;       /* after it, once late packets came; else NEVER */
  guint8 pt;             /* of its last packet */
  gchar rid[17];         /* "" if it named none */
  gboolean has_original; /* RTX: @original is known */
  guint32 original;      /* SSRC */
  ViaNack *nack;         /* NULL: neither NACK nor RTX was agreed, or is RTX */
  ViaReceiveStats stats;
  ViaTimeline timeline;
  ViaTimelineClock *clock; /* (nullable) of its CNAME; the receiver's */
} ViaReceiveSource;

typedef struct
{
  guint64 nacks, nacked_packets; /* messages sent, packets in them */
  guint64 recovered_packets;     /* missing ones that came after all */
  guint64 duplicates;            /* dropped */
  guint64 plis, firs;            /* sent */
  guint64 key_frames;            /* seen */
  guint64 frames;                /* of video, whose last packet came */
} ViaReceiveCounts;

/* Streams of one CNAME share a clock; all whose CNAME is not known share
 * another, as one peer has one CNAME (RFC 8834 §4.9). */
typedef struct
{
  gchar *cname; /* "": not known; NULL: free */
  ViaTimelineClock clock;
} ViaReceiveClock;

/* A stream that ended, not yet told. */
typedef struct
{
  guint media;
  guint32 ssrc;
} ViaReceiveGone;

/* One m-line. */
typedef struct
{
  ViaFlow flow;
  ViaKeyask keyask;
  guint8 fir_seq;
  ViaReceiveCounts counts;
} ViaReceiveMedia;

typedef struct
{
  const ViaPlan *plan; /* (nullable) the peer's */
  GPtrArray *sources;  /* ViaReceiveSource */
  GArray *media;       /* ViaReceiveMedia, one per m-line */
  GArray *gone;        /* ViaReceiveGone, oldest first */
  ViaReceiveClock clocks[VIA_RECEIVER_CNAMES];
  ViaTwcc *twcc;          /* (nullable) of all m-lines */
  guint twcc_media;       /* m-line of the last packet in it */
  guint64 twcc_feedbacks; /* sent */
} ViaReceiver;

void via_receiver_init (ViaReceiver *self);
void via_receiver_clear (ViaReceiver *self);
/* @plan must outlive @self or the next call. Streams of m-lines that no longer
 * receive are forgotten. */
void via_receiver_configure (ViaReceiver *self, const ViaPlan *plan);

/* Finds the stream of @rtp or begins one; its bytes may change in place. @out:
 * what it brings; out->rtp.data is NULL if that is nothing. */
ViaDrop via_receiver_rtp (
    ViaReceiver *self, const ViaRtpView *rtp, ViaTime now, ViaPeerMedia *out);
void via_receiver_sr (ViaReceiver *self, guint32 ssrc, guint64 ntp,
    guint32 timestamp, ViaTime now);
/* SDES: @cname is not NUL-terminated. */
void via_receiver_cname (
    ViaReceiver *self, guint32 ssrc, const gchar *cname, gsize len);
void via_receiver_bye (ViaReceiver *self, guint32 ssrc, ViaTime now);
/* Streams that said goodbye end, once late packets came. */
void via_receiver_expire (ViaReceiver *self, ViaTime now);
/* A stream that ended; FALSE: none did since. */
gboolean via_receiver_poll_gone (ViaReceiver *self, ViaReceiveGone *out);
/* Forgets a stream that is long silent; FALSE: none is. */
gboolean via_receiver_forget (
    ViaReceiver *self, ViaTime now, guint32 *out_ssrc);
ViaTime via_receiver_deadline (const ViaReceiver *self);
/* Report blocks about the streams of @media, at most @max. */
guint via_receiver_reports (
    ViaReceiver *self, guint media, ViaTime now, ViaRtcpReport *out, guint max);

static inline ViaReceiveMedia *
via_receiver_media (const ViaReceiver *self, guint i)
{
  return i < self->media->len ? &g_array_index (self->media, ViaReceiveMedia, i)
                              : NULL;
}

/* It said goodbye, and nothing late is expected any more. */
static inline gboolean
via_receive_source_is_over (const ViaReceiveSource *source)
{
  return source->has_left && source->ends_at == VIA_TIME_NEVER;
}

static inline ViaReceiveSource *
via_receiver_source (const ViaReceiver *self, guint i)
{
  return (ViaReceiveSource *) g_ptr_array_index (self->sources, i);
}

G_END_DECLS
