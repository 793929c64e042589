/* SPDX-License-Identifier: LGPL-2.1-or-later
 * core/data/ends.h – one end of data channels, and what it was told.
 */
#pragma once

#include <string.h>

#include "data/channels.h"

typedef struct
{
  ViaChannels *channels;
  GPtrArray *messages; /* GBytes* that came, in order */
  GArray *ids;         /* guint: on which channel */
  GArray *texts;       /* gboolean: as text */
  guint n_opened, n_closed, n_low;
  ViaChannelInfo last; /* opened or closed */
  const gchar *why;    /* of the last closed */
} End;

static inline void
end_init (End *self)
{
  memset (self, 0, sizeof *self);
  self->channels = via_channels_new ();
  self->messages =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->ids = g_array_new (FALSE, FALSE, sizeof (guint));
  self->texts = g_array_new (FALSE, FALSE, sizeof (gboolean));
}

static inline void
end_clear (End *self)
{
  via_channels_free (self->channels);
  via_channels_info_clear (&self->last);
  g_ptr_array_unref (self->messages);
  g_array_unref (self->ids);
  g_array_unref (self->texts);
}

/* Takes down all there is to hear. */
static inline void
end_listen (End *self)
{
  ViaChannelsEvent event;

  while (via_channels_poll (self->channels, &event)) {
    switch (event.type) {
      case VIA_CHANNELS_OPENED:
        self->n_opened++;
        break;
      case VIA_CHANNELS_CLOSED:
        self->n_closed++;
        self->why = event.why;
        break;
      case VIA_CHANNELS_LOW:
        self->n_low++;
        break;
      case VIA_CHANNELS_MESSAGE_CAME:
        g_ptr_array_add (self->messages, g_bytes_ref (event.message));
        g_array_append_val (self->ids, event.info.id);
        g_array_append_val (self->texts, event.is_text);
        break;
    }
    if (event.type == VIA_CHANNELS_OPENED
        || event.type == VIA_CHANNELS_CLOSED) {
      via_channels_info_clear (&self->last);
      via_channels_info_copy (&self->last, &event.info);
    }
    via_channels_event_clear (&event);
  }
}

static inline guint
end_open (End *self, const ViaChannelWish *wish)
{
  g_autoptr (GError) error = NULL;
  gint id = via_channels_create (self->channels, wish, &error);

  g_assert_no_error (error);
  g_assert_cmpint (id, >=, 0);
  return (guint) id;
}

static inline void
end_send (End *self, guint id, gboolean is_text, const void *data, gsize len)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, len);
  g_autoptr (GError) error = NULL;

  via_channels_send (self->channels, id, is_text, bytes, &error);
  g_assert_no_error (error);
}

static inline void
end_refuses (
    End *self, guint id, gboolean is_text, GBytes *bytes, ViaErrorCode code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (
      via_channels_send (self->channels, id, is_text, bytes, &error));
  g_assert_error (error, VIA_ERROR, (gint) code);
}

static inline void
end_got (
    const End *self, guint i, gboolean is_text, const void *data, gsize len)
{
  gsize n;
  const guint8 *came;

  g_assert_cmpuint (i, <, self->messages->len);
  came = g_bytes_get_data (g_ptr_array_index (self->messages, i), &n);
  g_assert_cmpmem (came, n, data, len);
  g_assert_cmpint (g_array_index (self->texts, gboolean, i), ==, is_text);
}
