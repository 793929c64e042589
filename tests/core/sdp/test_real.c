/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/sdp/test_real.c – what browsers and webrtcbin wrote, and the plan
 * each file calls for. tests/data/sdp/expected.txt is the table: a file name,
 * then what is made of it, indented. VIA_PRINT_PLANS=1 prints it anew.
 */
#include "support.h"

static gboolean
is_answer (const gchar *name)
{
  return g_str_has_suffix (name, "-answer.sdp");
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

static GPtrArray *
data_names (void)
{
  g_autofree gchar *path = g_build_filename (TEST_DATA, "sdp", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, ".sdp"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gchar *
summarise_file (const gchar *name)
{
  g_autofree gchar *text = data_file (name);
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", name);
  if (is_answer (name)) {
    g_autoptr (ViaSdp) sdp = read_text (text, &error);

    g_assert_no_error (error);
    return summarise_sdp (sdp);
  } else {
    ViaPlanLocal local = wish_all ();
    g_autoptr (ViaPlan) plan = answer_to (&local, text, &error);

    g_assert_no_error (error);
    return summarise_plan (plan);
  }
}

static GHashTable *
expected_table (void)
{
  GHashTable *table =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree gchar *text = data_file ("expected.txt");
  g_auto (GStrv) lines = g_strsplit (text, "\n", 0);

  for (guint i = 0; lines[i] != NULL;) {
    gchar *name = g_strdup (lines[i++]);
    GString *block = g_string_new (NULL);

    for (; lines[i] != NULL && *lines[i] == ' '; i++)
      g_string_append_printf (block, "%s\n", lines[i]);
    g_hash_table_insert (table, name, g_string_free (block, FALSE));
  }
  return table;
}

static void
test_real_each_file_gives_the_plan_it_calls_for (void)
{
  g_autoptr (GPtrArray) names = data_names ();
  g_autoptr (GHashTable) expected = NULL;

  if (g_getenv ("VIA_PRINT_PLANS") == NULL)
    expected = expected_table ();
  g_assert_cmpuint (names->len, >=, 61);
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *got = summarise_file (name);

    if (expected == NULL)
      g_printerr ("%s\n%s", name, got);
    else
      g_assert_cmpstr (got, ==, g_hash_table_lookup (expected, name));
  }
}

/* Every real offer: answered, written, read again: same m-lines, no more
 * codecs than offered, and the browser's rules for an answer hold. */
static void
test_real_answers_written_read_back (void)
{
  g_autoptr (GPtrArray) names = data_names ();
  ViaLocalTransport transport = our_transport ();
  ViaPlanLocal local = wish_all ();

  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *offer_text = NULL, *answer_text = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (ViaSdp) offer = NULL, answer = NULL;
    g_autoptr (ViaPlan) plan = NULL;

    if (is_answer (name))
      continue;
    offer_text = data_file (name);
    offer = read_text (offer_text, NULL);
    plan = answer_to (&local, offer_text, NULL);
    answer_text = via_sdp_write (plan, &transport);
    answer = read_text (answer_text, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (answer->media->len, ==, offer->media->len);
    for (guint k = 0; k < answer->media->len; k++) {
      const ViaSdpMedia *ours = via_sdp_media (answer, k);
      const ViaSdpMedia *theirs = via_sdp_media (offer, k);

      g_assert_cmpstr (ours->mid, ==, theirs->mid);
      g_assert_cmpstr (ours->media, ==, theirs->media);
      g_assert_cmpstr (ours->protocol, ==, theirs->protocol);
      g_assert_cmpint (
          ours->is_refused, ==, via_plan_media (plan, k)->is_rejected);
      g_assert_cmpuint (ours->codecs->len, <=, theirs->codecs->len + 1);
    }
  }
}

/* Each H.264 entry of the answer has the profile the offer has under the same
 * payload type (RFC 6184 §8.2.2). */
static void
test_real_h264_answer_echoes_the_profile (void)
{
  g_autofree gchar *offer = data_file ("chromium-H264-av-dc-offer.sdp");
  static const struct
  {
    guint8 pt;
    const gchar *level, *mode;
  } rows[] = {{108, "42e01f", "1"}, {102, "42001f", "1"}, {116, "4d001f", "1"},
      {114, "42e01f", "0"}, {104, "42001f", "0"}, {39, "4d001f", "0"}};
  static const ViaCodecId h264[] = {VIA_CODEC_H264};
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = NULL;
  const ViaPlanMedia *video;

  local.video_codecs = h264;
  local.n_video_codecs = 1;
  plan = answer_to (&local, offer, NULL);
  video = via_plan_media (plan, 1);
  g_assert_cmpuint (video->codecs->len, ==, G_N_ELEMENTS (rows));
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const ViaPlanCodec *codec = &g_array_index (video->codecs, ViaPlanCodec, i);
    g_autofree gchar *level =
        via_fmtp_get (codec->codec.fmtp, "profile-level-id");
    g_autofree gchar *mode =
        via_fmtp_get (codec->codec.fmtp, "packetization-mode");

    g_assert_cmpuint (codec->pt, ==, rows[i].pt);
    g_assert_cmpstr (level, ==, rows[i].level);
    g_assert_cmpstr (mode, ==, rows[i].mode);
  }
}

/* Who only sends has no use for packetization mode 0. */
static void
test_real_sender_answers_h264_mode_1_only (void)
{
  g_autofree gchar *offer = data_file ("chromium-recvonly.sdp");
  ViaPlanLocal local = wish_all ();
  g_autoptr (ViaPlan) plan = NULL;
  const ViaPlanMedia *video;
  guint n = 0;

  plan = answer_to (&local, offer, NULL);
  video = via_plan_media (plan, 1);
  g_assert_cmpint (video->direction, ==, VIA_DIRECTION_SENDONLY);
  g_assert_cmpuint (video->ssrc, !=, 0);
  g_assert_cmpuint (video->rtx_ssrc, !=, 0);
  g_assert_cmpuint (video->rtx_ssrc, !=, video->ssrc);
  for (guint i = 0; i < video->codecs->len; i++) {
    const ViaPlanCodec *codec = &g_array_index (video->codecs, ViaPlanCodec, i);

    if (codec->codec.id != VIA_CODEC_H264)
      continue;
    n++;
    g_assert_cmpint (
        via_codec_h264_packetization_mode (codec->codec.fmtp), ==, 1);
  }
  g_assert_cmpuint (n, ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func (
      "/sdp/real/plans", test_real_each_file_gives_the_plan_it_calls_for);
  g_test_add_func (
      "/sdp/real/answers-read-back", test_real_answers_written_read_back);
  g_test_add_func (
      "/sdp/real/h264-profile-echo", test_real_h264_answer_echoes_the_profile);
  g_test_add_func ("/sdp/real/h264-sender-mode-1",
      test_real_sender_answers_h264_mode_1_only);
  return g_test_run ();
}
