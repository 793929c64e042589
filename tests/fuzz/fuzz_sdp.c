/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_sdp.c – any bytes as SDP: as they are, behind a sound session
 * part, and as a list of edits of a sound offer. What is taken can be written
 * and read again.
 */
#include "fuzz.h"

#include "sdp/read.h"
#include "sdp/write.h"

#include <string.h>

#define MAX_EDITS 6
#define PRINT                                                                  \
  "sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:"    \
  "55:66:77:88:99:AA:BB:CC:DD:EE:FF"

static const gchar head[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\n"
                            "t=0 0\r\n";
static const gchar sound[] =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
    "a=group:BUNDLE 0 1 2\r\na=extmap-allow-mixed\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    "a=fingerprint:" PRINT "\r\na=setup:actpass\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=mid:0\r\na=rtcp-mux\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n"
    "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=ssrc:1 cname:x\r\na=ssrc:1 msid:s t\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 108\r\na=mid:1\r\na=rtcp-mux\r\n"
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:* nack\r\na=rtcp-rsize\r\n"
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=sendrecv\r\n"
    "a=rtpmap:108 H264/90000\r\n"
    "a=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n"
    "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
    "a=rid:h send\r\na=msid:s u\r\na=ssrc-group:FID 2 3\r\n"
    "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"
    "a=sctp-port:5000\r\na=max-message-size:262144\r\n";

static const ViaCodecId audio[] = {VIA_CODEC_OPUS, VIA_CODEC_PCMU};
static const ViaCodecId video[] = {
    VIA_CODEC_H264, VIA_CODEC_VP9, VIA_CODEC_VP8};
static const ViaPlanLocal local = {audio, G_N_ELEMENTS (audio), video,
    G_N_ELEMENTS (video), VIA_DIRECTION_SENDRECV, 1, 1, VIA_SETUP_ACTPASS, TRUE,
    NULL};

static void
check_plan (const ViaPlan *plan)
{
  ViaLocalTransport transport = {
      "ufrag", "0123456789012345678901", PRINT, NULL, TRUE, TRUE};
  g_autofree gchar *text = via_sdp_write (plan, &transport);
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) copy = via_plan_copy (plan);
  g_autofree gchar *again = via_sdp_write (copy, &transport);
  g_autoptr (ViaSdp) sdp = via_sdp_read (text, strlen (text), &error);
  guint n_taken = 0;

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, again);
  g_assert_cmpuint (sdp->media->len, ==, plan->media->len);
  g_assert_cmpuint (plan->media->len, <=, VIA_SDP_MAX_MEDIA);
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    g_assert_nonnull (media->mid);
    g_assert_cmpint (
        via_sdp_media (sdp, i)->is_refused, ==, media->is_rejected);
    if (media->is_rejected)
      continue;
    n_taken++;
    g_assert_true (media->kind == VIA_KIND_DATA || media->codecs->len > 0);
    g_assert_true (media->is_bundled || media->remote || n_taken == 1);
  }
  g_assert_cmpuint (n_taken, >, 0);
  g_assert_cmpuint (strlen (plan->remote->ufrag), >=, 4);
  g_assert_cmpuint (strlen (plan->remote->pwd), >=, 22);
  g_assert_nonnull (via_remote_transport_fingerprint (plan->remote));
  g_assert_cmpint (plan->setup, !=, VIA_SETUP_ACTPASS);
}

static void
check_text (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) plan = NULL, offer = NULL, accepted = NULL;
  ViaSeededRng rng;

  via_seeded_rng_init (&rng, 7);
  plan = via_plan_answer (&local, text, &rng.parent, &error);
  g_assert_true ((plan == NULL) == (error != NULL));
  if (plan != NULL)
    check_plan (plan);
  g_clear_error (&error);
  offer = via_plan_offer (&local, &rng.parent);
  accepted = via_plan_accept (offer, text, &error);
  g_assert_true ((accepted == NULL) == (error != NULL));
  if (accepted != NULL)
    check_plan (accepted);
}

/* Four bytes an edit: where, what, and which byte or word. */
static void
edit_text (GString *text, const uint8_t *at)
{
  static const gchar *const words[] = {"0", "65536", "4294967295", "a=mid:0",
      "\r\nm=video 0 UDP/TLS/RTP/SAVPF 96\r\na=bundle-only\r\na=mid:7\r\n",
      "\r\n", " ", ":", "a=setup:passive\r\n", "a=setup:active\r\n",
      "99999999999999999999", "/", "H264", "\r\na=inactive\r\n", "apt=97",
      "a=group:BUNDLE 2\r\n"};
  gsize where = (gsize) (at[0] << 8 | at[1]) % text->len;
  const gchar *line;

  switch (at[2] & 3) {
    case 0:
      if (at[3] != 0)
        text->str[where] = (gchar) at[3];
      break;
    case 1:
      g_string_erase (text, (gssize) where,
          (gssize) MIN (text->len - where - 1, (gsize) (at[3] & 31)));
      break;
    case 2:
      g_string_insert (
          text, (gssize) where, words[at[3] % G_N_ELEMENTS (words)]);
      break;
    default: /* a whole line goes */
      line = strchr (text->str + where, '\n');
      if (line != NULL && strchr (line + 1, '\n') != NULL)
        g_string_erase (
            text, line + 1 - text->str, strchr (line + 1, '\n') - line);
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *raw =
      g_strndup (size > 0 ? (const gchar *) data : "", size);
  g_autofree gchar *behind = g_strconcat (head, raw, NULL);
  g_autoptr (GString) edited = g_string_new (sound);
  guint n_edits = size > 0 ? data[0] % (MAX_EDITS + 1) : 0;

  via_sdp_free (
      via_sdp_read (size > 0 ? (const gchar *) data : "", size, NULL));
  check_text (raw);
  check_text (behind);
  for (guint i = 0; i < n_edits && 1 + 4 * (i + 1) <= size; i++)
    edit_text (edited, data + 1 + 4 * i);
  check_text (edited->str);
  return 0;
}
