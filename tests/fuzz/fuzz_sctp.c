/* SPDX-License-Identifier: LGPL-2.1-or-later
 * fuzz/fuzz_sctp.c – any chunks, in a packet that is right in all else (ports,
 * tag, checksum), to an association that stands: nothing is read past its end,
 * and what comes of it is bounded.
 */
#include "fuzz.h"

#include "data/association.h"
#include "data/sctp.h"

#include <string.h>

#include <usrsctp.h>

#define HEADER 12

typedef struct
{
  ViaChannels *channels;
  ViaAssociation *association;
} Side;

static Side side[2];
static guint8 header[HEADER]; /* of packets to side 0 */

static void
side_free (Side *self)
{
  g_clear_pointer (&self->association, via_association_free);
  g_clear_pointer (&self->channels, via_channels_free);
}

static guint
listen_to (Side *self)
{
  ViaChannelsEvent event;
  guint n_closed = 0;

  while (via_channels_poll (self->channels, &event)) {
    n_closed += event.type == VIA_CHANNELS_CLOSED;
    via_channels_event_clear (&event);
  }
  return n_closed;
}

static void
carry_all (void)
{
  gboolean goes_on;

  do {
    goes_on = FALSE;
    for (guint i = 0; i < 2; i++) {
      g_autoptr (GBytes) packet = via_association_next (side[i].association);

      if (packet == NULL)
        continue;
      goes_on = TRUE;
      if (i == 1 && g_bytes_get_size (packet) >= HEADER)
        memcpy (header, g_bytes_get_data (packet, NULL), HEADER);
      via_association_feed (side[1 - i].association,
          g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
    }
  } while (goes_on);
}

static void
connect_sides (void)
{
  const ViaChannelWish wish = {.label = "x"};

  for (guint i = 0; i < 2; i++) {
    const ViaAssociationConfig config = {5000, 5000, i == 0, 0};

    side[i].channels = via_channels_new ();
    side[i].association = via_association_new (&config, side[i].channels, NULL);
    g_assert_nonnull (side[i].association);
    via_channels_create (side[i].channels, &wish, NULL);
  }
  carry_all ();
  g_assert_cmpuint (via_channels_size (side[0].channels), ==, 2);
  for (guint i = 0; i < 2; i++)
    listen_to (&side[i]);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static guint n;
  g_autofree guint8 *packet = g_malloc (HEADER + size);
  guint32 sum;

  if (side[0].association == NULL)
    connect_sides ();
  memcpy (packet, header, HEADER);
  memset (packet + 8, 0, 4);
  if (size > 0)
    memcpy (packet + HEADER, data, size);
  sum = usrsctp_crc32c (packet, HEADER + size);
  memcpy (packet + 8, &sum, 4);
  via_association_feed (side[0].association, packet, HEADER + size);
  via_association_feed (side[0].association, data, size); /* and bare */
  carry_all ();
  if (++n % 16 == 0)
    via_sctp_elapse (100);
  g_assert_cmpuint (via_channels_size (side[0].channels), <=, VIA_CHANNELS_MAX);
  if (listen_to (&side[0]) > 0 || listen_to (&side[1]) > 0 || n % 256 == 0)
    for (guint i = 0; i < 2; i++)
      side_free (&side[i]);
  return 0;
}
