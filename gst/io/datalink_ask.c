/* SPDX-License-Identifier: LGPL-2.1-or-later
 * io/datalink_ask.c – questions to the SCTP home about the channels of one
 * peer; who asks waits for it. Decides nothing.
 */
#include "io/datalink-private.h"

/* --- asking the home --- */

typedef struct
{
  ViaDataLink *link;
  const ViaChannelWish *wish;
  guint id;
  gboolean is_text;
  GBytes *message;
  GstStructure *stats;
  const gchar *why; /* static */
  gint created;
  gboolean is_done;
  guint64 buffered;
  GError *error;
} Question;

static void
ask (ViaDataLink *self, ViaLoopFunc func, Question *question, GError **error)
{
  question->link = self;
  via_loop_call (self->home, func, question);
  if (question->error != NULL)
    g_propagate_error (error, question->error);
}

static void
ask_create (gpointer data)
{
  Question *question = data;

  question->created = -1;
  if (via_datalink_is_over (question->link)) {
    g_set_error_literal (&question->error, VIA_ERROR, VIA_ERROR_STATE,
        "the connection that data channels were on has ended");
    return;
  }
  question->created = via_channels_create (
      question->link->channels, question->wish, &question->error);
  via_datalink_touch (question->link);
}

gint
via_datalink_create (
    ViaDataLink *self, const ViaChannelWish *wish, GError **error)
{
  Question question = {.wish = wish};

  ask (self, ask_create, &question, error);
  return question.created;
}

static void
ask_send (gpointer data)
{
  Question *question = data;

  question->is_done = via_channels_send (question->link->channels, question->id,
      question->is_text, question->message, &question->error);
  via_datalink_touch (question->link);
}

gboolean
via_datalink_send (ViaDataLink *self, guint id, gboolean is_text,
    GBytes *message, GError **error)
{
  Question question = {.id = id, .is_text = is_text, .message = message};

  ask (self, ask_send, &question, error);
  return question.is_done;
}

static void
ask_close (gpointer data)
{
  Question *question = data;

  question->is_done =
      via_channels_close (question->link->channels, question->id);
  via_datalink_touch (question->link);
}

gboolean
via_datalink_close (ViaDataLink *self, guint id)
{
  Question question = {.id = id};

  ask (self, ask_close, &question, NULL);
  return question.is_done;
}

static void
ask_end (gpointer data)
{
  Question *question = data;
  ViaDataLink *self = question->link;

  via_datalink_drop (self);
  self->is_over = TRUE;
  via_channels_down (self->channels, question->why);
  via_datalink_work (self);
}

void
via_datalink_end (ViaDataLink *self, const gchar *why)
{
  Question question = {.why = why};

  ask (self, ask_end, &question, NULL);
}

static void
ask_buffered (gpointer data)
{
  Question *question = data;
  const ViaChannelInfo *info =
      via_channels_info (question->link->channels, question->id);

  question->buffered = info != NULL ? info->buffered : 0;
}

guint64
via_datalink_buffered (ViaDataLink *self, guint id)
{
  Question question = {.id = id};

  ask (self, ask_buffered, &question, NULL);
  return question.buffered;
}

/* --- statistics --- */

static GstStructure *
channel_stats (const ViaChannelInfo *info)
{
  static const gchar *const states[] = {
      "connecting", "open", "closing", "closed"};

  return gst_structure_new ("via-data-channel-stats",             //
      "id", G_TYPE_UINT, info->id,                                //
      "dataChannelIdentifier", G_TYPE_INT, info->stream,          //
      "label", G_TYPE_STRING, info->label,                        //
      "protocol", G_TYPE_STRING, info->protocol,                  //
      "state", G_TYPE_STRING, states[info->state],                //
      "ordered", G_TYPE_BOOLEAN, !info->is_unordered,             //
      "bufferedAmount", G_TYPE_UINT64, info->buffered,            //
      "messagesSent", G_TYPE_UINT64, info->messages_sent,         //
      "bytesSent", G_TYPE_UINT64, info->bytes_sent,               //
      "messagesReceived", G_TYPE_UINT64, info->messages_received, //
      "bytesReceived", G_TYPE_UINT64, info->bytes_received, NULL);
}

static void
ask_stats (gpointer data)
{
  Question *question = data;
  ViaDataLink *self = question->link;
  guint64 opened, closed, dropped;
  g_autoptr (GstStructure) all = gst_structure_new_empty ("via-data-channels");
  guint left = via_channels_size (self->channels);

  for (guint id = 0; left > 0; id++) {
    const ViaChannelInfo *info = via_channels_info (self->channels, id);
    g_autofree gchar *field = g_strdup_printf ("channel-%u", id);
    g_autoptr (GstStructure) one = NULL;

    if (info == NULL)
      continue;
    left--;
    one = channel_stats (info);
    gst_structure_set (all, field, GST_TYPE_STRUCTURE, one, NULL);
  }
  via_channels_counts (self->channels, &opened, &closed, &dropped);
  g_mutex_lock (&self->lock);
  dropped += self->n_dropped;
  g_mutex_unlock (&self->lock);
  gst_structure_set (question->stats, "data-channels", GST_TYPE_STRUCTURE, all,
      "dataChannelsOpened", G_TYPE_UINT64, opened, "dataChannelsClosed",
      G_TYPE_UINT64, closed, "data-messages-dropped", G_TYPE_UINT64, dropped,
      NULL);
}

void
via_datalink_stats (ViaDataLink *self, GstStructure *out)
{
  Question question = {.stats = out};

  ask (self, ask_stats, &question, NULL);
}
