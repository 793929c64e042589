/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/gate.c – whose request it is and what it may do. The server's thread
 * only; knows no socket and no meaning of an address.
 * RFC 6454 · RFC 6750 §3 · RFC 6585 §4 · Fetch standard §3.2 (CORS)
 */
#include "http/gate.h"

#include <string.h>

#define OWN_MACHINE "127.0.0.0/8,::1"

struct _ViaGate
{
  ViaAuth *auth;
  ViaLimits *limits;
  gchar **origins; /* NULL: not set */
  gchar *public_url;
  GPtrArray *proxies; /* GInetAddressMask */
  gboolean is_loopback, is_tls;
  guint port;
};

/* --- settings --- */

static gboolean
read_proxies (ViaGate *self, const gchar *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  self->proxies = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; parts[i] != NULL; i++) {
    GInetAddressMask *mask;

    if (*g_strstrip (parts[i]) == '\0')
      continue;
    mask = g_inet_address_mask_new_from_string (parts[i], NULL);
    if (mask == NULL) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "trusted-proxies: %s is neither an address nor ADDRESS/BITS",
          parts[i]);
      return FALSE;
    }
    g_ptr_array_add (self->proxies, mask);
  }
  return TRUE;
}

/* TRUE if @text is scheme and authority, with a path if @may_have_path. */
static gboolean
is_web_url (const gchar *text, gboolean may_have_path)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  const gchar *scheme = uri != NULL ? g_uri_get_scheme (uri) : "";
  const gchar *host = uri != NULL ? g_uri_get_host (uri) : NULL;

  return (!strcmp (scheme, "http") || !strcmp (scheme, "https")) && host != NULL
         && *host != '\0' && g_uri_get_query (uri) == NULL
         && g_uri_get_fragment (uri) == NULL && g_uri_get_userinfo (uri) == NULL
         && (may_have_path || *g_uri_get_path (uri) == '\0');
}

static gboolean
read_origins (ViaGate *self, const gchar *text, GError **error)
{
  if (text == NULL || *text == '\0')
    return TRUE;
  self->origins = g_strsplit (text, ",", -1);
  for (guint i = 0; self->origins[i] != NULL; i++) {
    g_strstrip (self->origins[i]);
    if (strcmp (self->origins[i], "*")
        && !is_web_url (self->origins[i], FALSE)) {
      g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
          "allow-origin: \"%s\" is neither * nor http(s)://host[:port]",
          self->origins[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
read_public_url (ViaGate *self, const gchar *text, GError **error)
{
  if (text == NULL || *text == '\0')
    return TRUE;
  if (!is_web_url (text, TRUE)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "public-url=%s is not http(s)://host[:port][/path]", text);
    return FALSE;
  }
  self->public_url = g_strdup (text);
  while (g_str_has_suffix (self->public_url, "/"))
    self->public_url[strlen (self->public_url) - 1] = '\0';
  return TRUE;
}

ViaGate *
via_gate_new (const ViaGateConfig *config, GError **error)
{
  g_autoptr (ViaGate) self = g_new0 (ViaGate, 1);
  const gchar *proxies =
      config->trusted_proxies != NULL ? config->trusted_proxies : OWN_MACHINE;

  self->limits = via_limits_new (config->max_rate);
  self->auth = via_auth_new (config->tokens, error);
  if (self->auth == NULL || !read_proxies (self, proxies, error)
      || !read_origins (self, config->allow_origin, error)
      || !read_public_url (self, config->public_url, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
via_gate_free (ViaGate *self)
{
  if (self == NULL)
    return;
  via_auth_free (self->auth);
  via_limits_free (self->limits);
  g_strfreev (self->origins);
  g_free (self->public_url);
  g_clear_pointer (&self->proxies, g_ptr_array_unref);
  g_free (self);
}

void
via_gate_listens (
    ViaGate *self, gboolean is_loopback, gboolean is_tls, guint port)
{
  self->is_loopback = is_loopback;
  self->is_tls = is_tls;
  self->port = port;
}

const gchar *
via_gate_public_url (const ViaGate *self)
{
  return self->public_url;
}

/* --- where from, where to --- */

static gboolean
is_proxy (const ViaGate *self, GInetAddress *peer)
{
  if (peer == NULL)
    return FALSE;
  for (guint i = 0; i < self->proxies->len; i++) {
    GInetAddressMask *mask = g_ptr_array_index (self->proxies, i);

    if (g_inet_address_mask_get_family (mask)
            == g_inet_address_get_family (peer)
        && g_inet_address_mask_matches (mask, peer))
      return TRUE;
  }
  return FALSE;
}

gchar *
via_gate_address (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers)
{
  const gchar *list =
      soup_message_headers_get_list (headers, "X-Forwarded-For");
  const gchar *last = list != NULL ? strrchr (list, ',') : NULL;

  if (list != NULL && is_proxy (self, peer)) { /* the last is what it saw */
    g_autofree gchar *text = g_strdup (last != NULL ? last + 1 : list);
    g_autoptr (GInetAddress) address =
        g_inet_address_new_from_string (g_strstrip (text));

    if (address != NULL)
      return g_inet_address_to_string (address);
  }
  return peer != NULL ? g_inet_address_to_string (peer) : g_strdup ("");
}

static gboolean
is_plain_host (const gchar *text)
{
  return text != NULL && text[0] != '\0'
         && strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "0123456789.-_:[]%")
                == strlen (text);
}

gchar *
via_gate_base (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers)
{
  const gchar *scheme = self->is_tls ? "https" : "http";
  const gchar *host = soup_message_headers_get_one (headers, "Host");

  if (self->public_url != NULL)
    return g_strdup (self->public_url);
  if (is_proxy (self, peer)) {
    const gchar *forwarded =
        soup_message_headers_get_one (headers, "X-Forwarded-Host");

    if (!g_strcmp0 (soup_message_headers_get_one (headers, "X-Forwarded-Proto"),
            "https"))
      scheme = "https";
    if (is_plain_host (forwarded))
      host = forwarded;
  }
  if (!is_plain_host (host))
    return g_strdup_printf ("%s://localhost:%u", scheme, self->port);
  return g_strdup_printf ("%s://%s", scheme, host);
}

gboolean
via_gate_is_local (GInetAddress *peer, SoupMessageHeaders *headers)
{
  static const gchar *const proxied[] = {"X-Forwarded-For", "X-Forwarded-Host",
      "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"};
  const gchar *host = soup_message_headers_get_one (headers, "Host");
  g_autofree gchar *origin = g_strconcat ("http://", host, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (proxied); i++) {
    if (soup_message_headers_get_list (headers, proxied[i]) != NULL)
      return FALSE;
  }
  return peer != NULL && g_inet_address_get_is_loopback (peer) && host != NULL
         && via_request_is_local_origin (origin);
}

/* --- whose page --- */

/* Several, joined by commas, are no page of anybody. */
static const gchar *
origin_of (SoupMessageHeaders *headers)
{
  return soup_message_headers_get_list (headers, "Origin");
}

/* What Access-Control-Allow-Origin says; NULL: no page elsewhere may read the
 * answer. What only this machine reaches is for its own pages, not for every
 * page that its browser shows. */
static const gchar *
allowed_origin (const ViaGate *self, const gchar *origin)
{
  for (guint i = 0; self->origins != NULL && self->origins[i] != NULL; i++) {
    if (!strcmp (self->origins[i], "*"))
      return "*";
    if (origin != NULL && !strcmp (self->origins[i], origin))
      return origin;
  }
  if (self->origins != NULL)
    return NULL;
  if (!self->is_loopback)
    return "*";
  return origin != NULL && via_request_is_local_origin (origin) ? origin : NULL;
}

/* TRUE if the page is one of the server's own, as far as that can be known: a
 * proxy says so (by HTTPS only: a page elsewhere whose name was made to mean
 * this machine never gets that here), or public-url, or the Host of a server
 * that others reach anyhow, or that by its literal address. */
static gboolean
is_own_page (const ViaGate *self, GInetAddress *peer,
    SoupMessageHeaders *headers, const gchar *origin)
{
  g_autofree gchar *base = via_gate_base (self, peer, headers);
  const gchar *proxied = is_proxy (self, peer) ? soup_message_headers_get_one (
                             headers, "X-Forwarded-Host")
                                               : NULL;
  gsize len = strlen (origin);

  if (proxied != NULL && g_str_has_prefix (origin, "https://")
      && !strcmp (origin + strlen ("https://"), proxied))
    return TRUE;
  return (!self->is_loopback || self->public_url != NULL
             || via_request_is_local_origin (origin))
         && !strncmp (base, origin, len)
         && (base[len] == '\0' || base[len] == '/');
}

gboolean
via_gate_allows_page (
    const ViaGate *self, GInetAddress *peer, SoupMessageHeaders *headers)
{
  const gchar *origin = origin_of (headers);

  return origin == NULL || allowed_origin (self, origin) != NULL
         || is_own_page (self, peer, headers, origin);
}

static void
replace_all (SoupMessageHeaders *headers, const gchar *const *all)
{
  for (guint i = 0; all[i] != NULL; i += 2)
    soup_message_headers_replace (headers, all[i], all[i + 1]);
}

void
via_gate_set_headers (const ViaGate *self, SoupMessageHeaders *request,
    SoupMessageHeaders *response)
{
  const gchar *origin = allowed_origin (self, origin_of (request));

  replace_all (response, via_reply_common_headers ());
  soup_message_headers_replace (response, "Connection", "close");
  if (self->origins != NULL || self->is_loopback)
    soup_message_headers_replace (response, "Vary", "Origin");
  if (origin == NULL)
    return;
  soup_message_headers_replace (
      response, "Access-Control-Allow-Origin", origin);
  replace_all (response, via_reply_cors_headers ());
}

/* --- who --- */

static void
reply_wait (ViaReply *reply, guint seconds, const gchar *detail)
{
  g_autofree gchar *text = g_strdup_printf ("%u", seconds);

  via_reply_problem (reply, 429, detail);
  via_reply_header (reply, "Retry-After", text);
}

/* Counted is what does something: some methods, and a WebSocket. */
static gboolean
is_counted (const ViaRequest *request, SoupMessageHeaders *headers)
{
  return !strcmp (request->method, "POST") || !strcmp (request->method, "PATCH")
         || !strcmp (request->method, "DELETE")
         || soup_message_headers_get_one (headers, "Upgrade") != NULL;
}

gboolean
via_gate_enter (ViaGate *self, SoupMessageHeaders *headers, ViaRequest *request,
    ViaTime now, gint64 unix_s, ViaReply *reply)
{
  const gchar *authorization =
      soup_message_headers_get_one (headers, "Authorization");
  g_autofree gchar *token = via_request_query (request, "token");
  gboolean counts = is_counted (request, headers);
  guint wait =
      counts ? via_limits_ask (self->limits, request->address, now) : 0;

  request->roles = 0;
  if (wait > 0) {
    reply_wait (reply, wait, "Too many requests from this address");
    return FALSE;
  }
  wait = via_limits_guess (self->limits, request->address, now);
  if (wait > 0 && (counts || authorization != NULL || token != NULL)) {
    reply_wait (reply, wait, "Too many wrong tokens from this address");
    return FALSE;
  }
  if (via_auth_check (self->auth, authorization, token, unix_s, &request->roles)
      != VIA_AUTH_WRONG) {
    request->has_token = request->roles != 0 && via_auth_is_needed (self->auth);
    return TRUE;
  }
  via_limits_failed (self->limits, request->address, now);
  via_reply_problem (reply, 401, "This token is unknown, or its time is over");
  via_reply_header (
      reply, "WWW-Authenticate", "Bearer error=\"invalid_token\"");
  return FALSE;
}

gboolean
via_gate_has_role (const ViaRequest *request, guint role, ViaReply *reply)
{
  if ((request->roles & role) != 0)
    return TRUE;
  if (request->roles == 0) {
    via_reply_problem (reply, 401, "A token is needed here");
    via_reply_header (reply, "WWW-Authenticate", "Bearer");
  } else {
    via_reply_problem (
        reply, 403, "This token is for something else than what is asked");
  }
  return FALSE;
}
