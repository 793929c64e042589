/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/picid.c – the numbers of pictures in front of VP8 and VP9 payloads.
 * Pure. Values only.
 * RFC 7741 §4.2 · RFC 9628 §4.2
 */
#include "rtp/picid.h"

/* Where they are in a payload; 0: not there. */
typedef struct
{
  gsize picture, tl0;
  gboolean is_long; /* 15 bits, else 7 */
} Places;

/* VP8: |X|R|N|S|R| PID |, with X |I|L|T|K| RSV |, with I the PictureID (M and 7
 * or 15 bits), with L the TL0PICIDX.
 * VP9: |I|P|L|F|B|E|V|Z|, with I the picture ID alike, with L a byte of layers
 * and, unless F (flexible mode), the TL0PICIDX. */
static Places
find (ViaCodecId codec, const guint8 *payload, gsize len)
{
  Places at = {0};
  gboolean has_id, has_tl0;
  gsize pos = 1;

  if (len == 0)
    return at;
  if (codec == VIA_CODEC_VP8) {
    if ((payload[0] & 0x80) == 0 || len < 2)
      return at;
    has_id = (payload[1] & 0x80) != 0;
    has_tl0 = (payload[1] & 0x40) != 0;
    pos = 2;
  } else if (codec == VIA_CODEC_VP9) {
    has_id = (payload[0] & 0x80) != 0;
    has_tl0 = (payload[0] & 0x30) == 0x20;
  } else {
    return at;
  }
  if (has_id && pos < len) {
    at.is_long = (payload[pos] & 0x80) != 0;
    at.picture = pos;
    pos += at.is_long ? 2 : 1;
  }
  if (codec == VIA_CODEC_VP9)
    pos++; /* layers */
  if (has_tl0 && pos < len)
    at.tl0 = pos;
  if (at.picture + (at.is_long ? 1 : 0) >= len)
    at.picture = 0;
  return at;
}

static guint16
read_picture (const Places *at, const guint8 *payload)
{
  const guint8 *p = payload + at->picture;

  return at->is_long ? (guint16) ((p[0] & 0x7f) << 8 | p[1]) : p[0] & 0x7f;
}

static guint16
mask_of (const Places *at)
{
  return at->is_long ? 0x7fff : 0x7f;
}

void
via_picid_switch (ViaPicidRow *self)
{
  self->has_source = FALSE;
}

/* TRUE: @a is not before @b, both modulo @mask + 1. */
static gboolean
is_ahead (guint16 a, guint16 b, guint16 mask)
{
  return ((a - b) & mask) <= mask / 2;
}

ViaPicidShift
via_picid_map (
    ViaPicidRow *self, ViaCodecId codec, const guint8 *payload, gsize len)
{
  Places at = find (codec, payload, len);
  guint16 picture, mask = mask_of (&at);

  if (at.picture == 0)
    return (ViaPicidShift){.codec = VIA_CODEC_UNKNOWN};
  picture = read_picture (&at, payload);
  if (!self->has_source) {
    self->has_source = TRUE;
    self->shift = (ViaPicidShift){.codec = codec};
    if (self->is_started) {
      self->shift.picture = (self->picture + 1 - picture) & mask;
      if (at.tl0 != 0)
        self->shift.tl0 = (guint8) (self->tl0 + 1 - payload[at.tl0]);
    }
  }
  picture = (picture + self->shift.picture) & mask;
  if (!self->is_started || is_ahead (picture, self->picture & mask, mask)) {
    self->is_started = TRUE;
    self->picture = picture;
    if (at.tl0 != 0)
      self->tl0 = (guint8) (payload[at.tl0] + self->shift.tl0);
  }
  return self->shift;
}

void
via_picid_apply (const ViaPicidShift *shift, guint8 *payload, gsize len)
{
  Places at = find (shift->codec, payload, len);
  guint16 picture;

  if (at.tl0 != 0)
    payload[at.tl0] = (guint8) (payload[at.tl0] + shift->tl0);
  if (at.picture == 0)
    return;
  picture = (read_picture (&at, payload) + shift->picture) & mask_of (&at);
  if (at.is_long)
    payload[at.picture++] = (guint8) (0x80 | picture >> 8);
  payload[at.picture] = (guint8) picture;
}
