/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-data.c – data pads of webrtcserver: a sink pad speaks
 * to every peer, what peers say leaves by a source pad per label.
 */
#include "endpoints/webrtcserver-private.h"

#define LABELS 64 /* source pads at most; what has another label is dropped */

/* A source pad's number is the label's, in order of appearance. Any thread. */
void
via_webrtc_server_take_data (gpointer user, const ViaRoomMessage *message)
{
  ViaWebrtcServer *self = user;
  gboolean is_new = FALSE;
  guint number = 0;

  g_mutex_lock (&self->lock);
  while (number < self->labels->len
         && !g_str_equal (
             g_ptr_array_index (self->labels, number), message->label))
    number++;
  if (self->takes_data && number == self->labels->len && number < LABELS) {
    g_ptr_array_add (self->labels, g_strdup (message->label));
    is_new = TRUE;
  }
  g_mutex_unlock (&self->lock);
  if (is_new)
    via_datapads_open (
        self->data_pads, number, message->label, message->protocol);
  via_datapads_push (
      self->data_pads, number, message->is_text, message->message);
}

static GstFlowReturn
sink_send (gpointer user, ViaDataSink *sink, gboolean is_text, GBytes *message,
    const gint *stop)
{
  ViaWebrtcServer *self = user;
  const ViaChannelWish *wish = via_data_sink_wish (sink);
  const ViaRoomMessage said = {wish->label, wish->protocol, is_text, message};
  ViaMember *member = via_webrtc_server_ref_member (self);

  if (member == NULL)
    return GST_FLOW_OK; /* the room is gone for now */
  via_member_send_data (member, via_data_sink_to (sink), &said);
  via_member_unref (member);
  return GST_FLOW_OK;
}

void
via_webrtc_server_open_data (ViaWebrtcServer *self, gboolean is_open)
{
  g_mutex_lock (&self->lock);
  self->takes_data = is_open;
  if (!is_open)
    g_ptr_array_set_size (self->labels, 0);
  g_mutex_unlock (&self->lock);
  if (is_open)
    via_datapads_reset (self->data_pads);
  else
    via_datapads_stop (self->data_pads);
}

void
via_webrtc_server_init_data (ViaWebrtcServer *self)
{
  static const ViaDataPadsFuncs funcs = {.send = sink_send};

  self->labels = g_ptr_array_new_with_free_func (g_free);
  self->data_pads = via_datapads_new (GST_BIN (self), &funcs, self);
}
