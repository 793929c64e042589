/* SPDX-License-Identifier: LGPL-2.1-or-later
 * ice/turnurl.c – reads STUN and TURN servers as users write them.
 * Pure; never resolves a name, never shows a password.
 * RFC 7064 · RFC 7065 · RFC 3986 §2.1 (percent escapes)
 */
#include "ice/turnurl.h"

#include <string.h>

#define MAX_TEXT 2048 /* bytes */
#define PORT_PLAIN 3478
#define PORT_TLS 5349

typedef enum
{
  SCHEME_NONE,
  SCHEME_STUN,
  SCHEME_STUNS,
  SCHEME_TURN,
  SCHEME_TURNS,
} Scheme;

/* Points @text behind "turn:" or "turn://". */
static Scheme
turn_url_scheme (const gchar **text)
{
  static const gchar *const names[] = {
      "", "stun:", "stuns:", "turn:", "turns:"};

  for (guint i = SCHEME_STUN; i < G_N_ELEMENTS (names); i++) {
    gsize len = strlen (names[i]);

    if (g_ascii_strncasecmp (*text, names[i], len) != 0)
      continue;
    *text += len;
    if (g_str_has_prefix (*text, "//"))
      *text += 2;
    return (Scheme) i;
  }
  return SCHEME_NONE;
}

gchar *
via_turn_url_mask (const gchar *text)
{
  const gchar *rest = text, *at, *colon;
  Scheme scheme = turn_url_scheme (&rest);

  at = strrchr (rest, '@');
  colon = strchr (rest, ':');
  if (at == NULL && (scheme == SCHEME_STUN || scheme == SCHEME_STUNS))
    return g_strdup (text);
  if (at == NULL) /* maybe user:password with the host forgotten */
    return colon == NULL
               ? g_strdup (text)
               : g_strdup_printf ("%.*s:***", (gint) (colon - text), text);
  if (colon == NULL || colon > at) /* a user called "turn" has no scheme */
    return g_strdup_printf ("%.*s***%s", (gint) (rest - text), text, at);
  return g_strdup_printf ("%.*s:***%s", (gint) (colon - text), text, at);
}

static ViaIceServer *
turn_url_fail (GError **error, gint code, const gchar *text, const gchar *why)
{
  g_autofree gchar *masked = via_turn_url_mask (text);

  g_set_error (error, VIA_ERROR, code, "server \"%s\": %s", masked, why);
  return NULL;
}

/* NULL on a broken escape, an escaped NUL or what is no UTF-8 then. */
static gchar *
turn_url_unescape (const gchar *text, gsize len)
{
  g_autoptr (GString) out = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++) {
    gint high, low;

    if (text[i] != '%') {
      g_string_append_c (out, text[i]);
      continue;
    }
    if (len - i < 3)
      return NULL;
    high = g_ascii_xdigit_value (text[i + 1]);
    low = g_ascii_xdigit_value (text[i + 2]);
    if (high < 0 || low < 0 || high * 16 + low == 0)
      return NULL;
    g_string_append_c (out, (gchar) (high * 16 + low));
    i += 2;
  }
  if (!g_utf8_validate (out->str, (gssize) out->len, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gboolean
turn_url_is_name (const gchar *host, gsize len)
{
  if (len == 0 || len > 253)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (host[i]) && strchr ("-._", host[i]) == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
turn_url_port (const gchar *text, gsize len, guint16 *out)
{
  guint value = 0;

  if (len == 0 || len > 5)
    return FALSE;
  for (gsize i = 0; i < len; i++) {
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
    value = value * 10 + (guint) (text[i] - '0');
  }
  if (value == 0 || value > G_MAXUINT16)
    return FALSE;
  *out = (guint16) value;
  return TRUE;
}

/* Reads "host", "host:port", "[v6]" or "[v6]:port".
 * Returns what is wrong, NULL if nothing. self->port stays 0 without a port. */
static const gchar *
turn_url_host (ViaIceServer *self, const gchar *text, gsize len)
{
  const gchar *colon = memchr (text, ':', len);
  g_autofree gchar *host = NULL;

  if (len > 0 && text[len - 1] == '/')
    len--;
  if (len > 0 && text[0] == '[') {
    const gchar *end = memchr (text, ']', len);

    if (end == NULL)
      return "the bracket of the IPv6 address is not closed";
    host = g_strndup (text + 1, (gsize) (end - text) - 1);
    colon = end + 1 < text + len ? end + 1 : NULL;
    if (!g_hostname_is_ip_address (host) || strchr (host, ':') == NULL)
      return "what is in brackets is no IPv6 address";
    if (colon != NULL && *colon != ':')
      return "only a port may follow the bracket";
  } else {
    host = g_strndup (text, len);
    if (strchr (host, ':') != strrchr (host, ':'))
      return "the host is malformed; write IPv6 as [address]:port";
    if (colon != NULL)
      host[colon - text] = '\0';
    if (!turn_url_is_name (host, strlen (host)))
      return "the host is missing or malformed";
  }
  if (colon != NULL
      && !turn_url_port (
          colon + 1, (gsize) (text + len - (colon + 1)), &self->port))
    return "the port is not 1 to 65535";
  self->host = g_steal_pointer (&host);
  return NULL;
}

/* @query is what follows '?', or NULL. */
static const gchar *
turn_url_transport (
    ViaIceServer *self, Scheme scheme, const gchar *query, gint *code)
{
  const gchar *value;

  self->transport = scheme == SCHEME_TURNS ? VIA_TURN_TLS : VIA_TURN_UDP;
  if (query == NULL)
    return NULL;
  *code = VIA_ERROR_SYNTAX;
  if (g_ascii_strncasecmp (query, "transport=", strlen ("transport=")) != 0)
    return "only ?transport= may follow the address";
  value = query + strlen ("transport=");
  *code = VIA_ERROR_UNSUPPORTED;
  if (g_ascii_strcasecmp (value, "udp") == 0)
    return scheme == SCHEME_TURNS ? "DTLS to a TURN server is not supported"
                                  : NULL;
  if (g_ascii_strcasecmp (value, "tls") == 0) {
    self->transport = VIA_TURN_TLS;
    return NULL;
  }
  if (g_ascii_strcasecmp (value, "tcp") != 0)
    return "transport is none of udp, tcp, tls";
  if (scheme != SCHEME_TURNS)
    self->transport = VIA_TURN_TCP;
  return NULL;
}

static const gchar *
turn_url_credentials (ViaIceServer *self, const gchar *text, gsize len)
{
  const gchar *colon = memchr (text, ':', len);

  if (colon == NULL || colon == text || colon + 1 == text + len)
    return "user and password are needed, as user:password@host";
  self->user = turn_url_unescape (text, (gsize) (colon - text));
  self->password =
      turn_url_unescape (colon + 1, (gsize) (text + len - (colon + 1)));
  if (self->user == NULL || self->password == NULL)
    return "a percent escape in user or password is malformed";
  return NULL;
}

static const gchar *
turn_url_check_text (const gchar *text)
{
  if (strnlen (text, MAX_TEXT + 1) > MAX_TEXT)
    return "is over 2048 bytes";
  if (!g_utf8_validate (text, -1, NULL))
    return "is no UTF-8";
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text) || *text == ' ')
      return "has a space or control character";
  return NULL;
}

ViaIceServer *
via_turn_url_parse (const gchar *text, GError **error)
{
  g_autoptr (ViaIceServer) self = NULL;
  const gchar *rest = text, *at, *query, *why;
  gint code = VIA_ERROR_SYNTAX;
  Scheme scheme;

  g_return_val_if_fail (text != NULL, NULL);

  if ((why = turn_url_check_text (text)) != NULL)
    return turn_url_fail (error, code, "", why);
  scheme = turn_url_scheme (&rest);
  if (scheme == SCHEME_STUN || scheme == SCHEME_STUNS)
    return turn_url_fail (
        error, VIA_ERROR_UNSUPPORTED, text, "is a STUN server, not TURN");
  at = strrchr (rest, '@'); /* a host never has one, a user may */
  if (at == NULL)
    return turn_url_fail (error, code, text,
        "user and password are needed, as user:password@host");
  self = g_new0 (ViaIceServer, 1);
  query = strchr (at, '?');
  why = turn_url_credentials (self, rest, (gsize) (at - rest));
  if (why == NULL)
    why = turn_url_host (self, at + 1,
        query != NULL ? (gsize) (query - at) - 1 : strlen (at + 1));
  if (why == NULL)
    why = turn_url_transport (
        self, scheme, query != NULL ? query + 1 : NULL, &code);
  if (why != NULL)
    return turn_url_fail (error, code, text, why);
  if (self->port == 0)
    self->port = self->transport == VIA_TURN_TLS ? PORT_TLS : PORT_PLAIN;
  return g_steal_pointer (&self);
}

ViaIceServer *
via_stun_url_parse (const gchar *text, GError **error)
{
  g_autoptr (ViaIceServer) self = NULL;
  const gchar *rest = text, *why;
  Scheme scheme;

  g_return_val_if_fail (text != NULL, NULL);

  if ((why = turn_url_check_text (text)) != NULL)
    return turn_url_fail (error, VIA_ERROR_SYNTAX, "", why);
  scheme = turn_url_scheme (&rest);
  if (scheme != SCHEME_NONE && scheme != SCHEME_STUN)
    return turn_url_fail (
        error, VIA_ERROR_UNSUPPORTED, text, "is no stun: address");
  if (strchr (rest, '@') != NULL || strchr (rest, '?') != NULL)
    return turn_url_fail (
        error, VIA_ERROR_SYNTAX, text, "a STUN server has only host and port");
  self = g_new0 (ViaIceServer, 1);
  why = turn_url_host (self, rest, strlen (rest));
  if (why != NULL)
    return turn_url_fail (error, VIA_ERROR_SYNTAX, text, why);
  if (self->port == 0)
    self->port = PORT_PLAIN;
  return g_steal_pointer (&self);
}

void
via_ice_server_free (ViaIceServer *self)
{
  if (self == NULL)
    return;
  g_free (self->host);
  g_free (self->user);
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self);
}
