/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/received.c – what a peer sends: one track per m-line, published
 * into rooms. Loop thread, but where a feed's wishes come in.
 * RFC 8843 §9.2 · RFC 8853 §5.2 (one of several streams) · RFC 6464
 */
#include "endpoints/received.h"

#include <string.h>

#include "peer/demux.h"
#include "rtp/hdrext.h"
#include "rtp/rewrite.h"

#define BATCH 64 /* packets handed on together */
/* Silent so long, and another stream of its m-line is taken. */
#define SILENT (500 * VIA_MS)
/* So long audio waits for video to be shown first. */
#define VIDEO_WAIT (2 * VIA_S)

typedef struct
{
  ViaReceived *owner;
  guint media;
  guint8 level_id; /* of the audio level among header extensions; 0: none */
  ViaCodec codec;
  guint8 pt; /* @codec stands for */
  guint32 ssrc;
  ViaTime begun, last; /* packets of @ssrc */
  ViaFeed *feeds[VIA_RECEIVED_ROOMS];
  ViaPacket *batch[BATCH];
  guint n_batch;
} Track;

struct _ViaReceived
{
  gatomicrefcount refs; /* a wish on its way to the loop holds one */
  /* immutable */
  ViaLoop *loop;
  ViaReceivedWantFunc want;
  /* loop thread */
  gpointer user; /* NULL: it is over */
  ViaMember *members[VIA_RECEIVED_ROOMS];
  ViaPlan *plan;     /* (nullable) */
  GPtrArray *tracks; /* Track or NULL, by m-line */
  guint64 n_unused;
};

static void
received_unref (gpointer data)
{
  ViaReceived *self = data;

  if (g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/* --- a viewer's wish, from via-app to the loop --- */

typedef struct
{
  ViaReceived *owner;
  guint media;
} Wish;

static void
wish_free (gpointer data)
{
  Wish *wish = data;

  received_unref (wish->owner);
  g_free (wish);
}

static void
run_wish (gpointer data)
{
  const Wish *wish = data;

  if (wish->owner->user != NULL)
    wish->owner->want (wish->owner->user, wish->media);
}

/* via-app; only posts, so that closing the feed never waits for long. */
static void
on_want_keyframe (gpointer user)
{
  const Track *track = user;
  Wish *wish = g_new (Wish, 1);

  wish->owner = track->owner;
  g_atomic_ref_count_inc (&wish->owner->refs);
  wish->media = track->media;
  via_loop_post (wish->owner->loop, run_wish, wish, wish_free);
}

static const ViaFeedFuncs feed_funcs = {.want_keyframe = on_want_keyframe};

/* --- tracks --- */

static Track *
find_track (const ViaReceived *self, guint media)
{
  return media < self->tracks->len ? g_ptr_array_index (self->tracks, media)
                                   : NULL;
}

/* Source pads come video first, for unnamed links: audio waits for it. */
static gboolean
waits_for_video (const Track *self)
{
  const ViaReceived *owner = self->owner;

  if (via_codec_kind (self->codec.id) == VIA_KIND_VIDEO
      || via_loop_now (owner->loop) - self->begun >= VIDEO_WAIT)
    return FALSE;
  for (guint i = 0; i < owner->plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (owner->plan, i);

    if (media->kind == VIA_KIND_VIDEO && !media->is_rejected
        && (media->direction & VIA_DIRECTION_RECVONLY)
        && find_track (owner, i) == NULL)
      return TRUE;
  }
  return FALSE;
}

static void
publish (Track *self, ViaReceivedRoom room)
{
  ViaMember *member = self->owner->members[room];
  ViaTrackInfo info = {0};

  if (member == NULL || self->feeds[room] != NULL
      || (room == VIA_RECEIVED_TAKER && waits_for_video (self)))
    return;
  info.kind = via_codec_kind (self->codec.id);
  info.codec = self->codec;
  self->feeds[room] = via_member_publish (member, &info, &feed_funcs, self);
}

static void
unpublish (Track *self, ViaReceivedRoom room)
{
  via_feed_close (g_steal_pointer (&self->feeds[room]));
}

static void
track_flush (Track *self)
{
  if (self->n_batch == 0)
    return;
  publish (self, VIA_RECEIVED_TAKER); /* if it had to wait */
  for (guint r = 0; r < VIA_RECEIVED_ROOMS; r++)
    if (self->feeds[r] != NULL)
      via_feed_push (self->feeds[r], self->batch, self->n_batch);
  while (self->n_batch > 0)
    via_packet_unref (self->batch[--self->n_batch]);
}

/* Publishes it as what @codec says, in place of what it was. */
static void
track_become (Track *self, const ViaPlanCodec *codec)
{
  track_flush (self);
  for (guint r = 0; r < VIA_RECEIVED_ROOMS; r++)
    unpublish (self, r);
  via_codec_clear (&self->codec);
  via_codec_copy (&self->codec, &codec->codec);
  self->pt = codec->pt;
  for (guint r = 0; r < VIA_RECEIVED_ROOMS; r++)
    publish (self, r);
}

static void
track_free (gpointer data)
{
  Track *self = data;

  if (self == NULL)
    return;
  track_flush (self);
  for (guint r = 0; r < VIA_RECEIVED_ROOMS; r++) {
    if (self->feeds[r] != NULL)
      via_feed_eos (self->feeds[r]);
    unpublish (self, r);
  }
  via_codec_clear (&self->codec);
  g_free (self);
}

static void
end_track (ViaReceived *self, guint media)
{
  track_free (self->tracks->pdata[media]);
  self->tracks->pdata[media] = NULL;
}

static gboolean
is_same_codec (const ViaCodec *a, const ViaCodec *b)
{
  return a->id == b->id && a->clock_rate == b->clock_rate
         && a->channels == b->channels && g_strcmp0 (a->fmtp, b->fmtp) == 0;
}

/* --- packets --- */

/* Inside the pack only the audio level goes along, under an id of ours: all
 * else was meant for us alone. Elements of zeros are padding (RFC 8285 §4.1).
 */
static void
clean_extensions (ViaPacket *packet, guint8 level_id)
{
  ViaRtpView rtp;
  ViaHdrExtReader reader;
  ViaHdrExtItem item;

  if (!via_rtp_view (&rtp, packet->data, packet->len))
    return;
  via_hdrext_reader_init (&reader, &rtp);
  while (via_hdrext_next (&reader, &item)) {
    guint8 *data = packet->data + (item.data - packet->data);
    guint head = reader.two_byte ? 2 : 1;

    if (item.id != level_id)
      memset (data - head, 0, item.len + head);
    else if (reader.two_byte)
      data[-2] = VIA_TRACK_AUDIO_LEVEL_ID;
    else
      data[-1] = VIA_TRACK_AUDIO_LEVEL_ID << 4 | (data[-1] & 0x0f);
  }
}

/* FALSE: it belongs to another stream than the one that is taken. */
static gboolean
takes (Track *self, const ViaPeerMedia *media, ViaTime now)
{
  if (media->rtp.ssrc != self->ssrc) {
    if (now - self->last < SILENT)
      return FALSE;
    if (!media->is_key) { /* viewers can begin at a key frame only */
      self->owner->want (self->owner->user, self->media);
      return FALSE;
    }
    self->ssrc = media->rtp.ssrc;
  }
  self->last = now;
  return TRUE;
}

static Track *
begin_track (ViaReceived *self, const ViaPeerMedia *media)
{
  const ViaPlanMedia *plan = via_plan_media (self->plan, media->media);
  Track *track = g_new0 (Track, 1);

  track->owner = self;
  track->media = media->media;
  track->level_id = plan->kind == VIA_KIND_AUDIO
                        ? via_demux_ext_id (plan, VIA_EXT_AUDIO_LEVEL)
                        : 0;
  track->codec.id = VIA_CODEC_UNKNOWN;
  track->ssrc = media->rtp.ssrc;
  track->begun = track->last = via_loop_now (self->loop);
  self->tracks->pdata[media->media] = track;
  return track;
}

static void
flush_all (gpointer data)
{
  ViaReceived *self = data;

  for (guint i = 0; i < self->tracks->len; i++) {
    Track *track = find_track (self, i);

    if (track != NULL)
      track_flush (track);
  }
}

static void
append (Track *self, const ViaPeerMedia *media, gboolean is_event)
{
  ViaPacket *packet = via_packet_new (
      media->rtp.data, media->rtp.len, media->captured, media->is_key);

  if (packet == NULL)
    return; /* over VIA_PACKET_MAX: no path carries it on */
  packet->is_event = is_event;
  clean_extensions (packet, self->level_id);
  self->batch[self->n_batch++] = packet;
  if (self->n_batch == BATCH)
    track_flush (self);
  else
    via_loop_at_turn_end (self->owner->loop, flush_all, self->owner);
}

void
via_received_media (ViaReceived *self, const ViaPeerMedia *media)
{
  const ViaPlanMedia *plan =
      self->plan != NULL ? via_plan_media (self->plan, media->media) : NULL;
  Track *track = find_track (self, media->media);
  const ViaPlanCodec *codec;
  gboolean is_rtx;

  via_loop_assert (self->loop);
  if (plan == NULL
      || (codec = via_demux_codec (plan, media->rtp.pt, &is_rtx)) == NULL)
    return;
  if (track == NULL) {
    track = begin_track (self, media);
    if (!media->is_key)
      self->want (self->user, media->media);
  }
  if (!takes (track, media, via_loop_now (self->loop))) {
    self->n_unused++;
    return;
  }
  if (codec->codec.id == VIA_CODEC_EVENT) {
    /* RFC 4733 §2.1: it goes beside the track, which stays what it is */
    if (track->codec.id != VIA_CODEC_UNKNOWN
        && track->codec.clock_rate == codec->codec.clock_rate)
      append (track, media, TRUE);
    return;
  }
  if (track->pt != codec->pt || track->codec.id == VIA_CODEC_UNKNOWN) {
    if (!is_same_codec (&track->codec, &codec->codec))
      track_become (track, codec);
    track->pt = codec->pt;
  }
  append (track, media, FALSE);
}

void
via_received_gone (ViaReceived *self, guint media, guint32 ssrc)
{
  const Track *track = find_track (self, media);

  if (track != NULL && track->ssrc == ssrc)
    end_track (self, media);
}

void
via_received_end (ViaReceived *self)
{
  for (guint i = 0; i < self->tracks->len; i++)
    end_track (self, i);
}

/* --- the plan and the rooms --- */

static gboolean
goes_on (const ViaPlanMedia *old, const ViaPlanMedia *media)
{
  return old != NULL && media != NULL && !media->is_rejected
         && (media->direction & VIA_DIRECTION_RECVONLY)
         && old->kind == media->kind && g_strcmp0 (old->mid, media->mid) == 0;
}

void
via_received_follow (ViaReceived *self, const ViaPlan *plan)
{
  via_loop_assert (self->loop);
  for (guint i = 0; i < self->tracks->len; i++)
    if (find_track (self, i) != NULL
        && !goes_on (via_plan_media (self->plan, i), via_plan_media (plan, i)))
      end_track (self, i);
  g_ptr_array_set_size (self->tracks, (gint) plan->media->len);
  g_clear_pointer (&self->plan, via_plan_free);
  self->plan = via_plan_copy (plan);
}

void
via_received_set_member (
    ViaReceived *self, ViaReceivedRoom room, ViaMember *member)
{
  via_loop_assert (self->loop);
  self->members[room] = member;
  for (guint i = 0; i < self->tracks->len; i++) {
    Track *track = find_track (self, i);

    if (track == NULL)
      continue;
    unpublish (track, room);
    publish (track, room);
  }
}

guint64
via_received_unused (const ViaReceived *self)
{
  return self->n_unused;
}

/* --- life --- */

ViaReceived *
via_received_new (ViaLoop *loop, ViaReceivedWantFunc want, gpointer user)
{
  ViaReceived *self = g_new0 (ViaReceived, 1);

  g_atomic_ref_count_init (&self->refs);
  self->loop = loop;
  self->want = want;
  self->user = user;
  self->tracks = g_ptr_array_new_with_free_func (track_free);
  return self;
}

void
via_received_free (ViaReceived *self)
{
  if (self == NULL)
    return;
  via_loop_assert (self->loop);
  via_loop_not_at_turn_end (self->loop, flush_all, self);
  self->user = NULL;
  for (guint i = 0; i < self->tracks->len; i++)
    end_track (self, i); /* each looks for the others on its way out */
  g_ptr_array_unref (self->tracks);
  g_clear_pointer (&self->plan, via_plan_free);
  received_unref (self);
}
