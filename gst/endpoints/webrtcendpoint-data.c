/* SPDX-License-Identifier: LGPL-2.1-or-later
 * endpoints/webrtcendpoint-data.c – data channels of webrtcendpoint: actions,
 * signals and messages. RFC 8831 · W3C WebRTC §6.2 (RTCDataChannel)
 */
#include "endpoints/webrtcendpoint-private.h"

#include <string.h>

enum
{
  SIGNAL_OPENED,
  SIGNAL_CLOSED,
  SIGNAL_RECEIVED,
  SIGNAL_LOW,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* --- options → wish --- */

static gboolean
bad_option (const gchar *rule, GError **error)
{
  g_set_error (error, VIA_ERROR, VIA_ERROR_SETTING,
      "options of a data channel: %s", rule);
  return FALSE;
}

/* An int of -1 to @max; -1 if it is not there. FALSE: it is something else. */
static gboolean
get_int (const GstStructure *options, const gchar *field, gint max, gint *out)
{
  guint unsigned_value;

  *out = -1;
  if (options == NULL || !gst_structure_has_field (options, field))
    return TRUE;
  if (gst_structure_get_uint (options, field, &unsigned_value))
    *out = (gint) MIN (unsigned_value, (guint) G_MAXINT);
  else if (!gst_structure_get_int (options, field, out))
    return FALSE;
  return *out >= -1 && *out <= max;
}

static gboolean
read_flags (const GstStructure *options, ViaChannelWish *out, GError **error)
{
  gboolean ordered = TRUE;

  if (options == NULL)
    return TRUE;
  if (gst_structure_has_field (options, "ordered")
      && !gst_structure_get_boolean (options, "ordered", &ordered))
    return bad_option ("ordered is a boolean", error);
  if (gst_structure_has_field (options, "negotiated")
      && !gst_structure_get_boolean (
          options, "negotiated", &out->is_negotiated))
    return bad_option ("negotiated is a boolean", error);
  if (gst_structure_has_field (options, "protocol")
      && !gst_structure_has_field_typed (options, "protocol", G_TYPE_STRING))
    return bad_option ("protocol is a string", error);
  out->is_unordered = !ordered;
  out->protocol = gst_structure_get_string (options, "protocol");
  gst_structure_get_uint64 (
      options, "buffered-amount-low-threshold", &out->low_threshold);
  return TRUE;
}

gboolean
via_webrtc_endpoint_read_options (const gchar *label,
    const GstStructure *options, ViaChannelWish *out, GError **error)
{
  gint lifetime, retransmits, id;

  *out = (ViaChannelWish){.label = label};
  if (!read_flags (options, out, error))
    return FALSE;
  if (!get_int (options, "max-packet-lifetime", 65535, &lifetime))
    return bad_option ("max-packet-lifetime is 0 to 65535 ms", error);
  if (!get_int (options, "max-retransmits", 65535, &retransmits))
    return bad_option ("max-retransmits is 0 to 65535", error);
  if (!get_int (options, "id", 65534, &id))
    return bad_option ("id is 0 to 65534", error);
  if (lifetime >= 0 && retransmits >= 0)
    return bad_option (
        "max-packet-lifetime and max-retransmits exclude each other", error);
  if (out->is_negotiated != (id >= 0))
    return bad_option ("id and negotiated go together", error);
  out->reliability = lifetime >= 0      ? VIA_DCEP_LIFETIME
                     : retransmits >= 0 ? VIA_DCEP_RETRANSMITS
                                        : VIA_DCEP_RELIABLE;
  out->limit = (guint32) MAX (MAX (lifetime, retransmits), 0);
  out->stream = (guint) MAX (id, 0);
  return TRUE;
}

/* --- actions --- */

static gboolean
refuse (ViaWebrtcEndpoint *self, const gchar *action, GError *error)
{
  GST_ELEMENT_WARNING (
      self, RESOURCE, SETTINGS, ("%s: %s", action, error->message), (NULL));
  g_error_free (error);
  return FALSE;
}

/* Call with session_lock held for reading. NULL with error: there are none. */
static ViaDataLink *
link_locked (ViaWebrtcEndpoint *self, GError **error)
{
  if (self->session != NULL && via_session_data (self->session) != NULL)
    return via_session_data (self->session);
  g_set_error (error, VIA_ERROR, VIA_ERROR_STATE, "%s",
      via_datalink_is_possible ()
          ? "the endpoint is in state NULL; set it to READY or higher first"
          : "the plugin was built without usrsctp");
  return NULL;
}

gint
via_webrtc_endpoint_create_channel_locked (
    ViaWebrtcEndpoint *self, const ViaChannelWish *wish, GError **error)
{
  ViaDataLink *link = link_locked (self, error);
  gint id = link != NULL ? via_datalink_create (link, wish, error) : -1;

  if (id >= 0)
    via_session_want_data (self->session, NULL);
  return id;
}

static gint
action_create_data_channel (
    ViaWebrtcEndpoint *self, const gchar *label, const GstStructure *options)
{
  GError *error = NULL;
  ViaChannelWish wish;
  gint id = -1;

  if (via_webrtc_endpoint_read_options (label, options, &wish, &error)) {
    g_rw_lock_reader_lock (&self->session_lock);
    id = via_webrtc_endpoint_create_channel_locked (self, &wish, &error);
    g_rw_lock_reader_unlock (&self->session_lock);
  }
  if (error != NULL)
    refuse (self, "create-data-channel", error);
  return id;
}

static gboolean
send_bytes (ViaWebrtcEndpoint *self, const gchar *action, guint id,
    gboolean is_text, GBytes *bytes)
{
  GError *error = NULL;
  ViaDataLink *link;
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  link = link_locked (self, &error);
  is_done =
      link != NULL && via_datalink_send (link, id, is_text, bytes, &error);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done || refuse (self, action, error);
}

static gboolean
action_send_data (ViaWebrtcEndpoint *self, guint id, GBytes *data)
{
  g_autoptr (GBytes) bytes =
      data != NULL ? g_bytes_ref (data) : g_bytes_new_static ("", 0);

  return send_bytes (self, "send-data", id, FALSE, bytes);
}

static gboolean
action_send_string (ViaWebrtcEndpoint *self, guint id, const gchar *text)
{
  g_autoptr (GBytes) bytes =
      g_bytes_new (text != NULL ? text : "", text != NULL ? strlen (text) : 0);

  return send_bytes (self, "send-string", id, TRUE, bytes);
}

static gboolean
action_close_data_channel (ViaWebrtcEndpoint *self, guint id)
{
  ViaDataLink *link;
  gboolean is_done;

  g_rw_lock_reader_lock (&self->session_lock);
  link = link_locked (self, NULL);
  is_done = link != NULL && via_datalink_close (link, id);
  g_rw_lock_reader_unlock (&self->session_lock);
  return is_done;
}

static guint64
action_get_buffered_amount (ViaWebrtcEndpoint *self, guint id)
{
  ViaDataLink *link;
  guint64 bytes = 0;

  g_rw_lock_reader_lock (&self->session_lock);
  link = link_locked (self, NULL);
  if (link != NULL)
    bytes = via_datalink_buffered (link, id);
  g_rw_lock_reader_unlock (&self->session_lock);
  return bytes;
}

/* --- what is told; via-app --- */

GstStructure *
via_webrtc_endpoint_describe_channel (
    const gchar *name, const ViaChannelInfo *info)
{
  GstStructure *out = gst_structure_new (name, "id", G_TYPE_UINT, info->id,
      "label", G_TYPE_STRING, info->label, "protocol", G_TYPE_STRING,
      info->protocol, "stream", G_TYPE_INT, info->stream, "ordered",
      G_TYPE_BOOLEAN, !info->is_unordered, "negotiated", G_TYPE_BOOLEAN,
      info->is_negotiated, "is-ours", G_TYPE_BOOLEAN, info->is_ours, NULL);

  if (info->reliability != VIA_DCEP_RELIABLE)
    gst_structure_set (out,
        info->reliability == VIA_DCEP_LIFETIME ? "max-packet-lifetime"
                                               : "max-retransmits",
        G_TYPE_UINT, info->limit, NULL);
  return out;
}

static void
tell (ViaWebrtcEndpoint *self, guint signal, const gchar *state,
    const ViaChannelInfo *info, const gchar *why)
{
  g_autoptr (GstStructure) channel =
      via_webrtc_endpoint_describe_channel ("via-data-channel", info);
  GstStructure *message =
      via_webrtc_endpoint_describe_channel ("data-channel", info);

  gst_structure_set (message, "state", G_TYPE_STRING, state, NULL);
  if (why != NULL)
    gst_structure_set (message, "reason", G_TYPE_STRING, why, NULL);
  via_common_post (&self->common, GST_ELEMENT (self), message);
  g_signal_emit (self, signals[signal], 0, info->id, channel);
}

void
via_webrtc_endpoint_tell_channel_opened (
    gpointer user, const ViaChannelInfo *info)
{
  tell (user, SIGNAL_OPENED, "open", info, NULL);
}

void
via_webrtc_endpoint_tell_channel_closed (
    gpointer user, const ViaChannelInfo *info, const gchar *why)
{
  tell (user, SIGNAL_CLOSED, "closed", info, why);
}

void
via_webrtc_endpoint_tell_channel_low (gpointer user, const ViaChannelInfo *info)
{
  g_signal_emit (user, signals[SIGNAL_LOW], 0, info->id);
}

void
via_webrtc_endpoint_tell_channel_refused (gpointer user, const gchar *label)
{
  GST_ELEMENT_WARNING (user, RESOURCE, FAILED,
      ("the hub has data channels of more than %d labels: none is made for "
       "\"%.64s\"",
          VIA_DATALINK_LABELS, label),
      (NULL));
}

void
via_webrtc_endpoint_tell_channel_message (
    gpointer user, guint id, gboolean is_text, GBytes *message)
{
  g_signal_emit (user, signals[SIGNAL_RECEIVED], 0, id, is_text, message);
}

gboolean
via_webrtc_endpoint_wants_messages (gpointer user)
{
  return g_signal_has_handler_pending (user, signals[SIGNAL_RECEIVED], 0, TRUE);
}

/* --- set-up --- */

static void
install_actions (GType type)
{
  const GSignalFlags flags = G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION;

  /* (label, options) → id, -1: refused. W3C createDataChannel. */
  g_signal_new_class_handler ("create-data-channel", type, flags,
      G_CALLBACK (action_create_data_channel), NULL, NULL, NULL, G_TYPE_INT, 2,
      G_TYPE_STRING, GST_TYPE_STRUCTURE);
  /* What waits is sent first. */
  g_signal_new_class_handler ("close-data-channel", type, flags,
      G_CALLBACK (action_close_data_channel), NULL, NULL, NULL, G_TYPE_BOOLEAN,
      1, G_TYPE_UINT);
  g_signal_new_class_handler ("send-data", type, flags,
      G_CALLBACK (action_send_data), NULL, NULL, NULL, G_TYPE_BOOLEAN, 2,
      G_TYPE_UINT, G_TYPE_BYTES);
  g_signal_new_class_handler ("send-string", type, flags,
      G_CALLBACK (action_send_string), NULL, NULL, NULL, G_TYPE_BOOLEAN, 2,
      G_TYPE_UINT, G_TYPE_STRING);
  g_signal_new_class_handler ("get-buffered-amount", type, flags,
      G_CALLBACK (action_get_buffered_amount), NULL, NULL, NULL, G_TYPE_UINT64,
      1, G_TYPE_UINT);
}

void
via_webrtc_endpoint_install_data (GType type)
{
  install_actions (type);
  signals[SIGNAL_OPENED] =
      g_signal_new ("data-channel-opened", type, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, GST_TYPE_STRUCTURE);
  signals[SIGNAL_CLOSED] =
      g_signal_new ("data-channel-closed", type, G_SIGNAL_RUN_LAST, 0, NULL,
          NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, GST_TYPE_STRUCTURE);
  signals[SIGNAL_RECEIVED] =
      g_signal_new ("data-received", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
          NULL, G_TYPE_NONE, 3, G_TYPE_UINT, G_TYPE_BOOLEAN, G_TYPE_BYTES);
  signals[SIGNAL_LOW] = g_signal_new ("data-channel-buffered-low", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}
