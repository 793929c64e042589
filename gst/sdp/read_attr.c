/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/read_attr.c – what each a= line of session, transport and data means.
 * Pure; unknown attributes are passed over.
 * RFC 8866 §6 · RFC 8839 §5 · RFC 8122 §5 · RFC 8842 §5 · RFC 9143 · RFC 8841
 * 5576 §4 · RFC 4585 §4.2 · RFC 8851 · RFC 8841
 */
#include "sdp/read.h"

#include <string.h>

typedef const gchar *(*AttrFunc) (ViaSdpCursor *at, const gchar *value);

/* Visible ASCII, 1 to VIA_SDP_MAX_TOKEN bytes. */
gboolean
via_sdp_is_token (const gchar *text)
{
  if (*text == '\0' || strlen (text) > VIA_SDP_MAX_TOKEN)
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isgraph (*text))
      return FALSE;
  return TRUE;
}

/* Cuts @value at its first space; @out_rest is what follows, "" if nothing. */
gchar *
via_sdp_word (const gchar *value, const gchar **out_rest)
{
  const gchar *space = strchr (value, ' ');

  *out_rest = "";
  if (space == NULL)
    return g_strdup (value);
  *out_rest = space + 1;
  while (**out_rest == ' ')
    (*out_rest)++;
  return g_strndup (value, (gsize) (space - value));
}

static gboolean
attr_set_once (gchar **field, const gchar *value)
{
  if (*field != NULL)
    return strcmp (*field, value) == 0;
  *field = g_strdup (value);
  return TRUE;
}

static const gchar *
attr_group (ViaSdpCursor *at, const gchar *value)
{
  g_auto (GStrv) words = NULL;
  GPtrArray *mids;

  if (at->media != NULL || !g_str_has_prefix (value, "BUNDLE"))
    return NULL;
  words = g_strsplit (value, " ", 0);
  if (strcmp (words[0], "BUNDLE") != 0)
    return NULL;
  if (g_strv_length (words) > VIA_SDP_MAX_MEDIA + 1
      || at->sdp->bundles->len == VIA_SDP_MAX_MEDIA)
    return "a BUNDLE group of more than 64";
  mids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 1; words[i] != NULL; i++)
    if (*words[i] != '\0')
      g_ptr_array_add (mids, g_strdup (words[i]));
  g_ptr_array_add (at->sdp->bundles, mids);
  return NULL;
}

static const gchar *
attr_mid (ViaSdpCursor *at, const gchar *value)
{
  if (at->media == NULL)
    return NULL;
  if (!via_sdp_is_token (value))
    return "a mid that is no token";
  return attr_set_once (&at->media->mid, value) ? NULL : "two mids";
}

static const gchar *
attr_ice (ViaSdpCursor *at, gchar **field, const gchar *value, gsize min,
    const gchar *why)
{
  gsize len = strlen (value);

  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isgraph (value[i]))
      return "ICE credentials with a byte that is no ice-char";
  if (len < min || len > 256) {
    at->code = VIA_ERROR_REFUSED;
    return why;
  }
  return attr_set_once (field, value) ? NULL : "ICE credentials given twice";
}

static const gchar *
attr_ice_ufrag (ViaSdpCursor *at, const gchar *value)
{
  return attr_ice (at, &at->section->ufrag, value, 4,
      "ice-ufrag is not 4 to 256 characters (RFC 8839)");
}

static const gchar *
attr_ice_pwd (ViaSdpCursor *at, const gchar *value)
{
  return attr_ice (at, &at->section->pwd, value, 22,
      "ice-pwd is not 22 to 256 characters (RFC 8839)");
}

static const gchar *
attr_ice_lite (ViaSdpCursor *at, const gchar *value)
{
  at->section->is_ice_lite = TRUE;
  return NULL;
}

static const gchar *
attr_candidate (ViaSdpCursor *at, const gchar *value)
{
  if (strlen (value) <= 512 - strlen ("candidate:")
      && at->section->candidates->len < VIA_SDP_MAX_CANDIDATES)
    g_ptr_array_add (
        at->section->candidates, g_strconcat ("candidate:", value, NULL));
  return NULL;
}

static const gchar *
attr_end_of_candidates (ViaSdpCursor *at, const gchar *value)
{
  at->section->has_end_of_candidates = TRUE;
  return NULL;
}

/* "sha-256 AA:BB:…" */
static const gchar *
attr_fingerprint (ViaSdpCursor *at, const gchar *value)
{
  static const struct
  {
    const gchar *name;
    gsize len;
  } hashes[] = {{"sha-256", 32}, {"sha-384", 48}, {"sha-512", 64}};
  g_autofree gchar *hash = NULL;
  ViaFingerprint print = {NULL};
  const gchar *hex;

  hash = via_sdp_word (value, &hex);
  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++)
    if (g_ascii_strcasecmp (hash, hashes[i].name) == 0) {
      print.hash = (gchar *) hashes[i].name;
      print.len = hashes[i].len;
    }
  if (*hex == '\0')
    return "a fingerprint without a digest";
  if (print.hash == NULL) {
    at->section->n_weak++;
    return NULL;
  }
  if (strlen (hex) != print.len * 3 - 1)
    return "a fingerprint whose length does not fit its hash";
  for (gsize i = 0; i < print.len; i++, hex += 3) {
    if (!g_ascii_isxdigit (hex[0]) || !g_ascii_isxdigit (hex[1])
        || (i + 1 < print.len && hex[2] != ':'))
      return "a fingerprint that is no AA:BB:…";
    print.digest[i] = (guint8) (g_ascii_xdigit_value (hex[0]) << 4
                                | g_ascii_xdigit_value (hex[1]));
  }
  if (at->section->fingerprints->len == VIA_SDP_MAX_FINGERPRINTS)
    return "more than 16 fingerprints";
  print.hash = g_strdup (print.hash);
  g_array_append_val (at->section->fingerprints, print);
  return NULL;
}

static const gchar *
attr_setup (ViaSdpCursor *at, const gchar *value)
{
  static const gchar *const names[] = {
      "", "actpass", "active", "passive", "holdconn"};

  for (guint i = 1; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (value, names[i]) != 0)
      continue;
    if (at->section->setup != VIA_SDP_SETUP_ABSENT
        && at->section->setup != (ViaSdpSetup) i)
      return "two setups";
    at->section->setup = (ViaSdpSetup) i;
    return NULL;
  }
  return "an unknown setup";
}

static const gchar *
attr_direction (ViaSdpCursor *at, ViaDirection direction)
{
  if (at->section->direction >= 0 && at->section->direction != (gint) direction)
    return "two directions";
  at->section->direction = (gint) direction;
  return NULL;
}

static const gchar *
attr_sendrecv (ViaSdpCursor *at, const gchar *value)
{
  return attr_direction (at, VIA_DIRECTION_SENDRECV);
}

static const gchar *
attr_sendonly (ViaSdpCursor *at, const gchar *value)
{
  return attr_direction (at, VIA_DIRECTION_SENDONLY);
}

static const gchar *
attr_recvonly (ViaSdpCursor *at, const gchar *value)
{
  return attr_direction (at, VIA_DIRECTION_RECVONLY);
}

static const gchar *
attr_inactive (ViaSdpCursor *at, const gchar *value)
{
  return attr_direction (at, VIA_DIRECTION_INACTIVE);
}

static const gchar *
attr_bundle_only (ViaSdpCursor *at, const gchar *value)
{
  if (at->media != NULL)
    at->media->is_bundle_only = TRUE;
  return NULL;
}

static const gchar *
attr_extmap_allow_mixed (ViaSdpCursor *at, const gchar *value)
{
  at->section->is_mixed = TRUE;
  return NULL;
}

static const gchar *
attr_sctp_port (ViaSdpCursor *at, const gchar *value)
{
  guint64 port;

  if (at->media == NULL || at->media->kind != VIA_KIND_DATA)
    return NULL;
  if (!via_sdp_number (value, G_MAXUINT16, &port))
    return "an sctp-port that is not 0 to 65535";
  at->media->sctp_port = (guint) port;
  return NULL;
}

/* "5000 webrtc-datachannel 1024", before RFC 8841 */
static const gchar *
attr_sctpmap (ViaSdpCursor *at, const gchar *value)
{
  const gchar *rest;
  g_autofree gchar *port = via_sdp_word (value, &rest);

  return attr_sctp_port (at, port);
}

static const gchar *
attr_max_message_size (ViaSdpCursor *at, const gchar *value)
{
  guint64 size;

  if (at->media == NULL || at->media->kind != VIA_KIND_DATA)
    return NULL;
  if (!via_sdp_number (value, G_MAXINT64, &size))
    return "a max-message-size that is no number";
  at->media->max_message_size = size != 0 ? size : G_MAXUINT64; /* 0: any */
  return NULL;
}

static const struct
{
  const gchar *name;
  AttrFunc take;
} attrs[] = {
    {"bundle-only", attr_bundle_only},
    {"candidate", attr_candidate},
    {"end-of-candidates", attr_end_of_candidates},
    {"extmap-allow-mixed", attr_extmap_allow_mixed},
    {"fingerprint", attr_fingerprint},
    {"group", attr_group},
    {"ice-lite", attr_ice_lite},
    {"ice-pwd", attr_ice_pwd},
    {"ice-ufrag", attr_ice_ufrag},
    {"inactive", attr_inactive},
    {"max-message-size", attr_max_message_size},
    {"mid", attr_mid},
    {"recvonly", attr_recvonly},
    {"sctp-port", attr_sctp_port},
    {"sctpmap", attr_sctpmap},
    {"sendonly", attr_sendonly},
    {"sendrecv", attr_sendrecv},
    {"setup", attr_setup},
};

const gchar *
via_sdp_attr_take (ViaSdpCursor *at, const gchar *name, const gchar *value)
{
  for (guint i = 0; i < G_N_ELEMENTS (attrs); i++)
    if (strcmp (attrs[i].name, name) == 0)
      return attrs[i].take (at, value);
  if (at->media == NULL)
    return NULL;
  return via_sdp_attr_take_rtp (at, name, value);
}
