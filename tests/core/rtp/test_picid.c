/* SPDX-License-Identifier: LGPL-2.1-or-later
 * tests/core/rtp/test_picid.c – numbers of pictures stay one row.
 */
#include "rtp/picid.h"

/* A VP8 descriptor with a 15-bit id and TL0PICIDX, and a byte of picture. */
typedef struct
{
  guint8 bytes[8];
} Payload;

static Payload
vp8 (guint picture, guint tl0)
{
  return (Payload){{0x90, 0xc0, (guint8) (0x80 | picture >> 8),
      (guint8) picture, (guint8) tl0, 0x10, 1, 2}};
}

/* As it goes out. */
static Payload
pass (ViaPicidRow *row, ViaCodecId codec, Payload payload)
{
  ViaPicidShift shift =
      via_picid_map (row, codec, payload.bytes, sizeof payload.bytes);

  via_picid_apply (&shift, payload.bytes, sizeof payload.bytes);
  return payload;
}

static void
expect (Payload got, Payload wanted)
{
  g_assert_cmpmem (
      got.bytes, sizeof got.bytes, wanted.bytes, sizeof wanted.bytes);
}

static void
test_picid_first_source_keeps_its_numbers (void)
{
  ViaPicidRow row = {0};

  expect (pass (&row, VIA_CODEC_VP8, vp8 (700, 9)), vp8 (700, 9));
  expect (pass (&row, VIA_CODEC_VP8, vp8 (702, 10)), vp8 (702, 10));
}

static void
test_picid_next_source_follows_the_last_picture (void)
{
  ViaPicidRow row = {0};

  pass (&row, VIA_CODEC_VP8, vp8 (700, 9));
  pass (&row, VIA_CODEC_VP8, vp8 (701, 10));
  pass (&row, VIA_CODEC_VP8, vp8 (699, 9)); /* late: not the last */
  via_picid_switch (&row);
  expect (pass (&row, VIA_CODEC_VP8, vp8 (40, 200)), vp8 (702, 11));
  expect (pass (&row, VIA_CODEC_VP8, vp8 (40, 200)), vp8 (702, 11));
  expect (pass (&row, VIA_CODEC_VP8, vp8 (43, 201)), vp8 (705, 12));
  via_picid_switch (&row);
  expect (pass (&row, VIA_CODEC_VP8, vp8 (701, 10)), vp8 (706, 13));
}

static void
test_picid_rows_wrap (void)
{
  ViaPicidRow row = {0};

  pass (&row, VIA_CODEC_VP8, vp8 (0x7fff, 255));
  via_picid_switch (&row);
  expect (pass (&row, VIA_CODEC_VP8, vp8 (5, 5)), vp8 (0, 0));
  expect (pass (&row, VIA_CODEC_VP8, vp8 (6, 5)), vp8 (1, 0));
}

static void
test_picid_forms_without_a_number_stay_as_they_are (void)
{
  static const Payload plain[] = {
      {{0x10, 0x50, 1, 2, 3, 4, 5, 6}}, /* no X */
      {{0x90, 0x30, 1, 2, 3, 4, 5, 6}}, /* TID, KEYIDX */
  };
  ViaPicidRow row = {0};

  pass (&row, VIA_CODEC_VP8, vp8 (700, 9));
  via_picid_switch (&row);
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    expect (pass (&row, VIA_CODEC_VP8, plain[i]), plain[i]);
  expect (pass (&row, VIA_CODEC_H264, vp8 (3, 3)), vp8 (3, 3));
}

static void
test_picid_short_ids_and_vp9_are_shifted_too (void)
{
  const Payload first = {{0x90, 0x80, 0x7f, 0x10, 1, 2, 3, 4}};
  const Payload second = {{0x90, 0x80, 0x05, 0x10, 1, 2, 3, 4}};
  const Payload second_out = {{0x90, 0x80, 0x00, 0x10, 1, 2, 3, 4}};
  const Payload vp9 = {{0xa8, 0x85, 0x01, 0x00, 7, 0x82, 1, 2}};
  const Payload vp9_next = {{0xa8, 0x80, 0x09, 0x00, 9, 0x82, 1, 2}};
  const Payload vp9_out = {{0xa8, 0x85, 0x02, 0x00, 8, 0x82, 1, 2}};
  const Payload flexible = {{0xb8, 0x80, 0x0a, 0x00, 9, 0x82, 1, 2}};
  const Payload flexible_out = {{0xb8, 0x85, 0x03, 0x00, 9, 0x82, 1, 2}};
  ViaPicidRow row = {0}, row9 = {0};

  pass (&row, VIA_CODEC_VP8, first);
  via_picid_switch (&row);
  expect (pass (&row, VIA_CODEC_VP8, second), second_out);
  pass (&row9, VIA_CODEC_VP9, vp9);
  via_picid_switch (&row9);
  expect (pass (&row9, VIA_CODEC_VP9, vp9_next), vp9_out);
  expect (pass (&row9, VIA_CODEC_VP9, flexible), flexible_out);
}

/* Nothing beyond what is there is read or written. */
static void
test_picid_truncated_payloads_are_left_alone (void)
{
  const Payload whole = vp8 (700, 9), next = vp8 (3, 3);

  for (gsize len = 0; len < sizeof whole.bytes; len++) {
    ViaPicidRow row = {0};
    g_autofree guint8 *bytes = g_memdup2 (next.bytes, len);
    ViaPicidShift shift;

    pass (&row, VIA_CODEC_VP8, whole);
    via_picid_switch (&row);
    shift = via_picid_map (&row, VIA_CODEC_VP8, bytes, len);
    via_picid_apply (&shift, bytes, len);
    if (len < 4)
      g_assert_cmpmem (bytes, len, next.bytes, len);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/picid/first", test_picid_first_source_keeps_its_numbers);
  g_test_add_func (
      "/picid/next", test_picid_next_source_follows_the_last_picture);
  g_test_add_func ("/picid/wrap", test_picid_rows_wrap);
  g_test_add_func (
      "/picid/none", test_picid_forms_without_a_number_stay_as_they_are);
  g_test_add_func (
      "/picid/forms", test_picid_short_ids_and_vp9_are_shifted_too);
  g_test_add_func (
      "/picid/truncated", test_picid_truncated_payloads_are_left_alone);
  return g_test_run ();
}
