/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/channels.c – the data channels of one peer: made, opened, closed.
 * Pure: no sockets, threads or clock. What moves on them is
 * data/channels_flow.c. RFC 8831 §6 · RFC 8832 §6
 *
 *   CONNECTING ─ACK or a message→ OPEN ─close, or they reset→ CLOSING
 *   ─both sides' streams reset→ CLOSED: the slot and the stream are free
 */
#include "data/channels-private.h"

#include <string.h>

/* --- values --- */

void
via_channels_info_copy (ViaChannelInfo *out, const ViaChannelInfo *from)
{
  *out = *from;
  out->label = g_ref_string_acquire (from->label);
  out->protocol = g_ref_string_acquire (from->protocol);
}

void
via_channels_info_clear (ViaChannelInfo *self)
{
  g_clear_pointer (&self->label, g_ref_string_release);
  g_clear_pointer (&self->protocol, g_ref_string_release);
}

void
via_channels_event_clear (ViaChannelsEvent *self)
{
  via_channels_info_clear (&self->info);
  g_clear_pointer (&self->message, g_bytes_unref);
}

static void
message_free (gpointer data)
{
  ViaChannelMessage *message = data;

  g_bytes_unref (message->bytes);
  g_free (message);
}

static void
channel_free (ViaChannel *channel)
{
  g_queue_clear_full (&channel->waiting, message_free);
  g_clear_pointer (&channel->partial, g_byte_array_unref);
  via_channels_info_clear (&channel->info);
  g_free (channel);
}

/* --- life --- */

ViaChannels *
via_channels_new (void)
{
  ViaChannels *self = g_new0 (ViaChannels, 1);

  self->all = g_ptr_array_new ();
  self->refused = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_queue_init (&self->events);
  return self;
}

void
via_channels_free (ViaChannels *self)
{
  ViaChannelsEvent event;

  if (self == NULL)
    return;
  for (guint i = 0; i < self->all->len; i++)
    if (via_channels_at (self, i) != NULL)
      channel_free (via_channels_at (self, i));
  while (via_channels_poll (self, &event))
    via_channels_event_clear (&event);
  g_ptr_array_unref (self->all);
  g_array_unref (self->refused);
  g_free (self);
}

ViaChannel *
via_channels_on (const ViaChannels *self, guint stream)
{
  for (guint i = 0; i < self->all->len; i++) {
    ViaChannel *channel = via_channels_at (self, i);

    if (channel != NULL && channel->info.stream == (gint) stream)
      return channel;
  }
  return NULL;
}

ViaChannel *
via_channels_add (ViaChannels *self, const gchar *label, const gchar *protocol)
{
  ViaChannel *channel;
  guint id = 0;

  if (self->n >= VIA_CHANNELS_MAX)
    return NULL;
  while (via_channels_at (self, id) != NULL)
    id++;
  if (id == self->all->len)
    g_ptr_array_add (self->all, NULL);
  channel = g_new0 (ViaChannel, 1);
  channel->info.id = id;
  channel->info.stream = -1;
  channel->info.label = g_ref_string_new (label);
  channel->info.protocol = g_ref_string_new (protocol);
  g_queue_init (&channel->waiting);
  self->all->pdata[id] = channel;
  self->n++;
  return channel;
}

void
via_channels_tell (
    ViaChannels *self, ViaChannelsEventType type, const ViaChannel *channel)
{
  ViaChannelsEvent *event = g_new0 (ViaChannelsEvent, 1);

  event->type = type;
  via_channels_info_copy (&event->info, &channel->info);
  g_queue_push_tail (&self->events, event);
}

void
via_channels_told_open (ViaChannels *self, ViaChannel *channel)
{
  if (channel->info.was_open || channel->info.state != VIA_CHANNEL_CONNECTING)
    return;
  channel->info.was_open = TRUE;
  channel->info.state = VIA_CHANNEL_OPEN;
  self->n_opened++;
  via_channels_tell (self, VIA_CHANNELS_OPENED, channel);
}

void
via_channels_remove (ViaChannels *self, ViaChannel *channel, const gchar *why)
{
  ViaChannelsEvent *event;

  channel->info.state = VIA_CHANNEL_CLOSED;
  self->n_closed += channel->info.was_open;
  via_channels_tell (self, VIA_CHANNELS_CLOSED, channel);
  event = g_queue_peek_tail (&self->events);
  event->why = why;
  self->all->pdata[channel->info.id] = NULL;
  self->n--;
  if (self->offered == channel)
    self->offered = NULL;
  channel_free (channel);
}

/* --- streams --- */

/* RFC 8832 §6: even ones are the DTLS client's. */
static gint
free_stream (const ViaChannels *self)
{
  for (guint i = self->is_dtls_client ? 0 : 1; i < self->n_streams; i += 2)
    if (via_channels_on (self, i) == NULL)
      return (gint) i;
  return -1;
}

static void
give_stream (ViaChannels *self, ViaChannel *channel)
{
  if (channel->info.stream < 0)
    channel->info.stream = free_stream (self);
  if (channel->info.stream < 0
      || channel->info.stream >= (gint) self->n_streams) {
    via_channels_remove (self, channel, "there is no stream left for it");
    return;
  }
  via_channels_forgive (self, (guint) channel->info.stream);
  channel->owes_open = !channel->info.is_negotiated;
  channel->is_acked = channel->info.is_negotiated;
  if (channel->info.is_negotiated)
    via_channels_told_open (self, channel);
}

void
via_channels_up (ViaChannels *self, gboolean is_dtls_client, guint n_streams,
    guint64 max_message)
{
  if (self->is_up)
    return;
  self->is_up = TRUE;
  self->is_dtls_client = is_dtls_client;
  self->n_streams = n_streams;
  self->max_message = max_message;
  /* Negotiated ones first: their streams are no others'. */
  for (guint pass = 0; pass < 2; pass++)
    for (guint i = 0; i < self->all->len; i++) {
      ViaChannel *channel = via_channels_at (self, i);

      if (channel != NULL && channel->info.is_negotiated == (pass == 0))
        give_stream (self, channel);
    }
}

void
via_channels_down (ViaChannels *self, const gchar *why)
{
  self->is_up = FALSE;
  self->resets = FALSE;
  g_array_set_size (self->refused, 0);
  for (guint i = 0; i < self->all->len; i++)
    if (via_channels_at (self, i) != NULL)
      via_channels_remove (self, via_channels_at (self, i), why);
}

/* --- making and closing --- */

static gboolean
check_text (const gchar *what, const gchar *text, GError **error)
{
  if (text != NULL && strlen (text) > VIA_DCEP_TEXT_MAX)
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "the %s of a data channel has at most %d bytes, not %" G_GSIZE_FORMAT,
        what, VIA_DCEP_TEXT_MAX, strlen (text));
  else if (text != NULL && !g_utf8_validate (text, -1, NULL))
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "the %s of a data channel must be UTF-8", what);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check_wish (const ViaChannels *self, const ViaChannelWish *wish, GError **error)
{
  guint n = self->is_up ? self->n_streams : VIA_CHANNELS_STREAMS;

  if (!check_text ("label", wish->label, error)
      || !check_text ("protocol", wish->protocol, error))
    return FALSE;
  if (wish->is_negotiated && wish->stream >= n) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
        "the id of a negotiated data channel is less than %u, not %u", n,
        wish->stream);
    return FALSE;
  }
  if (wish->is_negotiated && via_channels_on (self, wish->stream) != NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_STATE,
        "another data channel has the id %u", wish->stream);
    return FALSE;
  }
  return TRUE;
}

gint
via_channels_create (
    ViaChannels *self, const ViaChannelWish *wish, GError **error)
{
  ViaChannel *channel;

  if (!check_wish (self, wish, error))
    return -1;
  channel = self->is_up && !wish->is_negotiated && free_stream (self) < 0
                ? NULL
                : via_channels_add (self, //
                    wish->label != NULL ? wish->label : "",
                    wish->protocol != NULL ? wish->protocol : "");
  if (channel == NULL) {
    g_set_error (error, VIA_ERROR, VIA_ERROR_LIMIT,
        "there are %u data channels, and no more are possible", self->n);
    return -1;
  }
  channel->info.is_unordered = wish->is_unordered;
  channel->info.reliability = wish->reliability;
  channel->info.limit = wish->limit;
  channel->info.is_negotiated = wish->is_negotiated;
  channel->info.is_ours = TRUE;
  channel->low_threshold = wish->low_threshold;
  if (wish->is_negotiated)
    channel->info.stream = (gint) wish->stream;
  if (self->is_up)
    give_stream (self, channel);
  return (gint) channel->info.id;
}

gboolean
via_channels_close (ViaChannels *self, guint id)
{
  ViaChannel *channel = via_channels_at (self, id);

  if (channel == NULL)
    return FALSE;
  if (!self->is_up && channel->waiting.length == 0)
    via_channels_remove (self, channel, NULL);
  else
    channel->info.state = VIA_CHANNEL_CLOSING;
  return TRUE;
}

void
via_channels_settle (ViaChannels *self, ViaChannel *channel)
{
  if (channel->is_reset && channel->is_peer_reset)
    via_channels_remove (self, channel, NULL);
}

static void
peer_reset (ViaChannels *self, ViaChannel *channel)
{
  channel->is_peer_reset = TRUE;
  channel->info.state = VIA_CHANNEL_CLOSING;
  channel->owes_open = channel->owes_ack = FALSE;
  if (self->offered == channel)
    self->offered = NULL;
  /* Nobody is there to read it. RFC 8831 §6.7 */
  g_queue_clear_full (&channel->waiting, message_free);
  g_queue_init (&channel->waiting);
  channel->info.buffered = 0;
  via_channels_settle (self, channel);
}

void
via_channels_peer_reset (ViaChannels *self, guint stream)
{
  ViaChannel *channel = via_channels_on (self, stream);

  if (channel != NULL)
    peer_reset (self, channel);
}

void
via_channels_peer_reset_all (ViaChannels *self)
{
  for (guint i = 0; i < self->all->len; i++) {
    ViaChannel *channel = via_channels_at (self, i);

    if (channel != NULL && channel->info.stream >= 0)
      peer_reset (self, channel);
  }
}

void
via_channels_reset_done (ViaChannels *self, guint stream)
{
  ViaChannel *channel = via_channels_on (self, stream);

  self->resets = FALSE;
  if (channel == NULL)
    return;
  channel->is_reset = TRUE;
  via_channels_settle (self, channel);
}

/* --- what is known --- */

gboolean
via_channels_poll (ViaChannels *self, ViaChannelsEvent *out)
{
  ViaChannelsEvent *event = g_queue_pop_head (&self->events);

  if (event == NULL)
    return FALSE;
  *out = *event;
  g_free (event);
  return TRUE;
}

guint
via_channels_size (const ViaChannels *self)
{
  return self->n;
}

const ViaChannelInfo *
via_channels_info (const ViaChannels *self, guint id)
{
  const ViaChannel *channel = via_channels_at (self, id);

  return channel != NULL ? &channel->info : NULL;
}

gint
via_channels_find (const ViaChannels *self, const gchar *label)
{
  for (guint i = 0; i < self->all->len; i++) {
    const ViaChannel *channel = via_channels_at (self, i);

    if (channel != NULL && channel->info.state < VIA_CHANNEL_CLOSING
        && g_str_equal (channel->info.label, label))
      return (gint) i;
  }
  return -1;
}

guint64
via_channels_buffered (const ViaChannels *self)
{
  guint64 sum = 0;

  for (guint i = 0; i < self->all->len; i++)
    if (via_channels_at (self, i) != NULL)
      sum += via_channels_at (self, i)->info.buffered;
  return sum;
}

void
via_channels_counts (const ViaChannels *self, guint64 *out_opened,
    guint64 *out_closed, guint64 *out_dropped)
{
  *out_opened = self->n_opened;
  *out_closed = self->n_closed;
  *out_dropped = self->n_dropped;
}
