/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/ebml.h – writes EBML elements into a byte array.
 * Pure; knows no element of any document type.
 * RFC 8794 §4 (sizes) §7 (types) §11.3.1 (Void)
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define VIA_EBML_UNKNOWN G_MAXUINT64 /* a size that is not known yet */

/* @id with its marker bits, as in the specifications: 0x1A45DFA3. */
void via_ebml_id (GByteArray *out, guint32 id);
/* In the fewest bytes; at most 2^56 - 2. */
void via_ebml_size (GByteArray *out, guint64 size);
/* Always eight bytes, so that it can be written over; UNKNOWN is allowed. */
void via_ebml_size8 (GByteArray *out, guint64 size);

void via_ebml_uint (GByteArray *out, guint32 id, guint64 value);
void via_ebml_int8 (GByteArray *out, guint32 id, gint64 value);
void via_ebml_float (GByteArray *out, guint32 id, gdouble value);
void via_ebml_string (GByteArray *out, guint32 id, const gchar *value);
void via_ebml_binary (
    GByteArray *out, guint32 id, gconstpointer data, gsize size);
/* @content becomes the element's content. @content: (transfer full) */
void via_ebml_master (GByteArray *out, guint32 id, GByteArray *content);
/* Fills up to a length of @len in all. FALSE, and nothing written: @out is
 * longer already, or by a single byte too short for a Void element. */
gboolean via_ebml_pad (GByteArray *out, gsize len);

G_END_DECLS
