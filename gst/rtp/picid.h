/* SPDX-License-Identifier: LGPL-2.1-or-later
 * rtp/picid.h – the numbers of pictures in front of VP8 and VP9 payloads: one
 * row for a viewer, whoever the pictures come from. A decoder takes a number
 * that jumps for a picture out of its time, and leaves out what waits.
 * Pure. Values only.
 * RFC 7741 §4.2 (PictureID, TL0PICIDX) · RFC 9628 §4.2
 */
#pragma once

#include "base/codec.h"

G_BEGIN_DECLS

/* What is added to a payload's numbers; a zeroed one changes nothing. */
typedef struct
{
  ViaCodecId codec; /* of the payload; only VP8 and VP9 have numbers */
  guint16 picture;  /* modulo 2^15 or, where it has 7 bits, 2^7 */
  guint8 tl0;       /* modulo 2^8 */
} ViaPicidShift;

/* A viewer's row; zeroed at first. */
typedef struct
{
  gboolean is_started, has_source;
  guint16 picture; /* the highest that went out */
  guint8 tl0;
  ViaPicidShift shift; /* of the present source */
} ViaPicidRow;

/* What is mapped next comes from another source: it follows the last. */
void via_picid_switch (ViaPicidRow *self);
/* What to add to the numbers of @payload, which goes out now. */
ViaPicidShift via_picid_map (
    ViaPicidRow *self, ViaCodecId codec, const guint8 *payload, gsize len);
/* Adds it, in place. A payload without numbers stays as it is. */
void via_picid_apply (const ViaPicidShift *shift, guint8 *payload, gsize len);

G_END_DECLS
