/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http/pages.c – which address shows which built-in file.
 * Knows no socket.
 * Content Security Policy Level 3
 */
#include "http/pages.h"

#include <gio/gio.h>
#include <string.h>

/* Generated from pages/via-pages.gresource.xml. */
extern GResource *via_pages_get_resource (void);

#define METHODS "OPTIONS, GET, HEAD"
/* Nothing from elsewhere, nothing inline, only fetches to ourselves. */
#define POLICY                                                                 \
  "default-src 'none'; script-src 'self'; style-src 'self'; "                  \
  "connect-src 'self'; media-src 'self' blob: mediastream:; img-src 'self'; "  \
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

typedef struct
{
  const gchar *name; /* after "/base/" */
  const gchar *resource;
  const gchar *type;
} Page;

static const Page pages[] = {
    {"watch", "watch.html", "text/html; charset=utf-8"},
    {"watch.css", "watch.css", "text/css; charset=utf-8"},
    {"watch.js", "watch.js", "text/javascript; charset=utf-8"},
    {"publish", "publish.html", "text/html; charset=utf-8"},
    {"publish.css", "publish.css", "text/css; charset=utf-8"},
    {"publish.js", "publish.js", "text/javascript; charset=utf-8"},
    {"conference", "conference.html", "text/html; charset=utf-8"},
    {"conference.css", "conference.css", "text/css; charset=utf-8"},
    {"conference.js", "conference.js", "text/javascript; charset=utf-8"},
    {"common.js", "common.js", "text/javascript; charset=utf-8"},
    {"room.js", "room.js", "text/javascript; charset=utf-8"},
    {"wish.js", "wish.js", "text/javascript; charset=utf-8"},
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

static void
reply_page (const Page *page, ViaReply *reply)
{
  g_autofree gchar *path = g_strconcat ("/via/pages/", page->resource, NULL);

  reply->status = 200;
  reply->body = g_resource_lookup_data (
      via_pages_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  g_assert (reply->body != NULL); /* it is linked in */
  via_reply_header (reply, "Content-Type", page->type);
  via_reply_header (reply, "Content-Security-Policy", POLICY);
  via_reply_header (reply, "Referrer-Policy", "no-referrer");
  via_reply_header (reply, "Cache-Control", "no-cache");
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
