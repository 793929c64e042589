/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_pages.c – which address shows which page, and under what policy.
 */
#include "http/pages.h"
#include "wish_fixture.h"

static void
test_pages_table (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const gchar *method, *path;
    guint status;
  } cases[] = {
      {"GET", "/live/", 200},
      {"GET", "/live/watch", 200},
      {"GET", "/live/watch.js", 200},
      {"GET", "/live/page.css", 200},
      {"GET", "/live/publish", 200},
      {"GET", "/live/publish.js", 200},
      {"GET", "/live/publish.css", 200},
      {"GET", "/live/wish.js", 200},
      {"GET", "/live/talkback", 200},
      {"GET", "/live/cam1/conference", 200},
      {"GET", "/live/head.html", 0}, /* a part is no page */
      {"GET", "/live/icon.svg", 200},
      {"HEAD", "/live/", 200},
      {"OPTIONS", "/live/", 204},
      {"POST", "/live/", 405},
      {"GET", "/live", 307},
      {"GET", "/", 307},
  };
  ViaRequest r = {.method = "GET", .path = "/live/../etc/passwd"};

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    r.method = cases[i].method;
    r.path = cases[i].path;
    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_cmpint (via_pages_request ("live", "watch", &r, &f->reply), ==,
        cases[i].status != 0);
    g_assert_cmpuint (f->reply.status, ==, cases[i].status);
    if (cases[i].status == 200)
      g_assert_nonnull (
          via_reply_get_header (&f->reply, "Content-Security-Policy"));
  }
  r.path = "/live/../etc/passwd";
  g_assert_false (via_pages_request ("live", "watch", &r, &f->reply));
  r.path = "/livex/";
  g_assert_false (via_pages_request ("live", "watch", &r, &f->reply));
}

static void
test_main_page_is_chosen (Fixture *f, gconstpointer data)
{
  static const gchar *const pages[] = {"watch", "publish"};
  ViaRequest r = {.method = "GET", .path = "/live/"};
  GBytes *shown[2];

  for (guint i = 0; i < 2; i++) {
    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_true (via_pages_request ("live", pages[i], &r, &f->reply));
    shown[i] = g_bytes_ref (f->reply.body);
  }
  g_assert_false (g_bytes_equal (shown[0], shown[1]));
  g_bytes_unref (shown[0]);
  g_bytes_unref (shown[1]);
}

/* What they share stands in one place and is put into each. */
static void
test_pages_share_head_and_foot (Fixture *f, gconstpointer data)
{
  static const gchar *const pages[] = {
      "watch", "publish", "talkback", "conference"};
  ViaRequest r = {.method = "GET", .path = "/live/"};

  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    g_autofree gchar *text = NULL;

    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_true (via_pages_request ("live", pages[i], &r, &f->reply));
    text = g_strndup (g_bytes_get_data (f->reply.body, NULL),
        g_bytes_get_size (f->reply.body));
    g_assert_true (g_str_has_prefix (text, "<!doctype html>\n"));
    g_assert_true (g_str_has_suffix (text, "</html>\n"));
    g_assert_null (strstr (text, "include"));
    g_assert_nonnull (strstr (text, "name=\"viewport\""));
    g_assert_nonnull (strstr (text, "id=\"share-open\""));
    g_assert_nonnull (strstr (text, "<dialog id=\"share\""));
  }
}

static void
test_code_table (Fixture *f, gconstpointer data)
{
  g_autofree gchar *longest = g_strnfill (1024, 'x');
  g_autofree gchar *longer = g_strnfill (1025, 'x');
  const struct
  {
    const gchar *method, *body;
    guint status;
  } cases[] = {
      {"POST", "https://example.org/live/#token=x", 200},
      {"POST", longest, 200},
      {"POST", longer, 413},
      {"POST", "", 400},
      {"POST", "\xff", 400},
      {"GET", "", 405},
      {"OPTIONS", "", 204},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    ViaRequest r = {.method = cases[i].method,
        .path = i % 2 == 0 ? "/live/qr" : "/live/cam1/qr",
        .body = cases[i].body,
        .body_len = strlen (cases[i].body)};

    via_reply_clear (&f->reply);
    via_reply_init (&f->reply);
    g_assert_true (via_pages_request ("live", "watch", &r, &f->reply));
    g_assert_cmpuint (f->reply.status, ==, cases[i].status);
    if (cases[i].status == 200)
      g_assert_cmpstr (via_reply_get_header (&f->reply, "Content-Type"), ==,
          "image/svg+xml");
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("pages", test_pages_table);
  ADD ("pages/shared", test_pages_share_head_and_foot);
  ADD ("pages/code", test_code_table);
  ADD ("pages/main", test_main_page_is_chosen);
  return g_test_run ();
}
