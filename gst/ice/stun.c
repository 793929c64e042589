/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/stun.c – STUN messages as ICE uses them.
 * RFC 8489 §5–§6, §9, §14 · RFC 8445 §7.1, §16.1 · RFC 8656 §7, §18
 */
#include "ice/stun.h"

#include <string.h>

#include "base/bytes.h"

#define COOKIE 0x2112a442u
#define FINGERPRINT_XOR 0x5354554eu
#define HMAC_LEN 20
#define MAX_USERNAME 513 /* RFC 8489 §14.3: below that */

enum
{
  ATTR_MAPPED_ADDRESS = 0x0001,
  ATTR_USERNAME = 0x0006,
  ATTR_INTEGRITY = 0x0008,
  ATTR_ERROR_CODE = 0x0009,
  ATTR_UNKNOWN = 0x000a,
  ATTR_LIFETIME = 0x000d,
  ATTR_REALM = 0x0014,
  ATTR_NONCE = 0x0015,
  ATTR_REQUESTED_TRANSPORT = 0x0019,
  ATTR_INTEGRITY_SHA256 = 0x001c,
  ATTR_XOR_MAPPED = 0x0020,
  ATTR_PRIORITY = 0x0024,
  ATTR_USE_CANDIDATE = 0x0025,
  ATTR_OPTIONAL = 0x8000, /* and above: may be passed over */
  ATTR_FINGERPRINT = 0x8028,
  ATTR_CONTROLLED = 0x8029,
  ATTR_CONTROLLING = 0x802a,
};

/* ITU-T V.42, a nibble at a time. */
static guint32
crc32_of (const guint8 *data, gsize len)
{
  static const guint32 table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8,
      0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
      0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278,
      0xbdbdf21c};
  guint32 crc = 0xffffffffu;

  for (gsize i = 0; i < len; i++) {
    crc = table[(crc ^ data[i]) & 15] ^ (crc >> 4);
    crc = table[(crc ^ (data[i] >> 4)) & 15] ^ (crc >> 4);
  }
  return ~crc;
}

/* The HMAC of @data as if the message ended with MESSAGE-INTEGRITY at @end. */
static void
hmac_of (const guint8 *data, gsize end, const guint8 *key, gsize key_len,
    guint8 out[HMAC_LEN])
{
  gsize len = end + 4 + HMAC_LEN - VIA_STUN_HEADER, size = HMAC_LEN;
  const guint8 field[2] = {(guint8) (len >> 8), (guint8) len};
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA1, key, key_len);

  g_hmac_update (hmac, data, 2);
  g_hmac_update (hmac, field, 2);
  g_hmac_update (hmac, data + 4, (gssize) end - 4);
  g_hmac_get_digest (hmac, out, &size);
  g_hmac_unref (hmac);
}

/* --- reading --- */

static gboolean
read_address (ViaReader *at, const guint8 *id, ViaAddress *out)
{
  const guint8 *ip;
  guint8 zero, family;
  guint16 port;
  gsize len;
  guint8 mask[16];

  if (!via_reader_u8 (at, &zero) || !via_reader_u8 (at, &family)
      || !via_reader_u16 (at, &port) || (family != 1 && family != 2))
    return FALSE;
  len = family == 2 ? 16 : 4;
  if (!via_reader_take (at, len, &ip))
    return FALSE;
  memset (out, 0, sizeof *out);
  mask[0] = 0x21;
  mask[1] = 0x12;
  mask[2] = 0xa4;
  mask[3] = 0x42;
  memcpy (mask + 4, id, VIA_STUN_ID);
  for (gsize i = 0; i < len; i++)
    out->ip[i] = ip[i] ^ mask[i];
  out->port = port ^ (COOKIE >> 16);
  out->is_v6 = family == 2;
  return TRUE;
}

static gboolean
read_error_code (ViaReader *at, guint *out)
{
  guint16 zero;
  guint8 hundreds, rest;

  if (!via_reader_u16 (at, &zero) || !via_reader_u8 (at, &hundreds)
      || !via_reader_u8 (at, &rest))
    return FALSE;
  *out = (hundreds & 7u) * 100 + rest;
  return TRUE;
}

static gboolean
read_username (ViaStunMessage *out, ViaReader *at)
{
  out->username_len = via_reader_left (at);
  return out->username_len < MAX_USERNAME
         && via_reader_take (at, out->username_len, &out->username);
}

/* RFC 8489 §14.9, §14.10: at most 763 bytes. */
static gboolean
read_text (ViaReader *at, const guint8 **out, gsize *out_len)
{
  *out_len = via_reader_left (at);
  return *out_len <= VIA_STUN_TEXT_MAX && via_reader_take (at, *out_len, out);
}

static gboolean
read_fingerprint (ViaStunMessage *out, ViaReader *at, gsize begin)
{
  guint32 value;

  /* nothing may follow it */
  if (!via_reader_u32 (at, &value) || begin + 8 != out->len
      || value != (crc32_of (out->data, begin) ^ FINGERPRINT_XOR))
    return FALSE;
  out->has_fingerprint = TRUE;
  return TRUE;
}

/* One attribute in front of MESSAGE-INTEGRITY. */
static gboolean
read_attribute (ViaStunMessage *out, guint16 type, ViaReader *at)
{
  switch (type) {
    case ATTR_USERNAME:
      return read_username (out, at);
    case ATTR_XOR_MAPPED:
      out->has_mapped = read_address (at, out->id, &out->mapped);
      return out->has_mapped;
    case ATTR_ERROR_CODE:
      return read_error_code (at, &out->error_code);
    case ATTR_PRIORITY:
      out->has_priority = via_reader_u32 (at, &out->priority);
      return out->has_priority;
    case ATTR_USE_CANDIDATE:
      out->use_candidate = TRUE;
      return TRUE;
    case ATTR_CONTROLLED:
      out->is_controlled = via_reader_u64 (at, &out->tie_breaker);
      return out->is_controlled;
    case ATTR_CONTROLLING:
      out->is_controlling = via_reader_u64 (at, &out->tie_breaker);
      return out->is_controlling;
    case ATTR_REALM:
      return read_text (at, &out->realm, &out->realm_len);
    case ATTR_NONCE:
      return read_text (at, &out->nonce, &out->nonce_len);
    case ATTR_MAPPED_ADDRESS:
    case ATTR_UNKNOWN:
    case ATTR_INTEGRITY_SHA256:
      return TRUE;
    default:
      if (type < ATTR_OPTIONAL && out->n_unknown < VIA_STUN_UNKNOWN_MAX)
        out->unknown[out->n_unknown++] = type;
      return TRUE;
  }
}

static gboolean
read_attributes (ViaStunMessage *out, ViaReader *reader)
{
  while (via_reader_left (reader) > 0) {
    gsize begin = reader->pos;
    const guint8 *value;
    guint16 type, len;
    ViaReader at;

    if (!via_reader_u16 (reader, &type) || !via_reader_u16 (reader, &len)
        || !via_reader_take (reader, len, &value)
        || !via_reader_skip (reader, (4u - len % 4u) % 4u))
      return FALSE;
    via_reader_init (&at, value, len);
    if (type == ATTR_FINGERPRINT) {
      if (!read_fingerprint (out, &at, begin))
        return FALSE;
    } else if (out->integrity != NULL) {
      continue; /* not covered by it */
    } else if (type == ATTR_INTEGRITY) {
      if (len != HMAC_LEN)
        return FALSE;
      out->integrity = value;
    } else if (!read_attribute (out, type, &at)) {
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
via_stun_read (ViaStunMessage *out, const guint8 *data, gsize len)
{
  ViaReader reader;
  guint16 type, body;
  guint32 cookie;

  memset (out, 0, sizeof *out);
  via_reader_init (&reader, data, len);
  if (len > VIA_STUN_MAX || !via_reader_u16 (&reader, &type)
      || !via_reader_u16 (&reader, &body) || !via_reader_u32 (&reader, &cookie)
      || !via_reader_take (&reader, VIA_STUN_ID, &out->id)
      || (type & 0xc000) != 0 || cookie != COOKIE || body % 4 != 0
      || VIA_STUN_HEADER + (gsize) body != len)
    return FALSE;
  out->data = data;
  out->len = len;
  out->type = (ViaStunClass) ((type >> 7 & 2) | (type >> 4 & 1));
  out->method =
      (guint16) ((type >> 2 & 0xf80) | (type >> 1 & 0x70) | (type & 0xf));
  return read_attributes (out, &reader);
}

gboolean
via_stun_is_authentic (const ViaStunMessage *self, const gchar *pwd)
{
  guint8 hmac[HMAC_LEN];
  guint8 differs = 0;

  if (self->integrity == NULL)
    return FALSE;
  hmac_of (self->data, (gsize) (self->integrity - self->data) - 4,
      (const guint8 *) pwd, strlen (pwd), hmac);
  for (guint i = 0; i < HMAC_LEN; i++) /* in constant time */
    differs |= hmac[i] ^ self->integrity[i];
  return differs == 0;
}

/* --- writing --- */

static void
begin (ViaWriter *out, guint16 method, ViaStunClass type, const guint8 *id,
    guint8 *data, gsize size)
{
  guint16 spread =
      (guint16) ((method & 0xf80) << 2 | (method & 0x70) << 1 | (method & 0xf));

  via_writer_init (out, data, MIN (size, VIA_STUN_MAX));
  via_writer_u16 (
      out, (guint16) (spread | (type & 2u) << 7 | (type & 1u) << 4));
  via_writer_u16 (out, 0); /* set by finish */
  via_writer_u32 (out, COOKIE);
  via_writer_bytes (out, id, VIA_STUN_ID);
}

static void
write_bytes (ViaWriter *out, guint16 type, const void *value, gsize len)
{
  via_writer_u16 (out, type);
  via_writer_u16 (out, (guint16) len);
  if (len > 0)
    via_writer_bytes (out, value, len);
  via_writer_zero (out, (4u - len % 4u) % 4u);
}

static void
write_u64 (ViaWriter *out, guint16 type, guint64 value)
{
  via_writer_u16 (out, type);
  via_writer_u16 (out, 8);
  via_writer_u64 (out, value);
}

static void
write_u32 (ViaWriter *out, guint16 type, guint32 value)
{
  via_writer_u16 (out, type);
  via_writer_u16 (out, 4);
  via_writer_u32 (out, value);
}

static void
write_mapped (ViaWriter *out, const guint8 *id, const ViaAddress *address)
{
  static const guint8 cookie[4] = {0x21, 0x12, 0xa4, 0x42};
  gsize len = address->is_v6 ? 16 : 4;

  via_writer_u16 (out, ATTR_XOR_MAPPED);
  via_writer_u16 (out, (guint16) (4 + len));
  via_writer_u8 (out, 0);
  via_writer_u8 (out, address->is_v6 ? 2 : 1);
  via_writer_u16 (out, address->port ^ (COOKIE >> 16));
  for (gsize i = 0; i < len; i++)
    via_writer_u8 (out, address->ip[i] ^ (i < 4 ? cookie[i] : id[i - 4]));
}

static void
set_length (ViaWriter *out, gsize end)
{
  out->data[2] = (guint8) ((end - VIA_STUN_HEADER) >> 8);
  out->data[3] = (guint8) (end - VIA_STUN_HEADER);
}

static gsize
finish_keyed (ViaWriter *out, const guint8 *key, gsize key_len)
{
  if (out->failed
      || via_writer_room (out) < (key != NULL ? 4 + HMAC_LEN : 0) + 8u)
    return 0;
  if (key != NULL) {
    guint8 hmac[HMAC_LEN];

    hmac_of (out->data, out->pos, key, key_len, hmac);
    write_bytes (out, ATTR_INTEGRITY, hmac, sizeof hmac);
  }
  set_length (out, out->pos + 8);
  write_u32 (
      out, ATTR_FINGERPRINT, crc32_of (out->data, out->pos) ^ FINGERPRINT_XOR);
  return out->pos;
}

static gsize
finish (ViaWriter *out, const gchar *pwd)
{
  return finish_keyed (
      out, (const guint8 *) pwd, pwd != NULL ? strlen (pwd) : 0);
}

gsize
via_stun_write_success (const ViaStunMessage *request, const ViaAddress *from,
    const gchar *pwd, guint8 *out, gsize size)
{
  ViaWriter writer;

  begin (&writer, VIA_STUN_BINDING, VIA_STUN_SUCCESS, request->id, out, size);
  write_mapped (&writer, request->id, from);
  return finish (&writer, pwd);
}

static const gchar *
reason_of (guint code)
{
  switch (code) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthenticated";
    case 420:
      return "Unknown Attribute";
    case 487:
      return "Role Conflict";
    default:
      return "Server Error";
  }
}

gsize
via_stun_write_error (const ViaStunMessage *request, guint code,
    const gchar *pwd, guint8 *out, gsize size)
{
  const gchar *reason = reason_of (code);
  gsize len = strlen (reason);
  ViaWriter writer;

  begin (&writer, VIA_STUN_BINDING, VIA_STUN_ERROR, request->id, out, size);
  via_writer_u16 (&writer, ATTR_ERROR_CODE);
  via_writer_u16 (&writer, (guint16) (4 + len));
  via_writer_u16 (&writer, 0);
  via_writer_u8 (&writer, (guint8) (code / 100));
  via_writer_u8 (&writer, (guint8) (code % 100));
  via_writer_bytes (&writer, (const guint8 *) reason, len);
  via_writer_zero (&writer, (4u - len % 4u) % 4u);
  if (code == 420) {
    via_writer_u16 (&writer, ATTR_UNKNOWN);
    via_writer_u16 (&writer, (guint16) (2 * request->n_unknown));
    for (guint i = 0; i < request->n_unknown; i++)
      via_writer_u16 (&writer, request->unknown[i]);
    via_writer_zero (&writer, request->n_unknown % 2 * 2);
  }
  return finish (&writer, pwd);
}

gsize
via_stun_write_check (const ViaStunCheck *check, const guint8 id[VIA_STUN_ID],
    const gchar *pwd, guint8 *out, gsize size)
{
  ViaWriter writer;

  begin (&writer, VIA_STUN_BINDING, VIA_STUN_REQUEST, id, out, size);
  write_bytes (
      &writer, ATTR_USERNAME, check->username, strlen (check->username));
  write_u32 (&writer, ATTR_PRIORITY, check->priority);
  write_u64 (&writer,
      check->is_controlling ? ATTR_CONTROLLING : ATTR_CONTROLLED,
      check->tie_breaker);
  if (check->use_candidate)
    write_bytes (&writer, ATTR_USE_CANDIDATE, NULL, 0);
  return finish (&writer, pwd);
}

gsize
via_stun_write_request (const ViaStunRequest *request,
    const guint8 id[VIA_STUN_ID], guint8 *out, gsize size)
{
  ViaWriter writer;

  begin (&writer, request->method, VIA_STUN_REQUEST, id, out, size);
  if (request->method == VIA_STUN_ALLOCATE)
    write_u32 (&writer, ATTR_REQUESTED_TRANSPORT, 17u << 24); /* UDP */
  if (request->method == VIA_STUN_REFRESH)
    write_u32 (&writer, ATTR_LIFETIME, 0);
  if (request->key == NULL)
    return finish (&writer, NULL);
  write_bytes (
      &writer, ATTR_USERNAME, request->username, strlen (request->username));
  write_bytes (&writer, ATTR_REALM, request->realm, request->realm_len);
  write_bytes (&writer, ATTR_NONCE, request->nonce, request->nonce_len);
  return finish_keyed (&writer, request->key, VIA_STUN_KEY);
}
