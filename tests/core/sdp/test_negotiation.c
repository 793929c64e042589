/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_negotiation.c – signalling states, rollback, glare, and
 * that what fails changes nothing.
 */
#include "sdp/negotiation.h"
#include "support.h"

static const ViaPlanWish audio[] = {
    {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, NULL}};

typedef struct
{
  ViaNegotiation *near, *far;
  ViaSeededRng rng;
} Fixture;

static void
fixture_set_up (Fixture *self, gconstpointer unused)
{
  self->near = via_negotiation_new ();
  self->far = via_negotiation_new ();
  via_seeded_rng_init (&self->rng, 5);
}

static void
fixture_tear_down (Fixture *self, gconstpointer unused)
{
  via_negotiation_free (self->near);
  via_negotiation_free (self->far);
}

static void
assert_states (Fixture *self, ViaSignalingState near, ViaSignalingState far)
{
  g_assert_cmpint (via_negotiation_state (self->near), ==, near);
  g_assert_cmpint (via_negotiation_state (self->far), ==, far);
}

static gchar *
text_of (const ViaPlan *plan)
{
  ViaLocalTransport transport = our_transport ();

  g_assert_nonnull (plan);
  return via_sdp_write (plan, &transport);
}

static const ViaPlan *
offer (Fixture *self, ViaNegotiation *who, const ViaPlanWish *wishes, guint n)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (GError) error = NULL;
  const ViaPlan *plan = via_negotiation_offer (
      who, &local, wishes, n, FALSE, &self->rng.parent, &error);

  g_assert_no_error (error);
  return plan;
}

static const ViaPlan *
take (Fixture *self, ViaNegotiation *who, const gchar *text, GError **error)
{
  ViaPlanLocal local = wish_all ();

  return via_negotiation_take_offer (
      who, &local, text, &self->rng.parent, error);
}

/* @from offers, @to answers and both hold it. */
static void
agree (Fixture *self, ViaNegotiation *from, ViaNegotiation *to,
    const ViaPlanWish *wishes, guint n)
{
  g_autofree gchar *sdp = text_of (offer (self, from, wishes, n));
  g_autofree gchar *answer = NULL;

  g_assert_nonnull (take (self, to, sdp, NULL));
  via_negotiation_commit (to);
  answer = text_of (via_negotiation_current (to));
  g_assert_nonnull (via_negotiation_take_answer (from, answer, NULL));
  via_negotiation_commit (from);
}

static void
test_states_of_an_offer_and_its_answer (Fixture *self, gconstpointer unused)
{
  g_autofree gchar *sdp = NULL, *answer = NULL;

  assert_states (self, VIA_SIGNALING_STABLE, VIA_SIGNALING_STABLE);
  sdp = text_of (offer (self, self->near, audio, 1));
  assert_states (self, VIA_SIGNALING_HAVE_LOCAL_OFFER, VIA_SIGNALING_STABLE);
  g_assert_nonnull (take (self, self->far, sdp, NULL));
  assert_states (
      self, VIA_SIGNALING_HAVE_LOCAL_OFFER, VIA_SIGNALING_HAVE_REMOTE_OFFER);
  g_assert_null (via_negotiation_current (self->far));
  via_negotiation_commit (self->far);
  answer = text_of (via_negotiation_current (self->far));
  g_assert_nonnull (via_negotiation_take_answer (self->near, answer, NULL));
  assert_states (self, VIA_SIGNALING_HAVE_LOCAL_OFFER, VIA_SIGNALING_STABLE);
  via_negotiation_commit (self->near);
  assert_states (self, VIA_SIGNALING_STABLE, VIA_SIGNALING_STABLE);
  g_assert_null (via_negotiation_pending (self->near));
}

static void
test_answer_without_an_offer_is_refused (Fixture *self, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (via_negotiation_take_answer (self->near, OFFER, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  g_assert_false (via_negotiation_rollback (self->near));
}

static void
test_rollback_leaves_the_call_and_versions_go_up (
    Fixture *self, gconstpointer unused)
{
  const ViaPlanWish two[] = {{VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "0"},
      {VIA_KIND_VIDEO, VIA_DIRECTION_SENDRECV, NULL}};
  const ViaPlan *current, *second;
  guint64 version;

  agree (self, self->near, self->far, audio, 1);
  current = via_negotiation_current (self->near);
  version = offer (self, self->near, two, 2)->session_version;
  g_assert_cmpuint (version, >, current->session_version);
  g_assert_true (via_negotiation_rollback (self->near));
  assert_states (self, VIA_SIGNALING_STABLE, VIA_SIGNALING_STABLE);
  g_assert_true (via_negotiation_current (self->near) == current);
  second = offer (self, self->near, two, 2);
  g_assert_cmpuint (second->session_version, ==, version + 1);
  g_assert_cmpuint (second->session_id, ==, current->session_id);
  /* again in have-local-offer: the later one counts */
  second = offer (self, self->near, two, 1);
  g_assert_cmpuint (second->session_version, ==, version + 2);
  g_assert_cmpuint (second->media->len, ==, 1);
}

/* Both offer at once: the one who takes the other's offer gives up his. */
static void
test_glare_the_taker_answers_and_may_offer_again (
    Fixture *self, gconstpointer unused)
{
  const ViaPlanWish near_video[] = {
      {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "0"},
      {VIA_KIND_VIDEO, VIA_DIRECTION_SENDRECV, NULL}};
  const ViaPlanWish far_audio[] = {
      {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "0"},
      {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, NULL}};
  const ViaPlanWish all[] = {near_video[0],
      {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "1"}, near_video[1]};
  g_autofree gchar *sdp = NULL, *answer = NULL;

  agree (self, self->near, self->far, audio, 1);
  offer (self, self->near, near_video, 2);
  sdp = text_of (offer (self, self->far, far_audio, 2));
  g_assert_nonnull (take (self, self->near, sdp, NULL));
  g_assert_nonnull (via_negotiation_pending (self->near));
  via_negotiation_commit (self->near);
  g_assert_null (via_negotiation_pending (self->near));
  answer = text_of (via_negotiation_current (self->near));
  g_assert_nonnull (via_negotiation_take_answer (self->far, answer, NULL));
  via_negotiation_commit (self->far);
  assert_states (self, VIA_SIGNALING_STABLE, VIA_SIGNALING_STABLE);
  agree (self, self->near, self->far, all, 3);
  g_assert_cmpuint (via_negotiation_current (self->far)->media->len, ==, 3);
}

/* Glare whose offer cannot be taken, or applied: ours still waits. */
static void
test_glare_failed_leaves_our_offer_waiting (Fixture *self, gconstpointer unused)
{
  const ViaPlanWish kept[] = {{VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "0"}};
  const ViaPlan *pending, *current;
  g_autofree gchar *sdp = NULL, *bad = NULL;
  g_autoptr (GError) error = NULL;

  agree (self, self->near, self->far, audio, 1);
  current = via_negotiation_current (self->near);
  sdp = text_of (offer (self, self->far, kept, 1));
  pending = offer (self, self->near, kept, 1);
  bad = edit_all (sdp, "BUNDLE 0", "BUNDLE 7");
  g_assert_null (take (self, self->near, bad, &error));
  g_assert_nonnull (error);
  g_assert_true (via_negotiation_pending (self->near) == pending);
  g_assert_true (via_negotiation_current (self->near) == current);
  g_assert_nonnull (take (self, self->near, sdp, NULL));
  via_negotiation_abandon (self->near);
  g_assert_true (via_negotiation_pending (self->near) == pending);
  g_assert_true (via_negotiation_current (self->near) == current);
  assert_states (
      self, VIA_SIGNALING_HAVE_LOCAL_OFFER, VIA_SIGNALING_HAVE_LOCAL_OFFER);
}

static void
test_one_description_at_a_time (Fixture *self, gconstpointer unused)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *sdp = text_of (offer (self, self->far, audio, 1));
  g_autoptr (GError) error = NULL, again = NULL;

  g_assert_nonnull (take (self, self->near, sdp, NULL));
  g_assert_null (take (self, self->near, sdp, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  g_assert_null (via_negotiation_offer (
      self->near, &local, audio, 1, FALSE, &self->rng.parent, &again));
  g_assert_error (again, VIA_ERROR, VIA_ERROR_STATE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name)                                                              \
  g_test_add ("/sdp/negotiation/" #name, Fixture, NULL, fixture_set_up,        \
      test_##name, fixture_tear_down)
  ADD (states_of_an_offer_and_its_answer);
  ADD (answer_without_an_offer_is_refused);
  ADD (rollback_leaves_the_call_and_versions_go_up);
  ADD (glare_the_taker_answers_and_may_offer_again);
  ADD (glare_failed_leaves_our_offer_waiting);
  ADD (one_description_at_a_time);
  return g_test_run ();
}
