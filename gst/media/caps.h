/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/caps.h – what caps mean to us: raw, encoded or RTP, which codec, and
 * what decodes it. Values only; makes no element.
 */
#pragma once

#include <gst/gst.h>
#include "base/codec.h"

G_BEGIN_DECLS

typedef enum
{
  VIA_FORM_RAW,
  VIA_FORM_ENCODED,
  VIA_FORM_RTP,
} ViaForm;

typedef struct
{
  ViaForm form;
  ViaKind kind;
  ViaCodecId codec;         /* UNKNOWN: raw, or none of ours */
  const gchar *name;        /* static: "H264", "AAC", "raw" … */
  const gchar *parser;      /* static (nullable) */
  const gchar *decoders[2]; /* static (nullable), preferred first */
  const gchar *objection;   /* static (nullable): why it cannot go as it is */
} ViaCapsInfo;

/* FALSE if we can do nothing with @caps (first structure counts). */
gboolean via_caps_read (const GstCaps *caps, ViaCapsInfo *out);
/* What @codec is without RTP, preferred first. FALSE: we know no more than its
 * name. */
gboolean via_caps_find (ViaCodecId codec, ViaCapsInfo *out);
/* Everything _read knows, preferred first; @kind UNKNOWN: audio and video.
 * (transfer full) */
GstCaps *via_caps_template (ViaKind kind);
/* The codec of fixed application/x-rtp caps. FALSE if it is none of ours.
 * AV1 and H.265 pass as RTP only, unless the application asks for more. */
gboolean via_caps_codec (const GstCaps *caps, ViaCodec *out);

G_END_DECLS
