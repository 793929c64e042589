/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_read.c – broken SDP and the error each gives; bounds.
 */
#include "support.h"

typedef struct
{
  const gchar *find, *replace;
  ViaErrorCode code;
} Broken;

#define SYNTAX VIA_ERROR_SYNTAX
#define REFUSED VIA_ERROR_REFUSED
#define PRINT "a=fingerprint:" FINGERPRINT "\r\n"
#define PWD "a=ice-pwd:secretSecretSecret0123\r\n"

static const Broken broken[] = {
    /* lines */
    {"v=0", "v=1", SYNTAX},
    {"v=0\r\n", "", SYNTAX},
    {"o=- 1 1 IN IP4 127.0.0.1\r\n", "", SYNTAX},
    {"s=-", "v=0", SYNTAX},
    {"s=-", "o=-", SYNTAX},
    {"s=-", "s", SYNTAX},
    {"s=-", "S=-", SYNTAX},
    {"s=-", "no equals sign", SYNTAX},
    {"s=-", "s=a\001b", SYNTAX},
    {"s=-", "s=a\rb", SYNTAX},
    {"s=-", "s=\xff\xfe", SYNTAX},
    {"s=-\r\n", "\r\ns=-\r\n", SYNTAX},
    /* m= */
    {"m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "m=audio 9 UDP/TLS/RTP/SAVPF",
        SYNTAX},
    {"m=audio 9 UDP", "m=audio  9 UDP", SYNTAX},
    {"m=audio 9", "m=audio 65536", SYNTAX},
    {"m=audio 9", "m=audio -9", SYNTAX},
    {"m=audio 9", "m=audio 9x", SYNTAX},
    {"m=audio 9", "m=audio 9/x", SYNTAX},
    {"SAVPF 111", "SAVPF 128", SYNTAX},
    {"SAVPF 111", "SAVPF opus", SYNTAX},
    {"SAVPF 111", "SAVPF 111 111", REFUSED},
    /* codecs */
    {"rtpmap:111", "rtpmap:128", SYNTAX},
    {"rtpmap:111", "rtpmap:x", SYNTAX},
    {"opus/48000/2", "opus", SYNTAX},
    {"opus/48000/2", "/48000/2", SYNTAX},
    {"opus/48000/2", "opus/0/2", SYNTAX},
    {"opus/48000/2", "opus/2147483648/2", SYNTAX},
    {"opus/48000/2", "opus/99999999999999999999/2", SYNTAX},
    {"opus/48000/2", "opus/48000/0", SYNTAX},
    {"opus/48000/2", "opus/48000/256", SYNTAX},
    {"a=rtpmap:96", "a=rtpmap:96 H264/90000\r\na=rtpmap:96", REFUSED},
    {"fmtp:111", "fmtp:999", SYNTAX},
    {"fmtp:111", "fmtp:", SYNTAX},
    {"rtcp-fb:96", "rtcp-fb:x", SYNTAX},
    {"apt=96", "apt=128", SYNTAX},
    {"apt=96", "apt=x", SYNTAX},
    {"SAVPF 96 97", "SAVPF 96 97 111\r\na=rtpmap:111 H264/90000", REFUSED},
    /* extensions */
    {"extmap:4", "extmap:0", SYNTAX},
    {"extmap:4", "extmap:256", SYNTAX},
    {"extmap:4", "extmap:4352", SYNTAX},
    {"extmap:4", "extmap:-1", SYNTAX},
    {"extmap:4", "extmap:4/both", SYNTAX},
    {"extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid", "extmap:4", SYNTAX},
    {"a=extmap:4 ", "a=extmap:4 urn:x\r\na=extmap:4 ", REFUSED},
    {"extmap:5 ", "extmap:4 ", REFUSED},
    /* mid and BUNDLE */
    {"a=mid:v", "a=mid:a", REFUSED},
    {"a=mid:a", "a=mid:a\r\na=mid:b", SYNTAX},
    {"a=mid:a", "a=mid:", SYNTAX},
    {"a=mid:a", "a=mid:a b", SYNTAX},
    {"BUNDLE a v d", "BUNDLE a v d x", REFUSED},
    {"BUNDLE a v d", "BUNDLE a v d a", REFUSED},
    {"a=group:BUNDLE a v d", "a=group:BUNDLE a v\r\na=group:BUNDLE a d",
        REFUSED},
    /* ICE */
    {"a=ice-ufrag:abcd\r\n", "", REFUSED},
    {"ice-ufrag:abcd", "ice-ufrag:abc", REFUSED},
    {"ice-ufrag:abcd", "ice-ufrag:ab cd", SYNTAX},
    {"ice-ufrag:abcd", "ice-ufrag:abcd\r\na=ice-ufrag:efgh", SYNTAX},
    {PWD, "", REFUSED},
    {"secretSecretSecret0123", "secretSecretSecret012", REFUSED},
    {"secretSecretSecret0123", "secretSecret Secret01234", SYNTAX},
    /* DTLS */
    {PRINT, "", REFUSED},
    {PRINT, "a=fingerprint:md5 00:11\r\n", REFUSED},
    {PRINT, "a=fingerprint:sha-1 00:11\r\n", REFUSED},
    {PRINT, "a=fingerprint:sha-257 00:11\r\n", REFUSED},
    {PRINT, "a=fingerprint:\r\n", SYNTAX},
    {PRINT, "a=fingerprint:sha-256\r\n", SYNTAX},
    {PRINT, "a=fingerprint:sha-256 00:11\r\n", SYNTAX},
    {"sha-256 00:11", "sha-256 00-11", SYNTAX},
    {"sha-256 00:11", "sha-256 0x:11", SYNTAX},
    {"sha-256 00", "sha-384 00", SYNTAX},
    {"a=setup:actpass\r\n", "", REFUSED},
    {"setup:actpass", "setup:holdconn", REFUSED},
    {"setup:actpass", "setup:both", SYNTAX},
    {"setup:actpass", "setup:actpass\r\na=setup:active", SYNTAX},
    {"a=rtcp-mux\r\n", "", REFUSED},
    /* sources */
    {"a=sendrecv", "a=sendrecv\r\na=recvonly", SYNTAX},
    {"ssrc:1111", "ssrc:0", SYNTAX},
    {"ssrc:1111", "ssrc:4294967296", SYNTAX},
    {"ssrc:1111", "ssrc:x", SYNTAX},
    {"ssrc:1111", "ssrc:2222", REFUSED},
    {"FID 2222 3333", "FID 2222 2222", SYNTAX},
    {"FID 2222 3333", "FID 2222", SYNTAX},
    {"FID 2222 3333", "FID 2222 3333 4444", SYNTAX},
    {"a=mid:v", "a=mid:v\r\na=rid:h", SYNTAX},
    {"a=mid:v", "a=mid:v\r\na=rid:h both", SYNTAX},
    {"a=mid:v", "a=mid:v\r\na=rid:h send\r\na=rid:h send", SYNTAX},
    {"a=mid:v", "a=mid:v\r\na=msid:", SYNTAX},
    /* SCTP */
    {"sctp-port:5000", "sctp-port:65536", SYNTAX},
    {"sctp-port:5000", "sctp-port:x", SYNTAX},
    {"sctp-port:5000", "max-message-size:-1", SYNTAX},
};

static void
assert_refused (const gchar *offer, ViaErrorCode code)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) plan = answer_to (&local, offer, &error);

  g_assert_error (error, VIA_ERROR, (gint) code);
  g_assert_null (plan);
  g_assert_null (strstr (error->message, "secretSecret"));
}

static void
test_read_sound_offer_is_taken (void)
{
  ViaPlanLocal local = wish_all ();
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) plan = answer_to (&local, OFFER, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (plan->media->len, ==, 3);
}

static void
test_read_broken_gives_its_error (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autofree gchar *offer = edit (OFFER, broken[i].find, broken[i].replace);

    g_test_message ("row %u", i);
    assert_refused (offer, broken[i].code);
  }
  g_assert_cmpuint (G_N_ELEMENTS (broken), >=, 40);
}

static void
test_read_no_sdp_at_all_is_syntax (void)
{
  assert_refused ("", SYNTAX);
  assert_refused ("\r\n", SYNTAX);
  assert_refused ("hello", SYNTAX);
  assert_refused ("v=0\r\n", SYNTAX);
  assert_refused ("{\"type\":\"offer\"}", SYNTAX);
}

static void
test_read_nothing_usable_is_unsupported (void)
{
  g_autofree gchar *ports = edit_all (OFFER, " 9 UDP", " 0 UDP");
  g_autofree gchar *plain = edit_all (OFFER, "UDP/TLS/RTP/SAVPF", "RTP/AVP");
  g_autofree gchar *no_data = edit (plain, "sctp-port:5000", "sctp-port:0");

  assert_refused (OFFER_HEAD, VIA_ERROR_UNSUPPORTED);
  assert_refused (ports, VIA_ERROR_UNSUPPORTED);
  assert_refused (no_data, VIA_ERROR_UNSUPPORTED);
  assert_refused (OFFER_HEAD
      "m=text 9 UDP/TLS/RTP/SAVPF 98\r\n" OFFER_TRANSPORT,
      VIA_ERROR_UNSUPPORTED);
}

static void
test_read_nul_byte_is_refused (void)
{
  gchar text[] = OFFER;
  g_autoptr (GError) error = NULL;

  text[20] = '\0';
  g_assert_null (via_sdp_read (text, sizeof text - 1, &error));
  g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
}

static void
test_read_text_need_not_end_in_nul (void)
{
  gsize len = strlen (OFFER);
  g_autofree gchar *text = g_memdup2 (OFFER, len);
  g_autoptr (ViaSdp) sdp = via_sdp_read (text, len, NULL);

  g_assert_nonnull (sdp);
}

static void
test_read_bare_newlines_are_taken (void)
{
  g_autofree gchar *text = edit_all (OFFER, "\r\n", "\n");
  g_autofree gchar *more = g_strconcat (text, "\n\n", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaSdp) sdp = read_text (more, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (sdp->media->len, ==, 3);
}

/* @n times @format (with the number in it) put in before a=mid:v. */
static gchar *
with_lines (guint n, const gchar *format, guint from)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    g_auto (GStrv) parts = g_strsplit (format, "#", 0);
    g_autofree gchar *number = g_strdup_printf ("%u", from + i);
    g_autofree gchar *line = g_strjoinv (number, parts);

    g_string_append_printf (lines, "%s\r\n", line);
  }
  g_string_append (lines, "a=mid:v");
  return edit (OFFER, "a=mid:v", lines->str);
}

static void
assert_read (const gchar *text, gboolean is_taken)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaSdp) sdp = read_text (text, &error);

  g_assert_cmpint (sdp != NULL, ==, is_taken);
  if (is_taken)
    g_assert_no_error (error);
  else
    g_assert_error (error, VIA_ERROR, VIA_ERROR_SYNTAX);
}

static void
test_read_bounds_hold_exactly (void)
{
  static const struct
  {
    const gchar *line;
    guint from, most;
  } rows[] = {
      {"a=extmap:# urn:x#", 20, VIA_SDP_MAX_EXTS - 1},
      {"a=ssrc:# cname:x", 5000, VIA_SDP_MAX_SOURCES - 2},
      {"a=rid:# send", 0, VIA_SDP_MAX_RIDS},
      {PRINT "b=#", 0, VIA_SDP_MAX_FINGERPRINTS - 1},
      {"a=ssrc-group:FID 2222 3333", 0, VIA_SDP_MAX_SOURCES - 1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *most =
        with_lines (rows[i].most, rows[i].line, rows[i].from);
    g_autofree gchar *over =
        with_lines (rows[i].most + 1, rows[i].line, rows[i].from);

    g_test_message ("row %u", i);
    assert_read (most, TRUE);
    assert_read (over, FALSE);
  }
}

static void
test_read_size_and_line_bounds (void)
{
  g_autofree gchar *fill = g_strnfill (VIA_SDP_MAX_LINE - 2, 'x');
  g_autofree gchar *longest = g_strconcat ("s=", fill, NULL);
  g_autofree gchar *over = g_strconcat ("s=", fill, "x", NULL);
  g_autofree gchar *fits = edit (OFFER, "s=-", longest);
  g_autofree gchar *breaks = edit (OFFER, "s=-", over);
  g_auto (GStrv) lines = g_strsplit (OFFER, "\n", 0);
  guint room = VIA_SDP_MAX_LINES - (g_strv_length (lines) - 1);
  g_autofree gchar *most = with_lines (room, "b=x", 0);
  g_autofree gchar *many = with_lines (room + 1, "b=x", 0);
  g_autofree gchar *million = g_strnfill (1024 * 1024, 'a');
  g_autofree gchar *storm = with_lines (259318, "a=x:#", 0);

  assert_read (fits, TRUE);
  assert_read (breaks, FALSE);
  assert_read (most, TRUE);
  assert_read (many, FALSE);
  assert_read (million, FALSE);
  assert_read (storm, FALSE);
}

static void
test_read_64_m_lines_are_the_most (void)
{
  g_autoptr (GString) text = g_string_new (OFFER_HEAD);

  for (guint i = 0; i < 64; i++)
    g_string_append (text, "m=text 9 udp x\r\n");
  assert_read (text->str, TRUE);
  g_string_append (text, "m=text 9 udp x\r\n");
  assert_read (text->str, FALSE);
}

static void
test_read_64_codecs_are_the_most (void)
{
  g_autoptr (GString) text =
      g_string_new (OFFER_HEAD "m=video 9 UDP/TLS/RTP/SAVPF");

  for (guint i = 0; i < 64; i++)
    g_string_append_printf (text, " %u", i);
  assert_read (text->str, TRUE);
  g_string_append (text, " 64");
  assert_read (text->str, FALSE);
}

static void
test_read_candidates_over_100_are_passed_over (void)
{
  g_autofree gchar *text =
      with_lines (150, "a=candidate:# 1 udp 1 192.0.2.1 9 typ host", 0);
  g_autoptr (ViaSdp) sdp = read_text (text, NULL);

  g_assert_cmpuint (via_sdp_media (sdp, 1)->section.candidates->len, ==,
      VIA_SDP_MAX_CANDIDATES);
  g_assert_cmpstr (
      g_ptr_array_index (via_sdp_media (sdp, 1)->section.candidates, 0), ==,
      "candidate:0 1 udp 1 192.0.2.1 9 typ host");
}

/* RFC 8285 §5: 4096 and up ask for an id; they are no error and no id. */
static void
test_read_extmap_ids_to_be_given_are_passed_over (void)
{
  ViaPlanLocal local = wish_all ();
  g_autofree gchar *text = edit (OFFER, "extmap:5 ", "extmap:4096 ");
  g_autoptr (GError) error = NULL;
  g_autoptr (ViaPlan) plan = answer_to (&local, text, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (via_plan_media (plan, 1)->exts->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sdp/read/sound", test_read_sound_offer_is_taken);
  g_test_add_func ("/sdp/read/broken", test_read_broken_gives_its_error);
  g_test_add_func ("/sdp/read/no-sdp", test_read_no_sdp_at_all_is_syntax);
  g_test_add_func (
      "/sdp/read/nothing-usable", test_read_nothing_usable_is_unsupported);
  g_test_add_func ("/sdp/read/nul", test_read_nul_byte_is_refused);
  g_test_add_func ("/sdp/read/length", test_read_text_need_not_end_in_nul);
  g_test_add_func ("/sdp/read/newlines", test_read_bare_newlines_are_taken);
  g_test_add_func ("/sdp/read/bounds", test_read_bounds_hold_exactly);
  g_test_add_func ("/sdp/read/size", test_read_size_and_line_bounds);
  g_test_add_func ("/sdp/read/m-lines", test_read_64_m_lines_are_the_most);
  g_test_add_func ("/sdp/read/codecs", test_read_64_codecs_are_the_most);
  g_test_add_func (
      "/sdp/read/candidates", test_read_candidates_over_100_are_passed_over);
  g_test_add_func ("/sdp/read/extmap-4096",
      test_read_extmap_ids_to_be_given_are_passed_over);
  return g_test_run ();
}
