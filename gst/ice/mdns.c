/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/mdns.c – the question for a ".local" name and its answers.
 * RFC 6762 §5.1, §6.7 · RFC 1035 §4
 */
#include "ice/mdns.h"

#include <string.h>

#include "base/bytes.h"

#define MAX_LABEL 63
#define MAX_NAME 255
#define MAX_RECORDS 64
#define MAX_JUMPS 16

enum
{
  TYPE_A = 1,
  TYPE_AAAA = 28,
  CLASS_IN = 1,
  CLASS_MASK = 0x7fff, /* the top bit: unicast wished, or cache flush */
  CLASS_UNICAST = 0x8000,
};

gboolean
via_mdns_is_name (const gchar *name)
{
  gsize len = strspn (name, "abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

  return len > 0 && len <= MAX_LABEL
         && g_ascii_strcasecmp (name + len, ".local") == 0;
}

/* --- question --- */

static void
write_name (ViaWriter *out, const gchar *name)
{
  gsize len = strcspn (name, ".");

  via_writer_u8 (out, (guint8) len);
  via_writer_bytes (out, (const guint8 *) name, len);
  via_writer_bytes (out, (const guint8 *) "\5local", 7);
}

gsize
via_mdns_write_question (const gchar *name, guint8 *out, gsize size)
{
  static const guint16 types[] = {TYPE_A, TYPE_AAAA};
  ViaWriter writer;

  if (!via_mdns_is_name (name))
    return 0;
  via_writer_init (&writer, out, size);
  via_writer_zero (&writer, 4); /* id, flags */
  via_writer_u16 (&writer, G_N_ELEMENTS (types));
  via_writer_zero (&writer, 6);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    write_name (&writer, name);
    via_writer_u16 (&writer, types[i]);
    via_writer_u16 (&writer, CLASS_UNICAST | CLASS_IN);
  }
  return writer.failed ? 0 : writer.pos;
}

/* --- answer --- */

/* Reads a name, with its compression, as text into @out (MAX_NAME + 1). */
static gboolean
read_name (ViaReader *reader, gchar *out)
{
  ViaReader at = *reader;
  gboolean has_jumped = FALSE;
  gsize used = 0;

  for (guint jumps = 0; jumps <= MAX_JUMPS;) {
    const guint8 *label;
    guint8 len, low;

    if (!via_reader_u8 (&at, &len))
      return FALSE;
    if ((len & 0xc0) == 0xc0) { /* a pointer back */
      if (!via_reader_u8 (&at, &low))
        return FALSE;
      if (!has_jumped)
        *reader = at;
      has_jumped = TRUE;
      at.pos = (gsize) (len & 0x3f) << 8 | low;
      if (at.pos >= at.len)
        return FALSE;
      jumps++;
      continue;
    }
    if (len == 0) {
      out[used > 0 ? used - 1 : 0] = '\0';
      if (!has_jumped)
        *reader = at;
      return TRUE;
    }
    if (len > MAX_LABEL || used + len + 1 > MAX_NAME
        || !via_reader_take (&at, len, &label)
        || memchr (label, '\0', len) != NULL)
      return FALSE;
    memcpy (out + used, label, len);
    out[used + len] = '.';
    used += len + 1u;
  }
  return FALSE;
}

static gboolean
skip_questions (ViaReader *reader, guint n)
{
  gchar name[MAX_NAME + 1];

  for (guint i = 0; i < n; i++)
    if (!read_name (reader, name) || !via_reader_skip (reader, 4))
      return FALSE;
  return TRUE;
}

/* One record; @out_is_one: an address of @name. FALSE: no more sense. */
static gboolean
read_record (
    ViaReader *reader, const gchar *name, ViaAddress *out, gboolean *out_is_one)
{
  gchar owner[MAX_NAME + 1];
  guint16 type, class, len;
  const guint8 *data;

  *out_is_one = FALSE;
  if (!read_name (reader, owner) || !via_reader_u16 (reader, &type)
      || !via_reader_u16 (reader, &class) || !via_reader_skip (reader, 4)
      || !via_reader_u16 (reader, &len)
      || !via_reader_take (reader, len, &data))
    return FALSE;
  if ((class & CLASS_MASK) != CLASS_IN || g_ascii_strcasecmp (owner, name) != 0
      || !((type == TYPE_A && len == 4) || (type == TYPE_AAAA && len == 16)))
    return TRUE;
  memset (out, 0, sizeof *out);
  memcpy (out->ip, data, len);
  out->is_v6 = len == 16;
  *out_is_one = TRUE;
  return TRUE;
}

guint
via_mdns_read_answer (const gchar *name, const guint8 *data, gsize len,
    ViaAddress *out, guint max)
{
  guint16 id, flags, counts[4];
  ViaReader reader;
  guint n = 0, records;

  via_reader_init (&reader, data, len);
  if (!via_reader_u16 (&reader, &id) || !via_reader_u16 (&reader, &flags))
    return 0;
  for (guint i = 0; i < 4; i++)
    if (!via_reader_u16 (&reader, &counts[i]))
      return 0;
  if (!(flags & 0x8000) || (flags & 0x000f) != 0 || counts[0] > MAX_RECORDS
      || !skip_questions (&reader, counts[0]))
    return 0;
  records = MIN ((guint) counts[1] + counts[2] + counts[3], MAX_RECORDS);
  for (guint i = 0; i < records && n < max; i++) {
    gboolean is_one;

    if (!read_record (&reader, name, &out[n], &is_one))
      break;
    n += is_one ? 1 : 0;
  }
  return n;
}
