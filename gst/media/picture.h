/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/picture.h – what a file must say of video that its frames know: the
 * parameter sets of an avcC, the size in a key frame. Pure.
 * ISO/IEC 14496-15 §5.3.3.1 · RFC 6386 §9.1 · VP9 bitstream §6.2
 */
#pragma once

#include "base/codec.h"

G_BEGIN_DECLS

/* Every parameter set of @avcc as a frame of that format holds it: length and
 * NAL unit. NULL: malformed. (transfer full) */
GByteArray *via_picture_parameter_sets (const guint8 *avcc, gsize size);
/* The pixels of a VP8 or VP9 key frame. FALSE: it does not say. */
gboolean via_picture_size (ViaCodecId codec, const guint8 *frame, gsize size,
    guint *out_width, guint *out_height);

G_END_DECLS
