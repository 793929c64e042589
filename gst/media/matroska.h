/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/matroska.h – the bytes of a Matroska or WebM file, and where they go.
 * Pure: writes no file. The head leaves room to be written over, so a track may
 * come late and a file that was never finished can be read to its last block.
 * RFC 9559 (Matroska) · WebM container guidelines · RFC 7845 §5.1 (OpusHead)
 */
#pragma once

#include "base/codec.h"
#include "base/error.h"
#include "base/time.h"

G_BEGIN_DECLS

typedef struct _ViaMatroska ViaMatroska;

typedef enum
{
  VIA_CONTAINER_MATROSKA,
  VIA_CONTAINER_WEBM,
} ViaContainer;

const gchar *via_matroska_name (ViaContainer container); /* "matroska" … */

typedef struct
{
  ViaCodecId codec;
  guint width, height;   /* video: pixels */
  guint rate, channels;  /* audio: Hz */
  GBytes *codec_data;    /* (nullable) H.264: the avcC */
  const gchar *name;     /* (nullable) who publishes it */
  const gchar *app_data; /* (nullable) */
} ViaMatroskaTrack;

/* @name, @app_data: (nullable) of the recorder, for the file's tags.
 * @date_us: Unix time of the first sample, µs. */
ViaMatroska *via_matroska_new (ViaContainer container, const gchar *name,
    const gchar *app_data, gint64 date_us);
void via_matroska_free (ViaMatroska *self);

/* FALSE with error: UNSUPPORTED, naming codec and container. */
gboolean via_matroska_takes (
    ViaContainer container, ViaCodecId codec, GError **error);
/* The new track's number, from 1; 0 with error: UNSUPPORTED, or LIMIT when the
 * head has no more room. Everything of @track is copied. At any time; after the
 * head was written, write REGION_TRACKS again and call _tags. */
guint via_matroska_add_track (
    ViaMatroska *self, const ViaMatroskaTrack *track, GError **error);

/* What the file begins with. (transfer full) */
GByteArray *via_matroska_head (ViaMatroska *self);
/* Appends to @out, for the file's end @at, the tags as they are now; what
 * follows begins a new cluster. Write REGION_SEEK_HEAD and, if it returns TRUE,
 * REGION_CLUSTER_SIZE then. */
gboolean via_matroska_tags (ViaMatroska *self, guint64 at, GByteArray *out);
/* Appends a frame of @track at @time (µs from the file's begin) to @out, for
 * the file's end @at. TRUE: a new cluster begins, so the last one's size is
 * known: write REGION_CLUSTER_SIZE. */
gboolean via_matroska_block (ViaMatroska *self, guint track, ViaTime time,
    gboolean is_key, gconstpointer data, gsize size, guint64 at,
    GByteArray *out);
/* Appends the index; @at as above, @duration of the file in µs. Then every
 * region is to be written. @out: (nullable) no index, for want of room. */
void via_matroska_finish (
    ViaMatroska *self, guint64 at, ViaTime duration, GByteArray *out);

typedef enum
{
  VIA_MATROSKA_REGION_SEEK_HEAD,
  VIA_MATROSKA_REGION_INFO,
  VIA_MATROSKA_REGION_TRACKS,
  VIA_MATROSKA_REGION_CLUSTER_SIZE,
  VIA_MATROSKA_REGION_SEGMENT_SIZE,
  VIA_MATROSKA_N_REGIONS
} ViaMatroskaRegion;

/* A part of the file as it should read now, to be written over what stands at
 * @out_offset. NULL: there is nothing to write. (transfer full) */
GByteArray *via_matroska_region (
    ViaMatroska *self, ViaMatroskaRegion region, guint64 *out_offset);

G_END_DECLS
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ViaMatroska, via_matroska_free)
