/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/recorderendpoint-news.c – what a recorder tells its application,
 * on via-app and in order: messages of the recording, then EOS.
 */
#include "endpoints/recorderendpoint-private.h"

#include "io/app.h"

ViaRecording *
via_recorder_endpoint_recording (ViaRecorderEndpoint *self)
{
  ViaRecording *recording = NULL;

  g_mutex_lock (&self->lock);
  if (self->recording != NULL)
    recording = via_recording_ref (self->recording);
  g_mutex_unlock (&self->lock);
  return recording;
}

typedef struct
{
  ViaRecorderEndpoint *self; /* owned */
  ViaRecording *recording;   /* owned: by then there may be another */
  GstStructure *message;     /* (nullable) owned: of the element itself */
} News;

/* A recorder that can write no more lets the others go on, so it only warns.
 */
static void
warn_of (ViaRecorderEndpoint *self, const GstStructure *message)
{
  const gchar *text;

  if (gst_structure_has_name (message, "recording-track-refused")) {
    text = gst_structure_get_string (message, "reason");
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("%s", text), (NULL));
  } else if (gst_structure_has_name (message, "recording-stopped")) {
    text = gst_structure_get_string (message, "error");
    if (text != NULL)
      GST_ELEMENT_WARNING (self, RESOURCE, WRITE, ("%s", text), (NULL));
  }
}

/* via-app. */
static void
run_news (gpointer data)
{
  News *news = data;
  ViaRecorderEndpoint *self = news->self;
  GstStructure *message;

  while ((message = via_recording_next_message (news->recording)) != NULL) {
    warn_of (self, message);
    via_common_post (&self->common, GST_ELEMENT (self), message);
  }
}

static void
news_free (gpointer data)
{
  News *news = data;

  g_clear_pointer (&news->message, gst_structure_free);
  via_recording_unref (news->recording);
  gst_object_unref (news->self);
  g_free (news);
}

/* @message: (transfer full) (nullable) */
static void
post (ViaRecorderEndpoint *self, ViaRecording *recording, ViaLoopFunc func,
    GstStructure *message)
{
  News *news = g_new0 (News, 1);

  news->self = gst_object_ref (self);
  news->recording = via_recording_ref (recording);
  news->message = message;
  via_app_post (func, news, news_free);
}

void
via_recorder_endpoint_news (ViaRecorderEndpoint *self)
{
  g_autoptr (ViaRecording) recording = via_recorder_endpoint_recording (self);

  if (recording != NULL && via_recording_has_messages (recording))
    post (self, recording, run_news, NULL);
}

/* via-app. */
static void
run_message (gpointer data)
{
  News *news = data;

  via_common_post (&news->self->common, GST_ELEMENT (news->self),
      g_steal_pointer (&news->message));
}

void
via_recorder_endpoint_tell_flows (ViaRecorderEndpoint *self)
{
  g_autoptr (ViaRecording) recording = via_recorder_endpoint_recording (self);
  ViaIntakeFlow flow;
  ViaKind kind;
  gchar *pad;

  while (recording != NULL
         && via_publishers_next_flow (self->publishers, &flow, &kind, &pad)) {
    post (self, recording, run_message,
        gst_structure_new ("media-flow", "pad", G_TYPE_STRING, pad, "kind",
            G_TYPE_STRING, via_kind_name (kind), "from-codec", G_TYPE_STRING,
            flow.from, "to-codec", G_TYPE_STRING, flow.to, "mode",
            G_TYPE_STRING, flow.mode, "reason", G_TYPE_STRING, flow.reason,
            NULL));
    g_free (pad);
  }
}

void
via_recorder_endpoint_finish (ViaRecorderEndpoint *self, const gchar *reason)
{
  g_autoptr (ViaRecording) recording = via_recorder_endpoint_recording (self);

  if (recording != NULL)
    via_recording_finish (recording, reason);
  via_recorder_endpoint_news (self);
}

/* via-app. */
static void
run_eos (gpointer data)
{
  News *news = data;
  ViaRecorderEndpoint *self = news->self;
  gboolean is_current;

  g_mutex_lock (&self->lock);
  is_current = self->is_recording && self->recording == news->recording;
  g_mutex_unlock (&self->lock);
  if (is_current)
    via_eos_post (&self->common, GST_ELEMENT (self));
}

void
via_recorder_endpoint_end (ViaRecorderEndpoint *self)
{
  g_autoptr (ViaRecording) recording = via_recorder_endpoint_recording (self);

  via_recorder_endpoint_finish (self, "eos");
  post (self, recording, run_eos, NULL);
}
