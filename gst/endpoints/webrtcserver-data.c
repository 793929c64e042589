/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcserver-data.c – data pads of webrtcserver: a sink pad speaks
 * to every peer, what peers say leaves by a source pad per label.
 */
#include "endpoints/webrtcserver-private.h"

#include <string.h>

#include "endpoints/configprops.h"

#define LABELS 64 /* source pads at most; what has another label is dropped */

/* --- which labels --- */

static const gchar *
check_label (gchar **labels, guint at)
{
  gsize len = strlen (labels[at]);

  if (at >= LABELS)
    return "has 64 labels at most";
  if (len == 0 || len > VIA_DCEP_TEXT_MAX
      || !g_utf8_validate (labels[at], -1, NULL))
    return "has labels of 1 to 1024 bytes of UTF-8, separated by commas";
  for (guint i = 0; i < at; i++)
    if (g_str_equal (labels[i], labels[at]))
      return "has each label once";
  return NULL;
}

/* (transfer full) */
static gchar **
split (const gchar *text)
{
  gchar **labels = g_strsplit (text, ",", -1);

  for (guint i = 0; labels[i] != NULL; i++)
    g_strstrip (labels[i]);
  return labels;
}

void
via_webrtc_server_set_labels (ViaWebrtcServer *self, const gchar *text)
{
  gboolean is_set = text != NULL && *text != '\0';
  g_auto (GStrv) labels = is_set ? split (text) : NULL;

  for (guint i = 0; is_set && labels[i] != NULL; i++) {
    const gchar *rule = check_label (labels, i);

    if (rule == NULL)
      continue;
    via_configprops_refuse ("data-channels=%s is not taken: it %s", text, rule);
    return;
  }
  g_mutex_lock (&self->lock);
  g_free (self->set.data_channels);
  self->set.data_channels = is_set ? g_strdup (text) : NULL;
  g_mutex_unlock (&self->lock);
}

/* Call with self->lock held. */
static void
name_labels_locked (ViaWebrtcServer *self)
{
  g_auto (GStrv) labels =
      self->set.data_channels != NULL ? split (self->set.data_channels) : NULL;

  self->labels_opened = 0;
  self->has_labels = labels != NULL;
  g_ptr_array_set_size (self->labels, 0);
  for (guint i = 0; labels != NULL && labels[i] != NULL; i++)
    g_ptr_array_add (self->labels, g_strdup (labels[i]));
}

/* The number of @label's pad: its place in data-channels, else in the order of
 * appearance. -1: it has none. Call with self->lock held. */
static gint
number_of_locked (ViaWebrtcServer *self, const gchar *label)
{
  guint number;

  if (g_ptr_array_find_with_equal_func (
          self->labels, label, g_str_equal, &number))
    return (gint) number;
  if (self->has_labels || self->labels->len >= LABELS)
    return -1;
  g_ptr_array_add (self->labels, g_strdup (label));
  return (gint) self->labels->len - 1;
}

/* Any thread. */
void
via_webrtc_server_take_data (gpointer user, const ViaRoomMessage *message)
{
  ViaWebrtcServer *self = user;
  gboolean is_new = FALSE;
  gint number = -1;

  g_mutex_lock (&self->lock);
  if (self->takes_data)
    number = number_of_locked (self, message->label);
  if (number >= 0) {
    is_new = (self->labels_opened >> number & 1) == 0;
    self->labels_opened |= G_GUINT64_CONSTANT (1) << number;
  }
  g_mutex_unlock (&self->lock);
  if (number < 0)
    return;
  if (is_new)
    via_datapads_open (
        self->data_pads, (guint) number, message->label, message->protocol);
  via_datapads_push (
      self->data_pads, (guint) number, message->is_text, message->message);
}

/* --- sink pads --- */

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
  name_labels_locked (self);
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
