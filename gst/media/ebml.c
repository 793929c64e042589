/* SPDX-License-Identifier: LGPL-2.1-or-later
 * media/ebml.c – writes EBML elements into a byte array.
 * Pure; knows no element of any document type.
 * RFC 8794 §4 (sizes) §7 (types) §11.3.1 (Void)
 */
#include "media/ebml.h"

#include <string.h>

#define ID_VOID 0xec
#define SIZE_MARK 8 /* bytes of via_ebml_size8 */

/* The low @n bytes of @value, big end first. */
static void
put (GByteArray *out, guint64 value, guint n)
{
  while (n-- > 0) {
    guint8 byte = (guint8) (value >> (8 * n));

    g_byte_array_append (out, &byte, 1);
  }
}

/* Bytes that @value needs, at least one. */
static guint
width (guint64 value)
{
  guint n = 1;

  while (n < 8 && value >> (8 * n) != 0)
    n++;
  return n;
}

void
via_ebml_id (GByteArray *out, guint32 id)
{
  put (out, id, width (id));
}

void
via_ebml_size (GByteArray *out, guint64 size)
{
  guint n = 1;

  /* All ones mean unknown, so they are no size: RFC 8794 §6.2. */
  while (n < 8 && size >= (G_GUINT64_CONSTANT (1) << (7 * n)) - 1)
    n++;
  put (out, size | G_GUINT64_CONSTANT (1) << (7 * n), n);
}

void
via_ebml_size8 (GByteArray *out, guint64 size)
{
  const guint64 marker = G_GUINT64_CONSTANT (1) << 56;

  put (out, size == VIA_EBML_UNKNOWN ? marker | (marker - 1) : marker | size,
      SIZE_MARK);
}

void
via_ebml_uint (GByteArray *out, guint32 id, guint64 value)
{
  guint n = width (value);

  via_ebml_id (out, id);
  via_ebml_size (out, n);
  put (out, value, n);
}

void
via_ebml_int8 (GByteArray *out, guint32 id, gint64 value)
{
  via_ebml_id (out, id);
  via_ebml_size (out, 8);
  put (out, (guint64) value, 8);
}

void
via_ebml_float (GByteArray *out, guint32 id, gdouble value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  via_ebml_int8 (out, id, (gint64) bits);
}

void
via_ebml_string (GByteArray *out, guint32 id, const gchar *value)
{
  via_ebml_binary (out, id, value, strlen (value));
}

void
via_ebml_binary (GByteArray *out, guint32 id, gconstpointer data, gsize size)
{
  via_ebml_id (out, id);
  via_ebml_size (out, size);
  g_byte_array_append (out, data, (guint) size);
}

void
via_ebml_master (GByteArray *out, guint32 id, GByteArray *content)
{
  via_ebml_binary (out, id, content->data, content->len);
  g_byte_array_unref (content);
}

gboolean
via_ebml_pad (GByteArray *out, gsize len)
{
  gsize gap;

  if (out->len == len)
    return TRUE;
  if (out->len > len || len - out->len < 2)
    return FALSE;
  gap = len - out->len;
  via_ebml_id (out, ID_VOID);
  if (gap < 1 + SIZE_MARK)
    via_ebml_size (out, gap - 2);
  else
    via_ebml_size8 (out, gap - 1 - SIZE_MARK);
  gap = len - out->len;
  g_byte_array_set_size (out, (guint) len);
  memset (out->data + len - gap, 0, gap);
  return TRUE;
}
