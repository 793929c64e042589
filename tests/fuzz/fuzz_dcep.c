/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_dcep.c – any bytes as the control messages of data channels: what
 * is read stays inside, is bounded and survives a round trip; the channels stay
 * within their bounds.
 */
#include "fuzz.h"

#include "data/channels.h"

static void
check_open (const ViaDcepOpen *open, const uint8_t *data, size_t size)
{
  guint8 out[VIA_DCEP_MAX];
  ViaDcepOpen again;
  gsize len = via_dcep_write_open (open, out);

  g_assert_true (open->label_len <= VIA_DCEP_TEXT_MAX
                 && open->protocol_len <= VIA_DCEP_TEXT_MAX);
  g_assert_true (
      (const uint8_t *) open->label >= data
      && (const uint8_t *) open->protocol + open->protocol_len <= data + size);
  g_assert_cmpint (via_dcep_read (out, len, &again), ==, VIA_DCEP_OPEN);
  g_assert_cmpmem (again.label, again.label_len, open->label, open->label_len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (ViaChannels) channels = via_channels_new ();
  ViaDcepOpen open;
  ViaChannelsOut out;

  if (via_dcep_read (data, size, &open) == VIA_DCEP_OPEN)
    check_open (&open, data, size);
  via_channels_up (channels, FALSE, 16, 0);
  via_channels_receive (channels, 2, 50, data, size, TRUE);
  /* And each byte as what happens to some stream. */
  for (size_t i = 0; i + 1 < size; i++) {
    guint stream = data[i] % 18;

    switch (data[i] >> 5) {
      case 0:
        via_channels_peer_reset (channels, stream);
        break;
      case 1:
        via_channels_reset_done (channels, stream);
        break;
      case 2:
        via_channels_close (channels, stream);
        break;
      case 3:
        if (via_channels_next (channels, &out))
          via_channels_done (channels);
        break;
      default:
        via_channels_receive (channels, stream, 48 + data[i] % 10, data + i + 1,
            size - i - 1, data[i] & 1);
    }
  }
  g_assert_cmpuint (via_channels_size (channels), <=, 16);
  return 0;
}
