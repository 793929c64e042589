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
#define UNIX_TIME_DIGITS 9 /* at least: 1973 and later */

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

/* What looks like an IPv4 address must be one. */
static gboolean
turn_url_is_broken_ipv4 (const gchar *host)
{
  return host[strspn (host, "0123456789.")] == '\0'
         && !g_hostname_is_ip_address (host);
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
    if (turn_url_is_broken_ipv4 (host))
      return "the host is no IPv4 address";
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

/* The colon between user and password; a Unix time is no user. */
static const gchar *
turn_url_colon (const gchar *text, gsize len)
{
  const gchar *colon = memchr (text, ':', len);
  gsize digits = strspn (text, "0123456789");

  if (colon == text + digits && digits >= UNIX_TIME_DIGITS) {
    const gchar *last = memrchr (text, ':', len);

    if (last > colon + 1)
      return last;
  }
  return colon;
}

static const gchar *
turn_url_credentials (ViaIceServer *self, const gchar *text, gsize len)
{
  const gchar *colon = turn_url_colon (text, len);

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

/* One server. @may_be_bare: "turn:host" is one. */
static ViaIceServer *
turn_url_read (const gchar *text, gboolean may_be_bare, GError **error)
{
  g_autoptr (ViaIceServer) self = NULL;
  const gchar *rest = text, *at, *host, *query, *why = NULL;
  gint code = VIA_ERROR_SYNTAX;
  Scheme scheme = turn_url_scheme (&rest);

  if (scheme == SCHEME_STUN || scheme == SCHEME_STUNS)
    return turn_url_fail (
        error, VIA_ERROR_UNSUPPORTED, text, "is a STUN server, not TURN");
  at = strrchr (rest, '@'); /* a host never has one, a user may */
  if (at == NULL && (!may_be_bare || scheme == SCHEME_NONE))
    return turn_url_fail (error, code, text,
        "user and password are needed, as user:password@host");
  if (at != NULL && scheme == SCHEME_TURN && rest == text + strlen ("turn:")
      && memchr (rest, ':', (gsize) (at - rest)) == NULL) {
    rest = text; /* a user of that name */
    scheme = SCHEME_NONE;
  }
  self = g_new0 (ViaIceServer, 1);
  host = at != NULL ? at + 1 : rest;
  query = strchr (host, '?');
  if (at != NULL)
    why = turn_url_credentials (self, rest, (gsize) (at - rest));
  if (why == NULL)
    why = turn_url_host (
        self, host, query != NULL ? (gsize) (query - host) : strlen (host));
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
via_turn_url_parse (const gchar *text, GError **error)
{
  const gchar *why;

  g_return_val_if_fail (text != NULL, NULL);

  if ((why = turn_url_check_text (text)) != NULL)
    return turn_url_fail (error, VIA_ERROR_SYNTAX, "", why);
  return turn_url_read (text, FALSE, error);
}

/* --- several --- */

/* The first server of @text and how long it is: up to the first comma after
 * which it is one. NULL with error if there is none. */
static ViaIceServer *
turn_url_read_first (const gchar *text, gsize *out_len, GError **error)
{
  g_autoptr (GError) why = NULL;

  for (gsize len = 0;; len++) {
    g_autofree gchar *piece = NULL;
    ViaIceServer *server;

    len += strcspn (text + len, ",");
    piece = g_strndup (text, len);
    server = turn_url_read (piece, TRUE, why == NULL ? &why : NULL);
    if (server != NULL) {
      *out_len = len;
      return server;
    }
    if (len == 0 || text[len] == '\0')
      break;
  }
  if (strchr (text, ',') == NULL)
    g_propagate_error (error, g_steal_pointer (&why));
  else
    turn_url_fail (error, why->code, text,
        "no list of servers; a comma inside a password is written %2C");
  return NULL;
}

static void
turn_url_free_any (gpointer server)
{
  via_ice_server_free (server);
}

/* @lens: (nullable) gets the length of each one's text. */
static ViaIceServer **
turn_urls_read (const gchar *text, GArray *lens, GError **error)
{
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func (turn_url_free_any);
  const gchar *why = turn_url_check_text (text);

  if (why != NULL) {
    turn_url_fail (error, VIA_ERROR_SYNTAX, "", why);
    return NULL;
  }
  for (;; text++) {
    gsize len;
    ViaIceServer *server = turn_url_read_first (text, &len, error);

    if (server == NULL)
      return NULL;
    g_ptr_array_add (list, server);
    if (lens != NULL)
      g_array_append_val (lens, len);
    text += len;
    if (*text == '\0')
      break;
  }
  if (list->len > VIA_TURN_URLS_MAX) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT, "more than %d TURN servers",
        VIA_TURN_URLS_MAX);
    return NULL;
  }
  g_ptr_array_add (list, NULL);
  g_ptr_array_set_free_func (list, NULL);
  return (ViaIceServer **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

ViaIceServer **
via_turn_urls_parse (const gchar *text, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  return turn_urls_read (text, NULL, error);
}

gchar *
via_turn_urls_mask (const gchar *text)
{
  g_autoptr (GArray) lens = g_array_new (FALSE, FALSE, sizeof (gsize));
  ViaIceServer **servers = turn_urls_read (text, lens, NULL);
  GString *out;

  if (servers == NULL)
    return via_turn_url_mask (text);
  out = g_string_new (NULL);
  for (guint i = 0; i < lens->len; i++) {
    gsize len = g_array_index (lens, gsize, i);
    g_autofree gchar *piece = g_strndup (text, len);
    g_autofree gchar *masked = servers[i]->password != NULL
                                   ? via_turn_url_mask (piece)
                                   : g_strdup (piece);

    g_string_append_printf (out, "%s%s", i > 0 ? "," : "", masked);
    text += len + 1;
  }
  via_ice_servers_free (servers);
  return g_string_free (out, FALSE);
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

gchar *
via_ice_server_name (const ViaIceServer *self)
{
  static const gchar *const transports[] = {"udp", "tcp", "tls"};

  if (self->name != NULL)
    return g_strdup (self->name);
  return g_strdup_printf (
      strchr (self->host, ':') != NULL ? "[%s]:%u/%s" : "%s:%u/%s", self->host,
      self->port, transports[self->transport]);
}

ViaIceServer *
via_ice_server_copy (const ViaIceServer *self)
{
  ViaIceServer *copy = g_new (ViaIceServer, 1);

  *copy = *self;
  copy->host = g_strdup (self->host);
  copy->user = g_strdup (self->user);
  copy->password = g_strdup (self->password);
  copy->name = g_strdup (self->name);
  return copy;
}

void
via_ice_servers_free (ViaIceServer **self)
{
  for (guint i = 0; self != NULL && self[i] != NULL; i++)
    via_ice_server_free (self[i]);
  g_free (self);
}

void
via_ice_server_free (ViaIceServer *self)
{
  if (self == NULL)
    return;
  g_free (self->host);
  g_free (self->name);
  g_free (self->user);
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self);
}
