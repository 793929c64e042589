/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests: io/call – two calls over real ICE in a network of their own.
 */
#include "io/call.h"

#include <gst/gst.h>
#include <string.h>

#include "netns.h"
#include "responder.h"

#define PATIENCE (20 * VIA_S)
#define PACKETS 1000

typedef struct _End End;
struct _End
{
  End *other;
  ViaLoop *loop;
  ViaIdentity *identity;
  ViaCall *call;         /* loop thread */
  ViaPlan *offer, *plan; /* before or on the loop thread */
  gchar *sdp;
  gboolean is_offerer;
  ViaLiteConfig lite; /* with a port: ICE-lite there */

  gint received, out_of_order, bad, keyframes, candidates, gathered, mline;
  gint states[VIA_CONNECTION_CLOSED + 1];
  gint next_id[2];
  gboolean hides; /* its addresses are told as names */
};

typedef struct
{
  End ends[2];
  ViaLitePort *port; /* (nullable) */
  const gchar *lie;  /* the fingerprint the offer shows instead */
} Pair;

/* A browser's way: " 192.0.2.1 " as " ip-192-0-2-1.local ". */
static gchar *
hide_address (const gchar *candidate)
{
  g_autoptr (GRegex) regex =
      g_regex_new (" (192)\\.(0)\\.(2)\\.([12]) ", 0, 0, NULL);

  return g_regex_replace (
      regex, candidate, -1, 0, " ip-\\1-\\2-\\3-\\4.local ", 0, NULL);
}

/* --- on the loops --- */

typedef struct
{
  End *to;
  gchar *text;
} Trickle;

static void
add_candidate (gpointer data)
{
  Trickle *trickle = data;

  if (trickle->to->call)
    g_assert_true (
        via_call_add_candidate (trickle->to->call, 0, trickle->text, NULL));
}

static void
trickle_free (gpointer data)
{
  Trickle *trickle = data;

  g_free (trickle->text);
  g_free (trickle);
}

static void
trickle (End *from, const gchar *text)
{
  Trickle *mail = g_new (Trickle, 1);

  *mail = (Trickle){from->other, g_strdup (text)};
  via_loop_post (from->other->loop, add_candidate, mail, trickle_free);
}

static void
on_candidate (gpointer user, guint mline, const gchar *candidate)
{
  End *self = user;

  via_loop_assert (self->loop);
  g_atomic_int_set (&self->mline, (gint) mline);
  g_atomic_int_inc (&self->candidates);
  if (self->hides) {
    g_autofree gchar *hidden = hide_address (candidate);

    g_assert_nonnull (strstr (hidden, ".local "));
    trickle (self, hidden);
    return;
  }
  trickle (self, candidate);
}

static void
on_gathered (gpointer user)
{
  End *self = user;

  g_atomic_int_inc (&self->gathered);
  trickle (self, "");
}

static void
on_state (gpointer user, ViaConnectionState state)
{
  End *self = user;

  via_loop_assert (self->loop);
  g_assert_cmpint (via_call_state (self->call), ==, (gint) state);
  g_atomic_int_inc (&self->states[state]);
}

static void
on_want_keyframe (gpointer user, guint media)
{
  End *self = user;

  g_atomic_int_inc (&self->keyframes);
}

static void
on_media (gpointer user, const ViaPeerMedia *media)
{
  End *self = user;
  const guint8 *p = media->rtp.payload;
  gint id = p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];

  if (media->media > 1 || media->rtp.payload_len != 988)
    g_atomic_int_inc (&self->bad);
  else if (id != self->next_id[media->media])
    g_atomic_int_inc (&self->out_of_order);
  else
    self->next_id[media->media]++;
  g_atomic_int_inc (&self->received);
}

static void
open_call (gpointer data)
{
  static const ViaCallFuncs funcs = {.candidate = on_candidate,
      .gathering_done = on_gathered,
      .state = on_state,
      .want_keyframe = on_want_keyframe,
      .media = on_media};
  End *self = data;
  ViaLegConfig config = {0};
  g_autoptr (GError) error = NULL;

  config.loop = self->loop;
  config.identity = self->identity;
  config.ice.is_controlling = self->is_offerer;
  config.lite = self->lite.port != NULL ? &self->lite : NULL;
  self->call = via_call_new (&config, &funcs, self, &error);
  g_assert_no_error (error);
  g_assert_cmpint (via_call_state (self->call), ==, VIA_CONNECTION_NEW);
}

static void
close_call (gpointer data)
{
  End *self = data;

  g_clear_pointer (&self->call, via_call_free);
}

static void
describe (gpointer data)
{
  End *self = data;

  g_free (self->sdp);
  self->sdp =
      via_call_describe (self->call, self->plan ? self->plan : self->offer);
}

static void
apply (gpointer data)
{
  End *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (via_call_apply (self->call, NULL, self->plan, &error));
  g_assert_no_error (error);
}

static void
gather (gpointer data)
{
  End *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (via_call_gather (self->call, &error));
  g_assert_no_error (error);
}

static void
bind_both (gpointer data)
{
  static const ViaCodec opus = {VIA_CODEC_OPUS, 48000, 2, NULL};
  static const ViaCodec vp8 = {VIA_CODEC_VP8, 90000, 0, NULL};
  End *self = data;

  g_assert_true (via_call_bind (self->call, 0, &opus));
  g_assert_true (via_call_bind (self->call, 1, &vp8));
}

/* --- in the test's thread --- */

static const ViaPlanLocal wishes = {
    .audio_codecs = (const ViaCodecId[]){VIA_CODEC_OPUS},
    .n_audio_codecs = 1,
    .video_codecs = (const ViaCodecId[]){VIA_CODEC_VP8},
    .n_video_codecs = 1,
    .direction = VIA_DIRECTION_SENDRECV,
    .n_audio = 1,
    .n_video = 1,
    .setup = VIA_SETUP_ACTPASS,
};

static gboolean
wait_for (const gint *value, gint at_least)
{
  ViaTime end = g_get_monotonic_time () + PATIENCE;

  while (g_atomic_int_get (value) < at_least) {
    if (g_get_monotonic_time () > end)
      return FALSE;
    g_usleep (500);
  }
  return TRUE;
}

/* @port: (nullable) (transfer full) the answerer is ICE-lite there. */
static void
pair_open_on (Pair *pair, ViaLitePort *port)
{
  memset (pair, 0, sizeof *pair);
  pair->port = port;
  for (guint i = 0; i < 2; i++) {
    End *end = &pair->ends[i];

    end->other = &pair->ends[!i];
    end->is_offerer = i == 0;
    end->lite.port = i == 1 ? port : NULL;
    end->loop = via_loop_acquire ();
    end->identity = via_identity_new (g_get_real_time () / VIA_S, NULL);
    via_loop_call (end->loop, open_call, end);
  }
}

static void
pair_open (Pair *pair)
{
  pair_open_on (pair, NULL);
}

static void
pair_negotiate (Pair *pair)
{
  End *a = &pair->ends[0], *b = &pair->ends[1];
  g_autoptr (GError) error = NULL;

  a->offer = via_plan_offer (&wishes, via_system_rng ());
  via_loop_call (a->loop, describe, a);
  if (pair->lie) {
    gchar *at = strstr (a->sdp, "a=fingerprint:sha-256 ");

    g_assert_nonnull (at);
    memcpy (at + strlen ("a=fingerprint:"), pair->lie, strlen (pair->lie));
  }
  b->plan = via_plan_answer (&wishes, a->sdp, via_system_rng (), &error);
  g_assert_no_error (error);
  via_loop_call (b->loop, apply, b);
  via_loop_call (b->loop, describe, b);
  a->plan = via_plan_accept (a->offer, b->sdp, &error);
  g_assert_no_error (error);
  via_loop_call (a->loop, apply, a);
  for (guint i = 0; i < 2; i++)
    via_loop_call (pair->ends[i].loop, gather, &pair->ends[i]);
}

/* A datagram on its way to a seat of the port holds both. */
static void
wait_for_no_loop (void)
{
  ViaTime end = g_get_monotonic_time () + PATIENCE;

  while (via_loop_count () > 0 && g_get_monotonic_time () < end)
    g_usleep (500);
  g_assert_cmpuint (via_loop_count (), ==, 0);
}

static void
pair_close (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    via_loop_call (pair->ends[i].loop, close_call, &pair->ends[i]);
  for (guint i = 0; i < 2; i++) { /* late candidates */
    via_loop_call (pair->ends[i].loop, close_call, &pair->ends[i]);
    via_identity_unref (pair->ends[i].identity);
    via_plan_free (pair->ends[i].plan);
    if (pair->ends[i].offer)
      via_plan_free (pair->ends[i].offer);
    g_free (pair->ends[i].sdp);
  }
  for (guint i = 0; i < 2; i++)
    via_loop_release (pair->ends[i].loop);
  g_assert_cmpuint (via_packet_alive (), ==, 0);
  via_liteport_unref (pair->port);
  wait_for_no_loop ();
}

/* --- media --- */

#define BURST 5

typedef struct
{
  End *from;
  guint media;
  ViaPacket *packets[BURST];
} Burst;

static void
send_burst (gpointer data)
{
  Burst *burst = data;

  via_call_send (burst->from->call, burst->media, burst->packets, BURST);
}

static void
burst_free (gpointer data)
{
  Burst *burst = data;

  for (guint i = 0; i < BURST; i++)
    via_packet_unref (burst->packets[i]);
  g_free (burst);
}

/* Packets @first … of a frame, 1000 bytes each. */
static void
post_burst (End *from, guint media, guint first)
{
  Burst *burst = g_new0 (Burst, 1);

  burst->from = from;
  burst->media = media;
  for (guint i = 0; i < BURST; i++) {
    guint id = first + i;
    guint8 data[1000] = {0x80, 100, (guint8) (id >> 8), (guint8) id, 0, 0,
        (guint8) (first >> 8), (guint8) first, 1, 2, 3, (guint8) media,
        (guint8) (id >> 24), (guint8) (id >> 16), (guint8) (id >> 8),
        (guint8) id};

    burst->packets[i] =
        via_packet_new (data, sizeof data, g_get_monotonic_time (), id == 0);
  }
  via_loop_post (from->loop, send_burst, burst, burst_free);
}

static void
exchange_media (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    via_loop_call (pair->ends[i].loop, bind_both, &pair->ends[i]);
  for (guint first = 0; first < PACKETS / 2; first += BURST) {
    for (guint i = 0; i < 2; i++) {
      post_burst (&pair->ends[i], 0, first);
      post_burst (&pair->ends[i], 1, first);
    }
    if (!pair->lie) /* no more on the way than a socket's buffer holds */
      for (guint i = 0; i < 2; i++)
        g_assert_true (wait_for (&pair->ends[i].received, 2 * (gint) first));
  }
}

typedef struct
{
  End *end;
  GstStructure *stats;
} Question;

static void
ask_stats (gpointer data)
{
  Question *question = data;

  question->stats = via_call_stats (question->end->call);
}

static void
check_stats (End *end)
{
  Question question = {end, NULL};
  GstStructure *ice;

  via_loop_call (end->loop, ask_stats, &question);
  g_assert_cmpstr (gst_structure_get_string (question.stats, "srtp-profile"),
      ==, "AEAD_AES_128_GCM");
  g_assert_true (gst_structure_get (
      question.stats, "ice", GST_TYPE_STRUCTURE, &ice, NULL));
  g_assert_cmpstr (gst_structure_get_string (ice, "state"), ==, "connected");
  g_assert_true (g_str_has_prefix (
      gst_structure_get_string (ice, "local"), "host 192.0.2."));
  g_assert_true (
      strstr (gst_structure_get_string (ice, "remote"), " 192.0.2.") != NULL);
  gst_structure_free (ice);
  gst_structure_free (question.stats);
}

/* --- tests --- */

/* Both are connected: media both ways, all of it. */
static void
check_media (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    g_assert_true (
        wait_for (&pair->ends[i].states[VIA_CONNECTION_CONNECTED], 1));
  exchange_media (pair);
  for (guint i = 0; i < 2; i++) {
    End *end = &pair->ends[i];

    g_assert_true (wait_for (&end->received, PACKETS));
    g_assert_cmpint (end->received, ==, PACKETS);
    g_assert_cmpint (end->out_of_order, ==, 0);
    g_assert_cmpint (end->bad, ==, 0);
    g_assert_cmpint (g_atomic_int_get (&end->keyframes), >=, 1);
    g_assert_cmpint (end->states[VIA_CONNECTION_CONNECTED], ==, 1);
    g_assert_cmpint (end->states[VIA_CONNECTION_FAILED], ==, 0);
    check_stats (end);
  }
}

static void
test_call_1000_packets_each_way_over_ice (void)
{
  Pair pair;

  pair_open (&pair);
  pair_negotiate (&pair);
  check_media (&pair);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (pair.ends[i].states[VIA_CONNECTION_CONNECTING], ==, 1);
  pair_close (&pair);
}

/* libnice, which controls, and our ICE-lite on a port for many. */
static void
test_call_1000_packets_each_way_over_a_shared_port (void)
{
  g_autoptr (GError) error = NULL;
  ViaLitePort *port = via_liteport_new (NULL, 0, &error);
  Pair pair;

  g_assert_no_error (error);
  g_assert_cmpuint (via_liteport_n_addresses (port), ==, 2);
  pair_open_on (&pair, port);
  pair_negotiate (&pair);
  g_assert_nonnull (strstr (pair.ends[1].sdp, "a=ice-lite"));
  check_media (&pair);
  pair_close (&pair);
}

/* Both sides know of each other only names of the local network. */
static void
test_call_connects_by_local_names (void)
{
  Responder responder;
  Pair pair;

  responder_start (&responder, 0);
  pair_open (&pair);
  pair.ends[0].hides = pair.ends[1].hides = TRUE;
  pair_negotiate (&pair);
  check_media (&pair);
  g_assert_true (wait_for (&responder.n_asked, 2));
  pair_close (&pair);
  responder_stop (&responder);
}

static void
test_call_free_closes_the_other_side (void)
{
  Pair pair;
  End *a, *b;

  pair_open (&pair);
  pair_negotiate (&pair);
  a = &pair.ends[0];
  b = &pair.ends[1];
  g_assert_true (wait_for (&a->states[VIA_CONNECTION_CONNECTED], 1));
  g_assert_true (wait_for (&b->states[VIA_CONNECTION_CONNECTED], 1));
  via_loop_call (a->loop, close_call, a);
  g_assert_true (wait_for (&b->states[VIA_CONNECTION_CLOSED], 1));
  g_assert_cmpint (a->states[VIA_CONNECTION_CLOSED], ==, 0); /* no callback */
  g_assert_cmpint (b->states[VIA_CONNECTION_FAILED], ==, 0);
  pair_close (&pair);
}

static void
test_call_wrong_fingerprint_fails_without_media (void)
{
  Pair pair;
  End *a, *b;

  pair_open (&pair);
  pair.lie = "sha-256 11:22:33:44:55:66:77:88";
  pair_negotiate (&pair);
  a = &pair.ends[0];
  b = &pair.ends[1];
  g_assert_true (wait_for (&b->states[VIA_CONNECTION_FAILED], 1));
  exchange_media (&pair);
  g_assert_nonnull (strstr (via_call_failure (b->call), "fingerprint"));
  g_assert_cmpint (a->received + b->received, ==, 0);
  g_assert_cmpint (a->states[VIA_CONNECTION_CONNECTED], ==, 0);
  g_assert_cmpint (b->states[VIA_CONNECTION_CONNECTED], ==, 0);
  pair_close (&pair);
}

static void
test_call_describe_has_candidates_and_their_end (void)
{
  Pair pair;
  End *a;

  pair_open (&pair);
  a = &pair.ends[0];
  a->offer = via_plan_offer (&wishes, via_system_rng ());
  pair.ends[1].plan = via_plan_copy (a->offer); /* to be freed */
  via_loop_call (a->loop, describe, a);
  g_assert_null (strstr (a->sdp, "a=candidate:"));
  g_assert_null (strstr (a->sdp, "a=end-of-candidates"));
  via_plan_media (a->offer, 0)->is_rejected = TRUE; /* BUNDLE's tag moves */
  via_loop_call (a->loop, describe, a);
  via_loop_call (a->loop, gather, a);
  g_assert_true (wait_for (&a->gathered, 1));
  g_assert_cmpint (a->candidates, >=, 1);
  g_assert_cmpint (a->mline, ==, 1);
  via_loop_call (a->loop, describe, a);
  g_assert_nonnull (strstr (a->sdp, "a=candidate:"));
  g_assert_nonnull (strstr (a->sdp, " 192.0.2.1 "));
  g_assert_nonnull (strstr (a->sdp, "a=end-of-candidates"));
  g_assert_nonnull (strstr (a->sdp, via_identity_fingerprint (a->identity)));
  a->plan = g_steal_pointer (&a->offer);
  pair_close (&pair);
}

static void
add_garbage (gpointer data)
{
  End *self = data;
  g_autoptr (GError) error = NULL;

  g_assert_false (
      via_call_add_candidate (self->call, 0, "candidate:oh no", &error));
  g_assert_nonnull (error);
  g_assert_true (via_call_add_candidate (self->call, 0,
      "candidate:1 1 udp 2113937151 0f4a-11.local 50000 typ host", NULL));
  g_assert_true (via_call_add_candidate (self->call, 0, "", NULL));
  g_assert_true (via_call_add_candidate (self->call, 0, NULL, NULL));
}

static void
test_call_candidate_that_is_none_is_an_error (void)
{
  Pair pair;

  pair_open (&pair);
  via_loop_call (pair.ends[0].loop, add_garbage, &pair.ends[0]);
  for (guint i = 0; i < 2; i++)
    pair.ends[i].plan = via_plan_offer (&wishes, via_system_rng ());
  pair_close (&pair);
}

int
main (int argc, char **argv)
{
  via_test_enter_netns ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/call/1000", test_call_1000_packets_each_way_over_ice);
  g_test_add_func (
      "/call/shared-port", test_call_1000_packets_each_way_over_a_shared_port);
  g_test_add_func ("/call/names", test_call_connects_by_local_names);
  g_test_add_func ("/call/close", test_call_free_closes_the_other_side);
  g_test_add_func ("/call/fingerprint", //
      test_call_wrong_fingerprint_fails_without_media);
  g_test_add_func ("/call/describe", //
      test_call_describe_has_candidates_and_their_end);
  g_test_add_func ("/call/garbage", //
      test_call_candidate_that_is_none_is_an_error);
  return g_test_run ();
}
