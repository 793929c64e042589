/* SPDX-License-Identifier: LGPL-2.1-or-later
 * base/bytes.h – bounds-checked reading and writing of network-order bytes.
 * A read or write past the end fails, changes nothing and stays failed.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const guint8 *data;
  gsize len;
  gsize pos;
  gboolean failed; /* sticky: set by the first read that does not fit */
} ViaReader;

void via_reader_init (ViaReader *self, const guint8 *data, gsize len);
gsize via_reader_left (const ViaReader *self);
gboolean via_reader_u8 (ViaReader *self, guint8 *out);
gboolean via_reader_u16 (ViaReader *self, guint16 *out);
gboolean via_reader_u24 (ViaReader *self, guint32 *out);
gboolean via_reader_u32 (ViaReader *self, guint32 *out);
gboolean via_reader_u64 (ViaReader *self, guint64 *out);
/* Points @out at @len bytes inside the data. (transfer none) */
gboolean via_reader_take (ViaReader *self, gsize len, const guint8 **out);
gboolean via_reader_skip (ViaReader *self, gsize len);

typedef struct
{
  guint8 *data;
  gsize size;
  gsize pos;       /* bytes written */
  gboolean failed; /* sticky: set by the first write that does not fit */
} ViaWriter;

void via_writer_init (ViaWriter *self, guint8 *data, gsize size);
gsize via_writer_room (const ViaWriter *self);
gboolean via_writer_u8 (ViaWriter *self, guint8 value);
gboolean via_writer_u16 (ViaWriter *self, guint16 value);
gboolean via_writer_u24 (ViaWriter *self, guint32 value);
gboolean via_writer_u32 (ViaWriter *self, guint32 value);
gboolean via_writer_u64 (ViaWriter *self, guint64 value);
gboolean via_writer_bytes (ViaWriter *self, const guint8 *data, gsize len);
gboolean via_writer_zero (ViaWriter *self, gsize len);

G_END_DECLS
