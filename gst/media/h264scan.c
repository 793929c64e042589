/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/h264scan.c – can browsers take this H.264 as it is?
 * Pure: reads parameter sets and slice types, decides; no element, no clock.
 * ITU-T H.264 §7.3.2.1 (SPS), §7.3.3 (slice header), §7.4.1.1, Annex E
 */
#include "media/h264scan.h"

#include <string.h>

#include "base/bytes.h"

#define MAX_SPS 512       /* bytes looked at; real ones have under 100 */
#define MAX_SLICE_HEAD 16 /* first_mb_in_slice and slice_type fit well */

typedef struct
{
  const guint8 *data;
  gsize n_bits;
  gsize pos;
  gboolean failed; /* sticky; reads then give 0 */
} Bits;

static guint
bits_read (Bits *b, guint n)
{
  guint value = 0;

  if (b->failed || b->n_bits - b->pos < n) {
    b->failed = TRUE;
    return 0;
  }
  for (; n > 0; n--, b->pos++)
    value = value << 1 | (b->data[b->pos >> 3] >> (7 - (b->pos & 7)) & 1);
  return value;
}

/* ue(v), §9.1 */
static guint
bits_ue (Bits *b)
{
  guint zeros = 0;

  while (!b->failed && bits_read (b, 1) == 0)
    if (++zeros > 31)
      b->failed = TRUE;
  return b->failed ? 0 : (1u << zeros) - 1 + bits_read (b, zeros);
}

static gint
bits_se (Bits *b)
{
  guint k = bits_ue (b);

  return (k & 1) ? (gint) (k / 2 + 1) : -(gint) (k / 2);
}

/* Takes out emulation prevention bytes (§7.4.1.1). Returns bytes written. */
static gsize
unescape (guint8 *out, gsize size, const guint8 *in, gsize len)
{
  gsize n = 0;
  guint zeros = 0;

  for (gsize i = 0; i < len && n < size; i++) {
    if (zeros >= 2 && in[i] == 3) {
      zeros = 0;
      continue;
    }
    zeros = in[i] == 0 ? zeros + 1 : 0;
    out[n++] = in[i];
  }
  return n;
}

static void
skip_scaling_list (Bits *b, guint size)
{
  gint last = 8, next = 8;

  for (guint i = 0; i < size && !b->failed; i++) {
    if (next != 0)
      next = (last + bits_se (b) + 256) & 0xff;
    last = next == 0 ? last : next;
  }
}

static void
skip_scaling_matrix (Bits *b, guint chroma_format)
{
  guint n = chroma_format == 3 ? 12 : 8;

  for (guint i = 0; i < n && !b->failed; i++)
    if (bits_read (b, 1))
      skip_scaling_list (b, i < 6 ? 16 : 64);
}

static void
skip_hrd (Bits *b)
{
  guint n = bits_ue (b) + 1;

  if (n > 32) {
    b->failed = TRUE;
    return;
  }
  bits_read (b, 8);
  for (guint i = 0; i < n && !b->failed; i++) {
    bits_ue (b);
    bits_ue (b);
    bits_read (b, 1);
  }
  bits_read (b, 20);
}

/* max_num_reorder_frames (§E.1.1), or -1 if the VUI does not say. */
static gint
read_vui_reorder (Bits *b)
{
  gboolean nal_hrd, vcl_hrd;

  if (bits_read (b, 1) && bits_read (b, 8) == 255) /* aspect_ratio */
    bits_read (b, 32);
  if (bits_read (b, 1)) /* overscan */
    bits_read (b, 1);
  if (bits_read (b, 1)) { /* video_signal_type */
    bits_read (b, 4);
    if (bits_read (b, 1))
      bits_read (b, 24);
  }
  if (bits_read (b, 1)) { /* chroma_loc */
    bits_ue (b);
    bits_ue (b);
  }
  if (bits_read (b, 1)) { /* timing_info */
    bits_read (b, 32);
    bits_read (b, 32);
    bits_read (b, 1);
  }
  nal_hrd = bits_read (b, 1);
  if (nal_hrd)
    skip_hrd (b);
  vcl_hrd = bits_read (b, 1);
  if (vcl_hrd)
    skip_hrd (b);
  if (nal_hrd || vcl_hrd)
    bits_read (b, 1);
  bits_read (b, 1); /* pic_struct_present_flag */
  if (!bits_read (b, 1))
    return -1;
  bits_read (b, 1);
  for (guint i = 0; i < 4; i++)
    bits_ue (b);
  {
    guint reorder = bits_ue (b);
    return b->failed || reorder > 16 ? -1 : (gint) reorder;
  }
}

static gboolean
has_chroma_format (guint profile_idc)
{
  static const guint8 profiles[] = {
      100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};

  return memchr (profiles, (gint) profile_idc, sizeof profiles) != NULL;
}

static guint
read_poc_type (Bits *b)
{
  guint type = bits_ue (b);

  if (type == 0) {
    bits_ue (b);
  } else if (type == 1) {
    guint n;
    bits_read (b, 1);
    bits_se (b);
    bits_se (b);
    n = bits_ue (b);
    for (guint i = 0; i < n && i < 256 && !b->failed; i++)
      bits_se (b);
  }
  return type;
}

static void
judge (ViaH264Scan *self, ViaH264Verdict verdict, const gchar *reason)
{
  self->sps = verdict;
  self->reason = reason;
}

/* Everything up to frame_mbs_only_flag; FALSE if it does not add up. */
static gboolean
read_sps_head (Bits *b, guint *out_profile, guint *out_chroma, guint *out_poc,
    gboolean *out_progressive)
{
  guint profile = bits_read (b, 8);
  guint chroma = 1;

  bits_read (b, 16); /* constraint flags, level */
  bits_ue (b);
  if (has_chroma_format (profile)) {
    chroma = bits_ue (b);
    if (chroma == 3)
      bits_read (b, 1);
    bits_ue (b);
    bits_ue (b);
    bits_read (b, 1);
    if (bits_read (b, 1))
      skip_scaling_matrix (b, chroma);
  }
  bits_ue (b); /* log2_max_frame_num_minus4 */
  *out_poc = read_poc_type (b);
  bits_ue (b); /* max_num_ref_frames */
  bits_read (b, 1);
  bits_ue (b);
  bits_ue (b);
  *out_progressive = bits_read (b, 1);
  *out_profile = profile;
  *out_chroma = chroma;
  return !b->failed;
}

static void
scan_sps (ViaH264Scan *self, const guint8 *nal, gsize len)
{
  guint8 buf[MAX_SPS];
  Bits b = {buf, 8 * unescape (buf, sizeof buf, nal + 1, len - 1), 0, FALSE};
  guint profile, chroma, poc;
  gboolean progressive;
  gint reorder = -1;

  if (!read_sps_head (&b, &profile, &chroma, &poc, &progressive))
    return;
  if (!progressive)
    bits_read (&b, 1);
  bits_read (&b, 1);
  if (bits_read (&b, 1)) /* frame_cropping */
    for (guint i = 0; i < 4; i++)
      bits_ue (&b);
  if (bits_read (&b, 1))
    reorder = read_vui_reorder (&b);
  if (b.failed)
    return;

  self->has_sps = TRUE;
  self->profile_idc = profile;
  if (chroma != 1 && !(chroma == 0 && profile == 100))
    judge (self, VIA_H264_TRANSCODE, "chroma format");
  else if (profile != 66 && profile != 77 && profile != 100)
    judge (self, VIA_H264_TRANSCODE, "profile");
  else if (!progressive)
    judge (self, VIA_H264_TRANSCODE, "interlaced");
  else if (reorder == 0 || poc == 2 || profile == 66)
    judge (self, VIA_H264_COPY, NULL);
  else
    judge (self, VIA_H264_UNSURE, NULL);
}

static void
scan_slice (ViaH264Scan *self, const guint8 *nal, gsize len)
{
  guint8 buf[MAX_SLICE_HEAD];
  Bits b = {buf, 8 * unescape (buf, sizeof buf, nal + 1, len - 1), 0, FALSE};
  guint type;

  bits_ue (&b);
  type = bits_ue (&b);
  if (!b.failed && type < 10 && type % 5 == 1) /* Table 7-6 */
    self->b_seen = TRUE;
}

/* TRUE if it is a slice. */
static gboolean
scan_nal (ViaH264Scan *self, const guint8 *nal, gsize len)
{
  guint type;

  if (len < 2)
    return FALSE;
  type = nal[0] & 0x1f;
  if (type == 7)
    scan_sps (self, nal, len);
  else if (type == 1 || type == 2 || type == 5)
    scan_slice (self, nal, len);
  return type >= 1 && type <= 5;
}

static gboolean
scan_lengths (ViaH264Scan *self, const guint8 *data, gsize len)
{
  gboolean slice = FALSE;
  ViaReader in;

  via_reader_init (&in, data, len);
  while (via_reader_left (&in) > 0) {
    const guint8 *nal;
    gsize size = 0;
    for (guint i = 0; i < self->nal_len_size; i++) {
      guint8 byte = 0;
      if (!via_reader_u8 (&in, &byte))
        return slice;
      size = size << 8 | byte;
    }
    if (!via_reader_take (&in, size, &nal))
      return slice;
    slice |= scan_nal (self, nal, size);
  }
  return slice;
}

/* The first byte after the next start code at or after @pos; @len if none. */
static gsize
next_nal (const guint8 *data, gsize len, gsize pos)
{
  for (; pos + 3 < len; pos++) {
    const guint8 *one = memchr (data + pos + 2, 1, len - pos - 3);
    if (one == NULL)
      return len;
    pos = (gsize) (one - data) - 2;
    if (data[pos] == 0 && data[pos + 1] == 0)
      return pos + 3;
  }
  return len;
}

static gboolean
scan_start_codes (ViaH264Scan *self, const guint8 *data, gsize len)
{
  gboolean slice = FALSE;
  gsize pos = next_nal (data, len, 0);

  while (pos < len) {
    gsize next = next_nal (data, len, pos);
    gsize end = next < len ? next - 3 : len;
    slice |= scan_nal (self, data + pos, end > pos ? end - pos : 0);
    pos = next;
  }
  return slice;
}

gboolean
via_h264_scan_config (ViaH264Scan *self, const guint8 *data, gsize len)
{
  ViaReader in;
  guint8 head[5], n;

  via_reader_init (&in, data, len);
  for (guint i = 0; i < G_N_ELEMENTS (head); i++)
    if (!via_reader_u8 (&in, &head[i]))
      return FALSE;
  if (head[0] != 1 || (head[4] & 3) == 2 || !via_reader_u8 (&in, &n))
    return FALSE;
  self->nal_len_size = (head[4] & 3) + 1;
  for (n &= 0x1f; n > 0; n--) {
    const guint8 *nal;
    guint16 size;
    if (!via_reader_u16 (&in, &size) || !via_reader_take (&in, size, &nal))
      break;
    scan_nal (self, nal, size);
  }
  return TRUE;
}

gboolean
via_h264_scan_unit (ViaH264Scan *self, const guint8 *data, gsize len)
{
  if (self->nal_len_size > 0)
    return scan_lengths (self, data, len);
  return scan_start_codes (self, data, len);
}

ViaH264Verdict
via_h264_scan_verdict (const ViaH264Scan *self)
{
  return self->b_seen ? VIA_H264_TRANSCODE : self->sps;
}
