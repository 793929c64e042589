/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_answer.c – the rules by which an offer becomes our
 * answer.
 */
#include "support.h"

static ViaPlan *
plan_for (const ViaPlanLocal *local, const gchar *offer)
{
  g_autoptr (GError) error = NULL;
  ViaPlan *plan = answer_to (local, offer, &error);

  g_assert_no_error (error);
  g_assert_true (plan->is_complete);
  g_assert_cmpint (plan->role, ==, VIA_ROLE_ANSWERER);
  return plan;
}

static const ViaPlanCodec *
codec_at (const ViaPlan *plan, guint media, guint i)
{
  GArray *codecs = via_plan_media (plan, media)->codecs;

  return i < codecs->len ? &g_array_index (codecs, ViaPlanCodec, i) : NULL;
}

/* What each side says of itself, and what we become; -1: refused. */
static void
test_answer_setup_table (void)
{
  static const struct
  {
    ViaSetup ours;
    const gchar *theirs;
    gint result;
  } rows[] = {
      {VIA_SETUP_ACTPASS, "actpass", VIA_SETUP_PASSIVE},
      {VIA_SETUP_ACTPASS, "active", VIA_SETUP_PASSIVE},
      {VIA_SETUP_ACTPASS, "passive", VIA_SETUP_ACTIVE},
      {VIA_SETUP_ACTIVE, "actpass", VIA_SETUP_ACTIVE},
      {VIA_SETUP_ACTIVE, "active", -1},
      {VIA_SETUP_ACTIVE, "passive", VIA_SETUP_ACTIVE},
      {VIA_SETUP_PASSIVE, "actpass", VIA_SETUP_PASSIVE},
      {VIA_SETUP_PASSIVE, "active", VIA_SETUP_PASSIVE},
      {VIA_SETUP_PASSIVE, "passive", -1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaPlanLocal local = wish_all ();
    g_autofree gchar *line = g_strconcat ("setup:", rows[i].theirs, NULL);
    g_autofree gchar *text = edit_all (OFFER, "setup:actpass", line);
    g_autoptr (GError) error = NULL;
    g_autoptr (ViaPlan) plan = NULL;

    local.setup = rows[i].ours;
    plan = answer_to (&local, text, &error);
    if (rows[i].result < 0) {
      g_assert_error (error, VIA_ERROR, VIA_ERROR_REFUSED);
      continue;
    }
    g_assert_no_error (error);
    g_assert_cmpint (plan->setup, ==, rows[i].result);
  }
}

static void
test_answer_direction_table (void)
{
  static const gchar *const names[] = {
      "inactive", "sendonly", "recvonly", "sendrecv"};
  static const ViaDirection mirror[] = {VIA_DIRECTION_INACTIVE,
      VIA_DIRECTION_RECVONLY, VIA_DIRECTION_SENDONLY, VIA_DIRECTION_SENDRECV};

  for (guint theirs = 0; theirs < 4; theirs++)
    for (guint ours = 0; ours < 4; ours++) {
      g_autofree gchar *line = g_strdup_printf ("a=%s", names[theirs]);
      g_autofree gchar *offer = edit (OFFER, "a=sendrecv", line);
      ViaPlanLocal local = wish_all ();
      g_autoptr (ViaPlan) plan = NULL;
      ViaPlanMedia *audio;

      local.direction = (ViaDirection) ours;
      plan = plan_for (&local, offer);
      audio = via_plan_media (plan, 0);
      g_assert_cmpint (audio->direction, ==, mirror[theirs] & ours);
      g_assert_false (audio->is_rejected);
      g_assert_cmpint (audio->ssrc != 0, ==,
          (audio->direction & VIA_DIRECTION_SENDONLY) != 0);
      g_assert_cmpint (audio->sources->len != 0, ==,
          (audio->direction & VIA_DIRECTION_RECVONLY) != 0);
    }
}

static void
test_answer_direction_of_the_session_holds_for_all (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "t=0 0", "t=0 0\r\na=recvonly");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_cmpint (
      via_plan_media (plan, 0)->direction, ==, VIA_DIRECTION_SENDRECV);
  g_assert_cmpint (
      via_plan_media (plan, 1)->direction, ==, VIA_DIRECTION_SENDONLY);
}

static void
test_answer_codecs_in_our_order_with_their_numbers (void)
{
  static const ViaCodecId order[] = {
      VIA_CODEC_PCMU, VIA_CODEC_PCMU, VIA_CODEC_VP8, VIA_CODEC_OPUS};
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = NULL;

  local.audio_codecs = order;
  local.n_audio_codecs = G_N_ELEMENTS (order);
  plan = plan_for (&local, OFFER);
  g_assert_cmpint (codec_at (plan, 0, 0)->codec.id, ==, VIA_CODEC_PCMU);
  g_assert_cmpuint (codec_at (plan, 0, 0)->pt, ==, 0);
  g_assert_cmpint (codec_at (plan, 0, 1)->codec.id, ==, VIA_CODEC_OPUS);
  g_assert_cmpuint (codec_at (plan, 0, 1)->pt, ==, 111);
  g_assert_null (codec_at (plan, 0, 2));
}

static void
test_answer_static_types_need_no_rtpmap (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "SAVPF 111 0", "SAVPF 8 0");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_cmpint (codec_at (plan, 0, 0)->codec.id, ==, VIA_CODEC_PCMU);
  g_assert_cmpint (codec_at (plan, 0, 1)->codec.id, ==, VIA_CODEC_PCMA);
  g_assert_cmpuint (codec_at (plan, 0, 1)->pt, ==, 8);
  g_assert_cmpuint (codec_at (plan, 0, 1)->codec.clock_rate, ==, 8000);
}

/* RFC 5761 §4: 64 to 95 would pass for RTCP. */
static void
test_answer_payload_types_of_rtcp_are_not_taken (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer =
      edit (OFFER, "SAVPF 96 97", "SAVPF 72 96 97\r\na=rtpmap:72 VP8/90000");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_cmpuint (codec_at (plan, 1, 0)->pt, ==, 96);
  g_assert_null (codec_at (plan, 1, 1));
}

static void
test_answer_wrong_parameters_are_another_codec (void)
{
  static const gchar *const rows[][2] = {
      {"VP8/90000", "VP8/8000"},
      {"VP8/90000", "AV2/90000"},
      {"VP8/90000", "opus/48000/2"},
      {"VP8/90000\r\na=rtcp-fb:96 nack", "VP9/90000\r\na=fmtp:96 profile-id=2"},
      {"VP8/90000\r\na=rtcp-fb:96 nack",
          "H264/90000\r\na=fmtp:96 packetization-mode=2"},
      {"VP8/90000\r\na=rtcp-fb:96 nack",
          "H264/90000\r\na=fmtp:96 packetization-mode=1;"
          "profile-level-id=f4001f"},
      {"VP8/90000\r\na=rtcp-fb:96 nack",
          "H265/90000\r\na=fmtp:96 profile-id=1;tx-mode=MRST"},
      {"VP8/90000\r\na=rtcp-fb:96 nack",
          "H265/90000\r\na=fmtp:96 sprop-max-don-diff=2"},
      {"VP8/90000\r\na=rtcp-fb:96 nack", "AV1/90000\r\na=fmtp:96 profile=9"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaPlanLocal local = wish_all ();
    g_autofree gchar *offer = edit (OFFER, rows[i][0], rows[i][1]);
    g_autoptr (ViaPlan) plan = plan_for (&local, offer);

    g_test_message ("row %u", i);
    g_assert_true (via_plan_media (plan, 1)->is_rejected);
    g_assert_false (via_plan_media (plan, 0)->is_rejected);
  }
}

static void
test_answer_feedback_is_what_the_offer_has (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "rtcp-fb:96 nack",
      "rtcp-fb:* nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:* ccm fir\r\n"
      "a=rtcp-fb:96 unheard of");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_cmpint (codec_at (plan, 1, 0)->feedback, ==,
      VIA_FEEDBACK_NACK | VIA_FEEDBACK_PLI | VIA_FEEDBACK_FIR);
  g_assert_cmpint (codec_at (plan, 0, 0)->feedback, ==, 0);
}

static void
test_answer_twcc_needs_its_extension (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *lone =
      edit (OFFER, "rtcp-fb:96 nack", "rtcp-fb:96 transport-cc");
  g_autofree gchar *both = edit (lone, "a=mid:v",
      "a=mid:v\r\na=extmap:7 http://www.ietf.org/id/"
      "draft-holmer-rmcat-transport-wide-cc-extensions-01");
  g_autoptr (ViaPlan) without = plan_for (&local, lone);
  g_autoptr (ViaPlan) with = plan_for (&local, both);

  g_assert_cmpint (codec_at (without, 1, 0)->feedback, ==, 0);
  g_assert_cmpint (codec_at (with, 1, 0)->feedback, ==, VIA_FEEDBACK_TWCC);
}

/* FFmpeg and OBS write no feedback, no extensions, no SSRCs. */
static void
test_answer_bare_offer_is_enough (void)
{
  static const gchar bare[] = OFFER_HEAD
      "a=group:BUNDLE 0 1\r\n"
      "a=fingerprint:" FINGERPRINT "\r\n"
      "a=ice-ufrag:abcd\r\na=ice-pwd:secretSecretSecret0123\r\n"
      "a=setup:active\r\n"
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
      "a=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
      "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
      "a=mid:1\r\na=sendonly\r\na=rtcp-mux\r\na=rtpmap:96 H264/90000\r\n"
      "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1\r\n";
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = plan_for (&local, bare);

  g_assert_cmpint (plan->setup, ==, VIA_SETUP_PASSIVE);
  g_assert_cmpstr (plan->remote->ufrag, ==, "abcd");
  g_assert_cmpint (codec_at (plan, 1, 0)->rtx_pt, ==, -1);
  g_assert_cmpint (codec_at (plan, 1, 0)->feedback, ==, 0);
  g_assert_cmpuint (via_plan_media (plan, 1)->exts->len, ==, 0);
  g_assert_cmpint (
      via_plan_media (plan, 1)->direction, ==, VIA_DIRECTION_RECVONLY);
}

static void
test_answer_extension_directions_are_mirrored (void)
{
  static const struct
  {
    const gchar *theirs;
    gint ours; /* -1: not taken */
  } rows[] = {{"extmap:4/sendonly", VIA_DIRECTION_RECVONLY},
      {"extmap:4/recvonly", VIA_DIRECTION_SENDONLY},
      {"extmap:4/sendrecv", VIA_DIRECTION_SENDRECV}, {"extmap:4/inactive", -1},
      {"extmap:15", -1}, {"extmap:16", -1}};

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaPlanLocal local = wish_all ();
    g_autofree gchar *offer = edit (OFFER, "extmap:4", rows[i].theirs);
    g_autoptr (ViaPlan) plan = plan_for (&local, offer);
    GArray *exts = via_plan_media (plan, 0)->exts;

    g_assert_cmpuint (exts->len, ==, rows[i].ours < 0 ? 0 : 1);
    if (exts->len == 1)
      g_assert_cmpint (
          g_array_index (exts, ViaPlanExt, 0).direction, ==, rows[i].ours);
  }
}

static void
test_answer_extension_ids_over_14_need_allow_mixed (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *wide = edit (OFFER, "extmap:4", "extmap:200");
  g_autofree gchar *offer =
      edit (wide, "t=0 0", "t=0 0\r\na=extmap-allow-mixed");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_true (plan->is_mixed);
  g_assert_cmpuint (
      g_array_index (via_plan_media (plan, 0)->exts, ViaPlanExt, 0).id, ==,
      200);
}

/* RFC 9143 §7.3.1: the transport is that of the first m-line of the group. */
static void
test_answer_own_ufrags_the_tagged_one_counts (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *video = edit (OFFER_VIDEO, "ufrag:abcd", "ufrag:videoU");
  g_autofree gchar *offer = g_strconcat (
      OFFER_HEAD "a=group:BUNDLE v a\r\n" OFFER_AUDIO, video, NULL);
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  g_assert_cmpstr (plan->remote->ufrag, ==, "videoU");
  g_assert_false (via_plan_media (plan, 0)->is_rejected);
}

static void
test_answer_tagged_line_not_taken_moves_the_tag (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *video = edit (OFFER_VIDEO, "ufrag:abcd", "ufrag:videoU");
  g_autofree gchar *offer = g_strconcat (
      OFFER_HEAD "a=group:BUNDLE a v\r\n" OFFER_AUDIO, video, NULL);
  g_autoptr (ViaPlan) plan = NULL;

  local.n_audio_codecs = 0;
  plan = plan_for (&local, offer);
  g_assert_cmpstr (plan->remote->ufrag, ==, "videoU");
  g_assert_true (via_plan_media (plan, 0)->is_rejected);
}

/* RFC 9143 §6: port 0 with bundle-only is not rejected and may say nothing of
 * the transport. */
static void
test_answer_bundle_only_inherits_the_transport (void)
{
  static const gchar video[] = "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
                               "a=mid:v\r\na=bundle-only\r\n"
                               "a=rtpmap:96 VP8/90000\r\n";
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = g_strconcat (
      OFFER_HEAD "a=group:BUNDLE a v\r\n" OFFER_AUDIO, video, NULL);
  g_autofree gchar *refused = edit (offer, "a=bundle-only\r\n", "");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  g_autoptr (ViaPlan) without = plan_for (&local, refused);

  g_assert_false (via_plan_media (plan, 1)->is_rejected);
  g_assert_true (via_plan_media (without, 1)->is_rejected);
}

static void
test_answer_data_by_wish_and_in_both_forms (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *legacy =
      edit (OFFER, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5001");
  g_autofree gchar *mapped = edit (legacy, "a=sctp-port:5000",
      "a=sctpmap:5001 webrtc-datachannel 1024\r\na=max-message-size:0");
  g_autoptr (ViaPlan) plan = plan_for (&local, OFFER);
  g_autoptr (ViaPlan) old = plan_for (&local, mapped);
  g_autoptr (ViaPlan) without = NULL;

  g_assert_cmpint (via_plan_media (plan, 2)->kind, ==, VIA_KIND_DATA);
  g_assert_cmpuint (via_plan_media (plan, 2)->sctp_port, ==, 5000);
  g_assert_cmpuint (via_plan_media (plan, 2)->max_message_size, ==, 65536);
  g_assert_cmpuint (via_plan_media (old, 2)->sctp_port, ==, 5001);
  g_assert_cmpuint (via_plan_media (old, 2)->max_message_size, ==, G_MAXUINT64);
  local.data = FALSE;
  without = plan_for (&local, OFFER);
  g_assert_true (via_plan_media (without, 2)->is_rejected);
}

static void
test_answer_missing_mids_are_made_up (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *a = edit (OFFER, "a=group:BUNDLE a v d\r\n", "");
  g_autofree gchar *b = edit (a, "a=mid:a\r\n", "");
  g_autofree gchar *c = edit (b, "a=mid:v", "a=mid:0");
  g_autofree gchar *d = edit (c, "a=mid:d\r\n", "");
  g_autoptr (ViaPlan) plan = plan_for (&local, d);

  g_assert_cmpstr (via_plan_media (plan, 0)->mid, ==, "1");
  g_assert_cmpstr (via_plan_media (plan, 1)->mid, ==, "0");
  g_assert_cmpstr (via_plan_media (plan, 2)->mid, ==, "2");
  /* the MID extension would name what they do not know */
  g_assert_cmpuint (via_plan_media (plan, 0)->exts->len, ==, 0);
}

static void
test_answer_strongest_fingerprint_counts (void)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (GString) wide = g_string_new ("a=fingerprint:SHA-512 ab");
  g_autofree gchar *offer = NULL;
  g_autoptr (ViaPlan) plan = NULL;
  const ViaFingerprint *print;

  for (guint i = 1; i < 64; i++)
    g_string_append_printf (wide, ":%02x", i);
  g_string_append (wide, "\r\na=fingerprint:sha-1 00:11\r\na=mid:a");
  offer = edit (OFFER, "a=mid:a", wide->str);
  plan = plan_for (&local, offer);
  g_assert_cmpuint (plan->remote->fingerprints->len, ==, 2);
  print = via_remote_transport_fingerprint (plan->remote);
  g_assert_cmpstr (print->hash, ==, "sha-512");
  g_assert_cmpuint (print->len, ==, 64);
  g_assert_cmpuint (print->digest[0], ==, 0xab);
  g_assert_cmpuint (print->digest[63], ==, 63);
}

static void
test_answer_msid_from_ssrc_lines (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "a=ssrc:1111 cname:x",
      "a=ssrc:1111 cname:x\r\na=ssrc:1111 msid:stream track");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  ViaPlanMedia *audio = via_plan_media (plan, 0);
  ViaPlanSource *video =
      &g_array_index (via_plan_media (plan, 1)->sources, ViaPlanSource, 0);

  g_assert_cmpstr (audio->remote_msid_stream, ==, "stream");
  g_assert_cmpstr (audio->remote_msid_track, ==, "track");
  g_assert_cmpuint (via_plan_media (plan, 1)->sources->len, ==, 1);
  g_assert_cmpuint (video->ssrc, ==, 2222);
  g_assert_cmpuint (video->rtx_ssrc, ==, 3333);
  g_assert_cmpstr (video->cname, ==, "x");
}

static void
test_answer_our_sources_are_distinct (void)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = NULL;
  ViaPlanMedia *audio, *video;

  local.stream_id = "my clip/1";
  plan = plan_for (&local, OFFER);
  audio = via_plan_media (plan, 0);
  video = via_plan_media (plan, 1);
  g_assert_cmpuint (audio->ssrc, !=, 0);
  g_assert_cmpuint (audio->rtx_ssrc, ==, 0); /* Opus has no RTX here */
  g_assert_cmpuint (video->ssrc, !=, audio->ssrc);
  g_assert_cmpuint (video->rtx_ssrc, !=, 0);
  g_assert_cmpuint (video->rtx_ssrc, !=, video->ssrc);
  g_assert_cmpstr (audio->msid_stream, ==, "my-clip-1");
  g_assert_cmpstr (audio->msid_track, !=, video->msid_track);
  g_assert_cmpuint (plan->session_id, <=, G_MAXINT64);
  g_assert_cmpuint (strlen (plan->cname), ==, 16);
}

/* What a track may be sent as. */
static void
test_match_h264_by_profile_then_wider (void)
{
  static const gchar offer_lines[] =
      "SAVPF 96 102 116 35 104\r\n"
      "a=rtpmap:102 H264/90000\r\n"
      "a=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n"
      "a=rtpmap:116 H264/90000\r\n"
      "a=fmtp:116 packetization-mode=1;profile-level-id=4d001f\r\n"
      "a=rtpmap:35 H264/90000\r\n"
      "a=fmtp:35 packetization-mode=1;profile-level-id=64001f\r\n"
      "a=rtpmap:104 H264/90000\r\n"
      "a=fmtp:104 packetization-mode=0;profile-level-id=42001f";
  static const struct
  {
    const gchar *track;
    gint pt;
  } rows[] = {
      {NULL, 102},
      {"profile-level-id=42c028", 102},
      {"profile-level-id=42c028;packetization-mode=0", 102},
      {"profile-level-id=4d0028", 116},
      {"profile-level-id=640028", 35},
      {"profile-level-id=640c28", 35},
      {"profile-level-id=420028", -1}, /* baseline only with mode 0 */
      {"profile-level-id=f40028", -1},
  };
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "SAVPF 96 97", offer_lines);
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaCodec track = {VIA_CODEC_H264, 90000, 0, (gchar *) rows[i].track};
    const ViaPlanCodec *codec =
        via_plan_media_match (via_plan_media (plan, 1), &track);

    g_test_message ("row %u", i);
    g_assert_cmpint (codec != NULL ? codec->pt : -1, ==, rows[i].pt);
  }
}

static void
test_match_other_codecs_by_name (void)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = plan_for (&local, OFFER);
  ViaCodec opus = {VIA_CODEC_OPUS, 48000, 2, NULL};
  ViaCodec vp9 = {VIA_CODEC_VP9, 90000, 0, NULL};
  ViaCodec unknown = {VIA_CODEC_UNKNOWN, 0, 0, NULL};
  const ViaPlanMedia *audio = via_plan_media (plan, 0);

  g_assert_cmpuint (via_plan_media_match (audio, &opus)->pt, ==, 111);
  g_assert_null (via_plan_media_match (audio, &vp9));
  g_assert_null (via_plan_media_match (audio, &unknown));
  g_assert_null (via_plan_media_match (via_plan_media (plan, 1), &vp9));
}

static void
test_answer_h265_and_av1_echo_their_parameters (void)
{
  static const struct
  {
    const gchar *map, *fmtp;
  } rows[] = {
      {"H265/90000\r\na=fmtp:96 level-id=150;profile-id=2;tier-flag=1",
          "level-id=150;profile-id=2;tier-flag=1;tx-mode=SRST"},
      {"H265/90000", "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST"},
      {"H265/90000\r\na=fmtp:96 profile-space=2;tx-mode=srst",
          "level-id=93;profile-space=2;profile-id=1;tier-flag=0;tx-mode=SRST"},
      {"AV1/90000\r\na=fmtp:96 level-idx=8;profile=1;tier=1",
          "level-idx=8;profile=1;tier=1"},
      {"AV1/90000", "level-idx=5;profile=0;tier=0"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaPlanLocal local = wish_all ();
    g_autofree gchar *offer = edit (OFFER, "VP8/90000", rows[i].map);
    g_autoptr (ViaPlan) plan = plan_for (&local, offer);

    g_test_message ("row %u", i);
    g_assert_cmpstr (codec_at (plan, 1, 0)->codec.fmtp, ==, rows[i].fmtp);
    g_assert_cmpint (codec_at (plan, 1, 0)->rtx_pt, ==, 97);
  }
}

/* RFC 3551 §4.5.2: 8000 in RTP, though it samples at 16000. */
static void
test_answer_g722_has_the_clock_rate_of_rtp (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *right = edit (OFFER, "SAVPF 111 0", "SAVPF 9");
  g_autofree gchar *wrong =
      edit (OFFER, "SAVPF 111 0", "SAVPF 70 9\r\na=rtpmap:9 G722/16000");
  g_autoptr (ViaPlan) plan = plan_for (&local, right);
  g_autoptr (ViaPlan) none = plan_for (&local, wrong);

  g_assert_cmpint (codec_at (plan, 0, 0)->codec.id, ==, VIA_CODEC_G722);
  g_assert_cmpuint (codec_at (plan, 0, 0)->pt, ==, 9);
  g_assert_cmpuint (codec_at (plan, 0, 0)->codec.clock_rate, ==, 8000);
  g_assert_true (via_plan_media (none, 0)->is_rejected);
}

#define EVENTS                                                                 \
  "SAVPF 100 101 102 103 111 0\r\na=rtpmap:100 telephone-event/48000\r\n"      \
  "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16,66\r\n"                \
  "a=rtpmap:102 telephone-event/16000\r\n"                                     \
  "a=rtpmap:103 telephone-event/8000"

static void
test_answer_events_go_beside_the_codecs_of_their_rate (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "SAVPF 111 0", EVENTS);
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  const ViaPlanMedia *audio = via_plan_media (plan, 0);

  g_assert_cmpint (codec_at (plan, 0, 0)->codec.id, ==, VIA_CODEC_OPUS);
  g_assert_cmpint (codec_at (plan, 0, 1)->codec.id, ==, VIA_CODEC_PCMU);
  g_assert_cmpuint (audio->codecs->len, ==, 4);
  g_assert_cmpuint (via_plan_media_event (audio, 48000)->pt, ==, 100);
  g_assert_null (via_plan_media_event (audio, 48000)->codec.fmtp);
  g_assert_cmpuint (via_plan_media_event (audio, 8000)->pt, ==, 101);
  g_assert_cmpstr (
      via_plan_media_event (audio, 8000)->codec.fmtp, ==, "0-16,66");
  g_assert_null (via_plan_media_event (audio, 16000));
}

static void
test_answer_events_alone_are_no_media (void)
{
  static const ViaCodecId none[] = {VIA_CODEC_VP8, VIA_CODEC_EVENT};
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *offer = edit (OFFER, "SAVPF 111 0", EVENTS);
  g_autoptr (ViaPlan) plan = NULL;

  local.audio_codecs = none;
  local.n_audio_codecs = G_N_ELEMENTS (none);
  plan = plan_for (&local, offer);
  g_assert_true (via_plan_media (plan, 0)->is_rejected);
}

static void
test_match_events_and_higher_levels_are_no_track (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *events = edit (OFFER, "SAVPF 111 0", EVENTS);
  g_autofree gchar *offer = edit (
      events, "VP8/90000", "H265/90000\r\na=fmtp:96 level-id=93;profile-id=1");
  g_autoptr (ViaPlan) plan = plan_for (&local, offer);
  const ViaPlanMedia *video = via_plan_media (plan, 1);
  ViaCodec event = {VIA_CODEC_EVENT, 8000, 1, NULL};
  ViaCodec fits = {VIA_CODEC_H265, 90000, 0, (gchar *) "level-id=90"};
  ViaCodec high = {VIA_CODEC_H265, 90000, 0, (gchar *) "level-id=120"};
  ViaCodec main_10 = {VIA_CODEC_H265, 90000, 0, (gchar *) "profile-id=2"};

  g_assert_null (via_plan_media_match (via_plan_media (plan, 0), &event));
  g_assert_cmpuint (via_plan_media_match (video, &fits)->pt, ==, 96);
  g_assert_null (via_plan_media_match (video, &high));
  g_assert_null (via_plan_media_match (video, &main_10));
}

static void
test_plan_copy_is_equal_and_apart (void)
{
  ViaPlanLocal local = wish_all ();
  ViaPlan *plan = plan_for (&local, OFFER);
  ViaLocalTransport transport = our_transport ();
  g_autofree gchar *before = summarise_plan (plan);
  g_autofree gchar *written = via_sdp_write (plan, &transport);
  g_autoptr (ViaPlan) copy = via_plan_copy (plan);
  g_autofree gchar *after = NULL, *again = NULL;

  via_plan_free (plan);
  after = summarise_plan (copy);
  again = via_sdp_write (copy, &transport);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpstr (written, ==, again);
}

int
main (int argc, char **argv)
{
#define ADD(name, func) g_test_add_func ("/sdp/answer/" name, func)
  g_test_init (&argc, &argv, NULL);
  ADD ("setup", test_answer_setup_table);
  ADD ("direction", test_answer_direction_table);
  ADD ("session-direction", test_answer_direction_of_the_session_holds_for_all);
  ADD ("codec-order", test_answer_codecs_in_our_order_with_their_numbers);
  ADD ("static-types", test_answer_static_types_need_no_rtpmap);
  ADD ("rtcp-types", test_answer_payload_types_of_rtcp_are_not_taken);
  ADD ("other-codecs", test_answer_wrong_parameters_are_another_codec);
  ADD ("feedback", test_answer_feedback_is_what_the_offer_has);
  ADD ("twcc", test_answer_twcc_needs_its_extension);
  ADD ("bare", test_answer_bare_offer_is_enough);
  ADD ("extmap-direction", test_answer_extension_directions_are_mirrored);
  ADD ("extmap-mixed", test_answer_extension_ids_over_14_need_allow_mixed);
  ADD ("own-ufrags", test_answer_own_ufrags_the_tagged_one_counts);
  ADD ("tag-moves", test_answer_tagged_line_not_taken_moves_the_tag);
  ADD ("bundle-only", test_answer_bundle_only_inherits_the_transport);
  ADD ("data", test_answer_data_by_wish_and_in_both_forms);
  ADD ("made-up-mids", test_answer_missing_mids_are_made_up);
  ADD ("fingerprints", test_answer_strongest_fingerprint_counts);
  ADD ("msid", test_answer_msid_from_ssrc_lines);
  ADD ("sources", test_answer_our_sources_are_distinct);
  ADD ("match-h264", test_match_h264_by_profile_then_wider);
  ADD ("match", test_match_other_codecs_by_name);
  ADD ("copy", test_plan_copy_is_equal_and_apart);
  g_test_add_func (
      "/sdp/answer/h265-av1", test_answer_h265_and_av1_echo_their_parameters);
  g_test_add_func (
      "/sdp/answer/g722", test_answer_g722_has_the_clock_rate_of_rtp);
  g_test_add_func ("/sdp/answer/events",
      test_answer_events_go_beside_the_codecs_of_their_rate);
  g_test_add_func (
      "/sdp/answer/events-alone", test_answer_events_alone_are_no_media);
  g_test_add_func (
      "/sdp/match/events", test_match_events_and_higher_levels_are_no_track);
  return g_test_run ();
}
