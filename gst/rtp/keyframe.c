/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/keyframe.c – looks for key frames in payloads; throttles requests.
 * Pure. Looks at single packets: knows no frames and no order.
 * RFC 7741 §4.2, §4.3 · RFC 9628 §4.2 · RFC 6184 §5.3, §5.7.1, §5.8 · RFC 7798
 * §4.4 · AV1 RTP payload format §4.4
 */
#include "rtp/keyframe.h"

#include "base/bytes.h"

/* Descriptor: |X|R|N|S|R| PID | then, with X, |I|L|T|K| RSV | and what these
 * name. Payload: lowest bit of the first byte is 0 in a key frame. */
static gboolean
starts_vp8 (const guint8 *payload, gsize len)
{
  ViaReader in;
  guint8 flags, extension = 0, picture_id, first;

  via_reader_init (&in, payload, len);
  if (!via_reader_u8 (&in, &flags) || (flags & 0x17) != 0x10)
    return FALSE; /* not the start (S) of the first partition (PID) */
  if ((flags & 0x80) != 0 && !via_reader_u8 (&in, &extension))
    return FALSE;
  if ((extension & 0x80) != 0) {
    if (!via_reader_u8 (&in, &picture_id))
      return FALSE;
    via_reader_skip (&in, picture_id >> 7); /* M: 15 bits, not 7 */
  }
  via_reader_skip (&in, extension >> 6 & 1);              /* TL0PICIDX */
  via_reader_skip (&in, (extension & 0x30) != 0 ? 1 : 0); /* TID, KEYIDX */
  return via_reader_u8 (&in, &first) && (first & 1) == 0;
}

/* Scalability structure: | N_S |Y|G|-|-|-|, sizes, picture group. */
static gboolean
skip_vp9_structure (ViaReader *in)
{
  guint8 flags, n, group;

  if (!via_reader_u8 (in, &flags))
    return FALSE;
  if ((flags & 0x10) != 0 && !via_reader_skip (in, 4 * ((flags >> 5) + 1)))
    return FALSE;
  if ((flags & 0x08) == 0)
    return TRUE;
  if (!via_reader_u8 (in, &n))
    return FALSE;
  for (; n > 0; n--) {
    if (!via_reader_u8 (in, &group) || !via_reader_skip (in, group >> 2 & 3))
      return FALSE;
  }
  return TRUE;
}

/* VP9 bitstream §6.2: frame_marker(2)=2, profile bits, with profile 3 a zero
 * bit, show_existing_frame, frame_type (0: key). Intra-only frames are not
 * key: what follows them may still refer to older frames. */
static gboolean
is_vp9_key (guint8 first)
{
  gboolean profile_3 = (first & 0x30) == 0x30;

  if (first >> 6 != 2)
    return FALSE;
  return (first & (profile_3 ? 0x0e : 0x0c)) == 0;
}

/* Descriptor: |I|P|L|F|B|E|V|Z| */
static gboolean
starts_vp9 (const guint8 *payload, gsize len)
{
  ViaReader in;
  guint8 flags, byte;

  via_reader_init (&in, payload, len);
  if (!via_reader_u8 (&in, &flags) || (flags & 0x48) != 0x08)
    return FALSE; /* predicted (P), or not the beginning (B) */
  if ((flags & 0x80) != 0) {
    if (!via_reader_u8 (&in, &byte))
      return FALSE;
    via_reader_skip (&in, byte >> 7);
  }
  if ((flags & 0x20) != 0) {
    /* | TID |U| SID |D|: only the base spatial layer stands alone. */
    if (!via_reader_u8 (&in, &byte) || (byte & 0x0f) != 0)
      return FALSE;
    if ((flags & 0x10) == 0)
      via_reader_skip (&in, 1); /* TL0PICIDX */
  }
  if ((flags & 0x02) != 0 && !skip_vp9_structure (&in))
    return FALSE;
  return via_reader_u8 (&in, &byte) && is_vp9_key (byte);
}

#define NAL_IDR 5
#define NAL_SPS 7
#define NAL_STAP_A 24
#define NAL_FU_A 28

/* @type and the bytes after the NAL unit header. An IDR slice is the first
 * of its picture if first_mb_in_slice, ue(v), is 0: one bit set. */
static gboolean
starts_nal (guint type, const guint8 *body, gsize len)
{
  if (type == NAL_SPS)
    return len > 0;
  return type == NAL_IDR && len > 0 && (body[0] & 0x80) != 0;
}

static gboolean
starts_stap_a (ViaReader *in)
{
  guint16 size;
  const guint8 *nal;

  while (via_reader_u16 (in, &size) && via_reader_take (in, size, &nal)) {
    if (size == 0)
      return FALSE;
    if (starts_nal (nal[0] & 0x1f, nal + 1, (gsize) size - 1))
      return TRUE;
  }
  return FALSE;
}

static gboolean
starts_h264 (const guint8 *payload, gsize len)
{
  ViaReader in;
  guint8 header, fu;

  via_reader_init (&in, payload, len);
  if (!via_reader_u8 (&in, &header) || (header & 0x80) != 0)
    return FALSE; /* forbidden_zero_bit */
  switch (header & 0x1f) {
    case NAL_STAP_A:
      return starts_stap_a (&in);
    case NAL_FU_A:
      /* |S|E|R| type | */
      return via_reader_u8 (&in, &fu) && (fu & 0x80) != 0
             && starts_nal (fu & 0x1f, payload + in.pos, via_reader_left (&in));
    default:
      return starts_nal (
          header & 0x1f, payload + in.pos, via_reader_left (&in));
  }
}

#define HEVC_BLA_W_LP 16
#define HEVC_CRA 21
#define HEVC_VPS 32
#define HEVC_SPS 33
#define HEVC_AP 48
#define HEVC_FU 49

/* |F| type |layer id| TID | in two bytes. */
static gboolean
read_hevc_header (ViaReader *in, guint *out_type)
{
  guint16 header;

  if (!via_reader_u16 (in, &header) || (header & 0x8000) != 0)
    return FALSE; /* forbidden_zero_bit */
  *out_type = header >> 9 & 0x3f;
  return TRUE;
}

/* @body: after the NAL unit header. A slice's first bit says that it is the
 * first of its picture; 16 to 21 are pictures that need no older one. */
static gboolean
starts_hevc_nal (guint type, const guint8 *body, gsize len)
{
  if (len == 0)
    return FALSE;
  if (type == HEVC_VPS || type == HEVC_SPS)
    return TRUE;
  return type >= HEVC_BLA_W_LP && type <= HEVC_CRA && (body[0] & 0x80) != 0;
}

static gboolean
starts_hevc_ap (ViaReader *in)
{
  guint16 size;
  const guint8 *nal;

  while (via_reader_u16 (in, &size) && via_reader_take (in, size, &nal)) {
    ViaReader unit;
    guint type;

    via_reader_init (&unit, nal, size);
    if (!read_hevc_header (&unit, &type))
      return FALSE;
    if (starts_hevc_nal (type, nal + unit.pos, via_reader_left (&unit)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
starts_h265 (const guint8 *payload, gsize len)
{
  ViaReader in;
  guint type;
  guint8 fu;

  via_reader_init (&in, payload, len);
  if (!read_hevc_header (&in, &type))
    return FALSE;
  switch (type) {
    case HEVC_AP:
      return starts_hevc_ap (&in);
    case HEVC_FU:
      /* |S|E| type | */
      return via_reader_u8 (&in, &fu) && (fu & 0x80) != 0
             && starts_hevc_nal (
                 fu & 0x3f, payload + in.pos, via_reader_left (&in));
    default:
      return starts_hevc_nal (type, payload + in.pos, via_reader_left (&in));
  }
}

/* Aggregation header: |Z|Y| W |N|-|-|-|. N: a coded video sequence begins. */
static gboolean
starts_av1 (const guint8 *payload, gsize len)
{
  return len > 1 && (payload[0] & 0x88) == 0x08;
}

gboolean
via_keyframe_starts (ViaCodecId codec, const guint8 *payload, gsize len)
{
  switch (codec) {
    case VIA_CODEC_VP8:
      return starts_vp8 (payload, len);
    case VIA_CODEC_VP9:
      return starts_vp9 (payload, len);
    case VIA_CODEC_H264:
      return starts_h264 (payload, len);
    case VIA_CODEC_H265:
      return starts_h265 (payload, len);
    case VIA_CODEC_AV1:
      return starts_av1 (payload, len);
    default:
      return TRUE;
  }
}

gboolean
via_keyframe_throttle_ask (ViaKeyframeThrottle *self, ViaTime now)
{
  if (self->started && now < self->last + VIA_KEYFRAME_INTERVAL) {
    self->waiting = TRUE;
    return FALSE;
  }
  self->last = now;
  self->started = TRUE;
  self->waiting = FALSE;
  return TRUE;
}

ViaTime
via_keyframe_throttle_deadline (const ViaKeyframeThrottle *self)
{
  return self->waiting ? self->last + VIA_KEYFRAME_INTERVAL : VIA_TIME_NEVER;
}

gboolean
via_keyframe_throttle_expire (ViaKeyframeThrottle *self, ViaTime now)
{
  if (now < via_keyframe_throttle_deadline (self) || !self->waiting)
    return FALSE;
  return via_keyframe_throttle_ask (self, now);
}
