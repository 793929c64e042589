/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/picture.c – what a file must say of video that its frames know: the
 * parameter sets of an avcC, the size in a key frame. Pure.
 * ISO/IEC 14496-15 §5.3.3.1 · RFC 6386 §9.1 · VP9 bitstream §6.2
 */
#include "media/picture.h"

#include "base/bytes.h"

#define VP8_START_CODE 0x9d012a
#define VP9_SYNC_CODE 0x498342
#define VP9_SRGB 7

/* --- H.264 --- */

static void
copy_sets (ViaReader *in, guint n, guint length_size, GByteArray *out)
{
  while (n-- > 0) {
    guint16 len;
    const guint8 *set;
    guint8 prefix[4] = {0};

    if (!via_reader_u16 (in, &len) || !via_reader_take (in, len, &set))
      return;
    prefix[2] = (guint8) (len >> 8);
    prefix[3] = (guint8) len;
    g_byte_array_append (out, prefix + 4 - length_size, length_size);
    g_byte_array_append (out, set, len);
  }
}

GByteArray *
via_picture_parameter_sets (const guint8 *avcc, gsize size)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  ViaReader in;
  guint8 length_size, n_sps, n_pps;

  via_reader_init (&in, avcc, size);
  if (!via_reader_skip (&in, 4) || !via_reader_u8 (&in, &length_size)
      || !via_reader_u8 (&in, &n_sps))
    return NULL;
  length_size = (length_size & 3) + 1;
  if (length_size < 2)
    return NULL;
  copy_sets (&in, n_sps & 31, length_size, out);
  if (!via_reader_u8 (&in, &n_pps))
    return NULL;
  copy_sets (&in, n_pps, length_size, out);
  return in.failed ? NULL : g_steal_pointer (&out);
}

/* --- VP8 and VP9 --- */

static gboolean
vp8_size (ViaReader *in, guint *out_width, guint *out_height)
{
  guint32 code;
  guint16 width, height;

  if (!via_reader_skip (in, 3) || !via_reader_u24 (in, &code)
      || code != VP8_START_CODE || !via_reader_u16 (in, &width)
      || !via_reader_u16 (in, &height))
    return FALSE;
  *out_width = GUINT16_SWAP_LE_BE (width) & 0x3fff;
  *out_height = GUINT16_SWAP_LE_BE (height) & 0x3fff;
  return TRUE;
}

typedef struct
{
  const guint8 *data;
  gsize size, bit;
} Bits;

/* Zeros past the end: what follows then fits no rule. */
static guint32
bits (Bits *self, guint n)
{
  guint32 value = 0;

  for (; n > 0; n--, self->bit++) {
    gsize byte = self->bit / 8;

    value <<= 1;
    if (byte < self->size)
      value |= self->data[byte] >> (7 - self->bit % 8) & 1;
  }
  return value;
}

static gboolean
vp9_size (const guint8 *frame, gsize size, guint *out_width, guint *out_height)
{
  Bits in = {frame, size, 0};
  guint profile;
  gboolean has_subsampling;

  if (bits (&in, 2) != 2)
    return FALSE;
  profile = bits (&in, 1);
  profile |= bits (&in, 1) << 1;
  if (profile == 3)
    bits (&in, 1);
  if (bits (&in, 1) != 0) /* an old frame shown again */
    return FALSE;
  if (bits (&in, 1) != 0) /* no key frame */
    return FALSE;
  bits (&in, 2);
  if (bits (&in, 24) != VP9_SYNC_CODE)
    return FALSE;
  if (profile >= 2)
    bits (&in, 1);
  has_subsampling = profile == 1 || profile == 3;
  if (bits (&in, 3) != VP9_SRGB)
    bits (&in, has_subsampling ? 4 : 1);
  else if (has_subsampling)
    bits (&in, 1);
  *out_width = bits (&in, 16) + 1;
  *out_height = bits (&in, 16) + 1;
  return in.bit <= 8 * size;
}

gboolean
via_picture_size (ViaCodecId codec, const guint8 *frame, gsize size,
    guint *out_width, guint *out_height)
{
  ViaReader in;

  via_reader_init (&in, frame, size);
  if (codec == VIA_CODEC_VP8)
    return vp8_size (&in, out_width, out_height);
  return codec == VIA_CODEC_VP9
         && vp9_size (frame, size, out_width, out_height);
}
