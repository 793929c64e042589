/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/hdrext.h – RTP header extensions, one- and two-byte form.
 * Pure.
 * RFC 8285 §4.2, §4.3 · RFC 8843 §15 (MID) · RFC 6464 · abs-send-time and
 * transport-wide-cc drafts
 */
#pragma once

#include "base/bytes.h"
#include "base/extmap.h"
#include "rtp/packet.h"

G_BEGIN_DECLS

typedef struct
{
  const guint8 *data;
  gsize len;
  gsize pos;
  gboolean two_byte;
} ViaHdrExtReader;

typedef struct
{
  guint8 id;
  const guint8 *data;
  gsize len;
} ViaHdrExtItem;

void via_hdrext_reader_init (ViaHdrExtReader *self, const ViaRtpView *packet);
/* FALSE at the end or at the first malformed element. */
gboolean via_hdrext_next (ViaHdrExtReader *self, ViaHdrExtItem *out);

typedef struct
{
  guint8 id; /* 1-14 one-byte form, up to 255 two-byte form */
  guint8 len;
  const guint8 *data;
} ViaHdrExtValue;

/* Writes the whole extension block (profile, length, elements, padding to 32
 * bits); one-byte form if every id is <= 14 and every len is 1-16. Writes
 * nothing for @n = 0. FALSE if it does not fit. */
gboolean via_hdrext_write (
    ViaWriter *out, const ViaHdrExtValue *values, guint n);

G_END_DECLS
