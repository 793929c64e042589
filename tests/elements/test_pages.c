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
      {"GET", "/live/watch.css", 200},
      {"GET", "/live/publish", 200},
      {"GET", "/live/publish.js", 200},
      {"GET", "/live/publish.css", 200},
      {"GET", "/live/wish.js", 200},
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
    g_assert_true (via_pages_request ("live", "watch", &r, &f->reply));
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("pages", test_pages_table);
  ADD ("pages/main", test_main_page_is_chosen);
  return g_test_run ();
}
