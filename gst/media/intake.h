/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/intake.h – any caps in at a pad, RTP packets of one track out.
 * One GstBin per sink pad: raw is encoded, encoded is parsed and payloaded, RTP
 * passes; paced by the pipeline's clock (sync=true).
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"
#include "base/packet.h"
#include "base/time.h"

G_BEGIN_DECLS

#define VIA_TYPE_INTAKE (via_intake_get_type ())
G_DECLARE_FINAL_TYPE (ViaIntake, via_intake, VIA, INTAKE, GstBin)

typedef struct
{
  /* The track's encoding is known (or changed): before its first packet. */
  void (*codec) (gpointer user, ViaIntake *intake, const ViaCodec *codec);
  /* At the media's own pace; references stay the caller's. */
  void (*packets) (
      gpointer user, ViaIntake *intake, ViaPacket *const *packets, guint n);
  void (*eos) (gpointer user, ViaIntake *intake);
  /* FLUSH_START/STOP passed. */
  void (*flush) (gpointer user, ViaIntake *intake);
} ViaIntakeFuncs; /* all on the streaming thread, none may block */

/* What raw media is encoded to: preferred first; also what encoded and RTP
 * caps are checked against. */
typedef struct
{
  const ViaCodecId *audio;
  guint n_audio;
  const ViaCodecId *video;
  guint n_video;
  guint video_bitrate_bps; /* 0: 1.5 Mb/s */
  gboolean sync;           /* FALSE: as fast as it comes */
  gboolean timed; /* not sync: captured by running time, not on arrival */
} ViaIntakeConfig;

/* Has one ghost sink pad "sink" (always), which takes raw, encoded and RTP caps
 * of @kind; VIA_KIND_UNKNOWN takes audio and video, the CAPS event decides.
 * (transfer floating) */
ViaIntake *via_intake_new (ViaKind kind, const ViaIntakeConfig *config,
    const ViaIntakeFuncs *funcs, gpointer user);
/* As in the config, from the next caps on. Any thread. */
void via_intake_set_codecs (
    ViaIntake *self, ViaKind kind, const ViaCodecId *codecs, guint n);
/* How long packets that are made here may be, in bytes: from the next caps on.
 * Any thread. */
void via_intake_set_mtu (ViaIntake *self, guint mtu);
/* VIA_KIND_UNKNOWN until caps came. */
ViaKind via_intake_kind (ViaIntake *self);
/* FALSE until the codec is known. */
gboolean via_intake_codec (ViaIntake *self, ViaCodec *out);
/* What the media is late by when it leaves, as upstream and the encoder say; of
 * when the codec became known. */
ViaTime via_intake_latency (ViaIntake *self);
/* Sends a force-key-unit event upstream. Any thread but a loop. */
void via_intake_want_keyframe (ViaIntake *self);
/* After return no callback runs (waits for one under way). */
void via_intake_disconnect (ViaIntake *self);
/* What is done with the media, in words; all static, NULL before caps. */
typedef struct
{
  const gchar *from;   /* "H264", "AAC", "raw" … */
  const gchar *to;     /* IANA name of the codec */
  const gchar *mode;   /* "copy" or "transcode" */
  const gchar *reason; /* (nullable) why not copied */
} ViaIntakeFlow;
/* FALSE until it is decided. */
gboolean via_intake_flow (ViaIntake *self, ViaIntakeFlow *out);
/* "copy", "transcode H264→VP8: B-frames" …, NULL before caps. (transfer full)
 */
gchar *via_intake_describe (ViaIntake *self);

G_END_DECLS
