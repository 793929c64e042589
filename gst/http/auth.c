/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/auth.c – bearer tokens: keeps their digests, and tells the roles of a
 * request. Pure: no sockets, files or clock. RFC 6750 §2 · RFC 7617 §2
 */
#include "http/auth.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/secret.h"

#define TOKEN_CHARS                                                            \
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

typedef struct
{
  guint8 digest[SHA256_DIGEST_LENGTH];
  guint roles;
  gint64 until; /* Unix seconds; G_MAXINT64: for ever */
} Entry;

struct _ViaAuth
{
  GArray *entries; /* Entry; empty: no token is needed */
};

/* --- reading the list --- */

static gboolean
read_roles (const gchar *text, guint *out)
{
  static const struct
  {
    const gchar *name;
    guint roles;
  } known[] = {
      {"watch", VIA_AUTH_WATCH},
      {"publish", VIA_AUTH_PUBLISH},
      {"stats", VIA_AUTH_STATS},
      {"all", VIA_AUTH_ALL},
  };
  g_auto (GStrv) names = g_strsplit (text, "+", -1);
  guint roles = 0;

  for (guint i = 0; names[i] != NULL; i++) {
    guint found = 0;

    for (guint k = 0; k < G_N_ELEMENTS (known); k++) {
      if (!strcmp (names[i], known[k].name))
        found = known[k].roles;
    }
    if (found == 0)
      return FALSE;
    roles |= found;
  }
  *out = roles;
  return roles != 0;
}

static gboolean
read_time (const gchar *text, gint64 *out)
{
  g_autoptr (GDateTime) time = NULL;
  guint64 seconds;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &seconds, NULL)) {
    *out = (gint64) seconds;
    return TRUE;
  }
  time = g_date_time_new_from_iso8601 (text, NULL);
  if (time == NULL)
    return FALSE;
  *out = g_date_time_to_unix (time);
  return TRUE;
}

static void
digest_of (const gchar *token, guint8 *out)
{
  SHA256 ((const guint8 *) token, strlen (token), out);
}

/* NULL, or the rule that was broken. */
static const gchar *
read_entry (gchar *text, Entry *out)
{
  gchar *token = strchr (text, '=');
  gchar *until;
  gsize len;

  if (token == NULL)
    return "is no ROLE=TOKEN[@EXPIRY]";
  *token++ = '\0';
  if (!read_roles (text, &out->roles))
    return "has another role than watch, publish, stats or all";
  out->until = G_MAXINT64;
  until = strchr (token, '@');
  if (until != NULL) {
    *until++ = '\0';
    if (!read_time (until, &out->until))
      return "has an EXPIRY that is neither Unix seconds nor ISO 8601 with a "
             "zone";
  }
  len = strlen (token);
  if (len == 0 || len > VIA_AUTH_TOKEN_MAX
      || strspn (token, TOKEN_CHARS) != len)
    return "has no token of 1 to 1024 letters, digits or -._~+/=";
  digest_of (token, out->digest);
  return NULL;
}

ViaAuth *
via_auth_new (const gchar *text, GError **error)
{
  g_autoptr (ViaAuth) self = g_new0 (ViaAuth, 1);
  g_auto (GStrv) lines = g_strsplit (text != NULL ? text : "", "\n", -1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  for (guint i = 0; lines[i] != NULL; i++) {
    g_auto (GStrv) parts = NULL;

    lines[i][strcspn (lines[i], "#")] = '\0';
    parts = g_strsplit (lines[i], ",", -1);
    for (guint k = 0; parts[k] != NULL; k++) {
      const gchar *rule;
      Entry entry;

      if (*g_strstrip (parts[k]) == '\0')
        continue;
      rule = self->entries->len < VIA_AUTH_TOKENS_MAX
                 ? read_entry (parts[k], &entry)
                 : "is one too many: 10000 at most";
      if (rule != NULL) {
        g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING, "tokens: entry %u %s",
            self->entries->len + 1, rule);
        return NULL;
      }
      g_array_append_val (self->entries, entry);
    }
  }
  return g_steal_pointer (&self);
}

void
via_auth_free (ViaAuth *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->entries, g_array_unref);
  g_free (self);
}

gboolean
via_auth_is_needed (const ViaAuth *self)
{
  return self->entries->len > 0;
}

/* --- asking --- */

static gchar *
basic_password (const gchar *text)
{
  gsize len;
  g_autofree guchar *plain = g_base64_decode (text, &len);
  const gchar *colon = memchr (plain, ':', len);
  gchar *password =
      colon != NULL ? g_strndup (colon + 1, len - (colon + 1 - (gchar *) plain))
                    : NULL;

  OPENSSL_cleanse (plain, len);
  return password;
}

gchar *
via_auth_token (const gchar *authorization)
{
  if (authorization == NULL)
    return NULL;
  if (!g_ascii_strncasecmp (authorization, "Bearer ", 7))
    return g_strstrip (g_strdup (authorization + 7));
  if (!g_ascii_strncasecmp (authorization, "Basic ", 6))
    return basic_password (authorization + 6);
  return NULL;
}

ViaAuthVerdict
via_auth_check (const ViaAuth *self, const gchar *authorization,
    const gchar *query_token, gint64 now, guint *out_roles)
{
  VIA_SECRET gchar *token = NULL;
  guint8 digest[SHA256_DIGEST_LENGTH];
  guint roles = 0;

  *out_roles = 0;
  if (!via_auth_is_needed (self)) {
    *out_roles = VIA_AUTH_ALL & ~VIA_AUTH_STATS;
    return VIA_AUTH_GOOD;
  }
  if (authorization == NULL && query_token == NULL)
    return VIA_AUTH_MISSING;
  token = authorization != NULL ? via_auth_token (authorization)
                                : g_strdup (query_token);
  digest_of (token != NULL ? token : "", digest);
  for (guint i = 0; i < self->entries->len; i++) {
    const Entry *entry = &g_array_index (self->entries, Entry, i);
    guint is_same = CRYPTO_memcmp (entry->digest, digest, sizeof digest) == 0;
    guint is_valid = now < entry->until;

    roles |= entry->roles & -(is_same & is_valid);
  }
  *out_roles = roles;
  return roles != 0 ? VIA_AUTH_GOOD : VIA_AUTH_WRONG;
}
