/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/transcoder.h – a track in another codec: RTP packets in from a loop,
 * RTP packets of one decoder and one encoder out. Knows no rooms.
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"

G_BEGIN_DECLS

#define VIA_TYPE_TRANSCODER (via_transcoder_get_type ())
G_DECLARE_FINAL_TYPE (ViaTranscoder, via_transcoder, VIA, TRANSCODER, GstBin)

/* None may block. */
typedef struct
{
  /* On the transcoder's own thread; references stay the caller's. */
  void (*packets) (gpointer user, ViaPacket *const *packets, guint n);
  void (*eos) (gpointer user);
  /* What comes in is damaged, or begins. Never on a loop. */
  void (*want_keyframe) (gpointer user);
  /* It gives nothing any more: why, for a person. Any thread, once. */
  void (*failed) (gpointer user, const gchar *text);
} ViaTranscoderFuncs;

/* What can be decoded and encoded here, with what is installed. TRUE: @codec is
 * among it. */
gboolean via_transcoder_reads (ViaCodecId codec);
gboolean via_transcoder_makes (ViaCodecId codec);

/* To be added to a bin and brought to its state. @funcs stay the caller's.
 * (transfer floating) */
ViaTranscoder *via_transcoder_new (const ViaCodec *from, ViaCodecId to,
    const ViaTranscoderFuncs *funcs, gpointer user);
/* As via_outlet_push. */
void via_transcoder_push (
    ViaTranscoder *self, ViaPacket *const *packets, guint n);
void via_transcoder_eos (ViaTranscoder *self);
/* The next picture that is encoded is a key frame; nothing is asked of whom the
 * packets come from. Any thread but a loop. */
void via_transcoder_want_keyframe (ViaTranscoder *self);
/* No func runs after return. Not on a loop. */
void via_transcoder_disconnect (ViaTranscoder *self);

G_END_DECLS
