/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/frame.h – datagrams in a byte stream: two bytes of length before each.
 * Pure.
 * RFC 4571 §2 · RFC 6544 §10.1
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_FRAME_HEADER 2
#define VIA_FRAME_MAX 2048 /* bytes of one datagram; more is refused */

/* Zero-initialise. */
typedef struct
{
  guint8 data[2 * (VIA_FRAME_HEADER + VIA_FRAME_MAX)];
  gsize begin, end; /* what is unread */
} ViaFrameReader;

/* Where the next bytes of the stream go; never 0 after _next said there is no
 * whole datagram. */
gsize via_frame_room (ViaFrameReader *self, guint8 **out);
void via_frame_add (ViaFrameReader *self, gsize len);

typedef enum
{
  VIA_FRAME_PART, /* more bytes are needed */
  VIA_FRAME_WHOLE,
  VIA_FRAME_TOO_LONG, /* the stream is lost */
} ViaFrameResult;

/* The next datagram, in place until the next call. An empty one is passed
 * over. */
ViaFrameResult via_frame_next (
    ViaFrameReader *self, guint8 **out, gsize *out_len);

G_END_DECLS
