/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/pages.c – which address shows which built-in file.
 * Knows no socket.
 * Content Security Policy Level 3
 */
#include "http/pages.h"

#include <gio/gio.h>
#include <string.h>

#include "base/error.h"
#include "http/qrcode.h"

/* Generated from pages/via-pages.gresource.xml. */
extern GResource *via_pages_get_resource (void);

#define METHODS "OPTIONS, GET, HEAD"
#define CODE "qr"
#define CODE_METHODS "OPTIONS, POST"
/* Nothing from elsewhere, nothing inline, only fetches to ourselves. */
#define POLICY                                                                 \
  "default-src 'none'; script-src 'self'; style-src 'self'; "                  \
  "connect-src 'self'; media-src 'self' blob: mediastream:; img-src 'self'; "  \
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define INCLUDE "<!-- include " /* and a file's name, then */
#define INCLUDE_END " -->\n"

typedef struct
{
  const gchar *name; /* after "/base/" */
  const gchar *resource;
  const gchar *type;
} Page;

static const Page pages[] = {
    {"watch", "watch.html", HTML},
    {"publish", "publish.html", HTML},
    {"talkback", "talkback.html", HTML},
    {"stats", "stats.html", HTML},
    {"conference", "conference.html", HTML},
    {"page.css", "page.css", CSS},
    {"publish.css", "publish.css", CSS},
    {"talkback.css", "talkback.css", CSS},
    {"stats.css", "stats.css", CSS},
    {"conference.css", "conference.css", CSS},
    {"choice.js", "choice.js", SCRIPT},
    {"common.js", "common.js", SCRIPT},
    {"conference.js", "conference.js", SCRIPT},
    {"devices.js", "devices.js", SCRIPT},
    {"graph.js", "graph.js", SCRIPT},
    {"player.js", "player.js", SCRIPT},
    {"publish.js", "publish.js", SCRIPT},
    {"room.js", "room.js", SCRIPT},
    {"share.js", "share.js", SCRIPT},
    {"stats.js", "stats.js", SCRIPT},
    {"talkback.js", "talkback.js", SCRIPT},
    {"watch.js", "watch.js", SCRIPT},
    {"wish.js", "wish.js", SCRIPT},
    {"icon.svg", "icon.svg", "image/svg+xml"},
};

static const Page *
find_page (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    if (!strcmp (pages[i].name, name))
      return &pages[i];
  }
  return NULL;
}

/* Ends with a NUL that does not count. (transfer full) */
static GBytes *
look_up (const gchar *resource)
{
  g_autofree gchar *path = g_strconcat ("/via/pages/", resource, NULL);
  GBytes *found = g_resource_lookup_data (
      via_pages_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  g_assert (found != NULL); /* it is linked in */
  return found;
}

/* What pages share stands in files of its own. (transfer full) */
static GBytes *
put_together (GBytes *page)
{
  const gchar *text = g_bytes_get_data (page, NULL), *at;
  GString *out = g_string_new (NULL);

  while ((at = strstr (text, INCLUDE)) != NULL) {
    const gchar *name = at + strlen (INCLUDE);
    const gchar *end = strstr (name, INCLUDE_END);
    g_autofree gchar *resource = g_strndup (name, (gsize) (end - name));
    g_autoptr (GBytes) part = look_up (resource);

    g_string_append_len (out, text, at - text);
    g_string_append (out, g_bytes_get_data (part, NULL));
    text = end + strlen (INCLUDE_END);
  }
  g_string_append (out, text);
  g_bytes_unref (page);
  return g_string_free_to_bytes (out);
}

static void
reply_page (const Page *page, ViaReply *reply)
{
  reply->status = 200;
  reply->body = look_up (page->resource);
  if (!strcmp (page->type, HTML))
    reply->body = put_together (reply->body);
  via_reply_header (reply, "Content-Type", page->type);
  via_reply_header (reply, "Content-Security-Policy", POLICY);
  via_reply_header (reply, "Referrer-Policy", "no-referrer");
  via_reply_header (reply, "Cache-Control", "no-cache");
}

/* A POST of a text: the picture of its QR code. */
static void
reply_code (const ViaRequest *request, ViaReply *reply)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *picture = NULL;

  if (!strcmp (request->method, "OPTIONS")) {
    reply->status = 204;
    via_reply_header (reply, "Allow", CODE_METHODS);
  } else if (strcmp (request->method, "POST")) {
    via_reply_not_allowed (reply, CODE_METHODS);
  } else if ((picture =
                     via_qrcode_svg (request->body, request->body_len, &error))
             == NULL) {
    via_reply_problem (
        reply, error->code == VIA_ERROR_LIMIT ? 413 : 400, error->message);
  } else {
    via_reply_text (reply, 200, "image/svg+xml", picture);
    via_reply_header (reply, "Cache-Control", "no-store");
  }
}

/* "watch" for "cam1/watch": pages stand below the name of a stream too, and ask
 * for that stream. */
static const gchar *
below_stream (const gchar *name)
{
  const gchar *slash = name != NULL ? strchr (name, '/') : NULL;

  return slash != NULL && slash > name && strchr (slash + 1, '/') == NULL
             ? slash + 1
             : name;
}

/* "" for "/base/", "watch" for "/base/watch"; NULL if elsewhere. */
static const gchar *
name_below (const gchar *base, const gchar *path)
{
  gsize len = strlen (base);

  if (path[0] != '/' || strncmp (path + 1, base, len) || path[1 + len] != '/')
    return NULL;
  return path + 1 + len + 1;
}

gboolean
via_pages_request (const gchar *base, const gchar *main_page,
    const ViaRequest *request, ViaReply *reply)
{
  const gchar *name = below_stream (name_below (base, request->path));
  const Page *page =
      name != NULL ? find_page (*name != '\0' ? name : main_page) : NULL;
  gboolean is_short =
      !strcmp (request->path, "/")
      || (request->path[0] == '/' && !strcmp (request->path + 1, base));

  if (name != NULL && !strcmp (name, CODE)) {
    reply_code (request, reply);
    return TRUE;
  }
  if (page == NULL && !is_short)
    return FALSE;
  if (!strcmp (request->method, "OPTIONS")) {
    reply->status = 204;
    via_reply_header (reply, "Allow", METHODS);
  } else if (strcmp (request->method, "GET")
             && strcmp (request->method, "HEAD")) {
    via_reply_not_allowed (reply, METHODS);
  } else if (is_short) {
    g_autofree gchar *to = g_strdup_printf ("/%s/", base);

    reply->status = 307;
    via_reply_header (reply, "Location", to);
  } else {
    reply_page (page, reply);
  }
  return TRUE;
}
