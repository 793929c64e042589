/* SPDX-License-Identifier: LGPL-2.1-or-later
 * test_dial.c – the client side of WHIP and WHEP as values: what it asks next,
 * and when. No socket and no clock.
 */
#include <glib.h>
#include <string.h>
#include "http/dial.h"
#include "http/sdpfrag.h"

#define URI "whip://h.example:1/live/whip?a=b"
#define URL "http://h.example:1/live/whip?a=b"
#define ANSWER                                                                 \
  "v=0\r\ns=-\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:old1\r\n"       \
  "a=ice-pwd:oldpassword\r\na=mid:0\r\na=candidate:1 1 udp 9 10.0.0.1 5 typ "  \
  "host\r\n"
#define OFFER                                                                  \
  "v=0\r\ns=-\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"       \
  "a=ice-ufrag:mine\r\na=ice-pwd:mypassword\r\na=mid:0\r\n"                    \
  "a=candidate:7 1 udp 9 10.0.0.7 7 typ host\r\n"

typedef struct
{
  ViaSeededRng rng;
  ViaDial *dial;
  ViaTime now;
  ViaDialEvent last; /* the one of the type that was asked for */
} Fixture;

static void
make (Fixture *f, const gchar *uri, gboolean is_persistent, gboolean asks)
{
  ViaDialConfig config = {uri, asks, is_persistent, &f->rng.parent};

  via_seeded_rng_init (&f->rng, 5);
  f->now = 1000 * VIA_S;
  f->dial = via_dial_new (&config, NULL);
  g_assert_nonnull (f->dial);
}

static void
set_up (Fixture *f, gconstpointer uri)
{
  make (f, uri != NULL ? uri : URI, TRUE, FALSE);
}

static void
tear_down (Fixture *f, gconstpointer uri)
{
  via_dial_free (f->dial);
}

/* The next event but news and cancelled requests; it must be a @type. */
static void
expect (Fixture *f, ViaDialEventType type)
{
  do {
    if (!via_dial_next (f->dial, &f->last))
      f->last.type = VIA_DIAL_NOTHING;
  } while (
      f->last.type != type
      && (f->last.type == VIA_DIAL_NEWS || f->last.type == VIA_DIAL_CANCEL));
  g_assert_cmpint (f->last.type, ==, type);
}

static void
expect_request (Fixture *f, const gchar *method, const gchar *url)
{
  expect (f, VIA_DIAL_SEND);
  g_assert_cmpstr (f->last.request.method, ==, method);
  g_assert_cmpstr (f->last.request.url, ==, url);
}

static void
reply (Fixture *f, ViaDialKind kind, guint status, const gchar *location,
    const gchar *etag, const gchar *body)
{
  ViaDialReply r = {.status = status,
      .error = "refused",
      .location = location,
      .etag = etag,
      .retry_after = -1,
      .body = body};

  via_dial_reply (f->dial, kind, &r, f->now);
}

static void
pass (Fixture *f, ViaTime time)
{
  f->now += time;
  via_dial_expire (f->dial, f->now);
}

static void
offer (Fixture *f)
{
  expect (f, VIA_DIAL_OFFER);
  via_dial_offered (f->dial, OFFER, FALSE, f->now);
}

#define SESSION "http://h.example:1/live/s1"

/* A session that stands, and media. */
static void
establish (Fixture *f)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", URL);
  reply (f, VIA_DIAL_POST, 201, "s1", "\"e1\"", ANSWER);
  expect (f, VIA_DIAL_ANSWER);
  g_assert_cmpstr (f->last.text, ==, ANSWER);
  expect (f, VIA_DIAL_NOTHING);
}

static void
connect_ (Fixture *f)
{
  establish (f);
  via_dial_connected (f->dial, f->now);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_NOTHING);
}

/* --- one session --- */

static void
test_a_candidate_waits_for_the_session (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", URL);
  g_assert_cmpstr (f->last.request.body, ==, OFFER);
  g_assert_true (f->last.request.takes_token);
  via_dial_candidate (
      f->dial, "candidate:8 1 udp 9 10.0.0.8 8 typ host", f->now);
  via_dial_candidate (
      f->dial, "candidate:7 1 udp 9 10.0.0.7 7 typ host", f->now);
  expect (f, VIA_DIAL_NOTHING);
  reply (f, VIA_DIAL_POST, 201, "/x/s1?q=1", "W/e-1", ANSWER);
  expect (f, VIA_DIAL_ANSWER);
  expect_request (f, "PATCH", "http://h.example:1/x/s1?q=1");
  g_assert_cmpstr (f->last.request.match, ==, "W/e-1");
  g_assert_cmpstr (f->last.request.body, ==,
      "a=group:BUNDLE 0\r\na=ice-ufrag:mine\r\na=ice-pwd:mypassword\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
      "a=candidate:8 1 udp 9 10.0.0.8 8 typ host\r\n");
  via_dial_candidate (
      f->dial, "candidate:9 1 udp 9 10.0.0.9 9 typ host", f->now);
  via_dial_candidate (f->dial, "", f->now);
  expect (f, VIA_DIAL_NOTHING); /* one PATCH at a time */
  reply (f, VIA_DIAL_PATCH, 204, NULL, NULL, "");
  expect_request (f, "PATCH", "http://h.example:1/x/s1?q=1");
  g_assert_nonnull (strstr (f->last.request.body, "a=candidate:9 "));
  g_assert_null (strstr (f->last.request.body, "a=candidate:8 "));
  g_assert_nonnull (strstr (f->last.request.body, "a=end-of-candidates"));
  reply (f, VIA_DIAL_PATCH, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_NOTHING);
}

static void
test_without_patch_the_next_offer_has_all (Fixture *f, gconstpointer data)
{
  establish (f);
  via_dial_candidate (
      f->dial, "candidate:8 1 udp 9 10.0.0.8 8 typ host", f->now);
  expect_request (f, "PATCH", SESSION);
  reply (f, VIA_DIAL_PATCH, 405, NULL, NULL, "");
  pass (f, VIA_S); /* it does not connect */
  expect_request (f, "DELETE", SESSION);
  pass (f, VIA_S);
  expect (f, VIA_DIAL_OFFER);
  g_assert_true (f->last.is_complete);
}

static void
test_a_session_without_address_has_no_requests (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", URL);
  reply (f, VIA_DIAL_POST, 201, NULL, NULL, ANSWER);
  expect (f, VIA_DIAL_ANSWER);
  via_dial_candidate (
      f->dial, "candidate:8 1 udp 9 10.0.0.8 8 typ host", f->now);
  via_dial_connected (f->dial, f->now);
  pass (f, 3 * VIA_S);
  via_dial_stop (f->dial, f->now);
  expect (f, VIA_DIAL_DONE);
}

/* --- redirects --- */

static void
test_redirects_end (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  for (guint i = 0; i < VIA_DIAL_REDIRECTS; i++) {
    expect (f, VIA_DIAL_SEND);
    reply (f, VIA_DIAL_POST, 307, "https://other/x", NULL, "");
  }
  expect_request (f, "POST", "https://other/x");
  g_assert_false (f->last.request.takes_token);
  reply (f, VIA_DIAL_POST, 308, "https://other/x", NULL, "");
  expect (f, VIA_DIAL_DEAD);
}

static void
test_a_redirect_may_not_leave_tls (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", "https://h.example/x");
  reply (f, VIA_DIAL_POST, 307, "http://h.example/x", NULL, "");
  expect (f, VIA_DIAL_DEAD);
}

/* --- tries --- */

static void
test_tries_wait_longer_and_what_is_asked_for (Fixture *f, gconstpointer data)
{
  const ViaDialReply full = {.status = 503, .retry_after = 90};
  ViaTime last = 0;

  via_dial_start (f->dial, f->now);
  for (guint i = 0; i < 10; i++) {
    ViaTime wait;

    offer (f);
    expect_request (f, "POST", URL);
    reply (f, VIA_DIAL_POST, 0, NULL, NULL, NULL);
    expect (f, VIA_DIAL_NOTHING);
    wait = via_dial_deadline (f->dial) - f->now;
    g_assert_cmpint (wait, >, i < 7 ? last : 20 * VIA_S);
    g_assert_cmpint (wait, <=, VIA_DIAL_MAX * 5 / 4);
    last = wait * 5 / 4;
    pass (f, wait);
  }
  offer (f);
  expect (f, VIA_DIAL_SEND);
  via_dial_reply (f->dial, VIA_DIAL_POST, &full, f->now);
  g_assert_cmpint (via_dial_deadline (f->dial) - f->now, ==, 90 * VIA_S);
}

static void
test_what_another_try_would_not_mend_is_the_end (Fixture *f, gconstpointer data)
{
  static const guint statuses[] = {400, 401, 403, 406, 415, 422};

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    via_dial_free (f->dial);
    make (f, URI, TRUE, FALSE);
    via_dial_start (f->dial, f->now);
    offer (f);
    expect (f, VIA_DIAL_SEND);
    reply (f, VIA_DIAL_POST, statuses[i], "s1", NULL, "no");
    expect (f, VIA_DIAL_DEAD);
    g_assert_nonnull (strstr (f->last.text, "http://h.example:1/live/whip:"));
    g_assert_null (strstr (f->last.text, "a=b"));
  }
}

static void
test_an_impatient_one_does_not_try_again (Fixture *f, gconstpointer data)
{
  via_dial_free (f->dial);
  make (f, URI, FALSE, FALSE);
  via_dial_start (f->dial, f->now);
  offer (f);
  expect (f, VIA_DIAL_SEND);
  reply (f, VIA_DIAL_POST, 503, NULL, NULL, "");
  expect (f, VIA_DIAL_DEAD);
}

static void
test_forbidden_after_a_call_means_in_use (Fixture *f, gconstpointer data)
{
  connect_ (f);
  via_dial_disconnected (f->dial, VIA_DIAL_ENDED, f->now);
  expect_request (f, "DELETE", SESSION);
  pass (f, VIA_S);
  offer (f);
  expect (f, VIA_DIAL_SEND);
  reply (f, VIA_DIAL_POST, 403, NULL, NULL, "");
  expect (f, VIA_DIAL_NOTHING); /* waits */
  pass (f, 2 * VIA_S);
  expect (f, VIA_DIAL_OFFER);
}

static void
test_no_answer_in_time_is_another_try (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect (f, VIA_DIAL_SEND);
  pass (f, 14 * VIA_S);
  expect (f, VIA_DIAL_NOTHING);
  pass (f, VIA_S);
  g_assert_true (via_dial_next (f->dial, &f->last));
  g_assert_cmpint (f->last.type, ==, VIA_DIAL_CANCEL);
  pass (f, VIA_S);
  expect (f, VIA_DIAL_OFFER);
}

/* --- the path is lost --- */

#define FRAG                                                                   \
  "a=ice-ufrag:new2\r\na=ice-pwd:newpassword\r\nm=video 9 x 0\r\na=mid:0\r\n"  \
  "a=candidate:2 1 udp 9 10.0.0.2 6 typ host\r\n"

static void
lose_the_path (Fixture *f)
{
  via_dial_disconnected (f->dial, VIA_DIAL_SHAKY, f->now);
  pass (f, VIA_S);
  expect (f, VIA_DIAL_NOTHING); /* it may come back */
  pass (f, VIA_S);
  expect_request (f, "GET", SESSION); /* nothing is heard either */
}

static void
test_ice_restarts_by_patch (Fixture *f, gconstpointer data)
{
  connect_ (f);
  lose_the_path (f);
  expect (f, VIA_DIAL_RESTART);
  via_dial_offered (f->dial, OFFER, TRUE, f->now);
  expect_request (f, "PATCH", SESSION);
  g_assert_cmpstr (f->last.request.match, ==, "*");
  g_assert_nonnull (strstr (f->last.request.body, "a=candidate:7 "));
  reply (f, VIA_DIAL_PATCH, 200, NULL, "\"e2\"", FRAG);
  expect (f, VIA_DIAL_ANSWER);
  g_assert_nonnull (strstr (f->last.text, "a=ice-ufrag:new2\r\n"));
  g_assert_nonnull (strstr (f->last.text, "a=ice-pwd:newpassword\r\n"));
  g_assert_nonnull (strstr (f->last.text, "a=candidate:2 "));
  g_assert_null (strstr (f->last.text, "old"));
  g_assert_null (strstr (f->last.text, "10.0.0.1"));
  via_dial_candidate (
      f->dial, "candidate:8 1 udp 9 10.0.0.8 8 typ host", f->now);
  expect_request (f, "PATCH", SESSION);
  g_assert_cmpstr (f->last.request.match, ==, "\"e2\"");
}

static void
test_a_restart_that_is_refused_is_a_new_session (Fixture *f, gconstpointer data)
{
  connect_ (f);
  lose_the_path (f);
  expect (f, VIA_DIAL_RESTART);
  via_dial_offered (f->dial, OFFER, TRUE, f->now);
  expect_request (f, "PATCH", SESSION);
  reply (f, VIA_DIAL_PATCH, 422, NULL, NULL, "");
  expect_request (f, "DELETE", SESSION);
  pass (f, VIA_S);
  offer (f);
  expect_request (f, "POST", URL);
}

/* Connected once more, which is told only once, while the restart is under way.
 */
static void
come_back_while_restarting (Fixture *f)
{
  connect_ (f);
  lose_the_path (f);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_RESTART);
  via_dial_offered (f->dial, OFFER, TRUE, f->now);
  expect_request (f, "PATCH", SESSION);
  via_dial_connected (f->dial, f->now);
  expect (f, VIA_DIAL_NOTHING);
}

/* Media flows: nothing else may be done about it. */
static void
stays (Fixture *f)
{
  for (guint i = 0; i < 60; i++) {
    pass (f, VIA_S);
    via_dial_heard (f->dial, f->now);
    expect (f, VIA_DIAL_NOTHING);
  }
}

static void
test_a_path_that_is_back_during_a_restart_counts (
    Fixture *f, gconstpointer data)
{
  come_back_while_restarting (f);
  reply (f, VIA_DIAL_PATCH, 200, NULL, "\"e2\"", FRAG);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_ANSWER);
  stays (f);
  via_dial_disconnected (f->dial, VIA_DIAL_PATHLESS, f->now);
  pass (f, 0); /* and the next loss is one of its own */
  expect (f, VIA_DIAL_RESTART);
}

static void
test_a_path_that_is_back_needs_no_new_session (Fixture *f, gconstpointer data)
{
  come_back_while_restarting (f);
  reply (f, VIA_DIAL_PATCH, 422, NULL, NULL, "");
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  stays (f);
}

static void
test_a_path_that_is_lost_again_during_a_restart_does_not_count (
    Fixture *f, gconstpointer data)
{
  come_back_while_restarting (f);
  via_dial_disconnected (f->dial, VIA_DIAL_SHAKY, f->now);
  reply (f, VIA_DIAL_PATCH, 422, NULL, NULL, "");
  expect_request (f, "DELETE", SESSION);
}

static void
test_a_goodbye_during_a_restart_is_a_new_session (
    Fixture *f, gconstpointer data)
{
  come_back_while_restarting (f);
  via_dial_disconnected (f->dial, VIA_DIAL_ENDED, f->now);
  expect_request (f, "DELETE", SESSION);
  pass (f, VIA_S);
  expect (f, VIA_DIAL_OFFER);
}

static void
test_silence_restarts_ice_before_it_gives_up (Fixture *f, gconstpointer data)
{
  connect_ (f);
  via_dial_silent (f->dial, f->now);
  expect (f, VIA_DIAL_RESTART);
  via_dial_silent (f->dial, f->now); /* once */
  via_dial_offered (f->dial, OFFER, TRUE, f->now);
  expect_request (f, "PATCH", SESSION);
  reply (f, VIA_DIAL_PATCH, 200, NULL, "\"e2\"", FRAG);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_ANSWER);
  stays (f); /* it was connected all the time, and is not said to be */
}

static void
test_silence_of_a_server_that_is_gone_is_a_new_session (
    Fixture *f, gconstpointer data)
{
  static const guint gone[] = {0, 404};

  for (guint i = 0; i < G_N_ELEMENTS (gone); i++) {
    via_dial_free (f->dial);
    make (f, URI, TRUE, FALSE);
    connect_ (f);
    via_dial_silent (f->dial, f->now);
    expect (f, VIA_DIAL_RESTART);
    via_dial_offered (f->dial, OFFER, TRUE, f->now);
    expect_request (f, "PATCH", SESSION);
    reply (f, VIA_DIAL_PATCH, gone[i], NULL, NULL, "");
    expect_request (f, "DELETE", SESSION);
  }
}

static void
test_without_a_tag_a_lost_path_is_a_new_session (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect (f, VIA_DIAL_SEND);
  reply (f, VIA_DIAL_POST, 201, "s1", NULL, ANSWER);
  expect (f, VIA_DIAL_ANSWER);
  via_dial_connected (f->dial, f->now);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 204, NULL, NULL, "");
  lose_the_path (f);
  expect_request (f, "DELETE", SESSION);
}

static void
test_a_path_that_comes_back_is_kept (Fixture *f, gconstpointer data)
{
  connect_ (f);
  via_dial_disconnected (f->dial, VIA_DIAL_SHAKY, f->now);
  pass (f, VIA_S);
  via_dial_connected (f->dial, f->now);
  expect_request (f, "GET", SESSION);
  via_dial_heard (f->dial, f->now += VIA_S);
  pass (f, VIA_S);
  expect (f, VIA_DIAL_NOTHING);
}

/* --- silence --- */

static void
test_a_silent_session_that_is_gone_is_called_again (
    Fixture *f, gconstpointer data)
{
  static const guint gone[] = {0, 404, 410};

  for (guint i = 0; i < G_N_ELEMENTS (gone); i++) {
    via_dial_free (f->dial);
    make (f, URI, TRUE, FALSE);
    connect_ (f);
    pass (f, VIA_S);
    expect (f, VIA_DIAL_NOTHING);
    pass (f, VIA_S);
    expect_request (f, "GET", SESSION);
    reply (f, VIA_DIAL_PROBE, gone[i], NULL, NULL, "");
    expect_request (f, "DELETE", SESSION);
    pass (f, VIA_S);
    expect (f, VIA_DIAL_OFFER);
  }
}

static void
test_a_server_that_knows_no_get_is_not_taken_for_gone (
    Fixture *f, gconstpointer data)
{
  establish (f);
  via_dial_connected (f->dial, f->now);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 404, NULL, NULL, ""); /* with media flowing */
  pass (f, 2 * VIA_S);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 404, NULL, NULL, "");
  expect (f, VIA_DIAL_NOTHING);
  pass (f, 5 * VIA_S);
  expect_request (f, "GET", SESSION);
  reply (f, VIA_DIAL_PROBE, 0, NULL, NULL, NULL);
  expect_request (f, "DELETE", SESSION);
}

/* --- 406 --- */

static void
test_their_offer_is_answered (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", "http://h.example:1/live/whep");
  reply (f, VIA_DIAL_POST, 406, "s1", "e", ANSWER);
  expect (f, VIA_DIAL_COUNTER);
  g_assert_cmpstr (f->last.text, ==, ANSWER);
  via_dial_offered (f->dial, OFFER, TRUE, f->now);
  expect_request (f, "PATCH", SESSION);
  g_assert_cmpstr (f->last.request.type, ==, "application/sdp");
  g_assert_cmpstr (f->last.request.match, ==, "e");
  reply (f, VIA_DIAL_PATCH, 204, NULL, NULL, "");
  expect (f, VIA_DIAL_NOTHING);
  via_dial_stop (f->dial, f->now);
  expect_request (f, "DELETE", SESSION);
}

/* --- goodbye --- */

static void
test_goodbye_waits_for_the_answer_but_not_long (Fixture *f, gconstpointer data)
{
  via_dial_start (f->dial, f->now);
  offer (f);
  expect_request (f, "POST", URL);
  via_dial_stop (f->dial, f->now);
  expect (f, VIA_DIAL_NOTHING);
  pass (f, VIA_S);
  reply (f, VIA_DIAL_POST, 201, "s1", NULL, ANSWER);
  expect_request (f, "DELETE", SESSION);
  pass (f, VIA_S - 1);
  expect (f, VIA_DIAL_NOTHING);
  pass (f, 1);
  expect (f, VIA_DIAL_DONE);
}

static void
test_the_server_is_asked_first_and_may_say_anything (
    Fixture *f, gconstpointer data)
{
  const gchar *const links[] = {"<stun:a>; rel=\"ice-server\"", "<b>", NULL};
  const ViaDialReply r = {.status = 404, .links = links, .retry_after = -1};

  via_dial_free (f->dial);
  make (f, URI, TRUE, TRUE);
  via_dial_start (f->dial, f->now);
  expect_request (f, "OPTIONS", URL);
  via_dial_reply (f->dial, VIA_DIAL_OPTIONS, &r, f->now);
  expect (f, VIA_DIAL_SERVER);
  g_assert_cmpstr (f->last.text, ==, "<stun:a>; rel=\"ice-server\", <b>");
  expect (f, VIA_DIAL_OFFER);
}

static void
test_addresses_that_are_none (void)
{
  static const gchar *const bad[] = {"http://h/x", "whip:", "whip:///x", "x"};
  gboolean is_play;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (via_dial_url_of (bad[i], &is_play, &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SETTING);
  }
}

#define ADD(name, uri)                                                         \
  g_test_add ("/dial/" #name, Fixture, uri, set_up, test_##name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_candidate_waits_for_the_session, NULL);
  ADD (without_patch_the_next_offer_has_all, NULL);
  ADD (a_session_without_address_has_no_requests, NULL);
  ADD (redirects_end, NULL);
  ADD (a_redirect_may_not_leave_tls, "whips://h.example/x");
  ADD (tries_wait_longer_and_what_is_asked_for, NULL);
  ADD (what_another_try_would_not_mend_is_the_end, NULL);
  ADD (an_impatient_one_does_not_try_again, NULL);
  ADD (forbidden_after_a_call_means_in_use, NULL);
  ADD (no_answer_in_time_is_another_try, NULL);
  ADD (ice_restarts_by_patch, NULL);
  ADD (a_restart_that_is_refused_is_a_new_session, NULL);
  ADD (a_path_that_is_back_during_a_restart_counts, NULL);
  ADD (a_path_that_is_back_needs_no_new_session, NULL);
  ADD (a_path_that_is_lost_again_during_a_restart_does_not_count, NULL);
  ADD (a_goodbye_during_a_restart_is_a_new_session, NULL);
  ADD (silence_restarts_ice_before_it_gives_up, NULL);
  ADD (silence_of_a_server_that_is_gone_is_a_new_session, NULL);
  ADD (without_a_tag_a_lost_path_is_a_new_session, NULL);
  ADD (a_path_that_comes_back_is_kept, NULL);
  ADD (a_silent_session_that_is_gone_is_called_again, NULL);
  ADD (a_server_that_knows_no_get_is_not_taken_for_gone, NULL);
  ADD (their_offer_is_answered, "whep://h.example:1/live/whep");
  ADD (goodbye_waits_for_the_answer_but_not_long, NULL);
  ADD (the_server_is_asked_first_and_may_say_anything, NULL);
  g_test_add_func (
      "/dial/addresses_that_are_none", test_addresses_that_are_none);
  return g_test_run ();
}
