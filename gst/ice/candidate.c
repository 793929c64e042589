/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/candidate.c – reads and writes an ICE candidate line.
 * Pure: addresses are looked at as text, never resolved.
 * RFC 8839 §5.1 · RFC 6544 §4.5
 */
#include "ice/candidate.h"

#include <string.h>

#define MAX_LINE 512 /* bytes */
#define MAX_FIELDS 64

static const gchar *const type_names[] = {"host", "srflx", "prflx", "relay"};
static const gchar *const tcp_types[] = {"active", "passive", "so"};

const gchar *
via_candidate_type_name (ViaCandidateType type)
{
  return (guint) type < G_N_ELEMENTS (type_names) ? type_names[type]
                                                  : "unknown";
}

static gboolean
candidate_fail (GError **error, gint code, const gchar *field, const gchar *why)
{
  g_set_error (error, VIA_ERROR, code, "ICE candidate: %s %s", field, why);
  return FALSE;
}

/* Decimal digits only, up to @max. */
static gboolean
candidate_number (const gchar *text, guint64 max, guint64 *out)
{
  guint64 value = 0;

  if (*text == '\0')
    return FALSE;
  for (; *text != '\0'; text++) {
    if (!g_ascii_isdigit (*text))
      return FALSE;
    value = value * 10 + (guint64) (*text - '0');
    if (value > max)
      return FALSE;
  }
  *out = value;
  return TRUE;
}

static gboolean
candidate_v4 (const gchar *text, guint8 out[4])
{
  g_auto (GStrv) parts = g_strsplit (text, ".", 5);
  guint64 value;

  if (g_strv_length (parts) != 4)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    if (strlen (parts[i]) > 3 || !candidate_number (parts[i], 255, &value))
      return FALSE;
    out[i] = (guint8) value;
  }
  return TRUE;
}

static gboolean
candidate_is_v4_refused (const guint8 a[4])
{
  return a[0] == 0 || (a[0] >= 224 && a[0] <= 239)
         || (a[0] == 255 && a[1] == 255 && a[2] == 255 && a[3] == 255);
}

/* @text is a valid IPv6 literal. Appends its 16-bit groups from @text on. */
static guint
candidate_v6_groups (const gchar *text, gsize len, guint16 out[8])
{
  g_autofree gchar *copy = g_strndup (text, len);
  g_auto (GStrv) parts = g_strsplit (copy, ":", 9);
  guint n = 0;

  for (guint i = 0; parts[i] != NULL && n < 8; i++) {
    guint8 v4[4];

    if (*parts[i] == '\0')
      continue;
    if (strchr (parts[i], '.') != NULL) {
      if (n > 6 || !candidate_v4 (parts[i], v4))
        break;
      out[n++] = (guint16) (v4[0] << 8 | v4[1]);
      out[n++] = (guint16) (v4[2] << 8 | v4[3]);
    } else {
      out[n++] = (guint16) g_ascii_strtoull (parts[i], NULL, 16);
    }
  }
  return n;
}

static gboolean
candidate_is_v6_refused (const gchar *text)
{
  const gchar *gap = strstr (text, "::");
  guint16 all[8] = {0}, tail[8];
  gboolean has_zero_prefix = TRUE;
  guint8 v4[4];
  guint n;

  if (gap == NULL) {
    candidate_v6_groups (text, strlen (text), all);
  } else {
    n = candidate_v6_groups (text, (gsize) (gap - text), all);
    n = MIN (candidate_v6_groups (gap + 2, strlen (gap + 2), tail), 8 - n);
    memcpy (all + 8 - n, tail, n * sizeof tail[0]);
  }
  if ((all[0] & 0xff00) == 0xff00)
    return TRUE;
  for (guint i = 0; i < 5; i++)
    has_zero_prefix &= all[i] == 0;
  if (!has_zero_prefix)
    return FALSE;
  if (all[5] == 0 && all[6] == 0)
    return all[7] == 0; /* ::, not ::1 */
  v4[0] = (guint8) (all[6] >> 8);
  v4[1] = (guint8) all[6];
  v4[2] = (guint8) (all[7] >> 8);
  v4[3] = (guint8) all[7];
  return all[5] == 0xffff && candidate_is_v4_refused (v4);
}

static gboolean
candidate_is_name (const gchar *text)
{
  if (!g_ascii_isalnum (*text))
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("-._", *text) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
candidate_set_address (ViaCandidate *self, const gchar *text, GError **error)
{
  gboolean refused = FALSE;
  guint8 v4[4];

  if (strlen (text) >= sizeof self->address)
    return candidate_fail (error, VIA_ERROR_SYNTAX, "address", "is too long");
  if (candidate_v4 (text, v4)) {
    refused = candidate_is_v4_refused (v4);
  } else if (strchr (text, ':') != NULL) {
    if (strchr (text, '%') != NULL || !g_hostname_is_ip_address (text))
      return candidate_fail (
          error, VIA_ERROR_SYNTAX, "address", "is no IPv6 literal");
    refused = candidate_is_v6_refused (text);
  } else if (!candidate_is_name (text)) {
    return candidate_fail (error, VIA_ERROR_SYNTAX, "address", "is malformed");
  } else if (g_ascii_strcasecmp (text, ".local") != 0
             && strlen (text) > strlen (".local")
             && g_ascii_strcasecmp (
                    text + strlen (text) - strlen (".local"), ".local")
                    == 0) {
    self->is_mdns = TRUE;
  } else {
    return candidate_fail (error, VIA_ERROR_UNSUPPORTED, "address",
        "is neither a literal nor a .local name");
  }
  if (refused)
    return candidate_fail (error, VIA_ERROR_REFUSED, "address",
        "is multicast, broadcast or unspecified");
  g_strlcpy (self->address, text, sizeof self->address);
  return TRUE;
}

static gboolean
candidate_set_type (ViaCandidate *self, const gchar *text, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (type_names); i++)
    if (strcmp (text, type_names[i]) == 0) {
      self->type = (ViaCandidateType) i;
      return TRUE;
    }
  return candidate_fail (error, VIA_ERROR_SYNTAX, "typ", "is unknown");
}

/* The pairs after "typ x": raddr, rport, tcptype; others are passed over. */
static gboolean
candidate_set_extensions (
    ViaCandidate *self, gchar **pairs, gint *tcp_type, GError **error)
{
  guint64 value;

  for (; pairs[0] != NULL; pairs += 2) {
    if (pairs[1] == NULL)
      return candidate_fail (
          error, VIA_ERROR_SYNTAX, "extension", "has no value");
    if (strcmp (pairs[0], "raddr") == 0) {
      if (strlen (pairs[1]) >= sizeof self->related_address)
        return candidate_fail (error, VIA_ERROR_SYNTAX, "raddr", "is too long");
      g_strlcpy (self->related_address, pairs[1], sizeof self->related_address);
    } else if (strcmp (pairs[0], "rport") == 0) {
      if (!candidate_number (pairs[1], G_MAXUINT16, &value))
        return candidate_fail (
            error, VIA_ERROR_SYNTAX, "rport", "is no port number");
      self->related_port = (guint16) value;
    } else if (strcmp (pairs[0], "tcptype") == 0) {
      for (guint i = 0; i < G_N_ELEMENTS (tcp_types); i++)
        if (strcmp (pairs[1], tcp_types[i]) == 0)
          *tcp_type = (gint) i;
      if (*tcp_type < 0)
        return candidate_fail (
            error, VIA_ERROR_SYNTAX, "tcptype", "is unknown");
    }
  }
  return TRUE;
}

/* The six fields before "typ". */
static gboolean
candidate_set_fixed (
    ViaCandidate *self, gchar **field, gboolean *is_tcp, GError **error)
{
  guint64 value;
  gsize len = strlen (field[0]);

  if (len == 0 || len >= sizeof self->foundation)
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "foundation", "is not 1 to 32 characters");
  g_strlcpy (self->foundation, field[0], sizeof self->foundation);
  if (!candidate_number (field[1], 256, &value) || value == 0)
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "component", "is not 1 to 256");
  self->component = (guint) value;
  *is_tcp = g_ascii_strcasecmp (field[2], "tcp") == 0;
  if (!*is_tcp && g_ascii_strcasecmp (field[2], "udp") != 0)
    return candidate_fail (
        error, VIA_ERROR_UNSUPPORTED, "transport", "is neither UDP nor TCP");
  if (!candidate_number (field[3], G_MAXUINT32, &value) || value == 0)
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "priority", "is not 1 to 2^32-1");
  self->priority = (guint32) value;
  if (!candidate_number (field[5], G_MAXUINT16, &value))
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "port", "is no port number");
  self->port = (guint16) value;
  return candidate_set_address (self, field[4], error);
}

/* Space-separated words without empty ones; NULL if there are too many, or a
 * byte is no visible ASCII. */
static GStrv
candidate_split (const gchar *text)
{
  g_auto (GStrv) words = NULL;
  guint n = 0;

  for (const gchar *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p) && *p != ' ')
      return NULL;
  words = g_strsplit (text, " ", -1);
  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] == '\0') {
      g_free (words[i]);
      continue;
    }
    words[n++] = words[i];
  }
  words[n] = NULL;
  return n <= MAX_FIELDS ? g_steal_pointer (&words) : NULL;
}

gboolean
via_candidate_parse (ViaCandidate *out, const gchar *text, GError **error)
{
  ViaCandidate self = {0};
  g_autofree gchar *line = NULL;
  g_auto (GStrv) field = NULL;
  const gchar *rest;
  gboolean is_tcp = FALSE;
  gint tcp_type = -1;

  g_return_val_if_fail (out != NULL && text != NULL, FALSE);

  if (strnlen (text, MAX_LINE + 1) > MAX_LINE)
    return candidate_fail (error, VIA_ERROR_LIMIT, "line", "is over 512 bytes");
  line = g_strstrip (g_strdup (text));
  rest = g_str_has_prefix (line, "a=") ? line + 2 : line;
  if (!g_str_has_prefix (rest, "candidate:"))
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "line", "does not begin with candidate:");
  rest += strlen ("candidate:");
  if (*rest == ' ')
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "foundation", "is not 1 to 32 characters");
  field = candidate_split (rest);
  if (field == NULL || g_strv_length (field) < 8)
    return candidate_fail (
        error, VIA_ERROR_SYNTAX, "line", "does not have its eight fields");
  if (strcmp (field[6], "typ") != 0)
    return candidate_fail (error, VIA_ERROR_SYNTAX, "typ", "is missing");
  if (!candidate_set_fixed (&self, field, &is_tcp, error)
      || !candidate_set_type (&self, field[7], error)
      || !candidate_set_extensions (&self, field + 8, &tcp_type, error))
    return FALSE;

  if (is_tcp && tcp_type < 0)
    return candidate_fail (error, VIA_ERROR_SYNTAX, "tcptype", "is missing");
  if (is_tcp)
    self.transport =
        (ViaCandidateTransport) (VIA_TRANSPORT_TCP_ACTIVE + tcp_type);
  if (self.port == 0 && self.transport != VIA_TRANSPORT_TCP_ACTIVE)
    return candidate_fail (error, VIA_ERROR_REFUSED, "port", "is 0");
  *out = self;
  return TRUE;
}

gchar *
via_candidate_to_string (const ViaCandidate *self)
{
  GString *out = g_string_new (NULL);

  g_string_printf (out, "candidate:%s %u %s %u %s %u typ %s", self->foundation,
      self->component, self->transport == VIA_TRANSPORT_UDP ? "UDP" : "TCP",
      self->priority, self->address, self->port,
      via_candidate_type_name (self->type));
  if (*self->related_address != '\0')
    g_string_append_printf (
        out, " raddr %s rport %u", self->related_address, self->related_port);
  if (self->transport != VIA_TRANSPORT_UDP)
    g_string_append_printf (out, " tcptype %s",
        tcp_types[self->transport - VIA_TRANSPORT_TCP_ACTIVE]);
  return g_string_free (out, FALSE);
}
