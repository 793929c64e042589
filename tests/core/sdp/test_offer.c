/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_offer.c – our offer, the answers to it, and the text of
 * both.
 */
#include "support.h"

/* Our offer as text, and a peer of our own that answers it. */
typedef struct
{
  ViaPlan *offer;
  gchar *offer_text, *answer_text;
  ViaPlan *far; /* the answerer's plan */
} Call;

static void
call_start (Call *self, const ViaPlanLocal *near, const ViaPlanLocal *far)
{
  ViaLocalTransport transport = our_transport ();
  g_autoptr (GError) error = NULL;

  self->offer = offer_of (near);
  self->offer_text = via_sdp_write (self->offer, &transport);
  self->far = answer_to (far, self->offer_text, &error);
  g_assert_no_error (error);
  self->answer_text = via_sdp_write (self->far, &transport);
}

static void
call_clear (Call *self)
{
  via_plan_free (self->offer);
  via_plan_free (self->far);
  g_free (self->offer_text);
  g_free (self->answer_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static ViaPlan *
call_accept (const Call *self, const gchar *answer)
{
  g_autoptr (GError) error = NULL;
  ViaPlan *plan = via_plan_accept (self->offer, answer, &error);

  g_assert_no_error (error);
  g_assert_true (plan->is_complete);
  g_assert_nonnull (plan->remote);
  return plan;
}

static void
call_refuse (const Call *self, const gchar *answer, ViaErrorCode code)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *before = summarise_plan (self->offer);
  g_autofree gchar *after = NULL;

  g_assert_null (via_plan_accept (self->offer, answer, &error));
  g_assert_error (error, VIA_ERROR, (gint) code);
  after = summarise_plan (self->offer);
  g_assert_cmpstr (before, ==, after);
}

static void
test_offer_says_what_we_wish (void)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = NULL;
  g_autofree gchar *summary = NULL;

  local.n_video = 2;
  plan = offer_of (&local);
  summary = summarise_plan (plan);
  g_assert_cmpint (plan->role, ==, VIA_ROLE_OFFERER);
  g_assert_false (plan->is_complete);
  g_assert_null (plan->remote);
#define VIDEO                                                                                                \
  " sendrecv bundled rsize VP8:96+97/npfrt VP9:98+99/npfrt "                                                 \
  "H264:108+109/npfrt H265:100+101/npfrt AV1:102+103/npfrt ext=2:abs-send-tim ext=3:draft-holmer ext=4:mid " \
  "ext=5:playout-dela ext=13:video-orient\n"
  g_assert_cmpstr (summary, ==,
      "  setup=actpass\n"
      "  audio 0 sendrecv bundled rsize opus:111/t PCMU:0/t PCMA:8/t "
      "G722:9/t telephone-event:110 telephone-event:126 "
      "ext=1:ssrc-audio-l ext=2:abs-send-tim ext=3:draft-holmer ext=4:mid\n"
      "  video 1" VIDEO "  video 2" VIDEO
      "  application 3 sendrecv bundled sctp=5000/0\n");
}

static void
test_offer_lines_a_browser_needs (void)
{
  static const gchar *const lines[] = {"a=group:BUNDLE 0 1 2\r\n",
      "a=extmap-allow-mixed\r\n", "a=msid-semantic: WMS clip\r\n",
      "a=ice-options:trickle\r\n",
      "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8 9 110 126\r\n",
      "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 108 109 100 101 102 103\r\n",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
      "a=ice-ufrag:ourU\r\n", "a=ice-pwd:ourPasswordOf22Letters\r\n",
      "a=fingerprint:" FINGERPRINT "\r\n", "a=setup:actpass\r\n", "a=mid:1\r\n",
      "a=sendrecv\r\n", "a=msid:clip ", "a=rtcp-mux\r\n", "a=rtcp-rsize\r\n",
      "a=rtpmap:111 opus/48000/2\r\n", "a=rtpmap:0 PCMU/8000\r\n",
      "a=rtpmap:9 G722/8000\r\n", "a=rtpmap:110 telephone-event/48000\r\n",
      "a=rtpmap:126 telephone-event/8000\r\n", "a=fmtp:126 0-15\r\n",
      "a=fmtp:100 level-id=186;profile-id=1;tier-flag=0;tx-mode=SRST\r\n",
      "a=fmtp:102 level-idx=19;profile=0;tier=0\r\n", "a=rtcp-fb:96 nack\r\n",
      "a=rtcp-fb:96 nack pli\r\n", "a=rtcp-fb:96 ccm fir\r\n",
      "a=rtcp-fb:96 goog-remb\r\n", "a=rtcp-fb:96 transport-cc\r\n",
      "a=fmtp:97 apt=96\r\n", "a=fmtp:98 profile-id=0\r\n", "a=ssrc-group:FID ",
      " cname:", " msid:clip ", "a=sctp-port:5000\r\n",
      "a=max-message-size:262144\r\n"};
  ViaPlanLocal local = wish_all ();
  ViaLocalTransport transport = our_transport ();
  g_autoptr (ViaPlan) plan = NULL;
  g_autofree gchar *text = NULL;

  local.stream_id = "clip";
  plan = offer_of (&local);
  text = via_sdp_write (plan, &transport);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_test_message ("line %u", i);
    g_assert_nonnull (strstr (text, lines[i]));
  }
  g_assert_true (g_str_has_prefix (text, "v=0\r\no=- "));
  g_assert_true (g_str_has_suffix (text, "\r\n"));
}

static void
test_offer_answer_accept_agree (void)
{
  ViaPlanLocal local = wish_all ();
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) plan = NULL;

  call_start (&call, &local, &local);
  plan = call_accept (&call, call.answer_text);
  g_assert_cmpint (plan->setup, ==, VIA_SETUP_ACTIVE);
  g_assert_cmpint (call.far->setup, ==, VIA_SETUP_PASSIVE);
  g_assert_cmpuint (plan->session_id, ==, call.offer->session_id);
  for (guint i = 0; i < 2; i++) {
    ViaPlanMedia *near = via_plan_media (plan, i);
    ViaPlanMedia *far = via_plan_media (call.far, i);
    ViaPlanSource *heard = &g_array_index (near->sources, ViaPlanSource, 0);

    g_assert_cmpuint (near->codecs->len, ==, far->codecs->len);
    for (guint k = 0; k < near->codecs->len; k++) {
      ViaPlanCodec *a = &g_array_index (near->codecs, ViaPlanCodec, k);
      ViaPlanCodec *b = &g_array_index (far->codecs, ViaPlanCodec, k);

      g_assert_cmpuint (a->pt, ==, b->pt);
      g_assert_cmpint (a->rtx_pt, ==, b->rtx_pt);
      g_assert_cmpint (a->feedback, ==, b->feedback);
    }
    g_assert_cmpuint (near->exts->len, ==, far->exts->len);
    g_assert_cmpuint (heard->ssrc, ==, far->ssrc);
    g_assert_cmpuint (heard->rtx_ssrc, ==, far->rtx_ssrc);
    g_assert_cmpstr (heard->cname, ==, call.far->cname);
    g_assert_cmpstr (near->remote_msid_track, ==, far->msid_track);
  }
  g_assert_cmpuint (via_plan_media (plan, 2)->sctp_port, ==, 5000);
  g_assert_cmpuint (via_plan_media (plan, 2)->max_message_size, ==, 262144);
}

/* What both offer and answer say of setup; -1: refused. */
static void
test_accept_setup_table (void)
{
  static const struct
  {
    ViaSetup ours;
    const gchar *theirs;
    gint result;
  } rows[] = {
      {VIA_SETUP_ACTPASS, "actpass", -1},
      {VIA_SETUP_ACTPASS, "active", VIA_SETUP_PASSIVE},
      {VIA_SETUP_ACTPASS, "passive", VIA_SETUP_ACTIVE},
      {VIA_SETUP_ACTIVE, "actpass", -1},
      {VIA_SETUP_ACTIVE, "active", -1},
      {VIA_SETUP_ACTIVE, "passive", VIA_SETUP_ACTIVE},
      {VIA_SETUP_PASSIVE, "actpass", -1},
      {VIA_SETUP_PASSIVE, "active", VIA_SETUP_PASSIVE},
      {VIA_SETUP_PASSIVE, "passive", -1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    ViaPlanLocal local = wish_all (), far = wish_all ();
    g_autofree gchar *line = g_strconcat ("setup:", rows[i].theirs, NULL);
    g_autofree gchar *one = NULL, *answer = NULL;
    g_autoptr (ViaPlan) plan = NULL;
    g_auto (Call) call = {NULL};

    local.setup = rows[i].ours;
    call_start (&call, &local, &far);
    one = call.far->setup == VIA_SETUP_ACTIVE
              ? edit_all (call.answer_text, "setup:active", "setup:?")
              : edit_all (call.answer_text, "setup:passive", "setup:?");
    answer = edit_all (one, "setup:?", line);
    if (rows[i].result < 0) {
      call_refuse (&call, answer, VIA_ERROR_REFUSED);
      continue;
    }
    plan = call_accept (&call, answer);
    g_assert_cmpint (plan->setup, ==, rows[i].result);
  }
}

static void
test_accept_rejected_video_is_no_error (void)
{
  ViaPlanLocal local = wish_all (), far = wish_all ();
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) plan = NULL;

  far.n_video_codecs = 0;
  call_start (&call, &local, &far);
  g_assert_nonnull (
      strstr (call.answer_text, "m=video 0 UDP/TLS/RTP/SAVPF 0\r\n"));
  g_assert_nonnull (strstr (call.answer_text, "a=group:BUNDLE 0 2\r\n"));
  plan = call_accept (&call, call.answer_text);
  g_assert_false (via_plan_media (plan, 0)->is_rejected);
  g_assert_true (via_plan_media (plan, 1)->is_rejected);
  g_assert_cmpstr (via_plan_media (plan, 1)->mid, ==, "1");
  g_assert_cmpuint (via_plan_media (plan, 1)->codecs->len, ==, 0);
  g_assert_false (via_plan_media (plan, 2)->is_rejected);
}

/* As Firefox rejects: bare m-line, and no BUNDLE group for the rest. */
static void
test_accept_answer_without_bundle_keeps_one_line (void)
{
  ViaPlanLocal local = wish_all (), far = wish_all ();
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) plan = NULL;
  g_autofree gchar *answer = NULL;

  far.n_video_codecs = 0;
  call_start (&call, &local, &far);
  answer = edit (call.answer_text, "a=group:BUNDLE 0 2\r\n", "");
  plan = call_accept (&call, answer);
  g_assert_false (via_plan_media (plan, 0)->is_rejected);
  g_assert_true (via_plan_media (plan, 1)->is_rejected);
  g_assert_true (via_plan_media (plan, 2)->is_rejected);
}

static void
test_accept_keeps_what_the_answer_has_in_its_order (void)
{
  ViaPlanLocal local = wish_all (), far = wish_all ();
  static const ViaCodecId order[] = {VIA_CODEC_H264, VIA_CODEC_VP8};
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) plan = NULL;
  GArray *codecs;

  far.video_codecs = order;
  far.n_video_codecs = G_N_ELEMENTS (order);
  far.direction = VIA_DIRECTION_RECVONLY;
  call_start (&call, &local, &far);
  plan = call_accept (&call, call.answer_text);
  codecs = via_plan_media (plan, 1)->codecs;
  g_assert_cmpuint (codecs->len, ==, 2);
  g_assert_cmpuint (g_array_index (codecs, ViaPlanCodec, 0).pt, ==, 108);
  g_assert_cmpuint (g_array_index (codecs, ViaPlanCodec, 1).pt, ==, 96);
  g_assert_cmpint (
      via_plan_media (plan, 1)->direction, ==, VIA_DIRECTION_SENDONLY);
}

/* An answer may list events first: they still go beside the codec it has. */
static void
test_accept_events_come_after_what_they_go_beside (void)
{
  static const ViaCodecId pcmu[] = {VIA_CODEC_PCMU, VIA_CODEC_EVENT};
  ViaPlanLocal local = wish_all (), far = wish_all ();
  g_auto (Call) call = {NULL};
  g_autofree gchar *answer = NULL;
  g_autoptr (ViaPlan) plan = NULL;
  const ViaPlanMedia *audio;

  far.audio_codecs = pcmu;
  far.n_audio_codecs = G_N_ELEMENTS (pcmu);
  call_start (&call, &local, &far);
  answer = edit (call.answer_text, "SAVPF 0 126", "SAVPF 126 0");
  plan = call_accept (&call, answer);
  audio = via_plan_media (plan, 0);
  g_assert_cmpuint (audio->codecs->len, ==, 2);
  g_assert_cmpuint (g_array_index (audio->codecs, ViaPlanCodec, 0).pt, ==, 0);
  g_assert_cmpuint (via_plan_media_event (audio, 8000)->pt, ==, 126);
  g_assert_null (via_plan_media_event (audio, 48000));
}

static void
test_accept_answer_of_a_stranger_is_refused (void)
{
  static const struct
  {
    const gchar *find, *replace;
    ViaErrorCode code;
  } rows[] = {
      {"m=audio", "m=video", VIA_ERROR_REFUSED},
      {"m=application 9 UDP/DTLS/SCTP", "m=application 9 UDP/TLS/RTP/SAVPF",
          VIA_ERROR_SYNTAX},
      {"m=application 9 UDP/DTLS/SCTP", "m=application 9 TCP/SCTP",
          VIA_ERROR_REFUSED},
      {"a=mid:1", "a=mid:7", VIA_ERROR_REFUSED},
      {"a=ice-ufrag:ourU\r\n", "", VIA_ERROR_REFUSED},
      {"a=fingerprint:" FINGERPRINT "\r\n", "", VIA_ERROR_REFUSED},
      {"a=rtcp-mux\r\n", "", VIA_ERROR_REFUSED},
      {"a=setup:passive\r\n", "", VIA_ERROR_REFUSED},
      {"v=0", "v=7", VIA_ERROR_SYNTAX},
  };
  ViaPlanLocal local = wish_all ();
  g_auto (Call) call = {NULL};
  g_autofree gchar *more = NULL, *none = NULL;

  call_start (&call, &local, &local);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *moved =
        edit_all (call.answer_text, "BUNDLE 0 1 2", "BUNDLE 0 2");
    g_autofree gchar *answer =
        edit (i == 3 ? moved : call.answer_text, rows[i].find, rows[i].replace);

    g_test_message ("row %u", i);
    call_refuse (&call, answer, rows[i].code);
  }
  more = g_strconcat (call.answer_text, "m=text 0 x 0\r\n", NULL);
  call_refuse (&call, more, VIA_ERROR_REFUSED);
  none = edit_all (call.answer_text, " 9 UDP", " 0 UDP");
  call_refuse (&call, none, VIA_ERROR_UNSUPPORTED);
}

/* RFC 9143 §7.3: the answer says the transport once, in the tagged m-line. */
static void
test_accept_transport_in_the_tagged_line_only (void)
{
  static const gchar transport[] =
      "a=ice-ufrag:ourU\r\na=ice-pwd:ourPasswordOf22Letters\r\n"
      "a=fingerprint:" FINGERPRINT "\r\na=setup:passive\r\n";
  ViaPlanLocal local = wish_all ();
  g_auto (Call) call = {NULL};
  g_autofree gchar *first = NULL, *rest = NULL, *answer = NULL;
  g_autoptr (ViaPlan) plan = NULL;

  call_start (&call, &local, &local);
  first = edit (call.answer_text, transport, "a=x-first\r\n");
  rest = edit_all (first, transport, "");
  answer = edit (rest, "a=x-first\r\n", transport);
  plan = call_accept (&call, answer);
  g_assert_false (via_plan_media (plan, 1)->is_rejected);
  g_assert_false (via_plan_media (plan, 2)->is_rejected);
}

static void
test_accept_twice_is_a_state_error (void)
{
  ViaPlanLocal local = wish_all ();
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  call_start (&call, &local, &local);
  plan = call_accept (&call, call.answer_text);
  g_assert_null (via_plan_accept (plan, call.answer_text, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
  g_clear_error (&error);
  g_assert_null (via_plan_accept (call.far, call.answer_text, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_STATE);
}

/* Reading what was written gives what was planned. */
static void
test_write_read_is_stable (void)
{
  ViaPlanLocal local = wish_all ();
  ViaLocalTransport transport = our_transport ();
  g_auto (Call) call = {NULL};
  g_autoptr (ViaPlan) again = NULL;
  g_autofree gchar *text = NULL;

  call_start (&call, &local, &local);
  again = answer_to (&local, call.offer_text, NULL);
  text = via_sdp_write (again, &transport);
  g_assert_cmpstr (text, ==, call.answer_text);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (ViaSdp) sdp =
        read_text (i == 0 ? call.offer_text : call.answer_text, NULL);
    ViaPlan *plan = i == 0 ? call.offer : call.far;

    g_assert_cmpuint (sdp->media->len, ==, plan->media->len);
    for (guint k = 0; k < sdp->media->len; k++) {
      ViaSdpMedia *read = via_sdp_media (sdp, k);
      ViaPlanMedia *media = via_plan_media (plan, k);

      g_assert_cmpstr (read->mid, ==, media->mid);
      g_assert_cmpint (read->kind, ==, media->kind);
      g_assert_cmpuint (read->exts->len, ==, media->exts->len);
      g_assert_cmpstr (read->msid_stream, ==, media->msid_stream);
      g_assert_cmpstr (read->msid_track, ==, media->msid_track);
      if (media->kind != VIA_KIND_DATA)
        g_assert_cmpuint (g_array_index (read->sources, ViaPlanSource, 0).ssrc,
            ==, media->ssrc);
    }
  }
}

static guint
count_of (const gchar *text, const gchar *what)
{
  g_auto (GStrv) parts = g_strsplit (text, what, 0);

  return g_strv_length (parts) - 1;
}

static void
test_write_candidates_once_in_the_first_line_taken (void)
{
  static const gchar *const candidates[] = {
      "candidate:1 1 UDP 2122187007 192.0.2.2 56574 typ host",
      "candidate:2 1 UDP 1 192.0.2.3 5 typ host", NULL};
  ViaPlanLocal local = wish_all ();
  ViaLocalTransport transport = our_transport ();
  g_autoptr (ViaPlan) plan = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (ViaSdp) sdp = NULL;

  transport.candidates = candidates;
  transport.end_of_candidates = TRUE;
  transport.trickle = FALSE;
  local.n_audio_codecs = 0;
  plan = answer_to (&local, OFFER, NULL);
  text = via_sdp_write (plan, &transport);
  g_assert_cmpuint (count_of (text, "a=candidate:"), ==, 2);
  g_assert_cmpuint (count_of (text, "a=end-of-candidates\r\n"), ==, 1);
  g_assert_null (strstr (text, "trickle"));
  sdp = read_text (text, NULL);
  g_assert_cmpuint (via_sdp_media (sdp, 0)->section.candidates->len, ==, 0);
  g_assert_cmpuint (via_sdp_media (sdp, 1)->section.candidates->len, ==, 2);
  g_assert_cmpstr (
      g_ptr_array_index (via_sdp_media (sdp, 1)->section.candidates, 0), ==,
      candidates[0]);
}

static void
test_write_answer_of_legacy_data_and_unknown_lines (void)
{
  ViaPlanLocal local = wish_all ();
  ViaLocalTransport transport = our_transport ();
  g_autofree gchar *legacy =
      edit (OFFER, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000");
  g_autofree gchar *offer =
      g_strconcat (legacy, "m=image 9 udptl t38\r\na=mid:i\r\n", NULL);
  g_autoptr (ViaPlan) plan = answer_to (&local, offer, NULL);
  g_autofree gchar *text = via_sdp_write (plan, &transport);

  g_assert_nonnull (strstr (text, "m=application 9 DTLS/SCTP 5000\r\n"));
  g_assert_nonnull (strstr (text, "a=sctpmap:5000 webrtc-datachannel 1024"));
  g_assert_nonnull (strstr (text,
      "m=image 0 udptl 0\r\nc=IN IP4 0.0.0.0\r\na=mid:i\r\na=inactive\r\n"));
  g_assert_null (strstr (text, "extmap-allow-mixed"));
}

int
main (int argc, char **argv)
{
#define ADD(name, func) g_test_add_func ("/sdp/" name, func)
  g_test_init (&argc, &argv, NULL);
  ADD ("offer/plan", test_offer_says_what_we_wish);
  ADD ("offer/lines", test_offer_lines_a_browser_needs);
  ADD ("accept/agrees", test_offer_answer_accept_agree);
  ADD ("accept/setup", test_accept_setup_table);
  ADD ("accept/rejected-video", test_accept_rejected_video_is_no_error);
  ADD ("accept/no-bundle", test_accept_answer_without_bundle_keeps_one_line);
  ADD ("accept/order", test_accept_keeps_what_the_answer_has_in_its_order);
  ADD ("accept/stranger", test_accept_answer_of_a_stranger_is_refused);
  ADD ("accept/tagged-only", test_accept_transport_in_the_tagged_line_only);
  ADD ("accept/twice", test_accept_twice_is_a_state_error);
  ADD ("write/stable", test_write_read_is_stable);
  ADD ("write/candidates", test_write_candidates_once_in_the_first_line_taken);
  ADD ("write/legacy", test_write_answer_of_legacy_data_and_unknown_lines);
  g_test_add_func (
      "/sdp/accept/events", test_accept_events_come_after_what_they_go_beside);
  return g_test_run ();
}
