/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_renegotiate.c – offers and answers in a call that runs:
 * what is kept, added, stopped, recycled, and what is refused.
 */
#include "sdp/plan_parts.h"
#include "support.h"

#define BROWSER_PRINT                                                          \
  "sha-256 FF:EE:DD:CC:BB:AA:99:88:77:66:55:44:33:22:11:00:00:11:22:33:44:"    \
  "55:66:77:88:99:AA:BB:CC:DD:EE:FF"

/* --- they offer --- */

static ViaPlan *
reanswer (const ViaPlan *current, const gchar *offer, GError **error)
{
  ViaPlanLocal local = wish_all ();
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 77);
  return via_plan_reanswer (current, &local, offer, &rng.parent, error);
}

static ViaPlan *
took (const ViaPlan *current, const gchar *offer)
{
  g_autoptr (GError) error = NULL;
  ViaPlan *plan = reanswer (current, offer, &error);

  g_assert_no_error (error);
  g_assert_true (plan->is_complete);
  return plan;
}

static void
refused (const ViaPlan *current, const gchar *offer)
{
  g_autofree gchar *before = summarise_plan (current);
  g_autofree gchar *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (reanswer (current, offer, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  after = summarise_plan (current);
  g_assert_cmpstr (before, ==, after);
}

/* Everything of an m-line that the far end has stored about us. */
static void
assert_kept (const ViaPlan *old, const ViaPlan *now, guint i)
{
  const ViaPlanMedia *a = via_plan_media (old, i);
  const ViaPlanMedia *b = via_plan_media (now, i);

  g_assert_cmpstr (a->mid, ==, b->mid);
  g_assert_cmpuint (a->ssrc, !=, 0);
  g_assert_cmpuint (a->ssrc, ==, b->ssrc);
  g_assert_cmpuint (a->rtx_ssrc, ==, b->rtx_ssrc);
  g_assert_cmpstr (a->msid_track, ==, b->msid_track);
  g_assert_cmpstr (old->cname, ==, now->cname);
  g_assert_cmpuint (old->session_id, ==, now->session_id);
  g_assert_cmpuint (old->session_version, <, now->session_version);
}

static void
test_reanswer_same_offer_keeps_all_but_the_version (void)
{
  g_autoptr (ViaPlan) first = took (NULL, OFFER);
  g_autoptr (ViaPlan) second = took (first, OFFER);
  g_autofree gchar *a = summarise_plan (first);
  g_autofree gchar *b = summarise_plan (second);

  g_assert_cmpstr (a, ==, b);
  assert_kept (first, second, 0);
  assert_kept (first, second, 1);
  g_assert_false (second->restarts_ice);
  g_assert_cmpuint (second->session_version, ==, first->session_version + 1);
}

static void
test_reanswer_hold_and_resume_keep_our_ssrc (void)
{
  static const struct
  {
    const gchar *theirs;
    ViaDirection ours;
  } rows[] = {{"a=sendonly\r\n", VIA_DIRECTION_RECVONLY},
      {"a=inactive\r\n", VIA_DIRECTION_INACTIVE},
      {"a=recvonly\r\n", VIA_DIRECTION_SENDONLY},
      {"a=sendrecv\r\n", VIA_DIRECTION_SENDRECV}};
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *offer = edit (OFFER, "a=sendrecv\r\n", rows[i].theirs);
    ViaPlan *next = took (plan, offer);

    g_assert_cmpint (via_plan_media (next, 0)->direction, ==, rows[i].ours);
    g_assert_cmpint (
        via_plan_media (next, 1)->direction, ==, VIA_DIRECTION_SENDRECV);
    assert_kept (plan, next, 0);
    via_plan_free (plan);
    plan = next;
  }
}

#define OFFER_VIDEO_2                                                          \
  "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" OFFER_TRANSPORT "a=mid:w\r\n"           \
  "a=rtcp-mux\r\n"                                                             \
  "a=sendonly\r\n"                                                             \
  "a=rtpmap:96 VP8/90000\r\n"                                                  \
  "a=ssrc:4444 cname:x\r\n"

static void
test_reanswer_added_m_line_leaves_the_others (void)
{
  g_autoptr (ViaPlan) first = took (NULL, OFFER);
  g_autoptr (ViaPlan) second = took (first,
      OFFER_HEAD "a=group:BUNDLE a v d w\r\n" OFFER_AUDIO OFFER_VIDEO OFFER_DATA
          OFFER_VIDEO_2);
  const ViaPlanMedia *added = via_plan_media (second, 3);

  g_assert_cmpuint (second->media->len, ==, 4);
  assert_kept (first, second, 0);
  assert_kept (first, second, 1);
  g_assert_cmpstr (added->mid, ==, "w");
  g_assert_cmpint (added->direction, ==, VIA_DIRECTION_RECVONLY);
  g_assert_true (added->is_bundled);
  g_assert_cmpuint (added->ssrc, ==, 0);
}

static void
test_reanswer_removed_m_line_is_recycled (void)
{
  g_autofree gchar *text = edit (OFFER_HEAD
      "a=group:BUNDLE a d\r\n" OFFER_AUDIO OFFER_VIDEO OFFER_DATA,
      "m=video 9", "m=video 0");
  g_autofree gchar *video = edit (OFFER_VIDEO, "a=mid:v", "a=mid:new");
  g_autofree gchar *again =
      g_strconcat (OFFER_HEAD "a=group:BUNDLE a new d\r\n" OFFER_AUDIO, video,
          OFFER_DATA, NULL);
  g_autoptr (ViaPlan) first = took (NULL, OFFER);
  g_autoptr (ViaPlan) removed = took (first, text);
  g_autoptr (ViaPlan) recycled = took (removed, again);

  g_assert_true (via_plan_media (removed, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (removed, 1)->mid, ==, "v");
  assert_kept (first, removed, 0);
  g_assert_false (via_plan_media (recycled, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (recycled, 1)->mid, ==, "new");
  g_assert_cmpuint (via_plan_media (recycled, 1)->ssrc, !=, 0);
  g_assert_cmpuint (
      via_plan_media (recycled, 1)->ssrc, !=, via_plan_media (first, 1)->ssrc);
  assert_kept (removed, recycled, 0);
}

/* RFC 9143 §7.3: the tag moves to the next m-line of the group, and with it the
 * candidates. */
static void
test_reanswer_first_m_line_rejected_moves_the_bundle_tag (void)
{
  g_autofree gchar *audio = edit (OFFER_AUDIO, "m=audio 9", "m=audio 0");
  g_autofree gchar *video = edit (OFFER_VIDEO, "a=mid:v\r\n",
      "a=mid:v\r\na=candidate:1 1 UDP 2122252543 192.0.2.7 5000 typ host\r\n");
  g_autofree gchar *text = g_strconcat (
      OFFER_HEAD "a=group:BUNDLE v d\r\n", audio, video, OFFER_DATA, NULL);
  g_autoptr (ViaPlan) first = took (NULL, OFFER);
  g_autoptr (ViaPlan) second = took (first, text);
  ViaLocalTransport transport = our_transport ();
  g_autofree gchar *answer = via_sdp_write (second, &transport);

  g_assert_true (via_plan_media (second, 0)->is_rejected);
  g_assert_cmpuint (second->remote->candidates->len, ==, 1);
  assert_kept (first, second, 1);
  g_assert_nonnull (strstr (answer, "a=group:BUNDLE v d\r\n"));
  g_assert_nonnull (strstr (answer, "m=audio 0 "));
}

static void
test_reanswer_without_any_live_m_line_keeps_the_transport (void)
{
  g_autofree gchar *text = edit_all (OFFER, " 9 UDP", " 0 UDP");
  g_autofree gchar *bare = edit (text, "a=group:BUNDLE a v d\r\n", "");
  g_autoptr (ViaPlan) first = took (NULL, OFFER);
  g_autoptr (ViaPlan) none = took (first, bare);
  g_autoptr (ViaPlan) back = NULL;

  for (guint i = 0; i < 3; i++)
    g_assert_true (via_plan_media (none, i)->is_rejected);
  g_assert_cmpstr (none->remote->ufrag, ==, "abcd");
  g_assert_cmpint (none->setup, ==, first->setup);
  g_assert_false (none->restarts_ice);
  back = took (none, OFFER); /* a peer that takes the same mid again */
  g_assert_cmpuint (
      via_plan_media (back, 1)->ssrc, !=, via_plan_media (first, 1)->ssrc);
}

static void
test_reanswer_refuses_what_cannot_follow (void)
{
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);
  g_autofree gchar *print = edit_all (OFFER, FINGERPRINT, BROWSER_PRINT);
  g_autofree gchar *role =
      edit_all (OFFER, "setup:actpass", "setup:passive"); /* we are passive */
  g_autofree gchar *mid = edit_all (OFFER, "a=mid:v", "a=mid:x");
  g_autofree gchar *mids = edit (mid, "BUNDLE a v d", "BUNDLE a x d");

  refused (plan, OFFER_HEAD "a=group:BUNDLE a v\r\n" OFFER_AUDIO OFFER_VIDEO);
  refused (plan,
      OFFER_HEAD "a=group:BUNDLE v a d\r\n" OFFER_VIDEO OFFER_AUDIO OFFER_DATA);
  refused (plan, print);
  refused (plan, role);
  refused (plan, mids);
}

/* RFC 8839 §4.4.1.1.1 */
static void
test_reanswer_new_credentials_restart_ice (void)
{
  g_autofree gchar *ufrag = edit_all (OFFER, "a=ice-ufrag:abcd", //
      "a=ice-ufrag:efgh");
  g_autofree gchar *both =
      edit_all (ufrag, "secretSecretSecret0123", "otherSecretSecret01234");
  g_autofree gchar *pwd =
      edit_all (OFFER, "secretSecretSecret0123", "otherSecretSecret01234");
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);
  const gchar *const texts[] = {ufrag, both, pwd};

  g_assert_false (plan->restarts_ice);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (ViaPlan) restarted = took (plan, texts[i]);
    g_autoptr (ViaPlan) after = took (restarted, texts[i]);

    g_assert_true (restarted->restarts_ice);
    assert_kept (plan, restarted, 1);
    g_assert_false (after->restarts_ice);
  }
}

/* --- we offer --- */

static ViaPlan *
reoffer (const ViaPlan *current, const ViaPlanWish *wishes, guint n,
    gboolean restarts_ice, GError **error)
{
  ViaPlanLocal local = wish_all ();
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 78);
  return via_plan_reoffer (
      current, &local, wishes, n, restarts_ice, &rng.parent, error);
}

static ViaPlan *
offers (const ViaPlan *current, const ViaPlanWish *wishes, guint n)
{
  g_autoptr (GError) error = NULL;
  ViaPlan *plan = reoffer (current, wishes, n, FALSE, &error);

  g_assert_no_error (error);
  g_assert_false (plan->is_complete);
  return plan;
}

static const ViaPlanWish keep_all[] = {
    {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "a"},
    {VIA_KIND_VIDEO, VIA_DIRECTION_SENDRECV, "v"},
    {VIA_KIND_DATA, VIA_DIRECTION_SENDRECV, "d"},
    {VIA_KIND_VIDEO, VIA_DIRECTION_SENDONLY, NULL},
};

/* The browser numbers VP8 120 and abs-send-time 5 first; ours take these. */
static void
test_reoffer_added_m_line_uses_the_numbers_of_the_call (void)
{
  g_autofree gchar *pt = edit_all (OFFER, "SAVPF 96 97", "SAVPF 120 98");
  g_autofree gchar *map = edit_all (pt, ":96 ", ":120 ");
  g_autofree gchar *rtx = edit_all (map, ":97 ", ":98 ");
  g_autofree gchar *text = edit (rtx, "apt=96", "apt=120");
  g_autoptr (ViaPlan) plan = took (NULL, text);
  g_autoptr (ViaPlan) offer = offers (plan, keep_all, 4);
  ViaLocalTransport transport = our_transport ();
  g_autofree gchar *sdp = via_sdp_write (offer, &transport);
  g_autofree gchar *summary = summarise_plan (offer);

  assert_kept (plan, offer, 0);
  assert_kept (plan, offer, 1);
  /* 98 and 5 are theirs: VP9 and the delay go elsewhere */
  g_assert_nonnull (strstr (summary,
      "  video 0 sendonly bundled rsize VP8:120+98/npfrt VP9:96+99/npfrt "
      "H264:108+109/npfrt H265:100+101/npfrt AV1:102+103/npfrt ext=5:abs-send-tim ext=3:draft-holmer ext=4:mid "
      "ext=1:playout-dela ext=13:video-orient\n"));
  g_assert_nonnull (strstr (sdp, "a=group:BUNDLE a v d 0\r\n"));
  g_assert_nonnull (strstr (sdp, "a=setup:actpass\r\n"));
}

static void
test_reoffer_stops_and_recycles (void)
{
  const ViaPlanWish audio_only[] = {keep_all[0], keep_all[2]};
  const ViaPlanWish two_videos[] = {
      keep_all[0], keep_all[2], keep_all[3], keep_all[3]};
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);
  g_autoptr (ViaPlan) stopped = offers (plan, audio_only, 2);
  g_autoptr (ViaPlan) recycled = NULL;

  g_assert_true (via_plan_media (stopped, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (stopped, 1)->mid, ==, "v");
  g_assert_false (via_plan_media (stopped, 0)->is_rejected);
  stopped->is_complete = TRUE; /* as if answered */
  recycled = offers (stopped, two_videos, 4);
  g_assert_cmpuint (recycled->media->len, ==, 4);
  g_assert_cmpstr (via_plan_media (recycled, 1)->mid, ==, "0");
  g_assert_cmpint (via_plan_media (recycled, 1)->kind, ==, VIA_KIND_VIDEO);
  g_assert_cmpstr (via_plan_media (recycled, 3)->mid, ==, "1");
  assert_kept (plan, recycled, 0);
}

/* Only what is rejected in the call so far may become another m-line. */
static void
test_reoffer_stopped_m_line_is_not_recycled_at_once (void)
{
  const ViaPlanWish wishes[] = {keep_all[0], keep_all[2], keep_all[3]};
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);
  g_autoptr (ViaPlan) offer = offers (plan, wishes, 3);

  g_assert_cmpuint (offer->media->len, ==, 4);
  g_assert_true (via_plan_media (offer, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (offer, 3)->mid, ==, "0");
}

static void
test_reoffer_never_uses_a_mid_again (void)
{
  const ViaPlanWish one[] = {{VIA_KIND_VIDEO, VIA_DIRECTION_SENDONLY, NULL}};
  g_autoptr (ViaPlan) plan = offers (NULL, one, 1);

  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *mid = g_strdup_printf ("%u", 2 * i);
    g_autofree gchar *next = g_strdup_printf ("%u", 2 * i + 2);
    const ViaPlanWish both[] = {
        {VIA_KIND_VIDEO, VIA_DIRECTION_SENDONLY, mid}, one[0]};
    ViaPlan *more;

    g_assert_cmpstr (via_plan_media (plan, 0)->mid, ==, mid);
    plan->is_complete = TRUE;
    plan->remote = g_new0 (ViaRemoteTransport, 1);
    plan->remote->fingerprints =
        g_array_new (FALSE, FALSE, sizeof (ViaFingerprint));
    plan->remote->candidates = g_ptr_array_new ();
    more = offers (plan, both, 2); /* taken back, the number is not */
    g_assert_cmpuint (more->media->len, ==, 2);
    more->is_complete = TRUE;
    via_plan_free (plan);
    plan = offers (more, NULL, 0);
    via_plan_free (more);
    plan->is_complete = TRUE;
    more = offers (plan, one, 1);
    g_assert_cmpstr (via_plan_media (more, 0)->mid, ==, next);
    g_assert_true (via_plan_media (more, 1)->is_rejected);
    g_ptr_array_set_size (more->media, 1);
    g_clear_pointer (&more->remote, via_remote_transport_free);
    via_plan_free (plan);
    plan = more;
  }
}

static void
test_reoffer_refuses_wishes_that_name_nothing (void)
{
  const ViaPlanWish rows[][2] = {
      {keep_all[0], {VIA_KIND_VIDEO, VIA_DIRECTION_SENDRECV, "x"}},
      {keep_all[0], {VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, "v"}},
      {keep_all[0], keep_all[0]}};
  g_autoptr (ViaPlan) plan = took (NULL, OFFER);
  g_autoptr (ViaPlan) pending = offers (plan, keep_all, 4);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) why = NULL;

    g_assert_null (reoffer (plan, rows[i], 2, FALSE, &why));
    g_assert_error (why, VIA_ERROR, VIA_ERROR_SETTING);
  }
  g_assert_null (reoffer (pending, keep_all, 3, FALSE, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
}

static void
test_reoffer_stops_at_64_m_lines (void)
{
  ViaPlanWish many[65] = {{0}};
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) plan = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (many); i++)
    many[i] = (ViaPlanWish){VIA_KIND_AUDIO, VIA_DIRECTION_SENDONLY, NULL};
  plan = reoffer (NULL, many, 64, FALSE, &error);
  g_assert_no_error (error);
  g_assert_null (reoffer (NULL, many, 65, FALSE, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_LIMIT);
}

/* --- both, by their texts --- */

typedef struct
{
  ViaPlan *near, *far; /* complete */
  gchar *ufrag[2], *pwd[2];
} Call;

static gchar *
call_write (const Call *self, guint side, const ViaPlan *plan)
{
  ViaLocalTransport transport = our_transport ();

  transport.ufrag = self->ufrag[side];
  transport.pwd = self->pwd[side];
  return via_sdp_write (plan, &transport);
}

static void
call_clear (Call *self)
{
  via_plan_free (self->near);
  via_plan_free (self->far);
  for (guint i = 0; i < 2; i++) {
    g_free (self->ufrag[i]);
    g_free (self->pwd[i]);
  }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static void
call_new_credentials (Call *self, guint side)
{
  static guint n = 0;

  g_free (self->ufrag[side]);
  g_free (self->pwd[side]);
  self->ufrag[side] = g_strdup_printf ("user%u", n);
  self->pwd[side] = g_strdup_printf ("passwordOf22Letters%03u", n++);
}

/* The near side offers @wishes, the far side answers: the answer's text. */
static gchar *
call_exchange (Call *self, const ViaPlanWish *wishes, guint n,
    gboolean restarts, ViaPlan **out_offer)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *offer = NULL;
  ViaPlan *far;

  *out_offer = reoffer (self->near, wishes, n, restarts, &error);
  g_assert_no_error (error);
  if (restarts || self->near == NULL)
    call_new_credentials (self, 0);
  offer = call_write (self, 0, *out_offer);
  far = took (self->far, offer);
  if (far->restarts_ice || self->far == NULL)
    call_new_credentials (self, 1);
  via_plan_free (self->far);
  self->far = far;
  return call_write (self, 1, far);
}

static void
call_go (Call *self, const ViaPlanWish *wishes, guint n, gboolean restarts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) offer = NULL;
  g_autofree gchar *answer = call_exchange (self, wishes, n, restarts, &offer);
  ViaPlan *near = via_plan_accept (offer, answer, &error);

  g_assert_no_error (error);
  via_plan_free (self->near);
  self->near = near;
}

#define AUDIO(mid)                                                             \
  {                                                                            \
    VIA_KIND_AUDIO, VIA_DIRECTION_SENDRECV, mid                                \
  }
#define VIDEO(mid)                                                             \
  {                                                                            \
    VIA_KIND_VIDEO, VIA_DIRECTION_SENDRECV, mid                                \
  }

/* Audio 0 stays through: video added, held, removed, recycled by another. */
static void
test_call_changes_round_by_round_and_audio_stays (void)
{
  static const ViaPlanWish rounds[][3] = {
      {AUDIO (NULL)},
      {AUDIO ("0"), VIDEO (NULL)},
      {AUDIO ("0"), {VIA_KIND_VIDEO, VIA_DIRECTION_INACTIVE, "1"}},
      {AUDIO ("0"), VIDEO ("1")},
      {AUDIO ("0")},
      {AUDIO ("0"), AUDIO (NULL), VIDEO (NULL)},
  };
  static const guint sizes[] = {1, 2, 2, 2, 1, 3};
  static const gchar *const lines[] = {"audio:0", "audio:0 video:1",
      "audio:0 video:1!", "audio:0 video:1", "audio:0 -",
      "audio:0 audio:2 video:3"};
  g_auto (Call) call = {NULL};
  guint32 ssrc[2] = {0}, video_ssrc = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rounds); i++) {
    call_go (&call, rounds[i], sizes[i], FALSE);
    for (guint side = 0; side < 2; side++) {
      const ViaPlan *plan = side == 0 ? call.near : call.far;
      const ViaPlan *peer = side == 0 ? call.far : call.near;
      g_autoptr (GString) got = g_string_new (NULL);

      for (guint k = 0; k < plan->media->len; k++) {
        const ViaPlanMedia *media = via_plan_media (plan, k);

        g_string_append_printf (got, "%s", k > 0 ? " " : "");
        if (media->is_rejected)
          g_string_append (got, "-");
        else
          g_string_append_printf (got, "%s:%s%s", media->media, media->mid,
              media->direction == VIA_DIRECTION_INACTIVE ? "!" : "");
      }
      g_assert_cmpstr (got->str, ==, lines[i]);
      if (i == 0)
        ssrc[side] = via_plan_media (plan, 0)->ssrc;
      g_assert_cmpuint (via_plan_media (plan, 0)->ssrc, ==, ssrc[side]);
      g_assert_cmpuint (
          g_array_index (via_plan_media (peer, 0)->sources, ViaPlanSource, 0)
              .ssrc,
          ==, ssrc[side]);
      g_assert_cmpuint (via_plan_media (plan, 0)->sources->len, ==, 1);
    }
    if (i == 1)
      video_ssrc = via_plan_media (call.near, 1)->ssrc;
    if (i == 2 || i == 3)
      g_assert_cmpuint (via_plan_media (call.near, 1)->ssrc, ==, video_ssrc);
    if (i == 5)
      g_assert_cmpuint (via_plan_media (call.near, 2)->ssrc, !=, video_ssrc);
  }
}

static void
test_call_restart_needs_new_credentials_of_both (void)
{
  static const ViaPlanWish first[] = {AUDIO (NULL)}, kept[] = {AUDIO ("0")};
  g_auto (Call) call = {NULL};

  call_go (&call, first, 1, FALSE);
  g_assert_false (call.near->restarts_ice);
  call_go (&call, kept, 1, TRUE);
  g_assert_true (call.near->restarts_ice);
  g_assert_true (call.far->restarts_ice);
  g_assert_cmpstr (call.near->remote->ufrag, ==, call.ufrag[1]);
  for (guint restarts = 0; restarts < 2; restarts++) {
    g_autoptr (ViaPlan) offer = NULL;
    g_autofree gchar *before = g_strdup (call.ufrag[1]);
    g_autofree gchar *answer =
        call_exchange (&call, kept, 1, restarts != 0, &offer);
    g_autofree gchar *wrong =
        edit_all (answer, call.ufrag[1], restarts ? before : "else");
    g_autofree gchar *pwd = g_strdup_printf ("a=ice-pwd:%s", call.pwd[1]);
    g_autofree gchar *old =
        g_strdup_printf ("a=ice-pwd:%s", call.near->remote->pwd);
    g_autofree gchar *wrong_pwd = edit_all (wrong, pwd, old);
    g_autoptr (GError) error = NULL;

    g_assert_null (via_plan_accept (offer, wrong_pwd, &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  }
}

static void
test_call_answer_refused_leaves_the_offer (void)
{
  static const ViaPlanWish first[] = {AUDIO (NULL), VIDEO (NULL)};
  static const ViaPlanWish kept[] = {AUDIO ("0")};
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) offer = NULL, plan = NULL;
  g_autofree gchar *answer = NULL, *role = NULL, *print = NULL, *live = NULL;
  const gchar *bad[3];

  call_go (&call, first, 2, FALSE);
  answer = call_exchange (&call, kept, 1, FALSE, &offer);
  role = edit_all (answer, "setup:passive", "setup:active");
  print = edit_all (answer, FINGERPRINT, BROWSER_PRINT);
  live = edit (answer, "m=video 0", "m=video 9"); /* we stopped it */
  bad[0] = role;
  bad[1] = print;
  bad[2] = live;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (via_plan_accept (offer, bad[i], &error));
    g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
  }
  plan = via_plan_accept (offer, answer, NULL);
  g_assert_nonnull (plan);
  g_assert_true (via_plan_media (plan, 1)->is_rejected);
  assert_kept (call.near, plan, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name) g_test_add_func ("/sdp/renegotiate/" #name, test_##name)
  ADD (reanswer_same_offer_keeps_all_but_the_version);
  ADD (reanswer_hold_and_resume_keep_our_ssrc);
  ADD (reanswer_added_m_line_leaves_the_others);
  ADD (reanswer_removed_m_line_is_recycled);
  ADD (reanswer_first_m_line_rejected_moves_the_bundle_tag);
  ADD (reanswer_without_any_live_m_line_keeps_the_transport);
  ADD (reanswer_refuses_what_cannot_follow);
  ADD (reanswer_new_credentials_restart_ice);
  ADD (reoffer_added_m_line_uses_the_numbers_of_the_call);
  ADD (reoffer_stops_and_recycles);
  ADD (reoffer_stopped_m_line_is_not_recycled_at_once);
  ADD (reoffer_never_uses_a_mid_again);
  ADD (reoffer_refuses_wishes_that_name_nothing);
  ADD (reoffer_stops_at_64_m_lines);
  ADD (call_changes_round_by_round_and_audio_stays);
  ADD (call_restart_needs_new_credentials_of_both);
  ADD (call_answer_refused_leaves_the_offer);
  return g_test_run ();
}
