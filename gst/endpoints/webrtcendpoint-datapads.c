/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-datapads.c – data pads of webrtcendpoint: a sink pad
 * sends on a channel of its own, each channel has a source pad of its id.
 */
#include "endpoints/webrtcendpoint-private.h"

#define ROOM (1 << 20) /* bytes that wait before a sink pad does */

/* --- sink pads; their streaming threads --- */

/* (transfer full) (nullable) */
static ViaDataLink *
link_of (ViaWebrtcEndpoint *self)
{
  ViaDataLink *link = NULL;

  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL && via_session_data (self->session) != NULL)
    link = via_datalink_ref (via_session_data (self->session));
  g_rw_lock_reader_unlock (&self->session_lock);
  return link;
}

/* The channel of @sink, made with its first message. FALSE: not possible. */
static gboolean
open_channel (ViaWebrtcEndpoint *self, ViaDataSink *sink)
{
  g_autoptr (GError) error = NULL;
  gint id = via_data_sink_channel (sink);

  if (id >= 0)
    return TRUE;
  g_rw_lock_reader_lock (&self->session_lock);
  id = via_webrtc_endpoint_create_channel_locked (
      self, via_data_sink_wish (sink), &error);
  if (self->session != NULL && via_session_data (self->session) != NULL
      && g_error_matches (error, VIA_ERROR, VIA_ERROR_STATE)) {
    id = VIA_DATA_SINK_CLOSED; /* as if its channel had ended, too */
    g_clear_error (&error);
  }
  via_data_sink_set_channel (sink, id);
  g_rw_lock_reader_unlock (&self->session_lock);
  if (error != NULL)
    GST_ELEMENT_ERROR (
        self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  return error == NULL;
}

static GstFlowReturn
sink_send (gpointer user, ViaDataSink *sink, gboolean is_text, GBytes *message,
    const gint *stop)
{
  ViaWebrtcEndpoint *self = user;
  gboolean is_done = FALSE;

  while (!is_done && !g_atomic_int_get (stop)) { /* again in the next call */
    ViaDataLink *link;
    gint id;

    if (via_data_sink_channel (sink) == VIA_DATA_SINK_CLOSED)
      return GST_FLOW_OK; /* by the peer: nobody reads it any more */
    if (!open_channel (self, sink))
      return GST_FLOW_ERROR;
    link = link_of (self);
    if (link == NULL)
      return GST_FLOW_FLUSHING;
    is_done = via_datalink_wait_room (link, ROOM, stop);
    id = via_data_sink_channel (sink);
    is_done = is_done && id != -1;
    if (is_done && id >= 0)
      via_datalink_post (link, (guint) id, is_text, message);
    via_datalink_unref (link);
  }
  return is_done ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

/* All that was sent has arrived once the channel is closed on both sides; what
 * waits is lost if the call is made anew before that. */
static void
sink_end (gpointer user, ViaDataSink *sink, const gint *stop)
{
  ViaWebrtcEndpoint *self = user;
  gint id = via_data_sink_channel (sink);

  if (id < 0)
    return;
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL && via_session_data (self->session) != NULL)
    via_datalink_close (via_session_data (self->session), (guint) id);
  g_rw_lock_reader_unlock (&self->session_lock);
  via_data_sink_wait_closed (sink, stop);
}

static void
sink_wake (gpointer user)
{
  ViaDataLink *link = link_of (user);

  if (link == NULL)
    return;
  via_datalink_wake (link);
  via_datalink_unref (link);
}

void
via_webrtc_endpoint_want_data (ViaWebrtcEndpoint *self)
{
  g_autoptr (GError) error = NULL;

  g_autoptr (ViaWebrtcEndpoint) other = g_weak_ref_get (&self->partner);

  if (via_datapads_n_sinks (self->data_pads) == 0
      && (other == NULL || via_datapads_n_sinks (other->data_pads) == 0))
    return;
  g_rw_lock_reader_lock (&self->session_lock);
  if (self->session != NULL)
    via_session_want_data (self->session, &error);
  g_rw_lock_reader_unlock (&self->session_lock);
  if (error != NULL)
    GST_ELEMENT_WARNING (
        self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
}

static void
sinks_changed (gpointer user)
{
  via_webrtc_endpoint_want_data (user);
}

static void
pads_ended (gpointer user)
{
  via_webrtc_endpoint_check_over (user);
}

/* Without sink pads it ends with what it receives; via-app. */
static void
source_removed (gpointer user)
{
  ViaWebrtcEndpoint *self = user;
  gboolean is_last;

  g_rw_lock_reader_lock (&self->session_lock);
  is_last = self->outlets != NULL && via_outlets_size (self->outlets) == 0
            && via_datapads_n_sources (self->data_pads) == 0;
  g_rw_lock_reader_unlock (&self->session_lock);
  if (is_last && via_publishers_size (self->publishers) == 0
      && via_datapads_n_sinks (self->data_pads) == 0)
    via_eos_post (&self->common, GST_ELEMENT (self));
}

/* --- channels; the SCTP home --- */

void
via_webrtc_endpoint_channel_now (gpointer user, ViaSessionChannelNews what,
    const ViaChannelInfo *info, gboolean is_text, GBytes *message)
{
  ViaWebrtcEndpoint *self = user;

  switch (what) {
    case VIA_SESSION_CHANNEL_OPENED:
      via_datapads_open (
          self->data_pads, info->id, info->label, info->protocol);
      break;
    case VIA_SESSION_CHANNEL_MESSAGE:
      via_datapads_push (self->data_pads, info->id, is_text, message);
      break;
    case VIA_SESSION_CHANNEL_CLOSED:
      via_datapads_closed (self->data_pads, info->id);
      if (info->was_open) /* else the pad of that id is another's */
        via_datapads_end (self->data_pads, info->id);
      break;
  }
}

void
via_webrtc_endpoint_init_data_pads (ViaWebrtcEndpoint *self)
{
  static const ViaDataPadsFuncs funcs = {
      .send = sink_send,
      .end = sink_end,
      .wake = sink_wake,
      .changed = sinks_changed,
      .ended = pads_ended,
      .source_removed = source_removed,
  };

  self->data_pads = via_datapads_new (GST_BIN (self), &funcs, self);
}
