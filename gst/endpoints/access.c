/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/access.c – properties of a webrtcserver about who may enter and how
 * it is reached from elsewhere. Any thread; the rules are http/gate's.
 */
#include "endpoints/access.h"

#include <string.h>

#include "base/secret.h"

#define DEFAULT_MAX_RATE 20
#define TOKENS_FILE_MAX (4 * 1024 * 1024) /* bytes */

enum
{
  PROP_TEXTS = 0x400, /* + ViaAccessText */
  PROP_MAX_PER_ADDRESS = PROP_TEXTS + VIA_ACCESS_TEXTS,
  PROP_MAX_RATE,
  PROP_STRICT_ETAG,
  PROP_COUNTER_OFFER,
};

static const struct
{
  const gchar *name, *nick, *blurb;
} texts[VIA_ACCESS_TEXTS] = {
    [VIA_ACCESS_TOKENS] = {"tokens", "Tokens",
        "Who may enter: ROLE[+ROLE]=TOKEN[@EXPIRY], several separated by "
        "commas, or the path (/, ./, ../ or file:) of a file with one a line. "
        "Roles are watch, publish, stats and all; EXPIRY is in Unix seconds or "
        "ISO 8601 with a zone. A client sends its token as Authorization: "
        "Bearer, or ?token=. A list reads back as ***. NULL: everybody may "
        "watch and publish. Takes effect at READY to PAUSED (RFC 6750)"},
    [VIA_ACCESS_ALLOW_ORIGIN] = {"allow-origin", "Allowed origins",
        "Pages of which sites may use this server from a browser: "
        "https://host[:port], several separated by commas; * for any. NULL: on "
        "a loopback address the pages of this machine, else any. Takes effect "
        "at READY to PAUSED (RFC 6454)"},
    [VIA_ACCESS_PUBLIC_URL] = {"public-url", "Public URL",
        "What others reach this server by, where a proxy or a forwarded port "
        "stands before it: https://host[:port][/below]. All addresses it hands "
        "out begin so. NULL: what each request says. Takes effect at READY to "
        "PAUSED"},
    [VIA_ACCESS_TRUSTED_PROXIES] = {"trusted-proxies", "Trusted proxies",
        "Whose X-Forwarded-For, -Proto and -Host headers are believed: "
        "addresses or ADDRESS/BITS, separated by commas; empty: nobody's. "
        "NULL: this machine's. Takes effect at READY to PAUSED"},
    [VIA_ACCESS_TLS_CERTIFICATE] = {"tls-certificate", "TLS certificate",
        "PEM file with the certificate, those that signed it, and its key; "
        "then every address is HTTPS. NULL: a self-signed one, made at the "
        "first start and kept, except on a loopback address. Takes effect at "
        "READY to PAUSED (RFC 5280)"},
};

/* --- life --- */

void
via_access_init (ViaAccess *self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  self->max_rate = DEFAULT_MAX_RATE;
}

void
via_access_clear (ViaAccess *self)
{
  for (guint i = 0; i < VIA_ACCESS_TEXTS; i++)
    via_secret_free (self->texts[i]);
  g_mutex_clear (&self->lock);
}

void
via_access_copy_clear (ViaAccessCopy *copy)
{
  for (guint i = 0; i < VIA_ACCESS_TEXTS; i++)
    via_secret_free (g_steal_pointer (&copy->texts[i]));
}

/* --- values --- */

static gboolean
is_file (const gchar *tokens)
{
  return g_str_has_prefix (tokens, "/") || g_str_has_prefix (tokens, "./")
         || g_str_has_prefix (tokens, "../")
         || g_str_has_prefix (tokens, "file:");
}

static ViaGateConfig
gate_config (gchar *const *values)
{
  return (ViaGateConfig){.tokens = values[VIA_ACCESS_TOKENS],
      .allow_origin = values[VIA_ACCESS_ALLOW_ORIGIN],
      .public_url = values[VIA_ACCESS_PUBLIC_URL],
      .trusted_proxies = values[VIA_ACCESS_TRUSTED_PROXIES]};
}

static gboolean
check_text (ViaAccessText which, const gchar *text, GError **error)
{
  gchar *alone[VIA_ACCESS_TEXTS] = {NULL};
  ViaGateConfig config;
  g_autoptr (ViaGate) gate = NULL;

  if (which == VIA_ACCESS_TOKENS && text != NULL && is_file (text))
    return TRUE; /* read when it is needed */
  alone[which] = (gchar *) text;
  config = gate_config (alone);
  gate = via_gate_new (&config, error);
  return gate != NULL;
}

static void
set_text (
    ViaAccess *self, GObject *object, ViaAccessText which, const gchar *text)
{
  g_autoptr (GError) error = NULL;

  if (!check_text (which, text, &error)) {
    GST_WARNING_OBJECT (object, "%s; it stays as it was", error->message);
    return;
  }
  g_mutex_lock (&self->lock);
  via_secret_free (self->texts[which]);
  self->texts[which] = g_strdup (text);
  g_mutex_unlock (&self->lock);
}

gboolean
via_access_set_property (
    ViaAccess *self, GObject *object, guint id, const GValue *value)
{
  if (id >= PROP_TEXTS && id < PROP_TEXTS + VIA_ACCESS_TEXTS) {
    set_text (self, object, id - PROP_TEXTS, g_value_get_string (value));
    return TRUE;
  }
  if (id < PROP_MAX_PER_ADDRESS || id > PROP_COUNTER_OFFER)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (id == PROP_MAX_PER_ADDRESS)
    self->max_per_address = g_value_get_uint (value);
  else if (id == PROP_MAX_RATE)
    self->max_rate = g_value_get_uint (value);
  else if (id == PROP_STRICT_ETAG)
    self->strict_etag = g_value_get_boolean (value);
  else
    self->counter_offer = g_value_get_boolean (value);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

gboolean
via_access_get_property (ViaAccess *self, guint id, GValue *value)
{
  if (id < PROP_TEXTS || id > PROP_COUNTER_OFFER)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (id == PROP_MAX_PER_ADDRESS) {
    g_value_set_uint (value, self->max_per_address);
  } else if (id == PROP_MAX_RATE) {
    g_value_set_uint (value, self->max_rate);
  } else if (id == PROP_STRICT_ETAG) {
    g_value_set_boolean (value, self->strict_etag);
  } else if (id == PROP_COUNTER_OFFER) {
    g_value_set_boolean (value, self->counter_offer);
  } else {
    const gchar *text = self->texts[id - PROP_TEXTS];
    gboolean is_secret = id == PROP_TEXTS + VIA_ACCESS_TOKENS && text != NULL
                         && *text != '\0' && !is_file (text);

    g_value_set_string (value, is_secret ? "***" : text);
  }
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* --- properties --- */

static void
install_limits (GObjectClass *klass, GParamFlags flags)
{
  g_object_class_install_property (klass, PROP_MAX_PER_ADDRESS,
      g_param_spec_uint ("max-per-address", "Most peers of an address",
          "How many viewers, publishers and members of the room one address may "
          "have at once; one more is answered 503, or by an error in the room. "
          "0: no limit. Takes effect at READY to PAUSED",
          0, G_MAXUINT, 0, flags));
  g_object_class_install_property (klass, PROP_MAX_RATE,
      g_param_spec_uint ("max-rate", "Most requests a second",
          "How many POST, PATCH and DELETE requests, and WebSockets, a second "
          "one address may make, and five seconds' worth at once; more are "
          "answered 429. 0: no limit. Takes effect at READY to PAUSED (RFC "
          "6585)",
          0, 100000, DEFAULT_MAX_RATE, flags));
  g_object_class_install_property (klass, PROP_STRICT_ETAG,
      g_param_spec_boolean ("strict-etag", "Strict ETag",
          "PATCH needs an If-Match (428) that names the present ICE session "
          "(412), as RFC 9725 has it. FALSE: only a restart that names another "
          "one is refused, since many clients send none. Takes effect at READY "
          "to PAUSED",
          FALSE, flags));
  g_object_class_install_property (klass, PROP_COUNTER_OFFER,
      g_param_spec_boolean ("counter-offer", "Counter-offer",
          "A WHEP offer is answered 406 with an offer of the server's own, "
          "which has an m-line for every track of the room; the player sends "
          "its answer by PATCH. FALSE: its offer is answered. Takes effect at "
          "READY to PAUSED (draft-ietf-wish-whep)",
          FALSE, flags));
}

void
via_access_install_properties (GObjectClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  for (guint i = 0; i < VIA_ACCESS_TEXTS; i++)
    g_object_class_install_property (klass, PROP_TEXTS + i,
        g_param_spec_string (
            texts[i].name, texts[i].nick, texts[i].blurb, NULL, flags));
  install_limits (klass, flags);
}

/* --- use --- */

/* The text in the file that @tokens names takes its place. */
static gboolean
read_tokens (gchar **tokens, GError **error)
{
  g_autoptr (GFile) file = g_str_has_prefix (*tokens, "file:")
                               ? g_file_new_for_uri (*tokens)
                               : g_file_new_for_path (*tokens);
  g_autofree gchar *path = g_file_get_path (file);
  g_autoptr (GError) reason = NULL;
  gchar *text = NULL;
  gsize len = 0;

  if (path == NULL || !g_file_get_contents (path, &text, &len, &reason)) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING, "tokens=%s: %s", *tokens,
        reason != NULL ? reason->message : "it is no file of this machine");
    return FALSE;
  }
  if (len > TOKENS_FILE_MAX || memchr (text, '\0', len) != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "tokens=%s: it is no text of 4 MiB at most", *tokens);
    explicit_bzero (text, len);
    g_free (text);
    return FALSE;
  }
  g_free (*tokens);
  *tokens = text;
  return TRUE;
}

gboolean
via_access_apply (
    ViaAccess *self, ViaHttpConfig *out, ViaAccessCopy *copy, GError **error)
{
  gchar **tokens = &copy->texts[VIA_ACCESS_TOKENS];

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < VIA_ACCESS_TEXTS; i++)
    copy->texts[i] = g_strdup (self->texts[i]);
  out->max_per_address = self->max_per_address;
  out->gate.max_rate = self->max_rate;
  out->strict_etag = self->strict_etag;
  out->counter_offer = self->counter_offer;
  g_mutex_unlock (&self->lock);
  if (*tokens != NULL && is_file (*tokens) && !read_tokens (tokens, error))
    return FALSE;
  out->certificate = copy->texts[VIA_ACCESS_TLS_CERTIFICATE];
  out->gate.tokens = *tokens;
  out->gate.allow_origin = copy->texts[VIA_ACCESS_ALLOW_ORIGIN];
  out->gate.public_url = copy->texts[VIA_ACCESS_PUBLIC_URL];
  out->gate.trusted_proxies = copy->texts[VIA_ACCESS_TRUSTED_PROXIES];
  return TRUE;
}
