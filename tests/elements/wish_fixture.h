/* SPDX-License-Identifier: LGPL-2.1-or-later
 * wish_fixture.h – WHIP and WHEP as values: an offer, and what the peers' side
 * was told of it.
 */
#pragma once

#include <glib.h>
#include <string.h>
#include "http/auth.h"
#include "http/wish.h"

#define TYPE_SDP "application/sdp"
#define TYPE_FRAG "application/trickle-ice-sdpfrag"
#define PWD "0123456789abcdefghijkl"

static const gchar *const OFFER =
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "a=group:BUNDLE 0 v\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\n"
    "a=fingerprint:sha-256 AA:BB\r\na=setup:actpass\r\na=mid:0\r\n"
    "a=recvonly\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=recvonly\r\n";

typedef struct
{
  ViaSeededRng rng;
  ViaWish *wish;
  GString *log; /* what the viewers' side was told */
  ViaReply reply;
  gchar id[VIA_WISH_ID_LEN + 1];
  const gchar *if_match; /* sent with each request */
  const gchar *address;
  guint roles;
  gchar *restarted; /* the offer of the last restart */
} Fixture;

static inline void
on_offer (gpointer user, const ViaWishOffer *offer)
{
  Fixture *f = user;
  const gchar *app_data = offer->app_data != NULL ? offer->app_data : "-";

  if (offer->role == VIA_WISH_PLAY && offer->offer != NULL)
    g_assert_cmpstr (offer->offer, ==, OFFER);
  g_string_append_printf (f->log, "%s%s(%s) ",
      offer->offer == NULL ? "our-" : "",
      offer->role == VIA_WISH_PUBLISH ? "publish" : "offer", app_data);
  g_string_append (f->log, offer->stream != NULL ? offer->stream : "");
}

static inline void
on_candidate (
    gpointer user, const gchar *id, guint mline, const gchar *candidate)
{
  Fixture *f = user;

  g_assert_cmpstr (id, ==, f->id);
  g_string_append_printf (f->log, "%u:%s ", mline, candidate);
}

static inline void
on_bye (gpointer user, const gchar *id)
{
  g_string_append (((Fixture *) user)->log, "bye ");
}

static inline void
on_restart (gpointer user, const gchar *id, const gchar *offer)
{
  Fixture *f = user;

  g_free (f->restarted);
  f->restarted = g_strdup (offer);
  g_string_append (f->log, "restart ");
}

static inline void
on_answer (gpointer user, const gchar *id, const gchar *answer)
{
  g_string_append (((Fixture *) user)->log, "answer ");
}

static inline void
on_layer (gpointer user, const gchar *id, guint media, const gchar *rid)
{
  g_string_append_printf (((Fixture *) user)->log, "layer %d %s ", (gint) media,
      rid != NULL ? rid : "any");
}

#define LINK "<stun:s.example:3478>; rel=\"ice-server\""

static inline gchar *
link_of (gpointer user)
{
  return g_strdup (LINK);
}

static const ViaWishFuncs funcs = {
    on_offer, on_candidate, on_bye, link_of, on_restart, on_answer, on_layer};

static inline void
set_up_as (Fixture *f, const ViaWishConfig *wanted)
{
  ViaWishConfig config = *wanted;

  via_seeded_rng_init (&f->rng, 7);
  config.path = "live";
  config.rng = &f->rng.parent;
  f->roles = VIA_AUTH_ALL;
  f->address = "192.0.2.9";
  f->wish = via_wish_new (&config, &funcs, f);
  f->log = g_string_new (NULL);
  via_reply_init (&f->reply);
}

static inline void
set_up (Fixture *f, gconstpointer max_peers)
{
  ViaWishConfig config = {.max_peers = GPOINTER_TO_UINT (max_peers)};

  set_up_as (f, &config);
}

static inline void
tear_down (Fixture *f, gconstpointer max_peers)
{
  via_reply_clear (&f->reply);
  g_string_free (f->log, TRUE);
  via_wish_free (f->wish);
  g_free (f->restarted);
}

static inline ViaWishResult
request (Fixture *f, const gchar *method, const gchar *path, const gchar *type,
    const gchar *body)
{
  ViaRequest r = {
      .method = method,
      .path = path,
      .origin = "http://h:1",
      .content_type = type,
      .body = body,
      .body_len = body != NULL ? strlen (body) : 0,
      .if_match = f->if_match,
      .address = f->address,
      .roles = f->roles,
  };

  via_reply_clear (&f->reply);
  via_reply_init (&f->reply);
  return via_wish_request (f->wish, &r, &f->reply, f->id);
}

static inline void
expect (Fixture *f, guint status, const gchar *method, const gchar *path,
    const gchar *type, const gchar *body)
{
  g_assert_cmpint (request (f, method, path, type, body), ==, VIA_WISH_REPLIED);
  g_assert_cmpuint (f->reply.status, ==, status);
}

static inline gchar *
session_path (Fixture *f)
{
  return g_strdup_printf ("/live/whep/%s", f->id);
}

static inline void
join (Fixture *f)
{
  g_assert_cmpint (
      request (f, "POST", "/live/whep", TYPE_SDP, OFFER), ==, VIA_WISH_WAIT);
  g_assert_true (via_wish_answer (
      f->wish, f->id, "v=0 answer", NULL, "http://h:1", &f->reply));
}

static inline void
expect_detail (Fixture *f, const gchar *part)
{
  g_autofree gchar *body = NULL;

  g_assert_nonnull (f->reply.body);
  body = g_strndup (
      g_bytes_get_data (f->reply.body, NULL), g_bytes_get_size (f->reply.body));
  g_assert_nonnull (strstr (body, part));
  g_assert_cmpstr (via_reply_get_header (&f->reply, "Content-Type"), ==,
      "application/problem+json");
}

/* OFFER with another direction in each section. (transfer full) */
static inline gchar *
offer_with (const gchar *direction)
{
  g_auto (GStrv) parts = g_strsplit (OFFER, "a=recvonly", -1);

  return g_strjoinv (direction, parts);
}

static inline void
publish (Fixture *f)
{
  g_autofree gchar *offer = offer_with ("a=sendonly");

  g_assert_cmpint (
      request (f, "POST", "/live/whip", TYPE_SDP, offer), ==, VIA_WISH_WAIT);
  g_assert_true (via_wish_answer (
      f->wish, f->id, "v=0 answer", NULL, "https://h:1", &f->reply));
}

#define ADD(path, func)                                                        \
  g_test_add ("/wish/" path, Fixture, NULL, set_up, func, tear_down)
