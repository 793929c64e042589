/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/transport_take.c – STUN and TURN servers that a server of WHIP or
 * WHEP names in its Link headers, in the place of none that were set.
 * RFC 9725 §4.6 · RFC 8288 §3 (Link)
 */
#include "endpoints/transport.h"

#include <string.h>

#include "base/secret.h"

#define TURNS_SIZE 4096 /* bytes; more are taken, but leave a copy */

/* One value of the header, up to the next. */
typedef struct
{
  gchar *target; /* "turn:host:3478?transport=udp" */
  gchar *rel, *username, *credential;
} Link;

static void
link_clear (Link *self)
{
  g_free (self->target);
  g_free (self->rel);
  via_secret_free (self->username);
  via_secret_free (self->credential);
  memset (self, 0, sizeof *self);
}

/* A token or a quoted string at *@at, which moves behind it. (transfer full) */
static gchar *
read_text (const gchar **at)
{
  /* Never grown: that would leave a copy behind. */
  GString *out = g_string_sized_new (strlen (*at) + 1);
  gboolean is_quoted = **at == '"';

  for (*at += is_quoted; **at != '\0'; ++*at) {
    if (is_quoted ? **at == '"' : strchr (";, \t", **at) != NULL)
      break;
    if (is_quoted && **at == '\\' && (*at)[1] != '\0')
      ++*at;
    g_string_append_c (out, **at);
  }
  *at += is_quoted && **at == '"';
  return g_string_free (out, FALSE);
}

static void
read_parameter (Link *out, const gchar **at)
{
  gsize len = strcspn (*at, "=;,");
  g_autofree gchar *name = g_strstrip (g_strndup (*at, len));
  gchar **field = !g_ascii_strcasecmp (name, "rel")          ? &out->rel
                  : !g_ascii_strcasecmp (name, "username")   ? &out->username
                  : !g_ascii_strcasecmp (name, "credential") ? &out->credential
                                                             : NULL;
  gchar *value;

  *at += len;
  if (**at != '=')
    return;
  ++*at;
  *at += strspn (*at, " \t");
  value = read_text (at);
  if (field != NULL && *field == NULL)
    *field = value;
  else
    via_secret_free (value);
}

/* FALSE: there is no other. */
static gboolean
read_link (const gchar **at, Link *out)
{
  const gchar *begin = strchr (*at, '<');
  const gchar *end = begin != NULL ? strchr (begin, '>') : NULL;

  if (end == NULL)
    return FALSE;
  out->target = g_strndup (begin + 1, end - begin - 1);
  *at = end + 1;
  for (;;) {
    *at += strspn (*at, " \t");
    if (**at != ';')
      return TRUE;
    ++*at;
    read_parameter (out, at);
  }
}

/* As our own properties have it: "turn:user:password@host:port". */
static gchar *
turn_text (const Link *link)
{
  const gchar *host = strchr (link->target, ':');
  VIA_SECRET gchar *user = NULL;
  VIA_SECRET gchar *password = NULL;

  if (link->username == NULL || link->credential == NULL)
    return NULL;
  user = g_uri_escape_string (link->username, NULL, FALSE);
  password = g_uri_escape_string (link->credential, NULL, FALSE);
  return g_strdup_printf ("%.*s:%s:%s@%s", (gint) (host - link->target),
      link->target, user, password, host + 1);
}

/* What the user has set stays. @text: (transfer full) (nullable) */
static void
take (ViaTransport *self, ViaSetting setting, gchar *text)
{
  VIA_SECRET gchar *given = text;
  gchar *read = text != NULL ? via_setting_read (setting, text, NULL) : NULL;

  if (read == NULL)
    return;
  g_mutex_lock (&self->lock);
  if (self->set[setting] == NULL || self->is_linked[setting]) {
    via_secret_free (self->set[setting]);
    self->set[setting] = g_steal_pointer (&read);
    self->is_linked[setting] = TRUE;
  }
  g_mutex_unlock (&self->lock);
  via_secret_free (read);
}

void
via_transport_take_link (ViaTransport *self, const gchar *value)
{
  Link link = {0};
  g_autofree gchar *stun = NULL;
  VIA_SECRET_STRING GString *turns = g_string_sized_new (TURNS_SIZE);

  while (read_link (&value, &link)) {
    gboolean is_ice = !g_strcmp0 (link.rel, "ice-server");

    if (is_ice && stun == NULL && g_str_has_prefix (link.target, "stun:"))
      stun = g_strdup (link.target);
    if (is_ice
        && (g_str_has_prefix (link.target, "turn:")
            || g_str_has_prefix (link.target, "turns:"))) {
      VIA_SECRET gchar *text = turn_text (&link);

      if (text != NULL)
        g_string_append_printf (turns, "%s%s", turns->len > 0 ? "," : "", text);
    }
    link_clear (&link);
  }
  take (self, VIA_SETTING_STUN_SERVER, g_steal_pointer (&stun));
  take (self, VIA_SETTING_TURN_URL,
      turns->len > 0 ? g_strdup (turns->str) : NULL);
}
