/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_http_server.c – the server over real HTTP on loopback: statuses, CORS,
 * TLS; the viewers are fakes. Bounds: test_http_bounds.c.
 */
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include "http/tlscert.h"
#include "http_fixture.h"

/* --- statuses --- */

static void
test_routes_every_status (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const gchar *method, *path, *headers, *body;
    guint status;
  } cases[] = {
      {"GET", "/live/", NULL, NULL, 200},
      {"HEAD", "/live/", NULL, NULL, 200},
      {"GET", "/live/watch", NULL, NULL, 200},
      {"GET", "/live/watch.js", NULL, NULL, 200},
      {"GET", "/live", NULL, NULL, 307},
      {"GET", "/", NULL, NULL, 307},
      {"POST", "/live/", NULL, NULL, 405},
      {"GET", "/nothing", NULL, NULL, 404},
      {"GET", "/live/%2e%2e/x", NULL, NULL, 404},
      {"GET", "/live/publish", NULL, NULL, 200},
      {"GET", "/live/wish.js", NULL, NULL, 200},
      {"POST", "/live/whip", SDP, "hello", 400},
      {"POST", "/live/whip", "Content-Type: text/plain\r\n", "x", 415},
      {"DELETE", "/live/whip", NULL, NULL, 405},
      {"DELETE", "/live/whip/0", NULL, NULL, 404},
      {"POST", "/live/whep", SDP, "hello", 400},
      {"POST", "/live/whip", SDP, NULL, 400},
      {"POST", "/live/whep", "Content-Type: text/plain\r\n", "x", 415},
      {"GET", "/live/whep", NULL, NULL, 204},
      {"HEAD", "/live/whep", NULL, NULL, 200},
      {"OPTIONS", "/live/whep", NULL, NULL, 200},
      {"OPTIONS", "/live/whep", "Access-Control-Request-Method: POST\r\n", NULL,
          204},
      {"PUT", "/live/whep", SDP, "x", 405},
      {"DELETE", "/live/whep/00", NULL, NULL, 404},
      {"PATCH", "/live/whep/00", FRAG, "a=ice-ufrag:x", 404},
      {"OPTIONS", "/live/whep/00", NULL, NULL, 200},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *headers = g_strconcat ("Origin: " PAGE "\r\n",
        cases[i].headers != NULL ? cases[i].headers : "", NULL);
    g_autofree gchar *reply = via_test_ask (
        f->port, cases[i].method, cases[i].path, headers, cases[i].body);

    g_test_message ("%s %s", cases[i].method, cases[i].path);
    g_assert_cmpuint (via_test_status (reply), ==, cases[i].status);
    assert_cors (reply, PAGE);
    if (!strcmp (cases[i].method, "HEAD"))
      g_assert_cmpstr (via_test_body (reply), ==, "");
  }
}

static void
test_session_from_post_to_delete (Fixture *f, gconstpointer data)
{
  g_autofree gchar *post =
      via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_autofree gchar *location = via_test_header (post, "Location");
  g_autofree gchar *etag = via_test_header (post, "ETag");
  g_autofree gchar *type = via_test_header (post, "Content-Type");
  g_autofree gchar *patch_type = via_test_header (post, "Accept-Patch");
  g_autofree gchar *start =
      g_strdup_printf ("http://127.0.0.1:%u/live/whep/", f->port);
  g_autofree gchar *patch = NULL, *gone = NULL, *again = NULL;
  const gchar *path;

  g_assert_cmpuint (via_test_status (post), ==, 201);
  assert_no_cors (post);
  g_assert_true (g_str_has_prefix (location, start));
  g_assert_cmpstr (type, ==, "application/sdp");
  g_assert_nonnull (etag);
  g_assert_nonnull (patch_type);
  g_assert_cmpstr (via_test_body (post), ==, "v=0\r\nanswer\r\n");
  path = location + strlen (start) - strlen ("/live/whep/");

  patch = via_test_ask (f->port, "PATCH", path, FRAG "If-Match: *\r\n",
      "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\nm=audio 9 x 0\r\na=mid:0\r\n"
      "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n");
  g_assert_cmpuint (via_test_status (patch), ==, 204);
  assert_no_cors (patch);
  g_assert_cmpint (g_atomic_int_get (&f->n_candidates), ==, 1);

  gone = via_test_ask (f->port, "DELETE", path, NULL, NULL);
  g_assert_cmpuint (via_test_status (gone), ==, 200);
  g_assert_cmpint (g_atomic_int_get (&f->n_byes), ==, 1);
  again = via_test_ask (f->port, "DELETE", path, NULL, NULL);
  g_assert_cmpuint (via_test_status (again), ==, 404);
}

static void
test_answer_error_reaches_the_player (Fixture *f, gconstpointer data)
{
  g_autofree gchar *reply = NULL;

  g_atomic_int_set (&f->answers, 0);
  reply = via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_assert_cmpuint (via_test_status (reply), ==, 422);
  g_assert_nonnull (strstr (via_test_body (reply), "No codec in common"));
  assert_no_cors (reply);
}

static void
test_ended_session_is_404 (Fixture *f, gconstpointer data)
{
  g_autofree gchar *post =
      via_test_ask (f->port, "POST", "/live/whep", SDP, OFFER);
  g_autofree gchar *location = via_test_header (post, "Location");
  guint status = 0;

  via_http_server_end (f->server, strrchr (location, '/') + 1);
  for (guint i = 0; i < 100 && status != 404; i++) { /* it is not awaited */
    g_autofree gchar *reply =
        via_test_ask (f->port, "GET", strstr (location, "/live/"), NULL, NULL);

    status = via_test_status (reply);
  }
  g_assert_cmpuint (status, ==, 404);
  g_assert_cmpint (g_atomic_int_get (&f->n_byes), ==, 0);
}

static void
reset (GSocketConnection *c)
{
  struct linger now = {1, 0};
  gint fd = g_socket_get_fd (g_socket_connection_get_socket (c));

  g_assert_cmpint (
      setsockopt (fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), ==, 0);
  g_io_stream_close (G_IO_STREAM (c), NULL, NULL);
}

static void
test_player_gone_before_answer_says_bye (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = NULL;
  g_autofree gchar *request =
      g_strdup_printf ("POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
                       "Content-Length: %zu\r\n\r\n%s",
          strlen (OFFER), OFFER);

  g_atomic_int_set (&f->answers, -1);
  c = via_test_dial (f->port);
  via_test_say (c, request);
  wait_for (&f->n_offers, 1);
  reset (c);
  via_http_server_answer (f->server, f->id, "v=0\r\n", NULL);
  wait_for (&f->n_byes, 1);
}

static void
test_second_request_is_not_read (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *reply = NULL;
  g_autofree gchar *closes = NULL;

  via_test_say (c, "OPTIONS /live/whep HTTP/1.1\r\nHost: x\r\n\r\n"
                   "GET /live/icon.svg HTTP/1.1\r\nHost: x\r\n\r\n");
  reply = via_test_hear (G_IO_STREAM (c));
  closes = via_test_header (reply, "Connection");
  g_assert_cmpuint (via_test_status (reply), ==, 200);
  g_assert_cmpstr (closes, ==, "close");
  g_assert_null (strstr (reply, "<svg"));
}

static void
test_origin_follows_local_proxy (Fixture *f, gconstpointer data)
{
  g_autofree gchar *post = via_test_ask (f->port, "POST", "/live/whep",
      SDP "X-Forwarded-Proto: https\r\nX-Forwarded-Host: tv.example\r\n",
      OFFER);
  g_autofree gchar *location = via_test_header (post, "Location");

  g_assert_true (g_str_has_prefix (location, "https://tv.example/live/whep/"));
}

/* --- whose page --- */

static void
test_foreign_page_gets_nothing_on_loopback (Fixture *f, gconstpointer data)
{
  static const gchar *const foreign[] = {"null", "https://evil.example",
      "http://localhost.evil.example", "http://127.0.0.1.evil.example:80",
      "http://localhost:", "http://[::1", "http://127.", "http://localhost:1/",
      "http://192.0.2.1", "http://localhost:1, http://localhost:2",
      "http://localhost\r\nOrigin: http://evil.example"};

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++) {
    g_autofree gchar *post_headers =
        g_strdup_printf (SDP "Origin: %s\r\n", foreign[i]);
    g_autofree gchar *asking = g_strdup_printf (
        "Access-Control-Request-Method: POST\r\nOrigin: %s\r\n", foreign[i]);
    g_autofree gchar *post =
        via_test_ask (f->port, "POST", "/live/whep", post_headers, OFFER);
    g_autofree gchar *preflight =
        via_test_ask (f->port, "OPTIONS", "/live/whep", asking, NULL);

    g_test_message ("%s", foreign[i]);
    g_assert_cmpuint (via_test_status (post), ==, 403);
    g_assert_nonnull (strstr (post, "\r\nVary: Origin\r\n"));
    assert_no_cors (post);
    g_assert_cmpuint (via_test_status (preflight), ==, 204);
    assert_no_cors (preflight);
  }
  g_assert_cmpint (g_atomic_int_get (&f->n_offers), ==, 0);
}

static void
test_local_page_is_served_on_loopback (Fixture *f, gconstpointer data)
{
  static const gchar *const local[] = {"http://127.0.0.1",
      "http://127.0.0.1:8889", "http://127.0.0.2:1", "http://localhost",
      "http://[::1]:3000"};

  for (guint i = 0; i < G_N_ELEMENTS (local); i++) {
    g_autofree gchar *headers =
        g_strdup_printf (SDP "Origin: %s\r\n", local[i]);
    g_autofree gchar *post =
        via_test_ask (f->port, "POST", "/live/whep", headers, OFFER);

    g_assert_cmpuint (via_test_status (post), ==, 201);
    assert_cors (post, local[i]);
  }
}

/* A local proxy's page is ours by HTTPS; by HTTP its name proves nothing. */
static void
test_proxied_page_is_served_by_https_only (Fixture *f, gconstpointer data)
{
  g_autofree gchar *good = via_test_ask (f->port, "POST", "/live/whep",
      SDP "Origin: https://tv.example\r\nX-Forwarded-Host: tv.example\r\n",
      OFFER);
  g_autofree gchar *bad = via_test_ask (f->port, "POST", "/live/whep",
      SDP "Origin: http://tv.example\r\nX-Forwarded-Host: tv.example\r\n",
      OFFER);

  g_assert_cmpuint (via_test_status (good), ==, 201);
  g_assert_cmpuint (via_test_status (bad), ==, 403);
}

/* --- start and stop --- */

static void
test_start_busy_port_is_named (Fixture *f, gconstpointer data)
{
  ViaHttpConfig config = {
      "127.0.0.1", f->port, "live", "watch", 0, NULL, &system_rng};
  g_autofree gchar *where = g_strdup_printf ("127.0.0.1:%u", f->port);
  g_autoptr (GError) error = NULL;

  g_assert_null (via_http_server_new (&config, &funcs, f, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_IO);
  g_assert_nonnull (strstr (error->message, where));
}

static void
test_start_bad_settings_are_named (Fixture *f, gconstpointer data)
{
  ViaHttpConfig config = {
      "no.such.host", 0, "live", "watch", 0, NULL, &system_rng};
  g_autoptr (GError) error = NULL;

  g_assert_null (via_http_server_new (&config, &funcs, f, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  g_clear_error (&error);
  config.address = "127.0.0.1";
  config.path = "a/b";
  g_assert_null (via_http_server_new (&config, &funcs, f, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
}

static void
test_stop_cuts_what_waits (Fixture *f, gconstpointer data)
{
  g_autoptr (GSocketConnection) c = via_test_dial (f->port);
  g_autofree gchar *request =
      g_strdup_printf ("POST /live/whep HTTP/1.1\r\nHost: x\r\n" SDP
                       "Content-Length: %zu\r\n\r\n%s",
          strlen (OFFER), OFFER);
  g_autofree gchar *reply = NULL;
  gint64 start;

  g_atomic_int_set (&f->answers, -1);
  via_test_say (c, request);
  wait_for (&f->n_offers, 1);
  start = g_get_monotonic_time ();
  via_http_server_stop (f->server);
  /* far from the 15 s that an answer may take */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_TIME_SPAN_SECOND);
  reply = via_test_hear (G_IO_STREAM (c));
  g_assert_cmpstr (reply, ==, "");
  set_up (f, NULL);
}

static gboolean
on_later (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
  return G_SOURCE_REMOVE;
}

static void
test_after_runs_once (Fixture *f, gconstpointer data)
{
  gint n = 0;

  via_http_server_after (f->server, 10, on_later, &n, NULL);
  wait_for (&n, 1);
}

/* --- TLS --- */

static gboolean
on_certificate (GTlsConnection *tls, GTlsCertificate *certificate,
    GTlsCertificateFlags errors, gpointer data)
{
  g_autoptr (GByteArray) der = NULL;
  g_autofree gchar *hex = NULL;
  g_autoptr (GString) plain = g_string_new (data);

  g_object_get (certificate, "certificate", &der, NULL);
  hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, der->data, der->len);
  g_string_replace (plain, ":", "", 0);
  g_string_ascii_down (plain);
  g_assert_cmpstr (hex, ==, plain->str);
  return TRUE;
}

static void
test_tls_serves_with_printed_digest (void)
{
  ViaHttpConfig config = {"0.0.0.0", 0, "live", "watch", 0, NULL, &system_rng};
  Fixture f = {.answers = 1};
  g_autoptr (GError) error = NULL;
  GTlsBackend *backend = g_tls_backend_get_default ();
  g_autoptr (GSocketConnection) c = NULL;
  g_autoptr (GIOStream) tls = NULL;
  g_autofree gchar *reply = NULL;
  const gchar *get = "GET /live/ HTTP/1.1\r\nHost: x\r\n"
                     "Origin: https://tv.example\r\n\r\n";

  f.server = via_http_server_new (&config, &funcs, &f, &error);
  g_assert_no_error (error);
  via_http_server_start (f.server);
  f.port = via_http_server_port (f.server);
  g_assert_true (g_str_has_prefix (via_http_server_url (f.server), "https://"));
  g_assert_nonnull (via_http_server_sha256 (f.server));
  c = via_test_dial (f.port);
  /* To read the system's authorities would take of a request's 4 s. */
  tls = g_initable_new (g_tls_backend_get_client_connection_type (backend),
      NULL, &error, "base-io-stream", c, "database", NULL, NULL);
  g_assert_no_error (error);
  g_signal_connect (tls, "accept-certificate", G_CALLBACK (on_certificate),
      (gpointer) via_http_server_sha256 (f.server));
  g_output_stream_write_all (g_io_stream_get_output_stream (tls), get,
      strlen (get), NULL, NULL, &error);
  g_assert_no_error (error);
  reply = via_test_hear (tls);
  g_assert_cmpuint (via_test_status (reply), ==, 200);
  assert_cors (reply, "*"); /* others can reach it: so may their pages */
  via_http_server_stop (f.server);
}

static void
test_tlscert_is_kept_private (void)
{
  const gchar *hosts[] = {"192.0.2.7", "localhost", NULL};
  g_autofree gchar *dir = g_dir_make_tmp ("via-cert-XXXXXX", NULL);
  g_autofree gchar *sub = g_build_filename (dir, "deep", "via", NULL);
  g_autofree gchar *file = g_build_filename (sub, "tls-192.0.2.7.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_auto (ViaTlsCert) first = {0}, again = {0}, other = {0};
  struct stat st;

  g_assert_true (via_tlscert_load (&first, sub, hosts, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_true (via_tlscert_load (&again, sub, hosts, &error));
  g_assert_cmpstr (first.sha256, ==, again.sha256);
  g_assert_cmpint (g_chmod (file, 0644), ==, 0); /* others may have it */
  g_assert_true (via_tlscert_load (&other, sub, hosts, &error));
  g_assert_cmpstr (first.sha256, !=, other.sha256);
  g_unlink (file);
  g_rmdir (sub);
}

static void
test_tlscert_unwritable_is_in_memory (void)
{
  const gchar *hosts[] = {"192.0.2.7", NULL};
  g_auto (ViaTlsCert) cert = {0};
  g_autoptr (GError) error = NULL;

  g_assert_true (via_tlscert_load (&cert, "/proc/nothing/via", hosts, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (strlen (cert.sha256), ==, 95);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("routes", test_routes_every_status);
  ADD ("session", test_session_from_post_to_delete);
  ADD ("answer-error", test_answer_error_reaches_the_player);
  ADD ("ended-404", test_ended_session_is_404);
  ADD ("gone-before-answer", test_player_gone_before_answer_says_bye);
  ADD ("one-request", test_second_request_is_not_read);
  ADD ("proxy-origin", test_origin_follows_local_proxy);
  ADD ("page/foreign", test_foreign_page_gets_nothing_on_loopback);
  ADD ("page/local", test_local_page_is_served_on_loopback);
  ADD ("page/proxied", test_proxied_page_is_served_by_https_only);
  ADD ("start/busy-port", test_start_busy_port_is_named);
  ADD ("start/bad-settings", test_start_bad_settings_are_named);
  ADD ("stop/cuts", test_stop_cuts_what_waits);
  ADD ("after", test_after_runs_once);
  g_test_add_func ("/http/tls/serves", test_tls_serves_with_printed_digest);
  g_test_add_func ("/http/tls/kept", test_tlscert_is_kept_private);
  g_test_add_func ("/http/tls/memory", test_tlscert_unwritable_is_in_memory);
  return g_test_run ();
}
