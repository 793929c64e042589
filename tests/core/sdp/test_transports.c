/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_transports.c – offers whose m-lines do not share one
 * transport, and what we answer.
 */
#include "support.h"

static ViaPlan *
plan_for (const ViaPlanLocal *local, const gchar *offer)
{
  g_autoptr (GError) error = NULL;
  ViaPlan *plan = answer_to (local, offer, &error);

  g_assert_no_error (error);
  return plan;
}

/* RFC 9143 §7.3: each m-line that is not bundled has its own transport. */
static void
test_transports_without_bundle_each_has_a_transport (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *video = edit (OFFER_VIDEO, "ufrag:abcd", "ufrag:videoU");
  g_autofree gchar *offer = g_strconcat (OFFER_HEAD OFFER_AUDIO, video, NULL);
  g_autofree gchar *no_audio = edit (offer, "m=audio 9", "m=audio 0");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  g_autoptr (ViaPlan) second = plan_for (&local, no_audio);

  g_assert_false (via_plan_media (plan, 0)->is_bundled);
  g_assert_null (via_plan_media (plan, 0)->remote);
  g_assert_cmpstr (plan->remote->ufrag, ==, "abcd");
  g_assert_false (via_plan_media (plan, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (plan, 1)->remote->ufrag, ==, "videoU");
  g_assert_true (via_plan_media (second, 0)->is_rejected);
  g_assert_cmpstr (second->remote->ufrag, ==, "videoU");
  g_assert_null (via_plan_media (second, 1)->remote);
}

/* The first part of the call ends; the other keeps the transport it has. */
static void
test_transports_the_first_transport_may_go (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *video = edit (OFFER_VIDEO, "ufrag:abcd", "ufrag:videoU");
  g_autofree gchar *offer = g_strconcat (OFFER_HEAD OFFER_AUDIO, video, NULL);
  g_autofree gchar *no_audio = edit (offer, "m=audio 9", "m=audio 0");
  g_autofree gchar *restarted = edit (offer, "ufrag:videoU", "ufrag:other");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  g_autoptr (ViaPlan) next = NULL;
  g_autoptr (GError) error = NULL;
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 3);
  next = via_plan_reanswer (plan, &local, no_audio, &rng.parent, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (next->remote->ufrag, ==, "abcd");
  g_assert_cmpstr (via_plan_media (next, 1)->remote->ufrag, ==, "videoU");
  g_assert_false (next->restarts_ice);
  g_assert_null (
      via_plan_reanswer (plan, &local, restarted, &rng.parent, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
}

/* Each part of a plan is a plan of its own. */
static void
test_transports_parts_have_their_own_transport (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *video = edit (OFFER_VIDEO, "ufrag:abcd", "ufrag:videoU");
  g_autofree gchar *offer = g_strconcat (OFFER_HEAD OFFER_AUDIO, video, NULL);
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  g_autoptr (ViaPlan) shared = via_plan_part (plan, -1);
  g_autoptr (ViaPlan) own = via_plan_part (plan, 1);

  g_assert_false (via_plan_media (shared, 0)->is_rejected);
  g_assert_true (via_plan_media (shared, 1)->is_rejected);
  g_assert_cmpstr (shared->remote->ufrag, ==, "abcd");
  g_assert_true (via_plan_media (own, 0)->is_rejected);
  g_assert_false (via_plan_media (own, 1)->is_rejected);
  g_assert_cmpstr (own->remote->ufrag, ==, "videoU");
}

static void
test_transports_writes_each_transport (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *audio = edit (OFFER_AUDIO, "a=rtcp-mux\r\n", "");
  g_autofree gchar *offer = g_strconcat (OFFER_HEAD, audio, OFFER_VIDEO, NULL);
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  const gchar *const first[] = {"candidate:of the first", NULL};
  const gchar *const second[] = {"candidate:of the second", NULL};
  ViaLocalTransport a = {"ufragufr", "passwordpasswordpassword",
      "sha-256 AA:BB", first, FALSE, FALSE, FALSE};
  ViaLocalTransport v = {"other", "passwordpasswordpassword", "sha-256 AA:BB",
      second, FALSE, FALSE, FALSE};
  const ViaLocalTransport *const lines[] = {&a, &v};
  g_autofree gchar *text = via_sdp_write_lines (plan, lines);
  const gchar *video = strstr (text, "m=video");

  g_assert_true (via_plan_media (plan, 0)->has_rtcp_apart);
  g_assert_false (via_plan_media (plan, 1)->has_rtcp_apart);
  g_assert_null (strstr (text, "BUNDLE"));
  g_assert_nonnull (strstr (text, "a=rtcp:9 IN IP4 0.0.0.0\r\n"));
  g_assert_true (strstr (text, "a=rtcp-mux") > video);
  g_assert_true (strstr (text, "a=candidate:of the first") < video);
  g_assert_nonnull (strstr (video, "a=candidate:of the second"));
  g_assert_nonnull (strstr (video, "a=ice-ufrag:other"));
  g_assert_null (strstr (video, "ufragufr"));
}

static void
test_transports_outside_the_bundle_has_its_own_transport (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "BUNDLE a v d", "BUNDLE a d");
  g_autofree gchar *groups = edit (
      OFFER, "a=group:BUNDLE a v d", "a=group:BUNDLE a d\r\na=group:BUNDLE v");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  g_autoptr (ViaPlan) second = plan_for (&local, groups);

  g_assert_true (via_plan_media (plan, 0)->is_bundled);
  g_assert_null (via_plan_media (plan, 0)->remote);
  g_assert_false (via_plan_media (plan, 1)->is_rejected);
  g_assert_nonnull (via_plan_media (plan, 1)->remote);
  g_assert_true (via_plan_media (plan, 2)->is_bundled);
  g_assert_true (via_plan_media (second, 1)->is_rejected);
}

/* Each costs sockets. */
static void
test_transports_are_not_without_end (void)
{
  ViaPlanLocal local = wish_all ();
  GString *offer = g_string_new (OFFER_HEAD);
  g_autoptr (ViaPlan) plan = NULL;

  for (guint i = 0; i < 20; i++) {
    g_autofree gchar *mid = g_strdup_printf ("mid:v%u", i);
    g_autofree gchar *video = edit (OFFER_VIDEO, "mid:v", mid);

    g_string_append (offer, video);
  }
  plan = plan_for (&local, offer->str);
  g_assert_cmpuint (plan->media->len, ==, 20);
  for (guint i = 0; i < 20; i++)
    g_assert_cmpint (via_plan_media (plan, i)->is_rejected, ==,
        i >= VIA_PLAN_MAX_TRANSPORTS);
  g_string_free (offer, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/transports/each",
      test_transports_without_bundle_each_has_a_transport);
  g_test_add_func (
      "/sdp/transports/first-goes", test_transports_the_first_transport_may_go);
  g_test_add_func (
      "/sdp/transports/parts", test_transports_parts_have_their_own_transport);
  g_test_add_func (
      "/sdp/transports/written", test_transports_writes_each_transport);
  g_test_add_func ("/sdp/transports/outside",
      test_transports_outside_the_bundle_has_its_own_transport);
  g_test_add_func (
      "/sdp/transports/bound", test_transports_are_not_without_end);
  return g_test_run ();
}
