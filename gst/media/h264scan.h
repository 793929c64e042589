/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/h264scan.h – can browsers take this H.264 as it is?
 * Pure: reads parameter sets and slice types, decides; no element, no clock.
 * ITU-T H.264 §7.3.2.1 (SPS), §7.3.3 (slice header), Annex E (VUI) · ISO/IEC
 * 14496-15 §5.3.3.1 (avcC)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  VIA_H264_UNSURE,    /* nothing against it so far: show it more */
  VIA_H264_COPY,      /* the SPS rules reordering out */
  VIA_H264_TRANSCODE, /* B-frames, or a profile browsers do not decode */
} ViaH264Verdict;

/* Zero-initialise. */
typedef struct
{
  guint nal_len_size; /* bytes before each NAL unit; 0: start codes */
  gboolean has_sps;
  guint profile_idc;
  ViaH264Verdict sps;
  const gchar *reason; /* static; why to transcode, or NULL */
  gboolean b_seen;
} ViaH264Scan;

/* An avcC box (codec_data): also sets the NAL unit framing. FALSE: malformed,
 * the scan is as before. */
gboolean via_h264_scan_config (
    ViaH264Scan *self, const guint8 *data, gsize len);
/* One buffer of NAL units, framed as the last _config said. Damaged units are
 * passed over. TRUE if there is a picture (or a slice of one) in it. */
gboolean via_h264_scan_unit (ViaH264Scan *self, const guint8 *data, gsize len);
ViaH264Verdict via_h264_scan_verdict (const ViaH264Scan *self);

G_END_DECLS
