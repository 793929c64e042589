/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/ice/test_lite.c – an ICE-lite agent and a peer whose checks are
 * written here.
 */
#include "ice/lite.h"

#include <string.h>

#include "base/bytes.h"

static const gchar remote_ufrag[] = "rUfR";
static const gchar remote_pwd[] = "0123456789abcdefghijkl";

typedef struct
{
  ViaSeededRng rng;
  ViaLite *lite;
  ViaTime now;
  guint n_checks;
  guint64 flow; /* of the peer's checks */
  guint8 out[VIA_STUN_MAX];
  gsize out_len;
  gboolean is_authentic;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  via_seeded_rng_init (&f->rng, 7);
  f->lite = via_lite_new (&f->rng.parent);
  f->now = 100 * VIA_S;
  g_assert_true (via_lite_set_remote (f->lite, remote_ufrag, remote_pwd));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  via_lite_free (f->lite);
}

static ViaIcePath
path_of (guint8 last, guint64 flow)
{
  return (ViaIcePath){flow, {.ip = {192, 0, 2, last}, .port = 5000}};
}

static void
check (Fixture *f, guint8 last, const gchar *ufrag, const gchar *pwd,
    guint32 priority, gboolean nominates, gboolean is_controlled)
{
  g_autofree gchar *username = g_strdup_printf ("%s:%s", ufrag, remote_ufrag);
  ViaIcePath path = path_of (last, f->flow);
  guint8 data[VIA_STUN_MAX];
  guint8 id[VIA_STUN_ID] = {(guint8) ++f->n_checks};
  ViaStunCheck request = {username, priority, 1, !is_controlled, nominates};
  ViaStunMessage message;
  gsize len = via_stun_write_check (&request, id, pwd, data, sizeof data);

  g_assert_true (via_stun_read (&message, data, len));
  f->out_len = via_lite_receive (f->lite, &path, &message, f->now, f->out,
      sizeof f->out, &f->is_authentic);
}

static void
nominate (Fixture *f, guint8 last)
{
  check (f, last, via_lite_ufrag (f->lite), via_lite_pwd (f->lite), 100, TRUE,
      FALSE);
}

static guint
error_of_reply (Fixture *f)
{
  ViaStunMessage message;

  g_assert_cmpuint (f->out_len, >, 0);
  g_assert_true (via_stun_read (&message, f->out, f->out_len));
  return message.error_code;
}

static guint8
selected (Fixture *f)
{
  ViaIcePath path;

  return via_lite_selected (f->lite, &path) ? path.address.ip[3] : 0;
}

/* Answers our check, if one is due; TRUE if one was. */
static gboolean
respond (Fixture *f, guint8 last)
{
  ViaIcePath path = path_of (last, 0);
  guint8 data[VIA_STUN_MAX], reply[VIA_STUN_MAX];
  gsize len = via_lite_next (f->lite, f->now, data, sizeof data);
  ViaStunMessage request, response;

  if (len == 0)
    return FALSE;
  g_assert_true (via_stun_read (&request, data, len));
  g_assert_true (via_stun_is_authentic (&request, remote_pwd));
  len = via_stun_write_success (
      &request, &path.address, remote_pwd, reply, sizeof reply);
  g_assert_true (via_stun_read (&response, reply, len));
  via_lite_receive (f->lite, &path, &response, f->now, f->out, sizeof f->out,
      &f->is_authentic);
  g_assert_true (f->is_authentic);
  return TRUE;
}

/* Runs to @end; checks of ours are answered or not. */
static guint
run_until (Fixture *f, ViaTime end, gboolean answers)
{
  guint n = 0;
  guint8 data[VIA_STUN_MAX];

  while (via_lite_deadline (f->lite) <= end) {
    g_assert_cmpint (via_lite_deadline (f->lite), >=, f->now);
    f->now = via_lite_deadline (f->lite);
    via_lite_expire (f->lite, f->now);
    if (answers)
      n += respond (f, 1) ? 1 : 0;
    else
      n += via_lite_next (f->lite, f->now, data, sizeof data) > 0 ? 1 : 0;
    g_assert_cmpuint (n, <, 1000);
  }
  f->now = end;
  return n;
}

static void
test_check_good_is_answered_and_nominates (Fixture *f, gconstpointer data)
{
  ViaStunMessage message;

  check (f, 1, via_lite_ufrag (f->lite), via_lite_pwd (f->lite), 100, FALSE,
      FALSE);
  g_assert_true (f->is_authentic);
  g_assert_true (via_stun_read (&message, f->out, f->out_len));
  g_assert_cmpint (message.type, ==, VIA_STUN_SUCCESS);
  g_assert_true (via_stun_is_authentic (&message, via_lite_pwd (f->lite)));
  g_assert_cmpuint (message.mapped.ip[3], ==, 1);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_NEW);
  nominate (f, 1);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_CONNECTED);
  g_assert_cmpuint (selected (f), ==, 1);
}

static void
test_check_wrong_password_changes_nothing (Fixture *f, gconstpointer data)
{
  check (f, 1, via_lite_ufrag (f->lite), "wrongwrongwrongwrongwrong", 100, TRUE,
      FALSE);
  g_assert_cmpuint (error_of_reply (f), ==, 401);
  g_assert_false (f->is_authentic);
  g_assert_cmpuint (selected (f), ==, 0);
  check (f, 1, "abcdefgh", via_lite_pwd (f->lite), 100, TRUE, FALSE);
  g_assert_cmpuint (error_of_reply (f), ==, 401);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_NEW);
}

static void
test_check_of_controlled_peer_is_a_conflict (Fixture *f, gconstpointer data)
{
  check (
      f, 1, via_lite_ufrag (f->lite), via_lite_pwd (f->lite), 100, FALSE, TRUE);
  g_assert_cmpuint (error_of_reply (f), ==, 487);
}

static void
test_nomination_last_one_counts (Fixture *f, gconstpointer data)
{
  nominate (f, 1);
  f->now += VIA_S / 10;
  nominate (f, 2);
  g_assert_cmpuint (selected (f), ==, 2);
}

/* An aggressive peer nominates all: the best holds, until it falls silent. */
static void
test_nomination_aggressive_keeps_the_best (Fixture *f, gconstpointer data)
{
  const gchar *ufrag = via_lite_ufrag (f->lite);
  const gchar *pwd = via_lite_pwd (f->lite);

  check (f, 1, ufrag, pwd, 200, TRUE, FALSE);
  check (f, 2, ufrag, pwd, 100, TRUE, FALSE);
  g_assert_cmpuint (selected (f), ==, 1);
  f->now += 2 * VIA_S;
  check (f, 2, ufrag, pwd, 100, TRUE, FALSE);
  g_assert_cmpuint (selected (f), ==, 2);
}

/* RFC 7675: checks 4 to 6 s apart while they are answered. */
static void
test_consent_answered_stays (Fixture *f, gconstpointer data)
{
  guint n;

  nominate (f, 1);
  for (guint i = 0; i < 600; i++) { /* media comes every second */
    ViaIcePath path = path_of (1, 0);

    run_until (f, f->now + VIA_S, TRUE);
    via_lite_heard (f->lite, &path, f->now);
    g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_CONNECTED);
  }
  f->n_checks = 0;
  n = run_until (f, f->now + VIA_S, TRUE);
  g_assert_cmpuint (n, <=, 1);
}

static void
test_consent_interval_is_within_bounds (Fixture *f, gconstpointer data)
{
  ViaTime begin;
  guint n = 0;

  nominate (f, 1);
  begin = f->now;
  while (f->now < begin + 600 * VIA_S) {
    ViaIcePath path = path_of (1, 0);

    n += run_until (f, f->now + VIA_S, TRUE);
    via_lite_heard (f->lite, &path, f->now);
  }
  g_assert_cmpuint (n, >=, 100);
  g_assert_cmpuint (n, <=, 150);
}

static void
test_consent_vanished_peer_disconnects_then_fails (
    Fixture *f, gconstpointer data)
{
  ViaTime gone;
  ViaIcePath path;

  nominate (f, 1);
  run_until (f, f->now + VIA_S, TRUE);
  gone = f->now;
  path = path_of (1, 0);
  via_lite_heard (f->lite, &path, gone);
  run_until (f, gone + 39 * VIA_S / 10, FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_CONNECTED);
  run_until (f, gone + 41 * VIA_S / 10, FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_DISCONNECTED);
  run_until (f, gone + 299 * VIA_S / 10, FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_DISCONNECTED);
  g_assert_cmpuint (selected (f), ==, 1);
  run_until (f, gone + 301 * VIA_S / 10, FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_FAILED);
  g_assert_cmpuint (selected (f), ==, 0);
  g_assert_cmpint (via_lite_deadline (f->lite), ==, VIA_TIME_NEVER);
}

/* Media alone cannot be held against the peer's will for ever. */
static void
test_consent_media_without_stun_ends (Fixture *f, gconstpointer data)
{
  ViaIcePath path = path_of (1, 0);
  ViaTime begin;

  nominate (f, 1);
  begin = f->now;
  for (guint i = 0; i < 370; i++) {
    via_lite_heard (f->lite, &path, f->now);
    run_until (f, f->now + VIA_S / 10, FALSE);
  }
  g_assert_cmpint (f->now - begin, ==, 37 * VIA_S);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_FAILED);
}

static void
test_consent_back_after_outage_is_connected (Fixture *f, gconstpointer data)
{
  nominate (f, 1);
  run_until (f, f->now + 10 * VIA_S, FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_DISCONNECTED);
  check (f, 1, via_lite_ufrag (f->lite), via_lite_pwd (f->lite), 100, FALSE,
      FALSE);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_CONNECTED);
}

static void
test_lost_connection_disconnects (Fixture *f, gconstpointer data)
{
  f->flow = 9;
  nominate (f, 1);
  via_lite_lost (f->lite, 8); /* another one's */
  g_assert_cmpuint (selected (f), ==, 1);
  via_lite_lost (f->lite, 9);
  g_assert_cmpuint (selected (f), ==, 0);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_DISCONNECTED);
  f->flow = 0;
  nominate (f, 1);
  g_assert_cmpint (via_lite_state (f->lite), ==, VIA_LITE_CONNECTED);
  via_lite_lost (f->lite, 0); /* UDP has no connections */
  g_assert_cmpuint (selected (f), ==, 1);
}

static void
test_remote_credentials_bad_are_refused (Fixture *f, gconstpointer data)
{
  g_autofree gchar *huge = g_strnfill (257, 'a');

  g_assert_false (via_lite_set_remote (f->lite, "abc", remote_pwd));
  g_assert_false (via_lite_set_remote (f->lite, remote_ufrag, "short"));
  g_assert_false (via_lite_set_remote (f->lite, "ab:cd", remote_pwd));
  g_assert_false (via_lite_set_remote (f->lite, huge, remote_pwd));
  g_assert_false (via_lite_set_remote (f->lite, NULL, remote_pwd));
}

#define ADD(path, func)                                                        \
  g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/lite/check/good", test_check_good_is_answered_and_nominates);
  ADD ("/lite/check/wrong-password", test_check_wrong_password_changes_nothing);
  ADD ("/lite/check/conflict", test_check_of_controlled_peer_is_a_conflict);
  ADD ("/lite/nomination/last", test_nomination_last_one_counts);
  ADD (
      "/lite/nomination/aggressive", test_nomination_aggressive_keeps_the_best);
  ADD ("/lite/consent/answered", test_consent_answered_stays);
  ADD ("/lite/consent/interval", test_consent_interval_is_within_bounds);
  ADD ("/lite/consent/vanished",
      test_consent_vanished_peer_disconnects_then_fails);
  ADD ("/lite/consent/media-only", test_consent_media_without_stun_ends);
  ADD ("/lite/consent/outage", test_consent_back_after_outage_is_connected);
  ADD ("/lite/lost", test_lost_connection_disconnects);
  ADD ("/lite/credentials", test_remote_credentials_bad_are_refused);
  return g_test_run ();
}
