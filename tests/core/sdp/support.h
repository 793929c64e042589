/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/support.h – wishes, offers in pieces, and plans in one line.
 */
#pragma once

#include "sdp/plan.h"
#include "sdp/read.h"
#include "sdp/write.h"

#include <string.h>

static const ViaCodecId all_audio[] = {VIA_CODEC_OPUS, VIA_CODEC_PCMU,
    VIA_CODEC_PCMA, VIA_CODEC_G722, VIA_CODEC_EVENT};
static const ViaCodecId all_video[] = {VIA_CODEC_VP8, VIA_CODEC_VP9,
    VIA_CODEC_H264, VIA_CODEC_H265, VIA_CODEC_AV1};

#define FINGERPRINT                                                            \
  "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:"    \
  "55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static inline ViaPlanLocal
wish_all (void)
{
  return (ViaPlanLocal){
      .audio_codecs = all_audio,
      .n_audio_codecs = G_N_ELEMENTS (all_audio),
      .video_codecs = all_video,
      .n_video_codecs = G_N_ELEMENTS (all_video),
      .direction = VIA_DIRECTION_SENDRECV,
      .n_audio = 1,
      .n_video = 1,
      .setup = VIA_SETUP_ACTPASS,
      .data = TRUE,
  };
}

static inline ViaLocalTransport
our_transport (void)
{
  return (ViaLocalTransport){
      .ufrag = "ourU",
      .pwd = "ourPasswordOf22Letters",
      .fingerprint = FINGERPRINT,
      .trickle = TRUE,
  };
}

static inline ViaPlan *
answer_to (const ViaPlanLocal *local, const gchar *offer, GError **error)
{
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 1);
  return via_plan_answer (local, offer, &rng.parent, error);
}

static inline ViaPlan *
offer_of (const ViaPlanLocal *local)
{
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 2);
  return via_plan_offer (local, &rng.parent);
}

static inline ViaSdp *
read_text (const gchar *text, GError **error)
{
  return via_sdp_read (text, strlen (text), error);
}

static inline gchar *
data_file (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (TEST_DATA, "sdp", name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static const gchar *const direction_names[] = {
    "inactive", "sendonly", "recvonly", "sendrecv"};

static inline void
summarise_feedback (GString *out, ViaFeedback feedback)
{
  static const gchar *const letters = "npfrt"; /* NACK PLI FIR REMB TWCC */

  if (feedback != 0)
    g_string_append_c (out, '/');
  for (guint i = 0; i < 5; i++)
    if ((feedback & (1u << i)) != 0)
      g_string_append_c (out, letters[i]);
}

static inline void
summarise_sources (GString *out, const GArray *sources)
{
  for (guint i = 0; i < sources->len; i++) {
    const ViaPlanSource *source = &g_array_index (sources, ViaPlanSource, i);

    g_string_append_printf (out, " ssrc=%u", source->ssrc);
    if (source->rtx_ssrc != 0)
      g_string_append_printf (out, "+%u", source->rtx_ssrc);
  }
}

static inline void
summarise_rids (GString *out, const GPtrArray *rids)
{
  for (guint i = 0; i < rids->len; i++)
    g_string_append_printf (
        out, "%s%s", i == 0 ? " rid=" : ",", (gchar *) rids->pdata[i]);
}

static inline void
summarise_plan_media (GString *out, const ViaPlanMedia *media)
{
  g_string_append_printf (out, "  %s %s", media->media, media->mid);
  if (media->is_rejected) {
    g_string_append (out, " rejected\n");
    return;
  }
  g_string_append_printf (out, " %s%s%s", direction_names[media->direction],
      media->is_bundled ? " bundled" : "",
      media->is_reduced_size ? " rsize" : "");
  for (guint i = 0; i < media->codecs->len; i++) {
    const ViaPlanCodec *codec = &g_array_index (media->codecs, ViaPlanCodec, i);

    g_string_append_printf (
        out, " %s:%u", via_codec_name (codec->codec.id), codec->pt);
    if (codec->rtx_pt >= 0)
      g_string_append_printf (out, "+%d", codec->rtx_pt);
    summarise_feedback (out, codec->feedback);
  }
  for (guint i = 0; i < media->exts->len; i++) {
    const ViaPlanExt *ext = &g_array_index (media->exts, ViaPlanExt, i);
    const gchar *uri = via_ext_uri (ext->ext);
    const gchar *name =
        strrchr (uri, '/') != NULL ? strrchr (uri, '/') : strrchr (uri, ':');

    g_string_append_printf (out, " ext=%u:%.12s", ext->id, name + 1);
    if (ext->direction != VIA_DIRECTION_SENDRECV)
      g_string_append_printf (out, "/%s", direction_names[ext->direction]);
  }
  if (media->sctp_port != 0)
    g_string_append_printf (out, " sctp=%u/%" G_GUINT64_FORMAT,
        media->sctp_port, media->max_message_size);
  summarise_sources (out, media->sources);
  summarise_rids (out, media->remote_rids);
  if (media->remote_msid_stream != NULL)
    g_string_append_printf (out, " msid=%.8s/%.8s", media->remote_msid_stream,
        media->remote_msid_track != NULL ? media->remote_msid_track : "");
  g_string_append_c (out, '\n');
}

static inline gchar *
summarise_plan (const ViaPlan *plan)
{
  static const gchar *const setups[] = {"actpass", "active", "passive"};
  const ViaFingerprint *print;
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "  setup=%s", setups[plan->setup]);
  if (plan->remote != NULL) {
    print = via_remote_transport_fingerprint (plan->remote);
    g_string_append_printf (out, " ufrag=%s pwd=%u %s=%02x%02x candidates=%u%s",
        plan->remote->ufrag, (guint) strlen (plan->remote->pwd), print->hash,
        print->digest[0], print->digest[1], plan->remote->candidates->len,
        plan->remote->has_end_of_candidates ? " end" : "");
  }
  g_string_append_c (out, '\n');
  for (guint i = 0; i < plan->media->len; i++)
    summarise_plan_media (out, via_plan_media (plan, i));
  return g_string_free (out, FALSE);
}

/* What was read, before anything is decided; known codecs only. */
static inline gchar *
summarise_sdp (const ViaSdp *sdp)
{
  static const gchar *const setups[] = {
      "no-setup", "actpass", "active", "passive", "holdconn"};
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "  bundles=%u prints=%u\n", sdp->bundles->len,
      sdp->session.fingerprints->len);
  for (guint i = 0; i < sdp->media->len; i++) {
    const ViaSdpMedia *media = via_sdp_media (sdp, i);

    g_string_append_printf (out, "  %s %s%s %s prints=%u candidates=%u%s",
        media->media, media->mid, media->is_refused ? " refused" : "",
        setups[media->section.setup], media->section.fingerprints->len,
        media->section.candidates->len, media->is_rtcp_mux ? " mux" : "");
    if (media->section.direction >= 0)
      g_string_append_printf (
          out, " %s", direction_names[media->section.direction]);
    if (media->section.ufrag != NULL)
      g_string_append_printf (out, " ufrag=%s", media->section.ufrag);
    for (guint k = 0; k < media->codecs->len; k++) {
      const ViaSdpCodec *codec = &g_array_index (media->codecs, ViaSdpCodec, k);

      if (codec->id == VIA_CODEC_UNKNOWN)
        continue;
      g_string_append_printf (
          out, " %s:%u", via_codec_name (codec->id), codec->pt);
      summarise_feedback (out, codec->feedback);
    }
    if (media->sctp_port != 0)
      g_string_append_printf (out, " sctp=%u/%" G_GUINT64_FORMAT,
          media->sctp_port, media->max_message_size);
    summarise_sources (out, media->sources);
    summarise_rids (out, media->rids);
    if (media->msid_stream != NULL)
      g_string_append_printf (out, " msid=%.8s/%.8s", media->msid_stream,
          media->msid_track != NULL ? media->msid_track : "");
    g_string_append_c (out, '\n');
  }
  return g_string_free (out, FALSE);
}

/* A browser's offer, cut to what matters; edit () makes the cases of it. */
#define OFFER_HEAD                                                             \
  "v=0\r\n"                                                                    \
  "o=- 1 1 IN IP4 127.0.0.1\r\n"                                               \
  "s=-\r\n"                                                                    \
  "t=0 0\r\n"
#define OFFER_TRANSPORT                                                        \
  "c=IN IP4 0.0.0.0\r\n"                                                       \
  "a=ice-ufrag:abcd\r\n"                                                       \
  "a=ice-pwd:secretSecretSecret0123\r\n"                                       \
  "a=fingerprint:" FINGERPRINT "\r\n"                                          \
  "a=setup:actpass\r\n"
#define OFFER_AUDIO                                                            \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n" OFFER_TRANSPORT "a=mid:a\r\n"        \
  "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"                         \
  "a=sendrecv\r\n"                                                             \
  "a=rtcp-mux\r\n"                                                             \
  "a=rtpmap:111 opus/48000/2\r\n"                                              \
  "a=fmtp:111 minptime=10\r\n"                                                 \
  "a=ssrc:1111 cname:x\r\n"
#define OFFER_VIDEO                                                            \
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n" OFFER_TRANSPORT "a=mid:v\r\n"        \
  "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n"  \
  "a=rtcp-mux\r\n"                                                             \
  "a=rtpmap:96 VP8/90000\r\n"                                                  \
  "a=rtcp-fb:96 nack\r\n"                                                      \
  "a=rtpmap:97 rtx/90000\r\n"                                                  \
  "a=fmtp:97 apt=96\r\n"                                                       \
  "a=ssrc-group:FID 2222 3333\r\n"                                             \
  "a=ssrc:2222 cname:x\r\n"                                                    \
  "a=ssrc:3333 cname:x\r\n"
#define OFFER_DATA                                                             \
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" OFFER_TRANSPORT       \
  "a=mid:d\r\n"                                                                \
  "a=sctp-port:5000\r\n"
#define OFFER                                                                  \
  OFFER_HEAD "a=group:BUNDLE a v d\r\n" OFFER_AUDIO OFFER_VIDEO OFFER_DATA

/* @text with the first @find replaced. */
static inline gchar *
edit (const gchar *text, const gchar *find, const gchar *replace)
{
  const gchar *at = strstr (text, find);

  g_assert_nonnull (at);
  return g_strdup_printf (
      "%.*s%s%s", (gint) (at - text), text, replace, at + strlen (find));
}

static inline gchar *
edit_all (const gchar *text, const gchar *find, const gchar *replace)
{
  g_auto (GStrv) parts = g_strsplit (text, find, 0);

  g_assert_nonnull (parts[1]);
  return g_strjoinv (replace, parts);
}
