/* SPDX-License-Identifier: LGPL-2.1-or-later
 * sdp/write.c – a plan and our transport written as SDP.
 * Pure.
 * RFC 8866 · RFC 9429 §5.2, §5.3 · RFC 9143 §7 · RFC 5576 §4 · RFC 8841 §5, §6
 */
#include "sdp/write.h"

#include <string.h>

#define MAX_MESSAGE_SIZE 262144 /* bytes we take in one data message */

static void write_line (GString *out, const gchar *format, ...)
    G_GNUC_PRINTF (2, 3);

static void
write_line (GString *out, const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (out, format, args);
  va_end (args);
  g_string_append (out, "\r\n");
}

static void
write_msid_semantic (GString *out, const ViaPlan *plan)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  g_string_append (out, "a=msid-semantic: WMS");
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (!media->is_rejected && media->msid_stream != NULL
        && g_hash_table_add (seen, media->msid_stream))
      g_string_append_printf (out, " %s", media->msid_stream);
  }
  g_string_append (out, "\r\n");
}

static void
write_session (
    GString *out, const ViaPlan *plan, const ViaLocalTransport *local)
{
  gboolean has_bundle = FALSE;

  write_line (out, "v=0");
  write_line (out,
      "o=- %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " IN IP4 127.0.0.1",
      plan->session_id, plan->session_version);
  write_line (out, "s=-");
  write_line (out, "t=0 0");
  for (guint i = 0; i < plan->media->len; i++) {
    const ViaPlanMedia *media = via_plan_media (plan, i);

    if (media->is_rejected || !media->is_bundled)
      continue;
    g_string_append_printf (
        out, "%s %s", has_bundle ? "" : "a=group:BUNDLE", media->mid);
    has_bundle = TRUE;
  }
  if (has_bundle)
    g_string_append (out, "\r\n");
  if (plan->is_mixed)
    write_line (out, "a=extmap-allow-mixed");
  write_msid_semantic (out, plan);
  if (local->is_lite)
    write_line (out, "a=ice-lite");
  if (local->trickle)
    write_line (out, "a=ice-options:trickle");
}

static void
write_feedback (GString *out, const ViaPlanCodec *codec)
{
  static const struct
  {
    ViaFeedback bit;
    const gchar *text;
  } known[] = {{VIA_FEEDBACK_REMB, "goog-remb"},
      {VIA_FEEDBACK_TWCC, "transport-cc"}, {VIA_FEEDBACK_FIR, "ccm fir"},
      {VIA_FEEDBACK_NACK, "nack"}, {VIA_FEEDBACK_PLI, "nack pli"}};

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if ((codec->feedback & known[i].bit) != 0)
      write_line (out, "a=rtcp-fb:%u %s", codec->pt, known[i].text);
}

static void
write_codec (GString *out, const ViaPlanCodec *codec)
{
  const ViaCodec *what = &codec->codec;

  g_string_append_printf (out, "a=rtpmap:%u %s/%u", codec->pt,
      via_codec_name (what->id), what->clock_rate);
  if (what->channels > 1)
    g_string_append_printf (out, "/%u", what->channels);
  g_string_append (out, "\r\n");
  write_feedback (out, codec);
  if (what->fmtp != NULL)
    write_line (out, "a=fmtp:%u %s", codec->pt, what->fmtp);
  if (codec->rtx_pt < 0)
    return;
  write_line (out, "a=rtpmap:%d rtx/%u", codec->rtx_pt, what->clock_rate);
  write_line (out, "a=fmtp:%d apt=%u", codec->rtx_pt, codec->pt);
}

static void
write_exts (GString *out, const ViaPlanMedia *media)
{
  static const gchar *const suffix[] = {
      "/inactive", "/sendonly", "/recvonly", ""};

  for (guint i = 0; i < media->exts->len; i++) {
    const ViaPlanExt *ext = &g_array_index (media->exts, ViaPlanExt, i);

    write_line (out, "a=extmap:%u%s %s", ext->id, suffix[ext->direction & 3],
        via_ext_uri (ext->ext));
  }
}

static void
write_sources (GString *out, const ViaPlan *plan, const ViaPlanMedia *media)
{
  const guint32 ssrcs[] = {media->ssrc, media->rtx_ssrc};

  if (media->rtx_ssrc != 0)
    write_line (out, "a=ssrc-group:FID %u %u", media->ssrc, media->rtx_ssrc);
  for (guint i = 0; i < G_N_ELEMENTS (ssrcs); i++) {
    if (ssrcs[i] == 0)
      continue;
    write_line (out, "a=ssrc:%u cname:%s", ssrcs[i], plan->cname);
    write_line (out, "a=ssrc:%u msid:%s %s", ssrcs[i], media->msid_stream,
        media->msid_track);
  }
}

static void
write_rtp (GString *out, const ViaPlan *plan, const ViaPlanMedia *media)
{
  static const gchar *const directions[] = {
      "inactive", "sendonly", "recvonly", "sendrecv"};
  gboolean sends = (media->direction & VIA_DIRECTION_SENDONLY) != 0
                   && media->msid_stream != NULL;

  write_exts (out, media);
  write_line (out, "a=%s", directions[media->direction & 3]);
  if (sends)
    write_line (out, "a=msid:%s %s", media->msid_stream, media->msid_track);
  if (media->has_rtcp_apart)
    write_line (out, "a=rtcp:9 IN IP4 0.0.0.0");
  else
    write_line (out, "a=rtcp-mux");
  if (media->is_reduced_size)
    write_line (out, "a=rtcp-rsize");
  for (guint i = 0; i < media->codecs->len; i++)
    write_codec (out, &g_array_index (media->codecs, ViaPlanCodec, i));
  if (sends)
    write_sources (out, plan, media);
}

static void
write_data (GString *out, const ViaPlanMedia *media)
{
  if (strcmp (media->protocol, "DTLS/SCTP") == 0)
    write_line (out, "a=sctpmap:5000 webrtc-datachannel 1024");
  else
    write_line (out, "a=sctp-port:5000");
  write_line (out, "a=max-message-size:%d", MAX_MESSAGE_SIZE);
}

static void
write_formats (GString *out, const ViaPlanMedia *media)
{
  if (media->kind == VIA_KIND_DATA) {
    g_string_append (out, strcmp (media->protocol, "DTLS/SCTP") == 0
                              ? " 5000"
                              : " webrtc-datachannel");
  } else if (media->is_rejected || media->codecs->len == 0) {
    g_string_append (out, " 0");
  } else {
    for (guint i = 0; i < media->codecs->len; i++) {
      const ViaPlanCodec *codec =
          &g_array_index (media->codecs, ViaPlanCodec, i);

      g_string_append_printf (out, " %u", codec->pt);
      if (codec->rtx_pt >= 0)
        g_string_append_printf (out, " %d", codec->rtx_pt);
    }
  }
  g_string_append (out, "\r\n");
}

static void
write_candidates (GString *out, const ViaLocalTransport *local)
{
  for (guint i = 0; local->candidates != NULL && local->candidates[i] != NULL;
       i++)
    write_line (out, "a=%s", local->candidates[i]);
  if (local->end_of_candidates)
    write_line (out, "a=end-of-candidates");
}

static void
write_media (GString *out, const ViaPlan *plan, const ViaPlanMedia *media,
    const ViaLocalTransport *local, gboolean is_first)
{
  static const gchar *const setups[] = {"actpass", "active", "passive"};

  g_string_append_printf (out, "m=%s %d %s", media->media,
      media->is_rejected ? 0 : 9, media->protocol);
  write_formats (out, media);
  write_line (out, "c=IN IP4 0.0.0.0");
  if (media->is_rejected) {
    write_line (out, "a=mid:%s", media->mid);
    write_line (out, "a=inactive");
    return;
  }
  if (is_first)
    write_candidates (out, local);
  write_line (out, "a=ice-ufrag:%s", local->ufrag);
  write_line (out, "a=ice-pwd:%s", local->pwd);
  write_line (out, "a=fingerprint:%s", local->fingerprint);
  write_line (out, "a=setup:%s", setups[plan->setup]);
  write_line (out, "a=mid:%s", media->mid);
  if (media->kind == VIA_KIND_DATA)
    write_data (out, media);
  else
    write_rtp (out, plan, media);
}

/* No m-line before @mline goes over its transport. */
static gboolean
is_first (
    const ViaPlan *plan, const ViaLocalTransport *const *lines, guint mline)
{
  for (guint i = 0; i < mline; i++)
    if (lines[i] == lines[mline] && !via_plan_media (plan, i)->is_rejected)
      return FALSE;
  return TRUE;
}

gchar *
via_sdp_write_lines (const ViaPlan *plan, const ViaLocalTransport *const *lines)
{
  GString *out;

  g_return_val_if_fail (plan != NULL && lines != NULL, NULL);

  out = g_string_sized_new (4096);
  write_session (out, plan, lines[0]);
  for (guint i = 0; i < plan->media->len; i++)
    write_media (out, plan, via_plan_media (plan, i), lines[i],
        is_first (plan, lines, i));
  return g_string_free (out, FALSE);
}

gchar *
via_sdp_write (const ViaPlan *plan, const ViaLocalTransport *local)
{
  const ViaLocalTransport *lines[VIA_PLAN_MAX_MEDIA];

  g_return_val_if_fail (plan != NULL && local != NULL, NULL);
  g_return_val_if_fail (plan->media->len <= VIA_PLAN_MAX_MEDIA, NULL);

  lines[0] = local; /* of the session, also without m-lines */
  for (guint i = 0; i < plan->media->len; i++)
    lines[i] = local;
  return via_sdp_write_lines (plan, lines);
}
