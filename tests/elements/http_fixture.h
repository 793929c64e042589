/* SPDX-License-Identifier: LGPL-2.1-or-later
 * http_fixture.h – an HTTP server on loopback whose peers are fakes.
 */
#pragma once

#include <gio/gio.h>
#include <string.h>
#include <sys/random.h>
#include "ask.h"
#include "http/server.h"

#define PWD "0123456789abcdefghijkl"

static const gchar *const OFFER =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=ice-ufrag:abcd\r\n"
    "a=ice-pwd:" PWD "\r\na=fingerprint:sha-256 AA:BB\r\n"
    "a=setup:actpass\r\na=mid:0\r\na=recvonly\r\n";

static inline void
system_fill (ViaRng *self, guint8 *out, gsize len)
{
  g_assert_cmpint (getrandom (out, len, 0), ==, (gssize) len);
}

static ViaRng system_rng = {system_fill};

typedef struct
{
  ViaHttpServer *server;
  guint port;
  gint answers; /* atomic: 1 an answer, 0 an error, -1 nothing */
  gchar id[VIA_WISH_ID_LEN + 1];       /* of the last offer */
  gint n_offers, n_byes, n_candidates; /* atomic */
} Fixture;

static inline void
on_offer (gpointer user, const ViaWishOffer *offer)
{
  Fixture *f = user;
  const gchar *id = offer->id;
  g_autoptr (GError) error = NULL;

  g_strlcpy (f->id, id, sizeof f->id);
  g_atomic_int_inc (&f->n_offers);
  if (g_atomic_int_get (&f->answers) > 0) {
    via_http_server_answer (f->server, id, "v=0\r\nanswer\r\n", NULL);
  } else if (g_atomic_int_get (&f->answers) == 0) {
    error =
        g_error_new (VIA_ERROR, VIA_ERROR_UNSUPPORTED, "No codec in common");
    via_http_server_answer (f->server, id, NULL, error);
  }
}

static inline void
on_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  g_atomic_int_inc (&((Fixture *) user)->n_candidates);
}

static inline void
on_bye (gpointer user, const gchar *id)
{
  g_atomic_int_inc (&((Fixture *) user)->n_byes);
}

static const ViaWishFuncs funcs = {on_offer, on_candidate, on_bye};

static inline void
set_up (Fixture *f, gconstpointer data)
{
  ViaHttpConfig config = {
      "127.0.0.1", 0, "live", "watch", 0, NULL, &system_rng};
  g_autoptr (GError) error = NULL;

  f->answers = 1;
  f->server = via_http_server_new (&config, &funcs, f, &error);
  g_assert_no_error (error);
  via_http_server_start (f->server);
  f->port = via_http_server_port (f->server);
}

static inline void
tear_down (Fixture *f, gconstpointer data)
{
  via_http_server_stop (f->server);
}

#define PAGE "http://localhost:5000"

/* Without a page nobody needs them. */
static inline void
assert_no_cors (const gchar *reply)
{
  g_assert_null (strstr (reply, "Access-Control-"));
}

static inline void
assert_cors (const gchar *reply, const gchar *page)
{
  g_autofree gchar *origin =
      via_test_header (reply, "Access-Control-Allow-Origin");
  g_autofree gchar *headers =
      via_test_header (reply, "Access-Control-Allow-Headers");
  g_autofree gchar *exposed =
      via_test_header (reply, "Access-Control-Expose-Headers");

  g_assert_cmpstr (origin, ==, page);
  g_assert_null (strstr (reply, "Private-Network"));
  g_assert_nonnull (strstr (headers, "Authorization"));
  g_assert_nonnull (strstr (exposed, "Location"));
}

#define SDP "Content-Type: application/sdp\r\n"
#define FRAG "Content-Type: application/trickle-ice-sdpfrag\r\n"

static inline void
wait_for (gint *value, gint wanted)
{
  gint64 end = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (value) != wanted && g_get_monotonic_time () < end)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (value), ==, wanted);
}

#define ADD(path, func)                                                        \
  g_test_add ("/http/" path, Fixture, NULL, set_up, func, tear_down)
