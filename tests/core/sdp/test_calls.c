/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_calls.c – real calls, description after description:
 * restarted, put on hold, an m-line stopped and recycled, many at once. What
 * is expected was read from the files, not printed by the code.
 */
#include "support.h"

#include "sdp/plan_parts.h"

typedef struct
{
  const gchar *file, *ufrag;
  gboolean restarts_ice;
  const gchar *lines; /* our side of them */
} Step;

#define BOTH "audio 0 sendrecv, video 1 sendrecv, application 2 sendrecv"
#define HELD "audio 0 sendrecv, video 1 inactive, application 2 sendrecv"
#define SENT "audio 0 sendonly, video 1 sendonly, application 2 sendrecv"
#define HALF "audio 0 sendonly, video 1 inactive, application 2 sendrecv"

static const Step chromium_loop[] = {
    {"chromium-loop-1-offer.sdp", "qkC7", FALSE, BOTH},
    {"chromium-loop-2restart-offer.sdp", "P/qR", TRUE, BOTH},
    {"chromium-loop-3hold-offer.sdp", "P/qR", FALSE, HELD},
    {NULL},
};
static const Step firefox_loop[] = {
    {"firefox-loop-1-offer.sdp", "76589e05", FALSE, BOTH},
    {"firefox-loop-2restart-offer.sdp", "c3e6cfe9", TRUE, BOTH},
    {"firefox-loop-3hold-offer.sdp", "c3e6cfe9", FALSE, HELD},
    {NULL},
};
static const Step chromium_recycled[] = {
    {"chromium-stopped-recycled-1rejected.sdp", "tEzC", FALSE,
        "audio 0 sendrecv, video 1 rejected, application 2 sendrecv"},
    {"chromium-stopped-recycled-2recycled.sdp", "tEzC", FALSE,
        "audio 0 sendrecv, video 3 sendrecv, application 2 sendrecv"},
    {NULL},
};
#define MULTI                                                                  \
  "audio 0 sendrecv, video 1 sendrecv, video 2 sendrecv, audio 3 sendrecv, "   \
  "video 4 sendrecv"
static const Step chromium_multi[] = {
    {"chromium-multi-3v2a.sdp", "+eTi", FALSE, MULTI},
    {"chromium-multi-3v2a.sdp", "+eTi", FALSE, MULTI},
    {NULL},
};
static const Step firefox_multi[] = {
    {"firefox-multi-3v2a.sdp", "18638883", FALSE, MULTI},
    {"firefox-multi-3v2a.sdp", "18638883", FALSE, MULTI},
    {NULL},
};
static const Step *const offered[] = {chromium_loop, firefox_loop,
    chromium_recycled, chromium_multi, firefox_multi};

/* Answers to the browser's own first offer, as if it had been ours. */
static const Step chromium_answers[] = {
    {"chromium-loop-1-answer.sdp", "siDF", FALSE, SENT},
    {"chromium-loop-2restart-answer.sdp", "aXfx", TRUE, SENT},
    {"chromium-loop-3hold-answer.sdp", "aXfx", FALSE, HALF},
    {NULL},
};
static const Step firefox_answers[] = {
    {"firefox-loop-1-answer.sdp", "880eadf5", FALSE, SENT},
    {"firefox-loop-2restart-answer.sdp", "57a2216f", TRUE, SENT},
    {"firefox-loop-3hold-answer.sdp", "57a2216f", FALSE, HALF},
    {NULL},
};
static const Step chromium_stop_answer[] = {
    {"chromium-stopped-recycled-1rejected-answer.sdp", "JS91", FALSE,
        "audio 0 sendonly, video 1 rejected, application 2 sendrecv"},
    {NULL},
};
static const struct
{
  const gchar *offer;
  const Step *steps;
} answered[] = {
    {"chromium-loop-1-offer.sdp", chromium_answers},
    {"firefox-loop-1-offer.sdp", firefox_answers},
    {"chromium-loop-1-offer.sdp", chromium_stop_answer},
};

static void
assert_step (const Step *step, const ViaPlan *plan)
{
  g_autoptr (GString) got = g_string_new (NULL);

  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    g_string_append_printf (got, "%s%s %s %s", i > 0 ? ", " : "", media->media,
        media->mid,
        media->is_rejected ? "rejected" : direction_names[media->direction]);
  }
  g_assert_cmpstr (got->str, ==, step->lines);
  g_assert_cmpstr (plan->remote->ufrag, ==, step->ufrag);
  g_assert_cmpint (plan->restarts_ice, ==, step->restarts_ice);
}

/* An m-line that was there goes on as what it was. */
static void
assert_follows (const ViaPlan *old, const ViaPlan *now)
{
  for (guint i = 0; i < old->media->len; i++) {
    const ViaPlanMedia *was = via_plan_media (old, i);
    const ViaPlanMedia *is = via_plan_media (now, i);

    if (strcmp (was->mid, is->mid) != 0 || was->is_rejected || is->is_rejected)
      continue;
    g_assert_cmpuint (was->ssrc, ==, is->ssrc);
    g_assert_cmpuint (was->rtx_ssrc, ==, is->rtx_ssrc);
    if (was->codecs->len > 0)
      g_assert_cmpuint (g_array_index (was->codecs, ViaPlanCodec, 0).pt, ==,
          g_array_index (is->codecs, ViaPlanCodec, 0).pt);
  }
  g_assert_cmpuint (old->session_version, <, now->session_version);
}

static void
test_calls_offers_of_browsers_give_their_plans (void)
{
  ViaPlanLocal local = wish_all ();
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 3);
  for (guint i = 0; i < G_N_ELEMENTS (offered); i++) {
    g_autoptr (ViaPlan) plan = NULL;

    for (const Step *step = offered[i]; step->file != NULL; step++) {
      g_autofree gchar *text = data_file (step->file);
      g_autoptr (GError) error = NULL;
      ViaPlan *next =
          via_plan_reanswer (plan, &local, text, &rng.parent, &error);

      g_test_message ("%s", step->file);
      g_assert_no_error (error);
      assert_step (step, next);
      if (plan != NULL)
        assert_follows (plan, next);
      via_plan_free (plan);
      plan = next;
    }
  }
}

/* What the browser offered in @file, as an offer of ours. */
static ViaPlan *
offer_like (const gchar *file)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *text = data_file (file);
  ViaPlan *plan = answer_to (&local, text, NULL);

  plan->role = VIA_ROLE_OFFERER;
  plan->is_complete = FALSE;
  plan->setup = plan->agreed_setup = VIA_SETUP_ACTPASS;
  g_clear_pointer (&plan->remote, via_remote_transport_free);
  return plan;
}

/* The same m-lines once more, all sendrecv. */
static ViaPlan *
offer_again (const ViaPlan *plan, gboolean restarts_ice)
{
  ViaPlanLocal local = wish_all ();
  ViaPlanWish wishes[8];
  ViaSeededRng rng;
  ViaPlan *offer;
  g_autoptr (GError) error = NULL;

  via_seeded_rng_init (&rng, 4);
  for (guint i = 0; i < plan->media->len; i++)
    wishes[i] = (ViaPlanWish){via_plan_media (plan, i)->kind,
        VIA_DIRECTION_SENDRECV, via_plan_media (plan, i)->mid};
  offer = via_plan_reoffer (plan, &local, wishes, plan->media->len,
      restarts_ice, &rng.parent, &error);
  g_assert_no_error (error);
  return offer;
}

static void
test_calls_answers_of_browsers_give_their_plans (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answered); i++) {
    g_autoptr (ViaPlan) plan = NULL;

    for (const Step *step = answered[i].steps; step->file != NULL; step++) {
      g_autofree gchar *text = data_file (step->file);
      g_autoptr (ViaPlan) offer = plan == NULL
                                      ? offer_like (answered[i].offer)
                                      : offer_again (plan, step->restarts_ice);
      g_autoptr (GError) error = NULL;
      ViaPlan *next = via_plan_accept (offer, text, &error);

      g_test_message ("%s", step->file);
      g_assert_no_error (error);
      assert_step (step, next);
      if (plan != NULL)
        assert_follows (plan, next);
      via_plan_free (plan);
      plan = next;
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/sdp/calls/" #name, test_calls_##name)
  ADD (offers_of_browsers_give_their_plans);
  ADD (answers_of_browsers_give_their_plans);
  return g_test_run ();
}
