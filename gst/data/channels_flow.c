/* SPDX-License-Identifier: LGPL-2.1-or-later
 * data/channels_flow.c – messages on data channels, both ways.
 * Pure: no sockets, threads or clock.
 * RFC 8831 §6.6, §8 · RFC 8832 §6
 */
#include "data/channels-private.h"

#include <string.h>

#define REFUSED_MAX 64 /* resets of streams that are no channel's */

/* --- out --- */

/* NULL, or why @message cannot go. */
static const gchar *
check_send (const ViaChannels *self, const ViaChannel *channel,
    gboolean is_text, GBytes *message, ViaErrorCode *out_code)
{
  gsize len;
  const gchar *data = g_bytes_get_data (message, &len);

  *out_code = VIA_ERROR_LIMIT;
  if (len > VIA_CHANNELS_MESSAGE)
    return "a message has at most 262144 bytes";
  if (self->max_message > 0 && len > self->max_message)
    return "the message is longer than what the peer takes";
  if (channel->info.buffered + len > VIA_CHANNELS_BUFFER)
    return "too much waits to be sent on this data channel";
  *out_code = VIA_ERROR_STATE;
  if (channel->info.state >= VIA_CHANNEL_CLOSING)
    return "the data channel is closing";
  *out_code = VIA_ERROR_SYNTAX;
  if (is_text && !g_utf8_validate_len (data, len, NULL))
    return "a text message must be UTF-8";
  return NULL;
}

gboolean
via_channels_send (ViaChannels *self, guint id, gboolean is_text,
    GBytes *message, GError **error)
{
  static const guint8 zero[1] = {0};
  ViaChannel *channel = via_channels_at (self, id);
  ViaErrorCode code = VIA_ERROR_NOT_FOUND;
  const gchar *why = channel != NULL
                         ? check_send (self, channel, is_text, message, &code)
                         : "there is no such data channel";
  gsize len = g_bytes_get_size (message);
  ViaChannelMessage *waits;

  if (why != NULL) {
    g_set_error (error, VIA_ERROR, code, "data channel %u: %s", id, why);
    return FALSE;
  }
  waits = g_new0 (ViaChannelMessage, 1);
  if (len > 0) {
    waits->ppid = is_text ? VIA_PPID_STRING : VIA_PPID_BINARY;
    waits->bytes = g_bytes_ref (message);
  } else { /* SCTP has no empty messages: one byte that is none */
    waits->ppid = is_text ? VIA_PPID_STRING_EMPTY : VIA_PPID_BINARY_EMPTY;
    waits->bytes = g_bytes_new_static (zero, 1);
  }
  channel->info.buffered += len;
  g_queue_push_tail (&channel->waiting, waits);
  return TRUE;
}

static gsize
write_open (const ViaChannel *channel, guint8 *out)
{
  ViaDcepOpen open = {.is_ordered = !channel->info.is_unordered,
      .reliability = channel->info.reliability,
      .limit = channel->info.limit,
      .priority = 256, /* normal, RFC 8831 §6.4 */
      .label = channel->info.label,
      .protocol = channel->info.protocol,
      .label_len = g_ref_string_length (channel->info.label),
      .protocol_len = g_ref_string_length (channel->info.protocol)};

  return via_dcep_write_open (&open, out);
}

/* FALSE: nothing of @channel can go now. */
static gboolean
offer (ViaChannels *self, ViaChannel *channel, ViaChannelsOut *out)
{
  const ViaChannelMessage *first = g_queue_peek_head (&channel->waiting);

  if (channel->info.stream < 0 || channel->was_reset)
    return FALSE;
  *out = (ViaChannelsOut){.stream = (guint16) channel->info.stream};
  self->offered = channel;
  if (channel->owes_open || channel->owes_ack) {
    out->ppid = VIA_PPID_DCEP;
    out->data = self->scratch;
    out->len = channel->owes_open ? write_open (channel, self->scratch)
                                  : via_dcep_write_ack (self->scratch);
    return TRUE;
  }
  if (first == NULL)
    return FALSE;
  out->ppid = first->ppid;
  out->data = g_bytes_get_data (first->bytes, &out->len);
  /* Before the ACK nothing may overtake OPEN. */
  out->is_unordered = channel->info.is_unordered && channel->is_acked;
  out->reliability = channel->info.reliability;
  out->limit = channel->info.limit;
  return TRUE;
}

static gboolean
wants_reset (const ViaChannel *channel)
{
  return channel->info.state == VIA_CHANNEL_CLOSING && !channel->was_reset
         && channel->info.stream >= 0 && !channel->owes_open
         && !channel->owes_ack && channel->waiting.length == 0;
}

static gboolean
offer_reset (ViaChannels *self, ViaChannelsOut *out)
{
  *out = (ViaChannelsOut){.is_reset = TRUE};
  for (guint i = 0; i < self->all->len; i++) {
    const ViaChannel *channel = via_channels_at (self, i);

    if (channel != NULL && wants_reset (channel)
        && out->n_streams < VIA_CHANNELS_RESETS)
      out->streams[out->n_streams++] = (guint16) channel->info.stream;
  }
  for (guint i = 0;
       i < self->refused->len && out->n_streams < VIA_CHANNELS_RESETS; i++)
    out->streams[out->n_streams++] = g_array_index (self->refused, guint16, i);
  return out->n_streams > 0;
}

gboolean
via_channels_next (ViaChannels *self, ViaChannelsOut *out)
{
  guint n = self->all->len;

  self->offered = NULL;
  self->n_offered_resets = 0;
  if (!self->is_up)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    guint at = (self->turn + i) % n;
    ViaChannel *channel = via_channels_at (self, at);

    if (channel == NULL || !offer (self, channel, out))
      continue;
    self->turn = at;
    return TRUE;
  }
  self->offered = NULL;
  if (self->resets || !offer_reset (self, out))
    return FALSE;
  self->n_offered_resets = out->n_streams;
  memcpy (self->offered_resets, out->streams, sizeof out->streams);
  return TRUE;
}

static void
done_message (ViaChannels *self, ViaChannel *channel)
{
  ViaChannelMessage *message = g_queue_pop_head (&channel->waiting);
  gsize len = g_bytes_get_size (message->bytes);
  gboolean was_high = channel->info.buffered > channel->low_threshold;

  if (message->ppid == VIA_PPID_STRING_EMPTY
      || message->ppid == VIA_PPID_BINARY_EMPTY)
    len = 0;
  channel->info.buffered -= len;
  channel->info.messages_sent++;
  channel->info.bytes_sent += len;
  g_bytes_unref (message->bytes);
  g_free (message);
  if (was_high && channel->info.buffered <= channel->low_threshold)
    via_channels_tell (self, VIA_CHANNELS_LOW, channel);
}

static void
done_resets (ViaChannels *self)
{
  self->resets = TRUE;
  for (guint i = 0; i < self->n_offered_resets; i++) {
    ViaChannel *channel = via_channels_on (self, self->offered_resets[i]);

    if (channel != NULL)
      channel->was_reset = TRUE;
    else
      via_channels_forgive (self, self->offered_resets[i]);
  }
  self->n_offered_resets = 0;
}

void
via_channels_done (ViaChannels *self)
{
  ViaChannel *channel = self->offered;

  if (self->n_offered_resets > 0)
    done_resets (self);
  if (channel == NULL)
    return;
  self->offered = NULL;
  self->turn = channel->info.id + 1;
  if (channel->owes_open)
    channel->owes_open = FALSE;
  else if (channel->owes_ack)
    channel->owes_ack = FALSE;
  else
    done_message (self, channel);
}

/* --- in --- */

/* A stream nobody may use as they do is reset, as far as that is bounded. */
static void
refuse (ViaChannels *self, guint stream)
{
  guint16 value = (guint16) stream;

  self->n_dropped++;
  if (stream < self->n_streams && self->refused->len < REFUSED_MAX)
    g_array_append_val (self->refused, value);
}

void
via_channels_forgive (ViaChannels *self, guint stream)
{
  for (guint i = self->refused->len; i-- > 0;)
    if (g_array_index (self->refused, guint16, i) == stream)
      g_array_remove_index (self->refused, i);
}

static void
receive_open (ViaChannels *self, guint stream, const ViaDcepOpen *open)
{
  ViaChannel *channel = via_channels_on (self, stream);
  gboolean is_even = stream % 2 == 0;
  g_autofree gchar *label = g_strndup (open->label, open->label_len);
  g_autofree gchar *protocol = g_strndup (open->protocol, open->protocol_len);

  if (channel != NULL) { /* RFC 8832 §6: in use, an error of theirs */
    self->n_dropped++;
    via_channels_close (self, channel->info.id);
    return;
  }
  if (is_even == self->is_dtls_client || stream >= self->n_streams
      || (channel = via_channels_add (self, label, protocol)) == NULL) {
    refuse (self, stream);
    return;
  }
  via_channels_forgive (self, stream);
  channel->info.stream = (gint) stream;
  channel->info.is_unordered = !open->is_ordered;
  channel->info.reliability = open->reliability;
  channel->info.limit = open->limit;
  channel->is_acked = TRUE;
  channel->owes_ack = TRUE;
  via_channels_told_open (self, channel);
}

static void
receive_dcep (ViaChannels *self, guint stream, const guint8 *data, gsize len)
{
  ViaChannel *channel = via_channels_on (self, stream);
  ViaDcepOpen open;

  switch (via_dcep_read (data, len, &open)) {
    case VIA_DCEP_OPEN:
      receive_open (self, stream, &open);
      break;
    case VIA_DCEP_ACK:
      if (channel == NULL || !channel->info.is_ours) {
        self->n_dropped++;
        break;
      }
      channel->is_acked = TRUE;
      via_channels_told_open (self, channel);
      break;
    case VIA_DCEP_INVALID:
      if (channel == NULL)
        refuse (self, stream);
      else
        self->n_dropped++;
      break;
  }
}

static void
deliver (ViaChannels *self, ViaChannel *channel, guint32 ppid,
    const guint8 *data, gsize len)
{
  gboolean is_text = ppid == VIA_PPID_STRING || ppid == VIA_PPID_STRING_EMPTY;
  ViaChannelsEvent *event;

  if (ppid == VIA_PPID_STRING_EMPTY || ppid == VIA_PPID_BINARY_EMPTY)
    len = 0;
  if ((!is_text && ppid != VIA_PPID_BINARY && ppid != VIA_PPID_BINARY_EMPTY)
      || (is_text && !g_utf8_validate_len ((const gchar *) data, len, NULL))) {
    self->n_dropped++;
    return;
  }
  channel->is_acked = TRUE; /* RFC 8832 §6: a message says as much */
  via_channels_told_open (self, channel);
  channel->info.messages_received++;
  channel->info.bytes_received += len;
  via_channels_tell (self, VIA_CHANNELS_MESSAGE_CAME, channel);
  event = g_queue_peek_tail (&self->events);
  event->is_text = is_text;
  event->message = g_bytes_new (data, len);
}

/* A message in several pieces, or the rest of one. FALSE: it is not whole. */
static gboolean
assemble (ViaChannels *self, ViaChannel *channel, const guint8 *data, gsize len,
    gboolean is_end)
{
  if (!channel->skips && channel->partial == NULL)
    channel->partial = g_byte_array_new ();
  if (!channel->skips && channel->partial->len + len > VIA_CHANNELS_MESSAGE) {
    g_clear_pointer (&channel->partial, g_byte_array_unref);
    channel->skips = TRUE;
    self->n_dropped++;
  }
  if (!channel->skips)
    g_byte_array_append (channel->partial, data, (guint) len);
  if (!is_end)
    return FALSE;
  if (!channel->skips)
    return TRUE;
  channel->skips = FALSE;
  return FALSE;
}

void
via_channels_cut (ViaChannels *self, guint stream)
{
  ViaChannel *channel = via_channels_on (self, stream);

  if (channel == NULL || (channel->partial == NULL && !channel->skips))
    return;
  self->n_dropped += !channel->skips;
  channel->skips = FALSE;
  g_clear_pointer (&channel->partial, g_byte_array_unref);
}

void
via_channels_receive (ViaChannels *self, guint stream, guint32 ppid,
    const guint8 *data, gsize len, gboolean is_end)
{
  ViaChannel *channel = via_channels_on (self, stream);

  if (!self->is_up)
    return;
  if (ppid == VIA_PPID_DCEP && is_end
      && (channel == NULL || channel->partial == NULL)) {
    receive_dcep (self, stream, data, len);
    return;
  }
  if (channel == NULL) {
    self->n_dropped += is_end;
    return;
  }
  if (is_end && channel->partial == NULL && !channel->skips
      && len <= VIA_CHANNELS_MESSAGE) {
    deliver (self, channel, ppid, data, len);
    return;
  }
  if (!assemble (self, channel, data, len, is_end))
    return;
  deliver (self, channel, ppid, channel->partial->data, channel->partial->len);
  g_clear_pointer (&channel->partial, g_byte_array_unref);
}
